/* Streaming JSON on a struct out: commas and nesting are kept here, the caller says what comes.
 * Text that is not UTF-8 comes out with U+FFFD in place of each byte that does not belong. */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "base/out.h"

struct json {
	struct out *out;
	bool comma; /* something stands before on this level */
};

struct json json_on(struct out *o);

void json_open(struct json *j, char bracket);   /* '{' or '[' */
void json_close(struct json *j, char bracket);  /* '}' or ']' */
void json_key(struct json *j, const char *key); /* key is ours: not escaped */
void json_uint(struct json *j, uint64_t n);
void json_int(struct json *j, int64_t n);
void json_num(struct json *j, double d); /* shortest that reads back the same; NaN and inf: null */
void json_bool(struct json *j, bool b);
void json_str(struct json *j, const char *s);
void json_text(struct json *j, const void *bytes, size_t size);
void json_hex(struct json *j, const uint8_t *bytes, size_t size);
void json_line(struct json *j); /* end of an NDJSON line */

/* Key and value in one word; a NULL or empty text leaves the key out. */
void json_kv_str(struct json *j, const char *key, const char *s);
void json_kv_uint(struct json *j, const char *key, uint64_t n);
void json_kv_time(struct json *j, const char *key, int64_t ns); /* RFC 3339; 0 left out */

#endif
