/* The room of the log: segments and spares, made before they are needed, used again or removed. */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "ledger/wal_inside.h"

int wal_sync_folder(const struct files *f, struct err *e)
{
	int r = f->sync_names(f->self, "wal");
	if (r == 0)
		return 0;
	errno = -r;
	return err_sys(e, "sync wal");
}

/* Whatever is behind this descriptor is a segment of the log from now on. */
int wal_take_segment(struct wal *w, const struct wal_segment *g, int fd, struct err *e)
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

int wal_new_segment(struct wal *w, struct err *e)
{
	const struct files *f = w->files;
	if (w->segments.count == WAL_SEGMENTS)
		return err_set(e, -ENOSPC, "%u segments wait to be sealed", w->segments.count);
	struct wal_segment g = wal_segment_of(w->next);
	int fd = get_segment(w, g.name, w->used, e);
	if (fd < 0)
		return fd;
	int r = wal_sync_folder(f, e);
	if (r == 0)
		r = wal_take_segment(w, &g, fd, e);
	if (r < 0) {
		w->dead = true; /* its name stands there, as the log's end, which it will not be */
		f->close(f->self, fd);
	}
	return r;
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
	return for_good ? wal_sync_folder(w->files, e) : 0;
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
	int r = wal_new_segment(w, e);
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
		return wal_sync_folder(w->files, e);
	r = w->spoiled ? wal_wipe_spoiled(w, e) : 0;
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
