#include "cli/qr.h"

#include <errno.h>
#include <qrencode.h>
#include <stdlib.h>

enum { EDGE = 4 }; /* modules that stay white around it: ISO/IEC 18004, 5.3.8 */

struct qr {
	QRcode *code;
};

int qr_new(struct qr **out, const char *text, bool robust, struct err *e)
{
	struct qr *q = calloc(1, sizeof *q);
	if (!q)
		return err_sys(e, "draw a code");
	static const QRecLevel levels[] = { QR_ECLEVEL_Q, QR_ECLEVEL_M, QR_ECLEVEL_L };
	for (size_t i = robust ? 0 : 2; !q->code && i < sizeof levels / sizeof *levels; i++)
		q->code = QRcode_encodeData(
			(int)strlen(text), (const unsigned char *)text, 0, levels[i]);
	if (!q->code) {
		free(q);
		return err_set(
			e, -EMSGSIZE, "%zu bytes are more than a QR code holds", strlen(text));
	}
	*out = q;
	return 0;
}

void qr_free(struct qr *q)
{
	if (q)
		QRcode_free(q->code);
	free(q);
}

unsigned qr_columns(const struct qr *q)
{
	return (unsigned)q->code->width + 2 * EDGE;
}

/* Outside there is only white. */
static bool is_black(const struct qr *q, int x, int y)
{
	int width = q->code->width;
	return x >= 0 && y >= 0 && x < width && y < width && (q->code->data[y * width + x] & 1);
}

static void print_row(const struct qr *q, struct out *o, int y, bool colour)
{
	static const char *const blocks[] = { "\xe2\x96\x88", "\xe2\x96\x80", "\xe2\x96\x84", " " };
	int width = q->code->width;
	if (colour)
		out_str(o, "\033[97;40m");
	for (int x = -EDGE; x < width + EDGE; x++) {
		bool above = is_black(q, x, y), below = is_black(q, x, y + 1);
		out_str(o, blocks[2 * above + below]);
	}
	if (colour)
		out_str(o, "\033[0m");
	out_char(o, '\n');
}

void qr_print(const struct qr *q, struct out *o, bool colour)
{
	int width = q->code->width;
	for (int y = -EDGE; !o->ascii && y < width + EDGE; y += 2)
		print_row(q, o, y, colour);
	for (int y = -EDGE; o->ascii && y < width + EDGE; y++) {
		for (int x = -EDGE; x < width + EDGE; x++)
			out_str(o, is_black(q, x, y) ? "  " : "##");
		out_char(o, '\n');
	}
}

static void escaped(struct out *o, const char *text)
{
	for (; *text; text++)
		if (*text == '<' || *text == '&')
			out_str(o, *text == '<' ? "&lt;" : "&amp;");
		else
			out_char(o, (unsigned char)*text < ' ' ? ' ' : *text);
}

/* As wide as a hand: 80 mm, with a line of text for who holds the paper. */
void qr_svg(const struct qr *q, struct out *o, const char *title, const char *below)
{
	int width = q->code->width, all = width + 2 * EDGE;
	out_fmt(o,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"80mm\" height=\"%dmm\" "
		"viewBox=\"0 0 %d %d\" shape-rendering=\"crispEdges\">\n<title>",
		80 * (all + EDGE) / all, all, all + EDGE);
	escaped(o, title);
	out_fmt(o, "</title>\n<path fill=\"#fff\" d=\"M0 0h%dv%dh-%dz\"/>\n<path d=\"", all,
		all + EDGE, all);
	for (int y = 0; y < width; y++)
		for (int x = 0; x < width; x++) {
			int run = 0;
			while (is_black(q, x + run, y))
				run++;
			if (run)
				out_fmt(o, "M%d %dh%dv1h-%dz", x + EDGE, y + EDGE, run, run);
			x += run;
		}
	out_fmt(o, "\"/>\n<text x=\"%d\" y=\"%d\" font-family=\"sans-serif\" font-size=\"2.4\">",
		EDGE, all + EDGE / 2);
	escaped(o, below);
	out_str(o, "</text>\n</svg>\n");
}
