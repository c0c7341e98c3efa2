/* libcurl, loaded when a place on the network is named and not before: it brings thirty libraries
 * along, which a program that only reads captures has no use for, neither their memory nor what
 * may be wrong in them.  fetch.c alone includes this, and writes calls as libcurl's manual does. */
#ifndef NET_CURL_LATE_H
#define NET_CURL_LATE_H

#define CURL_DISABLE_TYPECHECK /* its macros take the place of those below */
#include <curl/curl.h>

#include "base/err.h"

#define CURL_CALLS(CALL)                                                                           \
	CALL(easy_cleanup)                                                                         \
	CALL(easy_getinfo)                                                                         \
	CALL(easy_init)                                                                            \
	CALL(easy_perform)                                                                         \
	CALL(easy_setopt)                                                                          \
	CALL(easy_strerror)                                                                        \
	CALL(global_init)                                                                          \
	CALL(slist_append)                                                                         \
	CALL(slist_free_all)

#undef curl_easy_setopt
#undef curl_easy_getinfo

struct curl_late {
#define CALL(name) typeof(curl_##name) *(name);
	CURL_CALLS(CALL)
#undef CALL
};
extern struct curl_late curl_late;

int curl_late_load(struct err *e) MUST_USE;

#define curl_easy_cleanup   curl_late.easy_cleanup
#define curl_easy_getinfo   curl_late.easy_getinfo
#define curl_easy_init      curl_late.easy_init
#define curl_easy_perform   curl_late.easy_perform
#define curl_easy_setopt    curl_late.easy_setopt
#define curl_easy_strerror  curl_late.easy_strerror
#define curl_global_init    curl_late.global_init
#define curl_slist_append   curl_late.slist_append
#define curl_slist_free_all curl_late.slist_free_all

#endif
