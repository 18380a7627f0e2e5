/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Live news for open pages: the writer publishes after each commit, the API streams to browsers
 * (server-sent events). A ring of the last HUB_MESSAGES messages: a reader that was away asks with
 * its last id; when that is no longer in the ring, it gets one "reload" message.
 * Thread-safe. Publishing never waits for a reader.
 */
#ifndef TRAMGAC_ANALYZER_RECORD_HUB_H
#define TRAMGAC_ANALYZER_RECORD_HUB_H

#include "common/strbuf.h"

enum { HUB_MESSAGES = 1024, HUB_LISTENERS_MAX = 8, HUB_MESSAGE_MAX = 16384 };

struct hub;

struct hub *hub_new(void);
void hub_free(struct hub **hub);

/** `kind` is a literal: "groups", "incident", "device", "sensor", "health", "rules". `json` is an
 * object, copied; a message above HUB_MESSAGE_MAX is sent as {}. */
void hub_publish(struct hub *hub, const char *kind, struct slice json);

/** Called (from the publisher's thread, without the hub's lock) after each publish. False when
 * HUB_LISTENERS_MAX are there. */
bool hub_listen(struct hub *hub, void (*wake)(void *ctx), void *ctx);
void hub_unlisten(struct hub *hub, void (*wake)(void *ctx), void *ctx);

/** Id of the newest message; 0 = none yet. */
uint64_t hub_last(struct hub *hub);

/** Appends what came after message `after` as an SSE stream ("id: 7\nevent: groups\ndata: {}\n\n")
 * and returns the id of the last one written (`after` when there is none). */
uint64_t hub_read(struct hub *hub, uint64_t after, struct strbuf *out);

#endif
