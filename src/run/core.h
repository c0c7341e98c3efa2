/* The process `core`, inside: the one that writes the log.  core.c owns the log and says what
 * happens when; core_clients.c owns the connections; core_asks.c reads what comes in by them and
 * answers. */
#ifndef RUN_CORE_H
#define RUN_CORE_H

#include <uv.h>

#include "base/ipc.h"
#include "cli/ledger/ledger.h"
#include "ledger/note.h"
#include "ledger/wal.h"

enum {
	CLIENTS_MAX = 1024,
	OWN_FILES = 32,          /* open files for everything but clients */
	TURN = 16,               /* messages of one client before it is another's turn, */
	TURN_BYTES = 512 * 1024, /* or so many bytes of them */
	LOOK_EVERY = 16,     /* turns of a client that sends one at a time: is there a second? */
	PENDING_MAX = 16384, /* messages, or parts of them, that wait for one commit */
	SEGMENTS_AHEAD = 3,  /* of room in the log: at 50,000 small entries/s some seconds */
	LOG_MAX_MIB = 512,   /* of log that the sealer has not settled: then the writer waits */
	TELL_ENTRIES = 256,  /* the sealer hears of so many more entries at once */
	TELL_MS = 20,        /* or of fewer so often */
	REST_MS = 100,       /* nobody is taken in for so long when the system has no file left */
	FINISH_MS = 60 * 1000,
};

struct client {
	uv_poll_t poll;
	struct core *core;
	int fd;
	uint32_t uid, generation;
	bool used, leaving;
	bool knows_itself; /* root, or we: what it says of the actor counts */
	bool streams;      /* had more than one message when we looked last */
	unsigned turns;
	char actor[32];
};

/* Entries of one message that follow one another in the log. */
struct pending {
	uint32_t client, generation;
	uint64_t tag, first;
	uint32_t index, count;
};

struct core {
	uv_loop_t loop;
	uv_poll_t listening, warden;
	uv_poll_t *sealing; /* NULL: there is no sealer */
	uv_check_t turn_ends;
	uv_timer_t tell, finish, rest;
	const char *dir;
	char socket[108]; /* its name, as large as sockaddr_un has it */
	int dir_fd, listen_fd, sealer_fd;
	struct files files;
	struct note_key key;
	struct wal *log;
	uint64_t told, published; /* to the sealer, by the sealer */
	uint64_t own_end;         /* behind the last entry of the ledger's own that came in here, */
	uint64_t own_durable;     /* and behind the last one of them that is on the disk */
	bool ready, telling, waiting, stopping;
	bool turn_due, turn_failed; /* the log still has what an entry says is let go */
	uint32_t uid;               /* ours */
	int code;                   /* to exit with */
	struct client clients[CLIENTS_MAX];
	unsigned client_count, places; /* how many there are, and may be */
	struct pending pending[PENDING_MAX];
	unsigned pending_count;
	uint64_t batches, largest, refused, dropped, turned_away, rests; /* said at the end */
	uint64_t began_with;
	int64_t full_said_ns;
};

/* core.c */
void core_commit(struct core *c); /* and answers; nothing where nothing waits */
void core_end(struct core *c, int code);

/* core_clients.c */
int clients_listen(struct core *c, struct err *e) MUST_USE; /* before the jail */
int clients_begin(struct core *c, struct err *e) MUST_USE;
void clients_done(struct core *c);
void clients_wait(struct core *c, bool wait);        /* reads nothing from them for a while */
void client_leaves(struct client *p);                /* its place is free a moment later */
void client_drop(struct client *p, const char *why); /* the same, for what it did */

/* core_asks.c */
void asks_take(struct client *p, const struct ipc_message *m);
void asks_welcome(struct client *p);
/* An APPEND_REFUSED. */
void asks_refusal(
	struct out *o, uint64_t tag, uint32_t index, uint32_t count, const struct err *why);
/* What waited for the commit is durable, or refused for this reason. */
void asks_answer(struct core *c, const struct err *why_not);

#endif
