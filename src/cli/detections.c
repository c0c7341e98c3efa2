/* weir detections: what is found, in which class, from which number on, by which technique. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/json.h"
#include "cli/cli.h"
#include "sense/detect.h"

struct opts {
	bool json;
};

static const struct opt opts[] = {
	{ OPT_FLAG, 'j', "json", NULL, "one JSON object a line", offsetof(struct opts, json),
		NULL },
	{ 0 },
};

#define X(name) detect_##name,
static const struct detection *const files[] = { DETECTION_LIST(X) };
#undef X

enum { LISTED_MAX = 256 };

/* By its id, its class, or its engine. */
static bool named(const struct detection *d, const char *word)
{
	return strcasecmp(d->row.id, word) == 0 || strcasecmp(d->row.class, word) == 0 ||
		strcasecmp(engine_name((enum finding_engine)d->row.engine), word) == 0;
}

static bool wanted(const struct cli *cli, const struct detection *d)
{
	for (size_t i = 0; i < cli->operand_count; i++)
		if (named(d, cli->operands[i]))
			return true;
	return cli->operand_count == 0;
}

static int by_engine_and_id(const void *a, const void *b)
{
	const struct detection *x = *(const struct detection *const *)a;
	const struct detection *y = *(const struct detection *const *)b;
	return x->row.engine != y->row.engine ? x->row.engine - y->row.engine
					      : strcmp(x->row.id, y->row.id);
}

static void json_limit(struct json *j, const char *key, const struct limit *limit)
{
	if (!limit->count)
		return;
	json_key(j, key);
	json_open(j, '{');
	json_kv_uint(j, "count", limit->count);
	json_kv_uint(j, "seconds", limit->seconds);
	json_close(j, '}');
}

static void print_json(struct out *o, const struct detection *d)
{
	struct json j = json_on(o);
	const struct detection_row *r = &d->row;
	json_open(&j, '{');
	json_kv_str(&j, "id", r->id);
	json_kv_str(&j, "class", r->class);
	json_kv_str(&j, "engine", engine_name((enum finding_engine)r->engine));
	json_kv_str(&j, "severity", severity_name((enum severity)r->severity));
	json_kv_str(&j, "title", r->title);
	if (r->technique)
		json_kv_str(&j, "technique", r->technique);
	json_limit(&j, "limit", &d->limit);
	json_limit(&j, "limit_it", &d->limit_it);
	json_kv_str(&j, "next", r->next);
	json_close(&j, '}');
	json_line(&j);
}

static void out_time(struct out *o, unsigned seconds)
{
	unsigned unit = seconds % 3600 == 0 ? 3600 : seconds % 60 == 0 ? 60 : 1;
	out_fmt(o, "%u %s", seconds / unit, unit == 3600 ? "h" : unit == 60 ? "min" : "s");
}

static void print_text(const struct cli *cli, const struct detection *d)
{
	char text[300];
	struct out line = out_mem(text, sizeof text), *o = &line;
	const struct detection_row *r = &d->row;
	out_fmt(o, "%s; %s", severity_name((enum severity)r->severity), r->class);
	if (r->technique)
		out_fmt(o, "; %s", r->technique);
	if (d->limit.count) {
		out_fmt(o, "; %u in ", d->limit.count);
		out_time(o, d->limit.seconds);
	}
	if (d->limit_it.count)
		out_fmt(o, ", %u where the protocol is not industrial", d->limit_it.count);
	out_fmt(cli->out, "  %-28s ", r->id);
	cli_wrapped(cli, r->title, 31);
	out_fmt(cli->out, "%31s", "");
	cli_wrapped(cli, out_text(o), 31);
}

static size_t listed(const struct detection *all[LISTED_MAX])
{
	size_t count = 0;
	for (size_t i = 0; i < COUNT_OF(files); i++)
		for (const struct detection *d = files[i]; d->row.id && count < LISTED_MAX; d++)
			all[count++] = d;
	qsort(all, count, sizeof all[0], by_engine_and_id);
	return count;
}

static bool is_known(const struct detection *const *all, size_t count, const char *word)
{
	for (size_t n = 0; n < count; n++)
		if (named(all[n], word))
			return true;
	return false;
}

static int run(struct cli *cli, const void *given, struct err *e)
{
	const struct opts *o = given;
	const struct detection *all[LISTED_MAX];
	size_t count = listed(all), shown = 0;
	for (size_t i = 0; i < cli->operand_count; i++) {
		if (is_known(all, count, cli->operands[i]))
			continue;
		err_set(e, ENOENT, "%s: no detection, class or engine of this name",
			cli->operands[i]);
		err_try(e, "weir detections");
		return EXIT_NOT_FOUND;
	}
	int engine = -1;
	for (size_t i = 0; i < count; i++) {
		const struct detection *d = all[i];
		if (!wanted(cli, d))
			continue;
		if (!o->json && d->row.engine != engine)
			out_fmt(cli->out, "%s%s\n", shown ? "\n" : "",
				engine_name((enum finding_engine)d->row.engine));
		engine = d->row.engine;
		shown++;
		if (o->json)
			print_json(cli->out, d);
		else
			print_text(cli, d);
	}
	if (!o->json && shown > 1)
		out_fmt(cli->out, "\n%zu detections\n", shown);
	return EXIT_DONE;
}

static const char *const examples[] = {
	"weir detections",
	"all of them, by engine",
	"weir detections malware lateral-movement",
	"those of an engine, and those of a class",
	NULL,
};

const struct verb verb_detections = {
	.name = "detections",
	.operands = "[ID|CLASS|ENGINE...]",
	.brief = "List what is found, and from which number on",
	.about =
		"For each detection: its title, how severe it is, its class, the technique of MITRE "
		"ATT&CK it belongs to (for ICS; of Enterprise where only that has one), and where it "
		"takes several events, how many within how long.",
	.examples = examples,
	.opts_size = sizeof(struct opts),
	.opts = opts,
	.run = run,
};
