/* Who of those that are remembered an asset of the plant is. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "site/inside.h"

/* An address moves from machine to machine, a MAC and a slot hardly ever. */
enum { WEIGHT_MAC = 4, WEIGHT_PLACE = 4, WEIGHT_IP = 1, CLAIMS = 16 };

static const int64_t part_ns = 600 * CLOCK_SECOND;

struct claims {
	struct claim {
		uint32_t asset;
		unsigned weight, firm; /* firm: what of it is no address */
	} list[CLAIMS];
	unsigned count;
};

static void claim(struct claims *c, uint32_t asset, unsigned weight)
{
	unsigned i = 0;
	while (i < c->count && c->list[i].asset != asset)
		i++;
	if (!asset || i == CLAIMS)
		return;
	if (i == c->count)
		c->list[c->count++] = (struct claim){ .asset = asset };
	c->list[i].weight += weight;
	c->list[i].firm += weight == WEIGHT_IP ? 0 : weight;
}

static void claim_all(
	const struct site *s, const struct plant *p, const struct asset *a, struct claims *c)
{
	for (uint32_t i = 0; i < a->macs.count; i++) {
		const struct anchor at = anchor_of_mac(p->macs[a->macs.first + i]);
		claim(c, anchor_find(s, &at), WEIGHT_MAC);
	}
	for (uint32_t i = 0; i < a->ips.count; i++) {
		const struct anchor at = anchor_of_ip(&p->ips[a->ips.first + i]);
		claim(c, anchor_find(s, &at), WEIGHT_IP);
	}
	uint32_t owner = a->place && a->part_of ? s->ids[a->part_of - 1] : 0;
	char place[SITE_TEXT];
	if (owner) {
		site_cut(place, sizeof place, a->place);
		const struct anchor at = anchor_of_place(owner, place);
		claim(c, anchor_find(s, &at), WEIGHT_PLACE);
	}
}

/* Who has an address alone in common with it, and both have MACs, is another machine. */
static bool can_be(const struct site *s, const struct asset *a, const struct claim *c)
{
	const struct site_asset *known = asset_at(s, c->asset);
	return known->look != s->look && (c->firm || !a->macs.count || !known->mac_count);
}

/* Of one that is here already: sensors that begin anew do not know yet that the two are one.  They
 * get some time for that; then it is somebody else. */
static uint32_t piece_of(struct site *s, const struct claims *c, int64_t now_ns)
{
	for (unsigned i = 0; i < c->count; i++) {
		struct site_asset *whole = asset_at(s, c->list[i].asset);
		if (!c->list[i].firm || whole->look != s->look)
			continue;
		whole->parted_look = s->look;
		if (!whole->parted_ns)
			whole->parted_ns = now_ns;
		if (now_ns - whole->parted_ns < part_ns)
			return c->list[i].asset;
	}
	return 0;
}

uint32_t match(
	struct site *s, const struct plant *p, const struct asset *a, int64_t now_ns, bool *piece)
{
	struct claims c = { .count = 0 };
	const struct claim *best = NULL;
	claim_all(s, p, a, &c);
	for (unsigned i = 0; i < c.count; i++) {
		const struct claim *other = &c.list[i];
		bool better = !best || other->weight > best->weight ||
			(other->weight == best->weight && other->asset < best->asset);
		if (better && can_be(s, a, other))
			best = other;
	}
	uint32_t id = best ? 0 : piece_of(s, &c, now_ns);
	*piece = id != 0;
	return best ? best->asset : id;
}

/* Who was there before, is not any more by itself, and all it is recognised by led here. */
static int merge_into(
	struct site *s, uint32_t id, const struct claims *c, int64_t now_ns, struct err *e)
{
	char into[16];
	snprintf(into, sizeof into, "a%u", id);
	for (unsigned i = 0; i < c->count; i++) {
		uint32_t other = c->list[i].asset;
		const struct site_asset *a = asset_at(s, other);
		unsigned led =
			a->mac_count * (unsigned)WEIGHT_MAC + a->ip_count * (unsigned)WEIGHT_IP;
		bool all = c->list[i].weight >= led;
		if (other == id || a->look == s->look || a->into || !all)
			continue;
		json_t *data = json_pack("{s:s, s:s}", "change", "merged", "into", into);
		int r = site_tell(s, "asset", other, data, now_ns, e);
		if (r < 0)
			return r;
	}
	return 0;
}

int match_merge(struct site *s, const struct plant *p, int64_t now_ns, struct err *e)
{
	int r = 0;
	for (size_t i = 0; r == 0 && i < p->asset_count; i++) {
		struct claims c = { .count = 0 };
		claim_all(s, p, &p->assets[i], &c);
		if (c.count > 1 && s->ids[i])
			r = merge_into(s, s->ids[i], &c, now_ns, e);
	}
	return r;
}
