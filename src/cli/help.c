/* Help, printed from the rows of the verbs. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "cli/cli.h"

enum {
	LEFT = 26,      /* columns for the names of options and commands */
	WIDTH_MIN = 40, /* the report's own bounds for prose */
	WIDTH_MAX = 100,
};

void cli_wrapped(const struct cli *cli, const char *text, unsigned indent)
{
	struct out *o = cli->out;
	unsigned width = cli->columns < WIDTH_MIN ? WIDTH_MIN
		: cli->columns < WIDTH_MAX        ? cli->columns
						  : WIDTH_MAX;
	unsigned column = indent;
	while (*text) {
		size_t word = strcspn(text, " \n");
		bool first = column == indent;
		if (!first && column + 1 + word > width) {
			out_fmt(o, "\n%*s", (int)indent, "");
			column = indent;
		} else if (!first) {
			out_char(o, ' ');
			column++;
		}
		out_bytes(o, text, word);
		column += (unsigned)word;
		text += word;
		if (*text == '\n') {
			out_fmt(o, "\n%*s", (int)indent, "");
			column = indent;
			text++;
		}
		while (*text == ' ')
			text++;
	}
	out_char(o, '\n');
}

/* "  NAME      what it is", on as many lines as it takes. */
static void print_row(const struct cli *cli, const char *left, const char *text)
{
	if (strlen(left) > LEFT)
		out_fmt(cli->out, "  %s\n%*s", left, LEFT + 3, "");
	else
		out_fmt(cli->out, "  %-*s ", LEFT, left);
	cli_wrapped(cli, text, LEFT + 3);
}

static void print_options(const struct cli *cli, const struct opt *opt)
{
	for (; opt && opt->kind; opt++) {
		char left[48];
		char letter[8] = "    ";
		if (opt->letter)
			snprintf(letter, sizeof letter, "-%c, ", opt->letter);
		if (opt->kind == OPT_WORD)
			snprintf(left, sizeof left, "%s--%s[=%s]", letter, opt->name, opt->words);
		else
			snprintf(left, sizeof left, "%s--%s%s%s", letter, opt->name,
				opt->value ? " " : "", opt->value ? opt->value : "");
		print_row(cli, left, opt->help);
	}
}

/* A command stands in one line, so that it can be copied. */
static void print_examples(const struct cli *cli, const char *const *at)
{
	out_str(cli->out, "Examples:\n");
	for (; *at; at += 2) {
		out_fmt(cli->out, "  %s\n      ", at[0]);
		cli_wrapped(cli, at[1], 6);
	}
	out_char(cli->out, '\n');
}

void cli_help(const struct cli *cli, const struct verb *v)
{
	static const char *const examples[] = {
		"weir look plant.pcapng",
		"what is there, who talks to whom, what needs attention",
		"weir look --html plant.html *.pcap",
		"one page about several captures of one plant",
		"weir facts plant.pcapng",
		"every message as one line of JSON",
		NULL,
	};
	struct out *o = cli->out;
	if (!v) {
		print_examples(cli, examples);
		out_str(o, "Commands:\n");
		for (const struct verb *const *at = cli_verbs(); *at; at++)
			if (!cli_family(*at))
				print_row(cli, (*at)->name, (*at)->brief);
		for (const struct family *f = cli_families; f->name; f++)
			print_row(cli, f->name, f->brief);
		out_char(o, '\n');
		cli_wrapped(cli, "weir COMMAND --help says more, and so does man weir.", 0);
		return;
	}
	if (v->examples)
		print_examples(cli, v->examples);
	out_fmt(o, "Usage: weir %s%s%s%s\n\n", v->name, v->opts ? " [OPTION...]" : "",
		v->operands ? " " : "", v->operands ? v->operands : "");
	cli_wrapped(cli, v->brief, 0);
	if (v->about) {
		out_char(o, '\n');
		cli_wrapped(cli, v->about, 0);
	}
	if (v->opts) {
		out_str(o, "\nOptions:\n");
		print_options(cli, v->opts);
		print_row(cli, "-h, --help", "this text");
	}
}

void cli_help_family(const struct cli *cli, const struct family *f)
{
	struct out *o = cli->out;
	print_examples(cli, f->examples);
	out_fmt(o, "Usage: weir %s COMMAND [OPTION...]\n\n", f->name);
	cli_wrapped(cli, f->brief, 0);
	out_char(o, '\n');
	cli_wrapped(cli, f->about, 0);
	out_str(o, "\nCommands:\n");
	for (const struct verb *const *at = cli_verbs(); *at; at++)
		if (cli_family(*at) == f)
			print_row(cli, (*at)->name, (*at)->brief);
	out_char(o, '\n');
	out_fmt(o, "weir %s COMMAND --help says more, and so does man weir-%s.\n", f->name,
		f->name);
}

struct help_opts {
	bool man;
};

static const struct opt help_opts[] = {
	{ OPT_FLAG, 0, "man", NULL, "print the source of the man page (scdoc) instead",
		offsetof(struct help_opts, man), NULL },
	{ 0 },
};

static int run_help(struct cli *cli, const void *given, struct err *e)
{
	const struct help_opts *o = given;
	int count = (int)cli->operand_count, used = 0;
	const struct verb *v = cli_find_verb(count, cli->operands, &used);
	const struct family *f = count == 1 ? cli_find_family(cli->operands[0]) : NULL;
	if (v && used < count) {
		err_set(e, EINVAL, "help: of one command at a time");
		err_try(e, "weir help %s", v->name);
		return EXIT_ASKED_WRONGLY;
	}
	if (count && !v && !f) {
		err_set(e, EINVAL, "%s%s%s: no such command", cli->operands[0],
			count > 1 ? " " : "", count > 1 ? cli->operands[1] : "");
		err_try(e, "weir --help");
		return EXIT_ASKED_WRONGLY;
	}
	if (o->man)
		cli_man(cli->out, v, f);
	else if (f)
		cli_help_family(cli, f);
	else
		cli_help(cli, v);
	return EXIT_DONE;
}

const struct verb verb_help = {
	.name = "help",
	.operands = "[COMMAND...]",
	.brief = "Say how a command is used",
	.opts_size = sizeof(struct help_opts),
	.opts = help_opts,
	.run = run_help,
};
