#include "base/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NAME_MAX_SIZE = 256 };

/* --- the folder on a disk --- */

static int folder(void *self)
{
	return (int)(intptr_t)self;
}

static int open_as(void *self, const char *name, enum file_how how, mode_t mode)
{
	/* Somebody's stick may hold a pipe under that name: nobody waits for its other end. */
	static const int flags[] = { [FILE_READ] = O_RDONLY | O_NONBLOCK,
		[FILE_CHANGE] = O_RDWR | O_CREAT,
		[FILE_FRESH] = O_RDWR | O_CREAT | O_TRUNC };
	int fd = openat(folder(self), name, flags[how] | O_CLOEXEC | O_NOFOLLOW, mode);
	return fd < 0 ? -errno : fd;
}

static int real_open(void *self, const char *name, enum file_how how)
{
	return open_as(self, name, how, 0644);
}

static int private_open(void *self, const char *name, enum file_how how)
{
	return open_as(self, name, how, 0600);
}

static long real_read(void *self, int fd, void *to, size_t size, uint64_t at)
{
	(void)self;
	ssize_t n = pread(fd, to, size, (off_t)at);
	return n < 0 ? -errno : n;
}

static long real_write(void *self, int fd, const void *from, size_t size, uint64_t at)
{
	(void)self;
	ssize_t n = pwrite(fd, from, size, (off_t)at);
	return n < 0 ? -errno : n;
}

static long real_size(void *self, int fd)
{
	(void)self;
	struct stat s;
	return fstat(fd, &s) < 0 ? -errno : (long)s.st_size;
}

/* One that cannot is written later. */
static void real_begin(void *self, int fd)
{
	(void)self;
	(void)sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE);
}

static int real_sync(void *self, int fd)
{
	(void)self;
	return fdatasync(fd) < 0 ? -errno : 0;
}

static int real_sync_names(void *self, const char *name)
{
	int fd = openat(folder(self), name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	int r = fsync(fd) < 0 ? -errno : 0;
	close(fd);
	return r;
}

static int real_sync_all(void *self)
{
	return syncfs(folder(self)) < 0 ? -errno : 0;
}

static int real_rename(void *self, const char *from, const char *to)
{
	return renameat(folder(self), from, folder(self), to) < 0 ? -errno : 0;
}

static int real_remove(void *self, const char *name)
{
	int r = unlinkat(folder(self), name, 0);
	if (r < 0 && errno == EISDIR)
		r = unlinkat(folder(self), name, AT_REMOVEDIR);
	return r < 0 ? -errno : 0;
}

static int real_make_folder(void *self, const char *name)
{
	return mkdirat(folder(self), name, 0755) < 0 && errno != EEXIST ? -errno : 0;
}

static int real_list(
	void *self, const char *name, void (*each)(void *to, const char *name), void *to)
{
	int fd = openat(folder(self), name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	if (!d) {
		int r = -errno;
		if (fd >= 0)
			close(fd);
		return r;
	}
	errno = 0;
	for (struct dirent *one; (one = readdir(d)); errno = 0)
		if (one->d_name[0] != '.')
			each(to, one->d_name);
	int r = -errno;
	closedir(d);
	return r;
}

static void real_close(void *self, int fd)
{
	(void)self;
	close(fd);
}

struct files files_real(int folder_fd)
{
	return (struct files){ .self = (void *)(intptr_t)folder_fd,
		.open = real_open,
		.read = real_read,
		.write = real_write,
		.size = real_size,
		.begin = real_begin,
		.sync = real_sync,
		.sync_names = real_sync_names,
		.sync_all = real_sync_all,
		.rename = real_rename,
		.remove = real_remove,
		.make_folder = real_make_folder,
		.list = real_list,
		.close = real_close };
}

struct files files_private(int folder_fd)
{
	struct files f = files_real(folder_fd);
	f.open = private_open;
	return f;
}

/* --- whole reads and writes --- */

/* The story of a negative errno that a call gave. */
static int failed(struct err *e, long code, const char *what, const char *name)
{
	errno = (int)-code;
	return err_sys(e, "%s %s", what, name);
}

int files_open(const struct files *f, const char *name, enum file_how how, struct err *e)
{
	int fd = f->open(f->self, name, how);
	return fd < 0 ? failed(e, fd, "open", name) : fd;
}

int files_write(const struct files *f, int fd, const char *name, const void *from, size_t size,
	uint64_t at, struct err *e)
{
	for (size_t done = 0; done < size;) {
		long n = f->write(f->self, fd, (const char *)from + done, size - done, at + done);
		if (n == -EINTR)
			continue;
		if (n <= 0)
			return failed(e, n ? n : -EIO, "write", name);
		done += (size_t)n;
	}
	return 0;
}

long files_load(const struct files *f, const char *name, void *to, size_t room, struct err *e)
{
	int fd = files_open(f, name, FILE_READ, e);
	if (fd < 0)
		return fd;
	size_t have = 0;
	long n = 1;
	while (have < room && n != 0) {
		n = f->read(f->self, fd, (char *)to + have, room - have, have);
		if (n < 0 && n != -EINTR)
			break;
		have += n > 0 ? (size_t)n : 0;
	}
	char more;
	if (n > 0 && f->read(f->self, fd, &more, 1, have) > 0)
		n = -EFBIG;
	f->close(f->self, fd);
	if (n < 0 && n != -EINTR)
		return failed(e, n, "read", name);
	return (long)have;
}

int files_make_way(const struct files *f, const char *name, struct err *e)
{
	char part[NAME_MAX_SIZE];
	for (const char *slash = strchr(name, '/'); slash; slash = strchr(slash + 1, '/')) {
		snprintf(part, sizeof part, "%.*s", (int)(slash - name), name);
		int r = f->make_folder(f->self, part);
		if (r < 0)
			return failed(e, r, "make folder", part);
	}
	return 0;
}

int files_sync(const struct files *f, int fd, const char *name, struct err *e)
{
	int r = f->sync(f->self, fd);
	return r < 0 ? failed(e, r, "sync", name) : 0;
}

enum when { LATER, NOW, SYNCED };

static int put(const struct files *f, const char *name, const void *from, size_t size,
	enum when when, struct err *e)
{
	int fd = f->open(f->self, name, FILE_FRESH);
	if (fd == -ENOENT) {
		int r = files_make_way(f, name, e);
		if (r < 0)
			return r;
		fd = f->open(f->self, name, FILE_FRESH);
	}
	if (fd < 0)
		return failed(e, fd, "make", name);
	int r = files_write(f, fd, name, from, size, 0, e);
	if (r == 0 && when == SYNCED)
		r = files_sync(f, fd, name, e);
	else if (r == 0 && when == NOW)
		f->begin(f->self, fd);
	f->close(f->self, fd);
	return r;
}

int files_put(const struct files *f, const char *name, const void *from, size_t size, struct err *e)
{
	return put(f, name, from, size, LATER, e);
}

int files_put_now(
	const struct files *f, const char *name, const void *from, size_t size, struct err *e)
{
	return put(f, name, from, size, NOW, e);
}

static const char *folder_of(const char *name, char text[NAME_MAX_SIZE])
{
	const char *slash = strrchr(name, '/');
	snprintf(text, NAME_MAX_SIZE, "%.*s", slash ? (int)(slash - name) : 1, slash ? name : ".");
	return text;
}

int files_replace(
	const struct files *f, const char *name, const void *from, size_t size, struct err *e)
{
	char beside[NAME_MAX_SIZE], within[NAME_MAX_SIZE];
	snprintf(beside, sizeof beside, "%s.new", name);
	int r = put(f, beside, from, size, SYNCED, e);
	if (r < 0)
		return r;
	r = f->rename(f->self, beside, name);
	if (r < 0)
		return failed(e, r, "rename to", name);
	r = f->sync_names(f->self, folder_of(name, within));
	return r < 0 ? failed(e, r, "sync the folder of", name) : 0;
}
