/* What a site remembers of captures: each is read while a site looks on every so many frames.
 *
 *	site_check FRAMES CAPTURE...
 *
 * In each look everybody has a number, and nobody another one's.  What is said once is not said
 * again; a site that recalls all that was said is the same, and finds nothing new; and one that
 * recalls it in the middle, before sensors that know nothing yet, meets those it had met. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "capture_read.h"
#include "event/entry.h"
#include "sense/rows.h"
#include "sense/whole.h"
#include "site/site.h"

struct story {
	const char *name;
	struct sense *sense;
	struct rows *rows;
	struct whole *whole;
	struct site *site;
	struct entry_parts *said; /* from all sites, in order */
	size_t said_room, said_count;
	unsigned every;
	uint64_t frames, restart_at;
	int64_t now_ns;
	unsigned wrong;
};

static void must(int r, const struct err *e)
{
	if (r >= 0)
		return;
	fprintf(stderr, "%s\n", e->text);
	exit(2);
}

static void wrong(struct story *t, const char *what, unsigned long long n)
{
	printf("WRONG %s frame %llu: %s %llu\n", t->name, (unsigned long long)t->frames, what, n);
	t->wrong++;
}

/* As the ledger has it. */
static int say(void *self, const char *kind, const char *subject, json_t *data, struct err *e)
{
	struct story *t = self;
	static char room[ENTRY_SIZE_MAX];
	struct out o = out_mem(room, sizeof room);
	const struct entry_defaults defaults = {
		.site = "test", .actor = "weir", .now_ns = t->now_ns
	};
	json_t *entry =
		json_pack("{s:s, s:s, s:o}", "kind", kind, "subject", subject, "data", data);
	char *text = entry ? json_dumps(entry, JSON_COMPACT) : NULL;
	must(text ? entry_canonical(text, strlen(text), &defaults, &o, e) : -1, e);
	if (t->said_count == t->said_room) {
		t->said_room = t->said_room * 2 + 64;
		t->said = realloc(t->said, t->said_room * sizeof *t->said);
	}
	entry_take_apart(room, o.used, &t->said[t->said_count++]);
	free(text);
	json_decref(entry);
	return 0;
}

static struct site *new_site(struct story *t)
{
	const struct site_config config = { .say = say, .self = t, .silent_after_ns = INT64_MAX };
	struct site *s;
	struct err e;
	must(site_new(&s, &config, &e), &e);
	for (size_t i = 0; i < t->said_count; i++)
		site_recall(s, &t->said[i]);
	return s;
}

static int take(void *self, const void *bytes, size_t size, struct err *e)
{
	struct story *t = self;
	return whole_take(t->whole, 0, cur_of(bytes, size), e);
}

static void begin(struct story *t)
{
	const struct sense_config config = { 0 };
	const struct whole_config whole = { 0 };
	struct err e;
	t->sense = sense_new(&config, &e);
	must(t->sense ? 0 : -1, &e);
	must(whole_new(&t->whole, &whole, &e), &e);
	must(rows_new(&t->rows, t->sense, take, t, &e), &e);
	t->site = new_site(t);
}

static void end(struct story *t)
{
	site_free(t->site);
	rows_free(t->rows);
	whole_free(t->whole);
	sense_free(t->sense);
}

static void check_numbers(struct story *t, const struct plant *p)
{
	const uint32_t *ids = site_ids(t->site);
	uint8_t *used = calloc(site_asset_end(t->site) + 1, 1);
	for (size_t i = 0; i < p->asset_count; i++) {
		if (!ids[i] || !site_asset(t->site, ids[i]))
			wrong(t, "no number for asset", i + 1);
		else if (used[ids[i]]++ && !site_asset(t->site, ids[i])->parted_ns)
			wrong(t, "two are asset", ids[i]);
	}
	free(used);
}

/* Gives how many entries were said. */
static size_t look(struct story *t, int64_t now_ns)
{
	struct plant p;
	struct err e;
	size_t before = t->said_count;
	t->now_ns = now_ns > t->now_ns ? now_ns : t->now_ns;
	must(sense_count(t->sense, &e), &e);
	must(rows_tell(t->rows, true, &e), &e);
	must(whole_plant(t->whole, &p, &e), &e);
	must(site_see(t->site, &p, t->now_ns, &e), &e);
	check_numbers(t, &p);
	return t->said_count - before;
}

static char *state_of(const struct site *s)
{
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);
	for (uint32_t id = 1; id < site_asset_end(s); id++) {
		const struct site_asset *a = site_asset(s, id);
		if (!a)
			continue;
		fprintf(f, "a%u of %u, %d %d:", id, a->owner, a->approved, a->silent);
		for (unsigned k = 0; k < SITE_FIELDS; k++)
			fprintf(f, " %s", site_field(a, k));
		for (unsigned k = 0; k < a->mac_count; k++) {
			char mac[MAC_TEXT];
			fprintf(f, " %s", mac_text(a->macs[k], mac));
		}
		for (unsigned k = 0; k < a->ip_count; k++) {
			char ip[IP_TEXT];
			fprintf(f, " %s", ip_text(&a->ips[k], ip));
		}
		fprintf(f, "\n");
	}
	for (uint32_t n = 1; n < site_alert_end(s); n++) {
		const struct site_alert *a = site_alert(s, n);
		if (a)
			fprintf(f, "alert %u: %s %u %u %d %d %s\n", n, a->id, a->assets[0],
				a->assets[1], a->state, a->severity, a->title);
	}
	fclose(f);
	return text;
}

static void each(void *self, const struct sense_frame *frame)
{
	struct story *t = self;
	t->frames++;
	t->now_ns = frame->at_ns > t->now_ns ? frame->at_ns : t->now_ns;
	sense_frames(t->sense, frame, 1);
	if (t->frames % t->every == 0)
		look(t, frame->at_ns);
	if (t->frames != t->restart_at)
		return;
	look(t, frame->at_ns);
	end(t);
	begin(t);
}

static unsigned remembered(const char *name, unsigned every, uint64_t restart_at, uint64_t *frames)
{
	struct story t = { .name = name, .every = every, .restart_at = restart_at };
	begin(&t);
	*frames = capture_read(name, each, &t);
	sense_end(t.sense);
	/* What was said a moment ago is said once more when that is a while ago. */
	look(&t, t.now_ns);
	for (unsigned n = 0; n < 3; n++)
		look(&t, t.now_ns + 61 * CLOCK_SECOND);
	size_t again = look(&t, t.now_ns + 61 * CLOCK_SECOND);
	if (again)
		wrong(&t, "said again, entries:", again);
	char *was = state_of(t.site);
	site_free(t.site);
	t.site = new_site(&t);
	char *is = state_of(t.site);
	if (strcmp(was, is) != 0) {
		wrong(&t, "recalled, it is another site; entries:", t.said_count);
		printf("--- was\n%s--- is\n%s", was, is);
	}
	again = look(&t, t.now_ns + 61 * CLOCK_SECOND);
	if (again)
		wrong(&t, "recalled, it says more, entries:", again);
	if (getenv("SHOW"))
		printf("%s", is);
	for (size_t i = 0; i < t.said_count; i++) {
		if (getenv("SHOW")) {
			char *text = json_dumps(t.said[i].json, JSON_COMPACT);
			printf("%s\n", text);
			free(text);
		}
		entry_parts_free(&t.said[i]);
	}
	free(t.said);
	printf("%s %s: %llu frames, %zu entries, %u assets, %u alerts\n",
		t.wrong ? "WRONG" : "right", name, (unsigned long long)*frames, t.said_count,
		site_counts(t.site).assets, site_counts(t.site).alerts_new);
	free(was);
	free(is);
	end(&t);
	return t.wrong;
}

int main(int argc, char **argv)
{
	unsigned wrong_ones = 0, every = argc > 1 ? (unsigned)atoi(argv[1]) : 0;
	for (int i = 2; every && i < argc; i++) {
		uint64_t frames = 0, unused;
		unsigned n = remembered(argv[i], every, 0, &frames);
		n += remembered(argv[i], every, frames / 2, &unused);
		wrong_ones += n > 0;
	}
	printf("%d captures, %u wrong\n", argc - 2, wrong_ones);
	return !every || argc < 3 || wrong_ones > 0;
}
