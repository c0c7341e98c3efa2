/* weir ledger erase; and the keys of subjects for who writes and shows secrets. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/ledger/store.h"
#include "event/canonical.h"
#include "ledger/retain_load.h"
#include "ledger/subject.h"

/* --- the folder of keys --- */

/* Its name is synced, too: a key that is lost with it would lose what it sealed. */
static int make_folder(const char *path, struct err *e)
{
	char above[PATH_MAX + 8];
	if (mkdir(path, 0700) < 0)
		return errno == EEXIST ? 0 : err_sys(e, "make the folder %s", path);
	snprintf(above, sizeof above, "%s/..", path);
	int fd = open(above, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = fd < 0 || fsync(fd) < 0 ? err_sys(e, "sync the folder of %s", path) : 0;
	if (fd >= 0)
		close(fd);
	return r;
}

static int open_folder(const char *path, struct err *e)
{
	struct stat s;
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return err_sys(e, "open the keys of subjects %s", path);
	if (fstat(fd, &s) == 0 && (s.st_mode & 077) == 0)
		return fd;
	close(fd);
	err_set(e, -EPERM, "others than its owner may look into %s", path);
	err_try(e, "chmod 700 %s", path);
	return -EPERM;
}

int ledger_secrets_open(struct ledger_secrets *s, const char *dir, bool make, struct err *e)
{
	char path[PATH_MAX];
	*s = (struct ledger_secrets){ .dir = dir ? dir : LEDGER_DIR, .fd = -1 };
	int r = ledger_beside(s->dir, ".subjects", path, e);
	if (r == 0 && make)
		r = make_folder(path, e);
	if (r < 0)
		return r;
	s->fd = open_folder(path, e);
	if (s->fd < 0)
		return e->code;
	s->files = files_private(s->fd);
	r = subjects_open(&s->subjects, &s->files, make, e);
	if (r < 0) {
		err_in(e, "%s", path);
		ledger_secrets_close(s);
	}
	return r;
}

void ledger_secrets_close(struct ledger_secrets *s)
{
	subjects_close(s->subjects);
	s->subjects = NULL;
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
}

/* `names` is made by one of them alone, too. */
static int open_to_seal(struct ledger_secrets *s, struct err *e)
{
	char path[PATH_MAX];
	int r = ledger_beside(s->dir ? s->dir : LEDGER_DIR, ".subjects", path, e);
	if (r == 0)
		r = make_folder(path, e);
	int fd = r < 0 ? r : open_folder(path, e);
	if (fd < 0)
		return fd;
	r = flock(fd, LOCK_EX) < 0 ? err_sys(e, "lock %s", path)
				   : ledger_secrets_open(s, s->dir, true, e);
	close(fd);
	return r;
}

int ledger_secrets_seal(void *secrets, const char *subject, struct cur clear, struct cur bound,
	json_t **sealed, struct err *e)
{
	struct ledger_secrets *s = secrets;
	int r = s->subjects ? 0 : open_to_seal(s, e);
	if (r < 0)
		return r;
	/* Two who write through one that serves may both make the first key of a subject. */
	if (flock(s->fd, LOCK_EX) < 0)
		return err_sys(e, "lock the keys of subjects");
	r = subject_seal(s->subjects, subject, clear, bound, sealed, e);
	flock(s->fd, LOCK_UN);
	return r;
}

/* --- erase --- */

struct erase_opts {
	struct ledger_write_opts write;
	const char *why, *also;
};

struct erase {
	struct cli *cli;
	const struct erase_opts *o;
	const char *subject;
	char escaped[4096]; /* as entries write it */
	char id[SUBJECT_KEY_ID];
	struct ledger_secrets secrets;
	const struct retain *rules;
	bool has_key;
	uint64_t count; /* entries that its key seals */
	uint64_t said;  /* an entry that tells of this key's erasure already */
	bool is_said;
	json_t *others; /* its other keys of which no entry tells: {id: [entries that it seals]} */
};

static int held(const struct erase *x, const struct retain_hold *h, struct err *e)
{
	err_set(e, -EPERM, "%s is held by entry %llu%s%s", x->subject, (unsigned long long)h->by,
		h->why && *h->why ? ": " : "", h->why ? h->why : "");
	return err_try(e, "weir ledger hold list, then hold release %llu --why ...",
		(unsigned long long)h->by);
}

/* A key that this folder does not have now: either an entry tells that it was destroyed, or it is
 * somewhere else, and whoever has it can read on. */
static int see_other(
	struct erase *x, uint64_t sequence, const char *sealed, const char *erased, struct err *e)
{
	if (erased)
		json_object_del(x->others, erased);
	if (!sealed)
		return 0;
	json_t *list = json_object_get(x->others, sealed);
	if (!list && json_object_set_new(x->others, sealed, list = json_array()) < 0)
		return err_set(e, -ENOMEM, "no memory for a list of keys");
	return json_array_append_new(list, json_integer((json_int_t)sequence)) < 0
		? err_set(e, -ENOMEM, "no memory for a list of keys")
		: 0;
}

/* -EBADMSG where there are such: erased is what can be, and not all of it. */
static int tell_others(const struct erase *x, struct err *e)
{
	const char *id;
	json_t *list;
	size_t count = 0;
	json_object_foreach(x->others, id, list) count += json_array_size(list);
	if (!count)
		return 0;
	void *one = json_object_iter(x->others);
	err_set(e, -EBADMSG,
		"%zu entries about %.200s are sealed under keys that are not here, entry %lld under "
		"%.40s for one: those are not erased, and whoever has these keys reads them",
		count, x->subject,
		(long long)json_integer_value(json_array_get(json_object_iter_value(one), 0)),
		json_object_iter_key(one));
	return err_try(e, "look for another DIR.subjects, in backups too: erase there"), -EBADMSG;
}

static int see_entry(void *self, uint64_t sequence, const void *bytes, size_t size, bool signed_yet,
	struct err *e)
{
	struct erase *x = self;
	struct entry_view v;
	(void)signed_yet;
	if (!entry_view(cur_of(bytes, size), &v) || !cur_is(&v.subject, x->escaped))
		return 0;
	json_t *entry = json_loadb(bytes, size, 0, NULL), *data = json_object_get(entry, "data");
	const char *sealed =
		json_string_value(json_object_get(json_object_get(data, "sealed"), "key"));
	const char *erased = json_string_value(json_object_get(data, "key"));
	bool ours = sealed && x->has_key && strcmp(sealed, x->id) == 0;
	bool is_erasure = strcmp(entry_kinds[v.kind].name, "erasure") == 0;
	bool told = is_erasure && erased && strcmp(erased, x->id) == 0;
	int r = ours ? 0 : see_other(x, sequence, sealed, is_erasure ? erased : NULL, e);
	json_decref(entry);
	x->count += ours;
	if (told) {
		x->is_said = true;
		x->said = sequence;
	}
	if (r < 0)
		return r;
	const struct retain_hold *h = ours ? retain_held(x->rules, sequence, &v) : NULL;
	return h ? held(x, h, e) : 0;
}

static int see_gone(void *self, uint64_t first, uint64_t last, const char *to, struct err *e)
{
	(void)self;
	if (!to)
		return 0;
	err_set(e, -EPERM,
		"entries %llu to %llu were moved to %s: whether one of them is held, or sealed under "
		"another key, cannot be seen",
		(unsigned long long)first, (unsigned long long)last, to);
	return err_try(e, "--also %s", to);
}

static int look_through(struct erase *x, struct ledger_own *w, struct err *e)
{
	struct ledger_shelf shelf = { .fd = -1 };
	struct retain *rules = NULL;
	struct checkpoint head = { .size = ledger_own_size(w) };
	int r = ledger_shelf_open(&shelf, ledger_own_home(w), x->o->also, e);
	if (r == 0)
		r = retain_load(&rules, &shelf.both, head.size, NULL, e);
	if (r == 0) {
		/* the subject itself, whatever entries it has */
		const struct entry_view v = { .kind = ENTRY_KINDS_MAX,
			.subject = cur_of(x->escaped, strlen(x->escaped)) };
		const struct retain_hold *h =
			x->has_key ? retain_held(rules, UINT64_MAX, &v) : NULL;
		x->rules = rules;
		r = h ? held(x, h, e)
		      : ledger_read_all(&shelf.both, &head, 0, see_entry, see_gone, x, e);
	}
	retain_free(rules);
	ledger_shelf_close(&shelf);
	return r;
}

/* What was ended half way left a file without a key in it, which goes now. */
static int without_key(struct erase *x, struct err *e)
{
	if (x->secrets.subjects && subject_destroy(x->secrets.subjects, x->subject, e) < 0)
		return e->code;
	if (tell_others(x, e) < 0)
		return e->code;
	err_set(e, -ENOENT, "%s has no key here: nothing of it is sealed, or it was erased",
		x->subject);
	return err_try(e, "weir ledger show --kind erasure --subject %s", x->subject), -ENOENT;
}

static int write_erasure(void *self, struct ledger_own *w, struct err *e)
{
	struct erase *x = self;
	ledger_secrets_close(&x->secrets);
	x->count = 0;
	x->is_said = false;
	int r = ledger_secrets_open(&x->secrets, ledger_own_home(w)->dir, false, e);
	if (r == 0)
		r = subject_key_id(x->secrets.subjects, x->subject, x->id, e);
	x->has_key = r == 0;
	if (r == 0 || r == -ENOENT)
		r = look_through(x, w, e);
	if (r == 0 && !x->has_key)
		r = without_key(x, e);
	if (r < 0 || x->is_said)
		return r;
	json_t *data = json_pack(
		"{s:s, s:I, s:s}", "key", x->id, "entries", (json_int_t)x->count, "why", x->o->why);
	return ledger_own_write(w, "erasure", x->subject, data, &x->said, e);
}

static int destroy(void *self, const struct ledger_home *h, struct err *e)
{
	struct erase *x = self;
	(void)h;
	int r = subject_destroy(x->secrets.subjects, x->subject, e);
	if (r == 0)
		out_fmt(x->cli->out,
			"destroyed the key of %s, which sealed %llu %s; entry %llu tells of it\n",
			x->subject, (unsigned long long)x->count, ledger_entries(x->count),
			(unsigned long long)x->said);
	return r < 0 ? r : tell_others(x, e);
}

int ledger_escape(const char *text, char *to, size_t room, struct err *e)
{
	json_t *word = json_string(text);
	struct out o = out_mem(to, room);
	int r = word ? canonical_write(word, &o, e)
		     : err_set(e, -EINVAL, "the subject is no UTF-8");
	json_decref(word);
	if (r == 0 && o.failed)
		r = err_set(e, -EMSGSIZE, "the subject is too long");
	if (r < 0)
		return r;
	memmove(to, to + 1, o.used - 2);
	to[o.used - 2] = 0;
	return 0;
}

static int run_erase(struct cli *cli, const void *opts, struct err *e)
{
	const struct erase_opts *o = opts;
	struct erase x = { .cli = cli, .o = o, .secrets.fd = -1 };
	const struct ledger_own_work work = { write_erasure, destroy, &x, true };
	if (cli->operand_count != 1 || !o->why) {
		err_set(e, -EINVAL,
			cli->operand_count != 1 ? "one subject is wanted"
						: "why? --why says it for later");
		return err_try(e, "weir ledger erase p-17 --why 'asked for on 2026-11-20'"),
		       EXIT_ASKED_WRONGLY;
	}
	x.subject = cli->operands[0];
	if (ledger_text_fits("--why", o->why, e) < 0 ||
		ledger_text_fits("--actor", o->write.actor, e) < 0 ||
		ledger_text_fits("SUBJECT", x.subject, e) < 0)
		return EXIT_ASKED_WRONGLY;
	x.others = json_object();
	int r = ledger_escape(x.subject, x.escaped, sizeof x.escaped, e);
	if (r == 0)
		r = ledger_own_do(cli, &o->write, &work, e);
	json_decref(x.others);
	ledger_secrets_close(&x.secrets);
	return r < 0 ? ledger_exit(e) : EXIT_DONE;
}

static const struct opt erase_opts[] = {
	LEDGER_WRITE_OPTS,
	{ OPT_TEXT, 0, "why", "TEXT", "the reason, for the record",
		offsetof(struct erase_opts, why), NULL },
	LEDGER_ALSO_OPT(erase_opts),
	{ 0 },
};

static const char *const erase_examples[] = {
	"weir ledger erase p-17 --why 'asked for on 2026-11-20'",
	"nobody reads the secrets of p-17 again; entries, proofs and checkpoints stay as they are",
	NULL
};

const struct verb verb_ledger_erase = {
	.name = "ledger erase",
	.operands = "SUBJECT",
	.brief = "Destroy the key of a subject's secrets",
	.about =
		"What was sealed for the subject can never be opened again, here or in any copy of the "
		"ledger. This cannot be undone. It is refused while a hold is on the subject or on one of "
		"its entries.",
	.examples = erase_examples,
	.opts_size = sizeof(struct erase_opts),
	.opts = erase_opts,
	.run = run_erase,
};
