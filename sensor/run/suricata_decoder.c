/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ports stand there as a number, a text such as "[8472, 4789]", a list, "any" or a variable.
 */
#include "sensor/run/suricata_decoder.h"
#include "sensor/run/suricata_yaml.h"

#include <stdio.h>

enum { TEXT_MAX = 256, VARIABLES_DEEP = 4 };

static const char *const tunnels[] = {"vxlan", "geneve", "teredo"};

/* The value a variable stands for, through a few steps; NULL when there is none. */
static const struct json *resolved(const struct json *tree, const struct json *value)
{
    char key[TEXT_MAX];

    for (uint32_t i = 0; i < VARIABLES_DEEP; i++) {
        const char *text = json_str(value, NULL);
        if (!text || text[0] != '$')
            return value;
        snprintf(key, sizeof(key), "vars.port-groups.%s", text + 1);
        value = json_path(tree, key);
    }
    return NULL;
}

static void add(struct strbuf *list, const char *text)
{
    for (; *text; text++) {
        bool between = *text == ',' || *text == ' ' || *text == '[' || *text == ']';
        if (!between)
            strbuf_char(list, *text);
        else if (list->len && list->at[list->len - 1] != ',')
            strbuf_char(list, ',');
    }
}

static void add_value(struct strbuf *list, const struct json *value)
{
    if (json_kind(value) == JSON_NUM)
        strbuf_fmt(list, "%lld", (long long)json_i64(value, 0));
    else
        add(list, json_str(value, ""));
}

static void take_ports(struct conf *conf, const struct json *tree, const char *tunnel,
                       const struct json *ports)
{
    struct strbuf list;
    char key[TEXT_MAX];

    ports = resolved(tree, ports);
    if (!ports)
        return;
    strbuf_init(&list, 1024);
    if (json_kind(ports) != JSON_ARR)
        add_value(&list, ports);
    for (const struct json *p = json_kind(ports) == JSON_ARR ? json_first(ports) : NULL; p;
         p = json_next(p)) {
        add_value(&list, p);
        strbuf_char(&list, ',');
    }
    while (list.len && list.at[list.len - 1] == ',')
        list.at[--list.len] = '\0';
    snprintf(key, sizeof(key), "decode.%s.ports", tunnel);
    if (list.len)
        suricata_yaml_set(conf, key, list.at);
    strbuf_fini(&list);
}

static void take_tunnel(struct conf *conf, const struct json *tree, const char *tunnel)
{
    char path[TEXT_MAX], key[TEXT_MAX];

    snprintf(path, sizeof(path), "decoder.%s.enabled", tunnel);
    snprintf(key, sizeof(key), "decode.%s.enabled", tunnel);
    const struct json *enabled = json_path(tree, path);
    if (enabled)
        suricata_yaml_set(conf, key, suricata_yaml_says(enabled, true) ? "true" : "false");
    snprintf(path, sizeof(path), "decoder.%s.ports", tunnel);
    take_ports(conf, tree, tunnel, json_path(tree, path));
}

static bool is_taken(const char *name)
{
    for (uint32_t i = 0; i < sizeof(tunnels) / sizeof(tunnels[0]); i++) {
        if (strcmp(tunnels[i], name) == 0)
            return true;
    }
    return strcmp(name, "max-layers") == 0;
}

void suricata_decoder_take(struct conf *conf, const struct json *tree, const char *path,
                           struct strbuf *report)
{
    const struct json *decoder = json_get(tree, "decoder");
    int64_t layers = json_i64(json_get(decoder, "max-layers"), 0);
    char text[TEXT_MAX];

    suricata_yaml_set(conf, "decode.as-suricata", "true");
    for (uint32_t i = 0; i < sizeof(tunnels) / sizeof(tunnels[0]); i++)
        take_tunnel(conf, tree, tunnels[i]);
    if (layers > 0) {
        snprintf(text, sizeof(text), "%lld", (long long)layers);
        suricata_yaml_set(conf, "decode.max-layers", text);
    }
    for (const struct json *v = json_first(decoder); v; v = json_next(v)) {
        if (json_key(v) && !is_taken(json_key(v)))
            strbuf_fmt(report, "%s: without meaning here: decoder.%s\n", path, json_key(v));
    }
}
