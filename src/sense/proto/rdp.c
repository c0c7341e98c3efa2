/* Remote Desktop Protocol, connection sequence: MS-RDPBCGR 1.3.1.1, in the ISO transport, with
 * MCS (ITU-T T.125) and GCC (T.124) around what client and server tell each other.
 *
 * Read is what stands in the open before encryption: the routing cookie, the security offered and
 * chosen, and the client's own description of itself.  With TLS chosen nothing follows to read. */
#include "sense/proto.h"

/* Rows; domain PDUs are their T.125 choice number with a mark. */
enum {
	ROW_NEGOTIATE = 1,
	ROW_CONNECT = 2,
	ROW_SECURITY = 3,
	ROW_INFO = 4,
	ROW_LICENSE = 5,
	ROW_DOMAIN = 0x100,
};

/* T.125, DomainMCSPDU. */
enum choice {
	ERECT_DOMAIN = 1,
	DISCONNECT = 8,
	ATTACH_REQUEST = 10,
	ATTACH_CONFIRM = 11,
	JOIN_REQUEST = 14,
	JOIN_CONFIRM = 15,
	SEND_REQUEST = 25,
	SEND_INDICATION = 26,
	CHOICES,
};

/* MS-RDPBCGR 2.2.1.1.1 to 2.2.1.2.2 */
enum { NEGOTIATE_REQUEST = 1, NEGOTIATE_RESPONSE = 2, NEGOTIATE_FAILURE = 3, NEGOTIATE_SIZE = 8 };

/* MS-RDPBCGR 2.2.1.3.1 */
enum block {
	CLIENT_CORE = 0xc001,
	CLIENT_SECURITY = 0xc002,
	CLIENT_NETWORK = 0xc003,
	CLIENT_CLUSTER = 0xc004,
	SERVER_CORE = 0x0c01,
	SERVER_SECURITY = 0x0c02,
	SERVER_NETWORK = 0x0c03,
};

/* MS-RDPBCGR 2.2.8.1.1.2.1, flags of the security header */
enum { FLAG_EXCHANGE = 0x0001, FLAG_ENCRYPT = 0x0008, FLAG_INFO = 0x0040, FLAG_LICENSE = 0x0080 };

enum { NAME_SIZE = 32, PRODUCT_SIZE = 64, IME_SIZE = 64, CHANNELS_MAX = 31 };

static const struct field field_cookie = { "rdp.rt_cookie", TEXT, 0, 0 };
static const struct field field_type = { "rdp.negotiation.type", U8, 0, 0 };
static const struct field field_flags = { "rdp.negotiation.flags", U8, 0, 0 };
static const struct field field_requested = { "rdp.negotiation.requested", LE32, 0, 0 };
static const struct field field_selected = { "rdp.negotiation.selected", LE32, 0, 0 };
static const struct field field_failure = { "rdp.negotiation.failure", LE32, 0, 0 };
static const struct field field_block = { "rdp.block", LE16, 0, 0 };
static const struct field field_name = { "rdp.client.name", TEXT, 0, 0 };
static const struct field field_build = { "rdp.client.build", LE32, 0, 0 };
static const struct field field_product = { "rdp.client.product", TEXT, 0, 0 };
static const struct field field_channel = { "rdp.channel.name", TEXT, 0, 0 };
static const struct field field_channel_options = { "rdp.channel.options", LE32, 0, 0 };
static const struct field field_channel_count = { "rdp.channel.count", LE32, 0, CHANNELS_MAX };
static const struct field field_channel_id = { "rdp.channel.id", LE16, 0, 0 };
static const struct field field_mcs_channel = { "rdp.mcs.channel", BE16, 0, 0 };
static const struct field field_result = { "rdp.mcs.result", U8, 0, 0 };
static const struct field field_reason = { "rdp.mcs.reason", U8, 0, 0 };
static const struct field field_domain = { "rdp.client.domain", TEXT, 0, 0 };
static const struct field field_user = { "rdp.client.user", TEXT, 0, 0 };

static const struct field version[] = {
	{ "rdp.version.major", LE16, 0, 0 },
	{ "rdp.version.minor", LE16, 0, 0 },
	{ 0 },
};
static const struct field desktop[] = {
	{ "rdp.desktop.width", LE16, 0, 0 },
	{ "rdp.desktop.height", LE16, 0, 0 },
	{ "rdp.color_depth", LE16, 0, 0 },
	{ "", SKIP, 2, 0 },
	{ "rdp.keyboard.layout", LE32, 0, 0 },
	{ 0 },
};
static const struct field keyboard[] = {
	{ "rdp.keyboard.type", LE32, 0, 0 },
	{ "rdp.keyboard.subtype", LE32, 0, 0 },
	{ "rdp.keyboard.function_keys", LE32, 0, 0 },
	{ "", SKIP, IME_SIZE, 0 },
	{ 0 },
};
static const struct field colors[] = {
	{ "rdp.color_depth_beta2", LE16, 0, 0 },
	{ "rdp.client.product_number", LE16, 0, 0 },
	{ "rdp.client.serial", LE32, 0, 0 },
	{ "rdp.color_depth_high", LE16, 0, 0 },
	{ "rdp.color_depths", LE16, 0, 0 },
	{ "rdp.client.capabilities", LE16, 0, 0 },
	{ 0 },
};
static const struct field connection[] = {
	{ "rdp.connection_type", U8, 0, 0 },
	{ "", SKIP, 1, 0 },
	{ 0 },
};
static const struct field client_security[] = {
	{ "rdp.encryption.offered", LE32, 0, 0 },
	{ "rdp.encryption.offered_extended", LE32, 0, 0 },
	{ 0 },
};
static const struct field cluster[] = {
	{ "rdp.cluster.flags", LE32, 0, 0 },
	{ "rdp.cluster.session", LE32, 0, 0 },
	{ 0 },
};
/* Method 0 and level 0: nothing is encrypted by RDP itself; level 1 is one way only. */
static const struct field server_security[] = {
	{ "rdp.encryption.method", LE32, 0, 0 },
	{ "rdp.encryption.level", LE32, 0, 4 },
	{ 0 },
};

static const struct msg msgs[] = {
	BOTH(ROW_NEGOTIATE, ACT_OTHER, EFFECT_NONE, "negotiate"),
	BOTH(ROW_CONNECT, ACT_OTHER, EFFECT_NONE, "connect"),
	BOTH(ROW_SECURITY, ACT_OTHER, EFFECT_NONE, "security_exchange"),
	BOTH(ROW_INFO, ACT_OTHER, EFFECT_LOGIN, "client_info"),
	BOTH(ROW_LICENSE, ACT_OTHER, EFFECT_NONE, "license"),
	BOTH(ROW_DOMAIN + ERECT_DOMAIN, ACT_OTHER, EFFECT_NONE, "erect_domain"),
	BOTH(ROW_DOMAIN + DISCONNECT, ACT_OTHER, EFFECT_NONE, "disconnect"),
	BOTH(ROW_DOMAIN + ATTACH_REQUEST, ACT_OTHER, EFFECT_NONE, "attach_user"),
	BOTH(ROW_DOMAIN + JOIN_REQUEST, ACT_OTHER, EFFECT_NONE, "join_channel"),
	{ ROW_DOMAIN + SEND_REQUEST, DIR_OTHER, ACT_OTHER, EFFECT_NONE, "data", NULL },
	{ ROW_DOMAIN, DIR_OTHER, ACT_OTHER, EFFECT_NONE, "other", NULL },
	{ 0 },
};

static bool is_negotiation(const struct cur *c)
{
	int type = cur_peek(c, 0);
	return type >= NEGOTIATE_REQUEST && type <= NEGOTIATE_FAILURE &&
		c->left >= NEGOTIATE_SIZE && cur_peek(c, 2) == NEGOTIATE_SIZE &&
		cur_peek(c, 3) == 0;
}

static bool is_connect(const struct cur *c)
{
	int tag = cur_peek(c, 1);
	return cur_peek(c, 0) == 0x7f &&
		(tag == 0x65 || tag == 0x66); /* T.125: APPLICATION 101, 102 */
}

static enum probe probe(struct cur c, const struct scene *s)
{
	(void)s;
	return cur_starts(&c, "Cookie: ") || is_negotiation(&c) || is_connect(&c) ? PROBE_YES
										  : PROBE_NO;
}

/* UTF-16LE of a fixed room, up to its NUL, as UTF-8; surrogates become '?'. */
static const char *utf8(struct scene *s, struct cur c, size_t *size)
{
	char *text = scene_scratch(s, c.left / 2 * 3);
	*size = 0;
	while (text && c.left >= 2) {
		unsigned u = cur_le16(&c);
		if (u == 0)
			break;
		if (u >= 0xd800 && u <= 0xdfff)
			u = '?';
		if (u < 0x80) {
			text[(*size)++] = (char)u;
		} else if (u < 0x800) {
			text[(*size)++] = (char)(0xc0 | u >> 6);
			text[(*size)++] = (char)(0x80 | (u & 0x3f));
		} else {
			text[(*size)++] = (char)(0xe0 | u >> 12);
			text[(*size)++] = (char)(0x80 | (u >> 6 & 0x3f));
			text[(*size)++] = (char)(0x80 | (u & 0x3f));
		}
	}
	return text;
}

/* Adds the text, and says who the sender is with it. */
static void add_utf16(struct scene *s, const struct field *f, int key, struct cur c)
{
	size_t size;
	const char *text = utf8(s, c, &size);
	if (!text)
		return;
	fact_text(s, f, text, size);
	if (key && size > 0)
		who_sender(s, (enum identity_key)key, text, size);
}

/* --- cookie and negotiation: MS-RDPBCGR 2.2.1.1 and 2.2.1.2 ------------------------------------
 */

static void read_cookie(struct scene *s, struct cur *c)
{
	static const char mark[] = "Cookie: mstshash=";
	long end = cur_find(c, '\r');
	struct cur cookie = cur_upto(c, end < 0 ? c->left : (size_t)end);
	cur_upto(c, 2);
	fact_text(s, &field_cookie, cookie.at, cookie.left);
	if (!cur_starts(&cookie, mark))
		return;
	cur_skip(&cookie, sizeof mark - 1);
	/* The client puts the start of the user's name here. */
	if (cookie.left > 0)
		who_sender(s, ID_USER, cookie.at, cookie.left);
}

static enum parsed read_negotiation(struct scene *s, struct cur c)
{
	bool cookie = cur_starts(&c, "Cookie: ");
	bool request = cookie || cur_peek(&c, 0) == NEGOTIATE_REQUEST;
	if (request)
		ask_put(s, ROW_NEGOTIATE);
	else
		ask_take(s, ROW_NEGOTIATE);
	fact_begin(s, msg_find(msgs, ROW_NEGOTIATE, request ? DIR_REQUEST : DIR_RESPONSE));
	if (cookie)
		read_cookie(s, &c);
	if (!is_negotiation(&c))
		return PARSED_WHOLE;
	uint8_t type = cur_u8(&c);
	fact_uint(s, &field_type, type);
	fact_uint(s, &field_flags, cur_u8(&c));
	cur_skip(&c, 2);
	uint32_t value = cur_le32(&c);
	if (type == NEGOTIATE_REQUEST) {
		fact_uint(s, &field_requested, value);
	} else if (type == NEGOTIATE_RESPONSE) {
		fact_uint(s, &field_selected, value);
		fact_end(s);
		if (value != 0)
			scene_enough(s); /* TLS from here */
	} else {
		fact_uint(s, &field_failure, value);
		fact_failed(s);
	}
	return PARSED_WHOLE;
}

/* --- connect: MS-RDPBCGR 2.2.1.3 and 2.2.1.4 ---------------------------------------------------
 */

static void read_client_core(struct scene *s, struct cur c)
{
	if (!walk(s, &c, version) || !walk(s, &c, desktop))
		return;
	fact_uint(s, &field_build, cur_le32(&c));
	add_utf16(s, &field_name, ID_NAME, cur_sub(&c, NAME_SIZE));
	walk(s, &c, keyboard);
	/* What follows came with later versions, piece by piece. */
	if (c.left < 14)
		return;
	walk(s, &c, colors);
	if (c.left < PRODUCT_SIZE)
		return;
	add_utf16(s, &field_product, 0, cur_sub(&c, PRODUCT_SIZE));
	if (c.left >= 2)
		walk(s, &c, connection);
	if (c.left >= 4)
		fact_uint(s, &field_selected, cur_le32(&c));
}

static void read_client_network(struct scene *s, struct cur c)
{
	uint32_t count = cur_le32(&c);
	fact_uint(s, &field_channel_count, count);
	for (uint32_t i = 0; i < count && i < CHANNELS_MAX && c.left >= 12; i++) {
		struct cur name = cur_sub(&c, 8);
		long end = cur_find(&name, 0);
		fact_text(s, &field_channel, name.at, end < 0 ? name.left : (size_t)end);
		fact_uint(s, &field_channel_options, cur_le32(&c));
	}
}

static void read_server_network(struct scene *s, struct cur c)
{
	fact_uint(s, &field_channel_id, cur_le16(&c));
	uint16_t count = cur_le16(&c);
	fact_uint(s, &field_channel_count, count);
	for (uint16_t i = 0; i < count && i < CHANNELS_MAX && c.left >= 2; i++)
		fact_uint(s, &field_channel_id, cur_le16(&c));
}

static void read_blocks(struct scene *s, struct cur *c)
{
	while (c->left >= 4) {
		uint16_t type = cur_le16(c);
		uint16_t size = cur_le16(c);
		if (size < 4) {
			fact_violation(s);
			return;
		}
		struct cur body = cur_upto(c, size - 4u);
		fact_uint(s, &field_block, type);
		switch (type) {
		case CLIENT_CORE:
			read_client_core(s, body);
			break;
		case CLIENT_SECURITY:
			walk(s, &body, client_security);
			break;
		case CLIENT_NETWORK:
			read_client_network(s, body);
			break;
		case CLIENT_CLUSTER:
			walk(s, &body, cluster);
			break;
		case SERVER_CORE:
			walk(s, &body, version);
			if (body.left >= 4)
				fact_uint(s, &field_requested, cur_le32(&body));
			break;
		case SERVER_SECURITY:
			walk(s, &body, server_security);
			break;
		case SERVER_NETWORK:
			read_server_network(s, body);
			break;
		default:
			break;
		}
	}
}

/* X.690 8.1.3: a BER element of this tag; its content. */
static struct cur ber(struct cur *c, uint8_t tag)
{
	if (cur_u8(c) != tag)
		cur_fail(c);
	size_t size = cur_u8(c);
	if (size == 0x81)
		size = cur_u8(c);
	else if (size == 0x82)
		size = cur_be16(c);
	else if (size > 0x7f)
		cur_fail(c);
	return cur_upto(c, size);
}

/* X.691 10.9: a length of one byte, or of two with the top bit set. */
static size_t per_length(struct cur *c)
{
	size_t size = cur_u8(c);
	return size & 0x80 ? (size & 0x7f) << 8 | cur_u8(c) : size;
}

enum { BER_BOOLEAN = 1, BER_INTEGER = 2, BER_OCTETS = 4, BER_ENUMERATED = 10, BER_SEQUENCE = 0x30 };

static enum parsed read_connect(struct scene *s, struct cur c)
{
	cur_skip(&c, 1);
	bool request = cur_peek(&c, 0) == 0x65;
	struct cur in = ber(&c, request ? 0x65 : 0x66);
	uint8_t result = 0;
	if (request) {
		ber(&in, BER_OCTETS);
		ber(&in, BER_OCTETS);
		ber(&in, BER_BOOLEAN);
		ber(&in, BER_SEQUENCE);
		ber(&in, BER_SEQUENCE);
		ber(&in, BER_SEQUENCE);
	} else {
		struct cur value = ber(&in, BER_ENUMERATED);
		result = cur_u8(&value);
		ber(&in, BER_INTEGER);
		ber(&in, BER_SEQUENCE);
	}
	struct cur gcc = ber(&in, BER_OCTETS);
	cur_skip(&gcc, 7); /* T.124: its object identifier as key */
	per_length(&gcc);
	if (request) {
		cur_skip(&gcc, 8); /* conference create request, fixed by MS-RDPBCGR 4.1.3 */
	} else {
		cur_skip(&gcc, 3);            /* choice, node */
		cur_skip(&gcc, cur_u8(&gcc)); /* tag */
		cur_skip(&gcc, 4);            /* result, one set of user data, its key */
	}
	cur_skip(&gcc, 4); /* "Duca" or "McDn" */
	per_length(&gcc);
	if (!cur_ok(&in) || !cur_ok(&gcc))
		return PARSED_BAD;

	if (request) {
		scene_client(s);
		ask_put(s, ROW_CONNECT);
	} else {
		scene_server(s);
		ask_take(s, ROW_CONNECT);
	}
	fact_begin(s, msg_find(msgs, ROW_CONNECT, request ? DIR_REQUEST : DIR_RESPONSE));
	if (!request) {
		fact_uint(s, &field_result, result);
		if (result != 0)
			fact_failed(s);
	}
	read_blocks(s, &gcc);
	return PARSED_WHOLE;
}

/* --- domain PDUs: T.125 with aligned PER -------------------------------------------------------
 */

/* MS-RDPBCGR 2.2.1.11: who logs on, where RDP itself does not encrypt it. */
static void read_info(struct scene *s, struct cur c)
{
	cur_skip(&c, 8);
	uint16_t domain_size = cur_le16(&c);
	uint16_t user_size = cur_le16(&c);
	cur_skip(&c, 6); /* password, shell, directory: sizes of what is not told on */
	struct cur domain = cur_sub(&c, domain_size);
	cur_skip(&c, 2);
	struct cur user = cur_sub(&c, user_size);
	if (!cur_ok(&c))
		return;
	add_utf16(s, &field_domain, ID_DOMAIN, domain);
	add_utf16(s, &field_user, ID_USER, user);
}

static void read_send(struct scene *s, struct cur c, bool request)
{
	cur_skip(&c, 2); /* initiator */
	uint16_t channel = cur_be16(&c);
	cur_skip(&c, 1); /* priority and segmentation */
	per_length(&c);
	struct cur header = c;
	uint16_t flags = cur_le16(&header);
	cur_skip(&header, 2);
	/* The first unencrypted messages only; later ones have other headers or none. */
	uint32_t row = ROW_DOMAIN + SEND_REQUEST;
	if (request && flags & FLAG_EXCHANGE && !(flags & 0xfc) && cur_le32(&header) == header.left)
		row = ROW_SECURITY;
	else if (request && (flags & 0xfff7) == FLAG_INFO)
		row = ROW_INFO;
	else if (!request && (flags & 0xfdff) == FLAG_LICENSE)
		row = ROW_LICENSE;
	enum dir dir = row >= ROW_DOMAIN ? DIR_OTHER : request ? DIR_REQUEST : DIR_RESPONSE;
	fact_begin(s, msg_find(msgs, row, dir));
	fact_uint(s, &field_mcs_channel, channel);
	if (row == ROW_INFO && !(flags & FLAG_ENCRYPT))
		read_info(s, header);
}

static enum parsed read_domain(struct scene *s, struct cur c)
{
	uint8_t first = cur_u8(&c);
	uint8_t choice = first >> 2;
	switch (choice) {
	case SEND_REQUEST:
	case SEND_INDICATION:
		read_send(s, c, choice == SEND_REQUEST);
		return PARSED_WHOLE;
	case ATTACH_CONFIRM:
	case JOIN_CONFIRM:
		ask_take(s, choice - 1u);
		/* A confirm is numbered one above its request. */
		fact_begin(s, msg_find(msgs, ROW_DOMAIN + choice - 1, DIR_RESPONSE));
		/* Result: four bits across the byte border after the choice and an option bit. */
		unsigned result = (first & 1u) << 3 | cur_u8(&c) >> 5;
		fact_uint(s, &field_result, result);
		if (result != 0)
			fact_failed(s);
		if (choice == JOIN_CONFIRM) {
			cur_skip(&c, 2);
			fact_uint(s, &field_mcs_channel, cur_be16(&c));
		}
		return cur_ok(&c) ? PARSED_WHOLE : PARSED_BAD;
	case ERECT_DOMAIN:
	case ATTACH_REQUEST:
	case JOIN_REQUEST:
		ask_put(s, choice);
		fact_begin(s, msg_find(msgs, ROW_DOMAIN + choice, DIR_REQUEST));
		if (choice == JOIN_REQUEST) {
			cur_skip(&c, 2);
			fact_uint(s, &field_mcs_channel, cur_be16(&c));
		}
		return cur_ok(&c) ? PARSED_WHOLE : PARSED_BAD;
	case DISCONNECT:
		fact_begin(s, msg_find(msgs, ROW_DOMAIN + choice, DIR_REQUEST));
		fact_uint(s, &field_reason, (first & 3u) << 1 | cur_u8(&c) >> 7);
		return cur_ok(&c) ? PARSED_WHOLE : PARSED_BAD;
	default:
		fact_begin(s, msg_find(msgs, ROW_DOMAIN, DIR_OTHER));
		return PARSED_WHOLE;
	}
}

static enum parsed parse(struct cur c, struct scene *s)
{
	if (cur_starts(&c, "Cookie: ") || (is_negotiation(&c) && c.left <= 2 * NEGOTIATE_SIZE + 28))
		return read_negotiation(s, c);
	if (is_connect(&c))
		return read_connect(s, c);
	return read_domain(s, c);
}

const struct proto proto_rdp = {
	.name = "rdp",
	.title = "Remote Desktop",
	.standard = "MS-RDPBCGR, ITU-T T.125, T.124",
	.reads = "negotiation, client and server data, names",
	.seen = "5 captures: Windows hosts",
	.over = OVER_COTP,
	.probe = probe,
	.parse = parse,
	.asks = 8,
	.ask_size = 1,
};
