/* SPDX-License-Identifier: Apache-2.0 */
/*
 * suricata.yaml (Suricata 7): vars, rule-files, default-rule-path, default-log-dir and
 * vlan.use-for-tracking have the same shape here and are read as they are; flow timeouts, checksum
 * mode, the types of the first eve-log and what concerns mail are translated. Everything else is
 * listed by its top-level key.
 */
#include "sensor/run/suricata_yaml.h"
#include "common/json.h"
#include "sensor/run/suricata_app.h"
#include "sensor/run/suricata_decoder.h"
#include "sensor/run/suricata_stream.h"

#include <stdio.h>

/* Keys that are Suricata's and stand in no configuration of ours. */
static bool is_suricata(const struct json *tree)
{
    static const char *const marks[] = {
        "suricata-version",  "outputs",      "af-packet",    "app-layer",
        "detect.profile",    "runmode",      "threading",    "pcap-file",
        "stream.reassembly", "logging",      "host-mode",    "mpm-algo",
        "flow-timeouts",     "unix-command", "legacy",       "security",
        "defrag.memcap",     "decoder",      "spm-algo",     "engine-analysis",
        "asn1-max-frames",   "host",         "multi-detect", "max-pending-packets"};

    for (uint32_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
        if (json_path(tree, marks[i]))
            return true;
    }
    return false;
}

void suricata_yaml_set(struct conf *conf, const char *key, const char *value)
{
    struct strbuf unused;
    char text[2048];

    strbuf_init(&unused, 4096);
    snprintf(text, sizeof(text), "%s=%s", key, value);
    conf_set(conf, text, &unused);
    strbuf_fini(&unused);
}

bool suricata_yaml_says(const struct json *value, bool or_else)
{
    const char *word = json_str(value, "");

    if (strcmp(word, "on") == 0 || strcmp(word, "off") == 0)
        return word[1] == 'n';
    return json_bool(value, or_else);
}

const char *suricata_yaml_text(const struct json *value, char room[SURICATA_YAML_NUMBER])
{
    const char *text = json_str(value, NULL);

    switch (json_kind(value)) {
    case JSON_NUM:
        snprintf(room, SURICATA_YAML_NUMBER, "%lld", (long long)json_i64(value, 0));
        return room;
    case JSON_BOOL:
        return json_bool(value, false) ? "true" : "false";
    case JSON_STR:
        if (strcmp(text, "on") == 0 || strcmp(text, "off") == 0)
            return text[1] == 'n' ? "true" : "false";
        return text;
    default:
        return NULL;
    }
}

static void take_timeouts(struct conf *conf, const struct json *timeouts)
{
    static const struct {
        const char *theirs, *ours;
    } keys[] = {
        {"tcp.new", "flow.timeout.tcp.new"},
        {"tcp.established", "flow.timeout.tcp.established"},
        {"tcp.closed", "flow.timeout.tcp.closed"},
        {"udp.new", "flow.timeout.udp.new"},
        {"udp.established", "flow.timeout.udp.established"},
        {"icmp.new", "flow.timeout.icmp.new"},
        {"icmp.established", "flow.timeout.icmp.established"},
        {"default.new", "flow.timeout.other.new"},
        {"default.established", "flow.timeout.other.established"},
    };
    char text[32];

    for (uint32_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        int64_t seconds = json_i64(json_path(timeouts, keys[i].theirs), -1);
        if (seconds < 0)
            continue;
        snprintf(text, sizeof(text), "%llds", (long long)seconds);
        suricata_yaml_set(conf, keys[i].ours, text);
    }
}

/* The name of the event where it differs from the option's. */
static const char *event_of(const char *option)
{
    if (option && strcmp(option, "files") == 0)
        return "fileinfo";
    return option && strcmp(option, "bittorrent-dht") == 0 ? "bittorrent_dht" : option;
}

/* The type's name in its own file. */
static const char *option_of(const struct json *entry)
{
    const struct json *inner = json_kind(entry) == JSON_OBJ ? json_first(entry) : NULL;

    return inner ? json_key(inner) : json_str(entry, "");
}

/* A type stands as text, or as an object whose one key is the type; NULL when it is switched off.
 */
static const char *type_of(const struct json *entry)
{
    const struct json *inner = json_kind(entry) == JSON_OBJ ? json_first(entry) : NULL;

    if (!inner)
        return event_of(json_str(entry, NULL));
    if (!suricata_yaml_says(json_get(inner, "enabled"), true))
        return NULL;
    return event_of(json_key(inner));
}

static void set_bool(struct conf *conf, const char *key, const struct json *value, bool or_else)
{
    suricata_yaml_set(conf, key, suricata_yaml_says(value, or_else) ? "true" : "false");
}

static void set_number(struct conf *conf, const char *key, const struct json *value)
{
    char text[32];

    if (!value)
        return;
    snprintf(text, sizeof(text), "%lld", (long long)json_i64(value, 0));
    suricata_yaml_set(conf, key, text);
}

/* A list of words as one of ours, unless it is empty. */
static void set_list(struct conf *conf, const char *key, const struct json *words)
{
    struct strbuf list;

    strbuf_init(&list, 4096);
    for (const struct json *c = json_first(words); c; c = json_next(c))
        strbuf_fmt(&list, "%s%s", list.len ? "," : "", json_str(c, ""));
    if (list.len)
        suricata_yaml_set(conf, key, list.at);
    strbuf_fini(&list);
}

static void take_smtp_type(struct conf *conf, const struct json *type)
{
    set_bool(conf, "smtp.extended", json_get(type, "extended"), false);
    for (const struct json *m = json_first(json_get(type, "md5")); m; m = json_next(m)) {
        if (strcmp(json_str(m, ""), "subject") == 0)
            suricata_yaml_set(conf, "smtp.subject_md5", "true");
        if (strcmp(json_str(m, ""), "body") == 0)
            suricata_yaml_set(conf, "smtp.body_md5", "true");
    }
    set_list(conf, "smtp.custom", json_get(type, "custom"));
}

static void take_tls_type(struct conf *conf, const struct json *type)
{
    set_list(conf, "tls.custom", json_get(type, "custom"));
    if (json_get(type, "ja4"))
        set_bool(conf, "tls.ja4", json_get(type, "ja4"), true);
}

static void take_quic_type(struct conf *conf, const struct json *type)
{
    if (json_get(type, "ja4"))
        set_bool(conf, "quic.ja4", json_get(type, "ja4"), true);
}

static void take_http_type(struct conf *conf, const struct json *type)
{
    set_bool(conf, "http.extended", json_get(type, "extended"), false);
    suricata_yaml_set(conf, "http.dump-all-headers",
                      json_str(json_get(type, "dump-all-headers"), "none"));
    set_list(conf, "http.custom", json_get(type, "custom"));
}

/* `requests`, `responses`, `types` of dns; the older `query`, `answer`, `custom`. */
static void take_dns_type(struct conf *conf, const struct json *type)
{
    const struct json *types = json_get(type, "types");
    const struct json *custom = types ? types : json_get(type, "custom");
    const struct json *requests = json_get(type, "requests"),
                      *answers = json_get(type, "responses");

    set_bool(conf, "event.dns.requests", requests ? requests : json_get(type, "query"), true);
    set_bool(conf, "event.dns.responses", answers ? answers : json_get(type, "answer"), true);
    set_list(conf, "event.dns.types", custom);
    set_list(conf, "dns.formats", json_get(type, "formats"));
}

/* One switch for all that stands around an alert, or one for each part. */
static void take_alert_metadata(struct conf *conf, const struct json *metadata)
{
    static const struct {
        const char *theirs, *ours;
    } parts[] = {{"app-layer", "event.alert.metadata"},
                 {"flow", "event.alert.flow"},
                 {"rule.metadata", "event.alert.rule_metadata"}};
    bool each = json_kind(metadata) == JSON_OBJ;

    set_bool(conf, "event.alert.rule", each ? json_path(metadata, "rule.raw") : NULL, false);

    for (uint32_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        set_bool(conf, parts[i].ours, each ? json_path(metadata, parts[i].theirs) : metadata, true);
}

static void take_xff(struct conf *conf, const struct json *xff)
{
    set_bool(conf, "event.xff.enabled", json_get(xff, "enabled"), false);
    suricata_yaml_set(conf, "event.xff.mode", json_str(json_get(xff, "mode"), "extra-data"));
    suricata_yaml_set(conf, "event.xff.deployment",
                      json_str(json_get(xff, "deployment"), "reverse"));
}

static void take_alert_type(struct conf *conf, const struct json *type)
{
    static const struct {
        const char *theirs, *ours;
    } flags[] = {{"payload", "event.alert.payload"},
                 {"payload-printable", "event.alert.payload_printable"},
                 {"packet", "event.alert.packet"},
                 {"http-body", "event.alert.http_body"},
                 {"http-body-printable", "event.alert.http_body_printable"},
                 {"verdict", "event.alert.verdict"}};
    const struct json *xff = json_get(type, "xff");

    if (xff)
        take_xff(conf, xff);
    take_alert_metadata(conf, json_get(type, "metadata"));
    set_bool(conf, "event.alert.references", json_get(type, "references"), false);
    set_bool(conf, "event.alert.reason", json_get(type, "reason"), false);
    for (uint32_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
        set_bool(conf, flags[i].ours, json_get(type, flags[i].theirs), false);
}

static void take_anomaly_type(struct conf *conf, const struct json *type)
{
    const struct json *types = json_get(type, "types");

    set_bool(conf, "event.anomaly.decode", json_get(types, "decode"), false);
    set_bool(conf, "event.anomaly.stream", json_get(types, "stream"), false);
    set_bool(conf, "event.anomaly.applayer", json_get(types, "applayer"), true);
    set_bool(conf, "event.anomaly.packet", json_get(type, "packethdr"), false);
}

static void take_dhcp_type(struct conf *conf, const struct json *type)
{
    set_bool(conf, "dhcp.extended", json_get(type, "extended"), false);
}

static void take_stats_type(struct conf *conf, const struct json *type)
{
    set_bool(conf, "event.stats.totals", json_get(type, "totals"), true);
    set_bool(conf, "event.stats.threads", json_get(type, "threads"), false);
    set_bool(conf, "event.stats.deltas", json_get(type, "deltas"), false);
}

static void take_files_type(struct conf *conf, const struct json *type)
{
    set_list(conf, "files.hash", json_get(type, "force-hash"));
    set_bool(conf, "files.magic", json_get(type, "force-magic"), false);
}

/* Options of one event type, where it has some here. */
static void take_options(struct conf *conf, const char *name, const struct json *entry)
{
    static const struct {
        const char *name;
        void (*take)(struct conf *conf, const struct json *type);
        bool bare; /* a name without options says something too */
    } rows[] = {{"smtp", take_smtp_type, true},    {"tls", take_tls_type, false},
                {"http", take_http_type, true},    {"quic", take_quic_type, false},
                {"dns", take_dns_type, false},     {"alert", take_alert_type, false},
                {"files", take_files_type, false}, {"anomaly", take_anomaly_type, false},
                {"stats", take_stats_type, false}, {"dhcp", take_dhcp_type, true}};

    for (uint32_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        bool object = json_kind(entry) == JSON_OBJ;
        if (strcmp(name, rows[i].name) == 0 && (object || rows[i].bare))
            rows[i].take(conf, object ? json_get(entry, name) : NULL);
    }
}

/* What Suricata does not have is not switched off by a list of what it has. */
static void take_types(struct conf *conf, const struct json *types)
{
    struct strbuf list;

    strbuf_init(&list, 4096);
    strbuf_str(&list, "device,deviation,visibility,yara");
    for (const struct json *t = json_first(types); t; t = json_next(t)) {
        const char *name = type_of(t);
        if (name)
            take_options(conf, option_of(t), t);
        if (name)
            strbuf_fmt(&list, ",%s", name);
        if (name && strcmp(name, "ftp") == 0) /* Suricata has one switch for both channels */
            strbuf_str(&list, ",ftp_data");
        if (name && strcmp(name, "alert") == 0 &&
            suricata_yaml_says(json_path(t, "alert.tagged-packets"), false))
            strbuf_str(&list, ",packet");
    }
    if (json_count(types))
        suricata_yaml_set(conf, "event.types", list.at);
    strbuf_fini(&list);
}

static void take_file_store(struct conf *conf, const struct json *store)
{
    const char *dir = json_str(json_get(store, "dir"), NULL);

    if (!suricata_yaml_says(json_get(store, "enabled"), false))
        return;
    suricata_yaml_set(conf, "filestore.enabled", "true");
    if (dir)
        suricata_yaml_set(conf, "filestore.dir", dir);
    set_bool(conf, "filestore.all", json_get(store, "force-filestore"), false);
}

static void take_fast(struct conf *conf, const struct json *fast)
{
    const char *name = json_str(json_get(fast, "filename"), NULL);

    if (!fast || !suricata_yaml_says(json_get(fast, "enabled"), true))
        return;
    suricata_yaml_set(conf, "output.fast.enabled", "true");
    if (name)
        suricata_yaml_set(conf, "output.fast.name", name);
}

/* What stands in every event. */
static void take_frame(struct conf *conf, const struct json *eve)
{
    set_bool(conf, "event.community_id", json_get(eve, "community-id"), false);
    set_number(conf, "event.community_id_seed", json_get(eve, "community-id-seed"));
    set_bool(conf, "event.ethernet", json_get(eve, "ethernet"), false);
    set_bool(conf, "event.pcap_filename", json_get(eve, "pcap-file"), false);
    set_bool(conf, "event.marks", json_get(eve, "metadata"), true);
    take_xff(conf, json_get(eve, "xff"));
}

static void take_outputs(struct conf *conf, const struct json *outputs)
{
    bool eve_taken = false, eve_said = false;

    for (const struct json *o = json_first(outputs); o; o = json_next(o)) {
        const struct json *eve = json_get(o, "eve-log");
        take_file_store(conf, json_get(o, "file-store"));
        take_fast(conf, json_get(o, "fast"));
        eve_said = eve_said || eve;
        if (eve_taken || !eve || !suricata_yaml_says(json_get(eve, "enabled"), true))
            continue;
        const char *file = json_str(json_get(eve, "filename"), NULL);
        if (file)
            suricata_yaml_set(conf, "output.file.name", file);
        take_frame(conf, eve);
        take_types(conf, json_get(eve, "types"));
        suricata_yaml_set(conf, "event.ends", "packet");
        eve_taken = true;
    }
    if (eve_said && !eve_taken)
        suricata_yaml_set(conf, "output.file.enabled", "false");
}

static void list_unknown(const struct json *tree, const char *path, struct strbuf *report)
{
    static const char *const known[] = {"vars",
                                        "rule-files",
                                        "default-rule-path",
                                        "flow-timeouts",
                                        "default-log-dir",
                                        "outputs",
                                        "vlan",
                                        "packet-alert-max",
                                        "classification-file",
                                        "threshold-file",
                                        "datasets",
                                        "default-data-dir",
                                        "reputation-files",
                                        "default-reputation-path",
                                        "reputation-categories-file",
                                        "pcap-file",
                                        "app-layer",
                                        "action-order",
                                        "stream",
                                        "defrag",
                                        "decoder",
                                        "flow",
                                        "host-os-policy",
                                        "suricata-version"};

    size_t before = report->len;
    strbuf_fmt(report, "%s: read as a Suricata configuration; passed over:", path);
    size_t head = report->len;
    for (const struct json *v = json_first(tree); v; v = json_next(v)) {
        bool found = false;
        for (uint32_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
            found = found || strcmp(json_key(v), known[i]) == 0;
        if (!found)
            strbuf_fmt(report, " %s", json_key(v));
    }
    if (report->len == head)
        report->len = before;
    else
        strbuf_char(report, '\n');
}

static void take_all(struct conf *conf, const struct json *tree, const char *path,
                     struct strbuf *report)
{
    int64_t alerts = json_i64(json_get(tree, "packet-alert-max"), 0);
    char text[32];

    take_timeouts(conf, json_get(tree, "flow-timeouts"));
    take_outputs(conf, json_get(tree, "outputs"));
    suricata_app_take(conf, tree, path, report);
    suricata_stream_take(conf, tree, path, report);
    suricata_decoder_take(conf, tree, path, report);
    suricata_yaml_set(conf, "detect.drop-ends", "true");
    suricata_yaml_set(conf, "detect.at-end", "true");
    suricata_yaml_set(conf, "event.alert.rejected", "true");
    if (alerts > 0 && alerts < 256) {
        snprintf(text, sizeof(text), "%lld", (long long)alerts);
        suricata_yaml_set(conf, "detect.alerts-max", text);
    }
    list_unknown(tree, path, report);
}

enum err suricata_yaml_load(struct conf *conf, const struct suricata_source *source, bool *taken,
                            struct strbuf *report)
{
    size_t before = report->len;
    struct json *tree = NULL;

    if (slice_ieq(slice_tail(slice_of_str(source->path), 5), SLICE_LIT(".json")))
        return conf_load(conf, source->path, report);
    enum err err = suricata_tree_load(source, &tree, report);
    if (err)
        return err;
    if (!is_suricata(tree)) {
        json_free(&tree);
        return conf_load(conf, source->path, report);
    }
    suricata_tree_set(source, &tree);
    conf_read_take(conf, source->path, &tree, report);
    report->len = before; /* its keys are not ours: one line says it all */
    take_all(conf, conf_tree(conf, ""), source->path, report);
    if (taken)
        *taken = true;
    return ERR_OK;
}
