/* Every form of the report over made-up plants: valid, the same each time, and unharmed by names
 * chosen by an attacker. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/attr.h"
#include "crypt/digest.h"
#include "report/glyph.h"
#include "report/report.h"
#include "sample_plant.h"

enum { ROOM = 8 * 1024 * 1024 };

typedef void form(const struct plant *p, struct out *o);

/* What one form says about one plant; free() it. */
static char *shown(form *say, const struct plant *p)
{
	char *room = malloc(ROOM);
	assert_non_null(room);
	struct out o = out_mem(room, ROOM);
	say(p, &o);
	assert_false(o.failed);
	assert_int_equal(strlen(out_text(&o)), o.used);
	return room;
}

static json_t *document_of(const struct plant *p)
{
	char *text = shown(report_json, p);
	json_error_t e;
	json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, &e);
	if (!root)
		fail_msg("line %d column %d: %s", e.line, e.column, e.text);
	free(text);
	return root;
}

static const char *text_at(json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}

static void json_has_the_plant(void **state)
{
	(void)state;
	struct sample *s = sample_small();
	json_t *root = document_of(sample_plant(s));
	assert_string_equal(text_at(root, "weir"), "look/1");
	json_t *capture = json_object_get(root, "capture");
	assert_int_equal(json_integer_value(json_object_get(capture, "packets")), 8243);
	assert_string_equal(text_at(capture, "first"), "2026-11-14T02:00:00.000000000Z");
	assert_int_equal(json_integer_value(json_object_get(
				 json_object_get(capture, "counters"), "bad_checksum")),
		1034);

	json_t *assets = json_object_get(root, "assets");
	assert_int_equal(json_array_size(assets), 8);
	json_t *plc = json_array_get(assets, 2);
	assert_string_equal(text_at(plc, "id"), "a3");
	assert_string_equal(text_at(plc, "type"), "plc");
	assert_string_equal(text_at(plc, "model"), "CPU 315-2 PN/DP");
	assert_int_equal(json_integer_value(json_object_get(plc, "level")), 1);
	assert_string_equal(
		json_string_value(json_array_get(json_object_get(plc, "ips"), 0)), "10.0.10.21");

	json_t *conversations = json_object_get(root, "conversations");
	assert_int_equal(json_array_size(conversations), 8);
	json_t *s7 = json_array_get(conversations, 1);
	assert_string_equal(text_at(s7, "client"), "a1");
	assert_string_equal(text_at(s7, "server"), "a3");
	assert_string_equal(text_at(s7, "transport"), "tcp");
	json_t *operations = json_object_get(s7, "operations");
	assert_int_equal(json_array_size(operations), 3);
	assert_string_equal(text_at(json_array_get(operations, 0), "name"), "read_var");
	assert_string_equal(text_at(json_array_get(operations, 0), "code"), "4");
	assert_string_equal(text_at(json_array_get(operations, 2), "act"), "control");

	json_t *point = json_array_get(json_object_get(root, "points"), 2);
	assert_true(json_number_value(json_object_get(point, "first")) == 0.001234);
	json_t *finding = json_array_get(json_object_get(root, "findings"), 1);
	assert_string_equal(text_at(finding, "severity"), "critical");
	assert_string_equal(text_at(finding, "technique"), "T0858");
	assert_int_equal(json_array_size(json_object_get(finding, "frames")), 3);
	json_decref(root);
	sample_free(s);
}

static void json_leaves_out_what_is_unknown(void **state)
{
	(void)state;
	struct sample *s = sample_small();
	json_t *root = document_of(sample_plant(s));
	json_t *unknown = json_array_get(json_object_get(root, "assets"), 7);
	static const char *const absent[] = { "name", "model", "firmware", "serial", "type",
		"level", "zone", "part_of", "rack", "slot" };
	for (size_t i = 0; i < COUNT_OF(absent); i++)
		assert_null(json_object_get(unknown, absent[i]));
	json_t *guessed = json_array_get(json_object_get(root, "conversations"), 4);
	assert_true(json_is_true(json_object_get(guessed, "guess")));
	json_t *silent = json_array_get(json_object_get(root, "conversations"), 6);
	assert_null(json_object_get(silent, "protocol"));
	assert_string_equal(text_at(silent, "transport"), "ethernet");
	json_t *group = json_array_get(json_object_get(root, "conversations"), 7);
	assert_null(json_object_get(group, "server"));
	assert_string_equal(text_at(group, "group"), "224.0.0.251");
	json_t *plain = json_array_get(json_object_get(root, "findings"), 0);
	assert_null(json_object_get(plain, "technique"));
	json_decref(root);
	sample_free(s);

	s = sample_empty();
	root = document_of(sample_plant(s));
	assert_null(json_object_get(json_object_get(root, "capture"), "first"));
	assert_int_equal(json_array_size(json_object_get(root, "assets")), 0);
	json_decref(root);
	sample_free(s);
}

static void json_keeps_hostile_text_as_text(void **state)
{
	(void)state;
	struct sample *s = sample_hostile();
	json_t *root = document_of(sample_plant(s));
	json_t *assets = json_object_get(root, "assets");
	assert_string_equal(text_at(json_array_get(assets, 0), "name"),
		"</script><img src=x onerror=alert(1)>\"'&]]>-->");
	assert_string_equal(
		text_at(json_array_get(assets, 1), "name"), sample_plant(s)->assets[1].name);
	assert_int_equal(strlen(text_at(json_array_get(assets, 5), "name")), 600);
	json_decref(root);
	sample_free(s);
}

static void json_lines_are_objects_with_a_kind(void **state)
{
	(void)state;
	struct sample *s = sample_small();
	char *text = shown(report_json_lines, sample_plant(s)), *rest = text;
	static const char *const kinds[] = { "capture", "asset", "conversation", "point",
		"finding" };
	size_t seen[COUNT_OF(kinds)] = { 0 };
	for (char *line; (line = strsep(&rest, "\n")) && *line;) {
		json_t *o = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
		assert_non_null(o);
		size_t k = 0;
		while (k < COUNT_OF(kinds) && strcmp(text_at(o, "kind"), kinds[k]) != 0)
			k++;
		assert_in_range(k, 0, COUNT_OF(kinds) - 1);
		seen[k]++;
		json_decref(o);
	}
	static const size_t expected[] = { 1, 8, 8, 3, 4 };
	assert_memory_equal(seen, expected, sizeof seen);
	free(text);
	sample_free(s);
}

static struct report_style style = { .columns = 100 };

static void text_form(const struct plant *p, struct out *o)
{
	report_text(p, &style, o);
}

static void text_says_what_matters_first(void **state)
{
	(void)state;
	struct sample *s = sample_small();
	style = (struct report_style){ .columns = 120 };
	char *text = shown(text_form, sample_plant(s));
	static const char first[] = "8 assets, 3 controllers, 1 not identified; 2 findings need a "
				    "decision, 1 of them critical, 2 more";
	assert_memory_equal(text, first, sizeof first - 1);
	/* In this order, whatever stands between. */
	static const char *const order[] = { "the file ends inside packet 121", "FINDINGS (4)",
		"critical  A controller was stopped", "T0858", "frames 1204, 1206, 1311",
		"Next: ", "major ", "warning ", "info ", "ASSETS (8)", "Level 5, internet (1)",
		"Level 2, ", "Level 1, ", "intake-plc", "V3.2.6", "Level not known (1)",
		"CONVERSATIONS (8)", "1,800", "telnet?", "named after its port only",
		"PROCESS POINTS (3)", "unit 1 holding 100", "yes", "WORTH KNOWING (2)",
		"1,034  wrong checksums" };
	const char *at = text;
	for (size_t i = 0; i < COUNT_OF(order); i++) {
		const char *found = strstr(at, order[i]);
		if (!found)
			fail_msg("'%s' does not follow in the report", order[i]);
		at = found;
	}
	assert_null(strchr(text, '\x1b'));
	assert_null(strstr(text, "forgotten")); /* nothing was */
	free(text);
	sample_free(s);
}

/* No two rows of conversations look the same: what carries them is told, and a name that two assets
 * have is no name. */
static void conversations_can_be_told_apart(void **state)
{
	(void)state;
	struct sample *s = sample_small();
	struct plant p = *sample_plant(s);
	struct asset assets[8];
	assert_int_equal(p.asset_count, COUNT_OF(assets));
	memcpy(assets, p.assets, sizeof assets);
	p.assets = assets;
	static const unsigned columns[] = { 80, 100 };
	for (size_t i = 0; i < COUNT_OF(columns); i++) {
		style = (struct report_style){ .columns = columns[i] };
		char *text = shown(text_form, &p);
		const char *table = strstr(text, "CONVERSATIONS");
		assert_non_null(table);
		assert_non_null(strstr(table, " tcp 502 "));
		assert_non_null(strstr(table, "intake-plc"));
		assert_int_equal(!strstr(table, "Volume"), columns[i] == 80);
		free(text);
	}
	char address[IP_TEXT] = "";
	for (size_t i = 0; i < COUNT_OF(assets); i++) {
		if (!assets[i].name || strcmp(assets[i].name, "intake-plc") != 0)
			continue;
		assets[i].namesake = true;
		ip_text(&p.ips[assets[i].ips.first], address);
	}
	char *text = shown(text_form, &p);
	const char *table = strstr(text, "CONVERSATIONS");
	assert_non_null(table);
	assert_null(strstr(table, "intake-plc"));
	assert_true(*address && strstr(table, address));
	free(text);
	text = shown(report_html, &p);
	assert_null(strstr(strstr(text, "id=\"conversations\""), "intake-plc"));
	free(text);
	sample_free(s);
}

/* However many zones are empty, the sentence ends whole. */
static void empty_zones_are_counted(void **state)
{
	(void)state;
	static char names[200][101];
	const char *list[COUNT_OF(names)];
	for (size_t width = 1; width <= 100; width += 3) {
		for (size_t i = 0; i < COUNT_OF(names); i++) {
			memset(names[i], 'z', width);
			names[i][width] = '\0';
			list[i] = names[i];
		}
		struct plant p = {
			.packets = 1, .empty_zones = list, .empty_zone_count = COUNT_OF(names)
		};
		char *text = shown(report_html, &p);
		const char *more = strstr(text, "in which no asset was seen: z");
		assert_non_null(more);
		more = strstr(more, " and 1");
		assert_non_null(more);
		size_t told = 200 - strtoul(more + 5, NULL, 10), seen = 1;
		for (const char *at = strstr(text, "seen: "); (at = strstr(at, ",")) && at < more;
			at++)
			seen++;
		assert_int_equal(told, seen);
		assert_non_null(strstr(more, " more</li>"));
		free(text);
	}
}

/* Whoever asks for the points alone gets no empty line before them. */
static void points_alone_begin_at_once(void **state)
{
	(void)state;
	struct sample *s = sample_small();
	char *room = malloc(ROOM);
	assert_non_null(room);
	struct out o = out_mem(room, ROOM);
	report_points(sample_plant(s), &(struct report_style){ .columns = 100 }, &o);
	assert_memory_equal(out_text(&o), "PROCESS POINTS (3)\n", 19);
	free(room);
	sample_free(s);
}

static void text_fits_the_terminal(void **state)
{
	(void)state;
	static const unsigned columns[] = { 0, 40, 80, 100, 137, 400 };
	for (size_t i = 0; i < COUNT_OF(columns) * 2; i++) {
		struct sample *s = i % 2 ? sample_hostile() : sample_large(300);
		style = (struct report_style){ .columns = columns[i / 2], .all = true };
		unsigned room = style.columns == 0 ? 100 : style.columns < 80 ? 80 : style.columns;
		char *text = shown(text_form, sample_plant(s)), *rest = text;
		for (char *line; (line = strsep(&rest, "\n"));) {
			if (text_width(line) > room)
				fail_msg("%u of %u columns: %s", text_width(line), room, line);
			size_t size = strlen(line);
			assert_true(size == 0 || line[size - 1] != ' ');
		}
		free(text);
		sample_free(s);
	}
}

/* Tables need 80 columns; sentences are broken where the terminal ends. */
static void prose_fits_a_narrow_terminal(void **state)
{
	(void)state;
	static const unsigned columns[] = { 40, 60, 79 };
	for (size_t i = 0; i < COUNT_OF(columns); i++) {
		struct sample *s = sample_small();
		style = (struct report_style){ .columns = columns[i] };
		char *text = shown(text_form, sample_plant(s));
		char *rest = strstr(text, "FINDINGS"), *end = strstr(text, "ASSETS");
		assert_non_null(rest);
		assert_non_null(end);
		*end = '\0';
		for (char *line; (line = strsep(&rest, "\n"));)
			if (text_width(line) > columns[i])
				fail_msg("%u columns: %s", columns[i], line);
		free(text);
		sample_free(s);
	}
}

/* A terminal that shows ASCII alone gets that, in lines as wide as ever. */
static void text_keeps_to_ascii(void **state)
{
	(void)state;
	struct sample *plants[] = { sample_hostile(), sample_large(300) };
	for (size_t i = 0; i < COUNT_OF(plants); i++) {
		char *room = malloc(ROOM);
		assert_non_null(room);
		struct out o = out_mem(room, ROOM);
		o.ascii = true;
		style = (struct report_style){ .columns = 100, .all = true };
		text_form(sample_plant(plants[i]), &o);
		char *rest = room;
		out_text(&o);
		for (char *line; (line = strsep(&rest, "\n"));) {
			assert_true(strlen(line) <= 100);
			for (const char *at = line; *at; at++)
				assert_true(*at >= ' ' && *at <= '~');
		}
		free(room);
		sample_free(plants[i]);
	}
}

static void text_shortens_and_says_so(void **state)
{
	(void)state;
	struct sample *s = sample_large(300);
	style = (struct report_style){ .columns = 100 };
	char *text = shown(text_form, sample_plant(s));
	assert_non_null(strstr(text, "and 340 more (--all)"));
	assert_null(strstr(text, "io-9-30"));
	free(text);
	style.all = true;
	text = shown(text_form, sample_plant(s));
	assert_null(strstr(text, "(--all)"));
	assert_non_null(strstr(text, "io-9-30"));
	free(text);
	sample_free(s);
}

static void text_passes_no_escape_on(void **state)
{
	(void)state;
	struct sample *s = sample_hostile();
	style = (struct report_style){ .columns = 100, .colour = true, .all = true };
	char *text = shown(text_form, sample_plant(s));
	size_t ours = 0;
	for (const char *at = text; (at = strchr(at, '\x1b')); at++, ours++) {
		size_t digits = strspn(at + 2, "0123456789;");
		assert_true(at[1] == '[' && digits && at[2 + digits] == 'm');
	}
	assert_true(ours > 10);
	/* C1 controls, overrides, zero width, byte order marks, and what is not UTF-8 at all. */
	static const char *const gone[] = { "\x07", "\r", "\t", "\x7f", "\xc2\x9b", "\xe2\x80\xae",
		"\xe2\x81\xa6", "\xef\xbb\xbf", "\xe2\x80\x8b", "\xff", "\xc0", "\xed\xa0" };
	for (size_t i = 0; i < COUNT_OF(gone); i++)
		assert_null(strstr(text, gone[i]));
	free(text);
	sample_free(s);
}

static void widths_are_those_of_a_terminal(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		unsigned room, width;
		const char *shown;
	} rows[] = {
		{ "pump", 8, 4, "pump" }, { "pump station", 8, 8, "pump st\xe2\x80\xa6" },
		{ "pump", 0, 0, "" }, { "pump", 1, 1, "\xe2\x80\xa6" },
		{ "\xe6\xb0\xb4\xe5\x8e\x82", 4, 4, "\xe6\xb0\xb4\xe5\x8e\x82" },
		{ "\xe6\xb0\xb4\xe5\x8e\x82", 3, 3, "\xe6\xb0\xb4\xe2\x80\xa6" },
		{ "\xe6\xb0\xb4\xe5\x8e\x82", 2, 1, "\xe2\x80\xa6" },
		{ "e\xcc\x81t", 2, 2, "e\xcc\x81t" },
		{ "\xe6\xb0", 4, 2, "\xef\xbf\xbd\xef\xbf\xbd" }, /* half a character */
		{ "\xf4\x90\x80\x80", 4, 1, "\xef\xbf\xbd" },     /* beyond Unicode */
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		char buffer[64];
		struct out o = out_mem(buffer, sizeof buffer);
		assert_int_equal(text_fit(&o, rows[i].text, rows[i].room), rows[i].width);
		assert_string_equal(out_text(&o), rows[i].shown);
	}
}

static void sentence_of_every_kind_of_plant(void **state)
{
	(void)state;
	char text[200];
	struct sample *s = sample_empty();
	report_sentence(sample_plant(s), text, sizeof text);
	assert_string_equal(text, "There is no packet in this capture.");
	struct plant p = *sample_plant(s);
	p.packets = 1;
	report_sentence(&p, text, sizeof text);
	assert_string_equal(text, "No asset could be made out in 1 packet.");
	sample_free(s);

	s = sample_small();
	p = *sample_plant(s);
	p.finding_count = 0;
	p.asset_count = 1;
	report_sentence(&p, text, sizeof text);
	assert_string_equal(text, "1 asset, no controller; nothing needs a decision.");
	p.finding_count = 1;
	report_sentence(&p, text, sizeof text);
	assert_string_equal(
		text, "1 asset, no controller; nothing needs a decision, 1 worth a look.");
	p.finding_count = 2;
	report_sentence(&p, text, sizeof text);
	assert_string_equal(text,
		"1 asset, no controller; 1 critical finding needs a decision, 1 more worth a look.");
	char little[20];
	report_sentence(&p, little, sizeof little);
	assert_string_equal(little, "1 asset, no control");
	sample_free(s);
}

static size_t times(const char *text, const char *word)
{
	size_t n = 0;
	while ((text = strstr(text, word))) {
		text += strlen(word);
		n++;
	}
	return n;
}

/* Nothing is fetched, nothing runs that is not ours, and no name became markup. */
static void nothing_from_outside(const char *text)
{
	static const char *const never[] = { "<img", "url(", "@import", "<iframe", "<object",
		"<embed", "<base", "<foreignObject", "xlink:", "javascript:", "\xe2\x80\xae",
		"\xef\xbb\xbf", "\x1b", "\xc2\x9b" };
	for (size_t i = 0; i < COUNT_OF(never); i++)
		if (strstr(text, never[i]))
			fail_msg("'%s' in the output", never[i]);
	assert_int_equal(times(text, "://"), times(text, "\"http://www.w3.org/2000/svg\""));
	for (const char *at = text; (at = strchr(at, '<'));
		at++) { /* every tag, not what it holds */
		char tag[2000] = "";
		size_t size = strcspn(at, ">");
		memcpy(tag, at, size < sizeof tag - 1 ? size : sizeof tag - 1);
		assert_null(strstr(tag, " src="));
		for (const char *on = tag; (on = strstr(on, " on")); on++) /* onerror=, onload= */
			assert_int_not_equal(on[strcspn(on + 1, " =\"") + 1], '=');
		const char *link = strstr(tag, "href=");
		assert_true(!link || link[6] == '#');
	}
	for (const uint8_t *at = (const uint8_t *)text; *at; at++)
		assert_true(*at >= 0x20 || *at == '\n');
}

static void svg_shows_every_box(void **state)
{
	(void)state;
	struct sample *s = sample_small();
	char *text = shown(report_svg, sample_plant(s));
	nothing_from_outside(text);
	static const char *const here[] = { ">intake-plc<", ">updates.example.com<", ">10.0.20.99<",
		">intake<", ">3.5 ",
		"<title>eng01 to intake-plc: s7comm; 1 control; 2 program steps; 300 reads; 81 kB<",
		"2 findings, the worst critical" };
	for (size_t i = 0; i < COUNT_OF(here); i++)
		if (!strstr(text, here[i]))
			fail_msg("'%s' is not on the map", here[i]);
	assert_int_equal(times(text, "class=\"wm-box\""), 8);
	assert_int_equal(times(text, "class=\"wm-edge"), 7 + 4); /* and four in the legend */
	free(text);
	sample_free(s);
}

static void svg_of_many_is_still_readable(void **state)
{
	(void)state;
	static const uint32_t assets[] = { 300, 3000, 15000 };
	for (size_t i = 0; i < COUNT_OF(assets); i++) {
		struct sample *s = sample_large(assets[i]);
		char *text = shown(report_svg, sample_plant(s));
		nothing_from_outside(text);
		assert_in_range(times(text, "<g class=\"wm-s"), 20, 100);
		assert_in_range(strlen(text), 10000, 200000);
		assert_non_null(strstr(text, " controllers<"));
		assert_non_null(strstr(text, ">eng-1<")); /* wants attention: not lost in a group */
		free(text);
		sample_free(s);
	}
}

static void svg_survives_hostile_names(void **state)
{
	(void)state;
	struct sample *s = sample_hostile();
	char *text = shown(report_svg, sample_plant(s));
	nothing_from_outside(text);
	assert_non_null(strstr(text, "&lt;/script&gt;&lt;img"));
	free(text);
	sample_free(s);
}

static void html_lets_only_our_script_run(void **state)
{
	(void)state;
	struct sample *s = sample_hostile();
	char *text = shown(report_html, sample_plant(s));
	nothing_from_outside(text);
	assert_int_equal(times(text, "<script"), 1);
	assert_int_equal(times(text, "</script>"), 1);
	assert_non_null(strstr(text, "&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;"));

	/* The policy names exactly the bytes of the script. */
	const char *script = strstr(text, "<script>") + sizeof "<script>" - 1;
	size_t size = (size_t)(strstr(script, "</script>") - script);
	uint8_t digest[SHA256_SIZE], told[SHA256_SIZE + 2];
	digest_sha256(script, size, digest);
	const char *policy = strstr(text, "script-src 'sha256-");
	assert_non_null(policy);
	policy += sizeof "script-src 'sha256-" - 1;
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	for (size_t i = 0; i < 11;
		i++) { /* 32 bytes are eleven groups of four digits, one padded */
		uint32_t group = 0;
		for (size_t k = 0; k < 4; k++) {
			const char *digit = strchr(digits, policy[i * 4 + k]);
			group = group << 6 | (digit ? (uint32_t)(digit - digits) : 0);
		}
		for (size_t k = 0; k < 3; k++)
			told[i * 3 + k] = (uint8_t)(group >> (16 - 8 * k));
	}
	assert_memory_equal(told, digest, sizeof digest);
	assert_memory_equal(policy + 43, "='; ", 4);
	free(text);
	sample_free(s);
}

static void html_has_the_plant(void **state)
{
	(void)state;
	struct sample *s = sample_small();
	char *text = shown(report_html, sample_plant(s));
	nothing_from_outside(text);
	static const char *const order[] = { "<h1>8 assets, 3 controllers", "the file ends inside",
		"id=\"findings\"", "card critical", "T0858", "frames 1204, 1206, 1311",
		"<strong>Next:</strong>", "card major", "card warning", "card info", "id=\"map\"",
		"<svg ", "</svg>", "id=\"assets\"", "<caption>Assets by Purdue level</caption>",
		"<th scope=\"col\"", "<tr id=\"a3\">", "model: CPU 315-2 PN/DP", "frame 14<",
		"id=\"conversations\"", "plc_stop", "telnet?", "named after its port only",
		"id=\"points\"", "unit 1 holding 100", "Worth knowing", "1,034 wrong checksums" };
	const char *at = text;
	for (size_t i = 0; i < COUNT_OF(order); i++) {
		const char *found = strstr(at, order[i]);
		if (!found)
			fail_msg("'%s' does not follow in the page", order[i]);
		at = found;
	}
	/* Every link leads somewhere. */
	for (at = text; (at = strstr(at, "href=\"#")); at++) {
		char id[64];
		int length = (int)strcspn(at + 7, "\"");
		snprintf(id, sizeof id, "id=\"%.*s\"", length, at + 7);
		if (!strstr(text, id))
			fail_msg("nothing has %s", id);
	}
	free(text);
	sample_free(s);
}

static void html_of_many_stays_usable(void **state)
{
	(void)state;
	struct sample *s = sample_large(15000);
	char *text = shown(report_html, sample_plant(s));
	nothing_from_outside(text);
	assert_non_null(strstr(text, "The first 2,000 of 15,000 are shown"));
	assert_int_equal(times(text, "<tr id=\"a"), 2000);
	assert_true(strlen(text) < 4 * 1024 * 1024);
	free(text);
	sample_free(s);
}

static void same_plant_same_bytes(void **state)
{
	(void)state;
	static form *const forms[] = { report_json, report_json_lines, text_form, report_svg,
		report_html };
	for (size_t i = 0; i < COUNT_OF(forms); i++) {
		struct sample *a = sample_large(300), *b = sample_large(300);
		char *one = shown(forms[i], sample_plant(a)),
		     *two = shown(forms[i], sample_plant(b));
		assert_string_equal(one, two);
		free(one);
		free(two);
		sample_free(a);
		sample_free(b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(json_has_the_plant),
		cmocka_unit_test(json_leaves_out_what_is_unknown),
		cmocka_unit_test(json_keeps_hostile_text_as_text),
		cmocka_unit_test(json_lines_are_objects_with_a_kind),
		cmocka_unit_test(text_says_what_matters_first),
		cmocka_unit_test(conversations_can_be_told_apart),
		cmocka_unit_test(empty_zones_are_counted),
		cmocka_unit_test(points_alone_begin_at_once),
		cmocka_unit_test(text_fits_the_terminal),
		cmocka_unit_test(prose_fits_a_narrow_terminal),
		cmocka_unit_test(text_keeps_to_ascii),
		cmocka_unit_test(text_shortens_and_says_so),
		cmocka_unit_test(text_passes_no_escape_on),
		cmocka_unit_test(widths_are_those_of_a_terminal),
		cmocka_unit_test(sentence_of_every_kind_of_plant),
		cmocka_unit_test(svg_shows_every_box),
		cmocka_unit_test(svg_of_many_is_still_readable),
		cmocka_unit_test(svg_survives_hostile_names),
		cmocka_unit_test(html_has_the_plant),
		cmocka_unit_test(html_lets_only_our_script_run),
		cmocka_unit_test(html_of_many_stays_usable),
		cmocka_unit_test(same_plant_same_bytes),
	};
	return cmocka_run_group_tests_name("report", tests, NULL, NULL);
}
