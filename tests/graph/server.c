/* SPDX-License-Identifier: MIT */
#include "server.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <spa/utils/string.h>

#define CONF_NAME "server.conf"

static const char server_conf[] = "context.properties = {\n"
				  "    core.daemon = true\n"
				  "    core.name = pipewire-0\n"
				  "    support.dbus = false\n"
				  "    mem.warn-mlock = false\n"
				  "    mem.allow-mlock = false\n"
				  "    log.level = 2\n"
				  "    link.max-buffers = 16\n"
				  "    default.clock.rate = %u\n"
				  "    default.clock.allowed-rates = [ %s ]\n"
				  "    default.clock.quantum = %u\n"
				  "    default.clock.min-quantum = %u\n"
				  "    default.clock.max-quantum = %u\n"
				  "    default.clock.quantum-limit = 8192\n"
				  "    default.clock.quantum-floor = 4\n"
				  "    clock.power-of-two-quantum = false\n"
				  "    settings.check-quantum = false\n"
				  "    settings.check-rate = false\n"
				  "}\n"
				  "context.spa-libs = {\n"
				  "    audio.convert.* = audioconvert/libspa-audioconvert\n"
				  "    audio.adapt = audioconvert/libspa-audioconvert\n"
				  "    support.* = support/libspa-support\n"
				  "    partyline.* = partyline/libspa-partyline\n"
				  "}\n"
				  "context.modules = [\n"
				  "    { name = libpipewire-module-protocol-native\n"
				  "      args = { sockets = [ { name = pipewire-0 } ] } }\n"
				  "    { name = libpipewire-module-access }\n"
				  "    { name = libpipewire-module-metadata }\n"
				  "    { name = libpipewire-module-spa-node-factory }\n"
				  "    { name = libpipewire-module-client-node }\n"
				  "    { name = libpipewire-module-adapter }\n"
				  "    { name = libpipewire-module-link-factory }\n"
				  "]\n";

static const char client_conf[] =
	"context.properties = { log.level = 2 mem.warn-mlock = false mem.allow-mlock = false }\n"
	"context.spa-libs = {\n"
	"    audio.convert.* = audioconvert/libspa-audioconvert\n"
	"    support.* = support/libspa-support\n"
	"}\n"
	"context.modules = [\n"
	"    { name = libpipewire-module-protocol-native }\n"
	"    { name = libpipewire-module-client-node }\n"
	"    { name = libpipewire-module-adapter }\n"
	"    { name = libpipewire-module-metadata }\n"
	"]\n";

static int write_file(const char *folder, const char *name, const char *text)
{
	spa_autofree char *path = NULL;
	spa_autoptr(FILE) f = NULL;

	path = spa_aprintf("%s/%s", folder, name);
	if (!path)
		return -ENOMEM;
	f = fopen(path, "we");
	if (!f)
		return -errno;
	return fputs(text, f) < 0 ? -EIO : 0;
}

static int write_confs(const char *folder, const struct pl_server_options *options)
{
	uint32_t rate_hz = options->rate_hz ? options->rate_hz : 48000;
	uint32_t quantum = options->quantum;
	char text[sizeof(server_conf) + 256];
	char rates[128];
	int r;

	snprintf(rates, sizeof(rates), "%u %s", rate_hz, options->rates ? options->rates : "");
	snprintf(text, sizeof(text), server_conf, rate_hz, rates, quantum, quantum, quantum);
	r = write_file(folder, CONF_NAME, text);
	if (r < 0)
		return r;
	return write_file(folder, "client.conf", client_conf);
}

static int listen_at(const char *path)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	spa_autoclose int fd = -1;

	if (snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path) >=
	    (int)sizeof(addr.sun_path))
		return -ENAMETOOLONG;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 || listen(fd, 16) < 0)
		return -errno;
	return spa_steal_fd(fd);
}

/* A server that was built without a sanitizer needs its runtime first when our plugin has one.
 * What the server itself leaks is not ours to find. */
static void preload_sanitizer(void)
{
#ifdef PL_SANITIZER_RUNTIME
	const char *old = getenv("ASAN_OPTIONS");
	spa_autofree char *options =
		spa_aprintf("%s%sdetect_leaks=0", old ? old : "", old ? ":" : "");

	if (options)
		setenv("ASAN_OPTIONS", options, 1);
	setenv("LD_PRELOAD", PL_SANITIZER_RUNTIME, 1);
#endif
}

/* Runs in the child. The socket is handed over as systemd does it, so that a client may
 * connect at once and nobody polls for the server's start. */
static void exec_server(const struct pl_server *server, pid_t parent)
{
	char pid[16];

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(127);
	if (server->listen_fd == 3)
		fcntl(3, F_SETFD, 0);
	else if (dup2(server->listen_fd, 3) < 0)
		_exit(127);
	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	setenv("LISTEN_PID", pid, 1);
	setenv("LISTEN_FDS", "1", 1);
	preload_sanitizer();
	execlp("pipewire", "pipewire", "-c", CONF_NAME, (char *)NULL);
	_exit(127);
}

/* Of this process and, inherited, of the server. */
static void clean_environment(const char *folder)
{
	static const char *const names[] = {"PIPEWIRE_REMOTE", "PIPEWIRE_PROPS", "PIPEWIRE_QUANTUM",
					    "PIPEWIRE_LATENCY", "PIPEWIRE_RATE"};

	setenv("PIPEWIRE_RUNTIME_DIR", folder, 1);
	setenv("PIPEWIRE_CONFIG_DIR", folder, 1);
	for (size_t i = 0; i < SPA_N_ELEMENTS(names); i++)
		unsetenv(names[i]);
}

int pl_server_new(const struct pl_server_options *options, struct pl_server **ret_server)
{
	spa_autoptr(pl_server) server = calloc(1, sizeof(*server));
	pid_t parent = getpid();
	int r;

	if (!server)
		return -ENOMEM;
	server->listen_fd = -1;

	server->folder = strdup("/tmp/pl-graph-XXXXXX");
	if (!server->folder)
		return -ENOMEM; /* NOLINT(clang-analyzer-unix.Malloc): the clean-up frees it */
	if (!mkdtemp(server->folder))
		return -errno;
	server->socket = spa_aprintf("%s/pipewire-0", server->folder);
	if (!server->socket)
		return -ENOMEM;
	r = write_confs(server->folder, options);
	if (r < 0)
		return r;
	server->listen_fd = listen_at(server->socket);
	if (server->listen_fd < 0)
		return server->listen_fd;
	clean_environment(server->folder);
	server->pid = fork();
	if (server->pid < 0) {
		server->pid = 0;
		return -errno;
	}
	if (server->pid == 0)
		exec_server(server, parent);

	*ret_server = spa_steal_ptr(server);
	return 0;
}

int pl_server_alive(struct pl_server *server)
{
	if (server->pid == 0)
		return 0;
	if (waitpid(server->pid, NULL, WNOHANG) == 0)
		return 1;
	server->pid = 0;
	return 0;
}

static void remove_in(const char *folder, const char *name)
{
	spa_autofree char *path = spa_aprintf("%s/%s", folder, name);

	if (path)
		unlink(path);
}

void pl_server_free(struct pl_server *server)
{
	static const char *const names[] = {CONF_NAME, "client.conf", "pipewire-0",
					    "pipewire-0.lock"};
	int status = 0;

	if (!server)
		return;
	if (server->pid > 0) {
		kill(server->pid, SIGTERM);
		waitpid(server->pid, &status, 0);
		if (WIFSIGNALED(status) && WTERMSIG(status) != SIGTERM)
			fprintf(stderr, "server: ended by signal %d\n", WTERMSIG(status));
	}
	if (server->listen_fd >= 0)
		close(server->listen_fd);
	if (server->folder) {
		for (size_t i = 0; i < SPA_N_ELEMENTS(names); i++)
			remove_in(server->folder, names[i]);
		rmdir(server->folder);
	}
	free(server->socket);
	free(server->folder);
	free(server);
}
