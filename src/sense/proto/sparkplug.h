/* Sparkplug B on MQTT: what its files share.
 *
 *   sparkplug.c         topics, payloads, births and what they declare, commands
 *   sparkplug_birth.c   what births declare: aliases, types, units
 *   sparkplug_metric.c  one metric with its properties
 *   sparkplug_value.c   every kind of value it may have
 *
 * Edge nodes publish births, which name their metrics, then data, which may call them by alias;
 * host applications publish commands.  A device stands behind its edge node. */
#ifndef SENSE_PROTO_SPARKPLUG_H
#define SENSE_PROTO_SPARKPLUG_H

#include "sense/proto/mqtt.h"
#include "sense/proto/protobuf.h"

enum sparkplug_kind {
	SPARKPLUG_NONE,
	SPARKPLUG_NBIRTH,
	SPARKPLUG_NDEATH,
	SPARKPLUG_NDATA,
	SPARKPLUG_NCMD,
	SPARKPLUG_DBIRTH,
	SPARKPLUG_DDEATH,
	SPARKPLUG_DDATA,
	SPARKPLUG_DCMD,
	SPARKPLUG_STATE,
};

struct sparkplug {
	uint8_t kind;
	struct cur space, group, type, node,
		device; /* levels of the topic; STATE: node is the host */
	struct cur payload;
	bool cut;    /* the payload's end is not here */
	bool points; /* what it says is now, and was not said before */

	/* made by sparkplug_row */
	char *name;      /* "group/node/device/", and room for a metric's name */
	size_t name_key; /* so much of it names the node or device */
	struct mqtt_known birth;
};

/* Is this a topic of Sparkplug?  Fills in the kind and the levels. */
bool sparkplug_topic(struct cur topic, struct sparkplug *sp);
bool sparkplug_is_state(const struct sparkplug *sp);
bool sparkplug_reads(const struct sparkplug *sp); /* the payload is a message through and through */
const struct msg *sparkplug_row(struct scene *s, struct sparkplug *sp);
void sparkplug_tell(struct scene *s, struct sparkplug *sp);
void sparkplug_keep(struct scene *s, const struct sparkplug *sp); /* after the fact's end */
bool sparkplug_is_own_birth(const struct scene *s, const struct sparkplug *sp);

/* --- data types, 6.4.16: those that need to be known by name --- */
enum sparkplug_type {
	TYPE_INT8 = 1,
	TYPE_INT16,
	TYPE_INT32,
	TYPE_INT64,
	TYPE_UINT8,
	TYPE_UINT64 = 8,
	TYPE_BOOLEAN = 11,
	TYPE_DATETIME = 13,
	TYPE_INT8_ARRAY = 22,
	TYPE_BOOLEAN_ARRAY = 32,
	TYPE_STRING_ARRAY,
	TYPE_DATETIME_ARRAY,
};

/* The kinds of value in the order that every message has them in. */
enum sparkplug_form {
	FORM_INT,
	FORM_LONG,
	FORM_FLOAT,
	FORM_DOUBLE,
	FORM_BOOLEAN,
	FORM_STRING,
	FORM_BYTES,
	FORM_DATASET,
	FORM_TEMPLATE,
	FORM_NONE,
};

struct sparkplug_value {
	uint32_t type;
	uint8_t form;
	uint64_t number; /* also the bits of a float and a double */
	struct cur bytes;
};

struct sparkplug_metric {
	struct cur name, metadata, properties;
	uint64_t alias, timestamp;
	bool has_alias, has_timestamp, has_type, historical, transient, null;
	struct sparkplug_value value;
};

/* A message while it is told. */
struct sparkplug_teller {
	struct scene *s;
	struct sparkplug *sp;
	bool points, written;
	const char *measure;
};

enum { SPARKPLUG_DEPTH = 6, SPARKPLUG_NAME_MAX = 512 };

/* --- sparkplug_metric.c --- */
struct sparkplug_metric sparkplug_metric(struct cur c);
struct cur sparkplug_unit(struct cur properties); /* empty where they name none */
/* `outer` is the way to a metric within templates; empty for one of the message itself. */
void sparkplug_tell_metric(
	struct sparkplug_teller *t, struct cur outer, struct cur metric, unsigned depth);

/* --- sparkplug_birth.c --- */
struct sparkplug_declared {
	struct cur name, unit;
	uint64_t alias;
	uint32_t type; /* 0: unknown */
	bool has_alias;
};
/* The metric as the birth declared it; false where it did not. */
bool sparkplug_declared(const struct mqtt_known *birth, const struct sparkplug_metric *m,
	struct sparkplug_declared *as);
/* Keeps what this birth declares; after the fact's end, as it moves what was known before. */
void sparkplug_declare(struct scene *s, struct cur key, struct cur birth);

/* --- sparkplug_value.c --- */
/* The value of a field, where it is one whose kinds begin at number `first`. */
bool sparkplug_read_value(
	const struct protobuf_field *f, unsigned first, struct sparkplug_value *v);
void sparkplug_tell_value(struct sparkplug_teller *t, struct cur name,
	const struct sparkplug_value *v, unsigned depth);
/* Two names with what stands between them, kept until the message ends; bad where there is no room.
 */
struct cur sparkplug_join(struct scene *s, struct cur a, const char *between, struct cur b);
/* A number as text, in front of a word or behind it; kept as above. */
struct cur sparkplug_numbered(struct scene *s, const char *before, uint64_t n, const char *behind);
struct cur sparkplug_element(struct scene *s, struct cur name, unsigned index); /* "name[7]" */
/* A number, a flag or a text under a field of their own; false for what holds more values. */
bool sparkplug_tell_simple(struct scene *s, const struct field *fields, struct cur name,
	const struct sparkplug_value *v);

#endif
