/* Private to smb: what version 1 ([MS-CIFS], [MS-SMB]) and versions 2 and 3 ([MS-SMB2]) share. */
#ifndef PROTO_SMB_H
#define PROTO_SMB_H

#include "sense/proto.h"
#include "sense/proto/dcerpc.h"
#include "sense/proto/ntlm.h"

enum { SMB_PIPES = 8 };

struct smb_state {
	uint32_t pipes[SMB_PIPES]; /* the latest trees with named pipes in them rather than files */
	uint8_t pipe_count;
	uint8_t sealed; /* encrypted messages in a row */
	struct dcerpc_state calls;
};

/* What a request leaves for its answer. */
struct smb_asked {
	struct dcerpc_asked call; /* of what travels in a pipe; has a key of its own */
	const struct msg *row;
	uint32_t file; /* one that was read or written: a short name for it */
};

enum parsed smb1_parse(struct cur c, struct scene *s); /* from the four bytes FF 'SMB' on */
enum parsed smb2_parse(struct cur c, struct scene *s); /* FE, FD or FC 'SMB' */

void smb_tree_has_pipes(struct scene *s, uint32_t tree);
bool smb_is_pipe(const struct scene *s, uint32_t tree);

/* NTSTATUS, [MS-ERREF] 2.3. */
enum { STATUS_PENDING = 0x103 };
bool smb_failed(uint32_t status);  /* an error, and not "go on" of a login in several steps */
bool smb_refuses(uint32_t status); /* of a session setup: wrong credentials */
void smb_tell_status(struct scene *s, const struct field *number, uint32_t status);

void smb_tell(struct scene *s, const struct field *f, struct utf8 text); /* nothing if empty */

/* What was written to or read from a file, where it is calls: a fact each; the one that is open
 * ends. */
void smb_calls(struct scene *s, struct cur c, uint32_t file);

#endif
