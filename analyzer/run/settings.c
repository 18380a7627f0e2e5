/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/run/settings.h"
#include "analyzer/api/api.h"
#include "analyzer/api/openapi.h"
#include "analyzer/correlate/correlate.h"
#include "analyzer/dedup/dedup.h"
#include "analyzer/dedup/exceptions.h"
#include "analyzer/enrich/enrich.h"
#include "analyzer/incident/book.h"
#include "analyzer/incident/sla.h"
#include "analyzer/ingest/ingest.h"
#include "analyzer/normalise/normalise.h"
#include "analyzer/push/clickhouse.h"
#include "analyzer/push/connectors.h"
#include "analyzer/report/facts.h"
#include "analyzer/run/cluster.h"
#include "analyzer/run/expiry.h"
#include "analyzer/run/pipeline.h"
#include "analyzer/store/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const struct option *const option_tables[] = {store_options,
                                                     dedup_options,
                                                     pipeline_options,
                                                     cluster_options,
                                                     expiry_options,
                                                     api_options,
                                                     correlate_options,
                                                     book_options,
                                                     connectors_options,
                                                     clickhouse_options,
                                                     facts_options,
                                                     sla_options,
                                                     NULL};

static const struct counter *const counter_tables[] = {pipeline_counters,
                                                       normalise_counters,
                                                       dedup_counters,
                                                       exceptions_counters,
                                                       correlate_counters,
                                                       book_counters,
                                                       NULL};

/* What of an installation is found by itself. */
static const struct {
    const char *key, *path;
} places[] = {{"enrich.site", "iot-profiles/site.yaml"},
              {"enrich.attack", "rules/attack/attack.json"},
              {"correlate.rules", "rules/correlation"},
              {"api.places", "rules/places/can-tho.yaml"},
              {"api.dashboard", "dashboards/dist"}};

static void set_place(struct conf *conf, const char *key, const char *path)
{
    struct strbuf text, report;

    strbuf_init(&text, 0);
    strbuf_init(&report, 0);
    strbuf_fmt(&text, "%s=%s", key, path);
    (void)conf_set(conf, text.at, &report);
    strbuf_fini(&text);
    strbuf_fini(&report);
}

static bool find_place(const char *path, char out[4096])
{
    char exe[2048];
    ssize_t len = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
    exe[len > 0 ? len : 0] = '\0';
    for (int up = 0; up < 3 && strrchr(exe, '/'); up++) /* build/<preset>/program */
        *strrchr(exe, '/') = '\0';
    const char *const roots[] = {".", exe, "/usr/share/tramgac"};
    for (uint32_t i = 0; i < sizeof(roots) / sizeof(roots[0]); i++) {
        snprintf(out, 4096, "%s/%s", roots[i], path);
        if (*roots[i] && access(out, R_OK) == 0)
            return true;
    }
    return false;
}

struct conf *settings_new(void)
{
    struct conf *conf = conf_new();
    char path[4096];

    for (uint32_t i = 0; option_tables[i]; i++)
        conf_add(conf, option_tables[i]);
    for (uint32_t i = 0; in_rows[i]; i++)
        conf_add(conf, in_rows[i]->options);
    for (uint32_t i = 0; enr_rows[i]; i++)
        if (enr_rows[i]->options)
            conf_add(conf, enr_rows[i]->options);
    for (uint32_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
        set_place(conf, places[i].key, find_place(places[i].path, path) ? path : "");
    return conf;
}

/* ---- lists */

static void list_options(const struct conf *conf, struct listing *l)
{
    const struct option *o;
    for (uint32_t i = 0; (o = conf_row(conf, i)); i++) {
        const char *cells[] = {o->key, conf_type_name(o->type), o->fallback, o->doc};
        listing_row(l, cells);
    }
}

static void list_counters(const struct conf *conf, struct listing *l)
{
    (void)conf;
    for (uint32_t t = 0; counter_tables[t]; t++) {
        for (uint32_t i = 0; counter_tables[t][i].name; i++) {
            const char *cells[] = {counter_tables[t][i].name, counter_tables[t][i].doc};
            listing_row(l, cells);
        }
    }
}

#define LIST_ROWS(table, rows)                                                                     \
    static void list_##table(const struct conf *conf, struct listing *l)                           \
    {                                                                                              \
        (void)conf;                                                                                \
        for (uint32_t i = 0; rows[i]; i++) {                                                       \
            const char *cells[] = {rows[i]->name, rows[i]->doc};                                   \
            listing_row(l, cells);                                                                 \
        }                                                                                          \
    }
LIST_ROWS(sources, in_rows)
LIST_ROWS(enrichers, enr_rows)
LIST_ROWS(stores, store_rows)
LIST_ROWS(normalisers, norm_rows)
LIST_ROWS(correlations, corr_rows)
LIST_ROWS(connectors, push_rows)

static void list_routes(const struct conf *conf, struct listing *l)
{
    (void)conf;
    for (uint32_t g = 0; api_rows[g]; g++) {
        for (const struct api_route *r = api_rows[g]->routes; r->method; r++) {
            const char *cells[] = {r->method, r->path, permission_name(r->access), r->takes,
                                   r->doc};
            listing_row(l, cells);
        }
    }
}

static const struct list {
    const char *name;
    const char *heads[LISTING_COLUMNS_MAX + 1];
    void (*fill)(const struct conf *conf, struct listing *l);
} lists[] = {{"options", {"key", "type", "default", "doc", NULL}, list_options},
             {"counters", {"name", "doc", NULL}, list_counters},
             {"sources", {"name", "doc", NULL}, list_sources},
             {"normalisers", {"name", "doc", NULL}, list_normalisers},
             {"enrichers", {"name", "doc", NULL}, list_enrichers},
             {"correlations", {"name", "doc", NULL}, list_correlations},
             {"connectors", {"name", "doc", NULL}, list_connectors},
             {"stores", {"name", "doc", NULL}, list_stores},
             {"routes", {"method", "path", "permission", "takes", "doc", NULL}, list_routes}};

void settings_openapi(void)
{
    struct strbuf out;

    strbuf_init(&out, 0);
    openapi_write(&out);
    puts(out.at);
    strbuf_fini(&out);
}

bool settings_list(const struct conf *conf, const char *name, enum listing_format format,
                   struct strbuf *out)
{
    for (uint32_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        if (strcmp(lists[i].name, name) != 0)
            continue;
        struct listing *l = listing_new(lists[i].heads);
        lists[i].fill(conf, l);
        listing_print(l, format, out);
        listing_free(&l);
        return true;
    }
    return false;
}
