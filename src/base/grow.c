#include "base/grow.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

void *grow(void *array, size_t *room, size_t want, size_t size)
{
	if (want <= *room)
		return array;
	if (want > SIZE_MAX / 2) {
		errno = ENOMEM;
		return NULL;
	}
	size_t more = *room ? 2 * *room : 8;
	while (more < want)
		more *= 2;
	void *p = reallocarray(array, more, size);
	if (p)
		*room = more;
	return p;
}
