#include "sense/whole.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "sense/detect_inside.h"
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
	if (s->detections) {
		pool_done(&s->detections->found);
		table_done(&s->detections->found_table);
		free(s->detections->findings);
	}
	free(s->detections);
	plant_free(s->plant);
	free(s);
}

static int copy_inventory(struct inventory *to, const struct inventory *from, struct err *e)
{
	const struct {
		struct pool *to;
		const struct pool *from;
	} pools[] = {
		{ &to->hosts, &from->hosts },
		{ &to->macs, &from->macs },
		{ &to->binds, &from->binds },
		{ &to->said, &from->said },
		{ &to->lasted, &from->lasted },
		{ &to->modules, &from->modules },
		{ &to->conversations, &from->conversations },
		{ &to->operations, &from->operations },
		{ &to->points, &from->points },
	};
	int r = 0;
	for (size_t i = 0; r == 0 && i < COUNT_OF(pools); i++)
		r = pool_copy(pools[i].to, pools[i].from, e);
	/* By address somebody is looked for while it is judged; by nothing else. */
	if (r == 0)
		r = table_copy(&to->host_table, &from->host_table, e);
	if (r == 0)
		r = table_copy(&to->mac_table, &from->mac_table, e);
	to->strings_refused = from->strings_refused;
	to->identities_refused = from->identities_refused;
	to->binds_refused = from->binds_refused;
	to->modules_refused = from->modules_refused;
	to->strings = mmap(NULL, from->strings_max, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (r == 0 && to->strings == MAP_FAILED) {
		to->strings = NULL;
		return err_sys(e, "copy what sensors know");
	}
	to->strings_max = from->strings_max;
	to->strings_used = from->strings_used;
	memcpy(to->strings, from->strings, from->strings_used);
	return r;
}

static int copy_found(struct detections **out, const struct detections *from, struct err *e)
{
	struct detections *d = *out = calloc(1, sizeof *d);
	if (!d)
		return err_sys(e, "copy what sensors know");
	d->count = from->count;
	for (size_t i = 0; i < from->count; i++)
		d->watches[i].row = from->watches[i].row;
	d->forgotten = from->forgotten;
	int r = pool_copy(&d->found, &from->found, e);
	return r < 0 ? r : table_copy(&d->found_table, &from->found_table, e);
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
	int r = copy_inventory(&s->inventory, &from->inventory, e);
	return r < 0 ? r : copy_found(&s->detections, from->detections, e);
}

int whole_plant(struct whole *w, struct plant *out, struct err *e)
{
	copy_free(w->shown);
	int r = copy(&w->shown, w->known, e);
	return r < 0 ? r : sense_plant(w->shown, out, e);
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
