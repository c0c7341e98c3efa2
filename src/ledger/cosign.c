#include "ledger/cosign.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypt/digest.h"
#include "ledger/read.h"
#include "ledger/tile.h"

/* --- the request --- */

struct request {
	uint64_t old;
	struct merkle_proof proof;
	struct note note;
	struct checkpoint head;
};

static bool line_of(struct cur *c, struct cur *line)
{
	long end = cur_find(c, '\n');
	if (end < 0)
		return false;
	*line = cur_sub(c, (size_t)end);
	cur_skip(c, 1);
	return true;
}

/* Decimal, without zeros in front; twenty digits are more than any size has. */
static bool number_of(struct cur c, uint64_t *out)
{
	uint64_t n = 0;
	if (c.left == 0 || c.left > 18 || (c.left > 1 && c.at[0] == '0'))
		return false;
	while (c.left > 0) {
		unsigned digit = (unsigned)cur_u8(&c) - '0';
		if (digit > 9)
			return false;
		n = n * 10 + digit;
	}
	*out = n;
	return true;
}

static bool proof_of(struct cur *c, struct merkle_proof *p)
{
	struct cur line;
	for (p->count = 0; line_of(c, &line);) {
		size_t size = 0;
		if (line.left == 0)
			return true;
		if (p->count == COSIGN_PROOF ||
			!base64_bytes((const char *)line.at, line.left, p->path[p->count++].b,
				HASH_SIZE, &size) ||
			size != HASH_SIZE)
			return false;
	}
	return false;
}

static int malformed(struct err *e, const char *what)
{
	return err_set(e, -EINVAL, "400 Bad Request: %s", what), COSIGN_MALFORMED;
}

static int read_request(struct cur c, struct request *r, struct err *e)
{
	struct cur first;
	struct err why = { 0 };
	if (c.left > COSIGN_REQUEST)
		return malformed(e, "larger than a request to cosign may be");
	if (!line_of(&c, &first) || !cur_starts(&first, "old "))
		return malformed(e, "its first line is not 'old SIZE'");
	cur_skip(&first, 4);
	if (!number_of(first, &r->old))
		return malformed(e, "its first line is not 'old SIZE'");
	if (!proof_of(&c, &r->proof))
		return malformed(e, "its proof is none");
	if (note_read(c, &r->note, &why) < 0 || checkpoint_read(r->note.text, &r->head, &why) < 0)
		return malformed(e, why.text);
	if (r->old > r->head.size)
		return malformed(e, "its old size is beyond its checkpoint");
	return 0;
}

/* --- what was signed last --- */

static void state_name(const char *origin, char name[2 * SHA256_SIZE + 1])
{
	uint8_t digest[SHA256_SIZE];
	digest_sha256(origin, strlen(origin), digest);
	for (size_t i = 0; i < sizeof digest; i++)
		snprintf(name + 2 * i, 3, "%02x", digest[i]);
}

/* It is our own file, and still it must be one that we signed: better nothing than a second one. */
static int read_last(
	const struct cosigner *c, const char *origin, struct checkpoint *last, struct err *e)
{
	char name[2 * SHA256_SIZE + 1], bytes[NOTE_MAX];
	struct note n;
	state_name(origin, name);
	*last = (struct checkpoint){ .root = merkle_empty() };
	long size = files_load(c->state, name, bytes, sizeof bytes, e);
	if (size == -ENOENT)
		return 0;
	int r = size < 0 ? (int)size : note_read(cur_of(bytes, (size_t)size), &n, e);
	if (r == 0)
		r = note_check(&n, c->key, NULL, e);
	if (r == 0)
		r = checkpoint_read(n.text, last, e);
	if (r == 0 && strcmp(last->origin, origin) != 0)
		r = err_set(e, -EBADMSG, "it is of the ledger '%s'", last->origin);
	return r < 0 ? err_in(e, "what was signed last, %s", name) : 0;
}

/* --- answers --- */

static const struct note_key *log_of(const struct cosigner *c, const struct request *r)
{
	const struct note_key *found = NULL;
	struct err none;
	for (size_t i = 0; i < c->log_count; i++) {
		const struct note_key *k = &c->logs[i];
		if (strcmp(k->name, r->head.origin) != 0)
			continue;
		found = k;
		if (note_check(&r->note, k, NULL, &none) == 0)
			break;
	}
	return found;
}

static int not_continued(const struct request *r, struct err *e)
{
	return err_set(e, -EBADMSG,
		       "422 Unprocessable Content: the head of %" PRIu64
		       " entries is not proven to continue the one of %" PRIu64
		       " that was signed last",
		       r->head.size, r->old),
	       COSIGN_UNPROVEN;
}

static int judge(
	const struct request *r, const struct checkpoint *last, struct out *body, struct err *e)
{
	struct hash none = merkle_empty();
	if (r->old != last->size) {
		out_fmt(body, "%" PRIu64 "\n", last->size);
		return err_set(e, -EBADMSG,
			       "409 Conflict: %" PRIu64 " entries were signed last, not %" PRIu64,
			       last->size, r->old),
		       COSIGN_CONFLICT;
	}
	if (r->old == r->head.size || r->old == 0) {
		const struct hash *want = r->old ? &last->root : &none;
		bool same = r->head.size ? r->old == 0 || hash_same(want, &r->head.root)
					 : hash_same(&none, &r->head.root);
		return same && !r->proof.count ? 0 : not_continued(r, e);
	}
	return merkle_consistent(r->old, r->head.size, &last->root, &r->head.root, &r->proof)
		? 0
		: not_continued(r, e);
}

static int sign(const struct cosigner *c, const struct request *r, struct out *body, struct err *e)
{
	char note[2 * NOTE_MAX], name[2 * SHA256_SIZE + 1];
	struct out o = out_mem(note, sizeof note);
	out_bytes(&o, r->note.text.at, r->note.text.left);
	note_sign(&o, o.used, c->key, c->secret, c->now_seconds);
	if (o.failed || o.used > NOTE_MAX)
		return malformed(e, "its checkpoint is too large");
	state_name(r->head.origin, name);
	int done = files_replace(c->state, name, note, o.used, e);
	if (done < 0)
		return done;
	size_t text = r->note.text.left + 1;
	out_bytes(body, note + text, o.used - text);
	return COSIGN_OK;
}

int cosign(const struct cosigner *c, struct cur request, struct out *body, struct err *e)
{
	struct request *r = calloc(1, sizeof *r);
	struct checkpoint last;
	if (!r)
		return err_sys(e, "cosign");
	int done = read_request(request, r, e);
	if (done == 0) {
		const struct note_key *log = log_of(c, r);
		struct err why = { 0 };
		if (!log)
			done = (err_set(e, -ENOENT, "404 Not Found: no ledger '%s' is known here",
					r->head.origin),
				COSIGN_UNKNOWN);
		else if (note_check(&r->note, log, NULL, &why) < 0)
			done = (err_set(e, -EACCES, "403 Forbidden: %s", why.text),
				COSIGN_UNSIGNED);
	}
	if (done == 0)
		done = read_last(c, r->head.origin, &last, e);
	if (done == 0)
		done = judge(r, &last, body, e);
	if (done == 0)
		done = sign(c, r, body, e);
	free(r);
	return done;
}

/* --- asking --- */

int cosign_request(const struct files *f, const struct note_key *log, uint64_t old, struct out *o,
	struct err *e)
{
	char note[NOTE_MAX + 1];
	struct checkpoint head;
	struct merkle_proof proof = { 0 };
	int r = ledger_head(f, log, &head, note, e);
	if (r < 0)
		return r;
	if (old > head.size)
		return err_set(e, -EBADMSG,
			"%" PRIu64 " entries were signed, the checkpoint here has %" PRIu64
			": this is an older state",
			old, head.size);
	struct tiles *t = malloc(sizeof *t);
	if (!t)
		return err_sys(e, "prove consistency");
	tiles_init(t, f, head.size);
	if (old && old < head.size)
		r = merkle_prove_consistency(tiles_hash, t, old, head.size, &proof, e);
	free(t);
	if (r < 0)
		return r;
	out_fmt(o, "old %" PRIu64 "\n", old);
	for (unsigned i = 0; i < proof.count; i++) {
		char text[64];
		base64_text(proof.path[i].b, sizeof proof.path[i].b, text);
		out_fmt(o, "%s\n", text);
	}
	out_fmt(o, "\n%s", note);
	return 0;
}
