/* The process `sealer`: follows the log that another process writes, makes the tree, publishes it
 * and brings it to the disk.  It can end at any instant: started again, it goes on from `settled`.
 *
 *	weir --process sealer
 *
 * The folder comes first, locked by the warden: while this process lives, nobody else writes there.
 * Its heads are signed by the process with the key, to which a channel comes next. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/child.h"
#include "base/clock.h"
#include "base/jail.h"
#include "cli/ledger/ledger.h"
#include "crypt/digest.h"
#include "ledger/keeper_ask.h"
#include "ledger/ledger.h"
#include "ledger/read.h"
#include "ledger/wal.h"
#include "run/process.h"
#include "run/sealing.h"

/* Behind by more than a checkpoint's entries, so many are taken at a time: between two of them the
 * head is published, and the writer heard. */
enum { STEP = 4 * PUBLISH_ENTRIES };

/* Each time all tiles are synced, which costs the disk as much for one entry as for many. */
enum { SETTLE_ENTRIES = 65536 };
static const int64_t settle_soonest_ns = CLOCK_SECOND, settle_latest_ns = 10 * CLOCK_SECOND;
static const int64_t again_ns = CLOCK_SECOND; /* after a failure that may pass */

/* Who waits for an answer goes first where there is not a core for everybody: heads have 100 ms. */
enum { NICE = 5 };

struct sealer {
	struct files files;
	struct note_key key;
	struct keeper_ask keeper;
	struct signer signer;
	struct seal *seal; /* NULL: not opened yet, or it failed and will be opened again */
	struct wal_follow *follow;
	uint64_t told;      /* entries that are durable, as the writer said last */
	uint64_t published; /* as we told the writer last */
	bool ready, finishing, troubled;
	int64_t published_ns, settled_ns, failed_ns;
};

static int find_keeper(struct sealer *s, struct err *e)
{
	int fd;
	int r = process_receive(SEALER_KEY, "channel to the key", &fd, e);
	if (r == 0)
		r = keeper_ask_open(&s->keeper, fd, s->key.name, e);
	if (r == 0)
		s->signer = keeper_ask_signer(&s->keeper);
	return r;
}

static int set_up(struct sealer *s, struct err *e)
{
	int fd;
	int r = process_receive(WARDEN_FOLDER, "folder", &fd, e);
	if (r < 0)
		return r;
	s->files = files_real(fd);
	r = ledger_whose(&s->files, &s->key, e);
	if (r == 0)
		r = find_keeper(s, e);
	digest_start();
	if (r == 0 && setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0) + NICE) < 0)
		r = err_sys(e, "let others go first");
	return r < 0 ? r : jail_enter(JAIL_STDIO | JAIL_FOLDER | JAIL_SERVE, e);
}

/* --- the tree --- */

static void drop(struct sealer *s)
{
	wal_follow_close(s->follow);
	seal_close(s->seal);
	s->follow = NULL;
	s->seal = NULL;
}

static int come_back(struct sealer *s, struct err *e)
{
	int r = seal_open(&s->seal, &s->files, &s->signer, e);
	if (r == 0)
		r = wal_follow_open(&s->follow, &s->files, seal_settled(s->seal), e);
	if (r == 0)
		r = wal_follow(s->follow, s->told, seal_batch, s->seal, e);
	return r < 0 ? r : seal_follows(s->seal, e);
}

static int settle(struct sealer *s, int64_t now, struct err *e)
{
	uint64_t waiting = seal_published(s->seal) - seal_settled(s->seal);
	int64_t since = now - s->settled_ns;
	bool due =
		waiting >= SETTLE_ENTRIES ? since >= settle_soonest_ns : since >= settle_latest_ns;
	if (!waiting || !(due || s->finishing))
		return 0;
	s->settled_ns = now;
	return seal_settle(s->seal, e);
}

static int report(struct sealer *s, struct err *e)
{
	s->published = seal_published(s->seal);
	return sealing_report(CHILD_CHANNEL, s->published, seal_settled(s->seal), e);
}

/* One step towards what the log has. */
static int work(struct sealer *s, struct err *e)
{
	int r = s->seal ? 0 : come_back(s, e);
	if (r < 0)
		return r;
	uint64_t size = seal_size(s->seal), settled = seal_settled(s->seal);
	if (s->told < size)
		return err_set(e, -EBADMSG, "the tree has %llu entries, the writer says %llu",
			(unsigned long long)size, (unsigned long long)s->told);
	uint64_t to = s->told - size > STEP ? size + STEP : s->told;
	seal_hurries(s->seal, s->told - size > PUBLISH_ENTRIES);
	r = wal_follow(s->follow, to, seal_batch, s->seal, e);
	if (r < 0)
		return r;
	int64_t now = clock_monotonic();
	uint64_t waiting = seal_size(s->seal) - seal_published(s->seal);
	bool due = waiting >= PUBLISH_ENTRIES || now - s->published_ns >= PUBLISH_NS;
	if (waiting && (due || s->finishing)) {
		s->published_ns = now;
		r = seal_publish(s->seal, e);
	}
	if (r == 0)
		r = settle(s, now, e);
	bool news = r == 0 &&
		(!s->ready || seal_published(s->seal) != s->published ||
			seal_settled(s->seal) != settled);
	s->ready |= r == 0;
	return news ? report(s, e) : r;
}

/* --- the loop --- */

static int hear(struct sealer *s, const struct ipc_message *m, struct err *e)
{
	struct cur c = m->body;
	uint64_t size = cur_be64(&c);
	if (!cur_ok(&c) || c.left || (m->type != SEALING_DURABLE && m->type != SEALING_FINISH) ||
		(s->ready && size < s->told))
		return err_set(e, -EBADMSG, "the writer says what cannot be");
	s->told = size;
	s->finishing |= m->type == SEALING_FINISH;
	return 0;
}

/* Until something is to be done; -1: until somebody speaks. */
static int timeout_ms(const struct sealer *s, int64_t now)
{
	int64_t until = -1;
	if (s->troubled)
		until = s->failed_ns + again_ns - now;
	else if (seal_size(s->seal) < s->told)
		until = 0;
	else if (seal_size(s->seal) != seal_published(s->seal))
		until = s->published_ns + PUBLISH_NS - now;
	else if (seal_published(s->seal) != seal_settled(s->seal))
		until = s->settled_ns + settle_latest_ns - now;
	else
		return -1;
	return until <= 0 ? 0 : (int)(until / 1000000) + 1;
}

/* Takes every message that is there; waits for one at most so long. */
static int listen_for(struct sealer *s, int timeout, struct err *e)
{
	static uint8_t room[IPC_HEAD + 64];
	struct pollfd p = { .fd = CHILD_CHANNEL, .events = POLLIN };
	while (poll(&p, 1, timeout) > 0) {
		struct ipc_message m;
		int r = ipc_receive(CHILD_CHANNEL, room, sizeof room, &m, e);
		if (r == 0)
			r = hear(s, &m, e);
		if (r < 0)
			return r;
		timeout = 0;
	}
	return 0;
}

static void trouble(struct sealer *s, struct err *e)
{
	if (!s->troubled) {
		err_in(e, "seal the ledger");
		err_try(e,
			"df -h; what was acknowledged is in the log, and is sealed once it can be");
		cli_complain(e);
	}
	s->troubled = true;
	s->failed_ns = clock_monotonic();
	drop(s);
}

/* What is damaged, or another's, does not get better; a full disk does. */
static bool may_pass(const struct err *e)
{
	return e->code != -EBADMSG && e->code != -EPERM && e->code != -EPIPE;
}

static int run(struct sealer *s, struct err *e)
{
	int timeout = -1;
	for (;;) {
		int r = listen_for(s, timeout, e);
		if (r < 0)
			return r == -EPIPE ? 0 : r;
		int64_t now = clock_monotonic();
		if (!s->troubled || now - s->failed_ns >= again_ns) {
			r = work(s, e);
			if (r < 0 && !may_pass(e))
				return r == -EPIPE ? 0 : r;
			if (r < 0)
				trouble(s, e);
			else
				s->troubled = false;
		}
		if (s->finishing && s->seal && seal_settled(s->seal) == s->told)
			return report(s, e); /* once more: there may have been no news */
		timeout = timeout_ms(s, clock_monotonic());
	}
}

int sealer_main(char **arguments)
{
	static struct sealer s;
	struct err e = { 0 };
	signal(SIGINT, SIG_IGN); /* to the whole group; the writer says when to end */
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	s.settled_ns = clock_monotonic();
	(void)arguments;
	int r = set_up(&s, &e);
	if (r == 0)
		r = run(&s, &e);
	drop(&s);
	if (r == 0)
		return EXIT_DONE;
	err_in(&e, "the sealer");
	cli_complain(&e);
	return ledger_exit(&e);
}
