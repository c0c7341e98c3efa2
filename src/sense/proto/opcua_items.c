/* What a request named, kept until its answer comes; and monitored items, kept as long as their
 * subscription: notifications tell a value with its client's number of the item only. */
#include <stddef.h>

#include "base/attr.h"
#include "base/hash.h"
#include "base/out.h"
#include "sense/proto/opcua.h"

enum { ATTRIBUTE_VALUE = 13 }; /* OPC 10000-6, A.1 */

/* Elements of one request: 64 KiB of the shortest there are make 128 KiB. */
enum { ASKED_MAX = 128 * 1024 };
enum { ITEMS_MAX = 8192, TEXTS_MAX = 512 * 1024 };

/* --- elements of requests --- */

/* OPC 10000-6, A.1: what a node has beside its value. */
static const char *attribute_name(uint32_t attribute)
{
	static const char *const names[] = { "NodeId", "NodeClass", "BrowseName", "DisplayName",
		"Description", "WriteMask", "UserWriteMask", "IsAbstract", "Symmetric",
		"InverseName", "ContainsNoLoops", "EventNotifier", "Value", "DataType", "ValueRank",
		"ArrayDimensions", "AccessLevel", "UserAccessLevel", "MinimumSamplingInterval",
		"Historizing", "Executable", "UserExecutable", "DataTypeDefinition",
		"RolePermissions", "UserRolePermissions", "AccessRestrictions", "AccessLevelEx" };
	return attribute - 1 < COUNT_OF(names) ? names[attribute - 1] : "?";
}

/* "ns=2;s=Boiler.Level", "ns=2;s=Boiler.Curve[1:3]", "ns=2;s=Boiler.Level (DisplayName)".  Empty
 * where there is no room: half an address would be another's. */
static size_t address_of(const struct opcua *o, char text[OPCUA_ADDRESS_MAX + 1])
{
	struct out out = out_mem(text, OPCUA_ADDRESS_MAX + 1);
	if (!o->node.text)
		return 0;
	out_bytes(&out, o->node.text, o->node.size);
	if (o->range.left) {
		out_char(&out, '[');
		out_bytes(&out, o->range.at, o->range.left);
		out_char(&out, ']');
	}
	if (o->attribute != ATTRIBUTE_VALUE) {
		out_str(&out, " (");
		out_str(&out, attribute_name(o->attribute));
		out_char(&out, ')');
	}
	return out.failed ? 0 : out.used;
}

struct record {
	struct opcua_asked_item item;
	char address[OPCUA_ADDRESS_MAX + 1];
};

void opcua_remember(struct opcua *o)
{
	struct opcua_ask *ask = o->ask;
	struct record kept = { .item = o->from };
	if (!ask || ask->full)
		return;
	struct opcua_asked_item *item = &kept.item;
	size_t size = address_of(o, kept.address);
	item->numeric = o->node.numeric;
	item->handle = o->handle;
	item->item = o->item;
	item->value = o->attribute == ATTRIBUTE_VALUE;
	item->point = item->value && !o->range.left && o->node.space;
	item->size = (uint8_t)size;
	size += offsetof(struct record, address);
	ask->full = !kept_add(o->s, &ask->kept, &kept, size, ASKED_MAX);
}

void opcua_recall(struct opcua *o)
{
	struct cur *rest = &o->asked_rest;
	const uint8_t *item = cur_take(rest, sizeof o->from);
	o->from = (struct opcua_asked_item){ 0 };
	if (item)
		memcpy(&o->from, item, sizeof o->from);
	o->address = cur_sub(rest, o->from.size);
	o->remembered = cur_ok(rest);
}

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
			(by_handle ? item->handle : item->item) == number)
			return item;
	}
	return NULL;
}

static void forget_all(struct opcua *o)
{
	struct opcua_state *state = o->state;
	kept_drop(o->s, &state->items);
	kept_drop(o->s, &state->texts);
	kept_drop(o->s, &state->index);
	state->used = state->entries = 0;
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
			forget_all(o);
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
		forget_all(o);
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
}

/* Items beyond the room there is stay without their node: their values are told, and no point.
 * Where a session is gone, the next one counts from 1 again: the last to come has the name. */
void opcua_item_add(struct opcua *o)
{
	struct opcua_state *state = o->state;
	uint32_t subscription = o->asked->subscription;
	drop(o, find(state, subscription, o->item, false));
	drop(o, find(state, subscription, o->from.handle, true));
	tidy_now_and_then(o);
	const struct opcua_item item = { .subscription = subscription,
		.item = o->item,
		.handle = o->from.handle,
		.text = (uint32_t)state->texts.size,
		.size = o->from.size,
		.point = o->from.point,
		.used = true };
	uint32_t place = item_count(state);
	if (!o->address.left || place == ITEMS_MAX ||
		!kept_add(o->s, &state->items, &item, sizeof item, SIZE_MAX))
		return;
	if (!kept_add(o->s, &state->texts, o->address.at, o->address.left, TEXTS_MAX)) {
		kept_cut(&state->items, place * sizeof item);
		return;
	}
	state->used++;
	if (is_crowded(state)) {
		index_anew(o);
		return;
	}
	index_put(state, subscription, item.handle, place);
	index_put(state, subscription, item.item, place);
}

void opcua_item_rename(struct opcua *o, uint32_t subscription, uint32_t number, uint32_t handle)
{
	struct opcua_item *item = find(o->state, subscription, number, false);
	if (!item || item->handle == handle)
		return;
	drop(o, find(o->state, subscription, handle, true));
	item->handle = handle;
	index_put(o->state, subscription, handle, (uint32_t)(item - item_at(o->state, 0)));
	tidy_now_and_then(o);
}

void opcua_item_drop(struct opcua *o, uint32_t subscription, uint32_t item)
{
	drop(o, find(o->state, subscription, item, false));
	tidy_now_and_then(o);
}

/* Nobody ends so many subscriptions at once: better nothing is known than looked for so often. */
enum { ENDED_MAX = 64 };

void opcua_items_drop(struct opcua *o, uint32_t subscription)
{
	if (o->ended++ == ENDED_MAX)
		forget_all(o);
	for (uint32_t i = 0; i < item_count(o->state); i++)
		if (item_at(o->state, i)->used &&
			item_at(o->state, i)->subscription == subscription)
			drop(o, item_at(o->state, i));
	tidy_now_and_then(o);
}

const struct opcua_item *opcua_item_by_handle(
	struct opcua *o, uint32_t subscription, uint32_t handle)
{
	return find(o->state, subscription, handle, true);
}

struct cur opcua_item_address(const struct opcua *o, const struct opcua_item *item)
{
	return cur_of(o->state->texts.bytes + item->text, item->size);
}
