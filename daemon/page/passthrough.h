/* SPDX-License-Identifier: MIT */
#ifndef PL_PAGE_PASSTHROUGH_H
#define PL_PAGE_PASSTHROUGH_H

#include "audio.h"
#include "model.h"

/**
 * What an endpoint hears from outside, at another channel's `.out`, for a while. The ports stand as
 * long as a page may need them, so that nothing but the bridge in the audio's own cycle is left to
 * do when it is heard. Thread: main.
 */
struct pl_passthrough;

struct pl_pass {
	struct pl_endpoint source;
	uint32_t target_id;
	struct pl_audio_port *capture; /**< of the source; borrowed while the pass stands */
};

int pl_passthrough_new(const struct pl_audio_ops *ops, void *audio,
		       struct pl_passthrough **ret_passthrough);
/** Ends all. @return NULL */
struct pl_passthrough *pl_passthrough_free(struct pl_passthrough *passthrough);

/** End and close what is not among these. */
void pl_passthrough_drop(struct pl_passthrough *passthrough, const struct pl_pass *wanted,
			 size_t n_wanted);
/** Open what is not open yet. @return 0, or the first error: the others are there */
int pl_passthrough_add(struct pl_passthrough *passthrough, const struct pl_pass *wanted,
		       size_t n_wanted);

/**
 * Let it be heard until then; if it is heard longer already, that stays.
 *
 * @return 0, -ENOENT, or the engine's error
 */
int pl_passthrough_start(struct pl_passthrough *passthrough, struct pl_endpoint source,
			 uint32_t target_id, uint64_t until_usec, uint64_t *ret_until_usec);
/** All from this source end now. */
void pl_passthrough_end(struct pl_passthrough *passthrough, struct pl_endpoint source);
/** End what is over. @return when the next one is, UINT64_MAX for none */
uint64_t pl_passthrough_run(struct pl_passthrough *passthrough, uint64_t now_usec);

#endif
