/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/run/case_match.h"

#include <stdlib.h>

static bool scalar_same(const struct json *want, const struct json *have)
{
    struct slice text = json_text(want);

    if (json_kind(want) != json_kind(have))
        return false;
    switch (json_kind(want)) {
    case JSON_STR:
        if (text.len && text.at[0] == '~')
            return slice_find(json_text(have), slice_from(text, 1)) >= 0;
        return slice_eq(text, json_text(have));
    case JSON_NUM:
        return json_num(want, 0) >= json_num(have, 0) && json_num(want, 0) <= json_num(have, 0);
    case JSON_BOOL:
        return json_bool(want, false) == json_bool(have, false);
    case JSON_NULL:
        return true;
    case JSON_ARR:
    case JSON_OBJ:
        break;
    }
    return false;
}

static bool value_same(const struct json *want, const struct json *have)
{
    if (!have || json_kind(have) != JSON_ARR)
        return have && scalar_same(want, have);
    for (const struct json *one = json_first(have); one; one = json_next(one)) {
        if (scalar_same(want, one))
            return true;
    }
    return false;
}

bool case_match_event(const struct json *match, const struct json *event)
{
    for (const struct json *want = json_first(match); want; want = json_next(want)) {
        if (!value_same(want, json_path(event, json_key(want))))
            return false;
    }
    return true;
}

/* ---- counting ----------------------------------------------------------------------------- */

enum { WANTS_MAX = 256 };

struct want {
    const struct json *match;
    int64_t least, most; /* most -1: any number */
    uint64_t seen;
};

struct wants {
    struct want want[WANTS_MAX];
    uint32_t n;
};

static void add_want(struct wants *w, const struct json *match, int64_t least, int64_t most)
{
    if (w->n < WANTS_MAX)
        w->want[w->n++] = (struct want){match, least, most, 0};
}

static void read_wants(struct wants *w, const struct json *given)
{
    for (const struct json *e = json_first(json_get(given, "expect")); e; e = json_next(e)) {
        int64_t count = json_i64(json_get(e, "count"), -1);
        int64_t most = json_i64(json_get(e, "max"), -1);
        int64_t least = json_i64(json_get(e, "min"), most >= 0 ? 0 : 1);
        add_want(w, json_get(e, "match"), count >= 0 ? count : least, count >= 0 ? count : most);
    }
    for (const struct json *a = json_first(json_get(given, "absent")); a; a = json_next(a))
        add_want(w, a, 0, 0);
}

static void judge(const struct want *w, struct strbuf *faults)
{
    if ((int64_t)w->seen >= w->least && (w->most < 0 || (int64_t)w->seen <= w->most))
        return;
    strbuf_fmt(faults, "line %u: %llu events match ", json_line(w->match),
               (unsigned long long)w->seen);
    json_write(w->match, faults);
    if (w->most < 0)
        strbuf_fmt(faults, ", wanted at least %lld\n", (long long)w->least);
    else
        strbuf_fmt(faults, ", wanted %lld to %lld\n", (long long)w->least, (long long)w->most);
}

static void one_event(struct wants *w, const struct json *event,
                      void (*alert)(void *context, uint32_t sid), void *context)
{
    const struct json *sid = json_path(event, "alert.signature_id");

    if (sid)
        alert(context, (uint32_t)json_i64(sid, 0));
    for (uint32_t i = 0; i < w->n; i++)
        w->want[i].seen += case_match_event(w->want[i].match, event);
}

void case_match_lines(const struct json *given, struct slice lines, struct strbuf *faults,
                      void (*alert)(void *context, uint32_t sid), void *context)
{
    struct wants *w = calloc(1, sizeof(*w));
    uint32_t number = 0;

    if (!w)
        return;
    read_wants(w, given);
    while (lines.len) {
        int64_t end = slice_find_byte(lines, '\n');
        uint32_t len = end < 0 ? lines.len : (uint32_t)end;
        struct json *event = NULL;
        struct json_fault fault;
        number++;
        if (json_parse(slice_head(lines, len), &event, &fault) == ERR_OK)
            one_event(w, event, alert, context);
        else
            strbuf_fmt(faults, "event %u is no JSON: %s\n", number, fault.text);
        json_free(&event);
        lines = slice_from(lines, len + 1);
    }
    for (uint32_t i = 0; i < w->n; i++)
        judge(&w->want[i], faults);
    free(w);
}
