/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

/*
 * fuzz-NAME FOLDER [N]: the target with each file of the folder, and with N copies of it that are
 * cut, have bytes changed, or are doubled in part. The same inputs in every run.
 */

#define FILE_SIZE_MAX 65536u
#define MUTATIONS 2000u

static uint32_t next_random(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

/** With the input alone in a block of its size, so that a sanitizer sees each byte past it. */
static void run(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);

	if (!copy)
		abort();
	memcpy(copy, data, size);
	LLVMFuzzerTestOneInput(copy, size);
	free(copy);
}

static void run_mutations(const uint8_t *data, size_t size, uint32_t n_mutations)
{
	uint8_t *work = malloc(2 * size + 1);
	uint32_t state = 1;

	if (!work)
		abort();
	for (uint32_t i = 0; i < n_mutations; i++) {
		size_t n = size;

		memcpy(work, data, size);
		for (uint32_t k = 0; k <= i % 4u && n; k++)
			work[next_random(&state) % n] = (uint8_t)next_random(&state);
		if (i % 5u == 0)
			n = next_random(&state) % (n + 1);
		if (i % 7u == 0 && n) {
			size_t from = next_random(&state) % n;

			memmove(work + n, work + from, n - from);
			n += n - from;
		}
		run(work, n);
	}
	free(work);
}

static int run_file(const char *folder, const char *name, uint32_t n_mutations)
{
	static uint8_t data[FILE_SIZE_MAX];
	char path[4096];
	size_t size;
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "rb");
	if (!file) {
		perror(path);
		return 1;
	}
	size = fread(data, 1, sizeof(data), file);
	fclose(file);
	run(data, size);
	run_mutations(data, size, n_mutations);
	return 0;
}

int main(int argc, char *argv[])
{
	uint32_t n_mutations = MUTATIONS;
	struct dirent **names;
	int n_names, r = 0, n_files = 0;

	if (argc != 2 && argc != 3) {
		fprintf(stderr, "usage: %s FOLDER [N]\n", argv[0]);
		return 2;
	}
	if (argc == 3)
		n_mutations = (uint32_t)strtoul(argv[2], NULL, 10);
	n_names = scandir(argv[1], &names, NULL, alphasort);
	if (n_names < 0) {
		perror(argv[1]);
		return 1;
	}
	for (int i = 0; i < n_names; i++) {
		if (names[i]->d_name[0] != '.') {
			r |= run_file(argv[1], names[i]->d_name, n_mutations);
			n_files++;
		}
		free(names[i]);
	}
	free(names);
	printf("%d files, %u mutations each\n", n_files, n_mutations);
	return r || n_files == 0;
}
