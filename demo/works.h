/* The water works: what physics knows, what the machines are told, what the controllers remember.
 *
 * One struct in a file that every host of the plant maps.  It stands for pipes, wires and the
 * memory of each controller; everything else the hosts tell each other over the network.  Each
 * double has one writer, and a reader that sees a value one step old does no harm, so nothing is
 * locked. */
#ifndef DEMO_WORKS_H
#define DEMO_WORKS_H

#include <stdbool.h>
#include <stdint.h>

#define WORKS_DAY_S      86400.0
#define WORKS_DAY_REAL_S 48.0 /* a day of the plant passes in this many seconds of ours */
#define WORKS_TANK_TOP_M 6.0

/* Modbus addresses of PLC 1, as its programmer would have listed them. */
enum plc1_coil {
	COIL_AUTO_1,
	COIL_AUTO_2,
	COIL_RUN_1,
	COIL_RUN_2,
	COIL_ACKNOWLEDGE,
	PLC1_COILS = 8
};
enum plc1_input {
	INPUT_RUNS_1,
	INPUT_RUNS_2,
	INPUT_HIGH,
	INPUT_LOW,
	INPUT_OVERFLOW,
	PLC1_INPUTS = 8
};
enum plc1_measure {
	MEASURE_LEVEL_MM,
	MEASURE_INFLOW,  /* 0.1 m3/h */
	MEASURE_SPEED_1, /* 0.1 % */
	MEASURE_SPEED_2,
	MEASURE_CURRENT_1, /* 0.1 A */
	MEASURE_CURRENT_2,
	MEASURE_VALVE,       /* 0.1 % */
	MEASURE_TEMPERATURE, /* 0.1 degrees */
	PLC1_MEASURES
};
enum plc1_setting {
	SET_START_MM,
	SET_STOP_MM,
	SET_SPEED_1,
	SET_SPEED_2,
	SET_VALVE,
	SET_HIGH_MM,
	SET_LOW_MM,
	SET_STAGE_MM, /* the second pump joins this far below the start level */
	PLC1_SETTINGS
};

/* Byte offsets in data block 1 of PLC 2, all REAL but the last. */
enum plc2_block {
	DB_PRESSURE = 0,
	DB_TURBIDITY = 4,
	DB_CHLORINE = 8,
	DB_SPEED = 12,
	DB_PRESSURE_SET = 16,
	DB_CHLORINE_SET = 20,
	DB_OUTFLOW = 24,
	DB_STATE = 28, /* bit 0 booster runs, bit 1 dosing runs, bit 2 low pressure */
	PLC2_DB_SIZE = 32
};

enum rtu_analog { RTU_LEVEL, RTU_FLOW, RTU_CURRENT, RTU_HEAD, RTU_BATTERY, RTU_ANALOGS };
enum rtu_binary { RTU_RUNS, RTU_DOOR, RTU_MAINS, RTU_DRY, RTU_BINARIES };

/* What the SCADA server has read over the network, and when each of its links last answered. */
struct view {
	double level_m, inflow, speed_1, speed_2, valve, temperature;
	double stop_m, start_m;
	double pressure, turbidity, chlorine, booster, pressure_set;
	double well_level, well_flow, well_current, well_head, battery;
	double outflow, total_m3, booster_hz, booster_amps;
	bool runs_1, runs_2, overflow, well_runs, booster_runs;
	uint32_t answers[4]; /* one counter per link */
};

struct works {
	/* Physics. */
	double time_s; /* of the plant, since midnight of its first day */
	double level_m, inflow, outflow, spill, pressure;
	double speed[2], current[2], booster_speed, booster_amps, valve, temperature;
	double well_level, well_flow, well_current, well_head, battery;
	double turbidity, chlorine, total_m3;

	/* Wires from the controllers to the machines, 0..1. */
	double pump_order[2], valve_order, booster_order, dosing_order, well_order;

	/* Memory of the controllers. */
	struct {
		uint8_t coils[PLC1_COILS], inputs[PLC1_INPUTS];
		uint16_t settings[PLC1_SETTINGS], measures[PLC1_MEASURES];
	} plc1;
	struct {
		uint8_t db[PLC2_DB_SIZE];
		bool stopped;
	} plc2;
	struct {
		bool restarted, clock_set; /* what its internal indications tell */
		int64_t down_until_ms;
		uint32_t starts;
	} rtu;
	struct {
		double flow_limit;
		int32_t batch;
	} flow;
	struct view view;
};

/* Maps the file named by the environment's PLANT_WORKS; ends the program with a sentence if not. */
struct works *works_map(void);

double works_hour(const struct works *w); /* of the plant's day, 0..24 */

#endif
