/* What a plan says of bundles. */
#include <stdlib.h>

#include "base/grow.h"
#include "ledger/prune.h"

void prune_plan_done(struct prune_plan *p)
{
	free(p->go.list);
	free(p->kept.list);
	p->go = p->kept = (struct prune_list){ 0 };
}

/* Neighbours become one range, where the same is claimed of both (what is said of the newest entry
 * holds for each kind then), and where all their days can be told. */
int prune_list_add(struct prune_list *l, const struct prune_range *g, struct err *e)
{
	struct prune_range *last = l->count ? &l->list[l->count - 1] : NULL;
	if (last && last->last + 1 == g->first && last->by == g->by && last->kinds == g->kinds &&
		days_few_take(&last->days, &g->days)) {
		last->last = g->last;
		last->newest_s = g->newest_s > last->newest_s ? g->newest_s : last->newest_s;
		return 0;
	}
	struct prune_range *more = grow(l->list, &l->room, l->count + 1, sizeof *more);
	if (!more)
		return err_sys(e, "plan what goes");
	l->list = more;
	more[l->count++] = *g;
	return 0;
}

int prune_goes(struct prune_plan *p, const struct prune_range *range, struct err *e)
{
	p->entries += range->last - range->first + 1;
	return prune_list_add(&p->go, range, e);
}

void prune_stays(struct prune_plan *p, const struct retain_verdict *v, uint64_t at)
{
	if (p->stay[v->why]++)
		return;
	p->example[v->why] = *v;
	p->example_at[v->why] = at;
}
