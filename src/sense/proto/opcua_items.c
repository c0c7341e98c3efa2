/* Monitored items, kept as long as their subscription: notifications tell a value with its client's
 * number of the item only.  And registered nodes, of which the server makes names of its own. */
#include "base/attr.h"
#include "base/hash.h"
#include "sense/proto/opcua.h"

enum { ITEMS_MAX = 8192, TEXTS_MAX = 512 * 1024 };

/* Names of registered nodes are items of this subscription, which no server has: 0 is no number of
 * anything (OPC 10000-4, 7.19).  What an item is called there is a hash of the name. */
enum { ALIASES = 0 };

/* --- monitored items ---
 *
 * Found by what the client calls them and by what the server does, through one index of their
 * places in the list, from 1.  Items that are gone stay in list and index until a third of the
 * list is such; entries that lead to what an item was called before lead nowhere. */

static struct opcua_item *item_at(const struct opcua_state *state, uint32_t n)
{
	return &((struct opcua_item *)(void *)state->items.bytes)[n];
}

static uint32_t item_count(const struct opcua_state *state)
{
	return (uint32_t)(state->items.size / sizeof(struct opcua_item));
}

/* Numbers count up from 1 as a rule: mixed once more, they lie apart under every key. */
static uint32_t *index_slot(
	const struct opcua_state *state, uint32_t subscription, uint32_t number, uint32_t probe)
{
	uint32_t mask = (uint32_t)(state->index.size / sizeof(uint32_t)) - 1;
	uint32_t hash = (uint32_t)hash_mix(hash_mix(subscription, number), number);
	return &((uint32_t *)(void *)state->index.bytes)[(hash + probe) & mask];
}

/* No room for two names more, if half of the index is to stay empty, so that each search ends. */
static bool is_crowded(const struct opcua_state *state)
{
	return (state->entries + 2) * 2 > state->index.size / sizeof(uint32_t);
}

static void index_put(
	struct opcua_state *state, uint32_t subscription, uint32_t number, uint32_t place)
{
	uint32_t *slot = index_slot(state, subscription, number, 0);
	for (uint32_t i = 1; *slot; slot = index_slot(state, subscription, number, i++)) {
		if (*slot == place + 1)
			return;
		if (!item_at(state, *slot - 1)->used)
			break;
	}
	state->entries += !*slot;
	*slot = place + 1;
}

static struct opcua_item *find(
	const struct opcua_state *state, uint32_t subscription, uint32_t number, bool by_handle)
{
	if (!state->index.size)
		return NULL;
	const uint32_t *slot = index_slot(state, subscription, number, 0);
	for (uint32_t i = 1; *slot; slot = index_slot(state, subscription, number, i++)) {
		struct opcua_item *item = item_at(state, *slot - 1);
		if (item->used && item->subscription == subscription &&
			(by_handle || !item->gone) &&
			(by_handle ? item->handle : item->item) == number)
			return item;
	}
	return NULL;
}

void opcua_forget(struct opcua *o)
{
	struct opcua_state *state = o->state;
	kept_drop(o->s, &state->items);
	kept_drop(o->s, &state->texts);
	kept_drop(o->s, &state->index);
	state->used = state->aliases = state->entries = 0;
}

/* Eight slots for each item, which has two names: there is room for others until it is done anew.
 */
static void index_anew(struct opcua *o)
{
	static const uint32_t empty[64];
	struct opcua_state *state = o->state;
	uint32_t count = item_count(state);
	size_t size = sizeof empty;
	while (size < (size_t)count * 8 * sizeof(uint32_t))
		size *= 2;
	state->entries = 0;
	kept_cut(&state->index, 0);
	while (state->index.size < size)
		if (!kept_add(o->s, &state->index, empty, sizeof empty, SIZE_MAX)) {
			state->nameless |= state->aliases;
			opcua_forget(o);
			return;
		}
	for (uint32_t i = 0; i < count; i++) {
		const struct opcua_item *item = item_at(state, i);
		if (!item->used)
			continue;
		index_put(state, item->subscription, item->handle, i);
		index_put(state, item->subscription, item->item, i);
	}
}

/* Closes ranks: what is gone makes room. */
static void tidy(struct opcua *o)
{
	struct opcua_state *state = o->state;
	uint32_t count = item_count(state), to = 0;
	size_t end = 0;
	if (!state->used) {
		opcua_forget(o);
		return;
	}
	for (uint32_t i = 0; i < count; i++) {
		struct opcua_item item = *item_at(state, i);
		if (!item.used)
			continue;
		memmove(state->texts.bytes + end, state->texts.bytes + item.text, item.size);
		item.text = (uint32_t)end;
		end += item.size;
		*item_at(state, to++) = item;
	}
	kept_cut(&state->items, to * sizeof(struct opcua_item));
	kept_cut(&state->texts, end);
	index_anew(o);
}

/* Entries that lead nowhere any more, before it is worth while to clear them away. */
enum { STALE_FEW = 16 };

static void tidy_now_and_then(struct opcua *o)
{
	const struct opcua_state *state = o->state;
	if (!item_count(state))
		return;
	if (item_count(state) - state->used > state->used / 2)
		tidy(o);
	else if (state->entries > 3 * state->used + STALE_FEW || is_crowded(state))
		index_anew(o);
}

static void drop(struct opcua *o, struct opcua_item *item)
{
	if (!item)
		return;
	item->used = false;
	o->state->used--;
	o->state->aliases -= item->subscription == ALIASES;
}

/* With `address`.  Items beyond the room there is stay without: their values are told, and no
 * point. */
static bool add(struct opcua *o, struct opcua_item item, struct cur address)
{
	struct opcua_state *state = o->state;
	tidy_now_and_then(o);
	uint32_t place = item_count(state);
	item.text = (uint32_t)state->texts.size;
	item.size = (uint8_t)address.left;
	item.used = true;
	if (place == ITEMS_MAX || !kept_add(o->s, &state->items, &item, sizeof item, SIZE_MAX))
		return false;
	if (!kept_add(o->s, &state->texts, address.at, address.left, TEXTS_MAX)) {
		kept_cut(&state->items, place * sizeof item);
		return false;
	}
	state->used++;
	state->aliases += item.subscription == ALIASES;
	if (is_crowded(state)) {
		index_anew(o);
		return true;
	}
	index_put(state, item.subscription, item.handle, place);
	index_put(state, item.subscription, item.item, place);
	return true;
}

/* Clients should call each item something else.  Some do not, and nobody knows whose a value is. */
static bool is_taken(const struct opcua *o, uint32_t subscription, uint32_t handle)
{
	struct opcua_item *other = find(o->state, subscription, handle, true);
	if (other)
		other->twice = true;
	return other;
}

/* What two items were called stays taken: the other one is there.  (Both its names are one then, so
 * that the index finds many such as fast.) */
static void take_away(struct opcua *o, struct opcua_item *item)
{
	if (item && item->twice) {
		item->gone = true;
		item->item = item->handle;
	} else
		drop(o, item);
}

/* Where a session is gone, the server may count from 1 again: the last to come has the number. */
void opcua_item_add(struct opcua *o)
{
	uint32_t subscription = o->asked->subscription;
	take_away(o, find(o->state, subscription, o->item, false));
	if (is_taken(o, subscription, o->from.handle))
		return;
	const struct opcua_item item = { .subscription = subscription,
		.item = o->item,
		.handle = o->from.handle,
		.point = o->from.point,
		.secret = o->from.secret };
	(void)add(o, item, o->address);
}

void opcua_item_rename(struct opcua *o, uint32_t subscription, uint32_t number, uint32_t handle)
{
	struct opcua_item *item = find(o->state, subscription, number, false);
	if (!item || item->handle == handle)
		return;
	if (item->twice || is_taken(o, subscription, handle)) {
		take_away(o, item);
	} else {
		item->handle = handle;
		index_put(o->state, subscription, handle, (uint32_t)(item - item_at(o->state, 0)));
	}
	tidy_now_and_then(o);
}

void opcua_item_drop(struct opcua *o, uint32_t subscription, uint32_t item)
{
	take_away(o, find(o->state, subscription, item, false));
	tidy_now_and_then(o);
}

/* Nobody ends so many subscriptions at once: better nothing is known than looked for so often. */
enum { ENDED_MAX = 64 };

void opcua_items_drop(struct opcua *o, uint32_t subscription)
{
	if (o->ended++ == ENDED_MAX)
		opcua_items_forget(o);
	if (subscription == ALIASES || o->state->used == o->state->aliases)
		return;
	for (uint32_t i = 0; i < item_count(o->state); i++)
		if (item_at(o->state, i)->used &&
			item_at(o->state, i)->subscription == subscription)
			drop(o, item_at(o->state, i));
	tidy_now_and_then(o);
}

void opcua_items_forget(struct opcua *o)
{
	if (o->state->used == o->state->aliases)
		return;
	for (uint32_t i = 0; i < item_count(o->state); i++)
		if (item_at(o->state, i)->used && item_at(o->state, i)->subscription != ALIASES)
			drop(o, item_at(o->state, i));
	tidy_now_and_then(o);
}

const struct opcua_item *opcua_item_by_handle(
	struct opcua *o, uint32_t subscription, uint32_t handle)
{
	const struct opcua_item *item = find(o->state, subscription, handle, true);
	return item && item->subscription != ALIASES && !item->twice ? item : NULL;
}

struct cur opcua_item_address(const struct opcua *o, const struct opcua_item *item)
{
	return cur_of(o->state->texts.bytes + item->text, item->size);
}

/* --- registered nodes: OPC 10000-4, 5.8.5 --- */

static struct opcua_item *alias_find(const struct opcua *o, const struct opcua_node *node)
{
	uint64_t name = hash_bytes(node->text, node->size);
	struct opcua_item *item = find(o->state, ALIASES, (uint32_t)name, false);
	return item && item->handle == name >> 32 ? item : NULL;
}

const struct opcua_item *opcua_alias(const struct opcua *o)
{
	return o->state->aliases && o->node.text ? alias_find(o, &o->node) : NULL;
}

/* Many servers give back the name they were given.  Of what they make of a node that nobody saw is
 * known that it is no name for a point. */
void opcua_alias_add(struct opcua *o)
{
	const struct opcua_node *alias = &o->node_read;
	struct cur address = o->remembered ? o->address : cur_none();
	if (!alias->text) {
		o->state->nameless |= alias->space;
		return;
	}
	drop(o, alias_find(o, alias));
	if (address.left == alias->size && memcmp(address.at, alias->text, alias->size) == 0)
		return;
	uint64_t name = hash_bytes(alias->text, alias->size);
	const struct opcua_item item = { .subscription = ALIASES,
		.item = (uint32_t)name,
		.handle = (uint32_t)(name >> 32),
		.point = o->from.point && address.left,
		.secret = o->from.secret };
	o->state->nameless |= !add(o, item, address);
}

void opcua_aliases_doubt(struct opcua *o)
{
	for (uint32_t i = 0; o->state->aliases && i < item_count(o->state); i++)
		if (item_at(o->state, i)->subscription == ALIASES) {
			item_at(o->state, i)->size = 0;
			item_at(o->state, i)->point = false;
		}
}
