/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP bodies: content codings removed (gzip, deflate, br; RFC 9110 section 8.4.1), bytes handed to
 * the body buffers and to the file. Output is bounded: a body unpacks to at most UNPACKED_MAX
 * bytes.
 */
#include "sensor/app/http_tx.h"

#include "common/inflate.h"
#include "common/unbrotli.h"

#include <stdlib.h>

enum { STEP_BYTES = 16384, UNPACKED_MAX = 64 << 20, BODY_KEPT = 100 * 1024 };

struct http_body {
    struct inflate *inflate;
    struct unbrotli *unbrotli;
    uint64_t unpacked_bytes;
    uint8_t magic[2]; /* first bytes, until it is known whether they are gzip's */
    uint8_t n_magic;
    bool checked; /* gzip: its magic is looked at first */
    bool plain;   /* it is not gzip at all */
    bool over;    /* the stream is complete, or given up */
};

struct http_body *http_body_new(struct slice encoding)
{
    struct http_body body = {.inflate = NULL};

    encoding = slice_trim(encoding);
    if (slice_ieq(encoding, SLICE_LIT("gzip")) || slice_ieq(encoding, SLICE_LIT("x-gzip")))
        body = (struct http_body){.inflate = inflate_new(INFLATE_GZIP), .checked = true};
    else if (slice_ieq(encoding, SLICE_LIT("deflate")))
        body.inflate = inflate_new(INFLATE_HTTP);
    else if (slice_ieq(encoding, SLICE_LIT("br")))
        body.unbrotli = unbrotli_new();
    if (!body.inflate && !body.unbrotli)
        return NULL;
    struct http_body *kept = malloc(sizeof *kept);
    if (kept) {
        *kept = body;
        return kept;
    }
    inflate_free(&body.inflate);
    unbrotli_free(&body.unbrotli);
    return NULL;
}

void http_body_free(struct http_body **body)
{
    if (!*body)
        return;
    inflate_free(&(*body)->inflate);
    unbrotli_free(&(*body)->unbrotli);
    free(*body);
    *body = NULL;
}

static void pass_on(struct app *app, struct tx *tx, enum dir dir, struct slice data)
{
    struct http_message *m = http_tx_message(tx, dir);

    app_grow(app, tx, &m->body, data, BODY_KEPT);
    app_file_data(app, tx, dir, data);
    if (m->body.len >= BODY_KEPT) /* as complete as it will get: rules may look */
        app_progress(app, tx, dir, TX_BODY);
}

static enum err unpack(struct http_body *body, struct slice *in, uint8_t *out, uint32_t *got)
{
    return body->inflate ? inflate_feed(body->inflate, in, out, STEP_BYTES, got)
                         : unbrotli_feed(body->unbrotli, in, out, STEP_BYTES, got);
}

static bool is_gzip(const struct http_body *body)
{
    return body->magic[0] == 0x1f && body->magic[1] == 0x8b;
}

/* Some servers say gzip and send plain text. True when `data` can be unpacked now. */
static bool check_magic(struct http_body *body, struct app *app, struct tx *tx, enum dir dir,
                        struct slice *data)
{
    struct slice head = {body->magic, sizeof body->magic};
    uint32_t got;

    while (body->n_magic < sizeof body->magic && data->len) {
        body->magic[body->n_magic++] = data->at[0];
        *data = slice_from(*data, 1);
        if (body->n_magic < sizeof body->magic)
            continue;
        if (is_gzip(body)) {
            uint8_t nothing[1];
            (void)inflate_feed(body->inflate, &head, nothing, sizeof nothing, &got);
        } else {
            body->plain = true;
            pass_on(app, tx, dir, head);
        }
    }
    return body->n_magic == sizeof body->magic;
}

bool http_body_data(struct http_body *body, struct app *app, struct tx *tx, enum dir dir,
                    struct slice data)
{
    uint8_t out[STEP_BYTES];
    uint32_t got = STEP_BYTES;

    if (!body) {
        pass_on(app, tx, dir, data);
        return true;
    }
    if (body->checked && !check_magic(body, app, tx, dir, &data))
        return true;
    if (body->plain) {
        pass_on(app, tx, dir, data);
        return true;
    }
    while (!body->over && (data.len || got == STEP_BYTES)) {
        uint32_t before = data.len;
        enum err err = unpack(body, &data, out, &got);
        pass_on(app, tx, dir, (struct slice){out, got});
        body->unpacked_bytes += got;
        body->over = err != ERR_OK || body->unpacked_bytes > UNPACKED_MAX;
        if (body->over && err != ERR_END)
            return false;
        if (!got && data.len == before)
            break;
    }
    return true;
}
