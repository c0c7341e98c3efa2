#include "ledger/shelf.h"

#include <errno.h>

#include "ledger/tile.h"

/* A descriptor says in its lowest bit whose it is. */
static const struct files *whose(void *self, int fd)
{
	const struct shelf *s = self;
	return fd & 1 ? s->there : s->here;
}

static int shelf_open(void *self, const char *name, enum file_how how)
{
	const struct shelf *s = self;
	int fd = s->here->open(s->here->self, name, how);
	if (fd == -ENOENT && s->there && how == FILE_READ && tile_is_bundle(name)) {
		fd = s->there->open(s->there->self, name, how);
		return fd < 0 ? fd : fd << 1 | 1;
	}
	return fd < 0 ? fd : fd << 1;
}

static long shelf_read(void *self, int fd, void *to, size_t size, uint64_t at)
{
	const struct files *f = whose(self, fd);
	return f->read(f->self, fd >> 1, to, size, at);
}

static long shelf_write(void *self, int fd, const void *from, size_t size, uint64_t at)
{
	const struct files *f = whose(self, fd);
	return f->write(f->self, fd >> 1, from, size, at);
}

static long shelf_size(void *self, int fd)
{
	const struct files *f = whose(self, fd);
	return f->size(f->self, fd >> 1);
}

static void shelf_begin(void *self, int fd)
{
	const struct files *f = whose(self, fd);
	f->begin(f->self, fd >> 1);
}

static int shelf_sync(void *self, int fd)
{
	const struct files *f = whose(self, fd);
	return f->sync(f->self, fd >> 1);
}

static void shelf_close(void *self, int fd)
{
	const struct files *f = whose(self, fd);
	f->close(f->self, fd >> 1);
}

/* What changes names, and what lists them, is about here alone. */

static int shelf_sync_names(void *self, const char *folder)
{
	const struct shelf *s = self;
	return s->here->sync_names(s->here->self, folder);
}

static int shelf_sync_all(void *self)
{
	const struct shelf *s = self;
	return s->here->sync_all(s->here->self);
}

static int shelf_rename(void *self, const char *from, const char *to)
{
	const struct shelf *s = self;
	return s->here->rename(s->here->self, from, to);
}

static int shelf_remove(void *self, const char *name)
{
	const struct shelf *s = self;
	return s->here->remove(s->here->self, name);
}

static int shelf_make_folder(void *self, const char *name)
{
	const struct shelf *s = self;
	return s->here->make_folder(s->here->self, name);
}

static int shelf_list(
	void *self, const char *folder, void (*each)(void *to, const char *name), void *to)
{
	const struct shelf *s = self;
	if (s->signed_alone && strcmp(folder, "wal") == 0)
		return -ENOENT;
	return s->here->list(s->here->self, folder, each, to);
}

struct files shelf_files(struct shelf *s)
{
	return (struct files){ .self = s,
		.open = shelf_open,
		.read = shelf_read,
		.write = shelf_write,
		.size = shelf_size,
		.begin = shelf_begin,
		.sync = shelf_sync,
		.sync_names = shelf_sync_names,
		.sync_all = shelf_sync_all,
		.rename = shelf_rename,
		.remove = shelf_remove,
		.make_folder = shelf_make_folder,
		.list = shelf_list,
		.close = shelf_close };
}
