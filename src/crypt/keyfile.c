#include "crypt/keyfile.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char mark[] = "weir key 1\n";

enum { SEED_TEXT = 44, FILE_SIZE = sizeof mark - 1 + SEED_TEXT + 1 };

static int write_file(const char *path, const char *text, struct err *e)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return err_sys(e, "make the key file %s", path);
	ssize_t got = write(fd, text, FILE_SIZE);
	int r = got == FILE_SIZE && fsync(fd) == 0 ? 0 : err_sys(e, "write the key file %s", path);
	if (close(fd) < 0 && r == 0)
		r = err_sys(e, "write the key file %s", path);
	if (r < 0)
		unlink(path);
	return r;
}

int keyfile_make(const char *path, struct sign_key **out, struct err *e)
{
	uint8_t seed[SIGN_SEED];
	char text[FILE_SIZE + 1];
	if (sodium_init() < 0)
		return err_set(e, -EIO, "libsodium does not start");
	randombytes_buf(seed, sizeof seed);
	memcpy(text, mark, sizeof mark - 1);
	base64_text(seed, sizeof seed, text + sizeof mark - 1);
	memcpy(text + FILE_SIZE - 1, "\n", 2);
	int r = write_file(path, text, e);
	if (r == 0) {
		*out = sign_key_new(seed, e);
		r = *out ? 0 : e->code;
	}
	sodium_memzero(seed, sizeof seed);
	sodium_memzero(text, sizeof text);
	return r;
}

static int read_seed(int fd, const char *path, uint8_t seed[SIGN_SEED], struct err *e)
{
	char text[FILE_SIZE + 1];
	struct stat s;
	size_t size;
	if (fstat(fd, &s) < 0)
		return err_sys(e, "read the key file %s", path);
	if (s.st_mode & 077) {
		err_set(e, -EPERM, "others than its owner may read the key file %s", path);
		err_try(e, "chmod 600 %s", path);
		return -EPERM;
	}
	ssize_t got = read(fd, text, sizeof text);
	bool fits = got == FILE_SIZE && memcmp(text, mark, sizeof mark - 1) == 0 &&
		base64_bytes(text + sizeof mark - 1, SEED_TEXT, seed, SIGN_SEED, &size) &&
		size == SIGN_SEED;
	sodium_memzero(text, sizeof text);
	return got < 0 ? err_sys(e, "read the key file %s", path)
		: fits ? 0
		       : err_set(e, -EBADMSG, "%s is no key of this version", path);
}

int keyfile_read(const char *path, struct sign_key **out, struct err *e)
{
	uint8_t seed[SIGN_SEED];
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return err_sys(e, "open the key file %s", path);
	int r = read_seed(fd, path, seed, e);
	close(fd);
	if (r == 0) {
		*out = sign_key_new(seed, e);
		r = *out ? 0 : e->code;
	}
	sodium_memzero(seed, sizeof seed);
	return r;
}
