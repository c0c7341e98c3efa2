#include "dnp3.h"

enum { BLOCK = 16, FIR_FIN = 0xc0 };

/* IEEE 1815, 9.2.4.3: x16 + x13 + x12 + x11 + x10 + x8 + x6 + x5 + x2 + 1, low bit first. */
static unsigned checksum(const uint8_t *bytes, size_t size)
{
	unsigned crc = 0;
	for (size_t i = 0; i < size; i++) {
		crc ^= bytes[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc & 1 ? crc >> 1 ^ 0xa6bc : crc >> 1;
	}
	return ~crc & 0xffff;
}

static bool checked(const uint8_t *bytes, size_t size)
{
	return checksum(bytes, size) == ((unsigned)bytes[size + 1] << 8 | bytes[size]);
}

bool dnp3_receive(int fd, struct dnp3_frame *frame)
{
	uint8_t head[10], block[BLOCK + 2];
	if (!receive_exactly(fd, head, sizeof head) || head[0] != 0x05 || head[1] != 0x64 ||
		head[2] < 5 || !checked(head, 8))
		return false;
	frame->control = head[3];
	frame->to = (uint16_t)(head[5] << 8 | head[4]);
	frame->from = (uint16_t)(head[7] << 8 | head[6]);
	frame->size = 0;
	for (size_t left = head[2] - 5u; left > 0;) {
		size_t size = left < BLOCK ? left : BLOCK;
		if (!receive_exactly(fd, block, size + 2) || !checked(block, size))
			return false;
		memcpy(frame->data + frame->size, block, size);
		frame->size += size;
		left -= size;
	}
	return true;
}

bool dnp3_send(int fd, uint8_t control, uint16_t to, uint16_t from, const struct made *data)
{
	struct made m = { 0 };
	size_t size = data ? data->used : 0;
	if (size > DNP3_FRAGMENT + 1 || (data && data->full))
		return false;
	made_be16(&m, 0x0564);
	made_u8(&m, (unsigned)size + 5);
	made_u8(&m, control);
	made_le16(&m, to);
	made_le16(&m, from);
	made_le16(&m, checksum(m.at, m.used));
	for (size_t at = 0; at < size; at += BLOCK) {
		size_t block = size - at < BLOCK ? size - at : BLOCK;
		made_bytes(&m, data->at + at, block);
		made_le16(&m, checksum(data->at + at, block));
	}
	return send_made(fd, &m);
}

bool dnp3_parse(const struct dnp3_frame *frame, struct dnp3_app *app)
{
	struct cur c = cur_of(frame->data, frame->size);
	if ((cur_u8(&c) & FIR_FIN) != FIR_FIN)
		return false;
	uint8_t control = cur_u8(&c);
	*app = (struct dnp3_app){ .final = control & 0x40,
		.confirm = control & 0x20,
		.sequence = control & 0x0f,
		.function = cur_u8(&c) };
	if (app->function >= DNP3_RESPONSE)
		app->indications = cur_be16(&c);
	app->objects = c;
	return cur_ok(&c);
}

struct made dnp3_start(uint8_t transport, uint8_t application, uint8_t function)
{
	struct made m = { 0 };
	made_u8(&m, FIR_FIN | (transport & 0x3f));
	made_u8(&m, application);
	made_u8(&m, function);
	return m;
}

void dnp3_object(struct made *m, unsigned group, unsigned variation, unsigned qualifier)
{
	made_u8(m, group);
	made_u8(m, variation);
	made_u8(m, qualifier);
}
