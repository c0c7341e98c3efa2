/* Physics of the water works.
 *
 * River intake (two pumps) and a well (one pump) fill a tank; a booster presses the water through a
 * valve into the town.  Pumps follow their curve, head = shut-off head * speed^2 - drop * flow^2;
 * the town takes water by the hour of the day and by the pressure it gets. */
#include <math.h>

#include "host.h"
#include "roles.h"
#include "works.h"

#define TANK_AREA_M2 110.0
#define STEP_MS      20
#define STEP_S       (STEP_MS / 1000.0 * WORKS_DAY_S / WORKS_DAY_REAL_S)

#define BAR_PER_M 0.0981

double works_hour(const struct works *w)
{
	return fmod(w->time_s, WORKS_DAY_S) / 3600.0;
}

static double toward(double now, double wanted, double most)
{
	if (wanted > now + most)
		return now + most;
	return wanted < now - most ? now - most : wanted;
}

/* Where the pump's curve meets the pipe's: shut_off * speed^2 - lift = drop * flow^2. */
static double pump_flow(double speed, double shut_off_m, double lift_m, double drop)
{
	double head = shut_off_m * speed * speed - lift_m;
	return head > 0 ? sqrt(head / drop) : 0;
}

static double bump(double hour, double at, double width)
{
	double far = (hour - at) / width;
	return exp(-far * far);
}

/* How far the town has its taps open: little at night, much at breakfast and in the evening. */
static double town_taps(double hour)
{
	static double weather;
	weather = 0.995 * weather + noise(0.004);
	return 0.42 + 0.72 * bump(hour, 7.3, 1.6) + 0.25 * bump(hour, 12.5, 1.5) +
		0.85 * bump(hour, 19.2, 2.1) + weather;
}

static void intake(struct works *w)
{
	double flow = 0;
	for (int i = 0; i < 2; i++) {
		w->speed[i] = toward(w->speed[i], w->pump_order[i], 0.08);
		double one = pump_flow(w->speed[i], 48, 22 + w->level_m, 0.008);
		w->current[i] =
			w->speed[i] > 0.05 ? 4.2 + 17 * pow(w->speed[i], 3) + 0.06 * one : 0;
		flow += one;
	}
	w->inflow = flow;
}

static void well(struct works *w)
{
	static double speed;
	speed = toward(speed, w->well_order, 0.05);
	double depth = 14 - w->well_level;
	w->well_flow = pump_flow(speed, 60, 30 + depth + w->level_m, 0.09);
	w->well_head = BAR_PER_M * (speed > 0 ? 60 * speed * speed - depth : 0);
	w->well_current = speed > 0.05 ? 2.1 + 6.5 * speed : 0;
	/* The ground gives water back slowly: drawdown while pumping, recovery after. */
	w->well_level += STEP_S / 3600 * (0.55 * (11.5 - w->well_level) - 0.12 * w->well_flow);
	w->battery = 13.6 + 0.25 * sin(w->time_s / 14000);
}

static void town(struct works *w)
{
	w->booster_speed = toward(w->booster_speed, w->booster_order, 0.03);
	w->valve = toward(w->valve, w->valve_order, 0.02);
	double s = w->booster_speed;
	double head = w->level_m + fmax(0, 62 * s * s - 0.004 * w->outflow * w->outflow);
	if (w->level_m < 0.2)
		head = 0; /* draws air */
	w->pressure += 0.25 * (BAR_PER_M * head - w->pressure);
	double wanted = 28 * town_taps(works_hour(w)) * w->valve * sqrt(fmax(0, w->pressure));
	w->outflow += 0.25 * (wanted - w->outflow);
	w->booster_amps = s > 0.05 ? 3.5 + 24 * s * s * s + 0.09 * w->outflow : 0;
	w->total_m3 += w->outflow * STEP_S / 3600;
}

static void tank(struct works *w)
{
	w->level_m += (w->inflow + w->well_flow - w->outflow) * STEP_S / 3600 / TANK_AREA_M2;
	w->spill = 0;
	if (w->level_m > WORKS_TANK_TOP_M) {
		w->spill = (w->level_m - WORKS_TANK_TOP_M) * TANK_AREA_M2 * 3600 / STEP_S;
		w->level_m = WORKS_TANK_TOP_M;
	}
	w->level_m = fmax(0, w->level_m);
	double hours = STEP_S / 3600;
	w->temperature = 11.2 + 1.4 * sin((works_hour(w) - 9) / 24 * 6.283);
	w->turbidity += hours * (0.7 * (0.22 + 0.004 * w->inflow - w->turbidity)) + noise(0.002);
	w->chlorine += hours * (1.1 * (0.62 * w->dosing_order - w->chlorine)) + noise(0.001);
}

int role_physics(int argc, char **argv)
{
	(void)argc, (void)argv;
	struct works *w = works_map();
	w->time_s = 5.0 * 3600;
	w->level_m = 3.6;
	w->well_level = 11.2;
	w->valve = w->valve_order = 0.92;
	w->booster_speed = w->booster_order = 0.86;
	w->pressure = 4.1;
	w->outflow = 20;
	w->turbidity = 0.31;
	w->chlorine = 0.44;
	w->total_m3 = 418233;
	for (;;) {
		intake(w);
		well(w);
		town(w);
		tank(w);
		w->time_s += STEP_S;
		nap_ms(STEP_MS);
	}
}
