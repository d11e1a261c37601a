/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <spa/support/system.h>

#include "meters-export.h"

#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010 /* Linux 5.1 */
#endif

#define SOCKETS_MAX 64 /* instances beside each other in one runtime folder */
#define BACKLOG 64
/* As PipeWire's own socket: user and group of the session. */
#define SOCKET_MODE 0660

struct pl_meters_export {
	struct pw_loop *loop;
	struct spa_source *source;
	struct pl_meters_page *page;
	int reader_fd; /* opened read-only, what clients get */
	int socket_fd;
	struct sockaddr_un address; /* no path: nothing is bound */
};

static const char *runtime_folder(void)
{
	static const char *const names[] = {"PIPEWIRE_RUNTIME_DIR", "XDG_RUNTIME_DIR",
					    "USERPROFILE"};

	for (size_t i = 0; i < SPA_N_ELEMENTS(names); i++) {
		const char *folder = getenv(names[i]);

		if (folder)
			return folder;
	}
	return NULL;
}

static int page_make(struct pl_meters_export *export, uint32_t n_tablets, uint32_t n_channels)
{
	/* The writer's mapping is made before the seal and stays writable; no other can be made. */
	const int seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE | F_SEAL_SEAL;
	const size_t size = sizeof(struct pl_meters_page);
	char path[32];
	void *map;
	int fd, r = 0;

	fd = memfd_create("partyline-meters", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		return -errno;
	if (ftruncate(fd, size) < 0 || fchmod(fd, 0444) < 0) {
		r = -errno;
		goto out;
	}
	map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, 0);
	if (map == MAP_FAILED) {
		r = -errno;
		goto out;
	}
	/* A page fault on the data thread would be a wait; without the right to lock it, it is
	 * at least there now. */
	(void)mlock(map, size);
	export->page = map;
	*export->page = (struct pl_meters_page){
		.magic = PL_METERS_MAGIC,
		.version = PL_METERS_VERSION,
		.size = size,
		.n_tablets = n_tablets,
		.n_channels = n_channels,
	};
	if (fcntl(fd, F_ADD_SEALS, seals) < 0) {
		r = -errno;
		goto out;
	}
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	export->reader_fd = open(path, O_RDONLY | O_CLOEXEC);
	if (export->reader_fd < 0)
		r = -errno;
out:
	close(fd);
	return r;
}

/** 1 when somebody listens there, 0 when the path is free or only a dead socket. */
static int address_in_use(const struct sockaddr_un *address)
{
	int fd, r;

	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0)
		r = 1;
	else if (errno == ENOENT || errno == ECONNREFUSED)
		r = 0;
	else
		r = errno == EAGAIN ? 1 : -errno;
	close(fd);
	return r;
}

static int socket_bind(struct pl_meters_export *export, const char *folder)
{
	for (int i = 0; i < SOCKETS_MAX; i++) {
		struct sockaddr_un address = {.sun_family = AF_UNIX};
		int n, r;

		n = snprintf(address.sun_path, sizeof(address.sun_path), "%s/partyline-meters-%d",
			     folder, i);
		if (n >= (int)sizeof(address.sun_path))
			return -ENAMETOOLONG;
		r = address_in_use(&address);
		if (r < 0)
			return r;
		if (r > 0)
			continue;
		unlink(address.sun_path);
		if (bind(export->socket_fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
			if (errno == EADDRINUSE) /* somebody was quicker */
				continue;
			return -errno;
		}
		export->address = address;
		if (chmod(address.sun_path, SOCKET_MODE) < 0)
			return -errno;
		return 0;
	}
	return -EADDRINUSE;
}

static void send_page(int client_fd, int page_fd)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = {0};
	char byte = 0; /* a message must carry something */
	struct iovec vector = {.iov_base = &byte, .iov_len = 1};
	struct msghdr message = {
		.msg_iov = &vector,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes),
	};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &page_fd, sizeof(int));
	/* A client that is gone again has lost nothing. */
	(void)sendmsg(client_fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void on_connection(void *data, int fd, uint32_t mask)
{
	struct pl_meters_export *export = data;
	int client_fd;

	while ((client_fd = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0) {
		send_page(client_fd, export->reader_fd);
		close(client_fd);
	}
}

int pl_meters_export_new(struct pw_loop *loop, uint32_t n_tablets, uint32_t n_channels,
			 struct pl_meters_export **ret_export)
{
	const char *folder = runtime_folder();
	struct pl_meters_export *export;
	int r;

	if (!folder)
		return -ENOENT;
	export = calloc(1, sizeof(*export));
	if (!export)
		return -ENOMEM;
	export->loop = loop;
	export->reader_fd = -1;
	export->socket_fd = -1;

	r = page_make(export, n_tablets, n_channels);
	if (r < 0)
		goto error;
	export->socket_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (export->socket_fd < 0) {
		r = -errno;
		goto error;
	}
	r = socket_bind(export, folder);
	if (r < 0)
		goto error;
	if (listen(export->socket_fd, BACKLOG) < 0) {
		r = -errno;
		goto error;
	}
	export->source =
		pw_loop_add_io(loop, export->socket_fd, SPA_IO_IN, false, on_connection, export);
	if (!export->source) {
		r = -errno;
		goto error;
	}
	*ret_export = export;
	return 0;
error:
	pl_meters_export_free(export);
	return r;
}

struct pl_meters_page *pl_meters_export_get_page(struct pl_meters_export *export)
{
	return export->page;
}

const char *pl_meters_export_get_path(const struct pl_meters_export *export)
{
	return export->address.sun_path;
}

void pl_meters_export_free(struct pl_meters_export *export)
{
	if (!export)
		return;
	if (export->source)
		pw_loop_destroy_source(export->loop, export->source);
	if (export->address.sun_path[0])
		unlink(export->address.sun_path);
	if (export->socket_fd >= 0)
		close(export->socket_fd);
	if (export->reader_fd >= 0)
		close(export->reader_fd);
	if (export->page)
		munmap(export->page, sizeof(*export->page));
	free(export);
}
