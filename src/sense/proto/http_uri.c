#include "sense/proto/http_uri.h"

#include "base/attr.h"
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
