/* An API to be tried: api_show FOLDER [HOW]...
 *
 * Writes ca.pem into the folder, its port to stdout, each entry as a line to stderr, and serves
 *until SIGTERM.  Users are `owner` and `viewer`, each with their name, backwards, as password. HOW:
 *
 *	later     entries take a moment until they are on the disk
 *	refuse    and never get there
 *	unwell    the site is not well
 *
 * SIGHUP puts the clock a day ahead.  GET /v1/things is a list of ten thousand; POST
 * /v1/things/{id}/event tells those who listen. */
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "api/checker.h"
#include "api/route.h"
#include "base/child.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/jail.h"
#include "crypt/authority.h"
#include "crypt/random.h"

enum { THINGS = 10000 };

struct show {
	uv_loop_t loop;
	uv_signal_t end, ahead;
	uv_timer_t later;
	uint64_t tickets[64];
	unsigned ticket_count;
	struct child child;
	struct checker *checker;
	struct serve *serve;
	struct api *api;
	struct api_user users[2];
	bool is_later, is_refused, is_unwell;
	int64_t ahead_ns;
	char certificate[AUTHORITY_PEM], key[AUTHORITY_PEM];
};

static void must(int r, const struct err *e)
{
	if (r >= 0)
		return;
	fprintf(stderr, "api_show: %s\n", e->text);
	exit(1);
}

/* --- a site --- */

static bool health(void *self, struct json *j)
{
	const struct show *w = self;
	json_kv_uint(j, "things", THINGS);
	return !w->is_unwell;
}

static bool find_user(void *self, const char *name, struct api_user *out)
{
	const struct show *w = self;
	for (size_t i = 0; i < COUNT_OF(w->users); i++)
		if (strcmp(w->users[i].name, name) == 0) {
			*out = w->users[i];
			return true;
		}
	return false;
}

static void on_later(uv_timer_t *timer)
{
	struct show *w = timer->data;
	struct err e;
	err_set(&e, -ENOSPC, "the disk of the ledger is full");
	for (unsigned i = 0; i < w->ticket_count; i++)
		api_recorded(w->api, w->tickets[i], w->is_refused ? -ENOSPC : 0, &e);
	w->ticket_count = 0;
}

static int record(void *self, uint64_t ticket, const char *entry, size_t size, struct err *e)
{
	struct show *w = self;
	fprintf(stderr, "%.*s\n", (int)size, entry);
	if (!ticket)
		return 0;
	if (!w->is_later)
		return w->is_refused ? err_set(e, -ENOSPC, "the disk of the ledger is full") : 0;
	if (w->ticket_count == COUNT_OF(w->tickets))
		return err_set(e, -EAGAIN, "too many");
	w->tickets[w->ticket_count++] = ticket;
	uv_timer_start(&w->later, on_later, 30, 0);
	return 1;
}

static int check(void *self, uint64_t ticket, const char *hash, const char *password, struct err *e)
{
	struct show *w = self;
	return checker_ask(w->checker, ticket, hash, password, e);
}

static void on_checked(void *self, uint64_t ticket, bool holds)
{
	struct show *w = self;
	api_checked(w->api, ticket, holds);
}

static int64_t now_ns(void *self)
{
	const struct show *w = self;
	return clock_wall() + w->ahead_ns;
}

/* --- routes of its own --- */

static const char *const kinds[] = { "plc", "hmi", NULL };

struct things {
	struct page_in page;
	unsigned kind;
	bool all;
};
static const struct bind things_in[] = {
	PAGE_BINDS,
	{ "kind", T_WORD, offsetof(struct things, kind), .words = kinds, .what = "of that kind" },
	{ "all", T_BOOL, offsetof(struct things, all), .what = "whatever the kind" },
	{ 0 },
};
static const struct shape thing[] = {
	{ "id", S_TEXT, NULL, "its number" },
	{ "kind", S_TEXT, NULL, "plc or hmi" },
	{ 0 },
};
static const struct shape things_out[] = {
	{ "items", S_LIST, thing, "in the order of their id" },
	{ "next", S_TEXT, NULL, "for `after`" },
	{ 0 },
};

static int list_things(struct api_call *c, void *in)
{
	const struct things *t = in;
	struct page p = page_begin(c, &t->page);
	unsigned from = t->page.after[0] ? (unsigned)atoi(t->page.after) + 1 : 0;
	for (unsigned i = from; i < THINGS; i++) {
		char id[16];
		if (!t->all && i % 2 != t->kind)
			continue;
		snprintf(id, sizeof id, "%05u", i);
		if (!page_takes(&p, id))
			break;
		json_open(&c->json, '{');
		json_kv_str(&c->json, "id", id);
		json_kv_str(&c->json, "kind", kinds[i % 2]);
		json_kv_str(&c->json, "vendor", "Example Works");
		json_kv_str(&c->json, "model", "PLC 1200, of which there are many like this one");
		json_kv_str(&c->json, "firmware", "V4.5.2");
		json_kv_time(&c->json, "seen", c->now_ns);
		json_close(&c->json, '}');
	}
	return page_end(&p);
}

static const struct route things_route = {
	.id = "thing_list",
	.method = "GET",
	.path = "/v1/things",
	.may = "thing.read",
	.what = "Things",
	.in = things_in,
	.in_size = sizeof(struct things),
	.out = things_out,
	.run = list_things,
};

struct tell {
	uint64_t id;
	char text[64];
};
static const struct bind tell_in[] = {
	{ "id", T_UINT, offsetof(struct tell, id), .from = FROM_PATH, .max = THINGS - 1 },
	{ "text", T_TEXT, offsetof(struct tell, text), .from = FROM_BODY, .required = true,
		.size = 64, .what = "to be told" },
	{ 0 },
};

static int tell(struct api_call *c, void *in)
{
	const struct tell *t = in;
	char text[512];
	struct out o = out_mem(text, sizeof text);
	struct json j = json_on(&o);
	struct err e;
	json_open(&j, '{');
	json_kv_uint(&j, "id", t->id);
	json_kv_str(&j, "text", t->text);
	json_close(&j, '}');
	must(api_event(c->api, "thing", cur_of(text, o.used), &e), &e);
	return 204;
}

static const struct route tell_route = {
	.id = "thing_tell",
	.method = "POST",
	.path = "/v1/things/{id}/event",
	.may = "thing.tell",
	.what = "Tell those who listen",
	.in = tell_in,
	.in_size = sizeof(struct tell),
	.status = 204,
	.run = tell,
};

static const struct route *const more[] = { &things_route, &tell_route, NULL };

/* --- the beginning and the end --- */

static void make_users(struct show *w)
{
	static const char *const names[] = { "viewer", "owner" },
				 *const words[] = { "reweiv", "renwo" };
	struct err e;
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		snprintf(w->users[i].name, sizeof w->users[i].name, "%s", names[i]);
		w->users[i].role = (enum api_role)i;
		must(password_hash(words[i], &password_cost_least, w->users[i].password, &e), &e);
	}
}

static void make_certificate(struct show *w, const char *folder)
{
	static const char *const names[] = { "localhost", "127.0.0.1" };
	static const struct server_names all = { names, COUNT_OF(names) };
	char ca[AUTHORITY_PEM], key[AUTHORITY_PEM], path[512];
	struct out one = out_mem(ca, sizeof ca), two = out_mem(key, sizeof key);
	struct out three = out_mem(w->certificate, sizeof w->certificate);
	struct out four = out_mem(w->key, sizeof w->key);
	struct authority *a;
	struct err e;
	must(authority_make(&a, "test", clock_wall(), &e), &e);
	must(authority_write(a, &one, &two, &e), &e);
	must(authority_issue(a, &all, clock_wall(), &three, &four, &e), &e);
	out_text(&three);
	out_text(&four);
	authority_free(a);
	snprintf(path, sizeof path, "%s/ca.pem", folder);
	FILE *f = fopen(path, "w");
	if (!f || fwrite(ca, 1, one.used, f) != one.used || fclose(f) != 0)
		exit(1);
}

static int listen_somewhere(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof a;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&a, size) < 0 || listen(fd, 1024) < 0 ||
		getsockname(fd, (struct sockaddr *)&a, &size) < 0) {
		perror("api_show");
		exit(1);
	}
	printf("%u\n", ntohs(a.sin_port));
	fflush(stdout);
	return fd;
}

static struct show *the_show; /* the server's self is the API */

static void on_stopped(void *unused)
{
	struct show *w = the_show;
	(void)unused;
	checker_end(w->checker);
	uv_close((uv_handle_t *)&w->end, NULL);
	uv_close((uv_handle_t *)&w->ahead, NULL);
	uv_close((uv_handle_t *)&w->later, NULL);
}

static void on_end(uv_signal_t *signal, int number)
{
	struct show *w = signal->data;
	(void)number;
	uv_signal_stop(signal);
	serve_stop(w->serve, on_stopped);
}

static void on_ahead(uv_signal_t *signal, int number)
{
	struct show *w = signal->data;
	(void)number;
	w->ahead_ns += 86400 * CLOCK_SECOND;
}

static int look_at_passwords(void)
{
	struct err e = { 0 };
	char chance;
	random_fill(&chance, 1);
	must(jail_enter(JAIL_STDIO | JAIL_CHANNEL | JAIL_SECRETS, &e), &e);
	must(checker_work(CHILD_CHANNEL, &e), &e);
	return 0;
}

static void begin(struct show *w, const char *folder)
{
	struct err e;
	struct api_options o = {
		.site = { .self = w,
			.health = health,
			.user = find_user,
			.decide = api_decide_fixed,
			.record = record,
			.check = check,
			.now_ns = now_ns },
		.more = more,
	};
	make_users(w);
	make_certificate(w, folder);
	must(child_start(&w->child, "password", NULL, &e), &e);
	uv_loop_init(&w->loop);
	uv_signal_init(&w->loop, &w->end);
	uv_signal_init(&w->loop, &w->ahead);
	uv_timer_init(&w->loop, &w->later);
	w->end.data = w->ahead.data = w->later.data = w;
	uv_signal_start(&w->end, on_end, SIGTERM);
	uv_signal_start(&w->ahead, on_ahead, SIGHUP);
	must(checker_begin(&w->checker, &w->loop, w->child.channel, on_checked, w, &e), &e);
	must(api_open(&w->api, &o, &e), &e);
	struct serve_options s = { .loop = &w->loop,
		.certificate = w->certificate,
		.key = w->key,
		.handle = api_handle,
		.self = w->api,
		.limits = { .rate = 100000, .burst = 1000000 } };
	s.listen_fd = listen_somewhere();
	must(serve_open(&w->serve, &s, &e), &e);
	must(api_serve(w->api, w->serve, &e), &e);
}

int main(int argc, char **argv)
{
	static struct show w;
	struct err e;
	if (argc > 1 && strcmp(argv[1], "--process") == 0)
		return look_at_passwords();
	signal(SIGPIPE, SIG_IGN);
	hash_seed((uint64_t)clock_wall());
	for (int i = 2; i < argc; i++) {
		w.is_later |= strcmp(argv[i], "later") == 0;
		w.is_refused |= strcmp(argv[i], "refuse") == 0;
		w.is_unwell |= strcmp(argv[i], "unwell") == 0;
	}
	the_show = &w;
	begin(&w, argc > 1 ? argv[1] : "/nowhere");
	must(jail_enter(JAIL_STDIO | JAIL_SERVE | JAIL_HTTPS | JAIL_SECRETS, &e), &e);
	uv_run(&w.loop, UV_RUN_DEFAULT);
	int r = uv_loop_close(&w.loop);
	api_close(w.api);
	return r == 0 ? 0 : 1;
}
