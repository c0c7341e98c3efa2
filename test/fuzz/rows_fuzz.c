/* Any bytes as rows that another process tells, and what is shown of them then. */
#include <assert.h>
#include <stdlib.h>

#include "report/report.h"
#include "sense/rows.h"
#include "sense/whole.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

enum { MEMORY = 8 << 20, REPORT = 1 << 20 };

/* A row by itself: what is wrong with one says nothing of the next. */
static void take(struct whole *w, unsigned teller, struct cur c)
{
	while (c.left >= ROW_HEAD) {
		struct err e = { 0 };
		size_t row = 3 + ((size_t)c.at[1] << 8 | c.at[2]);
		int r = whole_take(w, teller, cur_upto(&c, row), &e);
		assert(r == 0 || (e.code == r && e.text[0]));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	const struct whole_config config = { .memory = MEMORY, .random = 1 };
	static char text[REPORT];
	struct whole *w;
	struct err e = { 0 };
	struct plant p;
	if (whole_new(&w, &config, &e) < 0)
		abort();
	take(w, 0, cur_of(bytes, size));
	take(w, 1, cur_of(bytes, size / 2));
	whole_forget(w, 0);
	take(w, 0, cur_of(bytes, size / 2));
	if (whole_plant(w, &p, &e) < 0)
		abort();
	struct out o = out_mem(text, sizeof text);
	report_json(&p, &o);
	whole_free(w);
	return 0;
}
