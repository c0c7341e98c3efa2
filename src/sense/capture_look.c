/* What a file is that is no capture: one table of first bytes, and what to do with each. */
#include <ctype.h>
#include <errno.h>
#include <strings.h>

#include "base/attr.h"
#include "sense/capture_inside.h"

/* How much of the file is looked at; tar keeps its word at byte 257. */
enum { LOOK_SIZE = 512 };

#define CONVERT "editcap -F pcap '%s' new.pcap"

#define PACKED_TWICE "a file packed twice", "unpack '%s' once and look at what comes out"

struct look {
	uint16_t offset;
	uint8_t size;
	const char *bytes;
	const char *is;
	const char *try; /* with the file's name for %s, or NULL */
};

static const struct look looks[] = {
	/* captures of other makers; editcap reads them */
	{ 0, 8, "snoop\0\0\0", "a Solaris snoop capture", CONVERT },
	{ 0, 8, "btsnoop\0", "a Bluetooth snoop capture", CONVERT },
	{ 0, 4, "GMBU", "a Microsoft Network Monitor 2 capture", CONVERT },
	{ 0, 4, "RTSS", "a Microsoft Network Monitor 1 capture", CONVERT },
	{ 0, 4, "XCP\0", "a NetXRay or Windows Sniffer capture", CONVERT },
	{ 0, 17, "TRSNIFF data    \x1a", "a DOS Sniffer capture", CONVERT },
	{ 0, 4, "\x7fver", "an EtherPeek or OmniPeek capture", CONVERT },
	{ 0, 4, "\x1c\x00\x01\xac", "an Ixia capture", CONVERT },
	{ 0, 4, "\xac\x01\x00\x1c", "an Ixia capture", CONVERT },
	{ 0, 4, "\x1c\x00\x01\xab", "an Ixia capture", CONVERT },
	{ 0, 4, "\xab\x01\x00\x1c", "an Ixia capture", CONVERT },
	{ 0, 4, "\x54\x52\x00\x64", "a Network Instruments Observer capture", CONVERT },
	{ 0, 15, "ObserverPktBuff", "a Network Instruments Observer capture", CONVERT },
	/* packings weir does not unpack */
	{ 0, 6, "\xfd\x37zXZ\0", "packed with xz", "xz -dc '%s' | weir look -" },
	{ 0, 3, "BZh", "packed with bzip2", "bzip2 -dc '%s' | weir look -" },
	{ 0, 4, "\x04\x22\x4d\x18", "packed with lz4", "lz4 -dc '%s' | weir look -" },
	{ 0, 2, "\x1f\x9d", "packed with compress", "gzip -dc '%s' | weir look -" },
	{ 0, 4, "\x1f\x8b\x08\0", PACKED_TWICE },
	{ 0, 4, "\x1f\x8b\x08\x08", PACKED_TWICE },
	{ 0, 4, "\x28\xb5\x2f\xfd", PACKED_TWICE },
	{ 0, 4, "PK\3\4", "a zip archive", "unzip '%s', then look at the capture inside" },
	{ 0, 4, "PK\5\6", "an empty zip archive", NULL },
	{ 0, 6, "7z\xbc\xaf\x27\x1c", "a 7-Zip archive",
		"7z x '%s', then look at the capture inside" },
	{ 0, 4, "Rar!", "a RAR archive", "unrar x '%s', then look at the capture inside" },
	{ 257, 5, "ustar", "a tar archive", "tar -xf '%s', then look at the capture inside" },
	/* files that ended up in the wrong place */
	{ 0, 4,
		"\x7f"
		"ELF",
		"an ELF program", NULL },
	{ 0, 5, "%PDF-", "a PDF document", NULL },
	{ 0, 8, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office document or MSI package", NULL },
	{ 0, 8, "\x89PNG\r\n\x1a\n", "a PNG picture", NULL },
	{ 0, 3, "\xff\xd8\xff", "a JPEG picture", NULL },
	{ 0, 4, "GIF8", "a GIF picture", NULL },
	{ 0, 15, "SQLite format 3", "an SQLite database", NULL },
	{ 0, 8, "ElfFile\0", "a Windows event log (evtx), not network traffic", NULL },
	{ 0, 4, "regf", "a Windows registry hive", NULL },
	{ 0, 23, "version https://git-lfs", "a Git LFS pointer, not the file itself",
		"git lfs pull, in the repository '%s' is from" },
	{ 0, 2, "MZ", "a Windows program", NULL },
};

static bool starts_with_word(const uint8_t *at, size_t size, const char *word)
{
	while (size > 0 && isspace(*at))
		at++, size--;
	return size >= strlen(word) && strncasecmp((const char *)at, word, strlen(word)) == 0;
}

/* A Windows event trace has no magic: a buffer header of 72 bytes that begins with the buffer's
 * size, then the trace header, whose marker is a version, a kind and 0xc0. */
static bool is_event_trace(const uint8_t *at, size_t size)
{
	if (size < 76)
		return false;
	uint32_t buffer_size = (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 |
		(uint32_t)at[3] << 24;
	bool kind_fits = at[74] == 1 || at[74] == 2;
	return buffer_size >= 1024 && buffer_size <= 16 * 1024 * 1024 && buffer_size % 1024 == 0 &&
		kind_fits && at[75] == 0xc0;
}

/* UTF-8 and the old 8-bit sets count as text; control characters do not. */
static bool is_text(const uint8_t *at, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if ((at[i] < 0x20 && !isspace(at[i])) || at[i] == 0x7f)
			return false;
	}
	return true;
}

static bool is_zero(const uint8_t *at, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (at[i] != 0)
			return false;
	}
	return true;
}

/* A text's first lines say what it is meant to be. */
static struct look look_at_text(const uint8_t *at, size_t size)
{
	if (starts_with_word(at, size, "<!doctype html") || starts_with_word(at, size, "<html"))
		return (struct look){
			.is = "an HTML page, perhaps a download that asked for a login"
		};
	if (starts_with_word(at, size, "<?xml") || starts_with_word(at, size, "<pdml"))
		return (struct look){ .is = "XML text" };
	if (starts_with_word(at, size, "{") || starts_with_word(at, size, "["))
		return (struct look){ .is = "JSON text" };
	return (struct look){ .is = "text", .try = "if it is a hex dump: text2pcap '%s' new.pcap" };
}

static struct look look_at(const uint8_t *at, size_t size)
{
	for (size_t i = 0; i < COUNT_OF(looks); i++) {
		const struct look *look = &looks[i];
		if (size >= (size_t)look->offset + look->size &&
			memcmp(at + look->offset, look->bytes, look->size) == 0)
			return *look;
	}
	if (is_zero(at, size))
		return (struct look){ .is = "only zeros, as an interrupted copy leaves them" };
	if (is_event_trace(at, size))
		return (struct look){ .is = "a Windows event trace (ETL)",
			.try = "etl2pcapng '%s' new.pcapng (Microsoft's converter, on Windows)" };
	if (is_text(at, size))
		return look_at_text(at, size);
	return (struct look){ 0 };
}

int capture_refuse(struct capture *c, struct err *e)
{
	static const char *const packed[] = { "", " inside its gzip packing",
		" inside its zstd packing" };
	const char *inside = packed[c->input.packing];
	int r = window_need(c, LOOK_SIZE, e);
	if (r < 0)
		return r;
	size_t size = window_left(c) < LOOK_SIZE ? window_left(c) : LOOK_SIZE;
	if (size == 0 && c->input.cut) {
		err_set(e, -EINVAL, "%s: is cut: nothing of it can be unpacked", c->name);
		return err_try(e, "copy it again from where it was recorded");
	}
	if (size == 0) {
		err_set(e, -EINVAL, "%s: is empty%s", c->name, inside);
		return err_try(
			e, "was the recording stopped before the first packet, or the disk full?");
	}
	struct look look = look_at(c->at, size);
	if (look.is) {
		err_set(e, -EINVAL, "%s: is not a capture%s: it looks like %s", c->name, inside,
			look.is);
	} else {
		char hex[3 * 8 + 1] = "";
		for (size_t i = 0; i < size && i < 8; i++) {
			static const char digits[] = "0123456789abcdef";
			hex[3 * i] = ' ';
			hex[3 * i + 1] = digits[c->at[i] >> 4];
			hex[3 * i + 2] = digits[c->at[i] & 15];
		}
		err_set(e, -EINVAL, "%s: is not a capture%s: it begins with%s", c->name, inside,
			hex);
		look.try = "if tshark can read it: " CONVERT;
	}
	if (!look.try)
		return err_try(
			e, "give a pcap or pcapng file, as tcpdump and Wireshark write them");
		/* The table's own formats, each with one %s. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	return err_try(e, look.try, c->name);
#pragma GCC diagnostic pop
}
