/* Data of DNS records: RFC 1035, 3.3 and where a type says. */
#include <ctype.h>
#include <stdio.h>
#include <strings.h>

#include "base/attr.h"
#include "sense/proto/dns_inside.h"

enum { JUMPS_MAX = 32 };

static const struct field f_a = { "dns.a", IP4 };
static const struct field f_aaaa = { "dns.aaaa", IP6 };
static const struct field f_ns = { "dns.ns", TEXT };
static const struct field f_cname = { "dns.cname", TEXT };
static const struct field f_dname = { "dns.dname", TEXT };
static const struct field f_ptr = { "dns.ptr", TEXT };
static const struct field f_mx = { "dns.mx", TEXT };
static const struct field f_mx_preference = { "dns.mx.preference", BE16 };
static const struct field f_soa_server = { "dns.soa.mname", TEXT };
static const struct field f_soa_person = { "dns.soa.rname", TEXT };
static const struct field f_soa_serial = { "dns.soa.serial", BE32 };
static const struct field f_txt = { "dns.txt", TEXT };
static const struct field f_hinfo_cpu = { "dns.hinfo.cpu", TEXT };
static const struct field f_hinfo_os = { "dns.hinfo.os", TEXT };
static const struct field f_srv_port = { "dns.srv.port", BE16 };
static const struct field f_srv_target = { "dns.srv.target", TEXT };
static const struct field f_nsec_type = { "dns.nsec.type", BE16 };
static const struct field f_svcb_target = { "dns.svcb.target", TEXT };

/* What a mDNS device says of itself in TXT records (RFC 6763, 6; the keys are customs). */
static const struct {
	const char *key;
	enum identity_key identity;
} txt_keys[] = {
	{ "model=", ID_MODEL },
	{ "md=", ID_MODEL },
	{ "ty=", ID_MODEL },
	{ "usb_MFG=", ID_VENDOR },
	{ "mfg=", ID_VENDOR },
	{ "manufacturer=", ID_VENDOR },
	{ "note=", ID_LOCATION },
	{ "sn=", ID_SERIAL },
	{ "serial=", ID_SERIAL },
	{ "fw=", ID_FIRMWARE },
	{ "firmware=", ID_FIRMWARE },
};

/* RFC 1035, 4.1.4.  Pointers may lead anywhere, so their number is what ends a circle. */
bool dns_name_read(struct cur *c, struct cur all, struct dns_name *n)
{
	struct cur jumped;
	struct cur *at = c;
	n->size = 0;
	for (int jumps = 0;;) {
		uint8_t size = cur_u8(at);
		if (!cur_ok(at) || size == 0)
			break;
		if (size >= 0xc0) {
			size_t offset = (size_t)(size & 0x3f) << 8 | cur_u8(at);
			if (++jumps > JUMPS_MAX || !cur_ok(at)) {
				cur_fail(c);
				break;
			}
			jumped = all;
			at = &jumped;
			cur_skip(at, offset);
			continue;
		}
		const uint8_t *label = cur_take(at, size);
		if (!label || size >= 0x40 || n->size + size + 1 > DNS_NAME_MAX) {
			cur_fail(c);
			break;
		}
		if (n->size)
			n->text[n->size++] = '.';
		memcpy(n->text + n->size, label, size);
		n->size += size;
	}
	cur_need(c, cur_ok(at));
	if (n->size == 0)
		n->text[n->size++] = '.';
	n->text[n->size] = '\0';
	return cur_ok(c);
}

void dns_add_name(struct scene *s, const struct field *f, const struct dns_name *n)
{
	char *kept = scene_scratch(s, n->size);
	if (!kept)
		return;
	memcpy(kept, n->text, n->size);
	fact_text(s, f, kept, n->size);
}

/* Text of a name in the record's data; the cursor stands in the data, pointers count from `all`. */
static bool add_name_at(struct scene *s, const struct field *f, struct cur *c, struct cur all)
{
	struct dns_name n;
	if (!dns_name_read(c, all, &n))
		return false;
	dns_add_name(s, f, &n);
	return true;
}

/* Some resolvers mix the case of what they ask, against forged answers: one spelling for us. */
static void name_lower(struct dns_name *n)
{
	for (size_t i = 0; i < n->size; i++)
		n->text[i] = (char)tolower((unsigned char)n->text[i]);
}

static int nibble(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* 7.0.168.192.in-addr.arpa (RFC 1035, 3.5), and ip6.arpa with 32 nibbles, the last one of the
 * address first (RFC 3596, 2.5). */
static bool reverse_ip(const struct dns_name *n, struct ip *out)
{
	unsigned b[4];
	int end = 0;
	if (sscanf(n->text, "%3u.%3u.%3u.%3u.in-addr.arpa%n", &b[3], &b[2], &b[1], &b[0], &end) ==
			4 &&
		(size_t)end == n->size) {
		uint8_t v4[4];
		for (int i = 0; i < 4; i++) {
			if (b[i] > 255)
				return false;
			v4[i] = (uint8_t)b[i];
		}
		*out = ip_of_4(v4);
		return true;
	}
	if (n->size != 72 || strcmp(n->text + 63, ".ip6.arpa") != 0)
		return false;
	for (int i = 0; i < 32; i++) {
		int v = nibble(n->text[2 * i]);
		if (v < 0)
			return false;
		uint8_t *byte = &out->b[15 - i / 2];
		*byte = (uint8_t)(i % 2 ? *byte | v << 4 : v);
	}
	return true;
}

static void name_address(struct scene *s, const struct dns_answering *of,
	const struct dns_name *owner, const uint8_t *bytes, size_t size)
{
	struct ip a;
	if (size == 4)
		a = ip_of_4(bytes);
	else
		memcpy(&a, bytes, sizeof a);
	struct dns_name n = of->is_answer && of->asked_address ? of->name : *owner;
	if (of->label == LABEL_DNS)
		name_lower(&n);
	if (n.size > 1)
		who_ip(s, &a, ID_NAME, n.text, n.size);
}

static void txt_identity(struct scene *s, const uint8_t *text, size_t size)
{
	for (size_t i = 0; i < COUNT_OF(txt_keys); i++) {
		size_t n = strlen(txt_keys[i].key);
		if (size > n && strncasecmp((const char *)text, txt_keys[i].key, n) == 0)
			who_sender(s, txt_keys[i].identity, text + n, size - n);
	}
}

static bool read_texts(struct scene *s, const struct dns_answering *of, struct cur c)
{
	while (c.left && cur_ok(&c)) {
		uint8_t size = cur_u8(&c);
		const uint8_t *text = cur_take(&c, size);
		if (!text)
			return false;
		fact_text(s, &f_txt, text, size);
		if (of->label == LABEL_MDNS)
			txt_identity(s, text, size);
	}
	return true;
}

static bool read_hinfo(struct scene *s, const struct dns_answering *of, struct cur c)
{
	size_t size = cur_u8(&c);
	const uint8_t *cpu = cur_take(&c, size);
	size_t os_size = cur_u8(&c);
	const uint8_t *os = cur_take(&c, os_size);
	if (!os)
		return false;
	fact_text(s, &f_hinfo_cpu, cpu, size);
	fact_text(s, &f_hinfo_os, os, os_size);
	if (of->label == LABEL_MDNS)
		who_sender(s, ID_OS, os, os_size);
	return true;
}

static bool read_address(
	struct scene *s, const struct dns_answering *of, const struct dns_record *r)
{
	size_t size = r->type == TYPE_A ? 4 : 16;
	struct cur c = r->data;
	const uint8_t *bytes = cur_take(&c, size);
	if (!bytes)
		return false;
	fact_ip(s, r->type == TYPE_A ? &f_a : &f_aaaa, bytes, size);
	name_address(s, of, &r->name, bytes, size);
	return c.left == 0;
}

static bool read_pointer(
	struct scene *s, const struct dns_answering *of, const struct dns_record *r, struct cur all)
{
	struct cur c = r->data;
	struct dns_name n;
	struct ip a;
	if (!dns_name_read(&c, all, &n))
		return false;
	dns_add_name(s, &f_ptr, &n);
	if (reverse_ip(&r->name, &a)) {
		if (of->label == LABEL_DNS)
			name_lower(&n);
		who_ip(s, &a, ID_NAME, n.text, n.size);
	}
	return true;
}

/* RFC 4034, 4.1: the types a name has, as windows of 256 bits; mDNS says with it what it has not.
 */
static bool read_types(struct scene *s, struct cur c, struct cur all)
{
	struct dns_name n;
	if (!dns_name_read(&c, all, &n))
		return false;
	while (c.left && cur_ok(&c)) {
		unsigned type = cur_u8(&c) * 256u;
		for (unsigned left = cur_u8(&c); left && cur_ok(&c); left--, type += 8) {
			unsigned bits = cur_u8(&c);
			for (unsigned i = 0; i < 8; i++)
				if (bits & 0x80u >> i)
					fact_uint(s, &f_nsec_type, type + i);
		}
	}
	return cur_ok(&c);
}

/* RFC 9460, 2.2: parameters are pairs of key and counted value up to the end of the data. */
static bool read_service(struct scene *s, struct cur c, struct cur all)
{
	struct dns_name n;
	cur_skip(&c, 2); /* priority */
	if (!dns_name_read(&c, all, &n))
		return false;
	if (n.text[0] != '.') /* the root stands for the record's own name (2.5) */
		dns_add_name(s, &f_svcb_target, &n);
	while (c.left && cur_ok(&c)) {
		uint16_t key = cur_be16(&c);
		struct cur value = cur_sub(&c, cur_be16(&c));
		if (key == 3 && value.left != 2) /* port */
			return false;
		while (key == 1 && value.left && cur_ok(&value)) /* alpn: counted words */
			cur_skip(&value, cur_u8(&value));
		cur_need(&c, cur_ok(&value));
	}
	return cur_ok(&c);
}

bool dns_read_data(
	struct scene *s, const struct dns_answering *of, const struct dns_record *r, struct cur all)
{
	struct cur c = r->data;
	if (c.left == 0) /* updates name records without content (RFC 2136, 2.4) */
		return true;
	switch (r->type) {
	case TYPE_A:
	case TYPE_AAAA:
		return read_address(s, of, r);
	case TYPE_NS:
		return add_name_at(s, &f_ns, &c, all);
	case TYPE_CNAME:
		return add_name_at(s, &f_cname, &c, all);
	case TYPE_DNAME:
		return add_name_at(s, &f_dname, &c, all);
	case TYPE_PTR:
		return read_pointer(s, of, r, all);
	case TYPE_MX:
		fact_uint(s, &f_mx_preference, cur_be16(&c));
		return add_name_at(s, &f_mx, &c, all);
	case TYPE_TXT:
		return read_texts(s, of, c);
	case TYPE_HINFO:
		return read_hinfo(s, of, c);
	case TYPE_SRV:
		cur_skip(&c, 4); /* priority, weight */
		fact_uint(s, &f_srv_port, cur_be16(&c));
		return add_name_at(s, &f_srv_target, &c, all);
	case TYPE_NSEC:
		return read_types(s, c, all);
	case TYPE_SVCB:
	case TYPE_HTTPS:
		return read_service(s, c, all);
	case TYPE_SOA:
		if (!add_name_at(s, &f_soa_server, &c, all) ||
			!add_name_at(s, &f_soa_person, &c, all))
			return false;
		fact_uint(s, &f_soa_serial, cur_be32(&c));
		return cur_ok(&c);
	default:
		return true;
	}
}
