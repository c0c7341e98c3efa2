/* The small talk of computers: a lease, a name, the time, a web page. */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "host.h"
#include "roles.h"
#include "services.h"

void ask_name(const char *label)
{
	struct made m = { 0 };
	uint8_t answer[600];
	int fd = open_udp(0);
	answer_within(fd, 500);
	made_be16(&m, (unsigned)random() & 0xffff);
	made_be16(&m, 0x0100);
	made_be16(&m, 1);
	made_be32(&m, 0);
	made_be16(&m, 0);
	made_u8(&m, (unsigned)strlen(label));
	made_text(&m, label);
	made_u8(&m, 10);
	made_text(&m, "waterworks");
	made_u8(&m, 7);
	made_text(&m, "example");
	made_u8(&m, 0);
	made_be16(&m, 1);
	made_be16(&m, 1);
	if (send_to(fd, ADDRESS_SERVICES, 53, &m))
		recv(fd, answer, sizeof answer, 0);
	close(fd);
}

void ask_time(void)
{
	struct made m = { 0 };
	uint8_t answer[600];
	struct timespec now;
	int fd = open_udp(0);
	answer_within(fd, 500);
	clock_gettime(CLOCK_REALTIME, &now);
	made_u8(&m, 0x23); /* version 4, client */
	made_padded(&m, "", 39, 0);
	made_be32(&m, (uint32_t)(now.tv_sec + INT64_C(2208988800)));
	made_be32(&m, (uint32_t)((double)now.tv_nsec * 4.294967296));
	if (send_to(fd, ADDRESS_SERVICES, 123, &m))
		recv(fd, answer, sizeof answer, 0);
	close(fd);
}

void ask_http(const char *address, const char *path, const char *agent, const char *more)
{
	char text[400];
	uint8_t answer[2048];
	int fd = connect_tcp(address, 80);
	if (fd < 0)
		return;
	struct made m = { 0 };
	snprintf(text, sizeof text,
		"GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: %s\r\nAccept: */*\r\n"
		"%sConnection: close\r\n\r\n",
		path, address, agent, more);
	made_text(&m, text);
	if (send_made(fd, &m))
		while (recv(fd, answer, sizeof answer, 0) > 0)
			;
	close(fd);
}

static void make_option(struct made *m, unsigned code, const void *bytes, size_t size)
{
	made_u8(m, code);
	made_u8(m, (unsigned)size);
	made_bytes(m, bytes, size);
}

static struct made make_lease(
	const uint8_t mac[6], uint32_t transaction, int type, const char *name)
{
	static const uint8_t wanted[] = { 1, 3, 6, 15, 31, 33, 43, 44, 46, 47, 119, 121, 249, 252 };
	struct made m = { 0 };
	made_be32(&m, 0x01010600);
	made_be32(&m, transaction);
	made_be32(&m, 0x00008000); /* answer by broadcast */
	made_padded(&m, "", 16, 0);
	made_bytes(&m, mac, 6);
	made_padded(&m, "", 10 + 192, 0);
	made_be32(&m, DHCP_COOKIE);
	make_option(&m, DHCP_TYPE, &(uint8_t){ (uint8_t)type }, 1);
	make_option(&m, 12, name, strlen(name));
	make_option(&m, 60, "MSFT 5.0", 8);
	make_option(&m, 55, wanted, sizeof wanted);
	return m;
}

/* Prints the address it was leased; the caller puts it on the interface. */
int role_lease(int argc, char **argv)
{
	if (argc < 3)
		die("lease: INTERFACE NAME");
	struct ifreq card = { 0 };
	snprintf(card.ifr_name, sizeof card.ifr_name, "%s", argv[1]);
	int fd = open_udp(68);
	setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, argv[1], (socklen_t)strlen(argv[1]));
	answer_within(fd, 1500);
	if (ioctl(fd, SIOCGIFHWADDR, &card) < 0)
		die("lease: '%s': %s", argv[1], strerror(errno));
	uint8_t mac[6], answer[600];
	memcpy(mac, card.ifr_hwaddr.sa_data, sizeof mac);
	uint32_t transaction = 0x51f00d00u | mac[5];
	struct made m = make_lease(mac, transaction, DHCP_DISCOVER, argv[2]);
	made_u8(&m, 255);
	if (!send_to(fd, "255.255.255.255", 67, &m) || recv(fd, answer, sizeof answer, 0) < 240)
		die("lease: nobody offers an address");
	m = make_lease(mac, transaction, DHCP_REQUEST, argv[2]);
	make_option(&m, 50, answer + 16, 4);
	make_option(&m, 54, answer + 20, 4);
	made_u8(&m, 255);
	if (!send_to(fd, "255.255.255.255", 67, &m) || recv(fd, answer, sizeof answer, 0) < 240)
		die("lease: the offer was not kept");
	char text[INET_ADDRSTRLEN];
	puts(inet_ntop(AF_INET, answer + 16, text, sizeof text));
	return 0;
}

/* The historian: asks where the SCADA server is, then fetches its values. */
int role_historian(int argc, char **argv)
{
	(void)argc, (void)argv;
	for (unsigned turn = 0;; turn++) {
		if (turn % 8 == 0)
			ask_name("scada");
		if (turn % 6 == 3)
			ask_time();
		ask_http("10.20.2.10", "/values.json", "Historian/4.2 (waterworks)", "");
		nap_ms(2200);
	}
}

/* Somebody in the office: looks at the process picture now and then. */
int role_office(int argc, char **argv)
{
	(void)argc, (void)argv;
	for (unsigned turn = 0;; turn++) {
		nap_ms(4000 + (unsigned)(random() % 3000));
		ask_name(turn % 3 == 2 ? "intranet" : "scada");
		ask_http("10.20.2.10", "/",
			"Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 "
			"Firefox/128.0",
			"");
		if (turn % 4 == 0)
			ask_time();
	}
}

/* A host that keeps its clock: the field devices ask every now and then. */
int role_clock(int argc, char **argv)
{
	(void)argc, (void)argv;
	for (;;) {
		ask_time();
		nap_ms(15000 + (unsigned)(random() % 4000));
	}
}
