/* Finding entries: the options that say which, and whoever answers, the store or the ledger. */
#ifndef CLI_LEDGER_FIND_H
#define CLI_LEDGER_FIND_H

#include "cli/ledger/store.h"

/* Of every verb that shows entries; the first member is what LEDGER_DIR_OPT fills. */
struct find_opts {
	struct ledger_opts ledger;
	const char *store, *also;
	const char *kind, *actor, *subject, *asset, *site, *since, *until, *from, *limit, *last;
};

#define FIND_TEXT(letter, member, value, help)                                                     \
	{                                                                                          \
		OPT_TEXT, letter, #member, value, help, offsetof(struct find_opts, member), NULL   \
	}

/* Which entries, and how many of them. */
#define FILTER_OPTS                                                                                \
	LEDGER_DIR_OPT, FIND_TEXT('k', kind, "KIND", "entries of this kind"),                      \
		FIND_TEXT('a', actor, "NAME", "what this one did"),                                \
		FIND_TEXT('s', subject, "NAME", "what is about this one"),                         \
		FIND_TEXT(                                                                         \
			'A', asset, "NAME", "what names this asset, in its subject or its data"),  \
		FIND_TEXT(0, site, "NAME", "of this site"),                                        \
		FIND_TEXT(0, since, "TIME",                                                        \
			"from this time on: 2026-11-22, or 2026-11-22T20:40, in UTC"),             \
		FIND_TEXT(0, until, "TIME", "before this time"),                                   \
		FIND_TEXT(0, from, "SEQUENCE", "from this number on")
#define RANGE_OPTS                                                                                 \
	FIND_TEXT(0, limit, "N", "the first N of them"),                                           \
		FIND_TEXT('n', last, "N", "the last N of them"), STORE_OPT,                        \
		LEDGER_ALSO_OPT(find_opts)
#define STORE_OPT FIND_TEXT(0, store, "FILE", "the store to ask (DIR.store)")

struct ledger_ask {
	struct entry_filter filter;
	uint64_t from, most; /* most 0: all */
	bool last;
};

/* Wrong ones are -EINVAL, in words. */
int ledger_ask_of(const struct find_opts *o, struct ledger_ask *ask, struct err *e) MUST_USE;
int ledger_number(const char *text, const char *what, uint64_t *n, struct err *e) MUST_USE;

/* A ledger opened to be asked. */
struct ledger_finder {
	struct ledger_home home;
	struct ledger_view view;
	struct ledger_shelf shelf; /* what was moved */
	char path[PATH_MAX];       /* of the store */
	struct store *store;       /* NULL: the ledger itself is read */
	uint64_t stored;           /* entries below it the store answers for */
	struct ledger_said said;   /* what it must not have */
	uint8_t *bundle;           /* room to read one that it has not */
	ledger_gone *gone;         /* told of entries that are not here any more; NULL: nobody is */
	void *gone_self;
};

/* Uses the store when there is one, after it took in what it has not, where it may be written.  One
 * that is not right is said on standard error, and done without. */
int ledger_finder_open(
	struct ledger_finder *f, const struct find_opts *o, bool progress, struct err *e) MUST_USE;
void ledger_finder_close(struct ledger_finder *f);

bool ledger_ask_fits(const struct ledger_ask *ask, const void *bytes, size_t size);
/* As ledger_read(): those that fit, in order.  `count` says how many were told. */
int ledger_find(struct ledger_finder *f, const struct ledger_ask *ask, ledger_entry *each,
	void *self, uint64_t *count, struct err *e) MUST_USE;

#endif
