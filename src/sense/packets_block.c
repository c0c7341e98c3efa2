/* Blocks of pcapng as the packet store writes them, and frames out of them again:
 * draft-ietf-opsawg-pcapng, 4.1 section, 4.2 interface, 4.3 enhanced packet, 4.6 statistics. */
#include <assert.h>
#include <errno.h>

#include "sense/packets_inside.h"

enum {
	BLOCK_SECTION = 0x0a0d0d0a,
	BLOCK_INTERFACE = 1,
	BLOCK_STATISTICS = 5,
	BLOCK_ENHANCED = 6,
	BYTE_ORDER_MARK = 0x1a2b3c4d,
	NANOSECONDS = 9, /* if_tsresol: 10^-9 s */
};

enum option {
	OPTION_END = 0,
	OPTION_COMMENT = 1,
	OPTION_APPLICATION = 4, /* shb_userappl */
	OPTION_NAME = 2,        /* if_name */
	OPTION_RESOLUTION = 9,  /* if_tsresol */
	OPTION_RECEIVED = 4,    /* isb_ifrecv */
	OPTION_DROPPED = 5,     /* isb_ifdrop: where people look for what a capture lost */
};

static uint8_t *put_option(uint8_t *at, enum option code, const void *bytes, size_t size)
{
	at = put_le16(at, (uint16_t)code);
	at = put_le16(at, (uint16_t)size);
	memset(at, 0, padded((uint32_t)size));
	if (size)
		memcpy(at, bytes, size);
	return at + padded((uint32_t)size);
}

/* Both lengths of the block that began at `begin` and whose body ends here. */
static size_t end_block(uint8_t *begin, uint8_t *at)
{
	uint32_t size = (uint32_t)(at - begin) + 4;
	put_le32(begin + 4, size);
	put_le32(at, size);
	return size;
}

size_t block_section(uint8_t *begin, const char *comment)
{
	static const char application[] = "weir";
	uint8_t *at = put_le32(begin, BLOCK_SECTION) + 4;
	at = put_le32(at, BYTE_ORDER_MARK);
	at = put_le16(at, 1);
	at = put_le16(at, 0);
	at = put_le64(at, UINT64_MAX); /* how long the section is, nobody knows yet */
	if (comment)
		at = put_option(at, OPTION_COMMENT, comment, strlen(comment));
	at = put_option(at, OPTION_APPLICATION, application, sizeof application - 1);
	return end_block(begin, put_option(at, OPTION_END, NULL, 0));
}

size_t block_interface(uint8_t *begin, const struct interface *of)
{
	const uint8_t resolution = NANOSECONDS;
	uint8_t *at = put_le32(begin, BLOCK_INTERFACE) + 4;
	at = put_le16(at, (uint16_t)of->linktype);
	at = put_le16(at, 0);
	at = put_le32(at, PACKETS_FRAME);
	at = put_option(at, OPTION_NAME, of->name, strlen(of->name));
	at = put_option(at, OPTION_RESOLUTION, &resolution, sizeof resolution);
	return end_block(begin, put_option(at, OPTION_END, NULL, 0));
}

size_t block_frame_head(uint8_t *at, uint32_t interface, const struct sense_frame *f)
{
	uint32_t size = ENHANCED_SIZE + padded(f->size);
	at = put_le32(at, BLOCK_ENHANCED);
	at = put_le32(at, size);
	at = put_le32(at, interface);
	at = put_le32(at, (uint32_t)((uint64_t)f->at_ns >> 32));
	at = put_le32(at, (uint32_t)f->at_ns);
	at = put_le32(at, f->size);
	put_le32(at, f->wire_size);
	return size;
}

size_t block_frame(uint8_t *at, uint32_t interface, const struct sense_frame *f)
{
	size_t size = block_frame_head(at, interface, f);
	at += ENHANCED_SIZE - 4;
	if (f->size)
		memcpy(at, f->bytes, f->size);
	memset(at + f->size, 0, padded(f->size) - f->size);
	put_le32(at + padded(f->size), (uint32_t)size);
	return size;
}

size_t block_statistics(
	uint8_t *begin, uint32_t interface, int64_t now, uint64_t kept, uint64_t dropped)
{
	uint8_t number[8];
	uint8_t *at = put_le32(begin, BLOCK_STATISTICS) + 4;
	at = put_le32(at, interface);
	at = put_le32(at, (uint32_t)((uint64_t)now >> 32));
	at = put_le32(at, (uint32_t)now);
	put_le64(number, kept + dropped);
	at = put_option(at, OPTION_RECEIVED, number, sizeof number);
	put_le64(number, dropped);
	at = put_option(at, OPTION_DROPPED, number, sizeof number);
	size_t size = end_block(begin, put_option(at, OPTION_END, NULL, 0));
	assert(size <= STATISTICS_SIZE);
	return size;
}

bool block_is_packet(const struct block *b)
{
	return b->type == BLOCK_ENHANCED;
}

bool block_is_frame(const struct block *b, uint32_t *interface, struct sense_frame *out)
{
	struct cur c = b->body;
	if (!block_is_packet(b))
		return false;
	*interface = cur_le32(&c);
	uint64_t high = cur_le32(&c);
	*out = (struct sense_frame){ .at_ns = (int64_t)(high << 32 | cur_le32(&c)) };
	out->size = cur_le32(&c);
	out->wire_size = cur_le32(&c);
	out->bytes = cur_take(&c, out->size);
	if (!cur_ok(&c) || out->size > PACKETS_FRAME)
		return false;
	if (out->wire_size < out->size)
		out->wire_size = out->size;
	return true;
}

/* --- what a segment begins with --- */

static bool read_interface(const struct block *b, struct interface *out)
{
	struct cur c = b->body;
	unsigned resolution = 0;
	*out = (struct interface){ .linktype = cur_le16(&c) };
	cur_skip(&c, 6);
	while (c.left >= 4) {
		uint16_t code = cur_le16(&c), size = cur_le16(&c);
		struct cur value = cur_sub(&c, padded(size));
		if (code == OPTION_END || !cur_ok(&value))
			break;
		if (code == OPTION_NAME && size < sizeof out->name)
			memcpy(out->name, value.at, size);
		if (code == OPTION_RESOLUTION)
			resolution = cur_u8(&value);
	}
	/* Options may end without saying so; another resolution is none of ours. */
	return resolution == NANOSECONDS;
}

bool block_is_section(const struct block *b)
{
	struct cur c = b->body;
	return b->type == BLOCK_SECTION && cur_le32(&c) == BYTE_ORDER_MARK && cur_le16(&c) == 1;
}

int block_is_interface(const struct block *b, struct interface *out)
{
	return b->type != BLOCK_INTERFACE ? 0 : read_interface(b, out) ? 1 : -EINVAL;
}
