/* What the services host and its clients both know. */
#ifndef DEMO_SERVICES_H
#define DEMO_SERVICES_H

#include <stdint.h>

#define DHCP_COOKIE      UINT32_C(0x63825363)
#define ADDRESS_SERVICES "10.20.35.5"

enum { DHCP_TYPE = 53, DHCP_DISCOVER = 1, DHCP_OFFER = 2, DHCP_REQUEST = 3, DHCP_ACK = 5 };

void ask_name(const char *label); /* of waterworks.example; the answer is heard and forgotten */
void ask_time(void);
/* `more` is one more header line with its line end, or "". */
void ask_http(const char *address, const char *path, const char *agent, const char *more);

#endif
