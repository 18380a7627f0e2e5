/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Feeds a recorded conversation to the application engine and collects what came of it as text.
 *
 * A recording: flags (1 UDP, 2 joined in the middle), how to cut, server port (2 bytes,
 * big-endian), then pieces: mark (1 sent by the server, 2 bytes were lost before it, 4 of a second
 * flow between the same hosts to FEED_DATA_PORT), length (2 bytes), bytes.
 */
#ifndef TRAMGAC_TESTS_PROTO_FEED_H
#define TRAMGAC_TESTS_PROTO_FEED_H

#include "common/cursor.h"
#include "common/hash.h"
#include "common/jsonw.h"
#include "sensor/app/app.h"
#include "sensor/files/files.h"

#include <stdlib.h>

enum {
    FEED_UDP = 1,
    FEED_MIDSTREAM = 2,
    FEED_SERVER = 1,
    FEED_LOST = 2,
    FEED_DATA = 4,
    FEED_DATA_PORT = 5001,
    FEED_GAP_BYTES = 4000
};

struct feed {
    struct conf *conf;
    struct stats stats;
    struct app_engine *engine;
    struct files *files;
    uint32_t random;
};

/* How the pieces are cut: as recorded, at every byte, or at random places. */
enum feed_cut { FEED_WHOLE, FEED_BYTES, FEED_RANDOM };

static void feed_tx_gone(void *context, struct tx *tx)
{
    (void)context;
    files_drop_tx(tx);
}

static inline void feed_init(struct feed *feed, const char *setting)
{
    struct strbuf report;
    *feed = (struct feed){.conf = conf_new(), .random = 1};
    strbuf_init(&report, 0);
    conf_add(feed->conf, app_options);
    conf_add(feed->conf, files_options);
    for (uint32_t i = 0; proto_rows[i]; i++)
        if (proto_rows[i]->options)
            conf_add(feed->conf, proto_rows[i]->options);
    if (setting)
        (void)conf_set(feed->conf, setting, &report);
    strbuf_fini(&report);
    feed->engine = app_engine_new(feed->conf, &feed->stats);
    feed->files = files_new(feed->conf, &feed->stats);
    files_want(feed->files, FILES_SHA256);
    app_on_free(feed->engine, feed_tx_gone, NULL);
}

static inline void feed_fini(struct feed *feed)
{
    files_free(&feed->files);
    app_engine_free(&feed->engine);
    stats_fini(&feed->stats);
    conf_free(&feed->conf);
}

static inline uint32_t feed_random(struct feed *feed)
{
    feed->random = feed->random * 1664525U + 1013904223U;
    return feed->random >> 8;
}

/* As after a silence: what the floors hold is put away and taken back, elsewhere. */
static inline void feed_rest(struct feed *feed, struct flow *flow)
{
    static uint8_t room[APP_REST_MOST];
    struct sparse_out out = {room, room + sizeof room};

    app_rest(feed->engine, flow, &out);
    files_rest(feed->files, flow, &out);
    files_wake(feed->files, flow, app_rest_wake(feed->engine, flow, room));
}

static inline void feed_chunk(struct feed *feed, struct flow *flow, struct chunk chunk)
{
    uint32_t n;
    struct packet packet = {.proto = flow->proto, .ts_ns = 1000};
    /* A copy of its own, so that reads behind it are seen. */
    uint8_t *bytes = malloc(chunk.data.len ? chunk.data.len : 1);
    if (chunk.data.len)
        memcpy(bytes, chunk.data.at, chunk.data.len);
    chunk.data.at = bytes;
    app_input(feed->engine, flow, &packet, &chunk);
    const struct app_file *pieces = app_files(feed->engine, &n);
    files_input(feed->files, flow, pieces, n);
    app_clear(feed->engine, flow, 3);
    files_clear(feed->files, flow, 3);
    free(bytes);
    if (feed_random(feed) % 2)
        feed_rest(feed, flow);
}

static inline void feed_piece(struct feed *feed, struct flow *flow, enum feed_cut cut,
                              struct chunk chunk)
{
    struct slice rest = chunk.data;
    while (rest.len && !chunk.datagram) {
        uint32_t n = cut == FEED_WHOLE   ? rest.len
                     : cut == FEED_BYTES ? 1
                                         : 1 + feed_random(feed) % 97;
        chunk.data = slice_head(rest, n);
        rest = slice_from(rest, n);
        feed_chunk(feed, flow, chunk);
        chunk.gap = 0;
    }
    if (chunk.datagram)
        feed_chunk(feed, flow, chunk);
}

static inline void feed_collect(struct feed *feed, struct flow *flow, struct strbuf *out)
{
    struct jsonw w;
    jsonw_init(&w, out);
    strbuf_str(out, flow->app_name ? flow->app_name : "?");
    for (struct tx *tx = app_first_tx(flow); tx; tx = tx->next) {
        uint32_t n = app_events(tx);
        strbuf_fmt(out, "\n%s %u/%u", tx->proto->name, tx->progress[0], tx->progress[1]);
        for (uint8_t i = 0; i < tx->notes; i++)
            strbuf_fmt(out, " !%s", tx->proto->notes[tx->note[i]]);
        for (uint32_t i = 0; i < n; i++) {
            strbuf_char(out, '\n');
            w.comma = false;
            jsonw_obj_open(&w, NULL);
            app_write_event(tx, i, &w);
            jsonw_obj_close(&w);
            if (tx->proto->write_beside)
                tx->proto->write_beside(tx, &w);
        }
    }
    for (struct file *f = files_first(flow); f; f = f->next)
        strbuf_fmt(out, "\nfile %.*s %llu %d %s", (int)f->name.len, (const char *)f->name.at,
                   (unsigned long long)f->size, (int)f->state, f->sha256);
    (void)feed;
}

/* All fields of all transactions, as rules and baselines read them. */
static inline uint64_t feed_read_fields(struct flow *flow)
{
    uint64_t sum = 0;
    for (struct tx *tx = app_first_tx(flow); tx; tx = tx->next) {
        for (const struct field *f = tx->proto->fields; f && f->name; f++) {
            bool list = f->type == FIELD_LIST;
            for (const struct field *g = list ? f->items : f; g->name; g++) {
                struct field_ref ref = {tx->proto, list ? f : NULL, g};
                uint32_t n = field_instances(&ref, tx);
                for (uint32_t i = 0; i < n; i++) {
                    struct slice bytes;
                    uint64_t number;
                    if (field_bytes(&ref, tx, i, &bytes))
                        sum += hash_bytes(bytes, 0);
                    if (field_number(&ref, tx, i, &number))
                        sum += number;
                }
                if (!list)
                    break;
            }
        }
    }
    return sum;
}

static inline void feed_end(struct feed *feed, struct flow *flow, struct strbuf *out)
{
    uint32_t n;

    app_end(feed->engine, flow);
    const struct app_file *pieces = app_files(feed->engine, &n);
    files_input(feed->files, flow, pieces, n);
    files_end(feed->files, flow);
    (void)feed_read_fields(flow);
    feed_collect(feed, flow, out);
    app_clear(feed->engine, flow, 3);
    files_drop(feed->files, flow);
    app_drop(feed->engine, flow);
}

/** Plays a recording; appends protocol, transactions and files to `out`. */
static inline void feed_play(struct feed *feed, struct slice recording, enum feed_cut cut,
                             struct strbuf *out)
{
    struct cursor c = cursor_of(recording);
    uint8_t flags = cursor_u8(&c);
    feed->random += cursor_u8(&c);
    struct flow flow = {.proto = flags & FEED_UDP ? IPPROTO_UDP4 : IPPROTO_TCP4,
                        .client_port = 40000,
                        .server_port = cursor_be16(&c),
                        .midstream = flags & FEED_MIDSTREAM};
    struct flow data = {.proto = flow.proto, .client_port = 40001, .server_port = FEED_DATA_PORT};
    bool second = false;

    while (cursor_left(&c) && cursor_ok(&c)) {
        uint8_t mark = cursor_u8(&c);
        uint32_t len = cursor_be16(&c);
        len = len < cursor_left(&c) ? len : cursor_left(&c);
        struct chunk chunk = {.data = cursor_take(&c, len),
                              .dir = mark & FEED_SERVER ? TO_CLIENT : TO_SERVER,
                              .gap = mark & FEED_LOST ? FEED_GAP_BYTES : 0,
                              .datagram = flags & FEED_UDP};
        second |= (mark & FEED_DATA) != 0;
        feed_piece(feed, mark & FEED_DATA ? &data : &flow, cut, chunk);
    }
    feed_end(feed, &flow, out);
    if (second) {
        strbuf_str(out, "\n-- ");
        feed_end(feed, &data, out);
    }
}

#endif
