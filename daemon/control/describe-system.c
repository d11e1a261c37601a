/* SPDX-License-Identifier: MIT */
#include "system.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "control-internal.h"
#include "describe-gateway.h"
#include "describe-say.h"
#include "json-strict.h"

/** A matrix that has computed nothing for so long has no driver. */
#define STANDS_STILL_USEC (3u * 1000u * 1000u)
/** Less than a state file and its successor. */
#define DISK_FULL_BYTES (64u * 1024u)
#define DISK_LOW_BYTES (32u * 1024u * 1024u)

void pl_control_set_about(struct pl_control *control, const struct pl_about *about)
{
	control->about = *about;
	control->started_usec = control_now_usec(CLOCK_REALTIME);
}

/* --- building: a member that there is no memory for spoils the whole ------------------- */

static void spoil(struct json_object **object)
{
	json_object_put(*object);
	*object = NULL;
}

static void add(struct json_object **object, const char *key, struct json_object *value)
{
	if (!*object)
		json_object_put(value);
	else if (pl_json_add(*object, key, value) < 0)
		spoil(object);
}

static void add_text(struct json_object **object, const char *key, const char *text)
{
	add(object, key, json_object_new_string(text));
}

static void add_uint(struct json_object **object, const char *key, uint64_t value)
{
	add(object, key, json_object_new_uint64(value));
}

/** @param from  taken */
static void say_all(struct json_object **array, struct json_object *from)
{
	if (!from)
		spoil(array);
	for (size_t i = 0; *array && i < json_object_array_length(from); i++)
		describe_say(array, "%s",
			     json_object_get_string(json_object_array_get_idx(from, i)));
	json_object_put(from);
}

/* --- what is wrong ------------------------------------------------------------------------ */

static void say_graph(struct json_object **array, struct pl_control *control)
{
	struct pl_meters_data meters;

	if (!pl_control_engine_is_connected(control)) {
		describe_say(
			array,
			"the audio engine is not connected: %s (settings are kept and take effect when "
			"it is back)",
			pl_control_engine_trouble(control));
		return;
	}
	if (pl_control_read_meters(control, &meters) == 0 &&
	    control_now_usec(CLOCK_MONOTONIC) > meters.clock_nsec / 1000u + STANDS_STILL_USEC)
		describe_say(array,
			     "the graph stands still: no driver runs the matrix (look at: pw-top)");
}

static void say_bindings(struct json_object **array, struct pl_control *control, bool is_tablet,
			 uint32_t n, const struct pl_device_list *list)
{
	char text[512];

	for (uint32_t id = 1; id <= n; id++) {
		struct pl_endpoint endpoint = {.is_tablet = is_tablet, .id = id};

		for (unsigned d = 0; d < PL_DIRECTION_MAX_; d++)
			if (pl_device_list_trouble(list, &control->model, endpoint, d, text,
						   sizeof(text)) > 0)
				describe_say(array, "%s", text);
	}
}

static void say_cards(struct json_object **array, struct pl_control *control)
{
	struct pl_device_list *list = NULL;

	/* Without the engine none of them can sound. */
	if (!pl_control_engine_is_connected(control))
		return;
	if (pl_control_list_devices(control, &list) < 0) {
		spoil(array);
		return;
	}
	say_bindings(array, control, false, control->model.n_channels, list);
	say_bindings(array, control, true, control->model.n_tablets, list);
	free(list);
}

struct disk {
	uint64_t free_bytes, size_bytes;
	bool known, read_only, full, low;
};

static struct disk read_disk(const struct pl_control *control)
{
	struct statvfs st;
	struct disk disk = {0};

	if (statvfs(control->config->state_directory, &st) < 0)
		return disk;
	disk.known = true;
	disk.free_bytes = (uint64_t)st.f_bavail * st.f_frsize;
	disk.size_bytes = (uint64_t)st.f_blocks * st.f_frsize;
	disk.read_only = (st.f_flag & ST_RDONLY) != 0;
	disk.full = disk.free_bytes < DISK_FULL_BYTES || (st.f_files > 0 && st.f_favail == 0);
	disk.low = disk.free_bytes < DISK_LOW_BYTES;
	return disk;
}

struct json_object *pl_describe_troubles(struct pl_control *control)
{
	struct json_object *array = json_object_new_array();
	const char *folder = control->config->state_directory;
	struct disk disk = read_disk(control);

	say_graph(&array, control);
	say_cards(&array, control);
	say_all(&array, pl_describe_gateway_troubles(control));
	if (disk.read_only)
		describe_say(
			&array,
			"%s is on a disk that can only be read: changes are refused, they could not be "
			"kept",
			folder);
	else if (disk.known && disk.full)
		describe_say(
			&array,
			"the disk of %s is full: changes are refused, they could not be kept; make room",
			folder);
	return array;
}

struct json_object *pl_describe_warnings(struct pl_control *control)
{
	struct json_object *array = json_object_new_array();
	struct disk disk = read_disk(control);
	struct pl_meters_data meters;

	say_all(&array, pl_describe_gateway_warnings(control));
	if (pl_control_read_meters(control, &meters) == 0 && meters.n_bad_samples > 0)
		describe_say(
			&array,
			"%llu input samples were not numbers or beyond +24 dBFS and were played as "
			"silence: a client sends rubbish",
			(unsigned long long)meters.n_bad_samples);
	if (disk.known && disk.low && !disk.full && !disk.read_only)
		describe_say(&array, "the disk of %s is nearly full, %llu MB are left; make room",
			     control->config->state_directory,
			     (unsigned long long)(disk.free_bytes >> 20));
	if (pl_control_discover_trouble(control)[0])
		describe_say(&array, "not announced in the network: %s",
			     pl_control_discover_trouble(control));
	return array;
}

/* --- the document --------------------------------------------------------------------------- */

/** PRETTY_NAME of os-release(5); "" when there is none. */
static void read_system_name(char *ret_name, size_t size)
{
	static const char key[] = "PRETTY_NAME=";
	char line[256];
	FILE *file = fopen("/etc/os-release", "re");

	ret_name[0] = '\0';
	while (file && fgets(line, sizeof(line), file)) {
		char *value = line + sizeof(key) - 1;

		if (strncmp(line, key, sizeof(key) - 1) != 0)
			continue;
		value += strspn(value, "\"'");
		value[strcspn(value, "\"'\n")] = '\0';
		snprintf(ret_name, size, "%s", value);
	}
	if (file)
		fclose(file);
}

/** Of this process, in the machine's memory; 0: not known. See proc_pid_statm(5). */
static uint64_t read_memory(void)
{
	FILE *file = fopen("/proc/self/statm", "re");
	char line[128];
	const char *pages = NULL;

	if (!file)
		return 0;
	if (fgets(line, sizeof(line), file))
		pages = strchr(line, ' ');
	fclose(file);
	return pages ? strtoull(pages, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE) : 0;
}

/** libwebsockets leaves the place of a commit empty: "4.1.6-". */
static void add_version(struct json_object **object, const struct pl_version *version)
{
	size_t n = strlen(version->version);

	if (n > 0 && version->version[n - 1] == '-')
		n--;
	add(object, version->name, json_object_new_string_len(version->version, (int)n));
}

static struct json_object *describe_versions(struct pl_control *control)
{
	struct json_object *o = json_object_new_object();
	const char *server = "";

	for (size_t i = 0; i < PL_VERSIONS_MAX && control->about.versions[i].name; i++)
		add_version(&o, &control->about.versions[i]);
	if (control->engine_ops && control->engine_ops->server_version)
		server = control->engine_ops->server_version(control->engine);
	if (server[0])
		add_text(&o, "pipewire", server);
	return o;
}

static struct json_object *describe_graph(struct pl_control *control)
{
	struct json_object *o = json_object_new_object();
	struct pl_meters_data meters;

	pl_control_read_meters(control, &meters);
	add(&o, "connected", json_object_new_boolean(pl_control_engine_is_connected(control)));
	add_uint(&o, "rate_hz", meters.rate_hz);
	add_uint(&o, "quantum", meters.quantum);
	add_uint(&o, "cycles", meters.n_cycles);
	add_uint(&o, "bad_samples", meters.n_bad_samples);
	add_uint(&o, "bad_control_events", meters.n_bad_control);
	return o;
}

static struct json_object *describe_disk(struct pl_control *control)
{
	struct json_object *o = json_object_new_object();
	struct disk disk = read_disk(control);

	add_text(&o, "path", control->config->state_directory);
	add_uint(&o, "free_bytes", disk.free_bytes);
	add_uint(&o, "size_bytes", disk.size_bytes);
	return o;
}

/** Seconds since 1970, to the millisecond. */
static struct json_object *seconds(uint64_t usec)
{
	return pl_json_double(floor((double)usec / 1e3) / 1e3);
}

struct json_object *pl_describe_system(struct pl_control *control)
{
	struct json_object *o = json_object_new_object();
	struct utsname name = {0};
	char system[128], kernel[3 * sizeof(name.release)];

	uname(&name);
	read_system_name(system, sizeof(system));
	snprintf(kernel, sizeof(kernel), "%s %s %s", name.sysname, name.release, name.machine);
	add(&o, "ts", seconds(control_now_usec(CLOCK_REALTIME)));
	add(&o, "started", seconds(control->started_usec));
	add_text(&o, "host", name.nodename);
	add_text(&o, "system", system);
	add_text(&o, "kernel", kernel);
	add_text(&o, "config_file", control->config->path);
	add_text(&o, "published_name", pl_control_published_name(control));
	add(&o, "versions", describe_versions(control));
	add(&o, "graph", describe_graph(control));
	add_uint(&o, "memory_bytes", read_memory());
	add(&o, "disk", describe_disk(control));
	add(&o, "troubles", pl_describe_troubles(control));
	add(&o, "warnings", pl_describe_warnings(control));
	return o;
}
