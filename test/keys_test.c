/* Keys at rest, the chain of a ledger's keys, and what the key process would answer. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/attr.h"
#include "crypt/digest.h"
#include "ledger/keeper.h"
#include "ledger/keys.h"

static const char origin[] = "ledger.example/test";

static char folder[] = "/tmp/weir-keys-XXXXXX";
static char path[128];

enum { ACTORS = 5 };
static struct sign_key *secret[ACTORS];
static struct note_key key[ACTORS];

static int set_up(void **unused)
{
	(void)unused;
	struct err e;
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof path, "%s/key", folder);
	for (uint8_t i = 0; i < ACTORS; i++) {
		uint8_t seed[SIGN_SEED] = { i, 7 };
		secret[i] = sign_key_new(seed, &e);
		if (!secret[i])
			return -1;
		key[i] = note_key_of(origin, NOTE_ED25519, secret[i]);
	}
	return 0;
}

static int tear_down(void **unused)
{
	(void)unused;
	for (unsigned i = 0; i < ACTORS; i++)
		sign_key_free(secret[i]);
	unlink(path);
	return rmdir(folder);
}

static struct passphrase phrase(const char *text)
{
	return (struct passphrase){ text, text ? strlen(text) : 0 };
}

static void assert_says(const struct err *e, const char *words)
{
	if (!strstr(e->text, words))
		fail_msg("'%s' does not say '%s'", e->text, words);
}

/* --- keyfile --- */

static void make(const char *p)
{
	struct sign_key *k;
	struct err e = { 0 };
	unlink(path);
	if (keyfile_make(path, origin, 0, phrase(p), &keyfile_cost_least, &k, &e) < 0)
		fail_msg("%s", e.text);
	sign_key_free(k);
}

static int open_with(const char *p, struct err *e)
{
	struct keyfile file;
	struct sign_key *k = NULL;
	int r = keyfile_read(path, &file, e);
	if (r == 0)
		r = keyfile_open(&file, phrase(p), &k, e);
	if (r == 0)
		assert_memory_equal(sign_public(k), file.public, SIGN_PUBLIC);
	sign_key_free(k);
	keyfile_done(&file);
	return r;
}

static void a_key_sealed_and_unsealed(void **unused)
{
	(void)unused;
	struct keyfile before, after;
	struct stat s;
	struct err e = { 0 };
	make(NULL);
	assert_int_equal(stat(path, &s), 0);
	assert_int_equal(s.st_mode & 0777, 0600);
	assert_int_equal(open_with(NULL, &e), 0);
	assert_int_equal(keyfile_read(path, &before, &e), 0);
	assert_false(before.sealed);
	assert_string_equal(before.name, origin);
	assert_string_equal(before.made, "1970-01-01T00:00:00.000000000Z");
	assert_int_equal(keyfile_change(&before, origin, phrase(NULL), phrase("correct horse"),
				 &keyfile_cost_least, &e),
		0);
	assert_int_equal(keyfile_read(path, &after, &e), 0);
	assert_true(after.sealed);
	assert_memory_equal(before.public, after.public, SIGN_PUBLIC);
	assert_int_equal(open_with("correct horse", &e), 0);
	assert_int_equal(open_with("correct horsf", &e), -EACCES);
	assert_int_equal(open_with("", &e), -EACCES);
	assert_int_equal(open_with(NULL, &e), -EACCES);
	assert_says(&e, "no passphrase");
	assert_int_equal(keyfile_change(&after, origin, phrase("wrong"), phrase(NULL),
				 &keyfile_cost_least, &e),
		-EACCES);
	assert_int_equal(open_with("correct horse", &e), 0);
	assert_int_equal(keyfile_change(&after, origin, phrase("correct horse"), phrase(NULL),
				 &keyfile_cost_least, &e),
		0);
	assert_int_equal(open_with(NULL, &e), 0);
	assert_int_equal(stat(path, &s), 0);
	assert_int_equal(s.st_mode & 0777, 0600);
	keyfile_done(&before);
	keyfile_done(&after);
}

static void a_key_is_not_written_over(void **unused)
{
	(void)unused;
	struct sign_key *k;
	struct err e;
	make(NULL);
	assert_int_equal(
		keyfile_make(path, origin, 0, phrase(NULL), &keyfile_cost_least, &k, &e), -EEXIST);
	assert_int_equal(chmod(path, 0640), 0);
	assert_int_equal(open_with(NULL, &e), -EPERM);
	assert_int_equal(keyfile_destroy(path, &e), 0);
	assert_int_equal(keyfile_destroy(path, &e), 0);
	assert_int_equal(access(path, F_OK), -1);
}

static size_t load(char text[KEYFILE_MAX])
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t size = read(fd, text, KEYFILE_MAX);
	close(fd);
	assert_true(size > 0);
	return (size_t)size;
}

/* Any byte of a sealed key counts: it is no key any more, or the passphrase does not open it. */
static void a_sealed_key_is_changed(void **unused)
{
	(void)unused;
	char text[KEYFILE_MAX];
	struct err e;
	unsigned parsed = 0;
	make("correct horse");
	size_t size = load(text);
	for (size_t i = 0; i < size; i++) {
		struct keyfile file;
		struct sign_key *k = NULL;
		text[i] ^= 1;
		int r = keyfile_parse(text, size, &file, &e);
		/* More passes cost more time, and open nothing either. */
		if (r == 0 && file.cost.passes <= 3 && file.cost.memory <= 4 << 20) {
			parsed++;
			assert_int_equal(
				keyfile_open(&file, phrase("correct horse"), &k, &e), -EACCES);
		} else {
			assert_true(r == 0 || r == -EBADMSG || r == -EPROTONOSUPPORT);
		}
		text[i] ^= 1;
	}
	assert_true(parsed > 150);
	for (size_t cut = 0; cut < size; cut++) {
		struct keyfile file;
		assert_true(keyfile_parse(text, cut, &file, &e) < 0);
	}
}

static void keys_of_other_versions(void **unused)
{
	(void)unused;
	static const struct {
		const char *text;
		int expected;
	} rows[] = {
		{ "weir key 1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n", 0 },
		{ "weir key 1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\nmore\n", -EBADMSG },
		{ "weir key 1\nAAAA\n", -EBADMSG },
		{ "weir key 3\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n", -EPROTONOSUPPORT },
		{ "weir key 3\n", -EPROTONOSUPPORT },
		{ "weir key 12\nsomething else\n", -EPROTONOSUPPORT },
		{ "weir key 0\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n", -EBADMSG },
		{ "weir key x\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n", -EBADMSG },
		{ "weir key 03\n", -EBADMSG },
		{ "weir key 3",
			-EBADMSG }, /* cut off: it may have been 31, and no file of ours is */
		{ "weir key 2\nname a\nmade b\npublic AAAA\nseed AAAA\n", -EBADMSG },
		{ "", -EBADMSG },
		{ "\n", -EBADMSG },
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct keyfile file;
		struct err e;
		assert_int_equal(keyfile_parse(rows[i].text, strlen(rows[i].text), &file, &e),
			rows[i].expected);
		if (rows[i].expected == -EPROTONOSUPPORT)
			assert_non_null(strstr(e.text, "written by a later weir, version "));
	}
	/* Larger than any of ours: no reason to take it for a broken one, which is cleared away. */
	static char large[KEYFILE_MAX + 1];
	struct keyfile file;
	struct err e;
	memset(large, 'A', sizeof large);
	memcpy(large, "weir key 7\n", 11);
	assert_int_equal(keyfile_parse(large, sizeof large, &file, &e), -EPROTONOSUPPORT);
	assert_string_equal(e.text, "written by a later weir, version 7; this one reads up to 2");
}

/* Who writes the file says what a try costs: not all the memory there is. */
static void costs_are_bounded(void **unused)
{
	(void)unused;
	static const char *const costs[] = { "17 1048576", "1 1073741825", "0 1048576", "1 1024",
		"1 99999999999999999999999", "-1 1048576", "1  1048576", "1 1048576 " };
	for (size_t i = 0; i < COUNT_OF(costs); i++) {
		char text[KEYFILE_MAX];
		struct keyfile file;
		struct err e;
		int size = snprintf(text, sizeof text,
			"weir key 2\nname a\nmade b\n"
			"public AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
			"argon2id %s AAAAAAAAAAAAAAAAAAAAAA==\n"
			"sealed AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
			"AAAAAAAAAAAAAAAAAAAAAAAAAAAA\n",
			costs[i]);
		assert_int_equal(keyfile_parse(text, (size_t)size, &file, &e), -EBADMSG);
	}
}

/* --- the chain --- */

static size_t change_entry(unsigned old, unsigned by_old, unsigned new, unsigned by_new,
	const char *actor, char entry[2048])
{
	char data[KEY_CHANGE_DATA];
	/* Signatures of whom it says, or of somebody else over the same text. */
	key_change_data(&key[old], secret[by_old], &key[new], secret[by_new], data);
	return (size_t)snprintf(entry, 2048,
		"{\"actor\":\"%s\",\"at\":\"2026-11-23T00:00:00Z\",\"data\":%s,\"kind\":\"key\","
		"\"site\":\"s\",\"subject\":\"x\"}",
		actor, data);
}

static int see(struct keys *k, uint64_t at, unsigned old, unsigned new, struct err *e)
{
	char entry[2048];
	size_t size = change_entry(old, old, new, new, "a", entry);
	return keys_see(k, at, cur_of(entry, size), e);
}

static void a_chain_is_followed(void **unused)
{
	(void)unused;
	struct err e;
	for (unsigned known = 0; known < 4; known++) {
		struct keys k;
		keys_begin(&k, &key[known]);
		assert_int_equal(see(&k, 10, 0, 1, &e), 0);
		assert_int_equal(see(&k, 20, 1, 2, &e), 0);
		assert_int_equal(keys_end(&k, &e), known < 3 ? 0 : -EBADMSG);
		assert_memory_equal(keys_first(&k), &key[0], sizeof *key);
		assert_memory_equal(keys_last(&k), &key[2], sizeof *key);
		static const struct {
			uint64_t size;
			unsigned who;
		} rows[] = { { 0, 0 }, { 10, 0 }, { 11, 1 }, { 20, 1 }, { 21, 2 }, { 99, 2 } };
		for (size_t i = 0; i < COUNT_OF(rows); i++)
			assert_int_equal(keys_of(&k, rows[i].size)->id, key[rows[i].who].id);
	}
}

/* Signatures of 1 in place of those that should be there. */
static void a_change_by_one_key_alone(void **unused)
{
	(void)unused;
	static const struct {
		unsigned old, by_old, new, by_new;
		const char *says; /* NULL: it holds */
	} rows[] = {
		{ 0, 0, 1, 1, NULL },
		{ 0, 1, 1, 1, "the old key" },
		{ 0, 0, 1, 0, "the new key" },
		{ 0, 1, 1, 0, "the old key" },
		{ 0, 0, 0, 0, "was there before" },
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct keys k;
		struct err e = { 0 };
		char entry[2048];
		size_t size = change_entry(rows[i].old, rows[i].by_old, rows[i].new, rows[i].by_new,
			"a \\\" b", entry);
		keys_begin(&k, &key[0]);
		int r = keys_see(&k, 3, cur_of(entry, size), &e);
		assert_int_equal(r, rows[i].says ? -EBADMSG : 0);
		assert_int_equal(k.count, rows[i].says ? 0 : 1);
		if (rows[i].says)
			assert_says(&e, rows[i].says);
	}
}

static void a_change_out_of_turn(void **unused)
{
	(void)unused;
	struct keys k;
	struct err e = { 0 };
	keys_begin(&k, &key[0]);
	assert_int_equal(see(&k, 1, 0, 1, &e), 0);
	assert_int_equal(see(&k, 2, 0, 1, &e), -EBADMSG); /* the same entry once more */
	assert_int_equal(see(&k, 2, 0, 2, &e), -EBADMSG); /* the old key changes again */
	assert_says(&e, "the present one is");
	assert_int_equal(see(&k, 2, 1, 0, &e), -EBADMSG); /* and back */
	assert_says(&e, "was there before");
	assert_int_equal(see(&k, 2, 3, 4, &e), -EBADMSG); /* somebody else's */
	assert_int_equal(k.count, 1);
	/* As the first one a foreign change stands by itself: but nobody knows those keys. */
	keys_begin(&k, &key[0]);
	assert_int_equal(see(&k, 2, 3, 4, &e), 0);
	assert_int_equal(keys_end(&k, &e), -EBADMSG);
	assert_says(&e, "none of this ledger's");
}

/* What is not exactly of that form changes no key, whatever it says. */
static void what_changes_no_key(void **unused)
{
	(void)unused;
	char entry[2048], other[4096];
	struct keys k;
	struct err e;
	size_t size = change_entry(0, 0, 1, 1, "a", entry);
	keys_begin(&k, &key[0]);
	for (size_t cut = 0; cut < size; cut++) {
		uint8_t *bytes = malloc(cut ? cut : 1); /* the sanitizer sees what is read beyond */
		assert_non_null(bytes);
		memcpy(bytes, entry, cut);
		assert_int_equal(keys_see(&k, 0, cur_of(bytes, cut), &e), 0);
		free(bytes);
	}
	char *data = strstr(entry, "{\"by_new\"");
	snprintf(other, sizeof other,
		"{\"actor\":\"a\",\"at\":\"t\",\"data\":{\"x\":%.*s},\"kind\":\"key\",\"site\":\"s\","
		"\"subject\":\"x\"}",
		(int)(strchr(data, '}') + 1 - data), data);
	assert_int_equal(keys_see(&k, 0, cur_of(other, strlen(other)), &e), 0);
	assert_int_equal(k.count, 0);
	assert_int_equal(keys_see(&k, 0, cur_of(entry, size), &e), 0);
	assert_int_equal(k.count, 1);
}

/* A note of a head of this size, signed by these (a bit for each). */
static int check_head(const struct keys *k, uint64_t size, unsigned who, unsigned *lines)
{
	struct checkpoint c = { .size = size };
	char room[NOTE_MAX];
	struct out o = out_mem(room, sizeof room);
	struct note n;
	struct err e;
	memcpy(c.origin, origin, sizeof origin);
	checkpoint_text(&c, &o);
	size_t text = o.used;
	for (unsigned i = 0; i < ACTORS; i++)
		if (who >> i & 1)
			note_sign(&o, text, &key[i], secret[i], 0);
	assert_int_equal(note_read(cur_of(room, o.used), &n, &e), 0);
	return keys_check(k, &n, size, lines, &e);
}

static void who_may_sign_which_head(void **unused)
{
	(void)unused;
	struct keys k;
	struct err e;
	unsigned lines = 0;
	keys_begin(&k, &key[0]);
	assert_int_equal(see(&k, 10, 0, 1, &e), 0);
	assert_int_equal(check_head(&k, 10, 1, &lines), 0);
	assert_int_equal(check_head(&k, 10, 2, &lines), -ENOENT); /* the new key, too early */
	assert_int_equal(check_head(&k, 11, 1, &lines), -ENOENT); /* a stolen old key, too late */
	assert_int_equal(check_head(&k, 11, 2, &lines), 0);
	assert_int_equal(lines, 1);
	assert_int_equal(check_head(&k, 11, 3, &lines), 0);
	assert_int_equal(lines, 2);
	assert_int_equal(check_head(&k, 500, 2, &lines), 0);
	assert_int_equal(check_head(&k, 500, 2 | 16, &lines), 0);
	assert_int_equal(lines, 1); /* somebody else's line is none of ours */
}

/* --- the last head, as it is kept --- */

static struct checkpoint head_of(uint64_t size)
{
	struct checkpoint c = { .size = size };
	memcpy(c.origin, origin, sizeof origin);
	memset(c.root.b, (int)size, sizeof c.root.b);
	return c;
}

static void a_torn_head_leaves_the_one_before(void **unused)
{
	(void)unused;
	static uint8_t file[HEAD_FILE], torn[HEAD_FILE];
	struct headfile h, now;
	struct err e;
	struct checkpoint none = head_of(0);
	headfile_begin(&none, file);
	assert_int_equal(headfile_read(file, sizeof file, origin, &h, &e), 0);
	assert_int_equal(h.head.size, 0);
	for (uint64_t size = 1; size < 20; size++) {
		uint8_t slot[HEAD_SLOT];
		struct checkpoint c = head_of(size);
		uint64_t at = headfile_next(&h, &c, slot);
		for (size_t cut = 0; cut <= HEAD_SLOT; cut += 8) {
			memcpy(torn, file, sizeof file);
			memcpy(torn + at, slot, cut);
			assert_int_equal(headfile_read(torn, sizeof torn, origin, &now, &e), 0);
			bool old = now.head.size == size - 1, new = now.head.size == size;
			assert_true(old || new);
			assert_true(cut < HEAD_SLOT || new);
		}
		memcpy(file + at, slot, sizeof slot);
	}
	assert_int_equal(headfile_read(file, sizeof file, "another", &now, &e), -EPERM);
	for (size_t i = 0; i < HEAD_SLOT; i++) {
		memcpy(torn, file, sizeof file);
		torn[i] ^= 1;
		assert_int_equal(headfile_read(torn, sizeof torn, origin, &now, &e), 0);
		assert_true(now.one_broken);
		torn[HEAD_SECOND + i] ^= 1;
		assert_int_equal(headfile_read(torn, sizeof torn, origin, &now, &e), -EBADMSG);
	}
	assert_int_equal(headfile_read(file, 0, origin, &now, &e), -EBADMSG);
}

/* The slot that was written last is of a later version: the other one is an older head, which must
 * not be taken for the last one. */
static void a_head_of_a_later_version(void **unused)
{
	(void)unused;
	static uint8_t file[HEAD_FILE], later[HEAD_FILE];
	struct headfile h, now;
	struct err e;
	struct checkpoint none = head_of(0);
	headfile_begin(&none, file);
	assert_int_equal(headfile_read(file, sizeof file, origin, &h, &e), 0);
	for (uint64_t size = 1; size < 5; size++) {
		uint8_t slot[HEAD_SLOT];
		struct checkpoint c = head_of(size);
		uint64_t at = headfile_next(&h, &c, slot);
		memcpy(later, file, sizeof file);
		memcpy(file + at, slot, sizeof slot);
		slot[95] = 3; /* the last byte of the version */
		digest_sha256(slot, HEAD_SLOT - SHA256_SIZE, slot + HEAD_SLOT - SHA256_SIZE);
		memcpy(later + at, slot, sizeof slot);
		assert_int_equal(
			headfile_read(later, sizeof later, origin, &now, &e), -EPROTONOSUPPORT);
		assert_string_equal(
			e.text, "written by a later weir, version 3; this one reads up to 0");
		/* Broken off, it is no slot of any version. */
		later[at + 40] ^= 1;
		assert_int_equal(headfile_read(later, sizeof later, origin, &now, &e), 0);
		assert_true(now.one_broken && now.head.size == size - 1);
	}
}

/* --- what the key answers --- */

static struct merkle tree, fork_tree;
static struct merkle_growth growth;
static unsigned kept;
static int keep_fails;

static int keep(void *self, const void *slot, size_t size, uint64_t at, struct err *e)
{
	(void)self;
	(void)slot;
	assert_int_equal(size, HEAD_SLOT);
	assert_true(at == 0 || at == HEAD_SECOND);
	kept++;
	return keep_fails ? err_set(e, keep_fails, "the disk fails") : 0;
}

static void see_whole(void *self, unsigned height, const struct hash *h)
{
	(void)self;
	merkle_growth_whole(&growth, height, tree.size >> height, h);
}

static void grow(uint64_t to)
{
	while (tree.size < to) {
		struct hash leaf = merkle_leaf(&tree.size, sizeof tree.size);
		merkle_add(&tree, &leaf, see_whole, NULL);
	}
}

static struct keeper opened_keeper(struct keyfile *file)
{
	struct keeper k = { .keep = keep, .head = { .head = head_of(0) } };
	struct err e = { 0 };
	memcpy(k.origin, origin, sizeof origin);
	if (keyfile_read(path, file, &e) < 0 || keeper_add_key(&k, file, &e) < 0 ||
		keeper_unseal(&k, phrase(NULL), &e) < 0)
		fail_msg("%s", e.text);
	tree = fork_tree = (struct merkle){ 0 };
	growth = (struct merkle_growth){ 0 };
	kept = 0;
	keep_fails = 0;
	return k;
}

static char answer_bytes[KEEPER_ANSWER];
static struct out answer;
static int64_t now;

static uint16_t ask(struct keeper *k, uint16_t word, const void *body, size_t size)
{
	answer = out_mem(answer_bytes, sizeof answer_bytes);
	uint16_t type = keeper_answer(k, word, cur_of(body, size), now, &answer);
	assert_false(answer.failed);
	if (type == KEEPER_REFUSED) { /* as text, for those who look for words */
		memmove(answer_bytes, answer_bytes + 6, answer.used - 6);
		answer_bytes[answer.used - 6] = 0;
	}
	return type;
}

static void assert_answer(const char *words)
{
	if (!strstr(answer_bytes, words))
		fail_msg("'%s' does not say '%s'", answer_bytes, words);
}

static uint16_t ask_head(
	struct keeper *k, uint64_t size, const struct hash *root, const struct merkle_proof *proof)
{
	char room[KEEPER_ASKED];
	struct out o = out_mem(room, sizeof room);
	out_be(&o, size, 8);
	out_bytes(&o, root->b, sizeof root->b);
	out_be(&o, proof->count, 1);
	out_bytes(&o, proof->path, proof->count * sizeof *proof->path);
	return ask(k, KEEPER_SIGN, room, o.used);
}

static uint16_t ask_tree(struct keeper *k)
{
	struct merkle_proof proof;
	struct hash root = merkle_root(&tree);
	struct err e;
	assert_int_equal(merkle_growth_prove(&growth, &tree, &proof, &e), 0);
	uint16_t type = ask_head(k, tree.size, &root, &proof);
	if (type == KEEPER_SIGNED)
		merkle_growth_begin(&growth, &tree);
	return type;
}

static void assert_signed(const struct keyfile *file)
{
	struct checkpoint c = { .size = tree.size, .root = merkle_root(&tree) };
	struct note_key public = note_key_from(origin, NOTE_ED25519, file->public);
	char room[NOTE_MAX];
	struct out o = out_mem(room, sizeof room);
	struct note n;
	struct err e;
	memcpy(c.origin, origin, sizeof origin);
	checkpoint_text(&c, &o);
	out_bytes(&o, answer.at, answer.used);
	assert_int_equal(note_read(cur_of(room, o.used), &n, &e), 0);
	assert_int_equal(note_check(&n, &public, NULL, &e), 0);
}

static void heads_that_grow_are_signed(void **unused)
{
	(void)unused;
	struct keyfile file;
	make(NULL);
	struct keeper k = opened_keeper(&file);
	for (uint64_t size = 1; size < 600; size += size % 17 + 1, now += CLOCK_SECOND) {
		grow(size);
		assert_int_equal(ask_tree(&k), KEEPER_SIGNED);
		assert_signed(&file);
		assert_int_equal(k.head.head.size, size);
		unsigned before = kept;
		assert_int_equal(
			ask_tree(&k), KEEPER_SIGNED); /* again: the same, nothing to keep */
		assert_int_equal(kept, before);
	}
	assert_int_equal(k.refused_count, 0);
	keeper_done(&k);
	keyfile_done(&file);
}

static void others_are_refused(void **unused)
{
	(void)unused;
	struct keyfile file;
	make(NULL);
	struct keeper k = opened_keeper(&file);
	struct merkle_proof none = { 0 }, proof;
	struct hash root;
	struct err e;
	grow(100);
	root = merkle_root(&tree);
	assert_int_equal(ask_head(&k, 0, &root, &none), KEEPER_REFUSED);
	assert_int_equal(ask_tree(&k), KEEPER_SIGNED);
	struct hash old = root;
	old.b[3] ^= 1;
	assert_int_equal(ask_head(&k, 100, &old, &none), KEEPER_REFUSED); /* the same size */
	assert_answer("a fork is not signed");
	assert_int_equal(ask_head(&k, 99, &root, &none), KEEPER_REFUSED);
	assert_answer("the key signed a head of 100 entries, this one has 99: an older tree");
	grow(300);
	root = merkle_root(&tree);
	assert_int_equal(ask_head(&k, 300, &root, &none), KEEPER_REFUSED);
	assert_answer("does not grow out of the last one signed");
	assert_int_equal(merkle_growth_prove(&growth, &tree, &proof, &e), 0);
	for (unsigned i = 0; i < proof.count; i++) {
		proof.path[i].b[i] ^= 4;
		assert_int_equal(ask_head(&k, 300, &root, &proof), KEEPER_REFUSED);
		proof.path[i].b[i] ^= 4;
	}
	proof.count--;
	assert_int_equal(ask_head(&k, 300, &root, &proof), KEEPER_REFUSED);
	proof.count++;
	assert_int_equal(ask_head(&k, 1 << 20, &root, &proof), KEEPER_REFUSED);
	assert_int_equal(ask_head(&k, UINT64_MAX, &root, &proof), KEEPER_REFUSED);
	assert_int_equal(k.head.head.size, 100);
	assert_int_equal(k.signed_count, 1);
	assert_int_equal(ask_head(&k, 300, &root, &proof), KEEPER_SIGNED);
	keeper_done(&k);
	keyfile_done(&file);
}

static void what_is_no_question(void **unused)
{
	(void)unused;
	struct keyfile file;
	static const uint8_t zeros[8192];
	make(NULL);
	struct keeper k = opened_keeper(&file);
	uint64_t refused = 0;
	for (unsigned word = 0; word < 70000; word += word < 100 ? 1 : 997) {
		if (word == KEEPER_STATE)
			continue;
		assert_int_equal(ask(&k, (uint16_t)word, zeros, 1), KEEPER_REFUSED);
		refused++;
	}
	for (size_t size = 0; size < sizeof zeros; size += size < 100 ? 1 : 61, now += 10000000) {
		assert_int_equal(ask(&k, KEEPER_SIGN, zeros, size), KEEPER_REFUSED);
		refused++;
	}
	assert_int_equal(ask(&k, KEEPER_STATE, zeros, 1), KEEPER_REFUSED);
	assert_int_equal(k.refused_count, refused + 1);
	assert_int_equal(k.signed_count, 0);
	keeper_done(&k);
	keyfile_done(&file);
}

static void asked_too_often(void **unused)
{
	(void)unused;
	struct keyfile file;
	make(NULL);
	struct keeper k = opened_keeper(&file);
	unsigned had = 0;
	now = 0;
	grow(5);
	while (ask_tree(&k) == KEEPER_SIGNED)
		had++;
	assert_int_equal(had, KEEPER_EACH_SECOND);
	assert_answer("too often");
	now += CLOCK_SECOND / KEEPER_EACH_SECOND;
	assert_int_equal(ask_tree(&k), KEEPER_SIGNED);
	assert_int_equal(ask_tree(&k), KEEPER_REFUSED);
	now += CLOCK_SECOND;
	for (had = 0; ask_tree(&k) == KEEPER_SIGNED;)
		had++;
	assert_int_equal(had, KEEPER_EACH_SECOND);
	keeper_done(&k);
	keyfile_done(&file);
}

/* What is on the disk is not known after that: a signature might be of a head that is forgotten. */
static void a_head_that_cannot_be_kept(void **unused)
{
	(void)unused;
	struct keyfile file;
	make(NULL);
	struct keeper k = opened_keeper(&file);
	grow(5);
	keep_fails = -EIO;
	assert_int_equal(ask_tree(&k), KEEPER_REFUSED);
	keep_fails = 0;
	assert_int_equal(ask_tree(&k), KEEPER_REFUSED);
	assert_answer("nothing is signed");
	assert_int_equal(k.signed_count, 0);
	keeper_done(&k);
	keyfile_done(&file);
}

static void tries_are_counted_and_slowed(void **unused)
{
	(void)unused;
	struct keyfile file;
	make("correct horse");
	struct keeper k = opened_keeper(&file);
	grow(5);
	assert_true(keeper_is_sealed(&k));
	assert_int_equal(ask_tree(&k), KEEPER_REFUSED);
	assert_answer("the key is sealed");
	for (unsigned i = 0; i < KEEPER_TRIES - 1; i++) {
		assert_int_equal(ask(&k, KEEPER_PASSPHRASE, "wrong one", 9), KEEPER_REFUSED);
		assert_answer("does not open");
		assert_int_equal(k.wait_ms, 500u << i);
	}
	assert_false(keeper_gives_up(&k));
	assert_int_equal(ask(&k, KEEPER_PASSPHRASE, "correct horse", 13), KEEPER_IS);
	assert_int_equal(ask_tree(&k), KEEPER_SIGNED);
	assert_int_equal(ask(&k, KEEPER_PASSPHRASE, "correct horse", 13), KEEPER_REFUSED);
	keeper_done(&k);
	keyfile_done(&file);
	now += 100 * CLOCK_SECOND;
	k = opened_keeper(&file);
	for (unsigned i = 0; i < KEEPER_TRIES; i++)
		assert_int_equal(ask(&k, KEEPER_PASSPHRASE, "wrong one", 9), KEEPER_REFUSED);
	assert_true(keeper_gives_up(&k));
	assert_int_equal(ask(&k, KEEPER_PASSPHRASE, "correct horse", 13), KEEPER_REFUSED);
	assert_true(keeper_is_sealed(&k));
	keeper_done(&k);
	keyfile_done(&file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_key_sealed_and_unsealed),
		cmocka_unit_test(a_key_is_not_written_over),
		cmocka_unit_test(a_sealed_key_is_changed),
		cmocka_unit_test(keys_of_other_versions),
		cmocka_unit_test(costs_are_bounded),
		cmocka_unit_test(a_chain_is_followed),
		cmocka_unit_test(a_change_by_one_key_alone),
		cmocka_unit_test(a_change_out_of_turn),
		cmocka_unit_test(what_changes_no_key),
		cmocka_unit_test(who_may_sign_which_head),
		cmocka_unit_test(a_torn_head_leaves_the_one_before),
		cmocka_unit_test(a_head_of_a_later_version),
		cmocka_unit_test(heads_that_grow_are_signed),
		cmocka_unit_test(others_are_refused),
		cmocka_unit_test(what_is_no_question),
		cmocka_unit_test(asked_too_often),
		cmocka_unit_test(a_head_that_cannot_be_kept),
		cmocka_unit_test(tries_are_counted_and_slowed),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
