/* The way of a frame: take it apart, find its conversation, hand its bytes on, keep the books. */
#include "sense/sense.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/hash.h"
#include "crypt/digest.h"
#include "sense/choose.h"
#include "sense/engine.h"
#include "sense/plant.h"

/* Values of the largest messages that are usual: a birth of two thousand metrics. */
enum { BURST_VALUES = 8192 };

/* Shares of the memory, per thousand; the rest is the inventory's. */
enum { FLOWS_SHARE = 290, BUFFERS_SHARE = 180, DETECT_SHARE = 50 };

enum { MEMORY_DEFAULT = 41 * 1024 * 1024, MEMORY_LEAST = 4 * 1024 * 1024 };

struct sense *sense_new(const struct sense_config *config, struct err *e)
{
	struct sense *s = calloc(1, sizeof *s);
	if (!s) {
		err_set(e, ENOMEM, "no memory for the sensor");
		return NULL;
	}
	s->config = *config;
	s->scene.sense = s;
	digest_start(); /* while files may still be opened */
	choose_start();
	if (config->random)
		hash_seed(config->random);
	size_t memory = config->memory ? config->memory : MEMORY_DEFAULT;
	if (memory < MEMORY_LEAST)
		memory = MEMORY_LEAST;
	size_t flows = memory / 1000 * FLOWS_SHARE;
	s->memory.max = memory / 1000 * BUFFERS_SHARE;
	size_t detect = memory / 1000 * DETECT_SHARE;
	size_t inventory = memory - flows - s->memory.max - detect;
	/* A flow costs its item and its slots in the index. */
	uint32_t flow_max = (uint32_t)(flows / (sizeof(struct flow) + 2 * sizeof(uint64_t)));
	if (flows_init(&s->flows, flow_max, e) || inventory_init(&s->inventory, inventory, e) ||
		!(s->detections = detections_new(detect, e))) {
		sense_free(s);
		return NULL;
	}
	pages_touch(s->values, BURST_VALUES * sizeof *s->values);
	return s;
}

void sense_free(struct sense *s)
{
	if (!s)
		return;
	for (uint32_t n = 1; s->flows.pool.items && n < s->flows.pool.used; n++) {
		struct flow *f = flows_at(&s->flows, n);
		if (!f)
			continue;
		stream_release(s, f);
		dispatch_release(s, f);
	}
	dispatch_done(s);
	fragments_done(&s->fragments, &s->memory);
	flows_done(&s->flows);
	inventory_done(&s->inventory);
	detections_free(s->detections);
	free(s->counted);
	plant_free(s->plant);
	free(s);
}

void sense_zones(struct sense *s, const struct sense_zone *zones, size_t count)
{
	s->zones = zones;
	s->zone_count = count;
}

void sense_vendors(struct sense *s, const struct vendors *v)
{
	s->vendors = v;
}

static void end_flow(struct sense *s, struct flow *f)
{
	/* What waited behind a hole is read now, in the name of the packets that brought it. */
	s->flow = f;
	s->scene.side = 0;
	s->scene.src = f->ip[0];
	s->scene.dst = f->ip[1];
	s->scene.src_port = f->port[0];
	s->scene.dst_port = f->port[1];
	memcpy(s->scene.src_mac, f->mac[0], 6);
	memcpy(s->scene.dst_mac, f->mac[1], 6);
	s->scene.transport = f->transport;
	s->scene.client = f->client;
	s->scene.stream = f->transport == TRANSPORT_TCP;
	stream_end(s, f);
	if (!s->config.facts_only)
		account_flow_end(s, f);
	dispatch_release(s, f);
	flows_remove(&s->flows, f);
	s->flow = NULL;
}

static void evict(struct sense *s, struct flow *f)
{
	s->flows.evicted += !f->closing;
	end_flow(s, f);
}

/* The last eighth of the memory is for the conversations under way: what others keep that are long
 * over, or long quiet, is not worth that a new one cannot be read. */
static void make_room(struct sense *s)
{
	struct flow *f = flows_heavy(&s->flows);
	if (f)
		evict(s, f);
}

static bool has_no_address(const struct ip *a)
{
	static const uint8_t none[4];
	return ip_is_zero(a) || (ip_is_4(a) && memcmp(a->b + 12, none, sizeof none) == 0);
}

/* To everybody in its subnet (RFC 919): all bits behind the prefix are set, the last two at the
 * least, and so is every bit of the MAC. */
static bool is_broadcast(const struct packet *p)
{
	static const uint8_t all[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	return ip_is_4(&p->dst) && !ip_is_multicast(&p->dst) && (p->dst.b[15] & 3) == 3 &&
		p->has_mac && memcmp(p->dst_mac, all, sizeof all) == 0;
}

/* Some relays repeat what everybody should hear with this address as its sender. */
static void note_broadcast(struct sense *s, const struct ip *a)
{
	uint32_t n = inventory_host(&s->inventory, a);
	if (n)
		host_at(&s->inventory, n)->broadcast = true;
}

static struct flow *new_flow(struct sense *s, uint64_t hash, const struct packet *p)
{
	if (s->memory.used > s->memory.max - s->memory.max / 8)
		make_room(s);
	struct flow *f = flows_add(&s->flows, hash, p);
	if (!f) {
		evict(s, flows_oldest(&s->flows));
		f = flows_add(&s->flows, hash, p);
	}
	s->counters.flows++;
	f->established = p->kind != PACKET_TCP || !(p->flags & TCP_SYN);
	if (!s->config.facts_only) {
		/* A host without an address yet (0.0.0.0, ::) is known by its MAC alone. */
		if (!has_no_address(&p->src) && !ip_is_multicast(&p->src))
			f->host[0] = inventory_host(&s->inventory, &p->src);
		/* A subnet's broadcast address looks like a host's; the MAC it is sent to does not.
		 */
		f->group = ip_is_multicast(&p->dst) || (p->has_mac && p->dst_mac[0] & 1);
		if (!has_no_address(&p->dst) && !f->group)
			f->host[1] = inventory_host(&s->inventory, &p->dst);
		else if (is_broadcast(p))
			note_broadcast(s, &p->dst);
	}
	return f;
}

/* The handshake tells who opened it (RFC 9293, 3.5). */
static void see_handshake(struct flow *f, unsigned side, const struct packet *p)
{
	if ((p->flags & (TCP_SYN | TCP_FIN | TCP_RST)) == TCP_SYN) {
		bool answer = p->flags & TCP_ACK;
		f->opened = true;
		f->client = (int8_t)(answer ? !side : side);
		f->established |= answer;
	} else if (p->payload.left) {
		f->established = true;
	}
	if (p->flags & TCP_FIN)
		f->fin |= (uint8_t)(1 << side);
	if (p->flags & TCP_RST || f->fin == 3)
		f->closing = true;
}

/* A new connection on the ports of an old one. */
static bool starts_again(const struct flow *f, const struct packet *p)
{
	bool syn = p->kind == PACKET_TCP && (p->flags & (TCP_SYN | TCP_ACK)) == TCP_SYN;
	return syn && (f->closing || stream_fed(f) || f->mute);
}

static void converse(struct sense *s, const struct packet *p, uint64_t hash)
{
	unsigned side = 0;
	struct flow *f = flows_find(&s->flows, hash, p, &side);
	bool new = !f;
	if (f && RARELY(starts_again(f, p))) {
		end_flow(s, f);
		side = 0;
		new = true;
	}
	if (new)
		f = new_flow(s, hash, p);
	account_packet(s, f, side, p);
	if (p->kind == PACKET_TCP)
		see_handshake(f, side, p);
	dispatch_scene(s, f, side, p);
	if (!s->config.facts_only) {
		bool speaks = p->kind != PACKET_TCP || p->payload.left;
		if (new)
			detections_flow(s, EVENT_FLOW);
		else if (side && speaks && !f->answered)
			detections_flow(s, EVENT_ANSWER);
		f->answered |= side && speaks;
		bool accepts = p->kind == PACKET_TCP && p->flags & TCP_SYN && p->flags & TCP_ACK;
		if (RARELY(accepts) && side)
			detections_flow(s, EVENT_ACCEPT);
	}
	if (p->kind == PACKET_TCP)
		stream_segment(s, f, side, p);
	else if (p->kind == PACKET_UDP)
		dispatch_datagram(s, f, side, p);
	else if ((p->transport == TRANSPORT_ICMP || p->transport == TRANSPORT_ICMP6) &&
		!s->config.facts_only)
		detections_echo(s, p);
	s->flow = NULL;
}

/* The hash of the packet's flow; its place in the table comes while the checksum is made. */
static uint64_t prepare(struct sense *s, struct packet *p)
{
	if (p->kind == PACKET_IP)
		p->src_port = p->dst_port = 0;
	uint64_t hash = flows_hash(&s->flows, p);
	packet_check(p, &s->packets);
	return hash;
}

static void see(struct sense *s, struct packet *p, uint64_t hash)
{
	/* Once more for what a mirror carries; deeper is a trick. */
	for (unsigned depth = 0; RARELY(p->kind == PACKET_FRAGMENT) && depth < 2; depth++) {
		struct cur whole;
		bool all = fragments_add(&s->fragments, &s->memory, p, &whole);
		if (RARELY(s->fragments.differs))
			detections_fragment(s, p);
		if (all)
			packet_transport(p, whole, &s->packets);
		else
			p->kind = PACKET_IP; /* counted as its sender's, read with the last one */
		hash = prepare(s, p);
	}
	switch (p->kind) {
	case PACKET_LINK:
		s->flow = NULL;
		dispatch_scene(s, NULL, 0, p);
		if (!s->config.facts_only)
			account_link(s, p);
		dispatch_link(s, p);
		break;
	case PACKET_TCP:
	case PACKET_UDP:
	case PACKET_IP:
		converse(s, p, hash);
		break;
	case PACKET_FRAGMENT: /* within fragments within fragments */
		s->fragments.dropped++;
		break;
	case PACKET_UNKNOWN:
		break;
	}
}

/* Somebody converses for the first time: it takes finding out who. */
static void fetch_parties(const struct inventory *v, const struct packet *p)
{
	inventory_fetch_host(v, &p->src);
	inventory_fetch_host(v, &p->dst);
	inventory_fetch_mac(v, p->src_mac);
}

void sense_frames(struct sense *s, const struct sense_frame *frames, size_t count)
{
	struct packet packets[SENSE_FRAMES];
	uint64_t hashes[SENSE_FRAMES];
	assert(count <= SENSE_FRAMES);
	for (size_t i = 0; i < count; i++) {
		/* Nothing was captured before 1970, and no difference of two times may overflow. */
		struct sense_frame frame = frames[i];
		if (frame.at_ns < 0)
			frame.at_ns = 0;
		s->packet_count++;
		s->byte_count += frame.size;
		clock_widen(&s->first_ns, &s->last_ns, frame.at_ns, frame.at_ns);
		struct packet *p = &packets[i];
		packet_read(p, &frame, &s->packets);
		hashes[i] = prepare(s, p);
	}
	for (size_t i = 0; i < count; i++)
		if (!flows_fetch(&s->flows, hashes[i]))
			fetch_parties(&s->inventory, &packets[i]);
	for (size_t i = 0; i < count; i++)
		flows_fetch_more(&s->flows, hashes[i]);
	for (size_t i = 0; i < count; i++)
		see(s, &packets[i], hashes[i]);
}

void sense_lost(struct sense *s, uint64_t frames)
{
	s->counters.lost = frames;
}

int sense_count(struct sense *s, struct err *e)
{
	if (!s->counted)
		s->counted = calloc(s->flows.pool.max, sizeof *s->counted);
	if (!s->counted)
		return err_sys(e, "count what is under way");
	for (uint32_t n = 1; n < s->flows.pool.used; n++) {
		struct flow *f = flows_at(&s->flows, n);
		if (f)
			account_flow(s, f);
	}
	return 0;
}

void sense_end(struct sense *s)
{
	fragments_end(&s->fragments);
	for (uint32_t n = 1; n < s->flows.pool.used; n++) {
		struct flow *f = flows_at(&s->flows, n);
		if (f)
			end_flow(s, f);
	}
	flows_done(&s->flows); /* their memory is the plant's now */
}

int sense_plant(struct sense *s, struct plant *out, struct err *e)
{
	return plant_build(s, out, e);
}
