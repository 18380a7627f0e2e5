/* SPDX-License-Identifier: Apache-2.0 */
/*
 * YAML 1.1 into the tree of json.h; the only file that knows libyaml.
 *
 * Events are turned into values on a stack of open collections. An alias becomes a copy of what its
 * anchor named, so the tree has one owner; copies count against YAML_VALUES_MAX, which bounds the
 * "billion laughs" attack. Merge keys (<<) are applied at the end of their mapping: own keys win.
 */
#include "common/json.h"
#include "common/json_build.h"

#include <ctype.h>
#include <stdlib.h>
#include <yaml.h>

enum { YAML_VALUES_MAX = 2000000, YAML_ANCHORS_MAX = 1024 };

struct open_node {
    struct json *node;
    char *key;           /* waiting for its value; NULL: the next scalar is a key */
    char *name;          /* anchor to set when it is closed */
    struct json *merges; /* array of mappings to merge, or NULL */
    uint32_t line;
};

struct anchor {
    char *name;
    struct json *value; /* own copy */
};

struct loader {
    yaml_parser_t parser;
    struct open_node stack[JSON_DEPTH_MAX];
    uint32_t depth;
    struct anchor *anchors;
    uint32_t n_anchors;
    uint64_t values;
    bool multi;
    bool twice;        /* keys may stand twice, and files may be included */
    struct json *docs; /* array; its children are the documents */
    enum err err;
    struct json_fault *fault;
};

static void fail(struct loader *l, const yaml_event_t *event, enum err err, const char *text)
{
    if (l->err)
        return;
    l->err = err;
    json_build_fault(l->fault, (uint32_t)event->start_mark.line + 1,
                     (uint32_t)event->start_mark.column + 1, "%s", text);
}

static uint32_t line_of(const yaml_event_t *event)
{
    return (uint32_t)event->start_mark.line + 1;
}

static bool any_of(const char *text, const char *const *words)
{
    for (; *words; words++) {
        if (strcmp(text, *words) == 0)
            return true;
    }
    return false;
}

static bool number_of(const char *text, double *value)
{
    const char *p = text + (*text == '-' || *text == '+');
    char *end = NULL;

    if (p[0] == '0' && p[1] == 'x' && isxdigit((unsigned char)p[2])) {
        *value = (double)strtoull(p, &end, 16) * (*text == '-' ? -1 : 1);
        return *end == '\0';
    }
    if (!isdigit((unsigned char)*p) && !(*p == '.' && isdigit((unsigned char)p[1])))
        return false;
    if (p[0] == '0' && isdigit((unsigned char)p[1]))
        return false; /* telephone numbers, octal modes, MAC parts stay text */
    if (p[strspn(p, "0123456789.eE+-")])
        return false; /* keeps strtod from reading "0x", "inf", "nan" */
    *value = strtod(text, &end);
    return *end == '\0';
}

struct json *yaml_plain(struct slice s, uint32_t line)
{
    static const char *const nulls[] = {"", "~", "null", "Null", "NULL", NULL};
    static const char *const trues[] = {"true", "True", "TRUE", "yes", "Yes", "YES", NULL};
    static const char *const falses[] = {"false", "False", "FALSE", "no", "No", "NO", NULL};
    const char *text = (const char *)s.at;
    double number = 0;

    if (any_of(text, nulls))
        return json_build_null(s, line);
    if (any_of(text, trues))
        return json_build_bool(true, s, line);
    if (any_of(text, falses))
        return json_build_bool(false, s, line);
    if (number_of(text, &number))
        return json_build_num(number, s, line);
    return json_build_text(s, line);
}

/* `!include name`: a mapping whose one key is "include". */
static struct json *inclusion(struct slice name, uint32_t line)
{
    struct json *node = json_build_obj(line);

    if (node && !json_build_add_take(node, "include", json_build_text(name, line)))
        json_free(&node);
    return node;
}

static struct json *scalar(const yaml_event_t *event, bool twice)
{
    const char *tag = (const char *)event->data.scalar.tag;
    struct slice s = {event->data.scalar.value, (uint32_t)event->data.scalar.length};

    if (twice && tag && strcmp(tag, "!include") == 0)
        return inclusion(s, line_of(event));
    if (event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE || tag)
        return json_build_text(s, line_of(event));
    return yaml_plain(s, line_of(event));
}

static void remember(struct loader *l, const yaml_event_t *event, const char *name,
                     const struct json *value)
{
    if (!name || l->err)
        return;
    if (l->n_anchors == YAML_ANCHORS_MAX) {
        fail(l, event, ERR_FULL, "more than 1024 anchors");
        return;
    }
    struct anchor *more = realloc(l->anchors, (l->n_anchors + 1) * sizeof(*more));
    if (!more) {
        fail(l, event, ERR_NOMEM, "out of memory");
        return;
    }
    l->anchors = more;
    json_build_depth(value, &l->values);
    l->anchors[l->n_anchors++] = (struct anchor){strdup(name), json_build_copy(value)};
}

static const struct json *recall(const struct loader *l, const char *name)
{
    for (uint32_t i = l->n_anchors; i-- > 0;) { /* a later anchor of that name hides earlier ones */
        if (l->anchors[i].name && strcmp(l->anchors[i].name, name) == 0)
            return l->anchors[i].value;
    }
    return NULL;
}

/* Puts a finished value where it belongs: document, sequence, mapping or the merges of one. */
static void place_take(struct loader *l, const yaml_event_t *event, struct json *value)
{
    if (!value) {
        fail(l, event, ERR_NOMEM, "out of memory");
        return;
    }
    if (++l->values > YAML_VALUES_MAX)
        fail(l, event, ERR_FULL, "too many values (aliases included)");
    if (l->err) {
        json_free(&value);
        return;
    }
    bool placed;
    struct open_node *top = l->depth ? &l->stack[l->depth - 1] : NULL;
    if (!top) {
        placed = json_build_add_take(l->docs, NULL, value);
    } else if (json_kind(top->node) == JSON_ARR) {
        placed = json_build_add_take(top->node, NULL, value);
    } else if (strcmp(top->key, "<<") == 0) {
        if (!top->merges)
            top->merges = json_build_arr(0);
        placed = top->merges && json_build_add_take(top->merges, NULL, value);
    } else {
        placed = json_build_add_take(top->node, top->key, value);
    }
    if (top) {
        free(top->key);
        top->key = NULL;
    }
    if (!placed)
        fail(l, event, ERR_NOMEM, "out of memory");
}

/* True when the next scalar is the key of a mapping. */
static bool wants_key(const struct loader *l)
{
    const struct open_node *top = l->depth ? &l->stack[l->depth - 1] : NULL;
    return top && json_kind(top->node) == JSON_OBJ && !top->key;
}

static void on_scalar(struct loader *l, const yaml_event_t *event)
{
    if (wants_key(l)) {
        struct open_node *top = &l->stack[l->depth - 1];
        top->key = strdup((const char *)event->data.scalar.value);
        if (!top->key)
            fail(l, event, ERR_NOMEM, "out of memory");
        else if (!l->twice && strcmp(top->key, "<<") != 0 && json_get(top->node, top->key))
            fail(l, event, ERR_INPUT, "the same key twice in one mapping");
        return;
    }
    struct json *value = scalar(event, l->twice);
    if (value)
        remember(l, event, (const char *)event->data.scalar.anchor, value);
    place_take(l, event, value);
}

static void on_alias(struct loader *l, const yaml_event_t *event)
{
    const struct json *value = recall(l, (const char *)event->data.alias.anchor);

    if (wants_key(l) || !value) {
        fail(l, event, ERR_INPUT, value ? "an alias cannot be a key" : "alias without its anchor");
        return;
    }
    if (json_build_depth(value, &l->values) + l->depth > JSON_DEPTH_MAX)
        fail(l, event, ERR_INPUT, "nested deeper than 64 levels");
    else if (l->values > YAML_VALUES_MAX)
        fail(l, event, ERR_FULL, "too many values (aliases included)");
    else
        place_take(l, event, json_build_copy(value));
}

static void on_open(struct loader *l, const yaml_event_t *event, struct json *node,
                    const yaml_char_t *name)
{
    if (!node)
        fail(l, event, ERR_NOMEM, "out of memory");
    else if (wants_key(l))
        fail(l, event, ERR_INPUT, "a mapping or sequence cannot be a key");
    else if (l->depth == JSON_DEPTH_MAX)
        fail(l, event, ERR_INPUT, "nested deeper than 64 levels");
    if (l->err) {
        json_free(&node);
        return;
    }
    l->stack[l->depth++] = (struct open_node){
        .node = node, .name = name ? strdup((const char *)name) : NULL, .line = line_of(event)};
}

static void merge_one(struct loader *l, const yaml_event_t *event, struct json *into,
                      const struct json *from)
{
    if (json_kind(from) != JSON_OBJ) {
        fail(l, event, ERR_INPUT, "<< takes a mapping or a list of mappings");
        return;
    }
    for (const struct json *c = json_first(from); c && !l->err; c = json_next(c)) {
        json_build_depth(c, &l->values);
        if (l->values > YAML_VALUES_MAX)
            fail(l, event, ERR_FULL, "too many values (aliases included)");
        else if (!json_get(into, json_key(c)) &&
                 !json_build_add_take(into, json_key(c), json_build_copy(c)))
            fail(l, event, ERR_NOMEM, "out of memory");
    }
}

static void merge_all(struct loader *l, const yaml_event_t *event, struct open_node *closed)
{
    for (const struct json *m = json_first(closed->merges); m; m = json_next(m)) {
        if (json_kind(m) != JSON_ARR) {
            merge_one(l, event, closed->node, m);
            continue;
        }
        for (const struct json *each = json_first(m); each; each = json_next(each))
            merge_one(l, event, closed->node, each);
    }
}

static void open_node_fini(struct open_node *open)
{
    free(open->key);
    free(open->name);
    json_free(&open->merges);
    json_free(&open->node);
}

static void on_close(struct loader *l, const yaml_event_t *event)
{
    struct open_node closed = l->stack[--l->depth];

    merge_all(l, event, &closed);
    remember(l, event, closed.name, closed.node);
    place_take(l, event, closed.node);
    closed.node = NULL;
    open_node_fini(&closed);
}

static void on_event(struct loader *l, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        on_scalar(l, event);
        break;
    case YAML_ALIAS_EVENT:
        on_alias(l, event);
        break;
    case YAML_SEQUENCE_START_EVENT:
        on_open(l, event, json_build_arr(line_of(event)), event->data.sequence_start.anchor);
        break;
    case YAML_MAPPING_START_EVENT:
        on_open(l, event, json_build_obj(line_of(event)), event->data.mapping_start.anchor);
        break;
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        on_close(l, event);
        break;
    case YAML_DOCUMENT_START_EVENT:
        if (!l->multi && json_count(l->docs))
            fail(l, event, ERR_INPUT, "a second document, only one was expected");
        break;
    default:
        break;
    }
}

static void run(struct loader *l)
{
    bool more = true;

    while (more && !l->err) {
        yaml_event_t event;
        if (!yaml_parser_parse(&l->parser, &event)) {
            l->err = l->parser.error == YAML_MEMORY_ERROR ? ERR_NOMEM : ERR_INPUT;
            json_build_fault(l->fault, (uint32_t)l->parser.problem_mark.line + 1,
                             (uint32_t)l->parser.problem_mark.column + 1, "%s%s%s",
                             l->parser.problem ? l->parser.problem : "not valid YAML",
                             l->parser.context ? ", " : "",
                             l->parser.context ? l->parser.context : "");
            return;
        }
        more = event.type != YAML_STREAM_END_EVENT;
        on_event(l, &event);
        yaml_event_delete(&event);
    }
}

/* The documents as the caller wants them; an empty file is null. */
static struct json *result_of(struct loader *l)
{
    if (l->multi)
        return json_build_copy(l->docs);
    const struct json *first = json_first(l->docs);
    return first ? json_build_copy(first) : json_build_null(SLICE_NONE, 1);
}

static enum err parse(struct slice text, bool multi, bool twice, struct json **tree,
                      struct json_fault *fault)
{
    struct loader l = {.multi = multi, .twice = twice, .fault = fault, .docs = json_build_arr(0)};

    *tree = NULL;
    if (!l.docs || !yaml_parser_initialize(&l.parser)) {
        json_free(&l.docs);
        return ERR_NOMEM;
    }
    yaml_parser_set_input_string(&l.parser, text.len ? text.at : (const uint8_t *)"", text.len);
    run(&l);
    if (!l.err) {
        *tree = result_of(&l);
        l.err = *tree ? ERR_OK : ERR_NOMEM;
    }
    yaml_parser_delete(&l.parser);
    while (l.depth)
        open_node_fini(&l.stack[--l.depth]);
    for (uint32_t i = 0; i < l.n_anchors; i++) {
        free(l.anchors[i].name);
        json_free(&l.anchors[i].value);
    }
    free(l.anchors);
    json_free(&l.docs);
    return l.err;
}

enum err yaml_parse(struct slice text, bool multi, struct json **tree, struct json_fault *fault)
{
    return parse(text, multi, false, tree, fault);
}

enum err yaml_parse_twice(struct slice text, struct json **tree, struct json_fault *fault)
{
    return parse(text, false, true, tree, fault);
}
