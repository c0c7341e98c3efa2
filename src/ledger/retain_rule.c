/* Entries of kind retention and hold, read as rules. */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/retain_inside.h"
#include "ledger/tile.h"

static bool number_of(const json_t *object, const char *name, uint64_t *out)
{
	const json_t *n = json_object_get(object, name);
	if (!json_is_integer(n) || json_integer_value(n) < 0)
		return false;
	*out = (uint64_t)json_integer_value(n);
	return true;
}

static bool time_of(const json_t *object, const char *name, int64_t *out)
{
	const json_t *t = json_object_get(object, name);
	return json_is_string(t) &&
		entry_seconds(cur_of(json_string_value(t), json_string_length(t)), out);
}

static char *text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));
	return strdup(text ? text : "");
}

/* A list of kinds; one that is not known makes it none. */
static bool kinds_of(const json_t *object, const char *name, uint32_t *out)
{
	const json_t *list = json_object_get(object, name), *one;
	size_t i;
	*out = 0;
	if (list && !json_is_array(list))
		return false;
	json_array_foreach(list, i, one)
	{
		int row = json_is_string(one)
			? entry_kind_row(json_string_value(one), json_string_length(one))
			: -1;
		if (row < 0)
			return false;
		*out |= UINT32_C(1) << row;
	}
	return true;
}

/* --- each sort --- */

/* Gives false where it is no rule of this version. */
static bool promise(struct retain *r, uint64_t by, const json_t *data, struct err *e)
{
	struct retain_promise p = { .by = by }, *more;
	uint64_t days;
	if (!number_of(data, "days", &days) || !days || days > RETAIN_DAYS ||
		!kinds_of(data, "kinds", &p.kinds))
		return false;
	more = retain_more(r->promises, &r->promise_list, sizeof *more, e);
	if (!more)
		return true;
	r->promises = more;
	p.days = (uint32_t)days;
	p.all = !p.kinds;
	p.why = text_of(data, "why");
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

static bool range_of(const json_t *object, uint64_t *first, uint64_t *last)
{
	return number_of(object, "first", first) && number_of(object, "last", last) &&
		*first <= *last;
}

/* Where the subject stood when the hold began: those bundles are held, whatever is said later. */
static bool spread(struct retain *r, uint64_t by, const json_t *data, struct err *e)
{
	const json_t *list = json_object_get(data, "ranges"), *one;
	size_t i;
	json_array_foreach(list, i, one)
	{
		struct retain_hold h = { .by = by, .what = HOLD_ENTRIES, .spread = true };
		if (!range_of(one, &h.first, &h.last))
			return false;
		if (!push_hold(r, &h, e))
			return true;
	}
	return true;
}

static bool hold(struct retain *r, uint64_t by, const struct entry_view *v, const json_t *data,
	const char *what, struct err *e)
{
	struct retain_hold h = { .by = by };
	if (strcmp(what, "subject") == 0) {
		h.what = HOLD_SUBJECT;
	} else if (strcmp(what, "entries") == 0) {
		h.what = HOLD_ENTRIES;
		if (!range_of(data, &h.first, &h.last))
			return false;
	} else if (strcmp(what, "kind") == 0) {
		const json_t *kind = json_object_get(data, "kind");
		int row = json_is_string(kind)
			? entry_kind_row(json_string_value(kind), json_string_length(kind))
			: -1;
		if (row < 0)
			return false;
		h.what = HOLD_KIND;
		h.kind = (unsigned)row;
	} else {
		return false;
	}
	h.why = text_of(data, "why");
	h.subject = strndup((const char *)v->subject.at, v->subject.left);
	if (!h.why || !h.subject) {
		err_sys(e, "keep a hold");
	} else if (push_hold(r, &h, e)) {
		return spread(r, by, data, e);
	}
	free(h.why);
	free(h.subject);
	return true;
}

static bool release(struct retain *r, const json_t *data)
{
	uint64_t by;
	if (!number_of(data, "release", &by))
		return false;
	for (size_t i = 0; i < r->hold_list.count; i++)
		r->holds[i].released |= r->holds[i].by == by;
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

/* Whole bundles in front of the entry that names them. */
static bool bundles_of(const json_t *object, uint64_t by, uint64_t *first, uint64_t *last)
{
	return range_of(object, first, last) && *first % TILE_WIDTH == 0 &&
		(*last + 1) % TILE_WIDTH == 0 && *last < by;
}

static bool read_gone(struct retain_gone *g, const json_t *one, bool pruned)
{
	uint64_t counted = 0;
	if (!bundles_of(one, g->by, &g->first, &g->last))
		return false;
	if (pruned &&
		(!kinds_of(one, "kinds", &g->kinds) || !g->kinds ||
			!time_of(one, "newest", &g->newest_s) ||
			!number_of(one, "counted", &counted)))
		return false;
	/* no more than its entries can bear witness of */
	uint64_t most = (g->last - g->first + 1) * PASSAGE_GAP_S;
	g->counted_s = (int64_t)(counted < most ? counted : most);
	return true;
}

static void gone(struct retain *r, uint64_t by, int64_t at_s, const json_t *data,
	const json_t *list, struct err *e)
{
	bool pruned = json_object_get(data, "pruned") == list;
	const char *to = pruned ? NULL : json_string_value(json_object_get(data, "to"));
	const json_t *one;
	int64_t until_s = at_s;
	size_t i;
	if (!json_is_array(list) || json_array_size(list) > RETAIN_RANGES ||
		(pruned ? !time_of(data, "until", &until_s) : !to)) {
		RETAIN_WRONG(r, "entry %llu says that entries are gone, and not which",
			(unsigned long long)by);
		return;
	}
	json_array_foreach(list, i, one)
	{
		struct retain_gone g = { .by = by };
		if (!read_gone(&g, one, pruned)) {
			RETAIN_WRONG(r,
				"entry %llu says that entries are gone, and names no whole bundles "
				"before it with their kinds and times",
				(unsigned long long)by);
			return;
		}
		if (g.first == 0) /* says whose ledger this is */
			RETAIN_WRONG(r,
				"entry %llu says that entry 0 is gone, which is the "
				"ledger's own",
				(unsigned long long)by);
		if (pruned)
			retain_claim(r, &g, until_s, at_s);
		if (!push_gone(r, &g, to, e))
			return;
	}
}

/* --- what stayed after all --- */

/* That, and nothing else, is in such an entry. */
static void kept(struct retain *r, uint64_t by, const json_t *data, struct err *e)
{
	const json_t *list = json_object_get(data, "kept"), *one;
	bool fine = json_object_size(data) == 1 && json_is_array(list) &&
		json_array_size(list) <= RETAIN_RANGES;
	size_t i;
	json_array_foreach(list, i, one)
	{
		struct retain_kept k = { .by = by }, *more;
		fine = fine && bundles_of(one, by, &k.first, &k.last);
		more = fine ? retain_more(r->kept, &r->kept_list, sizeof *more, e) : NULL;
		if (!more)
			break;
		r->kept = more;
		more[r->kept_list.count++] = k;
	}
	if (!fine)
		RETAIN_WRONG(r,
			"entry %llu says that entries were kept, and names no whole bundles before "
			"it, or says more than that",
			(unsigned long long)by);
}

/* --- */

static bool rule(struct retain *r, uint64_t by, const struct entry_view *v, const json_t *data,
	struct err *e)
{
	const json_t *list = json_object_get(data, "pruned"), *what = json_object_get(data, "hold");
	if (!list)
		list = json_object_get(data, "moved");
	bool is_hold = v->kind == (unsigned)entry_kind_row("hold", 4);
	if (is_hold && json_is_string(what))
		return hold(r, by, v, data, json_string_value(what), e);
	if (is_hold)
		return release(r, data);
	if (json_object_get(data, "kept"))
		return kept(r, by, data, e), true;
	if (!list)
		return promise(r, by, data, e);
	gone(r, by, v->at_s, data, list, e);
	return true;
}

int retain_rule(struct retain *r, uint64_t sequence, const struct entry_view *v, struct cur entry,
	struct err *e)
{
	struct err problem = { 0 };
	json_t *whole =
		json_loadb((const char *)entry.at, entry.left, JSON_REJECT_DUPLICATES, NULL);
	bool known = whole && rule(r, sequence, v, json_object_get(whole, "data"), &problem);
	json_decref(whole);
	if (!known) {
		r->unknown = sequence;
		r->has_unknown = true;
	}
	if (problem.code)
		*e = problem;
	return problem.code;
}
