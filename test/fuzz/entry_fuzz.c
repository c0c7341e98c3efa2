/* Entries as people and scripts write them: refused in words, or written in their one form, which
 * is read and written the same again. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "event/entry.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char first[ENTRY_SIZE_MAX + 2], second[ENTRY_SIZE_MAX + 2];
	const struct entry_defaults d = { "site", "actor", 1700000000000000000 };
	const struct entry_defaults others = { "elsewhere", "somebody", 0 };
	struct err e = { 0 };
	struct out o = out_mem(first, sizeof first), again = out_mem(second, sizeof second);
	if (entry_canonical((const char *)data, size, &d, &o, &e) < 0) {
		assert(e.code < 0 && e.text[0]);
		return 0;
	}
	assert(!o.failed && o.used <= ENTRY_SIZE_MAX && !memchr(first, 0, o.used));
	/* It says everything itself now: what it would have for default counts no more. */
	assert(entry_canonical(first, o.used, &others, &again, &e) == 0);
	assert(again.used == o.used && memcmp(first, second, o.used) == 0);
	return 0;
}
