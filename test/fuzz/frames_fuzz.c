/* Frames of hostile bytes on every link type: an input is frames of one byte (link type), two bytes
 * (length) and so many bytes. */
#include <assert.h>

#include "base/cur.h"
#include "packets.h"
#include "sense/sense.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

enum { MEMORY = 8 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	/* Ethernet most often: most of the code lives behind it. */
	static const int links[16] = { LINK_ETHERNET, LINK_NULL, LINK_RAW, LINK_LOOP, LINK_SLL,
		LINK_IPV4, LINK_IPV6, LINK_SLL2, [8 ... 15] = LINK_ETHERNET };
	struct err e = { 0 };
	struct sense_config config = { .memory = MEMORY };
	struct sense *s = sense_new(&config, &e);
	assert(s);
	struct cur c = cur_of(bytes, size);
	for (uint64_t number = 1; c.left > 3; number++) {
		uint8_t link = cur_u8(&c);
		size_t length = cur_be16(&c);
		length = length < c.left ? length : c.left;
		struct sense_frame f = { .bytes = cur_take(&c, length),
			.size = (uint32_t)length,
			.wire_size = (uint32_t)length + (link >> 7) * 100u,
			.linktype = links[link & 15],
			.at_ns = (int64_t)number * 1000000,
			.number = number };
		packets_send(s, &f, 1);
	}
	sense_end(s);
	struct plant plant;
	if (sense_plant(s, &plant, &e) == 0)
		assert(plant.asset_count == 0 || plant.assets);
	sense_free(s);
	return 0;
}
