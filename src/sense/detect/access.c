/* How somebody got in: passwords anybody can read, passwords everybody knows, passwords guessed. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "sense/detect.h"
#include "sense/secret.h"

/* --- cleartext --- */

static bool is(const struct value *v, const char *word)
{
	return v && v->type == VALUE_TEXT && strlen(word) == v->size &&
		strncasecmp((const char *)v->bytes, word, v->size) == 0;
}

static bool is_cleartext(void *memory, const struct event *ev, struct detected *out)
{
	(void)memory;
	bool web = strcmp(ev->fact->protocol, "http") == 0;
	snprintf(out->detail, sizeof out->detail, "%s",
		web ? "HTTP basic authentication" : ev->fact->protocol);
	return !web ||
		(ev->fact->msg->effect == EFFECT_LOGIN &&
			is(fact_value(ev->fact, "http.auth_scheme"), "basic"));
}

/* --- default credentials --- */

/* The secret a message shows, where everybody knows it: others are hidden by the dissector. */
static const char *known_secret(const struct fact *f)
{
	const struct value *v = fact_value(f, "snmp.community");
	if (!v && is(fact_value(f, "ftp.request.command"), "PASS"))
		v = fact_value(f, "ftp.request.arg");
	if (!v)
		v = fact_value(f, "ads.password");
	return v && v->type == VALUE_TEXT ? secret_known(f->protocol, v->bytes, v->size) : NULL;
}

static bool is_default(void *memory, const struct event *ev, struct detected *out)
{
	(void)memory;
	const struct fact *f = ev->fact;
	if (strcmp(f->protocol, "ads") == 0 && f->msg->effect != EFFECT_CONFIG)
		return false; /* only a new route comes with a password */
	const char *what = known_secret(f);
	if (!what && is(fact_value(f, "ftp.request.command"), "USER") &&
		is(fact_value(f, "ftp.request.arg"), "anonymous"))
		what = "FTP user \"anonymous\"";
	const struct value *usual = fact_value(f, "http.default_credentials");
	if (!what && usual && usual->u)
		what = "a web password from the manual";
	if (what)
		snprintf(out->detail, sizeof out->detail, "%s", what);
	return what != NULL;
}

/* --- guessing --- */

static bool refused_often(void *memory, const struct event *ev, struct detected *out)
{
	if (!window_reached(memory, ev->at_ns, out->limit))
		return false;
	snprintf(out->detail, sizeof out->detail, "%s", ev->fact->protocol);
	return true;
}

/* One password on many doors: each of them sees too few refusals to speak of. */
static bool refused_widely(void *memory, const struct event *ev, struct detected *out)
{
	struct distinct *by = memory;
	if (!distinct_add(by, ev->at_ns, out->limit->seconds, ev->server.number) ||
		by->count < out->limit->count)
		return false;
	out->n = by->count;
	snprintf(out->detail, sizeof out->detail, "%s", ev->fact->protocol);
	return true;
}

const struct detection detect_access[] = {
	{
		.row = { .id = "net.cleartext-access",
			.class = "cleartext-remote-access",
			.engine = ENGINE_POLICY,
			.severity = SEVERITY_WARNING,
			.title = "Remote access that anybody on the way can read",
			.technique = "T0886",
			.next = "Use SSH, SFTP or HTTPS instead. Where the device knows nothing better, let "
				"the firewall pass this way only from a jump host, behind a VPN." },
		.text = "{a} reached {b} by {detail}, which sends passwords and content unencrypted.",
		.events = EVENT_FACT,
		.labels = { "telnet", "ftp", "vnc", "http" },
		.key = KEY_PAIR,
		.see = is_cleartext,
	},
	{
		.row = { .id = "net.default-credentials",
			.class = "default-credentials",
			.engine = ENGINE_POLICY,
			.severity = SEVERITY_MAJOR,
			.title = "Credentials that everybody knows",
			.technique = "T0812",
			.next = "Change the credentials on the device; for SNMP, move to version 3." },
		.text = "{a} used {detail} with {b}.",
		.events = EVENT_FACT,
		.labels = { "snmp", "ftp", "http", "ads" },
		.key = KEY_PAIR,
		.see = is_default,
	},
	{
		.row = { .id = "net.brute-force",
			.class = "brute-force",
			.engine = ENGINE_MALWARE,
			.severity = SEVERITY_MAJOR,
			.title = "Many logins were refused in a short time",
			.technique = "T0859",
			.next = "Find out who sits at the sender. Block it if nobody does, and change the "
				"password that was tried." },
		.text = "{b} refused {n} logins of {a} within {within} ({detail}).",
		.events = EVENT_FACT,
		.effects = 1u << EFFECT_REFUSED,
		.key = KEY_PAIR,
		.limit = { 10, 60 },
		.memory = sizeof(struct window),
		.keys_max = 4096,
		.see = refused_often,
	},
	{
		.row = { .id = "net.password-spraying",
			.class = "brute-force",
			.engine = ENGINE_MALWARE,
			.severity = SEVERITY_MAJOR,
			.title = "Several hosts refused somebody's logins in a short time",
			.technique = "T0859",
			.next = "Find out who sits at the sender, and whether a changed password was not "
				"told to a program there. If neither: block it, and look for a host that "
				"let it in." },
		.text = "{n} hosts refused logins of {a} within {within} ({detail}).",
		.events = EVENT_FACT,
		.effects = 1u << EFFECT_REFUSED,
		.key = KEY_CLIENT,
		.limit = { 5, 300 },
		.memory = sizeof(struct distinct),
		.keys_max = 1024,
		.see = refused_widely,
	},
	{ .row = { .id = NULL } },
};
