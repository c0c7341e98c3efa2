/* What is said on the socket of a ledger's writer (DIR.socket): messages of base/ipc.h.
 *
 *	asks:    APPEND_ASK      8  tag, the asker's own
 *	                            then entries, each: 2 size, JSON as people write it
 *	answers: APPEND_DONE        runs, each: 8 tag, 2 index of the first entry in its message,
 *	                            2 count, 8 number of the first one in the ledger
 *	         APPEND_REFUSED  8  tag, 2 index, 2 count, 4 errno
 *	                            then why, a NUL, and what to try
 *
 * Numbers are big endian.  An entry that is done is on the disk.  Every entry is answered, refused
 * ones as soon as that is known.  Whoever has APPEND_ASKS messages without an answer waits for one:
 * an asker that does not read its answers is let go. */
#ifndef EVENT_APPEND_H
#define EVENT_APPEND_H

enum append_word { APPEND_ASK = 1, APPEND_DONE = 2, APPEND_REFUSED = 3 };

enum {
	APPEND_ASKS = 64,
	APPEND_ENTRIES = 1024, /* in one message, at most */
	APPEND_RUN = 20,       /* bytes of one run of APPEND_DONE */
	APPEND_RUNS = 256,     /* in one message, at most */
};

#endif
