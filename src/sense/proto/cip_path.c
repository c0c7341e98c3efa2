/* CIP paths: the padded EPATH of volume 1, appendix C-1. */
#include "sense/proto/cip.h"

#include "base/out.h"

static const struct field segment_class = { "cip.class", LE32 };
static const struct field segment_instance = { "cip.instance", LE32 };
static const struct field segment_member = { "cip.member", LE32 };
static const struct field segment_point = { "cip.connpoint", LE32 };
static const struct field segment_attribute = { "cip.attribute", LE32 };
static const struct field segment_service = { "cip.serviceid", U8 };
static const struct field segment_symbol = { "cip.symbol", TEXT };
static const struct field segment_numeric = { "cip.numeric_symbol", LE32 };
static const struct field segment_port = { "cip.port", LE16 };
static const struct field segment_link = { "cip.linkaddress.byte", U8 };
static const struct field segment_link_text = { "cip.linkaddress.string", TEXT };
static const struct field segment_data = { "cip.path.data", BYTES };
static const struct field key_vendor = { "cip.ekey.vendor", LE16 };
static const struct field key_type = { "cip.ekey.devtype", LE16 };
static const struct field key_code = { "cip.ekey.product_code", LE16 };
static const struct field key_major = { "cip.ekey.major_rev", U8 };
static const struct field key_minor = { "cip.ekey.minor_rev", U8 };
static const struct field key_serial = { "cip.ekey.serial_number", LE32 };
static const struct field inhibit_ms = { "cip.network_segment.prod_inhibit", U8 };
static const struct field inhibit_us = { "cip.network_segment.prod_inhibit_us", LE32 };

static void pad_even(struct cur *c, size_t size)
{
	if (size & 1)
		cur_skip(c, 1);
}

/* C-1.4.1: low four bits the port (15: in the next word), bit 4 a link address longer than a byte.
 */
static bool read_port(struct scene *s, struct cur *c, uint8_t head, struct cip_path *p)
{
	bool long_link = head & 0x10;
	uint8_t size = long_link ? cur_u8(c) : 1;
	uint16_t port = head & 0x0f;
	if (port == 15)
		port = cur_le16(c);
	struct cur link = cur_sub(c, size);
	if (long_link)
		pad_even(c, size);
	if (!cur_ok(c) || size == 0)
		return false;

	if (s)
		fact_uint(s, &segment_port, port);
	uint32_t number = UINT32_MAX;
	if (!long_link) {
		number = cur_u8(&link);
		if (s)
			fact_uint(s, &segment_link, number);
	} else if (s) {
		const uint8_t *text = cur_take(&link, size);
		fact_text(s, &segment_link_text, text, size);
	}
	if (p->hops == 0) {
		p->port = port;
		p->link = number;
	}
	if (p->hops < UINT8_MAX)
		p->hops++;
	p->has |= HAS_PORT;
	return true;
}

/* C-1.4.2, table of electronic keys: format 4, and 5 with a serial number. */
static bool read_key(struct scene *s, struct cur *c)
{
	uint8_t format = cur_u8(c);
	uint16_t vendor = cur_le16(c), type = cur_le16(c), code = cur_le16(c);
	uint8_t major = cur_u8(c), minor = cur_u8(c);
	uint32_t serial = format == 5 ? cur_le32(c) : 0;
	if (!cur_ok(c) || (format != 4 && format != 5))
		return false;
	if (!s)
		return true;
	fact_uint(s, &key_vendor, vendor);
	fact_uint(s, &key_type, type);
	fact_uint(s, &key_code, code);
	fact_uint(s, &key_major, major & 0x7f); /* top bit: a compatible device will do */
	fact_uint(s, &key_minor, minor);
	if (format == 5)
		fact_uint(s, &key_serial, serial);
	return true;
}

static bool read_logical_value(struct cur *c, uint8_t format, uint32_t *value)
{
	switch (format) {
	case 0:
		*value = cur_u8(c);
		break;
	case 1:
		cur_skip(c, 1);
		*value = cur_le16(c);
		break;
	case 2:
		cur_skip(c, 1);
		*value = cur_le32(c);
		break;
	default:
		return false; /* reserved */
	}
	return cur_ok(c);
}

/* C-1.4.2: bits 4..2 what it is, bits 1..0 how wide. */
static bool read_logical(struct scene *s, struct cur *c, uint8_t head, struct cip_path *p)
{
	uint32_t value;
	uint8_t type = head >> 2 & 7, format = head & 3;
	if (type == 5)
		return format == 0 && read_key(s, c);
	if (type == 7) { /* extended: one more byte of type, which takes the place of the pad */
		cur_u8(c);
		value = format == 0 ? cur_u8(c) : format == 1 ? cur_le16(c) : cur_le32(c);
		pad_even(c, format == 0);
		return cur_ok(c) && format != 3;
	}
	if (!read_logical_value(c, format, &value))
		return false;

	static const struct field *const fields[] = { &segment_class, &segment_instance,
		&segment_member, &segment_point, &segment_attribute, NULL, &segment_service };
	static const uint8_t has[] = { HAS_CLASS, HAS_INSTANCE, HAS_MEMBER, HAS_POINT,
		HAS_ATTRIBUTE, 0, 0 };
	switch (type) {
	case 0:
		p->class = value;
		break;
	case 1:
		p->instance = value;
		break;
	case 2:
		p->member = value;
		break;
	case 3:
		p->point = value;
		break;
	case 4:
		p->attribute = value;
		break;
	}
	p->has |= has[type];
	if (type == 2 && p->members < UINT8_MAX)
		p->members++;
	if (s)
		fact_uint(s, fields[type], value);
	return true;
}

/* C-1.4.3: production inhibit time, schedules, safety; the last ones count their words. */
static bool read_network(struct scene *s, struct cur *c, uint8_t head)
{
	if (head < 0x50) {
		uint8_t value = cur_u8(c);
		if (s && head == 0x43)
			fact_uint(s, &inhibit_ms, value);
		return cur_ok(c);
	}
	struct cur body = cur_sub(c, (size_t)cur_u8(c) * 2);
	if (s && head == 0x51)
		fact_uint(s, &inhibit_us, cur_le32(&body));
	return cur_ok(c);
}

static bool take_symbol(struct scene *s, struct cur *c, uint8_t size, struct cip_path *p)
{
	const uint8_t *text = cur_take(c, size);
	if (!text)
		return false;
	p->symbol = text;
	p->symbol_size = size;
	p->members = 0;
	p->has |= HAS_SYMBOL;
	if (p->symbols < UINT8_MAX)
		p->symbols++;
	if (s)
		fact_text(s, &segment_symbol, text, size);
	return true;
}

/* C-1.4.4: up to 31 characters, or a format byte for wide characters and numbers. */
static bool read_symbolic(struct scene *s, struct cur *c, uint8_t head, struct cip_path *p)
{
	uint8_t size = head & 0x1f;
	if (size) {
		bool fits = take_symbol(s, c, size, p);
		pad_even(c, (size_t)size + 1);
		return fits && cur_ok(c);
	}
	uint8_t format = cur_u8(c);
	if (format >> 5 == 6) {
		uint8_t width = format & 0x1f;
		uint32_t number = width == 6 ? cur_u8(c) : width == 7 ? cur_le16(c) : cur_le32(c);
		pad_even(c, width == 6);
		if (s)
			fact_uint(s, &segment_numeric, number);
		return cur_ok(c) && width >= 6 && width <= 8;
	}
	size_t bytes = (size_t)(format & 0x1f) * (format >> 5 == 1 ? 2 : 3);
	cur_skip(c, bytes);
	pad_even(c, bytes);
	return cur_ok(c) && (format >> 5 == 1 || format >> 5 == 2);
}

/* C-1.4.5: words of data, or the ANSI extended symbol that tags are named with. */
static bool read_data(struct scene *s, struct cur *c, uint8_t head, struct cip_path *p)
{
	uint8_t size = cur_u8(c);
	if (head == 0x91) {
		bool fits = size && take_symbol(s, c, size, p);
		pad_even(c, size);
		return fits && cur_ok(c);
	}
	if (head != 0x80)
		return false;
	const uint8_t *data = cur_take(c, (size_t)size * 2);
	if (data && s)
		fact_bytes(s, &segment_data, data, (size_t)size * 2);
	return data;
}

bool path_read(struct scene *s, struct cur c, struct cip_path *p)
{
	*p = (struct cip_path){ 0 };
	while (cur_ok(&c) && c.left) {
		uint8_t head = cur_u8(&c);
		bool fine = false;
		switch (head >> 5) {
		case 0:
			fine = read_port(s, &c, head, p);
			break;
		case 1:
			fine = read_logical(s, &c, head, p);
			break;
		case 2:
			fine = read_network(s, &c, head);
			break;
		case 3:
			fine = read_symbolic(s, &c, head, p);
			break;
		case 4:
			fine = read_data(s, &c, head, p);
			break;
		default: /* data types stand in paths of no service we know */
			break;
		}
		if (!fine)
			return false;
	}
	return cur_ok(&c);
}

/* The part of a tag's name that one segment adds: its text, or an index.  False where no tag has
 * such a segment. */
static bool tag_part(struct cur *c, struct cip_path *part)
{
	uint8_t head = cur_u8(c);
	*part = (struct cip_path){ 0 };
	switch (head >> 5) {
	case 1:
		return read_logical(NULL, c, head, part);
	case 3:
		return read_symbolic(NULL, c, head, part);
	case 4:
		return read_data(NULL, c, head, part);
	default:
		return false;
	}
}

const uint8_t *path_tag(struct scene *s, struct cur c, const struct cip_path *p, uint16_t *size)
{
	if (!(p->has & HAS_SYMBOL))
		return NULL;
	if (p->symbols == 1 && p->members <= 1) {
		*size = p->symbol_size;
		return p->symbol;
	}
	enum { TAG_TEXT = 200 };
	char *text = scene_scratch(s, TAG_TEXT);
	if (!text)
		return NULL;
	struct out o = out_mem(text, TAG_TEXT);
	struct cip_path part;
	unsigned symbols = 0, members = 0;
	while (cur_ok(&c) && c.left && tag_part(&c, &part)) {
		if (part.has & HAS_SYMBOL) {
			if (members)
				out_char(&o, ']');
			members = 0;
			if (symbols++)
				out_char(&o, '.');
			out_bytes(&o, part.symbol, part.symbol_size);
		}
		/* The only index of the last symbol is the point's own. */
		if ((part.has & HAS_MEMBER) && !(symbols == p->symbols && p->members == 1)) {
			out_char(&o, members++ ? ',' : '[');
			out_uint(&o, part.member);
		}
	}
	if (members)
		out_char(&o, ']');
	if (o.failed)
		return NULL;
	*size = (uint16_t)o.used;
	return (const uint8_t *)text;
}
