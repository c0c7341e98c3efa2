/* SMB through the whole sensor: which version is spoken, who logs in, what is touched. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "talk.h"

enum { PORT = 40445, ROOM = 4096 };

#define ZEROS_8   "0000000000000000"
#define ZEROS_16  ZEROS_8 ZEROS_8
#define SUCCESS   "00000000"
#define REQUEST1  "18 01c8" /* flags, flags2: Unicode, NT status */
#define RESPONSE1 "98 01c8"
/* [MS-CIFS] 2.2.3.1: command, status, flags, tree, multiplex id */
#define SMB1(command, status, flags, tree, id)                                                     \
	"ff534d42" command status flags "0000" ZEROS_8 "0000" tree "0100"                          \
	"0000" id
/* [MS-SMB2] 2.2.1.2: command, status, flags, next, message id, tree */
#define SMB2(command, status, flags, next, id, tree)                                               \
	"fe534d42 4000 0100" status command "0100" flags next id "00000000" tree                   \
	"1100000000000000" ZEROS_16
#define REQUEST2  "00000000"
#define RESPONSE2 "01000000"
#define RELATED   "04000000"
#define LAST      "00000000"

/* "PLC" and the like in UTF-16 */
#define U_HMI1  "4800 4d00 4900 3100"
#define U_PLANT "5000 6c00 e400 6e00 7400" /* "Plänt" */
#define U_OPER  "6f00 7000 6500 7200"

/* [MS-NLMP] 2.2.1.2: target "Plänt" at 56; computer HMI1, domain "Plänt", DNS domain "oper" */
#define CHALLENGE                                                                                  \
	"4e544c4d53535000 02000000 0a00 0a00 38000000 01008002 1122334455667788" ZEROS_8           \
	"2600 2600 42000000 0a00 6345 0000000f" U_PLANT "0100 0800" U_HMI1 "0200 0a00" U_PLANT     \
	"0400 0800" U_OPER "0000 0000"
/* 2.2.1.3: domain, user and workstation from 64 on */
#define AUTHENTICATE                                                                               \
	"4e544c4d53535000 03000000 0000 0000 40000000 0000 0000 40000000"                          \
	"0a00 0a00 40000000 0800 0800 4a000000 0800 0800 52000000 0000 0000 5a000000"              \
	"01000000" U_PLANT U_OPER U_HMI1

static size_t digits_of(const char *hex)
{
	size_t n = 0;
	for (; *hex; hex++)
		n += *hex != ' ';
	return n;
}

/* Puts the four bytes of the session service in front. */
static void says(struct talk *t, unsigned side, const char *hex)
{
	static char text[ROOM * 2];
	snprintf(text, sizeof text, "%08zx %s", digits_of(hex) / 2, hex);
	talk_says(t, side, text);
}

static void an_offer_answered_in_version_2_is_no_version_1(void **state)
{
	(void)state;
	struct tap w;
	struct talk t;
	tap_open(&w, 0);
	talk_open(&t, &w, PORT);
	/* "NT LM 0.12", "SMB 2.???" */
	says(&t, TALK_CLIENT,
		SMB1("72", SUCCESS, REQUEST1, "ffff", "0000") "00 1700"
							      "02 4e54204c4d20302e313200"
							      "02 534d4220322e3f3f3f00");
	says(&t, TALK_SERVER,
		SMB2("0000", SUCCESS, RESPONSE2, LAST, ZEROS_8, "00000000") //
		"4100 0100 ff02 0000" ZEROS_16 "07000000 00001000 00001000 00001000" ZEROS_16
		"8000 0000 00000000");
	tap_end(&w);
	assert_true(tap_told(&w, "smb2 negotiate request smb.cmd=114"));
	assert_true(tap_told(&w, "smb.dialect=NT LM 0.12 smb.dialect=SMB 2.???\n"));
	assert_true(tap_told(&w, "smb2.sec_mode=1 smb2.dialect=767 "));
	assert_false(tap_found(&w, "smbv1"));
	tap_close(&w);
}

static void version_1_tells_names_and_paths(void **state)
{
	(void)state;
	struct tap w;
	struct talk t;
	tap_open(&w, 0);
	talk_open(&t, &w, PORT);
	/* A session setup with thirteen words, and a tree connect in the same message. */
	says(&t, TALK_CLIENT,
		SMB1("73", SUCCESS, "18 0140", "0000", "0100") //
		"0d 75 00 5400 ffff 0200 0100 00000000 0100 0000 00000000 40000000 1600"
		"00 6f70657200 504c414e5400 556e697800 53616d626100" /* oper PLANT Unix Samba */
		"04 ff 00 0000 0000 0100 0e00"
		"00 5c5c48525c4950432400 49504300"); /* \\HR\IPC$ IPC */
	says(&t, TALK_SERVER,
		SMB1("73", SUCCESS, "98 0140", "0708", "0100") //
		"03 75 00 3500 0000 0900 4e5400 534d4200 5700"
		"03 ff 00 0000 0000 0500 4950430000");
	/* TRANS2_QUERY_PATH_INFORMATION of \a */
	says(&t, TALK_CLIENT,
		SMB1("32", SUCCESS, REQUEST1, "0708", "0200") //
		"0f 0c00 0000 0200 0000 00 00 0000 00000000 0000 0c00 4400 0000 0000 01 00 0500"
		"0f00 000000 0701 00000000 5c0061000000");
	says(&t, TALK_SERVER, SMB1("32", "340000c0", RESPONSE1, "0708", "0200") "00 0000");
	/* A write to a pipe is no file. */
	says(&t, TALK_CLIENT,
		SMB1("2f", SUCCESS, REQUEST1, "0708", "0300") //
		"0c ff 00 0000 0040 00000000 00000000 0000 0000 0000 0400 3b00 0400 01020304");
	tap_end(&w);
	assert_true(tap_told(&w,
		"smb.account=oper smb.primary_domain=PLANT smb.native_os=Unix "
		"smb.native_lanman=Samba\n"));
	assert_true(tap_told(&w, "smb.cmd=117 smb.path=\\\\HR\\IPC$ smb.service=IPC\n"));
	assert_true(tap_told(&w, "smb query_path_information request smb.cmd=50"));
	assert_true(tap_told(&w, "smb.trans2.cmd=5 smb.info_level=263 smb.file=\\a\n"));
	assert_true(tap_told(&w,
		"smb query_path_information response smb.cmd=50 "
		"smb.nt_status=3221225524 smb.status=OBJECT_NAME_NOT_FOUND"));
	assert_true(tap_told(&w, "smb.fid=16384 smb.file.offset=0 smb.file.length=4\n"));
	assert_true(tap_knows(&w, "10.0.0.1", "user", "oper"));
	assert_true(tap_knows(&w, "10.0.0.1", "software", "Samba"));
	assert_true(tap_found(&w, "smbv1"));
	assert_int_equal(tap_counter(&w, "malformed_messages"), 0);
	tap_close(&w);
}

static void logins_name_both_sides(void **state)
{
	(void)state;
	struct tap w;
	struct talk t;
	tap_open(&w, 0);
	talk_open(&t, &w, PORT);
	says(&t, TALK_SERVER,
		SMB2("0100", "160000c0", RESPONSE2, LAST, "0200000000000000", "00000000") //
		"0900 0000 4800 6800" CHALLENGE);
	says(&t, TALK_CLIENT,
		SMB2("0100", SUCCESS, REQUEST2, LAST, "0300000000000000", "00000000") //
		"1900 00 01 00000000 00000000 5800 5a00" ZEROS_8 AUTHENTICATE);
	says(&t, TALK_SERVER,
		SMB2("0100", "6d0000c0", RESPONSE2, LAST, "0300000000000000", "00000000") //
		"0900 0000 00000000 00");
	tap_end(&w);
	assert_true(tap_told(&w, "ntlmssp.challenge.target_info.nb_computer_name=HMI1 "));
	assert_true(tap_told(&w,
		"ntlmssp.auth.domain=Plänt ntlmssp.auth.username=oper "
		"ntlmssp.auth.hostname=HMI1 "));
	assert_true(tap_told(&w, "smb.status=LOGON_FAILURE"));
	assert_true(tap_knows(&w, "10.0.0.2", "name", "HMI1"));
	assert_true(tap_knows(&w, "10.0.0.2", "domain", "oper"));
	assert_true(tap_knows(&w, "10.0.0.2", "os", "Windows 10.0 build 17763"));
	assert_true(tap_knows(&w, "10.0.0.1", "user", "oper"));
	assert_false(tap_found(&w, "smbv1"));
	tap_close(&w);
}

static void compounds_are_several_messages(void **state)
{
	(void)state;
	struct tap w;
	struct talk t;
	tap_open(&w, 0);
	talk_open(&t, &w, PORT);
	/* Create "oper", then close what was created, in one go. */
	says(&t, TALK_CLIENT,
		SMB2("0500", SUCCESS, REQUEST2, "80000000", "0500000000000000", "05000000") //
		"3900 00 00 02000000" ZEROS_16 "9f011200 00000000 07000000 01000000 00000000"
		"7800 0800 00000000 00000000" U_OPER                                         //
			SMB2("0600", SUCCESS, RELATED, LAST, "0600000000000000", "ffffffff") //
		"1800 0000 00000000 ffffffffffffffffffffffffffffffff");
	/* A next message that lies outside, and one that points at itself. */
	says(&t, TALK_CLIENT,
		SMB2("0d00", SUCCESS, REQUEST2, "f0ffffff", "0700000000000000",
			"05000000") "0400 0000");
	says(&t, TALK_CLIENT,
		SMB2("0d00", SUCCESS, REQUEST2, "01000000", "0800000000000000",
			"05000000") "0400 0000");
	tap_end(&w);
	assert_true(tap_told(&w,
		"smb2.access_mask=1180063 smb2.create.disposition=1 "
		"smb2.filename=oper\n"));
	assert_true(tap_told(&w,
		"smb2 close request smb2.cmd=6 smb2.flags=4 smb2.msg_id=6 smb2.tid=4294967295"));
	assert_int_equal(w.facts, 4);
	tap_close(&w);
}

static void the_session_service_stands_alone(void **state)
{
	(void)state;
	struct tap w;
	struct talk t;
	tap_open(&w, 0);
	talk_open(&t, &w, PORT);
	talk_says(&t, TALK_CLIENT,
		"81000044 20 454945 4e454a 444243 414341 434143 414341 434143 414341 434143 414341"
		"4341 00 20 454945 4e454a 444243 414341 434143 414341 434143 414341 434143 414341"
		"4141 00");
	talk_says(&t, TALK_SERVER, "82000000");
	tap_end(&w);
	assert_true(tap_told(&w,
		"nbss session_request request nbss.type=129 "
		"nbss.called_name=HMI1 nbss.calling_name=HMI1\n"));
	assert_true(tap_told(&w, "nbss session_request response nbss.type=130\n"));
	assert_false(tap_found(&w, "smbv1"));
	tap_close(&w);

	tap_open(&w, 0);
	talk_open(&t, &w, 445); /* the port alone is nothing */
	talk_says(&t, TALK_CLIENT, "00000020 48656c6c6f20776f726c6420616e642065766572796f6e65");
	tap_end(&w);
	assert_int_equal(w.facts, 0);
	tap_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_offer_answered_in_version_2_is_no_version_1),
		cmocka_unit_test(version_1_tells_names_and_paths),
		cmocka_unit_test(logins_name_both_sides),
		cmocka_unit_test(compounds_are_several_messages),
		cmocka_unit_test(the_session_service_stands_alone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
