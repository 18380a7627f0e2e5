/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The common head of every event. Keys and their order follow Suricata 7's EVE; what is ours stands
 * behind them.
 */
#include "sensor/event/head.h"

#include "common/clock.h"
#include "common/pen.h"
#include "sensor/flow/community_id.h"
#include "sensor/flow/flow_table.h"

/** The two ends of an event, in the order of the head. */
struct ends {
    const struct addr *src, *dst;
    uint16_t src_port, dst_port;
    uint8_t proto;
    bool icmp;
    uint8_t icmp_type, icmp_code;
};

static struct ends ends_of_flow(const struct flow *f, enum dir dir)
{
    struct ends e = {
        .src = &f->client,
        .dst = &f->server,
        .src_port = f->client_port,
        .dst_port = f->server_port,
        .proto = f->proto,
        .icmp_type = f->icmp_type,
        .icmp_code = f->icmp_code,
    };
    if (dir == TO_CLIENT) {
        e.src = &f->server;
        e.dst = &f->client;
        e.src_port = f->server_port;
        e.dst_port = f->client_port;
        e.icmp_type = flow_table_icmp_answer(f->proto, f->icmp_type);
    }
    return e;
}

static struct ends ends_of_packet(const struct packet *p)
{
    return (struct ends){
        .src = &p->src,
        .dst = &p->dst,
        .src_port = p->sport,
        .dst_port = p->dport,
        .proto = p->proto,
        .icmp_type = p->icmp_type,
        .icmp_code = p->icmp_code,
    };
}

static struct ends ends_of_fact(const struct fact *fact)
{
    return (struct ends){
        .src = &fact->client,
        .dst = &fact->server,
        .dst_port = fact->server_port,
        .proto = fact->proto,
    };
}

static struct ends ends_of(enum event_ends order, const struct event_ctx *ctx)
{
    if (order == EVENT_ENDS_FACT && ctx->finding)
        return ends_of_fact(ctx->finding->fact);
    if (order == EVENT_ENDS_PACKET && ctx->packet && ctx->packet->src.family)
        return ends_of_packet(ctx->packet);
    if (order == EVENT_ENDS_NONE || !ctx->flow)
        return (struct ends){0};
    if (order == EVENT_ENDS_CLIENT && !(ctx->tx && ctx->options->packet_ends))
        return ends_of_flow(ctx->flow, TO_SERVER);
    return ends_of_flow(ctx->flow, ctx->dir);
}

/* At most PEN_SHORT bytes. */
static char *pen_proto(char *at, uint8_t proto)
{
    static const struct {
        uint8_t number;
        const char *name;
    } names[] = {{6, "TCP"},    {17, "UDP"},  {1, "ICMP"},       {58, "IPv6-ICMP"}, {2, "IGMP"},
                 {132, "SCTP"}, {47, "GRE"},  {50, "ESP"},       {51, "AH"},        {0, "HOPOPT"},
                 {33, "DCCP"},  {41, "IPv6"}, {44, "IPv6-Frag"}, {46, "RSVP"},      {88, "EIGRP"},
                 {89, "OSPF"},  {103, "PIM"}, {112, "VRRP"}};

    at = PEN_LIT(at, "\"proto\":\"");
    for (uint32_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (names[i].number == proto)
            return PEN_LIT(pen_bytes(at, slice_of_str(names[i].name)), "\"");
    }
    /* Suricata writes a protocol without a name as three digits */
    *at++ = (char)('0' + proto / 100);
    return PEN_LIT(fmt_two(at, proto % 100), "\"");
}

static void write_proto(struct jsonw *w, uint8_t proto)
{
    char *at = pen_open(w, PEN_SHORT);

    if (at)
        pen_close(w, pen_proto(pen_comma(w, at), proto));
}

/* "src_ip":"10.1.2.3","src_port":5, or the same of the other end, with the comma behind */
static char *pen_end(char *at, struct slice ip, const struct addr *addr, struct slice port,
                     const uint16_t *number)
{
    at = pen_bytes(at, ip);
    at += addr_text_full(addr, at);
    at = PEN_LIT(at, "\",");
    if (number) {
        at = pen_u64(pen_bytes(at, port), *number);
        *at++ = ',';
    }
    return at;
}

static void write_ends(struct jsonw *w, const struct ends *e, bool from_fact)
{
    char *at = e->src && e->src->family ? pen_open(w, 2 * ADDR_TEXT_MAX + 160) : NULL;
    bool ports = packet_has_ports(e->proto);

    if (!at)
        return;
    at = pen_end(pen_comma(w, at), SLICE_LIT("\"src_ip\":\""), e->src, SLICE_LIT("\"src_port\":"),
                 ports && !from_fact ? &e->src_port : NULL);
    if (e->dst && e->dst->family)
        at = pen_end(at, SLICE_LIT("\"dest_ip\":\""), e->dst, SLICE_LIT("\"dest_port\":"),
                     ports ? &e->dst_port : NULL);
    if (e->proto || !from_fact)
        at = pen_proto(at, e->proto);
    else
        at--; /* the comma */
    pen_close(w, at);
    if (!from_fact && (e->proto == IPPROTO_ICMP4 || e->proto == IPPROTO_ICMP6)) {
        jsonw_u64(w, "icmp_type", e->icmp_type);
        jsonw_u64(w, "icmp_code", e->icmp_code);
    }
}

static void write_vlans(struct jsonw *w, const struct event_ctx *ctx)
{
    const uint16_t *vlan = ctx->flow ? ctx->flow->vlan : ctx->packet ? ctx->packet->vlan : NULL;
    uint8_t n = ctx->flow ? ctx->flow->vlans : ctx->packet ? ctx->packet->vlans : 0;
    const struct fact *fact = ctx->finding ? ctx->finding->fact : NULL;

    if (!vlan && fact && fact->vlan) {
        vlan = &fact->vlan;
        n = 1;
    }
    if (!vlan || n == 0)
        return;
    jsonw_arr_open(w, "vlan");
    for (uint8_t i = 0; i < n && i < PACKET_VLANS_MAX; i++)
        jsonw_u64(w, NULL, vlan[i]);
    jsonw_arr_close(w);
}

static void write_tunnel(struct jsonw *w, const struct event_ctx *ctx)
{
    const struct tunnel *t = NULL;
    uint8_t depth = 1;

    if (ctx->packet && ctx->packet->tunnels) {
        t = &ctx->packet->tunnel[0];
        depth = ctx->packet->tunnels;
    } else if (ctx->flow && ctx->flow->tunnel) {
        t = ctx->flow->tunnel;
    }
    if (!t || !t->kind)
        return;
    jsonw_obj_open(w, "tunnel");
    if (t->src.family) {
        jsonw_addr(w, "src_ip", &t->src);
        if (packet_has_ports(t->proto))
            jsonw_u64(w, "src_port", t->sport);
        jsonw_addr(w, "dest_ip", &t->dst);
        if (packet_has_ports(t->proto))
            jsonw_u64(w, "dest_port", t->dport);
        write_proto(w, t->proto);
    }
    jsonw_str(w, "kind", t->kind);
    if (t->id)
        jsonw_u64(w, "id", t->id);
    jsonw_u64(w, "depth", depth);
    jsonw_obj_close(w);
}

static uint64_t flow_id_of(const struct event_ctx *ctx)
{
    if (ctx->flow)
        return ctx->flow->id;
    return ctx->finding ? ctx->finding->fact->flow_id : 0;
}

/* NULL: not known (yet). */
static const char *app_of(const struct event_ctx *ctx)
{
    const struct flow *flow = ctx->flow;

    if (flow->app_name)
        return flow->app_name;
    return flow_failed(flow, ctx->options->as_suricata) ? "failed" : NULL;
}

static const char *type_of(const struct event_def *row, const struct event_ctx *ctx)
{
    if (ctx->tx && row == ev_rows[ctx->options->tx_row])
        return event_proto_name(ctx->tx->proto);
    return row->type ? row->type : row->name;
}

/* Where the packet of an event comes from, in Suricata's words. */
static struct slice origin_of(const struct event_def *row, const struct event_ctx *ctx)
{
    bool of_packet = row->ends == EVENT_ENDS_PACKET || ctx->tx;

    if (!of_packet || !ctx->flow)
        return SLICE_NONE;
    if (!ctx->packet)
        return SLICE_LIT("\"pkt_src\":\"stream (flow timeout)\"");
    return ctx->packet->reassembled ? SLICE_LIT("\"pkt_src\":\"defrag\"")
                                    : SLICE_LIT("\"pkt_src\":\"wire/pcap\"");
}

/* ---- parts ---- */

/* What the writers of parts look at. */
struct head {
    const struct event_ctx *ctx;
    const struct event_def *row;
    const char *type; /* a short word of ours */
    struct slice origin;
};

/* A head that has parts of a flow. */
static bool of_flow(const struct head *h)
{
    return h->ctx->flow && h->row->ends != EVENT_ENDS_NONE;
}

/* {"timestamp":"...","flow_id":5,"sensor":"north","in_iface":"eth0" */
static void write_front(struct jsonw *w, const struct event_ctx *ctx)
{
    uint64_t flow_id = flow_id_of(ctx);
    char *at = pen_open(w, CLOCK_TEXT_MAX + FMT_U64_MAX + 40);

    if (!at)
        return;
    at = PEN_LIT(at, "{\"timestamp\":\"");
    at = ctx->heads ? heads_time(ctx->heads, ctx->ts_ns, at) : at + clock_text(ctx->ts_ns, at);
    at = PEN_LIT(at, "\"");
    if (flow_id)
        at = pen_u64(PEN_LIT(at, ",\"flow_id\":"), flow_id);
    pen_close(w, at);
    jsonw_str(w, "sensor", ctx->sensor);
    if (ctx->iface)
        jsonw_str(w, "in_iface", ctx->iface);
}

/* The one a proxy speaks for stands in its place. */
static bool overwritten(const struct event_ctx *ctx)
{
    return ctx->forwarded.family && ctx->options->choice.xff_overwrite;
}

static void write_where(struct jsonw *w, const struct head *h)
{
    const struct event_ctx *ctx = h->ctx;
    struct ends ends = ends_of(h->row->ends, ctx);

    if (overwritten(ctx))
        *(ctx->dir == TO_SERVER ? &ends.src : &ends.dst) = &ctx->forwarded;
    write_vlans(w, ctx);
    write_ends(w, &ends, h->row->ends == EVENT_ENDS_FACT);
}

static char *pen_word(char *at, struct slice key, struct slice word)
{
    if (!word.len)
        return at;
    at = pen_bytes(pen_bytes(at, key), word);
    return PEN_LIT(at, "\"");
}

/* "community_id":"1:...","app_proto":"http" with the commas before them */
static void write_what(struct jsonw *w, const struct head *h)
{
    const struct event_ctx *ctx = h->ctx;
    struct flow *flow = ctx->flow;
    struct slice app = slice_of_str(app_of(ctx)), orig = slice_of_str(flow->app_orig);
    struct slice id = SLICE_NONE;
    uint32_t mute = flow->app_mute;

    if (ctx->options->community_id) {
        community_id_fill(flow, ctx->options->community_seed, ctx->options->as_suricata);
        id = slice_of_str(flow->community_id);
    }
    if (h->row == &ev_netflow) { /* its direction's */
        app = mute >> ctx->dir & 1 ? SLICE_LIT("failed") : app;
        mute = 0;
    }
    char *at = pen_open(w, sizeof(flow->community_id) + app.len + orig.len + 140);
    if (!at)
        return;
    at = pen_word(at, SLICE_LIT(",\"community_id\":\""), id);
    at = pen_word(at, SLICE_LIT(",\"app_proto\":\""), app);
    if (mute & 1u << TO_SERVER)
        at = PEN_LIT(at, ",\"app_proto_ts\":\"failed\"");
    if (mute & 1u << TO_CLIENT)
        at = PEN_LIT(at, ",\"app_proto_tc\":\"failed\"");
    pen_close(w, pen_word(at, SLICE_LIT(",\"app_proto_orig\":\""), orig));
}

/* ,"pcap_cnt":7 when a packet brought the event */
static char *pen_number(char *at, const struct event_ctx *ctx)
{
    if (!ctx->packet || !ctx->packet->frame.number)
        return at;
    return pen_u64(PEN_LIT(at, ",\"pcap_cnt\":"), ctx->packet->frame.number);
}

/* ,"event_type":"flow" */
static char *pen_type(char *at, const char *type)
{
    at = pen_bytes(PEN_LIT(at, ",\"event_type\":\""), slice_of_str(type));
    return PEN_LIT(at, "\"");
}

/* Frame's number and type; returns where the type begins. */
static size_t write_type(struct jsonw *w, const struct head *h)
{
    char *at = pen_open(w, FMT_U64_MAX + strlen(h->type) + 40);

    if (!at)
        return 0;
    char *type = pen_number(at, h->ctx);
    pen_close(w, pen_type(type, h->type));
    return (size_t)(type - w->out->at);
}

/* The parts one after the other; `key`, unless NULL, is where they are kept. */
static void write_parts(struct jsonw *w, const struct head *h, const struct heads_key *key)
{
    const struct event_ctx *ctx = h->ctx;
    const struct strbuf *out = w->out;
    struct heads_text text = {.type = h->type, .origin = h->origin.at};
    size_t from = out->len;

    write_front(w, ctx);
    uint32_t front = (uint32_t)(out->len - from);
    size_t back = write_type(w, h);
    text.ends = (uint32_t)(out->len - back);
    write_where(w, h);
    text.middle = (uint32_t)(out->len - back);
    jsonw_members(w, h->origin);
    text.what = (uint32_t)(out->len - back);
    if (of_flow(h))
        write_what(w, h);
    if (!key || out->full || key->flow->end != FLOW_END_NONE) /* an ended flow has no more events */
        return;
    const uint8_t *line = (const uint8_t *)out->at;
    text.front = (struct slice){line + from, front};
    text.back = (struct slice){line + back, (uint32_t)(out->len - back)};
    heads_keep(ctx->heads, key, &text);
}

/* The same from what is kept. */
static bool copy_parts(struct jsonw *w, const struct head *h, const struct heads_text *kept)
{
    const struct event_ctx *ctx = h->ctx;
    struct slice front = kept->front, back = kept->back;
    char *at = pen_open(w, HEADS_TEXT_MAX + HEADS_MORE_MAX);

    if (!at)
        return false;
    char *time = at + HEADS_TIME_AT;
    at = mempcpy(at, front.at, front.len);
    heads_time(ctx->heads, ctx->ts_ns, time);
    at = pen_number(at, ctx);
    if (h->type == kept->type && h->origin.at == kept->origin) {
        at = mempcpy(at, back.at, back.len);
    } else {
        at = pen_type(at, h->type);
        at = mempcpy(at, back.at + kept->ends, kept->middle - kept->ends);
        at = pen_member(at, h->origin);
        at = mempcpy(at, back.at + kept->what, back.len - kept->what);
    }
    pen_close(w, at);
    return true;
}

/* The packet runs between the ends of its flow, in `dir`. */
static bool runs_as(const struct packet *p, const struct flow *f, enum dir dir)
{
    struct ends e = ends_of_flow(f, dir);

    return packet_has_ports(p->proto) && p->proto == f->proto && p->sport == e.src_port &&
           p->dport == e.dst_port && addr_eq(&p->src, e.src) && addr_eq(&p->dst, e.dst);
}

/* Whether heads like this one are kept, and as what. */
static bool has_key(const struct head *h, struct heads_key *key)
{
    const struct event_ctx *ctx = h->ctx;

    *key = (struct heads_key){ctx->flow, ctx->iface, ctx->dir};
    if (!ctx->heads || !of_flow(h) || h->row->ends == EVENT_ENDS_FACT || overwritten(ctx) ||
        (h->row == &ev_netflow && ctx->flow->app_mute))
        return false;
    if (h->row->ends == EVENT_ENDS_PACKET && ctx->packet && ctx->packet->src.family) {
        key->dir = flow_dir(ctx->flow, ctx->packet);
        return runs_as(ctx->packet, ctx->flow, key->dir);
    }
    if (h->row->ends == EVENT_ENDS_CLIENT && !(ctx->tx && ctx->options->packet_ends))
        key->dir = TO_SERVER;
    return true;
}

static void write_macs(struct jsonw *w, const char *const keys[2], const struct mac *const macs[2],
                       bool in_lists)
{
    jsonw_obj_open(w, "ether");
    for (uint32_t i = 0; i < 2; i++) {
        if (in_lists)
            jsonw_arr_open(w, keys[i]);
        jsonw_mac(w, in_lists ? NULL : keys[i], macs[i]);
        if (in_lists)
            jsonw_arr_close(w);
    }
    jsonw_obj_close(w);
}

/* {"src_mac":"...","dest_mac":"..."} of the packet, turned as the head is; lists in records. */
static void write_ethernet(struct jsonw *w, const struct head *h)
{
    static const char *const one[] = {"src_mac", "dest_mac"}, *const all[] = {"src_macs",
                                                                              "dest_macs"};
    const struct packet *p = h->ctx->packet;
    const struct flow *f = h->ctx->flow;
    struct ends ends = ends_of(h->row->ends, h->ctx);
    const struct mac *macs[2] = {NULL, NULL};

    if (h->row->ends == EVENT_ENDS_NONE)
        return;
    if (p && p->has_mac) {
        bool turned = ends.src && ends.src->family && !addr_eq(ends.src, &p->src);
        macs[turned] = &p->src_mac;
        macs[!turned] = &p->dst_mac;
        write_macs(w, one, macs, false);
    } else if (!p && f && f->has_mac && !h->ctx->tx && !h->ctx->hit) {
        bool turned = h->row == &ev_netflow && h->ctx->dir == TO_CLIENT;
        macs[turned] = &f->client_mac;
        macs[!turned] = &f->server_mac;
        write_macs(w, all, macs, true);
    }
}

/* What is off unless a configuration asks for it. */
static void write_more(struct jsonw *w, const struct head *h)
{
    if (h->ctx->options->choice.ethernet)
        write_ethernet(w, h);
    if (h->ctx->options->choice.file_name && h->ctx->file_name)
        jsonw_str(w, "pcap_filename", h->ctx->file_name);
}

void head_write(struct jsonw *w, const struct event_def *row, const struct event_ctx *ctx)
{
    struct head h = {ctx, row, type_of(row, ctx), origin_of(row, ctx)};
    struct heads_key key;
    bool keeps = has_key(&h, &key);
    const struct heads_text *text = keeps ? heads_find(ctx->heads, &key) : NULL;

    if (!text || !copy_parts(w, &h, text))
        write_parts(w, &h, keeps ? &key : NULL);
    if (of_flow(&h) && ctx->flow->parent_id)
        jsonw_u64(w, "parent_id", ctx->flow->parent_id);
    if (of_flow(&h) && ctx->detect && ctx->options->choice.marks)
        vars_write(ctx->detect, ctx->flow, ctx->packet != NULL, w);
    write_tunnel(w, ctx);
    if (ctx->forwarded.family && !ctx->hit && !ctx->options->choice.xff_overwrite)
        jsonw_addr(w, "xff", &ctx->forwarded);
    if (ctx->options->choice.more)
        write_more(w, &h);
}
