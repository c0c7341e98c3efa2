/* SMB versions 2 and 3: [MS-SMB2] 2.2.1 (header), 2.2.3 to 2.2.40 (commands), 2.2.41 and 2.2.42
 * (sealed and compressed messages). */
#include "sense/proto/smb.h"

#include "base/hash.h"

enum { HEADER = 64, COMPOUND_MAX = 32, CONTEXTS_MAX = 16, ALGORITHMS_MAX = 16 };
enum { FLAG_ANSWER = 1, FLAG_ASYNC = 2 };
enum { FIRST_SEALED = 0xfd, FIRST_COMPRESSED = 0xfc, SHARE_PIPE = 2 };
enum command {
	NEGOTIATE,
	SESSION_SETUP,
	LOGOFF,
	TREE_CONNECT,
	TREE_DISCONNECT,
	CREATE,
	CLOSE,
	FLUSH,
	READ,
	WRITE,
	LOCK,
	IOCTL,
	CANCEL,
	ECHO,
	QUERY_DIRECTORY,
	CHANGE_NOTIFY,
	QUERY_INFO,
	SET_INFO,
	OPLOCK_BREAK,
};
/* [MS-FSCC] 2.4, of SET_INFO on a file */
enum { INFO_FILE = 1, FILE_RENAME = 10, FILE_DISPOSITION = 13 };

static const struct field f_cmd = { "smb2.cmd", LE16, 0, 18 };
static const struct field f_status = { "smb2.nt_status", LE32, 0, 0 };
static const struct field f_flags = { "smb2.flags", LE32, 0, 0 };
static const struct field f_message = { "smb2.msg_id", LE64 | NUMBERING };
static const struct field f_tree = { "smb2.tid", LE32, 0, 0 };
static const struct field f_async = { "smb2.aid", LE64, 0, 0 };
static const struct field f_session = { "smb2.sesid", LE64, 0, 0 };
static const struct field f_dialect = { "smb2.dialect", LE16, 0, 0 };
static const struct field f_security_mode = { "smb2.sec_mode", U8, 0, 0 };
static const struct field f_capabilities = { "smb2.capabilities", LE32, 0, 0 };
static const struct field f_client_guid = { "smb2.client_guid", BYTES, 16, 0 };
static const struct field f_server_guid = { "smb2.server_guid", BYTES, 16, 0 };
static const struct field f_max_transaction = { "smb2.max_trans_size", LE32, 0, 0 };
static const struct field f_max_read = { "smb2.max_read_size", LE32, 0, 0 };
static const struct field f_max_write = { "smb2.max_write_size", LE32, 0, 0 };
static const struct field f_context = { "smb2.negotiate_context.type", LE16, 0, 0 };
static const struct field f_hash = { "smb2.negotiate_context.hash_algorithm", LE16, 0, 0 };
static const struct field f_cipher = { "smb2.negotiate_context.cipher_id", LE16, 0, 0 };
static const struct field f_compression = { "smb2.negotiate_context.comp_alg_id", LE16, 0, 0 };
static const struct field f_signing = { "smb2.negotiate_context.signing_id", LE16, 0, 0 };
static const struct field f_netname = { "smb2.negotiate_context.netname", TEXT, 0, 0 };
static const struct field f_session_flags = { "smb2.session_flags", LE16, 0, 0 };
static const struct field f_path = { "smb2.tree", TEXT, 0, 0 };
static const struct field f_share_type = { "smb2.share_type", U8, 1, 3 };
static const struct field f_share_flags = { "smb2.share_flags", LE32, 0, 0 };
static const struct field f_file = { "smb2.filename", TEXT, 0, 0 };
static const struct field f_access = { "smb2.access_mask", LE32, 0, 0 };
static const struct field f_disposition = { "smb2.create.disposition", LE32, 0, 5 };
static const struct field f_create_action = { "smb2.create.action", LE32, 0, 0 };
static const struct field f_eof = { "smb2.eof", LE64, 0, 0 };
static const struct field f_fid = { "smb2.fid", BYTES, 16, 0 };
static const struct field f_read_length = { "smb2.read_length", LE32, 0, 0 };
static const struct field f_write_length = { "smb2.write_length", LE32, 0, 0 };
static const struct field f_written = { "smb2.write.count", LE32, 0, 0 };
static const struct field f_offset = { "smb2.file_offset", LE64, 0, 0 };
static const struct field f_function = { "smb2.ioctl.function", LE32, 0, 0 };
static const struct field f_class = { "smb2.class", U8, 0, 0 };
static const struct field f_level = { "smb2.info_level", U8, 0, 0 };
static const struct field f_pattern = { "smb2.find.pattern", TEXT, 0, 0 };
static const struct field f_new_name = { "smb2.rename.target", TEXT, 0, 0 };
static const struct field f_sealed_size = { "smb2.transform.msg_size", LE32, 0, 0 };
static const struct field f_packed_size = { "smb2.compression.original_size", LE32, 0, 0 };
static const struct field f_algorithm = { "smb2.compression.algorithm", LE16, 0, 0 };

#define PLAIN(code, name) BOTH(code, ACT_OTHER, EFFECT_NONE, name)

static const struct msg commands[] = {
	PLAIN(NEGOTIATE, "negotiate"),
	PLAIN(SESSION_SETUP, "session_setup"),
	PLAIN(LOGOFF, "logoff"),
	PLAIN(TREE_CONNECT, "tree_connect"),
	PLAIN(TREE_DISCONNECT, "tree_disconnect"),
	PLAIN(CREATE, "create"),
	PLAIN(CLOSE, "close"),
	PLAIN(FLUSH, "flush"),
	BOTH(READ, ACT_READ, EFFECT_FILE, "read"),
	BOTH(WRITE, ACT_WRITE, EFFECT_FILE, "write"),
	PLAIN(LOCK, "lock"),
	PLAIN(IOCTL, "ioctl"),
	PLAIN(CANCEL, "cancel"),
	PLAIN(ECHO, "echo"),
	BOTH(QUERY_DIRECTORY, ACT_READ, EFFECT_NONE, "query_directory"),
	PLAIN(CHANGE_NOTIFY, "change_notify"),
	BOTH(QUERY_INFO, ACT_READ, EFFECT_NONE, "query_info"),
	BOTH(SET_INFO, ACT_WRITE, EFFECT_NONE, "set_info"),
	PLAIN(OPLOCK_BREAK, "oplock_break"),
	{ 0 },
};
/* Calls pass through pipes: no files. */
static const struct msg pipe_commands[] = {
	BOTH(READ, ACT_READ, EFFECT_NONE, "read"),
	BOTH(WRITE, ACT_WRITE, EFFECT_NONE, "write"),
	{ 0 },
};
static const struct msg changes[] = {
	BOTH(FILE_RENAME, ACT_WRITE, EFFECT_FILE, "rename"),
	BOTH(FILE_DISPOSITION, ACT_WRITE, EFFECT_FILE, "delete"),
	{ 0 },
};
static const struct msg logins[] = { BOTH(SESSION_SETUP, ACT_OTHER, EFFECT_LOGIN, "session_setup"),
	{ 0 } };
static const struct msg refusals[] = {
	BOTH(SESSION_SETUP, ACT_OTHER, EFFECT_REFUSED, "session_setup"), { 0 }
};
static const struct msg unknown[] = { PLAIN(0, "unknown_command"), { 0 } };
static const struct msg sealed = { 0, DIR_OTHER, ACT_OTHER, EFFECT_NONE, "encrypted", NULL };
static const struct msg packed = { 0, DIR_OTHER, ACT_OTHER, EFFECT_NONE, "compressed", NULL };

/* One message of a compound at hand. */
struct message {
	struct scene *s;
	struct cur whole; /* from its header on: offsets count from here */
	struct cur body;
	uint32_t status, flags, tree;
	uint32_t home; /* its tree, also where a compound leaves that to the message before */
	uint64_t id, session, async;
	uint16_t command;
	bool answer;
};

/* --- parts --------------------------------------------------------------------------------------
 */

static struct cur part(const struct message *m, size_t offset, size_t size)
{
	struct cur c = m->whole;
	cur_skip(&c, offset);
	return cur_upto(&c, size);
}

/* An offset and a size, two bytes each, and what they point at. */
static struct cur part_of(const struct message *m, struct cur *c)
{
	uint16_t offset = cur_le16(c), size = cur_le16(c);
	return size ? part(m, offset, size) : cur_bad();
}

static void tell_utf16(struct scene *s, const struct field *f, struct cur c)
{
	smb_tell(s, f, utf8_of_utf16(s, c));
}

static void tell_bytes(struct scene *s, const struct field *f, struct cur *c, size_t size)
{
	const uint8_t *bytes = cur_take(c, size);
	if (bytes)
		fact_bytes(s, f, bytes, size);
}

/* A file's id is sixteen bytes; these tell apart those of one conversation. */
static uint32_t short_name(struct cur *c)
{
	uint64_t persistent = cur_le64(c), transient = cur_le64(c);
	return (uint32_t)hash_mix(persistent ^ transient << 1, 3);
}

/* --- negotiate, log in --------------------------------------------------------------------------
 */

static void tell_numbers(struct scene *s, const struct field *f, struct cur *c, unsigned count)
{
	for (unsigned i = 0; i < count && i < ALGORITHMS_MAX && c->left >= 2; i++)
		fact_uint(s, f, cur_le16(c));
}

/* [MS-SMB2] 2.2.3.1: of version 3.1.1 on */
static void tell_contexts(const struct message *m, size_t offset, unsigned count)
{
	struct scene *s = m->s;
	struct cur c = part(m, offset, m->whole.left);
	for (unsigned i = 0; i < count && i < CONTEXTS_MAX && c.left >= 8; i++) {
		uint16_t type = cur_le16(&c), size = cur_le16(&c);
		cur_skip(&c, 4);
		struct cur in = cur_upto(&c, size);
		(void)cur_upto(&c, 7u & (0u - size));
		fact_uint(s, &f_context, type);
		uint16_t entries = type != 5 ? cur_le16(&in) : 0;
		switch (type) {
		case 1:
			cur_skip(&in, 2); /* size of the salt */
			tell_numbers(s, &f_hash, &in, entries);
			break;
		case 2:
			tell_numbers(s, &f_cipher, &in, entries);
			break;
		case 3:
			cur_skip(&in, 6);
			tell_numbers(s, &f_compression, &in, entries);
			break;
		case 5:
			tell_utf16(s, &f_netname, in);
			break;
		case 8:
			tell_numbers(s, &f_signing, &in, entries);
			break;
		default:
			break;
		}
	}
}

static void negotiate_request(const struct message *m, struct cur c)
{
	struct scene *s = m->s;
	uint16_t count = cur_le16(&c);
	fact_uint(s, &f_security_mode, cur_le16(&c));
	cur_skip(&c, 2);
	fact_uint(s, &f_capabilities, cur_le32(&c));
	tell_bytes(s, &f_client_guid, &c, 16);
	/* With 3.1.1 among the dialects: where contexts stand; before it a start time, zero. */
	uint32_t offset = cur_le32(&c);
	uint16_t contexts = cur_le16(&c);
	cur_skip(&c, 2);
	bool extended = false;
	for (unsigned i = 0; i < count && i < ALGORITHMS_MAX && c.left >= 2; i++) {
		uint16_t dialect = cur_le16(&c);
		fact_uint(s, &f_dialect, dialect);
		extended |= dialect == 0x0311;
	}
	if (extended)
		tell_contexts(m, offset, contexts);
}

static void negotiate_answer(const struct message *m, struct cur c)
{
	struct scene *s = m->s;
	fact_uint(s, &f_security_mode, cur_le16(&c));
	uint16_t dialect = cur_le16(&c);
	fact_uint(s, &f_dialect, dialect);
	uint16_t contexts = cur_le16(&c);
	tell_bytes(s, &f_server_guid, &c, 16);
	fact_uint(s, &f_capabilities, cur_le32(&c));
	fact_uint(s, &f_max_transaction, cur_le32(&c));
	fact_uint(s, &f_max_read, cur_le32(&c));
	fact_uint(s, &f_max_write, cur_le32(&c));
	cur_skip(&c, 16); /* times */
	struct cur blob = part_of(m, &c);
	if (cur_ok(&blob))
		ntlm_tell(s, blob, true);
	uint32_t offset = cur_le32(&c);
	if (dialect == 0x0311)
		tell_contexts(m, offset, contexts);
}

static struct cur blob_of(const struct message *m)
{
	struct cur c = m->body;
	cur_skip(&c, m->answer ? 2 : 10);
	return part_of(m, &c);
}

static void session_setup(const struct message *m, struct cur c)
{
	if (m->answer) {
		fact_uint(m->s, &f_session_flags, cur_le16(&c));
	} else {
		cur_skip(&c, 1);
		fact_uint(m->s, &f_security_mode, cur_u8(&c));
		fact_uint(m->s, &f_capabilities, cur_le32(&c));
	}
	struct cur blob = blob_of(m);
	if (cur_ok(&blob))
		ntlm_tell(m->s, blob, true);
}

/* --- trees and files ----------------------------------------------------------------------------
 */

static void tree_connect(const struct message *m, struct cur c)
{
	if (!m->answer) {
		cur_skip(&c, 2);
		tell_utf16(m->s, &f_path, part_of(m, &c));
		return;
	}
	uint8_t type = cur_u8(&c);
	fact_uint(m->s, &f_share_type, type);
	cur_skip(&c, 1);
	fact_uint(m->s, &f_share_flags, cur_le32(&c));
	fact_uint(m->s, &f_capabilities, cur_le32(&c));
	fact_uint(m->s, &f_access, cur_le32(&c));
	if (type == SHARE_PIPE)
		smb_tree_has_pipes(m->s, m->tree);
}

static void create(const struct message *m, struct cur c)
{
	struct scene *s = m->s;
	if (m->answer) {
		cur_skip(&c, 2);
		fact_uint(s, &f_create_action, cur_le32(&c));
		cur_skip(&c, 40); /* times, allocation */
		fact_uint(s, &f_eof, cur_le64(&c));
		cur_skip(&c, 8); /* attributes */
		tell_bytes(s, &f_fid, &c, 16);
		return;
	}
	cur_skip(&c, 22); /* security, lock, impersonation, flags */
	fact_uint(s, &f_access, cur_le32(&c));
	cur_skip(&c, 8); /* attributes, sharing */
	fact_uint(s, &f_disposition, cur_le32(&c));
	cur_skip(&c, 4);
	tell_utf16(s, &f_file, part_of(m, &c));
}

static void read_file(const struct message *m, struct cur c)
{
	if (m->answer) {
		cur_skip(&c, 2);
		fact_uint(m->s, &f_read_length, cur_le32(&c));
		return;
	}
	cur_skip(&c, 2);
	fact_uint(m->s, &f_read_length, cur_le32(&c));
	fact_uint(m->s, &f_offset, cur_le64(&c));
	tell_bytes(m->s, &f_fid, &c, 16);
}

static void write_file(const struct message *m, struct cur c)
{
	cur_skip(&c, 2);
	if (m->answer) {
		fact_uint(m->s, &f_written, cur_le32(&c));
		return;
	}
	fact_uint(m->s, &f_write_length, cur_le32(&c));
	fact_uint(m->s, &f_offset, cur_le64(&c));
	tell_bytes(m->s, &f_fid, &c, 16);
}

/* What passes through a file: where it stands in the message, and which file. */
static struct cur passed(const struct message *m, struct cur c, uint32_t *file)
{
	enum { FSCTL_PIPE_TRANSCEIVE = 0x0011c017 }; /* [MS-FSCC] 2.3.49 */
	size_t at = 0, size = 0;
	if (m->command == READ && m->answer) {
		at = cur_u8(&c);
		cur_skip(&c, 1);
		size = cur_le32(&c);
		return part(m, at, size);
	}
	if (m->command == WRITE && !m->answer) {
		at = cur_le16(&c);
		size = cur_le32(&c);
		cur_skip(&c, 8);
		*file = short_name(&c);
		return part(m, at, size);
	}
	if (m->command != IOCTL)
		return cur_bad();
	cur_skip(&c, 2);
	uint32_t function = cur_le32(&c);
	*file = short_name(&c);
	if (m->answer)
		cur_skip(&c, 8); /* what was asked with */
	at = cur_le32(&c);
	size = cur_le32(&c);
	return function == FSCTL_PIPE_TRANSCEIVE ? part(m, at, size) : cur_bad();
}

static uint32_t file_read(struct cur c)
{
	cur_skip(&c, 2 + 4 + 8);
	return short_name(&c);
}

static void query_directory(const struct message *m, struct cur c)
{
	fact_uint(m->s, &f_level, cur_u8(&c));
	cur_skip(&c, 5);
	tell_bytes(m->s, &f_fid, &c, 16);
	tell_utf16(m->s, &f_pattern, part_of(m, &c));
}

static void query_info(const struct message *m, struct cur c)
{
	fact_uint(m->s, &f_class, cur_u8(&c));
	fact_uint(m->s, &f_level, cur_u8(&c));
	cur_skip(&c, 20);
	tell_bytes(m->s, &f_fid, &c, 16);
}

static void set_info(const struct message *m, struct cur c)
{
	uint8_t class = cur_u8(&c), level = cur_u8(&c);
	fact_uint(m->s, &f_class, class);
	fact_uint(m->s, &f_level, level);
	uint32_t size = cur_le32(&c);
	uint16_t offset = cur_le16(&c);
	cur_skip(&c, 6);
	tell_bytes(m->s, &f_fid, &c, 16);
	if (class != INFO_FILE || level != FILE_RENAME)
		return;
	struct cur info = part(m, offset, size); /* [MS-FSCC] 2.4.37.2 */
	cur_skip(&info, 16);
	uint32_t name = cur_le32(&info);
	tell_utf16(m->s, &f_new_name, cur_upto(&info, name));
}

static void tell_fid(const struct message *m, struct cur c, size_t before)
{
	cur_skip(&c, before);
	tell_bytes(m->s, &f_fid, &c, 16);
}

/* --- one message --------------------------------------------------------------------------------
 */

static void tell_answer(const struct message *m, struct cur c)
{
	switch (m->command) {
	case NEGOTIATE:
		negotiate_answer(m, c);
		break;
	case SESSION_SETUP:
		session_setup(m, c);
		break;
	case TREE_CONNECT:
		tree_connect(m, c);
		break;
	case CREATE:
		create(m, c);
		break;
	case READ:
		read_file(m, c);
		break;
	case WRITE:
		write_file(m, c);
		break;
	case IOCTL:
		cur_skip(&c, 2);
		fact_uint(m->s, &f_function, cur_le32(&c));
		tell_bytes(m->s, &f_fid, &c, 16);
		break;
	case OPLOCK_BREAK:
		tell_fid(m, c, 6);
		break;
	default:
		break;
	}
}

static void tell_request(const struct message *m, struct cur c)
{
	switch (m->command) {
	case NEGOTIATE:
		negotiate_request(m, c);
		break;
	case SESSION_SETUP:
		session_setup(m, c);
		break;
	case TREE_CONNECT:
		tree_connect(m, c);
		break;
	case CREATE:
		create(m, c);
		break;
	case CLOSE:
	case FLUSH:
	case LOCK:
	case CHANGE_NOTIFY:
	case OPLOCK_BREAK:
		tell_fid(m, c, 6);
		break;
	case READ:
		read_file(m, c);
		break;
	case WRITE:
		write_file(m, c);
		break;
	case IOCTL:
		cur_skip(&c, 2);
		fact_uint(m->s, &f_function, cur_le32(&c));
		tell_bytes(m->s, &f_fid, &c, 16);
		break;
	case QUERY_DIRECTORY:
		query_directory(m, c);
		break;
	case QUERY_INFO:
		query_info(m, c);
		break;
	case SET_INFO:
		set_info(m, c);
		break;
	default:
		break;
	}
}

static const struct msg *row_of(const struct message *m, const struct smb_asked *asked)
{
	enum dir dir = m->answer ? DIR_RESPONSE : DIR_REQUEST;
	const struct msg *row = NULL;
	if (m->command == SESSION_SETUP && m->answer && smb_refuses(m->status))
		row = msg_find(refusals, SESSION_SETUP, dir);
	if (m->command == SESSION_SETUP && !m->answer) {
		struct cur blob = blob_of(m);
		enum token token = cur_ok(&blob) ? ntlm_token(blob) : TOKEN_OTHER;
		if (token == TOKEN_AUTHENTICATE || token == TOKEN_KERBEROS)
			row = msg_find(logins, SESSION_SETUP, dir);
	}
	if (m->command == SET_INFO && !m->answer && cur_peek(&m->body, 0) == INFO_FILE)
		row = msg_find(changes, (uint32_t)cur_peek(&m->body, 1), dir);
	if (m->command == SET_INFO && m->answer && asked &&
		asked->row == msg_find(changes, asked->row->code, DIR_REQUEST))
		row = msg_find(changes, asked->row->code, dir);
	if (!row && smb_is_pipe(m->s, m->home))
		row = msg_find(pipe_commands, m->command, dir);
	if (!row)
		row = msg_find(commands, m->command, dir);
	return row ? row : msg_find(unknown, 0, dir);
}

static void tell_header(const struct message *m)
{
	struct scene *s = m->s;
	fact_uint(s, &f_cmd, m->command);
	if (m->answer)
		smb_tell_status(s, &f_status, m->status);
	fact_uint(s, &f_flags, m->flags);
	fact_uint(s, &f_message, m->id);
	if (m->flags & FLAG_ASYNC)
		fact_uint(s, &f_async, m->async);
	else
		fact_uint(s, &f_tree, m->tree);
	fact_uint(s, &f_session, m->session);
}

/* [MS-SMB2] 2.2.1.1 and 2.2.1.2; gives the offset of the next message, 0 with the last one. */
static uint32_t header_of(struct message *m)
{
	struct cur c = m->whole;
	cur_need(&c, cur_starts(&c, "\xfeSMB"));
	cur_skip(&c, 8);
	m->status = cur_le32(&c);
	m->command = cur_le16(&c);
	cur_skip(&c, 2);
	m->flags = cur_le32(&c);
	m->answer = m->flags & FLAG_ANSWER;
	uint32_t next = cur_le32(&c);
	m->id = cur_le64(&c);
	struct cur ids = cur_sub(&c, 8), again = ids;
	m->async = cur_le64(&again);
	cur_skip(&ids, 4);
	m->tree = m->flags & FLAG_ASYNC ? 0 : cur_le32(&ids);
	if (m->tree != UINT32_MAX)
		m->home = m->tree;
	m->session = cur_le64(&c);
	cur_skip(&c, 16 + 2); /* signature; the size of the body stands first in it */
	m->body = c;
	return next;
}

static enum parsed one_message(struct message *m)
{
	struct scene *s = m->s;
	const struct smb_asked *asked = NULL;
	uint32_t key = (uint32_t)m->id;
	if (m->answer)
		asked = m->status == STATUS_PENDING ? ask_peek(s, key) : ask_take(s, key);
	uint32_t file = asked ? asked->file : 0;
	struct cur bytes = smb_failed(m->status) ? cur_bad() : passed(m, m->body, &file);
	const struct msg *row = row_of(m, asked);
	fact_begin(s, row);
	tell_header(m);
	if (!m->answer && m->command != CANCEL) {
		struct smb_asked *kept = ask_put(s, key);
		if (kept) {
			kept->row = row;
			kept->file = m->command == READ ? file_read(m->body) : file;
		}
	}
	if (!m->answer)
		tell_request(m, m->body);
	else if (!smb_failed(m->status) && m->status != STATUS_PENDING)
		tell_answer(m, m->body);
	fact_end(s);
	smb_calls(s, bytes, file);
	return PARSED_WHOLE;
}

static enum parsed parse_sealed(struct cur c, struct scene *s)
{
	cur_skip(&c, 4 + 32); /* signature, nonce */
	fact_begin(s, &sealed);
	fact_uint(s, &f_sealed_size, cur_le32(&c));
	cur_skip(&c, 4);
	fact_uint(s, &f_session, cur_le64(&c));
	return cur_ok(&c) ? PARSED_WHOLE : PARSED_BAD;
}

static enum parsed parse_packed(struct cur c, struct scene *s)
{
	cur_skip(&c, 4);
	fact_begin(s, &packed);
	fact_uint(s, &f_packed_size, cur_le32(&c));
	fact_uint(s, &f_algorithm, cur_le16(&c));
	return cur_ok(&c) ? PARSED_WHOLE : PARSED_BAD;
}

enum parsed smb2_parse(struct cur c, struct scene *s)
{
	scene_label(s, "smb2");
	if (cur_peek(&c, 0) == FIRST_SEALED)
		return parse_sealed(c, s);
	if (cur_peek(&c, 0) == FIRST_COMPRESSED)
		return parse_packed(c, s);
	struct message m = { .s = s };
	for (unsigned i = 0; i < COMPOUND_MAX; i++) {
		m.whole = c;
		uint32_t next = header_of(&m);
		if (!cur_ok(&m.body))
			return PARSED_BAD;
		if (next && next < c.left)
			m.whole = cur_upto(&(struct cur){ c.at, c.left }, next);
		one_message(&m);
		if (next < HEADER || next >= c.left)
			break;
		cur_skip(&c, next);
	}
	return PARSED_WHOLE;
}
