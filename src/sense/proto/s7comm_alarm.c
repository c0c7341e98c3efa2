/* S7comm alarms: what blocks and the system report, and what a panel does with it. */
#include "sense/proto/s7comm.h"

enum { SYNTAX_NOTIFY = 0x1c };

static const struct field field_alarm_function = { "s7comm.alarm.function", U8, 0, 0 };
static const struct field field_alarm_objects = { "s7comm.alarm.objects", U8, 0, 0 };
static const struct field field_alarm_values = { "s7comm.alarm.values", U8, 0, 0 };
static const struct field field_alarm_event = { "s7comm.alarm.event", BE32, 0, 0 };
static const struct field field_alarm_state = { "s7comm.alarm.event_state", U8, 0, 0 };
static const struct field field_alarm_state2 = { "s7comm.alarm.state", U8, 0, 0 };
static const struct field field_ack_going = { "s7comm.alarm.acknowledged_going", U8, 0, 0 };
static const struct field field_ack_coming = { "s7comm.alarm.acknowledged_coming", U8, 0, 0 };
static const struct field alarm_changes[] = {
	{ "s7comm.alarm.event_going", U8, 0, 0 },
	{ "s7comm.alarm.event_coming", U8, 0, 0 },
	{ "s7comm.alarm.last_changed", U8, 0, 0 },
	{ "", SKIP, 1, 0 },
	{ 0 },
};
static const struct field field_query_type = { "s7comm.alarm.query_type", U8, 0, 0 };
static const struct field field_query_alarm = { "s7comm.alarm.query_alarm", BE32, 0, 0 };
static const struct field field_query_length = { "s7comm.alarm.query_length", BE16, 0, 0 };

/* Values that came with an alarm: return code, transport size, length, bytes. */
static void read_alarm_values(struct scene *s, struct cur *c, unsigned count)
{
	s7_read_values(s, c, count, NULL, true);
}

/* Which of the words of an alarm a function has. */
struct alarm_form {
	bool stamped, states, acknowledged;
};

static struct alarm_form alarm_form(uint8_t function)
{
	switch (function) {
	case S7_CPU_ALARM_8:
	case S7_CPU_NOTIFY:
	case S7_CPU_SCAN:
	case S7_CPU_ALARM_SQ:
	case S7_CPU_ALARM_S:
	case S7_CPU_NOTIFY_8:
		return (struct alarm_form){ true, true, true };
	case S7_CPU_ACKNOWLEDGED:
		return (struct alarm_form){ true, false, true };
	case S7_CPU_ACKNOWLEDGE:
		return (struct alarm_form){ false, false, true };
	default: /* lock and unlock name the event alone */
		return (struct alarm_form){ 0 };
	}
}

/* An address-like head (12, length, syntax), its number of values, the event and its states. */
static void read_alarm_object(struct scene *s, struct cur *c, const struct alarm_form *form)
{
	fact_uint(s, &s7_item_specification, cur_u8(c));
	fact_uint(s, &s7_item_specification_length, cur_u8(c));
	uint8_t syntax = cur_u8(c);
	fact_uint(s, &s7_item_syntax, syntax);
	uint8_t values = cur_u8(c);
	fact_uint(s, &field_alarm_values, values);
	fact_uint(s, &field_alarm_event, cur_be32(c));
	if (form->states) {
		fact_uint(s, &field_alarm_state, cur_u8(c));
		fact_uint(s, &field_alarm_state2, cur_u8(c));
	}
	if (form->acknowledged) {
		fact_uint(s, &field_ack_going, cur_u8(c));
		fact_uint(s, &field_ack_coming, cur_u8(c));
	}
	if (syntax == SYNTAX_NOTIFY)
		walk(s, c, alarm_changes);
	if (form->states && values > 0)
		read_alarm_values(s, c, values);
}

/* Indications begin with the time of the event; then objects. */
void s7_read_alarm(struct scene *s, const struct s7_userdata *u, struct cur *c)
{
	struct alarm_form form = alarm_form(u->function);
	bool scan = u->function == S7_CPU_SCAN; /* two words around the time that nobody explains */
	if (c->left < 2)
		return;
	if (form.stamped && c->left >= (scan ? 12 : 8)) {
		cur_skip(c, scan ? 2 : 0);
		s7_add_clock(s, c);
		cur_skip(c, scan ? 2 : 0);
	}
	fact_uint(s, &field_alarm_function, cur_u8(c));
	uint8_t objects = cur_u8(c);
	fact_uint(s, &field_alarm_objects, objects);
	if (u->type == S7_RESPONSE) {
		s7_read_codes(s, c, objects);
		return;
	}
	for (unsigned i = 0; i < objects && c->left >= 8; i++)
		read_alarm_object(s, c, &form);
}

void s7_read_alarm_query(struct scene *s, const struct s7_userdata *u, struct cur *c)
{
	if (c->left < 2)
		return;
	fact_uint(s, &field_alarm_function, cur_u8(c));
	uint8_t objects = cur_u8(c);
	fact_uint(s, &field_alarm_objects, objects);
	if (u->type == S7_RESPONSE) {
		if (c->left < 4)
			return;
		fact_uint(s, &s7_return_code, cur_u8(c));
		fact_uint(s, &s7_transport_size, cur_u8(c));
		fact_uint(s, &field_query_length, cur_be16(c));
		return;
	}
	for (unsigned i = 0; i < objects && c->left >= 10; i++) {
		fact_uint(s, &s7_item_specification, cur_u8(c));
		fact_uint(s, &s7_item_specification_length, cur_u8(c));
		fact_uint(s, &s7_item_syntax, cur_u8(c));
		cur_skip(c, 1);
		fact_uint(s, &field_query_type, cur_u8(c));
		cur_skip(c, 1);
		fact_uint(s, &field_query_alarm, cur_be32(c));
	}
}
