/* EtherNet/IP and CIP through the whole sensor: messages in, facts, identities and points out.
 *
 * A case is a conversation written in hex, one message a line: '>' from the client, '<' from the
 * server.  Each fact becomes one line of text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "sense/packet.h"
#include "sense/proto/cip.h"
#include "tap.h"

enum { MESSAGE = 1200 };

struct line {
	struct tap tap;
	uint32_t sequence[2];
	bool udp;
	uint16_t port; /* of the server */
	uint16_t seen; /* sender context of the next request */
};

/* The encapsulation header is the same in every case: left out. */
static void tell(struct tap *w, const struct fact *f)
{
	out_fmt(&w->out, "%s %s", f->msg->name, dir_name(f->dir));
	if (f->request)
		out_fmt(&w->out, " of %u", (unsigned)f->request);
	if (f->failed)
		out_str(&w->out, " failed");
	if (f->msg->effect)
		out_fmt(&w->out, " %s", effect_name(f->msg->effect));
	for (size_t i = 0; i < f->value_count; i++)
		if (strncmp(f->values[i].field->name, "enip.", 5) != 0)
			tap_value(w, &f->values[i]);
	out_char(&w->out, '\n');
}

static void open_line(struct line *w, bool udp, uint16_t port)
{
	*w = (struct line){ .udp = udp, .port = port, .sequence = { 100, 200 } };
	tap_open(&w->tap, 0);
	w->tap.tell = tell;
}

static void send_bytes(struct line *w, unsigned side, const uint8_t *bytes, size_t size)
{
	unsigned from = 1 + side, to = 2 - side;
	unsigned from_port = side ? w->port : 50000, to_port = side ? 50000 : w->port;
	if (w->udp) {
		tap_udp(&w->tap,
			&(struct udp_row){
				from, to, from_port, to_port, .bytes = bytes, .size = size });
		return;
	}
	tap_tcp(&w->tap,
		&(struct tcp_row){ from, to, from_port, to_port, TCP_ACK | TCP_PSH,
			w->sequence[side], w->sequence[!side], .bytes = bytes, .size = size });
	w->sequence[side] += (uint32_t)size;
}

static size_t hex_of(const char *text, uint8_t *to)
{
	size_t n = 0;
	for (unsigned byte; *text; text += 2) {
		while (*text == ' ')
			text++;
		if (!*text || sscanf(text, "%2x", &byte) != 1)
			break;
		assert_true(n < MESSAGE);
		to[n++] = (uint8_t)byte;
	}
	return n;
}

/* One CIP message as unconnected data; an answer takes the context of the request before it. */
static void send_cip(struct line *w, const char *line)
{
	uint8_t m[MESSAGE + 64] = { 0x6f };
	unsigned side = line[0] == '<';
	size_t size = hex_of(line + 1, m + 40);
	m[2] = (uint8_t)(size + 16);
	m[3] = (uint8_t)((size + 16) >> 8);
	m[4] = 1; /* session */
	uint16_t context = side ? w->seen : ++w->seen;
	m[12] = (uint8_t)(context >> 8);
	m[13] = (uint8_t)context;
	m[30] = 2; /* items: null address, unconnected data */
	m[36] = 0xb2;
	m[38] = (uint8_t)size;
	m[39] = (uint8_t)(size >> 8);
	send_bytes(w, side, m, 40 + size);
}

static void send_raw(struct line *w, const char *line)
{
	uint8_t m[MESSAGE];
	send_bytes(w, line[0] == '<', m, hex_of(line + 1, m));
}

static const char *close_line(struct line *w)
{
	tap_end(&w->tap);
	tap_close(&w->tap);
	return w->tap.text;
}

struct talk_case {
	const char *name;
	const char *lines[8];
	const char *expected;
};

static const struct talk_case cases[] = {
	{ "a tag read", { "> 4c 03 91 03 4c 76 6c 00 01 00", "< cc 00 00 00 ca 00 00 00 48 41" },
		"read_tag request cip.service=76 cip.symbol=Lvl cip.tag.count=1\n"
		"read_tag response of 1 cip.service=76 cip.genstat=0 cip.tag.type=202 "
		"cip.tag.value=12.5\n" },
	{ "several services in one, one of them refused",
		{ "> 0a 02 20 02 24 01 02 00 06 00 0e 00 4c 02 91 02 41 31 01 00 "
		  "4d 02 91 02 42 31 c3 00 01 00 f7 ff",
			"< 8a 00 1e 00 02 00 06 00 0e 00 cc 00 00 00 c3 00 05 00 cd 00 05 00" },
		"multiple_service_packet request cip.service=10 cip.class=2 cip.instance=1 "
		"cip.msp.num_services=2\n"
		"read_tag request cip.service=76 cip.symbol=A1 cip.tag.count=1\n"
		"write_tag request cip.service=77 cip.symbol=B1 cip.tag.type=195 cip.tag.count=1 "
		"cip.tag.value=-9\n"
		"multiple_service_packet response of 1 failed cip.service=10 cip.genstat=30 "
		"cip.error=Embedded service error cip.msp.num_services=2\n"
		"read_tag response of 1 cip.service=76 cip.genstat=0 cip.tag.type=195 "
		"cip.tag.value=5\n"
		"write_tag response of 1 failed cip.service=77 cip.genstat=5 "
		"cip.error=Path destination unknown\n" },
	{ "a PCCC controller sent to program mode",
		{ "> 4b 02 20 67 24 01 07 4d 00 99 00 00 00 0f 00 03 00 80 01",
			"< cb 00 00 00 07 4d 00 99 00 00 00 4f f0 03 00 0b" },
		"pccc_change_mode_program request stop cip.service=75 cip.class=103 cip.instance=1 "
		"cip.pccc.req.id.len=7 cip.pccc.cip.vend.id=77 cip.pccc.cip.serial.num=153 "
		"cip.pccc.cmd.code=15 cip.pccc.gs.status=0 cip.pccc.tns.code=3 "
		"cip.pccc.fnc.code_0f=128 cip.pccc.cpu.mode_80=1\n"
		"pccc_change_mode_program response of 1 failed stop cip.service=75 cip.genstat=0 "
		"cip.pccc.req.id.len=7 cip.pccc.cip.vend.id=77 cip.pccc.cip.serial.num=153 "
		"cip.pccc.cmd.code=79 cip.pccc.gs.status=240 cip.pccc.tns.code=3 "
		"cip.pccc.es.status=11\n" },
	{ "the address of a device changed",
		{ "> 10 03 20 f5 24 01 30 05 02 01 a8 c0 00 ff ff ff 00 00 00 00 00 00 00 00 00 00 "
		  "00 00 00 00" },
		"set_attribute_single request config cip.service=16 cip.class=245 cip.instance=1 "
		"cip.attribute=5 cip.tcpip.ip_addr=192.168.1.2 "
		"cip.tcpip.subnet_mask=255.255.255.0 cip.tcpip.gateway=0.0.0.0 "
		"cip.tcpip.name_server=0.0.0.0 cip.tcpip.name_server2=0.0.0.0 cip.tcpip.domain_name=\n" },
	{ "a controller stopped, a device reset, firmware replaced",
		{ "> 07 02 20 8e 24 01", "> 05 02 20 01 24 01 00", "> 4b 02 20 a1 24 01" },
		"stop request stop cip.service=7 cip.class=142 cip.instance=1\n"
		"reset request restart cip.service=5 cip.class=1 cip.instance=1 cip.reset.type=0\n"
		"nvs_update request firmware cip.service=75 cip.class=161 cip.instance=1\n" },
	{ "an answer nobody asked for is read without its object", { "< cc 00 00 00 c3 00 05 00" },
		"service_4c response cip.service=76 cip.genstat=0 cip.data=c3000500\n" },
	{ "a path that runs past its end gives no fact",
		{ "> 0e 03 20 01 24 01 30", "> 0e 02 20 01 25 00", "> 4c 02 91 09 41 42" }, "" },
	{ "a request inside an answer", { "< 8a 00 00 00 01 00 04 00 4c 02 91 02 41 31 01 00" },
		"multiple_service_packet response cip.service=10 cip.genstat=0 "
		"cip.msp.num_services=1\n" },
	{ "offsets outside the packet give no service",
		{ "> 0a 02 20 02 24 01 02 00 06 00 ff 00 01 02 20 01 24 01" },
		"multiple_service_packet request cip.service=10 cip.class=2 cip.instance=1 "
		"cip.msp.num_services=2\n" },
};

static void test_conversations(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct line w;
		open_line(&w, false, 44818);
		for (size_t n = 0; n < 8 && cases[i].lines[n]; n++)
			send_cip(&w, cases[i].lines[n]);
		const char *text = close_line(&w);
		if (strcmp(text, cases[i].expected) != 0)
			print_error("%s\n", cases[i].name);
		assert_string_equal(text, cases[i].expected);
	}
}

/* The router's refusal belongs to the Unconnected Send, not to what it carried. */
static void test_refused_on_the_way(void **state)
{
	(void)state;
	struct line w;
	open_line(&w, false, 44818);
	send_cip(&w, "> 52 02 20 06 24 01 07 e9 06 00 0e 02 20 01 24 01 01 00 01 09");
	send_cip(&w, "< d2 00 01 01 12 03 01 00");
	const char *text = close_line(&w);
	assert_non_null(strstr(text, "unconnected_send request cip.service=82"));
	assert_non_null(strstr(text, "get_attribute_single request cip.service=14 cip.class=1"));
	assert_non_null(strstr(text, "unconnected_send response of 1 failed"));
	assert_non_null(strstr(text, "cip.addstat=786 cip.error=Link address not valid"));
}

/* A connection nobody saw opened: the answer has another id, the sequence count joins them. */
static void test_connected(void **state)
{
	(void)state;
	static const char head[] = " 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 ";
	char text[512];
	struct line w;
	open_line(&w, false, 44818);
	snprintf(text, sizeof text,
		"> 70 00 20 00 01 00 00 00%s00 00 00 00 00 00 02 00 a1 00 04 00 "
		"11 11 00 00 b1 00 0c 00 09 00 4c 03 91 03 4c 76 6c 00 01 00",
		head);
	send_raw(&w, text);
	snprintf(text, sizeof text,
		"< 70 00 1d 00 01 00 00 00%s00 00 00 00 00 00 02 00 a1 00 04 00 "
		"22 22 00 00 b1 00 09 00 09 00 cc 00 00 00 c1 00 01",
		head);
	send_raw(&w, text);
	assert_string_equal(close_line(&w),
		"read_tag request cip.seq=9 cip.service=76 cip.symbol=Lvl cip.tag.count=1\n"
		"read_tag response of 1 cip.seq=9 cip.service=76 cip.genstat=0 cip.tag.type=193 "
		"cip.tag.value=1\n");
}

static const struct asset *asset_of(const struct plant *p, const char *model)
{
	for (size_t i = 0; i < p->asset_count; i++)
		if (p->assets[i].model && strcmp(p->assets[i].model, model) == 0)
			return &p->assets[i];
	return NULL;
}

/* The identity that comes back through a route is that of the module in the slot; values are
 * points. */
static void test_plant(void **state)
{
	(void)state;
	struct line w;
	open_line(&w, false, 44818);
	send_cip(&w, "> 52 02 20 06 24 01 07 e9 06 00 01 02 20 01 24 01 01 00 01 02");
	send_cip(&w, "< 81 00 00 00 01 00 0e 00 36 00 10 14 60 30 3f 82 51 00 03 4c 36 31");
	send_cip(&w, "> 4c 04 91 03 4c 76 6c 00 28 03 02 00");
	send_cip(&w, "< cc 00 00 00 c3 00 05 00 06 00");
	tap_end(&w.tap);
	const struct plant *p = &w.tap.plant;
	const struct asset *module = asset_of(p, "L61");
	assert_non_null(module);
	assert_true(module->part_of != 0);
	assert_int_equal(module->rack, 0);
	assert_int_equal(module->slot, 2);
	assert_string_equal(module->serial, "0051823f");
	assert_string_equal(module->firmware, "16.020");
	assert_string_equal(module->vendor, "Rockwell Automation/Allen-Bradley");
	assert_int_equal(p->point_count, 2);
	assert_string_equal(p->points[0].address, "Lvl[3]");
	assert_true(p->points[0].last == 5 && p->points[1].last == 6);
	assert_string_equal(p->points[1].address, "Lvl[4]");
	tap_close(&w.tap);
}

/* A control block has a length and a position where a counter has a preset and a count. */
static void test_pccc_points(void **state)
{
	(void)state;
	struct line w;
	open_line(&w, false, 44818);
	send_cip(&w, "> 4b 02 20 67 24 01 07 4d 00 99 00 00 00 0f 00 03 00 a2 04 06 88 03 01");
	send_cip(&w, "< cb 00 00 00 07 4d 00 99 00 00 00 4f 00 03 00 0a 00 07 00");
	send_cip(&w, "> 4b 02 20 67 24 01 07 4d 00 99 00 00 00 0f 00 04 00 a2 04 05 87 03 01");
	send_cip(&w, "< cb 00 00 00 07 4d 00 99 00 00 00 4f 00 04 00 0a 00 07 00");
	tap_end(&w.tap);
	const struct plant *p = &w.tap.plant;
	assert_int_equal(p->point_count, 4);
	static const char *const names[] = { "C5:3.ACC", "C5:3.PRE", "R6:3.LEN", "R6:3.POS" };
	for (size_t i = 0; i < 4; i++) {
		bool there = false;
		for (size_t n = 0; n < p->point_count; n++)
			there |= strcmp(p->points[n].address, names[i]) == 0;
		assert_true(there);
	}
	tap_close(&w.tap);
}

/* Content decides: the same bytes on another port are ours, others on port 44818 are not. */
static void test_probe(void **state)
{
	(void)state;
	static const char identity[] =
		"> 63 00 00 00 00 00 00 00 00 00 00 00 64 00 00 00 00 00 00 00 "
		"00 00 00 00";
	static const char io[] = "> 02 00 02 80 08 00 01 00 00 00 02 00 00 00 b1 00 02 00 aa bb";
	static const char *const others[] = {
		"> 47 45 54 20 2f 20 48 54 54 50 2f 31 2e 31 0d 0a 0d 0a 00 00 00 00 00 00",
		"> 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00",
		"> 63 00 00 00 00 00 00 00 00 00 00 00 64 00 00 00 00 00 00 00 00 00 00 01",
		"> 63 00 00 00 00 00 00 00 00 00 00 01 64 00 00 00 00 00 00 00 00 00 00 00",
		("> 6f 00 08 00 01 00 00 00 00 00 00 00 64 00 00 00 00 00 00 00 00 00 00 00 "
		 "01 00 00 00 00 00 01 00"),
		"> 02 00 02 80 08 00 01 00 00 00 02 00 00 00 b1 00 03 00 aa bb",
	};
	struct line w;
	open_line(&w, true, 7777);
	send_raw(&w, identity);
	assert_string_equal(close_line(&w), "list_identity request\n");
	open_line(&w, true, 9999);
	send_raw(&w, io);
	assert_string_equal(close_line(&w), "io_data other cipio.data=aabb\n");
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		for (unsigned udp = 0; udp < 2; udp++) {
			open_line(&w, udp, 44818);
			send_raw(&w, others[i]);
			const char *text = close_line(&w);
			assert_null(strstr(text, "cip"));
			assert_null(strstr(text, "list_identity"));
			assert_null(strstr(text, "nop"));
		}
}

static void test_services_in_order(void **state)
{
	(void)state;
	size_t found = 0;
	for (uint32_t class = 0; class <= 0xff; class ++)
		for (unsigned service = 0; service < 0x80; service++) {
			const struct cip_path p = { .has = HAS_CLASS, .class = class };
			found += cip_op((uint8_t)service, &p)->class == class;
		}
	for (unsigned service = 0; service < 0x80; service++)
		found += cip_op((uint8_t)service, &(struct cip_path){ .has = HAS_SYMBOL })->class ==
			TAG;
	assert_int_equal(found, cip_op_rows);
	const struct cip_path far = { .has = HAS_CLASS, .class = 0x1006b };
	assert_int_equal(cip_op(0x4c, &far)->class, ANY_CLASS);
}

/* Requests beyond what is remembered push out older ones: their answers lose the path, no more. */
static void test_forgotten(void **state)
{
	(void)state;
	char text[800];
	struct out o = out_mem(text, sizeof text);
	out_str(&o, "> 4c 65 91 c8 ");
	for (unsigned i = 0; i < 200; i++)
		out_str(&o, "41 ");
	out_str(&o, "01 00");
	struct line w;
	open_line(&w, false, 44818);
	for (unsigned i = 0; i < 12; i++)
		send_cip(&w, out_text(&o));
	w.tap.out.used = 0;
	send_cip(&w, "< cc 00 00 00 c3 00 05 00"); /* the last one */
	w.seen = 1;
	send_cip(&w, "< cc 00 00 00 c3 00 06 00"); /* the first one */
	assert_string_equal(close_line(&w),
		"read_tag response of 12 cip.service=76 cip.genstat=0 cip.tag.type=195 "
		"cip.tag.value=5\n"
		"service_4c response of 1 cip.service=76 cip.genstat=0 cip.data=c3000600\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_conversations),
		cmocka_unit_test(test_refused_on_the_way),
		cmocka_unit_test(test_connected),
		cmocka_unit_test(test_plant),
		cmocka_unit_test(test_pccc_points),
		cmocka_unit_test(test_probe),
		cmocka_unit_test(test_services_in_order),
		cmocka_unit_test(test_forgotten),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
