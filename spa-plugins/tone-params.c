/* SPDX-License-Identifier: MIT */
#include "tone-params.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include <spa/param/param.h>
#include <spa/param/props.h>
#include <spa/utils/defs.h>
#include <spa/utils/type.h>

#include "props.h"

static bool in_range(double value, double min, double max)
{
	return value >= min && value <= max;
}

static bool is_whole(double value, double min, double max)
{
	return in_range(value, min, max) && value == floor(value);
}

static bool is_tone(double hz, double length_s, double tolerance_hz)
{
	return in_range(hz, 200.0, 3500.0) && in_range(length_s, 0.2, 20.0) && tolerance_hz > 0.0 &&
	       tolerance_hz <= hz / 10.0;
}

static bool page_is_valid(const struct pl_tone_settings *s, const double *f)
{
	/* port, id, a_hz, b_hz, a_length_s, b_length_s, a_tolerance_hz, b_tolerance_hz */
	if (!is_whole(f[0], 1.0, s->n_ports) || !is_whole(f[1], 1.0, (double)UINT32_MAX) ||
	    !is_tone(f[2], f[4], f[6]))
		return false;
	return (f[3] == 0.0 && f[5] == 0.0 && f[7] == 0.0) || is_tone(f[3], f[5], f[7]);
}

static bool filter_is_valid(const struct pl_tone_settings *s, const double *f)
{
	/* port, type, frequency_hz, range_hz */
	return is_whole(f[0], 1.0, s->n_ports) && is_whole(f[1], 0.0, 2.0) &&
	       in_range(f[2], 0.0, 24000.0) && in_range(f[3], 0.0, 24000.0);
}

static bool find_is_valid(const struct pl_tone_settings *s, const double *f)
{
	/* port, length_s, range_hz */
	return is_whole(f[0], 1.0, s->n_ports) && in_range(f[1], 0.2, 20.0) &&
	       in_range(f[2], 0.0, 100.0);
}

/** Rows of n_fields numbers. @return false: a value out of range, or too many or few */
static bool parse_rows(const struct pl_tone_settings *s, const struct pl_pod *pod, double *rows,
		       uint32_t n_fields, uint32_t max,
		       bool (*is_valid)(const struct pl_tone_settings *s, const double *fields),
		       uint32_t *ret_n)
{
	struct pl_pod_list list;
	struct pl_pod value;
	uint32_t n = 0;

	if (!pl_pod_list_init(&list, pod))
		return false;
	for (; pl_pod_list_next(&list, &value); n++) {
		if (n == max * n_fields || !pl_pod_get_number(&value, &rows[n]))
			return false;
		if (n % n_fields == n_fields - 1u && !is_valid(s, rows + n + 1u - n_fields))
			return false;
	}
	*ret_n = n / n_fields;
	return n % n_fields == 0 && list.reader.size == 0;
}

static bool parse_dtmf(struct pl_tone_settings *s, const struct pl_pod *pod)
{
	return pl_pod_get_bits(pod, &s->dtmf) && (s->n_ports == 64u || s->dtmf >> s->n_ports == 0);
}

static bool parse_pages(struct pl_tone_settings *s, const struct pl_pod *pod)
{
	return parse_rows(s, pod, &s->pages[0][0], PL_TONE_PAGE_FIELDS, PL_TONE_PAGES_MAX,
			  page_is_valid, &s->n_pages);
}

static bool parse_filters(struct pl_tone_settings *s, const struct pl_pod *pod)
{
	return parse_rows(s, pod, &s->filters[0][0], PL_TONE_FILTER_FIELDS, PL_TONE_BANDS_MAX,
			  filter_is_valid, &s->n_filters);
}

static bool parse_find(struct pl_tone_settings *s, const struct pl_pod *pod)
{
	return parse_rows(s, pod, &s->find[0][0], PL_TONE_FIND_FIELDS, PL_TONE_PORTS_MAX,
			  find_is_valid, &s->n_find);
}

static const struct {
	const char *name;
	bool (*parse)(struct pl_tone_settings *s, const struct pl_pod *pod);
	const char *description;
} params[] = {
	{PL_PARAM_TONE_DTMF, parse_dtmf, "Ports that report DTMF digits, bit (port - 1)"},
	{PL_PARAM_TONE_PAGES, parse_pages,
	 "Pages: port, id, Hz A, Hz B, seconds A, seconds B, tolerance Hz A, tolerance Hz B"},
	{PL_PARAM_TONE_FILTERS, parse_filters,
	 "What is taken out first: port, type (0 below, 1 above, 2 center), Hz, range Hz"},
	{PL_PARAM_TONE_FIND, parse_find, "Ports that report unknown pairs: port, seconds, Hz"},
};

static bool parse_param(void *userdata, const char *name, const struct pl_pod *pod)
{
	struct pl_tone_settings *s = userdata;

	for (uint32_t i = 0; i < SPA_N_ELEMENTS(params); i++) {
		if (strcmp(params[i].name, name) == 0)
			return params[i].parse(s, pod);
	}
	return pl_props_is_foreign(name);
}

int pl_tone_params_parse(struct pl_tone_settings *settings, const void *data, size_t size,
			 char ret_name[PL_POD_NAME_MAX])
{
	return pl_props_read(data, size, parse_param, settings, ret_name);
}

static void build_rows(struct spa_pod_builder *b, const char *name, const double *rows,
		       uint32_t n_rows, uint32_t n_fields)
{
	spa_pod_builder_string(b, name);
	spa_pod_builder_array(b, sizeof(double), SPA_TYPE_Double, n_rows * n_fields, rows);
}

struct spa_pod *pl_tone_params_build(const struct pl_tone_settings *s, struct spa_pod_builder *b)
{
	struct spa_pod_frame object, list;

	spa_pod_builder_push_object(b, &object, SPA_TYPE_OBJECT_Props, SPA_PARAM_Props);
	spa_pod_builder_prop(b, SPA_PROP_params, 0);
	spa_pod_builder_push_struct(b, &list);
	spa_pod_builder_string(b, PL_PARAM_TONE_DTMF);
	spa_pod_builder_long(b, (int64_t)s->dtmf);
	build_rows(b, PL_PARAM_TONE_PAGES, &s->pages[0][0], s->n_pages, PL_TONE_PAGE_FIELDS);
	build_rows(b, PL_PARAM_TONE_FILTERS, &s->filters[0][0], s->n_filters,
		   PL_TONE_FILTER_FIELDS);
	build_rows(b, PL_PARAM_TONE_FIND, &s->find[0][0], s->n_find, PL_TONE_FIND_FIELDS);
	spa_pod_builder_pop(b, &list);
	return spa_pod_builder_pop(b, &object);
}

int pl_tone_params_build_info(uint32_t index, struct spa_pod_builder *b, struct spa_pod **ret_param)
{
	struct spa_pod_frame object;

	if (index >= SPA_N_ELEMENTS(params))
		return 0;
	spa_pod_builder_push_object(b, &object, SPA_TYPE_OBJECT_PropInfo, SPA_PARAM_PropInfo);
	spa_pod_builder_prop(b, SPA_PROP_INFO_name, 0);
	spa_pod_builder_string(b, params[index].name);
	spa_pod_builder_prop(b, SPA_PROP_INFO_description, 0);
	spa_pod_builder_string(b, params[index].description);
	spa_pod_builder_prop(b, SPA_PROP_INFO_type, 0);
	if (params[index].parse == parse_dtmf)
		spa_pod_builder_long(b, 0);
	else
		spa_pod_builder_double(b, 0.0);
	spa_pod_builder_prop(b, SPA_PROP_INFO_params, 0);
	spa_pod_builder_bool(b, true);
	*ret_param = spa_pod_builder_pop(b, &object);
	return 1;
}
