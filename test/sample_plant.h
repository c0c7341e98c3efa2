/* Plants made up for the tests of the report: a small water works, a hostile one, and large ones.
 */
#ifndef TEST_SAMPLE_PLANT_H
#define TEST_SAMPLE_PLANT_H

#include "event/plant.h"

struct sample;

struct sample *sample_empty(void);
struct sample *sample_small(void);           /* 8 assets, findings of every severity */
struct sample *sample_hostile(void);         /* the small one, named by somebody who means harm */
struct sample *sample_flat(uint32_t assets); /* one network, no names, no zones */
struct sample *sample_large(uint32_t assets);
struct sample *sample_random(uint32_t seed, uint32_t assets); /* anything, anywhere */
void sample_free(struct sample *s);
const struct plant *sample_plant(const struct sample *s);

#endif
