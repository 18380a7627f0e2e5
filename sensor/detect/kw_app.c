/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Application layer as a whole: its protocol, its events.
 */
#include "sensor/detect/buffer.h"
#include "sensor/detect/detect.h"
#include "sensor/detect/draft.h"

#include <stdlib.h>

/* ---- app-layer-protocol ------------------------------------------------------------------- */

struct app_args {
    bool negated, failed;
    const char *name;
};

static bool app_protocol_match(const struct inspection *in, const void *args)
{
    const struct app_args *a = args;
    const struct flow *f = in->flow;

    if (!f || !detect_known(in->input) || !detect_shown(in->input, in->dir))
        return false;
    bool is = a->failed ? !f->app_name : f->app_name && strcmp(f->app_name, a->name) == 0;
    return is != a->negated;
}

static bool app_protocol_parse(struct draft *d, const struct keyword *kw, struct slice value)
{
    struct app_args *a = draft_alloc(d, sizeof(*a));
    struct slice name;

    if (!a || !draft_part(&value, ',', &name) || value.at)
        return draft_fail(d, "app-layer-protocol wants one name");
    a->negated = name.at[0] == '!';
    name = draft_unquote(slice_from(name, a->negated ? 1 : 0));
    a->failed = slice_eq(name, SLICE_LIT("failed"));
    if (slice_eq(name, SLICE_LIT("ssl")))
        name = SLICE_LIT("tls");
    if (slice_eq(name, SLICE_LIT("http1")))
        name = SLICE_LIT("http");
    if (slice_eq(name, SLICE_LIT("ikev2")))
        name = SLICE_LIT("ike");
    if (!a->failed && proto_index(name) < 0)
        return draft_fail(d, "no protocol is called \"%.*s\"", (int)(name.len & 63),
                          (const char *)name.at);
    if (d->raw_app)
        return draft_fail(d, "the rule's header names the protocol already");
    bool one = !a->negated && !a->failed;
    if (d->app_protocol && (one || d->app_protocol_is))
        return draft_fail(d, "app-layer-protocol names one protocol: no other goes with it");
    d->app_protocol_is = one;
    a->name = loader_str(d->loader, name);
    d->app_protocol++;
    return draft_test(d, kw, a);
}

/* ---- app-layer-event ---------------------------------------------------------------------- */

struct event_args {
    const struct proto_def *proto;
    uint8_t note;
};

static bool app_event_match(const struct inspection *in, const void *args)
{
    const struct event_args *a = args;

    if (!in->tx || in->tx->proto != a->proto)
        return false;
    for (uint8_t i = 0; i < in->tx->notes && i < TX_NOTES_MAX; i++) {
        if (in->tx->note[i] != a->note)
            continue;
        /* the client's side is looked at before the server's last bytes are read */
        return in->dir == TO_CLIENT || !in->input->flow_ends || !(in->tx->late >> i & 1);
    }
    return false;
}

/* Of the flow as a whole: asked on packets that have one. */
static bool flow_event_match(const struct inspection *in, const void *args)
{
    return in->flow && !in->input->flow_ends &&
           (in->flow->app_events >> *(const uint8_t *)args & 1);
}

static bool flow_event_parse(struct draft *d, const struct keyword *kw, struct slice name)
{
    uint8_t *event = draft_alloc(d, sizeof(*event));

    for (uint8_t i = 0; event && app_event_name(i); i++) {
        if (!slice_eq(name, slice_of_str(app_event_name(i))))
            continue;
        *event = i;
        d->need_packet = true;
        d->rule.events_only = true;
        if (!draft_test(d, kw, event))
            return false;
        d->tests[d->rule.n_tests - 1].match = flow_event_match;
        return true;
    }
    return draft_fail(d, "recognition of protocols notes no \"%.*s\"", (int)(name.len & 127),
                      (const char *)name.at);
}

static bool app_event_parse(struct draft *d, const struct keyword *kw, struct slice value)
{
    struct slice proto;
    struct event_args *a = draft_alloc(d, sizeof(*a));

    if (slice_starts(value, SLICE_LIT("applayer_")))
        return flow_event_parse(d, kw, value);
    if (!a || !draft_part(&value, '.', &proto))
        return draft_fail(d, "app-layer-event wants protocol.name");
    if (slice_eq(proto, SLICE_LIT("ikev2"))) /* its name before version 1 was known, too */
        proto = SLICE_LIT("ike");
    for (uint32_t i = 0; proto_rows[i]; i++) {
        const struct proto_def *row = proto_rows[i];
        if (!slice_eq(proto, slice_of_str(row->name)))
            continue;
        for (uint8_t n = 0; row->notes && row->notes[n]; n++) {
            if (!slice_ieq(slice_trim(value), slice_of_str(row->notes[n])))
                continue;
            *a = (struct event_args){row, n};
            struct op *op =
                draft_op(d, buffer_special(d->loader, "tx", BUFFER_TX, SIDE_BOTH), OP_CALL);
            if (!op)
                return false;
            d->last_group = -1;
            op->call.match = app_event_match;
            op->call.args = a;
            return true;
        }
        return draft_fail(d, "the parser of %s knows no event \"%.*s\"", row->name,
                          (int)(value.len & 127), (const char *)value.at);
    }
    return draft_fail(d, "no parser for the protocol \"%.*s\"", (int)(proto.len & 63),
                      (const char *)proto.at);
}

static const struct keyword rows[] = {
    {.name = "app-layer-protocol",
     .stage = AT_FLOW,
     .value = VALUE_WANTED,
     .parse = app_protocol_parse,
     .match = app_protocol_match,
     .example = "app-layer-protocol:!http",
     .doc = "Protocol that was recognised; failed: none was"},
    {.name = "app-layer-event",
     .stage = AT_TX,
     .value = VALUE_WANTED | VALUE_PLAIN,
     .parse = app_event_parse,
     .example = "app-layer-event:http.missing_host_header",
     .doc = "A fault that the parser of a protocol has noted"},
    KEYWORD_END,
};

const struct kw_family kw_app = {.doc = "Application layer", .rows = rows};
