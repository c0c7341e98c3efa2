/* How somebody got in: passwords anybody can read, passwords everybody knows, passwords guessed. */
#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "sense/detect.h"

/* --- cleartext --- */

static bool is_cleartext(void *memory, const struct event *ev, struct detected *out)
{
	(void)memory;
	bool web = strcmp(ev->fact->protocol, "http") == 0;
	snprintf(out->detail, sizeof out->detail, "%s",
		web ? "HTTP basic authentication" : ev->fact->protocol);
	return !web || ev->fact->msg->effect == EFFECT_LOGIN;
}

/* --- default credentials --- */

/* Names and passwords printed in manuals. */
static const struct known {
	const char *protocol;
	const char *field, *value;
	const char *when_field, *when; /* only beside this one; NULL: always */
	const char *what;
} known[] = {
	{ "snmp", "snmp.community", "public", NULL, NULL, "SNMP community \"public\"" },
	{ "snmp", "snmp.community", "private", NULL, NULL, "SNMP community \"private\"" },
#define FTP_USER(name, what)                                                                       \
	{                                                                                          \
		"ftp", "ftp.request.arg", name, "ftp.request.command", "USER", what                \
	}
#define FTP_WORD(word, what)                                                                       \
	{                                                                                          \
		"ftp", "ftp.request.arg", word, "ftp.request.command", "PASS", what                \
	}
	FTP_USER("anonymous", "FTP user \"anonymous\""),
	FTP_WORD("admin", "FTP password \"admin\""),
	FTP_WORD("password", "FTP password \"password\""),
	FTP_WORD("1234", "FTP password \"1234\""),
	FTP_WORD("fwupgrade", "the FTP password of Modicon firmware updates"),
	FTP_WORD("factorycast@schneider", "the FTP password of FactoryCast"),
};

static bool has(const struct fact *f, const char *field, const char *word)
{
	const struct value *v = fact_value(f, field);
	return v && v->type == VALUE_TEXT && strlen(word) == v->size &&
		strncasecmp((const char *)v->bytes, word, v->size) == 0;
}

static bool is_default(void *memory, const struct event *ev, struct detected *out)
{
	(void)memory;
	/* Passwords of web logins stay where they are read: the dissector knows the usual ones. */
	const struct value *usual = fact_value(ev->fact, "http.default_credentials");
	if (usual && usual->u) {
		snprintf(out->detail, sizeof out->detail, "a web password from the manual");
		return true;
	}
	for (size_t i = 0; i < COUNT_OF(known); i++) {
		const struct known *k = &known[i];
		if (strcmp(ev->fact->protocol, k->protocol) != 0 ||
			!has(ev->fact, k->field, k->value) ||
			(k->when && !has(ev->fact, k->when_field, k->when)))
			continue;
		snprintf(out->detail, sizeof out->detail, "%s", known[i].what);
		return true;
	}
	return false;
}

/* --- guessing --- */

enum { REFUSED_MANY = 10, REFUSED_SECONDS = 60 };

static bool refused_often(void *memory, const struct event *ev, struct detected *out)
{
	if (!window_reached(memory, ev->at_ns, REFUSED_SECONDS, REFUSED_MANY))
		return false;
	out->n = REFUSED_MANY;
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
			.next = "Use SSH, SFTP or a VPN instead, or allow this way for a stated time and reason." },
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
		.labels = { "snmp", "ftp", "http" },
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
		.text = "{b} refused {n} logins of {a} within a minute ({detail}).",
		.events = EVENT_FACT,
		.effects = 1u << EFFECT_REFUSED,
		.key = KEY_PAIR,
		.memory = sizeof(struct window),
		.keys_max = 4096,
		.see = refused_often,
	},
	{ .row = { .id = NULL } },
};
