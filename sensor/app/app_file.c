/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pieces of files on their way from the parsers to files/. A piece stays where it is when it lies
 * in the packet's own bytes; what a parser decoded is copied into memory that lives until
 * app_clear.
 */
#include "sensor/app/app_flow.h"

#include <stdlib.h>

enum { FIRST_ROOM = 64, PIECES_MAX = 65536 };

static struct app_file *piece(struct app *app, struct tx *tx, enum dir dir)
{
    struct app_engine *engine = app->engine;

    if (engine->n_files == engine->files_room) {
        uint32_t room = engine->files_room ? engine->files_room * 2 : FIRST_ROOM;
        struct app_file *files =
            room <= PIECES_MAX ? realloc(engine->files, room * sizeof *files) : NULL;
        if (!files) {
            engine->count[APP_MEMORY]++;
            return NULL;
        }
        engine->files = files;
        engine->files_room = room;
    }
    struct app_file *file = &engine->files[engine->n_files++];
    *file = (struct app_file){.tx = tx, .dir = dir};
    return file;
}

static struct slice lasting(struct app_engine *engine, struct slice s)
{
    uintptr_t from = (uintptr_t)engine->chunk.at, at = (uintptr_t)s.at;
    if (at >= from && at + s.len <= from + engine->chunk.len)
        return s;
    return arena_keep(&engine->scratch, s);
}

void app_file_begin(struct app *app, struct tx *tx, enum dir dir, struct slice name)
{
    struct tx_box *box = app_flow_box(tx);
    if (box->file_open[dir])
        app_file_cut(app, tx, dir);
    struct app_file *file = piece(app, tx, dir);
    if (!file)
        return;
    file->kind = APP_FILE_BEGIN;
    file->bytes = app_keep(app, tx, name);
    box->file_open[dir] = true;
}

void app_file_data(struct app *app, struct tx *tx, enum dir dir, struct slice data)
{
    if (!data.len || !app_flow_box(tx)->file_open[dir])
        return;
    struct app_file *file = piece(app, tx, dir);
    if (!file)
        return;
    file->kind = APP_FILE_DATA;
    file->bytes = lasting(app->engine, data);
    tx->touched[dir] = true;
    app->dirty = true;
}

/* Nobody reads what would be kept: it is counted only. */
static void count_body(struct app *app, struct tx *tx, uint32_t len, uint32_t *seen, uint32_t cap)
{
    tx->touched[app->dir] = true;
    app->dirty = true;
    tx->truncated |= len > cap - *seen;
    *seen += len < cap - *seen ? len : cap - *seen;
}

void app_file_body(struct app *app, struct tx *tx, enum dir dir, bool is_file, struct slice data,
                   struct slice *kept, uint32_t *seen, uint32_t cap)
{
    struct tx_box *box = app_flow_box(tx);
    uint32_t had = kept->len;

    if (!data.len)
        return;
    if (app->engine->without_rules) {
        count_body(app, tx, data.len, seen, cap);
        if (is_file)
            app_file_data(app, tx, dir, data);
        return;
    }
    /* The piece comes first: files that look at the body learn of it where the body went. */
    struct app_file *file = is_file && box->file_open[dir] ? piece(app, tx, dir) : NULL;
    box->body_shown[dir] |= file != NULL;
    app_tx_grow(app, tx, kept, data, cap,
                file || !box->body_shown[dir] ? APP_GROWN_OWN : APP_GROWN_SHARED);
    *seen = kept->len;
    if (!file)
        return;
    file->kind = APP_FILE_DATA;
    file->body = kept;
    file->body_at = had;
    file->bytes =
        kept->len - had == data.len ? (struct slice){NULL, data.len} : lasting(app->engine, data);
    tx->touched[dir] = true;
    app->dirty = true;
}

const struct app_file *app_files(const struct app_engine *engine, uint32_t *n)
{
    for (uint32_t i = 0; i < engine->n_files; i++) {
        struct app_file *file = &engine->files[i];
        if (file->body && !file->bytes.at)
            file->bytes.at = file->body->at + file->body_at;
    }
    *n = engine->n_files;
    return engine->files;
}

void app_file_end(struct app *app, struct tx *tx, enum dir dir, bool complete)
{
    struct tx_box *box = app_flow_box(tx);
    if (!box->file_open[dir])
        return;
    box->file_open[dir] = false;
    struct app_file *file = piece(app, tx, dir);
    if (!file)
        return;
    file->kind = complete ? APP_FILE_END : APP_FILE_CUT;
}

void app_file_cut(struct app *app, struct tx *tx, enum dir dir)
{
    app_file_end(app, tx, dir, false);
}
