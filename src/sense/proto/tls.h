/* The inside of the TLS dissector.
 *
 *   tls.c        records, handshake messages, alerts, when to stop reading (RFC 8446, 5 and 4)
 *   tls_hello.c  what the two sides offer and choose, and the fingerprints made of it
 *   x509.c       certificates (RFC 5280), by a DER reader that goes no deeper than it must */
#ifndef SENSE_PROTO_TLS_H
#define SENSE_PROTO_TLS_H

#include "sense/proto.h"

/* Bodies of handshake messages, without type and length.  False: not what the standard says.
 * They begin their fact; the caller ends it. */
bool tls_client_hello(struct scene *s, struct cur c);
bool tls_server_hello(struct scene *s, struct cur c);
bool tls_asks_again(struct cur c); /* a server's hello that is a HelloRetryRequest */
bool tls_old_client_hello(struct scene *s, struct cur c); /* SSL 2.0 form, RFC 5246, E.2 */

/* One certificate: its values are added to the fact at hand. */
bool tls_certificate(struct scene *s, struct cur der, bool leaf);

extern const struct field tls_field_type;

#endif
