/* Reading a damaged ledger: what is whole is told, and what is not is named; nothing is left out in
 * silence, and nothing is mended. */
#ifndef LEDGER_AROUND_H
#define LEDGER_AROUND_H

#include "ledger/read.h"

/* Entries `first` to `first + count - 1` cannot be read (or are not those that were signed); count
 * 0: something around there is wrong, though the entries themselves are told. */
typedef void ledger_hole(void *self, uint64_t first, uint64_t count, const char *why);

struct around_eyes {
	ledger_entry *each;
	ledger_hole *hole;
	ledger_gone *gone; /* or NULL; as far as what is whole says it */
	void *self;
};

/* As ledger_read_all(), with every entry compared with its tile; goes on behind what is damaged. */
int ledger_read_around(const struct files *f, const struct checkpoint *head, uint64_t from,
	const struct around_eyes *eyes, struct err *e) MUST_USE;

#endif
