/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The common tail of every event, and the switchboard of event types.
 */
#include "sensor/event/event.h"

#include "common/geo.h"
#include "common/jsonw.h"
#include "common/pen.h"
#include "sensor/event/head.h"

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
    {"event.alert.blocked", CONF_BOOL, "false",
     "Alerts of drop and reject say \"blocked\", as from a sensor that stands in the way"},
    {"event.alert.rejected", CONF_BOOL, "false",
     "Alerts of reject say \"blocked\", and those that rate_filter drops or rejects, as "
     "Suricata's"},
    {"event.alert.matches", CONF_BOOL, "false",
     "Alerts tell each condition of the rule with the bytes that matched it"},
    {"event.alert.metadata", CONF_BOOL, "true", "Alerts carry the transaction they hit"},
    {"event.stats.totals", CONF_BOOL, "true", "Events of counters tell the sums of all threads"},
    {"event.stats.threads", CONF_BOOL, "false", "... and the counters of each thread"},
    {"event.stats.deltas", CONF_BOOL, "false",
     "... and what was added to each since the last event, as <name>_delta"},
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
        .blocked = conf_bool(conf, "event.alert.blocked"),
        .rejected = conf_bool(conf, "event.alert.rejected"),
        .matches = conf_bool(conf, "event.alert.matches"),
        .metadata = conf_bool(conf, "event.alert.metadata"),
        .as_suricata = conf_bool(conf, "decode.as-suricata"),
        .stats_totals = conf_bool(conf, "event.stats.totals"),
        .stats_threads = conf_bool(conf, "event.stats.threads"),
        .stats_deltas = conf_bool(conf, "event.stats.deltas"),
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

    if (!*name || !app_events(tx))
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
        for (; view; view &= view - 1)
            jsonw_str(w, NULL, view_defs[__builtin_ctz(view)].name);
        jsonw_arr_close(w);
    }
    jsonw_obj_close(w);
}

static bool protocol_on(const struct event_options *options, const struct proto_def *proto)
{
    int row = options->all_protocols ? -1 : proto_row(proto);

    return row < 0 || options->protocols >> row & 1;
}

static bool is_record(const struct event_def *row)
{
    return row == &ev_flow || row == &ev_netflow;
}

/* Suricata has no flows of other protocols. */
static bool has_record(const struct event_ctx *ctx)
{
    return !ctx->options->as_suricata || packet_known_there(ctx->flow ? ctx->flow->proto : 0);
}

static bool switched_on(uint32_t row, const struct event_ctx *ctx)
{
    if (!(ctx->options->types >> row & 1))
        return false;
    if (row != ctx->options->tx_row)
        return !is_record(ev_rows[row]) || has_record(ctx);
    return ctx->tx && *event_proto_name(ctx->tx->proto) &&
           protocol_on(ctx->options, ctx->tx->proto) &&
           choice_wants(&ctx->options->choice, ctx->tx);
}

/* The same literal has the same address nearly always. */
static inline bool is_named(const struct event_def *row, const char *name)
{
    return row->name == name || (row->name[1] == name[1] && strcmp(row->name, name) == 0);
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
    head_write(&w, def, ctx);
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

static inline struct told_end look_up(const struct devices *devices, const struct addr *addr)
{
    struct told_end end = {0};

    if (!addr || !addr->family)
        return end;
    end.addr = addr;
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

static void close_with(struct strbuf *out, const struct event_tail *tail,
                       const struct told_end *from, const struct told_end *to)
{
    struct jsonw w = {.out = out, .comma = true};

    write_devices(&w, tail, from->device, to->device);
    write_names(&w, from->name, to->name);
    if (tail->geo)
        write_places(&w, tail->geo, from->addr, to->addr);
    jsonw_obj_close(&w);
}

void event_close(struct strbuf *out, const struct event_tail *tail, const struct addr *src,
                 const struct addr *dst)
{
    struct told_end from = look_up(tail->devices, src), to = look_up(tail->devices, dst);

    close_with(out, tail, &from, &to);
}

struct slice event_closing(struct closings *kept, struct strbuf *room,
                           const struct event_tail *tail, const struct addr *src,
                           const struct addr *dst)
{
    struct told_end from = look_up(tail->devices, src), to = look_up(tail->devices, dst);
    bool of_devices = kept && !tail->geo && !from.name && !to.name;
    struct closings_key key = {devices_version(from.device), devices_version(to.device),
                               tail->brief};
    struct slice text = SLICE_NONE;

    if (of_devices)
        text = closings_get(kept, &key);
    if (text.len)
        return text;
    strbuf_clear(room);
    close_with(room, tail, &from, &to);
    if (of_devices && !room->full)
        closings_keep(kept, &key, strbuf_view(room));
    return strbuf_view(room);
}
