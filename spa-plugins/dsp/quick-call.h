/* SPDX-License-Identifier: MIT */
#ifndef PARTYLINE_DSP_QUICK_CALL_H
#define PARTYLINE_DSP_QUICK_CALL_H

#include <stdbool.h>
#include <stdint.h>

/**
 * The tones of Motorola's Quick Call II two-tone paging: groups 1 to 6, A and B, ten tones each.
 * Public tables disagree on two of them; 313.0 Hz and 1989.0 Hz are those that fit the spacing of
 * their neighbours (2.48 % between the closest, 3.05 % between the widest of a group).
 *
 * Tone A lasts 1 s, tone B 3 s, without a pause; a group is called by one tone of 8 s.
 */

#define PL_QUICK_CALL_TONES 80u

/** Hz, in ascending order */
extern const float pl_quick_call_hz[PL_QUICK_CALL_TONES];

/** A frequency this near to a tone of the table is that tone: relative */
#define PL_QUICK_CALL_SAME 0.0015f

/**
 * The neighbours of a tone of the table.
 * @param ret_below  Hz; 0 when there is none
 * @param ret_above  Hz; infinite when there is none
 * @return false when the frequency is not one of the table: no neighbours
 */
bool pl_quick_call_neighbours(float frequency_hz, float *ret_below, float *ret_above);

#endif
