/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include <pipewire/impl.h>
#include <pipewire/pipewire.h>

#include <partyline/keys.h>
#include <partyline/meters.h>
#include <spa/node/node.h>

#include "pltest.h"

/* The module inside a server's context, without sockets: what it makes, and that it goes again. */

struct server {
	char folder[64];
	struct pw_main_loop *loop;
	struct pw_context *context;
};

static bool server_init(struct server *server)
{
	snprintf(server->folder, sizeof(server->folder), "/tmp/pl-module-XXXXXX");
	if (!mkdtemp(server->folder))
		return false;
	setenv("PIPEWIRE_RUNTIME_DIR", server->folder, 1);
	server->loop = pw_main_loop_new(NULL);
	server->context = pw_context_new(
		pw_main_loop_get_loop(server->loop),
		pw_properties_new(PW_KEY_CORE_DAEMON, "true", PW_KEY_CONFIG_NAME, "null", NULL), 0);
	if (!server->context)
		return false;
	pw_context_add_spa_lib(server->context, "audio.convert.*",
			       "audioconvert/libspa-audioconvert");
	pw_context_add_spa_lib(server->context, "support.*", "support/libspa-support");
	return true;
}

static void load_factories(struct server *server)
{
	pw_context_load_module(server->context, "libpipewire-module-spa-node-factory", NULL, NULL);
	pw_context_load_module(server->context, "libpipewire-module-adapter", NULL, NULL);
}

static void server_done(struct server *server)
{
	pw_context_destroy(server->context);
	pw_main_loop_destroy(server->loop);
	rmdir(server->folder);
}

static struct pw_impl_module *load(struct server *server, const char *args)
{
	errno = 0;
	return pw_context_load_module(server->context, "libpipewire-module-partyline", args, NULL);
}

static int count_one(void *data, struct pw_global *global)
{
	++*(unsigned *)data;
	return 0;
}

static unsigned n_globals(const struct server *server)
{
	unsigned n = 0;

	pw_context_for_each_global(server->context, count_one, &n);
	return n;
}

static unsigned n_files(const struct server *server)
{
	DIR *folder = opendir(server->folder);
	unsigned n = 0;

	if (!folder)
		return 0;
	while (readdir(folder))
		n++;
	closedir(folder);
	return n - 2; /* . and .. */
}

PL_TEST(unloading_leaves_nothing_however_often)
{
	struct server server;
	unsigned before;

	PL_CHECK(server_init(&server));
	load_factories(&server);
	before = n_globals(&server);
	for (int i = 0; i < 3; i++) {
		struct pw_impl_module *module = load(&server, "tablets = 3 channels = 2");

		PL_CHECK(module != NULL);
		/* the module, the matrix, five sinks and five sources; their ports come later */
		PL_CHECK(n_globals(&server) >= before + 12);
		PL_CHECK_INT(n_files(&server), 1);
		pw_impl_module_destroy(module);
		PL_CHECK_INT(n_globals(&server), before);
		PL_CHECK_INT(n_files(&server), 0);
	}
	server_done(&server);
	PL_CHECK(access(server.folder, F_OK) < 0);
}

PL_TEST(the_server_may_go_first)
{
	struct server server;

	PL_CHECK(server_init(&server));
	load_factories(&server);
	PL_CHECK(load(&server, "tablets = 1 channels = 1") != NULL);
	server_done(&server);
	PL_CHECK(access(server.folder, F_OK) < 0);
}

PL_TEST(errors_undo_everything)
{
	static const char *const wrong[] = {"tablets = 65", "channels = none", "colour = green"};
	struct server server;
	unsigned before;

	PL_CHECK(server_init(&server));
	before = n_globals(&server);
	PL_CHECK(load(&server, "") == NULL); /* no factories */
	PL_CHECK_INT(errno, ENOENT);
	PL_CHECK_INT(n_globals(&server), before);

	load_factories(&server);
	before = n_globals(&server);
	for (size_t i = 0; i < SPA_N_ELEMENTS(wrong); i++) {
		PL_CHECK(load(&server, wrong[i]) == NULL);
		PL_CHECK_INT(errno, EINVAL);
		PL_CHECK_INT(n_globals(&server), before);
		PL_CHECK_INT(n_files(&server), 0);
	}
	server_done(&server);
}

PL_TEST(the_largest_size)
{
	struct server server;

	PL_CHECK(server_init(&server));
	load_factories(&server);
	PL_CHECK(load(&server, "tablets = 64 channels = 64") != NULL);
	PL_CHECK(n_globals(&server) > 2 * (64 + 64));
	server_done(&server);
}

static bool driver_make(struct server *server)
{
	struct pw_impl_factory *factory =
		pw_context_find_factory(server->context, "spa-node-factory");

	return pw_impl_factory_create_object(
		       factory, NULL, PW_TYPE_INTERFACE_Node, PW_VERSION_NODE,
		       pw_properties_new("factory.name", "support.node.driver", PW_KEY_NODE_NAME,
					 "driver", PW_KEY_PRIORITY_DRIVER, "1000", NULL),
		       0) != NULL;
}

static int matrix_find(void *data, struct pw_global *global)
{
	struct pw_impl_node **ret_matrix = data;
	const struct pw_properties *props = pw_global_get_properties(global);
	const char *name = pw_properties_get(props, PW_KEY_NODE_NAME);

	if (name && strcmp(name, PL_NODE_MATRIX) == 0)
		*ret_matrix = pw_global_get_object(global);
	return 0;
}

/* A machine's driver is there before, when the module comes into a server that runs. */
PL_TEST(the_matrix_is_scheduled_by_a_driver_that_was_there_before)
{
	static struct pl_meters_page page; /* in place of the module's */
	struct pl_meters_data seen = {0};
	struct pw_impl_node *matrix = NULL;
	struct server server;
	struct pw_loop *loop;

	PL_CHECK(server_init(&server));
	loop = pw_main_loop_get_loop(server.loop);
	load_factories(&server);
	PL_CHECK(driver_make(&server));
	PL_CHECK(load(&server, "tablets = 1 channels = 1") != NULL);
	pw_context_for_each_global(server.context, matrix_find, &matrix);
	PL_CHECK(matrix != NULL);
	PL_CHECK_INT(spa_node_set_io(pw_impl_node_get_implementation(matrix), PL_IO_METERS, &page,
				     sizeof(page)),
		     0);
	pw_loop_enter(loop);
	/* A hang guard only: 10 ms a turn at the most. */
	for (int i = 0; i < 6000 && seen.n_cycles < 10; i++) {
		pw_loop_iterate(loop, 10);
		PL_CHECK(pl_meters_read(&page, &seen) >= 0);
	}
	pw_loop_leave(loop);
	PL_CHECK(seen.n_cycles >= 10);
	server_done(&server);
}

int main(int argc, char *argv[])
{
	int r;

	pw_init(&argc, &argv);
	r = pl_test_main(argc, argv);
	pw_deinit();
	return r;
}
