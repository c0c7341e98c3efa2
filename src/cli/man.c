/* Man pages: scdoc(5) source out of the rows of the verbs. */
#include <stddef.h>
#include <string.h>

#include "base/attr.h"
#include "cli/cli.h"

/* What each code means: of every command, of those on captures, of a family's. */
static const struct {
	int code;
	const char *of, *means;
} exits[] = {
	{ EXIT_DONE, "",
		"done. A capture that ends in the middle of a packet, as one does that is still "
		"being written, is read up to there, with a warning" },
	{ EXIT_DONE, "ledger", "done" },
	{ EXIT_FAILED, "",
		"failed: a file could not be opened, read to its end or written. Of several captures "
		"the others are read, and shown" },
	{ EXIT_FAILED, "ledger",
		"failed: a file could not be read or written, or an entry is none" },
	{ EXIT_ASKED_WRONGLY, NULL, "asked wrongly: an unknown command, option or value" },
	{ EXIT_NOT_FOUND, "",
		"not found: none of the captures named exists, or no protocol of this name is read" },
	{ EXIT_NOT_FOUND, "ledger", "not found: no ledger there, or no entry of that number" },
	{ EXIT_PROBLEMS, "ledger", "checked, and something does not hold" },
	{ EXIT_NOT_ALLOWED, "ledger",
		"not allowed: a folder, a key or a passphrase of somebody else" },
	{ EXIT_UNREACHABLE, "ledger", "unreachable: another end that should answer" },
};

/* scdoc gives meaning to these; everything else stands for itself. */
static void print_escaped(struct out *o, const char *text)
{
	for (; *text; text++) {
		if (strchr("\\_*#", *text))
			out_char(o, '\\');
		out_char(o, *text);
	}
}

/* A family's pages have its words; those of commands of one word, and the program's, have theirs.
 */
static void print_exits(struct out *o, const struct family *f)
{
	const char *row = "[-";
	out_str(o, "\n# EXIT STATUS\n\n");
	for (size_t i = 0; i < COUNT_OF(exits); i++) {
		if (exits[i].of && strcmp(exits[i].of, f ? f->name : "") != 0)
			continue;
		out_fmt(o, "%s %d\n:< %s\n", row, exits[i].code, exits[i].means);
		row = "| ";
	}
}

/* The page of "ledger init" is weir-ledger-init(1). */
static void print_page(struct out *o, const char *name)
{
	out_str(o, "weir-");
	for (; *name; name++)
		out_char(o, *name == ' ' ? '-' : *name);
}

static void print_examples(struct out *o, const char *const *at)
{
	if (!at)
		return;
	out_str(o, "\n# EXAMPLES\n\n");
	for (; *at; at += 2) {
		print_escaped(o, at[1]);
		out_str(o, ":\n\n```\n");
		out_str(o, at[0]);
		out_str(o, "\n```\n\n");
	}
}

static void print_title(struct out *o, const char *name, const char *brief)
{
	print_page(o, name);
	out_str(o, "(1)\n\n# NAME\n\n");
	print_page(o, name);
	out_str(o, " - ");
	print_escaped(o, brief);
	out_str(o, "\n\n# SYNOPSIS\n\n");
}

/* A command in a list of them; `paged`: it has a page of its own. */
static void print_command(
	struct out *o, const char *name, const char *operands, const char *brief, bool paged)
{
	out_fmt(o, "\n*%s* ", name);
	print_escaped(o, operands ? operands : "");
	out_str(o, "\n\t");
	print_escaped(o, brief);
	if (paged) {
		out_str(o, "; see *");
		print_page(o, name);
		out_str(o, "*(1)");
	}
	out_char(o, '\n');
}

static void print_family(struct out *o, const struct family *f)
{
	print_title(o, f->name, f->brief);
	out_fmt(o, "*weir %s* _COMMAND_ [OPTION...] [ARGUMENT...]\n\n# DESCRIPTION\n\n", f->name);
	print_escaped(o, f->about);
	out_str(o, "\n\n# COMMANDS\n");
	for (const struct verb *const *at = cli_verbs(); *at; at++)
		if (cli_family(*at) == f)
			print_command(o, (*at)->name, (*at)->operands, (*at)->brief, true);
	print_exits(o, f);
	print_examples(o, f->examples);
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
	for (const struct verb *const *at = cli_verbs(); *at; at++)
		if (!cli_family(*at))
			print_command(o, (*at)->name, (*at)->operands, (*at)->brief, (*at)->about);
	for (const struct family *f = cli_families; f->name; f++)
		print_command(o, f->name, "COMMAND", f->brief, true);
	print_exits(o, NULL);
}

static void print_man(struct out *o, const struct verb *v)
{
	print_title(o, v->name, v->brief);
	out_fmt(o, "*weir %s*%s ", v->name, v->opts ? " [OPTION...]" : "");
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
	print_exits(o, cli_family(v));
	print_examples(o, v->examples);
}

void cli_man(struct out *o, const struct verb *v, const struct family *f)
{
	if (f)
		print_family(o, f);
	else if (v)
		print_man(o, v);
	else
		print_man_of_all(o);
}
