/* The capture reader against files built byte by byte: every variant of the formats, every length
 * they can be cut to, and what is no capture at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "base/attr.h"
#include "capture_build.h"
#include "sense/capture.h"

/* Everything one reading of a capture says. */
struct reading {
	int opened, ended; /* ended: what the last capture_next said */
	uint64_t packets;
	struct capture_state state;
	struct err error;
	struct {
		uint32_t size, wire_size, interface;
		int linktype;
		int64_t at_ns;
		uint8_t first;
	} frames[64];
};

/* Payloads are filled with one value; `spoiled` where the test itself wrote over them. */
static struct reading read_spoiled_or_not(int fd, bool spoiled)
{
	struct reading got = { 0 };
	struct capture *c = capture_open(fd, "test.pcap", &got.error);
	got.opened = c != NULL;
	if (!c)
		return got;
	struct capture_frame f;
	bool at_hand = capture_at_hand(c);
	const uint8_t *behind = NULL;
	while ((got.ended = capture_next(c, &f, &got.error)) == 1) {
		/* At hand means that the window did not move: frames lie one behind the other. */
		if (at_hand && behind)
			assert_true(f.bytes > behind);
		behind = f.bytes + f.size - (f.size > 0);
		at_hand = capture_at_hand(c);
		for (uint32_t i = 1; i < f.size && !spoiled; i++)
			assert_int_equal(f.bytes[i], f.bytes[0]);
		if (got.packets < COUNT_OF(got.frames)) {
			got.frames[got.packets].size = f.size;
			got.frames[got.packets].wire_size = f.wire_size;
			got.frames[got.packets].interface = f.interface;
			got.frames[got.packets].linktype = f.linktype;
			got.frames[got.packets].at_ns = f.at_ns;
			got.frames[got.packets].first = f.size ? f.bytes[0] : 0;
		}
		got.packets++;
	}
	assert_false(capture_at_hand(c));
	struct err again = { 0 };
	assert_int_equal(capture_next(c, &f, &again), got.ended);
	if (got.ended < 0)
		assert_string_equal(again.text, got.error.text);
	got.state = *capture_state(c);
	assert_int_equal(got.state.packets, got.packets);
	capture_close(c);
	return got;
}

static struct reading read_fd(int fd)
{
	return read_spoiled_or_not(fd, false);
}

static struct reading read_image(const struct image *m)
{
	return read_fd(image_file(m, m->size));
}

static void assert_says(const struct reading *got, const char *word)
{
	if (!strstr(got->error.text, word))
		fail_msg("'%s' does not say '%s'", got->error.text, word);
}

/* --- classic --- */

static const struct variant {
	uint32_t magic;
	bool big;
	uint32_t fraction_ns;
	bool modified;
} variants[] = {
	{ 0xa1b2c3d4, false, 1000, false },
	{ 0xa1b2c3d4, true, 1000, false },
	{ 0xa1b23c4d, false, 1, false },
	{ 0xa1b23c4d, true, 1, false },
	{ 0xa1b2cd34, false, 1000, true },
	{ 0xa1b2cd34, true, 1000, true },
};

enum { CLASSIC_FRAMES = 3 };

/* Three frames; where[n] is the size of the file that holds n of them. */
static struct image classic(const struct variant *v, size_t where[CLASSIC_FRAMES + 1])
{
	static const uint32_t sizes[CLASSIC_FRAMES] = { 60, 0, 17 };
	struct image m = { .big = v->big };
	put_file_header(&m, v->magic, 0x14000001); /* Ethernet, a check sequence of 4 bytes */
	where[0] = m.size;
	for (uint32_t i = 0; i < CLASSIC_FRAMES; i++) {
		put_record(&m, 4000000000u + i, 7 * i, sizes[i], 1500);
		if (v->modified)
			put_fill(&m, 8, 0xee);
		put_fill(&m, sizes[i], (uint8_t)(i + 1));
		where[i + 1] = m.size;
	}
	return m;
}

static void classic_variants(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < COUNT_OF(variants); i++) {
		size_t where[CLASSIC_FRAMES + 1];
		struct image m = classic(&variants[i], where);
		struct reading got = read_image(&m);
		assert_true(got.opened);
		assert_int_equal(got.ended, 0);
		assert_int_equal(got.packets, 3);
		assert_false(got.state.truncated);
		assert_int_equal(got.state.bytes, 77);
		assert_int_equal(got.state.file_bytes, m.size);
		assert_int_equal(got.state.file_size, m.size);
		assert_string_equal(got.state.format, "pcap");
		assert_int_equal(got.frames[0].linktype, 1);
		assert_int_equal(got.frames[0].size, 60);
		assert_int_equal(got.frames[0].first, 1);
		assert_int_equal(got.frames[1].size, 0);
		assert_int_equal(got.frames[2].wire_size, 1500);
		assert_int_equal(got.frames[2].first, 3);
		assert_int_equal(got.frames[2].at_ns,
			4000000002 * INT64_C(1000000000) + 14 * (int64_t)variants[i].fraction_ns);
		image_done(&m);
	}
}

static void classic_cut_anywhere(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < COUNT_OF(variants); i++) {
		size_t where[CLASSIC_FRAMES + 1];
		struct image m = classic(&variants[i], where);
		for (size_t size = 0; size <= m.size; size++) {
			struct reading got = read_fd(image_file(&m, size));
			assert_int_equal(got.opened, size >= where[0]);
			if (!got.opened) {
				assert_int_equal(got.error.code, -EINVAL);
				continue;
			}
			unsigned whole = 0;
			while (whole < CLASSIC_FRAMES && where[whole + 1] <= size)
				whole++;
			assert_int_equal(got.ended, 0);
			assert_int_equal(got.packets, whole);
			assert_int_equal(got.state.truncated, where[whole] != size);
		}
		image_done(&m);
	}
}

static void lengths_that_cannot_be(void **unused)
{
	(void)unused;
	static const struct {
		uint32_t size;
		bool good;
	} rows[] = { { 262144, true }, { 262145, false }, { UINT32_MAX, false } };
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct image m = { 0 };
		put_file_header(&m, 0xa1b2c3d4, 1);
		put_record(&m, 1, 0, 4, 4);
		put_fill(&m, 4, 9);
		put_record(&m, 2, 0, rows[i].size, rows[i].size);
		put_fill(&m, 262144, 7);
		struct reading got = read_image(&m);
		assert_int_equal(got.packets, rows[i].good ? 2 : 1);
		assert_int_equal(got.ended, rows[i].good ? 0 : -EINVAL);
		assert_int_equal(got.state.bad_blocks, rows[i].good ? 0 : 1);
		if (!rows[i].good)
			assert_says(&got, "frame 2 at byte 44");
		image_done(&m);
	}
}

static void captured_more_than_was_there(void **unused)
{
	(void)unused;
	struct image m = { 0 };
	put_file_header(&m, 0xa1b2c3d4, 1);
	put_record(&m, 1, 0, 64, 10);
	put_fill(&m, 64, 9);
	struct reading got = read_image(&m);
	assert_int_equal(got.frames[0].size, 64);
	assert_int_equal(got.frames[0].wire_size, 64);
	image_done(&m);
}

/* Before version 2.4 some wrote the size on the wire first. */
static void old_versions_turn_the_sizes(void **unused)
{
	(void)unused;
	for (unsigned big = 0; big < 2; big++) {
		struct image m = { .big = big };
		put_file_header(&m, 0xa1b2c3d4, 1);
		m.bytes[big ? 7 : 6] = 3;
		put_record(&m, 1, 0, 60, 60);
		put_fill(&m, 60, 1);
		put_record(&m, 2, 0, 1500, 60);
		put_fill(&m, 60, 2);
		put_record(&m, 3, 0, 60, 1500); /* and some did not */
		put_fill(&m, 60, 3);
		struct reading got = read_image(&m);
		assert_int_equal(got.ended, 0);
		assert_int_equal(got.packets, 3);
		for (unsigned i = 0; i < 3; i++) {
			assert_int_equal(got.frames[i].size, 60);
			assert_int_equal(got.frames[i].wire_size, i ? 1500 : 60);
			assert_int_equal(got.frames[i].first, i + 1);
		}
		image_done(&m);
	}
}

static void longer_than_the_window(void **unused)
{
	(void)unused;
	struct image m = { 0 };
	put_file_header(&m, 0xa1b2c3d4, 1);
	uint64_t packets = 0;
	for (; m.size < 3 * 1024 * 1024; packets++) {
		uint32_t size = (uint32_t)(packets * 7919 % (packets % 100 == 99 ? 262144 : 1500));
		put_record(&m, 1, 0, size, size);
		put_fill(&m, size, (uint8_t)packets);
	}
	struct reading got = read_image(&m);
	assert_int_equal(got.packets, packets);
	assert_false(got.state.truncated);
	got = read_fd(image_pipe(&m, m.size, 5000));
	assert_int_equal(got.packets, packets);
	assert_int_equal(got.state.file_size, 0);
	assert_int_equal(got.state.file_bytes, m.size);
	image_done(&m);
}

/* --- pcapng --- */

/* Two sections of both byte orders, all block types; ends[] after each block, frames[] of them. */
struct ng {
	struct image image;
	size_t ends[32];
	unsigned frames[32], count;
};

static void note(struct ng *g, bool is_frame)
{
	g->frames[g->count] = (g->count ? g->frames[g->count - 1] : 0) + is_frame;
	g->ends[g->count++] = g->image.size;
}

static struct ng ng_sample(bool big_first)
{
	struct ng g = { 0 };
	struct image *m = &g.image;
	size_t start;
	m->big = big_first;
	put_section(m);
	note(&g, false);
	put_interface(m, 1, 0, -1, 0);
	note(&g, false);
	put_interface(m, 101, 96, 9, 1000);
	note(&g, false);
	put_enhanced(m, 0, 1700000000000001, 61, 61);
	note(&g, true);
	put_enhanced(m, 1, 1700000000000000002, 3, 1500);
	note(&g, true);
	start = block_begin(m, 0xbad); /* nobody knows it */
	put_fill(m, 5, 1);
	block_end(m, start);
	note(&g, false);
	start = block_begin(m, 3); /* simple: 20 bytes of 1000 */
	put32(m, 1000);
	put_fill(m, 20, 20);
	block_end(m, start);
	note(&g, true);
	m->big = !m->big;
	put_section(m);
	note(&g, false);
	put_interface(m, 113, 40, 0x80 | 10, 0);
	note(&g, false);
	put_interface(m, 1, 0, 12, -5);
	note(&g, false);
	put_interface(m, 1, 0, 3, 0);
	note(&g, false);
	start = block_begin(m, 2); /* obsolete packet block: interface 0, 7 dropped */
	put16(m, 0);
	put16(m, 7);
	put32(m, 0);
	put32(m, 1024 * 5 + 512);
	put32(m, 2);
	put32(m, 2);
	put_fill(m, 2, 2);
	block_end(m, start);
	note(&g, true);
	put_enhanced(m, 1, 9000000000000, 8, 8);
	note(&g, true);
	put_enhanced(m, 2, 1500, 8, 8);
	note(&g, true);
	start = block_begin(m, 3); /* simple, longer than the snap length of interface 0 */
	put32(m, 1000);
	put_fill(m, 60, 60);
	block_end(m, start);
	note(&g, true);
	return g;
}

static void check_ng(const struct reading *got)
{
	static const struct {
		uint32_t size, wire_size, interface;
		int linktype;
		int64_t at_ns;
	} want[] = {
		{ 61, 61, 0, 1, 1700000000000001000 },
		{ 3, 1500, 1, 101, 1700001000000000002 },
		{ 20, 1000, 0, 1, 1700001000000000002 },
		{ 2, 2, 2, 113, 5500000000 },
		{ 8, 8, 3, 1, 4000000000 },
		{ 8, 8, 4, 1, 1500000000 },
		{ 40, 1000, 2, 113, 1500000000 },
	};
	assert_true(got->opened);
	assert_int_equal(got->ended, 0);
	assert_int_equal(got->packets, COUNT_OF(want));
	for (size_t i = 0; i < COUNT_OF(want); i++) {
		assert_int_equal(got->frames[i].size, want[i].size);
		assert_int_equal(got->frames[i].wire_size, want[i].wire_size);
		assert_int_equal(got->frames[i].interface, want[i].interface);
		assert_int_equal(got->frames[i].linktype, want[i].linktype);
		assert_int_equal(got->frames[i].at_ns, want[i].at_ns);
	}
	assert_int_equal(got->state.skipped_blocks, 1);
	assert_int_equal(got->state.bad_blocks, 0);
	assert_false(got->state.truncated);
}

static void ng_blocks(void **unused)
{
	(void)unused;
	for (int big = 0; big < 2; big++) {
		struct ng g = ng_sample(big);
		struct reading got = read_image(&g.image);
		check_ng(&got);
		assert_string_equal(got.state.format, "pcapng");
		image_done(&g.image);
	}
}

static void ng_cut_anywhere(void **unused)
{
	(void)unused;
	for (int big = 0; big < 2; big++) {
		struct ng g = ng_sample(big);
		for (size_t size = 0; size <= g.image.size; size++) {
			struct reading got = read_fd(image_file(&g.image, size));
			assert_int_equal(got.opened, size >= g.ends[0]);
			if (!got.opened)
				continue;
			unsigned whole = 0;
			while (whole + 1 < g.count && g.ends[whole + 1] <= size)
				whole++;
			assert_int_equal(got.ended, 0);
			assert_int_equal(got.packets, g.frames[whole]);
			assert_int_equal(got.state.truncated, g.ends[whole] != size);
		}
		image_done(&g.image);
	}
}

static void ng_byte_by_byte(void **unused)
{
	(void)unused;
	struct ng g = ng_sample(false);
	struct reading got = read_fd(image_pipe(&g.image, g.image.size, 1));
	check_ng(&got);
	image_done(&g.image);
}

static void ng_long_block_is_passed_over(void **unused)
{
	(void)unused;
	struct image m = { 0 };
	put_section(&m);
	put_interface(&m, 1, 0, -1, 0);
	size_t start = block_begin(&m, 10); /* decryption secrets, larger than the window */
	put_fill(&m, 2500000, 3);
	block_end(&m, start);
	put_enhanced(&m, 0, 5, 9, 9);
	struct reading got = read_image(&m);
	assert_int_equal(got.packets, 1);
	assert_int_equal(got.state.skipped_blocks, 1);
	got = read_fd(image_file(&m, start + 2000000));
	assert_int_equal(got.packets, 0);
	assert_true(got.state.truncated);
	image_done(&m);
}

/* One frame, then a block spoiled by writing one word over it; `at` counts from its start. */
static void ng_blocks_that_cannot_be(void **unused)
{
	(void)unused;
	static const struct {
		uint32_t type, at, word;
		const char *says;
	} rows[] = {
		{ 6, 4, 0, "impossible length" },
		{ 6, 4, 28, "impossible length" },
		{ 6, 4, 43, "impossible length" },
		{ 6, 4, 0x7ffffffc, "over 1 MiB" },
		{ 6, 40, 40, "another length" },
		{ 6, 8, 1, "interface 1" },
		{ 6, 8, UINT32_MAX, "interface 4294967295" },
		{ 6, 20, 13, "longer than itself" },
		{ 6, 20, UINT32_MAX, "longer than itself" },
		{ 9, 4, 8, "impossible length" },
		{ 9, 40, 0, "another length" },
		{ 0x0a0d0d0a, 4, 44, "byte-order mark" },
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct image m = { 0 };
		put_section(&m);
		put_interface(&m, 1, 0, -1, 0);
		put_enhanced(&m, 0, 1, 4, 4);
		size_t start = m.size;
		put_enhanced(&m, 0, 1, 12, 12);
		memcpy(m.bytes + start, &rows[i].type, 4);
		memcpy(m.bytes + start + rows[i].at, &rows[i].word, 4);
		struct reading got = read_image(&m);
		assert_int_equal(got.packets, 1);
		assert_int_equal(got.ended, -EINVAL);
		assert_int_equal(got.state.bad_blocks, 1);
		assert_says(&got, rows[i].says);
		image_done(&m);
	}
}

static void ng_too_many_interfaces(void **unused)
{
	(void)unused;
	struct image m = { 0 };
	put_section(&m);
	for (int i = 0; i < 4097; i++)
		put_interface(&m, 1, 0, -1, 0);
	struct reading got = read_image(&m);
	assert_int_equal(got.ended, -EINVAL);
	assert_says(&got, "4096 is the limit");
	image_done(&m);
}

/* Every exponent a file can state: no undefined shift or division, and the sane ones are right. */
static void ng_any_resolution(void **unused)
{
	(void)unused;
	for (int resolution = 0; resolution < 256; resolution++) {
		struct image m = { 0 };
		put_section(&m);
		put_interface(&m, 1, 0, resolution, 0);
		put_enhanced(&m, 0, UINT64_MAX, 1, 1);
		put_enhanced(&m, 0, 0, 1, 1);
		struct reading got = read_image(&m);
		assert_int_equal(got.packets, 2);
		assert_int_equal(got.frames[1].at_ns, 0);
		if (resolution == 0x80 + 34)
			assert_int_equal(got.frames[0].at_ns / 1000000000, (1 << 30) - 1);
		image_done(&m);
	}
}

/* --- packed --- */

static struct image join(struct image a, struct image b)
{
	put_bytes(&a, b.bytes, b.size);
	image_done(&b);
	return a;
}

static struct image packed_twice(const struct image *m, bool gzip)
{
	size_t half = m->size / 2;
	return gzip ? join(packed_gzip(m, 0, half), packed_gzip(m, half, m->size - half))
		    : join(packed_zstd(m, 0, half, 0), packed_zstd(m, half, m->size - half, 0));
}

static void packed_in_two_members(void **unused)
{
	(void)unused;
	struct ng g = ng_sample(false);
	for (int gzip = 0; gzip < 2; gzip++) {
		struct image packed = packed_twice(&g.image, gzip);
		struct reading got = read_image(&packed);
		check_ng(&got);
		assert_string_equal(got.state.format, gzip ? "pcapng, gzip" : "pcapng, zstd");
		assert_int_equal(got.state.file_bytes, packed.size);
		got = read_fd(image_pipe(&packed, packed.size, 1));
		check_ng(&got);
		if (gzip) { /* padding behind the last member, as tapes leave it */
			put_fill(&packed, 100, 0);
			got = read_image(&packed);
			check_ng(&got);
		}
		image_done(&packed);
	}
	image_done(&g.image);
}

static void packed_cut_anywhere(void **unused)
{
	(void)unused;
	struct ng g = ng_sample(true);
	for (int gzip = 0; gzip < 2; gzip++) {
		struct image packed = packed_twice(&g.image, gzip);
		for (size_t size = 0; size < packed.size; size++) {
			struct reading got = read_fd(image_file(&packed, size));
			if (!got.opened) {
				assert_int_equal(got.error.code, -EINVAL);
				continue;
			}
			assert_int_equal(got.ended, 0);
			assert_true(got.packets <= 7);
			assert_true(got.state.truncated);
		}
		image_done(&packed);
	}
	image_done(&g.image);
}

static void packed_and_damaged(void **unused)
{
	(void)unused;
	struct ng g = ng_sample(true);
	for (int gzip = 0; gzip < 2; gzip++) {
		struct image packed = packed_twice(&g.image, gzip);
		unsigned said = 0;
		for (size_t at = 4; at < packed.size; at++) {
			packed.bytes[at] ^= 0x55;
			struct reading got =
				read_spoiled_or_not(image_file(&packed, packed.size), true);
			said += strstr(got.error.text, "damaged") != NULL;
			packed.bytes[at] ^= 0x55;
		}
		assert_true(said > packed.size / 4);
		image_done(&packed);
	}
	image_done(&g.image);
}

static void packed_with_a_large_window(void **unused)
{
	(void)unused;
	struct ng g = ng_sample(false);
	struct image packed = packed_zstd(&g.image, 0, g.image.size, 23);
	struct reading got = read_image(&packed);
	check_ng(&got);
	image_done(&packed);
	packed = packed_zstd(&g.image, 0, g.image.size, 24);
	got = read_image(&packed);
	assert_false(got.opened);
	assert_says(&got, "window over 8 MiB");
	assert_non_null(strstr(got.error.try, "zstd -dc"));
	image_done(&packed);
	image_done(&g.image);
}

static void packed_something_else(void **unused)
{
	(void)unused;
	struct image m = { 0 };
	put_bytes(&m, "just words\n", 11);
	struct image packed = packed_gzip(&m, 0, m.size);
	struct reading got = read_image(&packed);
	assert_false(got.opened);
	assert_says(&got, "inside its gzip packing: it looks like text");
	struct image twice = packed_zstd(&packed, 0, packed.size, 0);
	image_done(&packed);
	got = read_image(&twice);
	assert_says(&got, "inside its zstd packing: it looks like a file packed twice");
	packed = packed_gzip(&twice, 0, twice.size);
	image_done(&twice);
	got = read_image(&packed);
	assert_says(&got, "inside its gzip packing: it looks like a file packed twice");
	image_done(&packed);
	packed = packed_gzip(&m, 0, 0);
	got = read_image(&packed);
	assert_says(&got, "is empty inside its gzip packing");
	image_done(&packed);
	image_done(&m);
}

/* --- no capture --- */

static void what_is_no_capture(void **unused)
{
	(void)unused;
	static const struct {
		const char *bytes;
		size_t size;
		const char *says, *try;
	} rows[] = {
		{ "", 0, "is empty", "before the first packet" },
		{ "x", 1, "looks like text", "text2pcap" },
		{ "# Modbus\n02:07 10.0.0.1 > 10.0.0.2\n", 34, "looks like text", "text2pcap" },
		{ " {\"_index\": 1}", 14, "JSON", "pcap or pcapng" },
		{ "<!DOCTYPE html><html>", 21, "an HTML page", "pcap or pcapng" },
		{ "version https://git-lfs.github.com/spec/v1\n", 43, "Git LFS", "git lfs pull" },
		{ "\x7f"
		  "ELF\2\1\1",
			7, "ELF program", "pcap or pcapng" },
		{ "PK\3\4\x14", 5, "zip archive", "unzip 'test.pcap'" },
		{ "%PDF-1.7", 8, "PDF", "pcap or pcapng" },
		{ "GMBU\1\2", 6, "Network Monitor 2", "editcap -F pcap 'test.pcap'" },
		{ "RTSS\1\2", 6, "Network Monitor 1", "editcap" },
		{ "snoop\0\0\0\0\0\0\2", 12, "snoop", "editcap" },
		{ "\xfd"
		  "7zXZ\0\0",
			7, "xz", "xz -dc 'test.pcap' | weir look -" },
		{ "\0\0\0\0\0", 5, "only zeros", "pcap or pcapng" },
		{ "\x01\x02\x03\xff\x80\x90\xa0\xb0\xc0", 9, "begins with 01 02 03 ff 80 90 a0 b0",
			"editcap" },
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct image m = { 0 };
		put_bytes(&m, rows[i].bytes, rows[i].size);
		struct reading got = read_image(&m);
		assert_false(got.opened);
		assert_int_equal(got.error.code, -EINVAL);
		assert_says(&got, rows[i].says);
		if (!strstr(got.error.try, rows[i].try))
			fail_msg("'%s' does not say '%s'", got.error.try, rows[i].try);
		image_done(&m);
	}
}

static void windows_event_trace(void **unused)
{
	(void)unused;
	struct image m = { 0 };
	put32(&m, 65536);
	put_fill(&m, 68, 0x11);
	put_bytes(&m, "\x02\x00\x02\xc0", 4);
	put_fill(&m, 400, 0x80);
	struct reading got = read_image(&m);
	assert_says(&got, "Windows event trace");
	assert_non_null(strstr(got.error.try, "etl2pcapng"));
	image_done(&m);
}

static void directory(void **unused)
{
	(void)unused;
	struct reading got = read_fd(open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	assert_false(got.opened);
	assert_int_equal(got.error.code, -EISDIR);
	assert_says(&got, "is a directory");
}

static void unreadable(void **unused)
{
	(void)unused;
	struct reading got = read_fd(open("/dev/null", O_WRONLY | O_CLOEXEC));
	assert_false(got.opened);
	assert_int_equal(got.error.code, -EBADF);
	assert_says(&got, "test.pcap: read");
}

static void versions_nobody_writes(void **unused)
{
	(void)unused;
	struct image m = { 0 };
	put_file_header(&m, 0xa1b2c3d4, 1);
	m.bytes[4] = 3;
	struct reading got = read_image(&m);
	assert_says(&got, "version 3.4");
	image_done(&m);
	put_section(&m);
	m.bytes[12] = 2;
	got = read_image(&m);
	assert_says(&got, "version 2.0");
	image_done(&m);
}

static void long_names_keep_their_end(void **unused)
{
	(void)unused;
	char name[600];
	memset(name, 'd', sizeof name);
	strcpy(name + sizeof name - 20, &"/shift/of/night.pcap"[1]);
	struct image m = { 0 };
	struct err e = { 0 };
	assert_null(capture_open(image_file(&m, 0), name, &e));
	assert_non_null(strstr(e.text, "night.pcap: is empty"));
}

int main(void)
{
	signal(SIGCHLD, SIG_IGN); /* the children that fill pipes */
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(classic_variants),
		cmocka_unit_test(classic_cut_anywhere),
		cmocka_unit_test(lengths_that_cannot_be),
		cmocka_unit_test(captured_more_than_was_there),
		cmocka_unit_test(old_versions_turn_the_sizes),
		cmocka_unit_test(longer_than_the_window),
		cmocka_unit_test(ng_blocks),
		cmocka_unit_test(ng_cut_anywhere),
		cmocka_unit_test(ng_byte_by_byte),
		cmocka_unit_test(ng_long_block_is_passed_over),
		cmocka_unit_test(ng_blocks_that_cannot_be),
		cmocka_unit_test(ng_too_many_interfaces),
		cmocka_unit_test(ng_any_resolution),
		cmocka_unit_test(packed_in_two_members),
		cmocka_unit_test(packed_cut_anywhere),
		cmocka_unit_test(packed_and_damaged),
		cmocka_unit_test(packed_with_a_large_window),
		cmocka_unit_test(packed_something_else),
		cmocka_unit_test(what_is_no_capture),
		cmocka_unit_test(windows_event_trace),
		cmocka_unit_test(directory),
		cmocka_unit_test(unreadable),
		cmocka_unit_test(versions_nobody_writes),
		cmocka_unit_test(long_names_keep_their_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
