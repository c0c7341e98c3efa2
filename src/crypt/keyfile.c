#include "crypt/keyfile.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cur.h"
#include "base/out.h"
#include "crypt/guarded.h"

static_assert(KEYFILE_SALT == crypto_pwhash_SALTBYTES, "the salt of argon2id");
static_assert(KEYFILE_SEALED ==
		crypto_aead_xchacha20poly1305_ietf_NPUBBYTES + SIGN_SEED +
			crypto_aead_xchacha20poly1305_ietf_ABYTES,
	"nonce, seed, tag");

enum {
	NONCE = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
	WRAP = crypto_aead_xchacha20poly1305_ietf_KEYBYTES,
	TEXT = 160, /* of the longest base64 in a line */
};

const struct keyfile_cost keyfile_cost = { crypto_pwhash_OPSLIMIT_MODERATE,
	crypto_pwhash_MEMLIMIT_MODERATE };
const struct keyfile_cost keyfile_cost_least = { 1, 1 << 20 };
static const struct keyfile_cost cost_most = { 16, 1 << 30 };

static const char mark[] = "weir key ";
enum { VERSION = 2 };
/* Behind a key's name while it is written anew, or destroyed. */
static const char part[] = ".part", gone[] = ".gone";

/* --- reading --- */

/* The rest of the next line, which begins with this word; bad where it does not. */
static struct cur line_of(struct cur *c, const char *word)
{
	long end = cur_find(c, '\n');
	struct cur line = end < 0 ? cur_bad() : cur_sub(c, (size_t)end);
	cur_skip(c, 1);
	if (!cur_starts(&line, word))
		return cur_bad();
	cur_skip(&line, strlen(word));
	return line;
}

static bool text_of(struct cur line, char *text, size_t room)
{
	if (!cur_ok(&line) || line.left >= room || memchr(line.at, 0, line.left))
		return false;
	memcpy(text, line.at, line.left);
	text[line.left] = 0;
	return true;
}

static bool bytes_of(struct cur line, uint8_t *bytes, size_t size)
{
	size_t got = 0;
	return cur_ok(&line) && base64_bytes((const char *)line.at, line.left, bytes, size, &got) &&
		got == size;
}

/* 0: none. */
static unsigned long version_of(struct cur line)
{
	char text[TEXT];
	if (!text_of(line, text, sizeof text))
		return 0;
	size_t digits = strspn(text, "0123456789");
	return digits && digits <= 9 && text[0] != '0' && !text[digits] ? strtoul(text, NULL, 10)
									: 0;
}

/* "3 268435456 <salt>", within bounds. */
static bool cost_of(struct cur line, struct keyfile *k)
{
	char text[TEXT], *end;
	if (!text_of(line, text, sizeof text) || text[0] < '1' || text[0] > '9')
		return false;
	k->cost.passes = strtoull(text, &end, 10);
	if (*end != ' ' || end[1] < '1' || end[1] > '9')
		return false;
	k->cost.memory = strtoull(end + 1, &end, 10);
	if (*end != ' ' || k->cost.passes > cost_most.passes || k->cost.memory > cost_most.memory ||
		k->cost.memory < keyfile_cost_least.memory)
		return false;
	end++;
	return bytes_of(cur_of(end, strlen(end)), k->salt, sizeof k->salt);
}

/* What version 1 says: the seed, and nothing else. */
static bool parse_first(struct cur c, struct keyfile *k)
{
	uint8_t secret[crypto_sign_SECRETKEYBYTES];
	if (!bytes_of(line_of(&c, ""), k->secret, SIGN_SEED) || c.left)
		return false;
	crypto_sign_seed_keypair(k->public, secret, k->secret);
	sodium_memzero(secret, sizeof secret);
	return true;
}

static bool parse_second(struct cur c, const uint8_t *begin, struct keyfile *k)
{
	if (!text_of(line_of(&c, "name "), k->name, sizeof k->name) ||
		!text_of(line_of(&c, "made "), k->made, sizeof k->made) ||
		!bytes_of(line_of(&c, "public "), k->public, sizeof k->public))
		return false;
	k->sealed = cur_starts(&c, "argon2id ");
	if (k->sealed && !cost_of(line_of(&c, "argon2id "), k))
		return false;
	k->head_size = (size_t)(c.at - begin);
	memcpy(k->head, begin, k->head_size);
	return bytes_of(line_of(&c, k->sealed ? "sealed " : "seed "), k->secret,
		       k->sealed ? KEYFILE_SEALED : SIGN_SEED) &&
		!c.left;
}

int keyfile_parse(const void *bytes, size_t size, struct keyfile *out, struct err *e)
{
	struct cur c = cur_of(bytes, size);
	*out = (struct keyfile){ 0 };
	unsigned long version = version_of(line_of(&c, mark));
	if (version > VERSION)
		return err_later(e, version, VERSION); /* whatever else stands in it */
	if (version == 1 && size <= KEYFILE_MAX && parse_first(c, out))
		out->version = 1;
	else if (version == 2 && size <= KEYFILE_MAX && parse_second(c, bytes, out))
		out->version = 2;
	if (out->version)
		return 0;
	err_set(e, -EBADMSG, version ? "no key, or a damaged one" : "no key");
	keyfile_done(out);
	return e->code;
}

/* Gives the open file, or -errno. */
static int load(const char *path, int how, struct keyfile *out, struct err *e)
{
	char text[KEYFILE_MAX + 1];
	struct stat s;
	int fd = open(path, how | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return err_sys(e, "open the key file %s", path);
	if (fstat(fd, &s) < 0 || s.st_mode & 077) {
		err_set(e, -EPERM, "others than its owner may read the key file %s", path);
		close(fd);
		return err_try(e, "chmod 600 %s", path);
	}
	ssize_t got = read(fd, text, sizeof text);
	int r = got < 0 ? err_sys(e, "read the key file %s", path)
			: keyfile_parse(text, (size_t)got, out, e);
	sodium_memzero(text, sizeof text);
	if (got >= 0 && r < 0)
		err_in(e, "%s", path);
	if (r == 0 && (size_t)snprintf(out->path, sizeof out->path, "%s", path) >= sizeof out->path)
		r = err_set(e, -ENAMETOOLONG, "%s", path);
	if (r == 0)
		return fd;
	close(fd);
	return r;
}

int keyfile_read(const char *path, struct keyfile *out, struct err *e)
{
	int fd = sodium_init() < 0 ? err_set(e, -EIO, "libsodium does not start")
				   : load(path, O_RDONLY, out, e);
	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

void keyfile_done(struct keyfile *k)
{
	sodium_memzero(k, sizeof *k);
}

/* --- sealing --- */

static int wrap_key(const struct keyfile *k, struct passphrase p, uint8_t *out, struct err *e)
{
	if (crypto_pwhash(out, WRAP, p.bytes, p.size, k->salt, k->cost.passes,
		    (size_t)k->cost.memory, crypto_pwhash_ALG_ARGON2ID13) == 0)
		return 0;
	return err_set(e, -ENOMEM,
		"%s: its passphrase is tried with %llu MiB of memory: no such room", k->path,
		(unsigned long long)(k->cost.memory >> 20));
}

/* The seed, in guarded memory; NULL and why not. */
static uint8_t *seed_of(const struct keyfile *k, struct passphrase p, struct err *e)
{
	uint8_t *seed = guarded_new(SIGN_SEED, e);
	if (!seed)
		return NULL;
	if (!k->sealed) {
		memcpy(seed, k->secret, SIGN_SEED);
		return seed;
	}
	uint8_t *key = p.bytes ? guarded_new(WRAP, e) : NULL;
	if (!p.bytes)
		err_set(e, -EACCES, "%s is sealed, and there is no passphrase", k->path);
	int r = key ? wrap_key(k, p, key, e) : e->code;
	if (key && r == 0 &&
		crypto_aead_xchacha20poly1305_ietf_decrypt(seed, NULL, NULL, k->secret + NONCE,
			KEYFILE_SEALED - NONCE, (const uint8_t *)k->head, k->head_size, k->secret,
			key) != 0)
		r = err_set(e, -EACCES, "the passphrase does not open %s", k->path);
	bool opened = key && r == 0;
	guarded_free(key);
	if (opened)
		return seed;
	guarded_free(seed);
	return NULL;
}

int keyfile_open(const struct keyfile *k, struct passphrase p, struct sign_key **out, struct err *e)
{
	uint8_t *seed = seed_of(k, p, e);
	struct sign_key *key = seed ? sign_key_new(seed, e) : NULL;
	guarded_free(seed);
	if (!key)
		return e->code;
	if (memcmp(sign_public(key), k->public, SIGN_PUBLIC) != 0) {
		sign_key_free(key);
		return err_set(
			e, -EBADMSG, "%s: its secret does not belong to its public key", k->path);
	}
	*out = key;
	return 0;
}

int keyfile_load(const char *path, struct sign_key **out, struct err *e)
{
	struct keyfile k = { 0 };
	int r = keyfile_read(path, &k, e);
	if (r == 0)
		r = keyfile_open(&k, (struct passphrase){ NULL, 0 }, out, e);
	keyfile_done(&k);
	return r;
}

/* --- writing --- */

static void put_base64(struct out *o, const void *bytes, size_t size)
{
	char text[TEXT];
	assert(base64_room(size) <= sizeof text);
	base64_text(bytes, size, text);
	out_str(o, text);
	out_char(o, '\n');
	sodium_memzero(text, sizeof text);
}

/* The file's text; k says what is in it but the secret. */
static int compose(
	struct keyfile *k, const uint8_t *seed, struct passphrase p, struct out *o, struct err *e)
{
	out_fmt(o, "%s2\nname %s\nmade %s\npublic ", mark, k->name, k->made);
	put_base64(o, k->public, sizeof k->public);
	if (!p.bytes) {
		out_str(o, "seed ");
		put_base64(o, seed, SIGN_SEED);
		return 0;
	}
	uint8_t box[KEYFILE_SEALED], *key = guarded_new(WRAP, e);
	if (!key)
		return e->code;
	randombytes_buf(k->salt, sizeof k->salt);
	randombytes_buf(box, NONCE);
	int r = wrap_key(k, p, key, e);
	out_fmt(o, "argon2id %llu %llu ", (unsigned long long)k->cost.passes,
		(unsigned long long)k->cost.memory);
	put_base64(o, k->salt, sizeof k->salt);
	crypto_aead_xchacha20poly1305_ietf_encrypt(box + NONCE, NULL, seed, SIGN_SEED,
		(const uint8_t *)o->at, o->used, NULL, box, key);
	out_str(o, "sealed ");
	put_base64(o, box, sizeof box);
	guarded_free(key);
	return r;
}

int keyfile_sync_folder(const char *path, struct err *e)
{
	char folder[PATH_MAX];
	const char *slash = strrchr(path, '/');
	size_t size = !slash ? 1 : slash == path ? 1 : (size_t)(slash - path);
	snprintf(folder, sizeof folder, "%.*s", (int)size, slash ? path : ".");
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = fd < 0 || fsync(fd) < 0 ? err_sys(e, "sync the folder %s", folder) : 0;
	if (fd >= 0)
		close(fd);
	return r;
}

static int write_new(const char *path, const struct out *text, struct err *e)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return err_sys(e, "make the key file %s", path);
	ssize_t got = write(fd, text->at, text->used);
	if (got >= 0 && (size_t)got < text->used)
		errno = ENOSPC;
	int r = got == (ssize_t)text->used && fsync(fd) == 0
		? 0
		: err_sys(e, "write the key file %s", path);
	if (close(fd) < 0 && r == 0)
		r = err_sys(e, "write the key file %s", path);
	if (r < 0)
		unlink(path);
	return r;
}

int keyfile_make(const char *path, const char *name, int64_t now_ns, struct passphrase p,
	const struct keyfile_cost *cost, struct sign_key **out, struct err *e)
{
	char room[KEYFILE_MAX + 1];
	struct out text = out_mem(room, sizeof room);
	struct keyfile k = { .cost = *cost };
	uint8_t *seed = guarded_new(SIGN_SEED, e);
	struct sign_key *key = NULL;
	if (seed) {
		randombytes_buf(seed, SIGN_SEED);
		key = sign_key_new(seed, e);
	}
	int r = key ? 0 : e->code;
	if (r == 0) {
		snprintf(k.path, sizeof k.path, "%s", path);
		snprintf(k.name, sizeof k.name, "%s", name);
		clock_text(now_ns, k.made);
		memcpy(k.public, sign_public(key), SIGN_PUBLIC);
		r = compose(&k, seed, p, &text, e);
	}
	if (r == 0)
		r = write_new(path, &text, e);
	if (r == 0)
		r = keyfile_sync_folder(path, e);
	guarded_free(seed);
	sodium_memzero(room, sizeof room);
	if (r < 0)
		sign_key_free(key);
	else
		*out = key;
	return r;
}

/* As far as the file system writes in place; nobody is told where it does not. */
static void write_over(int fd)
{
	char noise[KEYFILE_MAX];
	randombytes_buf(noise, sizeof noise);
	if (pwrite(fd, noise, sizeof noise, 0) > 0)
		fdatasync(fd);
}

static int sweep_one(const char *path, const char *end, struct err *e)
{
	char name[PATH_MAX + 8];
	snprintf(name, sizeof name, "%s%s", path, end);
	int fd = open(name, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd >= 0) {
		write_over(fd);
		close(fd);
	}
	if (unlink(name) < 0)
		return err_sys(e, "remove %s", name);
	return keyfile_sync_folder(path, e);
}

int keyfile_change(const struct keyfile *k, const char *name, struct passphrase p,
	struct passphrase next, const struct keyfile_cost *cost, struct err *e)
{
	char room[KEYFILE_MAX + 1], beside[PATH_MAX + 8];
	struct out text = out_mem(room, sizeof room);
	struct keyfile now = *k;
	now.cost = *cost;
	snprintf(now.name, sizeof now.name, "%s", name);
	snprintf(beside, sizeof beside, "%s%s", k->path, part);
	uint8_t *seed = seed_of(k, p, e);
	int r = seed ? compose(&now, seed, next, &text, e) : e->code;
	guarded_free(seed);
	if (r == 0)
		r = sweep_one(k->path, part, e); /* of a try that was broken off */
	int old = open(k->path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	if (r == 0)
		r = write_new(beside, &text, e);
	if (r == 0 && rename(beside, k->path) < 0)
		r = err_sys(e, "rename to %s", k->path);
	if (r == 0)
		r = keyfile_sync_folder(k->path, e);
	if (r == 0 && old >= 0)
		write_over(old);
	if (old >= 0)
		close(old);
	sodium_memzero(room, sizeof room);
	keyfile_done(&now);
	return r;
}

int keyfile_sweep(const char *path, struct err *e)
{
	int r = sweep_one(path, part, e);
	return r < 0 ? r : sweep_one(path, gone, e);
}

/* Under another name first: broken off on the way, no damaged key is left under its own. */
int keyfile_destroy(const char *path, struct err *e)
{
	char aside[PATH_MAX + 8];
	snprintf(aside, sizeof aside, "%s%s", path, gone);
	if (rename(path, aside) < 0 && errno != ENOENT)
		return err_sys(e, "remove %s", path);
	return sweep_one(path, gone, e);
}
