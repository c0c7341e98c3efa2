/* Records of PROFINET IO: IEC 61158-6-10, 5.2.  Below index 0x8000 a record is its maker's own,
 * from 0xb000 to 0xbfff a profile's; the others hold blocks, some of them with blocks inside. */
#include "base/out.h"
#include "sense/proto/pn_io.h"
#include "sense/proto/pn_rt.h"

enum {
	BLOCK_DIAGNOSIS = 0x0010,
	BLOCK_EXPECTED_MODULES = 0x0012,
	BLOCK_REAL_MODULES,
	BLOCK_IM0 = 0x0020,
	BLOCK_IM1,
	BLOCK_IM2,
	BLOCK_IM3,
	BLOCK_IM4,
	BLOCK_IM0_SUBMODULES = 0x0030,
	BLOCK_IM0_MODULES,
	BLOCK_IM0_DEVICE,
	BLOCK_MULTIPLE = 0x0400,
	BLOCK_CONTAINER,
};
enum {
	INDEX_IM0 = 0xaff0,
	INDEX_IM_LAST = 0xafff,
	INDEX_STANDARD = 0x8000,
	INDEX_PROFILE = 0xb000,
	INDEX_PROFILE_LAST = 0xbfff
};
enum { DEPTH = 4 };

static const struct field target_field = { "pn_io.target_ar_uuid", TEXT };
static const struct field record_number = { "pn_io.seq_number", BE16 };
static const struct field index_field = { "pn_io.index", BE16 };
static const struct field record_length = { "pn_io.record_data_length", BE32 };
static const struct field record_data = { "pn_io.record_data", BYTES };
static const struct field additional[] = {
	{ "pn_io.add_val1", BE16 },
	{ "pn_io.add_val2", BE16 },
	{ 0 },
};
static const struct field im0[] = {
	{ "pn_io.vendor_id_high", U8 },
	{ "pn_io.vendor_id_low", U8 },
	{ "pn_io.order_id", TEXT, 0, 20 },
	{ "pn_io.im_serial_number", TEXT, 0, 16 },
	{ "pn_io.im_hardware_revision", BE16 },
	{ "pn_io.im_revision_prefix", TEXT, 0, 1 },
	{ "pn_io.im_sw_revision_functional_enhancement", U8 },
	{ "pn_io.im_revision_bugfix", U8 },
	{ "pn_io.im_sw_revision_internal_change", U8 },
	{ "pn_io.im_revision_counter", BE16 },
	{ "pn_io.im_profile_id", BE16 },
	{ "pn_io.im_profile_specific_type", BE16 },
	{ "pn_io.im_version_major", U8 },
	{ "pn_io.im_version_minor", U8 },
	{ "pn_io.im_supported", BE16 },
	{ 0 },
};
static const struct field im1[] = {
	{ "pn_io.im_tag_function", TEXT, 0, 32 },
	{ "pn_io.im_tag_location", TEXT, 0, 22 },
	{ 0 },
};
static const struct field im2[] = { { "pn_io.im_date", TEXT, 0, 16 }, { 0 } };
static const struct field im3[] = { { "pn_io.im_descriptor", TEXT, 0, 54 }, { 0 } };
static const struct field im4[] = { { "pn_io.im_signature", BYTES, 0, 54 }, { 0 } };
static const struct field channel[] = {
	{ "pn_io.channel_number", BE16 },
	{ "pn_io.channel_properties", BE16 },
	{ 0 },
};
static const struct field structure_field = { "pn_io.user_structure_identifier", BE16 };
static const struct field channel_error = { "pn_io.channel_error_type", BE16 };
static const struct field extended_error = { "pn_io.ext_channel_error_type", BE16 };
static const struct field extended_value = { "pn_io.ext_channel_add_value", BE32 };
static const struct field qualifier_field = { "pn_io.qualified_channel_qualifier", BE32 };

bool pn_io_is_identification(uint16_t index)
{
	return index >= INDEX_IM0 && index <= INDEX_IM_LAST;
}

struct pn_record pn_io_record_head(
	struct scene *s, const struct pn_call *call, struct cur *c, bool write)
{
	static const uint8_t none[16];
	struct pn_record r = { 0 };
	fact_uint(s, &record_number, cur_be16(c));
	const uint8_t *relation = cur_take(c, 16);
	pn_io_uuid(s, &pn_io_relation, relation, false);
	fact_uint(s, &pn_io_api, cur_be32(c));
	r.slot = cur_be16(c);
	r.subslot = cur_be16(c);
	cur_skip(c, 2);
	r.index = cur_be16(c);
	r.size = cur_be32(c);
	fact_uint(s, &pn_io_slot, r.slot);
	fact_uint(s, &pn_io_subslot, r.subslot);
	fact_uint(s, &index_field, r.index);
	fact_uint(s, &record_length, r.size);
	if (call->answer) {
		walk(s, c, additional);
		if (write)
			profinet_status(s, c);
	} else if (!write && relation && memcmp(relation, none, 16) == 0) {
		pn_io_uuid(s, &target_field, cur_take(c, 16), false);
	}
	return r;
}

/* --- who the device and its modules are --- */

static void say(const struct pn_reading *r, uint16_t slot, enum identity_key key, const void *text,
	size_t size)
{
	if (slot == 0) /* the interface: the device itself */
		who_sender(r->s, key, text, size);
	else
		who_module(r->s, 0, slot, key, text, size);
}

/* I&M0 (5.2.8): a revision is told as its maker prints it, "V2.5.0". */
static void say_im0(const struct pn_reading *r, struct cur c)
{
	enum { ORDER = 20, SERIAL = 16 };
	uint16_t slot = r->record->slot;
	const char *vendor = profinet_vendor(cur_be16(&c));
	const uint8_t *order = cur_take(&c, ORDER), *serial = cur_take(&c, SERIAL);
	uint16_t hardware = cur_be16(&c);
	uint8_t prefix = cur_u8(&c), major = cur_u8(&c), minor = cur_u8(&c), fix = cur_u8(&c);
	if (!cur_ok(&c))
		return;
	if (vendor)
		say(r, slot, ID_VENDOR_NUMBER, vendor, strlen(vendor));
	say(r, slot, ID_ORDER_NUMBER, order, ORDER);
	say(r, slot, ID_SERIAL, serial, SERIAL);
	char text[40];
	struct out o = out_mem(text, sizeof text);
	out_uint(&o, hardware);
	say(r, slot, ID_HARDWARE, text, o.used);
	o = out_mem(text, sizeof text);
	if (prefix > ' ' && prefix < 0x7f)
		out_char(&o, (char)prefix);
	out_fmt(&o, "%u.%u.%u", major, minor, fix);
	say(r, slot, ID_FIRMWARE, text, o.used);
}

static void say_im1(const struct pn_reading *r, struct cur c)
{
	enum { FUNCTION = 32, LOCATION = 22 };
	cur_skip(&c, FUNCTION);
	const uint8_t *location = cur_take(&c, LOCATION);
	if (location)
		say(r, r->record->slot, ID_LOCATION, location, LOCATION);
}

static void say_im3(const struct pn_reading *r, struct cur c)
{
	enum { DESCRIPTOR = 54 };
	const uint8_t *text = cur_take(&c, DESCRIPTOR);
	if (text)
		say(r, r->record->slot, ID_DESCRIPTION, text, DESCRIPTOR);
}

/* What stands in a slot is told by a number that the maker's description file explains. */
static void say_module(const struct pn_reading *r, uint16_t slot, uint32_t number)
{
	char text[40];
	struct out o = out_mem(text, sizeof text);
	if (!r->told || slot == 0)
		return;
	out_fmt(&o, "module ident 0x%08x", number);
	who_module(r->s, 0, slot, ID_MODULE, text, o.used);
}

/* --- blocks --- */

/* Channel diagnosis (5.2.5): three ways of saying it, each longer than the one before. */
bool profinet_channels(struct scene *s, struct cur *c, uint16_t structure)
{
	enum { CHANNEL = 0x8000, EXTENDED = 0x8002, QUALIFIED = 0x8003 };
	if (structure != CHANNEL && structure != EXTENDED && structure != QUALIFIED)
		return false;
	size_t least = structure == CHANNEL ? 6 : structure == EXTENDED ? 12 : 16;
	while (c->left >= least) {
		walk(s, c, channel);
		fact_uint(s, &channel_error, cur_be16(c));
		if (structure == CHANNEL)
			continue;
		fact_uint(s, &extended_error, cur_be16(c));
		fact_uint(s, &extended_value, cur_be32(c));
		if (structure == QUALIFIED)
			fact_uint(s, &qualifier_field, cur_be32(c));
	}
	return true;
}

static void read_diagnosis(struct scene *s, struct cur *c, bool with_api)
{
	if (with_api)
		fact_uint(s, &pn_io_api, cur_be32(c));
	fact_uint(s, &pn_io_slot, cur_be16(c));
	fact_uint(s, &pn_io_subslot, cur_be16(c));
	walk(s, c, channel);
	uint16_t structure = cur_be16(c);
	fact_uint(s, &structure_field, structure);
	size_t size = c->left;
	if (!profinet_channels(s, c, structure) && size)
		fact_bytes(s, &record_data, cur_take(c, size), size);
}

static void read_submodules(struct scene *s, struct cur *c)
{
	uint16_t count = cur_be16(c);
	for (unsigned i = 0; i < count && cur_ok(c); i++) {
		fact_uint(s, &pn_io_subslot, cur_be16(c));
		fact_uint(s, &pn_io_submodule, cur_be32(c));
	}
}

static void read_modules(const struct pn_reading *r, struct cur *c, bool with_api, bool real)
{
	struct scene *s = r->s;
	uint16_t apis = with_api ? cur_be16(c) : 1;
	for (unsigned a = 0; a < apis && cur_ok(c); a++) {
		if (with_api)
			fact_uint(s, &pn_io_api, cur_be32(c));
		uint16_t count = cur_be16(c);
		for (unsigned i = 0; i < count && cur_ok(c); i++) {
			uint16_t slot = cur_be16(c);
			uint32_t number = cur_be32(c);
			if (!cur_ok(c))
				return;
			fact_uint(s, &pn_io_slot, slot);
			fact_uint(s, &pn_io_module, number);
			if (real)
				say_module(r, slot, number);
			read_submodules(s, c);
		}
	}
}

/* Where the blocks inside belong to. */
static void read_holder(const struct pn_reading *r, struct cur *c, uint16_t type, unsigned depth)
{
	struct scene *s = r->s;
	cur_skip(c, 2);
	fact_uint(s, &pn_io_api, cur_be32(c));
	fact_uint(s, &pn_io_slot, cur_be16(c));
	fact_uint(s, &pn_io_subslot, cur_be16(c));
	if (type == BLOCK_CONTAINER) {
		cur_skip(c, 2);
		fact_uint(s, &index_field, cur_be16(c));
	}
	pn_io_inside(r, c, depth);
}

static void read_identification(const struct pn_reading *r, struct cur *c, uint16_t type)
{
	static const struct field *const fields[] = { im0, im1, im2, im3, im4 };
	if (r->told && type == BLOCK_IM0)
		say_im0(r, *c);
	else if (r->told && type == BLOCK_IM1)
		say_im1(r, *c);
	else if (r->told && type == BLOCK_IM3)
		say_im3(r, *c);
	walk(r->s, c, fields[type - BLOCK_IM0]);
}

/* False: a block that is not read. */
static bool read_known(
	const struct pn_reading *r, uint16_t type, uint8_t low, struct cur *c, unsigned depth)
{
	struct scene *s = r->s;
	switch (type) {
	case BLOCK_IM0:
	case BLOCK_IM1:
	case BLOCK_IM2:
	case BLOCK_IM3:
	case BLOCK_IM4:
		read_identification(r, c, type);
		return true;
	case BLOCK_DIAGNOSIS:
		read_diagnosis(s, c, low >= 1);
		return true;
	case BLOCK_EXPECTED_MODULES:
	case BLOCK_REAL_MODULES:
		read_modules(r, c, low >= 1, type == BLOCK_REAL_MODULES);
		return true;
	case BLOCK_IM0_SUBMODULES:
	case BLOCK_IM0_MODULES:
	case BLOCK_IM0_DEVICE:
		read_modules(r, c, true, false);
		return true;
	case BLOCK_MODULE_DIFF:
		pn_io_module_diff(s, c);
		return true;
	case BLOCK_MULTIPLE:
	case BLOCK_CONTAINER:
		read_holder(r, c, type, depth);
		return true;
	default:
		return pn_io_network(r, type, low, c, depth);
	}
}

void pn_io_inside(const struct pn_reading *r, struct cur *c, unsigned depth)
{
	struct scene *s = r->s;
	while (depth && c->left >= PN_BLOCK_HEAD) {
		struct cur look = *c;
		uint16_t type = cur_be16(&look), length = cur_be16(&look);
		cur_skip(&look, 1);
		uint8_t low = cur_u8(&look);
		if (length < 2)
			break;
		struct cur block = cur_sub(&look, length - 2u);
		if (!cur_ok(&block)) {
			fact_violation(s);
			break;
		}
		*c = look;
		fact_uint(s, &pn_io_type, type);
		size_t size = block.left;
		if (!read_known(r, type, low, &block, depth - 1))
			fact_bytes(s, &record_data, cur_take(&block, size), size);
		else if (!cur_ok(&block))
			fact_violation(s);
	}
	size_t size = c->left;
	if (size)
		fact_bytes(s, &record_data, cur_take(c, size), size);
}

void pn_io_record(
	struct scene *s, const struct pn_call *call, const struct pn_record *record, struct cur c)
{
	struct pn_reading r = { s, record, call->answer && call->device };
	bool profile = record->index >= INDEX_PROFILE && record->index <= INDEX_PROFILE_LAST;
	if (record->index >= INDEX_STANDARD && !profile)
		pn_io_inside(&r, &c, DEPTH);
	size_t size = cur_ok(&c) ? c.left : 0;
	if (size)
		fact_bytes(s, &record_data, cur_take(&c, size), size);
}
