/* Reading the log: coming back after whatever happened, and following a writer elsewhere. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "ledger/wal_inside.h"

enum {
	PIECE = 256 * 1024, /* read at a time, and the least window */
	FRAME_MAX = WAL_HEADER + WAL_BATCH,
};

uint64_t wal_sum(const uint8_t *header, const uint8_t *payload, size_t size)
{
	return XXH3_64bits_withSeed(payload, size, XXH3_64bits(header, WAL_SUMMED));
}

/* --- the folder --- */

struct wal_segment wal_segment_of(uint64_t first)
{
	struct wal_segment g = { .first = first };
	snprintf(g.name, sizeof g.name, "wal/%016llx", (unsigned long long)first);
	return g;
}

void wal_spare_name(char name[WAL_NAME], unsigned n)
{
	snprintf(name, WAL_NAME, "wal/spare-%u", n);
}

static void see_name(void *self, const char *name)
{
	struct wal_segments *s = self;
	unsigned long long first;
	unsigned n;
	char end;
	if (sscanf(name, "spare-%u%c", &n, &end) == 1 && n < WAL_SPARES)
		s->spares = n + 1 > s->spares ? n + 1 : s->spares;
	else if (strlen(name) == 16 && sscanf(name, "%16llx%c", &first, &end) == 1 &&
		s->count < WAL_SEGMENTS)
		s->list[s->count++] = wal_segment_of(first);
}

static int by_first(const void *a, const void *b)
{
	const struct wal_segment *x = a, *y = b;
	return (x->first > y->first) - (x->first < y->first);
}

int wal_find(const struct files *f, struct wal_segments *s, struct err *e)
{
	s->count = s->spares = 0;
	int r = f->list(f->self, "wal", see_name, s);
	qsort(s->list, s->count, sizeof *s->list, by_first);
	if (r == 0)
		return 0;
	errno = -r;
	return err_sys(e, "open wal");
}

/* --- frames --- */

struct frame {
	uint64_t first;
	uint32_t count, size; /* size of the payload */
	uint32_t version;
	const uint8_t *payload;
};

/* One segment at a time, through a window that grows to the largest frame it meets. */
struct reader {
	const struct files *files;
	char name[WAL_NAME];
	int fd;      /* -1: none */
	uint64_t at; /* in the file, of the next frame */
	uint64_t last;
	uint8_t *window;
	size_t room, from, have; /* window[from .. have) is what stands at `at` */
};

static struct reader reader_of(const struct files *f)
{
	return (struct reader){ .files = f, .fd = -1 };
}

static void close_file(struct reader *r)
{
	if (r->fd >= 0)
		r->files->close(r->files->self, r->fd);
	r->fd = -1;
}

static void reader_done(struct reader *r)
{
	close_file(r);
	free(r->window);
	r->window = NULL;
}

static int reader_open(struct reader *r, const char *name, struct err *e)
{
	close_file(r);
	snprintf(r->name, sizeof r->name, "%s", name);
	r->at = r->last = r->from = r->have = 0;
	r->fd = files_open(r->files, name, FILE_READ, e);
	return r->fd < 0 ? r->fd : 0;
}

/* What the window has may be older than the file by now. */
static void look_again(struct reader *r)
{
	r->from = r->have = 0;
}

static int make_room(struct reader *r, size_t need, struct err *e)
{
	if (r->from) {
		memmove(r->window, r->window + r->from, r->have - r->from);
		r->have -= r->from;
		r->from = 0;
	}
	if (need <= r->room)
		return 0;
	size_t room = need < PIECE ? PIECE : need < FRAME_MAX / 2 ? need * 2 : need;
	uint8_t *more = realloc(r->window, room);
	if (!more)
		return err_sys(e, "read %s", r->name);
	r->window = more;
	r->room = room;
	return 0;
}

/* So many bytes at the reader's place, or all that the file has there. */
static int fill(struct reader *r, size_t need, struct err *e)
{
	if (r->have - r->from >= need)
		return 0;
	int done = make_room(r, need, e);
	while (done == 0 && r->have < need) {
		size_t most = r->room - r->have;
		long n = r->files->read(
			r->files->self, r->fd, r->window + r->have, most, r->at + r->have);
		if (n == 0)
			break;
		if (n < 0 && n != -EINTR) {
			errno = (int)-n;
			return err_sys(e, "read %s", r->name);
		}
		r->have += n > 0 ? (size_t)n : 0;
	}
	return done;
}

static void skip(struct reader *r, size_t size)
{
	size_t have = r->have - r->from;
	r->at += size;
	r->from += size < have ? size : have;
}

static bool read_header(struct cur c, struct frame *f, uint64_t *sum)
{
	uint32_t magic = cur_be32(&c);
	f->size = cur_be32(&c);
	f->first = cur_be64(&c);
	f->count = cur_be32(&c);
	f->version = cur_be32(&c);
	*sum = cur_be64(&c);
	return cur_ok(&c) && magic == WAL_MAGIC && f->count && f->size <= WAL_BATCH;
}

/* 1: a whole frame of whatever version begins here, with entry `least` or a later one; 0: none.
 * One that was broken off, or stands here from the segment's life before, is none: its version
 * says nothing. */
static int frame_here(struct reader *r, uint64_t least, struct frame *f, struct err *e)
{
	uint64_t sum;
	int done = fill(r, WAL_HEADER, e);
	if (done < 0 || !read_header(cur_of(r->window + r->from, r->have - r->from), f, &sum) ||
		f->first < least)
		return done;
	done = fill(r, WAL_HEADER + f->size, e);
	if (done < 0 || r->have - r->from < WAL_HEADER + f->size)
		return done;
	const uint8_t *header = r->window + r->from;
	f->payload = header + WAL_HEADER;
	return sum == wal_sum(header, f->payload, f->size);
}

/* Tells frames from entry *next on, in which `from` or a later one is, until entry `to`, or until
 * no frame follows; *next and r->at are behind the last one then, which began at r->last. */
static int tell_frames(struct reader *r, uint64_t *next, uint64_t from, uint64_t to,
	wal_batch *batch, void *self, struct err *e)
{
	struct frame f = { 0 };
	int found = 0;
	while (*next < to && (found = frame_here(r, *next, &f, e)) > 0) {
		if (f.first != *next || f.version > WAL_VERSION)
			return 0;
		if (batch && f.first + f.count > from) {
			int done = batch(self, f.first, f.count, f.payload, f.size, e);
			if (done < 0)
				return done;
		}
		*next = f.first + f.count;
		r->last = r->at;
		skip(r, wal_rounded(WAL_HEADER + f.size));
	}
	return found < 0 ? found : 0;
}

static int later_version(const struct reader *r, const struct frame *f, struct err *e)
{
	err_later(e, f->version, WAL_VERSION);
	return err_in(e, "%s, byte %llu", r->name, (unsigned long long)r->at);
}

/* Behind the last frame: one of `least` or later, of ours, says that what stands before it was
 * whole once; one of a later version, of `later` or later, that this log is not ours to go on with.
 * Nobody can put the likeness of a frame into an entry: entries are text, in which no zero stands.
 */
static int look_behind(struct reader *r, uint64_t least, uint64_t later, struct err *e)
{
	struct frame f = { 0 };
	uint64_t end = r->at;
	for (;;) {
		int found = fill(r, WAL_HEADER, e);
		if (found < 0 || r->have - r->from < WAL_HEADER)
			return found;
		struct cur c = cur_of(r->window + r->from, r->have - r->from);
		if (cur_starts(&c, "WLOG") && (found = frame_here(r, later, &f, e)) < 0)
			return found;
		if (found > 0 && f.version > WAL_VERSION)
			return later_version(r, &f, e);
		if (found > 0 && f.first >= least)
			return err_set(e, -EBADMSG,
				"%s is damaged at byte %llu: entry %llu should stand there, and "
				"later ones follow",
				r->name, (unsigned long long)end, (unsigned long long)least - 1);
		skip(r, 8);
	}
}

/* --- segments --- */

/* What begins at entry `end` stands in the next one: here it would be of a write that failed. */
static int tell_segment(struct reader *r, const struct wal_segment *g, uint64_t from, uint64_t end,
	wal_batch *batch, void *self, uint64_t *next, uint64_t *at, struct err *e)
{
	int done = reader_open(r, g->name, e);
	if (done == 0)
		done = tell_frames(r, next, from, end, batch, self, e);
	if (done < 0)
		return done;
	*at = r->at;
	return look_behind(r, *next + 1, *next + (*next == end), e);
}

int wal_tell_segments(const struct files *f, const struct wal_segments *s, unsigned begin,
	uint64_t from, wal_batch *batch, void *self, uint64_t *next, uint64_t *last, uint64_t *at,
	struct err *e)
{
	struct reader r = reader_of(f);
	int done = 0;
	for (unsigned i = begin; done == 0 && i < s->count; i++) {
		const struct wal_segment *g = &s->list[i];
		if (i == begin)
			*next = g->first;
		if (g->first != *next)
			done = err_set(e, -EBADMSG,
				"entries %llu to %llu are missing: %s ends too early",
				(unsigned long long)*next, (unsigned long long)g->first - 1,
				s->list[i - 1].name);
		else
			done = tell_segment(&r, g, from, i + 1 < s->count ? g[1].first : UINT64_MAX,
				batch, self, next, at, e);
		*last = r.last;
	}
	reader_done(&r);
	return done;
}

int wal_check(const struct files *f, uint64_t to, wal_batch *batch, void *self, struct err *e)
{
	uint64_t next = to, last = 0, at = 0;
	struct wal_segments *s = calloc(1, sizeof *s);
	if (!s)
		return err_sys(e, "read the log");
	int r = wal_find(f, s, e);
	if (r == -ENOENT)
		r = 0;
	else if (r == 0 && s->count)
		r = s->list[0].first > to
			? err_set(e, -EBADMSG,
				  "entries from %llu on are missing: the log begins at %llu",
				  (unsigned long long)to, (unsigned long long)s->list[0].first)
			: wal_tell_segments(
				  f, s, 0, s->list[0].first, batch, self, &next, &last, &at, e);
	if (r == 0 && s->count && next < to)
		r = err_set(e, -EBADMSG, "%s ends at entry %llu, the checkpoint has %llu",
			s->list[s->count - 1].name, (unsigned long long)next,
			(unsigned long long)to);
	free(s);
	return r;
}

/* --- following --- */

struct wal_follow {
	struct reader reader;
	uint64_t next, from; /* told up to `next`; nothing below `from` was */
};

/* The segment in which entry `from` stands. */
static int find_place(struct wal_follow *w, struct err *e)
{
	struct wal_segments *s = calloc(1, sizeof *s);
	if (!s)
		return err_sys(e, "follow the log");
	int r = wal_find(w->reader.files, s, e);
	unsigned at = 0;
	while (r == 0 && at + 1 < s->count && s->list[at + 1].first <= w->from)
		at++;
	if (r == 0 && (!s->count || s->list[at].first > w->from))
		r = err_set(e, -EBADMSG, "entries from %llu on are missing in the log",
			(unsigned long long)w->from);
	if (r == 0) {
		w->next = s->list[at].first;
		r = reader_open(&w->reader, s->list[at].name, e);
	}
	free(s);
	return r;
}

int wal_follow_open(struct wal_follow **out, const struct files *f, uint64_t from, struct err *e)
{
	struct wal_follow *w = calloc(1, sizeof *w);
	if (!w)
		return err_sys(e, "follow the log");
	w->reader = reader_of(f);
	w->next = w->from = from;
	*out = w;
	return 0;
}

int wal_follow(struct wal_follow *w, uint64_t to, wal_batch *batch, void *self, struct err *e)
{
	int r = 0;
	if (w->next >= to)
		return 0;
	if (w->reader.fd < 0)
		r = find_place(w, e);
	look_again(&w->reader);
	while (r == 0 && w->next < to) {
		uint64_t before = w->next;
		r = tell_frames(&w->reader, &w->next, w->from, to, batch, self, e);
		if (r < 0 || w->next >= to)
			break;
		struct frame f;
		r = frame_here(&w->reader, w->next, &f, e);
		if (r > 0 && f.version > WAL_VERSION)
			return later_version(&w->reader, &f, e);
		if (r < 0)
			break;
		if (w->next == before && w->reader.at == 0)
			return err_set(e, -EBADMSG,
				"%s is damaged: entry %llu was acknowledged, and does not stand there",
				w->reader.name, (unsigned long long)w->next);
		struct wal_segment g = wal_segment_of(w->next);
		r = reader_open(&w->reader, g.name, e);
		if (r == -ENOENT)
			r = err_set(e, -EBADMSG,
				"entry %llu was acknowledged, and the log does not have it",
				(unsigned long long)w->next);
	}
	return r;
}

void wal_follow_close(struct wal_follow *w)
{
	if (w)
		reader_done(&w->reader);
	free(w);
}
