#include "site/site.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/grow.h"
#include "base/utf8.h"
#include "site/inside.h"

const char *const site_field_names[SITE_FIELDS] = { "name", "type", "vendor", "model", "firmware",
	"serial", "level", "zone", "place" };

int site_new(struct site **out, const struct site_config *config, struct err *e)
{
	struct site *s = calloc(1, sizeof *s);
	if (!s)
		return err_sys(e, "remember a site");
	s->config = *config;
	uint32_t assets = config->assets_max ? config->assets_max : SITE_ASSETS_MAX;
	uint32_t alerts = config->alerts_max ? config->alerts_max : SITE_ALERTS_MAX;
	uint32_t anchors = assets * 4;
	int r = pool_init(&s->assets, sizeof(struct site_asset), assets, e);
	if (r == 0)
		r = pool_init(&s->anchors, sizeof(struct anchor), anchors, e);
	if (r == 0)
		r = pool_init(&s->alerts, sizeof(struct site_alert), alerts, e);
	if (r == 0)
		r = table_init(&s->by_anchor, anchors, e);
	if (r == 0)
		r = table_init(&s->by_cause, alerts, e);
	if (r < 0) {
		site_free(s);
		return err_in(e, "remember a site");
	}
	*out = s;
	return 0;
}

void site_free(struct site *s)
{
	if (!s)
		return;
	pool_done(&s->assets);
	pool_done(&s->anchors);
	pool_done(&s->alerts);
	table_done(&s->by_anchor);
	table_done(&s->by_cause);
	free(s->ids);
	free(s->pieces);
	free(s);
}

/* --- words of entries --- */

const char *site_text(const json_t *data, const char *member)
{
	const char *text = json_string_value(json_object_get(data, member));
	return text ? text : "";
}

/* Numbers of an entry are doubles (RFC 8785): whole ones, as far as those are exact. */
uint64_t site_count(const json_t *data, const char *member)
{
	double n = json_number_value(json_object_get(data, member));
	return n >= 1 && n <= 9007199254740991.0 ? (uint64_t)n : 0;
}

int64_t site_time(const json_t *data, const char *member)
{
	int64_t ns;
	return clock_read(site_text(data, member), &ns) ? ns : 0;
}

json_t *site_when(int64_t ns)
{
	char text[CLOCK_TEXT];
	return ns ? json_string(clock_text(ns, text)) : NULL;
}

void site_cut(char *to, size_t room, const char *text)
{
	static const char instead[] = "\xef\xbf\xbd"; /* U+FFFD */
	size_t left = strlen(text), used = 0;
	while (left) {
		size_t size = utf8_size((const uint8_t *)text, left);
		const char *from = size ? text : instead;
		size_t put = size ? size : sizeof instead - 1;
		if (put >= room - used)
			break;
		memmove(to + used, from, put);
		used += put;
		text += size ? size : 1;
		left -= size ? size : 1;
	}
	to[used] = 0;
}

uint32_t site_number(const char *subject)
{
	uint32_t n = 0;
	if (subject[0] != 'a' || subject[1] == '0')
		return 0;
	for (const char *c = subject + 1; *c; c++) {
		if (*c < '0' || *c > '9' || n > SITE_ASSETS_MAX)
			return 0;
		n = n * 10 + (uint32_t)(*c - '0');
	}
	return n;
}

/* --- entries --- */

static void recall(
	struct site *s, const char *kind, const char *subject, const json_t *data, int64_t at_ns)
{
	if (strcmp(kind, "asset") == 0)
		asset_recall(s, site_number(subject), data, at_ns);
	else if (strcmp(kind, "finding") == 0)
		alert_recall(s, subject, data, at_ns);
}

void site_recall(struct site *s, const struct entry_parts *entry)
{
	if (entry->data && entry->timed)
		recall(s, entry->kind, entry->subject, entry->data, entry->at_ns);
}

int site_tell(struct site *s, const char *kind, uint32_t subject, json_t *data, int64_t now_ns,
	struct err *e)
{
	char text[16];
	if (!data)
		return err_set(e, -ENOMEM, "no memory to say what changed");
	snprintf(text, sizeof text, "a%u", subject);
	json_incref(data);
	int r = s->config.say(s->config.self, kind, subject ? text : "site", data, e);
	if (r == 0)
		recall(s, kind, text, data, now_ns);
	json_decref(data);
	return r;
}

/* --- looking --- */

int site_see(struct site *s, const struct plant *p, int64_t now_ns, struct err *e)
{
	s->numbered = false;
	uint32_t *ids = grow(s->ids, &s->ids_room, p->asset_count + 1, sizeof *ids);
	if (!ids)
		return err_sys(e, "tell assets apart");
	s->ids = ids;
	bool *pieces = grow(s->pieces, &s->pieces_room, p->asset_count + 1, sizeof *pieces);
	if (!pieces)
		return err_sys(e, "tell assets apart");
	s->pieces = pieces;
	s->look++;
	if (!s->first_look_ns || now_ns < s->first_look_ns) /* a clock that was set back */
		s->first_look_ns = now_ns;
	int r = changes_recognise(s, p, now_ns, e);
	s->numbered = true;
	if (r == 0)
		r = match_merge(s, p, now_ns, e);
	if (r == 0)
		r = changes_see(s, p, now_ns, e);
	return r < 0 ? r : alerts_see(s, p, now_ns, e);
}

bool site_stops(int r)
{
	return r == -EAGAIN || r == -ENOMEM;
}

int site_goes_on(struct site *s, int r, int now, struct err *e)
{
	if (now >= 0 || site_stops(now))
		return now < 0 ? now : r;
	s->unsaid++;
	e->code = 0;
	return r;
}

const uint32_t *site_ids(const struct site *s)
{
	return s->numbered ? s->ids : NULL;
}

const struct site_asset *site_asset(const struct site *s, uint32_t id)
{
	const struct site_asset *a = id && id < s->assets.used ? asset_at(s, id) : NULL;
	return a && a->known && !a->into ? a : NULL;
}

uint32_t site_asset_end(const struct site *s)
{
	return s->assets.used;
}

const char *site_field(const struct site_asset *a, enum site_field f)
{
	return a->set[f][0] ? a->set[f] : a->seen[f];
}

const struct site_alert *site_alert(const struct site *s, uint32_t number)
{
	const struct site_alert *a = number && number < s->alerts.used ? alert_at(s, number) : NULL;
	return a && a->id[0] ? a : NULL;
}

uint32_t site_alert_end(const struct site *s)
{
	return s->alerts.used;
}

static uint32_t find_name(const struct site *s, const char *text)
{
	uint32_t found = 0;
	for (uint32_t id = 1; id < s->assets.used; id++) {
		const struct site_asset *a = site_asset(s, id);
		if (!a || strcmp(site_field(a, SITE_NAME), text) != 0)
			continue;
		if (found)
			return 0;
		found = id;
	}
	return found;
}

uint32_t site_find(const struct site *s, const char *text)
{
	struct anchor at;
	uint32_t id = asset_now(s, site_number(text));
	if (!id && anchor_read(text, &at))
		id = anchor_find(s, &at);
	return id ? id : find_name(s, text);
}

struct site_counts site_counts(const struct site *s)
{
	struct site_counts c = { .without_room = s->without_room, .unsaid = s->unsaid };
	for (uint32_t id = 1; id < s->assets.used; id++) {
		const struct site_asset *a = site_asset(s, id);
		c.assets += a != NULL;
		c.approved += a && a->approved;
		c.silent += a && a->silent;
	}
	for (uint32_t n = 1; n < s->alerts.used; n++) {
		const struct site_alert *a = site_alert(s, n);
		if (!a || a->state == ALERT_CLOSED)
			continue;
		c.alerts_new += a->state == ALERT_NEW;
		c.alerts_open += a->state == ALERT_OPEN;
		c.worst = a->severity > c.worst ? a->severity : c.worst;
	}
	return c;
}
