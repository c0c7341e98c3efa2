/* Telnet: RFC 854, options of RFC 855, 857, 858, 1073, 1091 and others.  Its words travel in the
 * clear; what is typed as a password is seen here and not passed on. */
#include "sense/proto/text.h"

#include "base/attr.h"

/* Commands after IAC (RFC 854). */
enum { SE = 240, NOP = 241, SB = 250, WILL, WONT, DO, DONT, IAC };
enum {
	OPTION_LAST = 49,     /* the IANA's list, without its few far ones */
	LINE_MAX_SIZE = 2048, /* text without an end of line is read in pieces of this size */
	SUBOPTION_MAX = 1024,
	OPTION_TERMINAL_TYPE = 24,
	OPTION_WINDOW = 31,
};

enum { COMMAND = 1, OPTION, SUBOPTION, TEXT_LINE, PROMPT, ANSWER, REFUSAL };

static const struct msg msgs[] = {
	{ COMMAND, DIR_OTHER, ACT_OTHER, EFFECT_NONE, "command" },
	{ OPTION, DIR_OTHER, ACT_OTHER, EFFECT_NONE, "option" },
	{ SUBOPTION, DIR_OTHER, ACT_OTHER, EFFECT_NONE, "suboption" },
	{ TEXT_LINE, DIR_OTHER, ACT_OTHER, EFFECT_NONE, "text" },
	{ PROMPT, DIR_REQUEST, ACT_OTHER, EFFECT_NONE, "login" },
	{ ANSWER, DIR_RESPONSE, ACT_OTHER, EFFECT_LOGIN, "login" },
	{ REFUSAL, DIR_RESPONSE, ACT_OTHER, EFFECT_REFUSED, "login_refused" },
	{ 0 },
};

static const struct field command = { "telnet.cmd", U8, SE, IAC };
static const struct field option = { "telnet.subcmd", U8 };
static const struct field option_data = { "telnet.option_data", BYTES };
static const struct field width = { "telnet.naws_subopt.width", U8 };
static const struct field height = { "telnet.naws_subopt.height", U8 };
static const struct field data_text = { "telnet.data", TEXT };
static const struct field prompt_text = { "telnet.prompt", TEXT };
static const struct field user_name = { "telnet.user", TEXT };

enum asked { ASKED_NOTHING, ASKED_USER, ASKED_PASSWORD };

struct state {
	uint8_t asked; /* what the server wants to know next: enum asked */
	uint8_t asker; /* the side that asked */
	bool banner;   /* a first line of text has been told */
};

/* --- whose is it --- */

/* One option: IAC, a verb, a number of the list. */
static bool is_option(struct cur *c)
{
	uint8_t iac = cur_u8(c), verb = cur_u8(c), number = cur_u8(c);
	return cur_ok(c) && iac == IAC && verb >= WILL && verb <= DONT && number <= OPTION_LAST;
}

/* The peers greet each other with options: three bytes may be chance, six are not. */
static enum probe probe(struct cur c, const struct scene *s)
{
	(void)s;
	if (cur_peek(&c, 0) != IAC)
		return PROBE_NO;
	if (c.left < 3)
		return PROBE_MORE;
	if (!is_option(&c))
		return PROBE_NO;
	if (c.left == 0)
		return PROBE_YES; /* a segment of exactly one option */
	if (cur_peek(&c, 0) != IAC)
		return PROBE_NO;
	if (c.left < 3)
		return PROBE_MORE;
	return cur_peek(&c, 1) == SB || is_option(&c) ? PROBE_YES : PROBE_NO;
}

/* --- pieces -----------------------------------------------------------------------------------
 * A stream of commands and text.  A piece ends where its kind does, at the end of a line, or at a
 * prompt, never at the end of a segment: so the pieces are the same however the stream was cut. */

/* Devices ask in these words. */
static const struct prompt {
	const char *words;
	enum asked asked;
} prompts[] = {
	{ "login:", ASKED_USER },
	{ "username:", ASKED_USER },
	{ "user name:", ASKED_USER },
	{ "password:", ASKED_PASSWORD },
	{ "passwort:", ASKED_PASSWORD },
	{ "password for", ASKED_PASSWORD },
	{ "passphrase:", ASKED_PASSWORD },
	{ "passcode:", ASKED_PASSWORD },
	{ "kennwort:", ASKED_PASSWORD },
};

static const struct prompt *prompt_at(const struct cur *c)
{
	for (size_t i = 0; i < COUNT_OF(prompts); i++)
		if (text_begins(c, prompts[i].words))
			return &prompts[i];
	return NULL;
}

/* IAC x, IAC verb option, or IAC SB ... IAC SE. */
static long frame_command(struct cur c)
{
	if (c.left < 2)
		return FRAME_MORE;
	int verb = cur_peek(&c, 1);
	if (verb >= WILL && verb <= DONT)
		return 3;
	if (verb != SB)
		return verb >= SE ? 2 : FRAME_LOST;
	for (size_t at = 2; at + 1 < c.left && at < SUBOPTION_MAX; at++) {
		if (cur_peek(&c, at) != IAC)
			continue;
		if (cur_peek(&c, at + 1) == SE)
			return (long)at + 2;
		at++; /* IAC IAC: one byte of data */
	}
	return c.left < SUBOPTION_MAX ? FRAME_MORE : FRAME_LOST;
}

static long frame(struct cur c, struct scene *s)
{
	(void)s;
	if (cur_peek(&c, 0) == IAC && cur_peek(&c, 1) != IAC)
		return frame_command(c);
	struct cur look = c;
	for (long at = 0; look.left && at < LINE_MAX_SIZE; at++) {
		const struct prompt *p = prompt_at(&look);
		if (p)
			return at + (long)strlen(p->words);
		if (cur_peek(&look, 0) == IAC && at)
			return at;
		uint8_t byte = cur_u8(&look);
		if (byte == '\n' || (byte == '\r' && cur_peek(&look, 0) == 0))
			return at + (byte == '\n' ? 1 : 2);
	}
	return c.left < LINE_MAX_SIZE ? FRAME_MORE : LINE_MAX_SIZE;
}

/* --- messages --- */

static void begin(struct scene *s, unsigned code)
{
	const struct msg *m = msgs;
	while (m->code != code)
		m++;
	fact_begin(s, m);
}

static enum parsed parse_command(struct cur c, struct scene *s)
{
	cur_skip(&c, 1);
	uint8_t verb = cur_u8(&c);
	bool has_option = verb >= WILL && verb <= DONT;
	begin(s, verb == SB ? SUBOPTION : has_option ? OPTION : COMMAND);
	fact_uint(s, &command, verb);
	if (verb == SB || has_option) {
		uint8_t number = cur_u8(&c);
		fact_uint(s, &option, number);
		if (verb == SB && c.left >= 2) {
			struct cur data = cur_sub(&c, c.left - 2);
			if (number == OPTION_WINDOW && data.left == 4) {
				fact_uint(s, &width, cur_be16(&data));
				fact_uint(s, &height, cur_be16(&data));
			} else {
				fact_bytes(s, &option_data, data.at, data.left);
			}
			fact_uint(s, &command, SE);
		}
	}
	fact_end(s);
	return cur_ok(&c) ? PARSED_WHOLE : PARSED_BAD;
}

static struct cur trimmed(struct cur c)
{
	while (c.left && (cur_peek(&c, 0) <= ' '))
		cur_skip(&c, 1);
	while (c.left && cur_peek(&c, c.left - 1) <= ' ')
		c = cur_sub(&c, c.left - 1);
	return c;
}

static bool is_refusal(struct cur c)
{
	static const char *const words[] = { "login incorrect", "login failed", "access denied",
		"authentication failed", "bad password", "invalid password", "login invalid",
		"password required, but none set" };
	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (text_has(c, words[i]))
			return true;
	return false;
}

static const struct prompt *prompt_in(struct cur c)
{
	for (; c.left; cur_skip(&c, 1)) {
		const struct prompt *p = prompt_at(&c);
		if (p)
			return p;
	}
	return NULL;
}

static void parse_prompt(struct cur c, struct scene *s, const struct prompt *p)
{
	struct state *st = s->state;
	st->asked = (uint8_t)p->asked;
	st->asker = s->side;
	scene_server(s);
	ask_put(s, 0);
	begin(s, PROMPT);
	fact_text(s, &prompt_text, c.at, c.left);
	fact_end(s);
}

static void parse_answer(struct cur c, struct scene *s)
{
	struct state *st = s->state;
	ask_take(s, 0);
	begin(s, ANSWER);
	if (st->asked == ASKED_USER) {
		fact_text(s, &user_name, c.at, c.left);
		who_sender(s, ID_USER, c.at, c.left);
	}
	fact_end(s);
	st->asked = ASKED_NOTHING;
}

static enum parsed parse_text(struct cur c, struct scene *s)
{
	struct state *st = s->state;
	struct cur line = trimmed(c);
	const struct prompt *p = prompt_in(line);
	if (p) {
		parse_prompt(line, s, p);
		return PARSED_WHOLE;
	}
	if (st->asked && s->side != st->asker) {
		parse_answer(line, s);
		return PARSED_WHOLE;
	}
	if (!line.left)
		return PARSED_WHOLE;
	begin(s, is_refusal(line) ? REFUSAL : TEXT_LINE);
	if (is_refusal(line))
		fact_failed(s);
	bool is_server = s->client >= 0 && s->client != s->side;
	if (!is_server && (text_has(line, "passw") || text_has(line, "secret ")))
		fact_secret(s, &data_text, line.at, line.left); /* a command that sets one */
	else
		fact_text(s, &data_text, line.at, line.left);
	fact_end(s);
	/* What a device says before it asks names it more often than not. */
	if (!st->banner && s->client >= 0 && s->side != s->client && line.left >= 4) {
		st->banner = true;
		who_sender(s, ID_SOFTWARE, line.at, line.left);
	}
	return PARSED_WHOLE;
}

static enum parsed parse(struct cur c, struct scene *s)
{
	if (cur_peek(&c, 0) == IAC && cur_peek(&c, 1) != IAC)
		return parse_command(c, s);
	return parse_text(c, s);
}

static void gap(struct scene *s)
{
	struct state *st = s->state;
	st->asked = ASKED_NOTHING;
}

const struct proto proto_telnet = {
	.name = "telnet",
	.title = "Telnet",
	.standard = "RFC 854",
	.reads = "options, lines, logins",
	.seen = "1 capture: a server's login",
	.over = OVER_TCP,
	.begins = "ff",
	.probe = probe,
	.frame = frame,
	.parse = parse,
	.gap = gap,
	.state_size = sizeof(struct state),
	.asks = 1,
};
