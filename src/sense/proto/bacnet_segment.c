/* BACnet, messages in segments: ASHRAE 135-2020, 5.2 and 5.4.
 *
 * The segments of a message come in order; after a loss the sender goes back to where it was, so
 * one that came already is passed over.  Two messages are never mixed: what is joined has the same
 * devices, invoke number, type and service, and answers the same request. */
#include "sense/proto/bacnet.h"

enum { MORE_FOLLOWS = 4 };
enum { NUMBERS_HALF = 128 };

static struct bacnet_whole whole_of(const struct bacnet_message *m, uint64_t request)
{
	const struct scene *s = m->talk.s;
	struct bacnet_whole w = {
		.request = request,
		.key = bacnet_key(m, m->type == BACNET_CONFIRMED),
		.type = m->type,
		.service = m->service,
		.open = true,
	};
	if (s->transport == 0) /* where one state serves all: a cooked capture's key lacks it */
		memcpy(w.mac, s->src_mac, sizeof w.mac);
	return w;
}

static bool same_whole(const struct bacnet_whole *a, const struct bacnet_whole *b)
{
	return a->open && b->open && a->request == b->request && a->key == b->key &&
		a->type == b->type && a->service == b->service &&
		memcmp(a->mac, b->mac, sizeof a->mac) == 0;
}

bool bacnet_join(struct bacnet_message *m, uint64_t request, struct cur *body)
{
	struct scene *s = m->talk.s;
	struct bacnet_state *state = s->state;
	if (!state)
		return false;
	struct bacnet_whole *w = &state->of[s->side & 1], at_hand = whole_of(m, request);
	bool same = same_whole(w, &at_hand);
	/* Number 0 begins a message, unless the one under way comes there again after 255. */
	bool begins = m->sequence == 0 && !(same && w->last >= NUMBERS_HALF);
	if (begins) {
		parts_drop(s);
		*w = at_hand;
	} else if (!same) {
		return false;
	}
	w->last = m->sequence;
	if (w->torn || (uint8_t)w->next != m->sequence)
		return false; /* sent again, or one was lost before it */
	if (s->cut || !parts_add(s, *body, BACNET_WHOLE_MAX)) {
		parts_drop(s);
		w->torn = true;
		return false;
	}
	w->next++;
	if (m->flags & MORE_FOLLOWS)
		return false;
	w->open = false;
	*body = parts_whole(s);
	return true;
}

void bacnet_parted(struct bacnet_message *m)
{
	parts_drop(m->talk.s);
}

/* Bytes of the other side go with its next message in segments: parts are the speaker's. */
void bacnet_no_more_segments(struct bacnet_message *m, bool asks)
{
	struct scene *s = m->talk.s;
	struct bacnet_state *state = s->state;
	uint32_t key = bacnet_key(m, asks);
	for (unsigned side = 0; state && side < 2; side++) {
		struct bacnet_whole *w = &state->of[side];
		if (!w->open || w->key != key)
			continue;
		w->open = false;
		if (side == s->side)
			parts_drop(s);
	}
}
