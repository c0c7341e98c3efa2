/* BACnet, inside: what the layers hand to each other. */
#ifndef SENSE_PROTO_BACNET_H
#define SENSE_PROTO_BACNET_H

#include "sense/proto.h"

/* ASHRAE 135, 20.1.2: PDU types */
enum bacnet_type {
	BACNET_CONFIRMED = 0,
	BACNET_UNCONFIRMED = 1,
	BACNET_SIMPLE_ACK = 2,
	BACNET_COMPLEX_ACK = 3,
	BACNET_SEGMENT_ACK = 4,
	BACNET_ERROR = 5,
	BACNET_REJECT = 6,
	BACNET_ABORT = 7,
};

/* Functions of the link over IP: annex J.2, and U.2 for IPv6. */
enum { BACNET_SIX = 0x100 }; /* ours: those of annex U have numbers of their own */
enum bacnet_function {
	BACNET_RESULT = 0x00,
	BACNET_WRITE_TABLE = 0x01,
	BACNET_READ_TABLE = 0x02,
	BACNET_TABLE = 0x03,
	BACNET_FORWARDED = 0x04,
	BACNET_REGISTER = 0x05,
	BACNET_READ_FOREIGN = 0x06,
	BACNET_FOREIGN = 0x07,
	BACNET_DELETE_FOREIGN = 0x08,
	BACNET_DISTRIBUTE = 0x09,
	BACNET_UNICAST = 0x0a,
	BACNET_BROADCAST = 0x0b,
	BACNET_SECURE = 0x0c,
	BACNET_SIX_RESULT = BACNET_SIX | 0x00,
	BACNET_SIX_UNICAST = BACNET_SIX | 0x01,
	BACNET_SIX_BROADCAST = BACNET_SIX | 0x02,
	BACNET_SIX_RESOLVE = BACNET_SIX | 0x03,
	BACNET_SIX_RESOLVE_FORWARDED = BACNET_SIX | 0x04,
	BACNET_SIX_RESOLVED = BACNET_SIX | 0x05,
	BACNET_SIX_RESOLVE_VIRTUAL = BACNET_SIX | 0x06,
	BACNET_SIX_RESOLVED_VIRTUAL = BACNET_SIX | 0x07,
	BACNET_SIX_FORWARDED = BACNET_SIX | 0x08,
	BACNET_SIX_REGISTER = BACNET_SIX | 0x09,
	BACNET_SIX_DELETE = BACNET_SIX | 0x0a,
	BACNET_SIX_SECURE = BACNET_SIX | 0x0b,
	BACNET_SIX_DISTRIBUTE = BACNET_SIX | 0x0c,
};

/* 21: confirmed services that the code speaks of by name */
enum bacnet_service {
	BACNET_COV_NOTIFICATION = 1,
	BACNET_EVENT_NOTIFICATION = 2,
	BACNET_ADD_LIST = 8,
	BACNET_REMOVE_LIST = 9,
	BACNET_CREATE = 10,
	BACNET_WRITE_PROPERTY = 15,
	BACNET_WRITE_MULTIPLE = 16,
	BACNET_COMMUNICATION_CONTROL = 17,
	BACNET_PRIVATE_TRANSFER = 18,
	BACNET_REINITIALIZE = 20,
	BACNET_VT_CLOSE = 22,
	BACNET_AUTHENTICATE = 24,
	BACNET_REQUEST_KEY = 25,
	BACNET_SUBSCRIBE_MULTIPLE = 30,
	BACNET_COV_MULTIPLE = 31,
};

/* Clause 12 and 21: objects and properties likewise */
enum {
	BACNET_OBJECT_DEVICE = 8,
	BACNET_NO_INSTANCE = 0x3fffff, /* 12.11: any, or nobody gave it one */
	BACNET_OBJECT_GROUP = 11,
	BACNET_OBJECT_PROGRAM = 16,
	BACNET_OBJECT_TREND_LOG = 20,
	BACNET_OBJECT_GLOBAL_GROUP = 26,
	BACNET_OBJECT_NAME = 77,
	BACNET_PRESENT_VALUE = 85,
	BACNET_PROGRAM_CHANGE = 90,
	BACNET_NO_INDEX = -1,
};

/* Values a request sets, remembered until its answer says that they were set: a
 * WritePropertyMultiple of more than these tells its values, but makes points of the first only. */
enum { BACNET_WRITES = 4 };

struct bacnet_write {
	uint32_t object;
	double value;
};

/* What an answer needs to know of its request. */
struct bacnet_asked {
	struct bacnet_write writes[BACNET_WRITES];
	uint64_t frame;
	uint32_t object, property, code;
	uint8_t write_count;
	bool has_object, has_property;
};

/* Address of a device in another network than the one we see: 6.2.2. */
struct bacnet_address {
	uint16_t net;
	uint8_t size;
	const uint8_t *mac;
};

/* What was last read of a message: whose property its values are. */
struct bacnet_focus {
	uint32_t object, property;
	int64_t index; /* BACNET_NO_INDEX: the whole property */
	bool has_object, has_property;
	bool in_value; /* of a property: its type is the object's affair */
	bool plain;    /* no rows say what is in it: elements are the property's own */
	bool alone;    /* the value is one primitive element, and means something by itself */
	bool far;      /* it may be another device's */
};

/* What a message means beyond its fact, kept until the end of it: a malformed one means nothing. */
struct bacnet_meaning {
	union {
		double value;
		const void *text;
	};
	uint32_t what;   /* the point's object; size of the text */
	uint32_t device; /* the Device object that the text is of */
	uint8_t key;     /* enum identity_key; 0: a point */
};
struct bacnet_meanings {
	struct bacnet_meanings *next;
	size_t count;
	struct bacnet_meaning of[31];
};

/* One message on its way through the layers. */
struct bacnet_talk {
	struct scene *s;
	struct bacnet_address src, dst; /* net 0: the network we see */
	struct ip origin;               /* who sent what was forwarded; zero: the sender itself */
	bool tells;                     /* its values are those of the speaker's own objects */
	bool sets;                      /* its values are to be written */
	bool hides; /* a password may stand in it: what no row knows is told by its size */
	struct bacnet_focus at;
	struct bacnet_asked asked;
	struct bacnet_meanings *first, *last;
	struct asset_place place; /* of the speaker in its network; no address: not named yet */
};

/* Everything before the body, kept aside because a fact begins with what the body is. */
struct bacnet_message {
	struct bacnet_talk talk;
	bool link, six, routed, has_origin;
	uint16_t function; /* enum bacnet_function */
	uint32_t virtual_source, virtual_dest;
	bool has_virtual_dest;
	const uint8_t *origin;
	uint16_t origin_port;
	uint8_t control, hops;
	bool has_type, odd_size;
	uint8_t type, flags, limits, invoke, sequence, window, service;
};

/* A message in segments: which one it is, and the number of the segment awaited. */
struct bacnet_whole {
	uint64_t request; /* frame of what it answers; 0: unknown, or itself a request */
	uint32_t key;
	uint32_t next; /* all that came; the number on the wire is the last byte of it */
	uint8_t mac[6], type, service, last;
	bool open;
	bool torn; /* nothing can come of it any more, but its segments still do */
};

/* One for each side at a time; a longer one is told segment by segment, without what it says. */
enum { BACNET_WHOLE_MAX = MESSAGE_MAX };

struct bacnet_state {
	struct parts parts[2]; /* first: the engine's */
	struct bacnet_whole of[2];
};

/* 20.2.1: the tag of one element, with its content. */
struct bacnet_tag {
	uint8_t number;
	bool context, opens, closes;
	uint8_t flag; /* value of an application boolean, which has no content */
	struct cur content;
};

/* 20.2.1.4: application tags */
enum bacnet_application {
	NOTHING = 0,
	BOOLEAN = 1,
	UNSIGNED = 2,
	SIGNED = 3,
	REAL_4 = 4,
	REAL_8 = 5,
	OCTETS = 6,
	CHARACTERS = 7,
	BITS = 8,
	ENUMERATED = 9,
	DATE = 10,
	TIME = 11,
	OBJECT = 12,
};

bool bacnet_tag(struct cur *c, struct bacnet_tag *tag);
bool bacnet_closes(const struct cur *c);
bool bacnet_well_formed(struct cur c); /* tags all through, each opened one closed */
uint64_t bacnet_unsigned(struct cur c);
int64_t bacnet_signed(struct cur c);
/* The text of a character string as UTF-8. */
bool bacnet_text(struct scene *s, struct cur c, uint8_t *charset, struct cur *text);

/* One primitive value into the open fact; false when it is not what its type says. */
void bacnet_add_object(struct scene *s, uint32_t object);
bool bacnet_add_bits(struct scene *s, const struct field *f, struct cur c);
bool bacnet_add_date(struct scene *s, const struct field *f, struct cur c);
bool bacnet_add_time(struct scene *s, const struct field *f, struct cur c);
bool bacnet_add_text(struct scene *s, const struct field *f, struct cur c, struct cur *text);

/* Parameters of a service: a row for each tag that may stand there. */
enum bacnet_kind {
	IS_UINT,
	IS_INT,
	IS_FLAG,
	IS_REAL,
	IS_DOUBLE,
	IS_TEXT,
	IS_BITS,
	IS_BYTES,
	IS_DATE,
	IS_TIME,
	IS_NULL,
	IS_OBJECT, /* the one whose properties come next */
	IS_OTHER,  /* an object that is only mentioned */
	IS_PROPERTY,
	IS_INDEX,
	IS_SECRET, /* told to be there, never what it is */
	IS_VENDOR, /* a number that names who made the speaker */
	IS_NAME,   /* of the device that speaks, or of an object */
	IS_GROUP,  /* rows of its own between an opening and a closing tag */
	IS_LIST,   /* the same, any number of times: none, too */
	IS_VALUE,  /* the value of the object's property, of whatever type */
	IS_FAR,    /* the same, of an object that may be another device's */
	IS_OPAQUE, /* the vendor's own between two tags: the last of its table */
};

/* Ours, in `tag`: the number of an application tag; others are context tags. */
enum { APPLICATION = 0x40 };
enum { BACNET_MUST = 1 };

struct bacnet_param {
	uint8_t tag, kind, must;
	const struct field *field; /* NULL: the one of the kind; IS_UINT without: end of table */
	const struct bacnet_param *inside;
};

/* Reads parameters to the end of the cursor; false when they are not what the rows say. */
bool bacnet_params(struct bacnet_talk *t, struct cur *c, const struct bacnet_param *rows);

/* The row of a service.  Requests that do different things have different rows: look at what they
 * ask for (state, object) first.  What the standard does not know has one too. */
const struct msg *bacnet_unconfirmed(uint8_t service);
const struct msg *bacnet_request(uint8_t service, struct cur body, struct bacnet_asked *asked);
const struct msg *bacnet_answer(uint8_t service, uint32_t code);

/* What tags mean: bacnet_params.c. */
const struct bacnet_param *bacnet_rows(enum bacnet_type type, uint8_t service);
bool bacnet_has_secrets(uint8_t service); /* its parameters may be a password */

/* Rows that the values of some properties need, or NULL (any application value). */
const struct bacnet_param *bacnet_value_rows(uint32_t object_type, uint32_t property);

/* The header in front of a fact's own values. */
void bacnet_header(struct bacnet_message *m);
void bacnet_application_values(struct scene *s, const struct bacnet_message *m);
/* How a message ended: what could not be read was cut, or is malformed. */
enum parsed bacnet_ended(const struct scene *s, bool ok);

/* The application layer: bacnet_apdu.c. */
bool bacnet_read_application(struct bacnet_message *m, struct cur *c);
enum parsed bacnet_application(struct bacnet_message *m, struct cur c);
/* 5.4: invoke numbers are the asker's own, for each device it talks with. */
uint32_t bacnet_key(const struct bacnet_message *m, bool asks);

/* Segments: bacnet_segment.c.  Adds one to those before it; true when `body` is the whole of them,
 * which is good until bacnet_parted(). */
bool bacnet_join(struct bacnet_message *m, uint64_t request, struct cur *body);
void bacnet_parted(struct bacnet_message *m);
/* What is under way between these two under this number is not any more. */
void bacnet_no_more_segments(struct bacnet_message *m, bool asks);

/* Network layer and link messages: bacnet_network.c. */
enum parsed bacnet_network_message(struct bacnet_message *m, uint8_t type, struct cur c);
enum parsed bacnet_link_message(struct bacnet_message *m, struct cur c);

/* Who speaks, and its values: bacnet_say.c.  What is meant is told once all of the message was
 * read; texts stay where they are until then. */
void bacnet_mean_text(struct bacnet_talk *t, enum identity_key key, const void *text, size_t size);
void bacnet_mean_vendor(struct bacnet_talk *t, uint64_t number);
void bacnet_mean_point(struct bacnet_talk *t, uint32_t object, double value);
void bacnet_tell(struct bacnet_talk *t);
void bacnet_point(struct bacnet_talk *t, uint32_t object, double value, bool written);
bool bacnet_behind_router(const struct bacnet_talk *t);
void bacnet_places(struct bacnet_talk *t); /* of a fact that has begun */
void bacnet_point_name(const struct point_at *at, char name[POINT_NAME]);

const char *bacnet_vendor(uint64_t number);    /* or NULL */
const char *bacnet_object_type(uint32_t type); /* or NULL */
const char *bacnet_status(uint64_t status);    /* or NULL */

#endif
