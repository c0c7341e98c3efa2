#include "ledger/read.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/retain_load.h"
#include "ledger/tile.h"
#include "ledger/wal.h"
#include "ledger/walk.h"

static const char mark_name[] = "ledger", mark[] = "weir ledger ", first_mark[] = "first ";

enum { VERSION = 1 };

void ledger_mark_text(const struct note_key *first, const struct note_key *present, struct out *o)
{
	char text[NOTE_KEY_TEXT];
	note_key_text(present, text);
	out_fmt(o, "%s%d\n%s\n", mark, VERSION, text);
	if (first->id != present->id) {
		note_key_text(first, text);
		out_fmt(o, "%s%s\n", first_mark, text);
	}
}

int ledger_mark_change(const struct files *f, const struct note_key *first,
	const struct note_key *present, struct err *e)
{
	char room[2 * NOTE_KEY_TEXT + 64];
	struct out o = out_mem(room, sizeof room);
	ledger_mark_text(first, present, &o);
	return files_replace(f, mark_name, o.at, o.used, e);
}

int ledger_mark(const struct files *f, const struct note_key *key, struct err *e)
{
	return ledger_mark_change(f, key, key, e);
}

/* The next line, with a NUL in place of its end; NULL where there is none. */
static char *next_line(char **at)
{
	char *line = *at, *end = strchr(line, '\n');
	if (!end)
		return NULL;
	*end = 0;
	*at = end + 1;
	return line;
}

/* 0: none, or not behind this mark. */
static unsigned long version_of(const char *line, const char *before)
{
	size_t size = strlen(before);
	if (!line || strncmp(line, before, size) != 0)
		return 0;
	size_t digits = strspn(line + size, "0123456789");
	bool fits = digits && digits <= 9 && line[size] != '0' && !line[size + digits];
	return fits ? strtoul(line + size, NULL, 10) : 0;
}

int ledger_mark_read(struct cur c, struct note_key *first, struct note_key *present, struct err *e)
{
	char text[NOTE_MAX + 1], *at = text;
	if (c.left > NOTE_MAX)
		return err_set(e, -EBADMSG, "the file %s is too large", mark_name);
	snprintf(text, sizeof text, "%.*s", (int)c.left, c.left ? (const char *)c.at : "");
	bool whole = strlen(text) == c.left;
	char *head = next_line(&at);
	unsigned long version = version_of(head, mark);
	if (version > VERSION) {
		err_later(e, version, VERSION); /* and what else it says is its own matter */
		return err_in(e, "the file %s", mark_name);
	}
	char *key = head ? next_line(&at) : NULL, *older = key && *at ? next_line(&at) : NULL;
	if (!whole || !key || *at || version != VERSION ||
		(older && strncmp(older, first_mark, sizeof first_mark - 1) != 0))
		return err_set(
			e, -EBADMSG, "the file %s does not say whose ledger this is", mark_name);
	int r = note_key_read(key, present, e);
	if (r == 0)
		r = note_key_read(older ? older + sizeof first_mark - 1 : key, first, e);
	return r < 0 ? err_in(e, "%s", mark_name), r : 0;
}

int ledger_keys_named(
	const struct files *f, struct note_key *first, struct note_key *present, struct err *e)
{
	char text[NOTE_MAX];
	long size = files_load(f, mark_name, text, sizeof text, e);
	return size < 0 ? (int)size
			: ledger_mark_read(cur_of(text, (size_t)size), first, present, e);
}

int ledger_whose(const struct files *f, struct note_key *out, struct err *e)
{
	struct note_key first;
	return ledger_keys_named(f, &first, out, e);
}

static int read_head(const struct files *f, const char *name, const struct note_key *key,
	struct checkpoint *out, char note[NOTE_MAX + 1], struct err *e)
{
	struct note n;
	long size = files_load(f, name, note, NOTE_MAX, e);
	if (size < 0)
		return (int)size;
	note[size] = 0;
	int r = note_read(cur_of(note, (size_t)size), &n, e);
	if (r == 0)
		r = note_check(&n, key, NULL, e);
	if (r == 0)
		r = checkpoint_read(n.text, out, e);
	return r < 0 ? err_in(e, "%s", name), -EBADMSG : 0;
}

int ledger_head(const struct files *f, const struct note_key *key, struct checkpoint *out,
	char note[NOTE_MAX + 1], struct err *e)
{
	return read_head(f, "checkpoint", key, out, note, e);
}

int ledger_settled(const struct files *f, const struct note_key *key, uint64_t *size, struct err *e)
{
	char note[NOTE_MAX + 1];
	struct checkpoint settled = { .size = 0 };
	int r = read_head(f, "settled", key, &settled, note, e);
	*size = settled.size;
	return r == -ENOENT ? 0 : r;
}

struct reading {
	const struct files *files;
	uint64_t size, from;
	ledger_entry *each;
	ledger_gone *gone;
	void *self;
	struct retain *rules; /* read where something is missing */
};

static int tell(struct reading *r, struct cur c, uint64_t first, uint64_t count, bool signed_yet,
	struct err *e)
{
	for (uint64_t at = first; at < first + count; at++) {
		struct cur entry;
		int done = walk_entry(&c, at, &entry, e);
		if (done == 0 && at >= r->from)
			done = r->each(r->self, at, entry.at, entry.left, signed_yet, e);
		if (done)
			return done;
	}
	return 0;
}

static int tell_bundle(void *self, uint64_t first, struct cur bytes, unsigned count, struct err *e)
{
	return tell(self, bytes, first, count, true, e);
}

static int tell_log(
	void *self, uint64_t first, uint32_t count, const void *bytes, size_t size, struct err *e)
{
	return tell(self, cur_of(bytes, size), first, count, false, e);
}

/* A bundle is missing: an entry of the same tree says why, or this is damage. */
static int tell_missing(void *self, uint64_t first, struct err *e)
{
	struct reading *r = self;
	const struct err missing = *e;
	char why[RETAIN_WORDS];
	int done = r->rules ? 0 : retain_load(&r->rules, r->files, r->size, NULL, e);
	const struct retain_gone *g = done == 0 ? retain_gone(r->rules, first) : NULL;
	if (done < 0)
		return done;
	if (!g)
		return err_set(e, -EBADMSG, "%.400s, and %s", missing.text,
			retain_miss_words(r->rules, first, why));
	uint64_t last = first + TILE_WIDTH - 1;
	return r->gone ? r->gone(r->self, first > r->from ? first : r->from, last, g->to, e) : 0;
}

int ledger_read(const struct files *f, const struct checkpoint *head, uint64_t from,
	ledger_entry *each, void *self, struct err *e)
{
	return ledger_read_all(f, head, from, each, NULL, self, e);
}

int ledger_read_all(const struct files *f, const struct checkpoint *head, uint64_t from,
	ledger_entry *each, ledger_gone *gone, void *self, struct err *e)
{
	struct reading r = { f, head->size, from, each, gone, self, NULL };
	const struct walk w = { tell_bundle, tell_missing, &r, NULL };
	int done = walk_bundles(&w, f, from, head->size, e);
	if (done == 0) {
		r.from = from > head->size ? from : head->size;
		done = wal_check(f, head->size, tell_log, &r, e);
	}
	retain_free(r.rules);
	return done;
}

static int see_keys(void *self, uint64_t sequence, const void *entry, size_t size, bool signed_yet,
	struct err *e)
{
	(void)signed_yet;
	return keys_see(self, sequence, cur_of(entry, size), e);
}

int ledger_keys_read(
	const struct files *f, const struct checkpoint *head, struct keys *k, struct err *e)
{
	return ledger_read(f, head, 0, see_keys, k, e);
}

void ledger_prove_text(
	const struct merkle_proof *proof, uint64_t sequence, const char *note, struct out *o)
{
	out_fmt(o, "c2sp.org/tlog-proof@v1\nindex %llu\n", (unsigned long long)sequence);
	for (unsigned i = 0; i < proof->count; i++) {
		char text[64];
		base64_text(proof->path[i].b, sizeof proof->path[i].b, text);
		out_fmt(o, "%s\n", text);
	}
	out_char(o, '\n');
	out_str(o, note);
}

int ledger_prove(const struct files *f, const struct checkpoint *head, const char *note,
	uint64_t sequence, struct out *o, struct err *e)
{
	struct merkle_proof proof;
	if (sequence >= head->size)
		return err_set(e, -ENOENT, "the checkpoint has entries 0 to %llu",
			(unsigned long long)head->size - 1);
	struct tiles *t = malloc(sizeof *t);
	if (!t)
		return err_sys(e, "prove an entry");
	tiles_init(t, f, head->size);
	int r = merkle_prove_inclusion(tiles_hash, t, sequence, head->size, &proof, e);
	free(t);
	if (r == 0)
		ledger_prove_text(&proof, sequence, note, o);
	return r;
}
