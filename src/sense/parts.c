/* Messages that come in parts: put together in memory of their own, while they are under way only.
 */
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

bool parts_add(struct scene *c, struct cur part, size_t max)
{
	struct sense *s = c->sense;
	struct parts *p = parts_now(c);
	size_t size = part.left;
	if (p->size > max || size > max - p->size || !make_room(s, p, p->size + size)) {
		drop(s, p);
		return false;
	}
	const uint8_t *from = cur_take(&part, size);
	if (from)
		memcpy(p->bytes + p->size, from, size);
	p->size += size;
	return true;
}

struct cur parts_whole(const struct scene *c)
{
	const struct parts *p = parts_now(c);
	return cur_of(p->bytes, p->size);
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
