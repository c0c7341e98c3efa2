/* IEEE C37.118.2-2011, 6.4 (configuration frames 1 and 2) and 6.5 (configuration frame 3). */
#include <math.h>
#include <stdio.h>

#include "sense/proto/synphasor.h"

const struct field synphasor_station = { "synphasor.station", TEXT };

static const struct field f_time_base = { "synphasor.conf.timebase", BE24 };
static const struct field f_pmus = { "synphasor.conf.numpmu", BE16 };
static const struct field f_id = { "synphasor.idcode_data_source", BE16 };
static const struct field f_global_id = { "synphasor.gpmuid", BYTES };
static const struct field f_frequency_float = { "synphasor.conf.dfreq_format", FLAG };
static const struct field f_analog_float = { "synphasor.conf.analog_format", FLAG };
static const struct field f_phasor_float = { "synphasor.conf.phasor_format", FLAG };
static const struct field f_polar = { "synphasor.conf.phasor_notation", FLAG };
static const struct field f_phasors = { "synphasor.num_phasors", BE16 };
static const struct field f_analogs = { "synphasor.num_analog_values", BE16 };
static const struct field f_digitals = { "synphasor.num_digital_status_words", BE16 };
static const struct field f_channel = { "synphasor.channel_name", TEXT };
static const struct field f_factor = { "synphasor.conversion_factor", BE24 };
static const struct field f_analog_factor = { "synphasor.factor_for_analog_value", BE24 };
static const struct field f_normal = { "synphasor.status_word_mask.normal_state", BE16 };
static const struct field f_valid = { "synphasor.status_word_mask.valid_bits", BE16 };
static const struct field f_phasor_scale = { "synphasor.conf.phasor_scale_factor", FBE32 };
static const struct field f_angle_offset = { "synphasor.conf.phasor_angle_offset", FBE32 };
static const struct field f_analog_scale = { "synphasor.conf.analog_scale_factor", FBE32 };
static const struct field f_analog_offset = { "synphasor.conf.analog_offset", FBE32 };
static const struct field f_latitude = { "synphasor.conf.pmu_latitude", FBE32 };
static const struct field f_longitude = { "synphasor.conf.pmu_longitude", FBE32 };
static const struct field f_elevation = { "synphasor.conf.pmu_elevation", FBE32 };
static const struct field f_class = { "synphasor.conf.svc_class", TEXT };
static const struct field f_window = { "synphasor.conf.window", BE32 };
static const struct field f_delay = { "synphasor.conf.grp_dly", BE32 };
static const struct field f_fifty = { "synphasor.conf.fnom", FLAG };
static const struct field f_changes = { "synphasor.conf.cfgcnt", BE16 };
static const struct field f_rate = { "synphasor.rate_of_transmission", SBE16 };

/* A configuration while it is read: into `into`, unless that is NULL. */
struct reading {
	struct scene *s;
	struct synphasor_config *into;
	bool third, fits; /* all of it has room */
	const uint8_t *station;
	size_t station_size;
};

/* Names are sixteen bytes, or in configuration 3 a length byte and so many (6.5, table 12). */
static const uint8_t *take_name(const struct reading *r, struct cur *c, size_t *size)
{
	size_t n = r->third ? cur_u8(c) : SYNPHASOR_NAME;
	const uint8_t *name = cur_take(c, n);
	while (name && n > 0 && (name[n - 1] == ' ' || name[n - 1] == 0))
		n--;
	*size = name ? n : 0;
	return name;
}

static void append(struct synphasor_config *config, const void *text, size_t size)
{
	if (size == 0)
		return;
	memcpy(config->names + config->names_size, text, size);
	config->names_size = (uint16_t)(config->names_size + size);
}

/* "Station channel", kept together: a point is called so. */
static struct synphasor_name keep(struct reading *r, const uint8_t *own, size_t own_size)
{
	struct synphasor_config *config = r->into;
	enum { LONGEST = 48 };
	size_t station = r->station_size < LONGEST ? r->station_size : LONGEST;
	size_t size = own_size < LONGEST ? own_size : LONGEST;
	size_t gap = station > 0 && size > 0;
	if (!config || station + gap + size > sizeof config->names - config->names_size) {
		r->fits = false;
		return (struct synphasor_name){ 0 };
	}
	struct synphasor_name name = { .at = config->names_size,
		.size = (uint8_t)(station + gap + size),
		.own = (uint8_t)size };
	append(config, r->station, station);
	append(config, " ", gap);
	append(config, own, size);
	return name;
}

static struct synphasor_channel *channel_at(struct reading *r, unsigned index)
{
	unsigned at = r->into ? r->into->channel_count + index : 0;
	if (r->into && at < SYNPHASOR_CHANNELS)
		return &r->into->channels[at];
	r->fits = false;
	return NULL;
}

static struct synphasor_digital *digital_at(struct reading *r, unsigned index)
{
	unsigned at = r->into ? r->into->digital_count + index : 0;
	if (r->into && at < SYNPHASOR_DIGITALS)
		return &r->into->digitals[at];
	r->fits = false;
	return NULL;
}

static void names(struct reading *r, const struct synphasor_pmu *pmu, struct cur *c)
{
	size_t size;
	for (unsigned i = 0; i < pmu->phasors + pmu->analogs && cur_ok(c); i++) {
		struct synphasor_channel *channel = channel_at(r, i);
		const uint8_t *name = take_name(r, c, &size);
		fact_text(r->s, &f_channel, name, size);
		if (channel && name)
			channel->name = keep(r, name, size);
	}
	for (unsigned i = 0; i < pmu->digitals * 16u && cur_ok(c); i++) {
		struct synphasor_digital *digital = digital_at(r, i / 16);
		const uint8_t *name = take_name(r, c, &size);
		char spare[16];
		fact_text(r->s, &f_channel, name, size);
		if (!digital || !name)
			continue;
		int bit =
			snprintf(spare, sizeof spare, "word %u bit %u", (i / 16 + 1) & 255, i % 16);
		digital->name[i % 16] =
			size ? keep(r, name, size) : keep(r, (const uint8_t *)spare, (size_t)bit);
	}
}

/* PHSCALE and ANSCALE of configuration 3 end in these. */
static void take_floats(const struct reading *r, struct cur *c, struct synphasor_channel *channel,
	const struct field *scale, const struct field *offset)
{
	channel->scale = (float)cur_float_of(cur_be32(c));
	channel->offset = (float)cur_float_of(cur_be32(c));
	fact_real(r->s, scale, (double)channel->scale);
	fact_real(r->s, offset, (double)channel->offset);
}

/* PHUNIT: volt or ampere and 24 bits of scale, in 10^-5; or PHSCALE, table 13. */
static void phasor_scale(const struct reading *r, struct cur *c, struct synphasor_channel *channel)
{
	if (r->third) {
		cur_skip(c, 2);
		channel->current = cur_u8(c) & 0x08;
		cur_skip(c, 1);
		take_floats(r, c, channel, &f_phasor_scale, &f_angle_offset);
		return;
	}
	channel->current = cur_u8(c) == 1;
	uint32_t factor = cur_be24(c);
	fact_uint(r->s, &f_factor, factor);
	channel->scale = (float)factor * 1e-5f;
	channel->offset = 0;
}

/* ANUNIT: what it means is the user's, 0 says that nobody cared; or ANSCALE, table 14. */
static void analog_scale(const struct reading *r, struct cur *c, struct synphasor_channel *channel)
{
	if (r->third) {
		take_floats(r, c, channel, &f_analog_scale, &f_analog_offset);
		return;
	}
	cur_skip(c, 1);
	uint32_t factor = cur_be24(c);
	int32_t own = (int32_t)(factor ^ 0x800000) - 0x800000;
	fact_uint(r->s, &f_analog_factor, factor);
	channel->scale = own ? (float)own : 1;
	channel->offset = 0;
}

static void scales(struct reading *r, const struct synphasor_pmu *pmu, struct cur *c)
{
	for (unsigned i = 0; i < pmu->phasors + pmu->analogs && cur_ok(c); i++) {
		struct synphasor_channel *channel = channel_at(r, i), beyond;
		(i < pmu->phasors ? phasor_scale : analog_scale)(r, c, channel ? channel : &beyond);
	}
}

static void masks(struct reading *r, const struct synphasor_pmu *pmu, struct cur *c)
{
	for (unsigned i = 0; i < pmu->digitals && cur_ok(c); i++) {
		struct synphasor_digital *digital = digital_at(r, i);
		fact_uint(r->s, &f_normal, cur_be16(c));
		uint16_t valid = cur_be16(c);
		fact_uint(r->s, &f_valid, valid);
		if (digital)
			digital->valid = valid;
	}
}

/* Where the PMU stands and how it measures; infinity stands for what nobody told it. */
static void place(struct reading *r, struct cur *c)
{
	double latitude = cur_float_of(cur_be32(c)), longitude = cur_float_of(cur_be32(c));
	double elevation = cur_float_of(cur_be32(c));
	uint8_t class = cur_u8(c);
	fact_real(r->s, &f_latitude, latitude);
	fact_real(r->s, &f_longitude, longitude);
	fact_real(r->s, &f_elevation, elevation);
	char *kept = scene_scratch(r->s, 1);
	if (kept) {
		*kept = (char)class;
		fact_text(r->s, &f_class, kept, 1);
	}
	fact_uint(r->s, &f_window, cur_be32(c));
	fact_uint(r->s, &f_delay, cur_be32(c));
	if (!cur_ok(c) || !(fabs(latitude) <= 90) || !(fabs(longitude) <= 180))
		return;
	char text[48];
	int size = snprintf(text, sizeof text, "%.5f, %.5f", latitude, longitude);
	who_sender(r->s, ID_LOCATION, text, (size_t)size);
}

static void one_pmu(struct reading *r, unsigned number, struct cur *c)
{
	struct synphasor_pmu pmu = { 0 };
	r->station = take_name(r, c, &r->station_size);
	fact_text(r->s, &synphasor_station, r->station, r->station_size);
	pmu.id = cur_be16(c);
	fact_uint(r->s, &f_id, pmu.id);
	if (r->third) {
		const uint8_t *global = cur_take(c, 16);
		if (global)
			fact_bytes(r->s, &f_global_id, global, 16);
	}
	pmu.format = cur_be16(c);
	pmu.phasors = cur_be16(c);
	pmu.analogs = cur_be16(c);
	pmu.digitals = cur_be16(c);
	fact_flag(r->s, &f_frequency_float, pmu.format & FORMAT_FREQUENCY_FLOAT);
	fact_flag(r->s, &f_analog_float, pmu.format & FORMAT_ANALOG_FLOAT);
	fact_flag(r->s, &f_phasor_float, pmu.format & FORMAT_PHASOR_FLOAT);
	fact_flag(r->s, &f_polar, pmu.format & FORMAT_POLAR);
	fact_uint(r->s, &f_phasors, pmu.phasors);
	fact_uint(r->s, &f_analogs, pmu.analogs);
	fact_uint(r->s, &f_digitals, pmu.digitals);
	if (r->station)
		pmu.name = keep(r, NULL, 0);
	names(r, &pmu, c);
	scales(r, &pmu, c);
	masks(r, &pmu, c);
	if (r->third)
		place(r, c);
	pmu.nominal_hz = cur_be16(c) & 1 ? 50 : 60;
	fact_flag(r->s, &f_fifty, pmu.nominal_hz == 50);
	fact_uint(r->s, &f_changes, cur_be16(c));
	if (!r->into || number >= SYNPHASOR_PMUS) {
		r->fits = false;
		return;
	}
	r->into->pmus[number] = pmu;
	unsigned channels = (unsigned)r->into->channel_count + pmu.phasors + pmu.analogs;
	unsigned digitals = (unsigned)r->into->digital_count + pmu.digitals;
	r->fits = r->fits && channels <= SYNPHASOR_CHANNELS && digitals <= SYNPHASOR_DIGITALS;
	if (r->fits) {
		r->into->channel_count = (uint16_t)channels;
		r->into->digital_count = (uint16_t)digitals;
	}
}

/* One PMU is the device that sends; several are behind a concentrator. */
static void identify(struct reading *r, unsigned number, unsigned count)
{
	if (!r->station || !r->station_size)
		return;
	if (count == 1) {
		who_sender(r->s, ID_NAME, r->station, r->station_size);
		return;
	}
	char text[sizeof "PMU 65535"];
	int size = snprintf(text, sizeof text, "PMU %u", (uint16_t)(number + 1));
	const struct asset_place at = {
		.kind = PLACE_NAMED, .address = text, .address_size = (size_t)size
	};
	who_place(r->s, &at, ID_NAME, r->station, r->station_size);
}

bool synphasor_read_config(
	struct scene *s, struct synphasor_config *config, uint16_t stream, bool third, struct cur c)
{
	struct reading r = { .s = s, .into = config, .third = third, .fits = true };
	if (config) {
		config->valid = false;
		config->stream = stream;
		config->channel_count = config->digital_count = config->names_size = 0;
	}
	fact_uint(s, &f_time_base, cur_be32(&c) & 0xffffff);
	uint16_t count = cur_be16(&c);
	fact_uint(s, &f_pmus, count);
	/* A PMU's block has thirty bytes at least: a count that cannot be ends the loop early. */
	for (unsigned i = 0; i < count && cur_ok(&c); i++) {
		one_pmu(&r, i, &c);
		if (cur_ok(&c))
			identify(&r, i, count);
	}
	fact_int(s, &f_rate, (int16_t)cur_be16(&c));
	if (!cur_ok(&c) || c.left > 0)
		return false;
	if (count == 1)
		who_sender_is(s, TYPE_IED, "sends synchrophasors as a PMU");
	else if (count > 1)
		who_sender_is(s, TYPE_GATEWAY, "concentrates the synchrophasors of several PMUs");
	if (config && r.fits) {
		config->pmu_count = count;
		config->valid = true;
	}
	return true;
}
