/* Numbers with names: tables in order of their numbers, and the search in one. */
#ifndef SENSE_PROTO_NAMED_H
#define SENSE_PROTO_NAMED_H

#include <stddef.h>
#include <stdint.h>

struct named {
	uint32_t number;
	const char *name;
};

static inline const char *named_find(const struct named *table, size_t count, uint64_t number)
{
	size_t low = 0, high = count;
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (table[middle].number == number)
			return table[middle].name;
		if (table[middle].number < number)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

#endif
