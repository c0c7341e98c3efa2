/* SMB: the NetBIOS session service (RFC 1002, 4.3) or the same four bytes straight over TCP
 * ([MS-SMB2] 2.1), and version 1, 2 or 3 in it.
 *
 * Version 1 keeps the label smb, versions 2 and 3 are smb2, the session service by itself is nbss:
 * a machine that offers version 1 among others and is answered in version 2 speaks no version 1. */
#include "sense/proto/smb.h"

/* RFC 1002, 4.3.1 */
enum session {
	SESSION_MESSAGE = 0x00,
	SESSION_REQUEST = 0x81,
	POSITIVE_RESPONSE = 0x82,
	NEGATIVE_RESPONSE = 0x83,
	RETARGET = 0x84,
	KEEP_ALIVE = 0x85,
};
enum { HEAD = 4, NAME_CODED = 34, SMB1_LEAST = 32, SMB2_LEAST = 44, SEALED_MAX = 64 };

static const struct field f_type = { "nbss.type", U8, 0, 0 };
static const struct field f_called = { "nbss.called_name", TEXT, 0, 0 };
static const struct field f_calling = { "nbss.calling_name", TEXT, 0, 0 };
static const struct field f_error = { "nbss.error_code", U8, 0, 0 };
static const struct field f_retarget_ip = { "nbss.retarget_ip", IP4, 0, 0 };
static const struct field f_retarget_port = { "nbss.retarget_port", BE16, 0, 0 };
static const struct field f_status_name = { "smb.status", TEXT, 0, 0 };

static const struct msg sessions[] = {
	{ SESSION_REQUEST, DIR_REQUEST, ACT_OTHER, EFFECT_NONE, "session_request", NULL },
	{ POSITIVE_RESPONSE, DIR_RESPONSE, ACT_OTHER, EFFECT_NONE, "session_request", NULL },
	{ NEGATIVE_RESPONSE, DIR_RESPONSE, ACT_OTHER, EFFECT_NONE, "session_request", NULL },
	{ RETARGET, DIR_RESPONSE, ACT_OTHER, EFFECT_NONE, "session_retarget", NULL },
	{ KEEP_ALIVE, DIR_OTHER, ACT_OTHER, EFFECT_NONE, "keep_alive", NULL },
	{ 0 },
};

/* --- what both versions share -------------------------------------------------------------------
 */

void smb_tree_has_pipes(struct scene *s, uint32_t tree)
{
	struct smb_state *state = s->state;
	state->pipes[state->pipe_count++ % SMB_PIPES] = tree;
}

bool smb_is_pipe(const struct scene *s, uint32_t tree)
{
	const struct smb_state *state = s->state;
	for (unsigned i = 0; i < SMB_PIPES && i < state->pipe_count; i++)
		if (state->pipes[i] == tree)
			return true;
	return false;
}

/* The ones people meet, [MS-ERREF] 2.3.1.  `refuses`: of a session setup, who asks may not in. */
static const struct {
	uint32_t status;
	bool refuses;
	const char *name;
} statuses[] = {
	{ 0x00000103, false, "PENDING" },
	{ 0x0000010b, false, "NOTIFY_CLEANUP" },
	{ 0x0000010c, false, "NOTIFY_ENUM_DIR" },
	{ 0x80000005, false, "BUFFER_OVERFLOW" },
	{ 0x80000006, false, "NO_MORE_FILES" },
	{ 0xc0000002, false, "NOT_IMPLEMENTED" },
	{ 0xc0000003, false, "INVALID_INFO_CLASS" },
	{ 0xc0000008, false, "INVALID_HANDLE" },
	{ 0xc000000d, false, "INVALID_PARAMETER" },
	{ 0xc000000f, false, "NO_SUCH_FILE" },
	{ 0xc0000010, false, "INVALID_DEVICE_REQUEST" },
	{ 0xc0000011, false, "END_OF_FILE" },
	{ 0xc0000016, false, "MORE_PROCESSING_REQUIRED" },
	{ 0xc0000022, true, "ACCESS_DENIED" },
	{ 0xc0000023, false, "BUFFER_TOO_SMALL" },
	{ 0xc0000033, false, "OBJECT_NAME_INVALID" },
	{ 0xc0000034, false, "OBJECT_NAME_NOT_FOUND" },
	{ 0xc0000035, false, "OBJECT_NAME_COLLISION" },
	{ 0xc000003a, false, "OBJECT_PATH_NOT_FOUND" },
	{ 0xc0000043, false, "SHARING_VIOLATION" },
	{ 0xc0000055, false, "LOCK_NOT_GRANTED" },
	{ 0xc0000056, false, "DELETE_PENDING" },
	{ 0xc0000064, true, "NO_SUCH_USER" },
	{ 0xc000006a, true, "WRONG_PASSWORD" },
	{ 0xc000006d, true, "LOGON_FAILURE" },
	{ 0xc000006e, true, "ACCOUNT_RESTRICTION" },
	{ 0xc000006f, true, "INVALID_LOGON_HOURS" },
	{ 0xc0000070, true, "INVALID_WORKSTATION" },
	{ 0xc0000071, true, "PASSWORD_EXPIRED" },
	{ 0xc0000072, true, "ACCOUNT_DISABLED" },
	{ 0xc000009a, false, "INSUFFICIENT_RESOURCES" },
	{ 0xc00000ac, false, "PIPE_NOT_AVAILABLE" },
	{ 0xc00000ba, false, "FILE_IS_A_DIRECTORY" },
	{ 0xc00000bb, false, "NOT_SUPPORTED" },
	{ 0xc00000c9, false, "NETWORK_NAME_DELETED" },
	{ 0xc00000cc, false, "BAD_NETWORK_NAME" },
	{ 0xc0000101, false, "DIRECTORY_NOT_EMPTY" },
	{ 0xc0000103, false, "NOT_A_DIRECTORY" },
	{ 0xc0000120, false, "CANCELLED" },
	{ 0xc0000128, false, "FILE_CLOSED" },
	{ 0xc000014b, false, "PIPE_BROKEN" },
	{ 0xc000015b, true, "LOGON_TYPE_NOT_GRANTED" },
	{ 0xc0000193, true, "ACCOUNT_EXPIRED" },
	{ 0xc0000203, false, "USER_SESSION_DELETED" },
	{ 0xc0000205, false, "INSUFF_SERVER_RESOURCES" },
	{ 0xc000020c, false, "CONNECTION_DISCONNECTED" },
	{ 0xc0000224, true, "PASSWORD_MUST_CHANGE" },
	{ 0xc0000225, false, "NOT_FOUND" },
	{ 0xc0000234, true, "ACCOUNT_LOCKED_OUT" },
	{ 0xc0000257, false, "PATH_NOT_COVERED" },
	{ 0xc000035c, false, "NETWORK_SESSION_EXPIRED" },
	{ 0 },
};

bool smb_failed(uint32_t status)
{
	return status >> 30 == 3 && status != 0xc0000016;
}

bool smb_refuses(uint32_t status)
{
	for (size_t i = 0; statuses[i].name; i++)
		if (statuses[i].status == status)
			return statuses[i].refuses;
	return false;
}

void smb_tell_status(struct scene *s, const struct field *number, uint32_t status)
{
	fact_uint(s, number, status);
	for (size_t i = 0; statuses[i].name; i++)
		if (statuses[i].status == status)
			fact_text(s, &f_status_name, statuses[i].name, strlen(statuses[i].name));
	if (smb_failed(status))
		fact_failed(s);
}

void smb_tell(struct scene *s, const struct field *f, struct utf8 text)
{
	if (text.size)
		fact_text(s, f, text.at, text.size);
}

/* A message cut by its capture keeps what stands in front. */
void smb_calls(struct scene *s, struct cur c, uint32_t file)
{
	struct smb_state *state = s->state;
	if (!cur_ok(&c) || !dcerpc_begins(c))
		return;
	fact_end(s);
	if (dcerpc_pdus(c, s, &state->calls, file) == PARSED_BAD)
		fact_drop(s);
}

/* --- is it ours? --------------------------------------------------------------------------------
 */

static bool letters_only(struct cur name)
{
	for (size_t i = 0; i < name.left; i++)
		if (cur_peek(&name, i) < 'A' || cur_peek(&name, i) > 'P')
			return false;
	return true;
}

/* Two names of 32 letters each, RFC 1001, 14.1; scopes are not used by anybody. */
static bool is_session_request(struct cur c)
{
	for (unsigned i = 0; i < 2; i++) {
		uint8_t size = cur_u8(&c);
		struct cur name = cur_sub(&c, NAME_CODED - 2);
		uint8_t end = cur_u8(&c);
		if (!cur_ok(&c) || size != NAME_CODED - 2 || end != 0 || !letters_only(name))
			return false;
	}
	return true;
}

static size_t least(struct cur message)
{
	int first = cur_peek(&message, 0);
	cur_skip(&message, 1);
	if (!cur_starts(&message, "SMB"))
		return 0;
	return first == 0xff ? SMB1_LEAST : first >= 0xfc ? SMB2_LEAST : 0;
}

static long frame(struct cur c, struct scene *s)
{
	(void)s;
	if (c.left < HEAD)
		return FRAME_MORE;
	uint8_t type = cur_u8(&c);
	uint32_t size = cur_be24(&c);
	switch (type) {
	case SESSION_MESSAGE:
		if (size && c.left < 4)
			return FRAME_MORE;
		return size && (!least(c) || size < least(c)) ? FRAME_LOST : (long)size + HEAD;
	case SESSION_REQUEST:
		return size == 2 * NAME_CODED ? (long)size + HEAD : FRAME_LOST;
	case NEGATIVE_RESPONSE:
		return size == 1 ? (long)size + HEAD : FRAME_LOST;
	case RETARGET:
		return size == 6 ? (long)size + HEAD : FRAME_LOST;
	case POSITIVE_RESPONSE:
	case KEEP_ALIVE:
		return size == 0 ? HEAD : FRAME_LOST;
	default:
		return FRAME_LOST;
	}
}

/* Answers of four bytes prove nothing: what comes behind them does. */
static enum probe probe(struct cur c, const struct scene *s)
{
	(void)s;
	while (c.left >= HEAD) {
		int type = cur_peek(&c, 0);
		long size = frame(c, NULL);
		if (size == FRAME_LOST)
			return PROBE_NO;
		if (size == FRAME_MORE)
			return PROBE_MORE;
		cur_skip(&c, HEAD);
		if (type == SESSION_REQUEST)
			return c.left < 2 * NAME_CODED  ? PROBE_MORE
				: is_session_request(c) ? PROBE_YES
							: PROBE_NO;
		if (type == SESSION_MESSAGE)
			return size > HEAD ? PROBE_YES : PROBE_NO;
		if (type != POSITIVE_RESPONSE && type != KEEP_ALIVE)
			return PROBE_NO;
	}
	int type = cur_peek(&c, 0);
	return type < 0 || type == SESSION_MESSAGE || (type >= 0x81 && type <= 0x85) ? PROBE_MORE
										     : PROBE_NO;
}

/* --- the session service ------------------------------------------------------------------------
 */

/* RFC 1001, 14.1: half a byte a letter.  The last of sixteen says what kind of name it is. */
static struct utf8 name_of(struct scene *s, struct cur *c)
{
	cur_skip(c, 1);
	struct cur coded = cur_sub(c, NAME_CODED - 2);
	cur_skip(c, 1);
	char *text = scene_scratch(s, 15);
	if (!text || !cur_ok(c))
		return (struct utf8){ 0 };
	size_t size = 0;
	for (size_t i = 0; i < 15; i++) {
		uint8_t high = cur_u8(&coded), low = cur_u8(&coded);
		text[i] = (char)(((high - 'A') & 0xf) << 4 | ((low - 'A') & 0xf));
		if (text[i] != ' ' && text[i] != 0)
			size = i + 1;
	}
	return (struct utf8){ text, size };
}

static enum parsed parse_session(struct cur c, struct scene *s, uint8_t type)
{
	const struct msg *row = msg_find(sessions, type,
		type == SESSION_REQUEST      ? DIR_REQUEST
			: type == KEEP_ALIVE ? DIR_OTHER
					     : DIR_RESPONSE);
	scene_label(s, "nbss");
	fact_begin(s, row);
	fact_uint(s, &f_type, type);
	if (type == SESSION_REQUEST) {
		struct utf8 called = name_of(s, &c), calling = name_of(s, &c);
		smb_tell(s, &f_called, called);
		smb_tell(s, &f_calling, calling);
		if (calling.size && calling.at[0] != '*')
			who_sender(s, ID_NAME, calling.at, calling.size);
	} else if (type == NEGATIVE_RESPONSE) {
		fact_uint(s, &f_error, cur_u8(&c));
		fact_failed(s);
	} else if (type == RETARGET) {
		const uint8_t *ip = cur_take(&c, 4);
		if (ip)
			fact_ip(s, &f_retarget_ip, ip, 4);
		fact_uint(s, &f_retarget_port, cur_be16(&c));
	}
	return cur_ok(&c) ? PARSED_WHOLE : PARSED_BAD;
}

static enum parsed parse(struct cur c, struct scene *s)
{
	struct smb_state *state = s->state;
	uint8_t type = cur_u8(&c);
	cur_skip(&c, HEAD - 1);
	if (!c.left && type == SESSION_MESSAGE)
		return PARSED_WHOLE;
	if (type != SESSION_MESSAGE)
		return parse_session(c, s, type);
	/* Bytes that stay sealed for good are not worth holding: a whole session is encrypted. */
	if (cur_peek(&c, 0) != 0xfd)
		state->sealed = 0;
	else if (++state->sealed == SEALED_MAX)
		scene_enough(s);
	enum parsed done = cur_peek(&c, 0) == 0xff ? smb1_parse(c, s) : smb2_parse(c, s);
	return done == PARSED_BAD && s->cut ? PARSED_CUT : done;
}

const struct proto proto_smb = {
	.name = "smb",
	.also = { "smb2", "nbss" },
	.title = "Server Message Block",
	.standard = "MS-CIFS, MS-SMB, MS-SMB2, RFC 1002",
	.reads = "versions 1 to 3: sessions, shares, files, logins, names; calls in pipes",
	.seen = "16 captures: Windows hosts, domain controllers, EternalBlue, Zerologon",
	.over = OVER_TCP,
	.begins = "00 81-85",
	.probe = probe,
	.frame = frame,
	.parse = parse,
	.state_size = sizeof(struct smb_state),
	.asks = 24,
	.ask_size = sizeof(struct smb_asked),
};
