/* The last head that was signed, as the key keeps it: two slots in a file of fixed size, written in
 * turn, so that one that was broken off never takes the other with it.
 *
 *	0   8  "WEIRHEAD"
 *	8   8  turn: the larger one counts
 *	16  8  entries
 *	24  32 root
 *	56  32 SHA-256 of the ledger's name
 *	88  8  version: 0
 *	96  32 SHA-256 of the bytes above
 *
 * Numbers are big endian.  The sum finds what a disk lost, and a file that is none; whoever may
 * write it may also write an older one, so it belongs where the key belongs.  Where one slot is
 * of a version to come, the other says less than the key has signed: the file is refused. */
#ifndef LEDGER_HEADFILE_H
#define LEDGER_HEADFILE_H

#include "ledger/note.h"

enum {
	HEAD_SLOT = 128,
	HEAD_SECOND = 4096, /* where the second slot begins: no page and no sector has both */
	HEAD_FILE = 2 * HEAD_SECOND,
};

struct headfile {
	uint64_t turn;
	struct checkpoint head;
	bool one_broken; /* a slot does not hold: a write was broken off, or the disk wears out */
};

/* The whole file as it is when nothing was signed yet, or with a head to begin from. */
void headfile_begin(const struct checkpoint *head, uint8_t bytes[HEAD_FILE]);
/* -EBADMSG: no such file, or both slots are damaged; -EPERM: of another ledger; -EPROTONOSUPPORT:
 * of a later version. */
int headfile_read(const void *bytes, size_t size, const char *origin, struct headfile *out,
	struct err *e) MUST_USE;
/* The next slot, and its place in the file; `h` becomes what it will be once that is on the disk.
 */
uint64_t headfile_next(struct headfile *h, const struct checkpoint *head, uint8_t slot[HEAD_SLOT]);

#endif
