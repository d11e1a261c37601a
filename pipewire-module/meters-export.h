/* SPDX-License-Identifier: MIT */
#ifndef PL_METERS_EXPORT_H
#define PL_METERS_EXPORT_H

#include <stdint.h>

#include <pipewire/loop.h>

#include <partyline/meters.h>

/**
 * The meter page and the Unix socket that hands it out.
 *
 * The page is a memfd of fixed size that nobody can map writable any more once it is ours, neither
 * through the descriptor we give away nor by opening it again below /proc.
 */
struct pl_meters_export;

/**
 * Make the page and listen on "<runtime folder>/partyline-meters-<n>", n the first free number
 * from 0; a socket that a dead process has left is taken over. The runtime folder is PipeWire's:
 * $PIPEWIRE_RUNTIME_DIR, $XDG_RUNTIME_DIR, $USERPROFILE.
 *
 * @param loop        clients are served on it; borrowed until pl_meters_export_free()
 * @param ret_export  free with pl_meters_export_free()
 * @return 0, -ENOENT without a runtime folder, -ENAMETOOLONG, or what memfd and socket say
 *
 * Thread: that of the loop.
 */
int pl_meters_export_new(struct pw_loop *loop, uint32_t n_tablets, uint32_t n_channels,
			 struct pl_meters_export **ret_export);

/** The page to write to; as long as the export. The header is filled, the data zero. */
struct pl_meters_page *pl_meters_export_get_page(struct pl_meters_export *export);

/** Path of the socket. */
const char *pl_meters_export_get_path(const struct pl_meters_export *export);

/** Removes the socket; clients keep what they have mapped. NULL is fine. */
void pl_meters_export_free(struct pl_meters_export *export);

#endif
