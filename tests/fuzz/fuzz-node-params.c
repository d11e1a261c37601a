/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <spa/param/param.h>
#include <spa/pod/builder.h>
#include <spa/utils/type.h>

#include "fuzz.h"
#include "params.h"

/* The bytes of a Props object, read with a table that has one of each kind; what was accepted
 * must be in range and must build again. */

static const char *const words[] = {"ptt", "vox", "duck"};

static const struct pl_param params[] = {
	{"partyline.gate.mode", "word", SPA_TYPE_Int, 0, 0, 2, words},
	{"partyline.gate.key", "switch", SPA_TYPE_Bool, 0, 0, 1, NULL},
	{"partyline.gate.hold-ms", "number", SPA_TYPE_Double, 300, 0, 10000, NULL},
	{"partyline.meter.reset", "counter", SPA_TYPE_Long, 0, 0, PL_PARAM_LONG_MAX, NULL},
};

#define N_PARAMS (sizeof(params) / sizeof(params[0]))

static void require(bool holds)
{
	if (!holds)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	double values[N_PARAMS];
	char name[PL_POD_NAME_MAX];
	uint8_t buffer[1024];
	struct spa_pod_builder b = SPA_POD_BUILDER_INIT(buffer, sizeof(buffer));
	struct spa_pod_frame frame;
	int r;

	for (size_t i = 0; i < N_PARAMS; i++)
		values[i] = params[i].def;
	r = pl_params_parse(params, N_PARAMS, values, data, size, name);
	require(r == 0 || r == -EINVAL);
	if (r < 0) {
		require(memchr(name, 0, sizeof(name)) != NULL);
		return 0;
	}
	for (size_t i = 0; i < N_PARAMS; i++) {
		require(values[i] >= params[i].min && values[i] <= params[i].max);
		require(params[i].type == SPA_TYPE_Double || values[i] == trunc(values[i]));
	}
	spa_pod_builder_push_struct(&b, &frame);
	pl_params_build(params, N_PARAMS, values, &b);
	require(spa_pod_builder_pop(&b, &frame) != NULL);
	return 0;
}
