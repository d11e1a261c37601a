/* SPDX-License-Identifier: MIT */
/* Definitions as the tone node takes them, and its events as control takes them. */
#include <stdlib.h>

#include "engine-tones-config.h"
#include "tone-params.h"

#include "pltest.h"

static struct pl_page_def make_page(const char *id, enum pl_page_kind kind, uint32_t channel,
				    double a_hz, double b_hz)
{
	struct pl_page_def page;

	pl_page_def_init(&page);
	snprintf(page.id, sizeof(page.id), "%s", id);
	page.kind = kind;
	page.source = (struct pl_endpoint){.is_tablet = false, .id = channel};
	page.a_hz = a_hz;
	page.b_hz = b_hz;
	page.a_length_s = 0.2;
	page.b_length_s = 20.0;
	return page;
}

/** What the node itself makes of the message; it refuses all of one that has a bad value. */
static int parse(const struct engine_tones_config *config, struct pl_tone_settings *settings)
{
	char name[PL_POD_NAME_MAX];

	memset(settings, 0, sizeof(*settings));
	settings->n_ports = config->n_inputs;
	return pl_tone_params_parse(settings, config->props, SPA_POD_SIZE(config->props), name);
}

static void fill(struct pl_gateway *gateway, struct pl_tone_input inputs[2],
		 struct pl_page_def *pages, size_t n_pages)
{
	*gateway = (struct pl_gateway){
		.tone_inputs = inputs, .n_tone_inputs = 2, .pages = pages, .n_pages = n_pages};
	for (int i = 0; i < 2; i++)
		pl_tone_input_init(&inputs[i]);
	inputs[0].endpoint = (struct pl_endpoint){.is_tablet = false, .id = 3};
	inputs[1].endpoint = (struct pl_endpoint){.is_tablet = true, .id = 5};
	inputs[1].dtmf = true;
	inputs[1].find_new = true;
	inputs[0].n_filters = 1;
	inputs[0].filters[0] = (struct pl_tone_filter){
		.type = PL_FILTER_CENTER, .frequency_hz = 24000.0, .range_hz = 24000.0};
}

PL_TEST(the_node_takes_what_the_model_allows)
{
	struct pl_page_def pages[] = {
		make_page("low", PL_PAGE_TWO_TONE, 3, 200.0, 3500.0),
		make_page("exact", PL_PAGE_TWO_TONE, 3, 1000.0, 1500.0),
		make_page("wide", PL_PAGE_LONG, 3, 3500.0, 0.0),
		make_page("digits", PL_PAGE_DTMF, 3, 0.0, 0.0),
	};
	struct engine_tones_config none = {0}, config;
	struct pl_tone_settings *settings = malloc(sizeof(*settings));
	struct pl_tone_input inputs[2];
	struct pl_gateway gateway;
	char *targets;

	if (!settings)
		abort();
	fill(&gateway, inputs, pages, 4);
	pages[1].a_tolerance = pages[1].b_tolerance = 0.0;
	pages[2].a_tolerance = 200.0;
	PL_EXPECT(engine_tones_config_init(&config, &none, &gateway) == 0);
	PL_EXPECT(parse(&config, settings) == 0);
	PL_EXPECT(settings->n_pages == 3 && settings->n_filters == 1 && settings->n_find == 1);
	PL_EXPECT(settings->dtmf == 2);
	PL_EXPECT(settings->pages[0][0] == 1.0 && settings->pages[0][3] == 3500.0);
	PL_EXPECT(fabs(settings->pages[0][6] - 2.4) < 1e-9); /* 1.2 per cent */
	PL_EXPECT(settings->pages[2][3] == 0.0 && settings->pages[2][6] == 350.0);
	PL_EXPECT(settings->find[0][0] == 2.0 && settings->filters[0][1] == 2.0);
	targets = engine_tones_config_targets(&config);
	PL_EXPECT(targets && strcmp(targets, "partyline.channel.3 partyline.tablet.5") == 0);
	free(targets);
	engine_tones_config_done(&config);
	free(settings);
}

PL_TEST(pages_keep_their_numbers)
{
	struct pl_page_def pages[] = {
		make_page("one", PL_PAGE_TWO_TONE, 3, 1000.0, 1500.0),
		make_page("two", PL_PAGE_TWO_TONE, 3, 600.0, 800.0),
		make_page("three", PL_PAGE_LONG, 3, 700.0, 0.0),
	};
	struct engine_tones_config none = {0}, before, after;
	struct pl_tones_event event = {.port = 1, .kind = PL_TONES_TWO_TONE};
	struct pl_tone_event tone;
	struct pl_tone_input inputs[2];
	struct pl_gateway gateway;

	fill(&gateway, inputs, pages, 2);
	PL_EXPECT(engine_tones_config_init(&before, &none, &gateway) == 0);
	/* "one" goes, "three" comes: an event of "one" on its way means nothing any more. */
	gateway.pages = pages + 1;
	PL_EXPECT(engine_tones_config_init(&after, &before, &gateway) == 0);
	PL_EXPECT(engine_tones_config_same_inputs(&before, &after));
	event.id = before.pages[0].number;
	PL_EXPECT(engine_tones_config_event(&before, &event, &tone));
	PL_EXPECT(strcmp(tone.page_id, "one") == 0 && tone.type == PL_TONE_PAGE);
	PL_EXPECT(!engine_tones_config_event(&after, &event, &tone));
	event.id = before.pages[1].number;
	PL_EXPECT(engine_tones_config_event(&after, &event, &tone));
	PL_EXPECT(strcmp(tone.page_id, "two") == 0 && tone.endpoint.id == 3);
	inputs[1].endpoint.id = 6;
	engine_tones_config_done(&before);
	PL_EXPECT(engine_tones_config_init(&before, &none, &gateway) == 0);
	PL_EXPECT(!engine_tones_config_same_inputs(&before, &after));
	engine_tones_config_done(&before);
	engine_tones_config_done(&after);
}

PL_TEST(what_control_is_told)
{
	struct engine_tones_config none = {0}, config;
	struct pl_tones_event event = {.port = 2, .kind = PL_TONES_DIGIT, .id = '#'};
	struct pl_tone_event tone;
	struct pl_tone_input inputs[2];
	struct pl_gateway gateway;

	fill(&gateway, inputs, NULL, 0);
	PL_EXPECT(engine_tones_config_init(&config, &none, &gateway) == 0);
	/* Of a digit once, when it has ended. */
	PL_EXPECT(!engine_tones_config_event(&config, &event, &tone));
	event.kind = PL_TONES_DIGIT_END;
	PL_EXPECT(engine_tones_config_event(&config, &event, &tone));
	PL_EXPECT(tone.type == PL_TONE_DIGIT && tone.digit == '#' && tone.endpoint.is_tablet &&
		  tone.endpoint.id == 5);
	event.id = 'x';
	PL_EXPECT(!engine_tones_config_event(&config, &event, &tone));
	event = (struct pl_tones_event){.port = 3, .kind = PL_TONES_NEW_PAIR};
	PL_EXPECT(!engine_tones_config_event(&config, &event, &tone));
	event.port = 1;
	PL_EXPECT(engine_tones_config_event(&config, &event, &tone));
	PL_EXPECT(tone.type == PL_TONE_NEW_PAIR);
	engine_tones_config_done(&config);
}

PL_TEST_MAIN()
