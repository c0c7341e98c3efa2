#include "base/hash.h"

uint64_t hash_key[2] = { 0xa0761d6478bd642fu, 0x9e3779b97f4a7c15u };

/* The second key follows from the first by the finaliser of SplitMix64. */
void hash_seed(uint64_t random)
{
	uint64_t z = random + 0x9e3779b97f4a7c15u;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	hash_key[0] = random | 1;
	hash_key[1] = z ^ z >> 31;
}
