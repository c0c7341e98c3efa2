/* What a dissector is, and everything it may call.
 *
 * A dissector is one file with one `const struct proto proto_<name>`, and one word in the list in
 * sense/meson.build.  It reads bytes through a cursor, and says what it found through the calls
 * below; it allocates nothing, keeps nothing but its `state`, and never looks at a port: content
 * decides, so the same bytes on another port give the same facts.
 *
 * The life of bytes: TCP streams are reassembled and cut into messages by `frame`; a datagram or
 * an Ethernet payload is one message.  `probe` says whether a conversation is ours at all; the
 * first protocol of the list that says yes keeps the conversation. */
#ifndef SENSE_PROTO_H
#define SENSE_PROTO_H

#include "base/attr.h"
#include "base/cur.h"
#include "event/fact.h"
#include "event/identity.h"
#include "sense/lists.h"

struct scene;

/* MORE: undecided, show me again with more bytes (streams only, of which a probe sees PROBE_MAX).
 */
enum probe { PROBE_NO, PROBE_YES, PROBE_MORE };
enum { PROBE_MAX = 2048 };

/* How a parse ended: all of it read; the capture was short, nobody's fault; not what the standard
 * says.  BAD counts as one malformed message of this protocol, and the fact begun is dropped. */
enum parsed { PARSED_WHOLE, PARSED_CUT, PARSED_BAD };

enum over { OVER_TCP = 1, OVER_UDP = 2, OVER_ETHER = 4, OVER_COTP = 8 };

enum { FRAME_MORE = 0, FRAME_LOST = -1 };

/* A place a process value lives at; the protocol's point_name spells it. */
struct point_at {
	uint8_t space; /* the protocol's own number: coil, holding register, data block ... */
	uint8_t bit;
	uint16_t unit;
	uint32_t area, index;
	const uint8_t *symbol; /* tag name, or NULL */
	uint16_t symbol_size;
	const char *measure; /* engineering unit where the protocol tells ("kV"): a literal, or
			      * what point_measure() gave; NULL */
};

enum { POINT_NAME = 128 };

/* Where somebody stands within or behind the one that tells of it. */
enum place_kind {
	PLACE_SLOT,        /* of a rack, which is the area */
	PLACE_UNIT,        /* on a line behind a Modbus gateway, or the server itself */
	PLACE_NODE,        /* of another network, which is the area */
	PLACE_ENTITY,      /* a row of SNMP's ENTITY-MIB */
	PLACE_OBJECT,      /* BACnet: an object that stands for a whole device */
	PLACE_DESCRIPTION, /* of a UPnP device, by its unique name: SSDP and HTTP tell of the same
			    */
	PLACE_NAMED,       /* as its address spells it: "PMU 3" */
};

/* Who it is, where the protocol says that: the box of the one that tells (of several boxes the
 * first), something in it, or nothing that is an asset. */
enum place_class { PLACE_UNKNOWN, PLACE_SELF, PLACE_PART, PLACE_NOBODY };

struct asset_place {
	uint8_t kind;
	bool faint; /* may well be nobody: such take half of the room at most */
	uint16_t area;
	uint32_t number;
	const void *address; /* text, where a number does not do; or NULL */
	size_t address_size;
};

/* Bytes that grow: a message of one side that comes in parts, while it is under way, or what a
 * conversation or a request makes necessary to keep.  Dissectors read `kept` ones; the rest is the
 * engine's. */
struct parts {
	uint8_t *bytes;
	size_t size, room;
};

struct proto {
	const char *name;    /* "modbus": what facts and conversations are labelled with */
	const char *also[3]; /* other labels its facts may carry: scene_label() */
	const char *title;   /* "Modbus/TCP" */
	const char *standard;
	const char *reads; /* how deep: "all functions, registers with their values, identity" */
	const char *seen;  /* the real traffic it was tried on; NULL: none yet, and so it is said */
	unsigned over;     /* enum over, a set */
	bool follows;      /* begins within streams of others too (STARTTLS, a proxy's greeting) */
	bool shared;       /* state and asks are one for all conversations: answers come from other
			    * ports.  On Ethernet, where nobody converses, they always are */
	bool ot;           /* an industrial protocol: its servers are controllers or like them */
	/* First bytes that a message at the beginning of a conversation may have, in hex: "05",
	 * "00 81-85".  NULL: any.  Others are not shown to `probe`. */
	const char *begins;
	uint16_t ethertypes[4]; /* OVER_ETHER: ethertype, or SNAP protocol id with `snap_oui` */
	uint32_t snap_oui;      /* 0: plain ethertype */

	enum probe (*probe)(struct cur c, const struct scene *s);
	/* Length of the message at the start of c: > 0 (may exceed c.left), FRAME_MORE when the
	 * length is not known yet, FRAME_LOST when this is no message of ours.  Messages over
	 * MESSAGE_MAX are handed over cut to that size with scene.cut set. */
	long (*frame)(struct cur c, struct scene *s);
	enum parsed (*parse)(struct cur c, struct scene *s);
	/* A hole in the stream (bytes the capture lost), or the end of it: forget what was half
	 * done. */
	void (*gap)(struct scene *s);

	bool in_parts;  /* state begins with struct parts[2], one for each side: parts_add */
	uint8_t keeps;  /* so many struct parts stand in the state next: kept_add */
	bool ask_keeps; /* what is kept of a request begins with one */
	/* Kept per conversation, zeroed at birth, in scene.state; NULL there when it is one for all
	 * and no memory was left for it. */
	size_t state_size;
	uint8_t asks;      /* requests remembered per conversation; 0: no pairing */
	uint16_t ask_size; /* bytes kept with each */

	void (*point_name)(const struct point_at *at, char name[POINT_NAME]);
};

enum { MESSAGE_MAX = 64 * 1024 };

/* The message at hand.  Dissectors read these; only the engine writes them. */
struct scene {
	uint64_t frame;
	int64_t at_ns;
	struct ip src, dst;
	uint8_t src_mac[6], dst_mac[6];
	uint16_t src_port, dst_port; /* for output only, never for decisions */
	uint8_t transport;
	uint8_t side;        /* who speaks: 0 the side that sent the first packet seen, or 1 */
	int8_t client;       /* side that opened the connection: 0, 1, or -1 where nobody saw it */
	bool stream;         /* TCP */
	bool cut;            /* fewer bytes here than were on the wire */
	void *state;         /* proto.state_size bytes of this conversation; NULL if that is 0 */
	struct sense *sense; /* opaque to dissectors */

	/* of the calls below, for what is done for every value */
	struct value *value_next, *value_end; /* where the open fact's next one goes; else NULL */
	bool violation;                       /* of the open fact */
	bool sender_full, server_full;        /* no room for points of theirs: */
	uint32_t points_refused;              /* so many of this message */
};

/* --- facts ------------------------------------------------------------------------------------
 * begin, values in wire order, end.  A second begin before end ends the first as it is. */
void fact_begin(struct scene *s, const struct msg *m);
void fact_dir(struct scene *s, enum dir dir); /* where the row alone cannot say */
void fact_failed(struct scene *s);            /* a response that says no */
static inline void fact_uint(struct scene *s, const struct field *f, uint64_t v); /* checks f's */
static inline void fact_int(struct scene *s, const struct field *f, int64_t v);   /* bounds */
static inline void fact_real(struct scene *s, const struct field *f, double v);
static inline void fact_flag(struct scene *s, const struct field *f, bool v);
void fact_text(struct scene *s, const struct field *f, const void *text, size_t size);
void fact_bytes(struct scene *s, const struct field *f, const void *bytes, size_t size);
/* A password, a community, or what can be turned back into one: told as "(hidden)", unless it is
 * one that everybody knows (sense/secret.h).  No secret leaves a dissector in another way. */
void fact_secret(struct scene *s, const struct field *f, const void *text, size_t size);
void fact_hidden(struct scene *s, const struct field *f); /* the same of what is no text: a PIN */
void fact_ip(struct scene *s, const struct field *f, const void *bytes, size_t size); /* 4 or 16 */
void fact_mac(struct scene *s, const struct field *f, const void *six);
void fact_violation(struct scene *s); /* decoded, but outside what the standard allows */
/* Who acts on whom, where it need not be the client on the server: a broker hands commands on. */
void fact_actor(struct scene *s, enum actor actor);
/* Who it is, within or behind the sender or the receiver, that acts or is acted upon: a gateway is
 * not the device behind it.  What `at` points to is good until the fact's end. */
void fact_place(struct scene *s, bool sender, const struct asset_place *at);
void fact_end(struct scene *s);
void fact_drop(struct scene *s); /* begun in error */

/* Values that a lower layer leaves before it hands over: the first fact of this message that ends
 * has them in front, later ones do not.  carry_clear() takes them back before. */
void carry_uint(struct scene *s, const struct field *f, uint64_t v);
void carry_clear(struct scene *s);

/* Reads one row after the other and adds the values; false once the cursor is bad. */
bool walk(struct scene *s, struct cur *c, const struct field *fields);
/* One row that says LE16 or LE32: its number, which is told where all of it is there. */
uint32_t walk_le(struct scene *s, struct cur *c, const struct field *field);
/* Both rows of an operation of one code: the request and its answer; BOTH_OF with the fields of
 * each for walk(), NULL where code reads the body. */
#define BOTH_OF(code, act, effect, name, asked, told)                                              \
	{ code, DIR_REQUEST, act, effect, name, asked },                                           \
	{                                                                                          \
		code, DIR_RESPONSE, act, effect, name, told                                        \
	}
#define BOTH(code, act, effect, name) BOTH_OF(code, act, effect, name, NULL, NULL)
const struct msg *msg_find(const struct msg *table, uint32_t code, enum dir dir); /* or NULL */
const struct value *fact_value(const struct fact *f, const char *name);           /* or NULL */

/* Facts of this message are labelled with this protocol name instead (mdns in dns.c). */
void scene_label(struct scene *s, const char *protocol);

/* --- pairing ----------------------------------------------------------------------------------
 * ask_put remembers the request at hand (a second one with the same key replaces the first) and
 * returns ask_size zeroed bytes to fill, or NULL where there is no room.  ask_take finds and
 * forgets it, and puts its frame into the fact begun next or open now; the bytes stay good until
 * the next ask_put.  ask_peek finds and keeps it (answers in several messages). */
void *ask_put(struct scene *s, uint32_t key);
void *ask_take(struct scene *s, uint32_t key);
void *ask_peek(struct scene *s, uint32_t key);
/* The fact begun next or open now answers what came in that frame: for a question that is not worth
 * a table of them.  Frame 0: nobody knows. */
void fact_asked(struct scene *s, uint64_t frame, int64_t at_ns);
bool ask_waits(struct scene *s, uint32_t key); /* is there one?  Says nothing to any fact */

/* --- who somebody is --------------------------------------------------------------------------
 * Text may be any bytes: trailing NULs and spaces go, the rest is made printable; empty is ignored.
 */
void who_sender(struct scene *s, enum identity_key key, const void *text, size_t size);
void who_receiver(struct scene *s, enum identity_key key, const void *text, size_t size);
void who_ip(
	struct scene *s, const struct ip *a, enum identity_key key, const void *text, size_t size);
void who_mac(struct scene *s, const uint8_t mac[6], enum identity_key key, const void *text,
	size_t size);
void who_sender_is(
	struct scene *s, enum asset_type type, const char *reason); /* reason: a literal */
/* Of somebody within or behind the sender.  Numbers and addresses are the protocol's own; whether
 * it is an asset of its own or the sender itself is decided when all is known (plant_places.c). */
void who_place(struct scene *s, const struct asset_place *at, enum identity_key key,
	const void *text, size_t size);
void who_place_is(struct scene *s, const struct asset_place *at, enum place_class class);
/* A module in slot `slot` of rack `rack`. */
void who_module(struct scene *s, unsigned rack, unsigned slot, enum identity_key key,
	const void *text, size_t size);
/* Modbus: the sender answered as this unit, or said as a gateway that it cannot reach it. */
void who_unit(struct scene *s, uint8_t unit, bool reached);
/* This MAC answers for this address, by its own word (ARP, ND, DHCP). */
void who_binds(struct scene *s, const uint8_t mac[6], const struct ip *a);

/* --- process values ---------------------------------------------------------------------------
 * The value of a point of the conversation's server (or of the sender, with point_sender).
 * `written`: somebody set it, rather than it was read. */
static inline void point_server(struct scene *s, const struct point_at *at, double v, bool written);
static inline void point_sender(struct scene *s, const struct point_at *at, double v, bool written);
/* A unit as the message spells it, kept for good; NULL where nobody keeps points, or no room. */
const char *point_measure(struct scene *s, const void *text, size_t size);

/* --- layers and memory --- */
/* Hands the payload to the upper protocol of this conversation: probed once among the protocols
 * OVER_<layer>, then kept.  Returns what the upper parse said; WHOLE when nobody knows it. */
enum parsed scene_upper(struct scene *s, enum over layer, struct cur c);
bool scene_has_upper(const struct scene *s); /* somebody above knows this conversation */
/* A message that comes in parts, put together: one for each side of a conversation at a time, in
 * memory taken only while it is under way, so drop it as soon as it was read.  parts_add is false,
 * and nothing is kept any more, where it would grow beyond `max` or memory is short.  A hole in
 * the stream drops it too.  For `parse` only, where the row says `in_parts`. */
bool parts_add(struct scene *s, struct cur part, size_t max);
struct cur parts_whole(const struct scene *s); /* all that was added; good until added or dropped */
struct cur parts_of_other(const struct scene *s); /* the same of the side that listens */
void parts_drop(struct scene *s);
/* What has no size of its own is kept in memory that grows: lists of the state (`keeps`), what a
 * request names (`ask_keeps`).  kept_add is false, and all stays as it was, where it would grow
 * beyond `max` or memory is short.  The engine frees it with the conversation, or when another
 * request takes the place; who knows better drops it before. */
bool kept_add(struct scene *s, struct parts *kept, const void *bytes, size_t size, size_t max);
void kept_drop(struct scene *s, struct parts *kept);
static inline void kept_cut(struct parts *kept, size_t size) /* shorter, in the memory it has */
{
	if (size < kept->size)
		kept->size = size;
}
/* Scratch that lives until the message ends (decoded names, hex): at most 64 KiB a message; NULL at
 * the limit. */
void *scene_scratch(struct scene *s, size_t size);
/* The sender is the client of this conversation: for protocols where only content tells. */
void scene_client(struct scene *s);
void scene_server(struct scene *s);
/* Nothing more in this conversation is worth reading (encrypted from here, bulk data). */
void scene_enough(struct scene *s);

/* This protocol has made way for another, which begins with the next segment and is probed anew
 * (CONNECT, STARTTLS); streams only. */
void scene_anew(struct scene *s);
/* And who answers from here on is somebody beyond the server, a proxy: nobody is named by it, and
 * values are nobody's. */
void scene_beyond(struct scene *s);

/* The next n bytes of this side of the stream are bulk that nobody reads (bodies, file content). */
void scene_skip(struct scene *s, uint64_t n);

bool proto_is_ot(const char *name); /* by its label; false for NULL */

/* --- done for every value: millions a second ---------------------------------------------------*/

struct value *value_refused(struct scene *s); /* no fact is open, or it is full: one for nobody */
void point_of_server(struct scene *s, const struct point_at *at, double v, bool written);
void point_of_sender(struct scene *s, const struct point_at *at, double v, bool written);

static inline struct value *value_add(struct scene *s, const struct field *f, enum value_type type)
{
	struct value *v = s->value_next;
	if (RARELY(v == s->value_end))
		v = value_refused(s);
	else
		s->value_next = v + 1;
	v->field = f;
	v->size = 0;
	v->type = (uint8_t)type;
	return v;
}

static inline void fact_uint(struct scene *s, const struct field *f, uint64_t v)
{
	value_add(s, f, VALUE_UINT)->u = v;
	if (f->min | f->max)
		s->violation |= v > INT64_MAX || (int64_t)v < f->min || (int64_t)v > f->max;
}

static inline void fact_int(struct scene *s, const struct field *f, int64_t v)
{
	value_add(s, f, VALUE_INT)->i = v;
	if (f->min | f->max)
		s->violation |= v < f->min || v > f->max;
}

static inline void fact_real(struct scene *s, const struct field *f, double v)
{
	value_add(s, f, VALUE_REAL)->d = v;
}

static inline void fact_flag(struct scene *s, const struct field *f, bool v)
{
	value_add(s, f, VALUE_FLAG)->u = v;
}

static inline void point_server(struct scene *s, const struct point_at *at, double v, bool written)
{
	if (s->server_full)
		s->points_refused++;
	else
		point_of_server(s, at, v, written);
}

static inline void point_sender(struct scene *s, const struct point_at *at, double v, bool written)
{
	if (s->sender_full)
		s->points_refused++;
	else
		point_of_sender(s, at, v, written);
}

#define X(name) extern const struct proto proto_##name;
PROTOCOL_LIST(X)
#undef X

#endif
