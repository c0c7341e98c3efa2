/* Protocol Buffers on the wire (the encoding guide of version 2 and 3): fields one after the other,
 * each a number, how it is written, and its bytes.
 *
 * Whoever reads knows the fields by their numbers and passes over the others, as later versions of
 * a message may have them. */
#ifndef SENSE_PROTO_PROTOBUF_H
#define SENSE_PROTO_PROTOBUF_H

#include "base/cur.h"

enum protobuf_wire { PROTOBUF_VARINT = 0, PROTOBUF_64 = 1, PROTOBUF_BYTES = 2, PROTOBUF_32 = 5 };

/* Field and how it is written in one number, as switches want it. */
#define PROTOBUF_KEY(number, wire) ((uint32_t)(number) << 3 | (uint32_t)(wire))

struct protobuf_field {
	uint32_t key;
	uint64_t number;  /* of a varint, or the bits of 32 or 64 */
	struct cur bytes; /* of PROTOBUF_BYTES */
};

/* Seven bits a byte, lowest first, at most ten of them. */
static inline uint64_t protobuf_varint(struct cur *c)
{
	uint64_t v = 0;
	for (unsigned shift = 0; shift < 70; shift += 7) {
		uint8_t byte = cur_u8(c);
		v |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80)
			return v;
	}
	cur_fail(c);
	return 0;
}

/* The next field; false where none is left (c is fine then) or this is no message. */
static inline bool protobuf_read(struct cur *c, struct protobuf_field *f)
{
	if (!c->left)
		return false;
	uint64_t key = protobuf_varint(c);
	*f = (struct protobuf_field){ .key = (uint32_t)key, .bytes = cur_bad() };
	cur_need(c, key >> 3 && key <= UINT32_MAX);
	switch (key & 7) {
	case PROTOBUF_VARINT:
		f->number = protobuf_varint(c);
		break;
	case PROTOBUF_64:
		f->number = cur_le64(c);
		break;
	case PROTOBUF_32:
		f->number = cur_le32(c);
		break;
	case PROTOBUF_BYTES: {
		uint64_t size = protobuf_varint(c);
		cur_need(c, size <= c->left);
		f->bytes = cur_sub(c, (size_t)size);
		break;
	}
	default: /* groups, which nobody writes any more */
		cur_fail(c);
	}
	return cur_ok(c);
}

#endif
