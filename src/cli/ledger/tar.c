#include "cli/ledger/tar.h"

#include <assert.h>
#include <errno.h>

#include "base/cur.h"

enum { SUM_AT = 148, SUM_SIZE = 8 };

/* The field of the sum counts as blanks. */
static unsigned sum_of(const uint8_t *block)
{
	unsigned sum = 0;
	for (unsigned i = 0; i < TAR_BLOCK; i++)
		sum += i >= SUM_AT && i < SUM_AT + SUM_SIZE ? ' ' : block[i];
	return sum;
}

static uint64_t rest_of(uint64_t size)
{
	return (TAR_BLOCK - size % TAR_BLOCK) % TAR_BLOCK;
}

void tar_header(struct out *o, const char *name, uint64_t size, uint64_t seconds)
{
	char block[TAR_BLOCK] = { 0 };
	assert(strlen(name) < TAR_NAME && size <= TAR_SIZE_MAX && seconds <= TAR_SIZE_MAX);
	memcpy(block, name, strlen(name));
	snprintf(block + 100, 8, "%07o", 0644u);
	snprintf(block + 108, 8, "%07o", 0u); /* of nobody in particular: who unpacks owns it */
	snprintf(block + 116, 8, "%07o", 0u);
	snprintf(block + 124, 12, "%011llo", (unsigned long long)size);
	snprintf(block + 136, 12, "%011llo", (unsigned long long)seconds);
	block[156] = '0';
	memcpy(block + 257, "ustar\00000", 8);
	snprintf(block + SUM_AT, SUM_SIZE, "%06o", sum_of((const uint8_t *)block));
	block[SUM_AT + 7] = ' ';
	out_bytes(o, block, sizeof block);
}

void tar_pad(struct out *o, uint64_t size)
{
	static const char zeros[TAR_BLOCK];
	out_bytes(o, zeros, rest_of(size));
}

void tar_file(struct out *o, const char *name, const void *bytes, size_t size, uint64_t seconds)
{
	tar_header(o, name, size, seconds);
	out_bytes(o, bytes, size);
	tar_pad(o, size);
}

void tar_end(struct out *o)
{
	static const char zeros[2 * TAR_BLOCK];
	out_bytes(o, zeros, sizeof zeros);
}

/* --- reading --- */

static int ends_early(FILE *f, struct err *e)
{
	return ferror(f) ? err_sys(e, "read it") : err_set(e, -EBADMSG, "it ends too early");
}

/* Octal digits up to a blank or a zero. */
static uint64_t take_octal(struct cur *c, size_t size)
{
	struct cur field = cur_sub(c, size);
	uint64_t n = 0;
	bool ended = false;
	while (field.left) {
		uint8_t digit = cur_u8(&field);
		ended |= digit == 0 || digit == ' ';
		if (!ended && (digit < '0' || digit > '7'))
			cur_fail(c);
		else if (!ended)
			n = n << 3 | (digit - '0');
	}
	return n;
}

int tar_next(FILE *f, char name[TAR_NAME + 1], uint64_t *size, struct err *e)
{
	static const uint8_t zeros[TAR_BLOCK];
	uint8_t block[TAR_BLOCK];
	if (fread(block, 1, sizeof block, f) != sizeof block)
		return ends_early(f, e);
	if (memcmp(block, zeros, sizeof block) == 0)
		return 1;
	struct cur c = cur_of(block, sizeof block);
	const uint8_t *text = cur_take(&c, TAR_NAME);
	memcpy(name, text, TAR_NAME);
	name[TAR_NAME] = 0;
	cur_skip(&c, 24);
	*size = take_octal(&c, 12);
	cur_skip(&c, 12);
	uint64_t sum = take_octal(&c, SUM_SIZE);
	uint8_t type = cur_u8(&c);
	cur_skip(&c, 100);
	bool known = cur_starts(&c, "ustar") && type == '0' && sum == sum_of(block);
	return cur_ok(&c) && known ? 0 : err_set(e, -EBADMSG, "no header of a file in a tar");
}

/* Zeros up to the end of the block, and nothing hidden there. */
static int read_pad(FILE *f, uint64_t size, struct err *e)
{
	for (uint64_t left = rest_of(size); left; left--) {
		int c = getc(f);
		if (c == EOF)
			return ends_early(f, e);
		if (c)
			return err_set(e, -EBADMSG, "something stands behind the end of a file");
	}
	return 0;
}

int tar_read(FILE *f, uint64_t size, char *to, size_t room, struct err *e)
{
	if (size > room)
		return err_set(e, -EBADMSG, "%llu bytes are too many", (unsigned long long)size);
	if (fread(to, 1, (size_t)size, f) != size)
		return ends_early(f, e);
	return read_pad(f, size, e);
}

int tar_skip(FILE *f, uint64_t size, struct err *e)
{
	if (size > TAR_SIZE_MAX)
		return err_set(e, -EBADMSG, "more than 8 GiB");
	return fseeko(f, (off_t)size, SEEK_CUR) < 0 ? err_sys(e, "read it") : read_pad(f, size, e);
}
