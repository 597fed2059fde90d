/* SPDX-License-Identifier: MIT */
/* Runs one fuzz target over files, and over what lies in folders. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/fuzz/fuzz.h"

enum { INPUT_MAX = 1 << 20 };

static unsigned int inputs;

static int run_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	uint8_t *data, *exact;
	size_t len;

	if (!file) {
		perror(path);
		return -1;
	}
	data = malloc(INPUT_MAX);
	HOLDS(data != NULL);
	len = fread(data, 1, INPUT_MAX, file);
	fclose(file);
	exact = fuzz_copy((struct ble_bytes){ data, len });
	free(data);
	LLVMFuzzerTestOneInput(exact, len);
	free(exact);
	inputs++;
	return 0;
}

static int run_folder(const char *path)
{
	struct dirent **entries;
	int n = scandir(path, &entries, NULL, alphasort), error = 0;

	if (n < 0) {
		perror(path);
		return -1;
	}
	for (int i = 0; i < n; i++) {
		size_t size = strlen(path) + strlen(entries[i]->d_name) + 2;
		char *name = malloc(size);

		HOLDS(name != NULL);
		snprintf(name, size, "%s/%s", path, entries[i]->d_name);
		if (entries[i]->d_name[0] != '.' && run_file(name))
			error = -1;
		free(name);
		free(entries[i]);
	}
	free(entries);
	return error;
}

int main(int argc, char **argv)
{
	int error = 0;

	for (int i = 1; i < argc && !error; i++) {
		struct stat about;

		if (stat(argv[i], &about)) {
			perror(argv[i]);
			error = -1;
		} else {
			error = S_ISDIR(about.st_mode) ? run_folder(argv[i])
						       : run_file(argv[i]);
		}
	}
	printf("%u inputs\n", inputs);
	return error || !inputs;
}
