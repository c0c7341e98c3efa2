/* Somebody looks around: addresses, ports, controllers, functions.  The limits are those operators
 * of other sensors live with (50 addresses, 25 ports, 10 controllers in two minutes, 40 ARP
 * questions in six), lower where an OT network makes less noise by itself. */
#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "sense/detect.h"

enum { UDP = 17, EPHEMERAL = 32768 };

static uint64_t address_value(const struct ip *a)
{
	uint64_t high, low;
	memcpy(&high, a->b, 8);
	memcpy(&low, a->b + 8, 8);
	return high * 31 + low;
}

/* Different things tried, less those that answered: a station that polls forty controllers is none
 * who looks around. */
struct tries {
	struct distinct things;
	uint32_t answered;
	bool told; /* once in a window is enough */
};

static bool tried(
	struct tries *t, const struct event *ev, const struct limit *limit, uint64_t thing)
{
	if (ev->kind == EVENT_ANSWER) {
		t->answered++;
		return false;
	}
	bool fresh = distinct_add(&t->things, ev->at_ns, limit->seconds, thing);
	if (fresh && t->things.count == 1) {
		t->answered = 0;
		t->told = false;
	}
	if (!fresh || t->told || t->things.count < limit->count + t->answered)
		return false;
	t->told = true;
	return true;
}

static bool knocks(const struct event *ev)
{
	return ev->port && !ip_is_multicast(&ev->to);
}

static bool many_addresses(void *memory, const struct event *ev, struct detected *out)
{
	return knocks(ev) && tried(memory, ev, out->limit, address_value(&ev->to));
}

static bool many_questions(void *memory, const struct event *ev, struct detected *out)
{
	const struct value *v = fact_value(ev->fact, "arp.dst.proto_ipv4");
	uint32_t target = 0;
	if (!v || v->type != VALUE_IP || v->size != sizeof target)
		return false;
	memcpy(&target, v->bytes, sizeof target);
	return tried(memory, ev, out->limit, target);
}

/* A datagram to a high port from a lower one is an answer whose question the capture missed. */
static bool many_ports(void *memory, const struct event *ev, struct detected *out)
{
	bool answer = ev->kind == EVENT_FLOW && ev->transport == UDP && ev->port >= EPHEMERAL;
	return knocks(ev) && !answer &&
		tried(memory, ev, out->limit, (uint64_t)ev->transport << 16 | ev->port);
}

/* Ports controllers are programmed through; of one who only knocks, the port is all there is. */
static const uint16_t controller_ports[] = { 102, 502, 1911, 2222, 2404, 4840, 9600, 18245, 20000,
	34964, 44818, 47808, 48898, 5006, 5007 };

static bool many_controllers(void *memory, const struct event *ev, struct detected *out)
{
	bool controller = false;
	for (size_t i = 0; i < COUNT_OF(controller_ports); i++)
		controller |= controller_ports[i] == ev->port;
	return controller && knocks(ev) && tried(memory, ev, out->limit, address_value(&ev->to));
}

/* The field that names a function, by protocol. */
static const struct function_row {
	const char *protocol, *field;
} functions[] = {
	{ "modbus", "modbus.function" },
	{ "cip", "cip.service" },
	{ "s7comm", "s7comm.func" },
	{ "dnp3", "dnp3.al.func" },
};

/* A busy engineering station uses many functions too, but it uses those that are there. */
static bool many_functions(void *memory, const struct event *ev, struct detected *out)
{
	const struct fact *f = ev->fact;
	const struct value *v = NULL;
	for (size_t i = 0; i < COUNT_OF(functions) && !v; i++)
		if (strcmp(functions[i].protocol, f->protocol) == 0)
			v = fact_value(f, functions[i].field);
	if (!v || !tried(memory, ev, out->limit, v->u & 0x7f))
		return false;
	snprintf(out->detail, sizeof out->detail, "%s", f->protocol);
	return true;
}

#define LOOKING .engine = ENGINE_ANOMALY, .severity = SEVERITY_MAJOR
#define TRIES   .memory = sizeof(struct tries), .keys_max = 1024

const struct detection detect_scan[] = {
	{
		.row = { .id = "net.address-scan",
			.class = "scan-address",
			LOOKING,
			.title = "One host tried many addresses",
			.technique = "T0846",
			.next = "Find the host. If it is no scanner of yours, take it off the network." },
		.text = "{a} tried {n} or more addresses within {within}.",
		.events = EVENT_FLOW | EVENT_ANSWER,
		.opened = true,
		.key = KEY_CLIENT,
		.limit = { 30, 120 },
		TRIES,
		.see = many_addresses,
	},
	{
		.row = { .id = "net.arp-scan",
			.class = "scan-address",
			LOOKING,
			.title = "One host asked for many addresses",
			.technique = "T0846",
			.next = "Find the host. If it is no scanner or router of yours, take it off the network." },
		.text = "{a} asked by ARP for {n} or more addresses within {within}.",
		.events = EVENT_FACT,
		.labels = { "arp" },
		.dirs = 1u << DIR_REQUEST,
		.key = KEY_SENDER,
		.limit = { 40, 360 },
		TRIES,
		.see = many_questions,
	},
	{
		.row = { .id = "net.port-scan",
			.class = "scan-port",
			LOOKING,
			.title = "One host tried many ports of another",
			.technique = "T0846",
			.next = "Find the host. If it is no scanner of yours, take it off the network; see what "
				"answered." },
		.text = "{a} tried {n} or more ports of {b} within {within}.",
		.events = EVENT_FLOW | EVENT_ANSWER,
		.opened = true,
		.key = KEY_PAIR,
		.limit = { 25, 120 },
		TRIES,
		.see = many_ports,
	},
	{
		.row = { .id = "ot.controller-scan",
			.class = "scan-controller",
			LOOKING,
			.title = "One host looked for controllers",
			.technique = "T0846",
			.next = "Find the host. Controllers are polled by known stations only." },
		.text = "{a} tried the controller ports of {n} or more addresses within {within}.",
		.events = EVENT_FLOW | EVENT_ANSWER,
		.opened = true,
		.key = KEY_CLIENT,
		.limit = { 10, 120 },
		TRIES,
		.see = many_controllers,
	},
	{
		.row = { .id = "ot.function-scan",
			.class = "scan-function",
			LOOKING,
			.title = "One host tried functions that a controller does not have",
			.technique = "T0888",
			.next = "Find the host. Stations use a few functions; a sweep is a scanner or a fuzzer." },
		.text = "{a} tried {n} or more {detail} functions that {b} does not have within {within}.",
		.events = EVENT_FACT,
		.ot = true,
		.odd = true,
		.key = KEY_PAIR,
		.limit = { 10, 120 },
		TRIES,
		.see = many_functions,
	},
	{ .row = { .id = NULL } },
};
