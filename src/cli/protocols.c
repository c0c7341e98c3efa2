/* weir protocols: what is read, how deep, on what traffic it was tried, by which standard. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/json.h"
#include "cli/cli.h"
#include "sense/proto.h"

struct opts {
	bool json;
};

static const struct opt opts[] = {
	{ OPT_FLAG, 'j', "json", NULL, "one JSON object a line", offsetof(struct opts, json),
		NULL },
	{ 0 },
};

#define X(name) &proto_##name,
static const struct proto *const protocols[] = { PROTOCOL_LIST(X) };
#undef X

static const struct {
	enum over over;
	const char *name;
} carriers[] = {
	{ OVER_TCP, "TCP" },
	{ OVER_UDP, "UDP" },
	{ OVER_ETHER, "Ethernet" },
	{ OVER_COTP, "ISO transport" },
};

static bool named(const struct proto *p, const char *word)
{
	bool is = strcasecmp(p->name, word) == 0;
	for (size_t i = 0; i < COUNT_OF(p->also) && p->also[i]; i++)
		is |= strcasecmp(p->also[i], word) == 0;
	return is;
}

static bool wanted(const struct cli *cli, const struct proto *p)
{
	for (size_t i = 0; i < cli->operand_count; i++)
		if (named(p, cli->operands[i]))
			return true;
	return cli->operand_count == 0;
}

static int by_kind_and_name(const void *a, const void *b)
{
	const struct proto *p = *(const struct proto *const *)a;
	const struct proto *q = *(const struct proto *const *)b;
	return p->ot != q->ot ? q->ot - p->ot : strcmp(p->name, q->name);
}

static void print_json(struct out *o, const struct proto *p)
{
	struct json j = json_on(o);
	json_open(&j, '{');
	json_kv_str(&j, "protocol", p->name);
	json_kv_str(&j, "title", p->title);
	json_key(&j, "labels");
	json_open(&j, '[');
	json_str(&j, p->name);
	for (size_t i = 0; i < COUNT_OF(p->also) && p->also[i]; i++)
		json_str(&j, p->also[i]);
	json_close(&j, ']');
	json_key(&j, "ot");
	json_bool(&j, p->ot);
	json_key(&j, "over");
	json_open(&j, '[');
	for (size_t i = 0; i < COUNT_OF(carriers); i++)
		if (p->over & carriers[i].over)
			json_str(&j, carriers[i].name);
	json_close(&j, ']');
	json_kv_str(&j, "reads", p->reads);
	if (p->seen)
		json_kv_str(&j, "seen", p->seen);
	json_kv_str(&j, "standard", p->standard);
	json_close(&j, '}');
	json_line(&j);
}

static void print_line(const struct cli *cli, const char *title, const char *text)
{
	out_fmt(cli->out, "%13s%-10s", "", title);
	cli_wrapped(cli, text, 23);
}

static void print_text(const struct cli *cli, const struct proto *p)
{
	char head[200];
	struct out head_out = out_mem(head, sizeof head), *o = &head_out;
	const char *between = "over ";
	out_fmt(o, "%s, ", p->title);
	for (size_t i = 0; i < COUNT_OF(carriers); i++) {
		if (!(p->over & carriers[i].over))
			continue;
		out_str(o, between);
		out_str(o, carriers[i].name);
		between = " and ";
	}
	for (size_t i = 0; i < COUNT_OF(p->also) && p->also[i]; i++)
		out_fmt(o, "%s%s", i ? ", " : "; also told as ", p->also[i]);
	out_fmt(cli->out, "%-12s ", p->name);
	cli_wrapped(cli, out_text(o), 13);
	print_line(cli, "reads", p->reads);
	print_line(cli, "seen", p->seen ? p->seen : "not yet seen on real traffic");
	print_line(cli, "standard", p->standard);
}

static int run(struct cli *cli, const void *given, struct err *e)
{
	const struct opts *o = given;
	for (size_t i = 0; i < cli->operand_count; i++) {
		bool known = false;
		for (size_t n = 0; n < COUNT_OF(protocols); n++)
			known |= named(protocols[n], cli->operands[i]);
		if (!known) {
			err_set(e, ENOENT, "%s: no protocol of this name is read",
				cli->operands[i]);
			err_try(e, "weir protocols");
			return EXIT_NOT_FOUND;
		}
	}
	const struct proto *sorted[COUNT_OF(protocols)];
	memcpy(sorted, protocols, sizeof sorted);
	qsort(sorted, COUNT_OF(sorted), sizeof sorted[0], by_kind_and_name);
	size_t count = 0, unseen = 0;
	for (size_t i = 0; i < COUNT_OF(sorted); i++) {
		if (!wanted(cli, sorted[i]))
			continue;
		count++;
		unseen += !sorted[i]->seen;
		if (o->json)
			print_json(cli->out, sorted[i]);
		else
			print_text(cli, sorted[i]);
	}
	if (!o->json && count > 1)
		out_fmt(cli->out, "%zu protocols, %zu of them not yet seen on real traffic\n",
			count, unseen);
	return EXIT_DONE;
}

static const char *const examples[] = {
	"weir protocols",
	"all of them, the industrial ones first",
	"weir protocols modbus cip",
	"these two",
	NULL,
};

const struct verb verb_protocols = {
	.name = "protocols",
	.operands = "[PROTOCOL...]",
	.brief = "List the protocols that are read, and how well each is known",
	.about =
		"For each protocol: what carries it, how much of it is read, the real traffic it was "
		"tried on, and the standard it follows. What is not in the list is told by its port "
		"in the reports, with a question mark, and is a guess.",
	.examples = examples,
	.opts_size = sizeof(struct opts),
	.opts = opts,
	.run = run,
};
