/* Node ids: OPC 10000-6, 5.2.2.9 and 5.2.2.10, as text after 5.3.1.10. */
#include "base/out.h"
#include "sense/proto/opcua.h"
#include "sense/proto/uuid.h"

static const struct field f_namespace_uri = { "opcua.NamespaceUri", TEXT, 0, 0 };
static const struct field f_server_index = { "opcua.expandednodeid.ServerIndex", LE32, 0, 0 };

/* Base64, RFC 4648. */
static void opaque_text(struct out *o, struct cur c)
{
	static const char letters[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	while (c.left) {
		size_t have = c.left < 3 ? c.left : 3;
		uint32_t bits = 0;
		for (size_t i = 0; i < 3; i++)
			bits = bits << 8 | (i < have ? cur_u8(&c) : 0);
		for (size_t i = 0; i < 4; i++)
			out_char(o, i > have ? '=' : letters[bits >> (18 - 6 * i) & 63]);
	}
}

/* Short ones are made aside: a message may name thousands, and there is room for as many as they
 * are long. */
static void spell(struct opcua *o, struct opcua_node *node, char kind, struct cur id)
{
	char aside[64]; /* "ns=65535;g=" and a GUID */
	char guid[UUID_TEXT];
	struct out out = out_mem(aside, sizeof aside);
	if (node->space) {
		out_str(&out, "ns=");
		out_uint(&out, node->space);
		out_char(&out, ';');
	}
	out_char(&out, kind);
	out_char(&out, '=');
	if (kind == 'i')
		out_uint(&out, node->numeric);
	else if (kind == 'g') {
		uuid_text(id.at, true, guid); /* 5.1.3 */
		out_str(&out, guid);
	}
	size_t rest = kind == 's' ? id.left : kind == 'b' ? (id.left + 2) / 3 * 4 : 0;
	char *text = scene_scratch(o->s, out.used + rest + 1); /* with its NUL */
	if (!text)
		return;
	struct out whole = out_mem(text, out.used + rest + 1);
	out_bytes(&whole, aside, out.used);
	if (kind == 's')
		out_bytes(&whole, id.at, id.left);
	else if (kind == 'b')
		opaque_text(&whole, id);
	node->text = (const uint8_t *)text;
	node->size = (uint32_t)whole.used;
}

bool opcua_node_read(struct opcua *o, struct cur *c, bool expanded, struct opcua_node *node)
{
	uint8_t form = cur_u8(c);
	char kind = 'i';
	struct cur id = cur_none();
	*node = (struct opcua_node){ 0 };
	switch (expanded ? form & 0x3f : form) {
	case 0:
		node->numeric = cur_u8(c);
		break;
	case 1:
		node->space = cur_u8(c);
		node->numeric = cur_le16(c);
		break;
	case 2:
		node->space = cur_le16(c);
		node->numeric = cur_le32(c);
		break;
	case 3:
	case 5:
		kind = (form & 0x3f) == 3 ? 's' : 'b';
		node->space = cur_le16(c);
		id = opcua_string(c);
		break;
	case 4:
		kind = 'g';
		node->space = cur_le16(c);
		id = cur_sub(c, UUID_SIZE);
		break;
	default:
		cur_fail(c);
	}
	bool nothing = !node->space && !node->numeric && !id.left;
	if (cur_ok(c) && !nothing && opcua_tells(o))
		spell(o, node, kind, id);
	if (node->space)
		node->numeric = 0;
	if (expanded && form & 0x80) {
		struct cur uri = opcua_string(c);
		node->numeric = 0; /* in a namespace of that name */
		if (opcua_tells(o) && uri.left)
			fact_text(o->s, &f_namespace_uri, uri.at, uri.left);
	}
	if (expanded && form & 0x40) {
		uint32_t server = cur_le32(c);
		if (opcua_tells(o) && cur_ok(c))
			fact_uint(o->s, &f_server_index, server);
	}
	return cur_ok(c);
}

void opcua_node_tell(struct opcua *o, const struct field *f, const struct opcua_node *node)
{
	if (opcua_tells(o) && node->text)
		fact_text(o->s, f, node->text, node->size);
}
