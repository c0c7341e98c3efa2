/* The SCADA server: polls the controllers, carries out the operator's shift book, and lays what it
 * knows into the folder its web server shows.  The historian fetches it from there. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "host.h"
#include "roles.h"
#include "scada.h"

bool shift_due(const struct shift *s, const struct works *w, double hour)
{
	double today = floor(w->time_s / WORKS_DAY_S) * WORKS_DAY_S + hour * 3600;
	return s->looked_s > 0 && s->looked_s < today && today <= w->time_s;
}

void shift_looked(struct shift *s, const struct works *w)
{
	s->looked_s = w->time_s;
}

static void write_values(const struct works *w, const char *folder)
{
	char path[256], fresh[280];
	const struct view *v = &w->view;
	snprintf(path, sizeof path, "%s/values.json", folder);
	snprintf(fresh, sizeof fresh, "%s.new", path);
	FILE *f = fopen(fresh, "w");
	if (!f)
		die("cannot write '%s'", fresh);
	fprintf(f, "{\"plant_time\":\"%02d:%02d\",", (int)works_hour(w),
		(int)(fmod(works_hour(w), 1) * 60));
	fprintf(f, "\"tank_level_m\":%.3f,\"inflow_m3h\":%.1f,\"outflow_m3h\":%.2f,", v->level_m,
		v->inflow, v->outflow);
	fprintf(f, "\"pressure_bar\":%.2f,\"chlorine_mgl\":%.3f,\"turbidity_ntu\":%.3f,",
		v->pressure, v->chlorine, v->turbidity);
	fprintf(f, "\"pump_1\":%s,\"pump_2\":%s,\"well_pump\":%s,\"overflow\":%s,",
		v->runs_1 ? "true" : "false", v->runs_2 ? "true" : "false",
		v->well_runs ? "true" : "false", v->overflow ? "true" : "false");
	fprintf(f, "\"well_level_m\":%.2f,\"total_m3\":%.0f}\n", v->well_level, v->total_m3);
	fclose(f);
	rename(fresh, path);
}

/* After the play: whether every link has heard its controller often enough to be one. */
int role_check(int argc, char **argv)
{
	(void)argc, (void)argv;
	static const char *const names[LINKS] = { "Modbus", "S7", "DNP3", "CIP" };
	const struct works *w = works_map();
	for (int i = 0; i < LINKS; i++)
		if (w->view.answers[i] < 40)
			die("check: only %u answers over %s", w->view.answers[i], names[i]);
	return 0;
}

int role_scada(int argc, char **argv)
{
	if (argc < 2)
		die("scada: which folder does the web server show?");
	const struct works *w = works_map();
	beside(link_modbus);
	beside(link_s7);
	beside(link_dnp3);
	beside(link_cip);
	for (;;) {
		write_values(w, argv[1]);
		nap_ms(500);
	}
}
