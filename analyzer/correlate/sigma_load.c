/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rule files from disk: one file, or a folder with all *.yml and *.yaml in and below it, in the
 * order of their names, so that the same folder always gives the same set.
 */
#include "analyzer/correlate/sigma.h"
#include "analyzer/correlate/sigma_read.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { LOAD_DEPTH = 8, LOAD_PATH = 4096 };

static void fault_of_file(struct sigma_set *set, const char *path, const char *text)
{
    struct sigma_reader rd = {.set = set, .file = sigma_text(set, slice_of_str(path)), .title = ""};
    sigma_fault(&rd, NULL, "%s", text);
}

static enum err load_file(struct sigma_set *set, const char *path, size_t size)
{
    if (size > SIGMA_FILE_MAX) {
        fault_of_file(set, path, "larger than 8 MB");
        return ERR_OK;
    }
    FILE *file = fopen(path, "rb");
    char *bytes = malloc(size + 1);
    enum err err = ERR_OK;
    if (!file || !bytes) {
        fault_of_file(set, path, file ? "out of memory" : strerror(errno));
        err = ERR_IO;
    } else {
        size_t got = fread(bytes, 1, size, file);
        sigma_parse_text(set, path, (struct slice){(uint8_t *)bytes, (uint32_t)got});
    }
    if (file)
        fclose(file);
    free(bytes);
    return err;
}

static int wanted(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static bool is_rule_file(const char *path)
{
    struct slice p = slice_of_str(path);
    return slice_ieq(slice_tail(p, 4), SLICE_LIT(".yml")) ||
           slice_ieq(slice_tail(p, 5), SLICE_LIT(".yaml"));
}

static enum err load_below(struct sigma_set *set, const char *path, uint32_t depth);

static enum err load_folder(struct sigma_set *set, const char *path, uint32_t depth)
{
    struct dirent **names = NULL;
    int n = scandir(path, &names, wanted, alphasort);
    enum err err = n < 0 ? ERR_IO : ERR_OK;

    for (int i = 0; i < n; i++) {
        char below[LOAD_PATH];
        snprintf(below, sizeof(below), "%s/%s", path, names[i]->d_name);
        enum err one = load_below(set, below, depth + 1);
        err = err ? err : one;
        free(names[i]);
    }
    free(names);
    return err;
}

static enum err load_below(struct sigma_set *set, const char *path, uint32_t depth)
{
    struct stat st;

    if (stat(path, &st) != 0)
        return errno == ENOENT ? ERR_NOTFOUND : ERR_IO;
    if (S_ISDIR(st.st_mode))
        return depth < LOAD_DEPTH ? load_folder(set, path, depth) : ERR_OK;
    if (depth && !is_rule_file(path))
        return ERR_OK;
    return load_file(set, path, (size_t)st.st_size);
}

enum err sigma_load(struct sigma_set *set, const char *path)
{
    return load_below(set, path, 0);
}
