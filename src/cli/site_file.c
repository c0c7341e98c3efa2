#include "cli/site_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MEMORY = 41, MEMORY_MIN = 4, MEMORY_MAX = 65536 };
enum { PACKETS = 1024, PACKETS_MIN = 4, PACKETS_MAX = 16 << 20 /* MiB */ };

struct file_in {
	struct conf_text site, zones, packets;
	struct conf_list interfaces; /* struct conf_text */
	uint64_t memory, packets_mib;
	struct conf_place place;
};

/* A number of MiB, or none. */
static void check_packets(struct conf *c, struct file_in *in, struct conf_wrong *wrong)
{
	const char *text = in->packets.text;
	char *end = NULL;
	unsigned long long n = text && *text >= '0' && *text <= '9' ? strtoull(text, &end, 10) : 0;
	in->packets_mib = text ? n : PACKETS;
	if (!text || strcmp(text, "none") == 0)
		return;
	if (!end || *end || n < PACKETS_MIN || n > PACKETS_MAX)
		conf_wrong_at(c, wrong, in->packets.place, "packets",
			"found '%.20s', expected a number from %d to %d, or none", text,
			PACKETS_MIN, PACKETS_MAX);
}

static int check(struct conf *c, void *of, struct conf_wrong *wrong)
{
	struct file_in *in = of;
	check_packets(c, in, wrong);
	const struct conf_text *list = in->interfaces.items;
	for (size_t i = 0; i < in->interfaces.count; i++)
		for (size_t k = 0; k < i; k++)
			if (strcmp(list[i].text, list[k].text) == 0)
				conf_wrong_at(c, wrong, list[i].place, "interfaces",
					"found '%.20s' twice, expected each once", list[i].text);
	return 0;
}

static const struct conf_key keys[] = {
	{ "site", CONF_TEXT, true, offsetof(struct file_in, site), 1, SITE_NAME_MAX },
	{ "interfaces", CONF_TEXTS, true, offsetof(struct file_in, interfaces), 1, SITE_SENSORS },
	{ "zones", CONF_TEXT, false, offsetof(struct file_in, zones), 1, PATH_MAX - 1 },
	{ "memory", CONF_UINT, false, offsetof(struct file_in, memory), MEMORY_MIN, MEMORY_MAX },
	{ "packets", CONF_TEXT, false, offsetof(struct file_in, packets), 1, 20 },
	{ 0 },
};
static const struct conf_table table = { keys, sizeof(struct file_in),
	offsetof(struct file_in, place), check };

/* A line for each mistake, in the order of the file; the last of them is the error. */
static int say_wrong(const struct conf_wrong *wrong, const char *path, struct err *e)
{
	for (size_t i = 0; i + 1 < wrong->count; i++)
		cli_say(wrong->rows[i].text, "");
	if (wrong->count)
		err_set(e, -EINVAL, "%s", wrong->rows[wrong->count - 1].text);
	if (wrong->more) {
		cli_say(e->text, "");
		err_set(e, -EINVAL, "%s: %zu more mistakes after these", path, wrong->more);
	}
	return e->code == -ENOENT ? err_try(e, "weir init") : err_try(e, "man weir-up");
}

int site_file_read(struct site_file *f, const char *path, struct err *e)
{
	struct file_in in = { .memory = 0 };
	struct conf_wrong wrong = { 0 };
	*f = (struct site_file){ .conf = conf_open(path, &table, &in, &wrong, e) };
	if (!f->conf)
		return say_wrong(&wrong, path, e);
	const struct conf_text *list = in.interfaces.items;
	f->name = in.site.text;
	f->memory = in.memory ? in.memory : MEMORY;
	f->packets = in.packets_mib;
	for (size_t i = 0; i < in.interfaces.count; i++)
		f->interfaces[f->count++] = list[i].text;
	const char *slash = strrchr(path, '/');
	int folder =
		slash && in.zones.text && in.zones.text[0] != '/' ? (int)(slash - path) + 1 : 0;
	if (in.zones.text &&
		snprintf(f->zones, sizeof f->zones, "%.*s%s", folder, path, in.zones.text) >=
			(int)sizeof f->zones)
		return err_set(e, -ENAMETOOLONG, "%s: zones: too long a path", path);
	return 0;
}

void site_file_done(struct site_file *f)
{
	conf_free(f->conf);
	f->conf = NULL;
}

static void quoted(struct out *o, const char *text)
{
	out_char(o, '"');
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			out_char(o, '\\');
		out_char(o, *text);
	}
	out_char(o, '"');
}

void site_file_example(struct out *o, const char *name, const char *const *interfaces, size_t count)
{
	out_str(o,
		"# What weir up watches. Every key is explained in weir-up(1); a mistake is said with\n"
		"# its line, and nothing is started.\n\n"
		"# What the site is called, in the ledger and wherever sites meet.\nsite: ");
	quoted(o, name);
	out_str(o,
		"\n\n# Interfaces that see the traffic: a SPAN port, a TAP. Nothing is sent there.\n"
		"interfaces: [");
	for (size_t i = 0; i < count; i++) {
		out_str(o, i ? ", " : "");
		quoted(o, interfaces[i]);
	}
	out_str(o,
		"]\n\n# Zones and levels as they are meant, from this file's folder: weir-zones(5).\n"
		"# zones: zones.yaml\n\n"
		"# Memory of each interface's sensor, in MiB. 41 holds some ten thousand assets.\n"
		"# memory: 41\n\n"
		"# Disk for the packets of the last while, in MiB, or none.\n"
		"# packets: 1024\n");
}
