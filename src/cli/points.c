/* weir points: process values as they went by, for plotting. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/jail.h"
#include "base/json.h"
#include "cli/captures.h"
#include "report/report.h"

struct opts {
	const char *json;
	size_t memory;
	bool csv, changes, all;
};

static const struct opt opts[] = {
	{ OPT_FLAG, 'c', "csv", NULL, "every value as a line of CSV, under a line of titles",
		offsetof(struct opts, csv), NULL },
	{ OPT_WORD, 'j', "json", NULL,
		"every value as one JSON object a line, then one for each point; with =points the "
		"points alone",
		offsetof(struct opts, json), "lines|points" },
	{ OPT_FLAG, 'C', "changes", NULL,
		"a value only where it is another than the one before: a poll that repeats is one line",
		offsetof(struct opts, changes), NULL },
	{ OPT_SIZE, 'm', "memory", "SIZE", "keep within this much memory (64M)",
		offsetof(struct opts, memory), NULL },
	{ OPT_FLAG, 'a', "all", NULL, "print every row of the table", offsetof(struct opts, all),
		NULL },
	{ 0 },
};

struct printer {
	struct out *out;
	struct json json;
	bool csv, changes;
};

/* RFC 4180: a quote inside is two, and what could be taken for a formula is kept from being one. */
static void csv_text(struct out *o, const char *text)
{
	bool plain = !strpbrk(text, ",\"\r\n") && !strchr("=+-@\t", text[0]);
	if (plain) {
		out_str(o, text);
		return;
	}
	out_char(o, '"');
	if (strchr("=+-@\t", text[0]) && text[0])
		out_char(o, '\'');
	for (; *text; text++) {
		if (*text == '"')
			out_char(o, '"');
		out_char(o, *text);
	}
	out_char(o, '"');
}

/* The asset's address, or its MAC where it has none. */
enum { ASSET_TEXT = IP_TEXT > MAC_TEXT ? IP_TEXT : MAC_TEXT };

static const char *asset_text(const struct point_sample *v, char text[ASSET_TEXT])
{
	return v->mac ? mac_text(v->mac, text) : ip_text(&v->asset, text);
}

static void print_csv(struct printer *p, const struct point_sample *v)
{
	char text[CLOCK_TEXT], asset[ASSET_TEXT];
	struct out *o = p->out;
	out_str(o, clock_text(v->at_ns, text));
	out_char(o, ',');
	out_str(o, asset_text(v, asset));
	out_char(o, ',');
	out_str(o, v->protocol);
	out_char(o, ',');
	csv_text(o, v->address);
	out_char(o, ',');
	struct json number = json_on(o); /* the shortest text that reads back the same */
	if (v->value == v->value)
		json_num(&number, v->value);
	out_char(o, ',');
	if (v->unit)
		csv_text(o, v->unit);
	out_str(o, v->written ? ",yes," : ",no,");
	out_uint(o, v->frame);
	out_char(o, '\n');
}

static void print_json(struct printer *p, const struct point_sample *v)
{
	char text[CLOCK_TEXT], asset[ASSET_TEXT];
	struct json *j = &p->json;
	json_open(j, '{');
	json_kv_str(j, "kind", "sample");
	json_kv_str(j, "time", clock_text(v->at_ns, text));
	json_kv_str(j, "asset", asset_text(v, asset));
	json_kv_str(j, "protocol", v->protocol);
	json_kv_str(j, "address", v->address);
	json_key(j, "value");
	json_num(j, v->value);
	json_kv_str(j, "unit", v->unit);
	json_key(j, "written");
	json_bool(j, v->written);
	json_kv_uint(j, "frame", v->frame);
	json_close(j, '}');
	json_line(j);
}

static void on_sample(void *self, const struct point_sample *v)
{
	struct printer *p = self;
	if (p->changes && !v->changed && !v->written)
		return;
	if (p->csv)
		print_csv(p, v);
	else
		print_json(p, v);
}

static int show(struct captures *c, struct sense *s, struct cli *cli, const struct opts *o,
	bool lines, struct err *e)
{
	struct plant plant;
	captures_read(c, s, cli->tty_err && (!cli->tty_out || !(o->csv || lines)));
	if (captures_useless(c))
		return EXIT_FAILED;
	if (sense_plant(s, &plant, e))
		return EXIT_FAILED;
	if (o->json)
		report_json_points(&plant, cli->out);
	else if (!o->csv)
		report_points(&plant,
			&(struct report_style){
				.colour = cli->colour, .columns = cli->columns, .all = o->all },
			cli->out);
	return c->failed ? EXIT_FAILED : EXIT_DONE;
}

static int run(struct cli *cli, const void *given, struct err *e)
{
	const struct opts *o = given;
	int code = captures_asked(cli, e);
	if (code != EXIT_DONE)
		return code;
	if (o->csv && o->json) {
		err_set(e, EINVAL, "points: CSV or JSON, not both");
		err_try(e, "weir points --csv %s", cli->operands[0]);
		return EXIT_ASKED_WRONGLY;
	}
	bool lines = o->json && strcmp(o->json, "points") != 0;
	struct captures c;
	code = captures_open(&c, cli, e);
	if (code != EXIT_DONE) {
		captures_close(&c);
		return code;
	}
	struct printer printer = {
		.out = cli->out, .json = json_on(cli->out), .csv = o->csv, .changes = o->changes
	};
	struct sense_config config = { .memory = captures_memory(o->memory),
		.on_sample = o->csv || lines ? on_sample : NULL,
		.self = &printer };
	if (getrandom(&config.random, sizeof config.random, 0) != sizeof config.random)
		config.random = 1;
	struct sense *s = sense_new(&config, e);
	code = EXIT_FAILED;
	if (s && jail_enter(JAIL_STDIO, e) == 0) {
		if (o->csv)
			out_str(cli->out, "time,asset,protocol,address,value,unit,written,frame\n");
		code = show(&c, s, cli, o, lines, e);
	}
	sense_free(s);
	captures_close(&c);
	return code;
}

static const char *const examples[] = {
	"weir points plant.pcapng",
	"the process values that went by, those that were set and those that move first",
	"weir points --csv --changes plant.pcapng > plant.csv",
	"each change with its time, for a spreadsheet or a plot",
	"weir points --json plant.pcapng | jq 'select(.written)'",
	"what somebody set",
	NULL,
};

const struct verb verb_points = {
	.name = "points",
	.operands = "CAPTURE...",
	.brief = "Print the process values seen in the captures, as a table or one by one",
	.about =
		"A point is a register, tag, object or data item with numbers in it; its name is the "
		"asset's address, the protocol and the address within the asset, and stays the same "
		"from capture to capture. Units are given where the protocol tells them. With --csv or "
		"--json each value comes with its time and the frame that carried it.",
	.examples = examples,
	.opts_size = sizeof(struct opts),
	.opts = opts,
	.run = run,
};
