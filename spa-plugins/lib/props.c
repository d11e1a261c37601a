/* SPDX-License-Identifier: MIT */
#include "props.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <spa/param/props.h>
#include <spa/utils/type.h>

static int refuse(char ret_name[PL_POD_NAME_MAX], const char *name)
{
	snprintf(ret_name, PL_POD_NAME_MAX, "%s", name);
	return -EINVAL;
}

static int read_list(const struct pl_pod *list_pod, pl_props_h on_param, void *userdata,
		     char ret_name[PL_POD_NAME_MAX])
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
		ours = pl_pod_get_name(&pod, name);
		if (!pl_pod_list_next(&list, &pod))
			return refuse(ret_name, ours ? name : "params");
		if (ours && !on_param(userdata, name, &pod))
			return refuse(ret_name, name);
	}
	return 0;
}

int pl_props_read(const void *data, size_t size, pl_props_h on_param, void *userdata,
		  char ret_name[PL_POD_NAME_MAX])
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
		r = read_list(&pod, on_param, userdata, ret_name);
		if (r < 0)
			return r;
	}
	return 0;
}

bool pl_props_is_foreign(const char *name)
{
	return strncmp(name, PL_PROPS_PREFIX, strlen(PL_PROPS_PREFIX)) != 0;
}
