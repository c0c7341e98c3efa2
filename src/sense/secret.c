#include "sense/secret.h"

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
