/* What the process with the key is asked, and the files it reads: whatever the bytes, it signs no
 * head that does not grow out of the last one, and answers in few bytes.
 *
 * An input is a row of questions: two bytes of word, two of size, the body.  The same bytes are
 * read as a key file, as a kept head and as an entry as well. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/keeper.h"
#include "ledger/keys.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char origin[] = "a";
static const char open_key[] = "weir key 1\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n";

static int keep(void *self, const void *slot, size_t size, uint64_t at, struct err *e)
{
	struct headfile h;
	uint8_t file[HEAD_FILE] = { 0 };
	(void)self;
	memcpy(file + at, slot, size);
	assert(headfile_read(file, sizeof file, origin, &h, e) == 0);
	return 0;
}

static void check_signed(const struct keeper *k, const struct out *answer)
{
	char room[NOTE_MAX];
	struct out o = out_mem(room, sizeof room);
	struct note n;
	struct err e;
	checkpoint_text(&k->head.head, &o);
	out_bytes(&o, answer->at, answer->used);
	assert(note_read(cur_of(room, o.used), &n, &e) == 0);
	assert(n.count == k->key_count && note_check(&n, &k->keys[0].public, NULL, &e) == 0);
}

static void ask(struct keeper *k, uint16_t word, struct cur body, int64_t now)
{
	char room[KEEPER_ANSWER];
	struct out answer = out_mem(room, sizeof room);
	struct checkpoint before = k->head.head;
	uint64_t count = k->signed_count;
	uint16_t type = keeper_answer(k, word, body, now, &answer);
	assert(!answer.failed &&
		(type == KEEPER_REFUSED || type == word + KEEPER_IS - 1 || type == KEEPER_IS ||
			type == KEEPER_SIGNED));
	assert(k->head.head.size >= before.size);
	assert(k->head.head.size > before.size || before.size == 0 ||
		hash_same(&before.root, &k->head.head.root));
	assert((type == KEEPER_SIGNED) == (k->signed_count > count));
	if (type == KEEPER_SIGNED)
		check_signed(k, &answer);
}

static void ask_all(struct cur c)
{
	struct keyfile file;
	struct keeper k = { .keep = keep, .origin = "a", .head.head.origin = "a" };
	struct err e;
	int64_t now = 0;
	if (keyfile_parse(open_key, sizeof open_key - 1, &file, &e) < 0 ||
		keeper_add_key(&k, &file, &e) < 0 ||
		keeper_unseal(&k, (struct passphrase){ NULL, 0 }, &e) < 0)
		abort();
	while (c.left > 0) {
		uint16_t word = cur_be16(&c);
		struct cur body = cur_upto(&c, cur_be16(&c));
		if (!cur_ok(&body))
			break;
		ask(&k, word, body, now += 100000);
	}
	keeper_done(&k);
	keyfile_done(&file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct keys keys;
	struct keyfile file;
	struct headfile head;
	struct note_key known = note_key_from("a", NOTE_ED25519, (const uint8_t[SIGN_PUBLIC]){ 1 });
	struct err e = { 0 };
	ask_all(cur_of(data, size));
	if (keyfile_parse(data, size, &file, &e) == 0)
		assert(file.version == 1 || file.version == 2);
	keyfile_done(&file);
	int r = headfile_read(data, size, origin, &head, &e);
	assert(r <= 0);
	keys_begin(&keys, &known);
	r = keys_see(&keys, 0, cur_of(data, size), &e);
	assert(r <= 0 && keys.count <= 1 &&
		(r < 0 || keys.count == 0 || key_is_change(cur_of(data, size))));
	return 0;
}
