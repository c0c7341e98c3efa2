/* A plant, shown: the report a person reads, JSON for programs, one page, one picture.
 *
 * All of them read the same `struct plant` and say the same: nothing is found out here. The same
 * plant gives the same bytes. */
#ifndef REPORT_REPORT_H
#define REPORT_REPORT_H

#include <stdbool.h>

#include "base/out.h"
#include "event/plant.h"

struct report_style {
	bool colour;
	unsigned columns; /* of the terminal; tables are made for 100 */
	bool all;         /* every row instead of the first of each table */
};

void report_text(const struct plant *p, const struct report_style *style, struct out *o);
/* The table of process points by itself. */
void report_points(const struct plant *p, const struct report_style *style, struct out *o);
void report_json_points(const struct plant *p, struct out *o); /* NDJSON: the points alone */
void report_json(const struct plant *p, struct out *o);        /* one document: look/1 */
void report_json_lines(const struct plant *p, struct out *o);  /* NDJSON: a "kind" on each line */
void report_html(const struct plant *p, struct out *o);        /* one self-contained page */
void report_svg(const struct plant *p, struct out *o);         /* the Purdue map */

/* The sentence that stands first everywhere: assets, controllers, unknowns, what wants a decision.
 */
void report_sentence(const struct plant *p, char *text, size_t size);

#endif
