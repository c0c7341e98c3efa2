/* Bytes that nobody can guess, and comparing what nobody should. */
#ifndef CRYPT_RANDOM_H
#define CRYPT_RANDOM_H

#include <stdbool.h>
#include <stddef.h>

void random_fill(void *bytes, size_t size);
/* In the same time, however many of them are the same. */
bool random_same(const void *a, const void *b, size_t size);

#endif
