#include "cli/ledger/line.h"

#include <stdio.h>
#include <string.h>

#include "crypt/sign.h"
#include "event/canonical.h"
#include "event/entry.h"
#include "event/entry_parts.h"
#include "report/glyph.h"

enum {
	LINE = 16 * 1024, /* no terminal is wider */
	PATH = 256,       /* of a member within members, by its names */
	ELLIPSIS = 0x2026,
};

/* --- words --- */

/* In quotes where it would not be clear where it ends, or whether it is there. */
static void say(struct out *o, const char *text, const char *apart)
{
	size_t size = strlen(text);
	bool quoted = !size || text[0] == ' ' || text[size - 1] == ' ' || strstr(text, "  ") ||
		strpbrk(text, apart);
	uint32_t code;
	if (!quoted) {
		text_out(o, text);
		return;
	}
	out_char(o, '"');
	for (size_t n; (n = glyph_at(text, &code)); text += n) {
		if (code == '"')
			out_char(o, '\\');
		glyph_out(o, code);
	}
	out_char(o, '"');
}

static void say_scalar(struct out *o, const json_t *value, const char *apart)
{
	char number[CANONICAL_NUMBER];
	switch (json_typeof(value)) {
	case JSON_STRING:
		say(o, json_string_value(value), apart);
		break;
	case JSON_INTEGER:
		out_int(o, json_integer_value(value));
		break;
	case JSON_REAL:
		out_str(o, canonical_number(json_real_value(value), number));
		break;
	case JSON_TRUE:
		out_str(o, "yes");
		break;
	case JSON_FALSE:
		out_str(o, "no");
		break;
	default:
		out_str(o, "none");
	}
}

static bool is_flat(const json_t *list)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *one = json_array_get(list, i);
		if (json_is_object(one) || json_is_array(one))
			return false;
	}
	return true;
}

struct words {
	struct out *out;
	bool some;
	char path[PATH];
};

static void say_value(struct words *w, size_t path_size, const char *name, json_t *value);

/* What is in a list or an object has its place in front: "limits.high 7". */
static void say_inside(struct words *w, size_t path_size, json_t *value)
{
	const char *name;
	json_t *one;
	char number[24];
	if (path_size + 1 < PATH) {
		w->path[path_size++] = '.';
		w->path[path_size] = 0;
	}
	json_object_foreach(value, name, one) say_value(w, path_size, name, one);
	for (size_t i = 0; i < json_array_size(value); i++) {
		snprintf(number, sizeof number, "%zu", i + 1);
		say_value(w, path_size, number, json_array_get(value, i));
	}
}

/* Entries have at most 32 levels (event/canonical.h); those of others go as deep as jansson reads.
 */
// NOLINTNEXTLINE(misc-no-recursion)
static void say_value(struct words *w, size_t path_size, const char *name, json_t *value)
{
	int more = snprintf(w->path + path_size, PATH - path_size, "%s", name);
	size_t size = path_size + (size_t)more < PATH ? path_size + (size_t)more : PATH - 1;
	bool list = json_is_array(value);
	bool is_sealed = path_size == 0 && strcmp(name, "sealed") == 0 && json_is_object(value) &&
		json_object_get(value, "text");
	if (!is_sealed &&
		((json_is_object(value) && json_object_size(value)) || (list && !is_flat(value)))) {
		say_inside(w, size, value);
		return;
	}
	out_str(w->out, w->some ? ", " : "  ");
	w->some = true;
	if (is_sealed) { /* the cipher text says nothing */
		out_str(w->out, "(sealed)");
		return;
	}
	say(w->out, w->path, " ,\"");
	if (!list) {
		out_char(w->out, ' ');
		say_scalar(w->out, value, ",\"");
	}
	for (size_t i = 0; i < json_array_size(value); i++) {
		out_char(w->out, ' ');
		say_scalar(w->out, json_array_get(value, i), " ,\"");
	}
	if (list && !json_array_size(value))
		out_str(w->out, " none");
}

static void write_line(
	struct out *o, uint64_t sequence, const void *bytes, size_t size, bool signed_yet)
{
	struct entry_parts p;
	struct words w = { .out = o };
	const char *name;
	json_t *one;
	entry_take_apart(bytes, size, &p);
	out_fmt(o, "%8llu%c ", (unsigned long long)sequence, signed_yet ? ' ' : '*');
	if (!p.json) {
		out_fmt(o, "%zu bytes that are no entry of weir's", size);
		return;
	}
	if (p.timed && strlen(p.at) > 19)
		out_fmt(o, "%.19sZ  ", p.at);
	else
		out_fmt(o, "%-20s  ", "no time");
	say(o, p.kind, ",\"");
	for (unsigned used = text_width(p.kind); used < 12; used++)
		out_char(o, ' ');
	out_str(o, "  ");
	say(o, p.subject, "\"");
	out_str(o, "  by ");
	say(o, p.actor, "\"");
	json_object_foreach((json_t *)p.data, name, one) say_value(&w, 0, name, one);
	entry_parts_free(&p);
}

/* --- as wide as the terminal --- */

/* Bytes of the text that take at most so many columns and end before a blank; 0: none do. */
static size_t fitting_words(const char *text, unsigned room, unsigned *width)
{
	size_t end = 0, at = 0;
	unsigned used = 0;
	uint32_t code;
	*width = 0;
	for (size_t n; (n = glyph_at(text + at, &code)); at += n) {
		if (code == ' ' && used <= room) {
			end = at;
			*width = used;
		}
		used += glyph_width(code);
	}
	return end;
}

static void write_cut(struct out *o, char *text, unsigned room)
{
	unsigned width;
	if (text_width(text) <= room) {
		text_out(o, text);
		return;
	}
	size_t size = fitting_words(text, room > 2 ? room - 2 : 0, &width);
	if (width < room / 2) { /* one word takes all the rest */
		text_fit(o, text, room);
		return;
	}
	while (size && (text[size - 1] == ' ' || text[size - 1] == ','))
		size--;
	text[size] = 0;
	text_out(o, text);
	out_char(o, ' ');
	glyph_out(o, ELLIPSIS);
}

void ledger_line(
	const struct cli *cli, uint64_t sequence, const void *bytes, size_t size, bool signed_yet)
{
	static char text[LINE];
	struct out line = out_mem(text, sizeof text);
	line.ascii = cli->out->ascii;
	if (cli->tty_out) {
		write_line(&line, sequence, bytes, size, signed_yet);
		out_text(&line);
		write_cut(cli->out, text, cli->columns);
	} else {
		write_line(cli->out, sequence, bytes, size, signed_yet);
	}
	out_char(cli->out, '\n');
}

/* --- for programs --- */

bool ledger_line_fits(const void *bytes, size_t size)
{
	struct entry_parts p;
	entry_take_apart(bytes, size, &p);
	bool fits = p.json && !memchr(bytes, '\n', size) && !memchr(bytes, '\r', size);
	entry_parts_free(&p);
	return fits;
}

static void write_base64(struct out *o, const void *bytes, size_t size)
{
	char text[4 * 64 + 1];
	for (size_t at = 0; at < size; at += 192) {
		size_t some = size - at < 192 ? size - at : 192;
		base64_text((const char *)bytes + at, some, text);
		out_str(o, text);
	}
}

void ledger_line_json(
	const struct cli *cli, uint64_t sequence, const void *bytes, size_t size, bool signed_yet)
{
	ledger_line_json_secret(cli, sequence, bytes, size, signed_yet, NULL);
}

void ledger_line_json_secret(const struct cli *cli, uint64_t sequence, const void *bytes,
	size_t size, bool signed_yet, const char *secret)
{
	static char text[ENTRY_SIZE_MAX + 1];
	struct out *o = cli->out;
	out_fmt(o, "{\"sequence\":%llu,\"signed\":%s,", (unsigned long long)sequence,
		signed_yet ? "true" : "false");
	if (size > ENTRY_SIZE_MAX || !ledger_line_fits(bytes, size)) {
		out_str(o, "\"base64\":\"");
		write_base64(o, bytes, size);
		out_str(o, "\"}\n");
		return;
	}
	out_str(o, "\"entry\":");
	if (cli->tty_out) {
		memcpy(text, bytes, size);
		text[size] = 0;
		text_out(o, text);
	} else {
		out_bytes(o, bytes, size);
	}
	if (secret) {
		out_str(o, ",\"secret\":");
		text_out(o, secret);
	}
	out_str(o, "}\n");
}
