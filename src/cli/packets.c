/* weir packets: what a packet store holds, and packets out of it. */
#include "cli/packets.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/jail.h"
#include "base/json.h"
#include "cli/packets_ask.h"

#define PACKETS_DIR "/var/lib/weir/packets"

static const int64_t margin_ns = 30 * CLOCK_SECOND;

static const struct opt opts[] = {
	{ OPT_TEXT, 'd', "dir", "DIR", "the folder with the packets (" PACKETS_DIR ")",
		offsetof(struct packets_opts, dir), NULL },
	{ OPT_TEXT, 'f', "from", "TIME", "packets since then (UTC: 2026-11-22T03:00)",
		offsetof(struct packets_opts, from), NULL },
	{ OPT_TEXT, 't', "to", "TIME", "packets until then", offsetof(struct packets_opts, to),
		NULL },
	{ OPT_TEXT, 'a', "around", "TIME", "packets before and after this moment",
		offsetof(struct packets_opts, around), NULL },
	{ OPT_TEXT, 'm', "margin", "TIME",
		"with --around: so long before and so long after (30; 5m, 2h)",
		offsetof(struct packets_opts, margin), NULL },
	{ OPT_TEXTS, 'H', "host", "ADDRESS",
		"packets from or to this IP or MAC address; twice: between the two",
		offsetof(struct packets_opts, hosts), NULL },
	{ OPT_TEXT, 'w', "write", "FILE", "write them there; - is standard output",
		offsetof(struct packets_opts, write), NULL },
	{ OPT_FLAG, 'j', "json", NULL, "print what is there, or was written, as JSON",
		offsetof(struct packets_opts, json), NULL },
	{ 0 },
};

struct job {
	const char *dir;
	struct files files;
	int folder, target; /* -1: none */
	bool target_regular;
	struct packets_question question;
};

/* --- what is asked --- */

static int read_time(const char *name, const char *text, int64_t *ns, struct err *e)
{
	if (!text || clock_read(text, ns))
		return 0;
	err_set(e, -EINVAL, "--%s %.60s: no time", name, text);
	return err_try(e, "--%s 2026-11-22T03:00", name);
}

static int read_around(const struct packets_opts *o, struct packets_question *q, struct err *e)
{
	int64_t middle, margin = margin_ns;
	if (o->from || o->to) {
		err_set(e, -EINVAL, "packets: around a time, or from one to another, not both");
		return err_try(e, "weir packets --around %s --margin 5m", o->around);
	}
	if (o->margin && !clock_read_span(o->margin, &margin)) {
		err_set(e, -EINVAL, "--margin %.40s: no time", o->margin);
		return err_try(e, "--margin 5m");
	}
	if (read_time("around", o->around, &middle, e) < 0)
		return e->code;
	if (__builtin_sub_overflow(middle, margin, &q->from_ns) ||
		__builtin_add_overflow(middle, margin, &q->to_ns))
		return err_set(e, -EINVAL, "--around %.60s: too far away", o->around);
	return 0;
}

static int read_span(const struct packets_opts *o, struct packets_question *q, struct err *e)
{
	q->from_ns = INT64_MIN;
	if (o->around)
		return read_around(o, q, e);
	if (o->margin) {
		err_set(e, -EINVAL, "--margin: of which moment?");
		return err_try(e, "weir packets --around TIME --margin %s", o->margin);
	}
	if (read_time("from", o->from, &q->from_ns, e) < 0 ||
		read_time("to", o->to, &q->to_ns, e) < 0)
		return e->code;
	if (o->to && q->to_ns < q->from_ns) {
		err_set(e, -EINVAL, "packets: --to is before --from");
		return err_try(e, "the earlier one behind --from");
	}
	return 0;
}

static int read_hosts(const struct packets_opts *o, struct packets_question *q, struct err *e)
{
	if (o->hosts.count > PACKETS_HOSTS) {
		err_set(e, -EINVAL, "--host: one or two of them");
		return err_try(e, "weir packets --host 10.1.2.3 --host 10.1.2.4");
	}
	for (; q->host_count < o->hosts.count; q->host_count++)
		if (!packets_host_read(o->hosts.at[q->host_count], &q->hosts[q->host_count])) {
			err_set(e, -EINVAL, "--host %.60s: no address", o->hosts.at[q->host_count]);
			return err_try(e, "10.1.2.3, fe80::1 or 00:0c:29:11:22:33");
		}
	return 0;
}

static bool wants_packets(const struct packets_opts *o)
{
	return o->from || o->to || o->around || o->hosts.count || o->write;
}

/* An exit code. */
static int asked(struct job *j, const struct cli *cli, const struct packets_opts *o, struct err *e)
{
	if (read_span(o, &j->question, e) < 0 || read_hosts(o, &j->question, e) < 0)
		return EXIT_ASKED_WRONGLY;
	bool to_output = wants_packets(o) && (!o->write || strcmp(o->write, "-") == 0);
	if (to_output && cli->tty_out)
		err_set(e, -EINVAL, "packets: they are nothing for a terminal");
	else if (to_output && o->json)
		err_set(e, -EINVAL, "packets: --json and packets cannot both go to one output");
	else
		return EXIT_DONE;
	return err_try(e, "--write packets.pcapng"), EXIT_ASKED_WRONGLY;
}

/* --- opening --- */

static int open_folder(struct job *j, struct err *e)
{
	j->folder = open(j->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	j->files = files_real(j->folder);
	if (j->folder >= 0)
		return EXIT_DONE;
	err_sys(e, "open the packets in %s", j->dir);
	if (e->code == -EACCES)
		return err_try(e, "ls -ld '%s', or sudo", j->dir), EXIT_NOT_ALLOWED;
	err_try(e, "--dir, and the folder that has 00000001.pcapng in it, or what came after it");
	return e->code == -ENOENT || e->code == -ENOTDIR ? EXIT_NOT_FOUND : EXIT_FAILED;
}

/* Nothing is written among the packets, over one of them least of all. */
static bool is_within(const struct job *j, const char *path)
{
	char copy[PATH_MAX];
	struct stat ours, its;
	char *real = realpath(path, copy), *slash = real ? strrchr(copy, '/') : NULL;
	if (!slash)
		return false;
	slash[slash == copy] = 0;
	return stat(copy, &its) == 0 && fstat(j->folder, &ours) == 0 && its.st_ino == ours.st_ino &&
		its.st_dev == ours.st_dev;
}

static int open_target(struct job *j, const struct packets_opts *o, struct err *e)
{
	struct stat s;
	if (!o->write || strcmp(o->write, "-") == 0)
		return EXIT_DONE;
	bool stood = stat(o->write, &s) == 0;
	if (stood && is_within(j, o->write)) {
		err_set(e, -EINVAL, "write %s: it is one of the packets' own files", o->write);
		return err_try(e, "a file in another folder"), EXIT_ASKED_WRONGLY;
	}
	j->target = open(o->write, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (j->target < 0 || fstat(j->target, &s) < 0) {
		err_sys(e, "write %s", o->write);
		return err_try(e, "a folder you may write to"), EXIT_FAILED;
	}
	j->target_regular = S_ISREG(s.st_mode);
	return EXIT_DONE;
}

static int lock(const struct job *j, struct err *e)
{
	const struct jail_folder only = { j->dir, JAIL_LOOK };
	int r = jail_folders(&only, 1, e);
	return r < 0 ? r : jail_enter(JAIL_STDIO | JAIL_READ_FILE, e);
}

/* --- answers --- */

/* "1 packet", "2 packets" */
static void count_out(struct out *o, uint64_t n, const char *word)
{
	out_fmt(o, "%llu %s%s", (unsigned long long)n, word, n == 1 ? "" : "s");
}

static void span_out(struct out *o, int64_t first_ns, int64_t last_ns)
{
	char first[CLOCK_TEXT], last[CLOCK_TEXT];
	out_fmt(o, "%s to %s", clock_text(first_ns, first), clock_text(last_ns, last));
}

static void show(const struct packets_held *h, const struct packets_opts *o, struct out *out)
{
	struct json j = json_on(out);
	if (!o->json) {
		if (h->frames)
			span_out(out, h->first_ns, h->last_ns);
		out_str(out, h->frames ? ": " : "no packets: ");
		count_out(out, h->frames, "packet");
		out_str(out, " in ");
		count_out(out, h->segments, "segment");
		out_fmt(out, ", %llu bytes on the disk\n", (unsigned long long)h->bytes);
		return;
	}
	json_open(&j, '{');
	json_kv_str(&j, "weir", "packets/1");
	json_kv_time(&j, "first", h->first_ns);
	json_kv_time(&j, "last", h->last_ns);
	json_kv_uint(&j, "packets", h->frames);
	json_kv_uint(&j, "bytes", h->bytes);
	json_kv_uint(&j, "segments", h->segments);
	json_close(&j, '}');
	json_line(&j);
}

static void show_written(
	const struct packets_found *f, const struct packets_opts *o, struct out *out)
{
	struct json j = json_on(out);
	if (!o->json) {
		span_out(out, f->first_ns, f->last_ns);
		out_str(out, ": ");
		count_out(out, f->frames, "packet");
		out_fmt(out, ", %llu bytes, written to %s\n", (unsigned long long)f->bytes,
			o->write);
		return;
	}
	json_open(&j, '{');
	json_kv_str(&j, "weir", "packets/1");
	json_kv_str(&j, "file", o->write);
	json_kv_time(&j, "first", f->first_ns);
	json_kv_time(&j, "last", f->last_ns);
	json_kv_uint(&j, "packets", f->frames);
	json_kv_uint(&j, "bytes", f->bytes);
	json_kv_uint(&j, "damaged", f->unread);
	json_close(&j, '}');
	json_line(&j);
}

static int not_read(const struct job *j, struct err *e)
{
	err_in(e, "%s", j->dir);
	if (e->code != -EACCES)
		return EXIT_FAILED;
	return err_try(e, "ls -l '%s', or sudo", j->dir), EXIT_NOT_ALLOWED;
}

static int show_store(
	const struct job *j, const struct packets_opts *o, struct out *out, struct err *e)
{
	struct packets_held held;
	if (packets_look(&j->files, &held, e) < 0)
		return not_read(j, e);
	show(&held, o, out);
	return EXIT_DONE;
}

/* What there would be instead. */
static int none_found(const struct job *j, struct err *e)
{
	struct packets_held h;
	char text[160];
	struct out o = out_mem(text, sizeof text);
	if (packets_look(&j->files, &h, e) < 0)
		return EXIT_FAILED;
	if (h.frames)
		span_out(&o, h.first_ns, h.last_ns);
	else
		out_str(&o, "nothing at all");
	err_set(e, -ENOENT, "no packets are as asked for; %s has %s", j->dir, out_text(&o));
	err_try(e, "weir packets --dir %s", j->dir);
	return EXIT_NOT_FOUND;
}

static int write_failed(const struct packets_opts *o, struct err *e)
{
	err_in(e, "%s", o->write);
	return cli_try_write(e), EXIT_FAILED;
}

/* Standard output is flushed, and complained about, by who called. */
static int hand_out(struct job *j, const struct packets_opts *o, struct out *output, struct err *e)
{
	static char buffer[64 * 1024];
	struct out file = out_fd(j->target, buffer, sizeof buffer);
	struct out *out = j->target < 0 ? output : &file;
	struct packets_found found;
	if (j->target_regular && ftruncate(j->target, 0) < 0)
		return err_sys(e, "empty it"), write_failed(o, e);
	int r = packets_find(&j->files, &j->question, out, &found, e);
	if (r < 0 && !out->failed)
		return not_read(j, e);
	if (j->target < 0 && out->failed)
		return EXIT_DONE;
	if (j->target >= 0 && out_flush(&file, e) < 0)
		return write_failed(o, e);
	if (found.unread) {
		char text[96];
		struct out words = out_mem(text, sizeof text);
		out_fmt(&words, "%llu bytes of the packets are damaged and were passed over",
			(unsigned long long)found.unread);
		cli_say(out_text(&words), "");
	}
	if (!found.frames)
		return none_found(j, e);
	if (j->target >= 0)
		show_written(&found, o, output);
	return EXIT_DONE;
}

int packets_run(struct cli *cli, const struct packets_opts *o, struct err *e)
{
	struct job j = { .dir = o->dir ? o->dir : PACKETS_DIR, .folder = -1, .target = -1 };
	int code = asked(&j, cli, o, e);
	if (code == EXIT_DONE)
		code = open_folder(&j, e);
	if (code == EXIT_DONE)
		code = open_target(&j, o, e);
	if (code == EXIT_DONE && lock(&j, e) < 0)
		code = EXIT_FAILED;
	if (code == EXIT_DONE)
		code = wants_packets(o) ? hand_out(&j, o, cli->out, e)
					: show_store(&j, o, cli->out, e);
	if (j.target >= 0)
		close(j.target);
	if (j.folder >= 0)
		close(j.folder);
	return code;
}

static int run(struct cli *cli, const void *given, struct err *e)
{
	return packets_run(cli, given, e);
}

static const char *const examples[] = {
	"weir packets",
	"from when to when there are packets, how many, in how much room",
	"weir packets --around 2026-11-22T03:02:40 --margin 10 --write around.pcapng",
	"what went by ten seconds before and after that moment",
	"weir packets --from 2026-11-22T03:00 --host 10.20.1.10 --host 10.20.2.5 | tshark -r -",
	"what two hosts said to each other since then",
	NULL,
};

const struct verb verb_packets = {
	.name = "packets",
	.brief = "Hand out packets of the last while, by time and host",
	.about =
		"Packets that went by on watched interfaces are kept in a folder, in capture files that "
		"are never more than a limit together: the oldest go first. This reads them while they "
		"are written, and hands out those that are asked for as one capture, in the order of "
		"their time. Without a question it says what there is.",
	.examples = examples,
	.opts_size = sizeof(struct packets_opts),
	.opts = opts,
	.run = run,
};
