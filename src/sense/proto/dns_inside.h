/* The inside of the DNS dissector: names, records, and the data of each type of record. */
#ifndef SENSE_PROTO_DNS_INSIDE_H
#define SENSE_PROTO_DNS_INSIDE_H

#include "sense/proto.h"

enum { DNS_NAME_MAX = 255 }; /* RFC 1035, 2.3.4 */

enum dns_type {
	TYPE_A = 1,
	TYPE_NS = 2,
	TYPE_CNAME = 5,
	TYPE_SOA = 6,
	TYPE_PTR = 12,
	TYPE_HINFO = 13,
	TYPE_MX = 15,
	TYPE_TXT = 16,
	TYPE_AAAA = 28,
	TYPE_NB = 32, /* NetBIOS: another protocol's */
	TYPE_SRV = 33,
	TYPE_DNAME = 39,
	TYPE_OPT = 41,
	TYPE_NSEC = 47,
	TYPE_SVCB = 64,
	TYPE_HTTPS = 65,
};

enum dns_label { LABEL_DNS, LABEL_MDNS, LABEL_LLMNR };

struct dns_name {
	size_t size;
	char text[DNS_NAME_MAX + 1];
};

struct dns_record {
	struct dns_name name;
	uint16_t type, class;
	uint32_t ttl;
	struct cur data;
};

/* What is being answered, for naming addresses: people know the name that was asked, not the one
 * a chain of aliases ends at. */
struct dns_answering {
	struct dns_name name;
	bool asked_address, is_answer;
	enum dns_label label;
};

/* Reads a name, following pointers into `all`, the message. */
bool dns_name_read(struct cur *c, struct cur all, struct dns_name *n);
void dns_add_name(struct scene *s, const struct field *f, const struct dns_name *n);
/* Values and identities out of the record's data; false where it is not what its type says. */
bool dns_read_data(struct scene *s, const struct dns_answering *of, const struct dns_record *r,
	struct cur all);

#endif
