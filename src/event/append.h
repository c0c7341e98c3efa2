/* What is said on the socket of a ledger's writer (DIR.socket): messages of base/ipc.h.
 *
 *	at the beginning, from the writer, who waits for nothing else before:
 *	         APPEND_OPEN     8  entries that are on the disk; ask away
 *	         APPEND_REFUSED     as below, of no entry: there is no place; the connection ends
 *
 *	asks:    APPEND_ASK      8  tag, the asker's own
 *	                            then entries, each: 2 size, JSON as people write it
 *	         APPEND_OWN      8  tag, 8 entries that the asker has seen
 *	                            then one entry in the same way, of the ledger's own
 *
 *	answers: APPEND_DONE     runs, each: 8 tag, 2 index of the first in its message,
 *	                            2 count, 8 number of the first one in the ledger
 *	         APPEND_REFUSED  8  tag, 4 index, 4 count, 4 errno
 *	                            then why, a NUL, and what to try
 *
 * Numbers are big endian.  An entry that is done is on the disk.  Every entry is answered, refused
 * ones as soon as that is known.  Whoever has APPEND_ASKS messages without an answer waits for one:
 * an asker that does not read its answers is let go.
 *
 * Who may ask: whoever may write to the socket's file, its owner and group.  The system says who
 * that is (SO_PEERCRED).  Root and the user that serves are believed about the actor of an entry,
 * and they alone may APPEND_OWN; anybody else is the actor `uid:N`.
 *
 * What the ledger writes of itself (promises, holds, erasures, what was let go) is decided on what
 * it wrote of itself before.  So APPEND_OWN says how much was seen: where another such entry stands
 * behind that, it is refused with ESTALE, and whoever asks looks again.  Entries of all other kinds
 * may come in between.  Of keys nothing is written here: see weir-ledger-key(1). */
#ifndef EVENT_APPEND_H
#define EVENT_APPEND_H

enum append_word {
	APPEND_ASK = 1,
	APPEND_DONE = 2,
	APPEND_REFUSED = 3,
	APPEND_OPEN = 4,
	APPEND_OWN = 5,
};

enum {
	APPEND_ASKS = 64,
	APPEND_ENTRIES = 1024, /* in one message, at most */
	APPEND_RUN = 20,       /* bytes of one run of APPEND_DONE */
	APPEND_RUNS = 256,     /* in one message, at most */
};

#endif
