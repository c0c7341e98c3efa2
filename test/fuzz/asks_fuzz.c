/* What clients may send to who writes the log (event/append.h): each entry is answered once,
 * numbers are told of entries that are on the disk, and what is none of ours ends the connection.
 *
 * An input: a byte that says who asks, then messages: a byte of kind, two of size, the body. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../disk.h"
#include "event/append.h"
#include "event/entry_view.h"
#include "ledger/tile.h"
#include "run/core.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct core core;
static uint64_t answered, told_done;

/* --- what core.c and core_clients.c would do --- */

void core_commit(struct core *c)
{
	struct err e = { 0 };
	int r = wal_commit(c->log, &e);
	assert(r == 0);
	asks_answer(c, NULL);
}

void client_leaves(struct client *p)
{
	p->leaving = true;
	p->generation++;
}

void client_drop(struct client *p, const char *why)
{
	assert(why && *why);
	p->core->dropped++;
	client_leaves(p);
}

/* --- what is answered --- */

static void read_runs(struct cur c)
{
	while (c.left) {
		uint64_t tag = cur_be64(&c);
		uint32_t index = cur_be16(&c), count = cur_be16(&c);
		uint64_t first = cur_be64(&c);
		(void)tag;
		assert(cur_ok(&c) && count && index + count <= APPEND_ENTRIES);
		assert(first + count <= wal_durable(core.log));
		answered += count;
		told_done += count;
	}
}

static void read_refusal(struct cur c)
{
	cur_be64(&c);
	uint32_t index = cur_be32(&c), count = cur_be32(&c);
	uint32_t code = cur_be32(&c);
	assert(cur_ok(&c) && count && index + count <= APPEND_ENTRIES && code && code < 4096);
	assert(cur_find(&c, 0) > 0);
	answered += count;
}

static void read_answers(int fd)
{
	static uint8_t room[IPC_HEAD + IPC_BODY_MAX];
	struct ipc_message m;
	struct err e;
	while (ipc_receive(fd, room, sizeof room, &m, &e) == 0) {
		assert(m.type == APPEND_DONE || m.type == APPEND_REFUSED);
		if (m.type == APPEND_DONE)
			read_runs(m.body);
		else
			read_refusal(m.body);
	}
	assert(e.code == -EAGAIN);
}

/* How many entries the message has, as anybody would count them. */
static uint64_t entries_of(unsigned kind, struct cur c)
{
	uint64_t count = 0;
	cur_skip(&c, kind == APPEND_OWN ? 16 : 8);
	for (; cur_ok(&c) && c.left && count < APPEND_ENTRIES; count++) {
		struct cur one = cur_sub(&c, cur_be16(&c));
		if (!cur_ok(&one))
			break;
	}
	return count;
}

/* --- one input --- */

static int see_batch(
	void *self, uint64_t first, uint32_t count, const void *bytes, size_t size, struct err *e)
{
	const struct client *p = self;
	struct cur c = cur_of(bytes, size);
	(void)first;
	(void)e;
	for (uint32_t i = 0; i < count; i++) {
		struct entry_view v;
		bool understood = entry_view(bundle_next(&c), &v);
		assert(understood);
		assert(!entry_kinds[v.kind].own ||
			(p->knows_itself && strcmp(entry_kinds[v.kind].name, "key") != 0));
	}
	return 0;
}

static void ask_all(struct client *p, int answers, struct cur c)
{
	while (c.left && !p->leaving) {
		struct err e = { 0 };
		unsigned kind = cur_u8(&c);
		struct ipc_message m = { (uint16_t)kind, cur_upto(&c, cur_be16(&c)) };
		if (!cur_ok(&c) || !cur_ok(&m.body))
			break;
		uint64_t before = answered, asked = entries_of(kind, m.body);
		asks_take(p, &m);
		if (core.pending_count)
			core_commit(&core);
		read_answers(answers);
		assert(p->leaving || answered - before == asked);
		assert(told_done <= wal_durable(core.log));
		int r = wal_tell(core.log, see_batch, p, &e);
		assert(r == 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err e = { 0 };
	int fds[2];
	if (size < 1)
		return 0;
	struct disk *d = disk_new(1);
	core.files = disk_files(d);
	core.key.kind = NOTE_ED25519;
	memcpy(core.key.name, "a", 2);
	core.own_end = core.pending_count = 0;
	answered = told_done = 0;
	assert(wal_open(&core.log, &core.files, WAL_LEAST, 0, NULL, NULL, &e) == 0);
	assert(ipc_pair(fds, &e) == 0);
	assert(fcntl(fds[0], F_SETFL, O_NONBLOCK) == 0 && fcntl(fds[1], F_SETFL, O_NONBLOCK) == 0);
	struct client *p = &core.clients[3];
	*p = (struct client){
		.core = &core, .fd = fds[0], .used = true, .knows_itself = data[0] & 1, .uid = 7
	};
	memcpy(p->actor, data[0] & 1 ? "local" : "uid:7", 6);
	ask_all(p, fds[1], cur_of(data + 1, size - 1));
	close(fds[0]);
	close(fds[1]);
	wal_close(core.log);
	disk_free(d);
	return 0;
}
