/* The inside of the sensor: what scene, stream, dispatch and inventory share.  Private to the room.
 */
#ifndef SENSE_ENGINE_H
#define SENSE_ENGINE_H

#include "base/budget.h"
#include "sense/detect.h"
#include "sense/flow.h"
#include "sense/fragment.h"
#include "sense/inventory.h"
#include "sense/sense.h"

enum { CARRY_MAX = 8, SCRATCH_SIZE = 64 * 1024 };

/* One tried protocol: its row and how it fared. */
struct proto_stats {
	uint64_t messages, malformed, gaps;
};

/* Every protocol's number in stats: its place in the list. */
#define X(name) PROTO_##name,
enum proto_number { PROTOCOL_LIST(X) PROTO_COUNT };
#undef X

struct sense_counters {
	uint64_t lost;              /* frames, where they are captured */
	uint64_t undecoded_packets; /* payload of conversations nobody recognised */
	uint64_t retransmissions, out_of_order, gaps, gap_bytes;
	uint64_t cut_messages, lost_sync;
	uint64_t malformed, violations;
	uint64_t flows, unanswered;
	uint64_t fact_values_dropped, scratch_refused;
};

/* What the inventory has already of a flow that is under way: sense_count(). */
struct counted {
	uint32_t packets[2]; /* of each side, as the flow has them */
	uint64_t bytes[2];
	uint64_t all_packets, all_bytes; /* of both */
	uint32_t conversation;           /* that has some of them; 0 none */
	uint64_t packets_there, bytes_there;
};

struct sense {
	struct sense_config config;
	struct packet_counters packets;
	struct sense_counters counters;
	struct proto_stats stats[PROTO_COUNT];
	struct flows flows;
	struct counted *counted; /* by flow number; NULL where all is counted at their end */
	struct fragments fragments;
	struct budget memory; /* stream buffers, protocol states, fragments */
	struct inventory inventory;
	struct detections *detections;
	const uint64_t *elsewhere; /* SENSE_COUNTERS of other processes, which count too; or NULL */
	uint64_t packet_count, byte_count;
	int64_t first_ns, last_ns;

	/* the message at hand */
	struct scene scene;
	const struct packet *packet;
	struct flow *flow;   /* NULL for a link message */
	struct layer *layer; /* the protocol that speaks */
	const struct proto *proto;
	struct layer shared[PROTO_COUNT]; /* what rows with `shared` keep, and all on Ethernet */
	struct fact fact;
	struct asset_place places[2]; /* fact_place: of the receiver, of the sender */
	bool placed[2];
	bool fact_open;
	const char *label;
	uint64_t ask_frame;
	int64_t ask_ns;
	uint32_t called_by; /* host that asked everybody what the message at hand answers; 0 none */
	size_t carried;
	struct value values[FACT_VALUES_MAX];
	uint8_t scratch[SCRATCH_SIZE];
	size_t scratch_used;
	uint32_t src_mac;           /* of a link message */
	uint32_t link_conversation; /* the one it belongs to */
	struct point_way link_way;  /* of values in link messages */

	/* plant.c */
	const struct sense_zone *zones;
	size_t zone_count;
	const struct vendors *vendors;
	struct plant_room *plant;
};

extern const struct proto *const protocols[PROTO_COUNT];
enum proto_number proto_number(const struct proto *p);

enum { COUNTER_LOST, SENSE_COUNTERS = 39 };
void sense_counters(const struct sense *s, struct counter out[SENSE_COUNTERS]);

/* --- stream.c: TCP segments in, messages out --- */
void stream_segment(struct sense *s, struct flow *f, unsigned side, const struct packet *p);
bool stream_fed(const struct flow *f);                /* bytes came, not only a handshake */
void stream_end(struct sense *s, struct flow *f);     /* hands out what waits, frees everything */
void stream_release(struct sense *s, struct flow *f); /* without reading */

void stream_skip(struct flow *f, unsigned side, uint64_t n);

/* --- parts.c --- */
void parts_forget(struct sense *s, struct layer *l, unsigned side);
void kept_forget(struct sense *s, struct layer *l);
void kept_forget_ask(struct sense *s, struct layer *l, const struct ask *a);

/* --- dispatch.c: a message to its dissector --- */
void dispatch_scene(struct sense *s, struct flow *f, unsigned side, const struct packet *p);
bool dispatch_attach(struct sense *s, struct flow *f, struct layer *l, const struct proto *p);
enum parsed dispatch_parse(struct sense *s, struct layer *l, struct cur c);
void dispatch_datagram(struct sense *s, struct flow *f, unsigned side, const struct packet *p);
void dispatch_link(struct sense *s, const struct packet *p);
void dispatch_release(struct sense *s, struct flow *f);
void dispatch_done(struct sense *s);

/* --- guess.c --- */
/* What usually lives at a port, or NULL: for labels that are said to be a guess. */
const char *guess_port(uint8_t transport, uint16_t port);
const char *guess_transport(uint8_t transport);

/* --- account.c: packets and facts to the inventory --- */
void account_packet(struct sense *s, struct flow *f, unsigned side, const struct packet *p);
void account_link(struct sense *s, const struct packet *p);
void account_link_end(struct sense *s);             /* its facts were told */
void account_flow(struct sense *s, struct flow *f); /* so far; with s->counted */
void account_flow_end(struct sense *s, struct flow *f);
void account_fact(struct sense *s);
uint32_t account_sender(struct sense *s); /* host number of the message's sender; 0 none */
uint32_t account_receiver(struct sense *s);
uint32_t account_server(struct sense *s);
uint32_t account_conversation(struct sense *s, struct flow *f);

#endif
