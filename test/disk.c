#include "disk.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPEN = 32, NAME = 80, SECTOR = 512, PAGE = 4096 };

struct bytes {
	uint8_t *at;
	size_t size, room;
};

struct inode {
	struct inode *next;
	struct bytes now, kept;
	uint8_t *dirty; /* of each page of `now` */
	size_t dirty_room;
	size_t least; /* the smallest size since the last sync */
	bool folder;
};

struct name {
	char text[NAME];
	struct inode *inode;
};

struct names {
	struct name *at;
	size_t count, room;
};

/* What was done to names and is not on the disk for certain. */
struct change {
	char gone[NAME], come[NAME]; /* either may be empty */
	struct inode *inode;
};

struct disk {
	uint64_t random, calls, die_at, fail_from, fail_until;
	int fail_code;
	bool died, short_writes, lies, fired;
	enum disk_call fired_at;
	unsigned begun;
	int fail[DISK_CALLS];
	size_t room;
	struct names now, kept;
	struct change *changes;
	size_t change_count, change_room;
	struct inode *inodes;
	struct inode *open[OPEN];
};

static uint64_t chance(struct disk *d)
{
	d->random ^= d->random << 13;
	d->random ^= d->random >> 7;
	d->random ^= d->random << 17;
	return d->random;
}

static void *grown(void *at, size_t *room, size_t need, size_t each)
{
	if (need <= *room)
		return at;
	size_t before = *room;
	*room = need * 2;
	at = reallocarray(at, *room, each); /* tests let malloc() and realloc() fail */
	if (!at)
		abort();
	memset((char *)at + before * each, 0, (*room - before) * each);
	return at;
}

static void resize(struct bytes *b, size_t size)
{
	b->at = grown(b->at, &b->room, size, 1);
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

static size_t pages(size_t size)
{
	return (size + PAGE - 1) / PAGE;
}

struct disk *disk_new(uint64_t seed)
{
	size_t room = 0;
	struct disk *d = grown(NULL, &room, 1, sizeof *d);
	d->random = seed * 2654435761u + 88172645463325252u;
	return d;
}

void disk_free(struct disk *d)
{
	if (!d)
		return;
	for (struct inode *n = d->inodes, *next; n; n = next) {
		next = n->next;
		free(n->now.at);
		free(n->kept.at);
		free(n->dirty);
		free(n);
	}
	free(d->now.at);
	free(d->kept.at);
	free(d->changes);
	free(d);
}

/* --- faults --- */

static int call(struct disk *d, enum disk_call which)
{
	if (d->died)
		return -EIO;
	if (++d->calls == d->die_at)
		d->died = true;
	if (d->died)
		return -EIO;
	if (d->calls < d->fail_from || d->calls >= d->fail_until)
		return d->fail[which];
	if (!d->fired)
		d->fired_at = which;
	d->fired = true;
	return d->fail_code;
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

void disk_fail_at(struct disk *d, uint64_t n, uint64_t more, int code)
{
	d->fail_from = d->calls + n;
	d->fail_until = d->fail_from + 1 + more;
	d->fail_code = code;
	d->fired = false;
}

bool disk_fired(const struct disk *d, enum disk_call *which)
{
	if (d->fired)
		*which = d->fired_at;
	return d->fired;
}

void disk_short_writes(struct disk *d, bool on)
{
	d->short_writes = on;
}

void disk_lies(struct disk *d, bool on)
{
	d->lies = on;
}

void disk_room(struct disk *d, size_t bytes)
{
	d->room = bytes;
}

size_t disk_used(const struct disk *d)
{
	size_t used = 0;
	for (size_t i = 0; i < d->now.count; i++)
		used += d->now.at[i].inode->now.size;
	return used;
}

unsigned disk_open_files(const struct disk *d)
{
	unsigned count = 0;
	for (unsigned i = 0; i < OPEN; i++)
		count += d->open[i] != NULL;
	return count;
}

/* --- names --- */

static struct name *find(const struct names *names, const char *text)
{
	for (size_t i = 0; i < names->count; i++)
		if (strcmp(names->at[i].text, text) == 0)
			return &names->at[i];
	return NULL;
}

static void put_name(struct names *names, const char *text, struct inode *inode)
{
	struct name *n = find(names, text);
	if (!n) {
		names->at = grown(names->at, &names->room, names->count + 1, sizeof *names->at);
		n = &names->at[names->count++];
		snprintf(n->text, sizeof n->text, "%s", text);
	}
	n->inode = inode;
}

static void drop_name(struct names *names, struct name *n)
{
	*n = names->at[--names->count];
}

static void copy_names(struct names *to, const struct names *from)
{
	to->count = 0;
	for (size_t i = 0; i < from->count; i++)
		put_name(to, from->at[i].text, from->at[i].inode);
}

static size_t folder_size(const char *text)
{
	const char *slash = strrchr(text, '/');
	return slash ? (size_t)(slash - text) : 0;
}

static bool within(const char *text, const char *folder)
{
	size_t size = folder_size(text);
	return size ? strlen(folder) == size && memcmp(text, folder, size) == 0
		    : text[0] && strcmp(folder, ".") == 0;
}

/* Is the folder there that this name would be in? */
static bool has_folder(const struct names *names, const char *text)
{
	char folder[NAME];
	size_t size = folder_size(text);
	snprintf(folder, sizeof folder, "%.*s", (int)size, text);
	const struct name *n = size ? find(names, folder) : NULL;
	return !size || (n && n->inode->folder);
}

/* Does both to the names now, and notes it. */
static void change(struct disk *d, const char *gone, const char *come, struct inode *inode)
{
	if (gone[0])
		drop_name(&d->now, find(&d->now, gone));
	if (come[0])
		put_name(&d->now, come, inode);
	d->changes = grown(d->changes, &d->change_room, d->change_count + 1, sizeof *d->changes);
	struct change *c = &d->changes[d->change_count++];
	snprintf(c->gone, sizeof c->gone, "%s", gone);
	snprintf(c->come, sizeof c->come, "%s", come);
	c->inode = inode;
}

/* A change comes to the disk.  The file had one name all the time. */
static void keep_change(struct disk *d, const struct change *c)
{
	for (size_t i = 0; i < d->kept.count; i++)
		if (d->kept.at[i].inode == c->inode)
			drop_name(&d->kept, &d->kept.at[i--]);
	if (c->come[0])
		put_name(&d->kept, c->come, c->inode);
}

/* Those that this folder saw, and what the same file went through before. */
static void keep_changes_of(struct disk *d, const char *folder)
{
	size_t left = 0;
	for (size_t i = 0; i < d->change_count; i++) {
		struct change c = d->changes[i];
		bool later = false;
		for (size_t k = i + 1; k < d->change_count && !later; k++)
			later = d->changes[k].inode == c.inode &&
				(within(d->changes[k].gone, folder) ||
					within(d->changes[k].come, folder));
		if (within(c.gone, folder) || within(c.come, folder))
			keep_change(d, &c);
		else if (!later)
			d->changes[left++] = c;
	}
	d->change_count = left;
}

/* --- what comes to the disk --- */

static void keep_inode(struct inode *n)
{
	take(&n->kept, &n->now);
	if (n->dirty)
		memset(n->dirty, 0, n->dirty_room);
	n->least = n->now.size;
}

/* Only pages that are marked are written. */
static void sync_inode(struct inode *n)
{
	resize(&n->kept, n->now.size);
	for (size_t p = 0; p < pages(n->now.size); p++) {
		size_t at = p * PAGE, size = n->now.size - at < PAGE ? n->now.size - at : PAGE;
		if (p < n->dirty_room && n->dirty[p])
			memcpy(n->kept.at + at, n->now.at + at, size);
	}
	if (n->dirty)
		memset(n->dirty, 0, n->dirty_room);
	n->least = n->now.size;
}

static void settle_page(struct disk *d, struct inode *n, size_t at)
{
	unsigned how = (unsigned)chance(d) % 3; /* the old one, the new one, torn */
	for (size_t s = at; s < at + PAGE && s < n->kept.size && s < n->now.size; s += SECTOR) {
		size_t size = n->kept.size - s < SECTOR ? n->kept.size - s : SECTOR;
		size = n->now.size - s < size ? n->now.size - s : size;
		if (how == 1 || (how == 2 && chance(d) & 1))
			memcpy(n->kept.at + s, n->now.at + s, size);
	}
}

/* Chance says which of the marked pages were written, and which length. */
static void settle_inode(struct disk *d, struct inode *n)
{
	size_t sizes[] = { n->kept.size, n->now.size, n->least,
		n->least + (n->now.size - n->least) / PAGE / 2 * PAGE };
	resize(&n->kept, sizes[chance(d) % 4]);
	for (size_t p = 0; p < n->dirty_room && p < pages(n->now.size); p++)
		if (n->dirty[p])
			settle_page(d, n, p * PAGE);
}

static void settle_names(struct disk *d)
{
	unsigned how = (unsigned)chance(d) % 4; /* none, all, the first ones, any */
	size_t first = d->change_count ? chance(d) % (d->change_count + 1) : 0;
	for (size_t i = 0; i < d->change_count; i++)
		if (how == 1 || (how == 2 && i < first) || (how == 3 && chance(d) & 1))
			keep_change(d, &d->changes[i]);
	for (size_t i = 0; i < d->kept.count;)
		if (has_folder(&d->kept, d->kept.at[i].text)) {
			i++;
		} else {
			drop_name(&d->kept, &d->kept.at[i]);
			i = 0;
		}
}

void disk_power_lost(struct disk *d, bool unsynced_lost)
{
	if (unsynced_lost) {
		for (struct inode *n = d->inodes; n; n = n->next) {
			settle_inode(d, n);
			take(&n->now, &n->kept);
			keep_inode(n);
		}
		settle_names(d);
		copy_names(&d->now, &d->kept);
		d->change_count = 0;
	}
	memset(d->open, 0, sizeof d->open);
	memset(d->fail, 0, sizeof d->fail);
	d->fail_from = d->fail_until = 0;
	d->died = false;
	d->die_at = 0;
}

/* --- the calls --- */

static struct inode *new_inode(struct disk *d, bool folder)
{
	size_t room = 0;
	struct inode *n = grown(NULL, &room, 1, sizeof *n);
	n->folder = folder;
	n->next = d->inodes;
	d->inodes = n;
	return n;
}

static int disk_open(void *self, const char *text, enum file_how how)
{
	struct disk *d = self;
	int r = call(d, DISK_OPEN), fd = 0;
	const struct name *n = find(&d->now, text);
	if (r < 0)
		return r;
	while (fd < OPEN && d->open[fd])
		fd++;
	if (fd == OPEN)
		return -EMFILE;
	if (!n && (how == FILE_READ || !has_folder(&d->now, text)))
		return -ENOENT;
	if (n && n->inode->folder)
		return -EISDIR;
	if (strlen(text) >= NAME)
		return -ENAMETOOLONG;
	struct inode *inode = n ? n->inode : new_inode(d, false);
	if (!n)
		change(d, "", text, inode);
	if (how == FILE_FRESH) {
		resize(&inode->now, 0);
		inode->least = 0;
	}
	d->open[fd] = inode;
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

static void write_bytes(struct inode *n, const void *from, size_t size, size_t at)
{
	size_t end = at + size, first = at < n->now.size ? at : n->now.size;
	if (end > n->now.size)
		resize(&n->now, end);
	memcpy(n->now.at + at, from, size);
	n->dirty = grown(n->dirty, &n->dirty_room, pages(end), 1);
	memset(n->dirty + first / PAGE, 1, pages(end) - first / PAGE);
}

static long disk_write(void *self, int fd, const void *from, size_t size, uint64_t at)
{
	struct disk *d = self;
	bool alive = !d->died;
	int r = call(d, DISK_WRITE);
	struct inode *n = d->open[fd];
	size_t end = (size_t)at + size, grows = end > n->now.size ? end - n->now.size : 0;
	size_t used = d->room && grows ? disk_used(d) : 0;
	bool half = alive && d->died;
	if (r < 0 && !half)
		return r;
	if (d->room && grows && used + grows > d->room) {
		size_t fits = d->room > used ? d->room - used : 0;
		size = size - grows + (fits < grows ? fits : grows);
		if (!size)
			return -ENOSPC;
	}
	if ((half || d->short_writes) && size > 1)
		size = 1 + (size_t)chance(d) % (size - 1);
	write_bytes(n, from, size, (size_t)at);
	return half ? -EIO : (long)size;
}

static long disk_size(void *self, int fd)
{
	struct disk *d = self;
	int r = call(d, DISK_OTHER);
	return r < 0 ? r : (long)d->open[fd]->now.size;
}

/* The pages are taken for written; some of them were. */
static void sync_fails(struct disk *d, struct inode *n)
{
	struct bytes now = { 0 };
	take(&now, &n->now);
	settle_inode(d, n);
	if (n->kept.size < now.size)
		resize(&n->kept,
			now.size); /* the length is metadata, and comes with the next sync */
	if (n->dirty)
		memset(n->dirty, 0, n->dirty_room);
	n->least = now.size;
	free(now.at);
}

/* Any part of it may come to the disk at any time anyway. */
static void disk_begin(void *self, int fd)
{
	struct disk *d = self;
	(void)fd;
	d->begun++;
}

unsigned disk_begun(const struct disk *d)
{
	return d->begun;
}

static int disk_sync(void *self, int fd)
{
	struct disk *d = self;
	bool alive = !d->died;
	int r = call(d, DISK_SYNC);
	if (r == 0 && d->lies)
		return 0;
	if (r == 0)
		sync_inode(d->open[fd]);
	else if (alive && !d->died)
		sync_fails(d, d->open[fd]);
	return r;
}

static int disk_sync_names(void *self, const char *folder)
{
	struct disk *d = self;
	int r = call(d, DISK_NAMES);
	const struct name *n = find(&d->now, folder);
	if (r == 0 && strcmp(folder, ".") != 0 && (!n || !n->inode->folder))
		r = -ENOENT;
	if (r == 0 && !d->lies)
		keep_changes_of(d, folder);
	return r;
}

static int disk_sync_all(void *self)
{
	struct disk *d = self;
	bool alive = !d->died;
	int r = call(d, DISK_SYNC);
	if (r == 0 && d->lies)
		return 0;
	for (struct inode *n = d->inodes; n && alive && !d->died; n = n->next)
		if (r == 0)
			sync_inode(n);
		else
			sync_fails(d, n);
	if (r == 0) {
		copy_names(&d->kept, &d->now);
		d->change_count = 0;
	}
	return r;
}

static int disk_rename(void *self, const char *from, const char *to)
{
	struct disk *d = self;
	int r = call(d, DISK_OTHER);
	const struct name *n = find(&d->now, from);
	if (r < 0 || !n || !has_folder(&d->now, to))
		return r < 0 ? r : -ENOENT;
	char gone[NAME];
	snprintf(gone, sizeof gone, "%s", from);
	if (strcmp(gone, to) != 0)
		change(d, gone, to, n->inode);
	return 0;
}

static int disk_remove(void *self, const char *text)
{
	struct disk *d = self;
	int r = call(d, DISK_OTHER);
	const struct name *n = find(&d->now, text);
	for (size_t i = 0; r == 0 && i < d->now.count; i++)
		if (within(d->now.at[i].text, text))
			r = -ENOTEMPTY;
	if (r < 0 || !n)
		return r < 0 ? r : -ENOENT;
	char gone[NAME];
	snprintf(gone, sizeof gone, "%s", text);
	change(d, gone, "", n->inode);
	return 0;
}

static int disk_make_folder(void *self, const char *text)
{
	struct disk *d = self;
	int r = call(d, DISK_OTHER);
	if (r < 0 || find(&d->now, text))
		return r;
	if (!has_folder(&d->now, text))
		return -ENOENT;
	change(d, "", text, new_inode(d, true));
	return 0;
}

static int disk_list(
	void *self, const char *folder, void (*each)(void *to, const char *name), void *to)
{
	struct disk *d = self;
	int r = call(d, DISK_OTHER);
	const struct name *n = find(&d->now, folder);
	if (r == 0 && strcmp(folder, ".") != 0 && (!n || !n->inode->folder))
		r = n ? -ENOTDIR : -ENOENT;
	/* The names as they are now: who is told may change them. */
	struct names names = { 0 };
	copy_names(&names, &d->now);
	for (size_t i = 0; r == 0 && i < names.count; i++)
		if (within(names.at[i].text, folder))
			each(to, names.at[i].text + (n ? strlen(folder) + 1 : 0));
	free(names.at);
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
		.begin = disk_begin,
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
	const struct name *n = find(&d->now, name);
	*size = n ? n->inode->now.size : 0;
	return n ? n->inode->now.at : NULL;
}

void disk_each(struct disk *d, void (*each)(void *to, const char *name), void *to)
{
	struct names names = { 0 };
	copy_names(&names, &d->now);
	for (size_t i = 0; i < names.count; i++)
		if (!names.at[i].inode->folder)
			each(to, names.at[i].text);
	free(names.at);
}

void disk_copy(struct disk *to, const struct disk *from)
{
	struct files f = disk_files(to);
	struct err e;
	for (size_t i = 0; i < from->now.count; i++) {
		const struct inode *n = from->now.at[i].inode;
		if (!n->folder &&
			files_put(&f, from->now.at[i].text, n->now.at, n->now.size, &e) < 0)
			abort();
	}
	disk_sync_all(to);
}
