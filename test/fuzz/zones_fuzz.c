/* Settings: whatever the bytes, a file is read whole or refused with a sentence that names it. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "sense/zones.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Every type of conf.h, so that more than the zones' own table is exercised. */
struct all {
	struct conf_text text, prose;
	uint64_t number;
	bool flag;
	double real;
	unsigned word;
	struct conf_list texts, inner;
	struct conf_place place;
};

static const char *const words[] = { "one", "two", NULL };
static const struct conf_table table;
static const struct conf_key keys[] = {
	{ "text", CONF_TEXT, true, offsetof(struct all, text), 1, 10 },
	{ "prose", CONF_PROSE, false, offsetof(struct all, prose) },
	{ "number", CONF_UINT, false, offsetof(struct all, number), 1, 100 },
	{ "flag", CONF_BOOL, false, offsetof(struct all, flag) },
	{ "real", CONF_REAL, false, offsetof(struct all, real), 0, 10 },
	{ "word", CONF_WORD, false, offsetof(struct all, word), .words = words },
	{ "texts", CONF_TEXTS, false, offsetof(struct all, texts), 0, 5 },
	{ "inner", CONF_STRUCTS, false, offsetof(struct all, inner), .of = &table },
	{ 0 },
};
static const struct conf_table table = { keys, sizeof(struct all), offsetof(struct all, place) };

static void check_refusal(const struct conf_wrong *wrong, const struct err *e, const char *name)
{
	assert(e->code < 0);
	assert(strstr(e->text, name));
	assert(wrong->count <= CONF_WRONG_MAX);
	for (size_t i = 0; i < wrong->count; i++) {
		const struct conf_wrong_row *row = &wrong->rows[i];
		assert(row->place.line >= 1 && row->place.column >= 1);
		assert(strncmp(row->text, name, strlen(name)) == 0);
		assert(strstr(row->text, "found"));
		for (const char *p = row->text; *p; p++)
			assert((unsigned char)*p >= 0x20);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct conf_wrong wrong;
	struct err e = { 0 };
	struct zones *z = zones_of("z.yaml", data, size, &wrong, &e);
	if (z) {
		size_t count;
		const struct sense_zone *list = zones_list(z, &count);
		for (size_t i = 0; i < count; i++) {
			assert(*list[i].name && *list[i].source);
			assert(memcmp(&list[i].from, &list[i].to, sizeof list[i].to) <= 0);
		}
		zones_free(z);
	} else {
		check_refusal(&wrong, &e, "z.yaml");
	}
	struct all all;
	struct conf *c = conf_of("c.yaml", data, size, &table, &all, &wrong, &e);
	if (c)
		assert(wrong.count == 0 && all.text.text[0]);
	else
		check_refusal(&wrong, &e, "c.yaml");
	conf_free(c);
	return 0;
}
