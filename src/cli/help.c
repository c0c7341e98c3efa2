/* Help, and what the shell completes: printed from the rows of the verbs. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "cli/cli.h"
#include "cli/version.h"

enum {
	LEFT = 26,      /* columns for the names of options and commands */
	WIDTH_MIN = 40, /* the report's own bounds for prose */
	WIDTH_MAX = 100,
};

/* What each code means, for the man pages. */
static const struct {
	int code;
	const char *means;
} exits[] = {
	{ EXIT_DONE,
		"done. A capture that ends in the middle of a packet, as one does that is still "
		"being written, is read up to there, with a warning" },
	{ EXIT_FAILED,
		"failed: a file could not be opened, read to its end or written. Of several captures "
		"the others are read, and shown" },
	{ EXIT_ASKED_WRONGLY, "asked wrongly: an unknown command, option or value" },
	{ EXIT_NOT_FOUND,
		"not found: none of the captures named exists, or no protocol of this name is read" },
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

void cli_help_family(const struct cli *cli, const char *word)
{
	size_t size = strlen(word);
	out_fmt(cli->out, "weir %s needs one more word:\n", word);
	for (const struct verb *const *at = cli_verbs(); *at; at++)
		if (strncmp((*at)->name, word, size) == 0 && (*at)->name[size] == ' ')
			print_row(cli, (*at)->name, (*at)->brief);
	out_fmt(cli->out, "\nweir %s WORD --help says more.\n", word);
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
			print_row(cli, (*at)->name, (*at)->brief);
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

/* --- man pages: scdoc(5) source out of the same rows --- */

/* scdoc gives meaning to these; everything else stands for itself. */
static void print_escaped(struct out *o, const char *text)
{
	for (; *text; text++) {
		if (strchr("\\_*#", *text))
			out_char(o, '\\');
		out_char(o, *text);
	}
}

static void print_exits(struct out *o)
{
	out_str(o, "\n# EXIT STATUS\n\n");
	for (size_t i = 0; i < COUNT_OF(exits); i++)
		out_fmt(o, "%s %d\n:< %s\n", i ? "| " : "[-", exits[i].code, exits[i].means);
}

/* The program's own page, up to what no table says. */
static void print_man_of_all(struct out *o)
{
	out_str(o,
		"weir(1)\n\n# NAME\n\nweir - see what is on an industrial network, who talks to whom, "
		"and what needs attention\n\n# SYNOPSIS\n\n"
		"*weir* _COMMAND_ [OPTION...] [ARGUMENT...]++\n*weir* *--help* | *--version*\n\n"
		"# DESCRIPTION\n\n"
		"weir reads captures of an industrial network and says what they show: the assets with "
		"what they told about themselves, their conversations and what those did to the process, "
		"the process values that went by, and findings that need a person. It sends nothing, "
		"asks nothing, and needs no server, no account and no network.\n\n"
		"# COMMANDS\n");
	for (const struct verb *const *at = cli_verbs(); *at; at++) {
		out_fmt(o, "\n*%s* ", (*at)->name);
		print_escaped(o, (*at)->operands);
		out_str(o, "\n\t");
		print_escaped(o, (*at)->brief);
		if ((*at)->about)
			out_fmt(o, "; see *weir-%s*(1)", (*at)->name);
		out_char(o, '\n');
	}
	print_exits(o);
}

static void print_man(struct out *o, const struct verb *v)
{
	out_fmt(o, "weir-%s(1)\n\n# NAME\n\nweir-%s - ", v->name, v->name);
	print_escaped(o, v->brief);
	out_fmt(o, "\n\n# SYNOPSIS\n\n*weir %s*%s ", v->name, v->opts ? " [OPTION...]" : "");
	print_escaped(o, v->operands ? v->operands : "");
	out_str(o, "\n\n# DESCRIPTION\n\n");
	print_escaped(o, v->about ? v->about : v->brief);
	out_str(o, "\n\n# OPTIONS\n\n");
	for (const struct opt *opt = v->opts; opt && opt->kind; opt++) {
		if (opt->letter)
			out_fmt(o, "*-%c*, ", opt->letter);
		out_fmt(o, "*--%s*", opt->name);
		if (opt->kind == OPT_WORD)
			out_fmt(o, "[=%s]", opt->words);
		else if (opt->value)
			out_fmt(o, " _%s_", opt->value);
		out_str(o, "\n\t");
		print_escaped(o, opt->help);
		out_str(o, "\n\n");
	}
	out_str(o, "*-h*, *--help*\n\tprint a summary\n");
	print_exits(o);
	if (!v->examples)
		return;
	out_str(o, "\n# EXAMPLES\n\n");
	for (const char *const *at = v->examples; *at; at += 2) {
		print_escaped(o, at[1]);
		out_str(o, ":\n\n```\n");
		out_str(o, at[0]);
		out_str(o, "\n```\n\n");
	}
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
	if (cli->operand_count > 1) {
		err_set(e, EINVAL, "help: of one command at a time");
		err_try(e, "weir help %s", cli->operands[0]);
		return EXIT_ASKED_WRONGLY;
	}
	if (!cli->operand_count) {
		if (o->man)
			print_man_of_all(cli->out);
		else
			cli_help(cli, NULL);
		return EXIT_DONE;
	}
	for (const struct verb *const *at = cli_verbs(); *at; at++) {
		if (strcmp((*at)->name, cli->operands[0]) == 0) {
			if (o->man)
				print_man(cli->out, *at);
			else
				cli_help(cli, *at);
			return EXIT_DONE;
		}
	}
	err_set(e, EINVAL, "%s: no such command", cli->operands[0]);
	err_try(e, "weir --help");
	return EXIT_ASKED_WRONGLY;
}

const struct verb verb_help = {
	.name = "help",
	.operands = "[COMMAND]",
	.brief = "Say how a command is used",
	.opts_size = sizeof(struct help_opts),
	.opts = help_opts,
	.run = run_help,
};

static void print_verbs(struct out *o)
{
	for (const struct verb *const *at = cli_verbs(); *at; at++)
		out_fmt(o, "%s ", (*at)->name);
	out_str(o, "--help --version");
}

static void print_cases(struct out *o, const char *before, const char *after)
{
	for (const struct verb *const *at = cli_verbs(); *at; at++) {
		out_fmt(o, "\t%s) %s", (*at)->name, before);
		for (const struct opt *opt = (*at)->opts; opt && opt->kind; opt++)
			out_fmt(o, "--%s ", opt->name);
		out_fmt(o, "--help%s ;;\n", after);
	}
}

static void print_bash(struct out *o)
{
	out_str(o,
		"# bash completion for weir: . <(weir completion bash)\n"
		"_weir()\n{\n"
		"\tlocal word=${COMP_WORDS[COMP_CWORD]} options=\n"
		"\tif [ \"$COMP_CWORD\" -eq 1 ]; then\n"
		"\t\tCOMPREPLY=($(compgen -W \"");
	print_verbs(o);
	out_str(o,
		"\" -- \"$word\"))\n\t\treturn\n\tfi\n"
		"\tcase ${COMP_WORDS[1]} in\n");
	print_cases(o, "options=\"", "\"");
	out_str(o,
		"\tesac\n\tif [[ $word == -* ]]; then\n"
		"\t\tCOMPREPLY=($(compgen -W \"$options\" -- \"$word\"))\n"
		"\telse\n\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$word\")\n\tfi\n}\n"
		"complete -o filenames -F _weir weir\n");
}

static void print_zsh(struct out *o)
{
	out_str(o,
		"#compdef weir\n"
		"# zsh completion for weir: . <(weir completion zsh), or this in a file _weir of $fpath\n"
		"_weir()\n{\n"
		"\tif (( CURRENT == 2 )); then\n"
		"\t\tcompadd -- ");
	print_verbs(o);
	out_str(o,
		"\n\t\treturn\n\tfi\n"
		"\tif [[ $words[CURRENT] != -* ]]; then\n\t\t_files\n\t\treturn\n\tfi\n"
		"\tcase $words[2] in\n");
	print_cases(o, "compadd -- ", "");
	out_str(o,
		"\tesac\n}\n"
		"if [[ $funcstack[1] == _weir ]]; then _weir \"$@\"; else compdef _weir weir; fi\n");
}

static int run_completion(struct cli *cli, const void *opts, struct err *e)
{
	(void)opts;
	const char *shell = cli->operand_count == 1 ? cli->operands[0] : "";
	if (strcmp(shell, "bash") == 0) {
		print_bash(cli->out);
	} else if (strcmp(shell, "zsh") == 0) {
		print_zsh(cli->out);
	} else {
		err_set(e, EINVAL, "completion is there for bash and zsh");
		err_try(e, "weir completion bash");
		return EXIT_ASKED_WRONGLY;
	}
	return EXIT_DONE;
}

const struct verb verb_completion = {
	.name = "completion",
	.operands = "bash|zsh",
	.brief = "Print what makes the shell complete weir's words",
	.run = run_completion,
};
