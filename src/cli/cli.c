#include "cli/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/attr.h"
#include "cli/version.h"
#include "report/glyph.h"

static const struct verb *const verbs[] = { &verb_init, &verb_up, &verb_down, &verb_status,
	&verb_asset_ls, &verb_asset_show, &verb_asset_approve, &verb_asset_set, &verb_whois,
	&verb_alert_ls, &verb_alert_show, &verb_alert_close, &verb_alert_open, &verb_alert_mute,
	&verb_alert_pcap, &verb_look, &verb_facts, &verb_points, &verb_packets, &verb_protocols,
	&verb_detections, &verb_ledger_init, &verb_ledger_append, &verb_ledger_show,
	&verb_ledger_verify, &verb_ledger_prove, &verb_ledger_checkpoint, &verb_ledger_tail,
	&verb_ledger_export, &verb_ledger_rebuild, &verb_ledger_serve, &verb_ledger_key,
	&verb_ledger_push, &verb_ledger_follow, &verb_ledger_witness, &verb_ledger_retention,
	&verb_ledger_hold, &verb_ledger_prune, &verb_ledger_move, &verb_ledger_erase,
	&verb_completion, &verb_help, NULL };

static const char *const ledger_examples[] = {
	"weir ledger init --dir /srv/ledger --origin plant.example/north",
	"begin one; the key that signs it lies beside it",
	"echo '{\"kind\":\"note\",\"subject\":\"pump 3\"}' | weir ledger append --dir /srv/ledger",
	"write an entry; its number is printed once it is on the disk",
	"weir ledger verify --dir /srv/ledger",
	"check every byte of it",
	NULL,
};

static const char *const asset_examples[] = { "weir asset ls", "all of them, by their numbers",
	"weir asset show 10.20.1.10", "one of them, with what is known of it", NULL };

static const char *const alert_examples[] = { "weir alert ls", "those that nobody closed",
	"weir alert close 12 --as expected --comment 'planned maintenance'",
	"it was known; the next one of the same cause is raised again", NULL };

const struct family cli_families[] = {
	{ "ledger", "Keep the record that nobody can alter unnoticed",
		"A ledger is a folder: entries in the order they came, a Merkle tree over them "
		"(RFC 6962, C2SP tlog-tiles), and a signed head of it. An entry that was acknowledged "
		"stays; what is altered, taken out or put in afterwards is found by anybody who has "
		"the public key, with this program or without. Copies are complete by themselves.",
		ledger_examples },
	{ "asset", "Who is there: what was seen of each, and what its owner says",
		"A site that is up remembers every asset under a number of its own, whatever address it "
		"has. What was seen is one thing, what somebody approved another: both stay, with who "
		"said so, in the ledger.",
		asset_examples },
	{ "alert", "What wants a person: what was found, and what became of it",
		"Findings with one cause are one alert, from when it is raised until somebody closes it "
		"and says what it was. Every act is an entry of the ledger.",
		alert_examples },
	{ 0 },
};

enum { OPTIONS_MAX = 256, OUT_SIZE = 256 * 1024 };

const struct verb *const *cli_verbs(void)
{
	return verbs;
}

/* As the locale says it (POSIX, 8.2): the first of these that is set.  Elsewhere bytes of a
 * character may be orders to the terminal, 0x9b among them. */
static bool locale_is_utf8(void)
{
	static const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		const char *value = getenv(names[i]);
		if (value && *value)
			return strcasestr(value, "UTF-8") || strcasestr(value, "UTF8");
	}
	return false;
}

/* File names and settings are somebody else's text, too: nothing of it moves the cursor. */
void cli_say(const char *text, const char *try)
{
	char line[4096];
	struct out o = out_mem(line, sizeof line);
	o.ascii = isatty(STDERR_FILENO) && !locale_is_utf8();
	out_str(&o, "weir: ");
	text_out(&o, text);
	if (*try) {
		out_str(&o, "; try: ");
		text_out(&o, try);
	}
	fprintf(stderr, "%s\n", out_text(&o));
}

void cli_complain(const struct err *e)
{
	cli_say(e->text, e->try);
}

int cli_try_write(struct err *e)
{
	switch (-e->code) {
	case ENOSPC:
	case EDQUOT:
		return err_try(e, "df -h, or another place to write to");
	case EBADF:
		return err_try(e, "a file that is open for writing: > FILE");
	case EPIPE:
		return err_try(e, "a reader that stays until the end");
	default:
		return err_try(e, "another place to write to");
	}
}

/* How many words a name has, if these begin with them; else 0. */
static int words_of(const char *name, int count, char **words)
{
	for (int i = 0; i < count; i++) {
		size_t size = strcspn(name, " ");
		if (strlen(words[i]) != size || memcmp(words[i], name, size) != 0)
			return 0;
		if (!name[size])
			return i + 1;
		name += size + 1;
	}
	return 0;
}

const struct verb *cli_find_verb(int count, char **words, int *used)
{
	for (size_t i = 0; verbs[i]; i++) {
		*used = words_of(verbs[i]->name, count, words);
		if (*used)
			return verbs[i];
	}
	return NULL;
}

const struct family *cli_find_family(const char *word)
{
	for (const struct family *f = cli_families; f->name; f++)
		if (strcmp(f->name, word) == 0)
			return f;
	return NULL;
}

const struct family *cli_family(const struct verb *v)
{
	for (const struct family *f = cli_families; f->name; f++) {
		size_t size = strlen(f->name);
		if (strncmp(v->name, f->name, size) == 0 && v->name[size] == ' ')
			return f;
	}
	return NULL;
}

static const struct opt *find_opt(const struct verb *v, const char *name, size_t size, char letter)
{
	for (const struct opt *o = v->opts; o && o->kind; o++)
		if (letter ? o->letter == letter
			   : strlen(o->name) == size && strncmp(o->name, name, size) == 0)
			return o;
	return NULL;
}

/* "64", "64M", "1G": bytes; a plain number counts MiB, as people say it.  SIZE_MAX: more than that
 * of MEMORY_MOST. */
static int read_size(const char *text, size_t *out)
{
	char *end;
	unsigned long long n = strtoull(text, &end, 10);
	if (end == text || text[0] == '-')
		return -EINVAL;
	static const char units[] = "kKmMgGtT";
	const char *unit = *end ? strchr(units, *end) : NULL;
	unsigned shift = unit ? 10 * (unsigned)((unit - units) / 2 + 1) : 20;
	if (unit)
		end++;
	if (*end == 'i' && end[1] == 'B')
		end += 2;
	if (*end || !n)
		return -EINVAL;
	*out = n > (MEMORY_MOST >> shift) ? SIZE_MAX : (size_t)n << shift;
	return 0;
}

static bool is_word(const char *words, const char *word)
{
	size_t size = strlen(word);
	for (const char *at = words; *at;) {
		size_t n = strcspn(at, "|");
		if (n == size && strncmp(at, word, n) == 0)
			return true;
		at += n + (at[n] == '|');
	}
	return false;
}

static int add_text(
	const struct verb *v, const struct opt *o, const char *text, char *opts, struct err *e)
{
	struct texts list;
	memcpy(&list, opts + o->offset, sizeof list);
	if (list.count == TEXTS_MAX) {
		err_set(e, EINVAL, "--%s: %d of them at most", o->name, TEXTS_MAX);
		return err_try(e, "weir %s --help", v->name);
	}
	list.at[list.count++] = text;
	memcpy(opts + o->offset, &list, sizeof list);
	return 0;
}

static int set_opt(
	const struct verb *v, const struct opt *o, const char *value, char *opts, struct err *e)
{
	const char *text = value;
	size_t size;
	switch (o->kind) {
	case OPT_FLAG:
		if (value) {
			err_set(e, EINVAL, "--%s takes no value", o->name);
			return err_try(e, "weir %s --%s", v->name, o->name);
		}
		memcpy(opts + o->offset, &(bool){ true }, sizeof(bool));
		return 0;
	case OPT_WORD:
		if (value && !is_word(o->words, value)) {
			err_set(e, EINVAL, "--%s=%s: not one of %s", o->name, value, o->words);
			return err_try(e, "weir %s --help", v->name);
		}
		if (!value)
			text = o->words;
		break;
	case OPT_TEXT:
	case OPT_TEXTS:
		break;
	case OPT_SIZE:
		if (read_size(value, &size)) {
			err_set(e, EINVAL, "--%s %s: not a size of memory", o->name, value);
			return err_try(e, "weir %s --%s 64M", v->name, o->name);
		}
		if (size < MEMORY_LEAST) {
			err_set(e, EINVAL, "--%s: at least %zu MiB are needed", o->name,
				MEMORY_LEAST >> 20);
			return err_try(e, "--%s %zuM", o->name, MEMORY_LEAST >> 20);
		}
		if (size > MEMORY_MOST) {
			err_set(e, EINVAL, "--%s: at most %zu TiB can be asked for", o->name,
				MEMORY_MOST >> 40);
			return err_try(e, "--%s 1G", o->name);
		}
		memcpy(opts + o->offset, &size, sizeof size);
		return 0;
	}
	if (!*text) {
		err_set(e, EINVAL, "--%s: wants %s", o->name, o->value);
		return err_try(e, "weir %s --help", v->name);
	}
	if (o->kind == OPT_TEXTS)
		return add_text(v, o, text, opts, e);
	memcpy(opts + o->offset, &text, sizeof text);
	return 0;
}

static bool wants_value(const struct opt *o)
{
	return o->kind == OPT_TEXT || o->kind == OPT_SIZE || o->kind == OPT_TEXTS;
}

/* Options may stand anywhere; "--" ends them, "-" alone is an operand. */
static int read_options(
	const struct verb *v, int argc, char **argv, struct cli *cli, char *opts, struct err *e)
{
	bool ended = false;
	for (int i = 0; i < argc; i++) {
		char *word = argv[i];
		if (ended || word[0] != '-' || !word[1]) {
			cli->operands[cli->operand_count++] = word;
			continue;
		}
		if (strcmp(word, "--") == 0) {
			ended = true;
			continue;
		}
		bool is_long = word[1] == '-';
		char *value = is_long ? strchr(word, '=') : word[2] ? word + 2 : NULL;
		size_t size = is_long ? strcspn(word + 2, "=") : 0;
		if (is_long && value)
			value++;
		const struct opt *o = find_opt(v, word + 2, size, is_long ? 0 : word[1]);
		if (!o) {
			err_set(e, EINVAL, "%s: no such option", word);
			return err_try(e, "weir %s --help", v->name);
		}
		if (wants_value(o) && !value) {
			if (i + 1 >= argc) {
				err_set(e, EINVAL, "%s: wants %s", word, o->value);
				return err_try(e, "weir %s --help", v->name);
			}
			value = argv[++i];
		}
		int r = set_opt(v, o, value, opts, e);
		if (r)
			return r;
	}
	return 0;
}

static void look_at_terminal(struct cli *cli)
{
	cli->tty_out = isatty(STDOUT_FILENO);
	cli->tty_err = isatty(STDERR_FILENO);
	const char *none = getenv("NO_COLOR");
	cli->colour = cli->tty_out && !(none && *none);
	cli->out->ascii = cli->tty_out && !locale_is_utf8();
	struct winsize w;
	cli->columns = 100;
	if (cli->tty_out && ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col)
		cli->columns = w.ws_col;
}

/* Whoever calls may have closed one of the three: no file of ours gets its number and is read, or
 * written over, in its place.  What stands there instead fails as a closed one does. */
static void hold_standard_files(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 &&
			open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
			_exit(EXIT_FAILED);
}

static bool asks_for(int argc, char **argv, const char *word)
{
	for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strcmp(argv[i], word) == 0)
			return true;
	return false;
}

static int run_verb(const struct verb *v, int argc, char **argv, struct cli *cli, struct err *e)
{
	static char opts[OPTIONS_MAX] __attribute__((aligned(16)));
	if (asks_for(argc, argv, "--help") || asks_for(argc, argv, "-h")) {
		cli_help(cli, v);
		return EXIT_DONE;
	}
	cli->verb = v;
	if (read_options(v, argc, argv, cli, opts, e))
		return EXIT_ASKED_WRONGLY;
	if (!v->operands && cli->operand_count) {
		err_set(e, EINVAL, "%s: '%s' is not wanted", v->name, cli->operands[0]);
		err_try(e, "weir %s --help", v->name);
		return EXIT_ASKED_WRONGLY;
	}
	int code = v->run(cli, opts, e);
	if (code == EXIT_DONE)
		e->code = 0; /* what was tried on the way and did not matter */
	return code;
}

int cli_main(int argc, char **argv)
{
	static char buffer[OUT_SIZE];
	struct out out = out_fd(STDOUT_FILENO, buffer, sizeof buffer);
	struct cli cli = { .out = &out };
	struct err e = { 0 };
	int code;
	signal(SIGPIPE, SIG_IGN); /* a closed pipe is a failed write, said by out_flush */
	hold_standard_files();
	look_at_terminal(&cli);
	cli.operands = calloc((size_t)argc + 1, sizeof *cli.operands);
	int words = 0;
	const struct verb *v = cli_find_verb(argc - 1, argv + 1, &words);
	const struct family *f = argc > 1 ? cli_find_family(argv[1]) : NULL;
	if (!cli.operands) {
		err_set(&e, ENOMEM, "no memory");
		code = EXIT_FAILED;
	} else if (v) {
		code = run_verb(v, argc - 1 - words, argv + 1 + words, &cli, &e);
	} else if (argc < 2) {
		err_set(&e, EINVAL, "what shall I do?");
		err_try(&e, "weir look CAPTURE, or weir --help");
		code = EXIT_ASKED_WRONGLY;
	} else if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
		cli_help(&cli, NULL);
		code = EXIT_DONE;
	} else if (strcmp(argv[1], "--version") == 0) {
		out_str(&out, "weir " WEIR_VERSION "\n");
		code = EXIT_DONE;
	} else if (f &&
		(argc == 2 || asks_for(argc, argv, "--help") || asks_for(argc, argv, "-h"))) {
		cli_help_family(&cli, f);
		code = EXIT_DONE;
	} else if (f) {
		err_set(&e, EINVAL, "%s %s: no such command", argv[1], argv[2]);
		err_try(&e, "weir %s --help", argv[1]);
		code = EXIT_ASKED_WRONGLY;
	} else {
		err_set(&e, EINVAL, "%s: no such command", argv[1]);
		err_try(&e, "weir --help");
		code = EXIT_ASKED_WRONGLY;
	}
	struct err late = { 0 };
	if (out_flush(&out, &late) && code == EXIT_DONE) {
		/* Whoever reads has gone (head, less): nothing to say about it. */
		if (late.code == -EPIPE)
			code = EXIT_FAILED;
		else {
			e = late;
			err_in(&e, "standard output");
			cli_try_write(&e);
			code = EXIT_FAILED;
		}
	}
	if (e.code && code != EXIT_DONE)
		cli_complain(&e);
	free(cli.operands);
	return code;
}
