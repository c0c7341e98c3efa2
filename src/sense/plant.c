#include "sense/plant.h"

#include "sense/engine.h"

int plant_build(struct sense *s, struct plant *out, struct err *e)
{
	(void)s;
	(void)e;
	*out = (struct plant){ 0 };
	return 0;
}

void plant_free(struct plant_room *r)
{
	(void)r;
}
