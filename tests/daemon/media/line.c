/* SPDX-License-Identifier: MIT */
#include "line.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define IN_FLIGHT_MAX 4096u
#define START_S 10.0

struct flying {
	double at;
	size_t size;
	uint8_t data[1500];
};

struct line {
	struct line_config config;
	struct pl_sender *sender;
	struct pl_receiver *receiver;
	uint64_t random;
	double now;
	double next_send, next_receive;
	uint64_t send_position, receive_position;
	bool losing;
	double held_until; /**< packets arrive no sooner */
	uint64_t missed;   /**< frames, which the receiver has not been told of */
	uint64_t n_lost;
	uint32_t n_flying;
	struct flying *flying[IN_FLIGHT_MAX];
};

double line_random(uint64_t *state)
{
	/* splitmix64, Steele, Lea, Flood 2014 */
	uint64_t z = *state += 0x9e3779b97f4a7c15ull;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return (double)((z ^ (z >> 31)) >> 11) * 0x1p-53;
}

void line_defaults(struct line_config *config)
{
	*config = (struct line_config){
		.opus = {.n_channels = 1,
			 .ptime_ms = 5,
			 .bitrate_bps = 64000,
			 .complexity = 5,
			 .fec = true,
			 .expected_loss = 10},
		.jitter = {.safety = 0.5, .max_ms = 200},
		.send_rate_hz = 48000,
		.send_quantum = 256,
		.receive_rate_hz = 48000,
		.receive_quantum = 256,
		.delay_ms = 1,
		.burst = 1,
		.seed = 1,
	};
}

static bool is_lost(struct line *line)
{
	const struct line_config *c = &line->config;
	double burst = fmax(c->burst, 1), end = 1 / burst;
	double begin = c->loss >= 1 ? 1 : c->loss * end / (1 - c->loss);

	line->losing = line->losing ? line_random(&line->random) >= end
				    : line_random(&line->random) < begin;
	return line->losing;
}

static void fly(struct line *line, const uint8_t *data, size_t size, double delay_s)
{
	struct flying *f = malloc(sizeof(*f));

	if (!f || line->n_flying == IN_FLIGHT_MAX)
		abort();
	f->at = fmax(line->now + delay_s, line->held_until);
	f->size = size;
	memcpy(f->data, data, size);
	line->flying[line->n_flying++] = f;
}

static void on_packet(void *userdata, uint8_t *packet, size_t size, size_t capacity)
{
	struct line *line = userdata;
	const struct line_config *c = &line->config;
	double delay_s = c->delay_ms * 1e-3;

	if (is_lost(line)) {
		line->n_lost++;
		return;
	}
	if (c->jitter_ms > 0)
		delay_s += -log(1 - line_random(&line->random)) * c->jitter_ms * 1e-3;
	if (line_random(&line->random) < c->reorder)
		delay_s += (1 + floor(3 * line_random(&line->random))) * c->opus.ptime_ms * 1e-3;
	fly(line, packet, size, delay_s);
	if (line_random(&line->random) < c->duplicates)
		fly(line, packet, size, delay_s + line_random(&line->random) * 0.02);
}

static struct pl_sender *make_sender(struct line *line, uint32_t ssrc)
{
	struct pl_sender_config config = {
		.opus = line->config.opus,
		.rate_hz = line->config.send_rate_hz,
		.payload_type = 96,
		.ssrc = ssrc,
		.sequence = (uint16_t)(65000 + ssrc),
		.timestamp = 0xffff0000u + ssrc,
		.transmit = true,
		.emit = on_packet,
		.userdata = line,
	};
	struct pl_sender *sender;

	if (pl_sender_new(&config, &sender) < 0)
		abort();
	return sender;
}

struct line *line_new(const struct line_config *config)
{
	struct line *line = calloc(1, sizeof(*line));
	struct pl_receiver_config receiver = {
		.n_channels = config->opus.n_channels,
		.payload_type = 96,
		.rate_hz = config->receive_rate_hz,
		.jitter = config->jitter,
	};

	if (!line)
		abort();
	line->config = *config;
	line->random = config->seed;
	line->now = START_S;
	line->next_send = START_S;
	line->next_receive = START_S + config->receive_offset_s;
	line->sender = make_sender(line, 1);
	if (pl_receiver_new(&receiver, &line->receiver) < 0)
		abort();
	return line;
}

struct line *line_free(struct line *line)
{
	if (line) {
		pl_sender_free(line->sender);
		pl_receiver_free(line->receiver);
		for (uint32_t i = 0; i < line->n_flying; i++)
			free(line->flying[i]);
	}
	free(line);
	return NULL;
}

void line_network(struct line *line, const struct line_config *config)
{
	struct line_config *c = &line->config;

	c->delay_ms = config->delay_ms;
	c->jitter_ms = config->jitter_ms;
	c->loss = config->loss;
	c->burst = config->burst;
	c->duplicates = config->duplicates;
	c->reorder = config->reorder;
}

static void send_cycle(struct line *line, line_signal signal, void *userdata)
{
	const struct line_config *c = &line->config;
	float samples[8192];
	const float *planes[2] = {samples, samples};

	for (uint32_t i = 0; i < c->send_quantum; i++)
		samples[i] = signal ? signal(userdata, line->send_position + i) : 0;
	pl_sender_push(line->sender, planes, c->send_quantum);
	line->send_position += c->send_quantum;
	line->next_send += c->send_quantum / (c->send_rate_hz * (1 + c->send_ppm * 1e-6));
}

static void receive_cycle(struct line *line, line_heard heard, void *userdata)
{
	const struct line_config *c = &line->config;
	float samples[2][8192];
	float *planes[2] = {samples[0], samples[1]};

	if (line->missed > 0)
		pl_receiver_skip(line->receiver, line->missed);
	line->missed = 0;
	pl_receiver_pull(line->receiver, planes, c->receive_quantum, line_now(line));
	if (heard)
		heard(userdata, samples[0], c->receive_quantum, line->receive_position);
	line->receive_position += c->receive_quantum;
	line->next_receive += (double)c->receive_quantum / c->receive_rate_hz;
}

/** All that has come by now, in the order of its coming. */
static void deliver(struct line *line, double until)
{
	for (;;) {
		uint32_t best = line->n_flying;
		struct flying *f;

		for (uint32_t i = 0; i < line->n_flying; i++)
			if (line->flying[i]->at <= until &&
			    (best == line->n_flying ||
			     line->flying[i]->at < line->flying[best]->at))
				best = i;
		if (best == line->n_flying)
			return;
		f = line->flying[best];
		memmove(&line->flying[best], &line->flying[best + 1],
			(--line->n_flying - best) * sizeof(line->flying[0]));
		line->now = fmax(line->now, f->at);
		pl_receiver_push(line->receiver, f->data, f->size, line_now(line));
		free(f);
	}
}

void line_run(struct line *line, double seconds, line_signal signal, line_heard heard,
	      void *userdata)
{
	double end = line->now + seconds;

	while (line->now < end) {
		bool is_send = line->next_send <= line->next_receive;
		double next = is_send ? line->next_send : line->next_receive;

		deliver(line, next);
		line->now = next;
		if (is_send)
			send_cycle(line, signal, userdata);
		else
			receive_cycle(line, heard, userdata);
	}
}

struct pl_sender *line_sender(struct line *line)
{
	return line->sender;
}

struct pl_receiver *line_receiver(struct line *line)
{
	return line->receiver;
}

uint64_t line_now(const struct line *line)
{
	return (uint64_t)(line->now * 1e9);
}

uint64_t line_n_lost(const struct line *line)
{
	return line->n_lost;
}

void line_hold(struct line *line, double seconds)
{
	line->held_until = line->now + seconds;
	for (uint32_t i = 0; i < line->n_flying; i++)
		line->flying[i]->at = fmax(line->flying[i]->at, line->held_until);
}

void line_miss_cycles(struct line *line, uint32_t n)
{
	uint64_t n_frames = (uint64_t)n * line->config.receive_quantum;

	line->receive_position += n_frames;
	line->next_receive += (double)n_frames / line->config.receive_rate_hz;
	line->missed = n_frames;
}

void line_restart_sender(struct line *line, uint32_t ssrc)
{
	pl_sender_free(line->sender);
	line->sender = make_sender(line, ssrc);
}
