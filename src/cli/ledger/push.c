/* weir ledger push: what a place for copies has not yet. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/every.h"
#include "cli/ledger/ledger.h"
#include "cli/ledger/lock.h"
#include "cli/ledger/place.h"
#include "crypt/digest.h"
#include "ledger/push.h"

struct push_opts {
	struct ledger_opts ledger;
	struct place_opts place;
	const char *every, *also;
	bool once_each;
};

struct pushing {
	struct every every;
	struct ledger_home *home;
	struct ledger_shelf shelf;
	struct place *place;
	const struct push_sent *sent;
	struct checkpoint last; /* that the place has, as far as we brought it, */
	struct note_key key;    /* and the key that it names */
};

static int step(void *self, uint64_t entries, struct err *e)
{
	struct pushing *p = self;
	return every_step(&p->every, entries, e);
}

static void say(struct pushing *p, const struct pushed *done)
{
	struct out *o = p->every.cli->out;
	const char *name = p->place->remote.name;
	if (done->had == done->head.size)
		out_fmt(o, "%s has all %llu %s\n", name, (unsigned long long)done->head.size,
			ledger_entries(done->head.size));
	else
		out_fmt(o, "%s has %llu %s now, %llu of them new: %llu files, %llu bytes\n", name,
			(unsigned long long)done->head.size, ledger_entries(done->head.size),
			(unsigned long long)(done->head.size - done->had),
			(unsigned long long)done->files, (unsigned long long)done->bytes);
	if (done->gone)
		out_fmt(o, "of %llu entries, let go or moved, it has the hashes alone%s\n",
			(unsigned long long)done->gone,
			p->shelf.fd < 0 ? " (--also DIR pushes those that were moved)" : "");
}

static int push_once(void *self, bool *final, struct err *e)
{
	struct pushing *p = self;
	struct pushed done;
	struct checkpoint head = { 0 };
	char note[NOTE_MAX + 1];
	int r = ledger_whose(&p->home->files, &p->home->key, e); /* it may change as this goes on */
	if (r == 0)
		r = ledger_home_head(p->home, &head, note, e);
	if (r < 0)
		return r;
	if (p->last.size == head.size && hash_same(&p->last.root, &head.root) &&
		note_key_same(&p->key, &p->home->key))
		return 0;
	const struct push push_it = { .files = &p->shelf.both,
		.more = p->shelf.fd >= 0,
		.key = &p->home->key,
		.to = &p->place->remote,
		.once = p->sent,
		.step = step,
		.self = p };
	r = push(&push_it, &done, e);
	*final = done.refused || r == -EACCES || r == -EPERM || r == -EINVAL;
	if (r < 0)
		return r;
	p->last = done.head;
	p->key = p->home->key;
	say(p, &done);
	return 0;
}

static int not_itself(const struct ledger_home *h, const struct place *p, struct err *e)
{
	struct stat a, b;
	if (p->fd < 0 || fstat(h->fd, &a) < 0 || fstat(p->fd, &b) < 0 || a.st_ino != b.st_ino ||
		a.st_dev != b.st_dev)
		return 0;
	return err_set(e, -EINVAL, "%s is the ledger itself", p->remote.name);
}

/* The place by a few digits: a ledger may be sent to several. */
static void name_sent(const char *ledger, const char *where, char *name, size_t room)
{
	uint8_t digest[SHA256_SIZE];
	digest_sha256(where, strlen(where), digest);
	snprintf(name, room, "%s.sent-%02x%02x%02x%02x", ledger, digest[0], digest[1], digest[2],
		digest[3]);
}

/* What is read from here on somebody else wrote: at the place, or in a ledger that came as a copy.
 */
static int lock_it(
	const struct push_opts *o, const struct ledger_home *h, const char *where, struct err *e)
{
	struct lock l = { .words = JAIL_STDIO | JAIL_FOLDER };
	lock_ledger(&l, h->dir, JAIL_LOOK);
	lock_ledger(&l, o->also, JAIL_LOOK);
	lock_place(&l, where, &o->place, JAIL_WORK);
	if (o->once_each)
		lock_beside(&l, h->dir, JAIL_WORK); /* what was sent */
	return lock_close(&l, e);
}

static int run_push(struct cli *cli, const void *opts, struct err *e)
{
	const struct push_opts *o = opts;
	struct ledger_home h;
	struct place place = { .fd = -1 };
	struct beside beside = { .fd = -1 };
	char name[300];
	struct push_sent sent = { &beside.files, name };
	struct pushing p = { .every = { .cli = cli, .once = push_once, .self = &p },
		.home = &h,
		.shelf.fd = -1,
		.place = &place,
		.sent = o->once_each ? &sent : NULL };
	if (every_read(o->every, &p.every.seconds, e) < 0)
		return EXIT_ASKED_WRONGLY;
	if (cli->operand_count != 1) {
		err_set(e, -EINVAL, "one place to push to is wanted: a folder or a URL");
		err_try(e, "weir ledger push --help");
		return EXIT_ASKED_WRONGLY;
	}
	const char *where = cli->operands[0];
	int r = ledger_home_open(&h, o->ledger.dir, e);
	if (r == 0)
		r = ledger_shelf_open(&p.shelf, &h, o->also, e);
	if (r == 0)
		r = place_open(&place, where, &o->place, PLACE_WRITE, e);
	if (r == 0)
		r = not_itself(&h, &place, e);
	if (r == 0 && o->once_each) {
		r = beside_open(&beside, h.dir, e);
		name_sent(beside.name, where, name, sizeof name);
	}
	if (r == 0)
		r = lock_it(o, &h, where, e);
	if (r == 0)
		r = every_run(&p.every, e);
	beside_close(&beside);
	place_close(&place);
	ledger_shelf_close(&p.shelf);
	ledger_home_close(&h);
	return r < 0 ? ledger_exit(e) : EXIT_DONE;
}

static const struct opt push_opts[] = {
	LEDGER_DIR_OPT,
	EVERY_OPT(push_opts, "go on until ^C, looking for new entries so often"),
	{ OPT_FLAG, 0, "once-each", NULL,
		"files are taken away from PLACE: what was sent is kept beside the ledger",
		offsetof(struct push_opts, once_each), NULL },
	LEDGER_ALSO_OPT(push_opts),
	PLACE_OPTS(push_opts),
	{ 0 },
};

static const char *const push_examples[] = { "weir ledger push /mnt/usb/north",
	"a stick gets what is new since the last time",
	"weir ledger push --every 10 https://records.example/north",
	"a web server that takes PUT, until ^C",
	"weir ledger push --once-each --every 60 /srv/diode/out",
	"a folder that a data diode empties",
	"weir ledger push --credentials /etc/weir/s3 s3+https://s3.example/bucket/north",
	"a bucket", NULL };

const struct verb verb_ledger_push = {
	.name = "ledger push",
	.operands = "PLACE",
	.brief = "Copy the ledger to a folder, a web server or a bucket: what is new",
	.about =
		"Every file is checked on its way; the checkpoint goes last, so that a copy is never "
		"ahead of its tiles. A push that was cut off goes on where it was. A place that holds "
		"another ledger, another history or more than there is here stays as it is, and the exit "
		"code is 4. Keys, the log and what else is local never leave.",
	.examples = push_examples,
	.opts_size = sizeof(struct push_opts),
	.opts = push_opts,
	.run = run_push,
};
