/* Transactions of SMB version 1: [MS-CIFS] 2.2.4.33 (transaction), 2.2.4.46 (transaction 2),
 * 2.2.4.62 (NT transact), and their subcommands, 2.2.5 to 2.2.7. */
#include "sense/proto/smb1.h"
#include "sense/proto/smb1_names.h"

enum { TRANSACTION = 0x25, TRANSACTION2 = 0x32, NT_TRANSACT = 0xa0 };
enum trans2 {
	OPEN2 = 0x00,
	FIND_FIRST2 = 0x01,
	FIND_NEXT2 = 0x02,
	QUERY_FS = 0x03,
	QUERY_PATH = 0x05,
	SET_PATH = 0x06,
	QUERY_FILE = 0x07,
	SET_FILE = 0x08,
	CREATE_DIRECTORY2 = 0x0d,
	GET_DFS_REFERRAL = 0x10,
};

static const struct field f_name = { "smb.trans_name", TEXT, 0, 0 };
static const struct field f_pipe = { "smb.pipe.function", LE16, 0, 0 };
static const struct field f_trans2 = { "smb.trans2.cmd", LE16, 0, 0 };
static const struct field f_nt = { "smb.nt.function", LE16, 0, 0 };
static const struct field f_fid = { "smb.fid", LE16, 0, 0 };
static const struct field f_pattern = { "smb.search_pattern", TEXT, 0, 0 };
static const struct field f_search_count = { "smb.search_count", LE16, 0, 0 };
static const struct field f_file = { "smb.file", TEXT, 0, 0 };
static const struct field f_directory = { "smb.directory", TEXT, 0, 0 };
static const struct field f_level = { "smb.info_level", LE16, 0, 0 };

bool smb1_is_transaction(uint8_t command)
{
	return command == TRANSACTION || command == TRANSACTION2 || command == NT_TRANSACT;
}

/* Where a request keeps its parameters, and the words that say which it is. */
struct request {
	struct smb1_part parameters;
	struct cur data;
	uint16_t setup[2];
	uint8_t setup_count;
};

static struct request request_of(const struct smb1 *m, struct cur words)
{
	struct request r = { 0 };
	cur_skip(&words, 18); /* totals, maxima, flags, time, reserved */
	uint16_t size = cur_le16(&words), at = cur_le16(&words);
	uint16_t data_size = cur_le16(&words), data_at = cur_le16(&words);
	r.data = smb1_part(m, data_at, data_size).c;
	r.setup_count = cur_u8(&words);
	cur_skip(&words, 1);
	for (unsigned i = 0; i < 2 && i < r.setup_count; i++)
		r.setup[i] = cur_le16(&words);
	/* Servers copy the parameters out: their text is aligned within them. */
	r.parameters = smb1_part(m, at, size);
	r.parameters.end = r.parameters.c.left;
	return r;
}

static const struct msg *row_or(
	struct smb1 *m, const struct msg *table, uint32_t code, uint8_t command)
{
	const struct msg *row = msg_find(table, code, DIR_REQUEST);
	return row ? row : smb1_row(m, command);
}

static void tell_trans2(struct smb1 *m, const struct request *r)
{
	struct scene *s = m->s;
	struct smb1_part p = r->parameters;
	struct cur *c = &p.c;
	switch (r->setup[0]) {
	case OPEN2:
		cur_skip(c, 28);
		smb_tell(s, &f_file, smb1_text(m, &p));
		break;
	case FIND_FIRST2:
		cur_skip(c, 2); /* attributes */
		fact_uint(s, &f_search_count, cur_le16(c));
		cur_skip(c, 2);
		fact_uint(s, &f_level, cur_le16(c));
		cur_skip(c, 4);
		smb_tell(s, &f_pattern, smb1_text(m, &p));
		break;
	case FIND_NEXT2:
		cur_skip(c, 2); /* search */
		fact_uint(s, &f_search_count, cur_le16(c));
		fact_uint(s, &f_level, cur_le16(c));
		cur_skip(c, 6);
		smb_tell(s, &f_file, smb1_text(m, &p));
		break;
	case QUERY_FS:
		fact_uint(s, &f_level, cur_le16(c));
		break;
	case QUERY_PATH:
	case SET_PATH:
		fact_uint(s, &f_level, cur_le16(c));
		cur_skip(c, 4);
		smb_tell(s, &f_file, smb1_text(m, &p));
		break;
	case QUERY_FILE:
	case SET_FILE:
		fact_uint(s, &f_fid, cur_le16(c));
		fact_uint(s, &f_level, cur_le16(c));
		break;
	case CREATE_DIRECTORY2:
		cur_skip(c, 4);
		smb_tell(s, &f_directory, smb1_text(m, &p));
		break;
	case GET_DFS_REFERRAL:
		cur_skip(c, 2);
		smb_tell(s, &f_file, smb1_text(m, &p));
		break;
	default:
		break;
	}
}

static void transaction_request(struct smb1 *m, struct smb1_block *b)
{
	struct request r = request_of(m, b->words);
	struct utf8 name = smb1_text(m, &b->bytes);
	struct cur look = cur_of(name.at, name.size);
	bool mailslot = name.size && cur_starts(&look, "\\MAILSLOT");
	uint8_t command = TRANSACTION;
	const struct msg *row = smb1_row(m, command);
	if (r.setup_count)
		row = row_or(m, mailslot ? smb1_mailslot : smb1_pipe, r.setup[0], command);
	smb1_begin(m, command, row);
	smb_tell(m->s, &f_name, name);
	if (!r.setup_count || mailslot)
		return;
	fact_uint(m->s, &f_pipe, r.setup[0]);
	if (r.setup_count < 2)
		return;
	fact_uint(m->s, &f_fid, r.setup[1]);
	m->file = r.setup[1];
	m->passed = r.data;
}

static void trans2_request(struct smb1 *m, struct smb1_block *b)
{
	struct request r = request_of(m, b->words);
	smb1_begin(m, TRANSACTION2,
		r.setup_count ? row_or(m, smb1_trans2, r.setup[0], TRANSACTION2)
			      : smb1_row(m, TRANSACTION2));
	if (!r.setup_count)
		return;
	fact_uint(m->s, &f_trans2, r.setup[0]);
	tell_trans2(m, &r);
}

static void nt_request(struct smb1 *m, struct smb1_block *b)
{
	struct cur w = b->words;
	cur_skip(&w, 36); /* setup count, totals, maxima, where parameters and data are, counts */
	uint16_t function = cur_le16(&w);
	smb1_begin(m, NT_TRANSACT, row_or(m, smb1_nt_transact, function, NT_TRANSACT));
	if (cur_ok(&w))
		fact_uint(m->s, &f_nt, function);
}

/* [MS-CIFS] 2.2.4.33.2 */
static struct cur answered(const struct smb1 *m, struct cur words)
{
	cur_skip(&words, 12); /* totals, parameters */
	uint16_t size = cur_le16(&words), at = cur_le16(&words);
	return cur_ok(&words) ? smb1_part(m, at, size).c : cur_none();
}

/* An answer does not say what it answers: its request does. */
static void answer(struct smb1 *m, uint8_t command, const struct smb1_block *b)
{
	const struct msg *row = m->asked;
	const struct msg *const tables[] = { smb1_pipe, smb1_mailslot, smb1_trans2,
		smb1_nt_transact };
	for (size_t i = 0; row && i < sizeof tables / sizeof *tables; i++) {
		if (msg_find(tables[i], row->code, DIR_REQUEST) != row)
			continue;
		smb1_begin(m, command, msg_find(tables[i], row->code, DIR_RESPONSE));
		if (tables[i] == smb1_pipe)
			m->passed = answered(m, b->words);
		return;
	}
	smb1_begin(m, command, smb1_row(m, command));
}

void smb1_transaction(struct smb1 *m, uint8_t command, struct smb1_block *b)
{
	if (m->answer)
		answer(m, command, b);
	else if (command == TRANSACTION)
		transaction_request(m, b);
	else if (command == TRANSACTION2)
		trans2_request(m, b);
	else
		nt_request(m, b);
}
