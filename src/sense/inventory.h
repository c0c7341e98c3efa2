/* What the sensor remembers: hosts, MAC addresses, who said what about themselves, conversations
 * with their operations, points.  Bounded tables; full is a counter.  No judgement here: who is one
 * asset with whom, and what it is, is found out at the end by plant.c. */
#ifndef SENSE_INVENTORY_H
#define SENSE_INVENTORY_H

#include "base/pool.h"
#include "event/plant.h"
#include "sense/flow.h"
#include "sense/proto.h"

/* Somebody things are said about. */
enum subject_kind { SUBJECT_NONE, SUBJECT_HOST, SUBJECT_MAC, SUBJECT_MODULE };

struct subject {
	uint32_t number;
	uint8_t kind;
};

struct host {
	uint32_t binds; /* chain of struct bind */
	uint32_t said;  /* chain of struct said */
	uint32_t asset; /* plant.c: index + 1 */
	struct ip ip;
	uint8_t type;           /* enum asset_type, by its own word */
	bool spoke : 1;         /* sent at least one packet */
	bool known_service : 1; /* a protocol was recognised with it */
	bool told : 1;          /* nothing came from it, but somebody keeps sending to it */
	bool outside : 1;       /* plant_merge.c: a public address that private ones talk with */
	bool answers : 1;       /* to what others sent it */
	bool broadcast : 1;     /* frames for its address went to everybody */
	bool units_more : 1;    /* more units answered through it than unit_first */
	bool misses_more : 1;   /* as a gateway it could not reach others than miss_first either */
	uint8_t unit_first, miss_first; /* of Modbus: 0 none */
	bool has_points;                /* at least one is kept */
	uint16_t modules;               /* how many are kept */
	const char *type_reason;
	int64_t first_ns, last_ns;
	uint64_t frames, bytes;
};

enum { MAC_VLANS = 4 };

struct mac {
	uint32_t binds;
	uint32_t said;
	uint32_t asset;
	uint8_t address[6];
	uint8_t type;
	bool spoke, has_points;
	uint16_t vlans[MAC_VLANS];
	uint16_t modules;
	const char *type_reason;
	int64_t first_ns, last_ns;
	uint64_t frames, bytes;
};

/* This address was seen behind that MAC. */
struct bind {
	uint32_t host, mac;
	uint32_t next_of_host, next_of_mac;
	uint32_t frames; /* as a source; saturates */
	uint8_t ttl;     /* highest seen */
	bool claimed;    /* by its own word: ARP, DHCP, neighbour discovery */
	uint64_t frame;  /* first */
	int64_t last_ns;
};

struct said {
	uint32_t next;
	uint32_t value; /* string number */
	uint8_t key;
	bool by_number;     /* our table's word for a number */
	uint8_t owner_kind; /* enum subject_kind: of whom */
	uint32_t owner;
	uint32_t lasted; /* number of struct lasted, for what comes and goes: a mode; or 0 */
	const char *protocol;
	uint64_t frame;
};

/* From when to when somebody said so. */
struct lasted {
	int64_t first_ns, last_ns;
	uint64_t last_frame;
};

/* Who speaks right on Ethernet has no address: what it owns is kept under the number of its MAC. */
enum { OF_MAC = 1 << 30 };

/* Somebody within or behind its owner, who told of it (struct asset_place).  Whether it is an
 * asset, the owner itself or nobody is found out at the end: plant_places.c. */
struct module {
	uint32_t said;
	uint32_t owner; /* host, or OF_MAC and the number of a MAC */
	uint32_t number;
	uint32_t address; /* string number */
	uint32_t asset;
	uint16_t area;
	uint8_t kind, class; /* enum place_kind, place_class */
	uint8_t proto;       /* whose numbers these are: enum proto_number */
};

/* Whose point it is and where, but for its symbol. */
struct point_key {
	uint32_t host; /* or OF_MAC and the number of a MAC */
	uint32_t area, index;
	uint16_t unit;
	uint8_t space, bit;
};

/* What every sample touches stands first, in 64 bytes. */
struct point_record {
	struct point_key key;
	uint32_t symbol; /* string number */
	uint32_t next;   /* the point whose value came behind this one's; 0 not known */
	uint8_t proto;   /* enum proto_number */
	uint8_t type;    /* enum point_type */
	bool written;
	uint64_t samples;
	double last, min, max;
	int64_t last_ns, first_ns;
	double first;
	const char *measure;
};

/* Looked for a moment ago, and soon again: number 0 is none. */
struct mac_place {
	uint8_t address[6];
	uint32_t number;
};

struct operation_place {
	uint32_t conversation, number;
	const struct msg *msg;
};

enum { MAC_PLACES = 1024, OPERATION_PLACES = 1024 };

struct inventory {
	struct pool hosts, macs, binds, said, lasted, modules, conversations, operations, points;
	struct table host_table, mac_table, module_table, conversation_table, point_table;
	/* By hash, whether there may be such a point: once no new one is taken, most samples are of
	 * none, and this fits into the cache where the table does not. */
	uint8_t *point_bits;
	char *strings; /* each NUL-terminated; number is the offset; 0 is "" */
	uint32_t strings_used, strings_max;
	struct table string_table;
	uint64_t strings_refused;
	uint64_t identities_refused, binds_refused, modules_refused; /* too many of one subject */
	struct mac_place mac_places[MAC_PLACES];
	struct operation_place operation_places[OPERATION_PLACES];
};

int inventory_init(struct inventory *v, size_t memory, struct err *e);
size_t inventory_point_bits(const struct inventory *v); /* how many bits point_bits has */
/* All it knows, for a judgement that moves words to where they belong: found are hosts and MACs,
 * and nothing new is taken.  inventory_done() it, also where it failed. */
int inventory_copy(struct inventory *to, const struct inventory *from, struct err *e) MUST_USE;
void inventory_done(struct inventory *v);

/* Asks for the memory that tells a host and a MAC. */
void inventory_fetch_host(const struct inventory *v, const struct ip *a);
void inventory_fetch_mac(const struct inventory *v, const uint8_t address[6]);
/* Numbers; 0 when the table is full. */
uint32_t inventory_host(struct inventory *v, const struct ip *a);
uint32_t inventory_host_find(const struct inventory *v, const struct ip *a); /* 0: never seen */
uint32_t inventory_mac(struct inventory *v, const uint8_t address[6]);
uint32_t inventory_mac_find(const struct inventory *v, const uint8_t address[6]); /* 0: none */
void inventory_vlan(struct mac *m, uint16_t vlan);
struct bind *inventory_bind(struct inventory *v, uint32_t mac, uint32_t host, uint64_t frame);
/* Another MAC with the bound address, 0 for none: one that claims it, or one whose packets come
 * straight from it without a claim.  Routers and cards that share an address by design are none. */
uint32_t inventory_claimant(const struct inventory *v, const struct bind *b);
uint32_t inventory_stranger(const struct inventory *v, const struct bind *b);
bool bind_is_straight(const struct bind *b); /* nobody forwarded its packets on the way */
uint32_t inventory_string(struct inventory *v, const void *text, size_t size); /* as it is */
bool inventory_is_string(const struct inventory *v, uint32_t n, const void *text, size_t size);
uint32_t inventory_module(
	struct inventory *v, uint32_t owner, uint8_t proto, const struct asset_place *at);
/* What kind of somebody it is; of nobody nothing is kept. */
void inventory_class(struct inventory *v, uint32_t module, enum place_class class);
/* Text is cleaned: trailing spaces and NULs go, control bytes become '.', bad UTF-8 U+FFFD. */
void inventory_say(struct inventory *v, struct subject who, enum identity_key key,
	const char *protocol, const void *text, size_t size, uint64_t frame, int64_t at_ns);

/* The one between these two, of this transport, port, group and label; the rest of `like` is what a
 * new one begins with.  Client and server are host numbers, or OF_MAC and the number of a MAC. */
uint32_t inventory_conversation(struct inventory *v, const struct conversation *like);
uint32_t inventory_operation(struct inventory *v, uint32_t conversation, const struct msg *m);
/* Is there room for points of this host?  Whoever came when all places were taken sends as fast as
 * others do, and is told apart at once (counted). */
bool inventory_takes_points(struct inventory *v, uint32_t host);
/* The point there; NULL where the table is full.  A new one begins with this value. */
struct point_record *inventory_point_at(
	struct inventory *v, uint32_t host, uint8_t proto, const struct point_at *at, double value);
/* True where the value is the first of its point, or another than the one before; also where there
 * is no room to know.  Ask inventory_takes_points() first.  `way` is the conversation's. */
bool inventory_point(struct inventory *v, struct point_way *way, uint32_t host, uint8_t proto,
	const struct point_at *at, double value, bool written, int64_t at_ns);

static inline struct host *host_at(const struct inventory *v, uint32_t n)
{
	return pool_at(&v->hosts, n);
}

static inline struct mac *mac_at(const struct inventory *v, uint32_t n)
{
	return pool_at(&v->macs, n);
}

static inline struct conversation *conversation_at(const struct inventory *v, uint32_t n)
{
	return pool_at(&v->conversations, n);
}

static inline struct said *said_at(const struct inventory *v, uint32_t n)
{
	return pool_at(&v->said, n);
}

static inline struct bind *bind_at(const struct inventory *v, uint32_t n)
{
	return pool_at(&v->binds, n);
}

static inline struct module *module_at(const struct inventory *v, uint32_t n)
{
	return pool_at(&v->modules, n);
}

static inline const char *string_at(const struct inventory *v, uint32_t n)
{
	return v->strings + n;
}

#endif
