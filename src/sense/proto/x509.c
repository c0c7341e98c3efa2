/* Certificates: RFC 5280, 4.1, in DER (X.690, 10): whose, from whom, from when to when.
 *
 * Every element is a cursor within the one around it; nothing is copied but the names that are
 * put together for people. */
#include "base/out.h"
#include "sense/proto/tls.h"

enum tag {
	TAG_INTEGER = 0x02,
	TAG_OID = 0x06,
	TAG_SEQUENCE = 0x30,
	TAG_SET = 0x31,
	TAG_UTC_TIME = 0x17,
	TAG_GENERAL_TIME = 0x18,
	TAG_TELETEX = 0x14,
	TAG_UNIVERSAL = 0x1c,
	TAG_BMP = 0x1e,
	TAG_VERSION = 0xa0,
	TAG_EXTENSIONS = 0xa3,
	TAG_BOOLEAN = 0x01,
	TAG_OCTETS = 0x04,
	TAG_DNS_NAME = 0x82,
	TAG_IP_ADDRESS = 0x87,
};

enum { NAME_MAX_SIZE = 256, DAY_MINUTES = 24 * 60 };

static const struct field f_subject = { "tls.certificate.subject", TEXT };
static const struct field f_issuer = { "tls.certificate.issuer", TEXT };
static const struct field f_serial = { "tls.certificate.serial", BYTES };
static const struct field f_from = { "tls.certificate.not_before", TEXT };
static const struct field f_to = { "tls.certificate.not_after", TEXT };
static const struct field f_dns = { "tls.certificate.dns_name", TEXT };
static const struct field f_address = { "tls.certificate.ip_address", IP4 };
static const struct field f_expired = { "tls.certificate.expired", FLAG };
static const struct field f_self = { "tls.certificate.self_signed", FLAG };
static const struct field f_curve = { "tls.certificate.own_curve", FLAG };

/* Attributes of a name worth showing, X.520; the last arc of 2.5.4. */
static const struct {
	uint8_t arc;
	const char *word;
} attributes[] = {
	{ 3, "CN" },
	{ 10, "O" },
	{ 11, "OU" },
	{ 7, "L" },
	{ 8, "ST" },
	{ 6, "C" },
	{ 5, "serialNumber" },
};

/* The next element: its tag, and its content as a cursor of its own.  Lengths of up to three
 * bytes are read: a certificate comes in a message of 24 bits of length. */
static struct cur element(struct cur *c, uint8_t *tag)
{
	*tag = cur_u8(c);
	size_t size = cur_u8(c);
	if (size == 0x81)
		size = cur_u8(c);
	else if (size == 0x82)
		size = cur_be16(c);
	else if (size == 0x83)
		size = cur_be24(c);
	else if (size >= 0x80)
		cur_fail(c);
	return cur_sub(c, size);
}

/* The next element, which has to have this tag. */
static struct cur expect(struct cur *c, uint8_t wanted)
{
	uint8_t tag;
	struct cur content = element(c, &tag);
	if (tag != wanted || !cur_ok(&content)) {
		cur_fail(c);
		cur_fail(&content);
	}
	return content;
}

/* One letter as UTF-8, RFC 3629, 3. */
static void out_letter(struct out *o, uint32_t letter)
{
	if (letter > 0x10ffff || (letter >= 0xd800 && letter < 0xe000))
		letter = 0xfffd;
	unsigned more = letter < 0x80 ? 0 : letter < 0x800 ? 1 : letter < 0x10000 ? 2 : 3;
	static const uint8_t heads[] = { 0, 0xc0, 0xe0, 0xf0 };
	out_char(o, (char)(heads[more] | letter >> 6 * more));
	while (more-- > 0)
		out_char(o, (char)(0x80 | (letter >> 6 * more & 0x3f)));
}

/* The strings of X.680, 41: two bytes a letter, four, or one; senders write Latin-1 into
 * TeletexString.  The others are UTF-8 or its beginning, ASCII. */
static void out_value(struct out *o, uint8_t tag, struct cur value)
{
	while (value.left > 0) {
		if (tag == TAG_BMP)
			out_letter(o, cur_be16(&value));
		else if (tag == TAG_UNIVERSAL)
			out_letter(o, cur_be32(&value));
		else if (tag == TAG_TELETEX)
			out_letter(o, cur_u8(&value));
		else
			out_char(o, (char)cur_u8(&value));
	}
}

/* A distinguished name as "CN=www.example.com, O=Example": what is most particular comes first. */
static const char *name_text(struct scene *s, struct cur name)
{
	char *memory = scene_scratch(s, NAME_MAX_SIZE);
	if (!memory)
		return NULL;
	struct out o = out_mem(memory, NAME_MAX_SIZE);
	for (size_t i = 0; i < sizeof attributes / sizeof attributes[0]; i++) {
		struct cur sets = name;
		while (sets.left > 0 && cur_ok(&sets)) {
			struct cur set = expect(&sets, TAG_SET), pair = expect(&set, TAG_SEQUENCE);
			struct cur oid = expect(&pair, TAG_OID);
			uint8_t tag;
			struct cur value = element(&pair, &tag);
			bool wanted = oid.left == 3 && cur_peek(&oid, 0) == 0x55 &&
				cur_peek(&oid, 1) == 4 && cur_peek(&oid, 2) == attributes[i].arc;
			if (!wanted || !cur_ok(&value))
				continue;
			out_str(&o, o.used ? ", " : "");
			out_str(&o, attributes[i].word);
			out_char(&o, '=');
			out_value(&o, tag, value);
		}
	}
	return out_text(&o);
}

static unsigned two_digits(struct cur *c)
{
	unsigned tens = (unsigned)cur_u8(c) - '0', ones = (unsigned)cur_u8(c) - '0';
	return tens <= 9 && ones <= 9 ? tens * 10 + ones : 99;
}

/* Days from 1970 to a date of the Gregorian calendar, March being the first month of a year. */
static int64_t days_to(int64_t year, unsigned month, unsigned day)
{
	if (month <= 2)
		year--;
	int64_t era = year / 400, of_era = year % 400;
	int64_t of_year = (153 * (int64_t)((month + 9) % 12) + 2) / 5 + (int64_t)day - 1;
	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

struct date {
	unsigned year, month, day;
};

static unsigned days_in(const struct date *d)
{
	static const uint8_t days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (d->year % 4 == 0 && d->year % 100 != 0) || d->year % 400 == 0;
	return days[d->month - 1] + (d->month == 2 && leap ? 1u : 0u);
}

/* One day on, or back. */
static void date_move(struct date *d, bool on)
{
	if (on && ++d->day > days_in(d)) {
		d->day = 1;
		d->year += d->month == 12;
		d->month = d->month % 12 + 1;
	} else if (!on && --d->day == 0) {
		d->year -= d->month == 1;
		d->month = d->month == 1 ? 12 : d->month - 1;
		d->day = days_in(d);
	}
}

/* Minutes that local time is before UTC, X.680, 46.3 and 47.3: "+0530" or "-0800".  RFC 5280 wants
 * Z; some write what their clock says. */
static int read_offset(struct cur *c)
{
	int sign = cur_peek(c, 0);
	if (sign != '+' && sign != '-')
		return 0;
	cur_skip(c, 1);
	unsigned hours = two_digits(c), minutes = two_digits(c);
	cur_need(c, hours <= 14 && minutes <= 59);
	int all = (int)(hours * 60 + minutes);
	return sign == '+' ? all : -all;
}

/* A point in time, RFC 5280, 4.1.2.5; told as text, returned in seconds since 1970. */
static bool read_time(struct scene *s, const struct field *f, struct cur *c, int64_t *seconds)
{
	uint8_t tag;
	struct cur in = element(c, &tag);
	unsigned year = two_digits(&in);
	if (tag == TAG_GENERAL_TIME)
		year = year * 100 + two_digits(&in);
	else
		year += year < 50 ? 2000 : 1900;
	struct date d = { .year = year };
	d.month = two_digits(&in);
	d.day = two_digits(&in);
	unsigned hour = two_digits(&in), minute = two_digits(&in);
	int next = cur_peek(&in, 0);
	unsigned second = next >= '0' && next <= '9' ? two_digits(&in) : 0;
	int offset = read_offset(&in);
	bool good = cur_ok(&in) && (tag == TAG_UTC_TIME || tag == TAG_GENERAL_TIME) &&
		d.year >= 1 && d.month >= 1 && d.month <= 12 && d.day >= 1 &&
		d.day <= days_in(&d) && hour <= 23 && minute <= 59 && second <= 60;
	char *text = scene_scratch(s, 24);
	if (!good || !text)
		return false;
	int minutes = (int)(hour * 60 + minute) - offset;
	if (minutes < 0 || minutes >= DAY_MINUTES) {
		date_move(&d, minutes >= 0);
		minutes += minutes < 0 ? DAY_MINUTES : -DAY_MINUTES;
	}
	struct out o = out_mem(text, 24);
	out_fmt(&o, "%04u-%02u-%02uT%02d:%02d:%02uZ", d.year, d.month, d.day, minutes / 60,
		minutes % 60, second);
	fact_text(s, f, text, o.used);
	*seconds = days_to(d.year, d.month, d.day) * 86400 + (int64_t)minutes * 60 + second;
	return true;
}

/* Subject alternative names, 4.2.1.6: DNS names and addresses. */
static void alternative_names(struct scene *s, struct cur octets)
{
	struct cur names = expect(&octets, TAG_SEQUENCE);
	while (names.left > 0) {
		uint8_t tag;
		struct cur name = element(&names, &tag);
		if (!cur_ok(&name))
			return;
		if (tag == TAG_DNS_NAME)
			fact_text(s, &f_dns, name.at, name.left);
		else if (tag == TAG_IP_ADDRESS && (name.left == 4 || name.left == 16))
			fact_ip(s, &f_address, name.at, name.left);
	}
}

static void extensions(struct scene *s, struct cur list)
{
	while (list.left > 0 && cur_ok(&list)) {
		struct cur one = expect(&list, TAG_SEQUENCE), oid = expect(&one, TAG_OID);
		uint8_t tag;
		struct cur value = element(&one, &tag);
		if (tag == TAG_BOOLEAN)
			value = element(&one, &tag);
		/* 2.5.29.17 */
		bool wanted = oid.left == 3 && cur_peek(&oid, 0) == 0x55 &&
			cur_peek(&oid, 1) == 0x1d && cur_peek(&oid, 2) == 17;
		if (wanted && tag == TAG_OCTETS && cur_ok(&value))
			alternative_names(s, value);
	}
}

/* RFC 5480, 2.1.1: a key on a curve names the curve; one that brings numbers of its own instead may
 * be computed to fit a key that somebody trusts (CVE-2020-0601). */
static bool has_own_curve(struct cur key)
{
	/* 1.2.840.10045.2.1 */
	static const uint8_t on_curve[] = { 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1 };
	struct cur algorithm = expect(&key, TAG_SEQUENCE), oid = expect(&algorithm, TAG_OID);
	return cur_ok(&oid) && oid.left == sizeof on_curve &&
		memcmp(oid.at, on_curve, sizeof on_curve) == 0 &&
		cur_peek(&algorithm, 0) == TAG_SEQUENCE;
}

bool tls_certificate(struct scene *s, struct cur der, bool leaf)
{
	struct cur certificate = expect(&der, TAG_SEQUENCE),
		   body = expect(&certificate, TAG_SEQUENCE);
	uint8_t tag = 0;
	if (cur_peek(&body, 0) == TAG_VERSION)
		(void)element(&body, &tag);
	struct cur serial = expect(&body, TAG_INTEGER);
	(void)expect(&body, TAG_SEQUENCE); /* signature algorithm */
	struct cur issuer = expect(&body, TAG_SEQUENCE);
	struct cur validity = expect(&body, TAG_SEQUENCE);
	struct cur subject = expect(&body, TAG_SEQUENCE);
	struct cur key = expect(&body, TAG_SEQUENCE);
	if (!cur_ok(&body))
		return false;

	fact_bytes(s, &f_serial, serial.at, serial.left);
	if (has_own_curve(key))
		fact_flag(s, &f_curve, true);
	const char *text = name_text(s, subject);
	if (text) {
		fact_text(s, &f_subject, text, strlen(text));
		if (leaf)
			who_sender(s, ID_CERTIFICATE, text, strlen(text));
	}
	text = name_text(s, issuer);
	if (text)
		fact_text(s, &f_issuer, text, strlen(text));
	int64_t from = 0, to = 0;
	if (!read_time(s, &f_from, &validity, &from) || !read_time(s, &f_to, &validity, &to))
		return false;
	if (leaf) {
		int64_t now = s->at_ns / 1000000000;
		if (now < from || now > to)
			fact_flag(s, &f_expired, true);
		if (subject.left == issuer.left && memcmp(subject.at, issuer.at, subject.left) == 0)
			fact_flag(s, &f_self, true);
	}
	while (body.left > 0 && cur_ok(&body)) {
		struct cur part = element(&body, &tag);
		if (tag == TAG_EXTENSIONS)
			extensions(s, expect(&part, TAG_SEQUENCE));
	}
	return cur_ok(&body);
}
