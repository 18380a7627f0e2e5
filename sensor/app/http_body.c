/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP bodies: content codings removed (gzip, deflate, br; RFC 9110 section 8.4.1), bytes handed to
 * the body buffers and to the file. Several codings are removed from the outside inwards; a layer
 * whose bytes turn out not to be coded lets them through, as browsers do.
 * Limits: HTTP_LAYERS_MAX codings; a body unpacks to at most UNPACKED_MAX bytes, and to BOMB_RATIO
 * times its size when that is more than BOMB_BYTES.
 */
#include "sensor/app/http_tx.h"

#include "common/inflate.h"
#include "common/unbrotli.h"

#include <stdlib.h>

enum {
    STEP_BYTES = 16384,
    UNPACKED_MAX = 64 << 20,
    BOMB_BYTES = 1 << 20,
    BOMB_RATIO = 2048,
    BODY_KEPT = 100 * 1024,
    HEAD_KEPT = 512, /* what is let through when a layer fails before its first byte */
    GZIP_MAGIC = 2,  /* bytes that tell gzip */
    GZIP_FLAGS = 3,  /* where its flags stand, five of them in use */
    GZIP_FLAGS_USED = 0x1f
};

struct layer {
    struct inflate *inflate;
    struct unbrotli *unbrotli;
    uint64_t seen;           /* bytes that came in */
    uint8_t head[HEAD_KEPT]; /* the first of them */
    uint16_t n_head;
    bool gzip;    /* its magic is looked at first */
    bool started; /* bytes went into the decoder */
    bool proven;  /* bytes came out of it */
    bool plain;   /* not coded at all */
    bool over;    /* the stream is complete */
};

struct http_body {
    struct layer layers[HTTP_LAYERS_MAX]; /* outermost first */
    uint32_t n_layers;
    uint64_t unpacked_bytes; /* of all layers */
    uint64_t wire_bytes;
    uint64_t out_bytes; /* of the last layer */
};

/** Where the bytes of a body go. */
struct sink {
    struct http_body *body;
    struct app *app;
    struct tx *tx;
    enum dir dir;
};

/* Codings are told by what a token holds: "x-gzip" and "gz\0ip" are gzip to browsers. */
static bool layer_open(struct layer *layer, struct slice token)
{
    layer->gzip = http_head_says(token, SLICE_LIT("gzip"));
    if (layer->gzip)
        layer->inflate = inflate_new(INFLATE_GZIP);
    else if (http_head_says(token, SLICE_LIT("deflate")))
        layer->inflate = inflate_new(INFLATE_HTTP);
    else if (slice_ieq(token, SLICE_LIT("br")))
        layer->unbrotli = unbrotli_new();
    return layer->inflate || layer->unbrotli;
}

/* Takes the last token off `list`; codings are listed in the order they were applied. */
static struct slice last_token(struct slice *list)
{
    uint32_t end = list->len;
    while (end && (list->at[end - 1] == ',' || list->at[end - 1] == ' '))
        end--;
    uint32_t start = end;
    while (start && list->at[start - 1] != ',' && list->at[start - 1] != ' ')
        start--;
    struct slice token = slice_from(slice_head(*list, end), start);
    *list = slice_head(*list, start);
    return token;
}

struct http_body *http_body_new(struct slice encoding, uint32_t layers)
{
    struct http_body *body = calloc(1, sizeof *body);

    while (body && encoding.len && body->n_layers < layers)
        body->n_layers += layer_open(&body->layers[body->n_layers], last_token(&encoding));
    if (body && !body->n_layers)
        http_body_free(&body);
    return body;
}

void http_body_free(struct http_body **body)
{
    if (!*body)
        return;
    for (uint32_t i = 0; i < HTTP_LAYERS_MAX; i++) {
        inflate_free(&(*body)->layers[i].inflate);
        unbrotli_free(&(*body)->layers[i].unbrotli);
    }
    free(*body);
    *body = NULL;
}

bool http_body_is_bomb(const struct http_body *body)
{
    return body && body->out_bytes > BOMB_BYTES && body->out_bytes / BOMB_RATIO > body->wire_bytes;
}

static void pass_on(const struct sink *sink, struct slice data)
{
    struct http_message *m = http_tx_message(sink->tx, sink->dir);
    const struct http_tx *http = tx_data(sink->tx);
    uint32_t kept = http->manner ? http->manner->kept[sink->dir] : BODY_KEPT;
    bool cut = http->config && http->config->short_files && data.len > kept - m->body_seen;
    bool is_file = !http_tx_is_form(sink->tx, sink->dir);

    if (sink->body)
        sink->body->out_bytes += data.len;
    if (cut)
        data = slice_head(data, kept - m->body_seen);
    app_file_body(sink->app, sink->tx, sink->dir, is_file, data, &m->body, &m->body_seen, kept);
    if (cut && is_file)
        app_file_end(sink->app, sink->tx, sink->dir, false);
    if (m->body_seen >= kept) /* as complete as it will get: rules may look */
        app_progress(sink->app, sink->tx, sink->dir, TX_BODY);
}

static enum err unpack(struct layer *layer, struct slice *in, uint8_t *out, uint32_t *got)
{
    return layer->inflate ? inflate_feed(layer->inflate, in, out, STEP_BYTES, got)
                          : unbrotli_feed(layer->unbrotli, in, out, STEP_BYTES, got);
}

static bool layer_data(const struct sink *sink, uint32_t number, struct slice data);

/* Decodes `data` into the next layer; false when it is damaged or too much. */
static bool layer_decode(const struct sink *sink, uint32_t number, struct slice data)
{
    struct layer *layer = &sink->body->layers[number];
    uint8_t out[STEP_BYTES];
    uint32_t got = STEP_BYTES;

    while (!layer->over && (data.len || got == STEP_BYTES)) {
        uint32_t before = data.len;
        enum err err = unpack(layer, &data, out, &got);
        layer->proven |= got != 0;
        sink->body->unpacked_bytes += got;
        if (got && !layer_data(sink, number + 1, (struct slice){out, got}))
            return false;
        layer->over = err == ERR_END;
        if ((err != ERR_OK && err != ERR_END) || sink->body->unpacked_bytes > UNPACKED_MAX ||
            http_body_is_bomb(sink->body))
            return false;
        if (!got && data.len == before)
            break;
    }
    return true;
}

static bool let_through(const struct sink *sink, uint32_t number, struct slice rest)
{
    struct layer *layer = &sink->body->layers[number];

    layer->plain = true;
    if (!layer_data(sink, number + 1, (struct slice){layer->head, layer->n_head}))
        return false;
    return !rest.len || layer_data(sink, number + 1, rest);
}

/* The first bytes of a layer, with the reserved flags of gzip cleared, which zlib would refuse. */
static bool decode_head(const struct sink *sink, uint32_t number)
{
    struct layer *layer = &sink->body->layers[number];
    uint8_t head[HEAD_KEPT];

    layer->started = true;
    memcpy(head, layer->head, layer->n_head);
    if (layer->gzip)
        head[GZIP_FLAGS] &= GZIP_FLAGS_USED;
    return layer_decode(sink, number, (struct slice){head, layer->n_head});
}

static bool is_other(const struct layer *layer)
{
    if (!layer->gzip)
        return false;
    return layer->head[0] != 0x1f || (layer->n_head >= GZIP_MAGIC && layer->head[1] != 0x8b);
}

static bool layer_data(const struct sink *sink, uint32_t number, struct slice data)
{
    if (number == sink->body->n_layers) {
        pass_on(sink, data);
        return true;
    }
    struct layer *layer = &sink->body->layers[number];
    if (layer->plain)
        return layer_data(sink, number + 1, data);
    bool whole = layer->seen == layer->n_head;
    struct slice rest = data;
    layer->seen += data.len;
    if (whole && !layer->proven) {
        uint32_t room = HEAD_KEPT - layer->n_head, n = data.len < room ? data.len : room;
        memcpy(layer->head + layer->n_head, data.at, n);
        layer->n_head = (uint16_t)(layer->n_head + n);
        rest = slice_from(data, n);
        if (is_other(layer))
            return let_through(sink, number, rest);
        if (layer->gzip && layer->n_head <= GZIP_FLAGS)
            return true;
    }
    bool good = true;
    if (!layer->started) {
        good = decode_head(sink, number);
        data = rest;
    }
    good = good && layer_decode(sink, number, data);
    return good || (whole && !layer->proven && let_through(sink, number, rest));
}

bool http_body_data(struct http_body *body, struct app *app, struct tx *tx, enum dir dir,
                    struct slice data)
{
    struct sink sink = {body, app, tx, dir};

    if (body)
        body->wire_bytes += data.len;
    if (body && data.len)
        return layer_data(&sink, 0, data);
    pass_on(&sink, data);
    return true;
}
