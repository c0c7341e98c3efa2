#include "ledger/wal.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/out.h"
#include "ledger/wal_inside.h"

enum { BATCH_FIRST = 64 * 1024 }; /* room that a batch begins with */

struct wal {
	const struct files *files;
	struct wal_segments segments;
	size_t segment_size;
	uint64_t size; /* of all segments */
	uint64_t sizes[WAL_SEGMENTS];
	int fd;          /* of the last segment */
	uint64_t room;   /* of it */
	uint64_t at;     /* where its next frame begins */
	uint64_t last;   /* where the one before began, when it was opened */
	uint64_t next;   /* number of the next frame's first entry */
	uint64_t turned; /* segments of entries before it are not used again */
	bool dead;
	bool spoiled;     /* a frame of a write that failed may stand at `at` */
	uint32_t waiting; /* entries in the batch */
	uint32_t told;    /* entries of the batch that was written last, while its bytes stand */
	uint8_t *batch;
	size_t batch_room, used; /* bytes of it, header included */
};

/* --- segments --- */

static int sync_folder(const struct files *f, struct err *e)
{
	int r = f->sync_names(f->self, "wal");
	if (r == 0)
		return 0;
	errno = -r;
	return err_sys(e, "sync wal");
}

/* Whatever is behind this descriptor is a segment of the log from now on. */
static int take_segment(struct wal *w, const struct wal_segment *g, int fd, struct err *e)
{
	const struct files *f = w->files;
	long size = f->size(f->self, fd);
	if (size < 0) {
		errno = (int)-size;
		return err_sys(e, "look at %s", g->name);
	}
	if (w->fd >= 0)
		f->close(f->self, w->fd);
	w->fd = fd;
	w->room = (uint64_t)size;
	w->at = 0;
	w->sizes[w->segments.count] = w->room;
	w->size += w->room;
	w->segments.list[w->segments.count++] = *g;
	return 0;
}

/* A spare of at least this size, under its new name; smaller ones go.  -ENOENT: none. */
static int take_spare(struct wal *w, const char *name, uint64_t least)
{
	const struct files *f = w->files;
	char spare[WAL_NAME];
	for (struct wal_segments *s = &w->segments; s->spares > 0;) {
		wal_spare_name(spare, --s->spares);
		int fd = f->open(f->self, spare, FILE_CHANGE);
		bool fits = fd >= 0 && f->size(f->self, fd) >= (long)least;
		if (fits && f->rename(f->self, spare, name) == 0)
			return fd;
		if (fd >= 0)
			f->close(f->self, fd);
		f->remove(f->self, spare);
	}
	return -ENOENT;
}

static int write_zeros(struct wal *w, int fd, const char *name, uint64_t size, struct err *e)
{
	static const uint8_t zeros[128 * 1024];
	int r = 0;
	for (uint64_t at = 0; r == 0 && at < size; at += sizeof zeros) {
		size_t piece = size - at < sizeof zeros ? (size_t)(size - at) : sizeof zeros;
		r = files_write(w->files, fd, name, zeros, piece, at, e);
	}
	return r;
}

/* Its room is written and synced, so that later no length and no block has to be written with an
 * entry. */
static int make_segment(struct wal *w, const char *name, uint64_t size, struct err *e)
{
	const struct files *f = w->files;
	char made[WAL_NAME];
	wal_spare_name(made, WAL_SPARES); /* a name that is never taken for a segment */
	int fd = files_open(f, made, FILE_FRESH, e);
	if (fd < 0)
		return fd;
	int r = write_zeros(w, fd, name, size, e);
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

int wal_provide(struct wal *w, unsigned segments, struct err *e)
{
	struct wal_segments *s = &w->segments;
	assert(segments <= WAL_SPARES);
	while (s->spares < segments) {
		char spare[WAL_NAME];
		wal_spare_name(spare, s->spares);
		int fd = make_segment(w, spare, w->segment_size, e);
		if (fd < 0)
			return fd == -ENOSPC ? 0 : fd;
		w->files->close(w->files->self, fd);
		s->spares++;
	}
	return 0;
}

/* Twice as large as the one before, as long as there is room on the disk. */
static int get_segment(struct wal *w, const char *name, size_t need, struct err *e)
{
	size_t size = WAL_FIRST;
	while (size < need || (size <= w->room && size < w->segment_size))
		size *= 2;
	size = size < w->segment_size ? size : w->segment_size;
	int fd = take_spare(w, name, size);
	if (fd != -ENOENT)
		return fd;
	fd = make_segment(w, name, size, e);
	for (; fd == -ENOSPC && size / 2 >= need && size > WAL_LEAST; size /= 2)
		fd = make_segment(w, name, size / 2, e);
	return fd;
}

static int new_segment(struct wal *w, struct err *e)
{
	const struct files *f = w->files;
	if (w->segments.count == WAL_SEGMENTS)
		return err_set(e, -ENOSPC, "%u segments wait to be sealed", w->segments.count);
	struct wal_segment g = wal_segment_of(w->next);
	int fd = get_segment(w, g.name, w->used, e);
	if (fd < 0)
		return fd;
	int r = sync_folder(f, e);
	if (r == 0)
		r = take_segment(w, &g, fd, e);
	if (r < 0) {
		w->dead = true; /* its name stands there, as the log's end, which it will not be */
		f->close(f->self, fd);
	}
	return r;
}

/* --- open --- */

static int read_all(struct wal *w, uint64_t from, wal_batch *batch, void *self, struct err *e)
{
	const struct wal_segments *s = &w->segments;
	if (!s->count)
		return 0;
	if (s->list[0].first > from)
		return err_set(e, -EBADMSG,
			"entries from %llu on are missing: the log begins at %llu",
			(unsigned long long)from, (unsigned long long)s->list[0].first);
	unsigned begin = 0;
	while (begin + 1 < s->count && s->list[begin + 1].first <= from)
		begin++;
	int r = wal_tell_segments(
		w->files, s, begin, from, batch, self, &w->next, &w->last, &w->at, e);
	if (r == 0 && w->next < from)
		r = err_set(e, -EBADMSG, "the log ends at entry %llu, the tree has %llu",
			(unsigned long long)w->next, (unsigned long long)from);
	return r;
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
	w->used = WAL_HEADER;
	return w;
}

/* Sizes of segments, and the last one to go on with. */
static int take_segments(struct wal *w, struct err *e)
{
	const struct files *f = w->files;
	unsigned count = w->segments.count;
	uint64_t at = w->at;
	int r = 0;
	w->segments.count = 0;
	for (unsigned i = 0; r == 0 && i < count; i++) {
		struct wal_segment g = w->segments.list[i];
		int fd = files_open(f, g.name, FILE_CHANGE, e);
		r = fd < 0 ? fd : take_segment(w, &g, fd, e);
	}
	w->at = at;
	return r;
}

/* The bytes that stand in a file are written once more. */
static int write_again(
	const struct files *f, int fd, const char *name, uint64_t at, size_t size, struct err *e)
{
	uint8_t *bytes = malloc(size);
	if (!bytes)
		return err_sys(e, "read %s", name);
	size_t have = 0;
	long n = 1;
	while (have < size && n != 0) {
		n = f->read(f->self, fd, bytes + have, size - have, at + have);
		if (n < 0 && n != -EINTR)
			break;
		have += n > 0 ? (size_t)n : 0;
	}
	int r = 0;
	if (n < 0 && n != -EINTR) {
		errno = (int)-n;
		r = err_sys(e, "read %s", name);
	}
	if (r == 0)
		r = files_write(f, fd, name, bytes, have, at, e);
	free(bytes);
	return r;
}

/* What was read may stand in memory only: its writer ended before the sync, or the sync failed. The
 * last frame is written once more, since what a failed sync left behind is written by no later one;
 * those before it were synced before it was begun. */
static int make_certain(struct wal *w, struct err *e)
{
	const struct files *f = w->files;
	const struct wal_segments *s = &w->segments;
	int r = f->sync_names(f->self, "."); /* `settled`, too, by which segments are let go */
	if (r < 0) {
		errno = -r;
		return err_sys(e, "sync the folder of the log");
	}
	r = sync_folder(f, e);
	if (r < 0 || !s->count)
		return r;
	const char *name = s->list[s->count - 1].name;
	if (w->at)
		r = write_again(f, w->fd, name, w->last, (size_t)(w->at - w->last), e);
	return r < 0 ? r : files_sync(f, w->fd, name, e);
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
		r = wal_find(f, &w->segments, e);
	if (r == 0)
		r = read_all(w, from, batch, self, e);
	if (r == 0)
		r = take_segments(w, e);
	if (r == 0)
		r = make_certain(w, e);
	/* Those that were let go, and stand there only because the disk forgot that. */
	if (r == 0)
		r = wal_forget(w, from, e);
	if (r < 0) {
		wal_close(w);
		return r;
	}
	*out = w;
	return 0;
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
	if (!w)
		return;
	if (w->fd >= 0)
		w->files->close(w->files->self, w->fd);
	free(w->batch);
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

uint64_t wal_size(const struct wal *w)
{
	return w->size;
}

bool wal_dead(const struct wal *w)
{
	return w->dead;
}

/* --- writing --- */

static int make_room(struct wal *w, size_t size, struct err *e)
{
	size_t most =
		w->segment_size < WAL_HEADER + WAL_BATCH ? w->segment_size : WAL_HEADER + WAL_BATCH;
	if (w->used + size <= w->batch_room)
		return 0;
	if (w->used + size > most)
		return err_set(e, -ENOBUFS, "the batch is full");
	size_t room = w->batch_room ? w->batch_room : BATCH_FIRST;
	while (room < w->used + size)
		room *= 2;
	uint8_t *more = realloc(w->batch, room < most ? room : most);
	if (!more)
		return err_sys(e, "keep a batch of entries");
	w->batch = more;
	w->batch_room = room < most ? room : most;
	return 0;
}

int wal_add(struct wal *w, const void *entry, size_t size, struct err *e)
{
	if (w->dead)
		return err_set(e, -EIO, "the disk failed: the log takes nothing more");
	if (size > ENTRY_MAX)
		return err_set(e, -EMSGSIZE, "an entry of %zu bytes: at most %d", size, ENTRY_MAX);
	if (w->waiting == 0)
		w->used = WAL_HEADER;
	w->told = 0;
	int r = make_room(w, size + 2, e);
	if (r < 0)
		return r;
	w->batch[w->used] = (uint8_t)(size >> 8);
	w->batch[w->used + 1] = (uint8_t)size;
	memcpy(w->batch + w->used + 2, entry, size);
	w->used += size + 2;
	w->waiting++;
	return 0;
}

static void finish_header(struct wal *w)
{
	struct out o = out_mem((char *)w->batch, WAL_HEADER + 1);
	out_be(&o, WAL_MAGIC, 4);
	out_be(&o, w->used - WAL_HEADER, 4);
	out_be(&o, w->next, 8);
	out_be(&o, w->waiting, 4);
	out_be(&o, WAL_VERSION, 4);
	out_be(&o, wal_sum(w->batch, w->batch + WAL_HEADER, w->used - WAL_HEADER), 8);
}

/* Whoever follows would take it for the batch that goes into the next segment. */
static int wipe_spoiled(struct wal *w, struct err *e)
{
	static const uint8_t zeros[WAL_HEADER];
	const char *name = w->segments.list[w->segments.count - 1].name;
	uint64_t left = w->room - w->at;
	size_t size = left < sizeof zeros ? (size_t)left : sizeof zeros;
	int r = files_write(w->files, w->fd, name, zeros, size, w->at, e);
	w->spoiled = r < 0;
	return r;
}

static int write_batch(struct wal *w, struct err *e)
{
	if (w->fd < 0 || w->at + w->used > w->room) {
		int r = w->spoiled ? wipe_spoiled(w, e) : 0;
		if (r == 0)
			r = new_segment(w, e);
		if (r < 0)
			return r;
	}
	const char *name = w->segments.list[w->segments.count - 1].name;
	finish_header(w);
	int r = files_write(w->files, w->fd, name, w->batch, w->used, w->at, e);
	w->spoiled = r < 0;
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
	w->at += wal_rounded(w->used);
	return 0;
}

int wal_tell(const struct wal *w, wal_batch *batch, void *self, struct err *e)
{
	return w->told ? batch(self, w->next - w->told, w->told, w->batch + WAL_HEADER,
				 w->used - WAL_HEADER, e)
		       : 0;
}

/* --- letting go --- */

static int let_go(struct wal *w, struct err *e)
{
	const struct files *f = w->files;
	struct wal_segments *s = &w->segments;
	const char *name = s->list[0].name;
	char spare[WAL_NAME];
	wal_spare_name(spare, s->spares);
	/* A small one is of no use any more: the next one is as large as the last, or larger. */
	bool keep =
		s->spares < WAL_SPARES && w->sizes[0] >= w->room && s->list[0].first >= w->turned;
	int r = keep ? f->rename(f->self, name, spare) : f->remove(f->self, name);
	if (r < 0) {
		errno = -r;
		return err_sys(e, "let %s go", name);
	}
	s->spares += keep;
	w->size -= w->sizes[0];
	s->count--;
	memmove(s->list, s->list + 1, s->count * sizeof *s->list);
	memmove(w->sizes, w->sizes + 1, s->count * sizeof *w->sizes);
	return 0;
}

int wal_forget(struct wal *w, uint64_t from, struct err *e)
{
	bool for_good = false;
	while (w->segments.count > 1 && w->segments.list[1].first <= from) {
		for_good |= w->segments.list[0].first < w->turned;
		int r = let_go(w, e);
		if (r < 0)
			return r;
	}
	return for_good ? sync_folder(w->files, e) : 0;
}

/* One that is not there is gone, too. */
static int take_away(struct wal *w, const char *name)
{
	int r = w->files->remove(w->files->self, name);
	return r == -ENOENT ? 0 : r;
}

static int take_spares_away(struct wal *w)
{
	char spare[WAL_NAME];
	int r = 0;
	for (unsigned i = 0; r == 0 && i <= WAL_SPARES; i++) {
		wal_spare_name(spare, i);
		r = take_away(w, spare);
	}
	if (r == 0)
		w->segments.spares = 0;
	return r;
}

/* A segment that has no entry yet may have been a spare: another one takes its name.  Nobody has
 * it open, since who follows opens what has an acknowledged entry. */
static int begin_fresh(struct wal *w, struct err *e)
{
	struct wal_segments *s = &w->segments;
	bool again = w->at == 0;
	if (again)
		w->size -= w->sizes[--s->count];
	int r = new_segment(w, e);
	if (r < 0 && !w->dead && again)
		w->size += w->sizes[s->count++];
	return r;
}

int wal_turn(struct wal *w, struct err *e)
{
	if (w->dead)
		return err_set(e, -EIO, "the disk failed: the log takes nothing more");
	int r = take_spares_away(w);
	if (r < 0) {
		errno = -r;
		return err_sys(e, "take old segments of the log away");
	}
	if (!w->segments.count)
		return sync_folder(w->files, e);
	r = w->spoiled ? wipe_spoiled(w, e) : 0;
	if (r == 0)
		r = begin_fresh(w, e);
	if (r == 0)
		w->turned = w->next;
	return r;
}

/* The last segment goes last: without it the others would be a log that ends too early. */
int wal_clear(struct wal *w, struct err *e)
{
	const struct files *f = w->files;
	struct wal_segments *s = &w->segments;
	if (w->fd >= 0)
		f->close(f->self, w->fd);
	w->fd = -1;
	w->dead = true;
	int r = take_spares_away(w);
	for (unsigned i = 0; r == 0 && i < s->count; i++) {
		if (i + 1 == s->count)
			r = f->sync_names(f->self, "wal");
		if (r == 0)
			r = take_away(w, s->list[i].name);
	}
	if (r == 0)
		r = take_away(w, "wal");
	if (r == 0)
		r = f->sync_names(f->self, ".");
	if (r == 0)
		return 0;
	errno = -r;
	return err_sys(e, "take the log away");
}
