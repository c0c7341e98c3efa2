#include "sense/repeat.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/pool.h"

/* Questions whose answers may still come. */
enum { QUESTIONS = 8192 };

struct series {
	uint64_t key, said; /* hashes: whose message it is, and what it said last */
	uint32_t newer, older;
	struct repetition run;
};

/* All questions of one frame together, and how many of their answers of one kind came. */
struct question {
	uint64_t frame, key;
	uint64_t kind; /* of the last answer */
	uint32_t asked, answered;
};

struct repeats {
	struct repeats_config config;
	struct pool series;
	struct table table;
	uint32_t newest, oldest;
	struct question questions[QUESTIONS];
};

struct repeats *repeats_new(const struct repeats_config *config, struct err *e)
{
	struct repeats *r = calloc(1, sizeof *r);
	if (!r) {
		err_sys(e, "repeats");
		return NULL;
	}
	r->config = *config;
	/* An item, and its slots in a table that is never more than half full. */
	size_t room = config->memory > sizeof *r ? config->memory - sizeof *r : 0;
	size_t most = room / (sizeof(struct series) + 4 * sizeof(uint64_t));
	uint32_t max = most < 64 ? 64 : most > 1u << 20 ? 1u << 20 : (uint32_t)most;
	if (pool_init(&r->series, sizeof(struct series), max, e) || table_init(&r->table, max, e)) {
		repeats_free(r);
		return NULL;
	}
	return r;
}

void repeats_free(struct repeats *r)
{
	if (!r)
		return;
	table_done(&r->table);
	pool_done(&r->series);
	free(r);
}

static struct series *series_at(const struct repeats *r, uint32_t n)
{
	return pool_at(&r->series, n);
}

/* --- from the one longest not heard of to the newest --- */

static void unlink_series(struct repeats *r, const struct series *s)
{
	if (s->newer)
		series_at(r, s->newer)->older = s->older;
	else
		r->newest = s->older;
	if (s->older)
		series_at(r, s->older)->newer = s->newer;
	else
		r->oldest = s->newer;
}

static void link_newest(struct repeats *r, uint32_t n)
{
	struct series *s = series_at(r, n);
	s->newer = 0;
	s->older = r->newest;
	if (r->newest)
		series_at(r, r->newest)->newer = n;
	else
		r->oldest = n;
	r->newest = n;
}

/* --- runs --- */

static void end_run(struct repeats *r, struct series *s)
{
	if (s->run.count)
		r->config.on_run(r->config.self, &s->run);
	s->run.count = 0;
}

static void forget_oldest(struct repeats *r)
{
	uint32_t n = r->oldest;
	struct series *s = series_at(r, n);
	end_run(r, s);
	unlink_series(r, s);
	table_remove(&r->table, s->key, n);
	pool_free(&r->series, n);
}

void repeats_end(struct repeats *r)
{
	while (r->oldest)
		forget_oldest(r);
}

/* The series of this key, the newest now; `known` says whether it was there. */
static struct series *series_of(struct repeats *r, uint64_t key, bool *known)
{
	for (uint32_t at = table_first(&r->table, key), n; (n = table_next(&r->table, key, &at));) {
		struct series *s = series_at(r, n);
		if (s->key != key)
			continue;
		unlink_series(r, s);
		link_newest(r, n);
		*known = true;
		return s;
	}
	if (r->series.live + 1 >= r->series.max)
		forget_oldest(r);
	uint32_t n = pool_new(&r->series);
	struct series *s = series_at(r, n);
	s->key = key;
	table_add(&r->table, key, n);
	link_newest(r, n);
	*known = false;
	return s;
}

/* --- whose message it is, and what it says --- */

static uint64_t ends(const struct fact *f)
{
	uint16_t from = f->dir == DIR_RESPONSE ? f->src_port : 0;
	uint16_t to = f->dir == DIR_REQUEST ? f->dst_port : 0;
	uint64_t words[4];
	static_assert(sizeof words == sizeof f->src + sizeof f->dst, "two addresses");
	memcpy(words, &f->src, sizeof f->src);
	memcpy(words + 2, &f->dst, sizeof f->dst);
	uint64_t h = hash_mix(words[0] ^ from, words[1] ^ f->transport);
	h = hash_mix(h ^ words[2], words[3] ^ to);
	uint64_t macs[2] = { 0, 0 };
	if (ip_is_zero(&f->src)) {
		memcpy(macs, f->src_mac, sizeof f->src_mac);
		memcpy(macs + 1, f->dst_mac, sizeof f->dst_mac);
	}
	h = hash_mix(h ^ macs[0], macs[1] ^ (uintptr_t)f->protocol);
	return hash_mix(h, (uintptr_t)f->msg ^ f->dir);
}

/* Of all values, or of those that name something only. */
static uint64_t words_of(const struct fact *f, bool names)
{
	uint64_t h = names ? 0 : (uint64_t)f->failed << 1 | f->violation;
	for (size_t i = 0; i < f->value_count; i++) {
		const struct value *v = &f->values[i];
		if (v->field->wire & NUMBERING || (names && !(v->field->wire & NAMING)))
			continue;
		uint64_t word = v->u;
		if (v->type >= VALUE_TEXT)
			word = hash_bytes(v->bytes, v->size);
		h = hash_mix(h ^ (uintptr_t)v->field, word ^ (uint64_t)v->type << 56);
	}
	return h;
}

static void remember_question(struct repeats *r, uint64_t frame, uint64_t key)
{
	struct question *q = &r->questions[frame % QUESTIONS];
	bool first = q->frame != frame;
	*q = (struct question){ .frame = frame,
		.key = first ? key : hash_mix(q->key, key),
		.asked = first ? 1 : q->asked + 1 };
}

/* What it answers; 0: nobody knows.  Questions of one frame are answered in their order, in however
 * many frames. */
static uint64_t question_of(struct repeats *r, uint64_t frame, uint64_t kind)
{
	struct question *q = &r->questions[frame % QUESTIONS];
	if (!frame || q->frame != frame)
		return 0;
	q->answered = q->kind == kind ? q->answered + (q->answered + 1 < q->asked) : 0;
	q->kind = kind;
	return hash_mix(q->key, q->answered);
}

static bool is_poll(const struct fact *f)
{
	bool looks =
		f->msg->act == ACT_READ || f->msg->act == ACT_IDENTIFY || f->msg->act == ACT_OTHER;
	return looks && !f->msg->effect;
}

static bool is_question(const struct fact *f)
{
	return f->dir == DIR_REQUEST && f->msg->act != ACT_OTHER;
}

static void begin_run(struct repetition *run, const struct fact *f)
{
	*run = (struct repetition){ .as = *f };
	run->as.values = NULL;
	run->as.value_count = 0;
}

void repeats_fact(void *self, const struct fact *f)
{
	struct repeats *r = self;
	if (!is_poll(f)) {
		r->config.on_fact(r->config.self, f);
		return;
	}
	uint64_t said = words_of(f, false), row = ends(f), key = hash_mix(row, said);
	if (f->dir == DIR_REQUEST)
		remember_question(r, f->frame, key);
	uint64_t question = f->dir == DIR_RESPONSE ? question_of(r, f->request, row) : 0;
	if (question)
		key = hash_mix(row, question);
	else if (!is_question(f))
		key = hash_mix(row, words_of(f, true));
	bool known;
	struct series *s = series_of(r, key, &known);
	if (known && s->said == said) {
		s->run.count++;
		s->run.last_frame = f->frame;
		s->run.last_ns = f->at_ns;
		return;
	}
	end_run(r, s);
	s->said = said;
	begin_run(&s->run, f);
	r->config.on_fact(r->config.self, f);
}
