/* SPDX-License-Identifier: MIT */
#include "engine-tones-config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <spa/pod/dynamic.h>
#include <spa/utils/cleanup.h>
#include <spa/utils/defs.h>

SPA_STATIC_ASSERT(PL_TONE_INPUTS_MAX <= PL_TONE_PORTS_MAX);
SPA_STATIC_ASSERT(PL_PAGES_MAX <= PL_TONE_PAGES_MAX);
SPA_STATIC_ASSERT(PL_TONE_INPUTS_MAX *PL_TONE_INPUT_FILTERS_MAX <= PL_TONE_BANDS_MAX);

static bool endpoint_equal(struct pl_endpoint a, struct pl_endpoint b)
{
	return a.is_tablet == b.is_tablet && a.id == b.id;
}

/** @return from 1; 0: none */
static uint32_t port_of(const struct engine_tones_config *config, struct pl_endpoint endpoint)
{
	for (uint32_t i = 0; i < config->n_inputs; i++) {
		if (endpoint_equal(config->endpoints[i], endpoint))
			return i + 1u;
	}
	return 0;
}

static uint32_t number_of(const struct engine_tones_config *config, const char *page_id)
{
	for (size_t i = 0; i < config->n_pages; i++) {
		if (strcmp(config->pages[i].page_id, page_id) == 0)
			return config->pages[i].number;
	}
	return 0;
}

static double tolerance_hz(const struct pl_page_def *page, double hz, double tolerance)
{
	if (page->tolerance_unit == PL_TOLERANCE_PERCENT)
		tolerance *= hz / 100.0;
	/* The node's limits; half a hertz no detector tells apart. */
	return SPA_CLAMPD(tolerance, 0.5, hz / 10.0);
}

static uint32_t fill_page(const struct engine_tones_config *config, const struct pl_page_def *page,
			  uint32_t number, double fields[PL_TONE_PAGE_FIELDS])
{
	bool two = page->kind == PL_PAGE_TWO_TONE;

	fields[0] = port_of(config, page->source);
	fields[1] = number;
	fields[2] = page->a_hz;
	fields[3] = two ? page->b_hz : 0.0;
	fields[4] = page->a_length_s;
	fields[5] = two ? page->b_length_s : 0.0;
	fields[6] = tolerance_hz(page, page->a_hz, page->a_tolerance);
	fields[7] = two ? tolerance_hz(page, page->b_hz, page->b_tolerance) : 0.0;
	return fields[0] > 0.0 ? PL_TONE_PAGE_FIELDS : 0;
}

static void build_rows(struct spa_pod_builder *b, const char *name, const double *rows, uint32_t n)
{
	spa_pod_builder_string(b, name);
	spa_pod_builder_array(b, sizeof(double), SPA_TYPE_Double, n, rows);
}

static int build_pages(struct engine_tones_config *config, const struct engine_tones_config *before,
		       const struct pl_gateway *gateway, struct spa_pod_builder *b)
{
	double *rows = calloc(gateway->n_pages + 1u, PL_TONE_PAGE_FIELDS * sizeof(*rows));
	uint32_t n = 0;

	config->pages = calloc(gateway->n_pages + 1u, sizeof(*config->pages));
	if (!rows || !config->pages) {
		free(rows);
		return -ENOMEM;
	}
	for (size_t i = 0; i < gateway->n_pages; i++) {
		const struct pl_page_def *page = &gateway->pages[i];
		struct engine_tones_page *own = &config->pages[config->n_pages];

		if (page->kind == PL_PAGE_DTMF)
			continue;
		own->number = number_of(before, page->id);
		if (own->number == 0)
			own->number = ++config->last_number;
		snprintf(own->page_id, sizeof(own->page_id), "%s", page->id);
		config->n_pages++;
		n += fill_page(config, page, own->number, rows + n);
	}
	build_rows(b, PL_PARAM_TONE_PAGES, rows, n);
	free(rows);
	return 0;
}

static int build_filters(const struct pl_gateway *gateway, struct spa_pod_builder *b)
{
	double *rows = calloc(PL_TONE_BANDS_MAX, PL_TONE_FILTER_FIELDS * sizeof(*rows));
	uint32_t n = 0;

	if (!rows)
		return -ENOMEM;
	for (size_t i = 0; i < gateway->n_tone_inputs; i++) {
		const struct pl_tone_input *input = &gateway->tone_inputs[i];

		for (uint32_t k = 0; k < input->n_filters; k++) {
			const struct pl_tone_filter *filter = &input->filters[k];

			rows[n++] = (double)i + 1.0;
			rows[n++] = (double)filter->type;
			rows[n++] = filter->frequency_hz;
			rows[n++] = filter->range_hz;
		}
	}
	build_rows(b, PL_PARAM_TONE_FILTERS, rows, n);
	free(rows);
	return 0;
}

static void build_inputs(const struct pl_gateway *gateway, struct spa_pod_builder *b)
{
	double rows[PL_TONE_INPUTS_MAX * PL_TONE_FIND_FIELDS];
	uint64_t dtmf = 0;
	uint32_t n = 0;

	for (size_t i = 0; i < gateway->n_tone_inputs; i++) {
		const struct pl_tone_input *input = &gateway->tone_inputs[i];

		if (input->dtmf)
			dtmf |= UINT64_C(1) << i;
		if (!input->find_new)
			continue;
		rows[n++] = (double)i + 1.0;
		rows[n++] = input->new_length_s;
		rows[n++] = input->new_range_hz;
	}
	spa_pod_builder_string(b, PL_PARAM_TONE_DTMF);
	spa_pod_builder_long(b, (int64_t)dtmf);
	build_rows(b, PL_PARAM_TONE_FIND, rows, n);
}

int engine_tones_config_init(struct engine_tones_config *config,
			     const struct engine_tones_config *before,
			     const struct pl_gateway *gateway)
{
	spa_auto(spa_pod_dynamic_builder) b = {0};
	struct spa_pod_frame object, params;
	struct spa_pod *pod;
	int r;

	*config = (struct engine_tones_config){.last_number = before->last_number};
	config->n_inputs = (uint32_t)SPA_MIN(gateway->n_tone_inputs, (size_t)PL_TONE_INPUTS_MAX);
	for (uint32_t i = 0; i < config->n_inputs; i++)
		config->endpoints[i] = gateway->tone_inputs[i].endpoint;
	spa_pod_dynamic_builder_init(&b, NULL, 0, 4096);
	spa_pod_builder_push_object(&b.b, &object, SPA_TYPE_OBJECT_Props, SPA_PARAM_Props);
	spa_pod_builder_prop(&b.b, SPA_PROP_params, 0);
	spa_pod_builder_push_struct(&b.b, &params);
	build_inputs(gateway, &b.b);
	r = build_pages(config, before, gateway, &b.b);
	if (r >= 0)
		r = build_filters(gateway, &b.b);
	if (r < 0)
		return r;
	spa_pod_builder_pop(&b.b, &params);
	pod = spa_pod_builder_pop(&b.b, &object);
	config->props = pod ? spa_pod_copy(pod) : NULL;
	return config->props ? 0 : -ENOMEM;
}

void engine_tones_config_done(struct engine_tones_config *config)
{
	free(spa_steal_ptr(config->pages));
	free(spa_steal_ptr(config->props));
	config->n_pages = 0;
	config->n_inputs = 0;
}

bool engine_tones_config_same_inputs(const struct engine_tones_config *a,
				     const struct engine_tones_config *b)
{
	if (a->n_inputs != b->n_inputs)
		return false;
	for (uint32_t i = 0; i < a->n_inputs; i++) {
		if (!endpoint_equal(a->endpoints[i], b->endpoints[i]))
			return false;
	}
	return true;
}

char *engine_tones_config_targets(const struct engine_tones_config *config)
{
	const size_t name_max = 48;
	size_t size = config->n_inputs * name_max + 1u, used = 0;
	char *targets = calloc(1, size);

	for (uint32_t i = 0; targets && i < config->n_inputs; i++) {
		struct pl_endpoint e = config->endpoints[i];

		used += (size_t)snprintf(targets + used, size - used, i ? " " : "%s", "");
		used += (size_t)snprintf(targets + used, size - used,
					 e.is_tablet ? PL_NODE_TABLET_FMT : PL_NODE_CHANNEL_FMT,
					 e.id);
	}
	return targets;
}

static enum pl_tone_event_type type_of(enum pl_tones_kind kind)
{
	switch (kind) {
	case PL_TONES_TWO_TONE:
	case PL_TONES_LONG:
		return PL_TONE_PAGE;
	case PL_TONES_NEW_PAIR:
		return PL_TONE_NEW_PAIR;
	default:
		return PL_TONE_DIGIT;
	}
}

bool engine_tones_config_event(const struct engine_tones_config *config,
			       const struct pl_tones_event *event, struct pl_tone_event *ret_tone)
{
	struct pl_tone_event tone = {
		.type = type_of(event->kind),
		.a_hz = event->a_hz,
		.b_hz = event->b_hz,
		.a_length_s = event->a_length_s,
		.b_length_s = event->b_length_s,
		.level_db = event->level_db,
		.begin_position = event->begin_position,
		.end_position = event->end_position,
		.end_nsec = event->nsec,
	};

	/* Control hears of a digit once, when its length is known. */
	if (event->port > config->n_inputs || event->kind == PL_TONES_DIGIT)
		return false;
	tone.endpoint = config->endpoints[event->port - 1u];
	if (tone.type == PL_TONE_DIGIT) {
		tone.digit = (char)event->id;
		if (!tone.digit || !strchr("0123456789ABCD*#", tone.digit))
			return false;
	}
	for (size_t i = 0; tone.type == PL_TONE_PAGE && i < config->n_pages; i++) {
		if (config->pages[i].number == event->id)
			snprintf(tone.page_id, sizeof(tone.page_id), "%s",
				 config->pages[i].page_id);
	}
	if (tone.type == PL_TONE_PAGE && !tone.page_id[0])
		return false;
	*ret_tone = tone;
	return true;
}
