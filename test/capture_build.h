/* Builds capture files in memory, in either byte order, for tests. */
#ifndef TEST_CAPTURE_BUILD_H
#define TEST_CAPTURE_BUILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct image {
	uint8_t *bytes;
	size_t size, room;
	bool big; /* byte order of what comes next */
};

void image_done(struct image *m);
void put_bytes(struct image *m, const void *bytes, size_t size);
void put16(struct image *m, uint16_t v);
void put32(struct image *m, uint32_t v);
void put_fill(struct image *m, size_t size, uint8_t seed); /* recognisable payload */

/* Classic pcap. */
void put_file_header(struct image *m, uint32_t magic, uint32_t linktype);
void put_record(struct image *m, uint32_t seconds, uint32_t fraction, uint32_t size, uint32_t wire);

/* pcapng: block_begin, content, block_end writes both lengths. */
size_t block_begin(struct image *m, uint32_t type);
void block_end(struct image *m, size_t start);
void put_section(struct image *m);
void put_interface(
	struct image *m, uint16_t linktype, uint32_t snap, int resolution, int64_t offset);
void put_enhanced(
	struct image *m, uint32_t interface, uint64_t ticks, uint32_t size, uint32_t wire);

struct image packed_gzip(const struct image *m, size_t from, size_t size);
struct image packed_zstd(const struct image *m, size_t from, size_t size, int window_log);

/* The image as a descriptor: a file, or a pipe that a child fills `step` bytes at a time. */
int image_file(const struct image *m, size_t size);
int image_pipe(const struct image *m, size_t size, size_t step);

#endif
