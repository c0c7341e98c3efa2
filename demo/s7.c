#include "s7.h"

#include <unistd.h>

enum { COTP_CONNECT = 0xe0, COTP_CONFIRM = 0xd0, COTP_DATA = 0xf0 };

bool s7_receive(int fd, uint8_t bytes[1024], uint8_t *cotp, struct cur *rest)
{
	if (!receive_exactly(fd, bytes, 4) || bytes[0] != 3)
		return false;
	size_t length = (size_t)bytes[2] << 8 | bytes[3];
	if (length < 7 || length > 1024 || !receive_exactly(fd, bytes + 4, length - 4))
		return false;
	struct cur c = cur_of(bytes + 4, length - 4);
	struct cur header = cur_sub(&c, cur_u8(&c));
	*cotp = cur_u8(&header);
	*rest = c;
	return cur_ok(&header);
}

bool s7_parse(struct cur rest, struct s7_message *m)
{
	struct cur c = rest;
	if (cur_u8(&c) != 0x32)
		return false;
	m->kind = (enum s7_kind)cur_u8(&c);
	cur_skip(&c, 2);
	m->reference = cur_be16(&c);
	size_t parameters = cur_be16(&c), data = cur_be16(&c);
	if (m->kind == S7_ACK || m->kind == S7_ACK_DATA)
		cur_skip(&c, 2);
	m->parameters = cur_sub(&c, parameters);
	m->data = cur_sub(&c, data);
	return cur_ok(&m->parameters) && cur_ok(&m->data);
}

bool s7_send(int fd, enum s7_kind kind, uint16_t reference, const struct made *parameters,
	const struct made *data)
{
	size_t data_size = data ? data->used : 0;
	struct made m = { 0 };
	made_be16(&m, 0x0300);
	made_be16(&m, 0);
	made_u8(&m, 2);
	made_u8(&m, COTP_DATA);
	made_u8(&m, 0x80); /* last unit */
	made_u8(&m, 0x32);
	made_u8(&m, kind);
	made_be16(&m, 0);
	made_be16(&m, reference);
	made_be16(&m, (unsigned)parameters->used);
	made_be16(&m, (unsigned)data_size);
	if (kind == S7_ACK || kind == S7_ACK_DATA)
		made_be16(&m, 0); /* no error */
	made_bytes(&m, parameters->at, parameters->used);
	if (data)
		made_bytes(&m, data->at, data->used);
	made_set_be16(&m, 2, m.used);
	return send_made(fd, &m);
}

static bool ask(struct s7_link *link, enum s7_kind kind, const struct made *parameters,
	const struct made *data, struct s7_message *answer)
{
	uint8_t cotp;
	struct cur rest;
	link->reference = (uint16_t)(link->reference + 256);
	return s7_send(link->fd, kind, link->reference, parameters, data) &&
		s7_receive(link->fd, answer->bytes, &cotp, &rest) && cotp == COTP_DATA &&
		s7_parse(rest, answer) && answer->reference == link->reference;
}

/* ISO 8073 class 0: the called selector names rack 0, slot 2, and a PG connection. */
static bool connect_transport(int fd)
{
	static const uint8_t request[] = { 0x03, 0x00, 0x00, 0x16, 0x11, COTP_CONNECT, 0x00, 0x00,
		0x00, 0x01, 0x00, 0xc0, 0x01, 0x0a, 0xc1, 0x02, 0x01, 0x00, 0xc2, 0x02, 0x01,
		0x02 };
	struct made m = { 0 };
	uint8_t bytes[1024], cotp;
	struct cur rest;
	made_bytes(&m, request, sizeof request);
	return send_made(fd, &m) && s7_receive(fd, bytes, &cotp, &rest) && cotp == COTP_CONFIRM;
}

bool s7_open(struct s7_link *link, const char *address)
{
	*link = (struct s7_link){ .fd = connect_tcp(address, S7_PORT) };
	if (link->fd < 0)
		return false;
	struct made setup = { 0 };
	struct s7_message answer;
	made_be16(&setup, S7_SETUP << 8);
	made_be16(&setup, 1);
	made_be16(&setup, 1);
	made_be16(&setup, S7_PDU_SIZE);
	if (connect_transport(link->fd) && ask(link, S7_JOB, &setup, NULL, &answer))
		return true;
	s7_close(link);
	return false;
}

void s7_close(struct s7_link *link)
{
	if (link->fd >= 0)
		close(link->fd);
	link->fd = -1;
}

/* One variable: so many of a type from a byte of a data block on. */
static void make_item(struct made *m, enum s7_type type, unsigned db, unsigned offset, size_t count)
{
	made_u8(m, 0x12);
	made_u8(m, 10);
	made_u8(m, 0x10); /* "any" addressing */
	made_u8(m, type);
	made_be16(m, (unsigned)count);
	made_be16(m, db);
	made_u8(m, 0x84); /* data block */
	made_u8(m, offset >> 13 & 0xff);
	made_be16(m, offset << 3 & 0xffff); /* in bits */
}

/* The value of one item of an answer; reals count their bytes, bytes count their bits. */
static bool take_item(struct cur *data, void *to, size_t size)
{
	unsigned status = cur_u8(data), kind = cur_u8(data);
	size_t length = cur_be16(data);
	const uint8_t *bytes = cur_take(data, kind == S7_DATA_REAL ? length : length / 8);
	if (!bytes || status != 0xff || length < size)
		return false;
	memcpy(to, bytes, size);
	return true;
}

bool s7_read(struct s7_link *link, unsigned db, unsigned reals, uint8_t *to)
{
	struct made parameters = { 0 };
	struct s7_message answer;
	made_u8(&parameters, S7_READ);
	made_u8(&parameters, 2);
	make_item(&parameters, S7_REAL, db, 0, reals);
	make_item(&parameters, S7_BYTE, db, 4 * reals, 1);
	return ask(link, S7_JOB, &parameters, NULL, &answer) &&
		take_item(&answer.data, to, 4 * (size_t)reals) &&
		take_item(&answer.data, to + 4 * (size_t)reals, 1);
}

bool s7_write_real(struct s7_link *link, unsigned db, unsigned offset, double value)
{
	struct made parameters = { 0 }, data = { 0 };
	struct s7_message answer;
	made_u8(&parameters, S7_WRITE);
	made_u8(&parameters, 1);
	make_item(&parameters, S7_REAL, db, offset, 1);
	made_be16(&data, S7_DATA_REAL);
	made_be16(&data, 4);
	made_be32(&data, made_float_bits(value));
	return ask(link, S7_JOB, &parameters, &data, &answer) && cur_u8(&answer.data) == 0xff;
}

bool s7_list(struct s7_link *link, unsigned id, unsigned index)
{
	static const uint8_t head[] = { 0x00, 0x01, 0x12, 0x04, 0x11, 0x44, 0x01, 0x00 };
	struct made parameters = { 0 }, data = { 0 };
	struct s7_message answer;
	made_bytes(&parameters, head, sizeof head);
	made_be32(&data, 0xff090004);
	made_be16(&data, id);
	made_be16(&data, index);
	return ask(link, S7_USERDATA, &parameters, &data, &answer);
}

bool s7_stop(struct s7_link *link)
{
	struct made parameters = { 0 };
	struct s7_message answer;
	made_u8(&parameters, S7_STOP);
	made_bytes(&parameters, "\0\0\0\0\0", 5);
	made_u8(&parameters, 9);
	made_text(&parameters, "P_PROGRAM");
	return ask(link, S7_JOB, &parameters, NULL, &answer);
}

bool s7_start(struct s7_link *link)
{
	struct made parameters = { 0 };
	struct s7_message answer;
	made_u8(&parameters, S7_PI_SERVICE);
	made_bytes(&parameters, "\0\0\0\0\0\0\xfd", 7);
	made_be16(&parameters, 0); /* no argument: a warm restart */
	made_u8(&parameters, 9);
	made_text(&parameters, "P_PROGRAM");
	return ask(link, S7_JOB, &parameters, NULL, &answer);
}

static bool upload_step(
	struct s7_link *link, uint8_t function, uint32_t id, struct s7_message *answer)
{
	struct made parameters = { 0 };
	made_u8(&parameters, function);
	made_bytes(&parameters, "\0\0\0", 3);
	made_be32(&parameters, id);
	if (function == S7_UPLOAD_START) {
		made_u8(&parameters, 9);
		made_text(&parameters, "_0800001A"); /* organisation block 1, active memory */
	}
	return ask(link, S7_JOB, &parameters, NULL, answer);
}

bool s7_upload_ob1(struct s7_link *link)
{
	struct s7_message answer;
	if (!upload_step(link, S7_UPLOAD_START, 0, &answer))
		return false;
	cur_skip(&answer.parameters, 4);
	uint32_t id = cur_be32(&answer.parameters);
	bool more = cur_ok(&answer.parameters);
	while (more) {
		if (!upload_step(link, S7_UPLOAD, id, &answer))
			return false;
		cur_skip(&answer.parameters, 1);
		more = cur_u8(&answer.parameters) & 1;
	}
	return upload_step(link, S7_UPLOAD_END, id, &answer);
}
