#include "sense/proto/http_uri.h"

#include "base/attr.h"
#include "base/hash.h"
#include "base/out.h"
#include "sense/proto/text.h"
#include "sense/secret.h"

/* The shortest secret, "?pw=", becomes three times as long when it is hidden. */
enum { GROWTH = 3 };

/* Up to the first byte of the set, or all of it. */
static struct cur before(struct cur *c, const char *set)
{
	size_t size = 0;
	while (size < c->left && !memchr(set, cur_peek(c, size), strlen(set)))
		size++;
	return cur_sub(c, size);
}

static void out_cur(struct out *o, struct cur c)
{
	size_t size = c.left;
	out_bytes(o, cur_take(&c, size), size);
}

/* "http://user:password@" of an absolute URI. */
static void out_user(struct out *o, struct cur *c)
{
	struct cur look = *c, scheme = before(&look, ":/?#");
	if (!cur_starts(&look, "://"))
		return;
	cur_skip(&look, 3);
	struct cur user = before(&look, "/?#@");
	if (cur_peek(&look, 0) != '@')
		return;
	out_cur(o, scheme);
	out_str(o, "://");
	out_cur(o, before(&user, ":"));
	if (user.left)
		out_str(o, ":" SECRET_HIDDEN);
	*c = look;
}

static void out_parameter(struct out *o, struct cur *c)
{
	struct cur name = before(c, "=&;#");
	out_cur(o, name);
	if (cur_peek(c, 0) != '=' || !secret_named(name.at, name.left))
		return;
	before(c, "&;#");
	out_str(o, "=" SECRET_HIDDEN);
}

void http_tell_uri(struct scene *s, const struct field *f, struct cur uri)
{
	if (cur_find(&uri, '=') < 0 && cur_find(&uri, '@') < 0) {
		fact_text(s, f, uri.at, uri.left);
		return;
	}
	size_t room = uri.left * GROWTH + sizeof SECRET_HIDDEN;
	char *memory = scene_scratch(s, room);
	if (!memory)
		return;
	struct out o = out_mem(memory, room);
	out_user(&o, &uri);
	while (uri.left) {
		uint8_t byte = cur_u8(&uri);
		out_char(&o, (char)byte);
		if (byte == '?' || byte == '&' || byte == ';')
			out_parameter(&o, &uri);
	}
	fact_text(s, f, memory, o.used);
}

struct cur http_host_of(struct cur authority)
{
	if (cur_peek(&authority, 0) != '[')
		return before(&authority, ":");
	cur_skip(&authority, 1);
	return before(&authority, "]%");
}

struct cur http_host(struct cur uri)
{
	struct cur look = uri;
	before(&look, ":/?#");
	if (cur_starts(&look, "://"))
		cur_skip(&look, 1);
	else
		look = uri;
	if (!cur_starts(&look, "//"))
		return cur_bad();
	cur_skip(&look, 2);
	struct cur authority = before(&look, "/?#"), user = authority;
	before(&user, "@");
	if (cur_peek(&user, 0) == '@') {
		cur_skip(&user, 1);
		authority = user;
	}
	return http_host_of(authority);
}

uint32_t http_path_hash(struct cur uri)
{
	struct cur look = uri;
	struct cur scheme = text_until(&look, ':');
	if (look.left > 0 && cur_starts(&look, "//") && cur_find(&scheme, '/') < 0) {
		cur_skip(&look, 2);
		text_until(&look, '/');
		uri = look;
	} else if (cur_peek(&uri, 0) == '/') {
		cur_skip(&uri, 1);
	}
	struct cur path = text_until(&uri, '?');
	return (uint32_t)hash_bytes(path.at, path.left) | 1;
}

uint32_t http_host_hash(struct cur host)
{
	return cur_ok(&host) ? (uint32_t)hash_bytes(host.at, host.left) : 0;
}

bool http_stays_here(const struct scene *s, struct cur location, uint32_t asked)
{
	struct cur host = http_host(location);
	char text[IP_TEXT];
	ip_text(&s->src, text);
	return !cur_ok(&host) || http_host_hash(host) == asked || text_is(&host, text);
}
