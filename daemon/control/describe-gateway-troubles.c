/* SPDX-License-Identifier: MIT */
#include "describe-gateway.h"

#include "describe-say.h"

/** What is wrong with the gateway, and what somebody should look at, in plain sentences. */

static void say_streams(struct json_object **array, struct pl_control *control)
{
	const struct pl_gateway *gateway = pl_control_gateway(control);

	for (size_t i = 0; i < gateway->n_streams; i++) {
		const struct pl_stream_def *stream = &gateway->streams[i];
		struct pl_stream_status status = {0};

		pl_control_stream_status(control, stream->id, &status);
		if (status.trouble[0])
			describe_say(array, "stream %s: %s", stream->id, status.trouble);
		else if (status.state == PL_STREAM_FAILED)
			describe_say(array, "stream %s does not work", stream->id);
		else if (status.state == PL_STREAM_SILENT)
			describe_say(array, "stream %s: nothing comes from the other end any more",
				     stream->id);
	}
}

struct json_object *pl_describe_gateway_warnings(struct pl_control *control)
{
	const struct pl_gateway *gateway = pl_control_gateway(control);
	struct json_object *array = json_object_new_array();

	for (size_t i = 0; i < gateway->n_streams; i++) {
		const struct pl_stream_def *stream = &gateway->streams[i];

		if (stream->protocol == PL_STREAM_RTP && stream->cipher == PL_CIPHER_NONE)
			describe_say(&array,
				     "stream %s is not encrypted: everybody on its way can listen",
				     stream->id);
	}
	return array;
}

static void say_lines(struct json_object **array, struct pl_control *control)
{
	const struct pl_gateway *gateway = pl_control_gateway(control);

	for (size_t i = 0; i < gateway->n_lines; i++) {
		const struct pl_line_def *line = &gateway->lines[i];
		struct pl_line_status status = {0};

		pl_control_line_status(control, line->id, &status);
		if (status.trouble[0])
			describe_say(array, "line %s: %s", line->id, status.trouble);
		else if (status.state == PL_LINE_MISSING)
			describe_say(array, "line %s: no chip of this machine has it", line->id);
		else if (status.state == PL_LINE_BUSY)
			describe_say(array, "line %s: another program has it", line->id);
		else if (status.state == PL_LINE_STUCK)
			describe_say(array,
				     "line %s has been down for too long and is taken as released",
				     line->id);
	}
}

struct json_object *pl_describe_gateway_troubles(struct pl_control *control)
{
	struct json_object *array = json_object_new_array();
	struct pl_export_status status;
	struct pl_clips_status clips;

	if (pl_control_gateway_trouble(control)[0])
		describe_say(&array, "%s", pl_control_gateway_trouble(control));
	say_streams(&array, control);
	say_lines(&array, control);
	if (pl_control_mqtt_status(control, &status) == 0 && status.trouble[0])
		describe_say(&array, "MQTT: %s", status.trouble);
	if (pl_control_s3_status(control, &status) == 0 && status.trouble[0])
		describe_say(&array, "S3: %s", status.trouble);
	if (pl_control_clips_status(control, &clips) == 0 && clips.trouble[0])
		describe_say(&array, "clips: %s", clips.trouble);
	return array;
}
