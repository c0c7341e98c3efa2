/* One protocol against hostile bytes: PROTO is its name, one program for each in the list.
 *
 * An input is a conversation: a byte that chooses the carrier among those the protocol has, then
 * pieces of two bytes (top bit: who speaks; the rest: length) and so many bytes.  They travel
 * through the whole sensor, as frames, so that probing, reassembly and pairing take part.
 *
 * Beyond not crashing: a probe says no to first bytes that its row leaves out; and a stream that
 * is read from its first byte on without losing step gives the same facts however it is cut into
 * segments after the first.  (Whose a stream is may be told from where its first segment ends, and
 * a stream out of step is taken up again where a segment begins: there the cuts are meant to
 * matter.) */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "packets.h"
#include "sense/choose.h"
#include "sense/proto.h"
#include "sense/sense.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

#define JOIN2(a, b) a##b
#define JOIN(a, b)  JOIN2(a, b)
static const struct proto *const proto = &JOIN(proto_, PROTO);

enum carrier { BY_TCP, BY_UDP, BY_ETHER };
enum { SEGMENT_MAX = 1400, HEADERS = 64, PIECES_MAX = 64, MEMORY = 8 << 20 };

struct talk {
	struct sense *sense;
	enum carrier carrier;
	uint32_t sequence[2]; /* of each side's next byte */
	uint64_t frames;
	uint64_t digest, facts;
	bool in_step;
	bool spoke[2]; /* a side's first segment is sent */
	bool aloud;    /* facts are printed: for the story of a finding */
};

/* --- what came out --- */

static void digest(struct talk *t, const void *bytes, size_t size)
{
	const uint8_t *p = bytes;
	for (size_t i = 0; i < size; i++) /* FNV-1a */
		t->digest = (t->digest ^ p[i]) * 0x100000001b3u;
}

/* All of a fact but frame and time, which depend on how the stream is cut. */
static void on_fact(void *self, const struct fact *f)
{
	struct talk *t = self;
	t->facts++;
	assert(f->msg && f->msg->name);
	if (t->aloud)
		fprintf(stderr, "  frame %llu: %s %s %s, %zu values\n",
			(unsigned long long)f->frame, f->protocol, f->msg->name, dir_name(f->dir),
			f->value_count);
	digest(t, f->protocol, strlen(f->protocol));
	digest(t, f->msg->name, strlen(f->msg->name));
	const uint8_t flags[] = { f->dir, f->failed, f->violation, f->more_values };
	digest(t, flags, sizeof flags);
	for (size_t i = 0; i < f->value_count; i++) {
		const struct value *v = &f->values[i];
		digest(t, v->field->name, strlen(v->field->name));
		if (v->type >= VALUE_TEXT)
			digest(t, v->bytes, v->size);
		else
			digest(t, &v->u, sizeof v->u);
	}
}

/* --- frames --- */

static void put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v & 0xffff);
}

static void send_frame(struct talk *t, const uint8_t *frame, size_t size)
{
	struct sense_frame f = {
		.bytes = frame,
		.size = (uint32_t)size,
		.wire_size = (uint32_t)size,
		.linktype = LINK_ETHERNET,
		.at_ns = 1700000000000000000 + (int64_t)t->frames * 1000000,
		.number = ++t->frames,
	};
	packets_send(t->sense, &f, 1);
}

static size_t put_ether(uint8_t *p, unsigned side, unsigned type)
{
	static const uint8_t macs[2][6] = { { 2, 0, 0, 0, 0, 1 }, { 2, 0, 0, 0, 0, 2 } };
	memcpy(p, macs[!side], 6);
	memcpy(p + 6, macs[side], 6);
	put16(p + 12, type);
	return 14;
}

static size_t put_ip4(uint8_t *p, unsigned side, uint8_t protocol, size_t size)
{
	const uint8_t head[20] = { 0x45, [8] = 64, [9] = protocol, [12] = 10,
		[15] = (uint8_t)(1 + side), [16] = 10, [19] = (uint8_t)(2 - side) };
	memcpy(p, head, sizeof head);
	put16(p + 2, (unsigned)(20 + size));
	return sizeof head;
}

/* Ports that suggest nothing: content decides. */
static void put_ports(uint8_t *p, unsigned side)
{
	put16(p, side ? 20001 : 40001);
	put16(p + 2, side ? 40001 : 20001);
}

static void send_tcp(
	struct talk *t, unsigned side, uint8_t flags, const uint8_t *bytes, size_t size)
{
	uint8_t frame[HEADERS + SEGMENT_MAX] = { 0 };
	size_t at = put_ether(frame, side, 0x0800);
	at += put_ip4(frame + at, side, 6, 20 + size);
	put_ports(frame + at, side);
	put32(frame + at + 4, t->sequence[side]);
	put32(frame + at + 8, flags == 2 ? 0 : t->sequence[!side]);
	frame[at + 12] = 5 << 4;
	frame[at + 13] = flags;
	put16(frame + at + 14, 65535);
	at += 20;
	memcpy(frame + at, bytes, size);
	send_frame(t, frame, at + size);
	t->sequence[side] += (uint32_t)size + (flags & 2 ? 1 : 0);
}

static void send_udp(struct talk *t, unsigned side, const uint8_t *bytes, size_t size)
{
	uint8_t frame[HEADERS + SEGMENT_MAX] = { 0 };
	size = size > SEGMENT_MAX ? SEGMENT_MAX : size;
	size_t at = put_ether(frame, side, 0x0800);
	at += put_ip4(frame + at, side, 17, 8 + size);
	put_ports(frame + at, side);
	put16(frame + at + 4, (unsigned)(8 + size));
	at += 8;
	memcpy(frame + at, bytes, size);
	send_frame(t, frame, at + size);
}

static void send_ether(struct talk *t, unsigned side, const uint8_t *bytes, size_t size)
{
	uint8_t frame[HEADERS + SEGMENT_MAX] = { 0 };
	size = size > SEGMENT_MAX ? SEGMENT_MAX : size;
	size_t at = put_ether(frame, side, proto->ethertypes[0]);
	if (proto->snap_oui) { /* LLC with SNAP: IEEE 802 9.2.4 */
		put16(frame + 12, (unsigned)(8 + size));
		const uint8_t snap[] = { 0xaa, 0xaa, 3, (uint8_t)(proto->snap_oui >> 16),
			(uint8_t)(proto->snap_oui >> 8), (uint8_t)proto->snap_oui };
		memcpy(frame + at, snap, sizeof snap);
		put16(frame + at + 6, proto->ethertypes[0]);
		at += 8;
	} else if (proto->ethertypes[0] <= 0xff) { /* a service point: LLC, IEEE 802.2 */
		put16(frame + 12, (unsigned)(3 + size));
		frame[at] = frame[at + 1] = (uint8_t)proto->ethertypes[0];
		frame[at + 2] = 3;
		at += 3;
	}
	memcpy(frame + at, bytes, size);
	send_frame(t, frame, at + size);
}

/* --- a conversation --- */

static enum carrier carrier_of(uint8_t choice)
{
	enum carrier all[3];
	size_t count = 0;
	if (proto->over & (OVER_TCP | OVER_COTP))
		all[count++] = BY_TCP;
	if (proto->over & OVER_UDP)
		all[count++] = BY_UDP;
	if (proto->over & OVER_ETHER)
		all[count++] = BY_ETHER;
	assert(count > 0);
	return all[choice % count];
}

static void send_piece(struct talk *t, unsigned side, const uint8_t *bytes, size_t size, size_t cut)
{
	if (t->carrier == BY_UDP) {
		send_udp(t, side, bytes, size);
		return;
	}
	if (t->carrier == BY_ETHER) {
		send_ether(t, side, bytes, size);
		return;
	}
	while (size) {
		size_t most = t->spoke[side] ? cut : SEGMENT_MAX;
		size_t n = size < most ? size : most;
		t->spoke[side] = true;
		send_tcp(t, side, 0x18, bytes, n);
		bytes += n;
		size -= n;
	}
}

/* Nothing was passed over: each byte belonged to a message of a known protocol. */
static bool in_step(const struct plant *p)
{
	uint64_t passed = 0;
	for (size_t i = 0; i < p->counter_count; i++)
		if (!strcmp(p->counters[i].name, "streams_out_of_step") ||
			!strcmp(p->counters[i].name, "undecoded"))
			passed += p->counters[i].n;
	return passed == 0;
}

/* Plays the input with segments of at most `cut` bytes. */
static struct talk play(const uint8_t *bytes, size_t size, size_t cut, bool facts_only, bool aloud)
{
	struct talk t = {
		.carrier = carrier_of(bytes[0]), .digest = 0xcbf29ce484222325u, .aloud = aloud
	};
	struct err e = { 0 };
	struct sense_config config = {
		.memory = MEMORY, .facts_only = facts_only, .on_fact = on_fact, .self = &t
	};
	t.sense = sense_new(&config, &e);
	assert(t.sense);
	if (t.carrier == BY_TCP) {
		send_tcp(&t, 0, 0x02, bytes, 0);
		send_tcp(&t, 1, 0x12, bytes, 0);
		send_tcp(&t, 0, 0x10, bytes, 0);
	}
	struct cur c = cur_of(bytes + 1, size - 1);
	for (int i = 0; i < PIECES_MAX && c.left > 2; i++) {
		uint16_t head = cur_be16(&c);
		size_t length = head & 0x7fff;
		length = length < c.left ? length : c.left;
		send_piece(&t, head >> 15, cur_take(&c, length), length, cut);
	}
	sense_end(t.sense);
	if (!facts_only) {
		struct plant plant;
		if (sense_plant(t.sense, &plant, &e) == 0) {
			t.in_step = in_step(&plant);
			for (size_t i = 0; i < plant.finding_count; i++)
				assert(plant.findings[i].text && plant.findings[i].row);
		}
	}
	sense_free(t.sense);
	return t;
}

/* What the row says of first bytes is what the probe says: nothing is kept from it that is its. */
static void assert_begins(const uint8_t *bytes, size_t size)
{
	const struct scene scene = { .stream = carrier_of(bytes[0]) == BY_TCP, .client = -1 };
	if (proto->probe(cur_of(bytes + 1, size - 1), &scene) != PROBE_NO)
		assert(choose_allows(proto, bytes[1]));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	if (size < 4)
		return 0;
	assert_begins(bytes, size);
	struct talk whole = play(bytes, size, SEGMENT_MAX, false, false);
	if (whole.carrier != BY_TCP || !whole.in_step)
		return 0;
	size_t cut = 1 + (bytes[0] >> 2) % 13;
	struct talk cuts = play(bytes, size, cut, true, false);
	if (whole.facts != cuts.facts || whole.digest != cuts.digest) {
		fprintf(stderr, "ERROR: other segments, other facts (%s); whole:\n", proto->name);
		play(bytes, size, SEGMENT_MAX, true, true);
		fprintf(stderr, "in segments of %zu:\n", cut);
		play(bytes, size, cut, true, true);
		abort();
	}
	return 0;
}
