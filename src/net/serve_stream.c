/* Events to all who listen.  They are written once, into a ring; each reader is a place in it, so
 * that five hundred of them cost what one does, and a slow one nothing but its place.
 *
 * The identifier of an event is how many bytes of the stream were sent up to its end, behind a word
 * that changes with each start: whoever comes back says it, and goes on from there. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "net/serve_inside.h"

enum { FIELDS = 160 }; /* of an event, beside its data */

struct serve_stream {
	struct serve *serve;
	struct serve_stream *next;
	uint8_t *ring;
	size_t size;
	uint64_t end; /* of all that was ever sent */
	uint32_t start;
	unsigned readers, readers_max;
	int64_t sent_ms, looked_ms;
	struct serve_request *first;
	struct pollfd *looks; /* room for all readers */
};

int64_t serve_now_ms(const struct serve *s)
{
	return (int64_t)uv_now(s->loop);
}

struct serve_stream *serve_stream_new(
	struct serve *s, size_t bytes, unsigned readers_max, struct err *e)
{
	struct serve_stream *t = calloc(1, sizeof *t);
	uint8_t *ring = malloc(bytes);
	struct pollfd *looks = calloc(readers_max, sizeof *looks);
	if (!t || !ring || !looks || getrandom(&t->start, sizeof t->start, 0) != sizeof t->start) {
		err_sys(e, "make a stream of events");
		free(t);
		free(ring);
		free(looks);
		return NULL;
	}
	t->serve = s;
	t->ring = ring;
	t->looks = looks;
	t->size = bytes;
	t->readers_max = readers_max;
	t->sent_ms = serve_now_ms(s);
	t->next = s->streams;
	s->streams = t;
	return t;
}

unsigned serve_stream_readers(const struct serve_stream *t)
{
	return t->readers;
}

/* --- reading --- */

static size_t read_ring(const struct serve_stream *t, uint64_t at, char *to, size_t most)
{
	size_t size = t->end - at < most ? (size_t)(t->end - at) : most;
	size_t from = (size_t)(at % t->size), first = t->size - from;
	if (first > size)
		first = size;
	memcpy(to, t->ring + from, first);
	memcpy(to + first, t->ring, size - first);
	return size;
}

static ssize_t on_read(void *self, uint64_t at, char *to, size_t most)
{
	static const char missed[] = "event: missed\ndata: {}\n\n";
	struct serve_request *q = self;
	struct serve_stream *t = q->stream;
	(void)at;
	if (q->guest->cut)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	if (q->ended || !t)
		return MHD_CONTENT_READER_END_OF_STREAM;
	q->moved_ms = serve_now_ms(q->serve);
	if (q->missed && most >= sizeof missed) {
		q->missed = false;
		memcpy(to, missed, sizeof missed - 1);
		return sizeof missed - 1;
	}
	size_t got = read_ring(t, q->stream_at, to, most);
	q->stream_at += got;
	if (got)
		return (ssize_t)got;
	q->suspended = true;
	MHD_suspend_connection(q->guest->connection);
	return 0;
}

/* --- coming and going --- */

/* "START-END", of which the ring still has what follows: true.  It begins where an event does. */
static bool resumes(const struct serve_stream *t, const char *id, uint64_t *at)
{
	char *end = NULL, before[2];
	if (!id || strlen(id) > 40 || id[0] < '0')
		return false;
	unsigned long long start = strtoull(id, &end, 16);
	if (start != t->start || *end != '-' || end[1] < '0' || end[1] > '9')
		return false;
	unsigned long long from = strtoull(end + 1, &end, 10);
	if (*end || from > t->end || t->end - from > t->size - sizeof before)
		return false;
	if (from &&
		(from < sizeof before ||
			read_ring(t, from - sizeof before, before, sizeof before) < sizeof before ||
			memcmp(before, "\n\n", sizeof before) != 0))
		return false;
	*at = from;
	return true;
}

void serve_stream_join(struct serve_stream *t, struct serve_request *q, uint64_t label)
{
	const char *id = q->headers[HEADER_LAST_EVENT_ID];
	if (t->readers == t->readers_max) {
		serve_refuse(q, CAUSE_STREAM_FULL, NULL);
		return;
	}
	struct MHD_Response *r =
		MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 4096, on_read, q, NULL);
	if (!r) {
		serve_refuse(q, CAUSE_MEMORY, NULL);
		return;
	}
	q->stream_label = label;
	q->stream_at = t->end;
	q->missed = id && !resumes(t, id, &q->stream_at);
	q->moved_ms = serve_now_ms(q->serve);
	q->stream = t;
	q->stream_before = NULL;
	q->stream_next = t->first;
	if (t->first)
		t->first->stream_before = q;
	t->first = q;
	t->readers++;
	answer_keep(q, 200, r, "text/event-stream");
}

void stream_leave(struct serve_request *q)
{
	struct serve_stream *t = q->stream;
	if (!t)
		return;
	if (q->stream_before)
		q->stream_before->stream_next = q->stream_next;
	else
		t->first = q->stream_next;
	if (q->stream_next)
		q->stream_next->stream_before = q->stream_before;
	t->readers--;
	q->stream = NULL;
}

void serve_stream_keep(struct serve_stream *t, bool (*may)(void *self, uint64_t label), void *self)
{
	for (struct serve_request *q = t->first; q; q = q->stream_next) {
		if (may(self, q->stream_label))
			continue;
		q->ended = true;
		answer_wake(q);
	}
}

/* --- sending --- */

static void write_ring(struct serve_stream *t, const void *bytes, size_t size)
{
	const uint8_t *from = bytes;
	size_t at = (size_t)(t->end % t->size), first = t->size - at;
	if (first > size)
		first = size;
	memcpy(t->ring + at, from, first);
	memcpy(t->ring, from + first, size - first);
	t->end += size;
}

static void wake_all(struct serve_stream *t)
{
	for (struct serve_request *q = t->first; q; q = q->stream_next) {
		if (t->end - q->stream_at > t->size)
			guest_cut(q->guest, CAUSE_STREAM_SLOW);
		else
			answer_wake(q);
	}
}

/* The identifier is of its own length in digits: 20 always, so that it can be told beforehand. */
int serve_stream_send(struct serve_stream *t, const char *event, struct cur data, struct err *e)
{
	char head[FIELDS];
	if (data.left + FIELDS > t->size / 8)
		return err_set(e, -EMSGSIZE, "an event of %zu bytes: at most %zu", data.left,
			t->size / 8 - FIELDS);
	int size = snprintf(
		head, sizeof head, "event: %.64s\nid: %08x-%020llu\ndata: ", event, t->start, 0ULL);
	uint64_t end = t->end + (uint64_t)size + data.left + 2;
	snprintf(head, sizeof head, "event: %.64s\nid: %08x-%020llu\ndata: ", event, t->start,
		(unsigned long long)end);
	write_ring(t, head, (size_t)size);
	write_ring(t, data.at, data.left);
	write_ring(t, "\n\n", 2);
	t->sent_ms = serve_now_ms(t->serve);
	t->serve->totals[TOTAL_EVENTS]++;
	wake_all(t);
	return 0;
}

/* --- all of them --- */

/* The library does not watch who has nothing to be sent: one that hung up would keep its place
 * until the next events. */
static void look_who_left(struct serve_stream *t)
{
	nfds_t n = 0;
	for (struct serve_request *q = t->first; q; q = q->stream_next)
		t->looks[n++] = (struct pollfd){ .fd = q->guest->fd, .events = POLLRDHUP };
	if (!n || poll(t->looks, n, 0) <= 0)
		return;
	n = 0;
	for (struct serve_request *q = t->first; q; q = q->stream_next) {
		q->ended |= t->looks[n++].revents != 0;
		if (q->ended)
			answer_wake(q);
	}
}

void streams_sweep(struct serve *s, int64_t now_ms)
{
	for (struct serve_stream *t = s->streams; t; t = t->next) {
		for (struct serve_request *q = t->first; q; q = q->stream_next)
			if (t->end > q->stream_at && now_ms - q->moved_ms > STALLED_MS)
				guest_cut(q->guest, CAUSE_STREAM_SLOW);
		if (now_ms - t->looked_ms >= LOOK_MS) {
			t->looked_ms = now_ms;
			look_who_left(t);
		}
		if (now_ms - t->sent_ms < BEAT_MS)
			continue;
		t->sent_ms = now_ms;
		write_ring(t, ":\n\n", 3);
		wake_all(t);
	}
}

void streams_end(struct serve *s)
{
	for (struct serve_stream *t = s->streams; t; t = t->next)
		for (struct serve_request *q = t->first; q; q = q->stream_next) {
			q->ended = true;
			answer_wake(q);
		}
}

void streams_free(struct serve *s)
{
	while (s->streams) {
		struct serve_stream *t = s->streams;
		s->streams = t->next;
		free(t->looks);
		free(t->ring);
		free(t);
	}
}
