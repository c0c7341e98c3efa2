/* Assets become boxes: by zone, level and type, alike ones together where there are too many;
 * conversations become one edge for each pair of boxes. */
#include "report/map.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What an asset is filed under: the stated zone, or a network. */
enum key_kind { KEY_STATED, KEY_IP4, KEY_IP6, KEY_ETHERNET, KEY_INTERNET, KEY_REST };

struct key {
	uint8_t kind;
	uint8_t net[8];
	const char *name;
};

struct raw_zone {
	struct key key;
	uint32_t assets;
	uint8_t bands;
};

static struct key key_of(const struct plant *p, const struct asset *a)
{
	struct key k = { .kind = KEY_ETHERNET };
	if (a->zone && *a->zone)
		return (struct key){ .kind = KEY_STATED, .name = a->zone };
	if (a->type == TYPE_INTERNET)
		return (struct key){ .kind = KEY_INTERNET };
	for (uint32_t i = 0; i < a->ips.count; i++) {
		const struct ip *ip = &p->ips[a->ips.first + i];
		bool local = ip->b[12] == 169 && ip->b[13] == 254; /* RFC 3927: one network */
		if (ip_is_4(ip)) {
			k.kind = KEY_IP4;
			memcpy(k.net, ip->b + 12, local ? 2 : 3);
			return k;
		}
		if (k.kind == KEY_ETHERNET) {
			k.kind = KEY_IP6;
			memcpy(k.net, ip->b, 8);
		}
	}
	return k;
}

static int key_order(const struct key *a, const struct key *b)
{
	if (a->kind != b->kind)
		return a->kind - b->kind;
	if (a->kind == KEY_STATED)
		return strverscmp(a->name, b->name);
	return memcmp(a->net, b->net, sizeof a->net);
}

static void key_title(const struct key *k, char *title, size_t size)
{
	struct ip ip = { 0 };
	char text[IP_TEXT];
	switch (k->kind) {
	case KEY_STATED:
		snprintf(title, size, "%s", k->name);
		break;
	case KEY_IP4:
		snprintf(title, size, "%u.%u.%u.0/%u", k->net[0], k->net[1], k->net[2],
			k->net[0] == 169 && k->net[1] == 254 ? 16 : 24);
		break;
	case KEY_IP6:
		memcpy(ip.b, k->net, sizeof k->net);
		snprintf(title, size, "%s/64", ip_text(&ip, text));
		break;
	case KEY_INTERNET:
		snprintf(title, size, "internet");
		break;
	default:
		snprintf(title, size, "without an IP address");
	}
}

struct by_key {
	const struct key *keys;
	const struct raw_zone *raw;
	struct map *m;
};

static int assets_by_key(const void *one, const void *two, void *arg)
{
	const struct by_key *by = arg;
	uint32_t a = *(const uint32_t *)one, b = *(const uint32_t *)two;
	int way = key_order(&by->keys[a], &by->keys[b]);
	return way ? way : (a > b) - (a < b);
}

/* Those that keep a panel of their own first: named by people, the upper levels before the many
 * lines of production, then by size. */
static int zones_by_weight(const void *one, const void *two, void *arg)
{
	const struct by_key *by = arg;
	uint32_t a = *(const uint32_t *)one, b = *(const uint32_t *)two;
	const struct raw_zone *f = &by->raw[a], *g = &by->raw[b];
	bool keep_f = f->key.kind == KEY_STATED || f->key.kind == KEY_INTERNET;
	bool keep_g = g->key.kind == KEY_STATED || g->key.kind == KEY_INTERNET;
	if (keep_f != keep_g)
		return keep_f ? -1 : 1;
	bool low_f = f->bands & MAP_CONTROL_BANDS, low_g = g->bands & MAP_CONTROL_BANDS;
	if (keep_f && low_f != low_g)
		return low_f ? 1 : -1;
	if (f->assets != g->assets)
		return f->assets > g->assets ? -1 : 1;
	return (a > b) - (a < b);
}

/* Raw zones into at most `limit` panels; which[] says where each went. */
static void choose_zones(struct map *m, struct by_key *by, uint32_t *order, uint8_t *which,
	size_t raw_count, size_t limit)
{
	for (size_t i = 0; i < raw_count; i++)
		order[i] = (uint32_t)i;
	qsort_r(order, raw_count, sizeof *order, zones_by_weight, by);
	size_t own = raw_count <= limit ? raw_count : limit - 1;
	for (size_t i = 0; i < raw_count; i++)
		which[order[i]] = i < own; /* has a panel, for now */
	memset(m->zones, 0, sizeof m->zones);
	m->zone_count = 0;
	for (size_t i = 0; i < raw_count; i++) {
		const struct raw_zone *raw = &by->raw[i];
		struct map_zone *z = &m->zones[which[i] ? m->zone_count : own];
		z->assets += raw->assets;
		if (which[i]) {
			key_title(&raw->key, z->title, sizeof z->title);
			z->stated = raw->key.kind == KEY_STATED;
			which[i] = (uint8_t)m->zone_count++;
		} else {
			which[i] = (uint8_t)own;
		}
	}
	if (raw_count > own) {
		snprintf(m->zones[own].title, sizeof m->zones[own].title, "%zu more networks",
			raw_count - own);
		m->zone_count++;
	}
}

static int zones(struct map *m, size_t limit)
{
	size_t count = m->p->asset_count, raw_count = 0;
	struct key *keys = calloc(count + 1, sizeof *keys);
	struct raw_zone *raw = calloc(count + 1, sizeof *raw);
	uint32_t *order = calloc(count + 1, sizeof *order);
	uint32_t *raw_of = calloc(count + 1, sizeof *raw_of);
	uint8_t *which = calloc(count + 1, 1);
	int result = -ENOMEM;
	if (!keys || !raw || !order || !raw_of || !which)
		goto undo;
	struct by_key by = { keys, raw, m };
	for (size_t i = 0; i < count; i++) {
		keys[i] = key_of(m->p, &m->p->assets[i]);
		order[i] = (uint32_t)i;
	}
	qsort_r(order, count, sizeof *order, assets_by_key, &by);
	for (size_t i = 0; i < count; i++) {
		const struct key *k = &keys[order[i]];
		if (!raw_count || key_order(k, &raw[raw_count - 1].key) != 0)
			raw[raw_count++].key = *k;
		raw[raw_count - 1].assets++;
		raw[raw_count - 1].bands |= (uint8_t)(1u << band_of(&m->p->assets[order[i]]));
		raw_of[order[i]] = (uint32_t)raw_count - 1;
	}
	choose_zones(m, &by, order, which, raw_count, limit);
	for (size_t i = 0; i < count; i++) {
		m->zone_of[i] = which[raw_of[i]];
		m->zones[m->zone_of[i]].bands |= (uint8_t)(1u << band_of(&m->p->assets[i]));
	}
	result = 0;
undo:
	free(keys);
	free(raw);
	free(order);
	free(raw_of);
	free(which);
	return result;
}

static int assets_by_place(const void *one, const void *two, void *arg)
{
	const struct map *m = arg;
	uint32_t a = *(const uint32_t *)one, b = *(const uint32_t *)two;
	const struct asset *f = &m->p->assets[a], *g = &m->p->assets[b];
	int way = m->zone_of[a] - m->zone_of[b];
	if (!way)
		way = (int)band_of(f) - (int)band_of(g);
	if (!way)
		way = f->type - g->type;
	if (!way && f->ips.count && g->ips.count)
		way = memcmp(&m->p->ips[f->ips.first], &m->p->ips[g->ips.first], sizeof(struct ip));
	return way ? way : (a > b) - (a < b);
}

static void box_add(struct map *m, uint32_t index, bool join)
{
	if (!join) {
		const struct asset *a = &m->p->assets[index];
		m->boxes[m->box_count++] = (struct map_box){ .asset = index,
			.zone = m->zone_of[index],
			.band = (uint8_t)band_of(a),
			.type = a->type };
	}
	struct map_box *b = &m->boxes[m->box_count - 1];
	b->count++;
	b->findings += m->findings[index];
	if (m->severity[index] > b->severity)
		b->severity = m->severity[index];
	m->box_of[index] = (uint16_t)(m->box_count - 1);
}

enum { ALONE_MAX = 3, CELL_BOXES = 8 };

/* How many assets of one kind may stand alone before they share a box; tried in this order. */
static const size_t alike[] = { SIZE_MAX, 12, 8, 6, 4, 3, 2, 1 };

static bool wants_attention(const struct map *m, uint32_t index)
{
	return m->severity[index] >
		SEVERITY_MAJOR; /* one more than the severity: major and worse */
}

/* A run of assets alike: one box each, or those that want attention alone and the rest as one. */
static void box_run(struct map *m, const uint32_t *run, size_t count, size_t alike_max)
{
	size_t alone = 0;
	bool grouped = count > alike_max, begun = false;
	for (int rest = 0; rest < 2; rest++) {
		alone = 0;
		for (size_t i = 0; i < count; i++) {
			bool marked = alone < m->alone_max && wants_attention(m, run[i]);
			alone += marked;
			if ((!grouped || marked) != !rest)
				continue;
			box_add(m, run[i], rest && begun);
			begun |= rest;
		}
	}
}

static size_t run_length(const struct map *m, const uint32_t *order, size_t at)
{
	const struct asset *a = &m->p->assets[order[at]];
	size_t n = 1;
	for (; at + n < m->p->asset_count; n++) {
		const struct asset *b = &m->p->assets[order[at + n]];
		if (m->zone_of[order[at + n]] != m->zone_of[order[at]] ||
			band_of(b) != band_of(a) || b->type != a->type)
			break;
	}
	return n;
}

/* How many boxes a run would need. */
static size_t run_boxes(const struct map *m, const uint32_t *run, size_t count, size_t alike_max)
{
	size_t alone = 0;
	if (count <= alike_max)
		return count;
	for (size_t i = 0; i < count && alone < m->alone_max; i++)
		alone += wants_attention(m, run[i]);
	return alone + (count > alone);
}

static bool same_cell(const struct map *m, uint32_t a, uint32_t b)
{
	return m->zone_of[a] == m->zone_of[b] &&
		band_of(&m->p->assets[a]) == band_of(&m->p->assets[b]);
}

/* How many may be alike on one level of one zone, for a cell that is not too tall: at most
 * `alike_max`.  The cell is order[at] and what follows it; *size says how much that is. */
static size_t cell_alike(
	const struct map *m, const uint32_t *order, size_t at, size_t alike_max, size_t *size)
{
	size_t most = 48 / (m->zone_count ? m->zone_count : 1);
	most = most < CELL_BOXES ? CELL_BOXES : most;
	for (*size = 1; at + *size < m->p->asset_count; ++*size)
		if (!same_cell(m, order[at], order[at + *size]))
			break;
	for (size_t i = 0; i < COUNT_OF(alike); i++) {
		size_t boxes = 0;
		if (alike[i] > alike_max)
			continue;
		for (size_t k = 0, n; k < *size; k += n) {
			n = run_length(m, order, at + k);
			boxes += run_boxes(m, order + at + k, n, alike[i]);
		}
		if (boxes <= most)
			return alike[i];
	}
	return 1;
}

/* All boxes, as few of them in a cell as fit; counts only where the boxes have no room yet. */
static size_t fill_boxes(struct map *m, const uint32_t *order, size_t alike_max)
{
	size_t boxes = 0;
	for (size_t at = 0, size; at < m->p->asset_count; at += size) {
		size_t limit = cell_alike(m, order, at, alike_max, &size);
		for (size_t k = 0, n; k < size; k += n) {
			n = run_length(m, order, at + k);
			boxes += run_boxes(m, order + at + k, n, limit);
			if (m->boxes)
				box_run(m, order + at + k, n, limit);
		}
	}
	return boxes;
}

static void weigh_findings(struct map *m)
{
	for (size_t i = 0; i < m->p->finding_count; i++) {
		const struct finding *f = &m->p->findings[i];
		for (size_t k = 0; k < 2; k++) {
			uint32_t index = f->assets[k] - 1; /* 0, none, becomes no index at all */
			if (index >= m->p->asset_count || (k && f->assets[0] == f->assets[1]))
				continue;
			m->findings[index] =
				(uint16_t)(m->findings[index] + (m->findings[index] < 9999));
			if (f->severity + 1 > m->severity[index])
				m->severity[index] = (uint8_t)(f->severity + 1);
		}
	}
}

int map_boxes(struct map *m, const struct plant *p)
{
	static const size_t zones_max[] = { MAP_ZONES, 10, 6, 3, 1 };
	size_t count = p->asset_count;
	*m = (struct map){ .p = p, .alone_max = ALONE_MAX };
	m->zone_of = calloc(count + 1, sizeof *m->zone_of);
	m->box_of = calloc(count + 1, sizeof *m->box_of);
	m->severity = calloc(count + 1, sizeof *m->severity);
	m->findings = calloc(count + 1, sizeof *m->findings);
	uint32_t *order = calloc(count + 1, sizeof *order);
	int result = -ENOMEM;
	if (!m->zone_of || !m->box_of || !m->severity || !m->findings || !order)
		goto undo;
	weigh_findings(m);
	for (size_t z = 0; z < COUNT_OF(zones_max); z++) {
		if (zones(m, zones_max[z]) < 0)
			goto undo;
		for (size_t i = 0; i < count; i++)
			order[i] = (uint32_t)i;
		qsort_r(order, count, sizeof *order, assets_by_place, m);
		size_t needed = 0, at = 0;
		for (; at < COUNT_OF(alike); at++) {
			needed = fill_boxes(m, order, alike[at]);
			if (needed <= MAP_BOXES)
				break;
		}
		bool crowded = at == COUNT_OF(alike);
		if (crowded && z + 1 < COUNT_OF(zones_max))
			continue; /* with fewer zones, then */
		if (crowded)
			m->alone_max = 0; /* one box for each type on each level, no more */
		m->boxes = calloc(needed + 1, sizeof *m->boxes);
		if (!m->boxes)
			goto undo;
		fill_boxes(m, order, crowded ? 1 : alike[at]);
		break;
	}
	result = 0;
undo:
	free(order);
	return result;
}

static void edge_protocol(struct map_edge *e, const char *protocol)
{
	for (size_t i = 0; protocol && i < COUNT_OF(e->protocols); i++) {
		if (!e->protocols[i])
			e->protocols[i] = protocol;
		if (strcmp(e->protocols[i], protocol) == 0)
			return;
	}
}

static void edge_add(struct map *m, struct map_edge *matrix, const struct conversation *c)
{
	if (c->client >= m->p->asset_count || c->server >= m->p->asset_count)
		return;
	uint16_t client = m->box_of[c->client], server = m->box_of[c->server];
	if (client == server)
		return;
	const struct map_box *f = &m->boxes[client], *g = &m->boxes[server];
	bool client_first = f->band != g->band ? f->band < g->band : client < server;
	uint16_t a = client_first ? client : server, b = client_first ? server : client;
	struct map_edge *e = &matrix[(size_t)a * m->box_count + b];
	struct tally t = tally_of(m->p, c);
	e->a = a;
	e->b = b;
	e->asks_a |= server == a;
	e->asks_b |= server == b;
	e->bytes += c->bytes;
	e->reads += t.reads;
	e->writes += t.writes;
	e->controls += t.controls;
	e->programs += t.programs;
	e->conversations++;
	if (act_strength(t.strongest) > act_strength(e->act))
		e->act = t.strongest;
	edge_protocol(e, c->protocol);
}

static int edges_by_weight(const void *one, const void *two)
{
	const struct map_edge *e = one, *f = two;
	if (!e->conversations != !f->conversations)
		return e->conversations ? -1 : 1;
	unsigned s = act_strength(e->act), t = act_strength(f->act);
	if (s != t)
		return s > t ? -1 : 1;
	if (e->bytes != f->bytes)
		return e->bytes > f->bytes ? -1 : 1;
	if (e->a != f->a)
		return e->a < f->a ? -1 : 1;
	return (e->b > f->b) - (e->b < f->b);
}

enum map_class map_class_of(const struct map_edge *e)
{
	static const uint8_t classes[ACT_COUNT] = { [ACT_OTHER] = CLASS_OTHER,
		[ACT_IDENTIFY] = CLASS_READ,
		[ACT_READ] = CLASS_READ,
		[ACT_WRITE] = CLASS_WRITE,
		[ACT_CONTROL] = CLASS_CONTROL,
		[ACT_PROGRAM] = CLASS_CONTROL };
	return classes[e->act];
}

/* The end that talks in this way with more others is the centre of the bus. */
static void choose_nets(struct map *m)
{
	for (size_t i = 0; i < m->edge_count; i++) {
		struct map_edge *e = &m->edges[i];
		unsigned of_a = 0, of_b = 0;
		for (size_t k = 0; k < m->edge_count; k++) {
			const struct map_edge *f = &m->edges[k];
			if (map_class_of(f) != map_class_of(e))
				continue;
			of_a += f->a == e->a || f->b == e->a;
			of_b += f->a == e->b || f->b == e->b;
		}
		unsigned hub = of_b > of_a ? e->b : e->a;
		e->net = (uint16_t)(hub * CLASS_COUNT + map_class_of(e));
	}
}

int map_edges(struct map *m)
{
	size_t pairs = m->box_count * m->box_count;
	struct map_edge *matrix = calloc(pairs + 1, sizeof *matrix);
	if (!matrix)
		return -ENOMEM;
	for (size_t i = 0; i < m->p->conversation_count; i++)
		edge_add(m, matrix, &m->p->conversations[i]);
	qsort(matrix, pairs, sizeof *matrix, edges_by_weight);
	size_t count = 0;
	while (count < pairs && matrix[count].conversations)
		count++;
	m->edges = matrix;
	m->edge_count = count < MAP_EDGES ? count : MAP_EDGES;
	m->edges_left_out = count - m->edge_count;
	choose_nets(m);
	return 0;
}

void map_done(struct map *m)
{
	free(m->zone_of);
	free(m->box_of);
	free(m->severity);
	free(m->findings);
	free(m->boxes);
	free(m->edges);
}
