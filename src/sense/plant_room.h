/* The arrays behind a plant while it is built.  Private to plant*.c. */
#ifndef SENSE_PLANT_ROOM_H
#define SENSE_PLANT_ROOM_H

#include "sense/engine.h"

/* The addresses seen behind one MAC. */
struct mac_tally {
	uint32_t claimed, unclaimed;   /* by its own word, or not */
	uint32_t far, public, outside; /* of the unclaimed: came over a router, public addresses,
					* public ones that came from afar */
	uint32_t changed;              /* IPv6 addresses of its own making */
};

/* Subjects as numbers in one row: hosts first, then MACs. */
struct plant_room {
	struct plant plant;
	uint32_t host_count, mac_count; /* numbers 1..count */
	uint32_t *parent;               /* union-find: node -> node */
	uint32_t *asset_of;             /* node -> asset index + 1; only roots are filled */
	struct mac_tally *tally;        /* by MAC number */
	struct asset *assets;
	struct point *points;
	struct counter *counters;
	uint8_t (*macs)[6];
	struct ip *ips;
	uint16_t *vlans;
	const char **names;
	size_t name_count, name_room;
	struct identity *identity;
	struct text_chunk *text; /* made for the plant: names of points, reasons */
	size_t text_used;
	bool no_memory;
};

static inline uint32_t node_of_host(uint32_t host)
{
	return host;
}

static inline uint32_t node_of_mac(const struct plant_room *r, uint32_t mac)
{
	return r->host_count + mac;
}

uint32_t plant_root(struct plant_room *r, uint32_t node);
const char *plant_text(
	struct plant_room *r, const char *text); /* a copy that lives with the plant */

uint32_t plant_add(struct plant_room *r); /* a new asset: its index + 1 */

/* plant_places.c: what was said of places within and behind others becomes the owner's word,
 * nobody's or an asset's own.  First of all, as what the owner says decides who it is one with;
 * those that have an asset of their own get it when their owners have theirs. */
void plant_places(struct sense *s, struct plant_room *r);
void plant_modules(struct sense *s, struct plant_room *r);
/* Index + 1 of a host, or of OF_MAC and the number of a MAC; 0 none. */
uint32_t plant_owner_asset(const struct inventory *v, uint32_t owner);
/* Where in its owner a module is, in the words of those who work with it. */
enum { PLACE_TEXT = 96 };
const char *plant_place_text(
	const struct inventory *v, const struct module *m, char text[PLACE_TEXT]);

/* plant_merge.c: who is one asset with whom. */
void plant_merge(struct sense *s, struct plant_room *r);
bool plant_forwards(const struct plant_room *r, uint32_t mac); /* a router by what it does */

/* plant_classify.c: type, level, roles, from identity and conversations (by asset index already).
 */
void plant_classify(struct sense *s, struct plant_room *r);

#endif
