#include "sense/zones.h"

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
	struct range *ranges; /* not of the file: what its addresses mean */
	size_t range_count;
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
/* A range with the place it was written at. */
struct range {
	struct sense_zone zone;
	uint32_t zone_index;
	wide from, to;
	const struct conf_text *text;
	char path[64];
};

struct zones {
	struct conf *conf;
	struct file_in in;
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
		if (!ip_read(text, (size_t)(slash - text), &from))
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
		if (!ip_read(text, size, &from) || !ip_read(right, strlen(right), &to))
			return "two addresses around the -";
		if (ip_is_4(&from) != ip_is_4(&to))
			return "two addresses of one kind around the -";
		r->from = wide_of(&from);
		r->to = wide_of(&to);
		return r->from <= r->to ? NULL : "the smaller address first";
	}
	if (!ip_read(text, strlen(text), &from))
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

static bool stands_before(struct conf_place a, struct conf_place b)
{
	return a.line != b.line ? a.line < b.line : a.column < b.column;
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
			if (stands_before(late->text->place, early->text->place)) {
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

/* An address or a zone's name that is wrong by itself is told already and stands here no more. */
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
			const char *expected = text->text ? read_range(text->text, r, why) : NULL;
			if (expected)
				conf_wrong_at(c, wrong, text->place, r->path,
					"found '%.60s', expected %s", text->text, expected);
			if (expected || !text->text)
				continue;
			r->text = text;
			r->zone_index = (uint32_t)i;
			r->zone = (struct sense_zone){ .name = zone->name.text ? zone->name.text
									       : "?",
				.level = levels[zone->level],
				.source = source ? source : "from the zones file",
				.from = ip_of(r->from),
				.to = ip_of(r->to) };
			count++;
		}
	}
	return count;
}

static int by_name(const void *a, const void *b)
{
	const struct zone_in *x = *(const struct zone_in *const *)a;
	const struct zone_in *y = *(const struct zone_in *const *)b;
	int way = strcmp(x->name.text, y->name.text);
	return way ? way : (x > y) - (x < y);
}

/* Two zones of one name could not be told apart in any report. */
static void check_names(const struct conf *c, const struct file_in *in,
	const struct zone_in **sorted, struct conf_wrong *wrong)
{
	const struct zone_in *zones = in->zones.items;
	size_t count = 0;
	for (size_t i = 0; i < in->zones.count; i++)
		if (zones[i].name.text)
			sorted[count++] = &zones[i];
	qsort(sorted, count, sizeof *sorted, by_name);
	for (size_t i = 1, first = 0; i < count; i++) {
		if (strcmp(sorted[i]->name.text, sorted[first]->name.text) != 0) {
			first = i;
			continue;
		}
		char path[64];
		snprintf(path, sizeof path, "zones[%zu].name", (size_t)(sorted[i] - zones));
		conf_wrong_at(c, wrong, sorted[i]->name.place, path,
			"found '%.60s' again, expected a name of its own: that of line %u is the same",
			sorted[i]->name.text, sorted[first]->name.place.line);
	}
}

/* What no key can say alone: addresses, how they lie within each other, and names. */
static int check_file(struct conf *c, void *of, struct conf_wrong *wrong)
{
	struct file_in *in = of;
	const struct zone_in *zone = in->zones.items;
	size_t total = 0;
	for (size_t i = 0; i < in->zones.count; i++)
		total += zone[i].addresses.count;
	if (total > ADDRESSES_MAX) {
		conf_wrong_at(c, wrong, zone->place, "zones",
			"found %zu addresses, expected at most %d", total, ADDRESSES_MAX);
		return 0;
	}
	in->ranges = conf_alloc(c, (total + 1) * sizeof *in->ranges);
	void *room = calloc(total + in->zones.count + 1, sizeof(void *));
	if (!in->ranges || !room) {
		free(room);
		return -ENOMEM;
	}
	in->range_count = collect(c, in, in->ranges, wrong);
	qsort(in->ranges, in->range_count, sizeof *in->ranges, by_start);
	check_overlap(c, in->ranges, in->range_count, room, wrong);
	check_names(c, in, room, wrong);
	free(room);
	return 0;
}

static const struct conf_table file_table = { file_keys, sizeof(struct file_in), CONF_NO_PLACE,
	check_file };

static struct zones *build(struct conf *c, const struct file_in *in, struct err *e)
{
	size_t count = in->range_count;
	struct zones *z = conf_alloc(c, sizeof *z);
	struct sense_zone *list = conf_alloc(c, (count + 1) * sizeof *list);
	if (!z || !list) {
		err_set(e, -ENOMEM, "%s: not enough memory", conf_name(c));
		return NULL;
	}
	qsort(in->ranges, count, sizeof *in->ranges, by_size);
	for (size_t i = 0; i < count; i++)
		list[i] = in->ranges[i].zone;
	*z = (struct zones){ .conf = c, .in = *in, .list = list, .count = count };
	return z;
}

static struct zones *finish(struct conf *c, const struct file_in *in, struct err *e)
{
	struct zones *z = c ? build(c, in, e) : NULL;
	if (!z)
		conf_free(c);
	return z;
}

struct zones *zones_open(const char *path, struct conf_wrong *wrong, struct err *e)
{
	struct file_in in;
	struct conf *c = conf_open(path, &file_table, &in, wrong, e);
	return finish(c, &in, e);
}

struct zones *zones_of(
	const char *name, const void *bytes, size_t size, struct conf_wrong *wrong, struct err *e)
{
	struct file_in in;
	struct conf *c = conf_of(name, bytes, size, &file_table, &in, wrong, e);
	return finish(c, &in, e);
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

static int by_address(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct ip));
}

/* The first address that is not below `from` lies in the range, or none does. */
static bool holds_one(const struct range *r, const struct ip *sorted, size_t count)
{
	size_t low = 0, high = count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (wide_of(&sorted[middle]) < r->from)
			low = middle + 1;
		else
			high = middle;
	}
	return low < count && wide_of(&sorted[low]) <= r->to;
}

int zones_plant(struct zones *z, struct plant *p, struct err *e)
{
	const struct zone_in *zones = z->in.zones.items;
	size_t zone_count = z->in.zones.count, ip_count = 0, empty = 0;
	int r = 0;
	for (size_t i = 0; i < p->asset_count; i++)
		ip_count += p->assets[i].ips.count;
	struct ip *sorted = calloc(ip_count + 1, sizeof *sorted);
	bool *seen = calloc(zone_count + 1, sizeof *seen);
	const char **names = conf_alloc(z->conf, (zone_count + 1) * sizeof *names);
	if (sorted && seen && names) {
		size_t at = 0;
		for (size_t i = 0; i < p->asset_count; i++)
			for (uint32_t n = 0; n < p->assets[i].ips.count; n++)
				sorted[at++] = p->ips[p->assets[i].ips.first + n];
		qsort(sorted, ip_count, sizeof *sorted, by_address);
		for (size_t i = 0; i < z->in.range_count; i++) {
			const struct range *range = &z->in.ranges[i];
			if (holds_one(range, sorted, ip_count))
				seen[range->zone_index] = true;
		}
		for (size_t i = 0; i < zone_count; i++)
			if (!seen[i])
				names[empty++] = zones[i].name.text;
		p->empty_zones = names;
		p->empty_zone_count = empty;
	} else {
		r = err_set(e, -ENOMEM, "no memory for %zu zones", zone_count);
	}
	free(sorted);
	free(seen);
	return r;
}
