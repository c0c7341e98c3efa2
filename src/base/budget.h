/* Heap memory with a limit: whoever asks beyond it gets NULL and a counter goes up. */
#ifndef BASE_BUDGET_H
#define BASE_BUDGET_H

#include <stddef.h>
#include <stdint.h>

struct budget {
	size_t used, max;
	uint64_t refused;
};

void *budget_alloc(struct budget *b, size_t size); /* zeroed */
void *budget_room(struct budget *b, size_t size);  /* as it comes: for bytes to be written */
/* What is new is as it comes; old stays on NULL. */
void *budget_grow(struct budget *b, void *old, size_t old_size, size_t size);
void budget_free(struct budget *b, void *p, size_t size);

#endif
