/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One row for each setting of a parser that is called otherwise here; then the switches of the
 * protocols. Industrial ones stay on whatever a file says: what this sensor watches for is what
 * Suricata ships switched off.
 */
#include "sensor/run/suricata_app.h"

#include "sensor/run/suricata_yaml.h"

#include <stdio.h>

enum { TEXT_MAX = 160, DEPTH_MAX = 4 };

#define HTTP "http.libhtp.default-config."

/* Below app-layer.protocols. */
static const struct {
    const char *theirs, *ours;
} rows[] = {
    {HTTP "personality", "http.personality"},
    {HTTP "request-body-limit", "http.request-body"},
    {HTTP "response-body-limit", "http.response-body"},
    {HTTP "response-body-decompress-layer-limit", "http.layers"},
    {HTTP "double-decode-path", "http.twice.path"},
    {HTTP "double-decode-query", "http.twice.query"},
    {"smtp.raw-extraction", "smtp.raw"},
    {"smtp.mime.decode-mime", "smtp.mime"},
    {"smtp.mime.decode-base64", "smtp.decode_base64"},
    {"smtp.mime.decode-quoted-printable", "smtp.decode_quoted"},
    {"smtp.mime.header-value-depth", "smtp.value_bytes"},
    {"smtp.mime.log-url-scheme", "smtp.log_url_scheme"},
    {"ftp.max-line-length", "ftp.max-line-length"},
    {"mqtt.max-msg-length", "mqtt.max-msg-length"},
};

enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

/* Read elsewhere, or by take_* below. */
static const char *const others[] = {
    "http.libhtp.server-config",
    "*.enabled",
    "*.tcp.enabled",
    "*.udp.enabled",
    "smtp.mime.extract-urls",
    "smtp.mime.extract-urls-schemes",
    "smtp.mime.body-md5",
    "tls.encryption-handling",
    "tls.ja3-fingerprints",
    "tls.ja4-fingerprints",
};

/* ---- protocols that are on, off or only recognised ---------------------------------------- */

static bool is_industrial(const char *name)
{
    return strcmp(name, "modbus") == 0 || strcmp(name, "dnp3") == 0 || strcmp(name, "enip") == 0;
}

static bool is_detection_only(const struct json *value)
{
    return strcmp(json_str(value, ""), "detection-only") == 0;
}

static void add(struct strbuf *list, const char *name, const char *transport)
{
    strbuf_fmt(list, "%s%s%s", list->len ? "," : "", name, transport);
}

/* A protocol over two transports that has no switch of its own is off over each that is. */
static void take_switch(const struct json *p, struct strbuf *off, struct strbuf *named)
{
    const char *name = json_key(p);
    const struct json *all = json_get(p, "enabled"), *tcp = json_path(p, "tcp.enabled"),
                      *udp = json_path(p, "udp.enabled");

    if (is_detection_only(all) || (is_detection_only(tcp) && is_detection_only(udp))) {
        add(named, name, "");
    } else if (!suricata_yaml_says(all, true)) {
        add(off, name, "");
    } else {
        if (is_detection_only(tcp) || !suricata_yaml_says(tcp, true))
            add(off, name, "/tcp");
        if (is_detection_only(udp) || !suricata_yaml_says(udp, true))
            add(off, name, "/udp");
    }
}

static void take_switches(struct conf *conf, const struct json *protocols)
{
    struct strbuf off, named;

    strbuf_init(&off, 4096);
    strbuf_init(&named, 4096);
    for (const struct json *p = json_first(protocols); p; p = json_next(p)) {
        if (json_key(p) && !is_industrial(json_key(p)))
            take_switch(p, &off, &named);
    }
    if (off.len)
        suricata_yaml_set(conf, "app.off", off.at);
    if (named.len)
        suricata_yaml_set(conf, "app.name-only", named.at);
    strbuf_fini(&off);
    strbuf_fini(&named);
}

/* ---- the web, mail, TLS
 * ---------------------------------------------------------------------------- */

/* "full": what is encrypted is inspected all the same. */
static void take_tls(struct conf *conf, const struct json *protocols)
{
    const char *how = json_str(json_path(protocols, "tls.encryption-handling"), "default");

    if (strcmp(how, "full") == 0)
        suricata_yaml_set(conf, "detect.encrypted", "true");
}

/* What holds for web servers that a file says nothing of. Files are cut with the bodies, unless
 * they are to be kept. */
static void take_http(struct conf *conf)
{
    suricata_yaml_set(conf, "http.personality", "minimal");
    suricata_yaml_set(conf, "http.request-body", "4096");
    suricata_yaml_set(conf, "http.response-body", "4096");
    suricata_yaml_set(conf, "http.layers", "2");
    suricata_yaml_set(conf, "http.short-files",
                      conf_bool(conf, "filestore.enabled") ? "false" : "true");
}

/* The event asks for the body's digest, the parser takes it unless it is told not to. */
static void take_smtp(struct conf *conf, const struct json *protocols)
{
    const struct json *mime = json_path(protocols, "smtp.mime");
    struct strbuf list;

    strbuf_init(&list, 4096);
    for (const struct json *s = json_first(json_get(mime, "extract-urls-schemes")); s;
         s = json_next(s))
        add(&list, json_str(s, ""), "");
    if (list.len)
        suricata_yaml_set(conf, "smtp.url_schemes", list.at);
    else if (!mime || !suricata_yaml_says(json_get(mime, "extract-urls"), true))
        suricata_yaml_set(conf, "smtp.url_schemes", "");
    if (!suricata_yaml_says(json_get(mime, "body-md5"), true))
        suricata_yaml_set(conf, "smtp.body_md5", "false");
    strbuf_fini(&list);
}

/* ---- what is left ------------------------------------------------------------------------- */

static bool is_taken(const char *path)
{
    const char *dot = strchr(path, '.');

    for (uint32_t i = 0; i < ROWS; i++) {
        if (strcmp(rows[i].theirs, path) == 0)
            return true;
    }
    for (uint32_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        if (strcmp(others[i], path) == 0 ||
            (others[i][0] == '*' && dot && strcmp(dot, others[i] + 1) == 0))
            return true;
    }
    return false;
}

/* Leaves of a section that nothing here reads. */
static void list_left(const struct json *section, const char *name, int depth, struct strbuf *left)
{
    char path[TEXT_MAX];

    for (const struct json *v = json_first(section); v; v = json_next(v)) {
        if (!json_key(v))
            return;
        int n = snprintf(path, sizeof(path), "%s%s%s", name, *name ? "." : "", json_key(v));
        if (n >= (int)sizeof(path))
            continue;
        if (json_kind(v) == JSON_OBJ && depth)
            list_left(v, path, depth - 1, left);
        else if (depth < DEPTH_MAX && !is_taken(path))
            strbuf_fmt(left, " %s", path);
    }
}

void suricata_app_take(struct conf *conf, const struct json *tree, const char *path,
                       struct strbuf *report)
{
    const struct json *protocols = json_path(tree, "app-layer.protocols");
    struct strbuf left;
    char room[SURICATA_YAML_NUMBER];

    take_http(conf);
    for (uint32_t i = 0; i < ROWS; i++) {
        const char *value = suricata_yaml_text(json_path(protocols, rows[i].theirs), room);
        if (value)
            suricata_yaml_set(conf, rows[i].ours, value);
    }
    take_switches(conf, protocols);
    take_smtp(conf, protocols);
    take_tls(conf, protocols);
    /* of URIs encoded twice Suricata tells when it decodes them twice */
    suricata_yaml_set(conf, "http.twice.note", "false");
    strbuf_init(&left, 8192);
    list_left(protocols, "", DEPTH_MAX, &left);
    if (left.len)
        strbuf_fmt(report, "%s: app-layer.protocols without meaning here:%s\n", path, left.at);
    strbuf_fini(&left);
}

bool suricata_app_set(struct conf *conf, const char *assignment)
{
    static const char prefix[] = "app-layer.protocols.";
    const char *key = assignment + sizeof(prefix) - 1, *equals = strchr(assignment, '=');

    if (!equals || strncmp(assignment, prefix, sizeof(prefix) - 1) != 0)
        return false;
    for (uint32_t i = 0; i < ROWS; i++) {
        size_t len = strlen(rows[i].theirs);
        if (len != (size_t)(equals - key) || strncmp(key, rows[i].theirs, len) != 0)
            continue;
        suricata_yaml_set(conf, rows[i].ours, equals + 1);
        return true;
    }
    return false;
}
