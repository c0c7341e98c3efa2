/* A folder that a room keeps files in, as the room sees it: names are paths below it.
 *
 * Rooms open nothing by themselves.  files_real() is the folder on a disk; tests put one in its
 * place that forgets what was not synced, runs full, fails, or ends the process. */
#ifndef BASE_FILES_H
#define BASE_FILES_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum file_how {
	FILE_READ,   /* is there already */
	FILE_CHANGE, /* made where it is not */
	FILE_FRESH,  /* made, or emptied */
};

/* Calls give what the system gives: a descriptor, a count, 0, or a negative errno. */
struct files {
	void *self;
	int (*open)(void *self, const char *name, enum file_how how);
	long (*read)(void *self, int fd, void *to, size_t size, uint64_t at); /* less: the end */
	long (*write)(void *self, int fd, const void *from, size_t size, uint64_t at);
	long (*size)(void *self, int fd);
	void (*begin)(void *self, int fd); /* what was written goes to the disk; nobody waits */
	int (*sync)(void *self, int fd);   /* bytes and length of one file are on the disk */
	int (*sync_names)(void *self, const char *folder); /* and the names in a folder */
	int (*sync_all)(void *self);                       /* everything written before */
	int (*rename)(void *self, const char *from, const char *to);
	int (*remove)(void *self, const char *name); /* a file, or a folder with nothing in it */
	int (*make_folder)(void *self, const char *name); /* 0 where it is there already */
	int (*list)(
		void *self, const char *folder, void (*each)(void *to, const char *name), void *to);
	void (*close)(void *self, int fd);
};

/* Of the folder behind this descriptor, which stays the caller's. */
struct files files_real(int folder_fd);
struct files files_private(int folder_fd); /* what it makes only its owner may read */

/* Whole reads and writes, and errors that name the file. */
int files_open(const struct files *f, const char *name, enum file_how how, struct err *e);
int files_write(const struct files *f, int fd, const char *name, const void *from, size_t size,
	uint64_t at, struct err *e) MUST_USE;
/* Of the whole file; at most `room` bytes, more is an error.  Gives the count, or -errno: -ENOENT
 * where there is none. */
long files_load(
	const struct files *f, const char *name, void *to, size_t room, struct err *e) MUST_USE;
/* A new file of these bytes, with the folders on the way to it; it goes to the disk when the system
 * likes. */
int files_put(const struct files *f, const char *name, const void *from, size_t size,
	struct err *e) MUST_USE;
/* The same, but it goes there from now on; nobody waits for that. */
int files_put_now(const struct files *f, const char *name, const void *from, size_t size,
	struct err *e) MUST_USE;
/* The same, but never half of it: written beside, synced, then renamed. */
int files_replace(const struct files *f, const char *name, const void *from, size_t size,
	struct err *e) MUST_USE;
int files_sync(const struct files *f, int fd, const char *name, struct err *e) MUST_USE;
/* All folders on the way to `name`. */
int files_make_way(const struct files *f, const char *name, struct err *e) MUST_USE;

#endif
