/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DCE/RPC: interface and operation of a call, over TCP, UDP or a named pipe of SMB.
 * Over TCP the interface is that of the call's own context; on a pipe any that the server took.
 */
#include "sensor/app/dcerpc_pdu.h"
#include "sensor/detect/buffer.h"
#include "sensor/detect/draft.h"

#include <string.h>

enum { OPNUMS_MAX = 64, UUID_TEXT = 36 };

struct iface_args {
    uint8_t uuid[DCERPC_UUID];
    bool has_version, any_fragment;
    struct num version;
};

struct opnum_args {
    uint32_t n;
    struct {
        uint32_t first, last;
    } at[OPNUMS_MAX];
};

/* ---- matching ----------------------------------------------------------------------------- */

static const struct dcerpc_call *call_of(const struct inspection *in, bool *pipe)
{
    if (!in->tx)
        return NULL;
    *pipe = strcmp(in->tx->proto->name, "smb") == 0;
    return dcerpc_pdu_call(in->tx);
}

static bool iface_match(const struct inspection *in, const void *args)
{
    const struct iface_args *a = args;
    bool pipe;
    const struct dcerpc_call *call = call_of(in, &pipe);
    const struct dcerpc_iface *iface = NULL;

    if (!call)
        return false;
    bool request = call->seen[TO_SERVER] && call->type[TO_SERVER] == DCERPC_REQUEST;
    bool response = call->seen[TO_CLIENT] && call->type[TO_CLIENT] == DCERPC_RESPONSE;
    if (pipe ? !request : !request && !response)
        return false;
    while ((iface = dcerpc_pdu_iface(call, a->uuid, !pipe, iface))) {
        if ((iface->first_fragment || a->any_fragment) &&
            (!a->has_version || rule_num_ok(&a->version, iface->major)))
            return true;
    }
    return false;
}

static bool opnum_match(const struct inspection *in, const void *args)
{
    const struct opnum_args *a = args;
    bool pipe;
    const struct dcerpc_call *call = call_of(in, &pipe);

    if (!call || !call->has_opnum)
        return false;
    for (uint32_t i = 0; i < a->n; i++) {
        if (call->opnum >= a->at[i].first && call->opnum <= a->at[i].last)
            return true;
    }
    return false;
}

/* ---- reading ------------------------------------------------------------------------------ */

static int nibble(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool read_uuid(struct slice text, uint8_t out[DCERPC_UUID])
{
    uint32_t n = 0;

    if (text.len != UUID_TEXT)
        return false;
    for (uint32_t i = 0; i < UUID_TEXT; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        int digit = nibble(text.at[i]);
        if (dash ? text.at[i] != '-' : digit < 0)
            return false;
        if (dash)
            continue;
        out[n / 2] = (uint8_t)(n % 2 ? out[n / 2] | digit : digit << 4);
        n++;
    }
    return true;
}

/* A test of the transaction itself, beside others of its kind. */
static bool add(struct draft *d, const struct keyword *kw, const void *args)
{
    struct op *op = draft_op(d, buffer_special(d->loader, "dcerpc", BUFFER_TX, SIDE_BOTH), OP_CALL);

    if (!op)
        return false;
    d->last_group = -1;
    op->call.match = kw->match;
    op->call.args = args;
    return true;
}

static bool iface_parse(struct draft *d, const struct keyword *kw, struct slice value)
{
    struct iface_args *a = draft_alloc(d, sizeof(*a));
    struct slice part;

    if (!a || !draft_app(d, "dcerpc"))
        return false;
    if (!draft_part(&value, ',', &part) || !read_uuid(part, a->uuid))
        return draft_fail(d, "%s wants the identifier of an interface", kw->name);
    while (draft_part(&value, ',', &part)) {
        if (slice_eq(part, SLICE_LIT("any_frag")))
            a->any_fragment = true;
        else if (part.len > 1 && strchr("<>=!", part.at[0]) &&
                 draft_num(slice_eq(slice_head(part, 1), SLICE_LIT("=")) ? slice_from(part, 1)
                                                                         : part,
                           NULL, &a->version))
            a->has_version = true;
        else
            return draft_fail(d, "unknown option \"%.*s\"", (int)(part.len & 63),
                              (const char *)part.at);
    }
    return add(d, kw, a);
}

static bool opnum_parse(struct draft *d, const struct keyword *kw, struct slice value)
{
    struct opnum_args *a = draft_alloc(d, sizeof(*a));
    struct slice part;

    if (!a || !draft_app(d, "dcerpc"))
        return false;
    while (draft_part(&value, ',', &part)) {
        int64_t dash = slice_find_byte(part, '-');
        uint64_t first, last;
        bool ok = dash < 0 ? draft_u64(part, &first)
                           : draft_u64(slice_trim(slice_head(part, (uint32_t)dash)), &first) &&
                                 draft_u64(slice_trim(slice_from(part, (uint32_t)dash + 1)), &last);
        if (dash < 0)
            last = first;
        if (!ok || last < first || last > UINT32_MAX)
            return draft_fail(d, "%s wants numbers or ranges of them", kw->name);
        if (a->n == OPNUMS_MAX)
            return draft_fail(d, "at most %d operations in one list", OPNUMS_MAX);
        a->at[a->n].first = (uint32_t)first;
        a->at[a->n++].last = (uint32_t)last;
    }
    return a->n ? add(d, kw, a) : draft_fail(d, "%s wants a number", kw->name);
}

static bool stub_parse(struct draft *d, const struct keyword *kw, struct slice value)
{
    (void)value;
    return draft_app(d, "dcerpc") &&
           draft_stick(d, buffer_field(d->loader, slice_of_str(kw->name)));
}

static const struct keyword rows[] = {
    {.name = "dcerpc.iface",
     .aliases = "dce_iface",
     .stage = AT_TX,
     .value = VALUE_WANTED,
     .parse = iface_parse,
     .match = iface_match,
     .example = "dcerpc.iface:367abb81-9844-35f1-ad32-98f038001003,>1,any_frag",
     .doc = "Interface of a call, with its version if wanted"},
    {.name = "dcerpc.opnum",
     .aliases = "dce_opnum",
     .stage = AT_TX,
     .value = VALUE_WANTED | VALUE_PLAIN,
     .parse = opnum_parse,
     .match = opnum_match,
     .example = "dcerpc.opnum:15-18,24",
     .doc = "Operation of a call: numbers and ranges"},
    {.name = "dcerpc.stub_data",
     .aliases = "dce_stub_data",
     .stage = AT_BUFFER,
     .value = VALUE_NONE,
     .parse = stub_parse,
     .example = "dcerpc.stub_data; content:\"|5c 00|\"",
     .doc = "Arguments (to the server) or result of a call, all fragments together"},
    KEYWORD_END,
};

const struct kw_family kw_dcerpc = {.doc = "DCE/RPC", .rows = rows};
