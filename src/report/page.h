/* The parts of the page.  Private to this room. */
#ifndef REPORT_PAGE_H
#define REPORT_PAGE_H

#include "base/out.h"
#include "event/plant.h"

enum {
	PAGE_ROWS = 2000,     /* of one table: a browser stays quick; the JSON is complete */
	PAGE_CARD_TOLD = 5,   /* findings of one detection that are seen at once */
	PAGE_CARD_ROWS = 200, /* and in all */
	PAGE_LIST = 12,       /* addresses of an asset, operations of a conversation */
};

/* Our style and our script, which works on tables that are whole without it. */
extern const char page_style[], page_script[];

void page_findings(const struct plant *p, struct out *o);
void page_assets(const struct plant *p, struct out *o);
void page_conversations(const struct plant *p, struct out *o);
void page_points(const struct plant *p, struct out *o);

#endif
