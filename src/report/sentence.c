/* The first sentence: what is there, and whether anybody has to do something. */
#include "report/report.h"

#include <stdarg.h>
#include <stdio.h>

#include "report/words.h"

struct line {
	char *text;
	size_t size, used;
};

PRINTF(2) static void say(struct line *l, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	int n = vsnprintf(l->text + l->used, l->size - l->used, fmt, args);
	va_end(args);
	if (n > 0)
		l->used = (size_t)n < l->size - l->used ? l->used + (size_t)n : l->size - 1;
}

static void say_assets(struct line *l, const struct plant *p)
{
	uint64_t controllers = 0, unknown = 0;
	char n[WORD_TEXT];
	for (size_t i = 0; i < p->asset_count; i++) {
		controllers += asset_is_controller(&p->assets[i]);
		/* A module is what it says: nobody looks for its type. */
		unknown += p->assets[i].type == TYPE_UNKNOWN && !p->assets[i].part_of;
	}
	say(l, "%s asset%s", count_text(p->asset_count, n), plural(p->asset_count));
	if (controllers)
		say(l, ", %s controller%s", count_text(controllers, n), plural(controllers));
	else
		say(l, ", no controller");
	if (unknown)
		say(l, ", %s not identified", count_text(unknown, n));
}

void report_sentence(const struct plant *p, char *text, size_t size)
{
	struct line l = { text, size, 0 };
	char n[WORD_TEXT];
	if (!p->packets) {
		say(&l, "There is no packet in this capture.");
		return;
	}
	if (!p->asset_count) {
		say(&l, "No asset could be made out in %s packet%s.", count_text(p->packets, n),
			plural(p->packets));
		return;
	}
	uint64_t count[SEVERITY_CRITICAL + 1] = { 0 };
	for (size_t i = 0; i < p->finding_count; i++)
		count[p->findings[i].severity]++;
	say_assets(&l, p);
	uint64_t decide = count[SEVERITY_CRITICAL] + count[SEVERITY_MAJOR];
	uint64_t look = count[SEVERITY_WARNING] + count[SEVERITY_INFO];
	if (decide && count[SEVERITY_CRITICAL] == decide)
		say(&l, "; %s critical finding%s need%s a decision", count_text(decide, n),
			plural(decide), decide == 1 ? "s" : "");
	else if (decide)
		say(&l, "; %s finding%s need%s a decision", count_text(decide, n), plural(decide),
			decide == 1 ? "s" : "");
	else
		say(&l, "; nothing needs a decision");
	if (decide && count[SEVERITY_CRITICAL] && count[SEVERITY_CRITICAL] != decide)
		say(&l, ", %s of them critical", count_text(count[SEVERITY_CRITICAL], n));
	if (look)
		say(&l, ", %s %sworth a look", count_text(look, n), decide ? "more " : "");
	say(&l, ".");
}
