/* A row that another process tells, field by field, each looked at as if it came from foreign
 * hands.
 *
 * The first thing that is wrong with it is its reason, and what is read after that is zero: read
 * straight down, then ask row_is_whole(), and only then change anything. */
#ifndef SENSE_ROW_READ_H
#define SENSE_ROW_READ_H

#include "base/cur.h"
#include "sense/detect_inside.h"
#include "sense/whole_inside.h"

struct taking {
	struct whole *w;
	struct inventory *v;
	unsigned teller;
	enum row_kind kind;
	uint32_t number;
	struct cur c;
	const char *why; /* what is wrong with it; NULL: nothing so far */
};

void row_wrong(struct taking *t, const char *why);
void row_need(struct taking *t, bool fine, const char *why);
/* All fields of the row were there, and nothing behind them: from here on it is believed. */
bool row_is_whole(struct taking *t);

bool row_flag(struct taking *t);
uint8_t row_word(struct taking *t, unsigned end); /* below `end`: a word of an enumeration */
int64_t row_ns(struct taking *t);
double row_double(struct taking *t);
void row_bytes(struct taking *t, void *to, size_t size);
struct cur row_text(struct taking *t, size_t max);
/* A word of ours that lives as long as the whole; the same word is the same pointer. */
const char *row_label(struct taking *t);

/* What is known of this teller's rows of a kind. */
struct told *row_told(struct taking *t, enum row_kind kind);
/* Ours for one of theirs that was told before; WHOLE_REFUSED: there was no room for it; 0: none. */
uint32_t row_ours(struct taking *t, enum row_kind kind, uint32_t theirs);
/* Somebody with an address, or by a MAC alone: OF_MAC and its number. */
uint32_t row_owner(struct taking *t);
struct party row_party(struct taking *t);

/* The number that this row has with us; the first time it is told `mine` becomes that, and later it
 * must be the same.  False: there is no room for it. */
bool row_is_mine(struct taking *t, uint32_t mine);
/* What was counted since it was told last: the k-th count of this row. */
uint64_t row_more(struct taking *t, unsigned k, uint64_t count);

static inline bool row_is_known(uint32_t number)
{
	return number && number != WHOLE_REFUSED;
}

#endif
