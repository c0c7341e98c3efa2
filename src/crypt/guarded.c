#include "crypt/guarded.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>

void *guarded_new(size_t size, struct err *e)
{
	void *memory = sodium_init() < 0 ? NULL : sodium_malloc(size);
	if (!memory) {
		err_set(e, -ENOMEM, "no guarded memory for a secret");
		return NULL;
	}
	memset(memory, 0, size);
	return memory;
}

void guarded_free(void *memory)
{
	sodium_free(memory);
}

void guarded_wipe(void *bytes, size_t size)
{
	sodium_memzero(bytes, size);
}
