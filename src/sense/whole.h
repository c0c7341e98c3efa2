/* What several sensor processes know, as one plant: each tells rows (rows.h), and none of them is
 * believed more than its rows may say.
 *
 * A row that breaks the contract (a number out of turn, a word that is none, text that is no text)
 * is refused with a reason, and says nothing; from then on nobody listens to who sent it.  What it
 * told before stays: rows count up, so a process that begins anew tells of itself from the start
 * (whole_forget()) and what the one before it counted is not lost. */
#ifndef SENSE_WHOLE_H
#define SENSE_WHOLE_H

#include "base/cur.h"
#include "event/plant.h"
#include "sense/sense.h"

enum { WHOLE_TELLERS = 16 };

struct whole;

struct whole_config {
	size_t memory; /* as of a sensor that knows as much */
	uint64_t random;
};

int whole_new(struct whole **out, const struct whole_config *config, struct err *e) MUST_USE;
void whole_free(struct whole *w);
/* Borrowed until whole_free(). */
void whole_zones(struct whole *w, const struct sense_zone *zones, size_t count);
void whole_vendors(struct whole *w, const struct vendors *v);

/* A message of one of them; -EBADMSG says which row of it is wrong, and those before it count. */
int whole_take(struct whole *w, unsigned teller, struct cur message, struct err *e) MUST_USE;
/* Adds what the one in this place told of: frames that it had, and that were lost on the way. */
void whole_heard(
	const struct whole *w, unsigned teller, uint64_t *packets, uint64_t *bytes, uint64_t *lost);
/* Another process takes this place, and counts from nothing. */
void whole_forget(struct whole *w, unsigned teller);

/* Who is there and what was found, as of now; good until the next call. */
int whole_plant(struct whole *w, struct plant *out, struct err *e) MUST_USE;
/* Its assets have these numbers from now on, in its order. */
void whole_number(struct whole *w, const uint32_t *ids);

#endif
