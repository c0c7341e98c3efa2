/* A log that holds anything: told within its bytes, refused in words and then left as it was, or
 * opened and gone on with. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "../disk.h"
#include "ledger/tile.h"
#include "ledger/wal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { HEADER = 32, SUMMED = 24 };

static const char name[] = "wal/0000000000000000";

static int see_batch(
	void *self, uint64_t first, uint32_t count, const void *bytes, size_t size, struct err *e)
{
	uint64_t *entries = self;
	struct cur c = cur_of(bytes, size);
	(void)first;
	for (uint32_t i = 0; i < count; i++) {
		struct cur entry = bundle_next(&c);
		if (!cur_ok(&entry))
			return err_set(e, -EBADMSG, "a broken batch");
		++*entries;
	}
	return 0;
}

/* Nobody guesses a sum: where a frame begins its sum is put right, if the first byte says so. */
static void make_sums(uint8_t *bytes, size_t size)
{
	for (size_t at = 0; at + HEADER <= size; at += 8) {
		struct cur c = cur_of(bytes + at + 4, 4);
		size_t payload = cur_be32(&c);
		if (memcmp(bytes + at, "WLOG", 4) != 0 || payload > size - at - HEADER)
			continue;
		uint64_t sum = XXH3_64bits_withSeed(
			bytes + at + HEADER, payload, XXH3_64bits(bytes + at, SUMMED));
		for (unsigned i = 0; i < 8; i++)
			bytes[at + SUMMED + i] = (uint8_t)(sum >> (56 - 8 * i));
	}
}

static void go_on(struct disk *d, struct wal *w)
{
	struct files f = disk_files(d);
	struct err e = { 0 };
	uint64_t had = wal_durable(w), entries = 0;
	assert(wal_add(w, "one more", 8, &e) == 0 && wal_commit(w, &e) == 0);
	assert(wal_durable(w) == had + 1);
	wal_close(w);
	assert(wal_open(&w, &f, WAL_LEAST, 0, see_batch, &entries, &e) == 0);
	assert(wal_durable(w) == had + 1 && entries == had + 1);
	wal_close(w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1 || size > WAL_LEAST)
		return 0;
	struct disk *d = disk_new(1);
	struct files f = disk_files(d);
	struct wal *w;
	struct err e = { 0 };
	uint64_t entries = 0;
	uint8_t *bytes = malloc(size);
	assert(bytes);
	memcpy(bytes, data + 1, size - 1);
	if (data[0] & 1)
		make_sums(bytes, size - 1);
	assert(files_put(&f, name, bytes, size - 1, &e) == 0);
	if (wal_check(&f, 0, see_batch, &entries, &e) < 0)
		assert(e.code < 0 && e.text[0]);
	entries = 0;
	if (wal_open(&w, &f, WAL_LEAST, 0, see_batch, &entries, &e) == 0) {
		assert(entries == wal_durable(w));
		go_on(d, w);
	} else {
		size_t left;
		const uint8_t *now = disk_bytes(d, name, &left);
		assert(e.code < 0 && e.text[0]);
		assert(left == size - 1 && (!left || memcmp(now, bytes, left) == 0));
	}
	free(bytes);
	disk_free(d);
	return 0;
}
