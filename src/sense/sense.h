/* The sensor: frames in, facts and a plant out.
 *
 * sense_frames() takes captured frames in the order of the capture, a few at a time, and never
 * keeps a pointer to one.  Everything it learns is bounded by `memory` bytes; what had to be
 * forgotten is in the plant's counters.  A sense does no I/O, reads no clock and needs no files:
 * time comes from the frames, so the same capture always gives the same plant. */
#ifndef SENSE_SENSE_H
#define SENSE_SENSE_H

#include "base/err.h"
#include "event/plant.h"

struct sense;

/* Link types as in pcap files (LINKTYPE_ values). */
enum linktype {
	LINK_NULL = 0,
	LINK_ETHERNET = 1,
	LINK_RAW = 101,
	LINK_LOOP = 108,
	LINK_SLL = 113,
	LINK_IPV4 = 228,
	LINK_IPV6 = 229,
	LINK_SLL2 = 276,
};
bool sense_reads(int linktype);

struct sense_frame {
	const uint8_t *bytes;
	uint32_t size;      /* captured */
	uint32_t wire_size; /* on the wire; at least size */
	int linktype;
	int64_t at_ns;
	uint64_t number; /* from 1, over all files of this run */
};

struct sense_config {
	size_t memory;   /* bytes for everything the sensor keeps; 0: 41 MiB */
	uint64_t random; /* for hash tables: results do not depend on it */
	bool facts_only; /* no inventory, points, detections: for weir facts */
	void (*on_fact)(void *self, const struct fact *f); /* may be NULL */
	void (*on_sample)(
		void *self, const struct point_sample *v); /* may be NULL; not with facts_only */
	void *self;
};

/* A zone as stated by people: addresses in it get its name and level. */
struct sense_zone {
	const char *name;
	uint8_t level;      /* Purdue level x 10, LEVEL_UNKNOWN */
	const char *source; /* "from zones.yaml:4" */
	struct ip from, to; /* inclusive */
};

struct sense *sense_new(const struct sense_config *config, struct err *e);
void sense_free(struct sense *s);
/* Zones and vendor names are borrowed until sense_free. */
void sense_zones(struct sense *s, const struct sense_zone *zones, size_t count);
struct vendors;
void sense_vendors(struct sense *s, const struct vendors *v);

/* Frames in the order of the capture, up to SENSE_FRAMES at a time: while one is read, the memory
 * of the next ones' conversations is on its way.  Results do not depend on how many. */
enum { SENSE_FRAMES = 16 };
void sense_frames(struct sense *s, const struct sense_frame *f, size_t count);
/* So many frames never came here, in all: they were lost where they are captured. */
void sense_lost(struct sense *s, uint64_t frames);
/* What conversations under way did so far is counted as well, not only at their end.  From the
 * first call on this takes 72 bytes for each that there may be. */
int sense_count(struct sense *s, struct err *e) MUST_USE;
void sense_end(struct sense *s); /* ends all conversations; no frame after this */

/* What was seen, good until sense_free.  Files are the caller's and are put in by it. */
int sense_plant(struct sense *s, struct plant *out, struct err *e);

#endif
