/* What an export is made of, in this order; whoever checks one expects it so. */
#ifndef CLI_LEDGER_EXPORT_H
#define CLI_LEDGER_EXPORT_H

#include "base/err.h"
#include "base/out.h"
#include "ledger/note.h"

#define EXPORT_README     "ledger-export/README"
#define EXPORT_LEDGER     "ledger-export/ledger"
#define EXPORT_CHECKPOINT "ledger-export/checkpoint"
#define EXPORT_ENTRIES    "ledger-export/entries.ndjson"
#define EXPORT_PROOF      "ledger-export/proofs/%016llu.tlog-proof"

/* A line of entries.ndjson: the bytes that are proven stand between these and the last bracket. */
#define EXPORT_LINE   "{\"sequence\":%llu,\"entry\":"
#define EXPORT_BASE64 "{\"sequence\":%llu,\"base64\":\""

struct ledger_audit {
	struct note_key key;
	bool own_key; /* the caller gave it, the export need not be believed */
	struct checkpoint head;
	uint64_t entries, first, last;
};

/* Checks an export against the key in `a`, or the one that it names itself.  -EBADMSG: what does
 * not hold. */
int ledger_audit(const char *path, struct ledger_audit *a, struct err *e) MUST_USE;

#endif
