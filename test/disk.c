#include "disk.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAMES = 2048, OPEN = 32, NAME = 96, SECTOR = 512 };

struct bytes {
	uint8_t *at;
	size_t size, room;
};

struct inode {
	struct bytes now, kept;
	bool dirty;
};

struct name {
	char text[NAME];
	struct inode *inode; /* NULL: this place is free */
};

struct disk {
	uint64_t random, calls, die_at;
	bool died, short_writes;
	int fail[DISK_CALLS];
	size_t room;
	struct name now[NAMES], kept[NAMES];
	struct inode *inodes[NAMES * 4];
	unsigned inode_count;
	struct inode *open[OPEN];
};

static uint64_t chance(struct disk *d)
{
	d->random ^= d->random << 13;
	d->random ^= d->random >> 7;
	d->random ^= d->random << 17;
	return d->random;
}

static void resize(struct bytes *b, size_t size)
{
	if (size > b->room) {
		b->room = size * 2;
		b->at = realloc(b->at, b->room);
		if (!b->at)
			abort();
	}
	if (size > b->size)
		memset(b->at + b->size, 0, size - b->size);
	b->size = size;
}

static void take(struct bytes *to, const struct bytes *from)
{
	resize(to, from->size);
	if (from->size)
		memcpy(to->at, from->at, from->size);
}

struct disk *disk_new(uint64_t seed)
{
	struct disk *d = calloc(1, sizeof *d);
	if (!d)
		abort();
	d->random = seed * 2654435761u + 88172645463325252u;
	return d;
}

void disk_free(struct disk *d)
{
	for (unsigned i = 0; d && i < d->inode_count; i++) {
		free(d->inodes[i]->now.at);
		free(d->inodes[i]->kept.at);
		free(d->inodes[i]);
	}
	free(d);
}

/* --- faults --- */

static int call(struct disk *d, enum disk_call which)
{
	if (d->died)
		return -EIO;
	if (++d->calls == d->die_at)
		d->died = true;
	return d->died ? -EIO : d->fail[which];
}

uint64_t disk_calls(const struct disk *d)
{
	return d->calls;
}

void disk_die_at(struct disk *d, uint64_t n)
{
	d->die_at = n;
}

bool disk_died(const struct disk *d)
{
	return d->died;
}

void disk_fail(struct disk *d, enum disk_call which, int code)
{
	d->fail[which] = code;
}

void disk_short_writes(struct disk *d, bool on)
{
	d->short_writes = on;
}

void disk_room(struct disk *d, size_t bytes)
{
	d->room = bytes;
}

size_t disk_used(const struct disk *d)
{
	size_t used = 0;
	for (unsigned i = 0; i < NAMES; i++)
		used += d->now[i].inode ? d->now[i].inode->now.size : 0;
	return used;
}

/* A sector is written or not, by chance; the length is the old one or the new one. */
static void settle_inode(struct disk *d, struct inode *n)
{
	if (!n->dirty)
		return;
	struct bytes *k = &n->kept;
	if (chance(d) & 1)
		resize(k, n->now.size);
	for (size_t at = 0; at < k->size && at < n->now.size; at += SECTOR) {
		size_t size = k->size - at < SECTOR ? k->size - at : SECTOR;
		size = n->now.size - at < size ? n->now.size - at : size;
		if (chance(d) & 1)
			memcpy(k->at + at, n->now.at + at, size);
	}
	n->dirty = false;
}

void disk_power_lost(struct disk *d, bool unsynced_lost)
{
	for (unsigned i = 0; unsynced_lost && i < d->inode_count; i++) {
		settle_inode(d, d->inodes[i]);
		take(&d->inodes[i]->now, &d->inodes[i]->kept);
	}
	if (unsynced_lost && chance(d) & 1)
		memcpy(d->now, d->kept, sizeof d->now);
	for (unsigned i = 0; i < d->inode_count; i++) {
		take(&d->inodes[i]->kept, &d->inodes[i]->now);
		d->inodes[i]->dirty = false;
	}
	memcpy(d->kept, d->now, sizeof d->kept);
	memset(d->open, 0, sizeof d->open);
	memset(d->fail, 0, sizeof d->fail);
	d->died = false;
	d->die_at = 0;
}

/* --- names --- */

static struct name *find(struct disk *d, const char *text)
{
	for (unsigned i = 0; i < NAMES; i++)
		if (d->now[i].inode && strcmp(d->now[i].text, text) == 0)
			return &d->now[i];
	return NULL;
}

static struct name *add(struct disk *d, const char *text)
{
	struct name *n = find(d, text);
	for (unsigned i = 0; !n && i < NAMES; i++)
		if (!d->now[i].inode)
			n = &d->now[i];
	if (!n)
		abort();
	snprintf(n->text, sizeof n->text, "%s", text);
	return n;
}

static bool within(const char *text, const char *folder)
{
	const char *slash = strrchr(text, '/');
	size_t size = slash ? (size_t)(slash - text) : 1;
	return strlen(folder) == size && memcmp(slash ? text : ".", folder, size) == 0;
}

/* --- the calls --- */

static int disk_open(void *self, const char *text, enum file_how how)
{
	struct disk *d = self;
	int r = call(d, DISK_OPEN), fd = 0;
	if (r < 0)
		return r;
	struct name *n = find(d, text);
	if (!n && how == FILE_READ)
		return -ENOENT;
	if (!n) {
		if (d->inode_count == NAMES * 4)
			abort();
		n = add(d, text);
		n->inode = d->inodes[d->inode_count++] = calloc(1, sizeof *n->inode);
	}
	if (how == FILE_FRESH && n->inode->now.size) {
		resize(&n->inode->now, 0);
		n->inode->dirty = true;
	}
	while (fd < OPEN && d->open[fd])
		fd++;
	if (fd == OPEN)
		return -EMFILE;
	d->open[fd] = n->inode;
	return fd;
}

static long disk_read(void *self, int fd, void *to, size_t size, uint64_t at)
{
	struct disk *d = self;
	int r = call(d, DISK_READ);
	if (r < 0)
		return r;
	const struct bytes *b = &d->open[fd]->now;
	size_t left = at < b->size ? b->size - (size_t)at : 0;
	size = size < left ? size : left;
	if (size)
		memcpy(to, b->at + at, size);
	return (long)size;
}

static long disk_write(void *self, int fd, const void *from, size_t size, uint64_t at)
{
	struct disk *d = self;
	bool alive = !d->died;
	int r = call(d, DISK_WRITE);
	struct inode *n = d->open[fd];
	size_t end = (size_t)at + size, grows = end > n->now.size ? end - n->now.size : 0;
	if (r == 0 && d->room && grows && disk_used(d) + grows > d->room)
		return -ENOSPC;
	bool half = alive && d->died;
	if (r < 0 && !half)
		return r;
	if ((half || d->short_writes) && size > 1)
		size = 1 + (size_t)chance(d) % (size - 1);
	resize(&n->now, n->now.size > at + size ? n->now.size : (size_t)at + size);
	memcpy(n->now.at + at, from, size);
	n->dirty = true;
	return half ? -EIO : (long)size;
}

static long disk_size(void *self, int fd)
{
	struct disk *d = self;
	int r = call(d, DISK_OTHER);
	return r < 0 ? r : (long)d->open[fd]->now.size;
}

static int disk_sync(void *self, int fd)
{
	struct disk *d = self;
	int r = call(d, DISK_SYNC);
	if (r < 0)
		return r;
	take(&d->open[fd]->kept, &d->open[fd]->now);
	d->open[fd]->dirty = false;
	return 0;
}

static int disk_sync_names(void *self, const char *folder)
{
	struct disk *d = self;
	int r = call(d, DISK_NAMES);
	if (r < 0)
		return r;
	for (unsigned i = 0; i < NAMES; i++)
		if (d->kept[i].inode && within(d->kept[i].text, folder))
			d->kept[i].inode = NULL;
	for (unsigned i = 0, k = 0; i < NAMES; i++) {
		if (!d->now[i].inode || !within(d->now[i].text, folder))
			continue;
		while (d->kept[k].inode)
			k++;
		d->kept[k] = d->now[i];
	}
	return 0;
}

static int disk_sync_all(void *self)
{
	struct disk *d = self;
	int r = call(d, DISK_SYNC);
	for (unsigned i = 0; r == 0 && i < d->inode_count; i++)
		if (d->inodes[i]->dirty) {
			take(&d->inodes[i]->kept, &d->inodes[i]->now);
			d->inodes[i]->dirty = false;
		}
	if (r == 0)
		memcpy(d->kept, d->now, sizeof d->kept);
	return r;
}

static int disk_rename(void *self, const char *from, const char *to)
{
	struct disk *d = self;
	int r = call(d, DISK_OTHER);
	struct name *n = find(d, from);
	if (r < 0 || !n)
		return r < 0 ? r : -ENOENT;
	struct name *other = find(d, to);
	if (other)
		other->inode = NULL;
	snprintf(n->text, sizeof n->text, "%s", to);
	return 0;
}

static int disk_remove(void *self, const char *text)
{
	struct disk *d = self;
	int r = call(d, DISK_OTHER);
	struct name *n = find(d, text);
	if (r == 0 && n)
		n->inode = NULL;
	return r < 0 ? r : n || strcmp(text, "wal") == 0 ? 0 : -ENOENT; /* folders need no making */
}

static int disk_make_folder(void *self, const char *name)
{
	(void)name; /* a name with slashes is enough here */
	return call(self, DISK_OTHER);
}

/* Files of the folder, and the folders that names imply. */
static int disk_list(
	void *self, const char *folder, void (*each)(void *to, const char *name), void *to)
{
	struct disk *d = self;
	int r = call(d, DISK_OTHER);
	char(*found)[NAME] = calloc(NAMES, NAME);
	size_t front = strcmp(folder, ".") == 0 ? 0 : strlen(folder) + 1;
	unsigned count = 0;
	for (unsigned i = 0; r == 0 && i < NAMES; i++) {
		const char *text = d->now[i].text;
		if (!d->now[i].inode ||
			(front &&
				(strncmp(text, folder, front - 1) != 0 || text[front - 1] != '/')))
			continue;
		size_t size = strcspn(text + front, "/");
		bool known = false;
		for (unsigned k = 0; k < count && !known; k++)
			known = strlen(found[k]) == size &&
				memcmp(found[k], text + front, size) == 0;
		if (!known)
			memcpy(found[count++], text + front, size);
	}
	for (unsigned i = 0; i < count; i++)
		each(to, found[i]);
	free(found);
	return r;
}

static void disk_close(void *self, int fd)
{
	struct disk *d = self;
	d->open[fd] = NULL;
}

struct files disk_files(struct disk *d)
{
	return (struct files){ .self = d,
		.open = disk_open,
		.read = disk_read,
		.write = disk_write,
		.size = disk_size,
		.sync = disk_sync,
		.sync_names = disk_sync_names,
		.sync_all = disk_sync_all,
		.rename = disk_rename,
		.remove = disk_remove,
		.make_folder = disk_make_folder,
		.list = disk_list,
		.close = disk_close };
}

/* --- looking at it --- */

uint8_t *disk_bytes(struct disk *d, const char *name, size_t *size)
{
	struct name *n = find(d, name);
	*size = n ? n->inode->now.size : 0;
	return n ? n->inode->now.at : NULL;
}

void disk_each(struct disk *d, void (*each)(void *to, const char *name), void *to)
{
	for (unsigned i = 0; i < NAMES; i++)
		if (d->now[i].inode)
			each(to, d->now[i].text);
}

void disk_copy(struct disk *to, const struct disk *from)
{
	for (unsigned i = 0; i < NAMES; i++) {
		if (!from->now[i].inode)
			continue;
		int fd = disk_open(to, from->now[i].text, FILE_FRESH);
		const struct bytes *b = &from->now[i].inode->now;
		if (b->size)
			disk_write(to, fd, b->at, b->size, 0);
		disk_close(to, fd);
	}
	disk_sync_all(to);
}
