/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/correlate/watermark.h"
#include "common/check.h"
#include "common/jsonw.h"
#include "common/map.h"

#include <stdio.h>
#include <stdlib.h>

enum { SENSORS_MAX = 4096 };

struct watermark {
    uint64_t idle_ns;
    uint64_t newest_ns;
    struct map *sensors; /* name → newest event time */
};

struct watermark *watermark_new(uint64_t idle_ns)
{
    struct watermark *w = calloc(1, sizeof(*w));

    CHECK(w);
    w->idle_ns = idle_ns;
    w->sensors = map_new(SENSORS_MAX, RECORD_TEXT_MAX);
    CHECK(w->sensors);
    return w;
}

void watermark_free(struct watermark **w)
{
    if (*w) {
        map_free(&(*w)->sensors);
        free(*w);
    }
    *w = NULL;
}

void watermark_clear(struct watermark *w)
{
    map_clear(w->sensors);
    w->newest_ns = 0;
}

void watermark_note(struct watermark *w, const char *sensor, uint64_t ts_ns)
{
    union map_value *newest = map_add(w->sensors, slice_of_str(sensor), NULL);

    if (newest && ts_ns > newest->u)
        newest->u = ts_ns;
    w->newest_ns = ts_ns > w->newest_ns ? ts_ns : w->newest_ns;
}

uint64_t watermark_at(const struct watermark *w)
{
    uint64_t least = w->newest_ns;
    uint32_t at = 0;
    union map_value *value;
    struct slice name;

    while (map_next(w->sensors, &at, &name, &value)) {
        if (value->u + w->idle_ns >= w->newest_ns && value->u < least)
            least = value->u;
    }
    return least;
}

uint64_t watermark_newest(const struct watermark *w)
{
    return w->newest_ns;
}

enum err watermark_save(const struct watermark *w, const char *name,
                        const struct correlate_sink *sink)
{
    struct strbuf out;
    uint32_t at = 0;
    union map_value *value;
    struct slice sensor;
    struct jsonw j;

    strbuf_init(&out, 0);
    jsonw_init(&j, &out);
    jsonw_arr_open(&j, NULL);
    while (map_next(w->sensors, &at, &sensor, &value)) {
        char text[24];
        snprintf(text, sizeof(text), "%llu", (unsigned long long)value->u);
        jsonw_text(&j, NULL, sensor);
        jsonw_str(&j, NULL, text);
    }
    jsonw_arr_close(&j);
    enum err err = sink->put(sink->ctx, name, strbuf_view(&out));
    strbuf_fini(&out);
    return err;
}

void watermark_restore(struct watermark *w, const struct json *v)
{
    const struct json *name = json_first(v);

    while (name && json_next(name)) {
        const struct json *time = json_next(name);
        watermark_note(w, json_str(name, ""), strtoull(json_str(time, "0"), NULL, 10));
        name = json_next(time);
    }
}
