/* The asking side of DNP3, for the SCADA server and for those who should not ask. */
#ifndef DEMO_DNP3_MASTER_H
#define DEMO_DNP3_MASTER_H

#include "dnp3.h"

struct dnp3_link {
	int fd;
	uint8_t transport, application;
	struct dnp3_frame frame; /* of the last answer */
};

bool dnp3_open(struct dnp3_link *link, const char *address);
void dnp3_close(struct dnp3_link *link);
bool dnp3_alive(struct dnp3_link *link); /* asks the link layer alone */

struct made dnp3_request(struct dnp3_link *link, uint8_t function);
bool dnp3_ask(struct dnp3_link *link, const struct made *request, struct dnp3_app *answer);
bool dnp3_relay(struct dnp3_link *link, uint8_t function, bool on); /* control relay 0 */

#endif
