#include "ledger/keeper_ask.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/ipc.h"

/* A disk that is slow to sync; a passphrase costs a second, or many where memory is short. */
enum { WAIT_MS = 30 * 1000, WAIT_LONG_MS = 180 * 1000 };

static void text_of(struct cur *c, char *text, size_t room)
{
	struct cur part = cur_sub(c, cur_be16(c));
	snprintf(text, room, "%.*s", (int)part.left, part.left ? (const char *)part.at : "");
}

static int refused(struct cur c, struct err *e)
{
	struct err why = { .code = -(int)(cur_be32(&c) & 0xfff) };
	text_of(&c, why.text, sizeof why.text);
	text_of(&c, why.try, sizeof why.try);
	if (!cur_ok(&c) || c.left || !why.code)
		return err_set(
			e, -EBADMSG, "the key process answers in another way than it should");
	*e = why;
	return e->code;
}

static int ask(struct keeper_ask *a, enum keeper_word word, const void *body, size_t size,
	enum keeper_word wanted, struct cur *out, struct err *e)
{
	struct ipc_message m = { 0 };
	int wait = word == KEEPER_PASSPHRASE ? WAIT_LONG_MS : WAIT_MS;
	if (a->broken)
		return err_set(e, -EPIPE, "the key process has gone");
	int r = ipc_send(a->fd, (uint16_t)word, body, size, e);
	if (r == 0)
		r = ipc_await(a->fd, wait, a->room, sizeof a->room, &m, e);
	/* An answer that comes late would be taken for that of the next question. */
	a->broken = r < 0;
	if (r < 0)
		return err_in(e, "ask the key process"), r;
	if (m.type == KEEPER_REFUSED)
		return refused(m.body, e);
	if (m.type != wanted) {
		a->broken = true;
		return err_set(
			e, -EBADMSG, "the key process answers %u instead of %u", m.type, wanted);
	}
	*out = m.body;
	return 0;
}

static int read_state(struct keeper_ask *a, struct cur c, struct err *e)
{
	struct keeper_state s = { 0 };
	s.sealed = cur_u8(&c);
	s.tries_left = cur_u8(&c);
	s.signed_count = cur_be64(&c);
	s.refused_count = cur_be64(&c);
	memcpy(s.last.origin, a->origin, sizeof s.last.origin);
	s.last.size = cur_be64(&c);
	const uint8_t *root = cur_take(&c, sizeof s.last.root.b);
	if (root)
		memcpy(s.last.root.b, root, sizeof s.last.root.b);
	s.key_count = cur_u8(&c);
	for (unsigned i = 0; i < s.key_count && i < KEEPER_KEYS; i++) {
		const uint8_t *public = cur_take(&c, SIGN_PUBLIC);
		if (public)
			s.keys[i] = note_key_from(a->origin, NOTE_ED25519, public);
	}
	if (!cur_ok(&c) || c.left || !s.key_count || s.key_count > KEEPER_KEYS)
		return err_set(e, -EBADMSG, "the key process says something else than its state");
	a->state = s;
	return 0;
}

int keeper_ask_state(struct keeper_ask *a, struct err *e)
{
	struct cur c = cur_none();
	int r = ask(a, KEEPER_STATE, NULL, 0, KEEPER_IS, &c, e);
	return r < 0 ? r : read_state(a, c, e);
}

int keeper_ask_open(struct keeper_ask *a, int fd, const char *origin, struct err *e)
{
	a->fd = fd;
	a->broken = false;
	snprintf(a->origin, sizeof a->origin, "%s", origin);
	return keeper_ask_state(a, e);
}

int keeper_ask_unseal(struct keeper_ask *a, struct passphrase p, struct err *e)
{
	struct cur c = cur_none();
	int r = ask(a, KEEPER_PASSPHRASE, p.bytes, p.size, KEEPER_IS, &c, e);
	return r < 0 ? r : read_state(a, c, e);
}

static int last_signed(void *self, struct checkpoint *out, struct err *e)
{
	struct keeper_ask *a = self;
	int r = keeper_ask_state(a, e);
	if (r == 0)
		*out = a->state.last;
	return r;
}

static int sign(void *self, const struct checkpoint *c, const struct merkle_proof *from_last,
	struct out *o, struct err *e)
{
	struct keeper_ask *a = self;
	struct cur lines = cur_none();
	char room[KEEPER_ASKED];
	struct out asked = out_mem(room, sizeof room);
	out_be(&asked, c->size, 8);
	out_bytes(&asked, c->root.b, sizeof c->root.b);
	out_be(&asked, from_last->count, 1);
	out_bytes(&asked, from_last->path, from_last->count * sizeof *from_last->path);
	int r = ask(a, KEEPER_SIGN, room, asked.used, KEEPER_SIGNED, &lines, e);
	if (r == 0 && (lines.left == 0 || lines.left > o->size - o->used))
		r = err_set(
			e, -EBADMSG, "the key process gave %zu bytes of signatures", lines.left);
	if (r == 0)
		out_bytes(o, lines.at, lines.left);
	return r;
}

struct signer keeper_ask_signer(struct keeper_ask *a)
{
	return (struct signer){ .self = a,
		.origin = a->origin,
		.key = &a->state.keys[0],
		.before = a->state.key_count > 1 ? &a->state.keys[1] : NULL,
		.last = last_signed,
		.sign = sign };
}
