/* Private to modbus: its functions as rows, and what function 90 carries. */
#ifndef PROTO_MODBUS_H
#define PROTO_MODBUS_H

#include "sense/proto.h"

enum { MODBUS_UMAS = 90 };

extern const struct msg modbus_functions[];
/* Diagnostics (function 8) that do something to the device, and reading its identity (43/14). */
extern const struct msg modbus_restart[], modbus_listen_only[], modbus_clear_counters[],
	modbus_change_delimiter[], modbus_device_id[];
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

/* modbus_identity.c: functions 43/14, behind the type, and 17, behind the count. */
void modbus_identity_request(struct scene *s, struct cur *c);
void modbus_identity(struct scene *s, uint8_t unit, struct cur *c);
void modbus_server_id(struct scene *s, uint8_t unit, struct cur id);

/* Units that answered, and those that a gateway said it cannot reach: each is told of once in a
 * conversation.  `exception` is 0 where the answer is none. */
struct modbus_units {
	uint8_t reached[32], missed[32];
};
void modbus_see_unit(struct scene *s, struct modbus_units *units, uint8_t unit, int exception);

/* modbus_umas.c: the rows of one UMAS function, `c` behind the function code of Modbus. */
const struct msg *modbus_umas_row(struct cur c);
void modbus_umas_request(struct scene *s, struct cur *c);
void modbus_umas_answer(struct scene *s, const struct msg *rows, struct cur *c);

#endif
