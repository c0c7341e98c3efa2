/* Rows between two processes: what one tells the other knows, and nothing else is taken. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"
#include "sense/rows.h"
#include "sense/whole.h"
#include "tap.h"

enum { KEPT = 1 << 20 };

/* A sensor, and the one that hears of it; what it told last is kept. */
struct pair {
	struct tap tap;
	struct rows *rows;
	struct whole *whole;
	unsigned teller;
	bool deaf;
	size_t messages, kept;
	uint8_t bytes[KEPT];
};

static struct pair one, two;

static int hear(void *self, const void *bytes, size_t size, struct err *e)
{
	struct pair *p = self;
	if (p->deaf)
		return err_set(e, -EAGAIN, "nobody listens");
	p->messages++;
	assert_true(size <= ROWS_SIZE && p->kept + size <= sizeof p->bytes);
	memcpy(p->bytes + p->kept, bytes, size);
	p->kept += size;
	return whole_take(p->whole, p->teller, cur_of(bytes, size), e);
}

static void open_pair(struct pair *p, struct whole *whole, unsigned teller)
{
	struct err e = { 0 };
	const struct whole_config config = { .memory = 8 << 20 };
	tap_open(&p->tap, 0);
	p->kept = p->messages = 0;
	p->deaf = false;
	p->teller = teller;
	p->whole = whole;
	if (!whole)
		assert_int_equal(whole_new(&p->whole, &config, &e), 0);
	assert_int_equal(rows_new(&p->rows, p->tap.sense, hear, p, &e), 0);
}

static void close_sensor(struct pair *p)
{
	rows_free(p->rows);
	tap_close(&p->tap);
}

static void tell(struct pair *p, bool all)
{
	struct err e = { 0 };
	p->kept = p->messages = 0;
	if (all)
		assert_int_equal(sense_count(p->tap.sense, &e), 0);
	if (rows_tell(p->rows, all, &e) < 0)
		fail_msg("%s", e.text);
}

static struct plant plant_of(struct whole *w)
{
	struct plant plant;
	struct err e = { 0 };
	assert_int_equal(whole_plant(w, &plant, &e), 0);
	return plant;
}

static void write_coil(struct pair *p, unsigned from, unsigned port, unsigned times)
{
	for (unsigned i = 0; i < times; i++)
		tap_tcp(&p->tap,
			&(struct tcp_row){ .from = from,
				.to = 9,
				.from_port = port,
				.to_port = 502,
				.seq = 1 + i * 12,
				.hex = "0001 0000 0006 01 05 0003 ff00" });
}

static uint64_t requests_of(const struct plant *p)
{
	uint64_t sum = 0;
	for (size_t i = 0; i < p->conversation_count; i++)
		for (uint32_t n = p->conversations[i].operations; n; n = p->operations[n].next)
			sum += p->operations[n].requests;
	return sum;
}

static uint64_t packets_of(const struct plant *p)
{
	uint64_t sum = 0;
	for (size_t i = 0; i < p->conversation_count; i++)
		sum += p->conversations[i].packets;
	return sum;
}

/* --- what is told --- */

static void said_once(void **unused)
{
	(void)unused;
	open_pair(&one, NULL, 0);
	write_coil(&one, 7, 4000, 5);
	tell(&one, true);
	assert_true(one.messages > 0);
	struct plant p = plant_of(one.whole);
	assert_int_equal(p.asset_count, 2);
	assert_int_equal(requests_of(&p), 5);
	assert_int_equal(packets_of(&p), 5);
	assert_int_equal(p.packets, 5);
	tell(&one, true);
	assert_int_equal(one.messages, 0); /* nothing changed */
	close_sensor(&one);
	whole_free(one.whole);
}

/* Under way, and no second time at its end. */
static void under_way(void **unused)
{
	(void)unused;
	open_pair(&one, NULL, 0);
	for (unsigned i = 1; i <= 6; i++) {
		tap_tcp(&one.tap,
			&(struct tcp_row){ .from = 7,
				.to = 9,
				.from_port = 4000,
				.to_port = 502,
				.seq = i * 12,
				.hex = "0001 0000 0006 01 05 0003 ff00" });
		tell(&one, true);
		struct plant p = plant_of(one.whole);
		assert_int_equal(packets_of(&p), i);
	}
	sense_end(one.tap.sense);
	struct err e = { 0 };
	assert_int_equal(rows_tell(one.rows, true, &e), 0);
	struct plant p = plant_of(one.whole);
	assert_int_equal(packets_of(&p), 6);
	close_sensor(&one);
	whole_free(one.whole);
}

/* Who is new and what was found, before what they did is counted. */
static void what_is_new_at_once(void **unused)
{
	(void)unused;
	open_pair(&one, NULL, 0);
	write_coil(&one, 7, 4000, 1);
	tell(&one, false);
	assert_int_equal(plant_of(one.whole).asset_count, 2);
	write_coil(&one, 8, 4001, 300);
	tell(&one, false);
	struct plant p = plant_of(one.whole);
	assert_int_equal(p.asset_count, 3);
	assert_true(p.finding_count > 0);
	assert_int_equal(requests_of(&p), 0);
	tell(&one, true);
	p = plant_of(one.whole);
	assert_int_equal(requests_of(&p), 301);
	close_sensor(&one);
	whole_free(one.whole);
}

/* Nothing is lost where nobody listens for a while. */
static void told_again(void **unused)
{
	(void)unused;
	struct err e = { 0 };
	open_pair(&one, NULL, 0);
	write_coil(&one, 7, 4000, 3);
	one.deaf = true;
	assert_int_equal(rows_tell(one.rows, false, &e), -EAGAIN);
	assert_int_equal(rows_tell(one.rows, true, &e), -EAGAIN);
	one.deaf = false;
	tell(&one, true);
	struct plant p = plant_of(one.whole);
	assert_int_equal(requests_of(&p), 3);
	close_sensor(&one);
	whole_free(one.whole);
}

/* --- several --- */

static void two_tell_of_one_plant(void **unused)
{
	(void)unused;
	open_pair(&one, NULL, 0);
	open_pair(&two, one.whole, 1);
	write_coil(&one, 7, 4000, 3);
	write_coil(&two, 8, 4001, 4);
	tell(&one, true);
	tell(&two, true);
	struct plant p = plant_of(one.whole);
	assert_int_equal(p.asset_count, 3);
	assert_int_equal(requests_of(&p), 7);
	assert_int_equal(p.packets, 7);
	close_sensor(&two);
	close_sensor(&one);
	whole_free(one.whole);
}

/* One that was ended is followed by another: what the first counted stays. */
static void one_begins_anew(void **unused)
{
	(void)unused;
	open_pair(&one, NULL, 0);
	write_coil(&one, 7, 4000, 3);
	tell(&one, true);
	close_sensor(&one);
	whole_forget(one.whole, 0);
	open_pair(&two, one.whole, 0);
	write_coil(&two, 8, 4000, 1);
	write_coil(&two, 7, 4001, 2);
	tell(&two, true);
	struct plant p = plant_of(one.whole);
	assert_int_equal(p.asset_count, 3);
	assert_int_equal(requests_of(&p), 6);
	close_sensor(&two);
	whole_free(one.whole);
}

/* --- what is not taken --- */

static void refused(struct whole *w, const void *bytes, size_t size, const char *why)
{
	struct err e = { 0 };
	assert_int_equal(whole_take(w, 1, cur_of(bytes, size), &e), -EBADMSG);
	if (!strstr(e.text, why))
		fail_msg("'%s' does not say '%s'", e.text, why);
}

static void bad_rows(void **unused)
{
	(void)unused;
	static const struct {
		const char *hex, *why;
	} rows[] = {
		{ "01", "ends too early" },
		{ "00 0004 00000001", "kind 0" },
		{ "0b 0004 00000001", "kind 11" },
		{ "01 0003 000001", "ends too early" },
		{ "01 ffff 00000001", "ends too early" },
		{ "01 0004 00000000", "out of turn" },
		{ "01 0004 00000002", "out of turn" },
		{ "01 0004 ffffffff", "out of turn" },
		{ "01 0004 00000001", "host 1: it ends too early" },
		{ "0a 0004 00000002", "out of turn" },
		/* a binding of a host that was never told */
		{ "03 001f 00000001 00000001 00000001 00000001 40 00 0000000000000001 "
		  "0000000000000001 00",
			"was not told" },
		/* a MAC in a VLAN that there is not */
		{ "02 0036 00000001 020000000007 00 0000 01 1000 0000 0000 0000 0000000000000001 "
		  "0000000000000001 0000000000000001 0000000000000001",
			"VLAN" },
		/* that spoke neither way */
		{ "02 0036 00000001 020000000007 00 0000 02 0000 0000 0000 0000 0000000000000001 "
		  "0000000000000001 0000000000000001 0000000000000001",
			"a flag" },
		/* of a type that there is not */
		{ "02 0036 00000001 020000000007 ff 0000 01 0000 0000 0000 0000 0000000000000001 "
		  "0000000000000001 0000000000000001 0000000000000001",
			"a word" },
		/* before there was time */
		{ "02 0036 00000001 020000000007 00 0000 01 0000 0000 0000 0000 8000000000000001 "
		  "0000000000000001 0000000000000001 0000000000000001",
			"1970" },
		/* with a reason that is no text */
		{ "02 0037 00000001 020000000007 00 0001 07 01 0000 0000 0000 0000 "
		  "0000000000000001 0000000000000001 0000000000000001 0000000000000001",
			"label" },
		{ "02 0038 00000001 020000000007 00 0000 01 0000 0000 0000 0000 0000000000000001 "
		  "0000000000000001 0000000000000001 0000000000000001 0000",
			"too long" },
	};
	open_pair(&one, NULL, 0);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct made m = { .size = 0 };
		made_hex(&m, rows[i].hex);
		refused(one.whole, m.bytes, m.size, rows[i].why);
	}
	struct plant p = plant_of(one.whole);
	assert_int_equal(p.asset_count, 0);
	close_sensor(&one);
	whole_free(one.whole);
}

#define A_HOST                                                                                     \
	"01 0040 00000001 00000000000000000000ffff0a000007 00 0000 01000000000000 0000 "           \
	"0000000000000001 0000000000000001 0000000000000001 0000000000000001"
#define A_MAC                                                                                      \
	"02 0036 00000001 020000000007 00 0000 01 0000 0000 0000 0000 0000000000000001 "           \
	"0000000000000001 0000000000000001 0000000000000001"

/* Rows that no sensor tells, of which code that judges the plant would make nothing good. */
static void odd_ends(void **unused)
{
	(void)unused;
	static const struct {
		const char *hex, *why;
	} rows[] = {
		{ "04 0013 00000001 40000001 00000002 0000 01 00 06 0000", "without an address" },
		{ "06 0052 00000001 00000001 40000001 00000000000000000000000000000000 "
		  "000000000000 06 00 01f6 0000 00 01 0000000000000005 0000000000000005 "
		  "0000000000000001 0000000000000001 0000000000000001",
			"one end alone" },
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct err e = { 0 };
		struct made m = { .size = 0 };
		open_pair(&one, NULL, 0);
		made_hex(&m, A_HOST);
		made_hex(&m, A_MAC);
		if (whole_take(one.whole, 1, cur_of(m.bytes, m.size), &e) < 0)
			fail_msg("%s", e.text);
		m.size = 0;
		made_hex(&m, rows[i].hex);
		refused(one.whole, m.bytes, m.size, rows[i].why);
		assert_int_equal(plant_of(one.whole).asset_count, 2);
		close_sensor(&one);
		whole_free(one.whole);
	}
}

/* The row of one host is not another's later on. */
static void somebody_else(void **unused)
{
	(void)unused;
	struct err e = { 0 };
	open_pair(&one, NULL, 0);
	write_coil(&one, 7, 4000, 1);
	tell(&one, true);
	size_t size = 3 + ((size_t)one.bytes[1] << 8 | one.bytes[2]);
	assert_int_equal(one.bytes[0], ROW_HOST);
	assert_int_equal(whole_take(one.whole, 1, cur_of(one.bytes, size), &e), 0);
	one.bytes[ROW_HEAD + 15] ^= 1;
	refused(one.whole, one.bytes, size, "somebody else");
	close_sensor(&one);
	whole_free(one.whole);
}

/* Any message cut anywhere is refused, and what it held before the cut is all there is. */
static void cut_anywhere(void **unused)
{
	(void)unused;
	struct err e = { 0 };
	open_pair(&one, NULL, 0);
	write_coil(&one, 7, 4000, 2);
	tell(&one, true);
	const struct whole_config config = { .memory = 4 << 20 };
	size_t whole_rows = 0;
	for (size_t size = 0; size <= one.kept; size++) {
		struct whole *w;
		assert_int_equal(whole_new(&w, &config, &e), 0);
		int r = whole_take(w, 0, cur_of(one.bytes, size), &e);
		assert_true(r == 0 || r == -EBADMSG);
		whole_rows += r == 0;
		whole_free(w);
	}
	assert_true(whole_rows > 8 && whole_rows < 40);
	close_sensor(&one);
	whole_free(one.whole);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(said_once),
		cmocka_unit_test(under_way),
		cmocka_unit_test(what_is_new_at_once),
		cmocka_unit_test(told_again),
		cmocka_unit_test(two_tell_of_one_plant),
		cmocka_unit_test(one_begins_anew),
		cmocka_unit_test(bad_rows),
		cmocka_unit_test(odd_ends),
		cmocka_unit_test(somebody_else),
		cmocka_unit_test(cut_anywhere),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
