#include "host.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include "works.h"

void die(const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	exit(1);
}

void nap_ms(unsigned ms)
{
	struct timespec left = { ms / 1000, (long)(ms % 1000) * 1000000 };
	while (nanosleep(&left, &left) < 0 && errno == EINTR)
		;
}

int64_t now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void think(void)
{
	nap_ms(1 + (unsigned)random() % 7);
}

double noise(double size)
{
	static bool seeded;
	if (!seeded) {
		srandom((unsigned)getpid());
		seeded = true;
	}
	return size * ((double)random() / (double)RAND_MAX * 2 - 1);
}

struct works *works_map(void)
{
	const char *path = getenv("PLANT_WORKS");
	if (!path)
		die("PLANT_WORKS names no file: start the plant with demo/plant.sh");
	int fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		die("open '%s': %s", path, strerror(errno));
	void *at = mmap(NULL, sizeof(struct works), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (at == MAP_FAILED)
		die("map '%s': %s", path, strerror(errno));
	close(fd);
	return at;
}

static struct sockaddr_in address_of(const char *address, uint16_t port)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(port) };
	if (address && inet_pton(AF_INET, address, &in.sin_addr) != 1)
		die("'%s' is not an IPv4 address", address);
	return in;
}

void serve_tcp(uint16_t port, void (*serve)(int fd))
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int on = 1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	struct sockaddr_in any = address_of(NULL, port);
	if (bind(fd, (struct sockaddr *)&any, sizeof any) < 0 || listen(fd, 16) < 0)
		die("listen on port %u: %s", port, strerror(errno));
	signal(SIGCHLD, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	for (;;) {
		int client = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
		if (client < 0)
			continue;
		if (fork() == 0) {
			prctl(PR_SET_PDEATHSIG, SIGTERM);
			close(fd);
			setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
			serve(client);
			_exit(0);
		}
		close(client);
	}
}

int connect_tcp(const char *address, uint16_t port)
{
	signal(SIGPIPE, SIG_IGN);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_in to = address_of(address, port);
	int error = connect(fd, (struct sockaddr *)&to, sizeof to) < 0 ? errno : 0;
	if (error == EINPROGRESS) {
		struct pollfd wait = { .fd = fd, .events = POLLOUT };
		socklen_t size = sizeof error;
		if (poll(&wait, 1, 2000) != 1)
			error = ETIMEDOUT;
		else
			getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
	}
	if (error) {
		close(fd);
		return -1;
	}
	int on = 1;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
	answer_within(fd, 2000);
	return fd;
}

int open_udp(uint16_t port)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int on = 1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &on, sizeof on);
	setsockopt(fd, IPPROTO_IP, IP_MULTICAST_TTL, &(int){ 255 }, sizeof(int));
	struct sockaddr_in any = address_of(NULL, port);
	if (bind(fd, (struct sockaddr *)&any, sizeof any) < 0)
		die("bind to UDP port %u: %s", port, strerror(errno));
	return fd;
}

void answer_within(int fd, unsigned ms)
{
	struct timeval limit = { ms / 1000, (suseconds_t)(ms % 1000) * 1000 };
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
}

bool send_made(int fd, const struct made *m)
{
	return !m->full && send(fd, m->at, m->used, MSG_NOSIGNAL) == (ssize_t)m->used;
}

bool send_to(int fd, const char *address, uint16_t port, const struct made *m)
{
	struct sockaddr_in to = address_of(address, port);
	return !m->full &&
		sendto(fd, m->at, m->used, MSG_NOSIGNAL, (struct sockaddr *)&to, sizeof to) ==
		(ssize_t)m->used;
}

bool receive_exactly(int fd, void *bytes, size_t size)
{
	return size == 0 || recv(fd, bytes, size, MSG_WAITALL) == (ssize_t)size;
}

void beside(void (*work)(void))
{
	pid_t pid = fork();
	if (pid < 0)
		die("fork: %s", strerror(errno));
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		work();
		_exit(0);
	}
}
