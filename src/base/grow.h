/* An array that grows. */
#ifndef BASE_GROW_H
#define BASE_GROW_H

#include <stddef.h>

/* The array, with room for at least `want` items of `size` bytes, perhaps at another place; what is
 * new in it is as it comes.  NULL, errno ENOMEM: no memory, and the old one stays as it was. */
void *grow(void *array, size_t *room, size_t want, size_t size);

#endif
