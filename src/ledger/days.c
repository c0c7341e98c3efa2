#include "ledger/days.h"

#include <stdlib.h>
#include <string.h>

#include "base/grow.h"

/* The first that is not before this day. */
static size_t find(const struct days *d, int32_t day)
{
	size_t from = 0, to = d->count;
	if (to && d->list[to - 1].day < day)
		return to; /* as nearly always */
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

static bool touch(const struct day_span *a, const struct day_span *b)
{
	return (int64_t)a->from <= (int64_t)b->to + 1 && (int64_t)b->from <= (int64_t)a->to + 1;
}

void days_few_see(struct days_few *f, struct day_span s)
{
	unsigned kept = 0, shortest = 0;
	for (unsigned i = 0; i < f->count; i++) {
		const struct day_span *one = &f->list[i];
		if (!touch(one, &s)) {
			f->list[kept++] = *one;
			continue;
		}
		s.from = one->from < s.from ? one->from : s.from;
		s.to = one->to > s.to ? one->to : s.to;
	}
	f->count = kept;
	if (kept < DAYS_FEW) {
		f->list[f->count++] = s;
		return;
	}
	for (unsigned i = 1; i < kept; i++)
		if (f->list[i].to - f->list[i].from < f->list[shortest].to - f->list[shortest].from)
			shortest = i;
	if (s.to - s.from > f->list[shortest].to - f->list[shortest].from)
		f->list[shortest] = s;
}
