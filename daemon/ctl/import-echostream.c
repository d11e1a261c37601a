/* SPDX-License-Identifier: MIT */
#include "import-echostream.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>

#include "importer.h"

static void add_stream(struct importer *im, unsigned channel, struct json_object *from)
{
	struct json_object *stream, *echo;
	char channel_id[64], id[IMPORTER_ID_SIZE], endpoint[16];

	importer_text(from, "channel_id", channel_id, sizeof(channel_id));
	if (!channel_id[0]) {
		importer_note(im, "channel %u has no channel_id: no stream", channel);
		return;
	}
	if (!im->url)
		return;
	stream = json_object_new_object();
	echo = json_object_new_object();
	if (!stream || !echo) {
		json_object_put(stream);
		json_object_put(echo);
		im->failed = true;
		return;
	}
	snprintf(id, sizeof(id), "echostream-%u", channel);
	snprintf(endpoint, sizeof(endpoint), "tablet.%u", channel);
	importer_put_text(im, stream, "id", id);
	importer_put_text(im, stream, "endpoint", endpoint);
	importer_put_text(im, stream, "protocol", "echostream");
	importer_put_text(im, stream, "transmit", "keyed");
	importer_put_text(im, echo, "url", im->url);
	importer_put_text(im, echo, "channel_id", channel_id);
	importer_put_text(im, echo, "affiliation_id", im->unique_id);
	importer_put_text(im, echo, "user_name", "EchoStream");
	importer_put(im, stream, "echostream", echo);
	importer_append(im, im->streams, stream);
}

/* --- the whole ---------------------------------------------------------------------------------- */

/** shadow.state.desired, wherever it begins. */
static struct json_object *find_desired(struct json_object *tree)
{
	struct json_object *desired = importer_member(
		importer_member(importer_member(tree, "shadow"), "state"), "desired");

	if (!desired)
		desired = importer_member(importer_member(tree, "state"), "desired");
	return desired ? desired : tree;
}

/** @return number of channels found */
static unsigned import_channels(struct importer *im, struct json_object *list)
{
	bool seen[IMPORTER_CHANNELS] = {false};
	unsigned n = 0;

	for (size_t i = 0; i < importer_length(list, 64); i++) {
		for (unsigned c = 0; c < IMPORTER_CHANNELS; c++) {
			struct json_object *from = importer_member(
				json_object_array_get_idx(list, i), importer_channel_names[c]);

			if (!json_object_is_type(from, json_type_object) || seen[c])
				continue;
			seen[c] = true;
			n++;
			add_stream(im, c + 1, from);
			importer_add_tones(im, c + 1, from);
		}
	}
	return n;
}

static void note_next_steps(struct importer *im)
{
	if (!im->url)
		importer_note(
			im, "no streams: the server's URL is not in this file, give it as the last "
			    "argument");
	else
		importer_note(
			im,
			"EchoStream's AES key is not in this file: when the server sends none, put it "
			"into echostream.key or echostream.key_file of each stream");
	importer_note(
		im,
		"MQTT's broker and S3's bucket are not in this file: see \"mqtt\" (device_id \"%s\") and "
		"\"s3\" in partyline.json(5)",
		im->unique_id);
	importer_note(
		im,
		"each radio is channel k, and the network's end of it is tablet k: "
		"partylinectl uniform off; then for each k: partylinectl crosspoint set uplink "
		"k k 0; partylinectl crosspoint set downlink k k 0; partylinectl bind channel k "
		"capture CARD; partylinectl bind channel k playback CARD");
}

/** Takes the arrays. */
static struct json_object *assemble(struct importer *im)
{
	struct json_object *gateway = json_object_new_object(), *gpio = json_object_new_object(),
			   *tones = json_object_new_object();

	if (!gateway || !gpio || !tones) {
		json_object_put(gateway);
		json_object_put(gpio);
		json_object_put(tones);
		im->failed = true;
		return NULL;
	}
	importer_put_text(im, gpio, "profile", "rpi-echostream");
	importer_put(im, tones, "inputs", json_object_get(im->inputs));
	importer_put(im, tones, "pages", json_object_get(im->pages));
	importer_put(im, gateway, "streams", json_object_get(im->streams));
	importer_put(im, gateway, "gpio", gpio);
	importer_put(im, gateway, "tones", tones);
	return gateway;
}

static struct json_object *parse(const char *text, size_t size, char *ret_reason,
				 size_t reason_size)
{
	struct json_tokener *tokener = size < INT_MAX ? json_tokener_new() : NULL;
	struct json_object *tree = NULL;

	if (!tokener) {
		snprintf(ret_reason, reason_size, "it cannot be read");
		return NULL;
	}
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	tree = json_tokener_parse_ex(tokener, text, (int)size);
	if (!tree)
		snprintf(ret_reason, reason_size, "it is no JSON: %s",
			 json_tokener_error_desc(json_tokener_get_error(tokener)));
	json_tokener_free(tokener);
	return tree;
}

static int import(struct importer *im, struct json_object *tree, char *ret_reason,
		  size_t reason_size)
{
	struct json_object *desired = find_desired(tree);

	importer_text(desired, "unique_id", im->unique_id, sizeof(im->unique_id));
	if (!im->unique_id[0])
		importer_text(tree, "unique_id", im->unique_id, sizeof(im->unique_id));
	if (import_channels(im, importer_member(desired, "software_configuration")) == 0) {
		snprintf(ret_reason, reason_size,
			 "it has no channel_one to channel_four in "
			 "shadow.state.desired.software_configuration");
		return -EINVAL;
	}
	note_next_steps(im);
	return im->failed ? -ENOMEM : 0;
}

int ctl_import_echostream(const char *text, size_t size, const char *url,
			  struct json_object **ret_gateway, struct json_object **ret_notes,
			  char *ret_reason, size_t reason_size)
{
	struct importer im = {.url = url};
	struct json_object *tree, *gateway = NULL;
	int r;

	tree = parse(text, size, ret_reason, reason_size);
	if (!tree)
		return -EINVAL;
	im.streams = json_object_new_array();
	im.inputs = json_object_new_array();
	im.pages = json_object_new_array();
	im.notes = json_object_new_array();
	r = im.streams && im.inputs && im.pages && im.notes ? 0 : -ENOMEM;
	if (r == 0)
		r = import(&im, tree, ret_reason, reason_size);
	if (r == 0) {
		gateway = assemble(&im);
		r = im.failed ? -ENOMEM : 0;
	}
	json_object_put(im.streams);
	json_object_put(im.inputs);
	json_object_put(im.pages);
	json_object_put(tree);
	if (r < 0) {
		json_object_put(gateway);
		json_object_put(im.notes);
		return r;
	}
	*ret_gateway = gateway;
	*ret_notes = im.notes;
	return 0;
}
