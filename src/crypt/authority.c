#include "crypt/authority.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "crypt/digest.h"

enum {
	DAY = 86400,
	SERIAL = 16,    /* bytes by chance; RFC 5280, 4.1.2.2, wants at most 20 */
	EARLIER = 3600, /* seconds: whoever connects may have a clock that is behind */
	HOST = 253,
	LABEL = 63, /* RFC 1035, 2.3.4 */
	COMMON_NAME = 64,
};

struct authority {
	X509 *certificate;
	EVP_PKEY *key;
};

static int no_memory(struct err *e)
{
	return err_set(e, -ENOMEM, "no memory for a certificate");
}

/* --- names --- */

/* Letters, digits and hyphens between points: what stands in a certificate is compared byte by
 * byte, so nothing else may. */
static bool is_host(const char *name)
{
	size_t size = strlen(name), label = 0;
	if (!size || size > HOST)
		return false;
	for (size_t i = 0; i <= size; i++) {
		char c = name[i];
		bool letter =
			(c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
		if (letter || (c == '-' && label)) {
			label++;
		} else {
			if ((c && c != '.') || !label || label > LABEL || name[i - 1] == '-')
				return false;
			label = 0;
		}
	}
	return true;
}

static GENERAL_NAME *general_name(const char *name)
{
	uint8_t address[16];
	size_t size = inet_pton(AF_INET, name, address) == 1 ? 4
		: inet_pton(AF_INET6, name, address) == 1    ? 16
							     : 0;
	GENERAL_NAME *g = GENERAL_NAME_new();
	ASN1_STRING *s = size ? ASN1_OCTET_STRING_new() : ASN1_IA5STRING_new();
	bool set = g && s &&
		ASN1_STRING_set(s, size ? (const void *)address : name,
			size ? (int)size : (int)strlen(name));
	if (!set) {
		GENERAL_NAME_free(g);
		ASN1_STRING_free(s);
		return NULL;
	}
	GENERAL_NAME_set0_value(g, size ? GEN_IPADD : GEN_DNS, s);
	return g;
}

static bool has_name(const GENERAL_NAMES *names, GENERAL_NAME *wanted)
{
	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++)
		if (GENERAL_NAME_cmp(sk_GENERAL_NAME_value(names, i), wanted) == 0)
			return true;
	return false;
}

/* Each once, in their order; NULL without memory. */
static GENERAL_NAMES *general_names(const struct server_names *names)
{
	GENERAL_NAMES *all = sk_GENERAL_NAME_new_null();
	for (size_t i = 0; all && i < names->count; i++) {
		GENERAL_NAME *g = general_name(names->list[i]);
		bool twice = g && has_name(all, g);
		bool kept = g && (twice || sk_GENERAL_NAME_push(all, g) > 0);
		if (twice || !kept)
			GENERAL_NAME_free(g);
		if (!kept) {
			GENERAL_NAMES_free(all);
			all = NULL;
		}
	}
	return all;
}

static int check_names(const struct server_names *names, struct err *e)
{
	uint8_t address[16];
	if (!names->count || names->count > AUTHORITY_NAMES)
		return err_set(e, -EINVAL, "a server has from 1 to %d names, not %zu",
			AUTHORITY_NAMES, names->count);
	for (size_t i = 0; i < names->count; i++) {
		const char *name = names->list[i];
		if (!is_host(name) && inet_pton(AF_INET6, name, address) != 1)
			return err_set(
				e, -EINVAL, "'%.64s' is no name of a host and no IP address", name);
	}
	return 0;
}

/* --- certificates --- */

static EVP_PKEY *new_key(void)
{
	digest_start();
	return EVP_EC_gen("P-256");
}

static bool set_serial(X509 *x)
{
	uint8_t bytes[SERIAL];
	randombytes_buf(bytes, sizeof bytes);
	bytes[0] = (uint8_t)((bytes[0] & 0x7f) | 0x40); /* positive, and always as long */
	BIGNUM *n = BN_bin2bn(bytes, sizeof bytes, NULL);
	bool set = n && BN_to_ASN1_INTEGER(n, X509_get_serialNumber(x));
	BN_free(n);
	return set;
}

static bool set_time(ASN1_TIME *at, int64_t seconds)
{
	return ASN1_TIME_adj(at, (time_t)seconds, 0, 0);
}

static bool set_name(X509_NAME *name, const char *text)
{
	return X509_NAME_add_entry_by_txt(
		name, "CN", MBSTRING_UTF8, (const unsigned char *)text, -1, -1, 0);
}

static bool extend(X509 *x, X509 *issuer, int what, const char *value)
{
	X509V3_CTX context;
	X509V3_set_ctx(&context, issuer, x, NULL, NULL, 0);
	X509_EXTENSION *more = X509V3_EXT_conf_nid(NULL, &context, what, value);
	bool added = more && X509_add_ext(x, more, -1);
	X509_EXTENSION_free(more);
	return added;
}

static X509 *begin(EVP_PKEY *key, int64_t from, int64_t until)
{
	X509 *x = X509_new();
	if (x && X509_set_version(x, X509_VERSION_3) && set_serial(x) &&
		set_time(X509_getm_notBefore(x), from) && set_time(X509_getm_notAfter(x), until) &&
		X509_set_pubkey(x, key))
		return x;
	X509_free(x);
	return NULL;
}

static int write_pem(
	X509 *x, EVP_PKEY *key, struct out *certificate, struct out *secret, struct err *e)
{
	char *bytes = NULL;
	BIO *one = BIO_new(BIO_s_mem()), *two = BIO_new(BIO_s_secmem());
	bool done = one && two && PEM_write_bio_X509(one, x) &&
		PEM_write_bio_PKCS8PrivateKey(two, key, NULL, NULL, 0, NULL, NULL);
	if (done) {
		long size = BIO_get_mem_data(one, &bytes);
		out_bytes(certificate, bytes, (size_t)size);
		size = BIO_get_mem_data(two, &bytes);
		out_bytes(secret, bytes, (size_t)size);
		sodium_memzero(bytes, (size_t)size);
	}
	BIO_free(one);
	BIO_free(two);
	if (!done)
		return no_memory(e);
	return certificate->failed || secret->failed
		? err_set(e, -ENOBUFS, "a certificate finds no room")
		: 0;
}

static X509 *read_certificate(struct cur pem)
{
	BIO *b = pem.left <= AUTHORITY_PEM * 4 ? BIO_new_mem_buf(pem.at, (int)pem.left) : NULL;
	X509 *x = b ? PEM_read_bio_X509(b, NULL, NULL, NULL) : NULL;
	BIO_free(b);
	return x;
}

/* Nobody is asked for a passphrase. */
static int no_passphrase(char *room, int size, int writing, void *unused)
{
	(void)room, (void)size, (void)writing, (void)unused;
	return -1;
}

static EVP_PKEY *read_key(struct cur pem)
{
	BIO *b = pem.left <= AUTHORITY_PEM ? BIO_new_mem_buf(pem.at, (int)pem.left) : NULL;
	EVP_PKEY *key = b ? PEM_read_bio_PrivateKey(b, NULL, no_passphrase, NULL) : NULL;
	BIO_free(b);
	return key;
}

static int64_t seconds_of(const ASN1_TIME *t)
{
	ASN1_TIME *zero = ASN1_TIME_set(NULL, 0);
	int days = 0, seconds = 0;
	bool known = zero && ASN1_TIME_diff(&days, &seconds, zero, t);
	ASN1_TIME_free(zero);
	return known ? (int64_t)days * DAY + seconds : 0;
}

/* --- the authority --- */

static bool is_text(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			return false;
	return true;
}

static X509 *make_own(EVP_PKEY *key, const char *site, int64_t now)
{
	char name[COMMON_NAME + 1];
	X509 *x = begin(key, now - EARLIER, now + (int64_t)AUTHORITY_DAYS * DAY);
	snprintf(name, sizeof name, "weir site %s", site);
	if (x && set_name(X509_get_subject_name(x), name) &&
		X509_set_issuer_name(x, X509_get_subject_name(x)) &&
		extend(x, x, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
		extend(x, x, NID_key_usage, "critical,keyCertSign,cRLSign") &&
		extend(x, x, NID_subject_key_identifier, "hash") &&
		extend(x, x, NID_authority_key_identifier, "keyid:always") &&
		X509_sign(x, key, EVP_sha256()))
		return x;
	X509_free(x);
	return NULL;
}

static int keep(struct authority **out, X509 *x, EVP_PKEY *key, struct err *e)
{
	struct authority *a = x && key ? malloc(sizeof *a) : NULL;
	if (!a) {
		X509_free(x);
		EVP_PKEY_free(key);
		return no_memory(e);
	}
	*a = (struct authority){ x, key };
	*out = a;
	return 0;
}

int authority_make(struct authority **out, const char *site, int64_t now_ns, struct err *e)
{
	if (!*site || strlen(site) > AUTHORITY_SITE || !is_text(site))
		return err_set(e, -EINVAL,
			"the name of a site is text of 1 to %d bytes: '%.64s' is not",
			AUTHORITY_SITE, site);
	EVP_PKEY *key = sodium_init() < 0 ? NULL : new_key();
	return keep(out, key ? make_own(key, site, now_ns / CLOCK_SECOND) : NULL, key, e);
}

int authority_open(struct authority **out, struct cur certificate, struct cur key, struct err *e)
{
	digest_start();
	X509 *x = read_certificate(certificate);
	EVP_PKEY *k = read_key(key);
	const char *wrong = !x ? "no certificate"
		: !k           ? "no key, or one that is sealed"
		: X509_check_ca(x) != 1 || X509_verify(x, X509_get0_pubkey(x)) != 1
		? "a certificate of no authority"
		: X509_check_private_key(x, k) != 1 ? "the key belongs to another certificate"
						    : NULL;
	if (!wrong && sodium_init() >= 0)
		return keep(out, x, k, e);
	X509_free(x);
	EVP_PKEY_free(k);
	return err_set(e, -EBADMSG, "the site's authority: %s", wrong ? wrong : "no chance");
}

void authority_free(struct authority *a)
{
	if (!a)
		return;
	X509_free(a->certificate);
	EVP_PKEY_free(a->key);
	free(a);
}

int authority_write(
	const struct authority *a, struct out *certificate, struct out *key, struct err *e)
{
	return write_pem(a->certificate, a->key, certificate, key, e);
}

void authority_print(const struct authority *a, char text[AUTHORITY_PRINT])
{
	static const char digit[] = "0123456789ABCDEF";
	uint8_t hash[SHA256_SIZE];
	unsigned size = 0;
	int done = X509_digest(a->certificate, EVP_sha256(), hash, &size);
	assert(done && size == sizeof hash);
	for (size_t i = 0; i < sizeof hash; i++) {
		text[3 * i] = digit[hash[i] >> 4];
		text[3 * i + 1] = digit[hash[i] & 15];
		text[3 * i + 2] = i + 1 < sizeof hash ? ':' : 0;
	}
}

int64_t authority_until(const struct authority *a)
{
	return seconds_of(X509_get0_notAfter(a->certificate)) * CLOCK_SECOND;
}

/* --- servers --- */

static X509 *make_server(const struct authority *a, EVP_PKEY *key, const struct server_names *names,
	int64_t now, int64_t until)
{
	X509 *x = begin(key, now - EARLIER, until);
	GENERAL_NAMES *all = general_names(names);
	bool named = strlen(names->list[0]) <= COMMON_NAME;
	bool made = x && all && (!named || set_name(X509_get_subject_name(x), names->list[0])) &&
		X509_set_issuer_name(x, X509_get_subject_name(a->certificate)) &&
		extend(x, a->certificate, NID_basic_constraints, "critical,CA:FALSE") &&
		extend(x, a->certificate, NID_key_usage, "critical,digitalSignature") &&
		extend(x, a->certificate, NID_ext_key_usage, "serverAuth") &&
		extend(x, a->certificate, NID_subject_key_identifier, "hash") &&
		extend(x, a->certificate, NID_authority_key_identifier, "keyid:always") &&
		X509_add1_ext_i2d(x, NID_subject_alt_name, all, !named, 0) == 1 &&
		X509_sign(x, a->key, EVP_sha256());
	GENERAL_NAMES_free(all);
	if (made)
		return x;
	X509_free(x);
	return NULL;
}

int authority_issue(const struct authority *a, const struct server_names *names, int64_t now_ns,
	struct out *certificate, struct out *key, struct err *e)
{
	int64_t now = now_ns / CLOCK_SECOND, until = now + (int64_t)SERVER_DAYS * DAY,
		last = seconds_of(X509_get0_notAfter(a->certificate));
	if (check_names(names, e) < 0)
		return e->code;
	if (now >= last) {
		err_set(e, -EKEYEXPIRED, "the site's authority has ended");
		return err_try(e, "the date of this machine; else a new authority");
	}
	EVP_PKEY *k = new_key();
	X509 *x = k ? make_server(a, k, names, now, until < last ? until : last) : NULL;
	int r = x ? write_pem(x, k, certificate, key, e) : no_memory(e);
	X509_free(x);
	EVP_PKEY_free(k);
	return r;
}

static bool same_names(X509 *x, const struct server_names *names)
{
	GENERAL_NAMES *has = X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);
	GENERAL_NAMES *wants = general_names(names);
	bool same = has && wants && sk_GENERAL_NAME_num(has) == sk_GENERAL_NAME_num(wants);
	for (int i = 0; same && i < sk_GENERAL_NAME_num(wants); i++)
		same = has_name(has, sk_GENERAL_NAME_value(wants, i));
	GENERAL_NAMES_free(has);
	GENERAL_NAMES_free(wants);
	return same;
}

static const char *due(const struct authority *a, X509 *x, EVP_PKEY *key,
	const struct server_names *names, int64_t now)
{
	if (!x)
		return "there is no certificate";
	if (!key || X509_check_private_key(x, key) != 1)
		return "its key is missing";
	if (X509_NAME_cmp(X509_get_issuer_name(x), X509_get_subject_name(a->certificate)) != 0 ||
		X509_verify(x, a->key) != 1)
		return "it is another authority's";
	if (!same_names(x, names))
		return "the names have changed";
	if (seconds_of(X509_get0_notBefore(x)) > now)
		return "it is of a later day: the clock was put back";
	if (seconds_of(X509_get0_notAfter(x)) - now < (int64_t)SERVER_DAYS_LEAST * DAY)
		return "it ends soon";
	return NULL;
}

const char *authority_due(const struct authority *a, struct cur certificate, struct cur key,
	const struct server_names *names, int64_t now_ns)
{
	X509 *x = read_certificate(certificate);
	EVP_PKEY *k = read_key(key);
	const char *why = due(a, x, k, names, now_ns / CLOCK_SECOND);
	X509_free(x);
	EVP_PKEY_free(k);
	return why;
}
