#include "net/curl_late.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>

static const char library[] = "libcurl.so.4"; /* its ABI since 2006 */

struct curl_late curl_late;

int curl_late_load(struct err *e)
{
	static void *handle;
	if (handle)
		return 0;
	void *found = dlopen(library, RTLD_NOW | RTLD_LOCAL);
	if (!found) {
		err_set(e, -EIO, "load libcurl: %s", dlerror());
		return err_try(e, "apt install libcurl4");
	}
	struct curl_late calls;
	/* POSIX: what dlsym() gives may be taken for a function; C has no cast that says so. */
#define CALL(name)                                                                                 \
	void *at_##name = dlsym(found, "curl_" #name);                                             \
	memcpy(&calls.name, &at_##name, sizeof calls.name);                                        \
	if (!at_##name)                                                                            \
		return err_set(e, -EIO, "%s has no curl_" #name, library);
	CURL_CALLS(CALL)
#undef CALL
	handle = found;
	curl_late = calls;
	return 0;
}
