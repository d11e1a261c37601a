/* SPDX-License-Identifier: MIT */
#include "state-internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include <linux/magic.h>

#include "files.h"
#include "model-json.h"

#define STATE "state.json"
#define STATE_NEW "state.json.new"
#define STATE_OLD "state.json.old"
#define STATE_OLD_NEW "state.json.old.new"
#define LOCK "state.lock"
#define KEYS "keys.json"
#define KEYS_NEW "keys.json.new"

#define BOOT_ID_FILE "/proc/sys/kernel/random/boot_id"
/** A full 64x64 state is about 400 kB. */
#define FILE_SIZE_MAX (4 * 1024 * 1024)

void state_report(struct pl_state_report *report, const char *format, ...)
{
	va_list args;

	if (report->n_problems >= sizeof(report->problem) / sizeof(report->problem[0]))
		return;
	va_start(args, format);
	vsnprintf(report->problem[report->n_problems++], sizeof(report->problem[0]), format, args);
	va_end(args);
}

/* --- life ---------------------------------------------------------------------- */

/**
 * A hardened unit may hide the boot id (ProcSubset=pid). What lies in memory is of this boot
 * all the same; anywhere else the keys are not trusted then.
 */
static void read_boot_id(struct pl_state_file *file)
{
	struct statfs fs;
	ssize_t n = 0;
	int fd;

	fd = open(BOOT_ID_FILE, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		n = read(fd, file->boot_id, sizeof(file->boot_id) - 1);
		close(fd);
	}
	if (n < 0)
		n = 0;
	file->boot_id[n] = '\0';
	file->boot_id[strcspn(file->boot_id, "\n")] = '\0';
	if (n == 0 && fstatfs(file->runtime_dir, &fs) == 0 && fs.f_type == TMPFS_MAGIC)
		snprintf(file->boot_id, sizeof(file->boot_id), "in memory");
}

/** The owner's process id is written into the lock file, for the message. */
static int take_lock(struct pl_state_file *file, char *ret_owner, size_t size)
{
	int fd;

	fd = openat(file->state_dir, LOCK, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		int r = errno == EWOULDBLOCK ? -EBUSY : -errno;
		ssize_t n = pread(fd, ret_owner, size - 1, 0);

		ret_owner[n > 0 ? n : 0] = '\0';
		ret_owner[strcspn(ret_owner, "\n")] = '\0';
		close(fd);
		return r;
	}
	if (ftruncate(fd, 0) == 0)
		dprintf(fd, "%ld\n", (long)getpid());
	file->lock = fd;
	return 0;
}

int pl_state_file_open(const char *state_directory, const char *runtime_directory,
		       struct pl_state_file **ret_file, char *ret_reason, size_t reason_size)
{
	struct pl_state_file *file;
	char owner[32] = "";
	int r;

	file = calloc(1, sizeof(*file));
	if (!file) {
		snprintf(ret_reason, reason_size, "no memory");
		return -ENOMEM;
	}
	file->state_dir = file->runtime_dir = file->lock = -1;

	r = pl_folder_open(state_directory, &file->state_dir);
	if (r < 0) {
		snprintf(ret_reason, reason_size,
			 "the state directory \"%s\" cannot be used: %s; set state_directory in "
			 "the configuration to one that can",
			 state_directory, strerror(-r));
		goto error;
	}
	r = pl_folder_open(runtime_directory, &file->runtime_dir);
	if (r < 0) {
		snprintf(ret_reason, reason_size,
			 "the runtime directory \"%s\" cannot be used: %s; set runtime_directory "
			 "in the configuration to one that can",
			 runtime_directory, strerror(-r));
		goto error;
	}
	read_boot_id(file);
	r = take_lock(file, owner, sizeof(owner));
	if (r == -EBUSY)
		snprintf(ret_reason, reason_size,
			 "another Partyline (process %s) uses the state directory \"%s\"; stop "
			 "it, or set state_directory to another one",
			 owner[0] ? owner : "unknown", state_directory);
	else if (r < 0)
		snprintf(ret_reason, reason_size,
			 "the state directory \"%s\" cannot be written: %s", state_directory,
			 strerror(-r));
	if (r < 0)
		goto error;
	*ret_file = file;
	return 0;
error:
	pl_state_file_close(file);
	return r;
}

struct pl_state_file *pl_state_file_close(struct pl_state_file *file)
{
	if (!file)
		return NULL;
	if (file->lock >= 0)
		close(file->lock);
	if (file->state_dir >= 0)
		close(file->state_dir);
	if (file->runtime_dir >= 0)
		close(file->runtime_dir);
	free(file);
	return NULL;
}

/* --- loading --------------------------------------------------------------------- */

/**
 * @param ret_reason  why it is damaged, on -EINVAL
 * @return 0, -ENOENT, -EINVAL for what is no state file, or why it may not be read
 */
static int load_settings(struct pl_state_file *file, const char *name, struct pl_model *ret_model,
			 char *ret_reason, size_t reason_size)
{
	struct json_object *tree = NULL;
	char pointer[128] = "";
	char *text = NULL;
	size_t size = 0;
	int r;

	r = pl_file_read(file->state_dir, name, FILE_SIZE_MAX, &text, &size);
	if (r == -EFBIG) {
		snprintf(ret_reason, reason_size, "it is too large");
		return -EINVAL;
	}
	if (r < 0)
		return r;
	r = pl_json_parse(text, size, &tree, ret_reason, reason_size);
	free(text);
	if (r < 0)
		return r;
	/* At full size, so that a smaller matrix today is not damage. */
	r = pl_model_from_json(tree, PL_TABLETS_MAX, PL_CHANNELS_MAX, ret_model, pointer,
			       sizeof(pointer));
	json_object_put(tree);
	if (r == -EINVAL)
		snprintf(ret_reason, reason_size, "the value at \"%s\" is refused", pointer);
	return r;
}

static void move_aside(struct pl_state_file *file, const char *reason,
		       struct pl_state_report *ret_report)
{
	char to[80];
	int r;

	r = pl_file_move_aside(file->state_dir, STATE, to, sizeof(to));
	if (r < 0)
		state_report(ret_report, "%s is damaged (%s) and cannot be moved aside: %s", STATE,
			     reason, strerror(-r));
	else
		state_report(ret_report, "%s was damaged (%s); it is now %s", STATE, reason, to);
}

/** settings of state.json, else of state.json.old, else -ENOENT */
static int load_any_settings(struct pl_state_file *file, struct pl_model *ret_model,
			     struct pl_state_report *ret_report)
{
	char reason[256] = "";
	int r;

	r = load_settings(file, STATE, ret_model, reason, sizeof(reason));
	if (r == 0)
		return 0;
	if (r == -EINVAL)
		move_aside(file, reason, ret_report);
	else if (r != -ENOENT)
		return r;

	r = load_settings(file, STATE_OLD, ret_model, reason, sizeof(reason));
	if (r == 0)
		state_report(ret_report, "the settings before the last change are used, from %s",
			     STATE_OLD);
	else if (r == -EINVAL)
		state_report(ret_report, "%s is damaged too (%s); the defaults are used", STATE_OLD,
			     reason);
	return r == -EINVAL ? -ENOENT : r;
}

/** @return 0, -ENOENT when there are none of this boot, -EINVAL with a reason, -ENOMEM */
static int load_keys(struct pl_state_file *file, struct pl_model *model, char *ret_reason,
		     size_t reason_size)
{
	struct json_object *tree = NULL, *boot_id;
	char pointer[128] = "";
	char *text = NULL;
	size_t size = 0;
	bool same;
	int r;

	r = pl_file_read(file->runtime_dir, KEYS, FILE_SIZE_MAX, &text, &size);
	if (r < 0) {
		snprintf(ret_reason, reason_size, "%s", strerror(-r));
		return r == -ENOENT || r == -ENOMEM ? r : -EINVAL;
	}
	r = pl_json_parse(text, size, &tree, ret_reason, reason_size);
	free(text);
	if (r < 0)
		return r;
	same = file->boot_id[0] && json_object_is_type(tree, json_type_object) &&
	       json_object_object_get_ex(tree, "boot_id", &boot_id) &&
	       json_object_is_type(boot_id, json_type_string) &&
	       strcmp(json_object_get_string(boot_id), file->boot_id) == 0;
	if (same) {
		json_object_object_del(tree, "boot_id");
		r = pl_model_keys_from_json(tree, model, pointer, sizeof(pointer));
		if (r < 0)
			snprintf(ret_reason, reason_size, "the value at \"%s\" is refused",
				 pointer);
	}
	json_object_put(tree);
	if (r < 0)
		return r;
	return same ? 0 : -ENOENT;
}

int pl_state_file_load(struct pl_state_file *file, uint32_t n_tablets, uint32_t n_channels,
		       double headroom_db, struct pl_model *ret_model,
		       struct pl_state_report *ret_report)
{
	struct pl_model model;
	char reason[256] = "";
	int r;

	memset(ret_report, 0, sizeof(*ret_report));
	r = load_any_settings(file, &model, ret_report);
	if (r == -ENOENT) {
		pl_model_init(&model, PL_TABLETS_MAX, PL_CHANNELS_MAX);
		model.headroom_db = headroom_db;
	} else if (r < 0) {
		return r;
	}
	r = load_keys(file, &model, reason, sizeof(reason));
	if (r == -ENOMEM)
		return r;
	if (r == -EINVAL)
		state_report(ret_report, "%s is damaged (%s); all talk keys are released", KEYS,
			     reason);
	pl_model_resize(&model, n_tablets, n_channels);
	for (uint32_t t = 0; t < PL_TABLETS_MAX; t++)
		file->keys[t] = model.tablet[t].keys;
	*ret_model = model;
	return 0;
}

/* --- keeping ----------------------------------------------------------------------- */

static int keep_settings(struct pl_state_file *file, const struct pl_model *model)
{
	struct json_object *tree = pl_model_to_json(model);
	const char *text;
	int r;

	if (!tree)
		return -ENOMEM;
	text = json_object_to_json_string_ext(tree, JSON_C_TO_STRING_PRETTY |
							    JSON_C_TO_STRING_NOSLASHESCAPE);
	r = text ? pl_file_put(file->state_dir, STATE_NEW, text, strlen(text), true) : -ENOMEM;
	json_object_put(tree);
	if (r < 0) {
		/* What is left of it takes room that others need. */
		unlinkat(file->state_dir, STATE_NEW, 0);
		return r;
	}

	/* state.json is there at every moment: the old one gets a second name first. A file
	 * system without links has no .old, nothing worse. */
	unlinkat(file->state_dir, STATE_OLD_NEW, 0);
	if (linkat(file->state_dir, STATE, file->state_dir, STATE_OLD_NEW, 0) == 0 &&
	    renameat(file->state_dir, STATE_OLD_NEW, file->state_dir, STATE_OLD) < 0)
		return -errno;
	if (renameat(file->state_dir, STATE_NEW, file->state_dir, STATE) < 0)
		return -errno;
	return fsync(file->state_dir) < 0 ? -errno : 0;
}

static int write_keys(struct pl_state_file *file, const struct pl_model *model)
{
	struct json_object *tree = pl_model_keys_to_json(model);
	const char *text;
	int r;

	if (!tree)
		return -ENOMEM;
	r = pl_json_add(tree, "boot_id", json_object_new_string(file->boot_id));
	if (r == 0) {
		text = json_object_to_json_string_ext(tree, JSON_C_TO_STRING_PLAIN);
		r = text ? pl_file_put(file->runtime_dir, KEYS_NEW, text, strlen(text), false)
			 : -ENOMEM;
	}
	json_object_put(tree);
	if (r == 0 && renameat(file->runtime_dir, KEYS_NEW, file->runtime_dir, KEYS) < 0)
		r = -errno;
	if (r < 0)
		unlinkat(file->runtime_dir, KEYS_NEW, 0);
	return r;
}

/**
 * A hand that lets go of a key is always heard: where there is no room to write it down, the file
 * goes. A crash then releases the keys that others hold too, which is the better side to err on.
 */
static int keep_keys(struct pl_state_file *file, const struct pl_model *model)
{
	bool only_releases = true;
	int r;

	for (uint32_t t = 0; t < model->n_tablets; t++)
		only_releases = only_releases && !(model->tablet[t].keys & ~file->keys[t]);
	r = write_keys(file, model);
	if (r < 0 && only_releases &&
	    (unlinkat(file->runtime_dir, KEYS, 0) == 0 || errno == ENOENT))
		r = 0;
	if (r < 0)
		return r;
	for (uint32_t t = 0; t < model->n_tablets; t++)
		file->keys[t] = model->tablet[t].keys;
	return 0;
}

static int keep(void *keeper, const struct pl_model *model, bool keys_only)
{
	struct pl_state_file *file = keeper;
	bool keys_differ = false;
	int r = 0;

	for (uint32_t t = 0; t < model->n_tablets; t++)
		keys_differ = keys_differ || file->keys[t] != model->tablet[t].keys;
	/* Keys first: should the settings fail, control keeps the old model again. */
	if (keys_differ)
		r = keep_keys(file, model);
	if (r == 0 && !keys_only)
		r = keep_settings(file, model);
	return r;
}

const struct pl_keeper_ops *pl_state_file_keeper(void)
{
	static const struct pl_keeper_ops ops = {.keep = keep, .keep_gateway = state_keep_gateway};

	return &ops;
}
