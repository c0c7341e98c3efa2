#include "net/fetch.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/interrupt.h"
#include "net/credentials.h"
#include "net/curl_late.h"

enum {
	CONNECT_SECONDS = 10,
	SECONDS = 60,          /* of one request, and ... */
	SLOW_LINE = 20 * 1000, /* ... one more for so many bytes: 15 minutes for 16 MB */
	HEADERS_MOST = 64 * 1024,
	TRIES = 5,
	FIRST_WAIT_MS = 250, /* then twice as long each time */
	WAIT_MOST_MS = 30 * 1000,
	SLOW_BYTES = 16, /* a second, for so many seconds: nobody is there any more */
	SLOW_SECONDS = 30,
	REDIRECTS = 3,
};

struct fetch {
	CURL *curl;
	char url[FETCH_URL]; /* ends with a slash */
	bool bucket, has_secret;
	unsigned seconds, tries; /* 0: as many as it takes */
	struct credentials secrets;
	char sigv4[80], pair[600];
	void (*sha256)(const void *bytes, size_t size, uint8_t out[32]);
	char why[CURL_ERROR_SIZE];
};

/* What comes in, of one request. */
struct body {
	char *to; /* NULL: nobody wants to know */
	size_t used, room, headers;
	bool more;
};

struct request {
	const char *word, *name;
	const void *from; /* PUT */
	size_t size;
	struct body body;
	long status;
	CURLcode code;
};

/* --- setting up --- */

bool fetch_is_url(const char *where)
{
	return strstr(where, "://") != NULL;
}

/* Names of our own hang below it, so it has no query; and whatever has to be escaped is signed in
 * another way by every server. */
static bool is_plain(const char *path)
{
	static const char known[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "-._~/:[]";
	return path[strspn(path, known)] == 0;
}

static int read_url(struct fetch *f, const char *url, struct err *e)
{
	f->bucket = strncmp(url, "s3+", 3) == 0;
	if (f->bucket)
		url += 3;
	bool plain = strncmp(url, "http://", 7) == 0;
	if (!plain && strncmp(url, "https://", 8) != 0)
		return err_set(e, -EINVAL,
			"not a URL of a kind that is known here: expected https://, "
			"http://, s3+https:// or s3+http://");
	const char *host = strstr(url, "://") + 3;
	if (memchr(host, '@', strcspn(host, "/")))
		return err_set(e, -EINVAL,
			"a URL with a password in it, which others would see: a file of credentials is "
			"for that");
	if (!*host || *host == '/' || !is_plain(url + strspn(url, "htps")))
		return err_set(e, -EINVAL, "not a URL that names can be put below");
	if (f->bucket && (!strchr(host, '/') || !strchr(host, '/')[1]))
		return err_set(e, -EINVAL, "no bucket: expected s3+https://HOST/BUCKET[/PREFIX]");
	int used = snprintf(f->url, sizeof f->url - 1, "%s", url);
	if (used >= (int)sizeof f->url - 1)
		return err_set(e, -ENAMETOOLONG, "a URL of more than %d bytes", FETCH_URL - 2);
	if (f->url[used - 1] != '/')
		memcpy(f->url + used, "/", 2);
	if (plain && !f->bucket && f->has_secret)
		return err_set(
			e, -EINVAL, "a password would be read by everybody on the way: https://");
	return 0;
}

static const char *first_of(const char *a, const char *b, const char *c, const char *otherwise)
{
	return a && *a ? a : b && *b ? b : c && *c ? c : otherwise;
}

static int use_bucket(struct fetch *f, const struct fetch_options *o, struct err *e)
{
	const char *region = first_of(
		o->region, getenv("AWS_REGION"), getenv("AWS_DEFAULT_REGION"), "us-east-1");
	if (!*f->secrets.id || !*f->secrets.secret) {
		err_set(e, -EACCES, "a bucket, and nobody said who asks");
		err_try(e, "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or --credentials FILE");
		return -EACCES;
	}
	int used = snprintf(f->sigv4, sizeof f->sigv4, "aws:amz:%s:s3", region);
	if (used >= (int)sizeof f->sigv4 || strcspn(region, ": ") != strlen(region))
		return err_set(e, -EINVAL, "'%.60s' is no region", region);
	assert(o->sha256);
	f->sha256 = o->sha256;
	snprintf(f->pair, sizeof f->pair, "%s:%s", f->secrets.id, f->secrets.secret);
	return 0;
}

static int read_secrets(struct fetch *f, const struct fetch_options *o, bool bucket, struct err *e)
{
	if (!o->credentials && !bucket)
		return 0; /* what is in the environment is meant for a bucket */
	int r = credentials_read(o->credentials, &f->secrets, e);
	f->has_secret = *f->secrets.user || *f->secrets.password || *f->secrets.token;
	return r;
}

/* Blocking waits end when somebody says so. */
static int on_progress(
	void *self, curl_off_t down_all, curl_off_t down, curl_off_t up_all, curl_off_t up)
{
	(void)self;
	(void)down_all;
	(void)down;
	(void)up_all;
	(void)up;
	return interrupted();
}

static size_t on_body(char *bytes, size_t one, size_t count, void *self)
{
	struct body *b = self;
	size_t size = one * count;
	if (!b->to)
		return size;
	if (size > b->room - b->used) {
		b->more = true;
		return 0;
	}
	memcpy(b->to + b->used, bytes, size);
	b->used += size;
	return size;
}

/* libcurl bounds a line of them, and keeps as many as come. */
static size_t on_header(char *bytes, size_t one, size_t count, void *self)
{
	struct body *b = self;
	(void)bytes;
	b->headers += one * count;
	return b->headers > HEADERS_MOST ? 0 : one * count;
}

static int set_up(struct fetch *f, const struct fetch_options *o)
{
	CURL *c = f->curl;
	long bad = 0;
	bad |= curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	bad |= curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
	bad |= curl_easy_setopt(c, CURLOPT_REDIR_PROTOCOLS_STR, "https");
	bad |= curl_easy_setopt(c, CURLOPT_MAXREDIRS, (long)REDIRECTS);
	bad |= curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 1L);
	bad |= curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 2L);
	bad |= curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	bad |= curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT,
		(long)(o->connect_seconds ? o->connect_seconds : CONNECT_SECONDS));
	bad |= curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, (long)SLOW_BYTES);
	bad |= curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, (long)SLOW_SECONDS);
	bad |= curl_easy_setopt(c, CURLOPT_TCP_KEEPALIVE, 1L);
	bad |= curl_easy_setopt(c, CURLOPT_USERAGENT, "weir");
	bad |= curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
	bad |= curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, on_progress);
	bad |= curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body);
	bad |= curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, on_header);
	bad |= curl_easy_setopt(c, CURLOPT_ERRORBUFFER, f->why);
	if (o->ca) {
		bad |= curl_easy_setopt(c, CURLOPT_CAINFO, o->ca);
		bad |= curl_easy_setopt(c, CURLOPT_CAPATH, NULL);
	}
	if (o->cert)
		bad |= curl_easy_setopt(c, CURLOPT_SSLCERT, o->cert);
	if (o->cert || o->key)
		bad |= curl_easy_setopt(c, CURLOPT_SSLKEY, o->key ? o->key : o->cert);
	if (f->bucket) {
		bad |= curl_easy_setopt(c, CURLOPT_AWS_SIGV4, f->sigv4);
		bad |= curl_easy_setopt(c, CURLOPT_USERPWD, f->pair);
	} else if (*f->secrets.token) {
		bad |= curl_easy_setopt(c, CURLOPT_HTTPAUTH, (long)CURLAUTH_BEARER);
		bad |= curl_easy_setopt(c, CURLOPT_XOAUTH2_BEARER, f->secrets.token);
	} else if (f->has_secret) {
		bad |= curl_easy_setopt(c, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
		bad |= curl_easy_setopt(c, CURLOPT_USERNAME, f->secrets.user);
		bad |= curl_easy_setopt(c, CURLOPT_PASSWORD, f->secrets.password);
	}
	return bad ? -ENOTSUP : 0;
}

int fetch_open(struct fetch **out, const char *url, const struct fetch_options *o, struct err *e)
{
	static bool started;
	struct fetch *f = calloc(1, sizeof *f);
	if (!f)
		return err_sys(e, "reach a server");
	f->tries = o->tries ? o->tries : TRIES;
	f->seconds = o->seconds;
	int r = read_secrets(f, o, strncmp(url, "s3+", 3) == 0, e);
	if (r == 0)
		r = read_url(f, url, e);
	if (r == 0 && f->bucket)
		r = use_bucket(f, o, e);
	if (r == 0)
		r = curl_late_load(e);
	if (r == 0 && !started && curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		r = err_set(e, -EIO, "libcurl does not start");
	if (r == 0) {
		started = true;
		f->curl = curl_easy_init();
		r = f->curl ? set_up(f, o) : -ENOMEM;
		if (r < 0)
			err_set(e, r, "libcurl lacks something that is needed here");
	}
	if (r < 0) {
		fetch_close(f);
		return r;
	}
	*out = f;
	return 0;
}

void fetch_close(struct fetch *f)
{
	if (!f)
		return;
	if (f->curl)
		curl_easy_cleanup(f->curl);
	credentials_wipe(&f->secrets);
	explicit_bzero(f->pair, sizeof f->pair);
	free(f);
}

/* --- one request --- */

/* A bucket wants the digest of the body in a header of its own, which libcurl signs and, in the
 * versions that are about, does not make. */
static void digest_header(const struct fetch *f, const struct request *q, char *text, size_t room)
{
	uint8_t digest[32];
	f->sha256(q->from ? q->from : "", q->from ? q->size : 0, digest);
	int used = snprintf(text, room, "x-amz-content-sha256: ");
	for (size_t i = 0; i < sizeof digest; i++)
		snprintf(text + used + 2 * i, room - (size_t)used - 2 * i, "%02x", digest[i]);
}

static struct curl_slist *headers_of(const struct fetch *f, const struct request *q, bool *failed)
{
	char session[CREDENTIAL + 32], digest[96];
	struct curl_slist *list = NULL;
	const char *wanted[3] = { NULL };
	if (q->from)
		wanted[0] = "Content-Type: application/octet-stream";
	if (f->bucket) {
		digest_header(f, q, digest, sizeof digest);
		wanted[1] = digest;
	}
	if (f->bucket && *f->secrets.session) {
		snprintf(session, sizeof session, "X-Amz-Security-Token: %s", f->secrets.session);
		wanted[2] = session;
	}
	for (size_t i = 0; i < 3; i++) {
		struct curl_slist *longer = wanted[i] ? curl_slist_append(list, wanted[i]) : list;
		*failed = *failed || (wanted[i] && !longer);
		list = longer ? longer : list;
	}
	explicit_bzero(session, sizeof session);
	return list;
}

static void wipe_headers(struct curl_slist *list)
{
	for (struct curl_slist *at = list; at; at = at->next)
		explicit_bzero(at->data, strlen(at->data));
	curl_slist_free_all(list);
}

/* The body of a PUT goes as POSTFIELDS do: it is in memory, can be sent again, and is hashed into
 * the signature of a bucket. */
static long prepare(struct fetch *f, struct request *q, struct curl_slist *headers, const char *url)
{
	CURL *c = f->curl;
	bool get = strcmp(q->word, "GET") == 0;
	long bad = 0;
	bad |= curl_easy_setopt(c, CURLOPT_URL, url);
	bad |= curl_easy_setopt(c, CURLOPT_HTTPGET, 1L);
	if (q->from) {
		bad |= curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)q->size);
		bad |= curl_easy_setopt(c, CURLOPT_POSTFIELDS, q->from);
	}
	bad |= curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, get ? NULL : q->word);
	bad |= curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, get && !f->bucket ? 1L : 0L);
	bad |= curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
	bad |= curl_easy_setopt(c, CURLOPT_WRITEDATA, &q->body);
	bad |= curl_easy_setopt(c, CURLOPT_HEADERDATA, &q->body);
	size_t most = q->from ? q->size : q->body.room;
	bad |= curl_easy_setopt(c, CURLOPT_TIMEOUT,
		f->seconds ? (long)f->seconds : (long)(SECONDS + most / SLOW_LINE));
	bad |= curl_easy_setopt(
		c, CURLOPT_MAXFILESIZE_LARGE, get ? (curl_off_t)q->body.room : (curl_off_t)0);
	return bad;
}

static void ask_once(struct fetch *f, struct request *q)
{
	char url[FETCH_URL + 128];
	bool failed = false;
	struct curl_slist *headers = headers_of(f, q, &failed);
	int used = snprintf(url, sizeof url, "%s%s", f->url, q->name);
	q->body.used = q->body.headers = 0;
	q->body.more = false;
	q->status = 0;
	f->why[0] = 0;
	q->code = CURLE_OUT_OF_MEMORY;
	assert(used < (int)sizeof url);
	if (!failed && !prepare(f, q, headers, url)) {
		q->code = curl_easy_perform(f->curl);
		curl_easy_getinfo(f->curl, CURLINFO_RESPONSE_CODE, &q->status);
		/* A page for people may be of any size: its status is the answer. */
		bool large = q->body.more || q->code == CURLE_FILESIZE_EXCEEDED;
		if (large && q->status >= 300)
			q->code = CURLE_OK;
	}
	curl_easy_setopt(f->curl, CURLOPT_HTTPHEADER, NULL);
	wipe_headers(headers);
}

static bool is_by_chance(const struct request *q)
{
	switch (q->code) {
	case CURLE_OK:
		return q->status == 408 || q->status == 429 ||
			(q->status >= 500 && q->status != 501 && q->status != 507);
	case CURLE_COULDNT_RESOLVE_PROXY:
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_CONNECT:
	case CURLE_OPERATION_TIMEDOUT:
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_GOT_NOTHING:
	case CURLE_SEND_ERROR:
	case CURLE_RECV_ERROR:
	case CURLE_PARTIAL_FILE:
	case CURLE_HTTP2:
	case CURLE_HTTP2_STREAM:
		return true;
	default:
		return false;
	}
}

/* As long as the server asks for, within bounds. */
static int wait_for(struct fetch *f, unsigned try)
{
	curl_off_t asked = 0;
	long ms = (long)FIRST_WAIT_MS << try;
	curl_easy_getinfo(f->curl, CURLINFO_RETRY_AFTER, &asked);
	if (asked > 0)
		ms = asked < WAIT_MOST_MS / 1000 ? (long)asked * 1000 : WAIT_MOST_MS;
	poll(NULL, 0, (int)(ms < WAIT_MOST_MS ? ms : WAIT_MOST_MS));
	return interrupted() ? -EINTR : 0;
}

static int no_answer(struct fetch *f, const struct request *q, struct err *e)
{
	const char *why = *f->why ? f->why : curl_easy_strerror(q->code);
	if (q->code == CURLE_ABORTED_BY_CALLBACK)
		return err_set(e, -EINTR, "%s %s: stopped", q->word, q->name);
	if (q->body.more || q->code == CURLE_FILESIZE_EXCEEDED)
		return err_set(
			e, -EFBIG, "%s %s: larger than %zu bytes", q->word, q->name, q->body.room);
	if (q->body.headers > HEADERS_MOST)
		return err_set(e, -EREMOTEIO, "%s %s: more than %d bytes of headers", q->word,
			q->name, HEADERS_MOST);
	if (q->code == CURLE_TOO_MANY_REDIRECTS)
		return err_set(e, -EREMOTEIO, "%s %s: sent elsewhere more than %d times", q->word,
			q->name, REDIRECTS);
	if (q->code == CURLE_PEER_FAILED_VERIFICATION || q->code == CURLE_SSL_CACERT_BADFILE) {
		err_set(e, -EACCES, "%s %s: its certificate is not trusted: %s", q->word, q->name,
			why);
		err_try(e, "--ca FILE, the certificate of who signed it");
		return -EACCES;
	}
	if (q->code == CURLE_SSL_CERTPROBLEM)
		return err_set(e, -EACCES, "our certificate: %s", why);
	return err_set(e, is_by_chance(q) ? -EHOSTUNREACH : -EREMOTEIO, "%s %s: %s", q->word,
		q->name, why);
}

static int answer(struct fetch *f, const struct request *q, struct err *e)
{
	int code = -EREMOTEIO;
	long s = q->status;
	if (s >= 200 && s < 300)
		return 0;
	if (s == 404 || s == 410)
		code = -ENOENT;
	else if (s == 401 || s == 403)
		code = -EACCES;
	else if (s == 405 || s == 501)
		code = -ENOTSUP;
	else if (s == 413 || s == 507)
		code = -ENOSPC;
	else if (is_by_chance(q))
		code = -EHOSTUNREACH;
	err_set(e, code, "%s %s: the server answers %ld%s", q->word, q->name, s,
		s >= 300 && s < 400 ? ": it is elsewhere, and only what is read is looked for there"
				    : "");
	if (code == -EACCES && f->bucket && strcmp(q->word, "GET") == 0)
		err_try(e,
			"the right to list the bucket: without it, what is not there is forbidden");
	return code;
}

static int ask(struct fetch *f, struct request *q, struct err *e)
{
	for (unsigned try = 0;; try++) {
		ask_once(f, q);
		if (!is_by_chance(q) || try + 1 >= f->tries)
			break;
		if (wait_for(f, try) < 0)
			return err_set(e, -EINTR, "%s %s: stopped", q->word, q->name);
	}
	return q->code == CURLE_OK ? answer(f, q, e) : no_answer(f, q, e);
}

long fetch_get(struct fetch *f, const char *name, void *to, size_t room, struct err *e)
{
	struct request q = { .word = "GET", .name = name, .body = { .to = to, .room = room } };
	int r = ask(f, &q, e);
	return r < 0 ? r : (long)q.body.used;
}

int fetch_put(struct fetch *f, const char *name, const void *from, size_t size, struct err *e)
{
	struct request q = { .word = "PUT", .name = name, .from = from, .size = size };
	return ask(f, &q, e);
}

int fetch_remove(struct fetch *f, const char *name, struct err *e)
{
	struct request q = { .word = "DELETE", .name = name };
	return ask(f, &q, e);
}
