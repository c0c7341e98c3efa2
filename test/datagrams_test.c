/* Names, management and time over UDP, through the whole sensor: datagrams in hex go in on ports
 * that say nothing, facts and identities come out as lines of text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"
#include "tap.h"

enum { MESSAGE = 600 };

#define MDNS_GROUP 0xe00000fbu

/* Each message as it travels, in hex. */
static const char dns_q[] =
	"1234010000010000000000000377777705506c616e74076578616d706c650000010001";
static const char dns_r[] =
	"1234818000010002000000000377777705506c616e74076578616d706c650000010001c00c0005000100"
	"00003c00070465646765c010c02f000100010000003c0004c0a80709";
static const char dns_loop[] = "000101000001000000000000c00c00010001";
static const char dns_loop2[] =
	"1235818000010001000000000377777705506c616e74076578616d706c650000010001c02f0001000100"
	"00003c000401020304";
static const char mdns[] =
	"0000840000000002000000000563616d2d33056c6f63616c00000180010000007800040a000001056361"
	"6d2d330c5f6465766963652d696e666f045f746370056c6f63616c000010800100000078000d0c6d6f64"
	"656c3d4950432d3230";
static const char llmnr_r[] =
	"00778000000100010000000004686d6937000001000104686d693700000100010000001e00040a000002";
static const char nbns[] =
	"92f929100001000000000001204641454d4544434e464345504550454e43414341434143414341434143"
	"4141410000200001c00c00200001000493e0000660000a000001";
static const char nbdgm[] =
	"110200050a000001008a00c10000204641454d4544434e464345504550454e4341434143414341434143"
	"41434141410020464845504643454c45484643455046464641434143414341434143414341424e00ff53"
	"4d4225000000000000000000000000000000000000000000000000000000110000270000000000000000"
	"000000000000000000000027005600030001000000020038005c4d41494c534c4f545c42524f57534500"
	"010080fc0a00504c432d524f4f4d00000000000000000601031000000f0155aa4c696e65203200";
static const char snmp_get[] =
	"302602010104067075626c6963a019020107020100020100300e300c06082b060102010105000500";
static const char snmp_rsp[] =
	"302f02010104067075626c6963a2220201070201000201003017301506082b0601020101050004097377"
	"2d68616c6c2d32";
static const char snmp_utf8[] =
	"302e02010104067075626c6963a2210201070201000201003016301406082b0601020101050004085"
	"3c3bc6420e282ac";
static const char snmp_set[] =
	"302a02010104067075626c6963a31d0201070201000201003012301006082b0601020101050004046576"
	"696c";
static const char snmp3[] =
	"305a020103300d02010902021000040103020103042c302a040580001f880402010102010204036e6d73"
	"040c7878787878787878787878780408797979797979797904187a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a"
	"7a7a7a7a7a7a7a7a";
static const char ntp_q[] =
	"23000000000000000000000000000000000000000000000000000000000000000000000000000000e700"
	"000080000000";
static const char ntp_r[] =
	"240206ec0000080000000400c0a80001e6ffffff00000000e700000080000000e700000100000000e700"
	"000140000000";
static const char ntp_ctl_q[] = "160200010000000000000000";
static const char ntp_ctl_r[] =
	"16820001000000000000002c76657273696f6e3d226e74706420342e322e38703135222c207379737465"
	"6d3d224c696e75782f352e313022";

struct line {
	struct tap tap;
	bool apart; /* each datagram is a conversation of its own */
};

static void tell(struct tap *w, const struct fact *f)
{
	out_fmt(&w->out, "%s %s %s", f->protocol, f->msg->name, dir_name(f->dir));
	if (f->request)
		out_fmt(&w->out, " of %u", (unsigned)f->request);
	if (f->msg->effect)
		out_fmt(&w->out, " %s", effect_name(f->msg->effect));
	for (size_t i = 0; i < f->value_count; i++)
		tap_value(w, &f->values[i]);
	out_char(&w->out, '\n');
}

static void open_line(struct line *w)
{
	w->apart = false;
	tap_open(&w->tap, 0);
	w->tap.tell = tell;
}

/* From 10.0.0.1 to 10.0.0.2 or back, or to a group. */
static void send(struct line *w, unsigned side, unsigned group, const uint8_t *bytes, size_t size)
{
	unsigned port = w->apart ? 40000 + (unsigned)w->tap.frames : 40000;
	tap_udp(&w->tap,
		&(struct udp_row){ .from = 1 + side,
			.to = 2 - side,
			.from_port = side ? 30000 : port,
			.to_port = side ? port : 30000,
			.bytes = bytes,
			.size = size,
			.group = group });
}

static size_t hex_of(const char *text, uint8_t to[MESSAGE])
{
	size_t n = 0;
	for (unsigned byte; *text && sscanf(text, "%2x", &byte) == 1; text += 2) {
		assert_true(n < MESSAGE);
		to[n++] = (uint8_t)byte;
	}
	return n;
}

static void send_hex(struct line *w, unsigned side, unsigned group, const char *text)
{
	uint8_t bytes[MESSAGE];
	send(w, side, group, bytes, hex_of(text, bytes));
}

/* Ends the conversation; identities follow the facts, one line each. */
static const char *close_line(struct line *w)
{
	tap_end(&w->tap);
	const struct plant *p = &w->tap.plant;
	for (size_t i = 0; i < p->asset_count; i++) {
		const struct asset *a = &p->assets[i];
		for (uint32_t k = 0; k < a->identity.count; k++) {
			const struct identity *id = &p->identity[a->identity.first + k];
			char ip[IP_TEXT] = "";
			if (a->ips.count)
				ip_text(&p->ips[a->ips.first], ip);
			out_fmt(&w->tap.out, "%s: %s=%s (%s, %u)\n", ip, identity_key_name(id->key),
				id->value, id->protocol, (unsigned)id->frame);
		}
	}
	tap_close(&w->tap);
	return out_text(&w->tap.out);
}

struct talk {
	const char *name;
	const char *one, *two; /* from 10.0.0.1, then from 10.0.0.2; either may be missing */
	unsigned group;
	const char *expected;
};

static const struct talk talks[] = {
	{ "an alias and its address: the address has the name that was asked", dns_q, dns_r, 0,
		"dns query request dns.id=4660 dns.qry.name=www.Plant.example "
		"dns.qry.type=1 dns.qry.class=1\n"
		"dns query response of 1 dns.id=4660 dns.rcode=0 "
		"dns.qry.name=www.Plant.example dns.qry.type=1 dns.qry.class=1 "
		"dns.resp.name=www.Plant.example dns.resp.type=5 dns.resp.ttl=60 "
		"dns.cname=edge.Plant.example dns.resp.name=edge.Plant.example "
		"dns.resp.type=1 dns.resp.ttl=60 dns.a=192.168.7.9\n"
		"192.168.7.9: name=www.plant.example (dns, 2)\n" },
	{ "a name that points at itself is no question", dns_loop, NULL, 0, "" },
	{ "an answer with a circle in it is malformed, the question stays", dns_q, dns_loop2, 0,
		"dns query request dns.id=4660 dns.qry.name=www.Plant.example "
		"dns.qry.type=1 dns.qry.class=1\n" },
	{ "what is sent to mDNS's group is mDNS", mdns, NULL, MDNS_GROUP,
		"mdns query response dns.id=0 dns.rcode=0 dns.resp.name=cam-3.local "
		"dns.resp.type=1 dns.resp.ttl=120 dns.a=10.0.0.1 "
		"dns.resp.name=cam-3._device-info._tcp.local dns.resp.type=16 "
		"dns.resp.ttl=120 dns.txt=model=IPC-20\n"
		"10.0.0.1: model=IPC-20 (mdns, 1)\n"
		"10.0.0.1: name=cam-3.local (mdns, 1)\n" },
	{ "an LLMNR answer goes straight to who asked", NULL, llmnr_r, 0,
		"llmnr query response dns.id=119 dns.rcode=0 dns.qry.name=hmi7 "
		"dns.qry.type=1 dns.qry.class=1 dns.resp.name=hmi7 dns.resp.type=1 "
		"dns.resp.ttl=30 dns.a=10.0.0.2\n"
		"10.0.0.2: name=hmi7 (llmnr, 1)\n" },
	{ "a name registered", nbns, NULL, 0,
		"nbns name_registration request nbns.id=37625 nbns.name=PLC-ROOM "
		"nbns.suffix=0 nbns.name=PLC-ROOM nbns.suffix=0 nbns.ttl=300000 "
		"nbns.group=0 nbns.addr=10.0.0.1\n"
		"10.0.0.1: name=PLC-ROOM (nbns, 1)\n" },
	{ "a browser announcement", nbdgm, NULL, 0,
		"nbdgm direct_group other nbdgm.id=5 nbdgm.src_ip=10.0.0.1 "
		"nbdgm.source_name=PLC-ROOM nbdgm.destination_name=WORKGROUP "
		"nbdgm.mailslot=\\MAILSLOT\\BROWSE browser.command=1 "
		"browser.server=PLC-ROOM browser.os_major=6 browser.os_minor=1 "
		"browser.server_type=4099 browser.comment=Line 2\n"
		"10.0.0.1: name=PLC-ROOM (nbdgm, 1)\n"
		"10.0.0.1: description=Line 2 (nbdgm, 1)\n"
		"10.0.0.1: os=Windows 6.1 (nbdgm, 1)\n" },
	{ "an agent says its name", snmp_get, snmp_rsp, 0,
		"snmp get request snmp.version=1 snmp.community=public snmp.request_id=7 "
		"snmp.error=0 snmp.error_index=0 snmp.oid=1.3.6.1.2.1.1.5.0\n"
		"snmp get response of 1 snmp.version=1 snmp.community=public "
		"snmp.request_id=7 snmp.error=0 snmp.error_index=0 "
		"snmp.oid=1.3.6.1.2.1.1.5.0 snmp.value.text=sw-hall-2\n"
		"10.0.0.2: name=sw-hall-2 (snmp, 2)\n" },
	{ "a name in the language of the plant", snmp_utf8, NULL, 0,
		"snmp response response snmp.version=1 snmp.community=public "
		"snmp.request_id=7 snmp.error=0 snmp.error_index=0 "
		"snmp.oid=1.3.6.1.2.1.1.5.0 snmp.value.bytes=53c3bc6420e282ac\n"
		"10.0.0.1: name=S\xc3\xbc\x64 \xe2\x82\xac (snmp, 1)\n" },
	{ "a variable set", snmp_set, NULL, 0,
		"snmp set request config snmp.version=1 snmp.community=public "
		"snmp.request_id=7 snmp.error=0 snmp.error_index=0 "
		"snmp.oid=1.3.6.1.2.1.1.5.0 snmp.value.text=evil\n" },
	{ "a version 3 message with privacy still names its user", snmp3, NULL, 0,
		"snmp encrypted other snmp.version=3 snmp.msg_id=9 snmp.msg_flags=3 "
		"snmp.security_model=3 snmp.engine_id=80001f8804 snmp.user=nms\n" },
	{ "time asked and told", ntp_q, ntp_r, 0,
		"ntp time request ntp.leap=0 ntp.version=4 ntp.mode=3 ntp.stratum=0 "
		"ntp.poll=0 ntp.precision=0 ntp.root_delay=0 ntp.root_dispersion=0 "
		"ntp.transmit_time_ms=1666548096500\n"
		"ntp time response of 1 ntp.leap=0 ntp.version=4 ntp.mode=4 ntp.stratum=2 "
		"ntp.poll=6 ntp.precision=-20 ntp.root_delay=0.03125 "
		"ntp.root_dispersion=0.015625 ntp.reference=192.168.0.1 "
		"ntp.reference_time_ms=1666548095000 ntp.originate_time_ms=1666548096500 "
		"ntp.receive_time_ms=1666548097000 ntp.transmit_time_ms=1666548097250\n" },
	{ "a time server says what it runs", ntp_ctl_q, ntp_ctl_r, 0,
		"ntp read_variables request ntp.version=2 ntp.mode=6 "
		"ntp.control.operation=2 ntp.control.sequence=1 ntp.control.status=0 "
		"ntp.control.association=0\n"
		"ntp read_variables response of 1 ntp.version=2 ntp.mode=6 "
		"ntp.control.operation=2 ntp.control.sequence=1 ntp.control.status=0 "
		"ntp.control.association=0 ntp.control.data=version=\"ntpd 4.2.8p15\", "
		"system=\"Linux/5.10\"\n"
		"10.0.0.2: os=Linux/5.10 (ntp, 2)\n"
		"10.0.0.2: software=ntpd 4.2.8p15 (ntp, 2)\n" },
};

static void facts_and_identities(void **unused)
{
	(void)unused;
	static struct line w;
	for (size_t i = 0; i < COUNT_OF(talks); i++) {
		open_line(&w);
		if (talks[i].one)
			send_hex(&w, 0, talks[i].group, talks[i].one);
		if (talks[i].two)
			send_hex(&w, 1, 0, talks[i].two);
		const char *text = close_line(&w);
		if (strcmp(text, talks[i].expected) != 0)
			print_error("%s:\n%s", talks[i].name, text);
		assert_string_equal(text, talks[i].expected);
	}
}

/* A message that is not all there is none, wherever it ends. */
static void parts_are_nothing(void **unused)
{
	(void)unused;
	static struct line w;
	for (size_t i = 0; i < COUNT_OF(talks); i++) {
		const char *text = talks[i].one ? talks[i].one : talks[i].two;
		unsigned side = talks[i].one == NULL;
		uint8_t bytes[MESSAGE];
		size_t size = hex_of(text, bytes);
		open_line(&w);
		w.apart = true;
		for (size_t n = 1; n < size; n++)
			send(&w, side, talks[i].group, bytes, n);
		if (w.tap.facts)
			print_error("%s:\n%s", talks[i].name, w.tap.text);
		assert_int_equal(w.tap.facts, 0);
		close_line(&w);
	}
}

/* Noise, and noise behind the first bytes of each protocol: ten thousand datagrams, no fact. */
static void noise_is_nothing(void **unused)
{
	(void)unused;
	static struct line w;
	uint64_t random = 88172645463325252u;
	uint8_t bytes[MESSAGE];
	open_line(&w);
	w.apart = true;
	for (unsigned i = 0; i < 10000; i++) {
		const struct talk *talk = &talks[i % COUNT_OF(talks)];
		hex_of(talk->one ? talk->one : talk->two, bytes);
		for (size_t k = i % 5; k < sizeof bytes; k++) {
			random ^= random << 13;
			random ^= random >> 7;
			random ^= random << 17;
			bytes[k] = (uint8_t)(random >> 56);
		}
		send(&w, 0, 0, bytes, 8 + (random >> 32) % 200);
	}
	if (w.tap.facts)
		print_error("%s", w.tap.text);
	assert_int_equal(w.tap.facts, 0);
	close_line(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(facts_and_identities),
		cmocka_unit_test(parts_are_nothing),
		cmocka_unit_test(noise_is_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
