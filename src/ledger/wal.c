#include "ledger/wal.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/out.h"
#include "ledger/wal_inside.h"

enum { BATCH_FIRST = 64 * 1024 }; /* room that a batch begins with */

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
		r = fd < 0 ? fd : wal_take_segment(w, &g, fd, e);
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
	r = wal_sync_folder(f, e);
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
int wal_wipe_spoiled(struct wal *w, struct err *e)
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
		int r = w->spoiled ? wal_wipe_spoiled(w, e) : 0;
		if (r == 0)
			r = wal_new_segment(w, e);
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
