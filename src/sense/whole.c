#include "sense/whole.h"

#include <stdlib.h>

#include "sense/plant.h"
#include "sense/whole_inside.h"

int whole_new(struct whole **out, const struct whole_config *config, struct err *e)
{
	const struct sense_config c = { .memory = config->memory, .random = config->random };
	struct whole *w = calloc(1, sizeof *w);
	if (!w)
		return err_sys(e, "put together what sensors know");
	w->known = sense_new(&c, e);
	int r = w->known ? 0 : e->code;
	if (r == 0)
		r = pool_init(&w->msgs, sizeof(struct msg), WHOLE_MSGS, e);
	if (r == 0)
		r = table_init(&w->msg_table, WHOLE_MSGS, e);
	if (r) {
		whole_free(w);
		return r;
	}
	w->known->elsewhere = w->counters;
	*out = w;
	return 0;
}

/* --- a copy: the judgement of who is who moves words to where they belong --- */

static void copy_free(struct sense *s)
{
	if (!s)
		return;
	inventory_done(&s->inventory);
	detections_free(s->detections);
	plant_free(s->plant);
	free(s);
}

static int copy(struct sense **out, const struct sense *from, struct err *e)
{
	struct sense *s = *out = calloc(1, sizeof *s);
	if (!s)
		return err_sys(e, "copy what sensors know");
	s->packet_count = from->packet_count;
	s->byte_count = from->byte_count;
	s->first_ns = from->first_ns;
	s->last_ns = from->last_ns;
	s->zones = from->zones;
	s->zone_count = from->zone_count;
	s->vendors = from->vendors;
	s->elsewhere = from->elsewhere;
	int r = inventory_copy(&s->inventory, &from->inventory, e);
	return r < 0 ? r : detections_copy(&s->detections, from->detections, e);
}

int whole_plant(struct whole *w, struct plant *out, struct err *e)
{
	copy_free(w->shown);
	int r = copy(&w->shown, w->known, e);
	return r < 0 ? r : sense_plant(w->shown, out, e);
}

void whole_number(struct whole *w, const uint32_t *ids)
{
	plant_number(w->shown->plant, ids);
}

void whole_free(struct whole *w)
{
	if (!w)
		return;
	for (unsigned teller = 0; teller < WHOLE_TELLERS; teller++)
		for (unsigned kind = 0; kind < ROW_KINDS; kind++) {
			free(w->told[teller][kind].ours);
			free(w->told[teller][kind].counts);
		}
	copy_free(w->shown);
	sense_free(w->known);
	pool_done(&w->msgs);
	table_done(&w->msg_table);
	free(w);
}

void whole_zones(struct whole *w, const struct sense_zone *zones, size_t count)
{
	sense_zones(w->known, zones, count);
}

void whole_vendors(struct whole *w, const struct vendors *v)
{
	sense_vendors(w->known, v);
}

void whole_forget(struct whole *w, unsigned teller)
{
	for (unsigned kind = 0; kind < ROW_KINDS; kind++) {
		struct told *t = &w->told[teller][kind];
		free(t->ours);
		free(t->counts);
		*t = (struct told){ 0 };
	}
}

void whole_heard(
	const struct whole *w, unsigned teller, uint64_t *packets, uint64_t *bytes, uint64_t *lost)
{
	const struct told *t = &w->told[teller][ROW_COUNTERS];
	if (t->end < 2)
		return;
	const uint64_t *counts = &t->counts[t->width];
	*packets += counts[0];
	*bytes += counts[1];
	*lost += counts[2 + COUNTER_LOST];
}
