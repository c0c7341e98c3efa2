#include "sense/secret.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "base/attr.h"

/* What devices leave the factory with, and every scanner tries. */
static const struct known {
	const char *protocol, *secret, *what;
} known[] = {
	{ "snmp", "public", "SNMP community \"public\"" },
	{ "snmp", "private", "SNMP community \"private\"" },
	{ "ftp", "admin", "FTP password \"admin\"" },
	{ "ftp", "password", "FTP password \"password\"" },
	{ "ftp", "1234", "FTP password \"1234\"" },
	{ "ftp", "fwupgrade", "the FTP password of Modicon firmware updates" },
	{ "ftp", "factorycast@schneider", "the FTP password of FactoryCast" },
	{ "ads", "1", "the TwinCAT password \"1\" of new machines" },
#define WEB(pair)                                                                                  \
	{                                                                                          \
		"http", pair, "a web password from the manual"                                     \
	}
	WEB("admin:admin"),
	WEB("admin:"),
	WEB("admin:password"),
	WEB("admin:1234"),
	WEB("admin:12345"),
	WEB("admin:123456"),
	WEB("root:root"),
	WEB("root:"),
	WEB("root:admin"),
	WEB("root:password"),
	WEB("user:user"),
	WEB("guest:guest"),
	WEB("operator:operator"),
	WEB("service:service"),
	WEB("supervisor:supervisor"),
	WEB("administrator:"),
	WEB("administrator:administrator"),
	WEB("pi:raspberry"),
	WEB("ubnt:ubnt"),
	WEB("admin:private"),
	WEB("tomcat:tomcat"),
	WEB("test:test"),
#undef WEB
};

const char *secret_known(const char *protocol, const void *text, size_t size)
{
	for (size_t i = 0; i < COUNT_OF(known); i++)
		if (strcmp(known[i].protocol, protocol) == 0 && strlen(known[i].secret) == size &&
			strncasecmp(known[i].secret, text, size) == 0)
			return known[i].what;
	return NULL;
}

/* Part of a name in small letters, where '_' stands for any separator or none: "api_key" is also
 * apiKey and API-Key. */
struct part {
	uint8_t size;
	char word[16];
};
#define PART(word)                                                                                 \
	{                                                                                          \
		sizeof(word) - 1, word                                                             \
	}

/* What such names end in, but for a number or a plural behind it. */
static const struct part endings[] = { PART("pass"), PART("pwd"), PART("psw"), PART("pw"),
	PART("psk"), PART("secret"), PART("token"), PART("community"), PART("bearer"),
	PART("api_key"), PART("app_key"), PART("private_key"), PART("secret_key"),
	PART("access_key"), PART("pass_key"), PART("session_key"), PART("shared_key"),
	PART("auth_key"), PART("master_key"), PART("network_key"), PART("encryption_key"),
	PART("wpa_key"), PART("wep_key"), PART("user_pin"), PART("pin_code") };

/* What they have somewhere: "password_new", "passwordHash". */
static const struct part words[] = { PART("password"), PART("passwd"), PART("passwort"),
	PART("pass_phrase"), PART("pass_code"), PART("credential") };

/* What ends so and is none: valves have the first, ships the second, filters the others. */
static const struct part others[] = { PART("bypass"), PART("compass"), PART("low_pass"),
	PART("high_pass"), PART("band_pass") };

static bool is_separator(char b)
{
	return b == '_' || b == '-' || b == ' ';
}

static char small(char b)
{
	return b >= 'A' && b <= 'Z' ? (char)(b | 0x20) : b;
}

/* Is this the end of the name? */
static bool is_end(const struct part *p, const char *name, size_t size)
{
	for (size_t left = p->size; left; left--) {
		char b = p->word[left - 1];
		if (b == '_') {
			size -= size && is_separator(name[size - 1]);
			continue;
		}
		if (!size || small(name[size - 1]) != b)
			return false;
		size--;
	}
	return true;
}

static bool ends_in(const struct part *all, size_t count, const char *name, size_t size)
{
	for (const struct part *p = all; p < all + count; p++)
		if (is_end(p, name, size))
			return true;
	return false;
}

/* Is this the start of the name? */
static bool is_start(const struct part *p, const char *name, size_t size)
{
	for (size_t i = 0, at = 0; i < p->size; i++) {
		char b = p->word[i];
		if (b == '_')
			at += at < size && is_separator(name[at]);
		else if (at == size || small(name[at++]) != b)
			return false;
	}
	return true;
}

static bool has_word(const char *name, size_t size)
{
	enum { SHORTEST = 6 };
	for (; size >= SHORTEST; name++, size--) {
		if (small(*name) != 'p' && small(*name) != 'c')
			continue;
		for (const struct part *p = words; p < words + COUNT_OF(words); p++)
			if (is_start(p, name, size))
				return true;
	}
	return false;
}

bool secret_named(const void *name, size_t size)
{
	const char *text = name;
	if (size == 3 && strncasecmp(text, "pin", size) == 0)
		return true; /* but not with a number: those are the ones of a chip */
	if (has_word(text, size))
		return true;
	while (size &&
		(is_separator(text[size - 1]) || (text[size - 1] >= '0' && text[size - 1] <= '9')))
		size--;
	if (ends_in(others, COUNT_OF(others), text, size))
		return false;
	bool plural = size && small(text[size - 1]) == 's';
	return ends_in(endings, COUNT_OF(endings), text, size) ||
		(plural && ends_in(endings, COUNT_OF(endings), text, size - 1));
}

bool secret_on_the_way(const void *path, size_t size)
{
	static const char between[] = { '/', '.', ':', '=', '$', '[', '"' };
	const char *text = path;
	for (size_t start = 0, at = 0; at <= size; at++) {
		if (at < size && !memchr(between, text[at], sizeof between))
			continue;
		if (at > start && secret_named(text + start, at - start))
			return true;
		start = at + 1;
	}
	return false;
}
