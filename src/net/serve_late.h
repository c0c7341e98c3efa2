/* libmicrohttpd and the few calls of GnuTLS that go with it, loaded by the process that serves and
 * by no other: see curl_late.h.  serve*.c alone include this, and write calls as the manual does.
 */
#ifndef NET_SERVE_LATE_H
#define NET_SERVE_LATE_H

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <microhttpd.h>

#include "base/err.h"

#define MHD_CALLS(CALL)                                                                            \
	CALL(MHD_add_connection)                                                                   \
	CALL(MHD_add_response_header)                                                              \
	CALL(MHD_create_response_from_buffer_with_free_callback_cls)                               \
	CALL(MHD_create_response_from_callback)                                                    \
	CALL(MHD_destroy_response)                                                                 \
	CALL(MHD_get_connection_info)                                                              \
	CALL(MHD_get_connection_values_n)                                                          \
	CALL(MHD_get_daemon_info)                                                                  \
	CALL(MHD_get_timeout)                                                                      \
	CALL(MHD_get_version)                                                                      \
	CALL(MHD_queue_response)                                                                   \
	CALL(MHD_resume_connection)                                                                \
	CALL(MHD_run)                                                                              \
	CALL(MHD_start_daemon)                                                                     \
	CALL(MHD_stop_daemon)                                                                      \
	CALL(MHD_suspend_connection)

#define TLS_CALLS(CALL)                                                                            \
	CALL(gnutls_pcert_deinit)                                                                  \
	CALL(gnutls_pcert_list_import_x509_raw)                                                    \
	CALL(gnutls_privkey_deinit)                                                                \
	CALL(gnutls_privkey_import_x509_raw)                                                       \
	CALL(gnutls_privkey_init)                                                                  \
	CALL(gnutls_strerror)

struct serve_late {
#define CALL(name) typeof(name) *(at_##name);
	MHD_CALLS(CALL)
	TLS_CALLS(CALL)
#undef CALL
};
extern struct serve_late serve_late;

int serve_late_load(struct err *e) MUST_USE;

#define MHD_add_connection      serve_late.at_MHD_add_connection
#define MHD_add_response_header serve_late.at_MHD_add_response_header
#define MHD_create_response_from_buffer_with_free_callback_cls                                     \
	serve_late.at_MHD_create_response_from_buffer_with_free_callback_cls
#define MHD_create_response_from_callback serve_late.at_MHD_create_response_from_callback
#define MHD_destroy_response              serve_late.at_MHD_destroy_response
#define MHD_get_connection_info           serve_late.at_MHD_get_connection_info
#define MHD_get_connection_values_n       serve_late.at_MHD_get_connection_values_n
#define MHD_get_daemon_info               serve_late.at_MHD_get_daemon_info
#define MHD_get_timeout                   serve_late.at_MHD_get_timeout
#define MHD_get_version                   serve_late.at_MHD_get_version
#define MHD_queue_response                serve_late.at_MHD_queue_response
#define MHD_resume_connection             serve_late.at_MHD_resume_connection
#define MHD_run                           serve_late.at_MHD_run
#define MHD_start_daemon                  serve_late.at_MHD_start_daemon
#define MHD_stop_daemon                   serve_late.at_MHD_stop_daemon
#define MHD_suspend_connection            serve_late.at_MHD_suspend_connection

#define gnutls_pcert_deinit               serve_late.at_gnutls_pcert_deinit
#define gnutls_pcert_list_import_x509_raw serve_late.at_gnutls_pcert_list_import_x509_raw
#define gnutls_privkey_deinit             serve_late.at_gnutls_privkey_deinit
#define gnutls_privkey_import_x509_raw    serve_late.at_gnutls_privkey_import_x509_raw
#define gnutls_privkey_init               serve_late.at_gnutls_privkey_init
#define gnutls_strerror                   serve_late.at_gnutls_strerror

#endif
