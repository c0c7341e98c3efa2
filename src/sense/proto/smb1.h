/* Private to smb: one message of version 1 at hand. */
#ifndef PROTO_SMB1_H
#define PROTO_SMB1_H

#include "sense/proto/smb.h"

struct smb1 {
	struct scene *s;
	struct cur whole; /* from FF 'SMB' on: offsets count from here */
	uint32_t status;
	uint16_t tree;
	bool unicode, answer, head_told;
	const struct msg *asked; /* row of the request that this answers; NULL unknown */
	const struct msg *row;   /* of the fact that is open */
	struct cur passed;       /* what is read from or written to this file: */
	uint16_t file;
};

/* A part of the message, and where it ends: Unicode text stands on even offsets. */
struct smb1_part {
	struct cur c;
	size_t end;
};

/* A command's two blocks, [MS-CIFS] 2.2.3.2 and 2.2.3.3. */
struct smb1_block {
	struct cur words;
	struct smb1_part bytes;
};

struct smb1_part smb1_part(const struct smb1 *m, size_t offset, size_t size);
struct utf8 smb1_text(const struct smb1 *m, struct smb1_part *p); /* up to its NUL, and over it */
struct utf8 smb1_ascii(struct cur *c);

const struct msg *smb1_row(const struct smb1 *m, uint8_t command);
void smb1_begin(struct smb1 *m, uint8_t command, const struct msg *row);

/* Transactions: what they do stands in their setup words or their name. */
bool smb1_is_transaction(uint8_t command);
void smb1_transaction(struct smb1 *m, uint8_t command, struct smb1_block *b);

#endif
