#include "sense/vendors.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/grow.h"

/* One block in one word, so that sorting is sorting numbers:
 * length (24, 28 or 36 bits, as 0..2) in 2 bits, the prefix left-aligned in 36, the name in 24. */
enum { NAME_BITS = 24, PREFIX_BITS = 36, LENGTHS = 3 };
static const unsigned lengths[LENGTHS] = { 24, 28, 36 };

enum {
	NAMES_MAX = 8 << 20, /* below 1 << NAME_BITS; today's lists need 1 MiB */
	BLOCKS_MAX = 1 << 20,
	FILE_MAX = 64 << 20, /* bytes read of one file: it may be a pipe or a device */
	WINDOW = 64 * 1024,
	NAME_LENGTH_MAX = 80, /* longer ones are cut: they go into a table's column */
};

struct vendors {
	uint64_t *blocks;
	size_t block_count, block_room;
	char *names;
	size_t names_used, names_room;
	char date[sizeof "2022-08-27"];
	time_t newest;
};

/* A file being read, and what the lines before said. */
struct list {
	struct vendors *v;
	uint32_t oui; /* of the "(hex)" line: the first half of the block in the text form */
	bool first;
	int code;
};

static uint64_t block_key(unsigned length, uint64_t prefix)
{
	return (uint64_t)length << (PREFIX_BITS + NAME_BITS) | prefix << NAME_BITS;
}

/* --- lines --- */

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static unsigned read_hex(const char *text, size_t size, uint64_t *out)
{
	unsigned digits = 0;
	uint64_t n = 0;
	for (; digits < size && digits < 12 && hex_digit(text[digits]) >= 0; digits++)
		n = n << 4 | (uint64_t)hex_digit(text[digits]);
	*out = n;
	return digits;
}

/* The registry's own parents of shorter blocks, and those who paid not to be named: no vendor. */
static bool is_nobody(const char *name, size_t size)
{
	static const char *const nobody[] = { "Private", "IEEE Registration Authority" };
	for (size_t i = 0; i < COUNT_OF(nobody); i++)
		if (size == strlen(nobody[i]) && memcmp(name, nobody[i], size) == 0)
			return true;
	return false;
}

static void add(struct list *l, unsigned bits, uint64_t prefix, const char *name, size_t size)
{
	struct vendors *v = l->v;
	unsigned length = bits == 24 ? 0 : bits == 28 ? 1 : 2;
	/* Some end in the comma before a street that is not there. */
	while (size && ((unsigned char)name[size - 1] <= ' ' || name[size - 1] == ','))
		size--;
	if (size == 0 || is_nobody(name, size) || v->block_count == BLOCKS_MAX)
		return;
	if (size > NAME_LENGTH_MAX) /* not in the middle of a character, which has four bytes at
				       most */
		for (size = NAME_LENGTH_MAX;
			size > NAME_LENGTH_MAX - 3 && (name[size] & 0xc0) == 0x80; size--)
			;
	if (v->names_used + size + 1 > NAMES_MAX)
		return;
	if (v->names_used + size + 1 > v->names_room) {
		char *p = grow(v->names, &v->names_room, v->names_used + size + 1, 1);
		if (!p) {
			l->code = -ENOMEM;
			return;
		}
		v->names = p;
	}
	if (v->block_count == v->block_room) {
		uint64_t *p = grow(v->blocks, &v->block_room, v->block_count + 1, sizeof *p);
		if (!p) {
			l->code = -ENOMEM;
			return;
		}
		v->blocks = p;
	}
	v->blocks[v->block_count++] =
		block_key(length, prefix << (PREFIX_BITS - bits)) | v->names_used;
	/* Control characters never leave a list that somebody brought along. */
	for (size_t i = 0; i < size; i++)
		v->names[v->names_used + i] = (unsigned char)name[i] < ' ' ? ' ' : name[i];
	v->names_used += size;
	v->names[v->names_used++] = '\0';
}

/* MA-L,002272,American Micro-Fuel Device Corp.,address; a name with a comma or quote is quoted. */
static bool read_csv(struct list *l, const char *line, size_t size)
{
	const char *comma = memchr(line, ',', size < 8 ? size : 8);
	if (!comma)
		return false;
	const char *end = line + size, *hex = comma + 1;
	uint64_t prefix;
	unsigned digits = read_hex(hex, (size_t)(end - hex), &prefix);
	const char *name = hex + digits;
	if ((digits != 6 && digits != 7 && digits != 9) || name == end || *name++ != ',')
		return false;
	char plain[NAME_LENGTH_MAX + 1];
	size_t used = 0;
	bool quoted = name < end && *name == '"';
	for (const char *p = name + quoted; p < end && used < sizeof plain; p++) {
		if (quoted ? *p == '"' : *p == ',') {
			if (!quoted || p + 1 == end || p[1] != '"')
				break;
			p++; /* two quotes within quotes are one */
		}
		plain[used++] = *p;
	}
	add(l, digits * 4, prefix, plain, used);
	return true;
}

/* "002272     (base 16)\t\tName", or for a shorter block "900000-9FFFFF     (base 16)\t\tName"
 * after a line "74-1A-E0   (hex)\t\tName" with its first half. */
static void read_text(struct list *l, const char *line, size_t size)
{
	static const char base[] = "(base 16)", hex[] = "(hex)";
	if (size < 16 || hex_digit(line[0]) < 0)
		return;
	const char *end = line + size;
	const char *mark = memmem(line, size < 48 ? size : 48, hex, sizeof hex - 1);
	uint64_t a, b, c;
	if (mark) {
		if (read_hex(line, size, &a) == 2 && read_hex(line + 3, 2, &b) == 2 &&
			read_hex(line + 6, 2, &c) == 2)
			l->oui = (uint32_t)(a << 16 | b << 8 | c);
		return;
	}
	mark = memmem(line, size < 48 ? size : 48, base, sizeof base - 1);
	if (!mark || read_hex(line, size, &a) != 6)
		return;
	const char *name = mark + sizeof base - 1;
	while (name < end && (*name == ' ' || *name == '\t'))
		name++;
	if (line[6] != '-')
		add(l, 24, a, name, (size_t)(end - name));
	else if (read_hex(line + 7, size - 7, &b) == 6 && (a ^ b) == 0xfffff)
		add(l, 28, (uint64_t)l->oui << 4 | a >> 20, name, (size_t)(end - name));
	else if ((a ^ b) == 0xfff)
		add(l, 36, (uint64_t)l->oui << 12 | a >> 12, name, (size_t)(end - name));
}

static void read_date(const char *text, size_t size, char date[11])
{
	for (size_t at = 0; at + 10 <= size; at++) {
		const char *p = text + at;
		unsigned year, month, day;
		char copy[11];
		if (p[4] != '-' || p[7] != '-')
			continue;
		memcpy(copy, p, 10);
		copy[10] = '\0';
		if (strspn(copy, "0123456789-") == 10 &&
			sscanf(copy, "%4u-%2u-%2u", &year, &month, &day) == 3 && year >= 1980 &&
			month >= 1 && month <= 12 && day >= 1 && day <= 31) {
			memcpy(date, copy, 11);
			return;
		}
	}
}

static void read_line(struct list *l, const char *line, size_t size)
{
	/* A first line that is a comment may state the list's date. */
	if (l->first && size && line[0] == '#')
		read_date(line, size, l->v->date);
	l->first = false;
	if (!read_csv(l, line, size))
		read_text(l, line, size);
}

/* --- files --- */

static void fd_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static int read_file(struct vendors *v, int folder, const char *path, struct err *e)
{
	on_exit_do(fd_close) int fd = openat(folder, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(e, "read vendor list '%s'", path);
	char window[WINDOW];
	struct list l = { .v = v, .first = true };
	size_t kept = 0, total = 0;
	ssize_t n = 0;
	while (total < FILE_MAX) {
		n = read(fd, window + kept, sizeof window - kept);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		total += (size_t)n;
		const char *at = window, *end = window + kept + (size_t)n, *newline;
		while ((newline = memchr(at, '\n', (size_t)(end - at)))) {
			read_line(&l, at, (size_t)(newline - at));
			at = newline + 1;
		}
		kept = (size_t)(end - at);
		if (kept == sizeof window) /* no line is that long: it is no list, go on without */
			kept = 0;
		memmove(window, at, kept);
	}
	if (n < 0)
		return err_sys(e, "read vendor list '%s'", path);
	read_line(&l, window, kept);
	if (l.code < 0)
		return err_set(e, l.code, "read vendor list '%s': not enough memory", path);
	if (st.st_mtime > v->newest)
		v->newest = st.st_mtime;
	return 0;
}

/* update-ieee-data leaves the date of its last run beside the files, in seconds since 1970. */
static void read_last_update(struct vendors *v, int folder)
{
	on_exit_do(fd_close) int fd = openat(folder, ".lastupdate", O_RDONLY | O_CLOEXEC);
	char text[24];
	ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof text - 1);
	text[n > 0 ? n : 0] = '\0';
	long long at = strtoll(text, NULL, 10);
	if (at > 0)
		v->newest = (time_t)at;
}

static int read_folder(struct vendors *v, int folder, const char *path, struct err *e)
{
	static const char *const names[] = { "oui", "mam", "oui36", "iab" };
	static const char *const kinds[] = { "csv", "txt" };
	bool any = false;
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		for (size_t k = 0; k < COUNT_OF(kinds); k++) {
			char name[16];
			snprintf(name, sizeof name, "%s.%s", names[i], kinds[k]);
			int r = read_file(v, folder, name, e);
			if (r == -ENOENT)
				continue;
			if (r < 0)
				return err_in(e, "'%s'", path);
			any = true;
			break;
		}
	}
	if (!any)
		return err_set(
			e, -ENOENT, "no vendor list in '%s': expected oui.csv or oui.txt", path);
	read_last_update(v, folder);
	return 0;
}

static int by_number(const void *a, const void *b)
{
	uint64_t x, y;
	memcpy(&x, a, sizeof x);
	memcpy(&y, b, sizeof y);
	return x < y ? -1 : x > y;
}

static int fill(struct vendors *v, const char *path, struct err *e)
{
	on_exit_do(fd_close) int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = folder >= 0 ? read_folder(v, folder, path, e) : read_file(v, AT_FDCWD, path, e);
	if (r < 0)
		return r;
	if (v->block_count == 0)
		return err_set(e, -EINVAL,
			"'%s' is no vendor list: found no address block, expected "
			"lines as in the IEEE's oui.csv or oui.txt",
			path);
	qsort(v->blocks, v->block_count, sizeof *v->blocks, by_number);
	/* Give back what doubling reserved too much. */
	uint64_t *blocks = realloc(v->blocks, v->block_count * sizeof *blocks);
	char *names = realloc(v->names, v->names_used);
	v->blocks = blocks ? blocks : v->blocks;
	v->names = names ? names : v->names;
	struct tm tm;
	if (!v->date[0] && gmtime_r(&v->newest, &tm))
		strftime(v->date, sizeof v->date, "%Y-%m-%d", &tm);
	return 0;
}

struct vendors *vendors_open(const char *path, struct err *e)
{
	struct vendors *v = calloc(1, sizeof *v);
	if (!v) {
		err_set(e, -ENOMEM, "read vendor list '%s': not enough memory", path);
		return NULL;
	}
	if (fill(v, path, e) == 0)
		return v;
	vendors_free(v);
	return NULL;
}

void vendors_free(struct vendors *v)
{
	if (!v)
		return;
	free(v->blocks);
	free(v->names);
	free(v);
}

const char *vendors_find(const struct vendors *v, const uint8_t mac[6])
{
	if (mac[0] & 1)
		return NULL; /* a group, nobody's card */
	uint64_t bits = 0;
	for (size_t i = 0; i < 5; i++)
		bits = bits << 8 | mac[i];
	bits >>= 40 - PREFIX_BITS;
	for (unsigned length = LENGTHS; length-- > 0;) {
		unsigned rest = PREFIX_BITS - lengths[length];
		uint64_t key = block_key(length, bits >> rest << rest);
		size_t low = 0, high = v->block_count;
		while (low < high) {
			size_t middle = low + (high - low) / 2;
			if (v->blocks[middle] < key)
				low = middle + 1;
			else
				high = middle;
		}
		if (low < v->block_count && v->blocks[low] >> NAME_BITS == key >> NAME_BITS)
			return v->names + (v->blocks[low] & ((1u << NAME_BITS) - 1));
	}
	/* Some old assignments have this bit set: the list goes first. */
	return mac[0] & 2 ? "locally administered" : NULL;
}

const char *vendors_date(const struct vendors *v)
{
	return v->date;
}
