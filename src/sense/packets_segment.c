/* Segments of a packet store, read: whatever lies in them was perhaps written by somebody else. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>

#include "base/grow.h"
#include "sense/packets_inside.h"

/* --- names --- */

static const char *const endings[] = { ".pcapng", ".index" };
enum { DIGITS = 8, DIGITS_MOST = 15 };

void segment_name(char text[PACKETS_FILE], uint64_t number, bool index)
{
	snprintf(
		text, PACKETS_FILE, "%0*llu%s", DIGITS, (unsigned long long)number, endings[index]);
}

bool segment_number(const char *name, uint64_t *number, bool *index)
{
	size_t digits = strspn(name, "0123456789");
	*index = strcmp(name + digits, endings[true]) == 0;
	if (digits < DIGITS || digits > DIGITS_MOST || (digits > DIGITS && name[0] == '0') ||
		(!*index && strcmp(name + digits, endings[false]) != 0))
		return false;
	*number = strtoull(name, NULL, 10);
	return *number > 0;
}

static void list_one(void *to, const char *name)
{
	struct numbers *n = to;
	uint64_t number;
	bool index;
	if (n->failed || !segment_number(name, &number, &index) || index)
		return;
	uint64_t *at =
		n->count < SEGMENTS_MAX ? grow(n->at, &n->room, n->count + 1, sizeof *n->at) : NULL;
	if (!at) {
		n->failed = true;
		return;
	}
	n->at = at;
	n->at[n->count++] = number;
}

static int ascending(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return (x > y) - (x < y);
}

int segments_list(const struct files *f, struct numbers *out, struct err *e)
{
	*out = (struct numbers){ 0 };
	int r = f->list(f->self, ".", list_one, out);
	if (r < 0) {
		errno = -r;
		err_sys(e, "list the packets");
	} else if (out->failed) {
		r = err_set(e, -ENOMEM, "more than %d segments of packets", SEGMENTS_MAX);
	}
	if (r < 0) {
		free(out->at);
		*out = (struct numbers){ 0 };
		return r;
	}
	if (out->count)
		qsort(out->at, out->count, sizeof *out->at, ascending);
	return 0;
}

bool segments_have(const struct numbers *n, uint64_t number)
{
	return n->count && bsearch(&number, n->at, n->count, sizeof *n->at, ascending);
}

static uint64_t bytes_of(const struct files *f, uint64_t number, bool index)
{
	char name[PACKETS_FILE];
	segment_name(name, number, index);
	int fd = f->open(f->self, name, FILE_READ);
	long size = fd < 0 ? 0 : f->size(f->self, fd);
	if (fd >= 0)
		f->close(f->self, fd);
	return on_disk(size > 0 ? (uint64_t)size : 0);
}

uint64_t segment_bytes(const struct files *f, uint64_t number)
{
	return bytes_of(f, number, false) + bytes_of(f, number, true);
}

/* --- reading --- */

long segment_read(const struct segment *s, void *to, size_t size, uint64_t at)
{
	const struct files *f = s->files;
	size_t have = 0;
	while (have < size) {
		long n = f->read(f->self, s->fd, (char *)to + have, size - have, at + have);
		if (n == -EINTR)
			continue;
		if (n < 0 && !have)
			return n;
		if (n <= 0)
			break;
		have += (size_t)n;
	}
	return (long)have;
}

/* The window holds what comes next, as far as it is there. */
static void refill(struct blocks *b)
{
	if (b->at + b->have - b->used >= b->end)
		return; /* and what was read stays where it is */
	memmove(b->window, b->window + b->used, b->have - b->used);
	b->have -= b->used;
	b->used = 0;
	uint64_t from = b->at + b->have, left = b->end - from;
	size_t room = BLOCKS_WINDOW - b->have;
	long n = segment_read(
		b->segment, b->window + b->have, left < room ? (size_t)left : room, from);
	b->have += n > 0 ? (size_t)n : 0;
}

/* The next block, if it is whole in the window: 1; 0: it is not; -1: it is none. */
static int take_block(struct blocks *b, struct block *out)
{
	struct cur c = cur_of(b->window + b->used, b->have - b->used);
	if (c.left < 12)
		return 0;
	*out = (struct block){ .type = cur_le32(&c), .at = b->at };
	out->size = cur_le32(&c);
	if (out->size < 12 || out->size % 4 || out->size > BLOCK_MAX)
		return -1;
	out->body = cur_sub(&c, out->size - 12);
	uint32_t again = cur_le32(&c);
	if (!cur_ok(&c))
		return 0;
	if (again != out->size)
		return -1;
	b->used += out->size;
	b->at += out->size;
	return 1;
}

bool blocks_next(struct blocks *b, struct block *out)
{
	if (b->bad || b->at >= b->end)
		return false;
	int r = take_block(b, out);
	if (r == 0) {
		refill(b);
		r = take_block(b, out);
	}
	b->bad = r < 0;
	return r == 1;
}

/* --- opening --- */

static bool read_preamble(struct segment *s, uint8_t *bytes, size_t size)
{
	struct blocks b = { .window = bytes, .have = size, .end = size };
	struct block block;
	if (take_block(&b, &block) != 1 || !block_is_section(&block))
		return false;
	while (take_block(&b, &block) == 1) {
		struct interface one;
		int r = block_is_interface(&block, &one);
		if (r < 0 || (r == 1 && s->interface_count == PACKETS_INTERFACES))
			return false;
		if (r == 0)
			break;
		s->interfaces[s->interface_count++] = one;
		s->begin = block.at + block.size;
	}
	s->mark = (uint32_t)crc32(0, bytes, (unsigned)s->begin);
	return s->begin > 0;
}

int segment_open(struct segment *s, const struct files *f, uint64_t number)
{
	char name[PACKETS_FILE];
	uint8_t bytes[PREAMBLE_MAX];
	*s = (struct segment){ .files = f, .number = number };
	segment_name(name, number, false);
	s->fd = f->open(f->self, name, FILE_READ);
	if (s->fd < 0)
		return s->fd == -ENOENT ? 0 : s->fd;
	long size = f->size(f->self, s->fd);
	long n = size < 0 ? size : segment_read(s, bytes, sizeof bytes, 0);
	s->size = size < 0 ? 0 : (uint64_t)size;
	if (n >= 0 && read_preamble(s, bytes, (size_t)n))
		return 1;
	segment_close(s);
	return n < 0 ? (int)n : -EINVAL;
}

void segment_close(struct segment *s)
{
	if (s->fd >= 0)
		s->files->close(s->files->self, s->fd);
	s->fd = -1;
}

bool segment_frame(const struct segment *s, const struct block *b, struct sense_frame *out,
	uint32_t *interface)
{
	if (!block_is_frame(b, interface, out) || *interface >= s->interface_count)
		return false;
	out->linktype = s->interfaces[*interface].linktype;
	return true;
}
