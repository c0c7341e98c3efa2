#include "ledger/note.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "crypt/digest.h"

static const char dash[] = "\xe2\x80\x94 "; /* every signature line begins with it */

enum {
	ID_SIZE = 4,
	KEY_BYTES = 1 + SIGN_PUBLIC,
	LINE_BYTES = ID_SIZE + 8 + SIGN_SIZE,
};

bool note_name_fits(const char *name)
{
	size_t size = strlen(name);
	if (size == 0 || size >= NOTE_NAME)
		return false;
	for (; *name; name++)
		if ((uint8_t)*name <= ' ' || *name == '+' || *name == 0x7f)
			return false;
	return true;
}

static uint32_t key_id(const char *name, enum note_kind kind, const uint8_t public[SIGN_PUBLIC])
{
	char text[NOTE_NAME + 1 + KEY_BYTES];
	size_t size = strlen(name);
	uint8_t digest[SHA256_SIZE];
	memcpy(text, name, size);
	text[size] = '\n';
	text[size + 1] = (char)kind;
	memcpy(text + size + 2, public, SIGN_PUBLIC);
	digest_sha256(text, size + 1 + KEY_BYTES, digest);
	struct cur c = cur_of(digest, ID_SIZE);
	return cur_be32(&c);
}

struct note_key note_key_from(
	const char *name, enum note_kind kind, const uint8_t public[SIGN_PUBLIC])
{
	struct note_key k = { .kind = kind };
	assert(note_name_fits(name));
	memcpy(k.name, name, strlen(name) + 1);
	memcpy(k.public, public, SIGN_PUBLIC);
	k.id = key_id(k.name, kind, k.public);
	return k;
}

struct note_key note_key_of(const char *name, enum note_kind kind, const struct sign_key *secret)
{
	return note_key_from(name, kind, sign_public(secret));
}

/* All of it: an id has 32 bits, and whoever wants the same one finds a key for it. */
bool note_key_same(const struct note_key *a, const struct note_key *b)
{
	return a->id == b->id && a->kind == b->kind && strcmp(a->name, b->name) == 0 &&
		memcmp(a->public, b->public, sizeof a->public) == 0;
}

void note_key_text(const struct note_key *k, char text[NOTE_KEY_TEXT])
{
	uint8_t bytes[KEY_BYTES] = { (uint8_t)k->kind };
	int used = snprintf(text, NOTE_KEY_TEXT, "%s+%08x+", k->name, k->id);
	memcpy(bytes + 1, k->public, SIGN_PUBLIC);
	base64_text(bytes, sizeof bytes, text + used);
}

/* Eight digits of lower case, as ids are written. */
static bool hex32(struct cur *c, uint32_t *out)
{
	uint32_t n = 0;
	for (unsigned i = 0; i < 8; i++) {
		uint8_t digit = cur_u8(c);
		bool letter = digit >= 'a' && digit <= 'f';
		if (!letter && !(digit >= '0' && digit <= '9'))
			return false;
		n = n << 4 | (uint32_t)(letter ? digit - 'a' + 10 : digit - '0');
	}
	*out = n;
	return cur_ok(c);
}

/* Up to a byte, which is taken too; bad where there is none. */
static struct cur until(struct cur *c, char byte)
{
	const uint8_t *at = c->left ? memchr(c->at, byte, c->left) : NULL;
	if (!at) {
		cur_fail(c);
		return cur_bad();
	}
	struct cur part = cur_sub(c, (size_t)(at - c->at));
	cur_skip(c, 1);
	return part;
}

static bool name_of(struct cur name, char text[NOTE_NAME])
{
	if (!cur_ok(&name) || name.left >= NOTE_NAME || memchr(name.at, 0, name.left))
		return false;
	memcpy(text, name.at, name.left);
	text[name.left] = 0;
	return note_name_fits(text);
}

int note_key_read(const char *text, struct note_key *out, struct err *e)
{
	struct note_key k = { 0 };
	struct cur c = cur_of(text, strlen(text));
	struct cur name = until(&c, '+');
	uint8_t bytes[KEY_BYTES];
	size_t size = 0;
	if (!name_of(name, k.name) || !hex32(&c, &k.id) || cur_u8(&c) != '+' ||
		!base64_bytes((const char *)c.at, c.left, bytes, sizeof bytes, &size) || size < 1)
		return err_set(e, -EINVAL, "'%.200s' is no key: expected NAME+ID+BASE64", text);
	if ((bytes[0] != NOTE_ED25519 && bytes[0] != NOTE_COSIGNATURE) || size != sizeof bytes)
		return err_set(e, -ENOTSUP,
			"key '%s' is of kind 0x%02x; this program knows Ed25519 (0x01) and "
			"cosignatures (0x04)",
			k.name, bytes[0]);
	k.kind = bytes[0];
	memcpy(k.public, bytes + 1, SIGN_PUBLIC);
	if (k.id != key_id(k.name, k.kind, k.public))
		return err_set(e, -EINVAL, "key '%s' does not belong to its id %08x", k.name, k.id);
	*out = k;
	return 0;
}

/* --- signing --- */

/* What a witness signs: a line that says so, its time, the text.  In `room`, or nothing. */
static size_t cosigned(struct out *room, uint64_t seconds, const void *text, size_t size)
{
	out_str(room, "cosignature/v1\ntime ");
	out_uint(room, seconds);
	out_char(room, '\n');
	out_bytes(room, text, size);
	return room->failed ? 0 : room->used;
}

void note_sign(struct out *o, size_t text_size, const struct note_key *k,
	const struct sign_key *secret, uint64_t seconds)
{
	uint8_t bytes[LINE_BYTES];
	char base64[LINE_BYTES * 2], room[NOTE_MAX + 64];
	struct out line = out_mem((char *)bytes, sizeof bytes + 1);
	assert(text_size <= o->used && text_size <= NOTE_MAX);
	out_be(&line, k->id, 4);
	if (k->kind == NOTE_COSIGNATURE) {
		struct out signed_text = out_mem(room, sizeof room);
		size_t size = cosigned(&signed_text, seconds, o->at, text_size);
		out_be(&line, seconds, 8);
		sign_bytes(secret, room, size, bytes + line.used);
	} else {
		sign_bytes(secret, o->at, text_size, bytes + line.used);
	}
	base64_text(bytes, line.used + SIGN_SIZE, base64);
	if (o->used == text_size)
		out_char(o, '\n');
	out_str(o, dash);
	out_str(o, k->name);
	out_char(o, ' ');
	out_str(o, base64);
	out_char(o, '\n');
}

/* --- reading --- */

/* The empty line before the signatures is the last one of the note: text may have others. */
static size_t text_size_of(struct cur c)
{
	for (size_t at = c.left; at > 1; at--)
		if (c.at[at - 1] == '\n' && c.at[at - 2] == '\n')
			return at - 1;
	return 0;
}

static bool line_read(struct cur line, struct note_line *out)
{
	uint8_t bytes[LINE_BYTES + 3];
	size_t size = 0;
	if (!cur_starts(&line, dash))
		return false;
	cur_skip(&line, sizeof dash - 1);
	out->name = until(&line, ' ');
	char name[NOTE_NAME];
	if (!name_of(out->name, name) ||
		!base64_bytes((const char *)line.at, line.left, bytes, sizeof bytes, &size))
		return false;
	struct cur c = cur_of(bytes, size);
	out->id = cur_be32(&c);
	out->size = c.left < sizeof out->signature ? c.left : sizeof out->signature;
	if (!cur_ok(&c) || c.left == 0)
		return false;
	memcpy(out->signature, c.at, out->size);
	return true;
}

int note_read(struct cur bytes, struct note *out, struct err *e)
{
	struct note n = { 0 };
	size_t size = bytes.left <= NOTE_MAX ? text_size_of(bytes) : 0;
	if (!size)
		return err_set(e, -EBADMSG, "no signed note: no text and signatures below it");
	if (memchr(bytes.at, 0, bytes.left))
		return err_set(e, -EBADMSG, "no signed note: a NUL stands in it");
	n.text = cur_sub(&bytes, size);
	cur_skip(&bytes, 1);
	while (bytes.left > 0) {
		struct cur line = until(&bytes, '\n');
		if (!cur_ok(&line))
			return err_set(e, -EBADMSG, "the last signature line is not ended");
		if (n.count == NOTE_SIGNERS)
			return err_set(e, -EBADMSG, "more than %d signatures", NOTE_SIGNERS);
		if (!line_read(line, &n.lines[n.count++]))
			return err_set(e, -EBADMSG, "signature line %u is none", n.count);
	}
	if (!n.count)
		return err_set(e, -EBADMSG, "a note without a signature");
	*out = n;
	return 0;
}

static bool line_holds(const struct note *n, const struct note_line *l, const struct note_key *k,
	uint64_t *seconds)
{
	if (k->kind == NOTE_ED25519)
		return l->size == SIGN_SIZE &&
			sign_holds(k->public, n->text.at, n->text.left, l->signature);
	char room[NOTE_MAX + 64];
	struct out text = out_mem(room, sizeof room);
	struct cur c = cur_of(l->signature, l->size);
	uint64_t when = cur_be64(&c);
	if (c.left != SIGN_SIZE || !cosigned(&text, when, n->text.at, n->text.left) ||
		!sign_holds(k->public, room, text.used, c.at))
		return false;
	if (seconds)
		*seconds = when;
	return true;
}

bool note_has(const struct note *n, const struct note_key *k)
{
	for (unsigned i = 0; i < n->count; i++)
		if (n->lines[i].id == k->id && cur_is(&n->lines[i].name, k->name))
			return true;
	return false;
}

int note_check(const struct note *n, const struct note_key *k, uint64_t *seconds, struct err *e)
{
	for (unsigned i = 0; i < n->count; i++) {
		const struct note_line *l = &n->lines[i];
		if (l->id != k->id || !cur_is(&l->name, k->name))
			continue;
		if (!line_holds(n, l, k, seconds))
			return err_set(e, -EBADMSG, "the signature of '%s' does not hold", k->name);
		return 0;
	}
	return err_set(e, -ENOENT, "no signature of '%s' (%08x)", k->name, k->id);
}

/* --- checkpoints --- */

void checkpoint_text(const struct checkpoint *c, struct out *o)
{
	char base64[HASH_SIZE * 2];
	base64_text(c->root.b, HASH_SIZE, base64);
	out_str(o, c->origin);
	out_char(o, '\n');
	out_uint(o, c->size);
	out_char(o, '\n');
	out_str(o, base64);
	out_char(o, '\n');
}

/* Decimal, without zeros in front, below 2^63: no tree is larger. */
static bool size_of(struct cur c, uint64_t *out)
{
	uint64_t n = 0;
	if (c.left == 0 || (c.left > 1 && c.at[0] == '0'))
		return false;
	while (c.left > 0) {
		unsigned digit = (unsigned)cur_u8(&c) - '0';
		if (digit > 9 || n > ((uint64_t)INT64_MAX - digit) / 10)
			return false;
		n = n * 10 + digit;
	}
	*out = n;
	return true;
}

int checkpoint_read(struct cur text, struct checkpoint *out, struct err *e)
{
	struct checkpoint c = { 0 };
	struct cur origin = until(&text, '\n'), size = until(&text, '\n'),
		   root = until(&text, '\n');
	size_t got = 0;
	if (!name_of(origin, c.origin))
		return err_set(e, -EBADMSG, "no checkpoint: its first line is no origin");
	if (!cur_ok(&size) || !size_of(size, &c.size))
		return err_set(e, -EBADMSG, "no checkpoint: its second line is no size");
	if (!cur_ok(&root) ||
		!base64_bytes((const char *)root.at, root.left, c.root.b, HASH_SIZE, &got) ||
		got != HASH_SIZE)
		return err_set(e, -EBADMSG, "no checkpoint: its third line is no SHA-256 hash");
	*out = c;
	return 0;
}
