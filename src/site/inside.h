/* What the files of this room share. */
#ifndef SITE_INSIDE_H
#define SITE_INSIDE_H

#include "site/site.h"

enum anchor_kind { ANCHOR_MAC = 1, ANCHOR_IP, ANCHOR_PLACE };

/* By what an asset is recognised. */
struct anchor {
	uint32_t free_link;
	uint32_t asset;
	uint8_t kind;
	uint8_t bytes[16]; /* a MAC, an address; of a place its owner and a hash of its words */
};

struct site {
	struct site_config config;
	struct pool assets, anchors, alerts; /* an asset's number is its place in the pool */
	struct table by_anchor, by_cause;    /* cause: the last alert of it */
	uint32_t *ids;
	bool *pieces; /* by place in the plant, as ids: it is one of an asset in several */
	size_t ids_room, pieces_room;
	bool numbered;
	uint64_t unsaid;
	uint64_t look;
	int64_t first_look_ns;
	uint64_t without_room;
};

static inline struct site_asset *asset_at(const struct site *s, uint32_t id)
{
	return pool_at(&s->assets, id);
}

static inline struct site_alert *alert_at(const struct site *s, uint32_t number)
{
	return pool_at(&s->alerts, number);
}

/* Says it and, where it is taken, remembers it. */
int site_tell(struct site *s, const char *kind, uint32_t subject, json_t *data, int64_t now_ns,
	struct err *e) MUST_USE;
/* What cannot be said is counted, and the rest is said all the same; but for an error that stands
 * in the way of all (site_stops()). */
int site_goes_on(struct site *s, int r, int now, struct err *e);
bool site_stops(int r);
/* A member that is a text, or "". */
const char *site_text(const json_t *data, const char *member);
int64_t site_time(const json_t *data, const char *member);   /* 0: none */
uint64_t site_count(const json_t *data, const char *member); /* 0: none, or no such number */
json_t *site_when(int64_t ns);                               /* NULL for 0 */
/* At most so many bytes of it, whole characters alone; what is no UTF-8 is replaced. */
void site_cut(char *to, size_t room, const char *text);
/* The number in "a17"; 0: it is none. */
uint32_t site_number(const char *subject);

/* recall.c */
uint32_t asset_now(const struct site *s, uint32_t id); /* what became of it; 0: nothing */
void asset_recall(struct site *s, uint32_t id, const json_t *data, int64_t at_ns);
struct anchor anchor_of_mac(const uint8_t mac[6]);
struct anchor anchor_of_ip(const struct ip *ip);
struct anchor anchor_of_place(uint32_t owner, const char *place);
bool anchor_read(const char *text, struct anchor *out);             /* a MAC or an address */
uint32_t anchor_find(const struct site *s, const struct anchor *a); /* whose it is; 0 nobody's */

/* match.c: who of those remembered an asset of the plant is, once its owner has a number; 0:
 * nobody. `piece`: of one that was seen in this look already. */
uint32_t match(
	struct site *s, const struct plant *p, const struct asset *a, int64_t now_ns, bool *piece);
/* Those that another one turned out to be. */
int match_merge(struct site *s, const struct plant *p, int64_t now_ns, struct err *e);

/* changes.c */
int changes_recognise(struct site *s, const struct plant *p, int64_t now_ns, struct err *e);
int changes_see(struct site *s, const struct plant *p, int64_t now_ns, struct err *e);

/* alerts.c */
/* The alerts of one are those of the other from now on. */
void alerts_merge(struct site *s, uint32_t asset, uint32_t into);
uint32_t alert_latest(const struct site *s, uint32_t number); /* of the same cause */
void alert_recall(struct site *s, const char *subject, const json_t *data, int64_t at_ns);
int alerts_see(struct site *s, const struct plant *p, int64_t now_ns, struct err *e);

#endif
