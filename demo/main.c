/* One program for every machine of the demonstration plant: waterworks ROLE [ARGUMENT...] */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host.h"
#include "roles.h"

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *what;
} roles[] = {
	{ "physics", role_physics, "tank, pumps, well, town" },
	{ "plc1", role_plc1, "Modbus server at the intake" },
	{ "plc2", role_plc2, "S7 server in the filter hall" },
	{ "rtu", role_rtu, "DNP3 outstation at the well, with telnet" },
	{ "flow", role_flow, "EtherNet/IP flow computer" },
	{ "gateway", role_gateway, "TAG: sensor values as JSON lines, for mosquitto_pub" },
	{ "scada", role_scada, "FOLDER: polls everybody, keeps the shift book" },
	{ "check", role_check, "fails when a link of the SCADA server was silent" },
	{ "historian", role_historian, "fetches values over HTTP" },
	{ "office", role_office, "looks at the process picture" },
	{ "services", role_services, "DNS, NTP, DHCP" },
	{ "lease", role_lease, "INTERFACE NAME: asks DHCP, prints the address" },
	{ "clock", role_clock, "asks for the time" },
	{ "neighbour", role_neighbour, "INTERFACE ADDRESS NAME DESCRIPTION: LLDP" },
	{ "page", role_page, "the gateway's web page, behind a password" },
	{ "call", role_call, "ADDRESS NAME: NetBIOS, LLMNR and mDNS" },
	{ "engineer", role_engineer, "look | restore" },
	{ "intruder", role_intruder, "the attack act" },
	{ "plain", role_plain, "INTERFACE...: checksums are computed, not left to hardware" },
	{ "record", role_record, "FILE BRIDGE...: until SIGTERM" },
};

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	srandom((unsigned)getpid());
	for (size_t i = 0; argc > 1 && i < COUNT_OF(roles); i++)
		if (strcmp(argv[1], roles[i].name) == 0)
			return roles[i].run(argc - 1, argv + 1);
	fputs("waterworks ROLE [ARGUMENT...]; the roles:\n", stderr);
	for (size_t i = 0; i < COUNT_OF(roles); i++)
		fprintf(stderr, "  %-10s %s\n", roles[i].name, roles[i].what);
	return 2;
}
