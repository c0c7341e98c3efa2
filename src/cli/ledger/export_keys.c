/* What an export says of the ledger's keys: who knows an earlier one follows them to the head. */
#include <stdlib.h>
#include <string.h>

#include "cli/ledger/export.h"

struct seeing {
	struct export_keys *k;
	uint64_t size; /* of the head */
};

static int see_entry(void *self, uint64_t sequence, const void *bytes, size_t size, bool signed_yet,
	struct err *e)
{
	struct seeing *s = self;
	struct export_keys *k = s->k;
	(void)signed_yet;
	if (sequence >= s->size || !key_is_change(cur_of(bytes, size)))
		return 0;
	int r = keys_see(&k->keys, sequence, cur_of(bytes, size), e);
	if (r < 0)
		return r;
	char *more = realloc(k->bytes, k->used + size);
	if (!more)
		return err_sys(e, "keep a change of keys");
	memcpy(more + k->used, bytes, size);
	k->bytes = more;
	k->changes[k->count++] = (struct export_change){ sequence, k->used, size };
	k->used += size;
	return 0;
}

int export_keys_find(struct export_keys *k, struct ledger_finder *f, const struct checkpoint *head,
	struct err *e)
{
	struct note_key first, present;
	struct ledger_ask ask = { 0 };
	struct seeing seeing = { k, head->size };
	uint64_t told;
	keys_begin(&k->keys, &f->home.key);
	/* As long as the folder names one key, that one has signed all heads there are. */
	int r = ledger_keys_named(&f->home.files, &first, &present, e);
	if (r < 0 || note_key_same(&first, &present))
		return r;
	r = entry_filter_kind(&ask.filter, "key", e);
	if (r == 0)
		r = ledger_find(f, &ask, see_entry, &seeing, &told, e);
	return r < 0 ? r : keys_end(&k->keys, e);
}

void export_keys_done(struct export_keys *k)
{
	free(k->bytes);
	k->bytes = NULL;
	k->count = 0;
}
