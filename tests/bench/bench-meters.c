/* SPDX-License-Identifier: MIT */
/**
 * Meter fan-out: CPU time that a server needs to send meters to many WebSocket clients, and
 * how evenly they arrive. Measured against a floor in the same run: the least C that sends
 * frames of the same size at the same rate, one send() for each client.
 *
 *	bench-meters PID PORT PATH CLIENTS HZ SECONDS
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CLIENTS_MAX 1000u

struct client {
	int fd;
	size_t left;   /* bytes of the frame that are still to come */
	size_t n_head; /* bytes of its header so far */
	uint8_t head[4];
	uint64_t last_ns;
};

struct result {
	double cpu_share;              /* of one core */
	double p50_ms, p99_ms, max_ms; /* |interval - 1/hz| */
	double frames_per_second;      /* of each client */
	size_t frame_bytes;
};

struct load {
	unsigned n_clients, hz;
	double seconds;
	struct client client[CLIENTS_MAX];
	int epoll;
	double *deviation_ms;
	size_t n_deviations, capacity;
	uint64_t n_frames;
	size_t frame_bytes;
};

static uint64_t now_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

static void die(const char *what)
{
	fprintf(stderr, "bench-meters: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int connect_to(uint16_t port)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
				 .sin_port = htons(port),
				 .sin_addr = {htonl(INADDR_LOOPBACK)}};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		die("connect");
	return fd;
}

/** The answer's head, byte by byte: the first frame may come right behind it. */
static void upgrade(int fd, uint16_t port, const char *path)
{
	char text[512], byte;
	int n, matched = 0;

	n = snprintf(text, sizeof(text),
		     "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nUpgrade: websocket\r\n"
		     "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
		     "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
		     path, port);
	if (write(fd, text, (size_t)n) != n)
		die("write");
	while (matched < 4) {
		if (read(fd, &byte, 1) != 1)
			die("upgrade");
		matched = byte == "\r\n\r\n"[matched] ? matched + 1 : byte == '\r';
	}
}

/* --- clients ---------------------------------------------------------------------- */

static void on_frame(struct load *load, struct client *client)
{
	uint64_t now = now_ns(CLOCK_MONOTONIC);
	double expected_ms = 1000.0 / load->hz;

	if (client->last_ns && load->n_deviations < load->capacity) {
		double ms = (double)(now - client->last_ns) * 1e-6 - expected_ms;

		load->deviation_ms[load->n_deviations++] = ms < 0 ? -ms : ms;
	}
	client->last_ns = now;
	load->n_frames++;
}

/** Frames of a server have two or four bytes of header below 64 KiB. */
static void take(struct load *load, struct client *client, const uint8_t *data, size_t size)
{
	while (size > 0) {
		if (client->left > 0) {
			size_t n = size < client->left ? size : client->left;

			client->left -= n;
			data += n;
			size -= n;
			if (client->left == 0)
				on_frame(load, client);
			continue;
		}
		client->head[client->n_head++] = *data++;
		size--;
		if (client->n_head < 2 || (client->head[1] == 126 && client->n_head < 4))
			continue;
		client->left = client->head[1] == 126
				       ? (size_t)(client->head[2] << 8 | client->head[3])
				       : client->head[1];
		load->frame_bytes = client->left + client->n_head;
		client->n_head = 0;
	}
}

static void listen_for(struct load *load, double seconds)
{
	uint64_t end = now_ns(CLOCK_MONOTONIC) + (uint64_t)(seconds * 1e9);
	struct epoll_event events[256];
	static uint8_t buffer[1 << 16];

	while (now_ns(CLOCK_MONOTONIC) < end) {
		int n = epoll_wait(load->epoll, events, 256, 100);

		for (int i = 0; i < n; i++) {
			struct client *client = events[i].data.ptr;
			ssize_t size = read(client->fd, buffer, sizeof(buffer));

			if (size <= 0)
				die("a client was dropped");
			take(load, client, buffer, (size_t)size);
		}
	}
}

static int compare(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/** @param path  NULL: the floor, which sends frames without being asked */
static struct result measure(struct load *load, pid_t pid, uint16_t port, const char *path)
{
	struct result result = {0};
	clockid_t clock;
	uint64_t begin_ns, begin_cpu, wall;

	load->epoll = epoll_create1(EPOLL_CLOEXEC);
	for (unsigned i = 0; i < load->n_clients; i++) {
		struct client *client = &load->client[i];
		struct epoll_event event = {.events = EPOLLIN, .data.ptr = client};

		*client = (struct client){.fd = connect_to(port)};
		if (path)
			upgrade(client->fd, port, path);
		epoll_ctl(load->epoll, EPOLL_CTL_ADD, client->fd, &event);
	}
	if (clock_getcpuclockid(pid, &clock) != 0)
		die("clock of the server");
	listen_for(load, 1.0); /* settle */
	load->n_deviations = load->n_frames = 0;
	begin_ns = now_ns(CLOCK_MONOTONIC);
	begin_cpu = now_ns(clock);
	listen_for(load, load->seconds);
	wall = now_ns(CLOCK_MONOTONIC) - begin_ns;
	result.cpu_share = (double)(now_ns(clock) - begin_cpu) / (double)wall;
	for (unsigned i = 0; i < load->n_clients; i++)
		close(load->client[i].fd);
	close(load->epoll);

	qsort(load->deviation_ms, load->n_deviations, sizeof(double), compare);
	if (load->n_deviations > 0) {
		result.p50_ms = load->deviation_ms[load->n_deviations / 2];
		result.p99_ms = load->deviation_ms[load->n_deviations * 99 / 100];
		result.max_ms = load->deviation_ms[load->n_deviations - 1];
	}
	result.frames_per_second = (double)load->n_frames / load->n_clients / ((double)wall * 1e-9);
	result.frame_bytes = load->frame_bytes;
	return result;
}

/* --- the floor -------------------------------------------------------------------- */

__attribute__((noreturn)) static void floor_server(int listener, unsigned n_clients, unsigned hz,
						   size_t frame_bytes)
{
	long period_ns = 1000000000L / (long)hz;
	struct itimerspec every = {{0, period_ns}, {0, period_ns}};
	int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC), fd[CLIENTS_MAX];
	static uint8_t frame[1 << 16];
	uint64_t ticks;
	int one = 1;

	frame[0] = 0x81;
	if (frame_bytes - 2 < 126) {
		frame[1] = (uint8_t)(frame_bytes - 2);
	} else {
		frame[1] = 126;
		frame[2] = (uint8_t)((frame_bytes - 4) >> 8);
		frame[3] = (uint8_t)(frame_bytes - 4);
	}
	for (unsigned i = 0; i < n_clients; i++) {
		fd[i] = accept(listener, NULL, NULL);
		setsockopt(fd[i], IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	}
	timerfd_settime(timer, 0, &every, NULL);
	while (read(timer, &ticks, sizeof(ticks)) == sizeof(ticks))
		for (unsigned i = 0; i < n_clients; i++)
			if (send(fd[i], frame, frame_bytes, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 &&
			    errno != EAGAIN)
				_exit(0);
	_exit(0);
}

static struct result measure_floor(struct load *load, size_t frame_bytes)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t size = sizeof(at);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct result result;
	pid_t pid;

	if (bind(listener, (struct sockaddr *)&at, sizeof(at)) < 0 || listen(listener, 1024) < 0 ||
	    getsockname(listener, (struct sockaddr *)&at, &size) < 0)
		die("listen");
	pid = fork();
	if (pid < 0)
		die("fork");
	if (pid == 0)
		floor_server(listener, load->n_clients, load->hz, frame_bytes);
	result = measure(load, pid, ntohs(at.sin_port), NULL);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(listener);
	return result;
}

static void print(const char *name, const struct result *r)
{
	printf("  %-10s %5.2f %% of a core, %5.2f s a minute; jitter p50 %.2f, p99 %.2f, max %.1f ms; "
	       "%.1f frames/s of %zu bytes\n",
	       name, r->cpu_share * 100.0, r->cpu_share * 60.0, r->p50_ms, r->p99_ms, r->max_ms,
	       r->frames_per_second, r->frame_bytes);
}

/** @return 0 for anything that is no number from 1 to max */
static unsigned long number(const char *text, unsigned long max)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	return *end || value > max ? 0 : value;
}

int main(int argc, char **argv)
{
	static struct load load;
	struct result server, floor_result;

	if (argc != 7) {
		fprintf(stderr, "usage: bench-meters PID PORT PATH CLIENTS HZ SECONDS\n");
		return 2;
	}
	load.n_clients = (unsigned)number(argv[4], CLIENTS_MAX);
	load.hz = (unsigned)number(argv[5], 1000);
	load.seconds = (double)number(argv[6], 3600);
	if (load.n_clients < 1 || load.hz < 1 || load.seconds < 1) {
		fprintf(stderr, "bench-meters: 1 to %u clients, 1 to 1000 Hz, whole seconds\n",
			CLIENTS_MAX);
		return 2;
	}
	load.capacity = (size_t)(load.n_clients * load.hz * (load.seconds + 2.0));
	load.deviation_ms = calloc(load.capacity, sizeof(double));
	if (!load.deviation_ms)
		die("memory");
	server = measure(&load, (pid_t)number(argv[1], INT32_MAX),
			 (uint16_t)number(argv[2], UINT16_MAX), argv[3]);
	floor_result = measure_floor(&load, server.frame_bytes);
	printf("meters to %u WebSocket clients at %u Hz, %s\n", load.n_clients, load.hz, argv[3]);
	print("partyline", &server);
	print("C floor", &floor_result);
	printf("  ratio %.2f of the floor\n", server.cpu_share / floor_result.cpu_share);
	free(load.deviation_ms);
	return 0;
}
