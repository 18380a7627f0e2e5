/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How servers differ: what they take for a slash, which codings they know, how much of a body rules
 * see of them. What fits the server's address best goes first.
 */
#include "sensor/app/http_tx.h"

#include "common/conf.h"
#include "common/json.h"

#include <stdio.h>

enum { SERVER_KEPT = 4096, TEXT_MAX = 32 };

static uint32_t body_limit(uint64_t bytes)
{
    return bytes && bytes < HTTP_BODY_MAX ? (uint32_t)bytes : HTTP_BODY_MAX;
}

/* Sets what the name means; one that is not known means what "minimal" does. */
static void take_personality(struct http_manner *manner, const char *name)
{
    static const struct {
        const char *name;
        bool slashes, squash, units, utf8;
    } rows[] = {
        {"", true, true, true, false},         {"ids", true, true, true, true},
        {"generic", true, true, false, false}, {"iis_5_1", true, true, false, false},
        {"iis_6_0", true, true, true, false},  {"iis_7_0", true, true, true, false},
        {"iis_7_5", true, true, true, false},  {"apache_2", false, true, false, false},
        {"apache", false, true, false, false}, {"apache_2_2", false, true, false, false},
    };

    for (uint32_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (!slice_ieq(slice_of_str(name), slice_of_str(rows[i].name)))
            continue;
        manner->slashes = rows[i].slashes;
        manner->squash = rows[i].squash;
        manner->units = rows[i].units;
        manner->utf8 = rows[i].utf8;
    }
}

static bool says(const struct json *value)
{
    return json_bool(value, strcmp(json_str(value, ""), "on") == 0);
}

static uint32_t limit_of(const struct json *value)
{
    uint64_t bytes;

    if (json_kind(value) == JSON_NUM)
        return json_i64(value, 0) >= 0 ? body_limit((uint64_t)json_i64(value, 0)) : SERVER_KEPT;
    return conf_parse_size(json_text(value), &bytes) ? body_limit(bytes) : SERVER_KEPT;
}

static void add_network(struct http_config *config, const char *text)
{
    struct http_network *network = &config->networks[config->n_networks];

    if (!text || config->n_networks == HTTP_NETWORKS_MAX ||
        !prefix_parse(slice_of_str(text), &network->prefix))
        return;
    network->manner = config->n_manners;
    config->n_networks++;
}

static void add_server(struct http_config *config, const struct json *server)
{
    const struct json *address = json_get(server, "address");

    if (json_kind(server) != JSON_OBJ || config->n_manners == HTTP_MANNERS_MAX)
        return;
    config->manners[config->n_manners] = (struct http_manner){
        .path_twice = says(json_get(server, "double-decode-path")),
        .query_twice = says(json_get(server, "double-decode-query")),
        .kept = {[TO_SERVER] = limit_of(json_get(server, "request-body-limit")),
                 [TO_CLIENT] = limit_of(json_get(server, "response-body-limit"))},
    };
    take_personality(&config->manners[config->n_manners],
                     json_str(json_get(server, "personality"), "minimal"));
    for (const struct json *a = json_first(address); a; a = json_next(a))
        add_network(config, json_str(a, NULL));
    config->n_manners++;
}

void http_manner_configure(const struct conf *conf, struct http_config *config)
{
    const struct json *servers = conf_tree(conf, "app-layer.protocols.http.libhtp.server-config");
    int64_t layers = conf_int(conf, "http.layers");

    config->layers = layers < 0 ? 0 : layers > HTTP_LAYERS_MAX ? HTTP_LAYERS_MAX : (uint32_t)layers;
    config->manners[0] = (struct http_manner){
        .path_twice = conf_bool(conf, "http.twice.path"),
        .query_twice = conf_bool(conf, "http.twice.query"),
        .kept = {[TO_SERVER] = body_limit(conf_size(conf, "http.request-body")),
                 [TO_CLIENT] = body_limit(conf_size(conf, "http.response-body"))},
    };
    take_personality(&config->manners[0], conf_text(conf, "http.personality"));
    config->n_manners = 1;
    for (const struct json *s = json_first(servers); s; s = json_next(s))
        add_server(config, json_first(s));
}

const struct http_manner *http_manner_of(const struct http_config *config,
                                         const struct addr *server)
{
    const struct http_network *best = NULL;

    for (uint32_t i = 0; i < config->n_networks; i++) {
        const struct http_network *n = &config->networks[i];
        if ((!best || n->prefix.bits > best->prefix.bits) && prefix_has(&n->prefix, server))
            best = n;
    }
    return &config->manners[best ? best->manner : 0];
}
