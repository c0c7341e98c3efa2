/* Memory that grows: messages that come in parts are put together there, while they are under way
 * only, and dissectors keep there what has no size of its own. */
#include <assert.h>
#include <string.h>

#include "sense/engine.h"

/* What a message begins with; it doubles from there. */
enum { ROOM_FIRST = 512 };

static struct parts *parts_at(const struct layer *l, unsigned side)
{
	struct parts *both = l->state;
	return l->proto && l->proto->in_parts && both ? &both[side & 1] : NULL;
}

static struct parts *parts_now(const struct scene *c)
{
	struct parts *p = parts_at(c->sense->layer, c->side);
	assert(p);
	return p;
}

static void drop(struct sense *s, struct parts *p)
{
	budget_free(&s->memory, p->bytes, p->room);
	*p = (struct parts){ 0 };
}

static bool make_room(struct sense *s, struct parts *p, size_t size)
{
	size_t room = p->room ? p->room : ROOM_FIRST;
	while (room < size)
		room *= 2;
	if (room == p->room)
		return true;
	uint8_t *grown = budget_grow(&s->memory, p->bytes, p->room, room);
	if (!grown)
		return false;
	p->bytes = grown;
	p->room = room;
	return true;
}

bool kept_add(struct scene *c, struct parts *p, const void *bytes, size_t size, size_t max)
{
	if (p->size > max || size > max - p->size || !make_room(c->sense, p, p->size + size))
		return false;
	if (size)
		memcpy(p->bytes + p->size, bytes, size);
	p->size += size;
	return true;
}

void kept_drop(struct scene *c, struct parts *p)
{
	drop(c->sense, p);
}

bool parts_add(struct scene *c, struct cur part, size_t max)
{
	struct parts *p = parts_now(c);
	bool added = kept_add(c, p, part.at, part.left, max);
	if (!added)
		drop(c->sense, p);
	return added;
}

struct cur parts_whole(const struct scene *c)
{
	const struct parts *p = parts_now(c);
	return cur_of(p->bytes, p->size);
}

struct cur parts_of_other(const struct scene *c)
{
	const struct parts *p = parts_at(c->sense->layer, !c->side);
	assert(p);
	return p->size ? cur_of(p->bytes, p->size) : cur_none();
}

void parts_drop(struct scene *c)
{
	drop(c->sense, parts_now(c));
}

void parts_forget(struct sense *s, struct layer *l, unsigned side)
{
	struct parts *p = parts_at(l, side);
	if (p)
		drop(s, p);
}

void kept_forget(struct sense *s, struct layer *l)
{
	struct parts *in_state = l->state;
	if (in_state && l->proto->in_parts)
		in_state += 2;
	for (unsigned i = 0; in_state && i < l->proto->keeps; i++)
		drop(s, &in_state[i]);
	for (unsigned i = 0; l->asks && l->proto->ask_keeps && i < l->proto->asks; i++)
		kept_forget_ask(s, l, &l->asks[i]);
}

void kept_forget_ask(struct sense *s, struct layer *l, const struct ask *a)
{
	if (l->proto->ask_keeps)
		drop(s, (struct parts *)(void *)(ask_rest(l, a) + 1));
}
