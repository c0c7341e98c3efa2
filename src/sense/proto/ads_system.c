/* TwinCAT's system service: discovery and routes by datagram (port 48899), files, registry,
 * processes, and who the machine is.  The datagrams are Beckhoff's own; their tags follow from the
 * bytes and from what TwinCAT shows beside them. */
#include <stdio.h>

#include "sense/proto/ads.h"

static const struct field f_service = { "ads.service", LE32, 0, 0 };
static const struct field f_sequence = { "ads.sequence", LE32 | NUMBERING, 0, 0 };
static const struct field f_net = { "ads.net_id", TEXT, 0, 0 };
static const struct field f_port = { "ads.port", LE16, 0, 0 };
static const struct field f_status = { "ads.status", LE32, 0, 0 };
static const struct field f_error = { "ads.error", TEXT, 0, 0 };
static const struct field f_password = { "ads.password", TEXT, 0, 0 };
static const struct field f_user = { "ads.user", TEXT, 0, 0 };
static const struct field f_route_net = { "ads.route.net_id", TEXT, 0, 0 };
static const struct field f_route = { "ads.route.name", TEXT, 0, 0 };
static const struct field f_address = { "ads.route.address", TEXT, 0, 0 };
static const struct field f_host = { "ads.host", TEXT, 0, 0 };
static const struct field f_version = { "ads.version", TEXT, 0, 0 };
static const struct field f_os = { "ads.os", TEXT, 0, 0 };
static const struct field f_fingerprint = { "ads.fingerprint", TEXT, 0, 0 };
static const struct field f_file = { "ads.file.name", TEXT, 0, 0 };
static const struct field f_new_file = { "ads.file.new_name", TEXT, 0, 0 };
static const struct field f_folder = { "ads.file.folder", TEXT, 0, 0 };
static const struct field f_file_handle = { "ads.file.handle", LE32, 0, 0 };
static const struct field f_key = { "ads.registry.key", TEXT, 0, 0 };
static const struct field f_process = { "ads.process", TEXT, 0, 0 };
static const struct field f_directory = { "ads.process.directory", TEXT, 0, 0 };
static const struct field f_arguments = { "ads.process.arguments", TEXT, 0, 0 };
static const struct field f_description = { "ads.description", TEXT, 0, 0 };

static struct cur tell(struct scene *s, const struct field *f, struct cur data)
{
	struct cur text = text_to_nul(data);
	if (text.left)
		fact_text(s, f, text.at, text.left);
	return text;
}

/* --- datagrams --- */

enum { SERVICE_FIND = 1, SERVICE_ROUTE = 6, SERVICE_ANSWER = 0x80000000 };
enum tag {
	TAG_STATUS = 1,
	TAG_PASSWORD,
	TAG_VERSION,
	TAG_OS,
	TAG_HOST,
	TAG_NET = 7,
	TAG_ROUTE = 12,
	TAG_USER,
	TAG_FINGERPRINT = 18
};

/* OSVERSIONINFO: its size, major, minor, build, platform; of Windows the platform tells which. */
static void tell_os(struct scene *s, struct cur data)
{
	static const char *const platforms[] = { "Windows", "Windows", "Windows NT", "Windows CE" };
	cur_skip(&data, 4);
	uint32_t major = cur_le32(&data), minor = cur_le32(&data), build = cur_le32(&data);
	uint32_t platform = cur_le32(&data);
	char *text = cur_ok(&data) ? scene_scratch(s, 64) : NULL;
	if (!text || platform >= COUNT_OF(platforms))
		return;
	int size = build
		? snprintf(text, 64, "%s %u.%u.%u", platforms[platform], major, minor, build)
		: snprintf(text, 64, "%s %u.%u", platforms[platform], major, minor);
	fact_text(s, &f_os, text, (size_t)size);
	who_sender(s, ID_OS, text, (size_t)size);
}

static void tell_version(struct scene *s, struct cur data)
{
	uint8_t major = cur_u8(&data), minor = cur_u8(&data);
	uint16_t build = cur_le16(&data);
	char *text = cur_ok(&data) ? scene_scratch(s, 32) : NULL;
	if (!text)
		return;
	int size = snprintf(text, 32, "TwinCAT %u.%u.%u", major, minor, build);
	fact_text(s, &f_version, text, (size_t)size);
	who_sender(s, ID_SOFTWARE, text, (size_t)size);
}

static void tell_tag(struct scene *s, uint16_t tag, struct cur data, bool answer)
{
	struct cur text = text_to_nul(data), status = data;
	switch (tag) {
	case TAG_STATUS: {
		uint32_t code = cur_le32(&status);
		if (!cur_ok(&status))
			return;
		fact_uint(s, &f_status, code);
		if (code) {
			fact_failed(s);
			ads_tell_text(s, &f_error, ads_error_name(code));
		}
		return;
	}
	case TAG_PASSWORD:
		fact_secret(s, &f_password, text.at, text.left);
		return;
	case TAG_USER:
		tell(s, &f_user, text);
		who_sender(s, ID_USER, text.at, text.left);
		return;
	case TAG_VERSION:
		tell_version(s, data);
		return;
	case TAG_OS:
		tell_os(s, data);
		return;
	case TAG_HOST: /* of an answer its name; of a new route where it leads */
		tell(s, answer ? &f_host : &f_address, text);
		if (answer)
			who_sender(s, ID_NAME, text.at, text.left);
		return;
	case TAG_NET:
		ads_tell_net(s, &f_route_net, cur_take(&data, 6));
		return;
	case TAG_ROUTE:
		tell(s, &f_route, text);
		return;
	case TAG_FINGERPRINT:
		tell(s, &f_fingerprint, text);
		return;
	default: /* what it means is not known, so it may be a secret */
		return;
	}
}

static bool tags_are_whole(struct cur c, uint32_t count)
{
	for (uint32_t i = 0; i < count && cur_ok(&c); i++) {
		cur_skip(&c, 2);
		cur_skip(&c, cur_le16(&c));
	}
	return cur_ok(&c);
}

static bool says_no(struct cur c, uint32_t count)
{
	for (uint32_t i = 0; i < count && cur_ok(&c); i++) {
		uint16_t tag = cur_le16(&c);
		struct cur data = cur_sub(&c, cur_le16(&c));
		if (tag == TAG_STATUS)
			return cur_le32(&data) != 0;
	}
	return false;
}

static const struct msg *datagram_row(uint32_t service, struct cur tags, uint32_t count)
{
	bool answer = service & SERVICE_ANSWER;
	switch (service & ~(uint32_t)SERVICE_ANSWER) {
	case SERVICE_FIND:
		return &ads_find_rows[answer];
	case SERVICE_ROUTE:
		return answer && says_no(tags, count) ? &ads_route_refused
						      : &ads_route_rows[answer];
	default:
		return &ads_datagram_rows[answer];
	}
}

/* Magic, sequence number, service, whose net id and port, tags. */
enum parsed ads_datagram(struct cur c, struct scene *s)
{
	cur_skip(&c, 4);
	uint32_t sequence = cur_le32(&c), service = cur_le32(&c);
	const uint8_t *net = cur_take(&c, 6);
	uint16_t port = cur_le16(&c);
	uint32_t count = cur_le32(&c);
	bool answer = service & SERVICE_ANSWER;
	if (!net || !cur_ok(&c) || !tags_are_whole(c, count))
		return s->cut ? PARSED_CUT : PARSED_BAD;
	uint32_t key = (service & ~(uint32_t)SERVICE_ANSWER) << 16 ^ sequence;
	if (answer) {
		scene_server(s);
		(void)ask_take(s, key);
	} else {
		scene_client(s);
	}
	fact_begin(s, datagram_row(service, c, count));
	if (!answer)
		(void)ask_put(s, key);
	fact_uint(s, &f_sequence, sequence);
	fact_uint(s, &f_service, service);
	ads_tell_net(s, &f_net, net);
	fact_uint(s, &f_port, port);
	for (uint32_t i = 0; i < count; i++) {
		uint16_t tag = cur_le16(&c);
		tell_tag(s, tag, cur_sub(&c, cur_le16(&c)), answer);
	}
	return PARSED_WHOLE;
}

/* --- the service at port 10000 --- */

/* What is between <name> and </name>. */
static struct cur element(struct cur c, const char *name)
{
	size_t size = strlen(name);
	while (c.left > size + 2) {
		long at = cur_find(&c, '<');
		if (at < 0)
			break;
		cur_skip(&c, (size_t)at + 1);
		if (!cur_starts(&c, name) || cur_peek(&c, size) != '>')
			continue;
		cur_skip(&c, size + 1);
		long end = cur_find(&c, '<');
		return end >= 0 ? cur_sub(&c, (size_t)end) : cur_bad();
	}
	return cur_bad();
}

static void say_element(struct scene *s, enum identity_key key, struct cur xml, const char *name)
{
	struct cur text = element(xml, name);
	if (cur_ok(&text))
		who_sender(s, key, text.at, text.left);
}

/* <TcTargetDesc>: what the machine is, in XML. */
static void read_description(struct scene *s, struct cur xml, bool own)
{
	if (!cur_starts(&xml, "<TcTargetDesc>"))
		return;
	tell(s, &f_description, xml);
	if (!own)
		return;
	say_element(s, ID_MODEL, xml, "TargetType");
	say_element(s, ID_SERIAL, xml, "SerialNo");
	say_element(s, ID_HARDWARE, xml, "CPUVersion");
	say_element(s, ID_FIRMWARE, xml, "ImageVersion");
	struct cur os = element(xml, "OsName"), version = element(xml, "OsVersion");
	char text[64];
	if (!cur_ok(&os) || !cur_ok(&version))
		return;
	int size = snprintf(text, sizeof text, "%.*s %.*s", (int)(os.left < 40 ? os.left : 40),
		(const char *)os.at, (int)(version.left < 20 ? version.left : 20),
		(const char *)version.at);
	who_sender(s, ID_OS, text, (size_t)size);
}

/* Sizes of the program's path, its directory and its arguments, then the three. */
static void read_process(struct scene *s, struct cur data)
{
	uint32_t path = cur_le32(&data), directory = cur_le32(&data), arguments = cur_le32(&data);
	struct cur first = cur_sub(&data, (size_t)path + 1);
	struct cur second = cur_sub(&data, (size_t)directory + 1);
	struct cur third = text_to_nul(cur_upto(&data, (size_t)arguments + 1));
	if (cur_ok(&first))
		tell(s, &f_process, first);
	if (cur_ok(&second))
		tell(s, &f_directory, second);
	if (third.left) /* with passwords among them, often enough */
		fact_secret(s, &f_arguments, third.at, third.left);
}

/* --- files --- */

/* TwinCAT 2 reads, writes and closes files with the handle as the group (Beckhoff Information
 * System, "TwinCAT System Service"): which of the later groups that is. */
uint32_t ads_file_group(uint32_t group, uint32_t offset, uint16_t command)
{
	bool handle = (group >= 0x1000 && group < 0xf000) || group >= 0xf600;
	if (!handle || (command != ADS_READ && command != ADS_WRITE))
		return group;
	if (offset == ADS_OLD_CLOSE)
		return ADS_CLOSE_FILE;
	return command == ADS_READ ? ADS_READ_FILE : ADS_WRITE_FILE;
}

static bool is_old_open(uint32_t group)
{
	return group == ADS_OLD_CREATE || group == ADS_OLD_OPEN_READ || group == ADS_OLD_OPEN_WRITE;
}

/* Folder that a name is relative to: in the high half of the offset, where the low one has the
 * mode; TwinCAT 2 has it as the offset. */
static uint32_t folder_of(const struct ads_ask *ask)
{
	return is_old_open(ask->group) ? ask->offset : ask->offset >> 16;
}

static const char *folder_name(uint32_t folder)
{
	static const char *const names[] = { NULL, "any", "boot project", "boot data", "boot",
		"target", "configuration", "TwinCAT 3", "repository" };
	return folder < COUNT_OF(names) ? names[folder] : NULL;
}

/* What the runtime starts with lies in the folder Boot. */
static bool is_program(uint32_t folder, struct cur path)
{
	path = text_to_nul(path);
	return folder == 2 || folder == 4 || text_has(path, "\\boot\\") || text_has(path, "/boot/");
}

static bool finds_file(struct scene *s, const struct ads_head *h, const struct ads_ask *ask,
	struct ads_place *file)
{
	bool old = ads_file_group(ask->group, ask->offset, ask->command) != ask->group;
	*file = ads_place_at(s, h, h->answer, 0, 0, 0);
	return ads_find(s, h->answer, ADS_FILE, old ? ask->group : ask->offset, file);
}

bool ads_system_special(
	struct scene *s, const struct ads_head *h, const struct ads_ask *ask, struct cur data)
{
	enum { WRITE = 2, APPEND = 4, PLUS = 8 }; /* modes of a file that is opened */
	struct ads_place file;
	switch (ads_file_group(ask->group, ask->offset, ask->command)) {
	case ADS_OPEN_FILE:
		return ask->offset & (WRITE | APPEND | PLUS);
	case ADS_READ_FILE:
	case ADS_WRITE_FILE:
	case ADS_READ_LINE:
	case ADS_WRITE_LINE:
		return finds_file(s, h, ask, &file) && file.type;
	case ADS_DELETE_FILE:
	case ADS_RENAME_FILE:
	case ADS_COPY_FILE:
		return is_program(folder_of(ask), data);
	case ADS_NETWORK: /* addresses and ways set, added and deleted */
		return ask->offset >= 10 && ask->offset <= 13;
	default:
		return false;
	}
}

void ads_tell_file(struct scene *s, struct cur name)
{
	tell(s, &f_file, name);
}

static void tell_names(struct scene *s, const struct ads_ask *ask, struct cur data)
{
	ads_tell_text(s, &f_folder, folder_name(folder_of(ask)));
	struct cur first = tell(s, &f_file, data);
	if (ask->group != ADS_RENAME_FILE && ask->group != ADS_COPY_FILE)
		return;
	cur_skip(&data, first.left + 1);
	if (cur_ok(&data))
		tell(s, &f_new_file, data);
}

static void tell_handle(struct scene *s, const struct ads_head *h, const struct ads_ask *ask)
{
	struct ads_place file;
	bool old = ads_file_group(ask->group, ask->offset, ask->command) != ask->group;
	fact_uint(s, &f_file_handle, old ? ask->group : ask->offset);
	if (finds_file(s, h, ask, &file) && file.name)
		fact_text(s, &f_file, file.name, file.name_size);
}

void ads_system_request(
	struct scene *s, const struct ads_head *h, const struct ads_ask *ask, struct cur data)
{
	uint32_t group = ads_file_group(ask->group, ask->offset, ask->command);
	switch (group) {
	case ADS_OLD_CREATE:
	case ADS_OLD_OPEN_READ:
	case ADS_OLD_OPEN_WRITE:
	case ADS_OPEN_FILE:
	case ADS_DELETE_FILE:
	case ADS_RENAME_FILE:
	case ADS_COPY_FILE:
	case ADS_FIND_FILE:
	case ADS_MAKE_DIRECTORY:
	case ADS_REMOVE_DIRECTORY:
		tell_names(s, ask, data);
		break;
	case ADS_START_PROCESS:
		read_process(s, data);
		break;
	default:
		if (group >= ADS_CLOSE_FILE && group <= 130)
			tell_handle(s, h, ask);
		else if (group >= ADS_REGISTRY && group <= ADS_REGISTRY_LAST &&
			cur_find(&data, 0) >= 0)
			tell(s, &f_key, data);
		break;
	}
}

static void answer_open(
	struct scene *s, const struct ads_head *h, const struct ads_ask *ask, struct cur data)
{
	uint32_t handle = cur_le32(&data);
	struct cur name = ads_kept(ask);
	if (!cur_ok(&data))
		return;
	fact_uint(s, &f_file_handle, handle);
	struct ads_place file = ads_place_at(s, h, true, 0, 0, 0);
	file.type = is_program(folder_of(ask), name);
	if (name.left <= UINT8_MAX) {
		file.name = name.at;
		file.name_size = (uint16_t)name.left;
	}
	ads_keep(s, ADS_FILE, handle, &file);
}

bool ads_opens_file(uint32_t group)
{
	return group == ADS_OPEN_FILE || is_old_open(group);
}

static void answer_close(struct scene *s, const struct ads_head *h, const struct ads_ask *ask)
{
	struct ads_place file = ads_place_at(s, h, true, 0, 0, 0);
	bool old = ask->group != ADS_CLOSE_FILE;
	ads_forget(s, ADS_FILE, old ? ask->group : ask->offset, &file);
}

/* Went well; `data` is what was read. */
void ads_system_answer(
	struct scene *s, const struct ads_head *h, const struct ads_ask *ask, struct cur data)
{
	uint32_t group = ads_file_group(ask->group, ask->offset, ask->command);
	bool own = ads_own(s, h->source, true);
	if (group == ADS_TARGET_DESCRIPTION) {
		read_description(s, data, own);
	} else if (group == ADS_HOST_NAME) {
		struct cur name = tell(s, &f_host, data);
		if (own)
			who_sender(s, ID_NAME, name.at, name.left);
	} else if (group == ADS_CLOSE_FILE) {
		answer_close(s, h, ask);
	} else if (ads_opens_file(group)) {
		answer_open(s, h, ask, data);
	}
}
