/* weir ledger prune: entries that may go. */
#include "cli/ledger/prune.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "ledger/check.h"

/* --- what both do --- */

void pruning_print_ranges(const struct pruning *p, const char *verb)
{
	const struct prune_range *go = p->plan.go.list, *kept = p->plan.kept.list;
	for (size_t i = 0, end; i < p->plan.go.count; i = end) {
		for (end = i + 1; end < p->plan.go.count; end++)
			if (go[end].first != go[end - 1].last + 1)
				break;
		out_fmt(p->cli->out, "%s entries %llu to %llu\n", verb,
			(unsigned long long)go[i].first, (unsigned long long)go[end - 1].last);
	}
	for (size_t i = 0; i < p->plan.kept.count; i++)
		out_fmt(p->cli->out,
			"entries %llu to %llu stay, though an entry let them go: they may not any "
			"more\n",
			(unsigned long long)kept[i].first, (unsigned long long)kept[i].last);
	out_fmt(p->cli->out, "%s %llu %s in all\n", verb, (unsigned long long)p->plan.entries,
		ledger_entries(p->plan.entries));
}

static long long days_left(const struct retain_verdict *v)
{
	return (v->left_s + DAY_S - 1) / DAY_S;
}

/* Who keeps the rest, with an example of each. */
void pruning_print_stays(const struct pruning *p)
{
	struct out *o = p->cli->out;
	for (unsigned why = OWN_KIND; why < RETAIN_WHYS; why++) {
		const struct retain_verdict *v = &p->plan.example[why];
		unsigned long long by = v->by, at = p->plan.example_at[why];
		if (!p->plan.stay[why])
			continue;
		out_fmt(o, "%llu %s: ", (unsigned long long)p->plan.stay[why],
			p->plan.stay[why] == 1 ? "bundle stays" : "bundles stay");
		if (why == OWN_KIND)
			out_fmt(o, "they have entries of the ledger's own, such as %llu\n", at);
		else if (why == NOT_UNDERSTOOD)
			out_fmt(o, "they have entries in no form of ours, such as %llu\n", at);
		else if (why == HELD)
			out_fmt(o, "entry %llu, for one, is held by %llu\n", at, by);
		else if (why == NOT_PROMISED)
			out_fmt(o, "no promise ends for kind %s, of entry %llu for one\n",
				entry_kinds[v->kind].name, at);
		else if (p->o->to)
			out_str(o, "they are not from before that time\n");
		else if (why == TOGETHER_TOO_YOUNG)
			out_fmt(o,
				"a bundle goes as a whole, and the newest entry up to %llu, for one, is "
				"too young for kind %s, which entry %llu promised: %lld days left at "
				"least\n",
				at, entry_kinds[v->kind].name, by, days_left(v));
		else
			out_fmt(o,
				"entry %llu promised them; of entry %llu there are %lld days left "
				"at least\n",
				by, at, days_left(v));
	}
	if (p->plan.elsewhere)
		out_fmt(o, "%llu %s not looked at (--also DIR does)\n",
			(unsigned long long)p->plan.elsewhere,
			p->plan.elsewhere == 1 ? "bundle was moved and is"
					       : "bundles were moved and are");
}

int pruning_write(struct pruning *p, struct ledger_own *w, struct err *e)
{
	const char *to = p->o->to ? p->to : NULL;
	struct prune_tell at = { 0 };
	ledger_own_obey(w, p->rules, to ? 0 : p->until_s);
	for (;;) {
		json_t *data;
		uint64_t sequence;
		int r = prune_data(&p->plan, &at, p->until_s, to, &data, e);
		if (r < 0 || !data)
			return r;
		const char *what = json_object_get(data, "kept") ? "kept" : to ? "moved" : "let go";
		r = ledger_own_write(w, "retention", what, data, &sequence, e);
		if (r < 0)
			return r;
		p->wrote = true;
	}
}

void pruning_done(struct pruning *p)
{
	prune_plan_done(&p->plan);
	retain_free(p->rules);
	ledger_shelf_close(&p->shelf);
}

/* What was moved stays where it is now. */
int pruning_remove(struct pruning *p, const struct ledger_home *h, struct err *e)
{
	int r = ledger_forget(h, p->rules, &p->plan, e);
	if (r == 0)
		r = prune_remove(&p->plan, &h->files, e);
	if (r == 0 && p->shelf.fd >= 0 && !p->o->to)
		r = prune_remove(&p->plan, &p->shelf.there, e);
	return r;
}

/* --- the verb --- */

/* The newest time that a witness put under a checkpoint of this ledger. */
static int witness_time(struct pruning *p, const struct note_key *ledger, struct err *e)
{
	static char bytes[NOTE_MAX];
	struct note_key witness;
	struct note n;
	uint64_t seconds = 0;
	int r = note_key_read(p->o->witness, &witness, e);
	if (r < 0)
		return err_in(e, "--witness"), r;
	int fd = open(p->o->cosigned, O_RDONLY | O_CLOEXEC);
	ssize_t size = fd < 0 ? -1 : read(fd, bytes, sizeof bytes);
	r = size < 0 ? err_sys(e, "read %s", p->o->cosigned) : 0;
	if (fd >= 0)
		close(fd);
	if (r == 0)
		r = note_read(cur_of(bytes, (size_t)size), &n, e);
	if (r == 0)
		r = note_check(&n, ledger, NULL, e);
	if (r == 0)
		r = note_check(&n, &witness, &seconds, e);
	if (r == 0 && (witness.kind != NOTE_COSIGNATURE || !seconds))
		r = err_set(e, -EINVAL, "a witness's signature has a time, this one has none");
	if (r == 0 && seconds < (uint64_t)p->until_s)
		p->until_s = (int64_t)seconds;
	return r < 0 ? err_in(e, "%s", p->o->cosigned), r : 0;
}

static int plan_prune(struct pruning *p, const struct ledger_home *h, uint64_t size, struct err *e)
{
	p->until_s = clock_wall() / CLOCK_SECOND;
	p->eyes = (struct walk_eyes){ p->cli->tty_err ? ledger_progress : NULL, NULL };
	int r = p->o->cosigned ? witness_time(p, &h->key, e) : 0;
	if (r == 0)
		r = ledger_shelf_open(&p->shelf, h, p->o->also, e);
	if (r == 0)
		r = retain_load(&p->rules, &p->shelf.both, size, &p->eyes, e);
	const struct prune_from from = { &p->shelf.both, &h->files, size, p->rules, &p->eyes };
	return r < 0 ? r : prune_plan(&p->plan, &from, p->until_s, e);
}

/* What is damaged says nothing that could be relied on: neither its promises nor its holds. */
static int check_all(struct pruning *p, const struct ledger_home *h, struct err *e)
{
	static struct ledger_checked found;
	struct ledger_shelf shelf;
	int r = ledger_shelf_open(&shelf, h, p->o->also, e);
	if (r < 0)
		return r;
	const struct ledger_check c = { .files = &shelf.both,
		.key = &h->key,
		.origin = h->key.name,
		.progress = p->cli->tty_err ? ledger_progress : NULL };
	r = ledger_check(&c, &found, e);
	ledger_shelf_close(&shelf);
	if (r == 0)
		return 0;
	err_in(e, "nothing is let go: the ledger does not hold");
	return e->code = -EBADMSG;
}

/* Where entries claim days that are still to come, one of the ledger's own says what time it is:
 * then they bear no witness of these, not even when they have come. */
static int write_time(const struct pruning *p, struct ledger_own *w, struct err *e)
{
	char text[160], now[CLOCK_TEXT];
	int64_t now_ns = clock_wall();
	uint64_t sequence;
	if (p->wrote || !retain_is_ahead(p->rules, now_ns / CLOCK_SECOND))
		return 0;
	clock_text(now_ns, now);
	memcpy(now + 19, "Z", 2); /* no fraction */
	json_t *data = json_pack("{s:[], s:s}", "pruned", "until", now);
	int r = ledger_own_write(w, "retention", "time", data, &sequence, e);
	if (r < 0)
		return r;
	snprintf(text, sizeof text,
		"entries claim days that are still to come, and bear no witness of them: entry "
		"%llu says what time it is",
		(unsigned long long)sequence);
	cli_say(text, "");
	return 0;
}

static int write_prune(void *self, struct ledger_own *w, struct err *e)
{
	struct pruning *p = self;
	int r = check_all(p, ledger_own_home(w), e);
	if (r < 0)
		return r;
	r = plan_prune(p, ledger_own_home(w), ledger_own_size(w), e);
	if (r == 0)
		r = pruning_write(p, w, e);
	return r < 0 ? r : write_time(p, w, e);
}

/* Nothing is written: what the checkpoint has is looked at. */
static int try_prune(struct pruning *p, struct err *e)
{
	struct ledger_home h;
	struct checkpoint head;
	char note[NOTE_MAX + 1];
	int r = ledger_home_open(&h, p->o->write.ledger.dir, e);
	if (r == 0)
		r = ledger_home_head(&h, &head, note, e);
	if (r == 0)
		r = plan_prune(p, &h, head.size, e);
	if (r == 0) {
		pruning_print_ranges(p, "would let go of");
		pruning_print_stays(p);
	}
	ledger_home_close(&h);
	return r;
}

static int remove_pruned(void *self, const struct ledger_home *h, struct err *e)
{
	struct pruning *p = self;
	int r = pruning_remove(p, h, e);
	if (r == 0)
		pruning_print_ranges(p, "let go of");
	return r;
}

static int run_prune(struct cli *cli, const void *opts, struct err *e)
{
	struct pruning p = { .cli = cli, .o = opts, .shelf.fd = -1 };
	const struct ledger_own_work work = {
		.write = write_prune, .after = remove_pruned, .self = &p, .alone = true
	};
	if (!p.o->cosigned != !p.o->witness)
		return err_set(e, -EINVAL, "--cosigned wants the key that cosigned: --witness"),
		       EXIT_ASKED_WRONGLY;
	if (ledger_text_fits("--actor", p.o->write.actor, e) < 0)
		return EXIT_ASKED_WRONGLY;
	int r = p.o->dry ? try_prune(&p, e) : ledger_own_do(cli, &p.o->write, &work, e);
	pruning_done(&p);
	return r < 0 ? ledger_exit(e) : EXIT_DONE;
}

static const struct opt prune_opts[] = {
	LEDGER_WRITE_OPTS,
	{ OPT_FLAG, 'n', "dry-run", NULL, "say what would go and what keeps the rest",
		offsetof(struct prune_opts, dry), NULL },
	PRUNE_TEXT(
		cosigned, "FILE", "a checkpoint with a witness's time: it is no later than that"),
	PRUNE_TEXT(witness, "KEY", "the witness's public key, name+id+base64"),
	LEDGER_ALSO_OPT(prune_opts),
	{ 0 },
};

static const char *const prune_examples[] = { "weir ledger prune --dry-run",
	"which entries have outlived every promise, and who keeps the rest", "weir ledger prune",
	"takes them away; their hashes stay, and an entry says so", NULL };

const struct verb verb_ledger_prune = {
	.name = "ledger prune",
	.brief = "Let go of entries that no promise and no hold keeps",
	.about =
		"Bundles of 256 entries are removed when every entry in them is older than the longest "
		"promise for its kind. What is removed is gone; the hashes stay, so every proof and "
		"checkpoint holds as before. A clock that jumps ahead does not make entries older: what "
		"counts is the days that the entries written since bear witness of.",
	.examples = prune_examples,
	.opts_size = sizeof(struct prune_opts),
	.opts = prune_opts,
	.run = run_prune,
};
