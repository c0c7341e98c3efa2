/* The engineering station: in the morning it looks at the controllers and keeps a copy of the
 * program; after the act it puts things right. */
#include <modbus/modbus.h>
#include <unistd.h>

#include "cip.h"
#include "dnp3_master.h"
#include "modbus_raw.h"
#include "roles.h"
#include "s7.h"
#include "scada.h"
#include "services.h"

#define BROWSER "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/126.0.0.0"

/* Device attributes, group 0: who made it, which model, software, serial number, its name here. */
static void look_at_rtu(void)
{
	static const uint8_t attributes[] = { 252, 250, 242, 248, 247 };
	struct dnp3_link link;
	struct dnp3_app answer;
	if (!dnp3_open(&link, ADDRESS_RTU))
		return;
	struct made m = dnp3_request(&link, DNP3_READ);
	for (size_t i = 0; i < sizeof attributes; i++) {
		dnp3_object(&m, 0, attributes[i], 0x00);
		made_be16(&m, 0); /* of the device itself */
	}
	dnp3_ask(&link, &m, &answer);
	dnp3_close(&link);
}

static int look(void)
{
	struct s7_link link;
	ask_name("historian");
	if (s7_open(&link, ADDRESS_PLC2)) {
		s7_list(&link, 0x0011, 0);
		s7_list(&link, 0x001c, 0);
		s7_list(&link, 0x0424, 0);
		nap_ms(400);
		s7_upload_ob1(&link);
		s7_close(&link);
	}
	look_at_rtu();
	int fd = connect_tcp(ADDRESS_PLC1, 502);
	if (fd >= 0) {
		struct made server_id = { 0 };
		made_u8(&server_id, 0x11);
		modbus_raw_identity(fd, 1);
		modbus_raw(fd, 2, &server_id);
		close(fd);
	}
	cip_list_identity(ADDRESS_FLOW);
	ask_http(ADDRESS_GATEWAY, "/", BROWSER, "");
	ask_http(ADDRESS_GATEWAY, "/", BROWSER, "Authorization: Basic YWRtaW46bW94YQ==\r\n");
	ask_time();
	return 0;
}

static int restore(void)
{
	static const uint16_t levels[] = { 3000, 4500, 900, 880 };
	struct s7_link link;
	if (s7_open(&link, ADDRESS_PLC2)) {
		s7_list(&link, 0x0424, 0);
		s7_start(&link);
		nap_ms(300);
		s7_list(&link, 0x0424, 0);
		s7_close(&link);
	}
	modbus_t *m = modbus_new_tcp(ADDRESS_PLC1, 502);
	if (!m)
		die("modbus: no memory");
	modbus_set_slave(m, 1);
	if (modbus_connect(m) == 0) {
		modbus_write_registers(m, SET_START_MM, 4, levels);
		modbus_write_bits(m, COIL_AUTO_1, 4, (const uint8_t[]){ 1, 1, 0, 0 });
	}
	modbus_close(m);
	modbus_free(m);
	return 0;
}

int role_engineer(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "look") == 0)
		return look();
	if (argc == 2 && strcmp(argv[1], "restore") == 0)
		return restore();
	die("engineer: look | restore");
}
