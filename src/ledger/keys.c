#include "ledger/keys.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/attr.h"

/* --- making a change --- */

enum { CHANGE_TEXT = 2 * NOTE_KEY_TEXT + NOTE_NAME + 32 };

/* What both keys sign; the size of it. */
static size_t change_text(
	const struct note_key *old, const struct note_key *new, char text[CHANGE_TEXT])
{
	char a[NOTE_KEY_TEXT], b[NOTE_KEY_TEXT];
	note_key_text(old, a);
	note_key_text(new, b);
	/* No checkpoint begins with this line: a ledger's name has no blanks. */
	int size =
		snprintf(text, CHANGE_TEXT, "weir key rotation v1\n%s\n%s\n%s\n", old->name, a, b);
	assert(size > 0 && size < CHANGE_TEXT);
	return (size_t)size;
}

void key_change_data(const struct note_key *old, const struct sign_key *old_secret,
	const struct note_key *new, const struct sign_key *new_secret, char data[KEY_CHANGE_DATA])
{
	char text[CHANGE_TEXT], a[NOTE_KEY_TEXT], b[NOTE_KEY_TEXT], by_old[96], by_new[96];
	uint8_t signature[SIGN_SIZE];
	size_t size = change_text(old, new, text);
	sign_bytes(old_secret, text, size, signature);
	base64_text(signature, sizeof signature, by_old);
	sign_bytes(new_secret, text, size, signature);
	base64_text(signature, sizeof signature, by_new);
	note_key_text(old, a);
	note_key_text(new, b);
	int used = snprintf(data, KEY_CHANGE_DATA,
		"{\"by_new\":\"%s\",\"by_old\":\"%s\",\"new\":\"%s\",\"old\":\"%s\"}", by_new,
		by_old, b, a);
	assert(used > 0 && used < KEY_CHANGE_DATA);
}

/* --- reading one --- */

static bool take_word(struct cur *c, const char *word)
{
	bool there = cur_starts(c, word);
	if (there)
		cur_skip(c, strlen(word));
	return there;
}

/* Up to the quote that ends a JSON text, which is taken too; bad where there is none. */
static struct cur take_text(struct cur *c)
{
	for (size_t i = 0; i < c->left; i++) {
		if (c->at[i] == '\\') {
			i++;
		} else if (c->at[i] == '"') {
			struct cur text = cur_sub(c, i);
			cur_skip(c, 1);
			return text;
		}
	}
	return cur_bad();
}

struct parts {
	struct cur by_new, by_old, new, old;
};

/* The one form that entry_canonical() leaves such an entry, from its first byte on; what differs
 * from that changes no key. */
static bool is_change(struct cur c, struct parts *out)
{
	static const char front[] = "{\"actor\":\"";
	struct {
		const char *word;
		struct cur *into; /* of the text behind it; NULL: whatever it is */
	} form[] = {
		{ front, NULL },
		{ ",\"at\":\"", NULL },
		{ ",\"data\":{\"by_new\":\"", &out->by_new },
		{ ",\"by_old\":\"", &out->by_old },
		{ ",\"new\":\"", &out->new },
		{ ",\"old\":\"", &out->old },
		{ "},\"kind\":\"key\",\"site\":\"", NULL },
		{ ",\"subject\":\"", NULL },
	};
	if (c.left < KEY_CHANGE_LEAST)
		return false;
	for (size_t i = 0; i < COUNT_OF(form); i++) {
		struct cur text = take_word(&c, form[i].word) ? take_text(&c) : cur_bad();
		if (!cur_ok(&text))
			return false;
		if (form[i].into)
			*form[i].into = text;
	}
	return cur_is(&c, "}");
}

static int read_key(struct cur c, struct note_key *out, struct err *e)
{
	char text[NOTE_KEY_TEXT];
	if (c.left >= sizeof text || memchr(c.at, 0, c.left))
		return err_set(e, -EBADMSG, "no key");
	memcpy(text, c.at, c.left);
	text[c.left] = 0;
	if (note_key_read(text, out, e) < 0)
		return e->code = -EBADMSG;
	return out->kind == NOTE_ED25519
		? 0
		: err_set(e, -EBADMSG, "key %08x signs no checkpoints", out->id);
}

static bool signed_by(const struct note_key *key, struct cur base64, const char *text, size_t size)
{
	uint8_t signature[SIGN_SIZE];
	size_t got = 0;
	return base64_bytes(
		       (const char *)base64.at, base64.left, signature, sizeof signature, &got) &&
		got == SIGN_SIZE && sign_holds(key->public, text, size, signature);
}

bool keys_have(const struct keys *k, const struct note_key *key)
{
	bool have = note_key_same(key, keys_first(k));
	for (unsigned i = 0; i < k->count; i++)
		have |= note_key_same(key, &k->changes[i].new);
	return have;
}

static int check_change(
	const struct keys *k, const struct key_change *c, const struct parts *p, struct err *e)
{
	char text[CHANGE_TEXT];
	size_t size = change_text(&c->old, &c->new, text);
	if (strcmp(c->old.name, k->known.name) != 0 || strcmp(c->new.name, k->known.name) != 0)
		return err_set(e, -EBADMSG, "it changes keys of '%s', not of '%s'", c->old.name,
			k->known.name);
	if (k->count && !note_key_same(&c->old, keys_last(k)))
		return err_set(e, -EBADMSG, "it changes key %08x, the present one is %08x",
			c->old.id, keys_last(k)->id);
	if (note_key_same(&c->old, &c->new) || (k->count && keys_have(k, &c->new)))
		return err_set(
			e, -EBADMSG, "it changes to key %08x, which was there before", c->new.id);
	if (!signed_by(&c->old, p->by_old, text, size))
		return err_set(e, -EBADMSG, "the old key %08x did not sign the change to %08x",
			c->old.id, c->new.id);
	if (!signed_by(&c->new, p->by_new, text, size))
		return err_set(e, -EBADMSG, "the new key %08x did not sign the change from %08x",
			c->new.id, c->old.id);
	return 0;
}

static int add_change(struct keys *k, uint64_t sequence, const struct parts *p, struct err *e)
{
	if (k->count == KEYS_MAX)
		return err_set(e, -E2BIG, "keys change more than %d times", KEYS_MAX);
	struct key_change *c = &k->changes[k->count];
	c->at = sequence;
	int r = read_key(p->old, &c->old, e);
	if (r == 0)
		r = read_key(p->new, &c->new, e);
	if (r == 0)
		r = check_change(k, c, p, e);
	k->count += r == 0;
	return r;
}

/* --- the chain --- */

void keys_begin(struct keys *k, const struct note_key *known)
{
	k->known = *known;
	k->count = 0;
}

bool key_is_change(struct cur entry)
{
	struct parts p;
	return is_change(entry, &p);
}

int keys_see(struct keys *k, uint64_t sequence, struct cur entry, struct err *e)
{
	struct parts p;
	if (!is_change(entry, &p))
		return 0;
	int r = add_change(k, sequence, &p, e);
	return r < 0 ? err_in(e, "entry %llu", (unsigned long long)sequence), r : 0;
}

int keys_end(const struct keys *k, struct err *e)
{
	if (keys_have(k, &k->known))
		return 0;
	return err_set(e, -EBADMSG,
		"key %08x is none of this ledger's: its keys are %08x and %u later ones",
		k->known.id, k->changes[0].old.id, k->count);
}

const struct note_key *keys_first(const struct keys *k)
{
	return k->count ? &k->changes[0].old : &k->known;
}

const struct note_key *keys_last(const struct keys *k)
{
	return k->count ? &k->changes[k->count - 1].new : &k->known;
}

const struct note_key *keys_of(const struct keys *k, uint64_t size)
{
	const struct note_key *key = keys_first(k);
	for (unsigned i = 0; i < k->count && size > k->changes[i].at; i++)
		key = &k->changes[i].new;
	return key;
}

/* Counts a key's line; one that is there must hold. */
static int see_line(
	const struct note *n, const struct note_key *key, unsigned *lines, struct err *e)
{
	int r = note_check(n, key, NULL, e);
	*lines += r == 0;
	return r == -ENOENT ? 0 : r;
}

int keys_check(
	const struct keys *k, const struct note *n, uint64_t size, unsigned *lines, struct err *e)
{
	unsigned count = 0;
	int r = note_check(n, keys_of(k, size), NULL, e);
	if (r == 0)
		r = see_line(n, keys_first(k), &count, e);
	for (unsigned i = 0; r == 0 && i < k->count; i++)
		r = see_line(n, &k->changes[i].new, &count, e);
	if (r < 0)
		return err_in(e, "a head of %llu entries is signed by key %08x",
			       (unsigned long long)size, keys_of(k, size)->id),
		       r;
	if (lines)
		*lines = count;
	return 0;
}
