/* The walker: reads the fields of a message as a table of them says. */
#include <assert.h>

#include "sense/engine.h"

static void walk_text(struct scene *s, struct cur *c, const struct field *f, size_t size)
{
	const uint8_t *p = cur_take(c, size);
	if (!p)
		return;
	while (size && (p[size - 1] == 0 || p[size - 1] == ' '))
		size--;
	fact_text(s, f, p, size);
}

static void walk_list(
	struct scene *s, struct cur *c, const struct field *f, size_t size, enum wire width)
{
	struct cur in = cur_sub(c, size);
	while (in.left && cur_ok(&in)) {
		uint64_t v = width == U8 ? cur_u8(&in)
			: width == BE16  ? cur_be16(&in)
					 : cur_le16(&in);
		if (cur_ok(&in))
			fact_uint(s, f, v);
	}
	cur_need(c, cur_ok(&in));
}

static void walk_one(struct scene *s, struct cur *c, const struct field *f)
{
	size_t most = f->max > 0 ? (size_t)f->max : c->left;
	uint64_t u = 0;
	int64_t i = 0;
	double d = 0;
	const uint8_t *p;
	switch ((enum wire)(f->wire & ~(NUMBERING | NAMING))) {
	case U8:
		u = cur_u8(c);
		break;
	case BE16:
		u = cur_be16(c);
		break;
	case BE24:
		u = cur_be24(c);
		break;
	case BE32:
		u = cur_be32(c);
		break;
	case BE48:
		u = cur_be48(c);
		break;
	case BE64:
		u = cur_be64(c);
		break;
	case LE16:
		u = cur_le16(c);
		break;
	case LE24:
		u = cur_le24(c);
		break;
	case LE32:
		u = cur_le32(c);
		break;
	case LE48:
		u = cur_le48(c);
		break;
	case LE64:
		u = cur_le64(c);
		break;
	case S8:
		i = (int8_t)cur_u8(c);
		goto add_int;
	case SBE16:
		i = (int16_t)cur_be16(c);
		goto add_int;
	case SBE32:
		i = (int32_t)cur_be32(c);
		goto add_int;
	case SBE64:
		i = (int64_t)cur_be64(c);
		goto add_int;
	case SLE16:
		i = (int16_t)cur_le16(c);
		goto add_int;
	case SLE32:
		i = (int32_t)cur_le32(c);
		goto add_int;
	case SLE64:
		i = (int64_t)cur_le64(c);
		goto add_int;
	case FBE32:
		d = cur_float_of(cur_be32(c));
		goto add_real;
	case FBE64:
		d = cur_double_of(cur_be64(c));
		goto add_real;
	case FLE32:
		d = cur_float_of(cur_le32(c));
		goto add_real;
	case FLE64:
		d = cur_double_of(cur_le64(c));
		goto add_real;
	case IP4:
	case IP6:
		p = cur_take(c, f->wire == IP4 ? 4 : 16);
		if (p)
			fact_ip(s, f, p, f->wire == IP4 ? 4 : 16);
		return;
	case MAC:
		p = cur_take(c, 6);
		if (p)
			fact_mac(s, f, p);
		return;
	case BYTES:
		p = cur_take(c, most);
		if (p)
			fact_bytes(s, f, p, most);
		return;
	case TEXT:
		walk_text(s, c, f, most);
		return;
	case TEXT8:
		walk_text(s, c, f, cur_u8(c));
		return;
	case TEXT16:
		walk_text(s, c, f, cur_be16(c));
		return;
	case TEXT16L:
		walk_text(s, c, f, cur_le16(c));
		return;
	case COUNTED_U8:
		walk_list(s, c, f, cur_u8(c), U8);
		return;
	case COUNTED_BE16:
		walk_list(s, c, f, cur_u8(c), BE16);
		return;
	case LIST_U8:
		walk_list(s, c, f, c->left, U8);
		return;
	case LIST_BE16:
		walk_list(s, c, f, c->left, BE16);
		return;
	case LIST_LE16:
		walk_list(s, c, f, c->left, LE16);
		return;
	case SKIP:
		cur_skip(c, (size_t)f->min);
		return;
	case FLAG:
	case REAL:
		assert(false && "made by code only");
		return;
	}
	if (cur_ok(c))
		fact_uint(s, f, u);
	return;
add_int:
	if (cur_ok(c))
		fact_int(s, f, i);
	return;
add_real:
	if (cur_ok(c))
		fact_real(s, f, d);
}

uint32_t walk_le(struct scene *s, struct cur *c, const struct field *field)
{
	uint32_t n = (field->wire & ~(NUMBERING | NAMING)) == LE16 ? cur_le16(c) : cur_le32(c);
	if (cur_ok(c))
		fact_uint(s, field, n);
	return n;
}

bool walk(struct scene *s, struct cur *c, const struct field *fields)
{
	for (; fields && fields->name && cur_ok(c); fields++)
		walk_one(s, c, fields);
	return cur_ok(c);
}
