/* SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "browser-keys.h"
#include "opus-codec.h"

/*
 * Many listeners at once, each with a socket, a path, a handshake and keys of its own, and ears: what
 * a browser does but for HTTP, which is the caller's (crowd.py).
 *
 *   partyline-crowd HZ…        the tones that are listened for; multiples of 50 Hz
 *
 * It prints `fingerprint AB:CD:…`, of the certificate that all of them have, and takes lines:
 *
 *   open K PORT UFRAG PWD OWN  begin as number K, 0..199: the answer's words, and the offer's fragment
 *   leave K                    say goodbye (DTLS) and forget it
 *   drop K                     forget it without a word
 *   expect K LEFT… RIGHT…      decode, and count the fiftieths of a second from now on in which each tone
 *                              is within 2 dB of this, dBFS RMS; below -55: no louder than that. Before,
 *                              and after three of them, packets are only counted
 *   look                       tell of each: `K STATE PACKETS GAPS LOST RIGHT LEFT… RIGHT…`, then `.`
 *                              GAPS: of sequence numbers; LOST: by our own sockets, which were full;
 *                              RIGHT: those fiftieths; LEFT, RIGHT: dBFS in the last one
 *   count                      forget the packets so far
 *   late                       `LATE_MEDIAN LATE_99 LATE_WORST`, ms: the packets since then, by when the
 *                              kernel had them, against the earliest of the same listener
 */

#define LISTENERS_MAX 200u
#define TONES_MAX 8u
#define RATE 48000u
#define WINDOW 960u /**< a fiftieth of a second */
/** Then it need not be listened to any more: a machine that is busy has other things to do. */
#define RIGHT_ENOUGH 3u
#define WITHIN_DB 2.0 /* gains are 6 dB apart; Opus keeps a tone to about 1 */
#define SILENCE_DB (-55.0)
#define LATE_MAX 8192u
#define TICK_NS 50000000
/** RFC 7675 5.1: about 5 s; the first ones until there is an answer. */
#define TICKS_CONSENT 80u
#define BATCH 32u
#define RECEIVE_BYTES (1 << 20)

enum state { GONE, CHECKING, CONNECTED, CLOSED, FAILED };
static const char *const state_names[] = {"gone", "checking", "connected", "closed", "failed"};

struct listener {
	enum state state;
	uint32_t number;
	int fd;
	char username[600], pwd[300];
	SSL *ssl;
	struct pl_srtp *srtp;
	uint32_t n_ticks;

	uint32_t n_packets, n_gaps, n_lost, lost_before;
	bool is_counting;
	uint16_t sequence;
	uint32_t n_late;
	uint32_t first; /* timestamp */
	double *late;   /* s, of each packet: arrival less timestamp */

	struct pl_opus_decoder *decoder;
	float window[2 * WINDOW];
	uint32_t n_window;
	double level[2][TONES_MAX]; /* dBFS; of the last full window */
	bool expects;
	double expected[2][TONES_MAX];
	uint32_t n_right;
};

static struct {
	SSL_CTX *context;
	int epoll, timer;
	uint32_t n_tones;
	float waves[TONES_MAX][2][WINDOW]; /* cosine and sine */
	struct listener *listeners[LISTENERS_MAX];
} crowd;

/* --- ears ------------------------------------------------------------------------------------ */

static void measure(struct listener *l)
{
	for (uint32_t side = 0; side < 2; side++)
		for (uint32_t t = 0; t < crowd.n_tones; t++) {
			double re = 0, im = 0;

			for (uint32_t i = 0; i < WINDOW; i++) {
				re += (double)(l->window[2 * i + side] * crowd.waves[t][0][i]);
				im += (double)(l->window[2 * i + side] * crowd.waves[t][1][i]);
			}
			/* Of a sine of amplitude a, re and im are a·WINDOW/2: RMS a/√2. */
			l->level[side][t] =
				10.0 * log10(2.0 * (re * re + im * im) / WINDOW / WINDOW + 1e-24);
		}
}

static bool is_right(const struct listener *l)
{
	for (uint32_t side = 0; side < 2; side++)
		for (uint32_t t = 0; t < crowd.n_tones; t++) {
			double level = l->level[side][t], expected = l->expected[side][t];

			if (expected < SILENCE_DB ? level > SILENCE_DB
						  : fabs(level - expected) > WITHIN_DB)
				return false;
		}
	return true;
}

static void hear(struct listener *l, const uint8_t *payload, size_t size)
{
	float samples[2 * PL_OPUS_FRAMES_MAX];
	int n = pl_opus_decode(l->decoder, payload, size, samples, PL_OPUS_FRAMES_MAX);

	for (int i = 0; i < n; i++) {
		l->window[2 * l->n_window] = samples[2 * i];
		l->window[2 * l->n_window + 1] = samples[2 * i + 1];
		if (++l->n_window == WINDOW) {
			measure(l);
			l->n_right += is_right(l);
			l->n_window = 0;
		}
	}
}

/** RTP in the clear. */
static void take_packet(struct listener *l, const uint8_t *data, size_t size, double arrival_s)
{
	uint16_t sequence = (uint16_t)(data[2] << 8 | data[3]);
	uint32_t timestamp;

	/* In order, as on the loopback. A header without extension is all that the daemon writes. */
	memcpy(&timestamp, data + 4, sizeof(timestamp));
	timestamp = ntohl(timestamp);
	if (l->is_counting)
		l->n_gaps += (uint16_t)(sequence - l->sequence - 1u);
	else
		l->first = timestamp;
	l->is_counting = true;
	l->sequence = sequence;
	l->n_packets++;
	if (l->n_late < LATE_MAX)
		l->late[l->n_late++] = arrival_s - (double)(int32_t)(timestamp - l->first) / RATE;
	if (l->expects && l->n_right < RIGHT_ENOUGH)
		hear(l, data + 12, size - 12);
}

/* --- connection ------------------------------------------------------------------------------ */

static void send_check(struct listener *l)
{
	/* USE-CANDIDATE, ICE-CONTROLLING */
	static const uint8_t attributes[] = {0, 0x25, 0, 0, 0x80, 0x2a, 0, 8,
					     1, 2,    3, 4, 5,    6,    7, 8};
	uint8_t data[PL_PEER_DATAGRAM_MAX];
	size_t n = make_check(l->username, l->pwd, attributes, sizeof(attributes), data);

	/* What is lost is sent again with a tick. */
	(void)!send(l->fd, data, n, 0);
}

/** A datagram for each record that OpenSSL has written. */
static void send_dtls(struct listener *l)
{
	uint8_t data[PL_PEER_DATAGRAM_MAX];

	while (BIO_read(SSL_get_wbio(l->ssl), data, 13) == 13) {
		int n = data[11] << 8 | data[12];

		must(13 + n <= (int)sizeof(data));
		must(BIO_read(SSL_get_wbio(l->ssl), data + 13, n) == n);
		(void)!send(l->fd, data, 13 + (size_t)n, 0);
	}
}

static void shake_hands(struct listener *l)
{
	uint8_t data[PL_PEER_DATAGRAM_MAX];

	if (l->state == CHECKING) {
		int r = SSL_do_handshake(l->ssl);

		if (r == 1) {
			l->srtp = make_srtp(l->ssl, false);
			l->state = l->srtp ? CONNECTED : FAILED;
		} else if (SSL_get_error(l->ssl, r) != SSL_ERROR_WANT_READ) {
			l->state = FAILED;
		}
	} else if (l->state == CONNECTED) {
		SSL_read(l->ssl, data, sizeof(data));
		if (SSL_get_shutdown(l->ssl) & SSL_RECEIVED_SHUTDOWN)
			l->state = CLOSED;
	}
	send_dtls(l);
}

static void take_datagram(struct listener *l, uint8_t *data, size_t size, double arrival_s)
{
	if (data[0] <= 3 && !SSL_in_before(l->ssl))
		return;
	if (data[0] <= 3) {
		/* Our check was answered: there is a path to shake hands by. */
		shake_hands(l);
	} else if (data[0] >= 20 && data[0] <= 63) {
		BIO_write(SSL_get_rbio(l->ssl), data, (int)size);
		shake_hands(l);
	} else if (l->srtp && size > 12 && !(data[1] >= 192 && data[1] <= 223)) {
		int n = pl_srtp_unprotect(l->srtp, data, size);

		if (n > 12)
			take_packet(l, data, (size_t)n, arrival_s);
	}
}

static void receive(struct listener *l)
{
	uint8_t data[PL_PEER_DATAGRAM_MAX] __attribute__((aligned(8)));
	_Alignas(struct cmsghdr) char control[256];
	struct iovec part = {data, sizeof(data)};

	/* The others, and the caller, are not kept waiting by one that has much. */
	for (uint32_t i = 0; i < BATCH; i++) {
		struct msghdr message = {.msg_iov = &part,
					 .msg_iovlen = 1,
					 .msg_control = control,
					 .msg_controllen = sizeof(control)};
		ssize_t n = recvmsg(l->fd, &message, MSG_DONTWAIT);
		double arrival_s = 0;

		if (n <= 0)
			return;
		for (struct cmsghdr *c = CMSG_FIRSTHDR(&message); c; c = CMSG_NXTHDR(&message, c)) {
			if (c->cmsg_level != SOL_SOCKET)
				continue;
			if (c->cmsg_type == SO_RXQ_OVFL)
				memcpy(&l->n_lost, CMSG_DATA(c), sizeof(l->n_lost));
			if (c->cmsg_type == SO_TIMESTAMPNS) {
				struct timespec ts;

				memcpy(&ts, CMSG_DATA(c), sizeof(ts));
				arrival_s = (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
			}
		}
		take_datagram(l, data, (size_t)n, arrival_s);
	}
}

static void tick(struct listener *l, uint32_t n_ticks)
{
	l->n_ticks += n_ticks;
	if (l->state == CHECKING) {
		if (SSL_in_before(l->ssl))
			send_check(l);
		else if (DTLSv1_handle_timeout(l->ssl) > 0)
			send_dtls(l);
	} else if (l->state == CONNECTED && l->n_ticks >= TICKS_CONSENT) {
		l->n_ticks = 0;
		send_check(l);
	}
}

/* --- life ------------------------------------------------------------------------------------ */

static void forget(struct listener *l)
{
	if (!l)
		return;
	crowd.listeners[l->number] = NULL;
	close(l->fd);
	SSL_free(l->ssl);
	pl_srtp_free(l->srtp);
	pl_opus_decoder_free(l->decoder);
	free(l->late);
	free(l);
}

static int open_socket(uint16_t port)
{
	const struct sockaddr_in to = {.sin_family = AF_INET,
				       .sin_port = htons(port),
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	const int one = 1, bytes = RECEIVE_BYTES;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	must(fd >= 0 && connect(fd, (const struct sockaddr *)&to, sizeof(to)) == 0 &&
	     setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &one, sizeof(one)) == 0 &&
	     setsockopt(fd, SOL_SOCKET, SO_RXQ_OVFL, &one, sizeof(one)) == 0);
	/* as much of it as there may be */
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
	return fd;
}

static void join(uint32_t number, uint16_t port, const char *ufrag, const char *pwd,
		 const char *own)
{
	struct listener *l = calloc(1, sizeof(*l));
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = l};

	must(l && number < LISTENERS_MAX && !crowd.listeners[number]);
	crowd.listeners[number] = l;
	l->number = number;
	l->state = CHECKING;
	snprintf(l->username, sizeof(l->username), "%s:%s", ufrag, own);
	snprintf(l->pwd, sizeof(l->pwd), "%s", pwd);
	l->fd = open_socket(port);
	l->ssl = SSL_new(crowd.context);
	l->late = calloc(LATE_MAX, sizeof(*l->late));
	must(l->ssl && l->late && pl_opus_decoder_new(2, &l->decoder) == 0);
	for (uint32_t t = 0; t < TONES_MAX; t++)
		l->level[0][t] = l->level[1][t] = -240;
	SSL_set_bio(l->ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
	BIO_set_mem_eof_return(SSL_get_rbio(l->ssl), -1);
	BIO_set_mem_eof_return(SSL_get_wbio(l->ssl), -1);
	SSL_set_mtu(l->ssl, 1200);
	SSL_set_connect_state(l->ssl);
	must(epoll_ctl(crowd.epoll, EPOLL_CTL_ADD, l->fd, &event) == 0);
	send_check(l);
}

static void leave(struct listener *l)
{
	SSL_shutdown(l->ssl);
	send_dtls(l);
	forget(l);
}

/* --- what is told ---------------------------------------------------------------------------- */

static void look(void)
{
	for (uint32_t k = 0; k < LISTENERS_MAX; k++) {
		const struct listener *l = crowd.listeners[k];

		if (!l)
			continue;
		printf("%u %s %u %u %u %u", k, state_names[l->state], l->n_packets, l->n_gaps,
		       l->n_lost - l->lost_before, l->n_right);
		for (uint32_t side = 0; side < 2; side++)
			for (uint32_t t = 0; t < crowd.n_tones; t++)
				printf(" %.2f", l->level[side][t]);
		printf("\n");
	}
	printf(".\n");
}

static void count_anew(void)
{
	for (uint32_t k = 0; k < LISTENERS_MAX; k++) {
		struct listener *l = crowd.listeners[k];

		if (!l)
			continue;
		l->n_packets = l->n_gaps = l->n_late = 0;
		l->lost_before = l->n_lost;
	}
}

static int compare(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void tell_lateness(void)
{
	double *all = calloc((size_t)LISTENERS_MAX * LATE_MAX, sizeof(*all));
	size_t n = 0;

	must(all != NULL);
	for (uint32_t k = 0; k < LISTENERS_MAX; k++) {
		const struct listener *l = crowd.listeners[k];
		double earliest = INFINITY;

		for (uint32_t i = 0; l && i < l->n_late; i++)
			earliest = fmin(earliest, l->late[i]);
		for (uint32_t i = 0; l && i < l->n_late; i++)
			all[n++] = l->late[i] - earliest;
	}
	qsort(all, n, sizeof(*all), compare);
	printf("%.3f %.3f %.3f\n", n ? all[n / 2] * 1e3 : 0, n ? all[n * 99 / 100] * 1e3 : 0,
	       n ? all[n - 1] * 1e3 : 0);
	free(all);
}

/* --- lines ----------------------------------------------------------------------------------- */

static void expect(struct listener *l, char *words)
{
	for (uint32_t side = 0; side < 2; side++)
		for (uint32_t t = 0; t < crowd.n_tones; t++) {
			const char *word = strsep(&words, " ");

			must(word != NULL);
			l->expected[side][t] = strtod(word, NULL);
		}
	l->expects = true;
	l->n_right = l->n_window = 0;
	pl_opus_decoder_reset(l->decoder);
}

static void obey_for_all(const char *verb)
{
	if (strcmp(verb, "look") == 0)
		look();
	else if (strcmp(verb, "count") == 0)
		count_anew();
	else if (strcmp(verb, "late") == 0)
		tell_lateness();
	fflush(stdout);
}

static void obey(char *line)
{
	const char *verb = strsep(&line, " "), *number = strsep(&line, " ");
	unsigned long k = number ? strtoul(number, NULL, 10) : 0;
	struct listener *l;

	if (!number) {
		obey_for_all(verb);
		return;
	}
	must(k < LISTENERS_MAX);
	l = crowd.listeners[k];
	if (strcmp(verb, "open") == 0 && !l) {
		unsigned long port = strtoul(strsep(&line, " "), NULL, 10);
		const char *ufrag = strsep(&line, " "), *pwd = strsep(&line, " ");

		must(line != NULL);
		join((uint32_t)k, (uint16_t)port, ufrag, pwd, line);
	} else if (strcmp(verb, "expect") == 0 && l) {
		expect(l, line);
	} else if (strcmp(verb, "leave") == 0 && l) {
		leave(l);
	} else if (strcmp(verb, "drop") == 0 && l) {
		forget(l);
	}
}

/** @return false: the caller has gone */
static bool read_lines(void)
{
	static char text[65536];
	static size_t size;
	ssize_t n = read(STDIN_FILENO, text + size, sizeof(text) - 1 - size);
	char *begin = text, *end;

	if (n <= 0)
		return false;
	size += (size_t)n;
	text[size] = '\0';
	while ((end = strchr(begin, '\n'))) {
		*end = '\0';
		obey(begin);
		begin = end + 1;
	}
	size -= (size_t)(begin - text);
	memmove(text, begin, size);
	return true;
}

static int take_any(X509_STORE_CTX *store, void *userdata)
{
	return 1;
}

static void prepare(int argc, char *argv[])
{
	const struct itimerspec every = {{0, TICK_NS}, {0, TICK_NS}};
	struct epoll_event input = {.events = EPOLLIN, .data.ptr = &crowd.epoll};
	struct epoll_event timer = {.events = EPOLLIN, .data.ptr = &crowd.timer};
	uint8_t fingerprint[PL_FINGERPRINT_SIZE];

	crowd.context = SSL_CTX_new(DTLS_method());
	must(crowd.context &&
	     SSL_CTX_set_tlsext_use_srtp(crowd.context, "SRTP_AEAD_AES_128_GCM") == 0);
	make_certificate(crowd.context, false, fingerprint);
	SSL_CTX_set_verify(crowd.context, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_cert_verify_callback(crowd.context, take_any, NULL);
	SSL_CTX_set_options(crowd.context, SSL_OP_NO_QUERY_MTU);
	for (int i = 1; i < argc && crowd.n_tones < TONES_MAX; i++) {
		double hz = strtod(argv[i], NULL);

		for (uint32_t k = 0; k < WINDOW; k++) {
			crowd.waves[crowd.n_tones][0][k] = (float)cos(2 * M_PI * hz * k / RATE);
			crowd.waves[crowd.n_tones][1][k] = (float)sin(2 * M_PI * hz * k / RATE);
		}
		crowd.n_tones++;
	}
	crowd.epoll = epoll_create1(EPOLL_CLOEXEC);
	crowd.timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	must(crowd.epoll >= 0 && crowd.timer >= 0 &&
	     timerfd_settime(crowd.timer, 0, &every, NULL) == 0 &&
	     epoll_ctl(crowd.epoll, EPOLL_CTL_ADD, STDIN_FILENO, &input) == 0 &&
	     epoll_ctl(crowd.epoll, EPOLL_CTL_ADD, crowd.timer, &timer) == 0);
	printf("fingerprint ");
	for (uint32_t i = 0; i < PL_FINGERPRINT_SIZE; i++)
		printf("%s%02X", i ? ":" : "", fingerprint[i]);
	printf("\n");
	fflush(stdout);
}

/** @return false: it is over */
static bool run_once(void)
{
	struct epoll_event events[64];
	int n = epoll_wait(crowd.epoll, events, 64, -1);
	bool has_lines = false;
	uint64_t ticks;

	for (int i = 0; i < n; i++) {
		if (events[i].data.ptr == &crowd.epoll)
			has_lines = true;
		else if (events[i].data.ptr != &crowd.timer)
			receive(events[i].data.ptr);
		else if (read(crowd.timer, &ticks, sizeof(ticks)) == sizeof(ticks))
			for (uint32_t k = 0; k < LISTENERS_MAX; k++)
				if (crowd.listeners[k])
					tick(crowd.listeners[k], (uint32_t)ticks);
	}
	/* Last: a line may forget one of those above. */
	return !has_lines || read_lines();
}

int main(int argc, char *argv[])
{
	prepare(argc, argv);
	while (run_once())
		;
	for (uint32_t k = 0; k < LISTENERS_MAX; k++)
		forget(crowd.listeners[k]);
	SSL_CTX_free(crowd.context);
	close(crowd.timer);
	close(crowd.epoll);
	return 0;
}
