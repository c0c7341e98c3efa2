/* The links to PLC 1 (Modbus), PLC 2 (S7) and the flow computer (EtherNet/IP). */
#include <errno.h>
#include <modbus/modbus.h>

#include "cip.h"
#include "s7.h"
#include "scada.h"

enum { RETRY_MS = 800 };

static bool modbus_poll(modbus_t *m, struct view *v, unsigned turn)
{
	uint16_t measures[PLC1_MEASURES], settings[PLC1_SETTINGS];
	uint8_t bits[PLC1_INPUTS];
	if (modbus_read_input_registers(m, 0, PLC1_MEASURES, measures) < 0)
		return false;
	v->level_m = measures[MEASURE_LEVEL_MM] / 1000.0;
	v->inflow = measures[MEASURE_INFLOW] / 10.0;
	v->speed_1 = measures[MEASURE_SPEED_1] / 10.0;
	v->speed_2 = measures[MEASURE_SPEED_2] / 10.0;
	v->valve = measures[MEASURE_VALVE] / 10.0;
	v->temperature = measures[MEASURE_TEMPERATURE] / 10.0;
	v->answers[LINK_MODBUS]++;
	if (turn % 2 == 0) {
		if (modbus_read_input_bits(m, 0, 5, bits) < 0)
			return false;
		v->runs_1 = bits[INPUT_RUNS_1];
		v->runs_2 = bits[INPUT_RUNS_2];
		v->overflow = bits[INPUT_OVERFLOW];
	}
	if (turn % 5 == 0) {
		if (modbus_read_registers(m, 0, PLC1_SETTINGS, settings) < 0 ||
			modbus_read_bits(m, 0, 5, bits) < 0)
			return false;
		v->start_m = settings[SET_START_MM] / 1000.0;
		v->stop_m = settings[SET_STOP_MM] / 1000.0;
	}
	return true;
}

/* Cheap power at night fills the tank, the day is for holding it. */
static bool modbus_shift(modbus_t *m, const struct works *w, const struct shift *s)
{
	static const uint16_t night[] = { 3600, 5000 }, day[] = { 3000, 4500 };
	if (shift_due(s, w, 6) && modbus_write_registers(m, SET_START_MM, 2, day) < 0)
		return false;
	if (shift_due(s, w, 8.5) && modbus_write_register(m, SET_SPEED_1, 930) < 0)
		return false;
	if (shift_due(s, w, 13) && modbus_write_bit(m, COIL_ACKNOWLEDGE, 1) < 0)
		return false;
	if (shift_due(s, w, 15) && modbus_write_register(m, SET_SPEED_1, 900) < 0)
		return false;
	return !shift_due(s, w, 22) || modbus_write_registers(m, SET_START_MM, 2, night) >= 0;
}

void link_modbus(void)
{
	struct works *w = works_map();
	struct shift shift = { 0 };
	for (;;) {
		modbus_t *m = modbus_new_tcp(ADDRESS_PLC1, 502);
		if (!m)
			die("modbus: no memory");
		modbus_set_slave(m, 1);
		bool open = modbus_connect(m) == 0;
		for (unsigned turn = 0; open; turn++) {
			open = modbus_poll(m, &w->view, turn) && modbus_shift(m, w, &shift);
			shift_looked(&shift, w);
			nap_ms(400);
		}
		modbus_close(m);
		modbus_free(m);
		nap_ms(RETRY_MS);
	}
}

static double real(const uint8_t *block, unsigned offset)
{
	struct cur c = cur_of(block + offset, 4);
	return cur_float_of(cur_be32(&c));
}

static bool s7_shift(struct s7_link *link, const struct works *w, const struct shift *s)
{
	static const struct {
		double hour;
		unsigned offset;
		double value;
	} book[] = {
		{ 6.0, DB_PRESSURE_SET, 4.4 },
		{ 9.5, DB_PRESSURE_SET, 4.1 },
		{ 11.0, DB_CHLORINE_SET, 0.48 },
		{ 17.0, DB_PRESSURE_SET, 4.4 },
		{ 22.5, DB_PRESSURE_SET, 3.6 },
	};
	for (size_t i = 0; i < COUNT_OF(book); i++)
		if (shift_due(s, w, book[i].hour) &&
			!s7_write_real(link, 1, book[i].offset, book[i].value))
			return false;
	return true;
}

void link_s7(void)
{
	struct works *w = works_map();
	struct view *v = &w->view;
	struct shift shift = { 0 };
	for (;;) {
		struct s7_link link;
		uint8_t block[PLC2_DB_SIZE];
		if (s7_open(&link, ADDRESS_PLC2)) {
			while (s7_read(&link, 1, DB_STATE / 4, block) &&
				s7_shift(&link, w, &shift)) {
				v->pressure = real(block, DB_PRESSURE);
				v->turbidity = real(block, DB_TURBIDITY);
				v->chlorine = real(block, DB_CHLORINE);
				v->booster = real(block, DB_SPEED);
				v->pressure_set = real(block, DB_PRESSURE_SET);
				v->booster_runs = block[DB_STATE] & 1;
				v->answers[LINK_S7]++;
				shift_looked(&shift, w);
				nap_ms(500);
			}
			s7_close(&link);
		}
		nap_ms(RETRY_MS);
	}
}

static bool cip_poll(struct cip_link *link, struct view *v, unsigned turn)
{
	static const char *const drive[] = { "Booster_Hz", "Booster_Amps", "Flow_Limit" };
	double many[COUNT_OF(drive)];
	if (!cip_read(link, "Flow_Out", &v->outflow))
		return false;
	v->answers[LINK_CIP]++;
	if (turn % 2 == 0) {
		if (!cip_read_many(link, drive, COUNT_OF(drive), many))
			return false;
		v->booster_hz = many[0];
		v->booster_amps = many[1];
	}
	return turn % 4 != 0 || cip_read(link, "Flow_Total", &v->total_m3);
}

void link_cip(void)
{
	struct works *w = works_map();
	struct shift shift = { 0 };
	for (;;) {
		struct cip_link link;
		bool open = cip_open(&link, ADDRESS_FLOW) && cip_identity(&link);
		for (unsigned turn = 0; open; turn++) {
			open = cip_poll(&link, &w->view, turn);
			if (open && shift_due(&shift, w, 6.5))
				open = cip_write(&link, "Flow_Limit", 95);
			if (open && shift_due(&shift, w, 23))
				open = cip_write(&link, "Flow_Limit", 60);
			shift_looked(&shift, w);
			nap_ms(700);
		}
		cip_close(&link);
		nap_ms(RETRY_MS);
	}
}
