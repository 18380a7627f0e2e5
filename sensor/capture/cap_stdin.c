/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A capture on standard input ("-"). A writer that pauses holds up nothing: what came before the
 * pause is worked off meanwhile.
 */
#include "sensor/capture/read_ahead.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

struct capture {
    struct pcap_format format;
    struct read_ahead ahead;
    bool opened;
};

enum { WAIT_MS = 20 };

static bool takes(const char *source, bool is_interface)
{
    return !is_interface && strcmp(source, "-") == 0;
}

static int64_t read_stdin(void *from, uint8_t *into, size_t room)
{
    struct pollfd wait = {.fd = STDIN_FILENO, .events = POLLIN};
    ssize_t n;

    (void)from;
    if (poll(&wait, 1, WAIT_MS) == 0)
        return READ_AHEAD_DRY;
    do {
        n = read(STDIN_FILENO, into, room);
    } while (n < 0 && errno == EINTR);
    return n;
}

static void stdin_close(struct capture **capture)
{
    if (*capture)
        read_ahead_fini(&(*capture)->ahead);
    free(*capture);
    *capture = NULL;
}

static enum err stdin_open(const struct conf *conf, const char *source, struct capture **capture,
                           struct capture_fault *fault)
{
    (void)conf;
    (void)source;
    struct capture *c = calloc(1, sizeof(*c));
    if (!c)
        return ERR_NOMEM;
    enum err err = read_ahead_init(&c->ahead, read_stdin, NULL);
    (void)fault;
    if (err)
        stdin_close(&c);
    *capture = c;
    return err;
}

static enum err stdin_next(struct capture *c, struct frame *frame, struct capture_fault *fault)
{
    enum err err = ERR_OK;

    c->ahead.dry = false;
    if (!c->opened) {
        err = pcap_format_open(&c->format, &c->ahead.in, "standard input", fault);
        c->opened = !err;
        if (err)
            return c->ahead.dry ? ERR_AGAIN : ERR_UNSUPPORTED;
    }
    err = pcap_format_next(&c->format, &c->ahead.in, frame, fault);
    return err != ERR_OK && c->ahead.dry ? ERR_AGAIN : err;
}

const struct capture_def cap_stdin = {
    .name = "stdin",
    .doc = "capture on standard input",
    .takes = takes,
    .open = stdin_open,
    .next = stdin_next,
    .close = stdin_close,
};
