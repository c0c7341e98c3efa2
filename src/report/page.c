/* The page: one file that needs nothing else.  The sentence, findings, the map, the tables.
 *
 * What may run is one script of ours, named by its digest in the page's own policy: a name that
 * slipped through as markup would still not run (CSP Level 3, 6.7.2). */
#include "report/page.h"

#include <stdio.h>
#include <string.h>

#include "crypt/digest.h"
#include "report/glyph.h"
#include "report/map.h"
#include "report/report.h"

/* RFC 4648, 4. */
static void base64(struct out *o, const uint8_t *bytes, size_t size)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	for (size_t i = 0; i < size; i += 3) {
		uint32_t three = (uint32_t)bytes[i] << 16;
		three |= i + 1 < size ? (uint32_t)bytes[i + 1] << 8 : 0;
		three |= i + 2 < size ? bytes[i + 2] : 0;
		out_char(o, digits[three >> 18]);
		out_char(o, digits[three >> 12 & 63]);
		out_char(o, i + 1 < size ? digits[three >> 6 & 63] : '=');
		out_char(o, i + 2 < size ? digits[three & 63] : '=');
	}
}

static void head(const char *sentence, struct out *o)
{
	uint8_t digest[SHA256_SIZE];
	digest_sha256(page_script, strlen(page_script), digest);
	out_str(o,
		"<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
		"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
		"style-src 'unsafe-inline'; script-src 'sha256-");
	base64(o, digest, sizeof digest);
	out_str(o,
		"'; base-uri 'none'; form-action 'none'\"/>\n"
		"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
		"<meta name=\"referrer\" content=\"no-referrer\"/>\n<title>");
	markup_out(o, sentence);
	out_str(o, "</title>\n<style>");
	out_str(o, page_style);
	out_str(o, "</style>\n</head>\n");
}

static void file_item(const struct plant_file *f, struct out *o)
{
	char packets[WORD_TEXT], bytes[WORD_TEXT];
	out_str(o, "<li>");
	markup_fit(o, f->name, 200);
	out_fmt(o, ": %s packet%s, %s", count_text(f->packets, packets), plural(f->packets),
		bytes_text(f->bytes, bytes));
	if (f->problem || f->truncated) {
		out_str(o, "; <strong>");
		markup_out(o, f->problem ? f->problem : "it ends in the middle of a packet");
		out_str(o, "</strong>");
	}
	out_str(o, "</li>\n");
}

static void nav_item(struct out *o, const char *id, const char *title, uint64_t count)
{
	char n[WORD_TEXT];
	if (count)
		out_fmt(o, "<span><a href=\"#%s\">%s</a> %s</span>\n", id, title,
			count_text(count, n));
}

static void top(const struct plant *p, const char *sentence, struct out *o)
{
	char from[WORD_TEXT], to[WORD_TEXT], span[WORD_TEXT], a[WORD_TEXT], b[WORD_TEXT];
	out_str(o, "<body>\n<a class=\"skip\" href=\"#assets\">To the assets</a>\n<header>\n<h1>");
	markup_out(o, sentence);
	out_str(o, "</h1>\n<ul class=\"files\">\n");
	for (size_t i = 0; i < p->file_count; i++)
		if (i < PAGE_LIST || p->files[i].problem)
			file_item(&p->files[i], o);
	if (p->file_count > 1)
		out_fmt(o, "<li>%s files together: %s packet%s, %s</li>\n",
			count_text(p->file_count, span), count_text(p->packets, a),
			plural(p->packets), bytes_text(p->bytes, b));
	if (p->first_ns || p->last_ns)
		out_fmt(o, "<li>%s to %s UTC, %s</li>\n", time_text(p->first_ns, from),
			time_text(p->last_ns, to), span_text(p->last_ns - p->first_ns, span));
	out_str(o, "</ul>\n<nav aria-label=\"Contents\">\n");
	nav_item(o, "findings", "Findings", p->finding_count);
	if (p->asset_count)
		out_str(o, "<a href=\"#map\">Purdue map</a>\n");
	nav_item(o, "assets", "Assets", p->asset_count);
	nav_item(o, "conversations", "Conversations", p->conversation_count);
	nav_item(o, "points", "Process points", p->point_count);
	out_str(o, "</nav>\n</header>\n<main>\n");
}

static void map(const struct plant *p, struct out *o)
{
	if (!p->asset_count)
		return;
	out_str(o,
		"<section id=\"map\" aria-labelledby=\"map-h\">\n<h2 id=\"map-h\">Purdue map</h2>\n"
		"<figure class=\"scroll\" tabindex=\"0\" aria-labelledby=\"map-h\">\n");
	map_draw(p, o, false);
	out_str(o, "</figure>\n</section>\n");
}

static void counters(const struct plant *p, struct out *o)
{
	char n[WORD_TEXT], text[LABEL_TEXT];
	bool any = false;
	for (size_t i = 0; i < worth_count(p); i++) {
		uint64_t count;
		const char *sentence = worth_text(p, i, &count, text);
		if (!sentence)
			continue;
		if (!any)
			out_str(o,
				"<section aria-labelledby=\"counters-h\">\n<h2 id=\"counters-h\">Worth "
				"knowing</h2>\n<ul>\n");
		any = true;
		out_fmt(o, "<li>%s ", count_text(count, n));
		markup_out(o, sentence);
		out_str(o, "</li>\n");
	}
	if (any)
		out_str(o, "</ul>\n</section>\n");
}

static void bottom(const struct plant *p, struct out *o)
{
	out_str(o,
		"</main>\n<footer>\n<p>Written by weir look. This page holds everything it shows and "
		"fetches nothing.");
	if (p->vendor_date)
		out_fmt(o, " Hardware vendors after the list of %s.", p->vendor_date);
	else
		out_str(o, " No list of hardware vendors was found.");
	out_str(o, "</p>\n</footer>\n<script>");
	out_str(o, page_script);
	out_str(o, "</script>\n</body>\n</html>\n");
}

void report_html(const struct plant *p, struct out *o)
{
	char sentence[400];
	report_sentence(p, sentence, sizeof sentence);
	head(sentence, o);
	top(p, sentence, o);
	page_findings(p, o);
	map(p, o);
	page_assets(p, o);
	page_conversations(p, o);
	page_points(p, o);
	counters(p, o);
	bottom(p, o);
}
