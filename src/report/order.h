/* In which order the things of a plant are shown: what matters first, ties by first sight.
 * Each returns indices to free(), or NULL when there is no memory: then first sight it is. */
#ifndef REPORT_ORDER_H
#define REPORT_ORDER_H

#include "event/plant.h"

uint32_t *order_findings(const struct plant *p);      /* by severity, then detection, then time */
uint32_t *order_assets(const struct plant *p);        /* by band from the top, zone, address */
uint32_t *order_conversations(const struct plant *p); /* by strongest act, then volume */
uint32_t *order_points(const struct plant *p);        /* written ones, moving ones, the rest */

/* How many findings from `at` on are of one detection and severity: shown together. */
size_t order_alike(const struct plant *p, const uint32_t *list, size_t at);

static inline uint32_t order_at(const uint32_t *order, size_t i)
{
	return order ? order[i] : (uint32_t)i;
}

#endif
