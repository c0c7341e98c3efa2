/* TLS hellos: RFC 8446, 4.1 and 4.2; fingerprints JA3, JA3S and JA4 as their authors define them.
 */
#include "base/out.h"
#include "crypt/digest.h"
#include "sense/proto/tls.h"

enum extension {
	SERVER_NAME = 0,
	GROUPS = 10,
	POINT_FORMATS = 11,
	SIGNATURES = 13,
	ALPN = 16,
	SUPPORTED_VERSIONS = 43,
};

/* Values of one list that take part in a fingerprint; real hellos have a few dozen at most. */
enum { LIST_MAX = 256, TEXT_MAX = 4096, JA4_MAX = 40 };

struct list {
	uint16_t value[LIST_MAX];
	size_t count;
	bool over; /* there were more: no fingerprint can be made of it */
};

/* One hello, taken apart. */
struct hello {
	uint16_t version;
	struct list ciphers, extensions, groups, signatures, versions;
	struct cur points, name, alpn_first;
};

static const struct field f_version = { "tls.handshake.version", BE16 };
static const struct field f_suite = { "tls.handshake.ciphersuite", BE16 };
static const struct field f_name = { "tls.handshake.extensions_server_name", TEXT };
static const struct field f_alpn = { "tls.handshake.extensions_alpn_str", TEXT };
static const struct field f_supported = { "tls.handshake.extensions.supported_version", BE16 };
static const struct field f_extension = { "tls.handshake.extension.type", BE16 };
static const struct field f_group = { "tls.handshake.extensions_supported_group", BE16 };
static const struct field f_ja3 = { "tls.handshake.ja3", TEXT };
static const struct field f_ja3s = { "tls.handshake.ja3s", TEXT };
static const struct field f_ja4 = { "tls.handshake.ja4", TEXT };

static const struct msg row_client = { 1, DIR_REQUEST, ACT_OTHER, 0, "client_hello" };
static const struct msg row_server = { 2, DIR_RESPONSE, ACT_OTHER, 0, "server_hello" };

/* RFC 8701: values sent only to keep others tolerant; fingerprints leave them out. */
static bool is_grease(uint16_t v)
{
	return (v & 0x0f0f) == 0x0a0a && v >> 8 == (v & 0xff);
}

static void list_add(struct list *l, uint16_t v)
{
	if (is_grease(v))
		return;
	if (l->count < LIST_MAX)
		l->value[l->count++] = v;
	else
		l->over = true;
}

static void list_values(struct scene *s, const struct field *f, struct list *l, struct cur c)
{
	while (c.left >= 2) {
		uint16_t v = cur_be16(&c);
		list_add(l, v);
		fact_uint(s, f, v);
	}
}

/* RFC 6066, 3: a list with one host name. */
static bool server_name(struct scene *s, struct hello *h, struct cur c)
{
	if (c.left == 0)
		return true; /* a server's answer: understood */
	struct cur list = cur_sub(&c, cur_be16(&c));
	while (list.left > 0 && cur_ok(&list)) {
		uint8_t type = cur_u8(&list);
		struct cur name = cur_sub(&list, cur_be16(&list));
		if (!cur_ok(&name))
			return false;
		if (type != 0)
			continue;
		h->name = name;
		fact_text(s, &f_name, name.at, name.left);
	}
	return cur_ok(&list) && c.left == 0;
}

/* RFC 7301, 3.1. */
static bool alpn(struct scene *s, struct hello *h, struct cur c)
{
	struct cur list = cur_sub(&c, cur_be16(&c));
	bool first = true;
	while (list.left > 0 && cur_ok(&list)) {
		struct cur name = cur_sub(&list, cur_u8(&list));
		if (!cur_ok(&name))
			return false;
		if (first)
			h->alpn_first = name;
		first = false;
		fact_text(s, &f_alpn, name.at, name.left);
	}
	return cur_ok(&list) && c.left == 0;
}

static bool supported_versions(struct scene *s, struct hello *h, bool client, struct cur c)
{
	if (client) {
		struct cur list = cur_sub(&c, cur_u8(&c));
		if (!cur_ok(&list) || list.left % 2)
			return false;
		list_values(s, &f_supported, &h->versions, list);
		return c.left == 0;
	}
	if (c.left != 2)
		return false;
	list_values(s, &f_supported, &h->versions, c);
	return true;
}

static bool extension(struct scene *s, struct hello *h, bool client, uint16_t type, struct cur c)
{
	struct cur list;
	switch (type) {
	case SERVER_NAME:
		return server_name(s, h, c);
	case ALPN:
		return alpn(s, h, c);
	case SUPPORTED_VERSIONS:
		return supported_versions(s, h, client, c);
	case GROUPS:
		list = cur_sub(&c, cur_be16(&c));
		if (cur_ok(&list))
			list_values(s, &f_group, &h->groups, list);
		return cur_ok(&list);
	case POINT_FORMATS:
		list = cur_sub(&c, cur_u8(&c));
		if (cur_ok(&list))
			h->points = list;
		return cur_ok(&list);
	case SIGNATURES:
		list = cur_sub(&c, cur_be16(&c));
		while (cur_ok(&list) && list.left >= 2)
			list_add(&h->signatures, cur_be16(&list));
		return cur_ok(&list);
	default:
		return true;
	}
}

/* Everything behind the compression methods, where there is anything. */
static bool extensions(struct scene *s, struct hello *h, bool client, struct cur c)
{
	if (c.left == 0)
		return true;
	struct cur list = cur_sub(&c, cur_be16(&c));
	if (!cur_ok(&list) || c.left > 0)
		return false;
	while (list.left > 0) {
		uint16_t type = cur_be16(&list);
		struct cur body = cur_sub(&list, cur_be16(&list));
		if (!cur_ok(&body))
			return false;
		list_add(&h->extensions, type);
		fact_uint(s, &f_extension, type);
		/* One extension that does not hold leaves the others as they are. */
		if (!extension(s, h, client, type, body))
			fact_violation(s);
	}
	return true;
}

static void out_list(struct out *o, const struct list *l)
{
	for (size_t i = 0; i < l->count; i++) {
		if (i)
			out_char(o, '-');
		out_uint(o, l->value[i]);
	}
}

/* MD5 of the text, in hexadecimal, as a value that lives as long as the message. */
static const char *ja3_sum(struct scene *s, const struct out *text)
{
	uint8_t sum[MD5_SIZE];
	char *hex = scene_scratch(s, (size_t)MD5_SIZE * 2 + 1);
	if (!hex || text->failed)
		return NULL;
	digest_md5(text->at, text->used, sum);
	struct out o = out_mem(hex, (size_t)MD5_SIZE * 2 + 1);
	out_hex(&o, sum, sizeof sum);
	return out_text(&o);
}

/* JA3: version, ciphers, extensions, groups and point formats, in the order sent. */
static const char *ja3(struct scene *s, const struct hello *h)
{
	char *memory = scene_scratch(s, TEXT_MAX);
	if (!memory)
		return NULL;
	struct out o = out_mem(memory, TEXT_MAX);
	out_uint(&o, h->version);
	out_char(&o, ',');
	out_list(&o, &h->ciphers);
	out_char(&o, ',');
	out_list(&o, &h->extensions);
	out_char(&o, ',');
	out_list(&o, &h->groups);
	out_char(&o, ',');
	struct cur points = h->points;
	for (bool first = true; points.left > 0; first = false) {
		if (!first)
			out_char(&o, '-');
		out_uint(&o, cur_u8(&points));
	}
	return ja3_sum(s, &o);
}

static const char *ja3s(struct scene *s, const struct hello *h)
{
	char *memory = scene_scratch(s, TEXT_MAX);
	if (!memory)
		return NULL;
	struct out o = out_mem(memory, TEXT_MAX);
	out_uint(&o, h->version);
	out_char(&o, ',');
	out_list(&o, &h->ciphers);
	out_char(&o, ',');
	out_list(&o, &h->extensions);
	return ja3_sum(s, &o);
}

static void list_sort(struct list *l)
{
	for (size_t i = 1; i < l->count; i++) {
		uint16_t v = l->value[i];
		size_t at = i;
		for (; at > 0 && l->value[at - 1] > v; at--)
			l->value[at] = l->value[at - 1];
		l->value[at] = v;
	}
}

static void out_hex_list(struct out *o, const struct list *l)
{
	for (size_t i = 0; i < l->count; i++)
		out_fmt(o, "%s%04x", i ? "," : "", l->value[i]);
}

/* First twelve digits of the SHA-256 of a list, or zeros for an empty one. */
static void out_short_sum(struct out *o, const char *text, size_t size)
{
	uint8_t sum[SHA256_SIZE];
	if (size == 0) {
		out_str(o, "000000000000");
		return;
	}
	digest_sha256(text, size, sum);
	out_hex(o, sum, 6);
}

static const char *ja4_version(const struct hello *h)
{
	uint16_t version = h->versions.count ? 0 : h->version;
	for (size_t i = 0; i < h->versions.count; i++)
		if (h->versions.value[i] > version)
			version = h->versions.value[i];
	switch (version) {
	case 0x0304:
		return "13";
	case 0x0303:
		return "12";
	case 0x0302:
		return "11";
	case 0x0301:
		return "10";
	case 0x0300:
		return "s3";
	case 0x0002:
		return "s2";
	default:
		return "00";
	}
}

static bool is_word(int c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* First and last letter of the first protocol offered; its outer hexadecimal digits if they are
 * no letters. */
static void out_alpn(struct out *o, const struct cur *name)
{
	if (name->left == 0) {
		out_str(o, "00");
		return;
	}
	int first = cur_peek(name, 0), last = cur_peek(name, name->left - 1);
	if (is_word(first) && is_word(last)) {
		out_char(o, (char)first);
		out_char(o, (char)last);
	} else {
		out_fmt(o, "%x%x", (unsigned)first >> 4, (unsigned)last & 15);
	}
}

/* JA4: what is offered, in an order that does not depend on the sender's shuffling. */
static const char *ja4(struct scene *s, const struct hello *h)
{
	char *memory = scene_scratch(s, TEXT_MAX), *name = scene_scratch(s, JA4_MAX);
	if (!memory || !name)
		return NULL;
	struct out o = out_mem(name, JA4_MAX);
	size_t ciphers = h->ciphers.count < 99 ? h->ciphers.count : 99;
	size_t kinds = h->extensions.count < 99 ? h->extensions.count : 99;
	out_fmt(&o, "t%s%c%02zu%02zu", ja4_version(h), h->name.left ? 'd' : 'i', ciphers, kinds);
	out_alpn(&o, &h->alpn_first);

	struct list sorted = h->ciphers;
	struct out text = out_mem(memory, TEXT_MAX);
	list_sort(&sorted);
	out_hex_list(&text, &sorted);
	out_char(&o, '_');
	out_short_sum(&o, text.at, text.used);
	bool failed = text.failed;

	sorted = (struct list){ 0 };
	for (size_t i = 0; i < h->extensions.count; i++)
		if (h->extensions.value[i] != SERVER_NAME && h->extensions.value[i] != ALPN)
			list_add(&sorted, h->extensions.value[i]);
	list_sort(&sorted);
	text = out_mem(memory, TEXT_MAX);
	out_hex_list(&text, &sorted);
	if (h->signatures.count) {
		out_char(&text, '_');
		out_hex_list(&text, &h->signatures);
	}
	out_char(&o, '_');
	out_short_sum(&o, text.at, sorted.count || h->signatures.count ? text.used : 0);
	return failed || text.failed || o.failed ? NULL : out_text(&o);
}

static void tell(struct scene *s, const struct field *f, enum identity_key key, const char *text)
{
	if (!text)
		return;
	fact_text(s, f, text, strlen(text));
	if (key)
		who_sender(s, key, text, strlen(text));
}

bool tls_client_hello(struct scene *s, struct cur c)
{
	struct hello hello = { .version = cur_be16(&c) };
	cur_skip(&c, 32);         /* random */
	cur_skip(&c, cur_u8(&c)); /* session */
	struct cur ciphers = cur_sub(&c, cur_be16(&c));
	cur_skip(&c, cur_u8(&c)); /* compression */
	if (!cur_ok(&c) || ciphers.left % 2)
		return false;
	scene_client(s);
	fact_begin(s, &row_client);
	fact_uint(s, &tls_field_type, row_client.code);
	fact_uint(s, &f_version, hello.version);
	list_values(s, &f_suite, &hello.ciphers, ciphers);
	if (!extensions(s, &hello, true, c))
		return false;
	/* Not a name of the server's own: a proxy is asked for the names of many others. */
	who_receiver(s, ID_ASKED_NAME, hello.name.at, hello.name.left);
	if (hello.ciphers.over || hello.extensions.over || hello.groups.over ||
		hello.signatures.over)
		return true;
	tell(s, &f_ja3, ID_JA3, ja3(s, &hello));
	tell(s, &f_ja4, ID_JA4, ja4(s, &hello));
	return true;
}

bool tls_server_hello(struct scene *s, struct cur c)
{
	struct hello hello = { .version = cur_be16(&c) };
	cur_skip(&c, 32);
	cur_skip(&c, cur_u8(&c));
	uint16_t cipher = cur_be16(&c);
	cur_skip(&c, 1);
	if (!cur_ok(&c))
		return false;
	scene_server(s);
	fact_begin(s, &row_server);
	fact_uint(s, &tls_field_type, row_server.code);
	fact_uint(s, &f_version, hello.version);
	fact_uint(s, &f_suite, cipher);
	list_add(&hello.ciphers, cipher);
	if (!extensions(s, &hello, false, c))
		return false;
	if (!hello.extensions.over)
		tell(s, &f_ja3s, 0, ja3s(s, &hello));
	return true;
}

bool tls_asks_again(struct cur c)
{
	/* SHA-256 of "HelloRetryRequest" in the place of the random: RFC 8446, 4.1.3. */
	static const uint8_t retry[32] = { 0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe,
		0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c,
		0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c };
	cur_skip(&c, 2);
	const uint8_t *random = cur_take(&c, sizeof retry);
	return random && memcmp(random, retry, sizeof retry) == 0;
}

bool tls_old_client_hello(struct scene *s, struct cur c)
{
	cur_skip(&c, 3);
	uint16_t version = cur_be16(&c);
	struct cur ciphers;
	unsigned size = cur_be16(&c);
	cur_skip(&c, 4); /* sizes of session and challenge */
	ciphers = cur_sub(&c, size);
	if (!cur_ok(&ciphers))
		return false;
	scene_client(s);
	fact_begin(s, &row_client);
	fact_uint(s, &tls_field_type, row_client.code);
	fact_uint(s, &f_version, version);
	while (ciphers.left >= 3)
		fact_uint(s, &f_suite, cur_be24(&ciphers));
	return true;
}
