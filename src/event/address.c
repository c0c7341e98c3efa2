#include "event/fact.h"

#include <arpa/inet.h>
#include <stdio.h>
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

struct ip ip_of_4(const uint8_t b[4])
{
	struct ip a;
	memcpy(a.b, mapped, sizeof mapped);
	memcpy(a.b + 12, b, 4);
	return a;
}

const char *ip_text(const struct ip *a, char text[IP_TEXT])
{
	if (ip_is_4(a))
		snprintf(text, IP_TEXT, "%u.%u.%u.%u", a->b[12], a->b[13], a->b[14], a->b[15]);
	else
		inet_ntop(AF_INET6, a->b, text, IP_TEXT);
	return text;
}

const char *mac_text(const uint8_t mac[6], char text[MAC_TEXT])
{
	snprintf(text, MAC_TEXT, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3],
		mac[4], mac[5]);
	return text;
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
