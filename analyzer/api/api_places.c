/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where sites lie, for the plan of the first page: rules/places/README.md says what the file holds.
 * It is read at each request: it is small, and who corrects a place sees it at once. Limits:
 * SITES_MAX sites, LINES_MAX lines of POINTS_MAX points.
 */
#include "analyzer/api/act.h"
#include "analyzer/api/shape.h"
#include "common/conf.h"

#include <stdio.h>

enum {
    FILE_MAX = 1 << 20,
    SITES_MAX = 1000,
    LINES_MAX = 200,
    POINTS_MAX = 2000,
    NAME_MAX_BYTES = 200
};

/* [latitude, longitude] in degrees. */
static bool read_point(const struct json *v, double *lat, double *lon)
{
    const struct json *first = json_first(v), *second = first ? json_next(first) : NULL;

    if (json_kind(v) != JSON_ARR || !second || json_next(second))
        return false;
    *lat = json_num(first, 1000);
    *lon = json_num(second, 1000);
    return *lat >= -90 && *lat <= 90 && *lon >= -180 && *lon <= 180;
}

/* {en, vi}, one text for both, or what stands in for it. */
static void write_name(struct call *call, const char *key, const struct json *v,
                       const char *or_else)
{
    const char *one = json_str(v, or_else);
    const char *en = json_str(json_get(v, "en"), one);

    if (*en && strlen(en) <= NAME_MAX_BYTES)
        shape_text2(&call->out, key, en, json_str(json_get(v, "vi"), en));
}

static void write_sites(struct call *call, const struct json *list)
{
    uint32_t n = 0;

    jsonw_arr_open(&call->out, "sites");
    for (const struct json *v = json_first(list); v && n < SITES_MAX; v = json_next(v)) {
        const char *site = json_str(json_get(v, "site"), "");
        double lat, lon;
        if (!*site || !read_point(json_get(v, "at"), &lat, &lon) || !act_in_scope(call, site))
            continue;
        jsonw_obj_open(&call->out, NULL);
        jsonw_str(&call->out, "site", site);
        write_name(call, "title", json_get(v, "title"), site);
        jsonw_num(&call->out, "lat", lat);
        jsonw_num(&call->out, "lon", lon);
        jsonw_obj_close(&call->out);
        n++;
    }
    jsonw_arr_close(&call->out);
}

static void write_points(struct call *call, const struct json *list)
{
    uint32_t n = 0;

    jsonw_arr_open(&call->out, "at");
    for (const struct json *p = json_first(list); p && n < POINTS_MAX; p = json_next(p)) {
        double lat, lon;
        if (!read_point(p, &lat, &lon))
            continue;
        jsonw_arr_open(&call->out, NULL);
        jsonw_num(&call->out, NULL, lat);
        jsonw_num(&call->out, NULL, lon);
        jsonw_arr_close(&call->out);
        n++;
    }
    jsonw_arr_close(&call->out);
}

static void write_lines(struct call *call, const struct json *list)
{
    uint32_t n = 0;

    jsonw_arr_open(&call->out, "lines");
    for (const struct json *v = json_first(list); v && n < LINES_MAX; v = json_next(v), n++) {
        const char *kind = json_str(json_get(v, "kind"), "");
        jsonw_obj_open(&call->out, NULL);
        jsonw_str(&call->out, "kind", strcmp(kind, "water") == 0 ? kind : "border");
        write_name(call, "name", json_get(v, "name"), "");
        write_points(call, json_get(v, "at"));
        jsonw_obj_close(&call->out);
    }
    jsonw_arr_close(&call->out);
}

static void show(struct call *call)
{
    const char *path = conf_text(call->services->conf, "api.places");
    struct json *tree = NULL;
    struct json_fault why = {0};

    if (*path && json_load(path, FILE_MAX, &tree, &why) != ERR_OK) {
        char en[400], vi[400];
        snprintf(en, sizeof(en), "api.places cannot be read: %.200s:%u: %.100s", path, why.line,
                 why.text);
        snprintf(vi, sizeof(vi), "Không đọc được api.places: %.200s:%u: %.100s", path, why.line,
                 why.text);
        api_fail(call, 500, en, vi);
        return;
    }
    jsonw_obj_open(&call->out, NULL);
    write_sites(call, json_get(tree, "sites"));
    write_lines(call, json_get(tree, "lines"));
    jsonw_obj_close(&call->out);
    json_free(&tree);
}

static const struct api_route routes[] = {
    {"GET", "/api/places", PERM_READ, show,
     "Where sites lie, and the lines of a plan: rivers, borders.", ""},
    {.method = NULL},
};

const struct api_group api_places = {
    .name = "places", .doc = "The plan of sites", .routes = routes};
