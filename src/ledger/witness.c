#include "ledger/witness.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/read.h"
#include "ledger/tile.h"
#include "ledger/wal.h"

/* --- the list --- */

/* The next word of a line, into `room` bytes; false where it does not fit. */
static bool word(const char **at, char *to, size_t room)
{
	*at += strspn(*at, " \t\r");
	size_t size = strcspn(*at, " \t\r");
	if (size >= room)
		return false;
	memcpy(to, *at, size);
	to[size] = 0;
	*at += size;
	return true;
}

static int read_line(const char *line, struct witness *w, struct err *e)
{
	char key[NOTE_KEY_TEXT];
	if (!word(&line, key, sizeof key) || !word(&line, w->place, sizeof w->place))
		return err_set(e, -EINVAL, "longer than a key and a place");
	line += strspn(line, " \t\r");
	if (strlen(line) >= sizeof w->more)
		return err_set(
			e, -EINVAL, "longer than a key, a place and %d bytes", WITNESS_PLACE);
	snprintf(w->more, sizeof w->more, "%s", line);
	if (!*w->place)
		return err_set(e, -EINVAL, "expected KEY PLACE");
	int r = note_key_read(key, &w->key, e);
	if (r == 0 && w->key.kind != NOTE_COSIGNATURE)
		r = err_set(
			e, -EINVAL, "'%s' is the key of a ledger, not of a witness", w->key.name);
	return r;
}

int witness_list_read(struct cur text, struct witness list[WITNESS_MAX], struct err *e)
{
	char line[NOTE_KEY_TEXT + 2 * WITNESS_PLACE + 8];
	int count = 0;
	for (unsigned number = 1; text.left > 0; number++) {
		long end = cur_find(&text, '\n');
		struct cur one = cur_upto(&text, end < 0 ? text.left : (size_t)end);
		cur_skip(&text, text.left > 0);
		int size = snprintf(line, sizeof line, "%.*s", (int)one.left, (const char *)one.at);
		size_t blank = strspn(line, " \t\r");
		if (!line[blank] || line[blank] == '#')
			continue;
		if (count == WITNESS_MAX)
			return err_set(e, -E2BIG, "more than %d witnesses", WITNESS_MAX);
		int r = (size_t)size >= sizeof line
			? err_set(e, -EINVAL, "longer than a witness may be")
			: read_line(line, &list[count++], e);
		if (r < 0)
			return err_in(e, "line %u", number);
	}
	return count;
}

/* --- what they saw --- */

void witness_hear(const struct remote *at, struct witness_seen *seen)
{
	seen->size = at->get(at->self, "checkpoint", seen->note, NOTE_MAX, &seen->why);
	seen->note[seen->size > 0 ? seen->size : 0] = 0;
}

/* A line by the ledger's name that can be one of its keys'. */
static const struct note_line *line_of(const struct note *n, const char *name)
{
	for (unsigned i = 0; i < n->count; i++)
		if (cur_is(&n->lines[i].name, name) && n->lines[i].size == SIGN_SIZE)
			return &n->lines[i];
	return NULL;
}

/* Signed by the witness, and by a key of this name; where that is the present one, it holds. */
static int read_seen(struct witness_seen *s, const struct note_key *log, struct err *e)
{
	struct note n;
	int r = note_read(cur_of(s->note, (size_t)s->size), &n, e);
	if (r == 0)
		r = checkpoint_read(n.text, &s->head, e);
	if (r == 0 && strcmp(s->head.origin, log->name) != 0)
		r = err_set(e, -EBADMSG, "it follows the ledger '%s'", s->head.origin);
	if (r == 0)
		r = note_check(&n, &s->witness->key, &s->seconds, e);
	if (r < 0)
		return r;
	const struct note_line *line = line_of(&n, log->name);
	s->key = line ? line->id : log->id;
	if (line && !note_has(&n, log))
		return 0; /* another one of its keys: the entries will say */
	s->key = log->id;
	return note_check(&n, log, NULL, e);
}

static void take(struct witness_seen *s, const struct note_key *log)
{
	if (s->size < 0)
		s->says = WITNESS_SILENT;
	else
		s->says = read_seen(s, log, &s->why) < 0
			? WITNESS_UNSURE
			: WITNESS_MORE; /* until it is found here */
}

/* --- what is here --- */

struct here {
	struct witness_seen *seen;
	size_t count;
	struct merkle tree; /* grows by what only the log has yet */
};

static void pass(struct here *h)
{
	struct hash root = merkle_root(&h->tree);
	for (size_t i = 0; i < h->count; i++) {
		struct witness_seen *s = &h->seen[i];
		if (s->says == WITNESS_MORE && s->head.size == h->tree.size)
			s->says =
				hash_same(&root, &s->head.root) ? WITNESS_AGREES : WITNESS_ANOTHER;
	}
}

static int pass_batch(
	void *self, uint64_t first, uint32_t count, const void *bytes, size_t size, struct err *e)
{
	struct here *h = self;
	struct cur c = cur_of(bytes, size);
	for (uint64_t at = first; at < first + count; at++) {
		struct cur entry = bundle_next(&c);
		if (!cur_ok(&entry) || at > h->tree.size)
			return err_set(e, -EBADMSG, "the log's batch at entry %llu is broken",
				(unsigned long long)first);
		if (at < h->tree.size)
			continue;
		struct hash leaf = merkle_leaf(entry.at, entry.left);
		merkle_add(&h->tree, &leaf, NULL, NULL);
		pass(h);
	}
	return 0;
}

/* Heads within the tree that is published. */
static int pass_published(struct here *h, struct tiles *t, struct err *e)
{
	int r = 0;
	for (size_t i = 0; r == 0 && i < h->count; i++) {
		struct witness_seen *s = &h->seen[i];
		struct hash root;
		if (s->says != WITNESS_MORE || s->head.size >= t->size)
			continue;
		r = tiles_root(t, s->head.size, &root, e);
		if (r == 0)
			s->says =
				hash_same(&root, &s->head.root) ? WITNESS_AGREES : WITNESS_ANOTHER;
	}
	return r;
}

static int look_here(struct here *h, const struct files *files, const struct note_key *log,
	struct checkpoint *head, struct err *e)
{
	char note[NOTE_MAX + 1];
	struct tiles *t = malloc(sizeof *t);
	if (!t)
		return err_sys(e, "read the tree");
	int r = ledger_head(files, log, head, note, e);
	if (r == -ENOENT)
		r = 0; /* nothing was published yet */
	tiles_init(t, files, head->size);
	if (r == 0)
		r = pass_published(h, t, e);
	if (r == 0)
		r = tiles_tree(t, head->size, &h->tree, e);
	free(t);
	if (r < 0)
		return r;
	pass(h);
	return wal_check(files, head->size, pass_batch, h, e);
}

/* --- whose signature it is --- */

/* What is not of our past, and not signed by the present key: by an earlier one of ours, whose line
 * must hold, or by one that is not known here. */
static void judge_signature(struct witness_seen *s, const struct keys *keys)
{
	const enum witness_says before = s->says;
	struct note n;
	struct err why;
	if (note_read(cur_of(s->note, (size_t)s->size), &n, &why) < 0)
		return; /* it was read before */
	s->says = WITNESS_STRANGER;
	for (unsigned i = 0; i <= keys->count; i++) {
		const struct note_key *key = i ? &keys->changes[i - 1].new : keys_first(keys);
		int r = note_check(&n, key, NULL, &why);
		if (r == -ENOENT)
			continue;
		s->says = r == 0 ? before : WITNESS_UNSURE;
		if (r < 0)
			s->why = why;
		return;
	}
}

static int judge_strangers(struct here *h, const struct files *files, const struct note_key *log,
	const struct checkpoint *head, struct err *e)
{
	struct keys *keys = NULL;
	int r = 0;
	for (size_t i = 0; r == 0 && i < h->count; i++) {
		struct witness_seen *s = &h->seen[i];
		if (s->says < WITNESS_MORE || s->key == log->id)
			continue;
		if (!keys) {
			keys = malloc(sizeof *keys);
			if (!keys)
				return err_sys(e, "read the keys");
			keys_begin(keys, log);
			r = ledger_keys_read(files, head, keys, e);
		}
		if (r == 0)
			judge_signature(s, keys);
	}
	free(keys);
	return r;
}

int witness_judge(const struct files *files, struct witness_seen *seen, size_t count, uint64_t *own,
	struct err *e)
{
	struct here h = { .seen = seen, .count = count };
	struct checkpoint head = { 0 };
	struct note_key log;
	int r = ledger_whose(files, &log, e);
	for (size_t i = 0; r == 0 && i < count; i++)
		take(&seen[i], &log);
	if (r == 0)
		r = look_here(&h, files, &log, &head, e);
	if (r == 0)
		r = judge_strangers(&h, files, &log, &head, e);
	*own = h.tree.size;
	return r;
}
