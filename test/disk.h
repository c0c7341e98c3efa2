/* A disk in memory that keeps for certain only what was synced, for tests: it can end a process at
 * any call, lose what was not synced, run full and fail.
 *
 * It is as cruel as ext4 and XFS say they may be, and then some:
 *  - fdatasync() of a file brings its bytes and its length to the disk, not its name;
 *  - a name is there after a sync of the folder that has it, if that folder's own name is;
 *  - of everything else any part may have come: each page of 4 KiB, torn at its sectors of 512, the
 *    old length, the new one or one in between, each name made, changed or removed by itself and in
 *    any order; only a rename is whole, so that a name that is replaced is always the one or the
 *    other file;
 *  - after a sync that failed the pages look fine and will never be written, unless they are
 *    changed once more (that is what Linux does). */
#ifndef TEST_DISK_H
#define TEST_DISK_H

#include <stdbool.h>

#include "base/files.h"

struct disk;

struct disk *disk_new(uint64_t seed);
void disk_free(struct disk *d);
struct files disk_files(struct disk *d);

enum disk_call { DISK_OPEN, DISK_READ, DISK_WRITE, DISK_SYNC, DISK_NAMES, DISK_OTHER, DISK_CALLS };

uint64_t disk_calls(const struct disk *d); /* so far */
void disk_die_at(
	struct disk *d, uint64_t n); /* at that call: half of it is done, then nothing more */
bool disk_died(const struct disk *d);
/* The process has ended, and its files are closed; the power, too, where it is said: what was not
 * synced is there, or half of it, or not, as chance has it. */
void disk_power_lost(struct disk *d, bool unsynced_lost);
void disk_fail(struct disk *d, enum disk_call which, int code); /* 0: fails no more */
/* The n-th call from now fails, and `more` calls behind it; what it was is told. */
void disk_fail_at(struct disk *d, uint64_t n, uint64_t more, int code);
bool disk_fired(const struct disk *d, enum disk_call *which);
void disk_lies(struct disk *d, bool on); /* a sync says that it is done, and does nothing */
void disk_short_writes(struct disk *d, bool on);
void disk_room(struct disk *d, size_t bytes); /* more than that is -ENOSPC; 0: no end */
size_t disk_used(const struct disk *d);
unsigned disk_begun(const struct disk *d); /* files that were sent to the disk ahead of a sync */
unsigned disk_open_files(const struct disk *d);

/* The file as it is now, to look at or to damage; NULL: none. */
uint8_t *disk_bytes(struct disk *d, const char *name, size_t *size);
void disk_each(struct disk *d, void (*each)(void *to, const char *name), void *to);
void disk_copy(struct disk *to, const struct disk *from); /* as a backup does */

#endif
