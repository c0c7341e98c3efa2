/* The flow computer behind the booster, a CompactLogix: EtherNet/IP identity over UDP and TCP, and
 * tags that are read and written by name. */
#include <arpa/inet.h>
#include <math.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cip.h"
#include "roles.h"
#include "works.h"

enum { VENDOR_ROCKWELL = 1, TYPE_PLC = 14, PRODUCT_CODE = 107, STATUS_RUN = 0x3060, STATE_RUN = 3 };
#define SERIAL       UINT32_C(0x60a1f3c2)
#define PRODUCT_NAME "1769-L33ER/A LOGIX5333ER"

static struct works *works;

enum tag { TAG_FLOW, TAG_TOTAL, TAG_HZ, TAG_AMPS, TAG_LIMIT, TAG_BATCH, TAGS };

static const struct {
	const char *name;
	enum cip_type type;
} tags[TAGS] = {
	[TAG_FLOW] = { "Flow_Out", CIP_REAL },
	[TAG_TOTAL] = { "Flow_Total", CIP_DINT },
	[TAG_HZ] = { "Booster_Hz", CIP_REAL },
	[TAG_AMPS] = { "Booster_Amps", CIP_REAL },
	[TAG_LIMIT] = { "Flow_Limit", CIP_REAL },
	[TAG_BATCH] = { "Batch", CIP_DINT },
};

static double tag_value(enum tag tag)
{
	switch (tag) {
	case TAG_FLOW:
		return fmax(0, works->outflow + noise(0.15));
	case TAG_TOTAL:
		return works->total_m3;
	case TAG_HZ:
		return works->booster_speed * 50;
	case TAG_AMPS:
		return works->booster_amps > 0 ? works->booster_amps + noise(0.2) : 0;
	case TAG_LIMIT:
		return works->flow.flow_limit;
	default:
		return works->flow.batch;
	}
}

static void make_identity(struct made *m)
{
	made_le16(m, VENDOR_ROCKWELL);
	made_le16(m, TYPE_PLC);
	made_le16(m, PRODUCT_CODE);
	made_u8(m, 33); /* firmware 33.11 */
	made_u8(m, 11);
	made_le16(m, STATUS_RUN);
	made_le32(m, SERIAL);
	made_u8(m, (unsigned)strlen(PRODUCT_NAME));
	made_text(m, PRODUCT_NAME);
}

static void make_identity_item(struct made *m, struct in_addr own)
{
	made_le16(m, 1);
	made_le16(m, 0x0c);
	made_le16(m, 0);
	size_t at = m->used;
	made_le16(m, 1); /* encapsulation version */
	made_be16(m, AF_INET);
	made_be16(m, CIP_PORT);
	made_bytes(m, &own, 4);
	made_bytes(m, "\0\0\0\0\0\0\0", 8);
	make_identity(m);
	made_u8(m, STATE_RUN);
	made_set_le16(m, at - 2, m->used - at);
}

static void make_refusal(struct made *m, unsigned service, unsigned status)
{
	made_u8(m, service | CIP_ANSWER);
	made_u8(m, 0);
	made_u8(m, status);
	made_u8(m, 0);
}

static void serve_tag(struct made *m, unsigned service, struct cur path, struct cur data)
{
	cur_skip(&path, 1);
	size_t length = cur_u8(&path);
	const uint8_t *name = cur_take(&path, length);
	int tag = 0;
	while (name && tag < TAGS &&
		(strlen(tags[tag].name) != length || memcmp(tags[tag].name, name, length) != 0))
		tag++;
	if (!name || tag == TAGS) {
		make_refusal(m, service, 0x04); /* path segment */
		return;
	}
	make_refusal(m, service, 0);
	if (service == CIP_READ_TAG) {
		double value = tag_value((enum tag)tag);
		made_le16(m, tags[tag].type);
		made_le32(m,
			tags[tag].type == CIP_REAL ? made_float_bits(value)
						   : (uint32_t)(int32_t)value);
		return;
	}
	cur_skip(&data, 4);
	uint32_t bits = cur_le32(&data);
	if (tag == TAG_LIMIT && cur_ok(&data))
		works->flow.flow_limit = cur_float_of(bits);
	else if (tag == TAG_BATCH && cur_ok(&data))
		works->flow.batch = (int32_t)bits;
}

static void serve_request(struct made *m, struct cur request, int depth)
{
	unsigned service = cur_u8(&request);
	struct cur path = cur_sub(&request, 2u * cur_u8(&request));
	if (!cur_ok(&path)) {
		make_refusal(m, service, 0x13); /* not enough data */
	} else if (service == CIP_READ_TAG || service == CIP_WRITE_TAG) {
		serve_tag(m, service, path, request);
	} else if (service == CIP_GET_ALL && cur_be32(&path) == 0x20012401) {
		make_refusal(m, service, 0);
		make_identity(m);
	} else if (service == CIP_MULTIPLE && depth == 0) {
		struct cur all = request;
		unsigned count = cur_le16(&request);
		make_refusal(m, service, 0);
		size_t list = m->used;
		made_le16(m, count);
		for (unsigned i = 0; i < count; i++)
			made_le16(m, 0);
		for (unsigned i = 0; i < count && cur_ok(&request); i++) {
			struct cur one = all;
			cur_skip(&one, cur_le16(&request));
			made_set_le16(m, list + 2 + 2u * i, m->used - list);
			serve_request(m, one, depth + 1);
		}
	} else {
		make_refusal(m, service, 0x08); /* service not supported */
	}
}

static bool answer(int fd, const struct cip_header *h, struct cur body)
{
	static uint32_t session;
	struct sockaddr_in own = { 0 };
	socklen_t size = sizeof own;
	struct cip_header head = *h;
	struct made m;
	think();
	switch (h->command) {
	case CIP_REGISTER:
		session = (uint32_t)getpid() << 8 | 0x12000001;
		head.session = session;
		m = cip_start(&head);
		made_le16(&m, 1);
		made_le16(&m, 0);
		break;
	case CIP_LIST_IDENTITY:
		getsockname(fd, (struct sockaddr *)&own, &size);
		m = cip_start(&head);
		make_identity_item(&m, own.sin_addr);
		break;
	case CIP_LIST_SERVICES:
		m = cip_start(&head);
		made_le16(&m, 1);
		made_le16(&m, 0x100);
		made_le16(&m, 20);
		made_le16(&m, 1);
		made_le16(&m, 0x20); /* CIP over TCP */
		made_padded(&m, "Communications", 16, 0);
		break;
	case CIP_SEND_RR:
		m = cip_start(&head);
		size_t item = cip_open_item(&m);
		serve_request(&m, cip_item(body), 0);
		cip_close_item(&m, item);
		break;
	default: /* UnRegisterSession has no answer */
		return false;
	}
	cip_finish(&m);
	return send_made(fd, &m);
}

static void serve(int fd)
{
	struct cip_header h;
	struct cur body;
	uint8_t bytes[512];
	while (cip_receive(fd, bytes, &h, &body) && answer(fd, &h, body))
		;
	close(fd);
}

/* ListIdentity is also asked by broadcast; the answer names the address it is sent from. */
static void serve_datagrams(void)
{
	int fd = open_udp(CIP_PORT);
	uint8_t bytes[512];
	for (;;) {
		struct sockaddr_in from, own = { 0 };
		socklen_t size = sizeof from;
		ssize_t n = recvfrom(fd, bytes, sizeof bytes, 0, (struct sockaddr *)&from, &size);
		struct cur c = cur_of(bytes, n > 0 ? (size_t)n : 0);
		struct cip_header h = cip_header(&c);
		if (!cur_ok(&c) || h.command != CIP_LIST_IDENTITY)
			continue;
		int back = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		size = sizeof own;
		if (connect(back, (struct sockaddr *)&from, sizeof from) == 0)
			getsockname(back, (struct sockaddr *)&own, &size);
		close(back);
		struct made m = cip_start(&h);
		make_identity_item(&m, own.sin_addr);
		cip_finish(&m);
		sendto(fd, m.at, m.used, 0, (struct sockaddr *)&from, sizeof from);
	}
}

int role_flow(int argc, char **argv)
{
	(void)argc, (void)argv;
	works = works_map();
	works->flow.flow_limit = 85;
	works->flow.batch = 1204;
	beside(serve_datagrams);
	serve_tcp(CIP_PORT, serve);
}
