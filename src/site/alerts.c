/* Findings as alerts: one for each cause, from when it is raised until somebody closes it. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/hash.h"
#include "site/inside.h"

static const uint64_t most_number = UINT64_C(1) << 53;

const char *const alert_state_names[] = { "new", "open", "closed", NULL };
const char *const alert_verdict_names[] = { "", "true", "expected", "false", NULL };

static uint64_t cause_hash(const char *id, const uint32_t assets[2])
{
	uint64_t two = (uint64_t)assets[0] << 32 | assets[1];
	return hash_mix(hash_bytes(id, strlen(id)), two);
}

/* The last one of this cause; NULL: there was none. */
static struct site_alert *last_of(const struct site *s, const char *id, const uint32_t assets[2])
{
	uint64_t hash = cause_hash(id, assets);
	struct site_alert *last = NULL;
	for (uint32_t at = table_first(&s->by_cause, hash), n;
		(n = table_next(&s->by_cause, hash, &at));) {
		struct site_alert *a = alert_at(s, n);
		if (strcmp(a->id, id) == 0 && a->assets[0] == assets[0] &&
			a->assets[1] == assets[1])
			last = !last || a > last ? a : last;
	}
	return last;
}

uint32_t alert_latest(const struct site *s, uint32_t number)
{
	const struct site_alert *a = alert_at(s, number);
	const struct site_alert *last = last_of(s, a->id, a->assets);
	return last ? pool_number(&s->alerts, last) : number;
}

void alerts_merge(struct site *s, uint32_t asset, uint32_t into)
{
	for (uint32_t n = 1; n < s->alerts.used; n++) {
		struct site_alert *a = alert_at(s, n);
		if (!a->id[0] || (a->assets[0] != asset && a->assets[1] != asset))
			continue;
		table_remove(&s->by_cause, cause_hash(a->id, a->assets), n);
		for (unsigned k = 0; k < COUNT_OF(a->assets); k++)
			a->assets[k] = a->assets[k] == asset ? into : a->assets[k];
		table_add(&s->by_cause, cause_hash(a->id, a->assets), n);
	}
}

/* --- what entries say --- */

static int word_of(const char *const names[], const char *text)
{
	for (int i = 0; names[i]; i++)
		if (strcmp(names[i], text) == 0)
			return i;
	return -1;
}

static void take_text(char *to, size_t room, const json_t *data, const char *member)
{
	const char *text = json_string_value(json_object_get(data, member));
	if (text)
		site_cut(to, room, text);
}

static int severity_of(const char *name)
{
	for (int i = SEVERITY_INFO; i <= SEVERITY_CRITICAL; i++)
		if (strcmp(severity_name((enum severity)i), name) == 0)
			return i;
	return -1;
}

static void raise_alert(struct site *s, struct site_alert *a, const json_t *data)
{
	const json_t *assets = json_object_get(data, "assets");
	if (a->id[0])
		return; /* once is enough */
	for (size_t i = 0; i < COUNT_OF(a->assets); i++) {
		const char *name = json_string_value(json_array_get(assets, i));
		uint32_t id = name ? site_number(name) : 0;
		uint32_t now = asset_now(s, id);
		a->assets[i] = now ? now : id;
	}
	take_text(a->id, sizeof a->id, data, "id");
	take_text(a->class, sizeof a->class, data, "class");
	take_text(a->engine, sizeof a->engine, data, "engine");
	take_text(a->title, sizeof a->title, data, "title");
	take_text(a->technique, sizeof a->technique, data, "technique");
	take_text(a->next, sizeof a->next, data, "next");
	a->first_ns = site_time(data, "first");
	if (a->id[0])
		table_add(&s->by_cause, cause_hash(a->id, a->assets), pool_number(&s->alerts, a));
}

static struct site_alert *find(struct site *s, uint64_t number, bool make)
{
	if (!number || number >= s->alerts.max)
		return NULL;
	while (make && s->alerts.used <= number)
		pool_new(&s->alerts);
	return number < s->alerts.used ? alert_at(s, (uint32_t)number) : NULL;
}

void alert_recall(struct site *s, const char *subject, const json_t *data, int64_t at_ns)
{
	const char *change = site_text(data, "change");
	bool raised = strcmp(change, "raised") == 0;
	uint64_t number = site_count(data, "alert");
	struct site_alert *a = find(s, number, raised);
	(void)subject;
	if (!a)
		return;
	if (raised)
		raise_alert(s, a, data);
	int severity = severity_of(site_text(data, "severity"));
	uint64_t count = site_count(data, "count");
	const json_t *muted = json_object_get(data, "muted");
	a->severity = severity >= 0 ? (uint8_t)severity : a->severity;
	a->count = count ? count : a->count;
	a->said = a->count;
	if (!a->met)
		a->before = a->count;
	a->muted = json_is_boolean(muted) ? json_is_true(muted) : a->muted;
	int64_t last_ns = site_time(data, "last");
	a->last_ns = last_ns > a->last_ns ? last_ns : a->last_ns;
	take_text(a->text, sizeof a->text, data, "text");
	take_text(a->comment, sizeof a->comment, data, "comment");
	take_text(a->owner, sizeof a->owner, data, "owner");
	int state = word_of(alert_state_names, site_text(data, "state"));
	int verdict = word_of(alert_verdict_names, site_text(data, "verdict"));
	if (state >= 0) {
		a->state = (uint8_t)state;
		a->verdict = verdict > 0 ? (uint8_t)verdict : VERDICT_NONE;
		a->closed_ns = state == ALERT_CLOSED ? at_ns : 0;
	}
}

/* --- what was found --- */

/* No number of an entry is larger: doubles are exact so far (RFC 8785). */
static json_int_t exact(uint64_t n)
{
	return (json_int_t)(n < most_number ? n : most_number);
}

static json_t *evidence(const struct finding *f)
{
	json_t *list = f->frame_count ? json_array() : NULL;
	for (unsigned i = 0; list && i < f->frame_count; i++)
		json_array_append_new(list, json_integer(exact(f->frames[i])));
	return list;
}

static json_t *names_of(const uint32_t assets[2])
{
	json_t *list = json_array();
	for (unsigned i = 0; list && i < 2; i++) {
		char text[16];
		snprintf(text, sizeof text, "a%u", assets[i]);
		if (assets[i])
			json_array_append_new(list, json_string(text));
	}
	return list;
}

static int say_raised(struct site *s, const struct finding *f, const uint32_t assets[2],
	int64_t first_ns, uint64_t count, int64_t now_ns, struct err *e)
{
	const struct detection_row *row = f->row;
	if (s->alerts.used >= s->alerts.max) {
		s->without_room++;
		return 0;
	}
	uint32_t number = s->alerts.used;
	char text[ALERT_TEXT];
	site_cut(text, sizeof text, f->text);
	json_t *data = json_pack("{s:I, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:o}", "alert",
		(json_int_t)number, "change", "raised", "state", "new", "id", row->id, "class",
		row->class, "engine", engine_name(row->engine), "severity",
		severity_name(f->severity), "title", row->title, "assets", names_of(assets));
	json_t *more = json_pack("{s:s, s:s*, s:s, s:o*, s:o*, s:I, s:o*}", "text", text,
		"technique", row->technique, "next", row->next ? row->next : "", "first",
		site_when(first_ns), "last", site_when(f->last_ns), "count", exact(count), "frames",
		evidence(f));
	if (data && more)
		json_object_update(data, more);
	json_decref(more);
	int r = site_tell(s, "finding", assets[0], data, now_ns, e);
	if (r == 0) {
		struct site_alert *a = alert_at(s, number);
		a->met = true;
		a->before = 0;
		a->base = f->count > count ? f->count - count : 0;
	}
	return r;
}

/* The same cause once more: counted, and said again where it got worse or ten times as much. */
static int see_more(struct site *s, struct site_alert *a, const struct finding *f, int64_t now_ns,
	struct err *e)
{
	uint64_t now = a->before + (f->count > a->base ? f->count - a->base : 0);
	bool worse = f->severity > a->severity;
	char text[ALERT_TEXT];
	a->met = true;
	a->count = now > a->count ? now : a->count;
	a->last_ns = f->last_ns > a->last_ns ? f->last_ns : a->last_ns;
	if (!worse && a->count / 10 < a->said)
		return 0;
	site_cut(text, sizeof text, f->text);
	return site_tell(s, "finding", a->assets[0],
		json_pack("{s:I, s:s, s:s, s:s, s:o*, s:I, s:o}", "alert",
			(json_int_t)pool_number(&s->alerts, a), "change", worse ? "worse" : "more",
			"severity", severity_name(f->severity), "text", text, "last",
			site_when(f->last_ns), "count", exact(a->count), "assets",
			names_of(a->assets)),
		now_ns, e);
}

/* Whether somebody may do what he does is known when it is known who he is. */
static bool is_settled(const struct site *s, int64_t now_ns)
{
	int64_t settle_ns = s->config.settle_ns ? s->config.settle_ns : 60 * CLOCK_SECOND;
	return now_ns - s->first_look_ns >= settle_ns;
}

/* What came since the one before was counted last. */
static uint64_t since(const struct site_alert *a, const struct finding *f)
{
	uint64_t counted = a->base + (a->count > a->before ? a->count - a->before : 0);
	return f->count > counted ? f->count - counted : 1;
}

int alerts_see(struct site *s, const struct plant *p, int64_t now_ns, struct err *e)
{
	int r = 0;
	bool settled = is_settled(s, now_ns);
	bool full = s->assets.used >= s->assets.max; /* then somebody without a number is nobody */
	for (size_t i = 0; !site_stops(r) && i < p->finding_count; i++) {
		const struct finding *f = &p->findings[i];
		uint32_t assets[2];
		bool numbered = settled || f->row->engine != ENGINE_POLICY;
		for (unsigned k = 0; k < 2; k++) {
			assets[k] = f->assets[k] ? s->ids[f->assets[k] - 1] : 0;
			numbered &= full || !f->assets[k] || assets[k];
		}
		if (!numbered)
			continue;
		if (!assets[0]) { /* nobody knows who did it: it is about the other one */
			assets[0] = assets[1];
			assets[1] = 0;
		}
		struct site_alert *a = last_of(s, f->row->id, assets);
		int now = 0;
		if (!a)
			now = say_raised(s, f, assets, f->first_ns, f->count, now_ns, e);
		else if (a->state != ALERT_CLOSED)
			now = see_more(s, a, f, now_ns, e);
		else if (f->last_ns > a->closed_ns && f->last_ns > a->last_ns && !a->muted)
			now = say_raised(s, f, assets, f->last_ns, since(a, f), now_ns, e);
		r = site_goes_on(s, r, now, e);
	}
	return r;
}
