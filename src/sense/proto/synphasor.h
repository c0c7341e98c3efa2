/* The inside of the synchrophasor dissector: what its files share.
 *
 *   synphasor.c         frames: whose, how long, whole; header, command and data frames
 *   synphasor_config.c  configuration frames: what the data frames of a stream are made of */
#ifndef SENSE_PROTO_SYNPHASOR_H
#define SENSE_PROTO_SYNPHASOR_H

#include "sense/proto.h"

/* A concentrator's stream beyond these is told without its values. */
enum { SYNPHASOR_PMUS = 48, SYNPHASOR_CHANNELS = 384, SYNPHASOR_DIGITALS = 64 };
enum { SYNPHASOR_NAMES = 16 * 1024, SYNPHASOR_NAME = 16 };

/* FORMAT, 6.4 table 9. */
enum {
	FORMAT_POLAR = 0x1,
	FORMAT_PHASOR_FLOAT = 0x2,
	FORMAT_ANALOG_FLOAT = 0x4,
	FORMAT_FREQUENCY_FLOAT = 0x8
};

/* A place in the names of the configuration. */
struct synphasor_name {
	uint16_t at;
	uint8_t size,
		own; /* the last `own` bytes are the channel's own name, without its station */
};

struct synphasor_channel {
	struct synphasor_name name;
	bool current;        /* a phasor in ampere */
	float scale, offset; /* value = wire x scale + offset; of a phasor's angle, in radian */
};

struct synphasor_digital {
	struct synphasor_name name[16]; /* from the least significant bit */
	uint16_t valid;
};

struct synphasor_pmu {
	struct synphasor_name name;
	uint16_t id, format, phasors, analogs, digitals;
	uint16_t nominal_hz;
};

/* What a data frame of one stream holds, in this order: all PMUs, all their channels. */
struct synphasor_config {
	bool valid;
	uint16_t stream, pmu_count, channel_count, digital_count, names_size;
	struct synphasor_pmu pmus[SYNPHASOR_PMUS];
	struct synphasor_channel channels[SYNPHASOR_CHANNELS];
	struct synphasor_digital digitals[SYNPHASOR_DIGITALS];
	uint8_t names[SYNPHASOR_NAMES];
};

/* The body of a configuration frame into the fact begun; `third` is configuration frame 3.  A
 * frame 1 tells what the PMU could send, and leaves `config` alone: `config` is then NULL. */
bool synphasor_read_config(struct scene *s, struct synphasor_config *config, uint16_t stream,
	bool third, struct cur c);

extern const struct field synphasor_station;

#endif
