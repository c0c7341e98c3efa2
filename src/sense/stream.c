/* TCP reassembly (RFC 9293, 3.4 and 3.10): segments in, whole messages out.
 *
 * Bytes are read where they lie in the packet as long as messages end with segments; only the start
 * of an unfinished message and segments from beyond a hole are copied.  A hole is given up when the
 * receiver has acknowledged what the capture lost, or when too much waits behind it. */
#include "sense/choose.h"
#include "sense/engine.h"

#include <string.h>

/* What may wait behind a hole, per direction: a receive window is rarely larger in a plant. */
enum { WAITING_BYTES_MAX = 256 * 1024, WAITING_COUNT_MAX = 128 };

/* A segment this far ahead belongs to another connection or to a sender that lies. */
enum { AHEAD_MAX = 16 * 1024 * 1024 };

/* Segments nobody recognises, per direction, before the conversation is left alone. */
enum { TRIES_MAX = 6 };

/* Messages in a row that made no sense, before an identified stream is left alone. */
enum { LOST_MAX = 16 };

struct segment {
	struct segment *next;
	uint64_t frame;
	int64_t at_ns;
	uint32_t seq, size;
	uint8_t bytes[];
};

struct half {
	bool started;   /* `next` is known */
	bool fed;       /* by bytes, not only by the handshake */
	bool undecided; /* what is pending was kept because somebody asked for more of it */
	bool whole;     /* no byte was lost: what is asked about is the stream's beginning */
	bool foreign;   /* the beginning is known, and nobody's */
	uint8_t tries, lost;
	uint32_t next; /* sequence number expected */
	uint64_t skip; /* bytes to pass over */
	uint8_t *pending;
	uint32_t pending_size, pending_room;
	struct segment *waiting; /* by sequence number */
	uint32_t waiting_bytes, waiting_count;
};

struct tcp {
	struct half half[2];
};

static void pending_drop(struct sense *s, struct half *h)
{
	budget_free(&s->memory, h->pending, h->pending_room);
	h->pending = NULL;
	h->pending_size = h->pending_room = 0;
}

static void waiting_drop(struct sense *s, struct half *h)
{
	while (h->waiting) {
		struct segment *w = h->waiting;
		h->waiting = w->next;
		budget_free(&s->memory, w, sizeof *w + w->size);
	}
	h->waiting_bytes = h->waiting_count = 0;
}

void stream_release(struct sense *s, struct flow *f)
{
	if (!f->tcp)
		return;
	for (unsigned side = 0; side < 2; side++) {
		pending_drop(s, &f->tcp->half[side]);
		waiting_drop(s, &f->tcp->half[side]);
	}
	budget_free(&s->memory, f->tcp, sizeof *f->tcp);
	f->tcp = NULL;
}

/* Nothing more of this conversation is read. */
static void mute(struct sense *s, struct flow *f)
{
	f->mute = true;
	stream_release(s, f);
}

/* The message that stops at a hole is no fact any more.  Returns how much of it is still to come,
 * as far as it said how long it is: behind that the next one begins. */
static uint64_t cut_message(struct sense *s, struct flow *f, struct half *h)
{
	const struct layer *l = &f->layer[0];
	if (!h->pending_size)
		return 0;
	if (!l->proto) {
		s->counters.undecoded_packets++;
		return 0;
	}
	s->counters.cut_messages++;
	s->scene.state = l->state;
	long whole = l->proto->frame(cur_of(h->pending, h->pending_size), &s->scene);
	return whole > (long)h->pending_size ? (uint64_t)whole - h->pending_size : 0;
}

/* Bytes are missing here: what was half read is lost, reading starts again behind the hole, or
 * behind the message it lies in.  Size 0: nobody knows how long it is. */
static void hole(struct sense *s, struct flow *f, unsigned side, uint64_t size)
{
	struct half *h = &f->tcp->half[side];
	s->counters.gaps++;
	s->counters.gap_bytes += size;
	if (h->skip >= size && h->skip > 0) { /* the hole lies within bytes nobody wanted */
		h->skip -= size;
		return;
	}
	uint8_t speaker = s->scene.side;
	s->scene.side = (uint8_t)side;
	uint64_t rest = cut_message(s, f, h);
	h->skip = size && rest > size ? rest - size : 0;
	h->lost = 0;
	h->whole = h->foreign = false;
	pending_drop(s, h);
	for (unsigned i = 0; i < LAYERS; i++) {
		struct layer *l = &f->layer[i];
		if (!l->proto)
			continue;
		s->stats[l->number].gaps++;
		parts_forget(s, l, side);
		if (l->proto->gap) {
			s->scene.state = l->state;
			l->proto->gap(&s->scene);
		}
	}
	s->scene.side = speaker;
}

/* Whose is this stream?  True when somebody took it.  Beyond a beginning that is nobody's (`later`)
 * a segment may start in the middle of a message: only who is expected there is asked. */
static bool identify(struct sense *s, struct flow *f, bool later, struct cur c, bool *more)
{
	*more = false;
	int first = cur_peek(&c, 0);
	if (first < 0)
		return false;
	c = cur_upto(&c, PROBE_MAX);
	for (const uint8_t *n = choose(OVER_TCP, (uint8_t)first); *n < PROTO_COUNT; n++) {
		const struct proto *p = protocols[*n];
		if (later && !p->follows)
			continue;
		enum probe answer = p->probe(c, &s->scene);
		if (answer == PROBE_YES)
			return dispatch_attach(s, f, &f->layer[0], p);
		*more |= answer == PROBE_MORE;
	}
	return false;
}

/* Reads the messages at the start of c; moves c behind them.  False: leave this stream alone. */
static bool read_messages(struct sense *s, struct flow *f, unsigned side, struct cur *c)
{
	struct half *h = &f->tcp->half[side];
	struct layer *l = &f->layer[0];
	while (c->left && !f->mute && !f->anew) {
		if (h->skip) {
			size_t n = h->skip < c->left ? (size_t)h->skip : c->left;
			cur_skip(c, n);
			h->skip -= n;
			continue;
		}
		s->scene.state = l->state;
		long size = l->proto->frame(*c, &s->scene);
		if (size == FRAME_MORE && c->left < MESSAGE_MAX)
			return true;
		if (size <= 0) {
			/* Out of step: what follows in this segment cannot be trusted. */
			s->counters.lost_sync++;
			c->left = 0;
			return ++h->lost < LOST_MAX;
		}
		size_t whole = (size_t)size, part = whole;
		if (whole > c->left) {
			if (c->left < MESSAGE_MAX)
				return true;
			part = c->left;
		}
		h->lost = 0;
		bool cut = part < whole || part > MESSAGE_MAX;
		if (part > MESSAGE_MAX)
			part = MESSAGE_MAX;
		s->counters.cut_messages += cut;
		s->scene.cut = cut;
		h->skip = whole - part;
		dispatch_parse(s, l, cur_sub(c, part));
		s->scene.cut = false;
	}
	return true;
}

/* Who begins so wants a proxy to let him through: SOCKS 5 (RFC 1928, 3: version, so many methods),
 * and 4, whose request ends with a user's or a host's name. */
static bool is_socks(struct cur c)
{
	int version = cur_peek(&c, 0), second = cur_peek(&c, 1);
	size_t greeting = 2 + (size_t)second;
	if (version == 5)
		return second > 0 &&
			(c.left == greeting || (c.left > greeting && cur_peek(&c, greeting) == 5));
	return version == 4 && (second == 1 || second == 2) && c.left >= 9 &&
		cur_peek(&c, c.left - 1) == 0;
}

/* What nobody knows may be words to a proxy: then nothing that follows is its own. */
static void see_proxy(struct flow *f, unsigned side, struct cur c)
{
	if (f->client == (int8_t)!side || !is_socks(c))
		return;
	f->client = (int8_t)side;
	f->beyond = true;
}

static bool pending_add(struct sense *s, struct half *h, const uint8_t *bytes, size_t size)
{
	if (size > h->pending_room - h->pending_size) {
		uint32_t room = h->pending_room ? h->pending_room * 2 : 512;
		while (room - h->pending_size < size)
			room *= 2;
		uint8_t *grown = budget_grow(&s->memory, h->pending, h->pending_room, room);
		if (!grown)
			return false;
		h->pending = grown;
		h->pending_room = room;
	}
	memcpy(h->pending + h->pending_size, bytes, size);
	h->pending_size += (uint32_t)size;
	return true;
}

/* The next bytes of one direction, in order. */
static void deliver(
	struct sense *s, struct flow *f, unsigned side, const uint8_t *bytes, size_t size)
{
	struct half *h = &f->tcp->half[side];
	struct cur fresh = cur_of(bytes, size), c = fresh;
	if (h->pending_size) {
		if (!pending_add(s, h, bytes, size)) {
			hole(s, f, side, size);
			return;
		}
		c = cur_of(h->pending, h->pending_size);
	}
	if (!f->layer[0].proto) {
		bool more, again = false;
		bool known = identify(s, f, h->foreign, c, &more);
		if (!known && !more && h->pending_size && identify(s, f, h->whole, fresh, &again)) {
			/* Another protocol went before this one: a proxy asked for a way. */
			see_proxy(f, side, cur_of(h->pending, h->pending_size - size));
			pending_drop(s, h);
			s->counters.undecoded_packets++;
			c = fresh;
			known = true;
		}
		if (!known) {
			if (more && c.left < PROBE_MAX) {
				h->undecided = true;
				if (!h->pending_size && !pending_add(s, h, c.at, c.left))
					mute(s, f);
				return;
			}
			if (!h->tries)
				see_proxy(f, side, c);
			pending_drop(s, h);
			s->counters.undecoded_packets++;
			h->tries++;
			h->foreign = h->whole;
			/* Both sides had their chance, or the one that speaks had twice as many. */
			unsigned other = f->tcp->half[!side].tries;
			if (h->tries + other >= TRIES_MAX)
				mute(s, f);
			return;
		}
	} else if (h->undecided && h->pending_size) {
		/* The other side settled whose stream this is; what waited here may be older. */
		s->scene.state = f->layer[0].state;
		if (f->layer[0].proto->frame(c, &s->scene) == FRAME_LOST &&
			f->layer[0].proto->frame(fresh, &s->scene) != FRAME_LOST) {
			pending_drop(s, h);
			s->counters.undecoded_packets++;
			c = fresh;
		}
	}
	h->undecided = false;
	bool go_on = read_messages(s, f, side, &c);
	if (!go_on || f->mute) {
		mute(s, f);
		return;
	}
	if (f->anew) {
		f->anew = false;
		s->counters.undecoded_packets += c.left > 0;
		dispatch_release(s, f);
		for (unsigned i = 0; i < 2; i++) {
			pending_drop(s, &f->tcp->half[i]);
			f->tcp->half[i].skip = f->tcp->half[i].tries = 0;
			f->tcp->half[i].foreign = false;
		}
		return;
	}
	/* What is left is the start of a message: keep it, at the front of the buffer. */
	if (h->pending_size) {
		memmove(h->pending, h->pending + (h->pending_size - c.left), c.left);
		h->pending_size = (uint32_t)c.left;
		if (!c.left)
			pending_drop(s, h);
	} else if (c.left && !pending_add(s, h, c.at, c.left)) {
		hole(s, f, side, c.left);
	}
}

/* A segment that waited is read in the name of the packet that brought it: the packet at hand may
 * be the other side's.  Returns what to give back to scene_back. */
static struct scene scene_of(
	struct sense *s, const struct flow *f, unsigned side, const struct segment *w)
{
	struct scene *c = &s->scene;
	struct scene before = *c;
	c->frame = w->frame;
	c->at_ns = w->at_ns;
	if (c->side != side) {
		c->side = (uint8_t)side;
		c->src = f->ip[side];
		c->dst = f->ip[!side];
		c->src_port = f->port[side];
		c->dst_port = f->port[!side];
		memcpy(c->src_mac, f->mac[side], 6);
		memcpy(c->dst_mac, f->mac[!side], 6);
	}
	return before;
}

static void scene_back(struct sense *s, const struct scene *before)
{
	int8_t client = s->scene.client; /* may have been learned meanwhile */
	s->scene = *before;
	s->scene.client = client;
}

/* Segments that waited and are next, or overlap what came in between. */
static void deliver_waiting(struct sense *s, struct flow *f, unsigned side)
{
	while (f->tcp && f->tcp->half[side].waiting) {
		struct half *h = &f->tcp->half[side];
		struct segment *w = h->waiting;
		int32_t ahead = (int32_t)(w->seq - h->next);
		if (ahead > 0)
			return;
		h->waiting = w->next;
		h->waiting_bytes -= w->size;
		h->waiting_count--;
		uint32_t known = (uint32_t)-ahead;
		if (known < w->size) {
			h->next = w->seq + w->size;
			struct scene before = scene_of(s, f, side, w);
			deliver(s, f, side, w->bytes + known, w->size - known);
			scene_back(s, &before);
		}
		budget_free(&s->memory, w, sizeof *w + w->size);
	}
}

/* Gives up on the hole before the first segment that waits. */
static void pass_hole(struct sense *s, struct flow *f, unsigned side)
{
	struct half *h = &f->tcp->half[side];
	hole(s, f, side, h->waiting->seq - h->next);
	h->next = h->waiting->seq;
	deliver_waiting(s, f, side);
}

/* False: no memory to wait in. */
static bool wait_for(
	struct sense *s, struct half *h, uint32_t seq, const uint8_t *bytes, size_t size)
{
	struct segment **at = &h->waiting;
	while (*at && (int32_t)((*at)->seq - seq) < 0)
		at = &(*at)->next;
	if (*at && (*at)->seq == seq && (*at)->size >= size)
		return true; /* the same again */
	struct segment *w = budget_room(&s->memory, sizeof *w + size);
	if (!w)
		return false; /* counted by the budget */
	w->next = *at;
	w->frame = s->scene.frame;
	w->at_ns = s->scene.at_ns;
	w->seq = seq;
	w->size = (uint32_t)size;
	memcpy(w->bytes, bytes, size);
	*at = w;
	h->waiting_bytes += w->size;
	h->waiting_count++;
	s->counters.out_of_order++;
	return true;
}

/* Gives up on every hole before a segment, and on the one it stands behind. */
static void pass_holes(struct sense *s, struct flow *f, unsigned side, uint32_t seq)
{
	struct half *h = &f->tcp->half[side];
	while (h->waiting && (int32_t)(h->waiting->seq - seq) <= 0) {
		pass_hole(s, f, side);
		if (!f->tcp)
			return;
	}
	if ((int32_t)(seq - h->next) > 0) {
		hole(s, f, side, seq - h->next);
		h->next = seq;
	}
}

/* A segment whose place has come, though the front of it may be known: its bytes, then what the
 * capture did not keep of it, then what waited for it. */
static void take_in_order(struct sense *s, struct flow *f, unsigned side, uint32_t seq,
	struct cur c, uint32_t missing)
{
	struct half *h = &f->tcp->half[side];
	uint32_t known = h->next - seq, size = (uint32_t)c.left;
	if (known < size) {
		h->next = seq + size;
		deliver(s, f, side, c.at + known, size - known);
		known = size;
	} else if (known >= size + missing) {
		s->counters.retransmissions++;
	}
	if (f->tcp && known < size + missing) {
		hole(s, f, side, size + missing - known);
		h->next = seq + size + missing;
	}
	deliver_waiting(s, f, side);
}

bool stream_fed(const struct flow *f)
{
	return f->tcp && (f->tcp->half[0].fed || f->tcp->half[1].fed);
}

void stream_segment(struct sense *s, struct flow *f, unsigned side, const struct packet *p)
{
	const uint8_t *bytes = p->payload.at;
	size_t size = p->payload.left;
	/* The answer to a SYN says where both directions begin; a SYN alone is not worth memory. */
	bool agreed = (p->flags & (TCP_SYN | TCP_ACK)) == (TCP_SYN | TCP_ACK);
	if (f->mute || (!size && !p->missing && !f->tcp && !agreed))
		return;
	if (!f->tcp) {
		f->tcp = budget_alloc(&s->memory, sizeof *f->tcp);
		if (!f->tcp) {
			f->mute = true;
			return;
		}
		flows_mark(&s->flows, f, FLOW_HEAVY);
	}
	struct half *h = &f->tcp->half[side];
	uint32_t seq = p->seq + (p->flags & TCP_SYN ? 1 : 0);
	if (agreed && !stream_fed(f)) {
		struct half *opener = &f->tcp->half[!side];
		h->started = opener->started = true;
		h->whole = opener->whole = true;
		h->next = seq;
		opener->next = p->ack;
	}
	if (size || p->missing) {
		/* Bytes from before the beginning: the handshake was another connection's (one
		 * byte alone is a keep-alive). */
		if (!h->fed && size > 1 && (int32_t)(seq - h->next) < 0)
			h->started = h->whole = false;
		h->fed = true;
		if (!h->started) {
			h->started = true;
			/* One byte, in the middle of a connection: a keep-alive, whose byte belongs
			 * to what was sent before (RFC 9293, 3.8.4). */
			bool probe = size == 1 && !f->opened && !p->missing;
			h->next = probe ? seq + 1 : seq;
		}
		int32_t ahead = (int32_t)(seq - h->next);
		if (ahead > AHEAD_MAX || ahead < -AHEAD_MAX) {
			waiting_drop(s, h);
			h->skip = 0; /* nobody knows how far this jump goes */
			hole(s, f, side, 0);
			h->next = seq;
			ahead = 0;
		}
		if (ahead > 0 && !wait_for(s, h, seq, bytes, size)) {
			pass_holes(s, f, side, seq);
			ahead = 0;
		}
		if (f->tcp && ahead <= 0)
			take_in_order(s, f, side, seq, p->payload, p->missing);
		else if (f->tcp &&
			(h->waiting_bytes > WAITING_BYTES_MAX ||
				h->waiting_count > WAITING_COUNT_MAX))
			pass_hole(s, f, side);
	}
	/* The receiver has what the capture has not: nobody will send it again. */
	if (f->tcp && p->flags & TCP_ACK) {
		struct half *other = &f->tcp->half[!side];
		if (other->waiting && (int32_t)(p->ack - other->waiting->seq) >= 0 &&
			(int32_t)(p->ack - other->next) > 0)
			pass_hole(s, f, !side);
	}
}

void stream_skip(struct flow *f, unsigned side, uint64_t n)
{
	f->tcp->half[side].skip += n;
}

void stream_end(struct sense *s, struct flow *f)
{
	if (!f->tcp)
		return;
	for (unsigned side = 0; side < 2; side++) {
		while (f->tcp && f->tcp->half[side].waiting)
			pass_hole(s, f, side);
	}
	stream_release(s, f);
}
