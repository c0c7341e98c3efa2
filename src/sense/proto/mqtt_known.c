/* MQTT: what one side declared once and refers to from then on: topics by their alias (MQTT 5.0,
 * 3.3.2.3.4), metrics of a Sparkplug birth by theirs.
 *
 * It is kept for each side, entry behind entry: a head, a key, an index and a body.  So it costs
 * nothing where nobody declares anything, is bounded, and goes with the first hole in the stream,
 * where a declaration may have been lost. */
#include "base/attr.h"
#include "sense/proto/mqtt.h"

/* A device of a hundred metrics takes about 5 KiB; a host application hears of a hundred such. */
enum { KNOWN_MAX = 512 * 1024, ENTRIES_MAX = 512, HEAD = 12 };

struct entry {
	uint32_t kind, key_size, index_size, body_size;
	size_t size; /* all of it */
	struct cur key;
	struct mqtt_known is;
};

static bool read_entry(struct cur *c, struct entry *e)
{
	size_t before = c->left;
	e->kind = cur_le16(c);
	e->key_size = cur_le16(c);
	e->index_size = cur_le32(c);
	e->body_size = cur_le32(c);
	e->key = cur_sub(c, e->key_size);
	e->is.index = cur_sub(c, e->index_size);
	e->is.body = cur_sub(c, e->body_size);
	e->size = before - c->left;
	return cur_ok(c);
}

static bool begins_with(const struct cur *key, const struct cur *prefix)
{
	return key->left >= prefix->left && memcmp(key->at, prefix->at, prefix->left) == 0;
}

static struct cur all_of(const struct parts *known)
{
	return known->size ? cur_of(known->bytes, known->size) : cur_none();
}

bool mqtt_known(const struct mqtt_state *state, unsigned side, enum mqtt_kind kind, struct cur key,
	struct mqtt_known *found)
{
	struct cur all = all_of(&state->known[side & 1]);
	struct entry e;
	while (all.left && read_entry(&all, &e))
		if (e.kind == kind && e.key_size == key.left && begins_with(&e.key, &key)) {
			*found = e.is;
			return true;
		}
	return false;
}

static void take_out(struct parts *known, size_t at, size_t size)
{
	uint8_t *place = &known->bytes[at];
	memmove(place, &place[size], known->size - at - size);
	kept_cut(known, known->size - size);
}

/* Takes out what matches; gives how many entries stay. */
static unsigned take_out_all(struct parts *known, enum mqtt_kind kind, struct cur key, bool whole)
{
	unsigned stays = 0;
	size_t at = 0;
	struct entry e;
	for (struct cur all = all_of(known); all.left && read_entry(&all, &e);) {
		if (e.kind == kind && begins_with(&e.key, &key) &&
			(!whole || e.key_size == key.left)) {
			take_out(known, at, e.size);
			all = all_of(known);
			cur_skip(&all, at);
		} else {
			at += e.size;
			stays++;
		}
	}
	return stays;
}

/* What was declared first goes first. */
static void make_room(struct parts *known, unsigned count, size_t size)
{
	struct cur all = all_of(known);
	struct entry e;
	size_t goes = 0;
	while (count >= ENTRIES_MAX || known->size - goes + size > KNOWN_MAX) {
		if (!read_entry(&all, &e))
			break;
		goes += e.size;
		count--;
	}
	if (goes)
		take_out(known, 0, goes);
}

/* Bytes that are zero. */
static bool add_room(struct scene *s, struct parts *known, size_t size)
{
	static const uint8_t nothing[1024];
	for (size_t n; size; size -= n) {
		n = size < sizeof nothing ? size : sizeof nothing;
		if (!kept_add(s, known, nothing, n, KNOWN_MAX))
			return false;
	}
	return true;
}

void mqtt_put_le(uint8_t *at, unsigned bytes, uint64_t v)
{
	for (unsigned i = 0; i < bytes; i++, v >>= 8)
		at[i] = (uint8_t)v;
}

bool mqtt_know(struct scene *s, enum mqtt_kind kind, struct cur key, size_t index_size,
	size_t body_size, struct mqtt_room *room)
{
	struct mqtt_state *state = s->state;
	struct parts *known = &state->known[s->side & 1];
	size_t size = HEAD + key.left + index_size + body_size;
	unsigned count = take_out_all(known, kind, key, true);
	if (key.left > UINT16_MAX || size > KNOWN_MAX)
		return false;
	make_room(known, count, size);
	uint8_t head[HEAD];
	mqtt_put_le(head, 2, kind);
	mqtt_put_le(head + 2, 2, key.left);
	mqtt_put_le(head + 4, 4, index_size);
	mqtt_put_le(head + 8, 4, body_size);
	size_t before = known->size;
	if (!kept_add(s, known, head, HEAD, KNOWN_MAX) ||
		!kept_add(s, known, key.at, key.left, KNOWN_MAX) ||
		!add_room(s, known, index_size + body_size)) {
		kept_cut(known, before); /* half an entry is none */
		return false;
	}
	room->index = &known->bytes[before + HEAD + key.left];
	room->body = &room->index[index_size];
	return true;
}

void mqtt_forget(struct parts *known, enum mqtt_kind kind, struct cur key, bool below)
{
	take_out_all(known, kind, key, !below);
}
