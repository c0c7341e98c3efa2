/* Coming back: the tree as it is on the disk for certain, and what the key signed last. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/seal_inside.h"

/* A checkpoint of ours, signed with our key; size 0 where there is none yet. */
static int read_note(struct seal *s, const char *name, struct checkpoint *out, struct err *e)
{
	struct note n;
	*out = (struct checkpoint){ .root = merkle_empty() };
	s->note_size = 0;
	long size = files_load(s->files, name, s->note, sizeof s->note, e);
	if (size == -ENOENT)
		return 0;
	if (size < 0)
		return (int)size;
	int r = note_read(cur_of(s->note, (size_t)size), &n, e);
	if (r == 0)
		r = note_check(&n, s->signer->key, NULL, e);
	if (r == -ENOENT && s->signer->before)
		r = note_check(&n, s->signer->before, NULL, e);
	if (r == 0)
		r = checkpoint_read(n.text, out, e);
	if (r < 0) {
		err_in(e, "%s", name);
		return e->code = -EBADMSG; /* it is there, and none of ours */
	}
	s->note_size = (size_t)size;
	if (strcmp(out->origin, s->signer->origin) != 0)
		return err_set(e, -EBADMSG, "%s is of the ledger '%s', not of '%s'", name,
			out->origin, s->signer->origin);
	return 0;
}

/* What is wrong in it would go on into the whole bundle, and look like ours. */
static int check_bundle(const struct seal *s, struct err *e)
{
	struct cur c = cur_of(s->bundle, s->bundle_size);
	char name[TILE_NAME];
	unsigned count = edge_count(s, 0), at = 0;
	for (; at < count; at++) {
		struct cur entry = bundle_next(&c);
		struct hash leaf = merkle_leaf(entry.at, entry.left);
		if (!cur_ok(&entry) || !hash_same(&leaf, &s->edge[0][at]))
			break;
	}
	if (at == count && !c.left)
		return 0;
	tile_name(name, TILE_ENTRIES, edge_index(s, 0), count);
	return err_set(e, -EBADMSG, "%s is damaged at entry %llu", name,
		(unsigned long long)edge_index(s, 0) * TILE_WIDTH + at);
}

static int read_bundle(struct seal *s, struct tiles *t, struct err *e)
{
	if (!edge_count(s, 0))
		return 0;
	s->bundle = malloc(BUNDLE_MAX);
	if (!s->bundle)
		return err_sys(e, "keep a bundle of entries");
	s->bundle_room = BUNDLE_MAX;
	long size = bundle_read(t, edge_index(s, 0), s->bundle, e);
	if (size < 0)
		return (int)size;
	s->bundle_size = (size_t)size;
	return check_bundle(s, e);
}

static int read_edges(struct seal *s, struct tiles *t, struct err *e)
{
	for (unsigned level = TILE_LEVELS; level-- > 0;) {
		const struct hash *hashes;
		unsigned shift = level * TILE_HEIGHT;
		unsigned count = (unsigned)(t->size >> shift) % TILE_WIDTH;
		if (!count)
			continue;
		int r = tiles_read(t, level, t->size >> shift >> TILE_HEIGHT, &hashes, e);
		if (r < 0)
			return r;
		memcpy(s->edge[level], hashes, count * sizeof *hashes);
		for (unsigned i = 0; i < count; i++)
			merkle_add_whole(&s->tree, shift, &hashes[i]);
	}
	return 0;
}

static int come_back_to(
	struct seal *s, struct tiles *t, const struct checkpoint *settled, struct err *e)
{
	int r = read_edges(s, t, e);
	if (r < 0)
		return r;
	struct hash root = merkle_root(&s->tree);
	if (!hash_same(&root, &settled->root))
		return err_set(e, -EBADMSG, "the tiles at size %llu are not those of %s",
			(unsigned long long)settled->size, SEAL_SETTLED);
	return read_bundle(s, t, e);
}

int seal_other_history(const struct seal *s, struct err *e)
{
	err_set(e, -EBADMSG,
		"the first %llu entries are not those of the last head that the key signed: another "
		"history, and no head of it is signed",
		(unsigned long long)s->last.size);
	return err_try(e, "weir ledger verify, and the copies of this ledger elsewhere");
}

/* What was signed last lies in the tiles already, most often at their end. */
static int find_last(struct seal *s, struct tiles *t, struct err *e)
{
	struct hash root;
	if (s->last.size == 0 || s->last.size > t->size)
		return 0;
	int r = tiles_root(t, s->last.size, &root, e);
	if (r == 0 && !hash_same(&root, &s->last.root))
		r = seal_other_history(s, e);
	if (r == 0)
		r = merkle_growth_read(&s->growth, s->last.size, t->size, tiles_hash, t, e);
	return r;
}

static int come_back(struct seal *s, struct err *e)
{
	struct checkpoint settled;
	/* Where the writer was ended before it synced their names: the log forgets by them. */
	int r = s->files->sync_names(s->files->self, ".");
	if (r < 0) {
		errno = -r;
		return err_sys(e, "sync the ledger's folder");
	}
	r = read_note(s, SEAL_SETTLED, &settled, e);
	if (r == 0)
		r = read_note(s, SEAL_CHECKPOINT, &s->past, e);
	s->last = s->past;
	if (r == 0 && s->signer->last)
		r = s->signer->last(s->signer->self, &s->last, e);
	if (r < 0)
		return r;
	if (s->past.size < settled.size)
		return err_set(e, -EBADMSG,
			"the checkpoint has %llu entries, the tiles have %llu: it is an older one",
			(unsigned long long)s->past.size, (unsigned long long)settled.size);
	struct tiles *t = malloc(sizeof *t);
	if (!t)
		return err_sys(e, "read the tree");
	tiles_init(t, s->files, settled.size);
	r = come_back_to(s, t, &settled, e);
	if (r == 0)
		r = find_last(s, t, e);
	free(t);
	if (r < 0)
		return r;
	/* What was published beyond may not have come to the disk, and is published again. */
	s->kept[NOW] = s->kept[SETTLED] = settled.size;
	s->kept[BEFORE] = s->past.size;
	s->returning = true;
	return 0;
}

int seal_open(struct seal **out, const struct files *f, const struct signer *signer, struct err *e)
{
	struct seal *s = calloc(1, sizeof *s);
	if (!s)
		return err_sys(e, "open the tree");
	s->files = f;
	s->signer = signer;
	int r = come_back(s, e);
	if (r < 0) {
		seal_close(s);
		return r;
	}
	*out = s;
	return 0;
}

void seal_close(struct seal *s)
{
	if (s)
		free(s->bundle);
	free(s);
}
