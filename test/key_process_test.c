/* The process with the key, as its own process: what it signs, what it refuses, what it remembers.
 * This program is that process too, when it is started as one. */
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
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/child.h"
#include "base/ipc.h"
#include "base/jail.h"
#include "ledger/keeper_ask.h"
#include "run/process.h"

static const char origin[] = "ledger.example/test";
static char folder[] = "/tmp/weir-key-process-XXXXXX";
static char key_path[96], head_path[96], before_path[96];

static struct merkle tree;
static struct merkle_growth growth;
static struct note_key public;

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

static struct checkpoint head_now(void)
{
	struct checkpoint c = { .size = tree.size, .root = merkle_root(&tree) };
	memcpy(c.origin, origin, sizeof origin);
	return c;
}

static void write_head(const struct checkpoint *c, const char *path)
{
	uint8_t bytes[HEAD_FILE];
	headfile_begin(c, bytes);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_int_equal(write(fd, bytes, sizeof bytes), sizeof bytes);
	close(fd);
}

static struct note_key make_key(const char *path, struct passphrase p)
{
	struct sign_key *k;
	struct err e = { 0 };
	unlink(path);
	if (keyfile_make(path, origin, 0, p, &keyfile_cost_least, &k, &e) < 0)
		fail_msg("%s", e.text);
	struct note_key made = note_key_of(origin, NOTE_ED25519, k);
	sign_key_free(k);
	return made;
}

static struct passphrase phrase(const char *text)
{
	return (struct passphrase){ text, text ? strlen(text) : 0 };
}

static void fresh(const char *passphrase)
{
	tree = (struct merkle){ 0 };
	growth = (struct merkle_growth){ 0 };
	struct checkpoint none = head_now();
	public = make_key(key_path, phrase(passphrase));
	write_head(&none, head_path);
}

static int start_with(struct child *c, struct keeper_ask *a, const char *before, struct err *e)
{
	const char *words[] = { key_path, head_path, origin, before, NULL };
	int r = child_start(c, "key", words, e);
	return r < 0 ? r : keeper_ask_open(a, c->channel, origin, e);
}

static void start(struct child *c, struct keeper_ask *a)
{
	struct err e = { 0 };
	if (start_with(c, a, NULL, &e) < 0)
		fail_msg("%s", e.text);
}

static void stop(struct child *c)
{
	struct err e = { 0 };
	if (child_stop(c, 10000, &e) < 0)
		fail_msg("%s", e.text);
}

static int sign(struct keeper_ask *a, const struct checkpoint *c, struct note *n,
	char note[NOTE_MAX], struct err *e)
{
	struct signer s = keeper_ask_signer(a);
	struct merkle_proof proof;
	struct out o = out_mem(note, NOTE_MAX);
	checkpoint_text(c, &o);
	int r = merkle_growth_prove(&growth, &tree, &proof, e);
	if (r == 0)
		r = s.sign(s.self, c, &proof, &o, e);
	if (r == 0)
		r = note_read(cur_of(note, o.used), n, e);
	if (r == 0)
		merkle_growth_begin(&growth, &tree);
	return r;
}

static void assert_signs(struct keeper_ask *a)
{
	char bytes[NOTE_MAX];
	struct checkpoint c = head_now();
	struct note n;
	struct err e = { 0 };
	if (sign(a, &c, &n, bytes, &e) < 0 || note_check(&n, &public, NULL, &e) < 0)
		fail_msg("%s", e.text);
}

static void assert_refuses(
	struct keeper_ask *a, const struct checkpoint *c, int code, const char *words)
{
	char bytes[NOTE_MAX];
	struct note n;
	struct err e = { 0 };
	assert_int_equal(sign(a, c, &n, bytes, &e), code);
	if (!strstr(e.text, words))
		fail_msg("'%s' does not say '%s'", e.text, words);
}

/* --- tests --- */

static void heads_are_signed_and_remembered(void **unused)
{
	(void)unused;
	struct child c;
	struct keeper_ask a;
	struct err e;
	fresh(NULL);
	for (uint64_t size = 10; size < 100; size += 10) {
		start(&c, &a);
		assert_int_equal(a.state.last.size, tree.size);
		assert_true(note_key_same(&a.state.keys[0], &public));
		grow(size);
		assert_signs(&a);
		assert_signs(&a); /* the same again, after a crash of whoever asks */
		if (size % 20)
			stop(&c);
		else {
			kill(c.pid, SIGKILL); /* its own crash: what was given out is remembered */
			assert_int_equal(child_stop(&c, 1000, &e), -EIO);
		}
	}
}

static void older_and_forked_ones_are_not(void **unused)
{
	(void)unused;
	struct child c;
	struct keeper_ask a;
	fresh(NULL);
	grow(50);
	struct checkpoint older = head_now();
	start(&c, &a);
	grow(100);
	assert_signs(&a);
	assert_refuses(&a, &older, -EPERM, "an older tree is not signed");
	struct checkpoint other = head_now();
	other.root.b[31] ^= 1;
	assert_refuses(&a, &other, -EPERM, "a fork is not signed");
	stop(&c);
	start(&c, &a); /* and not after it was started again */
	assert_refuses(&a, &older, -EPERM, "the key signed a head of 100 entries, this one has 50");
	assert_refuses(&a, &other, -EPERM, "a fork is not signed");
	grow(120);
	struct merkle_growth true_growth = growth;
	growth.peaks[0].b[0] ^= 1;
	struct checkpoint c120 = head_now();
	assert_refuses(&a, &c120, -EPERM, "does not grow out of the last one signed");
	growth = true_growth;
	assert_signs(&a);
	assert_int_equal(keeper_ask_state(&a, &(struct err){ 0 }), 0);
	assert_int_equal(a.state.refused_count, 3);
	assert_int_equal(a.state.signed_count, 1);
	stop(&c);
}

static void what_is_no_question(void **unused)
{
	(void)unused;
	static const struct {
		const char *bytes;
		size_t size;
	} rows[] = {
		{ "x", 1 }, { "\0\1\0\0\0\0\0\1", 8 }, /* shorter than it says */
		{ "\0\1\0\1\0\0\0\0", 8 },             /* no zero where one belongs */
		{ "\0\11\0\0\0\0\0\0", 8 },            /* an unknown word */
		{ "\0\3\0\0\0\0\0\4abcd", 12 },        /* half a question */
		{ "\0\2\0\0\0\0\0\4abcd", 12 },        /* a passphrase for an open key */
		{ "\200\2\0\0\0\0\0\0", 8 },           /* an answer */
	};
	static uint8_t large[KEEPER_ASKED + 100], room[KEEPER_ASKED];
	struct child c;
	struct keeper_ask a;
	struct ipc_message m;
	struct err e;
	fresh(NULL);
	grow(5);
	start(&c, &a);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		assert_int_equal(send(c.channel, rows[i].bytes, rows[i].size, 0), rows[i].size);
		assert_int_equal(ipc_await(c.channel, 30000, room, sizeof room, &m, &e), 0);
		assert_int_equal(m.type, KEEPER_REFUSED);
	}
	assert_int_equal(send(c.channel, large, sizeof large, 0), sizeof large);
	assert_int_equal(ipc_await(c.channel, 30000, room, sizeof room, &m, &e), 0);
	assert_int_equal(m.type, KEEPER_REFUSED);
	assert_signs(&a); /* it lives, and works */
	assert_int_equal(keeper_ask_state(&a, &e), 0);
	assert_int_equal(a.state.refused_count, COUNT_OF(rows) + 1);
	stop(&c);
}

static int by_size(const void *x, const void *y)
{
	int64_t a = *(const int64_t *)x, b = *(const int64_t *)y;
	return (a > b) - (a < b);
}

/* What the disk takes for the same bytes, and nothing else. */
static int64_t bare_sync(void)
{
	static int64_t took[200];
	uint8_t slot[HEAD_SLOT] = { 0 };
	int fd = open(before_path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(posix_fallocate(fd, 0, HEAD_FILE), 0);
	for (size_t i = 0; i < COUNT_OF(took); i++) {
		int64_t from = clock_monotonic();
		slot[0]++;
		assert_int_equal(pwrite(fd, slot, sizeof slot, i % 2 * HEAD_SECOND), sizeof slot);
		assert_int_equal(fdatasync(fd), 0);
		took[i] = clock_monotonic() - from;
	}
	close(fd);
	qsort(took, COUNT_OF(took), sizeof *took, by_size);
	return took[COUNT_OF(took) / 2];
}

/* As many as are let through at once; the sealer asks for ten a second, and 366 at the very most.
 */
static void how_fast_and_how_often(void **unused)
{
	(void)unused;
	static int64_t took[KEEPER_EACH_SECOND];
	struct child c;
	struct keeper_ask a;
	char bytes[NOTE_MAX];
	struct note n;
	struct err e = { 0 };
	fresh(NULL);
	start(&c, &a);
	int64_t began = clock_monotonic();
	for (size_t i = 0; i < COUNT_OF(took); i++) {
		grow(tree.size + 4096);
		struct checkpoint head = head_now();
		int64_t from = clock_monotonic();
		if (sign(&a, &head, &n, bytes, &e) < 0)
			fail_msg("%zu: %s", i, e.text);
		took[i] = clock_monotonic() - from;
	}
	int64_t all = 0, spent = clock_monotonic() - began;
	for (size_t i = 0; i < COUNT_OF(took); i++)
		all += took[i];
	qsort(took, COUNT_OF(took), sizeof *took, by_size);
	print_message(
		"%.0f signatures a second; there and back %.0f us, p99 %.0f us; the disk alone "
		"%.0f us\n",
		COUNT_OF(took) * 1e9 / (double)all, (double)took[COUNT_OF(took) / 2] / 1e3,
		(double)took[COUNT_OF(took) * 99 / 100] / 1e3, (double)bare_sync() / 1e3);
	/* The same head again costs no disk, so asking is faster than it is allowed. */
	unsigned more = 0;
	struct checkpoint head = head_now();
	while (sign(&a, &head, &n, bytes, &e) == 0)
		more++;
	assert_int_equal(e.code, -EBUSY);
	assert_non_null(strstr(e.text, "too often"));
	spent = clock_monotonic() - began;
	assert_true(COUNT_OF(took) + more <=
		KEEPER_EACH_SECOND * (2 + (uint64_t)(spent / CLOCK_SECOND)));
	stop(&c);
}

static void a_sealed_key(void **unused)
{
	(void)unused;
	struct child c;
	struct keeper_ask a;
	struct err e = { 0 };
	fresh("correct horse");
	grow(5);
	start(&c, &a);
	struct checkpoint head = head_now();
	assert_true(a.state.sealed);
	assert_true(note_key_same(&a.state.keys[0], &public));
	assert_refuses(&a, &head, -EACCES, "the key is sealed");
	int64_t from = clock_monotonic();
	assert_int_equal(keeper_ask_unseal(&a, phrase("wrong horse"), &e), -EACCES);
	assert_true(clock_monotonic() - from > CLOCK_SECOND / 4); /* it takes its time */
	assert_int_equal(keeper_ask_unseal(&a, phrase("correct horse"), &e), 0);
	assert_false(a.state.sealed);
	assert_signs(&a);
	stop(&c);
}

/* Two keys of one ledger: the head has a line of each. */
static void while_keys_change(void **unused)
{
	(void)unused;
	struct child c;
	struct keeper_ask a;
	char bytes[NOTE_MAX];
	struct note n;
	struct err e = { 0 };
	fresh(NULL);
	struct note_key old = make_key(before_path, phrase(NULL));
	grow(7);
	if (start_with(&c, &a, before_path, &e) < 0)
		fail_msg("%s", e.text);
	struct checkpoint head = head_now();
	assert_int_equal(sign(&a, &head, &n, bytes, &e), 0);
	assert_int_equal(n.count, 2);
	assert_int_equal(note_check(&n, &public, NULL, &e), 0);
	assert_int_equal(note_check(&n, &old, NULL, &e), 0);
	assert_true(note_key_same(keeper_ask_signer(&a).before, &old));
	stop(&c);
}

static void assert_does_not_start(int code, const char *words)
{
	struct child c;
	struct keeper_ask a;
	struct err e = { 0 }, late;
	assert_int_equal(start_with(&c, &a, NULL, &e), code);
	if (!strstr(e.text, words))
		fail_msg("'%s' does not say '%s'", e.text, words);
	assert_int_equal(child_stop(&c, 10000, &late), -EIO);
}

static void what_it_does_not_start_with(void **unused)
{
	(void)unused;
	struct child c;
	struct keeper_ask a;
	fresh(NULL);
	start(&c, &a);
	assert_does_not_start(-EBUSY, "another process signs with this key");
	stop(&c);
	struct checkpoint other = head_now();
	memcpy(other.origin, "another", sizeof "another");
	write_head(&other, head_path);
	assert_does_not_start(-EPERM, "another ledger");
	assert_int_equal(truncate(head_path, 17), 0);
	assert_does_not_start(-EBADMSG, "damaged");
	unlink(head_path);
	assert_does_not_start(-ENOENT, "nobody knows what head the key signed last");
	fresh(NULL);
	assert_int_equal(truncate(key_path, 17), 0);
	assert_does_not_start(-EBADMSG, "no key");
	unlink(key_path);
	assert_does_not_start(-ENOENT, "open the key file");
}

/* --- the jail --- */

static bool open_to_read(void)
{
	return open("/dev/null", O_RDONLY | O_CLOEXEC) >= 0;
}

static bool make_socket(void)
{
	return socket(AF_UNIX, SOCK_STREAM, 0) >= 0;
}

static bool start_process(void)
{
	return fork() >= 0;
}

static bool remove_file(void)
{
	return unlink("/nowhere/at/all") == 0;
}

/* Whether the real one is locked, and its memory stays inside. */
static void is_locked(const struct child *c)
{
	char path[64], text[4096];
	snprintf(path, sizeof path, "/proc/%d/status", (int)c->pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t size = read(fd, text, sizeof text - 1);
	close(fd);
	assert_true(size > 0);
	text[size] = 0;
	assert_non_null(strstr(text, "Seccomp:\t2"));
	assert_non_null(strstr(text, "NoNewPrivs:\t1"));
	struct rlimit core;
	assert_int_equal(prlimit(c->pid, RLIMIT_CORE, NULL, &core), 0);
	assert_int_equal(core.rlim_max, 0);
}

static void anything_else_ends_it(void **unused)
{
	(void)unused;
	static bool (*const acts[])(
		void) = { open_to_read, make_socket, start_process, remove_file };
	struct child c;
	struct keeper_ask a;
	if (!jail_holds())
		skip(); /* a build with a sanitizer has no jail */
	fresh(NULL);
	start(&c, &a);
	is_locked(&c);
	stop(&c);
	for (size_t i = 0; i < COUNT_OF(acts); i++) {
		pid_t pid = fork();
		assert_true(pid >= 0);
		if (pid == 0) {
			struct err e;
			_exit(key_lock(&e) < 0 ? 1 : acts[i]() ? 2 : 3);
		}
		int status = 0;
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status));
		assert_int_equal(WTERMSIG(status), SIGSYS);
	}
}

static int set_up(void **unused)
{
	(void)unused;
	if (!mkdtemp(folder))
		return -1;
	snprintf(key_path, sizeof key_path, "%s/key", folder);
	snprintf(head_path, sizeof head_path, "%s/key.head", folder);
	snprintf(before_path, sizeof before_path, "%s/key.old", folder);
	return 0;
}

static int tear_down(void **unused)
{
	(void)unused;
	unlink(key_path);
	unlink(head_path);
	unlink(before_path);
	return rmdir(folder);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(heads_are_signed_and_remembered),
		cmocka_unit_test(older_and_forked_ones_are_not),
		cmocka_unit_test(what_is_no_question),
		cmocka_unit_test(how_fast_and_how_often),
		cmocka_unit_test(a_sealed_key),
		cmocka_unit_test(while_keys_change),
		cmocka_unit_test(what_it_does_not_start_with),
		cmocka_unit_test(anything_else_ends_it),
	};
	if (argc > 2 && strcmp(argv[1], "--process") == 0)
		return key_main(argv + 3);
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
