/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/report/forms.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

enum { NAME_MAX_LEN = 64, PATH_ROOM = 1024, FORM_MAX = 256 * 1024 };

static bool is_name(const char *name)
{
    size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-");

    return n > 0 && n < NAME_MAX_LEN && !name[n];
}

const char *forms_scope(const struct json *form)
{
    return json_str(json_get(form, "scope"), "");
}

static bool is_usable(const struct json *form)
{
    const char *scope = forms_scope(form);

    return json_kind(json_get(form, "parts")) == JSON_ARR && json_get(form, "title") &&
           (strcmp(scope, "incident") == 0 || strcmp(scope, "period") == 0);
}

enum err forms_read(const char *dir, const char *name, struct json **form, struct strbuf *fault)
{
    char path[PATH_ROOM];
    struct json_fault where = {0};

    *form = NULL;
    if (!is_name(name))
        return ERR_NOTFOUND;
    snprintf(path, sizeof(path), "%.900s/%s.yaml", dir, name);
    enum err err = json_load(path, FORM_MAX, form, &where);
    if (err == ERR_NOTFOUND)
        return err;
    if (!err && is_usable(*form))
        return ERR_OK;
    if (err)
        strbuf_fmt(fault, "%s, line %u: %s", path, where.line, where.text);
    else
        strbuf_fmt(fault, "%s: title, parts and a scope of incident or period were expected", path);
    json_free(form);
    return ERR_INPUT;
}

static int is_form(const struct dirent *entry)
{
    const char *dot = strrchr(entry->d_name, '.');

    return dot && strcmp(dot, ".yaml") == 0;
}

struct found {
    char name[NAME_MAX_LEN];
    struct json *form;
    int64_t order;
};

static int by_order(const void *a, const void *b)
{
    const struct found *x = a, *y = b;

    return x->order != y->order ? (x->order < y->order ? -1 : 1) : strcmp(x->name, y->name);
}

/* The forms that can be used, of the files of a folder; their number. */
static uint32_t read_all(const char *dir, struct dirent **entries, int n, struct found *all)
{
    uint32_t good = 0;

    for (int i = 0; i < n; i++) {
        struct found *f = &all[good];
        struct strbuf fault;
        snprintf(f->name, sizeof(f->name), "%.*s",
                 (int)(strlen(entries[i]->d_name) - strlen(".yaml")), entries[i]->d_name);
        strbuf_init(&fault, 1024);
        if (forms_read(dir, f->name, &f->form, &fault) == ERR_OK) {
            f->order = json_i64(json_get(f->form, "order"), 1000);
            good++;
        }
        strbuf_fini(&fault);
    }
    return good;
}

void forms_each(const char *dir, void (*each)(void *ctx, const char *name, const struct json *form),
                void *ctx)
{
    struct dirent **entries = NULL;
    int n = scandir(dir, &entries, is_form, NULL);
    struct found *all = n > 0 ? calloc((size_t)n, sizeof(*all)) : NULL;
    uint32_t good = all ? read_all(dir, entries, n, all) : 0;

    if (good)
        qsort(all, good, sizeof(*all), by_order);
    for (uint32_t i = 0; i < good; i++) {
        each(ctx, all[i].name, all[i].form);
        json_free(&all[i].form);
    }
    for (int i = 0; i < n; i++)
        free(entries[i]);
    free(entries);
    free(all);
}
