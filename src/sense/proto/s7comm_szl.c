/* S7comm system status lists (SZL): what a controller tells about itself.
 *
 * A list has an id (0xCXNN: class of module, extract, list number), an index, and records of one
 * size.  The layouts are in Siemens' reference "System Software for S7-300/400, System and
 * Standard Functions", chapter "System Status Lists"; names of fields are ours. */
#include <stdio.h>

#include "sense/proto/s7comm.h"

static const struct field field_id = { "s7comm.szl.id", BE16, 0, 0 };
static const struct field field_index = { "s7comm.szl.index", BE16, 0, 0 };
static const struct field field_record_size = { "s7comm.szl.record_size", BE16, 0, 0 };
static const struct field field_record_count = { "s7comm.szl.record_count", BE16, 0, 0 };

#define RECORD                                                                                     \
	{                                                                                          \
		"s7comm.szl.record", BE16, 0, 0                                                    \
	}

static const struct field list_ids[] = {
	{ "s7comm.szl.list_id", BE16, 0, 0 },
	{ 0 },
};
static const struct field module[] = {
	RECORD,
	{ "s7comm.szl.module.order_number", TEXT, 0, 20 },
	{ "s7comm.szl.module.type", BE16, 0, 0 },
	{ "s7comm.szl.module.version", BE16, 0, 0 },
	{ "s7comm.szl.module.release", BE16, 0, 0 },
	{ 0 },
};
static const struct field feature[] = {
	{ "s7comm.szl.feature", BE16, 0, 0 },
	{ 0 },
};
static const struct field memory[] = {
	RECORD,
	{ "s7comm.szl.memory.code", BE16, 0, 0 },
	{ "s7comm.szl.memory.size", BE32, 0, 0 },
	{ "s7comm.szl.memory.mode", BE16, 0, 0 },
	{ "s7comm.szl.memory.granularity", BE16, 0, 0 },
	{ "s7comm.szl.memory.area1", BE32, 0, 0 },
	{ "s7comm.szl.memory.used1", BE32, 0, 0 },
	{ "s7comm.szl.memory.block1", BE32, 0, 0 },
	{ "s7comm.szl.memory.area2", BE32, 0, 0 },
	{ "s7comm.szl.memory.used2", BE32, 0, 0 },
	{ "s7comm.szl.memory.block2", BE32, 0, 0 },
	{ 0 },
};
static const struct field system_area[] = {
	RECORD,
	{ "s7comm.szl.area.code", BE16, 0, 0 },
	{ "s7comm.szl.area.quantity", BE16, 0, 0 },
	{ "s7comm.szl.area.retentive", BE16, 0, 0 },
	{ 0 },
};
static const struct field block_type[] = {
	RECORD,
	{ "s7comm.szl.blocks.max_count", BE16, 0, 0 },
	{ "s7comm.szl.blocks.max_length", BE16, 0, 0 },
	{ "s7comm.szl.blocks.max_memory", BE32, 0, 0 },
	{ 0 },
};
static const struct field component_name[] = {
	RECORD,
	{ "s7comm.szl.component.system_name", TEXT, 0, 24 },
	{ 0 },
};
static const struct field component_module[] = {
	RECORD,
	{ "s7comm.szl.component.module_name", TEXT, 0, 24 },
	{ 0 },
};
static const struct field component_plant[] = {
	RECORD,
	{ "s7comm.szl.component.plant", TEXT, 0, 32 },
	{ 0 },
};
static const struct field component_copyright[] = {
	RECORD,
	{ "s7comm.szl.component.copyright", TEXT, 0, 26 },
	{ 0 },
};
static const struct field component_serial[] = {
	RECORD,
	{ "s7comm.szl.component.serial", TEXT, 0, 24 },
	{ 0 },
};
static const struct field component_type[] = {
	RECORD,
	{ "s7comm.szl.component.type_name", TEXT, 0, 32 },
	{ 0 },
};
static const struct field component_card[] = {
	RECORD,
	{ "s7comm.szl.component.card_serial", TEXT, 0, 32 },
	{ 0 },
};
static const struct field component_profile[] = {
	RECORD,
	{ "s7comm.szl.component.manufacturer", BE16, 0, 0 },
	{ "s7comm.szl.component.profile", BE16, 0, 0 },
	{ "s7comm.szl.component.profile_type", BE16, 0, 0 },
	{ 0 },
};
static const struct field component_oem[] = {
	RECORD,
	{ "s7comm.szl.component.oem_copyright", TEXT, 0, 26 },
	{ "s7comm.szl.component.oem", BE16, 0, 0 },
	{ "s7comm.szl.component.oem_additional", BE32, 0, 0 },
	{ 0 },
};
static const struct field component_location[] = {
	RECORD,
	{ "s7comm.szl.component.location", TEXT, 0, 32 },
	{ 0 },
};
static const struct field interrupt[] = {
	{ "s7comm.szl.interrupt.info", BYTES, 0, 20 },
	{ "s7comm.szl.interrupt.al1", BE16, 0, 0 },
	{ "s7comm.szl.interrupt.al2", BE16, 0, 0 },
	{ "s7comm.szl.interrupt.al3", BE32, 0, 0 },
	{ 0 },
};
static const struct field mode[] = {
	{ "s7comm.szl.mode.event", BE16, 0, 0 },
	{ "s7comm.szl.mode.ae", U8, 0, 0 },
	{ "s7comm.szl.mode.transition", U8, 0, 0 },
	{ "", SKIP, 4, 0 },
	{ "s7comm.szl.mode.startup1", U8, 0, 0 },
	{ "s7comm.szl.mode.startup2", U8, 0, 0 },
	{ "s7comm.szl.mode.startup3", U8, 0, 0 },
	{ "s7comm.szl.mode.startup4", U8, 0, 0 },
	{ "s7comm.szl.mode.time", BYTES, 0, 8 },
	{ 0 },
};
static const struct field led[] = {
	{ "s7comm.szl.led.id", BE16, 0, 0 },
	{ "s7comm.szl.led.on", U8, 0, 0 },
	{ "s7comm.szl.led.blink", U8, 0, 0 },
	{ 0 },
};
static const struct field module_status[] = {
	{ "s7comm.szl.slot.address1", BE16, 0, 0 },
	{ "s7comm.szl.slot.address2", BE16, 0, 0 },
	{ "s7comm.szl.slot.logical", BE16, 0, 0 },
	{ "s7comm.szl.slot.expected", BE16, 0, 0 },
	{ "s7comm.szl.slot.actual", BE16, 0, 0 },
	{ "", SKIP, 2, 0 },
	{ "s7comm.szl.slot.status", BE16, 0, 0 },
	{ "s7comm.szl.slot.range", BE16, 0, 0 },
	{ 0 },
};
static const struct field rack_status[] = {
	{ "s7comm.szl.rack.status", BYTES, 0, 16 },
	{ 0 },
};
static const struct field station_status[] = {
	RECORD,
	{ "s7comm.szl.station.status", BYTES, 0, 256 },
	{ 0 },
};
static const struct field profinet_slot[] = {
	{ "s7comm.szl.pn.logical", BE16, 0, 0 },
	{ "s7comm.szl.pn.system", BE16, 0, 0 },
	{ "s7comm.szl.pn.api", BE32, 0, 0 },
	{ "s7comm.szl.pn.station", BE16, 0, 0 },
	{ "s7comm.szl.pn.slot", BE16, 0, 0 },
	{ "s7comm.szl.pn.subslot", BE16, 0, 0 },
	{ "s7comm.szl.pn.offset", BE16, 0, 0 },
	{ "", SKIP, 14, 0 }, /* expected type, in seven words */
	{ "s7comm.szl.pn.as_expected", BE16, 0, 0 },
	{ "", SKIP, 2, 0 },
	{ "s7comm.szl.pn.status", BE16, 0, 0 },
	{ "s7comm.szl.pn.range", BE16, 0, 0 },
	{ 0 },
};

/* List 0x31, what communication can do, and 0x32, how it stands: a layout for each index. */
static const struct field can_general[] = {
	RECORD,
	{ "s7comm.szl.link.pdu", BE16, 0, 0 },
	{ "s7comm.szl.link.connections", BE16, 0, 0 },
	{ "s7comm.szl.link.mpi_rate", BE32, 0, 0 },
	{ "s7comm.szl.link.bus_rate", BE32, 0, 0 },
	{ 0 },
};
static const struct field can_test[] = {
	RECORD,
	{ "s7comm.szl.test.functions", BYTES, 0, 6 },
	{ "s7comm.szl.test.aseg", BYTES, 0, 6 },
	{ "s7comm.szl.test.eseg", BYTES, 0, 6 },
	{ "s7comm.szl.test.triggers", BYTES, 0, 3 },
	{ "s7comm.szl.test.condition", U8, 0, 0 },
	{ "s7comm.szl.test.path", U8, 0, 0 },
	{ "s7comm.szl.test.depth", U8, 0, 0 },
	{ "s7comm.szl.test.system_trigger", U8, 0, 0 },
	{ "s7comm.szl.test.result_parameter", U8, 0, 0 },
	{ "s7comm.szl.test.result_pattern1", BE16, 0, 0 },
	{ "s7comm.szl.test.result_pattern2", BE16, 0, 0 },
	{ "s7comm.szl.test.force", BE16, 0, 0 },
	{ "s7comm.szl.test.time", BE16, 0, 0 },
	{ 0 },
};
static const struct field can_operate[] = {
	RECORD,
	{ "s7comm.szl.operate.functions", BYTES, 0, 4 },
	{ "s7comm.szl.operate.data", BE16, 0, 0 },
	{ "s7comm.szl.operate.count", BE16, 0, 0 },
	{ "s7comm.szl.operate.period_min", BE16, 0, 0 },
	{ "s7comm.szl.operate.period_max", BE16, 0, 0 },
	{ 0 },
};
static const struct field can_blocks[] = {
	RECORD,
	{ "s7comm.szl.object.functions", BYTES, 0, 8 },
	{ "s7comm.szl.object.copies", U8, 0, 0 },
	{ "s7comm.szl.object.deletions", U8, 0, 0 },
	{ "s7comm.szl.object.chains", U8, 0, 0 },
	{ "s7comm.szl.object.loads", U8, 0, 0 },
	{ "s7comm.szl.object.version", U8, 0, 0 },
	{ 0 },
};
static const struct field can_diagnose[] = {
	RECORD,
	{ "s7comm.szl.diagnose.functions", BYTES, 0, 8 },
	{ "s7comm.szl.diagnose.senders", BE16, 0, 0 },
	{ "s7comm.szl.diagnose.entries", BE16, 0, 0 },
	{ "s7comm.szl.diagnose.messages", BE16, 0, 0 },
	{ 0 },
};
static const struct field can_exchange[] = {
	RECORD,
	{ "s7comm.szl.exchange.functions", BYTES, 0, 8 },
	{ "s7comm.szl.exchange.fast", U8, 0, 0 },
	{ "s7comm.szl.exchange.kinds", BYTES, 0, 8 },
	{ "", SKIP, 1, 0 },
	{ "s7comm.szl.exchange.max_data", BE16, 0, 0 },
	{ "s7comm.szl.exchange.max_alarm", BE16, 0, 0 },
	{ "s7comm.szl.exchange.max_instances", BE16, 0, 0 },
	{ "", SKIP, 2, 0 },
	{ "s7comm.szl.exchange.configured", U8, 0, 0 },
	{ "s7comm.szl.exchange.programmed", U8, 0, 0 },
	{ 0 },
};
static const struct field can_synchronise[] = {
	RECORD,
	{ "s7comm.szl.clock.backplane", U8, 0, 0 },
	{ "s7comm.szl.clock.mpi", U8, 0, 0 },
	{ "s7comm.szl.clock.mfi", U8, 0, 0 },
	{ "", SKIP, 1, 0 },
	{ "s7comm.szl.clock.deviation_buffered", BE16, 0, 0 },
	{ "s7comm.szl.clock.deviation", BE16, 0, 0 },
	{ "s7comm.szl.clock.meters", BE16, 0, 0 },
	{ 0 },
};
static const struct field now_general[] = {
	RECORD,
	{ "s7comm.szl.connections.reserved_pg", BE16, 0, 0 },
	{ "s7comm.szl.connections.reserved_op", BE16, 0, 0 },
	{ "s7comm.szl.connections.used_pg", BE16, 0, 0 },
	{ "s7comm.szl.connections.used_op", BE16, 0, 0 },
	{ "s7comm.szl.connections.configured", BE16, 0, 0 },
	{ "s7comm.szl.connections.established", BE16, 0, 0 },
	{ "s7comm.szl.connections.free", BE16, 0, 0 },
	{ "s7comm.szl.connections.used", BE16, 0, 0 },
	{ "s7comm.szl.connections.load", BE16, 0, 0 },
	{ 0 },
};
static const struct field now_test[] = {
	RECORD,
	{ "s7comm.szl.test.jobs", BE16, 0, 0 },
	{ 0 },
};
static const struct field now_protected[] = {
	RECORD,
	{ "s7comm.szl.protection.key", BE16, 0, 0 },
	{ "s7comm.szl.protection.parameter", BE16, 0, 0 },
	{ "s7comm.szl.protection.real", BE16, 0, 0 },
	{ "s7comm.szl.protection.switch", BE16, 0, 0 },
	{ "s7comm.szl.protection.startup", BE16, 0, 0 },
	{ "s7comm.szl.protection.known", BE16, 0, 0 },
	{ "s7comm.szl.protection.related", BE16, 0, 0 },
	{ "s7comm.szl.protection.hardware1", BE16, 0, 0 },
	{ "s7comm.szl.protection.hardware2", BE16, 0, 0 },
	{ "s7comm.szl.protection.program1", BE16, 0, 0 },
	{ "s7comm.szl.protection.program2", BE16, 0, 0 },
	{ 0 },
};
static const struct field now_diagnose[] = {
	RECORD,
	{ "s7comm.szl.diagnose.extended", BE16, 0, 0 },
	{ "s7comm.szl.diagnose.sent", BE16, 0, 0 },
	{ "s7comm.szl.diagnose.possible", BE16, 0, 0 },
	{ "s7comm.szl.diagnose.lost", BE16, 0, 0 },
	{ 0 },
};
static const struct field now_exchange[] = {
	RECORD,
	{ "s7comm.szl.exchange.used", BYTES, 0, 8 },
	{ "s7comm.szl.exchange.used_fast", BE16, 0, 0 },
	{ "s7comm.szl.exchange.instances", BE16, 0, 0 },
	{ "s7comm.szl.exchange.multicast", BE16, 0, 0 },
	{ 0 },
};
static const struct field now_clock[] = {
	RECORD,
	{ "s7comm.szl.clock.cycle", BE16, 0, 0 },
	{ "s7comm.szl.clock.correction", BE16, 0, 0 },
	{ "s7comm.szl.clock.meter", BE16, 0, 0 },
	{ "s7comm.szl.clock.meter", BE16, 0, 0 },
	{ "s7comm.szl.clock.meter", BE16, 0, 0 },
	{ "s7comm.szl.clock.meter", BE16, 0, 0 },
	{ "s7comm.szl.clock.meter", BE16, 0, 0 },
	{ "s7comm.szl.clock.meter", BE16, 0, 0 },
	{ "s7comm.szl.clock.meter", BE16, 0, 0 },
	{ "s7comm.szl.clock.meter", BE16, 0, 0 },
	{ "s7comm.szl.clock.time", BYTES, 0, 8 },
	{ 0 },
};
static const struct field now_meters[] = {
	RECORD,
	{ "s7comm.szl.meters.running", BE16, 0, 0 },
	{ "s7comm.szl.meters.overflow", BE16, 0, 0 },
	{ "s7comm.szl.meters.hours", BE32, 0, 0 },
	{ "s7comm.szl.meters.hours", BE32, 0, 0 },
	{ "s7comm.szl.meters.hours", BE32, 0, 0 },
	{ "s7comm.szl.meters.hours", BE32, 0, 0 },
	{ "s7comm.szl.meters.hours", BE32, 0, 0 },
	{ "s7comm.szl.meters.hours", BE32, 0, 0 },
	{ "s7comm.szl.meters.hours", BE32, 0, 0 },
	{ "s7comm.szl.meters.hours", BE32, 0, 0 },
	{ 0 },
};

/* --- who the controller is ---------------------------------------------------------------------
 */

static void who(struct scene *s, enum identity_key key, struct cur c, size_t size)
{
	const uint8_t *text = cur_take(&c, size);
	if (text)
		who_sender(s, key, text, size);
}

static void who_version(struct scene *s, enum identity_key key, uint16_t version, uint16_t release)
{
	char text[24];
	int n = snprintf(
		text, sizeof text, "V%u.%u.%u", version & 0xffu, release >> 8, release & 0xffu);
	who_sender(s, key, text, (size_t)n);
}

/* Records of list 0x11: 1 the module, 6 its hardware, 7 its firmware.  A firmware version begins
 * with the letter V and goes on over both words. */
static void tell_module(struct scene *s, struct cur c)
{
	uint16_t record = cur_be16(&c);
	struct cur order = cur_sub(&c, 20);
	cur_skip(&c, 2);
	uint16_t version = cur_be16(&c);
	uint16_t release = cur_be16(&c);
	if (!cur_ok(&c))
		return;
	if (record == 1) {
		who(s, ID_ORDER_NUMBER, order, 20);
		if (cur_starts(&order, "6ES7") || cur_starts(&order, "6GK7"))
			who_sender(s, ID_VENDOR, "Siemens", 7);
	} else if (record == 6) {
		char text[8];
		int n = snprintf(text, sizeof text, "%u", version);
		who_sender(s, ID_HARDWARE, text, (size_t)n);
	} else if (record == 7 && version >> 8 == 'V') {
		who_version(s, ID_FIRMWARE, version, release);
	}
}

/* Records of list 0x1c. */
static void tell_component(struct scene *s, struct cur c)
{
	switch (cur_be16(&c)) {
	case 1:
		who(s, ID_NAME, c, 24);
		break;
	case 2:
		who(s, ID_MODULE, c, 24);
		break;
	case 3:
	case 11:
		who(s, ID_LOCATION, c, 32);
		break;
	case 4:
		if (cur_starts(&c, "Original Siemens Equipment"))
			who_sender(s, ID_VENDOR, "Siemens", 7);
		break;
	case 5:
		who(s, ID_SERIAL, c, 24);
		break;
	case 7:
		who(s, ID_MODEL, c, 32);
		who_sender_is(s, TYPE_PLC, "tells its CPU type over S7comm");
		break;
	default:
		break;
	}
}

/* List 0x24: the lower half of the transition byte is the mode now, the upper the one before. */
static void tell_mode(struct scene *s, struct cur c)
{
	static const char *const modes[16] = {
		[1] = "stop (update)",
		[2] = "stop (memory reset)",
		[3] = "stop (self initialisation)",
		[4] = "stop",
		[5] = "cold restart",
		[6] = "warm restart",
		[7] = "hot restart",
		[8] = "run",
		[9] = "run (redundant)",
		[10] = "hold",
		[11] = "link-up",
		[12] = "update",
		[13] = "defective",
		[14] = "self test",
		[15] = "no power",
	};
	cur_skip(&c, 3);
	uint8_t transition = cur_u8(&c);
	const char *word = modes[transition & 0xf];
	if (cur_ok(&c) && word)
		who_sender(s, ID_MODE, word, strlen(word));
}

/* List 0x32, index 4: the level in force (1 none, 2 write, 3 read and write protected) and the
 * position of the switch at the front. */
static void tell_protection(struct scene *s, struct cur c)
{
	static const char *const positions[] = { "", ", switch RUN", ", switch RUN-P",
		", switch STOP", ", switch MRES" };
	cur_skip(&c, 6);
	uint16_t level = cur_be16(&c);
	uint16_t position = cur_be16(&c);
	if (!cur_ok(&c) || level == 0)
		return;
	char text[48];
	int n = snprintf(
		text, sizeof text, "level %u%s", level, position < 5 ? positions[position] : "");
	who_sender(s, ID_PROTECTION, text, (size_t)n);
}

/* Lists 0x19 and 0x74: the lamps at the front; RUN and STOP say the mode. */
static void tell_led(struct scene *s, struct cur c)
{
	enum { LED_RUN = 4, LED_STOP = 5 };
	uint16_t id = cur_be16(&c) & 0xff;
	bool on = cur_u8(&c) != 0, blinking = cur_u8(&c) != 0;
	if (!cur_ok(&c) || !on || blinking)
		return;
	if (id == LED_RUN)
		who_sender(s, ID_MODE, "run", 3);
	else if (id == LED_STOP)
		who_sender(s, ID_MODE, "stop", 4);
}

/* List 0x91: what stands in the slots of the racks, by a number that the maker's catalogue
 * explains. The CPU itself is told by better lists; what hangs on a bus is no module of this rack.
 */
static void tell_slot(struct scene *s, struct cur c)
{
	enum { RACK_LAST = 21, TYPE_CPU = 0xc0, STATUS_EXISTS = 2, NO_TYPE = 0xffff };
	uint16_t rack = cur_be16(&c), place = cur_be16(&c);
	cur_skip(&c, 4);
	uint16_t type = cur_be16(&c);
	cur_skip(&c, 2);
	uint16_t status = cur_be16(&c);
	bool whole = (place & 0xff) == 0; /* no module within the module */
	if (!cur_ok(&c) || rack > RACK_LAST || place >> 8 == 0 || !whole ||
		!(status & STATUS_EXISTS) || type == TYPE_CPU || type == 0 || type == NO_TYPE)
		return;
	char text[24];
	int n = snprintf(text, sizeof text, "module type 0x%04x", type);
	who_module(s, rack, place >> 8, ID_MODULE, text, (size_t)n);
}

/* --- lists -------------------------------------------------------------------------------------
 */

enum { ANY = -1 };

/* A list by its number (the low byte of the id); where the layout depends on the record, by the
 * index in front of the record too. */
static const struct list {
	uint8_t number;
	int16_t record;
	const struct field *fields;
	void (*tell)(struct scene *s, struct cur c);
} lists[] = {
	{ 0x00, ANY, list_ids, NULL },
	{ 0x11, ANY, module, tell_module },
	{ 0x12, ANY, feature, NULL },
	{ 0x13, ANY, memory, NULL },
	{ 0x14, ANY, system_area, NULL },
	{ 0x15, ANY, block_type, NULL },
	{ 0x19, ANY, led, tell_led },
	{ 0x1c, 1, component_name, tell_component },
	{ 0x1c, 2, component_module, tell_component },
	{ 0x1c, 3, component_plant, tell_component },
	{ 0x1c, 4, component_copyright, tell_component },
	{ 0x1c, 5, component_serial, tell_component },
	{ 0x1c, 7, component_type, tell_component },
	{ 0x1c, 8, component_card, NULL },
	{ 0x1c, 9, component_profile, NULL },
	{ 0x1c, 10, component_oem, NULL },
	{ 0x1c, 11, component_location, tell_component },
	{ 0x22, ANY, interrupt, NULL },
	{ 0x24, ANY, mode, tell_mode },
	{ 0x31, 1, can_general, NULL },
	{ 0x31, 2, can_test, NULL },
	{ 0x31, 3, can_operate, NULL },
	{ 0x31, 4, can_blocks, NULL },
	{ 0x31, 5, can_diagnose, NULL },
	{ 0x31, 6, can_exchange, NULL },
	{ 0x31, 9, can_synchronise, NULL },
	{ 0x32, 1, now_general, NULL },
	{ 0x32, 2, now_test, NULL },
	{ 0x32, 4, now_protected, tell_protection },
	{ 0x32, 5, now_diagnose, NULL },
	{ 0x32, 6, now_exchange, NULL },
	{ 0x32, 8, now_clock, NULL },
	{ 0x32, 11, now_meters, NULL },
	{ 0x32, 12, now_meters, NULL },
	{ 0x74, ANY, led, tell_led },
	{ 0x91, ANY, module_status, tell_slot },
	{ 0x92, ANY, rack_status, NULL },
	{ 0x94, ANY, station_status, NULL },
	{ 0x96, ANY, profinet_slot, NULL },
	{ 0xa0, ANY, s7_diagnostic, NULL },
};

static const struct list *list_of(uint16_t id, struct cur record)
{
	uint16_t index = cur_be16(&record);
	for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
		if (lists[i].number == (id & 0xff) &&
			(lists[i].record == ANY || lists[i].record == index))
			return &lists[i];
	return NULL;
}

void s7_read_szl(struct scene *s, struct cur *c, bool answer)
{
	if (c->left < 4)
		return;
	uint16_t id = cur_be16(c);
	fact_uint(s, &field_id, id);
	fact_uint(s, &field_index, cur_be16(c));
	if (!answer || c->left < 4)
		return;
	uint16_t size = cur_be16(c);
	uint16_t count = cur_be16(c);
	fact_uint(s, &field_record_size, size);
	fact_uint(s, &field_record_count, count);
	/* Joined around a hole: records would begin in the wrong place. */
	const struct s7_state *state = s->state;
	if (state->torn && c->left != (size_t)size * count)
		return;
	/* A module of another class (upper digit) tells about itself, not about the CPU. */
	bool cpu = id >> 12 == 0;
	for (unsigned i = 0; i < count && size > 0 && c->left >= size; i++) {
		struct cur record = cur_sub(c, size);
		const struct list *list = list_of(id, record);
		if (!list)
			continue;
		if (cpu && list->tell)
			list->tell(s, record);
		walk(s, &record, list->fields);
	}
}
