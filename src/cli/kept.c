#include "cli/kept.h"

#include <stdio.h>

#include "base/clock.h"
#include "cli/cli.h"

static const int64_t again_least_ns = CLOCK_SECOND / 10, again_most_ns = 10 * CLOCK_SECOND,
		     steady_ns = 60 * CLOCK_SECOND;

int kept_start(struct kept *k, const char *name, const char *const *arguments, struct err *e)
{
	k->began_ns = clock_monotonic();
	k->restarts += k->due_ns != 0;
	k->due_ns = 0;
	return child_start(&k->child, name, arguments, e);
}

void kept_fell(struct kept *k, const char *what, int code)
{
	char text[160];
	int64_t now = clock_monotonic();
	bool steady = now - k->began_ns >= steady_ns;
	k->wait_ns = steady || !k->wait_ns ? again_least_ns : k->wait_ns * 2;
	k->wait_ns = k->wait_ns < again_most_ns ? k->wait_ns : again_most_ns;
	k->due_ns = now + k->wait_ns;
	if (code > 128)
		snprintf(k->why, sizeof k->why, "was ended by signal %d", code - 128);
	else if (code)
		snprintf(k->why, sizeof k->why, "ended with code %d", code);
	else
		snprintf(k->why, sizeof k->why, "ended");
	snprintf(text, sizeof text, "%s %s: it is started again", what, k->why);
	cli_say(text, "");
}

bool kept_is_due(const struct kept *k)
{
	return k->due_ns && clock_monotonic() >= k->due_ns;
}
