#include "event/entry.h"

#include <errno.h>
#include <string.h>

#include "base/attr.h"
#include "base/clock.h"
#include "event/canonical.h"
#include "event/entry_plain.h"

const struct entry_kind entry_kinds[] = {
	{ "asset", "an asset came, went, or is another than before", true },
	{ "conversation", "two assets converse for the first time, or do something new", true },
	{ "finding", "something needs attention", true },
	{ "decision", "somebody was allowed to do something, or not" },
	{ "change", "somebody changed what is decided by: a policy, a zone, an owner" },
	{ "consent", "an owner agreed to a change, or took it back" },
	{ "access", "somebody came in or left, or could not come in", true },
	{ "egress", "something left the site, or was kept from leaving" },
	{ "backup", "a snapshot was taken, checked, restored or let go", true },
	{ "key", "a key was made, changed or retired" },
	{ "retention", "how long entries are kept was promised" },
	{ "hold", "entries are kept beyond that, or no longer" },
	{ "alarm", "the record itself is in danger: a fork, damage, a full disk" },
	{ "note", "somebody wrote something down", true },
	{ NULL, NULL, false },
};

static bool is_kind(const char *name, size_t size)
{
	for (const struct entry_kind *k = entry_kinds; k->name; k++)
		if (strlen(k->name) == size && memcmp(k->name, name, size) == 0)
			return true;
	return false;
}

/* "2026-11-22T20:40:11Z", with a fraction or without. */
static bool is_time(struct cur c)
{
	static const char form[] = "dddd-dd-ddTdd:dd:dd";
	for (size_t i = 0; form[i]; i++) {
		uint8_t is = cur_u8(&c);
		if (form[i] == 'd' ? is < '0' || is > '9' : is != form[i])
			return false;
	}
	if (cur_peek(&c, 0) == '.' && cur_peek(&c, 1) != 'Z')
		do
			cur_skip(&c, 1);
		while (cur_peek(&c, 0) >= '0' && cur_peek(&c, 0) <= '9');
	return cur_is(&c, "Z");
}

/* Most entries come as they will stand; they are copied. */
static bool is_written(const char *json, size_t size, const struct entry_defaults *d)
{
	struct entry_plain found;
	return !d->actor_is_known && entry_plain(cur_of(json, size), &found) && is_time(found.at) &&
		is_kind((const char *)found.kind.at, found.kind.left);
}

static int fill(json_t *entry, const char *name, const char *text)
{
	return text && !json_object_get(entry, name)
		? json_object_set_new(entry, name, json_string(text))
		: 0;
}

static const char *const members[] = { "actor", "at", "data", "kind", "site", "subject" };

static bool is_member(const char *name)
{
	bool known = false;
	for (size_t i = 0; i < COUNT_OF(members); i++)
		known |= strcmp(members[i], name) == 0;
	return known;
}

static int check(json_t *entry, struct err *e)
{
	const char *name;
	json_t *member;
	json_object_foreach(entry, name, member) if (!is_member(name)) return err_set(e, -EINVAL,
		"'%.40s': an entry has no such member; what it says belongs in data", name);
	for (size_t i = 0; i < COUNT_OF(members); i++) {
		bool is_data = strcmp(members[i], "data") == 0;
		member = json_object_get(entry, members[i]);
		if (!member)
			return err_set(e, -EINVAL, "no '%s'", members[i]);
		if (is_data ? !json_is_object(member) : !json_is_string(member))
			return err_set(e, -EINVAL, "'%s' is %s", members[i],
				is_data ? "no object" : "no text");
	}
	const char *kind = json_string_value(json_object_get(entry, "kind"));
	if (!is_kind(kind, strlen(kind)))
		return err_set(e, -EINVAL, "'%.40s': no such kind of entry", kind);
	const char *at = json_string_value(json_object_get(entry, "at"));
	if (!is_time(cur_of(at, strlen(at))))
		return err_set(e, -EINVAL, "at: no time as in 2026-11-22T20:40:11Z");
	return 0;
}

static int too_large(struct err *e)
{
	return err_set(e, -EMSGSIZE, "an entry has at most %d bytes", ENTRY_SIZE_MAX);
}

int entry_canonical(
	const char *json, size_t size, const struct entry_defaults *d, struct out *o, struct err *e)
{
	json_error_t why;
	char now[CLOCK_TEXT];
	if (is_written(json, size, d)) {
		out_bytes(o, json, size);
		return o->failed || o->used > ENTRY_SIZE_MAX ? too_large(e) : 0;
	}
	json_t *entry = json_loadb(json, size, JSON_REJECT_DUPLICATES, &why);
	if (!entry)
		return err_set(e, -EINVAL, "no JSON: %s, at byte %d", why.text, why.position);
	int r = json_is_object(entry) ? 0 : err_set(e, -EINVAL, "no JSON object");
	if (r == 0 && d->actor_is_known)
		json_object_del(entry, "actor");
	if (r == 0 &&
		(fill(entry, "at", clock_text(d->now_ns, now)) < 0 ||
			fill(entry, "site", d->site) < 0 || fill(entry, "actor", d->actor) < 0 ||
			(!json_object_get(entry, "data") &&
				json_object_set_new(entry, "data", json_object()) < 0)))
		r = err_set(e, -ENOMEM, "no memory for an entry");
	if (r == 0)
		r = check(entry, e);
	if (r == 0)
		r = canonical_write(entry, o, e);
	json_decref(entry);
	if (r == 0 && (o->failed || o->used > ENTRY_SIZE_MAX))
		r = too_large(e);
	return r;
}
