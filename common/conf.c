/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values are kept as text and checked when they are set, so a getter cannot fail.
 * Look-up is linear: it happens at start-up only.
 */
#include "common/conf.h"
#include "common/check.h"
#include "common/clock.h"
#include "common/json.h"
#include "common/json_build.h"
#include "common/json_edit.h"
#include "common/strbuf.h"

#include <stdio.h>
#include <stdlib.h>

enum { CONF_FILE_MAX = 16 << 20, CONF_KEY_MAX = 256 };

struct value {
    const struct option *row;
    char **items; /* one, but for lists; ended by NULL */
    uint32_t n;
};

struct conf {
    struct value *values;
    uint32_t n;
    struct json *tree;
};

struct conf *conf_new(void)
{
    struct conf *conf = calloc(1, sizeof(*conf));
    CHECK(conf);
    return conf;
}

static void value_clear(struct value *v)
{
    for (uint32_t i = 0; i < v->n; i++)
        free(v->items[i]);
    free(v->items);
    v->items = NULL;
    v->n = 0;
}

void conf_free(struct conf **conf)
{
    if (!*conf)
        return;
    for (uint32_t i = 0; i < (*conf)->n; i++)
        value_clear(&(*conf)->values[i]);
    free((*conf)->values);
    json_free(&(*conf)->tree);
    free(*conf);
    *conf = NULL;
}

static void value_append(struct value *v, struct slice text)
{
    char **items = realloc(v->items, (v->n + 2) * sizeof(*items));
    CHECK(items);
    v->items = items;
    items[v->n] = strndup(text.len ? (const char *)text.at : "", text.len);
    CHECK(items[v->n]);
    items[++v->n] = NULL;
}

static bool parse_bool(struct slice text, bool *value)
{
    static const char *const yes[] = {"yes", "true", "on", "1"};
    static const char *const no[] = {"no", "false", "off", "0"};

    for (uint32_t i = 0; i < 4; i++) {
        *value = slice_ieq(text, slice_of_str(yes[i]));
        if (*value || slice_ieq(text, slice_of_str(no[i])))
            return true;
    }
    return false;
}

static bool parse_int(struct slice text, int64_t *value)
{
    bool minus = text.len && text.at[0] == '-';
    uint64_t digits = 0;

    if (!slice_to_u64(slice_from(text, minus), &digits) || digits > INT64_MAX)
        return false;
    *value = minus ? -(int64_t)digits : (int64_t)digits;
    return true;
}

static const struct {
    const char *name;
    uint32_t shift;
} size_units[] = {
    {"", 0},     {"b", 0},  {"k", 10},  {"kb", 10},  {"kib", 10}, {"m", 20},  {"mb", 20},
    {"mib", 20}, {"g", 30}, {"gb", 30}, {"gib", 30}, {"t", 40},   {"tb", 40}, {"tib", 40},
};

bool conf_parse_size(struct slice text, uint64_t *value)
{
    uint32_t digits = 0;

    while (digits < text.len && text.at[digits] >= '0' && text.at[digits] <= '9')
        digits++;
    struct slice unit = slice_trim(slice_from(text, digits));
    if (!slice_to_u64(slice_head(text, digits), value))
        return false;
    for (uint32_t i = 0; i < sizeof(size_units) / sizeof(size_units[0]); i++) {
        if (!slice_ieq(unit, slice_of_str(size_units[i].name)))
            continue;
        if (*value > UINT64_MAX >> size_units[i].shift)
            return false;
        *value <<= size_units[i].shift;
        return true;
    }
    return false;
}

static const struct {
    const char *name;
    const char *wanted;
} types[] = {
    [CONF_BOOL] = {"bool", "yes or no"},
    [CONF_INT] = {"int", "a whole number"},
    [CONF_SIZE] = {"size", "a size such as 64k, 1M or 2G"},
    [CONF_SPAN] = {"span", "a time span such as 250ms, 30s, 5m, 72h or 7d"},
    [CONF_TEXT] = {"text", "one text"},
    [CONF_LIST] = {"list", "a list"},
    [CONF_TREE] = {"tree", "a section of the file"},
};

const char *conf_type_name(enum conf_type type)
{
    return types[type].name;
}

static bool text_fits(enum conf_type type, struct slice text)
{
    bool b;
    int64_t i;
    uint64_t u;

    switch (type) {
    case CONF_BOOL:
        return parse_bool(text, &b);
    case CONF_INT:
        return parse_int(text, &i);
    case CONF_SIZE:
        return conf_parse_size(text, &u);
    case CONF_SPAN:
        return clock_parse_span(text, &u);
    case CONF_TEXT:
    case CONF_LIST:
        return true;
    case CONF_TREE:
        return false;
    }
    return false;
}

/* Replaces the value by a text; a list's text is cut at commas. */
static bool value_set(struct value *v, struct slice text)
{
    if (v->row->type != CONF_TEXT)
        text = slice_trim(text);
    if (!text_fits(v->row->type, text))
        return false;
    value_clear(v);
    if (v->row->type != CONF_LIST) {
        value_append(v, text);
        return true;
    }
    while (text.len) {
        int64_t comma = slice_find_byte(text, ',');
        uint32_t len = comma < 0 ? text.len : (uint32_t)comma;
        struct slice part = slice_trim(slice_head(text, len));
        if (part.len)
            value_append(v, part);
        text = slice_from(text, len + 1);
    }
    return true;
}

static struct value *find(const struct conf *conf, const char *key)
{
    for (uint32_t i = 0; i < conf->n; i++) {
        if (strcmp(conf->values[i].row->key, key) == 0)
            return &conf->values[i];
    }
    return NULL;
}

void conf_add(struct conf *conf, const struct option *table)
{
    for (; table && table->key; table++) {
        CHECK(!find(conf, table->key));
        struct value *values = realloc(conf->values, (conf->n + 1) * sizeof(*values));
        CHECK(values);
        conf->values = values;
        values[conf->n] = (struct value){.row = table};
        CHECK(table->type == CONF_TREE ||
              value_set(&values[conf->n], slice_of_str(table->fallback)));
        conf->n++;
    }
}

/* Edit distance of two short keys, for "did you mean"; keys over 63 characters are not compared. */
static uint32_t distance(const char *a, const char *b)
{
    uint32_t row[64];
    uint32_t la = (uint32_t)strlen(a);
    uint32_t lb = (uint32_t)strlen(b);

    if (la > 63 || lb > 63)
        return UINT32_MAX;
    for (uint32_t j = 0; j <= lb; j++)
        row[j] = j;
    for (uint32_t i = 1; i <= la; i++) {
        uint32_t diagonal = row[0];
        row[0] = i;
        for (uint32_t j = 1; j <= lb; j++) {
            uint32_t best = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            best = row[j] + 1 < best ? row[j] + 1 : best;
            row[j] = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
        }
    }
    return row[lb];
}

static void report_unknown(const struct conf *conf, const char *where, const char *key,
                           struct strbuf *report)
{
    const char *nearest = NULL;
    uint32_t least = 4;

    for (uint32_t i = 0; i < conf->n; i++) {
        uint32_t d = distance(key, conf->values[i].row->key);
        if (d < least) {
            least = d;
            nearest = conf->values[i].row->key;
        }
    }
    strbuf_fmt(report, "%s: unknown key %s is ignored", where, key);
    if (nearest)
        strbuf_fmt(report, "; did you mean %s?", nearest);
    strbuf_char(report, '\n');
}

static void report_misfit(const char *where, const struct value *v, struct strbuf *report)
{
    strbuf_fmt(report, "%s: %s takes %s; the value before it stays\n", where, v->row->key,
               types[v->row->type].wanted);
}

struct reading {
    struct conf *conf;
    const char *path;
    struct strbuf *report;
    enum err err;
};

/* Text of a scalar as the operator wrote it. */
static struct slice scalar_text(const struct json *v, struct strbuf *room)
{
    const char *source = json_build_source(v);

    if (source)
        return slice_of_str(source);
    strbuf_clear(room);
    json_write(v, room);
    return json_kind(v) == JSON_NULL ? SLICE_NONE : strbuf_view(room);
}

static bool read_list(struct value *v, const struct json *list)
{
    struct strbuf room;
    bool fits = true;

    for (const struct json *c = json_first(list); c; c = json_next(c))
        fits = fits && json_kind(c) != JSON_ARR && json_kind(c) != JSON_OBJ;
    if (!fits)
        return false;
    strbuf_init(&room, 0);
    value_clear(v);
    for (const struct json *c = json_first(list); c; c = json_next(c))
        value_append(v, scalar_text(c, &room));
    strbuf_fini(&room);
    return true;
}

static bool read_value(struct value *v, const struct json *from)
{
    enum json_kind kind = json_kind(from);
    struct strbuf room;

    if (kind == JSON_ARR && v->row->type == CONF_LIST)
        return read_list(v, from);
    if (kind == JSON_ARR || kind == JSON_OBJ)
        return false;
    strbuf_init(&room, 0);
    bool fits = value_set(v, scalar_text(from, &room));
    strbuf_fini(&room);
    return fits;
}

static void read_tree(struct reading *r, const struct json *v, char *key, size_t len)
{
    char where[512];

    for (const struct json *c = json_first(v); c; c = json_next(c)) {
        size_t more = strlen(json_key(c));
        if (len + more + 2 > CONF_KEY_MAX)
            continue; /* no key of ours is that long */
        memcpy(key + len, json_key(c), more + 1);
        snprintf(where, sizeof(where), "%s:%u", r->path, json_line(c));
        struct value *known = find(r->conf, key);
        if (known && known->row->type == CONF_TREE)
            continue;
        if (known && read_value(known, c))
            continue;
        if (known) {
            report_misfit(where, known, r->report);
            r->err = ERR_INPUT;
        } else if (json_kind(c) == JSON_OBJ && json_count(c)) {
            key[len + more] = '.';
            read_tree(r, c, key, len + more + 1);
        } else {
            report_unknown(r->conf, where, key, r->report);
        }
    }
}

enum err conf_read_take(struct conf *conf, const char *path, struct json **tree,
                        struct strbuf *report)
{
    struct reading r = {.conf = conf, .path = path, .report = report};
    char key[CONF_KEY_MAX];

    read_tree(&r, *tree, key, 0);
    json_free(&conf->tree);
    conf->tree = *tree;
    *tree = NULL;
    return r.err;
}

enum err conf_load(struct conf *conf, const char *path, struct strbuf *report)
{
    struct json_fault fault = {0};
    struct json *tree = NULL;

    enum err err = json_load(path, CONF_FILE_MAX, &tree, &fault);
    if (err) {
        strbuf_fmt(report, "%s:%u:%u: %s\n", path, fault.line, fault.column, fault.text);
        return err;
    }
    if (json_kind(tree) != JSON_OBJ && json_kind(tree) != JSON_NULL) {
        strbuf_fmt(report, "%s:1: a mapping of keys was expected\n", path);
        json_free(&tree);
        return ERR_INPUT;
    }
    return conf_read_take(conf, path, &tree, report);
}

/* Whether the key lies below a section with a shape of its own. */
static bool is_below_tree(const struct conf *conf, const char *key)
{
    for (uint32_t i = 0; i < conf->n; i++) {
        const struct option *row = conf->values[i].row;
        size_t len = strlen(row->key);
        if (row->type == CONF_TREE && strncmp(key, row->key, len) == 0 && key[len] == '.')
            return true;
    }
    return false;
}

enum err conf_set(struct conf *conf, const char *assignment, struct strbuf *report)
{
    char key[CONF_KEY_MAX];
    const char *equals = strchr(assignment, '=');

    if (!equals || equals == assignment || equals - assignment >= CONF_KEY_MAX) {
        strbuf_fmt(report, "--set %s: key=value was expected\n", assignment);
        return ERR_INPUT;
    }
    memcpy(key, assignment, (size_t)(equals - assignment));
    key[equals - assignment] = '\0';
    struct value *v = find(conf, key);
    if (!v && is_below_tree(conf, key) &&
        json_edit_set(&conf->tree, key, slice_trim(slice_of_str(equals + 1))))
        return ERR_OK;
    if (!v) {
        report_unknown(conf, "--set", key, report);
        return ERR_NOTFOUND;
    }
    if (!value_set(v, slice_of_str(equals + 1))) {
        report_misfit("--set", v, report);
        return ERR_INPUT;
    }
    return ERR_OK;
}

static const struct value *get(const struct conf *conf, const char *key, enum conf_type type)
{
    const struct value *v = find(conf, key);
    CHECK(v);
    CHECK(v->row->type == type);
    return v;
}

bool conf_bool(const struct conf *conf, const char *key)
{
    bool value = false;
    CHECK(parse_bool(slice_of_str(get(conf, key, CONF_BOOL)->items[0]), &value));
    return value;
}

int64_t conf_int(const struct conf *conf, const char *key)
{
    int64_t value = 0;
    CHECK(parse_int(slice_of_str(get(conf, key, CONF_INT)->items[0]), &value));
    return value;
}

uint64_t conf_size(const struct conf *conf, const char *key)
{
    uint64_t value = 0;
    CHECK(conf_parse_size(slice_of_str(get(conf, key, CONF_SIZE)->items[0]), &value));
    return value;
}

uint64_t conf_span_ns(const struct conf *conf, const char *key)
{
    uint64_t value = 0;
    CHECK(clock_parse_span(slice_of_str(get(conf, key, CONF_SPAN)->items[0]), &value));
    return value;
}

const char *conf_text(const struct conf *conf, const char *key)
{
    return get(conf, key, CONF_TEXT)->items[0];
}

const char *conf_item(const struct conf *conf, const char *key, uint32_t i)
{
    const struct value *v = get(conf, key, CONF_LIST);
    return i < v->n ? v->items[i] : NULL;
}

const struct json *conf_tree(const struct conf *conf, const char *path)
{
    return path && *path ? json_path(conf->tree, path) : conf->tree;
}

const struct option *conf_row(const struct conf *conf, uint32_t i)
{
    return i < conf->n ? conf->values[i].row : NULL;
}
