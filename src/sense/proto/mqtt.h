/* The inside of the MQTT dissector: what its files share.
 *
 *   mqtt.c             whose stream, how long; the packets that have no file of their own
 *   mqtt_connect.c     CONNECT and CONNACK: who logs in
 *   mqtt_fits.c        does this look like a packet?  For streams whose beginning nobody saw
 *   mqtt_properties.c  the properties of MQTT 5
 *   mqtt_publish.c     PUBLISH: topics, their aliases, plain payloads
 *   mqtt_json.c        numbers in JSON payloads
 *   mqtt_known.c       what one side declared and the conversation goes on to use
 *   sparkplug*.c       Sparkplug B: sparkplug.h */
#ifndef SENSE_PROTO_MQTT_H
#define SENSE_PROTO_MQTT_H

#include "sense/proto/text.h"

/* MQTT 5.0, 2.1.2 */
enum mqtt_type {
	MQTT_CONNECT = 1,
	MQTT_CONNACK,
	MQTT_PUBLISH,
	MQTT_PUBACK,
	MQTT_PUBREC,
	MQTT_PUBREL,
	MQTT_PUBCOMP,
	MQTT_SUBSCRIBE,
	MQTT_SUBACK,
	MQTT_UNSUBSCRIBE,
	MQTT_UNSUBACK,
	MQTT_PINGREQ,
	MQTT_PINGRESP,
	MQTT_DISCONNECT,
	MQTT_AUTH,     /* MQTT 5 */
	MQTT_WILL = 16 /* no packet: its properties stand within CONNECT */
};

/* Protocol levels; 0 where nobody saw the CONNECT and no packet has told yet. */
enum mqtt_version { MQTT_UNKNOWN = 0, MQTT_3_1 = 3, MQTT_3_1_1 = 4, MQTT_5 = 5 };

/* Bits of the first byte. */
enum { MQTT_RETAIN = 1, MQTT_DUP = 8, MQTT_FLAGS_FIXED = 2 }; /* and the QoS between them */
enum { MQTT_REFUSED = 0x80 };                                 /* reason codes from here on say no */

/* What is told of a text somebody published; the longest way into it. */
enum { MQTT_TEXT_TOLD = 256, MQTT_POINTER_MAX = 160 };

struct mqtt_state {
	struct parts known[2]; /* what each side declared: mqtt_known.c */
	uint8_t version;
	bool guessed;  /* the version, from a packet */
	bool bridge;   /* the client is a broker: what it publishes others said */
	uint32_t node; /* who the client's last birth was of, as a hash; 0: none */
	bool lost[2];  /* a side is out of step: only what fits is taken for a packet */
};

/* What an answer needs of its question. */
struct mqtt_asked {
	const struct msg *answer; /* PUBLISH: the row of what acknowledges it */
	bool anonymous;           /* CONNECT */
};

/* One control packet: its variable header and payload stand in c. */
struct mqtt_packet {
	struct scene *s;
	struct mqtt_state *state;
	uint8_t type, flags;
	struct cur c;
	size_t missing; /* bytes of it that are not here: it is larger than what is handed over */
	bool in_step;   /* wrong within, but its length is right */
};

/* This word, as it is spelled: topics and names of metrics know capitals from others. */
static inline bool mqtt_is(struct cur c, const char *word)
{
	return c.left == strlen(word) && cur_starts(&c, word);
}

/* --- mqtt.c --- */
uint32_t mqtt_varint(struct cur *c); /* variable byte integer, 1.5.5 */
struct cur mqtt_text(struct cur *c); /* two bytes of length, then so many */
bool mqtt_is_name(struct cur c);     /* UTF-8 without any control characters */
uint32_t mqtt_key(unsigned side, enum mqtt_type asks, uint16_t id);
/* What this packet shows, where nobody saw the CONNECT and no packet told before. */
void mqtt_guess(struct mqtt_packet *p, enum mqtt_version version);
/* Both ends may send this one: direction only where it is known who is the client. */
void mqtt_either(struct scene *s);

enum parsed mqtt_too_short(const struct mqtt_packet *p);
void mqtt_begin(struct mqtt_packet *p, const struct msg *row); /* a fact, with its packet's type */

/* --- mqtt_connect.c --- */
enum parsed mqtt_connect(struct mqtt_packet *p);
enum parsed mqtt_connack(struct mqtt_packet *p);

/* --- mqtt_fits.c --- */
enum mqtt_fit { MQTT_FITS_NOT, MQTT_FITS_SO_FAR, MQTT_FITS_WEAKLY, MQTT_FITS };
/* The packet at the start of c; its whole size, where that is known, in `size`. */
enum mqtt_fit mqtt_fits(struct cur c, uint8_t version, size_t *size);

/* --- mqtt_properties.c --- */
struct mqtt_properties {
	unsigned count;
	uint16_t topic_alias; /* 0: none */
	bool method;          /* of authentication, beyond user name and password */
	bool odd;             /* one that does not belong there, or stands there twice */
};
/* Length and properties of packet `where`; told where s is not NULL. */
bool mqtt_properties(
	struct scene *s, struct cur *c, enum mqtt_type where, struct mqtt_properties *found);

/* --- mqtt_publish.c --- */
/* As much of a text as is told, up to the end of a character. */
struct cur mqtt_first_of(struct cur text);
/* The start of a payload, where it is a text; hidden where a password may be in it.  False where it
 * is none. */
bool mqtt_tell_text(struct scene *s, const struct field *f, struct cur topic, struct cur payload);
bool mqtt_mentions_secret(struct cur text); /* a word in it is what passwords are called */
enum parsed mqtt_publish(struct mqtt_packet *p);
void mqtt_point_name(const struct point_at *at, char name[POINT_NAME]);

/* Points of a plain topic have its name; those of a metric the name of Sparkplug. */
enum { MQTT_SPACE_TOPIC, MQTT_SPACE_METRIC };

/* --- mqtt_json.c --- */
/* A text that is one number as JSON writes it. */
bool mqtt_number(struct cur c, double *v);
/* Numbers of a JSON text with the way to them (a JSON pointer, RFC 6901).  False, and nothing
 * called, where it is no JSON. */
typedef void mqtt_json_number(void *self, struct cur pointer, double v, bool is_flag);
bool mqtt_json(struct cur c, mqtt_json_number *tell, void *self);

/* --- mqtt_known.c --- */
enum mqtt_kind { MQTT_KNOWN_TOPIC = 1, MQTT_KNOWN_BIRTH };
struct mqtt_known {
	struct cur index, body;
};
/* Room for the sender's word from now on, all zero, to be filled at once; in place of what stood
 * under this key, so that what mqtt_known found is no longer good.  False where there is none. */
struct mqtt_room {
	uint8_t *index, *body;
};
bool mqtt_know(struct scene *s, enum mqtt_kind kind, struct cur key, size_t index_size,
	size_t body_size, struct mqtt_room *room);
void mqtt_put_le(uint8_t *at, unsigned bytes, uint64_t v); /* for who fills it */
bool mqtt_known(const struct mqtt_state *state, unsigned side, enum mqtt_kind kind, struct cur key,
	struct mqtt_known *found);
/* Forgets what was said under this key, or under those that begin so. */
void mqtt_forget(struct parts *known, enum mqtt_kind kind, struct cur key, bool below);

#endif
