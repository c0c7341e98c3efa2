/* Checks an export by itself: nothing in it is believed but what follows from the key. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cur.h"
#include "cli/ledger/export.h"
#include "cli/ledger/tar.h"
#include "event/entry.h"

enum { LINE = 4 * (ENTRY_SIZE_MAX / 3 + 1) + 80, PROOF = 16 * 1024 };

struct audit {
	struct ledger_audit *a;
	FILE *archive, *entries; /* the same file, read in two places */
	uint64_t left, next;     /* of entries.ndjson; the least number that may come */
	char note[NOTE_MAX + 1];
	size_t note_size;
	struct keys keys;
	struct note_key first, present; /* as it names them */
	char line[LINE], bytes[LINE], proof[PROOF];
};

/* Whatever the reason: it is there, and not as it should be. */
static int does_not_hold(struct err *e, const char *name)
{
	err_in(e, "%s", name);
	return e->code = -EBADMSG;
}

static int expect(struct audit *x, const char *wanted, uint64_t *size, struct err *e)
{
	char name[TAR_NAME + 1];
	int r = tar_next(x->archive, name, size, e);
	if (r < 0)
		return err_in(e, "%s", wanted), r;
	if (r > 0 || strcmp(name, wanted) != 0)
		return err_set(e, -EBADMSG, "%s is not where it belongs", wanted);
	return 0;
}

/* Into the note's room, as a text. */
static int load(struct audit *x, const char *name, struct err *e)
{
	uint64_t size;
	int r = expect(x, name, &size, e);
	if (r == 0 && (r = tar_read(x->archive, size, x->note, NOTE_MAX, e)) < 0)
		err_in(e, "%s", name);
	x->note_size = r == 0 ? (size_t)size : 0;
	x->note[x->note_size] = 0;
	return r;
}

static int read_key(struct audit *x, struct err *e)
{
	int r = load(x, EXPORT_LEDGER, e);
	if (r < 0)
		return r;
	r = ledger_mark_read(cur_of(x->note, x->note_size), &x->first, &x->present, e);
	if (r < 0)
		return does_not_hold(e, EXPORT_LEDGER);
	if (!x->a->own_key)
		x->a->key = x->present;
	keys_begin(&x->keys, &x->a->key);
	return 0;
}

static int read_head(struct audit *x, struct err *e)
{
	struct note n;
	int r = load(x, EXPORT_CHECKPOINT, e);
	if (r < 0)
		return r;
	r = note_read(cur_of(x->note, x->note_size), &n, e);
	if (r == 0)
		r = checkpoint_read(n.text, &x->a->head, e);
	return r < 0 ? does_not_hold(e, EXPORT_CHECKPOINT) : 0;
}

/* Once it is known how keys changed up to that head. */
static int check_head(struct audit *x, struct err *e)
{
	struct note n;
	int r = note_read(cur_of(x->note, x->note_size), &n, e);
	if (r == 0)
		r = keys_end(&x->keys, e);
	if (r == 0)
		r = keys_check(&x->keys, &n, x->a->head.size, NULL, e);
	if (r < 0)
		return does_not_hold(e, EXPORT_CHECKPOINT);
	/* As in a folder it may name the one before, while both sign. */
	bool named = keys_have(&x->keys, &x->present) || note_check(&n, &x->present, NULL, e) == 0;
	if (named && (!x->keys.count || note_key_same(&x->first, keys_first(&x->keys))))
		return 0;
	return err_set(e, -EBADMSG, "%s names the keys %08x and %08x, which are others here",
		EXPORT_LEDGER, x->first.id, x->present.id);
}

/* --- an entry --- */

static bool read_front(struct cur *c, const char *form, uint64_t sequence)
{
	char front[64];
	snprintf(front, sizeof front, form, (unsigned long long)sequence);
	if (!cur_starts(c, front))
		return false;
	cur_skip(c, strlen(front));
	return true;
}

static bool read_end(struct cur *c, const char *end)
{
	size_t size = strlen(end);
	if (c->left < size || memcmp(c->at + c->left - size, end, size) != 0)
		return false;
	c->left -= size;
	return true;
}

/* The bytes that are proven, of the next line, which must be this entry's. */
static int next_entry(struct audit *x, uint64_t sequence, struct cur *entry, struct err *e)
{
	size_t size;
	size_t room = x->left < LINE - 1 ? (size_t)x->left + 1 : LINE;
	if (x->left == 0 || !fgets(x->line, (int)room, x->entries))
		return err_set(e, -EBADMSG, "%s ends before entry %llu", EXPORT_ENTRIES,
			(unsigned long long)sequence);
	/* A zero in the line would hide what follows it. */
	size = strlen(x->line);
	x->left -= size;
	*entry = cur_of(x->line, size);
	if (read_front(entry, EXPORT_LINE, sequence) && read_end(entry, "}\n"))
		return 0;
	*entry = cur_of(x->line, size);
	if (read_front(entry, EXPORT_BASE64, sequence) && read_end(entry, "\"}\n") &&
		base64_bytes(
			(const char *)entry->at, entry->left, x->bytes, sizeof x->bytes, &size)) {
		*entry = cur_of(x->bytes, size);
		return 0;
	}
	return err_set(e, -EBADMSG, "%s: entry %llu does not stand where it belongs",
		EXPORT_ENTRIES, (unsigned long long)sequence);
}

static struct cur take_line(struct cur *c)
{
	long size = cur_find(c, '\n');
	if (size < 0)
		cur_fail(c);
	struct cur line = cur_sub(c, size < 0 ? 0 : (size_t)size);
	cur_skip(c, 1);
	return line;
}

/* C2SP tlog-proof: a line of what it is, the index, hashes, an empty line, the checkpoint. */
static bool proof_holds(struct audit *x, struct cur c, uint64_t sequence, struct cur entry)
{
	struct merkle_proof proof = { 0 };
	struct hash leaf = merkle_leaf(entry.at, entry.left);
	char index[40];
	size_t size;
	snprintf(index, sizeof index, "index %llu", (unsigned long long)sequence);
	struct cur what = take_line(&c), where = take_line(&c), line = take_line(&c);
	if (!cur_is(&what, "c2sp.org/tlog-proof@v1") || !cur_is(&where, index))
		return false;
	for (; line.left; line = take_line(&c))
		if (proof.count == MERKLE_HEIGHT ||
			!base64_bytes((const char *)line.at, line.left, proof.path[proof.count++].b,
				HASH_SIZE, &size) ||
			size != HASH_SIZE)
			return false;
	return cur_ok(&c) && c.left == x->note_size && memcmp(c.at, x->note, x->note_size) == 0 &&
		merkle_includes(sequence, x->a->head.size, &leaf, &proof, &x->a->head.root);
}

static bool read_name(const char *name, bool of_key, unsigned long long *sequence)
{
	char right[TAR_NAME + 1];
	if (of_key && sscanf(name, EXPORT_KEY_PROOF, sequence) == 1)
		snprintf(right, sizeof right, EXPORT_KEY_PROOF, *sequence);
	else if (!of_key && sscanf(name, EXPORT_PROOF, sequence) == 1)
		snprintf(right, sizeof right, EXPORT_PROOF, *sequence);
	else
		return false;
	return strcmp(name, right) == 0;
}

/* The entry that this proof belongs to, which is the next line. */
static int check_proof(struct audit *x, const char *name, uint64_t size, bool of_key,
	uint64_t *number, struct cur *entry, struct err *e)
{
	unsigned long long sequence;
	if (!read_name(name, of_key, &sequence))
		return err_set(e, -EBADMSG, "%.100s is no part of an export", name);
	if (sequence < x->next)
		return err_set(e, -EBADMSG, "%.100s is not where it belongs", name);
	int r = tar_read(x->archive, size, x->proof, PROOF, e);
	if (r < 0)
		return err_in(e, "%s", name), r;
	r = next_entry(x, sequence, entry, e);
	if (r < 0)
		return r;
	if (!proof_holds(x, cur_of(x->proof, (size_t)size), sequence, *entry))
		return err_set(
			e, -EBADMSG, "entry %llu is not in the ledger as it stands here", sequence);
	x->next = sequence + 1;
	*number = sequence;
	return 0;
}

static int check_entry(struct audit *x, const char *name, uint64_t size, struct err *e)
{
	uint64_t sequence = 0;
	struct cur entry = cur_bad();
	int r = check_proof(x, name, size, false, &sequence, &entry, e);
	if (r < 0)
		return r;
	if (x->a->entries++ == 0)
		x->a->first = sequence;
	x->a->last = sequence;
	return 0;
}

static int check_entries(struct audit *x, struct err *e)
{
	char name[TAR_NAME + 1];
	uint64_t size;
	int r;
	while ((r = tar_next(x->archive, name, &size, e)) == 0)
		if ((r = check_entry(x, name, size, e)) < 0)
			return r;
	if (r < 0)
		return r;
	if (x->left)
		return err_set(e, -EBADMSG, "%s goes on behind the last proof", EXPORT_ENTRIES);
	r = tar_next(x->archive, name, &size, e); /* it ends with two blocks, and nothing more */
	if (r == 0 || (r > 0 && getc(x->archive) != EOF))
		r = err_set(e, -EBADMSG, "something stands behind its end");
	return r < 0 ? r : 0;
}

/* Lines are read at the one place, while their proofs, which stand behind, are at the other. */
static int begin_lines(struct audit *x, struct err *e)
{
	x->next = 0;
	if (fseeko(x->entries, ftello(x->archive), SEEK_SET) < 0)
		return err_sys(e, "read it twice");
	return tar_skip(x->archive, x->left, e);
}

static int check_changes(struct audit *x, struct err *e)
{
	char name[TAR_NAME + 1];
	uint64_t size, sequence = 0;
	struct cur entry = cur_bad();
	int r = begin_lines(x, e);
	while (r == 0 && x->left) {
		r = tar_next(x->archive, name, &size, e);
		if (r > 0)
			r = err_set(e, -EBADMSG, "it ends before the proof");
		if (r == 0)
			r = check_proof(x, name, size, true, &sequence, &entry, e);
		if (r == 0 && !key_is_change(entry))
			r = err_set(e, -EBADMSG, "entry %llu changes no key",
				(unsigned long long)sequence);
		if (r == 0)
			r = keys_see(&x->keys, sequence, entry, e);
	}
	return r < 0 ? does_not_hold(e, EXPORT_KEYS) : 0;
}

/* Where keys changed those entries stand in front of the others. */
static int audit_lines(struct audit *x, struct err *e)
{
	char name[TAR_NAME + 1];
	int r = tar_next(x->archive, name, &x->left, e);
	if (r < 0)
		return err_in(e, EXPORT_ENTRIES), r;
	bool changed = r == 0 && strcmp(name, EXPORT_KEYS) == 0;
	if (changed)
		r = check_changes(x, e);
	else if (r > 0 || strcmp(name, EXPORT_ENTRIES) != 0)
		return err_set(e, -EBADMSG, "%s is not where it belongs", EXPORT_ENTRIES);
	if (r == 0)
		r = check_head(x, e);
	if (r == 0 && changed)
		r = expect(x, EXPORT_ENTRIES, &x->left, e);
	if (r == 0)
		r = begin_lines(x, e);
	return r < 0 ? r : check_entries(x, e);
}

static int audit(struct audit *x, struct err *e)
{
	uint64_t size;
	int r = expect(x, EXPORT_README, &size, e);
	if (r == 0)
		r = tar_skip(x->archive, size, e);
	if (r == 0)
		r = read_key(x, e);
	if (r == 0)
		r = read_head(x, e);
	return r < 0 ? r : audit_lines(x, e);
}

int ledger_audit(const char *path, struct ledger_audit *a, struct err *e)
{
	struct audit *x = calloc(1, sizeof *x);
	if (!x)
		return err_sys(e, "check %s", path);
	x->a = a;
	x->archive = fopen(path, "re");
	x->entries = fopen(path, "re");
	int r = x->archive && x->entries ? audit(x, e) : err_sys(e, "open it");
	if (r < 0)
		err_in(e, "%s", path);
	if (x->archive)
		fclose(x->archive);
	if (x->entries)
		fclose(x->entries);
	free(x);
	return r;
}
