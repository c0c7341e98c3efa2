/* weir status: how the site is, in a screen. */
#include <stdio.h>

#include "cli/site_view.h"

struct status_opts {
	struct site_opts site;
	bool json;
};

static void line(struct out *o, const char *title, const char *text)
{
	out_fmt(o, "%-12s %s\n", title, text);
}

static void show_sensors(struct out *o, const json_t *status)
{
	size_t i;
	const json_t *s;
	json_array_foreach(json_object_get(status, "sensors"), i, s)
	{
		char text[320], packets[WORD], lost[WORD];
		bool up = json_is_true(json_object_get(s, "up"));
		view_count(s, "packets", packets);
		view_count(s, "lost", lost);
		snprintf(text, sizeof text, "%s, %s packets, %s lost%s%s", up ? "up" : "DOWN",
			packets, lost, up ? "" : ": ", up ? "" : view_text(s, "trouble"));
		line(o, view_text(s, "interface"), text);
	}
}

static void show(struct out *o, const json_t *s)
{
	char text[400], a[WORD], b[WORD], c[WORD];
	uint64_t silent = view_number(s, "silent"), fresh = view_number(s, "alerts_new");
	const json_t *ledger = json_object_get(s, "ledger");
	bool up = json_is_true(json_object_get(ledger, "up"));
	snprintf(text, sizeof text, "%s, up since %s", view_text(s, "site"),
		view_time(s, "since", a));
	line(o, "site", text);
	view_count(s, "assets", a);
	view_count(s, "approved", b);
	view_count(s, "silent", c);
	snprintf(text, sizeof text, "%s, %s approved%s%s%s", a, b, silent ? ", " : "",
		silent ? c : "", silent ? " silent" : "");
	line(o, "assets", text);
	view_count(s, "conversations", a);
	view_count(s, "points", b);
	snprintf(text, sizeof text, "%s conversations, %s process points", a, b);
	line(o, "traffic", text);
	show_sensors(o, s);
	view_count(ledger, "written", a);
	view_count(ledger, "waiting", b);
	snprintf(text, sizeof text, "%s, %s entries written, %s waiting%s%s", up ? "up" : "DOWN", a,
		b, *view_text(ledger, "trouble") ? ": " : "", view_text(ledger, "trouble"));
	line(o, "ledger", text);
	view_count(s, "alerts_new", a);
	view_count(s, "alerts_open", b);
	snprintf(text, sizeof text, "%s new, %s open%s%s", a, b,
		*view_text(s, "worst") ? ", worst " : "", view_text(s, "worst"));
	line(o, "alerts", text);
	if (view_number(s, "without_room"))
		line(o, "full", "some assets, addresses or alerts found no room");
	if (fresh)
		out_fmt(o, "\n%s alert%s nobody looked at: weir alert ls\n", a,
			fresh == 1 ? "" : "s");
}

static int run_status(struct cli *cli, const void *opts, struct err *e)
{
	const struct status_opts *o = opts;
	json_t *status;
	if (site_ask_json(site_state(&o->site), json_pack("{s:s}", "ask", "status"), &status, e) <
		0)
		return site_exit(e);
	if (o->json)
		view_json(cli->out, status);
	else
		show(cli->out, status);
	json_decref(status);
	return EXIT_DONE;
}

static const struct opt status_opts[] = {
	SITE_STATE_OPT,
	{ OPT_FLAG, 'j', "json", NULL, "as JSON", offsetof(struct status_opts, json), NULL },
	{ 0 },
};
static const char *const status_examples[] = { "weir status", "what is up, and what wants you",
	NULL };

const struct verb verb_status = {
	.name = "status",
	.brief = "Say how the site is, and what wants a decision",
	.about = "Of the site that weir up runs.",
	.examples = status_examples,
	.opts_size = sizeof(struct status_opts),
	.opts = status_opts,
	.run = run_status,
};
