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

/* What such names end in, but for a number behind it. */
struct ending {
	uint8_t size;
	char word[16];
};
#define ENDING(word)                                                                               \
	{                                                                                          \
		sizeof(word) - 1, word                                                             \
	}
static const struct ending words[] = { ENDING("password"), ENDING("passwd"), ENDING("passwort"),
	ENDING("passphrase"), ENDING("passcode"), ENDING("pass"), ENDING("pwd"), ENDING("psw"),
	ENDING("pw"), ENDING("psk"), ENDING("secret"), ENDING("token"), ENDING("community"),
	ENDING("apikey"), ENDING("api_key"), ENDING("privatekey"), ENDING("private_key"),
	ENDING("bearer"), ENDING("passwordhash"), ENDING("password_hash") };

/* What ends so and is none: valves have the one, ships the other. */
static const struct ending others[] = { ENDING("bypass"), ENDING("compass") };

/* Most names end in no such letter, and are done with then. */
static bool ends_in(const struct ending *all, size_t count, const char *name, size_t size)
{
	int last = name[size - 1] | 0x20;
	for (const struct ending *e = all; e < all + count; e++)
		if (e->word[e->size - 1] == last && e->size <= size &&
			strncasecmp(name + (size - e->size), e->word, e->size) == 0)
			return true;
	return false;
}

bool secret_named(const void *name, size_t size)
{
	const char *text = name;
	while (size && text[size - 1] >= '0' && text[size - 1] <= '9')
		size--;
	return size && ends_in(words, COUNT_OF(words), text, size) &&
		!ends_in(others, COUNT_OF(others), text, size);
}

bool secret_on_the_way(const void *path, size_t size)
{
	const char *text = path;
	for (size_t start = 0, at = 0; at <= size; at++) {
		if (at < size && text[at] != '/' && text[at] != '.' && text[at] != '[')
			continue;
		if (at > start && secret_named(text + start, at - start))
			return true;
		start = at + 1;
	}
	return false;
}
