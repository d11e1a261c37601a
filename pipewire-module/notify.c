/* SPDX-License-Identifier: MIT */
#include "notify.h"

#include <errno.h>
#include <stdlib.h>

#include <systemd/sd-daemon.h>

#define NSEC_PER_USEC 1000u
#define USEC_PER_SEC 1000000u

struct pl_notify {
	struct pw_loop *loop;
	struct spa_source *timer;
};

static void on_timer(void *userdata, uint64_t expirations)
{
	sd_notify(0, "WATCHDOG=1");
}

int pl_notify_new(struct pw_loop *loop, struct pl_notify **ret_notify)
{
	struct pl_notify *notify;
	struct timespec interval;
	uint64_t watchdog_usec = 0;

	*ret_notify = NULL;
	sd_notify(0, "READY=1");
	if (sd_watchdog_enabled(0, &watchdog_usec) <= 0)
		return 0;

	notify = calloc(1, sizeof(*notify));
	if (!notify)
		return -ENOMEM;
	notify->loop = loop;
	notify->timer = pw_loop_add_timer(loop, on_timer, notify);
	if (!notify->timer) {
		int r = -errno;

		free(notify);
		return r;
	}
	/* Half of it, as sd_watchdog_enabled(3) advises. */
	watchdog_usec /= 2;
	interval = (struct timespec){
		.tv_sec = (time_t)(watchdog_usec / USEC_PER_SEC),
		.tv_nsec = (long)(watchdog_usec % USEC_PER_SEC * NSEC_PER_USEC),
	};
	pw_loop_update_timer(loop, notify->timer, &interval, &interval, false);
	*ret_notify = notify;
	return 0;
}

struct pl_notify *pl_notify_free(struct pl_notify *notify)
{
	if (!notify)
		return NULL;
	pw_loop_destroy_source(notify->loop, notify->timer);
	free(notify);
	return NULL;
}
