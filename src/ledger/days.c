#include "ledger/days.h"

#include <stdlib.h>
#include <string.h>

#include "base/grow.h"

/* The first that is not before this day. */
static size_t find(const struct days *d, int32_t day)
{
	size_t from = 0, to = d->count;
	if (to && d->list[to - 1].day <= day) /* as nearly always */
		return d->list[to - 1].day < day ? to : to - 1;
	while (from < to) {
		size_t middle = from + (to - from) / 2;
		if (d->list[middle].day < day)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

int days_see(struct days *d, int32_t day, uint64_t place, struct err *e)
{
	size_t at = find(d, day);
	if (at < d->count && d->list[at].day == day) {
		if (d->list[at].last < place)
			d->list[at].last = place;
		return 0;
	}
	struct day *more = grow(d->list, &d->room, d->count + 1, sizeof *more);
	if (!more)
		return err_sys(e, "count the days");
	d->list = more;
	memmove(&more[at + 1], &more[at], (d->count - at) * sizeof *more);
	more[at] = (struct day){ day, place };
	d->count++;
	return 0;
}

int days_take(struct days *d, const struct days *from, struct day_span within, struct err *e)
{
	int r = 0;
	for (size_t i = find(from, within.from); r == 0 && i < from->count; i++) {
		if (from->list[i].day > within.to)
			break;
		r = days_see(d, from->list[i].day, from->list[i].last, e);
	}
	return r;
}

size_t days_behind(const struct days *d, uint64_t place)
{
	size_t count = 0;
	for (size_t i = 0; i < d->count; i++)
		count += d->list[i].last > place;
	return count;
}

void days_done(struct days *d)
{
	free(d->list);
	*d = (struct days){ 0 };
}

/* --- a few --- */

static bool is_longer(const struct day_span *a, const struct day_span *b)
{
	return (int64_t)a->to - a->from > (int64_t)b->to - b->from;
}

/* Spans come in order. */
static void keep_longest(struct days_few *f, const struct day_span *s)
{
	unsigned shortest = 0;
	if (f->count == DAYS_FEW) {
		for (unsigned i = 1; i < f->count; i++)
			if (is_longer(&f->list[shortest], &f->list[i]))
				shortest = i;
		if (!is_longer(s, &f->list[shortest]))
			return;
		memmove(&f->list[shortest], &f->list[shortest + 1],
			(f->count - shortest - 1) * sizeof f->list[0]);
		f->count--;
	}
	f->list[f->count++] = *s;
}

struct days_few days_few(const struct days *d)
{
	struct days_few f = { .count = 0 };
	for (size_t begin = 0, end; begin < d->count; begin = end) {
		for (end = begin + 1; end < d->count; end++)
			if (d->list[end].day != d->list[end - 1].day + 1)
				break;
		const struct day_span s = { d->list[begin].day, d->list[end - 1].day };
		keep_longest(&f, &s);
	}
	return f;
}

bool days_few_take(struct days_few *f, const struct days_few *more)
{
	struct day_span all[2 * DAYS_FEW];
	unsigned count = 0, a = 0, b = 0;
	while (a < f->count || b < more->count) {
		bool first =
			b == more->count || (a < f->count && f->list[a].from <= more->list[b].from);
		const struct day_span s = first ? f->list[a++] : more->list[b++];
		struct day_span *last = count ? &all[count - 1] : NULL;
		if (!last || (int64_t)last->to + 1 < s.from)
			all[count++] = s;
		else if (s.to > last->to)
			last->to = s.to;
	}
	if (count > DAYS_FEW)
		return false;
	memcpy(f->list, all, count * sizeof all[0]);
	f->count = count;
	return true;
}
