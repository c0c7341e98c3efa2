/* BACnet, who speaks and what it measures.
 *
 * What a message means is kept until all of it was read, and told then: a malformed one means
 * nothing. */
#include <stdio.h>

#include "sense/proto/bacnet.h"

enum { A_POINT = 0 }; /* among the keys of identities, which begin with 1 */

bool bacnet_behind_router(const struct bacnet_talk *t)
{
	return t->src.net != 0;
}

/* "108", or "0a010105bac0": where somebody is in its network. */
static bool name_address(struct scene *s, const struct bacnet_address *a, struct asset_place *at)
{
	enum { BYTES_MAX = 8, TEXT_SIZE = 2 * BYTES_MAX + 1 };
	char *text = scene_scratch(s, TEXT_SIZE);
	if (!text)
		return false;
	int size = 0;
	struct cur mac = cur_of(a->mac, a->size < BYTES_MAX ? a->size : BYTES_MAX);
	if (mac.left == 1)
		size = snprintf(text, TEXT_SIZE, "%u", cur_u8(&mac));
	while (mac.left)
		size += snprintf(text + size, TEXT_SIZE - (size_t)size, "%02x", cur_u8(&mac));
	*at = (struct asset_place){
		.kind = PLACE_NODE, .area = a->net, .address = text, .address_size = (size_t)size
	};
	return true;
}

/* The speaker's place, once for all its points. */
static bool name_place(struct bacnet_talk *t)
{
	return t->place.address || name_address(t->s, &t->src, &t->place);
}

/* A device on IP in the router's own address (annex J) is the router. */
static bool is_host(const struct bacnet_address *a, const struct ip *ip)
{
	return a->size == 6 && ip_is_4(ip) && memcmp(a->mac, &ip->b[12], 4) == 0;
}

/* Who speaks to whom, behind which router; a call to a whole network is to nobody in it. */
void bacnet_places(struct bacnet_talk *t)
{
	struct asset_place at;
	if (bacnet_behind_router(t) && ip_is_zero(&t->origin) && !is_host(&t->src, &t->s->src) &&
		name_place(t))
		fact_place(t->s, true, &t->place);
	if (t->dst.net && t->dst.size && !is_host(&t->dst, &t->s->dst) &&
		name_address(t->s, &t->dst, &at))
		fact_place(t->s, false, &at);
}

/* Programs on one computer are devices at one address: the object tells them apart. */
static void say_device(struct bacnet_talk *t, const struct bacnet_meaning *m)
{
	uint32_t instance = m->device & BACNET_NO_INSTANCE;
	const struct asset_place at = { .kind = PLACE_OBJECT, .number = instance };
	bool one = m->device >> 22 == BACNET_OBJECT_DEVICE && instance != BACNET_NO_INSTANCE;
	if (one)
		who_place(t->s, &at, m->key, m->text, m->what);
	else
		who_sender(t->s, m->key, m->text, m->what);
}

static void say_behind(struct bacnet_talk *t, const struct bacnet_meaning *m)
{
	if (!name_place(t))
		return;
	who_place(t->s, &t->place, m->key, m->text, m->what);
}

static void say(struct bacnet_talk *t, const struct bacnet_meaning *m)
{
	if (ip_is_zero(&t->origin) && bacnet_behind_router(t))
		say_behind(t, m);
	else if (ip_is_zero(&t->origin))
		say_device(t, m);
	else if (!bacnet_behind_router(
			 t)) /* a place in a router that is not the sender is nobody's */
		who_ip(t->s, &t->origin, m->key, m->text, m->what);
}

void bacnet_point(struct bacnet_talk *t, uint32_t object, double value, bool written)
{
	struct point_at at = { .index = object };
	if (!ip_is_zero(&t->origin))
		return; /* the sender only passes it on */
	if (bacnet_behind_router(t)) {
		if (!name_place(t))
			return;
		at.unit = t->src.net;
		at.symbol = t->place.address;
		at.symbol_size = (uint16_t)t->place.address_size;
	}
	point_sender(t->s, &at, value, written);
}

/* Points are present values: the object says it all.  Network and device stand before it, as
 * 3:108, where a router is asked for what stands behind it. */
void bacnet_point_name(const struct point_at *at, char name[POINT_NAME])
{
	const char *type = bacnet_object_type(at->index >> 22);
	unsigned instance = at->index & 0x3fffff;
	char object[48];
	if (type)
		snprintf(object, sizeof object, "%s %u", type, instance);
	else
		snprintf(object, sizeof object, "object type %u %u", at->index >> 22, instance);
	if (at->unit)
		snprintf(name, POINT_NAME, "%u:%.*s %s", at->unit, (int)at->symbol_size,
			(const char *)at->symbol, object);
	else
		snprintf(name, POINT_NAME, "%s", object);
}

/* --- kept until the end --- */

static struct bacnet_meaning *room(struct bacnet_talk *t)
{
	if (!t->last || t->last->count == COUNT_OF(t->last->of)) {
		struct bacnet_meanings *more = scene_scratch(t->s, sizeof *more);
		if (!more)
			return NULL;
		more->next = NULL;
		more->count = 0;
		if (t->last)
			t->last->next = more;
		else
			t->first = more;
		t->last = more;
	}
	return &t->last->of[t->last->count++];
}

void bacnet_mean_text(struct bacnet_talk *t, enum identity_key key, const void *text, size_t size)
{
	struct bacnet_meaning *m = room(t);
	if (m)
		*m = (struct bacnet_meaning){ .text = text,
			.what = (uint32_t)size,
			.device = t->at.object,
			.key = (uint8_t)key };
}

void bacnet_mean_vendor(struct bacnet_talk *t, uint64_t number)
{
	const char *name = bacnet_vendor(number);
	if (name)
		bacnet_mean_text(t, ID_VENDOR_NUMBER, name, strlen(name));
}

void bacnet_mean_point(struct bacnet_talk *t, uint32_t object, double value)
{
	struct bacnet_meaning *m = room(t);
	if (m)
		*m = (struct bacnet_meaning){ .value = value, .what = object, .key = A_POINT };
}

void bacnet_tell(struct bacnet_talk *t)
{
	for (const struct bacnet_meanings *some = t->first; some; some = some->next) {
		for (size_t i = 0; i < some->count; i++) {
			const struct bacnet_meaning *m = &some->of[i];
			if (m->key == A_POINT)
				bacnet_point(t, m->what, m->value, false);
			else
				say(t, m);
		}
	}
	t->first = t->last = NULL;
}
