/* The drawing keeps its promises on plants of any shape: boxes stand apart, lines run straight
 * across or down, never behind a box, and two nets never share a line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "report/map.h"
#include "sample_plant.h"

struct segment {
	struct map_point from, to; /* from is left of or above to */
	uint16_t net, a, b;
};

static void map_make(struct map *m, const struct plant *p)
{
	assert_int_equal(map_boxes(m, p), 0);
	assert_int_equal(map_edges(m), 0);
	map_lanes(m);
	map_route(m);
	map_layout(m, 0);
}

static void every_asset_has_a_place(const struct map *m)
{
	size_t assets = 0;
	for (size_t i = 0; i < m->box_count; i++)
		assets += m->boxes[i].count;
	assert_int_equal(assets, m->p->asset_count);
	for (size_t i = 0; i < m->p->asset_count; i++) {
		const struct map_box *b = &m->boxes[m->box_of[i]];
		assert_int_equal(b->band, band_of(&m->p->assets[i]));
		assert_int_equal(b->zone, m->zone_of[i]);
	}
	assert_in_range(m->box_count, 1, MAP_BOXES_MOST);
	assert_in_range(m->zone_count, 1, MAP_ZONES);
}

static void boxes_stand_apart(const struct map *m)
{
	for (size_t i = 0; i < m->box_count; i++) {
		const struct map_box *a = &m->boxes[i];
		assert_true(a->x > 0 && a->x + m->box_width < m->width);
		assert_true(a->y > m->band_y[a->band]);
		assert_true(a->y + BOX_HEIGHT < m->band_y[a->band + 1]);
		for (size_t k = i + 1; k < m->box_count; k++) {
			const struct map_box *b = &m->boxes[k];
			assert_true(
				abs(a->x - b->x) > m->box_width || abs(a->y - b->y) > BOX_HEIGHT);
		}
	}
}

static size_t segments_of(const struct map *m, struct segment **all)
{
	size_t count = 0;
	*all = calloc(m->edge_count * MAP_POINTS + 1, sizeof **all);
	assert_non_null(*all);
	for (size_t i = 0; i < m->edge_count; i++) {
		struct map_point p[MAP_POINTS];
		size_t corners = map_corners(m, &m->edges[i], p);
		assert_in_range(corners, 2, MAP_POINTS);
		for (size_t k = 0; k + 1 < corners; k++) {
			bool turned = p[k].x > p[k + 1].x || p[k].y > p[k + 1].y;
			assert_true(p[k].x == p[k + 1].x || p[k].y == p[k + 1].y);
			assert_true(p[k].x > 0 && p[k].x < m->width);
			assert_true(p[k].y > 0 && p[k].y < m->height);
			(*all)[count++] = (struct segment){ .from = p[turned ? k + 1 : k],
				.to = p[turned ? k : k + 1],
				.net = m->edges[i].net,
				.a = m->edges[i].a,
				.b = m->edges[i].b };
		}
	}
	return count;
}

static void no_line_behind_a_box(const struct map *m, const struct segment *all, size_t count)
{
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < m->box_count; k++) {
			const struct map_box *b = &m->boxes[k];
			if (all[i].to.x > b->x && all[i].from.x < b->x + m->box_width &&
				all[i].to.y > b->y && all[i].from.y < b->y + BOX_HEIGHT)
				fail_msg("the line %u-%u runs through box %zu", all[i].a, all[i].b,
					k);
		}
}

static void nets_keep_apart(const struct segment *all, size_t count)
{
	for (size_t i = 0; i < count; i++)
		for (size_t k = i + 1; k < count; k++) {
			const struct segment *s = &all[i], *t = &all[k];
			if (s->net == t->net)
				continue;
			bool across = s->from.y == s->to.y && t->from.y == t->to.y &&
				s->from.y == t->from.y && s->from.x < t->to.x &&
				t->from.x < s->to.x;
			bool down = s->from.x == s->to.x && t->from.x == t->to.x &&
				s->from.x == t->from.x && s->from.y < t->to.y &&
				t->from.y < s->to.y;
			if (across || down)
				fail_msg("nets %u and %u share a line at %d %d", s->net, t->net,
					t->from.x, t->from.y);
		}
}

static void keeps_its_promises(struct sample *s)
{
	struct map *m = calloc(1, sizeof *m);
	struct segment *all;
	assert_non_null(m);
	map_make(m, sample_plant(s));
	every_asset_has_a_place(m);
	boxes_stand_apart(m);
	size_t count = segments_of(m, &all);
	no_line_behind_a_box(m, all, count);
	nets_keep_apart(all, count);
	free(all);
	map_done(m);
	free(m);
	sample_free(s);
}

static void on_the_samples(void **state)
{
	(void)state;
	keeps_its_promises(sample_small());
	keeps_its_promises(sample_hostile());
	keeps_its_promises(sample_flat(60));
	keeps_its_promises(sample_large(300));
	keeps_its_promises(sample_large(5000));
}

static void on_any_plant(void **state)
{
	(void)state;
	static const uint32_t sizes[] = { 1, 2, 5, 9, 17, 40, 90, 300, 2000 };
	for (uint32_t seed = 0; seed < 90; seed++)
		keeps_its_promises(sample_random(seed, sizes[seed % COUNT_OF(sizes)]));
}

/* A backup reads programs out: it is no control, and on the map no more than a reader. */
static void a_backup_is_no_control(void **state)
{
	(void)state;
	static const struct msg upload = { 1, DIR_REQUEST, ACT_PROGRAM, EFFECT_UPLOAD, "upload" },
				download = { 2, DIR_REQUEST, ACT_PROGRAM, EFFECT_DOWNLOAD,
					"download" },
				start = { 3, DIR_REQUEST, ACT_CONTROL, EFFECT_START, "start" };
	struct operation operations[] = { { 0 }, { .msg = &upload, .requests = 4 },
		{ .msg = &start, .requests = 1 }, { .msg = &download, .requests = 2 } };
	const struct plant p = { .operations = operations };
	const struct conversation c = { .operations = 1 };
	struct tally t = tally_of(&p, &c);
	assert_true(t.programs == 4 && t.uploads == 4 && t.controls == 0);
	assert_int_equal(t.strongest, ACT_READ);
	operations[1].next = 2;
	t = tally_of(&p, &c);
	assert_true(t.programs == 4 && t.uploads == 4 && t.controls == 1);
	assert_int_equal(t.strongest, ACT_CONTROL);
	operations[2].next = 3;
	t = tally_of(&p, &c);
	assert_true(t.programs == 6 && t.uploads == 4 && t.controls == 1);
	assert_int_equal(t.strongest, ACT_PROGRAM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_backup_is_no_control),
		cmocka_unit_test(on_the_samples),
		cmocka_unit_test(on_any_plant),
	};
	return cmocka_run_group_tests_name("map", tests, NULL, NULL);
}
