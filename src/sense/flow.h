/* Flows: transport conversations in progress, in a bounded table that forgets the ones longest
 * quiet.
 *
 * Side 0 is whoever sent the first packet seen; which side is the client is a question of its own.
 */
#ifndef SENSE_FLOW_H
#define SENSE_FLOW_H

#include <assert.h>

#include "base/pool.h"
#include "sense/packet.h"
#include "sense/proto.h"

struct tcp; /* stream.c */

/* One request that waits for its answer.  Their heads stand together, so that one is found by its
 * key with a look at little memory; the rest of each follows behind the last head, then
 * proto.ask_size bytes of the protocol's own. */
struct ask {
	uint32_t key;
	uint16_t turn;
	bool used;
};

struct ask_rest {
	uint64_t frame;
	int64_t at_ns;
	uint32_t called_by; /* host that asks everybody; 0: it asks one */
};

/* A protocol at work in a flow: the transport's own, and the one above it (S7comm over COTP). */
struct layer {
	const struct proto *proto;
	void *state;
	struct ask *asks;  /* proto->asks of them; NULL until the first */
	uint16_t ask_turn; /* of the next one: the difference to it is an ask's age */
	uint8_t number;    /* of the protocol, as in enum proto_number */
	uint8_t tries;     /* how often nobody said yes */
};

static inline size_t ask_rest_size(const struct proto *p)
{
	return (sizeof(struct ask_rest) + p->ask_size + 7) & ~(size_t)7;
}

static inline size_t asks_size(const struct proto *p)
{
	return p->asks * (sizeof(struct ask) + ask_rest_size(p));
}

static inline struct ask_rest *ask_rest(const struct layer *l, const struct ask *a)
{
	uint8_t *rests = (uint8_t *)(l->asks + l->proto->asks);
	return (struct ask_rest *)(void *)(rests + ask_rest_size(l->proto) * (size_t)(a - l->asks));
}

/* Values come in the order in which they came before: where the last one stands, and the next. */
struct point_way {
	uint32_t last, next;
};

enum { LAYERS = 2 };

/* What every packet touches stands first, in two cache lines of the four. */
struct flow {
	uint32_t free_link;
	uint16_t port[2];
	struct ip ip[2];
	uint8_t transport; /* IP protocol; 0 is one too */
	bool used;         /* not given back */
	int8_t client;     /* 0, 1, -1 not known */
	bool opened;       /* the SYN was seen */
	bool established;  /* both ends agreed, or it was under way when the capture began */
	bool answered;     /* side 1 said something too */
	bool mute;         /* nothing more is read from it */
	bool anew;         /* its protocol made way for another */
	bool closing;      /* RST, or FIN from both sides */
	uint8_t fin;       /* sides that sent FIN */
	uint8_t mixed;     /* sides that sent from several MACs: counted packet by packet */
	bool group;        /* side 0 speaks to many: multicast, broadcast, a subnet's broadcast */
	uint8_t mac[2][6];
	uint32_t hash; /* as much as the table keeps */
	bool beyond;   /* side !client only passes on what somebody behind it says */
	struct tcp *tcp;

	int64_t last_ns[2]; /* when each side spoke last */
	uint32_t packets[2];
	uint64_t bytes[2];
	const char *label; /* as the last fact was labelled */
	uint32_t host[2];
	uint32_t conversation;
	uint32_t operation; /* the last one, for the next of its kind */
	const char *conversation_label;
	struct point_way way;

	struct layer layer[LAYERS];
	uint32_t mac_number[2];
	int64_t first_ns[2];
	uint64_t first_frame;
};
static_assert(sizeof(struct flow) == 256, "a flow begins where a cache line does");

/* What the sweep wants to know of each flow, apart from it: it passes millions of them. */
enum flow_mark { FLOW_USED = 1, FLOW_RECENT = 2, FLOW_HEAVY = 4 };

struct flows {
	struct pool pool;
	struct table table;
	uint8_t *marks;   /* of each flow, by its number: a set of enum flow_mark */
	uint32_t hand;    /* where the sweep stands */
	uint64_t evicted; /* before their end */
};

int flows_init(struct flows *f, uint32_t max, struct err *e);
void flows_done(struct flows *f);

/* Hash of the packet's flow; the place in the table is on its way into the cache. */
uint64_t flows_hash(const struct flows *f, const struct packet *p);
/* Asks for the memory of the flow that flows_find will give, in two steps with time between; the
 * first is false where there will be none. */
bool flows_fetch(const struct flows *f, uint64_t hash);
void flows_fetch_more(const struct flows *f, uint64_t hash);
/* The packet's flow, and in *side who sent it; NULL when it is new. */
struct flow *flows_find(struct flows *f, uint64_t hash, const struct packet *p, unsigned *side);
/* A new flow, the packet's sender on side 0.  NULL when full: evict one with flows_oldest first. */
struct flow *flows_add(struct flows *f, uint64_t hash, const struct packet *p);
struct flow *flows_oldest(struct flows *f); /* second chance: quiet since the last sweep */
/* One that is quiet and keeps memory, of the next few the sweep passes; NULL: none of them. */
struct flow *flows_heavy(struct flows *f);
void flows_remove(struct flows *f, struct flow *flow);
struct flow *flows_at(struct flows *f, uint32_t number); /* NULL: not in use */

static inline uint32_t flows_number(const struct flows *f, const struct flow *flow)
{
	return (uint32_t)(flow - (const struct flow *)(const void *)f->pool.items);
}

/* It spoke (FLOW_RECENT), or keeps memory now (FLOW_HEAVY). */
static inline void flows_mark(struct flows *f, const struct flow *flow, enum flow_mark mark)
{
	f->marks[flows_number(f, flow)] |= (uint8_t)mark;
}

#endif
