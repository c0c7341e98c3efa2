/* What the commands on a ledger share. */
#ifndef CLI_LEDGER_LEDGER_H
#define CLI_LEDGER_LEDGER_H

#include <jansson.h>
#include <limits.h>

#include "cli/cli.h"
#include "event/entry.h"
#include "ledger/read.h"
#include "ledger/shelf.h"

#define LEDGER_DIR "/var/lib/weir/ledger"

/* First in the options of each of them. */
struct ledger_opts {
	const char *dir;
};

#define LEDGER_DIR_OPT                                                                             \
	{                                                                                          \
		OPT_TEXT, 'd', "dir", "DIR", "the ledger's folder (" LEDGER_DIR ")",               \
			offsetof(struct ledger_opts, dir), NULL                                    \
	}

/* Between the warden (ledger serve) and the processes that it started. */
enum warden_word {
	CORE_SEALER = 1,   /* to the core: a channel to a sealer; the one before has gone */
	CORE_STOP = 2,     /* to the core: take no more, bring everything to the disk, end */
	CORE_READY = 3,    /* from it: 8 entries; the socket is open */
	SEALER_KEY = 4,    /* to the sealer, behind the folder: a channel to the key */
	WARDEN_FOLDER = 5, /* to both, before anything else: the ledger's folder, locked */
};

/* Between a follower, which may write into its copy alone, and the process that keeps what it saw
 * of a fork. */
enum evidence_word {
	EVIDENCE_FILE = 1,  /* to it: 8 entries of the head, then the text of COPY.fork-ENTRIES */
	EVIDENCE_ENTRY = 2, /* to it: one line for `weir ledger append` */
	EVIDENCE_KEPT = 3,
	EVIDENCE_LOST = 4, /* and why */
};

struct ledger_home {
	const char *dir;
	int fd;
	struct files files;
	struct note_key key; /* as the folder says it */
};

/* What weir ledger init does, an exit code. */
int ledger_begin(struct cli *cli, const char *dir, const char *origin, struct err *e);

int ledger_home_open(struct ledger_home *h, const char *dir, struct err *e) MUST_USE;
void ledger_home_close(struct ledger_home *h);
/* Of a ledger that is there: -ENOENT, a file of it is missing, is damage. */
int ledger_damage(int r, struct err *e);
const char *ledger_entries(uint64_t count); /* "entry" for one, "entries" */
/* Its checkpoint; one that is missing is damage. */
int ledger_home_head(const struct ledger_home *h, struct checkpoint *head, char note[NOTE_MAX + 1],
	struct err *e) MUST_USE;
/* Beside the folder, which may be copied to anybody, and not in it: DIR.key, DIR.socket.  Where DIR
 * is a link, beside what it leads to: whatever it is called by, a ledger has one key and one store.
 */
int ledger_beside(const char *dir, const char *ending, char path[PATH_MAX], struct err *e) MUST_USE;

/* FILE.new: empty, with the rights that FILE has, and ours until it is closed.  Renamed to FILE it
 * takes its place, and until then that stays as it was.  Gives a descriptor; -EBUSY: another
 * process makes one. */
int ledger_open_new(const char *file, const char *file_new, struct err *e) MUST_USE;

/* The same for who works with struct files. */
struct beside {
	int fd; /* of the folder that it lies in */
	struct files files;
	char name[256]; /* its own in there; others have an ending behind it */
};

int beside_open(struct beside *b, const char *dir, struct err *e) MUST_USE;
void beside_close(struct beside *b);
int ledger_exit(const struct err *e); /* the exit code that fits */
/* The ledger's key as --key has it: one that signs heads, or -EINVAL. */
int ledger_key_read(const char *text, struct note_key *out, struct err *e) MUST_USE;
/* A text of the command line that goes into an entry: UTF-8, or -EINVAL, in words; NULL is fine. */
int ledger_text_fits(const char *what, const char *text, struct err *e) MUST_USE;
/* As the one form of an entry writes a text, without the quotes. */
int ledger_escape(const char *text, char *to, size_t room, struct err *e) MUST_USE;
void ledger_progress(void *self, uint64_t done, uint64_t all); /* on a terminal */

/* --- what the ledger writes about itself --- */

struct ledger_write_opts {
	struct ledger_opts ledger;
	const char *key, *actor, *passphrase_file;
};

#define LEDGER_WRITE_OPTS                                                                          \
	LEDGER_DIR_OPT,                                                                            \
		{ OPT_TEXT, 0, "key", "FILE", "the signing key (DIR.key)",                         \
			offsetof(struct ledger_write_opts, key), NULL },                           \
		{ OPT_TEXT, 0, "actor", "NAME", "who asks for it (local)",                         \
			offsetof(struct ledger_write_opts, actor), NULL },                         \
	{                                                                                          \
		OPT_TEXT, 0, "passphrase-file", "FILE",                                            \
			"where the passphrase of a sealed key stands (asked for)",                 \
			offsetof(struct ledger_write_opts, passphrase_file), NULL                  \
	}

/* The ledger, open to write: locked, with all it has in a checkpoint; or served by another process,
 * which others write to at the same time. */
struct ledger_own;
struct retain;

struct ledger_own_work {
	/* Decides, and writes. */
	int (*write)(void *self, struct ledger_own *w, struct err *e);
	/* Once what was written is in a signed checkpoint and on the disk; or NULL. */
	int (*after)(void *self, const struct ledger_home *h, struct err *e);
	void *self;
	/* write() may be called from the beginning where something else of the ledger's own came in
	 * between, and it wrote nothing yet. */
	bool again;
	bool alone; /* it takes entries away, and nobody else may meanwhile */
};

/* -ESTALE: something came in between, and what was written until then, if anything, stands. */
int ledger_own_do(struct cli *cli, const struct ledger_write_opts *o,
	const struct ledger_own_work *work, struct err *e) MUST_USE;
/* What to decide on: so many entries, all of them signed. */
const struct ledger_home *ledger_own_home(const struct ledger_own *w);
uint64_t ledger_own_size(const struct ledger_own *w);
/* An entry of one of the ledger's own kinds; durable when it returns.  Takes `data`. */
int ledger_own_write(struct ledger_own *w, const char *kind, const char *subject, json_t *data,
	uint64_t *sequence, struct err *e) MUST_USE;
/* From now on each entry is held against these rules before it is written, and fed to them (as if
 * it came right behind those on which is decided), and none is written at a time before this one:
 * -EPROTO. */
void ledger_own_obey(struct ledger_own *w, struct retain *rules, int64_t since_s);

/* --- another folder, to which entries were moved --- */

struct ledger_shelf {
	int fd;
	struct files here, there, both;
	struct shelf shelf;
};

/* `also` may be NULL.  s->both reads the two as one. */
int ledger_shelf_open(struct ledger_shelf *s, const struct ledger_home *h, const char *also,
	struct err *e) MUST_USE;
void ledger_shelf_close(struct ledger_shelf *s);

#define LEDGER_ALSO_OPT(of)                                                                        \
	{                                                                                          \
		OPT_TEXT, 0, "also", "DIR", "where entries were moved to, read with this one",     \
			offsetof(struct of, also), NULL                                            \
	}

/* --- the keys of subjects, DIR.subjects --- */

struct ledger_secrets {
	const char *dir; /* of the ledger */
	int fd;
	struct files files;
	struct subjects *subjects; /* NULL: not open */
};

/* -ENOENT: there are none yet, and `make` does not say to begin. */
int ledger_secrets_open(
	struct ledger_secrets *s, const char *dir, bool make, struct err *e) MUST_USE;
void ledger_secrets_close(struct ledger_secrets *s);
/* An entry_means.seal; opens the keys when the first secret comes. */
int ledger_secrets_seal(void *secrets, const char *subject, struct cur clear, struct cur bound,
	json_t **sealed, struct err *e);

#endif
