#include "ledger/wal.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "base/cur.h"
#include "base/out.h"

enum {
	HEADER = 32,
	SUMMED = 24,
	MAGIC = 0x574c4f47, /* "WLOG" */
	SEGMENTS = 4096,    /* 64 GiB that nobody took away */
	SPARES = 4,         /* kept to be used again */
	NAME = 32,
};

struct segment {
	uint64_t first;
	char name[NAME];
};

struct wal {
	const struct files *files;
	struct segment segments[SEGMENTS];
	unsigned count;
	unsigned spares; /* wal/spare-N, N below it */
	size_t segment_size;
	int fd;        /* of the last segment */
	uint64_t at;   /* where its next frame begins */
	uint64_t next; /* number of the next frame's first entry */
	bool dead;
	uint32_t waiting; /* entries in the batch */
	uint32_t told;    /* entries of the batch that was written last, while its bytes stand */
	size_t used;      /* bytes of it, header included */
	uint8_t batch[HEADER + WAL_BATCH];
	uint8_t segment[WAL_SEGMENT]; /* a segment being read, or zeros to write one */
};

static size_t rounded(size_t size)
{
	return (size + 7) & ~(size_t)7;
}

static uint64_t sum_of(const uint8_t *header, const uint8_t *payload, size_t size)
{
	return XXH3_64bits_withSeed(payload, size, XXH3_64bits(header, SUMMED));
}

/* --- reading again --- */

struct frame {
	uint64_t first;
	uint32_t count, size; /* size of the payload */
	const uint8_t *payload;
};

/* False where no whole frame begins here. */
static bool frame_read(struct cur c, struct frame *out)
{
	struct frame f;
	const uint8_t *header = c.at;
	uint32_t magic = cur_be32(&c);
	f.size = cur_be32(&c);
	f.first = cur_be64(&c);
	f.count = cur_be32(&c);
	uint32_t zero = cur_be32(&c);
	uint64_t sum = cur_be64(&c);
	f.payload = cur_take(&c, f.size);
	if (!f.payload || magic != MAGIC || zero || f.count == 0 ||
		sum != sum_of(header, f.payload, f.size))
		return false;
	*out = f;
	return true;
}

/* A frame of ours behind a broken one: the broken one was whole once.  Nobody can put the likeness
 * of a frame into an entry: entries are text, in which no zero stands. */
static bool later_frame(struct cur c, uint64_t next)
{
	struct frame f;
	for (; c.left >= HEADER; cur_skip(&c, 8))
		if (cur_starts(&c, "WLOG") && frame_read(c, &f) && f.first > next)
			return true;
	return false;
}

/* Goes along a segment from entry w->next on; `c` is left behind its last frame. */
static int tell_frames(
	struct wal *w, struct cur *c, uint64_t from, wal_batch *batch, void *self, struct err *e)
{
	struct frame f;
	while (frame_read(*c, &f) && f.first == w->next) {
		if (batch && f.first + f.count > from) {
			int r = batch(self, f.first, f.count, f.payload, f.size, e);
			if (r < 0)
				return r;
		}
		w->next = f.first + f.count;
		cur_skip(c, rounded(HEADER + f.size));
	}
	return 0;
}

static int read_segment(struct wal *w, const struct segment *g, uint64_t from, wal_batch *batch,
	void *self, struct err *e)
{
	long size = files_load(w->files, g->name, w->segment, sizeof w->segment, e);
	if (size < 0)
		return (int)size;
	struct cur c = cur_of(w->segment, (size_t)size);
	int r = tell_frames(w, &c, from, batch, self, e);
	if (r < 0)
		return r;
	w->at = (uint64_t)size - c.left;
	if (later_frame(c, w->next))
		return err_set(e, -EBADMSG,
			"%s is damaged at byte %llu: entry %llu should stand there, and later "
			"ones follow",
			g->name, (unsigned long long)w->at, (unsigned long long)w->next);
	return 0;
}

/* --- segments --- */

static void segment_name(struct segment *g, uint64_t first)
{
	g->first = first;
	snprintf(g->name, sizeof g->name, "wal/%016llx", (unsigned long long)first);
}

static void spare_name(char name[NAME], unsigned n)
{
	snprintf(name, NAME, "wal/spare-%u", n);
}

static void see_name(void *self, const char *name)
{
	struct wal *w = self;
	unsigned long long first;
	unsigned n;
	char end;
	if (sscanf(name, "spare-%u%c", &n, &end) == 1 && n < SPARES)
		w->spares = n + 1 > w->spares ? n + 1 : w->spares;
	else if (strlen(name) == 16 && sscanf(name, "%16llx%c", &first, &end) == 1 &&
		w->count < SEGMENTS)
		segment_name(&w->segments[w->count++], first);
}

static int by_first(const void *a, const void *b)
{
	const struct segment *x = a, *y = b;
	return (x->first > y->first) - (x->first < y->first);
}

/* A spare, or a new one: its room is written and synced, so that later no length and no block has
 * to be written with an entry. */
static int make_segment(struct wal *w, const char *name, struct err *e)
{
	const struct files *f = w->files;
	for (; w->spares > 0; w->spares--) {
		char spare[NAME];
		spare_name(spare, w->spares - 1);
		if (f->rename(f->self, spare, name) == 0) {
			w->spares--;
			return files_open(f, name, FILE_CHANGE, e);
		}
	}
	char made[NAME];
	spare_name(made, SPARES); /* a name that is never taken for a segment */
	memset(w->segment, 0, w->segment_size);
	int fd = files_open(f, made, FILE_FRESH, e);
	if (fd < 0)
		return fd;
	int r = files_write(f, fd, name, w->segment, w->segment_size, 0, e);
	if (r == 0)
		r = files_sync(f, fd, name, e);
	if (r == 0 && (r = f->rename(f->self, made, name)) < 0) {
		errno = -r;
		err_sys(e, "name %s", name);
	}
	if (r == 0)
		return fd;
	f->close(f->self, fd);
	f->remove(f->self, made);
	return r;
}

static int new_segment(struct wal *w, struct err *e)
{
	struct segment g;
	const struct files *f = w->files;
	if (w->count == SEGMENTS)
		return err_set(e, -ENOSPC, "%u segments wait to be sealed", w->count);
	segment_name(&g, w->next);
	int fd = make_segment(w, g.name, e);
	if (fd < 0)
		return fd;
	int r = f->sync_names(f->self, "wal");
	if (r < 0) {
		f->close(f->self, fd);
		w->dead = true;
		errno = -r;
		return err_sys(e, "sync wal");
	}
	if (w->fd >= 0)
		f->close(f->self, w->fd);
	w->fd = fd;
	w->at = 0;
	w->segments[w->count++] = g;
	return 0;
}

/* --- open --- */

static int read_all(struct wal *w, uint64_t from, wal_batch *batch, void *self, struct err *e)
{
	if (w->count && w->segments[0].first > from)
		return err_set(e, -EBADMSG,
			"entries from %llu on are missing: the log begins at %llu",
			(unsigned long long)from, (unsigned long long)w->segments[0].first);
	for (unsigned i = 0; i < w->count; i++) {
		const struct segment *g = &w->segments[i];
		if (i == 0)
			w->next = g->first;
		if (g->first != w->next)
			return err_set(e, -EBADMSG,
				"entries %llu to %llu are missing: %s ends too early",
				(unsigned long long)w->next, (unsigned long long)g->first - 1,
				w->segments[i - 1].name);
		int r = read_segment(w, g, from, batch, self, e);
		if (r < 0)
			return r;
	}
	if (w->count && w->next < from)
		return err_set(e, -EBADMSG, "the log ends at entry %llu, the tree has %llu",
			(unsigned long long)w->next, (unsigned long long)from);
	return 0;
}

static struct wal *new_wal(const struct files *f, size_t segment_size, uint64_t from)
{
	struct wal *w = calloc(1, sizeof *w);
	if (!w)
		return NULL;
	w->files = f;
	w->segment_size = segment_size;
	w->fd = -1;
	w->next = from;
	w->used = HEADER;
	return w;
}

static int find_segments(struct wal *w, struct err *e)
{
	int r = w->files->list(w->files->self, "wal", see_name, w);
	qsort(w->segments, w->count, sizeof *w->segments, by_first);
	if (r == 0)
		return 0;
	errno = -r;
	return err_sys(e, "open wal");
}

int wal_open(struct wal **out, const struct files *f, size_t segment_size, uint64_t from,
	wal_batch *batch, void *self, struct err *e)
{
	assert(segment_size >= WAL_LEAST && segment_size <= WAL_SEGMENT);
	struct wal *w = new_wal(f, segment_size, from);
	if (!w)
		return err_sys(e, "open the log");
	int r = f->make_folder(f->self, "wal");
	if (r < 0) {
		errno = -r;
		r = err_sys(e, "open wal");
	}
	if (r == 0)
		r = find_segments(w, e);
	if (r == 0)
		r = read_all(w, from, batch, self, e);
	if (r == 0 && w->count) {
		w->fd = files_open(f, w->segments[w->count - 1].name, FILE_CHANGE, e);
		r = w->fd < 0 ? w->fd : 0;
	}
	if (r < 0) {
		wal_close(w);
		return r;
	}
	*out = w;
	return 0;
}

int wal_check(const struct files *f, uint64_t to, wal_batch *batch, void *self, struct err *e)
{
	struct wal *w = new_wal(f, WAL_LEAST, to);
	if (!w)
		return err_sys(e, "read the log");
	int r = find_segments(w, e);
	if (r == -ENOENT)
		r = 0;
	else if (r == 0 && w->count)
		r = read_all(
			w, w->segments[0].first < to ? w->segments[0].first : to, batch, self, e);
	wal_close(w);
	return r;
}

int wal_replay(struct wal *w, uint64_t from, wal_batch *batch, void *self, struct err *e)
{
	uint64_t next = w->next, at = w->at;
	int r = read_all(w, from, batch, self, e);
	if (r == 0 && w->next != next)
		r = err_set(e, -EBADMSG, "the log ends at entry %llu, %llu were acknowledged",
			(unsigned long long)w->next, (unsigned long long)next);
	w->next = next;
	w->at = at;
	return r;
}

void wal_close(struct wal *w)
{
	if (w && w->fd >= 0)
		w->files->close(w->files->self, w->fd);
	free(w);
}

uint64_t wal_next(const struct wal *w)
{
	return w->next + w->waiting;
}

uint64_t wal_durable(const struct wal *w)
{
	return w->next;
}

bool wal_dead(const struct wal *w)
{
	return w->dead;
}

/* --- writing --- */

int wal_add(struct wal *w, const void *entry, size_t size, struct err *e)
{
	if (w->dead)
		return err_set(e, -EIO, "the disk failed: the log takes nothing more");
	if (size > ENTRY_MAX)
		return err_set(e, -EMSGSIZE, "an entry of %zu bytes: at most %d", size, ENTRY_MAX);
	size_t room = w->segment_size < sizeof w->batch ? w->segment_size : sizeof w->batch;
	if (w->waiting == 0)
		w->used = HEADER;
	w->told = 0;
	if (size + 2 > room - w->used)
		return err_set(e, -ENOBUFS, "the batch is full");
	w->batch[w->used] = (uint8_t)(size >> 8);
	w->batch[w->used + 1] = (uint8_t)size;
	memcpy(w->batch + w->used + 2, entry, size);
	w->used += size + 2;
	w->waiting++;
	return 0;
}

static void finish_header(struct wal *w)
{
	struct out o = out_mem((char *)w->batch, HEADER + 1);
	out_be(&o, MAGIC, 4);
	out_be(&o, w->used - HEADER, 4);
	out_be(&o, w->next, 8);
	out_be(&o, w->waiting, 4);
	out_be(&o, 0, 4);
	out_be(&o, sum_of(w->batch, w->batch + HEADER, w->used - HEADER), 8);
}

static int write_batch(struct wal *w, struct err *e)
{
	if (w->fd < 0 || w->at + w->used > w->segment_size) {
		int r = new_segment(w, e);
		if (r < 0)
			return r;
	}
	const char *name = w->segments[w->count - 1].name;
	finish_header(w);
	int r = files_write(w->files, w->fd, name, w->batch, w->used, w->at, e);
	if (r < 0)
		return r;
	r = files_sync(w->files, w->fd, name, e);
	w->dead = r < 0;
	return r;
}

int wal_commit(struct wal *w, struct err *e)
{
	if (w->dead)
		return err_set(e, -EIO, "the disk failed: the log takes nothing more");
	if (!w->waiting)
		return 0;
	int r = write_batch(w, e);
	uint32_t count = w->waiting;
	w->waiting = 0;
	if (r < 0)
		return r;
	w->told = count;
	w->next += count;
	w->at += rounded(w->used);
	return 0;
}

int wal_tell(const struct wal *w, wal_batch *batch, void *self, struct err *e)
{
	return w->told
		? batch(self, w->next - w->told, w->told, w->batch + HEADER, w->used - HEADER, e)
		: 0;
}

/* --- letting go --- */

static int let_go(struct wal *w, struct err *e)
{
	const struct files *f = w->files;
	const char *name = w->segments[0].name;
	char spare[NAME];
	spare_name(spare, w->spares);
	int r = w->spares < SPARES ? f->rename(f->self, name, spare) : f->remove(f->self, name);
	if (r < 0) {
		errno = -r;
		return err_sys(e, "let %s go", name);
	}
	w->spares += w->spares < SPARES;
	memmove(w->segments, w->segments + 1, --w->count * sizeof *w->segments);
	return 0;
}

int wal_forget(struct wal *w, uint64_t from, struct err *e)
{
	while (w->count > 1 && w->segments[1].first <= from) {
		int r = let_go(w, e);
		if (r < 0)
			return r;
	}
	return 0;
}

int wal_clear(struct wal *w, struct err *e)
{
	const struct files *f = w->files;
	char spare[NAME];
	if (w->fd >= 0)
		f->close(f->self, w->fd);
	w->fd = -1;
	w->dead = true;
	int r = 0;
	for (; r == 0 && w->count; w->count--)
		r = f->remove(f->self, w->segments[w->count - 1].name);
	for (; r == 0 && w->spares; w->spares--) {
		spare_name(spare, w->spares - 1);
		r = f->remove(f->self, spare);
	}
	if (r == 0)
		r = f->remove(f->self, "wal");
	if (r == 0)
		r = f->sync_names(f->self, ".");
	if (r == 0)
		return 0;
	errno = -r;
	return err_sys(e, "take the log away");
}
