/* What detections found, inside: detect.c wakes them and keeps it, detect_say.c makes findings of
 * it when everybody has a name. */
#ifndef SENSE_DETECT_INSIDE_H
#define SENSE_DETECT_INSIDE_H

#include "sense/engine.h"

enum { ROWS_MAX = 128, WORDS = ROWS_MAX / 64, EVIDENCE_MAX = 8 };

/* A detection on duty, with its memories. */
struct watch {
	const struct detection *row;
	struct pool memories;
	struct table by_key;
	uint32_t oldest; /* next to be forgotten once all keys are taken */
};

struct found {
	const struct detection *detection;
	struct party a, b; /* host or MAC numbers; of a survey asset index + 1 with `surveyed` */
	struct ip to;      /* where b is nobody */
	bool surveyed, group;
	uint64_t answered; /* so many of the calls to a group; the last one's frame */
	uint64_t answered_frame;
	int64_t first_ns, last_ns;
	uint64_t count;
	uint64_t frames[EVIDENCE_MAX];
	uint8_t frame_count;
	struct detected said;
};

struct detections {
	struct watch watches[ROWS_MAX];
	size_t count;
	/* Which of them an event can wake, as bits; a fact by each of its properties. */
	uint64_t by_event[EVENT_KINDS][WORDS];
	uint64_t by_act[ACT_COUNT][WORDS], by_effect[EFFECT_COUNT][WORDS];
	uint64_t by_dir[DIR_RESPONSE + 1][WORDS], by_proto[PROTO_COUNT][WORDS];
	uint64_t any_label[PROTO_COUNT][WORDS]; /* whatever a fact of this protocol is labelled */
	uint64_t by_outcome[8][WORDS];          /* failed: 1, violation: 2, unknown function: 4 */
	struct pool found;
	struct table found_table;
	uint64_t forgotten;
	struct finding *findings; /* of the plant */
	size_t finding_count;
};

struct survey {
	struct detections *d;
	const struct detection *row;
};

/* The one of this row and these two, perhaps a new one; NULL: there is no room. */
struct found *detections_found(struct detections *d, const struct detection *row, struct party a,
	struct party b, bool surveyed);

static inline bool same_party(struct party a, struct party b)
{
	return a.number == b.number && a.link == b.link && a.place == b.place;
}

#endif
