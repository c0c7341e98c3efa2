/* Private to dissectors: remote procedure calls on a connection (The Open Group C706, 12.6, and
 * [MS-RPCE] 2.2.2), by themselves or through named pipes of SMB.
 *
 * In a pipe they are facts of the conversation that carries the pipe: somebody who creates a
 * service over SMB does that over SMB. */
#ifndef PROTO_DCERPC_H
#define PROTO_DCERPC_H

#include "sense/proto.h"

/* What a request's body begins with, as far as a detection wants to know it; in NDR, C706, 14.3. */
enum dcerpc_body {
	BODY_OTHER,
	BODY_NAME,         /* a string behind a handle of 20 bytes */
	BODY_SERVICE,      /* the same, then the service as [MS-SCMR] 3.1.4.12 has it */
	BODY_KEY,          /* a counted string behind a handle: [MS-RRP] 2.2.4 */
	BODY_UNIQUE,       /* a pointer that may be null, and its string */
	BODY_COMMAND,      /* [MS-TSCH] 3.2.5.2.1: a server, and a job with its command */
	BODY_CREDENTIAL,   /* [MS-NRPC] 3.5.4.4.2: server, account, channel, computer, proof */
	BODY_PASSWORD_SET, /* [MS-NRPC] 3.5.4.4.5: the same with another proof */
};

struct dcerpc_operation {
	struct msg asked, told;
	uint8_t body; /* enum dcerpc_body */
};

struct dcerpc_interface {
	uint8_t uuid[16]; /* as on a wire whose numbers begin with their last byte */
	const char *name;
	const struct dcerpc_operation *operations; /* ended by one without a name */
};

const struct dcerpc_interface *dcerpc_interface(const uint8_t uuid[16]); /* or NULL */
const struct dcerpc_operation *dcerpc_operation(const struct dcerpc_interface *i, uint16_t number);

/* An interface that was agreed on, and the number calls name it by. */
struct dcerpc_context {
	const struct dcerpc_interface *interface; /* NULL: one we do not know */
	uint32_t channel;
	uint16_t id;
	uint8_t uuid[16];
	bool used, wide; /* wide: NDR64, [MS-RPCE] 2.2.5 */
};

enum { DCERPC_CONTEXTS = 12 };

/* Zeroed at birth. */
struct dcerpc_state {
	struct dcerpc_context contexts[DCERPC_CONTEXTS];
	uint8_t next;
};

/* What a call leaves for its answer. */
struct dcerpc_asked {
	const struct dcerpc_operation *operation; /* NULL: of no interface that we know */
};

bool dcerpc_begins(struct cur c); /* a PDU stands here, or its beginning */
/* All PDUs that stand here, each a fact; a fact that is open ends.  `channel` tells apart what one
 * conversation carries beside each other: the pipe.  An ask holds a struct dcerpc_asked in front.
 */
enum parsed dcerpc_pdus(
	struct cur c, struct scene *s, struct dcerpc_state *state, uint32_t channel);

#endif
