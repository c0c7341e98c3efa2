/* A disk in memory that keeps for certain only what was synced, for tests: it can end a process at
 * any call, lose what was not synced, run full and fail. */
#ifndef TEST_DISK_H
#define TEST_DISK_H

#include <stdbool.h>

#include "ledger/files.h"

struct disk;

struct disk *disk_new(uint64_t seed);
void disk_free(struct disk *d);
struct files disk_files(struct disk *d);

enum disk_call { DISK_OPEN, DISK_READ, DISK_WRITE, DISK_SYNC, DISK_NAMES, DISK_OTHER, DISK_CALLS };

uint64_t disk_calls(const struct disk *d); /* so far */
void disk_die_at(
	struct disk *d, uint64_t n); /* at that call: half of it is done, then nothing more */
bool disk_died(const struct disk *d);
/* The power comes back: what was not synced is there, or half of it, or not, as chance has it. */
void disk_power_lost(struct disk *d, bool unsynced_lost);
void disk_fail(struct disk *d, enum disk_call which, int code); /* 0: fails no more */
void disk_short_writes(struct disk *d, bool on);
void disk_room(struct disk *d, size_t bytes); /* more than that is -ENOSPC; 0: no end */
size_t disk_used(const struct disk *d);

/* The file as it is now, to look at or to damage; NULL: none. */
uint8_t *disk_bytes(struct disk *d, const char *name, size_t *size);
void disk_each(struct disk *d, void (*each)(void *to, const char *name), void *to);
void disk_copy(struct disk *to, const struct disk *from); /* as a backup does */

#endif
