/* SPDX-License-Identifier: MIT */
#ifndef PL_IMPORTER_H
#define PL_IMPORTER_H

#include <stdbool.h>
#include <stddef.h>

#include <json-c/json.h>

/** What the importer of EchoStream's configuration is made of. Thread: any. */

#define IMPORTER_CHANNELS 4u
#define IMPORTER_ID_SIZE 32u

struct importer {
	const char *url; /**< NULL: not given */
	char unique_id[64];
	struct json_object *streams, *inputs, *pages;
	struct json_object *notes; /**< plain sentences */
	bool failed;               /**< no memory */
};

/** "channel_one" to "channel_four" */
extern const char *const importer_channel_names[IMPORTER_CHANNELS];

/** Tell something about the file, without full stop. */
void importer_note(struct importer *im, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/** Tell of every member that is not known. @param known  names, then NULL */
void importer_note_unknown(struct importer *im, unsigned channel, struct json_object *object,
			   const char *const known[]);

/** @return borrowed; NULL: not there, or object is none */
struct json_object *importer_member(struct json_object *object, const char *name);
double importer_number(struct json_object *object, const char *name, double otherwise);
bool importer_flag(struct json_object *object, const char *name);
/** Text as we take it: without control characters, at most size - 1 bytes, whole characters. */
void importer_text(struct json_object *object, const char *name, char *ret_text, size_t size);
/** Length of an array, at most n_max; 0 for what is none. */
size_t importer_length(struct json_object *array, size_t n_max);
double importer_clamp(double value, double min, double max);

/* Each takes `value`; without memory im->failed is set. */
void importer_put(struct importer *im, struct json_object *object, const char *name,
		  struct json_object *value);
void importer_put_text(struct importer *im, struct json_object *object, const char *name,
		       const char *text);
void importer_put_number(struct importer *im, struct json_object *object, const char *name,
			 double value);
void importer_append(struct importer *im, struct json_object *array, struct json_object *value);

/** "T1 north!" becomes "t1-north-"; one that is taken gets a number. */
void importer_make_id(struct json_object *taken, const char *wish, char ret_id[IMPORTER_ID_SIZE]);

/** Tone input, filters and pages of one channel. */
void importer_add_tones(struct importer *im, unsigned channel, struct json_object *from);

#endif
