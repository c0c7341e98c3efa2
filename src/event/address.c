#include "event/fact.h"

#include <arpa/inet.h>
#include <string.h>

static const uint8_t mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

bool ip_is_zero(const struct ip *a)
{
	static const struct ip zero;
	return memcmp(a, &zero, sizeof zero) == 0;
}

bool ip_is_4(const struct ip *a)
{
	return memcmp(a->b, mapped, sizeof mapped) == 0;
}

bool ip_is_nobody(const struct ip *a)
{
	static const struct ip loopback = { { [15] = 1 } };
	if (ip_is_4(a))
		return a->b[12] == 127 || memcmp(a->b + 12, "\0\0\0", 4) == 0 || ip_is_multicast(a);
	return ip_is_zero(a) || ip_is_multicast(a) || memcmp(a, &loopback, sizeof loopback) == 0;
}

/* In two halves, as it is read again a moment later. */
struct ip ip_of_4(const uint8_t b[4])
{
	struct ip a = { { 0 } };
	const uint8_t low[8] = { 0, 0, 0xff, 0xff, b[0], b[1], b[2], b[3] };
	memcpy(a.b + 8, low, sizeof low);
	return a;
}

/* Printed for every conversation of a plant: a third of the report's time went into printf. */
static char *put_byte(char *at, uint8_t n)
{
	if (n >= 100)
		*at++ = (char)('0' + n / 100);
	if (n >= 10)
		*at++ = (char)('0' + n / 10 % 10);
	*at++ = (char)('0' + n % 10);
	return at;
}

const char *ip_text(const struct ip *a, char text[IP_TEXT])
{
	if (!ip_is_4(a))
		return inet_ntop(AF_INET6, a->b, text, IP_TEXT);
	char *at = text;
	for (size_t i = 12; i < 16; i++) {
		at = put_byte(at, a->b[i]);
		*at++ = i < 15 ? '.' : '\0';
	}
	return text;
}

const char *mac_text(const uint8_t mac[6], char text[MAC_TEXT])
{
	static const char digit[] = "0123456789abcdef";
	for (size_t i = 0; i < 6; i++) {
		text[i * 3] = digit[mac[i] >> 4];
		text[i * 3 + 1] = digit[mac[i] & 15];
		text[i * 3 + 2] = i < 5 ? ':' : '\0';
	}
	return text;
}

bool ip_read(const char *text, size_t size, struct ip *out)
{
	char copy[INET6_ADDRSTRLEN];
	uint8_t four[4];
	if (size >= sizeof copy)
		return false;
	memcpy(copy, text, size);
	copy[size] = '\0';
	if (inet_pton(AF_INET, copy, four) == 1) {
		*out = ip_of_4(four);
		return true;
	}
	return inet_pton(AF_INET6, copy, out->b) == 1;
}

static int hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c ? strchr(digits, c >= 'A' && c <= 'F' ? c + ('a' - 'A') : c) : NULL;
	return at ? (int)(at - digits) : -1;
}

bool mac_read(const char *text, uint8_t mac[6])
{
	if (strlen(text) != MAC_TEXT - 1)
		return false;
	for (size_t i = 0; i < 6; i++, text += 3) {
		int high = hex_digit(text[0]), low = hex_digit(text[1]);
		if (high < 0 || low < 0 || (i < 5 && text[2] != ':' && text[2] != '-'))
			return false;
		mac[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

/* Blocks of RFC 6890 and its registry that are not global, first bytes and prefix length. */
static const struct block {
	uint8_t bytes[4];
	uint8_t bits;
} special4[] = {
	{ { 0 }, 8 }, { { 10 }, 8 }, { { 100, 64 }, 10 }, { { 127 }, 8 }, { { 169, 254 }, 16 },
	{ { 172, 16 }, 12 }, { { 192, 0, 0 }, 24 }, { { 192, 0, 2 }, 24 }, { { 192, 168 }, 16 },
	{ { 198, 18 }, 15 }, { { 198, 51, 100 }, 24 }, { { 203, 0, 113 }, 24 },
	{ { 224 }, 3 }, /* multicast, reserved, broadcast */
};

bool ip_is_multicast(const struct ip *a)
{
	if (ip_is_4(a))
		return (a->b[12] & 0xf0) == 0xe0 || memcmp(a->b + 12, "\xff\xff\xff\xff", 4) == 0;
	return a->b[0] == 0xff;
}

bool ip_is_public(const struct ip *a)
{
	if (!ip_is_4(a)) /* only 2000::/3 is global unicast, less documentation 2001:db8::/32 */
		return (a->b[0] & 0xe0) == 0x20 && memcmp(a->b, "\x20\x01\x0d\xb8", 4) != 0;
	uint32_t address = (uint32_t)a->b[12] << 24 | (uint32_t)a->b[13] << 16 |
		(uint32_t)a->b[14] << 8 | a->b[15];
	for (size_t i = 0; i < sizeof special4 / sizeof special4[0]; i++) {
		const uint8_t *b = special4[i].bytes;
		uint32_t base =
			(uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
		if ((address ^ base) >> (32 - special4[i].bits) == 0)
			return false;
	}
	return true;
}
