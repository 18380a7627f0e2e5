/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The only file that knows cJSON. `struct json` is a cJSON item seen from outside.
 *
 * cJSON leaves two members of an item unused that we need: `valueint` (of which a number's value is
 * only a shadow of `valuedouble`) holds the source line when JSON_HAS_LINE is set in `type`, and
 * `valuestring` of a typed scalar holds the text it was written as.
 */
#include "common/json.h"
#include "common/json_build.h"
#include "common/jsonw.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { JSON_HAS_LINE = 1 << 12, JSON_KIND_MASK = 0xff };

static const cJSON *item(const struct json *v)
{
    return (const cJSON *)(const void *)v;
}

static struct json *handle(cJSON *i)
{
    return (struct json *)(void *)i;
}

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

static void fault_at(struct json_fault *fault, struct slice text, uint32_t at, const char *what)
{
    uint32_t line = 1;
    uint32_t column = 1;

    for (uint32_t i = 0; fault && i < at && i < text.len; i++) {
        column = text.at[i] == '\n' ? 1 : column + 1;
        line += text.at[i] == '\n';
    }
    json_build_fault(fault, line, column, "%s", what);
}

/* Position where nesting goes over JSON_DEPTH_MAX, or -1. */
static int64_t too_deep(struct slice text)
{
    uint32_t depth = 0;
    bool quoted = false;

    for (uint32_t i = 0; i < text.len; i++) {
        uint8_t c = text.at[i];
        if (quoted) {
            if (c == '\\')
                i++;
            else
                quoted = c != '"';
        } else if (c == '"') {
            quoted = true;
        } else if (c == '{' || c == '[') {
            if (++depth > JSON_DEPTH_MAX)
                return i;
        } else if ((c == '}' || c == ']') && depth) {
            depth--;
        }
    }
    return -1;
}

enum err json_parse(struct slice text, struct json **tree, struct json_fault *fault)
{
    *tree = NULL;
    int64_t deep = too_deep(text);
    if (deep >= 0) {
        fault_at(fault, text, (uint32_t)deep, "nested deeper than 64 levels");
        return ERR_INPUT;
    }
    if (text.len == 0) {
        fault_at(fault, text, 0, "empty, a JSON value was expected");
        return ERR_INPUT;
    }
    const char *end = NULL;
    cJSON *root = cJSON_ParseWithLengthOpts((const char *)text.at, text.len, &end, false);
    uint32_t at = end ? (uint32_t)((const uint8_t *)end - text.at) : 0;
    if (!root) {
        fault_at(fault, text, at, "not valid JSON from here on");
        return ERR_INPUT;
    }
    if (slice_trim(slice_from(text, at)).len) {
        fault_at(fault, text, at, "more text behind the JSON value");
        cJSON_Delete(root);
        return ERR_INPUT;
    }
    *tree = handle(root);
    return ERR_OK;
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

void json_free(struct json **tree)
{
    if (*tree)
        cJSON_Delete((cJSON *)(void *)*tree);
    *tree = NULL;
}

enum json_kind json_kind(const struct json *v)
{
    switch (v ? item(v)->type & JSON_KIND_MASK : cJSON_NULL) {
    case cJSON_False:
    case cJSON_True:
        return JSON_BOOL;
    case cJSON_Number:
        return JSON_NUM;
    case cJSON_String:
        return JSON_STR;
    case cJSON_Array:
        return JSON_ARR;
    case cJSON_Object:
        return JSON_OBJ;
    default:
        return JSON_NULL;
    }
}

static const cJSON *child_named(const struct json *obj, const char *key, size_t len)
{
    if (json_kind(obj) != JSON_OBJ)
        return NULL;
    for (const cJSON *c = item(obj)->child; c; c = c->next) {
        const char *name = c->string;
        if (name && (len == 0 || *name == *key) && strncmp(name, key, len) == 0 &&
            name[len] == '\0')
            return c;
    }
    return NULL;
}

const struct json *json_get(const struct json *obj, const char *key)
{
    return (const struct json *)(const void *)child_named(obj, key, strlen(key));
}

static const cJSON *child_at(const struct json *arr, const char *digits, size_t len)
{
    uint64_t n = 0;

    if (json_kind(arr) != JSON_ARR ||
        !slice_to_u64((struct slice){(const uint8_t *)digits, (uint32_t)len}, &n))
        return NULL;
    const cJSON *c = item(arr)->child;
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
        const cJSON *next =
            json_kind(obj) == JSON_ARR ? child_at(obj, path, len) : child_named(obj, path, len);
        obj = (const struct json *)(const void *)next;
        if (!dot)
            return obj;
        path = dot + 1;
    }
    return NULL;
}

struct slice json_text(const struct json *v)
{
    return json_kind(v) == JSON_STR ? slice_of_str(item(v)->valuestring) : SLICE_NONE;
}

const char *json_str(const struct json *v, const char *or_else)
{
    return json_kind(v) == JSON_STR ? item(v)->valuestring : or_else;
}

double json_num(const struct json *v, double or_else)
{
    return json_kind(v) == JSON_NUM ? item(v)->valuedouble : or_else;
}

int64_t json_i64(const struct json *v, int64_t or_else)
{
    if (json_kind(v) != JSON_NUM || isnan(item(v)->valuedouble))
        return or_else;
    double d = item(v)->valuedouble;
    if (d >= 9223372036854775807.0)
        return INT64_MAX;
    return d <= -9223372036854775808.0 ? INT64_MIN : (int64_t)d;
}

bool json_bool(const struct json *v, bool or_else)
{
    return json_kind(v) == JSON_BOOL ? (item(v)->type & JSON_KIND_MASK) == cJSON_True : or_else;
}

const struct json *json_first(const struct json *v)
{
    enum json_kind kind = json_kind(v);
    if (kind != JSON_ARR && kind != JSON_OBJ)
        return NULL;
    return (const struct json *)(const void *)item(v)->child;
}

const struct json *json_next(const struct json *v)
{
    return v ? (const struct json *)(const void *)item(v)->next : NULL;
}

const char *json_key(const struct json *v)
{
    return v ? item(v)->string : NULL;
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
    return v && item(v)->type & JSON_HAS_LINE ? (uint32_t)item(v)->valueint : 0;
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
        write_num(item(v)->valuedouble, out);
        break;
    case JSON_STR:
        write_text(item(v)->valuestring, out);
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

static struct json *with_line(cJSON *i, uint32_t line)
{
    if (i && line) {
        i->valueint = (int)line;
        i->type |= JSON_HAS_LINE;
    }
    return handle(i);
}

static char *copy_text(struct slice text)
{
    char *copy = cJSON_malloc((size_t)text.len + 1);
    if (!copy)
        return NULL;
    if (text.len)
        memcpy(copy, text.at, text.len);
    copy[text.len] = '\0';
    return copy;
}

static struct json *with_source(cJSON *i, struct slice source, uint32_t line)
{
    if (i)
        i->valuestring = copy_text(source);
    return with_line(i, line);
}

struct json *json_build_obj(uint32_t line)
{
    return with_line(cJSON_CreateObject(), line);
}

struct json *json_build_arr(uint32_t line)
{
    return with_line(cJSON_CreateArray(), line);
}

struct json *json_build_text(struct slice text, uint32_t line)
{
    char *copy = copy_text(text);
    cJSON *i = copy ? cJSON_CreateString("") : NULL;

    if (!i) {
        cJSON_free(copy);
        return NULL;
    }
    cJSON_free(i->valuestring);
    i->valuestring = copy;
    return with_line(i, line);
}

struct json *json_build_null(struct slice source, uint32_t line)
{
    return with_source(cJSON_CreateNull(), source, line);
}

struct json *json_build_bool(bool value, struct slice source, uint32_t line)
{
    return with_source(cJSON_CreateBool(value), source, line);
}

struct json *json_build_num(double value, struct slice source, uint32_t line)
{
    return with_source(cJSON_CreateNumber(value), source, line);
}

struct json *json_build_copy(const struct json *v)
{
    return handle(cJSON_Duplicate(item(v), true));
}

bool json_build_add_take(struct json *parent, const char *key, struct json *child)
{
    cJSON *p = (cJSON *)(void *)parent;
    cJSON *c = (cJSON *)(void *)child;
    bool added = c && (key ? cJSON_AddItemToObject(p, key, c) : cJSON_AddItemToArray(p, c));

    if (!added && c)
        cJSON_Delete(c);
    return added;
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
    return v ? item(v)->valuestring : NULL;
}
