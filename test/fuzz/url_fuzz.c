/* Targets of requests: what is read is in one form only, and written again it reads the same. */
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/out.h"
#include "base/utf8.h"
#include "net/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const char *s)
{
	assert(utf8_whole(s, strlen(s)));
	for (; *s; s++)
		assert((uint8_t)*s >= ' ' && *s != 0x7f);
}

/* Every byte with %, which is another spelling of the same. */
static void spell(struct out *o, const char *s)
{
	for (; *s; s++)
		out_fmt(o, "%%%02X", (uint8_t)*s);
}

static void read_again(const struct url *u)
{
	static char text[8 * URL_SIZE];
	static struct url again;
	struct out o = out_mem(text, sizeof text);
	struct err e;
	for (size_t i = 0; i < u->segment_count; i++) {
		out_char(&o, '/');
		spell(&o, u->segments[i]);
	}
	out_str(&o, u->segment_count ? "" : "/");
	for (size_t i = 0; i < u->pair_count; i++) {
		out_char(&o, i ? '&' : '?');
		spell(&o, u->pairs[i].name);
		out_char(&o, '=');
		spell(&o, u->pairs[i].value);
	}
	if (o.used > URL_SIZE)
		return;
	int r = url_read(cur_of(text, o.used), &again, &e);
	assert(r == 0 && again.segment_count == u->segment_count &&
		again.pair_count == u->pair_count && again.used == u->used &&
		memcmp(again.text, u->text, u->used) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct url u;
	struct err e = { 0 };
	int r = url_read(cur_of(data, size), &u, &e);
	assert(r == 0 || (r == e.code && e.text[0]));
	if (r < 0)
		return 0;
	assert(u.segment_count <= URL_SEGMENTS && u.pair_count <= URL_PAIRS && u.used <= size + 1);
	for (size_t i = 0; i < u.segment_count; i++) {
		check(u.segments[i]);
		assert(u.segments[i][0] && !strchr(u.segments[i], '/') &&
			strcmp(u.segments[i], ".") != 0 && strcmp(u.segments[i], "..") != 0);
	}
	for (size_t i = 0; i < u.pair_count; i++) {
		check(u.pairs[i].name);
		check(u.pairs[i].value);
		assert(url_query(&u, u.pairs[i].name) == u.pairs[i].value);
	}
	read_again(&u);
	return 0;
}
