/* Notes, checkpoints and keys as anybody may write them: what is read is written the same again. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/note.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool lies_within(const struct cur *part, const uint8_t *data, size_t size)
{
	return part->at >= data && part->left <= size &&
		(size_t)(part->at - data) <= size - part->left;
}

static void try_checkpoint(struct cur text)
{
	struct checkpoint c, again;
	struct err e = { 0 };
	char room[1024];
	if (checkpoint_read(text, &c, &e) < 0) {
		assert(e.code < 0 && e.text[0]);
		return;
	}
	struct out o = out_mem(room, sizeof room);
	checkpoint_text(&c, &o);
	assert(!o.failed && o.used <= text.left && memcmp(room, text.at, o.used) == 0);
	assert(checkpoint_read(cur_of(room, o.used), &again, &e) == 0);
	assert(strcmp(again.origin, c.origin) == 0 && again.size == c.size);
	assert(hash_same(&again.root, &c.root));
}

static void try_key(const uint8_t *data, size_t size)
{
	struct note_key k, again;
	struct err e = { 0 };
	char *text = malloc(size + 1), written[NOTE_KEY_TEXT];
	assert(text);
	if (size)
		memcpy(text, data, size);
	text[size] = 0;
	if (note_key_read(text, &k, &e) == 0) {
		note_key_text(&k, written);
		assert(strcmp(written, text) == 0);
		assert(note_key_read(written, &again, &e) == 0 && again.id == k.id);
	} else {
		assert(e.code < 0 && e.text[0]);
	}
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct note n;
	struct err e = { 0 };
	struct note_key k = { .name = "a", .kind = NOTE_ED25519 };
	if (note_read(cur_of(data, size), &n, &e) == 0) {
		assert(n.count > 0 && n.count <= NOTE_SIGNERS);
		assert(lies_within(&n.text, data, size) && n.text.at[n.text.left - 1] == '\n');
		for (unsigned i = 0; i < n.count; i++) {
			struct note_line *l = &n.lines[i];
			assert(lies_within(&l->name, data, size));
			assert(l->size <= sizeof l->signature && l->name.left < NOTE_NAME);
			memcpy(k.name, l->name.at, l->name.left);
			k.name[l->name.left] = 0;
			k.id = l->id;
			k.kind = i & 1 ? NOTE_COSIGNATURE : NOTE_ED25519;
			assert(note_has(&n, &k));
			(void)!note_check(&n, &k, NULL, &e);
		}
		try_checkpoint(n.text);
	} else {
		assert(e.code < 0 && e.text[0]);
	}
	try_checkpoint(cur_of(data, size));
	try_key(data, size);
	return 0;
}
