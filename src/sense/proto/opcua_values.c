/* What a Variant that was read is worth: its numbers, its text (OPC 10000-6, 5.2.2.16). */
#include "sense/proto/opcua.h"

enum opcua_kind opcua_variant_kind(uint8_t mask)
{
	uint8_t kind = mask & 0x3f;
	return kind > 31 ? 0 : kind > OPCUA_DIAGNOSTICINFO ? OPCUA_BYTESTRING : kind;
}

static bool take_number(struct cur *c, enum opcua_kind kind, double *v)
{
	switch (kind) {
	case OPCUA_BOOLEAN:
		*v = cur_u8(c) != 0;
		break;
	case OPCUA_SBYTE:
		*v = (int8_t)cur_u8(c);
		break;
	case OPCUA_BYTE:
		*v = cur_u8(c);
		break;
	case OPCUA_INT16:
		*v = (int16_t)cur_le16(c);
		break;
	case OPCUA_UINT16:
		*v = cur_le16(c);
		break;
	case OPCUA_INT32:
		*v = (int32_t)cur_le32(c);
		break;
	case OPCUA_UINT32:
		*v = cur_le32(c);
		break;
	case OPCUA_INT64:
		*v = (double)(int64_t)cur_le64(c);
		break;
	case OPCUA_UINT64:
		*v = (double)cur_le64(c);
		break;
	case OPCUA_FLOAT:
		*v = cur_float_of(cur_le32(c));
		break;
	case OPCUA_DOUBLE:
		*v = cur_double_of(cur_le64(c));
		break;
	default:
		return false;
	}
	return cur_ok(c);
}

void opcua_numbers(
	struct opcua *o, struct cur c, void (*take)(struct opcua *o, long index, double v))
{
	uint8_t mask = cur_u8(&c);
	bool many = mask & 0x80;
	int32_t count = many ? (int32_t)cur_le32(&c) : 1;
	double v;
	for (int32_t i = 0; i < count && take_number(&c, opcua_variant_kind(mask), &v); i++)
		take(o, many ? i : -1, v);
}

bool opcua_text(struct cur c, struct cur *text)
{
	if (cur_u8(&c) != OPCUA_STRING)
		return false;
	*text = opcua_string(&c);
	return text->left;
}

bool opcua_whole_number(struct cur c, uint64_t *v)
{
	double d;
	uint8_t mask = cur_u8(&c);
	if (mask & 0x80 || !take_number(&c, opcua_variant_kind(mask), &d) || d < 0 || d > 1e9)
		return false;
	*v = (uint64_t)d;
	return true;
}
