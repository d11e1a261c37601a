/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include <pipewire/impl.h>
#include <spa/node/utils.h>
#include <spa/param/audio/format-utils.h>
#include <spa/param/param.h>
#include <spa/pod/builder.h>

#include "card-ports.h"
#include "port-config.h"

#define POD_SIZE 4096
/* An adapter wants one; the graph's own is what counts. */
#define RATE_HZ 48000

/** Of several formats the one with the most channels. */
static int find_widest(struct spa_node *node, struct spa_audio_info_raw *ret_widest)
{
	struct spa_audio_info_raw widest = {0};
	uint32_t state = 0;
	int r;

	for (;;) {
		struct spa_audio_info_raw raw = {0};
		uint32_t media_type, media_subtype;
		uint8_t buffer[POD_SIZE];
		struct spa_pod_builder b = SPA_POD_BUILDER_INIT(buffer, sizeof(buffer));
		struct spa_pod *format;

		r = spa_node_enum_params_sync(node, SPA_PARAM_EnumFormat, &state, NULL, &format,
					      &b);
		if (r != 1)
			break;
		if (spa_format_parse(format, &media_type, &media_subtype) < 0 ||
		    media_type != SPA_MEDIA_TYPE_audio || media_subtype != SPA_MEDIA_SUBTYPE_raw)
			continue;
		/* The default of a range of channels is its upper end. */
		spa_pod_fixate(format);
		if (spa_format_audio_raw_parse(format, &raw) >= 0 &&
		    raw.channels > widest.channels && raw.channels <= SPA_AUDIO_MAX_CHANNELS)
			widest = raw;
	}
	if (r < 0)
		return r;
	if (widest.channels == 0)
		return -ENOENT;
	*ret_widest = widest;
	return 0;
}

int pl_card_ports_make(struct pw_impl_node *node, bool is_playback)
{
	struct spa_audio_info_raw ports;
	int r;

	r = find_widest(pw_impl_node_get_implementation(node), &ports);
	if (r < 0)
		return r;
	if (SPA_FLAG_IS_SET(ports.flags, SPA_AUDIO_FLAG_UNPOSITIONED)) {
		SPA_FLAG_CLEAR(ports.flags, SPA_AUDIO_FLAG_UNPOSITIONED);
		for (uint32_t i = 0; i < ports.channels; i++)
			ports.position[i] = SPA_AUDIO_CHANNEL_START_Aux + i;
	}
	ports.format = SPA_AUDIO_FORMAT_F32P;
	ports.rate = RATE_HZ;
	return pl_port_config_dsp(node, is_playback ? SPA_DIRECTION_INPUT : SPA_DIRECTION_OUTPUT,
				  &ports, false);
}
