/* Entries of kind retention and hold, read as rules. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "event/canonical.h"
#include "ledger/retain_inside.h"
#include "ledger/tile.h"

/* Texts of a rule, each of which may be missing. */
static char *text_of(const char *text)
{
	return strdup(text ? text : "");
}

static bool time_of(const char *text, int64_t *out)
{
	return strchr(text, 'T') && entry_seconds(cur_of(text, strlen(text)), out);
}

static int kind_of(const char *name)
{
	return entry_kind_row(name, strlen(name));
}

/* A list of kinds that are known; none where there is no list. */
static bool kinds_of(const json_t *list, uint32_t *out)
{
	const json_t *one;
	size_t i;
	*out = 0;
	json_array_foreach(list, i, one)
	{
		int row = json_is_string(one) ? kind_of(json_string_value(one)) : -1;
		if (row < 0)
			return false;
		*out |= UINT32_C(1) << row;
	}
	return !list || json_is_array(list);
}

static bool is_range(json_int_t first, json_int_t last)
{
	return first >= 0 && first <= last && last <= RETAIN_NUMBER_MAX;
}

static bool read_range(json_t *object, uint64_t *first, uint64_t *last)
{
	json_int_t from, to;
	if (json_unpack(object, "{s:I, s:I !}", "first", &from, "last", &to) < 0 ||
		!is_range(from, to))
		return false;
	*first = (uint64_t)from;
	*last = (uint64_t)to;
	return true;
}

static bool are_ranges(const json_t *list)
{
	json_t *one;
	uint64_t first, last;
	size_t i;
	json_array_foreach(list, i, one)
	{
		if (!read_range(one, &first, &last))
			return false;
	}
	return json_is_array(list);
}

/* --- each sort ---
 *
 * They give false where it is no rule of this version: exactly these members, of these types. */

static bool promise(struct retain *r, uint64_t by, json_t *data, struct err *e)
{
	struct retain_promise p = { .by = by }, *more;
	json_t *kinds = NULL;
	const char *why = NULL;
	json_int_t days;
	if (json_unpack(data, "{s:I, s?o, s?s !}", "days", &days, "kinds", &kinds, "why", &why) <
			0 ||
		days < 1 || days > RETAIN_DAYS || !kinds_of(kinds, &p.kinds))
		return false;
	more = retain_more(r->promises, &r->promise_list, sizeof *more, e);
	if (!more)
		return true;
	r->promises = more;
	p.days = (uint32_t)days;
	p.all = !p.kinds;
	p.why = text_of(why);
	more[r->promise_list.count++] = p;
	return true;
}

static bool push_hold(struct retain *r, const struct retain_hold *h, struct err *e)
{
	struct retain_hold *more = retain_more(r->holds, &r->hold_list, sizeof *more, e);
	if (!more)
		return false;
	r->holds = more;
	more[r->hold_list.count++] = *h;
	return true;
}

/* Where the subject stood when the hold began: those bundles are held, whatever is said later. */
static bool spread(struct retain *r, uint64_t by, const json_t *list, struct err *e)
{
	json_t *one;
	size_t i;
	json_array_foreach(list, i, one)
	{
		struct retain_hold h = { .by = by, .what = HOLD_ENTRIES, .spread = true };
		if (read_range(one, &h.first, &h.last) && !push_hold(r, &h, e))
			break;
	}
	return true;
}

static bool read_hold(struct retain_hold *h, json_t *data, json_t **ranges, const char **why)
{
	const char *what, *kind;
	json_int_t first, last;
	if (json_unpack(data, "{s:s, s?o, s?s !}", "hold", &what, "ranges", ranges, "why", why) ==
		0) {
		h->what = HOLD_SUBJECT;
		return strcmp(what, "subject") == 0 && (!*ranges || are_ranges(*ranges));
	}
	if (json_unpack(data, "{s:s, s:I, s:I, s?s !}", "hold", &what, "first", &first, "last",
		    &last, "why", why) == 0) {
		h->what = HOLD_ENTRIES;
		h->first = (uint64_t)first;
		h->last = (uint64_t)last;
		return strcmp(what, "entries") == 0 && is_range(first, last);
	}
	if (json_unpack(data, "{s:s, s:s, s?s !}", "hold", &what, "kind", &kind, "why", why) < 0)
		return false;
	int row = kind_of(kind);
	h->what = HOLD_KIND;
	h->kind = (unsigned)row;
	return strcmp(what, "kind") == 0 && row >= 0;
}

static bool hold(
	struct retain *r, uint64_t by, const struct entry_view *v, json_t *data, struct err *e)
{
	struct retain_hold h = { .by = by };
	json_t *ranges = NULL;
	const char *why = NULL;
	if (!read_hold(&h, data, &ranges, &why))
		return false;
	h.why = text_of(why);
	h.subject = strndup((const char *)v->subject.at, v->subject.left);
	if (!h.why || !h.subject) {
		err_sys(e, "keep a hold");
	} else if (push_hold(r, &h, e)) {
		return spread(r, by, ranges, e);
	}
	free(h.why);
	free(h.subject);
	return true;
}

static bool release(struct retain *r, json_t *data)
{
	json_int_t by;
	const char *why;
	if (json_unpack(data, "{s:I, s?s !}", "release", &by, "why", &why) < 0 || by < 0 ||
		by > RETAIN_NUMBER_MAX)
		return false;
	for (size_t i = 0; i < r->hold_list.count; i++)
		r->holds[i].released |= r->holds[i].by == (uint64_t)by;
	return true;
}

/* --- what is gone --- */

static bool push_gone(struct retain *r, struct retain_gone *g, const char *to, struct err *e)
{
	struct retain_gone *more = retain_more(r->gone, &r->gone_list, sizeof *more, e);
	if (!more)
		return false;
	r->gone = more;
	g->to = to ? strdup(to) : NULL;
	if (to && !g->to)
		return err_sys(e, "keep a place"), false;
	more[r->gone_list.count++] = *g;
	return true;
}

/* Whole bundles in front of the entry that names them, and not the one that says whose ledger this
 * is. */
static bool are_bundles(struct retain *r, uint64_t by, uint64_t first, uint64_t last)
{
	bool whole =
		first > 0 && first % TILE_WIDTH == 0 && (last + 1) % TILE_WIDTH == 0 && last < by;
	if (!whole)
		RETAIN_WRONG(r,
			"entry %llu speaks of entries %llu to %llu, which are no whole bundles "
			"between the first one and itself",
			(unsigned long long)by, (unsigned long long)first,
			(unsigned long long)last);
	return whole;
}

/* Days since 1970, as an entry may be of them: until the year 9999. */
enum { LAST_DAY = 2932896 };

static bool read_days(json_t *list, struct days_few *out)
{
	json_t *one;
	uint64_t from, to;
	size_t i;
	*out = (struct days_few){ 0 };
	json_array_foreach(list, i, one)
	{
		if (i == DAYS_FEW || !read_range(one, &from, &to) || to > LAST_DAY)
			return false;
		out->list[out->count++] = (struct day_span){ (int32_t)from, (int32_t)to };
	}
	return json_is_array(list);
}

static bool read_claim(struct retain_gone *g, json_t *one, struct days_few *days)
{
	json_int_t first, last;
	json_t *kinds, *list;
	const char *newest;
	if (json_unpack(one, "{s:o, s:I, s:o, s:I, s:s !}", "days", &list, "first", &first, "kinds",
		    &kinds, "last", &last, "newest", &newest) < 0 ||
		!is_range(first, last) || !read_days(list, days) || !kinds_of(kinds, &g->kinds) ||
		!g->kinds || !time_of(newest, &g->newest_s))
		return false;
	g->first = (uint64_t)first;
	g->last = (uint64_t)last;
	return true;
}

static bool read_gone(struct retain_gone *g, json_t *one, bool pruned, struct days_few *days)
{
	*days = (struct days_few){ 0 };
	return pruned ? read_claim(g, one, days) : read_range(one, &g->first, &g->last);
}

/* What they saw counts where they stood, as theirs did: of the days between the ledger's own around
 * them, of which who says so (at that time) is the last, and as many at most as they are. */
static int see_claimed(struct retain *r, const struct retain_gone *g, const struct days_few *days,
	int64_t at_s, struct err *e)
{
	struct day_span frame = retain_frame(r, g->first, g->last, at_s);
	uint64_t left = g->last - g->first + 1;
	int done = 0;
	for (unsigned i = 0; i < days->count; i++) {
		struct day_span s = days->list[i];
		s.from = s.from > frame.from ? s.from : frame.from;
		s.to = s.to < frame.to ? s.to : frame.to;
		for (int32_t day = s.from; done == 0 && day <= s.to && left; day++, left--)
			done = days_see(&r->claimed, day, g->first, e);
	}
	return done;
}

static bool can_be_read(json_t *list, bool pruned)
{
	struct retain_gone g;
	struct days_few days;
	json_t *one;
	size_t i;
	json_array_foreach(list, i, one)
	{
		if (!read_gone(&g, one, pruned, &days))
			return false;
	}
	return json_is_array(list) && json_array_size(list) <= RETAIN_RANGES;
}

static bool gone(struct retain *r, uint64_t by, int64_t at_s, json_t *data, struct err *e)
{
	const char *to = NULL, *until;
	int64_t until_s = at_s;
	json_t *list, *one;
	size_t i;
	bool pruned = json_unpack(data, "{s:o, s:s !}", "pruned", &list, "until", &until) == 0;
	if (pruned ? !time_of(until, &until_s)
		   : json_unpack(data, "{s:o, s:s !}", "moved", &list, "to", &to) < 0)
		return false;
	if (!can_be_read(list, pruned))
		return false;
	json_array_foreach(list, i, one)
	{
		struct retain_gone g = { .by = by };
		struct days_few days;
		if (!read_gone(&g, one, pruned, &days) || !are_bundles(r, by, g.first, g.last))
			break;
		if (pruned)
			retain_claim(r, &g, until_s, at_s);
		else
			retain_claim_own(r, &g);
		if (!push_gone(r, &g, to, e) || see_claimed(r, &g, &days, at_s, e) < 0)
			break;
	}
	return true;
}

/* --- what stayed after all --- */

static bool kept(struct retain *r, uint64_t by, json_t *data, struct err *e)
{
	json_t *list, *one;
	size_t i;
	if (json_unpack(data, "{s:o !}", "kept", &list) < 0 || !are_ranges(list) ||
		json_array_size(list) > RETAIN_RANGES)
		return false;
	json_array_foreach(list, i, one)
	{
		struct retain_kept k = { .by = by }, *more;
		if (!read_range(one, &k.first, &k.last) || !are_bundles(r, by, k.first, k.last))
			break;
		more = retain_more(r->kept, &r->kept_list, sizeof *more, e);
		if (!more)
			break;
		r->kept = more;
		more[r->kept_list.count++] = k;
	}
	return true;
}

/* --- */

static bool rule(
	struct retain *r, uint64_t by, const struct entry_view *v, json_t *data, struct err *e)
{
	if (v->kind == (unsigned)kind_of("hold"))
		return hold(r, by, v, data, e) || release(r, data);
	return promise(r, by, data, e) || kept(r, by, data, e) || gone(r, by, v->at_s, data, e);
}

/* In its one form, and with nothing beside the members that an entry has (entry_view() saw those):
 * whoever reads it with other means reads the same. */
static bool is_canonical(const json_t *whole, struct cur entry)
{
	enum { MEMBERS = 6 };
	struct err e;
	char *text = malloc(entry.left + 1);
	struct out o = out_mem(text, text ? entry.left + 1 : 0);
	bool same = text && json_object_size(whole) == MEMBERS &&
		canonical_write(whole, &o, &e) == 0 && !o.failed && o.used == entry.left &&
		memcmp(text, entry.at, entry.left) == 0;
	free(text);
	return same;
}

int retain_rule(struct retain *r, uint64_t sequence, const struct entry_view *v, struct cur entry,
	struct err *e)
{
	struct err problem = { 0 };
	json_t *whole =
		json_loadb((const char *)entry.at, entry.left, JSON_REJECT_DUPLICATES, NULL);
	bool known = whole && is_canonical(whole, entry) &&
		rule(r, sequence, v, json_object_get(whole, "data"), &problem);
	json_decref(whole);
	if (!known) {
		r->unknown = sequence;
		r->has_unknown = true;
	}
	if (problem.code)
		*e = problem;
	return problem.code;
}
