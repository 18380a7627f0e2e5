/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a match leads to beside its alert: packets that are kept (tag), a flow that is left alone
 * (bypass), events that are not written (config). Changes of the traffic (replace, nfq_set_mark)
 * are read and left aside: the sensor only watches.
 */
#include "sensor/detect/draft.h"
#include "sensor/detect/state.h"

enum { TAG_DEFAULT = 256 }; /* packets */

/* ---- tag ---------------------------------------------------------------------------------- */

/* The host tier decides and counts: it has to see the flow's packets. */
static void session_run(const struct inspection *in, const void *args)
{
    struct flow_marks *s = in->flow ? state_flow(detect_pool(in->detect), in->flow) : NULL;

    (void)args;
    if (s)
        s->tagged = true;
}

/* "5, packets" and, of a host, ", src". */
static bool tag_count(struct draft *d, struct tag *tag, struct slice value)
{
    static const char *const units[] = {"packets", "bytes", "seconds"};
    struct slice count, unit, end;

    if (!draft_part(&value, ',', &count) || !draft_part(&value, ',', &unit) ||
        !slice_to_u64(count, &tag->count) || tag->count > UINT32_MAX)
        return draft_fail(d, "tag wants a count and packets, bytes or seconds");
    tag->unit = TAG_NONE;
    for (uint8_t i = 0; i < 3; i++) {
        if (slice_eq(unit, slice_of_str(units[i])))
            tag->unit = (uint8_t)(TAG_PACKETS + i);
    }
    if (tag->unit == TAG_NONE)
        return draft_fail(d, "tag counts packets, bytes or seconds");
    if (!value.at)
        return true;
    bool src = draft_part(&value, ',', &end) && slice_eq(end, SLICE_LIT("src"));
    if (value.at || (!src && !slice_eq(end, SLICE_LIT("dst"))))
        return draft_fail(d, "tag knows src and dst behind its count");
    if (tag->of != TAG_SESSION)
        tag->of = src ? TAG_SRC : TAG_DST;
    return true;
}

static bool tag_parse(struct draft *d, const struct keyword *kw, struct slice value)
{
    struct tag *tag = draft_alloc(d, sizeof(*tag));
    struct slice type;

    (void)kw;
    if (!tag || !draft_part(&value, ',', &type))
        return draft_fail(d, "tag wants session or host");
    bool host = slice_eq(type, SLICE_LIT("host"));
    if (!host && !slice_eq(type, SLICE_LIT("session")))
        return draft_fail(d, "tag wants session or host");
    *tag = (struct tag){TAG_PACKETS, host ? TAG_DST : TAG_SESSION, TAG_DEFAULT, d->rule.tags};
    if (value.at && !tag_count(d, tag, value))
        return false;
    d->rule.tags = tag;
    return host || draft_act(d, session_run, NULL);
}

/* ---- bypass ------------------------------------------------------------------------------- */

/* What is left of the flow is not looked at, either. */
static void bypass_run(const struct inspection *in, const void *args)
{
    struct flow_marks *s = in->flow ? state_flow(detect_pool(in->detect), in->flow) : NULL;

    (void)args;
    if (s)
        s->pass = true;
    if (in->flow && !in->flow->shunt)
        in->flow->shunt = FLOW_SHUNT_RULE;
}

static bool bypass_parse(struct draft *d, const struct keyword *kw, struct slice value)
{
    (void)kw;
    (void)value;
    return draft_act(d, bypass_run, NULL);
}

/* ---- config ------------------------------------------------------------------------------- */

static void config_tx_run(const struct inspection *in, const void *args)
{
    struct tx *tx = in->tx ? in->tx : in->flow ? app_first_tx(in->flow) : NULL;

    (void)args;
    if (in->tx) {
        in->tx->silent = true;
        return;
    }
    for (; tx; tx = tx->next) /* the rule looked at a packet: what it moved is meant */
        tx->silent |= tx->touched[0] || tx->touched[1];
}

static void config_flow_run(const struct inspection *in, const void *args)
{
    (void)args;
    if (in->flow)
        in->flow->silent = true;
}

static bool config_parse(struct draft *d, const struct keyword *kw, struct slice value)
{
    struct slice what, type = SLICE_NONE, scope = SLICE_NONE, part;

    (void)kw;
    if (!draft_part(&value, ',', &what) || !slice_eq(what, SLICE_LIT("logging disable")))
        return draft_fail(d, "config knows \"logging disable\" only");
    while (draft_part(&value, ',', &part)) {
        if (slice_starts(part, SLICE_LIT("type ")))
            type = slice_trim(slice_from(part, 5));
        else if (slice_starts(part, SLICE_LIT("scope ")))
            scope = slice_trim(slice_from(part, 6));
    }
    d->rule.info.noalert |= d->rule.action == ACTION_CONFIG;
    d->ip_compatible = false;
    if (slice_eq(type, SLICE_LIT("tx")) && slice_eq(scope, SLICE_LIT("tx")))
        return draft_act(d, config_tx_run, NULL);
    if (slice_eq(type, SLICE_LIT("flow")) && slice_eq(scope, SLICE_LIT("flow")))
        return draft_act(d, config_flow_run, NULL);
    return draft_fail(d, "config is for \"type tx, scope tx\" or \"type flow, scope flow\"");
}

/* ---- what cannot be done ------------------------------------------------------------------ */

static bool aside_parse(struct draft *d, const struct keyword *kw, struct slice value)
{
    d->ip_compatible = false;
    (void)kw;
    (void)value;
    return true;
}

static bool lua_parse(struct draft *d, const struct keyword *kw, struct slice value)
{
    (void)value;
    return draft_fail(d, "%s: scripts are not run; say it with content, pcre, byte_test or dataset",
                      kw->name);
}

static const struct keyword rows[] = {
    {.name = "tag",
     .stage = AT_HIT,
     .value = VALUE_WANTED,
     .parse = tag_parse,
     .example = "tag:host,5,packets,src",
     .doc = "Packets that follow a match become packet events: those of the flow (session) or of "
            "the host at src or dst (host; dst when not said), so many packets, bytes of frames or "
            "seconds; 256 packets when not said. The packet that matched is counted"},
    {.name = "bypass",
     .stage = AT_HIT,
     .value = VALUE_NONE,
     .parse = bypass_parse,
     .example = "bypass",
     .doc = "Rules look at nothing more of this flow"},
    {.name = "config",
     .stage = AT_HIT,
     .value = VALUE_WANTED,
     .parse = config_parse,
     .example = "config:logging disable, type tx, scope tx",
     .doc = "No protocol event of this transaction, or no flow event of this flow"},
    {.name = "replace",
     .stage = AT_HIT,
     .value = VALUE_WANTED | VALUE_QUOTED,
     .parse = aside_parse,
     .example = "content:\"a\"; replace:\"b\"",
     .doc = "Read and left aside: the sensor only watches"},
    {.name = "nfq_set_mark",
     .stage = AT_HIT,
     .value = VALUE_WANTED | VALUE_PLAIN,
     .parse = aside_parse,
     .example = "nfq_set_mark:0x8/0x8",
     .doc = "Read and left aside: the sensor only watches"},
    {.name = "lua",
     .aliases = "luajit luaxform",
     .stage = AT_HIT,
     .parse = lua_parse,
     .doc = "Scripts are not run: such rules are quarantined"},
    KEYWORD_END,
};

const struct kw_family kw_after = {.doc = "After a match", .rows = rows};
