/* UTF-8 as in RFC 3629; widths after Unicode Standard Annex #11. */
#include "report/glyph.h"

#include <stdbool.h>
#include <string.h>

#include "base/attr.h"

enum { REPLACEMENT = 0xfffd, ELLIPSIS = 0x2026, BRANCH = 0x2514 };

struct range {
	uint32_t from, to;
};

static bool in_ranges(uint32_t code, const struct range *r, size_t count)
{
	for (size_t i = 0; i < count && code >= r[i].from; i++)
		if (code <= r[i].to)
			return true;
	return false;
}

/* Controls, marks that reorder or hide text, and what is never a character. */
static const struct range unwanted[] = {
	{ 0x00, 0x1f }, { 0x7f, 0x9f }, { 0xad, 0xad }, /* soft hyphen */
	{ 0x61c, 0x61c },                               /* Arabic letter mark */
	{ 0x115f, 0x1160 },                             /* fillers */
	{ 0x180e, 0x180e }, { 0x200b, 0x200f },         /* zero width, direction marks */
	{ 0x2028, 0x202e },                     /* line separators, embeddings and overrides */
	{ 0x2060, 0x206f },                     /* joiners, isolates */
	{ 0x3164, 0x3164 }, { 0xd800, 0xdfff }, /* surrogates */
	{ 0xe000, 0xf8ff },                     /* private use: looks different everywhere */
	{ 0xfe00, 0xfe0f },                     /* variation selectors */
	{ 0xfeff, 0xfeff }, { 0xfff0, 0xfffc }, { 0xfffe, 0xffff },
	{ 0xe0000, 0x10ffff }, /* tags, private planes */
};

static const struct range combining[] = {
	{ 0x300, 0x36f },
	{ 0x483, 0x489 },
	{ 0x591, 0x5bd },
	{ 0x610, 0x61a },
	{ 0x64b, 0x65f },
	{ 0x1ab0, 0x1aff },
	{ 0x1dc0, 0x1dff },
	{ 0x20d0, 0x20ff },
	{ 0xfe20, 0xfe2f },
};

static const struct range wide[] = {
	{ 0x1100, 0x115f },
	{ 0x2e80, 0x303e },
	{ 0x3041, 0x33ff },
	{ 0x3400, 0x4dbf },
	{ 0x4e00, 0x9fff },
	{ 0xa000, 0xa4cf },
	{ 0xac00, 0xd7a3 },
	{ 0xf900, 0xfaff },
	{ 0xfe30, 0xfe6f },
	{ 0xff00, 0xff60 },
	{ 0xffe0, 0xffe6 },
	{ 0x1f300, 0x1f64f },
	{ 0x1f680, 0x1f6ff },
	{ 0x1f900, 0x1f9ff },
	{ 0x20000, 0x3fffd },
};

size_t glyph_at(const char *s, uint32_t *code)
{
	const uint8_t *p = (const uint8_t *)s;
	if (!p[0])
		return 0;
	size_t size = p[0] < 0x80 ? 1 : p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	static const uint32_t smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };
	uint32_t c = size == 1 ? p[0] : size ? p[0] & (0x7fu >> size) : REPLACEMENT;
	for (size_t i = 1; i < size;
		i++) { /* the final NUL continues nothing: never read past it */
		if ((p[i] & 0xc0) != 0x80) {
			*code = REPLACEMENT;
			return 1;
		}
		c = c << 6 | (p[i] & 0x3f);
	}
	if (size == 0 || c < smallest[size] || in_ranges(c, unwanted, COUNT_OF(unwanted)) ||
		c > 0x10ffff)
		c = REPLACEMENT;
	*code = c;
	return size ? size : 1;
}

unsigned glyph_width(uint32_t code)
{
	if (code < 0x300)
		return 1;
	if (in_ranges(code, combining, COUNT_OF(combining)))
		return 0;
	return in_ranges(code, wide, COUNT_OF(wide)) ? 2 : 1;
}

/* For a terminal that shows ASCII alone: as many columns of something else. */
static void ascii_out(struct out *o, uint32_t code)
{
	char c = code == ELLIPSIS ? '~' : code == BRANCH ? '`' : '?';
	for (unsigned i = glyph_width(code); i; i--)
		out_char(o, c);
}

void glyph_out(struct out *o, uint32_t code)
{
	if (code >= 0x80 && o->ascii) {
		ascii_out(o, code);
	} else if (code < 0x80) {
		out_char(o, (char)code);
	} else if (code < 0x800) {
		out_char(o, (char)(0xc0 | code >> 6));
		out_char(o, (char)(0x80 | (code & 0x3f)));
	} else if (code < 0x10000) {
		out_char(o, (char)(0xe0 | code >> 12));
		out_char(o, (char)(0x80 | (code >> 6 & 0x3f)));
		out_char(o, (char)(0x80 | (code & 0x3f)));
	} else {
		out_char(o, (char)(0xf0 | code >> 18));
		out_char(o, (char)(0x80 | (code >> 12 & 0x3f)));
		out_char(o, (char)(0x80 | (code >> 6 & 0x3f)));
		out_char(o, (char)(0x80 | (code & 0x3f)));
	}
}

static void glyph_markup(struct out *o, uint32_t code)
{
	switch (code) {
	case '&':
		out_str(o, "&amp;");
		break;
	case '<':
		out_str(o, "&lt;");
		break;
	case '>':
		out_str(o, "&gt;");
		break;
	case '"':
		out_str(o, "&quot;");
		break;
	case '\'':
		out_str(o, "&#39;");
		break;
	default:
		glyph_out(o, code);
	}
}

unsigned text_width(const char *s)
{
	unsigned width = 0;
	uint32_t code;
	for (size_t n; (n = glyph_at(s, &code)); s += n)
		width += glyph_width(code);
	return width;
}

void text_out(struct out *o, const char *s)
{
	uint32_t code;
	for (size_t n; (n = glyph_at(s, &code)); s += n)
		glyph_out(o, code);
}

void markup_out(struct out *o, const char *s)
{
	uint32_t code;
	for (size_t n; (n = glyph_at(s, &code)); s += n)
		glyph_markup(o, code);
}

static unsigned fit(
	struct out *o, const char *s, unsigned room, void (*put)(struct out *, uint32_t))
{
	bool whole = text_width(s) <= room;
	unsigned used = 0, keep = whole ? room : room - (room > 0);
	uint32_t code;
	for (size_t n; (n = glyph_at(s, &code)); s += n) {
		unsigned width = glyph_width(code);
		if (used + width > keep)
			break;
		put(o, code);
		used += width;
	}
	if (!whole && room) {
		put(o, ELLIPSIS);
		used++;
	}
	return used;
}

unsigned text_fit(struct out *o, const char *s, unsigned room)
{
	return fit(o, s, room, glyph_out);
}

void markup_fit(struct out *o, const char *s, unsigned room)
{
	fit(o, s, room, glyph_markup);
}

/* In hundredths of the font's size: common sans-serif fonts, bold, and a little on the wide side.
 */
static unsigned breadth(uint32_t code)
{
	if (glyph_width(code) != 1)
		return glyph_width(code) * 52;
	if (code == REPLACEMENT || code == ELLIPSIS || code == 'W' || code == 'M' || code == '@')
		return 100;
	if (code == 'm' || code == 'w' || code == '%')
		return 88;
	if (code >= 'A' && code <= 'Z')
		return code == 'I' ? 32 : 74;
	if (code < 0x80 && strchr(" .,:;!'|/ijlft()[]-", (int)code))
		return 36;
	return 59;
}

unsigned text_pixels(const char *s, unsigned font_size)
{
	unsigned sum = 0;
	uint32_t code;
	for (size_t n; (n = glyph_at(s, &code)); s += n)
		sum += breadth(code);
	return sum * font_size / 100;
}

void markup_fit_pixels(struct out *o, const char *s, unsigned font_size, unsigned pixels)
{
	unsigned room = pixels * 100 / font_size, sum = 0;
	bool whole = text_pixels(s, font_size) <= pixels;
	uint32_t code;
	for (size_t n; (n = glyph_at(s, &code)); s += n) {
		sum += breadth(code);
		if (!whole && sum + breadth(ELLIPSIS) > room)
			break;
		glyph_markup(o, code);
	}
	if (!whole)
		glyph_out(o, ELLIPSIS);
}
