/* Of checking a ledger: every file in its folder that is not of the tree of this size. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "ledger/check_inside.h"

/* Of a tile; so many have no entries any more. */
#define INDEX_MAX (UINT64_MAX >> 20)

static void strange(struct check *r, const char *name)
{
	if (!r->out->strange++)
		snprintf(r->out->one_strange, sizeof r->out->one_strange, "%.63s", name);
}

/* A part of a tile that was published once: the whole one begins with it. */
static int check_part(struct check *r, const char *name, int level, uint64_t index, unsigned width)
{
	const struct hash *hashes;
	long size = files_load(r->c->files, name, r->bundle, BUNDLE_MAX, r->e);
	if (size < 0)
		return size == -ENOENT ? 0 : (int)size; /* it was there: somebody is writing */
	if (level == TILE_ENTRIES) {
		int done = check_leaves(r, cur_of(r->bundle, (size_t)size), name, width);
		if (done == 0)
			done = tiles_read(&r->tiles, 0, index, &hashes, r->e);
		if (done == 0 && memcmp(hashes, r->leaves, width * sizeof *hashes) != 0)
			done = err_set(
				r->e, -EBADMSG, "%s: not what the later ones begin with", name);
		return done;
	}
	int done = tiles_read(&r->tiles, (unsigned)level, index, &hashes, r->e);
	if (done == 0 &&
		((size_t)size != width * sizeof *hashes ||
			memcmp(hashes, r->bundle, (size_t)size) != 0))
		done = err_set(r->e, -EBADMSG, "%s: not what the later ones begin with", name);
	return done;
}

/* One below a folder of tiles: "x001/234", "x001/234.p/17". */
struct tile_path {
	struct check *run;
	const char *folder;
	int level;
	uint64_t index;
	bool part; /* of this tile, by their widths */
};

static void see_tile(void *self, const char *name);

static void go_down(struct tile_path *p, const char *name, uint64_t index, bool part)
{
	struct check *r = p->run;
	char folder[TILE_NAME + 32];
	int used = snprintf(folder, sizeof folder, "%s/%s", p->folder, name);
	struct tile_path below = { r, folder, p->level, index, part };
	if (used >= TILE_NAME) { /* longer than any name of a tile */
		strange(r, folder);
		return;
	}
	int done = r->c->files->list(r->c->files->self, folder, see_tile, &below);
	if (done < 0 && done != -ENOENT && r->result == 0) {
		errno = -done;
		r->result = err_sys(r->e, "look into %s", folder);
	}
}

static void strange_at(struct tile_path *p, const char *name)
{
	char path[TILE_NAME];
	snprintf(path, sizeof path, "%.40s/%.20s", p->folder, name);
	strange(p->run, path);
}

static void see_file(struct tile_path *p, const char *name, uint64_t index, unsigned width)
{
	struct check *r = p->run;
	char path[TILE_NAME + 32], right[TILE_NAME];
	snprintf(path, sizeof path, "%s/%s", p->folder, name);
	tile_name(right, p->level, index, width);
	unsigned now = tile_width(p->level, index, r->tiles.size);
	if (strcmp(path, right) != 0 || !now || width > now)
		strange_at(p, name);
	else if (width < now)
		r->result = check_part(r, path, p->level, index, width);
}

/* Digits between two words, and nothing else. */
static bool is_number(const char *name, const char *front, const char *behind, unsigned *number)
{
	size_t before = strlen(front), size = strlen(name), after = strlen(behind);
	if (size <= before + after || size > before + after + 3 ||
		memcmp(name, front, before) != 0 || strcmp(name + size - after, behind) != 0)
		return false;
	*number = 0;
	for (const char *at = name + before; at < name + size - after; at++) {
		if (*at < '0' || *at > '9')
			return false;
		*number = *number * 10 + (unsigned)(*at - '0');
	}
	return true;
}

static void see_tile(void *self, const char *name)
{
	struct tile_path *p = self;
	unsigned number;
	if (p->run->result < 0)
		return;
	if (p->part && is_number(name, "", "", &number))
		see_file(p, name, p->index, number);
	else if (!p->part && p->index < INDEX_MAX && is_number(name, "x", "", &number))
		go_down(p, name, p->index * 1000 + number, false);
	else if (!p->part && is_number(name, "", ".p", &number))
		go_down(p, name, p->index * 1000 + number, true);
	else if (!p->part && is_number(name, "", "", &number))
		see_file(p, name, p->index * 1000 + number, TILE_WIDTH);
	else
		strange_at(p, name);
}

static void see_level(void *self, const char *name)
{
	struct tile_path *p = self;
	unsigned level;
	if (p->run->result < 0)
		return;
	bool known = is_number(name, "", "", &level) && level < TILE_LEVELS && !name[1];
	p->level = known ? (int)level : TILE_ENTRIES;
	if (known || strcmp(name, "entries") == 0)
		go_down(p, name, 0, false);
	else
		strange_at(p, name);
}

static void see_top(void *self, const char *name)
{
	static const char *const known[] = { "checkpoint", "settled", "tile", "wal", "ledger" };
	for (size_t i = 0; i < COUNT_OF(known); i++)
		if (strcmp(name, known[i]) == 0)
			return;
	strange(self, name);
}

int check_files(struct check *r)
{
	const struct files *f = r->c->files;
	struct tile_path top = { .run = r, .folder = "tile" };
	int done = f->list(f->self, ".", see_top, r);
	if (done == 0 && r->out->head.size)
		done = f->list(f->self, "tile", see_level, &top);
	if (done < 0) {
		errno = -done;
		return err_sys(r->e, "look at its files");
	}
	return r->result;
}
