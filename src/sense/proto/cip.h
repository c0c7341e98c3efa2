/* What the files of EtherNet/IP and CIP share.
 *
 * enip.c unwraps encapsulation and hands each CIP message to cip_message(); the other files read
 * parts of it: paths (cip_path.c), connection manager (cip_cm.c), attributes and identity
 * (cip_attr.c), Logix tags (logix.c), PCCC (pccc.c), the table of operations (cip_ops.c), names.
 *
 * Numbers without another source are those of "The CIP Networks Library": volume 1 for CIP,
 * volume 2 for EtherNet/IP.  Everything on the wire is little-endian. */
#ifndef SENSE_PROTO_CIP_H
#define SENSE_PROTO_CIP_H

#include "base/attr.h"
#include "sense/proto.h"

/* --- paths (volume 1, appendix C-1) ---------------------------------------------------------- */

enum path_has {
	HAS_CLASS = 1,
	HAS_INSTANCE = 2,
	HAS_ATTRIBUTE = 4,
	HAS_MEMBER = 8,
	HAS_POINT = 16,
	HAS_SYMBOL = 32,
	HAS_PORT = 64,
};

/* What a path says, the innermost object last: of two classes in a row the second one is meant. */
struct cip_path {
	uint32_t class, instance, attribute, member, point;
	uint8_t has;
	uint8_t hops;          /* port segments */
	uint8_t symbols;       /* symbolic segments */
	uint8_t members;       /* member segments since the last symbol */
	uint16_t port;         /* of the first hop */
	uint32_t link;         /* of the first hop, UINT32_MAX where it is no number */
	const uint8_t *symbol; /* the last one */
	uint8_t symbol_size;
};

/* Reads a padded path to its end; with `s`, adds its segments to the fact begun. */
bool path_read(struct scene *s, struct cur c, struct cip_path *p);
/* Tag name as people write it, "Program:Main.Tank[2].Level"; a last single index is left to
 * p->member.  In scratch of this message; NULL where the path has no symbol. */
const uint8_t *path_tag(struct scene *s, struct cur c, const struct cip_path *p, uint16_t *size);

/* --- what a conversation remembers --- */

enum {
	CONNECTIONS = 8,  /* explicit connections open at once in one TCP stream; more push out the
			     oldest */
	RING_SIZE = 2048, /* requests on their way, paths and first data bytes */
	NO_SLOT = 255,
};

struct connection {
	uint32_t to_target, to_originator;
	uint32_t originator_serial, class;
	uint16_t serial, sequence;
	uint8_t slot;   /* backplane slot it ends in; NO_SLOT: the device itself, or not known */
	bool elsewhere; /* ends behind a further network */
	bool used, answered, opened; /* to_originator known; Forward Open seen */
};

struct enip_state {
	struct connection connections[CONNECTIONS];
	uint32_t written; /* ring bytes ever used: tells an old ask that it was overwritten */
	uint16_t end;     /* where the next record goes */
	uint8_t next;     /* connection to be pushed out next */
	uint8_t ring[RING_SIZE];
};

/* What is kept with each request: where in the ring its records stand. */
struct cip_ask {
	uint32_t born; /* `written` at that time */
	uint16_t at, size;
	uint8_t slot;
	bool elsewhere;
};

/* One request as remembered: its path, and the first bytes of its data. */
struct record {
	uint8_t service;
	struct cur path, data;
};

struct connection *enip_connection_new(struct enip_state *st);

/* --- one message being read --- */

struct enip_head {
	uint16_t command, length, timeout, sequence;
	uint32_t session, status, options, connection;
	const uint8_t *context;
	bool datagram; /* class 1 I/O: no encapsulation header */
	bool has_timeout, has_connection, has_sequence;
	bool told; /* the first fact of the message carries it, the others do not repeat it */
};

struct talk {
	struct scene *s;
	struct enip_state *state;
	struct enip_head *head;
	struct connection *connection; /* connected messages, where known */
	struct cip_ask *ask;           /* request: being filled */
	struct cur records;            /* response: what is left of the request's records */
	uint32_t key;                  /* response: of the request, where `paired` */
	bool paired;
	uint8_t slot; /* where the request goes or the response comes from */
	bool elsewhere;
	uint8_t depth;
};

enum { DEPTH_MAX = 3 }; /* unconnected send, multiple service packet, service */

/* A CIP request or response, with everything inside it. */
enum parsed cip_message(struct talk *t, struct cur c);
void record_open(struct talk *t); /* before the request is read: room for its records */
void cip_begin(struct talk *t, const struct msg *m); /* fact_begin, and the encapsulation once */
void enip_head_tell(struct scene *s, struct enip_head *h);
/* Identity of whoever answers: the sender, or the module in its rack that it forwards for. */
void cip_who(struct talk *t, enum identity_key key, const void *text, size_t size);

/* --- operations --- */

struct cip_op {
	uint16_t class; /* ANY_CLASS: whatever the object; TAG: a symbolic path */
	struct msg request, response;
};
enum { ANY_CLASS = 0xffff, TAG = 0xfffe };

const struct cip_op *cip_op(uint8_t service, const struct cip_path *p);
extern const size_t cip_op_rows; /* of single classes: each is found, so they stand in order */

/* --- bodies: each reads the service data and adds it to the fact begun --- */

bool cm_request(struct talk *t, uint8_t service, struct cur *c);
bool cm_response(struct talk *t, uint8_t service, uint8_t status, struct cur *c);
enum parsed cm_unconnected_send(struct talk *t, struct cur c);
void route_of(const struct cip_path *p, uint8_t *slot, bool *elsewhere);

bool attribute_request(struct talk *t, uint8_t service, const struct cip_path *p, struct cur *c);
bool attribute_response(struct talk *t, uint8_t service, const struct cip_path *p, struct cur *c);
void identity_tell(struct talk *t, uint16_t vendor, uint16_t type, uint8_t major, uint8_t minor,
	uint32_t serial, const uint8_t *name, size_t name_size);

bool logix_request(struct talk *t, const struct msg *m, const struct cip_path *p, struct cur path,
	struct cur *c);
bool logix_response(struct talk *t, const struct msg *m, const struct record *r, struct cur *c);
void logix_point_name(const struct point_at *at, char name[POINT_NAME]);

/* PCCC picks its own operation: these begin the fact themselves. */
const struct msg *pccc_op(struct cur c, enum dir dir, const struct record *r);
bool pccc_request(struct talk *t, struct cur *c);
bool pccc_response(struct talk *t, const struct record *r, struct cur *c);
void pccc_point_name(const struct point_at *at, char name[POINT_NAME]);

enum point_space { SPACE_TAG, SPACE_ELEMENT, SPACE_PCCC };

/* --- names --- */

const char *cip_vendor_name(uint16_t id);      /* NULL: none we know */
const char *cip_device_type_name(uint16_t id); /* NULL too */
enum asset_type cip_device_type_is(uint16_t id);
const char *cip_status_name(uint8_t status);      /* never NULL */
const char *cip_extended_name(uint16_t extended); /* connection manager; NULL: none we know */

#endif
