/* Polls that repeat unchanged, told once.
 *
 * A plant asks the same questions a thousand times a second and hears the same answers.  Between a
 * sensor and whoever keeps its facts, this hands on a message when it first comes and whenever it
 * says something else than the time before; while it repeats it is counted, and the count comes as
 * a run when it ends.  Nothing that may change anything is counted: writes, controls, programs and
 * all that has an effect are handed on each.
 *
 * The same message is: the same two ends (the port of who asks left out), the same row, and the
 * same name.  A question, which is a request that reads or identifies, is named by all that it
 * says, since that is what it asks.  An answer is named by its question, and by its place where
 * several were asked in one frame.  All others (a publish, a report, a request that may bring
 * something) are named by their values that say what they are about (NAMING); without such, there
 * is one a row.
 *
 * It says the same when all its values but those that number messages (NUMBERING) are the same: so
 * 0, 1, 0, 1 under one name is told four times. */
#ifndef SENSE_REPEAT_H
#define SENSE_REPEAT_H

#include "base/err.h"
#include "event/fact.h"

/* How a message repeated after it was handed on. */
struct repetition {
	struct fact
		as; /* ends, row, failed and violation; no values.  frame, at_ns: told in full */
	uint64_t count;      /* so many times again */
	uint64_t last_frame; /* the last of them */
	int64_t last_ns;
};

struct repeats_config {
	size_t memory; /* bytes; more messages than find room: the one longest not heard of is ended
			*/
	void (*on_fact)(void *self, const struct fact *f);
	void (*on_run)(void *self, const struct repetition *r);
	void *self;
};

struct repeats;

struct repeats *repeats_new(const struct repeats_config *config, struct err *e) MUST_USE;
void repeats_fact(void *self, const struct fact *f); /* self: struct repeats */
void repeats_end(struct repeats *r);                 /* hands on what still runs */
void repeats_free(struct repeats *r);

#endif
