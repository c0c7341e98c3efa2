/* Captures looked at before they are read: when they begin, and whether two of them are one. */
#include <sys/stat.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/hash.h"
#include "base/interrupt.h"
#include "sense/capture_inside.h"

/* A file that is read twice: back to where it stood. */
struct peek {
	int fd;
	off_t stood;
	struct capture *capture; /* NULL: none, or no file */
};

static struct peek peek_open(int fd)
{
	struct peek p = { .fd = fd };
	struct stat st;
	struct err e = { 0 };
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return p;
	p.stood = lseek(fd, 0, SEEK_CUR);
	if (p.stood >= 0)
		p.capture = capture_borrow(fd, "-", &e); /* what is wrong is said when it is read */
	if (!p.capture && p.stood >= 0)
		lseek(fd, p.stood, SEEK_SET);
	return p;
}

static void peek_close(struct peek *p)
{
	if (!p->capture)
		return;
	capture_return(p->capture);
	lseek(p->fd, p->stood, SEEK_SET);
}

bool capture_first(int fd, struct capture_first *out)
{
	on_exit_do(peek_close) struct peek p = peek_open(fd);
	struct capture_frame f;
	struct err e;
	if (!p.capture || capture_next(p.capture, &f, &e) != 1)
		return false;
	uint64_t sizes = hash_mix((uint64_t)f.size << 32 | f.wire_size, (uint64_t)f.linktype);
	*out = (struct capture_first){ .at_ns = f.at_ns,
		.linktype = f.linktype,
		.mark = hash_mix(hash_bytes(f.bytes, f.size) ^ sizes, (uint64_t)f.at_ns) };
	return true;
}

static bool same_frame(const struct capture_frame *a, const struct capture_frame *b)
{
	return a->at_ns == b->at_ns && a->size == b->size && a->wire_size == b->wire_size &&
		a->linktype == b->linktype && memcmp(a->bytes, b->bytes, a->size) == 0;
}

enum capture_shared capture_compare(int fd, int other)
{
	on_exit_do(peek_close) struct peek a = peek_open(fd);
	on_exit_do(peek_close) struct peek b = peek_open(other);
	struct capture_frame f, g;
	struct err e;
	if (!a.capture || !b.capture)
		return CAPTURES_DIFFER;
	for (;;) {
		int of_a = capture_next(a.capture, &f, &e), of_b = capture_next(b.capture, &g, &e);
		/* Whoever cannot be read to its end is no copy of anything; and an end that
		 * somebody asked for is none. */
		if (of_a < 0 || of_b < 0 || interrupted())
			return CAPTURES_DIFFER;
		if (of_b == 0)
			return CAPTURE_HOLDS_OTHER;
		if (of_a == 0)
			return CAPTURE_WITHIN_OTHER;
		if (!same_frame(&f, &g))
			return CAPTURES_DIFFER;
	}
}
