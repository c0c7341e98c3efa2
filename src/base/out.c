#include "base/out.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

struct out out_fd(int fd, char *buffer, size_t size)
{
	return (struct out){ .at = buffer, .size = size, .fd = fd };
}

struct out out_mem(char *buffer, size_t size)
{
	return (struct out){ .at = buffer, .size = size - 1, .fd = -1 };
}

static void drain(struct out *o)
{
	for (size_t sent = 0; sent < o->used && !o->failed;) {
		ssize_t n = write(o->fd, o->at + sent, o->used - sent);
		if (n > 0) {
			sent += (size_t)n;
		} else if (n < 0 && errno != EINTR) {
			o->failed = true;
			o->error = errno;
		}
	}
	o->written += o->used;
	o->used = 0;
}

void out_beyond(struct out *o, const void *bytes, size_t size)
{
	const char *from = bytes;
	while (size && !o->failed) {
		size_t room = o->size - o->used;
		size_t n = size < room ? size : room;
		memcpy(o->at + o->used, from, n);
		o->used += n;
		from += n;
		size -= n;
		if (!size)
			break;
		if (o->fd < 0)
			o->failed = true;
		else
			drain(o);
	}
}

void out_be(struct out *o, uint64_t n, unsigned size)
{
	while (size--)
		out_char(o, (char)(n >> 8 * size));
}

void out_uint(struct out *o, uint64_t n)
{
	char digits[20];
	size_t at = sizeof digits;
	do {
		digits[--at] = (char)('0' + n % 10);
		n /= 10;
	} while (n);
	out_bytes(o, digits + at, sizeof digits - at);
}

void out_int(struct out *o, int64_t n)
{
	if (n < 0)
		out_char(o, '-');
	out_uint(o, n < 0 ? 0 - (uint64_t)n : (uint64_t)n);
}

void out_hex(struct out *o, const uint8_t *bytes, size_t size)
{
	static const char digit[] = "0123456789abcdef";
	for (size_t i = 0; i < size; i++) {
		out_char(o, digit[bytes[i] >> 4]);
		out_char(o, digit[bytes[i] & 15]);
	}
}

void out_fmt(struct out *o, const char *fmt, ...)
{
	char line[1024];
	va_list args;
	va_start(args, fmt);
	int n = vsnprintf(line, sizeof line, fmt, args);
	va_end(args);
	if (n > 0)
		out_bytes(o, line, (size_t)n < sizeof line ? (size_t)n : sizeof line - 1);
}

int out_flush(struct out *o, struct err *e)
{
	if (o->fd >= 0)
		drain(o);
	if (!o->failed)
		return 0;
	errno = o->error ? o->error : ENOBUFS;
	return err_sys(e, "write");
}

const char *out_text(struct out *o)
{
	o->at[o->used] = '\0';
	return o->at;
}
