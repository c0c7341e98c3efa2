#include "cli/ledger/place.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypt/digest.h"
#include "net/fetch.h"

enum { GLANCE_CONNECT = 4, GLANCE_SECONDS = 9 };

static long url_get(void *self, const char *name, void *to, size_t room, struct err *e)
{
	return fetch_get(self, name, to, room, e);
}

static int url_put(void *self, const char *name, const void *from, size_t size, struct err *e)
{
	return fetch_put(self, name, from, size, e);
}

static int url_remove(void *self, const char *name, struct err *e)
{
	return fetch_remove(self, name, e);
}

static int open_url(struct place *p, const char *where, const struct place_opts *o,
	enum place_how how, struct err *e)
{
	bool glance = how == PLACE_GLANCE;
	const struct fetch_options options = { .ca = o->ca,
		.cert = o->cert,
		.key = o->cert_key,
		.credentials = o->credentials,
		.region = o->region,
		.sha256 = digest_sha256,
		.connect_seconds = glance ? GLANCE_CONNECT : 0,
		.seconds = glance ? GLANCE_SECONDS : 0,
		.tries = glance ? 1 : 0 };
	int r = fetch_open(&p->fetch, where, &options, e);
	if (r < 0)
		/* It is not repeated where it may hold a password. */
		return strchr(where, '@') ? r : err_in(e, "%s", where);
	p->remote = (struct remote){ .self = p->fetch,
		.name = where,
		.get = url_get,
		.put = url_put,
		.remove = url_remove };
	return 0;
}

static int open_folder(struct place *p, const char *where, enum place_how how, struct err *e)
{
	bool write = how == PLACE_WRITE || how == PLACE_TURN;
	if (write && mkdir(where, 0755) < 0 && errno != EEXIST)
		return err_sys(e, "make the folder %s", where);
	p->fd = open(where, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (p->fd < 0)
		return err_sys(e, "open the folder %s", where);
	if (write && flock(p->fd, how == PLACE_TURN ? LOCK_EX : LOCK_EX | LOCK_NB) < 0)
		return err_set(e, -EBUSY, "%s: another process writes to it", where);
	p->files = files_real(p->fd);
	p->remote = remote_folder(&p->files, where);
	return 0;
}

int place_open(struct place *p, const char *where, const struct place_opts *o, enum place_how how,
	struct err *e)
{
	*p = (struct place){ .fd = -1 };
	return fetch_is_url(where) ? open_url(p, where, o, how, e) : open_folder(p, where, how, e);
}

int place_again(struct place *p, struct err *e)
{
	struct stat ours, there;
	const char *where = p->remote.name;
	if (p->fd < 0)
		return 0;
	if (stat(where, &there) == 0 && fstat(p->fd, &ours) == 0 && ours.st_ino == there.st_ino &&
		ours.st_dev == there.st_dev)
		return 0;
	int fd = open(where, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, "open the folder %s", where);
	close(p->fd);
	p->fd = fd;
	p->files = files_real(fd);
	return 0;
}

void place_close(struct place *p)
{
	fetch_close(p->fetch);
	if (p->fd >= 0)
		close(p->fd);
	p->fetch = NULL;
	p->fd = -1;
}
