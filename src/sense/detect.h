/* Detections: what watches the facts go by, and what it is woken with.
 *
 * A detection is a row; rows of one kind share a file in detect/, `const struct detection
 * detect_<name>[]` ended by an empty row, and the file's name stands in the list in
 * sense/meson.build.  Time comes from the event, so a capture replays the same way every time.
 * `see` says whether the finding stands; the engine keeps one finding for each detection and pair,
 * counts repetitions and keeps the first frames as evidence.  Sentences are written at the end,
 * when everybody has a name: {a} {b} the two ends, {n} {m} numbers, {within} the limit's time,
 * {detail} words from `see`. */
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
	EVENT_ANSWER = 4,    /* its other side said something for the first time */
	EVENT_MALFORMED = 8, /* a message that broke its protocol */
	EVENT_BIND = 16,     /* a MAC said for the first time that an address is its own */
	EVENT_STRANGER = 32, /* one MAC claims an address, packets come straight from another */
	EVENT_FRAGMENT = 64, /* one that lies over others of its packet with other bytes */
	EVENT_ECHO = 128,    /* a question of ICMP that is answered with the same bytes */
	EVENT_LONG = 256,    /* a message of more than MESSAGE_LONG bytes */
	EVENT_ACCEPT = 512,  /* a TCP connection that was asked for stands */
};
enum { EVENT_KINDS = 10, MESSAGE_LONG = 32768 };

/* Somebody in an event: host number, or MAC number where `link`. 0: a group, or unknown. */
struct party {
	uint32_t number;
	uint32_t place; /* module number: who stands within or behind it; 0 itself */
	bool link;
};

struct event {
	enum event_kind kind;
	int64_t at_ns;
	uint64_t frame;
	struct party sender, receiver; /* of the packet */
	struct party client, server;   /* of the conversation, as far as known */
	struct ip to;                  /* destination, also where it is no host */
	bool group;                    /* that is one of many */
	bool called;                   /* FACT: answers what was asked of everybody */
	bool under_way;                /* FLOW: TCP that began before the capture did */
	uint16_t port;                 /* server side; 0 without ports */
	uint8_t transport;
	const struct fact *fact;   /* EVENT_FACT */
	const struct proto *proto; /* EVENT_FACT, EVENT_MALFORMED, EVENT_LONG */
	uint64_t content;          /* EVENT_ECHO: a hash of what it carries, behind its time */
	size_t size;               /* EVENT_ECHO, EVENT_LONG: how much */
	/* BIND: another MAC that had claimed the address, 0 none.  STRANGER: the one that sends. */
	uint32_t rival;
};

/* Whose memory an event goes to, and whom the finding names: what stands behind a gateway by
 * itself, but where a memory counts, which is of the whole gateway. */
enum detect_key {
	KEY_PAIR,   /* {a} client, {b} server */
	KEY_CLIENT, /* {a} client */
	KEY_SENDER, /* {a} sender */
	KEY_BIND,   /* BIND, STRANGER: {a} the MAC that claims, {b} the rival */
};

/* So many within so long. */
struct limit {
	uint32_t count;
	unsigned seconds;
};

/* What a finding remembers for its sentence.  Preset with severity, limit and its count from the
 * row. */
struct detected {
	const struct limit *limit;
	uint64_t n, m;
	uint8_t severity;
	char detail[80];
};

struct survey;
struct packet;

enum { DETECT_LABELS = 6 };

struct detection {
	struct detection_row row;
	const char *text;
	unsigned events;  /* set of enum event_kind; 0: survey only */
	unsigned acts;    /* EVENT_FACT: set of 1 << enum act; 0 any */
	unsigned effects; /* EVENT_FACT: set of 1 << enum effect; 0 any */
	unsigned dirs;    /* EVENT_FACT: set of 1 << enum dir; 0 any */
	/* FACT and MALFORMED: one of these labels; none given: any. */
	const char *labels[DETECT_LABELS];
	bool ot;        /* FACT and MALFORMED: an industrial protocol */
	bool failed;    /* FACT: a response that says no */
	bool violation; /* FACT: values outside the standard */
	bool odd;       /* FACT: any of the two, or a function that is not known */
	bool opened;    /* FLOW, ANSWER: of a conversation that was seen to begin */
	enum detect_key key;
	struct limit limit;    /* {n} within {within}: where it takes several */
	struct limit limit_it; /* the same of what is not industrial, where that differs */
	uint32_t keys_max;     /* with memory: beyond, the oldest is forgotten (counted) */
	size_t memory;         /* bytes for each key, zeroed at birth; 0 none */
	bool (*see)(void *memory, const struct event *ev, struct detected *out);
	/* At the end, over a plant without findings: for what only the whole shows. */
	void (*survey)(const struct plant *p, struct survey *s);
};

/* a, b: asset index, or NO_ASSET. */
void survey_found(struct survey *s, uint32_t a, uint32_t b, const struct detected *d,
	uint64_t frame, int64_t first_ns, int64_t last_ns);

/* "n within t": counts in a window that starts with the first event and starts anew once it is
 * over. True when this event is the n-th. */
struct window {
	int64_t since_ns;
	uint32_t count;
};
bool window_reached(struct window *w, int64_t now_ns, const struct limit *limit);

/* The same for different things: each value counts once in the window.  A small set by hash. */
enum { DISTINCT_SLOTS = 128 };
struct distinct {
	int64_t since_ns;
	uint32_t count;
	uint32_t seen[DISTINCT_SLOTS];
};
bool distinct_add(
	struct distinct *d, int64_t now_ns, unsigned seconds, uint64_t value); /* true: new */

struct sense;
struct detections;
struct detections *detections_new(size_t memory, struct err *e);
/* What was found so far; nothing more is found by it.  Also where it fails there is one to free. */
int detections_copy(struct detections **out, const struct detections *from, struct err *e) MUST_USE;
void detections_free(struct detections *d);
void detections_fact(struct sense *s);
void detections_flow(struct sense *s, enum event_kind kind);
void detections_fragment(struct sense *s, const struct packet *p);
void detections_echo(struct sense *s, const struct packet *p);
void detections_long(struct sense *s, size_t size);
void detections_malformed(struct sense *s, const struct proto *proto);
void detections_bind(struct sense *s, uint32_t mac, uint32_t host, uint32_t rival);
/* Packets of `host` come straight from the MAC `sender`, which never claims it, but `mac` does. */
void detections_stranger(struct sense *s, uint32_t mac, uint32_t sender, uint32_t host,
	uint64_t frame, int64_t at_ns);
/* Findings into the plant, most severe first.  The plant has everything else already. */
int detections_plant(struct sense *s, struct plant *p, struct err *e);
uint64_t detections_refused(const struct detections *d);   /* findings without room */
uint64_t detections_forgotten(const struct detections *d); /* memories given up for newer ones */

#define X(name) extern const struct detection detect_##name[];
DETECTION_LIST(X)
#undef X

#endif
