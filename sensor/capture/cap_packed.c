/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A compressed capture file: gzip, Zstandard or LZ4, known by the ending of its name. A file that
 * is damaged inside counts up to there, like any other capture.
 */
#include "common/compress.h"
#include "common/inflate.h"
#include "common/unlz4.h"
#include "sensor/capture/read_ahead.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { INPUT_BYTES = 256 * 1024 };

enum packing { PACKED_GZIP, PACKED_ZSTD, PACKED_LZ4, PACKED_NOT };

struct capture {
    struct pcap_format format;
    struct read_ahead ahead;
    struct inflate *gzip;
    struct compress_stream *zstd;
    struct unlz4 *lz4;
    int fd;
    struct slice in; /* of `input`, not yet unpacked */
    bool input_ended, ended;
    char *source;
    uint8_t input[INPUT_BYTES];
};

static enum packing packing_of(const char *source)
{
    static const char *const ends[] = {".gz", ".zst", ".lz4"};
    size_t len = strlen(source);

    for (uint32_t i = 0; i < PACKED_NOT; i++) {
        size_t n = strlen(ends[i]);
        if (len > n && strcmp(source + len - n, ends[i]) == 0)
            return (enum packing)i;
    }
    return PACKED_NOT;
}

static bool takes(const char *source, bool is_interface)
{
    return !is_interface && packing_of(source) != PACKED_NOT;
}

static enum err unpack(struct capture *c, uint8_t *into, uint32_t room, uint32_t *got)
{
    if (c->gzip)
        return inflate_feed(c->gzip, &c->in, into, room, got);
    if (c->zstd)
        return compress_stream_feed(c->zstd, &c->in, into, room, got);
    return unlz4_feed(c->lz4, &c->in, into, room, got);
}

static void more_input(struct capture *c)
{
    ssize_t n;

    do {
        n = read(c->fd, c->input, sizeof(c->input));
    } while (n < 0 && errno == EINTR);
    c->input_ended = n <= 0;
    c->in = (struct slice){c->input, n > 0 ? (uint32_t)n : 0};
}

static int64_t read_packed(void *from, uint8_t *into, size_t room)
{
    struct capture *c = from;
    uint32_t most = room > UINT32_MAX / 2 ? UINT32_MAX / 2 : (uint32_t)room;
    uint32_t got = 0;

    while (!got && !c->ended) {
        if (!c->in.len && !c->input_ended)
            more_input(c);
        uint32_t before = c->in.len;
        enum err err = unpack(c, into, most, &got);
        bool stuck = !got && c->in.len == before;
        c->ended = err != ERR_OK || (stuck && c->input_ended);
        if (stuck && c->in.len && !c->ended)
            c->ended = true; /* neither takes nor gives: not of this format */
    }
    return got;
}

static void packed_close(struct capture **capture)
{
    struct capture *c = *capture;

    if (!c)
        return;
    inflate_free(&c->gzip);
    compress_stream_free(&c->zstd);
    unlz4_free(&c->lz4);
    read_ahead_fini(&c->ahead);
    if (c->fd >= 0)
        close(c->fd);
    free(c->source);
    free(c);
    *capture = NULL;
}

static enum err make_unpacker(struct capture *c)
{
    switch (packing_of(c->source)) {
    case PACKED_GZIP:
        c->gzip = inflate_new(INFLATE_GZIP);
        break;
    case PACKED_ZSTD:
        c->zstd = compress_stream_new(false);
        break;
    case PACKED_LZ4:
        c->lz4 = unlz4_new();
        break;
    case PACKED_NOT:
        break;
    }
    return c->gzip || c->zstd || c->lz4 ? ERR_OK : ERR_NOMEM;
}

static enum err packed_open(const struct conf *conf, const char *source, struct capture **capture,
                            struct capture_fault *fault)
{
    (void)conf;
    struct capture *c = calloc(1, sizeof(*c));
    if (!c)
        return ERR_NOMEM;
    c->source = strdup(source);
    c->fd = open(source, O_RDONLY | O_CLOEXEC);
    enum err err = c->source ? ERR_OK : ERR_NOMEM;
    if (!err && c->fd < 0) {
        snprintf(fault->text, sizeof(fault->text), "%s cannot be read: %s", source,
                 strerror(errno));
        err = ERR_IO;
    }
    if (!err)
        err = make_unpacker(c);
    if (!err)
        err = read_ahead_init(&c->ahead, read_packed, c);
    if (!err)
        err = pcap_format_open(&c->format, &c->ahead.in, c->source, fault);
    if (err)
        packed_close(&c);
    *capture = c;
    return err;
}

static enum err packed_next(struct capture *c, struct frame *frame, struct capture_fault *fault)
{
    return pcap_format_next(&c->format, &c->ahead.in, frame, fault);
}

const struct capture_def cap_packed = {
    .name = "packed",
    .doc = "compressed capture file: .gz, .zst, .lz4",
    .takes = takes,
    .open = packed_open,
    .next = packed_next,
    .close = packed_close,
};
