/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/capture/sources.h"
#include "sensor/capture/iface.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static enum err append_take(struct sources *s, char *path, bool named)
{
    char **paths = path ? realloc(s->path, (s->n + 1) * sizeof(*paths)) : NULL;
    if (paths)
        s->path = paths;
    bool *names = paths ? realloc(s->named, (s->n + 1) * sizeof(*names)) : NULL;
    if (!names) {
        free(path);
        return ERR_NOMEM;
    }
    s->named = names;
    s->named[s->n] = named;
    s->path[s->n++] = path;
    return ERR_OK;
}

static int visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static enum err add_directory(struct sources *s, const char *path, struct capture_fault *fault)
{
    struct dirent **names = NULL;
    enum err err = ERR_OK;
    int n = scandir(path, &names, visible, alphasort);

    if (n < 0) {
        snprintf(fault->text, sizeof(fault->text), "%s cannot be read: %s", path, strerror(errno));
        return ERR_IO;
    }
    for (int i = 0; i < n; i++) {
        char *full = NULL;
        struct stat st;
        if (asprintf(&full, "%s/%s", path, names[i]->d_name) < 0)
            full = NULL;
        free(names[i]);
        if (err || (full && (stat(full, &st) != 0 || !S_ISREG(st.st_mode))))
            free(full);
        else
            err = append_take(s, full, false);
    }
    free(names);
    return err;
}

enum err sources_add(struct sources *s, const char *path, struct capture_fault *fault)
{
    struct stat st;

    if (strcmp(path, "-") == 0)
        return append_take(s, strdup(path), true);
    if (stat(path, &st) != 0) {
        snprintf(fault->text, sizeof(fault->text), "%s cannot be read: %s", path, strerror(errno));
        return ERR_IO;
    }
    if (!S_ISDIR(st.st_mode))
        return append_take(s, strdup(path), true);
    uint32_t before = s->n;
    enum err err = add_directory(s, path, fault);
    if (err || s->n > before)
        return err;
    snprintf(fault->text, sizeof(fault->text), "%s holds no file", path);
    return ERR_IO;
}

void sources_fini(struct sources *s)
{
    for (uint32_t i = 0; i < s->n; i++)
        free(s->path[i]);
    free(s->path);
    free(s->named);
    *s = (struct sources){0};
}

const struct capture_def *sources_row(const char *source)
{
    for (const struct capture_def *const *row = cap_rows; *row; row++) {
        if ((*row)->takes(source, false))
            return *row;
    }
    return NULL;
}

enum err sources_open_iface(const struct conf *conf, const char *name,
                            const struct capture_def **row, struct capture **capture,
                            struct capture_fault *fault, struct strbuf *notes)
{
    struct iface_settings s;
    enum err err = ERR_UNSUPPORTED;

    iface_settings_read(conf, name, &s);
    snprintf(fault->text, sizeof(fault->text), "capture.method: there is no %s", s.method);
    for (uint32_t i = 0; cap_rows[i] && err == ERR_UNSUPPORTED; i++) {
        bool wanted = cap_rows[i]->method &&
                      (strcmp(s.method, "auto") == 0 || strcmp(s.method, cap_rows[i]->method) == 0);
        if (!wanted || !cap_rows[i]->takes(name, true))
            continue;
        *row = cap_rows[i];
        err = cap_rows[i]->open(conf, name, capture, fault);
        if (err == ERR_UNSUPPORTED)
            strbuf_fmt(notes, "%s; %s is not used\n", fault->text, cap_rows[i]->name);
    }
    return err;
}
