/* Tags of Logix controllers: services of 1756-PM020, "Logix 5000 controllers data access". */
#include "sense/proto/cip.h"

#include "base/out.h"
#include "sense/secret.h"

enum {
	READ_TAG = 0x4c,
	WRITE_TAG = 0x4d,
	READ_MODIFY_WRITE = 0x4e,
	READ_FRAGMENTED = 0x52,
	WRITE_FRAGMENTED = 0x53,
	INSTANCE_ATTRIBUTES = 0x55,
	CLASS_DATA_TABLE = 0x6a,
	CLASS_SYMBOL = 0x6b,
	CLASS_TEMPLATE = 0x6c,
	CLASS_MEMORY = 0x72,
	TYPE_BOOL = 0xc1,
	TYPE_STRUCT = 0xa0,
	VALUES_MAX = 512, /* a reply of half a kilobyte holds as many at most */
};

static const struct field data_type = { "cip.tag.type", LE16 };
static const struct field handle = { "cip.tag.structure", LE16 };
static const struct field count_field = { "cip.tag.count", LE16 };
static const struct field offset_field = { "cip.tag.offset", LE32 };
static const struct field value_uint = { "cip.tag.value", LE32 };
static const struct field value_int = { "cip.tag.value", SLE32 };
static const struct field value_real = { "cip.tag.value", FLE32 };
static const struct field value_flag = { "cip.tag.value", FLAG };
static const struct field value_bytes = { "cip.tag.data", BYTES };
static const struct field or_mask = { "cip.tag.or_mask", BYTES };
static const struct field and_mask = { "cip.tag.and_mask", BYTES };
static const struct field listed_instance = { "cip.symbol_instance", LE32 };
static const struct field listed_name = { "cip.symbol_name", TEXT };
static const struct field listed_type = { "cip.symbol_type", LE16 };
static const struct field address = { "cip.memory.address", LE32 };
static const struct field words = { "cip.memory.words", LE16 };
static const struct field piece_offset = { "cip.data_table.offset", LE32 };
static const struct field piece_size = { "cip.data_table.size", LE16 };

/* --- elementary values (volume 1, C-6.1) --- */

enum kind { KIND_NONE, KIND_FLAG, KIND_INT, KIND_UINT, KIND_REAL };

static const struct elementary {
	uint8_t type, size, kind;
} elementaries[] = {
	{ TYPE_BOOL, 1, KIND_FLAG }, { 0xc2, 1, KIND_INT }, /* SINT */
	{ 0xc3, 2, KIND_INT },                              /* INT */
	{ 0xc4, 4, KIND_INT },                              /* DINT */
	{ 0xc5, 8, KIND_INT },                              /* LINT */
	{ 0xc6, 1, KIND_UINT },                             /* USINT */
	{ 0xc7, 2, KIND_UINT },                             /* UINT */
	{ 0xc8, 4, KIND_UINT },                             /* UDINT */
	{ 0xc9, 8, KIND_UINT },                             /* ULINT */
	{ 0xca, 4, KIND_REAL },                             /* REAL */
	{ 0xcb, 8, KIND_REAL },                             /* LREAL */
	{ 0xd1, 1, KIND_UINT },                             /* BYTE */
	{ 0xd2, 2, KIND_UINT },                             /* WORD */
	{ 0xd3, 4, KIND_UINT },                             /* DWORD: an array of 32 BOOL */
	{ 0xd4, 8, KIND_UINT },                             /* LWORD */
};

static const struct elementary *elementary_of(uint16_t type)
{
	for (size_t i = 0; i < COUNT_OF(elementaries); i++)
		if (elementaries[i].type == type)
			return &elementaries[i];
	return NULL;
}

static uint64_t take_sized(struct cur *c, uint8_t size)
{
	switch (size) {
	case 1:
		return cur_u8(c);
	case 2:
		return cur_le16(c);
	case 4:
		return cur_le32(c);
	default:
		return cur_le64(c);
	}
}

static int64_t signed_of(uint64_t bits, uint8_t size)
{
	switch (size) {
	case 1:
		return (int8_t)bits;
	case 2:
		return (int16_t)bits;
	case 4:
		return (int32_t)bits;
	default:
		return (int64_t)bits;
	}
}

static double tell_value(struct scene *s, const struct elementary *e, uint64_t bits)
{
	double real;
	switch ((enum kind)e->kind) {
	case KIND_FLAG:
		fact_flag(s, &value_flag, bits != 0);
		return bits != 0;
	case KIND_INT:
		fact_int(s, &value_int, signed_of(bits, e->size));
		return (double)signed_of(bits, e->size);
	case KIND_REAL:
		real = e->size == 4 ? cur_float_of((uint32_t)bits) : cur_double_of(bits);
		fact_real(s, &value_real, real);
		return real;
	case KIND_NONE:
	case KIND_UINT:
		break;
	}
	fact_uint(s, &value_uint, bits);
	return (double)bits;
}

/* --- tags --- */

struct tag {
	const struct cip_path *p;
	struct cur path;
	uint32_t offset; /* bytes into the tag, of a fragment */
	uint16_t count;  /* elements asked for or written; 0 unknown */
	bool written, fragment;
};

/* Type, then values.  Each one of a named tag is a point; structures stay bytes. */
static bool read_values(struct talk *t, const struct tag *tag, struct cur *c)
{
	struct scene *s = t->s;
	uint16_t type = cur_le16(c);
	fact_uint(s, &data_type, type);
	if ((type & 0xff) == TYPE_STRUCT) {
		fact_uint(s, &handle, cur_le16(c));
		type = 0;
	}
	if (tag->written) {
		fact_uint(s, &count_field, cur_le16(c));
		if (tag->fragment)
			fact_uint(s, &offset_field, cur_le32(c));
	}
	const struct elementary *e = elementary_of(type & 0xff);
	size_t size = c->left;
	struct point_at at = { 0 };
	at.symbol = path_tag(s, tag->path, tag->p, &at.symbol_size);
	if (cur_ok(c) && at.symbol && secret_on_the_way(at.symbol, at.symbol_size)) {
		cur_skip(c, size);
		fact_hidden(s, &value_bytes);
		return true;
	}
	if (!e || !cur_ok(c) || size % e->size) {
		const uint8_t *bytes = cur_take(c, size);
		if (bytes && size)
			fact_bytes(s, &value_bytes, bytes, size);
		return cur_ok(c);
	}

	bool element = tag->p->members == 1 || tag->count > 1 || size > e->size;
	uint32_t first = tag->p->members == 1 ? tag->p->member : 0;
	first += tag->offset / e->size;
	at.space = element ? SPACE_ELEMENT : SPACE_TAG;
	for (unsigned i = 0; i < VALUES_MAX && c->left; i++) {
		double v = tell_value(s, e, take_sized(c, e->size));
		at.index = element ? first + i : 0;
		if (at.symbol)
			point_server(s, &at, v, tag->written);
	}
	return cur_ok(c);
}

/* A write has its offset between count and values, which read_values() must know before. */
static bool write_tag(
	struct talk *t, uint8_t service, const struct cip_path *p, struct cur path, struct cur *c)
{
	struct tag tag = {
		.p = p, .path = path, .written = true, .fragment = service == WRITE_FRAGMENTED
	};
	struct cur look = *c;
	if ((cur_le16(&look) & 0xff) == TYPE_STRUCT)
		cur_skip(&look, 2);
	tag.count = cur_le16(&look);
	if (tag.fragment)
		tag.offset = cur_le32(&look);
	return cur_ok(&look) && read_values(t, &tag, c);
}

static bool read_modify_write(struct scene *s, struct cur *c)
{
	uint16_t size = cur_le16(c);
	const uint8_t *set = cur_take(c, size), *keep = cur_take(c, size);
	if (!cur_ok(c))
		return false;
	fact_bytes(s, &or_mask, set, size);
	fact_bytes(s, &and_mask, keep, size);
	return true;
}

static bool is_tag(const struct cip_path *p)
{
	return (p->has & HAS_SYMBOL) || ((p->has & HAS_CLASS) && p->class == CLASS_SYMBOL);
}

static bool tag_request(
	struct talk *t, uint8_t service, const struct cip_path *p, struct cur path, struct cur *c)
{
	switch (service) {
	case READ_TAG:
		fact_uint(t->s, &count_field, cur_le16(c));
		break;
	case READ_FRAGMENTED:
		fact_uint(t->s, &count_field, cur_le16(c));
		fact_uint(t->s, &offset_field, cur_le32(c));
		break;
	case WRITE_TAG:
	case WRITE_FRAGMENTED:
		return write_tag(t, service, p, path, c);
	case READ_MODIFY_WRITE:
		return read_modify_write(t->s, c);
	default:
		break;
	}
	return cur_ok(c);
}

bool logix_request(struct talk *t, const struct msg *m, const struct cip_path *p, struct cur path,
	struct cur *c)
{
	uint8_t service = (uint8_t)m->code;
	if (is_tag(p))
		return tag_request(t, service, p, path, c);
	if (!(p->has & HAS_CLASS) || c->left == 0)
		return true;
	if (p->class == CLASS_MEMORY && service == READ_TAG && c->left == 6) {
		fact_uint(t->s, &address, cur_le32(c));
		fact_uint(t->s, &words, cur_le16(c));
	} else if (p->class == CLASS_MEMORY && service == 0x4b && c->left > 4) {
		fact_uint(t->s, &address, cur_le32(c));
	} else if (p->class == CLASS_DATA_TABLE && (service == 0x4f || service == 0x50) &&
		c->left >= 6) {
		fact_uint(t->s, &piece_offset, cur_le32(c));
		fact_uint(t->s, &piece_size, cur_le16(c));
	} else if (p->class == CLASS_TEMPLATE && service == READ_TAG && c->left >= 6) {
		fact_uint(t->s, &piece_offset, cur_le32(c));
		fact_uint(t->s, &piece_size, cur_le16(c));
	}
	return true;
}

/* Instances with the attributes that the request listed: 1 the name, 2 the type, others by size. */
static bool read_instances(struct scene *s, const struct record *r, struct cur *c)
{
	struct cur asked = r->data;
	uint16_t count = cur_le16(&asked);
	if (!cur_ok(&asked) || asked.left < (size_t)count * 2)
		return true;
	while (c->left && cur_ok(c)) {
		fact_uint(s, &listed_instance, cur_le32(c));
		struct cur list = asked;
		for (unsigned i = 0; i < count && cur_ok(c); i++) {
			uint16_t number = cur_le16(&list), size;
			const uint8_t *name;
			switch (number) {
			case 1:
				size = cur_le16(c);
				name = cur_take(c, size);
				if (name)
					fact_text(s, &listed_name, name, size);
				break;
			case 2:
				fact_uint(s, &listed_type, cur_le16(c));
				break;
			case 3: /* address, object address, software control */
			case 5:
			case 6:
				cur_skip(c, 4);
				break;
			case 7:
				cur_skip(c, 2);
				break;
			case 8: /* three dimensions */
				cur_skip(c, 12);
				break;
			case 9:
			case 10:
			case 11:
				cur_skip(c, 1);
				break;
			default: /* of unknown size: the rest stays bytes */
				return true;
			}
		}
	}
	return cur_ok(c);
}

bool logix_response(struct talk *t, const struct msg *m, const struct record *r, struct cur *c)
{
	struct cip_path p;
	uint8_t service = (uint8_t)m->code;
	if (!r->path.left || !path_read(NULL, r->path, &p) || !is_tag(&p) || c->left < 2)
		return true;
	if (service == INSTANCE_ATTRIBUTES)
		return read_instances(t->s, r, c);
	if (service != READ_TAG && service != READ_FRAGMENTED)
		return true;
	struct cur asked = r->data;
	struct tag tag = { .p = &p, .path = r->path };
	tag.count = cur_le16(&asked);
	if (service == READ_FRAGMENTED)
		tag.offset = cur_le32(&asked);
	return read_values(t, &tag, c);
}

void logix_point_name(const struct point_at *at, char name[POINT_NAME])
{
	struct out o = out_mem(name, POINT_NAME);
	enum { INDEX = 14 }; /* "[4294967295]" and the end */
	size_t size = at->symbol_size;
	if (size > POINT_NAME - INDEX)
		size = POINT_NAME - INDEX;
	if (at->symbol)
		out_bytes(&o, at->symbol, size);
	if (at->space == SPACE_ELEMENT)
		out_fmt(&o, "[%u]", at->index);
	out_text(&o);
}
