/* A witness's side: the list of witnesses as people write it, and requests to cosign as anybody
 * sends them.  Whatever the bytes, two heads that do not agree are never both signed.
 *
 * An input: the same bytes are read as a list, as a request, and as a row of requests that are
 * signed as they should be: a byte of flags, one of the old size, one of the new, and where a
 * flag says so two that spoil a byte of it. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../disk.h"
#include "ledger/cosign.h"
#include "ledger/witness.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SPOILT = 1, OTHER_TREE = 2, NO_PROOF = 4, OTHER_KEY = 8, SIZES = 40, REQUESTS = 16 };

static struct sign_key *log_secret, *other_secret, *own_secret;
static struct note_key log_key, other_key, own_key;

static void make_keys(void)
{
	struct err e;
	if (log_secret)
		return;
	log_secret = sign_key_new((const uint8_t[SIGN_SEED]){ 1 }, &e);
	other_secret = sign_key_new((const uint8_t[SIGN_SEED]){ 2 }, &e);
	own_secret = sign_key_new((const uint8_t[SIGN_SEED]){ 3 }, &e);
	assert(log_secret && other_secret && own_secret);
	log_key = note_key_of("log.example", NOTE_ED25519, log_secret);
	other_key = note_key_of("log.example", NOTE_ED25519, other_secret);
	own_key = note_key_of("witness.example", NOTE_COSIGNATURE, own_secret);
}

static void read_list(const uint8_t *data, size_t size)
{
	static struct witness list[WITNESS_MAX];
	struct err e = { 0 };
	int count = witness_list_read(cur_of(data, size), list, &e);
	assert(count <= WITNESS_MAX && (count >= 0 || e.text[0]));
	for (int i = 0; i < count; i++)
		assert(list[i].key.kind == NOTE_COSIGNATURE && list[i].place[0] &&
			strlen(list[i].place) < WITNESS_PLACE &&
			strlen(list[i].more) < WITNESS_PLACE);
}

/* --- trees whose leaf n is n, and another one from 7 leaves on --- */

static struct hash leaf_of(uint64_t n, bool other)
{
	uint8_t bytes[2] = { (uint8_t)n, other && n >= 7 };
	return merkle_leaf(bytes, sizeof bytes);
}

static struct hash hash_of(uint64_t first, uint64_t end, bool other)
{
	struct merkle m = { 0 };
	for (uint64_t n = first; n < end; n++) {
		struct hash leaf = leaf_of(n, other);
		merkle_add(&m, &leaf, NULL, NULL);
	}
	return first == end ? merkle_empty() : merkle_root(&m);
}

static int read_hash(void *self, unsigned height, uint64_t index, struct hash *out, struct err *e)
{
	const bool *other = self;
	(void)e;
	*out = hash_of(index << height, (index + 1) << height, *other);
	return 0;
}

/* --- requests --- */

struct asked {
	uint64_t size;
	bool other; /* of the last one that was signed */
};

static void write_request(struct out *o, unsigned flags, uint64_t old, uint64_t size)
{
	char note[NOTE_MAX];
	struct out n = out_mem(note, sizeof note);
	bool other = flags & OTHER_TREE;
	struct checkpoint c = { "log.example", size, hash_of(0, size, other) };
	struct merkle_proof proof = { 0 };
	struct err e;
	if (!(flags & NO_PROOF) && old && old < size) {
		int r = merkle_prove_consistency(read_hash, &other, old, size, &proof, &e);
		assert(r == 0);
	}
	out_fmt(o, "old %llu\n", (unsigned long long)old);
	for (unsigned i = 0; i < proof.count; i++) {
		char text[64];
		base64_text(proof.path[i].b, HASH_SIZE, text);
		out_fmt(o, "%s\n", text);
	}
	checkpoint_text(&c, &n);
	note_sign(&n, n.used, flags & OTHER_KEY ? &other_key : &log_key,
		flags & OTHER_KEY ? other_secret : log_secret, 0);
	out_char(o, '\n');
	out_bytes(o, n.at, n.used);
}

static int send_request(const struct cosigner *c, const void *bytes, size_t size)
{
	char body[NOTE_MAX];
	struct out o = out_mem(body, sizeof body);
	struct err e = { 0 };
	int status = cosign(c, cur_of(bytes, size), &o, &e);
	assert(status == COSIGN_OK || status == COSIGN_MALFORMED || status == COSIGN_UNSIGNED ||
		status == COSIGN_UNKNOWN || status == COSIGN_CONFLICT || status == COSIGN_UNPROVEN);
	assert(status == COSIGN_OK || e.text[0]);
	assert(!o.failed && (o.used > 0) == (status == COSIGN_OK || status == COSIGN_CONFLICT));
	return status;
}

static void ask_one(const struct cosigner *c, struct cur *in, struct asked *last)
{
	static char room[COSIGN_REQUEST];
	struct out o = out_mem(room, sizeof room);
	unsigned flags = cur_u8(in);
	uint64_t old = cur_u8(in) % SIZES, size = cur_u8(in) % SIZES;
	unsigned at = flags & SPOILT ? cur_u8(in) : 0, with = flags & SPOILT ? cur_u8(in) : 0;
	if (!cur_ok(in))
		return;
	write_request(&o, flags, old, size);
	assert(!o.failed);
	at %= (unsigned)o.used;
	bool spoilt = (uint8_t)room[at] != (with | 1) && flags & SPOILT;
	if (spoilt)
		room[at] = (char)(with | 1);
	int status = send_request(c, room, o.used);
	/* of the same tree, or both from before they part */
	bool other = flags & OTHER_TREE;
	bool agrees = last->size <= 7 || size <= 7 || other == last->other;
	bool fits = old == last->size && old <= size && agrees && !(flags & OTHER_KEY) &&
		(!(flags & NO_PROOF) || !old || old == size);
	if (spoilt) { /* in the number, perhaps, or where it says nothing */
		assert(status != COSIGN_OK || (size >= last->size && agrees));
	} else {
		assert((status == COSIGN_OK) == fits);
	}
	if (status == COSIGN_OK)
		*last = (struct asked){ size, other };
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	make_keys();
	struct disk *d = disk_new(1);
	const struct files state = disk_files(d);
	const struct cosigner c = { .state = &state,
		.key = &own_key,
		.secret = own_secret,
		.logs = &log_key,
		.log_count = 1,
		.now_seconds = 1700000000 };
	struct asked last = { 0, false };
	struct cur in = cur_of(data, size);
	read_list(data, size);
	/* Nobody guesses a signature. */
	int status = send_request(&c, data, size);
	assert(status != COSIGN_OK || memmem(data, size, "log.example", 11));
	if (status == COSIGN_OK) {
		disk_free(d);
		return 0;
	}
	for (unsigned i = 0; in.left > 0 && i < REQUESTS; i++)
		ask_one(&c, &in, &last);
	disk_free(d);
	return 0;
}
