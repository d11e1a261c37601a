/* SPDX-License-Identifier: MIT */
#include "engine-meters.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "meters-client.h"

struct engine_meters {
	sd_event_source *source; /* while the page is on its way */
	int fd;
	struct pl_meters_client *client;
	engine_meters_h on_page;
	void *userdata;

	uint64_t clock_nsec; /* as last seen, and since when; 0: never */
	uint64_t since_usec;
};

static void stop_waiting(struct engine_meters *meters)
{
	meters->source = sd_event_source_disable_unref(meters->source);
	if (meters->fd >= 0)
		close(meters->fd);
	meters->fd = -1;
}

static int on_readable(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct engine_meters *meters = userdata;
	int r;

	r = pl_meters_client_receive(fd, &meters->client);
	if (r == -EAGAIN)
		return 0;
	stop_waiting(meters);
	/* May free us. */
	meters->on_page(meters->userdata, r);
	return 0;
}

int engine_meters_new(sd_event *event, const char *path, engine_meters_h on_page, void *userdata,
		      struct engine_meters **ret_meters)
{
	struct engine_meters *meters;
	int r;

	meters = calloc(1, sizeof(*meters));
	if (!meters)
		return -ENOMEM;
	meters->on_page = on_page;
	meters->userdata = userdata;
	meters->fd = r = pl_meters_client_connect(path);
	if (r >= 0)
		r = sd_event_add_io(event, &meters->source, meters->fd, EPOLLIN, on_readable,
				    meters);
	if (r < 0) {
		engine_meters_free(meters);
		return r;
	}
	*ret_meters = meters;
	return 0;
}

struct engine_meters *engine_meters_free(struct engine_meters *meters)
{
	if (!meters)
		return NULL;
	stop_waiting(meters);
	pl_meters_client_free(meters->client);
	free(meters);
	return NULL;
}

/** @return 0, -ENODATA or -EAGAIN */
static int read_page(const struct engine_meters *meters, struct pl_meters_data *ret_data)
{
	if (!meters || !meters->client)
		return -ENODATA;
	return pl_meters_read(pl_meters_client_get_page(meters->client), ret_data);
}

uint64_t engine_meters_serial(const struct engine_meters *meters)
{
	struct pl_meters_data data;

	return read_page(meters, &data) == 0 ? data.serial : 0;
}

static void silence(struct pl_meters_data *data)
{
	memset(data->tablet_talk, 0, sizeof(data->tablet_talk));
	memset(data->tablet_listen, 0, sizeof(data->tablet_listen));
	memset(data->channel_in, 0, sizeof(data->channel_in));
	memset(data->channel_out, 0, sizeof(data->channel_out));
	memset(data->talking, 0, sizeof(data->talking));
}

int engine_meters_read(struct engine_meters *meters, uint64_t now_usec,
		       struct pl_meters_data *ret_data)
{
	int r;

	r = read_page(meters, ret_data);
	if (r < 0)
		return r;
	if (ret_data->clock_nsec != meters->clock_nsec || meters->since_usec == 0) {
		meters->clock_nsec = ret_data->clock_nsec;
		meters->since_usec = now_usec;
	} else if (now_usec - meters->since_usec > PL_METERS_STALE_USEC) {
		silence(ret_data);
	}
	return 0;
}
