/* Addresses of the web as facts show them. */
#ifndef SENSE_PROTO_HTTP_URI_H
#define SENSE_PROTO_HTTP_URI_H

#include "sense/proto.h"

/* Tells a URI (RFC 3986) with the secrets in it hidden: the password before '@', and parameters
 * that are called password, token and the like. */
void http_tell_uri(struct scene *s, const struct field *f, struct cur uri);

/* The host of an absolute URI or one that begins with "//", without user, port and brackets (RFC
 * 3986, 3.2); bad where there is none: a path on the same host. */
struct cur http_host(struct cur uri);
/* The same of what stands between a user's name and a path: "[fe80::1]:80". */
struct cur http_host_of(struct cur authority);
uint32_t http_host_hash(struct cur host); /* 0: there is none */
/* The hash of a path without its query; of an absolute URI (RFC 3986, 4.3) that of its path. */
uint32_t http_path_hash(struct cur uri);
/* Whether the sender, asked by a name of this hash, sends to a page of its own: to a path, or by
 * the same name or its address. */
bool http_stays_here(const struct scene *s, struct cur location, uint32_t asked);

#endif
