#include "report/words.h"

#include <stdio.h>

const char *transport_text(uint8_t transport, char text[WORD_TEXT])
{
	/* Assigned Internet Protocol Numbers; 0 is ours: right on Ethernet. */
	static const char *const names[256] = { [0] = "ethernet",
		[1] = "icmp",
		[2] = "igmp",
		[6] = "tcp",
		[17] = "udp",
		[47] = "gre",
		[50] = "esp",
		[51] = "ah",
		[58] = "icmpv6",
		[89] = "ospf",
		[103] = "pim",
		[112] = "vrrp",
		[132] = "sctp" };
	if (names[transport])
		return names[transport];
	snprintf(text, WORD_TEXT, "ip-%u", transport);
	return text;
}

const char *level_text(uint8_t level, char text[WORD_TEXT])
{
	if (level == LEVEL_UNKNOWN)
		return "?";
	if (level % 10)
		snprintf(text, WORD_TEXT, "%u.%u", level / 10u, level % 10u);
	else
		snprintf(text, WORD_TEXT, "%u", level / 10u);
	return text;
}

const struct asset *plant_asset(const struct plant *p, uint32_t index)
{
	return index < p->asset_count ? &p->assets[index] : NULL;
}
