/* SMB version 1: [MS-CIFS] 2.2.3 (header), 2.2.4 (commands), [MS-SMB] 2.2.4 (what Windows 2000
 * added to them). */
#include "sense/proto/smb1.h"

#include <ctype.h>

#include "sense/proto/smb1_names.h"

enum { HEADER = 32, CHAIN_MAX = 8, NO_ANDX = 0xff, NAMES_MAX = 2 };
enum { FLAG_ANSWER = 0x80, FLAG2_NT_STATUS = 0x4000, FLAG2_UNICODE = 0x8000 };
/* [MS-SMB] 2.2.4.5.2.1; the first is bit 31. */
enum { CAP_EXTENDED_SECURITY = INT32_MIN, CAP_UNICODE = 4 };
enum command {
	CREATE_DIRECTORY = 0x00,
	DELETE_DIRECTORY = 0x01,
	OPEN = 0x02,
	CREATE = 0x03,
	CLOSE = 0x04,
	DELETE = 0x06,
	RENAME = 0x07,
	QUERY_INFORMATION = 0x08,
	CREATE_NEW = 0x0f,
	CHECK_DIRECTORY = 0x10,
	LOCKING_ANDX = 0x24,
	ECHO = 0x2b,
	OPEN_ANDX = 0x2d,
	READ_ANDX = 0x2e,
	WRITE_ANDX = 0x2f,
	TRANSACTION2_SECONDARY = 0x33,
	TREE_CONNECT = 0x70,
	NEGOTIATE = 0x72,
	SESSION_SETUP_ANDX = 0x73,
	LOGOFF_ANDX = 0x74,
	TREE_CONNECT_ANDX = 0x75,
	NT_CREATE_ANDX = 0xa2,
};

static const struct field f_cmd = { "smb.cmd", U8, 0, 0 };
static const struct field f_status = { "smb.nt_status", LE32, 0, 0 };
static const struct field f_class = { "smb.error_class", U8, 0, 0 };
static const struct field f_code = { "smb.error_code", LE16, 0, 0 };
static const struct field f_flags = { "smb.flags", U8, 0, 0 };
static const struct field f_flags2 = { "smb.flags2", LE16, 0, 0 };
static const struct field f_tree = { "smb.tid", LE16, 0, 0 };
static const struct field f_process = { "smb.pid", LE16, 0, 0 };
static const struct field f_user = { "smb.uid", LE16, 0, 0 };
static const struct field f_multiplex = { "smb.mid", LE16 | NUMBERING };
static const struct field f_dialect = { "smb.dialect", TEXT, 0, 0 };
static const struct field f_dialect_index = { "smb.dialect_index", LE16, 0, 0 };
static const struct field f_security_mode = { "smb.security_mode", U8, 0, 0 };
static const struct field f_max_buffer = { "smb.max_buffer", LE32, 0, 0 };
static const struct field f_capabilities = { "smb.capabilities", LE32, 0, 0 };
static const struct field f_guid = { "smb.server_guid", BYTES, 16, 0 };
static const struct field f_domain = { "smb.primary_domain", TEXT, 0, 0 };
static const struct field f_server = { "smb.server", TEXT, 0, 0 };
static const struct field f_account = { "smb.account", TEXT, 0, 0 };
static const struct field f_os = { "smb.native_os", TEXT, 0, 0 };
static const struct field f_lanman = { "smb.native_lanman", TEXT, 0, 0 };
static const struct field f_action = { "smb.setup.action", LE16, 0, 0 };
static const struct field f_path = { "smb.path", TEXT, 0, 0 };
static const struct field f_service = { "smb.service", TEXT, 0, 0 };
static const struct field f_native_fs = { "smb.native_fs", TEXT, 0, 0 };
static const struct field f_file = { "smb.file", TEXT, 0, 0 };
static const struct field f_directory = { "smb.directory", TEXT, 0, 0 };
static const struct field f_fid = { "smb.fid", LE16, 0, 0 };
static const struct field f_access = { "smb.access_mask", LE32, 0, 0 };
static const struct field f_disposition = { "smb.create.disposition", LE32, 0, 5 };
static const struct field f_create_action = { "smb.create.action", LE32, 0, 0 };
static const struct field f_offset = { "smb.file.offset", LE32, 0, 0 };
static const struct field f_length = { "smb.file.length", LE32, 0, 0 };
static const struct field f_eof = { "smb.end_of_file", LE64, 0, 0 };
static const struct field f_echoes = { "smb.echo.count", LE16, 0, 0 };
static const struct field f_echo = { "smb.echo.sequence", LE16, 0, 0 };

/* --- parts --------------------------------------------------------------------------------------
 */

struct smb1_part smb1_part(const struct smb1 *m, size_t offset, size_t size)
{
	struct cur c = m->whole;
	cur_skip(&c, offset);
	struct smb1_part p = { .c = cur_upto(&c, size) };
	p.end = offset + p.c.left;
	return p;
}

struct utf8 smb1_ascii(struct cur *c)
{
	long size = cur_find(c, 0);
	struct cur text = cur_upto(c, size < 0 ? c->left : (size_t)size);
	if (size >= 0)
		cur_skip(c, 1);
	return cur_ok(&text) ? (struct utf8){ (const char *)text.at, text.left }
			     : (struct utf8){ 0 };
}

struct utf8 smb1_text(const struct smb1 *m, struct smb1_part *p)
{
	if (!m->unicode)
		return smb1_ascii(&p->c);
	if ((p->end - p->c.left) % 2 && p->c.left)
		cur_skip(&p->c, 1);
	struct cur text = p->c;
	size_t size = 0;
	while (p->c.left >= 2 && cur_le16(&p->c))
		size += 2;
	if (p->c.left == 1) /* a writer that counts one byte too few */
		cur_skip(&p->c, 1);
	return utf8_of_utf16(m->s, cur_upto(&text, size));
}

static void tell_text(struct smb1 *m, const struct field *f, struct smb1_part *p)
{
	smb_tell(m->s, f, smb1_text(m, p));
}

/* A buffer format byte, then a name: [MS-CIFS] 2.2.1.1.1. */
static void tell_names(struct smb1 *m, const struct field *f, struct smb1_part *p)
{
	for (unsigned i = 0; i < NAMES_MAX && p->c.left && cur_u8(&p->c) == 4; i++)
		tell_text(m, f, p);
}

/* --- facts --------------------------------------------------------------------------------------
 */

const struct msg *smb1_row(const struct smb1 *m, uint8_t command)
{
	enum dir dir = m->answer ? DIR_RESPONSE : DIR_REQUEST;
	const struct msg *row = NULL;
	if (smb_is_pipe(m->s, m->tree))
		row = msg_find(smb1_pipe_commands, command, dir);
	if (!row)
		row = msg_find(smb1_commands, command, dir);
	return row ? row : msg_find(smb1_unknown, 0, dir);
}

/* The header's values stand in the first fact of a chain. */
void smb1_begin(struct smb1 *m, uint8_t command, const struct msg *row)
{
	struct scene *s = m->s;
	fact_begin(s, row);
	m->row = row;
	fact_uint(s, &f_cmd, command);
	if (m->head_told) {
		if (smb_failed(m->status))
			fact_failed(s);
		return;
	}
	m->head_told = true;
	struct cur c = m->whole;
	cur_skip(&c, 5);
	struct cur status = cur_sub(&c, 4);
	uint8_t flags = cur_u8(&c);
	uint16_t flags2 = cur_le16(&c);
	if (flags2 & FLAG2_NT_STATUS) {
		smb_tell_status(s, &f_status, m->status);
	} else { /* DOS errors: [MS-CIFS] 2.2.2.4 */
		uint8_t class = cur_u8(&status);
		cur_skip(&status, 1);
		fact_uint(s, &f_class, class);
		fact_uint(s, &f_code, cur_le16(&status));
		if (class)
			fact_failed(s);
	}
	fact_uint(s, &f_flags, flags);
	fact_uint(s, &f_flags2, flags2);
	cur_skip(&c, 12); /* high process id, signature, reserved */
	fact_uint(s, &f_tree, cur_le16(&c));
	fact_uint(s, &f_process, cur_le16(&c));
	fact_uint(s, &f_user, cur_le16(&c));
	fact_uint(s, &f_multiplex, cur_le16(&c));
}

/* --- who speaks ---------------------------------------------------------------------------------
 */

static bool starts(struct utf8 text, const char *word)
{
	struct cur c = cur_of(text.at, text.size);
	return text.size && cur_starts(&c, word);
}

/* "Windows 2000 2195", then "Windows 2000 5.0": the second tells more where it is no Windows. */
static void native(struct smb1 *m, struct smb1_part *p)
{
	struct utf8 os = smb1_text(m, p), lanman = smb1_text(m, p);
	smb_tell(m->s, &f_os, os);
	smb_tell(m->s, &f_lanman, lanman);
	struct cur first = cur_of(os.at, os.size);
	if (os.size >= 3 && isalnum(cur_peek(&first, 0))) /* exploits leave noise there */
		who_sender(m->s, ID_OS, os.at, os.size);
	if (lanman.size && !starts(lanman, "Windows"))
		who_sender(m->s, ID_SOFTWARE, lanman.at, lanman.size);
}

/* Whether version 2 is among what a client offers: then this says nothing of version 1. */
static bool offers_smb2(struct cur c)
{
	while (c.left && cur_u8(&c) == 2) {
		struct utf8 name = smb1_ascii(&c);
		if (starts(name, "SMB 2."))
			return true;
	}
	return false;
}

static void negotiate_request(struct smb1 *m, struct smb1_block *b)
{
	for (unsigned i = 0; i < 32 && b->bytes.c.left && cur_u8(&b->bytes.c) == 2; i++)
		smb_tell(m->s, &f_dialect, smb1_ascii(&b->bytes.c));
}

static void negotiate_answer(struct smb1 *m, struct smb1_block *b)
{
	struct scene *s = m->s;
	struct cur *w = &b->words, *c = &b->bytes.c;
	bool nt = w->left == 34; /* 17 words: NT LM 0.12 */
	fact_uint(s, &f_dialect_index, cur_le16(w));
	if (!nt)
		return;
	fact_uint(s, &f_security_mode, cur_u8(w));
	cur_skip(w, 4); /* multiplex, circuits */
	fact_uint(s, &f_max_buffer, cur_le32(w));
	cur_skip(w, 8); /* raw size, session key */
	uint32_t capabilities = cur_le32(w);
	fact_uint(s, &f_capabilities, capabilities);
	cur_skip(w, 10); /* time */
	uint8_t challenge = cur_u8(w);
	if (capabilities & (uint32_t)CAP_EXTENDED_SECURITY) {
		const uint8_t *guid = cur_take(c, 16);
		if (guid)
			fact_bytes(s, &f_guid, guid, 16);
		ntlm_tell(s, *c, false);
		return;
	}
	cur_skip(c, challenge);
	/* These two are not aligned, [MS-CIFS] 2.2.4.52.2: an even end has the same effect. */
	b->bytes.end = c->left;
	m->unicode |= capabilities & CAP_UNICODE && cur_peek(c, 1) == 0;
	struct utf8 domain = smb1_text(m, &b->bytes), server = smb1_text(m, &b->bytes);
	smb_tell(s, &f_domain, domain);
	smb_tell(s, &f_server, server);
	if (domain.size)
		who_sender(s, ID_DOMAIN, domain.at, domain.size);
	if (server.size)
		who_sender(s, ID_NAME, server.at, server.size);
}

/* [MS-CIFS] 2.2.4.53.1: 13 words, [MS-SMB] 2.2.4.6.1: 12 with a security blob, else LANMAN's 10. */
static void session_request(struct smb1 *m, struct smb1_block *b)
{
	struct scene *s = m->s;
	struct cur *w = &b->words, *c = &b->bytes.c;
	size_t words = w->left / 2;
	if (words < 10)
		return;
	cur_skip(w, 4);
	fact_uint(s, &f_max_buffer, cur_le16(w));
	cur_skip(w, 8); /* multiplex, circuit, session key */
	uint16_t size = cur_le16(w), wide = words == 13 ? cur_le16(w) : 0;
	cur_skip(w, 4);
	if (words == 12 || words == 13)
		fact_uint(s, &f_capabilities, cur_le32(w));
	if (words == 12) {
		ntlm_tell(s, cur_upto(c, size), false);
		native(m, &b->bytes);
		tell_text(m, &f_domain, &b->bytes);
		return;
	}
	cur_skip(c, size);
	cur_skip(c, wide);
	struct utf8 account = smb1_text(m, &b->bytes);
	smb_tell(s, &f_account, account);
	if (account.size)
		who_sender(s, ID_USER, account.at, account.size);
	tell_text(m, &f_domain, &b->bytes);
	native(m, &b->bytes);
}

static void session_answer(struct smb1 *m, struct smb1_block *b)
{
	struct cur *w = &b->words;
	size_t words = w->left / 2;
	if (words < 3)
		return;
	cur_skip(w, 4);
	fact_uint(m->s, &f_action, cur_le16(w));
	if (words == 4) {
		uint16_t size = cur_le16(w);
		ntlm_tell(m->s, cur_upto(&b->bytes.c, size), false);
	}
	native(m, &b->bytes);
	tell_text(m, &f_domain, &b->bytes);
}

/* Credentials go with this request: plain ones, or the last step of several. */
static bool presents(const struct smb1_block *b)
{
	struct cur w = b->words, c = b->bytes.c;
	size_t words = w.left / 2;
	cur_skip(&w, 14);
	uint16_t size = cur_le16(&w), wide = words == 13 ? cur_le16(&w) : 0;
	if (words == 13 || words == 10)
		return size > 1 || wide > 1; /* a NUL is no password: nobody in particular */
	enum token token = words == 12 ? ntlm_token(cur_upto(&c, size)) : TOKEN_OTHER;
	return token == TOKEN_AUTHENTICATE || token == TOKEN_KERBEROS;
}

static const struct msg *session_row(const struct smb1 *m, const struct smb1_block *b)
{
	enum { SERVER_CLASS = 2, BAD_PASSWORD = 2 };
	uint32_t dos_refusal = (uint32_t)BAD_PASSWORD << 16 | SERVER_CLASS;
	if (!m->answer && presents(b))
		return msg_find(smb1_logins, SESSION_SETUP_ANDX, DIR_REQUEST);
	if (m->answer && (smb_refuses(m->status) || m->status == dos_refusal))
		return msg_find(smb1_refusals, SESSION_SETUP_ANDX, DIR_RESPONSE);
	return smb1_row(m, SESSION_SETUP_ANDX);
}

/* --- trees and files ----------------------------------------------------------------------------
 */

static void tree_request(struct smb1 *m, struct smb1_block *b)
{
	cur_skip(&b->words, 6);
	uint16_t password = cur_le16(&b->words);
	cur_skip(&b->bytes.c, password);
	tell_text(m, &f_path, &b->bytes);
	smb_tell(m->s, &f_service, smb1_ascii(&b->bytes.c));
}

static void tree_answer(struct smb1 *m, struct smb1_block *b)
{
	if (b->words.left < 4)
		return;
	struct utf8 service = smb1_ascii(&b->bytes.c);
	smb_tell(m->s, &f_service, service);
	tell_text(m, &f_native_fs, &b->bytes);
	if (starts(service, "IPC"))
		smb_tree_has_pipes(m->s, m->tree);
}

static void nt_create(struct smb1 *m, struct smb1_block *b)
{
	struct scene *s = m->s;
	struct cur *w = &b->words;
	cur_skip(w, 5);
	if (m->answer) {
		if (w->left < 63) /* 34 words, without these 5 bytes */
			return;
		fact_uint(s, &f_fid, cur_le16(w));
		fact_uint(s, &f_create_action, cur_le32(w));
		cur_skip(w, 44); /* times, attributes, allocation */
		fact_uint(s, &f_eof, cur_le64(w));
		return;
	}
	uint16_t size = cur_le16(w);
	cur_skip(w, 8); /* flags, root */
	fact_uint(s, &f_access, cur_le32(w));
	cur_skip(w, 16); /* allocation, attributes, sharing */
	fact_uint(s, &f_disposition, cur_le32(w));
	if (m->unicode && (b->bytes.end - b->bytes.c.left) % 2)
		cur_skip(&b->bytes.c, 1);
	struct cur name = cur_upto(&b->bytes.c, size);
	smb_tell(s, &f_file, m->unicode ? utf8_of_utf16(s, name) : smb1_ascii(&name));
}

static void open_andx(struct smb1 *m, struct smb1_block *b)
{
	cur_skip(&b->words, 4);
	if (m->answer)
		fact_uint(m->s, &f_fid, cur_le16(&b->words));
	else
		tell_text(m, &f_file, &b->bytes);
}

/* [MS-CIFS] 2.2.4.42 and .43: requests say what, answers how much. */
static void read_or_write(struct smb1 *m, struct smb1_block *b, bool writes)
{
	struct scene *s = m->s;
	struct cur *w = &b->words;
	cur_skip(w, 4);
	if (m->answer) {
		if (!writes)
			cur_skip(w, 6); /* remaining, compaction, reserved */
		uint16_t size = cur_le16(w);
		fact_uint(s, &f_length, size);
		uint16_t at = writes ? 0 : cur_le16(w);
		if (at && cur_ok(w))
			m->passed = smb1_part(m, at, size).c;
		return;
	}
	uint16_t file = cur_le16(w);
	m->file = file;
	fact_uint(s, &f_fid, file);
	fact_uint(s, &f_offset, cur_le32(w));
	if (!writes) {
		fact_uint(s, &f_length, cur_le16(w));
		return;
	}
	cur_skip(w, 8); /* time, mode, remaining */
	uint32_t high = cur_le16(w), size = high << 16 | cur_le16(w);
	fact_uint(s, &f_length, size);
	uint16_t at = cur_le16(w);
	if (cur_ok(w))
		m->passed = smb1_part(m, at, size).c;
}

/* --- one command --------------------------------------------------------------------------------
 */

static void tell_request(struct smb1 *m, uint8_t command, struct smb1_block *b)
{
	switch (command) {
	case CREATE_DIRECTORY:
	case DELETE_DIRECTORY:
	case CHECK_DIRECTORY:
		tell_names(m, &f_directory, &b->bytes);
		break;
	case OPEN:
	case CREATE:
	case CREATE_NEW:
	case DELETE:
	case RENAME:
	case QUERY_INFORMATION:
		tell_names(m, &f_file, &b->bytes);
		break;
	case CLOSE:
		fact_uint(m->s, &f_fid, cur_le16(&b->words));
		break;
	case ECHO:
		fact_uint(m->s, &f_echoes, cur_le16(&b->words));
		break;
	case TRANSACTION2_SECONDARY:
		cur_skip(&b->words, 16);
		fact_uint(m->s, &f_fid, cur_le16(&b->words));
		break;
	case TREE_CONNECT:
		cur_skip(&b->bytes.c, 1);
		tell_text(m, &f_path, &b->bytes);
		break;
	case NEGOTIATE:
		negotiate_request(m, b);
		break;
	case SESSION_SETUP_ANDX:
		session_request(m, b);
		break;
	case TREE_CONNECT_ANDX:
		tree_request(m, b);
		break;
	default:
		break;
	}
}

static void tell_answer(struct smb1 *m, uint8_t command, struct smb1_block *b)
{
	switch (command) {
	case OPEN:
	case CREATE:
	case CREATE_NEW:
		fact_uint(m->s, &f_fid, cur_le16(&b->words));
		break;
	case ECHO:
		fact_uint(m->s, &f_echo, cur_le16(&b->words));
		break;
	case NEGOTIATE:
		negotiate_answer(m, b);
		break;
	case SESSION_SETUP_ANDX:
		session_answer(m, b);
		break;
	case TREE_CONNECT_ANDX:
		tree_answer(m, b);
		break;
	default:
		break;
	}
}

static void tell_command(struct smb1 *m, uint8_t command, struct smb1_block *b)
{
	if (m->answer && !b->words.left && !b->bytes.c.left)
		return; /* an error, or nothing to say */
	switch (command) {
	case NT_CREATE_ANDX:
		nt_create(m, b);
		break;
	case OPEN_ANDX:
		open_andx(m, b);
		break;
	case READ_ANDX:
	case WRITE_ANDX:
		read_or_write(m, b, command == WRITE_ANDX);
		break;
	default:
		if (m->answer)
			tell_answer(m, command, b);
		else
			tell_request(m, command, b);
	}
}

static bool block_at(const struct smb1 *m, size_t offset, struct smb1_block *b)
{
	struct cur c = m->whole;
	cur_skip(&c, offset);
	size_t words = (size_t)cur_u8(&c) * 2;
	b->words = cur_sub(&c, words);
	/* Answers to a cancel and some errors have no byte count. */
	uint16_t size = c.left >= 2 ? cur_le16(&c) : 0;
	b->bytes = smb1_part(m, offset + 3 + words, size);
	return cur_ok(&c);
}

static bool has_andx(uint8_t command)
{
	return command == LOCKING_ANDX || (command >= OPEN_ANDX && command <= WRITE_ANDX) ||
		(command >= SESSION_SETUP_ANDX && command <= TREE_CONNECT_ANDX) ||
		command == NT_CREATE_ANDX;
}

/* Commands of a chain name their successor, and where it stands: always further on. */
static bool next_of(const struct smb1_block *b, uint8_t *command, size_t *offset)
{
	struct cur w = b->words;
	uint8_t next = cur_u8(&w);
	cur_skip(&w, 1);
	uint16_t at = cur_le16(&w);
	if (!has_andx(*command) || !cur_ok(&w) || next == NO_ANDX || at <= *offset)
		return false;
	*command = next;
	*offset = at;
	return true;
}

static void label(struct smb1 *m, uint8_t command)
{
	struct smb1_block b;
	bool smb2 = command == NEGOTIATE && !m->answer && block_at(m, HEADER, &b) &&
		offers_smb2(b.bytes.c);
	scene_label(m->s, smb2 ? "smb2" : "smb");
}

enum parsed smb1_parse(struct cur c, struct scene *s)
{
	struct smb1 m = { .s = s, .whole = c, .passed = cur_none() };
	cur_skip(&c, 4);
	uint8_t command = cur_u8(&c);
	m.status = cur_le32(&c);
	m.answer = cur_u8(&c) & FLAG_ANSWER;
	uint16_t flags2 = cur_le16(&c);
	cur_skip(&c, 12);
	m.unicode = flags2 & FLAG2_UNICODE;
	m.tree = cur_le16(&c);
	uint32_t process = cur_le16(&c);
	cur_skip(&c, 2);
	uint32_t key = process << 16 | cur_le16(&c);
	if (!cur_ok(&c))
		return PARSED_BAD;
	label(&m, command);
	if (m.answer) {
		const struct smb_asked *asked = ask_take(s, key);
		m.asked = asked ? asked->row : NULL;
		m.file = asked ? (uint16_t)asked->file : 0;
	}
	size_t offset = HEADER;
	for (unsigned i = 0; i < CHAIN_MAX; i++) {
		struct smb1_block b;
		if (!block_at(&m, offset, &b)) { /* who asked for what still stands in the header */
			smb1_begin(&m, command, smb1_row(&m, command));
			fact_violation(s);
			fact_end(s);
			return PARSED_BAD;
		}
		if (smb1_is_transaction(command)) {
			smb1_transaction(&m, command, &b);
		} else {
			bool login = command == SESSION_SETUP_ANDX;
			smb1_begin(
				&m, command, login ? session_row(&m, &b) : smb1_row(&m, command));
			tell_command(&m, command, &b);
		}
		if (!m.answer && i == 0) {
			struct smb_asked *kept = ask_put(s, key);
			if (kept) {
				kept->row = m.row;
				kept->file = m.file;
			}
		}
		if (m.status == 0 && m.passed.left)
			smb_calls(s, m.passed, m.file);
		m.passed = cur_none();
		struct smb1_block again;
		if (!block_at(&m, offset, &again) || !next_of(&again, &command, &offset))
			break;
	}
	return PARSED_WHOLE;
}
