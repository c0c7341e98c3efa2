#include "base/hash.h"

uint64_t hash_key = 0xa0761d6478bd642fu;

void hash_seed(uint64_t random)
{
	hash_key = random | 1;
}
