#include "cip.h"

#include <sys/socket.h>
#include <unistd.h>

struct cip_header cip_header(struct cur *c)
{
	struct cip_header h = { 0 };
	h.command = cur_le16(c);
	h.size = cur_le16(c);
	h.session = cur_le32(c);
	h.status = cur_le32(c);
	const uint8_t *context = cur_take(c, sizeof h.context);
	if (context)
		memcpy(h.context, context, sizeof h.context);
	cur_skip(c, 4);
	return h;
}

struct made cip_start(const struct cip_header *h)
{
	struct made m = { 0 };
	made_le16(&m, h->command);
	made_le16(&m, 0);
	made_le32(&m, h->session);
	made_le32(&m, h->status);
	made_bytes(&m, h->context, sizeof h->context);
	made_le32(&m, 0);
	return m;
}

void cip_finish(struct made *m)
{
	made_set_le16(m, 2, m->used - 24);
}

bool cip_receive(int fd, uint8_t body[512], struct cip_header *h, struct cur *rest)
{
	uint8_t head[24];
	if (!receive_exactly(fd, head, sizeof head))
		return false;
	struct cur c = cur_of(head, sizeof head);
	*h = cip_header(&c);
	if (h->size > 512 || !receive_exactly(fd, body, h->size))
		return false;
	*rest = cur_of(body, h->size);
	return true;
}

size_t cip_open_item(struct made *m)
{
	made_le32(m, 0); /* interface: CIP */
	made_le16(m, 8); /* seconds */
	made_le16(m, 2);
	made_le32(m, 0); /* no address: the message is not connected */
	made_le16(m, 0xb2);
	made_le16(m, 0);
	return m->used;
}

void cip_close_item(struct made *m, size_t at)
{
	made_set_le16(m, at - 2, m->used - at);
}

struct cur cip_item(struct cur body)
{
	cur_skip(&body, 6);
	unsigned count = cur_le16(&body);
	for (unsigned i = 0; i < count && cur_ok(&body); i++) {
		unsigned type = cur_le16(&body);
		struct cur item = cur_sub(&body, cur_le16(&body));
		if (type == 0xb2)
			return item;
	}
	return cur_bad();
}

static struct made start(struct cip_link *link, uint16_t command)
{
	struct cip_header h = { .command = command, .session = link->session };
	h.context[0] = ++link->turn;
	return cip_start(&h);
}

/* Sends one request and leaves a cursor behind the general status of a good answer. */
static bool ask(
	struct cip_link *link, const struct made *request, uint8_t body[512], struct cur *answer)
{
	struct made m = start(link, CIP_SEND_RR);
	size_t item = cip_open_item(&m);
	made_bytes(&m, request->at, request->used);
	cip_close_item(&m, item);
	cip_finish(&m);
	struct cip_header h;
	struct cur rest;
	if (!send_made(link->fd, &m) || !cip_receive(link->fd, body, &h, &rest) || h.status != 0)
		return false;
	*answer = cip_item(rest);
	cur_skip(answer, 2);
	unsigned status = cur_u8(answer);
	cur_skip(answer, 2u * cur_u8(answer));
	return cur_ok(answer) && status == 0;
}

bool cip_open(struct cip_link *link, const char *address)
{
	*link = (struct cip_link){ .fd = connect_tcp(address, CIP_PORT) };
	if (link->fd < 0)
		return false;
	struct made m = start(link, CIP_REGISTER);
	made_le16(&m, 1);
	made_le16(&m, 0);
	cip_finish(&m);
	struct cip_header h;
	struct cur rest;
	uint8_t body[512];
	if (send_made(link->fd, &m) && cip_receive(link->fd, body, &h, &rest) && h.status == 0) {
		link->session = h.session;
		return true;
	}
	cip_close(link);
	return false;
}

void cip_close(struct cip_link *link)
{
	if (link->fd < 0)
		return;
	struct made m = start(link, CIP_UNREGISTER);
	send_made(link->fd, &m);
	close(link->fd);
	link->fd = -1;
}

static void make_tag_path(struct made *m, unsigned service, const char *tag)
{
	size_t length = strlen(tag);
	made_u8(m, service);
	made_u8(m, (unsigned)(length + 3) / 2);
	made_u8(m, 0x91); /* symbol, extended */
	made_u8(m, (unsigned)length);
	made_padded(m, tag, length + length % 2, 0);
}

static double value_of(struct cur *c)
{
	unsigned type = cur_le16(c);
	uint32_t bits = cur_le32(c);
	return type == CIP_REAL ? cur_float_of(bits) : (int32_t)bits;
}

bool cip_read(struct cip_link *link, const char *tag, double *value)
{
	struct made m = { 0 };
	uint8_t body[512];
	struct cur answer;
	make_tag_path(&m, CIP_READ_TAG, tag);
	made_le16(&m, 1);
	if (!ask(link, &m, body, &answer))
		return false;
	double read = value_of(&answer);
	if (cur_ok(&answer))
		*value = read;
	return cur_ok(&answer);
}

bool cip_read_many(struct cip_link *link, const char *const *tags, size_t count, double *values)
{
	struct made m = { 0 };
	uint8_t body[512];
	struct cur answer;
	made_u8(&m, CIP_MULTIPLE);
	made_u8(&m, 2);
	made_be32(&m, 0x20022401); /* the message router */
	size_t list = m.used;
	made_le16(&m, (unsigned)count);
	for (size_t i = 0; i < count; i++)
		made_le16(&m, 0);
	for (size_t i = 0; i < count; i++) {
		made_set_le16(&m, list + 2 + 2 * i, m.used - list);
		make_tag_path(&m, CIP_READ_TAG, tags[i]);
		made_le16(&m, 1);
	}
	if (!ask(link, &m, body, &answer))
		return false;
	cur_skip(&answer, 2 + 2 * count);
	for (size_t i = 0; i < count; i++) {
		cur_skip(&answer, 4);
		values[i] = value_of(&answer);
	}
	return cur_ok(&answer);
}

bool cip_write(struct cip_link *link, const char *tag, double value)
{
	struct made m = { 0 };
	uint8_t body[512];
	struct cur answer;
	make_tag_path(&m, CIP_WRITE_TAG, tag);
	made_le16(&m, CIP_REAL);
	made_le16(&m, 1);
	made_le32(&m, made_float_bits(value));
	return ask(link, &m, body, &answer);
}

bool cip_identity(struct cip_link *link)
{
	struct made m = { 0 };
	uint8_t body[512];
	struct cur answer;
	made_u8(&m, CIP_GET_ALL);
	made_u8(&m, 2);
	made_be32(&m, 0x20012401); /* identity object, first instance */
	return ask(link, &m, body, &answer);
}

bool cip_list_identity(const char *address)
{
	struct cip_header h = { .command = CIP_LIST_IDENTITY };
	struct made m = cip_start(&h);
	uint8_t bytes[512];
	int fd = open_udp(0);
	answer_within(fd, 300);
	bool heard = send_to(fd, address, CIP_PORT, &m) && recv(fd, bytes, sizeof bytes, 0) > 24;
	close(fd);
	return heard;
}
