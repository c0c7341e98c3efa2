/* Beckhoff ADS over AMS/TCP: "TwinCAT ADS/AMS specification" (Beckhoff Information System): AMS/TCP
 * header, AMS header; and the datagrams of discovery (ads_system.c). */
#include <assert.h>

#include "base/hash.h"
#include "sense/proto/ads.h"

enum {
	TCP_HEAD = 6,
	AMS_HEAD = 32,
	LENGTH_MAX = 16 * 1024 * 1024, /* whole symbol tables come in one message */
	ROUTER_MAX = 256,
	TYPE_AMS = 0, /* else between a program and its own router */
	FLAG_ANSWER = 1,
	FLAG_ADS = 4,
	FLAGS = 0x81ff, /* all there are: 0x40 by UDP, 0x80 command of the start, 0x8000 to
			   everybody */
};

static const struct field f_target = { "ams.targetnetid", TEXT, 0, 0 };
static const struct field f_target_port = { "ams.targetport", LE16, 0, 0 };
static const struct field f_source = { "ams.sendernetid", TEXT, 0, 0 };
static const struct field f_source_port = { "ams.senderport", LE16, 0, 0 };
static const struct field f_command = { "ams.cmdid", LE16, 0, 0 };
static const struct field f_flags = { "ams.stateflags", LE16, 0, 0 };
static const struct field f_size = { "ams.cbdata", LE32, 0, 0 };
static const struct field f_error = { "ams.errorcode", LE32, 0, 0 };
static const struct field f_invoke = { "ams.invokeid", LE32 | NUMBERING, 0, 0 };
static const struct field f_error_name = { "ads.error", TEXT, 0, 0 };
static const struct field f_port_name = { "ads.port_name", TEXT, 0, 0 };
static const struct field f_type = { "ads.router_command", LE16, 0, 0 };

/* --- is it ours? --- */

static bool is_router(uint16_t type, uint32_t length)
{
	bool known = type == 1 || (type >= 0x1000 && type <= 0x1002);
	return known && length <= ROUTER_MAX;
}

static long frame(struct cur c, struct scene *s)
{
	(void)s;
	uint16_t type = cur_le16(&c);
	uint32_t length = cur_le32(&c);
	if (!cur_ok(&c))
		return FRAME_MORE;
	if (type == TYPE_AMS ? length < AMS_HEAD || length > LENGTH_MAX : !is_router(type, length))
		return FRAME_LOST;
	return TCP_HEAD + (long)length;
}

static void read_head(struct cur *c, struct ads_head *h)
{
	h->target = cur_take(c, 6);
	h->target_port = cur_le16(c);
	h->source = cur_take(c, 6);
	h->source_port = cur_le16(c);
	h->command = cur_le16(c);
	h->flags = cur_le16(c);
	h->size = cur_le32(c);
	h->error = cur_le32(c);
	h->invoke = cur_le32(c);
	h->answer = h->flags & FLAG_ANSWER;
}

static enum probe probe_datagram(struct cur c)
{
	static const uint8_t magic[] = { 0x03, 0x66, 0x14, 0x71 };
	for (size_t i = 0; i < sizeof magic; i++)
		if (cur_peek(&c, i) != magic[i])
			return PROBE_NO;
	return c.left >= 24 ? PROBE_YES : PROBE_NO;
}

/* A program without a router of its own opens a port at another's, before its first command: that,
 * its answer, and a note of the router's state are so long. */
static bool skip_router(struct cur *c)
{
	struct cur look = *c;
	uint16_t type = cur_le16(&look);
	uint32_t length = cur_le32(&look);
	if (!is_router(type, length) || length < 2 || length > 8)
		return false;
	cur_skip(&look, length < look.left ? length : look.left);
	*c = look;
	return true;
}

/* Two lengths that have to agree, a command that exists, and flags of an ADS command. */
static enum probe probe(struct cur c, const struct scene *s)
{
	if (!s->stream)
		return probe_datagram(c);
	while (c.left >= TCP_HEAD && skip_router(&c))
		continue;
	struct cur look = c;
	uint16_t type = cur_le16(&look);
	uint32_t length = cur_le32(&look);
	if (!cur_ok(&look))
		return cur_peek(&c, 1) <= 0 || is_router(cur_le16(&c), 0) ? PROBE_MORE : PROBE_NO;
	if (type != TYPE_AMS || length < AMS_HEAD || length > LENGTH_MAX)
		return PROBE_NO;
	if (look.left < AMS_HEAD)
		return PROBE_MORE;
	struct ads_head h = { 0 };
	read_head(&look, &h);
	bool ads = (h.flags & FLAG_ADS) && !(h.flags & ~FLAGS) && h.command <= ADS_READ_WRITE;
	return ads && h.size == length - AMS_HEAD ? PROBE_YES : PROBE_NO;
}

/* --- messages --- */

static void tell_head(struct scene *s, const struct ads_head *h)
{
	ads_tell_net(s, &f_target, h->target);
	fact_uint(s, &f_target_port, h->target_port);
	ads_tell_net(s, &f_source, h->source);
	fact_uint(s, &f_source_port, h->source_port);
	fact_uint(s, &f_command, h->command);
	fact_uint(s, &f_flags, h->flags);
	fact_uint(s, &f_size, h->size);
	fact_uint(s, &f_error, h->error);
	fact_uint(s, &f_invoke, h->invoke);
	ads_tell_text(s, &f_port_name,
		ads_port_name(h->answer || h->command == ADS_NOTIFICATION ? h->source_port
									  : h->target_port));
}

/* Each program at each end numbers its own questions, and all begin at the same. */
static struct ads_pair pair_of(const struct ads_head *h)
{
	struct ads_pair pair = { .client_port = h->answer ? h->target_port : h->source_port,
		.server_port = h->answer ? h->source_port : h->target_port,
		.invoke = h->invoke };
	memcpy(pair.client, h->answer ? h->target : h->source, sizeof pair.client);
	memcpy(pair.server, h->answer ? h->source : h->target, sizeof pair.server);
	return pair;
}

static_assert(sizeof(struct ads_pair) == 20, "all of it is compared: no holes");

static uint32_t key_of(const struct ads_pair *pair)
{
	return (uint32_t)hash_bytes(pair, sizeof *pair);
}

static enum parsed ended(const struct scene *s, bool whole)
{
	return whole ? PARSED_WHOLE : s->cut ? PARSED_CUT : PARSED_BAD;
}

/* What stands in front and chooses the operation. */
static void choose(struct scene *s, const struct ads_head *h, struct cur c, struct ads_ask *ask)
{
	if (h->command == ADS_WRITE_CONTROL) {
		ask->group = cur_le16(&c);
		ask->offset = cur_le16(&c);
	} else if (h->command == ADS_READ || h->command == ADS_WRITE ||
		h->command == ADS_READ_WRITE) {
		ask->group = cur_le32(&c);
		ask->offset = cur_le32(&c);
		cur_skip(&c, h->command == ADS_READ_WRITE ? 8 : 4);
		ask->special = h->target_port == ADS_PORT_SYSTEM
			? ads_system_special(s, h, ask, c)
			: ads_sum_symbols(ask->group, ask->offset, c);
	}
}

static enum parsed request(struct scene *s, const struct ads_head *h, struct cur c)
{
	struct ads_ask ask = { .pair = pair_of(h), .command = h->command };
	choose(s, h, c, &ask);
	fact_begin(s, ads_row(h, &ask));
	tell_head(s, h);
	scene_client(s);
	if (!ads_request(s, h, &c, &ask)) {
		kept_drop(s, &ask.kept);
		return ended(s, false);
	}
	struct ads_ask *kept = ask_put(s, key_of(&ask.pair));
	if (kept)
		*kept = ask;
	else
		kept_drop(s, &ask.kept);
	return PARSED_WHOLE;
}

static enum parsed answer(struct scene *s, const struct ads_head *h, struct cur c)
{
	struct ads_pair pair = pair_of(h);
	struct ads_ask *ask = ask_take(s, key_of(&pair));
	if (ask && (memcmp(&ask->pair, &pair, sizeof pair) != 0 || ask->command != h->command))
		ask = NULL;
	scene_server(s);
	fact_begin(s, ask ? ads_row(h, ask) : ads_unasked_row(h->command));
	tell_head(s, h);
	if (h->error) {
		fact_failed(s);
		ads_tell_text(s, &f_error_name, ads_error_name(h->error));
	}
	bool whole = ads_answer(s, h, &c, ask);
	if (ask)
		kept_drop(s, &ask->kept);
	return ended(s, whole);
}

static enum parsed notification(struct scene *s, const struct ads_head *h, struct cur c)
{
	fact_begin(s, ads_unasked_row(h->command));
	tell_head(s, h);
	scene_server(s);
	return ended(s, ads_notification(s, h, &c));
}

/* A command of the routers among themselves, or one nobody knows. */
static enum parsed foreign(struct scene *s, const struct ads_head *h)
{
	fact_begin(s, &ads_foreign_rows[h->answer]);
	tell_head(s, h);
	if (h->error)
		fact_failed(s);
	return PARSED_WHOLE;
}

static enum parsed parse(struct cur c, struct scene *s)
{
	if (!s->stream)
		return ads_datagram(c, s);
	uint16_t type = cur_le16(&c);
	cur_skip(&c, 4);
	if (type != TYPE_AMS) {
		fact_begin(s, &ads_router_row);
		fact_uint(s, &f_type, type);
		return cur_ok(&c) ? PARSED_WHOLE : PARSED_BAD;
	}
	struct ads_head h = { 0 };
	read_head(&c, &h);
	if (!cur_ok(&c))
		return ended(s, false);
	if (h.size != c.left && !s->cut)
		return PARSED_BAD;
	if (!(h.flags & FLAG_ADS) || !h.command || h.command > ADS_READ_WRITE)
		return foreign(s, &h);
	if (h.command == ADS_NOTIFICATION)
		return notification(s, &h, c);
	return h.answer ? answer(s, &h, c) : request(s, &h, c);
}

/* A number that was given back may have been given for something else in the hole. */
static void gap(struct scene *s)
{
	const struct ads_state *state = s->state;
	if (state->given_back)
		ads_forget_all(s);
}

const struct proto proto_ads = {
	.name = "ads",
	.title = "Beckhoff ADS/AMS (TwinCAT)",
	.standard = "TwinCAT ADS/AMS specification",
	.reads =
		"all commands, symbols by their names, sum commands, notifications, files and processes "
		"of the system service, discovery, routes, identity",
	.seen = "6 captures: CX1020 with TwinCAT 2, System Manager; no symbols among them",
	.over = OVER_TCP | OVER_UDP,
	.begins = "00-03",
	.ot = true,
	.probe = probe,
	.frame = frame,
	.parse = parse,
	.gap = gap,
	.keeps = 4,
	.state_size = sizeof(struct ads_state),
	.asks = 32, /* all programs of two machines share a connection */
	.ask_keeps = true,
	.ask_size = sizeof(struct ads_ask),
	.point_name = ads_point_name,
};
