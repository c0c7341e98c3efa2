/* How the things of a plant are spelled, for every form of the report.  Private to this room. */
#ifndef REPORT_WORDS_H
#define REPORT_WORDS_H

#include "event/plant.h"

enum { WORD_TEXT = 40, LABEL_TEXT = 192 };

/* The bands of the Purdue model, highest first; what is not known comes last. */
struct band {
	uint8_t level; /* x 10, LEVEL_UNKNOWN */
	const char *number;
	const char *title;
};
enum { BAND_UNKNOWN = 7, BAND_COUNT };
extern const struct band bands[BAND_COUNT];
unsigned band_of(const struct asset *a);

/* "tcp", "udp", "ethernet", "icmp" ... or "ip-89" for what has no short name. */
const char *transport_text(uint8_t transport, char text[WORD_TEXT]);
const char *level_text(uint8_t level, char text[WORD_TEXT]); /* "3.5"; "?" where unknown */
const char *count_text(uint64_t n, char text[WORD_TEXT]);    /* "12,345" */
const char *bytes_text(uint64_t n, char text[WORD_TEXT]);    /* "921 kB" */
const char *value_text(double d, char text[WORD_TEXT]);
const char *time_text(int64_t ns, char text[WORD_TEXT]); /* "2026-11-14 02:00:00" */
const char *span_text(int64_t ns, char text[WORD_TEXT]); /* "2 h 5 min" */
const char *plural(uint64_t n);                          /* "" for one, "s" */

/* The asset a conversation, point or finding speaks of; NULL where the index leads nowhere. */
const struct asset *plant_asset(const struct plant *p, uint32_t index);
bool asset_is_controller(const struct asset *a);
/* The address to call it by: IPv4, then IPv6, then MAC; "" where it has none. */
const char *asset_address(const struct plant *p, const struct asset *a, char text[LABEL_TEXT]);
/* What a person would call it: its name, where no other asset has the same, else address, else id.
 */
const char *asset_label(const struct plant *p, const struct asset *a, char text[LABEL_TEXT]);
/* "Siemens AG CPU 315-2 PN/DP V3.2.6", of what is known. */
const char *asset_product(const struct asset *a, char text[LABEL_TEXT]);
/* Items of a list of names with commas between; what does not fit is left out. */
const char *names_text(const struct plant *p, struct run r, char text[LABEL_TEXT]);

/* The other side of a conversation: a server, or the group it speaks to. */
/* The group it goes to instead of a server; false where there is none, or everybody is meant. */
bool group_text(const struct conversation *c, char text[LABEL_TEXT]);
const char *server_label(
	const struct plant *p, const struct conversation *c, char text[LABEL_TEXT]);
const char *carrier_text(const struct conversation *c, char text[WORD_TEXT]); /* "tcp 502" */
/* "modbus?"; what carries it, where nobody knows more. */
const char *protocol_text(const struct conversation *c, char text[WORD_TEXT]);

/* What is worth knowing besides: numbers from 0 to worth_count() - 1, each with its sentence; NULL
 * where the number needs no attention. */
size_t worth_count(const struct plant *p);
const char *worth_text(const struct plant *p, size_t i, uint64_t *n, char text[LABEL_TEXT]);

/* What a conversation does to the process, counted in operations. */
struct tally {
	uint64_t reads, writes, controls, programs, others, errors;
	uint64_t uploads;  /* of the programs those that were read out: nothing changed */
	uint8_t strongest; /* enum act */
};
struct tally tally_of(const struct plant *p, const struct conversation *c);
unsigned act_strength(uint8_t act); /* higher: more can happen to the process */

#endif
