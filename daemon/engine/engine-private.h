/* SPDX-License-Identifier: MIT */
#ifndef PL_ENGINE_PRIVATE_H
#define PL_ENGINE_PRIVATE_H

struct pl_engine;
struct engine_audio;

/** What the engine's own files see of it: its ports in the graph. */
struct engine_audio *pl_engine_audio(struct pl_engine *engine);

#endif
