#include "dnp3_master.h"

#include <unistd.h>

enum { FROM_MASTER = DNP3_LINK_MASTER | DNP3_LINK_PRIMARY };

bool dnp3_open(struct dnp3_link *link, const char *address)
{
	*link = (struct dnp3_link){ .fd = connect_tcp(address, DNP3_PORT) };
	return link->fd >= 0;
}

void dnp3_close(struct dnp3_link *link)
{
	if (link->fd >= 0)
		close(link->fd);
	link->fd = -1;
}

bool dnp3_alive(struct dnp3_link *link)
{
	return dnp3_send(link->fd, FROM_MASTER | DNP3_LINK_STATUS, DNP3_OUTSTATION, DNP3_MASTER,
		       NULL) &&
		dnp3_receive(link->fd, &link->frame);
}

struct made dnp3_request(struct dnp3_link *link, uint8_t function)
{
	link->application = (link->application + 1) & 0x0f;
	return dnp3_start(link->transport++, 0xc0 | link->application, function);
}

static bool send_data(struct dnp3_link *link, const struct made *m)
{
	return dnp3_send(
		link->fd, FROM_MASTER | DNP3_LINK_USER_DATA, DNP3_OUTSTATION, DNP3_MASTER, m);
}

bool dnp3_ask(struct dnp3_link *link, const struct made *request, struct dnp3_app *answer)
{
	if (!send_data(link, request) || !dnp3_receive(link->fd, &link->frame) ||
		!dnp3_parse(&link->frame, answer) || answer->function != DNP3_RESPONSE)
		return false;
	if (!answer->confirm)
		return true;
	struct made confirm = dnp3_start(link->transport++, 0xc0 | answer->sequence, DNP3_CONFIRM);
	return send_data(link, &confirm);
}

bool dnp3_relay(struct dnp3_link *link, uint8_t function, bool on)
{
	struct made m = dnp3_request(link, function);
	struct dnp3_app answer;
	dnp3_object(&m, 12, 1, 0x28);
	made_le16(&m, 1);
	made_le16(&m, 0);              /* index */
	made_u8(&m, on ? 0x03 : 0x04); /* latch on, latch off */
	made_u8(&m, 1);
	made_le32(&m, 500);
	made_le32(&m, 500);
	made_u8(&m, 0);
	return dnp3_ask(link, &m, &answer);
}
