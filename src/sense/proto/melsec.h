/* Private to melsec: one reader for the binary and the ASCII form, devices, commands. */
#ifndef PROTO_MELSEC_H
#define PROTO_MELSEC_H

#include "sense/proto.h"

/* How a body is spelled. */
struct melsec_form {
	bool text;     /* ASCII code: a number is its hex digits, the highest first */
	bool old;      /* frame 1E */
	bool bits;     /* subcommand bit 0: points are bits */
	bool wide;     /* subcommand bit 1: iQ-R, device numbers of four bytes */
	bool extended; /* subcommand bit 7: devices within modules and networks */
};

/* Which device behind this address. */
struct melsec_route {
	uint16_t io;
	uint8_t network, pc, station;
};

/* A body being read, and whose points its values are. */
struct melsec {
	struct scene *s;
	struct cur c;
	struct melsec_form form;
	struct melsec_route route;
	bool written;
	bool facts, points; /* what is told; neither: a look whether all of it is there */
	bool hides;         /* an abbreviation that labels may begin with is a secret's */
};

struct melsec_kind {
	const char *name;
	uint8_t radix;
	uint8_t bits;  /* of one point: 1, 16 or 32 */
	uint8_t words; /* that a batch read has for each point of a word device */
};

/* Where values live: "D100", "U4\G12", "J1\W10". */
struct melsec_device {
	uint32_t number;
	uint16_t inside; /* unit or network number, see enum melsec_inside; 0: the CPU's own */
	uint8_t code;    /* of the binary form, for ASCII and 1E too */
	bool moved;      /* an index register changes the number: nobody here knows the address */
};

enum melsec_inside { INSIDE_UNIT = 0x4000, INSIDE_NETWORK = 0x8000, INSIDE_NUMBER = 0x3fff };

/* Spaces beside the device codes. */
enum { SPACE_BUFFER = 1 };

/* Which reader a body has. */
enum melsec_body {
	BODY_OTHER, /* not told: it may hold a password of a file */
	BODY_NONE,
	BODY_BATCH,
	BODY_RANDOM,
	BODY_BLOCK,
	BODY_MONITOR,
	BODY_MEMORY,
	BODY_MODULE,
	BODY_LOOPBACK,
	BODY_RUN,
	BODY_MODE,
	BODY_MODEL,
	BODY_PASSWORD,
	BODY_LABELS,
	BODY_ARRAY_LABELS,
	BODY_NODE_SEARCH,
	BODY_SET_ADDRESS,
	BODY_OLD_FILE, /* name of eight and three characters */
	BODY_NAMED_FILE,
	BODY_OPEN,
	BODY_FILE_DATA,
	BODY_CLOSE,
	/* of frame 1E only */
	BODY_OLD_TEST,
	BODY_OLD_REGISTER,
	BODY_OLD_MONITOR,
	BODY_OLD_PROGRAM,
	BODY_OLD_MODULE,
	BODY_OLD_LOOPBACK,
	BODY_OLD_MODEL,
};

struct melsec_command {
	uint16_t code;
	uint8_t body;
	bool writes;        /* the request brings the data, rather than the answer */
	struct msg rows[2]; /* asked, answered */
};

/* What a request leaves for its answer. */
struct melsec_ask {
	const struct melsec_command *command;
	uint16_t subcommand;
	uint32_t count;
	uint32_t address; /* of a memory; file pointer */
	struct melsec_device device;
	struct melsec_form form;
	uint16_t code; /* of the command, known or not */
	uint8_t pc;
	uint8_t lists; /* the list in the asker's parts is of these lists */
	uint16_t list_at, list_size;
	bool has_list;
	bool program; /* a file whose name says program or parameters */
};

/* What the answer to a request under way has to be like. */
struct melsec_due {
	uint32_t key;
	uint32_t size; /* of the answer's body when all is well; MELSEC_ANY_SIZE */
	uint16_t command, subcommand;
	struct melsec_route route;
	bool waits;
	bool unsure; /* another one under the same number waited: whose answer comes? */
};

enum { MELSEC_DUE = 8, MELSEC_FILES = 6, MELSEC_ANY_SIZE = 0xffffffff };

/* A side that asks.  What a request brought (devices to read, values to write) waits in its parts,
 * as it came, for the answer; so does the list registered for monitoring. */
struct melsec_asker {
	struct melsec_due due[MELSEC_DUE]; /* by serial number, or in their order */
	int64_t asked_ns;
	uint16_t asked, answered; /* without serial numbers */
	bool crowded, skipped;    /* since nothing waited: several did; one was not answered */
	bool pipelines;           /* several waited, and all of them were answered */
	uint8_t lists, waiting_lists;
	uint16_t monitor_at, monitor_size; /* 0: none known */
	uint32_t monitor_answer;           /* how long its answer is */
	struct melsec_form monitor;
	struct melsec_route monitor_route;
};

/* An open file that is a program, or what a controller is set up by. */
struct melsec_file {
	struct melsec_route route;
	uint16_t pointer;
	bool open;
};

enum melsec_frames { FRAMES_UNKNOWN, FRAMES_OLD, FRAMES_NEW };

struct melsec_state {
	struct parts parts[2];
	struct melsec_asker asker[2]; /* by side */
	struct melsec_file files[MELSEC_FILES];
	uint8_t next_file;
	uint8_t frames; /* enum melsec_frames: a conversation has 1E, or 3E and 4E */
};

/* melsec_table.c */
extern const struct melsec_kind melsec_kinds[256]; /* by code of the binary form */
extern const struct melsec_command melsec_unknown;
extern const struct msg melsec_answer, melsec_unlock_refused;
extern const struct msg melsec_write_program[2], melsec_read_program[2];
const struct melsec_command *melsec_command(uint16_t code);
const struct melsec_command *melsec_old_command(uint8_t code);
const char *melsec_end_name(uint16_t code);
bool melsec_password_wrong(uint16_t end_code);
uint8_t melsec_code_of(const uint8_t *name, size_t size); /* device of ASCII code, 0: none */

/* melsec_device.c: everything that is spelled twice. */
uint32_t melsec_number(struct melsec *m, unsigned bytes);
size_t melsec_left(const struct melsec *m); /* in bytes of the binary form */
struct cur melsec_bytes(struct melsec *m, size_t size);
struct melsec_device melsec_device(struct melsec *m);
size_t melsec_name(const struct melsec_device *d, char name[POINT_NAME]);
void melsec_tell_device(struct melsec *m, const struct melsec_device *d);
void melsec_tell_bits(struct melsec *m, const struct melsec_device *d, uint32_t count);
void melsec_tell_words(struct melsec *m, const struct melsec_device *d, uint32_t count);
void melsec_tell_double(struct melsec *m, const struct melsec_device *d);
void melsec_tell_bit(struct melsec *m, const struct melsec_device *d, bool on);
void melsec_tell_buffer(struct melsec *m, uint32_t address, uint32_t count);
void melsec_point_name(const struct point_at *at, char name[POINT_NAME]);

/* melsec_access.c: devices and labels.  They say how long the answer is, without its header. */
uint32_t melsec_ask_devices(struct melsec *m, struct melsec_ask *ask);
void melsec_answer_devices(struct melsec *m, const struct melsec_ask *ask, struct cur list);
void melsec_written(struct melsec *m, const struct melsec_ask *ask, struct cur list);
void melsec_labels(struct melsec *m, const struct melsec_ask *ask, struct cur list);

/* melsec_system.c: everything else. */
uint32_t melsec_ask_system(struct melsec *m, struct melsec_ask *ask);
void melsec_answer_system(
	struct melsec *m, const struct melsec_ask *ask, struct melsec_state *state);

bool melsec_moves_program(
	struct melsec m, const struct melsec_command *command, const struct melsec_state *state);
bool melsec_is_node_search(struct melsec m);
bool melsec_own(const struct melsec_route *r); /* the device that has this address itself */
bool melsec_same_route(const struct melsec_route *a, const struct melsec_route *b);

/* melsec_frame.c: where a message ends, whose it is, and its head. */
struct melsec_head {
	bool old, text, serial_there, answer;
	struct melsec_route route;
	uint8_t function; /* 1E: the subheader without its top bit */
	uint16_t subheader, serial;
	uint16_t length; /* as it says, behind itself */
	uint16_t timer, end;
};
bool melsec_head(struct cur *c, struct melsec_head *h); /* c is behind it, and cut to its length */
enum probe melsec_probe(struct cur c, const struct scene *s);
long melsec_frame(struct cur c, struct scene *s);
/* A datagram of the frames that its conversation has, and as long as it has to be. */
bool melsec_expects(struct cur c, const struct scene *s);

/* melsec_pair.c: which question an answer belongs to, and what waits for it. */
void melsec_remember(
	struct scene *s, const struct melsec_head *h, const struct melsec_ask *ask, uint32_t size);
const struct melsec_ask *melsec_asked(
	struct scene *s, const struct melsec_head *h, struct cur body);
const struct melsec_due *melsec_old_due(const struct scene *s, uint8_t function);
void melsec_keep_list(struct scene *s, struct melsec_ask *ask, struct cur body);
struct cur melsec_kept_list(struct scene *s, const struct melsec_ask *ask);
void melsec_registers(struct scene *s); /* what was registered is no more sure */
void melsec_registered(struct scene *s, const struct melsec_ask *ask, const struct melsec_head *h);
struct cur melsec_monitored(struct scene *s, const struct melsec *m, const struct melsec_ask *ask,
	struct melsec_form *form);
uint32_t melsec_monitor_size(const struct scene *s, const struct melsec_head *h, bool bits);
void melsec_gap(struct scene *s);

extern const struct field melsec_count;

#endif
