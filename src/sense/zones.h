/* Zones as people state them: a file that gives addresses a zone's name and a Purdue level.
 *
 *	zones:
 *	  - name: cell 1
 *	    level: 1
 *	    addresses: [10.1.0.0/24, 10.1.9.7, 10.2.0.10-10.2.0.20, "fd00:1::/64"]
 *	    note: packaging
 *
 * Ranges may lie within each other: the smallest one that holds an address wins. */
#ifndef SENSE_ZONES_H
#define SENSE_ZONES_H

#include "base/conf.h"
#include "event/plant.h"
#include "sense/sense.h"

struct zones;

/* NULL on failure: `wrong` has every mistake of the file, `e` the first one. */
struct zones *zones_open(const char *path, struct conf_wrong *wrong, struct err *e);
struct zones *zones_of(const char *name, const void *bytes, size_t size, struct conf_wrong *wrong,
	struct err *e); /* the same over bytes in memory */
void zones_free(struct zones *z);

/* Smallest ranges first: the first that holds an address is the answer. */
const struct sense_zone *zones_list(const struct zones *z, size_t *count);

/* Tells the plant which zones hold no address of any asset. */
int zones_plant(struct zones *z, struct plant *p, struct err *e);

#endif
