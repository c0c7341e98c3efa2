#include "cli/captures.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/interrupt.h"
#include "report/glyph.h"
#include "sense/capture.h"

/* Frames between two looks at the clock: a fraction of a millisecond. */
enum { FRAMES_PER_LOOK = 4096 };

/* Of a name beside the progress: a line that is broken in two is not rewritten in place. */
enum { NAME_ROOM = 32 };

/* Link types people bring along most often, so that they learn what they have: numbers and meaning
 * as registered for LINKTYPE_ values. */
static const struct linktype_name {
	int linktype;
	const char *name;
} linktype_names[] = {
	{ 6, "Token Ring" },
	{ 9, "PPP" },
	{ 10, "FDDI" },
	{ 50, "PPP" },
	{ 104, "Cisco HDLC" },
	{ 105, "802.11 wireless" },
	{ 107, "Frame Relay" },
	{ 119, "802.11 wireless" },
	{ 127, "802.11 wireless" },
	{ 163, "802.11 wireless" },
	{ 165, "BACnet MS/TP" },
	{ 187, "Bluetooth" },
	{ 189, "USB" },
	{ 192, "per-packet information" },
	{ 195, "802.15.4 wireless" },
	{ 201, "Bluetooth" },
	{ 220, "USB" },
	{ 227, "CAN" },
	{ 230, "802.15.4 wireless" },
	{ 239, "Linux netfilter log" },
	{ 249, "USB" },
	{ 251, "Bluetooth" },
	{ 252, "Wireshark's exported messages" },
	{ 253, "Linux netlink" },
	{ 257, "PROFIBUS" },
};

static const char *linktype_name(int linktype)
{
	for (size_t i = 0; i < COUNT_OF(linktype_names); i++)
		if (linktype_names[i].linktype == linktype)
			return linktype_names[i].name;
	return "no network's that weir knows";
}

static void complain(struct captures *c, size_t i, const struct err *e)
{
	cli_complain(e);
	c->failed++;
	/* The report names the file already. */
	size_t name = strlen(c->files[i].name);
	bool named = strncmp(e->text, c->files[i].name, name) == 0 &&
		strncmp(e->text + name, ": ", 2) == 0;
	snprintf(c->problems[i], sizeof c->problems[i], "%s", e->text + (named ? name + 2 : 0));
	c->files[i].problem = c->problems[i];
}

/* Frames that nobody reads: of all of them the file is useless, of some it is worth a word. */
static void complain_linktype(struct captures *c, size_t i, int linktype, uint64_t count)
{
	struct err e = { 0 };
	uint64_t packets = c->files[i].packets;
	char some[64] = "its packets are";
	if (count < packets)
		snprintf(some, sizeof some, "%llu of %llu packets are", (unsigned long long)count,
			(unsigned long long)packets);
	err_set(&e, EINVAL, "%s: %s of link type %d (%s), which is not read", c->files[i].name,
		some, linktype, linktype_name(linktype));
	err_try(&e, "record Ethernet: at a switch's mirror port, or tcpdump -i any -w new.pcap");
	if (count < packets)
		cli_complain(&e);
	else
		complain(c, i, &e);
}

/* Of a file that was asked for whole, a part is a failure; a pipe ends in no other way. */
static void complain_interrupted(struct captures *c, size_t i, const struct capture_state *st)
{
	struct err e = { 0 };
	err_set(&e, EINTR, "%s: interrupted; what is shown covers the %llu packets read until then",
		c->files[i].name, (unsigned long long)st->packets);
	if (st->stopped && st->file_size)
		complain(c, i, &e);
	else
		cli_complain(&e);
}

/* Two that were recorded at the same time are read one after the other all the same. */
static void look_at_times(struct captures *c, size_t i, int64_t first_ns, int64_t last_ns)
{
	if (c->ends && first_ns < c->ends_ns - CLOCK_SECOND && !c->overlap_told) {
		struct err e = { 0 };
		err_set(&e, EINVAL,
			"%.80s: begins before %.80s ends; what is shown as last is that of the one read last",
			c->files[i].name, c->ends);
		err_try(&e, "mergecap -w all.pcapng and these captures, then all.pcapng alone");
		cli_complain(&e);
		c->overlap_told = true;
	}
	if (!c->ends || last_ns > c->ends_ns) {
		c->ends_ns = last_ns;
		c->ends = c->files[i].name;
	}
}

static int open_input(const char *verb, struct err *e)
{
	int mode = fcntl(STDIN_FILENO, F_GETFL);
	int fd = dup(STDIN_FILENO);
	if (fd >= 0 && (mode & O_ACCMODE) != O_WRONLY && !isatty(fd))
		return fd;
	if (fd >= 0 && isatty(fd))
		err_set(e, EINVAL, "-: standard input is a terminal");
	else
		err_set(e, EBADF, "-: standard input is closed");
	if (fd >= 0)
		close(fd);
	return err_try(e, "tcpdump -w - | weir %s -", verb);
}

static int open_one(const char *verb, const char *name, struct err *e)
{
	if (strcmp(name, "-") == 0)
		return open_input(verb, e);
	int fd = open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0) {
		err_sys(e, "%s", name);
		if (errno == EACCES)
			return err_try(e, "ls -l '%s', or sudo", name);
		return err_try(e, "ls -l '%s'", name);
	}
	struct stat st;
	if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)) {
		close(fd);
		err_set(e, EISDIR, "%s: is a directory, not a capture", name);
		return err_try(e, "weir %s %s/*", verb, name);
	}
	return fd;
}

int captures_asked(const struct cli *cli, struct err *e)
{
	const char *verb = cli->verb->name;
	if (!cli->operand_count) {
		err_set(e, EINVAL, "%s: no capture named", verb);
		err_try(e, "weir %s CAPTURE, or - for standard input", verb);
		return EXIT_ASKED_WRONGLY;
	}
	bool input = false;
	for (size_t i = 0; i < cli->operand_count; i++) {
		if (strcmp(cli->operands[i], "-") != 0)
			continue;
		if (input) {
			err_set(e, EINVAL, "%s: - stands twice, standard input is read once", verb);
			err_try(e, "weir %s -", verb);
			return EXIT_ASKED_WRONGLY;
		}
		input = true;
	}
	return EXIT_DONE;
}

int captures_open(struct captures *c, const struct cli *cli, struct err *e)
{
	size_t count = cli->operand_count;
	*c = (struct captures){ .count = count };
	c->files = calloc(count, sizeof *c->files);
	c->fds = calloc(count, sizeof *c->fds);
	c->problems = calloc(count, sizeof *c->problems);
	if (!c->files || !c->fds || !c->problems) {
		c->count = 0;
		err_set(e, ENOMEM, "no memory for %zu file names", count);
		return EXIT_FAILED;
	}
	struct rlimit files;
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	size_t missing = 0;
	for (size_t i = 0; i < count; i++) {
		struct err why = { 0 };
		c->files[i].name = cli->operands[i];
		c->fds[i] = open_one(cli->verb->name, cli->operands[i], &why);
		if (c->fds[i] < 0) {
			c->fds[i] = -1;
			missing += why.code == -ENOENT;
			complain(c, i, &why);
		}
	}
	if (c->failed < count) {
		interrupt_catch();
		return EXIT_DONE;
	}
	return missing == count ? EXIT_NOT_FOUND : EXIT_FAILED; /* said already, file by file */
}

/* Rewrites one line on the terminal, ten times a second at most. */
static void show_progress(const struct captures *c, size_t i, const struct capture_state *st,
	int64_t started, int64_t now, bool last)
{
	double seconds = (double)(now - started) / 1e9;
	double rate = seconds > 0 ? (double)st->file_bytes / 1e6 / seconds : 0;
	char name[256];
	struct out o = out_mem(name, sizeof name);
	o.ascii = true;
	text_fit(&o, c->files[i].name, NAME_ROOM);
	out_text(&o);
	if (last)
		fprintf(stderr, "\r\033[K");
	else if (st->file_size)
		fprintf(stderr, "\r%s: %3.0f %%, %.0f MB/s, %llu packets\033[K", name,
			100.0 * (double)st->file_bytes / (double)st->file_size, rate,
			(unsigned long long)st->packets);
	else
		fprintf(stderr, "\r%s: %.0f MB, %.0f MB/s, %llu packets\033[K", name,
			(double)st->file_bytes / 1e6, rate, (unsigned long long)st->packets);
}

/* What came out of one capture. */
struct seen {
	int64_t first_ns, last_ns; /* of packets that are read */
	uint64_t unread;           /* packets of a link type that is not read */
	int unread_type;
};

static void see(struct seen *seen, const struct capture_frame *f)
{
	if (RARELY(!sense_reads(f->linktype))) {
		if (!seen->unread++)
			seen->unread_type = f->linktype;
		return;
	}
	if (RARELY(!seen->first_ns))
		seen->first_ns = f->at_ns;
	if (f->at_ns > seen->last_ns)
		seen->last_ns = f->at_ns;
}

/* It ended as `result` and e say: a word where that is not its end, or not all was read. */
static void conclude(struct captures *c, size_t i, const struct capture_state *st,
	const struct seen *seen, int result, struct err *e)
{
	c->files[i].packets = st->packets;
	c->files[i].bytes = st->bytes;
	c->files[i].truncated = st->truncated;
	if (st->packets > seen->unread)
		look_at_times(c, i, seen->first_ns, seen->last_ns);
	if (result < 0) {
		complain(c, i, e);
	} else if (interrupted()) {
		complain_interrupted(c, i, st);
	} else if (st->truncated) {
		err_set(e, EINVAL,
			"%s: ends in the middle of a packet, read up to there (%llu packets)",
			c->files[i].name, (unsigned long long)st->packets);
		err_try(e, "copy it again from where it was recorded, if it is whole there");
		cli_complain(e);
	}
	c->useful += st->packets - seen->unread;
	if (seen->unread)
		complain_linktype(c, i, seen->unread_type, seen->unread);
}

static void read_one(struct captures *c, size_t i, struct sense *s, uint64_t *number, bool progress)
{
	struct err e = { 0 };
	struct capture *cap = capture_open(c->fds[i], c->files[i].name, &e);
	c->fds[i] = -1; /* capture_open has it now */
	if (!cap) {
		if (interrupted())
			err_set(&e, EINTR, "%s: interrupted before a packet came",
				c->files[i].name);
		complain(c, i, &e);
		return;
	}
	const struct capture_state *st = capture_state(cap);
	int64_t started = clock_monotonic(), shown = 0;
	struct sense_frame frames[SENSE_FRAMES];
	struct seen seen = { 0 };
	uint64_t looked = 0;
	int r = 1;
	while (r > 0) {
		size_t n = 0;
		do {
			struct capture_frame f;
			r = capture_next(cap, &f, &e);
			if (r <= 0)
				break;
			see(&seen, &f);
			frames[n++] = (struct sense_frame){ .bytes = f.bytes,
				.size = f.size,
				.wire_size = f.wire_size,
				.linktype = f.linktype,
				.at_ns = f.at_ns,
				.number = ++*number };
		} while (n < SENSE_FRAMES && capture_at_hand(cap));
		sense_frames(s, frames, n);
		looked += n;
		if (!progress || looked < FRAMES_PER_LOOK)
			continue;
		looked = 0;
		int64_t now = clock_monotonic();
		if (now - started > CLOCK_SECOND && now - shown > CLOCK_SECOND / 10) {
			show_progress(c, i, st, started, now, false);
			shown = now;
		}
	}
	if (shown)
		show_progress(c, i, st, started, shown, true);
	conclude(c, i, st, &seen, r, &e);
	capture_close(cap);
}

void captures_read(struct captures *c, struct sense *s, bool progress)
{
	uint64_t number = 0;
	captures_order(c);
	for (size_t i = 0; i < c->count; i++) {
		if (c->fds[i] < 0)
			continue;
		if (interrupted()) {
			struct err e = { 0 };
			err_set(&e, EINTR, "%s: interrupted, not read", c->files[i].name);
			complain(c, i, &e);
		} else {
			read_one(c, i, s, &number, progress);
		}
	}
	interrupt_drop();
	sense_end(s);
}

bool captures_useless(const struct captures *c)
{
	return c->failed == c->count && !c->useful;
}

void captures_close(struct captures *c)
{
	for (size_t i = 0; c->fds && i < c->count; i++)
		if (c->fds[i] >= 0)
			close(c->fds[i]);
	free(c->files);
	free(c->fds);
	free(c->problems);
	*c = (struct captures){ 0 };
}
