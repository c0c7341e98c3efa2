/* The Purdue map as SVG: bands, panels, edges, boxes, in this order from back to front. */
#include "report/map.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/glyph.h"
#include "report/report.h"

enum { CORNER = 9, ARROW = 5, HEADER = 74, LEGEND = 64 };

/* Colours by what they are for; the dark ones are for screens only. */
struct palette {
	const char *paper, *band, *line, *panel, *panel_line, *box, *box_line, *text, *quiet;
	const char *edge[CLASS_COUNT];
	const char *mark[SEVERITY_CRITICAL + 1], *on_mark;
};

static const struct palette light = { "#fbfcfd", "#f3f6f8", "#dde3e9", "#ffffff", "#c9d2db",
	"#ffffff", "#8595a5", "#1b2530", "#566472", { "#b3bec9", "#6f87a0", "#c27a0e", "#c4342b" },
	{ "#566472", "#7a6200", "#a85b00", "#c4342b" }, "#ffffff" };

static const struct palette dark = { "#10151b", "#141b22", "#27313b", "#182029", "#33404d",
	"#202b36", "#64778a", "#e4eaf0", "#97a6b5", { "#576879", "#7fa0c2", "#dfa03f", "#f2705f" },
	{ "#97a6b5", "#d8bd4a", "#eba550", "#f2705f" }, "#10151b" };

static void rules(struct out *o, const struct palette *c)
{
	out_fmt(o,
		".wm-paper{fill:%s}.wm-band{fill:%s}.wm-line{stroke:%s}"
		".wm-panel{fill:%s;stroke:%s}.wm-box{fill:%s;stroke:%s}.wm-glyph{stroke:%s}"
		".wm text{fill:%s}.wm .wm-quiet{fill:%s}.wm-halo{stroke:%s}.wm-under{stroke:%s}",
		c->paper, c->band, c->line, c->panel, c->panel_line, c->box, c->box_line, c->quiet,
		c->text, c->quiet, c->panel, c->band);
	for (int i = 0; i < CLASS_COUNT; i++)
		out_fmt(o, ".wm-e%d{stroke:%s}.wm-a%d{fill:%s}", i, c->edge[i], i, c->edge[i]);
	for (int i = SEVERITY_WARNING; i <= SEVERITY_CRITICAL; i++)
		out_fmt(o, ".wm-m%d{fill:%s}.wm-s%d .wm-box{stroke:%s}", i, c->mark[i], i,
			c->mark[i]);
	out_fmt(o, ".wm .wm-on{fill:%s}", c->on_mark);
}

static void style(struct out *o)
{
	out_str(o,
		"<style>.wm text{font-family:\"Segoe UI\",Roboto,\"Helvetica Neue\",Arial,\"Liberation Sans\","
		"sans-serif;font-size:12px}.wm .wm-small{font-size:10px}"
		".wm .wm-zone{font-size:11px;font-weight:600}.wm .wm-level{font-size:22px;font-weight:300}"
		".wm .wm-name{font-weight:600}.wm .wm-long{font-size:10px}"
		".wm .wm-title{font-size:20px;font-weight:600}"
		".wm .wm-on{font-size:10px;font-weight:700;text-anchor:middle}"
		".wm-glyph,.wm-edge,.wm-under{fill:none;stroke-linecap:round;stroke-linejoin:round}"
		".wm-glyph{stroke-width:1.3}.wm-under{stroke-linecap:butt}"
		".wm-halo{paint-order:stroke;stroke-width:4px;stroke-linejoin:round}"
		".wm-derived{stroke-dasharray:4 3}.wm-s2 .wm-box,.wm-s3 .wm-box{stroke-width:2}"
		".wm-edge:hover{stroke-width:5}");
	rules(o, &light);
	out_str(o, "@media screen and (prefers-color-scheme:dark){");
	rules(o, &dark);
	out_str(o, "}</style>\n");
}

static void label(struct out *o, int x, int y, const char *classes, const char *text, unsigned room)
{
	out_fmt(o, "<text x=\"%d\" y=\"%d\" class=\"%s\">", x, y, classes);
	markup_fit(o, text, room);
	out_str(o, "</text>");
}

static void name(struct out *o, int x, int y, const char *classes, unsigned size, const char *text,
	int pixels)
{
	out_fmt(o, "<text x=\"%d\" y=\"%d\" class=\"%s\">", x, y, classes);
	markup_fit_pixels(o, text, size, (unsigned)pixels);
	out_str(o, "</text>");
}

/* Letters are as wide as the reader's font makes them: what does not fit its room is cut there. */
static void room_open(struct out *o, int x, int y, int width, int height)
{
	out_fmt(o, "<svg x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\">", x, y, width, height);
}

static void draw_bands(const struct map *m, struct out *o)
{
	for (unsigned band = 0; band < BAND_COUNT; band++) {
		int y = m->band_y[band], height = m->band_y[band + 1] - y;
		if (!height)
			continue;
		out_fmt(o, "<rect class=\"%s\" x=\"0\" y=\"%d\" width=\"%d\" height=\"%d\"/>",
			band % 2 ? "wm-paper" : "wm-band", y, m->width, height);
		out_fmt(o, "<path class=\"wm-line\" d=\"M0 %d.5h%d\"/>", y, m->width);
		if (!m->rows[band]) { /* nobody there: the level keeps its place, in one line */
			char text[64];
			snprintf(
				text, sizeof text, "%s  %s", bands[band].number, bands[band].title);
			label(o, 16, y + 16, "wm-small wm-quiet", text, 40);
		} else {
			int middle = m->row_y[band] + BOX_HEIGHT / 2;
			label(o, 16, middle + 2, "wm-level", bands[band].number, 8);
			label(o, 16, middle + 17, "wm-small wm-quiet", bands[band].title, 18);
		}
		out_char(o, '\n');
	}
}

/* As wide as its own boxes: the lane may be wider because of another zone in it. */
static int panel_width(const struct map *m, size_t zone)
{
	const struct map_lane *lane = &m->lanes[m->zones[zone].lane];
	int right = 0;
	for (size_t i = 0; i < m->box_count; i++)
		if (m->boxes[i].zone == zone && m->boxes[i].x + m->box_width > right)
			right = m->boxes[i].x + m->box_width;
	return right - lane->x + 10;
}

static void draw_panel(const struct map *m, struct out *o, size_t zone, unsigned band)
{
	const struct map_zone *z = &m->zones[zone];
	unsigned last = map_zone_ends(z, band);
	int top = m->row_y[band] - ZONE_TITLE;
	int bottom = m->row_y[last] + m->rows[last] * (BOX_HEIGHT + ROW_GAP) - ROW_GAP + 10;
	out_fmt(o,
		"<rect class=\"wm-panel%s\" x=\"%d.5\" y=\"%d.5\" width=\"%d\" height=\"%d\" rx=\"6\"/>\n",
		z->stated ? "" : " wm-derived", m->lanes[z->lane].x, top, panel_width(m, zone),
		bottom - top);
}

/* Titles come after the edges: a line may pass behind a name, never through it. */
static void draw_panel_title(const struct map *m, struct out *o, size_t zone, unsigned band)
{
	const struct map_zone *z = &m->zones[zone];
	char count[WORD_TEXT];
	out_fmt(o, "<g><title>%s, %s asset%s</title>", z->stated ? "zone" : "network",
		count_text(z->assets, count), plural(z->assets));
	int width = panel_width(m, zone) - 12;
	room_open(o, m->lanes[z->lane].x + 6, m->row_y[band] - ZONE_TITLE, width, ZONE_TITLE - 2);
	name(o, 4, 15, "wm-zone wm-quiet wm-halo", 11, z->title, width - 6);
	out_str(o, "</svg></g>\n");
}

static void each_panel(const struct map *m, struct out *o,
	void (*draw)(const struct map *m, struct out *o, size_t zone, unsigned band))
{
	for (size_t i = 0; i < m->zone_count; i++)
		for (unsigned band = 0; band < BAND_COUNT; band++)
			if (map_zone_begins(&m->zones[i], band))
				draw(m, o, i, band);
}

/* A tenth of a pixel is fine enough: three kB to one GB is one to four pixels. */
static int edge_width_tenths(const struct map_edge *e)
{
	int width = 11;
	for (uint64_t bytes = e->bytes; bytes > 3000 && width < 40; bytes /= 10)
		width += 6;
	return width;
}

static int towards(int from, int to, int by)
{
	return from < to ? from + by : from > to ? from - by : from;
}

/* The way of an edge, its corners rounded; it stops short of where an arrow stands. */
static void edge_path(const struct map *m, struct out *o, const struct map_edge *e)
{
	struct map_point p[MAP_POINTS];
	size_t count = map_corners(m, e, p);
	if (e->asks_a) {
		p[0].x = towards(p[0].x, p[1].x, ARROW);
		p[0].y = towards(p[0].y, p[1].y, ARROW);
	}
	if (e->asks_b) {
		p[count - 1].x = towards(p[count - 1].x, p[count - 2].x, ARROW);
		p[count - 1].y = towards(p[count - 1].y, p[count - 2].y, ARROW);
	}
	out_fmt(o, "M%d %d", p[0].x, p[0].y);
	for (size_t i = 1; i + 1 < count; i++) {
		int before = abs(p[i].x - p[i - 1].x) + abs(p[i].y - p[i - 1].y);
		int after = abs(p[i].x - p[i + 1].x) + abs(p[i].y - p[i + 1].y);
		int r = before < after ? before / 2 : after / 2;
		r = r > CORNER ? CORNER : r;
		out_fmt(o, "L%d %dQ%d %d %d %d", towards(p[i].x, p[i - 1].x, r),
			towards(p[i].y, p[i - 1].y, r), p[i].x, p[i].y,
			towards(p[i].x, p[i + 1].x, r), towards(p[i].y, p[i + 1].y, r));
	}
	out_fmt(o, "L%d %d", p[count - 1].x, p[count - 1].y);
}

static void arrow(
	struct out *o, const struct map_edge *e, struct map_point tip, struct map_point from)
{
	int dx = towards(0, from.x - tip.x, ARROW + 2), dy = towards(0, from.y - tip.y, ARROW + 2);
	out_fmt(o,
		"<path class=\"wm-arrow wm-a%d\" data-a=\"%u\" data-b=\"%u\" d=\"M%d %dl%d %dl%d %dz\"/>",
		map_class_of(e), e->a, e->b, tip.x, tip.y, dx + dy * 4 / 7, dy + dx * 4 / 7,
		-dy * 8 / 7, -dx * 8 / 7);
}

static void box_label(const struct map *m, const struct map_box *b, char text[LABEL_TEXT])
{
	char word[WORD_TEXT], held[LABEL_TEXT];
	if (b->count > 1)
		snprintf(text, LABEL_TEXT, "%s %s", count_text(b->count, word),
			map_glyphs[b->type].many);
	else
		snprintf(text, LABEL_TEXT, "%s", asset_label(m->p, &m->p->assets[b->asset], held));
}

static void edge_title(const struct map *m, struct out *o, const struct map_edge *e)
{
	char text[LABEL_TEXT], word[WORD_TEXT];
	const struct map_box *from = &m->boxes[e->asks_b ? e->a : e->b];
	const struct map_box *to = &m->boxes[e->asks_b ? e->b : e->a];
	const struct {
		uint64_t n;
		const char *what;
	} acts[] = { { e->controls, "control" }, { e->programs, "program step" },
		{ e->writes, "write" }, { e->reads, "read" } };
	out_str(o, "<title>");
	box_label(m, from, text);
	markup_fit(o, text, 40);
	out_str(o, e->asks_a && e->asks_b ? " and " : " to ");
	box_label(m, to, text);
	markup_fit(o, text, 40);
	for (size_t i = 0; i < COUNT_OF(e->protocols) && e->protocols[i]; i++) {
		out_str(o, i ? ", " : ": ");
		markup_out(o, e->protocols[i]);
	}
	for (size_t i = 0; i < COUNT_OF(acts); i++)
		if (acts[i].n)
			out_fmt(o, "; %s %s%s", count_text(acts[i].n, word), acts[i].what,
				plural(acts[i].n));
	out_fmt(o, "; %s</title>", bytes_text(e->bytes, word));
}

static int by_class_and_net(const void *one, const void *two)
{
	const struct map_edge *e = one, *f = two;
	int way = (int)map_class_of(e) - (int)map_class_of(f);
	if (!way)
		way = e->net - f->net;
	if (!way)
		way = e->a - f->a;
	return way ? way : e->b - f->b;
}

/* Net by net: first a margin of paper around all of it, so that what it crosses reads as passing
 * below, then its lines. */
static void draw_edges(struct map *m, struct out *o)
{
	qsort(m->edges, m->edge_count, sizeof *m->edges, by_class_and_net);
	for (size_t i = 0, n; i < m->edge_count; i += n) {
		struct map_edge *first = &m->edges[i];
		for (n = 0; i + n < m->edge_count && first[n].net == first->net; n++) {
			int width = edge_width_tenths(&first[n]) + 36;
			out_fmt(o, "<path class=\"wm-under\" stroke-width=\"%d.%d\" d=\"",
				width / 10, width % 10);
			edge_path(m, o, &first[n]);
			out_str(o, "\"/>\n");
		}
		for (size_t k = 0; k < n; k++) {
			const struct map_edge *e = &first[k];
			struct map_point p[MAP_POINTS];
			size_t count = map_corners(m, e, p);
			int width = edge_width_tenths(e);
			out_fmt(o,
				"<path class=\"wm-edge wm-e%d\" data-a=\"%u\" data-b=\"%u\" stroke-width=\"%d.%d\" d=\"",
				map_class_of(e), e->a, e->b, width / 10, width % 10);
			edge_path(m, o, e);
			out_str(o, "\">");
			edge_title(m, o, e);
			out_str(o, "</path>");
			if (e->asks_a)
				arrow(o, e, p[0], p[1]);
			if (e->asks_b)
				arrow(o, e, p[count - 1], p[count - 2]);
			out_char(o, '\n');
		}
	}
}

/* What the assets of a box have in common, for its second line. */
static const char *box_detail(const struct map *m, const struct map_box *b, char text[LABEL_TEXT])
{
	const struct asset *a = &m->p->assets[b->asset];
	if (b->count > 1) {
		if (!a->vendor)
			return "";
		uint16_t index = (uint16_t)(b - m->boxes);
		for (size_t i = 0; i < m->p->asset_count; i++) {
			const char *vendor = m->p->assets[i].vendor;
			if (m->box_of[i] == index && (!vendor || strcmp(vendor, a->vendor) != 0))
				return "various vendors";
		}
		return a->vendor;
	}
	if (a->name && *a->name)
		return asset_address(m->p, a, text);
	asset_product(a, text);
	return *text ? text : asset_types[a->type].title;
}

static void box_title(const struct map *m, struct out *o, const struct map_box *b)
{
	const struct asset *a = &m->p->assets[b->asset];
	char text[LABEL_TEXT], word[WORD_TEXT];
	out_str(o, "<title>");
	box_label(m, b, text);
	markup_out(o, text);
	out_fmt(o, "\n%s", asset_types[b->type].title);
	if (b->count == 1) {
		const char *lines[] = { asset_product(a, text), a->level_reason };
		for (size_t i = 0; i < COUNT_OF(lines); i++)
			if (lines[i] && *lines[i]) {
				out_char(o, '\n');
				markup_out(o, lines[i]);
			}
		if (a->ips.count) {
			out_char(o, '\n');
			markup_out(o, asset_address(m->p, a, text));
		}
	}
	if (b->findings)
		out_fmt(o, "\n%s finding%s, the worst %s", count_text(b->findings, word),
			plural(b->findings), severity_name(b->severity - 1));
	out_str(o, "</title>");
}

static void draw_box(const struct map *m, struct out *o, const struct map_box *b, bool alone)
{
	char text[LABEL_TEXT];
	int severity = b->severity ? b->severity - 1 : SEVERITY_INFO;
	int room = m->box_width - 37;
	bool link = !alone && b->count == 1; /* to its row in the page */
	if (link)
		out_fmt(o, "<a href=\"#a%u\">", m->p->assets[b->asset].id);
	out_fmt(o, "<g class=\"wm-s%d\" data-box=\"%zu\">", severity, (size_t)(b - m->boxes));
	box_title(m, o, b);
	if (b->count > 1)
		out_fmt(o,
			"<rect class=\"wm-box\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"4\"/>",
			b->x + 4, b->y + 4, m->box_width, BOX_HEIGHT);
	out_fmt(o, "<rect class=\"wm-box\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"4\"/>",
		b->x, b->y, m->box_width, BOX_HEIGHT);
	out_fmt(o, "<path class=\"wm-glyph\" transform=\"translate(%d %d)\" d=\"%s\"/>", b->x + 7,
		b->y + 9, map_glyphs[b->type].path);
	box_label(m, b, text);
	bool small = text_pixels(text, 12) > (unsigned)room;
	room_open(o, b->x + 30, b->y + 2, m->box_width - 32, BOX_HEIGHT - 4);
	name(o, 2, 14, small ? "wm-name wm-long" : "wm-name", small ? 10 : 12, text, room);
	name(o, 2, 28, "wm-small wm-quiet", 10, box_detail(m, b, text), room);
	out_str(o, "</svg>");
	if (severity >= SEVERITY_WARNING) {
		char count[WORD_TEXT];
		snprintf(count, sizeof count, b->findings > 99 ? "99+" : "%u", b->findings);
		out_fmt(o,
			"<rect class=\"wm-m%d\" x=\"%d\" y=\"%d\" width=\"26\" height=\"14\" rx=\"7\"/>",
			severity, b->x + m->box_width - 20, b->y - 7);
		label(o, b->x + m->box_width - 7, b->y + 4, "wm-on", count, 4);
	}
	out_str(o, link ? "</g></a>\n" : "</g>\n");
}

static void draw_legend(const struct map *m, struct out *o)
{
	static const char *const classes[CLASS_COUNT] = { "other talk", "reads", "writes",
		"control, program" };
	int y = m->height + 24, x = 16;
	char text[LABEL_TEXT], word[WORD_TEXT];
	out_fmt(o, "<g><path class=\"wm-line\" d=\"M0 %d.5h%d\"/>", m->height, m->width);
	for (int i = 0; i < CLASS_COUNT; i++) {
		out_fmt(o, "<path class=\"wm-edge wm-e%d\" stroke-width=\"2.2\" d=\"M%d %dh26\"/>",
			i, x, y - 4);
		label(o, x + 34, y, "wm-small", classes[i], 20);
		x += 50 + (int)strlen(classes[i]) * 6;
	}
	for (int i = SEVERITY_CRITICAL; i >= SEVERITY_WARNING; i--) {
		out_fmt(o,
			"<rect class=\"wm-m%d\" x=\"%d\" y=\"%d\" width=\"20\" height=\"14\" rx=\"7\"/>",
			i, x + 10, y - 11);
		snprintf(text, sizeof text, "%s finding", severity_name((enum severity)i));
		label(o, x + 36, y, "wm-small", text, 24);
		x += 46 + (int)strlen(text) * 6;
	}
	snprintf(text, sizeof text,
		"Arrows point at who was asked; wider lines carried more. Dashed panels are networks "
		"without a stated zone.");
	label(o, 16, y + 20, "wm-small wm-quiet", text, 140);
	if (m->edges_left_out) {
		snprintf(text, sizeof text, "%s more connections of less weight are not drawn.",
			count_text(m->edges_left_out, word));
		label(o, 16 + 590, y + 20, "wm-small wm-quiet", text, 100);
	}
	out_str(o, "</g>\n");
}

static void draw_all(struct map *m, struct out *o, bool alone)
{
	char sentence[400];
	report_sentence(m->p, sentence, sizeof sentence);
	int height = m->height + LEGEND;
	out_fmt(o,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"wm\" role=\"%s\" "
		"aria-labelledby=\"wm-title wm-desc\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" "
		"style=\"min-width:%dpx\">\n"
		"<title id=\"wm-title\">Purdue map</title>\n<desc id=\"wm-desc\">",
		alone ? "img" : "group", m->width, height, m->width, height,
		m->width * 4 / 5); /* smaller than this nobody reads it: then it scrolls */
	markup_out(o, sentence);
	out_str(o,
		" Levels from 5 at the top to 0 at the bottom, zones from left to right, lines "
		"where assets talk.</desc>\n");
	style(o);
	out_fmt(o, "<rect class=\"wm-paper\" width=\"%d\" height=\"%d\"/>\n", m->width, height);
	if (alone) {
		label(o, 16, 34, "wm-title", "Purdue map", 40);
		label(o, 16, 56, "wm-quiet", sentence, 160);
	}
	draw_bands(m, o);
	each_panel(m, o, draw_panel);
	draw_edges(m, o);
	each_panel(m, o, draw_panel_title);
	for (size_t i = 0; i < m->box_count; i++)
		draw_box(m, o, &m->boxes[i], alone);
	draw_legend(m, o);
	out_str(o, "</svg>\n");
}

void map_draw(const struct plant *p, struct out *o, bool alone)
{
	struct map *m = calloc(1, sizeof *m);
	if (!m || map_boxes(m, p) < 0 || map_edges(m) < 0) {
		out_str(o,
			"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 600 40\"><text x=\"8\" "
			"y=\"24\">There was not enough memory to draw the map.</text></svg>\n");
	} else {
		map_lanes(m);
		map_route(m);
		map_layout(m, alone ? HEADER : 0);
		draw_all(m, o, alone);
	}
	if (m)
		map_done(m);
	free(m);
}

void report_svg(const struct plant *p, struct out *o)
{
	out_str(o, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
	map_draw(p, o, true);
}
