/* What a site answers, shown: members of its JSON, as people read them. */
#ifndef CLI_SITE_VIEW_H
#define CLI_SITE_VIEW_H

#include "cli/site.h"

enum { WORD = 32 };

const char *view_text(const json_t *of, const char *member); /* "" where there is none */
/* "2026-11-23 21:11:25"; "" where there is none. */
const char *view_time(const json_t *of, const char *member, char text[WORD]);
uint64_t view_number(const json_t *of, const char *member);
const char *view_count(const json_t *of, const char *member, char text[WORD]); /* "12,345" */
/* Texts of a list with commas between, as many as fit. */
void view_list(const json_t *of, const char *member, char *text, size_t size);
void view_json(struct out *o, const json_t *answer); /* one document */

/* A table of the objects of a list. */
struct view_column {
	const char *title, *member;
	unsigned min, max;
	bool right;
};
void view_table(struct cli *cli, const json_t *list, const struct view_column *columns);

#endif
