/* SSH: RFC 4253: who speaks which version with which software, and what it offers for the keys.
 *
 * Both sides send one line about themselves (4.2) and their lists of algorithms (7.1); behind
 * that everything is encrypted. */
#include "crypt/digest.h"
#include "sense/proto.h"

enum {
	LINE_MAX = 255,     /* 4.2 */
	PACKET_MAX = 35000, /* 6.1 */
	KEXINIT = 20,
};

enum stage { STAGE_LINE, STAGE_PACKET, STAGE_DONE };

struct state {
	uint8_t stage[2];
};

static const struct field f_protocol = { "ssh.protocol", TEXT };
static const struct field f_hassh = { "ssh.kex.hassh", TEXT };
static const struct field f_hassh_server = { "ssh.kex.hasshserver", TEXT };

/* The name lists of KEXINIT in wire order, 7.1. */
enum list {
	KEX,
	HOST_KEY,
	CIPHER_UP,
	CIPHER_DOWN,
	MAC_UP,
	MAC_DOWN,
	PACK_UP,
	PACK_DOWN,
	LIST_COUNT = 10
};
static const struct field f_lists[LIST_COUNT] = {
	{ "ssh.kex_algorithms", TEXT },
	{ "ssh.server_host_key_algorithms", TEXT },
	{ "ssh.encryption_algorithms_client_to_server", TEXT },
	{ "ssh.encryption_algorithms_server_to_client", TEXT },
	{ "ssh.mac_algorithms_client_to_server", TEXT },
	{ "ssh.mac_algorithms_server_to_client", TEXT },
	{ "ssh.compression_algorithms_client_to_server", TEXT },
	{ "ssh.compression_algorithms_server_to_client", TEXT },
	{ "ssh.languages_client_to_server", TEXT },
	{ "ssh.languages_server_to_client", TEXT },
};

static const struct msg row_version = { 0, DIR_OTHER, ACT_IDENTIFY, 0, "version" };
static const struct msg row_offer = { KEXINIT, DIR_OTHER, ACT_OTHER, 0, "key_exchange_init" };

/* SSH-2.0-, SSH-1.99- or SSH-1.5-. */
static enum probe probe(struct cur c, const struct scene *s)
{
	(void)s;
	static const char word[] = "SSH-";
	for (size_t i = 0; word[i]; i++) {
		int byte = cur_peek(&c, i);
		if (byte < 0)
			return PROBE_MORE;
		if (byte != word[i])
			return PROBE_NO;
	}
	int major = cur_peek(&c, 4), dot = cur_peek(&c, 5);
	if (major < 0 || dot < 0)
		return PROBE_MORE;
	return (major == '1' || major == '2') && dot == '.' ? PROBE_YES : PROBE_NO;
}

static long frame(struct cur c, struct scene *s)
{
	const struct state *state = s->state;
	if (state->stage[s->side & 1] == STAGE_DONE)
		return (long)c.left;
	if (state->stage[s->side & 1] == STAGE_LINE) {
		long end = cur_find(&c, '\n');
		if (end < 0)
			return c.left > LINE_MAX ? FRAME_LOST : FRAME_MORE;
		return end > LINE_MAX ? FRAME_LOST : end + 1;
	}
	if (c.left < 4)
		return FRAME_MORE;
	uint32_t size = cur_be32(&c);
	return size < 2 || size > PACKET_MAX ? FRAME_LOST : (long)size + 4;
}

/* Nothing more of this side is of use, and of both when the other is done too. */
static void done(struct scene *s)
{
	struct state *state = s->state;
	state->stage[s->side & 1] = STAGE_DONE;
	if (state->stage[!(s->side & 1)] == STAGE_DONE)
		scene_enough(s);
	else
		scene_skip(s, UINT64_MAX);
}

static enum parsed version(struct scene *s, struct cur c)
{
	struct state *state = s->state;
	if (probe(c, s) != PROBE_YES)
		return PARSED_WHOLE; /* a server may say other things first, 4.2 */
	c.left--;
	if (cur_peek(&c, c.left - 1) == '\r')
		c.left--;
	bool old = cur_starts(&c, "SSH-1.") && !cur_starts(&c, "SSH-1.99-");
	fact_begin(s, &row_version);
	fact_text(s, &f_protocol, c.at, c.left);
	fact_end(s);

	cur_skip(&c, 4);
	long dash = cur_find(&c, '-');
	if (dash >= 0) {
		cur_skip(&c, (size_t)dash + 1);
		who_sender(s, ID_SOFTWARE, c.at, c.left);
	}
	state->stage[s->side & 1] = STAGE_PACKET;
	if (old)
		done(s); /* version 1 has other packets */
	return PARSED_WHOLE;
}

static size_t put(uint8_t *out, size_t at, struct cur list, uint8_t end)
{
	size_t size = list.left;
	const uint8_t *bytes = cur_take(&list, size);
	if (bytes)
		memcpy(out + at, bytes, size);
	at += size;
	if (end)
		out[at++] = end;
	return at;
}

/* HASSH: MD5 over four of the lists, those of the direction that the sender encrypts. */
static void tell_hassh(struct scene *s, const struct cur lists[LIST_COUNT])
{
	if (s->client < 0)
		return;
	bool client = s->client == (s->side & 1);
	static const uint8_t up[] = { KEX, CIPHER_UP, MAC_UP, PACK_UP };
	static const uint8_t down[] = { KEX, CIPHER_DOWN, MAC_DOWN, PACK_DOWN };
	const uint8_t *chosen = client ? up : down;
	size_t size = 0;
	for (size_t i = 0; i < 4; i++)
		size += lists[chosen[i]].left + 1;
	uint8_t *text = scene_scratch(s, size);
	char *hex = scene_scratch(s, (size_t)MD5_SIZE * 2);
	if (!text || !hex)
		return;
	size = 0;
	for (size_t i = 0; i < 4; i++)
		size = put(text, size, lists[chosen[i]], i < 3 ? ';' : 0);

	static const char digits[] = "0123456789abcdef";
	uint8_t sum[MD5_SIZE];
	digest_md5(text, size, sum);
	for (size_t i = 0; i < MD5_SIZE; i++) {
		hex[2 * i] = digits[sum[i] >> 4];
		hex[2 * i + 1] = digits[sum[i] & 15];
	}
	fact_text(s, client ? &f_hassh : &f_hassh_server, hex, (size_t)MD5_SIZE * 2);
}

static enum parsed packet(struct scene *s, struct cur c)
{
	cur_skip(&c, 4); /* length */
	size_t padding = cur_u8(&c);
	uint8_t code = cur_u8(&c);
	if (!cur_ok(&c) || padding > c.left)
		return PARSED_BAD;
	c.left -= padding;
	if (code != KEXINIT)
		return PARSED_WHOLE; /* ignore, debug or a disconnect before the keys */

	struct cur lists[LIST_COUNT];
	cur_skip(&c, 16); /* cookie */
	for (size_t i = 0; i < LIST_COUNT; i++)
		lists[i] = cur_sub(&c, cur_be32(&c));
	cur_skip(&c, 5); /* a guess follows, reserved */
	if (!cur_ok(&c)) {
		done(s);
		return PARSED_BAD;
	}
	fact_begin(s, &row_offer);
	for (size_t i = 0; i < LIST_COUNT; i++)
		if (lists[i].left > 0)
			fact_text(s, &f_lists[i], lists[i].at, lists[i].left);
	tell_hassh(s, lists);
	fact_end(s);
	done(s);
	return PARSED_WHOLE;
}

static enum parsed parse(struct cur c, struct scene *s)
{
	const struct state *state = s->state;
	switch (state->stage[s->side & 1]) {
	case STAGE_LINE:
		return version(s, c);
	case STAGE_PACKET:
		return packet(s, c);
	default:
		return PARSED_WHOLE;
	}
}

/* Behind a hole nobody can tell where a packet starts. */
static void gap(struct scene *s)
{
	struct state *state = s->state;
	state->stage[s->side & 1] = STAGE_DONE;
}

const struct proto proto_ssh = {
	.name = "ssh",
	.title = "SSH",
	.standard = "RFC 4253",
	.reads = "versions, algorithms, HASSH",
	.seen = "7 captures: servers, clients, switches",
	.over = OVER_TCP,
	.begins = "53",
	.probe = probe,
	.frame = frame,
	.parse = parse,
	.gap = gap,
	.state_size = sizeof(struct state),
};
