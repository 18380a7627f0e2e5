/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Evaluation of Sigma detections. Everything is bounded: conditions by their depth when they were
 * read, globs by text times pattern, regular expressions by their step limit.
 */
#include "analyzer/correlate/sigma_match.h"
#include "analyzer/correlate/sigma_read.h"
#include "common/check.h"
#include "common/clock.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

enum { NUMBER_TEXT = SIGMA_NUMBER_TEXT, KEYWORD_DEPTH = 64 };

static bool same_char(uint16_t g, uint8_t c, bool cased)
{
    return g == SIGMA_ONE || g == (cased ? c : (uint16_t)tolower(c));
}

bool sigma_match_glob(const uint16_t *glob, uint32_t n, bool cased, struct slice text)
{
    uint32_t g = 0;
    uint32_t t = 0;
    uint32_t star = UINT32_MAX; /* behind the last star */
    uint32_t resume = 0;        /* where the text behind that star is tried next */

    while (t < text.len) {
        if (g < n && glob[g] == SIGMA_STAR) {
            star = ++g;
            resume = t;
            if (g == n)
                return true;
        } else if (g < n && same_char(glob[g], text.at[t], cased)) {
            g++;
            t++;
        } else if (star != UINT32_MAX) {
            g = star;
            t = ++resume;
        } else {
            return false;
        }
    }
    while (g < n && glob[g] == SIGMA_STAR)
        g++;
    return g == n;
}

void sigma_match_init(struct sigma_view *view, const struct sigma_set *set)
{
    CHECK(set->frozen);
    *view = (struct sigma_view){.set = set, .type = UINT32_MAX};
    view->values = calloc(set->n_fields + 1, sizeof(*view->values));
    view->known = calloc(set->n_fields + 1, 1);
    view->texts = calloc(set->n_fields + 1, sizeof(*view->texts));
    CHECK(view->values && view->known && view->texts);
}

void sigma_match_fini(struct sigma_view *view)
{
    free(view->values);
    free(view->known);
    free(view->texts);
    memset(view, 0, sizeof(*view));
}

void sigma_match_begin(struct sigma_view *view, const struct record *record)
{
    view->record = record;
    view->type = UINT32_MAX;
    memset(view->known, 0, view->set->n_fields);
    for (uint32_t i = 0; i < view->set->n_types; i++) {
        if (strcmp(view->set->types[i], record->event_type) == 0)
            view->type = i;
    }
}

enum { KNOWN = 1, KNOWN_IN_ARRAY = 2 };

/* Does the path lead through an array that holds more than its end? */
static bool leads_through_array(const struct json *v, const char *path)
{
    char key[SIGMA_NAME_MAX];

    while (v && json_kind(v) == JSON_OBJ) {
        const char *dot = strchr(path, '.');
        if (!dot || (size_t)(dot - path) >= sizeof(key))
            return false;
        memcpy(key, path, (size_t)(dot - path));
        key[dot - path] = '\0';
        v = json_get(v, key);
        path = dot + 1;
    }
    return json_kind(v) == JSON_ARR;
}

/* Whole numbers, nearly all there are, without the cost of a general conversion. */
static struct slice whole_text(int64_t number, char *room, size_t size)
{
    uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    size_t at = size;

    do
        room[--at] = (char)('0' + rest % 10);
    while ((rest /= 10) && at > 1);
    if (number < 0)
        room[--at] = '-';
    return (struct slice){(const uint8_t *)room + at, (uint32_t)(size - at)};
}

static bool is_whole(double number)
{
    return number > -1e15 && number < 1e15 && number == (double)(int64_t)number;
}

static const struct record_value *value_of(struct sigma_view *view, uint32_t field)
{
    if (!view->known[field]) {
        const char *path = view->set->fields[field];
        bool array = leads_through_array(view->record->eve, path);
        struct record_value *v = &view->values[field];
        *v = record_field(view->record, path);
        if (v->kind == VALUE_NUMBER && is_whole(v->number)) /* once, not in each test */
            v->text = whole_text((int64_t)v->number, view->texts[field], SIGMA_NUMBER_TEXT);
        view->known[field] = array ? KNOWN_IN_ARRAY : KNOWN;
    }
    return &view->values[field];
}

struct record_value sigma_match_value(struct sigma_view *view, uint32_t field)
{
    struct record_value v = *value_of(view, field);

    for (uint32_t depth = 0; v.kind == VALUE_LIST && depth < 8; depth++)
        v = record_value_of(json_first(v.list));
    return v;
}

struct slice sigma_match_text(const struct record_value *value, char *room, size_t size)
{
    int n = 0;

    switch (value->kind) {
    case VALUE_TEXT:
        return value->text;
    case VALUE_BOOL:
        return value->number != 0 ? SLICE_LIT("true") : SLICE_LIT("false");
    case VALUE_NUMBER:
        if (value->text.len)
            return value->text;
        if (size >= NUMBER_TEXT && is_whole(value->number))
            return whole_text((int64_t)value->number, room, size);
        n = snprintf(room, size, "%.15g", value->number);
        return (struct slice){(const uint8_t *)room, n < 0 ? 0 : (uint32_t)n};
    default:
        return SLICE_NONE;
    }
}

static bool to_number(const struct record_value *v, double *number)
{
    char text[NUMBER_TEXT];
    char *end = NULL;

    *number = v->number;
    if (v->kind == VALUE_NUMBER)
        return true;
    if (v->kind != VALUE_TEXT || v->text.len == 0 || v->text.len >= sizeof(text))
        return false;
    memcpy(text, v->text.at, v->text.len);
    text[v->text.len] = '\0';
    *number = strtod(text, &end);
    return *end == '\0';
}

/* Days since 1970 as year, month, day (proleptic Gregorian calendar). */
static void civil(int64_t days, int64_t *year, int64_t *month, int64_t *day)
{
    int64_t z = days + 719468;
    int64_t era = z / 146097;
    int64_t doe = z - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153;

    *day = doy - (153 * mp + 2) / 5 + 1;
    *month = mp < 10 ? mp + 3 : mp - 9;
    *year = yoe + era * 400 + (*month <= 2 ? 1 : 0);
}

/* ISO 8601 week: that of the Thursday of the same week. */
static int64_t week_of(int64_t days)
{
    int64_t thursday = days - (days + 3) % 7 + 3;
    int64_t year, month, day;

    civil(thursday, &year, &month, &day);
    int64_t first = thursday;
    while (first > 0) {
        int64_t y;
        civil(first - 1, &y, &month, &day);
        if (y != year)
            break;
        first--;
    }
    return (thursday - first) / 7 + 1;
}

static bool time_part(const struct record_value *v, enum sigma_time_part part, double *number)
{
    uint64_t ts_ns = 0;
    int64_t year, month, day;

    if (v->kind != VALUE_TEXT || !clock_parse(v->text, &ts_ns))
        return false;
    int64_t seconds = (int64_t)(ts_ns / CLOCK_S);
    int64_t days = seconds / 86400;
    civil(days, &year, &month, &day);
    int64_t parts[] = {0, seconds / 60 % 60, seconds / 3600 % 24, day, week_of(days), month, year};
    *number = (double)parts[part];
    return true;
}

static bool compare(double a, enum corr_op op, double b)
{
    switch (op) {
    case CORR_GT:
        return a > b;
    case CORR_GTE:
        return a >= b;
    case CORR_LT:
        return a < b;
    case CORR_LTE:
        return a <= b;
    case CORR_EQ:
        return a == b;
    default:
        return a != b;
    }
}

static bool test_number(const struct sigma_test *test, const struct record_value *v)
{
    double number = 0;
    bool good = test->part ? time_part(v, test->part, &number) : to_number(v, &number);
    return good && compare(number, test->op, test->number);
}

static bool test_bool(const struct sigma_test *test, const struct record_value *v)
{
    if (v->kind == VALUE_BOOL)
        return (v->number != 0) == test->wanted;
    return v->kind == VALUE_TEXT &&
           slice_ieq(v->text, test->wanted ? SLICE_LIT("true") : SLICE_LIT("false"));
}

static bool test_cidr(const struct sigma_test *test, const struct record_value *v)
{
    struct addr addr;
    return v->kind == VALUE_TEXT && addr_parse(v->text, &addr) && prefix_has(&test->prefix, &addr);
}

static bool test_fieldref(struct sigma_view *view, const struct sigma_test *test,
                          const struct record_value *v)
{
    char a[NUMBER_TEXT];
    char b[NUMBER_TEXT];
    struct record_value other = sigma_match_value(view, test->other);

    if (other.kind == VALUE_NONE || v->kind == VALUE_NONE)
        return false;
    return slice_ieq(sigma_match_text(v, a, sizeof(a)), sigma_match_text(&other, b, sizeof(b)));
}

/* One value that is not a list. */
static bool test_one(struct sigma_view *view, const struct sigma_test *test,
                     const struct record_value *v)
{
    char room[NUMBER_TEXT];
    struct slice text = sigma_match_text(v, room, sizeof(room));

    switch (test->kind) {
    case SIGMA_NUMBER:
        return test_number(test, v);
    case SIGMA_BOOL:
        return test_bool(test, v);
    case SIGMA_CIDR:
        return test_cidr(test, v);
    case SIGMA_FIELDREF:
        return test_fieldref(view, test, v);
    case SIGMA_REGEX:
        return v->kind != VALUE_NONE && regex_match(test->regex, text, NULL);
    default:
        return v->kind != VALUE_NONE &&
               sigma_match_glob(test->glob, test->glob_len, test->cased, text);
    }
}

static bool test_list(struct sigma_view *view, const struct sigma_test *test,
                      const struct json *list, uint32_t depth)
{
    for (const struct json *item = json_first(list); item; item = json_next(item)) {
        struct record_value v = record_value_of(item);
        bool hit = v.kind == VALUE_LIST
                       ? depth < KEYWORD_DEPTH && test_list(view, test, v.list, depth + 1)
                       : test_one(view, test, &v);
        if (hit)
            return true;
    }
    return false;
}

/* A keyword: any text or number anywhere in the event, as a part of it. */
static bool test_anywhere(struct sigma_view *view, const struct sigma_test *test,
                          const struct json *v, uint32_t depth)
{
    if (depth > KEYWORD_DEPTH)
        return false;
    if (json_kind(v) == JSON_OBJ || json_kind(v) == JSON_ARR) {
        for (const struct json *c = json_first(v); c; c = json_next(c)) {
            if (test_anywhere(view, test, c, depth + 1))
                return true;
        }
        return false;
    }
    struct record_value value = record_value_of(v);
    return test_one(view, test, &value);
}

/* A path through arrays: any of the items will do. */
static bool test_path(struct sigma_view *view, const struct sigma_test *test, const struct json *v,
                      const char *path, uint32_t depth)
{
    char key[SIGMA_NAME_MAX];

    if (json_kind(v) == JSON_ARR) {
        for (const struct json *c = json_first(v); c && depth < KEYWORD_DEPTH; c = json_next(c)) {
            if (test_path(view, test, c, path, depth + 1))
                return true;
        }
        return false;
    }
    if (!*path) {
        struct record_value value = record_value_of(v);
        return test_one(view, test, &value);
    }
    size_t len = strcspn(path, ".");
    if (len >= sizeof(key) || json_kind(v) != JSON_OBJ)
        return false;
    memcpy(key, path, len);
    key[len] = '\0';
    return test_path(view, test, json_get(v, key), path + len + (path[len] == '.'), depth + 1);
}

static bool holds(struct sigma_view *view, const struct sigma_test *test)
{
    if (test->field == (uint32_t)SIGMA_ANY_TEXT)
        return test_anywhere(view, test, view->record->eve, 0);
    const struct record_value *v = value_of(view, test->field);
    bool empty = v->kind == VALUE_NONE || (v->kind == VALUE_TEXT && v->text.len == 0);
    if (test->kind == SIGMA_EXISTS)
        return (v->kind != VALUE_NONE) == test->wanted;
    if (test->kind == SIGMA_EMPTY)
        return empty;
    if (v->kind == VALUE_LIST)
        return test_list(view, test, v->list, 0);
    if (view->known[test->field] == KNOWN_IN_ARRAY)
        return test_path(view, test, view->record->eve, view->set->fields[test->field], 0);
    return test_one(view, test, v);
}

static bool node_holds(struct sigma_view *view, const struct sigma_node *node)
{
    if (node->kind == SIGMA_TEST)
        return holds(view, node->test);
    if (node->kind == SIGMA_NOT)
        return !node_holds(view, node->kids[0]);
    uint32_t met = 0;
    for (uint32_t i = 0; i < node->n && met < node->need; i++) {
        if (met + (node->n - i) < node->need)
            return false;
        met += node_holds(view, node->kids[i]);
    }
    return met >= node->need;
}

bool sigma_match_rule(struct sigma_view *view, const struct sigma_rule *rule)
{
    if (rule->event_type != UINT32_MAX && rule->event_type != view->type)
        return false;
    return node_holds(view, rule->root);
}

bool sigma_match_stages(const struct sigma_node *node, uint32_t hit)
{
    if (node->kind == SIGMA_TEST)
        return hit >> node->test->other & 1;
    if (node->kind == SIGMA_NOT)
        return !sigma_match_stages(node->kids[0], hit);
    uint32_t met = 0;
    for (uint32_t i = 0; i < node->n; i++)
        met += sigma_match_stages(node->kids[i], hit);
    return met >= node->need;
}
