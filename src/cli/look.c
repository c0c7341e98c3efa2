/* weir look: captures in, a plant out. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/jail.h"
#include "cli/captures.h"
#include "cli/live.h"
#include "report/report.h"
#include "sense/vendors.h"
#include "sense/zones.h"

struct opts {
	const char *json; /* NULL, "json" or "lines" */
	const char *html, *svg, *zones, *vendors, *interface, *span;
	size_t memory;
	bool all;
};

static const struct opt opts[] = {
	{ OPT_WORD, 'j', "json", NULL,
		"print the plant as one JSON document, or with =lines one object a line",
		offsetof(struct opts, json), "document|lines" },
	{ OPT_TEXT, 'H', "html", "FILE", "write one self-contained page about the plant",
		offsetof(struct opts, html), NULL },
	{ OPT_TEXT, 's', "svg", "FILE", "write the Purdue map as a picture",
		offsetof(struct opts, svg), NULL },
	{ OPT_TEXT, 'z', "zones", "FILE", "zones and levels as people state them (weir-zones(5))",
		offsetof(struct opts, zones), NULL },
	{ OPT_TEXT, 'V', "vendors", "PATH",
		"MAC vendor lists: a folder or a file (" VENDORS_PATH ")",
		offsetof(struct opts, vendors), NULL },
	{ OPT_SIZE, 'm', "memory", "SIZE",
		"keep within this much memory (64M); what had to be forgotten is counted",
		offsetof(struct opts, memory), NULL },
	{ OPT_TEXT, 'i', "interface", "NAME,..",
		"look at what comes by there, instead of captures, until ^C (needs cap_net_raw)",
		offsetof(struct opts, interface), NULL },
	{ OPT_TEXT, 't', "for", "TIME", "with --interface: so long (90, 5m, 2h)",
		offsetof(struct opts, span), NULL },
	{ OPT_FLAG, 'a', "all", NULL, "print every row of every table", offsetof(struct opts, all),
		NULL },
	{ 0 },
};

enum { PAGE_BUFFER = 64 * 1024 };

/* A file to be written, opened before anything foreign is read.  What stands in it stays until the
 * report is there: a capture that cannot be read costs nobody the page of yesterday. */
struct target {
	const char *name;
	int fd;
	bool regular;
};

static int target_write(struct target *t, const struct plant *p,
	void (*report)(const struct plant *, struct out *), struct err *e)
{
	static char buffer[PAGE_BUFFER];
	if (t->fd < 0)
		return 0;
	struct out o = out_fd(t->fd, buffer, sizeof buffer);
	if (t->regular && ftruncate(t->fd, 0) < 0)
		return err_sys(e, "write %s", t->name);
	report(p, &o);
	if (!out_flush(&o, e))
		return 0;
	err_in(e, "%s", t->name);
	return cli_try_write(e);
}

struct look {
	struct captures captures;
	struct target html, svg;
	struct zones *zones;
	struct vendors *vendors;
	struct sense *sense;
	/* Of interfaces: */
	struct live_config config;
	struct live *live;
	struct whole *whole;
};

static void done(struct look *l)
{
	captures_close(&l->captures);
	sense_free(l->sense);
	live_close(l->live);
	whole_free(l->whole);
	zones_free(l->zones);
	vendors_free(l->vendors);
	if (l->html.fd >= 0)
		close(l->html.fd);
	if (l->svg.fd >= 0)
		close(l->svg.fd);
}

static int open_zones(struct look *l, const char *path, struct err *e)
{
	if (!path)
		return 0;
	struct conf_wrong wrong = { 0 };
	l->zones = zones_open(path, &wrong, e);
	if (l->zones)
		return 0;
	/* A line for each mistake, in the order of the file; the last of them is the error. */
	for (size_t i = 0; i + 1 < wrong.count; i++)
		cli_say(wrong.rows[i].text, "");
	if (wrong.count)
		err_set(e, EINVAL, "%s", wrong.rows[wrong.count - 1].text);
	if (wrong.more) {
		cli_say(e->text, "");
		err_set(e, EINVAL, "%s: %zu more mistakes after these", path, wrong.more);
	}
	return err_try(e, "man weir-zones");
}

/* Vendor names are a help, not a need: without the lists the report says so and goes on. */
static int open_vendors(struct look *l, const char *path, struct err *e)
{
	l->vendors = vendors_open(path ? path : VENDORS_PATH, e);
	if (l->vendors || !path)
		return 0;
	return err_try(e, VENDORS_PATH ", of Debian's package ieee-data");
}

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* A recording cannot be made again: nothing that is read is written over, and nothing twice. */
static bool is_taken(const struct look *l, const struct opts *o, const struct stat *file)
{
	struct stat other;
	for (size_t i = 0; i < l->captures.count; i++)
		if (l->captures.fds[i] >= 0 && fstat(l->captures.fds[i], &other) == 0 &&
			same_file(file, &other))
			return true;
	if (o->zones && stat(o->zones, &other) == 0 && same_file(file, &other))
		return true;
	if (l->html.fd >= 0 && fstat(l->html.fd, &other) == 0 && same_file(file, &other))
		return true;
	return fstat(STDOUT_FILENO, &other) == 0 && same_file(file, &other);
}

static int open_target(
	struct look *l, const struct opts *o, struct target *t, const char *name, struct err *e)
{
	if (!name)
		return EXIT_DONE;
	if (strcmp(name, "-") == 0) {
		err_set(e, EINVAL, "write -: a page or picture wants a file of its own");
		err_try(e, "plant.html or plant.svg");
		return EXIT_ASKED_WRONGLY;
	}
	int fd = open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	struct stat st;
	if (fd < 0 || fstat(fd, &st) < 0) {
		err_sys(e, "write %s", name);
		err_try(e, "a folder you may write to");
		return EXIT_FAILED;
	}
	bool regular = S_ISREG(st.st_mode);
	if (regular && is_taken(l, o, &st)) {
		close(fd);
		err_set(e, EINVAL, "write %s: this file is read, or written to, already", name);
		err_try(e, "another name");
		return EXIT_ASKED_WRONGLY;
	}
	*t = (struct target){ .name = name, .fd = fd, .regular = regular };
	return EXIT_DONE;
}

static int open_sensor(struct look *l, const struct opts *o, struct err *e)
{
	struct sense_config config = { .memory = captures_memory(o->memory) };
	size_t count = 0;
	const struct sense_zone *zones = l->zones ? zones_list(l->zones, &count) : NULL;
	if (getrandom(&config.random, sizeof config.random, 0) != sizeof config.random)
		config.random = 1;
	if (l->live) {
		const struct whole_config whole = { .memory = config.memory,
			.random = config.random };
		if (whole_new(&l->whole, &whole, e) < 0)
			return EXIT_FAILED;
		whole_zones(l->whole, zones, count);
		whole_vendors(l->whole, l->vendors);
		return jail_enter(JAIL_STDIO | JAIL_CHANNEL, e) ? EXIT_FAILED : EXIT_DONE;
	}
	l->sense = sense_new(&config, e);
	if (!l->sense)
		return EXIT_FAILED;
	sense_zones(l->sense, zones, count);
	sense_vendors(l->sense, l->vendors);
	return jail_enter(JAIL_STDIO, e) ? EXIT_FAILED : EXIT_DONE;
}

static int open_input(struct look *l, struct cli *cli, const struct opts *o, struct err *e)
{
	if (!o->interface)
		return captures_open(&l->captures, cli, e);
	l->config.memory = captures_memory(o->memory);
	l->config.interfaces = o->interface;
	l->config.progress = cli->tty_err;
	return live_open(&l->live, &l->config, e);
}

/* Everything that needs a file, in the order in which mistakes are cheap to find. */
static int set_up(struct look *l, struct cli *cli, const struct opts *o, struct err *e)
{
	if (open_zones(l, o->zones, e) || open_vendors(l, o->vendors, e))
		return EXIT_FAILED;
	int code = open_input(l, cli, o, e);
	if (code == EXIT_DONE)
		code = open_target(l, o, &l->html, o->html, e);
	if (code == EXIT_DONE)
		code = open_target(l, o, &l->svg, o->svg, e);
	return code == EXIT_DONE ? open_sensor(l, o, e) : code;
}

/* An exit code; EXIT_FAILED with a plant where a part of it could not be read. */
static int read_input(
	struct look *l, const struct cli *cli, struct plant *p, bool *shows, struct err *e)
{
	int code, r;
	if (l->live) {
		code = live_watch(l->live, l->whole, e);
		r = whole_plant(l->whole, p, e);
		p->files = live_files(l->live, &p->file_count);
	} else {
		captures_read(&l->captures, l->sense, cli->tty_err);
		if (captures_useless(&l->captures))
			return EXIT_FAILED;
		code = l->captures.failed ? EXIT_FAILED : EXIT_DONE;
		r = sense_plant(l->sense, p, e);
		p->files = l->captures.files;
		p->file_count = l->captures.count;
	}
	*shows = !r && !(l->zones && zones_plant(l->zones, p, e));
	return *shows ? code : EXIT_FAILED;
}

static int show(struct look *l, struct cli *cli, const struct opts *o, struct err *e)
{
	struct plant p;
	bool shows = false;
	int code = read_input(l, cli, &p, &shows, e);
	if (!shows)
		return code;
	if (o->json && strcmp(o->json, "lines") == 0)
		report_json_lines(&p, cli->out);
	else if (o->json)
		report_json(&p, cli->out);
	else
		report_text(&p,
			&(struct report_style){
				.colour = cli->colour, .columns = cli->columns, .all = o->all },
			cli->out);
	if (target_write(&l->html, &p, report_html, e) || target_write(&l->svg, &p, report_svg, e))
		return EXIT_FAILED;
	return code;
}

/* Captures or interfaces, and not both.  An exit code. */
static int asked(struct look *l, const struct cli *cli, const struct opts *o, struct err *e)
{
	if (!o->interface && !o->span)
		return captures_asked(cli, e);
	if (!o->interface)
		err_set(e, EINVAL, "--for is for interfaces; a capture is read to its end");
	else if (cli->operand_count)
		err_set(e, EINVAL, "captures or an interface: one of them at a time");
	else if (o->span && !clock_read_span(o->span, &l->config.for_ns))
		err_set(e, EINVAL, "--for %.40s: no time", o->span);
	else
		return EXIT_DONE;
	return err_try(e, "weir look --interface eth1 --for 60"), EXIT_ASKED_WRONGLY;
}

static int run(struct cli *cli, const void *given, struct err *e)
{
	const struct opts *o = given;
	struct look l = { .html.fd = -1, .svg.fd = -1 };
	int code = asked(&l, cli, o, e);
	if (code != EXIT_DONE)
		return code;
	code = set_up(&l, cli, o, e);
	if (code == EXIT_DONE)
		code = show(&l, cli, o, e);
	done(&l);
	return code;
}

static const char *const examples[] = {
	"weir look plant.pcapng",
	"what is there, who talks to whom, what needs attention",
	"weir look --html plant.html --zones zones.yaml monday.pcap tuesday.pcap.gz",
	"several captures are one plant; one page about it, with zones as you state them",
	"weir look --interface eth1 --for 5m",
	"five minutes of a mirror port; without --for until ^C",
	"ssh sensor tcpdump -i eth1 -w - | weir look -",
	"the same of another machine's: ^C ends the recording and shows what was in it",
	"weir look --json plant.pcapng | jq '.findings[] | .title'",
	"for programs",
	NULL,
};

const struct verb verb_look = {
	.name = "look",
	.operands = "[CAPTURE...]",
	.brief =
		"Read captures and show the plant: assets, conversations, process points, findings",
	.about =
		"Nothing is sent and nothing is asked: everything comes from the captured packets. Captures "
		"are pcap or pcapng, plain or packed with gzip or zstd, of Ethernet, raw IP, Linux cooked "
		"or loopback frames; mirrors (ERSPAN, GRE, VXLAN, Geneve, TZSP) are taken off.",
	.examples = examples,
	.opts_size = sizeof(struct opts),
	.opts = opts,
	.run = run,
};
