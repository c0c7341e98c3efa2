/* A server to be tried: https_show FOLDER [NAME=NUMBER]...
 *
 * Writes ca.pem into the folder and its port to stdout, and answers until SIGTERM:
 *
 *	GET /page            200 kB of JSON
 *	POST /echo           what came
 *	GET /later           the same moment, but by way of a ticket
 *	GET /never           nothing, until it is too late
 *	GET /events          a stream
 *	POST /send?count=&size=   so many events of that size
 *	GET /counts          what was counted
 *
 * SIGHUP: another certificate.  NAME is a member of struct serve_limits, or `ring` and `readers` of
 *the stream. */
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/jail.h"
#include "base/json.h"
#include "crypt/authority.h"
#include "net/serve.h"

enum { PAGE = 200 * 1000, ROOM = 8192 };

struct show {
	uv_loop_t loop;
	uv_signal_t end, renew;
	struct authority *authority;
	uv_timer_t later;
	struct serve *serve;
	struct serve_stream *stream;
	uint64_t tickets[64];
	unsigned ticket_count;
	char *page;
	size_t page_size;
	char certificate[AUTHORITY_PEM], key[AUTHORITY_PEM];
	size_t ring, readers;
	struct serve_options options;
};

static void must(int r, const struct err *e)
{
	if (r >= 0)
		return;
	fprintf(stderr, "https_show: %s\n", e->text);
	exit(1);
}

/* --- answers --- */

static void json(struct serve_request *q, const char *text, size_t size)
{
	serve_answer(q,
		&(struct serve_answer){
			.status = 200, .type = "application/json", .body = text, .size = size });
}

static void missing(struct serve_request *q)
{
	struct problem p = problem_of(404, "not-found", "there is nothing of that name");
	problem_try(&p, "GET /page");
	serve_problem(q, &p);
}

static long number(const struct serve_request *q, const char *name)
{
	const char *s = url_query(serve_url(q), name);
	return s ? atol(s) : 0;
}

static void send_events(struct show *w, struct serve_request *q)
{
	static char data[1 << 20];
	struct err e;
	long count = number(q, "count"), size = number(q, "size");
	memset(data, 'x', sizeof data);
	for (long i = 0; i < count; i++) {
		int digits = snprintf(data, 24, "{\"n\":%ld,\"x\":\"", i);
		data[digits] = 'x';
		must(serve_stream_send(w->stream, "tick", cur_of(data, (size_t)size), &e), &e);
	}
	json(q, "{}", 2);
}

static void say_counts(const struct show *w, struct serve_request *q)
{
	char text[ROOM];
	struct out o = out_mem(text, sizeof text);
	struct json j = json_on(&o);
	json_open(&j, '{');
	for (const struct serve_count *c = serve_counts(w->serve); c->name; c++)
		json_kv_uint(&j, c->name, c->count);
	json_kv_uint(&j, "now", serve_connections(w->serve));
	json_kv_uint(&j, "readers", serve_stream_readers(w->stream));
	json_close(&j, '}');
	json(q, text, o.used);
}

static void on_later(uv_timer_t *timer)
{
	struct show *w = timer->data;
	for (unsigned i = 0; i < w->ticket_count; i++) {
		struct serve_request *q = serve_find(w->serve, w->tickets[i]);
		if (q)
			json(q, "{\"later\":true}", 14);
		if (serve_find(w->serve, w->tickets[i]))
			abort(); /* once only */
	}
	w->ticket_count = 0;
}

static void put_off(struct show *w, struct serve_request *q)
{
	if (w->ticket_count == COUNT_OF(w->tickets)) {
		missing(q);
		return;
	}
	w->tickets[w->ticket_count++] = serve_later(q);
	uv_timer_start(&w->later, on_later, 20, 0);
}

static void on_request(void *self, struct serve_request *q)
{
	struct show *w = self;
	const struct url *u = serve_url(q);
	const char *name = u->segment_count == 1 ? u->segments[0] : "";
	struct cur body = serve_body(q);
	if (strcmp(name, "page") == 0)
		json(q, w->page, w->page_size);
	else if (strcmp(name, "echo") == 0)
		json(q, (const char *)body.at, body.left);
	else if (strcmp(name, "later") == 0)
		put_off(w, q);
	else if (strcmp(name, "never") == 0)
		serve_later(q);
	else if (strcmp(name, "events") == 0)
		serve_stream_join(w->stream, q, 0);
	else if (strcmp(name, "send") == 0)
		send_events(w, q);
	else if (strcmp(name, "counts") == 0)
		say_counts(w, q);
	else
		missing(q);
}

/* --- the beginning and the end --- */

static void make_page(struct show *w)
{
	w->page = malloc(PAGE + 1024);
	struct out o = out_mem(w->page, PAGE + 1024);
	struct json j = json_on(&o);
	json_open(&j, '[');
	for (unsigned i = 0; o.used < PAGE; i++) {
		json_open(&j, '{');
		json_kv_uint(&j, "id", i);
		json_kv_str(&j, "vendor", "Example Works");
		json_kv_str(&j, "model", "PLC 1200");
		json_close(&j, '}');
	}
	json_close(&j, ']');
	w->page_size = o.used;
}

static void issue(struct show *w)
{
	static const char *const names[] = { "localhost", "127.0.0.1", "::1" };
	static const struct server_names all = { names, COUNT_OF(names) };
	struct out one = out_mem(w->certificate, sizeof w->certificate);
	struct out two = out_mem(w->key, sizeof w->key);
	struct err e;
	must(authority_issue(w->authority, &all, clock_wall(), &one, &two, &e), &e);
	out_text(&one);
	out_text(&two);
}

static void make_certificate(struct show *w, const char *folder)
{
	char ca[AUTHORITY_PEM], key[AUTHORITY_PEM], path[512];
	struct out one = out_mem(ca, sizeof ca), two = out_mem(key, sizeof key);
	struct err e;
	must(authority_make(&w->authority, "test", clock_wall(), &e), &e);
	must(authority_write(w->authority, &one, &two, &e), &e);
	issue(w);
	snprintf(path, sizeof path, "%s/ca.pem", folder);
	FILE *f = fopen(path, "w");
	if (!f || fwrite(ca, 1, one.used, f) != one.used || fclose(f) != 0)
		exit(1);
}

static int listen_somewhere(void)
{
	struct sockaddr_in6 a = { .sin6_family = AF_INET6 };
	socklen_t size = sizeof a;
	int no = 0, fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	a.sin6_addr.s6_addr[10] = a.sin6_addr.s6_addr[11] = 0xff; /* 127.0.0.1, mapped */
	a.sin6_addr.s6_addr[12] = 127;
	a.sin6_addr.s6_addr[15] = 1;
	if (fd < 0 || setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof no) < 0 ||
		bind(fd, (struct sockaddr *)&a, size) < 0 || listen(fd, 1024) < 0 ||
		getsockname(fd, (struct sockaddr *)&a, &size) < 0) {
		perror("https_show");
		exit(1);
	}
	printf("%u\n", ntohs(a.sin6_port));
	fflush(stdout);
	return fd;
}

static void take_setting(struct show *w, const char *word)
{
	struct serve_limits *l = &w->options.limits;
	const struct {
		const char *name;
		unsigned *number;
		size_t *size;
	} rows[] = {
		{ "connections", &l->connections, NULL },
		{ "per_address", &l->per_address, NULL },
		{ "body", NULL, &l->body },
		{ "bytes", NULL, &l->bytes },
		{ "head_ms", &l->head_ms, NULL },
		{ "request_ms", &l->request_ms, NULL },
		{ "work_ms", &l->work_ms, NULL },
		{ "answer_ms", &l->answer_ms, NULL },
		{ "idle_ms", &l->idle_ms, NULL },
		{ "rate", &l->rate, NULL },
		{ "burst", &l->burst, NULL },
		{ "ring", NULL, &w->ring },
		{ "readers", NULL, &w->readers },
	};
	const char *value = strchr(word, '=');
	for (size_t i = 0; value && i < COUNT_OF(rows); i++) {
		if (strncmp(word, rows[i].name, (size_t)(value - word)) != 0)
			continue;
		if (rows[i].number)
			*rows[i].number = (unsigned)atol(value + 1);
		else
			*rows[i].size = (size_t)atol(value + 1);
		return;
	}
	fprintf(stderr, "https_show: %s?\n", word);
	exit(2);
}

static void on_stopped(void *self)
{
	struct show *w = self;
	w->serve = NULL;
	uv_close((uv_handle_t *)&w->end, NULL);
	uv_close((uv_handle_t *)&w->renew, NULL);
	uv_close((uv_handle_t *)&w->later, NULL);
}

static void on_renew(uv_signal_t *signal, int number)
{
	struct show *w = signal->data;
	struct err e;
	(void)number;
	issue(w);
	if (serve_certificate(w->serve, w->certificate, w->key, &e) < 0)
		fprintf(stderr, "https_show: %s\n", e.text);
}

static void on_signal(uv_signal_t *signal, int number)
{
	struct show *w = signal->data;
	(void)number;
	uv_signal_stop(signal);
	serve_stop(w->serve, on_stopped);
}

int main(int argc, char **argv)
{
	static struct show w = { .ring = 1 << 20, .readers = 600 };
	struct err e;
	if (argc < 2)
		return 2;
	signal(SIGPIPE, SIG_IGN);
	hash_seed((uint64_t)clock_wall());
	for (int i = 2; i < argc; i++)
		take_setting(&w, argv[i]);
	make_page(&w);
	make_certificate(&w, argv[1]);
	uv_loop_init(&w.loop);
	uv_signal_init(&w.loop, &w.end);
	uv_signal_init(&w.loop, &w.renew);
	uv_timer_init(&w.loop, &w.later);
	w.renew.data = w.end.data = w.later.data = &w;
	uv_signal_start(&w.end, on_signal, SIGTERM);
	uv_signal_start(&w.renew, on_renew, SIGHUP);
	w.options.loop = &w.loop;
	w.options.certificate = w.certificate;
	w.options.key = w.key;
	w.options.handle = on_request;
	w.options.self = &w;
	w.options.listen_fd = listen_somewhere();
	must(serve_open(&w.serve, &w.options, &e), &e);
	w.stream = serve_stream_new(w.serve, w.ring, (unsigned)w.readers, &e);
	must(w.stream ? 0 : -1, &e);
	must(jail_enter(JAIL_STDIO | JAIL_SERVE | JAIL_HTTPS, &e), &e);
	uv_run(&w.loop, UV_RUN_DEFAULT);
	int r = uv_loop_close(&w.loop);
	authority_free(w.authority);
	free(w.page);
	return r == 0 ? 0 : 1;
}
