/* PLC 2, SIMATIC S7-300 at the filter hall: holds the pressure with the booster, doses chlorine.
 *
 * The front is a small S7 server: setup, read and write of data block 1, the system status lists
 * that name the module, upload of OB1, stop and warm restart.  A stopped CPU lets go of its
 * outputs. */
#include <stdlib.h>
#include <unistd.h>

#include "roles.h"
#include "s7.h"
#include "works.h"

enum { COTP_CONNECT = 0xe0, COTP_DATA = 0xf0, UPLOAD_ID = 7, BLOCK_SIZE = 300, SLICE = 220 };

static struct works *works;

static void db_put(unsigned offset, double value)
{
	uint32_t bits = made_float_bits(value);
	for (unsigned i = 0; i < 4; i++)
		works->plc2.db[offset + i] = (uint8_t)(bits >> (24 - 8 * i));
}

static double db_get(unsigned offset)
{
	struct cur c = cur_of(works->plc2.db + offset, 4);
	return cur_float_of(cur_be32(&c));
}

static void scan_cycle(void)
{
	double sum = 0.8; /* of the PI controller */
	for (;;) {
		nap_ms(50);
		if (works->plc2.stopped) {
			works->booster_order = works->dosing_order = 0;
			works->plc2.db[DB_STATE] = 0;
			sum = 0.4;
			continue;
		}
		double pressure = works->pressure + noise(0.015);
		double off = db_get(DB_PRESSURE_SET) - pressure;
		sum += 0.012 * off;
		sum = sum < 0.3 ? 0.3 : sum > 1 ? 1 : sum;
		double speed = sum + 0.02 * off;
		works->booster_order = speed < 0 ? 0 : speed > 1 ? 1 : speed;
		works->dosing_order = db_get(DB_CHLORINE_SET) / 0.62;
		db_put(DB_PRESSURE, pressure);
		db_put(DB_TURBIDITY, works->turbidity + noise(0.004));
		db_put(DB_CHLORINE, works->chlorine + noise(0.003));
		db_put(DB_SPEED, works->booster_speed * 100);
		db_put(DB_OUTFLOW, works->outflow + noise(0.2));
		works->plc2.db[DB_STATE] = (uint8_t)(0x03 | (pressure < 2.5) << 2);
	}
}

static bool setup(int fd, const struct s7_message *m)
{
	struct cur c = m->parameters;
	cur_skip(&c, 6);
	unsigned wanted = cur_be16(&c);
	struct made parameters = { 0 };
	made_be16(&parameters, S7_SETUP << 8);
	made_be32(&parameters, 0x00010001);
	made_be16(&parameters, wanted < S7_PDU_SIZE ? wanted : S7_PDU_SIZE);
	return s7_send(fd, S7_ACK_DATA, m->reference, &parameters, NULL);
}

struct item {
	unsigned type, size, db, area, offset; /* in bytes */
};

static struct item item_of(struct cur *c)
{
	struct item item = { 0 };
	cur_skip(c, 3);
	item.type = cur_u8(c);
	item.size = cur_be16(c) * (item.type == S7_REAL ? 4u : 1u);
	item.db = cur_be16(c);
	item.area = cur_u8(c);
	item.offset = cur_be24(c) >> 3;
	return item;
}

static bool item_is_ours(const struct item *item)
{
	return (item->type == S7_REAL || item->type == S7_BYTE) && item->area == 0x84 &&
		item->db == 1 && item->offset <= PLC2_DB_SIZE &&
		item->size <= PLC2_DB_SIZE - item->offset;
}

static void read_item(struct made *data, const struct item *item)
{
	bool real = item->type == S7_REAL;
	if (data->used % 2 != 0)
		made_u8(data, 0); /* each item starts even */
	if (!item_is_ours(item)) {
		made_be32(data, 0x05000000); /* no such address */
		return;
	}
	made_u8(data, 0xff);
	made_u8(data, real ? S7_DATA_REAL : S7_DATA_BITS);
	made_be16(data, real ? item->size : item->size * 8);
	made_bytes(data, works->plc2.db + item->offset, item->size);
}

static void write_item(struct made *data, const struct item *item, struct cur *from)
{
	cur_skip(from, 1);
	unsigned kind = cur_u8(from), length = cur_be16(from);
	const uint8_t *bytes = cur_take(from, kind == S7_DATA_REAL ? length : length / 8);
	bool good = item_is_ours(item) && bytes && item->size <= length;
	if (good)
		memcpy(works->plc2.db + item->offset, bytes, item->size);
	made_u8(data, good ? 0xff : 0x05);
}

static bool read_or_write(int fd, struct s7_message *m)
{
	struct cur c = m->parameters;
	unsigned function = cur_u8(&c), count = cur_u8(&c);
	struct made parameters = { 0 }, data = { 0 };
	made_u8(&parameters, function);
	made_u8(&parameters, count);
	for (unsigned i = 0; i < count && cur_ok(&c); i++) {
		struct item item = item_of(&c);
		if (function == S7_READ)
			read_item(&data, &item);
		else
			write_item(&data, &item, &m->data);
	}
	return s7_send(fd, S7_ACK_DATA, m->reference, &parameters, &data);
}

/* One line of the module identification: index, order number, and version. */
static void make_module(struct made *m, unsigned index, unsigned version)
{
	made_be16(m, index);
	made_padded(m, "6ES7 315-2EH14-0AB0", 20, ' ');
	made_be16(m, 0x00c0);
	made_be16(m, index == 7 ? 0x5603 : 4); /* hardware 4; firmware "V" 3.2.8 */
	made_be16(m, version);
}

static void make_component(struct made *m, unsigned index, const char *text)
{
	made_be16(m, index);
	made_padded(m, text, 32, 0);
}

static void make_list(struct made *m, unsigned id, unsigned index)
{
	made_be16(m, id);
	made_be16(m, index);
	switch (id) {
	case 0x0011:
		made_be16(m, 28);
		made_be16(m, 3);
		make_module(m, 1, 1);
		make_module(m, 6, 1);
		make_module(m, 7, 0x0208);
		break;
	case 0x001c:
		made_be16(m, 34);
		made_be16(m, 6);
		make_component(m, 1, "FILTERHALL");
		make_component(m, 2, "PLC_2");
		make_component(m, 3, "Waterworks/Booster");
		make_component(m, 4, "Original Siemens Equipment");
		make_component(m, 5, "S C-C2UR28922012");
		make_component(m, 7, "CPU 315-2 PN/DP");
		break;
	default: /* 0x0424: state of the CPU, with its clock left alone */
		made_be16(m, 20);
		made_be16(m, 1);
		made_be16(m, 0x0202);
		made_u8(m, 0xff);
		made_u8(m, works->plc2.stopped ? 0x04 : 0x08);
		made_bytes(m, "\0\0\0\0\x94\x01\x01\x03\x11\x27\x41\x50\0\0\0\0", 16);
	}
}

static bool list(int fd, struct s7_message *m)
{
	static const uint8_t head[] = { 0x00, 0x01, 0x12, 0x08, 0x12, 0x84, 0x01 };
	struct cur c = m->parameters;
	cur_skip(&c, 5);
	unsigned group = cur_u8(&c), sub = cur_u8(&c), sequence = cur_u8(&c);
	cur_skip(&m->data, 4);
	unsigned id = cur_be16(&m->data), index = cur_be16(&m->data);
	bool known = group == 0x44 && sub == 1 && (id == 0x0011 || id == 0x001c || id == 0x0424);
	struct made parameters = { 0 }, data = { 0 };
	made_bytes(&parameters, head, sizeof head);
	made_u8(&parameters, sequence);
	made_be16(&parameters, 0);
	made_be16(&parameters, known ? 0 : 0xd401); /* no such list */
	made_be32(&data, known ? 0xff090000 : 0x0a000000);
	if (known) {
		make_list(&data, id, index);
		made_set_be16(&data, 2, data.used - 4);
	}
	return s7_send(fd, S7_USERDATA, m->reference, &parameters, &data);
}

/* OB1 as memory holds it: the block's header, then MC7 code that calls the loops of this hall. */
static uint8_t block_byte(size_t at)
{
	static const uint8_t header[] = { 0x70, 0x70, 0x01, 0x01, 0x01, 0x08, 0x00, 0x01, 0x00,
		0x00, 0x01, 0x2c, 0x00, 0x00, 0x00, 0x00, 0x01, 0x9a, 0x3c, 0x55, 0x27, 0x4e, 0x01,
		0x9a, 0x3c, 0x55, 0x27, 0x4e, 0x00, 0x1c, 0x00, 0x14, 0x00, 0x02, 0x00, 0xd4 };
	static const uint8_t code[] = { 0xfb, 0x70, 0x00, 0x01, 0xfb, 0x7c, 0x00, 0x01, 0x70, 0x0b,
		0x00, 0x02, 0x10, 0x02 };
	return at < sizeof header ? header[at] : code[(at - sizeof header) % sizeof code];
}

static bool upload(int fd, const struct s7_message *m, uint8_t function, size_t *sent)
{
	struct made parameters = { 0 }, data = { 0 };
	made_u8(&parameters, function);
	if (function == S7_UPLOAD_START) {
		*sent = 0;
		made_bytes(&parameters, "\0\1\0", 3);
		made_be32(&parameters, UPLOAD_ID);
		made_u8(&parameters, 7);
		made_text(&parameters, "0000300");
	} else if (function == S7_UPLOAD) {
		size_t size = BLOCK_SIZE - *sent < SLICE ? BLOCK_SIZE - *sent : SLICE;
		made_be16(&data, (unsigned)size);
		made_be16(&data, 0x00fb);
		for (size_t i = 0; i < size; i++)
			made_u8(&data, block_byte(*sent + i));
		*sent += size;
		made_u8(&parameters, *sent < BLOCK_SIZE);
	}
	return s7_send(fd, S7_ACK_DATA, m->reference, &parameters, data.used ? &data : NULL);
}

static bool control(int fd, const struct s7_message *m, uint8_t function)
{
	struct made parameters = { 0 };
	works->plc2.stopped = function == S7_STOP;
	made_u8(&parameters, function);
	return s7_send(fd, S7_ACK_DATA, m->reference, &parameters, NULL);
}

static bool job(int fd, struct s7_message *m, size_t *sent)
{
	int function = cur_peek(&m->parameters, 0);
	switch (function) {
	case S7_SETUP:
		return setup(fd, m);
	case S7_READ:
	case S7_WRITE:
		return read_or_write(fd, m);
	case S7_UPLOAD_START:
	case S7_UPLOAD:
	case S7_UPLOAD_END:
		return upload(fd, m, (uint8_t)function, sent);
	case S7_PI_SERVICE:
	case S7_STOP:
		return control(fd, m, (uint8_t)function);
	default:
		return false;
	}
}

static void serve(int fd)
{
	static const uint8_t confirm[] = { 0x03, 0x00, 0x00, 0x16, 0x11, 0xd0, 0x00, 0x01, 0x00,
		0x02, 0x00, 0xc0, 0x01, 0x0a, 0xc1, 0x02, 0x01, 0x00, 0xc2, 0x02, 0x01, 0x02 };
	struct s7_message m;
	struct cur rest;
	uint8_t cotp;
	size_t sent = 0;
	while (s7_receive(fd, m.bytes, &cotp, &rest)) {
		struct made answer = { 0 };
		think();
		if (cotp == COTP_CONNECT) {
			made_bytes(&answer, confirm, sizeof confirm);
			if (!send_made(fd, &answer))
				break;
		} else if (cotp != COTP_DATA || !s7_parse(rest, &m)) {
			break;
		} else if (!(m.kind == S7_USERDATA ? list(fd, &m) : job(fd, &m, &sent))) {
			break;
		}
	}
	close(fd);
}

int role_plc2(int argc, char **argv)
{
	(void)argc, (void)argv;
	works = works_map();
	db_put(DB_PRESSURE_SET, 4.1);
	db_put(DB_CHLORINE_SET, 0.45);
	beside(scan_cycle);
	serve_tcp(S7_PORT, serve);
}
