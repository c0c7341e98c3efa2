/* A plant as seen so far: assets, conversations, points and findings, ready to be shown.
 *
 * Plain arrays owned by whoever filled the plant (sense_plant); readers only read.  Lists inside
 * an asset are runs in the plant's shared arrays: items first .. first + count - 1. */
#ifndef EVENT_PLANT_H
#define EVENT_PLANT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "event/class.h"
#include "event/fact.h"
#include "event/identity.h"

enum { LEVEL_UNKNOWN = 255 }; /* levels are Purdue levels x 10: 35 is 3.5 */

struct run {
	uint32_t first, count;
};

struct identity {
	uint8_t key;  /* enum identity_key */
	uint8_t rank; /* of several words for one thing the lowest is believed */
	const char *protocol;
	const char *value; /* NUL-terminated, printable UTF-8 or replaced */
	uint64_t frame;    /* that said it first */
	/* Of a mode, which comes and goes: when it was told first and last. */
	int64_t first_ns, last_ns;
	uint64_t last_frame;
};

struct asset {
	uint32_t id; /* printed "a<id>"; from 1 in order of first sight */
	struct run macs, ips, names, vlans, protocols, roles, identity;
	const char *vendor, *model, *firmware, *serial, *name; /* NULL where unknown */
	uint8_t type;                                          /* enum asset_type */
	const char *type_reason;
	bool namesake; /* another asset has the same name */
	uint8_t level;
	const char *level_reason; /* "from zones.yaml", "answers modbus requests" */
	const char *zone;         /* NULL: none stated */
	const char *other_zone;   /* one of another level, where a further address is in it */
	uint8_t other_level;
	uint32_t part_of;    /* id of the asset this one is within or behind; 0 none */
	const char *place;   /* and where there: "unit 10", "network 3 address 108" */
	bool in_rack;        /* the place is a slot of a rack: */
	uint16_t rack, slot; /* as its protocol numbers them */
	int64_t first_ns, last_ns;
	uint64_t frames, bytes; /* sent */
};

struct operation {
	const struct msg *msg, *other; /* the row of the other direction, once seen */
	uint64_t requests, responses, errors;
	uint64_t turned[2]; /* of the requests and responses: the server acts on its client */
	uint64_t first_frame;
	int64_t first_ns, last_ns; /* of the first frame, and of the latest message */
	uint32_t conversation;     /* the sensor's own: whose it is there, and nothing in a plant */
	uint32_t next;             /* number of the next operation of the conversation; 0 ends */
};

enum { NO_ASSET = UINT32_MAX };

enum { TRANSPORT_ETHERNET = 0 }; /* in the place of an IP protocol: right on Ethernet */

struct conversation {
	uint32_t client, server; /* index into plant.assets, not id; server NO_ASSET: to a group */
	struct ip group;         /* multicast or broadcast address, where the server is NO_ASSET */
	uint8_t group_mac[6];    /* the same of what goes right on Ethernet */
	uint8_t transport;       /* 6, 17, other IP protocol, or TRANSPORT_ETHERNET */
	bool guess;              /* protocol is a guess from the port */
	bool beyond;             /* the server is a proxy, which let it through to somebody else */
	bool answered;           /* the server is there: it sent packets, or is an end of TCP */
	uint16_t port;
	const char *protocol; /* NULL: unknown */
	uint64_t packets, bytes;
	int64_t first_ns, last_ns;
	uint64_t first_frame;
	uint32_t operations; /* number of the first operation; 0 none */
};

/* What a point looks like from its values so far: a guess, but where the protocol says it. */
enum point_type { POINT_BOOLEAN, POINT_INTEGER, POINT_REAL };
const char *point_type_name(enum point_type t); /* "boolean" */

struct point {
	uint32_t asset; /* index */
	const char *protocol;
	const char *address; /* "unit 1 holding 100" */
	const char *unit;    /* engineering unit where the protocol tells; NULL */
	uint8_t type;        /* enum point_type */
	uint64_t samples;
	double first, last, min, max;
	int64_t first_ns, last_ns;
	bool written; /* somebody wrote it too */
};

/* One value of a point as it went by. */
struct point_sample {
	uint64_t frame;
	int64_t at_ns;
	struct ip asset;    /* whose point it is */
	const uint8_t *mac; /* who speaks right on Ethernet, without an address; or NULL */
	const char *protocol, *address, *unit;
	double value;
	bool changed; /* the first of its point, or another than the one before */
	bool written; /* set by somebody, rather than read */
};

struct finding {
	const struct detection_row *row;
	uint8_t severity;   /* may differ from the row's */
	const char *text;   /* one sentence */
	uint32_t assets[2]; /* index + 1; 0 none */
	int64_t first_ns, last_ns;
	uint64_t count;
	uint64_t frames[8];
	uint8_t frame_count;
};

/* A row of numbers people may ask about: everything that was dropped, cut or odd. */
struct counter {
	const char *name; /* "bad_checksum" */
	uint64_t n;
};

struct plant_file {
	const char *name;
	uint64_t packets, bytes;
	bool truncated;
	const char *problem; /* NULL, or the sentence that says why it was not read to the end */
};

struct plant {
	const struct plant_file *files;
	size_t file_count;
	uint64_t packets, bytes;
	int64_t first_ns, last_ns;
	const struct counter *counters;
	size_t counter_count;

	const struct asset *assets;
	size_t asset_count;
	const struct conversation *conversations;
	size_t conversation_count;
	const struct operation *operations; /* addressed by number */
	const struct point *points;
	size_t point_count;
	const struct finding *findings;
	size_t finding_count;

	const uint8_t (*macs)[6];
	const struct ip *ips;
	const char *const *names; /* names, protocols and roles */
	const uint16_t *vlans;
	const struct identity *identity;
	/* Zones that somebody stated and in which no asset was seen. */
	const char *const *empty_zones;
	size_t empty_zone_count;
	const char *vendor_date; /* date of the MAC vendor list; NULL: none found */
};

#endif
