#include "sense/flow.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

/* How far one look for memory goes: it is done before every new flow while memory is short. */
enum { HEAVY_STEPS = 128 };

static uint64_t end_hash(const struct ip *a, uint16_t port)
{
	uint64_t high, low;
	memcpy(&high, a->b, 8);
	memcpy(&low, a->b + 8, 8);
	return hash_mix(high ^ (uint64_t)port << 48 ^ port, low + port);
}

/* Both directions give the same hash, so one look finds the flow. */
uint64_t flows_hash(const struct flows *f, const struct packet *p)
{
	uint64_t both = end_hash(&p->src, p->src_port) + end_hash(&p->dst, p->dst_port);
	uint64_t hash = hash_mix(both, p->transport);
	table_fetch(&f->table, hash);
	return hash;
}

int flows_init(struct flows *f, uint32_t max, struct err *e)
{
	*f = (struct flows){ .hand = 1 };
	if (pool_init(&f->pool, sizeof(struct flow), max, e) || table_init(&f->table, max, e))
		return err_in(e, "flow table");
	f->marks = calloc(f->pool.max, 1);
	return f->marks ? 0 : err_sys(e, "flow table");
}

void flows_done(struct flows *f)
{
	pool_done(&f->pool);
	table_done(&f->table);
	free(f->marks);
	f->marks = NULL;
}

/* The first with this hash: nearly always the one. */
static struct flow *likely(const struct flows *f, uint64_t hash)
{
	uint32_t at = table_first(&f->table, hash), n = table_next(&f->table, hash, &at);
	return n ? pool_at(&f->pool, n) : NULL;
}

bool flows_fetch(const struct flows *f, uint64_t hash)
{
	const uint8_t *flow = (const uint8_t *)likely(f, hash);
	for (unsigned line = 0; flow && line < 3; line++)
		__builtin_prefetch(flow + line * 64);
	return flow;
}

void flows_fetch_more(const struct flows *f, uint64_t hash)
{
	const struct flow *flow = likely(f, hash);
	if (!flow || !flow->tcp)
		return;
	__builtin_prefetch(flow->tcp); /* a side each */
	__builtin_prefetch((const uint8_t *)flow->tcp + 64);
}

static bool is_end(const struct flow *flow, unsigned side, const struct ip *a, uint16_t port)
{
	return flow->port[side] == port && memcmp(&flow->ip[side], a, sizeof *a) == 0;
}

struct flow *flows_find(struct flows *f, uint64_t hash, const struct packet *p, unsigned *side)
{
	for (uint32_t at = table_first(&f->table, hash), n;
		(n = table_next(&f->table, hash, &at));) {
		struct flow *flow = pool_at(&f->pool, n);
		if (flow->transport != p->transport)
			continue;
		for (unsigned s = 0; s < 2; s++) {
			if (is_end(flow, s, &p->src, p->src_port) &&
				is_end(flow, !s, &p->dst, p->dst_port)) {
				*side = s;
				return flow;
			}
		}
	}
	return NULL;
}

struct flow *flows_add(struct flows *f, uint64_t hash, const struct packet *p)
{
	uint32_t n = pool_new(&f->pool);
	if (!n)
		return NULL;
	struct flow *flow = pool_at(&f->pool, n);
	*flow = (struct flow){
		.hash = (uint32_t)hash,
		.ip = { p->src, p->dst },
		.port = { p->src_port, p->dst_port },
		.transport = p->transport,
		.used = true,
		.client = -1,
		.first_frame = p->frame,
	};
	table_add(&f->table, flow->hash, n);
	f->marks[n] = FLOW_USED;
	return flow;
}

struct flow *flows_at(struct flows *f, uint32_t number)
{
	struct flow *flow = pool_at(&f->pool, number);
	return flow->used ? flow : NULL;
}

static uint32_t next_hand(struct flows *f)
{
	if (f->hand >= f->pool.used)
		f->hand = 1;
	return f->hand++;
}

struct flow *flows_oldest(struct flows *f)
{
	if (!f->pool.live)
		return NULL;
	for (;;) {
		uint32_t n = next_hand(f);
		if ((f->marks[n] & (FLOW_USED | FLOW_RECENT)) == FLOW_USED)
			return pool_at(&f->pool, n);
		f->marks[n] &= (uint8_t)~FLOW_RECENT;
	}
}

struct flow *flows_heavy(struct flows *f)
{
	for (unsigned step = 0; step < HEAVY_STEPS && f->pool.live; step++) {
		uint32_t n = next_hand(f);
		if ((f->marks[n] & (FLOW_HEAVY | FLOW_RECENT)) != FLOW_HEAVY) {
			f->marks[n] &= (uint8_t)~FLOW_RECENT;
			continue;
		}
		struct flow *flow = pool_at(&f->pool, n);
		if (flow->tcp || flow->layer[0].proto)
			return flow;
		f->marks[n] &= (uint8_t)~FLOW_HEAVY; /* it gave all back */
	}
	return NULL;
}

void flows_remove(struct flows *f, struct flow *flow)
{
	uint32_t n = flows_number(f, flow);
	table_remove(&f->table, flow->hash, n);
	flow->used = false;
	f->marks[n] = 0;
	pool_free(&f->pool, n);
}
