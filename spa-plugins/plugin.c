/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include <spa/support/plugin.h>
#include <spa/utils/defs.h>

#include "factories.h"

static const struct spa_handle_factory *const factories[] = {
	&pl_matrix_factory,
	&pl_gate_factory,
	&pl_meter_factory,
	&pl_tone_factory,
};

SPA_EXPORT
int spa_handle_factory_enum(const struct spa_handle_factory **factory, uint32_t *index)
{
	if (!factory || !index)
		return -EINVAL;
	if (*index >= SPA_N_ELEMENTS(factories))
		return 0;
	*factory = factories[(*index)++];
	return 1;
}
