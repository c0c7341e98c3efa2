/* Facts: what one message on the wire says, typed.
 *
 * A dissector names its fields and messages in tables of these rows; everybody above (output,
 * inventory, detections, policy) reads the rows and never sees a raw byte.  A fact lives as long
 * as the call that hands it over: text and bytes point into the frame or the dissector's scratch.
 */
#ifndef EVENT_FACT_H
#define EVENT_FACT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What an operation does to the process; policy and detections reason about nothing finer. */
enum act { ACT_OTHER, ACT_READ, ACT_WRITE, ACT_CONTROL, ACT_PROGRAM, ACT_IDENTIFY, ACT_COUNT };

/* What becomes of the controller when the operation succeeds. */
enum effect {
	EFFECT_NONE,
	EFFECT_STOP,
	EFFECT_START,
	EFFECT_RESTART,
	EFFECT_DOWNLOAD, /* program or block into the controller */
	EFFECT_UPLOAD,   /* out of the controller */
	EFFECT_FIRMWARE,
	EFFECT_CONFIG,
	EFFECT_MODE, /* operating mode other than plain start and stop */
	EFFECT_TIME,
	EFFECT_LOGIN,   /* credentials presented, whether accepted or not */
	EFFECT_REFUSED, /* a login refused */
	EFFECT_FILE,    /* file moved to or from a device */
	EFFECT_SELECT,  /* nothing yet: what was chosen waits for its operate */
	EFFECT_COUNT
};

enum dir { DIR_OTHER, DIR_REQUEST, DIR_RESPONSE };

/* Who acts on the other: the client, but where a message says so itself. */
enum actor { ACTOR_CLIENT, ACTOR_SENDER, ACTOR_RECEIVER };

/* How a field stands on the wire; the value's type follows from it. */
enum wire {
	U8,
	BE16,
	BE24,
	BE32,
	BE48,
	BE64,
	LE16,
	LE24,
	LE32,
	LE48,
	LE64,
	S8, /* two's complement from here */
	SBE16,
	SBE32,
	SBE64,
	SLE16,
	SLE32,
	SLE64,
	FBE32, /* IEEE 754 */
	FBE64,
	FLE32,
	FLE64,
	IP4,
	IP6,
	MAC,
	BYTES,      /* max: how many; 0: the rest */
	TEXT,       /* max: how many, trailing NUL and spaces dropped; 0: the rest */
	TEXT8,      /* one length byte, then text */
	TEXT16,     /* BE16 length, then text */
	TEXT16L,    /* LE16 length, then text */
	COUNTED_U8, /* one count byte of bytes, then that many bytes as values of this width */
	COUNTED_BE16,
	LIST_U8, /* the rest as values of this width */
	LIST_BE16,
	LIST_LE16,
	SKIP, /* min: how many bytes nobody needs; no value */
	FLAG, /* made by code only: true or false */
	REAL, /* made by code only: a double */
};

/* With one of the above.  NUMBERING: it numbers messages, and is another in each, whatever they
 * say.  NAMING: it says which thing a message that nobody asked for is about, not how it is: a
 * topic, a metric. */
enum { NUMBERING = 0x80, NAMING = 0x40 };

struct field {
	const char *name; /* "modbus.addr": spelled here once for everybody */
	uint8_t wire;     /* enum wire, perhaps with NUMBERING or NAMING */
	int64_t min, max; /* both 0: any; outside is counted as a violation and still decoded */
};

enum value_type {
	VALUE_UINT,
	VALUE_INT,
	VALUE_REAL,
	VALUE_FLAG,
	VALUE_TEXT,
	VALUE_BYTES,
	VALUE_IP,
	VALUE_MAC
};

struct value {
	const struct field *field;
	uint32_t size; /* of text, bytes; 4 or 16 for an address */
	uint8_t type;  /* enum value_type */
	union {
		uint64_t u;
		int64_t i;
		double d;
		const uint8_t *bytes; /* text, bytes, ip, mac */
	};
};

/* Values one fact may hold, as many as the longest message we know tells: every binary input a DNP3
 * outstation may have (indexes of 16 bits), each with its index, and what stands in front of them.
 * Pages that no fact fills are never touched. */
enum { FACT_VALUES_MAX = 2 * 65536 + 64 };

/* One operation of a protocol.  Tables of these end with a row without a name. */
struct msg {
	uint32_t code;
	uint8_t dir; /* enum dir: which of the two rows of an operation this is */
	uint8_t act;
	uint8_t effect;
	const char *name;           /* "read_holding_registers": the same word in both directions */
	const struct field *fields; /* for the walker; NULL where code reads the body */
};

/* Name of the row of functions that nobody described: told by its address. */
extern const char unknown_function[];

/* Internet address: IPv4 is kept mapped (::ffff:a.b.c.d) so that there is one kind. */
struct ip {
	uint8_t b[16];
};

struct fact {
	uint64_t frame; /* number of the frame that completed the message, from 1 */
	int64_t at_ns;
	struct ip src, dst; /* all zero where the message has no IP */
	uint8_t src_mac[6], dst_mac[6];
	uint16_t src_port, dst_port;
	uint8_t transport;    /* 6, 17, or 0 for a message right on Ethernet */
	uint8_t dir;          /* enum dir */
	bool failed;          /* a response that says no */
	bool violation;       /* a field outside what the standard allows */
	bool more_values;     /* the message had more values than a fact holds */
	uint8_t actor;        /* enum actor */
	const char *protocol; /* "modbus" */
	const struct msg *msg;
	uint64_t request; /* response: frame of its request; 0 unknown */
	int64_t request_ns;
	const struct value *values;
	size_t value_count;
};

const char *act_name(enum act a);
const char *dir_name(enum dir d);
const char *effect_name(enum effect e);

bool ip_is_zero(const struct ip *a);
bool ip_is_nobody(
	const struct ip *a); /* none (::, 0.0.0.0), a group, or the host itself (loopback) */
bool ip_is_4(const struct ip *a);
struct ip ip_of_4(const uint8_t b[4]);
enum { IP_TEXT = 48, MAC_TEXT = 18 };
const char *ip_text(const struct ip *a, char text[IP_TEXT]); /* RFC 5952 for IPv6 */
const char *mac_text(const uint8_t mac[6], char text[MAC_TEXT]);

/* Of so many characters, and nothing else; false: there is none. */
bool ip_read(const char *text, size_t size, struct ip *out);
bool mac_read(const char *text, uint8_t mac[6]); /* 00:0c:29:11:22:33, 00-0C-29-11-22-33 */

/* Public: neither private use, link local, loopback, documentation nor multicast (RFC 6890). */
bool ip_is_public(const struct ip *a);
bool ip_is_multicast(const struct ip *a); /* broadcast 255.255.255.255 too */

#endif
