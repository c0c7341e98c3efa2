/* EtherNet/IP encapsulation: volume 2, chapter 2.  CIP inside it: cip.c.
 *
 * A header of 24 bytes over TCP and UDP, then data of the command; the data commands carry a list
 * of typed items (2-6, common packet format).  Class 1 I/O is a list of items alone, right on UDP.
 */
#include "sense/proto/cip.h"

#include <stdio.h>

enum {
	HEADER = 24, /* 2-3.1 */
	COMMAND_NOP = 0x00,
	COMMAND_LIST_SERVICES = 0x04,
	COMMAND_LIST_IDENTITY = 0x63,
	COMMAND_LIST_INTERFACES = 0x64,
	COMMAND_REGISTER = 0x65,
	COMMAND_UNREGISTER = 0x66,
	COMMAND_RR_DATA = 0x6f,
	COMMAND_UNIT_DATA = 0x70,
	COMMAND_START_DTLS = 0xc8,
	ITEM_NULL = 0x00,
	ITEM_IDENTITY = 0x0c,
	ITEM_SECURITY = 0x86,
	ITEM_CAPABILITY = 0x87,
	ITEM_USAGE = 0x88,
	ITEM_CONNECTED_ADDRESS = 0xa1,
	ITEM_CONNECTED_DATA = 0xb1,
	ITEM_UNCONNECTED_DATA = 0xb2,
	ITEM_SERVICES = 0x100,
	ITEM_SOCKET_TO_TARGET = 0x8000,
	ITEM_SOCKET_TO_ORIGINATOR = 0x8001,
	ITEM_SEQUENCED_ADDRESS = 0x8002,
	ITEM_UNCONNECTED_UDP = 0x8003,
	ITEMS_MAX = 8, /* four at most in any message of the standard */
};

static const struct msg commands[] = {
	BOTH(COMMAND_NOP, ACT_OTHER, EFFECT_NONE, "nop"),
	BOTH(COMMAND_LIST_SERVICES, ACT_IDENTIFY, EFFECT_NONE, "list_services"),
	BOTH(COMMAND_LIST_IDENTITY, ACT_IDENTIFY, EFFECT_NONE, "list_identity"),
	BOTH(COMMAND_LIST_INTERFACES, ACT_IDENTIFY, EFFECT_NONE, "list_interfaces"),
	BOTH(COMMAND_REGISTER, ACT_OTHER, EFFECT_NONE, "register_session"),
	BOTH(COMMAND_UNREGISTER, ACT_OTHER, EFFECT_NONE, "unregister_session"),
	BOTH(COMMAND_RR_DATA, ACT_OTHER, EFFECT_NONE, "send_rr_data"),
	BOTH(COMMAND_UNIT_DATA, ACT_OTHER, EFFECT_NONE, "send_unit_data"),
	BOTH(COMMAND_START_DTLS, ACT_OTHER, EFFECT_NONE, "start_dtls"),
	{ 0 },
};
static const struct msg io_data = { 0, DIR_OTHER, ACT_OTHER, EFFECT_NONE, "io_data", NULL };

static const struct field head_command = { "enip.command", LE16 };
static const struct field head_length = { "enip.length", LE16 };
static const struct field head_session = { "enip.session", LE32 };
static const struct field head_status = { "enip.status", LE32 };
static const struct field head_context = { "enip.context", BYTES | NUMBERING };
static const struct field head_options = { "enip.options", LE32, 0, 0 };
static const struct field head_timeout = { "enip.timeout", LE16 };
static const struct field head_connection = { "enip.cpf.cai.connid", LE32 | NAMING };
static const struct field head_sequence = { "cip.seq", LE16 | NUMBERING };
static const struct field register_fields[] = {
	{ "enip.rs.version", LE16, 1, 1 }, /* 2-4.4.2 */
	{ "enip.rs.flags", LE16 },
	{ 0 },
};
static const struct field delay = { "enip.listid_delay", LE16 };
static const struct field item_count = { "enip.cpf.itemcount", LE16 };
static const struct field encap_version = { "enip.encapver", LE16 };
static const struct field socket_family = { "enip.sinfamily", BE16, 2, 2 };
static const struct field socket_port = { "enip.sinport", BE16 };
static const struct field socket_address = { "enip.sinaddr", IP4 };
static const struct field lir_vendor = { "enip.lir.vendor", LE16 };
static const struct field lir_type = { "enip.lir.devtype", LE16 };
static const struct field lir_code = { "enip.lir.prodcode", LE16 };
static const struct field lir_revision = { "enip.lir.revision", BE16 }; /* major, minor */
static const struct field lir_status = { "enip.lir.status", LE16 };
static const struct field lir_serial = { "enip.lir.serial", LE32 };
static const struct field lir_name = { "enip.lir.name", TEXT };
static const struct field lir_state = { "enip.lir.state", U8 };
static const struct field service_fields[] = {
	{ "enip.encapver", LE16 },
	{ "enip.lsr.capaflags", LE16 },
	{ "enip.lsr.servicename", TEXT, 0, 16 },
	{ 0 },
};
static const struct field security_fields[] = {
	{ "enip.security_profiles", LE16 },
	{ "enip.cip_security_state", U8 },
	{ "enip.eip_security_state", U8 },
	{ "enip.iana_port_state_flags", U8 },
	{ 0 },
};
static const struct field io_connection = { "enip.cpf.sai.connid", LE32 };
static const struct field io_sequence = { "enip.cpf.sai.seq", LE32 | NUMBERING };
static const struct field io_bytes = { "cipio.data", BYTES };
static const struct field other_data = { "enip.cpf.data", BYTES };

/* --- is it ours --- */

/* Length that goes with the command: lowest and highest of 2-4.  Both directions. */
static bool length_fits(uint16_t command, uint16_t length)
{
	switch (command) {
	case COMMAND_NOP:
		return true;
	case COMMAND_LIST_SERVICES:
	case COMMAND_LIST_IDENTITY:
	case COMMAND_LIST_INTERFACES:
		return length == 0 || length >= 2;
	case COMMAND_REGISTER:
		return length == 4 || length == 0; /* 0: an answer that refuses */
	case COMMAND_UNREGISTER:
		return length == 0;
	case COMMAND_RR_DATA:
	case COMMAND_UNIT_DATA:
		return length >= 8 || length == 0;
	case COMMAND_START_DTLS:
		return length <= 8;
	default:
		return false;
	}
}

/* 2-3.4: codes up to 0x6a, those without a meaning kept for devices older than the standard. */
static bool status_known(uint32_t status)
{
	return status <= 0x6a;
}

/* A whole header that could be nothing else: little besides the session is left to chance. */
static bool header_ours(struct cur *c)
{
	uint16_t command = cur_le16(c), length = cur_le16(c);
	cur_skip(c, 4);
	uint32_t status = cur_le32(c);
	cur_skip(c, 8);
	uint32_t options = cur_le32(c);
	return cur_ok(c) && length_fits(command, length) && status_known(status) && options == 0;
}

/* The body of a data command starts with interface 0 (CIP) and a short list of items. */
static bool body_ours(struct cur c, uint16_t command, uint16_t length)
{
	if ((command != COMMAND_RR_DATA && command != COMMAND_UNIT_DATA) || length == 0)
		return true;
	uint32_t interface = cur_le32(&c);
	cur_skip(&c, 2);
	uint16_t items = cur_le16(&c);
	return !cur_ok(&c) || (interface == 0 && items >= 1 && items <= ITEMS_MAX);
}

/* 3-2.2: sequenced address first, then connected data to the end of the datagram. */
static bool io_ours(struct cur c)
{
	uint16_t items = cur_le16(&c);
	uint16_t address = cur_le16(&c), address_size = cur_le16(&c);
	cur_skip(&c, 8);
	uint16_t data = cur_le16(&c), data_size = cur_le16(&c);
	return cur_ok(&c) && items == 2 && address == ITEM_SEQUENCED_ADDRESS && address_size == 8 &&
		data == ITEM_CONNECTED_DATA && data_size == c.left;
}

/* A NOP is a header of zeros, and many things start with zeros: what comes behind it decides. */
static enum probe behind_nop(struct cur *c, uint16_t length, bool stream)
{
	if (length)
		cur_skip(c, length);
	if (!stream || !cur_ok(c))
		return PROBE_NO;
	return c->left < HEADER ? PROBE_MORE : PROBE_YES;
}

static enum probe probe(struct cur c, const struct scene *s)
{
	if (!s->stream && io_ours(c))
		return PROBE_YES;
	for (;;) {
		struct cur look = c;
		uint16_t command = cur_le16(&look), length = cur_le16(&look);
		if (s->stream && c.left < HEADER)
			return c.left < 4 || length_fits(command, length) ? PROBE_MORE : PROBE_NO;
		if (!header_ours(&c) || !body_ours(c, command, length))
			return PROBE_NO;
		if (!s->stream && c.left != length && !s->cut)
			return PROBE_NO;
		if (command != COMMAND_NOP)
			return PROBE_YES;
		enum probe next = behind_nop(&c, length, s->stream);
		if (next != PROBE_YES)
			return next;
	}
}

static long frame(struct cur c, struct scene *s)
{
	(void)s;
	if (c.left < HEADER)
		return FRAME_MORE;
	struct cur look = c;
	uint16_t command = cur_le16(&look), length = cur_le16(&look);
	if (!header_ours(&c) || !body_ours(c, command, length))
		return FRAME_LOST;
	return HEADER + (long)length;
}

/* --- facts --- */

static void tell_context(struct scene *s, const struct enip_head *h, enum dir dir)
{
	struct cur context = cur_of(h->context, 8);
	if (h->command == COMMAND_LIST_IDENTITY && dir == DIR_REQUEST)
		fact_uint(s, &delay,
			cur_le16(&context)); /* 2-4.2.2: how long to wait at most, in ms */
	size_t size = context.left;
	fact_bytes(s, &head_context, cur_take(&context, size), size);
}

static void tell_head(struct scene *s, struct enip_head *h, enum dir dir)
{
	h->told = true;
	fact_uint(s, &head_command, h->command);
	fact_uint(s, &head_length, h->length);
	fact_uint(s, &head_session, h->session);
	fact_uint(s, &head_status, h->status);
	tell_context(s, h, dir);
	fact_uint(s, &head_options, h->options);
	if (h->has_timeout)
		fact_uint(s, &head_timeout, h->timeout);
	if (h->has_connection)
		fact_uint(s, &head_connection, h->connection);
	if (h->has_sequence)
		fact_uint(s, &head_sequence, h->sequence);
}

void enip_head_tell(struct scene *s, struct enip_head *h)
{
	if (!h->told)
		tell_head(s, h, DIR_OTHER);
}

static void tell_begin(struct scene *s, struct enip_head *h, enum dir dir)
{
	fact_begin(s, msg_find(commands, h->command, dir));
	tell_head(s, h, dir);
	if (h->status)
		fact_failed(s);
}

/* Answers of the encapsulation layer go with the sender's context, which they repeat. */
static uint32_t ask_key(const struct enip_head *h)
{
	struct cur context = cur_of(h->context, 8);
	uint32_t low = cur_le32(&context), high = cur_le32(&context);
	return (low * 2654435761u ^ high) * 2654435761u ^ h->session;
}

/* Register Session is asked without a session and answered with one: its key leaves it out. */
static uint32_t command_key(struct enip_head h)
{
	h.session = h.command;
	return ask_key(&h);
}

/* 2-4.2.3: a socket address in network order, the identity in the order of everything else. */
static bool read_identity(struct talk *t, struct cur *c)
{
	struct scene *s = t->s;
	fact_uint(s, &encap_version, cur_le16(c));
	fact_uint(s, &socket_family, cur_be16(c));
	fact_uint(s, &socket_port, cur_be16(c));
	const uint8_t *address = cur_take(c, 4);
	cur_skip(c, 8);
	uint16_t vendor = cur_le16(c), type = cur_le16(c), code = cur_le16(c);
	uint8_t major = cur_u8(c), minor = cur_u8(c);
	uint16_t status = cur_le16(c);
	uint32_t serial = cur_le32(c);
	uint8_t name_size = cur_u8(c);
	const uint8_t *name = cur_take(c, name_size);
	if (!cur_ok(c))
		return false;
	fact_ip(s, &socket_address, address, 4);
	fact_uint(s, &lir_vendor, vendor);
	fact_uint(s, &lir_type, type);
	fact_uint(s, &lir_code, code);
	fact_uint(s, &lir_revision, (uint64_t)major << 8 | minor);
	fact_uint(s, &lir_status, status);
	fact_uint(s, &lir_serial, serial);
	fact_text(s, &lir_name, name, name_size);
	if (c->left) /* the state came with a later edition */
		fact_uint(s, &lir_state, cur_u8(c));
	identity_tell(t, vendor, type, major, minor, serial, name, name_size);
	return true;
}

/* Items of the list commands' answers. */
static enum parsed read_list(struct talk *t, struct cur c)
{
	uint16_t items = cur_le16(&c);
	fact_uint(t->s, &item_count, items);
	for (unsigned i = 0; i < items && i < ITEMS_MAX && cur_ok(&c); i++) {
		uint16_t type = cur_le16(&c), size = cur_le16(&c);
		struct cur item = cur_sub(&c, size);
		bool fits = cur_ok(&item);
		if (fits && type == ITEM_IDENTITY)
			fits = read_identity(t, &item);
		else if (fits && type == ITEM_SERVICES)
			fits = walk(t->s, &item, service_fields);
		else if (fits && type == ITEM_SECURITY)
			fits = walk(t->s, &item, security_fields);
		else if (fits && size)
			fact_bytes(t->s, &other_data, cur_take(&item, size), size);
		if (!fits)
			return PARSED_BAD;
	}
	return cur_ok(&c) ? PARSED_WHOLE : PARSED_BAD;
}

/* Commands without CIP in them.  Asked and answered look alike: an answer is the side that was
 * asked, and only the list commands and a new session are ever answered. */
static enum parsed parse_command(struct talk *t, struct cur c)
{
	struct scene *s = t->s;
	struct enip_head *h = t->head;
	bool lists = h->command == COMMAND_LIST_SERVICES || h->command == COMMAND_LIST_IDENTITY ||
		h->command == COMMAND_LIST_INTERFACES;
	bool answered = lists || h->command == COMMAND_REGISTER || h->command == COMMAND_START_DTLS;
	bool answer = h->status != 0 || (lists && h->length) ||
		(h->command == COMMAND_REGISTER && (h->session != 0 || h->length == 0));
	if (answer && h->command != COMMAND_NOP && h->command != COMMAND_UNREGISTER)
		ask_take(s, command_key(*h));

	tell_begin(s, h, answer ? DIR_RESPONSE : DIR_REQUEST);
	enum parsed how = PARSED_WHOLE;
	if (h->command == COMMAND_REGISTER && h->length)
		how = walk(s, &c, register_fields) ? PARSED_WHOLE : PARSED_BAD;
	else if (lists && answer && h->length)
		how = read_list(t, c);
	if (how != PARSED_WHOLE) {
		fact_drop(s);
		return s->cut ? PARSED_CUT : how;
	}
	if (answer)
		scene_server(s);
	else if (h->command != COMMAND_NOP)
		scene_client(s);
	if (!answer && answered)
		ask_put(s, command_key(*h));
	fact_end(s);
	return PARSED_WHOLE;
}

/* --- pairing of CIP messages --------------------------------------------------------------------
 */

static struct connection *connection_by(struct enip_state *st, uint32_t id, bool request)
{
	for (unsigned i = 0; i < CONNECTIONS; i++) {
		struct connection *k = &st->connections[i];
		if (k->used &&
			(request ? k->to_target == id : k->answered && k->to_originator == id))
			return k;
	}
	return NULL;
}

struct connection *enip_connection_new(struct enip_state *st)
{
	unsigned at = 0;
	while (at < CONNECTIONS && st->connections[at].used)
		at++;
	if (at == CONNECTIONS) {
		at = st->next;
		st->next = (uint8_t)((st->next + 1u) % CONNECTIONS);
	}
	st->connections[at] = (struct connection){ .used = true, .slot = NO_SLOT };
	return &st->connections[at];
}

/* The two directions of a connection have ids of their own.  Where nobody saw it opened, the first
 * answer with the sequence count of an open request tells which belong together. */
static struct connection *connection_of(
	struct enip_state *st, const struct enip_head *h, bool request)
{
	struct connection *k = connection_by(st, h->connection, request);
	if (k || request) {
		if (!k) {
			k = enip_connection_new(st);
			k->to_target = h->connection;
		}
		if (request)
			k->sequence = h->sequence;
		return k;
	}
	for (unsigned i = 0; i < CONNECTIONS; i++) {
		k = &st->connections[i];
		if (k->used && !k->answered && !k->opened && k->sequence == h->sequence) {
			k->to_originator = h->connection;
			k->answered = true;
			return k;
		}
	}
	return NULL;
}

static uint32_t talk_key(const struct talk *t)
{
	if (!t->head->has_connection)
		return ask_key(t->head);
	return t->connection->to_target * 2654435761u ^ t->head->sequence;
}

/* The request's records, where the ring still has them. */
static void recall(struct talk *t)
{
	t->key = talk_key(t);
	const struct cip_ask *ask = ask_peek(t->s, t->key);
	if (!ask)
		return;
	t->paired = true;
	t->slot = ask->slot;
	t->elsewhere = ask->elsewhere;
	if (t->state->written - ask->born <= RING_SIZE)
		t->records = cur_of(t->state->ring + ask->at, ask->size);
}

static enum parsed parse_request(struct talk *t, struct cur c)
{
	struct cip_ask ask = { 0 };
	t->ask = &ask;
	record_open(t);
	scene_client(t->s);
	enum parsed how = cip_message(t, c);
	struct cip_ask *kept = how == PARSED_WHOLE ? ask_put(t->s, talk_key(t)) : NULL;
	if (kept) {
		*kept = ask;
		kept->slot = t->slot;
		kept->elsewhere = t->elsewhere;
	}
	return how;
}

static enum parsed parse_response(struct talk *t, struct cur c)
{
	scene_server(t->s);
	if (!t->head->has_connection || t->connection)
		recall(t);
	enum parsed how = cip_message(t, c);
	if (t->paired)
		ask_take(t->s,
			t->key); /* every fact of the answer had its frame: now it is forgotten */
	return how;
}

static enum parsed parse_cip(struct talk *t, struct cur c)
{
	bool request = !(cur_peek(&c, 0) & 0x80);
	if (t->head->has_connection) {
		t->connection = connection_of(t->state, t->head, request);
		if (t->connection) {
			t->slot = t->connection->slot;
			t->elsewhere = t->connection->elsewhere;
		}
	}
	return request ? parse_request(t, c) : parse_response(t, c);
}

/* --- data commands ------------------------------------------------------------------------------
 */

/* A data command that carries no CIP: an encapsulation error, or nothing at all. */
static enum parsed bare_data(struct talk *t)
{
	bool answer = t->head->status != 0;
	tell_begin(t->s, t->head, answer ? DIR_RESPONSE : DIR_REQUEST);
	if (answer)
		ask_take(t->s, ask_key(t->head));
	fact_end(t->s);
	return PARSED_WHOLE;
}

static enum parsed parse_data(struct talk *t, struct cur c)
{
	struct enip_head *h = t->head;
	if (h->length == 0)
		return bare_data(t);
	cur_skip(&c, 4); /* interface: looked at in body_ours */
	h->timeout = cur_le16(&c);
	h->has_timeout = true;
	uint16_t items = cur_le16(&c);
	struct cur cip = cur_bad();
	for (unsigned i = 0; i < items && i < ITEMS_MAX && cur_ok(&c); i++) {
		uint16_t type = cur_le16(&c), size = cur_le16(&c);
		struct cur item = cur_sub(&c, size);
		switch (type) {
		case ITEM_CONNECTED_ADDRESS:
			h->connection = cur_le32(&item);
			h->has_connection = cur_ok(&item);
			break;
		case ITEM_CONNECTED_DATA:
			h->sequence = cur_le16(&item); /* 3-2.1: class 2 and 3 count in front */
			h->has_sequence = cur_ok(&item);
			cip = item;
			break;
		case ITEM_UNCONNECTED_DATA:
		case ITEM_UNCONNECTED_UDP:
			cip = item;
			break;
		default: /* null address; socket addresses of a multicast connection */
			break;
		}
	}
	if (!cur_ok(&c))
		return t->s->cut ? PARSED_CUT : PARSED_BAD;
	if (!cur_ok(&cip) || (h->has_sequence && !h->has_connection))
		return PARSED_BAD;
	if (cip.left == 0)
		return bare_data(t);
	scene_label(t->s, "cip");
	return parse_cip(t, cip);
}

static enum parsed parse_io(struct scene *s, struct cur c)
{
	cur_skip(&c, 6);
	uint32_t connection = cur_le32(&c), sequence = cur_le32(&c);
	cur_skip(&c, 4);
	size_t size = c.left;
	const uint8_t *data = cur_take(&c, size);
	fact_begin(s, &io_data);
	fact_uint(s, &io_connection, connection);
	fact_uint(s, &io_sequence, sequence);
	fact_bytes(s, &io_bytes, data, size);
	fact_end(s);
	return PARSED_WHOLE;
}

static enum parsed parse(struct cur c, struct scene *s)
{
	if (!s->stream && io_ours(c))
		return parse_io(s, c);
	struct cur check = c;
	if (!header_ours(&check))
		return PARSED_BAD;
	struct enip_head h = { .command = cur_le16(&c) };
	h.length = cur_le16(&c);
	h.session = cur_le32(&c);
	h.status = cur_le32(&c);
	h.context = cur_take(&c, 8);
	h.options = cur_le32(&c);
	struct cur body = cur_upto(&c, h.length);
	struct talk t = { .s = s, .state = s->state, .head = &h, .slot = NO_SLOT };
	if (h.command == COMMAND_RR_DATA || h.command == COMMAND_UNIT_DATA)
		return parse_data(&t, body);
	return parse_command(&t, body);
}

static void point_name(const struct point_at *at, char name[POINT_NAME])
{
	if (at->space == SPACE_PCCC)
		pccc_point_name(at, name);
	else
		logix_point_name(at, name);
}

const struct proto proto_enip = {
	.name = "enip",
	.also = { "cip", NULL },
	.title = "EtherNet/IP and CIP",
	.standard = "ODVA The CIP Networks Library, volumes 1 and 2",
	.reads =
		"sessions, all CIP services and classes, tags, I/O data, PCCC, faults, identity, modules",
	.seen = "14 captures: ControlLogix 1756-EN2T and 1756-ENBT, PCCC controllers, attacks",
	.over = OVER_TCP | OVER_UDP,
	.ot = true,
	.probe = probe,
	.frame = frame,
	.parse = parse,
	.state_size = sizeof(struct enip_state),
	.asks = 16,
	.ask_size = sizeof(struct cip_ask),
	.point_name = point_name,
};
