#include "ledger/remote.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "ledger/tile.h"

static long folder_get(void *self, const char *name, void *to, size_t room, struct err *e)
{
	return files_load(self, name, to, room, e);
}

static int folder_put(void *self, const char *name, const void *from, size_t size, struct err *e)
{
	const struct files *f = self;
	char beside[TILE_NAME + 8];
	int r = snprintf(beside, sizeof beside, "%s.new", name);
	if (r >= (int)sizeof beside)
		return err_set(e, -ENAMETOOLONG, "%s: too long a name", name);
	/* Tiles are synced together, before a checkpoint speaks of them; the few files at the top
	 * one by one. */
	if (!strchr(name, '/'))
		return files_replace(f, name, from, size, e);
	r = files_put(f, beside, from, size, e);
	if (r < 0)
		return r;
	r = f->rename(f->self, beside, name);
	if (r < 0) {
		errno = -r;
		return err_sys(e, "rename to %s", name);
	}
	return 0;
}

static int folder_remove(void *self, const char *name, struct err *e)
{
	const struct files *f = self;
	char folder[TILE_NAME];
	int r = f->remove(f->self, name);
	if (r < 0 && r != -ENOENT) {
		errno = -r;
		return err_sys(e, "remove %s", name);
	}
	snprintf(folder, sizeof folder, "%s", name);
	char *slash = strrchr(folder, '/');
	if (slash) {
		*slash = 0;
		f->remove(f->self, folder); /* where it was the last one */
	}
	return 0;
}

static int folder_sync(void *self, struct err *e)
{
	const struct files *f = self;
	int r = f->sync_all(f->self);
	if (r < 0) {
		errno = -r;
		return err_sys(e, "sync the tiles");
	}
	return 0;
}

struct remote remote_folder(const struct files *f, const char *name)
{
	return (struct remote){ .self = (void *)(uintptr_t)f,
		.name = name,
		.near = true,
		.get = folder_get,
		.put = folder_put,
		.remove = folder_remove,
		.sync = folder_sync };
}

static long get_either(void *self, const char *name, void *to, size_t room, struct err *e)
{
	const struct remote_pair *p = self;
	long size = p->here->get(p->here->self, name, to, room, e);
	return size == -ENOENT && tile_is_bundle(name)
		? p->there->get(p->there->self, name, to, room, e)
		: size;
}

struct remote remote_both(const struct remote_pair *p)
{
	return (struct remote){
		.self = (void *)(uintptr_t)p, .name = p->here->name, .get = get_either
	};
}

int remote_head(
	const struct remote *remote, struct checkpoint *out, char note[NOTE_MAX + 1], struct err *e)
{
	struct note n;
	long size = remote->get(remote->self, "checkpoint", note, NOTE_MAX, e);
	if (size == -EFBIG)
		return e->code = -EBADMSG;
	if (size < 0)
		return (int)size;
	note[size] = 0;
	int r = note_read(cur_of(note, (size_t)size), &n, e);
	if (r == 0)
		r = checkpoint_read(n.text, out, e);
	if (r < 0) {
		err_in(e, "checkpoint");
		return e->code = -EBADMSG; /* it is there, and not as it should be */
	}
	return 0;
}
