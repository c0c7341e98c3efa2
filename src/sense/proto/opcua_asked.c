/* What requests named, kept until their answers come: those say no more than how it went with the
 * first, the second and so on.  The elements of all requests of a conversation stand in one buffer,
 * one behind the other; where it is full the oldest make room, and are answered without a name. */
#include <stddef.h>

#include "base/attr.h"
#include "base/out.h"
#include "sense/proto/opcua.h"
#include "sense/proto/text.h"
#include "sense/secret.h"

/* 64 KiB of the shortest elements there are make 128 KiB: two such requests at a time. */
enum { ASKED_MAX = 256 * 1024 };

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
static size_t address_of(const struct opcua *o, struct cur name, char text[OPCUA_ADDRESS_MAX + 1])
{
	struct out out = out_mem(text, OPCUA_ADDRESS_MAX + 1);
	if (!name.left)
		return 0;
	out_bytes(&out, name.at, name.left);
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

/* --- the buffer --- */

static void drop_first(struct opcua_state *state, size_t size)
{
	struct parts *asked = &state->asked;
	memmove(asked->bytes, asked->bytes + size, asked->size - size);
	kept_cut(asked, asked->size - size);
	state->asked_from += size;
}

/* The older half goes, but nothing of the request at hand. */
static bool make_room(struct opcua_state *state, const struct opcua_ask *ask)
{
	size_t before = (size_t)(ask->from - state->asked_from), half = state->asked.size / 2;
	size_t size = before < half ? before : half;
	if (size)
		drop_first(state, size);
	return size;
}

static void keep(struct opcua *o, const void *bytes, size_t size)
{
	struct opcua_state *state = o->state;
	struct opcua_ask *ask = o->ask;
	if (!ask->size)
		ask->from = state->asked_from + state->asked.size;
	while (!kept_add(o->s, &state->asked, bytes, size, ASKED_MAX))
		if (!make_room(state, ask)) {
			ask->full = true;
			return;
		}
	state->asks += !ask->size;
	ask->size += (uint32_t)size;
}

void opcua_asked_forget(struct scene *s)
{
	struct opcua_state *state = s->state;
	state->asked_from += state->asked.size;
	state->asks = 0;
	kept_drop(s, &state->asked);
}

struct cur opcua_asked(const struct opcua_state *state, const struct opcua_ask *ask)
{
	struct cur c = cur_of(state->asked.bytes, state->asked.size);
	cur_skip(&c, (size_t)(ask->from - state->asked_from)); /* gone: far beyond the end */
	return cur_sub(&c, ask->size);
}

/* Most answers come in order, or when nothing else is under way. */
void opcua_answered(struct scene *s, const struct opcua_ask *ask)
{
	struct opcua_state *state = s->state;
	if (!ask->size || !state->asks)
		return;
	if (--state->asks == 0)
		opcua_asked_forget(s);
	else if (ask->from == state->asked_from && ask->size <= state->asked.size)
		drop_first(state, ask->size);
}

/* --- elements --- */

struct record {
	struct opcua_asked_item item;
	char address[OPCUA_ADDRESS_MAX + 1];
};

/* Names stand in quotes on some servers: "Users"."Password". */
static bool is_secret(struct cur name)
{
	while (name.left) {
		struct cur word = text_until(&name, '"');
		if (secret_on_the_way(word.at, word.left))
			return true;
	}
	return false;
}

/* What a node has beside its value is none. */
bool opcua_holds_secret(const struct opcua *o)
{
	if (o->attribute != ATTRIBUTE_VALUE)
		return false;
	const struct opcua_item *alias = opcua_alias(o);
	if (alias)
		return alias->secret;
	return o->node.text && is_secret(cur_of(o->node.text, o->node.size));
}

/* An alias is told as what it stands for.  What a service without a session names has numbers of
 * namespaces that only its own list explains. */
void opcua_remember(struct opcua *o)
{
	struct record kept;
	struct opcua_asked_item *item = &kept.item;
	if (!o->ask || o->ask->full)
		return;
	const struct opcua_item *alias = opcua_alias(o);
	struct cur name = o->node.text ? cur_of(o->node.text, o->node.size) : cur_none();
	if (alias && alias->size)
		name = opcua_item_address(o, alias);
	bool plants = alias ? alias->point : o->node.space && !o->state->nameless;
	size_t size = address_of(o, name, kept.address);
	*item = o->from;
	item->numeric = alias ? 0 : o->node.numeric;
	item->handle = o->handle;
	item->item = o->item;
	item->value = o->attribute == ATTRIBUTE_VALUE;
	item->secret = opcua_holds_secret(o);
	item->point = item->value && !item->secret && !o->range.left && plants && !o->wrapper.left;
	item->size = (uint8_t)size;
	keep(o, &kept, offsetof(struct record, address) + size);
}

void opcua_remember_number(struct opcua *o, uint32_t number)
{
	if (!o->ask || o->ask->full)
		return;
	o->ask->numbers = true;
	keep(o, &number, sizeof number);
}

void opcua_recall(struct opcua *o)
{
	struct cur *rest = &o->asked_rest;
	bool number = o->asked && o->asked->numbers;
	size_t size = number ? sizeof o->from.item : sizeof o->from;
	const uint8_t *item = cur_take(rest, size);
	o->from = (struct opcua_asked_item){ 0 };
	if (item)
		memcpy(number ? (void *)&o->from.item : (void *)&o->from, item, size);
	o->address = cur_sub(rest, o->from.size);
	o->remembered = cur_ok(rest);
}
