/* From the inventory to a plant: who is one asset with whom, what it is, where it stands. */
#ifndef SENSE_PLANT_H
#define SENSE_PLANT_H

#include "base/err.h"
#include "event/plant.h"

struct sense;
struct plant_room; /* the arrays behind a struct plant */

int plant_build(struct sense *s, struct plant *out, struct err *e);
/* Numbers people know its assets by, instead of those it gave them; in its order. */
void plant_number(struct plant_room *r, const uint32_t *ids);
void plant_free(struct plant_room *r);

#endif
