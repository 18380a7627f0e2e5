/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `frame`: units of a protocol's bytes. The protocol is named before the unit ("tls.pdu"), or by
 * the rule's header.
 */
#include "sensor/app/frame.h"
#include "sensor/detect/buffer.h"
#include "sensor/detect/draft.h"

static int proto_named(struct slice name)
{
    if (slice_eq(name, SLICE_LIT("http1")))
        name = SLICE_LIT("http");
    return proto_index(name);
}

/* "nbss.pdu" of a rule for smb begins with no protocol's name: all of it is the unit's. */
static bool split(struct draft *d, struct slice value, int *proto, struct slice *unit)
{
    int64_t dot = slice_find_byte(value, '.');
    int named = dot > 0 ? proto_named(slice_head(value, (uint32_t)dot)) : -1;

    *unit = value;
    *proto = d->rule.app ? d->rule.app - 1 : -1;
    if (named < 0 || (*proto >= 0 && frame_type(proto_rows[*proto], value) >= 0))
        return *proto >= 0 || draft_fail(d, "a frame needs its protocol: \"frame:tls.pdu\"");
    if (*proto >= 0 && *proto != named)
        return draft_fail(d, "the rule is for %s, the frame of %s", proto_rows[*proto]->name,
                          proto_rows[named]->name);
    *proto = named;
    *unit = slice_from(value, (uint32_t)dot + 1);
    return true;
}

static bool frame_parse(struct draft *d, const struct keyword *kw, struct slice value)
{
    int proto, type;
    struct slice unit;

    (void)kw;
    if (!split(d, slice_trim(value), &proto, &unit))
        return false;
    type = frame_type(proto_rows[proto], unit);
    if (type < 0)
        return draft_fail(d, "%s has no frame \"%.*s\"", proto_rows[proto]->name, (int)unit.len,
                          (const char *)unit.at);
    const struct frame_def *def = frame_of(proto_rows[proto]);
    uint32_t l4 = type == FRAME_STREAM || !def ? L4_TCP : def->l4;
    if (!(d->rule.l4 & l4))
        return draft_fail(d, "%s has no such frames over the rule's transport",
                          proto_rows[proto]->name);
    return draft_stick(d, buffer_frame(d->loader, proto, type));
}

static const struct keyword rows[] = {
    {.name = "frame",
     .stage = AT_BUFFER,
     .value = VALUE_WANTED | VALUE_PLAIN,
     .parse = frame_parse,
     .example = "frame:tls.pdu; content:\"|16 03|\"; startswith",
     .doc = "Sticky buffer: a unit of the protocol's bytes, `protocol.unit`; only `unit` when the "
            "rule's header names the protocol. `stream` is all bytes of a direction. Inspected are "
            "at most 64 KB of it, up to the first gap"},
    KEYWORD_END,
};

const struct kw_family kw_frame = {.doc = "Frames", .rows = rows};
