/* The process `recall`: reads from the ledger what the site said of its assets and alerts, for the
 * process that remembers it, and ends.  So that one needs no right to the ledger's files.
 *
 *	weir --process recall DIR */
#include <errno.h>
#include <string.h>

#include "base/child.h"
#include "base/ipc.h"
#include "cli/ledger/find.h"
#include "cli/ledger/lock.h"
#include "cli/site.h"
#include "run/process.h"

static int tell(void *self, uint64_t sequence, const void *entry, size_t size, bool signed_yet,
	struct err *e)
{
	(void)self;
	(void)sequence;
	(void)signed_yet;
	return ipc_send(CHILD_CHANNEL, RECALL_ENTRY, entry, size, e);
}

static int lock(const char *dir, struct err *e)
{
	struct lock l = { .words = JAIL_STDIO | JAIL_READ_FILE | JAIL_CHANNEL | JAIL_KEEP |
			JAIL_FOLDER | JAIL_DATABASE };
	json_object_seed(0); /* which opens a file */
	lock_ledger(&l, dir, JAIL_LOOK);
	lock_beside(&l, dir, JAIL_WORK); /* the store, which takes in what it has not */
	return lock_close(&l, e);
}

/* Of assets nothing depends on findings, nor the other way round: one kind after the other. */
static int recall(const char *dir, struct err *e)
{
	static const char *const kinds[] = { "asset", "finding" };
	struct ledger_finder f;
	int r = lock(dir, e);
	for (size_t i = 0; r == 0 && i < COUNT_OF(kinds); i++) {
		const struct find_opts o = {
			.ledger = { dir }, .kind = kinds[i], .actor = SITE_ACTOR
		};
		struct ledger_ask ask;
		uint64_t count;
		r = ledger_finder_open(&f, &o, false, e);
		if (r == 0)
			r = ledger_ask_of(&o, &ask, e);
		if (r == 0)
			r = ledger_find(&f, &ask, tell, NULL, &count, e);
		ledger_finder_close(&f);
	}
	return r;
}

int recall_main(char **words)
{
	struct err e = { 0 }, gone;
	int r = words[0] && !words[1] ? recall(words[0], &e)
				      : err_set(&e, -EINVAL, "--process recall: DIR");
	int sent = r < 0 ? ipc_send(CHILD_CHANNEL, RECALL_FAILED, e.text, strlen(e.text), &gone)
			 : ipc_send(CHILD_CHANNEL, RECALL_DONE, NULL, 0, &gone);
	return r < 0 || sent < 0 ? EXIT_FAILED : EXIT_DONE;
}
