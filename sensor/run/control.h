/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The control socket: a JSON object a line, an answer a line.
 *
 *   {"command":"replay","arguments":{"filename":"/a.pcap"}}  -> {"return":"OK","message":{"job":1}}
 *
 * One command a row (ctl_*.c). The greeting of Suricata's clients ({"version":"0.2"}) and its names
 * for the same commands are understood.
 */
#ifndef TRAMGAC_SENSOR_RUN_CONTROL_H
#define TRAMGAC_SENSOR_RUN_CONTROL_H

#include "common/json.h"
#include "common/jsonw.h"
#include "sensor/run/board.h"
#include "sensor/run/doors.h"

struct ctl_call {
    const struct json *arguments; /* an object, or NULL */
    struct board *board;
    struct jsonw *w; /* a command writes one value, with the key `key` */
    const char *key;
    char fault[512]; /* a sentence, when it cannot be done */
};

enum { CTL_ARGUMENTS_MAX = 8 };

struct ctl_def {
    const char *name;
    const char *alias; /* Suricata's name for it, or NULL */
    const char *doc;
    const char *arguments[CTL_ARGUMENTS_MAX]; /* names, in the order of the command line */
    enum err (*run)(struct ctl_call *call);
};

extern const struct ctl_def *const ctl_rows[];

/** NULL when there is no such command. */
const struct ctl_def *control_find(const char *name);

/** A door_line_fn; `board` is the context. */
bool control_line(void *board, struct door_client *client, struct slice line, struct strbuf *reply);

#endif
