/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/run/sets_ctl.h"

#include <stdio.h>

static enum err refuse(struct ctl_call *call, enum err err, const char *why)
{
    snprintf(call->fault, sizeof(call->fault), "%s", why);
    return err;
}

const struct ruleset *sets_ctl_begin(struct ctl_call *call)
{
    struct reload *r = board_reload(call->board);

    if (!r)
        refuse(call, ERR_UNSUPPORTED, "this sensor runs without rules");
    return r ? reload_hold(r) : NULL;
}

void sets_ctl_done(struct ctl_call *call)
{
    reload_let_go(board_reload(call->board));
}

static bool argument(const struct ctl_call *call, const char *name, struct slice *text)
{
    const struct json *value = json_get(call->arguments, name);

    *text = json_text(value);
    return json_kind(value) == JSON_STR;
}

enum err sets_ctl_run(struct ctl_call *call, enum sets_command command,
                      const struct sets_ctl_words *words)
{
    struct slice name, type, value = SLICE_NONE;

    if (!argument(call, "setname", &name) || !argument(call, "settype", &type) ||
        (command != SETS_CLEAR && !argument(call, "datavalue", &value)))
        return refuse(call, ERR_INPUT, "a set's name, its type and a value are wanted, as texts");
    const struct ruleset *rules = sets_ctl_begin(call);
    if (!rules)
        return ERR_UNSUPPORTED;
    enum sets_answer answer = sets_run(rules, command, name, type, value);
    sets_ctl_done(call);
    if (answer == SETS_BAD_TYPE)
        return refuse(call, ERR_INPUT, "unknown settype");
    if (answer == SETS_NO_SET)
        return refuse(call, ERR_NOTFOUND, "set not found or wrong type");
    const char *text = answer == SETS_DONE        ? words->done
                       : answer == SETS_AS_IT_WAS ? words->same
                                                  : NULL;
    if (!text)
        return refuse(call, ERR_INPUT, words->failed);
    jsonw_str(call->w, call->key, text);
    return ERR_OK;
}
