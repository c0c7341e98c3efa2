/* Questions to a packet store.
 *
 * First it is found out which chunks may have an answer: by their times, and by the bits of the
 * hosts in them.  Then they are read in the order of their first frames, and as many at a time as
 * overlap: so memory is that of a few chunks, however much is handed out. */
#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/grow.h"
#include "sense/packets_inside.h"

enum {
	CHUNKS_MOST = 1 << 22, /* of one question: 256 GiB of packets */
	AT_ONCE = 1024,        /* chunks in memory: 64 MiB of them, where each is as it should be */
	INTERFACES_MOST = 1024, /* that differ in name or kind, over all segments */
};

/* A segment with chunks in the plan. */
struct planned {
	uint64_t number;
	uint16_t interfaces[PACKETS_INTERFACES]; /* of ours, from 1; 0: none, the list is full */
};

struct part {
	int64_t first_ns;
	uint64_t at;
	uint32_t size, segment;
};

struct held_frame {
	int64_t at_ns;
	uint32_t at; /* of its bytes in the chunk */
	uint32_t size, wire_size;
	uint16_t interface;
};

/* A chunk in memory, and those of its frames that are asked for. */
struct loaded {
	uint8_t *bytes;
	struct held_frame *frames;
	size_t count, room, next;
	uint64_t turn; /* chunks that came first go first */
};

struct find {
	const struct files *files;
	const struct packets_question *question;
	struct packets_found *found;
	struct out *out;
	struct interface *interfaces; /* INTERFACES_MAX of them */
	unsigned interface_count;
	int written[INTERFACES_MOST]; /* its number in what is written, from 1; 0: none yet */
	int written_count;
	struct planned *segments;
	size_t segment_count, segment_room;
	struct part *parts;
	size_t part_count, part_room, part_next;
	struct loaded *heap[AT_ONCE]; /* whose next frame comes first is at 0 */
	size_t heap_count;
	uint64_t turns;
};

/* --- the plan --- */

static bool in_time(const struct packets_question *q, int64_t first_ns, int64_t last_ns)
{
	return last_ns >= q->from_ns && (!q->to_ns || first_ns <= q->to_ns);
}

static int plan_chunk(void *self, const struct chunk *c)
{
	struct find *f = self;
	const struct packets_question *q = f->question;
	bool wanted = c->frames && in_time(q, c->first_ns, c->last_ns);
	for (unsigned i = 0; wanted && i < q->host_count; i++)
		wanted = chunk_may_have(c, &q->hosts[i]);
	if (!wanted || f->part_count == CHUNKS_MOST) {
		f->found->passed += !wanted;
		f->found->more |= wanted;
		return 0;
	}
	struct part *parts = grow(f->parts, &f->part_room, f->part_count + 1, sizeof *parts);
	if (!parts)
		return -ENOMEM;
	f->parts = parts;
	f->parts[f->part_count++] = (struct part){ .first_ns = c->first_ns,
		.at = c->at,
		.size = c->size,
		.segment = (uint32_t)f->segment_count };
	return 0;
}

/* Its number from 1; 0: the list is full. */
static uint16_t know_interface(struct find *f, const struct interface *is)
{
	for (unsigned i = 0; i < f->interface_count; i++)
		if (f->interfaces[i].linktype == is->linktype &&
			strcmp(f->interfaces[i].name, is->name) == 0)
			return (uint16_t)(i + 1);
	if (f->interface_count == INTERFACES_MOST)
		return 0;
	f->interfaces[f->interface_count++] = *is;
	return (uint16_t)f->interface_count;
}

static int plan_segment(struct find *f, uint64_t number)
{
	struct segment s;
	size_t before = f->part_count;
	int r = segment_open(&s, f->files, number);
	if (r <= 0) {
		f->found->gone += r == 0;
		f->found->unread += r < 0 ? s.size : 0;
		return r == -EACCES ? r : 0;
	}
	f->found->segments++;
	struct planned *list =
		grow(f->segments, &f->segment_room, f->segment_count + 1, sizeof *list);
	if (list)
		f->segments = list;
	r = list ? segment_chunks(&s, plan_chunk, f, &f->found->unread) : -ENOMEM;
	struct planned p = { .number = number };
	for (unsigned i = 0; i < s.interface_count; i++)
		p.interfaces[i] = know_interface(f, &s.interfaces[i]);
	if (r == 0 && f->part_count > before)
		f->segments[f->segment_count++] = p;
	segment_close(&s);
	return r;
}

static int by_time(const void *a, const void *b)
{
	const struct part *x = a, *y = b;
	if (x->first_ns != y->first_ns)
		return x->first_ns < y->first_ns ? -1 : 1;
	if (x->segment != y->segment)
		return x->segment < y->segment ? -1 : 1;
	return (x->at > y->at) - (x->at < y->at);
}

/* Of what may not be read nothing can be said; what is damaged is read around. */
static int failed(int code, struct err *e)
{
	errno = -code;
	return err_sys(e, "read packets");
}

static int plan(struct find *f, struct err *e)
{
	struct numbers n;
	int r = segments_list(f->files, &n, e);
	if (r < 0)
		return r;
	for (size_t i = 0; r == 0 && i < n.count; i++)
		r = plan_segment(f, n.at[i]);
	free(n.at);
	if (r < 0)
		return failed(r, e);
	if (f->part_count)
		qsort(f->parts, f->part_count, sizeof *f->parts, by_time);
	return 0;
}

/* --- chunks in memory --- */

static void loaded_free(struct loaded *l)
{
	if (!l)
		return;
	free(l->bytes);
	free(l->frames);
	free(l);
}

static bool is_wanted(const struct packets_question *q, const struct sense_frame *f)
{
	struct frame_hosts hosts;
	if (!in_time(q, f->at_ns, f->at_ns))
		return false;
	if (q->host_count)
		frame_hosts(f, &hosts);
	for (unsigned i = 0; i < q->host_count; i++)
		if (!frame_has(&hosts, &q->hosts[i]))
			return false;
	return true;
}

static int frames_by_time(const void *a, const void *b)
{
	const struct held_frame *x = a, *y = b;
	if (x->at_ns != y->at_ns)
		return x->at_ns < y->at_ns ? -1 : 1;
	return (x->at > y->at) - (x->at < y->at);
}

static int hold_frame(struct loaded *l, const struct sense_frame *f, uint16_t interface)
{
	struct held_frame *frames = grow(l->frames, &l->room, l->count + 1, sizeof *frames);
	if (!frames)
		return -ENOMEM;
	l->frames = frames;
	l->frames[l->count++] = (struct held_frame){ .at_ns = f->at_ns,
		.at = (uint32_t)(f->bytes - l->bytes),
		.size = f->size,
		.wire_size = f->wire_size,
		.interface = interface };
	return 0;
}

static int read_chunk(struct find *f, const struct segment *s, const struct part *p,
	const struct planned *of, struct loaded *l)
{
	struct blocks b = { .segment = s, .at = p->at, .end = p->at + p->size };
	struct sense_frame frame;
	struct block block;
	uint32_t interface;
	int r = 0;
	l->bytes = b.window = malloc(p->size);
	if (!l->bytes)
		return -ENOMEM;
	long n = segment_read(s, b.window, p->size, p->at);
	b.have = n > 0 ? (size_t)n : 0;
	b.end = b.at + b.have;
	while (r == 0 && blocks_next(&b, &block))
		if (segment_frame(s, &block, &frame, &interface) && of->interfaces[interface] &&
			is_wanted(f->question, &frame))
			r = hold_frame(l, &frame, of->interfaces[interface]);
	f->found->unread += p->at + p->size - b.at;
	if (l->count)
		qsort(l->frames, l->count, sizeof *l->frames, frames_by_time);
	return r;
}

static bool comes_first(const struct loaded *a, const struct loaded *b)
{
	int64_t x = a->frames[a->next].at_ns, y = b->frames[b->next].at_ns;
	return x != y ? x < y : a->turn < b->turn;
}

static void swap(struct loaded **a, struct loaded **b)
{
	struct loaded *kept = *a;
	*a = *b;
	*b = kept;
}

static void heap_add(struct find *f, struct loaded *l)
{
	size_t at = f->heap_count++;
	f->heap[at] = l;
	for (; at && comes_first(f->heap[at], f->heap[(at - 1) / 2]); at = (at - 1) / 2)
		swap(&f->heap[at], &f->heap[(at - 1) / 2]);
}

/* The first one went on by a frame, or was replaced. */
static void heap_settle(struct find *f)
{
	for (size_t at = 0, least;; at = least) {
		least = at;
		for (size_t child = 2 * at + 1; child <= 2 * at + 2; child++)
			if (child < f->heap_count && comes_first(f->heap[child], f->heap[least]))
				least = child;
		if (least == at)
			return;
		swap(&f->heap[at], &f->heap[least]);
	}
}

/* A segment that went meanwhile had the oldest packets: nothing is wrong. */
static int load(struct find *f, const struct part *p)
{
	const struct planned *of = &f->segments[p->segment];
	struct segment s;
	int r = segment_open(&s, f->files, of->number);
	if (r <= 0) {
		f->found->gone += r == 0;
		f->found->unread += r < 0 ? p->size : 0;
		return 0;
	}
	f->found->chunks++;
	struct loaded *l = calloc(1, sizeof *l);
	r = l ? read_chunk(f, &s, p, of, l) : -ENOMEM;
	segment_close(&s);
	if (r < 0 || !l->count) {
		loaded_free(l);
		return r;
	}
	l->turn = f->turns++;
	heap_add(f, l);
	return 0;
}

/* --- what is written --- */

/* Described where its first frame comes; how often it differs, the file tells by itself. */
static void write_interface(struct find *f, uint16_t number)
{
	uint8_t block[PREAMBLE_MAX];
	if (f->written[number - 1])
		return;
	f->written[number - 1] = ++f->written_count;
	out_bytes(f->out, block, block_interface(block, &f->interfaces[number - 1]));
}

/* A capture without packets is of some interface all the same: or there are tools that do not take
 * it. */
static void write_interfaces(struct find *f)
{
	static const struct interface none = { "none", LINK_ETHERNET };
	if (!f->interface_count)
		know_interface(f, &none);
	for (unsigned i = 1; i <= f->interface_count; i++)
		write_interface(f, (uint16_t)i);
}

static void write_frame(struct find *f, const struct loaded *l)
{
	static const uint8_t zeros[4];
	const struct held_frame *h = &l->frames[l->next];
	const struct sense_frame frame = { .at_ns = h->at_ns,
		.size = h->size,
		.wire_size = h->wire_size,
		.bytes = l->bytes + h->at };
	uint8_t head[ENHANCED_SIZE];
	write_interface(f, h->interface);
	size_t size = block_frame_head(head, (uint32_t)f->written[h->interface - 1] - 1, &frame);
	out_bytes(f->out, head, ENHANCED_SIZE - 4);
	out_bytes(f->out, frame.bytes, frame.size);
	out_bytes(f->out, zeros, size - ENHANCED_SIZE - frame.size);
	out_bytes(f->out, head + 4, 4); /* its length once more */
}

/* False: that is enough. */
static bool hand_out(struct find *f, const struct loaded *l)
{
	const struct packets_question *q = f->question;
	const struct held_frame *h = &l->frames[l->next];
	struct packets_found *found = f->found;
	if ((q->frames_max && found->frames == q->frames_max) ||
		(q->bytes_max && found->bytes + h->size > q->bytes_max)) {
		found->more = true;
		return false;
	}
	write_frame(f, l);
	if (!found->frames++)
		found->first_ns = h->at_ns;
	found->last_ns = h->at_ns;
	found->bytes += h->size;
	return !f->out->failed;
}

static void step(struct find *f, struct loaded *first)
{
	if (++first->next == first->count) {
		loaded_free(first);
		f->heap[0] = f->heap[--f->heap_count];
	}
	if (f->heap_count)
		heap_settle(f);
}

static int64_t next_ns(const struct find *f)
{
	const struct loaded *first = f->heap[0];
	return first->frames[first->next].at_ns;
}

/* Chunks that begin before the next frame are read before it goes. */
static int merge(struct find *f)
{
	for (;;) {
		while (f->part_next < f->part_count && f->heap_count < AT_ONCE) {
			const struct part *p = &f->parts[f->part_next];
			if (f->heap_count && next_ns(f) < p->first_ns)
				break;
			f->part_next++;
			int r = load(f, p);
			if (r < 0)
				return r;
		}
		struct loaded *first = f->heap_count ? f->heap[0] : NULL;
		if (!first || !hand_out(f, first))
			return 0;
		step(f, first);
	}
}

int packets_find(const struct files *files, const struct packets_question *q, struct out *out,
	struct packets_found *found, struct err *e)
{
	uint8_t section[128];
	struct find *f = calloc(1, sizeof *f);
	*found = (struct packets_found){ 0 };
	if (f)
		f->interfaces = calloc(INTERFACES_MOST, sizeof *f->interfaces);
	if (!f || !f->interfaces) {
		free(f);
		return failed(-ENOMEM, e);
	}
	f->files = files;
	f->question = q;
	f->found = found;
	f->out = out;
	out_bytes(out, section, block_section(section, NULL));
	int r = plan(f, e);
	if (r == 0 && (r = merge(f)) < 0)
		failed(r, e);
	if (r == 0 && !found->frames)
		write_interfaces(f);
	if (r == 0 && out->failed)
		r = err_set(e, -EIO, "what is found cannot be written");
	while (f->heap_count)
		loaded_free(f->heap[--f->heap_count]);
	free(f->interfaces);
	free(f->segments);
	free(f->parts);
	free(f);
	return r;
}

/* --- all of it --- */

static int count_chunk(void *self, const struct chunk *c)
{
	sum_add(self, c);
	return 0;
}

int packets_look(const struct files *files, struct packets_held *out, struct err *e)
{
	struct numbers n;
	struct sum all = { 0 };
	uint64_t unread = 0;
	int r = segments_list(files, &n, e);
	if (r < 0)
		return r;
	*out = (struct packets_held){ 0 };
	for (size_t i = 0; r == 0 && i < n.count; i++) {
		struct segment s;
		struct sum sum = { 0 };
		int opened = segment_open(&s, files, n.at[i]);
		if (opened == -EACCES)
			r = opened;
		if (opened == 0 || r < 0)
			continue;
		if (opened == 1) {
			if (!segment_sum(&s, &sum)) {
				sum = (struct sum){ 0 };
				r = segment_chunks(&s, count_chunk, &sum, &unread);
			}
			segment_close(&s);
		}
		sum_join(&all, &sum);
		out->segments++;
		out->bytes += segment_bytes(files, n.at[i]);
	}
	free(n.at);
	out->frames = all.frames;
	out->first_ns = all.first_ns;
	out->last_ns = all.last_ns;
	return r < 0 ? failed(r, e) : 0;
}
