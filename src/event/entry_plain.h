/* For entry.c alone. */
#ifndef EVENT_ENTRY_PLAIN_H
#define EVENT_ENTRY_PLAIN_H

#include "base/cur.h"

struct entry_plain {
	struct cur at, kind; /* still to be looked at */
};

/* An entry of all six members, in its one form, for certain. */
bool entry_plain(struct cur json, struct entry_plain *out);

#endif
