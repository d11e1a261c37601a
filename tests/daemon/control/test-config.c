/* SPDX-License-Identifier: MIT */
#include "pltest.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "config.h"
#include "control.h"

#ifndef SOURCE
#error "SOURCE is the project's folder"
#endif

static const struct pl_actor admin = {.face = "cli", .name = "t", .role = PL_ROLE_ADMIN};

static int parse(const char *text, struct pl_config *config, char *reason)
{
	return pl_config_parse("FILE", text, strlen(text), config, reason, 512);
}

PL_TEST(mission_controls_own_file_loads_as_it_is)
{
	struct pl_config config;
	char reason[512] = "";

	PL_CHECK_INT(parse("{\"fs\": 44100, \"frame_size\": 1024, \"headroom_db\": 6.0}", &config,
			   reason),
		     0);
	PL_CHECK_INT(config.fs, 44100);
	PL_CHECK_INT(config.frame_size, 1024);
	PL_CHECK(config.fs_given && config.frame_size_given);
	PL_CHECK_NEAR(config.headroom_db, 6.0, 0.0);
	PL_CHECK_INT(config.n_tablets, 16);
	pl_config_done(&config);
}

PL_TEST(everything_is_read)
{
	static const char text[] =
		"{\"tablets\":64,\"channels\":2,\"state_directory\":\"/s\",\"runtime_directory\":"
		"\"/r\",\"http\":{\"address\":\"::1\",\"port\":0,\"insecure_lan\":true,"
		"\"cors_origins\":[\"http://a\",\"http://b\"]},\"log\":{\"file\":\"/l\","
		"\"rotate_bytes\":8589934592,\"keep_days\":3,\"level\":\"debug\","
		"\"service\":\"mission-control-audio\"},\"pipewire\":{\"remote\":\"x\"}}";
	struct pl_config c, copy;
	char reason[512] = "";

	PL_CHECK_INT(parse(text, &c, reason), 0);
	PL_CHECK_INT(c.n_tablets, 64);
	PL_CHECK_INT(c.n_channels, 2);
	PL_CHECK_STR(c.state_directory, "/s");
	PL_CHECK_STR(c.runtime_directory, "/r");
	PL_CHECK_STR(c.http_address, "::1");
	PL_CHECK_INT(c.http_port, 0);
	PL_CHECK(c.insecure_lan);
	PL_CHECK_INT(c.n_cors_origins, 2);
	PL_CHECK_STR(c.cors_origins[1], "http://b");
	PL_CHECK_STR(c.log_file, "/l");
	PL_CHECK(c.log_rotate_bytes == 8589934592u);
	PL_CHECK_INT(c.log_keep_days, 3);
	PL_CHECK_STR(c.log_level, "debug");
	PL_CHECK_STR(c.log_service, "mission-control-audio");
	PL_CHECK_STR(c.pipewire_remote, "x");
	PL_CHECK_INT(pl_config_copy(&c, &copy), 0);
	pl_config_done(&c);
	PL_CHECK_STR(copy.cors_origins[0], "http://a");
	pl_config_done(&copy);
}

PL_TEST(loopback_is_what_no_other_machine_reaches)
{
	static const char *const inside[] = {"127.0.0.1",        "127.255.0.9", "::1",
					     "::ffff:127.0.0.1", "localhost",   "0:0:0:0:0:0:0:1"};
	static const char *const beyond[] = {"0.0.0.0",          "::",       "192.0.2.1", "fe80::1",
					     "::ffff:192.0.2.1", "128.0.0.1"};

	for (unsigned i = 0; i < 6; i++) {
		PL_CHECK(pl_config_is_loopback(inside[i]));
		PL_CHECK(!pl_config_is_loopback(beyond[i]));
	}
}

PL_TEST(faults_name_file_and_pointer)
{
	static const struct {
		const char *text, *reason;
	} cases[] = {
		{"", "FILE: not JSON at byte 0: the text ends too early"},
		{"[]", "FILE: must be of type object"},
		{"{\"tablets\":0}", "FILE: /tablets: must be at least 1"},
		{"{\"tablets\":65}", "FILE: /tablets: must be at most 64"},
		{"{\"tablets\":\"16\"}", "FILE: /tablets: must be of type integer"},
		{"{\"headroom\":6}", "FILE: /headroom: unknown key"},
		{"{\"http\":{\"port\":65536}}", "FILE: /http/port: must be at most 65535"},
		{"{\"http\":{\"adress\":\"x\"}}", "FILE: /http/adress: unknown key"},
		{"{\"http\":{\"cors_origins\":[\"a\",7]}}",
		 "FILE: /http/cors_origins/1: must be of type string"},
		{"{\"log\":{\"level\":\"loud\"}}", "FILE: /log/level: must be one of "
						   "[\"debug\",\"info\",\"warning\",\"error\"]"},
		{"{\"headroom_db\":6,}", NULL},
		{"{\"pipewire\":{\"remote\":\"a\\u0000b\"}}", NULL},
		{"{\"fs\":1,\"fs\":2}", NULL},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct pl_config config;
		char reason[512] = "";

		config.n_tablets = 7;
		PL_CHECK_INT(parse(cases[i].text, &config, reason), -EINVAL);
		if (cases[i].reason)
			PL_CHECK_STR(reason, cases[i].reason);
		else
			PL_CHECK(strncmp(reason, "FILE: not JSON at byte ", 23) == 0);
		PL_CHECK_INT(config.n_tablets, 7);
	}
}

static void put(const char *path, const char *text)
{
	FILE *f = fopen(path, "we");

	if (!f || fputs(text, f) < 0 || fclose(f) != 0)
		abort();
}

#if PL_HAVE_LIBNICE
/** "listen" with these servers and nothing else. */
static int parse_servers(const char *servers, struct pl_config *config, char *reason)
{
	char text[4096];

	snprintf(text, sizeof(text), "{\"listen\":{\"ice_servers\":[%s]}}", servers);
	return parse(text, config, reason);
}

PL_TEST(ice_servers_are_read_and_kept)
{
	static const char text[] =
		"{\"urls\":\"stun:stun.example.org\"},{\"urls\":\"turn:turn.example.org:3479"
		"?transport=tcp\",\"username\":\"u\",\"credential\":\"\\\"c c\"}";
	struct pl_config c, copy, fresh;
	char reason[512] = "";

	PL_CHECK_INT(parse_servers(text, &c, reason), 0);
	PL_CHECK_INT(pl_config_copy(&c, &copy), 0);
	pl_config_done(&c);
	PL_CHECK_INT(c.n_listen_ice_servers, 0);
	PL_CHECK_STR(c.listen_ice_servers[1].credential, "");
	PL_CHECK_INT(copy.n_listen_ice_servers, 2);
	PL_CHECK_STR(copy.listen_ice_servers[0].url, "stun:stun.example.org:3478");
	PL_CHECK_STR(copy.listen_ice_servers[1].url, "turn:turn.example.org:3479?transport=tcp");
	PL_CHECK_STR(copy.listen_ice_servers[1].username, "u");
	PL_CHECK_STR(copy.listen_ice_servers[1].credential, "\"c c");

	/* The same ones need no restart, others do. */
	PL_CHECK_INT(parse_servers(text, &fresh, reason), 0);
	PL_CHECK(!pl_config_take_reloadable(&copy, &fresh));
	copy.listen_ice_servers[1].credential[0]++;
	PL_CHECK(pl_config_take_reloadable(&copy, &fresh));
	copy.listen_ice_servers[1].credential[0]--;
	fresh.n_listen_ice_servers = 1;
	PL_CHECK(pl_config_take_reloadable(&copy, &fresh));
	pl_config_done(&fresh);
	pl_config_done(&copy);
}

PL_TEST(a_credential_may_be_in_a_file)
{
	char path[] = "/tmp/partyline-test-config-XXXXXX", text[256], reason[512] = "";
	struct pl_config config;
	int fd = mkstemp(path);

	PL_CHECK(fd >= 0);
	close(fd);
	put(path, "its secret\n");
	snprintf(text, sizeof(text),
		 "{\"urls\":\"turns:t\",\"username\":\"u\",\"credential_file\":\"%s\"}", path);
	PL_CHECK_INT(parse_servers(text, &config, reason), 0);
	PL_CHECK_STR(config.listen_ice_servers[0].credential, "its secret");
	pl_config_done(&config);
	put(path, "its\tsecret\n");
	PL_CHECK_INT(parse_servers(text, &config, reason), -EINVAL);
	PL_CHECK_STR(reason,
		     "FILE: /listen/ice_servers/0/credential_file: must be printable ASCII");
	put(path, "");
	PL_CHECK_INT(parse_servers(text, &config, reason), -EINVAL);
	PL_CHECK(strstr(reason, "/listen/ice_servers/0: a TURN server needs a username"));
	unlink(path);
	PL_CHECK_INT(parse_servers(text, &config, reason), -EINVAL);
	PL_CHECK_STR(reason, "FILE: /listen/ice_servers/0/credential_file: the file cannot be "
			     "read: No such file or directory");
}

PL_TEST(faults_of_ice_servers_name_the_place_and_no_secret)
{
	static const struct {
		const char *text, *reason;
	} cases[] = {
		{"{}", "/0/urls: is missing"},
		{"{\"urls\":[\"stun:a\"]}", "/0/urls: must be of type string"},
		{"{\"url\":\"stun:a\"}", "/0"},
		{"{\"urls\":\"stun:a\"},{\"urls\":\"stuns:a\"}",
		 "/1/urls: \"stuns:\" is not supported"},
		{"{\"urls\":\"turn:a\"}", "/0: a TURN server needs a username"},
		{"{\"urls\":\"turn:a\",\"username\":\"u\"}", "/0: a TURN server needs a username"},
		{"{\"urls\":\"turn:a\",\"credential\":\"hush\"}",
		 "/0: a TURN server needs a username"},
		{"{\"urls\":\"stun:a\",\"username\":\"u\",\"credential\":\"hush\"}",
		 "/0: a \"stun:\" server takes no username"},
		{"{\"urls\":\"turn:a\",\"username\":\"u\",\"credential\":\"hush\","
		 "\"credential_file\":\"/x\"}",
		 "/0/credential_file: the credential is given twice"},
		{"{\"urls\":\"turn:a\",\"username\":\"u\",\"credential_file\":\"x\"}",
		 "/0/credential_file: must be an absolute path"},
		{"{\"urls\":\"turn:a\",\"username\":\"u\\r\\n\",\"credential\":\"hush\"}",
		 "/0/username: must be printable ASCII"},
		{"{\"urls\":\"turn:a\",\"username\":\"u\",\"credential\":\"hush\\u00e4\"}",
		 "/0/credential: must be printable ASCII"},
		{"{\"urls\":\"stun:a\"},{\"urls\":\"stun:a\"},{\"urls\":\"stun:a\"},"
		 "{\"urls\":\"stun:a\"},{\"urls\":\"stun:a\"}",
		 ": must have at most 4"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char reason[512] = "", start[256];
		struct pl_config config;

		PL_CHECK_INT(parse_servers(cases[i].text, &config, reason), -EINVAL);
		snprintf(start, sizeof(start), "FILE: /listen/ice_servers%s", cases[i].reason);
		if (strncmp(reason, start, strlen(start)) != 0)
			PL_CHECK_STR(reason, start);
		PL_CHECK(!strstr(reason, "hush"));
	}
}
#else
PL_TEST(ice_servers_want_another_build)
{
	struct pl_config config;
	char reason[512] = "";

	PL_CHECK_INT(
		parse("{\"listen\":{\"ice_servers\":[{\"urls\":\"stun:a\"}]}}", &config, reason),
		-EINVAL);
	PL_CHECK_STR(reason, "FILE: /listen/ice_servers: this Partyline is built without libnice: "
			     "remove it, or build with -Dlibnice=enabled");
	PL_CHECK_INT(parse("{\"listen\":{\"ice_servers\":[]}}", &config, reason), 0);
	pl_config_done(&config);
}
#endif

PL_TEST(the_shipped_file_is_the_defaults)
{
	struct pl_config shipped, defaults;
	char reason[512] = "";

	PL_CHECK_INT(
		pl_config_load(SOURCE "/conf/partyline.json", &shipped, reason, sizeof(reason)), 0);
	PL_CHECK_STR(shipped.path, SOURCE "/conf/partyline.json");
	pl_config_defaults(&defaults);
	PL_CHECK(!pl_config_take_reloadable(&defaults, &shipped));
	PL_CHECK_NEAR(defaults.headroom_db, 12.0, 0.0);
	PL_CHECK_INT(defaults.fs, 48000);
	pl_config_done(&defaults);
	pl_config_done(&shipped);
}

PL_TEST(a_named_file_must_be_there)
{
	struct pl_config config;
	char reason[512] = "";

	PL_CHECK_INT(pl_config_load("/nowhere/x.json", &config, reason, sizeof(reason)), -ENOENT);
	PL_CHECK_STR(reason, "/nowhere/x.json: cannot be read: No such file or directory");
}

/* --- reload --------------------------------------------------------------------- */

static unsigned n_reloaded;
static bool restart_needed;

static void on_event(void *userdata, const struct pl_event *event)
{
	if (event->type != PL_EVENT_CONFIG_RELOADED)
		return;
	n_reloaded++;
	restart_needed = event->restart_needed;
}

PL_TEST(reload)
{
	char path[] = "/tmp/partyline-test-config-XXXXXX", reason[512] = "";
	struct pl_listener listener = {.on_event = on_event};
	struct pl_control *control = NULL;
	struct pl_config config;
	struct pl_model model;
	struct pl_error error;
	int fd = mkstemp(path);

	PL_CHECK(fd >= 0);
	close(fd);
	put(path, "{\"headroom_db\": 6.0}");
	PL_CHECK_INT(pl_config_load(path, &config, reason, sizeof(reason)), 0);
	config.overrides |= PL_CONFIG_HTTP_PORT;
	config.http_port = 9000;
	pl_model_init(&model, config.n_tablets, config.n_channels);
	PL_CHECK_INT(pl_control_new(&config, &model, NULL, NULL, NULL, NULL, &control), 0);
	pl_control_add_listener(control, &listener);

	put(path,
	    "{\"headroom_db\": 3.0, \"fs\": 44100, \"http\": {\"cors_origins\": [\"http://x\"]}}");
	PL_CHECK_INT(pl_control_reload_config(control, &admin, &error), 0);
	PL_CHECK_INT(n_reloaded, 1);
	PL_CHECK(!restart_needed);
	PL_CHECK_NEAR(pl_control_model(control)->headroom_db, 3.0, 0.0);
	PL_CHECK_NEAR(pl_control_config(control)->headroom_db, 3.0, 0.0);
	PL_CHECK_INT(pl_control_config(control)->fs, 44100);
	PL_CHECK_INT(pl_control_config(control)->http_port, 9000);
	PL_CHECK_STR(pl_control_config(control)->cors_origins[0], "http://x");

	put(path, "{\"headroom_db\": 1.0, \"headrom_db\": 2.0}");
	PL_CHECK_INT(pl_control_reload_config(control, &admin, &error), -EINVAL);
	PL_CHECK(strstr(error.message, ": /headrom_db: unknown key"));
	PL_CHECK(strstr(error.message, path));
	PL_CHECK_INT(n_reloaded, 1);
	PL_CHECK_NEAR(pl_control_model(control)->headroom_db, 3.0, 0.0);

	put(path, "{\"tablets\": 8, \"headroom_db\": 2.0}");
	PL_CHECK_INT(pl_control_reload_config(control, &admin, &error), 0);
	PL_CHECK(restart_needed);
	PL_CHECK_INT(pl_control_config(control)->n_tablets, 16);
	PL_CHECK_NEAR(pl_control_model(control)->headroom_db, 2.0, 0.0);

	unlink(path);
	PL_CHECK_INT(pl_control_reload_config(control, &admin, &error), -EINVAL);
	PL_CHECK_NEAR(pl_control_model(control)->headroom_db, 2.0, 0.0);
	pl_control_free(control);
	pl_config_done(&config);
}

PL_TEST_MAIN()
