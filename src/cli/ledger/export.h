/* What an export is made of, in this order; whoever checks one expects it so. */
#ifndef CLI_LEDGER_EXPORT_H
#define CLI_LEDGER_EXPORT_H

#include "cli/ledger/find.h"
#include "ledger/keys.h"

#define EXPORT_README     "ledger-export/README"
#define EXPORT_LEDGER     "ledger-export/ledger"
#define EXPORT_CHECKPOINT "ledger-export/checkpoint"
/* Where keys changed: the entries that say so, in the form of those behind, and their proofs. */
#define EXPORT_KEYS      "ledger-export/keys.ndjson"
#define EXPORT_KEY_PROOF "ledger-export/keys/%016llu.tlog-proof"
#define EXPORT_ENTRIES   "ledger-export/entries.ndjson"
#define EXPORT_PROOF     "ledger-export/proofs/%016llu.tlog-proof"

/* A line of entries.ndjson: the bytes that are proven stand between these and the last bracket. */
#define EXPORT_LINE   "{\"sequence\":%llu,\"entry\":"
#define EXPORT_BASE64 "{\"sequence\":%llu,\"base64\":\""

/* The keys of a ledger up to a head, and the entries that changed them. */
struct export_keys {
	struct keys keys;
	unsigned count;
	struct export_change {
		uint64_t sequence;
		size_t at, size; /* in `bytes` */
	} changes[KEYS_MAX];
	char *bytes; /* of all of them */
	size_t used;
};

/* The finder's key has signed that head. */
int export_keys_find(struct export_keys *k, struct ledger_finder *f, const struct checkpoint *head,
	struct err *e) MUST_USE;
void export_keys_done(struct export_keys *k);

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
