/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include <pipewire/impl.h>
#include <spa/param/audio/format-utils.h>
#include <spa/param/param.h>
#include <spa/param/port-config.h>
#include <spa/pod/builder.h>

#include "port-config.h"

/* A format with SPA_AUDIO_MAX_CHANNELS positions and the object around it. */
#define POD_SIZE 1024

int pl_port_config_dsp(struct pw_impl_node *node, enum spa_direction direction,
		       const struct spa_audio_info_raw *info, bool monitor)
{
	uint8_t format_buffer[POD_SIZE], buffer[2 * POD_SIZE];
	struct spa_pod_builder format_builder =
		SPA_POD_BUILDER_INIT(format_buffer, sizeof(format_buffer));
	struct spa_pod_builder builder = SPA_POD_BUILDER_INIT(buffer, sizeof(buffer));
	const struct spa_pod *format, *config;

	format = spa_format_audio_raw_build(&format_builder, SPA_PARAM_Format, info);
	if (!format)
		return -ENOSPC;
	config = spa_pod_builder_add_object(
		&builder, SPA_TYPE_OBJECT_ParamPortConfig, SPA_PARAM_PortConfig,
		SPA_PARAM_PORT_CONFIG_direction, SPA_POD_Id(direction), SPA_PARAM_PORT_CONFIG_mode,
		SPA_POD_Id(SPA_PARAM_PORT_CONFIG_MODE_dsp), SPA_PARAM_PORT_CONFIG_monitor,
		SPA_POD_Bool(monitor), SPA_PARAM_PORT_CONFIG_format, SPA_POD_Pod(format));
	if (!config)
		return -ENOSPC;
	return pw_impl_node_set_param(node, SPA_PARAM_PortConfig, 0, config);
}
