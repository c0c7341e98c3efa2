/* ADS commands: TwinCAT ADS/AMS specification (Beckhoff Information System), "ADS Commands".  One
 * fact each. */
#include <stdio.h>

#include "sense/proto/ads.h"

static const struct field f_group = { "ams.ads_indexgroup", LE32, 0, 0 };
static const struct field f_group_name = { "ads.group_name", TEXT, 0, 0 };
static const struct field f_password = { "ads.foe.password", TEXT, 0, 0 };
static const struct field f_offset = { "ams.ads_indexoffset", LE32, 0, 0 };
static const struct field f_size = { "ams.ads_cblength", LE32, 0, 0 };
static const struct field f_read_size = { "ams.ads_cbreadlength", LE32, 0, 0 };
static const struct field f_write_size = { "ams.ads_cbwritelength", LE32, 0, 0 };
static const struct field f_result = { "ams.adsresult", LE32, 0, 0 };
static const struct field f_error = { "ads.error", TEXT, 0, 0 };
static const struct field f_state = { "ams.ads_state", LE16, 0, 0 };
static const struct field f_device_state = { "ams.ads_devicestate", LE16, 0, 0 };
static const struct field f_state_name = { "ads.state_name", TEXT, 0, 0 };
static const struct field f_name = { "ams.ads_devicename", TEXT, 0, 0 };
static const struct field f_major = { "ams.ads_versionversion", U8, 0, 0 };
static const struct field f_minor = { "ams.ads_versionrevision", U8, 0, 0 };
static const struct field f_build = { "ams.ads_versionbuild", LE16, 0, 0 };
static const struct field f_mode = { "ams.ads_transmode", LE32, 0, 0 };
static const struct field f_delay = { "ams.ads_maxdelay", LE32, 0, 0 };
static const struct field f_cycle = { "ams.ads_cycletime", LE32, 0, 0 };
static const struct field f_handle = { "ams.ads_notificationhandle", LE32, 0, 0 };
static const struct field f_sample = { "ads.sample.handle", LE32, 0, 0 };
static const struct field f_stamps = { "ams.ads_noteblocksstamps", LE32, 0, 0 };
static const struct field f_time = { "ads.stamp", LE64 | NUMBERING, 0, 0 };
static const struct field f_symbol = { "ads.symbol", TEXT, 0, 0 };
static const struct field f_symbol_handle = { "ads.symbol_handle", LE32, 0, 0 };
static const struct field f_symbol_group = { "ads.symbol.group", LE32, 0, 0 };
static const struct field f_symbol_offset = { "ads.symbol.offset", LE32, 0, 0 };
static const struct field f_symbol_size = { "ads.symbol.size", LE32, 0, 0 };
static const struct field f_symbol_type = { "ads.symbol.type", TEXT, 0, 0 };

static void tell_group(struct scene *s, struct cur *c, uint16_t port, struct ads_ask *ask)
{
	ask->group = walk_le(s, c, &f_group);
	if (cur_ok(c))
		ads_tell_text(s, &f_group_name, ads_group_name(ask->group, port));
	struct cur password = *c;
	if (port == ADS_PORT_SYSTEM || !ads_opens_slave_file(ask->group) ||
		cur_le32(&password) == 0) {
		ask->offset = walk_le(s, c, &f_offset);
		return;
	}
	password = cur_sub(c, 4);
	if (cur_ok(&password))
		fact_secret(s, &f_password, password.at, password.left);
}

/* --- questions --- */

enum { KEPT_MAX = 32 * 1024 }; /* 500 items, as many as Beckhoff says a sum should have */

/* Without room the answer is told without what it belongs to. */
void ads_keep_for_answer(struct scene *s, struct ads_ask *ask, struct cur what)
{
	(void)kept_add(s, &ask->kept, what.at, what.left, KEPT_MAX);
}

bool ads_asks_by_name(uint32_t group)
{
	return group == ADS_SYMBOL_HANDLE || group == ADS_SYMBOL_NAME || group == ADS_SYMBOL_INFO ||
		group == ADS_SYMBOL_INFO_EX || group == ADS_TYPE_INFO;
}

/* A size and as many bytes, of which a capture may have fewer. */
static struct cur data_of(const struct scene *s, struct cur *c, uint32_t size)
{
	return s->cut ? cur_upto(c, size) : cur_sub(c, size);
}

static bool ask_read_write(
	struct scene *s, const struct ads_head *h, struct cur *c, struct ads_ask *ask)
{
	tell_group(s, c, h->target_port, ask);
	ask->size = walk_le(s, c, &f_read_size);
	uint32_t size = walk_le(s, c, &f_write_size);
	struct cur data = data_of(s, c, size);
	if (!cur_ok(&data))
		return false;
	if (h->target_port == ADS_PORT_SYSTEM) {
		ads_system_request(s, h, ask, data);
		if (ads_opens_file(ask->group) && data.left == size)
			ads_keep_for_answer(s, ask, text_to_nul(data));
	} else if (ads_is_sum(ask->group)) {
		return ads_sum_request(s, h, data, ask);
	} else if (ads_opens_slave_file(ask->group)) {
		ads_tell_file(s, data);
	} else if (ads_asks_by_name(ask->group)) {
		struct cur name = text_to_nul(data);
		fact_text(s, &f_symbol, name.at, name.left);
		if (data.left == size)
			ads_keep_for_answer(s, ask, name);
	} else if (ads_is_value(h->target_port, ask->group)) {
		struct ads_place place =
			ads_place_at(s, h, false, ask->group, ask->offset, ask->size);
		ads_resolve(s, false, &place);
		ads_tell_place(s, &place);
	}
	return true;
}

enum { NUMBER_MAX = 8 }; /* bytes; what is longer is no point */

static bool ask_write(struct scene *s, const struct ads_head *h, struct cur *c, struct ads_ask *ask)
{
	tell_group(s, c, h->target_port, ask);
	ask->size = walk_le(s, c, &f_size);
	struct cur data = data_of(s, c, ask->size), handle = data;
	if (!cur_ok(&data))
		return false;
	if (h->target_port == ADS_PORT_SYSTEM) {
		ads_system_request(s, h, ask, data);
		return true;
	}
	if (data.left != ask->size)
		return true;
	if (data.left <= NUMBER_MAX)
		ads_keep_for_answer(s, ask, data);
	if (ask->group == ADS_SYMBOL_RELEASE) {
		(void)walk_le(s, &handle, &f_symbol_handle);
	} else if (ads_is_value(h->target_port, ask->group)) {
		struct ads_place place =
			ads_place_at(s, h, false, ask->group, ask->offset, ask->size);
		ads_resolve(s, false, &place);
		ads_value(s, &place, data, ADS_SAY);
	}
	return true;
}

static bool ask_read(struct scene *s, const struct ads_head *h, struct cur *c, struct ads_ask *ask)
{
	tell_group(s, c, h->target_port, ask);
	ask->size = walk_le(s, c, &f_size);
	if (cur_ok(c) && h->target_port == ADS_PORT_SYSTEM)
		ads_system_request(s, h, ask, cur_none());
	return cur_ok(c);
}

static bool ask_notification(
	struct scene *s, const struct ads_head *h, struct cur *c, struct ads_ask *ask)
{
	tell_group(s, c, h->target_port, ask);
	ask->size = walk_le(s, c, &f_size);
	(void)walk_le(s, c, &f_mode);
	(void)walk_le(s, c, &f_delay);
	(void)walk_le(s, c, &f_cycle);
	cur_skip(c, 16);
	struct ads_place place = ads_place_at(s, h, false, ask->group, ask->offset, ask->size);
	ads_resolve(s, false, &place);
	if (cur_ok(c))
		ads_tell_place(s, &place);
	return cur_ok(c);
}

static void tell_state(struct scene *s, uint16_t state)
{
	ads_tell_text(s, &f_state_name, ads_state_name(state));
}

static bool ask_control(struct scene *s, struct cur *c, struct ads_ask *ask)
{
	ask->group = walk_le(s, c, &f_state);
	(void)walk_le(s, c, &f_device_state);
	cur_skip(c, walk_le(s, c, &f_size));
	if (cur_ok(c))
		tell_state(s, (uint16_t)ask->group);
	return cur_ok(c);
}

bool ads_request(struct scene *s, const struct ads_head *h, struct cur *c, struct ads_ask *ask)
{
	switch (h->command) {
	case ADS_READ:
		return ask_read(s, h, c, ask);
	case ADS_WRITE:
		return ask_write(s, h, c, ask);
	case ADS_WRITE_CONTROL:
		return ask_control(s, c, ask);
	case ADS_ADD_NOTIFICATION:
		return ask_notification(s, h, c, ask);
	case ADS_DELETE_NOTIFICATION:
		ask->offset = walk_le(s, c, &f_handle);
		return cur_ok(c);
	case ADS_READ_WRITE:
		return ask_read_write(s, h, c, ask);
	default:
		return true;
	}
}

/* --- answers --- */

static void answer_device_info(struct scene *s, const struct ads_head *h, struct cur *c)
{
	uint8_t major = cur_u8(c), minor = cur_u8(c);
	uint16_t build = cur_le16(c);
	struct cur name = text_to_nul(cur_sub(c, 16));
	if (!cur_ok(&name))
		cur_fail(c);
	if (!cur_ok(c))
		return;
	fact_uint(s, &f_major, major);
	fact_uint(s, &f_minor, minor);
	fact_uint(s, &f_build, build);
	fact_text(s, &f_name, name.at, name.left);
	if (!ads_own(s, h->source, true))
		return;
	char text[48];
	int size = snprintf(text, sizeof text, "%.*s %u.%u.%u", (int)name.left,
		(const char *)name.at, major, minor, build);
	who_sender(s, ID_SOFTWARE, text, (size_t)size);
	if (h->source_port >= 800 && h->source_port < 900)
		who_sender_is(s, TYPE_PLC, "has a TwinCAT PLC runtime");
}

/* The system's state is the machine's. */
static void answer_state(struct scene *s, const struct ads_head *h, struct cur *c)
{
	uint16_t state = (uint16_t)walk_le(s, c, &f_state);
	(void)walk_le(s, c, &f_device_state);
	const char *name = ads_state_name(state);
	if (!cur_ok(c))
		return;
	tell_state(s, state);
	if (name && h->source_port == ADS_PORT_SYSTEM && ads_own(s, h->source, true))
		who_sender(s, ID_MODE, name, strlen(name));
}

/* Entry of a symbol: its place, its type, its name. */
static void answer_symbol_info(struct scene *s, struct ads_place *place, bool more, struct cur data)
{
	if (more)
		cur_skip(&data, 4); /* length of the entry */
	(void)walk_le(s, &data, &f_symbol_group);
	(void)walk_le(s, &data, &f_symbol_offset);
	(void)walk_le(s, &data, &f_symbol_size);
	if (!more)
		return;
	uint32_t type = cur_le32(&data);
	cur_skip(&data, 4);
	uint16_t name_size = cur_le16(&data), type_size = cur_le16(&data);
	cur_skip(&data, 2);
	cur_skip(&data, name_size + 1U);
	struct cur type_name = cur_sub(&data, type_size);
	if (!cur_ok(&type_name))
		return;
	fact_text(s, &f_symbol_type, type_name.at, type_name.left);
	place->type = type < UINT8_MAX ? (uint8_t)type : UINT8_MAX;
	if (place->name)
		ads_keep(s, ADS_TYPE, 0, place);
}

/* The handle of a symbol, with its type where somebody asked for that before. */
static void answer_handle(struct scene *s, struct ads_place *place, struct cur data)
{
	uint32_t handle = walk_le(s, &data, &f_symbol_handle);
	if (cur_ok(&data) && place->name)
		ads_keep(s, ADS_HANDLE, handle, place);
	else if (cur_ok(&data)) /* it may have been another's */
		ads_forget(s, ADS_HANDLE, handle, place);
}

/* What became of the question for a symbol's handle, value, or type. */
void ads_symbol_answer(
	struct scene *s, const struct ads_head *h, uint32_t group, struct cur name, struct cur data)
{
	struct ads_place place = ads_place_at(s, h, true, group, 0, (uint32_t)data.left);
	struct ads_place known = place;
	if (name.left && name.left <= UINT8_MAX) {
		known.name = place.name = name.at;
		known.name_size = place.name_size = (uint16_t)name.left;
		if (group != ADS_SYMBOL_INFO_EX && ads_find(s, true, ADS_TYPE, 0, &known))
			place.type = known.type;
	}
	if (group == ADS_SYMBOL_HANDLE)
		answer_handle(s, &place, data);
	else if (group == ADS_SYMBOL_INFO || group == ADS_SYMBOL_INFO_EX)
		answer_symbol_info(s, &place, group == ADS_SYMBOL_INFO_EX, data);
	else if (group == ADS_SYMBOL_NAME && place.name)
		ads_value(s, &place, data, ADS_SAY | ADS_POINT);
}

static bool answer_data(
	struct scene *s, const struct ads_head *h, struct cur *c, const struct ads_ask *ask)
{
	uint32_t size = walk_le(s, c, &f_size);
	struct cur data = data_of(s, c, size);
	if (!cur_ok(&data))
		return false;
	if (!ask || data.left != size) /* nobody saw the question, or all of the answer */
		return !ask || !ads_is_sum(ask->group) || s->cut;
	if (h->source_port == ADS_PORT_SYSTEM) {
		ads_system_answer(s, h, ask, data);
	} else if (ask->command == ADS_READ_WRITE) {
		if (ads_is_sum(ask->group))
			return ads_sum_answer(s, h, data, ask);
		struct cur name = ads_kept(ask);
		if (ads_asks_by_name(ask->group))
			ads_symbol_answer(s, h, ask->group, name, data);
	} else if (ads_is_value(h->source_port, ask->group)) {
		struct ads_place place = ads_place_at(s, h, true, ask->group, ask->offset, size);
		ads_resolve(s, true, &place);
		ads_value(s, &place, data, ADS_SAY | ADS_POINT);
	}
	return true;
}

/* What was to be written stands there now. */
static void answer_write(struct scene *s, const struct ads_head *h, const struct ads_ask *ask)
{
	struct cur data = ads_kept(ask);
	if (h->source_port == ADS_PORT_SYSTEM)
		ads_system_answer(s, h, ask, cur_none());
	if (h->source_port == ADS_PORT_SYSTEM || !cur_ok(&data))
		return;
	struct ads_place place =
		ads_place_at(s, h, true, ask->group, ask->offset, (uint32_t)data.left);
	if (ask->group == ADS_SYMBOL_RELEASE) {
		uint32_t handle = cur_le32(&data);
		if (cur_ok(&data))
			ads_forget(s, ADS_HANDLE, handle, &place);
	} else if (ads_is_value(h->source_port, ask->group)) {
		ads_resolve(s, true, &place);
		ads_value(s, &place, data, ADS_POINT | ADS_WRITTEN);
	}
}

static bool answer_notification(
	struct scene *s, const struct ads_head *h, struct cur *c, const struct ads_ask *ask)
{
	uint32_t handle = walk_le(s, c, &f_handle);
	if (!cur_ok(c))
		return false;
	if (!ask)
		return true;
	struct ads_place place = ads_place_at(s, h, true, ask->group, ask->offset, ask->size);
	ads_resolve(s, true, &place);
	ads_keep(s, ADS_NOTIFY, handle, &place);
	return true;
}

static bool answer_body(
	struct scene *s, const struct ads_head *h, struct cur *c, const struct ads_ask *ask)
{
	switch (h->command) {
	case ADS_READ_DEVICE_INFO:
		answer_device_info(s, h, c);
		return cur_ok(c);
	case ADS_READ:
	case ADS_READ_WRITE:
		return answer_data(s, h, c, ask);
	case ADS_WRITE:
		if (ask)
			answer_write(s, h, ask);
		return true;
	case ADS_READ_STATE:
		answer_state(s, h, c);
		return cur_ok(c);
	case ADS_ADD_NOTIFICATION:
		return answer_notification(s, h, c, ask);
	case ADS_DELETE_NOTIFICATION:
		if (ask) {
			struct ads_place place = ads_place_at(s, h, true, 0, 0, 0);
			ads_forget(s, ADS_NOTIFY, ask->offset, &place);
		}
		return true;
	default:
		return true;
	}
}

/* An error of the router stands in the header: the device had no say, whatever follows. */
bool ads_answer(struct scene *s, const struct ads_head *h, struct cur *c, const struct ads_ask *ask)
{
	bool known = h->command && h->command <= ADS_READ_WRITE && h->command != ADS_NOTIFICATION;
	if (!known || (h->error && !c->left))
		return true;
	uint32_t result = walk_le(s, c, &f_result);
	if (!cur_ok(c))
		return false;
	if (result) {
		fact_failed(s);
		ads_tell_text(s, &f_error, ads_error_name(result));
	}
	return result || h->error || answer_body(s, h, c, ask);
}

/* --- notifications --- */

static bool notification_is_whole(struct cur c, uint32_t stamps)
{
	for (uint32_t i = 0; i < stamps && cur_ok(&c); i++) {
		cur_skip(&c, 8);
		uint32_t samples = cur_le32(&c);
		for (uint32_t n = 0; n < samples && cur_ok(&c); n++) {
			cur_skip(&c, 4);
			cur_skip(&c, cur_le32(&c));
		}
	}
	return cur_ok(&c);
}

/* Stamps with samples; each has the handle that AddDeviceNotification gave. */
bool ads_notification(struct scene *s, const struct ads_head *h, struct cur *c)
{
	uint32_t length = walk_le(s, c, &f_size);
	struct cur in = cur_sub(c, length);
	uint32_t stamps = walk_le(s, &in, &f_stamps);
	if (!cur_ok(&in) || !notification_is_whole(in, stamps))
		return false;
	for (uint32_t i = 0; i < stamps && cur_ok(&in); i++) {
		fact_uint(s, &f_time, cur_le64(&in));
		uint32_t samples = cur_le32(&in);
		for (uint32_t n = 0; n < samples && cur_ok(&in); n++) {
			uint32_t handle = cur_le32(&in);
			struct cur data = cur_sub(&in, cur_le32(&in));
			struct ads_place place = ads_place_at(s, h, true, 0, 0, 0);
			fact_uint(s, &f_sample, handle);
			if (!ads_find(s, true, ADS_NOTIFY, handle, &place))
				continue;
			place.size = (uint32_t)data.left;
			ads_value(s, &place, data, ADS_SAY | ADS_POINT);
		}
	}
	return true;
}
