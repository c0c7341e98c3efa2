/* weir ledger hold: what is kept beyond any promise. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "cli/ledger/find.h"
#include "cli/ledger/keep.h"
#include "ledger/tile.h"
#include "report/glyph.h"

/* --- hold add --- */

/* Where a subject is found, in runs of bundles: a hold keeps those whatever else is known, so that
 * anybody who checks sees when one is gone.  Too many runs become fewer, larger ones. */
enum { SPREAD = 64 };

struct spread {
	const char *subject;
	size_t count;
	uint64_t first[SPREAD + 1], last[SPREAD + 1];
};

static void join_nearest(struct spread *s)
{
	size_t best = 1;
	for (size_t i = 2; i < s->count; i++)
		if (s->first[i] - s->last[i - 1] < s->first[best] - s->last[best - 1])
			best = i;
	s->last[best - 1] = s->last[best];
	memmove(&s->first[best], &s->first[best + 1], (s->count - best - 1) * sizeof *s->first);
	memmove(&s->last[best], &s->last[best + 1], (s->count - best - 1) * sizeof *s->last);
	s->count--;
}

static int see_subject(void *self, uint64_t sequence, const void *bytes, size_t size,
	bool signed_yet, struct err *e)
{
	struct spread *s = self;
	struct entry_view v;
	uint64_t first = bundle_first(sequence), last = first + TILE_WIDTH - 1;
	(void)signed_yet;
	(void)e;
	if (!entry_view(cur_of(bytes, size), &v) || !cur_is(&v.subject, s->subject))
		return 0;
	if (s->count && s->last[s->count - 1] + 1 >= first) {
		s->last[s->count - 1] = last;
		return 0;
	}
	s->first[s->count] = first;
	s->last[s->count++] = last;
	if (s->count > SPREAD)
		join_nearest(s);
	return 0;
}

static int spread_json(struct ledger_own *w, const char *subject, json_t **out, struct err *e)
{
	char escaped[4096];
	struct spread s = { .subject = escaped };
	const struct checkpoint head = { .size = ledger_own_size(w) };
	int r = ledger_escape(subject, escaped, sizeof escaped, e);
	if (r == 0)
		r = ledger_read(&ledger_own_home(w)->files, &head, 0, see_subject, &s, e);
	if (r < 0)
		return r;
	*out = json_array();
	for (size_t i = 0; i < s.count; i++)
		json_array_append_new(*out,
			json_pack("{s:I, s:I}", "first", (json_int_t)s.first[i], "last",
				(json_int_t)s.last[i]));
	return 0;
}

static int hold_data(struct keep *k, struct ledger_own *w, json_t **data, struct err *e)
{
	const struct keep_opts *o = k->o;
	json_t *ranges = NULL;
	int r = o->subject ? spread_json(w, o->subject, &ranges, e) : 0;
	if (r < 0)
		return r;
	*data = o->subject
		? json_pack("{s:s, s:o, s:s}", "hold", "subject", "ranges", ranges, "why", o->why)
		: o->kind
		? json_pack("{s:s, s:s, s:s}", "hold", "kind", "kind", o->kind, "why", o->why)
		: json_pack("{s:s, s:I, s:I, s:s}", "hold", "entries", "first",
			  (json_int_t)k->number, "last", (json_int_t)k->last, "why", o->why);
	return *data ? 0 : err_set(e, -EINVAL, "a hold of this is no JSON");
}

/* What comes may be held before it does, but not alone: that is a number that was mistyped. */
static int check_range(struct keep *k, struct ledger_own *w, struct err *e)
{
	uint64_t size = ledger_own_size(w);
	if (!k->o->from || k->number < size)
		return 0;
	k->asked_wrongly = true;
	err_set(e, -EINVAL, "--from %s: the ledger has entries 0 to %llu", k->o->from,
		(unsigned long long)size - 1);
	return err_try(e, "a hold on a subject or a kind holds what comes, too"), -EINVAL;
}

static void say_what_comes(const struct keep *k, uint64_t sequence)
{
	char text[160];
	if (!k->o->from || k->last <= sequence)
		return;
	snprintf(text, sizeof text,
		"entries %llu to %llu are not written yet: they are held when they come",
		(unsigned long long)sequence + 1, (unsigned long long)k->last);
	cli_say(text, "");
}

static int write_hold(void *self, struct ledger_own *w, struct err *e)
{
	struct keep *k = self;
	char range[64];
	uint64_t sequence;
	json_t *data = NULL;
	int r = check_range(k, w, e);
	if (r == 0)
		r = hold_data(k, w, &data, e);
	if (r < 0)
		return r;
	snprintf(range, sizeof range, "entries %llu to %llu", (unsigned long long)k->number,
		(unsigned long long)k->last);
	const char *what = k->o->subject ? k->o->subject : k->o->kind ? k->o->kind : range;
	r = ledger_own_write(w, "hold", what, data, &sequence, e);
	if (r == 0) {
		out_fmt(k->cli->out, "%llu\n", (unsigned long long)sequence);
		say_what_comes(k, sequence);
	}
	return r;
}

static int hold_add(struct keep *k, struct err *e)
{
	const struct ledger_own_work work = { write_hold, NULL, k, true };
	const struct keep_opts *o = k->o;
	static const char try[] = "weir ledger hold add --subject 'pump 3' --why 'case 12/2026'";
	if (!o->subject + !o->kind + !o->from != 2 || !o->from != !o->to)
		return keep_asked_wrongly(
			e, "hold what? --subject, or --kind, or --from and --to", try);
	if (!o->why)
		return keep_asked_wrongly(e, "why? --why says it for later", try);
	if (o->from &&
		(ledger_number(o->from, "--from", &k->number, e) < 0 ||
			ledger_number(o->to, "--to", &k->last, e) < 0))
		return EXIT_ASKED_WRONGLY;
	if (o->from && (k->last < k->number || k->last > RETAIN_NUMBER_MAX))
		return keep_asked_wrongly(e, "--to is before --from, or beyond any entry", try);
	if (o->kind && entry_kind_row(o->kind, strlen(o->kind)) < 0)
		return keep_asked_wrongly(e, "--kind: no such kind of entry", try);
	return keep_finish(k, ledger_own_do(k->cli, &o->write, &work, e), e);
}

/* --- hold list, release --- */

static void print_hold(struct keep *k, const struct retain_hold *h)
{
	static const char *const names[] = {
		[HOLD_SUBJECT] = "subject", [HOLD_ENTRIES] = "entries", [HOLD_KIND] = "kind"
	};
	struct out *o = k->cli->out;
	if (k->o->json) {
		struct json j = json_on(o);
		json_open(&j, '{');
		json_kv_uint(&j, "id", h->by);
		json_kv_str(&j, "hold", names[h->what]);
		json_kv_str(&j, "of", h->subject);
		json_kv_str(&j, "why", h->why);
		json_close(&j, '}');
		json_line(&j);
		return;
	}
	out_fmt(o, "%8llu  %-8s ", (unsigned long long)h->by, names[h->what]);
	text_out(o, h->subject ? h->subject : "");
	out_str(o, "  ");
	text_out(o, h->why ? h->why : "");
	out_char(o, '\n');
}

static const struct retain_hold *find_hold(const struct retain *r, uint64_t by)
{
	size_t count;
	const struct retain_hold *h = retain_holds(r, &count);
	for (size_t i = 0; i < count; i++)
		if (h[i].by == by && !h[i].released)
			return &h[i];
	return NULL;
}

static int hold_list(struct keep *k, struct err *e)
{
	size_t count, on = 0;
	int r = keep_look(k, e);
	const struct retain_hold *h = r == 0 ? retain_holds(k->rules, &count) : NULL;
	for (size_t i = 0; h && i < count; i++)
		if (!h[i].released && !h[i].spread) {
			print_hold(k, &h[i]);
			on++;
		}
	if (r == 0 && !on && !k->o->json)
		out_str(k->cli->out, "nothing is held\n");
	return keep_finish(k, r, e);
}

static int write_release(void *self, struct ledger_own *w, struct err *e)
{
	struct keep *k = self;
	uint64_t sequence;
	int r = keep_load(k, w, e);
	if (r < 0)
		return r;
	const struct retain_hold *h = find_hold(k->rules, k->number);
	if (!h) {
		err_set(e, -ENOENT, "entry %llu is no hold, or was released",
			(unsigned long long)k->number);
		return err_try(e, "weir ledger hold list");
	}
	json_t *data = json_pack("{s:I, s:s}", "release", (json_int_t)k->number, "why", k->o->why);
	r = ledger_own_write(w, "hold", "release", data, &sequence, e);
	if (r == 0)
		out_fmt(k->cli->out, "%llu\n", (unsigned long long)sequence);
	return r;
}

static int hold_release(struct keep *k, struct err *e)
{
	const struct ledger_own_work work = { write_release, NULL, k, true };
	static const char try[] = "weir ledger hold release 12 --why 'case closed'";
	if (k->cli->operand_count != 2)
		return keep_asked_wrongly(e, "release which? its number is in hold list", try);
	if (ledger_number(k->cli->operands[1], "release", &k->number, e) < 0)
		return EXIT_ASKED_WRONGLY;
	if (!k->o->why)
		return keep_asked_wrongly(e, "why? --why says it for later", try);
	return keep_finish(k, ledger_own_do(k->cli, &k->o->write, &work, e), e);
}

static int run_hold(struct cli *cli, const void *opts, struct err *e)
{
	struct keep k = { .cli = cli, .o = opts };
	const char *word = cli->operand_count ? cli->operands[0] : "";
	if (keep_texts_fit(k.o, e) < 0)
		return EXIT_ASKED_WRONGLY;
	if (strcmp(word, "add") == 0 && cli->operand_count == 1)
		return hold_add(&k, e);
	if (strcmp(word, "list") == 0 && cli->operand_count == 1)
		return hold_list(&k, e);
	if (strcmp(word, "release") == 0)
		return hold_release(&k, e);
	return keep_asked_wrongly(e, "add, list, or release?", "weir ledger hold list");
}

/* --- the verb --- */

static const struct opt hold_opts[] = {
	LEDGER_WRITE_OPTS,
	KEEP_TEXT(subject, "NAME", "add: what is about this one"),
	KEEP_TEXT(kind, "KIND", "add: entries of this kind"),
	KEEP_TEXT(from, "SEQUENCE", "add: entries from this one on ..."),
	KEEP_TEXT(to, "SEQUENCE", "add: ... to this one"),
	KEEP_TEXT(why, "TEXT", "add, release: the reason, for the record"),
	KEEP_JSON,
	{ 0 },
};

static const char *const hold_examples[] = {
	"weir ledger hold add --subject 'pump 3' --why 'case 12/2026'",
	"nothing about pump 3 is let go or erased; prints the hold's number",
	"weir ledger hold release 1234 --why 'case closed'", "until somebody says that it is over",
	NULL
};

const struct verb verb_ledger_hold = {
	.name = "ledger hold",
	.operands = "add|list|release [ID]",
	.brief = "Keep entries whatever was promised, until the hold is released",
	.about =
		"A hold is an entry; its number is its name. While it is on, nothing it covers is let go, "
		"and no key of a subject that it covers is destroyed.",
	.examples = hold_examples,
	.opts_size = sizeof(struct keep_opts),
	.opts = hold_opts,
	.run = run_hold,
};
