/* A signing key at rest: a file that only its owner can read.
 *
 *	weir key 2
 *	name plant.example/north
 *	made 2026-11-22T20:40:11.000000000Z
 *	public <base64 of the 32 bytes of the public key>
 *
 * and then the 32 bytes of the seed (RFC 8032), either as they are
 *
 *	seed <base64>
 *
 * or sealed with a passphrase, by argon2id (RFC 9106) and XChaCha20-Poly1305, to which all lines
 * above are the additional data:
 *
 *	argon2id PASSES BYTES <base64 of the salt>
 *	sealed <base64 of nonce, cipher text, tag>
 *
 * Version 1, "weir key 1" and the seed alone, is read too. */
#ifndef CRYPT_KEYFILE_H
#define CRYPT_KEYFILE_H

#include <limits.h>

#include "base/clock.h"
#include "crypt/sign.h"

enum {
	KEYFILE_MAX = 1024,
	KEYFILE_NAME = 128,
	KEYFILE_SALT = 16,
	KEYFILE_SEALED = 24 + SIGN_SEED + 16,
	PASSPHRASE_MAX = 1024,
	PASSPHRASE_LEAST = 8,
};

/* What it costs to try one passphrase; bounded when it is read, as anybody can write a file that
 * asks for all memory there is. */
struct keyfile_cost {
	uint64_t passes, memory;
};
extern const struct keyfile_cost keyfile_cost;       /* the usual: a second, 256 MiB */
extern const struct keyfile_cost keyfile_cost_least; /* what tests can wait for */

/* Bytes of a passphrase, wherever they are; NULL: none. */
struct passphrase {
	const void *bytes;
	size_t size;
};

/* What the file says by itself.  Lives in the caller's memory; holds the seed where it is not
 * sealed, so keyfile_done() it. */
struct keyfile {
	char path[PATH_MAX];
	unsigned version;
	bool sealed;
	char name[KEYFILE_NAME], made[CLOCK_TEXT]; /* empty in version 1 */
	uint8_t public[SIGN_PUBLIC];
	struct keyfile_cost cost;
	uint8_t salt[KEYFILE_SALT];
	uint8_t secret[KEYFILE_SEALED]; /* the seed, or nonce, cipher text and tag */
	char head[KEYFILE_MAX];         /* the lines above: what the seal covers too */
	size_t head_size;
};

/* -EPERM: others may read it; -EBADMSG: no key; -EPROTONOSUPPORT: of a later version. */
int keyfile_read(const char *path, struct keyfile *out, struct err *e) MUST_USE;
void keyfile_done(struct keyfile *k);
/* The same, of bytes at hand. */
int keyfile_parse(const void *bytes, size_t size, struct keyfile *out, struct err *e) MUST_USE;

/* -EACCES: the passphrase does not open it, or something in the file was changed: nobody can tell
 * which.  The passphrase is not looked at where nothing is sealed. */
int keyfile_open(const struct keyfile *k, struct passphrase p, struct sign_key **out,
	struct err *e) MUST_USE;

/* Of a key that is not sealed: both in one. */
int keyfile_load(const char *path, struct sign_key **out, struct err *e) MUST_USE;

/* Makes a new key by chance, sealed where a passphrase is given.  -EEXIST: one is there already,
 * and stays. */
int keyfile_make(const char *path, const char *name, int64_t now_ns, struct passphrase p,
	const struct keyfile_cost *cost, struct sign_key **out, struct err *e) MUST_USE;
/* Writes it anew: sealed by `next`, or open where there is none.  Made beside, synced and renamed;
 * the old bytes are written over then, for what that is worth: a file system that copies on write,
 * a snapshot, or a flash disk keeps them for a while all the same. */
int keyfile_change(const struct keyfile *k, const char *name, struct passphrase p,
	struct passphrase next, const struct keyfile_cost *cost, struct err *e) MUST_USE;
/* Writes over it and takes it away; 0 where there is none. */
int keyfile_destroy(const char *path, struct err *e) MUST_USE;
/* What a change or an end that was broken off left behind of it. */
int keyfile_sweep(const char *path, struct err *e) MUST_USE;
/* That a name beside the key is on the disk. */
int keyfile_sync_folder(const char *path, struct err *e) MUST_USE;

#endif
