/* What is other than it was remembered, asset by asset. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "site/inside.h"

/* How soon more is said of the same asset: who somebody is trickles in for some seconds, and two
 * protocols that contradict one another must not fill the ledger. */
static const int64_t young_ns = 2 * CLOCK_SECOND, learn_ns = 10 * CLOCK_SECOND,
		     change_ns = 60 * CLOCK_SECOND;
static const int64_t day_ns = 86400 * CLOCK_SECOND;

enum { DEPTH = 4 /* racks within networks within gateways */ };

/* What is seen of an asset now, as texts. */
struct seen {
	char text[SITE_FIELDS][SITE_TEXT];
};

static void put(struct seen *n, enum site_field f, const char *text)
{
	if (text)
		site_cut(n->text[f], SITE_TEXT, text);
}

static void read_asset(const struct asset *a, struct seen *n)
{
	*n = (struct seen){ .text = { { 0 } } };
	put(n, SITE_NAME, a->name);
	put(n, SITE_VENDOR, a->vendor);
	put(n, SITE_MODEL, a->model);
	put(n, SITE_FIRMWARE, a->firmware);
	put(n, SITE_SERIAL, a->serial);
	put(n, SITE_ZONE, a->zone);
	put(n, SITE_PLACE, a->place);
	if (a->type)
		put(n, SITE_TYPE, asset_types[a->type].name);
	if (a->level != LEVEL_UNKNOWN && a->level % 10)
		snprintf(n->text[SITE_LEVEL], SITE_TEXT, "%u.%u", a->level / 10u, a->level % 10u);
	else if (a->level != LEVEL_UNKNOWN)
		snprintf(n->text[SITE_LEVEL], SITE_TEXT, "%u", a->level / 10u);
}

/* MACs and addresses that are not known to be its own; NULL: none. */
static json_t *new_macs(
	const struct site *s, const struct plant *p, const struct asset *a, uint32_t id)
{
	unsigned room = SITE_MACS - (id ? asset_at(s, id)->mac_count : 0);
	json_t *list = NULL;
	for (uint32_t i = 0; i < a->macs.count && room; i++) {
		char text[MAC_TEXT];
		const uint8_t *mac = p->macs[a->macs.first + i];
		const struct anchor at = anchor_of_mac(mac);
		if (id && anchor_find(s, &at) == id)
			continue;
		list = list ? list : json_array();
		json_array_append_new(list, json_string(mac_text(mac, text)));
		room--;
	}
	return list;
}

static json_t *new_ips(
	const struct site *s, const struct plant *p, const struct asset *a, uint32_t id)
{
	unsigned room = SITE_IPS - (id ? asset_at(s, id)->ip_count : 0);
	json_t *list = NULL;
	for (uint32_t i = 0; i < a->ips.count && room; i++) {
		char text[IP_TEXT];
		const struct ip *ip = &p->ips[a->ips.first + i];
		const struct anchor at = anchor_of_ip(ip);
		if (id && anchor_find(s, &at) == id)
			continue;
		list = list ? list : json_array();
		json_array_append_new(list, json_string(ip_text(ip, text)));
		room--;
	}
	return list;
}

static json_t *fields_of(const struct seen *n)
{
	json_t *is = json_object();
	for (unsigned f = 0; f < SITE_FIELDS; f++)
		if (n->text[f][0])
			json_object_set_new(is, site_field_names[f], json_string(n->text[f]));
	return is;
}

static json_t *part_of(const struct site *s, const struct asset *a)
{
	char text[16];
	uint32_t owner = a->part_of ? s->ids[a->part_of - 1] : 0;
	snprintf(text, sizeof text, "a%u", owner);
	return owner ? json_string(text) : NULL;
}

/* --- somebody new --- */

static int say_new(struct site *s, const struct plant *p, const struct asset *a,
	const struct seen *now, int64_t now_ns, uint32_t *id, struct err *e)
{
	if (s->assets.used >= s->assets.max) {
		s->without_room++;
		return 0;
	}
	*id = s->assets.used;
	json_t *data = json_pack("{s:s, s:o, s:o*, s:o*, s:o*, s:o*}", "change", "new", "is",
		fields_of(now), "macs", new_macs(s, p, a, 0), "ips", new_ips(s, p, a, 0), "part_of",
		part_of(s, a), "first_seen", site_when(a->first_ns));
	int r = site_tell(s, "asset", *id, data, now_ns, e);
	if (r < 0)
		*id = 0;
	return r;
}

/* --- somebody known --- */

static int say_addresses(struct site *s, const struct plant *p, const struct asset *a, uint32_t id,
	int64_t now_ns, struct err *e)
{
	json_t *macs = new_macs(s, p, a, id), *ips = new_ips(s, p, a, id);
	if (!macs && !ips)
		return 0;
	return site_tell(s, "asset", id,
		json_pack("{s:s, s:o*, s:o*}", "change", "address", "macs", macs, "ips", ips),
		now_ns, e);
}

/* What was unknown is learned, what was known is changed; what is not seen now says nothing.  What
 * we make of somebody is no change of his, whenever we know better. */
static bool is_change(const struct site_asset *a, unsigned f)
{
	return a->seen[f][0] && f != SITE_TYPE && f != SITE_LEVEL && f != SITE_PLACE;
}

static int say_fields(struct site *s, uint32_t id, const struct seen *now, json_t *owner,
	int64_t now_ns, bool change, struct err *e)
{
	const struct site_asset *a = asset_at(s, id);
	int64_t since = now_ns - (change ? a->changed_ns : a->learned_ns);
	bool young = now_ns - a->first_ns < change_ns;
	int64_t pause = change ? change_ns : young ? young_ns : learn_ns;
	json_t *was = NULL, *is = NULL;
	if (since >= 0 && since < pause)
		return 0;
	for (unsigned f = 0; f < SITE_FIELDS; f++) {
		if (!now->text[f][0] || is_change(a, f) != change ||
			strcmp(now->text[f], a->seen[f]) == 0)
			continue;
		is = is ? is : json_object();
		json_object_set_new(is, site_field_names[f], json_string(now->text[f]));
		was = was || !change ? was : json_object();
		if (change)
			json_object_set_new(was, site_field_names[f], json_string(a->seen[f]));
	}
	if (!is && !owner)
		return 0;
	return site_tell(s, "asset", id,
		json_pack("{s:s, s:o*, s:o*, s:O*}", "change", change ? "changed" : "learned",
			"was", was, "is", is, "part_of", owner),
		now_ns, e);
}

static int see_known(struct site *s, const struct plant *p, const struct asset *a, uint32_t id,
	const struct seen *now, int64_t now_ns, struct err *e)
{
	struct site_asset *known = asset_at(s, id);
	uint32_t owner = a->part_of ? s->ids[a->part_of - 1] : 0;
	json_t *moved = owner && owner != known->owner && owner != id ? part_of(s, a) : NULL;
	int r = say_addresses(s, p, a, id, now_ns, e);
	if (r == 0)
		r = say_fields(s, id, now, moved, now_ns, false, e);
	if (r == 0)
		r = say_fields(s, id, now, NULL, now_ns, true, e);
	json_decref(moved);
	clock_widen(&known->first_ns, &known->last_ns, a->first_ns, a->last_ns);
	return r;
}

/* Whoever was not heard for long is said to be silent, once; and when he is back. */
static int say_silent(struct site *s, uint32_t id, int64_t now_ns, struct err *e)
{
	struct site_asset *a = asset_at(s, id);
	int64_t after = s->config.silent_after_ns ? s->config.silent_after_ns : day_ns;
	/* Whoever was heard before this site was started was heard by another one. */
	bool long_ago = a->last_ns && now_ns - a->last_ns >= after;
	bool silent = long_ago && (a->silent || now_ns - s->first_look_ns >= after);
	if (silent == a->silent)
		return 0;
	return site_tell(s, "asset", id,
		json_pack("{s:s, s:o*}", "change", silent ? "silent" : "back", "last_seen",
			site_when(a->last_ns)),
		now_ns, e);
}

/* Who it is; somebody new gets a number. */
static int recognise(struct site *s, const struct plant *p, size_t i, int64_t now_ns, struct err *e)
{
	const struct asset *a = &p->assets[i];
	struct seen now;
	bool piece;
	int r = 0;
	uint32_t id = match(s, p, a, now_ns, &piece);
	if (!id) {
		read_asset(a, &now);
		r = say_new(s, p, a, &now, now_ns, &id, e);
	}
	if (id)
		asset_at(s, id)->look = s->look;
	s->ids[i] = id;
	s->pieces[i] = piece;
	return r;
}

/* Owners before what is in them, as that is recognised by where it is; who is in himself, last. */
int changes_recognise(struct site *s, const struct plant *p, int64_t now_ns, struct err *e)
{
	int r = 0;
	memset(s->ids, 0, (p->asset_count + 1) * sizeof *s->ids);
	for (unsigned depth = 0; depth <= DEPTH; depth++)
		for (size_t i = 0; !site_stops(r) && i < p->asset_count; i++) {
			uint32_t owner = p->assets[i].part_of;
			if (!s->ids[i] && (!owner || s->ids[owner - 1] || depth == DEPTH))
				r = site_goes_on(s, r, recognise(s, p, i, now_ns, e), e);
		}
	return r;
}

int changes_see(struct site *s, const struct plant *p, int64_t now_ns, struct err *e)
{
	int r = 0;
	for (size_t i = 0; !site_stops(r) && i < p->asset_count; i++) {
		struct seen now;
		if (!s->ids[i] || s->pieces[i])
			continue;
		read_asset(&p->assets[i], &now);
		r = site_goes_on(
			s, r, see_known(s, p, &p->assets[i], s->ids[i], &now, now_ns, e), e);
	}
	for (uint32_t id = 1; !site_stops(r) && id < s->assets.used; id++) {
		if (!site_asset(s, id))
			continue;
		if (asset_at(s, id)->parted_look != s->look)
			asset_at(s, id)->parted_ns = 0;
		r = site_goes_on(s, r, say_silent(s, id, now_ns, e), e);
	}
	return r;
}
