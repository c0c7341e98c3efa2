/* Data as ISO 9506-2 defines it: what MMS reads and writes, and what GOOSE (IEC 61850-8-1)
 * publishes. */
#ifndef SENSE_PROTO_MMS_DATA_H
#define SENSE_PROTO_MMS_DATA_H

#include "sense/proto.h"

/* X.690, 8.1.2: an identifier of one byte, or of several where the number is over 30. */
struct element {
	uint32_t number;
	uint8_t class; /* BER_CONTEXT ... */
	bool made;     /* constructed: holds further elements */
	struct cur content;
};

enum { BER_UNIVERSAL = 0, BER_APPLICATION = 1, BER_CONTEXT = 2 };

/* How deep data may nest; ISO 9506 lets both sides agree, and nobody agrees on more. */
enum { DATA_DEPTH = 8 };

bool element_read(struct cur *c, struct element *e);
/* An element with this number of the context class, or false with a bad cursor. */
bool element_expect(struct cur *c, uint32_t number, struct cur *content);

/* The fields a protocol tells data with. */
struct data_names {
	struct field array, structure, boolean, bits, integer, natural, real, octets, text,
		binary_time, bcd, booleans, object, unicode, time;
};

/* One value that is no list of others. */
struct leaf {
	bool is_number; /* a number, or a bit string of two that tells a position */
	bool is_time;
	double number;
	struct cur text; /* of text and octets; of bits without the count of unused ones */
	uint8_t unused;  /* of bits */
	uint32_t path;   /* which component of which component: a byte each, from 1, the outermost
			    in the highest byte in use; 0: the value itself */
};

struct data_reader {
	struct scene *s;
	const struct data_names *names;
	void (*leaf)(struct data_reader *r, const struct leaf *leaf); /* or NULL */
	void *self;
	bool hides; /* what is read is a secret */
};

/* Tells one element as fields; false where it is no data, or what it says of itself is not so. */
bool data_read(struct data_reader *r, const struct element *e);
/* Milliseconds since 1970 of eight bytes: IEC 61850-8-1, 8.1.3.7. */
bool data_time(struct cur c, int64_t *ms);
/* "symbol.2.1": a point's name with the path of its component. */
void data_point_name(const struct point_at *at, char name[POINT_NAME]);

#endif
