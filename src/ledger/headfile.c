#include "ledger/headfile.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "crypt/digest.h"

static const char mark[] = "WEIRHEAD";

enum { SUM_AT = HEAD_SLOT - SHA256_SIZE, VERSION = 0 };

static void write_slot(uint64_t turn, const struct checkpoint *c, uint8_t slot[HEAD_SLOT])
{
	char room[HEAD_SLOT + 1];
	struct out o = out_mem(room, sizeof room);
	struct hash name;
	digest_sha256(c->origin, strlen(c->origin), name.b);
	out_str(&o, mark);
	out_be(&o, turn, 8);
	out_be(&o, c->size, 8);
	out_bytes(&o, c->root.b, sizeof c->root.b);
	out_bytes(&o, name.b, sizeof name.b);
	out_be(&o, VERSION, 8);
	digest_sha256(o.at, o.used, name.b);
	out_bytes(&o, name.b, sizeof name.b);
	memcpy(slot, o.at, HEAD_SLOT);
}

struct slot {
	uint64_t turn, size, version;
	struct hash root, name;
};

static bool take_hash(struct cur *c, struct hash *out)
{
	const uint8_t *bytes = cur_take(c, sizeof out->b);
	if (bytes)
		memcpy(out->b, bytes, sizeof out->b);
	return bytes;
}

static bool read_slot(struct cur c, struct slot *out)
{
	struct hash sum, says;
	if (c.left < HEAD_SLOT)
		return false;
	digest_sha256(c.at, SUM_AT, sum.b);
	bool marked = cur_starts(&c, mark);
	cur_skip(&c, sizeof mark - 1);
	out->turn = cur_be64(&c);
	out->size = cur_be64(&c);
	if (!take_hash(&c, &out->root) || !take_hash(&c, &out->name))
		return false;
	out->version = cur_be64(&c);
	return take_hash(&c, &says) && marked && hash_same(&sum, &says);
}

void headfile_begin(const struct checkpoint *head, uint8_t bytes[HEAD_FILE])
{
	memset(bytes, 0, HEAD_FILE);
	write_slot(1, head, bytes);
	write_slot(2, head, bytes + HEAD_SECOND);
}

int headfile_read(
	const void *bytes, size_t size, const char *origin, struct headfile *out, struct err *e)
{
	struct slot slots[2] = { 0 };
	struct hash name;
	struct cur c = cur_of(bytes, size);
	struct cur first = cur_upto(&c, HEAD_SECOND), second = cur_upto(&c, HEAD_SECOND);
	bool one = read_slot(first, &slots[0]), two = read_slot(second, &slots[1]);
	if (!one && !two)
		return err_set(e, -EBADMSG, "no signed head is kept in it, or it is damaged");
	/* In either: the other one is older than what the key signed last. */
	for (unsigned i = 0; i < 2; i++)
		if ((i ? two : one) && slots[i].version > VERSION)
			return err_later(e, slots[i].version, VERSION);
	const struct slot *s = two && (!one || slots[1].turn > slots[0].turn) ? &slots[1] : slots;
	digest_sha256(origin, strlen(origin), name.b);
	if (!hash_same(&name, &s->name))
		return err_set(e, -EPERM, "it keeps the head of another ledger than '%s'", origin);
	*out = (struct headfile){ s->turn, { .size = s->size, .root = s->root }, one != two };
	snprintf(out->head.origin, sizeof out->head.origin, "%s", origin);
	return 0;
}

uint64_t headfile_next(struct headfile *h, const struct checkpoint *head, uint8_t slot[HEAD_SLOT])
{
	h->turn++;
	h->head = *head;
	write_slot(h->turn, head, slot);
	return h->turn % 2 ? 0 : HEAD_SECOND;
}
