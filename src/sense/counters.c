/* Everything that was dropped, cut or odd, for people to ask about. */
#include <string.h>

#include "sense/engine.h"

void sense_counters(const struct sense *s, struct counter out[SENSE_COUNTERS])
{
	const struct sense_counters *c = &s->counters;
	const struct packet_counters *p = &s->packets;
	const struct inventory *v = &s->inventory;
	const struct counter all[] = {
		{ "frames_lost", c->lost },
		{ "bad_checksum", p->bad_ip_checksum + p->bad_tcp_checksum + p->bad_udp_checksum },
		{ "bad_ip_checksum", p->bad_ip_checksum },
		{ "bad_tcp_checksum", p->bad_tcp_checksum },
		{ "bad_udp_checksum", p->bad_udp_checksum },
		{ "cut_frames", p->cut_frames },
		{ "bad_headers", p->bad_headers },
		{ "unread_link_type", p->unread_link },
		{ "encapsulated", p->encapsulated },
		{ "fragments", p->fragments },
		{ "fragments_given_up", s->fragments.given_up },
		{ "fragment_overlaps", s->fragments.overlaps },
		{ "fragments_dropped", s->fragments.dropped },
		{ "flows", c->flows },
		{ "flows_evicted", s->flows.evicted },
		{ "unanswered_connections", c->unanswered },
		{ "undecoded", c->undecoded_packets },
		{ "retransmissions", c->retransmissions },
		{ "out_of_order", c->out_of_order },
		{ "stream_gaps", c->gaps },
		{ "stream_gap_bytes", c->gap_bytes },
		{ "streams_out_of_step", c->lost_sync },
		{ "cut_messages", c->cut_messages },
		{ "malformed_messages", c->malformed },
		{ "violations", c->violations },
		{ "values_dropped", c->fact_values_dropped },
		{ "scratch_refused", c->scratch_refused },
		{ "buffers_refused", s->memory.refused },
		{ "hosts_refused", v->hosts.refused },
		{ "macs_refused", v->macs.refused },
		{ "identities_refused",
			v->said.refused + v->lasted.refused + v->strings_refused +
				v->identities_refused },
		{ "bindings_refused", v->binds.refused + v->binds_refused },
		{ "modules_refused", v->modules.refused },
		{ "modules_of_one_refused", v->modules_refused },
		{ "conversations_refused", v->conversations.refused },
		{ "operations_refused", v->operations.refused },
		{ "points_refused", v->points.refused },
		{ "findings_refused", detections_refused(s->detections) },
		{ "detection_memories_forgotten", detections_forgotten(s->detections) },
	};
	static_assert(COUNT_OF(all) == SENSE_COUNTERS, "every counter is told");
	memcpy(out, all, sizeof all);
	for (size_t i = 0; s->elsewhere && i < SENSE_COUNTERS; i++)
		out[i].n += s->elsewhere[i];
}
