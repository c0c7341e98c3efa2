/* The remote terminal unit at the well: a DNP3 outstation, and a telnet door that should be shut.
 *
 * Static data answers class 0, changes become events of class 1 (binary) and 2 (analog); the pump
 * is a control relay with select before operate.  A cold restart takes it off the network for a
 * while. */
#include <math.h>
#include <poll.h>
#include <unistd.h>

#include "dnp3.h"
#include "roles.h"
#include "works.h"

enum { EVENTS_MAX = 12, DOWN_MS = 3000, OUTPUTS = 2, TELNET_PORT = 23 };

static struct works *works;

struct event {
	bool analog;
	uint8_t index;
	double value;
	int64_t at_ms;
};

/* One master's link. */
struct session {
	int fd;
	uint8_t transport;
	double told[RTU_ANALOGS]; /* the value of the last event, against its dead band */
	bool state[RTU_BINARIES];
	struct event events[EVENTS_MAX];
	size_t event_count;
	int64_t selected_ms; /* the pump's relay, or 0 */
};

static double analog(unsigned index)
{
	switch (index) {
	case RTU_LEVEL:
		return works->well_level + noise(0.01);
	case RTU_FLOW:
		return works->well_flow > 0.1 ? works->well_flow + noise(0.08) : 0;
	case RTU_CURRENT:
		return works->well_current > 0 ? works->well_current + noise(0.05) : 0;
	case RTU_HEAD:
		return works->well_head;
	default:
		return works->battery + noise(0.02);
	}
}

static bool binary(unsigned index)
{
	switch (index) {
	case RTU_RUNS:
		return works->well_flow > 0.1;
	case RTU_DRY:
		return works->well_level < 6;
	default:
		return index == RTU_MAINS;
	}
}

static void push(struct session *s, struct event event)
{
	if (s->event_count == EVENTS_MAX) { /* the oldest is forgotten */
		s->event_count--;
		memmove(s->events, s->events + 1, s->event_count * sizeof *s->events);
	}
	event.at_ms = now_ms();
	s->events[s->event_count++] = event;
}

static void look_for_changes(struct session *s)
{
	static const double band[RTU_ANALOGS] = { 0.15, 0.8, 0.6, 0.5, 0.15 };
	for (uint8_t i = 0; i < RTU_ANALOGS; i++) {
		double value = analog(i);
		if (fabs(value - s->told[i]) < band[i])
			continue;
		s->told[i] = value;
		push(s, (struct event){ .analog = true, .index = i, .value = value });
	}
	for (uint8_t i = 0; i < RTU_BINARIES; i++) {
		if (binary(i) == s->state[i])
			continue;
		s->state[i] = binary(i);
		push(s, (struct event){ .index = i, .value = s->state[i] });
	}
}

static unsigned indications(const struct session *s)
{
	unsigned iin = (works->rtu.restarted ? DNP3_RESTARTED : 0u) |
		(works->rtu.clock_set ? 0u : (unsigned)DNP3_NEED_TIME);
	for (size_t i = 0; i < s->event_count; i++)
		iin |= s->events[i].analog ? DNP3_CLASS_2 : DNP3_CLASS_1;
	return iin;
}

static struct made start_response(struct session *s, const struct dnp3_app *request, bool confirm)
{
	struct made m = dnp3_start(
		s->transport++, (uint8_t)(0xc0 | confirm << 5 | request->sequence), DNP3_RESPONSE);
	made_be16(&m, indications(s));
	return m;
}

static bool respond(struct session *s, const struct made *m)
{
	return dnp3_send(
		s->fd, DNP3_LINK_PRIMARY | DNP3_LINK_USER_DATA, DNP3_MASTER, DNP3_OUTSTATION, m);
}

static void make_range(struct made *m, unsigned group, unsigned variation, unsigned count)
{
	dnp3_object(m, group, variation, 0x00); /* start and stop, one octet each */
	made_u8(m, 0);
	made_u8(m, count - 1);
}

static void make_static(struct made *m)
{
	make_range(m, 1, 2, RTU_BINARIES);
	for (unsigned i = 0; i < RTU_BINARIES; i++)
		made_u8(m, 0x01 | (unsigned)binary(i) << 7);
	make_range(m, 10, 2, OUTPUTS);
	made_u8(m, 0x01 | (unsigned)(works->well_order > 0) << 7);
	made_u8(m, 0x81); /* remote control allowed */
	make_range(m, 20, 1, 1);
	made_u8(m, 0x01);
	made_le32(m, works->rtu.starts);
	make_range(m, 30, 5, RTU_ANALOGS);
	for (unsigned i = 0; i < RTU_ANALOGS; i++) {
		made_u8(m, 0x01);
		made_le32(m, made_float_bits(analog(i)));
	}
}

static void make_events(struct made *m, const struct session *s, bool of_analogs)
{
	unsigned count = 0;
	for (size_t i = 0; i < s->event_count; i++)
		count += s->events[i].analog == of_analogs;
	if (count == 0)
		return;
	dnp3_object(m, of_analogs ? 32 : 2, of_analogs ? 7 : 2, 0x17); /* each with its index */
	made_u8(m, count);
	for (size_t i = 0; i < s->event_count; i++) {
		const struct event *e = &s->events[i];
		if (e->analog != of_analogs)
			continue;
		made_u8(m, e->index);
		made_u8(m, e->analog ? 0x01 : 0x01 | (unsigned)(e->value > 0) << 7);
		if (e->analog)
			made_le32(m, made_float_bits(e->value));
		made_le48(m, (uint64_t)e->at_ms);
	}
}

/* Group 0: what the device says about itself, as text. */
static bool read_attributes(struct session *s, const struct dnp3_app *request)
{
	static const struct {
		uint8_t variation;
		const char *text;
	} attributes[] = {
		{ 252, "Schweitzer Engineering Laboratories" },
		{ 250, "SEL-3505" },
		{ 248, "1172340917" },
		{ 247, "WELL-7" },
		{ 242, "R149-V0" },
	};
	struct made m = start_response(s, request, false);
	struct cur c = request->objects;
	while (c.left >= 5) {
		unsigned group = cur_u8(&c), variation = cur_u8(&c);
		cur_skip(&c, 3);
		for (size_t i = 0; i < COUNT_OF(attributes) && group == 0; i++) {
			if (attributes[i].variation != variation)
				continue;
			dnp3_object(&m, 0, variation, 0x00);
			made_be16(&m, 0);
			made_u8(&m, 1); /* visible characters */
			made_u8(&m, (unsigned)strlen(attributes[i].text));
			made_text(&m, attributes[i].text);
		}
	}
	return respond(s, &m);
}

/* Class objects: 60.1 is everything as it stands, 60.2 to 60.4 the events. */
static bool read_classes(struct session *s, const struct dnp3_app *request)
{
	bool wants_static = false, wants_events = false;
	struct cur c = request->objects;
	while (c.left >= 3) {
		unsigned group = cur_u8(&c), variation = cur_u8(&c);
		cur_skip(&c, 1);
		if (group != 60)
			break;
		wants_static |= variation == 1;
		wants_events |= variation > 1;
	}
	bool confirm = wants_events && s->event_count > 0;
	size_t events = s->event_count;
	struct made m = start_response(s, request, confirm);
	if (confirm) {
		make_events(&m, s, false);
		make_events(&m, s, true);
	}
	if (wants_static)
		make_static(&m);
	if (!respond(s, &m))
		return false;
	struct dnp3_frame frame;
	struct dnp3_app answer;
	if (confirm && dnp3_receive(s->fd, &frame) && dnp3_parse(&frame, &answer) &&
		answer.function == DNP3_CONFIRM) {
		s->event_count -= events;
		memmove(s->events, s->events + events, s->event_count * sizeof *s->events);
	}
	return true;
}

static bool write_object(struct session *s, const struct dnp3_app *request)
{
	int group = cur_peek(&request->objects, 0);
	if (group == 80)
		works->rtu.restarted = false;
	else if (group == 50)
		works->rtu.clock_set = true;
	struct made m = start_response(s, request, false);
	return respond(s, &m);
}

static void switch_pump(bool on)
{
	if (on && works->well_order < 0.1)
		works->rtu.starts++;
	works->well_order = on ? 0.95 : 0;
}

/* Control relay output block, 12.1: the request comes back with a status in its last octet. */
static bool control(struct session *s, const struct dnp3_app *request)
{
	struct cur c = request->objects;
	unsigned group = cur_u8(&c), variation = cur_u8(&c), qualifier = cur_u8(&c);
	unsigned count = qualifier == 0x28 ? cur_le16(&c) : cur_u8(&c);
	unsigned index = qualifier == 0x28 ? cur_le16(&c) : cur_u8(&c), code = cur_u8(&c);
	bool ours = cur_ok(&c) && group == 12 && variation == 1 && count == 1 && index == 0 &&
		(code == 0x03 || code == 0x04 || code == 0x41 || code == 0x81);
	bool selected = s->selected_ms && now_ms() - s->selected_ms < 2000;
	unsigned status = !ours ? 4 : request->function == DNP3_OPERATE && !selected ? 2 : 0;
	if (status == 0 && request->function == DNP3_SELECT)
		s->selected_ms = now_ms();
	else
		s->selected_ms = 0;
	if (status == 0 && request->function != DNP3_SELECT)
		switch_pump(code == 0x03 || code == 0x41);
	struct made m = start_response(s, request, false);
	made_bytes(&m, request->objects.at, request->objects.left);
	if (!m.full && request->objects.left > 0)
		m.at[m.used - 1] = (uint8_t)status;
	return respond(s, &m);
}

static bool cold_restart(struct session *s, const struct dnp3_app *request)
{
	struct made m = start_response(s, request, false);
	dnp3_object(&m, 52, 2, 0x07); /* back in so many milliseconds */
	made_u8(&m, 1);
	made_le16(&m, DOWN_MS);
	respond(s, &m);
	works->rtu.down_until_ms = now_ms() + DOWN_MS;
	works->rtu.restarted = true;
	works->rtu.clock_set = false;
	works->well_order = 0;
	return false;
}

static bool refuse(struct session *s, const struct dnp3_app *request)
{
	struct made m = start_response(s, request, false);
	m.at[4] |= DNP3_NO_FUNCTION;
	return respond(s, &m);
}

static bool answer(struct session *s, const struct dnp3_frame *frame)
{
	struct dnp3_app request;
	think();
	if ((frame->control & 0x0f) == DNP3_LINK_STATUS)
		return dnp3_send(s->fd, DNP3_LINK_STATUS_IS, frame->from, frame->to, NULL);
	if (!dnp3_parse(frame, &request))
		return false;
	switch (request.function) {
	case DNP3_CONFIRM:
		return true;
	case DNP3_READ:
		return cur_peek(&request.objects, 0) == 0 ? read_attributes(s, &request)
							  : read_classes(s, &request);
	case DNP3_WRITE:
		return write_object(s, &request);
	case DNP3_SELECT:
	case DNP3_OPERATE:
	case DNP3_DIRECT_OPERATE:
		return control(s, &request);
	case DNP3_COLD_RESTART:
		return cold_restart(s, &request);
	default:
		return refuse(s, &request);
	}
}

static void serve(int fd)
{
	struct session s = { .fd = fd };
	struct dnp3_frame frame;
	for (unsigned i = 0; i < RTU_ANALOGS; i++)
		s.told[i] = analog(i);
	for (unsigned i = 0; i < RTU_BINARIES; i++)
		s.state[i] = binary(i);
	while (now_ms() >= works->rtu.down_until_ms) {
		struct pollfd wait = { .fd = fd, .events = POLLIN };
		int ready = poll(&wait, 1, 200);
		look_for_changes(&s);
		if (ready > 0 && (!dnp3_receive(fd, &frame) || !answer(&s, &frame)))
			break;
	}
	close(fd);
}

static void say(int fd, const char *text)
{
	struct made m = { 0 };
	made_text(&m, text);
	send_made(fd, &m);
}

/* One line as a person types it, echoed when it is no secret. */
static bool hear(int fd, bool echo)
{
	uint8_t byte;
	for (int i = 0; i < 80; i++) {
		if (!receive_exactly(fd, &byte, 1))
			return false;
		if (byte == 255 && !receive_exactly(fd, &(uint8_t[2]){ 0 }, 2))
			return false;
		if (byte == '\n' || byte == 0)
			return true;
		if (echo && byte < 128)
			say(fd, (char[2]){ (char)byte, 0 });
	}
	return false;
}

static void serve_terminal(int fd)
{
	static const uint8_t will_echo[] = { 255, 251, 1, 255, 251, 3 };
	struct made hello = { 0 };
	made_bytes(&hello, will_echo, sizeof will_echo);
	made_text(&hello, "\r\nSEL-3505 RTAC  WELL-7\r\nlogin: ");
	if (!send_made(fd, &hello) || !hear(fd, true))
		return;
	say(fd, "\r\nPassword: ");
	if (!hear(fd, false))
		return;
	say(fd, "\r\nWelcome to WELL-7, firmware R149-V0\r\n> ");
	while (hear(fd, true))
		say(fd, "\r\nAI 0 11.20 m  BO 0 1  uptime 1182:14\r\n> ");
	close(fd);
}

static void terminal(void)
{
	serve_tcp(TELNET_PORT, serve_terminal);
}

int role_rtu(int argc, char **argv)
{
	(void)argc, (void)argv;
	works = works_map();
	works->rtu.starts = 118;
	works->rtu.restarted = true;
	beside(terminal);
	serve_tcp(DNP3_PORT, serve);
}
