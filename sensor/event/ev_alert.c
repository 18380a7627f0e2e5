/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Alerts of rules: Suricata's `alert` object with the transaction, files and flow around it, and
 * `alert.reason`: which bytes of which buffer matched.
 */
#include "common/jsonw.h"
#include "sensor/event/event.h"

struct party {
    const struct addr *addr;
    uint16_t port;
};

static void write_party(struct jsonw *w, const char *key, struct party party, uint8_t proto)
{
    jsonw_obj_open(w, key);
    jsonw_addr(w, "ip", party.addr);
    if (packet_has_ports(proto))
        jsonw_u64(w, "port", party.port);
    jsonw_obj_close(w);
}

/* Who sent the packet, or to whom; without a packet, at the end of a flow, by the direction. */
static struct party party_of(const struct event_ctx *ctx, bool sender)
{
    const struct packet *p = ctx->packet;
    const struct flow *f = ctx->flow;

    if (p)
        return sender ? (struct party){&p->src, p->sport} : (struct party){&p->dst, p->dport};
    return sender == (ctx->dir == TO_SERVER) ? (struct party){&f->client, f->client_port}
                                             : (struct party){&f->server, f->server_port};
}

/* `target:` of the rule says which side of the packet is the victim. */
static void write_target(struct jsonw *w, const struct event_ctx *ctx)
{
    const struct rule_info *rule = ctx->hit->rule;
    const struct packet *p = ctx->packet;

    if ((!rule->target_src && !rule->target_dst) || (p ? p->src.family == 0 : !ctx->flow))
        return;
    uint8_t proto = p ? p->proto : ctx->flow->proto;
    write_party(w, "source", party_of(ctx, !rule->target_src), proto);
    write_party(w, "target", party_of(ctx, rule->target_src), proto);
}

static void write_reason(struct jsonw *w, const struct hit *hit)
{
    if (hit->matches == 0)
        return;
    jsonw_arr_open(w, "reason");
    for (uint32_t i = 0; i < hit->matches && i < HIT_MATCHES_MAX; i++) {
        jsonw_obj_open(w, NULL);
        jsonw_str(w, "buffer", hit->match[i].buffer);
        jsonw_u64(w, "offset", hit->match[i].offset);
        jsonw_u64(w, "length", hit->match[i].len);
        jsonw_obj_close(w);
    }
    jsonw_arr_close(w);
}

/* The same members as `explain --json` has. */
void ev_alert_step(struct jsonw *w, const struct match_step *s)
{
    struct slice bytes = {s->bytes, s->n_bytes};

    jsonw_obj_open(w, NULL);
    jsonw_str(w, "buffer", s->buffer);
    if (s->instance)
        jsonw_u64(w, "instance", s->instance);
    jsonw_text(w, "option", s->option);
    if (s->placed) {
        jsonw_u64(w, "offset", s->offset);
        jsonw_u64(w, "length", s->len);
        jsonw_hex(w, "hex", bytes, '\0');
        jsonw_printable(w, "text", bytes);
    }
    if (s->has_value)
        jsonw_u64(w, "value", s->value);
    jsonw_obj_close(w);
}

static void write_matches(struct jsonw *w, const struct hit *hit)
{
    if (!hit->n_steps)
        return;
    jsonw_arr_open(w, "matches");
    for (uint32_t i = 0; i < hit->n_steps; i++)
        ev_alert_step(w, &hit->steps[i]);
    jsonw_arr_close(w);
}

static const char *action_of(const struct rule_info *rule, const struct event_options *options)
{
    bool reject = strncmp(rule->action, "reject", 6) == 0;
    bool stop = reject || strcmp(rule->action, "drop") == 0;

    return (options->blocked && stop) || (options->rejected && reject) ? "blocked" : "allowed";
}

static void write_alert(struct jsonw *w, const struct event_ctx *ctx)
{
    const struct rule_info *rule = ctx->hit->rule;

    jsonw_obj_open(w, "alert");
    jsonw_str(w, "action", action_of(rule, ctx->options));
    jsonw_u64(w, "gid", rule->gid);
    jsonw_u64(w, "signature_id", rule->sid);
    jsonw_u64(w, "rev", rule->rev);
    if (rule->generation > 1)
        jsonw_u64(w, "generation", rule->generation);
    jsonw_str(w, "signature", rule->msg ? rule->msg : "");
    jsonw_str(w, "category", rule->category ? rule->category : "");
    jsonw_u64(w, "severity", rule->priority);
    write_target(w, ctx);
    if (ctx->forwarded.family && !ctx->options->choice.xff_overwrite)
        jsonw_addr(w, "xff", &ctx->forwarded);
    if (rule->metadata_json.len && ctx->options->choice.rule_metadata)
        jsonw_raw(w, "metadata", rule->metadata_json);
    if (rule->references_json.len && ctx->options->references)
        jsonw_raw(w, "references", rule->references_json);
    if (rule->text && ctx->options->choice.rule_text)
        jsonw_str(w, "rule", rule->text);
    if (ctx->options->reason)
        write_reason(w, ctx->hit);
    if (ctx->options->matches)
        write_matches(w, ctx->hit);
    jsonw_obj_close(w);
}

static void write_body(struct jsonw *w, const struct event_ctx *ctx, struct tx *tx,
                       const char *const names[3])
{
    struct field_ref ref;
    struct slice bytes;

    for (uint32_t n = 0; field_find(slice_of_str(names[0]), n, &ref); n++) {
        if (ref.proto != tx->proto || !field_bytes(&ref, tx, 0, &bytes) || !bytes.len)
            continue;
        if (ctx->options->choice.body_printable)
            jsonw_printable(w, names[1], bytes);
        if (ctx->options->http_body)
            jsonw_base64(w, names[2], bytes);
        return;
    }
}

static void write_tx(struct jsonw *w, const struct event_ctx *ctx, struct tx *tx)
{
    static const char *const request[] = {"http.request_body", "http_request_body_printable",
                                          "http_request_body"};
    static const char *const response[] = {"http.response_body", "http_response_body_printable",
                                           "http_response_body"};
    const char *name = event_proto_name(tx->proto);

    if (!*name || !app_events(tx))
        return;
    jsonw_obj_open(w, name);
    bool one_of_two = ctx->options->as_suricata && strcmp(tx->proto->name, "dnp3") == 0;
    if (one_of_two)
        jsonw_obj_open(w, tx->opener == TO_SERVER ? "request" : "response");
    event_write_tx_members(w, tx);
    if (one_of_two)
        jsonw_obj_close(w);
    if (strcmp(tx->proto->name, "http") == 0) {
        write_body(w, ctx, tx, request);
        write_body(w, ctx, tx, response);
    }
    jsonw_obj_close(w);
    if (tx->proto->write_beside)
        tx->proto->write_beside(tx, w);
}

static void write_files(struct jsonw *w, const struct event_ctx *ctx)
{
    const struct hit *hit = ctx->hit;
    const struct file *file = hit->file;

    if (!file && ctx->tx)
        file = files_of_tx(ctx->tx, hit->dir);
    if (!file)
        return;
    jsonw_arr_open(w, "files");
    jsonw_obj_open(w, NULL);
    event_write_file(w, file);
    jsonw_obj_close(w);
    jsonw_arr_close(w);
}

static void write_flow(struct jsonw *w, const struct flow *f)
{
    bool ports = packet_has_ports(f->proto);

    jsonw_obj_open(w, "flow");
    jsonw_u64(w, "pkts_toserver", f->pkts[TO_SERVER]);
    jsonw_u64(w, "pkts_toclient", f->pkts[TO_CLIENT]);
    jsonw_u64(w, "bytes_toserver", f->bytes[TO_SERVER]);
    jsonw_u64(w, "bytes_toclient", f->bytes[TO_CLIENT]);
    jsonw_time(w, "start", f->first_ns);
    jsonw_addr(w, "src_ip", &f->client);
    jsonw_addr(w, "dest_ip", &f->server);
    if (ports) {
        jsonw_u64(w, "src_port", f->client_port);
        jsonw_u64(w, "dest_port", f->server_port);
    }
    jsonw_obj_close(w);
}

/* What the rule looked at: the stream where it matched there. */
static struct slice payload_of(const struct event_ctx *ctx)
{
    if (ctx->hit->on_stream && ctx->hit->payload.len)
        return ctx->hit->payload;
    return ctx->packet ? ctx->packet->payload : SLICE_NONE;
}

static void write_payload(struct jsonw *w, const struct event_ctx *ctx)
{
    const struct event_options *options = ctx->options;
    const struct packet *p = ctx->packet;
    struct slice payload = payload_of(ctx);

    if (!p && !payload.len)
        return;
    if (options->payload && payload.len)
        jsonw_base64(w, "payload", payload);
    if (options->payload_printable)
        jsonw_printable(w, "payload_printable", payload);
    bool of_stream =
        ctx->hit->on_stream || (ctx->hit->tx && ctx->flow && ctx->flow->proto == IPPROTO_TCP4);
    if (options->payload || options->payload_printable)
        jsonw_u64(w, "stream", of_stream);
    if (!p || !options->packet)
        return;
    jsonw_base64(w, "packet", event_packet_bytes(p));
    jsonw_obj_open(w, "packet_info");
    jsonw_u64(w, "linktype", p->frame.linktype);
    jsonw_obj_close(w);
}

static void write_frame(struct jsonw *w, const struct event_ctx *ctx)
{
    const struct hit_frame *f = &ctx->hit->frame;

    if (!f->type)
        return;
    jsonw_obj_open(w, "frame");
    jsonw_str(w, "type", f->type);
    jsonw_u64(w, "id", f->id);
    jsonw_str(w, "direction", ctx->hit->dir == TO_SERVER ? "toserver" : "toclient");
    if (!f->datagram)
        jsonw_u64(w, "stream_offset", f->at);
    if (f->length_known)
        jsonw_u64(w, "length", f->length);
    jsonw_bool(w, "complete", f->complete);
    if (f->has_tx)
        jsonw_u64(w, "tx_id", f->tx_id);
    jsonw_base64(w, "payload", f->bytes);
    jsonw_printable(w, "payload_printable", f->bytes);
    jsonw_obj_close(w);
}

static void alert_write(struct jsonw *w, const struct event_ctx *ctx)
{
    struct tx *tx = ctx->tx ? ctx->tx : ctx->hit->tx;

    if (tx)
        jsonw_u64(w, "tx_id", tx->id);
    if (tx && !ctx->hit->tx && ctx->flow && ctx->flow->proto != IPPROTO_UDP4)
        jsonw_bool(w, "tx_guessed", true);
    write_alert(w, ctx);
    if (tx && ctx->options->metadata)
        write_tx(w, ctx, tx);
    if (ctx->options->metadata || ctx->options->as_suricata)
        write_files(w, ctx);
    if (ctx->flow) {
        jsonw_str(w, "direction", ctx->dir == TO_SERVER ? "to_server" : "to_client");
        if (ctx->options->choice.flow)
            write_flow(w, ctx->flow);
    }
    if (ctx->options->choice.verdict) {
        jsonw_obj_open(w, "verdict");
        jsonw_str(w, "action", "alert");
        jsonw_obj_close(w);
    }
    write_frame(w, ctx);
    write_payload(w, ctx);
}

const struct event_def ev_alert = {
    .name = "alert",
    .doc = "A rule matched",
    .ends = EVENT_ENDS_PACKET,
    .schema = "tx_id|integer|Transaction of the flow that was hit\n"
              "tx_guessed|boolean|The rule is on bytes: they seem to be this transaction's\n"
              "alert.action|text|Always allowed: the sensor only watches\n"
              "alert.gid|integer|Generator of the rule, 1 for rules\n"
              "alert.signature_id|integer|Number of the rule (sid)\n"
              "alert.rev|integer|Revision of the rule\n"
              "alert.signature|text|Message of the rule\n"
              "alert.category|text|Description of the rule's classtype\n"
              "alert.severity|integer|1 highest to 4 lowest (255: none given)\n"
              "alert.source|object|ip and port of the attacker, when the rule has a target\n"
              "alert.target|object|ip and port of the victim, when the rule has a target\n"
              "alert.xff|text|For whom a proxy speaks (event.xff)\n"
              "alert.metadata|object|Metadata of the rule: key to list of values\n"
              "alert.references|list|References of the rule\n"
              "alert.rule|text|The rule as it is written (event.alert.rule)\n"
              "alert.generation|integer|Number of the ruleset, once rules were loaded again\n"
              "alert.reason|list|What matched: buffer, offset and length, in bytes\n"
              "alert.matches|list|Conditions: buffer, option, offset, length, hex, text, value\n"
              "<protocol>|object|Transaction that was hit, as in the protocol's own event\n"
              "files|list|File that was hit, as in fileinfo\n"
              "direction|text|to_server or to_client\n"
              "flow|object|Packets, bytes, start and ends of the flow up to now\n"
              "verdict.action|text|Always alert: the sensor only watches (event.alert.verdict)\n"
              "frame.type|text|Unit of the protocol's bytes that a rule with frame matched\n"
              "frame.id|integer|Number of the unit in its direction\n"
              "frame.direction|text|toserver or toclient\n"
              "frame.stream_offset|integer|Where it begins in the stream\n"
              "frame.length|integer|Its length, when known\n"
              "frame.complete|boolean|Whether all of it was seen\n"
              "frame.tx_id|integer|Transaction that it belongs to\n"
              "frame.payload|text|Its bytes in base64\n"
              "frame.payload_printable|text|Its bytes, unprintable ones as dots\n"
              "payload|text|Payload in base64, lost bytes as [n bytes missing]\n"
              "payload_printable|text|Payload, unprintable bytes as dots\n"
              "stream|integer|1: of a TCP stream or a transaction in one, not of a packet\n"
              "packet|text|Frame in base64 (event.alert.packet)\n"
              "packet_info.linktype|integer|Link type of the frame\n",
    .write = alert_write,
};
