/* What a site remembers of its plant: who is who for good, what changed, and what wants a person.
 *
 * All of it follows from entries of the ledger (kinds asset and finding), in their order:
 * site_recall() takes them in when a site starts.  Then site_see() holds the plant as it is seen
 * now against what is remembered, says each difference as an entry, and remembers it from that
 * moment on by the same code.  An entry that never reached the ledger is found again the next time,
 * for the plant still differs: nothing is said twice, and nothing is lost.
 *
 * An asset has one number for good ("a17"), however often somebody begins anew.  It is recognised
 * by its MACs, its place within another one, and its addresses: an address alone counts only where
 * one of the two has no MAC, as behind a router.
 *
 * Neither clock nor file: both come from outside. */
#ifndef SITE_SITE_H
#define SITE_SITE_H

#include <jansson.h>

#include "base/pool.h"
#include "event/entry_parts.h"
#include "event/plant.h"

enum {
	SITE_TEXT = 64, /* what is longer is cut, in what is remembered and in what is compared */
	SITE_MACS = 8,
	SITE_IPS = 16, /* of one asset; further ones are counted */
	ALERT_TEXT = 320,
	SITE_ASSETS_MAX = 65535,
	SITE_ALERTS_MAX = 65535,
};

/* What is said of an asset, each a text. */
enum site_field {
	SITE_NAME,
	SITE_TYPE, /* of asset_types */
	SITE_VENDOR,
	SITE_MODEL,
	SITE_FIRMWARE,
	SITE_SERIAL,
	SITE_LEVEL, /* "3.5" */
	SITE_ZONE,
	SITE_PLACE,
	SITE_FIELDS
};
extern const char *const site_field_names[SITE_FIELDS];

struct site_asset {
	uint32_t free_link; /* the pool's */
	uint32_t into;      /* it turned out to be this one; 0: it is itself */
	uint32_t owner;     /* it is within or behind this one; 0 */
	bool known, approved, silent;
	uint8_t mac_count, ip_count;
	uint8_t macs[SITE_MACS][6];
	struct ip ips[SITE_IPS];
	char seen[SITE_FIELDS][SITE_TEXT];
	char set[SITE_FIELDS][SITE_TEXT]; /* by its owner, who knows better; "" where he did not */
	int64_t first_ns, last_ns;        /* last: as it was seen, or else as the ledger says */
	int64_t learned_ns, changed_ns;   /* when that was said last */
	int64_t parted_ns;                /* since when it is seen in pieces; 0: it is in one */
	uint64_t look, parted_look;       /* the last site_see() that found it, and in pieces */
};

enum alert_state { ALERT_NEW, ALERT_OPEN, ALERT_CLOSED };
enum alert_verdict { VERDICT_NONE, VERDICT_TRUE, VERDICT_EXPECTED, VERDICT_FALSE };
extern const char *const alert_state_names[];   /* "new" ... ended by NULL */
extern const char *const alert_verdict_names[]; /* "", "true", "expected", "false" */

/* Findings with one cause, as work for a person. */
struct site_alert {
	uint32_t free_link;
	uint32_t assets[2]; /* their numbers; 0 none */
	uint8_t state, verdict, severity;
	bool muted; /* what comes later of the same cause is counted, and raises nothing */
	bool met;   /* its finding was there since this site was started */
	char id[48], class[32], engine[24], title[96], technique[12], text[ALERT_TEXT], next[200];
	char owner[SITE_TEXT], comment[200];
	int64_t first_ns, last_ns, closed_ns;
	uint64_t count;
	/* Of the count of its finding: what belongs to alerts before it; what was counted before
	 * sensors that count now; what was said last. */
	uint64_t base, before, said;
};

struct site;

/* Takes an entry over, to be written; `data` is taken in any case.  -EAGAIN: there are too many
 * already, and it is said again later. */
typedef int site_say(
	void *self, const char *kind, const char *subject, json_t *data, struct err *e);

struct site_config {
	site_say *say;
	void *self;
	uint32_t assets_max, alerts_max; /* 0: as many as there may be */
	int64_t silent_after_ns;         /* 0: a day */
	/* Until then after the first look nobody knows who belongs here, and nothing is raised that
	 * rests on it (policy violations); 0: a minute. */
	int64_t settle_ns;
};

int site_new(struct site **out, const struct site_config *config, struct err *e) MUST_USE;
void site_free(struct site *s);

/* An entry of the ledger.  What is not about the site, or in no form of ours, is passed over. */
void site_recall(struct site *s, const struct entry_parts *entry);
/* Says what is new; -EAGAIN where not all could be said.  Whether or not, every asset that has a
 * number now gets it: site_ids(). */
int site_see(struct site *s, const struct plant *p, int64_t now_ns, struct err *e) MUST_USE;
/* Of the plant's assets, in its order; 0: none yet.  Good until the next site_see(); NULL where the
 * last one had no memory for them. */
const uint32_t *site_ids(const struct site *s);

/* Numbers below site_asset_end() may be assets; NULL where none is, or it became another. */
const struct site_asset *site_asset(const struct site *s, uint32_t id);
uint32_t site_asset_end(const struct site *s);
const char *site_field(const struct site_asset *a, enum site_field f); /* as set, or as seen */
/* By "a17", an address, a MAC, or a name that one asset alone has; 0: none. */
uint32_t site_find(const struct site *s, const char *text);

const struct site_alert *site_alert(const struct site *s, uint32_t number);
uint32_t site_alert_end(const struct site *s);

/* --- what people do; -ENOENT, -EALREADY, -EINVAL in words --- */

struct site_by {
	const char *actor, *comment; /* comment: NULL or "" for none */
	int64_t now_ns;
};

int site_approve(struct site *s, uint32_t asset, bool approved, const struct site_by *by,
	struct err *e) MUST_USE;
/* "" takes it back. */
int site_set(struct site *s, uint32_t asset, enum site_field f, const char *text,
	const struct site_by *by, struct err *e) MUST_USE;
int site_close(struct site *s, uint32_t alert, enum alert_verdict verdict, const struct site_by *by,
	struct err *e) MUST_USE;
int site_reopen(struct site *s, uint32_t alert, const struct site_by *by, struct err *e) MUST_USE;
int site_mute(struct site *s, uint32_t alert, bool muted, const struct site_by *by,
	struct err *e) MUST_USE;

struct site_counts {
	uint32_t assets, approved, silent;
	uint32_t alerts_new, alerts_open;
	uint8_t worst;         /* severity of these */
	uint64_t unsaid;       /* changes that could not be put into words */
	uint64_t without_room; /* assets, addresses and alerts beyond what there may be */
};
struct site_counts site_counts(const struct site *s);

#endif
