/* mix OUT COPIES MEGABYTES FOLDER...: one large capture made of many small ones.
 *
 * Every capture below the folders is stretched or squeezed to one window of 600 s and all are
 * merged in time.  The window is written COPIES times at once, each copy with hosts of its own:
 * copy k has other MAC, IPv4 and IPv6 addresses (in ARP too), private ones stay private, and
 * checksums are patched as RFC 1624 says, so that a good one stays good and a bad one bad.  Windows
 * follow one another until the size is reached.  What is encapsulated stays as it is; multicast,
 * broadcast, 0/8 and 127/8 too.  Frames that are not Ethernet are left out.
 *
 * The same captures give the same bytes: nothing here asks for a clock or for chance. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sense/capture.h"

enum {
	COPIES_MAX = 16, /* four bits of an address tell the copies apart */
	SOURCES_MAX = 10000,
	EDITS_MAX = 16, /* two in Ethernet, two in IP, four in ARP */
	LINK_ETHERNET = 1,
};
static const int64_t window_us = 600 * 1000000ll;
static const int64_t copy_apart_us = 7000; /* so that copies do not march in step */
static const int64_t begins_at_s = 1700000000;

struct frame {
	int64_t at; /* ns in the source, later us in the window */
	uint32_t source, index;
	uint32_t size, wire_size;
	uint8_t *bytes;
};

struct mix {
	struct frame *frames;
	size_t count, room;
	uint64_t bytes;
	char *names[SOURCES_MAX];
	size_t name_count;
};
static struct mix mix;

/* --- reading the sources --- */

static void *get(void *old, size_t size)
{
	void *p = realloc(old, size);
	if (!p) {
		fprintf(stderr, "mix: no memory\n");
		exit(1);
	}
	return p;
}

static int see_file(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st;
	(void)ftw;
	static const char *const ends[] = { ".pcap", ".pcapng", ".cap" };
	const char *dot = strrchr(path, '.');
	for (size_t i = 0; kind == FTW_F && dot && i < 3; i++)
		if (!strcmp(dot, ends[i]) && mix.name_count < SOURCES_MAX) {
			size_t size = strlen(path) + 1;
			mix.names[mix.name_count++] = memcpy(get(NULL, size), path, size);
		}
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int by_time(const void *a, const void *b)
{
	const struct frame *x = a, *y = b;
	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	if (x->source != y->source)
		return x->source < y->source ? -1 : 1;
	return x->index < y->index ? -1 : x->index > y->index;
}

static void keep(const struct capture_frame *f, uint32_t source, uint32_t index)
{
	if (mix.count == mix.room) {
		mix.room = mix.room ? mix.room * 2 : 1 << 16;
		mix.frames = get(mix.frames, mix.room * sizeof *mix.frames);
	}
	mix.frames[mix.count++] = (struct frame){
		.at = f->at_ns,
		.source = source,
		.index = index,
		.size = f->size,
		.wire_size = f->wire_size,
		.bytes = memcpy(get(NULL, f->size), f->bytes, f->size),
	};
	mix.bytes += f->size;
}

/* Takes the Ethernet frames of one capture, and puts its first at 0 and its last at the window's
 * end. */
static void read_source(uint32_t source)
{
	struct err e = { 0 };
	const char *name = mix.names[source];
	int fd = open(name, O_RDONLY | O_CLOEXEC);
	struct capture *c = fd < 0 ? NULL : capture_open(fd, name, &e);
	if (!c) {
		fprintf(stderr, "mix: left out %s: %s\n", name, fd < 0 ? strerror(errno) : e.text);
		return;
	}
	size_t before = mix.count;
	int64_t first = INT64_MAX, last = INT64_MIN;
	struct capture_frame f;
	for (uint32_t i = 0; capture_next(c, &f, &e) > 0; i++) {
		if (f.linktype != LINK_ETHERNET || f.size < 14)
			continue;
		keep(&f, source, i);
		first = f.at_ns < first ? f.at_ns : first;
		last = f.at_ns > last ? f.at_ns : last;
	}
	capture_close(c);
	for (size_t i = before; i < mix.count; i++) {
		double part = last > first
			? (double)(mix.frames[i].at - first) / (double)(last - first)
			: 0;
		mix.frames[i].at = (int64_t)(part * (double)window_us);
	}
}

/* --- hosts of their own --- */

/* The bytes of one frame that differ between copies, and the checksums over them. */
struct edit {
	uint8_t *at;
	uint8_t shift; /* the copy's number goes here */
};
struct edits {
	uint8_t *frame;
	size_t size;
	struct edit list[EDITS_MAX];
	size_t count, ip_first; /* edits from ip_first on are under the IP checksums */
	uint8_t *sums[2];
	size_t sum_count;
	bool udp;
};

static uint16_t be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static void edit(struct edits *x, size_t at, uint8_t shift)
{
	assert(x->count < EDITS_MAX);
	x->list[x->count++] = (struct edit){ x->frame + at, shift };
}

static void edit_mac(struct edits *x, size_t at)
{
	static const uint8_t nobody[6];
	if (!(x->frame[at] & 1) && memcmp(x->frame + at, nobody, 6) != 0)
		edit(x, at + 4, 0);
}

static void edit_ip4(struct edits *x, size_t at)
{
	const uint8_t *a = x->frame + at;
	if (a[0] == 0 || a[0] == 127 || a[0] >= 224)
		return;
	/* The second octet would carry these two networks out of their private range. */
	bool narrow = (a[0] == 192 && a[1] == 168) || (a[0] == 169 && a[1] == 254);
	edit(x, at + (narrow ? 2 : 1), narrow ? 4 : 0);
}

static void edit_ip6(struct edits *x, size_t at)
{
	static const uint8_t zero[15];
	if (x->frame[at] != 0xff && memcmp(x->frame + at, zero, sizeof zero) != 0)
		edit(x, at + 7, 0);
}

/* The checksum of the transport at `at`, which covers the addresses too (a pseudo header). */
static void sum_transport(struct edits *x, uint8_t protocol, size_t at)
{
	size_t sum = protocol == 6 ? 16 : protocol == 17 ? 6 : protocol == 58 ? 2 : 0;
	if (!sum || at + sum + 2 > x->size)
		return;
	if (protocol == 17 && be16(x->frame + at + sum) == 0)
		return; /* the sender left it out */
	x->udp = protocol == 17;
	x->sums[x->sum_count++] = x->frame + at + sum;
}

static void edit_packet4(struct edits *x, size_t at)
{
	const uint8_t *p = x->frame + at;
	if (at + 20 > x->size || p[0] >> 4 != 4)
		return;
	edit_ip4(x, at + 12);
	edit_ip4(x, at + 16);
	x->sums[x->sum_count++] = x->frame + at + 10;
	if ((be16(p + 6) & 0x1fff) == 0 && p[9] != 58)
		sum_transport(x, p[9], at + (p[0] & 15u) * 4);
}

static void edit_packet6(struct edits *x, size_t at)
{
	if (at + 40 > x->size || x->frame[at] >> 4 != 6)
		return;
	edit_ip6(x, at + 8);
	edit_ip6(x, at + 24);
	uint8_t next = x->frame[at + 6];
	for (at += 40; at + 8 <= x->size; next = x->frame[at], at += (x->frame[at + 1] + 1u) * 8) {
		if (next == 44) { /* a fragment: only the first has the transport's header */
			if (be16(x->frame + at + 2) & 0xfff8)
				return;
			next = x->frame[at];
			sum_transport(x, next, at + 8);
			return;
		}
		if (next != 0 && next != 43 && next != 60) {
			sum_transport(x, next, at);
			return;
		}
	}
}

static void edits_of(struct edits *x, uint8_t *frame, size_t size)
{
	*x = (struct edits){ .frame = frame, .size = size };
	edit_mac(x, 0);
	edit_mac(x, 6);
	size_t at = 14;
	uint16_t type = be16(frame + 12);
	while ((type == 0x8100 || type == 0x88a8 || type == 0x9100) && at + 4 <= size) {
		type = be16(frame + at + 2);
		at += 4;
	}
	x->ip_first = x->count;
	if (type == 0x0800) {
		edit_packet4(x, at);
	} else if (type == 0x86dd) {
		edit_packet6(x, at);
	} else if (type == 0x0806 && at + 28 <= size && be16(frame + at) == 1) {
		edit_mac(x, at + 8);
		edit_ip4(x, at + 14);
		edit_mac(x, at + 18);
		edit_ip4(x, at + 24);
	}
}

/* The 16-bit word that a changed byte belongs to, as the checksum counts words from the header's
 * start. */
static uint8_t *word_of(const struct edits *x, uint8_t *byte)
{
	size_t parity = (size_t)(x->sums[0] - x->frame) & 1;
	return ((size_t)(byte - x->frame) & 1) == parity ? byte : byte - 1;
}

/* Turns the frame of copy `from` into that of copy `to`, in place. */
static void become(struct edits *x, unsigned from, unsigned to)
{
	uint32_t change = 0;
	for (size_t i = 0; i < x->count; i++) {
		const struct edit *edit = &x->list[i];
		uint8_t *word = i >= x->ip_first && x->sum_count ? word_of(x, edit->at) : NULL;
		change += word ? (uint16_t)~be16(word) : 0;
		*edit->at ^= (uint8_t)((from ^ to) << edit->shift);
		change += word ? be16(word) : 0;
	}
	for (size_t i = 0; change && i < x->sum_count; i++) {
		uint32_t sum = (uint16_t)~be16(x->sums[i]) + change; /* RFC 1624, equation 3 */
		while (sum >> 16)
			sum = (sum & 0xffff) + (sum >> 16);
		sum = (uint16_t)~sum;
		if (sum == 0 && x->udp && i == x->sum_count - 1)
			sum = 0xffff; /* 0 would say: no checksum (RFC 768) */
		x->sums[i][0] = (uint8_t)(sum >> 8);
		x->sums[i][1] = (uint8_t)sum;
	}
}

/* --- writing --- */

static void write_frame(FILE *out, const struct frame *f, int64_t at_us)
{
	uint32_t head[4] = { (uint32_t)(begins_at_s + at_us / 1000000), (uint32_t)(at_us % 1000000),
		f->size, f->wire_size > f->size ? f->wire_size : f->size };
	fwrite(head, sizeof head, 1, out);
	fwrite(f->bytes, f->size, 1, out);
}

/* One window: the copies stand a little apart, and the next frame is that of the copy furthest
 * behind. */
static void write_window(FILE *out, unsigned copies, int64_t begin_us)
{
	size_t next[COPIES_MAX] = { 0 };
	for (uint64_t left = (uint64_t)mix.count * copies; left; left--) {
		unsigned first = copies;
		int64_t at = INT64_MAX;
		for (unsigned k = 0; k < copies; k++) {
			if (next[k] == mix.count)
				continue;
			int64_t mine = mix.frames[next[k]].at + k * copy_apart_us;
			if (mine < at) {
				at = mine;
				first = k;
			}
		}
		assert(first < copies);
		const struct frame *f = &mix.frames[next[first]++];
		struct edits x;
		edits_of(&x, f->bytes, f->size);
		become(&x, 0, first);
		write_frame(out, f, begin_us + at);
		become(&x, first, 0);
	}
}

int main(int argc, char **argv)
{
	if (argc < 5) {
		fprintf(stderr, "usage: mix OUT COPIES MEGABYTES FOLDER...\n");
		return 2;
	}
	unsigned copies = (unsigned)strtoul(argv[2], NULL, 10);
	uint64_t wanted = strtoull(argv[3], NULL, 10) * 1000000;
	if (copies < 1 || copies > COPIES_MAX) {
		fprintf(stderr, "mix: copies are 1 to %d\n", COPIES_MAX);
		return 2;
	}
	for (int i = 4; i < argc; i++)
		nftw(argv[i], see_file, 16, FTW_PHYS);
	qsort(mix.names, mix.name_count, sizeof *mix.names, by_name);
	for (uint32_t i = 0; i < mix.name_count; i++)
		read_source(i);
	if (!mix.count) {
		fprintf(stderr, "mix: no Ethernet frame in any capture there\n");
		return 1;
	}
	qsort(mix.frames, mix.count, sizeof *mix.frames, by_time);

	FILE *out = fopen(argv[1], "we");
	if (!out) {
		perror(argv[1]);
		return 1;
	}
	/* pcap, microseconds, this machine's byte order: draft-ietf-opsawg-pcap 4 */
	const struct {
		uint32_t magic;
		uint16_t major, minor;
		uint32_t reserved[2], snap, linktype;
	} head = { 0xa1b2c3d4, 2, 4, { 0 }, 262144, LINK_ETHERNET };
	fwrite(&head, sizeof head, 1, out);
	uint64_t window = (mix.bytes + mix.count * 16) * copies, written = 0;
	uint64_t windows = 0;
	do {
		write_window(out, copies, (int64_t)windows * (window_us + 1000000));
		written += window;
		windows++;
	} while (written + window / 2 < wanted);
	bool failed = ferror(out) != 0;
	if (fclose(out) != 0 || failed) {
		perror(argv[1]);
		return 1;
	}
	printf("%zu captures, %u copies, %" PRIu64 " windows: %" PRIu64 " packets, %" PRIu64
	       " bytes\n",
		mix.name_count, copies, windows, mix.count * copies * windows, written);
	for (size_t i = 0; i < mix.count; i++)
		free(mix.frames[i].bytes);
	free(mix.frames);
	for (size_t i = 0; i < mix.name_count; i++)
		free(mix.names[i]);
	return 0;
}
