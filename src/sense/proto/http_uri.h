/* Addresses of the web as facts show them. */
#ifndef SENSE_PROTO_HTTP_URI_H
#define SENSE_PROTO_HTTP_URI_H

#include "sense/proto.h"

/* Tells a URI (RFC 3986) with the secrets in it hidden: the password before '@', and parameters
 * that are called password, token and the like. */
void http_tell_uri(struct scene *s, const struct field *f, struct cur uri);

#endif
