/* Reading and writing devices and labels: SLMP Reference Manual (SH-080956ENG), 5.2 (devices) and
 * 5.3 (labels); frame 1E: SH-080008, 18.  A list of devices that a request names is kept as it
 * came, and walked again beside the values of its answer. */
#include <string.h>

#include "sense/proto/melsec.h"
#include "sense/proto/ntlm.h"
#include "sense/proto/text.h"
#include "sense/secret.h"

const struct field melsec_count = { "melsec.count", LE16, 0, 0 };
static const struct field f_words = { "melsec.word_count", U8, 0, 0 };
static const struct field f_doubles = { "melsec.dword_count", U8, 0, 0 };
static const struct field f_word_blocks = { "melsec.word_blocks", U8, 0, 0 };
static const struct field f_bit_blocks = { "melsec.bit_blocks", U8, 0, 0 };
static const struct field f_label = { "melsec.label", TEXT, 0, 0 };
static const struct field f_type = { "melsec.label.type", U8, 0, 0 };
static const struct field f_unit = { "melsec.label.unit", U8, 0, 1 };
static const struct field f_length = { "melsec.label.length", LE16, 0, 0 };
static const struct field f_value = { "melsec.value", LE32, 0, 0 };
static const struct field f_real = { "melsec.value.real", FLE64, 0, 0 };
static const struct field f_text = { "melsec.value.text", TEXT, 0, 0 };
static const struct field f_data = { "melsec.data", BYTES, 0, 0 };

static void tell(struct melsec *m, const struct field *f, uint32_t v)
{
	if (cur_ok(&m->c) && m->facts)
		fact_uint(m->s, f, v);
}

/* --- one stretch of devices --- */

static uint32_t size_of_points(const struct melsec_form *form, uint32_t count)
{
	return form->bits ? (count + 1) / 2 : count * 2;
}

/* Frame 1E has one byte for the number of points, and zero stands for 256. */
static uint32_t old_count(struct melsec *m)
{
	uint32_t count = melsec_number(m, 1);
	cur_need(&m->c, melsec_number(m, 1) == 0);
	return count ? count : 256;
}

/* Points of a message that is too short are no points: sizes are compared first. */
static void tell_points(struct melsec *m, const struct melsec_device *d, uint32_t count)
{
	if (!m->form.text)
		cur_need(&m->c, m->c.left >= size_of_points(&m->form, count));
	if (m->form.bits)
		melsec_tell_bits(m, d, count);
	else
		melsec_tell_words(m, d, count);
}

static uint32_t ask_batch(struct melsec *m, struct melsec_ask *ask)
{
	ask->device = melsec_device(m);
	ask->count = m->form.old ? old_count(m) : melsec_number(m, 2);
	melsec_tell_device(m, &ask->device);
	tell(m, &melsec_count, ask->count);
	if (!ask->command->writes)
		return size_of_points(&m->form, ask->count);
	ask->has_list = true;
	tell_points(m, &ask->device, ask->count);
	return 0;
}

/* --- lists --- */

/* Words, then double words, each a device anywhere.  `values` may be the list itself (a write), or
 * the answer; without it only the devices are told.  Returns the size of the values. */
static uint32_t random_words(struct melsec *list, struct melsec *values, bool devices)
{
	uint32_t words = melsec_number(list, 1), doubles = melsec_number(list, 1);
	if (devices) {
		tell(list, &f_words, words);
		tell(list, &f_doubles, doubles);
	}
	for (uint32_t i = 0; i < words + doubles && cur_ok(&list->c); i++) {
		struct melsec_device d = melsec_device(list);
		if (!cur_ok(&list->c) || (values && !melsec_left(values)))
			break;
		melsec_tell_device(list, &d);
		if (values && i < words)
			melsec_tell_words(values, &d, 1);
		else if (values)
			melsec_tell_double(values, &d);
	}
	return words * 2 + doubles * 4;
}

static void random_bits(struct melsec *m)
{
	uint32_t count = melsec_number(m, 1);
	tell(m, &melsec_count, count);
	for (uint32_t i = 0; i < count && cur_ok(&m->c); i++) {
		struct melsec_device d = melsec_device(m);
		uint32_t on = melsec_number(m, m->form.wide ? 2 : 1);
		cur_need(&m->c, on <= 1);
		melsec_tell_device(m, &d);
		melsec_tell_bit(m, &d, on);
	}
}

static uint32_t ask_random(struct melsec *m, struct melsec_ask *ask)
{
	if (ask->command->writes && m->form.bits) {
		ask->has_list = true;
		random_bits(m);
		return 0;
	}
	bool conditions = ask->subcommand & 0x40 && !ask->command->writes;
	if (conditions) { /* monitor conditions stand among the devices: not read */
		uint32_t words = melsec_number(m, 1), doubles = melsec_number(m, 1);
		tell(m, &f_words, words);
		tell(m, &f_doubles, doubles);
		cur_skip(&m->c, m->c.left);
		return ask->command->code == 0x0403 ? words * 2 + doubles * 4 : 0;
	}
	ask->has_list = true;
	uint32_t size = random_words(m, ask->command->writes ? m : NULL, true);
	ask->count = size; /* of what is monitored */
	return ask->command->code == 0x0403 ? size : 0;
}

/* Blocks of words, then blocks of sixteen bits, each from a device on. */
static uint32_t blocks(struct melsec *list, struct melsec *values, bool devices)
{
	uint32_t words = melsec_number(list, 1), bits = melsec_number(list, 1), size = 0;
	if (devices) {
		tell(list, &f_word_blocks, words);
		tell(list, &f_bit_blocks, bits);
	}
	for (uint32_t i = 0; i < words + bits && cur_ok(&list->c); i++) {
		struct melsec_device d = melsec_device(list);
		uint32_t count = melsec_number(list, 2);
		if (!cur_ok(&list->c) || (values && !melsec_left(values)))
			break;
		melsec_tell_device(list, &d);
		tell(list, &melsec_count, count);
		if (values)
			melsec_tell_words(values, &d, count);
		size += count * 2;
	}
	return size;
}

static uint32_t ask_block(struct melsec *m, struct melsec_ask *ask)
{
	ask->has_list = true;
	uint32_t size = blocks(m, ask->command->writes ? m : NULL, true);
	return ask->command->writes ? 0 : size;
}

/* --- frame 1E --- */

static void old_test(struct melsec *m, bool bits)
{
	uint32_t count = old_count(m);
	for (uint32_t i = 0; i < count && cur_ok(&m->c); i++) {
		struct melsec_device d = melsec_device(m);
		if (!cur_ok(&m->c))
			return;
		melsec_tell_device(m, &d);
		if (!bits) {
			melsec_tell_words(m, &d, 1);
			continue;
		}
		uint32_t on = melsec_number(m, 1);
		cur_need(&m->c, on <= 1);
		melsec_tell_bit(m, &d, on);
	}
}

static uint32_t old_list(struct melsec *list, struct melsec *values)
{
	uint32_t count = old_count(list);
	for (uint32_t i = 0; i < count && cur_ok(&list->c); i++) {
		struct melsec_device d = melsec_device(list);
		if (!cur_ok(&list->c))
			break;
		melsec_tell_device(list, &d);
		if (values && !values->form.bits)
			melsec_tell_words(values, &d, 1);
		else if (values && i % 2 == 0) {
			/* Two points share a byte: the second waits for its device. */
			struct melsec half = *values;
			melsec_tell_bits(&half, &d, 1);
			cur_need(&values->c, cur_ok(&half.c));
			if (values->form.text)
				cur_skip(&values->c, 1);
		} else if (values) {
			int byte = cur_peek(&values->c, 0);
			bool text = values->form.text;
			cur_need(&values->c,
				byte >= 0 && (text ? (byte | 1) == '1' : (byte & 15) < 2));
			melsec_tell_bit(values, &d, byte & 1);
			cur_skip(&values->c, 1);
		}
	}
	if (values && values->form.bits && count % 2) /* filled up */
		cur_skip(&values->c, 1);
	return count;
}

/* --- labels (binary code only) --- */

static struct utf8 label_name(struct melsec *m)
{
	uint32_t size = melsec_number(m, 2);
	cur_need(&m->c, size <= 256); /* 5.3: up to 256 characters in all */
	struct cur wide = cur_sub(&m->c, (size_t)size * 2);
	return cur_ok(&wide) ? utf8_of_utf16(m->s, wide) : (struct utf8){ NULL, 0 };
}

static bool is_secret(const struct melsec *m, const struct utf8 *name)
{
	return m->hides || (name->at && secret_on_the_way(name->at, name->size));
}

/* 5.3: bits of an array come sixteen to a word, everything else in whole words. */
static size_t array_size(uint32_t unit, uint32_t length)
{
	return unit == 0 ? (length + 15) / 16 * 2 : (length + 1) / 2 * 2;
}

static void label_point(struct melsec *m, const struct utf8 *name, double v)
{
	if (!m->points || !name->at || !name->size || name->size > UINT16_MAX)
		return;
	point_server(m->s,
		&(struct point_at){ .bit = m->route.station,
			.unit = (uint16_t)(m->route.network << 8 | m->route.pc),
			.area = (uint32_t)m->route.io << 16,
			.symbol = (const uint8_t *)name->at,
			.symbol_size = (uint16_t)name->size },
		v, m->written);
}

/* Data types: 5.3, table of data type identifiers. */
enum {
	LABEL_BIT = 1,
	LABEL_WORD,
	LABEL_DWORD,
	LABEL_INT,
	LABEL_DINT,
	LABEL_REAL,
	LABEL_LREAL,
	LABEL_TIME,
	LABEL_STRING,
	LABEL_WSTRING
};

static void label_value(struct melsec *m, const struct utf8 *name, uint32_t type, struct cur data)
{
	struct scene *s = m->s;
	double v = 0;
	struct cur whole = data;
	switch (type) {
	case LABEL_BIT:
		v = cur_le16(&data) & 1;
		break;
	case LABEL_WORD:
		v = cur_le16(&data);
		break;
	case LABEL_DWORD:
		v = cur_le32(&data);
		break;
	case LABEL_INT:
		v = (int16_t)cur_le16(&data);
		break;
	case LABEL_DINT:
	case LABEL_TIME:
		v = (int32_t)cur_le32(&data);
		break;
	case LABEL_REAL:
		v = cur_float_of(cur_le32(&data));
		break;
	case LABEL_LREAL:
		v = cur_double_of(cur_le64(&data));
		break;
	case LABEL_STRING:
		text_tell(s, &f_text, text_to_nul(data));
		return;
	default:
		cur_fail(&data);
	}
	if (!cur_ok(&data) || data.left) { /* an array, or a type that is no number */
		fact_bytes(s, &f_data, whole.at, whole.left);
		return;
	}
	if (type == LABEL_REAL || type == LABEL_LREAL)
		fact_real(s, &f_real, v);
	else
		fact_int(s, &f_value, (int64_t)v);
	label_point(m, name, v);
}

static void label_bytes(struct scene *s, struct cur data, bool secret)
{
	if (secret)
		fact_hidden(s, &f_data);
	else
		fact_bytes(s, &f_data, data.at, data.left);
}

/* One label of a request, and what it is followed by. */
static struct utf8 ask_label(struct melsec *m, bool array, bool writes, bool tells)
{
	struct scene *s = m->s;
	struct utf8 name = label_name(m);
	if (name.at && tells && m->facts)
		fact_text(s, &f_label, name.at, name.size);
	uint32_t unit = array ? melsec_number(m, 2) & 0xff : 1;
	uint32_t length = array || writes ? melsec_number(m, 2) : 0;
	if (array && tells) {
		tell(m, &f_unit, unit);
		tell(m, &f_length, length);
	}
	if (writes) {
		struct cur data = cur_sub(&m->c, array ? array_size(unit, length) : length);
		if (cur_ok(&m->c) && tells && m->facts)
			label_bytes(s, data, is_secret(m, &name));
	}
	return name;
}

/* Behind the counts stand abbreviations, which labels may begin with. */
static uint32_t label_counts(struct melsec *m)
{
	uint32_t count = melsec_number(m, 2), abbreviations = melsec_number(m, 2);
	for (uint32_t i = 0; i < abbreviations && cur_ok(&m->c); i++) {
		struct utf8 name = label_name(m);
		m->hides |= is_secret(m, &name);
	}
	return count;
}

static void ask_labels(struct melsec *m, struct melsec_ask *ask)
{
	bool array = ask->command->body == BODY_ARRAY_LABELS;
	uint32_t count = label_counts(m);
	ask->has_list = !ask->command->writes;
	tell(m, &melsec_count, count);
	for (uint32_t i = 0; i < count && cur_ok(&m->c); i++)
		(void)ask_label(m, array, ask->command->writes, true);
}

void melsec_labels(struct melsec *m, const struct melsec_ask *ask, struct cur kept)
{
	bool array = ask->command->body == BODY_ARRAY_LABELS;
	if (m->form.text) {
		m->c = cur_none();
		return;
	}
	struct melsec list = *m;
	list.c = kept;
	uint32_t count = melsec_number(m, 2);
	uint32_t asked = label_counts(&list);
	cur_need(&m->c, !cur_ok(&list.c) || count == asked);
	for (uint32_t i = 0; i < count && cur_ok(&m->c); i++) {
		struct utf8 name = { NULL, 0 };
		if (cur_ok(&list.c))
			name = ask_label(&list, array, false, false);
		uint32_t type = melsec_number(m, 1), unit = melsec_number(m, 1);
		uint32_t length = melsec_number(m, 2);
		struct cur data = cur_sub(&m->c, array ? array_size(unit, length) : length);
		if (!cur_ok(&m->c))
			return;
		if (!name.at || !m->facts) /* a value without its address */
			continue;
		bool secret = is_secret(&list, &name);
		fact_text(m->s, &f_label, name.at, name.size);
		fact_uint(m->s, &f_type, type);
		if (array) {
			fact_uint(m->s, &f_unit, unit);
			fact_uint(m->s, &f_length, length);
			label_bytes(m->s, data, secret);
		} else if (secret) {
			fact_hidden(m->s, type == LABEL_STRING ? &f_text : &f_data);
		} else {
			label_value(m, &name, type, data);
		}
	}
}

/* --- all of them --- */

uint32_t melsec_ask_devices(struct melsec *m, struct melsec_ask *ask)
{
	switch (ask->command->body) {
	case BODY_BATCH:
		return ask_batch(m, ask);
	case BODY_RANDOM:
		return ask_random(m, ask);
	case BODY_BLOCK:
		return ask_block(m, ask);
	case BODY_OLD_TEST:
		ask->has_list = true;
		old_test(m, m->form.bits);
		return 0;
	case BODY_OLD_REGISTER:
		ask->has_list = true;
		ask->count = old_list(m, NULL);
		return 0;
	case BODY_LABELS:
	case BODY_ARRAY_LABELS:
		if (m->form.text) /* the manual knows labels in ASCII code too: not read */
			m->c = cur_none();
		else
			ask_labels(m, ask);
		return ask->command->writes ? 0 : MELSEC_ANY_SIZE;
	default: /* a monitor: as long as what was registered */
		return MELSEC_ANY_SIZE;
	}
}

/* `kept` is the list that the request had, bad where it is not at hand. */
void melsec_answer_devices(struct melsec *m, const struct melsec_ask *ask, struct cur kept)
{
	struct melsec list = *m;
	list.c = kept;
	switch (ask->command->body) {
	case BODY_BATCH:
		melsec_tell_device(m, &ask->device);
		tell(m, &melsec_count, ask->count);
		tell_points(m, &ask->device, ask->count);
		break;
	case BODY_BLOCK:
		if (cur_ok(&kept))
			(void)blocks(&list, m, false);
		break;
	case BODY_OLD_MONITOR:
		if (cur_ok(&kept))
			(void)old_list(&list, m);
		break;
	default:
		if (cur_ok(&kept))
			(void)random_words(&list, m, false);
	}
	if (!cur_ok(&kept) && ask->command->body != BODY_BATCH)
		cur_skip(&m->c, m->c.left);
}

/* `kept` is what a write brought, which is true from its confirmation on. */
void melsec_written(struct melsec *m, const struct melsec_ask *ask, struct cur kept)
{
	struct melsec list = *m;
	struct melsec_ask again = *ask;
	list.c = kept;
	list.written = true;
	list.facts = false;
	if (!cur_ok(&kept))
		return;
	if (ask->command->body == BODY_MEMORY) {
		cur_skip(&list.c, m->form.text ? 12 : 6);
		melsec_tell_buffer(&list, ask->address, ask->count);
	} else {
		(void)melsec_ask_devices(&list, &again);
	}
}
