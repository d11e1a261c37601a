/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "meters-client.h"

struct pl_meters_client {
	const struct pl_meters_page *page;
};

int pl_meters_client_connect(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd;

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	memcpy(address.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		int r = -errno;

		close(fd);
		return r;
	}
	return fd;
}

static int receive_fd(int fd)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = {0};
	char byte;
	struct iovec vector = {.iov_base = &byte, .iov_len = 1};
	struct msghdr message = {
		.msg_iov = &vector,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes),
	};
	struct cmsghdr *header;
	ssize_t n;
	int page_fd;

	do
		n = recvmsg(fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	if (n == 0)
		return -ECONNRESET;
	header = CMSG_FIRSTHDR(&message);
	if (!header || header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS ||
	    header->cmsg_len != CMSG_LEN(sizeof(int)))
		return -EPROTO;
	memcpy(&page_fd, CMSG_DATA(header), sizeof(int));
	return page_fd;
}

/** Without the seal the other side could shrink the file below our mapping: SIGBUS. */
static int check_file(int page_fd)
{
	struct stat status;
	int seals;

	if (fstat(page_fd, &status) < 0)
		return -errno;
	seals = fcntl(page_fd, F_GET_SEALS);
	if (seals < 0 || !(seals & F_SEAL_SHRINK) ||
	    status.st_size != (off_t)sizeof(struct pl_meters_page))
		return -EPROTO;
	return 0;
}

static int check_page(const struct pl_meters_page *page)
{
	if (page->magic != PL_METERS_MAGIC || page->version != PL_METERS_VERSION ||
	    page->size != sizeof(*page))
		return -EPROTO;
	if (page->n_tablets < 1 || page->n_tablets > PL_TABLETS_MAX || page->n_channels < 1 ||
	    page->n_channels > PL_CHANNELS_MAX)
		return -EPROTO;
	return 0;
}

int pl_meters_client_receive(int fd, struct pl_meters_client **ret_client)
{
	struct pl_meters_client *client;
	void *map;
	int page_fd, r;

	page_fd = receive_fd(fd);
	if (page_fd < 0)
		return page_fd;
	r = check_file(page_fd);
	if (r < 0) {
		close(page_fd);
		return r;
	}
	map = mmap(NULL, sizeof(struct pl_meters_page), PROT_READ, MAP_SHARED, page_fd, 0);
	r = map == MAP_FAILED ? -errno : 0;
	close(page_fd);
	if (r < 0)
		return r;
	r = check_page(map);
	client = r < 0 ? NULL : calloc(1, sizeof(*client));
	if (!client) {
		munmap(map, sizeof(struct pl_meters_page));
		return r < 0 ? r : -ENOMEM;
	}
	client->page = map;
	*ret_client = client;
	return 0;
}

int pl_meters_client_new(const char *path, uint32_t timeout_ms,
			 struct pl_meters_client **ret_client)
{
	struct pollfd wait = {.events = POLLIN};
	int fd, r;

	fd = pl_meters_client_connect(path);
	if (fd < 0)
		return fd;
	wait.fd = fd;
	r = poll(&wait, 1, (int)timeout_ms);
	if (r < 0)
		r = -errno;
	else if (r == 0)
		r = -ETIMEDOUT;
	else
		r = pl_meters_client_receive(fd, ret_client);
	close(fd);
	return r;
}

const struct pl_meters_page *pl_meters_client_get_page(const struct pl_meters_client *client)
{
	return client->page;
}

void pl_meters_client_free(struct pl_meters_client *client)
{
	if (!client)
		return;
	munmap((void *)client->page, sizeof(*client->page));
	free(client);
}
