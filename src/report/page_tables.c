/* The page's findings as cards, assets, conversations and points as tables. */
#include "report/page.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "report/glyph.h"
#include "report/order.h"
#include "report/words.h"

static void section_open(struct out *o, const char *id, const char *title, uint64_t count)
{
	char n[WORD_TEXT];
	out_fmt(o,
		"<section id=\"%s\" aria-labelledby=\"%s-h\">\n<h2 id=\"%s-h\">%s "
		"<span>%s</span></h2>\n",
		id, id, id, title, count_text(count, n));
}

static void asset_link(const struct plant *p, const struct asset *a, struct out *o)
{
	char text[LABEL_TEXT];
	if (!a)
		return;
	out_fmt(o, "<a href=\"#a%u\">", a->id);
	markup_fit(o, asset_label(p, a, text), 60);
	out_str(o, "</a>");
}

static void evidence(const struct plant *p, const struct finding *f, struct out *o)
{
	char n[WORD_TEXT], at[WORD_TEXT];
	out_str(o, "<span class=\"evidence\">");
	for (unsigned i = 0; i < f->frame_count && i < COUNT_OF(f->frames); i++)
		out_fmt(o, "%s%llu",
			i                             ? ", "
				: f->frame_count == 1 ? "frame "
						      : "frames ",
			(unsigned long long)f->frames[i]);
	if (f->frame_count && f->count > f->frame_count)
		out_str(o, " ...");
	if (f->count > 1)
		out_fmt(o, "%sseen %s times", f->frame_count ? "; " : "", count_text(f->count, n));
	if (f->first_ns)
		out_fmt(o, "; %s %s UTC", f->count > 1 ? "first at" : "at",
			time_text(f->first_ns, at));
	for (size_t i = 0; i < COUNT_OF(f->assets); i++)
		if (f->assets[i] && plant_asset(p, f->assets[i] - 1)) {
			out_str(o, i && f->assets[0] ? ", " : "; ");
			asset_link(p, plant_asset(p, f->assets[i] - 1), o);
		}
	out_str(o, "</span>");
}

static void instance(const struct plant *p, const struct finding *f, struct out *o)
{
	out_str(o, "<li>");
	if (f->text)
		markup_fit(o, f->text, 600);
	evidence(p, f, o);
	out_str(o, "</li>\n");
}

/* Findings of one detection are one card. */
static void card(
	const struct plant *p, const uint32_t *order, size_t at, size_t count, struct out *o)
{
	const struct finding *f = &p->findings[order_at(order, at)];
	char n[WORD_TEXT];
	out_fmt(o, "<article class=\"card %s\">\n<header><span class=\"badge\">%s</span><h3>",
		severity_name(f->severity), severity_name(f->severity));
	markup_out(o, f->row->title);
	out_str(o, "</h3><span class=\"codes\">");
	if (f->row->technique) {
		markup_out(o, f->row->technique);
		out_str(o, " \xc2\xb7 ");
	}
	out_fmt(o, "%s \xc2\xb7 %s</span></header>\n<ul>\n", f->row->class,
		engine_name(f->row->engine));
	size_t told = count <= PAGE_CARD_TOLD + 1 ? count : PAGE_CARD_TOLD;
	size_t shown = count < PAGE_CARD_ROWS ? count : PAGE_CARD_ROWS;
	for (size_t i = 0; i < told; i++)
		instance(p, &p->findings[order_at(order, at + i)], o);
	out_str(o, "</ul>\n");
	if (told < count) {
		out_fmt(o, "<details><summary>%s more</summary>\n<ul>\n",
			count_text(count - told, n));
		for (size_t i = told; i < shown; i++)
			instance(p, &p->findings[order_at(order, at + i)], o);
		out_str(o, "</ul>\n");
		if (shown < count)
			out_fmt(o, "<p class=\"note\">The other %s are in the JSON report.</p>\n",
				count_text(count - shown, n));
		out_str(o, "</details>\n");
	}
	if (f->row->next) {
		out_str(o, "<p class=\"next\"><strong>Next:</strong> ");
		markup_out(o, f->row->next);
		out_str(o, "</p>\n");
	}
	out_str(o, "</article>\n");
}

void page_findings(const struct plant *p, struct out *o)
{
	if (!p->finding_count)
		return;
	section_open(o, "findings", "Findings", p->finding_count);
	uint32_t *order = order_findings(p);
	for (size_t i = 0, same; i < p->finding_count; i += same) {
		same = order_alike(p, order, i);
		card(p, order, i, same, o);
	}
	free(order);
	out_str(o, "</section>\n");
}

struct head {
	const char *title;
	bool number;
};

static void table_open(struct out *o, const char *what, const char *caption,
	const struct head *heads, uint64_t count)
{
	char n[WORD_TEXT], shown[WORD_TEXT];
	if (count > PAGE_ROWS)
		out_fmt(o,
			"<p class=\"note\">The first %s of %s are shown, the most telling first; the JSON "
			"report has all of them.</p>\n",
			count_text(PAGE_ROWS, shown), count_text(count, n));
	out_fmt(o,
		"<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"%s\">\n"
		"<table data-what=\"%s\">\n<caption>%s</caption>\n<thead><tr>",
		caption, what, caption);
	for (; heads->title; heads++)
		out_fmt(o, "<th scope=\"col\"%s>%s</th>", heads->number ? " class=\"n\"" : "",
			heads->title);
	out_str(o, "</tr></thead>\n<tbody>\n");
}

static void table_close(struct out *o)
{
	out_str(o, "</tbody>\n</table>\n</div>\n</section>\n");
}

static void cell(struct out *o, const char *text)
{
	out_str(o, "<td>");
	if (text)
		markup_fit(o, text, 120);
	out_str(o, "</td>");
}

/* A number: read by people with separators, sorted by its plain value; nothing for none. */
static void cell_count(struct out *o, const char *classes, uint64_t n)
{
	char text[WORD_TEXT];
	if (n)
		out_fmt(o, "<td class=\"n%s\" data-v=\"%llu\">%s</td>", classes,
			(unsigned long long)n, count_text(n, text));
	else
		out_str(o, "<td class=\"n\" data-v=\"\"></td>");
}

static void cell_value(struct out *o, double d)
{
	char text[WORD_TEXT];
	if (isfinite(d))
		out_fmt(o, "<td class=\"n\" data-v=\"%.17g\">%s</td>", d, value_text(d, text));
	else
		out_fmt(o, "<td class=\"n\" data-v=\"\">%s</td>", value_text(d, text));
}

static void more(struct out *o, uint32_t count)
{
	if (count > PAGE_LIST)
		out_fmt(o, "<div class=\"more\">and %u more</div>", count - PAGE_LIST);
}

static void cell_addresses(const struct plant *p, const struct asset *a, struct out *o)
{
	out_str(o, "<td class=\"tight\">");
	for (uint32_t i = 0; i < a->ips.count && i < PAGE_LIST; i++) {
		char text[IP_TEXT];
		out_fmt(o, "<div>%s</div>", ip_text(&p->ips[a->ips.first + i], text));
	}
	more(o, a->ips.count);
	for (uint32_t i = 0; i < a->macs.count && i < PAGE_LIST; i++) {
		char text[MAC_TEXT];
		out_fmt(o, "<div class=\"quiet\">%s</div>",
			mac_text(p->macs[a->macs.first + i], text));
	}
	more(o, a->macs.count);
	out_str(o, "</td>");
}

/* What it said about itself, each with the frame that told. */
static void cell_identity(const struct plant *p, const struct asset *a, struct out *o)
{
	char text[LABEL_TEXT];
	out_str(o, "<td>");
	markup_fit(o, asset_product(a, text), 120);
	if (a->serial) {
		out_str(o, "<div class=\"quiet wrap\">serial ");
		markup_fit(o, a->serial, 60);
		out_str(o, "</div>");
	}
	if (a->identity.count) {
		out_fmt(o, "<details><summary>evidence (%u)</summary><ul class=\"plain\">",
			a->identity.count);
		for (uint32_t i = 0; i < a->identity.count && i < PAGE_LIST * 2; i++) {
			const struct identity *id = &p->identity[a->identity.first + i];
			char key[WORD_TEXT];
			snprintf(key, sizeof key, "%s", identity_key_name(id->key));
			for (char *at = key; *at; at++)
				if (*at == '_')
					*at = ' ';
			out_fmt(o, "<li>%s: ", key);
			markup_fit(o, id->value, 160);
			out_str(o, " <span class=\"quiet\">");
			markup_out(o, id->protocol ? id->protocol : "");
			out_fmt(o, ", frame %llu</span></li>", (unsigned long long)id->frame);
		}
		out_str(o, "</ul></details>");
	}
	out_str(o, "</td>");
}

static void asset_row(const struct plant *p, const struct asset *a, struct out *o)
{
	char text[LABEL_TEXT], word[WORD_TEXT];
	out_fmt(o, "<tr id=\"a%u\">", a->id);
	out_fmt(o, "<td class=\"n\" data-v=\"%s\" title=\"",
		a->level == LEVEL_UNKNOWN ? "" : level_text(a->level, word));
	markup_fit(o, a->level_reason ? a->level_reason : "", 200);
	out_fmt(o, "\">%s</td>", level_text(a->level, word));
	out_str(o, "<td>");
	markup_fit(o, a->name ? a->name : "", 80);
	if (a->part_of) {
		out_fmt(o, "<div class=\"quiet\">in <a href=\"#a%u\">a%u</a>, ", a->part_of,
			a->part_of);
		markup_fit(o, a->place, 80);
		out_str(o, "</div>");
	}
	out_str(o, "</td>");
	cell_addresses(p, a, o);
	out_str(o, "<td title=\"");
	markup_fit(o, a->type_reason ? a->type_reason : "", 200);
	out_fmt(o, "\">%s</td>", asset_types[a->type].title);
	cell_identity(p, a, o);
	cell(o, a->zone);
	cell(o, names_text(p, a->protocols, text));
	cell_count(o, "", a->frames);
	out_str(o, "</tr>\n");
}

void page_assets(const struct plant *p, struct out *o)
{
	static const struct head heads[] = { { "Level", true }, { "Name", false },
		{ "Addresses", false }, { "Type", false }, { "Vendor, model, firmware", false },
		{ "Zone", false }, { "Protocols", false }, { "Frames sent", true }, { 0 } };
	if (!p->asset_count)
		return;
	section_open(o, "assets", "Assets", p->asset_count);
	table_open(o, "assets", "Assets by Purdue level", heads, p->asset_count);
	uint32_t *order = order_assets(p);
	for (size_t i = 0; i < p->asset_count && i < PAGE_ROWS; i++)
		asset_row(p, &p->assets[order_at(order, i)], o);
	free(order);
	table_close(o);
}

static void cell_operations(const struct plant *p, const struct conversation *c, struct out *o)
{
	uint32_t count = 0;
	out_str(o, "<td>");
	for (uint32_t at = c->operations; at; at = p->operations[at].next, count++) {
		const struct operation *op = &p->operations[at];
		char n[WORD_TEXT];
		if (count >= PAGE_LIST)
			continue;
		uint64_t times = op->requests > op->responses ? op->requests : op->responses;
		out_str(o, "<div>");
		markup_out(o, op->msg->name);
		out_fmt(o, " <span class=\"quiet\">%s</span></div>", count_text(times, n));
	}
	more(o, count);
	out_str(o, "</td>");
}

static void conversation_row(const struct plant *p, const struct conversation *c, struct out *o)
{
	char text[LABEL_TEXT], word[WORD_TEXT];
	struct tally t = tally_of(p, c);
	out_str(o, "<tr><td>");
	asset_link(p, plant_asset(p, c->client), o);
	out_str(o, "</td><td>");
	if (plant_asset(p, c->server))
		asset_link(p, plant_asset(p, c->server), o);
	else
		markup_out(o, server_label(p, c, text));
	out_str(o, "</td><td class=\"tight\">");
	markup_out(o, protocol_text(c, word));
	if (c->protocol) {
		out_fmt(o, "<div class=\"quiet\">%s</div>", carrier_text(c, word));
	}
	out_str(o, "</td>");
	cell_operations(p, c, o);
	cell_count(o, "", t.reads);
	cell_count(o, " write", t.writes);
	cell_count(o, " control", t.controls);
	cell_count(o, t.programs > t.uploads ? " control" : "", t.programs);
	cell_count(o, "", t.errors);
	cell_count(o, "", c->packets);
	out_fmt(o, "<td class=\"n\" data-v=\"%llu\">%s</td></tr>\n", (unsigned long long)c->bytes,
		bytes_text(c->bytes, word));
}

void page_conversations(const struct plant *p, struct out *o)
{
	static const struct head heads[] = { { "From", false }, { "To", false },
		{ "Protocol", false }, { "Operations", false }, { "Reads", true },
		{ "Writes", true }, { "Control", true }, { "Program", true }, { "Errors", true },
		{ "Packets", true }, { "Volume", true }, { 0 } };
	if (!p->conversation_count)
		return;
	section_open(o, "conversations", "Conversations", p->conversation_count);
	table_open(o, "conversations", "Who talks to whom, and what it does to the process", heads,
		p->conversation_count);
	uint32_t *order = order_conversations(p);
	bool guessed = false;
	for (size_t i = 0; i < p->conversation_count && i < PAGE_ROWS; i++) {
		const struct conversation *c = &p->conversations[order_at(order, i)];
		conversation_row(p, c, o);
		guessed |= c->guess && c->protocol;
	}
	free(order);
	out_str(o, "</tbody>\n</table>\n</div>\n");
	if (guessed)
		out_str(o,
			"<p class=\"note\">? named after its port only, its content was not read</p>\n");
	out_str(o, "</section>\n");
}

static void point_row(const struct plant *p, const struct point *at, struct out *o)
{
	out_str(o, "<tr><td>");
	asset_link(p, plant_asset(p, at->asset), o);
	out_str(o, "</td>");
	cell(o, at->protocol);
	cell(o, at->address);
	cell_count(o, "", at->samples);
	cell_value(o, at->first);
	cell_value(o, at->last);
	cell_value(o, at->min);
	cell_value(o, at->max);
	out_fmt(o, "<td class=\"write\">%s</td></tr>\n", at->written ? "written" : "");
}

void page_points(const struct plant *p, struct out *o)
{
	static const struct head heads[] = { { "Asset", false }, { "Protocol", false },
		{ "Address", false }, { "Samples", true }, { "First", true }, { "Last", true },
		{ "Lowest", true }, { "Highest", true }, { "Written", false }, { 0 } };
	if (!p->point_count)
		return;
	section_open(o, "points", "Process points", p->point_count);
	table_open(o, "points", "Process values seen on the wire", heads, p->point_count);
	uint32_t *order = order_points(p);
	for (size_t i = 0; i < p->point_count && i < PAGE_ROWS; i++)
		point_row(p, &p->points[order_at(order, i)], o);
	free(order);
	table_close(o);
}
