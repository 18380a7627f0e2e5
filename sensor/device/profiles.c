/* SPDX-License-Identifier: Apache-2.0 */
#include "common/json.h"
#include "common/strbuf.h"
#include "sensor/device/profile.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { PROFILES_MAX = 256, PROFILE_FILE_MAX = 1 << 20, PATH_TEXT_MAX = 1024 };

struct profiles {
    struct profile *at[PROFILES_MAX];
    uint32_t n;
};

static int wanted(const struct dirent *entry)
{
    size_t len = strlen(entry->d_name);

    return len > 5 && strcmp(entry->d_name + len - 5, ".yaml") == 0 &&
           strcmp(entry->d_name, "site.yaml") != 0;
}

static enum err read_text(const char *path, struct strbuf *text)
{
    char chunk[8192];
    size_t got;
    FILE *file = fopen(path, "rb");

    if (!file)
        return ERR_IO;
    while ((got = fread(chunk, 1, sizeof(chunk), file)) > 0)
        strbuf_bytes(text, chunk, got);
    bool broken = ferror(file) != 0;
    fclose(file);
    return broken ? ERR_IO : text->full ? ERR_FULL : ERR_OK;
}

static void load_one(struct profiles *profiles, const char *folder, const char *file,
                     struct strbuf *report)
{
    char path[PATH_TEXT_MAX];
    char mud_file[PROFILE_TEXT_MAX];
    struct strbuf text;
    struct profile *p = calloc(1, sizeof(*p));

    if (!p)
        return;
    strbuf_init(&text, PROFILE_FILE_MAX);
    snprintf(path, sizeof(path), "%s/%s", folder, file);
    enum err err = read_text(path, &text);
    if (err)
        strbuf_fmt(report, "%s: cannot be read or is larger than 1 MB\n", path);
    else
        err = profile_parse(strbuf_view(&text), path, p, mud_file, report);
    strbuf_fini(&text);
    if (err || profiles_find(profiles, p->id)) {
        if (!err)
            strbuf_fmt(report, "%s: a profile %s was read before, this one is left out\n", path,
                       p->id);
        free(p);
        return;
    }
    snprintf(path, sizeof(path), "%s/%s", folder, mud_file);
    if (mud_load(path, &p->mud, report))
        strbuf_fmt(report, "%s: profile %s has no policy\n", path, p->id);
    profiles->at[profiles->n++] = p;
}

static int by_id(const void *a, const void *b)
{
    const struct profile *const *x = a;
    const struct profile *const *y = b;

    return strcmp((*x)->id, (*y)->id);
}

enum err profiles_new(const char *folder, bool must_exist, struct profiles **result,
                      struct strbuf *report)
{
    struct dirent **files = NULL;
    struct profiles *profiles = calloc(1, sizeof(*profiles));

    *result = profiles;
    if (!profiles)
        return ERR_NOMEM;
    int n = folder && *folder ? scandir(folder, &files, wanted, alphasort) : 0;
    if (n < 0) {
        if (!must_exist)
            return ERR_OK;
        strbuf_fmt(report, "%s: cannot be read: %s\n", folder, strerror(errno));
        return ERR_IO;
    }
    for (int i = 0; i < n; i++) {
        if (profiles->n < PROFILES_MAX)
            load_one(profiles, folder, files[i]->d_name, report);
        free(files[i]);
    }
    free(files);
    if (profiles->n)
        qsort(profiles->at, profiles->n, sizeof(struct profile *), by_id);
    return ERR_OK;
}

void profiles_free(struct profiles **profiles)
{
    if (!*profiles)
        return;
    for (uint32_t i = 0; i < (*profiles)->n; i++) {
        mud_free(&(*profiles)->at[i]->mud);
        free((*profiles)->at[i]);
    }
    free(*profiles);
    *profiles = NULL;
}

uint32_t profiles_count(const struct profiles *profiles)
{
    return profiles->n;
}

const struct profile *profiles_at(const struct profiles *profiles, uint32_t i)
{
    return i < profiles->n ? profiles->at[i] : NULL;
}

const struct profile *profiles_find(const struct profiles *profiles, const char *id)
{
    for (uint32_t i = 0; i < profiles->n; i++) {
        if (strcmp(profiles->at[i]->id, id) == 0)
            return profiles->at[i];
    }
    return NULL;
}
