/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The correlation rules in use, and reading them again while everything runs.
 */
#include "analyzer/api/act.h"

enum { LIST_MAX = 32 << 20, CHANGES_MAX = 1 << 20 };

static void list(struct call *call)
{
    struct strbuf text;

    strbuf_init(&text, LIST_MAX);
    call->services->list_rules(call->services->run, &text);
    jsonw_raw(&call->out, NULL, strbuf_view(&text));
    strbuf_fini(&text);
}

static void reload(struct call *call)
{
    struct strbuf text;

    strbuf_init(&text, CHANGES_MAX);
    if (!call->services->reload_rules(call->services->run, &text)) {
        api_fail(call, 503, "The rules will be read again, but the writer is busy yet.",
                 "Luật sẽ được đọc lại, nhưng bộ ghi đang bận.");
    } else if (act_audit(call, "rules.reload", "rules", text.at) != ERR_OK) {
        api_fail_store(call, ERR_IO);
    } else {
        jsonw_raw(&call->out, NULL, strbuf_view(&text));
    }
    strbuf_fini(&text);
}

static const struct api_route routes[] = {
    {"GET", "/api/rules", PERM_READ, list,
     "Correlation rules in use, and what the last reading of them changed.", ""},
    {"POST", "/api/rules/reload", PERM_DETECT, reload,
     "Reads the correlation rules again. Windows of rules that are as they were go on.", ""},
    {.method = NULL},
};

const struct api_group api_rules = {.name = "rules", .doc = "Correlation rules", .routes = routes};
