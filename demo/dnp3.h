/* DNP3 (IEEE 1815): frames with their checksums, and the headers both ends write. */
#ifndef DEMO_DNP3_H
#define DEMO_DNP3_H

#include "host.h"

enum { DNP3_PORT = 20000, DNP3_MASTER = 1, DNP3_OUTSTATION = 10, DNP3_FRAGMENT = 249 };

enum dnp3_function {
	DNP3_CONFIRM = 0,
	DNP3_READ = 1,
	DNP3_WRITE = 2,
	DNP3_SELECT = 3,
	DNP3_OPERATE = 4,
	DNP3_DIRECT_OPERATE = 5,
	DNP3_COLD_RESTART = 13,
	DNP3_RESPONSE = 129,
};

enum dnp3_indication { /* both octets as one number, the first one high */
	DNP3_CLASS_1 = 0x0200,
	DNP3_CLASS_2 = 0x0400,
	DNP3_NEED_TIME = 0x1000,
	DNP3_RESTARTED = 0x8000,
	DNP3_NO_FUNCTION = 0x0001,
};

enum {
	DNP3_LINK_PRIMARY = 0x40,
	DNP3_LINK_MASTER = 0x80,
	DNP3_LINK_USER_DATA = 0x04,
	DNP3_LINK_STATUS = 0x09,
	DNP3_LINK_STATUS_IS = 0x0b
};

struct dnp3_frame {
	uint8_t control;
	uint16_t to, from;
	size_t size; /* of the user data, checksums taken out */
	uint8_t data[DNP3_FRAGMENT + 1];
};

/* One fragment always fits one frame here. */
struct dnp3_app {
	bool final, confirm;
	uint8_t sequence, function;
	uint16_t indications; /* of a response */
	struct cur objects;
};

bool dnp3_receive(int fd, struct dnp3_frame *frame);
bool dnp3_send(int fd, uint8_t control, uint16_t to, uint16_t from, const struct made *data);
bool dnp3_parse(const struct dnp3_frame *frame, struct dnp3_app *app);

/* Transport octet, application control and function; objects follow. */
struct made dnp3_start(uint8_t transport, uint8_t application, uint8_t function);
void dnp3_object(struct made *m, unsigned group, unsigned variation, unsigned qualifier);

#endif
