/* Following through changes of keys. */
#include "ledger/follow_inside.h"

#include <errno.h>

/* A head that no key of the ledger signed, or that is not as it was signed, is damage. */
static int does_not_hold(int done, const char *what, struct err *e)
{
	if (done == 0)
		return 0;
	err_in(e, "%s", what);
	return e->code = done == -ENOENT || done == -EPERM ? -EBADMSG : done;
}

int follow_read_chain(struct follow_run *r, struct err *e)
{
	if (r->whole)
		return 0;
	keys_begin(&r->keys, &r->present);
	int done = ledger_keys_read(r->f->copy, &r->own, &r->keys, e);
	if (done == 0)
		done = keys_end(&r->keys, e);
	if (done < 0)
		return does_not_hold(done, "the copy itself", e);
	r->had = r->keys.count;
	r->whole = true;
	return 0;
}

int follow_own_holds(struct follow_run *r, struct err *e)
{
	struct note n;
	int done = note_read(cur_of(r->own_note, strlen(r->own_note)), &n, e);
	if (done == 0 && note_check(&n, &r->present, NULL, e) < 0) {
		done = follow_read_chain(r, e);
		if (done == 0)
			done = keys_check(&r->keys, &n, r->own.size, NULL, e);
	}
	return does_not_hold(done, "the copy's own checkpoint", e);
}

/* The key that was given is one of the ledger's; which ones there were in between is only in the
 * entries. */
static int given_holds(struct follow_run *r, struct err *e)
{
	const struct note_key *key = r->f->key;
	if (!key || note_key_same(key, &r->first) || keys_have(&r->keys, key))
		return 0;
	return err_set(e, -EBADMSG, "key %08x is none of this ledger's, which has %08x now",
		key->id, keys_last(&r->keys)->id);
}

int follow_is_ours(struct follow_run *r, struct err *e)
{
	int done = r->known || !r->own.size ? 0 : follow_read_chain(r, e);
	if (r->known || done < 0)
		return done;
	done = note_check(&r->note, keys_last(&r->keys), NULL, e);
	for (unsigned i = 0; done == -ENOENT && i < r->keys.count; i++)
		done = note_check(&r->note, &r->keys.changes[i].old, NULL, e);
	return does_not_hold(done, r->f->from->name, e);
}

int follow_see_bundle(void *self, uint64_t index, struct cur bytes, struct err *e)
{
	struct follow_run *r = self;
	int done = 0;
	for (uint64_t n = index * TILE_WIDTH; done == 0 && bytes.left; n++) {
		struct cur entry = bundle_next(&bytes);
		if (n >= r->own.size)
			done = keys_see(&r->keys, n, entry, e);
	}
	return done;
}

int follow_theirs_hold(struct follow_run *r, struct err *e)
{
	int done = keys_end(&r->keys, e);
	if (done == 0)
		done = given_holds(r, e);
	if (done == 0 && keys_check(&r->keys, &r->note, r->theirs.size, NULL, e) < 0)
		done = err_in(e, "checkpoint");
	return does_not_hold(done, r->f->from->name, e);
}

/* Signed by a key that nobody here knows: the new entries may say whose it is.  They are read
 * before anything is written; a bundle that is missing changes no key, and is asked for again. */
int follow_learn_keys(struct follow_run *r, struct source *s, struct err *e)
{
	int done = 0;
	for (uint64_t i = r->own.size / TILE_WIDTH; done == 0 && i * TILE_WIDTH < r->theirs.size;
		i++) {
		struct cur bytes = cur_none();
		done = source_bundle(s, i, &bytes, e);
		if (done == 0)
			done = follow_see_bundle(r, i, bytes, e);
		else if (done > 0) /* it is missing */
			done = 0;
		if (done == 0 && r->f->step)
			done = r->f->step(r->f->self, r->own.size, e);
	}
	return done < 0 ? done : follow_theirs_hold(r, e);
}

int follow_put_mark(struct follow_run *r, struct err *e)
{
	const struct note_key *first = r->whole || !r->own.size ? keys_first(&r->keys) : &r->first;
	const struct note_key *last = keys_last(&r->keys);
	if (note_key_same(first, &r->first) && note_key_same(last, &r->present))
		return 0;
	return ledger_mark_change(r->f->copy, first, last, e);
}
