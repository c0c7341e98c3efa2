/* The inside of the DNP3 dissector: what link, application and object files share.
 *
 *   dnp3.c              link frames, transport segments, the conversation (clauses 9, 8)
 *   dnp3_application.c  functions, internal indications, object headers, pairing (clause 4)
 *   dnp3_table.c        groups and variations: what an object is made of (annex A)
 *   dnp3_objects.c      values and points
 *   dnp3_sized.c        objects that carry their own length: attributes, files, authentication */
#ifndef SENSE_PROTO_DNP3_H
#define SENSE_PROTO_DNP3_H

#include "sense/proto.h"

/* What stays of a link frame once its checks have passed, for the fact that it becomes part of. */
struct dnp3_link {
	uint8_t length, control;
	uint16_t dst, src;
	bool has_transport;
	uint8_t transport;
};

/* Where the answer to a request goes on after its first fragment. */
struct dnp3_more {
	bool open;
	uint8_t sequence, row;
};

/* One application fragment while it is read. */
struct dnp3_talk {
	struct scene *s;
	uint16_t outstation; /* link address of the one that has the points */
	uint8_t function;
	bool response;
	bool bare;    /* object headers of this function have no data behind them */
	bool written; /* values in it are set, not told */
	bool silent;  /* values in it are an echo or a selection: no points */
	bool refused; /* a control in it came back with a status that says no */
};

void dnp3_link_values(struct scene *s, const struct dnp3_link *link);

enum parsed dnp3_application(
	struct scene *s, const struct dnp3_link *link, struct dnp3_more *more, struct cur c);

/* What an object header says about the data behind it. */
struct dnp3_header {
	uint8_t group, variation;
	uint8_t prefix;
	bool has_count;
	uint32_t first; /* index of the first object, where they are in a row */
	uint64_t count;
};

enum { DNP3_PREFIX_NONE, DNP3_PREFIX_INDEX4 = 3, DNP3_PREFIX_SIZE1, DNP3_PREFIX_SIZE4 = 6 };

/* Parts an object is made of. */
enum part {
	PART_END,
	FLAGS,   /* quality; with STATE the value is in it too */
	STATE,   /* flags, bit 7 the value: binary input or output */
	STATE2,  /* flags, bits 6 and 7 the value: double-bit input */
	COMMAND, /* status of a command in seven bits, bit 7 the commanded state */
	STATUS,  /* status of a command, 4.4.2 and table A-2 */
	BIT,     /* packed, one bit a point */
	BIT2,    /* packed, two bits a point */
	U8_VALUE,
	U16_VALUE,
	U32_VALUE,
	S16_VALUE,
	S32_VALUE,
	F32_VALUE,
	F64_VALUE,
	BCD2,
	BCD4,
	BCD8,
	TIME,     /* 48 bits of milliseconds since 1970 */
	AGE,      /* 16 bits of milliseconds since the common time of occurrence */
	SECONDS,  /* time delay, coarse */
	MILLIS,   /* time delay, fine */
	INTERVAL, /* 32 bits */
	UNITS,
	CROB,
	OPAQUE3,
};

enum { DNP3_PARTS_MAX = 4 };

/* Parts of one object of this group and variation, in wire order. */
struct dnp3_object_row {
	uint8_t group, variation;
	uint8_t parts[DNP3_PARTS_MAX];
};

extern const uint8_t dnp3_part_bits[];
const struct dnp3_object_row *dnp3_object_row(uint8_t group, uint8_t variation); /* or NULL */

/* Reads the data behind one object header; false where it does not fit or nobody knows its size. */
bool dnp3_objects(struct dnp3_talk *t, const struct dnp3_header *h, struct cur *c);

/* One object of `c.left` bytes that is not a row of the table. */
bool dnp3_sized(struct dnp3_talk *t, const struct dnp3_header *h, struct cur c);

/* Group 0: data type, length, value. */
bool dnp3_attribute(struct dnp3_talk *t, uint8_t variation, struct cur *c);

void dnp3_point_name(const struct point_at *at, char name[POINT_NAME]);

extern const struct field dnp3_field_timestamp;

#endif
