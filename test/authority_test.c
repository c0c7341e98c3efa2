/* The site's authority and what it signs, held against the openssl command. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/clock.h"
#include "crypt/authority.h"

static const char *const names[] = { "weir.plant.example", "localhost", "127.0.0.1", "::1",
	"192.0.2.7", "localhost" };
static const struct server_names all = { names, COUNT_OF(names) };
static const int64_t day_ns = 86400 * CLOCK_SECOND;

static char folder[] = "/tmp/weir-authority-XXXXXX";

struct pem {
	char certificate[AUTHORITY_PEM], key[AUTHORITY_PEM];
	struct out one, two;
};

static struct pem *pem(void)
{
	static struct pem rooms[4];
	static unsigned next;
	struct pem *p = &rooms[next++ % COUNT_OF(rooms)];
	p->one = out_mem(p->certificate, sizeof p->certificate);
	p->two = out_mem(p->key, sizeof p->key);
	return p;
}

static struct cur bytes(const struct out *o)
{
	return cur_of(o->at, o->used);
}

static void save(const char *name, const struct out *o)
{
	char path[128];
	snprintf(path, sizeof path, "%s/%s", folder, name);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(o->at, 1, o->used, f), o->used);
	assert_int_equal(fclose(f), 0);
}

/* What the openssl command says, where it ends well. */
static const char *openssl(const char *arguments)
{
	static char said[16384];
	char command[512];
	snprintf(command, sizeof command, "cd %s && openssl %s 2>&1", folder, arguments);
	FILE *f = popen(command, "r");
	assert_non_null(f);
	said[fread(said, 1, sizeof said - 1, f)] = 0;
	return pclose(f) == 0 ? said : "failed";
}

static void says(const char *said, const char *what)
{
	if (!strstr(said, what))
		fail_msg("'%s' is not in: %s", what, said);
}

static struct authority *made(void)
{
	struct authority *a;
	struct err e;
	assert_int_equal(authority_make(&a, "north water works", clock_wall(), &e), 0);
	return a;
}

static int set_up(void **unused)
{
	(void)unused;
	return mkdtemp(folder) ? 0 : -1;
}

static int tear_down(void **unused)
{
	char command[128];
	(void)unused;
	snprintf(command, sizeof command, "rm -r %s", folder);
	return system(command);
}

static void an_authority_is_what_openssl_takes_for_one(void **unused)
{
	(void)unused;
	struct err e;
	char print[AUTHORITY_PRINT];
	struct authority *a = made();
	struct pem *p = pem();
	assert_int_equal(authority_write(a, &p->one, &p->two, &e), 0);
	save("ca.pem", &p->one);
	const char *text = openssl("x509 -in ca.pem -noout -text");
	says(text, "Issuer: CN = weir site north water works");
	says(text, "Subject: CN = weir site north water works");
	says(text, "CA:TRUE, pathlen:0");
	says(text, "Certificate Sign, CRL Sign");
	says(text, "prime256v1");
	says(text, "ecdsa-with-SHA256");
	says(openssl("verify -x509_strict -CAfile ca.pem ca.pem"), "ca.pem: OK");
	says(openssl("x509 -in ca.pem -noout -checkend 315000000"), "will not expire");
	says(openssl("x509 -in ca.pem -noout -checkend 315400000"), "failed");
	authority_print(a, print);
	assert_int_equal(strlen(print), AUTHORITY_PRINT - 1);
	says(openssl("x509 -in ca.pem -noout -fingerprint -sha256"), print);
	int64_t years = (authority_until(a) - clock_wall()) / day_ns;
	assert_in_range(years, AUTHORITY_DAYS - 1, AUTHORITY_DAYS);
	authority_free(a);
}

static void a_server_is_verified_by_each_of_its_names(void **unused)
{
	(void)unused;
	struct err e;
	struct authority *a = made();
	struct pem *ca = pem(), *p = pem();
	assert_int_equal(authority_write(a, &ca->one, &ca->two, &e), 0);
	assert_int_equal(authority_issue(a, &all, clock_wall(), &p->one, &p->two, &e), 0);
	save("ca.pem", &ca->one);
	save("server.pem", &p->one);
	save("server.key", &p->two);
	static const char verify[] = "verify -x509_strict -purpose sslserver -CAfile ca.pem ";
	static const char *const ways[] = { "", "-verify_hostname localhost",
		"-verify_hostname weir.plant.example", "-verify_ip 127.0.0.1", "-verify_ip ::1",
		"-verify_ip 192.0.2.7" };
	char line[256];
	for (size_t i = 0; i < COUNT_OF(ways); i++) {
		snprintf(line, sizeof line, "%s %s server.pem", verify, ways[i]);
		says(openssl(line), "server.pem: OK");
	}
	snprintf(line, sizeof line, "%s -verify_hostname other.example server.pem", verify);
	says(openssl(line), "failed");
	const char *text = openssl("x509 -in server.pem -noout -text");
	says(text,
		"DNS:weir.plant.example, DNS:localhost, IP Address:127.0.0.1, "
		"IP Address:0:0:0:0:0:0:0:1, IP Address:192.0.2.7\n");
	says(text, "CA:FALSE");
	says(text, "TLS Web Server Authentication");
	says(openssl("x509 -in server.pem -noout -checkend 34214400"), "will not expire");
	says(openssl("x509 -in server.pem -noout -checkend 34300900"), "failed");
	says(openssl("pkey -in server.key -noout -text"), "P-256");
	authority_free(a);
}

static void what_was_written_opens_again_and_signs_on(void **unused)
{
	(void)unused;
	struct err e;
	struct authority *a = made(), *b;
	struct pem *ca = pem(), *p = pem();
	assert_int_equal(authority_write(a, &ca->one, &ca->two, &e), 0);
	assert_int_equal(authority_open(&b, bytes(&ca->one), bytes(&ca->two), &e), 0);
	int64_t now = clock_wall();
	assert_int_equal(authority_issue(b, &all, now, &p->one, &p->two, &e), 0);
	assert_null(authority_due(a, bytes(&p->one), bytes(&p->two), &all, now));
	authority_free(b);
	authority_free(a);
}

static void what_belongs_to_nobody_is_refused(void **unused)
{
	(void)unused;
	struct err e;
	struct authority *a = made(), *b = made(), *c = NULL;
	struct pem *one = pem(), *two = pem(), *server = pem();
	assert_int_equal(authority_write(a, &one->one, &one->two, &e), 0);
	assert_int_equal(authority_write(b, &two->one, &two->two, &e), 0);
	assert_int_equal(authority_issue(a, &all, clock_wall(), &server->one, &server->two, &e), 0);
	const struct {
		struct cur certificate, key;
		const char *says;
	} rows[] = {
		{ bytes(&one->one), bytes(&two->two), "another certificate" },
		{ bytes(&server->one), bytes(&server->two), "of no authority" },
		{ cur_none(), bytes(&one->two), "no certificate" },
		{ bytes(&one->one), cur_none(), "no key" },
		{ bytes(&one->two), bytes(&one->two), "no certificate" },
		{ cur_of(one->one.at, one->one.used / 2), bytes(&one->two), "no certificate" },
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		assert_int_equal(
			authority_open(&c, rows[i].certificate, rows[i].key, &e), -EBADMSG);
		says(e.text, rows[i].says);
	}
	authority_free(a);
	authority_free(b);
}

static void another_one_is_due_when_it_no_longer_fits(void **unused)
{
	(void)unused;
	struct err e;
	struct authority *a = made(), *b = made();
	struct pem *p = pem(), *q = pem();
	static const char *const other[] = { "localhost", "127.0.0.1" };
	static const char *const turned[] = { "192.0.2.7", "::1", "127.0.0.1", "localhost",
		"weir.plant.example" };
	const struct server_names few = { other, COUNT_OF(other) },
				  back = { turned, COUNT_OF(turned) };
	int64_t now = clock_wall();
	assert_int_equal(authority_issue(a, &all, now, &p->one, &p->two, &e), 0);
	assert_int_equal(authority_issue(a, &all, now, &q->one, &q->two, &e), 0);
	struct cur one = bytes(&p->one), two = bytes(&p->two);
	assert_null(authority_due(a, one, two, &back, now));
	assert_null(authority_due(a, one, two, &all, now + 366 * day_ns));
	says(authority_due(a, one, two, &all, now + 368 * day_ns), "soon");
	says(authority_due(a, one, two, &all, now - day_ns), "put back");
	says(authority_due(a, one, two, &few, now), "names");
	says(authority_due(b, one, two, &all, now), "another authority");
	says(authority_due(a, one, bytes(&q->two), &all, now), "key");
	says(authority_due(a, cur_of("x", 1), two, &all, now), "no certificate");
	authority_free(a);
	authority_free(b);
}

static void nothing_outlives_the_authority(void **unused)
{
	(void)unused;
	struct err e;
	struct authority *a = made();
	struct pem *ca = pem(), *p = pem(), *q = pem();
	int64_t until = authority_until(a);
	assert_int_equal(authority_write(a, &ca->one, &ca->two, &e), 0);
	assert_int_equal(authority_issue(a, &all, until - 10 * day_ns, &p->one, &p->two, &e), 0);
	save("late.pem", &p->one);
	save("ca.pem", &ca->one);
	char end[128], ca_end[128];
	snprintf(end, sizeof end, "%s", openssl("x509 -in late.pem -noout -enddate"));
	snprintf(ca_end, sizeof ca_end, "%s", openssl("x509 -in ca.pem -noout -enddate"));
	assert_string_equal(end, ca_end);
	assert_int_equal(authority_issue(a, &all, until, &q->one, &q->two, &e), -EKEYEXPIRED);
	authority_free(a);
}

static void odd_names_are_refused_in_words(void **unused)
{
	(void)unused;
	struct err e;
	struct authority *a = made(), *none = NULL;
	static const char *const wrong[] = { "", "a..b", "-a", "a-", "a b", "a,DNS:evil.example",
		"*.example", ".a", "a.", "a_b", "\xc3\xa4.example" };
	for (size_t i = 0; i < COUNT_OF(wrong); i++) {
		struct pem *p = pem();
		struct server_names one = { &wrong[i], 1 };
		assert_int_equal(
			authority_issue(a, &one, clock_wall(), &p->one, &p->two, &e), -EINVAL);
	}
	struct pem *p = pem();
	assert_int_equal(authority_issue(a, &(struct server_names){ names, 0 }, clock_wall(),
				 &p->one, &p->two, &e),
		-EINVAL);
	static const char *const sites[] = { "", "a\nb",
		"a name that is a little too long to stand in a certificate's subject" };
	for (size_t i = 0; i < COUNT_OF(sites); i++)
		assert_int_equal(authority_make(&none, sites[i], clock_wall(), &e), -EINVAL);
	authority_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_authority_is_what_openssl_takes_for_one),
		cmocka_unit_test(a_server_is_verified_by_each_of_its_names),
		cmocka_unit_test(what_was_written_opens_again_and_signs_on),
		cmocka_unit_test(what_belongs_to_nobody_is_refused),
		cmocka_unit_test(another_one_is_due_when_it_no_longer_fits),
		cmocka_unit_test(nothing_outlives_the_authority),
		cmocka_unit_test(odd_names_are_refused_in_words),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
