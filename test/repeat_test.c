/* Polls that repeat are counted, and nothing else is: each message is either handed on or in
 * exactly one run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/out.h"
#include "sense/repeat.h"

static const struct field serial = { "it.number", BE16 | NUMBERING };
static const struct field address = { "it.address", BE16 };
static const struct field topic = { "it.topic", BE16 | NAMING };
static const struct field level = { "it.level", BE16 };
static const struct msg ask = { 1, DIR_REQUEST, ACT_READ, EFFECT_NONE, "read", NULL };
static const struct msg answer = { 1, DIR_RESPONSE, ACT_READ, EFFECT_NONE, "read", NULL };
static const struct msg set = { 2, DIR_REQUEST, ACT_WRITE, EFFECT_NONE, "write", NULL };
static const struct msg login = { 3, DIR_REQUEST, ACT_OTHER, EFFECT_LOGIN, "login", NULL };
static const struct msg publish = { 5, DIR_REQUEST, ACT_OTHER, EFFECT_NONE, "publish", NULL };
static const struct msg report = { 4, DIR_OTHER, ACT_READ, EFFECT_NONE, "report", NULL };

struct bench {
	struct repeats *repeats;
	char text[8192]; /* "frame " for each handed on, "first-last*count " for each run */
	struct out out;
	uint64_t frame, told, counted;
	bool same_frame; /* what is said next comes in the frame of what was said before */
};

static void on_fact(void *self, const struct fact *f)
{
	struct bench *b = self;
	b->told++;
	out_fmt(&b->out, "%d ", (int)f->frame);
}

static void on_run(void *self, const struct repetition *r)
{
	struct bench *b = self;
	b->counted += r->count;
	assert_ptr_equal(r->as.values, NULL);
	assert_true(r->last_ns > r->as.at_ns);
	out_fmt(&b->out, "%d-%d*%d ", (int)r->as.frame, (int)r->last_frame, (int)r->count);
}

static void begin(struct bench *b, size_t memory)
{
	struct err e;
	*b = (struct bench){ 0 };
	b->out = out_mem(b->text, sizeof b->text);
	const struct repeats_config config = { memory, on_fact, on_run, b };
	b->repeats = repeats_new(&config, &e);
	assert_non_null(b->repeats);
}

static const char *end(struct bench *b)
{
	repeats_end(b->repeats);
	repeats_free(b->repeats);
	return out_text(&b->out);
}

/* One message; returns its frame. */
static uint64_t say(struct bench *b, const struct msg *m, uint16_t port, uint64_t request,
	unsigned where, unsigned what)
{
	const struct value values[] = {
		{ .field = &serial, .type = VALUE_UINT, .u = b->frame },
		{ .field = m == &publish ? &topic : &address, .type = VALUE_UINT, .u = where },
		{ .field = &level, .type = VALUE_UINT, .u = what },
	};
	b->frame += !b->same_frame;
	const struct fact f = {
		.frame = b->frame,
		.at_ns = (int64_t)b->frame * 1000,
		.src.b = { [15] = m->dir == DIR_RESPONSE ? 2 : 1 },
		.dst.b = { [15] = m->dir == DIR_RESPONSE ? 1 : 2 },
		.src_port = m->dir == DIR_RESPONSE ? 502 : port,
		.dst_port = m->dir == DIR_RESPONSE ? port : 502,
		.transport = 6,
		.dir = m->dir,
		.protocol = "it",
		.msg = m,
		.request = request,
		.values = values,
		.value_count = 3,
	};
	repeats_fact(b->repeats, &f);
	return b->frame;
}

static void poll(struct bench *b, unsigned where, unsigned what)
{
	uint64_t frame = say(b, &ask, 1024, 0, where, 0);
	say(b, &answer, 1024, frame, where, what);
}

static void a_poll_is_told_once_and_counted(void **unused)
{
	(void)unused;
	struct bench b;
	begin(&b, 0);
	for (int i = 0; i < 4; i++)
		poll(&b, 10, 7);
	assert_string_equal(end(&b), "1 2 1-7*3 2-8*3 ");
}

static void another_value_ends_the_run(void **unused)
{
	(void)unused;
	struct bench b;
	begin(&b, 0);
	poll(&b, 10, 7);
	poll(&b, 10, 7);
	poll(&b, 10, 8);
	poll(&b, 10, 7); /* as at first, and told all the same */
	assert_string_equal(end(&b), "1 2 2-4*1 6 8 1-7*3 ");
}

static void questions_keep_their_answers_apart(void **unused)
{
	(void)unused;
	struct bench b;
	begin(&b, 0);
	for (int i = 0; i < 3; i++) {
		poll(&b, 10, 7);
		poll(&b, 20, 9);
	}
	assert_string_equal(end(&b), "1 2 3 4 1-9*2 2-10*2 3-11*2 4-12*2 ");
}

/* Who opens a connection for every poll comes from another port each time. */
static void the_port_of_who_asks_is_no_difference(void **unused)
{
	(void)unused;
	struct bench b;
	begin(&b, 0);
	for (uint16_t port = 2000; port < 2004; port++)
		say(&b, &ask, port, 0, 10, 0);
	assert_string_equal(end(&b), "1 1-4*3 ");
}

static void what_changes_something_is_never_counted(void **unused)
{
	(void)unused;
	struct bench b;
	begin(&b, 0);
	for (int i = 0; i < 3; i++) {
		say(&b, &set, 1024, 0, 10, 7);
		say(&b, &login, 1024, 0, 0, 0);
	}
	assert_string_equal(end(&b), "1 2 3 4 5 6 ");
}

/* A request may bring a value rather than ask for one: each change of it is told, beside those of
 * others. */
static void what_is_pushed_is_told_with_every_change(void **unused)
{
	(void)unused;
	struct bench b;
	begin(&b, 0);
	for (unsigned i = 0; i < 4; i++) {
		say(&b, &publish, 1024, 0, 10, i % 2);
		say(&b, &publish, 1024, 0, 20, 7);
	}
	assert_string_equal(end(&b), "1 2 3 5 7 2-8*3 ");
}

/* Two in one frame, 0 and 1, then 0 in the next: it changed. */
static void a_place_in_a_frame_hides_no_change(void **unused)
{
	(void)unused;
	struct bench b;
	begin(&b, 0);
	say(&b, &publish, 1024, 0, 10, 0);
	b.same_frame = true;
	say(&b, &publish, 1024, 0, 10, 1);
	b.same_frame = false;
	say(&b, &publish, 1024, 0, 10, 0);
	assert_string_equal(end(&b), "1 1 2 ");
}

/* Two questions in one frame; their answers come in one frame, or in two. */
static void answers_of_one_frame_have_places(void **unused)
{
	(void)unused;
	struct bench b;
	begin(&b, 0);
	for (unsigned i = 0; i < 4; i++) {
		uint64_t frame = say(&b, &ask, 1024, 0, 10, 0);
		b.same_frame = true;
		say(&b, &ask, 1024, 0, 20, 0);
		b.same_frame = false;
		say(&b, &answer, 1024, frame, 10, 3);
		b.same_frame = i % 2;
		say(&b, &answer, 1024, frame, 20, i == 3 ? 8 : 7);
		b.same_frame = false;
	}
	assert_int_equal(b.told, 5); /* two questions, two answers, one that changed */
	end(&b);
}

/* Nobody asked: each row has one run, whatever it is about. */
static void reports_are_compared_with_the_one_before(void **unused)
{
	(void)unused;
	struct bench b;
	begin(&b, 0);
	say(&b, &report, 1024, 0, 10, 7);
	say(&b, &report, 1024, 0, 10, 7);
	say(&b, &report, 1024, 0, 20, 7);
	say(&b, &report, 1024, 0, 10, 7);
	assert_string_equal(end(&b), "1 1-2*1 3 4 ");
}

/* More series than find room: the one longest not heard of is ended, and told anew later. */
static void no_room_loses_nothing(void **unused)
{
	(void)unused;
	enum { ADDRESSES = 100, ROUNDS = 3 };
	struct bench b;
	begin(&b, 0); /* 64 series at the least */
	for (unsigned round = 0; round < ROUNDS; round++)
		for (unsigned i = 0; i < ADDRESSES; i++) {
			say(&b, &ask, 1024, 0, i, 0);
			say(&b, &ask, 1024, 0, i, 0);
		}
	end(&b);
	assert_int_equal(b.told, ADDRESSES * ROUNDS);
	assert_int_equal(b.counted, ADDRESSES * ROUNDS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_poll_is_told_once_and_counted),
		cmocka_unit_test(another_value_ends_the_run),
		cmocka_unit_test(questions_keep_their_answers_apart),
		cmocka_unit_test(the_port_of_who_asks_is_no_difference),
		cmocka_unit_test(what_changes_something_is_never_counted),
		cmocka_unit_test(what_is_pushed_is_told_with_every_change),
		cmocka_unit_test(a_place_in_a_frame_hides_no_change),
		cmocka_unit_test(answers_of_one_frame_have_places),
		cmocka_unit_test(reports_are_compared_with_the_one_before),
		cmocka_unit_test(no_room_loses_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
