/* SPDX-License-Identifier: MIT */
#include "params.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <spa/param/param.h>
#include <spa/param/props.h>
#include <spa/utils/type.h>

#define PREFIX "partyline."

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

static bool parse_param(const struct pl_param *params, uint32_t n_params, double *values,
			const char *name, const struct pl_pod *pod)
{
	for (uint32_t i = 0; i < n_params; i++) {
		if (strcmp(params[i].name, name) == 0)
			return parse_value(&params[i], pod, &values[i]);
	}
	return strncmp(name, PREFIX, strlen(PREFIX)) != 0;
}

static int refuse(char ret_name[PL_POD_NAME_MAX], const char *name)
{
	snprintf(ret_name, PL_POD_NAME_MAX, "%s", name);
	return -EINVAL;
}

static int parse_list(const struct pl_param *params, uint32_t n_params, double *values,
		      const struct pl_pod *list_pod, char ret_name[PL_POD_NAME_MAX])
{
	struct pl_pod_list list;
	struct pl_pod pod;
	char name[PL_POD_NAME_MAX];
	bool ours;

	if (list_pod->type != SPA_TYPE_Struct || !pl_pod_list_init(&list, list_pod))
		return refuse(ret_name, "params");
	while (list.reader.size > 0) {
		if (!pl_pod_list_next(&list, &pod) || pod.type != SPA_TYPE_String)
			return refuse(ret_name, "params");
		/* A name too long for us is somebody else's. */
		ours = pl_pod_get_name(&pod, name);
		if (!pl_pod_list_next(&list, &pod))
			return refuse(ret_name, ours ? name : "params");
		if (ours && !parse_param(params, n_params, values, name, &pod))
			return refuse(ret_name, name);
	}
	return 0;
}

int pl_params_parse(const struct pl_param *params, uint32_t n_params, double *values,
		    const void *data, size_t size, char ret_name[PL_POD_NAME_MAX])
{
	struct pl_pod_reader reader = {data, size}, object;
	struct pl_pod pod;
	uint32_t key;
	int r;

	if (!pl_pod_next(&reader, &pod) ||
	    !pl_pod_object_init(&object, &pod, SPA_TYPE_OBJECT_Props))
		return refuse(ret_name, "props");
	while (object.size > 0) {
		if (!pl_pod_object_next(&object, &key, &pod))
			return refuse(ret_name, "props");
		if (key != SPA_PROP_params)
			continue;
		r = parse_list(params, n_params, values, &pod, ret_name);
		if (r < 0)
			return r;
	}
	return 0;
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
