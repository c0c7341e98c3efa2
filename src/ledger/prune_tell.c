/* What an entry says of a plan. */
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

/* With what is claimed of entries that will not be there to be asked. */
static json_t *claim_data(const struct prune_range *g)
{
	char newest[CLOCK_TEXT];
	return json_pack("{s:I, s:I, s:o, s:s, s:I}", "first", (json_int_t)g->first, "last",
		(json_int_t)g->last, "kinds", kinds_data(g->kinds), "newest",
		seconds_text(g->newest_s, newest), "counted", (json_int_t)g->counted_s);
}

static int no_memory(struct err *e)
{
	return err_set(e, -ENOMEM, "no memory for an entry");
}

/* As many of the last that nobody tells of yet as fit into one entry: they go first.  NULL: none.
 */
static int next_ranges(const struct prune_list *l, size_t *told,
	json_t *data_of(const struct prune_range *g), json_t **out, struct err *e)
{
	size_t end = l->count - *told, begin = end;
	*out = NULL;
	for (unsigned n = 0; begin > 0 && n < RETAIN_RANGES; begin--)
		n += l->list[begin - 1].by == PRUNE_NOBODY;
	*told = l->count - begin;
	for (size_t i = begin; i < end; i++) {
		if (l->list[i].by != PRUNE_NOBODY)
			continue;
		if (!*out)
			*out = json_array();
		if (json_array_append_new(*out, data_of(&l->list[i])) < 0) {
			json_decref(*out);
			*out = NULL;
			return no_memory(e);
		}
	}
	return 0;
}

int prune_data(const struct prune_plan *p, struct prune_tell *told, int64_t until_s, const char *to,
	json_t **out, struct err *e)
{
	char until[CLOCK_TEXT];
	json_t *kept, *go = NULL;
	*out = NULL;
	int r = next_ranges(&p->back, &told->back, bundles_data, &kept, e);
	if (r == 0 && !kept)
		r = next_ranges(&p->go, &told->go, to ? bundles_data : claim_data, &go, e);
	if (r < 0 || (!kept && !go))
		return r;
	*out = kept  ? json_pack("{s:o}", "kept", kept)
		: to ? json_pack("{s:o, s:s}", "moved", go, "to", to)
		     : json_pack("{s:o, s:s}", "pruned", go, "until", seconds_text(until_s, until));
	return *out ? 0 : no_memory(e);
}
