/* Cleartext logins (FTP, Telnet, VNC) and LLDP through the whole sensor: bytes in, facts and
 * identities out, the same however a stream is cut, and on ports nobody agreed upon. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/out.h"
#include "event/fact.h"
#include "sense/sense.h"

enum { ETHER = 14, IP = 20, TCP = 20, ROOM = 1024, PORT = 40021 };

struct line {
	struct sense *sense;
	char text[4096];
	struct out out;
	uint32_t sequence[2];
	uint64_t frames;
};

struct said {
	char who; /* '<' server, '>' client */
	const char *bytes;
	size_t size;
};
#define SAID(who, bytes)                                                                           \
	{                                                                                          \
		who, bytes, sizeof(bytes) - 1                                                      \
	}

static void on_fact(void *self, const struct fact *f)
{
	struct line *w = self;
	out_fmt(&w->out, "%s", f->msg->name);
	if (f->failed)
		out_str(&w->out, " failed");
	if (f->violation)
		out_str(&w->out, " violation");
	if (f->msg->effect)
		out_fmt(&w->out, " (%s)", effect_name(f->msg->effect));
	for (size_t i = 0; i < f->value_count; i++) {
		const struct value *v = &f->values[i];
		if (v->type == VALUE_UINT) {
			out_fmt(&w->out, " %llu", (unsigned long long)v->u);
		} else if (v->type == VALUE_TEXT) {
			out_str(&w->out, " '");
			out_bytes(&w->out, v->bytes, v->size);
			out_char(&w->out, '\'');
		}
	}
	out_char(&w->out, '\n');
}

static void wire_open(struct line *w)
{
	*w = (struct line){ .sequence = { 1000, 5000 } };
	w->out = out_mem(w->text, sizeof w->text);
	struct err e = { 0 };
	const struct sense_config config = { .memory = 8 << 20, .on_fact = on_fact, .self = w };
	w->sense = sense_new(&config, &e);
	assert_non_null(w->sense);
}

static void wire_frame(struct line *w, const uint8_t *bytes, size_t size)
{
	const struct sense_frame f = { .bytes = bytes,
		.size = (uint32_t)size,
		.wire_size = (uint32_t)size,
		.linktype = LINK_ETHERNET,
		.at_ns = 1000000000 + (int64_t)w->frames,
		.number = ++w->frames };
	sense_frames(w->sense, &f, 1);
}

static void put16(uint8_t *at, unsigned v)
{
	at[0] = (uint8_t)(v >> 8);
	at[1] = (uint8_t)v;
}

static void put32(uint8_t *at, uint32_t v)
{
	put16(at, v >> 16);
	put16(at + 2, v & 0xffff);
}

static void segment(struct line *w, unsigned side, uint8_t flags, const void *bytes, size_t size)
{
	uint8_t f[ETHER + IP + TCP + ROOM] = { 0 };
	uint8_t *ip = f + ETHER, *tcp = ip + IP;
	assert_true(size <= ROOM);
	memcpy(f, "\x02\0\0\0\0\x01\x02\0\0\0\0\x02", 12);
	f[5] = (uint8_t)(2 - side);
	f[11] = (uint8_t)(1 + side);
	put16(f + 12, 0x0800);
	ip[0] = 0x45;
	put16(ip + 2, (unsigned)(IP + TCP + size));
	ip[8] = 64;
	ip[9] = 6;
	memcpy(ip + 12, "\x0a\0\0\x01\x0a\0\0\x02", 8);
	ip[15] = (uint8_t)(1 + side);
	ip[19] = (uint8_t)(2 - side);
	put16(tcp, side ? PORT : 50000);
	put16(tcp + 2, side ? 50000 : PORT);
	put32(tcp + 4, w->sequence[side]);
	put32(tcp + 8, w->sequence[!side]);
	tcp[12] = 0x50;
	tcp[13] = flags;
	put16(tcp + 14, 8192);
	if (size)
		memcpy(tcp + TCP, bytes, size);
	w->sequence[side] += (uint32_t)size + (flags & 2 ? 1 : 0);
	wire_frame(w, f, ETHER + IP + TCP + size);
}

/* The conversation in segments of at most `piece` bytes. */
static void talk(struct line *w, const struct said *said, size_t piece)
{
	wire_open(w);
	segment(w, 0, 0x02, NULL, 0);
	segment(w, 1, 0x12, NULL, 0);
	segment(w, 0, 0x10, NULL, 0);
	for (; said->who; said++)
		for (size_t at = 0; at < said->size; at += piece) {
			size_t left = said->size - at;
			segment(w, said->who == '<', 0x18, said->bytes + at,
				left < piece ? left : piece);
		}
	sense_end(w->sense);
}

static void expect(const struct said *said, const char *facts)
{
	static const size_t pieces[] = { ROOM, 7, 3, 1 };
	for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
		struct line w;
		talk(&w, said, pieces[i]);
		assert_string_equal(out_text(&w.out), facts);
		sense_free(w.sense);
	}
}

static void ftp_is_read(void **state)
{
	(void)state;
	const struct said said[] = { SAID('<', "220-Pump station\r\n220 FTP server ready.\r\n"),
		SAID('>', "USER operator\r\n"), SAID('<', "331 Password required.\r\n"),
		SAID('>', "PASS wrong\r\n"), SAID('<', "530 Login incorrect.\r\n"),
		SAID('>', "PASS right\r\n"), SAID('<', "230 Logged in.\r\n"),
		SAID('>', "stor program.bin\r\n"), SAID('<', "150 Opening.\r\n"),
		SAID('<', "226 Done.\r\n"), SAID('>', "XYZZY\r\n"), SAID('<', "500 What?\r\n"),
		{ 0 } };
	expect(said,
		"greeting 220 'Pump station' 220 'FTP server ready.'\n"
		"USER (login) 'USER' 'operator'\n"
		"USER (login) 331 'Password required.'\n"
		"PASS (login) 'PASS' '(hidden)'\n"
		"PASS failed (refused) 530 'Login incorrect.'\n"
		"PASS (login) 'PASS' '(hidden)'\n"
		"PASS (login) 230 'Logged in.'\n"
		"STOR (file) 'stor' 'program.bin'\n"
		"STOR (file) 150 'Opening.'\n"
		"STOR (file) 226 'Done.'\n"
		"other 'XYZZY'\n"
		"other failed 500 'What?'\n");
}

static void mail_is_no_ftp(void **state)
{
	(void)state;
	const struct said said[] = { SAID('<', "220 plant.example ESMTP ready\r\n"),
		SAID('>', "EHLO me\r\n"), SAID('<', "250 hello\r\n"), { 0 } };
	expect(said, "");
}

static void telnet_is_read(void **state)
{
	(void)state;
	const struct said said[] = { SAID('<', "\xff\xfd\x18\xff\xfb\x01"),
		SAID('>', "\xff\xfc\x18\xff\xfd\x01"), SAID('<', "Switch 8\r\nlogin: "),
		SAID('>', "admin\r\n"), SAID('<', "Password:"), SAID('>', "secret\r\0"),
		SAID('<', "\r\nLogin incorrect\r\n"), { 0 } };
	/* What was typed as a password is nowhere. */
	expect(said,
		"option 253 24\n"
		"option 251 1\n"
		"option 252 24\n"
		"option 253 1\n"
		"text 'Switch 8'\n"
		"login 'login:'\n"
		"login (login) 'admin'\n"
		"login 'Password:'\n"
		"login (login)\n"
		"login_refused failed (refused) 'Login incorrect'\n");
}

#define SIXTEEN "0123456789abcdef"

static void vnc_is_read(void **state)
{
	(void)state;
	const struct said refused[] = { SAID('<', "RFB 003.008\n"), SAID('>', "RFB 003.008\n"),
		SAID('<', "\x02\x02\x10"), SAID('>', "\x02"), SAID('<', SIXTEEN),
		SAID('>', SIXTEEN), SAID('<', "\0\0\0\x01\0\0\0\x02no"), { 0 } };
	expect(refused,
		"version '003.008'\n"
		"version '003.008'\n"
		"security 2 2 16\n"
		"security 2\n"
		"authentication\n"
		"authentication (login) '(hidden)'\n"
		"result failed (refused) 1\n"
		"reason 'no'\n");
	const struct said old[] = { SAID('<', "RFB 003.008\n"), SAID('>', "RFB 003.003\n"),
		SAID('<', "\0\0\0\x01"), SAID('>', "\x01"),
		SAID('<',
			"\x04\0\x03\0\x20\x18\0\1\0\xff\0\xff\0\xff\x10\x08\0\0\0\0\0\0\0\x03HMI"),
		{ 0 } };
	expect(old,
		"version '003.008'\n"
		"version '003.003'\n"
		"security 1\n"
		"share_screen 1\n"
		"share_screen 1024 768 32 24 0 1 255 255 255 16 8 0 'HMI'\n");
}

static const char *identity_of(const struct plant *p, enum identity_key key)
{
	for (uint32_t i = 0; i < p->assets[0].identity.count; i++) {
		const struct identity *n = &p->identity[p->assets[0].identity.first + i];
		if (n->key == key)
			return n->value;
	}
	return "nothing";
}

static void lldp_names_a_controller(void **state)
{
	(void)state;
	static const char frame[] =
		"\x01\x80\xc2\x00\x00\x0e\x00\x1b\x1b\x00\x00\x01\x88\xcc"
		"\x02\x07\x07pump-3\x04\x09\x07port-001\x06\x02\0\x14"
		"\x0c\x55Siemens, SIMATIC S7, CPU-1200, 6ES7 215-1AG40-0XB0, HW: 10, FW: V.4.3.1, "
		"S V-L8BT7803"
		"\x0e\x04\0\x84\0\x84\xfe\x08\0\x0e\xcf\x02\0\0\0\0\0\0";
	struct line w;
	struct plant p;
	struct err e;
	wire_open(&w);
	wire_frame(&w, (const uint8_t *)frame, sizeof frame - 1);
	sense_end(w.sense);
	assert_int_equal(sense_plant(w.sense, &p, &e), 0);
	assert_int_equal(p.asset_count, 1);
	assert_int_equal(p.assets[0].type, TYPE_PLC);
	assert_string_equal(identity_of(&p, ID_VENDOR), "Siemens");
	assert_string_equal(identity_of(&p, ID_MODEL), "CPU-1200");
	assert_string_equal(identity_of(&p, ID_ORDER_NUMBER), "6ES7 215-1AG40-0XB0");
	assert_string_equal(identity_of(&p, ID_HARDWARE), "10");
	assert_string_equal(identity_of(&p, ID_FIRMWARE), "V4.3.1");
	assert_string_equal(identity_of(&p, ID_SERIAL), "S V-L8BT7803");
	assert_string_equal(identity_of(&p, ID_NAME), "pump-3");
	sense_free(w.sense);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ftp_is_read),
		cmocka_unit_test(mail_is_no_ftp),
		cmocka_unit_test(telnet_is_read),
		cmocka_unit_test(vnc_is_read),
		cmocka_unit_test(lldp_names_a_controller),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
