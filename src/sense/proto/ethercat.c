/* EtherCAT: IEC 61158-4-12 (frames, datagrams, registers) and 61158-6-12 (states; mailboxes are
 * read in ethercat_mailbox.c).
 *
 * One frame passes all slaves, each puts in and takes out what is its own, and the last sends it
 * back: the master sees every frame twice.  What comes back has a working counter, and the second
 * bit of the sender's MAC set.  Masters repeat themselves thousands of times a second: what says
 * the same as before is told once a minute. */
#include "sense/proto/ethercat.h"

enum { TYPE_DATAGRAMS = 1, TYPE_VARIABLES = 4, TYPE_MAILBOX = 5 };
enum { HEAD = 10, COUNTER = 2, BACK = 0x02, DATAGRAMS_MAX = 64 };
enum command {
	NOP,
	APRD, /* by position */
	APWR,
	APRW,
	FPRD, /* by station address */
	FPWR,
	FPRW,
	BRD, /* all */
	BWR,
	BRW,
	LRD, /* logical: process data */
	LWR,
	LRW,
	ARMW, /* one reads, the others write: clock */
	FRMW,
};
enum {
	AT_STATION = 0x0010,
	AT_RESET = 0x0040,
	AT_CONTROL = 0x0120,
	AT_STATUS = 0x0130,
	AT_EEPROM = 0x0502,
	AT_TIME = 0x0910,
	AT_MEMORY = 0x1000,
};
enum { STATE_INIT = 1, STATE_PREPARED, STATE_BOOT, STATE_SAFE, STATE_RUN = 8 };

static const struct field command_field = { "ecat.cmd", U8, NOP, FRMW };
static const struct field index_field = { "ecat.idx", U8 | NUMBERING };
static const struct field slave_field = { "ecat.adp", LE16 };
static const struct field offset_field = { "ecat.ado", LE16 };
static const struct field logical_field = { "ecat.lad", LE32 };
static const struct field size_field = { "ethercat.size", LE16 };
static const struct field interrupt_field = { "ecat.int", LE16 };
static const struct field counter_field = { "ecat.cnt", LE16 };
static const struct field data_field = { "ecat.data", BYTES };
static const struct field frames_field = { "ethercat.frames", BE64 };
static const struct field publisher[] = {
	{ "ecat_nv.publisher", MAC },
	{ "ecat_nv.count", LE16 },
	{ "ecat_nv.cycleindex", LE16 | NUMBERING },
	{ 0 },
};

/* Registers with names of their own (61158-4-12, 6.1 and following). */
static const struct place {
	uint16_t at;
	struct field field;
} places[] = {
	{ 0x000, { "ecat.reg.revision", U8 } },
	{ 0x001, { "ecat.reg.type", U8 } },
	{ 0x002, { "ecat.reg.build", LE16 } },
	{ 0x004, { "ecat.reg.fmmucnt", U8 } },
	{ 0x005, { "ecat.reg.smcnt", U8 } },
	{ 0x006, { "ecat.reg.ports", U8 } },
	{ 0x007, { "ecat.reg.dpram", U8 } },
	{ 0x008, { "ecat.reg.features", LE16 } },
	{ AT_STATION, { "ecat.reg.physaddr", LE16 } },
	{ 0x012, { "ecat.reg.physaddr2", LE16 } },
	{ AT_RESET, { "ecat.reg.resetecat", U8 } },
	{ AT_CONTROL, { "ecat.reg.alctrl", LE16 } },
	{ AT_STATUS, { "ecat.reg.alstatus", LE16 } },
	{ 0x134, { "ecat.reg.alstatuscode", LE16 } },
	{ 0x300, { "ecat.reg.crc0", LE16 } },
	{ 0x302, { "ecat.reg.crc1", LE16 } },
	{ 0x304, { "ecat.reg.crc2", LE16 } },
	{ 0x306, { "ecat.reg.crc3", LE16 } },
	{ 0x310, { "ecat.reg.linklost0", U8 } },
	{ 0x311, { "ecat.reg.linklost1", U8 } },
	{ 0x312, { "ecat.reg.linklost2", U8 } },
	{ 0x313, { "ecat.reg.linklost3", U8 } },
	{ AT_EEPROM, { "ecat.reg.ctrlstat", LE16 } },
	{ 0x504, { "ecat.reg.addrl", LE16 } },
	{ 0x506, { "ecat.reg.addrh", LE16 } },
	{ 0x508, { "ecat.reg.data0", LE16 } },
	{ 0x50a, { "ecat.reg.data1", LE16 } },
	{ 0x50c, { "ecat.reg.data2", LE16 } },
	{ 0x50e, { "ecat.reg.data3", LE16 } },
};

enum row {
	ROW_NOP = 1,
	ROW_READ,
	ROW_WRITE,
	ROW_EXCHANGE,
	ROW_CYCLIC,
	ROW_TIME,
	ROW_READ_STATE,
	ROW_RUN,
	ROW_STATE,
	ROW_STOP,
	ROW_BOOT,
	ROW_STATION,
	ROW_RESET,
	ROW_EEPROM_READ,
	ROW_EEPROM_WRITE,
	ROW_UNKNOWN,
	ROW_VARIABLES,
};

static const struct msg rows[] = {
	BOTH(ROW_NOP, ACT_OTHER, EFFECT_NONE, "no_operation"),
	BOTH(ROW_READ, ACT_READ, EFFECT_NONE, "read"),
	BOTH(ROW_WRITE, ACT_WRITE, EFFECT_NONE, "write"),
	BOTH(ROW_EXCHANGE, ACT_WRITE, EFFECT_NONE, "read_write"),
	BOTH(ROW_CYCLIC, ACT_OTHER, EFFECT_NONE, "cyclic_data"),
	BOTH(ROW_TIME, ACT_OTHER, EFFECT_NONE, "distribute_time"),
	BOTH(ROW_READ_STATE, ACT_READ, EFFECT_NONE, "read_state"),
	BOTH(ROW_RUN, ACT_CONTROL, EFFECT_NONE, "request_operational"),
	BOTH(ROW_STATE, ACT_CONTROL, EFFECT_NONE, "request_state"),
	/* Outputs fall to their safe values when a slave that ran leaves that state. */
	BOTH(ROW_STOP, ACT_CONTROL, EFFECT_MODE, "leave_operational"),
	BOTH(ROW_BOOT, ACT_CONTROL, EFFECT_MODE, "request_bootstrap"),
	BOTH(ROW_STATION, ACT_WRITE, EFFECT_NONE, "set_station_address"),
	BOTH(ROW_RESET, ACT_CONTROL, EFFECT_RESTART, "reset"),
	BOTH(ROW_EEPROM_READ, ACT_IDENTIFY, EFFECT_NONE, "read_eeprom"),
	BOTH(ROW_EEPROM_WRITE, ACT_WRITE, EFFECT_CONFIG, "write_eeprom"),
	BOTH(ROW_UNKNOWN, ACT_OTHER, EFFECT_NONE, "unknown_command"),
	{ ROW_VARIABLES, DIR_OTHER, ACT_OTHER, EFFECT_NONE, "network_variables" },
	{ 0 },
};

struct datagram {
	uint8_t command, index, order; /* order: which of the frame */
	uint16_t slave, offset;        /* both together: a logical address */
	uint16_t size, interrupt, counter;
	bool back; /* it has been around */
	struct cur data;
};

/* --- what was told, and what state a master asked for --- */

enum { TOLD = 1024, TOLD_PROBES = 8, MASTERS = 16 };

#define SUMMARY_NS (60 * INT64_C(1000000000))

struct told {
	uint32_t key, hash;
	uint64_t frames; /* 0: a free place */
	int64_t told_ns, last_ns;
};

struct memory {
	struct told told[TOLD];
	struct master {
		uint8_t mac[6];
		bool used, plain, runs;
		bool joined; /* what comes back is said to be its own */
	} masters[MASTERS];
};

static uint32_t mix(uint32_t hash, uint32_t word)
{
	hash = (hash ^ word) * 2654435761u;
	return hash ^ hash >> 15;
}

/* The master's, whether its frame is on its way or has come back. */
static uint32_t mix_master(uint32_t hash, const struct scene *s)
{
	struct cur c = cur_of(s->src_mac, 6);
	uint32_t high = cur_be16(&c) & ~((uint32_t)BACK << 8);
	return mix(mix(hash, high), cur_be32(&c));
}

static uint32_t mix_data(uint32_t hash, struct cur c)
{
	while (c.left >= 4)
		hash = mix(hash, cur_be32(&c));
	while (c.left)
		hash = mix(hash, cur_u8(&c));
	return hash;
}

static bool is_cyclic(uint8_t command)
{
	return command >= LRD && command <= FRMW;
}

/* Counts the datagram; its place when it is worth a fact, NULL when it says what was said before.
 */
static const struct told *news(struct scene *s, const struct datagram *d)
{
	struct memory *m = s->state;
	if (!m)
		return NULL;
	uint32_t place = (uint32_t)d->offset << 16 | d->slave;
	if (d->command == APRD || d->command == APWR || (d->command >= BRD && d->command <= BRW))
		place &= d->back ? 0xffff0000 : 0xffffffff; /* counted up on the way */
	uint32_t key = mix(mix_master(d->back, s), place) + d->command;
	uint32_t hash = mix(d->size, d->counter);
	if (!is_cyclic(d->command))
		hash = mix_data(hash, d->data);
	struct told *quiet = NULL;
	for (uint32_t i = 0; i < TOLD_PROBES; i++) {
		struct told *t = &m->told[(key + i) % TOLD];
		if (t->frames && t->key == key) {
			bool same = t->hash == hash && s->at_ns - t->told_ns < SUMMARY_NS;
			t->frames++;
			t->hash = hash;
			t->last_ns = s->at_ns;
			t->told_ns = same ? t->told_ns : s->at_ns;
			return same ? NULL : t;
		}
		if (!quiet || (quiet->frames && (!t->frames || t->last_ns < quiet->last_ns)))
			quiet = t;
	}
	*quiet = (struct told){ key, hash, 1, s->at_ns, s->at_ns };
	return quiet;
}

static struct master *master_of(struct scene *s)
{
	struct memory *m = s->state;
	uint8_t mac[6];
	memcpy(mac, s->src_mac, 6);
	mac[0] &= (uint8_t)~BACK;
	for (unsigned i = 0; m && i < MASTERS; i++) {
		struct master *it = &m->masters[i];
		if (it->used && memcmp(it->mac, mac, 6) == 0)
			return it;
		if (it->used)
			continue;
		it->used = true;
		memcpy(it->mac, mac, 6);
		return it;
	}
	return NULL;
}

/* A MAC with the bit comes back to a master that was seen to send without it; one that has the bit
 * by itself is known by the counter alone. */
static bool comes_back(struct scene *s)
{
	struct master *m = master_of(s);
	bool bit = s->src_mac[0] & BACK;
	if (m && !bit)
		m->plain = true;
	return m && m->plain && bit;
}

/* Nobody sends with the MAC that frames come back with: it is another name of the master. */
static void join_master(struct scene *s)
{
	struct master *m = master_of(s);
	char text[MAC_TEXT];
	if (!m || m->joined)
		return;
	m->joined = true;
	who_sender(s, ID_CHASSIS, mac_text(m->mac, text), MAC_TEXT - 1);
}

/* --- what a datagram does --- */

static bool reads(uint8_t command)
{
	return command == APRD || command == FPRD || command == BRD;
}

static bool writes(uint8_t command)
{
	return command == APWR || command == FPWR || command == BWR;
}

static uint32_t state_row(struct scene *s, uint8_t state)
{
	struct master *m = master_of(s);
	bool ran = m && m->runs;
	if (m)
		m->runs = state == STATE_RUN;
	switch (state) {
	case STATE_RUN:
		return ROW_RUN;
	case STATE_BOOT:
		return ROW_BOOT;
	default:
		return ran ? ROW_STOP : ROW_STATE;
	}
}

static uint32_t write_row(struct scene *s, const struct datagram *d)
{
	enum { STATE = 0x0f, EEPROM_COMMAND = 0x07, EEPROM_READ = 1, EEPROM_WRITE = 2 };
	struct cur c = d->data;
	uint8_t low = cur_u8(&c), high = cur_u8(&c);
	if (d->offset == AT_CONTROL && d->size)
		return state_row(s, low & STATE);
	if (d->offset == AT_STATION)
		return ROW_STATION;
	if (d->offset == AT_RESET) /* the last of three letters does it */
		return low == 'S' ? ROW_RESET : ROW_WRITE;
	if (d->offset == AT_EEPROM && d->size >= 2) {
		if ((high & EEPROM_COMMAND) == EEPROM_WRITE)
			return ROW_EEPROM_WRITE;
		if ((high & EEPROM_COMMAND) == EEPROM_READ)
			return ROW_EEPROM_READ;
	}
	return ROW_WRITE;
}

static uint32_t row_code(struct scene *s, const struct datagram *d)
{
	if (d->command == NOP)
		return ROW_NOP;
	if (d->command > FRMW)
		return ROW_UNKNOWN;
	if (d->command >= LRD && d->command <= LRW)
		return ROW_CYCLIC;
	if (d->command == ARMW || d->command == FRMW)
		return d->offset == AT_TIME ? ROW_TIME : ROW_EXCHANGE;
	if (writes(d->command))
		return write_row(s, d);
	if (!reads(d->command))
		return ROW_EXCHANGE;
	return d->offset == AT_STATUS ? ROW_READ_STATE : ROW_READ;
}

/* --- facts --- */

static void add_head(struct scene *s, const struct datagram *d)
{
	fact_uint(s, &command_field, d->command);
	fact_uint(s, &index_field, d->index);
	if (d->command >= LRD && d->command <= LRW) {
		fact_uint(s, &logical_field, (uint32_t)d->offset << 16 | d->slave);
	} else {
		fact_uint(s, &slave_field, d->slave);
		fact_uint(s, &offset_field, d->offset);
	}
	fact_uint(s, &size_field, d->size);
	fact_uint(s, &interrupt_field, d->interrupt);
	fact_uint(s, &counter_field, d->counter);
}

static void add_value(struct scene *s, const struct field *f, struct cur *c)
{
	fact_uint(s, f, f->wire == U8 ? cur_u8(c) : cur_le16(c));
}

/* Registers that lie in the datagram; the bytes where none has a name. */
static void add_data(struct scene *s, const struct datagram *d)
{
	enum { BYTES_MAX = 64 };
	bool named = false;
	for (size_t i = 0; d->command <= FRMW && i < sizeof places / sizeof *places; i++) {
		const struct place *p = &places[i];
		size_t size = p->field.wire == U8 ? 1 : 2;
		if (p->at < d->offset || p->at + size > (size_t)d->offset + d->data.left)
			continue;
		struct cur c = d->data;
		cur_skip(&c, (size_t)p->at - d->offset);
		add_value(s, &p->field, &c);
		named = true;
	}
	struct cur c = d->data;
	size_t size = c.left;
	if (!named && size && size <= BYTES_MAX)
		fact_bytes(s, &data_field, cur_take(&c, size), size);
}

struct sent {
	uint16_t slave;
	const struct msg *row;
};

static uint32_t pair_key(const struct scene *s, const struct datagram *d)
{
	uint32_t key =
		mix_master((uint32_t)d->index << 16 | (uint32_t)d->command << 8 | d->order, s);
	return mix(key, d->command >= LRD && d->command <= LRW ? d->slave : d->offset);
}

/* Mailboxes: what is written is told on its way out, what is read on its way back, and what comes
 * back empty is not told at all. */
static bool tell_mailbox(struct scene *s, const struct datagram *d, const struct sent *sent)
{
	bool to = d->command == FPWR || d->command == APWR;
	bool from = d->command == FPRD || d->command == APRD;
	if (d->offset < AT_MEMORY || (!to && !from) || !mailbox_probe(d->data))
		return false;
	bool seen = to && d->back && sent;
	if ((from && (!d->back || d->counter == 0)) || (seen && d->counter))
		return true;
	if (!seen)
		mailbox_pair(s, d->data, mix_master(sent ? sent->slave : d->slave, s), from);
	fact_begin(s, mailbox_row(d->data, from || seen));
	add_head(s, d);
	if (seen)
		fact_failed(s); /* nobody took it */
	if (!mailbox_read(s, d->data))
		fact_violation(s);
	fact_end(s);
	return true;
}

static void remember(struct scene *s, const struct datagram *d, const struct msg *row)
{
	struct sent *sent = ask_put(s, pair_key(s, d));
	if (sent)
		*sent = (struct sent){ .slave = d->slave, .row = row };
}

/* Nobody did what was asked.  An empty mailbox answers in this way, too. */
static bool is_refused(const struct datagram *d)
{
	return d->back && d->counter == 0 && !(reads(d->command) && d->offset >= AT_MEMORY);
}

static bool has_data(const struct datagram *d, bool asked)
{
	if (is_cyclic(d->command))
		return false;
	return reads(d->command) ? d->back : !d->back || !asked;
}

static void tell(struct scene *s, const struct datagram *d)
{
	const struct sent *found = d->back ? ask_peek(s, pair_key(s, d)) : NULL;
	const struct sent sent = found ? *found : (struct sent){ .slave = d->slave };
	if (tell_mailbox(s, d, found ? &sent : NULL)) {
		if (!d->back)
			remember(s, d, NULL);
		return;
	}
	uint32_t code = sent.row ? sent.row->code : row_code(s, d);
	const struct msg *row = msg_find(rows, code, d->back ? DIR_RESPONSE : DIR_REQUEST);
	const struct told *t = d->command == NOP ? NULL : news(s, d);
	/* What a cycle repeats is not remembered each time: its questions say nothing new. */
	if (!d->back && (t || !is_cyclic(d->command)))
		remember(s, d, row);
	if (!t)
		return;
	if (d->back)
		ask_take(s, pair_key(s, d));
	fact_begin(s, row);
	add_head(s, d);
	if (is_refused(d))
		fact_failed(s);
	if (has_data(d, found))
		add_data(s, d);
	fact_uint(s, &frames_field, t->frames);
	fact_end(s);
}

static enum parsed read_datagrams(struct scene *s, struct cur *c)
{
	enum { SIZE = 0x07ff, MORE = 0x8000 };
	bool more = true, back = comes_back(s);
	for (uint8_t n = 0; more && n < DATAGRAMS_MAX; n++) {
		struct datagram d = { .order = n };
		d.command = cur_u8(c);
		d.index = cur_u8(c);
		d.slave = cur_le16(c);
		d.offset = cur_le16(c);
		uint16_t size = cur_le16(c);
		d.size = size & SIZE;
		more = size & MORE;
		d.interrupt = cur_le16(c);
		d.data = cur_sub(c, d.size);
		d.counter = cur_le16(c);
		d.back = back || d.counter;
		if (!cur_ok(c))
			return s->cut ? PARSED_CUT : PARSED_BAD;
		tell(s, &d);
	}
	if (back)
		join_master(s);
	return PARSED_WHOLE;
}

/* Values that controllers publish for each other (ETG.1005). */
static enum parsed read_variables(struct scene *s, struct cur *c)
{
	struct cur look = *c;
	cur_skip(&look, 8);
	struct datagram d = { .command = FRMW + 1, .size = (uint16_t)look.left };
	const struct told *t = news(s, &d);
	if (!t)
		return PARSED_WHOLE;
	fact_begin(s, msg_find(rows, ROW_VARIABLES, DIR_OTHER));
	walk(s, c, publisher);
	if (!cur_ok(c))
		return s->cut ? PARSED_CUT : PARSED_BAD;
	fact_uint(s, &frames_field, t->frames);
	fact_end(s);
	return PARSED_WHOLE;
}

static enum parsed read_gateway(struct scene *s, struct cur c)
{
	if (!mailbox_probe(c))
		return s->cut ? PARSED_CUT : PARSED_BAD;
	fact_begin(s, mailbox_row(c, false));
	if (!mailbox_read(s, c))
		fact_violation(s);
	fact_end(s);
	return PARSED_WHOLE;
}

static enum probe probe(struct cur c, const struct scene *s)
{
	(void)s;
	return c.left >= 2 ? PROBE_YES : PROBE_NO; /* the Ethertype is EtherCAT's alone */
}

static enum parsed parse(struct cur c, struct scene *s)
{
	enum { LENGTH = 0x07ff };
	uint16_t head = cur_le16(&c);
	size_t length = head & LENGTH;
	if (!cur_ok(&c))
		return s->cut ? PARSED_CUT : PARSED_BAD;
	if (length > c.left && !s->cut)
		return PARSED_BAD;
	struct cur body = cur_upto(&c, length);
	switch (head >> 12) {
	case TYPE_DATAGRAMS:
		return read_datagrams(s, &body);
	case TYPE_VARIABLES:
		return read_variables(s, &body);
	case TYPE_MAILBOX:
		return read_gateway(s, body);
	default:
		return PARSED_BAD;
	}
}

const struct proto proto_ethercat = {
	.name = "ethercat",
	.title = "EtherCAT",
	.standard = "IEC 61158-4-12, 61158-6-12",
	.reads =
		"all commands, states, registers, EEPROM access, mailboxes: CoE with objects, FoE, SoE; cyclic "
		"data: counts, no values; slaves are addresses, not assets",
	.over = OVER_ETHER,
	.ethertypes = { 0x88a4 },
	.shared = true,
	.ot = true,
	.probe = probe,
	.parse = parse,
	.state_size = sizeof(struct memory),
	.asks = 128,
	.ask_size = sizeof(struct sent),
};
