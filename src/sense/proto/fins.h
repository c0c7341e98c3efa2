/* The inside of the FINS dissector: what its files share.
 *
 *   fins.c           FINS/TCP and FINS/UDP: whose is it, the header, who asked what
 *   fins_commands.c  every command: what it does, how long it is, its fixed fields
 *   fins_memory.c    memory areas: addresses as they are spelled, values, points
 *   fins_bodies.c    what has lists, texts and clocks in it
 *   fins_names.c     end codes, errors of FINS/TCP
 *
 * OMRON: Communications Commands Reference Manual W342 (CS/CJ/CP) and W227 (CV), Ethernet Units
 * W420 and W421. */
#ifndef SENSE_PROTO_FINS_H
#define SENSE_PROTO_FINS_H

#include "sense/proto.h"

/* Commands that code looks at. */
enum fins_code {
	FINS_MEMORY_READ = 0x0101,
	FINS_MEMORY_WRITE = 0x0102,
	FINS_MEMORY_FILL = 0x0103,
	FINS_MULTIPLE_READ = 0x0104,
	FINS_MEMORY_TRANSFER = 0x0105,
	FINS_COMPOSITE_READ = 0x0110,
	FINS_COMPOSITE_REGISTER = 0x0111,
	FINS_PARAMETER_READ = 0x0201,
	FINS_PARAMETER_WRITE = 0x0202,
	FINS_LINK_TABLE_READ = 0x0220,
	FINS_LINK_TABLE_WRITE = 0x0221,
	FINS_PROTECT = 0x0304,
	FINS_PROTECT_CLEAR = 0x0305,
	FINS_PROGRAM_READ = 0x0306,
	FINS_PROGRAM_WRITE = 0x0307,
	FINS_RUN = 0x0401,
	FINS_STOP = 0x0402,
	FINS_RESET = 0x0403,
	FINS_CONTROLLER_DATA = 0x0501,
	FINS_CONNECTION_DATA = 0x0502,
	FINS_CONTROLLER_STATUS = 0x0601,
	FINS_CYCLE_TIME = 0x0620,
	FINS_CLOCK_READ = 0x0701,
	FINS_CLOCK_WRITE = 0x0702,
	FINS_MESSAGE = 0x0920,
	FINS_ACCESS_ACQUIRE = 0x0c01,
	FINS_ERROR_LOG = 0x2102,
	FINS_ACCESS_LOG = 0x2140,
	FINS_FILE_NAMES = 0x2201,
	FINS_FILE_READ = 0x2202,
	FINS_FILE_WRITE = 0x2203,
	FINS_FILE_DELETE = 0x2205,
	FINS_MEMORY_FILE = 0x220a,
	FINS_PARAMETER_FILE = 0x220b,
	FINS_PROGRAM_FILE = 0x220c,
	FINS_BLOCK_INDEX = 0x220f,
	FINS_FORCE = 0x2301,
	FINS_FORCED_STATUS = 0x230a,
	FINS_DEVICENET = 0x2801,
	FINS_COMPOWAY = 0x2803,
	FINS_MODBUS_RTU = 0x2804,
	FINS_MODBUS_ASCII = 0x2805,
};

/* A command, or one of the things it does according to a parameter of it. */
struct fins_command {
	struct msg ask, answer; /* `code` holds the variant above its 16 bits */
	uint16_t ask_min, ask_max, answer_min, answer_max; /* behind the command and the end code */
};
enum { FINS_ANY = 0xffff }; /* no frame is so long */

/* The row of a command to a unit; `body` of its request chooses among variants.  NULL: unknown. */
const struct fins_command *fins_command(uint16_t code, uint8_t unit, struct cur body);
/* The row of an answer of this size whose question nobody saw: what it did is left open where that
 * had a say, and the size has none. */
const struct fins_command *fins_command_unasked(uint16_t code, uint8_t unit, size_t size);
extern const struct fins_command fins_unknown;
static inline bool fins_length_fits(const struct fins_command *row, bool answer, size_t size)
{
	return size >= (answer ? row->answer_min : row->ask_min) &&
		size <= (answer ? row->answer_max : row->ask_max);
}
/* Commands that no CPU has, only units beside it. */
static inline bool fins_for_units(uint16_t code)
{
	return code >> 8 == 0x27 || code >> 8 == 0x28;
}

/* Where a memory area begins: code, word (or number of a timer ...) and bit. */
struct fins_place {
	uint16_t word;
	uint8_t area, bit;
};

/* Whose memory: a node of another network behind the server, or a unit beside its CPU. */
struct fins_node {
	uint8_t network, node, unit;
	bool here; /* the server's own network: then only the unit counts */
};

/* By what an answer knows its question; without gaps, so that it can be compared as it stands. */
struct fins_id {
	uint16_t command;
	uint8_t sid, side, network, unit, client, server; /* the nodes that ask and are asked */
};

enum { FINS_PLACES = 32, FINS_WRITTEN = (FINS_PLACES - 1) * sizeof(struct fins_place) };

/* What a request leaves for its answer. */
struct fins_asked {
	const struct fins_command *command;
	int64_t since_ns; /* since when one under this id has been waiting at any time */
	struct fins_id id;
	struct fins_node node;
	uint32_t on;   /* FORCE: which of the bits are set */
	uint16_t part; /* LINK_TABLE_READ: the first word that was asked for */
	/* Items asked for; of MULTIPLE_READ and FORCE: how many places, which may be more than
	 * kept. */
	uint16_t count;
	uint16_t size; /* of `values` */
	uint8_t open;  /* questions under this id that wait for an answer */
	bool clear;    /* the request was read to its end */
	union {
		struct fins_place at[FINS_PLACES];
		struct {
			struct fins_place first;
			uint8_t values[FINS_WRITTEN]; /* the first ones of a WRITE, that of a FILL
						       */
		} written;
	};
};

/* One FINS frame while it is read. */
struct fins_pdu {
	struct cur c; /* behind the command of a request, behind the end code of an answer */
	uint8_t icf, gct, dna, da1, da2, sna, sa1, sa2, sid;
	uint16_t command;
	uint16_t end; /* of an answer: its end code without the bits that are none of it */
	bool answer, failed;
	const struct fins_command *row;
	bool certain;                   /* that `question` is the question of this answer */
	struct fins_asked *question;    /* of an answer; NULL where nobody saw it */
	const struct fins_asked *asked; /* the same where it is certain and tells what is meant */
	struct fins_node node;          /* who is asked, or who answers */
};

/* fins_memory.c */
bool fins_area_known(uint8_t area);
struct fins_place fins_place(struct cur *c); /* area, word and bit as they stand on the wire */
/* Numbers and spelling; `both` is for word and bit as one number of 24 bits, or NULL. */
void fins_place_fact(struct scene *s, const struct field *both, const struct fins_place *at);
bool fins_memory_request(struct scene *s, struct fins_pdu *p, struct fins_asked *asked);
void fins_memory_answer(struct scene *s, struct fins_pdu *p);
bool fins_force(struct scene *s, struct fins_pdu *p, struct fins_asked *asked);
/* Points of what was written: it was confirmed, or nobody will. */
void fins_written(struct scene *s, const struct fins_asked *asked, bool answer);
void fins_point_name(const struct point_at *at, char name[POINT_NAME]);

/* fins_bodies.c: what is left of a body whose fixed fields were read; false: not what it says. */
bool fins_request_rest(struct scene *s, struct fins_pdu *p, struct fins_asked *asked);
bool fins_answer_rest(struct scene *s, struct fins_pdu *p);
void fins_refusal_rest(struct scene *s, struct fins_pdu *p);
void fins_data(struct scene *s, const struct fins_pdu *p, struct cur *c); /* the rest as bytes */
/* A body that is not what its command says, as bytes; what may be a password is hidden. */
void fins_body(struct scene *s, const struct fins_pdu *p, struct cur body);
/* Where behind the server, or beside its CPU; false: the CPU at the server itself. */
bool fins_node_place(const struct fins_node *node, struct asset_place *at);

/* fins_names.c: NULL where nobody named it */
const char *fins_end_name(uint16_t code);
const char *fins_tcp_error_name(uint32_t code);

#endif
