/* What attacks on web servers are made of, for http.c. */
#ifndef SENSE_PROTO_HTTP_TRICK_H
#define SENSE_PROTO_HTTP_TRICK_H

#include "sense/proto.h"

/* What kind of attack stands in the text, in a few words that are a literal; NULL: none that is
 * known.  `coded`: an address or a form, where letters may be written as numbers (RFC 3986, 2.1).
 */
const char *http_trick(struct cur text, bool coded);

#endif
