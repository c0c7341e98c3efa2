/* The link to the well: a DNP3 master.  After a restart of the outstation it clears the restart
 * flag and sets the clock, then asks for everything once, and for events from then on. */
#include <unistd.h>

#include "dnp3.h"
#include "dnp3_master.h"
#include "scada.h"

enum { RETRY_MS = 1500, POLL_MS = 900, INTEGRITY_EVERY = 12 };

static void take_analog(struct view *v, unsigned index, double value)
{
	double *const place[RTU_ANALOGS] = { &v->well_level, &v->well_flow, &v->well_current,
		&v->well_head, &v->battery };
	if (index < RTU_ANALOGS)
		*place[index] = value;
}

/* Reads just the objects this outstation sends. */
static void take_objects(struct view *v, struct cur c)
{
	while (c.left >= 3) {
		unsigned group = cur_u8(&c), variation = cur_u8(&c), qualifier = cur_u8(&c);
		unsigned first = 0, count;
		bool prefixed = qualifier == 0x17;
		if (prefixed) {
			count = cur_u8(&c);
		} else {
			first = cur_u8(&c);
			count = cur_u8(&c) - first + 1;
		}
		for (unsigned i = 0; i < count && cur_ok(&c); i++) {
			unsigned index = prefixed ? cur_u8(&c) : first + i, flags = cur_u8(&c);
			if (group == 30 || group == 32)
				take_analog(v, index, cur_float_of(cur_le32(&c)));
			else if (group == 20)
				cur_skip(&c, 4);
			else if ((group == 1 || group == 2) && index == RTU_RUNS)
				v->well_runs = flags & 0x80;
			if ((group == 2 && variation == 2) || (group == 32 && variation == 7))
				cur_skip(&c, 6);
		}
	}
}

static bool ask(struct dnp3_link *link, struct view *v, const struct made *m)
{
	struct dnp3_app answer;
	if (!dnp3_ask(link, m, &answer))
		return false;
	take_objects(v, answer.objects);
	v->answers[LINK_DNP3]++;
	if (answer.indications & DNP3_RESTARTED) {
		struct made clear = dnp3_request(link, DNP3_WRITE);
		dnp3_object(&clear, 80, 1, 0x00);
		made_bytes(&clear, "\7\7\0", 3);
		if (!dnp3_ask(link, &clear, &answer))
			return false;
	}
	if (answer.indications & DNP3_NEED_TIME) {
		struct made clock = dnp3_request(link, DNP3_WRITE);
		dnp3_object(&clock, 50, 1, 0x07);
		made_u8(&clock, 1);
		made_le48(&clock, (uint64_t)now_ms());
		return dnp3_ask(link, &clock, &answer);
	}
	return true;
}

static bool poll_classes(struct dnp3_link *link, struct view *v, bool everything)
{
	struct made m = dnp3_request(link, DNP3_READ);
	for (unsigned variation = 2; variation <= 4; variation++)
		dnp3_object(&m, 60, variation, 0x06);
	if (everything)
		dnp3_object(&m, 60, 1, 0x06);
	return ask(link, v, &m);
}

static bool work_shift(struct dnp3_link *link, const struct works *w, const struct shift *s)
{
	static const struct {
		double hour;
		bool on;
	} book[] = { { 6.2, true }, { 10, false }, { 16.5, true }, { 21, false } };
	for (size_t i = 0; i < COUNT_OF(book); i++) {
		if (!shift_due(s, w, book[i].hour))
			continue;
		if (!dnp3_relay(link, DNP3_SELECT, book[i].on) ||
			!dnp3_relay(link, DNP3_OPERATE, book[i].on))
			return false;
	}
	return true;
}

void link_dnp3(void)
{
	struct works *w = works_map();
	struct shift shift = { 0 };
	for (;;) {
		struct dnp3_link link;
		bool open = dnp3_open(&link, ADDRESS_RTU);
		for (unsigned turn = 0; open; turn++) {
			open = poll_classes(&link, &w->view, turn % INTEGRITY_EVERY == 0) &&
				work_shift(&link, w, &shift);
			if (open && turn % INTEGRITY_EVERY == 6)
				open = dnp3_alive(&link);
			shift_looked(&shift, w);
			nap_ms(POLL_MS);
		}
		dnp3_close(&link);
		nap_ms(RETRY_MS);
	}
}
