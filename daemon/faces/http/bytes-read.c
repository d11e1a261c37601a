/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <linux/in.h>
#include <linux/sockios.h>
#include <linux/tcp.h>

#include "bytes-read.h"

#define TRIES_MAX 8

int pl_bytes_read(int fd, uint64_t *ret_n)
{
	for (int i = 0; i < TRIES_MAX; i++) {
		struct tcp_info info = {0};
		socklen_t size = sizeof(info);
		int before, after;

		if (ioctl(fd, SIOCINQ, &before) < 0 ||
		    getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) < 0 ||
		    ioctl(fd, SIOCINQ, &after) < 0)
			return -errno;
		if (before != after)
			continue; /* something arrived in between */
		*ret_n = info.tcpi_bytes_received - (uint64_t)before;
		return 0;
	}
	return -EAGAIN;
}
