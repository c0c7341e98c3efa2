/* ledger WHAT ...: one measurement of the ledger, or of what it is compared with; prints words and
 * numbers for ledger.py.  Entries have 256 bytes.
 *
 *	append DIR BATCH COUNT		the log written here, the tree made by a sealer beside it
 *	bare FILE BATCH COUNT ROOM	write and fdatasync; the file grows (0) or has its room
 *	sqlite FILE BATCH COUNT		rows of one table, WAL, synchronous=full
 *	clients SOCKET COUNT SECONDS	so many askers, each waiting for its own answer
 *	rate DIR RATE SECONDS MOST	so many entries a second, whether answers come or not, so
 *					many in a message at most
 *	pace FILE RATE SECONDS TILES	the same, written and synced bare; with TILES (1) somebody
 *					writes a ledger's tiles beside it
 *	verify DIR			every entry, one core
 *	proof DIR			making and checking proofs, signing
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/child.h"
#include "base/clock.h"
#include "cli/ledger/keeper.h"
#include "crypt/keyfile.h"
#include "ledger/check.h"
#include "ledger/ledger.h"
#include "ledger/read.h"
#include "ledger/tile.h"
#include "ledger/wal.h"
#include "run/process.h"
#include "run/sealing.h"
#include "ledger_tool.h"

/* --- the library, with its sealer beside it --- */

static struct child sealer;
static uint64_t published, settled;

static void hear_sealer(struct wal *w, int timeout_ms)
{
	uint8_t room[IPC_HEAD + 64];
	struct pollfd p = { .fd = sealer.channel, .events = POLLIN };
	for (; poll(&p, 1, timeout_ms) > 0; timeout_ms = 0) {
		struct ipc_message m;
		int r = ipc_receive(sealer.channel, room, sizeof room, &m, &e);
		if (r == -EPIPE && settled == wal_durable(w))
			return; /* it has finished */
		need(r == 0 && sealing_read(&m, wal_durable(w), &published, &settled, &e) == 0 &&
				wal_forget(w, settled, &e) == 0,
			"the sealer");
	}
}

/* As `weir ledger serve` does it. */
static void start_sealer(const struct ledger_home *h, struct ledger_keeper *k)
{
	const char *arguments[] = { h->dir, NULL };
	need(child_start(&sealer, "sealer", arguments, &e) == 0, "start");
	need(ipc_send_fd(sealer.channel, WARDEN_FOLDER, h->fd, &e) == 0, "the folder");
	need(ipc_send_fd(sealer.channel, SEALER_KEY, k->child.channel, &e) == 0, "the key");
	close(k->child.channel);
	k->child.channel = -1;
}

static int append(char **words)
{
	uint64_t batch = strtoull(words[1], NULL, 10), count = strtoull(words[2], NULL, 10);
	char text[SIZE + 1];
	struct wal *w;
	struct samples syncs = samples_new();
	struct ledger_home home;
	struct ledger_keeper keeper = { 0 };
	struct key_paths paths;
	struct checkpoint head;
	static char note[NOTE_MAX + 1];
	need(ledger_home_open(&home, words[0], &e) == 0, "open");
	need(ledger_keeper_open(&keeper, &paths, &home, NULL, NULL, &e) == 0, "the key");
	need(ledger_head(&home.files, &home.key, &head, note, &e) == 0, "the head");
	need(wal_open(&w, &home.files, WAL_SEGMENT, head.size, NULL, NULL, &e) == 0, "the log");
	start_sealer(&home, &keeper);
	need(sealing_say(sealer.channel, SEALING_DURABLE, wal_durable(w), &e) == 0, "tell");
	hear_sealer(w, 10000);
	size_t size = entry_of(0, text);
	uint64_t told = wal_durable(w), end = told + count;
	int64_t began = clock_monotonic(), told_ns = began;
	double cpu_began = cpu();
	while (wal_durable(w) < end) {
		for (uint64_t i = 0; i < batch && wal_next(w) < end; i++)
			need(wal_add(w, text, size, &e) == 0, "add");
		int64_t before = clock_monotonic();
		need(wal_commit(w, &e) == 0, "commit");
		int64_t now = clock_monotonic();
		sample(&syncs, now - before);
		if (wal_durable(w) - told >= 1024 || now - told_ns > 20000000) {
			need(sealing_say(sealer.channel, SEALING_DURABLE, told = wal_durable(w),
				     &e) == 0,
				"tell");
			told_ns = now;
			hear_sealer(w, 0);
		}
		while (wal_size(w) > (uint64_t)512 << 20)
			hear_sealer(w, 1000);
	}
	int64_t durable = clock_monotonic();
	double cpu_used = cpu() - cpu_began;
	need(sealing_say(sealer.channel, SEALING_DURABLE, wal_durable(w), &e) == 0, "tell");
	while (published < end)
		hear_sealer(w, 1000);
	int64_t sealed = clock_monotonic();
	printf("rate %.0f\nsealed %.0f\ncpu %.0f\n", (double)count / seconds(durable - began),
		(double)count / seconds(sealed - began), (double)count / cpu_used);
	print_samples("sync", &syncs);
	free(syncs.us10);
	need(sealing_say(sealer.channel, SEALING_FINISH, wal_durable(w), &e) == 0, "finish");
	while (settled < end)
		hear_sealer(w, 1000);
	need(child_stop(&sealer, 60000, &e) == 0, "stop");
	need(ledger_keeper_stop(&keeper, &e) == 0, "stop");
	need(wal_clear(w, &e) == 0, "clear");
	wal_close(w);
	return 0;
}

/* --- what it is compared with --- */

static int bare(char **words)
{
	uint64_t batch = strtoull(words[1], NULL, 10), count = strtoull(words[2], NULL, 10);
	bool room = atoi(words[3]) > 0;
	struct samples syncs = samples_new();
	uint8_t *bytes = malloc(batch * SIZE);
	int fd = open(words[0], O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	need(bytes && fd >= 0, words[0]);
	memset(bytes, 'x', batch * SIZE);
	for (uint64_t at = 0; room && at < count; at += batch)
		need(write(fd, bytes, batch * SIZE) == (ssize_t)(batch * SIZE), "write");
	need(fsync(fd) == 0, "sync");
	int64_t began = clock_monotonic();
	for (uint64_t at = 0; at < count; at += batch) {
		need(pwrite(fd, bytes, batch * SIZE, (off_t)(at * SIZE)) == (ssize_t)(batch * SIZE),
			"write");
		int64_t before = clock_monotonic();
		need(fdatasync(fd) == 0, "sync");
		sample(&syncs, clock_monotonic() - before);
	}
	printf("rate %.0f\n", (double)count / seconds(clock_monotonic() - began));
	print_samples("sync", &syncs);
	free(bytes);
	close(fd);
	return 0;
}

static int sqlite(char **words)
{
	uint64_t batch = strtoull(words[1], NULL, 10), count = strtoull(words[2], NULL, 10);
	char text[SIZE + 1];
	sqlite3 *db;
	sqlite3_stmt *insert;
	size_t size = entry_of(0, text);
	need(sqlite3_open(words[0], &db) == 0 &&
			sqlite3_exec(db,
				"PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
				"CREATE TABLE entry(n INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT;",
				NULL, NULL, NULL) == 0 &&
			sqlite3_prepare_v2(
				db, "INSERT INTO entry(body) VALUES(?)", -1, &insert, NULL) == 0,
		"sqlite");
	int64_t began = clock_monotonic();
	for (uint64_t at = 0; at < count; at += batch) {
		need(sqlite3_exec(db, "BEGIN", NULL, NULL, NULL) == 0, "begin");
		for (uint64_t i = 0; i < batch; i++) {
			sqlite3_bind_blob(insert, 1, text, (int)size, SQLITE_STATIC);
			need(sqlite3_step(insert) == SQLITE_DONE, "insert");
			sqlite3_reset(insert);
		}
		need(sqlite3_exec(db, "COMMIT", NULL, NULL, NULL) == 0, "commit");
	}
	printf("rate %.0f\n", (double)count / seconds(clock_monotonic() - began));
	sqlite3_finalize(insert);
	sqlite3_close(db);
	return 0;
}

/* --- reading --- */

static struct files open_ledger(
	const char *dir, struct note_key *key, struct checkpoint *head, char note[NOTE_MAX + 1])
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	need(fd >= 0, dir);
	struct files f = files_real(fd);
	need(ledger_whose(&f, key, &e) == 0 && ledger_head(&f, key, head, note, &e) == 0, dir);
	return f;
}

static int verify(char **words)
{
	static char note[NOTE_MAX + 1];
	struct note_key key;
	struct checkpoint head;
	struct ledger_checked found;
	struct files f = open_ledger(words[0], &key, &head, note);
	const struct ledger_check c = { .files = &f, .key = &key, .origin = key.name };
	int64_t began = clock_monotonic();
	double cpu_began = cpu();
	need(ledger_check(&c, &found, &e) == 0, "check");
	printf("entries %llu\nrate %.0f\ncpu %.0f\n", (unsigned long long)found.head.size,
		(double)found.head.size / seconds(clock_monotonic() - began),
		(double)found.head.size / (cpu() - cpu_began));
	return 0;
}

static int proof(char **words)
{
	enum { TIMES = 2000 };
	static char note[NOTE_MAX + 1], text[NOTE_MAX * 2], path[4096];
	struct note_key key;
	struct checkpoint head;
	struct merkle_proof p;
	struct tiles *t = malloc(sizeof *t);
	struct sign_key *secret;
	struct files f = open_ledger(words[0], &key, &head, note);
	struct out o = out_mem(text, sizeof text);
	need(t && head.size, "an empty ledger");
	need(ledger_prove(&f, &head, note, head.size / 3, &o, &e) == 0, "prove");
	printf("size %zu\n", o.used);
	tiles_init(t, &f, head.size);
	need(merkle_prove_inclusion(tiles_hash, t, head.size / 3, head.size, &p, &e) == 0, "prove");
	struct hash leaf;
	need(tiles_hash(t, 0, head.size / 3, &leaf, &e) == 0, "leaf");
	double began = cpu();
	for (unsigned i = 0; i < TIMES; i++)
		need(merkle_includes(head.size / 3, head.size, &leaf, &p, &head.root), "proof");
	printf("check-us %.2f\n", (cpu() - began) * 1e6 / TIMES);
	struct note n;
	began = cpu();
	for (unsigned i = 0; i < TIMES; i++)
		need(note_read(cur_of(note, strlen(note)), &n, &e) == 0 &&
				note_check(&n, &key, NULL, &e) == 0,
			"signature");
	printf("signature-us %.2f\n", (cpu() - began) * 1e6 / TIMES);
	snprintf(path, sizeof path, "%s.key", words[0]);
	need(keyfile_load(path, &secret, &e) == 0, path);
	uint8_t signature[SIGN_SIZE];
	began = cpu();
	for (unsigned i = 0; i < TIMES; i++)
		sign_bytes(secret, note, n.text.left, signature);
	printf("sign-us %.2f\n", (cpu() - began) * 1e6 / TIMES);
	sign_key_free(secret);
	free(t);
	return 0;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int words;
		int (*run)(char **words);
	} rows[] = { { "append", 3, append }, { "bare", 4, bare }, { "sqlite", 3, sqlite },
		{ "clients", 3, clients }, { "rate", 4, rate }, { "pace", 4, pace },
		{ "verify", 1, verify }, { "proof", 1, proof } };
	if (argc > 3 && strcmp(argv[1], "--process") == 0)
		return (strcmp(argv[2], "key") == 0 ? key_main : sealer_main)(argv + 3);
	signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; argc > 1 && i < COUNT_OF(rows); i++)
		if (strcmp(argv[1], rows[i].name) == 0 && argc == rows[i].words + 2)
			return rows[i].run(argv + 2);
	fprintf(stderr, "usage: ledger append|bare|sqlite|clients|rate|pace|verify|proof ...\n");
	return 2;
}
