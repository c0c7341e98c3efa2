#include "cli/ledger/gone.h"

#include <stdio.h>
#include <string.h>

void gone_runs_add(struct gone_runs *g, uint64_t first, uint64_t last, const char *to)
{
	size_t i = g->count;
	const char *where = to ? to : "";
	if (i && i <= GONE_TOLD && g->runs[i - 1].last + 1 == first &&
		strcmp(g->runs[i - 1].to, where) == 0) {
		g->runs[i - 1].last = last;
		return;
	}
	g->count++;
	if (i >= GONE_TOLD)
		return;
	g->runs[i].first = first;
	g->runs[i].last = last;
	snprintf(g->runs[i].to, sizeof g->runs[i].to, "%s", where);
}
