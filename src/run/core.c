/* The process `core`: takes entries from whoever has some, writes them to the log, and says their
 * numbers once they are on the disk.  The tree is the sealer's work.
 *
 *	weir --process core DIR SOCKET
 *
 * The folder comes first, open and locked by the warden; DIR is its name, for messages.
 *
 * While one sync runs, messages gather in the sockets: they are the next batch.  So the batch is
 * as large as the load asks for, and one entry alone waits for one sync. */
#include "run/core.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/child.h"
#include "base/clock.h"
#include "base/jail.h"
#include "cli/cli.h"
#include "ledger/read.h"
#include "run/process.h"
#include "run/sealing.h"

#define LOG_MAX ((uint64_t)LOG_MAX_MIB << 20)

void core_end(struct core *c, int code)
{
	if (c->code < 0)
		c->code = code;
	uv_stop(&c->loop);
}

static void fail(struct core *c, const struct err *e)
{
	cli_complain(e);
	core_end(c, ledger_exit(e));
}

/* --- the sealer --- */

static void after_close(uv_handle_t *h)
{
	free(h);
}

static void lose_sealer(struct core *c)
{
	if (!c->sealing)
		return;
	uv_close((uv_handle_t *)c->sealing, after_close);
	close(c->sealer_fd);
	c->sealing = NULL;
}

/* False where it should hear of it a little later: it is busy, or there is none. */
static bool tell_sealer(struct core *c)
{
	struct err e;
	uint64_t durable = wal_durable(c->log);
	if (durable == c->told && !c->stopping)
		return true;
	if (!c->sealing ||
		sealing_say(c->sealer_fd, c->stopping ? SEALING_FINISH : SEALING_DURABLE, durable,
			&e) < 0)
		return false;
	c->told = durable;
	return true;
}

static void on_tell(uv_timer_t *timer)
{
	struct core *c = timer->data;
	c->telling = !tell_sealer(c);
	if (!c->telling)
		uv_timer_stop(timer);
}

static void tell_later(struct core *c)
{
	if (c->telling)
		return;
	c->telling = true;
	uv_timer_start(&c->tell, on_tell, TELL_MS, TELL_MS);
}

static void tell_soon(struct core *c)
{
	uint64_t more = wal_durable(c->log) - c->told;
	if (more && !(more >= TELL_ENTRIES && tell_sealer(c)))
		tell_later(c);
}

/* The log has a largest size: beyond it nothing is lost, everybody waits. */
static void wait_for_sealer(struct core *c)
{
	bool wait = wal_size(c->log) > LOG_MAX;
	if (wait == c->waiting)
		return;
	c->waiting = wait;
	clients_wait(c, wait);
	if (wait)
		cli_say("the log is full of entries that are not sealed yet: askers wait",
			"df -h, and what the sealer says");
}

/* Its room is written ahead again, so that no entry waits for it. */
static int begin_anew(struct core *c, struct err *e)
{
	int r = wal_turn(c->log, e);
	return r < 0 ? r : wal_provide(c->log, SEGMENTS_AHEAD, e);
}

/* Entries that were let go are not kept by the log: their segments are removed once they are
 * settled. Where that fails for want of room it is said once, and tried again later. */
static void turn_log(struct core *c)
{
	struct err e = { 0 };
	int r = c->turn_due ? begin_anew(c, &e) : 0;
	if (wal_dead(c->log))
		fail(c, &e);
	else if (r < 0 && !c->turn_failed)
		cli_complain(&e);
	c->turn_due = c->turn_failed = r < 0;
}

static void finish(struct core *c)
{
	struct err e = { 0 };
	int r = wal_clear(c->log, &e);
	if (r < 0)
		fail(c, &e);
	else
		core_end(c, EXIT_DONE);
}

static void open_for_all(struct core *c)
{
	struct err e = { 0 };
	char body[8 + 1];
	struct out o = out_mem(body, sizeof body);
	out_be(&o, wal_durable(c->log), 8);
	int r = clients_begin(c, &e);
	if (r == 0)
		r = ipc_send(CHILD_CHANNEL, CORE_READY, body, o.used, &e);
	c->ready = true;
	if (r < 0)
		fail(c, &e);
}

static void on_sealed(struct core *c, const struct ipc_message *m)
{
	struct err e = { 0 };
	uint64_t settled;
	if (c->code >= 0)
		return; /* it is at its end */
	int r = sealing_read(m, wal_durable(c->log), &c->published, &settled, &e);
	if (r < 0) {
		fail(c, &e);
		return;
	}
	if (wal_forget(c->log, settled, &e) < 0)
		cli_complain(&e); /* it stays a while longer */
	if (!c->stopping)
		turn_log(c);
	wait_for_sealer(c);
	if (!c->ready && !c->stopping && c->published == wal_durable(c->log))
		open_for_all(c);
	if (c->stopping && settled == wal_durable(c->log))
		finish(c);
}

static void on_sealer(uv_poll_t *poll, int status, int events)
{
	static uint8_t room[IPC_HEAD + 64];
	struct core *c = poll->data;
	struct ipc_message m;
	struct err e;
	(void)events;
	/* An error may be that it went without hearing all we said; then its last words count. */
	int r;
	do {
		r = ipc_receive(c->sealer_fd, room, sizeof room, &m, &e);
		if (r == 0)
			on_sealed(c, &m);
	} while (r == 0 && status < 0);
	if (r < 0 && (r != -EAGAIN || status < 0))
		lose_sealer(c); /* the warden brings another */
}

static void take_sealer(struct core *c, int fd)
{
	lose_sealer(c);
	uv_poll_t *poll = calloc(1, sizeof *poll);
	if (!poll || uv_poll_init(&c->loop, poll, fd) < 0) {
		free(poll);
		close(fd);
		return;
	}
	c->sealer_fd = fd;
	c->sealing = poll;
	poll->data = c;
	uv_poll_start(poll, UV_READABLE, on_sealer);
	c->told = UINT64_MAX; /* this one was told nothing yet */
	if (!tell_sealer(c))
		tell_later(c);
}

/* --- the log --- */

void core_commit(struct core *c)
{
	struct err e = { 0 };
	if (!c->pending_count)
		return;
	uint64_t before = wal_durable(c->log);
	int r = wal_commit(c->log, &e);
	uint64_t count = wal_durable(c->log) - before;
	c->batches += count > 0;
	c->largest = count > c->largest ? count : c->largest;
	if (r == -ENOSPC || r == -EDQUOT) {
		err_set(&e, r, "the disk of the ledger is full, the entry was not taken");
		err_try(&e, "df -h %s; it goes on by itself once there is room", c->dir);
	}
	if (r < 0)
		c->own_end = c->own_durable; /* its number is free again */
	else
		c->own_durable = c->own_end;
	asks_answer(c, r < 0 ? &e : NULL);
	if (wal_dead(c->log)) {
		fail(c, &e); /* what the disk has now, only a fresh start can tell */
		return;
	}
	turn_log(c);
	tell_soon(c);
	wait_for_sealer(c);
}

/* Everybody who could be heard in this turn was. */
static void on_turn_ends(uv_check_t *check)
{
	core_commit(check->data);
}

/* --- the warden --- */

static void on_too_late(uv_timer_t *timer)
{
	cli_say("the sealer did not finish in time; the log keeps what it has, for the next start",
		"");
	core_end(timer->data, EXIT_FAILED);
}

static void stop(struct core *c)
{
	if (c->stopping)
		return;
	core_commit(c);
	c->stopping = true;
	clients_done(c);
	uv_timer_start(&c->finish, on_too_late, FINISH_MS, 0);
	if (!tell_sealer(c))
		tell_later(c);
}

static void on_warden(uv_poll_t *poll, int status, int events)
{
	static uint8_t room[IPC_HEAD + 64];
	struct core *c = poll->data;
	struct ipc_message m;
	struct err e;
	int fd = -1;
	(void)events;
	int r = status < 0 ? status : ipc_receive_fd(CHILD_CHANNEL, room, sizeof room, &m, &fd, &e);
	if (r == 0 && m.type == CORE_SEALER && fd >= 0) {
		take_sealer(c, fd);
		return;
	}
	if (fd >= 0)
		close(fd);
	if (r == 0 && m.type == CORE_STOP)
		stop(c);
	else if (r != -EAGAIN)
		core_end(c, EXIT_FAILED); /* without a warden nobody would start a sealer */
}

/* --- set up --- */

static int open_log(struct core *c, struct err *e)
{
	uint64_t settled;
	int r = process_receive(WARDEN_FOLDER, "folder", &c->dir_fd, e);
	if (r < 0)
		return r;
	c->files = files_real(c->dir_fd);
	r = ledger_whose(&c->files, &c->key, e);
	if (r == 0)
		r = ledger_settled(&c->files, &c->key, &settled, e);
	if (r == 0)
		r = wal_open(&c->log, &c->files, WAL_SEGMENT, settled, NULL, NULL, e);
	if (r == 0) { /* what was let go may be in it, where the core was killed */
		r = begin_anew(c, e);
		c->turn_due = r < 0;
		r = r == -ENOSPC ? 0 : r;
	}
	if (r < 0)
		return err_in(e, "%s", c->dir), r;
	c->began_with = wal_durable(c->log);
	c->own_end = c->own_durable = c->began_with; /* who has not seen all of it looks again */
	return 0;
}

static int make_loop(struct core *c, struct err *e)
{
	int r = uv_loop_init(&c->loop);
	if (r == 0)
		r = uv_check_init(&c->loop, &c->turn_ends);
	if (r == 0)
		r = uv_check_start(&c->turn_ends, on_turn_ends);
	if (r == 0)
		r = uv_timer_init(&c->loop, &c->tell);
	if (r == 0)
		r = uv_timer_init(&c->loop, &c->finish);
	if (r == 0)
		r = uv_timer_init(&c->loop, &c->rest);
	if (r == 0)
		r = uv_poll_init(&c->loop, &c->warden, CHILD_CHANNEL);
	if (r == 0)
		r = uv_poll_start(&c->warden, UV_READABLE, on_warden);
	c->turn_ends.data = c->tell.data = c->finish.data = c->rest.data = c->warden.data = c;
	return r < 0 ? err_set(e, r, "make the loop: %s", uv_strerror(r)) : 0;
}

static int set_up(struct core *c, char **arguments, struct err *e)
{
	c->dir = arguments[0];
	if (!c->dir || !arguments[1])
		return err_set(e, -EINVAL, "which ledger, which socket?");
	if (strlen(arguments[1]) >= sizeof c->socket)
		return err_set(e, -ENAMETOOLONG, "%s: a socket's name has at most %zu bytes",
			arguments[1], sizeof c->socket - 1);
	memcpy(c->socket, arguments[1], strlen(arguments[1]));
	c->uid = getuid();
	int r = open_log(c, e);
	if (r == 0)
		r = clients_listen(c, e);
	if (r == 0)
		r = make_loop(c, e);
	return r < 0 ? r : jail_enter(JAIL_STDIO | JAIL_FOLDER | JAIL_SERVE, e);
}

static void say_end(const struct core *c)
{
	char text[256];
	snprintf(text, sizeof text,
		"took %llu entries in %llu batches, the largest of %llu; %llu refused, %llu askers "
		"let go, %llu turned away",
		(unsigned long long)(wal_durable(c->log) - c->began_with),
		(unsigned long long)c->batches, (unsigned long long)c->largest,
		(unsigned long long)c->refused, (unsigned long long)c->dropped,
		(unsigned long long)c->turned_away);
	cli_say(text, "");
}

static void close_rest(uv_handle_t *h, void *unused)
{
	(void)unused;
	if (!uv_is_closing(h))
		uv_close(h, NULL);
}

static void tidy(struct core *c)
{
	if (!c->stopping)
		clients_done(c);
	lose_sealer(c);
	uv_walk(&c->loop, close_rest, NULL);
	uv_run(&c->loop, UV_RUN_DEFAULT);
	uv_loop_close(&c->loop);
	wal_close(c->log);
	close(c->dir_fd);
}

int core_main(char **arguments)
{
	struct err e = { 0 };
	signal(SIGINT, SIG_IGN); /* to the whole group; the warden says when to end */
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	struct core *c = calloc(1, sizeof *c);
	if (!c) {
		err_sys(&e, "start the core");
		cli_complain(&e);
		return EXIT_FAILED;
	}
	c->listen_fd = c->dir_fd = c->code = -1;
	if (set_up(c, arguments, &e) < 0) {
		cli_complain(&e);
		free(c); /* the process ends, and with it whatever was opened */
		return ledger_exit(&e);
	}
	uv_run(&c->loop, UV_RUN_DEFAULT);
	if (c->ready)
		say_end(c);
	int code = c->code < 0 ? EXIT_FAILED : c->code;
	tidy(c);
	free(c);
	return code;
}
