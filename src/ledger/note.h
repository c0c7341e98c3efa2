/* Signed notes and checkpoints (C2SP signed-note, tlog-checkpoint, tlog-cosignature): a head of the
 * ledger that anybody checks who has the public key.
 *
 *	text, lines, the last one ended too
 *	(an empty line)
 *	— name base64(key id, signature)
 *
 * A checkpoint's text is: origin, size, base64 root, then lines of extensions. */
#ifndef LEDGER_NOTE_H
#define LEDGER_NOTE_H

#include "base/cur.h"
#include "base/out.h"
#include "crypt/sign.h"
#include "ledger/merkle.h"

enum {
	NOTE_NAME = 128,   /* of a key, with its NUL */
	NOTE_MAX = 8192,   /* a note larger than that is none of ours */
	NOTE_SIGNERS = 64, /* signatures of one note: one log, its witnesses */
};

/* The byte in front of a public key, by which more kinds can come. */
enum note_kind {
	NOTE_ED25519 = 0x01,     /* the log's own: signs the text */
	NOTE_COSIGNATURE = 0x04, /* a witness's: signs a time and the text */
};

/* A public key as it is written: name+hex id+base64(kind, key). */
struct note_key {
	char name[NOTE_NAME];
	uint32_t id;
	enum note_kind kind;
	uint8_t public[SIGN_PUBLIC];
};

enum { NOTE_KEY_TEXT = NOTE_NAME + 1 + 8 + 1 + 48 };

bool note_name_fits(const char *name); /* not empty, no plus sign, no white space */
struct note_key note_key_from(
	const char *name, enum note_kind kind, const uint8_t public[SIGN_PUBLIC]);
struct note_key note_key_of(const char *name, enum note_kind kind, const struct sign_key *k);
bool note_key_same(const struct note_key *a, const struct note_key *b);
void note_key_text(const struct note_key *k, char text[NOTE_KEY_TEXT]);
int note_key_read(const char *text, struct note_key *out, struct err *e) MUST_USE;

/* Adds a signature line to the note in `o`, whose text ended with its last newline.  `seconds`
 * counts for cosignatures only.  The first line gets the empty one in front. */
void note_sign(struct out *o, size_t text_size, const struct note_key *k,
	const struct sign_key *secret, uint64_t seconds);

/* A note taken apart; everything points into its bytes. */
struct note_line {
	struct cur name;
	uint32_t id;
	uint8_t signature[8 + SIGN_SIZE]; /* a cosignature has its time in front */
	size_t size;
};

struct note {
	struct cur text; /* with its last newline: what is signed */
	struct note_line lines[NOTE_SIGNERS];
	unsigned count;
};

int note_read(struct cur bytes, struct note *out, struct err *e) MUST_USE;
bool note_has(const struct note *n, const struct note_key *k); /* a line of this name and id */
/* That this key signed it; `seconds` (may be NULL) gets a cosignature's time.  -ENOENT: no line of
 * this key; -EBADMSG: there is one and it does not hold. */
int note_check(
	const struct note *n, const struct note_key *k, uint64_t *seconds, struct err *e) MUST_USE;

struct checkpoint {
	char origin[NOTE_NAME];
	uint64_t size;
	struct hash root;
};

void checkpoint_text(const struct checkpoint *c, struct out *o);
int checkpoint_read(struct cur text, struct checkpoint *out, struct err *e) MUST_USE;

#endif
