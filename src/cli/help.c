/* Help, and what the shell completes: printed from the rows of the verbs. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/version.h"

enum { LEFT = 26 }; /* columns for the names of options and commands */

void cli_wrapped(struct out *o, const char *text, unsigned indent, unsigned width)
{
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
static void print_row(struct out *o, const char *left, const char *text)
{
	if (strlen(left) > LEFT)
		out_fmt(o, "  %s\n%*s", left, LEFT + 3, "");
	else
		out_fmt(o, "  %-*s ", LEFT, left);
	cli_wrapped(o, text, LEFT + 3, 100);
}

static void print_options(struct out *o, const struct opt *opt)
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
		print_row(o, left, opt->help);
	}
}

void cli_help(struct out *o, const struct verb *v)
{
	if (!v) {
		out_str(o,
			"Examples:\n"
			"  weir look plant.pcapng             what is there, who talks to whom, what needs "
			"attention\n"
			"  weir look --html plant.html *.pcap one page about several captures of one plant\n"
			"  weir facts plant.pcapng            every message as one line of JSON\n\n"
			"Commands:\n");
		for (const struct verb *const *at = cli_verbs(); *at; at++)
			print_row(o, (*at)->name, (*at)->brief);
		out_str(o, "\nweir COMMAND --help says more, and so does man weir.\n");
		return;
	}
	if (v->examples) {
		out_str(o, "Examples:\n");
		for (const char *const *at = v->examples; *at; at += 2)
			out_fmt(o, "  %s\n      %s\n", at[0], at[1]);
		out_char(o, '\n');
	}
	out_fmt(o, "Usage: weir %s%s%s%s\n\n", v->name, v->opts ? " [OPTION...]" : "",
		v->operands ? " " : "", v->operands ? v->operands : "");
	cli_wrapped(o, v->brief, 0, 100);
	if (v->about) {
		out_char(o, '\n');
		cli_wrapped(o, v->about, 0, 100);
	}
	if (v->opts) {
		out_str(o, "\nOptions:\n");
		print_options(o, v->opts);
		print_row(o, "-h, --help", "this text");
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
	if (!cli->operand_count) {
		cli_help(cli->out, NULL);
		return EXIT_DONE;
	}
	for (const struct verb *const *at = cli_verbs(); *at; at++) {
		if (strcmp((*at)->name, cli->operands[0]) == 0) {
			if (o->man)
				print_man(cli->out, *at);
			else
				cli_help(cli->out, *at);
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
