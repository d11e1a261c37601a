/* SPDX-License-Identifier: MIT */
#ifndef PARTYLINE_DSP_PAGES_H
#define PARTYLINE_DSP_PAGES_H

#include <stdint.h>

#include "tone-event.h"

/**
 * Listens for tone pages: two tones one after the other (two-tone sequential), one long tone
 * (group call), and pairs of tones that no definition knows. See tone-event.h for what definitions,
 * pre-filters, positions and hits are, and for the shape of these functions.
 *
 * A tone is accepted when it is as steady and pure as a machine makes it (tone-track.h), within its
 * tolerance, and
 *   - tone A lasted 0.75 to 2 times its length (and 0.1 s), a pause of at most 0.35 s followed, and
 *   - tone B has lasted its length, or ended after 0.8 times its length.
 * A long tone is accepted when it has lasted its length, or ended after 0.9 times it; tone B of a
 * defined page is none.
 *
 * The tolerance is cut down so that a tone never pages a neighbour: to just below half the way to
 * the nearest other defined tone, and for a tone of the Quick Call II table (quick-call.h) to half
 * the way to its neighbours there, defined or not. Tones less than 0.25 % apart are the same tone.
 *
 * Definitions of the same two tones are told apart by the length of tone B: the longest that fits
 * is reported, and no other. Definitions that are the same in all are all reported. What goes on
 * after a page was reported belongs to it. In pages that follow each other without a pause, the
 * last tone of one may be tone A of the next.
 *
 * A hit of a page is written when its last tone has lasted as long as defined, or at most 0.4 s
 * after its end; one of the finder at most 0.4 s after the end of the pair's second tone, or when
 * this has lasted 10 s.
 */

struct pl_pages;

/**
 * Copies all it is given.
 * @param defs    n_defs pages, TWO_TONE or LONG
 * @param bands   n_bands pre-filters
 * @param finder  NULL: none
 * @param ret_pages owned by the caller; free with pl_pages_free()
 * @return 0, -EINVAL (a kind, a number), -ENOMEM
 *
 * Thread: main.
 */
int pl_pages_new(const struct pl_tone_def *defs, uint32_t n_defs, const struct pl_tone_band *bands,
		 uint32_t n_bands, const struct pl_tone_finder *finder,
		 struct pl_pages **ret_pages);

/**
 * Forget all that was heard, count samples from 0.
 * @param stagger  which of some that are started together this is: most of the work is done every
 *                 16 ms, and not by all in the same cycle of the graph
 *
 * Thread: data. RT-safe.
 */
void pl_pages_start(struct pl_pages *pages, double rate_hz, uint32_t stagger);

/**
 * @param samples n finite samples
 * @param max  room in ret_hits; what finds none is lost
 * @return hits written
 *
 * Thread: data. RT-safe; its cost is that of one spectrum and one look at each definition in
 * every 16 ms (at 8 kHz) of signal.
 */
uint32_t pl_pages_run(struct pl_pages *pages, const float *samples, uint32_t n,
		      struct pl_tone_hit *ret_hits, uint32_t max);

void pl_pages_free(struct pl_pages *pages);

#endif
