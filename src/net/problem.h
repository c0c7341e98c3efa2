/* What went wrong, for programs and for people: a problem document (RFC 9457).
 *
 *	{"title":"..","status":413,"detail":"..","code":"body-too-large","try":"..",
 *	 "errors":[{"at":"body.name","detail":".."}]}
 *
 * `code` stays the same; all else are words. */
#ifndef NET_PROBLEM_H
#define NET_PROBLEM_H

#include <stddef.h>

#include "base/attr.h"
#include "base/out.h"

enum { PROBLEM_ROWS = 10, PROBLEM_SIZE = 6144 };

#define PROBLEM_TYPE "application/problem+json"

struct problem {
	unsigned status;
	const char *code, *title; /* of the kind */
	char detail[320];         /* of this one; "": nothing more to say */
	char try[160];
	unsigned retry_after; /* seconds */
	const char *allow;
	bool authenticate;
	size_t count, more; /* rows, and those beyond */
	struct problem_row {
		char at[96], detail[192];
	} rows[PROBLEM_ROWS];
};

struct problem problem_of(unsigned status, const char *code, const char *title);
void problem_say(struct problem *p, const char *fmt, ...) PRINTF(2);
void problem_try(struct problem *p, const char *fmt, ...) PRINTF(2);
void problem_at(struct problem *p, const char *at, const char *fmt, ...) PRINTF(3);
void problem_write(const struct problem *p, struct out *o);

#endif
