/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Variables: bytes that a `pcre` of some rule has kept of the flow or of the packet in hand.
 */
#include "sensor/detect/draft.h"
#include "sensor/detect/state.h"

struct var_args {
    uint16_t id;
    struct slice text; /* stands somewhere in the variable */
};

static bool flow_match(const struct inspection *in, const void *args)
{
    const struct var_args *a = args;
    const struct flow_var *v = in->flow ? state_var(in->flow, a->id) : NULL;

    return v && slice_find((struct slice){v->at, v->len}, a->text) >= 0;
}

static bool packet_match(const struct inspection *in, const void *args)
{
    const struct var_args *a = args;
    struct slice value;

    return vars_of_packet(in->detect, a->id, &value) && slice_find(value, a->text) >= 0;
}

static bool var_parse(struct draft *d, const struct keyword *kw, struct slice value)
{
    uint8_t bytes[256];
    struct var_args *a = draft_alloc(d, sizeof(*a));
    int64_t comma = slice_find_byte(value, ',');

    if (!a || comma <= 0)
        return draft_fail(d, "%s wants a name and a text: name,\"text\"", kw->name);
    struct slice name = slice_trim(slice_head(value, (uint32_t)comma));
    struct slice text = slice_trim(slice_from(value, (uint32_t)comma + 1));
    if (!draft_unquote(text).len)
        return draft_fail(d, "the text of %s is empty", kw->name);
    int32_t n = draft_bytes(d, draft_unquote(text), bytes, sizeof(bytes), true);
    if (n < 0)
        return false;
    a->id = (uint16_t)intern_get(&d->loader->vars, name)->id;
    a->text = arena_keep(d->loader->arena, (struct slice){bytes, (uint32_t)n});
    d->rule.reads |= (uint8_t)(1u << (kw->match == flow_match ? STATE_FLOW_VARS : STATE_VARS));
    return draft_test(d, kw, a);
}

static const struct keyword rows[] = {
    {.name = "flowvar",
     .stage = AT_FLOW,
     .parse = var_parse,
     .match = flow_match,
     .example = "flowvar:user,\"admin\"",
     .doc = "The text stands in what a pcre of some rule has kept of the flow under this name: "
            "(?P<flow_user>…), or /…(…)/,flow:user"},
    {.name = "pktvar",
     .stage = AT_PACKET,
     .parse = var_parse,
     .match = packet_match,
     .example = "pktvar:path,\"/etc\"",
     .doc = "The same of the packet in hand: (?P<pkt_path>…), or /…(…)/,pkt:path"},
    KEYWORD_END,
};

const struct kw_family kw_var = {.doc = "Variables", .rows = rows};
