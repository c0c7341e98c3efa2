/* Frames made by hand for tests, and a sensor that reads them.
 *
 * A host is a number: 7 is 10.0.0.7 with the MAC 02:00:00:00:00:07.  Each frame comes one
 * millisecond after the one before, unless the test moves `at_ns`. */
#ifndef TEST_TAP_H
#define TEST_TAP_H

#include <stddef.h>

#include "base/out.h"
#include "event/plant.h"
#include "sense/sense.h"

struct made {
	uint8_t bytes[70000];
	size_t size;
};

void made_bytes(struct made *m, const void *bytes, size_t size);
void made_hex(struct made *m, const char *hex); /* blanks are passed over */
void made_16(struct made *m, unsigned v);
void made_32(struct made *m, uint32_t v);
void made_mac(struct made *m, unsigned host);
void made_ether(struct made *m, unsigned from, unsigned to, unsigned type);
/* The header of a packet whose `size` bytes of payload follow. */
struct made_ip4 {
	unsigned from, to, transport, ttl; /* ttl 0: 64 */
	unsigned id, fragment;             /* as on the wire: flags, then offset in 8 bytes */
	uint32_t group;                    /* sent to this address rather than a host */
	size_t size;
};
void made_ip4(struct made *m, const struct made_ip4 *ip);
void made_udp(struct made *m, unsigned from_port, unsigned to_port, size_t size);

struct tap {
	struct sense *sense;
	struct plant plant; /* after tap_end */
	uint64_t frames;
	int64_t at_ns;
	uint64_t facts;
	char text[16384]; /* what `tell` writes of each fact */
	struct out out;
	/* At first "frame label message direction field=value ...\n". */
	void (*tell)(struct tap *w, const struct fact *f);
};

/* memory 0: 8 MiB */
void tap_open(struct tap *w, size_t memory);
void tap_close(struct tap *w);
void tap_end(struct tap *w); /* no frame after this; the plant is there */
/* "ADDRESS=VALUE", "!" behind it where it was written, a line a point in the order they came up;
 * `by_host`: with the last number of the host's address in front, sorted.  In `text`. */
const char *tap_points(struct tap *w, bool by_host);
uint64_t tap_counter(const struct tap *w, const char *name);
const struct asset *tap_asset(const struct tap *w, const char *ip); /* NULL: none has it */

void tap_value(struct tap *w, const struct value *v); /* " field=value" into its text */
void tap_frame(struct tap *w, const struct made *m, size_t wire_size); /* 0: all of it */

struct tcp_row {
	unsigned from, to, from_port, to_port;
	unsigned flags; /* enum tcp_flag */
	uint32_t seq, ack;
	const char *hex;   /* payload, or NULL */
	const void *bytes; /* payload behind that */
	size_t size;
	size_t snap; /* frame bytes the capture kept; 0: all */
	unsigned ttl, options;
};
void tap_tcp(struct tap *w, const struct tcp_row *row);

struct udp_row {
	unsigned from, to, from_port, to_port, ttl;
	const char *hex; /* payload, or NULL */
	const void *bytes;
	size_t size;
	uint32_t group; /* to this address rather than a host */
	unsigned mac;   /* of the sender, where it is not its own: a router's */
};
void tap_udp(struct tap *w, const struct udp_row *row);

/* host says by ARP that `ip` is at its MAC, to everybody. */
void tap_arp(struct tap *w, unsigned host, const uint8_t ip[4], unsigned vlan);

#endif
