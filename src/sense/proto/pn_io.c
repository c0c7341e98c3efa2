/* PROFINET IO context management: IEC 61158-6-10, 4.10, over connectionless remote procedure calls
 * (The Open Group C706, chapter 12, protocol version 4).
 *
 * A device answers from another port than it was asked on, and an answer carries the activity and
 * the sequence number of its call: that is how the two are put together. */
#include "base/hash.h"
#include "sense/proto/pn_io.h"
#include "sense/proto/pn_rt.h"

enum { VERSION = 4, HEAD = 80, PARTS = 4, PART_SIZE = 12 * 1024 };
enum {
	PDU_REQUEST,
	PDU_PING,
	PDU_RESPONSE,
	PDU_FAULT,
	PDU_WORKING,
	PDU_NOCALL,
	PDU_REJECT,
	PDU_ACK,
	PDU_CANCEL,
	PDU_FACK,
	PDU_CANCEL_ACK,
};
enum { FLAG_LAST = 0x02, FLAG_FRAGMENT = 0x04 };
enum { INTERFACE_DEVICE = 1, INTERFACE_CONTROLLER, INTERFACE_SUPERVISOR, INTERFACE_PARAMETER };

static const struct field pdu_field = { "dcerpc.pkt_type", U8, PDU_REQUEST, PDU_CANCEL_ACK };
static const struct field object_field = { "dcerpc.obj_id", TEXT };
static const struct field activity_field = { "dcerpc.dg_act_id", TEXT };
static const struct field boot_field = { "dcerpc.dg_server_boot", BE32 };
static const struct field sequence_field = { "dcerpc.dg_seqnum", BE32 | NUMBERING };
static const struct field operation_field = { "dcerpc.opnum", BE16 };
static const struct field fragment_field = { "dcerpc.dg_frag_num", BE16 };
static const struct field vendor_field = { "pn_io.object_vendor", BE16 };
static const struct field device_field = { "pn_io.object_device", BE16 };
static const struct field instance_field = { "pn_io.object_instance", BE16 };
static const struct field args_max_field = { "pn_io.args_max", BE32 };
static const struct field args_length_field = { "pn_io.args_len", BE32 };
static const struct field fault_field = { "dcerpc.dg_status", BE32 };

static const struct msg control_rows[] = {
	{ PDU_PING, DIR_OTHER, ACT_OTHER, EFFECT_NONE, "rpc_ping" },
	{ PDU_FAULT, DIR_RESPONSE, ACT_OTHER, EFFECT_NONE, "rpc_fault" },
	{ PDU_WORKING, DIR_OTHER, ACT_OTHER, EFFECT_NONE, "rpc_working" },
	{ PDU_NOCALL, DIR_OTHER, ACT_OTHER, EFFECT_NONE, "rpc_no_call" },
	{ PDU_REJECT, DIR_RESPONSE, ACT_OTHER, EFFECT_NONE, "rpc_reject" },
	{ PDU_ACK, DIR_OTHER, ACT_OTHER, EFFECT_NONE, "rpc_ack" },
	{ PDU_CANCEL, DIR_OTHER, ACT_OTHER, EFFECT_NONE, "rpc_cancel" },
	{ PDU_FACK, DIR_OTHER, ACT_OTHER, EFFECT_NONE, "rpc_fragment_ack" },
	{ PDU_CANCEL_ACK, DIR_OTHER, ACT_OTHER, EFFECT_NONE, "rpc_cancel_ack" },
	{ 0 },
};

const uint8_t pn_io_node[8] = { 0x82, 0x71, 0x00, 0xa0, 0x24, 0x42, 0xdf, 0x7d };

struct head {
	uint8_t pdu, flags;
	bool little;
	const uint8_t *object, *interface, *activity;
	uint32_t boot, sequence;
	uint16_t operation, size, fragment;
};

static uint16_t number16(struct cur *c, bool little)
{
	return little ? cur_le16(c) : cur_be16(c);
}

static bool read_head(struct cur *c, struct head *h)
{
	uint8_t version = cur_u8(c);
	h->pdu = cur_u8(c);
	h->flags = cur_u8(c);
	cur_skip(c, 1);
	uint8_t representation = cur_u8(c);
	h->little = representation >> 4;
	uint8_t real = cur_u8(c);
	cur_skip(c, 2); /* reserved; serial number, high */
	h->object = cur_take(c, 16);
	h->interface = cur_take(c, 16);
	h->activity = cur_take(c, 16);
	h->boot = pn_io_number32(c, h->little);
	uint32_t interface_version = pn_io_number32(c, h->little);
	h->sequence = pn_io_number32(c, h->little);
	h->operation = number16(c, h->little);
	cur_skip(c, 4); /* hints */
	h->size = number16(c, h->little);
	h->fragment = number16(c, h->little);
	cur_skip(c, 2); /* authentication; serial number, low */
	return cur_ok(c) && version == VERSION && h->pdu <= PDU_CANCEL_ACK &&
		representation <= 0x11 && (representation & 0xf) <= 1 && real <= 3 &&
		interface_version <= 0xffff;
}

/* DEA0000n-6C97-11D1-8271-00A02442DF7D: n says whose interface it is; 0 for others. */
static unsigned interface_of(const struct head *h)
{
	static const uint8_t big[] = { 0xde, 0xa0, 0x00, 0, 0x6c, 0x97, 0x11, 0xd1 };
	static const uint8_t little[] = { 0, 0x00, 0xa0, 0xde, 0x97, 0x6c, 0xd1, 0x11 };
	struct cur c = cur_of(h->interface, 16);
	const uint8_t *time = cur_take(&c, sizeof big);
	const uint8_t *rest = cur_take(&c, sizeof pn_io_node);
	if (!time || !rest || memcmp(rest, pn_io_node, sizeof pn_io_node) != 0)
		return 0;
	unsigned number = time[h->little ? 0 : 3];
	const uint8_t *want = h->little ? little : big;
	for (size_t i = 0; i < sizeof big; i++)
		if (i != (h->little ? 0u : 3u) && time[i] != want[i])
			return 0;
	return number >= INTERFACE_DEVICE && number <= INTERFACE_PARAMETER ? number : 0;
}

/* E1AF8308-5D1F-11C9-91A4-08002B14A0FA, the endpoint mapper. */
static bool is_mapper(const struct head *h)
{
	static const uint8_t big[] = { 0xe1, 0xaf, 0x83, 0x08, 0x5d, 0x1f, 0x11, 0xc9, 0x91, 0xa4,
		0x08, 0x00, 0x2b, 0x14, 0xa0, 0xfa };
	static const uint8_t little[] = { 0x08, 0x83, 0xaf, 0xe1, 0x1f, 0x5d, 0xc9, 0x11, 0x91,
		0xa4, 0x08, 0x00, 0x2b, 0x14, 0xa0, 0xfa };
	return memcmp(h->interface, h->little ? little : big, sizeof big) == 0;
}

static enum probe probe(struct cur c, const struct scene *s)
{
	struct head h = { 0 };
	if (!read_head(&c, &h))
		return PROBE_NO;
	if (!interface_of(&h) && !(is_mapper(&h) && pn_io_mapper_probe(c)))
		return PROBE_NO;
	return h.size <= c.left || s->cut ? PROBE_YES : PROBE_NO;
}

/* --- calls and their answers, wherever they come from --- */

struct call_ask {
	uint8_t activity[16];
	uint32_t sequence;
};

static uint32_t call_key(const struct head *h)
{
	return (uint32_t)hash_mix(hash_bytes(h->activity, 16), h->sequence);
}

static bool asked(struct scene *s, const struct head *h)
{
	const struct call_ask *ask = ask_peek(s, call_key(h));
	return ask && ask->sequence == h->sequence && memcmp(ask->activity, h->activity, 16) == 0;
}

static void remember(struct scene *s, const struct head *h)
{
	struct call_ask *ask = ask_put(s, call_key(h));
	if (!ask)
		return;
	ask->sequence = h->sequence;
	memcpy(ask->activity, h->activity, 16);
}

/* --- fragments: a few calls at a time, from many conversations --- */

struct part {
	uint8_t activity[16];
	uint32_t sequence;
	uint8_t pdu;
	bool used;
	uint16_t next; /* fragment awaited */
	uint16_t size;
	uint64_t frame; /* of its first, for the oldest to go */
	uint8_t bytes[PART_SIZE];
};

struct calls {
	struct part of[PARTS];
};

static struct part *part_of(struct calls *all, const struct head *h)
{
	for (unsigned i = 0; i < PARTS; i++) {
		struct part *p = &all->of[i];
		if (p->used && p->pdu == h->pdu && p->sequence == h->sequence &&
			memcmp(p->activity, h->activity, 16) == 0)
			return p;
	}
	return NULL;
}

static struct part *new_part(struct calls *all, const struct scene *s, const struct head *h)
{
	struct part *p = &all->of[0];
	for (unsigned i = 0; i < PARTS && p->used; i++)
		if (!all->of[i].used || all->of[i].frame < p->frame)
			p = &all->of[i];
	p->used = true;
	p->pdu = h->pdu;
	p->sequence = h->sequence;
	p->next = p->size = 0;
	p->frame = s->frame;
	memcpy(p->activity, h->activity, 16);
	return p;
}

/* Puts a fragment to the others; true when *body is the whole. */
static bool join(struct scene *s, const struct head *h, struct cur *body)
{
	struct calls *all = s->state;
	if (!all)
		return false;
	struct part *p = part_of(all, h);
	if (h->fragment == 0)
		p = p && p->next > 0 && p->size ? p : new_part(all, s, h);
	if (!p || h->fragment != p->next)
		return false; /* sent again, or one is missing */
	size_t size = body->left;
	const uint8_t *bytes = cur_take(body, size);
	if (!bytes || size > sizeof p->bytes - p->size) {
		p->used = false;
		return false;
	}
	struct cur room = cur_of(p->bytes, sizeof p->bytes);
	cur_skip(&room, p->size);
	memcpy(p->bytes + p->size, bytes, size);
	p->size = (uint16_t)(p->size + size);
	p->next++;
	if (!(h->flags & FLAG_LAST))
		return false;
	p->used = false;
	*body = cur_of(p->bytes, p->size);
	return true;
}

/* --- messages --- */

static void add_head(struct scene *s, const struct head *h)
{
	static const uint8_t none[16];
	fact_uint(s, &pdu_field, h->pdu);
	fact_uint(s, &operation_field, h->operation);
	fact_uint(s, &sequence_field, h->sequence);
	fact_uint(s, &fragment_field, h->fragment);
	fact_uint(s, &boot_field, h->boot);
	pn_io_uuid(s, &activity_field, h->activity, h->little);
	if (memcmp(h->object, none, 16) == 0)
		return;
	pn_io_uuid(s, &object_field, h->object, h->little);
	struct cur object = cur_of(h->object, 16);
	cur_skip(&object, 10); /* the last six: instance, device, vendor */
	fact_uint(s, &instance_field, cur_be16(&object));
	fact_uint(s, &device_field, cur_be16(&object));
	fact_uint(s, &vendor_field, cur_be16(&object));
}

/* The object that is asked for names its maker. */
static void say_maker(struct scene *s, const struct head *h, const struct pn_call *call)
{
	struct cur object = cur_of(h->object, 16);
	cur_skip(&object, 14);
	const char *vendor = profinet_vendor(cur_be16(&object));
	if (!vendor)
		return;
	if (call->answer)
		who_sender(s, ID_VENDOR_NUMBER, vendor, strlen(vendor));
	else
		who_receiver(s, ID_VENDOR_NUMBER, vendor, strlen(vendor));
}

static void read_status(struct scene *s, struct cur *c, bool little)
{
	const uint8_t *four = cur_take(c, 4);
	if (!four)
		return;
	const uint8_t turned[4] = { four[3], four[2], four[1], four[0] };
	struct cur in_order = cur_of(little ? turned : four, 4);
	profinet_status(s, &in_order);
}

static enum parsed read_call(struct scene *s, const struct head *h, struct cur c)
{
	bool of_device = interface_of(h) == INTERFACE_DEVICE;
	struct pn_call call = { .operation = h->operation, .key = call_key(h) };
	call.answer = h->pdu == PDU_RESPONSE;
	call.device = of_device == call.answer;
	/* The controller is the client, also where the device calls back. */
	if (call.device)
		scene_server(s);
	else
		scene_client(s);

	struct cur look = c;
	cur_skip(&look, 4 + 4 + 12); /* status or maximum, length, the array's three numbers */
	const struct msg *row = pn_io_row(&call, look);
	if (call.answer)
		call.paired = asked(s, h);
	else
		remember(s, h);
	fact_begin(s, row);
	add_head(s, h);
	if (call.answer)
		read_status(s, &c, h->little);
	else
		fact_uint(s, &args_max_field, pn_io_number32(&c, h->little));
	uint32_t length = pn_io_number32(&c, h->little);
	fact_uint(s, &args_length_field, length);
	cur_skip(&c, 12);
	struct cur blocks = cur_sub(&c, length);
	if (!cur_ok(&blocks) || !pn_io_blocks(s, &call, &blocks))
		return s->cut ? PARSED_CUT : PARSED_BAD;
	fact_end(s);
	say_maker(s, h, &call);
	if (call.paired)
		ask_take(s, call.key);
	return PARSED_WHOLE;
}

static enum parsed read_mapper(struct scene *s, const struct head *h, struct cur c)
{
	bool answer = h->pdu == PDU_RESPONSE;
	bool paired = answer && asked(s, h);
	if (!answer)
		remember(s, h);
	fact_begin(s, pn_io_mapper_row(h->operation, answer));
	add_head(s, h);
	if (!pn_io_mapper(s, h->operation, answer, h->little, &c))
		return s->cut ? PARSED_CUT : PARSED_BAD;
	fact_end(s);
	if (paired)
		ask_take(s, call_key(h));
	return PARSED_WHOLE;
}

static enum parsed read_other(struct scene *s, const struct head *h, struct cur c)
{
	const struct msg *row = control_rows;
	while (row->name && row->code != h->pdu)
		row++;
	if (!row->name)
		return PARSED_BAD;
	bool refused = h->pdu == PDU_FAULT || h->pdu == PDU_REJECT;
	asked(s, h);
	fact_begin(s, row);
	add_head(s, h);
	if (refused) {
		fact_failed(s);
		uint32_t status = pn_io_number32(&c, h->little);
		if (cur_ok(&c))
			fact_uint(s, &fault_field, status);
	}
	fact_end(s);
	return PARSED_WHOLE;
}

static enum parsed parse(struct cur c, struct scene *s)
{
	struct head h = { 0 };
	bool cut = s->cut && c.left < HEAD;
	if (!read_head(&c, &h))
		return cut ? PARSED_CUT : PARSED_BAD;
	if (h.size > c.left && !s->cut)
		return PARSED_BAD;
	struct cur body = cur_upto(&c, h.size);
	if (h.pdu != PDU_REQUEST && h.pdu != PDU_RESPONSE)
		return read_other(s, &h, body);
	bool mapper = is_mapper(&h);
	if (!interface_of(&h) && !mapper)
		return PARSED_WHOLE; /* another service of the same host */
	if (h.flags & FLAG_FRAGMENT && !join(s, &h, &body))
		return s->cut ? PARSED_CUT : PARSED_WHOLE;
	if (mapper)
		return read_mapper(s, &h, body);
	return read_call(s, &h, body);
}

const struct proto proto_pn_io = {
	.name = "pn_io",
	.title = "PROFINET IO context management",
	.standard = "IEC 61158-6-10, C706",
	.reads = "connect, release, control, records read and written, I&M0-4, channel diagnosis, "
		 "ports, rings, clocks, endpoint mapper; other "
		 "records as bytes",
	.seen = "5 captures: S7-1500, SCALANCE XB-200, Phoenix Contact and Hilscher controllers, Festo, "
		"Murrelektronik and GE devices; no I&M and no endpoint mapper among them",
	.over = OVER_UDP,
	.begins = "04",
	.ot = true,
	.shared = true,
	.probe = probe,
	.parse = parse,
	.state_size = sizeof(struct calls),
	.asks = 128,
	.ask_size = sizeof(struct call_ask),
};
