/* What entries say of assets, remembered: the one way in which anything about them changes. */
#include <string.h>

#include "base/clock.h"
#include "base/hash.h"
#include "site/inside.h"

/* --- by what an asset is recognised --- */

struct anchor anchor_of_mac(const uint8_t mac[6])
{
	struct anchor a = { .kind = ANCHOR_MAC };
	memcpy(a.bytes, mac, 6);
	return a;
}

struct anchor anchor_of_ip(const struct ip *ip)
{
	struct anchor a = { .kind = ANCHOR_IP };
	memcpy(a.bytes, ip->b, sizeof ip->b);
	return a;
}

struct anchor anchor_of_place(uint32_t owner, const char *place)
{
	struct anchor a = { .kind = ANCHOR_PLACE };
	uint64_t hash = hash_bytes(place, strlen(place));
	memcpy(a.bytes, &owner, sizeof owner);
	memcpy(a.bytes + sizeof owner, &hash, sizeof hash);
	return a;
}

bool anchor_read(const char *text, struct anchor *out)
{
	uint8_t mac[6];
	struct ip ip;
	if (mac_read(text, mac))
		*out = anchor_of_mac(mac);
	else if (ip_read(text, strlen(text), &ip))
		*out = anchor_of_ip(&ip);
	else
		return false;
	return true;
}

static uint64_t anchor_hash(const struct anchor *a)
{
	return hash_mix(hash_bytes(a->bytes, sizeof a->bytes), a->kind);
}

static struct anchor *anchor_get(const struct site *s, const struct anchor *like)
{
	uint64_t hash = anchor_hash(like);
	for (uint32_t at = table_first(&s->by_anchor, hash), n;
		(n = table_next(&s->by_anchor, hash, &at));) {
		struct anchor *a = pool_at(&s->anchors, n);
		if (a->kind == like->kind && memcmp(a->bytes, like->bytes, sizeof a->bytes) == 0)
			return a;
	}
	return NULL;
}

uint32_t asset_now(const struct site *s, uint32_t id)
{
	for (unsigned steps = 0; steps < 16 && id && id < s->assets.used; steps++) {
		const struct site_asset *a = asset_at(s, id);
		if (!a->into)
			return a->known ? id : 0;
		id = a->into;
	}
	return 0;
}

uint32_t anchor_find(const struct site *s, const struct anchor *like)
{
	const struct anchor *a = anchor_get(s, like);
	return a ? asset_now(s, a->asset) : 0;
}

static void forget_mac(struct site_asset *a, const uint8_t mac[6])
{
	for (unsigned i = 0; i < a->mac_count; i++)
		if (memcmp(a->macs[i], mac, 6) == 0)
			memmove(a->macs[i], a->macs[i + 1],
				(--a->mac_count - i) * sizeof a->macs[0]);
}

static void forget_ip(struct site_asset *a, const struct ip *ip)
{
	for (unsigned i = 0; i < a->ip_count; i++)
		if (memcmp(&a->ips[i], ip, sizeof *ip) == 0)
			memmove(&a->ips[i], &a->ips[i + 1], (--a->ip_count - i) * sizeof a->ips[0]);
}

/* It leads to this asset from now on, and to no other.  False: there is no room. */
static bool anchor_take(struct site *s, const struct anchor *like, uint32_t id)
{
	struct anchor *a = anchor_get(s, like);
	if (a && a->asset != id && like->kind == ANCHOR_MAC)
		forget_mac(asset_at(s, a->asset), like->bytes);
	else if (a && a->asset != id && like->kind == ANCHOR_IP)
		forget_ip(asset_at(s, a->asset), (const struct ip *)(const void *)like->bytes);
	if (!a) {
		uint32_t n = pool_new(&s->anchors);
		if (!n) {
			s->without_room++;
			return false;
		}
		a = pool_at(&s->anchors, n);
		*a = *like;
		table_add(&s->by_anchor, anchor_hash(like), n);
	}
	a->asset = id;
	return true;
}

static void own_mac(struct site *s, uint32_t id, const uint8_t mac[6])
{
	struct site_asset *a = asset_at(s, id);
	const struct anchor at = anchor_of_mac(mac);
	if (anchor_find(s, &at) == id)
		return;
	if (a->mac_count == SITE_MACS)
		s->without_room++;
	else if (anchor_take(s, &at, id))
		memcpy(a->macs[a->mac_count++], mac, 6);
}

static void own_ip(struct site *s, uint32_t id, const struct ip *ip)
{
	struct site_asset *a = asset_at(s, id);
	const struct anchor at = anchor_of_ip(ip);
	if (anchor_find(s, &at) == id)
		return;
	if (a->ip_count == SITE_IPS)
		s->without_room++;
	else if (anchor_take(s, &at, id))
		a->ips[a->ip_count++] = *ip;
}

/* --- what is said --- */

static struct site_asset *make(struct site *s, uint32_t id)
{
	if (!id || id >= s->assets.max)
		return NULL;
	while (s->assets.used <= id)
		pool_new(&s->assets); /* numbers whose entries were let go stay without an asset */
	return asset_at(s, id);
}

static void take_fields(char fields[SITE_FIELDS][SITE_TEXT], const json_t *texts)
{
	for (unsigned f = 0; f < SITE_FIELDS; f++) {
		const char *text = json_string_value(json_object_get(texts, site_field_names[f]));
		if (text)
			site_cut(fields[f], SITE_TEXT, text);
	}
}

static void take_anchors(struct site *s, uint32_t id, const json_t *data)
{
	const struct site_asset *a = asset_at(s, id);
	size_t i;
	json_t *text;
	uint8_t mac[6];
	struct ip ip;
	json_array_foreach(json_object_get(data, "macs"), i, text) if (json_is_string(text) &&
		mac_read(json_string_value(text), mac)) own_mac(s, id, mac);
	json_array_foreach(json_object_get(data, "ips"), i, text) if (json_is_string(text) &&
		ip_read(json_string_value(text), json_string_length(text), &ip)) own_ip(s, id, &ip);
	if (a->owner && a->seen[SITE_PLACE][0]) {
		const struct anchor at = anchor_of_place(a->owner, a->seen[SITE_PLACE]);
		anchor_take(s, &at, id);
	}
}

static void become(struct site *s, uint32_t id, uint32_t into)
{
	struct site_asset *a = asset_at(s, id);
	struct site_asset *other = make(s, into);
	if (!other || into == id || other->into)
		return;
	clock_widen(&other->first_ns, &other->last_ns, a->first_ns, a->last_ns);
	while (a->mac_count) {
		uint8_t mac[6];
		memcpy(mac, a->macs[a->mac_count - 1], 6);
		own_mac(s, into, mac);
		forget_mac(a, mac);
	}
	while (a->ip_count) {
		const struct ip ip = a->ips[a->ip_count - 1];
		own_ip(s, into, &ip);
		forget_ip(a, &ip);
	}
	other->approved |= a->approved;
	for (unsigned f = 0; f < SITE_FIELDS; f++)
		if (!other->set[f][0])
			memcpy(other->set[f], a->set[f], SITE_TEXT);
	a->into = into;
	alerts_merge(s, id, into);
}

void asset_recall(struct site *s, uint32_t id, const json_t *data, int64_t at_ns)
{
	const char *change = site_text(data, "change");
	struct site_asset *a = *change ? make(s, id) : NULL;
	if (!a || (a->known && strcmp(change, "new") == 0))
		return; /* two that were told apart and got one number: the first has it */
	if (strcmp(change, "new") == 0 || strcmp(change, "learned") == 0)
		a->learned_ns = at_ns;
	if (strcmp(change, "changed") == 0)
		a->changed_ns = at_ns;
	if (strcmp(change, "approved") == 0 || strcmp(change, "doubted") == 0)
		a->approved = change[0] == 'a';
	if (strcmp(change, "silent") == 0 || strcmp(change, "back") == 0)
		a->silent = change[0] == 's';
	a->known = true;
	uint32_t owner = site_number(site_text(data, "part_of"));
	a->owner = owner && owner != id ? owner : a->owner;
	take_fields(a->seen, json_object_get(data, "is"));
	take_fields(a->set, json_object_get(data, "set"));
	take_anchors(s, id, data);
	int64_t first_ns = site_time(data, "first_seen"), last_ns = site_time(data, "last_seen");
	clock_widen(&a->first_ns, &a->last_ns, first_ns, last_ns ? last_ns : first_ns);
	if (strcmp(change, "merged") == 0)
		become(s, id, site_number(site_text(data, "into")));
}
