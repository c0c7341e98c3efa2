#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int err_set(struct err *e, int code, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	e->code = code < 0 ? code : -code;
	e->try[0] = '\0';
	vsnprintf(e->text, sizeof e->text, fmt, args);
	va_end(args);
	return e->code;
}

int err_sys(struct err *e, const char *fmt, ...)
{
	int saved = errno;
	va_list args;
	va_start(args, fmt);
	e->code = saved > 0 ? -saved : -EIO;
	e->try[0] = '\0';
	vsnprintf(e->text, sizeof e->text, fmt, args);
	va_end(args);
	/* The reason is never cut off: a path too long for both loses its end. */
	char reason[80];
	int size = snprintf(reason, sizeof reason, ": %.70s", strerror(saved));
	size_t used = strlen(e->text), most = sizeof e->text - 1 - (size_t)size;
	memcpy(e->text + (used < most ? used : most), reason, (size_t)size + 1);
	return e->code;
}

int err_in(struct err *e, const char *fmt, ...)
{
	char inner[sizeof e->text];
	memcpy(inner, e->text, sizeof inner);
	va_list args;
	va_start(args, fmt);
	int used = vsnprintf(e->text, sizeof e->text, fmt, args);
	va_end(args);
	if (used >= 0 && (size_t)used < sizeof e->text)
		snprintf(e->text + used, sizeof e->text - (size_t)used, ": %s", inner);
	return e->code;
}

int err_try(struct err *e, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	vsnprintf(e->try, sizeof e->try, fmt, args);
	va_end(args);
	return e->code;
}

int err_later(struct err *e, unsigned long version, unsigned known)
{
	return err_set(e, -EPROTONOSUPPORT,
		"written by a later weir, version %lu; this one reads up to %u", version, known);
}

int err_end(struct err *e, int r, int late, const struct err *why)
{
	if (r == 0 && late < 0)
		*e = *why;
	return r ? r : late;
}
