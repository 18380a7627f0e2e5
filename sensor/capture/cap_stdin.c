/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A capture on standard input ("-").
 */
#include "sensor/capture/read_ahead.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

struct capture {
    struct pcap_format format;
    struct read_ahead ahead;
};

static bool takes(const char *source, bool is_interface)
{
    return !is_interface && strcmp(source, "-") == 0;
}

static int64_t read_stdin(void *from, uint8_t *into, size_t room)
{
    (void)from;
    ssize_t n;

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
    if (!err)
        err = pcap_format_open(&c->format, &c->ahead.in, "standard input", fault);
    if (err)
        stdin_close(&c);
    *capture = c;
    return err;
}

static enum err stdin_next(struct capture *c, struct frame *frame, struct capture_fault *fault)
{
    return pcap_format_next(&c->format, &c->ahead.in, frame, fault);
}

const struct capture_def cap_stdin = {
    .name = "stdin",
    .doc = "capture on standard input",
    .takes = takes,
    .open = stdin_open,
    .next = stdin_next,
    .close = stdin_close,
};
