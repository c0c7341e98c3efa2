/* weir init: a site's settings and its folder, once. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/ledger/ledger.h"
#include "cli/site_file.h"

struct init_opts {
	struct site_opts site;
	const char *file, *name, *interfaces;
};

enum { FILE_ROOM = 8192 };

/* "eth1,eth2" as a list; `words` is cut apart. */
static int split(char *words, const char **list, size_t *count, struct err *e)
{
	char *rest = NULL;
	*count = 0;
	for (char *word = strtok_r(words, ",", &rest); word; word = strtok_r(NULL, ",", &rest)) {
		if (*count == SITE_SENSORS)
			return err_set(e, -EINVAL, "--interface: %d at most", SITE_SENSORS);
		list[(*count)++] = word;
	}
	if (*count)
		return 0;
	err_set(e, -EINVAL, "--interface: which one sees the traffic?");
	return err_try(e, "ip link, then weir init --interface eth1");
}

static int write_file(
	const char *path, const char *name, const char *const *list, size_t count, struct err *e)
{
	char room[FILE_ROOM];
	struct out o = out_mem(room, sizeof room);
	site_file_example(&o, name, list, count);
	if (o.failed)
		return err_set(e, -EINVAL, "names that long fit into no settings");
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0 && errno == EEXIST) {
		err_set(e, -EEXIST, "%s is there already", path);
		return err_try(e, "weir up, or --file with another name");
	}
	if (fd < 0)
		return err_sys(e, "write %s", path);
	int r = write(fd, room, o.used) == (ssize_t)o.used ? 0 : err_sys(e, "write %s", path);
	if (close(fd) < 0 && r == 0)
		r = err_sys(e, "write %s", path);
	if (r < 0)
		unlink(path);
	return r;
}

static int make_folder(const char *path, mode_t mode, struct err *e)
{
	if (mkdir(path, mode) == 0 || errno == EEXIST)
		return 0;
	err_sys(e, "make the folder %s", path);
	return err_try(e, "as root, or --state and --file where you may write");
}

static int make_folders(const char *state, const char *file, struct err *e)
{
	char folder[PATH_MAX];
	int r = make_folder(state, 0750, e);
	const char *slash = strrchr(file, '/');
	if (r == 0 && slash && slash != file &&
		snprintf(folder, sizeof folder, "%.*s", (int)(slash - file), file) < PATH_MAX)
		r = make_folder(folder, 0755, e);
	return r;
}

static int run_init(struct cli *cli, const void *opts, struct err *e)
{
	const struct init_opts *o = opts;
	const char *state = site_state(&o->site), *file = o->file ? o->file : SITE_FILE;
	const char *list[SITE_SENSORS];
	char host[SITE_NAME_MAX + 1] = "site", words[512], ledger[PATH_MAX], origin[96];
	size_t count = 0;
	gethostname(host, sizeof host - 1);
	const char *name = o->name ? o->name : host;
	snprintf(words, sizeof words, "%s", o->interfaces ? o->interfaces : "");
	if (split(words, list, &count, e) < 0)
		return EXIT_ASKED_WRONGLY;
	if (!*name || strlen(name) > SITE_NAME_MAX || ledger_text_fits("--name", name, e) < 0)
		return err_set(e, -EINVAL, "--name: 1 to %d bytes of text", SITE_NAME_MAX),
		       EXIT_ASKED_WRONGLY;
	int r = make_folders(state, file, e);
	if (r == 0)
		r = site_path(state, "ledger", ledger, e);
	if (r == 0)
		r = write_file(file, name, list, count, e);
	if (r < 0)
		return EXIT_FAILED;
	/* A checkpoint's origin has no white space. */
	snprintf(origin, sizeof origin, "%s/ledger", name);
	for (char *c = origin; *c; c++)
		*c = strchr(" \t+\"\\", *c) ? '-' : *c;
	int code = ledger_begin(cli, ledger, origin, e);
	if (code != EXIT_DONE) {
		unlink(file);
		return code;
	}
	out_fmt(cli->out, "wrote %s; look at it, then: weir up%s%s%s%s\n", file,
		o->file ? " --file " : "", o->file ? file : "", o->site.state ? " --state " : "",
		o->site.state ? state : "");
	return EXIT_DONE;
}

static const struct opt init_opts[] = {
	SITE_STATE_OPT,
	{ OPT_TEXT, 'f', "file", "FILE", "the settings to write (" SITE_FILE ")",
		offsetof(struct init_opts, file), NULL },
	{ OPT_TEXT, 'n', "name", "NAME", "what the site is called (this machine's name)",
		offsetof(struct init_opts, name), NULL },
	{ OPT_TEXT, 'i', "interface", "NAME,..", "interfaces that see the traffic",
		offsetof(struct init_opts, interfaces), NULL },
	{ 0 },
};

static const char *const init_examples[] = { "weir init --name 'north works' --interface eth1,eth2",
	"then weir up", NULL };

const struct verb verb_init = {
	.name = "init",
	.brief = "Begin a site: its settings, its folder, its ledger",
	.about =
		"Writes a settings file with every key explained, and begins the site's ledger. What "
		"is there already is left as it is, and said.",
	.examples = init_examples,
	.opts_size = sizeof(struct init_opts),
	.opts = init_opts,
	.run = run_init,
};
