#include "event/entry_parts.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/out.h"
#include "event/entry.h"

static const char *member_text(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));
	return text ? text : "";
}

/* Numbers are what they are in JSON: the canonical form of 3e20 has the look of an integer. */
void entry_take_apart(const void *bytes, size_t size, struct entry_parts *out)
{
	json_t *json = json_loadb(bytes, size, JSON_DECODE_INT_AS_REAL, NULL);
	if (!json_is_object(json)) {
		json_decref(json);
		json = NULL;
	}
	*out = (struct entry_parts){ .json = json,
		.kind = member_text(json, "kind"),
		.subject = member_text(json, "subject"),
		.actor = member_text(json, "actor"),
		.site = member_text(json, "site"),
		.at = member_text(json, "at"),
		.data = json_object_get(json, "data") };
	out->timed = clock_read(out->at, &out->at_ns);
}

void entry_parts_free(struct entry_parts *p)
{
	json_decref(p->json);
	*p = (struct entry_parts){ .kind = "", .subject = "", .actor = "", .site = "", .at = "" };
}

static bool is_of_asset(const char *kind)
{
	for (const struct entry_kind *k = entry_kinds; k->name; k++)
		if (strcmp(k->name, kind) == 0)
			return k->of_asset;
	return false;
}

/* Steps 0 and 1 are the subject and data.asset, the others data.assets. */
const char *entry_asset(const struct entry_parts *p, size_t *step)
{
	const json_t *list = json_object_get(p->data, "assets");
	for (size_t count = 2 + json_array_size(list); *step < count;) {
		size_t at = (*step)++;
		const char *name = at == 0 ? is_of_asset(p->kind) ? p->subject : ""
			: at == 1          ? member_text(p->data, "asset")
					   : json_string_value(json_array_get(list, at - 2));
		if (name && *name)
			return name;
	}
	return NULL;
}

bool entry_filter_is_empty(const struct entry_filter *f)
{
	return !f->kind && !f->subject && !f->actor && !f->site && !f->asset && !f->has_since &&
		!f->has_until;
}

static bool names_asset(const struct entry_parts *p, const char *asset)
{
	size_t step = 0;
	for (const char *name; (name = entry_asset(p, &step));)
		if (strcmp(name, asset) == 0)
			return true;
	return false;
}

static bool is(const char *wanted, const char *text)
{
	return !wanted || strcmp(wanted, text) == 0;
}

bool entry_fits(const struct entry_filter *f, const struct entry_parts *p)
{
	bool in_time = (!f->has_since || (p->timed && p->at_ns >= f->since_ns)) &&
		(!f->has_until || (p->timed && p->at_ns < f->until_ns));
	return in_time && is(f->kind, p->kind) && is(f->subject, p->subject) &&
		is(f->actor, p->actor) && is(f->site, p->site) &&
		(!f->asset || names_asset(p, f->asset));
}

int entry_filter_kind(struct entry_filter *f, const char *kind, struct err *e)
{
	char list[256];
	struct out o = out_mem(list, sizeof list);
	for (const struct entry_kind *k = entry_kinds; k->name; k++) {
		if (strcmp(k->name, kind) == 0) {
			f->kind = kind;
			return 0;
		}
		out_fmt(&o, "%s%s", k == entry_kinds ? "" : ", ", k->name);
	}
	return err_set(e, -EINVAL, "%.40s: no kind of entry; there are %s", kind, out_text(&o));
}
