/* Candidates by carrier and first byte: an index over the rows' `begins`, so that a hundred
 * protocols cost a new conversation no more than the few that could be meant. */
#include "sense/choose.h"

#include <assert.h>
#include <ctype.h>
#include <stdlib.h>

#include "sense/engine.h"

enum { CARRIERS = 4, FIRSTS = 256 };

static_assert(PROTO_COUNT < UINT8_MAX, "protocol numbers are bytes here");

static uint8_t candidates[CARRIERS][FIRSTS][PROTO_COUNT + 1];
static bool started;

static unsigned carrier_index(enum over carrier)
{
	switch (carrier) {
	case OVER_TCP:
		return 0;
	case OVER_UDP:
		return 1;
	case OVER_ETHER:
		return 2;
	case OVER_COTP:
		return 3;
	}
	abort();
}

/* "05", "00 81-85": a row that is written otherwise is a mistake in the program. */
static unsigned read_byte(const char **at)
{
	assert(isxdigit((unsigned char)(*at)[0]) && isxdigit((unsigned char)(*at)[1]));
	const char two[3] = { (*at)[0], (*at)[1] };
	*at += 2;
	return (unsigned)strtoul(two, NULL, 16);
}

bool choose_allows(const struct proto *p, uint8_t first)
{
	if (!p->begins)
		return true;
	for (const char *at = p->begins; *at;) {
		unsigned from = read_byte(&at), to = from;
		if (*at == '-') {
			at++;
			to = read_byte(&at);
		}
		assert(from <= to && (*at == ' ' || *at == '\0'));
		if (first >= from && first <= to)
			return true;
		at += *at == ' ';
	}
	return false;
}

void choose_start(void)
{
	static const enum over carriers[CARRIERS] = { OVER_TCP, OVER_UDP, OVER_ETHER, OVER_COTP };
	if (started)
		return;
	started = true;
	for (unsigned k = 0; k < CARRIERS; k++)
		for (unsigned first = 0; first < FIRSTS; first++) {
			uint8_t *list = candidates[carrier_index(carriers[k])][first];
			for (unsigned n = 0; n < PROTO_COUNT; n++)
				if (protocols[n]->over & carriers[k] &&
					choose_allows(protocols[n], (uint8_t)first))
					*list++ = (uint8_t)n;
			*list = PROTO_COUNT;
		}
}

const uint8_t *choose(enum over carrier, uint8_t first)
{
	assert(started);
	return candidates[carrier_index(carrier)][first];
}
