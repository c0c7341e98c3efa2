/* Connection manager object, class 6: volume 1, 3-5.5. */
#include "sense/proto/cip.h"

enum {
	FORWARD_CLOSE = 0x4e,
	UNCONNECTED_SEND = 0x52,
	FORWARD_OPEN = 0x54,
	GET_CONNECTION_DATA = 0x56,
	SEARCH_CONNECTION_DATA = 0x57,
	GET_CONNECTION_OWNER = 0x5a,
	LARGE_FORWARD_OPEN = 0x5b,
	CLASS_MESSAGE_ROUTER = 2,
	PORT_BACKPLANE = 1,
};

static const struct field priority = { "cip.cm.priority", U8 };
static const struct field timeout_ticks = { "cip.cm.timeout_tick", U8 };
static const struct field timeout = { "cip.cm.timeout", LE32 }; /* in ms, of the two above */
static const struct field message_size = { "cip.cm.msg_req_size", LE16 };
static const struct field to_target = { "cip.cm.ot_connid", LE32 };
static const struct field to_originator = { "cip.cm.to_connid", LE32 };
static const struct field target_params = { "cip.cm.ot_net_params", LE32 };
static const struct field originator_params = { "cip.cm.to_net_params", LE32 };
static const struct field target_interval = { "cip.cm.otrpi", LE32 };
static const struct field originator_interval = { "cip.cm.torpi", LE32 };
static const struct field target_actual = { "cip.cm.otapi", LE32 };
static const struct field originator_actual = { "cip.cm.toapi", LE32 };
static const struct field multiplier = { "cip.cm.timeout_multiplier", U8, 0, 7 };
static const struct field transport = { "cip.cm.transport_type_trigger", U8 };
static const struct field path_words = { "cip.cm.connpath_size", U8 };
static const struct field remaining_words = { "cip.cm.remain_path_size", U8 };
static const struct field route_words = { "cip.cm.route_path_size", U8 };
static const struct field triad[] = {
	{ "cip.cm.conn_serial_num", LE16 },
	{ "cip.cm.vendor", LE16 },
	{ "cip.cm.orig_serial_num", LE32 },
	{ 0 },
};

/* Where a route ends.  One hop on the backplane is a slot of the same rack; a longer route leaves
 * it. */
void route_of(const struct cip_path *p, uint8_t *slot, bool *elsewhere)
{
	if (p->hops == 0)
		return;
	if (p->hops == 1 && p->port == PORT_BACKPLANE && p->link < NO_SLOT)
		*slot = (uint8_t)p->link;
	else
		*elsewhere = true;
}

/* 3-5.5.1.2: the time tick is 1 ms shifted by the low four bits, the time-out counts those ticks.
 */
static void tell_timeout(struct scene *s, struct cur *c)
{
	uint8_t tick = cur_u8(c), ticks = cur_u8(c);
	fact_uint(s, &priority, tick >> 4 & 1);
	fact_uint(s, &timeout_ticks, ticks);
	fact_uint(s, &timeout, (uint32_t)ticks << (tick & 0x0f));
}

static struct connection *find_serial(struct enip_state *st, uint16_t serial, uint32_t originator)
{
	for (unsigned i = 0; i < CONNECTIONS; i++) {
		struct connection *k = &st->connections[i];
		if (k->used && k->opened && k->serial == serial &&
			k->originator_serial == originator)
			return k;
	}
	return NULL;
}

/* 3-5.5.2.  The connection is kept at once; its two ids come with the answer. */
static bool forward_open(struct talk *t, struct cur *c, bool large)
{
	struct scene *s = t->s;
	tell_timeout(s, c);
	fact_uint(s, &to_target, cur_le32(c));
	fact_uint(s, &to_originator, cur_le32(c));
	struct cur names = *c;
	uint16_t serial = cur_le16(&names);
	cur_skip(&names, 2);
	uint32_t originator = cur_le32(&names);
	if (!walk(s, c, triad))
		return false;
	fact_uint(s, &multiplier, cur_u8(c));
	cur_skip(c, 3);
	fact_uint(s, &target_interval, cur_le32(c));
	fact_uint(s, &target_params, large ? cur_le32(c) : cur_le16(c));
	fact_uint(s, &originator_interval, cur_le32(c));
	fact_uint(s, &originator_params, large ? cur_le32(c) : cur_le16(c));
	fact_uint(s, &transport, cur_u8(c));
	uint8_t words = cur_u8(c);
	fact_uint(s, &path_words, words);
	struct cur path = cur_sub(c, (size_t)words * 2);
	struct cip_path p;
	if (!cur_ok(c) || !path_read(s, path, &p))
		return false;

	struct connection *k = find_serial(t->state, serial, originator);
	if (!k)
		k = enip_connection_new(t->state);
	*k = (struct connection){ .used = true,
		.opened = true,
		.serial = serial,
		.slot = NO_SLOT,
		.originator_serial = originator,
		.class = p.class };
	route_of(&p, &k->slot, &k->elsewhere);
	return true;
}

static bool forward_open_answer(struct talk *t, struct cur *c)
{
	struct scene *s = t->s;
	uint32_t target = cur_le32(c), originator = cur_le32(c);
	fact_uint(s, &to_target, target);
	fact_uint(s, &to_originator, originator);
	struct cur names = *c;
	uint16_t serial = cur_le16(&names);
	cur_skip(&names, 2);
	struct connection *k = find_serial(t->state, serial, cur_le32(&names));
	if (!walk(s, c, triad))
		return false;
	fact_uint(s, &target_actual, cur_le32(c));
	fact_uint(s, &originator_actual, cur_le32(c));
	uint8_t words = cur_u8(c);
	cur_skip(c, 1);
	cur_skip(c, (size_t)words * 2); /* application reply: the target's own */
	if (!cur_ok(c))
		return false;
	if (k) {
		k->to_target = target;
		k->to_originator = originator;
		k->answered = true;
	}
	return true;
}

/* 3-5.5.3 */
static bool forward_close(struct talk *t, struct cur *c)
{
	struct scene *s = t->s;
	tell_timeout(s, c);
	struct cur names = *c;
	uint16_t serial = cur_le16(&names);
	cur_skip(&names, 2);
	struct connection *k = find_serial(t->state, serial, cur_le32(&names));
	if (!walk(s, c, triad))
		return false;
	uint8_t words = cur_u8(c);
	fact_uint(s, &path_words, words);
	cur_skip(c, 1);
	struct cip_path p;
	struct cur path = cur_sub(c, (size_t)words * 2);
	if (!cur_ok(c) || !path_read(s, path, &p))
		return false;
	if (k)
		k->used = false;
	return true;
}

/* 3-5.5.4: a message for somebody behind this device, and the way to it. */
enum parsed cm_unconnected_send(struct talk *t, struct cur c)
{
	struct scene *s = t->s;
	tell_timeout(s, &c);
	uint16_t size = cur_le16(&c);
	fact_uint(s, &message_size, size);
	struct cur message = cur_sub(&c, size);
	cur_skip(&c, size & 1);
	uint8_t words = cur_u8(&c);
	cur_skip(&c, 1);
	fact_uint(s, &route_words, words);
	struct cur route = cur_sub(&c, (size_t)words * 2);
	struct cip_path p;
	if (!cur_ok(&c) || !path_read(s, route, &p)) {
		fact_drop(s);
		return PARSED_BAD;
	}
	fact_end(s);
	route_of(&p, &t->slot, &t->elsewhere);
	return cip_message(t, message);
}

/* 3-5.5.7: who owns the connection along this path? */
static bool connection_owner(struct scene *s, struct cur *c)
{
	struct cip_path p;
	cur_skip(c, 1);
	uint8_t words = cur_u8(c);
	fact_uint(s, &path_words, words);
	struct cur path = cur_sub(c, (size_t)words * 2);
	return cur_ok(c) && path_read(s, path, &p);
}

bool cm_request(struct talk *t, uint8_t service, struct cur *c)
{
	switch (service) {
	case FORWARD_OPEN:
	case LARGE_FORWARD_OPEN:
		return forward_open(t, c, service == LARGE_FORWARD_OPEN);
	case FORWARD_CLOSE:
		return forward_close(t, c);
	case SEARCH_CONNECTION_DATA:
		return walk(t->s, c, triad);
	case GET_CONNECTION_OWNER:
		return connection_owner(t->s, c);
	default:
		return true;
	}
}

/* A refusal names the connection, and how much of the path was left when it failed (3-5.5.2). */
static bool refused(struct talk *t, struct cur *c)
{
	if (c->left < 8)
		return true;
	if (!walk(t->s, c, triad))
		return false;
	if (c->left >= 2) {
		fact_uint(t->s, &remaining_words, cur_u8(c));
		cur_skip(c, 1);
	}
	return true;
}

bool cm_response(struct talk *t, uint8_t service, uint8_t status, struct cur *c)
{
	bool open = service == FORWARD_OPEN || service == LARGE_FORWARD_OPEN;
	if (c->left == 0)
		return true;
	if (status) {
		if (open || service == FORWARD_CLOSE)
			return refused(t, c);
		if (service == UNCONNECTED_SEND && c->left <= 2)
			fact_uint(t->s, &remaining_words, cur_u8(c));
		return true;
	}
	if (open)
		return forward_open_answer(t, c);
	if (service == FORWARD_CLOSE) {
		bool fits = walk(t->s, c, triad);
		uint8_t words = cur_u8(c);
		cur_skip(c, 1);
		cur_skip(c, (size_t)words * 2);
		return fits && cur_ok(c);
	}
	return true;
}
