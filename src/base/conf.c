#include "base/conf.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/conf_tree.h"

enum { ARENA_CHUNK = 16 * 1024 };

struct chunk {
	struct chunk *next;
	size_t used, size;
	max_align_t bytes[];
};

struct conf {
	char *name;
	struct chunk *chunks;
};

/* One binding in progress. */
struct bind {
	struct conf *conf;
	struct conf_wrong *wrong;
	char path[CONF_PATH];
};

static int bind_struct(
	struct bind *b, const struct node *n, const struct conf_table *table, void *out);

void *conf_alloc(struct conf *c, size_t size)
{
	size_t want = (size + sizeof(max_align_t) - 1) & ~(sizeof(max_align_t) - 1);
	if (want < size)
		return NULL;
	struct chunk *k = c->chunks;
	if (!k || k->size - k->used < want) {
		size_t room = want > ARENA_CHUNK ? want : ARENA_CHUNK;
		k = calloc(1, sizeof *k + room);
		if (!k)
			return NULL;
		*k = (struct chunk){ .next = c->chunks, .size = room };
		c->chunks = k;
	}
	void *p = (uint8_t *)k->bytes + k->used;
	k->used += want;
	return p;
}

void conf_free(struct conf *c)
{
	if (!c)
		return;
	for (struct chunk *k = c->chunks, *next; k; k = next) {
		next = k->next;
		free(k);
	}
	free(c->name);
	free(c);
}

const char *conf_name(const struct conf *c)
{
	const char *slash = strrchr(c->name, '/');
	return slash ? slash + 1 : c->name;
}

/* --- mistakes --- */

static bool before(struct conf_place a, struct conf_place b)
{
	return a.line != b.line ? a.line < b.line : a.column < b.column;
}

/* Text of the file goes into messages and from there to a terminal: nothing but what shows. */
static void make_printable(char *text)
{
	for (char *p = text; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = '?';
}

static void wrong_add(struct conf_wrong *wrong, const char *file, struct conf_place place,
	const char *path, const char *fmt, va_list args)
{
	if (wrong->count == CONF_WRONG_MAX) {
		wrong->more++;
		if (!before(place, wrong->rows[CONF_WRONG_MAX - 1].place))
			return;
		wrong->count--;
	}
	size_t at = wrong->count++;
	for (; at && before(place, wrong->rows[at - 1].place); at--)
		wrong->rows[at] = wrong->rows[at - 1];
	struct conf_wrong_row *row = &wrong->rows[at];
	row->place = place;
	int used = snprintf(row->text, sizeof row->text, "%.120s:%u:%u: %s%s", file, place.line,
		place.column, path, *path ? ": " : "");
	if (used > 0 && (size_t)used < sizeof row->text)
		vsnprintf(row->text + used, sizeof row->text - (size_t)used, fmt, args);
	make_printable(row->text);
}

void conf_wrong_at(const struct conf *c, struct conf_wrong *wrong, struct conf_place place,
	const char *path, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	wrong_add(wrong, c->name, place, path, fmt, args);
	va_end(args);
}

static void PRINTF(3) complain(struct bind *b, const struct node *n, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	wrong_add(b->wrong, b->conf->name, n->place, b->path, fmt, args);
	va_end(args);
}

/* What stands there, in the words of somebody who looks at the file. */
static const char *found(const struct node *n, char text[64])
{
	if (n->kind == NODE_LIST)
		return "a list";
	if (n->kind == NODE_MAP)
		return "a mapping";
	if (n->plain && n->size == 0)
		return "nothing";
	const char *quote = n->plain ? "'" : "\"";
	snprintf(text, 64, "%s%.48s%s%s", quote, n->text, n->size > 48 ? "..." : "", quote);
	return text;
}

/* Levenshtein's distance of two short words; far ones need no exact number. */
static unsigned distance(const char *a, const char *b)
{
	enum { WORD_MAX = 32 };
	size_t a_size = strlen(a), b_size = strlen(b);
	if (a_size > WORD_MAX || b_size > WORD_MAX)
		return WORD_MAX;
	unsigned row[WORD_MAX + 1];
	for (unsigned j = 0; j <= b_size; j++)
		row[j] = j;
	for (unsigned i = 1; i <= a_size; i++) {
		unsigned diagonal = row[0];
		row[0] = i;
		for (unsigned j = 1; j <= b_size; j++) {
			unsigned best = diagonal + (a[i - 1] != b[j - 1]);
			diagonal = row[j];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return row[b_size];
}

static void complain_unknown(struct bind *b, const struct node *key, const struct conf_key *keys)
{
	const struct conf_key *nearest = NULL;
	unsigned least = 3; /* two slips of the finger; more is another word */
	char list[160] = "";
	size_t used = 0;
	for (const struct conf_key *k = keys; k->name; k++) {
		unsigned d = distance(key->text, k->name);
		if (d < least && d < strlen(k->name)) {
			least = d;
			nearest = k;
		}
		int n = snprintf(
			list + used, sizeof list - used, "%s%s", used ? ", " : "", k->name);
		used += n > 0 && (size_t)n < sizeof list - used ? (size_t)n : 0;
	}
	char text[64];
	if (nearest)
		complain(b, key, "found unknown key %s, expected one of: %s; did you mean '%s'?",
			found(key, text), list, nearest->name);
	else
		complain(b, key, "found unknown key %s, expected one of: %s", found(key, text),
			list);
}

/* --- binding --- */

static bool is_digits(const char *text)
{
	return *text && text[strspn(text, "0123456789")] == '\0';
}

static void bind_uint(struct bind *b, const struct node *n, const struct conf_key *k, uint64_t *out)
{
	char text[64];
	if (n->kind != NODE_TEXT || !n->plain || !is_digits(n->text)) {
		complain(b, n, "found %s, expected a whole number", found(n, text));
		return;
	}
	if (n->size > 1 && n->text[0] == '0') {
		complain(b, n, "found %s, expected a whole number without a zero in front",
			found(n, text));
		return;
	}
	errno = 0;
	unsigned long long v = strtoull(n->text, NULL, 10);
	uint64_t max = k->max ? k->max : UINT64_MAX;
	if (errno || v < k->min || v > max) {
		complain(b, n, "found %s, expected a whole number from %llu to %llu",
			found(n, text), (unsigned long long)k->min, (unsigned long long)max);
		return;
	}
	*out = v;
}

static void bind_real(struct bind *b, const struct node *n, const struct conf_key *k, double *out)
{
	char text[64];
	char *end = NULL;
	bool looks = n->kind == NODE_TEXT && n->plain && n->size &&
		n->text[strspn(n->text, "0123456789+-.eE")] == '\0';
	double v = looks ? strtod(n->text, &end) : 0;
	if (!looks || *end || end == n->text || !isfinite(v))
		complain(b, n, "found %s, expected a number", found(n, text));
	else if ((k->min || k->max) && (v < (double)k->min || (k->max && v > (double)k->max)))
		complain(b, n, "found %s, expected a number from %llu to %llu", found(n, text),
			(unsigned long long)k->min, (unsigned long long)k->max);
	else
		*out = v;
}

static void bind_bool(struct bind *b, const struct node *n, bool *out)
{
	char text[64];
	if (n->kind == NODE_TEXT && n->plain && strcmp(n->text, "true") == 0)
		*out = true;
	else if (n->kind == NODE_TEXT && n->plain && strcmp(n->text, "false") == 0)
		*out = false;
	else
		complain(b, n, "found %s, expected true or false", found(n, text));
}

static void bind_word(struct bind *b, const struct node *n, const struct conf_key *k, unsigned *out)
{
	char list[160] = "", text[64];
	size_t used = 0;
	for (unsigned i = 0; k->words[i]; i++) {
		if (n->kind == NODE_TEXT && strcmp(n->text, k->words[i]) == 0) {
			*out = i;
			return;
		}
		int more = snprintf(
			list + used, sizeof list - used, "%s%s", i ? ", " : "", k->words[i]);
		used += more > 0 && (size_t)more < sizeof list - used ? (size_t)more : 0;
	}
	complain(b, n, "found %s, expected one of: %s", found(n, text), list);
}

static int bind_text(struct bind *b, const struct node *n, const struct conf_key *k, bool lines,
	struct conf_text *out)
{
	char text[64];
	if (n->kind != NODE_TEXT || (n->plain && n->size == 0)) {
		complain(b, n, "found %s, expected text", found(n, text));
		return 0;
	}
	for (const char *p = n->text; *p; p++) {
		bool control = (unsigned char)*p < 0x20 || *p == 0x7f;
		if (control && !(lines && (*p == '\n' || *p == '\t'))) {
			complain(b, n, "found a control character (0x%02x), expected %s",
				(unsigned)(unsigned char)*p, lines ? "text" : "text in one line");
			return 0;
		}
	}
	if (n->size < k->min || (k->max && n->size > k->max)) {
		complain(b, n, "found text of %zu bytes, expected %llu to %llu", n->size,
			(unsigned long long)k->min,
			(unsigned long long)(k->max ? k->max : CONF_FILE_MAX));
		return 0;
	}
	char *copy = conf_alloc(b->conf, n->size + 1);
	if (!copy)
		return -ENOMEM;
	memcpy(copy, n->text, n->size);
	*out = (struct conf_text){ copy, n->place };
	return 0;
}

/* A word more on the path of keys; returns where it ended before. */
static size_t PRINTF(2) path_push(struct bind *b, const char *fmt, ...)
{
	size_t here = strlen(b->path);
	va_list args;
	va_start(args, fmt);
	vsnprintf(b->path + here, sizeof b->path - here, fmt, args);
	va_end(args);
	return here;
}

static int bind_list(
	struct bind *b, const struct node *n, const struct conf_key *k, struct conf_list *out)
{
	char text[64];
	if (n->kind != NODE_LIST) {
		complain(b, n, "found %s, expected a list", found(n, text));
		return 0;
	}
	if (n->count < k->min || (k->max && n->count > k->max)) {
		complain(b, n, "found %zu items, expected %llu to %llu", n->count,
			(unsigned long long)k->min,
			(unsigned long long)(k->max ? k->max : CONF_NODES_MAX));
		return 0;
	}
	size_t size = k->type == CONF_TEXTS ? sizeof(struct conf_text) : k->of->size;
	uint8_t *items = conf_alloc(b->conf, size * n->count + 1);
	if (!items)
		return -ENOMEM;
	/* The bounds of the key are those of the list: items have none but "not empty". */
	static const struct conf_key item_key = { .min = 1 };
	size_t i = 0;
	for (const struct node *item = n->first; item; item = item->next, i++) {
		size_t here = path_push(b, "[%zu]", i);
		int r = k->type == CONF_TEXTS
			? bind_text(b, item, &item_key, false, (void *)(items + i * size))
			: bind_struct(b, item, k->of, items + i * size);
		b->path[here] = '\0';
		if (r < 0)
			return r;
	}
	*out = (struct conf_list){ items, n->count };
	return 0;
}

static int bind_value(struct bind *b, const struct node *n, const struct conf_key *k, void *out)
{
	switch ((enum conf_type)k->type) {
	case CONF_TEXT:
		return bind_text(b, n, k, false, out);
	case CONF_PROSE:
		return bind_text(b, n, k, true, out);
	case CONF_UINT:
		bind_uint(b, n, k, out);
		return 0;
	case CONF_BOOL:
		bind_bool(b, n, out);
		return 0;
	case CONF_REAL:
		bind_real(b, n, k, out);
		return 0;
	case CONF_WORD:
		bind_word(b, n, k, out);
		return 0;
	case CONF_TEXTS:
	case CONF_STRUCTS:
		return bind_list(b, n, k, out);
	case CONF_STRUCT:
		return bind_struct(b, n, k->of, out);
	}
	assert(false && "a type that conf.h does not name");
	return -EINVAL;
}

static int bind_struct(
	struct bind *b, const struct node *n, const struct conf_table *table, void *out)
{
	char text[64];
	if (n->kind != NODE_MAP) {
		complain(b, n, "found %s, expected a mapping with the key '%s'", found(n, text),
			table->keys[0].name);
		return 0;
	}
	if (table->place_at != CONF_NO_PLACE)
		memcpy((uint8_t *)out + table->place_at, &n->place, sizeof n->place);
	uint64_t seen = 0;
	for (const struct node *key = n->first; key; key = key->next) {
		const struct conf_key *k = table->keys;
		while (k->name && strcmp(k->name, key->text) != 0)
			k++;
		if (!k->name) {
			complain_unknown(b, key, table->keys);
			continue;
		}
		size_t index = (size_t)(k - table->keys);
		assert(index < CONF_KEYS_MAX);
		if (seen & UINT64_C(1) << index) {
			complain(b, key, "found the key '%s' again, expected it once", k->name);
			continue;
		}
		seen |= UINT64_C(1) << index;
		size_t here = path_push(b, "%s%s", *b->path ? "." : "", k->name);
		int r = bind_value(b, key->value, k, (uint8_t *)out + k->at);
		b->path[here] = '\0';
		if (r < 0)
			return r;
	}
	for (const struct conf_key *k = table->keys; k->name; k++)
		if (k->required && !(seen & UINT64_C(1) << (k - table->keys)))
			complain(b, n, "found no key '%s', expected it here", k->name);
	return table->check ? table->check(b->conf, out, b->wrong) : 0;
}

/* --- in and out --- */

static int bind_bytes(struct conf *c, const void *bytes, size_t size,
	const struct conf_table *table, void *out, struct conf_wrong *wrong, struct err *e)
{
	struct node *root = NULL;
	struct bind b = { .conf = c, .wrong = wrong };
	int r = conf_tree(c, bytes, size, wrong, &root);
	if (r == 0 && root) {
		void *filled = conf_alloc(c, table->size);
		r = filled ? bind_struct(&b, root, table, filled) : -ENOMEM;
		if (r == 0 && wrong->count == 0)
			memcpy(out, filled, table->size);
	}
	if (r < 0)
		return err_set(e, r, "%s: not enough memory", c->name);
	return wrong->count ? err_set(e, -EINVAL, "%s", wrong->rows[0].text) : 0;
}

struct conf *conf_of(const char *name, const void *bytes, size_t size,
	const struct conf_table *table, void *out, struct conf_wrong *wrong, struct err *e)
{
	wrong->count = wrong->more = 0;
	if (size > CONF_FILE_MAX) {
		err_set(e, -EFBIG, "%s: found %zu bytes, expected at most %d", name, size,
			CONF_FILE_MAX);
		return NULL;
	}
	struct conf *c = calloc(1, sizeof *c);
	if (c)
		c->name = strdup(name);
	if (!c || !c->name)
		err_set(e, -ENOMEM, "%s: not enough memory", name);
	else if (bind_bytes(c, bytes, size, table, out, wrong, e) == 0)
		return c;
	conf_free(c);
	return NULL;
}

static void fd_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static void buffer_free(uint8_t **buffer)
{
	free(*buffer);
}

struct conf *conf_open(const char *path, const struct conf_table *table, void *out,
	struct conf_wrong *wrong, struct err *e)
{
	wrong->count = wrong->more = 0;
	/* Non-blocking: opening a pipe that nobody writes to must not hang. */
	on_exit_do(fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	if (fd < 0 || fstat(fd, &st) < 0) {
		err_sys(e, "read '%s'", path);
		return NULL;
	}
	if (!S_ISREG(st.st_mode)) {
		err_set(e, -EINVAL, "read '%s': found %s, expected a file", path,
			S_ISDIR(st.st_mode) ? "a directory" : "a device or pipe");
		return NULL;
	}
	on_exit_do(buffer_free) uint8_t *buffer = malloc(CONF_FILE_MAX + 1);
	if (!buffer) {
		err_set(e, -ENOMEM, "read '%s': not enough memory", path);
		return NULL;
	}
	size_t size = 0;
	while (size <= CONF_FILE_MAX) { /* one byte more than allowed: too large shows itself */
		ssize_t n = read(fd, buffer + size, CONF_FILE_MAX + 1 - size);
		if (n == 0)
			break;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			err_sys(e, "read '%s'", path);
			return NULL;
		}
		size += (size_t)n;
	}
	return conf_of(path, buffer, size, table, out, wrong, e);
}
