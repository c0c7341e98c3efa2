/* S7 communication over ISO on TCP (RFC 1006), as the plant needs it: what both ends share, and the
 * calls a client makes.  One request at a time on a link. */
#ifndef DEMO_S7_H
#define DEMO_S7_H

#include "host.h"

enum { S7_PORT = 102, S7_PDU_SIZE = 480 };

enum s7_kind { S7_JOB = 1, S7_ACK = 2, S7_ACK_DATA = 3, S7_USERDATA = 7 };

enum s7_function {
	S7_READ = 0x04,
	S7_WRITE = 0x05,
	S7_UPLOAD_START = 0x1d,
	S7_UPLOAD = 0x1e,
	S7_UPLOAD_END = 0x1f,
	S7_PI_SERVICE = 0x28,
	S7_STOP = 0x29,
	S7_SETUP = 0xf0,
};

enum s7_type { S7_BYTE = 0x02, S7_REAL = 0x08 };
enum s7_data { S7_DATA_BITS = 0x04, S7_DATA_REAL = 0x07 };

struct s7_message {
	uint8_t bytes[1024];
	enum s7_kind kind;
	uint16_t reference;
	struct cur parameters, data;
};

/* One TPKT with its COTP header; `cotp` is the type of the TPDU, the rest is what it carries. */
bool s7_receive(int fd, uint8_t bytes[1024], uint8_t *cotp, struct cur *rest);
bool s7_parse(struct cur rest, struct s7_message *m);
bool s7_send(int fd, enum s7_kind kind, uint16_t reference, const struct made *parameters,
	const struct made *data);

struct s7_link {
	int fd;
	uint16_t reference;
};

bool s7_open(struct s7_link *link, const char *address);
void s7_close(struct s7_link *link);
/* So many reals from the start of a data block, and the byte of states behind them. */
bool s7_read(struct s7_link *link, unsigned db, unsigned reals, uint8_t *to);
bool s7_write_real(struct s7_link *link, unsigned db, unsigned offset, double value);
bool s7_list(struct s7_link *link, unsigned id, unsigned index); /* system status list */
bool s7_stop(struct s7_link *link);
bool s7_start(struct s7_link *link);
bool s7_upload_ob1(struct s7_link *link);

#endif
