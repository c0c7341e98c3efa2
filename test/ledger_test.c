/* The ledger on a disk that fails: whatever happens when, every acknowledged entry is there, no
 * half one is, and the tree is the one of its entries. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"
#include "disk.h"
#include "ledger/ledger.h"
#include "ledger/seal.h"
#include "ledger/tile.h"
#include "ledger/wal.h"

static struct sign_key *secret;
static struct note_key public;

static struct checkpoint signed_last; /* as the key remembers it, whatever becomes of the disk */

static int last_signed(void *self, struct checkpoint *out, struct err *e)
{
	(void)self;
	(void)e;
	*out = signed_last;
	return 0;
}

static int sign_with_key(void *self, const struct checkpoint *c,
	const struct merkle_proof *from_last, struct out *o, struct err *e)
{
	(void)self;
	if (!merkle_consistent(signed_last.size, c->size, &signed_last.root, &c->root, from_last))
		return err_set(e, -EPERM, "no proof from %llu to %llu",
			(unsigned long long)signed_last.size, (unsigned long long)c->size);
	signed_last = *c;
	note_sign(o, o->used, &public, secret, 0);
	return 0;
}

static const struct signer signer = {
	.origin = "ledger.example/test", .key = &public, .last = last_signed, .sign = sign_with_key
};

static struct disk *new_disk(uint64_t seed)
{
	signed_last = (struct checkpoint){ 0 };
	return disk_new(seed);
}

static int set_up(void **unused)
{
	(void)unused;
	struct err e;
	uint8_t seed[SIGN_SEED] = { 7 };
	secret = sign_key_new(seed, &e);
	if (!secret)
		return -1;
	public = note_key_of(signer.origin, NOTE_ED25519, secret);
	return 0;
}

static int tear_down(void **unused)
{
	(void)unused;
	sign_key_free(secret);
	return 0;
}

/* Entry n is its number and as many bytes as its number says. */
static size_t entry_of(uint64_t n, uint8_t bytes[2048])
{
	size_t size = 8 + (size_t)(n * 37 % 300);
	memset(bytes, (int)(n * 131), size);
	memcpy(bytes, &n, sizeof n);
	return size;
}

static int open_on(const struct files *f, struct ledger **l, struct err *e)
{
	const struct ledger_config config = {
		.files = f, .signer = &signer, .segment_size = WAL_LEAST, .settle_entries = 150
	};
	return ledger_open(l, &config, 0, e);
}

/* Writes until it has `until` entries or something fails; gives how many were acknowledged. */
static uint64_t write_until(struct ledger *l, uint64_t until, uint64_t seed)
{
	uint8_t bytes[2048];
	struct err e;
	int64_t now = 0;
	uint64_t acknowledged = ledger_size(l);
	for (uint64_t turn = 0; ledger_size(l) < until; turn++) {
		unsigned batch = 1 + (unsigned)((seed + turn) * 7919 % 23);
		for (unsigned i = 0; i < batch; i++) {
			uint64_t n;
			if (ledger_append(l, bytes, entry_of(ledger_size(l) + i, bytes), &n, &e) <
				0)
				return acknowledged;
		}
		if (ledger_commit(l, &e) < 0)
			return acknowledged;
		acknowledged = ledger_size(l);
		now += 40 * 1000 * 1000;
		if (ledger_tick(l, now, &e) < 0 && ledger_dead(l))
			return acknowledged;
	}
	return acknowledged;
}

/* Everything up to the checkpoint is as it was written, and the checkpoint is its signed root. */
static void check_tree(const struct files *f, uint64_t least)
{
	uint8_t note_bytes[NOTE_MAX], want[2048];
	struct note n;
	struct checkpoint c;
	struct err e;
	long size = files_load(f, "checkpoint", note_bytes, sizeof note_bytes, &e);
	assert_true(size > 0);
	assert_int_equal(note_read(cur_of(note_bytes, (size_t)size), &n, &e), 0);
	assert_int_equal(note_check(&n, &public, NULL, &e), 0);
	assert_int_equal(checkpoint_read(n.text, &c, &e), 0);
	assert_true(c.size >= least);
	struct tiles *t = malloc(sizeof *t);
	uint8_t *bundle = malloc(BUNDLE_MAX);
	struct merkle m = { 0 };
	assert_true(t && bundle);
	tiles_init(t, f, c.size);
	for (uint64_t i = 0; i * TILE_WIDTH < c.size; i++) {
		const struct hash *hashes;
		long got = bundle_read(t, i, bundle, &e);
		assert_true(got > 0);
		struct cur b = cur_of(bundle, (size_t)got);
		assert_int_equal(tiles_read(t, 0, i, &hashes, &e), 0);
		while (b.left > 0) {
			struct cur entry = bundle_next(&b);
			assert_int_equal(entry.left, entry_of(m.size, want));
			assert_memory_equal(entry.at, want, entry.left);
			struct hash leaf = merkle_leaf(entry.at, entry.left);
			assert_memory_equal(&leaf, &hashes[m.size % TILE_WIDTH], sizeof leaf);
			merkle_add(&m, &leaf, NULL, NULL);
		}
	}
	struct hash root = merkle_root(&m), of_tiles;
	assert_int_equal(m.size, c.size);
	assert_memory_equal(&root, &c.root, sizeof root);
	assert_int_equal(tiles_root(t, c.size, &of_tiles, &e), 0);
	assert_memory_equal(&of_tiles, &c.root, sizeof root);
	free(bundle);
	free(t);
}

/* Comes back after whatever happened, and goes on. */
static void recover(struct disk *d, uint64_t acknowledged)
{
	struct files f = disk_files(d);
	struct ledger *l;
	struct err e = { 0 };
	int r = open_on(&f, &l, &e);
	if (r < 0)
		fail_msg("after %llu acknowledged: %s", (unsigned long long)acknowledged, e.text);
	assert_true(ledger_size(l) >= acknowledged);
	uint64_t until = ledger_size(l) + 30;
	assert_true(write_until(l, until, 1) >= until);
	assert_int_equal(ledger_publish(l, 0, &e), 0);
	assert_int_equal(ledger_published(l), ledger_size(l));
	check_tree(&f, acknowledged);
	ledger_close(l);
}

static void entries_come_back(void **unused)
{
	(void)unused;
	struct disk *d = new_disk(1);
	struct files f = disk_files(d);
	struct err e;
	for (unsigned round = 1; round < 12; round++) {
		struct ledger *l;
		assert_int_equal(open_on(&f, &l, &e), 0);
		uint64_t have = write_until(l, round * 500, round);
		assert_true(have >= round * 500);
		assert_int_equal(ledger_publish(l, 0, &e), 0);
		check_tree(&f, have);
		ledger_close(l);
	}
	disk_free(d);
}

/* Ends the writer at its n-th call, for every n, and comes back. */
static unsigned long kill_everywhere(bool unsynced_lost, uint64_t seed)
{
	unsigned long points = 0;
	for (uint64_t n = 1;; n++) {
		struct disk *d = new_disk(seed + n);
		struct files f = disk_files(d);
		struct ledger *l = NULL;
		struct err e;
		uint64_t acknowledged = 0;
		disk_die_at(d, n);
		if (open_on(&f, &l, &e) == 0)
			acknowledged = write_until(l, 700, seed);
		bool died = disk_died(d);
		ledger_close(l);
		disk_power_lost(d, unsynced_lost);
		if (died)
			recover(d, acknowledged);
		disk_free(d);
		if (!died)
			return points;
		points++;
	}
}

static void killed_anywhere(void **unused)
{
	(void)unused;
	unsigned long points = 0;
	for (uint64_t seed = 0; seed < 3; seed++)
		points += kill_everywhere(false, seed * 1000) + kill_everywhere(true, seed * 1000);
	print_message("killed at %lu points, 0 acknowledged entries lost\n", points);
	assert_true(points > 1000);
}

/* --- what the key remembers --- */

static struct ledger *opened(const struct files *f)
{
	struct ledger *l = NULL;
	struct err e = { 0 };
	if (open_on(f, &l, &e) < 0)
		fail_msg("%s", e.text);
	return l;
}

/* A head was signed, and then nothing of it came to the disk but the log: the same head is made
 * again, and the next one grows out of it. */
static void a_signed_head_without_its_tiles(void **unused)
{
	(void)unused;
	for (uint64_t size = 1; size < 700; size += 13) {
		struct disk *d = new_disk(size), *before = disk_new(size);
		struct files f = disk_files(d), g = disk_files(before);
		struct err e = { 0 };
		struct ledger *l = opened(&f);
		write_until(l, size, 3);
		ledger_close(l);
		disk_copy(before, d);
		l = opened(&f);
		assert_int_equal(ledger_publish(l, 0, &e), 0);
		ledger_close(l);
		struct checkpoint lost = signed_last;
		assert_true(lost.size >= size);
		l = opened(&g);
		if (size % 2)
			assert_int_equal(ledger_publish(l, 0, &e), 0);
		if (size % 2)
			assert_memory_equal(&lost, &signed_last, sizeof lost);
		write_until(l, lost.size + size % 5, 4);
		if (ledger_publish(l, 0, &e) < 0)
			fail_msg("at %llu: %s", (unsigned long long)size, e.text);
		check_tree(&g, lost.size);
		ledger_close(l);
		disk_free(before);
		disk_free(d);
	}
}

/* A folder from a backup, and one that went on in another way: both hold by themselves. */
static void an_older_or_another_folder(void **unused)
{
	(void)unused;
	struct disk *d = new_disk(1), *backup = disk_new(1);
	struct files f = disk_files(d), g = disk_files(backup);
	struct err e = { 0 };
	struct ledger *l = opened(&f);
	write_until(l, 300, 1);
	assert_int_equal(ledger_finish(l, 0, &e), 0);
	ledger_close(l);
	disk_copy(backup, d);
	l = opened(&f);
	write_until(l, 500, 1);
	assert_int_equal(ledger_publish(l, 0, &e), 0);
	ledger_close(l);
	struct checkpoint newest = signed_last;
	assert_int_equal(open_on(&g, &l, &e), -EBADMSG);
	assert_non_null(strstr(e.text, "this is an older state"));
	assert_non_null(strstr(e.try, "newer copy"));
	signed_last = (struct checkpoint){ .size = 310 };
	assert_int_equal(open_on(&g, &l, &e), -EBADMSG);
	signed_last = (struct checkpoint){ .size = 290 };
	assert_int_equal(open_on(&g, &l, &e), -EBADMSG);
	assert_non_null(strstr(e.text, "another history"));
	signed_last = newest;
	signed_last.root.b[0] ^= 1;
	assert_int_equal(open_on(&f, &l, &e), -EBADMSG);
	assert_non_null(strstr(e.text, "another history"));
	disk_free(backup);
	disk_free(d);
}

/* What the key remembers is older than the folder: the tree grew out of it all the same. */
static void an_older_memory(void **unused)
{
	(void)unused;
	struct disk *d = new_disk(1);
	struct files f = disk_files(d);
	struct err e = { 0 };
	struct checkpoint early[8];
	struct ledger *l = opened(&f);
	for (unsigned i = 0; i < COUNT_OF(early); i++) {
		write_until(l, 1 + i * 83, 1);
		assert_int_equal(ledger_publish(l, 0, &e), 0);
		early[i] = signed_last;
	}
	assert_int_equal(ledger_finish(l, 0, &e), 0);
	ledger_close(l);
	for (unsigned i = 0; i < COUNT_OF(early); i++) {
		signed_last = early[i];
		l = opened(&f);
		write_until(l, ledger_size(l) + 5, 1);
		if (ledger_publish(l, 0, &e) < 0)
			fail_msg("from %llu: %s", (unsigned long long)early[i].size, e.text);
		ledger_close(l);
	}
	disk_free(d);
}

/* A disk that is full from then on: what was provided takes entries, and not one more. */
static void room_made_ahead(void **state)
{
	enum { SEGMENT = 2 * WAL_LEAST, AHEAD = 3, SIZE = 60000 };
	(void)state;
	static char entry[SIZE];
	struct disk *d = disk_new(1);
	struct files f = disk_files(d);
	struct wal *w;
	struct err e;
	assert_int_equal(wal_open(&w, &f, SEGMENT, 0, NULL, NULL, &e), 0);
	assert_int_equal(wal_provide(w, AHEAD, &e), 0);
	assert_true(disk_used(d) >= (size_t)AHEAD * SEGMENT);
	disk_room(d, disk_used(d));
	unsigned taken = 0;
	int r = 0;
	for (; r == 0 && taken < 100; taken += r == 0) {
		assert_int_equal(wal_add(w, entry, sizeof entry, &e), 0);
		r = wal_commit(w, &e);
	}
	assert_int_equal(r, -ENOSPC);
	assert_int_equal(taken, AHEAD * (SEGMENT / SIZE));
	assert_int_equal(wal_provide(w, AHEAD, &e), 0); /* fewer is no failure */
	assert_int_equal(wal_durable(w), taken);
	wal_close(w);
	disk_free(d);
}

enum { TURNS_SEGMENT = 2 * WAL_LEAST, TURNS_SIZE = 60000 };

static int write_some(struct wal *w, char letter, unsigned count, struct err *e)
{
	static char entry[TURNS_SIZE];
	int r = 0;
	memset(entry, letter, sizeof entry);
	for (unsigned i = 0; r == 0 && i < count; i++) {
		r = wal_add(w, entry, sizeof entry, e);
		if (r == 0)
			r = wal_commit(w, e);
	}
	return r;
}

struct letter {
	struct disk *disk;
	char letter;
	bool found;
};

static void look_for_letter(void *self, const char *name)
{
	struct letter *l = self;
	char text[64];
	size_t size;
	memset(text, l->letter, sizeof text);
	const uint8_t *bytes = disk_bytes(l->disk, name, &size);
	l->found |= bytes && memmem(bytes, size, text, sizeof text);
}

static bool has_letter(struct disk *d, char letter)
{
	struct letter l = { d, letter, false };
	disk_each(d, look_for_letter, &l);
	return l.found;
}

/* Segments that stand, spares, and one that was a spare and has no entry yet. */
static void nothing_outlives_a_turn(void **state)
{
	(void)state;
	struct disk *d = disk_new(1);
	struct files f = disk_files(d);
	struct wal *w;
	struct err e;
	assert_int_equal(wal_open(&w, &f, TURNS_SEGMENT, 0, NULL, NULL, &e), 0);
	assert_int_equal(write_some(w, 'a', 11, &e), 0);
	assert_int_equal(wal_forget(w, 8, &e), 0);
	assert_int_equal(write_some(w, 'a', 1, &e), 0);
	disk_fail(d, DISK_WRITE, -EIO);
	assert_int_equal(write_some(w, 'a', 1, &e), -EIO);
	disk_fail(d, DISK_WRITE, 0);
	assert_true(has_letter(d, 'a'));
	assert_int_equal(wal_turn(w, &e), 0);
	assert_int_equal(wal_turn(w, &e), 0); /* again, and of no entries */
	assert_int_equal(write_some(w, 'b', 1, &e), 0);
	assert_int_equal(wal_forget(w, 12, &e), 0);
	assert_false(has_letter(d, 'a'));
	assert_int_equal(write_some(w, 'b', 8, &e), 0);
	assert_true(has_letter(d, 'b'));
	wal_close(w);
	/* Another one comes, and knows nothing of it. */
	assert_int_equal(wal_open(&w, &f, TURNS_SEGMENT, 16, NULL, NULL, &e), 0);
	assert_int_equal(wal_durable(w), 21);
	assert_int_equal(wal_turn(w, &e), 0);
	assert_int_equal(wal_forget(w, 21, &e), 0);
	assert_false(has_letter(d, 'b'));
	assert_int_equal(write_some(w, 'c', 3, &e), 0);
	assert_int_equal(wal_durable(w), 24);
	wal_close(w);
	disk_free(d);
}

static int write_and_turn(const struct files *f, uint64_t *durable, struct err *e)
{
	struct wal *w;
	int r = wal_open(&w, f, TURNS_SEGMENT, 0, NULL, NULL, e);
	if (r < 0)
		return r;
	for (unsigned i = 0; r == 0 && i < 3; i++) {
		r = write_some(w, 'a', 3, e);
		*durable = wal_durable(w);
		if (r == 0)
			r = wal_turn(w, e);
		if (r == 0)
			r = wal_turn(w, e);
	}
	wal_close(w);
	return r;
}

/* Ended at any call of it, by the power, too: what was acknowledged is there. */
static void a_turn_loses_nothing(void **state)
{
	(void)state;
	bool died = true;
	for (uint64_t at = 1; died; at++) {
		struct disk *d = disk_new(at);
		struct files f = disk_files(d);
		uint64_t durable = 0;
		struct wal *w;
		struct err e = { 0 };
		disk_die_at(d, at);
		int r = write_and_turn(&f, &durable, &e);
		died = disk_died(d);
		assert_true(died || r == 0);
		disk_power_lost(d, at % 3 > 0);
		if (wal_open(&w, &f, TURNS_SEGMENT, 0, NULL, NULL, &e) < 0)
			fail_msg("ended at call %llu: %s", (unsigned long long)at, e.text);
		assert_in_range(wal_durable(w), durable, durable + 3);
		assert_int_equal(write_some(w, 'b', 1, &e), 0);
		wal_close(w);
		disk_free(d);
	}
}

/* Who reads a tree keeps reading it, while parts of its tiles grow and go. */
static void read_while_it_grows(void **state)
{
	(void)state;
	struct disk *d = new_disk(5);
	struct files f = disk_files(d);
	struct ledger *l;
	struct err e;
	uint8_t *bundle = malloc(BUNDLE_MAX), want[2048];
	assert_non_null(bundle);
	assert_int_equal(open_on(&f, &l, &e), 0);
	write_until(l, 20, 1);
	assert_int_equal(ledger_publish(l, 0, &e), 0);
	const uint64_t was = ledger_published(l);
	struct checkpoint head = { .size = was };
	assert_true(was < TILE_WIDTH / 2);
	for (uint64_t until = was + 20; until < was + 600; until += 20) {
		struct tiles t;
		const struct hash *hashes;
		write_until(l, until, until);
		assert_int_equal(ledger_publish(l, 0, &e), 0);
		tiles_init(&t, &f, head.size);
		assert_int_equal(tiles_read(&t, 0, 0, &hashes, &e), 0);
		long got = bundle_read(&t, 0, bundle, &e);
		assert_true(got > 0);
		struct cur b = cur_of(bundle, (size_t)got);
		for (uint64_t n = 0; n < was; n++) {
			struct cur entry = bundle_next(&b);
			const struct hash leaf = merkle_leaf(entry.at, entry.left);
			assert_int_equal(entry.left, entry_of(n, want));
			assert_memory_equal(entry.at, want, entry.left);
			assert_true(hash_same(&leaf, &hashes[n]));
		}
		assert_int_equal(b.left, 0);
	}
	assert_int_equal(ledger_finish(l, 0, &e), 0);
	ledger_close(l);
	free(bundle);
	disk_free(d);
}

/* 256 entries as the log tells them. */
static void seal_bundle(struct seal *s, uint64_t first)
{
	static char bytes[TILE_WIDTH * 10 + 1];
	struct err e = { 0 };
	struct out o = out_mem(bytes, sizeof bytes);
	for (unsigned i = 0; i < TILE_WIDTH; i++) {
		out_be(&o, 8, 2);
		out_be(&o, first + i, 8);
	}
	assert_int_equal(seal_batch(s, first, TILE_WIDTH, bytes, o.used, &e), 0);
}

/* A heap of tiles that waits in memory stands in the way of the log's syncs once it goes; but more
 * than a disk takes is not pushed into it either. */
static void tiles_go_to_the_disk(void **unused)
{
	(void)unused;
	struct disk *d = new_disk(6);
	struct files f = disk_files(d);
	struct seal *s;
	struct err e = { 0 };
	assert_int_equal(seal_open(&s, &f, &signer, &e), 0);
	seal_bundle(s, 0);
	assert_int_equal(disk_begun(d), 2); /* the bundle, and the tile of its hashes */
	seal_hurries(s, true);
	seal_bundle(s, TILE_WIDTH);
	assert_int_equal(disk_begun(d), 2);
	seal_hurries(s, false);
	seal_bundle(s, 2 * TILE_WIDTH);
	assert_int_equal(disk_begun(d), 4);
	seal_close(s);
	disk_free(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(entries_come_back),
		cmocka_unit_test(room_made_ahead),
		cmocka_unit_test(nothing_outlives_a_turn),
		cmocka_unit_test(a_turn_loses_nothing),
		cmocka_unit_test(killed_anywhere),
		cmocka_unit_test(a_signed_head_without_its_tiles),
		cmocka_unit_test(an_older_or_another_folder),
		cmocka_unit_test(an_older_memory),
		cmocka_unit_test(read_while_it_grows),
		cmocka_unit_test(tiles_go_to_the_disk),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
