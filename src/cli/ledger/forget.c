/* What the ledger says is gone, and the store beside it, which must not have it any more. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/attr.h"
#include "cli/ledger/store.h"
#include "crypt/keyfile.h"

/* --- what is said --- */

void ledger_said_done(struct ledger_said *said)
{
	retain_free(said->rules);
	*said = (struct ledger_said){ 0 };
}

struct feeding {
	struct retain *rules;
	struct ledger_view *view;
};

static int feed_one(void *self, uint64_t sequence, const void *bytes, size_t size, struct err *e)
{
	const struct feeding *f = self;
	int r = ledger_view_check(f->view, sequence, bytes, size, e);
	if (r == -EBADMSG)
		return e->code = -ESTALE;
	return r < 0 ? r : retain_feed(f->rules, sequence, cur_of(bytes, size), e);
}

/* From the store by their kind, so that not all entries have to be read; each is held against the
 * ledger. */
static int begin_rules(
	struct ledger_said *said, struct ledger_view *v, struct store *s, struct err *e)
{
	struct store_state state = { 0 };
	int r = retain_new(&said->rules, e);
	if (r < 0 || !s)
		return r;
	struct feeding f = { said->rules, v };
	r = store_state(s, &state, e);
	said->size = state.taken < v->head.size ? state.taken : v->head.size;
	const struct store_question q = { .filter = { .kind = "retention" }, .below = said->size };
	return r < 0 || !said->size ? r : store_find(s, &q, feed_one, &f, e);
}

int ledger_said_follow(
	struct ledger_said *said, struct ledger_view *v, struct store *s, struct err *e)
{
	unsigned tries = 0;
	int r;
	do {
		r = said->rules ? 0 : begin_rules(said, v, s, e);
		if (r == 0 && said->size < v->head.size)
			r = retain_follow(
				said->rules, &v->home->files, said->size, v->head.size, NULL, e);
		if (r < 0)
			ledger_said_done(said);
		else if (said->size < v->head.size)
			said->size = v->head.size;
	} while (r < 0 && ledger_view_again(v, r, &tries));
	if (r == 0)
		e->code = 0; /* what was tried before */
	return r;
}

/* --- what the store has of it --- */

/* Ranges that are gone, and those of a plan, or NULL.  NULL: there are none, or no memory. */
static struct store_range *ranges_of(
	const struct retain *rules, const struct prune_plan *plan, size_t *count, struct err *e)
{
	size_t gone, more = plan ? plan->go.count : 0;
	const struct retain_gone *g = retain_all_gone(rules, &gone);
	*count = 0;
	struct store_range *ranges = calloc(gone + more + 1, sizeof *ranges);
	if (!ranges) {
		err_sys(e, "list what is gone");
		return NULL;
	}
	for (size_t i = 0; i < gone; i++)
		ranges[(*count)++] = (struct store_range){ g[i].first, g[i].last };
	for (size_t i = 0; i < more; i++)
		ranges[(*count)++] =
			(struct store_range){ plan->go.list[i].first, plan->go.list[i].last };
	return ranges;
}

int ledger_store_obey(struct store *s, const struct ledger_said *said, bool write, struct err *e)
{
	size_t count;
	struct store_range *ranges = ranges_of(said->rules, NULL, &count, e);
	if (!ranges)
		return e->code;
	int r = write ? store_forget(s, ranges, count, e) : store_has(s, ranges, count, e);
	free(ranges);
	if (r > 0 && !write)
		return err_set(e, -ESTALE, "it has entries that were let go or moved");
	return r < 0 ? r : 0;
}

static int make_forget(const char *path, const struct ledger_home *h,
	const struct store_range *ranges, size_t count, struct err *e)
{
	struct store *s = NULL;
	int r = store_open(&s, path, STORE_WRITE, h->key.name, e);
	if (r == 0)
		r = store_forget(s, ranges, count, e);
	if (r >= 0)
		r = store_scrub(s, e);
	store_close(s);
	return r;
}

/* --- files --- */

int ledger_store_path(const char *dir, const char *named, char path[PATH_MAX], struct err *e)
{
	char link[PATH_MAX];
	int r = named ? 0 : ledger_beside(dir, ".store", link, e);
	return r < 0 ? r : ledger_beside(named ? named : link, "", path, e);
}

static const char *const log_endings[] = { "-wal", "-shm", "-journal" };

static int unlink_beside(const char *path, const char *ending, struct err *e)
{
	char name[PATH_MAX + 16];
	snprintf(name, sizeof name, "%s%s", path, ending);
	return unlink(name) == 0 || errno == ENOENT
		? 0
		: err_sys(e, "remove %s, which has entries that are gone", name);
}

void ledger_store_unlink_logs(const char *path)
{
	struct err ignored;
	for (size_t i = 0; i < COUNT_OF(log_endings); i++)
		unlink_beside(path, log_endings[i], &ignored);
}

static int unlink_store(const char *path, struct err *e)
{
	int r = unlink_beside(path, "", e);
	for (size_t i = 0; r == 0 && i < COUNT_OF(log_endings); i++)
		r = unlink_beside(path, log_endings[i], e);
	return r < 0 ? r : keyfile_sync_folder(path, e);
}

static void say_removed(const char *path, const struct ledger_home *h, const struct err *why)
{
	char text[sizeof why->text + PATH_MAX + 64], try[PATH_MAX + 64];
	bool named = strncmp(why->text, path, strlen(path)) == 0;
	snprintf(text, sizeof text, "%s%s%s; it had to forget entries, and was removed",
		named ? "" : path, named ? "" : ": ", why->text);
	snprintf(try, sizeof try, "weir ledger rebuild --dir %s", h->dir);
	cli_say(text, try);
}

/* One that is being made goes first: whoever makes it finds its name gone, and begins again with
 * what is said by then. */
int ledger_forget(const struct ledger_home *h, const struct retain *rules,
	const struct prune_plan *plan, struct err *e)
{
	char path[PATH_MAX], path_new[PATH_MAX];
	size_t count;
	struct err why = { 0 };
	int r = ledger_store_path(h->dir, NULL, path, e);
	if (r == 0)
		r = ledger_beside(path, ".new", path_new, e);
	if (r < 0)
		return r;
	struct store_range *ranges = ranges_of(rules, plan, &count, e);
	if (!ranges)
		return e->code;
	r = count ? unlink_store(path_new, e) : 0;
	int done = r == 0 && count ? make_forget(path, h, ranges, count, &why) : 0;
	free(ranges);
	if (r < 0 || done >= 0)
		return r;
	r = unlink_store(path, e);
	if (r == 0 && done != -ENOENT)
		say_removed(path, h, &why);
	return r;
}
