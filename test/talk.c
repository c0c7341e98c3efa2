#include "talk.h"

#include <string.h>

#include "event/identity.h"
#include "sense/packet.h"

enum { CLIENT_PORT = 50000 };

static void segment(struct talk *t, unsigned side, unsigned flags, const char *hex)
{
	const struct tcp_row row = { .from = 1 + side,
		.to = 2 - side,
		.from_port = side ? t->port : CLIENT_PORT,
		.to_port = side ? CLIENT_PORT : t->port,
		.flags = flags,
		.seq = t->next[side],
		.ack = t->next[!side],
		.hex = hex };
	tap_tcp(t->tap, &row);
}

void talk_join(struct talk *t, struct tap *w, unsigned port)
{
	*t = (struct talk){ .tap = w, .port = port, .next = { 1000, 2000 } };
}

void talk_open(struct talk *t, struct tap *w, unsigned port)
{
	talk_join(t, w, port);
	segment(t, TALK_CLIENT, TCP_SYN, NULL);
	t->next[TALK_CLIENT]++;
	segment(t, TALK_SERVER, TCP_SYN | TCP_ACK, NULL);
	t->next[TALK_SERVER]++;
	segment(t, TALK_CLIENT, TCP_ACK, NULL);
}

void talk_says(struct talk *t, unsigned side, const char *hex)
{
	static struct made m;
	m.size = 0;
	made_hex(&m, hex);
	segment(t, side, TCP_ACK | TCP_PSH, hex);
	t->next[side] += (uint32_t)m.size;
}

bool tap_told(const struct tap *w, const char *line)
{
	return strstr(w->text, line) != NULL;
}

const struct finding *tap_finding(const struct tap *w, const char *class)
{
	for (size_t i = 0; i < w->plant.finding_count; i++)
		if (strcmp(w->plant.findings[i].row->class, class) == 0)
			return &w->plant.findings[i];
	return NULL;
}

bool tap_found(const struct tap *w, const char *class)
{
	return tap_finding(w, class);
}

bool tap_knows(const struct tap *w, const char *ip, const char *key, const char *value)
{
	const struct asset *a = tap_asset(w, ip);
	for (uint32_t k = 0; a && k < a->identity.count; k++) {
		const struct identity *id = &w->plant.identity[a->identity.first + k];
		if (strcmp(identity_key_name(id->key), key) == 0 && strcmp(id->value, value) == 0)
			return true;
	}
	return false;
}
