/* weir ledger follow: a copy that takes over only what continues what it has. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/child.h"
#include "base/clock.h"
#include "base/ipc.h"
#include "base/json.h"
#include "cli/ledger/cosigner.h"
#include "cli/every.h"
#include "cli/ledger/ledger.h"
#include "cli/ledger/lock.h"
#include "cli/ledger/place.h"
#include "ledger/follow.h"

enum { KEEP_MS = 60000 }; /* somebody else may be writing there */

struct follow_opts {
	struct ledger_opts ledger;
	struct place_opts place;
	const char *every, *key, *cosign, *alarm_to, *also;
};

struct following {
	struct every every;
	const struct follow_opts *o;
	struct place *copy, *from, also;
	struct remote_pair both;
	struct remote source; /* the two of them */
	struct beside *beside;
	struct note_key key;
	bool given; /* and the copy has not been held against it yet */
	struct cosigner_key witness;
	struct child keeper; /* of evidence */
	bool said;           /* the first time is told, too, where nothing is new */
};

static int step(void *self, uint64_t entries, struct err *e)
{
	struct following *f = self;
	return every_step(&f->every, entries, e);
}

/* --- an alarm in a ledger of our own --- */

static size_t alarm_entry(
	struct following *f, const char *ours, const char *theirs, char *text, size_t room)
{
	struct out o = out_mem(text, room);
	struct json j = json_on(&o);
	json_open(&j, '{');
	json_kv_str(&j, "kind", "alarm");
	json_kv_str(&j, "subject", f->key.name);
	json_key(&j, "data");
	json_open(&j, '{');
	json_kv_str(&j, "what", "fork");
	json_kv_str(&j, "source", f->from->remote.name);
	json_kv_str(&j, "before", ours);
	json_kv_str(&j, "now", theirs);
	json_close(&j, '}');
	json_close(&j, '}');
	out_char(&o, '\n');
	return o.failed ? 0 : o.used;
}

/* The process that keeps it was started before the lock on this one. */
static int hand_over(
	struct following *f, uint16_t word, const char *text, size_t size, struct err *e)
{
	static char room[IPC_HEAD + sizeof e->text];
	struct ipc_message m;
	int r = ipc_send(f->keeper.channel, word, text, size, e);
	if (r == 0)
		r = ipc_await(f->keeper.channel, KEEP_MS, room, sizeof room, &m, e);
	if (r == 0 && m.type != EVIDENCE_KEPT)
		r = err_set(e, -EIO, "%.*s", (int)m.body.left, (const char *)m.body.at);
	return r;
}

static int on_evidence(void *self, uint64_t fork_size, const char *text, size_t size, struct err *e)
{
	static char message[3 * NOTE_MAX];
	struct out o = out_mem(message, sizeof message);
	out_be(&o, fork_size, 8);
	out_bytes(&o, text, size);
	return o.failed ? err_set(e, -EMSGSIZE, "it is too large")
			: hand_over(self, EVIDENCE_FILE, message, o.used, e);
}

static void on_alarm(void *self, const char *ours, const char *theirs)
{
	static char entry[48 * 1024];
	struct following *f = self;
	struct err e = { 0 };
	if (!f->o->alarm_to)
		return;
	size_t size = alarm_entry(f, ours, theirs, entry, sizeof entry);
	int r = size ? hand_over(f, EVIDENCE_ENTRY, entry, size, &e)
		     : err_set(&e, -EMSGSIZE, "it is too large");
	if (r < 0) {
		err_in(&e, "the alarm did not come into %s", f->o->alarm_to);
		cli_complain(&e);
	}
}

/* --- following --- */

static void say(struct following *f, const struct followed *done)
{
	struct out *o = f->every.cli->out;
	unsigned long long size = done->head.size, new = size - done->had;
	if (new)
		out_fmt(o, "%s has %llu %s now, %llu of them new: %llu files, %llu bytes\n",
			f->o->ledger.dir, size, ledger_entries(size), new,
			(unsigned long long)done->files, (unsigned long long)done->bytes);
	else if (!f->said)
		out_fmt(o, "%s has all %llu %s\n", f->o->ledger.dir, size, ledger_entries(size));
	if (done->gone)
		out_fmt(o, "of %llu entries, let go or moved, it has the hashes alone%s\n",
			(unsigned long long)done->gone,
			f->o->also ? "" : " (--also PLACE has those that were moved)");
	f->said = true;
}

static int follow_once(void *self, bool *final, struct err *e)
{
	struct following *f = self;
	struct followed done;
	const struct follow follow_it = { .from = &f->source,
		.copy = &f->copy->files,
		.key = f->given ? &f->key : NULL,
		.beside = &f->beside->files,
		.name = f->beside->name,
		.as = f->witness.secret ? &f->witness.public : NULL,
		.secret = f->witness.secret,
		.now_seconds = (uint64_t)(clock_wall() / CLOCK_SECOND),
		.alarm = on_alarm,
		.keep = on_evidence,
		.step = step,
		.self = f };
	int r = place_again(f->from, e);
	if (r == 0)
		r = place_again(&f->also, e);
	if (r < 0)
		return r; /* it may come back */
	r = follow(&follow_it, &done, e);
	/* An older head or a file that is not there yet may be mended by waiting; a fork is not. */
	*final = done.fork || r == -EPERM || r == -EACCES;
	if (r == 0) {
		f->given = false; /* from now on the copy knows best, as keys change */
		say(f, &done);
	}
	return r;
}

/* Given, or known from the first time. */
static int choose_key(struct following *f, struct err *e)
{
	f->given = f->o->key;
	if (f->given)
		return ledger_key_read(f->o->key, &f->key, e);
	int r = ledger_whose(&f->copy->files, &f->key, e);
	if (r == -ENOENT) {
		err_set(e, -EINVAL, "whose ledger is it?");
		err_try(e, "--key NAME+ID+BASE64, as who runs it says it (not as its folder does)");
		return -EINVAL;
	}
	return r;
}

/* What is read from here on somebody else wrote. */
static int lock_it(const struct following *f, struct err *e)
{
	struct lock l = { .words = JAIL_STDIO | JAIL_FOLDER | JAIL_CHANNEL | JAIL_SECRETS };
	lock_ledger(&l, f->o->ledger.dir, JAIL_WORK);
	lock_beside(&l, f->o->ledger.dir, JAIL_NAMES); /* whether there is evidence */
	lock_place(&l, f->every.cli->operands[0], &f->o->place, JAIL_LOOK);
	if (f->o->also)
		lock_place(&l, f->o->also, &f->o->place, JAIL_LOOK);
	if (f->every.seconds && f->from->fd >= 0)
		lock_renewed(&l, f->every.cli->operands[0]);
	if (f->every.seconds && f->also.fd >= 0)
		lock_renewed(&l, f->o->also);
	return lock_close(&l, e);
}

static int follow_it(struct following *f, struct err *e)
{
	int r = choose_key(f, e);
	if (r == 0 && f->o->cosign)
		r = cosigner_read(f->o->cosign, &f->witness, e);
	if (r == 0)
		r = beside_open(f->beside, f->o->ledger.dir, e);
	if (r == 0)
		r = place_open(f->from, f->every.cli->operands[0], &f->o->place, PLACE_READ, e);
	f->source = f->from->remote;
	if (r == 0 && f->o->also) {
		r = place_open(&f->also, f->o->also, &f->o->place, PLACE_READ, e);
		f->both = (struct remote_pair){ &f->from->remote, &f->also.remote };
		f->source = remote_both(&f->both);
	}
	if (r == 0) {
		const char *const words[] = { f->o->ledger.dir, f->o->alarm_to, NULL };
		r = child_start(&f->keeper, "evidence", words, e);
	}
	if (r == 0)
		r = lock_it(f, e);
	if (r == 0)
		r = every_run(&f->every, e);
	return r;
}

static int run_follow(struct cli *cli, const void *opts, struct err *e)
{
	const struct place_opts none = { 0 };
	struct place copy = { .fd = -1 }, from = { .fd = -1 };
	struct beside beside = { .fd = -1 };
	struct following f = { .every = { .cli = cli, .once = follow_once, .self = &f },
		.o = opts,
		.copy = &copy,
		.from = &from,
		.also.fd = -1,
		.keeper.channel = -1,
		.beside = &beside };
	if (every_read(f.o->every, &f.every.seconds, e) < 0)
		return EXIT_ASKED_WRONGLY;
	if (cli->operand_count != 1 || !f.o->ledger.dir) {
		err_set(e, -EINVAL, "%s",
			cli->operand_count == 1 ? "where shall the copy be?"
						: "one source is wanted: a folder or a URL");
		err_try(e, "weir ledger follow SOURCE --dir COPY --key KEY");
		return EXIT_ASKED_WRONGLY;
	}
	if (strstr(f.o->ledger.dir, "://"))
		return err_set(e, -EINVAL, "--dir: a copy that is followed is a folder"),
		       EXIT_ASKED_WRONGLY;
	int r = place_open(&copy, f.o->ledger.dir, &none, PLACE_WRITE, e);
	if (r == 0)
		r = follow_it(&f, e);
	if (f.keeper.channel >= 0)
		close(f.keeper.channel);
	sign_key_free(f.witness.secret);
	beside_close(&beside);
	place_close(&f.also);
	place_close(&from);
	place_close(&copy);
	return r == -EINVAL ? EXIT_ASKED_WRONGLY : r < 0 ? ledger_exit(e) : EXIT_DONE;
}

#define TEXT_OPT(member, name, value, help)                                                        \
	{                                                                                          \
		OPT_TEXT, 0, name, value, help, offsetof(struct follow_opts, member), NULL         \
	}

static const struct opt follow_opts[] = {
	{ OPT_TEXT, 'd', "dir", "COPY", "the folder of the copy",
		offsetof(struct follow_opts, ledger.dir), NULL },
	TEXT_OPT(key, "key", "KEY", "a public key of the ledger, name+id+base64; wanted once"),
	TEXT_OPT(cosign, "cosign", "FILE", "sign as a witness, too: weir ledger witness key"),
	TEXT_OPT(alarm_to, "alarm-to", "DIR", "a ledger that gets an entry when a fork is seen"),
	TEXT_OPT(also, "also", "PLACE", "where entries were moved to, read with SOURCE"),
	EVERY_OPT(follow_opts, "go on until ^C, looking for new entries so often"),
	PLACE_OPTS(follow_opts),
	{ 0 },
};

static const char *const follow_examples[] = {
	"weir ledger follow https://records.example/north --dir /srv/north --key plant.example/north+5c1a...",
	"take over what is new, if it continues what is here",
	"weir ledger follow /srv/diode/in --dir /srv/north --every 60 --cosign /etc/weir/witness",
	"the far end of a diode, as a witness, until ^C", NULL
};

const struct verb verb_ledger_follow = {
	.name = "ledger follow",
	.operands = "SOURCE",
	.brief = "Keep a copy of a ledger, and take over only what continues it",
	.about =
		"A head is taken over when its signature holds, when it continues what the copy has, and "
		"when every new entry hashes into it; else the copy stays as it is, with exit code 4. "
		"Two signed heads that do not agree are a fork: both are kept in COPY.fork-SIZE, and "
		"nothing is followed until somebody takes that file away.",
	.examples = follow_examples,
	.opts_size = sizeof(struct follow_opts),
	.opts = follow_opts,
	.run = run_follow,
};
