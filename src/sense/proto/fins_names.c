/* What FINS calls what went wrong: end codes (W342 5-1-3, W227 6), errors of FINS/TCP (W421 7-4).
 */
#include "sense/proto/fins.h"

#include <stdlib.h>

struct name {
	uint16_t code;
	const char *name;
};

/* In order of their codes. */
static const struct name end_codes[] = {
	{ 0x0000, "normal completion" },
	{ 0x0001, "service was cancelled" },
	{ 0x0101, "local node is not in the network" },
	{ 0x0102, "token timeout" },
	{ 0x0103, "retries failed" },
	{ 0x0104, "too many frames to send" },
	{ 0x0105, "node address out of range" },
	{ 0x0106, "node address is used twice" },
	{ 0x0201, "destination node is not in the network" },
	{ 0x0202, "no such unit" },
	{ 0x0203, "third node is missing" },
	{ 0x0204, "destination node is busy" },
	{ 0x0205, "no response in time" },
	{ 0x0301, "communications controller error" },
	{ 0x0302, "CPU unit error" },
	{ 0x0303, "controller error" },
	{ 0x0304, "unit number error" },
	{ 0x0401, "undefined command" },
	{ 0x0402, "not supported by this model or version" },
	{ 0x0501, "destination is not in the routing tables" },
	{ 0x0502, "no routing tables" },
	{ 0x0503, "routing table error" },
	{ 0x0504, "too many relays" },
	{ 0x1001, "command too long" },
	{ 0x1002, "command too short" },
	{ 0x1003, "items and data do not match" },
	{ 0x1004, "command format error" },
	{ 0x1005, "header error" },
	{ 0x1100, "parameter out of range" },
	{ 0x1101, "no such area" },
	{ 0x1102, "wrong access size" },
	{ 0x1103, "first address out of range" },
	{ 0x1104, "end of the range out of range" },
	{ 0x1106, "no such program" },
	{ 0x1108, "parameter error" },
	{ 0x1109, "parameters contradict each other" },
	{ 0x110a, "data is accessed twice" },
	{ 0x110b, "response too long" },
	{ 0x110c, "parameter error" },
	{ 0x2002, "protected against reading" },
	{ 0x2003, "table is missing" },
	{ 0x2004, "data is missing" },
	{ 0x2005, "program to read is missing" },
	{ 0x2006, "file to read is missing" },
	{ 0x2007, "data differs" },
	{ 0x2101, "read only" },
	{ 0x2102, "protected against writing" },
	{ 0x2103, "cannot be registered" },
	{ 0x2105, "program to write is missing" },
	{ 0x2106, "file to write is missing" },
	{ 0x2107, "file exists already" },
	{ 0x2108, "cannot be changed" },
	{ 0x2201, "not possible during execution" },
	{ 0x2202, "not possible while running" },
	{ 0x2203, "not possible in PROGRAM mode" },
	{ 0x2204, "not possible in DEBUG mode" },
	{ 0x2205, "not possible in MONITOR mode" },
	{ 0x2206, "not possible in RUN mode" },
	{ 0x2207, "node is not the polling node" },
	{ 0x2208, "step cannot be executed" },
	{ 0x220f, "service is being executed" },
	{ 0x2211, "unit is too busy" },
	{ 0x2230, "connected to this node already" },
	{ 0x2231, "connection is not a client" },
	{ 0x2232, "another change is under way" },
	{ 0x2301, "no such file device" },
	{ 0x2302, "no memory" },
	{ 0x2303, "no clock" },
	{ 0x2401, "no data link table" },
	{ 0x2502, "memory contents error" },
	{ 0x2503, "I/O setting error" },
	{ 0x2504, "too many I/O points" },
	{ 0x2505, "CPU bus error" },
	{ 0x2506, "I/O number is used twice" },
	{ 0x2507, "I/O bus error" },
	{ 0x2509, "SYSMAC BUS/2 error" },
	{ 0x250a, "CPU bus unit error" },
	{ 0x250d, "SYSMAC BUS word is used twice" },
	{ 0x250f, "memory error" },
	{ 0x2510, "SYSMAC BUS terminator is missing" },
	{ 0x2601, "area is not protected" },
	{ 0x2602, "wrong password" },
	{ 0x2604, "area is protected" },
	{ 0x2605, "service is executed already" },
	{ 0x2606, "service is stopped" },
	{ 0x2607, "no right to execute" },
	{ 0x2608, "settings are incomplete" },
	{ 0x2609, "a necessary item is not set" },
	{ 0x260a, "number is defined already" },
	{ 0x260b, "error cannot be cleared" },
	{ 0x3001, "somebody else has the access right" },
	{ 0x4001, "service was aborted" },
};

static const struct name tcp_errors[] = {
	{ 0x00, "normal" },
	{ 0x01, "header is not FINS" },
	{ 0x02, "data too long" },
	{ 0x03, "command not supported" },
	{ 0x20, "all connections are in use" },
	{ 0x21, "node is connected already" },
	{ 0x22, "node is protected against this address" },
	{ 0x23, "client node address out of range" },
	{ 0x24, "client and server have the same node address" },
	{ 0x25, "no node address is left" },
};

static int by_code(const void *a, const void *b)
{
	return (int)((const struct name *)a)->code - (int)((const struct name *)b)->code;
}

static const char *find(const struct name *names, size_t count, uint32_t code)
{
	const struct name key = { .code = (uint16_t)code };
	const struct name *n =
		code > UINT16_MAX ? NULL : bsearch(&key, names, count, sizeof names[0], by_code);
	return n ? n->name : NULL;
}

const char *fins_end_name(uint16_t code)
{
	return find(end_codes, sizeof end_codes / sizeof end_codes[0], code);
}

const char *fins_tcp_error_name(uint32_t code)
{
	return find(tcp_errors, sizeof tcp_errors / sizeof tcp_errors[0], code);
}
