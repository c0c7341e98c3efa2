#include "ledger/ledger.h"

#include <errno.h>
#include <stdlib.h>

#include "ledger/wal.h"

/* Entries are let go from the log a few segments at a time: each time all tiles are synced. */
enum { SETTLE_ENTRIES = 65536 };

struct ledger {
	struct ledger_config config;
	struct wal *wal;
	struct seal *seal; /* NULL: it failed, and will be opened again */
	uint64_t published;
	int64_t published_ns;
};

static void count_one(void *self, const char *name)
{
	(void)name;
	++*(unsigned *)self;
}

static int open_seal(struct ledger *l, struct err *e)
{
	int r = seal_open(&l->seal, l->config.files, l->config.signer, e);
	if (r == 0)
		l->published = seal_published(l->seal);
	return r;
}

static void drop_seal(struct ledger *l)
{
	seal_close(l->seal);
	l->seal = NULL;
}

/* After a failure everything that is not on the disk for certain is made again from the log. */
static int follow_again(struct ledger *l, struct err *e)
{
	int r = open_seal(l, e);
	if (r == 0)
		r = wal_replay(l->wal, seal_settled(l->seal), seal_batch, l->seal, e);
	if (r < 0)
		drop_seal(l);
	return r;
}

/* Tiles are written of what the log has: where both the log and every head are gone, a new history
 * would be begun over an old one. */
static int check_begins(struct ledger *l, struct err *e)
{
	const struct files *f = l->config.files;
	unsigned found = 0;
	if (wal_durable(l->wal))
		return 0;
	int r = f->list(f->self, "tile/entries", count_one, &found);
	if (r < 0 && r != -ENOENT) {
		errno = -r;
		return err_sys(e, "look for tiles");
	}
	if (!found)
		return 0;
	return err_set(e, -EBADMSG,
		"tiles are there and no checkpoint: this ledger is damaged, and none is begun over it");
}

static int open_both(struct ledger *l, struct err *e)
{
	size_t segment = l->config.segment_size ? l->config.segment_size : WAL_SEGMENT;
	int r = open_seal(l, e);
	if (r == 0)
		r = wal_open(&l->wal, l->config.files, segment, seal_settled(l->seal), seal_batch,
			l->seal, e);
	if (r == 0)
		r = seal_follows(l->seal, e);
	return r < 0 ? r : check_begins(l, e);
}

int ledger_open(
	struct ledger **out, const struct ledger_config *config, int64_t now_ns, struct err *e)
{
	struct ledger *l = calloc(1, sizeof *l);
	if (!l)
		return err_sys(e, "open the ledger");
	l->config = *config;
	l->published_ns = now_ns;
	int r = open_both(l, e);
	if (r < 0) {
		ledger_close(l);
		return r;
	}
	*out = l;
	return 0;
}

void ledger_close(struct ledger *l)
{
	if (!l)
		return;
	wal_close(l->wal);
	seal_close(l->seal);
	free(l);
}

int ledger_append(
	struct ledger *l, const void *entry, size_t size, uint64_t *sequence, struct err *e)
{
	uint64_t number = wal_next(l->wal);
	int r = wal_add(l->wal, entry, size, e);
	if (r == -ENOBUFS) {
		r = ledger_commit(l, e);
		number = wal_next(l->wal);
		if (r == 0)
			r = wal_add(l->wal, entry, size, e);
	}
	if (r == 0)
		*sequence = number;
	return r;
}

int ledger_commit(struct ledger *l, struct err *e)
{
	struct err later;
	int r = wal_commit(l->wal, e);
	if (r == 0 && l->seal && wal_tell(l->wal, seal_batch, l->seal, &later) < 0)
		drop_seal(l); /* durable all the same; ledger_publish() says why it cannot */
	return r;
}

static int settle(struct ledger *l, struct err *e)
{
	uint64_t due = l->config.settle_entries ? l->config.settle_entries : SETTLE_ENTRIES;
	if (l->published - seal_settled(l->seal) < due)
		return 0;
	int r = seal_settle(l->seal, e);
	return r < 0 ? r : wal_forget(l->wal, seal_settled(l->seal), e);
}

int ledger_publish(struct ledger *l, int64_t now_ns, struct err *e)
{
	l->published_ns = now_ns;
	int r = l->seal ? 0 : follow_again(l, e);
	if (r == 0)
		r = seal_publish(l->seal, e);
	if (r == 0) {
		l->published = seal_published(l->seal);
		r = settle(l, e);
	}
	if (r < 0)
		drop_seal(l);
	return r;
}

int ledger_finish(struct ledger *l, int64_t now_ns, struct err *e)
{
	int r = ledger_commit(l, e);
	if (r == 0)
		r = ledger_publish(l, now_ns, e);
	if (r == 0)
		r = seal_settle(l->seal, e);
	if (r < 0)
		return r;
	seal_end(l->seal);
	return wal_clear(l->wal, e);
}

int ledger_tick(struct ledger *l, int64_t now_ns, struct err *e)
{
	uint64_t waiting = ledger_size(l) - l->published;
	bool late = now_ns - l->published_ns >= PUBLISH_NS || now_ns < l->published_ns;
	bool due = waiting && (late || (l->seal && waiting >= PUBLISH_ENTRIES));
	return due ? ledger_publish(l, now_ns, e) : 0;
}

uint64_t ledger_size(const struct ledger *l)
{
	return wal_durable(l->wal);
}

uint64_t ledger_published(const struct ledger *l)
{
	return l->published;
}

bool ledger_dead(const struct ledger *l)
{
	return wal_dead(l->wal);
}
