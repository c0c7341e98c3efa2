/* What pages say about whoever serves them, for http.c. */
#ifndef SENSE_PROTO_HTTP_PAGE_H
#define SENSE_PROTO_HTTP_PAGE_H

#include "sense/proto.h"

/* Only the beginning of a body is looked at: a title stands near the top of its page, and so does
 * what a UPnP description says of the device itself. */
enum { HTTP_PAGE_WITHIN = 4096 };

enum http_page { PAGE_NONE, PAGE_HTML, PAGE_XML, PAGE_FORM };

/* Behind what names the page, where nobody told how long it is; FRAME_MORE until that is there.
 * `scanned`, 0 at first: what need not be looked at again. */
long http_page_end(struct cur c, enum http_page kind, uint32_t *scanned);
/* Tells the title, or the device that is described.  `root`: the page is where a server's pages
 * begin, so its title names the server; `own`: the sender made the page rather than handed it on.
 * True once there is nothing more to look for in this page. */
bool http_page_read(struct scene *s, struct cur c, enum http_page kind, bool root, bool own);

/* A path where the pages of a server begin: "/", "/index.html", "/login.asp?lang=en". */
bool http_page_is_root(struct cur path);
/* The realm of a WWW-Authenticate header says what asks for the password. */
void http_page_say_realm(struct scene *s, struct cur challenge);

/* What a UPnP device type says of who announces or describes itself so. */
enum upnp_type {
	UPNP_NONE,    /* it is no device type, or one without a word for it */
	UPNP_PART,    /* embedded in a machine, often under its number */
	UPNP_MACHINE, /* the machine itself */
	UPNP_PROGRAM, /* a program on it, or a thing that it speaks for */
};
/* "urn:schemas-upnp-org:device:InternetGatewayDevice:1"; *word is the type's own. */
enum upnp_type upnp_type(struct cur urn, struct cur *word);
/* The place of a description by the unique name of its device, with or without "uuid:". */
struct asset_place upnp_place(struct cur name);

#endif
