/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gives every file of the folders named on the command line to a fuzz program, for builds without
 * libFuzzer. Each input is also cut at every length, up to a limit, and has each of its first bytes
 * turned over: small neighbours of what was once a fault.
 */
#include <dirent.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_MAX = 1 << 20, NEIGHBOURS_MAX = 400 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* A copy of its own size, so that a read behind the end is seen by sanitizers. */
static void give(const uint8_t *bytes, size_t len)
{
    uint8_t *copy = malloc(len ? len : 1);

    if (!copy)
        return;
    if (len)
        memcpy(copy, bytes, len);
    (void)LLVMFuzzerTestOneInput(copy, len);
    free(copy);
}

static void give_with_neighbours(uint8_t *bytes, size_t len)
{
    size_t step = len / NEIGHBOURS_MAX + 1;

    give(bytes, len);
    for (size_t at = 0; at < len; at += step) {
        give(bytes, at);
        bytes[at] ^= 0xff;
        give(bytes, len);
        bytes[at] ^= 0xff;
    }
}

static int replay_file(const char *path)
{
    uint8_t *bytes = malloc(FILE_MAX);
    FILE *file = fopen(path, "rb");
    int status = 1;

    if (file && bytes) {
        give_with_neighbours(bytes, fread(bytes, 1, FILE_MAX, file));
        status = 0;
    }
    if (file)
        fclose(file);
    free(bytes);
    return status;
}

static int replay_folder(const char *folder, int *n)
{
    DIR *dir = opendir(folder);
    const struct dirent *entry;
    int status = dir ? 0 : 1;

    while (dir && (entry = readdir(dir))) {
        char path[4096];
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
        status |= replay_file(path);
        (*n)++;
    }
    if (dir)
        closedir(dir);
    return status;
}

int main(int argc, char **argv)
{
    int status = 0;
    int n = 0;

    for (int i = 1; i < argc; i++)
        status |= replay_folder(argv[i], &n);
    printf("%d inputs and their neighbours\n", n);
    return status || n == 0;
}
