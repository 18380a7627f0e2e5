/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The common head and tail of every event, and the switchboard of event types.
 * Keys and their order follow Suricata 7's EVE; what is ours stands behind them.
 */
#include "sensor/event/event.h"

#include "common/geo.h"
#include "common/jsonw.h"
#include "common/pen.h"
#include "sensor/flow/community_id.h"

const struct option event_options_rows[] = {
    {"event.types", CONF_LIST, "all",
     "Event types to write: rows of the events table and protocol names; all = everything"},
    {"event.off", CONF_LIST, "", "Event types or protocol names that are not written"},
    {"event.community_id", CONF_BOOL, "true", "Write the Community ID of the flow"},
    {"event.community_id_seed", CONF_INT, "0", "Number that Community IDs begin with, below 65536"},
    {"event.ends", CONF_TEXT, "client",
     "src of events of single messages (MQTT, Kerberos, SNMP ...): client; or packet: who sends "
     "the packet that ends them, as Suricata has it"},
    {"event.alert.payload", CONF_BOOL, "false", "Alerts carry the payload in base64"},
    {"event.alert.payload_printable", CONF_BOOL, "false",
     "Alerts carry the payload with unprintable bytes as dots"},
    {"event.alert.packet", CONF_BOOL, "false", "Alerts carry the whole frame in base64"},
    {"event.alert.http_body", CONF_BOOL, "false", "Alerts carry HTTP bodies in base64"},
    {"event.alert.references", CONF_BOOL, "true", "Alerts carry the references of the rule"},
    {"event.alert.reason", CONF_BOOL, "true", "Alerts tell where the contents of the rule were"},
    {"event.alert.matches", CONF_BOOL, "false",
     "Alerts tell each condition of the rule with the bytes that matched it"},
    {"event.alert.metadata", CONF_BOOL, "true", "Alerts carry the transaction they hit"},
    {"event.anomaly.decode", CONF_BOOL, "false", "Anomaly events for notes of the decoders"},
    {"event.anomaly.stream", CONF_BOOL, "false", "Anomaly events for notes of reassembly"},
    {"event.anomaly.applayer", CONF_BOOL, "true", "Anomaly events for notes of protocol parsers"},
    OPTION_END,
};

static bool listed(const struct conf *conf, const char *key, const char *name)
{
    const char *item;

    for (uint32_t i = 0; (item = conf_item(conf, key, i)); i++) {
        if (strcmp(item, name) == 0)
            return true;
    }
    return false;
}

static bool wanted(const struct conf *conf, const char *name)
{
    return (listed(conf, "event.types", "all") || listed(conf, "event.types", name)) &&
           !listed(conf, "event.off", name);
}

/* True when some protocol is named by itself: then the row that writes them is needed too. */
static bool any_protocol(const struct conf *conf)
{
    for (uint32_t i = 0; proto_rows[i]; i++) {
        if (wanted(conf, event_proto_name(proto_rows[i])))
            return true;
    }
    return false;
}

static void read_first_rows(uint8_t first_row[32])
{
    bool seen[32] = {false};

    for (uint8_t i = 0; ev_rows[i]; i++) {
        uint8_t letter = (uint8_t)ev_rows[i]->name[0] & 31;
        if (!seen[letter])
            first_row[letter] = i;
        seen[letter] = true;
    }
}

void event_options_read(const struct conf *conf, struct event_options *options)
{
    *options = (struct event_options){
        .payload = conf_bool(conf, "event.alert.payload"),
        .payload_printable = conf_bool(conf, "event.alert.payload_printable"),
        .packet = conf_bool(conf, "event.alert.packet"),
        .http_body = conf_bool(conf, "event.alert.http_body"),
        .references = conf_bool(conf, "event.alert.references"),
        .reason = conf_bool(conf, "event.alert.reason"),
        .matches = conf_bool(conf, "event.alert.matches"),
        .metadata = conf_bool(conf, "event.alert.metadata"),
        .community_id = conf_bool(conf, "event.community_id"),
        .community_seed = (uint16_t)conf_int(conf, "event.community_id_seed"),
        .packet_ends = strcmp(conf_text(conf, "event.ends"), "packet") == 0,
        .decode_notes = conf_bool(conf, "event.anomaly.decode"),
        .stream_notes = conf_bool(conf, "event.anomaly.stream"),
        .app_notes = conf_bool(conf, "event.anomaly.applayer"),
    };
    choice_read(conf, &options->choice);
    read_first_rows(options->first_row);
    for (uint32_t i = 0; ev_rows[i] && i < 32; i++) {
        bool on = wanted(conf, ev_rows[i]->name);
        if (strcmp(ev_rows[i]->name, "tx") == 0) {
            options->tx_row = (uint8_t)i;
            on = !listed(conf, "event.off", "tx") && any_protocol(conf);
        }
        if (strcmp(ev_rows[i]->name, "netflow") == 0) /* says again what "flow" says */
            on = listed(conf, "event.types", "netflow");
        if (on)
            options->types |= UINT32_C(1) << i;
    }
    options->all_protocols = true;
    for (uint32_t i = 0; proto_rows[i] && i < 64; i++) {
        if (listed(conf, "event.types", "tx") ? !listed(conf, "event.off", proto_rows[i]->name)
                                              : wanted(conf, event_proto_name(proto_rows[i])))
            options->protocols |= UINT64_C(1) << i;
        else
            options->all_protocols = false;
    }
}

/* ---- pieces ------------------------------------------------------------------------------- */

const char *event_proto_name(const struct proto_def *proto)
{
    return proto->eve ? proto->eve : proto->name;
}

/* Suricata gathers the messages of DNS in alerts: queries in a list, the response beside it. */
static void write_dns(struct jsonw *w, struct tx *tx)
{
    uint32_t n = app_events(tx);
    struct field_ref rcode;
    uint64_t ignored;
    bool response =
        field_find(SLICE_LIT("dns.rcode"), 0, &rcode) && field_number(&rcode, tx, 0, &ignored);

    jsonw_u64(w, "version", 2);
    if (!response)
        jsonw_arr_open(w, "query");
    for (uint32_t i = 0; i < n; i++) {
        jsonw_obj_open(w, response ? "answer" : NULL);
        app_write_event(tx, i, w);
        jsonw_obj_close(w);
        if (response)
            break;
    }
    if (!response)
        jsonw_arr_close(w);
}

void event_write_tx_members(struct jsonw *w, struct tx *tx)
{
    if (strcmp(tx->proto->name, "dns") == 0)
        write_dns(w, tx);
    else if (app_events(tx))
        app_write_event(tx, 0, w);
}

void event_write_tx(struct jsonw *w, struct tx *tx)
{
    const char *name = event_proto_name(tx->proto);

    if (!*name)
        return;
    jsonw_obj_open(w, name);
    event_write_tx_members(w, tx);
    jsonw_obj_close(w);
    if (tx->proto->write_beside)
        tx->proto->write_beside(tx, w);
}

void event_write_file(struct jsonw *w, const struct file *file)
{
    static const char *const states[] = {"UNKNOWN", "CLOSED", "TRUNCATED"};
    const char *const digests[][2] = {
        {"md5", file->md5}, {"sha1", file->sha1}, {"sha256", file->sha256}};

    if (file->name.len)
        jsonw_text(w, "filename", file->name);
    if (file->sids) {
        jsonw_arr_open(w, "sid");
        for (uint32_t i = 0; i < file->sids; i++)
            jsonw_u64(w, NULL, file->sid[i]);
        jsonw_arr_close(w);
    }
    if (file->magic)
        jsonw_str(w, "magic", file->magic);
    jsonw_bool(w, "gaps", file->gaps != 0);
    jsonw_str(w, "state", states[file->state]);
    for (uint32_t i = 0; i < 3; i++) {
        if (*digests[i][1])
            jsonw_str(w, digests[i][0], digests[i][1]);
    }
    jsonw_bool(w, "stored", file->stored);
    if (file->wanted_store && !file->stored && file->state != FILE_OPEN)
        jsonw_bool(w, "storing", true);
    if (file->stored)
        jsonw_u64(w, "file_id", file->id);
    jsonw_u64(w, "size", file->size);
    if (file->tx)
        jsonw_u64(w, "tx_id", file->tx->id);
    if (file->yara_hits == 0)
        return;
    jsonw_arr_open(w, "yara");
    for (uint32_t i = 0; i < file->yara_hits && i < FILE_YARA_MAX; i++)
        jsonw_str(w, NULL, file->yara[i].rule);
    jsonw_arr_close(w);
}

/* ---- common head -------------------------------------------------------------------------- */

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

static bool has_ports(uint8_t proto)
{
    return proto == IPPROTO_TCP4 || proto == IPPROTO_UDP4 || proto == IPPROTO_SCTP4;
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
    bool ports = has_ports(e->proto);

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
        if (has_ports(t->proto))
            jsonw_u64(w, "src_port", t->sport);
        jsonw_addr(w, "dest_ip", &t->dst);
        if (has_ports(t->proto))
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
static const char *app_of(const struct flow *flow)
{
    return flow->app_name ? flow->app_name : flow->app_failed ? "failed" : NULL;
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

/* ---- parts that are kept */

/* What the writers of parts look at. */
struct head {
    const struct event_ctx *ctx;
    const struct event_def *row;
    struct ends ends;
    uint64_t flow_id;
    struct heads_entry *kept; /* NULL: written each time */
};

static struct heads_entry *entry_of(const struct head *h)
{
    const struct flow *f = h->ctx->flow;

    if (!h->ctx->heads || !f || !h->ends.src || !h->ends.dst)
        return NULL;
    return heads_of(h->ctx->heads, &(struct heads_key){
                                       .flow_id = h->flow_id,
                                       .iface = h->ctx->iface,
                                       .app = app_of(f),
                                       .src = h->ends.src,
                                       .dst = h->ends.dst,
                                       .vlan = f->vlan,
                                       .src_port = h->ends.src_port,
                                       .dst_port = h->ends.dst_port,
                                       .proto = h->ends.proto,
                                       .icmp_type = h->ends.icmp_type,
                                       .icmp_code = h->ends.icmp_code,
                                       .vlans = f->vlans,
                                   });
}

static void write_part(struct jsonw *w, const struct head *h, enum heads_part part,
                       void (*write)(struct jsonw *w, const struct head *h))
{
    struct slice kept;

    if (h->kept && heads_get(h->kept, part, &kept)) {
        jsonw_members(w, kept);
        return;
    }
    size_t from = w->out->len;
    write(w, h);
    if (h->kept && !w->out->full) /* without the comma before it */
        heads_keep(h->kept, part, slice_from(strbuf_view(w->out), (uint32_t)from + 1));
}

static void write_identity(struct jsonw *w, const struct head *h)
{
    if (h->flow_id)
        jsonw_u64(w, "flow_id", h->flow_id);
    jsonw_str(w, "sensor", h->ctx->sensor);
    if (h->ctx->iface)
        jsonw_str(w, "in_iface", h->ctx->iface);
}

static void write_where(struct jsonw *w, const struct head *h)
{
    write_vlans(w, h->ctx);
    write_ends(w, &h->ends, h->row->ends == EVENT_ENDS_FACT);
}

static void write_what(struct jsonw *w, const struct head *h)
{
    struct flow *flow = h->ctx->flow;

    if (h->ctx->options->community_id)
        community_id_fill(flow, h->ctx->options->community_seed);
    if (h->ctx->options->community_id && flow->community_id[0])
        jsonw_word(w, "community_id", flow->community_id);
    if (app_of(flow))
        jsonw_word(w, "app_proto", app_of(flow));
    if (flow->app_orig)
        jsonw_word(w, "app_proto_orig", flow->app_orig);
}

static void write_time(struct jsonw *w, const struct event_ctx *ctx)
{
    char *at = pen_open(w, 64);

    if (!at)
        return;
    at = PEN_LIT(pen_comma(w, at), "\"timestamp\":\"");
    at = heads_time(ctx->heads, ctx->ts_ns, at);
    pen_close(w, PEN_LIT(at, "\""));
}

static void write_all_parts(struct jsonw *w, const struct head *h)
{
    const struct event_ctx *ctx = h->ctx;

    if (ctx->heads)
        write_time(w, ctx);
    else
        jsonw_time(w, "timestamp", ctx->ts_ns);
    write_part(w, h, HEADS_FLOW, write_identity);
    if (ctx->packet && ctx->packet->frame.number)
        jsonw_u64(w, "pcap_cnt", ctx->packet->frame.number);
    jsonw_str(w, "event_type", type_of(h->row, ctx));
    write_part(w, h, HEADS_ENDS, write_where);
    jsonw_members(w, origin_of(h->row, ctx));
    if (ctx->flow && h->row->ends != EVENT_ENDS_NONE)
        write_part(w, h, HEADS_WHAT, write_what);
}

/* The same when all parts are kept; false: they are not. */
static bool copy_all_parts(struct jsonw *w, const struct head *h)
{
    const struct event_ctx *ctx = h->ctx;
    struct slice part[HEADS_PARTS];

    if (!h->kept || h->row->ends == EVENT_ENDS_NONE || !heads_all(h->kept, part))
        return false;
    struct slice type = slice_of_str(type_of(h->row, ctx));
    struct slice origin = origin_of(h->row, ctx);
    char *at = pen_open(w, 160 + type.len + origin.len + part[HEADS_FLOW].len +
                               part[HEADS_ENDS].len + part[HEADS_WHAT].len);
    if (!at)
        return false;
    at = PEN_LIT(at, "\"timestamp\":\"");
    at = heads_time(ctx->heads, ctx->ts_ns, at);
    at = PEN_LIT(at, "\",");
    at = pen_bytes(at, part[HEADS_FLOW]);
    if (ctx->packet && ctx->packet->frame.number) {
        at = PEN_LIT(at, ",\"pcap_cnt\":");
        at = pen_u64(at, ctx->packet->frame.number);
    }
    at = PEN_LIT(at, ",\"event_type\":\"");
    at = pen_bytes(at, type);
    at = PEN_LIT(at, "\"");
    at = pen_member(at, part[HEADS_ENDS]);
    at = pen_member(at, origin);
    at = pen_member(at, part[HEADS_WHAT]);
    pen_close(w, at);
    return true;
}

static void write_head(struct jsonw *w, const struct event_def *row, const struct event_ctx *ctx)
{
    struct head h = {ctx, row, ends_of(row->ends, ctx), flow_id_of(ctx), NULL};

    if (ctx->forwarded.family && ctx->options->choice.xff_overwrite)
        *(ctx->dir == TO_SERVER ? &h.ends.src : &h.ends.dst) = &ctx->forwarded;
    h.kept = entry_of(&h);
    if (!copy_all_parts(w, &h))
        write_all_parts(w, &h);
    if (ctx->flow && row->ends != EVENT_ENDS_NONE && ctx->detect)
        vars_write(ctx->detect, ctx->flow, ctx->packet != NULL, w);
    write_tunnel(w, ctx);
}

/* ---- common tail -------------------------------------------------------------------------- */

/* Only one side was seen although the other must have answered: its acknowledgements prove it. */
static const char *one_sided(const struct flow *f)
{
    if (f->proto != IPPROTO_TCP4)
        return NULL;
    if (f->pkts[TO_CLIENT] == 0 && f->pkts[TO_SERVER] > 1 && (f->tcp_flags[TO_SERVER] & TCP_ACK))
        return "to_server";
    if (f->pkts[TO_SERVER] == 0 && f->pkts[TO_CLIENT] > 1 && (f->tcp_flags[TO_CLIENT] & TCP_ACK))
        return "to_client";
    return NULL;
}

static void write_visibility(struct jsonw *w, const struct flow *f)
{
    const char *side = one_sided(f);

    uint32_t view = f->view & ~VIEW_BIT(VIEW_NO_LAST_ACK);

    if (!f->midstream && !side && !view && f->gaps[0] == 0 && f->gaps[1] == 0)
        return;
    jsonw_obj_open(w, "visibility");
    if (f->midstream)
        jsonw_bool(w, "midstream", true);
    if (side)
        jsonw_str(w, "only_seen", side);
    if (f->gaps[TO_SERVER])
        jsonw_u64(w, "gaps_toserver", f->gaps[TO_SERVER]);
    if (f->gaps[TO_CLIENT])
        jsonw_u64(w, "gaps_toclient", f->gaps[TO_CLIENT]);
    if (view) {
        jsonw_arr_open(w, "findings");
        for (uint32_t i = 0; i < VIEW_COUNT; i++) {
            if (view >> i & 1)
                jsonw_str(w, NULL, view_defs[i].name);
        }
        jsonw_arr_close(w);
    }
    jsonw_obj_close(w);
}

static bool protocol_on(const struct event_options *options, const struct proto_def *proto)
{
    for (uint32_t i = 0; !options->all_protocols && proto_rows[i] && i < 64; i++) {
        if (proto_rows[i] == proto)
            return options->protocols >> i & 1;
    }
    return true;
}

static bool switched_on(uint32_t row, const struct event_ctx *ctx)
{
    if (!(ctx->options->types >> row & 1))
        return false;
    if (row != ctx->options->tx_row)
        return true;
    return ctx->tx && *event_proto_name(ctx->tx->proto) &&
           protocol_on(ctx->options, ctx->tx->proto) &&
           choice_wants(&ctx->options->choice, ctx->tx);
}

/* The same literal has the same address nearly always. */
static inline bool is_named(const struct event_def *row, const char *name)
{
    return row->name == name || strcmp(row->name, name) == 0;
}

static bool find_row(const char *name, const struct event_ctx *ctx, uint32_t *row)
{
    *row = ctx->options->first_row[name[0] & 31];
    while (ev_rows[*row] && !is_named(ev_rows[*row], name))
        ++*row;
    return ev_rows[*row] && switched_on(*row, ctx);
}

bool event_wanted(const char *name, const struct event_ctx *ctx)
{
    uint32_t row;

    return find_row(name, ctx, &row);
}

struct slice event_packet_bytes(const struct packet *p)
{
    return p->reassembled && p->rebuilt.len ? p->rebuilt
                                            : (struct slice){p->frame.data, p->frame.caplen};
}

bool event_write(const char *name, const struct event_ctx *ctx, struct strbuf *out)
{
    uint32_t row;

    if (!find_row(name, ctx, &row))
        return false;
    const struct event_def *def = ev_rows[row];
    struct jsonw w;
    jsonw_init(&w, out);
    strbuf_char(out, '{');
    write_head(&w, def, ctx);
    def->write(&w, ctx);
    if (ctx->flow && def->ends != EVENT_ENDS_NONE)
        write_visibility(&w, ctx->flow);
    return true;
}

/* One end of the event for the host tier. */
struct told_end {
    const struct addr *addr; /* NULL: none */
    const struct device *device;
    const char *name;
};

static struct told_end look_up(const struct devices *devices, const struct addr *addr)
{
    if (!addr || !addr->family)
        return (struct told_end){0};
    struct told_end end = {.addr = addr};
    if (devices)
        end.device = devices_find(devices, addr, &end.name);
    return end;
}

static void write_device(struct jsonw *w, const char *key, const struct event_tail *tail,
                         const struct device *device)
{
    if (!device)
        return;
    struct slice text = devices_text(tail->devices, device, tail->brief);
    if (text.len) {
        jsonw_raw(w, key, text);
        return;
    }
    jsonw_obj_open(w, key);
    devices_write(device, tail->brief, w);
    jsonw_obj_close(w);
}

/* Both from the texts that are kept; false: nothing is written. */
static bool copy_devices(struct jsonw *w, const struct event_tail *tail, const struct device *from,
                         const struct device *to)
{
    char *at = from && to ? pen_open(w, 2 * DEVICES_TEXT_MAX + 40) : NULL;

    if (!at)
        return false;
    struct slice src = devices_text(tail->devices, from, tail->brief);
    at = PEN_LIT(pen_comma(w, at), "\"device\":{\"src\":");
    at = pen_bytes(at, src);
    struct slice dst = devices_text(tail->devices, to, tail->brief);
    at = PEN_LIT(at, ",\"dst\":");
    at = pen_bytes(at, dst);
    if (!src.len || !dst.len)
        return false;
    pen_close(w, PEN_LIT(at, "}"));
    return true;
}

static void write_devices(struct jsonw *w, const struct event_tail *tail, const struct device *from,
                          const struct device *to)
{
    if ((!from && !to) || copy_devices(w, tail, from, to))
        return;
    jsonw_obj_open(w, "device");
    write_device(w, "src", tail, from);
    write_device(w, "dst", tail, to);
    jsonw_obj_close(w);
}

/* What the network calls both ends (passive DNS, SNI). */
static void write_names(struct jsonw *w, const char *src, const char *dst)
{
    if (!src && !dst)
        return;
    jsonw_obj_open(w, "names");
    if (src)
        jsonw_str(w, "src", src);
    if (dst)
        jsonw_str(w, "dst", dst);
    jsonw_obj_close(w);
}

static void write_place(struct jsonw *w, const char *key, const struct geo_place *place)
{
    jsonw_obj_open(w, key);
    if (*place->country)
        jsonw_str(w, "country", place->country);
    if (place->asn)
        jsonw_u64(w, "asn", place->asn);
    if (place->org.len)
        jsonw_text(w, "org", place->org);
    jsonw_obj_close(w);
}

static void write_places(struct jsonw *w, const struct geo *geo, const struct addr *src,
                         const struct addr *dst)
{
    struct geo_place from, to;
    bool has_from = src && geo_find(geo, src, &from);
    bool has_to = dst && geo_find(geo, dst, &to);

    if (!has_from && !has_to)
        return;
    jsonw_obj_open(w, "geo");
    if (has_from)
        write_place(w, "src", &from);
    if (has_to)
        write_place(w, "dst", &to);
    jsonw_obj_close(w);
}

void event_close(struct strbuf *out, const struct event_tail *tail, const struct addr *src,
                 const struct addr *dst)
{
    struct jsonw w = {.out = out, .comma = true};
    struct told_end from = look_up(tail->devices, src), to = look_up(tail->devices, dst);

    write_devices(&w, tail, from.device, to.device);
    write_names(&w, from.name, to.name);
    if (tail->geo)
        write_places(&w, tail->geo, from.addr, to.addr);
    jsonw_obj_close(&w);
}
