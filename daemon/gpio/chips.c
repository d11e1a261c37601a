/* SPDX-License-Identifier: MIT */
#include "chips.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <gpiod.h>

/** Labels of the chips whose lines are a Raspberry Pi's BCM numbers, up to the 4 and from the 5. */
static const char *const raspberry_labels[] = {"pinctrl-bcm", "pinctrl-rp1"};

struct search {
	const struct pl_line_def *def;
	struct pl_gpio_place *place;
	bool found;
	unsigned n_chips, n_matching;
	char refused[96]; /* path of a chip that may not be opened */
	char title[96];   /* of the last chip that was meant and has no such line */
};

static int is_chip(const struct dirent *entry)
{
	return strncmp(entry->d_name, PL_GPIO_CHIP_PREFIX, strlen(PL_GPIO_CHIP_PREFIX)) == 0;
}

static bool is_meant(const char *wanted, const char *path, const char *name, const char *label)
{
	return !wanted[0] || strcmp(wanted, name) == 0 || strcmp(wanted, path) == 0 ||
	       strcmp(wanted, label) == 0 ||
	       strcmp(wanted, name + strlen(PL_GPIO_CHIP_PREFIX)) == 0;
}

static bool is_raspberry(const char *label)
{
	for (unsigned i = 0; i < sizeof(raspberry_labels) / sizeof(raspberry_labels[0]); i++)
		if (strncmp(label, raspberry_labels[i], strlen(raspberry_labels[i])) == 0)
			return true;
	return false;
}

/** @return the line's number, or -1 */
static int line_of(struct gpiod_chip *chip, struct gpiod_chip_info *info,
		   const struct pl_line_def *def)
{
	if (def->line_name[0])
		return gpiod_chip_get_line_offset_from_name(chip, def->line_name);
	if (def->offset < 0 || (size_t)def->offset >= gpiod_chip_info_get_num_lines(info))
		return -1;
	return def->offset;
}

static void look_into(struct search *search, struct gpiod_chip *chip, const char *path,
		      const char *name, bool raspberry_only)
{
	struct gpiod_chip_info *info = gpiod_chip_get_info(chip);
	const char *label;
	char title[sizeof(search->title)];
	int line;

	if (!info)
		return;
	label = gpiod_chip_info_get_label(info);
	if (is_meant(search->def->chip, path, name, label) &&
	    (!raspberry_only || is_raspberry(label))) {
		search->n_matching++;
		/* The kernel's names have 31 characters at most. */
		snprintf(title, sizeof(title), "%.40s [%.40s]", name, label);
		line = line_of(chip, info, search->def);
		if (line < 0) {
			memcpy(search->title, title, sizeof(title));
		} else {
			search->found = true;
			snprintf(search->place->path, sizeof(search->place->path), "%s", path);
			memcpy(search->place->title, title, sizeof(title));
			search->place->offset = (uint32_t)line;
		}
	}
	gpiod_chip_info_free(info);
}

/** All chips, in the order of their numbers, until the line is found. */
static void look(struct search *search, bool raspberry_only)
{
	struct dirent **entries = NULL;
	int n = scandir(PL_GPIO_DEV, &entries, is_chip, versionsort);

	search->n_chips = search->n_matching = 0;
	for (int i = 0; i < n; i++) {
		char path[sizeof(search->place->path)];
		const char *name = entries[i]->d_name;
		struct gpiod_chip *chip = NULL;

		snprintf(path, sizeof(path), PL_GPIO_DEV "/%.80s", name);
		if (!search->found) {
			errno = 0;
			chip = gpiod_chip_open(path);
			/* One that is not a chip, or just went, does not count. */
			search->n_chips += chip != NULL;
			if (!chip && (errno == EACCES || errno == EPERM))
				memcpy(search->refused, path, sizeof(path));
		}
		if (chip) {
			look_into(search, chip, path, name, raspberry_only);
			gpiod_chip_close(chip);
		}
		free(entries[i]);
	}
	free(entries);
}

static int say_why(const struct search *search, char *ret_trouble, size_t size)
{
	const struct pl_line_def *def = search->def;
	char line[80];

	if (def->line_name[0])
		snprintf(line, sizeof(line), "line \"%s\"", def->line_name);
	else
		snprintf(line, sizeof(line), "line %d", (int)def->offset);
	if (search->n_matching == 0 && search->refused[0]) {
		snprintf(ret_trouble, size,
			 "%s may not be opened; put the user that Partyline runs as into the group "
			 "that owns it (gpio)",
			 search->refused);
		return -EACCES;
	}
	if (search->n_chips == 0)
		snprintf(ret_trouble, size, "there is no GPIO chip at the moment");
	else if (search->n_matching == 0)
		snprintf(ret_trouble, size, "there is no GPIO chip \"%s\" at the moment",
			 def->chip);
	else if (search->n_matching == 1)
		snprintf(ret_trouble, size, "%s has no %s", search->title, line);
	else
		snprintf(ret_trouble, size, "no GPIO chip has a %s", line);
	return -ENOENT;
}

int pl_gpio_find(const struct pl_line_def *def, struct pl_gpio_place *ret_place, char *ret_trouble,
		 size_t trouble_size)
{
	struct pl_gpio_place place = {.path = ""};
	struct search search = {.def = def, .place = &place};

	if (!def->chip[0] && !def->line_name[0])
		look(&search, true);
	if (!search.found)
		look(&search, false);
	if (!search.found)
		return say_why(&search, ret_trouble, trouble_size);
	*ret_place = place;
	return 0;
}

void pl_gpio_consumer(const struct pl_gpio_place *place, char *ret_name, size_t size)
{
	struct gpiod_chip *chip = gpiod_chip_open(place->path);
	struct gpiod_line_info *info = NULL;
	const char *name = NULL;

	if (chip)
		info = gpiod_chip_get_line_info(chip, place->offset);
	if (info)
		name = gpiod_line_info_get_consumer(info);
	snprintf(ret_name, size, "%s", name ? name : "");
	gpiod_line_info_free(info);
	if (chip)
		gpiod_chip_close(chip);
}
