/* All routes, and which of them a request means. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "api/route.h"

static const struct route *const own[] = {
	&route_health,
	&route_document,
	&route_session_show,
	&route_session_begin,
	&route_session_end,
	&route_token_list,
	&route_token_make,
	&route_token_revoke,
	&route_events,
};

const struct route *routes_next(const struct route *const *more, size_t *step)
{
	size_t at = (*step)++;
	if (at < COUNT_OF(own))
		return own[at];
	return more ? more[at - COUNT_OF(own)] : NULL;
}

/* The next segment of a row's path, NULL behind the last; `*at` moves behind it. */
static const char *segment(const char **at, size_t *size)
{
	const char *from = *at;
	if (*from != '/')
		return NULL;
	from++;
	*size = strcspn(from, "/");
	*at = from + *size;
	return from;
}

static bool fits(const struct route *r, const struct url *u)
{
	const char *at = r->path, *word;
	size_t size = 0, n = 0;
	for (; (word = segment(&at, &size)); n++)
		if (n >= u->segment_count ||
			(*word != '{' &&
				(strlen(u->segments[n]) != size ||
					memcmp(word, u->segments[n], size) != 0)))
			return false;
	return n == u->segment_count;
}

const char *path_part(const struct route *r, const struct url *u, const char *name)
{
	const char *at = r->path, *word;
	size_t size = 0, n = 0, wanted = strlen(name);
	for (; (word = segment(&at, &size)) && n < u->segment_count; n++)
		if (*word == '{' && size == wanted + 2 && memcmp(word + 1, name, wanted) == 0)
			return u->segments[n];
	return NULL;
}

const struct route *routes_find(
	const struct route *const *more, const char *method, const struct url *u, char allow[64])
{
	const struct route *r;
	size_t used = 0;
	allow[0] = 0;
	if (strcmp(method, "HEAD") == 0)
		method = "GET";
	for (size_t step = 0; (r = routes_next(more, &step));) {
		if (!fits(r, u))
			continue;
		if (strcmp(method, r->method) == 0)
			return r;
		if (used < 48)
			used += (size_t)snprintf(
				allow + used, 64 - used, "%s%s", used ? ", " : "", r->method);
	}
	return NULL;
}

/* --- rows that hold together --- */

static const char *wrong_input(const struct route *r, const struct bind *b)
{
	const char *body_less[] = { "GET", "DELETE" };
	char part[64];
	snprintf(part, sizeof part, "{%s}", b->name);
	if ((b->from == FROM_PATH) != (strstr(r->path, part) != NULL))
		return "its path and its inputs differ";
	for (size_t i = 0; b->from == FROM_BODY && i < COUNT_OF(body_less); i++)
		if (strcmp(r->method, body_less[i]) == 0)
			return "its method has no body";
	if (b->type == T_TEXT && (b->size < 2 || b->at + b->size > r->in_size))
		return "a text without room";
	if (b->at >= r->in_size)
		return "an input outside of its struct";
	return b->type == T_WORD && !b->words ? "a word of no list" : NULL;
}

static const char *wrong(const struct route *r)
{
	if (!r->id || !r->method || !r->path || !r->what || !r->run)
		return "it is not whole";
	if (!r->may || !*r->may)
		return "it does not say whom to ask whether somebody may use it";
	if (strncmp(r->path, "/v1/", 4) != 0)
		return "its path does not begin with /v1/";
	if (r->in_size > ROUTE_IN || (r->in && !r->in_size))
		return "its inputs have no room";
	size_t parts = 0, bound = 0;
	for (const char *at = r->path; (at = strchr(at, '{')); at++)
		parts++;
	for (const struct bind *b = r->in; b && b->name; b++) {
		const char *why = wrong_input(r, b);
		if (why)
			return why;
		bound += b->from == FROM_PATH;
	}
	return parts == bound ? NULL : "a part of its path is not bound";
}

int routes_check(const struct route *const *more, struct err *e)
{
	const struct route *r, *other;
	for (size_t step = 0; (r = routes_next(more, &step));) {
		const char *why = wrong(r);
		for (size_t behind = step; !why && (other = routes_next(more, &behind));)
			if (other->id && other->path && other->method &&
				(strcmp(r->id, other->id) == 0 ||
					(strcmp(r->path, other->path) == 0 &&
						strcmp(r->method, other->method) == 0)))
				why = "it is there twice";
		if (why)
			return err_set(e, -EINVAL, "the route %s: %s", r->id ? r->id : "?", why);
	}
	return 0;
}
