#include "report/order.h"

#include <stdlib.h>
#include <string.h>

#include "report/words.h"

typedef int compare(const struct plant *p, uint32_t a, uint32_t b);

struct by {
	const struct plant *p;
	compare *compare;
};

static int three_way(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int with_ties(const void *one, const void *two, void *arg)
{
	const struct by *by = arg;
	uint32_t a = *(const uint32_t *)one, b = *(const uint32_t *)two;
	int way = by->compare(by->p, a, b);
	return way ? way : three_way(a, b);
}

static uint32_t *order(const struct plant *p, size_t count, compare *how)
{
	uint32_t *list = calloc(count ? count : 1, sizeof *list);
	if (!list)
		return NULL;
	for (size_t i = 0; i < count; i++)
		list[i] = (uint32_t)i;
	struct by by = { p, how };
	qsort_r(list, count, sizeof *list, with_ties, &by);
	return list;
}

static int finding(const struct plant *p, uint32_t a, uint32_t b)
{
	const struct finding *f = &p->findings[a], *g = &p->findings[b];
	int way = three_way(g->severity, f->severity);
	if (!way)
		way = strcmp(f->row->id, g->row->id);
	if (!way)
		way = (f->first_ns > g->first_ns) - (f->first_ns < g->first_ns);
	return way;
}

static int asset(const struct plant *p, uint32_t a, uint32_t b)
{
	const struct asset *f = &p->assets[a], *g = &p->assets[b];
	int way = three_way(band_of(f), band_of(g));
	if (!way)
		way = strcmp(f->zone ? f->zone : "", g->zone ? g->zone : "");
	if (!way && f->ips.count && g->ips.count)
		way = memcmp(&p->ips[f->ips.first], &p->ips[g->ips.first], sizeof(struct ip));
	else if (!way)
		way = three_way(g->ips.count > 0, f->ips.count > 0);
	return way;
}

static int conversation(const struct plant *p, uint32_t a, uint32_t b)
{
	const struct conversation *c = &p->conversations[a], *d = &p->conversations[b];
	int way = three_way(
		act_strength(tally_of(p, d).strongest), act_strength(tally_of(p, c).strongest));
	return way ? way : three_way(d->bytes, c->bytes);
}

static unsigned liveliness(const struct point *at)
{
	return 2u * at->written + (at->min < at->max);
}

static int point(const struct plant *p, uint32_t a, uint32_t b)
{
	return three_way(liveliness(&p->points[b]), liveliness(&p->points[a]));
}

uint32_t *order_findings(const struct plant *p)
{
	return order(p, p->finding_count, finding);
}

size_t order_alike(const struct plant *p, const uint32_t *list, size_t at)
{
	const struct finding *f = &p->findings[order_at(list, at)];
	size_t count = 1;
	for (; at + count < p->finding_count; count++) {
		const struct finding *g = &p->findings[order_at(list, at + count)];
		if (g->row != f->row || g->severity != f->severity)
			break;
	}
	return count;
}

uint32_t *order_assets(const struct plant *p)
{
	return order(p, p->asset_count, asset);
}

uint32_t *order_conversations(const struct plant *p)
{
	return order(p, p->conversation_count, conversation);
}

uint32_t *order_points(const struct plant *p)
{
	return order(p, p->point_count, point);
}
