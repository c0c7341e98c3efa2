/* S7comm-plus: values and trees of objects.
 *
 * A value carries its type: a byte of flags (plain, array, sparse array) and one of kind.  Numbers
 * of 32 and 64 bits travel in groups of seven bits, the most significant first.  A structure is a
 * list of members, each with its number; an object a list of attributes, and of objects. */
#include <stdio.h>

#include "sense/proto/s7comm_plus.h"

enum {
	ARRAY = 0x10,
	ADDRESS_ARRAY = 0x20,
	SPARSE_ARRAY = 0x40,
};
enum type {
	TYPE_NULL,
	TYPE_BOOL,
	TYPE_USINT,
	TYPE_UINT,
	TYPE_UDINT,
	TYPE_ULINT,
	TYPE_SINT,
	TYPE_INT,
	TYPE_DINT,
	TYPE_LINT,
	TYPE_BYTE,
	TYPE_WORD,
	TYPE_DWORD,
	TYPE_LWORD,
	TYPE_REAL,
	TYPE_LREAL,
	TYPE_TIMESTAMP,
	TYPE_TIMESPAN,
	TYPE_OBJECT,
	TYPE_ATTRIBUTE,
	TYPE_BLOB,
	TYPE_TEXT,
	TYPE_VARIANT,
	TYPE_STRUCT,
};
enum tag {
	TAG_OBJECT = 0xa1,
	TAG_OBJECT_END = 0xa2,
	TAG_ATTRIBUTE = 0xa3,
	TAG_RELATION = 0xa4,
	TAG_TYPES = 0xab,
	TAG_NAMES = 0xac,
};

static const struct field f_unsigned = { "s7comm_plus.value", LE64 };
static const struct field f_signed = { "s7comm_plus.value", SLE64 };
static const struct field f_real = { "s7comm_plus.value", REAL };
static const struct field f_bool = { "s7comm_plus.value", FLAG };
static const struct field f_text = { "s7comm_plus.text", TEXT };
static const struct field f_blob = { "s7comm_plus.blob_size", BE32 };
static const struct field f_secret = { "s7comm_plus.secret", FLAG }; /* one was there */
static const struct field f_class = { "s7comm_plus.class", BE32 };
static const struct field f_object = { "s7comm_plus.object", BE32 };
static const struct field f_name = { "s7comm_plus.name", TEXT };
static const struct field f_client_address = { "s7comm_plus.client_address", TEXT };
static const struct field f_client_connection = { "s7comm_plus.client_connection", TEXT };
static const struct field f_client_software = { "s7comm_plus.client_software", TEXT };
static const struct field f_client_name = { "s7comm_plus.client_name", TEXT };
static const struct field f_client_comment = { "s7comm_plus.client_comment", TEXT };
static const struct field f_system_version = { "s7comm_plus.system_version", TEXT };
static const struct field f_operating_state = { "s7comm_plus.operating_state", SLE32 };
static const struct field f_protection = { "s7comm_plus.protection_level", LE32 };
static const struct field f_alarm = { "s7comm_plus.alarm", LE64 };

/* --- numbers --- */

uint32_t s7p_uint(struct cur *c)
{
	uint32_t v = 0;
	for (unsigned i = 0; i < 5; i++) {
		uint8_t byte = cur_u8(c);
		v = v << 7 | (byte & 0x7f);
		if (!(byte & 0x80))
			return v;
	}
	cur_fail(c);
	return 0;
}

uint64_t s7p_uint64(struct cur *c)
{
	uint64_t v = 0;
	for (unsigned i = 0; i < 8; i++) {
		uint8_t byte = cur_u8(c);
		v = v << 7 | (byte & 0x7f);
		if (!(byte & 0x80))
			return v;
	}
	return v << 8 | cur_u8(c);
}

/* The second bit of the first byte is the sign. */
static int64_t signed_number(struct cur *c, unsigned bytes_max)
{
	uint8_t byte = cur_u8(c);
	uint64_t v = byte & 0x40 ? ~(uint64_t)0x3f | (byte & 0x3f) : byte & 0x3f;
	for (unsigned i = 1; byte & 0x80; i++) {
		if (i == bytes_max) {
			cur_fail(c);
			return 0;
		}
		byte = cur_u8(c);
		if (i == 8)
			return (int64_t)(v << 8 | byte);
		v = v << 7 | (byte & 0x7f);
	}
	return (int64_t)v;
}

/* --- values --- */

struct reader {
	struct s7p_message *m;
	struct cur *c;
	struct s7p_value first; /* the first plain one */
	bool tell, found;
};

static void found(struct reader *r, struct s7p_value v)
{
	if (!r->found && cur_ok(r->c)) {
		v.many = r->first.many;
		r->first = v;
		r->found = true;
	}
}

static void found_unsigned(struct reader *r, uint8_t type, uint64_t bits)
{
	if (r->tell)
		fact_uint(r->m->s, &f_unsigned, bits);
	found(r,
		(struct s7p_value){
			.type = type, .kind = S7P_UNSIGNED, .bits = bits, .number = (double)bits });
}

static void found_signed(struct reader *r, uint8_t type, int64_t v)
{
	if (r->tell)
		fact_int(r->m->s, &f_signed, v);
	found(r,
		(struct s7p_value){ .type = type,
			.kind = S7P_SIGNED,
			.bits = (uint64_t)v,
			.number = (double)v });
}

static void found_real(struct reader *r, uint8_t type, double v)
{
	if (r->tell)
		fact_real(r->m->s, &f_real, v);
	found(r, (struct s7p_value){ .type = type, .kind = S7P_REAL, .number = v });
}

static void found_bool(struct reader *r, uint8_t byte)
{
	if (r->tell)
		fact_flag(r->m->s, &f_bool, byte);
	found(r,
		(struct s7p_value){ .type = TYPE_BOOL,
			.kind = S7P_BOOL,
			.bits = byte != 0,
			.number = byte != 0 });
}

static void found_bytes(struct reader *r, uint8_t type, size_t size)
{
	/* Of a long message only the beginning is here: so is what its last text says. */
	struct cur body = r->m->partial ? cur_upto(r->c, size) : cur_sub(r->c, size);
	if (body.left < size)
		cur_fail(r->c);
	size_t here = body.left;
	const uint8_t *bytes = cur_take(&body, here);
	if (!bytes)
		return;
	if (r->tell && type == TYPE_TEXT)
		fact_text(r->m->s, &f_text, bytes, here);
	else if (r->tell)
		fact_uint(r->m->s, &f_blob, size);
	found(r, (struct s7p_value){ .type = type, .bytes = bytes, .size = here });
}

static void typed(struct reader *r, uint8_t flags, uint8_t type, unsigned depth);

/* Members by number up to a zero; structures of the system and of users come packed: a time, and
 * their bytes as they stand in memory. */
static void structure(struct reader *r, unsigned depth)
{
	struct cur *c = r->c;
	uint32_t id = cur_be32(c);
	if ((id > 0x90000000u && id < 0x9fffffffu) || (id > 0x02000000u && id < 0x02ffffffu)) {
		enum { TWO_COUNTS = 0x400 };
		cur_skip(c, 8);
		uint32_t kind = s7p_uint(c), size = s7p_uint(c);
		if (kind & TWO_COUNTS)
			size = s7p_uint(c);
		found_bytes(r, TYPE_STRUCT, size);
		return;
	}
	bool tell = r->tell;
	while (cur_ok(c)) {
		uint32_t member = s7p_uint(c);
		if (member == 0 || !cur_ok(c))
			break;
		if (s7p_is_secret(member))
			r->tell = false;
		if (depth + 1 < S7P_DEPTH) {
			uint8_t flags = cur_u8(c), type = cur_u8(c);
			struct cur text = *c;
			typed(r, flags, type, depth + 1);
			/* Who the controller is stands in a structure of its session. */
			if (member == S7P_SYSTEM_VERSION && type == TYPE_TEXT && !flags) {
				struct cur body = cur_upto(&text, s7p_uint(&text));
				r->first.bytes = body.at;
				r->first.size = cur_ok(&body) ? body.left : 0;
				r->found = true;
			}
		} else {
			cur_fail(c);
		}
		r->tell = tell;
	}
}

static void plain(struct reader *r, uint8_t type, unsigned depth)
{
	struct cur *c = r->c;
	switch ((enum type)type) {
	case TYPE_NULL:
		break;
	case TYPE_BOOL:
		found_bool(r, cur_u8(c));
		break;
	case TYPE_USINT:
	case TYPE_BYTE:
		found_unsigned(r, type, cur_u8(c));
		break;
	case TYPE_UINT:
	case TYPE_WORD:
		found_unsigned(r, type, cur_be16(c));
		break;
	case TYPE_UDINT:
	case TYPE_ATTRIBUTE:
		found_unsigned(r, type, s7p_uint(c));
		break;
	case TYPE_ULINT:
		found_unsigned(r, type, s7p_uint64(c));
		break;
	case TYPE_DWORD:
	case TYPE_OBJECT:
		found_unsigned(r, type, cur_be32(c));
		break;
	case TYPE_LWORD:
	case TYPE_TIMESTAMP:
		found_unsigned(r, type, cur_be64(c));
		break;
	case TYPE_SINT:
		found_signed(r, type, (int8_t)cur_u8(c));
		break;
	case TYPE_INT:
		found_signed(r, type, (int16_t)cur_be16(c));
		break;
	case TYPE_DINT:
		found_signed(r, type, signed_number(c, 5));
		break;
	case TYPE_LINT:
	case TYPE_TIMESPAN:
		found_signed(r, type, signed_number(c, 9));
		break;
	case TYPE_REAL:
		found_real(r, type, cur_float_of(cur_be32(c)));
		break;
	case TYPE_LREAL:
		found_real(r, type, cur_double_of(cur_be64(c)));
		break;
	case TYPE_BLOB:
		if (s7p_uint(c) != 0) { /* a blob with a type: nobody has described its inside */
			r->m->partial = true;
			cur_fail(c);
			break;
		}
		found_bytes(r, type, s7p_uint(c));
		break;
	case TYPE_TEXT:
		found_bytes(r, type, s7p_uint(c));
		break;
	case TYPE_STRUCT:
		structure(r, depth);
		break;
	case TYPE_VARIANT:
	default:
		r->m->partial = true;
		cur_fail(c);
		break;
	}
}

static void typed(struct reader *r, uint8_t flags, uint8_t type, unsigned depth)
{
	if (flags & SPARSE_ARRAY) {
		while (cur_ok(r->c) && s7p_uint(r->c) != 0)
			plain(r, type, depth);
	} else if (flags & (ARRAY | ADDRESS_ARRAY)) {
		uint32_t count = s7p_uint(r->c);
		/* Nothing stands for an element of type null: their number is not to be believed.
		 */
		for (uint32_t i = 0; i < count && cur_ok(r->c) && type != TYPE_NULL; i++)
			plain(r, type, depth);
	} else {
		plain(r, type, depth);
	}
}

static struct s7p_value read_value(struct s7p_message *m, struct cur *c, bool tell)
{
	struct reader r = { .m = m, .c = c, .tell = tell };
	uint8_t flags = cur_u8(c), type = cur_u8(c);
	r.first.many = flags & (ARRAY | ADDRESS_ARRAY | SPARSE_ARRAY);
	r.first.type = type;
	typed(&r, flags, type, 0);
	return r.first;
}

struct s7p_value s7p_value(struct s7p_message *m, struct cur *c, enum s7p_tell tell)
{
	return read_value(m, c, tell == S7P_TELL);
}

/* --- who it is --- */

/* "1;6ES7 511-1AK00-0AB0;V1.0": a number, the article, the firmware.  Old firmware says "2;793". */
static void learn_version(struct scene *s, const uint8_t *text, size_t size)
{
	struct cur c = cur_of(text, size);
	long end = cur_find(&c, ';');
	if (end < 0)
		return;
	cur_skip(&c, (size_t)end + 1);
	end = cur_find(&c, ';');
	if (end <= 0)
		return;
	struct cur order = cur_sub(&c, (size_t)end);
	cur_skip(&c, 1);
	who_sender(s, ID_ORDER_NUMBER, order.at, order.left);
	who_sender(s, ID_FIRMWARE, c.at, c.left);
	if (cur_starts(&order, "6ES7"))
		who_sender(s, ID_VENDOR, "Siemens", 7);
}

/* Identification and maintenance record 0, as in PROFINET (IEC 61158-6-10, I&M0). */
static void learn_identification(struct scene *s, const uint8_t *bytes, size_t size)
{
	enum { IM0 = 0x0020, IM0_SIZE = 0x38, SIEMENS = 42 };
	struct cur c = cur_of(bytes, size);
	if (cur_be16(&c) != IM0 || cur_be16(&c) != IM0_SIZE)
		return;
	cur_skip(&c, 2);
	uint16_t vendor = cur_be16(&c);
	const uint8_t *order = cur_take(&c, 20), *serial = cur_take(&c, 16);
	uint16_t hardware = cur_be16(&c);
	uint8_t letter = cur_u8(&c), major = cur_u8(&c), minor = cur_u8(&c), patch = cur_u8(&c);
	if (!cur_ok(&c))
		return;
	if (vendor == SIEMENS)
		who_sender(s, ID_VENDOR, "Siemens", 7);
	who_sender(s, ID_ORDER_NUMBER, order, 20);
	who_sender(s, ID_SERIAL, serial, 16);
	char text[24];
	int n = snprintf(text, sizeof text, "%u", hardware);
	who_sender(s, ID_HARDWARE, text, (size_t)n);
	if (letter >= 'A' && letter <= 'Z') {
		n = snprintf(text, sizeof text, "%c%u.%u.%u", letter, major, minor, patch);
		who_sender(s, ID_FIRMWARE, text, (size_t)n);
	}
}

static void learn_mode(struct scene *s, const struct s7p_value *v)
{
	enum { STOPPED = 4, RUNNING = 8 };
	if (v->kind != S7P_SIGNED)
		return;
	fact_int(s, &f_operating_state, (int64_t)v->bits);
	if (v->bits == STOPPED)
		who_sender(s, ID_MODE, "stop", 4);
	else if (v->bits == RUNNING)
		who_sender(s, ID_MODE, "run", 3);
}

/* Names a client gives itself; two products say by theirs what they are for. */
static void learn_client(struct scene *s, uint32_t id, const struct s7p_value *v)
{
	struct cur text = cur_of(v->bytes, v->size);
	const struct field *f;
	switch (id) {
	case S7P_CLIENT_ADDRESS:
		f = &f_client_address;
		break;
	case S7P_CLIENT_CONNECTION:
		f = &f_client_connection;
		break;
	case S7P_CLIENT_SOFTWARE:
		f = &f_client_software;
		who_sender(s, ID_SOFTWARE, v->bytes, v->size);
		if (cur_starts(&text, "HMI RT"))
			who_sender_is(s, TYPE_HMI, "says that it is an HMI runtime");
		break;
	case S7P_CLIENT_NAME:
		f = &f_client_name;
		if (cur_starts(&text, "TIA-"))
			who_sender_is(s, TYPE_ENGINEERING, "opens its session as TIA Portal");
		break;
	case S7P_CLIENT_COMMENT:
		f = &f_client_comment;
		break;
	default:
		return;
	}
	fact_text(s, f, v->bytes, v->size);
}

static void learn(struct s7p_message *m, uint32_t id, const struct s7p_value *v)
{
	char text[24];
	if (id == S7P_OPERATING_STATE)
		learn_mode(m->s, v);
	if (id == S7P_PROTECTION_LEVEL && v->kind != S7P_NO_NUMBER) {
		fact_uint(m->s, &f_protection, v->bits);
		int n = snprintf(text, sizeof text, "level %u", (unsigned)v->bits);
		who_sender(m->s, ID_PROTECTION, text, (size_t)n);
	}
	if (id == S7P_ALARM_ID && v->kind == S7P_UNSIGNED)
		fact_uint(m->s, &f_alarm, v->bits);
	if (!v->bytes)
		return;
	if (id == S7P_IDENTIFICATION)
		learn_identification(m->s, v->bytes, v->size);
	if (id == S7P_SESSION_VERSION) {
		fact_text(m->s, &f_system_version, v->bytes, v->size);
		learn_version(m->s, v->bytes, v->size);
	}
}

void s7p_attribute(struct s7p_message *m, const struct s7p_address *at, struct cur *c, bool mine)
{
	uint32_t id = s7p_last(at);
	struct s7p_value v = read_value(m, c, !at->secret && id != S7P_SESSION_VERSION);
	if (at->secret && cur_ok(c))
		fact_flag(m->s, &f_secret, true);
	if (mine && !at->secret && (cur_ok(c) || v.bytes))
		learn(m, id, &v);
}

/* --- objects --- */

struct tree {
	struct s7p_message *m;
	struct cur *c;
	uint32_t class[S7P_DEPTH];
	unsigned depth;
};

static void attribute(struct tree *t)
{
	struct scene *s = t->m->s;
	uint32_t id = s7p_uint(t->c), class = t->depth ? t->class[t->depth - 1] : 0;
	if (id == S7P_SUBSCRIPTION_LIST)
		s7p_watch(t->m, *t->c);
	struct s7p_value v = read_value(t->m, t->c, false);
	bool text = v.bytes && v.type == TYPE_TEXT;
	if (s7p_is_secret(id))
		fact_flag(s, &f_secret, true);
	else if (id == S7P_NAME && text)
		fact_text(s, &f_name, v.bytes, v.size);
	else if (class == S7P_CLASS_SESSION && text && t->m->opcode == S7P_REQUEST)
		learn_client(s, id, &v);
	else if (t->m->opcode != S7P_REQUEST && (cur_ok(t->c) || v.bytes))
		learn(t->m, id, &v);
}

/* Descriptions of types and the names in them: blocks, each behind its size, ended by an empty
 * one. */
static void skip_blocks(struct cur *c)
{
	for (;;) {
		uint16_t size = cur_be16(c);
		if (size == 0 || !cur_ok(c))
			return;
		cur_skip(c, size);
	}
}

static void object(struct tree *t)
{
	uint32_t number = cur_be32(t->c), class = s7p_uint(t->c);
	s7p_uint(t->c); /* flags */
	if (s7p_uint(t->c) != 0)
		s7p_uint(t->c); /* which one of the parent's, and under what key */
	if (!cur_ok(t->c) || t->depth == S7P_DEPTH) {
		cur_fail(t->c);
		return;
	}
	fact_uint(t->m->s, &f_object, number);
	fact_uint(t->m->s, &f_class, class);
	t->class[t->depth++] = class;
}

void s7p_objects(struct s7p_message *m, struct cur *c)
{
	struct tree t = { .m = m, .c = c };
	do {
		int tag = cur_peek(c, 0);
		if (tag < TAG_OBJECT || tag > TAG_NAMES)
			return;
		cur_skip(c, 1);
		switch ((enum tag)tag) {
		case TAG_OBJECT:
			object(&t);
			break;
		case TAG_OBJECT_END:
			t.depth -= t.depth > 0;
			break;
		case TAG_ATTRIBUTE:
			attribute(&t);
			break;
		case TAG_RELATION:
			s7p_uint(c);
			cur_skip(c, 4);
			break;
		case TAG_TYPES:
		case TAG_NAMES:
			skip_blocks(c);
			break;
		default:
			m->partial = true;
			cur_fail(c);
			return;
		}
	} while (cur_ok(c) && t.depth > 0);
}

uint32_t s7p_first_class(struct cur c)
{
	if (cur_u8(&c) != TAG_OBJECT)
		return 0;
	cur_skip(&c, 4);
	uint32_t class = s7p_uint(&c);
	return cur_ok(&c) ? class : 0;
}
