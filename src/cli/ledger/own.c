/* What the ledger writes about itself. */
#include "cli/ledger/writer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

int ledger_text_fits(const char *what, const char *text, struct err *e)
{
	json_t *word = text ? json_string(text) : NULL;
	bool fits = !text || word;
	json_decref(word);
	if (fits)
		return 0;
	err_set(e, -EINVAL, "%s: not in UTF-8, as every entry is", what);
	return err_try(e, "in a terminal that writes UTF-8"), -EINVAL;
}

struct ledger_own {
	struct writer *writer;
	const struct ledger_home *home;
	const struct ledger_own_work *work;
};

const struct ledger_home *ledger_own_home(const struct ledger_own *w)
{
	return w->home;
}

uint64_t ledger_own_size(const struct ledger_own *w)
{
	return ledger_published(w->writer->ledger);
}

int ledger_own_write(struct ledger_own *own, const char *kind, const char *subject, json_t *data,
	uint64_t *sequence, struct err *e)
{
	struct writer *w = own->writer;
	const struct entry_means means = { .own = true };
	json_t *entry =
		json_pack("{s:s, s:s, s:o}", "kind", kind, "subject", subject, "data", data);
	char *text = entry ? json_dumps(entry, JSON_COMPACT) : NULL;
	struct out o = out_mem(w->entry, sizeof w->entry);
	w->defaults.now_ns = clock_wall();
	int r = text ? entry_write(text, strlen(text), &w->defaults, &means, &o, e)
		     : err_set(e, -EINVAL, "an entry of this is no JSON");
	if (r == 0)
		r = ledger_append(w->ledger, w->entry, o.used, sequence, e);
	if (r == 0)
		r = ledger_commit(w->ledger, e);
	free(text);
	json_decref(entry);
	return r;
}

static int write_own(struct writer *w, struct err *e)
{
	struct ledger_own *own = w->self;
	own->writer = w;
	int r = ledger_publish(w->ledger, clock_monotonic(), e);
	return r < 0 ? r : own->work->write(own->work->self, own, e);
}

static int after_own(void *self, struct err *e)
{
	const struct ledger_own *own = self;
	return own->work->after ? own->work->after(own->work->self, own->home, e) : 0;
}

int ledger_own_do(struct cli *cli, const struct ledger_write_opts *o,
	const struct ledger_own_work *work, struct err *e)
{
	struct ledger_home h;
	struct ledger_own own = { .home = &h, .work = work };
	int r = ledger_home_open(&h, o->ledger.dir, e);
	if (r == 0)
		r = writer_do(cli, o, false, &h, write_own, &own, after_own, e);
	ledger_home_close(&h);
	return r;
}
