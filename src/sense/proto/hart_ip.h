/* The inside of the HART-IP dissector: what its files share.
 *
 *   hart_ip.c           messages of HART-IP, whose they are
 *   hart_ip_frames.c    HART frames and lists, commands within commands, who asked what
 *   hart_ip_commands.c  every command: what it does, what its data is made of
 *   hart_ip_data.c      variables with their units, texts, identities, points
 *   hart_ip_names.c     units, manufacturers, response codes
 *
 * FieldComm Group TS20085 (HCF_SPEC-085, HART-IP), TS20081 (token passing frames), TS20127
 * (universal commands), TS20151 (common practice commands), TS20183 (common tables). */
#ifndef SENSE_PROTO_HART_IP_H
#define SENSE_PROTO_HART_IP_H

#include "sense/proto.h"

/* Commands that code looks at, by their numbers. */
enum hart_code {
	HART_IDENTITY = 0,
	HART_PV = 1,
	HART_LOOP = 2,
	HART_DYNAMIC = 3,
	HART_DEVICE_VARIABLES = 9,
	HART_IDENTITY_BY_TAG = 11,
	HART_TAG = 13,
	HART_LONG_TAG = 20,
	HART_IDENTITY_BY_LONG_TAG = 21,
	HART_EXTENDED = 31, /* the number follows in two bytes */
	HART_VARIABLES = 33,
	HART_ANALOG_CHANNEL = 60,
	HART_DYNAMIC_CHANNEL = 61,
	HART_ANALOG_CHANNELS = 62,
	HART_FIND = 73,
	HART_POLL_SUB_DEVICE = 75,
	HART_SEND_TO_SUB_DEVICE = 77,
	HART_AGGREGATED = 78,
	HART_WRITE_VARIABLE = 79,
	HART_SUB_DEVICE = 84,
	HART_ALL_DYNAMIC = 110,
};

enum { HART_UNIQUE = 5, HART_TYPE = 0x3fff, HART_POLLING = 0x3f };

/* As it stands in frames: unique or, of one byte, short.  Empty: none. */
struct hart_address {
	uint8_t size, bytes[HART_UNIQUE];
};

/* What a command is, and for whom: kept with the request for answers that do not say it. */
struct hart_where {
	uint16_t via, command; /* what stands in front, and what it comes to: 31, 77 */
	bool told, passed;
	uint8_t card, channel;
	struct hart_address at, behind;
};

/* One command, asked for or answered, while it is read. */
struct hart {
	struct scene *s;
	const struct msg *row;
	uint32_t key; /* what question and answer are paired by */
	uint16_t command;
	uint8_t message, kind;
	bool reserved;          /* bits of the message's type are set that must not be */
	bool answer, published; /* published ones are answers that nobody asked for */
	bool done;              /* not refused, and not put off */
	bool first;             /* of the message */
	bool own;               /* the device at the other end itself, not one behind it */
	bool addressed;         /* by its unique address: type and id */
	bool inner;             /* within another command */
	uint16_t type;          /* 14 bits */
	uint32_t id;            /* 24 bits */
	uint8_t polling;        /* the short address, where it is not addressed by the unique one */
	struct hart_where where;
	struct hart_where *asked; /* where to keep it; NULL in answers */
};

/* What a conversation knows of the device at its end: its unique address, once it was told. */
struct hart_state {
	bool known;
	uint16_t type;
	uint32_t id;
};

enum { HART_PACKED = -6 }; /* a field's min: text of six bits a character */

/* hart_ip_frames.c */
/* A device behind the one at the other end, by its unique address. */
bool hart_device(struct scene *s, uint16_t type, uint32_t id, struct asset_place *at);
/* The device a command is for; false: the one at the other end, or nobody knows whether it is. */
bool hart_place(const struct hart *h, struct asset_place *at);
bool hart_frame_fits(struct cur body, bool answer);
bool hart_frame_begins(struct cur body, size_t size, bool answer); /* cut off: as far as it goes */
bool hart_list_fits(struct cur c, bool answer);
void hart_begin(struct hart *h, const struct msg *row);
void hart_where_values(const struct hart *h);             /* whom it is for */
bool hart_token_passing(struct hart *h, struct cur body); /* false: malformed */
bool hart_direct(struct hart *h, struct cur body);

/* hart_ip_commands.c: never NULL, and the fields of its data, NULL where code reads it. */
const struct msg *hart_row(uint16_t command, bool answer);
bool hart_is_named(uint16_t command);
extern const struct field hart_hidden[]; /* the fields where keys are in it, or may be */

/* hart_ip_data.c */
void hart_data(struct hart *h, struct cur *c);
void hart_point_name(const struct point_at *at, char name[POINT_NAME]);

/* hart_ip_names.c: NULL where nobody named it */
const char *hart_unit(uint8_t code);
const char *hart_manufacturer(uint16_t code);
const char *hart_response(uint8_t code);
bool hart_is_error(uint8_t response_code);   /* the rest are done, some of them with a warning, */
bool hart_is_delayed(uint8_t response_code); /* or not yet */

#endif
