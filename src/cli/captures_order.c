/* Captures of one plant in the order of their time, each of them once: `weir look *` names them by
 * the alphabet, and values would be told in that order. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/attr.h"
#include "cli/captures.h"
#include "sense/capture.h"

/* One operand, as it stands in struct captures. */
struct given {
	struct plant_file file;
	int fd;
	char problem[sizeof((struct err *)0)->text];
	size_t number; /* as given */
	bool regular, begins, told;
	dev_t device;
	ino_t inode;
	struct capture_first first;
	int64_t key_ns; /* where nobody knows its time, or reads it: of the one before it */
};

static struct given look_at(const struct captures *c, size_t i)
{
	struct given g = { .file = c->files[i], .fd = c->fds[i], .number = i };
	memcpy(g.problem, c->problems[i], sizeof g.problem);
	struct stat st;
	if (g.fd >= 0 && fstat(g.fd, &st) == 0) {
		g.regular = S_ISREG(st.st_mode);
		g.device = st.st_dev;
		g.inode = st.st_ino;
		g.begins = g.regular && capture_first(g.fd, &g.first) && g.first.at_ns > 0 &&
			sense_reads(g.first.linktype);
	}
	return g;
}

static void say(const char *name, const char *what, const char *other, const char *more)
{
	char text[sizeof((struct err *)0)->text];
	snprintf(text, sizeof text, "%.80s: %s %.80s%s", name, what, other, more);
	cli_say(text, "");
}

/* True when b says nothing that a does not: the same file, a copy, or the beginning of one. */
static bool is_in(struct given *a, struct given *b)
{
	if (a->regular && b->regular && a->device == b->device && a->inode == b->inode) {
		say(b->file.name, "is read once: it is the same file as", a->file.name, "");
		return true;
	}
	if (!a->begins || !b->begins || a->first.mark != b->first.mark)
		return false;
	enum capture_shared shared = capture_compare(a->fd, b->fd);
	if (shared == CAPTURES_DIFFER) {
		if (!b->told)
			say(b->file.name, "begins with the same packet as", a->file.name,
				"; what is in both counts twice");
		b->told = true;
		return false;
	}
	if (shared == CAPTURE_WITHIN_OTHER) { /* the longer one stays, in its place */
		struct given longer = *b;
		*b = *a;
		*a = longer;
	}
	say(b->file.name, "is not read: all its packets are in", a->file.name, "");
	return true;
}

/* How many are left. */
static size_t drop_twice(struct given *list, size_t count)
{
	size_t kept = 0;
	for (size_t i = 0; i < count; i++) {
		bool in = false;
		for (size_t k = 0; k < kept && !in; k++)
			in = is_in(&list[k], &list[i]);
		if (!in)
			list[kept++] = list[i];
		else if (list[i].fd >= 0)
			close(list[i].fd);
	}
	return kept;
}

static int by_time(const void *a, const void *b)
{
	const struct given *x = a, *y = b;
	if (x->key_ns != y->key_ns)
		return x->key_ns < y->key_ns ? -1 : 1;
	return (x->number > y->number) - (x->number < y->number);
}

/* A pipe is read when its turn comes: with one of them the order is as given. */
static bool sort(struct given *list, size_t count)
{
	int64_t key_ns = 0;
	for (size_t i = 0; i < count; i++) {
		if (list[i].fd >= 0 && !list[i].regular)
			return false;
		list[i].number = i;
		list[i].key_ns = key_ns = list[i].begins ? list[i].first.at_ns : key_ns;
	}
	qsort(list, count, sizeof *list, by_time);
	for (size_t i = 0; i < count; i++)
		if (list[i].number != i)
			return true;
	return false;
}

static void tell_order(const struct given *list, size_t count)
{
	enum { NAMES_MAX = 8 };
	char text[1024] = "read in the order of their first packets: ";
	for (size_t i = 0; i < count && i < NAMES_MAX; i++) {
		size_t used = strlen(text);
		snprintf(text + used, sizeof text - used, "%s%.100s", i ? ", " : "",
			list[i].file.name);
	}
	if (count > NAMES_MAX) {
		size_t used = strlen(text);
		snprintf(text + used, sizeof text - used, " and %zu more", count - NAMES_MAX);
	}
	cli_say(text, "");
}

void captures_order(struct captures *c)
{
	struct given *list = c->count > 1 ? calloc(c->count, sizeof *list) : NULL;
	if (!list)
		return;
	for (size_t i = 0; i < c->count; i++)
		list[i] = look_at(c, i);
	c->count = drop_twice(list, c->count);
	if (sort(list, c->count))
		tell_order(list, c->count);
	for (size_t i = 0; i < c->count; i++) {
		c->files[i] = list[i].file;
		c->fds[i] = list[i].fd;
		memcpy(c->problems[i], list[i].problem, sizeof c->problems[i]);
		if (c->files[i].problem)
			c->files[i].problem = c->problems[i];
	}
	free(list);
}
