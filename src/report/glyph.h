/* Text from the wire, made safe to look at.
 *
 * A name in a packet is chosen by whoever sends it: it may hold terminal escapes, direction marks
 * that turn a line around, or half a character.  Everything here reads UTF-8 character by character
 * and puts U+FFFD in the place of what is no character or has no business in a report.  Where the
 * other end shows ASCII alone (`ascii` of struct out), so much is written and the width is the
 * same. */
#ifndef REPORT_GLYPH_H
#define REPORT_GLYPH_H

#include <stddef.h>
#include <stdint.h>

#include "base/out.h"

/* The character at s and how many bytes it takes; 0 at the end of the text. */
size_t glyph_at(const char *s, uint32_t *code);
unsigned glyph_width(uint32_t code); /* columns of a terminal: 0, 1 or 2 */
void glyph_out(struct out *o, uint32_t code);

unsigned text_width(const char *s);
void text_out(struct out *o, const char *s);

/* At most `room` columns, with an ellipsis where something was left out; returns columns used. */
unsigned text_fit(struct out *o, const char *s, unsigned room);

/* The same for XML and HTML, in text and in quoted attributes. */
void markup_out(struct out *o, const char *s);
void markup_fit(struct out *o, const char *s, unsigned room);

/* For letters of proportional width: what fits in so many pixels, as good as can be said without
 * knowing the reader's font. */
unsigned text_pixels(const char *s, unsigned font_size);
void markup_fit_pixels(struct out *o, const char *s, unsigned font_size, unsigned pixels);

#endif
