/* FTP, the control connection: RFC 959, with RFC 2389 (FEAT), 2428 (EPRT, EPSV), 3659 (MLSD, SIZE)
 * and 4217 (AUTH TLS).  Its words travel in the clear, passwords too, which stay here. */
#include "sense/proto/text.h"

#include "base/attr.h"

enum {
	LINE_MAX_SIZE = 8 * 1024,   /* longer ones are cut here: no command comes near it */
	REPLY_MAX_SIZE = 32 * 1024, /* lines of one reply taken together */
	CODE_SIZE = 3,
};

/* The commands, as the code of their row; a reply's row has the code of its command. */
enum command {
	NO_COMMAND,
	USER,
	PASS,
	ACCT,
	AUTH,
	RETR,
	STOR,
	STOU,
	APPE,
	DELE,
	RNFR,
	RNTO,
	MKD,
	RMD,
	SITE,
	CWD,
	CDUP,
	PWD,
	LIST,
	NLST,
	MLSD,
	MLST,
	SIZE,
	MDTM,
	STAT,
	SYST,
	FEAT,
	HELP,
	OPTS,
	TYPE,
	MODE,
	STRU,
	PORT,
	PASV,
	EPRT,
	EPSV,
	REST,
	ABOR,
	ALLO,
	NOOP,
	QUIT,
	REIN,
	SMNT,
	PBSZ,
	PROT,
	CCC,
	OTHER,
	REFUSED, /* a login's "no" has another effect */
	GREETING,
};

static const struct msg msgs[] = {
	BOTH(USER, ACT_OTHER, EFFECT_LOGIN, "USER"),
	BOTH(PASS, ACT_OTHER, EFFECT_LOGIN, "PASS"),
	BOTH(ACCT, ACT_OTHER, EFFECT_LOGIN, "ACCT"),
	BOTH(AUTH, ACT_OTHER, EFFECT_NONE, "AUTH"),
	BOTH(RETR, ACT_READ, EFFECT_FILE, "RETR"),
	BOTH(STOR, ACT_WRITE, EFFECT_FILE, "STOR"),
	BOTH(STOU, ACT_WRITE, EFFECT_FILE, "STOU"),
	BOTH(APPE, ACT_WRITE, EFFECT_FILE, "APPE"),
	BOTH(DELE, ACT_WRITE, EFFECT_NONE, "DELE"),
	BOTH(RNFR, ACT_WRITE, EFFECT_NONE, "RNFR"),
	BOTH(RNTO, ACT_WRITE, EFFECT_NONE, "RNTO"),
	BOTH(MKD, ACT_WRITE, EFFECT_NONE, "MKD"),
	BOTH(RMD, ACT_WRITE, EFFECT_NONE, "RMD"),
	BOTH(SITE, ACT_CONTROL, EFFECT_NONE, "SITE"),
	BOTH(CWD, ACT_OTHER, EFFECT_NONE, "CWD"),
	BOTH(CDUP, ACT_OTHER, EFFECT_NONE, "CDUP"),
	BOTH(PWD, ACT_READ, EFFECT_NONE, "PWD"),
	BOTH(LIST, ACT_READ, EFFECT_NONE, "LIST"),
	BOTH(NLST, ACT_READ, EFFECT_NONE, "NLST"),
	BOTH(MLSD, ACT_READ, EFFECT_NONE, "MLSD"),
	BOTH(MLST, ACT_READ, EFFECT_NONE, "MLST"),
	BOTH(SIZE, ACT_READ, EFFECT_NONE, "SIZE"),
	BOTH(MDTM, ACT_READ, EFFECT_NONE, "MDTM"),
	BOTH(STAT, ACT_READ, EFFECT_NONE, "STAT"),
	BOTH(SYST, ACT_IDENTIFY, EFFECT_NONE, "SYST"),
	BOTH(FEAT, ACT_IDENTIFY, EFFECT_NONE, "FEAT"),
	BOTH(HELP, ACT_IDENTIFY, EFFECT_NONE, "HELP"),
	BOTH(OPTS, ACT_OTHER, EFFECT_NONE, "OPTS"),
	BOTH(TYPE, ACT_OTHER, EFFECT_NONE, "TYPE"),
	BOTH(MODE, ACT_OTHER, EFFECT_NONE, "MODE"),
	BOTH(STRU, ACT_OTHER, EFFECT_NONE, "STRU"),
	BOTH(PORT, ACT_OTHER, EFFECT_NONE, "PORT"),
	BOTH(PASV, ACT_OTHER, EFFECT_NONE, "PASV"),
	BOTH(EPRT, ACT_OTHER, EFFECT_NONE, "EPRT"),
	BOTH(EPSV, ACT_OTHER, EFFECT_NONE, "EPSV"),
	BOTH(REST, ACT_OTHER, EFFECT_NONE, "REST"),
	BOTH(ABOR, ACT_OTHER, EFFECT_NONE, "ABOR"),
	BOTH(ALLO, ACT_OTHER, EFFECT_NONE, "ALLO"),
	BOTH(NOOP, ACT_OTHER, EFFECT_NONE, "NOOP"),
	BOTH(QUIT, ACT_OTHER, EFFECT_NONE, "QUIT"),
	BOTH(REIN, ACT_OTHER, EFFECT_NONE, "REIN"),
	BOTH(SMNT, ACT_OTHER, EFFECT_NONE, "SMNT"),
	BOTH(PBSZ, ACT_OTHER, EFFECT_NONE, "PBSZ"),
	BOTH(PROT, ACT_OTHER, EFFECT_NONE, "PROT"),
	BOTH(CCC, ACT_OTHER, EFFECT_NONE, "CCC"),
	BOTH(OTHER, ACT_OTHER, EFFECT_NONE, "other"),
	{ REFUSED, DIR_RESPONSE, ACT_OTHER, EFFECT_REFUSED, "PASS" },
	{ GREETING, DIR_RESPONSE, ACT_IDENTIFY, EFFECT_NONE, "greeting" },
	{ NO_COMMAND, DIR_RESPONSE, ACT_OTHER, EFFECT_NONE, "reply" },
	{ 0 },
};

static const struct field command_name = { "ftp.request.command", TEXT };
static const struct field argument = { "ftp.request.arg", TEXT };
static const struct field reply_code = { "ftp.response.code", U8, 100, 659 };
static const struct field reply_text = { "ftp.response.arg", TEXT };

struct state {
	uint8_t server;   /* side that replies, plus one; 0: nobody knows */
	uint8_t awaiting; /* command without its reply: enum command */
	bool greeted;
};

/* --- lines --- */

static bool is_digit(int c)
{
	return c >= '0' && c <= '9';
}

/* Three digits, the first 1 to 6 (RFC 959 4.2; 6 is RFC 2228's); 0 when there are none. */
static unsigned code_of(const struct cur *line)
{
	int a = cur_peek(line, 0), b = cur_peek(line, 1), c = cur_peek(line, 2);
	if (a < '1' || a > '6' || !is_digit(b) || !is_digit(c))
		return 0;
	return (unsigned)((a - '0') * 100 + (b - '0') * 10 + (c - '0'));
}

static bool is_reply(const struct cur *line)
{
	int after = cur_peek(line, CODE_SIZE);
	return code_of(line) && (after == ' ' || after == '-' || after == '\r' || after == '\n');
}

/* A line without its end, and c behind it; false where no line ends. */
static bool take_line(struct cur *c, struct cur *line)
{
	long end = cur_find(c, '\n');
	if (end < 0)
		return false;
	*line = cur_sub(c, (size_t)end);
	cur_skip(c, 1);
	if (line->left && cur_peek(line, line->left - 1) == '\r')
		*line = cur_sub(line, line->left - 1);
	return true;
}

static bool starts_command(const struct cur *line, const char *name)
{
	size_t size = strlen(name);
	int after = cur_peek(line, size);
	return text_begins(line, name) && (after == ' ' || after == -1);
}

/* --- whose is it --- */

/* What no other protocol says at the start of a line.  USER and PASS are POP3's too. */
static bool only_ftp_says(struct cur line)
{
	static const char *const commands[] = { "SYST", "PASV", "EPSV", "FEAT", "PWD", "CWD", "MKD",
		"TYPE A", "TYPE I", "AUTH TLS", "AUTH SSL", "USER anonymous", "USER ftp" };
	for (size_t i = 0; i < COUNT_OF(commands); i++)
		if (starts_command(&line, commands[i]))
			return true;
	return text_begins(&line, "PORT ") && is_digit(cur_peek(&line, 5)) && text_has(line, ",");
}

/* SMTP greets with 220 as well, and a firewall may have starred it out. */
static bool is_greeting(struct cur line)
{
	return code_of(&line) == 220 && is_reply(&line) && !text_has(line, "smtp") &&
		!text_has(line, "mail") && !text_has(line, "***");
}

static bool asks_for_password(struct cur line)
{
	return is_reply(&line) &&
		(code_of(&line) == 331 || code_of(&line) == 227 ||
			(code_of(&line) == 230 && text_has(line, "log")) ||
			(code_of(&line) == 215 && text_has(line, "type:")));
}

/* Half a line, perhaps only its first letter: somebody may be typing. */
static bool may_become_ours(struct cur c)
{
	static const char *const starts[] = { "215", "220", "227", "230", "331", "USER ", "PASS ",
		"QUIT", "PORT ", "SYST", "PASV", "EPSV", "FEAT", "PWD", "CWD ", "MKD ", "TYPE A",
		"TYPE I", "AUTH TLS", "AUTH SSL" };
	for (size_t i = 0; i < COUNT_OF(starts); i++) {
		struct cur head = c;
		const char *word = starts[i];
		while (head.left && *word && text_lower(cur_peek(&head, 0)) == text_lower(*word)) {
			cur_skip(&head, 1);
			word++;
		}
		if (!head.left || !*word)
			return true;
	}
	return false;
}

static enum probe probe(struct cur c, const struct scene *s)
{
	(void)s;
	struct cur line;
	bool login = false, any = false;
	while (take_line(&c, &line)) {
		if (only_ftp_says(line) || asks_for_password(line) || (!any && is_greeting(line)))
			return PROBE_YES;
		bool is_login = starts_command(&line, "USER") || starts_command(&line, "PASS") ||
			starts_command(&line, "QUIT");
		if (!is_login)
			return PROBE_NO;
		login = any = true;
	}
	if (login)
		return PROBE_MORE;
	return may_become_ours(c) ? PROBE_MORE : PROBE_NO;
}

static bool is_server(const struct scene *s, struct cur c)
{
	struct state *st = s->state;
	if (!st->server) {
		if (s->client >= 0)
			st->server = (uint8_t)(2 - s->client);
		else
			st->server = (uint8_t)(is_reply(&c) ? s->side + 1 : 2 - s->side);
	}
	return s->side + 1 == st->server;
}

/* A reply may have many lines: "230-" begins, "230 " ends (RFC 959 4.2). */
static long frame_reply(struct cur c)
{
	struct cur look = c, line;
	if (!take_line(&look, &line))
		return c.left < LINE_MAX_SIZE ? FRAME_MORE : LINE_MAX_SIZE;
	if (!code_of(&line) || cur_peek(&line, CODE_SIZE) != '-')
		return (long)(c.left - look.left);
	unsigned code = code_of(&line);
	long first = (long)(c.left - look.left);
	while (c.left - look.left < REPLY_MAX_SIZE) {
		if (!take_line(&look, &line))
			return look.left < LINE_MAX_SIZE ? FRAME_MORE : first;
		if (code_of(&line) == code && cur_peek(&line, CODE_SIZE) != '-')
			return (long)(c.left - look.left);
	}
	return first;
}

static long frame(struct cur c, struct scene *s)
{
	if (is_server(s, c))
		return frame_reply(c);
	long end = cur_find(&c, '\n');
	if (end >= 0 && end < LINE_MAX_SIZE)
		return end + 1;
	return c.left < LINE_MAX_SIZE ? FRAME_MORE : LINE_MAX_SIZE;
}

/* --- messages --- */

/* Options of Telnet may stand before a command that interrupts (RFC 959 4.1.3). */
static void skip_telnet(struct cur *c)
{
	while (cur_peek(c, 0) >= 0xf0)
		cur_skip(c, 1);
}

static const struct msg *command_of(struct cur word)
{
	for (const struct msg *m = msgs; m->name; m++)
		if (m->dir == DIR_REQUEST && m->code != OTHER && strlen(m->name) == word.left &&
			text_begins(&word, m->name))
			return m;
	return msg_find(msgs, OTHER, DIR_REQUEST);
}

static enum parsed parse_command(struct cur c, struct scene *s)
{
	struct state *st = s->state;
	struct cur line;
	skip_telnet(&c);
	if (!take_line(&c, &line))
		line = c;
	if (!line.left)
		return PARSED_WHOLE;
	long space = cur_find(&line, ' ');
	struct cur word = cur_sub(&line, space < 0 ? line.left : (size_t)space);
	if (space >= 0)
		cur_skip(&line, 1);
	const struct msg *m = command_of(word);
	st->awaiting = (uint8_t)m->code;
	ask_put(s, 0);
	fact_begin(s, m);
	fact_text(s, &command_name, word.at, word.left);
	if (m->code == PASS || m->code == ACCT)
		fact_secret(s, &argument, line.at, line.left);
	else if (line.left)
		fact_text(s, &argument, line.at, line.left);
	fact_end(s);
	if (m->code == USER)
		who_sender(s, ID_USER, line.at, line.left);
	return PARSED_WHOLE;
}

static const struct msg *reply_row(const struct scene *s, unsigned code)
{
	const struct state *st = s->state;
	if (code == 220 && !st->greeted)
		return msg_find(msgs, GREETING, DIR_RESPONSE);
	if (code == 530 && (st->awaiting == USER || st->awaiting == PASS || st->awaiting == ACCT))
		return msg_find(msgs, REFUSED, DIR_RESPONSE);
	return msg_find(msgs, st->awaiting, DIR_RESPONSE);
}

static void tell(struct scene *s, unsigned code, struct cur text)
{
	struct state *st = s->state;
	if (code == 220 && !st->greeted)
		who_sender(s, ID_SOFTWARE, text.at, text.left);
	else if (code == 215 && st->awaiting == SYST)
		who_sender(s, ID_OS, text.at, text.left);
}

static enum parsed parse_reply(struct cur c, struct scene *s)
{
	struct state *st = s->state;
	struct cur line;
	unsigned code = code_of(&c);
	if (code && code < 200)
		ask_peek(s, 0); /* a preliminary one: the last is still to come */
	else
		ask_take(s, 0);
	fact_begin(s, reply_row(s, code));
	if (code >= 400)
		fact_failed(s);
	if (!code)
		fact_violation(s);
	bool more = true;
	for (unsigned n = 0; more && c.left; n++) {
		more = take_line(&c, &line);
		if (!more)
			line = c;
		if (code && code_of(&line) == code) {
			cur_skip(&line, CODE_SIZE);
			fact_uint(s, &reply_code, code);
			if (cur_peek(&line, 0) == ' ' || cur_peek(&line, 0) == '-')
				cur_skip(&line, 1);
		}
		fact_text(s, &reply_text, line.at, line.left);
		if (n == 0)
			tell(s, code, line);
	}
	fact_end(s);
	st->greeted = true;
	/* Everything after this is TLS (RFC 4217 4). */
	if (code == 234 && st->awaiting == AUTH)
		scene_enough(s);
	if (code >= 200)
		st->awaiting = NO_COMMAND;
	return PARSED_WHOLE;
}

static enum parsed parse(struct cur c, struct scene *s)
{
	return is_server(s, c) ? parse_reply(c, s) : parse_command(c, s);
}

static void gap(struct scene *s)
{
	struct state *st = s->state;
	st->awaiting = NO_COMMAND;
}

const struct proto proto_ftp = {
	.name = "ftp",
	.title = "FTP",
	.standard = "RFC 959",
	.reads = "commands, replies, logins",
	.seen = "6 captures: device file stores, servers",
	.over = OVER_TCP,
	.probe = probe,
	.frame = frame,
	.parse = parse,
	.gap = gap,
	.state_size = sizeof(struct state),
	.asks = 1,
};
