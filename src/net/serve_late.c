#include "net/serve_late.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

/* How it keeps a head in memory is known of this one (serve_head.c), as are the holes to close. */
static const char version[] = "0.9.75";

struct serve_late serve_late;

static void *load(const char *library, const char *package, struct err *e)
{
	void *found = dlopen(library, RTLD_NOW | RTLD_LOCAL);
	if (!found) {
		err_set(e, -EIO, "load %s: %s", library, dlerror());
		err_try(e, "apt install %s", package);
	}
	return found;
}

int serve_late_load(struct err *e)
{
	static bool loaded;
	struct serve_late calls;
	if (loaded)
		return 0;
	void *found = load("libmicrohttpd.so.12", "libmicrohttpd12", e);
	if (!found)
		return e->code;
#define CALL(name)                                                                                 \
	void *of_##name = dlsym(found, #name);                                                     \
	memcpy(&calls.at_##name, &of_##name, sizeof calls.at_##name);                              \
	if (!of_##name)                                                                            \
		return err_set(e, -EIO, "the library to serve with has no " #name);
	MHD_CALLS(CALL)
	found = load("libgnutls.so.30", "libgnutls30", e);
	if (!found)
		return e->code;
	TLS_CALLS(CALL)
#undef CALL
	if (strcmp(calls.at_MHD_get_version(), version) != 0) {
		err_set(e, -EIO, "libmicrohttpd %s is not known here, only %s",
			calls.at_MHD_get_version(), version);
		return err_try(e, "the weir that was built for this system");
	}
	serve_late = calls;
	loaded = true;
	return 0;
}
