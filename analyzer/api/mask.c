/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/api/mask.h"

#include "analyzer/api/act.h"
#include "common/conf.h"

#include <stdio.h>

enum { REASON_MIN = 5, REASON_MAX = 500, OBJECT_MAX = 200 };

static const char *reason_of(const struct call *call)
{
    const char *reason = call->query ? call->query(call, "reveal") : "";
    size_t len = strlen(reason);

    return permission_in(call->may, PERM_REVEAL) && len >= REASON_MIN && len <= REASON_MAX ? reason
                                                                                           : "";
}

bool mask_may_see(const struct call *call)
{
    return permission_in(call->may, PERM_RAW) || *reason_of(call);
}

bool mask_is_personal(const struct call *call, const char *field)
{
    const char *last = strrchr(field, '.');
    const char *item;

    last = last ? last + 1 : field;
    for (uint32_t i = 0; (item = conf_item(call->services->conf, "api.mask.fields", i)); i++) {
        if (strcmp(item, last) == 0)
            return true;
    }
    return false;
}

static void write_leaf(struct call *call, const char *key, const struct json *v)
{
    struct strbuf text;

    strbuf_init(&text, 1 << 20);
    json_write(v, &text);
    if (!text.full)
        jsonw_raw(&call->out, key, strbuf_view(&text));
    strbuf_fini(&text);
}

static void write_value(struct call *call, const char *key, const struct json *v, bool show)
{
    enum json_kind kind = json_kind(v);

    if (key && mask_is_personal(call, key) && kind != JSON_NULL) {
        call->personal++;
        if (!show) {
            jsonw_str(&call->out, key, "•••");
            return;
        }
    }
    if (kind != JSON_OBJ && kind != JSON_ARR) {
        write_leaf(call, key, v);
        return;
    }
    if (kind == JSON_OBJ)
        jsonw_obj_open(&call->out, key);
    else
        jsonw_arr_open(&call->out, key);
    for (const struct json *c = json_first(v); c; c = json_next(c))
        write_value(call, json_key(c), c, show);
    if (kind == JSON_OBJ)
        jsonw_obj_close(&call->out);
    else
        jsonw_arr_close(&call->out);
}

/* Only counts: what is shown whole is written as it came. */
static void count(struct call *call, const struct json *v)
{
    for (const struct json *c = json_first(v); c; c = json_next(c)) {
        const char *key = json_key(c);
        call->personal += key && mask_is_personal(call, key);
        count(call, c);
    }
}

void mask_event(struct call *call, const char *key, const char *json)
{
    struct json *tree = NULL;

    if (json_parse(slice_of_str(json), &tree, NULL) != ERR_OK) {
        jsonw_null(&call->out, key);
        return;
    }
    if (mask_may_see(call)) {
        count(call, tree);
        jsonw_raw(&call->out, key, slice_of_str(json));
    } else {
        write_value(call, key, tree, false);
    }
    json_free(&tree);
}

bool mask_note(struct call *call, const char *path)
{
    struct strbuf detail;
    struct jsonw w;
    char object[OBJECT_MAX];

    if (!call->personal || !call->user || !mask_may_see(call))
        return true;
    bool by_role = permission_in(call->may, PERM_RAW);
    snprintf(object, sizeof(object), "%.190s", path);
    strbuf_init(&detail, 4096);
    jsonw_init(&w, &detail);
    jsonw_obj_open(&w, NULL);
    jsonw_u64(&w, "fields", call->personal);
    jsonw_str(&w, "reason", reason_of(call));
    if (call->token)
        jsonw_str(&w, "token", call->token);
    jsonw_obj_close(&w);
    enum err err = act_audit(call, by_role ? "data.read" : "data.reveal", object, detail.at);
    strbuf_fini(&detail);
    return err == ERR_OK;
}
