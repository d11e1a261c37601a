/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "matrix-params.h"

/* First byte: bit 0 Props or control sequence, bits 1.. size of the matrix; then the bytes. */

#define N_FRAMES 64u
#define EVENTS_MAX 8u

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void parse_control(const uint8_t *data, size_t size, uint32_t n_tablets, uint32_t n_channels)
{
	struct pl_mixer_event events[EVENTS_MAX];
	uint32_t n_bad, n, last = 0;

	n = pl_matrix_params_parse_control(data, size, N_FRAMES, n_tablets, n_channels, events,
					   EVENTS_MAX, &n_bad);
	require(n <= EVENTS_MAX);
	for (uint32_t i = 0; i < n; i++) {
		require(events[i].offset < N_FRAMES && events[i].offset >= last);
		require(events[i].tablet < n_tablets && events[i].channel < n_channels);
		last = events[i].offset;
	}
}

static void parse_props(const uint8_t *data, size_t size, uint32_t n_tablets, uint32_t n_channels)
{
	static struct pl_matrix_update update;
	struct pl_matrix_settings settings;
	const struct pl_matrix_settings *s = &update.settings;
	char name[PL_POD_NAME_MAX];
	int r;

	pl_matrix_settings_init(&settings, n_tablets, n_channels);
	pl_matrix_update_init(&update, &settings);
	r = pl_matrix_params_parse(&update, data, size, name);
	require(r == 0 || r == -EINVAL);
	if (r < 0) {
		require(memchr(name, 0, sizeof(name)) != NULL);
		return;
	}
	require(s->headroom_db >= 0.0 && s->headroom_db <= PL_HEADROOM_DB_MAX);
	require(s->ramp_ms >= PL_RAMP_MS_MIN && s->ramp_ms <= PL_RAMP_MS_MAX);
	for (uint32_t t = 0; t < n_tablets; t++) {
		require((uint32_t)s->modes[t] < PL_TALK_MODE_MAX_);
		require(s->sidetone[t] >= 0.0 && s->sidetone[t] <= PL_SIDETONE_MAX);
		require((update.keys[t] >> (n_channels - 1u)) <= 1u);
		for (uint32_t c = 0; c < n_channels; c++) {
			require(s->uplink[c][t] >= 0.0 && s->uplink[c][t] <= PL_GAIN_MAX);
			require(s->downlink[t][c] >= 0.0 && s->downlink[t][c] <= PL_GAIN_MAX);
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint32_t n_tablets, n_channels;

	if (size < 1)
		return 0;
	n_tablets = data[0] & 2u ? 16u : 2u;
	n_channels = data[0] & 4u ? 4u : 2u;
	if (data[0] & 1u)
		parse_control(data + 1, size - 1, n_tablets, n_channels);
	else
		parse_props(data + 1, size - 1, n_tablets, n_channels);
	return 0;
}
