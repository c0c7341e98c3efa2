/* A ledger as it would be after years, for tests of what happens then: entries from NDJSON on
 * standard input, written as they stand, the ledger's own kinds too; "raw" and a space in front of
 * one: these bytes, whatever they are.
 *
 *	aged_ledger DIR ORIGIN <ENTRIES
 *	aged_ledger DIR WITNESS SECONDS
 *
 * It makes DIR, DIR.key and DIR.key.head where they are missing.  With a time, it prints the
 * key of a witness of that name, and the checkpoint as that one cosigned it then. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypt/keyfile.h"
#include "event/entry.h"
#include "ledger/headfile.h"
#include "ledger/ledger.h"
#include "ledger/read.h"

static struct note_key public;

static int sign_with(void *self, const struct checkpoint *c, const struct merkle_proof *proof,
	struct out *o, struct err *e)
{
	(void)c;
	(void)proof;
	(void)e;
	note_sign(o, o->used, &public, self, 0);
	return 0;
}

static int append(struct ledger *l, char *line, struct err *e)
{
	static char entry[ENTRY_SIZE_MAX + 2];
	const struct entry_defaults d = { public.name, "local", 0 };
	const struct entry_means means = { .own = true };
	struct out o = out_mem(entry, sizeof entry);
	uint64_t sequence;
	size_t size = strcspn(line, "\n");
	if (strncmp(line, "raw ", 4) == 0)
		return ledger_append(l, line + 4, size - 4, &sequence, e);
	int r = entry_write(line, size, &d, &means, &o, e);
	return r < 0 ? r : ledger_append(l, entry, o.used, &sequence, e);
}

static int append_all(const struct files *f, const struct sign_key *key, struct err *e)
{
	const struct signer signer = {
		.self = (void *)key, .origin = public.name, .key = &public, .sign = sign_with
	};
	const struct ledger_config config = { .files = f, .signer = &signer };
	struct ledger *l;
	char *line = NULL;
	size_t room = 0;
	int r = ledger_open(&l, &config, 0, e);
	if (r < 0)
		return r;
	while (r == 0 && getline(&line, &room, stdin) > 0)
		r = append(l, line, e);
	if (r == 0)
		r = ledger_finish(l, 0, e);
	free(line);
	ledger_close(l);
	return r;
}

/* The key, and beside it the head that it signed last: none, so that any may follow. */
static int make_key(const char *path, const char *origin, struct sign_key **key, struct err *e)
{
	static uint8_t bytes[HEAD_FILE];
	char name[4096 + 8];
	struct checkpoint none = { .root = merkle_empty() };
	snprintf(none.origin, sizeof none.origin, "%s", origin);
	headfile_begin(&none, bytes);
	snprintf(name, sizeof name, "%s.head", path);
	FILE *head = fopen(name, "wx");
	if (!head)
		return err_sys(e, "make %s", name);
	fwrite(bytes, sizeof bytes, 1, head);
	fclose(head);
	const struct passphrase none_given = { NULL, 0 };
	return keyfile_make(path, origin, 0, none_given, &keyfile_cost, key, e);
}

static int cosign_as(const char *dir, const char *name, uint64_t seconds, struct err *e)
{
	static const uint8_t seed[SIGN_SEED] = { 7 };
	static char note[NOTE_MAX + 1], key[NOTE_KEY_TEXT];
	struct checkpoint head;
	struct note n;
	int fd = open(dir, O_RDONLY | O_DIRECTORY);
	struct files f = files_real(fd);
	int r = ledger_whose(&f, &public, e);
	if (r == 0)
		r = ledger_head(&f, &public, &head, note, e);
	if (r == 0)
		r = note_read(cur_of(note, strlen(note)), &n, e);
	close(fd);
	struct sign_key *secret = r == 0 ? sign_key_new(seed, e) : NULL;
	if (!secret)
		return e->code;
	const struct note_key witness = note_key_of(name, NOTE_COSIGNATURE, secret);
	struct out o = out_mem(note, sizeof note);
	o.used = strlen(note);
	note_sign(&o, n.text.left, &witness, secret, seconds);
	note_key_text(&witness, key);
	printf("%s\n%s", key, out_text(&o));
	sign_key_free(secret);
	return 0;
}

int main(int argc, char **argv)
{
	struct err e = { 0 };
	if (argc == 4) {
		int done = cosign_as(argv[1], argv[2], strtoull(argv[3], NULL, 10), &e);
		return done < 0 ? fprintf(stderr, "aged_ledger: %s\n", e.text), 1 : 0;
	}
	struct sign_key *key = NULL;
	char path[4096];
	if (argc != 3)
		return 2;
	snprintf(path, sizeof path, "%s.key", argv[1]);
	mkdir(argv[1], 0755);
	int fd = open(argv[1], O_RDONLY | O_DIRECTORY);
	struct files f = files_real(fd);
	int r = access(path, F_OK) == 0 ? keyfile_load(path, &key, &e)
					: make_key(path, argv[2], &key, &e);
	if (r == 0) {
		public = note_key_of(argv[2], NOTE_ED25519, key);
		r = ledger_mark(&f, &public, &e);
	}
	if (r == 0)
		r = append_all(&f, key, &e);
	if (r < 0)
		fprintf(stderr, "aged_ledger: %s\n", e.text);
	sign_key_free(key);
	close(fd);
	return r < 0;
}
