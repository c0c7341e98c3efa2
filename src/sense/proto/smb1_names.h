/* Private to smb: the rows of version 1. */
#ifndef PROTO_SMB1_NAMES_H
#define PROTO_SMB1_NAMES_H

#include "sense/proto.h"

extern const struct msg smb1_commands[], smb1_pipe_commands[], smb1_logins[], smb1_refusals[],
	smb1_unknown[];
extern const struct msg smb1_trans2[], smb1_pipe[], smb1_mailslot[], smb1_nt_transact[];

#endif
