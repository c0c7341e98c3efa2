/* ADS: everything with a name: TwinCAT ADS specification (Beckhoff Information System, TE1000 ADS),
 * "ADS Return Codes", "Index Group/Offset", AMS ports, ADS states. */
#include "sense/proto/ads.h"

struct named {
	uint32_t number;
	const char *name;
};

static const char *name_of(const struct named *table, size_t count, uint32_t number)
{
	size_t low = 0, high = count;
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (table[middle].number == number)
			return table[middle].name;
		if (table[middle].number < number)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

static const struct named groups[] = {
	{ 0x4020, "PLC memory, bytes (%M)" },
	{ 0x4021, "PLC memory, bits (%MX)" },
	{ 0x4025, "size of PLC memory" },
	{ 0x4030, "retained data" },
	{ 0x4035, "size of retained data" },
	{ 0x4040, "PLC data" },
	{ 0x4045, "size of PLC data" },
	{ 0xf000, "symbol table" },
	{ 0xf001, "symbol name" },
	{ 0xf002, "symbol value" },
	{ ADS_SYMBOL_HANDLE, "symbol handle by name" },
	{ ADS_SYMBOL_NAME, "symbol value by name" },
	{ ADS_SYMBOL_VALUE, "symbol value by handle" },
	{ ADS_SYMBOL_RELEASE, "release of a symbol handle" },
	{ ADS_SYMBOL_INFO, "symbol information by name" },
	{ 0xf008, "symbol version" },
	{ ADS_SYMBOL_INFO_EX, "symbol information by name" },
	{ 0xf00a, "symbol download" },
	{ ADS_SYMBOL_UPLOAD, "symbol upload" },
	{ 0xf00c, "symbol counts" },
	{ 0xf00d, "symbol download" },
	{ ADS_TYPE_UPLOAD, "data type upload" },
	{ ADS_SYMBOL_COUNTS, "symbol counts" },
	{ 0xf010, "symbol notification" },
	{ ADS_TYPE_INFO, "data type by name" },
	{ 0xf018, "symbol value with mask" },
	{ 0xf01c, "symbol download" },
	{ 0xf020, "inputs, bytes (%I)" },
	{ 0xf021, "inputs, bits (%IX)" },
	{ 0xf025, "size of inputs" },
	{ 0xf030, "outputs, bytes (%Q)" },
	{ 0xf031, "outputs, bits (%QX)" },
	{ 0xf035, "size of outputs" },
	{ 0xf040, "inputs set to zero" },
	{ 0xf050, "outputs set to zero" },
	{ 0xf060, "inputs and outputs" },
	{ 0xf070, "JSON commands" },
	{ 0xf071, "JSON document" },
	{ 0xf072, "JSON document, set" },
	{ 0xf073, "JSON document, delete" },
	{ 0xf074, "JSON document, size" },
	{ ADS_SUM_READ, "sum of reads" },
	{ ADS_SUM_WRITE, "sum of writes" },
	{ ADS_SUM_READ_WRITE, "sum of reads and writes" },
	{ ADS_SUM_READ_EX, "sum of reads with sizes" },
	{ ADS_SUM_READ_EX2, "sum of reads with sizes" },
	{ ADS_SUM_ADD_NOTIFICATION, "sum of notifications added" },
	{ ADS_SUM_DELETE_NOTIFICATION, "sum of notifications deleted" },
	{ 0xf100, "device state" },
	{ 0xf200, "task data" },
	{ 0xf302, "CANopen objects (SDO)" },
	{ 0xf304, "sum of CANopen objects read" },
	{ 0xf305, "sum of CANopen objects written" },
	{ ADS_SLAVE_OPEN_READ, "file of an EtherCAT slave, open to read" },
	{ ADS_SLAVE_OPEN_WRITE, "file of an EtherCAT slave, open to write" },
	{ 0xf403, "file of an EtherCAT slave, close" },
	{ 0xf404, "file of an EtherCAT slave, read" },
	{ 0xf405, "file of an EtherCAT slave, write" },
	{ 0xf420, "SoE parameters" },
};

static const struct named system_groups[] = {
	{ ADS_OLD_CREATE, "open or create" },
	{ ADS_OLD_OPEN_READ, "open to read" },
	{ ADS_OLD_OPEN_WRITE, "open to write" },
	{ 110, "create a file" },
	{ 111, "close a handle" },
	{ ADS_OPEN_FILE, "open a file" },
	{ ADS_CLOSE_FILE, "close a file" },
	{ ADS_READ_FILE, "read a file" },
	{ ADS_WRITE_FILE, "write a file" },
	{ 124, "seek in a file" },
	{ 125, "position in a file" },
	{ ADS_READ_LINE, "read a line" },
	{ ADS_WRITE_LINE, "write a line" },
	{ 130, "end of a file" },
	{ ADS_DELETE_FILE, "delete a file" },
	{ ADS_RENAME_FILE, "rename a file" },
	{ ADS_FIND_FILE, "find files" },
	{ ADS_COPY_FILE, "copy a file" },
	{ ADS_MAKE_DIRECTORY, "make a directory" },
	{ ADS_REMOVE_DIRECTORY, "remove a directory" },
	{ 141, "search by datagram" },
	{ 160, "product version" },
	{ 180, "boot data" },
	{ ADS_REGISTRY, "registry of the machine" },
	{ 201, "registry of the user" },
	{ 202, "registry of classes" },
	{ 220, "system control" },
	{ 240, "state of the system service" },
	{ 300, "mail" },
	{ 400, "time" },
	{ ADS_START_PROCESS, "start a process" },
	{ 600, "AMS net id" },
	{ 601, "AMS net id" },
	{ ADS_TARGET_DESCRIPTION, "target description" },
	{ ADS_NETWORK, "network adapters" },
	{ ADS_HOST_NAME, "host name" },
	{ 703, "IP addresses" },
	{ 801, "add a route" },
	{ 802, "delete a route" },
	{ 803, "list of routes" },
	{ 900, "screen resolution" },
	{ 1200, "processors" },
	{ 1400, "environment" },
	{ 1500, "licenses" },
	{ 1510, "logon password" },
};

const char *ads_group_name(uint32_t group, uint16_t port)
{
	if (port == ADS_PORT_SYSTEM && group < 0x1000)
		return name_of(system_groups, COUNT_OF(system_groups), group);
	return name_of(groups, COUNT_OF(groups), group);
}

static const struct named ports[] = {
	{ 1, "router" },
	{ 2, "debugger" },
	{ 10, "TCom server" },
	{ 11, "TCom server task" },
	{ 100, "logger" },
	{ 110, "event logger" },
	{ 130, "EtherCAT device" },
	{ 131, "EtherCAT device, user mode" },
	{ 132, "license server" },
	{ 200, "real time" },
	{ 290, "trace" },
	{ 300, "I/O" },
	{ 500, "NC" },
	{ 501, "NC SAF" },
	{ 511, "NC SVB" },
	{ 520, "NC instance" },
	{ 550, "ISG" },
	{ 600, "CNC" },
	{ 700, "line" },
	{ 800, "PLC" },
	{ 801, "PLC runtime 1" },
	{ 811, "PLC runtime 2" },
	{ 821, "PLC runtime 3" },
	{ 831, "PLC runtime 4" },
	{ 851, "PLC runtime 1 (TwinCAT 3)" },
	{ 852, "PLC runtime 2 (TwinCAT 3)" },
	{ 853, "PLC runtime 3 (TwinCAT 3)" },
	{ 854, "PLC runtime 4 (TwinCAT 3)" },
	{ 900, "camshaft controller" },
	{ 950, "CAM tool" },
	{ ADS_PORT_SYSTEM, "system service" },
	{ 10201, "TCP/IP server" },
	{ 10300, "system manager" },
	{ 10500, "mode control" },
	{ 14000, "scope server" },
	{ 14001, "scope view" },
};

const char *ads_port_name(uint16_t port)
{
	return name_of(ports, COUNT_OF(ports), port);
}

const char *ads_state_name(uint16_t state)
{
	static const char *const names[] = { "invalid", "idle", "reset", "init", "start", "run",
		"stop", "save configuration", "load configuration", "power failure", "power good",
		"error", "shutdown", "suspend", "resume", "config", "reconfig", "stopping",
		"incompatible", "exception" };
	return state < COUNT_OF(names) ? names[state] : NULL;
}

static const struct named errors[] = {
	{ 0x01, "internal error" },
	{ 0x02, "no real time" },
	{ 0x03, "no locked memory" },
	{ 0x04, "mailbox full" },
	{ 0x05, "wrong message" },
	{ 0x06, "target port not found" },
	{ 0x07, "target machine not found" },
	{ 0x08, "unknown command" },
	{ 0x09, "bad task" },
	{ 0x0a, "no I/O" },
	{ 0x0b, "unknown AMS command" },
	{ 0x0c, "Win32 error" },
	{ 0x0d, "port not connected" },
	{ 0x0e, "wrong AMS length" },
	{ 0x0f, "wrong AMS net id" },
	{ 0x10, "installation level too low" },
	{ 0x11, "no debugging" },
	{ 0x12, "port disabled" },
	{ 0x13, "port already connected" },
	{ 0x14, "Win32 error, synchronous" },
	{ 0x15, "timeout, synchronous" },
	{ 0x16, "error, synchronous" },
	{ 0x17, "no index map" },
	{ 0x18, "wrong AMS port" },
	{ 0x19, "no memory" },
	{ 0x1a, "TCP send error" },
	{ 0x1b, "host unreachable" },
	{ 0x1c, "wrong AMS fragment" },
	{ 0x1d, "TLS send error" },
	{ 0x1e, "access denied" },
	{ 0x500, "router: no locked memory" },
	{ 0x501, "router: memory not resized" },
	{ 0x502, "router: mailbox full" },
	{ 0x503, "router: debug mailbox full" },
	{ 0x504, "router: port type unknown" },
	{ 0x505, "router not initialized" },
	{ 0x506, "router: port name in use" },
	{ 0x507, "router: port not registered" },
	{ 0x508, "router: no more ports" },
	{ 0x509, "router: wrong port" },
	{ 0x50a, "router not active" },
	{ 0x700, "device error" },
	{ 0x701, "service not supported" },
	{ 0x702, "wrong index group" },
	{ 0x703, "wrong index offset" },
	{ 0x704, "reading or writing not permitted" },
	{ 0x705, "wrong size" },
	{ 0x706, "wrong data" },
	{ 0x707, "device not ready" },
	{ 0x708, "device busy" },
	{ 0x709, "wrong context" },
	{ 0x70a, "no memory in the device" },
	{ 0x70b, "wrong parameter" },
	{ 0x70c, "not found" },
	{ 0x70d, "syntax error" },
	{ 0x70e, "objects do not match" },
	{ 0x70f, "object exists already" },
	{ 0x710, "symbol not found" },
	{ 0x711, "symbol version changed" },
	{ 0x712, "device in wrong state" },
	{ 0x713, "transmission mode not supported" },
	{ 0x714, "wrong notification handle" },
	{ 0x715, "notification client not registered" },
	{ 0x716, "no more notification handles" },
	{ 0x717, "notification too large" },
	{ 0x718, "device not initialized" },
	{ 0x719, "device timeout" },
	{ 0x71a, "interface query failed" },
	{ 0x71b, "wrong interface" },
	{ 0x71c, "wrong class id" },
	{ 0x71d, "wrong object id" },
	{ 0x71e, "request pending" },
	{ 0x71f, "request aborted" },
	{ 0x720, "signal warning" },
	{ 0x721, "wrong array index" },
	{ 0x722, "symbol not active" },
	{ 0x723, "access denied" },
	{ 0x724, "license missing" },
	{ 0x725, "license expired" },
	{ 0x740, "client error" },
	{ 0x741, "wrong parameter of the client" },
	{ 0x745, "timeout of the client" },
	{ 0x748, "port not open" },
	{ 0x749, "no AMS address" },
};

const char *ads_error_name(uint32_t error)
{
	return name_of(errors, COUNT_OF(errors), error);
}
