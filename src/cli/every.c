#include "cli/every.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/interrupt.h"

enum { SECONDS_MOST = 86400, BACK_OFF_MOST = 600 };

int every_read(const char *text, unsigned *seconds, struct err *e)
{
	int64_t ns;
	*seconds = 0;
	if (!text)
		return 0;
	if (!clock_read_span(text, &ns) || ns > SECONDS_MOST * CLOCK_SECOND)
		return err_set(e, -EINVAL, "--every %.40s: expected seconds, 1 to %d (10, 5m, 2h)",
			text, SECONDS_MOST);
	*seconds = (unsigned)(ns / CLOCK_SECOND);
	return 0;
}

int every_step(struct every *v, uint64_t entries, struct err *e)
{
	struct progress *p = &v->progress;
	int64_t now = clock_monotonic();
	if (interrupted())
		return err_set(e, -EINTR, "stopped: the next time it goes on from there");
	if (!p->wanted || now - p->began < CLOCK_SECOND || now - p->last < CLOCK_SECOND / 5)
		return 0;
	p->last = now;
	p->shown = true;
	fprintf(stderr, "\r%llu entries", (unsigned long long)entries);
	return 0;
}

static int once(struct every *v, bool *final, struct err *e)
{
	v->progress = (struct progress){ .wanted = v->cli->tty_err, .began = clock_monotonic() };
	int r = v->once(v->self, final, e);
	if (v->progress.shown)
		fprintf(stderr, "\r\033[K");
	return r;
}

static void sleep_for(unsigned seconds)
{
	int64_t until = clock_monotonic() + seconds * CLOCK_SECOND;
	for (int64_t left; !interrupted() && (left = until - clock_monotonic()) > 0;)
		poll(NULL, 0, (int)(left / 1000000 + 1));
}

int every_run(struct every *v, struct err *e)
{
	struct err said = { 0 };
	unsigned wait = v->seconds;
	bool final = false;
	interrupt_catch();
	int r = once(v, &final, e);
	while (v->seconds && !interrupted() && !final) {
		struct err late = { 0 };
		if (r < 0 && strcmp(said.text, e->text) != 0)
			cli_complain(e);
		said = *e;
		wait = r == 0 ? v->seconds : wait < BACK_OFF_MOST / 2 ? wait * 2 : BACK_OFF_MOST;
		if (out_flush(v->cli->out, &late) < 0)
			break; /* whoever reads has gone: said by who flushes last */
		sleep_for(wait > v->seconds ? wait : v->seconds);
		if (interrupted())
			break;
		*e = (struct err){ 0 };
		r = once(v, &final, e);
	}
	/* To be told to stop is no failure of what goes on until then. */
	if (r == -EINTR && v->seconds) {
		*e = (struct err){ 0 };
		r = 0;
	}
	return r;
}
