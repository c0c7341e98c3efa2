/* The process `core`, inside: the one that writes the log.  core.c owns the log and says what
 * happens when; core_clients.c owns the connections. */
#ifndef RUN_CORE_H
#define RUN_CORE_H

#include <uv.h>

#include "base/ipc.h"
#include "cli/ledger/ledger.h"
#include "ledger/note.h"
#include "ledger/wal.h"

enum {
	CLIENTS_MAX = 1024,
	TURN = 16,           /* messages of one client before it is another's turn */
	LOOK_EVERY = 16,     /* turns of a client that sends one at a time: is there a second? */
	PENDING_MAX = 16384, /* messages, or parts of them, that wait for one commit */
	SEGMENTS_AHEAD = 3,  /* of room in the log: at 50,000 small entries/s some seconds */
	LOG_MAX_MIB = 512,   /* of log that the sealer has not settled: then the writer waits */
	TELL_ENTRIES = 1024, /* the sealer hears of so many more entries at once */
	TELL_MS = 20,        /* or of fewer so often */
	FINISH_MS = 60 * 1000,
};

struct client {
	uv_poll_t poll;
	struct core *core;
	int fd;
	uint32_t uid, generation;
	bool used, knows_itself; /* root, or we: what it says of the actor counts */
	bool streams;            /* had more than one message when we looked last */
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
	uv_timer_t tell, finish;
	const char *dir;
	char socket[108]; /* its name, as large as sockaddr_un has it */
	int dir_fd, listen_fd, sealer_fd;
	struct files files;
	struct note_key key;
	struct wal *log;
	uint64_t told, published; /* to the sealer, by the sealer */
	bool ready, telling, waiting, stopping;
	uint32_t uid; /* ours */
	int code;     /* to exit with */
	struct client clients[CLIENTS_MAX];
	unsigned client_count;
	struct pending pending[PENDING_MAX];
	unsigned pending_count;
	uint64_t batches, largest, refused, dropped, turned_away; /* said at the end */
	uint64_t began_with;
};

/* core.c */
void core_commit(struct core *c); /* and answers; nothing where nothing waits */
void core_end(struct core *c, int code);

/* core_clients.c */
int clients_listen(struct core *c, struct err *e) MUST_USE; /* before the jail */
int clients_begin(struct core *c, struct err *e) MUST_USE;
void clients_done(struct core *c);
void clients_wait(struct core *c, bool wait); /* reads nothing from them for a while */
/* What waited for the commit is durable, or refused for this reason. */
void clients_answer(struct core *c, const struct err *why_not);

#endif
