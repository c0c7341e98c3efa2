/* A folder of tiles and bundles that hold anything: read and proved from within what is there. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "../disk.h"
#include "ledger/read.h"
#include "ledger/tile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int see_entry(void *self, uint64_t sequence, const void *entry, size_t size, bool signed_yet,
	struct err *e)
{
	static volatile uint8_t touched; /* a sanitizer sees whether it is all there */
	uint64_t *next = self;
	const uint8_t *bytes = entry;
	(void)e;
	assert(sequence == *next && size <= 65535 && signed_yet);
	for (size_t i = 0; i < size; i++)
		touched = bytes[i];
	(void)touched;
	++*next;
	return 0;
}

/* One byte says how many entries there are, the rest is a bundle, a tile, and what is above. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1)
		return 0;
	struct checkpoint head = { .size = 1 + data[0] };
	struct disk *d = disk_new(1);
	struct files f = disk_files(d);
	struct err e = { 0 };
	char name[TILE_NAME], proof[8192];
	uint64_t next = 0;
	size_t hashes = head.size * sizeof(struct hash);
	tile_name(name, TILE_ENTRIES, 0, (unsigned)head.size);
	assert(files_put(&f, name, data + 1, size - 1, &e) == 0);
	tile_name(name, 0, 0, (unsigned)head.size);
	assert(files_put(&f, name, data + 1, size - 1 < hashes ? size - 1 : hashes, &e) == 0);
	if (ledger_read(&f, &head, 0, see_entry, &next, &e) < 0)
		assert(e.code < 0 && e.text[0]);
	assert(next <= head.size);
	struct out o = out_mem(proof, sizeof proof);
	if (ledger_prove(&f, &head, "note\n", head.size - 1, &o, &e) == 0)
		assert(!o.failed);
	struct cur bundle = cur_of(data + 1, size - 1);
	for (size_t left = bundle.left; left > 0; left = bundle.left) {
		struct cur entry = bundle_next(&bundle);
		if (!cur_ok(&entry))
			break;
		assert(entry.left + 2 == left - bundle.left);
	}
	disk_free(d);
	return 0;
}
