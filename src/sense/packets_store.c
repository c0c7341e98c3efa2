/* The writer of a packet store: frames into a buffer, the buffer into a segment, and as many old
 * segments away as that takes. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>

#include "base/clock.h"
#include "sense/packets_inside.h"

enum {
	BATCH = 256 * 1024, /* written when there is so much, or at a flush */
	/* While it cannot be written, frames wait here until it is full. */
	BUFFER = BATCH + BLOCK_MAX + PREAMBLE_MAX + PACKETS_INTERFACES * STATISTICS_SIZE,
	FRAMES_ROOM = BUFFER - PACKETS_INTERFACES * STATISTICS_SIZE,
	COMMENT = 96,
};

struct written {
	struct interface is;
	uint64_t kept, dropped;
};

struct packets {
	struct files files;
	uint64_t limit, segment_size, lost;
	struct written interfaces[PACKETS_INTERFACES];
	unsigned interface_count;

	struct kept *old; /* the oldest first */
	size_t old_count;
	uint64_t old_bytes;

	/* The one that is written. */
	uint64_t number;
	int fd, index_fd;       /* -1: not made yet */
	bool begun, ending;     /* there is one; its last blocks are in the buffer */
	uint64_t written;       /* bytes in its file */
	size_t partly;          /* and of the buffer, where that could not be written whole */
	uint64_t index_written; /* of the index */
	struct chunk chunk;
	struct index index;
	uint8_t *buffer;
	size_t used;

	bool paused, said;
	bool gave_up; /* old segments, and it did not help */
	struct err why;
};

/* --- room --- */

static uint64_t current_bytes(const struct packets *p)
{
	if (!p->begun)
		return 0;
	return on_disk(p->written + p->used) + on_disk(index_size(&p->index) + INDEX_ROW);
}

static int drop_oldest(struct packets *p, struct err *e)
{
	int r = kept_remove(&p->files, p->old[0].number, e);
	if (r < 0)
		return r;
	p->old_bytes -= p->old[0].bytes;
	p->old_count--;
	memmove(p->old, p->old + 1, p->old_count * sizeof *p->old);
	return 0;
}

static int make_room(struct packets *p, struct err *e)
{
	int r = 0;
	while (r == 0 && p->old_count &&
		(p->old_bytes + current_bytes(p) > p->limit || p->old_count >= SEGMENTS_MAX - 1))
		r = drop_oldest(p, e);
	return r;
}

static void keep(struct packets *p, const struct kept *k)
{
	assert(p->old_count < SEGMENTS_MAX);
	p->old[p->old_count++] = *k;
	p->old_bytes += k->bytes;
}

/* --- the segment that is written --- */

static void forget_segment(struct packets *p)
{
	if (p->fd >= 0)
		p->files.close(p->files.self, p->fd);
	if (p->index_fd >= 0)
		p->files.close(p->files.self, p->index_fd);
	p->fd = p->index_fd = -1;
	p->begun = p->ending = false;
	p->written = p->index_written = 0;
	p->used = p->partly = 0;
	p->chunk = (struct chunk){ 0 };
}

/* A failure costs speed, and is tried again with the next rows. */
static void write_index(struct packets *p)
{
	char name[PACKETS_FILE];
	struct err e;
	size_t size = index_size(&p->index);
	uint64_t from = p->index_written;
	if (from == size && !p->ending)
		return;
	segment_name(name, p->number, true);
	if (p->index_fd < 0)
		p->index_fd = p->files.open(p->files.self, name, FILE_FRESH);
	if (p->index_fd < 0 ||
		files_write(&p->files, p->index_fd, name, p->index.bytes + from, size - from, from,
			&e) < 0)
		return;
	p->index_written = size;
	if (p->ending) /* behind the rows it tells of */
		(void)!files_write(&p->files, p->index_fd, name, p->index.bytes, INDEX_HEAD, 0, &e);
}

static void end_chunk(struct packets *p)
{
	if (p->chunk.frames)
		index_add(&p->index, &p->chunk);
	p->chunk = (struct chunk){ 0 };
}

/* All of it is in its file. */
static void finish_segment(struct packets *p)
{
	end_chunk(p);
	index_end(&p->index, p->written);
	write_index(p);
	p->files.begin(p->files.self, p->fd);
	struct kept k = { .number = p->number,
		.bytes = on_disk(p->written) + on_disk(index_size(&p->index)),
		.sum = p->index.sum };
	forget_segment(p);
	keep(p, &k);
}

/* Frames of the buffer that are whole within its first bytes. */
static uint64_t frames_within(const struct packets *p, size_t bytes)
{
	uint64_t frames = 0;
	for (struct cur c = cur_of(p->buffer, bytes); c.left >= ENHANCED_SIZE;) {
		struct cur head = c;
		struct block b = { .type = cur_le32(&head) };
		size_t size = cur_le32(&head);
		frames += block_is_packet(&b) && size <= c.left;
		cur_skip(&c, size);
	}
	return frames;
}

/* What is in its file stays, as far as it is whole; the rest is lost. */
static void abandon_segment(struct packets *p)
{
	unsigned mended = 0;
	struct err gone;
	bool empty = !p->written;
	uint64_t there = frames_within(p, p->partly);
	p->lost += frames_within(p, p->used) - there;
	forget_segment(p);
	if (empty && kept_remove(&p->files, p->number, &gone) == 0) {
		p->lost += there;
		p->number--; /* or there would be one for each try */
		return;
	}
	struct kept k = kept_look(&p->files, p->number, &mended);
	keep(p, &k);
}

static void begin_segment(struct packets *p, int64_t now)
{
	char comment[COMMENT], text[CLOCK_TEXT];
	uint8_t *at = p->buffer;
	assert(!p->used);
	p->number++;
	snprintf(comment, sizeof comment, "segment %llu, begun %s", (unsigned long long)p->number,
		clock_text(now, text));
	at += block_section(at, comment);
	for (unsigned i = 0; i < p->interface_count; i++)
		at += block_interface(at, &p->interfaces[i].is);
	p->used = (size_t)(at - p->buffer);
	assert(p->used <= PREAMBLE_MAX);
	p->begun = true;
	index_begin(&p->index, (uint32_t)crc32(0, p->buffer, (unsigned)p->used));
}

static void end_segment(struct packets *p, int64_t now)
{
	if (!p->begun || p->ending)
		return;
	for (unsigned i = 0; i < p->interface_count; i++)
		p->used += block_statistics(p->buffer + p->used, i, now, p->interfaces[i].kept,
			p->interfaces[i].dropped);
	assert(p->used <= BUFFER);
	p->ending = true;
}

/* --- writing --- */

/* From where it stopped the last time. */
static int write_rest(struct packets *p, const char *name, struct err *e)
{
	while (p->partly < p->used) {
		long n = p->files.write(p->files.self, p->fd, p->buffer + p->partly,
			p->used - p->partly, p->written + p->partly);
		if (n == -EINTR)
			continue;
		errno = n ? (int)-n : EIO;
		if (n <= 0)
			return err_sys(e, "write %s", name);
		p->partly += (size_t)n;
	}
	return 0;
}

static int write_buffer(struct packets *p, struct err *e)
{
	char name[PACKETS_FILE];
	segment_name(name, p->number, false);
	if (p->fd < 0)
		p->fd = files_open(&p->files, name, FILE_FRESH, e);
	int r = p->fd < 0 ? p->fd : write_rest(p, name, e);
	if (r < 0)
		return r;
	p->written += p->used;
	p->used = p->partly = 0;
	if (p->ending)
		finish_segment(p);
	else
		write_index(p);
	return 0;
}

static bool is_full(int code)
{
	return code == -ENOSPC || code == -EDQUOT;
}

/* A full disk may have room again where old segments go.  Where that does not help, no more of them
 * do until something could be written: somebody else takes what we give. */
static int give_up_old(struct packets *p, int r, struct err *e)
{
	struct err gone;
	for (uint64_t given = 0; is_full(r) && p->old_count && given <= p->used;) {
		given += p->old[0].bytes;
		if (drop_oldest(p, &gone) < 0)
			break;
		r = write_buffer(p, e);
	}
	p->gave_up = is_full(r);
	return r;
}

static int write_out(struct packets *p, struct err *e)
{
	int r = make_room(p, e);
	if (r == 0)
		r = write_buffer(p, e);
	if (is_full(r) && !p->gave_up)
		r = give_up_old(p, r, e);
	/* What fails in another way may lie at this file: the next one tries its luck. */
	if (r < 0 && p->fd >= 0 && !is_full(r))
		abandon_segment(p);
	if (r == 0)
		p->gave_up = false;
	return r;
}

/* A pause begins, or ends. */
static void try_to_write(struct packets *p)
{
	struct err e;
	int r = write_out(p, &e);
	if (r < 0 && !p->paused)
		p->why = e;
	p->paused = r < 0;
}

int packets_flush(struct packets *p, struct err *e)
{
	if (p->used)
		try_to_write(p);
	if (p->paused == p->said)
		return 0;
	if (!p->paused)
		return p->said = false, 1;
	p->said = true;
	*e = p->why;
	return err_in(e, "packets are not kept for now");
}

/* --- frames --- */

static bool fits(const struct packets *p, unsigned interface, const struct sense_frame *f)
{
	const struct written *w = &p->interfaces[interface];
	uint64_t size = p->written + p->used + ENHANCED_SIZE + padded(f->size);
	bool empty = !p->index.rows && !p->chunk.frames;
	return w->is.linktype == f->linktype && (empty || size <= p->segment_size);
}

/* There is a segment that this frame can go into, and room in the buffer. */
static bool find_place(
	struct packets *p, unsigned interface, const struct sense_frame *f, int64_t now)
{
	if (p->begun && !p->ending && !fits(p, interface, f)) {
		end_segment(p, now);
		if (!p->paused)
			try_to_write(p);
	}
	if (p->ending) /* and its end cannot be written */
		return false;
	if (!p->begun) {
		p->interfaces[interface].is.linktype = f->linktype;
		begin_segment(p, now);
	}
	if (p->used >= BATCH && !p->paused)
		try_to_write(p);
	return p->begun && p->used + ENHANCED_SIZE + padded(f->size) <= FRAMES_ROOM;
}

static void put_one(struct packets *p, unsigned interface, const struct sense_frame *f, int64_t now)
{
	if (f->linktype < 0 || f->linktype > UINT16_MAX || f->size > PACKETS_FRAME ||
		!find_place(p, interface, f, now)) {
		p->lost++;
		return;
	}
	size_t size = block_frame(p->buffer + p->used, interface, f);
	chunk_add(&p->chunk, p->written + p->used, size, f);
	p->used += size;
	p->interfaces[interface].kept++;
	if (p->chunk.size >= CHUNK_SIZE)
		end_chunk(p);
}

void packets_put(struct packets *p, unsigned interface, const struct sense_frame *frames,
	size_t count, int64_t now)
{
	assert(interface < p->interface_count);
	for (size_t i = 0; i < count; i++)
		put_one(p, interface, &frames[i], now);
}

void packets_dropped(struct packets *p, unsigned interface, uint64_t count)
{
	assert(interface < p->interface_count);
	p->interfaces[interface].dropped = count;
}

void packets_held(const struct packets *p, struct packets_held *out)
{
	struct sum all = { 0 };
	for (size_t i = 0; i < p->old_count; i++)
		sum_join(&all, &p->old[i].sum);
	if (p->begun) {
		sum_join(&all, &p->index.sum);
		sum_add(&all, &p->chunk);
	}
	*out = (struct packets_held){ .first_ns = all.first_ns,
		.last_ns = all.last_ns,
		.frames = all.frames,
		.bytes = p->old_bytes + current_bytes(p),
		.segments = p->old_count + p->begun,
		.lost = p->lost,
		.paused = p->paused };
}

/* --- opening --- */

static int look_at_all(struct packets *p, struct err *e)
{
	struct numbers found;
	unsigned mended = 0;
	int r = segments_list(&p->files, &found, e);
	if (r < 0)
		return r;
	kept_drop_orphans(&p->files, &found);
	p->old_count = found.count;
	for (size_t i = found.count; i-- > 0;) {
		p->old[i] = kept_look(&p->files, found.at[i], &mended);
		p->old_bytes += p->old[i].bytes;
	}
	p->number = found.count ? found.at[found.count - 1] : 0;
	free(found.at);
	return make_room(p, e);
}

static int read_config(struct packets *p, const struct packets_config *c, struct err *e)
{
	if (c->limit < PACKETS_LIMIT_LEAST)
		return err_set(e, -EINVAL, "packets: the limit is at least %llu MiB",
			(unsigned long long)PACKETS_LIMIT_LEAST >> 20);
	if (!c->interface_count || c->interface_count > PACKETS_INTERFACES)
		return err_set(e, -EINVAL, "packets: 1 to %d interfaces", PACKETS_INTERFACES);
	p->limit = c->limit;
	p->segment_size = c->limit / 16;
	if (p->segment_size < PACKETS_SEGMENT_LEAST)
		p->segment_size = PACKETS_SEGMENT_LEAST;
	if (p->segment_size > PACKETS_SEGMENT_MOST)
		p->segment_size = PACKETS_SEGMENT_MOST;
	p->interface_count = c->interface_count;
	for (unsigned i = 0; i < c->interface_count; i++) {
		struct interface *is = &p->interfaces[i].is;
		is->linktype = LINK_ETHERNET; /* until a frame of it says otherwise */
		snprintf(is->name, sizeof is->name, "%s", c->interfaces[i]);
	}
	return 0;
}

int packets_open(struct packets **out, const struct files *f, const struct packets_config *config,
	struct err *e)
{
	struct packets *p = calloc(1, sizeof *p);
	if (!p)
		return err_sys(e, "keep packets");
	p->files = *f;
	p->fd = p->index_fd = -1;
	int r = read_config(p, config, e);
	if (r == 0)
		r = index_init(&p->index, p->segment_size, e);
	p->buffer = malloc(BUFFER);
	p->old = calloc(SEGMENTS_MAX, sizeof *p->old); /* paid for as it fills */
	if (r == 0 && (!p->buffer || !p->old))
		r = err_set(e, -ENOMEM, "keep packets: not enough memory");
	if (r == 0)
		r = look_at_all(p, e);
	if (r < 0) {
		packets_close(p, 0);
		return r;
	}
	*out = p;
	return 0;
}

void packets_close(struct packets *p, int64_t now)
{
	if (!p)
		return;
	end_segment(p, now);
	if (p->used)
		try_to_write(p);
	forget_segment(p);
	index_done(&p->index);
	free(p->buffer);
	free(p->old);
	free(p);
}
