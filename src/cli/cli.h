/* Verbs: one file and one table row each.  Help, man page and completion come out of the same rows.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/out.h"

/* Exit codes; the whole program knows no others.  What each means to who calls is in help.c, once,
 * for every man page. */
enum {
	EXIT_DONE = 0,
	EXIT_FAILED = 1,
	EXIT_ASKED_WRONGLY = 2,
	EXIT_NOT_FOUND = 3,
	EXIT_PROBLEMS = 4,
	EXIT_NOT_ALLOWED = 5,
	EXIT_UNREACHABLE = 6,
};

/* What of --memory is not the sensor's: libraries, the window on the file, vendor names, and the
 * plant's own arrays while it is printed (measured on a plant of ten thousand assets). */
#define MEMORY_REST ((size_t)23 << 20)
/* What --memory may say.  Less does not hold the tables; more is a slip of the finger. */
#define MEMORY_LEAST (MEMORY_REST + ((size_t)4 << 20))
#define MEMORY_MOST  ((size_t)1 << 40)

enum opt_kind { OPT_FLAG = 1, OPT_TEXT, OPT_SIZE, OPT_WORD, OPT_TEXTS };

/* Of an option that may stand several times. */
enum { TEXTS_MAX = 4 };
struct texts {
	const char *at[TEXTS_MAX];
	size_t count;
};

struct opt {
	enum opt_kind kind;
	char letter; /* 0: none */
	const char *name;
	const char *value; /* what stands behind it in help; NULL for a flag */
	const char *help;
	size_t offset;     /* in the verb's options: bool, const char *, size_t, struct texts */
	const char *words; /* OPT_WORD: "json|lines", the first is meant where no value stands */
};

struct verb;

struct cli {
	struct out *out; /* standard output, flushed by the caller */
	const struct verb *verb;
	bool tty_out, tty_err, colour;
	unsigned columns;
	char **operands;
	size_t operand_count;
};

struct verb {
	const char *name;
	const char *operands; /* "CAPTURE..." */
	const char *brief;
	const char *about;           /* paragraphs under the brief */
	const char *const *examples; /* "command", "what it does" pairs, ended by NULL */
	size_t opts_size;
	const struct opt *opts;
	int (*run)(struct cli *cli, const void *opts, struct err *e); /* exit code */
};

/* Verbs of several words whose first is the same, and what is to be said of all of them. */
struct family {
	const char *name, *brief, *about;
	const char *const *examples;
};

int cli_main(int argc, char **argv);
void cli_complain(const struct err *e);          /* "weir: what: why; try: command" on stderr */
void cli_say(const char *text, const char *try); /* the same, in words of one's own */
int cli_try_write(struct err *e); /* what to try after a write that failed; returns the code */
const struct verb *const *cli_verbs(void);
/* The verb that the words begin with; `used`: how many of them it has. */
const struct verb *cli_find_verb(int count, char **words, int *used);
extern const struct family cli_families[]; /* ended by a row without a name */
const struct family *cli_find_family(const char *word);
const struct family *cli_family(const struct verb *v); /* NULL: of none */

void cli_help(const struct cli *cli, const struct verb *v); /* NULL: the program's */
void cli_help_family(const struct cli *cli, const struct family *f);
/* The source of a man page: a verb's, a family's, or (both NULL) the program's. */
void cli_man(struct out *o, const struct verb *v, const struct family *f);

/* Text in lines that the terminal shows whole, from column `indent` on, where the line at hand
 * stands. */
void cli_wrapped(const struct cli *cli, const char *text, unsigned indent);

extern const struct verb verb_init, verb_up, verb_down, verb_status, verb_asset_ls, verb_asset_show,
	verb_asset_approve, verb_asset_set, verb_whois, verb_alert_ls, verb_alert_show,
	verb_alert_close, verb_alert_open, verb_alert_mute, verb_alert_pcap;
extern const struct verb verb_look, verb_facts, verb_points, verb_packets, verb_protocols,
	verb_detections, verb_help, verb_completion, verb_ledger_init, verb_ledger_append,
	verb_ledger_show, verb_ledger_verify, verb_ledger_prove, verb_ledger_checkpoint,
	verb_ledger_push, verb_ledger_follow, verb_ledger_witness, verb_ledger_tail,
	verb_ledger_export, verb_ledger_rebuild, verb_ledger_key, verb_ledger_serve,
	verb_ledger_retention, verb_ledger_hold, verb_ledger_prune, verb_ledger_move,
	verb_ledger_erase;

#endif
