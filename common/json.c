/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Trees of values: getters, writing, building. They are read by json_read.c and yaml.c.
 */
#include "common/json.h"
#include "common/check.h"
#include "common/json_build.h"
#include "common/json_read.h"
#include "common/json_tree.h"
#include "common/jsonw.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

void json_build_fault(struct json_fault *fault, uint32_t line, uint32_t column, const char *format,
                      ...)
{
    if (!fault)
        return;
    va_list args;
    va_start(args, format);
    fault->line = line;
    fault->column = column;
    vsnprintf(fault->text, sizeof(fault->text), format, args);
    va_end(args);
}

enum err json_parse_in(struct slice text, struct arena *arena, const struct json **tree,
                       struct json_fault *fault)
{
    struct json *root = arena_alloc(arena, sizeof(*root));

    *tree = NULL;
    if (!root)
        return ERR_FULL;
    enum err err = json_read(text, arena, root, fault);
    if (!err)
        *tree = root;
    return err;
}

/* One block holds most trees: a value stands for some twenty bytes of text. */
enum err json_parse(struct slice text, struct json **tree, struct json_fault *fault)
{
    struct json_root *root = calloc(1, sizeof(*root));

    *tree = NULL;
    if (!root)
        return ERR_NOMEM;
    arena_init(&root->arena, 1024 + 4 * (size_t)text.len, 0);
    root->value.memory = JSON_ROOT;
    enum err err = json_read(text, &root->arena, &root->value, fault);
    if (!err) {
        *tree = &root->value;
        return ERR_OK;
    }
    arena_fini(&root->arena);
    free(root);
    return err;
}

static enum err read_all(const char *path, uint64_t max_bytes, char **bytes, uint32_t *len,
                         struct json_fault *fault)
{
    FILE *file = fopen(path, "rb");
    if (!file) {
        json_build_fault(fault, 0, 0, "cannot open: %s", strerror(errno));
        return errno == ENOENT ? ERR_NOTFOUND : ERR_IO;
    }
    if (max_bytes > INT32_MAX)
        max_bytes = INT32_MAX;
    enum err err = ERR_OK;
    size_t used = 0;
    size_t room = 0;
    char *at = NULL;
    for (;;) {
        if (used == room) {
            room = room ? room * 2 : 65536;
            char *more = realloc(at, room);
            if (!more) {
                err = ERR_NOMEM;
                break;
            }
            at = more;
        }
        size_t got = fread(at + used, 1, room - used, file);
        used += got;
        if (used > max_bytes) {
            json_build_fault(fault, 0, 0, "larger than %llu bytes", (unsigned long long)max_bytes);
            err = ERR_FULL;
        }
        if (got == 0 || err)
            break;
    }
    if (!err && ferror(file)) {
        json_build_fault(fault, 0, 0, "cannot read: %s", strerror(errno));
        err = ERR_IO;
    }
    fclose(file);
    if (err) {
        free(at);
        return err;
    }
    *bytes = at;
    *len = (uint32_t)used;
    return ERR_OK;
}

static bool is_yaml(const char *path)
{
    struct slice p = slice_of_str(path);
    return slice_ieq(slice_tail(p, 5), SLICE_LIT(".yaml")) ||
           slice_ieq(slice_tail(p, 4), SLICE_LIT(".yml"));
}

enum err json_load(const char *path, uint64_t max_bytes, struct json **tree,
                   struct json_fault *fault)
{
    char *bytes = NULL;
    uint32_t len = 0;

    *tree = NULL;
    enum err err = read_all(path, max_bytes, &bytes, &len, fault);
    if (err)
        return err;
    struct slice text = {(const uint8_t *)bytes, len};
    err = is_yaml(path) ? yaml_parse(text, false, tree, fault) : json_parse(text, tree, fault);
    free(bytes);
    return err;
}

enum err json_load_twice(const char *path, uint64_t max_bytes, struct json **tree,
                         struct json_fault *fault)
{
    char *bytes = NULL;
    uint32_t len = 0;

    *tree = NULL;
    enum err err = read_all(path, max_bytes, &bytes, &len, fault);
    if (!err)
        err = yaml_parse_twice((struct slice){(const uint8_t *)bytes, len}, tree, fault);
    free(bytes);
    return err;
}

static void free_own(struct json *v)
{
    while (v->child) {
        struct json *child = v->child;
        v->child = child->next;
        free_own(child);
    }
    free((char *)(uintptr_t)v->key);
    free((char *)(uintptr_t)v->text);
    free(v);
}

void json_free(struct json **tree)
{
    struct json *v = *tree;

    *tree = NULL;
    if (!v || v->memory == JSON_IN_ARENA)
        return;
    if (v->memory == JSON_OWN) {
        free_own(v);
        return;
    }
    struct json_root *root = (struct json_root *)(void *)v;
    arena_fini(&root->arena);
    free(root);
}

enum json_kind json_kind(const struct json *v)
{
    return v ? (enum json_kind)v->kind : JSON_NULL;
}

static const struct json *child_named(const struct json *obj, const char *key, size_t len)
{
    if (json_kind(obj) != JSON_OBJ)
        return NULL;
    for (const struct json *c = obj->child; c; c = c->next)
        if (c->key_len == len && memcmp(c->key, key, len) == 0)
            return c;
    return NULL;
}

const struct json *json_get(const struct json *obj, const char *key)
{
    return child_named(obj, key, strlen(key));
}

static const struct json *child_at(const struct json *arr, const char *digits, size_t len)
{
    uint64_t n = 0;

    if (json_kind(arr) != JSON_ARR ||
        !slice_to_u64((struct slice){(const uint8_t *)digits, (uint32_t)len}, &n))
        return NULL;
    const struct json *c = arr->child;
    while (c && n--)
        c = c->next;
    return c;
}

const struct json *json_path(const struct json *obj, const char *path)
{
    while (obj) {
        const struct json *whole = json_get(obj, path);
        const char *dot = strchr(path, '.');
        if (whole)
            return whole;
        size_t len = dot ? (size_t)(dot - path) : strlen(path);
        obj = json_kind(obj) == JSON_ARR ? child_at(obj, path, len) : child_named(obj, path, len);
        if (!dot)
            return obj;
        path = dot + 1;
    }
    return NULL;
}

struct slice json_text(const struct json *v)
{
    if (json_kind(v) != JSON_STR)
        return SLICE_NONE;
    return (struct slice){(const uint8_t *)v->text, v->text_len};
}

const char *json_str(const struct json *v, const char *or_else)
{
    return json_kind(v) == JSON_STR ? v->text : or_else;
}

double json_num(const struct json *v, double or_else)
{
    return json_kind(v) == JSON_NUM ? v->number : or_else;
}

int64_t json_i64(const struct json *v, int64_t or_else)
{
    if (json_kind(v) != JSON_NUM || isnan(v->number))
        return or_else;
    double d = v->number;
    if (d >= 9223372036854775807.0)
        return INT64_MAX;
    return d <= -9223372036854775808.0 ? INT64_MIN : (int64_t)d;
}

bool json_bool(const struct json *v, bool or_else)
{
    return json_kind(v) == JSON_BOOL ? v->number != 0 : or_else;
}

const struct json *json_first(const struct json *v)
{
    enum json_kind kind = json_kind(v);
    if (kind != JSON_ARR && kind != JSON_OBJ)
        return NULL;
    return v->child;
}

const struct json *json_next(const struct json *v)
{
    return v ? v->next : NULL;
}

const char *json_key(const struct json *v)
{
    return v ? v->key : NULL;
}

uint32_t json_count(const struct json *v)
{
    uint32_t n = 0;

    for (const struct json *c = json_first(v); c; c = json_next(c))
        n++;
    return n;
}

uint32_t json_line(const struct json *v)
{
    return v ? v->line : 0;
}

static void write_text(const char *text, struct strbuf *out)
{
    struct jsonw w;

    jsonw_init(&w, out);
    jsonw_str(&w, NULL, text);
}

static void write_num(double d, struct strbuf *out)
{
    if (!isfinite(d))
        strbuf_str(out, "null");
    else if (d == floor(d) && fabs(d) < 1e15)
        strbuf_fmt(out, "%lld", (long long)d);
    else
        strbuf_fmt(out, "%.17g", d);
}

static void write_value(const struct json *v, struct strbuf *out)
{
    switch (json_kind(v)) {
    case JSON_NULL:
        strbuf_str(out, "null");
        break;
    case JSON_BOOL:
        strbuf_str(out, json_bool(v, false) ? "true" : "false");
        break;
    case JSON_NUM:
        write_num(v->number, out);
        break;
    case JSON_STR:
        write_text(v->text, out);
        break;
    case JSON_ARR:
    case JSON_OBJ: {
        bool object = json_kind(v) == JSON_OBJ;
        strbuf_char(out, object ? '{' : '[');
        for (const struct json *c = json_first(v); c; c = json_next(c)) {
            if (c != json_first(v))
                strbuf_char(out, ',');
            if (object) {
                write_text(json_key(c), out);
                strbuf_char(out, ':');
            }
            write_value(c, out);
        }
        strbuf_char(out, object ? '}' : ']');
        break;
    }
    }
}

void json_write(const struct json *v, struct strbuf *out)
{
    write_value(v, out);
}

static char *copy_text(struct slice text)
{
    char *copy = malloc((size_t)text.len + 1);
    if (!copy)
        return NULL;
    if (text.len)
        memcpy(copy, text.at, text.len);
    copy[text.len] = '\0';
    return copy;
}

static struct json *own(enum json_kind kind, uint32_t line)
{
    struct json *v = calloc(1, sizeof(*v));
    if (!v)
        return NULL;
    v->kind = (uint8_t)kind;
    v->memory = JSON_OWN;
    v->line = line;
    return v;
}

static struct json *own_scalar(enum json_kind kind, double number, struct slice text, uint32_t line)
{
    struct json *v = own(kind, line);
    char *copy = v ? copy_text(text) : NULL;

    if (!copy) {
        free(v);
        return NULL;
    }
    v->number = number;
    v->text = copy;
    v->text_len = (uint32_t)strlen(copy);
    return v;
}

struct json *json_build_obj(uint32_t line)
{
    return own(JSON_OBJ, line);
}

struct json *json_build_arr(uint32_t line)
{
    return own(JSON_ARR, line);
}

struct json *json_build_text(struct slice text, uint32_t line)
{
    return own_scalar(JSON_STR, 0, text, line);
}

struct json *json_build_null(struct slice source, uint32_t line)
{
    return own_scalar(JSON_NULL, 0, source, line);
}

struct json *json_build_bool(bool value, struct slice source, uint32_t line)
{
    return own_scalar(JSON_BOOL, value, source, line);
}

struct json *json_build_num(double value, struct slice source, uint32_t line)
{
    return own_scalar(JSON_NUM, value, source, line);
}

struct json *json_build_copy(const struct json *v)
{
    struct json *copy =
        v->text ? own_scalar((enum json_kind)v->kind, v->number,
                             (struct slice){(const uint8_t *)v->text, v->text_len}, v->line)
                : own((enum json_kind)v->kind, v->line);

    if (copy)
        copy->number = v->number;
    for (const struct json *c = v->child; copy && c; c = c->next)
        if (!json_build_add_take(copy, c->key, json_build_copy(c)))
            json_free(&copy);
    return copy;
}

bool json_build_add_take(struct json *parent, const char *key, struct json *child)
{
    if (!child)
        return false;
    CHECK(child->memory == JSON_OWN && !child->key && !child->next);
    if (key) {
        child->key = copy_text(slice_of_str(key));
        if (!child->key) {
            json_free(&child);
            return false;
        }
        child->key_len = (uint32_t)strlen(key);
    }
    if (parent->last)
        parent->last->next = child;
    else
        parent->child = child;
    parent->last = child;
    return true;
}

uint32_t json_build_depth(const struct json *v, uint64_t *values)
{
    uint32_t deepest = 0;

    ++*values;
    for (const struct json *c = json_first(v); c; c = json_next(c)) {
        uint32_t below = json_build_depth(c, values);
        deepest = below > deepest ? below : deepest;
    }
    return deepest + 1;
}

const char *json_build_source(const struct json *v)
{
    return v ? v->text : NULL;
}
