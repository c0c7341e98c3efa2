/* weir ledger retention: what is promised of keeping entries. */
#include <errno.h>
#include <string.h>

#include "base/json.h"
#include "cli/ledger/find.h"
#include "cli/ledger/keep.h"
#include "report/glyph.h"

int keep_asked_wrongly(struct err *e, const char *what, const char *try)
{
	err_set(e, -EINVAL, "%s", what);
	err_try(e, "%s", try);
	return EXIT_ASKED_WRONGLY;
}

int keep_texts_fit(const struct keep_opts *o, struct err *e)
{
	int r = ledger_text_fits("--why", o->why, e);
	if (r == 0)
		r = ledger_text_fits("--subject", o->subject, e);
	return r < 0 ? r : ledger_text_fits("--actor", o->write.actor, e);
}

int keep_finish(struct keep *k, int r, const struct err *e)
{
	retain_free(k->rules);
	if (r < 0 && k->asked_wrongly)
		return EXIT_ASKED_WRONGLY;
	return r < 0 ? ledger_exit(e) : EXIT_DONE;
}

int keep_load(struct keep *k, struct ledger_own *w, struct err *e)
{
	retain_free(k->rules);
	k->rules = NULL;
	return retain_load(&k->rules, &ledger_own_home(w)->files, ledger_own_size(w), NULL, e);
}

int keep_look(struct keep *k, struct err *e)
{
	struct ledger_home h;
	struct checkpoint head;
	char note[NOTE_MAX + 1];
	int r = ledger_home_open(&h, k->o->write.ledger.dir, e);
	if (r == 0)
		r = ledger_home_head(&h, &head, note, e);
	if (r == 0)
		r = retain_load(&k->rules, &h.files, head.size, NULL, e);
	ledger_home_close(&h);
	return r;
}

/* "finding,alarm": kinds that can be let go. */
static int read_kinds(const char *words, uint32_t *kinds, struct err *e)
{
	*kinds = 0;
	for (const char *at = words; at && *at;) {
		size_t size = strcspn(at, ",");
		int row = entry_kind_row(at, size);
		if (row < 0)
			return err_set(e, -EINVAL, "--kind %.*s: no such kind of entry",
				(int)(size < 40 ? size : 40), at);
		if (entry_kinds[row].own)
			return err_set(e, -EINVAL,
				"--kind %s: these are the ledger's own, and always stay",
				entry_kinds[row].name);
		*kinds |= UINT32_C(1) << row;
		at += size + (at[size] == ',');
	}
	return 0;
}

static json_t *kinds_json(uint32_t kinds)
{
	json_t *list = json_array();
	for (unsigned i = 0; entry_kinds[i].name; i++)
		if (kinds >> i & 1)
			json_array_append_new(list, json_string(entry_kinds[i].name));
	return list;
}

/* --- retention promise --- */

/* A promise that this one would be shorter than; for a promise of every kind, one of every kind. */
static const struct retain_promise *longer_one(const struct keep *k)
{
	const struct retain_promise *longest = NULL, *p;
	size_t count;
	for (unsigned i = 0; k->kinds && entry_kinds[i].name; i++) {
		p = k->kinds >> i & 1 ? retain_longest(k->rules, i) : NULL;
		if (p && (!longest || p->days > longest->days))
			longest = p;
	}
	p = retain_promises(k->rules, &count);
	for (size_t i = 0; !k->kinds && i < count; i++)
		if (p[i].all && (!longest || p[i].days > longest->days))
			longest = &p[i];
	return longest && longest->days > k->number ? longest : NULL;
}

static int write_promise(void *self, struct ledger_own *w, struct err *e)
{
	struct keep *k = self;
	uint64_t sequence;
	int r = keep_load(k, w, e);
	if (r < 0)
		return r;
	const struct retain_promise *longer = longer_one(k);
	if (longer) {
		err_set(e, -EPERM,
			"entry %llu promised %u days already: a promise can be made longer, never "
			"shorter",
			(unsigned long long)longer->by, longer->days);
		return err_try(e, "weir ledger retention show");
	}
	json_t *data = json_pack("{s:I, s:o, s:s}", "days", (json_int_t)k->number, "kinds",
		kinds_json(k->kinds), "why", k->o->why ? k->o->why : "");
	r = ledger_own_write(
		w, "retention", k->o->kind ? k->o->kind : "every kind", data, &sequence, e);
	if (r == 0)
		out_fmt(k->cli->out, "entry %llu promises that %s is kept for %llu days\n",
			(unsigned long long)sequence, k->o->kind ? k->o->kind : "every kind",
			(unsigned long long)k->number);
	return r;
}

static int promise(struct keep *k, struct err *e)
{
	const struct ledger_own_work work = { write_promise, NULL, k, true };
	static const char try[] = "weir ledger retention promise --days 365 --kind finding,alarm";
	if (!k->o->days)
		return keep_asked_wrongly(e, "how long? --days says it", try);
	if (ledger_number(k->o->days, "--days", &k->number, e) < 0)
		return EXIT_ASKED_WRONGLY;
	if (!k->number || k->number > RETAIN_DAYS) {
		err_set(e, -EINVAL, "--days %s: from 1 to %d", k->o->days, RETAIN_DAYS);
		return EXIT_ASKED_WRONGLY;
	}
	if (read_kinds(k->o->kind, &k->kinds, e) < 0)
		return EXIT_ASKED_WRONGLY;
	return keep_finish(k, ledger_own_do(k->cli, &k->o->write, &work, e), e);
}

/* --- retention show --- */

static void print_promises(struct keep *k)
{
	struct out *o = k->cli->out;
	bool any = false;
	for (unsigned i = 0; entry_kinds[i].name; i++) {
		const struct retain_promise *p =
			entry_kinds[i].own ? NULL : retain_longest(k->rules, i);
		if (!p)
			continue;
		any = true;
		out_fmt(o, "%-12s  %6u days  entry %llu  ", entry_kinds[i].name, p->days,
			(unsigned long long)p->by);
		text_out(o, p->why ? p->why : "");
		out_char(o, '\n');
	}
	out_str(o,
		any ? "every other kind is kept for ever\n"
		    : "nothing is promised: every entry is kept for ever\n");
}

/* What one entry says of neighbours is one line. */
static size_t print_gone(struct out *o, const struct retain_gone *g, size_t count)
{
	size_t n = 1;
	while (n < count && g[n].by == g->by && g[n].first == g[n - 1].last + 1)
		n++;
	out_fmt(o, "entries %llu to %llu: ", (unsigned long long)g->first,
		(unsigned long long)g[n - 1].last);
	out_str(o, g->to ? "moved to " : "let go");
	text_out(o, g->to ? g->to : "");
	out_fmt(o, ", says entry %llu\n", (unsigned long long)g->by);
	return n;
}

static void print_kept(struct out *o, const struct retain_kept *kept)
{
	out_fmt(o, "entries %llu to %llu: kept after all, says entry %llu\n",
		(unsigned long long)kept->first, (unsigned long long)kept->last,
		(unsigned long long)kept->by);
}

/* In the order in which it was said. */
static void print_said(struct keep *k)
{
	struct out *o = k->cli->out;
	size_t gone_count, kept_count, at = 0;
	const struct retain_gone *g = retain_all_gone(k->rules, &gone_count);
	const struct retain_kept *kept = retain_all_kept(k->rules, &kept_count);
	for (size_t i = 0; i < gone_count; i += print_gone(o, &g[i], gone_count - i))
		for (; at < kept_count && kept[at].by < g[i].by; at++)
			print_kept(o, &kept[at]);
	for (; at < kept_count; at++)
		print_kept(o, &kept[at]);
}

static void print_rest(struct keep *k)
{
	size_t count, on = 0;
	const struct retain_hold *h = retain_holds(k->rules, &count);
	for (size_t i = 0; i < count; i++)
		on += !h[i].released && !h[i].spread;
	if (on)
		out_fmt(k->cli->out, "%zu %s more: weir ledger hold list\n", on,
			on == 1 ? "hold keeps" : "holds keep");
}

static void print_promises_json(struct keep *k)
{
	struct json j = json_on(k->cli->out);
	for (unsigned i = 0; entry_kinds[i].name; i++) {
		const struct retain_promise *p = retain_longest(k->rules, i);
		json_open(&j, '{');
		json_kv_str(&j, "kind", entry_kinds[i].name);
		if (p && !entry_kinds[i].own) {
			json_kv_uint(&j, "days", p->days);
			json_kv_uint(&j, "entry", p->by);
			json_kv_str(&j, "why", p->why);
		}
		json_close(&j, '}');
		json_line(&j);
	}
}

static int run_retention(struct cli *cli, const void *opts, struct err *e)
{
	struct keep k = { .cli = cli, .o = opts };
	const char *word = cli->operand_count == 1 ? cli->operands[0] : "";
	if (keep_texts_fit(k.o, e) < 0)
		return EXIT_ASKED_WRONGLY;
	if (strcmp(word, "promise") == 0)
		return promise(&k, e);
	if (strcmp(word, "show") != 0)
		return keep_asked_wrongly(e, "promise, or show?", "weir ledger retention show");
	int r = keep_look(&k, e);
	if (r == 0 && k.o->json) {
		print_promises_json(&k);
	} else if (r == 0) {
		print_promises(&k);
		print_said(&k);
		print_rest(&k);
	}
	return keep_finish(&k, r, e);
}

/* --- the verbs --- */

static const struct opt retention_opts[] = {
	LEDGER_WRITE_OPTS,
	KEEP_TEXT(days, "N", "promise: kept for so many days"),
	KEEP_TEXT(kind, "KIND,...", "promise: for these kinds (for every kind)"),
	KEEP_TEXT(why, "TEXT", "promise: the reason, for the record"),
	KEEP_JSON,
	{ 0 },
};

static const char *const retention_examples[] = {
	"weir ledger retention promise --days 3650 --kind finding,alarm --why 'contract 4711'",
	"ten years for these; whoever wants fewer is refused from now on",
	"weir ledger retention show", "what holds for each kind, and what was let go", NULL
};

const struct verb verb_ledger_retention = {
	.name = "ledger retention",
	.operands = "promise|show",
	.brief = "Promise how long entries are kept, or show what is promised",
	.about =
		"A promise is an entry. The longest one that names a kind counts; none can be made shorter, "
		"and without one an entry is kept for ever. What is older may be let go: weir ledger prune.",
	.examples = retention_examples,
	.opts_size = sizeof(struct keep_opts),
	.opts = retention_opts,
	.run = run_retention,
};
