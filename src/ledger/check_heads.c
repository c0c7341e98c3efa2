/* Of checking a ledger: its heads, and whose keys signed them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/check_inside.h"
#include "ledger/read.h"

static int read_head(
	struct check *r, struct check_head *h, const char *name, struct checkpoint *out)
{
	long size = files_load(r->c->files, name, h->bytes, sizeof h->bytes, r->e);
	if (size < 0)
		return (int)size;
	int done = note_read(cur_of(h->bytes, (size_t)size), &h->note, r->e);
	/* Where the key that is known signed it we need not wait for what the tree says. */
	if (done == 0 && note_has(&h->note, r->c->key))
		done = note_check(&h->note, r->c->key, NULL, r->e);
	if (done == 0)
		done = checkpoint_read(h->note.text, out, r->e);
	if (done < 0) {
		err_in(r->e, "%s", name);
		return r->e->code = -EBADMSG; /* it is there, and none of ours */
	}
	h->name = name;
	h->size = out->size;
	r->signed_count++;
	if (strcmp(out->origin, r->c->origin) != 0)
		return err_set(r->e, -EBADMSG, "%s is of the ledger '%s', not of '%s'", name,
			out->origin, r->c->origin);
	return 0;
}

static int by_size(const void *a, const void *b)
{
	const struct checkpoint *x = a, *y = b;
	return (x->size > y->size) - (x->size < y->size);
}

static int add_head(struct check *r, const struct checkpoint *c)
{
	if (r->head_count == CHECK_HEADS)
		return err_set(
			r->e, -E2BIG, "at most %d earlier checkpoints at a time", CHECK_HEADS);
	if (c->size > r->out->head.size)
		return err_set(r->e, -EBADMSG,
			"the checkpoint has %llu entries, an earlier one had %llu: this is an older state",
			(unsigned long long)r->out->head.size, (unsigned long long)c->size);
	r->heads[r->head_count++] = *c;
	return 0;
}

int check_read_heads(struct check *r)
{
	struct checkpoint settled = { 0 };
	/* In this order: who writes meanwhile does not settle what is not in a checkpoint. */
	int has_settled = read_head(r, &r->signed_heads[1], "settled", &settled);
	if (has_settled < 0 && has_settled != -ENOENT)
		return has_settled;
	int done = read_head(r, &r->signed_heads[0], "checkpoint", &r->out->head);
	if (done == 0 && has_settled == 0) /* a copy has none */
		done = add_head(r, &settled);
	for (size_t i = 0; done == 0 && i < r->c->earlier_count; i++)
		done = add_head(r, &r->c->earlier[i]);
	if (done == 0)
		done = add_head(r, &r->out->head);
	qsort(r->heads, r->head_count, sizeof *r->heads, by_size);
	return done;
}

/* Every head of this size has the root that the tree has here. */
int check_pass_heads(struct check *r)
{
	if (r->head_at == r->head_count || r->heads[r->head_at].size != r->tree.size)
		return 0;
	struct hash root = merkle_root(&r->tree);
	char a[HASH_TEXT], b[HASH_TEXT];
	for (; r->head_at < r->head_count && r->heads[r->head_at].size == r->tree.size;
		r->head_at++) {
		const struct checkpoint *head = &r->heads[r->head_at];
		if (!hash_same(&head->root, &root))
			return err_set(r->e, -EBADMSG,
				"the first %llu entries have the root %s..., a checkpoint of that size says "
				"%s...: another history",
				(unsigned long long)head->size, check_hash_text(&root, a),
				check_hash_text(&head->root, b));
	}
	return 0;
}

/* --- keys --- */

static bool is_own(const struct keys *k, const struct note_line *l)
{
	bool own = false;
	for (unsigned i = 0; i <= k->count; i++) {
		const struct note_key *key = i ? &k->changes[i - 1].new : keys_first(k);
		own |= l->id == key->id && cur_is(&l->name, key->name);
	}
	return own;
}

/* Once by each of the ledger's keys that signed it; every other line is a witness's, which holds or
 * not for who has its key. */
static int check_lines(struct check *r, const struct check_head *h, unsigned *others)
{
	unsigned own = 0, lines = 0;
	int done = keys_check(&r->out->keys, &h->note, h->size, &lines, r->e);
	if (done < 0) {
		err_in(r->e, "%s", h->name);
		return r->e->code = -EBADMSG;
	}
	for (unsigned i = 0; i < h->note.count; i++) {
		const struct note_line *l = &h->note.lines[i];
		bool ours = is_own(&r->out->keys, l);
		own += ours;
		if (!ours && l->size != 8 + SIGN_SIZE)
			return err_set(r->e, -EBADMSG,
				"%s: signature %u is neither the ledger's nor one of a witness",
				h->name, i + 1);
	}
	*others = h->note.count - own;
	return own == lines
		? 0
		: err_set(r->e, -EBADMSG,
			  "%s: %u signatures of the ledger by %u keys, one each is enough", h->name,
			  own, lines);
}

int check_signatures(struct check *r)
{
	unsigned of_settled;
	int done = keys_end(&r->out->keys, r->e);
	for (size_t i = 0; done == 0 && i < r->signed_count; i++)
		done = check_lines(r, &r->signed_heads[i], i ? &of_settled : &r->out->cosigned);
	return done;
}

/* What the folder says of its keys.  While they change it may name the one before, which signs the
 * checkpoint too then; a copy (nothing is settled in it) any one before, where who follows was
 * ended between the checkpoint and this.  A ledger is checked without that file as well. */
int check_mark(struct check *r)
{
	struct note_key first, present;
	const struct keys *k = &r->out->keys;
	int done = ledger_keys_named(r->c->files, &first, &present, r->e);
	if (done == -ENOENT)
		return 0;
	if (done < 0)
		return r->e->code = -EBADMSG;
	bool copy = r->signed_count == 1;
	bool known = note_key_same(&present, keys_last(k)) || (copy && keys_have(k, &present)) ||
		note_check(&r->signed_heads[0].note, &present, NULL, r->e) == 0;
	if (known && note_key_same(&first, keys_first(k)))
		return 0;
	return err_set(r->e, -EBADMSG,
		"the file ledger names the keys %08x and %08x, by the tree they are %08x and %08x",
		first.id, present.id, keys_first(k)->id, keys_last(k)->id);
}
