/* SPDX-License-Identifier: MIT */
#include "playback.h"

#include "pltest.h"

#define RATE 48000u
#define QUANTUM 480u
#define CYCLE_NSEC UINT64_C(10000000)
#define BEGIN_NSEC UINT64_C(1000000000)

/** A port in a graph whose cycles are counted by hand. */
struct pl_audio_port {
	uint64_t n_cycles;  /* that have begun */
	uint64_t position;  /* of the next sample to be written */
	uint64_t n_written; /* since it was last looked at */
	uint64_t n_starved;
};

static uint64_t played(const struct pl_audio_port *port)
{
	return port->n_cycles * QUANTUM;
}

static size_t port_available(const struct pl_audio_port *port)
{
	return port->position - played(port);
}

static size_t port_write(struct pl_audio_port *port, const float *samples, size_t n_frames)
{
	port->position += n_frames;
	port->n_written += n_frames;
	return n_frames;
}

static void port_time(const struct pl_audio_port *port, struct pl_audio_time *ret_time)
{
	*ret_time = (struct pl_audio_time){
		.position = port->position,
		.nsec = BEGIN_NSEC + port->position / QUANTUM * CYCLE_NSEC,
		.rate_hz = RATE,
		.quantum = QUANTUM,
		.n_starved = port->n_starved,
	};
}

/** The next cycle begins; what it finds nothing for is silence, and lost. */
static void turn(struct pl_audio_port *port)
{
	port->n_cycles++;
	if (port->position < played(port)) {
		port->n_starved += played(port) - port->position;
		port->position = played(port);
	}
}

static const struct pl_audio_ops ops = {
	.available = port_available, .write = port_write, .time = port_time};

struct rig {
	struct pl_audio_port port;
	struct pl_playback playback;
	struct pl_receiver *receiver;
};

static void rig_init(struct rig *rig)
{
	const struct pl_receiver_config config = {
		.n_channels = 1, .payload_type = 96, .rate_hz = RATE, .jitter = {.max_ms = 300}};

	*rig = (struct rig){.playback = {.audio = &ops}};
	rig->playback.port = &rig->port;
	PL_CHECK_INT(pl_receiver_new(&config, &rig->receiver), 0);
}

static uint64_t run(struct rig *rig, uint64_t now_nsec, uint64_t moved_nsec)
{
	struct pl_audio_time time;

	port_time(&rig->port, &time);
	rig->port.n_written = 0;
	return pl_playback_run(&rig->playback, rig->receiver, &time, now_nsec, moved_nsec);
}

PL_TEST(a_block_a_cycle_as_late_as_is_safe)
{
	struct rig rig;
	uint64_t now = BEGIN_NSEC - CYCLE_NSEC, next = now;

	rig_init(&rig);
	PL_CHECK(rig.receiver);
	for (unsigned i = 0; i < 100; i++) {
		uint64_t cycle_nsec = BEGIN_NSEC + i * CYCLE_NSEC;

		next = run(&rig, now, now);
		PL_EXPECT(rig.port.n_written == 0);
		PL_EXPECT(next < cycle_nsec && next + CYCLE_NSEC > cycle_nsec);
		run(&rig, next, now);
		PL_EXPECT(rig.port.n_written == QUANTUM);
		PL_EXPECT(rig.playback.ahead_ms == (double)(cycle_nsec - next) / 1e6);
		turn(&rig.port);
		now = cycle_nsec;
	}
	PL_EXPECT(rig.port.n_starved == 0);
	pl_receiver_free(rig.receiver);
}

PL_TEST(earlier_after_a_starved_cycle)
{
	struct rig rig;
	uint64_t before, after;

	rig_init(&rig);
	PL_CHECK(rig.receiver);
	run(&rig, BEGIN_NSEC, BEGIN_NSEC);
	turn(&rig.port);
	before = rig.playback.lead.lead_nsec;
	turn(&rig.port);
	PL_EXPECT(rig.port.n_starved == QUANTUM);
	run(&rig, BEGIN_NSEC + CYCLE_NSEC, BEGIN_NSEC + CYCLE_NSEC);
	after = rig.playback.lead.lead_nsec;
	PL_EXPECT(before > 0 && after > before);
	pl_playback_restart(&rig.playback);
	run(&rig, BEGIN_NSEC + CYCLE_NSEC, BEGIN_NSEC + CYCLE_NSEC);
	PL_EXPECT(rig.playback.lead.lead_nsec == before);
	pl_receiver_free(rig.receiver);
}

/** However late it is called: what the port has no room for is not made. */
PL_TEST(never_more_than_the_port_holds)
{
	struct rig rig;
	uint64_t late = BEGIN_NSEC + 1000 * CYCLE_NSEC;

	rig_init(&rig);
	PL_CHECK(rig.receiver);
	PL_EXPECT(run(&rig, late, late) == UINT64_MAX);
	PL_EXPECT(rig.port.n_written <= PL_PLAYBACK_CAPACITY);
	PL_EXPECT(rig.port.n_written + QUANTUM > PL_PLAYBACK_CAPACITY);
	pl_receiver_free(rig.receiver);
}

PL_TEST(nothing_for_a_graph_that_stands_still)
{
	struct rig rig;

	rig_init(&rig);
	PL_CHECK(rig.receiver);
	PL_EXPECT(run(&rig, BEGIN_NSEC + 100 * CYCLE_NSEC, BEGIN_NSEC) == UINT64_MAX);
	PL_EXPECT(rig.port.n_written == 0);
	pl_receiver_free(rig.receiver);
}

PL_TEST_MAIN()
