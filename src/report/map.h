/* The Purdue map in the making: assets become boxes, conversations become edges, both find their
 * place on paper, then map.c draws them.  Private to this room.
 *
 * Levels are bands from top to bottom, zones are panels standing in lanes from left to right.
 * Edges run between the bands and between the lanes and never behind a box: the space between is
 * cut into channels, channels into tracks.  Edges of one box that do the same share their track,
 * like the branches of a bus. */
#ifndef REPORT_MAP_H
#define REPORT_MAP_H

#include "base/out.h"
#include "report/words.h"
#include "base/attr.h"

enum {
	MAP_ZONES = 14,  /* panels; smaller networks are shown together */
	MAP_BOXES = 100, /* alike assets are drawn as one box until no more are needed */
	MAP_BOXES_MOST = BAND_COUNT * TYPE_COUNT, /* where every type lives on every level */
	MAP_EDGES = 160, /* the strongest and largest are drawn, the rest is counted */
	MAP_LANES = MAP_ZONES,
	MAP_COLUMNS = 12, /* of boxes in a lane */
	MAP_USES = MAP_EDGES * 5,
	MAP_PORTS = MAP_EDGES * 2,
	MAP_CONTROL_BANDS = 1 << 5 | 1 << 6, /* levels 1 and 0 */
	BOX_HEIGHT = 38,
	ROW_GAP = 14,
	ZONE_TITLE = 22,
	COLUMN_GAP = 14, /* between boxes side by side */
};

struct map_zone {
	char title[96];
	bool stated; /* by people; else the network its addresses are in */
	uint32_t assets;
	uint8_t bands; /* a bit for each */
	uint8_t lane;
};

struct map_box {
	uint32_t asset; /* index of the one, or of the first of a group */
	uint32_t count;
	uint32_t findings;
	uint8_t severity; /* of the worst finding, + 1; 0 none */
	uint8_t zone, band, type;
	uint8_t column, row;
	bool covered; /* another box stands beneath it in its column */
	int x, y;
};

struct map_edge {
	uint16_t a, b; /* boxes: a is above, or before on the same band */
	uint64_t bytes, reads, writes, controls, programs;
	uint32_t conversations;
	uint8_t act;         /* the strongest */
	bool asks_a, asks_b; /* who is the server */
	const char *protocols[3];
	uint16_t net; /* box at the centre x classes + class: edges of a net share their tracks */
};

/* What an edge looks like. */
enum map_class { CLASS_OTHER, CLASS_READ, CLASS_WRITE, CLASS_CONTROL, CLASS_COUNT };

struct map_lane {
	uint8_t zones[MAP_ZONES], zone_count;
	uint8_t taken; /* bands */
	uint8_t columns;
	int x, width;
	int column_x[MAP_COLUMNS]; /* of the boxes */
};

/* One net in one channel. */
struct map_use {
	uint16_t channel, net;
	int16_t from, to; /* along the channel, in steps that grow with x or y */
	uint8_t track;
};

enum map_side { SIDE_TOP, SIDE_BOTTOM, SIDE_LEFT };

struct map_port {
	uint16_t box, net;
	uint8_t side;
	uint32_t towards, edges; /* sum of where its edges lead, and how many they are */
	int offset;              /* from the middle of the side */
};

struct map {
	const struct plant *p;
	struct map_zone zones[MAP_ZONES];
	size_t zone_count;
	uint8_t *zone_of;   /* by asset */
	uint16_t *box_of;   /* by asset */
	uint8_t *severity;  /* by asset: worst finding + 1 */
	uint16_t *findings; /* by asset */
	struct map_box *boxes;
	size_t box_count, alone_max; /* assets with findings that keep a box among many alike */
	struct map_edge *edges;
	size_t edge_count, edges_left_out;

	struct map_lane lanes[MAP_LANES];
	size_t lane_count;
	uint8_t place[BAND_COUNT]; /* of a band among those with boxes, from 0 at the top */
	uint8_t rows[BAND_COUNT];  /* of boxes; 0: nothing on this level */
	size_t place_count;

	struct map_use uses[MAP_USES];
	size_t use_count;
	struct map_port ports[MAP_PORTS];
	size_t port_count;

	int box_width, width, height;
	int band_y[BAND_COUNT + 1];    /* where a band begins, its channel first */
	int channel_y[BAND_COUNT + 1]; /* by place: first track of the channel above it */
	int row_y[BAND_COUNT];         /* first row of boxes */
	int lane_channel_x[MAP_LANES + 1];
};

int map_boxes(struct map *m, const struct plant *p); /* -ENOMEM; then only map_done() */
int map_edges(struct map *m);
void map_lanes(struct map *m);           /* who stands where, in lanes, columns and rows */
void map_route(struct map *m);           /* which channels and tracks each edge takes */
void map_layout(struct map *m, int top); /* coordinates, the first band beginning at top */
void map_done(struct map *m);

enum map_class map_class_of(const struct map_edge *e);
const struct map_lane *map_lane_of(const struct map *m, const struct map_box *b);
/* A zone's panels: from the band it begins on to the one it ends on; the unknown band apart. */
bool map_zone_begins(const struct map_zone *z, unsigned band);
unsigned map_zone_ends(const struct map_zone *z, unsigned band);

/* Channels, and the way an edge takes through them. */
unsigned map_channel_across(unsigned place);
unsigned map_channel_down(unsigned lane);
unsigned map_channel_beside(unsigned lane, unsigned column, unsigned place);
const struct map_use *map_use_of(const struct map *m, unsigned channel, unsigned net);
enum map_side map_side_of(const struct map_box *b, bool down);
unsigned map_place_of_end(const struct map *m, const struct map_edge *e, bool of_a);
unsigned map_lane_of_edge(const struct map *m, const struct map_edge *e);

enum { MAP_POINTS = 12 };
struct map_point {
	int x, y;
};
/* The corners of an edge from a to b. */
size_t map_corners(const struct map *m, const struct map_edge *e, struct map_point at[MAP_POINTS]);

/* The picture of a type, drawn by strokes in a square of 20, and its word for many. */
extern const struct map_glyph {
	const char *path;
	const char *many;
} map_glyphs[TYPE_COUNT];

/* The map as an element: alone as a file, or inside a page that has told the sentence already. */
void map_draw(const struct plant *p, struct out *o, bool alone);

#endif
