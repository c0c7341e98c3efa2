#include "ledger/retain.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/grow.h"
#include "event/entry.h"
#include "ledger/retain_inside.h"

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
	for (size_t i = 0; i < r->mark_count; i++)
		free(r->marks[i].open);
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

/* Where there are too many, every second one goes: what they say gets vaguer, never false. */
static int add_mark(struct retain *r, uint64_t sequence, int64_t at_s, struct err *e)
{
	struct retain_mark m = { sequence, at_s, r->passage.counted_s, NULL };
	if (r->passage.open.count) {
		m.open = malloc(sizeof *m.open);
		if (!m.open)
			return err_sys(e, "keep the rules of retention");
		*m.open = r->passage.open;
	}
	if (r->mark_count == RETAIN_MARKS) {
		for (size_t i = 0; i < RETAIN_MARKS / 2; i++) {
			free(r->marks[2 * i + 1].open);
			r->marks[i] = r->marks[2 * i];
		}
		r->mark_count = RETAIN_MARKS / 2;
	}
	r->marks[r->mark_count++] = m;
	return 0;
}

/* The next of the ledger's own says how much counts of what was open at the marks before it. */
static void count_marks(struct retain *r, int64_t at_s)
{
	for (size_t i = r->mark_count; i-- > 0 && r->marks[i].at_s == INT64_MIN;) {
		struct retain_mark *m = &r->marks[i];
		if (m->open)
			m->counted_s = passage_counted_of(&r->passage, m->open, at_s);
		free(m->open);
		m->open = NULL;
	}
}

static int see_own(struct retain *r, uint64_t sequence, int64_t at_s, struct err *e)
{
	struct retain_own *more = retain_more(r->owns, &r->own_list, sizeof *more, e);
	if (!more)
		return e->code;
	r->owns = more;
	more[r->own_list.count++] = (struct retain_own){ sequence, at_s };
	count_marks(r, at_s);
	passage_own(&r->passage, at_s);
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
	if (!entry_kinds[v.kind].own) {
		passage_see(&r->passage, v.at_s);
		return 0;
	}
	int done = see_own(r, sequence, v.at_s, e);
	if (done == 0 && is_rule(v.kind))
		done = retain_rule(r, sequence, &v, entry, e);
	return done < 0 ? done : add_mark(r, sequence, v.at_s, e);
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
	return add_mark(r, first, INT64_MIN, e);
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
	return passage_is_ahead(&r->passage, now_s);
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
