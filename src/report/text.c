/* The report for a terminal: the sentence, what needs a decision, then what is there.
 *
 * Read by somebody on the night shift: every line fits, every number is at the right, colour is
 * only a hint, and what was left out is said with the way to see it. */
#include "report/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "report/glyph.h"
#include "report/order.h"
#include "report/table.h"
#include "report/words.h"

enum {
	ALL_COLUMNS = 98, /* from here on conversations have room for the last two */
	COLUMNS_MIN = 80, /* tables need so much; a narrower terminal breaks their lines */
	PROSE_MIN = 40,
	PROSE_MAX = 100,  /* longer lines of text are hard to read on any terminal */
	ROWS_LEVEL = 12,  /* assets of one level */
	ROWS_FINDING = 3, /* findings of one detection */
	ROWS_TABLE = 20,
};

#define BOLD   "\x1b[1m"
#define DIM    "\x1b[2m"
#define RED    "\x1b[1;31m"
#define YELLOW "\x1b[33m"
#define PLAIN  "\x1b[0m"

struct page {
	const struct plant *p;
	struct out *o;
	unsigned columns, prose;
	bool colour, all;
	bool guessed; /* a protocol with a question mark was shown */
};

static const char *paint(const struct page *page, const char *escape)
{
	return page->colour ? escape : NULL;
}

static void painted(const struct page *page, const char *escape, const char *text)
{
	if (page->colour)
		out_str(page->o, escape);
	text_out(page->o, text);
	if (page->colour)
		out_str(page->o, PLAIN);
}

static void title(const struct page *page, const char *words, uint64_t count)
{
	char n[WORD_TEXT];
	painted(page, BOLD, words);
	out_str(page->o, " (");
	out_str(page->o, count_text(count, n));
	out_str(page->o, ")\n");
}

static void heading(const struct page *page, const char *words, uint64_t count)
{
	out_char(page->o, '\n');
	title(page, words, count);
}

static void and_more(const struct page *page, unsigned indent, uint64_t count)
{
	char n[WORD_TEXT], line[96];
	if (!count)
		return;
	snprintf(
		line, sizeof line, "%*sand %s more (--all)", (int)indent, "", count_text(count, n));
	painted(page, DIM, line);
	out_char(page->o, '\n');
}

static size_t rows_shown(const struct page *page, size_t count, size_t limit)
{
	/* "and 1 more" takes the line that the row itself would need. */
	return page->all || count <= limit + 1 ? count : limit;
}

/* Text in lines of at most page->prose columns; the first begins at `indent` where we stand. */
static void wrapped(const struct page *page, unsigned indent, const char *text)
{
	unsigned at = indent;
	while (*text) {
		uint32_t code;
		unsigned width = 0;
		for (size_t i = 0; text[i] && text[i] != ' ';) {
			i += glyph_at(text + i, &code);
			width += glyph_width(code);
		}
		if (at > indent && at + 1 + width <= page->prose) {
			out_char(page->o, ' ');
			at++;
		} else if (at > indent) {
			out_fmt(page->o, "\n%*s", (int)indent, "");
			at = indent;
		}
		while (*text && *text != ' ') {
			text += glyph_at(text, &code);
			if (at + glyph_width(code) > page->prose) { /* a word longer than a line */
				out_fmt(page->o, "\n%*s", (int)indent, "");
				at = indent;
			}
			glyph_out(page->o, code);
			at += glyph_width(code);
		}
		while (*text == ' ')
			text++;
	}
	out_char(page->o, '\n');
}

static void paragraph(const struct page *page, unsigned indent, const char *text)
{
	out_fmt(page->o, "%*s", (int)indent, "");
	wrapped(page, indent, text);
}

static void file_line(const struct page *page, const struct plant_file *f)
{
	char packets[WORD_TEXT], bytes[WORD_TEXT], line[LABEL_TEXT];
	snprintf(line, sizeof line, ": %s packet%s, %s%s", count_text(f->packets, packets),
		plural(f->packets), bytes_text(f->bytes, bytes),
		f->problem             ? "; "
			: f->truncated ? "; it ends in the middle of a packet"
				       : "");
	unsigned rest = text_width(line) + (f->problem ? text_width(f->problem) : 0);
	unsigned room = page->columns > rest + 12 ? page->columns - rest : 12;
	text_fit(page->o, f->name, room);
	text_out(page->o, line);
	if (f->problem)
		painted(page, YELLOW, f->problem);
	out_char(page->o, '\n');
}

static void capture(const struct page *page)
{
	const struct plant *p = page->p;
	char from[WORD_TEXT], to[WORD_TEXT], span[WORD_TEXT], a[WORD_TEXT], b[WORD_TEXT];
	size_t shown = rows_shown(page, p->file_count, 6);
	for (size_t i = 0; i < p->file_count; i++)
		if (i < shown || p->files[i].problem)
			file_line(page, &p->files[i]);
	and_more(page, 0, p->file_count - shown);
	if (p->file_count > 1)
		out_fmt(page->o, "together: %s packet%s, %s\n", count_text(p->packets, a),
			plural(p->packets), bytes_text(p->bytes, b));
	if (!p->first_ns && !p->last_ns)
		return;
	time_text(p->last_ns, to);
	time_text(p->first_ns, from);
	bool one_day = strncmp(from, to, sizeof "2026-11-14" - 1) == 0;
	const char *until = strchr(to, ' ');
	out_fmt(page->o, "%s to %s UTC, %s\n", from, one_day && until ? until + 1 : to,
		span_text(p->last_ns - p->first_ns, span));
}

enum { FINDING_INDENT = 10 };

static void evidence(const struct page *page, const struct finding *f)
{
	char line[400], n[WORD_TEXT], at[WORD_TEXT];
	int used = 0;
	for (unsigned i = 0; i < f->frame_count && i < COUNT_OF(f->frames); i++)
		used += snprintf(line + used, sizeof line - (size_t)used, "%s%llu",
			i                             ? ", "
				: f->frame_count == 1 ? "frame "
						      : "frames ",
			(unsigned long long)f->frames[i]);
	if (f->frame_count && f->count > f->frame_count)
		used += snprintf(line + used, sizeof line - (size_t)used, " ...");
	if (f->count > 1)
		used += snprintf(line + used, sizeof line - (size_t)used, "%sseen %s times",
			used ? "; " : "", count_text(f->count, n));
	if (f->first_ns)
		snprintf(line + used, sizeof line - (size_t)used, "%s%s %s", used ? "; " : "",
			f->count > 1 ? "first at" : "at", time_text(f->first_ns, at));
	else
		line[used] = '\0';
	if (page->colour)
		out_str(page->o, DIM);
	paragraph(page, FINDING_INDENT, line);
	if (page->colour)
		out_str(page->o, PLAIN);
}

static const char *severity_paint(uint8_t severity)
{
	return severity == SEVERITY_CRITICAL ? RED : severity == SEVERITY_MAJOR ? YELLOW : PLAIN;
}

/* Findings of one detection: its title once, each sentence with its evidence, the next step. */
static void finding_group(const struct page *page, const uint32_t *order, size_t at, size_t count)
{
	const struct finding *f = &page->p->findings[order_at(order, at)];
	const char *technique = f->row->technique ? f->row->technique : "";
	unsigned room = page->prose - FINDING_INDENT - text_width(technique) - 1;
	char severity[WORD_TEXT], next[512];
	snprintf(severity, sizeof severity, "%-*s", FINDING_INDENT, severity_name(f->severity));
	painted(page, severity_paint(f->severity), severity);
	if (page->colour)
		out_str(page->o, BOLD);
	unsigned used = text_fit(page->o, f->row->title, room);
	if (page->colour)
		out_str(page->o, PLAIN);
	if (*technique)
		out_fmt(page->o, "%*s%s", (int)(room - used + 1), "", technique);
	out_char(page->o, '\n');
	size_t shown = rows_shown(page, count, ROWS_FINDING);
	for (size_t i = 0; i < shown; i++) {
		f = &page->p->findings[order_at(order, at + i)];
		if (f->text && *f->text)
			paragraph(page, FINDING_INDENT, f->text);
		evidence(page, f);
	}
	and_more(page, FINDING_INDENT, count - shown);
	if (f->row->next) {
		snprintf(next, sizeof next, "Next: %s", f->row->next);
		paragraph(page, FINDING_INDENT, next);
	}
}

static void findings(const struct page *page)
{
	const struct plant *p = page->p;
	if (!p->finding_count)
		return;
	heading(page, "FINDINGS", p->finding_count);
	uint32_t *order = order_findings(p);
	for (size_t i = 0, same; i < p->finding_count; i += same) {
		same = order_alike(p, order, i);
		finding_group(page, order, i, same);
	}
	free(order);
}

static void asset_cells(const void *self, uint32_t item, struct cell *cells)
{
	const struct page *page = self;
	const struct asset *a = &page->p->assets[item];
	char text[LABEL_TEXT];
	snprintf(cells[0].text, CELL_TEXT, "%s%s", a->part_of ? "\xe2\x94\x94 " : "",
		a->name ? a->name : "");
	const char *address = asset_address(page->p, a, text);
	if (a->ips.count > 1)
		snprintf(cells[1].text, CELL_TEXT, "%.150s +%u", address, a->ips.count - 1);
	else
		snprintf(cells[1].text, CELL_TEXT, "%s", address);
	snprintf(cells[2].text, CELL_TEXT, "%s", asset_types[a->type].name);
	if (a->type == TYPE_UNKNOWN)
		cells[2].paint = paint(page, DIM);
	asset_product(a, cells[3].text);
	names_text(page->p, a->protocols, cells[4].text);
}

static const struct column asset_columns[] = {
	{ "Name", 10, 26, false },
	{ "Address", 15, 26, false },
	{ "Type", 8, 12, false },
	{ "Vendor, model, firmware", 23, 46, false },
	{ "Protocols", 12, 48, false },
	{ 0 },
};

static void assets(const struct page *page)
{
	const struct plant *p = page->p;
	size_t count[BAND_COUNT] = { 0 };
	if (!p->asset_count)
		return;
	heading(page, "ASSETS", p->asset_count);
	uint32_t *order = order_assets(p);
	for (size_t i = 0; i < p->asset_count; i++)
		count[band_of(&p->assets[i])]++;
	struct table t = table_of(asset_columns, 2, asset_cells, page);
	/* Without an order the levels are picked out one by one, in the order of first sight. */
	for (int printing = 0; printing < 2; printing++) {
		if (printing) {
			table_narrow(&t, page->columns);
			table_titles(&t, page->o, paint(page, DIM));
		}
		for (unsigned band = 0; band < BAND_COUNT; band++) {
			size_t shown = rows_shown(page, count[band], ROWS_LEVEL), seen = 0;
			char n[WORD_TEXT], title[64];
			if (!count[band])
				continue;
			snprintf(title, sizeof title, "%s%s%s%s (%s)",
				band == BAND_UNKNOWN ? "" : "Level ",
				band == BAND_UNKNOWN ? "" : bands[band].number,
				band == BAND_UNKNOWN ? "" : ", ", bands[band].title,
				count_text(count[band], n));
			if (printing) {
				painted(page, BOLD, title);
				out_char(page->o, '\n');
			}
			for (size_t i = 0; i < p->asset_count && seen < shown; i++) {
				uint32_t index = order_at(order, i);
				if (band_of(&p->assets[index]) != band)
					continue;
				seen++;
				if (printing)
					table_row(&t, page->o, index);
				else
					table_measure(&t, index);
			}
			if (printing)
				and_more(page, 2, count[band] - shown);
		}
	}
	free(order);
}

static void number_cell(struct cell *c, uint64_t n)
{
	char text[WORD_TEXT];
	if (n)
		snprintf(c->text, CELL_TEXT, "%s", count_text(n, text));
}

static void conversation_cells(const void *self, uint32_t item, struct cell *cells)
{
	const struct page *page = self;
	const struct conversation *c = &page->p->conversations[item];
	const struct asset *client = plant_asset(page->p, c->client);
	struct tally t = tally_of(page->p, c);
	char text[LABEL_TEXT], word[WORD_TEXT];
	snprintf(cells[0].text, CELL_TEXT, "%s", client ? asset_label(page->p, client, text) : "?");
	snprintf(cells[1].text, CELL_TEXT, "%s", server_label(page->p, c, text));
	snprintf(cells[2].text, CELL_TEXT, "%s", protocol_text(c, word));
	const char *carrier = carrier_text(c, word);
	if (c->protocol && strcmp(c->protocol, carrier) != 0)
		snprintf(cells[3].text, CELL_TEXT, "%s", carrier);
	number_cell(&cells[4], t.reads);
	number_cell(&cells[5], t.writes);
	number_cell(&cells[6], t.controls);
	number_cell(&cells[7], t.errors);
	number_cell(&cells[8], t.programs);
	snprintf(cells[9].text, CELL_TEXT, "%s", bytes_text(c->bytes, word));
	cells[5].paint = paint(page, YELLOW);
	cells[6].paint = paint(page, RED);
	cells[8].paint = t.programs > t.uploads ? paint(page, RED) : NULL;
}

static const struct column conversation_columns[] = {
	{ "From", 11, 30, false },
	{ "To", 11, 30, false },
	{ "Protocol", 8, 20, false },
	{ "Port", 9, 14, false },
	{ "Reads", 5, 12, true },
	{ "Writes", 6, 12, true },
	{ "Control", 7, 12, true },
	{ "Errors", 6, 12, true },
	{ "Program", 7, 12, true },
	{ "Volume", 6, 8, true },
	{ 0 },
};

static void point_cells(const void *self, uint32_t item, struct cell *cells)
{
	const struct page *page = self;
	const struct point *at = &page->p->points[item];
	const struct asset *asset = plant_asset(page->p, at->asset);
	char text[LABEL_TEXT], word[WORD_TEXT];
	snprintf(cells[0].text, CELL_TEXT, "%s", asset ? asset_label(page->p, asset, text) : "?");
	snprintf(cells[1].text, CELL_TEXT, "%s", at->address ? at->address : "");
	number_cell(&cells[2], at->samples);
	const double values[] = { at->first, at->last, at->min, at->max };
	for (size_t i = 0; i < COUNT_OF(values); i++)
		snprintf(cells[3 + i].text, CELL_TEXT, "%s", value_text(values[i], word));
	snprintf(cells[7].text, CELL_TEXT, "%s", at->written ? "yes" : "");
	cells[7].paint = paint(page, YELLOW);
}

static const struct column point_columns[] = {
	{ "Asset", 10, 26, false },
	{ "Address", 12, 34, false },
	{ "Samples", 7, 11, true },
	{ "First", 8, 12, true },
	{ "Last", 8, 12, true },
	{ "Min", 8, 12, true },
	{ "Max", 8, 12, true },
	{ "Set", 3, 3, false },
	{ 0 },
};

static void listed(const struct page *page, struct table t, const uint32_t *order, size_t count)
{
	size_t shown = rows_shown(page, count, ROWS_TABLE);
	for (size_t i = 0; i < shown; i++)
		table_measure(&t, order_at(order, i));
	table_narrow(&t, page->columns);
	table_titles(&t, page->o, paint(page, DIM));
	for (size_t i = 0; i < shown; i++)
		table_row(&t, page->o, order_at(order, i));
	and_more(page, t.indent, count - shown);
}

static void conversations(struct page *page)
{
	const struct plant *p = page->p;
	if (!p->conversation_count)
		return;
	heading(page, "CONVERSATIONS", p->conversation_count);
	uint32_t *order = order_conversations(p);
	struct table t = table_of(conversation_columns, 2, conversation_cells, page);
	t.count -= page->columns < ALL_COLUMNS ? 2 : 0;
	listed(page, t, order, p->conversation_count);
	size_t shown = rows_shown(page, p->conversation_count, ROWS_TABLE);
	for (size_t i = 0; i < shown; i++) {
		const struct conversation *c = &p->conversations[order_at(order, i)];
		page->guessed |= c->guess && c->protocol;
	}
	free(order);
	if (page->guessed)
		out_str(page->o, "  ?  named after its port only, its content was not read\n");
}

static void points(const struct page *page)
{
	const struct plant *p = page->p;
	title(page, "PROCESS POINTS", p->point_count);
	uint32_t *order = order_points(p);
	listed(page, table_of(point_columns, 2, point_cells, page), order, p->point_count);
	free(order);
}

static void worth_knowing(const struct page *page)
{
	const struct plant *p = page->p;
	size_t telling = 0;
	unsigned width = 1;
	char n[WORD_TEXT], text[LABEL_TEXT];
	uint64_t count;
	for (size_t i = 0; i < worth_count(p); i++) {
		if (!worth_text(p, i, &count, text))
			continue;
		unsigned digits = (unsigned)strlen(count_text(count, n));
		width = digits > width ? digits : width;
		telling++;
	}
	if (!telling)
		return;
	heading(page, "WORTH KNOWING", telling);
	for (size_t i = 0; i < worth_count(p); i++) {
		const char *sentence = worth_text(p, i, &count, text);
		if (!sentence)
			continue;
		out_fmt(page->o, "  %*s  ", (int)width, count_text(count, n));
		wrapped(page, width + 4, sentence);
	}
}

static struct page page_of(const struct plant *p, const struct report_style *style, struct out *o)
{
	unsigned columns = style->columns ? style->columns : PROSE_MAX;
	unsigned prose = columns < PROSE_MIN ? PROSE_MIN
		: columns < PROSE_MAX        ? columns
					     : PROSE_MAX;
	if (columns < COLUMNS_MIN)
		columns = COLUMNS_MIN;
	return (struct page){ .p = p,
		.o = o,
		.columns = columns,
		.prose = prose,
		.colour = style->colour,
		.all = style->all };
}

void report_points(const struct plant *p, const struct report_style *style, struct out *o)
{
	struct page page = page_of(p, style, o);
	if (p->point_count)
		points(&page);
	else
		out_str(o, "No process values went by in protocols that are read.\n");
}

void report_text(const struct plant *p, const struct report_style *style, struct out *o)
{
	struct page page = page_of(p, style, o);
	char sentence[400];
	report_sentence(p, sentence, sizeof sentence);
	if (page.colour)
		out_str(o, BOLD);
	wrapped(&page, 0, sentence);
	if (page.colour)
		out_str(o, PLAIN);
	capture(&page);
	findings(&page);
	assets(&page);
	conversations(&page);
	if (p->point_count) {
		out_char(o, '\n');
		points(&page);
	}
	worth_knowing(&page);
	if (!p->vendor_date && p->asset_count)
		out_str(o,
			"\nNo list of MAC vendors was found: vendors come from protocols alone.\n");
}
