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
    KEYWORD_END,
};

const struct kw_family kw_flow_size = {.doc = "Age and size of the flow", .rows = rows};
