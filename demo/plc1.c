/* PLC 1, Modicon M340 at the intake: libmodbus answers for its memory, this file is its program.
 *
 * The pumps follow the tank's level: start below one setpoint, stop above another, and the second
 * pump helps when the level keeps falling. */
#include <modbus/modbus.h>
#include <unistd.h>

#include "host.h"
#include "roles.h"
#include "works.h"

enum { MODBUS_PORT = 502, HEADER_SIZE = 7, UNIT = 1 };

static struct works *works;

static uint16_t scaled(double value, double factor)
{
	double n = value * factor;
	return n < 0 ? 0 : n > 65535 ? 65535 : (uint16_t)n;
}

static void read_sensors(void)
{
	uint16_t *m = works->plc1.measures;
	m[MEASURE_LEVEL_MM] = scaled(works->level_m + noise(0.004), 1000);
	m[MEASURE_INFLOW] = works->inflow > 0.5 ? scaled(works->inflow + noise(0.3), 10) : 0;
	for (int i = 0; i < 2; i++) {
		m[MEASURE_SPEED_1 + i] = scaled(works->speed[i], 1000);
		double amps = works->current[i];
		m[MEASURE_CURRENT_1 + i] = amps > 0 ? scaled(amps + noise(0.2), 10) : 0;
		works->plc1.inputs[INPUT_RUNS_1 + i] = works->speed[i] > 0.05;
	}
	m[MEASURE_VALVE] = scaled(works->valve, 1000);
	m[MEASURE_TEMPERATURE] = scaled(works->temperature + noise(0.06), 10);

	const uint16_t *set = works->plc1.settings;
	works->plc1.inputs[INPUT_HIGH] = m[MEASURE_LEVEL_MM] > set[SET_HIGH_MM];
	works->plc1.inputs[INPUT_LOW] = m[MEASURE_LEVEL_MM] < set[SET_LOW_MM];
	works->plc1.inputs[INPUT_OVERFLOW] = works->spill > 0;
}

static void drive_pumps(void)
{
	const uint16_t *set = works->plc1.settings;
	uint16_t level = works->plc1.measures[MEASURE_LEVEL_MM];
	for (int i = 0; i < 2; i++) {
		uint8_t *run = &works->plc1.coils[COIL_RUN_1 + i];
		if (works->plc1.coils[COIL_AUTO_1 + i]) {
			if (level < set[SET_START_MM] - i * set[SET_STAGE_MM])
				*run = 1;
			if (level > set[SET_STOP_MM] - i * set[SET_STAGE_MM])
				*run = 0;
		}
		works->pump_order[i] = *run ? set[SET_SPEED_1 + i] / 1000.0 : 0;
	}
	works->valve_order = set[SET_VALVE] / 1000.0;
}

static void scan_cycle(void)
{
	for (;;) {
		read_sensors();
		drive_pumps();
		nap_ms(50);
	}
}

/* A response of our own behind the header of the request; libmodbus knows neither of the two. */
static bool respond(int fd, const uint8_t *request, const struct made *body)
{
	struct made m = { 0 };
	made_bytes(&m, request, 4); /* transaction, protocol */
	made_be16(&m, (unsigned)body->used + 1);
	made_u8(&m, request[6]);
	made_bytes(&m, body->at, body->used);
	return send_made(fd, &m);
}

/* Modbus Application Protocol V1.1b3, 6.21: vendor, code, revision, and the regular names. */
static bool respond_identity(int fd, const uint8_t *request, size_t size)
{
	static const char *const objects[] = { "Schneider Electric", "BMX P34 2020", "v3.20",
		"www.schneider-electric.com", "Modicon M340", "BMX P34 2020", "Intake" };
	unsigned code = size > 9 ? request[9] : 0, from = size > 10 ? request[10] : 0;
	struct made body = { 0 };
	if (size < 11 || request[8] != 0x0e || code < 1 || code > 4 || from > 6) {
		made_u8(&body, 0x2b | 0x80);
		made_u8(&body, size < 11 || request[8] != 0x0e ? 1 : 3);
		return respond(fd, request, &body);
	}
	unsigned last = code == 1 ? 2 : code == 4 ? from : 6;
	made_u8(&body, 0x2b);
	made_u8(&body, 0x0e);
	made_u8(&body, code);
	made_u8(&body, 0x82); /* regular identification, stream and single access */
	made_u8(&body, 0);    /* nothing follows */
	made_u8(&body, 0);
	made_u8(&body, last < from ? 0 : last - from + 1);
	for (unsigned i = from; i <= last; i++) {
		made_u8(&body, i);
		made_u8(&body, (unsigned)strlen(objects[i]));
		made_text(&body, objects[i]);
	}
	return respond(fd, request, &body);
}

/* Report Server ID, 6.13: identity, run indicator, then what the device likes to say. */
static bool respond_server_id(int fd, const uint8_t *request)
{
	static const char text[] = "BMX P34 2020 v3.20 INTAKE";
	struct made body = { 0 };
	made_u8(&body, 0x11);
	made_u8(&body, (unsigned)strlen(text) + 2);
	made_u8(&body, UNIT);
	made_u8(&body, 0xff);
	made_text(&body, text);
	return respond(fd, request, &body);
}

/* Whether libmodbus may see it: it trusts that the bytes its function code calls for are there. */
static bool is_whole(const uint8_t *request, size_t size)
{
	switch (request[7]) {
	case 0x01:
	case 0x02:
	case 0x03:
	case 0x04:
	case 0x05:
	case 0x06:
		return size == 12;
	case 0x0f:
	case 0x10:
		return size >= 13 && size == 13u + request[12];
	case 0x16:
		return size == 14;
	case 0x17:
		return size >= 17 && size == 17u + request[16];
	default:
		return false;
	}
}

static void serve(int fd)
{
	modbus_t *modbus = modbus_new_tcp(NULL, MODBUS_PORT);
	modbus_mapping_t memory = {
		.nb_bits = PLC1_COILS,
		.tab_bits = works->plc1.coils,
		.nb_input_bits = PLC1_INPUTS,
		.tab_input_bits = works->plc1.inputs,
		.nb_registers = PLC1_SETTINGS,
		.tab_registers = works->plc1.settings,
		.nb_input_registers = PLC1_MEASURES,
		.tab_input_registers = works->plc1.measures,
	};
	uint8_t request[MODBUS_TCP_MAX_ADU_LENGTH];
	if (!modbus)
		return;
	modbus_set_socket(modbus, fd);
	modbus_set_slave(modbus, UNIT);
	modbus_set_response_timeout(modbus, 0, 10000); /* its pause before a refusal */
	while (receive_exactly(fd, request, HEADER_SIZE)) {
		size_t length = (size_t)request[4] << 8 | request[5];
		if (length < 2 || length > sizeof request - 6 ||
			!receive_exactly(fd, request + HEADER_SIZE, length - 1))
			break;
		size_t size = 6 + length;
		think();
		if (request[7] == 0x2b)
			respond_identity(fd, request, size);
		else if (request[7] == 0x11)
			respond_server_id(fd, request);
		else if (is_whole(request, size))
			modbus_reply(modbus, request, (int)size, &memory);
		else
			modbus_reply_exception(modbus, request,
				request[7] <= 0x06 || request[7] == 0x0f || request[7] == 0x10 ||
						request[7] == 0x16 || request[7] == 0x17
					? MODBUS_EXCEPTION_ILLEGAL_DATA_VALUE
					: MODBUS_EXCEPTION_ILLEGAL_FUNCTION);
	}
	close(fd);
}

int role_plc1(int argc, char **argv)
{
	(void)argc, (void)argv;
	static const uint16_t settings[PLC1_SETTINGS] = { [SET_START_MM] = 3000,
		[SET_STOP_MM] = 4500,
		[SET_SPEED_1] = 900,
		[SET_SPEED_2] = 880,
		[SET_VALVE] = 920,
		[SET_HIGH_MM] = 5200,
		[SET_LOW_MM] = 1500,
		[SET_STAGE_MM] = 200 };
	works = works_map();
	memcpy(works->plc1.settings, settings, sizeof settings);
	works->plc1.coils[COIL_AUTO_1] = works->plc1.coils[COIL_AUTO_2] = 1;
	works->plc1.coils[COIL_RUN_1] = 1;
	beside(scan_cycle);
	serve_tcp(MODBUS_PORT, serve);
}
