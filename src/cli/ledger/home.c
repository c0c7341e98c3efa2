/* A ledger's folder, and what lies beside it. */
#include "cli/ledger/ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

int ledger_home_open(struct ledger_home *h, const char *dir, struct err *e)
{
	*h = (struct ledger_home){ .dir = dir ? dir : LEDGER_DIR, .fd = -1 };
	h->fd = open(h->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (h->fd < 0)
		return err_sys(e, "open the ledger %s", h->dir);
	h->files = files_real(h->fd);
	int r = ledger_whose(&h->files, &h->key, e);
	if (r == 0)
		return 0;
	err_in(e, "%s", h->dir);
	if (r == -ENOENT)
		err_try(e, "weir ledger init --dir %s", h->dir);
	ledger_home_close(h);
	return r;
}

void ledger_home_close(struct ledger_home *h)
{
	if (h->fd >= 0)
		close(h->fd);
	h->fd = -1;
}

int ledger_key_read(const char *text, struct note_key *out, struct err *e)
{
	int r = note_key_read(text, out, e);
	if (r == 0 && out->kind != NOTE_ED25519)
		r = err_set(e, -EINVAL, "'%s' is the key of a witness, not of a ledger", out->name);
	if (r == 0)
		return 0;
	err_in(e, "--key");
	err_try(e, "NAME+ID+BASE64, as weir ledger init printed it");
	return e->code = -EINVAL;
}

int ledger_damage(int r, struct err *e)
{
	return r == -ENOENT ? e->code = -EBADMSG : r;
}

const char *ledger_entries(uint64_t count)
{
	return count == 1 ? "entry" : "entries";
}

int ledger_home_head(const struct ledger_home *h, struct checkpoint *head, char note[NOTE_MAX + 1],
	struct err *e)
{
	int r = ledger_head(&h->files, &h->key, head, note, e);
	return r < 0 ? err_in(e, "%s", h->dir), ledger_damage(r, e) : 0;
}

int ledger_exit(const struct err *e)
{
	switch (e->code) {
	case -ENOENT:
		return EXIT_NOT_FOUND;
	case -EBADMSG:
		return EXIT_PROBLEMS;
	case -EPERM:
	case -EACCES:
		return EXIT_NOT_ALLOWED;
	case -EHOSTUNREACH:
		return EXIT_UNREACHABLE;
	default:
		return EXIT_FAILED;
	}
}

/* --- beside it --- */

/* "." and ".." say no name to put something beside, and a link says one that is not the folder's.
 */
static bool has_own_name(const char *path, size_t size)
{
	char text[PATH_MAX];
	struct stat s;
	struct out o = out_mem(text, sizeof text);
	out_bytes(&o, path, size);
	if (path[size - 1] == '.' &&
		(size == 1 || path[size - 2] == '/' ||
			(path[size - 2] == '.' && (size == 2 || path[size - 3] == '/'))))
		return false;
	return lstat(out_text(&o), &s) < 0 || !S_ISLNK(s.st_mode);
}

int ledger_beside(const char *dir, const char *ending, char path[PATH_MAX], struct err *e)
{
	char real[PATH_MAX];
	size_t size = strlen(dir);
	while (size > 1 && dir[size - 1] == '/')
		size--;
	if (size && !has_own_name(dir, size)) {
		if (!realpath(dir, real))
			return err_sys(e, "%s", dir);
		dir = real;
		size = strlen(real);
	}
	if (!size || (size == 1 && *dir == '/'))
		return err_set(e, -EINVAL, "'%s' has no name that something can stand beside", dir);
	struct out o = out_mem(path, PATH_MAX);
	out_bytes(&o, dir, size);
	out_str(&o, ending);
	out_text(&o);
	return o.failed ? err_set(e, -ENAMETOOLONG, "%s: too long a name", dir) : 0;
}

/* Left over from a process that ended, it is begun again.  Another one may have put its own in the
 * place of FILE between our opening and our lock: then the name is of another file. */
static bool is_ours(int fd, const char *path)
{
	struct stat ours, there;
	return flock(fd, LOCK_EX | LOCK_NB) == 0 && fstat(fd, &ours) == 0 &&
		stat(path, &there) == 0 && ours.st_ino == there.st_ino &&
		ours.st_dev == there.st_dev;
}

int ledger_open_new(const char *file, const char *file_new, struct err *e)
{
	struct stat before;
	bool stood = stat(file, &before) == 0;
	mode_t mode = stood ? before.st_mode & 0777 : 0644;
	int fd = open(file_new, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, mode);
	if (fd < 0)
		return err_sys(e, "make %s", file_new);
	int r = 0;
	if (!is_ours(fd, file_new))
		r = err_set(e, -EBUSY, "%s: another process makes it anew", file);
	else if ((stood && fchmod(fd, mode) < 0) || ftruncate(fd, 0) < 0)
		r = err_sys(e, "empty %s", file_new);
	if (r == 0)
		return fd;
	close(fd);
	return r;
}

int beside_open(struct beside *b, const char *dir, struct err *e)
{
	char path[PATH_MAX];
	*b = (struct beside){ .fd = -1 };
	int r = ledger_beside(dir, "", path, e);
	if (r < 0)
		return r;
	char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	if (strlen(name) >= sizeof b->name)
		return err_set(e, -ENAMETOOLONG, "%s: too long a name", name);
	snprintf(b->name, sizeof b->name, "%s", name);
	if (slash)
		slash[slash == path] = 0;
	b->fd = open(slash ? path : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (b->fd < 0)
		return err_sys(e, "open the folder of %s", dir);
	b->files = files_real(b->fd);
	return 0;
}

void beside_close(struct beside *b)
{
	if (b->fd >= 0)
		close(b->fd);
	b->fd = -1;
}

/* --- another folder, to which entries were moved --- */

int ledger_shelf_open(
	struct ledger_shelf *s, const struct ledger_home *h, const char *also, struct err *e)
{
	*s = (struct ledger_shelf){ .fd = -1, .here = h->files };
	if (also) {
		s->fd = open(also, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (s->fd < 0)
			return err_sys(e, "open %s", also);
		s->there = files_real(s->fd);
	}
	s->shelf = (struct shelf){ &s->here, also ? &s->there : NULL };
	s->both = shelf_files(&s->shelf);
	return 0;
}

void ledger_shelf_close(struct ledger_shelf *s)
{
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
}
