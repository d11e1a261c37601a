/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include <spa/support/plugin.h>
#include <spa/support/system.h>
#include <spa/utils/names.h>
#include <spa/utils/type.h>

/*
 * A `support.system` for the data loop of a PipeWire in a guest on the simulated clock, where a
 * system call costs as much as mixing a block. It does what PipeWire's own does, with fewer calls:
 *
 * - an event that the loop's own thread raises for a file it polls itself (one node of the server
 *   waking the next) is kept here instead of in the kernel's counter, and handed out in the order
 *   in which it was raised;
 * - the monotonic clock is asked once after each wait: on the simulated clock time passes only
 *   while everybody sleeps, so until this thread waits again it is still the same time.
 *
 * What other threads and processes raise goes through the kernel as ever. Chosen by
 * `context.data-loop.library.name.system`; right only under time-travel=inf-cpu.
 */

#define FILES_MAX 4096
#define EVENTS_MAX 64 /* taken from the kernel at once */

struct file {
	void *data;      /* of the poll */
	uint64_t count;  /* raised by the loop's thread, not read yet */
	uint32_t events; /* wanted; 0: not polled */
	bool is_event;
	bool queued;
};

struct impl {
	struct spa_handle handle;
	struct spa_system system;
	const void *thread; /* the one that polls */
	struct timespec now;
	bool now_known;
	struct file files[FILES_MAX];
	int queue[FILES_MAX]; /* ring of files with a count, in the order they were raised */
	uint32_t first, n_queued;
	int handed[FILES_MAX]; /* by the last wait */
	uint32_t n_handed;
};

static _Thread_local char this_thread;

static bool is_loop(const struct impl *impl)
{
	return impl->thread == &this_thread;
}

static struct file *file_of(struct impl *impl, int fd)
{
	return fd >= 0 && fd < FILES_MAX ? &impl->files[fd] : NULL;
}

static int result(int r)
{
	return r < 0 ? -errno : r;
}

static void enqueue(struct impl *impl, int fd)
{
	struct file *file = &impl->files[fd];

	if (file->queued)
		return;
	file->queued = true;
	impl->queue[(impl->first + impl->n_queued++) % FILES_MAX] = fd;
}

/* --- files ------------------------------------------------------------------ */

static ssize_t system_read(void *object, int fd, void *buf, size_t count)
{
	ssize_t n = read(fd, buf, count);

	return n < 0 ? -errno : n;
}

static ssize_t system_write(void *object, int fd, const void *buf, size_t count)
{
	ssize_t n = write(fd, buf, count);

	return n < 0 ? -errno : n;
}

static int system_ioctl(void *object, int fd, unsigned long request, ...)
{
	va_list arguments;
	long argument;

	va_start(arguments, request);
	argument = va_arg(arguments, long);
	va_end(arguments);
	return result(ioctl(fd, request, argument));
}

static int system_close(void *object, int fd)
{
	struct file *file = file_of(object, fd);

	/* Its place in the queue, if any, is skipped when its turn comes. */
	if (file)
		*file = (struct file){.queued = file->queued};
	return result(close(fd));
}

/* --- time ------------------------------------------------------------------- */

static int system_clock_gettime(void *object, int clockid, struct timespec *value)
{
	struct impl *impl = object;
	int r;

	if (clockid != CLOCK_MONOTONIC || !is_loop(impl))
		return result(clock_gettime(clockid, value));
	if (!impl->now_known) {
		r = result(clock_gettime(clockid, &impl->now));
		if (r < 0)
			return r;
		impl->now_known = true;
	}
	*value = impl->now;
	return 0;
}

static int system_clock_getres(void *object, int clockid, struct timespec *res)
{
	return result(clock_getres(clockid, res));
}

static int system_timerfd_create(void *object, int clockid, int flags)
{
	return result(
		timerfd_create(clockid, ((flags & SPA_FD_CLOEXEC) ? TFD_CLOEXEC : 0) |
						((flags & SPA_FD_NONBLOCK) ? TFD_NONBLOCK : 0)));
}

static int system_timerfd_settime(void *object, int fd, int flags,
				  const struct itimerspec *new_value, struct itimerspec *old_value)
{
	int how = ((flags & SPA_FD_TIMER_ABSTIME) ? TFD_TIMER_ABSTIME : 0) |
		  ((flags & SPA_FD_TIMER_CANCEL_ON_SET) ? TFD_TIMER_CANCEL_ON_SET : 0);

	return result(timerfd_settime(fd, how, new_value, old_value));
}

static int system_timerfd_gettime(void *object, int fd, struct itimerspec *value)
{
	return result(timerfd_gettime(fd, value));
}

static int read_all(int fd, void *value, size_t size)
{
	ssize_t n = read(fd, value, size);

	if (n < 0)
		return -errno;
	return (size_t)n == size ? 0 : -EIO;
}

static int system_timerfd_read(void *object, int fd, uint64_t *expirations)
{
	return read_all(fd, expirations, sizeof(*expirations));
}

/* --- events ----------------------------------------------------------------- */

static int system_eventfd_create(void *object, int flags)
{
	struct impl *impl = object;
	int fd = eventfd(0, ((flags & SPA_FD_CLOEXEC) ? EFD_CLOEXEC : 0) |
				    ((flags & SPA_FD_NONBLOCK) ? EFD_NONBLOCK : 0) |
				    ((flags & SPA_FD_EVENT_SEMAPHORE) ? EFD_SEMAPHORE : 0));
	struct file *file;

	if (fd < 0)
		return -errno;
	file = file_of(impl, fd);
	if (file)
		file->is_event = !(flags & SPA_FD_EVENT_SEMAPHORE);
	return fd;
}

static int system_eventfd_write(void *object, int fd, uint64_t count)
{
	struct impl *impl = object;
	struct file *file = file_of(impl, fd);

	if (!file || !is_loop(impl) || !file->is_event || !file->events) {
		ssize_t n = write(fd, &count, sizeof(count));

		return n < 0 ? -errno : 0;
	}
	file->count += count;
	enqueue(impl, fd);
	return 0;
}

static int system_eventfd_read(void *object, int fd, uint64_t *count)
{
	struct impl *impl = object;
	struct file *file = file_of(impl, fd);

	if (!file || !is_loop(impl) || file->count == 0)
		return read_all(fd, count, sizeof(*count));
	*count = file->count;
	file->count = 0;
	return 0;
}

static int system_signalfd_create(void *object, int signal, int flags)
{
	sigset_t mask;

	sigemptyset(&mask);
	sigaddset(&mask, signal);
	if (pthread_sigmask(SIG_BLOCK, &mask, NULL) != 0)
		return -EINVAL;
	return result(signalfd(-1, &mask,
			       ((flags & SPA_FD_CLOEXEC) ? SFD_CLOEXEC : 0) |
				       ((flags & SPA_FD_NONBLOCK) ? SFD_NONBLOCK : 0)));
}

static int system_signalfd_read(void *object, int fd, int *signal)
{
	struct signalfd_siginfo info;
	int r = read_all(fd, &info, sizeof(info));

	if (r >= 0)
		*signal = (int)info.ssi_signo;
	return r;
}

/* --- polling ---------------------------------------------------------------- */

static int system_pollfd_create(void *object, int flags)
{
	return result(epoll_create1((flags & SPA_FD_CLOEXEC) ? EPOLL_CLOEXEC : 0));
}

static int poll_control(struct impl *impl, int pfd, int how, int fd, uint32_t events, void *data)
{
	struct epoll_event event = {.events = events, .data.ptr = data};
	struct file *file = file_of(impl, fd);
	int r = result(epoll_ctl(pfd, how, fd, &event));

	if (r < 0)
		return r;
	if (file) {
		file->events = events;
		file->data = data;
	}
	return 0;
}

static int system_pollfd_add(void *object, int pfd, int fd, uint32_t events, void *data)
{
	return poll_control(object, pfd, EPOLL_CTL_ADD, fd, events, data);
}

static int system_pollfd_mod(void *object, int pfd, int fd, uint32_t events, void *data)
{
	return poll_control(object, pfd, EPOLL_CTL_MOD, fd, events, data);
}

static int system_pollfd_del(void *object, int pfd, int fd)
{
	return poll_control(object, pfd, EPOLL_CTL_DEL, fd, 0, NULL);
}

/** What the loop's thread has raised itself; as with epoll, until it is read. */
static int take_own(struct impl *impl, struct spa_poll_event *ev, int n_ev)
{
	int n = 0;

	for (uint32_t i = 0; i < impl->n_handed; i++) {
		if (impl->files[impl->handed[i]].count > 0)
			enqueue(impl, impl->handed[i]);
	}
	impl->n_handed = 0;
	while (n < n_ev && impl->n_queued > 0) {
		int fd = impl->queue[impl->first];
		struct file *file = &impl->files[fd];

		impl->first = (impl->first + 1) % FILES_MAX;
		impl->n_queued--;
		file->queued = false;
		if (file->count == 0 || !(file->events & SPA_IO_IN))
			continue;
		ev[n++] = (struct spa_poll_event){.events = SPA_IO_IN, .data = file->data};
		impl->handed[impl->n_handed++] = fd;
	}
	return n;
}

static int system_pollfd_wait(void *object, int pfd, struct spa_poll_event *ev, int n_ev,
			      int timeout)
{
	struct impl *impl = object;
	struct epoll_event events[EVENTS_MAX];
	int n;

	impl->thread = &this_thread;
	n = take_own(impl, ev, n_ev);
	if (n > 0)
		return n;
	impl->now_known = false;
	n = epoll_wait(pfd, events, SPA_MIN(n_ev, EVENTS_MAX), timeout);
	if (n < 0)
		return -errno;
	for (int i = 0; i < n; i++)
		ev[i] = (struct spa_poll_event){.events = events[i].events,
						.data = events[i].data.ptr};
	return n;
}

static const struct spa_system_methods methods = {
	SPA_VERSION_SYSTEM_METHODS,
	.read = system_read,
	.write = system_write,
	.ioctl = system_ioctl,
	.close = system_close,
	.clock_gettime = system_clock_gettime,
	.clock_getres = system_clock_getres,
	.pollfd_create = system_pollfd_create,
	.pollfd_add = system_pollfd_add,
	.pollfd_mod = system_pollfd_mod,
	.pollfd_del = system_pollfd_del,
	.pollfd_wait = system_pollfd_wait,
	.timerfd_create = system_timerfd_create,
	.timerfd_settime = system_timerfd_settime,
	.timerfd_gettime = system_timerfd_gettime,
	.timerfd_read = system_timerfd_read,
	.eventfd_create = system_eventfd_create,
	.eventfd_write = system_eventfd_write,
	.eventfd_read = system_eventfd_read,
	.signalfd_create = system_signalfd_create,
	.signalfd_read = system_signalfd_read,
};

/* --- the plugin ------------------------------------------------------------- */

static int get_interface(struct spa_handle *handle, const char *type, void **interface)
{
	struct impl *impl = (struct impl *)handle;

	if (strcmp(type, SPA_TYPE_INTERFACE_System) != 0)
		return -ENOENT;
	*interface = &impl->system;
	return 0;
}

static int clear(struct spa_handle *handle)
{
	return 0;
}

static size_t get_size(const struct spa_handle_factory *factory, const struct spa_dict *params)
{
	return sizeof(struct impl);
}

static int init(const struct spa_handle_factory *factory, struct spa_handle *handle,
		const struct spa_dict *info, const struct spa_support *support, uint32_t n_support)
{
	struct impl *impl = (struct impl *)handle;

	*impl = (struct impl){.handle = {.get_interface = get_interface, .clear = clear}};
	impl->system.iface =
		SPA_INTERFACE_INIT(SPA_TYPE_INTERFACE_System, SPA_VERSION_SYSTEM, &methods, impl);
	return 0;
}

static int enum_interface_info(const struct spa_handle_factory *factory,
			       const struct spa_interface_info **info, uint32_t *index)
{
	static const struct spa_interface_info infos[] = {{SPA_TYPE_INTERFACE_System}};

	if (*index >= SPA_N_ELEMENTS(infos))
		return 0;
	*info = &infos[(*index)++];
	return 1;
}

static const struct spa_handle_factory system_factory = {
	SPA_VERSION_HANDLE_FACTORY, SPA_NAME_SUPPORT_SYSTEM, NULL, get_size, init,
	enum_interface_info,
};

SPA_EXPORT
int spa_handle_factory_enum(const struct spa_handle_factory **factory, uint32_t *index)
{
	if (*index > 0)
		return 0;
	*factory = &system_factory;
	(*index)++;
	return 1;
}
