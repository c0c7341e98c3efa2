/* DNP3 through the whole sensor: application fragments of any size, and what they may cost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "talk.h"

enum { PORT = 40200, SEGMENT = 249, BLOCK = 16, FRAGMENT_ROOM = 80000 };
enum { FIN = 0x80, FIR = 0x40, SEQUENCE = 0x3f };

/* IEEE 1815, annex E.1, bit by bit. */
static unsigned crc(const uint8_t *bytes, size_t size)
{
	unsigned sum = 0;
	for (size_t i = 0; i < size; i++) {
		sum ^= bytes[i];
		for (unsigned bit = 0; bit < 8; bit++)
			sum = sum & 1 ? sum >> 1 ^ 0xa6bc : sum >> 1;
	}
	return ~sum & 0xffff;
}

static void add_summed(struct out *hex, const uint8_t *bytes, size_t size)
{
	unsigned sum = crc(bytes, size);
	out_hex(hex, bytes, size);
	out_hex(hex, (uint8_t[]){ (uint8_t)sum, (uint8_t)(sum >> 8) }, 2);
}

/* One link frame with a segment of outstation 10's fragment for master 1. */
static void say_segment(struct talk *t, uint8_t transport, const uint8_t *bytes, size_t size)
{
	char text[700];
	struct out hex = out_mem(text, sizeof text);
	uint8_t user[SEGMENT + 1] = { transport };
	memcpy(user + 1, bytes, size);
	add_summed(&hex, (uint8_t[]){ 5, 0x64, (uint8_t)(6 + size), 0x44, 1, 0, 10, 0 }, 8);
	for (size_t at = 0; at < size + 1; at += BLOCK)
		add_summed(&hex, user + at, size + 1 - at < BLOCK ? size + 1 - at : BLOCK);
	talk_says(t, TALK_SERVER, out_text(&hex));
}

/* All segments but the one with the number `lost` (from 1 on; 0: none is); `whole`: the last says
 * so. */
static void say_parts(struct talk *t, const uint8_t *bytes, size_t size, bool whole, unsigned lost)
{
	unsigned number = 0;
	for (size_t at = 0; at < size; at += SEGMENT, number++) {
		size_t n = size - at < SEGMENT ? size - at : SEGMENT;
		unsigned transport = number & SEQUENCE;
		transport |= at == 0 ? FIR : 0;
		transport |= whole && at + n == size ? FIN : 0;
		if (number + 1 != lost)
			say_segment(t, (uint8_t)transport, bytes + at, n);
	}
}

static void say(struct talk *t, const uint8_t *bytes, size_t size)
{
	say_parts(t, bytes, size, true, 0);
}

struct fragment {
	uint8_t bytes[FRAGMENT_ROOM];
	size_t size;
};

static void answer_begin(struct fragment *f)
{
	f->size = 0;
	memset(f->bytes, 0, sizeof f->bytes);
	memcpy(f->bytes, (uint8_t[]){ 0xc0, 0x81, 0, 0 }, 4);
	f->size = 4;
}

/* Packed binary inputs from 0 on, every third of them set. */
static void add_bits(struct fragment *f, unsigned count)
{
	uint8_t *at = f->bytes + f->size;
	unsigned last = count - 1;
	memcpy(at, (uint8_t[]){ 1, 1, 1, 0, 0, (uint8_t)last, (uint8_t)(last >> 8) }, 7);
	for (unsigned i = 0; i < count; i += 3)
		at[7 + i / 8] = (uint8_t)(at[7 + i / 8] | 1u << i % 8);
	f->size += 7 + (count + 7) / 8;
}

/* What the facts named "response" said. */
struct seen {
	size_t facts, points, wrong;
	uint64_t next;
	bool more;
};
static struct seen seen;

static void see(struct tap *w, const struct fact *f)
{
	(void)w;
	if (strcmp(f->msg->name, "response") != 0)
		return;
	seen.facts++;
	seen.more = f->more_values;
	seen.next = 0;
	for (size_t i = 0; i < f->value_count; i++) {
		const struct value *v = &f->values[i];
		if (strcmp(v->field->name, "dnp3.al.range.start") == 0)
			seen.next = 0;
		if (strcmp(v->field->name, "dnp3.al.point_index") == 0)
			seen.wrong += v->u != seen.next;
		if (strcmp(v->field->name, "dnp3.al.bit") == 0) {
			seen.wrong += v->u != (seen.next % 3 == 0);
			seen.next++;
			seen.points++;
		}
	}
}

static void start(struct tap *w, struct talk *t, size_t memory)
{
	tap_open(w, memory);
	w->tell = see;
	seen = (struct seen){ 0 };
	talk_open(t, w, PORT);
}

static void every_binary_input_fits_into_one_fragment(void **state)
{
	(void)state;
	static struct fragment f;
	struct tap w;
	struct talk t;
	start(&w, &t, 0);
	answer_begin(&f);
	add_bits(&f, 65536);
	say(&t, f.bytes, f.size);
	tap_end(&w);
	assert_int_equal(seen.facts, 1);
	assert_int_equal(seen.points, 65536);
	assert_int_equal(seen.wrong, 0);
	assert_false(seen.more);
	assert_int_equal(tap_counter(&w, "malformed_messages"), 0);
	assert_int_equal(tap_counter(&w, "values_dropped"), 0);
	tap_close(&w);
}

static void values_beyond_a_fact_are_counted(void **state)
{
	(void)state;
	static struct fragment f;
	struct tap w;
	struct talk t;
	start(&w, &t, 0);
	answer_begin(&f);
	add_bits(&f, 65536);
	add_bits(&f, 65536);
	say(&t, f.bytes, f.size);
	tap_end(&w);
	assert_int_equal(seen.facts, 1);
	assert_true(seen.more);
	assert_int_equal(seen.wrong, 0);
	/* Each point has its index and its value; in front of them stand link, transport,
	 * application and the heads of two objects. */
	size_t told = seen.points * 2;
	assert_true(told <= FACT_VALUES_MAX && told > FACT_VALUES_MAX - 64);
	uint64_t heads = FACT_VALUES_MAX + tap_counter(&w, "values_dropped") - 4 * (uint64_t)65536;
	assert_int_equal(heads, 8 + 3 + 7 + 2 * 5);
	tap_close(&w);
}

static void a_fragment_has_a_limit(void **state)
{
	(void)state;
	static struct fragment f;
	struct tap w;
	struct talk t;
	start(&w, &t, 0);
	answer_begin(&f);
	say(&t, f.bytes, 70000);
	answer_begin(&f);
	add_bits(&f, 300);
	say(&t, f.bytes, f.size);
	tap_end(&w);
	assert_int_equal(seen.facts, 1);
	assert_int_equal(seen.points, 300);
	assert_int_equal(tap_counter(&w, "malformed_messages"), 1);
	tap_close(&w);
}

static void a_missing_segment_ends_a_fragment(void **state)
{
	(void)state;
	static struct fragment f;
	struct tap w;
	struct talk t;
	start(&w, &t, 0);
	answer_begin(&f);
	add_bits(&f, 20000);
	say_parts(&t, f.bytes, f.size, true, 5);
	say_parts(&t, f.bytes, f.size, false, 0); /* another begins before this one ended */
	say(&t, f.bytes, f.size);
	tap_end(&w);
	assert_int_equal(seen.facts, 1);
	assert_int_equal(seen.points, 20000);
	assert_int_equal(seen.wrong, 0);
	tap_close(&w);
}

static void a_hole_in_the_stream_ends_a_fragment(void **state)
{
	(void)state;
	static struct fragment f;
	struct tap w;
	struct talk t;
	start(&w, &t, 0);
	answer_begin(&f);
	add_bits(&f, 20000);
	say_parts(&t, f.bytes, f.size, false, 0);
	t.next[TALK_SERVER] += 292; /* a frame the capture lost; the master has it */
	say(&t, f.bytes, f.size);
	talk_says(&t, TALK_CLIENT, "05 64 05 c9 0a 00 01 00 6e 3a");
	tap_end(&w);
	assert_int_equal(seen.facts, 1);
	assert_int_equal(seen.points, 20000);
	assert_int_equal(seen.wrong, 0);
	tap_close(&w);
}

/* Fragments nobody ends take what memory there is, and no more; whoever comes then is read. */
static void fragments_without_end_stay_within_memory(void **state)
{
	(void)state;
	static struct fragment f;
	struct tap w;
	struct talk t;
	start(&w, &t, 4 << 20);
	for (unsigned i = 0; i < 60; i++) {
		answer_begin(&f);
		talk_open(&t, &w, PORT + 1 + i);
		say_parts(&t, f.bytes, 60000, false, 0);
	}
	answer_begin(&f);
	add_bits(&f, 100);
	talk_open(&t, &w, PORT + 100);
	say(&t, f.bytes, f.size);
	tap_end(&w);
	assert_int_equal(seen.facts, 1);
	assert_int_equal(seen.points, 100);
	assert_true(tap_counter(&w, "buffers_refused") > 0);
	assert_int_equal(tap_counter(&w, "malformed_messages"), 0);
	tap_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_binary_input_fits_into_one_fragment),
		cmocka_unit_test(values_beyond_a_fact_are_counted),
		cmocka_unit_test(a_fragment_has_a_limit),
		cmocka_unit_test(a_missing_segment_ends_a_fragment),
		cmocka_unit_test(a_hole_in_the_stream_ends_a_fragment),
		cmocka_unit_test(fragments_without_end_stay_within_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
