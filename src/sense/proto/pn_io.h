/* Between pn_io.c (the remote procedure call), pn_io_blocks.c (what is called with it),
 * pn_io_records.c and pn_io_network.c (what is read and written), and pn_io_mapper.c (who is
 * there). */
#ifndef SENSE_PROTO_PN_IO_H
#define SENSE_PROTO_PN_IO_H

#include "sense/proto.h"

enum { OP_CONNECT, OP_RELEASE, OP_READ, OP_WRITE, OP_CONTROL, OP_READ_IMPLICIT };
enum { BLOCK_MODULE_DIFF = 0x8104 };

/* The call at hand. */
struct pn_call {
	uint16_t operation;
	bool answer;
	bool device; /* the sender is the device, or who answers for it */
	bool paired; /* its question is remembered under `key` */
	uint32_t key;
};

/* A record is a piece of data of a submodule, under an index. */
struct pn_record {
	uint16_t slot, subslot, index;
	uint32_t size;
};

/* Fields that calls and records share. */
extern const struct field pn_io_type, pn_io_relation, pn_io_api, pn_io_slot, pn_io_subslot,
	pn_io_module, pn_io_submodule;

/* Numbers of a call's envelope and of the endpoint mapper follow the byte order of who sends them;
 * blocks are always big endian. */
static inline uint32_t pn_io_number32(struct cur *c, bool little)
{
	return little ? cur_le32(c) : cur_be32(c);
}
/* How the UUID of every interface of PROFINET IO ends. */
extern const uint8_t pn_io_node[8];

/* The row of a call, by its first block where that says more (the command of a control). */
const struct msg *pn_io_row(const struct pn_call *call, struct cur blocks);
/* Reads the blocks into the fact begun; records of a multiple write become facts of their own. */
bool pn_io_blocks(struct scene *s, const struct pn_call *call, struct cur *c);
/* A UUID as text, from its bytes in order or, with `little`, from those of a little endian call. */
void pn_io_uuid(struct scene *s, const struct field *f, const uint8_t *bytes, bool little);
/* A list of modules that are not what was expected. */
void pn_io_module_diff(struct scene *s, struct cur *c);

/* Index of identification and maintenance data (I&M0-15). */
struct pn_reading {
	struct scene *s;
	const struct pn_record *record;
	bool told; /* by the device, as it is; what is written is not yet so */
};

enum { PN_BLOCK_HEAD = 6 }; /* type, length, version */

bool pn_io_is_identification(uint16_t index);
struct pn_record pn_io_record_head(
	struct scene *s, const struct pn_call *call, struct cur *c, bool write);
void pn_io_record(
	struct scene *s, const struct pn_call *call, const struct pn_record *r, struct cur c);
/* Blocks one after the other; each that holds others takes one from `depth`. */
void pn_io_inside(const struct pn_reading *r, struct cur *c, unsigned depth);
/* Blocks are filled up to multiples of four from where `whole` bytes began. */
void pn_io_fill(struct cur *c, size_t whole);
/* A block about interfaces, ports, rings and time; false: none of them. */
bool pn_io_network(
	const struct pn_reading *r, uint16_t type, uint8_t version, struct cur *c, unsigned depth);

/* The endpoint mapper: does it speak of PROFINET, which row, and its values. */
bool pn_io_mapper_probe(struct cur c);
const struct msg *pn_io_mapper_row(uint16_t operation, bool answer);
bool pn_io_mapper(struct scene *s, uint16_t operation, bool answer, bool little, struct cur *c);

#endif
