/* The write-ahead log in front of the tree: entries in the order they came, in segments whose
 * room is written before it is needed.  What wal_commit() returned for is on the disk.
 *
 * A segment is named by its first entry, wal/0000000000012345.  It holds frames, each a batch:
 *
 *	0   4  "WLOG"
 *	4   4  size of what follows the header
 *	8   8  number of its first entry
 *	16  4  count of entries
 *	20  4  version: 0
 *	24  8  XXH3-64 of the 24 bytes before and of all entries
 *	32     entries: two bytes of size, then the entry, as in a bundle of C2SP tlog-tiles
 *
 * and the next one after it, at a multiple of eight.  Numbers are big endian.  Old segments come
 * back as new ones, so what stands behind the last frame is an old frame, told by its number.
 * Segments grow with use, so that a ledger of few entries has a small log.
 *
 * A version to come keeps these fields and WAL_BATCH, and may say something else in its entries: a
 * log that has a whole frame of it is refused (-EPROTONOSUPPORT), and stays as it is.
 *
 * A write that fails may be tried again; after a sync that failed nobody knows what is on the
 * disk, and the log takes nothing more (wal_dead()) until it is opened anew. */
#ifndef LEDGER_WAL_H
#define LEDGER_WAL_H

#include <stdbool.h>

#include "base/files.h"

enum {
	ENTRY_MAX = 65535,              /* a bundle says an entry's size in two bytes */
	WAL_BATCH = 4 * 1024 * 1024,    /* bytes of a batch at most */
	WAL_SEGMENT = 16 * 1024 * 1024, /* the largest segment */
	WAL_FIRST = 256 * 1024,         /* the first; each next one is twice as large */
	WAL_LEAST = 128 * 1024,         /* one entry of the largest size must fit */
};

struct wal;

/* One batch as it is read again: `bytes` are its entries as in a frame. */
typedef int wal_batch(
	void *self, uint64_t first, uint32_t count, const void *bytes, size_t size, struct err *e);

/* Opens the log in folder wal/, or begins one at entry `from`.  Tells `batch`, if not NULL, every
 * batch of which an entry is `from` or later.  -EBADMSG: damaged, in words: a hole, or a broken
 * frame with whole ones behind it; nothing is changed then.  No segment gets larger than
 * `segment_size`. */
int wal_open(struct wal **out, const struct files *f, size_t segment_size, uint64_t from,
	wal_batch *batch, void *self, struct err *e) MUST_USE;
void wal_close(struct wal *w);
/* Tells what the log has, and changes nothing; there may be none.  `to`: entries in the tree. */
int wal_check(
	const struct files *f, uint64_t to, wal_batch *batch, void *self, struct err *e) MUST_USE;
/* Everything is elsewhere, on the disk: takes the log away, its room included. */
int wal_clear(struct wal *w, struct err *e) MUST_USE;

uint64_t wal_next(const struct wal *w);    /* the number that the next entry will have */
uint64_t wal_durable(const struct wal *w); /* entries that are on the disk */
uint64_t wal_size(const struct wal *w);    /* bytes that its segments take */
bool wal_dead(const struct wal *w);

/* Takes an entry into the batch at hand.  -ENOBUFS: commit first. */
int wal_add(struct wal *w, const void *entry, size_t size, struct err *e) MUST_USE;
/* Writes and syncs the batch.  On an error nothing of it is there, and its numbers are free again.
 * What was written stays at hand until the next wal_add(). */
int wal_commit(struct wal *w, struct err *e) MUST_USE;
int wal_tell(const struct wal *w, wal_batch *batch, void *self, struct err *e) MUST_USE;

/* Tells the batches once more, as wal_open() did. */
int wal_replay(struct wal *w, uint64_t from, wal_batch *batch, void *self, struct err *e) MUST_USE;

/* Writes the room of so many segments ahead, so that no entry waits for it: at a start, since those
 * let go later are used again.  Where there is no room on the disk it is fewer. */
int wal_provide(struct wal *w, unsigned segments, struct err *e) MUST_USE;

/* Entries below `from` are elsewhere, on the disk: their segments may be used again. */
int wal_forget(struct wal *w, uint64_t from, struct err *e) MUST_USE;

/* What it has now shall not outlive its forgetting: a segment begins that never held anything,
 * those before it are removed when they are forgotten, and what was kept to be used again is
 * removed now. -ENOSPC: nothing was begun; it may be tried again. */
int wal_turn(struct wal *w, struct err *e) MUST_USE;

/* Another process reads along, by the same names and the same code that comes back after a crash.
 */
struct wal_follow;

int wal_follow_open(
	struct wal_follow **out, const struct files *f, uint64_t from, struct err *e) MUST_USE;
void wal_follow_close(struct wal_follow *w);
/* Tells the batches that it has not told yet, up to entry `to`, which the writer said is durable.
 * -EBADMSG: it is not there, or damaged. */
int wal_follow(
	struct wal_follow *w, uint64_t to, wal_batch *batch, void *self, struct err *e) MUST_USE;

#endif
