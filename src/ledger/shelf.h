/* Two folders that are read as one: bundles of entries that are not here may be on the shelf. */
#ifndef LEDGER_SHELF_H
#define LEDGER_SHELF_H

#include <stdbool.h>

#include "base/files.h"

struct shelf {
	const struct files *here, *there; /* there NULL: nowhere else */
	bool signed_alone; /* as if there were no log: it is another's, who is writing to it */
};

struct files shelf_files(struct shelf *s);

#endif
