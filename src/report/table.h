/* A table on a terminal: columns as wide as what stands in them, narrowed until they fit. */
#ifndef REPORT_TABLE_H
#define REPORT_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/out.h"

enum { TABLE_COLUMNS = 10, CELL_TEXT = 192, TABLE_GAP = 2 };

struct column {
	const char *title;
	uint8_t min, max; /* columns of the terminal; min is kept even when space is short */
	bool right;       /* numbers */
};

struct cell {
	char text[CELL_TEXT];
	const char *paint; /* escape sequence around it, NULL for none */
};

struct table {
	const struct column *columns; /* ended by one without a title */
	void (*fill)(const void *self, uint32_t item, struct cell *cells);
	const void *self;
	size_t count;
	unsigned indent;
	unsigned width[TABLE_COLUMNS];
};

struct table table_of(const struct column *columns, unsigned indent,
	void (*fill)(const void *self, uint32_t item, struct cell *cells), const void *self);
void table_measure(struct table *t, uint32_t item);   /* every row that will be shown */
void table_narrow(struct table *t, unsigned columns); /* then once */
void table_titles(const struct table *t, struct out *o, const char *paint);
void table_row(const struct table *t, struct out *o, uint32_t item);

#endif
