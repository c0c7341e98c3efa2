#include "ledger/retain.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/grow.h"
#include "event/entry.h"
#include "ledger/retain_inside.h"
#include "ledger/tile.h"

int retain_new(struct retain **out, struct err *e)
{
	*out = calloc(1, sizeof **out);
	return *out ? 0 : err_sys(e, "keep the rules of retention");
}

void retain_free(struct retain *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->promise_list.count; i++)
		free(r->promises[i].why);
	for (size_t i = 0; i < r->hold_list.count; i++) {
		free(r->holds[i].subject);
		free(r->holds[i].why);
	}
	for (size_t i = 0; i < r->gone_list.count; i++)
		free(r->gone[i].to);
	days_done(&r->days);
	days_done(&r->open);
	days_done(&r->claimed);
	free(r->owns);
	free(r->promises);
	free(r->holds);
	free(r->gone);
	free(r->kept);
	free(r->holes);
	free(r);
}

void *retain_more(void *array, struct retain_list *l, size_t size, struct err *e)
{
	if (l->count == RETAIN_RULES) {
		err_set(e, -E2BIG, "more than %d rules of retention of one sort", RETAIN_RULES);
		return NULL;
	}
	void *more = grow(array, &l->room, l->count + 1, size);
	if (!more)
		err_sys(e, "keep the rules of retention");
	return more;
}

/* --- in order --- */

/* Now it is known which days those before it bear witness of. */
static int see_own(struct retain *r, uint64_t sequence, int64_t at_s, struct err *e)
{
	const struct retain_own *last = r->own_list.count ? &r->owns[r->own_list.count - 1] : NULL;
	const struct day_span frame = { last ? day_of(last->at_s) : INT32_MAX, day_of(at_s) };
	int done = days_take(&r->days, &r->open, frame, e);
	r->open.count = 0;
	if (done == 0)
		done = days_see(&r->days, frame.to, bundle_first(sequence), e);
	struct retain_own *more =
		done < 0 ? NULL : retain_more(r->owns, &r->own_list, sizeof *more, e);
	if (!more)
		return e->code;
	r->owns = more;
	more[r->own_list.count++] = (struct retain_own){ sequence, at_s };
	return 0;
}

static bool is_rule(unsigned kind)
{
	const char *name = entry_kinds[kind].name;
	return strcmp(name, "retention") == 0 || strcmp(name, "hold") == 0;
}

int retain_feed(struct retain *r, uint64_t sequence, struct cur entry, struct err *e)
{
	struct entry_view v;
	r->next = sequence + 1;
	if (!entry_view(entry, &v))
		return 0; /* no rule: those are in the one form */
	if (!entry_kinds[v.kind].own)
		return days_see(&r->open, day_of(v.at_s), bundle_first(sequence), e);
	int done = see_own(r, sequence, v.at_s, e);
	return done < 0 || !is_rule(v.kind) ? done : retain_rule(r, sequence, &v, entry, e);
}

int retain_miss(struct retain *r, uint64_t first, uint64_t count, struct err *e)
{
	struct retain_hole *last = r->hole_list.count ? &r->holes[r->hole_list.count - 1] : NULL;
	r->next = first + count;
	if (last && last->last + 1 == first) {
		last->last = first + count - 1;
		return 0;
	}
	struct retain_hole *more = retain_more(r->holes, &r->hole_list, sizeof *more, e);
	if (!more)
		return e->code;
	r->holes = more;
	more[r->hole_list.count++] = (struct retain_hole){ first, first + count - 1 };
	return 0;
}

/* --- questions --- */

const char *retain_wrong(const struct retain *r)
{
	return r->wrong.code ? r->wrong.text : NULL;
}

bool retain_unknown(const struct retain *r, uint64_t *by)
{
	*by = r->unknown;
	return r->has_unknown;
}

bool retain_is_ahead(const struct retain *r, int64_t now_s)
{
	const struct days *open = &r->open;
	int32_t tomorrow = day_of(now_s) + 1;
	size_t own = r->own_list.count;
	return (open->count && open->list[open->count - 1].day > tomorrow) ||
		(own && day_of(r->owns[own - 1].at_s) > tomorrow);
}

const struct retain_kept *retain_kept(const struct retain *r, uint64_t sequence)
{
	for (size_t i = r->kept_list.count; i-- > 0;)
		if (sequence >= r->kept[i].first && sequence <= r->kept[i].last)
			return &r->kept[i];
	return NULL;
}

const char *retain_miss_words(const struct retain *r, uint64_t sequence, char text[RETAIN_WORDS])
{
	const struct retain_kept *kept = retain_kept(r, sequence);
	if (!kept)
		return "no entry says that it was let go or moved";
	snprintf(text, RETAIN_WORDS, "entry %llu says that it was kept",
		(unsigned long long)kept->by);
	return text;
}

/* The last word counts.  That entries were kept takes back that they were let go, not that they
 * were moved. */
const struct retain_gone *retain_gone(const struct retain *r, uint64_t sequence)
{
	const struct retain_kept *kept = retain_kept(r, sequence);
	for (size_t i = r->gone_list.count; i-- > 0;) {
		const struct retain_gone *g = &r->gone[i];
		if (sequence >= g->first && sequence <= g->last &&
			(g->to || !kept || kept->by < g->by))
			return g;
	}
	return NULL;
}

bool retain_was_gone(const struct retain *r, uint64_t sequence)
{
	for (size_t i = 0; i < r->gone_list.count; i++)
		if (sequence >= r->gone[i].first && sequence <= r->gone[i].last)
			return true;
	return false;
}

const struct retain_promise *retain_promises(const struct retain *r, size_t *count)
{
	*count = r->promise_list.count;
	return r->promises;
}

const struct retain_hold *retain_holds(const struct retain *r, size_t *count)
{
	*count = r->hold_list.count;
	return r->holds;
}

const struct retain_gone *retain_all_gone(const struct retain *r, size_t *count)
{
	*count = r->gone_list.count;
	return r->gone;
}

const struct retain_kept *retain_all_kept(const struct retain *r, size_t *count)
{
	*count = r->kept_list.count;
	return r->kept;
}

size_t retain_hole_count(const struct retain *r)
{
	return r->hole_list.count;
}

struct retain_hole retain_hole(const struct retain *r, size_t i)
{
	return r->holes[i];
}

const struct retain_promise *retain_longest(const struct retain *r, unsigned kind)
{
	const struct retain_promise *longest = NULL;
	for (size_t i = 0; i < r->promise_list.count; i++) {
		const struct retain_promise *p = &r->promises[i];
		if ((p->all || p->kinds >> kind & 1) && (!longest || p->days > longest->days))
			longest = p;
	}
	return longest;
}

static bool is_on(const struct retain_hold *h, uint64_t sequence, const struct entry_view *v)
{
	switch (h->what) {
	case HOLD_SUBJECT:
		return v->subject.left == strlen(h->subject) &&
			memcmp(v->subject.at, h->subject, v->subject.left) == 0;
	case HOLD_ENTRIES:
		return sequence >= h->first && sequence <= h->last;
	case HOLD_KIND:
		return v->kind == h->kind;
	}
	return true;
}

const struct retain_hold *retain_held(
	const struct retain *r, uint64_t sequence, const struct entry_view *v)
{
	for (size_t i = 0; i < r->hold_list.count; i++)
		if (!r->holds[i].released && is_on(&r->holds[i], sequence, v))
			return &r->holds[i];
	return NULL;
}
