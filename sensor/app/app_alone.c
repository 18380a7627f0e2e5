/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first bytes of both directions beside each other: does each by itself tell the protocol, and
 * the same one? A greeting `220 host ...` opens FTP and mail alike, so it tells neither; a row says
 * so with `alone`. Events as Suricata names them; which first bytes tell is what its recognition
 * knows.
 */
#include "sensor/app/app_flow.h"

#include <string.h>

enum { ALONE_MIN = 8 }; /* fewer bytes tell only when they fit */

static const char *const asked_first[] = {"tls", "modbus", "mqtt", "smb", "sip"};

/* Requests come first in these: an answer that does shows that they were missed. */
static void check_first(struct app *app, enum dir dir)
{
    for (uint32_t i = 0; dir == TO_CLIENT && i < sizeof(asked_first) / sizeof(asked_first[0]);
         i++) {
        if (strcmp(app->proto->name, asked_first[i]) == 0 && !app->side[TO_SERVER].len &&
            !app->flow->midstream && app->flow->proto == IPPROTO_TCP4)
            app_flow_event(app, APP_EVENT_WRONG_DIRECTION);
    }
}

static enum probe alone(const struct app *app, enum dir dir, struct slice head)
{
    const struct proto_def *row = app->proto;

    return row->alone ? row->alone(head, dir) : row->probe(head, dir);
}

static enum first first_of(const struct app *app, enum dir dir, struct slice head)
{
    if (alone(app, dir, head) != PROBE_NO)
        return FIRST_TELLS;
    if (head.len < ALONE_MIN)
        return FIRST_NONE;
    bool other = app->proto->probe(head, dir) == PROBE_NO && app_probe_other(app, dir, head);
    return other ? FIRST_OTHER : FIRST_SILENT;
}

void app_alone_weigh(struct app *app, enum dir dir, struct slice head)
{
    if (app->first_bytes[dir] || !head.len || !app->proto || !app->proto->probe || app->unclear ||
        app->expected || app->flow->proto != IPPROTO_TCP4)
        return;
    enum first own = first_of(app, dir, head), other = app->first_bytes[dir_other(dir)];
    app->first_bytes[dir] = (uint8_t)own;
    if (own == FIRST_OTHER)
        app_flow_event(app, APP_EVENT_MISMATCH);
    if ((own == FIRST_TELLS && other == FIRST_SILENT) ||
        (own == FIRST_SILENT && other == FIRST_TELLS))
        app_flow_event(app, APP_EVENT_ONE_DIRECTION);
}

void app_alone_found(struct app *app, enum dir dir, struct slice head)
{
    const struct app_side *other = &app->side[dir_other(dir)];

    check_first(app, dir);
    if (other->len)
        app_alone_weigh(app, dir_other(dir), (struct slice){other->buffer, other->len});
    app_alone_weigh(app, dir, head);
}
