/* The process with the signing key: reads it and the last head it signed, locks itself, and answers
 * what ledger/keeper.h allows.  It ends when its channel closes.
 *
 *	weir --process key KEY HEAD NAME [KEY-BEFORE]
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/child.h"
#include "base/ipc.h"
#include "base/jail.h"
#include "cli/cli.h"
#include "crypt/digest.h"
#include "crypt/guarded.h"
#include "ledger/keeper.h"
#include "run/process.h"

struct key {
	struct keeper keeper;
	struct keyfile files[KEEPER_KEYS];
	int head_fd;
	const char *head_path;
	uint8_t asked[KEEPER_ASKED];
	char answer[KEEPER_ANSWER];
};

/* No other process of the same user looks into this one, and no file has its memory.  The tools
 * that find leaks look in just that way. */
static void keep_memory_inside(void)
{
	struct rlimit none = { 0, 0 };
	setrlimit(RLIMIT_CORE, &none);
	if (jail_holds())
		prctl(PR_SET_DUMPABLE, 0);
}

static int keep_slot(void *self, const void *slot, size_t size, uint64_t at, struct err *e)
{
	struct key *k = self;
	ssize_t done;
	do
		done = pwrite(k->head_fd, slot, size, (off_t)at);
	while (done < 0 && errno == EINTR);
	if (done >= 0 && (size_t)done < size)
		errno = ENOSPC;
	if (done != (ssize_t)size || fdatasync(k->head_fd) < 0)
		return err_sys(e, "keep the last signed head in %s", k->head_path);
	return 0;
}

static void wait_ms(unsigned ms)
{
	if (ms)
		poll(NULL, 0, (int)ms);
}

/* One process signs at a time.  The one before may be on its way out: who started it was killed,
 * and is started again at once. */
static int lock_head(const struct key *k, struct err *e)
{
	enum { STEP_MS = 20, MOST_MS = 2000 };
	for (unsigned waited = 0; flock(k->head_fd, LOCK_EX | LOCK_NB) < 0; waited += STEP_MS) {
		if (waited >= MOST_MS)
			return err_set(
				e, -EBUSY, "%s: another process signs with this key", k->head_path);
		wait_ms(STEP_MS);
	}
	return 0;
}

static int open_head(struct key *k, struct err *e)
{
	uint8_t bytes[HEAD_FILE];
	k->head_fd = open(k->head_path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (k->head_fd < 0 && errno == ENOENT) {
		err_set(e, -ENOENT,
			"%s is gone: nobody knows what head the key signed last, and an older tree "
			"must not be signed",
			k->head_path);
		return err_try(e, "weir ledger key remember");
	}
	if (k->head_fd < 0)
		return err_sys(e, "open %s", k->head_path);
	if (lock_head(k, e) < 0)
		return e->code;
	ssize_t got = pread(k->head_fd, bytes, sizeof bytes, 0);
	if (got < 0)
		return err_sys(e, "read %s", k->head_path);
	int r = headfile_read(bytes, (size_t)got, k->keeper.origin, &k->keeper.head, e);
	return r < 0 ? err_in(e, "%s", k->head_path), r : 0;
}

static int set_up(struct key *k, char **words, struct err *e)
{
	int count = 0;
	while (words[count])
		count++;
	if (count < 3 || count > 4 || !note_name_fits(words[2]))
		return err_set(e, -EINVAL, "--process key: KEY HEAD NAME [KEY-BEFORE]");
	snprintf(k->keeper.origin, sizeof k->keeper.origin, "%s", words[2]);
	k->head_path = words[1];
	k->keeper.keep = keep_slot;
	k->keeper.self = k;
	digest_start();
	int r = 0;
	for (int i = 0; r == 0 && i < count; i += 3) {
		struct keyfile *file = &k->files[i / 3];
		r = keyfile_read(words[i], file, e);
		if (r == 0)
			r = keeper_add_key(&k->keeper, file, e);
	}
	if (r == 0)
		r = open_head(k, e);
	return r < 0 ? r : keeper_unseal(&k->keeper, (struct passphrase){ NULL, 0 }, e);
}

int key_lock(struct err *e)
{
	return jail_enter(JAIL_STDIO | JAIL_CHANNEL | JAIL_KEEP | JAIL_SECRETS, e);
}

/* Until the other end goes.  `broken`: what every question is answered with, if anything. */
static int serve(struct key *k, const struct err *broken, struct err *e)
{
	for (;;) {
		struct ipc_message m;
		struct out answer = out_mem(k->answer, sizeof k->answer);
		uint16_t type;
		int r = ipc_receive(CHILD_CHANNEL, k->asked, sizeof k->asked, &m, e);
		if (r == -EPIPE)
			return 0;
		if (r < 0 && r != -EBADMSG && r != -EMSGSIZE)
			return r;
		if (r < 0 || broken)
			type = keeper_refuse(&k->keeper, r < 0 ? e : broken, &answer);
		else
			type = keeper_answer(
				&k->keeper, m.type, m.body, clock_monotonic(), &answer);
		guarded_wipe(k->asked, sizeof k->asked);
		wait_ms(k->keeper.wait_ms);
		r = ipc_send(CHILD_CHANNEL, type, answer.at, answer.used, e);
		if (r == -EPIPE || broken || keeper_gives_up(&k->keeper))
			return 0;
		if (r < 0)
			return r;
	}
}

int key_main(char **arguments)
{
	static struct key k = { .head_fd = -1 };
	struct err e = { 0 }, broken = { 0 };
	/* Whoever asks ends first, and closes the channel: heads may have to be signed until then.
	 */
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	keep_memory_inside();
	set_up(&k, arguments, &broken);
	int r = key_lock(&e);
	if (r == 0)
		r = serve(&k, broken.code ? &broken : NULL, &e);
	keeper_done(&k.keeper);
	guarded_wipe(k.files, sizeof k.files);
	if (k.keeper.refused_count > k.keeper.tries && !broken.code)
		fprintf(stderr, "<4>key: signed=%llu refused=%llu\n",
			(unsigned long long)k.keeper.signed_count,
			(unsigned long long)k.keeper.refused_count);
	if (r < 0)
		cli_complain(&e);
	return r < 0 || broken.code ? EXIT_FAILED : EXIT_DONE;
}
