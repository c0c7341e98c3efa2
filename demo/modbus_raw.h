/* Modbus requests that libmodbus does not make: identity, and what nobody should send. */
#ifndef DEMO_MODBUS_RAW_H
#define DEMO_MODBUS_RAW_H

#include "host.h"

/* Sends function and data as they are; true when an answer came, be it a refusal. */
bool modbus_raw(int fd, uint16_t transaction, const struct made *pdu);

bool modbus_raw_identity(int fd, uint16_t transaction); /* Read Device Identification, regular */

#endif
