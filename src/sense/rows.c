#include "sense/rows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "sense/rows_inside.h"

/* Rows that fit into a message at most: none is shorter than this. */
enum { ROW_LEAST = ROW_HEAD + 8, MESSAGE_ROWS = ROWS_SIZE / ROW_LEAST };

struct rows {
	struct sense *s;
	rows_send *send;
	void *self;
	/* Of each row, by its number, what it was when it was told: a hash; 0 never. */
	uint64_t *told[ROW_KINDS];
	uint32_t known[ROW_KINDS]; /* what is below was told once */
	uint8_t message[ROWS_SIZE];
	size_t used;
	uint64_t *within[MESSAGE_ROWS]; /* what it was told of each row in the message */
	size_t count;
};

static uint32_t row_end(const struct rows *r, enum row_kind kind)
{
	const struct pool *p = rows_pool(r->s, kind);
	return p ? p->used : 2;
}

int rows_new(struct rows **out, struct sense *s, rows_send *send, void *self, struct err *e)
{
	struct rows *r = calloc(1, sizeof *r);
	if (!r)
		return err_sys(e, "tell what the sensor knows");
	r->s = s;
	r->send = send;
	r->self = self;
	for (enum row_kind kind = 1; kind < ROW_KINDS; kind++) {
		const struct pool *p = rows_pool(s, kind);
		r->told[kind] = calloc(p ? p->max : 2, sizeof *r->told[kind]);
		r->known[kind] = 1;
		if (!r->told[kind]) {
			rows_free(r);
			return err_sys(e, "tell what the sensor knows");
		}
	}
	*out = r;
	return 0;
}

void rows_free(struct rows *r)
{
	if (!r)
		return;
	for (enum row_kind kind = 1; kind < ROW_KINDS; kind++)
		free(r->told[kind]);
	free(r);
}

static int send_message(struct rows *r, struct err *e)
{
	int sent = r->used ? r->send(r->self, r->message, r->used, e) : 0;
	for (size_t i = 0; sent < 0 && i < r->count; i++)
		*r->within[i] = 0;
	r->used = r->count = 0;
	return sent;
}

static int tell_row(struct rows *r, enum row_kind kind, uint32_t number, struct err *e)
{
	char bytes[ROW_MAX];
	struct out o = out_mem(bytes, sizeof bytes);
	out_be(&o, kind, 1);
	out_be(&o, 0, 2);
	out_be(&o, number, 4);
	rows_write(r->s, kind, number, &o);
	if (o.failed)
		return err_set(e, -EMSGSIZE, "row %u of kind %d is too long to tell", number, kind);
	size_t size = o.used - 3;
	bytes[1] = (char)(size >> 8);
	bytes[2] = (char)size;
	uint64_t hash = hash_bytes(bytes, o.used) | 1, *told = &r->told[kind][number];
	if (*told == hash)
		return 0;
	bool room = o.used <= sizeof r->message - r->used && r->count < MESSAGE_ROWS;
	int sent = room ? 0 : send_message(r, e);
	if (sent < 0)
		return sent;
	memcpy(r->message + r->used, bytes, o.used);
	r->used += o.used;
	r->within[r->count++] = told;
	*told = hash;
	return 0;
}

int rows_tell(struct rows *r, bool all, struct err *e)
{
	uint32_t ends[ROW_KINDS];
	for (enum row_kind kind = 1; kind < ROW_KINDS; kind++) {
		ends[kind] = row_end(r, kind);
		bool only_new = !all && kind != ROW_FOUND && kind != ROW_COUNTERS;
		for (uint32_t n = only_new ? r->known[kind] : 1; n < ends[kind]; n++) {
			int sent = tell_row(r, kind, n, e);
			if (sent < 0) {
				send_message(r, &(struct err){ 0 });
				return sent;
			}
		}
	}
	int sent = send_message(r, e);
	if (sent == 0)
		memcpy(r->known, ends, sizeof ends);
	return sent;
}
