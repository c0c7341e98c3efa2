/* What every host of the plant needs: sockets that say why they fail, naps, a little noise. */
#ifndef DEMO_HOST_H
#define DEMO_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/cur.h"
#include "made.h"

void die(const char *fmt, ...) PRINTF(1) __attribute__((noreturn));

void nap_ms(unsigned ms);
int64_t now_ms(void); /* wall clock */

void think(void); /* a controller answers at the end of its scan, not at once */

double noise(double size); /* -size .. size, without a memory */

/* Accepts for ever; each client is served in a child of its own until serve() returns. */
void serve_tcp(uint16_t port, void (*serve)(int fd)) __attribute__((noreturn));

int connect_tcp(const char *address, uint16_t port); /* -1 after two seconds or a refusal */
int open_udp(uint16_t port);                         /* 0: any; ends the program on failure */
void answer_within(int fd, unsigned ms);             /* receive timeout */

bool send_made(int fd, const struct made *m);
bool send_to(int fd, const char *address, uint16_t port, const struct made *m);
bool receive_exactly(int fd, void *bytes, size_t size);

/* Runs work() in a child, so that a host does two things at once. */
void beside(void (*work)(void));

#endif
