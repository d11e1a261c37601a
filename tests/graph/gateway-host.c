/* SPDX-License-Identifier: MIT */
#include "gateway-host.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <systemd/sd-event.h>

#include "engine.h"

struct gateway_host {
	sd_event *event;
	struct pl_engine *engine;
	int fd; /* the test's thread wants something */
	sd_event_source *source;
	sem_t done;

	int (*test)(void *userdata);
	void *userdata;
	int result;

	/* the request */
	bool ends;
	struct pl_audio_port *capture, *playback;
	bool open;
	int answer;
};

const struct pl_audio_ops *gateway_host_ops(void)
{
	return pl_engine_get_audio_ops();
}

static int on_request(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct gateway_host *host = userdata;
	uint64_t n;

	if (read(fd, &n, sizeof(n)) < 0)
		return 0;
	if (host->ends)
		return sd_event_exit(host->event, 0);
	host->answer =
		gateway_host_ops()->bridge(host->engine, host->capture, host->playback, host->open);
	sem_post(&host->done);
	return 0;
}

static void request(struct gateway_host *host)
{
	const uint64_t one = 1;

	if (write(host->fd, &one, sizeof(one)) < 0)
		abort();
}

int gateway_host_bridge(struct gateway_host *host, struct pl_audio_port *capture,
			struct pl_audio_port *playback, bool open)
{
	host->capture = capture;
	host->playback = playback;
	host->open = open;
	request(host);
	while (sem_wait(&host->done) < 0)
		;
	return host->answer;
}

static void *run_test(void *userdata)
{
	struct gateway_host *host = userdata;

	host->result = host->test(host->userdata);
	host->ends = true;
	request(host);
	return NULL;
}

int gateway_host_run(struct gateway_host *host, int (*test)(void *userdata), void *userdata)
{
	pthread_t thread;
	int r;

	host->test = test;
	host->userdata = userdata;
	r = -pthread_create(&thread, NULL, run_test, host);
	if (r < 0)
		return r;
	r = sd_event_loop(host->event);
	pthread_join(thread, NULL);
	return r < 0 ? r : host->result;
}

int gateway_host_open(struct gateway_host *host, enum pl_audio_way way, const char *name,
		      const char *target, uint32_t capacity, int wake_fd,
		      struct pl_audio_port **ret_port)
{
	const struct pl_audio_port_info info = {
		.way = way,
		.name = name,
		.target = target,
		.capacity = capacity,
	};

	return gateway_host_ops()->open(host->engine, &info, wake_fd, ret_port);
}

int gateway_host_new(struct gateway_host **ret_host)
{
	const struct pl_engine_options options = {.remote = "", .n_tablets = 2, .n_channels = 2};
	struct gateway_host *host = calloc(1, sizeof(*host));
	int r;

	if (!host)
		return -ENOMEM;
	sem_init(&host->done, 0, 0);
	host->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	r = sd_event_new(&host->event);
	if (r >= 0)
		r = sd_event_add_io(host->event, &host->source, host->fd, EPOLLIN, on_request,
				    host);
	if (r >= 0)
		r = pl_engine_new(host->event, &options, &host->engine);
	if (r < 0) {
		gateway_host_free(host);
		return r;
	}
	*ret_host = host;
	return 0;
}

void gateway_host_free(struct gateway_host *host)
{
	if (!host)
		return;
	pl_engine_free(host->engine);
	sd_event_source_disable_unref(host->source);
	sd_event_unref(host->event);
	close(host->fd);
	sem_destroy(&host->done);
	free(host);
}
