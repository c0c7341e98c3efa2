#include "sense/detect.h"

#include <stdlib.h>

struct detections {
	int nothing;
};

struct detections *detections_new(size_t memory, struct err *e)
{
	(void)memory;
	(void)e;
	return calloc(1, sizeof(struct detections));
}
void detections_free(struct detections *d)
{
	free(d);
}
void detections_fact(struct sense *s)
{
	(void)s;
}
void detections_flow(struct sense *s, enum event_kind kind)
{
	(void)s;
	(void)kind;
}
void detections_malformed(struct sense *s, const struct proto *proto)
{
	(void)s;
	(void)proto;
}
void detections_bind(struct sense *s, uint32_t mac, uint32_t host)
{
	(void)s;
	(void)mac;
	(void)host;
}
int detections_plant(struct sense *s, struct plant *p, struct err *e)
{
	(void)s, (void)p, (void)e;
	return 0;
}
