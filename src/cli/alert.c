/* weir alert ...: what wants a person. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "cli/packets_ask.h"
#include "cli/site_view.h"

struct alert_opts {
	struct site_opts site;
	bool json, all, off;
	const char *as, *comment, *id, *margin, *write;
};

static const struct view_column columns[] = {
	{ "alert", "alert", 4, 7, true },
	{ "severity", "severity", 8, 8, false },
	{ "state", "state", 4, 6, false },
	{ "last", "last", 19, 19, false },
	{ "count", "count", 3, 7, true },
	{ "assets", "assets", 5, 10, false },
	{ "what", "text", 20, 120, false },
	{ 0 },
};

/* Those that nobody closed; with --all every one. */
static json_t *open_ones(const json_t *alerts, bool all)
{
	size_t i;
	json_t *a, *list = json_array();
	json_array_foreach(alerts, i, a) if (all || strcmp(view_text(a, "state"), "closed") != 0)
		json_array_append(list, a);
	return list;
}

static int list(struct cli *cli, const void *opts, struct err *e)
{
	const struct alert_opts *o = opts;
	json_t *answer;
	json_t *question = json_pack("{s:s, s:s*}", "ask", "alerts", "id", o->id);
	if (site_ask_json(site_state(&o->site), question, &answer, e) < 0)
		return site_exit(e);
	json_t *shown = open_ones(json_object_get(answer, "alerts"), o->all);
	json_object_set_new(answer, "alerts", shown);
	if (o->json)
		view_json(cli->out, answer);
	else if (json_array_size(shown))
		view_table(cli, shown, columns);
	else
		out_str(cli->out, "none\n");
	json_decref(answer);
	return EXIT_DONE;
}

static void show_alert(struct out *o, const json_t *a)
{
	static const char *const members[] = { "severity", "state", "verdict", "title", "text",
		"next", "id", "class", "engine", "technique", "owner", "comment", "first", "last" };
	char text[128];
	out_fmt(o, "%-12s %llu\n", "alert", (unsigned long long)view_number(a, "alert"));
	for (size_t i = 0; i < COUNT_OF(members); i++)
		if (*view_text(a, members[i]))
			out_fmt(o, "%-12s %s\n", members[i], view_text(a, members[i]));
	view_list(a, "assets", text, sizeof text);
	out_fmt(o, "%-12s %s\n", "assets", text);
	out_fmt(o, "%-12s %llu%s\n", "count", (unsigned long long)view_number(a, "count"),
		json_is_true(json_object_get(a, "muted")) ? "; later ones are muted" : "");
}

static int read_number(const struct cli *cli, json_int_t *n, struct err *e)
{
	char *end = NULL;
	*n = cli->operand_count == 1 ? strtoll(cli->operands[0], &end, 10) : 0;
	if (*n > 0 && !*end)
		return 0;
	err_set(e, -EINVAL, "%s: NUMBER, of one alert", cli->verb->name);
	return err_try(e, "weir alert ls");
}

static int ask(struct cli *cli, const struct alert_opts *o, const char *what, const char *act,
	struct err *e)
{
	json_t *answer;
	json_int_t n;
	if (read_number(cli, &n, e) < 0)
		return EXIT_ASKED_WRONGLY;
	json_t *question = json_pack("{s:s, s:I, s:s*, s:s*, s:s*}", "ask", what, "alert", n, "act",
		act, "verdict", o->as, "comment", o->comment);
	if (site_ask_json(site_state(&o->site), question, &answer, e) < 0)
		return site_exit(e);
	if (o->json)
		view_json(cli->out, answer);
	else
		show_alert(cli->out, answer);
	json_decref(answer);
	return EXIT_DONE;
}

static int show(struct cli *cli, const void *opts, struct err *e)
{
	return ask(cli, opts, "alert", NULL, e);
}

static int close_one(struct cli *cli, const void *opts, struct err *e)
{
	const struct alert_opts *o = opts;
	if (o->as)
		return ask(cli, o, "act on alert", "close", e);
	err_set(e, -EINVAL, "alert close: what was it?");
	return err_try(e, "--as true, --as expected or --as false"), EXIT_ASKED_WRONGLY;
}

static int open_one(struct cli *cli, const void *opts, struct err *e)
{
	return ask(cli, opts, "act on alert", "open", e);
}

static int mute(struct cli *cli, const void *opts, struct err *e)
{
	const struct alert_opts *o = opts;
	return ask(cli, o, "act on alert", o->off ? "unmute" : "mute", e);
}

/* --- packets --- */

enum { ADDRESSES = 2, ADDRESS = 48 };

/* The address to look for each of its assets by; one that has several is not looked for. */
static int read_hosts(const struct alert_opts *o, const json_t *alert, char hosts[][ADDRESS],
	struct texts *texts, struct err *e)
{
	size_t i;
	json_t *id;
	json_array_foreach(json_object_get(alert, "assets"), i, id)
	{
		json_t *a;
		int r = site_ask_json(site_state(&o->site),
			json_pack("{s:s, s:O}", "ask", "asset", "asset", id), &a, e);
		if (r < 0)
			return r;
		const json_t *ips = json_object_get(a, "ips"), *macs = json_object_get(a, "macs");
		const json_t *of = json_array_size(ips) ? ips : macs;
		const char *text = json_string_value(json_array_get(of, 0));
		if (json_array_size(of) == 1 && text && texts->count < ADDRESSES) {
			snprintf(hosts[texts->count], ADDRESS, "%s", text);
			texts->at[texts->count] = hosts[texts->count];
			texts->count++;
		}
		json_decref(a);
	}
	return 0;
}

static int read_span(const struct alert_opts *o, const json_t *alert, char from[CLOCK_TEXT],
	char to[CLOCK_TEXT], struct err *e)
{
	int64_t first_ns = 0, last_ns = 0, margin_ns = 30 * CLOCK_SECOND;
	if (o->margin && !clock_read_span(o->margin, &margin_ns))
		return err_set(
			e, -EINVAL, "--margin %.40s: expected a time (30, 5m, 2h)", o->margin);
	if (!clock_read(view_text(alert, "first"), &first_ns) ||
		!clock_read(view_text(alert, "last"), &last_ns))
		return err_set(e, -EPROTO, "the alert has no time");
	clock_text(first_ns - margin_ns, from);
	clock_text(last_ns + margin_ns, to);
	return 0;
}

static int pcap(struct cli *cli, const void *opts, struct err *e)
{
	const struct alert_opts *o = opts;
	char dir[PATH_MAX], from[CLOCK_TEXT], to[CLOCK_TEXT], hosts[ADDRESSES][ADDRESS];
	struct packets_opts ask = { .dir = dir,
		.from = from,
		.to = to,
		.write = o->write ? o->write : "-",
		.json = o->json };
	json_int_t n;
	json_t *alert;
	if (read_number(cli, &n, e) < 0)
		return EXIT_ASKED_WRONGLY;
	if (site_ask_json(site_state(&o->site), json_pack("{s:s, s:I}", "ask", "alert", "alert", n),
		    &alert, e) < 0)
		return site_exit(e);
	int r = read_span(o, alert, from, to, e);
	if (r == 0)
		r = read_hosts(o, alert, hosts, &ask.hosts, e);
	if (r == 0)
		r = site_path(site_state(&o->site), "packets", dir, e);
	json_decref(alert);
	return r < 0 ? site_exit(e) : packets_run(cli, &ask, e);
}

#define JSON_OPT                                                                                   \
	{                                                                                          \
		OPT_FLAG, 'j', "json", NULL, "as JSON", offsetof(struct alert_opts, json), NULL    \
	}
#define COMMENT_OPT                                                                                \
	{                                                                                          \
		OPT_TEXT, 0, "comment", "TEXT", "why, for whoever reads it later",                 \
			offsetof(struct alert_opts, comment), NULL                                 \
	}

static const struct opt list_opts[] = {
	SITE_STATE_OPT,
	{ OPT_FLAG, 'a', "all", NULL, "also those that were closed",
		offsetof(struct alert_opts, all), NULL },
	{ OPT_TEXT, 0, "id", "DETECTION", "of this detection: ot.controller-stop",
		offsetof(struct alert_opts, id), NULL },
	JSON_OPT,
	{ 0 },
};
static const struct opt show_opts[] = { SITE_STATE_OPT, JSON_OPT, { 0 } };
static const struct opt close_opts[] = { SITE_STATE_OPT,
	{ OPT_TEXT, 0, "as", "WORD", "what it was: true, expected or false",
		offsetof(struct alert_opts, as), NULL },
	COMMENT_OPT, JSON_OPT, { 0 } };
static const struct opt open_opts[] = { SITE_STATE_OPT, COMMENT_OPT, JSON_OPT, { 0 } };
static const struct opt mute_opts[] = { SITE_STATE_OPT,
	{ OPT_FLAG, 0, "off", NULL, "raise it again from now on", offsetof(struct alert_opts, off),
		NULL },
	COMMENT_OPT, JSON_OPT, { 0 } };

static const struct opt pcap_opts[] = { SITE_STATE_OPT,
	{ OPT_TEXT, 'm', "margin", "TIME", "so long before and so long after it (30; 5m, 2h)",
		offsetof(struct alert_opts, margin), NULL },
	{ OPT_TEXT, 'w', "write", "FILE", "write them there (standard output)",
		offsetof(struct alert_opts, write), NULL },
	JSON_OPT, { 0 } };

static const char *const pcap_examples[] = { "weir alert pcap 12 --write 12.pcapng",
	"for Wireshark, or weir look", "weir alert pcap 12 | weir facts -", "message by message",
	NULL };
static const char *const list_examples[] = { "weir alert ls", "those that nobody closed", NULL };
static const char *const show_examples[] = { "weir alert show 12",
	"what happened, between whom, and what to do now", NULL };
static const char *const close_examples[] = { "weir alert close 12 --as expected",
	"the next one of the same cause is an alert of its own", NULL };
static const char *const open_examples[] = { "weir alert open 12 --comment 'who was it?'",
	"somebody works on it, or it was closed too early", NULL };
static const char *const mute_examples[] = { "weir alert mute 12",
	"what comes of the same cause is counted, and raises nothing once it is closed", NULL };

const struct verb verb_alert_ls = {
	.name = "alert ls",
	.brief = "List alerts that nobody closed",
	.about = "Of the site that is up.",
	.examples = list_examples,
	.opts_size = sizeof(struct alert_opts),
	.opts = list_opts,
	.run = list,
};
const struct verb verb_alert_show = {
	.name = "alert show",
	.operands = "NUMBER",
	.brief = "Show one alert",
	.about = "With its sentence, its evidence, and what to do next.",
	.examples = show_examples,
	.opts_size = sizeof(struct alert_opts),
	.opts = show_opts,
	.run = show,
};
const struct verb verb_alert_close = {
	.name = "alert close",
	.operands = "NUMBER",
	.brief = "Close an alert, and say what it was",
	.about = "An entry of the ledger says who did. weir alert open takes it back.",
	.examples = close_examples,
	.opts_size = sizeof(struct alert_opts),
	.opts = close_opts,
	.run = close_one,
};
const struct verb verb_alert_open = {
	.name = "alert open",
	.operands = "NUMBER",
	.brief = "Say that somebody works on an alert, or open a closed one again",
	.about = "An entry of the ledger says who did.",
	.examples = open_examples,
	.opts_size = sizeof(struct alert_opts),
	.opts = open_opts,
	.run = open_one,
};
const struct verb verb_alert_mute = {
	.name = "alert mute",
	.operands = "NUMBER",
	.brief = "Raise nothing any more for the cause of an alert",
	.about = "It is counted all the same. --off takes it back.",
	.examples = mute_examples,
	.opts_size = sizeof(struct alert_opts),
	.opts = mute_opts,
	.run = mute,
};

const struct verb verb_alert_pcap = {
	.name = "alert pcap",
	.operands = "NUMBER",
	.brief = "Hand out the packets around an alert",
	.about =
		"Between its two assets, or of the one it is about, from half a minute before it was "
		"seen first to half a minute after it was seen last, as far as they are still kept.",
	.examples = pcap_examples,
	.opts_size = sizeof(struct alert_opts),
	.opts = pcap_opts,
	.run = pcap,
};
