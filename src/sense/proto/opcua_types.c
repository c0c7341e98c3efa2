/* Built-in types in their binary encoding, OPC 10000-6, 5.2, and the walker over structures. */
#include "sense/proto/opcua.h"
#include "sense/proto/tls.h"
#include "sense/proto/uuid.h"

/* Decoders bear a hundred levels, 5.1.12 (a structure within an ExtensionObject takes three of
 * ours); whoever sends more wants to exhaust a stack. */
enum { DEPTH_MAX = 320 };

/* The first moment of the standard's calendar, 1601, in milliseconds before 1970. */
static const int64_t EPOCH_MS = 11644473600000;

static const struct field f_locale = { "opcua.loctext.Locale", TEXT, 0, 0 };
static const struct field f_text = { "opcua.loctext.Text", TEXT, 0, 0 };
static const struct field f_name_space = { "opcua.qualname.Id", LE16, 0, 0 };
static const struct field f_name = { "opcua.qualname.Name", TEXT, 0, 0 };
static const struct field f_status_name = { "opcua.status", TEXT, 0, 0 };
static const struct field f_type_id = { "opcua.TypeId", TEXT, 0, 0 };
static const struct field f_body = { "opcua.ByteString", BYTES, 0, 0 };
static const struct field f_xml = { "opcua.XmlElement", TEXT, 0, 0 };
static const struct field f_source_time = { "opcua.datavalue.SourceTimestamp", SLE64, 0, 0 };
static const struct field f_source_part = { "opcua.datavalue.SourcePicoseconds", LE16, 0, 0 };
static const struct field f_server_time = { "opcua.datavalue.ServerTimestamp", SLE64 | NUMBERING, 0,
	0 };
static const struct field f_server_part = { "opcua.datavalue.ServerPicoseconds", LE16 | NUMBERING,
	0, 0 };
static const struct field f_value_mask = { "opcua.datavalue.mask", U8, 0, 0 };
static const struct field f_variant = { "opcua.variant.has_value", U8, 0, 0 };
static const struct field f_variant_size = { "opcua.variant.size", SLE32, 0, 0 };
static const struct field f_dimension = { "opcua.variant.dimension", SLE32, 0, 0 };
static const struct field f_symbolic = { "opcua.diag.SymbolicId", SLE32, 0, 0 };
static const struct field f_diag_namespace = { "opcua.diag.Namespace", SLE32, 0, 0 };
static const struct field f_diag_locale = { "opcua.diag.Locale", SLE32, 0, 0 };
static const struct field f_diag_text = { "opcua.diag.LocalizedText", SLE32, 0, 0 };
static const struct field f_diag_more = { "opcua.diag.AdditionalInfo", TEXT, 0, 0 };
static const struct field f_diag_inner = { "opcua.diag.InnerStatusCode", LE32, 0, 0 };
static const struct field f_value_status = { "opcua.StatusCode", LE32, 0, 0 };

/* A value in a Variant is told under the name of its type; what is made of others has none. */
static const struct field in_variant[OPCUA_DIAGNOSTICINFO + 1] = {
	[OPCUA_BOOLEAN] = { "opcua.Boolean", FLAG, 0, 0 },
	[OPCUA_SBYTE] = { "opcua.SByte", S8, 0, 0 },
	[OPCUA_BYTE] = { "opcua.Byte", U8, 0, 0 },
	[OPCUA_INT16] = { "opcua.Int16", SLE16, 0, 0 },
	[OPCUA_UINT16] = { "opcua.UInt16", LE16, 0, 0 },
	[OPCUA_INT32] = { "opcua.Int32", SLE32, 0, 0 },
	[OPCUA_UINT32] = { "opcua.UInt32", LE32, 0, 0 },
	[OPCUA_INT64] = { "opcua.Int64", SLE64, 0, 0 },
	[OPCUA_UINT64] = { "opcua.UInt64", LE64, 0, 0 },
	[OPCUA_FLOAT] = { "opcua.Float", FLE32, 0, 0 },
	[OPCUA_DOUBLE] = { "opcua.Double", FLE64, 0, 0 },
	[OPCUA_STRING] = { "opcua.String", TEXT, 0, 0 },
	[OPCUA_DATETIME] = { "opcua.DateTime", SLE64, 0, 0 },
	[OPCUA_GUID] = { "opcua.Guid", TEXT, 0, 0 },
	[OPCUA_BYTESTRING] = { "opcua.ByteString", BYTES, 0, 0 },
	[OPCUA_XMLELEMENT] = { "opcua.XmlElement", TEXT, 0, 0 },
	[OPCUA_NODEID] = { "opcua.NodeId", TEXT, 0, 0 },
	[OPCUA_EXPANDEDNODEID] = { "opcua.ExpandedNodeId", TEXT, 0, 0 },
	[OPCUA_STATUSCODE] = { "opcua.StatusCode", LE32, 0, 0 },
};

static void read_one(struct opcua *o, struct cur *c, enum opcua_kind kind, const struct field *f);

static void tell_text(struct opcua *o, const struct field *f, const void *text, size_t size)
{
	if (opcua_tells(o) && text && size)
		(o->secret ? fact_secret : fact_text)(o->s, f, text, size);
}

/* No string at all (a length of -1, 5.2.2.4) is not told, as an empty one is not. */
static void read_bytes(struct opcua *o, struct cur *c)
{
	struct cur bytes = opcua_string(c);
	o->bytes = bytes.left ? bytes.at : NULL;
	o->size = bytes.left;
}

static void read_text(struct opcua *o, struct cur *c, const struct field *f)
{
	read_bytes(o, c);
	tell_text(o, f, o->bytes, o->size);
}

static void read_int32(struct opcua *o, struct cur *c, const struct field *f)
{
	int32_t v = (int32_t)cur_le32(c);
	if (opcua_tells(o) && cur_ok(c))
		fact_int(o->s, f, v);
}

static void read_uint(struct opcua *o, struct cur *c, const struct field *f, uint64_t v)
{
	o->number = v;
	if (opcua_tells(o) && cur_ok(c))
		fact_uint(o->s, f, v);
}

/* Ticks of 100 ns since 1601; nothing and never are not told (5.2.2.5). */
static void read_time(struct opcua *o, struct cur *c, const struct field *f)
{
	int64_t ticks = (int64_t)cur_le64(c);
	if (opcua_tells(o) && cur_ok(c) && ticks > 0 && ticks != INT64_MAX)
		fact_int(o->s, f, ticks / 10000 - EPOCH_MS);
}

static void read_status(struct opcua *o, struct cur *c, const struct field *f)
{
	o->status = cur_le32(c);
	if (!opcua_tells(o) || !cur_ok(c))
		return;
	fact_uint(o->s, f, o->status);
	const char *name = o->status >> 30 ? opcua_status_name(o->status) : NULL;
	if (name)
		fact_text(o->s, &f_status_name, name, strlen(name));
}

static void read_guid(struct opcua *o, struct cur *c, const struct field *f)
{
	const uint8_t *guid = cur_take(c, UUID_SIZE);
	char *text = guid && opcua_tells(o) ? scene_scratch(o->s, UUID_TEXT) : NULL;
	if (!text)
		return;
	uuid_text(guid, true, text); /* OPC 10000-6, 5.1.3 */
	tell_text(o, f, text, UUID_TEXT - 1);
}

static void read_node(struct opcua *o, struct cur *c, const struct field *f, bool expanded)
{
	if (opcua_node_read(o, c, expanded, &o->node_read))
		opcua_node_tell(o, f, &o->node_read);
}

/* A NodeId all the same, of which not even the text is made. */
static void read_token(struct opcua *o, struct cur *c)
{
	struct opcua_node token;
	bool was = o->quiet;
	o->quiet = true;
	opcua_node_read(o, c, false, &token);
	o->quiet = was;
}

/* --- types made of others --- */

static void read_name(struct opcua *o, struct cur *c)
{
	uint16_t space = cur_le16(c);
	if (space)
		read_uint(o, c, &f_name_space, space);
	read_text(o, c, &f_name);
}

static void read_localized(struct opcua *o, struct cur *c)
{
	uint8_t mask = cur_u8(c);
	if (mask & 1)
		read_text(o, c, &f_locale);
	o->bytes = NULL; /* what it means is its text */
	o->size = 0;
	if (mask & 2)
		read_text(o, c, &f_text);
	cur_need(c, mask <= 3);
}

static void read_diagnostics(struct opcua *o, struct cur *c)
{
	uint8_t mask = cur_u8(c);
	if (mask & 0x01)
		read_int32(o, c, &f_symbolic);
	if (mask & 0x02)
		read_int32(o, c, &f_diag_namespace);
	if (mask & 0x08)
		read_int32(o, c, &f_diag_locale);
	if (mask & 0x04)
		read_int32(o, c, &f_diag_text);
	if (mask & 0x10)
		read_text(o, c, &f_diag_more);
	if (mask & 0x20)
		read_status(o, c, &f_diag_inner);
	if (mask & 0x40)
		read_one(o, c, OPCUA_DIAGNOSTICINFO, NULL);
	cur_need(c, mask <= 0x7f);
}

static const struct opcua_structure *structure_of(uint32_t id)
{
	for (const struct opcua_structure *s = opcua_structures; id && s->id; s++)
		if (s->id == id)
			return s;
	return NULL;
}

static void read_structure(
	struct opcua *o, struct cur *c, const struct opcua_structure *known, enum opcua_kind place)
{
	struct cur body = o->size ? cur_of(o->bytes, o->size) : cur_none();
	bool foreign = known->place != place;
	o->foreign += foreign;
	if (!opcua_walk(o, &body, known->parts))
		cur_fail(c);
	o->foreign -= foreign;
	o->size = 0; /* its parts were it */
}

/* What follows the type is a ByteString with the structure, or XML (5.2.2.15).  The tokens of OPC
 * 10000-4, 7.40, tell themselves what of them is a secret; where in anything else that says who a
 * user is it stands, nobody knows: all of it is one. */
static void read_extension(struct opcua *o, struct cur *c, enum opcua_kind place)
{
	struct opcua_node type;
	if (!opcua_node_read(o, c, true, &type))
		return;
	uint8_t form = cur_u8(c);
	opcua_node_tell(o, &f_type_id, &type);
	const struct opcua_structure *known = form == 1 ? structure_of(type.numeric) : NULL;
	uint8_t secret = o->secret;
	if (place == OPCUA_IDENTITY && (!known || known->place != place)) {
		known = NULL;
		o->secret = OPCUA_SECRET_ALL;
	}
	o->size = 0;
	if (form == 2)
		read_text(o, c, &f_xml);
	else if (form == 1) {
		read_bytes(o, c);
		if (known)
			read_structure(o, c, known, place);
		else if (opcua_tells(o) && o->size)
			(o->secret ? fact_secret : fact_bytes)(o->s, &f_body, o->bytes, o->size);
	} else if (form)
		cur_fail(c);
	o->secret = secret;
}

/* Not even how large it is. */
static void read_secret_number(
	struct opcua *o, struct cur *c, enum opcua_kind kind, const struct field *f)
{
	const struct cur at = *c;
	bool was = o->quiet;
	o->quiet = true;
	read_one(o, c, kind, f);
	o->quiet = was;
	if (opcua_tells(o) && cur_ok(c))
		fact_secret(o->s, f, at.at, at.left - c->left);
}

static void read_variant(struct opcua *o, struct cur *c)
{
	const struct cur whole = *c;
	uint8_t mask = cur_u8(c);
	enum opcua_kind kind = opcua_variant_kind(mask);
	/* Values stand under their type: masks and sizes say in which order they came. */
	read_uint(o, c, &f_variant, mask);
	if (!kind) {
		cur_need(c, mask == 0);
		o->value = whole;
		return;
	}
	int32_t count = mask & 0x80 ? (int32_t)cur_le32(c) : 1;
	cur_need(c, count <= 0 || (size_t)count <= c->left);
	if (opcua_tells(o) && cur_ok(c) && mask & 0x80)
		fact_int(o->s, &f_variant_size, count);
	bool hide = o->secret == OPCUA_SECRET_ALL && kind <= OPCUA_DOUBLE;
	for (int32_t i = 0; i < count && cur_ok(c); i++)
		(hide ? read_secret_number : read_one)(o, c, kind, &in_variant[kind]);
	o->value = whole;
	if (!(mask & 0x40))
		return;
	count = (int32_t)cur_le32(c);
	cur_need(c, mask & 0x80 && (count <= 0 || (size_t)count <= c->left));
	for (int32_t i = 0; i < count && cur_ok(c); i++)
		read_int32(o, c, &f_dimension);
}

static void read_data_value(struct opcua *o, struct cur *c)
{
	uint8_t mask = cur_u8(c);
	struct cur value = *c;
	read_uint(o, c, &f_value_mask, mask);
	if (mask & 0x01)
		read_one(o, c, OPCUA_VARIANT, NULL);
	if (mask & 0x02)
		read_status(o, c, &f_value_status);
	else
		o->status = 0;
	if (mask & 0x04)
		read_time(o, c, &f_source_time);
	if (mask & 0x10)
		read_uint(o, c, &f_source_part, cur_le16(c));
	if (mask & 0x08)
		read_time(o, c, &f_server_time);
	if (mask & 0x20)
		read_uint(o, c, &f_server_part, cur_le16(c));
	cur_need(c, mask <= 0x3f);
	o->value = value;
	o->has_value = mask & 0x01;
}

static void read_certificate(struct opcua *o, struct cur *c)
{
	read_bytes(o, c);
	if (opcua_tells(o) && o->size && !o->certificate_told) {
		o->certificate_told = true;
		(void)tls_certificate(o->s, cur_of(o->bytes, o->size), true);
	}
}

static void read_number(struct opcua *o, struct cur *c, enum opcua_kind kind, const struct field *f)
{
	int64_t i = 0;
	double d = 0;
	switch (kind) {
	case OPCUA_SBYTE:
		i = (int8_t)cur_u8(c);
		break;
	case OPCUA_INT16:
		i = (int16_t)cur_le16(c);
		break;
	case OPCUA_INT32:
		i = (int32_t)cur_le32(c);
		break;
	case OPCUA_INT64:
		i = (int64_t)cur_le64(c);
		break;
	case OPCUA_FLOAT:
		d = cur_float_of(cur_le32(c));
		break;
	default:
		d = cur_double_of(cur_le64(c));
	}
	if (!opcua_tells(o) || !cur_ok(c))
		return;
	if (kind == OPCUA_FLOAT || kind == OPCUA_DOUBLE)
		fact_real(o->s, f, d);
	else
		fact_int(o->s, f, i);
}

static void read_value(struct opcua *o, struct cur *c, enum opcua_kind kind, const struct field *f)
{
	uint8_t byte;
	switch (kind) {
	case OPCUA_BOOLEAN:
		byte = cur_u8(c);
		if (opcua_tells(o) && cur_ok(c))
			fact_flag(o->s, f, byte != 0);
		break;
	case OPCUA_BYTE:
		read_uint(o, c, f, cur_u8(c));
		break;
	case OPCUA_UINT16:
		read_uint(o, c, f, cur_le16(c));
		break;
	case OPCUA_UINT32:
		read_uint(o, c, f, cur_le32(c));
		break;
	case OPCUA_UINT64:
		read_uint(o, c, f, cur_le64(c));
		break;
	case OPCUA_STRING:
	case OPCUA_XMLELEMENT:
		read_text(o, c, f);
		break;
	case OPCUA_BYTESTRING:
		read_bytes(o, c);
		if (opcua_tells(o) && o->size)
			(o->secret ? fact_secret : fact_bytes)(o->s, f, o->bytes, o->size);
		break;
	case OPCUA_SECRET:
		read_bytes(o, c);
		if (opcua_tells(o) && o->size)
			fact_secret(o->s, f, o->bytes, o->size);
		break;
	case OPCUA_QUIET:
		read_bytes(o, c);
		break;
	case OPCUA_CERTIFICATE:
		read_certificate(o, c);
		break;
	case OPCUA_DATETIME:
		read_time(o, c, f);
		break;
	case OPCUA_GUID:
		read_guid(o, c, f);
		break;
	case OPCUA_NODEID:
	case OPCUA_EXPANDEDNODEID:
		read_node(o, c, f, kind == OPCUA_EXPANDEDNODEID);
		break;
	case OPCUA_TOKEN:
		read_token(o, c);
		break;
	case OPCUA_STATUSCODE:
		read_status(o, c, f);
		break;
	default:
		read_number(o, c, kind, f);
	}
}

static void read_one(struct opcua *o, struct cur *c, enum opcua_kind kind, const struct field *f)
{
	if (++o->depth > DEPTH_MAX)
		cur_fail(c);
	else if (kind == OPCUA_QUALIFIEDNAME)
		read_name(o, c);
	else if (kind == OPCUA_LOCALIZEDTEXT)
		read_localized(o, c);
	else if (kind == OPCUA_EXTENSIONOBJECT || kind >= OPCUA_IDENTITY)
		read_extension(o, c, kind);
	else if (kind == OPCUA_DATAVALUE)
		read_data_value(o, c);
	else if (kind == OPCUA_VARIANT)
		read_variant(o, c);
	else if (kind == OPCUA_DIAGNOSTICINFO)
		read_diagnostics(o, c);
	else
		read_value(o, c, kind, f);
	o->depth--;
}

/* --- structures --- */

static void read_part(struct opcua *o, struct cur *c, const struct opcua_part *part)
{
	opcua_before(o, part);
	if (part->kind == OPCUA_STRUCTURE)
		opcua_walk(o, c, part->of);
	else
		read_one(o, c, part->kind, &part->field);
	if (cur_ok(c))
		opcua_after(o, part);
}

/* 5.2.5 and 5.2.6: an array is a count, -1 for none, and its elements. */
bool opcua_walk(struct opcua *o, struct cur *c, const struct opcua_part *parts)
{
	if (++o->depth > DEPTH_MAX)
		cur_fail(c);
	for (const struct opcua_part *part = parts; part->kind && cur_ok(c); part++) {
		int32_t count = part->many ? (int32_t)cur_le32(c) : 1;
		cur_need(c, count <= 0 || (size_t)count <= c->left);
		for (int32_t i = 0; i < count && cur_ok(c); i++)
			read_part(o, c, part);
	}
	o->depth--;
	return cur_ok(c);
}
