/* What an entry says of a plan. */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "event/entry.h"
#include "ledger/prune.h"

static const char *seconds_text(int64_t s, char text[CLOCK_TEXT])
{
	clock_text(s * CLOCK_SECOND, text);
	memcpy(text + 19, "Z", 2); /* no fraction */
	return text;
}

static json_t *bundles_data(const struct prune_range *g)
{
	return json_pack("{s:I, s:I}", "first", (json_int_t)g->first, "last", (json_int_t)g->last);
}

static json_t *kinds_data(uint32_t kinds)
{
	json_t *list = json_array();
	for (unsigned i = 0; list && entry_kinds[i].name; i++)
		if (kinds >> i & 1 &&
			json_array_append_new(list, json_string(entry_kinds[i].name)) < 0) {
			json_decref(list);
			return NULL;
		}
	return list;
}

static json_t *days_data(const struct days_few *days)
{
	json_t *list = json_array();
	for (unsigned i = 0; list && i < days->count; i++)
		if (json_array_append_new(list,
			    json_pack("{s:i, s:i}", "first", (int)days->list[i].from, "last",
				    (int)days->list[i].to)) < 0) {
			json_decref(list);
			return NULL;
		}
	return list;
}

/* With what is claimed of entries that will not be there to be asked. */
static json_t *claim_data(const struct prune_range *g)
{
	char newest[CLOCK_TEXT];
	return json_pack("{s:I, s:I, s:o, s:s, s:o}", "first", (json_int_t)g->first, "last",
		(json_int_t)g->last, "kinds", kinds_data(g->kinds), "newest",
		seconds_text(g->newest_s, newest), "days", days_data(&g->days));
}

static int no_memory(struct err *e)
{
	return err_set(e, -ENOMEM, "no memory for an entry");
}

/* As many that nobody tells of yet as fit into one entry, whatever is claimed of each.  NULL: none.
 */
enum { RANGES_TOLD = 100 };
static_assert((int)RANGES_TOLD <= (int)RETAIN_RANGES, "as many can be read");

static int next_ranges(const struct prune_list *l, size_t *told,
	json_t *data_of(const struct prune_range *g), json_t **out, struct err *e)
{
	*out = NULL;
	for (unsigned n = 0; *told < l->count && n < RANGES_TOLD; ++*told) {
		const struct prune_range *g = &l->list[*told];
		if (g->by != PRUNE_NOBODY)
			continue;
		if (!*out)
			*out = json_array();
		if (json_array_append_new(*out, data_of(g)) < 0) {
			json_decref(*out);
			*out = NULL;
			return no_memory(e);
		}
		n++;
	}
	return 0;
}

int prune_data(const struct prune_plan *p, struct prune_tell *told, int64_t until_s, const char *to,
	json_t **out, struct err *e)
{
	char until[CLOCK_TEXT];
	json_t *kept, *go = NULL;
	*out = NULL;
	int r = next_ranges(&p->kept, &told->kept, bundles_data, &kept, e);
	if (r == 0 && !kept)
		r = next_ranges(&p->go, &told->go, to ? bundles_data : claim_data, &go, e);
	if (r < 0 || (!kept && !go))
		return r;
	*out = kept  ? json_pack("{s:o}", "kept", kept)
		: to ? json_pack("{s:o, s:s}", "moved", go, "to", to)
		     : json_pack("{s:o, s:s}", "pruned", go, "until", seconds_text(until_s, until));
	return *out ? 0 : no_memory(e);
}
