/* The process `site`: what sensors tell becomes one plant; who is new in it, what changed and what
 * was found is remembered, said in the ledger, and told to who asks.
 *
 *	weir --process site NAME MEMORY ZONES INTERFACE...	(ZONES: "" for none)
 *
 * Rows are looked at as if their sender were in foreign hands; so are entries that come back from
 * the ledger, and questions. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/child.h"
#include "base/clock.h"
#include "base/jail.h"
#include "run/process.h"
#include "run/site.h"
#include "sense/vendors.h"

/* A look costs a copy of all that is known: at most a tenth of the time goes into them.  Where
 * nothing comes, time goes on all the same. */
static const int64_t look_ns = CLOCK_SECOND / 5, again_ns = 5 * CLOCK_SECOND,
		     finish_ns = 5 * CLOCK_SECOND;
enum { TICK_MS = 50, LOOK_SHARE = 10, TURN = 64, VENDOR_FILES = 4 };

/* --- what is remembered --- */

static int read_recalled(struct watching *w, int fd, struct err *e)
{
	static uint8_t room[IPC_HEAD + IPC_BODY_MAX];
	struct ipc_message m = { .type = RECALL_ENTRY };
	while (m.type == RECALL_ENTRY) {
		struct entry_parts parts;
		int r = ipc_receive(fd, room, sizeof room, &m, e);
		if (r < 0)
			return err_in(e, "what the ledger says of the site");
		if (m.type != RECALL_ENTRY)
			break;
		entry_take_apart(m.body.at, m.body.left, &parts);
		if (strcmp(parts.actor, SITE_ACTOR) == 0)
			site_recall(w->site, &parts);
		entry_parts_free(&parts);
	}
	return m.type == RECALL_DONE
		? 0
		: err_set(e, -EIO, "what the ledger says of the site: %.*s",
			  m.type == RECALL_FAILED ? (int)m.body.left : 0, (const char *)m.body.at);
}

static int recall(struct watching *w, struct err *e)
{
	int fd = -1;
	int r = process_receive(SITE_RECALL, "channel to what the ledger says", &fd, e);
	if (r == 0)
		r = read_recalled(w, fd, e);
	if (fd >= 0)
		close(fd);
	return r;
}

/* --- set-up --- */

static struct vendors *vendors;
static struct zones *zones;

static int read_zones(struct watching *w, const char *path, struct err *e)
{
	struct conf_wrong wrong;
	size_t count;
	if (!*path)
		return 0;
	zones = zones_open(path, &wrong, e);
	if (!zones)
		return e->code;
	const struct sense_zone *list = zones_list(zones, &count);
	whole_zones(w->whole, list, count);
	return 0;
}

static int set_up(struct watching *w, char **words, struct err *e)
{
	struct whole_config config = { 0 };
	struct err without;
	const struct site_config site = { .say = said_add, .self = w };
	if (!words[0] || !words[1] || !words[2])
		return err_set(e, -EINVAL, "--process site: NAME MEMORY ZONES INTERFACE...");
	w->name = words[0];
	for (unsigned i = 0; i < SITE_SENSORS && words[3 + i]; i++)
		w->sensors[i].interface = words[3 + i];
	w->uid = geteuid();
	json_object_seed(0); /* which opens a file */
	config.memory = strtoull(words[1], NULL, 10);
	if (getrandom(&config.random, sizeof config.random, 0) != sizeof config.random)
		return err_sys(e, "random bytes");
	w->room = mmap(NULL, ASK_ROOM, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (w->room == MAP_FAILED)
		return err_sys(e, "room for answers");
	int r = whole_new(&w->whole, &config, e);
	if (r == 0)
		r = read_zones(w, words[2], e);
	vendors = r == 0 ? vendors_open(VENDORS_PATH, &without) : NULL; /* a help, not a need */
	if (r == 0)
		whole_vendors(w->whole, vendors);
	if (r == 0)
		r = site_new(&w->site, &site, e);
	if (r == 0)
		r = process_receive(SITE_LISTEN, "socket to be asked on", &w->listen_fd, e);
	if (r == 0)
		r = jail_enter(JAIL_STDIO | JAIL_CHANNEL | JAIL_SERVE, e);
	return r < 0 ? r : recall(w, e);
}

/* --- sensors --- */

static void sensor_ends(struct watching *w, unsigned i, const char *why)
{
	struct sensor *s = &w->sensors[i];
	struct out o = out_mem(s->trouble, sizeof s->trouble);
	for (const char *c = why; *c; c++)
		out_char(&o, *c >= ' ' && *c < 0x7f ? *c : '?');
	o.failed = false;
	out_text(&o);
	close(s->fd);
	s->fd = -1;
	w->changed = true;
}

/* Another process takes the place, and counts from nothing. */
static void sensor_begins(struct watching *w, unsigned i, int fd)
{
	struct sensor *s = &w->sensors[i];
	int yes = 1;
	if (s->fd >= 0)
		close(s->fd);
	whole_forget(w->whole, i);
	s->fd = fd;
	s->lives++;
	s->trouble[0] = 0;
	ioctl(fd, FIONBIO, &yes);
}

static void sensor_tells(struct watching *w, unsigned i)
{
	static uint8_t room[IPC_HEAD + ROWS_SIZE];
	struct sensor *s = &w->sensors[i];
	for (unsigned n = 0; n < TURN && s->fd >= 0; n++) {
		struct ipc_message m;
		struct err e = { 0 };
		int r = ipc_receive(s->fd, room, sizeof room, &m, &e);
		if (r == -EAGAIN)
			return;
		if (r == 0 && m.type == SENSE_ROWS)
			r = whole_take(w->whole, i, m.body, &e);
		else if (r == 0 && m.type == SENSE_TROUBLE)
			r = err_set(&e, -EIO, "%.*s", m.body.left < 100 ? (int)m.body.left : 100,
				(const char *)m.body.at);
		else if (r == 0)
			r = m.type == SENSE_DONE
				? err_set(&e, -EPIPE, "it ended")
				: err_set(&e, -EBADMSG, "a message of type %u", m.type);
		s->messages += r == 0;
		w->changed = true;
		if (r < 0)
			sensor_ends(w, i, e.text);
	}
}

/* --- looking --- */

static void look(struct watching *w, int64_t now)
{
	struct err e = { 0 };
	if (now < (w->changed ? w->look_at : w->look_again_at))
		return;
	int r = whole_plant(w->whole, &w->plant, &e);
	w->seen = r == 0;
	if (r == 0) {
		r = site_see(w->site, &w->plant, clock_wall(), &e);
		if (site_ids(w->site))
			whole_number(w->whole, site_ids(w->site));
	}
	w->changed = r < 0; /* what could not be said waits for the next look */
	w->look_took_ns = clock_monotonic() - now;
	int64_t rest = w->look_took_ns * LOOK_SHARE;
	w->look_at = now + (rest > look_ns ? rest : look_ns);
	w->look_again_at = w->look_at + again_ns;
}

/* --- the warden --- */

/* Negative: it has gone. */
static int hear_warden(struct watching *w, struct err *e)
{
	uint8_t room[IPC_HEAD + 8];
	struct ipc_message m;
	int fd = -1;
	int r = ipc_receive_fd(CHILD_CHANNEL, room, sizeof room, &m, &fd, e);
	if (r == -EAGAIN)
		return 0;
	if (r < 0)
		return r;
	w->stopping |= m.type == SITE_STOP;
	if (fd >= 0 && m.type == SITE_LEDGER)
		said_begin(w, fd);
	else if (fd >= 0 && m.type >= SITE_SENSE && m.type < SITE_SENSE + SITE_SENSORS)
		sensor_begins(w, m.type - SITE_SENSE, fd);
	else if (fd >= 0)
		close(fd);
	return 0;
}

/* --- the loop --- */

enum {
	POLL_WARDEN,
	POLL_LISTEN,
	POLL_LEDGER,
	POLL_SENSORS,
	POLL_ASKERS = POLL_SENSORS + SITE_SENSORS,
	POLLED = POLL_ASKERS + ASKERS_MAX
};

static void gather(const struct watching *w, struct pollfd p[POLLED])
{
	p[POLL_WARDEN] = (struct pollfd){ CHILD_CHANNEL, POLLIN, 0 };
	p[POLL_LISTEN] = (struct pollfd){ w->stopping ? -1 : w->listen_fd, POLLIN, 0 };
	p[POLL_LEDGER] = (struct pollfd){ w->served ? served_fd(w->served) : -1, POLLIN, 0 };
	for (unsigned i = 0; i < SITE_SENSORS; i++)
		p[POLL_SENSORS + i] = (struct pollfd){ w->sensors[i].fd, POLLIN, 0 };
	for (unsigned i = 0; i < ASKERS_MAX; i++) {
		const struct asker *a = &w->askers[i];
		short wanted = !a->answer ? POLLIN : askers_may_hear(w, a) ? POLLOUT : 0;
		p[POLL_ASKERS + i] = (struct pollfd){ a->fd, wanted, 0 };
	}
}

static int turn(struct watching *w, struct err *e)
{
	struct pollfd p[POLLED];
	gather(w, p);
	if (poll(p, POLLED, TICK_MS) < 0 && errno != EINTR)
		return err_sys(e, "wait");
	int r = p[POLL_WARDEN].revents ? hear_warden(w, e) : 0;
	for (unsigned i = 0; i < SITE_SENSORS; i++)
		if (p[POLL_SENSORS + i].revents && w->sensors[i].fd == p[POLL_SENSORS + i].fd)
			sensor_tells(w, i);
	if (p[POLL_LEDGER].revents && w->served && !w->said_sent)
		said_ends(w); /* nothing was asked: it has nothing to say but that */
	look(w, clock_monotonic());
	said_go(w);
	for (unsigned i = 0; i < ASKERS_MAX; i++) {
		struct asker *a = &w->askers[i];
		if (!p[POLL_ASKERS + i].revents || a->fd < 0)
			continue;
		if (a->answer)
			askers_hear(w, a);
		else
			askers_ask(w, a);
	}
	askers_tire(w, clock_monotonic());
	if (p[POLL_LISTEN].revents & POLLIN)
		askers_come(w);
	return r;
}

static bool senses(const struct watching *w)
{
	bool any = false;
	for (unsigned i = 0; i < SITE_SENSORS; i++)
		any |= w->sensors[i].fd >= 0;
	return any;
}

/* All that was seen is looked at and said, as long as somebody takes it. */
static void finish(struct watching *w)
{
	struct err e;
	int64_t until = clock_monotonic() + finish_ns;
	for (unsigned i = 0; i < SITE_SENSORS; i++)
		if (w->sensors[i].fd >= 0 &&
			ipc_send(w->sensors[i].fd, SENSE_STOP, NULL, 0, &e) < 0)
			sensor_ends(w, i, e.text);
	w->look_at = w->look_again_at = 0;
	while (clock_monotonic() < until && (senses(w) || w->changed || w->said_count)) {
		bool had = senses(w);
		if (turn(w, &e) < 0)
			break;
		if (had && !senses(w)) { /* that was all: it is looked at once more, now */
			w->look_at = w->look_again_at = 0;
			w->changed = true;
		}
	}
}

static int work(struct watching *w, struct err *e)
{
	int r = ipc_send(CHILD_CHANNEL, SITE_READY, NULL, 0, e);
	int yes = 1;
	ioctl(CHILD_CHANNEL, FIONBIO, &yes);
	w->began_ns = clock_wall();
	while (r >= 0 && !w->stopping)
		r = turn(w, e);
	if (r >= 0)
		finish(w);
	return r == -EPIPE ? 0 : r;
}

int site_main(char **words)
{
	static struct watching w = { .listen_fd = -1 };
	struct err e = { 0 };
	signal(SIGINT, SIG_IGN); /* to the whole group; the warden says when to end */
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	for (unsigned i = 0; i < SITE_SENSORS; i++)
		w.sensors[i].fd = -1;
	for (unsigned i = 0; i < ASKERS_MAX; i++)
		w.askers[i].fd = -1;
	int r = set_up(&w, words, &e);
	if (r == 0)
		r = work(&w, &e);
	if (r < 0)
		cli_complain(&e);
	askers_done(&w);
	served_close(w.served);
	site_free(w.site);
	whole_free(w.whole);
	zones_free(zones);
	vendors_free(vendors);
	return r < 0 ? EXIT_FAILED : EXIT_DONE;
}
