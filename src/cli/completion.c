/* What makes the shell complete: printed from the rows of the verbs. */
#include <errno.h>
#include <string.h>

#include "base/attr.h"
#include "cli/cli.h"

/* The words that may stand first: commands of one word, and families. */
static void print_first(struct out *o)
{
	for (const struct verb *const *at = cli_verbs(); *at; at++)
		if (!cli_family(*at))
			out_fmt(o, "%s ", (*at)->name);
	for (const struct family *f = cli_families; f->name; f++)
		out_fmt(o, "%s ", f->name);
	out_str(o, "--help --version");
}

/* The words that may stand behind `before`, which has `size` characters; each once, as verbs of one
 * beginning stand together. */
static void print_next(struct out *o, const char *before, size_t size)
{
	const char *last = "";
	for (const struct verb *const *at = cli_verbs(); *at; at++) {
		const char *name = (*at)->name;
		if (strncmp(name, before, size) != 0 || name[size] != ' ')
			continue;
		name += size + 1;
		size_t word = strcspn(name, " ");
		if (strlen(last) < word || strncmp(last, name, word) != 0 ||
			(last[word] && last[word] != ' '))
			out_fmt(o, "%.*s ", (int)word, name);
		last = name;
	}
	out_str(o, "--help");
}

/* A case for each beginning of a verb of several words: `"ledger key") ...words...`. */
static void print_beginnings(struct out *o, const char *before, const char *after)
{
	const char *last = "";
	for (const struct verb *const *at = cli_verbs(); *at; at++) {
		const char *name = (*at)->name;
		for (const char *end = strchr(name, ' '); end; end = strchr(end + 1, ' ')) {
			size_t size = (size_t)(end - name);
			if (strncmp(last, name, size + 1) == 0)
				continue;
			out_fmt(o, "\t\"%.*s\") %s", (int)size, name, before);
			print_next(o, name, size);
			out_fmt(o, "%s ;;\n", after);
		}
		last = name;
	}
}

static void print_options(struct out *o, const char *before, const char *after)
{
	for (const struct verb *const *at = cli_verbs(); *at; at++) {
		out_fmt(o, "\t\"%s \"*) %s", (*at)->name, before);
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
		"\tlocal IFS=$' \\t\\n' word=${COMP_WORDS[COMP_CWORD]} words=\n"
		"\tlocal line=\"${COMP_WORDS[*]:1:COMP_CWORD-1}\"\n"
		"\tcase $line in\n"
		"\t\"\") words=\"");
	print_first(o);
	out_str(o, "\" ;;\n");
	print_beginnings(o, "words=\"", "\"");
	out_str(o,
		"\tesac\n"
		"\tif [[ ! $words && $word == -* ]]; then\n"
		"\tcase \"$line \" in\n");
	print_options(o, "words=\"", "\"");
	out_str(o,
		"\tesac\n\tfi\n"
		"\tif [[ $words ]]; then\n"
		"\t\tCOMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n"
		"\telse\n\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$word\")\n\tfi\n}\n"
		"complete -o filenames -F _weir weir\n");
}

static void print_zsh(struct out *o)
{
	out_str(o,
		"#compdef weir\n"
		"# zsh completion for weir: . <(weir completion zsh), or this in a file _weir of $fpath\n"
		"_weir()\n{\n"
		"\tlocal line=\"${(j: :)words[2,CURRENT-1]}\"\n"
		"\tcase $line in\n"
		"\t\"\") compadd -- ");
	print_first(o);
	out_str(o, "; return ;;\n");
	print_beginnings(o, "compadd -- ", "; return");
	out_str(o,
		"\tesac\n"
		"\tif [[ $words[CURRENT] != -* ]]; then\n\t\t_files\n\t\treturn\n\tfi\n"
		"\tcase \"$line \" in\n");
	print_options(o, "compadd -- ", "");
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
