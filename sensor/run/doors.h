/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sockets a sensor answers on while it works: a thread of its own that reads lines and writes
 * replies, and never holds up the packets. Lines, clients and waiting replies are bounded; who is
 * too slow, too long or too many is shut out.
 */
#ifndef TRAMGAC_SENSOR_RUN_DOORS_H
#define TRAMGAC_SENSOR_RUN_DOORS_H

#include "common/err.h"
#include "common/strbuf.h"

enum { DOOR_LINE_MAX = 64 << 10, DOOR_REPLY_MAX = 16 << 20 };

struct doors;

/** What a client may keep between its lines. Zeroed when it comes. */
struct door_client {
    char text[256];
    uint32_t n;
};

/** Answers one line (without its end) by appending to `reply`; false: the client is done. */
typedef bool (*door_line_fn)(void *context, struct door_client *client, struct slice line,
                             struct strbuf *reply);

struct doors *doors_new(void);
/** Ends the thread, closes everything and removes socket files. */
void doors_free(struct doors **doors);

/** A Unix socket for its owner and group. ERR_CONFLICT: somebody listens there already. The fault
 * is a sentence for the operator. */
enum err doors_add_unix(struct doors *doors, const char *path, door_line_fn line, void *context,
                        struct strbuf *fault);
/** "127.0.0.1:9640", "[::1]:9640". */
enum err doors_add_tcp(struct doors *doors, const char *where, door_line_fn line, void *context,
                       struct strbuf *fault);

/** Starts answering; to be called after privileges are given up. */
enum err doors_start(struct doors *doors);

#endif
