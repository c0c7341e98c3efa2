/* An entry in its one form, seen without reading it as JSON: millions a second.
 *
 * What is not written exactly as entry_canonical() writes it is not understood, and whoever asks
 * takes that for the worst: a hurried look may be wrong, but never in favour of letting go. */
#ifndef EVENT_ENTRY_VIEW_H
#define EVENT_ENTRY_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/cur.h"

struct entry_view {
	unsigned kind;      /* its row in entry_kinds */
	int64_t at_s;       /* since 1970 */
	struct cur subject; /* as JSON writes it, without the quotes */
};

enum { ENTRY_KINDS_MAX = 32 };

bool entry_view(struct cur bytes, struct entry_view *out);
/* The row of this kind, or -1. */
int entry_kind_row(const char *name, size_t size);

/* "2026-11-22T20:40:11Z", with a fraction or without, or a day alone: seconds since 1970. */
bool entry_seconds(struct cur text, int64_t *out);

#endif
