/* weir asset ..., weir whois: who is there. */
#include <errno.h>
#include <string.h>

#include "cli/site_view.h"

struct asset_opts {
	struct site_opts site;
	bool json, doubt;
	const char *type, *level, *zone, *vendor, *approved, *comment;
};

/* --- showing --- */

static const struct view_column columns[] = {
	{ "id", "id", 4, 6, false },
	{ "name", "name", 6, 28, false },
	{ "type", "type", 5, 12, false },
	{ "level", "level", 3, 5, false },
	{ "addresses", "ips", 9, 32, false },
	{ "vendor", "vendor", 4, 20, false },
	{ "model", "model", 4, 22, false },
	{ "firmware", "firmware", 4, 12, false },
	{ "approved", "approved", 3, 8, false },
	{ 0 },
};

static int list(struct cli *cli, const void *opts, struct err *e)
{
	const struct asset_opts *o = opts;
	json_t *answer;
	if (o->approved && strcmp(o->approved, "yes") != 0 && strcmp(o->approved, "no") != 0)
		return err_set(e, -EINVAL, "--approved %.20s: yes or no", o->approved),
		       EXIT_ASKED_WRONGLY;
	json_t *question = json_pack("{s:s, s:s*, s:s*, s:s*, s:s*}", "ask", "assets", "type",
		o->type, "level", o->level, "zone", o->zone, "vendor", o->vendor);
	if (question && o->approved)
		json_object_set_new(
			question, "approved", json_boolean(strcmp(o->approved, "yes") == 0));
	if (site_ask_json(site_state(&o->site), question, &answer, e) < 0)
		return site_exit(e);
	const json_t *assets = json_object_get(answer, "assets");
	if (o->json)
		view_json(cli->out, answer);
	else if (json_array_size(assets))
		view_table(cli, assets, columns);
	else
		out_str(cli->out, "none\n");
	json_decref(answer);
	return EXIT_DONE;
}

static void show_asset(struct out *o, const json_t *a)
{
	static const char *const members[] = { "id", "name", "type", "vendor", "model", "firmware",
		"serial", "level", "zone", "part_of", "place", "first_seen", "last_seen" };
	char text[512];
	for (size_t i = 0; i < COUNT_OF(members); i++)
		if (*view_text(a, members[i]))
			out_fmt(o, "%-12s %s\n", members[i], view_text(a, members[i]));
	view_list(a, "macs", text, sizeof text);
	if (*text)
		out_fmt(o, "%-12s %s\n", "macs", text);
	view_list(a, "ips", text, sizeof text);
	if (*text)
		out_fmt(o, "%-12s %s\n", "addresses", text);
	out_fmt(o, "%-12s %s%s\n", "approved",
		json_is_true(json_object_get(a, "approved")) ? "yes" : "no",
		json_is_true(json_object_get(a, "silent")) ? "; it is silent" : "");
}

static int ask(struct cli *cli, const struct asset_opts *o, json_t *question, struct err *e)
{
	json_t *answer;
	if (question)
		json_object_set_new(question, "asset", json_string(cli->operands[0]));
	if (question && o->comment)
		json_object_set_new(question, "comment", json_string(o->comment));
	if (site_ask_json(site_state(&o->site), question, &answer, e) < 0)
		return site_exit(e);
	if (o->json)
		view_json(cli->out, answer);
	else
		show_asset(cli->out, answer);
	json_decref(answer);
	return EXIT_DONE;
}

static int need(const struct cli *cli, size_t count, struct err *e)
{
	if (cli->operand_count == count)
		return 0;
	err_set(e, -EINVAL, "%s: %s", cli->verb->name, cli->verb->operands);
	return err_try(e, "weir %s --help", cli->verb->name);
}

static int show(struct cli *cli, const void *opts, struct err *e)
{
	if (need(cli, 1, e) < 0)
		return EXIT_ASKED_WRONGLY;
	return ask(cli, opts, json_pack("{s:s}", "ask", "asset"), e);
}

/* --- doing --- */

static int approve(struct cli *cli, const void *opts, struct err *e)
{
	const struct asset_opts *o = opts;
	if (need(cli, 1, e) < 0)
		return EXIT_ASKED_WRONGLY;
	return ask(cli, o,
		json_pack(
			"{s:s, s:s}", "ask", "act on asset", "act", o->doubt ? "doubt" : "approve"),
		e);
}

static int set(struct cli *cli, const void *opts, struct err *e)
{
	if (need(cli, 3, e) < 0)
		return EXIT_ASKED_WRONGLY;
	return ask(cli, opts,
		json_pack("{s:s, s:s, s:s, s:s}", "ask", "act on asset", "act", "set", "field",
			cli->operands[1], "value", cli->operands[2]),
		e);
}

#define JSON_OPT                                                                                   \
	{                                                                                          \
		OPT_FLAG, 'j', "json", NULL, "as JSON", offsetof(struct asset_opts, json), NULL    \
	}
#define TEXT_OPT(name, value, help)                                                                \
	{                                                                                          \
		OPT_TEXT, 0, #name, value, help, offsetof(struct asset_opts, name), NULL           \
	}

static const struct opt list_opts[] = {
	SITE_STATE_OPT,
	TEXT_OPT(type, "TYPE", "of this type: plc, hmi, switch ..."),
	TEXT_OPT(level, "LEVEL", "of this Purdue level"),
	TEXT_OPT(zone, "NAME", "in this zone"),
	TEXT_OPT(vendor, "NAME", "of this vendor"),
	{ OPT_TEXT, 0, "approved", "yes|no", "that somebody approved, or nobody",
		offsetof(struct asset_opts, approved), NULL },
	JSON_OPT,
	{ 0 },
};
static const struct opt show_opts[] = { SITE_STATE_OPT, JSON_OPT, { 0 } };
static const struct opt act_opts[] = { SITE_STATE_OPT,
	TEXT_OPT(comment, "TEXT", "why, for whoever reads it later"), JSON_OPT, { 0 } };
static const struct opt approve_opts[] = { SITE_STATE_OPT,
	{ OPT_FLAG, 0, "doubt", NULL, "take it back", offsetof(struct asset_opts, doubt), NULL },
	TEXT_OPT(comment, "TEXT", "why, for whoever reads it later"), JSON_OPT, { 0 } };

static const char *const list_examples[] = { "weir asset ls --type plc", "all controllers",
	"weir asset ls --approved no", "what somebody should look at", NULL };
static const char *const show_examples[] = { "weir asset show a17", "by its number",
	"weir asset show 10.20.1.10", "or by an address, a MAC, a name", NULL };
static const char *const approve_examples[] = { "weir asset approve a17 --comment 'new pump drive'",
	"an entry of the ledger says who and why", NULL };
static const char *const set_examples[] = { "weir asset set a17 name 'pump 3 drive'",
	"what its owner says goes before what was seen", "weir asset set a17 name ''",
	"takes that back", NULL };

const struct verb verb_asset_ls = {
	.name = "asset ls",
	.brief = "List assets",
	.about = "Of the site that is up, by their numbers, which they keep.",
	.examples = list_examples,
	.opts_size = sizeof(struct asset_opts),
	.opts = list_opts,
	.run = list,
};
const struct verb verb_asset_show = {
	.name = "asset show",
	.operands = "ASSET",
	.brief = "Show one asset, by its number, an address, a MAC or its name",
	.about = "What is known of it, as its owner says or as it was seen.",
	.examples = show_examples,
	.opts_size = sizeof(struct asset_opts),
	.opts = show_opts,
	.run = show,
};
const struct verb verb_whois = {
	.name = "whois",
	.operands = "ADDRESS",
	.brief = "Say whose an address or a MAC is",
	.about = "The same as weir asset show.",
	.examples = show_examples + 2,
	.opts_size = sizeof(struct asset_opts),
	.opts = show_opts,
	.run = show,
};
const struct verb verb_asset_approve = {
	.name = "asset approve",
	.operands = "ASSET",
	.brief = "Say that an asset belongs here",
	.about = "What was seen and what was approved are kept apart.",
	.examples = approve_examples,
	.opts_size = sizeof(struct asset_opts),
	.opts = approve_opts,
	.run = approve,
};
const struct verb verb_asset_set = {
	.name = "asset set",
	.operands = "ASSET FIELD VALUE",
	.brief = "Say what an asset is, better than can be seen",
	.about = "FIELD is name, type, vendor, model, firmware, serial, level, zone or place.",
	.examples = set_examples,
	.opts_size = sizeof(struct asset_opts),
	.opts = act_opts,
	.run = set,
};
