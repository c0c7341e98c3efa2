/* UUIDs as text: RFC 9562, 4. */
#ifndef SENSE_PROTO_UUID_H
#define SENSE_PROTO_UUID_H

#include "base/out.h"

enum { UUID_SIZE = 16, UUID_TEXT = 37 };

/* `little`: the three numbers in front begin with their last byte. */
static inline void uuid_text(const uint8_t bytes[UUID_SIZE], bool little, char text[UUID_TEXT])
{
	static const uint8_t turned[] = { 3, 2, 1, 0, 5, 4, 7, 6 };
	struct out o = out_mem(text, UUID_TEXT);
	for (size_t i = 0; i < UUID_SIZE; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			out_char(&o, '-');
		out_hex(&o, &bytes[little && i < sizeof turned ? turned[i] : i], 1);
	}
	(void)out_text(&o);
}

#endif
