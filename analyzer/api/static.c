/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/api/static.h"

#include "common/arena.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { STATIC_FILES_MAX = 2000, STATIC_BYTES_MAX = 64 << 20, STATIC_DEPTH_MAX = 6 };

struct static_files {
    struct arena arena;
    struct static_file files[STATIC_FILES_MAX];
    uint32_t n;
};

static const char *type_of(const char *path)
{
    static const char *const types[][2] = {
        {".html", "text/html; charset=utf-8"},
        {".js", "text/javascript; charset=utf-8"},
        {".css", "text/css; charset=utf-8"},
        {".svg", "image/svg+xml"},
        {".json", "application/json"},
        {".woff2", "font/woff2"},
        {".woff", "font/woff"},
        {".png", "image/png"},
    };
    size_t len = strlen(path);

    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        size_t n = strlen(types[i][0]);
        if (len > n && strcmp(path + len - n, types[i][0]) == 0)
            return types[i][1];
    }
    return "application/octet-stream";
}

static void take_file(struct static_files *s, const char *full, const char *path, uint64_t size)
{
    FILE *f = s->n < STATIC_FILES_MAX ? fopen(full, "rb") : NULL;
    uint8_t *bytes = f ? arena_alloc(&s->arena, size + 1) : NULL;

    if (bytes && fread(bytes, 1, size, f) == size) {
        struct static_file *file = &s->files[s->n];
        file->path = arena_str(&s->arena, slice_of_str(path));
        file->type = type_of(path);
        file->bytes = (struct slice){bytes, (uint32_t)size};
        pack_tag(file->bytes, file->tag);
        file->hashed = strncmp(path, "/assets/", 8) == 0;
        s->n += file->path != NULL;
    }
    if (f)
        fclose(f);
}

static void walk(struct static_files *s, const char *dir, const char *path, int depth)
{
    DIR *d = depth < STATIC_DEPTH_MAX ? opendir(dir) : NULL;

    for (struct dirent *e; d && (e = readdir(d));) {
        char full[4096], below[1024];
        struct stat st;
        if (e->d_name[0] == '.')
            continue;
        if (snprintf(full, sizeof(full), "%s/%s", dir, e->d_name) >= (int)sizeof(full) ||
            snprintf(below, sizeof(below), "%s/%s", path, e->d_name) >= (int)sizeof(below) ||
            stat(full, &st) != 0)
            continue;
        if (S_ISDIR(st.st_mode))
            walk(s, full, below, depth + 1);
        else if (S_ISREG(st.st_mode) && st.st_size < STATIC_BYTES_MAX)
            take_file(s, full, below, (uint64_t)st.st_size);
    }
    if (d)
        closedir(d);
}

/* What the build laid beside it as "<path>.gz". */
static const struct static_file *packed_of(const struct static_files *s,
                                           const struct static_file *file)
{
    char path[1024];

    if (snprintf(path, sizeof(path), "%s.gz", file->path) >= (int)sizeof(path))
        return NULL;
    return static_find(s, path);
}

enum err static_load(const char *dir, struct static_files **files)
{
    struct static_files *s = calloc(1, sizeof(*s));

    if (!s)
        return ERR_NOMEM;
    arena_init(&s->arena, 1 << 20, STATIC_BYTES_MAX);
    walk(s, dir, "", 0);
    if (s->n == 0) {
        static_free(&s);
        return ERR_NOTFOUND;
    }
    for (uint32_t i = 0; i < s->n; i++)
        s->files[i].packed = packed_of(s, &s->files[i]);
    *files = s;
    return ERR_OK;
}

void static_free(struct static_files **files)
{
    if (!*files)
        return;
    arena_fini(&(*files)->arena);
    free(*files);
    *files = NULL;
}

const struct static_file *static_find(const struct static_files *files, const char *path)
{
    if (strcmp(path, "/") == 0)
        path = "/index.html";
    for (uint32_t i = 0; files && i < files->n; i++)
        if (strcmp(files->files[i].path, path) == 0)
            return &files->files[i];
    return NULL;
}
