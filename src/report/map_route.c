/* Who stands where, and which channels an edge takes.  All of it in steps, not yet in pixels: how
 * wide a channel must be is known only after everybody has chosen. */
#include "report/map.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
	WIDTH_WANTED = 1240, /* of all lanes; more columns of boxes are tried until here */
	LANE_SPACE = 46,
};

/* Levels 1 and 0: where a zone with one of these stands, its lane is its own. */
static bool reaches_control(const struct map_zone *z)
{
	return z->bands & MAP_CONTROL_BANDS;
}

/* Every band from a zone's highest to its lowest; the unknown one stands apart. */
static uint8_t range_of(uint8_t mask)
{
	unsigned known = mask & ~(1u << BAND_UNKNOWN), range = 0, seen = 0;
	for (unsigned b = 0; b < BAND_UNKNOWN; b++) {
		seen |= known & (1u << b);
		if (seen && known >> b)
			range |= 1u << b;
	}
	return (uint8_t)(range | (mask & 1u << BAND_UNKNOWN));
}

static void lane_take(struct map *m, struct map_lane *lane, size_t zone)
{
	lane->zones[lane->zone_count++] = (uint8_t)zone;
	lane->taken |= range_of(m->zones[zone].bands);
}

static size_t lower_zones(const struct map *m)
{
	size_t lower = 0;
	for (size_t z = 0; z < m->zone_count; z++)
		lower += reaches_control(&m->zones[z]);
	return lower;
}

/* Zones of the upper levels share lanes, one above the other: the spine of the drawing.  It stands
 * in the middle of the lanes that go down to the process, so that ways are short; a single one of
 * those hangs below the spine itself. */
static void choose_lanes(struct map *m)
{
	struct map_lane spine[MAP_LANES] = { 0 };
	size_t spines = 0, lower = lower_zones(m);
	bool single = lower == 1;
	for (size_t z = 0; z < m->zone_count; z++) {
		if (reaches_control(&m->zones[z]) && !single)
			continue;
		size_t lane = 0;
		while (lane < spines && spine[lane].taken & range_of(m->zones[z].bands))
			lane++;
		spines += lane == spines;
		lane_take(m, &spine[lane], z);
	}
	lower = single ? 0 : lower;
	size_t left = lower / 2, z = 0;
	for (size_t seen = 0; z < m->zone_count && seen < left; z++)
		if (reaches_control(&m->zones[z])) {
			lane_take(m, &m->lanes[m->lane_count++], z);
			seen++;
		}
	for (size_t i = 0; i < spines; i++)
		m->lanes[m->lane_count++] = spine[i];
	for (; z < m->zone_count && lower; z++)
		if (reaches_control(&m->zones[z]))
			lane_take(m, &m->lanes[m->lane_count++], z);
	for (size_t i = 0; i < m->lane_count; i++)
		for (size_t k = 0; k < m->lanes[i].zone_count; k++)
			m->zones[m->lanes[i].zones[k]].lane = (uint8_t)i;
}

/* Boxes of one zone on one band. */
static size_t cell_boxes(const struct map *m, size_t zone, unsigned band)
{
	size_t count = 0;
	for (size_t i = 0; i < m->box_count; i++)
		count += m->boxes[i].zone == zone && m->boxes[i].band == band;
	return count;
}

static size_t lane_rows(const struct map *m, size_t lane, unsigned band)
{
	size_t most = 0, columns = m->lanes[lane].columns;
	for (size_t k = 0; k < m->lanes[lane].zone_count; k++) {
		size_t boxes = cell_boxes(m, m->lanes[lane].zones[k], band);
		most = boxes > most ? boxes : most;
	}
	return (most + columns - 1) / columns;
}

/* Another column where a cell is tallest, as long as the paper is wide enough. */
static void choose_columns(struct map *m)
{
	int width = (int)m->lane_count * (m->box_width + LANE_SPACE);
	for (size_t i = 0; i < m->lane_count; i++)
		m->lanes[i].columns = 1;
	for (; width + m->box_width + COLUMN_GAP <= WIDTH_WANTED;
		width += m->box_width + COLUMN_GAP) {
		size_t best = 0, tallest = 1;
		for (size_t i = 0; i < m->lane_count; i++)
			for (unsigned band = 0; band < BAND_COUNT; band++) {
				size_t rows = lane_rows(m, i, band);
				if (rows > tallest && m->lanes[i].columns < MAP_COLUMNS) {
					tallest = rows;
					best = i;
				}
			}
		if (tallest == 1)
			return;
		m->lanes[best].columns++;
	}
}

const struct map_lane *map_lane_of(const struct map *m, const struct map_box *b)
{
	return &m->lanes[m->zones[b->zone].lane];
}

void map_lanes(struct map *m)
{
	choose_lanes(m);
	m->box_width = m->lane_count <= 5 ? 152 : m->lane_count <= 8 ? 140 : 128;
	choose_columns(m);
	size_t filled[MAP_ZONES][BAND_COUNT] = { 0 };
	for (size_t i = 0; i < m->box_count; i++) {
		struct map_box *b = &m->boxes[i];
		size_t columns = map_lane_of(m, b)->columns, at = filled[b->zone][b->band]++;
		b->row = (uint8_t)(at / columns);
		b->column = (uint8_t)(at % columns);
		if (b->row >= m->rows[b->band])
			m->rows[b->band] = (uint8_t)(b->row + 1);
		b->covered = at + columns < cell_boxes(m, b->zone, b->band);
	}
	for (unsigned band = 0; band < BAND_COUNT; band++)
		if (m->rows[band])
			m->place[band] = (uint8_t)m->place_count++;
}

/* Channels: between bands, between lanes, and beside each column of boxes on each band. */
unsigned map_channel_across(unsigned place)
{
	return place;
}

unsigned map_channel_down(unsigned lane)
{
	return 32 + lane;
}

unsigned map_channel_beside(unsigned lane, unsigned column, unsigned place)
{
	return 64 + (lane * MAP_COLUMNS + column) * (BAND_COUNT + 1) + place;
}

const struct map_use *map_use_of(const struct map *m, unsigned channel, unsigned net)
{
	for (size_t i = 0; i < m->use_count; i++)
		if (m->uses[i].channel == channel && m->uses[i].net == net)
			return &m->uses[i];
	return NULL;
}

static void use(struct map *m, unsigned channel, unsigned net, unsigned from, unsigned to)
{
	int16_t low = (int16_t)(from < to ? from : to), high = (int16_t)(from < to ? to : from);
	for (size_t i = 0; i < m->use_count; i++) {
		struct map_use *u = &m->uses[i];
		if (u->channel != channel || u->net != net)
			continue;
		u->from = low < u->from ? low : u->from;
		u->to = high > u->to ? high : u->to;
		return;
	}
	assert(m->use_count < MAP_USES); /* five for an edge at most */
	m->uses[m->use_count++] = (struct map_use){
		.channel = (uint16_t)channel, .net = (uint16_t)net, .from = low, .to = high
	};
}

static void port(struct map *m, unsigned box, unsigned net, enum map_side side, unsigned towards)
{
	size_t i = 0;
	while (i < m->port_count &&
		!(m->ports[i].box == box && m->ports[i].net == net && m->ports[i].side == side))
		i++;
	assert(i < MAP_PORTS); /* two for an edge at most */
	if (i == m->port_count)
		m->ports[m->port_count++] = (struct map_port){
			.box = (uint16_t)box, .net = (uint16_t)net, .side = (uint8_t)side
		};
	m->ports[i].towards += towards;
	m->ports[i].edges++;
}

/* Steps from left to right: each lane begins with the channel before it. */
static unsigned step_of_lane(unsigned lane)
{
	return lane * 64;
}

static unsigned step_of(const struct map *m, const struct map_box *b, enum map_side side)
{
	return step_of_lane(m->zones[b->zone].lane) + 4 + b->column * 4u +
		(side == SIDE_LEFT ? 0 : 2);
}

/* Straight out of the box where nothing stands in the way, else by the channel beside it. */
enum map_side map_side_of(const struct map_box *b, bool down)
{
	if (down)
		return b->covered ? SIDE_LEFT : SIDE_BOTTOM;
	return b->row ? SIDE_LEFT : SIDE_TOP;
}

/* The channel across that an end of an edge comes from. */
unsigned map_place_of_end(const struct map *m, const struct map_edge *e, bool of_a)
{
	const struct map_box *a = &m->boxes[e->a], *b = &m->boxes[e->b];
	if (of_a || a->band == b->band)
		return m->place[a->band] + 1u;
	return m->place[b->band];
}

/* The lane channel that takes an edge past the bands between its ends: the near side of b. */
unsigned map_lane_of_edge(const struct map *m, const struct map_edge *e)
{
	unsigned from = m->zones[m->boxes[e->a].zone].lane, to = m->zones[m->boxes[e->b].zone].lane;
	return from > to ? to + 1 : to;
}

static void route_end(struct map *m, const struct map_edge *e, bool of_a, unsigned towards)
{
	unsigned index = of_a ? e->a : e->b;
	const struct map_box *b = &m->boxes[index];
	bool down = of_a || m->boxes[e->a].band == b->band;
	enum map_side side = map_side_of(b, down);
	port(m, index, e->net, side, towards);
	if (side == SIDE_LEFT)
		use(m, map_channel_beside(m->zones[b->zone].lane, b->column, m->place[b->band]),
			e->net, 0, 1);
}

static void route(struct map *m, const struct map_edge *e)
{
	const struct map_box *a = &m->boxes[e->a], *b = &m->boxes[e->b];
	unsigned first = map_place_of_end(m, e, true), last = map_place_of_end(m, e, false);
	unsigned from = step_of(m, a, map_side_of(a, true));
	unsigned to = step_of(m, b, map_side_of(b, a->band == b->band));
	if (first == last) {
		use(m, map_channel_across(first), e->net, from, to);
		route_end(m, e, true, to);
		route_end(m, e, false, from);
		return;
	}
	unsigned lane = map_lane_of_edge(m, e), by = step_of_lane(lane);
	use(m, map_channel_across(first), e->net, from, by);
	use(m, map_channel_down(lane), e->net, first, last);
	use(m, map_channel_across(last), e->net, by, to);
	route_end(m, e, true, by);
	route_end(m, e, false, by);
}

static int uses_by_begin(const void *one, const void *two)
{
	const struct map_use *u = one, *v = two;
	if (u->channel != v->channel)
		return u->channel - v->channel;
	if (u->from != v->from)
		return u->from - v->from;
	return u->net - v->net;
}

/* Left-edge rule: a track is used again as soon as the net on it has ended. */
static void choose_tracks(struct map *m)
{
	qsort(m->uses, m->use_count, sizeof *m->uses, uses_by_begin);
	for (size_t i = 0, n; i < m->use_count; i += n) {
		int ends[MAP_USES];
		size_t tracks = 0;
		for (n = 0; i + n < m->use_count && m->uses[i + n].channel == m->uses[i].channel;
			n++) {
			struct map_use *u = &m->uses[i + n];
			size_t t = 0;
			while (t < tracks && ends[t] >= u->from)
				t++;
			tracks += t == tracks;
			ends[t] = u->to;
			u->track = (uint8_t)(t < UINT8_MAX ? t : UINT8_MAX);
		}
	}
}

static int ports_by_way(const void *one, const void *two)
{
	const struct map_port *u = one, *v = two;
	if (u->box != v->box)
		return u->box - v->box;
	if (u->side != v->side)
		return u->side - v->side;
	uint64_t x = (uint64_t)u->towards * v->edges, y = (uint64_t)v->towards * u->edges;
	if (x != y)
		return x < y ? -1 : 1;
	return u->net - v->net;
}

/* How far apart n ports stand on a side.  Above and below, a multiple of 4: see port_begin(). */
static int port_step(const struct map *m, enum map_side side, int n)
{
	if (side == SIDE_LEFT) {
		int step = (BOX_HEIGHT - 14) / n;
		return step > 10 ? 10 : step < 1 ? 1 : step;
	}
	int step = (m->box_width - 40) / n / 4 * 4;
	return step > 12 ? 12 : step < 4 ? 4 : step;
}

/* Where the first of n ports stands.  A box and the one above it in the next band have their ports
 * over the same channel: those below a box keep to 3 modulo 4 and those above to 1, so that no two
 * ways down run into each other. */
static int port_begin(enum map_side side, int n, int step)
{
	int begin = -(n - 1) * step / 2;
	if (side == SIDE_LEFT)
		return begin;
	return begin / 4 * 4 + (side == SIDE_TOP ? 1 : -1);
}

/* Spread along the side in the order of where they lead, so that few cross. */
static void spread_ports(struct map *m)
{
	qsort(m->ports, m->port_count, sizeof *m->ports, ports_by_way);
	for (size_t i = 0, n; i < m->port_count; i += n) {
		struct map_port *first = &m->ports[i];
		for (n = 1; i + n < m->port_count; n++)
			if (first[n].box != first->box || first[n].side != first->side)
				break;
		int step = port_step(m, first->side, (int)n);
		int begin = port_begin(first->side, (int)n, step);
		for (size_t k = 0; k < n; k++)
			first[k].offset = begin + (int)k * step;
	}
}

void map_route(struct map *m)
{
	for (size_t i = 0; i < m->edge_count; i++)
		route(m, &m->edges[i]);
	choose_tracks(m);
	spread_ports(m);
}
