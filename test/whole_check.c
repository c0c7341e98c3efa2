/* What a sensor tells in rows is what it knows: each capture is read twice, once by a sensor that
 * is asked itself, once by one that tells of it all the time, and both show the same plant.
 *
 *	whole_check FRAMES CAPTURE...	it tells each so many frames; 0: at the end alone
 *
 *	whole_check rows FILE CAPTURE	what it tells at the end, for the fuzzer
 *
 * A conversation that was counted under way, when nobody had recognised it yet, leaves its time
 * with the name it had then: told all the time, when conversations were is not compared.
 *
 * Where the two differ, both reports are left in the current folder, as told.json, asked.json. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/out.h"
#include "capture_read.h"
#include "report/report.h"
#include "sense/rows.h"
#include "sense/whole.h"

enum { REPORT_MAX = 64 << 20 };

struct told {
	struct sense *sense;
	struct rows *rows;
	struct whole *whole;
	unsigned calls;
};

static void must(int r, const struct err *e)
{
	if (r >= 0)
		return;
	fprintf(stderr, "%s\n", e->text);
	exit(2);
}

static int take(void *self, const void *bytes, size_t size, struct err *e)
{
	struct told *t = self;
	return whole_take(t->whole, 0, cur_of(bytes, size), e);
}

static void tell(struct told *t, bool all)
{
	struct err e = { 0 };
	if (all)
		must(sense_count(t->sense, &e), &e);
	must(rows_tell(t->rows, all, &e), &e);
}

struct reading {
	struct sense *s;
	struct told *t;
	unsigned every;
};

static void read_frame(void *self, const struct sense_frame *frame)
{
	struct reading *r = self;
	sense_frames(r->s, frame, 1);
	if (r->t && r->every && frame->number % r->every == 0)
		tell(r->t, ++r->t->calls % 2);
}

static uint64_t read_all(const char *name, struct sense *s, struct told *t, unsigned every)
{
	struct reading r = { s, t, every };
	uint64_t number = capture_read(name, read_frame, &r);
	sense_end(s);
	if (t)
		tell(t, true);
	return number;
}

static char *report(struct plant *p, const char *name)
{
	char *text = malloc(REPORT_MAX);
	if (!text)
		exit(2);
	struct out o = out_mem(text, REPORT_MAX);
	static struct plant_file file;
	file.name = name;
	p->files = &file;
	p->file_count = 1;
	report_json(p, &o);
	out_text(&o);
	return text;
}

static void leave(const char *name, const char *text)
{
	FILE *file = fopen(name, "w");
	if (!file || fputs(text, file) < 0 || fclose(file))
		perror(name);
}

static int by_ends(const void *a, const void *b)
{
	const struct conversation *x = a, *y = b;
	if (x->client != y->client)
		return x->client < y->client ? -1 : 1;
	if (x->server != y->server)
		return x->server < y->server ? -1 : 1;
	if (x->port != y->port)
		return x->port < y->port ? -1 : 1;
	if (x->transport != y->transport)
		return x->transport < y->transport ? -1 : 1;
	if (x->guess != y->guess)
		return x->guess - y->guess;
	int group = memcmp(&x->group, &y->group, sizeof x->group);
	return group ? group
		     : strcmp(x->protocol ? x->protocol : "", y->protocol ? y->protocol : "");
}

/* The plant's own arrays, which nobody reads after this. */
static void drop_times(struct plant *p)
{
	struct conversation *list = calloc(p->conversation_count + 1, sizeof *list);
	if (!list)
		exit(2);
	memcpy(list, p->conversations, p->conversation_count * sizeof *list);
	for (size_t i = 0; i < p->conversation_count; i++) {
		list[i].first_ns = list[i].last_ns = 0;
		list[i].first_frame = 0;
	}
	qsort(list, p->conversation_count, sizeof *list, by_ends);
	p->conversations = list;
}

static bool is_same(const char *name, unsigned every)
{
	const struct sense_config config = { 0 };
	const struct whole_config whole = { 0 };
	struct err e = { 0 };
	struct told t = { .sense = sense_new(&config, &e) };
	struct sense *s = sense_new(&config, &e);
	struct plant asked, told;
	if (!s || !t.sense)
		must(-1, &e);
	must(whole_new(&t.whole, &whole, &e), &e);
	must(rows_new(&t.rows, t.sense, take, &t, &e), &e);
	uint64_t frames = read_all(name, s, NULL, 0);
	read_all(name, t.sense, &t, every);
	must(sense_plant(s, &asked, &e), &e);
	for (unsigned again = 0; again < 2; again++)
		must(whole_plant(t.whole, &told, &e), &e);
	if (every) {
		drop_times(&asked);
		drop_times(&told);
	}
	char *a = report(&asked, name), *b = report(&told, name);
	bool same = strcmp(a, b) == 0;
	if (!same) {
		leave("asked.json", a);
		leave("told.json", b);
	}
	printf("%s %s: %llu frames, %zu assets, %zu conversations, %zu findings\n",
		same ? "same" : "DIFFERENT", name, (unsigned long long)frames, asked.asset_count,
		asked.conversation_count, asked.finding_count);
	if (every) {
		free((void *)asked.conversations);
		free((void *)told.conversations);
	}
	free(a);
	free(b);
	rows_free(t.rows);
	whole_free(t.whole);
	sense_free(t.sense);
	sense_free(s);
	return same;
}

static int append(void *self, const void *bytes, size_t size, struct err *e)
{
	return fwrite(bytes, 1, size, self) == size ? 0 : err_sys(e, "write rows");
}

static int write_rows(const char *to, const char *capture)
{
	const struct sense_config config = { 0 };
	struct err e = { 0 };
	FILE *file = fopen(to, "w");
	struct told t = { .sense = sense_new(&config, &e) };
	if (!file || !t.sense)
		return 1;
	must(rows_new(&t.rows, t.sense, append, file, &e), &e);
	read_all(capture, t.sense, &t, 0);
	rows_free(t.rows);
	sense_free(t.sense);
	return fclose(file) != 0;
}

int main(int argc, char **argv)
{
	if (argc == 4 && strcmp(argv[1], "rows") == 0)
		return write_rows(argv[2], argv[3]);
	unsigned different = 0, every = argc > 1 ? (unsigned)atoi(argv[1]) : 0;
	for (int i = 2; i < argc; i++)
		different += !is_same(argv[i], every);
	printf("%d captures, %u differ\n", argc - 2, different);
	return argc < 3 || different > 0;
}
