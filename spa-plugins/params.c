/* SPDX-License-Identifier: MIT */
#include "params.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include <spa/param/param.h>
#include <spa/param/props.h>
#include <spa/utils/type.h>

#include "props.h"

static bool parse_word(const struct pl_param *param, const struct pl_pod *pod, double *ret_value)
{
	char word[PL_POD_NAME_MAX];

	if (!param->words || !pl_pod_get_name(pod, word))
		return false;
	for (uint32_t i = 0; i <= (uint32_t)param->max; i++) {
		if (strcmp(param->words[i], word) == 0) {
			*ret_value = i;
			return true;
		}
	}
	return false;
}

static bool parse_value(const struct pl_param *param, const struct pl_pod *pod, double *ret_value)
{
	double value;

	if (parse_word(param, pod, ret_value))
		return true;
	if (!pl_pod_get_number(pod, &value))
		return false;
	if (value < param->min || value > param->max)
		return false;
	if (param->type != SPA_TYPE_Double && value != trunc(value))
		return false;
	*ret_value = value;
	return true;
}

struct table {
	const struct pl_param *params;
	uint32_t n_params;
	double *values;
};

static bool parse_param(void *userdata, const char *name, const struct pl_pod *pod)
{
	const struct table *table = userdata;

	for (uint32_t i = 0; i < table->n_params; i++) {
		if (strcmp(table->params[i].name, name) == 0)
			return parse_value(&table->params[i], pod, &table->values[i]);
	}
	return pl_props_is_foreign(name);
}

int pl_params_parse(const struct pl_param *params, uint32_t n_params, double *values,
		    const void *data, size_t size, char ret_name[PL_POD_NAME_MAX])
{
	struct table table = {params, n_params, values};

	return pl_props_read(data, size, parse_param, &table, ret_name);
}

static void build_value(const struct pl_param *param, double value, struct spa_pod_builder *b)
{
	switch (param->type) {
	case SPA_TYPE_Bool:
		spa_pod_builder_bool(b, value != 0.0);
		break;
	case SPA_TYPE_Int:
		spa_pod_builder_int(b, (int32_t)value);
		break;
	case SPA_TYPE_Long:
		spa_pod_builder_long(b, (int64_t)value);
		break;
	default:
		spa_pod_builder_double(b, value);
		break;
	}
}

void pl_params_build(const struct pl_param *params, uint32_t n_params, const double *values,
		     struct spa_pod_builder *b)
{
	for (uint32_t i = 0; i < n_params; i++) {
		const struct pl_param *param = &params[i];

		spa_pod_builder_string(b, param->name);
		if (param->words)
			spa_pod_builder_string(b, param->words[(uint32_t)values[i]]);
		else
			build_value(param, values[i], b);
	}
}

static void build_range(const struct pl_param *param, struct spa_pod_builder *b)
{
	struct spa_pod_frame choice;
	uint32_t type = param->type == SPA_TYPE_Bool ? SPA_CHOICE_Enum : SPA_CHOICE_Range;

	if (param->type == SPA_TYPE_Long) {
		build_value(param, param->def, b);
		return;
	}
	spa_pod_builder_push_choice(b, &choice, type, 0);
	build_value(param, param->def, b);
	build_value(param, param->min, b);
	build_value(param, param->max, b);
	spa_pod_builder_pop(b, &choice);
}

int pl_params_build_info(const struct pl_param *params, uint32_t n_params, uint32_t index,
			 struct spa_pod_builder *b, struct spa_pod **ret_param)
{
	const struct pl_param *param = &params[index];
	struct spa_pod_frame object;

	if (index >= n_params)
		return 0;
	spa_pod_builder_push_object(b, &object, SPA_TYPE_OBJECT_PropInfo, SPA_PARAM_PropInfo);
	spa_pod_builder_prop(b, SPA_PROP_INFO_name, 0);
	spa_pod_builder_string(b, param->name);
	spa_pod_builder_prop(b, SPA_PROP_INFO_description, 0);
	spa_pod_builder_string(b, param->description);
	spa_pod_builder_prop(b, SPA_PROP_INFO_type, 0);
	build_range(param, b);
	spa_pod_builder_prop(b, SPA_PROP_INFO_params, 0);
	spa_pod_builder_bool(b, true);
	*ret_param = spa_pod_builder_pop(b, &object);
	return 1;
}
