/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/detect/trace.h"

#include <stdio.h>

/* ---- the rule's own words ----------------------------------------------------------------- */

static bool is_modifier(struct slice option)
{
    static const char *const names[] = {"nocase",       "depth",      "offset",   "distance",
                                        "within",       "startswith", "endswith", "rawbytes",
                                        "fast_pattern", "http_",      "file_data"};
    for (uint32_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct slice name = slice_of_str(names[i]);
        if (!slice_starts(option, name))
            continue;
        struct slice rest = slice_from(option, name.len);
        return !rest.len || strchr(":; ", rest.at[0]) || name.at[name.len - 1] == '_';
    }
    return false;
}

/* Up to the semicolon that ends the option. */
static uint32_t option_len(struct slice s)
{
    bool escaped = false;

    for (uint32_t i = 0; i < s.len; i++) {
        if (!escaped && s.at[i] == ';')
            return i;
        escaped = !escaped && s.at[i] == '\\';
    }
    return s.len;
}

struct slice trace_option(const struct rule *r, uint32_t column)
{
    struct slice text = slice_of_str(r->info.text);

    if (!column || column > text.len)
        return SLICE_NONE;
    text = slice_from(text, column - 1);
    uint32_t len = option_len(text);
    for (;;) {
        struct slice rest = slice_trim(slice_from(text, len + 1));
        if (!is_modifier(rest))
            return slice_trim(slice_head(text, len));
        len = (uint32_t)(rest.at - text.at) + option_len(rest);
    }
}

/* ---- one group ---------------------------------------------------------------------------- */

static struct match_step *add(struct trace *t, const struct rule *r, const struct group *g,
                              uint16_t op)
{
    if (!t || t->n == t->room)
        return NULL;
    struct match_step *s = &t->at[t->n++];
    memset(s, 0, sizeof(*s));
    s->option = trace_option(r, g->ops[op].column);
    s->buffer = g->buffer->name;
    return s;
}

static void miss_at(struct trace_miss *m, const struct rule *r, const struct group *g, uint16_t op)
{
    m->op = op;
    m->buffer = g->buffer->name;
    m->option = trace_option(r, g->ops[op].column);
}

static uint16_t numbers_hold(const struct group *g, uint64_t v)
{
    uint16_t k = 0;

    while (k < g->n_ops && rule_num_ok(&g->ops[k].num, v))
        k++;
    return k;
}

/* The first number that all conditions hold for; else what there is. */
static bool trace_number(struct detect *d, const struct rule *r, const struct group *g,
                         struct trace *t, struct trace_miss *m)
{
    uint32_t n = buffer_count(g->buffer, &d->look), seen = 0, len = 0;
    uint16_t most = 0;
    uint64_t v;

    m->why[0] = '\0';
    for (uint32_t i = 0; i < n; i++) {
        if (!buffer_number(g->buffer, &d->look, i, &v))
            continue;
        uint16_t held = numbers_hold(g, v);
        for (uint16_t k = 0; held == g->n_ops && k < held; k++) {
            struct match_step *s = add(t, r, g, k);
            if (s) {
                s->value = v;
                s->has_value = true;
                s->instance = i;
            }
        }
        if (held == g->n_ops)
            return true;
        most = held > most ? held : most;
        if (seen++ < 8)
            len += (uint32_t)snprintf(m->why + len, sizeof(m->why) - len, "%s%llu",
                                      len ? ", " : "it is ", (unsigned long long)v);
    }
    miss_at(m, r, g, most);
    m->absent = !seen;
    if (!seen)
        snprintf(m->why, sizeof(m->why), "there is no such number");
    return false;
}

static bool trace_calls(struct detect *d, const struct rule *r, const struct group *g,
                        struct trace *t, struct trace_miss *m)
{
    for (uint16_t k = 0; k < g->n_ops; k++) {
        if (!g->ops[k].call.match(&d->look, g->ops[k].call.args)) {
            miss_at(m, r, g, k);
            snprintf(m->why, sizeof(m->why), "does not hold");
            return false;
        }
        add(t, r, g, k);
    }
    return true;
}

static void keep_steps(struct trace *t, const struct rule *r, const struct group *g, uint16_t n,
                       const struct inspect_place *places, struct slice bytes, uint32_t instance)
{
    for (uint16_t k = 0; k < n; k++) {
        struct match_step *s = add(t, r, g, k);
        if (!s)
            return;
        s->instance = instance;
        s->value = places[k].value;
        s->has_value = places[k].has_value;
        s->placed = places[k].placed;
        if (!s->placed)
            continue;
        s->offset = places[k].from;
        s->len = places[k].to - places[k].from;
        struct slice part = slice_head(slice_from(bytes, s->offset), HIT_BYTES_MAX);
        part = slice_head(part, s->len);
        s->n_bytes = (uint8_t)part.len;
        if (part.len)
            memcpy(s->bytes, part.at, part.len);
    }
}

/* There is no such buffer. */
static bool trace_lack(const struct rule *r, const struct group *g, struct trace *t,
                       struct trace_miss *m)
{
    if (rule_may_lack(g)) {
        add(t, r, g, 0);
        return true;
    }
    m->absent = true;
    miss_at(m, r, g, 0);
    snprintf(m->why, sizeof(m->why), "there is no %s here", g->buffer->name);
    return false;
}

/* The instance on which all operations hold; else the one on which most do. */
static bool trace_bytes(struct detect *d, const struct rule *r, const struct group *g,
                        struct trace *t, struct trace_miss *m)
{
    struct inspect_place places[RULE_OPS_MAX];
    uint64_t base =
        g->buffer->kind == BUFFER_PAYLOAD && !g->buffer->n_transforms ? d->look.stream_base : 0;
    uint32_t before = t ? t->n : 0, best = 0;
    struct slice bytes;
    char why[INSPECT_WHY_MAX];

    m->absent = true;
    for (uint32_t i = 0; buffer_instance(g->buffer, &d->look, i, d->buffers, &bytes); i++) {
        uint16_t held = inspect_places(g, &d->look, bytes, base, &d->inspect, places, why);
        if (held < g->n_ops && !m->absent && held <= best)
            continue;
        m->absent = false;
        best = held;
        if (t)
            t->n = before;
        keep_steps(t, r, g, held, places, bytes, i);
        if (held == g->n_ops)
            return true;
        miss_at(m, r, g, held);
        snprintf(m->why, sizeof(m->why), "%s", why);
    }
    if (!m->absent)
        return false;
    return trace_lack(r, g, t, m);
}

static bool trace_group(struct detect *d, const struct rule *r, const struct group *g,
                        struct trace *t, struct trace_miss *m)
{
    enum buffer_state state = buffer_state(g->buffer, &d->look);

    if (state == BUFFER_NEVER)
        return trace_lack(r, g, t, m);
    m->absent = state == BUFFER_LATER;
    if (m->absent) {
        miss_at(m, r, g, 0);
        snprintf(m->why, sizeof(m->why), "%s is not complete", g->buffer->name);
        return false;
    }
    switch (g->buffer->kind) {
    case BUFFER_NUMBER:
        return trace_number(d, r, g, t, m);
    case BUFFER_FILE_META:
    case BUFFER_TX:
        return trace_calls(d, r, g, t, m);
    default:
        return trace_bytes(d, r, g, t, m);
    }
}

/* ---- external ----------------------------------------------------------------------------- */

/* Tests on sets of values leave conditions: not those of this look. With `all` groups that matched
 * in an earlier look, and have nothing to look at any more, are passed over. */
static bool trace_all(struct detect *d, const struct rule *r, struct trace *trace,
                      struct trace_miss *miss, bool all)
{
    struct hit scratch = {0}, *hit = d->look.hit;
    size_t len = d->conditions.len;
    bool ok = true;

    d->look.hit = &scratch;
    d->look.rule = r;
    d->look.base64 = SLICE_NONE;
    memset(miss, 0, sizeof(*miss));
    for (uint8_t g = 0; g < r->n_groups && (ok || all); g++) {
        miss->group = g;
        ok = trace_group(d, r, &r->groups[g], trace, miss);
    }
    d->look.hit = hit;
    d->conditions.len = len;
    return ok;
}

bool trace_groups(struct detect *d, const struct rule *r, struct trace *trace,
                  struct trace_miss *miss)
{
    return trace_all(d, r, trace, miss, false);
}

void trace_hit(struct detect *d, const struct rule *r, struct hit *hit)
{
    struct trace trace = {d->steps + d->n_steps, 0, STEPS_ROOM - d->n_steps};
    struct trace_miss miss;

    (void)trace_all(d, r, &trace, &miss, true);
    hit->steps = trace.at;
    hit->n_steps = trace.n;
    d->n_steps += trace.n;
}
