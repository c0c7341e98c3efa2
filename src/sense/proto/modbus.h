/* Private to modbus: its functions as rows. */
#ifndef PROTO_MODBUS_H
#define PROTO_MODBUS_H

#include "sense/proto.h"

extern const struct msg modbus_functions[];
/* Diagnostics (function 8) that do something to the device, and reading its identity (43/14). */
extern const struct msg modbus_restart[], modbus_listen_only[], modbus_clear_counters[],
	modbus_device_id[];
extern const struct msg modbus_exception[]; /* from the side that asks */
extern const struct msg modbus_unknown[];   /* reserved, user defined or nonsense: the code tells */

/* What a diagnostic carries beside its number (specification 6.8.1): asked with, answered with, or
 * both. */
struct modbus_diagnostic {
	uint16_t number;
	bool asked, answered;
	struct field field;
};
extern const struct modbus_diagnostic modbus_diagnostics[]; /* ends with a row without a name */

#endif
