/* Everything but devices: SLMP Reference Manual (SH-080956ENG), 5.4 (buffer memory), 5.5 (remote
 * operation), 5.6 (drives and files), 5.7 (loopback, errors, password); node search and address
 * setting: BAP-C2006ENG-003, 8.3.  File passwords stand in front of most file requests, and are
 * passed over. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "sense/proto/melsec.h"
#include "sense/proto/ntlm.h"

static const struct field f_start = { "melsec.start", LE32, 0, 0 };
static const struct field f_module = { "melsec.module", LE16, 0, 0 };
static const struct field f_mode = { "melsec.mode", LE16, 0, 0 };
static const struct field f_forced = { "melsec.forced", FLAG, 0, 0 };
static const struct field f_clear = { "melsec.clear_mode", U8, 0, 2 };
static const struct field f_model = { "melsec.cpu_model", TEXT, 0, 0 };
static const struct field f_model_code = { "melsec.cpu_code", LE16, 0, 0 };
static const struct field f_data = { "melsec.data", BYTES, 0, 0 };
static const struct field f_password = { "melsec.password", TEXT, 0, 0 };
static const struct field f_drive = { "melsec.file.drive", LE16, 0, 0 };
static const struct field f_name = { "melsec.file.name", TEXT, 0, 0 };
static const struct field f_open_mode = { "melsec.file.mode", LE16, 0, 0 };
static const struct field f_file = { "melsec.file.pointer", LE16, 0, 0 };
static const struct field f_offset = { "melsec.file.offset", LE32, 0, 0 };
static const struct field f_client_mac = { "melsec.client.mac", MAC, 0, 0 };
static const struct field f_client_ip = { "melsec.client.ip", IP4, 0, 0 };
static const struct field f_mac = { "melsec.server.mac", MAC, 0, 0 };
static const struct field f_ip = { "melsec.server.ip", IP4, 0, 0 };
static const struct field f_mask = { "melsec.server.mask", IP4, 0, 0 };
static const struct field f_gateway = { "melsec.server.gateway", IP4, 0, 0 };
static const struct field f_host = { "melsec.server.name", TEXT, 0, 0 };
static const struct field f_vendor_code = { "melsec.server.vendor", LE16, 0, 0 };
static const struct field f_server_model = { "melsec.server.model", LE32, 0, 0 };
static const struct field f_version = { "melsec.server.version", LE16, 0, 0 };
static const struct field f_port = { "melsec.server.port", LE16, 0, 0 };
static const struct field f_status = { "melsec.server.status", LE16, 0, 0 };

static void tell_number(struct melsec *m, const struct field *f, unsigned bytes)
{
	uint32_t n = melsec_number(m, bytes);
	if (cur_ok(&m->c))
		fact_uint(m->s, f, n);
}

static void tell_data(struct melsec *m, size_t size)
{
	struct cur data = melsec_bytes(m, size);
	if (cur_ok(&m->c) && data.left)
		fact_bytes(m->s, &f_data, data.at, data.left);
}

/* Text is text in both codes. */
static struct cur tell_text(struct melsec *m, const struct field *f, size_t size)
{
	struct cur text = cur_sub(&m->c, size);
	if (cur_ok(&m->c))
		fact_text(m->s, f, text.at, text.left);
	return text;
}

/* --- buffer memory --- */

static uint32_t ask_memory(struct melsec *m, struct melsec_ask *ask)
{
	ask->address = melsec_number(m, 4);
	ask->count = melsec_number(m, 2);
	if (!cur_ok(&m->c))
		return 0;
	fact_uint(m->s, &f_start, ask->address);
	fact_uint(m->s, &melsec_count, ask->count);
	if (!ask->command->writes)
		return ask->count * 2;
	cur_need(&m->c, melsec_left(m) >= (size_t)ask->count * 2);
	ask->has_list = true;
	melsec_tell_buffer(m, ask->address, ask->count);
	return 0;
}

static uint32_t ask_module(struct melsec *m, struct melsec_ask *ask)
{
	bool old = m->form.old;
	ask->address = melsec_number(m, old ? 3 : 4);
	ask->count = melsec_number(m, old ? 1 : 2);
	if (old && !ask->count)
		ask->count = 256;
	uint32_t module = melsec_number(m, old ? 1 : 2);
	if (old)
		cur_need(&m->c, melsec_number(m, 1) == 0);
	if (!cur_ok(&m->c))
		return 0;
	fact_uint(m->s, &f_start, ask->address);
	fact_uint(m->s, &melsec_count, ask->count);
	fact_uint(m->s, &f_module, module);
	if (!ask->command->writes)
		return ask->count;
	tell_data(m, ask->count);
	return 0;
}

static uint32_t ask_old_program(struct melsec *m, struct melsec_ask *ask)
{
	ask->address = melsec_number(m, 2);
	ask->count = melsec_number(m, 1);
	cur_need(&m->c, melsec_number(m, 1) == 0);
	if (!ask->count)
		ask->count = 256;
	if (!cur_ok(&m->c))
		return 0;
	fact_uint(m->s, &f_start, ask->address);
	fact_uint(m->s, &melsec_count, ask->count);
	if (!ask->command->writes)
		return ask->count * 2;
	(void)melsec_bytes(m, (size_t)ask->count * 2);
	return 0;
}

/* --- remote operation --- */

static void ask_mode(struct melsec *m, bool run)
{
	uint32_t mode = melsec_number(m, 2);
	if (!cur_ok(&m->c))
		return;
	fact_uint(m->s, &f_mode, mode);
	fact_flag(m->s, &f_forced, mode == 3); /* although another device stopped it */
	if (!run)
		return;
	tell_number(m, &f_clear, 1);
	(void)melsec_number(m, 1);
}

static void answer_model(struct melsec *m)
{
	struct cur model = cur_sub(&m->c, 16);
	while (model.left && cur_peek(&model, model.left - 1) == ' ')
		model.left--;
	if (cur_ok(&m->c))
		fact_text(m->s, &f_model, model.at, model.left);
	tell_number(m, &f_model_code, 2);
	if (!cur_ok(&m->c))
		return;
	if (!melsec_own(&m->route)) /* of another, behind this one */
		return;
	who_sender(m->s, ID_MODEL, model.at, model.left);
	who_sender_is(m->s, TYPE_PLC, "tells the model of its CPU over SLMP");
}

static void ask_password(struct melsec *m)
{
	if (!m->c.left) /* iQ-F locks without it */
		return;
	uint32_t size = melsec_number(m, 2);
	struct cur password = cur_sub(&m->c, size);
	cur_need(&m->c, size <= 32);
	if (cur_ok(&m->c))
		fact_secret(m->s, &f_password, password.at, password.left);
}

/* --- files --- */

/* What a controller runs or is set up by: programs, function blocks, parameters of Q, L, iQ-R and
 * iQ-F. */
static bool names_program(const char *name, size_t size)
{
	static const char extensions[][4] = { "QPG", "QPA", "QFB", "PRG", "PFB", "PRM", "SYP",
		"SYU", "IFG" };
	while (size && (name[size - 1] == ' ' || name[size - 1] == '\0'))
		size--;
	for (size_t i = 0; size >= 4 && i < COUNT_OF(extensions); i++)
		if (strncasecmp(&name[size - 3], extensions[i], 3) == 0)
			return true;
	return false;
}

/* A file named in a request, wherever it lies. */
struct file_named {
	uint32_t mode, drive;
	struct cur name;
	bool fits; /* to the last byte: nothing of a password can be taken for something else */
};

/* 5.6: four characters; of Q and L 32, where subcommand 0004 says so; of iQ-R and iQ-F (0040) as
 * many as stand in front, but where a file is only looked for a fixed value. */
static void skip_password(struct melsec *m, const struct melsec_ask *ask)
{
	bool fixed = ask->code == 0x1811 || ask->code == 0x1826;
	if (!(ask->subcommand & 0x40))
		cur_skip(&m->c, ask->subcommand & 4 ? 32 : 4);
	else if (fixed)
		(void)melsec_number(m, 2);
	else
		cur_skip(&m->c, melsec_number(m, 2));
}

/* What stands between the drive and the name differs and is passed over; with 0040 names are in
 * UTF-16, in ASCII code four digits a character. */
static struct file_named named_file(struct melsec m, const struct melsec_ask *ask)
{
	static const struct {
		uint16_t command;
		uint8_t between;
	} known[] = { { 0x1811, 2 }, { 0x1820, 4 }, { 0x1825, 2 }, { 0x1826, 4 } };
	struct file_named n = { 0 };
	skip_password(&m, ask);
	if (ask->command->body == BODY_OPEN)
		n.mode = melsec_number(&m, 2);
	n.drive = melsec_number(&m, 2);
	for (size_t i = 0; i < COUNT_OF(known); i++)
		for (unsigned at = 0; known[i].command == ask->code && at < known[i].between;
			at += 2)
			(void)melsec_number(&m, 2);
	size_t size = melsec_number(&m, 2);
	n.name = cur_sub(&m.c, ask->subcommand & 0x40 ? size * (m.form.text ? 4 : 2) : size);
	n.fits = cur_ok(&n.name) && cur_ok(&m.c) && !m.c.left;
	return n;
}

static void ask_named_file(struct melsec *m, struct melsec_ask *ask)
{
	struct file_named n = named_file(*m, ask);
	struct utf8 text = { NULL, 0 };
	cur_skip(&m->c, m->c.left);
	if (!n.fits)
		return;
	if (!(ask->subcommand & 0x40))
		text = (struct utf8){ (const char *)n.name.at, n.name.left };
	else if (!m->form.text)
		text = utf8_of_utf16(m->s, n.name);
	if (ask->command->body == BODY_OPEN)
		fact_uint(m->s, &f_open_mode, n.mode);
	fact_uint(m->s, &f_drive, n.drive);
	if (text.at)
		fact_text(m->s, &f_name, text.at, text.size);
	ask->program =
		ask->command->body == BODY_OPEN && text.at && names_program(text.at, text.size);
}

/* Name of eight characters and three, in front of which a password, a flag, the drive and the
 * number of the file stand. */
static void ask_old_file(struct melsec *m)
{
	(void)melsec_number(m, 3);
	(void)melsec_number(m, 1);
	tell_number(m, &f_drive, 2);
	tell_number(m, &f_file, 2);
	struct cur name = cur_sub(&m->c, 8), extension = cur_sub(&m->c, 3);
	char *text = cur_ok(&m->c) ? scene_scratch(m->s, 12) : NULL;
	if (!text)
		return;
	memcpy(text, name.at, 8);
	size_t size = 8;
	while (size && text[size - 1] == ' ')
		size--;
	text[size] = '.';
	memcpy(&text[size + 1], extension.at, 3);
	fact_text(m->s, &f_name, text, size + 4);
}

static const struct melsec_file *file_at(
	const struct melsec_state *state, const struct melsec_route *route, uint16_t pointer)
{
	for (size_t i = 0; i < MELSEC_FILES; i++) {
		const struct melsec_file *f = &state->files[i];
		if (f->open && f->pointer == pointer && melsec_same_route(&f->route, route))
			return f;
	}
	return NULL;
}

/* A pointer is another file's with each opening. */
static void open_or_close(
	struct melsec *m, struct melsec_state *state, uint16_t pointer, bool program)
{
	for (size_t i = 0; i < MELSEC_FILES; i++) {
		struct melsec_file *f = &state->files[i];
		if (f->pointer == pointer && melsec_same_route(&f->route, &m->route))
			f->open = false;
	}
	if (program)
		state->files[state->next_file++ % MELSEC_FILES] =
			(struct melsec_file){ .route = m->route, .pointer = pointer, .open = true };
}

/* Looks ahead: whether a request moves a program, by the name in it or by the file it opened. */
bool melsec_moves_program(
	struct melsec m, const struct melsec_command *command, const struct melsec_state *state)
{
	if (command->body == BODY_FILE_DATA) {
		uint32_t file = melsec_number(&m, 2);
		return cur_ok(&m.c) && file_at(state, &m.route, (uint16_t)file);
	}
	if (command->code != 0x0206 && command->code != 0x1203)
		return false;
	(void)melsec_bytes(&m, 8);
	struct cur name = cur_sub(&m.c, 11);
	return cur_ok(&name) && names_program((const char *)name.at, name.left);
}

static uint32_t ask_file_data(struct melsec *m, struct melsec_ask *ask)
{
	ask->address = melsec_number(m, 2);
	uint32_t offset = melsec_number(m, 4);
	ask->count = melsec_number(m, 2);
	if (!cur_ok(&m->c))
		return 0;
	fact_uint(m->s, &f_file, ask->address);
	fact_uint(m->s, &f_offset, offset);
	fact_uint(m->s, &melsec_count, ask->count);
	if (ask->command->writes)
		(void)melsec_bytes(m, ask->count);
	return MELSEC_ANY_SIZE;
}

/* --- network --- */

/* Addresses come with their last byte first. */
static const uint8_t *reversed(struct melsec *m, struct cur part)
{
	uint8_t *bytes = cur_ok(&part) ? scene_scratch(m->s, part.left) : NULL;
	for (size_t i = 0, size = part.left; bytes && i < size; i++)
		bytes[size - 1 - i] = cur_u8(&part);
	return bytes;
}

static const uint8_t *tell_mac(struct melsec *m, const struct field *f)
{
	const uint8_t *mac = reversed(m, melsec_bytes(m, 6));
	if (mac && cur_ok(&m->c))
		fact_mac(m->s, f, mac);
	return cur_ok(&m->c) ? mac : NULL;
}

static const uint8_t *tell_ip(struct melsec *m, const struct field *f, size_t size)
{
	struct cur ip = melsec_bytes(m, size);
	const uint8_t *bytes = size == 4 || size == 16 ? reversed(m, ip) : NULL;
	if (bytes && cur_ok(&m->c))
		fact_ip(m->s, f, bytes, size);
	return cur_ok(&m->c) ? bytes : NULL;
}

static size_t address_size(struct melsec *m)
{
	uint32_t size = melsec_number(m, 1);
	cur_need(&m->c, size == 4 || size == 16);
	return cur_ok(&m->c) ? size : 0;
}

static void tell_client(struct melsec *m)
{
	(void)tell_mac(m, &f_client_mac);
	(void)tell_ip(m, &f_client_ip, address_size(m));
}

/* Whose address is what: its own words, or what it shall be. */
static void tell_server(struct melsec *m, bool says)
{
	const uint8_t *mac = tell_mac(m, &f_mac);
	size_t size = address_size(m);
	const uint8_t *ip = tell_ip(m, &f_ip, size);
	(void)tell_ip(m, &f_mask, size);
	(void)tell_ip(m, &f_gateway, size);
	uint32_t name_size = melsec_number(m, 1);
	if (name_size && cur_ok(&m->c)) {
		struct cur name = tell_text(m, &f_host, name_size);
		if (says && cur_ok(&m->c))
			who_sender(m->s, ID_NAME, name.at, name.left);
	}
	if (says && mac && ip && size == 4 && cur_ok(&m->c)) {
		struct ip a = ip_of_4(ip);
		who_binds(m->s, mac, &a);
	}
}

static void answer_node_search(struct melsec *m)
{
	cur_need(&m->c, melsec_is_node_search(*m)); /* who somebody is: nothing of half an answer */
	tell_client(m);
	tell_server(m, true);
	tell_number(m, &f_vendor_code, 2);
	tell_number(m, &f_server_model, 4);
	tell_number(m, &f_version, 2);
	(void)melsec_bytes(m, address_size(m)); /* who it talks to */
	(void)melsec_number(m, 2);
	tell_number(m, &f_status, 2);
	tell_number(m, &f_port, 2);
	(void)melsec_number(m, 1);
}

/* Looks ahead: an answer to a question that went to everybody, and so belongs to no conversation.
 * Every size in it has to fit, and nothing may be left over. */
bool melsec_is_node_search(struct melsec m)
{
	(void)melsec_bytes(&m, 6);
	(void)melsec_bytes(&m, address_size(&m));
	(void)melsec_bytes(&m, 6);
	size_t size = address_size(&m);
	(void)melsec_bytes(&m, size * 3);
	cur_skip(&m.c, melsec_number(&m, 1));
	(void)melsec_bytes(&m, 8);
	(void)melsec_bytes(&m, address_size(&m));
	(void)melsec_bytes(&m, 7);
	return cur_ok(&m.c) && !m.c.left;
}

static void ask_set_address(struct melsec *m)
{
	tell_client(m);
	tell_server(m, false);
	(void)melsec_bytes(m, address_size(m));
	(void)melsec_number(m, 2);
	(void)melsec_number(m, 1);
}

/* --- all of them --- */

static uint32_t ask_loopback(struct melsec *m, struct melsec_ask *ask)
{
	ask->count = melsec_number(m, m->form.old ? 1 : 2);
	cur_need(&m->c, m->c.left == ask->count); /* characters in both codes */
	cur_skip(&m->c, ask->count);
	if (cur_ok(&m->c))
		fact_uint(m->s, &melsec_count, ask->count);
	return ask->count + (m->form.old ? 1 : 2);
}

uint32_t melsec_ask_system(struct melsec *m, struct melsec_ask *ask)
{
	switch (ask->command->body) {
	case BODY_MEMORY:
		return ask_memory(m, ask);
	case BODY_MODULE:
	case BODY_OLD_MODULE:
		return ask_module(m, ask);
	case BODY_OLD_PROGRAM:
		return ask_old_program(m, ask);
	case BODY_LOOPBACK:
	case BODY_OLD_LOOPBACK:
		(void)ask_loopback(m, ask);
		return MELSEC_ANY_SIZE;
	case BODY_RUN:
	case BODY_MODE:
		ask_mode(m, ask->command->body == BODY_RUN);
		return 0;
	case BODY_MODEL:
		return 18;
	case BODY_OLD_MODEL:
		return 2;
	case BODY_PASSWORD:
		ask_password(m);
		return 0;
	case BODY_NODE_SEARCH:
		tell_client(m);
		return MELSEC_ANY_SIZE;
	case BODY_SET_ADDRESS:
		ask_set_address(m);
		return MELSEC_ANY_SIZE;
	case BODY_NAMED_FILE:
	case BODY_OPEN:
		ask_named_file(m, ask);
		break;
	case BODY_OLD_FILE:
		ask_old_file(m);
		break;
	case BODY_FILE_DATA:
		return ask_file_data(m, ask);
	case BODY_CLOSE:
		ask->address = melsec_number(m, 2);
		(void)melsec_number(m, 2);
		if (cur_ok(&m->c))
			fact_uint(m->s, &f_file, ask->address);
		break;
	case BODY_NONE:
		return 0;
	default:
		break;
	}
	return MELSEC_ANY_SIZE;
}

void melsec_answer_system(
	struct melsec *m, const struct melsec_ask *ask, struct melsec_state *state)
{
	uint16_t file;
	switch (ask->command->body) {
	case BODY_MEMORY:
		fact_uint(m->s, &f_start, ask->address);
		fact_uint(m->s, &melsec_count, ask->count);
		cur_need(&m->c, ask->command->writes || melsec_left(m) >= (size_t)ask->count * 2);
		if (!ask->command->writes)
			melsec_tell_buffer(m, ask->address, ask->count);
		break;
	case BODY_MODULE:
	case BODY_OLD_MODULE:
		fact_uint(m->s, &f_start, ask->address);
		if (!ask->command->writes)
			tell_data(m, ask->count);
		break;
	case BODY_MODEL:
		answer_model(m);
		break;
	case BODY_OLD_MODEL:
		tell_number(m, &f_model_code, 1);
		break;
	case BODY_NODE_SEARCH:
		answer_node_search(m);
		break;
	case BODY_SET_ADDRESS:
		(void)tell_mac(m, &f_client_mac);
		break;
	case BODY_OPEN:
		file = (uint16_t)melsec_number(m, 2);
		if (!cur_ok(&m->c))
			break;
		fact_uint(m->s, &f_file, file);
		open_or_close(m, state, file, ask->program);
		break;
	case BODY_CLOSE:
		open_or_close(m, state, (uint16_t)ask->address, false);
		break;
	default:
		break;
	}
}
