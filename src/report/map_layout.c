/* Coordinates: channels as wide as their tracks, bands and lanes after them, then the corners that
 * each edge turns. */
#include "report/map.h"

#include <assert.h>
#include <stdlib.h>

enum {
	MARGIN_LEFT = 112, /* names of the levels */
	MARGIN_RIGHT = 20,
	WIDTH_MIN = 1080,
	TRACK = 7,
	CHANNEL_PAD = 12,
	BAND_PAD = 16,
	BAND_EMPTY = 24,
	LANE_PAD = 10,
};

static unsigned tracks_in(const struct map *m, unsigned channel)
{
	unsigned tracks = 0;
	for (size_t i = 0; i < m->use_count; i++)
		if (m->uses[i].channel == channel && m->uses[i].track >= tracks)
			tracks = m->uses[i].track + 1u;
	return tracks;
}

static int width_of(unsigned tracks)
{
	return tracks ? CHANNEL_PAD + ((int)tracks - 1) * TRACK : 0;
}

static void lay_lane(struct map *m, struct map_lane *lane, unsigned index)
{
	int x = LANE_PAD;
	for (unsigned column = 0; column < lane->columns; column++) {
		unsigned tracks = 0;
		for (unsigned place = 0; place < m->place_count; place++) {
			unsigned n = tracks_in(m, map_channel_beside(index, column, place));
			tracks = n > tracks ? n : tracks;
		}
		x += tracks ? width_of(tracks) + 6 : column ? COLUMN_GAP : 0;
		lane->column_x[column] = x;
		x += m->box_width;
	}
	lane->width = x + LANE_PAD;
}

/* Lanes from left to right; what the paper has left over goes between them. */
static void lay_lanes(struct map *m)
{
	int width = MARGIN_LEFT + MARGIN_RIGHT;
	for (unsigned i = 0; i <= m->lane_count; i++) {
		if (i < m->lane_count) {
			lay_lane(m, &m->lanes[i], i);
			width += m->lanes[i].width;
		}
		width += 14 + width_of(tracks_in(m, map_channel_down(i)));
	}
	int spare = width < WIDTH_MIN ? (WIDTH_MIN - width) / (int)(m->lane_count + 1) : 0;
	int x = MARGIN_LEFT;
	for (unsigned i = 0; i <= m->lane_count; i++) {
		int tracks = width_of(tracks_in(m, map_channel_down(i)));
		m->lane_channel_x[i] = x + (14 + spare) / 2 + (tracks ? CHANNEL_PAD / 2 : 0);
		x += 14 + spare + tracks;
		if (i < m->lane_count) {
			m->lanes[i].x = x;
			x += m->lanes[i].width;
		}
	}
	m->width = x + MARGIN_RIGHT;
}

/* Whether a panel begins on this band, and needs room for its title. */
static bool title_on(const struct map *m, unsigned band)
{
	for (size_t i = 0; i < m->zone_count; i++)
		if (map_zone_begins(&m->zones[i], band))
			return true;
	return false;
}

static void lay_bands(struct map *m, int top)
{
	int y = top;
	for (unsigned band = 0; band < BAND_COUNT; band++) {
		m->band_y[band] = y;
		if (!m->rows[band]) {
			y += band == BAND_UNKNOWN ? 0 : BAND_EMPTY;
			continue;
		}
		unsigned place = m->place[band];
		m->channel_y[place] = y + 8 + CHANNEL_PAD / 2;
		y += 8 + width_of(tracks_in(m, map_channel_across(place)));
		y += 6 + (title_on(m, band) ? ZONE_TITLE : 0);
		m->row_y[band] = y;
		y += m->rows[band] * (BOX_HEIGHT + ROW_GAP) - ROW_GAP + BAND_PAD;
	}
	unsigned below = tracks_in(m, map_channel_across((unsigned)m->place_count));
	m->channel_y[m->place_count] = y + CHANNEL_PAD / 2;
	m->band_y[BAND_COUNT] = y + (below ? width_of(below) + 6 : 0);
	m->height = m->band_y[BAND_COUNT];
}

bool map_zone_begins(const struct map_zone *z, unsigned band)
{
	if (!(z->bands & 1u << band))
		return false;
	return band == BAND_UNKNOWN || !(z->bands & ((1u << band) - 1));
}

unsigned map_zone_ends(const struct map_zone *z, unsigned band)
{
	unsigned last = band;
	for (unsigned b = band; b < BAND_UNKNOWN; b++)
		if (z->bands & 1u << b)
			last = b;
	return last;
}

void map_layout(struct map *m, int top)
{
	lay_lanes(m);
	lay_bands(m, top);
	for (size_t i = 0; i < m->box_count; i++) {
		struct map_box *b = &m->boxes[i];
		const struct map_lane *lane = map_lane_of(m, b);
		b->x = lane->x + lane->column_x[b->column];
		b->y = m->row_y[b->band] + b->row * (BOX_HEIGHT + ROW_GAP);
	}
}

static int track_of(const struct map *m, unsigned channel, unsigned net)
{
	const struct map_use *u = map_use_of(m, channel, net);
	assert(u); /* map_route() gave it one */
	return u->track * TRACK;
}

static int port_offset(const struct map *m, unsigned box, unsigned net, enum map_side side)
{
	for (size_t i = 0; i < m->port_count; i++)
		if (m->ports[i].box == box && m->ports[i].net == net && m->ports[i].side == side)
			return m->ports[i].offset;
	return 0;
}

/* From the box to its channel across: two or three corners, the box first. */
static size_t end_corners(
	const struct map *m, const struct map_edge *e, bool of_a, struct map_point at[3])
{
	unsigned index = of_a ? e->a : e->b, place = map_place_of_end(m, e, of_a);
	const struct map_box *b = &m->boxes[index];
	bool down = of_a || m->boxes[e->a].band == b->band;
	enum map_side side = map_side_of(b, down);
	int offset = port_offset(m, index, e->net, side);
	int y = m->channel_y[place] + track_of(m, map_channel_across(place), e->net);
	if (side != SIDE_LEFT) {
		int x = b->x + m->box_width / 2 + offset;
		at[0] = (struct map_point){ x, side == SIDE_TOP ? b->y : b->y + BOX_HEIGHT };
		at[1] = (struct map_point){ x, y };
		return 2;
	}
	unsigned beside = map_channel_beside(m->zones[b->zone].lane, b->column, m->place[b->band]);
	/* Half a track to the side on every other band: its neighbours use the same channels
	 * across. */
	int x = b->x - CHANNEL_PAD / 2 - track_of(m, beside, e->net) - m->place[b->band] % 2 * 3;
	at[0] = (struct map_point){ b->x, b->y + BOX_HEIGHT / 2 + offset };
	at[1] = (struct map_point){ x, at[0].y };
	at[2] = (struct map_point){ x, y };
	return 3;
}

size_t map_corners(const struct map *m, const struct map_edge *e, struct map_point at[MAP_POINTS])
{
	struct map_point end[3];
	size_t count = end_corners(m, e, true, at);
	size_t ends = end_corners(m, e, false, end);
	if (map_place_of_end(m, e, true) != map_place_of_end(m, e, false)) {
		unsigned lane = map_lane_of_edge(m, e);
		int x = m->lane_channel_x[lane] + track_of(m, map_channel_down(lane), e->net);
		at[count] = (struct map_point){ x, at[count - 1].y };
		at[count + 1] = (struct map_point){ x, end[ends - 1].y };
		count += 2;
	}
	/* Straight down, but for the half track that keeps ports apart: then it is drawn straight.
	 */
	bool straight = count == 2 && ends == 2 && at[1].y == end[1].y;
	if (straight && abs(at[0].x - end[0].x) <= 2) {
		at[1] = (struct map_point){ at[0].x, end[0].y };
		return 2;
	}
	while (ends--)
		at[count++] = end[ends];
	return count;
}
