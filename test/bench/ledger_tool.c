#include "ledger_tool.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum { SAMPLES = 4 << 20 };

struct err e;

void need(bool fine, const char *what)
{
	if (fine)
		return;
	fprintf(stderr, "ledger bench: %s: %s\n", what, e.code ? e.text : strerror(errno));
	exit(1);
}

double seconds(int64_t ns)
{
	return (double)ns / 1e9;
}

double cpu(void)
{
	struct rusage u;
	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
		(double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

/* --- how long things took --- */

struct samples samples_new(void)
{
	struct samples s = { malloc(SAMPLES * sizeof(uint32_t)), 0 };
	need(s.us10, "memory");
	return s;
}

void sample(struct samples *s, int64_t ns)
{
	if (s->count < SAMPLES)
		s->us10[s->count++] = ns < 0 ? 0 : (uint32_t)(ns / 100);
}

static int by_value(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return (x > y) - (x < y);
}

void print_samples(const char *name, struct samples *s)
{
	if (!s->count)
		return;
	qsort(s->us10, s->count, sizeof *s->us10, by_value);
	printf("%s %.1f %.1f %.1f\n", name, s->us10[s->count / 2] / 10.0,
		s->us10[s->count * 99 / 100] / 10.0, s->us10[s->count - 1] / 10.0);
}

size_t entry_of(uint64_t n, char text[SIZE + 1])
{
	static const char front[] =
		"{\"actor\":\"bench\",\"at\":\"2026-11-22T20:40:11.000000000Z\",\"data\":{\"n\":",
			  behind[] =
				  "\"},\"kind\":\"note\",\"site\":\"bench\",\"subject\":\"a pump\"}";
	int used = snprintf(text, SIZE + 1, "%s%llu,\"text\":\"", front,
		(unsigned long long)n % 1000000 + 1000000);
	memset(text + used, 'x', SIZE - (size_t)used);
	memcpy(text + SIZE - (sizeof behind - 1), behind, sizeof behind);
	return SIZE;
}
