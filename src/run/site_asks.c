/* What the site is asked: a table of questions, each with its answer. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "report/report.h"
#include "run/site.h"

struct asking {
	struct watching *w;
	const json_t *question;
	const struct asker *by;
	struct out *o;
};

/* --- what a question has --- */

static const char *text_of(const struct asking *a, const char *member)
{
	const char *text = json_string_value(json_object_get(a->question, member));
	return text ? text : "";
}

static uint64_t number_of(const struct asking *a, const char *member, uint64_t otherwise)
{
	json_int_t n = json_integer_value(json_object_get(a->question, member));
	return n > 0 ? (uint64_t)n : otherwise;
}

static int asset_of(const struct asking *a, uint32_t *id, struct err *e)
{
	const char *name = text_of(a, "asset");
	*id = site_find(a->w->site, name);
	if (*id)
		return 0;
	err_set(e, -ENOENT, "'%.60s': no asset, or several with this name", name);
	return err_try(e, "weir asset ls, or its number, address or MAC");
}

/* --- the site --- */

static void write_sensors(struct json *j, const struct watching *w)
{
	json_key(j, "sensors");
	json_open(j, '[');
	for (unsigned i = 0; i < SITE_SENSORS; i++) {
		const struct sensor *s = &w->sensors[i];
		uint64_t packets = 0, bytes = 0, lost = 0;
		if (!s->lives)
			continue;
		whole_heard(w->whole, i, &packets, &bytes, &lost);
		json_open(j, '{');
		json_kv_str(j, "interface", s->interface);
		json_key(j, "up");
		json_bool(j, s->fd >= 0);
		json_kv_uint(j, "packets", packets);
		json_kv_uint(j, "bytes", bytes);
		json_kv_uint(j, "lost", lost);
		json_kv_uint(j, "restarts", s->lives - 1);
		json_kv_str(j, "trouble", s->trouble);
		json_close(j, '}');
	}
	json_close(j, ']');
}

static int ask_status(struct asking *a, struct err *e)
{
	const struct watching *w = a->w;
	const struct site_counts c = site_counts(w->site);
	struct json j = json_on(a->o);
	(void)e;
	json_open(&j, '{');
	json_kv_str(&j, "site", w->name);
	json_kv_time(&j, "since", w->began_ns);
	json_kv_uint(&j, "assets", c.assets);
	json_kv_uint(&j, "approved", c.approved);
	json_kv_uint(&j, "silent", c.silent);
	json_kv_uint(&j, "conversations", w->seen ? w->plant.conversation_count : 0);
	json_kv_uint(&j, "points", w->seen ? w->plant.point_count : 0);
	json_kv_uint(&j, "alerts_new", c.alerts_new);
	json_kv_uint(&j, "alerts_open", c.alerts_open);
	if (c.alerts_new + c.alerts_open)
		json_kv_str(&j, "worst", severity_name(c.worst));
	json_kv_uint(&j, "without_room", c.without_room);
	json_kv_uint(&j, "unsaid", c.unsaid);
	write_sensors(&j, w);
	json_key(&j, "ledger");
	json_open(&j, '{');
	json_key(&j, "up");
	json_bool(&j, w->served != NULL);
	json_kv_uint(&j, "written", w->written);
	json_kv_uint(&j, "waiting", w->said_count);
	json_kv_str(&j, "trouble", w->ledger_trouble);
	json_close(&j, '}');
	json_kv_uint(&j, "look_us", (uint64_t)w->look_took_ns / 1000);
	json_kv_uint(&j, "asked", w->asked);
	json_kv_uint(&j, "turned_away", w->turned_away);
	json_close(&j, '}');
	return 0;
}

/* --- assets --- */

static void write_asset(struct json *j, uint32_t id, const struct site_asset *a)
{
	char text[MAC_TEXT > IP_TEXT ? MAC_TEXT : IP_TEXT];
	snprintf(text, sizeof text, "a%u", id);
	json_open(j, '{');
	json_kv_str(j, "id", text);
	for (unsigned f = 0; f < SITE_FIELDS; f++)
		json_kv_str(j, site_field_names[f], site_field(a, f));
	json_key(j, "macs");
	json_open(j, '[');
	for (unsigned i = 0; i < a->mac_count; i++)
		json_str(j, mac_text(a->macs[i], text));
	json_close(j, ']');
	json_key(j, "ips");
	json_open(j, '[');
	for (unsigned i = 0; i < a->ip_count; i++)
		json_str(j, ip_text(&a->ips[i], text));
	json_close(j, ']');
	snprintf(text, sizeof text, "a%u", a->owner);
	json_kv_str(j, "part_of", a->owner ? text : "");
	json_key(j, "approved");
	json_bool(j, a->approved);
	json_key(j, "silent");
	json_bool(j, a->silent);
	json_kv_time(j, "first_seen", a->first_ns);
	json_kv_time(j, "last_seen", a->last_ns);
	json_close(j, '}');
}

static bool is_wanted(const struct asking *a, const struct site_asset *asset)
{
	static const char *const by[] = { "type", "level", "zone", "vendor" };
	static const enum site_field field[] = { SITE_TYPE, SITE_LEVEL, SITE_ZONE, SITE_VENDOR };
	for (size_t i = 0; i < COUNT_OF(by); i++) {
		const char *text = text_of(a, by[i]);
		if (*text && strcmp(text, site_field(asset, field[i])) != 0)
			return false;
	}
	const json_t *approved = json_object_get(a->question, "approved");
	return !json_is_boolean(approved) || json_is_true(approved) == asset->approved;
}

static int ask_assets(struct asking *a, struct err *e)
{
	struct json j = json_on(a->o);
	uint64_t most = number_of(a, "limit", UINT64_MAX);
	uint32_t id = (uint32_t)number_of(a, "after", 0) + 1, end = site_asset_end(a->w->site);
	(void)e;
	json_open(&j, '{');
	json_key(&j, "assets");
	json_open(&j, '[');
	for (; id < end && most; id++) {
		const struct site_asset *asset = site_asset(a->w->site, id);
		if (!asset || !is_wanted(a, asset))
			continue;
		write_asset(&j, id, asset);
		most--;
	}
	json_close(&j, ']');
	if (id < end)
		json_kv_uint(&j, "next", id - 1);
	json_close(&j, '}');
	return 0;
}

static int ask_asset(struct asking *a, struct err *e)
{
	uint32_t id;
	struct json j = json_on(a->o);
	if (asset_of(a, &id, e) < 0)
		return e->code;
	write_asset(&j, id, site_asset(a->w->site, id));
	return 0;
}

/* --- alerts --- */

static void write_alert(struct json *j, uint32_t number, const struct site_alert *a)
{
	json_open(j, '{');
	json_kv_uint(j, "alert", number);
	json_kv_str(j, "state", alert_state_names[a->state]);
	json_kv_str(j, "verdict", alert_verdict_names[a->verdict]);
	json_key(j, "muted");
	json_bool(j, a->muted);
	json_kv_str(j, "severity", severity_name(a->severity));
	json_kv_str(j, "id", a->id);
	json_kv_str(j, "class", a->class);
	json_kv_str(j, "engine", a->engine);
	json_kv_str(j, "title", a->title);
	json_kv_str(j, "text", a->text);
	json_kv_str(j, "technique", a->technique);
	json_kv_str(j, "next", a->next);
	json_kv_str(j, "owner", a->owner);
	json_kv_str(j, "comment", a->comment);
	json_key(j, "assets");
	json_open(j, '[');
	for (unsigned i = 0; i < 2; i++) {
		char text[16];
		snprintf(text, sizeof text, "a%u", a->assets[i]);
		if (a->assets[i])
			json_str(j, text);
	}
	json_close(j, ']');
	json_kv_time(j, "first", a->first_ns);
	json_kv_time(j, "last", a->last_ns);
	json_kv_uint(j, "count", a->count);
	json_close(j, '}');
}

static int ask_alerts(struct asking *a, struct err *e)
{
	struct json j = json_on(a->o);
	const char *state = text_of(a, "state"), *id = text_of(a, "id");
	uint64_t most = number_of(a, "limit", UINT64_MAX);
	uint32_t n = (uint32_t)number_of(a, "after", 0) + 1, end = site_alert_end(a->w->site);
	(void)e;
	json_open(&j, '{');
	json_key(&j, "alerts");
	json_open(&j, '[');
	for (; n < end && most; n++) {
		const struct site_alert *alert = site_alert(a->w->site, n);
		if (!alert || (*id && strcmp(id, alert->id) != 0) ||
			(*state && strcmp(state, alert_state_names[alert->state]) != 0))
			continue;
		write_alert(&j, n, alert);
		most--;
	}
	json_close(&j, ']');
	if (n < end)
		json_kv_uint(&j, "next", n - 1);
	json_close(&j, '}');
	return 0;
}

static int ask_alert(struct asking *a, struct err *e)
{
	uint64_t n = number_of(a, "alert", 0);
	const struct site_alert *alert =
		n < UINT32_MAX ? site_alert(a->w->site, (uint32_t)n) : NULL;
	struct json j = json_on(a->o);
	if (!alert)
		return err_set(e, -ENOENT, "there is no alert %llu", (unsigned long long)n);
	write_alert(&j, (uint32_t)n, alert);
	return 0;
}

/* --- the plant, as weir look shows one --- */

static int ask_plant(struct asking *a, struct err *e)
{
	static const struct report_style plain = { .columns = 100 },
					 all = { .columns = 100, .all = true };
	const char *as = text_of(a, "as");
	struct plant p = a->w->plant;
	if (!a->w->seen)
		return err_set(e, -ENOENT, "nothing was seen yet");
	if (strcmp(as, "json") == 0)
		report_json(&p, a->o);
	else if (strcmp(as, "html") == 0)
		report_html(&p, a->o);
	else if (strcmp(as, "svg") == 0)
		report_svg(&p, a->o);
	else
		report_text(&p, json_is_true(json_object_get(a->question, "all")) ? &all : &plain,
			a->o);
	return 0;
}

/* --- what people do --- */

/* Who asks says who did it, where he is believed; else the system does. */
static struct site_by by_whom(const struct asking *a, char name[SITE_TEXT])
{
	const char *actor = text_of(a, "by");
	if (a->by->trusted && *actor && strlen(actor) < SITE_TEXT - 1)
		snprintf(name, SITE_TEXT, "%s", actor);
	else
		snprintf(name, SITE_TEXT, "uid:%u", a->by->uid);
	return (struct site_by){
		.actor = name, .comment = text_of(a, "comment"), .now_ns = clock_wall()
	};
}

/* What cannot be written down is not done. */
static int may_act(const struct asking *a, struct err *e)
{
	if (a->w->served && !a->w->stopping)
		return 0;
	err_set(e, -EAGAIN, "the ledger takes nothing now");
	return err_try(e, "weir status, and in a while the same");
}

static int act_on_asset(
	struct asking *a, const char *act, uint32_t id, const struct site_by *by, struct err *e)
{
	if (strcmp(act, "set") != 0)
		return site_approve(a->w->site, id, act[0] == 'a', by, e);
	for (unsigned f = 0; f < SITE_FIELDS; f++)
		if (strcmp(site_field_names[f], text_of(a, "field")) == 0)
			return site_set(a->w->site, id, f, text_of(a, "value"), by, e);
	return err_set(
		e, -EINVAL, "'%.40s': nothing of an asset is called that", text_of(a, "field"));
}

static int ask_act_asset(struct asking *a, struct err *e)
{
	char name[SITE_TEXT];
	const char *act = text_of(a, "act");
	const struct site_by by = by_whom(a, name);
	uint32_t id = 0;
	int r = may_act(a, e);
	if (r == 0)
		r = asset_of(a, &id, e);
	if (r == 0 && strcmp(act, "approve") != 0 && strcmp(act, "doubt") != 0 &&
		strcmp(act, "set") != 0)
		r = err_set(e, -EINVAL, "'%.40s': approve, doubt or set", act);
	if (r == 0)
		r = act_on_asset(a, act, id, &by, e);
	if (r < 0)
		return r;
	struct json j = json_on(a->o);
	write_asset(&j, id, site_asset(a->w->site, id));
	return 0;
}

static enum alert_verdict verdict_of(const char *word)
{
	for (unsigned i = VERDICT_TRUE; alert_verdict_names[i]; i++)
		if (strcmp(alert_verdict_names[i], word) == 0)
			return (enum alert_verdict)i;
	return VERDICT_NONE;
}

static int ask_act_alert(struct asking *a, struct err *e)
{
	char name[SITE_TEXT];
	const char *act = text_of(a, "act");
	const struct site_by by = by_whom(a, name);
	uint64_t wanted = number_of(a, "alert", 0);
	uint32_t n = wanted < UINT32_MAX ? (uint32_t)wanted : 0;
	int r = may_act(a, e);
	if (r < 0)
		return r;
	if (strcmp(act, "close") == 0)
		r = site_close(a->w->site, n, verdict_of(text_of(a, "verdict")), &by, e);
	else if (strcmp(act, "open") == 0)
		r = site_reopen(a->w->site, n, &by, e);
	else if (strcmp(act, "mute") == 0 || strcmp(act, "unmute") == 0)
		r = site_mute(a->w->site, n, act[0] == 'm', &by, e);
	else
		r = err_set(e, -EINVAL, "'%.40s': close, open, mute or unmute", act);
	return r < 0 ? r : ask_alert(a, e);
}

static const struct {
	const char *name;
	int (*answer)(struct asking *a, struct err *e);
} questions[] = {
	{ "status", ask_status },
	{ "assets", ask_assets },
	{ "asset", ask_asset },
	{ "alerts", ask_alerts },
	{ "alert", ask_alert },
	{ "plant", ask_plant },
	{ "act on asset", ask_act_asset },
	{ "act on alert", ask_act_alert },
};

int site_answer(struct watching *w, const json_t *question, const struct asker *by, struct out *o,
	struct err *e)
{
	struct asking a = { w, question, by, o };
	const char *name = text_of(&a, "ask");
	for (size_t i = 0; i < COUNT_OF(questions); i++)
		if (strcmp(questions[i].name, name) == 0)
			return questions[i].answer(&a, e);
	return err_set(e, -EINVAL, "'%.40s': the site cannot be asked that", name);
}
