/* SPDX-License-Identifier: MIT */
#include "bench.h"

#include <errno.h>
#include <string.h>

static int apply(void *engine, const struct pl_model *before, const struct pl_model *after)
{
	struct bench *b = engine;

	if (before && b->apply_result < 0)
		return b->apply_result;
	if (before && !pl_model_equal(&b->kept_model, after))
		b->applied_before_kept = true;
	b->engine_model = *after;
	b->n_applied++;
	return 0;
}

static int apply_keys(void *engine, const struct pl_model *before, const struct pl_model *after,
		      uint64_t nsec)
{
	struct bench *b = engine;

	b->keys_nsec = nsec;
	return apply(engine, before, after);
}

static int read_meters(void *engine, struct pl_meters_data *ret_data)
{
	return -ENODATA;
}

static bool is_connected(void *engine)
{
	return true;
}

static int keep(void *keeper, const struct pl_model *model, bool keys_only)
{
	struct bench *b = keeper;

	if (b->keep_result < 0 && !pl_model_equal(model, &b->kept_model))
		return b->keep_result;
	b->kept_model = *model;
	b->n_kept++;
	b->n_kept_keys_only += keys_only;
	return 0;
}

int bench_init(struct bench *b, uint32_t n_tablets, uint32_t n_channels,
	       void (*on_event)(void *userdata, const struct pl_event *event), void *userdata)
{
	static const struct pl_engine_ops engine = {
		.apply = apply,
		.read_meters = read_meters,
		.is_connected = is_connected,
		.apply_keys = apply_keys,
	};
	static const struct pl_keeper_ops keeper = {.keep = keep};
	struct pl_model model;
	int r;

	memset(b, 0, sizeof(*b));
	pl_config_defaults(&b->config);
	pl_model_init(&model, n_tablets, n_channels);
	b->kept_model = model;
	r = pl_control_new(&b->config, &model, &engine, b, &keeper, b, &b->control);
	if (r < 0)
		return r;
	b->listener = (struct pl_listener){.on_event = on_event, .userdata = userdata};
	pl_control_add_listener(b->control, &b->listener);
	return 0;
}

void bench_done(struct bench *b)
{
	b->control = pl_control_free(b->control);
	pl_config_done(&b->config);
}
