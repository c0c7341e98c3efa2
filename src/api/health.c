/* What is true of the server itself: is it well, and what may be asked of it. */
#include <string.h>

#include "api/inside.h"
#include "base/clock.h"

static const struct shape health_out[] = {
	{ "now", S_TIME, NULL, "by the clock of the site" },
	{ "well", S_BOOL, NULL, "false: something needs a look" },
	{ 0 },
};

static int health(struct api_call *c, void *in)
{
	struct json *j = &c->json;
	(void)in;
	json_open(j, '{');
	json_kv_time(j, "now", c->now_ns);
	bool well = c->api->site.health(c->api->site.self, j);
	json_key(j, "well");
	json_bool(j, well);
	json_close(j, '}');
	return well ? 200 : 503;
}

const struct route route_health = {
	.id = "health",
	.method = "GET",
	.path = "/v1/health",
	.may = MAY_ANYBODY,
	.what = "Whether the site is well: 503 where something needs a look",
	.out = health_out,
	.run = health,
};

static int document(struct api_call *c, void *in)
{
	(void)in;
	api_document(c->json.out, c->api->more);
	return 200;
}

const struct route route_document = {
	.id = "document",
	.method = "GET",
	.path = "/v1/openapi.json",
	.may = MAY_ANYBODY,
	.what = "This document",
	.run = document,
};

static int events(struct api_call *c, void *in)
{
	(void)in;
	if (strcmp(serve_method(c->q), "HEAD") == 0)
		return 200;
	serve_stream_join(c->api->stream, c->q, who_label(c->api, c));
	return RUN_ANSWERED;
}

const struct route route_events = {
	.id = "events",
	.method = "GET",
	.path = "/v1/events",
	.may = "event.read",
	.what = "Events as they come (text/event-stream); Last-Event-ID goes on from there, and where "
		"that is no longer kept an event `missed` comes first",
	.run = events,
};
