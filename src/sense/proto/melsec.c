/* MELSEC communication protocol and SLMP: SLMP Reference Manual (SH-080956ENG), MELSEC
 * Communication Protocol Reference Manual (SH-080008).  Frames: melsec_frame.c. */
#include "sense/proto/melsec.h"

#include <string.h>

static const struct field f_subheader = { "melsec.subheader", BE16, 0, 0 };
static const struct field f_serial = { "melsec.serial", LE16 | NUMBERING, 0, 0 };
static const struct field f_network = { "melsec.network", U8, 0, 0 };
static const struct field f_pc = { "melsec.pc", U8, 0, 0 };
static const struct field f_io = { "melsec.module_io", LE16, 0, 0 };
static const struct field f_station = { "melsec.station", U8, 0, 0 };
static const struct field f_length = { "melsec.length", LE16, 0, 0 };
static const struct field f_timer = { "melsec.timer", LE16, 0, 0 };
static const struct field f_command = { "melsec.command", LE16, 0, 0 };
static const struct field f_subcommand = { "melsec.subcommand", LE16, 0, 0 };
static const struct field f_end = { "melsec.end_code", LE16, 0, 0 };
static const struct field f_error = { "melsec.error", TEXT, 0, 0 };
static const struct field f_abnormal = { "melsec.abnormal_code", U8, 0, 0 };
static const struct field f_error_network = { "melsec.error.network", U8, 0, 0 };
static const struct field f_error_pc = { "melsec.error.pc", U8, 0, 0 };
static const struct field f_error_io = { "melsec.error.module_io", LE16, 0, 0 };
static const struct field f_error_station = { "melsec.error.station", U8, 0, 0 };

/* --- messages --- */

static bool is_devices(const struct melsec_command *command)
{
	switch (command->body) {
	case BODY_BATCH:
	case BODY_RANDOM:
	case BODY_BLOCK:
	case BODY_MONITOR:
	case BODY_LABELS:
	case BODY_ARRAY_LABELS:
	case BODY_OLD_TEST:
	case BODY_OLD_REGISTER:
	case BODY_OLD_MONITOR:
		return true;
	default:
		return false;
	}
}

static void tell_head(struct scene *s, const struct melsec_head *h)
{
	fact_uint(s, &f_subheader, h->subheader);
	if (h->serial_there)
		fact_uint(s, &f_serial, h->serial);
	if (h->old && h->answer)
		return;
	if (!h->old)
		fact_uint(s, &f_network, h->route.network);
	fact_uint(s, &f_pc, h->route.pc);
	if (!h->old) {
		fact_uint(s, &f_io, h->route.io);
		fact_uint(s, &f_station, h->route.station);
		fact_uint(s, &f_length, h->length);
	}
	if (!h->answer)
		fact_uint(s, &f_timer, h->timer);
}

static bool registers(const struct melsec_command *command)
{
	return command->code == 0x0801 || command->body == BODY_OLD_REGISTER;
}

static struct melsec_form form_of(const struct melsec_head *h, uint16_t subcommand)
{
	if (h->old) /* even ones of the first ten move bits */
		return (struct melsec_form){ .text = h->text,
			.old = true,
			.bits = h->function <= 9 && h->function % 2 == 0 };
	return (struct melsec_form){ .text = h->text,
		.bits = subcommand & 1,
		.wide = subcommand & 2,
		.extended = subcommand & 0x80 };
}

static struct melsec context(
	struct scene *s, const struct melsec_head *h, struct cur c, struct melsec_form form)
{
	return (struct melsec){ .s = s, .c = c, .form = form, .route = h->route, .facts = true };
}

/* Size on the wire of the answer that a request makes: in ASCII code a byte is two characters, but
 * bits and text are one each. */
static uint32_t wire_size(const struct melsec_head *h, const struct melsec *m,
	const struct melsec_ask *ask, uint32_t size)
{
	unsigned unit = m->form.text ? 2 : 1;
	switch (ask->command->body) {
	case BODY_MONITOR:
	case BODY_OLD_MONITOR:
		return melsec_monitor_size(m->s, h, m->form.bits);
	case BODY_OLD_LOOPBACK:
		return unit + ask->count;
	case BODY_MODEL:
		return 16 + 2 * unit;
	case BODY_BATCH:
		if (m->form.text && m->form.bits && !m->form.old && size)
			return ask->count;
		break;
	default:
		break;
	}
	return size == MELSEC_ANY_SIZE ? size : size * unit;
}

/* A request is as long as it has to be: what is left over belongs to no field. */
static bool reads_all(const struct melsec_command *command)
{
	switch (command->body) {
	case BODY_OTHER:
	case BODY_NAMED_FILE:
	case BODY_OPEN:
	case BODY_OLD_FILE:
	case BODY_MODEL:
	case BODY_LABELS:
	case BODY_ARRAY_LABELS:
		return false;
	default:
		return true;
	}
}

/* Nothing is told of a message that turns out not to be whole.  Binary stretches compare their
 * size; lists, and digits that might be none, are walked once for that alone. */
static bool needs_look(const struct melsec *m, const struct melsec_command *command)
{
	return is_devices(command) && (m->form.text || command->body != BODY_BATCH);
}

static bool whole_request(struct melsec m, struct melsec_ask ask)
{
	m.facts = false;
	(void)melsec_ask_devices(&m, &ask);
	return cur_ok(&m.c) && (!m.c.left || !reads_all(ask.command));
}

/* What the answer will need of the question, and when a write is confirmed. */
static void remember(struct scene *s, const struct melsec_head *h, const struct melsec *m,
	struct melsec_ask *ask, uint32_t size, struct cur body)
{
	uint32_t answer = wire_size(h, m, ask, size);
	if (registers(ask->command))
		melsec_registers(s);
	if (ask->has_list)
		melsec_keep_list(s, ask, body);
	melsec_remember(s, h, ask, answer);
}

static enum parsed request(struct scene *s, const struct melsec_head *h, struct cur c)
{
	struct melsec m = context(s, h, c, (struct melsec_form){ .text = h->text });
	uint16_t code = h->function, subcommand = 0;
	if (!h->old) {
		code = (uint16_t)melsec_number(&m, 2);
		subcommand = (uint16_t)melsec_number(&m, 2);
	}
	if (!cur_ok(&m.c))
		return s->cut ? PARSED_CUT : PARSED_BAD;
	const struct melsec_command *command =
		h->old ? melsec_old_command(h->function) : melsec_command(code);
	if (code != 0x2101) /* on demand: the controller speaks unasked */
		scene_client(s);
	if (!command)
		command = &melsec_unknown;
	m.form = form_of(h, subcommand);
	m.written = command->writes;
	struct melsec_ask ask = { .command = command,
		.subcommand = subcommand,
		.form = m.form,
		.code = code,
		.pc = h->route.pc };
	struct cur body = m.c;
	if (needs_look(&m, command) && !whole_request(m, ask))
		return s->cut ? PARSED_CUT : PARSED_BAD;
	ask.program = !h->old && melsec_moves_program(m, command, s->state);
	fact_begin(s,
		ask.program ? (command->writes ? &melsec_write_program[0] : &melsec_read_program[0])
			    : &command->rows[0]);
	tell_head(s, h);
	if (!h->old || command == &melsec_unknown)
		fact_uint(s, &f_command, code);
	if (!h->old)
		fact_uint(s, &f_subcommand, subcommand);
	uint32_t size =
		is_devices(command) ? melsec_ask_devices(&m, &ask) : melsec_ask_system(&m, &ask);
	if (!cur_ok(&m.c) || (m.c.left && reads_all(command)))
		return s->cut ? PARSED_CUT : PARSED_BAD;
	if (code != 0x2101)
		remember(s, h, &m, &ask, size, body);
	return PARSED_WHOLE;
}

static void tell_end(struct scene *s, const struct melsec_head *h)
{
	fact_uint(s, &f_end, h->end);
	if (!h->end)
		return;
	fact_failed(s);
	const char *name = melsec_end_name(h->end);
	if (name)
		fact_text(s, &f_error, name, strlen(name));
}

/* Who found the error, and what it was about. */
static void tell_error(struct melsec *m, bool old)
{
	if (old) {
		uint32_t code = melsec_number(m, 1);
		if (cur_ok(&m->c))
			fact_uint(m->s, &f_abnormal, code);
		m->c = cur_none();
		return;
	}
	uint32_t network = melsec_number(m, 1), pc = melsec_number(m, 1);
	uint32_t io = melsec_number(m, 2), station = melsec_number(m, 1);
	uint32_t command = melsec_number(m, 2), subcommand = melsec_number(m, 2);
	if (cur_ok(&m->c)) {
		fact_uint(m->s, &f_error_network, network);
		fact_uint(m->s, &f_error_pc, pc);
		fact_uint(m->s, &f_error_io, io);
		fact_uint(m->s, &f_error_station, station);
		fact_uint(m->s, &f_command, command);
		fact_uint(m->s, &f_subcommand, subcommand);
	}
	m->c = cur_none();
}

static const struct msg *answer_row(const struct melsec_head *h, const struct melsec_ask *ask)
{
	if (!ask && h->old) {
		const struct melsec_command *command = melsec_old_command(h->function);
		return &(command ? command : &melsec_unknown)->rows[1];
	}
	if (!ask)
		return &melsec_answer;
	if (ask->command->code == 0x1630 && melsec_password_wrong(h->end))
		return &melsec_unlock_refused;
	bool moves = ask->command->body == BODY_FILE_DATA || ask->command->body == BODY_OLD_FILE;
	if (ask->program && moves)
		return ask->command->writes ? &melsec_write_program[1] : &melsec_read_program[1];
	return &ask->command->rows[1];
}

/* The values of devices: all of them or none.  Sizes were compared where the answer was paired; a
 * list that is not at hand, or not as long as what came, says nothing. */
static void answer_devices(struct melsec *m, const struct melsec_ask *ask)
{
	bool monitor = ask->command->body == BODY_MONITOR || ask->command->body == BODY_OLD_MONITOR;
	bool labels = ask->command->body == BODY_LABELS || ask->command->body == BODY_ARRAY_LABELS;
	struct cur list =
		monitor ? melsec_monitored(m->s, m, ask, &m->form) : melsec_kept_list(m->s, ask);
	struct melsec look = *m;
	look.facts = false;
	if (labels)
		melsec_labels(&look, ask, list);
	else if (needs_look(m, ask->command))
		melsec_answer_devices(&look, ask, list);
	cur_need(&m->c, cur_ok(&look.c));
	if (!cur_ok(&m->c) || (look.c.left && needs_look(m, ask->command)))
		return;
	m->points = true;
	if (labels)
		melsec_labels(m, ask, list);
	else
		melsec_answer_devices(m, ask, list);
}

static void answer_body(struct melsec *m, const struct melsec_head *h, const struct melsec_ask *ask)
{
	if (registers(ask->command)) {
		melsec_registered(m->s, ask, h);
	} else if (ask->command->writes && ask->has_list) {
		m->points = true;
		melsec_written(m, ask, melsec_kept_list(m->s, ask));
	}
	if (!is_devices(ask->command)) {
		m->points = true;
		melsec_answer_system(m, ask, m->s->state);
	} else if (!ask->command->writes && !registers(ask->command)) {
		answer_devices(m, ask);
	}
}

static enum parsed answer(struct scene *s, const struct melsec_head *h, struct cur c)
{
	const struct melsec_ask *kept = melsec_asked(s, h, c);
	struct melsec_ask ask = { 0 };
	if (kept)
		ask = *kept;
	struct melsec m = context(s, h, c, ask.form);
	m.form.text = h->text;
	m.written = kept && ask.command->writes;
	if (h->old && kept)
		m.route.pc = ask.pc;
	if (!kept && h->serial_there && !h->end && melsec_is_node_search(m)) {
		ask.command = melsec_command(0x0e30);
		ask.code = 0x0e30;
	}
	scene_server(s);
	fact_begin(s, answer_row(h, ask.command ? &ask : NULL));
	tell_head(s, h);
	tell_end(s, h);
	if (h->end) {
		if (m.c.left)
			tell_error(&m, h->old);
		return PARSED_WHOLE;
	}
	if (!ask.command) /* values without their address */
		return PARSED_WHOLE;
	if (!h->old) {
		fact_uint(s, &f_command, ask.code);
		fact_uint(s, &f_subcommand, ask.subcommand);
	}
	answer_body(&m, h, &ask);
	return cur_ok(&m.c) ? PARSED_WHOLE : s->cut ? PARSED_CUT : PARSED_BAD;
}

static enum parsed parse(struct cur c, struct scene *s)
{
	struct melsec_state *state = s->state;
	struct melsec_head h = { 0 };
	if ((!s->stream && !melsec_expects(c, s)) || !melsec_head(&c, &h))
		return s->cut ? PARSED_CUT : PARSED_BAD;
	state->frames = h.old ? FRAMES_OLD : FRAMES_NEW;
	return h.answer ? answer(s, &h, c) : request(s, &h, c);
}

const struct proto proto_melsec = {
	.name = "melsec",
	.title = "MELSEC communication (MC) protocol, SLMP",
	.standard = "SH-080956ENG, SH-080008",
	.reads = "frames 1E, 3E, 4E in binary and ASCII code; devices and labels (binary) with "
		 "their values, buffer memory, remote operation, files by name, node search, end "
		 "codes; parameters, comments and file registers of frame 1E over UDP only",
	.seen = NULL,
	.over = OVER_TCP | OVER_UDP,
	.begins = "00-39 44 50 54 d0 d4",
	.ot = true,
	.probe = melsec_probe,
	.frame = melsec_frame,
	.parse = parse,
	.gap = melsec_gap,
	.in_parts = true,
	.state_size = sizeof(struct melsec_state),
	.asks = MELSEC_DUE,
	.ask_size = sizeof(struct melsec_ask),
	.point_name = melsec_point_name,
};
