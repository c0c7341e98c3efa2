/* Detections: what watches the facts go by, and what it is woken with.
 *
 * A detection is one file in detect/ with one `const struct detection detect_<name>` and one word
 * in the list in sense/meson.build.  Time comes from the event, so a capture replays the same way
 * every time.  `see` answers whether the finding stands; the engine keeps one finding per detection
 * and pair, counts repetitions and keeps the first frames as evidence.  Sentences are written at
 * the end, when everybody has a name. */
#ifndef SENSE_DETECT_H
#define SENSE_DETECT_H

#include "base/err.h"
#include "event/class.h"
#include "event/plant.h"
#include "sense/lists.h"
#include "sense/proto.h"

enum event_kind {
	EVENT_FACT = 1,      /* a message was read */
	EVENT_FLOW = 2,      /* first packet of a conversation */
	EVENT_REFUSED = 4,   /* TCP: answered by RST, or never answered at the end */
	EVENT_MALFORMED = 8, /* a message that broke its protocol */
	EVENT_BIND = 16,     /* a MAC said for the first time that an address is its own */
};

struct event {
	enum event_kind kind;
	int64_t at_ns;
	uint64_t frame;
	uint32_t from, to;       /* host numbers of the packet; 0: no IP, a group, or unknown */
	uint32_t client, server; /* of the conversation; 0 as above */
	const struct ip *from_ip, *to_ip;
	uint16_t port; /* server side */
	uint8_t transport;
	const struct fact *fact;   /* EVENT_FACT */
	const struct proto *proto; /* EVENT_FACT, EVENT_MALFORMED */
	uint32_t mac, others; /* EVENT_BIND: who claims; another MAC that had claimed it, or 0 */
};

/* Whose memory an event goes to, and whom the finding names: {a} and {b} in its sentence. */
enum detect_key {
	KEY_PAIR,   /* client and server */
	KEY_CLIENT, /* client alone: {b} is empty */
	KEY_SERVER, /* {a} is the server */
	KEY_SENDER,
	KEY_BIND, /* {a} the claimed address; {detail} set by see */
};

/* What a finding remembers for its sentence. */
struct detected {
	uint64_t n, m;    /* {n}, {m} */
	char detail[80];  /* {detail} */
	uint8_t severity; /* preset from the row */
};

struct survey;

struct detection {
	struct detection_row row;
	const char *text; /* "{a} stopped the controller {b} ({detail})" */
	unsigned events;  /* set of enum event_kind */
	unsigned acts;    /* EVENT_FACT: set of 1 << enum act; 0 any */
	unsigned effects; /* EVENT_FACT: set of 1 << enum effect; 0 any */
	enum detect_key key;
	size_t memory; /* bytes per key, zeroed at birth; 0 none */
	uint32_t keys_max;
	bool (*see)(void *memory, const struct event *ev, struct detected *out);
	/* At the end, over the plant without findings: for what only the whole shows.  Calls
	 * survey_found for each. */
	void (*survey)(const struct plant *p, struct survey *s);
};

/* a, b: asset index, or NO_ASSET. */
void survey_found(struct survey *s, uint32_t a, uint32_t b, const struct detected *d,
	uint64_t frame, int64_t first_ns, int64_t last_ns);

struct sense;
struct detections;
struct detections *detections_new(size_t memory, struct err *e);
void detections_free(struct detections *d);
void detections_fact(struct sense *s);
void detections_flow(struct sense *s, enum event_kind kind);
void detections_malformed(struct sense *s, const struct proto *proto);
void detections_bind(struct sense *s, uint32_t mac, uint32_t host);
/* Findings into the plant, most severe first.  The plant has everything else already. */
int detections_plant(struct sense *s, struct plant *p, struct err *e);

#define X(name) extern const struct detection detect_##name;
DETECTION_LIST(X)
#undef X

#endif
