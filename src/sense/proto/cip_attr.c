/* Attributes: what the objects of volume 1 (chapter 5) and volume 2 (chapter 5) keep under their
 * numbers, as asked for and answered one by one, as lists, and all at once. */
#include "sense/proto/cip.h"

#include "base/out.h"

enum {
	GET_ALL = 0x01,
	SET_ALL = 0x02,
	GET_LIST = 0x03,
	SET_LIST = 0x04,
	RESET = 0x05,
	CREATE = 0x08,
	GET_SINGLE = 0x0e,
	SET_SINGLE = 0x10,
	CLASS_IDENTITY = 0x01,
	CLASS_ROUTER = 0x02,
	CLASS_MANAGER = 0x06,
	CLASS_FILE = 0x37,
	CLASS_LOGIX_NAME = 0x64,
	CLASS_TCPIP = 0xf5,
	CLASS_LINK = 0xf6,
	ALL_CLASSES = 0xffff,
	VENDOR_ROCKWELL = 1,
};

struct attribute {
	uint16_t class; /* ALL_CLASSES: of the class itself, instance 0 */
	uint16_t number;
	const struct field *fields; /* NULL: read by code, see read_value */
};

#define FIELDS(...)                                                                                \
	(const struct field[])                                                                     \
	{                                                                                          \
		__VA_ARGS__,                                                                       \
		{                                                                                  \
			0                                                                          \
		}                                                                                  \
	}
#define ONE(name, wire) FIELDS({ name, wire })

/* Of each class in the order that Get Attributes All answers in. */
static const struct attribute attributes[] = {
	{ ALL_CLASSES, 1, ONE("cip.class_revision", LE16) },
	{ ALL_CLASSES, 2, ONE("cip.max_instance", LE16) },
	{ ALL_CLASSES, 3, ONE("cip.num_instance", LE16) },
	{ ALL_CLASSES, 6, ONE("cip.num_class_attr", LE16) },
	{ ALL_CLASSES, 7, ONE("cip.num_inst_attr", LE16) },

	{ CLASS_IDENTITY, 1, ONE("cip.id.vendor_id", LE16) },
	{ CLASS_IDENTITY, 2, ONE("cip.id.device_type", LE16) },
	{ CLASS_IDENTITY, 3, ONE("cip.id.product_code", LE16) },
	{ CLASS_IDENTITY, 4, FIELDS({ "cip.id.major_rev", U8 }, { "cip.id.minor_rev", U8 }) },
	{ CLASS_IDENTITY, 5, ONE("cip.id.status", LE16) },
	{ CLASS_IDENTITY, 6, ONE("cip.id.serial_number", LE32) },
	{ CLASS_IDENTITY, 7, ONE("cip.id.product_name", TEXT8) },
	{ CLASS_IDENTITY, 8, ONE("cip.id.state", U8) },
	{ CLASS_IDENTITY, 9, ONE("cip.id.config_value", LE16) },
	{ CLASS_IDENTITY, 10, ONE("cip.id.heartbeat", U8) },

	{ CLASS_ROUTER, 1, NULL },
	{ CLASS_ROUTER, 2, ONE("cip.mr.num_available", LE16) },
	{ CLASS_ROUTER, 3, ONE("cip.mr.num_active", LE16) },
	{ CLASS_ROUTER, 4, ONE("cip.mr.active_connections", LIST_LE16) },

	{ 0x04, 3, ONE("cip.assembly.data", BYTES) },
	{ 0x04, 4, ONE("cip.assembly.size", LE16) },

	{ CLASS_MANAGER, 1, ONE("cip.cm.open_requests", LE16) },
	{ CLASS_MANAGER, 2, ONE("cip.cm.open_format_rejects", LE16) },
	{ CLASS_MANAGER, 3, ONE("cip.cm.open_resource_rejects", LE16) },
	{ CLASS_MANAGER, 4, ONE("cip.cm.other_open_rejects", LE16) },
	{ CLASS_MANAGER, 5, ONE("cip.cm.close_requests", LE16) },
	{ CLASS_MANAGER, 6, ONE("cip.cm.close_format_requests", LE16) },
	{ CLASS_MANAGER, 7, ONE("cip.cm.close_other_requests", LE16) },
	{ CLASS_MANAGER, 8, ONE("cip.cm.conn_timouts", LE16) },

	{ CLASS_FILE, 4, NULL },

	{ 0x43, 1, ONE("cip.time_sync.ptp_enable", U8) },
	{ 0x43, 2, ONE("cip.time_sync.is_synchronized", U8) },
	{ 0x43, 3, ONE("cip.time_sync.sys_time_micro", LE64) },
	{ 0x43, 4, ONE("cip.time_sync.sys_time_nano", LE64) },
	{ 0x43, 5, ONE("cip.time_sync.offset_from_master", SLE64) },
	{ 0x43, 6, ONE("cip.time_sync.max_offset_from_master", LE64) },
	{ 0x43, 7, ONE("cip.time_sync.mean_path_delay_to_master", LE64) },

	{ 0x47, 1, ONE("cip.dlr.network_topology", U8) },
	{ 0x47, 2, ONE("cip.dlr.network_status", U8) },
	{ 0x47, 3, ONE("cip.dlr.ring_supervisor_status", U8) },
	{ 0x47, 4,
		FIELDS({ "cip.dlr.rscconfig.supervisor_enable", U8 },
			{ "cip.dlr.rscconfig.supervisor_precedence", U8 },
			{ "cip.dlr.rscconfig.beacon_interval", LE32 },
			{ "cip.dlr.rscconfig.beacon_timeout", LE32 },
			{ "cip.dlr.rscconfig.dlr_vlan_id", LE16 }) },
	{ 0x47, 5, ONE("cip.dlr.ring_faults_count", LE16) },

	{ 0x48, 1, ONE("cip.qos.8021q_enable", U8) },
	{ 0x48, 2, ONE("cip.qos.ptp_event", U8) },
	{ 0x48, 3, ONE("cip.qos.ptp_general", U8) },
	{ 0x48, 4, ONE("cip.qos.urgent", U8) },
	{ 0x48, 5, ONE("cip.qos.scheduled", U8) },
	{ 0x48, 6, ONE("cip.qos.high", U8) },
	{ 0x48, 7, ONE("cip.qos.low", U8) },
	{ 0x48, 8, ONE("cip.qos.explicit", U8) },

	{ CLASS_LOGIX_NAME, 1, ONE("cip.controller.name", TEXT16L) },
	{ 0x69, 1, ONE("cip.module.type", LE16) },
	{ 0x69, 2,
		FIELDS({ "cip.module.vendor_id", LE16 }, { "cip.module.device_type", LE16 },
			{ "cip.module.product_code", LE16 }, { "cip.module.major_rev", U8 },
			{ "cip.module.minor_rev", U8 }) },
	{ 0x6b, 1, ONE("cip.symbol_name", TEXT16L) },
	{ 0x6b, 2, ONE("cip.symbol_type", LE16) },
	{ 0x6c, 1, ONE("cip.template.handle", LE16) },
	{ 0x6c, 2, ONE("cip.template.member_count", LE16) },
	{ 0x6c, 4, ONE("cip.template.definition_size", LE32) },
	{ 0x6c, 5, ONE("cip.template.structure_size", LE32) },

	{ 0xf4, 1, ONE("cip.port.type", LE16) },
	{ 0xf4, 2, ONE("cip.port.number", LE16) },
	{ 0xf4, 4, ONE("cip.port.name", TEXT8) },

	{ CLASS_TCPIP, 1, ONE("cip.tcpip.status", LE32) },
	{ CLASS_TCPIP, 2, ONE("cip.tcpip.config_cap", LE32) },
	{ CLASS_TCPIP, 3, ONE("cip.tcpip.config_control", LE32) },
	{ CLASS_TCPIP, 4, NULL },
	{ CLASS_TCPIP, 5, NULL },
	{ CLASS_TCPIP, 6, NULL },
	{ CLASS_TCPIP, 7, FIELDS({ "cip.tcpip.snn", BYTES, 0, 6 }) },
	{ CLASS_TCPIP, 8, ONE("cip.tcpip.ttl_value", U8) },
	{ CLASS_TCPIP, 9, NULL },
	{ CLASS_TCPIP, 10, ONE("cip.tcpip.select_acd", U8) },
	{ CLASS_TCPIP, 11, NULL },
	{ CLASS_TCPIP, 12, ONE("cip.tcpip.quick_connect", U8) },
	{ CLASS_TCPIP, 13, ONE("cip.tcpip.encap_inactivity", LE16) },

	{ CLASS_LINK, 1, ONE("cip.elink.interface_speed", LE32) },
	{ CLASS_LINK, 2, ONE("cip.elink.iflags", LE32) },
	{ CLASS_LINK, 3, ONE("cip.elink.physical_address", MAC) },
	{ CLASS_LINK, 4,
		FIELDS({ "cip.elink.icount.in_octets", LE32 },
			{ "cip.elink.icount.in_ucast", LE32 },
			{ "cip.elink.icount.in_nucast", LE32 },
			{ "cip.elink.icount.in_discards", LE32 },
			{ "cip.elink.icount.in_errors", LE32 },
			{ "cip.elink.icount.in_unknown_protos", LE32 },
			{ "cip.elink.icount.out_octets", LE32 },
			{ "cip.elink.icount.out_ucast", LE32 },
			{ "cip.elink.icount.out_nucast", LE32 },
			{ "cip.elink.icount.out_discards", LE32 },
			{ "cip.elink.icount.out_errors", LE32 }) },
	{ CLASS_LINK, 5,
		FIELDS({ "cip.elink.mcount.alignment_errors", LE32 },
			{ "cip.elink.mcount.fcs_errors", LE32 },
			{ "cip.elink.mcount.single_collisions", LE32 },
			{ "cip.elink.mcount.multiple_collisions", LE32 },
			{ "cip.elink.mcount.sqe_test_errors", LE32 },
			{ "cip.elink.mcount.deferred_transmission", LE32 },
			{ "cip.elink.mcount.late_collisions", LE32 },
			{ "cip.elink.mcount.excessive_collisions", LE32 },
			{ "cip.elink.mcount.mac_transmit_errors", LE32 },
			{ "cip.elink.mcount.carrier_sense_errors", LE32 },
			{ "cip.elink.mcount.frame_too_long", LE32 },
			{ "cip.elink.mcount.mac_receive_errors", LE32 }) },
	{ CLASS_LINK, 6,
		FIELDS({ "cip.elink.icontrol.control_bits", LE16 },
			{ "cip.elink.icontrol.forced_speed", LE16 }) },
	{ CLASS_LINK, 7, ONE("cip.elink.interface_type", U8) },
	{ CLASS_LINK, 8, ONE("cip.elink.interface_state", U8) },
	{ CLASS_LINK, 9, ONE("cip.elink.admin_state", U8) },
	{ CLASS_LINK, 10, ONE("cip.elink.interface_label", TEXT8) },
};

static const struct field class_count = { "cip.mr.num_classes", LE16 };
static const struct field class_number = { "cip.mr.class", LE16 };
static const struct field path_size = { "cip.path_len", LE16 };
static const struct field addresses[] = {
	{ "cip.tcpip.ip_addr", IP4 },
	{ "cip.tcpip.subnet_mask", IP4 },
	{ "cip.tcpip.gateway", IP4 },
	{ "cip.tcpip.name_server", IP4 },
	{ "cip.tcpip.name_server2", IP4 },
};
static const struct field domain_name = { "cip.tcpip.domain_name", TEXT };
static const struct field host_name = { "cip.tcpip.hostname", TEXT };
static const struct field multicast_fields[] = {
	{ "cip.tcpip.mcast.alloc", U8 },
	{ "cip.tcpip.mcast.reserved", SKIP, 1, 0 },
	{ "cip.tcpip.mcast.num_mcast", LE16 },
	{ 0 },
};
static const struct field multicast_start = { "cip.tcpip.mcast.addr_start", IP4 };
static const struct field conflict_fields[] = {
	{ "cip.tcpip.last_conflict.acd_activity", U8 },
	{ "cip.tcpip.last_conflict.remote_mac", MAC },
	{ "cip.tcpip.last_conflict.arp_pdu", BYTES, 0, 28 },
	{ 0 },
};
static const struct field attribute_number = { "cip.attribute", LE16 };
static const struct field get_count = { "cip.getlist.attr_count", LE16 };
static const struct field get_status = { "cip.getlist.attr_status", LE16 };
static const struct field set_count = { "cip.setlist.attr_count", LE16 };
static const struct field set_status = { "cip.setlist.attr_status", LE16 };
static const struct field reset_type = { "cip.reset.type", U8 };
static const struct field created = { "cip.create.instance", LE16 };
static const struct field string_count = { "cip.stringi.num", U8 };
static const struct field string_language = { "cip.stringi.language_char", TEXT };
static const struct field string_text = { "cip.stringi.int_string", TEXT };

/* --- who answers ---------------------------------------------------------------------------------
 */

static void who_number(struct talk *t, enum identity_key key, const char *name, uint16_t number)
{
	char text[24];
	struct out o = out_mem(text, sizeof text);
	out_fmt(&o, "%u", number);
	if (!name)
		name = out_text(&o);
	cip_who(t, key, name, strlen(name));
}

static void who_serial(struct talk *t, uint32_t serial)
{
	char text[12];
	struct out o = out_mem(text, sizeof text);
	out_fmt(&o, "%08x", serial);
	if (serial)
		cip_who(t, ID_SERIAL, out_text(&o), 8);
}

static void who_revision(struct talk *t, uint8_t major, uint8_t minor)
{
	char text[12];
	struct out o = out_mem(text, sizeof text);
	out_fmt(&o, "%u.%03u", major & 0x7f, minor); /* as it is printed on the device */
	cip_who(t, ID_FIRMWARE, out_text(&o), o.used);
}

static void who_type(struct talk *t, uint16_t type)
{
	enum asset_type is = cip_device_type_is(type);
	if (cip_device_type_name(type))
		who_number(t, ID_DEVICE_TYPE, cip_device_type_name(type), type);
	if (t->elsewhere)
		return;
	if (t->slot == NO_SLOT && is != TYPE_UNKNOWN)
		who_sender_is(t->s, is, "says so in its CIP identity");
	else if (t->slot != NO_SLOT && is == TYPE_PLC)
		who_sender_is(t->s, TYPE_PLC, "a controller answers from a slot of its rack");
}

/* Volume 1, 5A-2.2.1.5: bits 4..7 the extended device status.  Logix controllers also keep the
 * place of their key switch in bits 12 and 13, reserved elsewhere. */
static void who_status(struct talk *t, uint16_t status)
{
	static const char *const keys[] = { NULL, "key in run", "key in program", "key in remote" };
	uint8_t key = status >> 12 & 3, extended = status >> 4 & 0x0f;
	if (keys[key])
		cip_who(t, ID_PROTECTION, keys[key], strlen(keys[key]));
	const char *mode = extended == 6 ? "run" : extended == 7 ? key ? "program" : "idle" : NULL;
	if (mode)
		cip_who(t, ID_MODE, mode, strlen(mode));
}

void identity_tell(struct talk *t, uint16_t vendor, uint16_t type, uint8_t major, uint8_t minor,
	uint32_t serial, const uint8_t *name, size_t name_size)
{
	if (cip_vendor_name(vendor))
		who_number(t, ID_VENDOR_NUMBER, cip_vendor_name(vendor), vendor);
	who_type(t, type);
	who_revision(t, major, minor);
	who_serial(t, serial);
	cip_who(t, ID_MODEL, name, name_size);
}

/* What an attribute's value says about the device: `c` stands at the value. */
static void learn(struct talk *t, uint32_t class, uint32_t number, struct cur c)
{
	if (class == CLASS_LOGIX_NAME && number == 1) {
		struct cur name = cur_sub(&c, cur_le16(&c));
		size_t size = name.left;
		cip_who(t, ID_NAME, cur_take(&name, size), size);
	}
	if (class != CLASS_IDENTITY)
		return;
	uint16_t value = number == 4 || number == 7 ? 0 : cur_le16(&c);
	if (number == 1 && cip_vendor_name(value)) {
		who_number(t, ID_VENDOR_NUMBER, cip_vendor_name(value), value);
	} else if (number == 2) {
		who_type(t, value);
	} else if (number == 4) {
		uint8_t major = cur_u8(&c), minor = cur_u8(&c);
		who_revision(t, major, minor);
	} else if (number == 5) {
		who_status(t, value);
	} else if (number == 6) {
		who_serial(t, value | (uint32_t)cur_le16(&c) << 16);
	} else if (number == 7) {
		struct cur name = cur_sub(&c, cur_u8(&c));
		size_t size = name.left;
		cip_who(t, ID_MODEL, cur_take(&name, size), size);
	}
}

/* --- values --------------------------------------------------------------------------------------
 */

/* An address as a number of 32 bits, least byte first: turned around for everybody else. */
static void tell_address(struct scene *s, struct cur *c, const struct field *f)
{
	uint8_t *four = scene_scratch(s, 4);
	uint32_t value = cur_le32(c);
	if (!four || !cur_ok(c))
		return;
	for (unsigned i = 0; i < 4; i++)
		four[i] = (uint8_t)(value >> (24 - 8 * i));
	fact_ip(s, f, four, 4);
}

/* A STRING with the pad byte that keeps what follows even (volume 2, 5-4.3.2). */
static void tell_padded_text(struct scene *s, struct cur *c, const struct field *f)
{
	uint16_t size = cur_le16(c);
	const uint8_t *text = cur_take(c, size);
	if (text)
		fact_text(s, f, text, size);
	if (size & 1 && c->left)
		cur_skip(c, 1);
}

/* International strings (volume 1, C-5.2.5.3): each with language, type and character set. */
static void tell_strings(struct scene *s, struct cur *c)
{
	uint8_t count = cur_u8(c);
	fact_uint(s, &string_count, count);
	for (unsigned i = 0; i < count && cur_ok(c); i++) {
		const uint8_t *language = cur_take(c, 3);
		uint8_t type = cur_u8(c);
		cur_skip(c, 2);
		size_t size = type == 0xda ? cur_u8(c) : cur_le16(c);
		if (type == 0xd5) /* STRING2 */
			size *= 2;
		const uint8_t *text = cur_take(c, size);
		if (!cur_ok(c))
			return;
		fact_text(s, &string_language, language, 3);
		fact_text(s, &string_text, text, size);
	}
}

static void read_by_code(struct scene *s, uint16_t class, uint16_t number, struct cur *c)
{
	struct cip_path p;
	if (class == CLASS_FILE) {
		tell_strings(s, c);
	} else if (class == CLASS_ROUTER) {
		uint16_t count = cur_le16(c);
		fact_uint(s, &class_count, count);
		for (unsigned i = 0; i < count && cur_ok(c); i++)
			fact_uint(s, &class_number, cur_le16(c));
	} else if (number == 4) {
		uint16_t words = cur_le16(c);
		fact_uint(s, &path_size, words);
		struct cur path = cur_sub(c, (size_t)words * 2);
		if (cur_ok(&path))
			path_read(s, path, &p);
	} else if (number == 5) {
		for (size_t i = 0; i < COUNT_OF(addresses); i++)
			tell_address(s, c, &addresses[i]);
		tell_padded_text(s, c, &domain_name);
	} else if (number == 6) {
		tell_padded_text(s, c, &host_name);
	} else if (number == 9) {
		walk(s, c, multicast_fields);
		tell_address(s, c, &multicast_start);
	} else {
		walk(s, c, conflict_fields);
	}
}

static const struct attribute *find(uint32_t class, uint32_t instance, uint32_t number)
{
	for (size_t i = 0; i < COUNT_OF(attributes); i++)
		if (attributes[i].number == number &&
			attributes[i].class == (instance == 0 ? ALL_CLASSES : class))
			return &attributes[i];
	return NULL;
}

/* Reads one value if we know how it looks; false leaves the cursor where it was. */
static bool read_value(struct talk *t, const struct attribute *a, struct cur *c, bool answer)
{
	if (!a)
		return false;
	struct cur at = *c;
	if (a->fields)
		walk(t->s, &at, a->fields);
	else
		read_by_code(t->s, a->class, a->number, &at);
	if (!cur_ok(&at))
		return false;
	if (answer)
		learn(t, a->class, a->number, *c);
	*c = at;
	return true;
}

/* Objects that answer Get Attributes All with their attributes in order, without a gap. */
static bool answers_all(const struct cip_path *p)
{
	static const uint16_t classes[] = { CLASS_IDENTITY, CLASS_ROUTER, CLASS_MANAGER,
		CLASS_TCPIP, CLASS_LINK };
	for (size_t i = 0; p->instance && i < COUNT_OF(classes); i++)
		if (classes[i] == p->class)
			return true;
	return false;
}

/* The identity class itself answers with its revision, its highest instance, and its highest
 * attributes (volume 1, 5A-2.2.3). */
static void read_identity_class(struct talk *t, struct cur *c)
{
	static const uint8_t numbers[] = { 1, 2, 6, 7 };
	for (size_t i = 0; i < COUNT_OF(numbers) && c->left; i++)
		if (!read_value(t, find(CLASS_IDENTITY, 0, numbers[i]), c, true))
			return;
}

/* All of them, as far as the device goes: later editions of an object append. */
static void read_all(struct talk *t, const struct cip_path *p, struct cur *c, bool answer)
{
	if (answer && p->class == CLASS_IDENTITY && p->instance == 0)
		read_identity_class(t, c);
	for (size_t i = 0; answers_all(p) && i < COUNT_OF(attributes) && c->left; i++)
		if (attributes[i].class == p->class && !read_value(t, &attributes[i], c, answer))
			return;
}

/* Number and value, number and value: an unknown one ends what can be read. */
static void read_set_list(struct talk *t, const struct cip_path *p, struct cur *c)
{
	uint16_t count = cur_le16(c);
	fact_uint(t->s, &set_count, count);
	for (unsigned i = 0; i < count && c->left; i++) {
		uint16_t number = cur_le16(c);
		fact_uint(t->s, &attribute_number, number);
		if (!read_value(t, find(p->class, p->instance, number), c, false))
			return;
	}
}

bool attribute_request(struct talk *t, uint8_t service, const struct cip_path *p, struct cur *c)
{
	struct scene *s = t->s;
	if (!(p->has & HAS_CLASS) || c->left == 0)
		return true;
	switch (service) {
	case GET_LIST: {
		uint16_t count = cur_le16(c);
		fact_uint(s, &get_count, count);
		for (unsigned i = 0; i < count && c->left; i++)
			fact_uint(s, &attribute_number, cur_le16(c));
		break;
	}
	case SET_LIST:
		read_set_list(t, p, c);
		break;
	case SET_ALL:
		read_all(t, p, c, false);
		break;
	case SET_SINGLE:
		read_value(t, find(p->class, p->instance, p->attribute), c, false);
		break;
	case RESET:
		fact_uint(s, &reset_type, cur_u8(c));
		break;
	default:
		break;
	}
	return cur_ok(c);
}

/* Number, status, and for a get the value: unknown sizes end what can be read. */
static void read_list(struct talk *t, const struct cip_path *p, struct cur *c, bool set)
{
	uint16_t count = cur_le16(c);
	fact_uint(t->s, set ? &set_count : &get_count, count);
	for (unsigned i = 0; i < count && c->left; i++) {
		uint16_t number = cur_le16(c), status = cur_le16(c);
		fact_uint(t->s, &attribute_number, number);
		fact_uint(t->s, set ? &set_status : &get_status, status);
		if (!set && status == 0 &&
			!read_value(t, find(p->class, p->instance, number), c, true))
			return;
	}
}

bool attribute_response(struct talk *t, uint8_t service, const struct cip_path *p, struct cur *c)
{
	if (!(p->has & HAS_CLASS) || c->left == 0)
		return true;
	switch (service) {
	case GET_ALL:
		read_all(t, p, c, true);
		break;
	case GET_LIST:
	case SET_LIST:
		read_list(t, p, c, service == SET_LIST);
		break;
	case GET_SINGLE:
		read_value(t, find(p->class, p->instance, p->attribute), c, true);
		break;
	case CREATE:
		fact_uint(t->s, &created, cur_le16(c));
		break;
	default:
		break;
	}
	return cur_ok(c);
}
