/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The record of a flow that ended, with Suricata's keys, and what nDPI made of it.
 */
#include "common/clock.h"
#include "common/pen.h"
#include "sensor/event/event.h"
#include "sensor/flow/flow_table.h"

static char *pen_time(char *at, const struct event_ctx *ctx, uint64_t ns)
{
    return ctx->heads ? heads_time(ctx->heads, ns, at) : at + clock_text(ns, at);
}

/* Suricata knows nothing of a connection that is not followed. */
static bool unknown_there(const struct event_ctx *ctx)
{
    return ctx->options->as_suricata && flow_unfollowed(ctx->flow);
}

/* What became of it: ,"state":"closed" or bypassed and why */
static char *pen_state(char *at, const struct event_ctx *ctx)
{
    const struct flow *f = ctx->flow;
    static const struct slice states[] = {SLICE_OF("new"), SLICE_OF("established"),
                                          SLICE_OF("closed")};
    static const struct slice why[] = {SLICE_OF(""), SLICE_OF("rule"), SLICE_OF("large"),
                                       SLICE_OF("encrypted"), SLICE_OF("memory")};

    if (f->shunted) {
        at = PEN_LIT(at, ",\"state\":\"bypassed\",\"bypass\":\"local\",\"bypass_reason\":\"");
        at = pen_bytes(at, why[f->shunt <= FLOW_SHUNT_MEMORY ? f->shunt : 0]);
    } else {
        at = PEN_LIT(at, ",\"state\":\"");
        at = pen_bytes(
            at, states[f->state <= FLOW_CLOSED && !unknown_there(ctx) ? f->state : FLOW_NEW]);
    }
    return PEN_LIT(at, "\"");
}

/* ,"reason":"timeout" or, while it lives, ,"interim":true */
static char *pen_reason(char *at, const struct flow *f)
{
    /* a flow that was closed leaves by a short timeout: Suricata says "timeout" for it too */
    static const struct slice reasons[] = {SLICE_OF("unknown"), SLICE_OF("timeout"),
                                           SLICE_OF("timeout"), SLICE_OF("tcp_reuse"),
                                           SLICE_OF("forced"),  SLICE_OF("shutdown")};

    if (f->end == FLOW_END_NONE)
        return PEN_LIT(at, ",\"interim\":true");
    at = PEN_LIT(at, ",\"reason\":\"");
    at = pen_bytes(at, reasons[f->end <= FLOW_END_SHUTDOWN ? f->end : FLOW_END_NONE]);
    return PEN_LIT(at, "\"");
}

/* "flow":{"pkts_toserver": ... "alerted":false} */
static void write_flow(struct jsonw *w, const struct event_ctx *ctx)
{
    const struct flow *f = ctx->flow;
    char *at = pen_open(w, 512);

    if (!at)
        return;
    at = PEN_LIT(pen_comma(w, at), "\"flow\":{\"pkts_toserver\":");
    at = pen_u64(at, f->pkts[TO_SERVER]);
    at = PEN_LIT(at, ",\"pkts_toclient\":");
    at = pen_u64(at, f->pkts[TO_CLIENT]);
    at = PEN_LIT(at, ",\"bytes_toserver\":");
    at = pen_u64(at, f->bytes[TO_SERVER]);
    at = PEN_LIT(at, ",\"bytes_toclient\":");
    at = pen_u64(at, f->bytes[TO_CLIENT]);
    at = PEN_LIT(at, ",\"start\":\"");
    at = pen_time(at, ctx, f->first_ns);
    at = PEN_LIT(at, "\",\"end\":\"");
    at = pen_time(at, ctx, f->last_ns);
    at = PEN_LIT(at, "\",\"age\":");
    /* difference of whole seconds, not of the times: as Suricata counts */
    at = pen_u64(at, f->last_ns / CLOCK_S - f->first_ns / CLOCK_S);
    at = pen_reason(pen_state(at, ctx), f);
    at = pen_bool(PEN_LIT(at, ",\"alerted\":"), f->alerts != 0);
    pen_close(w, PEN_LIT(at, "}"));
}

/* ,"syn":true ... */
static char *pen_flags(char *at, uint8_t flags)
{
    static const struct {
        uint8_t bit;
        char member[11]; /* ,"syn":true */
    } names[] = {{TCP_SYN, ",\"syn\":true"}, {TCP_FIN, ",\"fin\":true"}, {TCP_RST, ",\"rst\":true"},
                 {TCP_PSH, ",\"psh\":true"}, {TCP_ACK, ",\"ack\":true"}, {TCP_URG, ",\"urg\":true"},
                 {TCP_ECE, ",\"ecn\":true"}, {TCP_CWR, ",\"cwr\":true"}};

    for (uint32_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (!(flags & names[i].bit))
            continue;
        memcpy(at, names[i].member, sizeof(names[i].member));
        at += sizeof(names[i].member);
    }
    return at;
}

uint8_t ev_flow_seen(const struct event_ctx *ctx, enum dir dir)
{
    return unknown_there(ctx) ? 0 : ctx->flow->tcp_flags[dir];
}

void ev_flow_flags(struct jsonw *w, uint8_t flags)
{
    char *at = pen_open(w, 128);

    if (!at)
        return;
    at = PEN_LIT(pen_comma(w, at), "\"tcp_flags\":\"");
    at = PEN_LIT(pen_hex(at, flags), "\"");
    pen_close(w, pen_flags(at, flags));
}

/* "tcp":{"tcp_flags":"1b", ... "syn":true */
static void open_tcp(struct jsonw *w, const struct event_ctx *ctx)
{
    uint8_t to_server = ev_flow_seen(ctx, TO_SERVER), to_client = ev_flow_seen(ctx, TO_CLIENT);
    uint8_t both = to_server | to_client;
    char *at = pen_open(w, 192);

    if (!at)
        return;
    at = PEN_LIT(pen_comma(w, at), "\"tcp\":{\"tcp_flags\":\"");
    at = pen_hex(at, both);
    at = PEN_LIT(at, "\",\"tcp_flags_ts\":\"");
    at = pen_hex(at, to_server);
    at = PEN_LIT(at, "\",\"tcp_flags_tc\":\"");
    at = pen_hex(at, to_client);
    pen_close(w, pen_flags(PEN_LIT(at, "\""), both));
}

/* How well the connection does; what was not seen is not written. */
static void write_health(struct jsonw *w, const struct flow *f)
{
    static const char *const keys[2][4] = {
        {"rtt_data_us_ts", "retransmits_ts", "out_of_order_ts", "zero_windows_ts"},
        {"rtt_data_us_tc", "retransmits_tc", "out_of_order_tc", "zero_windows_tc"}};

    if (f->tcp.rtt_us)
        jsonw_u64(w, "rtt_handshake_us", f->tcp.rtt_us);
    for (uint32_t dir = 0; dir < 2; dir++) {
        const struct tcp_side *side = &f->tcp.side[dir];
        const uint32_t values[4] = {side->rtt_us, side->retransmits, side->out_of_order,
                                    side->zero_windows};
        for (uint32_t i = 0; i < 4; i++) {
            if (values[i])
                jsonw_u64(w, keys[dir][i], values[i]);
        }
    }
}

static void write_tcp(struct jsonw *w, const struct event_ctx *ctx)
{
    const struct flow *f = ctx->flow;
    static const struct slice states[] = {
        SLICE_OF("none"),        SLICE_OF("syn_sent"),  SLICE_OF("syn_recv"),
        SLICE_OF("established"), SLICE_OF("fin_wait1"), SLICE_OF("fin_wait2"),
        SLICE_OF("close_wait"),  SLICE_OF("last_ack"),  SLICE_OF("closing"),
        SLICE_OF("time_wait"),   SLICE_OF("closed")};

    open_tcp(w, ctx);
    if (f->gaps[TO_SERVER])
        jsonw_bool(w, "ts_gap", true);
    if (f->gaps[TO_CLIENT])
        jsonw_bool(w, "tc_gap", true);
    write_health(w, f);
    char *at = pen_open(w, 96);
    if (!at)
        return;
    if (unknown_there(ctx)) {
        pen_close(w, PEN_LIT(at, "}"));
        return;
    }
    at = PEN_LIT(at, ",\"state\":\"");
    at = pen_bytes(at, states[f->tcp_state <= TCP_CLOSED ? f->tcp_state : TCP_NONE]);
    at = PEN_LIT(at, "\"");
    if (ctx->options->as_suricata)
        at = PEN_LIT(at, ",\"ts_max_regions\":1,\"tc_max_regions\":1");
    pen_close(w, PEN_LIT(at, "}"));
}

static void write_breadth(struct jsonw *w, const struct event_ctx *ctx)
{
    char text[64];
    const char *name = ctx->breadth ? breadth_name(ctx->breadth, ctx->flow, text) : NULL;
    uint64_t risks = ctx->breadth ? breadth_risks(ctx->flow) : 0;

    if (!name && !risks)
        return;
    jsonw_obj_open(w, "ndpi");
    if (name)
        jsonw_str(w, "proto", name);
    if (risks) {
        jsonw_arr_open(w, "risks");
        for (; risks; risks &= risks - 1) {
            const char *risk = breadth_risk((uint32_t)__builtin_ctzll(risks));
            if (risk)
                jsonw_str(w, NULL, risk);
        }
        jsonw_arr_close(w);
    }
    jsonw_obj_close(w);
}

static void flow_write(struct jsonw *w, const struct event_ctx *ctx)
{
    const struct flow *f = ctx->flow;

    if ((f->proto == IPPROTO_ICMP4 || f->proto == IPPROTO_ICMP6) && f->pkts[TO_CLIENT]) {
        jsonw_u64(w, "response_icmp_type", flow_table_icmp_answer(f->proto, f->icmp_type));
        jsonw_u64(w, "response_icmp_code", 0);
    }
    write_flow(w, ctx);
    if (ctx->flow->proto == IPPROTO_TCP4)
        write_tcp(w, ctx);
    write_breadth(w, ctx);
}

const struct event_def ev_flow = {
    .name = "flow",
    .doc = "A flow ended",
    .ends = EVENT_ENDS_CLIENT,
    .schema =
        "flow.pkts_toserver|integer|Packets from the client\n"
        "flow.pkts_toclient|integer|Packets from the server\n"
        "flow.bytes_toserver|integer|Bytes on the wire from the client\n"
        "flow.bytes_toclient|integer|Bytes on the wire from the server\n"
        "flow.start|time|First packet\n"
        "flow.end|time|Last packet\n"
        "flow.age|integer|Seconds between them\n"
        "flow.state|text|new, established, closed, bypassed\n"
        "flow.bypass_reason|text|Why it was only counted: rule, large, encrypted, memory\n"
        "flow.interim|boolean|The flow lives on; its end gives a last record\n"
        "flow.reason|text|Why it ended: timeout, tcp_reuse, forced, shutdown\n"
        "flow.alerted|boolean|A rule matched on it\n"
        "tcp.tcp_flags|text|All flags seen, two hexadecimal digits\n"
        "tcp.tcp_flags_ts|text|Flags from the client\n"
        "tcp.tcp_flags_tc|text|Flags from the server\n"
        "tcp.syn|boolean|Flag seen; so fin, rst, psh, ack, urg, ecn, cwr\n"
        "tcp.rtt_handshake_us|integer|From the SYN to the ACK that ends the handshake\n"
        "tcp.rtt_data_us_ts|integer|From data of the client to its acknowledgement, smoothed\n"
        "tcp.rtt_data_us_tc|integer|The same of the server's data\n"
        "tcp.retransmits_ts|integer|Segments that the client sent again; _tc: the server\n"
        "tcp.out_of_order_ts|integer|Segments overtaken on their way; _tc: of the server\n"
        "tcp.zero_windows_ts|integer|Times the client closed its window; _tc: the server\n"
        "tcp.ts_gap|boolean|Bytes of the client were not seen; tc_gap: of the server\n"
        "response_icmp_type|integer|ICMP that was answered: type of answers to the first packet\n"
        "response_icmp_code|integer|Always 0\n"
        "tcp.state|text|TCP state at the end\n"
        "tcp.ts_max_regions|integer|Always 1; so tc_max_regions (decode.as-suricata)\n"
        "ndpi.proto|text|Protocol by nDPI, e.g. TLS.Google\n"
        "ndpi.risks|list|Names of nDPI's risks of the flow\n",
    .write = flow_write,
};
