/* NTP: RFC 5905 (version 4), RFC 1305 (3), RFC 9327 (control messages, mode 6); mode 7 is ntpd's
 * own.
 *
 * Time travels in the clear, so the times themselves are kept: a server that is wrong, or one that
 * nobody should ask, is visible in the facts. */
#include "sense/proto.h"

enum { TIME_SIZE = 48, CONTROL_SIZE = 12, PRIVATE_SIZE = 8, MAC_MAX = 68 };

/* RFC 5905, 7.3: association modes */
enum mode { ACTIVE = 1, PASSIVE, CLIENT, SERVER, BROADCAST, CONTROL, PRIVATE };

static const struct field f_leap = { "ntp.leap", U8 };
static const struct field f_version = { "ntp.version", U8, 1, 4 };
static const struct field f_mode = { "ntp.mode", U8 };
static const struct field f_stratum = { "ntp.stratum", U8, 0, 16 };
static const struct field f_poll = { "ntp.poll", S8 };
static const struct field f_precision = { "ntp.precision", S8 };
static const struct field f_root_delay = { "ntp.root_delay", REAL };
static const struct field f_root_dispersion = { "ntp.root_dispersion", REAL };
static const struct field f_reference = { "ntp.reference", IP4 };
static const struct field f_reference_name = { "ntp.reference_name", TEXT };
static const struct field f_reference_ms = { "ntp.reference_time_ms", SBE64 };
static const struct field f_originate_ms = { "ntp.originate_time_ms", SBE64 };
static const struct field f_receive_ms = { "ntp.receive_time_ms", SBE64 };
static const struct field f_transmit_ms = { "ntp.transmit_time_ms", SBE64 };

static const struct field f_operation = { "ntp.control.operation", U8 };
static const struct field f_sequence = { "ntp.control.sequence", BE16 };
static const struct field f_status = { "ntp.control.status", BE16 };
static const struct field f_association = { "ntp.control.association", BE16 };
static const struct field f_data = { "ntp.control.data", TEXT };

static const struct field f_implementation = { "ntp.private.implementation", U8 };
static const struct field f_request = { "ntp.private.request", U8 };
static const struct field f_error = { "ntp.private.error", U8 };
static const struct field f_items = { "ntp.private.items", BE16 };

static const struct msg times[] = {
	{ ACTIVE, DIR_OTHER, ACT_OTHER, EFFECT_NONE, "symmetric_active" },
	{ PASSIVE, DIR_OTHER, ACT_OTHER, EFFECT_NONE, "symmetric_passive" },
	{ CLIENT, DIR_REQUEST, ACT_OTHER, EFFECT_NONE, "time" },
	{ SERVER, DIR_RESPONSE, ACT_OTHER, EFFECT_NONE, "time" },
	{ BROADCAST, DIR_OTHER, ACT_OTHER, EFFECT_NONE, "broadcast" },
	{ 0 },
};

/* RFC 9327, 2: operations; those that write change the running daemon. */
static const struct msg controls[] = {
	BOTH(1, ACT_READ, EFFECT_NONE, "read_status"),
	BOTH(2, ACT_READ, EFFECT_NONE, "read_variables"),
	BOTH(3, ACT_WRITE, EFFECT_CONFIG, "write_variables"),
	BOTH(4, ACT_READ, EFFECT_NONE, "read_clock_variables"),
	BOTH(5, ACT_WRITE, EFFECT_CONFIG, "write_clock_variables"),
	BOTH(6, ACT_OTHER, EFFECT_NONE, "set_trap"),
	{ 7, DIR_RESPONSE, ACT_OTHER, EFFECT_NONE, "trap" },
	BOTH(8, ACT_WRITE, EFFECT_CONFIG, "configure"),
	BOTH(9, ACT_READ, EFFECT_NONE, "save_configuration"),
	BOTH(10, ACT_READ, EFFECT_NONE, "read_peers"),
	BOTH(11, ACT_READ, EFFECT_NONE, "read_ordered_list"),
	BOTH(12, ACT_READ, EFFECT_NONE, "request_nonce"),
	BOTH(31, ACT_OTHER, EFFECT_NONE, "unset_trap"),
	{ 0 },
};

static const struct msg private_msgs[] = {
	BOTH(0, ACT_OTHER, EFFECT_NONE, "private"),
	{ 0 },
};

/* RFC 5905, 6: seconds since 1900 and a fraction; with the top bit clear it is the era from 2036.
 */
struct moment {
	uint32_t seconds, fraction;
};

struct clock_message {
	uint8_t leap, version, mode, stratum;
	int8_t poll, precision;
	uint32_t root_delay, root_dispersion;
	const uint8_t *reference;
	struct moment referenced, originated, received, transmitted;
};

static struct moment moment_read(struct cur *c)
{
	struct moment m = { .seconds = cur_be32(c) };
	m.fraction = cur_be32(c);
	return m;
}

static bool moment_is_zero(struct moment m)
{
	return m.seconds == 0 && m.fraction == 0;
}

static int64_t moment_ms(struct moment m)
{
	int64_t since_1900 = m.seconds;
	if (m.seconds < 0x80000000u)
		since_1900 += INT64_C(1) << 32;
	/* 2208988800: seconds from 1900 to 1970 */
	return (since_1900 - INT64_C(2208988800)) * 1000 +
		(int64_t)((uint64_t)m.fraction * 1000 >> 32);
}

static struct clock_message message_read(struct cur *c)
{
	struct clock_message m;
	uint8_t first = cur_u8(c);
	m.leap = first >> 6;
	m.version = first >> 3 & 7;
	m.mode = first & 7;
	m.stratum = cur_u8(c);
	m.poll = (int8_t)cur_u8(c);
	m.precision = (int8_t)cur_u8(c);
	m.root_delay = cur_be32(c);
	m.root_dispersion = cur_be32(c);
	m.reference = cur_take(c, 4);
	m.referenced = moment_read(c);
	m.originated = moment_read(c);
	m.received = moment_read(c);
	m.transmitted = moment_read(c);
	return m;
}

/* --- is it NTP at all --- */

/* 1990 to 2090: clocks of plants may be wrong by decades, not by centuries. */
static bool moment_is_sane(struct moment m)
{
	return moment_is_zero(m) || m.seconds >= 2840140800u || m.seconds < 1711000000u;
}

/* RFC 5905, 7.3: a key and a digest of 16, 20 or 64 bytes, a crypto-NAK of 4; extension fields come
 * before them in whole words of at least 16 bytes (RFC 7822). */
static bool rest_is_sane(struct cur c)
{
	while (c.left > MAC_MAX || (c.left >= 16 && c.left != 20 && c.left != 24)) {
		cur_skip(&c, 2);
		uint16_t size = cur_be16(&c);
		if (size < 16 || size % 4 != 0)
			return false;
		cur_skip(&c, size - 4u);
		if (!cur_ok(&c))
			return false;
	}
	return c.left == 0 || c.left == 4 || c.left == 20 || c.left == 24;
}

static bool client_is_sane(const struct clock_message *m)
{
	/* A modern client says nothing about itself but one random number (the transmit time). */
	bool silent = m->stratum == 0 && m->root_delay == 0 && m->root_dispersion == 0 &&
		moment_is_zero(m->referenced) && moment_is_zero(m->originated) &&
		moment_is_zero(m->received);
	return silent ||
		(moment_is_sane(m->originated) && moment_is_sane(m->received) &&
			moment_is_sane(m->transmitted));
}

/* Who tells the time has one, unless it says that its clock is not set (leap 3). */
static bool server_is_sane(const struct clock_message *m)
{
	return moment_is_sane(m->received) && moment_is_sane(m->transmitted) &&
		(m->leap == 3 || !moment_is_zero(m->transmitted));
}

static bool clock_is_sane(struct cur c)
{
	struct clock_message m = message_read(&c);
	if (!cur_ok(&c) || m.version < 1 || m.version > 4 || m.stratum > 16 || m.poll > 17 ||
		m.poll < -6)
		return false;
	/* Precision is a power of two seconds: better than a second, or not said (some say +32). */
	bool precision = m.precision <= 0 || (m.mode == CLIENT && m.precision == 32);
	/* Neither delay nor dispersion reaches 16 s in a clock that is any good (MAXDISP). */
	if (!precision || m.root_delay > 16u << 16 || m.root_dispersion > 32u << 16)
		return false;
	if (!moment_is_sane(m.referenced))
		return false;
	if (!(m.mode == CLIENT ? client_is_sane(&m) : server_is_sane(&m)))
		return false;
	return rest_is_sane(c);
}

static bool control_is_sane(struct cur c)
{
	uint8_t first = cur_u8(&c), operation = cur_u8(&c);
	bool response = operation & 0x80;
	cur_skip(&c, 2);
	uint16_t status = cur_be16(&c);
	cur_skip(&c, 2);
	uint16_t offset = cur_be16(&c), size = cur_be16(&c);
	bool flags = response || (operation & 0xe0) == 0;
	bool asks = response || (status == 0 && offset == 0 && first >> 6 == 0);
	if (!cur_ok(&c) || !flags || !asks ||
		!msg_find(controls, operation & 0x1f, response ? DIR_RESPONSE : DIR_REQUEST))
		return false;
	size_t padded = (size + 3u) & ~(size_t)3;
	return c.left >= size &&
		(c.left == size || c.left == padded || c.left == padded + 20 ||
			c.left == padded + 24);
}

static bool private_is_sane(struct cur c)
{
	uint8_t first = cur_u8(&c);
	cur_skip(&c, 1);
	uint8_t implementation = cur_u8(&c), request = cur_u8(&c);
	uint16_t items = cur_be16(&c), size = cur_be16(&c);
	bool response = first & 0x80;
	if (!cur_ok(&c) || (implementation != 0 && implementation != 2 && implementation != 3) ||
		request > 45 || size >> 12)
		return false;
	size_t data = (size_t)(items & 0xfff) * size;
	if (data > c.left)
		return false;
	/* ntpdc's requests: 8, 40, 48 or 192 bytes, what is not used is zero. */
	if (!response && (items >> 12 || (c.left != 0 && c.left < 32)))
		return false;
	cur_skip(&c, data);
	while (!response && c.left > 24)
		if (cur_u8(&c) != 0)
			return false;
	return response ? c.left < 24 : true;
}

static enum probe probe(struct cur c, const struct scene *s)
{
	int first = cur_peek(&c, 0);
	if (first < 0 || s->cut || (first >> 3 & 7) < 1 || (first >> 3 & 7) > 4)
		return PROBE_NO;
	bool sane;
	switch (first & 7) {
	case 0:
		sane = false;
		break;
	case CONTROL:
		sane = control_is_sane(c);
		break;
	case PRIVATE:
		sane = private_is_sane(c);
		break;
	default:
		sane = clock_is_sane(c);
	}
	return sane ? PROBE_YES : PROBE_NO;
}

/* --- reading --- */

static void add_moment(struct scene *s, const struct field *f, struct moment m)
{
	if (!moment_is_zero(m))
		fact_int(s, f, moment_ms(m));
}

/* 7.3: an address of the server above; at stratum 0 and 1 four letters ("GPS", "RATE"). */
static void add_reference(struct scene *s, const struct clock_message *m)
{
	static const uint8_t none[4];
	if (memcmp(m->reference, none, 4) == 0)
		return;
	if (m->stratum > 1) {
		fact_ip(s, &f_reference, m->reference, 4);
		return;
	}
	size_t size = 4;
	while (size && m->reference[size - 1] == 0)
		size--;
	fact_text(s, &f_reference_name, m->reference, size);
}

/* A server returns the client's transmit time as the originate time: that is what pairs them. */
static uint32_t pair_key(struct moment m)
{
	return m.seconds ^ m.fraction;
}

static void pair_clocks(struct scene *s, const struct clock_message *m)
{
	if (m->mode == CLIENT) {
		scene_client(s);
		(void)ask_put(s, pair_key(m->transmitted));
	} else if (m->mode == SERVER) {
		scene_server(s);
		(void)ask_take(s, pair_key(m->originated));
	}
}

static enum parsed parse_clock(struct cur c, struct scene *s)
{
	struct clock_message m = message_read(&c);
	const struct msg *row = msg_find(times, m.mode, DIR_OTHER);
	if (!row)
		row = msg_find(times, m.mode, m.mode == CLIENT ? DIR_REQUEST : DIR_RESPONSE);
	if (!cur_ok(&c) || !row)
		return s->cut ? PARSED_CUT : PARSED_BAD;
	pair_clocks(s, &m);
	fact_begin(s, row);
	fact_uint(s, &f_leap, m.leap);
	fact_uint(s, &f_version, m.version);
	fact_uint(s, &f_mode, m.mode);
	fact_uint(s, &f_stratum, m.stratum);
	fact_int(s, &f_poll, m.poll);
	fact_int(s, &f_precision, m.precision);
	fact_real(s, &f_root_delay, m.root_delay / 65536.0);
	fact_real(s, &f_root_dispersion, m.root_dispersion / 65536.0);
	add_reference(s, &m);
	add_moment(s, &f_reference_ms, m.referenced);
	add_moment(s, &f_originate_ms, m.originated);
	add_moment(s, &f_receive_ms, m.received);
	add_moment(s, &f_transmit_ms, m.transmitted);
	return PARSED_WHOLE;
}

/* version="ntpd 4.2.6p5@1.2349-o", system="Linux/3.10.0": the value between the quotes. */
static void say_variable(struct scene *s, struct cur c, const char *name, enum identity_key key)
{
	size_t size = strlen(name);
	for (; c.left > size; cur_skip(&c, 1)) {
		if (!cur_starts(&c, name))
			continue;
		cur_skip(&c, size);
		long end = cur_find(&c, '"');
		if (end > 0)
			who_sender(s, key, cur_take(&c, (size_t)end), (size_t)end);
		return;
	}
}

static enum parsed parse_control(struct cur c, struct scene *s)
{
	uint8_t first = cur_u8(&c), operation = cur_u8(&c);
	uint16_t sequence = cur_be16(&c), status = cur_be16(&c), association = cur_be16(&c);
	cur_skip(&c, 2); /* offset of a part */
	uint16_t size = cur_be16(&c);
	struct cur data = cur_sub(&c, size);
	bool response = operation & 0x80;
	const struct msg *row =
		msg_find(controls, operation & 0x1f, response ? DIR_RESPONSE : DIR_REQUEST);
	if (!cur_ok(&c) || !row)
		return s->cut ? PARSED_CUT : PARSED_BAD;
	if (response) {
		scene_server(s);
		(void)ask_peek(s, sequence); /* long answers come in parts */
	} else {
		scene_client(s);
		(void)ask_put(s, sequence);
	}
	fact_begin(s, row);
	fact_uint(s, &f_version, first >> 3 & 7);
	fact_uint(s, &f_mode, CONTROL);
	fact_uint(s, &f_operation, operation & 0x1f);
	fact_uint(s, &f_sequence, sequence);
	fact_uint(s, &f_status, status);
	fact_uint(s, &f_association, association);
	if (size)
		fact_text(s, &f_data, data.at, size);
	if (operation & 0x40)
		fact_failed(s);
	if (response && row->code == 2 && association == 0) {
		say_variable(s, data, "version=\"", ID_SOFTWARE);
		say_variable(s, data, "system=\"", ID_OS);
	}
	return PARSED_WHOLE;
}

static enum parsed parse_private(struct cur c, struct scene *s)
{
	uint8_t first = cur_u8(&c);
	cur_skip(&c, 1);
	uint8_t implementation = cur_u8(&c), request = cur_u8(&c);
	uint16_t items = cur_be16(&c);
	if (!cur_ok(&c))
		return s->cut ? PARSED_CUT : PARSED_BAD;
	bool response = first & 0x80;
	if (response)
		scene_server(s);
	else
		scene_client(s);
	fact_begin(s, &private_msgs[response]);
	fact_uint(s, &f_version, first >> 3 & 7);
	fact_uint(s, &f_mode, PRIVATE);
	fact_uint(s, &f_implementation, implementation);
	fact_uint(s, &f_request, request);
	if (response)
		fact_uint(s, &f_error, items >> 12);
	fact_uint(s, &f_items, items & 0xfff);
	if (response && items >> 12)
		fact_failed(s);
	return PARSED_WHOLE;
}

static enum parsed parse(struct cur c, struct scene *s)
{
	int first = cur_peek(&c, 0);
	if (first < 0)
		return s->cut ? PARSED_CUT : PARSED_BAD;
	switch (first & 7) {
	case CONTROL:
		return parse_control(c, s);
	case PRIVATE:
		return parse_private(c, s);
	default:
		return parse_clock(c, s);
	}
}

const struct proto proto_ntp = {
	.name = "ntp",
	.title = "NTP",
	.standard = "RFC 5905",
	.reads = "clock, control and private messages",
	.seen = "6 captures: servers, clients, monitor lists",
	.over = OVER_UDP,
	.probe = probe,
	.parse = parse,
	.asks = 4,
};
