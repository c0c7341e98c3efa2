#include "sample_plant.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/clock.h"

#define START (INT64_C(1794621600) * CLOCK_SECOND) /* 2026-11-14T02:00:00Z */

struct sample {
	struct plant plant;
	uint32_t max; /* assets; every list is sized by it */
	struct plant_file files[2];
	struct counter counters[8];
	struct asset *assets;
	struct conversation *conversations;
	struct operation *operations;
	struct point *points;
	struct finding *findings;
	uint8_t (*macs)[6];
	struct ip *ips;
	const char **names;
	uint16_t *vlans;
	struct identity *identity;
	char **texts; /* made for this plant */
	size_t text_count, operation_count, mac_count, ip_count, name_count, vlan_count,
		identity_count;
};

static const struct msg reads = { 3, DIR_REQUEST, ACT_READ, 0, "read_holding_registers", NULL };
static const struct msg writes = { 16, DIR_REQUEST, ACT_WRITE, 0, "write_registers", NULL };
static const struct msg read_var = { 4, DIR_REQUEST, ACT_READ, 0, "read_var", NULL };
static const struct msg stop = { 0x29, DIR_REQUEST, ACT_CONTROL, EFFECT_STOP, "plc_stop", NULL };
static const struct msg download = { 0x1a, DIR_REQUEST, ACT_PROGRAM, EFFECT_DOWNLOAD,
	"request_download", NULL };
static const struct msg operate = { 4, DIR_REQUEST, ACT_CONTROL, 0, "operate", NULL };

static const struct detection_row rows[] = {
	{ "ot.controller-stop", "controller-stop", ENGINE_OPERATIONAL, SEVERITY_CRITICAL,
		"A controller was stopped", "T0858",
		"Ask the shift whether this stop was planned; if not, isolate the sender and check the "
		"program in the controller." },
	{ "ot.unauthorised-write", "unauthorised-write", ENGINE_POLICY, SEVERITY_MAJOR,
		"Writes from a host that is no HMI or engineering station", "T0855",
		"Find out who uses this host, and name it in zones.yaml if it may write." },
	{ "it.cleartext", "cleartext-remote-access", ENGINE_POLICY, SEVERITY_WARNING,
		"Remote access with a readable password", "T0886",
		"Replace telnet by SSH on this device or put it behind a jump host." },
	{ "net.exceptions", "exceptions", ENGINE_PROTOCOL, SEVERITY_INFO,
		"A device refuses many requests", NULL,
		"Compare the polled addresses with the device's register list." },
};

static struct sample *sample_new(uint32_t max)
{
	struct sample *s = calloc(1, sizeof *s);
	assert(s);
	s->max = max;
	s->assets = calloc(max + 1, sizeof *s->assets);
	s->conversations = calloc(max * 3 + 1, sizeof *s->conversations);
	s->operations = calloc(max * 6 + 1, sizeof *s->operations);
	s->points = calloc(max * 4 + 1, sizeof *s->points);
	s->findings = calloc(max + 8, sizeof *s->findings);
	s->macs = calloc(max + 1, sizeof *s->macs);
	s->ips = calloc(max + 1, sizeof *s->ips);
	s->names = calloc(max * 8 + 1, sizeof *s->names);
	s->vlans = calloc(max + 1, sizeof *s->vlans);
	s->identity = calloc(max * 4 + 1, sizeof *s->identity);
	s->texts = calloc(max * 8 + 64, sizeof *s->texts);
	s->operation_count = 1; /* number 0 ends a chain */
	s->plant = (struct plant){ .assets = s->assets,
		.conversations = s->conversations,
		.operations = s->operations,
		.points = s->points,
		.findings = s->findings,
		.macs = (const uint8_t(*)[6])s->macs,
		.ips = s->ips,
		.names = s->names,
		.vlans = s->vlans,
		.identity = s->identity,
		.files = s->files,
		.counters = s->counters,
		.vendor_date = "2022-12-17" };
	return s;
}

void sample_free(struct sample *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->text_count; i++)
		free(s->texts[i]);
	free(s->assets);
	free(s->conversations);
	free(s->operations);
	free(s->points);
	free(s->findings);
	free(s->macs);
	free(s->ips);
	free(s->names);
	free(s->vlans);
	free(s->identity);
	free(s->texts);
	free(s);
}

const struct plant *sample_plant(const struct sample *s)
{
	return &s->plant;
}

PRINTF(2) static const char *made(struct sample *s, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	char *text = NULL;
	int n = vasprintf(&text, fmt, args);
	va_end(args);
	assert(n >= 0 && s->text_count < s->max * 8 + 64);
	s->texts[s->text_count++] = text;
	return text;
}

static struct run words(struct sample *s, const char *list)
{
	struct run r = { (uint32_t)s->name_count, 0 };
	char *copy = strdup(list), *rest = copy;
	for (char *word; (word = strsep(&rest, ","));) {
		if (!*word)
			continue;
		assert(s->name_count < s->max * 8);
		s->names[s->name_count++] = made(s, "%s", word);
		r.count++;
	}
	free(copy);
	return r;
}

struct asset_row {
	uint8_t type, level, ip[4];
	const char *name, *vendor, *model, *firmware, *zone, *protocols, *roles;
};

static uint32_t add_asset(struct sample *s, const struct asset_row *row)
{
	uint32_t index = (uint32_t)s->plant.asset_count++;
	assert(index < s->max);
	struct asset *a = &s->assets[index];
	*a = (struct asset){ .id = index + 1,
		.type = row->type,
		.level = row->level,
		.name = row->name,
		.vendor = row->vendor,
		.model = row->model,
		.firmware = row->firmware,
		.zone = row->zone,
		.type_reason = "its own description",
		.level_reason = "answers modbus requests",
		.first_ns = START + index,
		.last_ns = START + 600 * CLOCK_SECOND,
		.frames = 100 + index * 7,
		.bytes = 12000 + index * 700 };
	if (row->ip[0]) {
		a->ips = (struct run){ (uint32_t)s->ip_count, 1 };
		s->ips[s->ip_count++] = ip_of_4(row->ip);
	}
	if (row->type != TYPE_INTERNET) {
		uint8_t *mac = s->macs[s->mac_count];
		a->macs = (struct run){ (uint32_t)s->mac_count++, 1 };
		memcpy(mac,
			(uint8_t[6]){ 0, 0x1b, 0x1b, (uint8_t)(index >> 16), (uint8_t)(index >> 8),
				(uint8_t)index },
			6);
		a->vlans = (struct run){ (uint32_t)s->vlan_count, 1 };
		s->vlans[s->vlan_count++] = row->ip[2];
	}
	a->names = row->name ? words(s, row->name) : (struct run){ 0 };
	a->protocols = words(s, row->protocols);
	a->roles = words(s, row->roles ? row->roles : "");
	if (row->model) {
		a->identity = (struct run){ (uint32_t)s->identity_count, 1 };
		s->identity[s->identity_count++] = (struct identity){ .key = ID_MODEL,
			.protocol = "s7comm",
			.value = row->model,
			.frame = 12 + index };
	}
	return index;
}

static struct conversation *add_conversation(struct sample *s, uint32_t client, uint32_t server,
	const char *protocol, uint16_t port, uint64_t packets)
{
	size_t index = s->plant.conversation_count++;
	assert(index < s->max * 3);
	struct conversation *c = &s->conversations[index];
	*c = (struct conversation){ .client = client,
		.server = server,
		.transport = port == 53 || port == 161 ? 17 : 6,
		.port = port,
		.protocol = protocol,
		.packets = packets,
		.bytes = packets * 90,
		.first_ns = START + CLOCK_SECOND,
		.last_ns = START + 590 * CLOCK_SECOND,
		.first_frame = 10 + index };
	return c;
}

static void add_operation(
	struct sample *s, struct conversation *c, const struct msg *msg, uint64_t requests)
{
	assert(s->operation_count <= s->max * 6);
	uint32_t number = (uint32_t)s->operation_count++;
	s->operations[number] = (struct operation){ .msg = msg,
		.requests = requests,
		.responses = requests,
		.errors = requests / 50,
		.first_frame = c->first_frame + 1,
		.next = c->operations };
	c->operations = number;
}

static void add_point(struct sample *s, uint32_t asset, const char *address, double value)
{
	size_t index = s->plant.point_count++;
	assert(index < s->max * 4);
	s->points[index] = (struct point){ .asset = asset,
		.protocol = "modbus",
		.address = address,
		.samples = 600,
		.first = value,
		.last = value * 1.25,
		.min = value * 0.5,
		.max = value * 2,
		.written = index % 3 == 0 };
}

static void add_finding(
	struct sample *s, const struct detection_row *row, uint32_t a, uint32_t b, const char *text)
{
	size_t index = s->plant.finding_count++;
	assert(index < s->max + 8);
	s->findings[index] = (struct finding){ .row = row,
		.severity = row->severity,
		.text = text,
		.assets = { a, b },
		.first_ns = START + 60 * CLOCK_SECOND,
		.last_ns = START + 61 * CLOCK_SECOND,
		.count = 1 + index,
		.frames = { 1204, 1206, 1311 },
		.frame_count = 3 };
}

static void finish(struct sample *s, const char *file)
{
	s->files[0] = (struct plant_file){ .name = file, .packets = 8123, .bytes = 912345 };
	s->files[1] = (struct plant_file){ .name = "night.pcapng",
		.packets = 120,
		.bytes = 9000,
		.truncated = true,
		.problem = "the file ends inside packet 121" };
	s->plant.file_count = 2;
	s->plant.packets = 8243;
	s->plant.bytes = 921345;
	s->plant.first_ns = START;
	s->plant.last_ns = START + 600 * CLOCK_SECOND;
	s->counters[0] = (struct counter){ "bad_checksum", 1034 };
	s->counters[1] = (struct counter){ "undecoded", 12 };
	s->counters[2] = (struct counter){ "flows_evicted", 0 };
	s->plant.counter_count = 3;
}

struct sample *sample_empty(void)
{
	struct sample *s = sample_new(1);
	s->plant.vendor_date = NULL;
	s->files[0].name = "empty.pcap";
	s->plant.file_count = 1;
	return s;
}

static const struct asset_row water_works[] = {
	{ TYPE_ENGINEERING, 20, { 10, 0, 20, 11 }, "eng01", "Dell Inc.", NULL, NULL, "control room",
		"s7comm,dns", "s7comm client" },
	{ TYPE_SCADA, 20, { 10, 0, 20, 10 }, "scada01", "Dell Inc.", "PowerEdge R340", NULL,
		"control room", "modbus,dnp3,dns", "modbus client,dnp3 master" },
	{ TYPE_PLC, 10, { 10, 0, 10, 21 }, "intake-plc", "Siemens AG", "CPU 315-2 PN/DP", "V3.2.6",
		"intake", "s7comm,snmp", "s7comm server" },
	{ TYPE_PLC, 10, { 10, 0, 10, 22 }, NULL, "Schneider Electric", "BMX P34 2020", "v2.6",
		"intake", "modbus", "modbus server" },
	{ TYPE_RTU, 10, { 10, 0, 12, 30 }, "reservoir-rtu", "Schweitzer", "SEL-3505", NULL,
		"reservoir", "dnp3", "dnp3 outstation" },
	{ TYPE_IO, 0, { 10, 0, 10, 31 }, "et200s-1", "Siemens AG", "ET 200S", NULL, "intake",
		"pn_dcp", NULL },
	{ TYPE_INTERNET, 50, { 93, 184, 216, 34 }, "updates.example.com", NULL, NULL, NULL, NULL,
		"tls", "tls server" },
	{ TYPE_UNKNOWN, LEVEL_UNKNOWN, { 10, 0, 20, 99 }, NULL, "Raspberry Pi", NULL, NULL, NULL,
		"modbus,telnet", "modbus client" },
};

struct sample *sample_small(void)
{
	struct sample *s = sample_new(16);
	for (size_t i = 0; i < COUNT_OF(water_works); i++)
		add_asset(s, &water_works[i]);
	struct conversation *c = add_conversation(s, 1, 3, "modbus", 502, 4200);
	add_operation(s, c, &writes, 14);
	add_operation(s, c, &reads, 1800);
	c = add_conversation(s, 0, 2, "s7comm", 102, 900);
	add_operation(s, c, &stop, 1);
	add_operation(s, c, &download, 2);
	add_operation(s, c, &read_var, 300);
	c = add_conversation(s, 1, 4, "dnp3", 20000, 700);
	add_operation(s, c, &operate, 3);
	c = add_conversation(s, 7, 3, "modbus", 502, 60);
	add_operation(s, c, &writes, 25);
	add_conversation(s, 7, 2, "telnet", 23, 50)->guess = true;
	add_conversation(s, 1, 6, "tls", 443, 310);
	add_conversation(s, 2, 5, NULL, 34964, 1900)->transport = 0;
	c = add_conversation(s, 0, NO_ASSET, "mdns", 5353, 12);
	c->transport = 17;
	c->group = ip_of_4((uint8_t[4]){ 224, 0, 0, 251 });
	add_point(s, 3, "unit 1 holding 100", 42.5);
	add_point(s, 3, "unit 1 holding 101", -7);
	add_point(s, 4, "analog input 3", 0.001234);
	add_finding(
		s, &rows[3], 4, 0, "10.0.10.22 answered 36 of 1,800 requests with an exception.");
	add_finding(s, &rows[0], 1, 3,
		"eng01 (10.0.20.11) stopped intake-plc (10.0.10.21) at 02:01:00 with S7comm PLC stop.");
	add_finding(s, &rows[1], 8, 4,
		"10.0.20.99 wrote 25 times to 10.0.10.22 and is neither HMI nor engineering station.");
	add_finding(s, &rows[2], 8, 3, "10.0.20.99 logged in to intake-plc over telnet.");
	finish(s, "demo/plant.pcapng");
	return s;
}

struct sample *sample_hostile(void)
{
	static const char evil[] = "</script><img src=x onerror=alert(1)>\"'&]]>-->";
	static const char control[] = "\x1b[2J\x1b]0;owned\x07 \xc2\x9b"
				      "31m\r\n\t\x7f";
	static const char bidi[] = "\xe2\x80\xae"
				   "txt.exe \xe2\x81\xa6 \xef\xbb\xbf \xe2\x80\x8b";
	static const char bytes[] = "\xff\xfe\xc0\x80 \xed\xa0\x80 \xf0\x9f\x98";
	struct sample *s = sample_small();
	struct asset *a = s->assets;
	a[0].name = a[0].vendor = a[0].model = evil;
	a[1].name = a[1].firmware = control;
	a[2].name = a[2].model = bidi;
	a[3].name = a[3].zone = a[3].vendor = bytes;
	a[4].zone = evil;
	a[5].zone = control;
	a[5].name = made(s, "%0600d", 7);
	a[6].name =
		"\xe6\xb0\xb4\xe5\xa4\x84\xe7\x90\x86\xe5\x8e\x82\xe6\x8e\xa7\xe5\x88\xb6\xe5\x99\xa8"
		"\xe4\xb8\x80\xe5\x8f\xb7\xe6\xb0\xb4\xe5\xa4\x84\xe7\x90\x86\xe5\x8e\x82";
	for (uint32_t i = 0; i < a[0].names.count; i++)
		s->names[a[0].names.first + i] = evil;
	s->points[0].address = evil;
	s->points[1].address = control;
	s->findings[0].text = evil;
	s->findings[1].text = bidi;
	s->findings[2].text = made(s, "%01200d", 7);
	s->files[0].name = evil;
	s->files[1].name = control;
	s->identity[0].value = evil;
	return s;
}

/* Lines of production alike: a panel, controllers, their remote I/O, polled by two servers. */
static void add_line(struct sample *s, uint32_t line, uint32_t count)
{
	const char *zone = line % 4 == 3 ? NULL : made(s, "line %u", line + 1);
	uint8_t net = (uint8_t)(10 + line);
	uint32_t first = (uint32_t)s->plant.asset_count;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t index = (uint32_t)s->plant.asset_count;
		bool hmi = i == 0, plc = !hmi && i % 4 == 1, odd = i % 17 == 16;
		struct asset_row row = { hmi ? TYPE_HMI
				: odd        ? TYPE_UNKNOWN
				: plc        ? TYPE_PLC
					     : TYPE_IO,
			hmi           ? 20
				: odd ? LEVEL_UNKNOWN
				: plc ? 10
				      : 0,
			{ 10, (uint8_t)(line >> 8), net, (uint8_t)(1 + i % 250) },
			hmi ? made(s, "hmi-%u", line + 1)
			    : made(s, "%s-%u-%u", plc ? "plc" : "io", line + 1, i),
			plc ? "Siemens AG" : "Phoenix Contact",
			plc ? "CPU 1516-3 PN/DP" : "AXL F BK PN", "V2.9", zone,
			plc ? "s7comm,modbus" : "modbus", NULL };
		add_asset(s, &row);
		if (i == 0)
			continue;
		struct conversation *c = add_conversation(s,
			plc ? first : index - (i % 4 == 0 ? 3 : i % 4 - 1), index,
			plc ? "s7comm" : "modbus", plc ? 102 : 502, 100 + index * 31 % 900);
		add_operation(s, c, plc ? &read_var : &reads, 50);
		if (index % 29 == 0)
			add_operation(s, c, &writes, 3);
		if (plc) {
			c = add_conversation(s, line % 2, index, "s7comm", 102, 80);
			add_operation(s, c, &read_var, 20);
			add_point(s, index, made(s, "DB%u.DBD4", index), index * 0.75);
		}
	}
}

struct sample *sample_flat(uint32_t assets)
{
	struct sample *s = sample_new(assets);
	for (uint32_t i = 0; i < assets; i++) {
		struct asset_row row = { i == 0 ? TYPE_SCADA
				: i % 3 == 0    ? TYPE_PLC
				: i % 7 == 0    ? TYPE_IO
						: TYPE_UNKNOWN,
			i == 0               ? 20
				: i % 3 == 0 ? 10
				: i % 7 == 0 ? 0
					     : LEVEL_UNKNOWN,
			{ i % 5 == 4 ? 0 : 192, 168, 1, (uint8_t)(i + 1) }, NULL, "Siemens AG",
			NULL, NULL, NULL, "pn_io", NULL };
		uint32_t index = add_asset(s, &row);
		if (i)
			add_conversation(s, i % 4 == 1 && i > 4 ? index - 3 : 0, index, "pn_io",
				34964, 10 + i * 97);
	}
	finish(s, "flat.pcap");
	return s;
}

struct sample *sample_large(uint32_t assets)
{
	static const struct asset_row upper[] = {
		{ TYPE_SCADA, 20, { 10, 0, 2, 10 }, "scada-a", "Dell Inc.", NULL, NULL,
			"control room", "s7comm", NULL },
		{ TYPE_SCADA, 20, { 10, 0, 2, 11 }, "scada-b", "Dell Inc.", NULL, NULL,
			"control room", "s7comm", NULL },
		{ TYPE_ENGINEERING, 20, { 10, 0, 2, 20 }, "eng-1", "HP Inc.", NULL, NULL,
			"control room", "s7comm", NULL },
		{ TYPE_HISTORIAN, 30, { 10, 0, 3, 5 }, "historian", "Dell Inc.", NULL, NULL,
			"operations", "opcua,tls", NULL },
		{ TYPE_SERVER, 35, { 10, 0, 4, 5 }, "jump", "VMware, Inc.", NULL, NULL, "DMZ",
			"rdp,tls", NULL },
		{ TYPE_FIREWALL, 35, { 10, 0, 4, 1 }, "fw-dmz", "Fortinet, Inc.", NULL, NULL, "DMZ",
			"dns", NULL },
		{ TYPE_WORKSTATION, 40, { 10, 0, 5, 77 }, "office-77", "Lenovo", NULL, NULL,
			"office", "smb,rdp", NULL },
		{ TYPE_INTERNET, 50, { 20, 50, 80, 210 }, NULL, NULL, NULL, NULL, NULL, "tls",
			NULL },
		{ TYPE_INTERNET, 50, { 8, 8, 8, 8 }, NULL, NULL, NULL, NULL, NULL, "dns", NULL },
	};
	struct sample *s = sample_new(assets);
	for (size_t i = 0; i < COUNT_OF(upper); i++)
		add_asset(s, &upper[i]);
	uint32_t left = assets - (uint32_t)COUNT_OF(upper), lines = left / 36 + 1;
	for (uint32_t line = 0; line < lines; line++)
		add_line(s, line, left / lines + (line < left % lines));
	struct conversation *c = add_conversation(s, 2, 10, "s7comm", 102, 2400);
	add_operation(s, c, &download, 40);
	add_operation(s, c, &stop, 1);
	add_conversation(s, 0, 3, "opcua", 4840, 9000)->guess = true;
	add_conversation(s, 6, 4, "rdp", 3389, 4000);
	add_conversation(s, 4, 2, "rdp", 3389, 3800);
	add_conversation(s, 10, 7, "tls", 443, 400);
	add_conversation(s, 5, 8, "dns", 53, 200);
	add_finding(s, &rows[0], 3, 11, "eng-1 stopped plc-1-1 at 02:01:00 with S7comm PLC stop.");
	for (uint32_t i = 0; i < assets / 20; i++)
		add_finding(s, &rows[1 + i % 3], 1 + i * 13 % assets, 1 + i * 29 % assets,
			"Something that deserves a look happened between these two.");
	finish(s, "big.pcap");
	return s;
}

static uint32_t any(uint64_t *state, size_t below)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u; /* Knuth's MMIX */
	return (uint32_t)((*state >> 33) % below);
}

static void add_any_asset(struct sample *s, uint64_t *state, uint32_t zones, uint32_t nets)
{
	static const uint8_t levels[] = { 0, 10, 10, 20, 20, 25, 30, 35, 40, 50, LEVEL_UNKNOWN };
	struct asset_row row = { .protocols = "modbus", .vendor = "Siemens AG" };
	row.type = (uint8_t)any(state, TYPE_COUNT);
	row.level = levels[any(state, COUNT_OF(levels))];
	row.ip[0] = any(state, 8) ? 10 : 0; /* the others have a MAC address only */
	row.ip[2] = (uint8_t)any(state, nets);
	row.ip[3] = (uint8_t)any(state, 255);
	if (any(state, 3))
		row.name = made(s, "asset %u of the plant", any(state, 1000));
	if (any(state, 2))
		row.zone = made(s, "zone %u", any(state, zones));
	add_asset(s, &row);
}

struct sample *sample_random(uint32_t seed, uint32_t assets)
{
	static const struct msg *const messages[] = { &reads, &writes, &read_var, &stop, &download,
		&operate };
	struct sample *s = sample_new(assets);
	uint64_t state = seed * 2654435761u + 1;
	uint32_t zones = 1 + any(&state, 30), nets = 1 + any(&state, 20);
	for (uint32_t i = 0; i < assets; i++)
		add_any_asset(s, &state, zones, nets);
	for (uint32_t i = 0; i < assets * 2; i++) {
		uint32_t client = any(&state, assets), server = any(&state, assets);
		uint64_t packets = 1u << any(&state, 24);
		struct conversation *c =
			add_conversation(s, client, server, "modbus", 502, packets);
		if (any(&state, 2))
			add_operation(s, c, messages[any(&state, COUNT_OF(messages))], 50);
	}
	for (uint32_t i = 0; i < assets / 8; i++) {
		uint32_t a = any(&state, assets + 1), b = any(&state, assets + 1);
		add_finding(s, &rows[any(&state, COUNT_OF(rows))], a, b, "Look here.");
	}
	finish(s, "random.pcap");
	return s;
}
