/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/api/act.h"

#include "analyzer/api/shape.h"
#include "analyzer/record/incident_name.h"
#include "analyzer/store/db_audit.h"
#include "analyzer/store/db_desk.h"
#include "analyzer/store/db_incidents.h"
#include "common/conf.h"

#include <stdio.h>

enum { UNDO_MAX = 32 << 20 };

enum err act_begin(struct act *act, struct call *call, const char *name)
{
    *act = (struct act){.call = call, .name = name};
    strbuf_init(&act->text, UNDO_MAX);
    jsonw_init(&act->undo, &act->text);
    jsonw_obj_open(&act->undo, NULL);
    return store_begin(call->store);
}

static enum err keep_undo(struct act *act)
{
    struct call *call = act->call;

    jsonw_obj_close(&act->undo);
    if (act->text.full || act->text.len <= 2)
        return ERR_OK; /* nothing that could be taken back */
    secret_token(act->id);
    act->id[24] = '\0';
    act->until_ns = call->now_ns + conf_span_ns(call->services->conf, "api.undo");
    struct undo_row row = {.id = act->id,
                           .account_id = call->user->id,
                           .created_ns = call->now_ns,
                           .expires_ns = act->until_ns,
                           .action = act->name,
                           .detail = act->text.at};
    return db_desk_undo_add(call->store, &row);
}

enum err act_end(struct act *act, enum err err, const char *object, const char *detail)
{
    struct call *call = act->call;

    if (!err)
        err = keep_undo(act);
    if (!err)
        err = act_audit(call, act->name, object, detail);
    if (!err)
        err = store_commit(call->store);
    if (err) {
        if (store_in_batch(call->store))
            store_rollback(call->store);
        api_fail_store(call, err);
    }
    strbuf_fini(&act->text);
    return err;
}

void act_write_undo(const struct act *act)
{
    struct jsonw *w = &act->call->out;

    if (!*act->id)
        return;
    jsonw_obj_open(w, "undo");
    jsonw_str(w, "id", act->id);
    jsonw_rfc3339(w, "until", act->until_ns);
    jsonw_obj_close(w);
}

bool act_in_scope(const struct call *call, const char *site)
{
    if (!call->sites)
        return true;
    for (uint32_t i = 0; call->sites[i]; i++) {
        if (strcmp(call->sites[i], site) == 0)
            return true;
    }
    return false;
}

enum err act_audit(struct call *call, const char *action, const char *object, const char *detail)
{
    struct audit_row row = {.ts_ns = call->now_ns,
                            .user = call->user->name,
                            .address = call->address,
                            .action = action,
                            .object = object,
                            .detail_json = detail};
    return db_audit_add(call->store, &row);
}

bool act_find_incident(struct call *call, const char *name, struct incident *incident)
{
    int64_t id = 0;
    enum err err = incident_name_parse(slice_of_str(name), &id)
                       ? db_incidents_get(call->store, id, call->arena, incident)
                       : ERR_NOTFOUND;

    if (!err && !act_in_scope(call, incident->site))
        err = ERR_NOTFOUND;
    if (err)
        api_fail_store(call, err);
    return err == ERR_OK;
}

void act_publish_incident(struct call *call, const struct incident *incident)
{
    char name[INCIDENT_NAME_MAX];
    struct strbuf news;
    struct jsonw w;

    incident_name(incident->id, incident->opened_ns, name);
    strbuf_init(&news, 512);
    jsonw_init(&w, &news);
    jsonw_obj_open(&w, NULL);
    jsonw_str(&w, "id", name);
    jsonw_str(&w, "site", incident->site);
    jsonw_str(&w, "by", call->user->name);
    jsonw_obj_close(&w);
    hub_publish(call->services->hub, "incident", strbuf_view(&news));
    strbuf_fini(&news);
}

enum err act_tell(void *ctx, struct store *store, const struct incident *incident)
{
    const struct call *call = ctx;

    return call->services->incident_changed
               ? call->services->incident_changed(call->services->run, store, incident)
               : ERR_OK;
}
