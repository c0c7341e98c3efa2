/* ADS: places as they are spelled, and values where they live: TwinCAT ADS specification (Beckhoff
 * Information System), "Index Group/Offset"; ADS over CoE and FoE of EtherCAT. */
#include "base/out.h"
#include "sense/proto/ads.h"
#include "sense/secret.h"

static const struct field f_address = { "ads.address", TEXT, 0, 0 };
static const struct field f_value = { "ads.value", LE32, 0, 0 };
static const struct field f_real = { "ads.value.real", FLE64, 0, 0 };
static const struct field f_text = { "ads.value.text", TEXT, 0, 0 };
static const struct field f_data = { "ads.data", BYTES, 0, 0 };

void ads_tell_text(struct scene *s, const struct field *f, const char *text)
{
	if (text)
		fact_text(s, f, text, strlen(text));
}

/* --- whose --- */

enum { NET_TEXT = 24 };

static void put_net(struct out *o, const uint8_t *net)
{
	for (size_t i = 0; i < 6; i++) {
		if (i)
			out_char(o, '.');
		out_uint(o, net[i]);
	}
}

void ads_tell_net(struct scene *s, const struct field *f, const uint8_t *net)
{
	char *text = net ? scene_scratch(s, NET_TEXT) : NULL;
	if (!text)
		return;
	struct out o = out_mem(text, NET_TEXT);
	put_net(&o, net);
	fact_text(s, f, text, o.used);
}

/* Whether a machine speaks for itself, rather than for a device behind it: a net id is the
 * machine's IP address when TwinCAT was installed, or what its MAC address of Beckhoff's ends with,
 * and ".1.1". Others may be its own too; nothing says so. */
bool ads_own(const struct scene *s, const uint8_t *net, bool server)
{
	static const uint8_t beckhoff[] = { 0x00, 0x01, 0x05 };
	const struct ip *ip = server ? &s->src : &s->dst;
	const uint8_t *mac = server ? s->src_mac : s->dst_mac;
	if (net[4] != 1 || net[5] != 1)
		return false;
	if (ip_is_4(ip) && memcmp(&ip->b[12], net, 4) == 0)
		return true;
	return net[0] == 5 && memcmp(mac, beckhoff, sizeof beckhoff) == 0 &&
		memcmp(&mac[3], &net[1], 3) == 0;
}

struct ads_place ads_place_at(const struct scene *s, const struct ads_head *h, bool server,
	uint32_t group, uint32_t offset, uint32_t size)
{
	const uint8_t *net = server ? h->source : h->target;
	return (struct ads_place){ .net = net,
		.own = ads_own(s, net, server),
		.port = server ? h->source_port : h->target_port,
		.group = group,
		.offset = offset,
		.size = size };
}

/* --- places --- */

enum ads_unit { OTHER, BYTES_OF, BITS_OF, EIGHTH };

/* Areas of a PLC that an engineer knows by letter. */
struct area {
	const char *letters;
	enum ads_unit unit; /* of an offset; EIGHTH: a byte, of which the group says the bit */
};

static struct area area_of(uint32_t group)
{
	switch (group) {
	case 0x4020:
		return (struct area){ "%MB", BYTES_OF };
	case 0x4021:
		return (struct area){ "%MX", BITS_OF };
	case 0x4030:
	case 0x4040:
		return (struct area){ NULL, BYTES_OF };
	case 0xf020:
		return (struct area){ "%IB", BYTES_OF };
	case 0xf021:
		return (struct area){ "%IX", BITS_OF };
	case 0xf030:
		return (struct area){ "%QB", BYTES_OF };
	case 0xf031:
		return (struct area){ "%QX", BITS_OF };
	default:
		break;
	}
	if (group >= 0xf028 && group <= 0xf02f)
		return (struct area){ "%IX", EIGHTH };
	if (group >= 0xf038 && group <= 0xf03f)
		return (struct area){ "%QX", EIGHTH };
	return (struct area){ NULL, OTHER };
}

/* Groups whose data is no value of the process: about symbols and sizes, documents, many in one,
 * files of slaves, functions; and everything of the system. */
bool ads_is_value(uint16_t port, uint32_t group)
{
	if (port == ADS_PORT_SYSTEM || group == 0x4025 || group == 0x4035 || group == 0x4045 ||
		ads_is_nc_function(port, group))
		return false;
	if (group < 0xf000 || group > 0xf4ff || group == ADS_SYMBOL_VALUE)
		return true;
	return area_of(group).unit != OTHER || group == 0xf302 || group == 0xf420;
}

/* What people would plot does not come from a service of the machine (up to 300, 10000 and 14000
 * and more: "AMS ports"). */
static bool is_process(uint16_t port)
{
	return port > 300 && !(port >= 10000 && port < 11000) && !(port >= 14000 && port < 15000);
}

/* A place that is a handle becomes its symbol. */
void ads_resolve(struct scene *s, bool server, struct ads_place *place)
{
	struct ads_place symbol = *place;
	if (place->group != ADS_SYMBOL_VALUE || place->port == ADS_PORT_SYSTEM ||
		!ads_find(s, server, ADS_HANDLE, place->offset, &symbol))
		return;
	place->name = symbol.name;
	place->name_size = symbol.name_size;
	place->type = symbol.type;
}

static void put_hex(struct out *o, uint32_t n)
{
	unsigned shift = 28;
	while (shift && !(n >> shift))
		shift -= 4;
	out_str(o, "0x");
	for (;; shift -= 4) {
		out_char(o, "0123456789ABCDEF"[n >> shift & 15]);
		if (!shift)
			return;
	}
}

static void put_place(struct out *o, uint32_t group, uint32_t offset, uint32_t size)
{
	struct area area = area_of(group);
	bool many = area.unit == BYTES_OF && size > 1 && size - 1 <= UINT32_MAX - offset;
	if (area.letters) {
		out_str(o, area.letters);
		out_uint(o, area.unit == BITS_OF ? offset / 8 : offset);
		if (area.unit != BYTES_OF) {
			out_char(o, '.');
			out_uint(o, area.unit == BITS_OF ? offset % 8 : group % 8);
		} else if (many) {
			out_char(o, '-');
			out_uint(o, offset + (size - 1));
		}
		return;
	}
	put_hex(o, group);
	if (ads_opens_slave_file(group))
		return; /* the offset is no place */
	out_char(o, ':');
	put_hex(o, offset);
	if (many) {
		out_char(o, '-');
		put_hex(o, offset + (size - 1));
	}
}

/* Symbols and areas of the PLC's first runtime need no more; elsewhere the port stands in front.
 * A name may be longer than there is room: what differs stands at its end. */
void ads_point_name(const struct point_at *at, char name[POINT_NAME])
{
	enum { HEAD = 24 };
	struct out o = out_mem(name, POINT_NAME);
	if (at->unit != 801 && at->unit != 851) {
		out_str(&o, "port ");
		out_uint(&o, at->unit);
		out_char(&o, ' ');
	}
	size_t room = o.size - o.used;
	if (!at->symbol) {
		put_place(&o, at->area, at->index, at->space);
	} else if (at->symbol_size <= room) {
		out_bytes(&o, at->symbol, at->symbol_size);
	} else {
		size_t end = room - HEAD - 3;
		out_bytes(&o, at->symbol, HEAD);
		out_str(&o, "...");
		out_bytes(&o, &at->symbol[at->symbol_size - end], end);
	}
	out_text(&o);
}

/* The text of a place, in scratch, since names may move when one more is kept.  Where the device is
 * not the machine itself its net id stands in front, so that two devices never share a point. */
static struct cur spell(struct scene *s, const struct ads_place *p)
{
	char text[NET_TEXT + UINT8_MAX + 1];
	struct out o = out_mem(text, sizeof text);
	if (!p->own) {
		put_net(&o, p->net);
		out_char(&o, ' ');
	}
	if (p->name)
		out_bytes(&o, p->name, p->name_size);
	else
		put_place(&o, p->group, p->offset, p->size);
	char *kept = o.failed ? NULL : scene_scratch(s, o.used);
	if (!kept)
		return cur_bad();
	memcpy(kept, text, o.used);
	return cur_of(kept, o.used);
}

void ads_tell_place(struct scene *s, const struct ads_place *place)
{
	struct cur text = spell(s, place);
	if (cur_ok(&text))
		fact_text(s, &f_address, text.at, text.left);
}

/* --- values --- */

/* Data types as symbol information has them. */
enum {
	INT16 = 2,
	INT32,
	REAL32,
	REAL64,
	INT8 = 16,
	UINT8,
	UINT16,
	UINT32,
	INT64,
	UINT64,
	STRING = 30,
	BIT = 33
};

/* Nobody said what four or eight bytes are.  Numbers of a plant rarely lie where the exponents of
 * sensible real numbers do, 2^-31 to 2^32: there it is a real number. */
static uint8_t looks_like(struct cur data)
{
	size_t size = data.left;
	uint32_t high = size == 8 ? (cur_skip(&data, 4), cur_le32(&data)) : cur_le32(&data);
	if (size == 4) {
		uint32_t exponent = high >> 23 & 0xff;
		return exponent >= 96 && exponent < 160 ? REAL32 : UINT32;
	}
	uint32_t exponent = high >> 20 & 0x7ff;
	return exponent >= 1023 - 31 && exponent < 1023 + 33 ? REAL64 : UINT64;
}

static bool is_zero(struct cur c)
{
	while (c.left)
		if (cur_u8(&c))
			return false;
	return true;
}

/* It stays what it looked like at first: a counter does not become a real number on its way.  The
 * place of a handle without a name may be another's next time. */
static uint8_t guess(struct scene *s, const struct ads_place *place, struct cur data, bool server)
{
	struct ads_place seen = *place;
	uint8_t plain = data.left == 4 ? UINT32 : UINT64;
	if (place->group == ADS_SYMBOL_VALUE && !place->name)
		return plain;
	if (ads_find(s, server, ADS_GUESS, 0, &seen) && seen.size == data.left)
		return seen.type;
	if (is_zero(data))
		return plain;
	seen = *place;
	seen.type = looks_like(data);
	seen.size = (uint32_t)data.left;
	if (server)
		ads_keep(s, ADS_GUESS, 0, &seen);
	return seen.type;
}

static uint8_t type_of(struct scene *s, const struct ads_place *place, struct cur data, bool server)
{
	static const uint8_t sizes[34] = { [INT16] = 2,
		[INT32] = 4,
		[REAL32] = 4,
		[REAL64] = 8,
		[INT8] = 1,
		[UINT8] = 1,
		[UINT16] = 2,
		[UINT32] = 4,
		[INT64] = 8,
		[UINT64] = 8,
		[BIT] = 1 };
	uint8_t type = place->type;
	if (type == STRING || (type < sizeof sizes && sizes[type] && sizes[type] == data.left))
		return type;
	bool memory = !place->name && area_of(place->group).unit == BYTES_OF;
	if (type || (memory && data.left > 4)) /* arrays, structures; eight bytes of whatever */
		return 0;
	switch (data.left) {
	case 1:
		return UINT8;
	case 2:
		return UINT16;
	case 4:
	case 8:
		return guess(s, place, data, server);
	default:
		return 0;
	}
}

static double number(uint8_t type, struct cur c)
{
	switch (type) {
	case INT8:
		return (int8_t)cur_u8(&c);
	case BIT:
	case UINT8:
		return cur_u8(&c);
	case INT16:
		return (int16_t)cur_le16(&c);
	case UINT16:
		return cur_le16(&c);
	case INT32:
		return (int32_t)cur_le32(&c);
	case UINT32:
		return cur_le32(&c);
	case REAL32:
		return cur_float_of(cur_le32(&c));
	case REAL64:
		return cur_double_of(cur_le64(&c));
	case INT64:
		return (double)(int64_t)cur_le64(&c);
	default:
		return (double)cur_le64(&c);
	}
}

static void tell_number(struct scene *s, uint8_t type, struct cur data)
{
	struct cur c = data;
	if (type == REAL32 || type == REAL64)
		fact_real(s, &f_real, number(type, data));
	else if (type == INT64)
		fact_int(s, &f_value, (int64_t)cur_le64(&c));
	else if (type == UINT64)
		fact_uint(s, &f_value, cur_le64(&c));
	else if (type == INT8 || type == INT16 || type == INT32)
		fact_int(s, &f_value, (int64_t)number(type, data));
	else
		fact_uint(s, &f_value, (uint64_t)number(type, data));
}

static bool is_secret(const struct ads_place *place)
{
	return place->name && secret_on_the_way(place->name, place->name_size);
}

static void say(struct scene *s, uint8_t type, struct cur data, bool secret)
{
	struct cur text = type == STRING ? text_to_nul(data) : cur_none();
	if (secret && type == STRING)
		fact_secret(s, &f_text, text.at, text.left);
	else if (secret)
		fact_hidden(s, &f_data);
	else if (type == STRING)
		fact_text(s, &f_text, text.at, text.left);
	else if (type)
		tell_number(s, type, data);
	else
		fact_bytes(s, &f_data, data.at, data.left);
}

/* Points are the sender's: they are said where it answers or notifies. */
static void plot(
	struct scene *s, const struct ads_place *place, struct cur text, double v, bool written)
{
	bool plain = place->own && !place->name;
	struct point_at at = { .unit = place->port };
	if (plain) {
		at.area = place->group;
		at.index = place->offset;
		if (area_of(place->group).unit == BYTES_OF) /* what is longer is another */
			at.space = (uint8_t)place->size;
	} else {
		at.symbol = text.at;
		at.symbol_size = (uint16_t)text.left;
	}
	point_sender(s, &at, v, written);
}

void ads_value(struct scene *s, const struct ads_place *place, struct cur data, unsigned what)
{
	bool known = place->name || place->group != ADS_SYMBOL_VALUE; /* else a handle: no place */
	bool secret = is_secret(place); /* before a guess is kept, and the name moves */
	struct cur text = spell(s, place);
	if (!cur_ok(&text) || !data.left)
		return;
	uint8_t type = type_of(s, place, data, what & ADS_POINT);
	if (what & ADS_SAY) {
		fact_text(s, &f_address, text.at, text.left);
		say(s, type, data, secret);
	}
	if (what & ADS_POINT && !secret && type && type != STRING && known &&
		is_process(place->port))
		plot(s, place, text, number(type, data), what & ADS_WRITTEN);
}
