/* Lines in, entries of the ledger out: what every command that writes goes through. */
#ifndef CLI_LEDGER_WRITER_H
#define CLI_LEDGER_WRITER_H

#include "cli/ledger/ledger.h"
#include "cli/ledger/served.h"
#include "ledger/ledger.h"

enum { WRITER_INPUT = 1 << 20 }; /* bytes of one line, at most */

struct writer {
	struct cli *cli;
	struct ledger *ledger; /* NULL: another process writes, */
	struct served *served; /* and this leads to it */
	const struct signer *signer;
	struct entry_defaults defaults;
	struct entry_means means;
	void *self; /* of who does the work */
	uint64_t line, acknowledged;
	char *input;
	size_t used;
	char entry[ENTRY_SIZE_MAX + 2];
};

typedef int writer_work(struct writer *w, struct err *e);

struct writer *writer_new(struct cli *cli, const struct ledger_write_opts *o, const char *site,
	struct err *e) MUST_USE;
void writer_free(struct writer *w);
/* Standard input to its end; numbers are printed once their entries are on the disk. */
int writer_all(struct writer *w, struct err *e) MUST_USE;
/* The ledger open to write by a key that is at hand.  The first entry, which says what key the
 * rest is signed by, is written where it is not there yet; all is in a checkpoint afterwards. */
int writer_with(struct cli *cli, const struct ledger_write_opts *o, struct ledger_home *h,
	const struct signer *signer, writer_work *work, void *self, struct err *e) MUST_USE;
/* The same with all that goes with it: lock, key, witnesses; then `after`, under the same lock. */
int writer_do(struct cli *cli, const struct ledger_write_opts *o, bool witnessed,
	struct ledger_home *h, writer_work *work, void *self,
	int (*after)(void *self, struct err *e), struct err *e) MUST_USE;

#endif
