/* Time as signed nanoseconds since 1970-01-01 UTC, and its RFC 3339 spelling. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

enum { CLOCK_TEXT = 40 }; /* room for 2026-11-22T01:48:44.000000000Z and odd years */

#define CLOCK_SECOND INT64_C(1000000000)

const char *clock_text(int64_t ns, char text[CLOCK_TEXT]); /* nine digits of fraction, Z */
/* 2026-11-22, 2026-11-22T20:40, 2026-11-22T20:40:11.5, each with a Z or without: all of them UTC.
 * Digits of a fraction beyond nine tell nothing more; years that 64 bits do not reach are the
 * nearest they do.  False: no time. */
bool clock_read(const char *text, int64_t *ns);
/* How long: 90, 90s, 5m, 2h; at least a second.  False: none of these. */
bool clock_read_span(const char *text, int64_t *ns);
int64_t clock_monotonic(void);
int64_t clock_wall(void); /* since 1970, in UTC; may jump */

/* From `first` to `last`, with what was from `from` to `to` as well; 0 is no time. */
static inline void clock_widen(int64_t *first, int64_t *last, int64_t from, int64_t to)
{
	if (from && (!*first || from < *first))
		*first = from;
	if (to > *last)
		*last = to;
}

#endif
