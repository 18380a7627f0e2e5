/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long a flow has lasted and what it has carried up to this packet.
 */
#include "sensor/detect/draft.h"

#include "common/clock.h"

/* Of the clock's seconds, as Suricata counts: 0.9 to 1.1 is one. */
static bool age_match(const struct inspection *in, const void *args)
{
    const struct flow *f = in->flow;
    return f && rule_num_ok(args, f->last_ns / CLOCK_S - f->first_ns / CLOCK_S);
}

static bool pkts_server_match(const struct inspection *in, const void *args)
{
    return in->flow && rule_num_ok(args, in->flow->pkts[TO_SERVER]);
}

static bool pkts_client_match(const struct inspection *in, const void *args)
{
    return in->flow && rule_num_ok(args, in->flow->pkts[TO_CLIENT]);
}

static bool bytes_server_match(const struct inspection *in, const void *args)
{
    return in->flow && rule_num_ok(args, in->flow->bytes[TO_SERVER]);
}

static bool bytes_client_match(const struct inspection *in, const void *args)
{
    return in->flow && rule_num_ok(args, in->flow->bytes[TO_CLIENT]);
}

/* ---- of a side that the value names (Suricata 8) ------------------------------------------- */

enum sides { SIDE_ONE_SERVER, SIDE_ONE_CLIENT, SIDES_EITHER, SIDES_SUM };

struct side_args {
    enum sides sides;
    struct num num;
};

static bool sides_ok(const struct side_args *a, const uint64_t count[2])
{
    switch (a->sides) {
    case SIDE_ONE_SERVER:
        return rule_num_ok(&a->num, count[TO_SERVER]);
    case SIDE_ONE_CLIENT:
        return rule_num_ok(&a->num, count[TO_CLIENT]);
    case SIDES_EITHER:
        return rule_num_ok(&a->num, count[TO_SERVER]) || rule_num_ok(&a->num, count[TO_CLIENT]);
    case SIDES_SUM:
        return rule_num_ok(&a->num, count[TO_SERVER] + count[TO_CLIENT]);
    }
    return false;
}

static bool pkts_match(const struct inspection *in, const void *args)
{
    const struct flow *f = in->flow;
    return f && sides_ok(args, (uint64_t[2]){f->pkts[0], f->pkts[1]});
}

static bool bytes_match(const struct inspection *in, const void *args)
{
    const struct flow *f = in->flow;
    return f && sides_ok(args, (uint64_t[2]){f->bytes[0], f->bytes[1]});
}

static bool sides_parse(struct draft *d, const struct keyword *kw, struct slice value)
{
    static const char *const names[] = {[SIDE_ONE_SERVER] = "toserver",
                                        [SIDE_ONE_CLIENT] = "toclient",
                                        [SIDES_EITHER] = "either",
                                        [SIDES_SUM] = "both"};
    struct side_args *a = draft_alloc(d, sizeof(*a));
    struct slice side;

    if (!a || !draft_part(&value, ',', &side))
        return false;
    for (uint32_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (!slice_eq(side, slice_of_str(names[i])))
            continue;
        a->sides = (enum sides)i;
        if (!draft_num(value, NULL, &a->num))
            break;
        draft_of_packet(d, kw->name);
        return draft_test(d, kw, a);
    }
    return draft_fail(d, "%s wants toserver, toclient, either or both, and a number", kw->name);
}

/* ---- rows --------------------------------------------------------------------------------- */

static bool number_parse(struct draft *d, const struct keyword *kw, struct slice value)
{
    struct num *num = draft_alloc(d, sizeof(*num));

    if (!num || !draft_num(value, NULL, num))
        return draft_fail(d, "%s wants a number, <, > or a-b", kw->name);
    draft_of_packet(d, kw->name);
    return draft_test(d, kw, num);
}

#define FLOW_ROW(name_, match_, doc_)                                                              \
    {                                                                                              \
        .name = name_, .stage = AT_FLOW, .value = VALUE_WANTED | VALUE_PLAIN,                      \
        .parse = number_parse, .match = match_, .example = name_ ":>10", .doc = doc_               \
    }

static const struct keyword rows[] = {
    FLOW_ROW("flow.age", age_match, "Seconds from the first packet of the flow to this one"),
    FLOW_ROW("flow.pkts_toserver", pkts_server_match, "Packets the client has sent"),
    FLOW_ROW("flow.pkts_toclient", pkts_client_match, "Packets the server has sent"),
    FLOW_ROW("flow.bytes_toserver", bytes_server_match, "Bytes of the frames the client has sent"),
    FLOW_ROW("flow.bytes_toclient", bytes_client_match, "Bytes of the frames the server has sent"),
    {.name = "flow.pkts",
     .stage = AT_FLOW,
     .value = VALUE_WANTED | VALUE_PLAIN,
     .parse = sides_parse,
     .match = pkts_match,
     .example = "flow.pkts:toserver,>10",
     .doc = "Packets of a side, of either, or of both together"},
    {.name = "flow.bytes",
     .stage = AT_FLOW,
     .value = VALUE_WANTED | VALUE_PLAIN,
     .parse = sides_parse,
     .match = bytes_match,
     .example = "flow.bytes:both,>1000",
     .doc = "Bytes of the frames of a side, of either, or of both together"},
    KEYWORD_END,
};

const struct kw_family kw_flow_size = {.doc = "Age and size of the flow", .rows = rows};
