/* The inside of the S7comm-plus dissector: what its files share.
 *
 *   s7comm_plus.c        PDUs and their parts, whose they are; answers, notifications
 *   s7comm_plus_requests.c  what is asked for, and remembered for the answer
 *   s7comm_plus_names.c  operations, and which of them a request is by its objects
 *   s7comm_plus_value.c  numbers, values, trees of objects; what gives the device away
 *   s7comm_plus_items.c  addresses, subscriptions, points
 *
 * There is no public standard.  What stands here follows the bytes on the wire, and the numbers
 * of classes and attributes as the engineering tool's own object model names them. */
#ifndef SENSE_PROTO_S7COMM_PLUS_H
#define SENSE_PROTO_S7COMM_PLUS_H

#include "sense/proto.h"

enum s7p_opcode {
	S7P_ANSWER_SHORT =
		0x02, /* to a request that wants no answer, by controllers of before V4 */
	S7P_REQUEST = 0x31,
	S7P_ANSWER = 0x32,
	S7P_NOTIFICATION = 0x33,
};

enum s7p_function {
	S7P_ERROR = 0x04b1,
	S7P_EXPLORE = 0x04bb,
	S7P_CREATE = 0x04ca,
	S7P_DELETE = 0x04d4,
	S7P_SET = 0x04f2,
	S7P_GET = 0x04fc,
	S7P_ADD_LINK = 0x0506,
	S7P_REMOVE_LINK = 0x051a,
	S7P_GET_LINK = 0x0524,
	S7P_SET_MANY = 0x0542,
	S7P_GET_MANY = 0x054c,
	S7P_BEGIN_SEQUENCE = 0x0556,
	S7P_END_SEQUENCE = 0x0560,
	S7P_INVOKE = 0x056b,
	S7P_SET_STREAMED = 0x057c,
	S7P_GET_STREAMED = 0x0586,
};

/* Objects that every controller has under the same number. */
enum s7p_object {
	S7P_THE_ROOT = 1,
	S7P_THE_HARDWARE = 2,
	S7P_THE_PROGRAM = 3,
	S7P_THE_EXECUTION_UNIT = 52,
	S7P_INPUTS = 80,
	S7P_OUTPUTS = 81,
	S7P_FLAGS = 82,
	S7P_COUNTERS = 83,
	S7P_TIMERS = 84,
};

enum s7p_attribute {
	S7P_NAME = 233,
	S7P_CLIENT_ADDRESS = 289,
	S7P_CLIENT_CONNECTION = 296,
	S7P_CLIENT_SOFTWARE = 297,
	S7P_CLIENT_NAME = 298,
	S7P_CLIENT_COMMENT = 301,
	S7P_CHALLENGE = 303,
	S7P_CHALLENGE_RESPONSE = 304,
	S7P_SESSION_VERSION = 306,
	S7P_SYSTEM_VERSION = 319, /* "1;6ES7 511-1AK00-0AB0;V1.0" */
	S7P_SUBSCRIPTION_LIST = 1048,
	S7P_SUBSCRIPTION_CREDIT = 1053,
	S7P_SECURITY_KEY = 1830,
	S7P_LEGITIMATE = 1846,
	S7P_OPERATING_STATE_REQUEST = 2167,
	S7P_DB_VALUES = 2550,
	S7P_CODE = 2580,
	S7P_ALARM_ID = 2670,
	S7P_PROGRAM_PASSWORD = 3449,
	S7P_PROTECTION_LEVEL = 3451,
	S7P_PASSWORD = 3452,
	S7P_FAILSAFE_PASSWORD = 3453,
	S7P_OPERATING_STATE = 3486,
	S7P_AREA_VALUES = 3736,
	S7P_IDENTIFICATION = 3753,
	S7P_LEGITIMATION_PASSWORD = 40403,
};

enum s7p_class {
	S7P_CLASS_SESSION = 287,
	S7P_CLASS_SUBSCRIPTION = 1001,
	S7P_CLASS_ALARM = 2681,
};

/* What a request is: two rows each in s7comm_plus_names.c. */
enum s7p_kind {
	KIND_UNKNOWN,
	KIND_CREATE_SESSION,
	KIND_SUBSCRIBE,
	KIND_CREATE_OBJECT,
	KIND_DOWNLOAD,
	KIND_DOWNLOAD_HARDWARE,
	KIND_CREATE_JOB,
	KIND_CLOSE_SESSION,
	KIND_UNSUBSCRIBE,
	KIND_DELETE_OBJECT,
	KIND_DELETE_BLOCK,
	KIND_READ_ATTRIBUTE, /* of several things in a request the one that stands later here counts
			      */
	KIND_READ,
	KIND_SESSION_SETUP,
	KIND_SUBSCRIPTION_SETUP,
	KIND_LOG_IN,
	KIND_WRITE,
	KIND_WRITE_ATTRIBUTE,
	KIND_WRITE_HARDWARE,
	KIND_WRITE_PROGRAM,
	KIND_CHANGE_STATE,
	KIND_START,
	KIND_RESET,
	KIND_STOP,
	KIND_REFUSED, /* to log in */
	KIND_EXPLORE,
	KIND_UPLOAD,
	KIND_GET_LINK,
	KIND_CHANGE_LINK,
	KIND_INVOKE,
	KIND_SEQUENCE,
	KIND_ERROR,
	KIND_COUNT
};

enum {
	S7P_IDS = 5,       /* members of members: four deep was the deepest seen */
	S7P_ITEMS = 40,    /* what a client asks for at once: its limit is told by the controller */
	S7P_WATCHED = 128, /* items of all subscriptions of a conversation; the oldest give way */
	S7P_KEPT = 32 * 1024, /* of a message in parts, so much is read; downloads are far longer */
	S7P_DEPTH = 12,       /* structures in structures */
	S7P_DIGEST = 32,      /* HMAC-SHA256 */
	S7P_TRAILER = 4,
};

/* An attribute of an object, or a value within one: a data block's member, a byte of an area. */
struct s7p_address {
	uint32_t area, ids[S7P_IDS];
	uint8_t count;
	bool deeper; /* than what is kept: others begin so too */
	bool secret; /* what stands there is */
};

static inline uint32_t s7p_last(const struct s7p_address *at)
{
	return at->count && !at->deeper ? at->ids[at->count - 1] : 0;
}

struct s7p_item {
	struct s7p_address at;
	bool has_number;
	double number; /* to be written */
};

struct s7p_ask {
	uint8_t kind, count;
	struct s7p_item items[S7P_ITEMS];
};

struct s7p_watch {
	uint32_t subscription, reference;
	struct s7p_address at;
	uint16_t asked; /* number of the request that nobody has answered yet */
	bool waiting;
};

struct s7p_state {
	struct parts parts[2];
	uint32_t size[2]; /* of the message under way on this side, kept or not; 0 none */
	bool torn[2];     /* its beginning was never seen */
	struct s7p_watch watched[S7P_WATCHED];
	uint16_t watched_next;
};

/* One message while it is read. */
struct s7p_message {
	struct scene *s;
	struct s7p_state *state;
	uint8_t version, opcode, flags;
	uint16_t function, sequence;
	uint32_t session;
	bool partial; /* longer than what is kept, or a value of a type that nobody has described */
};

enum s7p_number { S7P_NO_NUMBER, S7P_UNSIGNED, S7P_SIGNED, S7P_REAL, S7P_BOOL };

/* The first plain value within what was read. */
struct s7p_value {
	uint8_t type;
	bool many; /* an array */
	enum s7p_number kind;
	uint64_t bits;        /* unsigned, signed as two's complement, bool */
	double number;        /* the same, as a point wants it */
	const uint8_t *bytes; /* of a text or a blob; else NULL */
	size_t size;
};

/* --- s7comm_plus_value.c --- */
uint32_t s7p_uint(struct cur *c);   /* 7 bits a byte, most significant first */
uint64_t s7p_uint64(struct cur *c); /* the ninth byte has eight */
enum s7p_tell { S7P_QUIET, S7P_TELL };
struct s7p_value s7p_value(struct s7p_message *m, struct cur *c, enum s7p_tell tell);
/* The value of an attribute that somebody set or sent; `mine`: the sender is the one it is of. */
void s7p_attribute(struct s7p_message *m, const struct s7p_address *at, struct cur *c, bool mine);
void s7p_objects(struct s7p_message *m, struct cur *c);
/* Class of the first object in it; 0 none. */
uint32_t s7p_first_class(struct cur c);

/* --- s7comm_plus_requests.c --- */
void s7p_request(struct s7p_message *m, struct cur *c);
uint32_t s7p_ask_key(const struct s7p_message *m);
void s7p_head_values(const struct s7p_message *m);
void s7p_tell_ids(struct scene *s, const struct s7p_address *at);

/* --- s7comm_plus_names.c --- */
const struct msg *s7p_row(enum s7p_kind kind, enum dir dir);
enum s7p_kind s7p_kind_of_class(uint32_t class);
enum s7p_kind s7p_kind_of_function(uint16_t function);
enum s7p_kind s7p_kind_of_write(const struct s7p_message *m, const struct s7p_address *at);
enum s7p_kind s7p_kind_of_delete(const struct s7p_message *m, uint32_t object);
bool s7p_is_secret(uint32_t attribute);

/* --- s7comm_plus_items.c --- */
void s7p_path(struct cur *c, uint32_t count, struct s7p_address *at); /* so many ids */
struct s7p_address s7p_address(struct cur *c);
void s7p_tell_address(struct scene *s, const struct s7p_address *at);
bool s7p_is_point(const struct s7p_address *at);
void s7p_point(
	struct scene *s, const struct s7p_address *at, const struct s7p_value *v, bool written);
void s7p_point_number(struct scene *s, const struct s7p_address *at, double v, bool written);
void s7p_watch(struct s7p_message *m, struct cur c);
void s7p_watch_answered(struct s7p_message *m, uint32_t subscription, bool granted);
void s7p_unwatch(struct s7p_message *m, uint32_t subscription);
const struct s7p_address *s7p_watched(
	const struct s7p_message *m, uint32_t subscription, uint32_t reference);
void s7p_point_name(const struct point_at *at, char name[POINT_NAME]);

#endif
