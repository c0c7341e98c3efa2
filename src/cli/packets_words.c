#include "cli/packets.h"

#include "base/out.h"

void packets_held_write(
	uint8_t body[PACKETS_HELD_SIZE], const struct packets_held *held, uint64_t dropped)
{
	char room[PACKETS_HELD_SIZE + 1];
	struct out o = out_mem(room, sizeof room);
	out_be(&o, (uint64_t)held->first_ns, 8);
	out_be(&o, (uint64_t)held->last_ns, 8);
	out_be(&o, held->frames, 8);
	out_be(&o, held->bytes, 8);
	out_be(&o, held->segments, 8);
	out_be(&o, held->lost, 8);
	out_be(&o, dropped, 8);
	out_be(&o, held->paused, 1);
	memcpy(body, room, PACKETS_HELD_SIZE);
}

bool packets_held_read(struct cur c, struct packets_held *held, uint64_t *dropped)
{
	struct packets_held h = { 0 };
	h.first_ns = (int64_t)cur_be64(&c);
	h.last_ns = (int64_t)cur_be64(&c);
	h.frames = cur_be64(&c);
	h.bytes = cur_be64(&c);
	h.segments = cur_be64(&c);
	h.lost = cur_be64(&c);
	uint64_t before = cur_be64(&c);
	uint8_t paused = cur_u8(&c);
	h.paused = paused == 1;
	if (!cur_ok(&c) || c.left || paused > 1)
		return false;
	*held = h;
	*dropped = before;
	return true;
}
