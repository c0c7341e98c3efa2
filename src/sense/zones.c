#include "sense/zones.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

__extension__ typedef unsigned __int128 wide;

enum { ADDRESSES_MAX = 20000, NAME_MAX_BYTES = 100 };

static const char *const level_words[] = { "0", "1", "2", "3", "3.5", "4", "5", NULL };
static const uint8_t levels[] = { 0, 10, 20, 30, 35, 40, 50 };

struct zone_in {
	struct conf_text name, note;
	unsigned level;
	struct conf_list addresses;
	struct conf_place place;
};

struct file_in {
	struct conf_list zones;
};

static const struct conf_key zone_keys[] = {
	{ "name", CONF_TEXT, true, offsetof(struct zone_in, name), 1, NAME_MAX_BYTES },
	{ "level", CONF_WORD, true, offsetof(struct zone_in, level), .words = level_words },
	{ "addresses", CONF_TEXTS, true, offsetof(struct zone_in, addresses), 1, ADDRESSES_MAX },
	{ "note", CONF_PROSE, false, offsetof(struct zone_in, note) },
	{ 0 },
};
static const struct conf_table zone_table = { zone_keys, sizeof(struct zone_in),
	offsetof(struct zone_in, place) };

static const struct conf_key file_keys[] = {
	{ "zones", CONF_STRUCTS, true, offsetof(struct file_in, zones), .of = &zone_table },
	{ 0 },
};
static const struct conf_table file_table = { file_keys, sizeof(struct file_in), CONF_NO_PLACE };

/* A range with the place it was written at, until all of them are known to be good. */
struct range {
	struct sense_zone zone;
	wide from, to;
	const struct conf_text *text;
	char path[64];
};

struct zones {
	struct conf *conf;
	struct sense_zone *list;
	size_t count;
};

static wide wide_of(const struct ip *a)
{
	wide n = 0;
	for (size_t i = 0; i < sizeof a->b; i++)
		n = n << 8 | a->b[i];
	return n;
}

static struct ip ip_of(wide n)
{
	struct ip a;
	for (size_t i = sizeof a.b; i-- > 0; n >>= 8)
		a.b[i] = (uint8_t)n;
	return a;
}

static bool read_ip(const char *text, size_t size, struct ip *out)
{
	char copy[INET6_ADDRSTRLEN];
	uint8_t four[4];
	if (size >= sizeof copy)
		return false;
	memcpy(copy, text, size);
	copy[size] = '\0';
	if (inet_pton(AF_INET, copy, four) == 1) {
		*out = ip_of_4(four);
		return true;
	}
	return inet_pton(AF_INET6, copy, out->b) == 1;
}

/* Bits of a prefix, counted as in IPv6; -1 when it is none. */
static int read_bits(const char *text, bool is_4)
{
	if (!*text || strlen(text) > 3 || text[strspn(text, "0123456789")] ||
		(*text == '0' && text[1]))
		return -1;
	int bits = atoi(text);
	int max = is_4 ? 32 : 128;
	return bits > max ? -1 : bits + (is_4 ? 96 : 0);
}

/* Says what is wrong with the text, or NULL and the range. */
static const char *read_range(const char *text, struct range *r, char why[160])
{
	struct ip from, to;
	const char *slash = strchr(text, '/'), *dash = strchr(text, '-');
	if (slash) {
		if (!read_ip(text, (size_t)(slash - text), &from))
			return "an address before the /";
		int bits = read_bits(slash + 1, ip_is_4(&from));
		if (bits < 0)
			return ip_is_4(&from) ? "0 to 32 after the /" : "0 to 128 after the /";
		wide host = bits == 128 ? 0 : ~(wide)0 >> bits;
		wide n = wide_of(&from);
		r->from = n & ~host;
		r->to = n | host;
		if (r->from == n)
			return NULL;
		char network[IP_TEXT];
		struct ip base = ip_of(r->from);
		snprintf(why, 160,
			"the network's first address, %s%s (or the address alone, without /)",
			ip_text(&base, network), slash);
		return why;
	}
	if (dash) {
		size_t size = (size_t)(dash - text);
		while (size && text[size - 1] == ' ')
			size--;
		const char *right = dash + 1 + strspn(dash + 1, " ");
		if (!read_ip(text, size, &from) || !read_ip(right, strlen(right), &to))
			return "two addresses around the -";
		if (ip_is_4(&from) != ip_is_4(&to))
			return "two addresses of one kind around the -";
		r->from = wide_of(&from);
		r->to = wide_of(&to);
		return r->from <= r->to ? NULL : "the smaller address first";
	}
	if (!read_ip(text, strlen(text), &from))
		return "an address (10.1.2.3), a network (10.1.0.0/16) or a range "
		       "(10.1.0.5-10.1.0.9)";
	r->from = r->to = wide_of(&from);
	return NULL;
}

static int by_start(const void *a, const void *b)
{
	const struct range *x = a, *y = b;
	if (x->from != y->from)
		return x->from < y->from ? -1 : 1;
	return x->to == y->to ? 0 : x->to > y->to ? -1 : 1;
}

static int by_size(const void *a, const void *b)
{
	const struct range *x = a, *y = b;
	wide x_size = x->to - x->from, y_size = y->to - y->from;
	if (x_size != y_size)
		return x_size < y_size ? -1 : 1;
	return x->from == y->from ? 0 : x->from < y->from ? -1 : 1;
}

/* Sorted by start, the ranges that hold the current one form a stack.  Equal ones and ones that
 * stick out of the one around them have no smallest: that is for people to decide. */
static void check_overlap(const struct conf *c, struct range *ranges, size_t count,
	struct range **stack, struct conf_wrong *wrong)
{
	size_t depth = 0;
	for (size_t i = 0; i < count; i++) {
		struct range *r = &ranges[i];
		while (depth && stack[depth - 1]->to < r->from)
			depth--;
		struct range *around = depth ? stack[depth - 1] : NULL;
		if (around && around->from == r->from && around->to == r->to) {
			struct range *late = r, *early = around; /* complain at the later line */
			if (late->text->place.line < early->text->place.line) {
				late = around;
				early = r;
			}
			conf_wrong_at(c, wrong, late->text->place, late->path,
				"found '%s' again, expected it in one zone only: it is in '%s' (line %u)",
				late->text->text, early->zone.name, early->text->place.line);
		} else if (around && r->to > around->to) {
			conf_wrong_at(c, wrong, r->text->place, r->path,
				"found '%s' partly inside '%s' of '%s' (line %u), expected one within the "
				"other, or apart",
				r->text->text, around->text->text, around->zone.name,
				around->text->place.line);
		}
		stack[depth++] = r;
	}
}

static size_t collect(
	struct conf *c, const struct file_in *in, struct range *ranges, struct conf_wrong *wrong)
{
	const struct zone_in *zone = in->zones.items;
	size_t count = 0;
	for (size_t i = 0; i < in->zones.count; i++, zone++) {
		size_t size = strlen(conf_name(c)) + 32;
		char *source = conf_alloc(c, size);
		if (source)
			snprintf(source, size, "from %s:%u", conf_name(c), zone->place.line);
		const struct conf_text *text = zone->addresses.items;
		for (size_t j = 0; j < zone->addresses.count; j++, text++) {
			struct range *r = &ranges[count];
			char why[160];
			snprintf(r->path, sizeof r->path, "zones[%zu].addresses[%zu]", i, j);
			const char *expected = read_range(text->text, r, why);
			if (expected) {
				conf_wrong_at(c, wrong, text->place, r->path,
					"found '%.60s', expected %s", text->text, expected);
				continue;
			}
			r->text = text;
			r->zone = (struct sense_zone){ .name = zone->name.text,
				.level = levels[zone->level],
				.source = source ? source : "from the zones file",
				.from = ip_of(r->from),
				.to = ip_of(r->to) };
			count++;
		}
	}
	return count;
}

static struct zones *build(
	struct conf *c, const struct file_in *in, struct conf_wrong *wrong, struct err *e)
{
	const struct zone_in *zone = in->zones.items;
	size_t total = 0;
	for (size_t i = 0; i < in->zones.count; i++)
		total += zone[i].addresses.count;
	if (total > ADDRESSES_MAX) {
		err_set(e, -E2BIG, "%s: found %zu addresses, expected at most %d", conf_name(c),
			total, ADDRESSES_MAX);
		return NULL;
	}
	struct range *ranges = calloc(total + 1, sizeof *ranges);
	struct range **stack = calloc(total + 1, sizeof *stack);
	struct zones *z = conf_alloc(c, sizeof *z);
	struct sense_zone *list = conf_alloc(c, (total + 1) * sizeof *list);
	if (!ranges || !stack || !z || !list) {
		err_set(e, -ENOMEM, "%s: not enough memory", conf_name(c));
		z = NULL;
	} else {
		size_t count = collect(c, in, ranges, wrong);
		qsort(ranges, count, sizeof *ranges, by_start);
		check_overlap(c, ranges, count, stack, wrong);
		qsort(ranges, count, sizeof *ranges, by_size);
		for (size_t i = 0; i < count; i++)
			list[i] = ranges[i].zone;
		*z = (struct zones){ .conf = c, .list = list, .count = count };
		if (conf_wrong_err(wrong, e) < 0)
			z = NULL;
	}
	free(stack);
	free(ranges);
	return z;
}

static struct zones *finish(
	struct conf *c, const struct file_in *in, struct conf_wrong *wrong, struct err *e)
{
	struct zones *z = c ? build(c, in, wrong, e) : NULL;
	if (!z)
		conf_free(c);
	return z;
}

struct zones *zones_open(const char *path, struct conf_wrong *wrong, struct err *e)
{
	struct file_in in;
	struct conf *c = conf_open(path, &file_table, &in, wrong, e);
	return finish(c, &in, wrong, e);
}

struct zones *zones_of(
	const char *name, const void *bytes, size_t size, struct conf_wrong *wrong, struct err *e)
{
	struct file_in in;
	struct conf *c = conf_of(name, bytes, size, &file_table, &in, wrong, e);
	return finish(c, &in, wrong, e);
}

void zones_free(struct zones *z)
{
	if (z)
		conf_free(z->conf); /* the zones themselves live in it */
}

const struct sense_zone *zones_list(const struct zones *z, size_t *count)
{
	*count = z->count;
	return z->list;
}
