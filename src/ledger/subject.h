/* Secrets in the record, and how they are erased: what is personal or secret in an entry is stored
 * under a key of its subject.  The tree is over the cipher text, so that once the key is destroyed
 * every proof still holds and nobody reads the text again.
 *
 *	data.sealed = {"key":..,"nonce":..,"text":..,"v":1}
 *
 * with base64 for nonce and text, bound to the entry as it is without that member.  The keys lie in
 * a folder beside the ledger, never within it: `names`, and one file a subject, named by a keyed
 * hash of the subject, so that a list of the folder says nothing.  Who has the folder but not the
 * ledger learns nothing, and neither does who has the ledger but not the folder. */
#ifndef LEDGER_SUBJECT_H
#define LEDGER_SUBJECT_H

#include <jansson.h>
#include <stdbool.h>

#include "base/cur.h"
#include "base/files.h"

enum { SUBJECT_KEY_ID = 17 }; /* 16 hex digits and the NUL */

struct subjects;

/* The folder `f` has them; `names` is made where it is missing, if `make`.  -ENOENT: no keys. */
int subjects_open(struct subjects **out, const struct files *f, bool make, struct err *e) MUST_USE;
void subjects_close(struct subjects *s);

/* An entry_means.seal; self is the struct subjects.  A subject without a key gets one, which is on
 * the disk when this returns. */
int subject_seal(void *subjects, const char *subject, struct cur clear, struct cur bound,
	json_t **sealed, struct err *e);

bool subject_is_sealed(json_t *entry); /* has a data.sealed */
/* The clear text of an entry.  -ENOKEY: its key is not here; -EBADMSG: it does not open, because it
 * was changed or belongs to another entry. */
int subject_reveal(struct subjects *s, json_t *entry, json_t **clear, struct err *e) MUST_USE;

/* The key that a subject has now.  -ENOENT: none. */
int subject_key_id(
	struct subjects *s, const char *subject, char id[SUBJECT_KEY_ID], struct err *e) MUST_USE;
/* Overwritten, synced, removed, and its name synced; nothing where there is none. */
int subject_destroy(struct subjects *s, const char *subject, struct err *e) MUST_USE;

#endif
