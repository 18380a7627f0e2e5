/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `include: name`, `include: [names]` and `!include name` stand anywhere in a mapping: the files'
 * keys come in their place. Older names with underscores are read as those with hyphens, but for
 * names that the site gave itself.
 */
#include "sensor/run/suricata_tree.h"
#include "common/json_edit.h"

#include <stdio.h>

enum {
    FILE_MAX = 16 << 20,
    FILES_DEEP = 16,
    FILES_MAX = 1024,
    TEXT_MAX = 1024,
};

struct reading {
    const char *path; /* of the first file */
    struct strbuf *report;
    uint32_t deep, files;
    enum err err;
};

static void fail(struct reading *r, enum err err, const char *path, const char *text)
{
    if (!r->err)
        strbuf_fmt(r->report, "%s:%s\n", path, text);
    r->err = r->err ? r->err : err;
}

/* ---- names -------------------------------------------------------------------------------- */

/* Sections of ours, and names that stand for themselves. */
static bool stays(const char *section)
{
    static const char *const names[] = {"address-groups", "port-groups", "datasets", "app",
                                        "device",         "event",       "output",   "files",
                                        "smtp",           "detect"};

    for (uint32_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(section, names[i]) == 0)
            return true;
    }
    return false;
}

static bool name_of(const char *key, const char *section, char room[TEXT_MAX])
{
    int n = snprintf(room, TEXT_MAX, "%s", key);

    for (char *c = room; !stays(section) && *c; c++) {
        if (*c == '_')
            *c = '-';
    }
    return n < TEXT_MAX;
}

/* ---- files -------------------------------------------------------------------------------- */

static struct json *loaded(struct reading *r, const char *name)
{
    const char *slash = strrchr(r->path, '/');
    struct json_fault fault = {0};
    struct json *tree = NULL;
    char path[TEXT_MAX], text[256];

    int n = *name == '/' || !slash
                ? snprintf(path, sizeof(path), "%s", name)
                : snprintf(path, sizeof(path), "%.*s/%s", (int)(slash - r->path), r->path, name);
    if (n >= (int)sizeof(path) || r->deep == FILES_DEEP || r->files++ == FILES_MAX) {
        fail(r, ERR_INPUT, name, " files include one another without an end");
        return NULL;
    }
    enum err err = json_load_twice(path, FILE_MAX, &tree, &fault);
    if (err) {
        snprintf(text, sizeof(text), "%u:%u: %s", fault.line, fault.column, fault.text);
        fail(r, err, path, text);
    }
    return tree;
}

static bool is_inclusion(const struct json *v)
{
    return json_key(v) && strcmp(json_key(v), "include") == 0 && json_kind(v) != JSON_OBJ;
}

static const char *included(const struct json *names, uint32_t i)
{
    if (json_kind(names) != JSON_ARR)
        return i ? NULL : json_str(names, "");
    const struct json *n = json_first(names);
    while (n && i--)
        n = json_next(n);
    return n ? json_str(n, "") : NULL;
}

/* A list that was included where a mapping stood came under the names 0, 1, ... */
static struct json *listed_take(struct json *v)
{
    const struct json *first = json_kind(v) == JSON_OBJ ? json_first(v) : NULL;

    if (!first || strcmp(json_key(first), "0") != 0)
        return v;
    struct json *list = json_build_arr(json_line(v));
    for (; list && first; first = json_next(first)) {
        if (!json_build_add_take(list, NULL, json_build_copy(first)))
            json_free(&list);
    }
    json_free(&v);
    return list;
}

/* ---- values ------------------------------------------------------------------------------- */

static void put_take(struct reading *r, struct json *into, const char *key, const char *section,
                     struct json *child)
{
    char name[TEXT_MAX];
    bool good;

    if (json_kind(into) == JSON_ARR) {
        good = json_build_add_take(into, NULL, child);
    } else if (!key) {
        snprintf(name, sizeof(name), "%u", json_count(into));
        good = json_build_add_take(into, name, child);
    } else if (!name_of(key, section, name)) {
        json_free(&child);
        return;
    } else {
        good = json_edit_put_take(into, name, child);
    }
    if (!good)
        fail(r, ERR_NOMEM, r->path, " out of memory");
}

/* Adds what a collection says to `into`, with what it includes. */
static void add_all(struct reading *r, const struct json *from, const char *section,
                    struct json *into)
{
    char inner[TEXT_MAX];
    const char *name;

    for (const struct json *c = json_first(from); c && into && !r->err; c = json_next(c)) {
        for (uint32_t i = 0; is_inclusion(c) && !r->err && (name = included(c, i)); i++) {
            struct json *tree = loaded(r, name);
            r->deep++;
            add_all(r, tree, section, into);
            r->deep--;
            json_free(&tree);
        }
        if (is_inclusion(c))
            continue;
        if (json_kind(c) != JSON_OBJ && json_kind(c) != JSON_ARR) {
            put_take(r, into, json_key(c), section, json_build_copy(c));
            continue;
        }
        struct json *made =
            json_kind(c) == JSON_ARR ? json_build_arr(json_line(c)) : json_build_obj(json_line(c));
        if (json_key(c) && !stays(section) && name_of(json_key(c), section, inner))
            add_all(r, c, inner, made);
        else
            add_all(r, c, section, made);
        put_take(r, into, json_key(c), section, listed_take(made));
    }
}

enum err suricata_tree_load(const struct suricata_source *source, struct json **tree,
                            struct strbuf *report)
{
    const char *slash = strrchr(source->path, '/');
    struct reading r = {.path = source->path, .report = report};
    const char *name = slash ? slash + 1 : source->path;

    *tree = json_build_obj(1);
    for (const char *const *more = source->more; name; name = more && *more ? *more++ : NULL) {
        struct json *one = r.err ? NULL : loaded(&r, name);
        add_all(&r, one, "", *tree);
        json_free(&one);
    }
    if (r.err)
        json_free(tree);
    return r.err;
}

void suricata_tree_set(const struct suricata_source *source, struct json **tree)
{
    char path[TEXT_MAX];

    for (const char *const *set = source->sets; set && *set; set++) {
        const char *equals = strchr(*set, '=');
        struct slice name = {(const uint8_t *)*set, equals ? (uint32_t)(equals - *set) : 0};
        name = slice_trim(name);
        if (!name.len || name.len >= sizeof(path))
            continue;
        memcpy(path, name.at, name.len);
        path[name.len] = '\0';
        json_edit_set(tree, path, slice_trim(slice_of_str(equals + 1)));
    }
}
