#include "event/entry.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/clock.h"
#include "event/canonical.h"
#include "event/entry_plain.h"
#include "event/entry_view.h"

const struct entry_kind entry_kinds[] = {
	{ "asset", "an asset came, went, or is another than before", true, NULL },
	{ "conversation", "two assets converse for the first time, or do something new", true,
		NULL },
	{ "finding", "something needs attention", true, NULL },
	{ "decision", "somebody was allowed to do something, or not", false, NULL },
	{ "change", "somebody changed what is decided by: a policy, a zone, an owner", false,
		NULL },
	{ "consent", "an owner agreed to a change, or took it back", false, NULL },
	{ "access", "somebody came in or left, or could not come in", true, NULL },
	{ "egress", "something left the site, or was kept from leaving", false, NULL },
	{ "backup", "a snapshot was taken, checked, restored or let go", true, NULL },
	{ "key", "a key was made, changed or retired", false, "weir ledger key rotate" },
	{ "retention", "how long entries are kept was promised, or which were let go", false,
		"weir ledger retention promise" },
	{ "hold", "entries are kept beyond that, or no longer", false, "weir ledger hold add" },
	{ "erasure", "the key of somebody's secrets was destroyed", false, "weir ledger erase" },
	{ "alarm", "the record itself is in danger: a fork, damage, a full disk", false, NULL },
	{ "note", "somebody wrote something down", true, NULL },
	{ NULL, NULL, false, NULL },
};

static const struct entry_kind *find_kind(const char *name, size_t size)
{
	int row = entry_kind_row(name, size);
	return row < 0 ? NULL : &entry_kinds[row];
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

/* Most entries come as they will stand; they are copied.  The ledger's own are looked at twice. */
static bool is_written(
	const char *json, size_t size, const struct entry_defaults *d, const struct entry_means *m)
{
	struct entry_plain found;
	if (d->actor_is_known || m->all_secret || !entry_plain(cur_of(json, size), &found) ||
		!is_time(found.at))
		return false;
	const struct entry_kind *k = find_kind((const char *)found.kind.at, found.kind.left);
	return k && !k->own;
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

static int check(json_t *entry, const struct entry_means *m, struct err *e)
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
	const struct entry_kind *known = find_kind(kind, strlen(kind));
	if (!known)
		return err_set(e, -EINVAL, "'%.40s': no such kind of entry", kind);
	if (known->own && !m->own) {
		err_set(e, -EPERM, "entries of kind '%s' are written by the ledger alone", kind);
		return err_try(e, "%s", known->own);
	}
	const char *at = json_string_value(json_object_get(entry, "at"));
	if (!is_time(cur_of(at, strlen(at))))
		return err_set(e, -EINVAL, "at: no time as in 2026-11-22T20:40:11Z");
	return 0;
}

static int too_large(struct err *e)
{
	return err_set(e, -EMSGSIZE, "an entry has at most %d bytes", ENTRY_SIZE_MAX);
}

int entry_bound(json_t *entry, struct out *o, struct err *e)
{
	json_t *data = json_object_get(entry, "data");
	json_t *sealed = json_incref(json_object_get(data, "sealed"));
	json_t *actor = json_incref(json_object_get(entry, "actor"));
	json_object_del(data, "sealed");
	json_object_del(entry, "actor");
	int r = canonical_write(entry, o, e);
	bool back = !sealed || json_object_set_new(data, "sealed", sealed) == 0;
	back &= !actor || json_object_set_new(entry, "actor", actor) == 0;
	if (r == 0 && !back)
		r = err_set(e, -ENOMEM, "no memory for an entry");
	return r == 0 && o->failed ? too_large(e) : r;
}

/* The member `secret` of its own, or all of data. */
static json_t *take_secret(json_t *entry, const struct entry_means *m)
{
	json_t *secret = json_incref(json_object_get(entry, "secret"));
	json_object_del(entry, "secret");
	if (!secret && m->all_secret) {
		secret = json_incref(json_object_get(entry, "data"));
		if (secret && json_object_set_new(entry, "data", json_object()) < 0) {
			json_decref(secret);
			secret = NULL;
		}
	}
	return secret;
}

static int seal_text(
	json_t *entry, const json_t *secret, const struct entry_means *m, char *room, struct err *e)
{
	json_t *data = json_object_get(entry, "data"), *sealed = NULL;
	struct out clear = out_mem(room, ENTRY_SIZE_MAX + 1);
	struct out bound = out_mem(room + ENTRY_SIZE_MAX + 1, ENTRY_SIZE_MAX + 1);
	int r = canonical_write(secret, &clear, e);
	if (r == 0 && clear.failed)
		r = too_large(e);
	if (r == 0)
		r = entry_bound(entry, &bound, e);
	if (r == 0)
		r = m->seal(m->self, json_string_value(json_object_get(entry, "subject")),
			cur_of(clear.at, clear.used), cur_of(bound.at, bound.used), &sealed, e);
	if (r == 0 && json_object_set_new(data, "sealed", sealed) < 0)
		r = err_set(e, -ENOMEM, "no memory for an entry");
	return r;
}

/* After check(): the entry has all it needs, `secret` was taken out of it. */
static int seal_secret(
	json_t *entry, const json_t *secret, const struct entry_means *m, struct err *e)
{
	if (!json_is_object(secret))
		return err_set(e, -EINVAL, "'secret' is no object");
	if (!m->seal)
		return err_set(e, -EINVAL, "'secret': nobody here keeps secrets");
	if (!*json_string_value(json_object_get(entry, "subject")))
		return err_set(e, -EINVAL, "'secret': whose? the subject is empty");
	if (json_object_get(json_object_get(entry, "data"), "sealed"))
		return err_set(e, -EINVAL, "'secret': data has a member 'sealed' already");
	char *room = malloc(2 * (ENTRY_SIZE_MAX + 1));
	if (!room)
		return err_sys(e, "seal a secret");
	int r = seal_text(entry, secret, m, room, e);
	explicit_bzero(room, ENTRY_SIZE_MAX + 1);
	free(room);
	return r;
}

static int complete(json_t *entry, const struct entry_defaults *d, struct err *e)
{
	char now[CLOCK_TEXT];
	if (d->actor_is_known)
		json_object_del(entry, "actor");
	if (fill(entry, "at", clock_text(d->now_ns, now)) < 0 || fill(entry, "site", d->site) < 0 ||
		fill(entry, "actor", d->actor) < 0 ||
		(!json_object_get(entry, "data") &&
			json_object_set_new(entry, "data", json_object()) < 0))
		return err_set(e, -ENOMEM, "no memory for an entry");
	return 0;
}

int entry_write(const char *json, size_t size, const struct entry_defaults *d,
	const struct entry_means *m, struct out *o, struct err *e)
{
	json_error_t why;
	if (is_written(json, size, d, m)) {
		out_bytes(o, json, size);
		return o->failed || o->used > ENTRY_SIZE_MAX ? too_large(e) : 0;
	}
	json_t *entry = json_loadb(json, size, JSON_REJECT_DUPLICATES, &why), *secret = NULL;
	if (!entry)
		return err_set(e, -EINVAL, "no JSON: %s, at byte %d", why.text, why.position);
	int r = json_is_object(entry) ? 0 : err_set(e, -EINVAL, "no JSON object");
	if (r == 0)
		r = complete(entry, d, e);
	if (r == 0)
		secret = take_secret(entry, m);
	if (r == 0)
		r = check(entry, m, e);
	if (r == 0 && secret)
		r = seal_secret(entry, secret, m, e);
	if (r == 0)
		r = canonical_write(entry, o, e);
	json_decref(secret);
	json_decref(entry);
	if (r == 0 && (o->failed || o->used > ENTRY_SIZE_MAX))
		r = too_large(e);
	return r;
}

int entry_canonical(
	const char *json, size_t size, const struct entry_defaults *d, struct out *o, struct err *e)
{
	return entry_write(json, size, d, &(struct entry_means){ 0 }, o, e);
}
