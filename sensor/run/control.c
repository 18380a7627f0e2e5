/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/run/control.h"

#include <stdio.h>

const struct ctl_def *control_find(const char *name)
{
    for (uint32_t i = 0; ctl_rows[i]; i++) {
        const char *alias = ctl_rows[i]->alias;
        if (strcmp(ctl_rows[i]->name, name) == 0 || (alias && strcmp(alias, name) == 0))
            return ctl_rows[i];
    }
    return NULL;
}

static void refuse(struct strbuf *reply, const char *why)
{
    struct jsonw w;

    jsonw_init(&w, reply);
    jsonw_obj_open(&w, NULL);
    jsonw_str(&w, "return", "NOK");
    jsonw_str(&w, "message", why);
    jsonw_obj_close(&w);
}

static void run(struct board *board, const struct json *question, struct strbuf *reply)
{
    const char *name = json_str(json_get(question, "command"), "");
    const struct ctl_def *row = control_find(name);
    size_t before = reply->len;
    struct jsonw w;
    struct ctl_call call = {
        .arguments = json_get(question, "arguments"), .board = board, .w = &w, .key = "message"};

    if (!row) {
        refuse(reply, "there is no such command; see command-list");
        return;
    }
    jsonw_init(&w, reply);
    jsonw_obj_open(&w, NULL);
    jsonw_str(&w, "return", "OK");
    enum err err = row->run(&call);
    jsonw_obj_close(&w);
    if (!err && !reply->full)
        return;
    reply->len = before;
    reply->full = false;
    refuse(reply, call.fault[0] ? call.fault : err_text(err ? err : ERR_FULL));
}

bool control_line(void *board, struct door_client *client, struct slice line, struct strbuf *reply)
{
    struct json *question = NULL;

    (void)client;
    if (line.len == 0)
        return true;
    if (json_parse(line, &question, NULL) != ERR_OK || json_kind(question) != JSON_OBJ)
        refuse(reply, "a line holds one JSON object: {\"command\": …, \"arguments\": {…}}");
    else if (json_get(question, "version") && !json_get(question, "command"))
        strbuf_str(reply, "{\"return\":\"OK\"}"); /* the greeting of suricatasc */
    else
        run(board, question, reply);
    strbuf_char(reply, '\n');
    json_free(&question);
    return true;
}
