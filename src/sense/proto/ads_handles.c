/* ADS: what numbers stand for that a device gave: handles of symbols, notifications and files; and
 * the types of symbols, by their names.
 *
 * Entries lie one behind the other in memory that grows, each with its name behind it, in chains by
 * what they are looked for. */
#include "base/hash.h"
#include "sense/proto/ads.h"

enum {
	ENTRIES_MAX = 256 * 1024, /* bytes: 4,000 symbols with names of usual length */
	CHAINS = 1024,
	NAME_MAX = 255, /* no symbol of TwinCAT 2 has a longer one, and few of TwinCAT 3 */
};

struct entry {
	uint32_t handle, group, offset, size;
	uint32_t next; /* older one of the same chain: its offset and one; 0: none */
	uint16_t port, name_size;
	uint8_t kind, type;
	uint8_t net[6];
};

static size_t size_of(const struct entry *e)
{
	return sizeof *e + ((e->name_size + 3U) & ~3U); /* the next one is aligned */
}

static struct entry *entry_at(const struct ads_state *state, unsigned side, size_t offset)
{
	return (struct entry *)(void *)&state->given[side].bytes[offset];
}

static const uint8_t *name_of(const struct entry *e)
{
	return (const uint8_t *)(e + 1);
}

static uint32_t *chain_of(const struct ads_state *state, unsigned side, const struct entry *e)
{
	uint64_t what = (uint64_t)e->handle << 32 | (uint32_t)e->port << 16 | e->kind;
	uint64_t net = 0;
	memcpy(&net, e->net, sizeof e->net);
	uint32_t *heads = (uint32_t *)(void *)state->heads[side].bytes;
	return &heads[hash_mix(what, net) % CHAINS];
}

/* Types have no number of their own. */
static uint32_t number_of(enum ads_kind kind, uint32_t handle, const struct ads_place *place)
{
	if (kind < ADS_TYPE)
		return handle;
	return (uint32_t)(place->name ? hash_bytes(place->name, place->name_size)
				      : hash_mix(place->group, place->offset));
}

static struct entry entry_for(enum ads_kind kind, uint32_t handle, const struct ads_place *place)
{
	struct entry e = { .handle = number_of(kind, handle, place),
		.group = place->group,
		.offset = place->offset,
		.size = place->size,
		.port = place->port,
		.name_size = place->name_size,
		.kind = (uint8_t)kind,
		.type = place->type };
	memcpy(e.net, place->net, sizeof e.net);
	return e;
}

static bool is_like(const struct entry *e, const struct entry *like, const struct ads_place *place)
{
	if (e->handle != like->handle || e->port != like->port || e->kind != like->kind ||
		memcmp(e->net, like->net, sizeof e->net) != 0)
		return false;
	if (like->kind < ADS_TYPE)
		return true;
	if (e->name_size != like->name_size)
		return false;
	return e->name_size ? memcmp(name_of(e), place->name, e->name_size) == 0
			    : e->group == like->group && e->offset == like->offset;
}

/* Where the chain leads to the entry of this kind and number; NULL: there is none. */
static uint32_t *link_to(const struct ads_state *state, unsigned side, const struct entry *like,
	const struct ads_place *place)
{
	if (!state->heads[side].size)
		return NULL;
	uint32_t *link = chain_of(state, side, like);
	while (*link) {
		struct entry *e = entry_at(state, side, *link - 1);
		if (is_like(e, like, place))
			return link;
		link = &e->next;
	}
	return NULL;
}

static void forget(struct ads_state *state, unsigned side, uint32_t *link)
{
	if (!link)
		return;
	struct entry *e = entry_at(state, side, *link - 1);
	*link = e->next;
	e->kind = UINT8_MAX; /* tidy() clears it away */
	state->unused[side] += (uint32_t)size_of(e);
}

/* Closes ranks: what was given back makes room.  Where little was, everything begins anew, and what
 * is in use stays without a name until somebody asks for it again. */
static void tidy(struct ads_state *state, unsigned side)
{
	struct parts *given = &state->given[side];
	size_t to = 0;
	if (state->unused[side] < ENTRIES_MAX / 4)
		kept_cut(given, 0);
	memset(state->heads[side].bytes, 0, state->heads[side].size);
	for (size_t from = 0; from < given->size;) {
		struct entry *e = entry_at(state, side, from);
		size_t size = size_of(e);
		from += size;
		if (e->kind == UINT8_MAX)
			continue;
		e = memmove(&given->bytes[to], e, size);
		uint32_t *chain = chain_of(state, side, e);
		e->next = *chain;
		*chain = (uint32_t)to + 1;
		to += size;
	}
	kept_cut(given, to);
	state->unused[side] = 0;
}

static bool has_chains(struct scene *s, struct parts *heads)
{
	static const uint32_t none[CHAINS];
	return heads->size || kept_add(s, heads, none, sizeof none, sizeof none);
}

/* The sender gave this number.  Guesses take no more than their part of the room. */
void ads_keep(struct scene *s, enum ads_kind kind, uint32_t handle, const struct ads_place *place)
{
	struct ads_state *state = s->state;
	unsigned side = s->side;
	struct parts *given = &state->given[side];
	struct entry e = entry_for(kind, handle, place);
	forget(state, side, link_to(state, side, &e, place));
	bool crowded = kind == ADS_GUESS && given->size > ENTRIES_MAX / 2;
	if (crowded || place->name_size > NAME_MAX || !has_chains(s, &state->heads[side]))
		return;
	state->given_back |= kind == ADS_FILE; /* files are closed sooner or later */
	uint8_t name[NAME_MAX + 1] = { 0 };    /* it may stand in the memory that grows now */
	if (place->name_size)
		memcpy(name, place->name, place->name_size);
	if (given->size + size_of(&e) > ENTRIES_MAX)
		tidy(state, side);
	uint32_t *chain = chain_of(state, side, &e);
	size_t at = given->size;
	e.next = *chain;
	if (kept_add(s, given, &e, sizeof e, ENTRIES_MAX) &&
		kept_add(s, given, name, size_of(&e) - sizeof e, ENTRIES_MAX))
		*chain = (uint32_t)at + 1;
	else
		kept_cut(given, at);
}

bool ads_find(
	struct scene *s, bool server, enum ads_kind kind, uint32_t handle, struct ads_place *place)
{
	struct ads_state *state = s->state;
	unsigned side = server ? s->side : !s->side;
	struct entry like = entry_for(kind, handle, place);
	const uint32_t *link = link_to(state, side, &like, place);
	if (!link)
		return false;
	const struct entry *e = entry_at(state, side, *link - 1);
	place->group = e->group;
	place->offset = e->offset;
	place->size = e->size;
	place->type = e->type;
	place->name = e->name_size ? name_of(e) : NULL;
	place->name_size = e->name_size;
	return true;
}

/* Confirmed by the sender, who gave it: it may mean something else from now on. */
void ads_forget(struct scene *s, enum ads_kind kind, uint32_t handle, const struct ads_place *place)
{
	struct ads_state *state = s->state;
	struct entry like = entry_for(kind, handle, place);
	forget(state, s->side, link_to(state, s->side, &like, place));
	state->given_back = true;
}

void ads_forget_all(struct scene *s)
{
	struct ads_state *state = s->state;
	for (unsigned side = 0; side < 2; side++) {
		kept_drop(s, &state->given[side]);
		kept_drop(s, &state->heads[side]);
		state->unused[side] = 0;
	}
}
