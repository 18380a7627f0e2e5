/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One row for each setting; what a file does not say is as it is in Suricata when it does not say
 * it, with two exceptions: sessions without handshake are followed until the first SYN of their
 * interface (stream.midstream: auto), as a mirror that shows none would else show nothing; sessions
 * of which one side is seen are followed too, but without events of streams.
 */
#include "sensor/run/suricata_stream.h"
#include "common/json.h"
#include "common/strbuf.h"
#include "sensor/run/suricata_yaml.h"

#include <stdio.h>

enum { TEXT_MAX = 64, TRACKER_BYTES = 77824 };

static bool is_off(const char *value)
{
    return strcmp(value, "no") == 0 || strcmp(value, "false") == 0 || strcmp(value, "off") == 0;
}

/* ---- settings ----------------------------------------------------------------------------- */

static void take_midstream(struct conf *conf, const char *value)
{
    suricata_yaml_set(conf, "stream.midstream",
                      is_off(value)                ? "no"
                      : strcmp(value, "auto") == 0 ? "auto"
                                                   : "yes");
}

static void take_async(struct conf *conf, const char *value)
{
    bool said = strcmp(value, "absent") != 0;

    suricata_yaml_set(conf, "stream.async-oneside", is_off(value) ? "false" : "true");
    suricata_yaml_set(conf, "stream.async-events", said ? "true" : "false");
}

static void take_file_checksums(struct conf *conf, const char *value)
{
    suricata_yaml_set(conf, "capture.checksum-validation",
                      is_off(value)                ? "none"
                      : strcmp(value, "auto") == 0 ? "auto"
                                                   : "all");
}

static void take_checksums(struct conf *conf, const char *value)
{
    if (is_off(value))
        suricata_yaml_set(conf, "capture.checksum-validation", "none");
}

/* auto: by the way packets come, and here they only pass by. */
static void take_inline(struct conf *conf, const char *value)
{
    suricata_yaml_set(conf, "stream.inline",
                      is_off(value) || strcmp(value, "auto") == 0 ? "no" : "yes");
}

static void take_depth(struct conf *conf, const char *value)
{
    uint64_t bytes;

    if (!conf_parse_size(slice_of_str(value), &bytes))
        return;
    suricata_yaml_set(conf, "stream.depth", value);
    suricata_yaml_set(conf, "detect.stream-depth", bytes ? value : "1t");
    suricata_yaml_set(conf, "detect.behind-depth", bytes ? "true" : "false");
}

/* Without the bytes of streams rules on them have nothing to look at. */
static void take_raw(struct conf *conf, const char *value)
{
    if (!is_off(value))
        return;
    suricata_yaml_set(conf, "detect.stream-depth", "0");
    suricata_yaml_set(conf, "detect.behind-depth", "false");
}

static void take_memcap(struct conf *conf, const char *value)
{
    suricata_yaml_set(conf, "stream.memcap", value);
}

/* Nothing can be dropped here: as Suricata does beside the wire. A gap of the urgent byte is the
 * byte left out. */
static void take_urgent(struct conf *conf, const char *value)
{
    bool out = strcmp(value, "oob") == 0 || strcmp(value, "gap") == 0;

    suricata_yaml_set(conf, "stream.urgent", out ? "oob" : "inline");
}

static void take_fragment_memory(struct conf *conf, const char *value)
{
    uint64_t bytes;
    char text[TEXT_MAX];

    if (!conf_parse_size(slice_of_str(value), &bytes))
        return;
    uint64_t most = bytes / TRACKER_BYTES ? bytes / TRACKER_BYTES : 1;
    if (most >= (uint64_t)conf_int(conf, "defrag.trackers"))
        return;
    snprintf(text, sizeof(text), "%llu", (unsigned long long)most);
    suricata_yaml_set(conf, "defrag.trackers", text);
}

static void take_as_it_is(struct conf *conf, const char *value)
{
    (void)conf;
    (void)value;
}

static const struct {
    const char *key;
    const char *absent; /* what a file means that does not say it; NULL = nothing is taken */
    void (*take)(struct conf *conf, const char *value);
} rows[] = {
    {"stream.midstream", "auto", take_midstream},
    {"stream.async-oneside", "absent", take_async},
    {"pcap-file.checksum-checks", NULL, take_file_checksums},
    {"stream.checksum-validation", NULL, take_checksums},
    {"stream.inline", "auto", take_inline},
    {"stream.reassembly.depth", "0", take_depth},
    {"stream.reassembly.raw", NULL, take_raw},
    {"stream.reassembly.memcap", "0", take_memcap},
    {"stream.reassembly.urgent.policy", "inline", take_urgent},
    {"defrag.memcap", NULL, take_fragment_memory},
    {"defrag.trackers", NULL, take_as_it_is},
    {"defrag.timeout", NULL, take_as_it_is},
    {"defrag.host-config", NULL, take_as_it_is},
};

enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

/* ---- what is left ------------------------------------------------------------------------- */

static bool is_taken(const char *path)
{
    for (uint32_t i = 0; i < ROWS; i++) {
        size_t len = strlen(path);
        bool above = strncmp(rows[i].key, path, len) == 0 && rows[i].key[len] == '.';
        if (above || strcmp(rows[i].key, path) == 0)
            return true;
    }
    return false;
}

static void list_left(const struct json *section, const char *name, struct strbuf *left)
{
    char path[2 * TEXT_MAX];

    for (const struct json *v = json_first(section); v; v = json_next(v)) {
        snprintf(path, sizeof(path), "%s.%s", name, json_key(v) ? json_key(v) : "");
        if (!is_taken(path))
            strbuf_fmt(left, " %s", path);
    }
}

void suricata_stream_take(struct conf *conf, const struct json *tree, const char *path,
                          struct strbuf *report)
{
    const struct json *stream = json_get(tree, "stream");
    struct strbuf left;
    char room[SURICATA_YAML_NUMBER];

    for (uint32_t i = 0; i < ROWS; i++) {
        const char *value = suricata_yaml_text(json_path(tree, rows[i].key), room);
        if (value || rows[i].absent)
            rows[i].take(conf, value ? value : rows[i].absent);
    }
    /* a mirror's copies are packets there like any others */
    suricata_yaml_set(conf, "dedup.enabled", "false");
    strbuf_init(&left, 4096);
    list_left(stream, "stream", &left);
    list_left(json_get(stream, "reassembly"), "stream.reassembly", &left);
    list_left(json_get(tree, "defrag"), "defrag", &left);
    if (left.len)
        strbuf_fmt(report, "%s: without meaning here (--memory bounds all):%s\n", path, left.at);
    strbuf_fini(&left);
}

bool suricata_stream_set(struct conf *conf, const char *assignment)
{
    const char *equals = strchr(assignment, '=');

    for (uint32_t i = 0; equals && i < ROWS; i++) {
        size_t len = strlen(rows[i].key);
        if (len != (size_t)(equals - assignment) || strncmp(assignment, rows[i].key, len) != 0 ||
            rows[i].take == take_as_it_is)
            continue;
        rows[i].take(conf, equals + 1);
        return true;
    }
    return false;
}
