/* Cleartext logins (FTP, Telnet, VNC) and LLDP through the whole sensor: bytes in, facts and
 * identities out, the same however a stream is cut, and on ports nobody agreed upon. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "sense/packet.h"
#include "tap.h"

enum { WHOLE = 1024, PORT = 40021 };

struct said {
	char who; /* '<' server, '>' client */
	const char *bytes;
	size_t size;
};
#define SAID(who, bytes)                                                                           \
	{                                                                                          \
		who, bytes, sizeof(bytes) - 1                                                      \
	}

static void tell(struct tap *w, const struct fact *f)
{
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

static void segment(struct tap *w, uint32_t next[2], unsigned side, unsigned flags,
	const void *bytes, size_t size)
{
	tap_tcp(w,
		&(struct tcp_row){ .from = 1 + side,
			.to = 2 - side,
			.from_port = side ? PORT : 50000,
			.to_port = side ? 50000 : PORT,
			.flags = flags,
			.seq = next[side],
			.ack = next[!side],
			.bytes = bytes,
			.size = size });
	next[side] += (uint32_t)size + (flags & TCP_SYN ? 1 : 0);
}

/* The conversation in segments of at most `piece` bytes. */
static void talk(struct tap *w, const struct said *said, size_t piece)
{
	uint32_t next[2] = { 1000, 5000 };
	tap_open(w, 0);
	w->tell = tell;
	segment(w, next, 0, TCP_SYN, NULL, 0);
	segment(w, next, 1, TCP_SYN | TCP_ACK, NULL, 0);
	segment(w, next, 0, TCP_ACK, NULL, 0);
	for (; said->who; said++)
		for (size_t at = 0; at < said->size; at += piece) {
			size_t left = said->size - at;
			segment(w, next, said->who == '<', TCP_ACK | TCP_PSH, said->bytes + at,
				left < piece ? left : piece);
		}
	tap_end(w);
}

static void expect(const struct said *said, const char *facts)
{
	static const size_t pieces[] = { WHOLE, 7, 3, 1 };
	for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
		static struct tap w;
		talk(&w, said, pieces[i]);
		assert_string_equal(w.text, facts);
		tap_close(&w);
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
	static struct tap w;
	struct made m = { .size = 0 };
	made_bytes(&m, frame, sizeof frame - 1);
	tap_open(&w, 0);
	tap_frame(&w, &m, 0);
	tap_end(&w);
	const struct plant *p = &w.plant;
	assert_int_equal(p->asset_count, 1);
	assert_int_equal(p->assets[0].type, TYPE_PLC);
	assert_string_equal(identity_of(p, ID_VENDOR), "Siemens");
	assert_string_equal(identity_of(p, ID_MODEL), "CPU-1200");
	assert_string_equal(identity_of(p, ID_ORDER_NUMBER), "6ES7 215-1AG40-0XB0");
	assert_string_equal(identity_of(p, ID_HARDWARE), "10");
	assert_string_equal(identity_of(p, ID_FIRMWARE), "V4.3.1");
	assert_string_equal(identity_of(p, ID_SERIAL), "S V-L8BT7803");
	assert_string_equal(identity_of(p, ID_NAME), "pump-3");
	tap_close(&w);
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
