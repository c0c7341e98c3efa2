/* Segments that a writer of packets finds, keeps and lets go of. */
#include <errno.h>

#include "sense/packets_inside.h"

enum { MEND_MOST = 4 /* segments read at one start */ };

/* The index of a segment, anew: of one that was not ended, or that somebody took away. */
static int mend_one(void *self, const struct chunk *c)
{
	struct index *x = self;
	if (x->rows == x->rows_max)
		return -EFBIG; /* an index of other chunks than ours */
	index_add(x, c);
	return 0;
}

static void mend(const struct segment *s, struct sum *sum)
{
	char name[PACKETS_FILE];
	struct index x;
	struct err e;
	uint64_t unread = 0;
	if (s->size > 2 * PACKETS_SEGMENT_MOST || index_init(&x, s->size, &e) < 0)
		return;
	index_begin(&x, s->mark);
	if (segment_chunks(s, mend_one, &x, &unread) == 0) {
		*sum = x.sum;
		index_end(&x, s->size);
		segment_name(name, s->number, true);
		(void)!files_put(s->files, name, x.bytes, index_size(&x), &e);
	}
	index_done(&x);
}

/* What cannot be read goes with the years as all others do. */
struct kept kept_look(const struct files *f, uint64_t number, unsigned *mended)
{
	struct kept k = { .number = number };
	struct segment s;
	if (segment_open(&s, f, number) == 1) {
		if (!segment_sum(&s, &k.sum) && *mended < MEND_MOST) {
			mend(&s, &k.sum);
			++*mended;
		}
		segment_close(&s);
	}
	k.bytes = segment_bytes(f, number);
	return k;
}

/* As long as the segment is there, so are its packets. */
int kept_remove(const struct files *f, uint64_t number, struct err *e)
{
	char name[PACKETS_FILE];
	for (unsigned i = 0; i < 2; i++) {
		segment_name(name, number, i == 0);
		int r = f->remove(f->self, name);
		errno = -r;
		if (r < 0 && r != -ENOENT)
			return err_sys(e, "remove %s", name);
	}
	return 0;
}

struct orphans {
	const struct files *files;
	const struct numbers *known;
};

static void drop_orphan(void *to, const char *name)
{
	const struct orphans *o = to;
	uint64_t number;
	bool index;
	if (!segment_number(name, &number, &index) || !index)
		return;
	if (!segments_have(o->known, number))
		o->files->remove(o->files->self, name);
}

void kept_drop_orphans(const struct files *f, const struct numbers *known)
{
	struct orphans o = { f, known };
	(void)f->list(f->self, ".", drop_orphan, &o);
}
