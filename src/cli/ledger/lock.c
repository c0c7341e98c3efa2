#include "cli/ledger/lock.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "net/fetch.h"

void lock_path(struct lock *l, const char *path, enum jail_how how)
{
	char *kept = path ? strdup(path) : NULL;
	if (kept && l->count < LOCK_FOLDERS)
		l->list[l->count++] = (struct jail_folder){ kept, how };
	else
		free(kept); /* it cannot be opened, and that will be said */
}

void lock_ledger(struct lock *l, const char *dir, enum jail_how how)
{
	static const char *const parts[] = { "tile", "tile/entries", "tile/0", "wal" };
	char path[PATH_MAX];
	lock_path(l, dir, how);
	for (size_t i = 0; dir && i < COUNT_OF(parts); i++)
		if (snprintf(path, sizeof path, "%s/%s", dir, parts[i]) < PATH_MAX)
			lock_path(l, path, how);
}

void lock_beside(struct lock *l, const char *dir, enum jail_how how)
{
	char *path = realpath(dir, NULL), *slash = path ? strrchr(path, '/') : NULL;
	if (slash) {
		slash[slash == path] = 0;
		lock_path(l, path, how);
	}
	free(path);
}

void lock_renewed(struct lock *l, const char *path)
{
	char folder[PATH_MAX];
	const char *slash = path ? strrchr(path, '/') : NULL;
	int size = !slash || slash == path ? 1 : (int)(slash - path);
	if (!path || snprintf(folder, sizeof folder, "%.*s", size, slash ? path : ".") >= PATH_MAX)
		return;
	lock_path(l, folder, JAIL_LOOK);
	lock_beside(l, path, JAIL_LOOK);
}

/* Names of hosts, certificates that are trusted, and where those who set up networks keep either.
 * The folder and not the file: who changes one puts another in its place. */
static void lock_network(struct lock *l, const struct place_opts *o)
{
	static const char *const known[] = { "/etc", "/usr/share", "/usr/lib/ssl",
		"/usr/local/share/ca-certificates", "/run/systemd/resolve", "/run/NetworkManager",
		"/run/resolvconf", "/dev/urandom" };
	for (size_t i = 0; i < COUNT_OF(known); i++)
		lock_path(l, known[i], JAIL_LOOK);
	lock_renewed(l, getenv("SSL_CERT_FILE"));
	lock_path(l, getenv("SSL_CERT_DIR"), JAIL_LOOK);
	lock_renewed(l, o->ca);
	lock_renewed(l, o->cert);
	lock_renewed(l, o->cert_key);
	l->words |= JAIL_NET;
}

void lock_place(struct lock *l, const char *where, const struct place_opts *o, enum jail_how how)
{
	if (where && fetch_is_url(where))
		lock_network(l, o);
	else
		lock_ledger(l, where, how);
}

int lock_close(struct lock *l, struct err *e)
{
	int r = jail_folders(l->list, l->count, e);
	if (r == 0)
		r = jail_enter(l->words, e);
	while (l->count)
		free((char *)(uintptr_t)l->list[--l->count].path);
	return r;
}
