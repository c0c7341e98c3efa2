#include "net/problem.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/json.h"

struct problem problem_of(unsigned status, const char *code, const char *title)
{
	return (struct problem){ .status = status, .code = code, .title = title };
}

void problem_say(struct problem *p, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	vsnprintf(p->detail, sizeof p->detail, fmt, args);
	va_end(args);
}

void problem_try(struct problem *p, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	vsnprintf(p->try, sizeof p->try, fmt, args);
	va_end(args);
}

void problem_at(struct problem *p, const char *at, const char *fmt, ...)
{
	if (p->count == PROBLEM_ROWS) {
		p->more++;
		return;
	}
	struct problem_row *row = &p->rows[p->count++];
	snprintf(row->at, sizeof row->at, "%s", at);
	va_list args;
	va_start(args, fmt);
	vsnprintf(row->detail, sizeof row->detail, fmt, args);
	va_end(args);
}

void problem_write(const struct problem *p, struct out *o)
{
	struct json j = json_on(o);
	json_open(&j, '{');
	json_kv_str(&j, "title", p->title);
	json_kv_uint(&j, "status", p->status);
	json_kv_str(&j, "detail", p->detail);
	json_kv_str(&j, "code", p->code);
	json_kv_str(&j, "try", p->try);
	if (p->count) {
		json_key(&j, "errors");
		json_open(&j, '[');
		for (size_t i = 0; i < p->count; i++) {
			json_open(&j, '{');
			json_kv_str(&j, "at", p->rows[i].at);
			json_kv_str(&j, "detail", p->rows[i].detail);
			json_close(&j, '}');
		}
		json_close(&j, ']');
	}
	if (p->more)
		json_kv_uint(&j, "more_errors", p->more);
	json_close(&j, '}');
	json_line(&j);
}
