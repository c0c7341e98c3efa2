#include "cli/ledger/cosigner.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "crypt/keyfile.h"

/* A small text file, ended by a NUL.  Gives its size. */
static long read_text(const char *path, char *text, size_t room, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, "open %s", path);
	size_t have = 0;
	ssize_t got = 1;
	while (have < room && (got = read(fd, text + have, room - have)) > 0)
		have += (size_t)got;
	long r = got < 0 ? err_sys(e, "read %s", path) : 0;
	close(fd);
	if (r < 0)
		return r;
	if (have == room)
		return err_set(e, -EFBIG, "%s is larger than %zu bytes", path, room - 1);
	text[have] = 0;
	return (long)have;
}

static int write_public(const char *path, const struct note_key *k, struct err *e)
{
	char name[PATH_MAX], key[NOTE_KEY_TEXT], text[NOTE_KEY_TEXT + 2];
	snprintf(name, sizeof name, "%s.pub", path);
	note_key_text(k, key);
	snprintf(text, sizeof text, "%s\n", key);
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0)
		return err_sys(e, "make %s", name);
	bool done = write(fd, text, strlen(text)) == (ssize_t)strlen(text) && fsync(fd) == 0;
	int r = done ? 0 : err_sys(e, "write %s", name);
	close(fd);
	return r;
}

int cosigner_make(const char *name, const char *path, struct note_key *out, struct err *e)
{
	struct sign_key *secret;
	if (!note_name_fits(name))
		return err_set(
			e, -EINVAL, "'%.100s' is no name: no white space, no plus sign", name);
	int r = keyfile_make(path, name, clock_wall(), (struct passphrase){ NULL, 0 },
		&keyfile_cost, &secret, e);
	if (r < 0)
		return r;
	*out = note_key_of(name, NOTE_COSIGNATURE, secret);
	sign_key_free(secret);
	return write_public(path, out, e);
}

int cosigner_read(const char *path, struct cosigner_key *out, struct err *e)
{
	char name[PATH_MAX], text[NOTE_KEY_TEXT + 8];
	*out = (struct cosigner_key){ 0 };
	snprintf(name, sizeof name, "%s.pub", path);
	long size = read_text(name, text, sizeof text, e);
	if (size < 0)
		return size == -ENOENT ? err_try(e, "weir ledger witness key NAME %s", path),
		       -ENOENT         : (int)size;
	text[strcspn(text, "\r\n")] = 0;
	int r = note_key_read(text, &out->public, e);
	if (r == 0 && out->public.kind != NOTE_COSIGNATURE)
		r = err_set(e, -EINVAL, "the key of a ledger, not of a witness");
	if (r < 0)
		return err_in(e, "%s", name);
	r = keyfile_load(path, &out->secret, e);
	if (r < 0)
		return r;
	if (memcmp(sign_public(out->secret), out->public.public, SIGN_PUBLIC) == 0)
		return 0;
	sign_key_free(out->secret);
	out->secret = NULL;
	return err_set(e, -EPERM, "%s does not belong to %s", name, path);
}
