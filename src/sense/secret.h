/* Secrets: passwords, communities, and what can be turned back into them.
 *
 * A secret never leaves the dissector that reads it: fact_secret() (proto.h) writes SECRET_HIDDEN
 * in its place.  One that everybody knows, because manuals print it, is no secret but a finding,
 * and is told as it is. */
#ifndef SENSE_SECRET_H
#define SENSE_SECRET_H

#include <stdbool.h>
#include <stddef.h>

#define SECRET_HIDDEN "(hidden)"

/* What a detection says of it ("the FTP password of ..."), or NULL where nobody knows it.  A web
 * login is known as "user:password". */
const char *secret_known(const char *protocol, const void *text, size_t size);

/* Does something of this name ("session_token", "Passwd") usually hold one? */
bool secret_named(const void *name, size_t size);
/* Does any level of such a path ("wifi/password/set", "User.Token[2]")? */
bool secret_on_the_way(const void *path, size_t size);

#endif
