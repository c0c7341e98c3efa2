/* DCP, by which PROFINET stations are found, named and given addresses: IEC 61158-6-10, 4.3. */
#include "base/hash.h"
#include "sense/proto/named.h"
#include "sense/proto/pn_rt.h"

enum { SERVICE_GET = 3, SERVICE_SET, SERVICE_IDENTIFY, SERVICE_HELLO };
enum { TYPE_REQUEST, TYPE_SUCCESS, TYPE_UNSUPPORTED = 5 };
enum {
	OPTION_IP = 1,
	OPTION_DEVICE,
	OPTION_DHCP,
	OPTION_CONTROL = 5,
	OPTION_INITIATIVE,
	OPTION_TSN,
	OPTION_MAKER_FIRST = 0x80,
	OPTION_MAKER_LAST = 0xfe,
	OPTION_ALL = 0xff,
};
enum { IP_MAC = 1, IP_PARAMETER, IP_SUITE };
enum {
	DEVICE_MAKER = 1,
	DEVICE_NAME,
	DEVICE_ID,
	DEVICE_ROLE,
	DEVICE_OPTIONS,
	DEVICE_ALIAS,
	DEVICE_INSTANCE,
	DEVICE_OEM_ID,
	DEVICE_RSI = 10,
};
enum {
	CONTROL_START = 1,
	CONTROL_END,
	CONTROL_SIGNAL,
	CONTROL_RESPONSE,
	CONTROL_FACTORY,
	CONTROL_RESET
};

static const struct field head[] = {
	{ "pn_dcp.service_id", U8, SERVICE_GET, SERVICE_HELLO },
	{ "pn_dcp.service_type", U8 },
	{ "pn_dcp.xid", BE32 | NUMBERING },
	{ 0 },
};
static const struct field delay_field = { "pn_dcp.response_delay", BE16, 0, 6400 };
static const struct field reserved_field = { "pn_dcp.reserved16", BE16 };
static const struct field data_length_field = { "pn_dcp.data_length", BE16 };
static const struct field option_field = { "pn_dcp.option", U8 };
static const struct field block_length_field = { "pn_dcp.block_length", BE16 };
static const struct field info_field = { "pn_dcp.block_info", BE16 };
static const struct field ip_info_field = { "pn_dcp.suboption_ip_block_info", BE16 };
static const struct field qualifier_field = { "pn_dcp.block_qualifier", BE16 };
static const struct field reset_field = { "pn_dcp.block_qualifier_reset", BE16 };
static const struct field error_field = { "pn_dcp.block_error", U8 };
static const struct field refers_field = { "pn_dcp.suboption_control_option", U8 };

static const struct field ip_mac[] = { { "pn_dcp.suboption_ip_mac_address", MAC }, { 0 } };
static const struct field ip_parameter[] = {
	{ "pn_dcp.suboption_ip_ip", IP4 },
	{ "pn_dcp.suboption_ip_subnetmask", IP4 },
	{ "pn_dcp.suboption_ip_standard_gateway", IP4 },
	{ 0 },
};
static const struct field ip_suite[] = {
	{ "pn_dcp.suboption_ip_ip", IP4 },
	{ "pn_dcp.suboption_ip_subnetmask", IP4 },
	{ "pn_dcp.suboption_ip_standard_gateway", IP4 },
	{ "pn_dcp.suboption_ip_dns", IP4 },
	{ "pn_dcp.suboption_ip_dns", IP4 },
	{ "pn_dcp.suboption_ip_dns", IP4 },
	{ "pn_dcp.suboption_ip_dns", IP4 },
	{ 0 },
};
static const struct field device_maker[] = {
	{ "pn_dcp.suboption_device_devicevendorvalue", TEXT },
	{ 0 },
};
static const struct field device_name[] = {
	{ "pn_dcp.suboption_device_nameofstation", TEXT },
	{ 0 },
};
static const struct field device_id[] = {
	{ "pn_dcp.suboption_vendor_id", BE16 },
	{ "pn_dcp.suboption_device_id", BE16 },
	{ 0 },
};
static const struct field device_role[] = {
	{ "pn_dcp.suboption_device_role", U8 },
	{ "pn_dcp.reserved8", U8 },
	{ 0 },
};
static const struct field device_alias[] = {
	{ "pn_dcp.suboption_device_aliasname", TEXT },
	{ 0 },
};
static const struct field device_instance[] = {
	{ "pn_dcp.suboption_device_instance", U8 }, /* high, then low */
	{ "pn_dcp.suboption_device_instance", U8 },
	{ 0 },
};
static const struct field device_oem[] = {
	{ "pn_dcp.suboption_device_oem_ven_id", BE16 },
	{ "pn_dcp.suboption_device_oem_dev_id", BE16 },
	{ 0 },
};
static const struct field device_rsi[] = {
	{ "pn_dcp.suboption_device_rsi_properties_value", BE16 },
	{ 0 },
};
static const struct field signal_value[] = {
	{ "pn_dcp.suboption_control_signal_value", BE16 },
	{ 0 },
};
static const struct field initiative[] = { { "pn_dcp.deviceinitiative_value", BE16 }, { 0 } };
static const struct field tsn_domain[] = { { "pn_dcp.suboption_tsn_domain_name", TEXT }, { 0 } };
static const struct field maker_data[] = { { "pn_dcp.data", BYTES }, { 0 } };

static const struct block_row {
	uint8_t option, suboption;
	const struct field *fields;
} block_rows[] = {
	{ OPTION_IP, IP_MAC, ip_mac },
	{ OPTION_IP, IP_PARAMETER, ip_parameter },
	{ OPTION_IP, IP_SUITE, ip_suite },
	{ OPTION_DEVICE, DEVICE_MAKER, device_maker },
	{ OPTION_DEVICE, DEVICE_NAME, device_name },
	{ OPTION_DEVICE, DEVICE_ID, device_id },
	{ OPTION_DEVICE, DEVICE_ROLE, device_role },
	{ OPTION_DEVICE, DEVICE_ALIAS, device_alias },
	{ OPTION_DEVICE, DEVICE_INSTANCE, device_instance },
	{ OPTION_DEVICE, DEVICE_OEM_ID, device_oem },
	{ OPTION_DEVICE, DEVICE_RSI, device_rsi },
	{ OPTION_CONTROL, CONTROL_SIGNAL, signal_value },
	{ OPTION_INITIATIVE, 1, initiative },
	{ OPTION_TSN, 1, tsn_domain },
};

/* Suboptions have a field for each option: their numbers mean another thing there. */
static const struct field suboption_fields[] = {
	{ "pn_dcp.suboption", U8 },
	{ "pn_dcp.suboption_ip", U8 },
	{ "pn_dcp.suboption_device", U8 },
	{ "pn_dcp.suboption_dhcp", U8 },
	{ "pn_dcp.suboption", U8 },
	{ "pn_dcp.suboption_control", U8 },
	{ "pn_dcp.suboption_deviceinitiative", U8 },
	{ "pn_dcp.suboption_tsn", U8 },
};
static const struct field suboption_maker = { "pn_dcp.suboption_manuf", U8 };
static const struct field suboption_all = { "pn_dcp.suboption_all", U8 };

/* What a Set does, worst last: a message with several blocks is told by its worst. */
enum set { SET_OTHER, SET_SIGNAL, SET_VALUE, SET_NAME, SET_IP, SET_RESET, SET_FACTORY };

enum { ROW_SET = 0x10 };

static const struct msg rows[] = {
	BOTH(SERVICE_GET, ACT_IDENTIFY, EFFECT_NONE, "get"),
	BOTH(SERVICE_IDENTIFY, ACT_IDENTIFY, EFFECT_NONE, "identify"),
	BOTH(SERVICE_HELLO, ACT_IDENTIFY, EFFECT_NONE, "hello"),
	BOTH(ROW_SET + SET_OTHER, ACT_OTHER, EFFECT_NONE, "set"),
	BOTH(ROW_SET + SET_SIGNAL, ACT_OTHER, EFFECT_NONE, "flash_led"),
	BOTH(ROW_SET + SET_VALUE, ACT_WRITE, EFFECT_CONFIG, "set_value"),
	BOTH(ROW_SET + SET_NAME, ACT_WRITE, EFFECT_CONFIG, "set_name"),
	BOTH(ROW_SET + SET_IP, ACT_WRITE, EFFECT_CONFIG, "set_ip"),
	/* A device that forgets its name and address leaves the process until somebody comes. */
	BOTH(ROW_SET + SET_RESET, ACT_CONTROL, EFFECT_RESTART, "reset_to_factory"),
	BOTH(ROW_SET + SET_FACTORY, ACT_CONTROL, EFFECT_RESTART, "factory_reset"),
	{ 0 },
};
static const struct msg unknown = { 0, DIR_OTHER, ACT_OTHER, EFFECT_NONE, "unknown_service" };

/* Vendor numbers as PI gives them out (IEC 61158-6-10 leaves them to PI). */
static const struct named vendors[] = {
	{ 0x002a, "Siemens" },
	{ 0x00b0, "Phoenix Contact" },
	{ 0x011d, "WAGO" },
	{ 0x011e, "Hilscher" },
	{ 0x012f, "Murrelektronik" },
	{ 0x014d, "Festo" },
};

const char *profinet_vendor(uint16_t number)
{
	return named_find(vendors, COUNT_OF(vendors), number);
}

struct message {
	uint8_t service, type;
	uint32_t xid;
	bool request, hello;
};

static void add_suboption(struct scene *s, uint8_t option, uint8_t suboption)
{
	const struct field *f = &suboption_fields[0];
	if (option < sizeof suboption_fields / sizeof *suboption_fields)
		f = &suboption_fields[option];
	else if (option == OPTION_ALL)
		f = &suboption_all;
	else if (option >= OPTION_MAKER_FIRST && option <= OPTION_MAKER_LAST)
		f = &suboption_maker;
	fact_uint(s, f, suboption);
}

static void add_option(struct scene *s, uint8_t option, uint8_t suboption)
{
	fact_uint(s, &option_field, option);
	add_suboption(s, option, suboption);
}

static enum set set_of(uint8_t option, uint8_t suboption)
{
	if (option == OPTION_IP)
		return SET_IP;
	if (option == OPTION_DEVICE && suboption == DEVICE_NAME)
		return SET_NAME;
	if (option != OPTION_CONTROL)
		return SET_VALUE;
	return suboption == CONTROL_SIGNAL     ? SET_SIGNAL
		: suboption == CONTROL_FACTORY ? SET_FACTORY
		: suboption == CONTROL_RESET   ? SET_RESET
					       : SET_OTHER;
}

/* Looks through the blocks of a Set, or of its answer, for what it does. */
static enum set worst_of(struct cur c, bool answer)
{
	enum set worst = SET_OTHER;
	while (c.left >= 4) {
		uint8_t option = cur_u8(&c), suboption = cur_u8(&c);
		uint16_t length = cur_be16(&c);
		struct cur block = cur_upto(&c, length + (length & 1u));
		if (answer && option == OPTION_CONTROL && suboption == CONTROL_RESPONSE) {
			option = cur_u8(&block);
			suboption = cur_u8(&block);
		}
		enum set it = set_of(option, suboption);
		if (it > worst)
			worst = it;
	}
	return worst;
}

static void say_vendor(struct scene *s, uint16_t number)
{
	const char *name = profinet_vendor(number);
	if (name)
		who_sender(s, ID_VENDOR_NUMBER, name, strlen(name));
}

static void say_role(struct scene *s, uint8_t role)
{
	static const char *const names[] = { "IO device", "IO controller", "IO multidevice",
		"IO supervisor" };
	for (unsigned bit = 0; bit < 4; bit++)
		if (role >> bit & 1)
			who_sender(s, ID_DEVICE_TYPE, names[bit], strlen(names[bit]));
}

/* What the sender says of itself. */
static void say(struct scene *s, uint8_t option, uint8_t suboption, struct cur c)
{
	size_t size = c.left;
	if (option == OPTION_IP && (suboption == IP_PARAMETER || suboption == IP_SUITE)) {
		const uint8_t *four = cur_take(&c, 4);
		if (!four)
			return;
		struct ip ip = ip_of_4(four);
		who_binds(s, s->src_mac, &ip);
	}
	if (option != OPTION_DEVICE)
		return;
	if (suboption == DEVICE_NAME)
		who_sender(s, ID_NAME, cur_take(&c, size), size);
	else if (suboption == DEVICE_MAKER)
		who_sender(s, ID_MODEL, cur_take(&c, size), size);
	else if (suboption == DEVICE_ID)
		say_vendor(s, cur_be16(&c));
	else if (suboption == DEVICE_ROLE)
		say_role(s, cur_u8(&c));
}

static void read_options(struct scene *s, struct cur *c)
{
	while (c->left >= 2) {
		uint8_t option = cur_u8(c), suboption = cur_u8(c);
		add_option(s, option, suboption);
	}
}

static bool read_value(struct scene *s, uint8_t option, uint8_t suboption, struct cur *c)
{
	if (option == OPTION_DEVICE && suboption == DEVICE_OPTIONS) {
		read_options(s, c);
		return true;
	}
	for (size_t i = 0; i < sizeof block_rows / sizeof *block_rows; i++)
		if (block_rows[i].option == option && block_rows[i].suboption == suboption)
			return c->left == 0 || walk(s, c, block_rows[i].fields);
	return c->left == 0 || walk(s, c, maker_data);
}

static bool read_response(struct scene *s, struct cur *c)
{
	uint8_t option = cur_u8(c), suboption = cur_u8(c), error = cur_u8(c);
	if (!cur_ok(c))
		return false;
	fact_uint(s, &refers_field, option);
	add_suboption(s, option, suboption);
	fact_uint(s, &error_field, error);
	if (error)
		fact_failed(s);
	return true;
}

/* Two bytes stand before the value: what the device thinks of it, or how long it shall keep it. */
static void read_qualifier(
	struct scene *s, const struct message *m, uint8_t option, uint8_t suboption, struct cur *c)
{
	bool set = m->service == SERVICE_SET && m->request;
	bool filter = m->service == SERVICE_IDENTIFY && m->request;
	if (filter || c->left < 2)
		return;
	bool address = option == OPTION_IP && suboption == IP_PARAMETER;
	bool reset = option == OPTION_CONTROL &&
		(suboption == CONTROL_FACTORY || suboption == CONTROL_RESET);
	const struct field *f = &info_field;
	if (set)
		f = reset ? &reset_field : &qualifier_field;
	else if (address)
		f = &ip_info_field;
	fact_uint(s, f, cur_be16(c));
}

static bool read_block(struct scene *s, const struct message *m, struct cur *c)
{
	uint8_t option = cur_u8(c), suboption = cur_u8(c);
	if (!cur_ok(c))
		return false;
	add_option(s, option, suboption);
	if (m->service == SERVICE_GET && m->request)
		return true;
	uint16_t length = cur_be16(c);
	struct cur block = cur_sub(c, length);
	if (!cur_ok(&block))
		return false;
	if (length & 1 && c->left)
		cur_skip(c, 1);
	fact_uint(s, &block_length_field, length);
	if (!m->request && option == OPTION_CONTROL && suboption == CONTROL_RESPONSE)
		return read_response(s, &block);
	if (option == OPTION_ALL)
		return true;
	read_qualifier(s, m, option, suboption, &block);
	if (!m->request || m->hello)
		say(s, option, suboption, block);
	return read_value(s, option, suboption, &block) && cur_ok(&block);
}

/* Identify goes to all and is answered by many; the rest by one. */
static void pair(struct scene *s, const struct message *m, const struct msg **row)
{
	const uint8_t *asker = profinet_peer(s, m->request);
	uint32_t key = (uint32_t)hash_mix(hash_bytes(asker, 6), (uint64_t)m->xid << 8 | m->service);
	if (m->hello)
		return;
	if (m->request) {
		struct dcp_ask *ask = ask_put(s, key);
		if (!ask)
			return;
		*ask = (struct dcp_ask){ .xid = m->xid, .service = m->service, .row = *row };
		memcpy(ask->asker, asker, 6);
		return;
	}
	const struct dcp_ask *ask = ask_peek(s, key);
	if (!ask)
		return;
	if (ask->xid != m->xid || ask->service != m->service || memcmp(ask->asker, asker, 6) != 0) {
		fact_asked(s, 0, 0);
		return;
	}
	if (m->service == SERVICE_SET)
		*row = msg_find(rows, ask->row->code, DIR_RESPONSE);
	if (m->service != SERVICE_IDENTIFY)
		ask_take(s, key);
}

static enum parsed read_blocks(struct scene *s, const struct message *m, struct cur *data)
{
	while (data->left)
		if (!read_block(s, m, data))
			return s->cut ? PARSED_CUT : PARSED_BAD;
	return PARSED_WHOLE;
}

enum parsed dcp_parse(struct cur c, struct scene *s, uint16_t frame_id)
{
	struct cur look = c;
	struct message m = { .service = cur_u8(&look) };
	m.type = cur_u8(&look);
	m.xid = cur_be32(&look);
	uint16_t delay = cur_be16(&look);
	uint16_t length = cur_be16(&look);
	if (!cur_ok(&look))
		return s->cut ? PARSED_CUT : PARSED_BAD;
	struct cur data = cur_upto(&look, length);
	if (data.left < length && !s->cut)
		return PARSED_BAD;
	m.request = m.type == TYPE_REQUEST;
	m.hello = m.service == SERVICE_HELLO;
	if (!m.request && m.type != TYPE_SUCCESS && m.type != TYPE_UNSUPPORTED)
		return PARSED_BAD;

	enum dir dir = m.request ? DIR_REQUEST : DIR_RESPONSE;
	uint32_t code = m.service;
	if (m.service == SERVICE_SET)
		code = ROW_SET + worst_of(data, !m.request);
	const struct msg *row = msg_find(rows, code, dir);
	if (!row)
		row = &unknown;
	pair(s, &m, &row);
	fact_begin(s, row);
	if (m.hello) /* told to all, answered by nobody */
		fact_dir(s, DIR_OTHER);
	walk(s, &c, head);
	fact_uint(s, frame_id == FRAME_DCP_IDENTIFY ? &delay_field : &reserved_field, delay);
	fact_uint(s, &data_length_field, length);
	if (m.type == TYPE_UNSUPPORTED)
		fact_failed(s);
	enum parsed how = row == &unknown ? PARSED_WHOLE : read_blocks(s, &m, &data);
	if (how == PARSED_WHOLE)
		fact_end(s);
	return how;
}
