/* How long entries are kept, as the ledger's own entries say it: promises, holds, and what was let
 * go or moved.  Pure: it is fed every entry in order and answers; nothing is kept anywhere else.
 *
 *	retention  {"days":365,"kinds":["finding"]}      a promise; no kinds: of every kind
 *	retention  {"pruned":[range..],"until":TIME}     entries that were let go, or
 *	                                                 none: what time it is
 *	retention  {"kept":[range..]}                    that were said to be let go, are
 *	                                                 here, and may not go any more
 *	retention  {"moved":[range..],"to":TEXT}         entries that are elsewhere
 *	hold       {"hold":"subject"|"entries"|"kind",..}, {"release":NUMBER}
 *
 * Each in exactly these words, in RFC 8785's form: what is said in others is none of them.
 *
 * What holds for an entry is the longest promise that names its kind, whenever it was made; without
 * one it is kept for ever.  The ledger's own kinds always are, and what is not understood. */
#ifndef LEDGER_RETAIN_H
#define LEDGER_RETAIN_H

#include <stdbool.h>

#include "base/cur.h"
#include "base/err.h"
#include "event/entry_view.h"
#include "ledger/days.h"

enum {
	RETAIN_RULES = 1 << 20,  /* promises; holds; ranges that are gone: of each at most */
	RETAIN_DAYS = 100 * 366, /* of a promise at most */
	RETAIN_RANGES = 256,     /* in one entry at most */
};

/* Of what a rule says: fifteen digits, which numbers of JSON hold exactly. */
#define RETAIN_NUMBER_MAX INT64_C(999999999999999)

/* Entries that are not here any more, or were said not to be. */
struct retain_gone {
	uint64_t first, last;
	uint64_t by;    /* the entry that says so */
	char *to;       /* where they were moved; NULL: let go */
	uint32_t kinds; /* claims of what was let go */
	int64_t newest_s;
};

/* Takes back what was said before of letting these go. */
struct retain_kept {
	uint64_t first, last, by;
};

enum retain_what { HOLD_SUBJECT, HOLD_ENTRIES, HOLD_KIND };

struct retain_hold {
	uint64_t by;
	enum retain_what what;
	bool released;
	bool spread;          /* HOLD_ENTRIES: where the subject was found when the hold began */
	uint64_t first, last; /* HOLD_ENTRIES */
	unsigned kind;        /* HOLD_KIND */
	char *subject;        /* HOLD_SUBJECT: as JSON writes it, without quotes */
	char *why;
};

struct retain_promise {
	uint64_t by;
	uint32_t kinds;
	bool all; /* it named none: every kind, those of later versions too */
	uint32_t days;
	char *why;
};

struct retain;

int retain_new(struct retain **out, struct err *e) MUST_USE;
void retain_free(struct retain *r);
/* The next entry, and entries that are not there: each number once, in order. */
int retain_feed(struct retain *r, uint64_t sequence, struct cur entry, struct err *e) MUST_USE;
int retain_miss(struct retain *r, uint64_t first, uint64_t count, struct err *e) MUST_USE;

/* The first entry that let something go which it might not, in words; NULL: none. */
const char *retain_wrong(const struct retain *r);
/* There is an entry that is a rule this version does not know: nothing is let go then. */
bool retain_unknown(const struct retain *r, uint64_t *by);
/* Days are claimed that are still to come: an entry of the ledger's own, of now, would end that. */
bool retain_is_ahead(const struct retain *r, int64_t now_s);
/* Who says that this entry is gone; NULL: nobody, or it is said since that it was kept. */
const struct retain_gone *retain_gone(const struct retain *r, uint64_t sequence);
/* Who says that it was kept all the same; NULL: nobody. */
const struct retain_kept *retain_kept(const struct retain *r, uint64_t sequence);
/* What is said of a bundle that is missing and that nobody says is gone. */
enum { RETAIN_WORDS = 64 };
const char *retain_miss_words(const struct retain *r, uint64_t sequence, char text[RETAIN_WORDS]);
const struct retain_promise *retain_promises(const struct retain *r, size_t *count);
const struct retain_hold *retain_holds(const struct retain *r, size_t *count);
/* All that was ever said to be gone, in order. */
const struct retain_gone *retain_all_gone(const struct retain *r, size_t *count);
bool retain_was_gone(const struct retain *r, uint64_t sequence); /* one of those */
const struct retain_kept *retain_all_kept(const struct retain *r, size_t *count);
/* Runs of entries that retain_miss() was told of. */
struct retain_hole {
	uint64_t first, last;
};
size_t retain_hole_count(const struct retain *r);
struct retain_hole retain_hole(const struct retain *r, size_t i);

/* The longest promise for a kind; NULL: none, for ever. */
const struct retain_promise *retain_longest(const struct retain *r, unsigned kind);
/* The hold that is on an entry; NULL: none. */
const struct retain_hold *retain_held(
	const struct retain *r, uint64_t sequence, const struct entry_view *v);

/* --- may it go? ---
 *
 * A second reading of the same entries, once all rules are known. */
enum retain_why {
	MAY_GO,
	OWN_KIND,
	NOT_UNDERSTOOD,
	HELD,
	NOT_PROMISED,
	TOO_YOUNG,
	TOGETHER_TOO_YOUNG, /* a bundle: each of its entries may go, and not all of them as one */
	RETAIN_WHYS
};

struct retain_verdict {
	enum retain_why why;
	uint64_t by; /* the hold, the promise */
	unsigned kind;
	int64_t left_s; /* too young: so much longer, if something is written every day */
};

struct retain_look {
	const struct retain *r;
	int64_t until_s; /* now, as the clock has it, or a witness where that is earlier */
	int64_t floor_s;
	uint64_t *seen; /* where each of the days was seen last, in order */
	size_t seen_count;
};

int retain_look(struct retain_look *l, const struct retain *r, int64_t until_s,
	struct err *e) MUST_USE; /* of whom all is known */
void retain_look_done(struct retain_look *l);
struct retain_verdict retain_judge(
	struct retain_look *l, uint64_t sequence, struct cur entry, struct entry_view *v);
/* A bundle of these kinds, of which the newest entry is of that time, where its last entry was
 * judged: as it will be claimed when it is gone. */
struct retain_verdict retain_judge_claim(
	const struct retain_look *l, uint64_t sequence, uint32_t kinds, int64_t newest_s);
/* The days that entries from there to there may bear witness of: between those of the ledger's own
 * around them, or until then.  None of its own is among them. */
struct day_span retain_frame(
	const struct retain *r, uint64_t first, uint64_t last, int64_t until_s);

#endif
