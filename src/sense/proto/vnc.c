/* VNC, the remote framebuffer protocol: RFC 6143 (3.8), and 3.3 and 3.7 as its section 7.1
 * describes them.  Read up to the moment the screen is shared: who, how it was proved, what it is
 * called. */
#include "sense/proto.h"

enum {
	VERSION_SIZE = 12, /* "RFB 003.008\n" */
	CHALLENGE_SIZE = 16,
	INIT_SIZE = 24,       /* of ServerInit before the name (7.3.2) */
	TEXT_MAX_SIZE = 4096, /* of a reason or a name: longer ones are no VNC */
};
/* Security types, 7.1.2. */
enum { SECURITY_NONE = 1, SECURITY_VNC = 2 };

/* The two sides take turns until the screen is shared: one phase, and whose turn it is. */
enum phase {
	SERVER_VERSION,
	CLIENT_VERSION,
	SECURITY, /* the server's types (3.7 on), or the one it has chosen (3.3) */
	CHOICE,   /* the client's, 3.7 on */
	CHALLENGE,
	RESPONSE,
	RESULT,
	REASON, /* after a no */
	CLIENT_INIT,
	SERVER_INIT,
	DONE,
};
enum { SERVER, CLIENT, NOBODY };
static const uint8_t speaker[] = {
	[SERVER_VERSION] = SERVER,
	[CLIENT_VERSION] = CLIENT,
	[SECURITY] = SERVER,
	[CHOICE] = CLIENT,
	[CHALLENGE] = SERVER,
	[RESPONSE] = CLIENT,
	[RESULT] = SERVER,
	[REASON] = SERVER,
	[CLIENT_INIT] = CLIENT,
	[SERVER_INIT] = SERVER,
	[DONE] = NOBODY,
};

static const struct msg msgs[] = {
	[SERVER_VERSION] = { SERVER_VERSION, DIR_OTHER, ACT_IDENTIFY, EFFECT_NONE, "version" },
	[CLIENT_VERSION] = { CLIENT_VERSION, DIR_OTHER, ACT_IDENTIFY, EFFECT_NONE, "version" },
	[SECURITY] = { SECURITY, DIR_REQUEST, ACT_OTHER, EFFECT_NONE, "security" },
	[CHOICE] = { CHOICE, DIR_RESPONSE, ACT_OTHER, EFFECT_NONE, "security" },
	[CHALLENGE] = { CHALLENGE, DIR_REQUEST, ACT_OTHER, EFFECT_NONE, "authentication" },
	[RESPONSE] = { RESPONSE, DIR_RESPONSE, ACT_OTHER, EFFECT_LOGIN, "authentication" },
	[RESULT] = { RESULT, DIR_OTHER, ACT_OTHER, EFFECT_NONE, "result" },
	[REASON] = { REASON, DIR_OTHER, ACT_OTHER, EFFECT_NONE, "reason" },
	[CLIENT_INIT] = { CLIENT_INIT, DIR_REQUEST, ACT_CONTROL, EFFECT_NONE, "share_screen" },
	[SERVER_INIT] = { SERVER_INIT, DIR_RESPONSE, ACT_IDENTIFY, EFFECT_NONE, "share_screen" },
};
static const struct msg refused = { RESULT, DIR_OTHER, ACT_OTHER, EFFECT_REFUSED, "result" };

static const struct field server_version = { "vnc.server_proto_ver", TEXT };
static const struct field client_version = { "vnc.client_proto_ver", TEXT };
static const struct field type_count = { "vnc.num_security_types", U8 };
static const struct field types = { "vnc.security_type", U8 };
static const struct field server_type = { "vnc.server_security_type", BE32, 0, 255 };
static const struct field client_type = { "vnc.client_security_type", U8 };
static const struct field challenge = { "vnc.auth_challenge", BYTES };
static const struct field response = { "vnc.auth_response",
	TEXT }; /* yields the password to a guesser */
static const struct field result = { "vnc.auth_result", BE32, 0, 2 };
static const struct field reason = { "vnc.auth_error", TEXT };
static const struct field shared = { "vnc.share_desktop_flag", U8 };
static const struct field screen[] = {
	{ "vnc.width", BE16 },
	{ "vnc.height", BE16 },
	{ "vnc.server_bits_per_pixel", U8 },
	{ "vnc.server_depth", U8 },
	{ "vnc.server_big_endian_flag", U8 },
	{ "vnc.server_true_color_flag", U8 },
	{ "vnc.server_red_max", BE16 },
	{ "vnc.server_green_max", BE16 },
	{ "vnc.server_blue_max", BE16 },
	{ "vnc.server_red_shift", U8 },
	{ "vnc.server_green_shift", U8 },
	{ "vnc.server_blue_shift", U8 },
	{ "", SKIP, 3 },
	{ 0 },
};
static const struct field desktop_name = { "vnc.desktop_name", TEXT };

struct state {
	uint8_t server; /* side, plus one; 0: nobody knows */
	uint8_t phase;
	uint8_t offered; /* minor version of the server */
	uint8_t minor;   /* version in use: 3, 7 or 8 */
};

/* "RFB 003.008\n": the minor version, or -1. */
static int version_of(struct cur c)
{
	if (c.left < VERSION_SIZE || !cur_starts(&c, "RFB "))
		return -1;
	int minor = 0;
	for (size_t at = 4; at < VERSION_SIZE - 1; at++) {
		int byte = cur_peek(&c, at);
		if (at == 7 ? byte != '.' : byte < '0' || byte > '9')
			return -1;
		if (at > 7)
			minor = minor * 10 + byte - '0';
	}
	return cur_peek(&c, VERSION_SIZE - 1) == '\n' ? minor : -1;
}

static enum probe probe(struct cur c, const struct scene *s)
{
	(void)s;
	if (c.left >= VERSION_SIZE)
		return version_of(c) >= 0 ? PROBE_YES : PROBE_NO;
	return c.left >= 4 && cur_starts(&c, "RFB ") ? PROBE_MORE : PROBE_NO;
}

/* The server speaks first (7.1.1). */
static unsigned role(const struct scene *s)
{
	struct state *st = s->state;
	if (!st->server)
		st->server = (uint8_t)(s->client >= 0 ? 2 - s->client : s->side + 1);
	return s->side + 1 == st->server ? SERVER : CLIENT;
}

/* A text with its BE32 length, behind a head of fixed size. */
static long frame_text(struct cur c, size_t head)
{
	cur_skip(&c, head);
	uint32_t size = cur_be32(&c);
	if (!cur_ok(&c))
		return FRAME_MORE;
	return size <= TEXT_MAX_SIZE ? (long)(head + 4 + size) : FRAME_LOST;
}

static long frame(struct cur c, struct scene *s)
{
	const struct state *st = s->state;
	if (role(s) != speaker[st->phase])
		return FRAME_MORE; /* not yet: what the other side says next decides what this is */
	switch ((enum phase)st->phase) {
	case SERVER_VERSION:
	case CLIENT_VERSION:
		if (c.left < VERSION_SIZE)
			return FRAME_MORE;
		return version_of(c) < 0 ? FRAME_LOST : VERSION_SIZE;
	case SECURITY:
		return st->minor == 3 ? 4 : 1 + cur_peek(&c, 0);
	case CHOICE:
	case CLIENT_INIT:
		return 1;
	case CHALLENGE:
	case RESPONSE:
		return CHALLENGE_SIZE;
	case RESULT:
		return 4;
	case REASON:
		return frame_text(c, 0);
	case SERVER_INIT:
		return frame_text(c, INIT_SIZE - 4);
	case DONE:
		break;
	}
	return FRAME_LOST;
}

/* --- messages --- */

static void parse_version(struct cur c, struct scene *s, const struct field *f)
{
	struct state *st = s->state;
	int minor = version_of(c);
	cur_skip(&c, 4);
	fact_text(s, f, c.at, 7);
	/* What is not known goes the way of the version below (7.1.1). */
	uint8_t known = (uint8_t)(minor >= 8 ? 8 : minor == 7 ? 7 : 3);
	if (st->phase == SERVER_VERSION) {
		st->offered = known;
		scene_server(s);
	} else {
		st->minor = known < st->offered ? known : st->offered;
	}
	st->phase++;
}

/* What follows when the security type is settled. */
static void settle(struct scene *s, uint32_t type)
{
	struct state *st = s->state;
	if (type == SECURITY_VNC)
		st->phase = CHALLENGE;
	else if (type == SECURITY_NONE)
		st->phase = st->minor == 8 ? RESULT : CLIENT_INIT;
	else
		scene_enough(s); /* encrypted, or a maker's own */
}

static void parse_security(struct cur c, struct scene *s)
{
	struct state *st = s->state;
	if (st->minor == 3) {
		uint32_t type = cur_be32(&c);
		fact_uint(s, &server_type, type);
		if (type == 0)
			st->phase = REASON;
		else
			settle(s, type);
		return;
	}
	uint8_t count = cur_u8(&c);
	fact_uint(s, &type_count, count);
	while (c.left)
		fact_uint(s, &types, cur_u8(&c));
	st->phase = count ? CHOICE : REASON;
}

static void parse_result(struct cur c, struct scene *s)
{
	struct state *st = s->state;
	uint32_t no = cur_be32(&c);
	fact_begin(s, no ? &refused : &msgs[RESULT]);
	if (no)
		fact_failed(s);
	fact_uint(s, &result, no);
	if (!no)
		st->phase = CLIENT_INIT;
	else if (st->minor == 8)
		st->phase = REASON;
	else
		st->phase = DONE;
}

static void parse_init(struct cur c, struct scene *s)
{
	walk(s, &c, screen);
	struct cur name = cur_sub(&c, cur_be32(&c));
	if (!cur_ok(&name))
		return;
	fact_text(s, &desktop_name, name.at, name.left);
	who_sender(s, ID_DESCRIPTION, name.at, name.left);
}

static enum parsed parse(struct cur c, struct scene *s)
{
	struct state *st = s->state;
	struct cur text;
	if (st->phase != RESULT)
		fact_begin(s, &msgs[st->phase]);
	switch ((enum phase)st->phase) {
	case SERVER_VERSION:
		parse_version(c, s, &server_version);
		break;
	case CLIENT_VERSION:
		parse_version(c, s, &client_version);
		break;
	case SECURITY:
		parse_security(c, s);
		break;
	case CHOICE: {
		uint8_t type = cur_u8(&c);
		fact_uint(s, &client_type, type);
		settle(s, type);
		break;
	}
	case CHALLENGE:
		fact_bytes(s, &challenge, c.at, c.left);
		st->phase = RESPONSE;
		break;
	case RESPONSE:
		fact_secret(s, &response, c.at, c.left);
		st->phase = RESULT;
		break;
	case RESULT:
		parse_result(c, s);
		break;
	case REASON:
		text = cur_sub(&c, cur_be32(&c));
		fact_text(s, &reason, text.at, text.left);
		st->phase = DONE;
		break;
	case CLIENT_INIT:
		fact_uint(s, &shared, cur_u8(&c));
		st->phase = SERVER_INIT;
		break;
	case SERVER_INIT:
		parse_init(c, s);
		st->phase = DONE;
		break;
	case DONE:
		fact_drop(s);
		break;
	}
	fact_end(s);
	if (st->phase == DONE)
		scene_enough(s); /* pictures and pointer movements */
	return PARSED_WHOLE;
}

/* Whose turn it is cannot be known behind a hole. */
static void gap(struct scene *s)
{
	struct state *st = s->state;
	st->phase = DONE;
	scene_enough(s);
}

const struct proto proto_vnc = {
	.name = "vnc",
	.title = "VNC",
	.standard = "RFC 6143",
	.reads = "versions, security types, the desktop's name",
	.seen = "2 captures: a server, a scanner",
	.over = OVER_TCP,
	.begins = "52",
	.probe = probe,
	.frame = frame,
	.parse = parse,
	.gap = gap,
	.state_size = sizeof(struct state),
};
