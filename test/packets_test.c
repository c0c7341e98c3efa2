/* The packet store on a disk made for tests: what it keeps, in how much room, and what it hands out
 * of it, whatever becomes of its files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/attr.h"
#include "packets_made.h"
#include "sense/capture.h"

static const char *const two_names[] = { "eth1", "span0" };
static const struct packets_config least = { PACKETS_LIMIT_LEAST, two_names, 2 };

struct kept {
	struct disk *disk;
	struct files files;
	struct packets *store;
	uint64_t put; /* frames 0 to put - 1 were */
};

static void store_open(struct kept *k)
{
	struct err e = { 0 };
	if (packets_open(&k->store, &k->files, &least, &e) < 0)
		fail_msg("%s", e.text);
}

static void begin(struct kept *k, uint64_t seed)
{
	*k = (struct kept){ .disk = disk_new(seed) };
	k->files = disk_files(k->disk);
	store_open(k);
}

static void end(struct kept *k)
{
	packets_close(k->store, MADE_BEGIN);
	k->store = NULL;
	assert_int_equal(disk_open_files(k->disk), 0);
}

/* Frame n is from host n % 40 to host 100 + n % 7, on interface n % 2, 60 to 1500 bytes. */
static void put(struct kept *k, unsigned count)
{
	struct made_frame m;
	for (; count; count--, k->put++) {
		made_frame(&m, k->put, (unsigned)(k->put % 40), 100 + (unsigned)(k->put % 7),
			60 + (size_t)(k->put * 37 % 1440));
		packets_put(k->store, (unsigned)(k->put % 2), &m.frame, 1, m.frame.at_ns);
	}
}

static void flush(struct kept *k)
{
	struct err e = { 0 };
	assert_int_equal(packets_flush(k->store, &e), 0);
}

static struct packets_held held(const struct kept *k)
{
	struct packets_held h;
	packets_held(k->store, &h);
	return h;
}

/* --- what is put is handed out --- */

static int open_demo(void)
{
	int fd = open(GOLDEN "/../../demo/plant.pcapng", O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

static void a_capture_comes_out_as_it_went_in(void **state)
{
	struct kept k;
	struct err e = { 0 };
	struct capture_frame c;
	uint64_t sum = 0, frames = 0;
	(void)state;
	begin(&k, 1);
	struct capture *in = capture_open(open_demo(), "plant", &e);
	assert_non_null(in);
	while (capture_next(in, &c, &e) == 1) {
		struct sense_frame f = { c.bytes, c.size, c.wire_size, c.linktype, c.at_ns, 0 };
		packets_put(k.store, c.interface % 2, &f, 1, c.at_ns);
		sum = got_sum(sum, &f);
		frames++;
	}
	capture_close(in);
	flush(&k);
	struct got before = got_all(&k.files);
	end(&k);
	struct got g = got_all(&k.files);
	assert_int_equal(g.frames, frames);
	assert_int_equal(g.sum, sum);
	assert_int_equal(before.sum, sum);
	assert_int_equal(g.interfaces, 2);
	assert_int_equal(g.found.unread, 0);
	disk_free(k.disk);
}

static void nothing_is_a_capture_too(void **state)
{
	struct kept k;
	struct packets_held h = { .frames = 1 };
	struct err e = { 0 };
	(void)state;
	begin(&k, 1);
	flush(&k);
	struct got g = got_all(&k.files);
	assert_int_equal(g.frames, 0);
	assert_int_equal(packets_look(&k.files, &h, &e), 0);
	assert_int_equal(h.frames, 0);
	assert_int_equal(h.first_ns, 0);
	end(&k);
	assert_int_equal(disk_used(k.disk), 0);
	disk_free(k.disk);
}

static void the_limit_holds_and_the_oldest_goes(void **state)
{
	struct kept k;
	struct packets_held now;
	struct err e = { 0 };
	(void)state;
	begin(&k, 2);
	for (unsigned i = 0; i < 400; i++) {
		put(&k, 50);
		flush(&k);
		assert_true(disk_used(k.disk) <= least.limit);
		assert_true(held(&k).bytes <= least.limit);
		if (i % 40 != 39)
			continue;
		struct got g = got_all(&k.files);
		assert_true(g.steps);
		assert_int_equal(g.last, k.put - 1);
		assert_int_equal(g.frames, held(&k).frames);
		assert_int_equal(g.first_ns, held(&k).first_ns);
		assert_int_equal(g.last_ns, held(&k).last_ns);
	}
	struct got g = got_all(&k.files);
	assert_true(g.first > 0);
	/* Two segments and their indexes may be under way: the rest of the room is used. */
	assert_true(disk_used(k.disk) > least.limit * 7 / 8);
	assert_int_equal(packets_look(&k.files, &now, &e), 0);
	assert_int_equal(now.frames, g.frames);
	assert_int_equal(now.segments, held(&k).segments);
	assert_int_equal(held(&k).lost, 0);
	end(&k);
	disk_free(k.disk);
}

struct each_segment {
	struct kept *k;
	uint64_t frames, indexes;
};

static void read_segment(void *to, const char *name)
{
	struct each_segment *each = to;
	struct got g = { 0 };
	size_t size;
	each->indexes += strstr(name, ".index") != NULL;
	if (!strstr(name, ".pcapng"))
		return;
	int fd = memfd_create("segment", MFD_CLOEXEC);
	const uint8_t *bytes = disk_bytes(each->k->disk, name, &size);
	assert_int_equal(write(fd, bytes, size), size);
	got_capture(fd, &g);
	assert_true(g.steps);
	assert_int_equal(g.interfaces, 2);
	each->frames += g.frames;
}

static void a_segment_is_a_capture_by_itself(void **state)
{
	struct kept k;
	struct each_segment each = { .k = &k };
	(void)state;
	begin(&k, 3);
	put(&k, 4000);
	end(&k);
	disk_each(k.disk, read_segment, &each);
	assert_int_equal(each.frames, 4000);
	assert_true(each.indexes > 8);
	disk_free(k.disk);
}

/* --- questions --- */

static bool has(uint64_t number, unsigned host)
{
	return number % 40 == host || 100 + number % 7 == host;
}

static void ask(const struct kept *k, int64_t from, int64_t to, unsigned one, unsigned other)
{
	struct packets_question q = { .from_ns = MADE_BEGIN + from * 1000000,
		.to_ns = to ? MADE_BEGIN + to * 1000000 : 0 };
	uint64_t want = 0, last = 0;
	struct got g;
	if (one)
		q.hosts[q.host_count++] = made_host(one);
	if (other)
		q.hosts[q.host_count++] = made_host_mac(other);
	for (uint64_t n = 0; n < k->put; n++)
		if ((int64_t)n >= from && (!to || (int64_t)n <= to) && (!one || has(n, one)) &&
			(!other || has(n, other))) {
			want++;
			last = n;
		}
	got_of(&k->files, &q, &g);
	assert_int_equal(g.frames, want);
	assert_true(g.ordered);
	assert_int_equal(g.last, want ? last : 0);
}

static void questions_get_their_frames_and_no_others(void **state)
{
	struct kept k;
	(void)state;
	begin(&k, 4);
	put(&k, 3000);
	flush(&k);
	for (unsigned turn = 0; turn < 2; turn++) {
		ask(&k, 0, 0, 0, 0);
		ask(&k, 1000, 1100, 0, 0);
		ask(&k, 2999, 0, 0, 0);
		ask(&k, 5000, 0, 0, 0);
		ask(&k, 0, 0, 17, 0);
		ask(&k, 0, 0, 0, 103);
		ask(&k, 0, 0, 17, 103);
		ask(&k, 500, 2500, 103, 17);
		ask(&k, 0, 0, 17, 18);
		ask(&k, 0, 0, 77, 0);
		if (turn == 0)
			end(&k);
	}
	disk_free(k.disk);
}

static void an_index_passes_over_what_has_nothing(void **state)
{
	struct kept k;
	struct made_frame m;
	struct packets_question q = { .from_ns = 0, .hosts = { made_host(999) }, .host_count = 1 };
	struct got g;
	(void)state;
	begin(&k, 5);
	put(&k, 1500);
	made_frame(&m, k.put++, 999, 5, 100);
	packets_put(k.store, 0, &m.frame, 1, 0);
	put(&k, 1500);
	flush(&k);
	got_of(&k.files, &q, &g);
	assert_int_equal(g.frames, 1);
	assert_int_equal(g.first, 1500);
	assert_true(g.found.passed > 30);
	assert_true(g.found.chunks <= 3);
	end(&k);
	disk_free(k.disk);
}

static void a_question_may_have_a_maximum(void **state)
{
	struct kept k;
	struct packets_question q = { .from_ns = 0, .frames_max = 10 };
	struct got g;
	(void)state;
	begin(&k, 6);
	put(&k, 500);
	end(&k);
	got_of(&k.files, &q, &g);
	assert_int_equal(g.frames, 10);
	assert_true(g.found.more && g.steps);
	q = (struct packets_question){ .from_ns = 0, .bytes_max = 20000 };
	got_of(&k.files, &q, &g);
	assert_in_range(g.found.bytes, 20000 - 1500, 20000);
	assert_true(g.found.more && g.steps);
	q.frames_max = k.put;
	q.bytes_max = 0;
	got_of(&k.files, &q, &g);
	assert_int_equal(g.frames, k.put);
	assert_false(g.found.more);
	disk_free(k.disk);
}

/* Two rings are emptied one after the other, and a clock may be set. */
static void frames_come_in_the_order_of_time(void **state)
{
	struct kept k;
	struct made_frame m;
	(void)state;
	begin(&k, 7);
	for (unsigned batch = 0; batch < 200; batch++)
		for (unsigned i = 0; i < 20; i++) {
			unsigned n = batch * 20 + (i % 2 ? 10 : 0) + i / 2;
			made_frame(&m, n, n % 40, 100, 300);
			packets_put(k.store, i % 2, &m.frame, 1, 0);
		}
	flush(&k);
	struct got g = got_all(&k.files);
	assert_int_equal(g.frames, 4000);
	assert_true(g.steps);
	/* An hour back: the same times once more. */
	for (unsigned n = 0; n < 4000; n++) {
		made_frame(&m, n, n % 40, 100, 300);
		packets_put(k.store, 0, &m.frame, 1, 0);
	}
	end(&k);
	g = got_all(&k.files);
	assert_int_equal(g.frames, 8000);
	assert_true(g.ordered);
	assert_int_equal(g.last, 3999);
	disk_free(k.disk);
}

static void hosts_are_those_of_the_innermost_packet(void **state)
{
	/* An ARP request in a VLAN, IPv6 behind two tags, and ERSPAN of frame 3 to 4. */
	static const uint8_t arp[] = { 255, 255, 255, 255, 255, 255, 2, 0, 0, 0, 0, 7, 0x81, 0, 0,
		5, 8, 6, 0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 7, 10, 0, 0, 7, 0, 0, 0, 0, 0, 0,
		10, 0, 0, 9 };
	static const uint8_t six[] = { 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x88, 0xa8, 0, 5, 0x81,
		0, 0, 6, 0x86, 0xdd, 0x60, 0, 0, 0, 0, 0, 59, 64, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0,
		0, 0, 0, 0, 0, 0, 1, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2 };
	static const struct {
		const char *host;
		uint64_t frames;
	} rows[] = { { "10.0.0.7", 1 }, { "10.0.0.9", 1 }, { "02:00:00:00:00:07", 1 },
		{ "ff-FF-ff-ff-ff-ff", 1 }, { "2001:db8::1", 1 }, { "2001:db8:0::2", 1 },
		{ "02:00:00:00:00:01", 1 }, { "10.0.0.3", 1 }, { "02:00:00:00:00:04", 1 },
		{ "192.0.2.1", 0 }, { "::", 0 } };
	struct kept k;
	struct made_frame m, inner;
	(void)state;
	begin(&k, 8);
	struct sense_frame f = { arp, sizeof arp, 60, LINK_ETHERNET, MADE_BEGIN, 0 };
	packets_put(k.store, 0, &f, 1, 0);
	f = (struct sense_frame){ six, sizeof six, sizeof six, LINK_ETHERNET, MADE_BEGIN, 0 };
	packets_put(k.store, 0, &f, 1, 0);
	made_frame(&inner, 1, 3, 4, 100);
	made_frame(&m, 2, 50, 51, 34 + 4 + 100);
	m.bytes[23] = 47; /* GRE, with ERSPAN of the first kind in it */
	memcpy(m.bytes + 34, "\x00\x00\x88\xbe", 4);
	memcpy(m.bytes + 38, inner.bytes, 100);
	packets_put(k.store, 0, &m.frame, 1, 0);
	flush(&k);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct packets_question q = { .from_ns = 0, .host_count = 1 };
		struct got g;
		assert_true(packets_host_read(rows[i].host, &q.hosts[0]));
		got_of(&k.files, &q, &g);
		if (g.frames != rows[i].frames)
			fail_msg("%s: %llu frames", rows[i].host, (unsigned long long)g.frames);
	}
	end(&k);
	disk_free(k.disk);
}

static void hosts_are_read(void **state)
{
	static const char *const wrong[] = { "", "10.0.0", "10.0.0.256", "plc1", "1:2:3:4:5:6",
		"02:00:00:00:00:0g", "02:00:00:00:00:01 ", "02.00.00.00.00.01", "fe80::1%eth0" };
	struct packets_host h;
	(void)state;
	for (size_t i = 0; i < COUNT_OF(wrong); i++)
		assert_false(packets_host_read(wrong[i], &h));
}

/* --- interfaces --- */

static void kinds_of_interfaces_differ(void **state)
{
	struct kept k;
	struct made_frame m;
	(void)state;
	begin(&k, 9);
	for (unsigned n = 0; n < 30; n++) {
		made_frame(&m, n, 1, 2, 100);
		if (n % 3 == 1) {
			m.frame.bytes += 14;
			m.frame.size -= 14;
			m.frame.wire_size -= 14;
			m.frame.linktype = LINK_RAW;
		}
		if (n % 3 == 2)
			m.frame.linktype = -1;
		packets_put(k.store, n % 3 == 1, &m.frame, 1, 0);
	}
	flush(&k);
	struct got g = got_all(&k.files);
	assert_int_equal(g.frames, 20);
	assert_int_equal(g.interfaces, 2);
	assert_int_equal(held(&k).lost, 10);
	assert_int_equal(held(&k).segments, 2);
	struct packets_question q = { .from_ns = 0, .hosts = { made_host(2) }, .host_count = 1 };
	got_of(&k.files, &q, &g);
	assert_int_equal(g.frames, 20);
	end(&k);
	disk_free(k.disk);
}

static void what_was_lost_before_is_told(void **state)
{
	struct kept k;
	size_t size;
	uint64_t received, dropped;
	(void)state;
	begin(&k, 10);
	put(&k, 3);
	packets_dropped(k.store, 0, 0x1122334455);
	end(&k);
	const uint8_t *bytes = disk_bytes(k.disk, "00000001.pcapng", &size);
	/* Interface statistics, 4.6: of interface 0, the block before the last one. */
	memcpy(&received, bytes + size - 2 * 52 + 24, sizeof received);
	memcpy(&dropped, bytes + size - 2 * 52 + 36, sizeof dropped);
	assert_int_equal(bytes[size - 2 * 52], 5);
	assert_int_equal(received, 0x1122334455 + 2);
	assert_int_equal(dropped, 0x1122334455);
	disk_free(k.disk);
}

/* --- what becomes of files --- */

static void starting_again_goes_on(void **state)
{
	struct kept k;
	(void)state;
	begin(&k, 11);
	for (unsigned round = 0; round < 5; round++) {
		put(&k, 700);
		flush(&k);
		struct packets_held before = held(&k);
		if (round % 2) { /* killed */
			disk_die_at(k.disk, disk_calls(k.disk) + 1);
			packets_close(k.store, 0);
			disk_power_lost(k.disk, false);
		} else {
			end(&k);
		}
		store_open(&k);
		assert_int_equal(held(&k).frames, before.frames);
		assert_int_equal(held(&k).first_ns, before.first_ns);
		struct got g = got_all(&k.files);
		assert_int_equal(g.frames, k.put);
		assert_true(g.steps);
	}
	end(&k);
	disk_free(k.disk);
}

struct damage {
	struct kept *k;
	unsigned how;
};

static void damage_index(void *to, const char *name)
{
	const struct damage *d = to;
	size_t size;
	if (!strstr(name, ".index"))
		return;
	if (d->how == 0) {
		assert_int_equal(d->k->files.remove(d->k->files.self, name), 0);
		return;
	}
	uint8_t *bytes = disk_bytes(d->k->disk, name, &size);
	if (d->how == 1)
		memset(bytes, 0, size);
	else
		bytes[d->how * 7919 % size] ^= (uint8_t)(1 + d->how % 255);
}

static void an_index_that_lacks_costs_no_packets(void **state)
{
	struct kept k, other;
	(void)state;
	begin(&k, 12);
	put(&k, 3000);
	end(&k);
	uint64_t sum = got_all(&k.files).sum;
	for (unsigned how = 0; how < 60; how++) {
		struct err e = { 0 };
		struct packets_held h;
		other = (struct kept){ .disk = disk_new(how), .put = k.put };
		other.files = disk_files(other.disk);
		disk_copy(other.disk, k.disk);
		disk_each(other.disk, damage_index, &(struct damage){ &other, how });
		assert_int_equal(got_all(&other.files).sum, sum);
		ask(&other, 100, 2900, 17, 103);
		assert_int_equal(packets_look(&other.files, &h, &e), 0);
		assert_int_equal(h.frames, k.put);
		/* Made anew: the last four at each start, so that all are after a few. */
		for (unsigned starts = 0; how < 4 && starts < 4; starts++) {
			store_open(&other);
			end(&other);
		}
		store_open(&other);
		assert_true(how > 3 || held(&other).frames == k.put);
		end(&other);
		assert_int_equal(got_all(&other.files).sum, sum);
		disk_free(other.disk);
	}
	disk_free(k.disk);
}

static void an_index_of_another_segment_is_not_believed(void **state)
{
	struct kept k;
	(void)state;
	begin(&k, 13);
	put(&k, 3000);
	end(&k);
	uint64_t sum = got_all(&k.files).sum;
	assert_int_equal(k.files.rename(k.files.self, "00000002.index", "00000003.index"), 0);
	assert_int_equal(got_all(&k.files).sum, sum);
	store_open(&k); /* makes the lost ones anew, and those of nobody go */
	assert_int_equal(k.files.remove(k.files.self, "00000001.pcapng"), 0);
	end(&k);
	store_open(&k);
	size_t size;
	assert_null(disk_bytes(k.disk, "00000001.index", &size));
	assert_int_equal(held(&k).frames, got_all(&k.files).frames);
	end(&k);
	disk_free(k.disk);
}

/* Cut anywhere: what stands before is handed out, and with its index the cut costs one frame. */
static void a_segment_may_be_cut(void **state)
{
	struct kept k;
	size_t size;
	uint64_t frames = 0;
	(void)state;
	begin(&k, 14);
	put(&k, 8);
	end(&k);
	const uint8_t *bytes = disk_bytes(k.disk, "00000001.pcapng", &size);
	assert_non_null(bytes);
	for (size_t cut = 0; cut <= size; cut++) {
		struct kept part = { .disk = disk_new(cut) };
		struct err e = { 0 };
		part.files = disk_files(part.disk);
		assert_int_equal(files_put(&part.files, "00000001.pcapng", bytes, cut, &e), 0);
		if (cut % 3) {
			size_t index;
			const uint8_t *rows = disk_bytes(k.disk, "00000001.index", &index);
			assert_int_equal(
				files_put(&part.files, "00000001.index", rows, index, &e), 0);
		}
		struct got g = got_all(&part.files);
		assert_true(g.steps);
		assert_true(g.frames >= frames);
		frames = g.frames;
		/* Whoever writes next begins another one. */
		if (cut % 64 == 0) {
			part.put = 100;
			store_open(&part);
			put(&part, 1);
			end(&part);
			struct got more = got_all(&part.files);
			assert_int_equal(more.frames, frames + 1);
			assert_int_equal(more.last, 100);
		}
		disk_free(part.disk);
	}
	assert_int_equal(frames, 8);
	disk_free(k.disk);
}

static void damage_costs_a_chunk(void **state)
{
	struct kept k;
	size_t size;
	(void)state;
	begin(&k, 15);
	put(&k, 300);
	end(&k);
	uint8_t *bytes = disk_bytes(k.disk, "00000001.pcapng", &size);
	memset(bytes + size / 3, 0xff, 4000);
	struct got g = got_all(&k.files);
	assert_true(g.ordered);
	assert_in_range(g.frames, 300 - 100, 299);
	assert_int_equal(g.last, 299);
	assert_in_range(g.found.unread, 1, 70000);
	disk_free(k.disk);
}

static void what_is_none_of_ours_is_left_alone(void **state)
{
	struct kept k;
	struct err e = { 0 };
	static uint8_t junk[100000];
	(void)state;
	begin(&k, 16);
	end(&k);
	memset(junk, 0x5a, sizeof junk);
	assert_int_equal(files_put(&k.files, "00000007.pcapng", junk, sizeof junk, &e), 0);
	assert_int_equal(files_put(&k.files, "00000007.index", junk, sizeof junk, &e), 0);
	assert_int_equal(files_put(&k.files, "7.pcapng", junk, 10, &e), 0);
	assert_int_equal(files_put(&k.files, "notes.txt", junk, 10, &e), 0);
	store_open(&k);
	put(&k, 20000);
	end(&k);
	struct got g = got_all(&k.files);
	size_t size;
	assert_true(g.steps);
	assert_null(disk_bytes(k.disk, "00000007.pcapng", &size)); /* the oldest */
	assert_non_null(disk_bytes(k.disk, "notes.txt", &size));
	assert_non_null(disk_bytes(k.disk, "7.pcapng", &size));
	assert_null(disk_bytes(k.disk, "00000001.pcapng", &size));
	disk_free(k.disk);
}

/* --- a reader meanwhile --- */

struct meddler {
	struct kept *k;
	struct files files;
	unsigned opens;
};

static int meddle(void *self, const char *name, enum file_how how)
{
	struct meddler *m = self;
	if (++m->opens % 5 == 0) {
		put(m->k, 60);
		flush(m->k);
	}
	return m->k->files.open(m->k->files.self, name, how);
}

static long pass_read(void *self, int fd, void *to, size_t size, uint64_t at)
{
	struct meddler *m = self;
	return m->k->files.read(m->k->files.self, fd, to, size, at);
}

static long pass_size(void *self, int fd)
{
	struct meddler *m = self;
	return m->k->files.size(m->k->files.self, fd);
}

static int pass_list(
	void *self, const char *folder, void (*each)(void *to, const char *name), void *to)
{
	struct meddler *m = self;
	return m->k->files.list(m->k->files.self, folder, each, to);
}

static void pass_close(void *self, int fd)
{
	struct meddler *m = self;
	m->k->files.close(m->k->files.self, fd);
}

static void segments_go_under_a_reader(void **state)
{
	struct kept k;
	(void)state;
	begin(&k, 17);
	put(&k, 6000);
	flush(&k);
	struct meddler m = { .k = &k };
	m.files = (struct files){ .self = &m,
		.open = meddle,
		.read = pass_read,
		.size = pass_size,
		.list = pass_list,
		.close = pass_close };
	struct got g = got_all(&m.files);
	assert_true(g.found.gone > 0);
	assert_true(g.ordered);
	assert_true(g.frames > 1000);
	assert_int_equal(held(&k).lost, 0);
	end(&k);
	disk_free(k.disk);
}

/* --- a disk that fails --- */

static void a_full_disk_is_a_pause(void **state)
{
	struct kept k;
	struct err e = { 0 };
	(void)state;
	begin(&k, 18);
	put(&k, 200);
	flush(&k);
	uint64_t before = k.put;
	disk_room(k.disk, disk_used(k.disk) + 1000);
	put(&k, 10);
	assert_int_equal(packets_flush(k.store, &e), -ENOSPC);
	assert_non_null(strstr(e.text, "No space left on device"));
	assert_true(held(&k).paused);
	for (unsigned i = 0; i < 20; i++) { /* said once */
		put(&k, 100);
		assert_int_equal(packets_flush(k.store, &e), 0);
	}
	assert_true(held(&k).lost > 0);
	assert_true(disk_used(k.disk) <= disk_used(k.disk) + 1000);
	disk_room(k.disk, 0);
	assert_int_equal(packets_flush(k.store, &e), 1);
	assert_int_equal(packets_flush(k.store, &e), 0);
	assert_false(held(&k).paused);
	put(&k, 50);
	end(&k);
	struct got g = got_all(&k.files);
	assert_true(g.frames > before);
	assert_int_equal(g.last, k.put - 1);
	assert_true(g.ordered);
	disk_free(k.disk);
}

/* Where old segments give room, they do, and nothing is lost. */
static void a_full_disk_takes_the_oldest(void **state)
{
	struct kept k;
	(void)state;
	begin(&k, 19);
	put(&k, 2000);
	flush(&k);
	disk_room(k.disk, disk_used(k.disk) + 300000);
	for (unsigned i = 0; i < 60; i++) {
		put(&k, 100);
		flush(&k);
	}
	struct got g = got_all(&k.files);
	assert_true(g.steps);
	assert_true(g.first > 0);
	assert_int_equal(g.last, k.put - 1);
	assert_int_equal(held(&k).lost, 0);
	end(&k);
	disk_free(k.disk);
}

/* Room that somebody else takes at once: one segment is the price, not all of them. */
static void what_does_not_help_is_not_given_up(void **state)
{
	struct kept k;
	struct err e = { 0 };
	(void)state;
	begin(&k, 20);
	put(&k, 3000);
	flush(&k);
	uint64_t segments = held(&k).segments;
	disk_fail(k.disk, DISK_WRITE, -ENOSPC);
	for (unsigned i = 0; i < 30; i++) {
		put(&k, 20);
		(void)!packets_flush(k.store, &e);
	}
	assert_in_range(held(&k).segments, segments - 2, segments);
	disk_fail(k.disk, DISK_WRITE, 0);
	assert_int_equal(packets_flush(k.store, &e), 1);
	end(&k);
	disk_free(k.disk);
}

static void a_broken_disk_is_left_for_the_next_segment(void **state)
{
	struct kept k;
	struct err e = { 0 };
	(void)state;
	begin(&k, 21);
	put(&k, 100);
	flush(&k);
	disk_fail(k.disk, DISK_WRITE, -EIO);
	put(&k, 10);
	assert_int_equal(packets_flush(k.store, &e), -EIO);
	for (unsigned i = 0; i < 50; i++) {
		put(&k, 1);
		assert_int_equal(packets_flush(k.store, &e), 0);
	}
	assert_in_range(held(&k).segments, 1, 2);
	disk_fail(k.disk, DISK_WRITE, 0);
	put(&k, 5);
	assert_int_equal(packets_flush(k.store, &e), 1);
	struct got g = got_all(&k.files);
	assert_int_equal(g.frames + held(&k).lost, k.put);
	assert_int_equal(g.frames, held(&k).frames);
	assert_int_equal(held(&k).lost, 60);
	end(&k);
	disk_free(k.disk);
}

/* Each call fails once, for a while: frames are there or counted, and never both. */
static void every_call_may_fail(void **state)
{
	static const int codes[] = { -EIO, -ENOSPC, -EACCES };
	(void)state;
	for (uint64_t n = 1; n < 160; n++) {
		struct kept k;
		struct err e = { 0 };
		enum disk_call which;
		begin(&k, n);
		disk_short_writes(k.disk, n % 2);
		put(&k, 300);
		(void)!packets_flush(k.store, &e);
		disk_fail_at(k.disk, n / 2 + 1, n % 3, codes[n % COUNT_OF(codes)]);
		for (unsigned i = 0; i < 30; i++) {
			put(&k, 90);
			(void)!packets_flush(k.store, &e);
		}
		bool fired = disk_fired(k.disk, &which);
		disk_fail_at(k.disk, 1 << 30, 0, 0);
		put(&k, 10);
		(void)!packets_flush(k.store, &e);
		uint64_t lost = held(&k).lost;
		assert_false(held(&k).paused);
		end(&k);
		struct got g = got_all(&k.files);
		/* A full disk may have cost an old segment. */
		if (codes[n % COUNT_OF(codes)] != -ENOSPC)
			assert_int_equal(g.frames + lost, k.put);
		assert_true(g.frames + lost <= k.put);
		assert_int_equal(g.last, k.put - 1);
		assert_true(fired || n > 60);
		disk_free(k.disk);
	}
}

static void an_answer_that_cannot_be_written_says_so(void **state)
{
	struct kept k;
	char small[1024];
	struct out o = out_mem(small, sizeof small);
	struct packets_found found;
	struct err e = { 0 };
	(void)state;
	begin(&k, 22);
	put(&k, 100);
	end(&k);
	struct packets_question all = { .from_ns = 0 };
	assert_int_equal(packets_find(&k.files, &all, &o, &found, &e), -EIO);
	static const enum disk_call calls[] = { DISK_OTHER, DISK_OPEN };
	for (size_t i = 0; i < COUNT_OF(calls); i++) { /* a folder, or files, of somebody else */
		struct packets_held h;
		disk_fail(k.disk, calls[i], -EACCES);
		o = out_mem(small, sizeof small);
		assert_int_equal(packets_find(&k.files, &all, &o, &found, &e), -EACCES);
		assert_int_equal(packets_look(&k.files, &h, &e), -EACCES);
		assert_non_null(strstr(e.text, "Permission denied"));
		disk_fail(k.disk, calls[i], 0);
	}
	disk_free(k.disk);
}

static void asked_wrongly(void **state)
{
	struct disk *d = disk_new(1);
	struct files f = disk_files(d);
	struct packets *p = NULL;
	struct err e = { 0 };
	(void)state;
	assert_int_equal(
		packets_open(&p, &f, &(struct packets_config){ 1000, two_names, 2 }, &e), -EINVAL);
	assert_non_null(strstr(e.text, "at least 4 MiB"));
	assert_int_equal(packets_open(&p, &f,
				 &(struct packets_config){ PACKETS_LIMIT_LEAST, two_names, 0 }, &e),
		-EINVAL);
	disk_fail(d, DISK_OTHER, -EACCES);
	assert_int_equal(packets_open(&p, &f, &least, &e), -EACCES);
	assert_null(p);
	disk_free(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_capture_comes_out_as_it_went_in),
		cmocka_unit_test(nothing_is_a_capture_too),
		cmocka_unit_test(the_limit_holds_and_the_oldest_goes),
		cmocka_unit_test(a_segment_is_a_capture_by_itself),
		cmocka_unit_test(questions_get_their_frames_and_no_others),
		cmocka_unit_test(an_index_passes_over_what_has_nothing),
		cmocka_unit_test(a_question_may_have_a_maximum),
		cmocka_unit_test(frames_come_in_the_order_of_time),
		cmocka_unit_test(hosts_are_those_of_the_innermost_packet),
		cmocka_unit_test(hosts_are_read),
		cmocka_unit_test(kinds_of_interfaces_differ),
		cmocka_unit_test(what_was_lost_before_is_told),
		cmocka_unit_test(starting_again_goes_on),
		cmocka_unit_test(an_index_that_lacks_costs_no_packets),
		cmocka_unit_test(an_index_of_another_segment_is_not_believed),
		cmocka_unit_test(a_segment_may_be_cut),
		cmocka_unit_test(damage_costs_a_chunk),
		cmocka_unit_test(what_is_none_of_ours_is_left_alone),
		cmocka_unit_test(segments_go_under_a_reader),
		cmocka_unit_test(a_full_disk_is_a_pause),
		cmocka_unit_test(a_full_disk_takes_the_oldest),
		cmocka_unit_test(what_does_not_help_is_not_given_up),
		cmocka_unit_test(a_broken_disk_is_left_for_the_next_segment),
		cmocka_unit_test(every_call_may_fail),
		cmocka_unit_test(an_answer_that_cannot_be_written_says_so),
		cmocka_unit_test(asked_wrongly),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
