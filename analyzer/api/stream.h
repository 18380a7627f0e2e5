/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Open live streams (server-sent events, WHATWG HTML §9.2): each reads the hub from where it
 * stopped and sleeps while there is nothing new. Knows no web server: that one says how to put a
 * connection to sleep and to wake it.
 */
#ifndef TRAMGAC_ANALYZER_API_STREAM_H
#define TRAMGAC_ANALYZER_API_STREAM_H

#include "analyzer/record/hub.h"
#include "common/slice.h"

#include <sys/types.h>

struct streams_live; /* all of a server */
struct stream_live;  /* one open page */

enum { STREAM_ENDED = -2, STREAM_LIVE_MAX = 600, STREAM_BEAT_S = 15 };

struct streams_live *streams_live_new(struct hub *hub);
/** Wakes all; from then on stream_take says STREAM_ENDED. */
void streams_live_end(struct streams_live *streams);
void streams_live_free(struct streams_live **streams);

/** `last_id`: text of Last-Event-ID, empty = only what comes from now on. `blind`: kinds of
 * news without what they say, for accounts that do not see all sites. NULL when too many are open.
 */
struct stream_live *stream_open(struct streams_live *streams, struct slice last_id, bool blind,
                                void *connection, void (*sleep)(void *connection),
                                void (*wake)(void *connection));
void stream_close(struct stream_live **stream);

/** At most `max` bytes of the stream; 0 after the connection was put to sleep. */
ssize_t stream_take(struct stream_live *stream, char *buf, size_t max);

#endif
