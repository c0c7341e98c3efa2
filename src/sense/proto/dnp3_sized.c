/* DNP3, objects that carry their own length: device attributes (A.1), files (A.22), data sets
 * (A.27), octet strings and terminals (A.34), authentication (A.45). */
#include "sense/proto/dnp3.h"

static const struct field f_type = { "dnp3.al.datatype", U8 };
static const struct field f_length = { "dnp3.al.da.length", U8 };
static const struct field f_text = { "dnp3.al.da.value", TEXT };
static const struct field f_uint = { "dnp3.al.da.uint", LE32 };
static const struct field f_int = { "dnp3.al.da.int", SLE32 };
static const struct field f_float = { "dnp3.al.da.float", FLE32 };
static const struct field f_double = { "dnp3.al.da.double", FLE64 };
static const struct field f_octets = { "dnp3.al.da.octets", BYTES };
static const struct field f_string = { "dnp3.al.octet_string", BYTES };
static const struct field f_data = { "dnp3.al.data", BYTES };

static const struct field f_name_offset = { "dnp3.al.file_string_offset", LE16 };
static const struct field f_name_size = { "dnp3.al.file_string_length", LE16 };
static const struct field f_permissions = { "dnp3.al.file.perms", LE16 };
static const struct field f_key = { "dnp3.al.file.auth", LE32 };
static const struct field f_file_size = { "dnp3.al.file.size", LE32 };
static const struct field f_mode = { "dnp3.al.file.mode", LE16 };
static const struct field f_block_max = { "dnp3.al.file.maxblock", LE16 };
static const struct field f_request = { "dnp3.al.file.reqID", LE16 };
static const struct field f_file_name = { "dnp3.al.file_name", TEXT };
static const struct field f_handle = { "dnp3.al.file.handle", LE32 };
static const struct field f_file_status = { "dnp3.al.file.status", U8 };
static const struct field f_block = { "dnp3.al.file.blocknum", LE32 };
static const struct field f_last = { "dnp3.al.file.lastblock", FLAG };
static const struct field f_file_data = { "dnp3.al.file.data", BYTES };
static const struct field f_file_text = { "dnp3.al.file.text", TEXT };
static const struct field f_file_type = { "dnp3.al.file.type", LE16 };
static const struct field f_user_name = { "dnp3.al.file.user", TEXT };

static const struct field f_challenge_sequence = { "dnp3.al.sa.seq", LE32 };
static const struct field f_user = { "dnp3.al.sa.usr", LE16 };
static const struct field f_association = { "dnp3.al.sa.assoc_id", LE16 };
static const struct field f_mac = { "dnp3.al.sa.mal", U8 };
static const struct field f_reason = { "dnp3.al.sa.rfc", U8 };
static const struct field f_wrap = { "dnp3.al.sa.kwa", U8 };
static const struct field f_key_status = { "dnp3.al.sa.ks", U8 };
static const struct field f_error = { "dnp3.al.sa.err", U8 };
static const struct field f_key_method = { "dnp3.al.sa.kcm", U8 };

/* Attributes that say who somebody is, A.1 and table A-1: variation, what we call it. */
static const struct {
	uint8_t variation, key;
} identities[] = {
	{ 252, ID_VENDOR },
	{ 250, ID_MODEL },
	{ 248, ID_SERIAL },
	{ 247, ID_NAME },
	{ 246, ID_DESCRIPTION },
	{ 245, ID_LOCATION },
	{ 243, ID_HARDWARE },
	{ 242, ID_FIRMWARE },
	{ 207, ID_CONTACT },
};

enum attribute_type { VISIBLE = 1, UNSIGNED = 2, SIGNED = 3, FLOATING = 4, UNICODE = 8 };

static void identify(struct dnp3_talk *t, uint8_t variation, const uint8_t *text, size_t size)
{
	if (!t->response)
		return;
	for (size_t i = 0; i < sizeof identities / sizeof identities[0]; i++) {
		if (identities[i].variation == variation)
			who_sender(t->s, identities[i].key, text, size);
	}
}

/* A number of one, two or four bytes, A.1.3. */
static bool number(struct scene *s, bool is_signed, struct cur c)
{
	uint32_t u = 0;
	int32_t i = 0;
	switch (c.left) {
	case 1:
		u = cur_u8(&c);
		i = (int8_t)u;
		break;
	case 2:
		u = cur_le16(&c);
		i = (int16_t)u;
		break;
	case 4:
		u = cur_le32(&c);
		i = (int32_t)u;
		break;
	default:
		return false;
	}
	if (is_signed)
		fact_int(s, &f_int, i);
	else
		fact_uint(s, &f_uint, u);
	return true;
}

bool dnp3_attribute(struct dnp3_talk *t, uint8_t variation, struct cur *c)
{
	struct scene *s = t->s;
	uint8_t type = cur_u8(c);
	size_t size = cur_u8(c);
	if (type == 255) /* 255: an extended list, with 256 added to its length */
		size += 256;
	struct cur value = cur_sub(c, size);
	if (!cur_ok(c))
		return false;
	fact_uint(s, &f_type, type);
	fact_uint(s, &f_length, size);
	if (type == UNSIGNED || type == SIGNED)
		return number(s, type == SIGNED, value);
	if (type == FLOATING && size == 4)
		fact_real(s, &f_float, cur_float_of(cur_le32(&value)));
	else if (type == FLOATING && size == 8)
		fact_real(s, &f_double, cur_double_of(cur_le64(&value)));
	else if (type == FLOATING)
		return false;
	else {
		const uint8_t *bytes = cur_take(&value, size);
		if (type == VISIBLE || type == UNICODE) {
			fact_text(s, &f_text, bytes, size);
			identify(t, variation, bytes, size);
		} else {
			fact_bytes(s, &f_octets, bytes, size);
		}
	}
	return true;
}

static void rest_bytes(struct scene *s, const struct field *f, struct cur *c)
{
	size_t size = c->left;
	if (size > 0)
		fact_bytes(s, f, cur_take(c, size), size);
}

static void rest_text(struct scene *s, const struct field *f, struct cur *c)
{
	size_t size = c->left;
	if (size > 0)
		fact_text(s, f, cur_take(c, size), size);
}

/* Text at an offset from the start of the object, as files give their names. */
static bool text_at(
	struct scene *s, const struct field *f, struct cur whole, size_t offset, size_t size)
{
	if (size == 0)
		return true;
	cur_skip(&whole, offset);
	const uint8_t *text = cur_take(&whole, size);
	if (!text)
		return false;
	fact_text(s, f, text, size);
	return true;
}

static void read_time(struct scene *s, struct cur *c)
{
	fact_uint(s, &dnp3_field_timestamp, cur_le48(c));
}

static void read_block(struct scene *s, struct cur *c)
{
	uint32_t block = cur_le32(c);
	fact_uint(s, &f_block, block & 0x7fffffff);
	fact_flag(s, &f_last, block >> 31);
}

/* A.22.3: who wants to use files; the password stays where it is. */
static bool file_login(struct dnp3_talk *t, struct cur c)
{
	struct scene *s = t->s;
	struct cur whole = c, name = c;
	uint16_t name_offset = cur_le16(&c), name_size = cur_le16(&c);
	cur_skip(&c, 4); /* password */
	fact_uint(s, &f_key, cur_le32(&c));
	if (!cur_ok(&c) || !text_at(s, &f_user_name, whole, name_offset, name_size))
		return false;
	cur_skip(&name, name_offset);
	const uint8_t *text = cur_take(&name, name_size);
	if (text && !t->response)
		who_sender(s, ID_USER, text, name_size);
	return true;
}

static bool file_command(struct scene *s, struct cur c)
{
	struct cur whole = c;
	uint16_t offset = cur_le16(&c), size = cur_le16(&c);
	fact_uint(s, &f_name_offset, offset);
	fact_uint(s, &f_name_size, size);
	read_time(s, &c);
	fact_uint(s, &f_permissions, cur_le16(&c));
	fact_uint(s, &f_key, cur_le32(&c));
	fact_uint(s, &f_file_size, cur_le32(&c));
	fact_uint(s, &f_mode, cur_le16(&c));
	fact_uint(s, &f_block_max, cur_le16(&c));
	fact_uint(s, &f_request, cur_le16(&c));
	return cur_ok(&c) && text_at(s, &f_file_name, whole, offset, size);
}

static bool file_descriptor(struct scene *s, struct cur c)
{
	struct cur whole = c;
	uint16_t offset = cur_le16(&c), size = cur_le16(&c);
	fact_uint(s, &f_name_offset, offset);
	fact_uint(s, &f_name_size, size);
	fact_uint(s, &f_file_type, cur_le16(&c));
	fact_uint(s, &f_file_size, cur_le32(&c));
	read_time(s, &c);
	fact_uint(s, &f_permissions, cur_le16(&c));
	fact_uint(s, &f_request, cur_le16(&c));
	return cur_ok(&c) && text_at(s, &f_file_name, whole, offset, size);
}

static void file_status(struct dnp3_talk *t, struct cur *c)
{
	uint8_t status = cur_u8(c);
	fact_uint(t->s, &f_file_status, status);
	if (status != 0)
		t->refused = true;
}

/* Group 70, A.22. */
static bool file(struct dnp3_talk *t, uint8_t variation, struct cur c)
{
	struct scene *s = t->s;
	switch (variation) {
	case 2:
		return file_login(t, c);
	case 3:
		return file_command(s, c);
	case 4:
		fact_uint(s, &f_handle, cur_le32(&c));
		fact_uint(s, &f_file_size, cur_le32(&c));
		fact_uint(s, &f_block_max, cur_le16(&c));
		fact_uint(s, &f_request, cur_le16(&c));
		file_status(t, &c);
		rest_text(s, &f_file_text, &c);
		return cur_ok(&c);
	case 5:
		fact_uint(s, &f_handle, cur_le32(&c));
		read_block(s, &c);
		rest_bytes(s, &f_file_data, &c);
		return cur_ok(&c);
	case 6:
		fact_uint(s, &f_handle, cur_le32(&c));
		read_block(s, &c);
		file_status(t, &c);
		rest_text(s, &f_file_text, &c);
		return cur_ok(&c);
	case 7:
		return file_descriptor(s, c);
	case 8:
		rest_text(s, &f_file_name, &c);
		return true;
	default:
		rest_bytes(s, &f_data, &c);
		return true;
	}
}

/* Group 120, A.45: secure authentication, version 5.  Keys and codes stay where they are. */
static bool authentication(struct dnp3_talk *t, uint8_t variation, struct cur c)
{
	struct scene *s = t->s;
	bool has_sequence = variation <= 3 || (variation >= 5 && variation <= 7) ||
		(variation >= 11 && variation <= 13);
	bool has_user = variation <= 7 || (variation >= 12 && variation <= 13);

	if (variation == 11)
		fact_uint(s, &f_key_method, cur_u8(&c));
	if (has_sequence && variation != 11)
		fact_uint(s, &f_challenge_sequence, cur_le32(&c));
	if (has_user)
		fact_uint(s, &f_user, cur_le16(&c));
	switch (variation) {
	case 1: /* challenge */
		fact_uint(s, &f_mac, cur_u8(&c));
		fact_uint(s, &f_reason, cur_u8(&c));
		break;
	case 5: /* session key status */
		fact_uint(s, &f_wrap, cur_u8(&c));
		fact_uint(s, &f_key_status, cur_u8(&c));
		fact_uint(s, &f_mac, cur_u8(&c));
		break;
	case 7: /* error */
		fact_uint(s, &f_association, cur_le16(&c));
		fact_uint(s, &f_error, cur_u8(&c));
		read_time(s, &c);
		t->refused = true;
		break;
	default:
		break;
	}
	return cur_ok(&c);
}

bool dnp3_sized(struct dnp3_talk *t, const struct dnp3_header *h, struct cur c)
{
	switch (h->group) {
	case 0: {
		bool fits = dnp3_attribute(t, h->variation, &c);
		return fits && c.left == 0;
	}
	case 70:
		return file(t, h->variation, c);
	case 110:
	case 111:
	case 112:
	case 113:
		rest_bytes(t->s, &f_string, &c);
		return true;
	case 120:
		return authentication(t, h->variation, c);
	default: /* data sets, private registrations, application names: kept as they are */
		rest_bytes(t->s, &f_data, &c);
		return true;
	}
}
