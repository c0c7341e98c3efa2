/* TCP reassembly: rows of segments, and the facts that come out.  The messages are Modbus: a
 * request for registers, so that each whole message is one line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"
#include "sense/packet.h"
#include "tap.h"

/* Read one register at ...; twelve bytes. */
#define ASK(n) "000" #n "0000 0006 01 03 00" #n "0 0001"
#define A      ASK(1)
#define B      ASK(2)
#define C      ASK(3)
#define D      ASK(4)

enum { CLIENT = 0, SERVER = 1, END = -1 };

struct piece {
	int side;
	unsigned flags; /* 0: ACK */
	uint32_t at;    /* offset in the stream: 0 is the first byte behind the SYN */
	const char *hex;
	uint32_t ack;  /* offset in the other side's stream */
	unsigned snap; /* payload bytes the capture kept; 0: all */
};

#define SYN                                                                                        \
	{                                                                                          \
		CLIENT, TCP_SYN, UINT32_MAX, NULL, 0, 0                                            \
	}
#define SYNACK                                                                                     \
	{                                                                                          \
		SERVER, TCP_SYN | TCP_ACK, UINT32_MAX, NULL, 0, 0                                  \
	}
#define OPEN SYN, SYNACK
#define DONE                                                                                       \
	{                                                                                          \
		END, 0, 0, NULL, 0, 0                                                              \
	}

struct row {
	const char *name;
	uint32_t start; /* sequence number of offset 0 */
	struct piece pieces[12];
	const char *expected; /* transaction numbers, in order, each with its frame */
	uint64_t gaps, retransmissions, cut;
};

static const struct row rows[] = {
	{ "one after the other", 1000, { OPEN, { CLIENT, 0, 0, A }, { CLIENT, 0, 12, B }, DONE },
		"1@3 2@4 ", 0, 0 },
	{ "two in one segment", 1000, { OPEN, { CLIENT, 0, 0, A B }, DONE }, "1@3 2@3 ", 0, 0 },
	{ "one in three segments, read with the last", 1000,
		{ OPEN, { CLIENT, 0, 0, "0001" }, { CLIENT, 0, 2, "00000006" },
			{ CLIENT, 0, 6, "010300100001" }, DONE },
		"1@5 ", 0, 0 },
	{ "numbers wrap around", UINT32_MAX - 5,
		{ OPEN, { CLIENT, 0, 0, A }, { CLIENT, 0, 12, B }, { CLIENT, 0, 24, C }, DONE },
		"1@3 2@4 3@5 ", 0, 0 },
	{ "wrapped and out of order", UINT32_MAX - 17,
		{ OPEN, { CLIENT, 0, 0, A }, { CLIENT, 0, 24, C }, { CLIENT, 0, 12, B }, DONE },
		"1@3 2@5 3@4 ", 0, 0 },
	{ "the first comes second", 1000,
		{ OPEN, { CLIENT, 0, 12, B }, { CLIENT, 0, 0, A }, { CLIENT, 0, 24, C }, DONE },
		"1@4 2@3 3@5 ", 0, 0 },
	{ "sent again", 1000,
		{ OPEN, { CLIENT, 0, 0, A }, { CLIENT, 0, 0, A }, { CLIENT, 0, 12, B }, DONE },
		"1@3 2@5 ", 0, 1 },
	{ "sent again, and more with it", 1000,
		{ OPEN, { CLIENT, 0, 0, A }, { CLIENT, 0, 0, A B }, DONE }, "1@3 2@4 ", 0, 0 },
	{ "what overlaps with other content: the first stays", 1000,
		{ OPEN, { CLIENT, 0, 0, A }, { CLIENT, 0, 6, "ffffffffffff" B }, DONE }, "1@3 2@4 ",
		0, 0 },
	{ "what waits overlaps: the first in the stream stays", 1000,
		{ OPEN, { CLIENT, 0, 18, "010300200001" C }, { CLIENT, 0, 12, B },
			{ CLIENT, 0, 0, A }, DONE },
		"1@5 2@4 3@3 ", 0, 0 },
	{ "the middle of a connection", 1000, { { CLIENT, 0, 0, A }, { CLIENT, 0, 12, B }, DONE },
		"1@1 2@2 ", 0, 0 },
	{ "only one direction", 1000, { SYN, { CLIENT, 0, 0, A }, { CLIENT, 0, 12, B }, DONE },
		"1@2 2@3 ", 0, 0 },
	{ "a hole the other side has acknowledged is passed at once", 1000,
		{ OPEN, { CLIENT, 0, 0, A }, { CLIENT, 0, 24, C }, { SERVER, 0, 0, NULL, 36 },
			{ CLIENT, 0, 36, D }, DONE },
		"1@3 3@4 4@6 ", 1, 0 },
	{ "a hole nobody speaks of is passed at the end", 1000,
		{ OPEN, { CLIENT, 0, 0, A }, { CLIENT, 0, 24, C }, { CLIENT, 0, 36, D }, DONE },
		"1@3 3@4 4@5 ", 1, 0 },
	{ "a keep-alive is a byte of the past", 1000,
		{ OPEN, { CLIENT, 0, 0, A }, { CLIENT, 0, 11, "00" }, { CLIENT, 0, 12, B }, DONE },
		"1@3 2@5 ", 0, 1 },
	{ "a keep-alive first", 1000, { { CLIENT, 0, 11, "00" }, { CLIENT, 0, 12, B }, DONE },
		"2@2 ", 0, 1 },
	{ "a probe of a closed window brings the next byte", 1000,
		{ OPEN, { CLIENT, 0, 0, A }, { CLIENT, 0, 12, "00" }, { CLIENT, 0, 12, B }, DONE },
		"1@3 2@5 ", 0, 0 },
	{ "a probe without bytes", 1000,
		{ OPEN, { CLIENT, 0, 0, A }, { CLIENT, 0, 11, NULL }, { CLIENT, 0, 12, B }, DONE },
		"1@3 2@5 ", 0, 0 },
	{ "bytes in the SYN", 1000,
		{ { CLIENT, TCP_SYN, UINT32_MAX, A },
			{ SERVER, TCP_SYN | TCP_ACK, UINT32_MAX, NULL, 12 }, { CLIENT, 0, 12, B },
			DONE },
		"1@1 2@3 ", 0, 0 },
	{ "a SYN sent again starts nothing new", 1000,
		{ OPEN, SYN, SYNACK, { CLIENT, 0, 0, A }, DONE }, "1@5 ", 0, 0 },
	{ "snapped in the middle of a message: read again behind it", 1000,
		{ OPEN, { CLIENT, 0, 0, A B, 0, 18 }, { CLIENT, 0, 24, C }, DONE }, "1@3 3@4 ", 1,
		0, 1 },
	{ "snapped in a message that goes on in the next segment: read behind its end", 1000,
		{ OPEN, { CLIENT, 0, 0, A "0002 0000 0006 01 03 00 02", 0, 20 },
			{ CLIENT, 0, 22, "0001" C }, { CLIENT, 0, 36, D }, DONE },
		"1@3 3@4 4@5 ", 1, 0, 1 },
	{ "lost in a message that goes on behind the hole", 1000,
		{ OPEN, { CLIENT, 0, 0, A "0002 0000 0006 01 03" }, { CLIENT, 0, 22, "0001" C },
			{ SERVER, 0, 0, NULL, 36 }, { CLIENT, 0, 36, D }, DONE },
		"1@3 3@4 4@6 ", 1, 0, 1 },
	{ "a hole that reaches beyond the message", 1000,
		{ OPEN, { CLIENT, 0, 0, A "0002 0000 0006 01 03" }, { CLIENT, 0, 36, D },
			{ SERVER, 0, 0, NULL, 48 }, DONE },
		"1@3 4@4 ", 1, 0, 1 },
	{ "snapped, then sent again whole", 1000,
		{ OPEN, { CLIENT, 0, 0, A, 0, 6 }, { CLIENT, 0, 0, A }, { CLIENT, 0, 12, B },
			DONE },
		"2@5 ", 1, 1, 0 },
	{ "a reset from somebody else changes nothing", 1000,
		{ OPEN, { CLIENT, 0, 0, A }, { SERVER, TCP_RST, 777, NULL }, { CLIENT, 0, 12, B },
			DONE },
		"1@3 2@5 ", 0, 0 },
	{ "the ports used again after a reset", 1000,
		{ OPEN, { CLIENT, 0, 0, A }, { SERVER, TCP_RST, 0, NULL },
			{ CLIENT, TCP_SYN, 499999, NULL },
			{ SERVER, TCP_SYN | TCP_ACK, 599999, NULL, 500000 },
			{ CLIENT, 0, 500000, B }, DONE },
		"1@3 2@7 ", 0, 0 },
	{ "the ports used again without an end", 1000,
		{ OPEN, { CLIENT, 0, 0, A }, { CLIENT, TCP_SYN, 499999, NULL },
			{ SERVER, TCP_SYN | TCP_ACK, 599999, NULL, 500000 },
			{ CLIENT, 0, 500000, B }, DONE },
		"1@3 2@6 ", 0, 0 },
	{ "far ahead: another connection's, or a liar's", 1000,
		{ OPEN, { CLIENT, 0, 0, A }, { CLIENT, 0, 100000000, B },
			{ CLIENT, 0, 100000012, C }, DONE },
		"1@3 2@4 3@5 ", 1, 0 },
};

static void send(struct tap *w, const struct row *r, const struct piece *p)
{
	tap_tcp(w,
		&(struct tcp_row){ .from = 1 + (unsigned)p->side,
			.to = 2 - (unsigned)p->side,
			.from_port = p->side ? 502 : 30000,
			.to_port = p->side ? 30000 : 502,
			.flags = p->flags ? p->flags : TCP_ACK,
			.seq = r->start + p->at,
			.ack = r->start + p->ack,
			.hex = p->hex,
			.snap = p->snap ? 54 + p->snap : 0 });
}

static void told(const struct tap *w, char text[200])
{
	*text = 0;
	for (const char *line = w->text; *line; line = strchr(line, '\n') + 1) {
		unsigned frame, n;
		const char *at = strstr(line, "modbus.transaction");
		if (!at)
			at = strstr(line, "modbus.trans_id");
		assert_non_null(at);
		assert_int_equal(sscanf(line, "%u", &frame), 1);
		assert_int_equal(sscanf(strchr(at, '='), "=%u", &n), 1);
		size_t used = strlen(text);
		snprintf(text + used, 200 - used, "%u@%u ", n, frame);
	}
}

static void segments(void **unused)
{
	(void)unused;
	static struct tap w;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		char text[200];
		tap_open(&w, 0);
		for (const struct piece *p = rows[i].pieces; p->side != END; p++)
			send(&w, &rows[i], p);
		tap_end(&w);
		told(&w, text);
		if (strcmp(text, rows[i].expected) != 0 ||
			tap_counter(&w, "stream_gaps") != rows[i].gaps ||
			tap_counter(&w, "retransmissions") != rows[i].retransmissions ||
			tap_counter(&w, "cut_messages") != rows[i].cut)
			print_error("%s: %s\n%s", rows[i].name, text, w.text);
		assert_string_equal(text, rows[i].expected);
		assert_int_equal(tap_counter(&w, "stream_gaps"), rows[i].gaps);
		assert_int_equal(tap_counter(&w, "retransmissions"), rows[i].retransmissions);
		assert_int_equal(tap_counter(&w, "cut_messages"), rows[i].cut);
		tap_close(&w);
	}
}

/* A hundred messages, cut anywhere and in any order of neighbours: the same facts. */
static void any_cut_any_order(void **unused)
{
	(void)unused;
	static struct tap w;
	uint64_t random = 88172645463325252u;
	for (unsigned round = 0; round < 30; round++) {
		static char bytes[100 * 24 + 1];
		for (unsigned i = 0; i < 100; i++)
			snprintf(bytes + i * 24, 25, "%04x000000060103%04x0001", i, i);
		tap_open(&w, 0);
		const struct row open = { .start = 0xffffff00,
			.pieces = { OPEN, { CLIENT, 0, 0, "0001 0000 0006 01 03 0001 0001" } } };
		for (unsigned i = 0; i < 3; i++)
			send(&w, &open, &open.pieces[i]);
		char held[128] = "";
		unsigned held_at = 0;
		for (unsigned at = 0; at < 1200;) {
			random = random * 6364136223846793005u + 1442695040888963407u;
			unsigned size = 1 + (unsigned)(random >> 40) % 40;
			if (size > 1200 - at)
				size = 1200 - at;
			char part[128];
			snprintf(part, sizeof part, "%.*s", (int)size * 2, bytes + at * 2);
			if (!*held && random >> 63) { /* this one comes after the next */
				memcpy(held, part, sizeof held);
				held_at = at;
			} else {
				send(&w, &open, &(struct piece){ CLIENT, 0, 12 + at, part, 0, 0 });
				if (*held)
					send(&w, &open,
						&(struct piece){
							CLIENT, 0, 12 + held_at, held, 0, 0 });
				*held = 0;
			}
			at += size;
		}
		if (*held)
			send(&w, &open, &(struct piece){ CLIENT, 0, 12 + held_at, held, 0, 0 });
		tap_end(&w);
		assert_int_equal(w.facts, 101);
		assert_int_equal(tap_counter(&w, "stream_gaps"), 0);
		tap_close(&w);
	}
}

/* Ten thousand segments behind a hole that is never filled, and no memory for them: what can be
 * read is read, memory keeps its limit, and the books say so. */
static void a_hole_is_no_grave(void **unused)
{
	(void)unused;
	static struct tap w;
	tap_open(&w, 4 << 20);
	const struct row r = { .start = 1000, .pieces = { OPEN, { CLIENT, 0, 0, A } } };
	for (unsigned i = 0; i < 3; i++)
		send(&w, &r, &r.pieces[i]);
	for (uint32_t i = 0; i < 1000; i++)
		send(&w, &r, &(struct piece){ CLIENT, 0, 13 + i * 13, A, 0, 0 }); /* a byte short */
	tap_end(&w);
	assert_int_equal(w.facts, 1001);
	assert_int_equal(tap_counter(&w, "stream_gaps"), 1000);
	tap_close(&w);

	/* Half messages of many connections take all the memory there is for streams. */
	tap_open(&w, 4 << 20);
	static char half[2 * 1400 + 1];
	memset(half, '0', sizeof half - 1);
	for (unsigned i = 0; i < 2000; i++) {
		struct tcp_row row = { .from = 100 + i,
			.to = 2,
			.from_port = 30000,
			.to_port = 80,
			.flags = TCP_ACK,
			.seq = 1,
			.hex = A };
		tap_tcp(&w, &row);
		row.seq = 1 + 12 + 7;
		row.hex = half;
		tap_tcp(&w, &row); /* waits */
	}
	for (unsigned i = 0; i < 3; i++)
		send(&w, &r, &r.pieces[i]);
	send(&w, &r, &(struct piece){ CLIENT, 0, 24, B, 0, 0 }); /* waits in the place of others */
	send(&w, &r, &(struct piece){ CLIENT, 0, 36, C, 0, 0 });
	tap_end(&w);
	assert_int_equal(tap_counter(&w, "buffers_refused"), 0);
	assert_true(tap_counter(&w, "flows_evicted") > 0);
	assert_int_equal(w.facts, 2000 + 3);
	tap_close(&w);
}

/* A connection for each question, as some stations do: what ended long ago makes room, and nothing
 * of the last one is lost for the first one's memory. */
static void the_ended_make_room(void **unused)
{
	(void)unused;
	enum { CONNECTIONS = 5000 };
	static struct tap w;
	static const struct piece pieces[] = { OPEN, { CLIENT, 0, 0, A },
		{ SERVER, 0, 0, "0001 0000 0005 01 03 02 0007", 12 },
		{ CLIENT, TCP_FIN | TCP_ACK, 12, NULL, 11 },
		{ SERVER, TCP_FIN | TCP_ACK, 11, NULL, 13 }, { CLIENT, 0, 13, NULL, 12 } };
	tap_open(&w, 4 << 20);
	for (unsigned i = 0; i < CONNECTIONS; i++) {
		for (const struct piece *p = pieces; p < pieces + COUNT_OF(pieces); p++)
			tap_tcp(&w,
				&(struct tcp_row){ .from = 1 + (unsigned)p->side,
					.to = 2 - (unsigned)p->side,
					.from_port = p->side ? 502 : 20000 + i,
					.to_port = p->side ? 20000 + i : 502,
					.flags = p->flags ? p->flags : TCP_ACK,
					.seq = 1 + p->at,
					.ack = 1 + p->ack,
					.hex = p->hex });
	}
	tap_end(&w);
	assert_int_equal(w.facts, 2 * CONNECTIONS);
	assert_int_equal(tap_counter(&w, "flows"), CONNECTIONS);
	assert_int_equal(tap_counter(&w, "buffers_refused"), 0);
	assert_int_equal(tap_counter(&w, "flows_evicted"), 0); /* none before its end */
	assert_int_equal(w.plant.conversation_count, 1);
	tap_close(&w);
}

/* Equal ports, and a host that talks to itself: odd, and no reason to stumble. */
static void odd_ends(void **unused)
{
	(void)unused;
	static const struct {
		unsigned to, from_port, to_port;
	} ends[] = { { 2, 502, 502 }, { 1, 30000, 502 }, { 1, 502, 502 } };
	static struct tap w;
	for (size_t i = 0; i < COUNT_OF(ends); i++) {
		tap_open(&w, 0);
		struct tcp_row row = { .from = 1,
			.to = ends[i].to,
			.from_port = ends[i].from_port,
			.to_port = ends[i].to_port,
			.flags = TCP_ACK,
			.seq = 1,
			.hex = A };
		tap_tcp(&w, &row);
		row.seq = 13;
		row.hex = B;
		tap_tcp(&w, &row);
		tap_end(&w);
		assert_int_equal(w.facts, 2);
		assert_int_equal(w.plant.conversation_count, 1);
		assert_int_equal(w.plant.asset_count, ends[i].to);
		tap_close(&w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(segments),
		cmocka_unit_test(any_cut_any_order),
		cmocka_unit_test(a_hole_is_no_grave),
		cmocka_unit_test(the_ended_make_room),
		cmocka_unit_test(odd_ends),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
