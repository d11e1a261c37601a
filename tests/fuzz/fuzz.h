/* SPDX-License-Identifier: MIT */
#ifndef PARTYLINE_FUZZ_H
#define PARTYLINE_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/**
 * What every target defines. Built by clang with -Dfuzz=true it is a libFuzzer program;
 * else fuzz-corpus.c calls it, for the seed corpus and a fixed set of damaged copies of it.
 *
 * @return 0; whatever is wrong aborts.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
