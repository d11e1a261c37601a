/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <pipewire/pipewire.h>

#include "meters-client.h"
#include "meters-export.h"
#include "pltest.h"

struct rig {
	char folder[64];
	struct pw_loop *loop;
	struct pl_meters_export *export;
};

static bool rig_init(struct rig *rig)
{
	memset(rig, 0, sizeof(*rig));
	snprintf(rig->folder, sizeof(rig->folder), "/tmp/pl-meters-XXXXXX");
	if (!mkdtemp(rig->folder))
		return false;
	setenv("PIPEWIRE_RUNTIME_DIR", rig->folder, 1);
	rig->loop = pw_loop_new(NULL);
	if (!rig->loop)
		return false;
	pw_loop_enter(rig->loop);
	return pl_meters_export_new(rig->loop, 3, 2, &rig->export) == 0;
}

static void rig_done(struct rig *rig)
{
	pl_meters_export_free(rig->export);
	pw_loop_leave(rig->loop);
	pw_loop_destroy(rig->loop);
	rmdir(rig->folder); /* fails, and leaves a trace, unless the export has cleaned up */
}

/** Connect and let the loop serve; the connected descriptor. */
static int serve(struct rig *rig)
{
	int fd = pl_meters_client_connect(pl_meters_export_get_path(rig->export));

	if (fd >= 0)
		pw_loop_iterate(rig->loop, 1000);
	return fd;
}

/** The descriptor as any program gets it, without our client library. */
static int receive_raw(int fd)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control;
	char byte;
	struct iovec vector = {&byte, 1};
	struct msghdr message = {.msg_iov = &vector,
				 .msg_iovlen = 1,
				 .msg_control = control.bytes,
				 .msg_controllen = sizeof(control.bytes)};
	int page_fd = -1;

	if (recvmsg(fd, &message, 0) == 1 && CMSG_FIRSTHDR(&message))
		memcpy(&page_fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(int));
	return page_fd;
}

PL_TEST(a_client_reads_what_the_writer_writes)
{
	struct pl_meters_client *client = NULL;
	static struct pl_meters_data data;
	struct pl_meters_page *page;
	struct rig rig;
	int fd;

	PL_CHECK(rig_init(&rig));
	fd = serve(&rig);
	PL_CHECK(fd >= 0);
	PL_CHECK_INT(pl_meters_client_receive(fd, &client), 0);
	close(fd);
	PL_EXPECT(pl_meters_client_get_page(client)->n_tablets == 3);
	PL_EXPECT(pl_meters_client_get_page(client)->n_channels == 2);

	page = pl_meters_export_get_page(rig.export);
	pl_meters_write_begin(page);
	page->data.serial = 42;
	page->data.channel_out[1].vu = 0.5f;
	PL_CHECK_INT(pl_meters_read(pl_meters_client_get_page(client), &data), -EAGAIN);
	pl_meters_write_end(page);
	PL_CHECK_INT(pl_meters_read(pl_meters_client_get_page(client), &data), 0);
	PL_EXPECT(data.serial == 42 && data.channel_out[1].vu == 0.5f);

	rig_done(&rig);
	/* The last values stay readable. */
	PL_CHECK_INT(pl_meters_read(pl_meters_client_get_page(client), &data), 0);
	pl_meters_client_free(client);
	PL_CHECK(access(rig.folder, F_OK) < 0);
}

PL_TEST(nobody_else_can_write)
{
	const size_t size = sizeof(struct pl_meters_page);
	char path[64];
	struct rig rig;
	void *map;
	int fd, page_fd, again_fd;

	PL_CHECK(rig_init(&rig));
	fd = serve(&rig);
	page_fd = receive_raw(fd);
	PL_CHECK(page_fd >= 0);

	PL_EXPECT((fcntl(page_fd, F_GETFL) & O_ACCMODE) == O_RDONLY);
	PL_EXPECT(mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, page_fd, 0) == MAP_FAILED);
	PL_EXPECT(write(page_fd, "x", 1) < 0);
	PL_EXPECT(ftruncate(page_fd, 0) < 0);
	map = mmap(NULL, size, PROT_READ, MAP_SHARED, page_fd, 0);
	PL_CHECK(map != MAP_FAILED);
	PL_EXPECT(mprotect(map, size, PROT_READ | PROT_WRITE) < 0);

	/* Opened again for writing, as its owner may: the seal still holds. */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", page_fd);
	(void)fchmod(page_fd, 0666);
	again_fd = open(path, O_RDWR);
	PL_CHECK(again_fd >= 0);
	PL_EXPECT(mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, again_fd, 0) == MAP_FAILED);
	PL_EXPECT(write(again_fd, "x", 1) < 0);
	PL_EXPECT(ftruncate(again_fd, 0) < 0);

	munmap(map, size);
	close(again_fd);
	close(page_fd);
	close(fd);
	rig_done(&rig);
}

PL_TEST(instances_stand_beside_each_other_and_dead_sockets_are_taken_over)
{
	struct pl_meters_export *second = NULL, *third = NULL;
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct rig rig;
	int fd;

	PL_CHECK(rig_init(&rig));
	PL_CHECK_INT(pl_meters_export_new(rig.loop, 1, 1, &second), 0);
	PL_EXPECT(strcmp(pl_meters_export_get_path(rig.export),
			 pl_meters_export_get_path(second)) != 0);

	/* What a killed server leaves: a socket file that nobody listens to. */
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/partyline-meters-2", rig.folder);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	PL_CHECK(bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0);
	close(fd);
	PL_CHECK_INT(pl_meters_export_new(rig.loop, 1, 1, &third), 0);
	PL_CHECK_STR(pl_meters_export_get_path(third), address.sun_path);

	pl_meters_export_free(third);
	pl_meters_export_free(second);
	rig_done(&rig);
	PL_CHECK(access(rig.folder, F_OK) < 0);
}

PL_TEST(the_client_refuses_what_is_no_meter_page)
{
	struct pl_meters_client *client = NULL;
	struct rig rig;
	int fd;

	PL_CHECK(rig_init(&rig));
	PL_CHECK_INT(pl_meters_client_connect("/nonexistent/socket"), -ENOENT);

	fd = pl_meters_client_connect(pl_meters_export_get_path(rig.export));
	PL_CHECK_INT(pl_meters_client_receive(fd, &client), -EAGAIN);
	pw_loop_iterate(rig.loop, 1000);
	PL_CHECK_INT(pl_meters_client_receive(fd, &client), 0);
	pl_meters_client_free(client);
	client = NULL;
	PL_CHECK_INT(pl_meters_client_receive(fd, &client), -ECONNRESET);
	close(fd);

	pl_meters_export_get_page(rig.export)->version++;
	fd = serve(&rig);
	PL_CHECK_INT(pl_meters_client_receive(fd, &client), -EPROTO);
	close(fd);
	PL_EXPECT(!client);

	PL_CHECK_INT(pl_meters_client_new(pl_meters_export_get_path(rig.export), 10, &client),
		     -ETIMEDOUT);
	pw_loop_iterate(rig.loop, 0); /* the loop has that connection still to serve */
	rig_done(&rig);
}

int main(int argc, char *argv[])
{
	int r;

	pw_init(&argc, &argv);
	r = pl_test_main(argc, argv);
	pw_deinit();
	return r;
}
