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

/* With what is claimed of entries that will not be there to be asked. */
static json_t *claim_data(const struct prune_range *g)
{
	char newest[CLOCK_TEXT];
	json_t *range = bundles_data(g), *kinds = json_array();
	for (unsigned i = 0; entry_kinds[i].name; i++)
		if (g->kinds >> i & 1)
			json_array_append_new(kinds, json_string(entry_kinds[i].name));
	json_object_update_new(range,
		json_pack("{s:o, s:s, s:I}", "kinds", kinds, "newest",
			seconds_text(g->newest_s, newest), "counted", (json_int_t)g->counted_s));
	return range;
}

static int no_memory(struct err *e)
{
	return err_set(e, -ENOMEM, "no memory for an entry");
}

/* Up to as many as fit into one entry; NULL: none is left. */
static int next_ranges(const struct prune_list *l, size_t *at,
	json_t *data_of(const struct prune_range *g), json_t **out, struct err *e)
{
	json_t *ranges = NULL;
	for (; *at < l->count && json_array_size(ranges) < RETAIN_RANGES; ++*at) {
		if (l->list[*at].said)
			continue;
		if (!ranges)
			ranges = json_array();
		if (json_array_append_new(ranges, data_of(&l->list[*at])) < 0) {
			json_decref(ranges);
			return no_memory(e);
		}
	}
	*out = ranges;
	return 0;
}

int prune_data(const struct prune_plan *p, struct prune_tell *at, int64_t until_s, const char *to,
	json_t **out, struct err *e)
{
	char until[CLOCK_TEXT];
	json_t *kept, *go = NULL;
	*out = NULL;
	int r = next_ranges(&p->back, &at->back, bundles_data, &kept, e);
	if (r == 0 && !kept)
		r = next_ranges(&p->go, &at->go, to ? bundles_data : claim_data, &go, e);
	if (r < 0 || (!kept && !go))
		return r;
	*out = kept  ? json_pack("{s:o}", "kept", kept)
		: to ? json_pack("{s:o, s:s}", "moved", go, "to", to)
		     : json_pack("{s:o, s:s}", "pruned", go, "until", seconds_text(until_s, until));
	return *out ? 0 : no_memory(e);
}
