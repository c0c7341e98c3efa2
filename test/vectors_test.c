/* What others published for RFC 6962 and 9162, tlog-tiles and signed notes, and what was made from
 * their texts by a program that shares nothing with this one.  Where the folder is not at hand (it
 * is not part of the project) each of these is skipped; merkle_test.c holds the tree without it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crypt/digest.h"
#include "crypt/sign.h"
#include "disk.h"
#include "ledger/check.h"
#include "ledger/ledger.h"
#include "ledger/tile.h"

static const char *path_of(char path[512], const char *name)
{
	const char *folder = getenv("VECTORS");
	snprintf(path, 512, "%s/%s", folder ? folder : VECTORS, name);
	return path;
}

static json_t *vectors(const char *name)
{
	char path[512];
	json_t *all = json_load_file(path_of(path, name), 0, NULL);
	if (!all)
		skip();
	return all;
}

static size_t bytes_in(const json_t *text, void *to, size_t room)
{
	size_t size = 0;
	const char *base64 = json_string_value(text);
	assert_non_null(base64);
	assert_true(base64_bytes(base64, strlen(base64), to, room, &size));
	return size;
}

/* False: not the size of a hash, as some of the cases want it. */
static bool hash_at(const json_t *row, const char *key, struct hash *h)
{
	uint8_t bytes[64] = { 0 };
	const json_t *text = json_object_get(row, key);
	size_t size = json_is_string(text) ? bytes_in(text, bytes, sizeof bytes) : 0;
	memcpy(h->b, bytes, sizeof h->b);
	return size == sizeof h->b;
}

static bool proof_in(const json_t *row, struct merkle_proof *p)
{
	const json_t *list = json_object_get(row, "proof");
	*p = (struct merkle_proof){ 0 };
	for (size_t i = 0; i < json_array_size(list); i++) {
		uint8_t bytes[64] = { 0 };
		if (p->count == MERKLE_HEIGHT ||
			bytes_in(json_array_get(list, i), bytes, sizeof bytes) != HASH_SIZE)
			return false;
		memcpy(p->path[p->count++].b, bytes, HASH_SIZE);
	}
	return true;
}

/* Some of the cases have numbers of 64 bits, which come as reals; their places do not matter. */
static uint64_t number_in(const json_t *row, const char *key)
{
	double n = json_number_value(json_object_get(row, key));
	return n >= (double)UINT64_MAX ? UINT64_MAX : (uint64_t)n;
}

static bool inclusion_holds(
	const json_t *row, const char *index, const char *size, const char *leaf)
{
	struct merkle_proof p;
	struct hash of, root;
	return proof_in(row, &p) && hash_at(row, leaf, &of) && hash_at(row, "root", &root) &&
		number_in(row, index) < number_in(row, size) &&
		merkle_includes(number_in(row, index), number_in(row, size), &of, &p, &root);
}

static bool consistency_holds(const json_t *row)
{
	struct merkle_proof p;
	struct hash old, root;
	uint64_t size1 = number_in(row, "size1"), size2 = number_in(row, "size2");
	return proof_in(row, &p) && hash_at(row, "root1", &old) && hash_at(row, "root2", &root) &&
		merkle_consistent(size1, size2, &old, &root, &p);
}

static void inclusion(void **unused)
{
	(void)unused;
	json_t *all = vectors("made/inclusion.json"), *row;
	size_t i;
	json_array_foreach(all, i, row)
		assert_int_equal(inclusion_holds(row, "index", "size", "leaf"),
			json_is_true(json_object_get(row, "ok")));
	assert_true(i > 800);
	json_decref(all);
}

static void consistency(void **unused)
{
	(void)unused;
	json_t *all = vectors("made/consistency.json"), *row;
	size_t i;
	json_array_foreach(all, i, row)
		assert_int_equal(consistency_holds(row), json_is_true(json_object_get(row, "ok")));
	assert_true(i > 300);
	json_decref(all);
}

/* The cases of transparency-dev/merkle: one file each. */
static unsigned published(const char *folder, bool (*holds)(const json_t *row))
{
	char path[512], name[768];
	unsigned count = 0;
	DIR *d = opendir(path_of(path, folder));
	if (!d)
		skip();
	for (const struct dirent *at = readdir(d); at; at = readdir(d)) {
		snprintf(name, sizeof name, "%s/%s", path, at->d_name);
		json_t *row = strstr(name, ".json")
			? json_load_file(name, JSON_DECODE_INT_AS_REAL, NULL)
			: NULL;
		if (!row)
			continue;
		bool wanted = !json_is_true(json_object_get(row, "wantErr"));
		if (holds(row) != wanted)
			fail_msg("%s: %s", name, wanted ? "does not hold" : "holds");
		json_decref(row);
		count++;
	}
	closedir(d);
	return count;
}

static bool published_inclusion_holds(const json_t *row)
{
	return inclusion_holds(row, "leafIdx", "treeSize", "leafHash");
}

static void published_cases(void **unused)
{
	(void)unused;
	unsigned count = 0;
	char folder[128];
	for (int i = 0; i <= 2; i++) {
		snprintf(folder, sizeof folder, "upstream/transparency-dev-merkle/inclusion/%d", i);
		count += published(folder, published_inclusion_holds);
		snprintf(folder, sizeof folder, "upstream/transparency-dev-merkle/consistency/%d",
			i);
		count += published(folder, consistency_holds);
	}
	assert_int_equal(count, 92);
}

static void notes(void **unused)
{
	(void)unused;
	json_t *all = vectors("made/notes.json"), *row;
	size_t i, k;
	json_array_foreach(all, i, row)
	{
		const char *text = json_string_value(json_object_get(row, "note"));
		const json_t *keys = json_object_get(row, "vkeys"), *key;
		const json_t *ok = json_object_get(row, "ok");
		struct note n;
		struct err e;
		bool read = note_read(cur_of(text, strlen(text)), &n, &e) == 0;
		json_array_foreach(keys, k, key)
		{
			struct note_key public;
			char again[NOTE_KEY_TEXT];
			assert_int_equal(note_key_read(json_string_value(key), &public, &e), 0);
			note_key_text(&public, again);
			assert_string_equal(again, json_string_value(key));
			bool holds = read && note_check(&n, &public, NULL, &e) == 0;
			assert_int_equal(holds, json_is_true(json_array_get(ok, k)));
		}
	}
	assert_true(i > 100);
	json_decref(all);
}

/* --- tiles --- */

static struct sign_key *secret;
static struct note_key public;

static int sign_head(void *self, const struct checkpoint *c, const struct merkle_proof *from_last,
	struct out *o, struct err *e)
{
	(void)c;
	(void)from_last;
	(void)self;
	(void)e;
	note_sign(o, o->used, &public, secret, 0);
	return 0;
}

static void compare_tiles(struct disk *d, const json_t *tiles)
{
	const char *name;
	json_t *sum;
	void *at = json_object_iter((json_t *)(uintptr_t)tiles);
	assert_non_null(at);
	for (; at; at = json_object_iter_next((json_t *)(uintptr_t)tiles, at)) {
		uint8_t found[SHA256_SIZE];
		char text[2 * SHA256_SIZE + 1];
		size_t size = 0;
		name = json_object_iter_key(at);
		sum = json_object_iter_value(at);
		uint8_t *bytes = disk_bytes(d, name, &size);
		if (!bytes)
			fail_msg("%s is not there", name);
		digest_sha256(bytes, size, found);
		for (size_t i = 0; i < sizeof found; i++)
			snprintf(text + 2 * i, 3, "%02x", found[i]);
		if (strcmp(text, json_string_value(sum)) != 0)
			fail_msg("%s is another one", name);
	}
}

static void tiles_of_70000(void **unused)
{
	(void)unused;
	json_t *all = vectors("made/tiles.json");
	const json_t *log = json_object_get(all, "log_of_70000_decimal_leaves");
	struct disk *d = disk_new(1);
	struct files f = disk_files(d);
	struct err e = { 0 };
	const uint8_t seed[SIGN_SEED] = { 7 };
	secret = sign_key_new(seed, &e);
	public = note_key_of("vectors", NOTE_ED25519, secret);
	const struct signer s = { .origin = public.name, .key = &public, .sign = sign_head };
	const struct ledger_config config = { .files = &f, .signer = &s };
	struct ledger *l;
	struct checkpoint head;
	struct note n;
	struct hash root;
	size_t size = 0;
	assert_int_equal(ledger_open(&l, &config, 0, &e), 0);
	for (unsigned i = 0; i < 70000; i++) {
		char entry[16];
		uint64_t sequence;
		int length = snprintf(entry, sizeof entry, "%u", i);
		assert_int_equal(ledger_append(l, entry, (size_t)length, &sequence, &e), 0);
		assert_int_equal(sequence, i);
	}
	assert_int_equal(ledger_finish(l, 1, &e), 0);
	ledger_close(l);
	const uint8_t *note = disk_bytes(d, "checkpoint", &size);
	assert_int_equal(note_read(cur_of(note, size), &n, &e), 0);
	assert_int_equal(checkpoint_read(n.text, &head, &e), 0);
	assert_true(hash_at(log, "root", &root));
	assert_int_equal(head.size, 70000);
	assert_memory_equal(&head.root, &root, sizeof root);
	compare_tiles(d, json_object_get(log, "tiles"));
	disk_free(d);
	sign_key_free(secret);
	json_decref(all);
}

static void names_of_tiles(void **unused)
{
	(void)unused;
	json_t *all = vectors("made/tiles.json");
	json_t *names = json_object_get(all, "names"), *name;
	const char *key;
	json_object_foreach(names, key, name)
	{
		unsigned level, width;
		unsigned long long index;
		char found[TILE_NAME];
		assert_int_equal(sscanf(key, "%u,%llu,%u", &level, &index, &width), 3);
		tile_name(found, (int)level, index, width);
		assert_string_equal(found, json_string_value(name));
	}
	json_decref(all);
}

/* --- a whole log that another program wrote --- */

static void foreign_log(void **unused)
{
	(void)unused;
	static const char vkey[] =
		"example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx";
	char path[512];
	struct err e = { 0 };
	struct note_key key;
	struct ledger_checked found;
	int fd = open(path_of(path, "upstream/tessera-log"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		skip();
	struct files f = files_real(fd);
	assert_int_equal(note_key_read(vkey, &key, &e), 0);
	const struct ledger_check c = { .files = &f, .key = &key, .origin = key.name };
	if (ledger_check(&c, &found, &e) < 0)
		fail_msg("%s", e.text);
	assert_true(found.head.size > 10);
	key.public[3] ^= 1;
	assert_int_equal(ledger_check(&c, &found, &e), -EBADMSG);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(inclusion),
		cmocka_unit_test(consistency),
		cmocka_unit_test(published_cases),
		cmocka_unit_test(notes),
		cmocka_unit_test(tiles_of_70000),
		cmocka_unit_test(names_of_tiles),
		cmocka_unit_test(foreign_log),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
