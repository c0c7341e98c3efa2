/* The SCADA server's four links, one child each, and the addresses of what they talk to. */
#ifndef DEMO_SCADA_H
#define DEMO_SCADA_H

#include "works.h"

#define ADDRESS_PLC1    "10.20.1.10"
#define ADDRESS_PLC2    "10.20.1.20"
#define ADDRESS_RTU     "10.20.1.30"
#define ADDRESS_FLOW    "10.20.1.40"
#define ADDRESS_GATEWAY "10.20.1.50"
#define ADDRESS_SWITCH  "10.20.2.2"
#define ADDRESS_SCADA   "10.20.2.10"
#define ADDRESS_BROKER  "10.20.2.30"

enum { LINK_MODBUS, LINK_S7, LINK_DNP3, LINK_CIP, LINKS };

void link_modbus(void);
void link_s7(void);
void link_dnp3(void);
void link_cip(void);

/* The operator's shift book: true once a day, when the plant's clock has passed that hour.  Each
 * caller keeps its own memory of the last look, zeroed at start. */
struct shift {
	double looked_s;
};
bool shift_due(const struct shift *s, const struct works *w, double hour);
void shift_looked(struct shift *s, const struct works *w);

#endif
