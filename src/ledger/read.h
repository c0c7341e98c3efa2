/* Reading a ledger: its head, its entries in order, proofs of them. */
#ifndef LEDGER_READ_H
#define LEDGER_READ_H

#include "base/files.h"
#include "ledger/keys.h"

/* The file `ledger` says what the folder is and whose: "weir ledger 1", the public key; where keys
 * changed also "first" and the one that it began with.  Only what the tree says of keys is proved
 * (keys.h); this is where to begin. */
int ledger_mark(const struct files *f, const struct note_key *key, struct err *e) MUST_USE;
int ledger_mark_change(const struct files *f, const struct note_key *first,
	const struct note_key *present, struct err *e) MUST_USE;
/* That file as a text. */
void ledger_mark_text(const struct note_key *first, const struct note_key *present, struct out *o);
int ledger_mark_read(
	struct cur text, struct note_key *first, struct note_key *present, struct err *e) MUST_USE;
/* -ENOENT: there is no ledger; -EPROTONOSUPPORT: of a later version. */
int ledger_whose(const struct files *f, struct note_key *out, struct err *e) MUST_USE;
int ledger_keys_named(const struct files *f, struct note_key *first, struct note_key *present,
	struct err *e) MUST_USE;

/* The checkpoint, signed by the key; as it stands in the file in `note` (NUL-terminated). */
int ledger_head(const struct files *f, const struct note_key *key, struct checkpoint *out,
	char note[NOTE_MAX + 1], struct err *e) MUST_USE;

/* Entries of the tree that are on the disk for certain: there the log may begin.  0: none yet. */
int ledger_settled(
	const struct files *f, const struct note_key *key, uint64_t *size, struct err *e) MUST_USE;

/* One entry; `signed_yet`: it is in the checkpoint.  Anything but 0 ends the reading. */
typedef int ledger_entry(void *self, uint64_t sequence, const void *entry, size_t size,
	bool signed_yet, struct err *e);
/* All from `from` on, those that only the log has included.  Gives what `each` gave. */
int ledger_read(const struct files *f, const struct checkpoint *head, uint64_t from,
	ledger_entry *each, void *self, struct err *e) MUST_USE;

/* Entries that are not here, as a signed entry says: let go, or moved `to`.  ledger_read() goes on
 * behind them without a word.  Those that no entry speaks of are damage. */
typedef int ledger_gone(void *self, uint64_t first, uint64_t last, const char *to, struct err *e);
int ledger_read_all(const struct files *f, const struct checkpoint *head, uint64_t from,
	ledger_entry *each, ledger_gone *gone, void *self, struct err *e) MUST_USE;

/* The chain of keys as the entries say it, those that only the log has included.  `k` has begun.
 * Nothing is hashed: for a folder of one's own, or for a first look. */
int ledger_keys_read(const struct files *f, const struct checkpoint *head, struct keys *k,
	struct err *e) MUST_USE;

/* C2SP tlog-proof: the entry's place, its proof, the checkpoint it leads to. */
int ledger_prove(const struct files *f, const struct checkpoint *head, const char *note,
	uint64_t sequence, struct out *o, struct err *e) MUST_USE;
/* Such a proof as text: once it is made, for a tree of that size. */
void ledger_prove_text(
	const struct merkle_proof *proof, uint64_t sequence, const char *note, struct out *o);

#endif
