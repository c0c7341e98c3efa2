/* NTLM and Kerberos in security blobs: [MS-NLMP] 2.2.1 (messages), RFC 4178, 4.2 (SPNEGO),
 * RFC 4120, 5.5.1 (AP-REQ). */
#include "sense/proto/ntlm.h"

#include <stdio.h>

#include "sense/proto/ber.h"
#include "sense/proto/text.h"

/* [MS-NLMP] 2.2.2.5 */
enum { FLAG_UNICODE = 0x00000001, FLAG_VERSION = 0x02000000 };
enum { NEGOTIATE = 1, CHALLENGE = 2, AUTHENTICATE = 3 };
/* [MS-NLMP] 2.2.2.1, AvId */
enum { AV_END, AV_NB_COMPUTER, AV_NB_DOMAIN, AV_DNS_COMPUTER, AV_DNS_DOMAIN, AV_DNS_TREE };
enum { AV_TARGET_NAME = 9, AV_MAX = 32 };
/* An NTLMv2 answer: proof, then this much before its pairs, [MS-NLMP] 2.2.2.7. */
enum { PROOF_SIZE = 16, BLOB_HEAD = 28 };

static const struct field f_type = { "ntlmssp.messagetype", LE32, 1, 3 };
static const struct field f_flags = { "ntlmssp.negotiateflags", LE32, 0, 0 };
static const struct field f_from_domain = { "ntlmssp.negotiate.domain", TEXT, 0, 0 };
static const struct field f_from_host = { "ntlmssp.negotiate.callingworkstation", TEXT, 0, 0 };
static const struct field f_target = { "ntlmssp.challenge.target_name", TEXT, 0, 0 };
static const struct field f_domain = { "ntlmssp.auth.domain", TEXT, 0, 0 };
static const struct field f_user = { "ntlmssp.auth.username", TEXT, 0, 0 };
static const struct field f_host = { "ntlmssp.auth.hostname", TEXT, 0, 0 };
static const struct field f_major = { "ntlmssp.version.major", U8, 0, 0 };
static const struct field f_minor = { "ntlmssp.version.minor", U8, 0, 0 };
static const struct field f_build = { "ntlmssp.version.build_number", LE16, 0, 0 };
static const struct field f_spn = { "ntlmssp.ntlmv2_response.target_name", TEXT, 0, 0 };
static const struct field f_mech = { "spnego.mech_type", TEXT, 0, 0 };
static const struct field f_result = { "spnego.result", U8, 0, 3 };
static const struct field f_realm = { "kerberos.realm", TEXT, 0, 0 };
static const struct field f_service = { "kerberos.sname", TEXT, 0, 0 };

#define TARGET_INFO(name)                                                                          \
	{                                                                                          \
		"ntlmssp.challenge.target_info." name, TEXT, 0, 0                                  \
	}
static const struct field f_target_info[] = {
	[AV_NB_COMPUTER] = TARGET_INFO("nb_computer_name"),
	[AV_NB_DOMAIN] = TARGET_INFO("nb_domain_name"),
	[AV_DNS_COMPUTER] = TARGET_INFO("dns_computer_name"),
	[AV_DNS_DOMAIN] = TARGET_INFO("dns_domain_name"),
	[AV_DNS_TREE] = TARGET_INFO("dns_tree_name"),
};

/* --- text --------------------------------------------------------------------------------------
 */

struct utf8 utf8_of_utf16(struct scene *s, struct cur c)
{
	struct utf8 text = { 0 };
	if (!cur_ok(&c) || c.left < 2)
		return text;
	char *to = scene_scratch(s, c.left / 2 * 3); /* a surrogate pair: four bytes of the six */
	if (!to)
		return text;
	text.at = to;
	while (c.left >= 2) {
		uint32_t rune = cur_le16(&c);
		if (!rune)
			break;
		if (rune >= 0xd800 && rune < 0xdc00 && c.left >= 2) { /* RFC 2781, 2.2 */
			struct cur look = c;
			uint32_t low = cur_le16(&look);
			if (low >= 0xdc00 && low < 0xe000) {
				rune = 0x10000 + ((rune & 0x3ff) << 10 | (low & 0x3ff));
				c = look;
			}
		}
		text.size += text_put_utf8(
			to + text.size, rune >= 0xd800 && rune < 0xe000 ? 0xfffd : rune);
	}
	return text;
}

/* --- BER ----------------------------------------------------------------------------------------
 */

/* What stands below a path of tags, the first element with that tag each time; bad where nothing
 * does. */
static struct cur ber_below(struct cur c, const uint8_t *path, size_t depth)
{
	for (size_t i = 0; i < depth; i++) {
		struct ber e = { .content = cur_bad() };
		while (c.left && cur_ok(&c) && e.tag != path[i])
			e = ber_read(&c);
		if (e.tag != path[i])
			cur_fail(&e.content);
		c = e.content;
	}
	return c;
}

#define BELOW(c, ...)                                                                              \
	ber_below(c, (const uint8_t[]){ __VA_ARGS__ }, sizeof(const uint8_t[]){ __VA_ARGS__ })

static void tell_oid(struct scene *s, const struct field *f, struct cur oid)
{
	char *text = scene_scratch(s, BER_OBJECT);
	size_t size = text ? ber_object(oid, text) : 0;
	if (size)
		fact_text(s, f, text, size);
}

/* --- SPNEGO -------------------------------------------------------------------------------------
 */

/* The token within the wrapping; bad where there is none. */
static struct cur unwrap(struct cur blob)
{
	if (cur_starts(&blob, "NTLMSSP"))
		return blob;
	struct cur init = BELOW(blob, 0x60, 0xa0, 0x30); /* GSS-API, NegTokenInit */
	if (cur_ok(&init))
		return BELOW(init, 0xa2, 0x04);
	struct cur answer = BELOW(blob, 0xa1, 0x30); /* NegTokenResp */
	if (cur_ok(&answer))
		return BELOW(answer, 0xa2, 0x04);
	return blob;
}

static void tell_wrapping(struct scene *s, struct cur blob)
{
	struct cur mechs = BELOW(blob, 0x60, 0xa0, 0x30, 0xa0, 0x30);
	for (unsigned i = 0; i < AV_MAX && mechs.left && cur_ok(&mechs); i++) {
		struct cur oid = ber_expect(&mechs, 0x06);
		if (cur_ok(&oid))
			tell_oid(s, &f_mech, oid);
	}
	struct cur answer = BELOW(blob, 0xa1, 0x30);
	struct cur result = BELOW(answer, 0xa0, 0x0a);
	if (cur_ok(&result))
		fact_uint(s, &f_result, cur_u8(&result));
	struct cur mech = BELOW(answer, 0xa1, 0x06);
	if (cur_ok(&mech))
		tell_oid(s, &f_mech, mech);
}

/* --- NTLM ---------------------------------------------------------------------------------------
 */

/* A security buffer: size, room, and where in the message the bytes stand. */
static struct cur buffer(struct cur *c, struct cur message)
{
	uint16_t size = cur_le16(c);
	cur_skip(c, 2);
	uint32_t offset = cur_le32(c);
	if (!cur_ok(c) || !size)
		return cur_bad();
	cur_skip(&message, offset);
	return cur_sub(&message, size);
}

static struct utf8 text_of(struct scene *s, struct cur c, bool unicode)
{
	if (unicode)
		return utf8_of_utf16(s, c);
	return cur_ok(&c) ? (struct utf8){ (const char *)c.at, c.left } : (struct utf8){ 0 };
}

static struct utf8 tell_text(struct scene *s, const struct field *f, struct cur c, bool unicode)
{
	struct utf8 text = text_of(s, c, unicode);
	if (text.size)
		fact_text(s, f, text.at, text.size);
	return text;
}

/* [MS-NLMP] 2.2.2.10.  Samba says build 0: that is nobody's version. */
static void tell_version(struct scene *s, struct cur *c, bool says_os)
{
	uint8_t major = cur_u8(c), minor = cur_u8(c);
	uint16_t build = cur_le16(c);
	if (!cur_ok(c))
		return;
	fact_uint(s, &f_major, major);
	fact_uint(s, &f_minor, minor);
	fact_uint(s, &f_build, build);
	char text[40];
	int size = snprintf(text, sizeof text, "Windows %u.%u build %u", major, minor, build);
	if (says_os && major && build)
		who_sender(s, ID_OS, text, (size_t)size);
}

static struct cur next_pair(struct cur *c, uint16_t *id)
{
	*id = cur_le16(c);
	uint16_t size = cur_le16(c);
	return cur_sub(c, size);
}

static bool same(struct utf8 a, struct utf8 b)
{
	return a.size == b.size && a.size && memcmp(a.at, b.at, a.size) == 0;
}

/* Who challenges: a machine outside a domain names itself as its domain. */
static void tell_target(struct scene *s, struct cur c)
{
	struct utf8 names[AV_DNS_TREE + 1] = { 0 };
	for (unsigned i = 0; i < AV_MAX && c.left; i++) {
		uint16_t id;
		struct cur value = next_pair(&c, &id);
		if (id == AV_END || !cur_ok(&value))
			break;
		if (id <= AV_DNS_TREE)
			names[id] = tell_text(s, &f_target_info[id], value, true);
	}
	struct utf8 name = names[AV_NB_COMPUTER], domain = names[AV_DNS_DOMAIN];
	if (name.size)
		who_sender(s, ID_NAME, name.at, name.size);
	if (same(names[AV_NB_DOMAIN], name))
		return;
	if (!domain.size)
		domain = names[AV_NB_DOMAIN];
	if (domain.size)
		who_sender(s, ID_DOMAIN, domain.at, domain.size);
}

static void tell_proof(struct scene *s, struct cur c)
{
	cur_skip(&c, PROOF_SIZE + BLOB_HEAD);
	for (unsigned i = 0; i < AV_MAX && c.left; i++) {
		uint16_t id;
		struct cur value = next_pair(&c, &id);
		if (id == AV_END || !cur_ok(&value))
			break;
		if (id == AV_TARGET_NAME)
			tell_text(s, &f_spn, value, true);
	}
}

static void negotiate(struct scene *s, struct cur c, struct cur message)
{
	uint32_t flags = cur_le32(&c);
	if (!cur_ok(&c))
		return;
	fact_uint(s, &f_flags, flags);
	if (c.left < 16) /* old clients stop here */
		return;
	tell_text(s, &f_from_domain, buffer(&c, message), false);
	tell_text(s, &f_from_host, buffer(&c, message), false);
	if (flags & FLAG_VERSION && c.left >= 8)
		tell_version(s, &c, false);
}

static void challenge(struct scene *s, struct cur c, struct cur message, bool says_os)
{
	struct cur target = buffer(&c, message);
	uint32_t flags = cur_le32(&c);
	cur_skip(&c, 16); /* challenge, reserved */
	if (!cur_ok(&c))
		return;
	tell_text(s, &f_target, target, flags & FLAG_UNICODE);
	fact_uint(s, &f_flags, flags);
	struct cur info = buffer(&c, message);
	if (cur_ok(&info))
		tell_target(s, info);
	if (flags & FLAG_VERSION && c.left >= 8)
		tell_version(s, &c, says_os);
}

static void authenticate(struct scene *s, struct cur c, struct cur message, bool says_os)
{
	buffer(&c, message); /* LM answer */
	struct cur answer = buffer(&c, message);
	struct cur domain = buffer(&c, message), user = buffer(&c, message);
	struct cur host = buffer(&c, message);
	buffer(&c, message); /* session key */
	if (!cur_ok(&c))
		return;
	uint32_t flags = c.left >= 4 ? cur_le32(&c) : 0;
	bool unicode = flags & FLAG_UNICODE;
	tell_text(s, &f_domain, domain, unicode);
	struct utf8 text = tell_text(s, &f_user, user, unicode);
	if (text.size)
		who_sender(s, ID_USER, text.at, text.size);
	text = tell_text(s, &f_host, host, unicode);
	if (text.size)
		who_sender(s, ID_NAME, text.at, text.size);
	fact_uint(s, &f_flags, flags);
	if (flags & FLAG_VERSION && c.left >= 8)
		tell_version(s, &c, says_os);
	if (cur_ok(&answer) && answer.left > PROOF_SIZE + BLOB_HEAD)
		tell_proof(s, answer);
}

/* --- Kerberos ------------------------------------------------------------------------------------
 */

/* The ticket of an AP-REQ (RFC 4121, 4.1: mechanism, token id 01 00, then the message). */
static struct cur ticket_of(struct cur token)
{
	struct cur c = BELOW(token, 0x60);
	ber_expect(&c, 0x06);
	if (cur_be16(&c) != 0x0100)
		return cur_bad();
	return BELOW(c, 0x6e, 0x30, 0xa3, 0x61, 0x30);
}

/* A ticket for cifs/host names the receiver: that is who asked for it to be called so. */
static void tell_ticket(struct scene *s, struct cur ticket)
{
	struct cur realm = BELOW(ticket, 0xa1, 0x1b);
	if (cur_ok(&realm) && realm.left) {
		fact_text(s, &f_realm, realm.at, realm.left);
		who_receiver(s, ID_DOMAIN, realm.at, realm.left);
	}
	struct cur names = BELOW(ticket, 0xa2, 0x30, 0xa1, 0x30);
	for (unsigned i = 0; i < 4 && names.left && cur_ok(&names); i++) {
		struct cur name = ber_expect(&names, 0x1b);
		if (cur_ok(&name) && name.left)
			fact_text(s, &f_service, name.at, name.left);
	}
}

enum token ntlm_token(struct cur blob)
{
	struct cur c = unwrap(blob);
	if (!cur_ok(&c))
		return TOKEN_OTHER;
	if (!cur_starts(&c, "NTLMSSP")) {
		struct cur ticket = ticket_of(c);
		return cur_ok(&ticket) ? TOKEN_KERBEROS : TOKEN_OTHER;
	}
	cur_skip(&c, 8);
	uint32_t type = cur_le32(&c);
	if (type != AUTHENTICATE)
		return type == NEGOTIATE    ? TOKEN_NEGOTIATE
			: type == CHALLENGE ? TOKEN_CHALLENGE
					    : TOKEN_OTHER;
	cur_skip(&c, 24); /* answers, domain */
	return cur_le16(&c) ? TOKEN_AUTHENTICATE : TOKEN_ANONYMOUS;
}

void ntlm_tell(struct scene *s, struct cur blob, bool says_os)
{
	if (!blob.left)
		return;
	tell_wrapping(s, blob);
	struct cur c = unwrap(blob), message = c;
	if (!cur_ok(&c))
		return;
	if (!cur_starts(&c, "NTLMSSP")) {
		struct cur ticket = ticket_of(c);
		if (cur_ok(&ticket))
			tell_ticket(s, ticket);
		return;
	}
	cur_skip(&c, 8);
	uint32_t type = cur_le32(&c);
	if (!cur_ok(&c))
		return;
	fact_uint(s, &f_type, type);
	if (type == NEGOTIATE)
		negotiate(s, c, message);
	else if (type == CHALLENGE)
		challenge(s, c, message, says_os);
	else if (type == AUTHENTICATE)
		authenticate(s, c, message, says_os);
}
