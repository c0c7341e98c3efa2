/* Memory for secrets: kept out of swap and of dumps, between pages that nobody may touch, and wiped
 * when it goes. */
#ifndef CRYPT_GUARDED_H
#define CRYPT_GUARDED_H

#include <stddef.h>

#include "base/err.h"

void *guarded_new(size_t size, struct err *e); /* zeroed; NULL: there is none to be had */
void guarded_free(void *memory);               /* NULL is fine */
void guarded_wipe(void *bytes, size_t size);   /* of any memory; never left out by a compiler */

#endif
