/* What people decide about assets and alerts: an entry each, with who did it. */
#include <errno.h>
#include <string.h>

#include "site/inside.h"

static int need_asset(const struct site *s, uint32_t id, struct err *e)
{
	return site_asset(s, id) ? 0 : err_set(e, -ENOENT, "there is no asset a%u", id);
}

static int need_alert(const struct site *s, uint32_t number, struct err *e)
{
	return site_alert(s, number) ? 0 : err_set(e, -ENOENT, "there is no alert %u", number);
}

static int tell(struct site *s, const char *kind, uint32_t asset, json_t *data,
	const struct site_by *by, struct err *e)
{
	if (data && by->comment && *by->comment)
		json_object_set_new(data, "comment", json_string(by->comment));
	if (data && by->actor)
		json_object_set_new(data, "by", json_string(by->actor));
	return site_tell(s, kind, asset, data, by->now_ns, e);
}

int site_approve(
	struct site *s, uint32_t asset, bool approved, const struct site_by *by, struct err *e)
{
	int r = need_asset(s, asset, e);
	if (r < 0)
		return r;
	if (site_asset(s, asset)->approved == approved)
		return err_set(e, -EALREADY, "a%u is %s already", asset,
			approved ? "approved" : "not approved");
	json_t *data = json_pack("{s:s}", "change", approved ? "approved" : "doubted");
	return tell(s, "asset", asset, data, by, e);
}

static int check_type(const char *text, struct err *e)
{
	for (unsigned i = 1; i < TYPE_COUNT; i++)
		if (strcmp(asset_types[i].name, text) == 0)
			return 0;
	return err_set(e, -EINVAL, "'%.40s' is no type of asset", text);
}

static int check_level(const char *text, struct err *e)
{
	static const char *const levels[] = { "0", "1", "2", "3", "3.5", "4", "5" };
	for (size_t i = 0; i < COUNT_OF(levels); i++)
		if (strcmp(levels[i], text) == 0)
			return 0;
	return err_set(e, -EINVAL, "'%.40s' is no level: 0, 1, 2, 3, 3.5, 4 or 5", text);
}

int site_set(struct site *s, uint32_t asset, enum site_field f, const char *text,
	const struct site_by *by, struct err *e)
{
	int r = need_asset(s, asset, e);
	if (r == 0 && strlen(text) >= SITE_TEXT)
		r = err_set(e, -EINVAL, "%s: %d bytes at most", site_field_names[f], SITE_TEXT - 1);
	if (r == 0 && *text && f == SITE_TYPE)
		r = check_type(text, e);
	if (r == 0 && *text && f == SITE_LEVEL)
		r = check_level(text, e);
	if (r == 0 && strcmp(site_asset(s, asset)->set[f], text) == 0)
		r = err_set(e, -EALREADY, "%s of a%u is that already", site_field_names[f], asset);
	if (r < 0)
		return r;
	json_t *data =
		json_pack("{s:s, s:{s:s}}", "change", "set", "set", site_field_names[f], text);
	if (!data)
		return err_set(e, -EINVAL, "%s: no UTF-8", site_field_names[f]);
	return tell(s, "asset", asset, data, by, e);
}

static int act(
	struct site *s, uint32_t number, json_t *data, const struct site_by *by, struct err *e)
{
	const struct site_alert *a = site_alert(s, number);
	if (data)
		json_object_set_new(data, "alert", json_integer(number));
	return tell(s, "finding", a->assets[0], data, by, e);
}

int site_close(struct site *s, uint32_t alert, enum alert_verdict verdict, const struct site_by *by,
	struct err *e)
{
	int r = need_alert(s, alert, e);
	if (r == 0 && verdict == VERDICT_NONE)
		r = err_set(e, -EINVAL, "what was it: true, expected or false?");
	if (r == 0 && site_alert(s, alert)->state == ALERT_CLOSED)
		r = err_set(e, -EALREADY, "alert %u is closed already", alert);
	return r < 0 ? r
		     : act(s, alert,
			       json_pack("{s:s, s:s, s:s}", "change", "closed", "state", "closed",
				       "verdict", alert_verdict_names[verdict]),
			       by, e);
}

int site_reopen(struct site *s, uint32_t alert, const struct site_by *by, struct err *e)
{
	int r = need_alert(s, alert, e);
	if (r == 0 && site_alert(s, alert)->state == ALERT_OPEN)
		r = err_set(e, -EALREADY, "alert %u is open already", alert);
	return r < 0 ? r
		     : act(s, alert, json_pack("{s:s, s:s}", "change", "opened", "state", "open"),
			       by, e);
}

int site_mute(struct site *s, uint32_t alert, bool muted, const struct site_by *by, struct err *e)
{
	int r = need_alert(s, alert, e);
	if (r == 0 && alert_latest(s, alert) != alert)
		r = err_set(e, -EINVAL, "alert %u is the last one of this cause: mute that",
			alert_latest(s, alert));
	if (r == 0 && site_alert(s, alert)->muted == muted)
		r = err_set(e, -EALREADY, "alert %u is %s already", alert,
			muted ? "muted" : "not muted");
	return r < 0 ? r
		     : act(s, alert,
			       json_pack("{s:s, s:b}", "change", muted ? "muted" : "unmuted",
				       "muted", muted),
			       by, e);
}
