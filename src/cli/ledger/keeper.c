#include "cli/ledger/keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/attr.h"
#include "ledger/keys.h"

enum { STOP_MS = 10 * 1000 };

/* --- the files beside the folder --- */

int key_paths_of(struct key_paths *p, const char *dir, const char *key, struct err *e)
{
	int r = key ? ledger_beside(key, "", p->key, e) : ledger_beside(dir, ".key", p->key, e);
	if (r < 0)
		return r;
	snprintf(p->next, sizeof p->next, "%s.new", p->key);
	snprintf(p->before, sizeof p->before, "%s.old", p->key);
	snprintf(p->head, sizeof p->head, "%s.head", p->key);
	return 0;
}

static bool is_there(const char *path)
{
	return access(path, F_OK) == 0;
}

int head_file_make(const char *path, const struct checkpoint *head, struct err *e)
{
	uint8_t bytes[HEAD_FILE];
	headfile_begin(head, bytes);
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return err_sys(e, "make %s", path);
	ssize_t done = write(fd, bytes, sizeof bytes);
	if (done >= 0 && (size_t)done < sizeof bytes)
		errno = ENOSPC;
	int r = done == (ssize_t)sizeof bytes && fsync(fd) == 0 ? 0 : err_sys(e, "write %s", path);
	close(fd);
	if (r < 0)
		unlink(path);
	return r < 0 ? r : keyfile_sync_folder(path, e);
}

int ledger_home_lock(const struct ledger_home *h, struct err *e)
{
	if (flock(h->fd, LOCK_EX | LOCK_NB) == 0)
		return 0;
	err_set(e, -EBUSY, "%s: another process writes to it", h->dir);
	return err_try(
		e, "where that is weir ledger serve: end it, this once more, start it again");
}

/* --- a change of keys that was broken off --- */

struct seen_change {
	struct keys keys;
	const uint8_t *public;
	bool found;
};

static int see_entry(void *self, uint64_t sequence, const void *entry, size_t size, bool signed_yet,
	struct err *e)
{
	struct seen_change *s = self;
	(void)signed_yet;
	int r = keys_see(&s->keys, sequence, cur_of(entry, size), e);
	if (s->keys.count && memcmp(keys_last(&s->keys)->public, s->public, SIGN_PUBLIC) == 0)
		s->found = true;
	return r;
}

/* Whether the ledger has the entry by which this key becomes the present one.  Everything before
 * it was signed and settled, so it can only stand behind the checkpoint. */
static int has_change(
	const struct ledger_home *h, const struct keyfile *next, bool *found, struct err *e)
{
	struct seen_change *s = calloc(1, sizeof *s);
	struct checkpoint head;
	char note[NOTE_MAX + 1];
	if (!s)
		return err_sys(e, "look for a change of keys");
	keys_begin(&s->keys, &h->key);
	s->public = next->public;
	int r = ledger_head(&h->files, &h->key, &head, note, e);
	if (r == 0)
		r = ledger_read(&h->files, &head, head.size, see_entry, s, e);
	*found = s->found;
	free(s);
	return r;
}

static int rename_key(const char *from, const char *to, struct err *e)
{
	if (rename(from, to) < 0)
		return err_sys(e, "rename %s to %s", from, to);
	return keyfile_sync_folder(to, e);
}

/* Each of the two steps may have been the last one. */
int key_paths_advance(const struct key_paths *p, struct err *e)
{
	int r = is_there(p->key) && !is_there(p->before) ? rename_key(p->key, p->before, e) : 0;
	return r < 0 || !is_there(p->next) ? r : rename_key(p->next, p->key, e);
}

int key_paths_settle(const struct key_paths *p, const struct ledger_home *h, struct err *e)
{
	struct keyfile next;
	bool found = false;
	const char *const all[] = { p->key, p->next, p->before };
	for (size_t i = 0; i < COUNT_OF(all); i++)
		if (keyfile_sweep(all[i], e) < 0)
			return e->code;
	if (!is_there(p->next))
		return 0;
	if (!is_there(p->key) && is_there(p->before))
		return key_paths_advance(p, e);
	/* A key that was not even written to the end was never used. */
	int r = keyfile_read(p->next, &next, e);
	if (r == 0)
		r = has_change(h, &next, &found, e);
	else if (r == -EBADMSG)
		r = 0;
	keyfile_done(&next);
	if (r < 0)
		return err_in(e, "a change of keys was broken off"), r;
	return found ? key_paths_advance(p, e) : keyfile_destroy(p->next, e);
}

int ledger_keeper_changed(const struct ledger_keeper *k, const struct key_paths *p,
	const struct ledger_home *h, struct err *e)
{
	struct note_key first, present;
	if (!k->changing)
		return 0;
	int r = ledger_keys_named(&h->files, &first, &present, e);
	if (r == 0)
		r = ledger_mark_change(&h->files, &first, k->signer.key, e);
	return r < 0 ? r : keyfile_destroy(p->before, e);
}

/* --- the process --- */

static int unseal(struct ledger_keeper *k, const struct passphrase_kept *held, const char *file,
	struct err *e)
{
	bool once = held || file;
	int r = -EACCES;
	for (unsigned i = 0; i < KEEPER_TRIES && r == -EACCES && k->ask.state.sealed; i++) {
		struct passphrase_kept typed = { 0 };
		r = held ? 0 : passphrase_take(&typed, file, "Passphrase of the signing key: ", e);
		if (r < 0)
			return r;
		r = keeper_ask_unseal(&k->ask, passphrase_of(held ? held : &typed), e);
		passphrase_drop(&typed);
		if (once)
			return r;
		if (r == -EACCES && i + 1 < KEEPER_TRIES)
			cli_complain(e);
	}
	return k->ask.state.sealed ? r : 0;
}

int ledger_keeper_start(struct ledger_keeper *k, const char *key, const char *before,
	const char *head, const struct ledger_home *h, const struct passphrase_kept *held,
	const char *file, struct err *e)
{
	const char *words[] = { key, head, h->key.name, before, NULL };
	struct err late;
	*k = (struct ledger_keeper){ 0 };
	int r = child_start(&k->child, "key", words, e);
	if (r < 0)
		return r;
	r = keeper_ask_open(&k->ask, k->child.channel, h->key.name, e);
	k->signer = keeper_ask_signer(&k->ask);
	k->changing = k->signer.before;
	if (r == 0 && !note_key_same(&h->key, k->signer.key) &&
		!(k->changing && note_key_same(&h->key, k->signer.before)))
		r = err_set(e, -EPERM, "%s is not the key of %s", key, h->dir);
	if (r == 0)
		r = unseal(k, held, file, e);
	if (r < 0)
		child_stop(&k->child, STOP_MS, &late);
	return r;
}

int ledger_keeper_open(struct ledger_keeper *k, struct key_paths *p, const struct ledger_home *h,
	const char *key, const char *file, struct err *e)
{
	*k = (struct ledger_keeper){ 0 };
	int r = key_paths_of(p, h->dir, key, e);
	if (r == 0)
		r = ledger_home_lock(h, e);
	if (r == 0)
		r = key_paths_settle(p, h, e);
	return r < 0 ? r
		     : ledger_keeper_start(k, p->key, is_there(p->before) ? p->before : NULL,
			       p->head, h, NULL, file, e);
}

int ledger_keeper_stop(struct ledger_keeper *k, struct err *e)
{
	return k->child.pid > 0 ? child_stop(&k->child, STOP_MS, e) : 0;
}
