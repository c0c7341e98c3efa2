/* Private to dissectors: who logs in, by NTLM ([MS-NLMP]) or Kerberos (RFC 4120), bare or wrapped
 * in GSS-API (RFC 2743) and SPNEGO (RFC 4178). */
#ifndef PROTO_NTLM_H
#define PROTO_NTLM_H

#include "sense/proto.h"

enum token {
	TOKEN_OTHER,
	TOKEN_NEGOTIATE,    /* NTLM, first message: what the client can */
	TOKEN_CHALLENGE,    /* second: who the server is */
	TOKEN_AUTHENTICATE, /* third: who the client is, and its proof */
	TOKEN_ANONYMOUS,    /* third, without a user */
	TOKEN_KERBEROS,     /* a ticket for a service */
};

/* What a security blob holds; adds nothing. */
enum token ntlm_token(struct cur blob);
/* Adds its values to the open fact and says whose names they are.  `says_os`: its version counts as
 * the sender's operating system. */
void ntlm_tell(struct scene *s, struct cur blob, bool says_os);

struct utf8 {
	const char *at; /* NULL where there is none */
	size_t size;
};
struct utf8 utf8_of_utf16(struct scene *s, struct cur c); /* all of c, up to a NUL */

#endif
