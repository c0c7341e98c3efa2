/* Devices of MELSEC controllers and their values, in both codes: SLMP Reference Manual
 * (SH-080956ENG), 5.2 (device specification, bit and word data). */
#include <stdio.h>
#include <string.h>

#include "sense/proto/melsec.h"

static const struct field f_device = { "melsec.device", TEXT, 0, 0 };
static const struct field f_address = { "melsec.address", LE32, 0, 0 };
static const struct field f_value = { "melsec.value", LE16, 0, 0 };
static const struct field f_state = { "melsec.state", FLAG, 0, 0 };

/* --- numbers --- */

static int digit(uint8_t c)
{
	return c >= '0' && c <= '9'    ? c - '0'
		: c >= 'A' && c <= 'F' ? c - 'A' + 10
		: c >= 'a' && c <= 'f' ? c - 'a' + 10
				       : -1;
}

/* Leading spaces stand for zeros where people spell device numbers. */
static uint32_t digits(struct cur *c, size_t count, unsigned radix)
{
	const uint8_t *p = cur_take(c, count);
	uint64_t n = 0;
	bool fine = p, begun = false;
	for (size_t i = 0; fine && i < count; i++) {
		int d = p[i] == ' ' && !begun && radix != 0 ? 0 : digit(p[i]);
		begun |= p[i] != ' ';
		fine = d >= 0 && (unsigned)d < (radix ? radix : 16);
		n = n * (radix ? radix : 16) + (unsigned)(fine ? d : 0);
	}
	cur_need(c, fine && n <= UINT32_MAX);
	return cur_ok(c) ? (uint32_t)n : 0;
}

uint32_t melsec_number(struct melsec *m, unsigned bytes)
{
	if (m->form.text)
		return digits(&m->c, (size_t)bytes * 2, 0);
	switch (bytes) {
	case 1:
		return cur_u8(&m->c);
	case 2:
		return cur_le16(&m->c);
	case 3:
		return cur_le24(&m->c);
	default:
		return cur_le32(&m->c);
	}
}

size_t melsec_left(const struct melsec *m)
{
	return m->form.text ? m->c.left / 2 : m->c.left;
}

/* Bytes of data: in ASCII code two digits each, the lower address first. */
struct cur melsec_bytes(struct melsec *m, size_t size)
{
	if (!m->form.text)
		return cur_sub(&m->c, size);
	struct cur spelled = cur_sub(&m->c, size * 2);
	uint8_t *bytes = cur_ok(&spelled) ? scene_scratch(m->s, size ? size : 1) : NULL;
	for (size_t i = 0; bytes && i < size; i++)
		bytes[i] = (uint8_t)digits(&spelled, 2, 0);
	cur_need(&m->c, cur_ok(&spelled));
	return bytes && cur_ok(&m->c) ? cur_of(bytes, size) : cur_none();
}

/* --- devices --- */

static uint8_t code_of_old(uint16_t code)
{
	const uint8_t name[] = { (uint8_t)(code >> 8), (uint8_t)code };
	return melsec_code_of(name, sizeof name);
}

/* Frame 1E: number, then two characters as a number ("D " is 4420); ASCII the other way round. */
static struct melsec_device old_device(struct melsec *m)
{
	struct melsec_device d = { 0 };
	if (m->form.text) {
		d.code = code_of_old((uint16_t)melsec_number(m, 2));
		d.number = melsec_number(m, 4);
	} else {
		d.number = cur_le32(&m->c);
		d.code = code_of_old(cur_le16(&m->c));
	}
	return d;
}

static void plain_device(struct melsec *m, struct melsec_device *d)
{
	bool wide = m->form.wide;
	if (m->form.text) {
		const uint8_t *name = cur_take(&m->c, wide ? 4 : 2);
		d->code = name ? melsec_code_of(name, wide ? 4 : 2) : 0;
		size_t size = !wide ? 6 : m->form.extended ? 10 : 8;
		d->number = digits(&m->c, size, d->code ? melsec_kinds[d->code].radix : 16);
		return;
	}
	d->number = wide ? cur_le32(&m->c) : cur_le24(&m->c);
	uint16_t code = wide ? cur_le16(&m->c) : cur_u8(&m->c);
	d->code = code > 0xff ? 0 : (uint8_t)code;
}

/* Extension of ASCII code: "00" or "U001" or "J001". */
static uint16_t inside_of(struct cur *c)
{
	const uint8_t *p = cur_take(c, 1);
	uint8_t kind = p ? *p : 0;
	uint32_t n = digits(c, 3, kind == 'J' ? 10 : 16);
	cur_need(c, kind == 'U' || kind == 'J' || kind == '0');
	return kind == 'U'    ? (uint16_t)(INSIDE_UNIT | n)
		: kind == 'J' ? (uint16_t)(INSIDE_NETWORK | n)
			      : 0;
}

/* Manual, appendix 1: what the device number is modified by stands before and behind it; behind
 * that the unit or network, and what kind of memory (F8 module, F9 network, FA CPU buffer). */
static struct melsec_device extended_device(struct melsec *m)
{
	struct melsec_device d = { 0 };
	if (m->form.text) {
		bool indirect = cur_peek(&m->c, 1) == '@';
		cur_skip(&m->c, 2);
		d.inside = inside_of(&m->c);
		size_t size = m->form.wide ? 4 : 3;
		struct cur before = cur_sub(&m->c, size);
		plain_device(m, &d);
		struct cur behind = cur_sub(&m->c, size);
		d.moved = indirect || cur_peek(&before, 0) == 'Z' || cur_peek(&behind, 0) == 'Z' ||
			cur_peek(&before, 0) == 'L' || cur_peek(&behind, 0) == 'L';
		return d;
	}
	uint16_t before = cur_le16(&m->c);
	plain_device(m, &d);
	uint16_t behind = cur_le16(&m->c);
	uint16_t number = cur_le16(&m->c) & INSIDE_NUMBER;
	uint8_t memory = cur_u8(&m->c);
	if (memory == 0xf8 || memory == 0xfa)
		d.inside = INSIDE_UNIT | number;
	else if (memory == 0xf9)
		d.inside = INSIDE_NETWORK | number;
	d.moved = before || behind;
	return d;
}

/* One that nobody knows has no name: its values could not be placed. */
struct melsec_device melsec_device(struct melsec *m)
{
	if (m->form.old)
		return old_device(m);
	if (m->form.extended)
		return extended_device(m);
	struct melsec_device d = { 0 };
	plain_device(m, &d);
	return d;
}

/* Millions of names may be asked for: no printf. */
static char *put_number(char *at, uint32_t n, unsigned radix)
{
	char reversed[16];
	unsigned size = 0;
	do {
		reversed[size++] = "0123456789ABCDEF"[n % radix];
		n /= radix;
	} while (n);
	while (size)
		*at++ = reversed[--size];
	return at;
}

size_t melsec_name(const struct melsec_device *d, char name[POINT_NAME])
{
	char *at = name;
	const struct melsec_kind *k = &melsec_kinds[d->code];
	if (d->inside) {
		bool unit = d->inside & INSIDE_UNIT;
		*at++ = unit ? 'U' : 'J';
		at = put_number(at, d->inside & INSIDE_NUMBER, unit ? 16 : 10);
		*at++ = '\\';
	}
	if (!k->name) {
		*at++ = '?';
		at = put_number(at, d->code, 16);
		*at++ = '.';
	}
	for (const char *c = k->name; c && *c; c++)
		*at++ = *c;
	at = put_number(at, d->number, k->name ? k->radix : 10);
	*at = '\0';
	return (size_t)(at - name);
}

void melsec_tell_device(struct melsec *m, const struct melsec_device *d)
{
	char name[POINT_NAME];
	if (!m->facts || !cur_ok(&m->c))
		return;
	size_t size = melsec_name(d, name);
	char *kept = scene_scratch(m->s, size);
	if (!kept)
		return;
	memcpy(kept, name, size);
	fact_text(m->s, &f_device, kept, size);
	if (!melsec_kinds[d->code].name)
		fact_violation(m->s);
}

/* --- values --- */

static void point(struct melsec *m, const struct melsec_device *d, uint32_t number, double v)
{
	if (!m->points || d->moved || !melsec_kinds[d->code].name || !cur_ok(&m->c))
		return;
	point_server(m->s,
		&(struct point_at){ .space = d->code,
			.bit = m->route.station,
			.unit = (uint16_t)(m->route.network << 8 | m->route.pc),
			.area = (uint32_t)m->route.io << 16 | d->inside,
			.index = number },
		v, m->written);
}

static void tell(struct melsec *m, const struct melsec_device *d, uint32_t number, uint32_t v)
{
	if (!m->facts || d->moved)
		return;
	fact_uint(m->s, &f_address, number);
	fact_uint(m->s, &f_value, v);
}

/* A word of a bit device is sixteen of its points, the first in the lowest bit. */
static void points_of_bits(
	struct melsec *m, const struct melsec_device *d, uint32_t first, uint32_t v, unsigned bits)
{
	for (unsigned i = 0; i < bits; i++)
		point(m, d, first + i, v >> i & 1);
}

void melsec_tell_bit(struct melsec *m, const struct melsec_device *d, bool on)
{
	if (!cur_ok(&m->c) || d->moved)
		return;
	if (m->facts) {
		fact_uint(m->s, &f_address, d->number);
		fact_flag(m->s, &f_state, on);
	}
	point(m, d, d->number, on);
}

/* Two points in a byte, the first in its upper half; in ASCII code a character each. */
void melsec_tell_bits(struct melsec *m, const struct melsec_device *d, uint32_t count)
{
	struct cur data = cur_sub(&m->c, m->form.text ? count : (count + 1) / 2);
	struct melsec_device one = *d;
	if (!cur_ok(&m->c))
		return;
	for (uint32_t i = 0; i < count && cur_ok(&m->c); i++) {
		int byte = cur_peek(&data, m->form.text ? i : i / 2);
		int v = m->form.text ? byte - '0' : i % 2 ? byte & 15 : byte >> 4;
		if ((v & ~1) && m->facts)
			fact_violation(m->s);
		one.number = d->number + i;
		melsec_tell_bit(m, &one, v & 1);
	}
	if (m->form.text && m->form.old && count % 2) /* filled up */
		cur_skip(&m->c, 1);
}

void melsec_tell_words(struct melsec *m, const struct melsec_device *d, uint32_t count)
{
	const struct melsec_kind *k = &melsec_kinds[d->code];
	uint32_t words = k->words ? k->words : 1;
	for (uint32_t i = 0; i < count && cur_ok(&m->c);) {
		uint32_t v = melsec_number(m, 2);
		if (words > 1 && count - i >= words) { /* a long timer: its value, then its bits */
			v |= melsec_number(m, 2) << 16;
			for (uint32_t rest = 2; rest < words; rest++)
				(void)melsec_number(m, 2);
		}
		if (!cur_ok(&m->c))
			return;
		uint32_t number = d->number + (k->bits == 1 ? i * 16 : i / words);
		if (count - i < words) { /* half of one */
			i++;
			continue;
		}
		tell(m, d, number, v);
		if (k->bits == 1)
			points_of_bits(m, d, number, v, 16);
		else
			point(m, d, number, v);
		i += words;
	}
}

/* Two words in a row, or one point of a device that has as many. */
void melsec_tell_double(struct melsec *m, const struct melsec_device *d)
{
	const struct melsec_kind *k = &melsec_kinds[d->code];
	uint32_t v = melsec_number(m, 4);
	if (!cur_ok(&m->c))
		return;
	tell(m, d, d->number, v);
	if (k->bits == 1) {
		points_of_bits(m, d, d->number, v, 32);
	} else if (k->bits == 32) {
		point(m, d, d->number, v);
	} else {
		point(m, d, d->number, v & 0xffff);
		point(m, d, d->number + 1, v >> 16);
	}
}

/* Buffer memory of the module that answers itself. */
void melsec_tell_buffer(struct melsec *m, uint32_t address, uint32_t count)
{
	static const struct melsec_device buffer = { .code = SPACE_BUFFER };
	for (uint32_t i = 0; i < count && cur_ok(&m->c); i++) {
		uint32_t v = melsec_number(m, 2);
		if (!cur_ok(&m->c))
			return;
		tell(m, &buffer, address + i, v);
		point(m, &buffer, address + i, v);
	}
}

/* "D100"; of another station than the one asked "network 1 station 2 D100". */
void melsec_point_name(const struct point_at *at, char name[POINT_NAME])
{
	char *p = name;
	unsigned network = at->unit >> 8, pc = at->unit & 0xff, io = at->area >> 16;
	*p = '\0';
	if (network != 0 || pc != 0xff)
		p += snprintf(p, 40, "network %u station %u ", network, pc);
	if (io != 0x3ff)
		p += snprintf(p, 20, "module %X ", io);
	if (at->bit)
		p += snprintf(p, 20, "drop %u ", at->bit);
	if (at->symbol) {
		snprintf(p, (size_t)(name + POINT_NAME - p), "%.*s", (int)at->symbol_size,
			(const char *)at->symbol);
		return;
	}
	char device[POINT_NAME];
	const struct melsec_device d = {
		.number = at->index, .inside = (uint16_t)at->area, .code = at->space
	};
	melsec_name(&d, device);
	snprintf(p, (size_t)(name + POINT_NAME - p), "%.40s", device);
}
