/* EtherNet/IP and CIP, unconnected messages only: the encapsulation both ends share and the calls a
 * client makes. */
#ifndef DEMO_CIP_H
#define DEMO_CIP_H

#include "host.h"

enum { CIP_PORT = 44818 };

enum cip_command {
	CIP_LIST_SERVICES = 0x04,
	CIP_LIST_IDENTITY = 0x63,
	CIP_REGISTER = 0x65,
	CIP_UNREGISTER = 0x66,
	CIP_SEND_RR = 0x6f,
};

enum cip_service {
	CIP_GET_ALL = 0x01,
	CIP_MULTIPLE = 0x0a,
	CIP_GET_ONE = 0x0e,
	CIP_READ_TAG = 0x4c,
	CIP_WRITE_TAG = 0x4d,
	CIP_ANSWER = 0x80,
};

enum cip_type { CIP_DINT = 0xc4, CIP_REAL = 0xca };

struct cip_header {
	uint16_t command, size;
	uint32_t session, status;
	uint8_t context[8];
};

struct cip_header cip_header(struct cur *c);
struct made cip_start(const struct cip_header *h); /* its length is set by cip_finish */
void cip_finish(struct made *m);
bool cip_receive(int fd, uint8_t body[512], struct cip_header *h, struct cur *rest);

/* Around one CIP message in SendRRData; returns where the inner length stands. */
size_t cip_open_item(struct made *m);
void cip_close_item(struct made *m, size_t at);
struct cur cip_item(struct cur body);

struct cip_link {
	int fd;
	uint32_t session;
	uint8_t turn;
};

bool cip_open(struct cip_link *link, const char *address);
void cip_close(struct cip_link *link);
bool cip_read(struct cip_link *link, const char *tag, double *value);
bool cip_read_many(struct cip_link *link, const char *const *tags, size_t count, double *values);
bool cip_write(struct cip_link *link, const char *tag, double value);
bool cip_identity(struct cip_link *link);
bool cip_list_identity(const char *address); /* over UDP; a broadcast address asks everybody */

#endif
