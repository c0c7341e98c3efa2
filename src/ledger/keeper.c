#include "ledger/keeper.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

/* --- keys --- */

int keeper_add_key(struct keeper *k, const struct keyfile *file, struct err *e)
{
	assert(k->key_count < KEEPER_KEYS);
	if (file->name[0] && strcmp(file->name, k->origin) != 0)
		return err_set(e, -EPERM, "%s is the key of '%s', not of '%s'", file->path,
			file->name, k->origin);
	k->keys[k->key_count++] = (struct keeper_key){ .file = file,
		.public = note_key_from(k->origin, NOTE_ED25519, file->public) };
	return 0;
}

int keeper_unseal(struct keeper *k, struct passphrase p, struct err *e)
{
	int r = 0;
	for (unsigned i = 0; r == 0 && i < k->key_count; i++) {
		struct keeper_key *key = &k->keys[i];
		if (!key->secret && (p.bytes || !key->file->sealed))
			r = keyfile_open(key->file, p, &key->secret, e);
	}
	return r;
}

void keeper_done(struct keeper *k)
{
	for (unsigned i = 0; i < k->key_count; i++) {
		sign_key_free(k->keys[i].secret);
		k->keys[i].secret = NULL;
	}
}

bool keeper_is_sealed(const struct keeper *k)
{
	bool sealed = k->key_count == 0;
	for (unsigned i = 0; i < k->key_count; i++)
		sealed |= !k->keys[i].secret;
	return sealed;
}

bool keeper_gives_up(const struct keeper *k)
{
	return k->tries >= KEEPER_TRIES;
}

/* --- answers --- */

static int tell_state(struct keeper *k, struct cur body, struct out *answer, struct err *e)
{
	(void)body;
	(void)e;
	out_be(answer, keeper_is_sealed(k), 1);
	out_be(answer, KEEPER_TRIES - k->tries, 1);
	out_be(answer, k->signed_count, 8);
	out_be(answer, k->refused_count, 8);
	out_be(answer, k->head.head.size, 8);
	out_bytes(answer, k->head.head.root.b, sizeof k->head.head.root.b);
	out_be(answer, k->key_count, 1);
	for (unsigned i = 0; i < k->key_count; i++)
		out_bytes(answer, k->keys[i].public.public, SIGN_PUBLIC);
	return 0;
}

/* Each wrong one makes the next wait twice as long.  Whoever has the file can try elsewhere, at
 * the price that argon2id asks. */
static int take_passphrase(struct keeper *k, struct cur body, struct out *answer, struct err *e)
{
	struct passphrase p = { body.at, body.left };
	if (!keeper_is_sealed(k))
		return err_set(e, -EALREADY, "the key is open already");
	if (keeper_gives_up(k))
		return err_set(e, -EACCES, "the passphrase was wrong %d times", KEEPER_TRIES);
	int r = keeper_unseal(k, p, e);
	if (r == -EACCES)
		k->wait_ms = 500u << k->tries++;
	return r < 0 ? r : tell_state(k, cur_none(), answer, e);
}

static bool read_proof(struct cur *c, struct merkle_proof *out)
{
	out->count = cur_u8(c);
	if (out->count > MERKLE_HEIGHT || c->left != out->count * sizeof *out->path)
		return false;
	const uint8_t *bytes = cur_take(c, c->left);
	if (bytes)
		memcpy(out->path, bytes, out->count * sizeof *out->path);
	return bytes;
}

/* What may be signed: the same head again, or one that grew out of it. */
static int may_sign(const struct checkpoint *last, const struct checkpoint *c,
	const struct merkle_proof *proof, struct err *e)
{
	unsigned long long had = last->size, has = c->size;
	if (has == 0 || has > (unsigned long long)INT64_MAX)
		return err_set(e, -EPERM, "a head of %llu entries is not signed", has);
	if (has < had) {
		err_set(e, -EPERM,
			"the key signed a head of %llu entries, this one has %llu: an older tree is not "
			"signed",
			had, has);
		return err_try(e, "a newer copy of the ledger, from where it was shipped to");
	}
	if (!merkle_consistent(had, has, &last->root, &c->root, proof))
		return err_set(e, -EPERM,
			"the head of %llu entries does not grow out of the last one signed, of %llu: a "
			"fork is not signed",
			has, had);
	return 0;
}

/* On the disk first: what was given out is never forgotten. */
static int keep_head(struct keeper *k, const struct checkpoint *c, struct err *e)
{
	uint8_t slot[HEAD_SLOT];
	if (c->size == k->head.head.size && hash_same(&c->root, &k->head.head.root))
		return 0;
	uint64_t at = headfile_next(&k->head, c, slot);
	int r = k->keep(k->self, slot, sizeof slot, at, e);
	k->dead = r < 0;
	return r;
}

static int sign_head(struct keeper *k, struct cur body, struct out *answer, struct err *e)
{
	struct checkpoint c = { .size = cur_be64(&body) };
	struct merkle_proof proof;
	char room[NOTE_MAX];
	const uint8_t *root = cur_take(&body, sizeof c.root.b);
	if (!root || !read_proof(&body, &proof))
		return err_set(e, -EBADMSG, "no question for a signature");
	memcpy(c.root.b, root, sizeof c.root.b);
	memcpy(c.origin, k->origin, sizeof c.origin);
	if (keeper_is_sealed(k))
		return err_set(e, -EACCES, "the key is sealed");
	if (k->dead)
		return err_set(e, -EIO, "the last head could not be kept: nothing is signed");
	int r = may_sign(&k->head.head, &c, &proof, e);
	if (r == 0)
		r = keep_head(k, &c, e);
	if (r < 0)
		return r;
	struct out text = out_mem(room, sizeof room);
	checkpoint_text(&c, &text);
	size_t text_size = text.used;
	for (unsigned i = 0; i < k->key_count; i++)
		note_sign(&text, text_size, &k->keys[i].public, k->keys[i].secret, 0);
	out_bytes(answer, text.at + text_size, text.used - text_size);
	k->signed_count++;
	return 0;
}

/* --- what may be asked, and how often --- */

static const struct row {
	int (*answer)(struct keeper *k, struct cur body, struct out *answer, struct err *e);
	uint16_t answered;
	size_t least, most; /* bytes of the body */
	int64_t each_ns;    /* so often, asked evenly */
	int64_t burst;      /* and so many at once */
} rows[KEEPER_WORDS] = {
	[KEEPER_STATE] = { tell_state, KEEPER_IS, 0, 0, CLOCK_SECOND / 100, 100 },
	[KEEPER_PASSPHRASE] = { take_passphrase, KEEPER_IS, 1, PASSPHRASE_MAX, CLOCK_SECOND,
		KEEPER_TRIES },
	[KEEPER_SIGN] = { sign_head, KEEPER_SIGNED, 8 + HASH_SIZE + 1,
		8 + HASH_SIZE + 1 + MERKLE_HEIGHT *HASH_SIZE, CLOCK_SECOND / KEEPER_EACH_SECOND,
		KEEPER_EACH_SECOND },
};

static bool is_due(struct keeper *k, uint16_t word, int64_t now_ns)
{
	const struct row *row = &rows[word];
	int64_t from = k->next_ns[word] > now_ns ? k->next_ns[word] : now_ns;
	if (from - now_ns >= row->each_ns * row->burst)
		return false;
	k->next_ns[word] = from + row->each_ns;
	return true;
}

static int answer_word(struct keeper *k, uint16_t word, struct cur body, int64_t now_ns,
	struct out *answer, struct err *e)
{
	const struct row *row = word < KEEPER_WORDS ? &rows[word] : NULL;
	if (!row || !row->answer)
		return err_set(e, -ENOSYS, "word %u: the key is not asked that", word);
	if (body.left < row->least || body.left > row->most)
		return err_set(e, -EBADMSG, "word %u with %zu bytes", word, body.left);
	if (!is_due(k, word, now_ns))
		return err_set(e, -EBUSY, "the key is asked too often");
	return row->answer(k, body, answer, e);
}

static void put_text(struct out *o, const char *text)
{
	size_t size = strlen(text);
	out_be(o, size, 2);
	out_bytes(o, text, size);
}

uint16_t keeper_refuse(struct keeper *k, const struct err *why, struct out *answer)
{
	k->refused_count++;
	answer->used = 0;
	out_be(answer, (uint32_t)-why->code, 4);
	put_text(answer, why->text);
	put_text(answer, why->try);
	return KEEPER_REFUSED;
}

uint16_t keeper_answer(
	struct keeper *k, uint16_t word, struct cur body, int64_t now_ns, struct out *answer)
{
	struct err e = { 0 };
	k->wait_ms = 0;
	answer->used = 0;
	if (answer_word(k, word, body, now_ns, answer, &e) < 0)
		return keeper_refuse(k, &e, answer);
	assert(!answer->failed);
	return rows[word].answered;
}
