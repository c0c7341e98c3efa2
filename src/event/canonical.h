/* JSON in its one form: RFC 8785 (JCS). */
#ifndef EVENT_CANONICAL_H
#define EVENT_CANONICAL_H

#include <jansson.h>

#include "base/err.h"
#include "base/out.h"

/* -EINVAL where it has none: an integer beyond 2^53, a number that is none, more than 32 levels. */
int canonical_write(const json_t *value, struct out *o, struct err *e) MUST_USE;

/* ECMA-262, Number::toString with radix 10. */
enum { CANONICAL_NUMBER = 48 };
const char *canonical_number(double v, char text[CANONICAL_NUMBER]);

#endif
