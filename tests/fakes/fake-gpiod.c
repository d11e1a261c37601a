/* SPDX-License-Identifier: MIT */
/* All of it stands before what the program would call. */
#pragma GCC visibility push(default)
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <gpiod.h>
#include <systemd/sd-event.h>

/*
 * GPIO chips for machines that have none: what Partyline uses of libgpiod 2, to be preloaded.
 *
 * $PARTYLINE_FAKE_GPIO is a folder that stands for /dev. A file gpiochipN in it is a chip, of lines
 *
 *	label WORD
 *	lines NUMBER
 *	name OFFSET WORD
 *	consumer OFFSET NAME         somebody uses it; without a name: somebody who does not say who
 *	output OFFSET                it is an output
 *	refuse open ERRNO            the chip may not be opened
 *
 * and each request of a line is a connection to the socket `lines` there, of one message each:
 *
 *	-> CHIP OFFSET in|out edges|still BIAS high|low CONSUMER
 *	<- ok LEVEL | error ERRNO
 *	<- edge LEVEL NSEC           an edge, which the line reports if it was asked for edges
 *	<- lost LEVEL                an edge that the kernel had no room for
 *	-> set LEVEL                 of an output, first when it is requested
 *
 * LEVEL is 0 or 1, as a meter at the pin would show. The chip goes when the other side hangs up.
 */

#define FOLDER "PARTYLINE_FAKE_GPIO"
#define TEXT_MAX 256

struct gpiod_chip {
	char name[32];
	char *text; /* of its file */
};

struct gpiod_chip_info {
	char name[32], label[64];
	size_t n_lines;
};

struct gpiod_line_info {
	char name[TEXT_MAX], consumer[TEXT_MAX];
	bool is_used, is_output;
};

struct gpiod_line_settings {
	bool is_output, has_edges, is_low, value;
	int bias;
};

struct gpiod_line_config {
	struct gpiod_line_settings settings;
	unsigned offset;
};

struct gpiod_request_config {
	char consumer[TEXT_MAX];
};

struct gpiod_line_request {
	int fd;
	struct gpiod_line_settings settings;
	bool level;
	unsigned long seqno;
};

struct gpiod_edge_event {
	bool is_rising;
	uint64_t nsec;
	unsigned long seqno;
};

struct gpiod_edge_event_buffer {
	size_t n_max;
	struct gpiod_edge_event events[];
};

/** The word and then numbers. @return how many, -1 for another word */
static int parse(const char *text, const char *word, unsigned long long numbers[2])
{
	size_t n_word = strlen(word);
	int n = 0;

	if (strncmp(text, word, n_word) != 0)
		return -1;
	for (text += n_word; n < 2 && *text == ' '; n++) {
		char *end;

		numbers[n] = strtoull(text + 1, &end, 10);
		text = end;
	}
	return n;
}

static const char *folder(void)
{
	const char *path = getenv(FOLDER);

	return path ? path : "/nonexistent";
}

/** The next function of this name: the one that this stands before. */
static void *next_function(const char *name)
{
	void *function = dlsym(RTLD_NEXT, name);

	if (!function)
		abort();
	return function;
}

/* --- /dev --------------------------------------------------------------------------- */

int scandir(const char *path, struct dirent ***ret_entries, int (*select)(const struct dirent *),
	    int (*compare)(const struct dirent **, const struct dirent **))
{
	int (*real)(const char *, struct dirent ***, int (*)(const struct dirent *),
		    int (*)(const struct dirent **, const struct dirent **));

	*(void **)&real = next_function("scandir");
	return real(strcmp(path, "/dev") == 0 ? folder() : path, ret_entries, select, compare);
}

int sd_event_add_inotify(sd_event *event, sd_event_source **ret_source, const char *path,
			 uint32_t mask, sd_event_inotify_handler_t callback, void *userdata)
{
	int (*real)(sd_event *, sd_event_source **, const char *, uint32_t,
		    sd_event_inotify_handler_t, void *);

	*(void **)&real = next_function("sd_event_add_inotify");
	return real(event, ret_source, strcmp(path, "/dev") == 0 ? folder() : path, mask, callback,
		    userdata);
}

/* --- chips -------------------------------------------------------------------------- */

static char *read_file(const char *name)
{
	char path[TEXT_MAX * 2], *text;
	FILE *file;
	size_t n;

	snprintf(path, sizeof(path), "%s/%s", folder(), name);
	file = fopen(path, "re");
	if (!file)
		return NULL;
	text = calloc(1, 65536);
	n = text ? fread(text, 1, 65535, file) : 0;
	fclose(file);
	if (text)
		text[n] = '\0';
	return text;
}

/** The rest of the line that starts with the words. @return false: there is none */
static bool find(const struct gpiod_chip *chip, const char *words, char *ret_rest, size_t size)
{
	for (const char *line = chip->text; line && *line;) {
		const char *end = strchrnul(line, '\n');
		size_t n = strlen(words);

		if (strncmp(line, words, n) == 0 && (line[n] == ' ' || line + n == end)) {
			const char *rest = line + n + (line + n < end);

			snprintf(ret_rest, size, "%.*s", (int)(end - rest), rest);
			return true;
		}
		line = *end ? end + 1 : NULL;
	}
	return false;
}

struct gpiod_chip *gpiod_chip_open(const char *path)
{
	struct gpiod_chip *chip = calloc(1, sizeof(*chip));
	const char *name = strrchr(path, '/');
	char rest[TEXT_MAX];

	if (!chip)
		return NULL;
	snprintf(chip->name, sizeof(chip->name), "%s", name ? name + 1 : path);
	chip->text = read_file(chip->name);
	if (chip->text && !find(chip, "refuse open", rest, sizeof(rest)))
		return chip;
	errno = chip->text ? (int)strtol(rest, NULL, 10) : ENOENT;
	free(chip->text);
	free(chip);
	return NULL;
}

void gpiod_chip_close(struct gpiod_chip *chip)
{
	free(chip->text);
	free(chip);
}

struct gpiod_chip_info *gpiod_chip_get_info(struct gpiod_chip *chip)
{
	struct gpiod_chip_info *info = calloc(1, sizeof(*info));
	char rest[TEXT_MAX];

	if (!info)
		return NULL;
	snprintf(info->name, sizeof(info->name), "%s", chip->name);
	if (find(chip, "label", rest, sizeof(rest)))
		snprintf(info->label, sizeof(info->label), "%.63s", rest);
	if (find(chip, "lines", rest, sizeof(rest)))
		info->n_lines = strtoul(rest, NULL, 10);
	return info;
}

void gpiod_chip_info_free(struct gpiod_chip_info *info)
{
	free(info);
}

const char *gpiod_chip_info_get_name(struct gpiod_chip_info *info)
{
	return info->name;
}

const char *gpiod_chip_info_get_label(struct gpiod_chip_info *info)
{
	return info->label;
}

size_t gpiod_chip_info_get_num_lines(struct gpiod_chip_info *info)
{
	return info->n_lines;
}

int gpiod_chip_get_line_offset_from_name(struct gpiod_chip *chip, const char *name)
{
	for (int offset = 0; offset < 1024; offset++) {
		char words[32], rest[TEXT_MAX];

		snprintf(words, sizeof(words), "name %d", offset);
		if (find(chip, words, rest, sizeof(rest)) && strcmp(rest, name) == 0)
			return offset;
	}
	errno = ENOENT;
	return -1;
}

struct gpiod_line_info *gpiod_chip_get_line_info(struct gpiod_chip *chip, unsigned int offset)
{
	struct gpiod_line_info *info = calloc(1, sizeof(*info));
	char words[32], rest[TEXT_MAX];

	if (!info)
		return NULL;
	snprintf(words, sizeof(words), "consumer %u", offset);
	info->is_used = find(chip, words, info->consumer, sizeof(info->consumer));
	snprintf(words, sizeof(words), "name %u", offset);
	find(chip, words, info->name, sizeof(info->name));
	snprintf(words, sizeof(words), "output %u", offset);
	info->is_output = find(chip, words, rest, sizeof(rest));
	return info;
}

void gpiod_line_info_free(struct gpiod_line_info *info)
{
	free(info);
}

const char *gpiod_line_info_get_consumer(struct gpiod_line_info *info)
{
	return info->consumer[0] ? info->consumer : NULL;
}

const char *gpiod_line_info_get_name(struct gpiod_line_info *info)
{
	return info->name[0] ? info->name : NULL;
}

bool gpiod_line_info_is_used(struct gpiod_line_info *info)
{
	return info->is_used;
}

enum gpiod_line_direction gpiod_line_info_get_direction(struct gpiod_line_info *info)
{
	return info->is_output ? GPIOD_LINE_DIRECTION_OUTPUT : GPIOD_LINE_DIRECTION_INPUT;
}

/* --- what is asked for ----------------------------------------------------------------- */

struct gpiod_line_settings *gpiod_line_settings_new(void)
{
	return calloc(1, sizeof(struct gpiod_line_settings));
}

void gpiod_line_settings_free(struct gpiod_line_settings *settings)
{
	free(settings);
}

int gpiod_line_settings_set_direction(struct gpiod_line_settings *settings,
				      enum gpiod_line_direction direction)
{
	settings->is_output = direction == GPIOD_LINE_DIRECTION_OUTPUT;
	return 0;
}

int gpiod_line_settings_set_edge_detection(struct gpiod_line_settings *settings,
					   enum gpiod_line_edge edge)
{
	settings->has_edges = edge == GPIOD_LINE_EDGE_BOTH;
	return 0;
}

int gpiod_line_settings_set_bias(struct gpiod_line_settings *settings, enum gpiod_line_bias bias)
{
	settings->bias = (int)bias;
	return 0;
}

void gpiod_line_settings_set_active_low(struct gpiod_line_settings *settings, bool active_low)
{
	settings->is_low = active_low;
}

int gpiod_line_settings_set_event_clock(struct gpiod_line_settings *settings,
					enum gpiod_line_clock event_clock)
{
	return 0;
}

int gpiod_line_settings_set_output_value(struct gpiod_line_settings *settings,
					 enum gpiod_line_value value)
{
	settings->value = value == GPIOD_LINE_VALUE_ACTIVE;
	return 0;
}

struct gpiod_line_config *gpiod_line_config_new(void)
{
	return calloc(1, sizeof(struct gpiod_line_config));
}

void gpiod_line_config_free(struct gpiod_line_config *config)
{
	free(config);
}

int gpiod_line_config_add_line_settings(struct gpiod_line_config *config,
					const unsigned int *offsets, size_t num_offsets,
					struct gpiod_line_settings *settings)
{
	config->settings = *settings;
	config->offset = offsets[0];
	return 0;
}

struct gpiod_request_config *gpiod_request_config_new(void)
{
	return calloc(1, sizeof(struct gpiod_request_config));
}

void gpiod_request_config_free(struct gpiod_request_config *config)
{
	free(config);
}

void gpiod_request_config_set_consumer(struct gpiod_request_config *config, const char *consumer)
{
	snprintf(config->consumer, sizeof(config->consumer), "%s", consumer);
}

void gpiod_request_config_set_event_buffer_size(struct gpiod_request_config *config,
						size_t event_buffer_size)
{
}

/* --- requests ---------------------------------------------------------------------------- */

static int say(int fd, const char *text)
{
	if (send(fd, text, strlen(text), MSG_NOSIGNAL) >= 0)
		return 0;
	errno = ENODEV;
	return -1;
}

/** @return its length; -1 with errno: none there (EAGAIN), or hung up (ENODEV) */
static int hear(int fd, int flags, char ret_text[TEXT_MAX])
{
	ssize_t n = recv(fd, ret_text, TEXT_MAX - 1, flags);

	if (n <= 0) {
		errno = n == 0 || errno == ECONNRESET ? ENODEV : errno;
		return -1;
	}
	ret_text[n] = '\0';
	return (int)n;
}

static int connect_line(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/lines", folder());
	if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	errno = ENODEV;
	return -1;
}

static int say_value(const struct gpiod_line_request *request, bool active)
{
	return say(request->fd, active != request->settings.is_low ? "set 1" : "set 0");
}

struct gpiod_line_request *gpiod_chip_request_lines(struct gpiod_chip *chip,
						    struct gpiod_request_config *req_cfg,
						    struct gpiod_line_config *line_cfg)
{
	const struct gpiod_line_settings *s = &line_cfg->settings;
	struct gpiod_line_request *request = calloc(1, sizeof(*request));
	char text[TEXT_MAX * 2], answer[TEXT_MAX] = "";
	unsigned long long numbers[2] = {0};
	int error = ENODEV;

	if (!request)
		return NULL;
	request->settings = *s;
	request->fd = connect_line();
	snprintf(text, sizeof(text), "%s %u %s %s %d %s %s", chip->name, line_cfg->offset,
		 s->is_output ? "out" : "in", s->has_edges ? "edges" : "still", s->bias,
		 s->is_low ? "low" : "high", req_cfg->consumer);
	if (request->fd >= 0 && say(request->fd, text) == 0 && hear(request->fd, 0, answer) > 0 &&
	    parse(answer, "ok", numbers) == 1) {
		request->level = numbers[0] != 0;
		if (!s->is_output || say_value(request, s->value) == 0)
			return request;
	}
	if (parse(answer, "error", numbers) == 1)
		error = (int)numbers[0];
	gpiod_line_request_release(request);
	errno = error;
	return NULL;
}

void gpiod_line_request_release(struct gpiod_line_request *request)
{
	if (request->fd >= 0)
		close(request->fd);
	free(request);
}

int gpiod_line_request_get_fd(struct gpiod_line_request *request)
{
	return request->fd;
}

/** @return true for an edge that is to be reported */
static bool take(struct gpiod_line_request *request, const char *text,
		 struct gpiod_edge_event *ret_event)
{
	unsigned long long numbers[2];
	bool is_lost = parse(text, "lost", numbers) == 1;

	if (!is_lost && parse(text, "edge", numbers) != 2)
		return false;
	request->seqno++;
	request->level = numbers[0] != 0;
	if (is_lost)
		return false;
	*ret_event = (struct gpiod_edge_event){
		.is_rising = request->level != request->settings.is_low,
		.nsec = numbers[1],
		.seqno = request->seqno,
	};
	return true;
}

enum gpiod_line_value gpiod_line_request_get_value(struct gpiod_line_request *request,
						   unsigned int offset)
{
	struct gpiod_edge_event event;
	char text[TEXT_MAX];

	/* Edges of a line that reports them are read as events, and only so. */
	while (!request->settings.has_edges) {
		if (hear(request->fd, MSG_DONTWAIT, text) > 0)
			take(request, text, &event);
		else if (errno == EAGAIN)
			break;
		else
			return GPIOD_LINE_VALUE_ERROR;
	}
	return request->level != request->settings.is_low ? GPIOD_LINE_VALUE_ACTIVE
							  : GPIOD_LINE_VALUE_INACTIVE;
}

int gpiod_line_request_set_value(struct gpiod_line_request *request, unsigned int offset,
				 enum gpiod_line_value value)
{
	return say_value(request, value == GPIOD_LINE_VALUE_ACTIVE);
}

/* --- edges --------------------------------------------------------------------------------- */

struct gpiod_edge_event_buffer *gpiod_edge_event_buffer_new(size_t capacity)
{
	struct gpiod_edge_event_buffer *buffer =
		calloc(1, sizeof(*buffer) + capacity * sizeof(buffer->events[0]));

	if (buffer)
		buffer->n_max = capacity;
	return buffer;
}

void gpiod_edge_event_buffer_free(struct gpiod_edge_event_buffer *buffer)
{
	free(buffer);
}

struct gpiod_edge_event *gpiod_edge_event_buffer_get_event(struct gpiod_edge_event_buffer *buffer,
							   unsigned long index)
{
	return &buffer->events[index];
}

int gpiod_line_request_read_edge_events(struct gpiod_line_request *request,
					struct gpiod_edge_event_buffer *buffer, size_t max_events)
{
	char text[TEXT_MAX];
	size_t n = 0;

	while (n < max_events && n < buffer->n_max) {
		if (hear(request->fd, MSG_DONTWAIT, text) < 0)
			return n > 0 ? (int)n : -1;
		n += take(request, text, &buffer->events[n]);
	}
	return (int)n;
}

enum gpiod_edge_event_type gpiod_edge_event_get_event_type(struct gpiod_edge_event *event)
{
	return event->is_rising ? GPIOD_EDGE_EVENT_RISING_EDGE : GPIOD_EDGE_EVENT_FALLING_EDGE;
}

uint64_t gpiod_edge_event_get_timestamp_ns(struct gpiod_edge_event *event)
{
	return event->nsec;
}

unsigned long gpiod_edge_event_get_line_seqno(struct gpiod_edge_event *event)
{
	return event->seqno;
}
