#include "ledger/subject.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypt/box.h"
#include "crypt/sign.h"
#include "event/entry.h"

/* A key at rest: the mark, and base64 of its bytes. */
static const char mark[] = "weir subject key 1\n", names_file[] = "names";

enum { KEY_TEXT = 44, FILE_SIZE = sizeof mark - 1 + KEY_TEXT + 1, NAME = 2 * BOX_NAME + 1 };

struct subjects {
	const struct files *files;
	struct box_key *names; /* what subjects' names are hashed with */
};

static void hex(const uint8_t *bytes, size_t size, char *text)
{
	struct out o = out_mem(text, 2 * size + 1);
	out_hex(&o, bytes, size);
	out_text(&o);
}

/* --- one file --- */

static int key_write(
	const struct files *f, const char *name, const struct box_key *k, struct err *e)
{
	char text[FILE_SIZE + 1];
	memcpy(text, mark, sizeof mark - 1);
	base64_text(k->bytes, sizeof k->bytes, text + sizeof mark - 1);
	text[FILE_SIZE - 1] = '\n';
	int r = files_replace(f, name, text, FILE_SIZE, e);
	box_wipe(text, sizeof text);
	return r;
}

/* What subject_destroy() leaves where it is ended half way: it begins with the first byte. */
static bool is_destroyed(const char *text, size_t size)
{
	return size && !text[0];
}

static int key_read(const struct files *f, const char *name, struct box_key **out, struct err *e)
{
	char text[FILE_SIZE];
	size_t got = 0;
	long size = files_load(f, name, text, sizeof text, e);
	if (size < 0)
		return (int)size;
	if (is_destroyed(text, (size_t)size))
		return err_set(e, -ENOENT, "the key %s was destroyed", name);
	struct box_key *k = box_key_new(e);
	bool fits = k && size == FILE_SIZE && memcmp(text, mark, sizeof mark - 1) == 0 &&
		base64_bytes(text + sizeof mark - 1, KEY_TEXT, k->bytes, sizeof k->bytes, &got) &&
		got == BOX_KEY;
	box_wipe(text, sizeof text);
	if (fits) {
		*out = k;
		return 0;
	}
	int r = k ? err_set(e, -EBADMSG, "the file %s is no key of a subject", name) : e->code;
	box_key_free(k);
	return r;
}

int subjects_open(struct subjects **out, const struct files *f, bool make, struct err *e)
{
	struct subjects *s = calloc(1, sizeof *s);
	if (!s)
		return err_sys(e, "open the keys of subjects");
	s->files = f;
	int r = key_read(f, names_file, &s->names, e);
	if (r == -ENOENT && make) {
		s->names = box_key_new(e);
		r = s->names ? key_write(f, names_file, s->names, e) : e->code;
	}
	if (r < 0) {
		subjects_close(s);
		return r;
	}
	*out = s;
	return 0;
}

void subjects_close(struct subjects *s)
{
	if (s)
		box_key_free(s->names);
	free(s);
}

/* --- of a subject --- */

static void file_of(const struct subjects *s, const char *subject, char name[NAME])
{
	uint8_t hash[BOX_NAME];
	box_name(s->names, subject, strlen(subject), hash);
	hex(hash, sizeof hash, name);
}

/* Says which key it was, and nothing about it. */
static void id_of(const struct box_key *k, char id[SUBJECT_KEY_ID])
{
	uint8_t hash[BOX_NAME];
	box_name(k, "id", 2, hash);
	hex(hash, (SUBJECT_KEY_ID - 1) / 2, id);
}

static int key_for(const struct subjects *s, const char *subject, bool make, struct box_key **out,
	struct err *e)
{
	char name[NAME];
	file_of(s, subject, name);
	int r = key_read(s->files, name, out, e);
	if (r != -ENOENT || !make)
		return r;
	struct box_key *k = box_key_new(e);
	r = k ? key_write(s->files, name, k, e) : e->code;
	if (r == 0)
		*out = k;
	else
		box_key_free(k);
	return r;
}

int subject_key_id(struct subjects *s, const char *subject, char id[SUBJECT_KEY_ID], struct err *e)
{
	struct box_key *k = NULL;
	int r = key_for(s, subject, false, &k, e);
	if (r < 0 || !k)
		return r;
	id_of(k, id);
	box_key_free(k);
	return 0;
}

int subject_destroy(struct subjects *s, const char *subject, struct err *e)
{
	static const char nothing[FILE_SIZE];
	const struct files *f = s->files;
	char name[NAME];
	file_of(s, subject, name);
	int fd = f->open(f->self, name, FILE_READ);
	if (fd == -ENOENT)
		return 0;
	if (fd >= 0)
		f->close(f->self, fd);
	fd = files_open(f, name, FILE_CHANGE, e);
	if (fd < 0)
		return fd;
	int r = files_write(f, fd, name, nothing, sizeof nothing, 0, e);
	if (r == 0)
		r = files_sync(f, fd, name, e);
	f->close(f->self, fd);
	if (r < 0)
		return r;
	r = f->remove(f->self, name);
	if (r == 0)
		r = f->sync_names(f->self, ".");
	if (r < 0) {
		errno = -r;
		return err_sys(e, "remove the key %s", name);
	}
	return 0;
}

/* --- texts --- */

static json_t *sealed_as(
	const char *id, const uint8_t nonce[BOX_NONCE], const uint8_t *text, size_t size)
{
	char nonce_text[64], *words = malloc(base64_room(size));
	json_t *sealed = NULL;
	assert(base64_room(BOX_NONCE) <= sizeof nonce_text);
	base64_text(nonce, BOX_NONCE, nonce_text);
	if (words) {
		base64_text(text, size, words);
		sealed = json_pack("{s:s, s:s, s:s, s:i}", "key", id, "nonce", nonce_text, "text",
			words, "v", 1);
	}
	free(words);
	return sealed;
}

int subject_seal(void *subjects, const char *subject, struct cur clear, struct cur bound,
	json_t **sealed, struct err *e)
{
	struct subjects *s = subjects;
	struct box_key *k = NULL;
	uint8_t nonce[BOX_NONCE];
	char id[SUBJECT_KEY_ID];
	int r = key_for(s, subject, true, &k, e);
	if (r < 0 || !k)
		return err_in(e, "the key of the subject"), r;
	uint8_t *text = malloc(clear.left + BOX_MORE);
	if (text) {
		box_seal(k, clear, bound, nonce, text);
		id_of(k, id);
		*sealed = sealed_as(id, nonce, text, clear.left + BOX_MORE);
	}
	r = text && *sealed ? 0 : err_set(e, -ENOMEM, "no memory to seal a secret");
	free(text);
	box_key_free(k);
	return r;
}

static json_t *sealed_of(json_t *entry)
{
	return json_object_get(json_object_get(entry, "data"), "sealed");
}

bool subject_is_sealed(json_t *entry)
{
	return json_is_object(sealed_of(entry));
}

/* Bytes of a member in base64; NULL: none, or too many. */
static uint8_t *bytes_of(const json_t *sealed, const char *name, size_t *size)
{
	const json_t *text = json_object_get(sealed, name);
	size_t length = json_string_length(text);
	uint8_t *bytes = length && length < 2 * ENTRY_SIZE_MAX ? malloc(length) : NULL;
	if (bytes && base64_bytes(json_string_value(text), length, bytes, length, size))
		return bytes;
	free(bytes);
	return NULL;
}

static int open_text(const struct box_key *k, json_t *entry, json_t **clear, struct err *e)
{
	size_t nonce_size = 0, size = 0;
	uint8_t *nonce = bytes_of(sealed_of(entry), "nonce", &nonce_size);
	uint8_t *text = bytes_of(sealed_of(entry), "text", &size);
	uint8_t *plain = text && size > BOX_MORE ? malloc(size - BOX_MORE) : NULL;
	char *room = malloc(ENTRY_SIZE_MAX + 1);
	struct out bound = out_mem(room, room ? ENTRY_SIZE_MAX + 1 : 1);
	int r = plain && room && nonce_size == BOX_NONCE ? entry_bound(entry, &bound, e)
		: room ? err_set(e, -EBADMSG, "it is not sealed as this version seals")
		       : err_sys(e, "open a secret");
	if (r == 0 && !box_open(k, cur_of(text, size), cur_of(bound.at, bound.used), nonce, plain))
		r = err_set(e, -EBADMSG,
			"it does not open: it was changed, or sealed for another entry");
	if (r == 0)
		*clear = json_loadb(
			(const char *)plain, size - BOX_MORE, JSON_REJECT_DUPLICATES, NULL);
	if (r == 0 && !*clear)
		r = err_set(e, -EBADMSG, "what was sealed is no JSON");
	if (plain)
		box_wipe(plain, size - BOX_MORE);
	free(room);
	free(plain);
	free(text);
	free(nonce);
	return r;
}

int subject_reveal(struct subjects *s, json_t *entry, json_t **clear, struct err *e)
{
	const char *subject = json_string_value(json_object_get(entry, "subject"));
	const char *key = json_string_value(json_object_get(sealed_of(entry), "key"));
	struct box_key *k = NULL;
	char id[SUBJECT_KEY_ID];
	int r = subject && key ? key_for(s, subject, false, &k, e)
			       : err_set(e, -EBADMSG, "it is not sealed as this version seals");
	if (r == -ENOENT)
		return err_set(e, -ENOKEY, "its key is not here");
	if (r < 0 || !k)
		return r;
	id_of(k, id);
	r = strcmp(id, key) == 0 ? open_text(k, entry, clear, e)
				 : err_set(e, -ENOKEY, "its key was destroyed");
	box_key_free(k);
	return r;
}
