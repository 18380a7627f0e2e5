/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A merge copies: the sources keep their links, story and history, and end with the way to the
 * incident they went on in; so taking it back needs only what the surviving one was before.
 */
#include "analyzer/incident/desk.h"
#include "analyzer/incident/incident_row.h"
#include "analyzer/incident/story_edit.h"
#include "analyzer/record/incident_name.h"
#include "analyzer/record/secret.h"
#include "analyzer/store/db_checkpoints.h"
#include "analyzer/store/db_desk.h"
#include "analyzer/store/db_evidence.h"
#include "analyzer/store/db_incidents.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- stories -------------------------------------------------------------------------------- */

static enum err rebuild(struct desk *desk, const struct incident *incident, struct story *story)
{
    struct groups_query query = {.incident_id = incident->id, .text = "", .limit = DESK_GROUPS_MAX};
    struct group_row *rows = NULL;
    uint32_t n = 0;
    enum err err = db_groups_list(desk->store, &query, desk->arena, &rows, &n);

    for (uint32_t i = n; i-- > 0 && !err;)
        story_edit_add(story, &rows[i]);
    return err;
}

/* As the analyzer keeps it; an old incident without one gets it from its groups. */
static enum err load_story(struct desk *desk, const struct incident *incident, struct story **story)
{
    char name[48];
    struct slice bytes;

    story_checkpoint(incident->id, name);
    enum err err = db_checkpoints_get(desk->store, name, desk->arena, &bytes);
    if (!err)
        err = story_read(bytes, story);
    if (err == ERR_NOTFOUND || err == ERR_INPUT) {
        *story = story_new(incident->key, incident->site, incident->rule);
        err = rebuild(desk, incident, *story);
    }
    (*story)->id = incident->id;
    return err;
}

/* What was counted for the analyzer's own links is in the store already. */
static void settle(struct story *story)
{
    for (uint32_t i = 0; i < story->n_facts; i++) {
        story->facts[i].fresh = false;
        story->facts[i].n_unsaved = 0;
    }
    story->n_proofs = 0;
    story->n_filled = story->n_entities;
    story->dirty = false;
    story->material = false;
}

static enum err save_story(struct desk *desk, struct story *story)
{
    char name[48];
    struct strbuf text;

    settle(story);
    strbuf_init(&text, 0);
    story_write(story, &text);
    story_checkpoint(story->id, name);
    enum err err = db_checkpoints_put(desk->store, name, strbuf_view(&text));
    strbuf_fini(&text);
    return err ? err : db_desk_stories_edited(desk->store);
}

static enum err tell(struct desk *desk, const struct incident *incident)
{
    return desk->tell ? desk->tell(desk->ctx, desk->store, incident) : ERR_OK;
}

/* Row and story after an edit; operations centres hear of it. */
static enum err save_row(struct desk *desk, struct incident *row, struct story *story)
{
    struct score score;

    score_of(story, desk->attack, desk->half_life_ns, &score);
    incident_row_fill(row, story, &score, desk->attack, desk->now_ns, desk->arena);
    row->revision++;
    return db_incidents_put(desk->store, row);
}

/* ---- history -------------------------------------------------------------------------------- */

static enum err add_entry(struct desk *desk, const struct incident *incident, const char *kind,
                          const char *en, const char *vi)
{
    struct incident_entry entry = {.incident_id = incident->id,
                                   .ts_ns = desk->now_ns,
                                   .kind = kind,
                                   .actor = desk->actor,
                                   .text_en = en,
                                   .text_vi = vi,
                                   .technique = "",
                                   .tactic = "",
                                   .severity = incident->severity,
                                   .detail_json = "{}"};
    return db_incidents_entry_add(desk->store, &entry);
}

static enum err add_comment(struct desk *desk, const struct incident *incident)
{
    return desk->comment && *desk->comment
               ? add_entry(desk, incident, "comment", desk->comment, desk->comment)
               : ERR_OK;
}

/* "Took in INC-…" in both languages. */
static enum err add_about(struct desk *desk, const struct incident *of, const char *kind,
                          const char *en, const char *vi, const struct incident *other)
{
    char name[INCIDENT_NAME_MAX], text_en[160], text_vi[160];

    incident_name(other->id, other->opened_ns, name);
    snprintf(text_en, sizeof(text_en), "%.80s %s", en, name);
    snprintf(text_vi, sizeof(text_vi), "%.80s %s", vi, name);
    return add_entry(desk, of, kind, text_en, text_vi);
}

/* A JSON number would lose nanoseconds. */
static void write_ns(struct jsonw *w, const char *key, uint64_t ns)
{
    char text[24];

    snprintf(text, sizeof(text), "%llu", (unsigned long long)ns);
    jsonw_str(w, key, text);
}

/* ---- merging -------------------------------------------------------------------------------- */

static void undo_row(struct desk *desk, const struct incident *row, const struct story *story)
{
    struct strbuf text;

    jsonw_str(desk->undo, "title_en", row->title_en);
    jsonw_str(desk->undo, "title_vi", row->title_vi);
    jsonw_str(desk->undo, "severity", record_severity_name(row->severity));
    strbuf_init(&text, 0);
    story_write(story, &text);
    jsonw_raw(desk->undo, "story", strbuf_view(&text));
    strbuf_fini(&text);
}

/* The group's alerts become evidence, and the group shows the incident as its own. */
static enum err add_group(struct desk *desk, const struct incident *into, struct story *story,
                          int64_t id)
{
    struct group_row group;
    enum err err = db_groups_get(desk->store, id, desk->arena, &group);

    if (err)
        return err;
    struct incident_link link = {into->id, id, 0, group.signature, group.first_ns, group.n};
    bool known = story_edit_has(story, id);
    if (!known)
        story_edit_add(story, &group);
    jsonw_obj_open(desk->undo, NULL);
    jsonw_i64(desk->undo, "id", id);
    jsonw_i64(desk->undo, "incident", group.incident_id);
    jsonw_i64(desk->undo, "n", known ? 0 : group.n);
    jsonw_obj_close(desk->undo);
    if (!known)
        err = db_incidents_link_add(desk->store, &link, NULL);
    return err ? err : db_groups_set_incident(desk->store, id, into->id);
}

static enum err move_marks(struct desk *desk, int64_t from_id, int64_t to_id)
{
    int64_t *ids = NULL;
    uint32_t n = 0;
    enum err err = db_evidence_groups(desk->store, from_id, desk->arena, &ids, &n);

    jsonw_arr_open(desk->undo, "marks");
    for (uint32_t i = 0; i < n && !err; i++) {
        jsonw_i64(desk->undo, NULL, ids[i]);
        err = db_groups_set_incident(desk->store, ids[i], to_id);
    }
    jsonw_arr_close(desk->undo);
    return err;
}

static enum err take_source(struct desk *desk, const struct incident *into, struct story *story,
                            struct incident *source)
{
    struct story *other = NULL;
    enum err err = load_story(desk, source, &other);

    jsonw_obj_open(desk->undo, NULL);
    jsonw_i64(desk->undo, "id", source->id);
    jsonw_str(desk->undo, "state", incident_state_name(source->state));
    write_ns(desk->undo, "closed", source->closed_ns);
    if (!err) {
        story_join(story, other);
        err = db_evidence_copy(desk->store, source->id, into->id);
    }
    if (!err)
        err = move_marks(desk, source->id, into->id);
    jsonw_obj_close(desk->undo);
    story_free(&other);
    source->state = INCIDENT_MERGED;
    source->merged_into = into->id;
    source->closed_ns = desk->now_ns;
    source->updated_ns = desk->now_ns;
    source->revision++;
    if (!err)
        err = db_incidents_put(desk->store, source);
    if (!err)
        err = add_about(desk, source, "merge", "Merged into", "Đã gộp vào", into);
    if (!err)
        err = add_about(desk, into, "merge", "Took in", "Đã nhận", source);
    return err ? err : tell(desk, source);
}

static enum err take_parts(struct desk *desk, const struct incident *into, struct story *story,
                           const struct desk_parts *parts)
{
    enum err err = ERR_OK;

    jsonw_arr_open(desk->undo, "sources");
    for (uint32_t i = 0; i < parts->n_sources && !err; i++)
        err = take_source(desk, into, story, &parts->sources[i]);
    jsonw_arr_close(desk->undo);
    jsonw_arr_open(desk->undo, "groups");
    for (uint32_t i = 0; i < parts->n_groups && !err; i++)
        err = add_group(desk, into, story, parts->groups[i]);
    jsonw_arr_close(desk->undo);
    return err;
}

static bool may_take(const struct incident *into, const struct desk_parts *parts)
{
    for (uint32_t i = 0; i < parts->n_sources; i++) {
        if (parts->sources[i].id == into->id || parts->sources[i].state == INCIDENT_MERGED)
            return false;
    }
    return into->state != INCIDENT_MERGED;
}

enum err desk_merge(struct desk *desk, struct incident *into, const struct desk_parts *parts)
{
    struct story *story = NULL;

    if (!may_take(into, parts) || parts->n_sources + parts->n_groups == 0)
        return ERR_INPUT;
    enum err err = load_story(desk, into, &story);
    jsonw_str(desk->undo, "edit", "merge");
    jsonw_i64(desk->undo, "into", into->id);
    undo_row(desk, into, story);
    if (!err)
        err = take_parts(desk, into, story, parts);
    if (!err)
        err = save_row(desk, into, story);
    if (!err)
        err = save_story(desk, story);
    if (!err && parts->n_groups) {
        char en[80], vi[80];
        snprintf(en, sizeof(en), "Took in %u groups of alerts", parts->n_groups);
        snprintf(vi, sizeof(vi), "Đã nhận %u nhóm cảnh báo", parts->n_groups);
        err = add_entry(desk, into, "merge", en, vi);
    }
    if (!err)
        err = add_comment(desk, into);
    if (!err)
        err = tell(desk, into);
    story_free(&story);
    return err;
}

/* ---- making one ----------------------------------------------------------------------------- */

static const char *site_of(struct desk *desk, const struct desk_parts *parts)
{
    struct group_row group;

    if (parts->n_sources)
        return parts->sources[0].site;
    if (parts->n_groups &&
        db_groups_get(desk->store, parts->groups[0], desk->arena, &group) == ERR_OK)
        return group.site;
    return "";
}

/* An empty row, so that parts have something to belong to. */
static enum err put_empty(struct desk *desk, struct incident *made, const char *site,
                          struct story **story)
{
    char token[SECRET_TOKEN_MAX], key[SECRET_TOKEN_MAX + 8];

    secret_token(token);
    snprintf(key, sizeof(key), "manual/%.24s", token);
    made->key = arena_str(desk->arena, slice_of_str(key));
    made->site = *made->site ? made->site : site;
    made->rule = "manual";
    made->state = *made->assignee ? INCIDENT_ASSIGNED : INCIDENT_NEW;
    made->tlp = "amber";
    made->opened_ns = desk->now_ns;
    made->updated_ns = desk->now_ns;
    made->acked_ns = desk->now_ns; /* a person made it: somebody knows of it */
    made->first_ns = desk->now_ns;
    made->last_ns = desk->now_ns;
    made->entity = "";
    made->entity_ip = "";
    made->techniques = "";
    made->tactics = "";
    made->sensors = "";
    made->why_json = "{}";
    if (!made->key)
        return ERR_NOMEM;
    enum err err = db_incidents_put(desk->store, made);
    *story = story_new(made->key, made->site, made->rule);
    (*story)->id = made->id;
    return err;
}

/* What a person gave stays; what was not given comes from the parts. */
static enum err finish(struct desk *desk, struct incident *made, struct story *story,
                       bool given_severity)
{
    const struct fact *head = story_head(story);

    story->told_title = "";
    story->told_severity = given_severity ? SEVERITY_INFO : made->severity;
    if (given_severity && made->severity == story->told_severity)
        story->told_severity = SEVERITY_CRITICAL;
    if (!*made->title_en && head) {
        made->title_en = head->text[FACT_TITLE_EN];
        made->title_vi = head->text[FACT_TITLE_VI];
        story->told_title = head->text[FACT_TITLE_EN];
    }
    if (story->n_facts == 0) {
        story->first_ns = desk->now_ns;
        story->last_ns = desk->now_ns;
    }
    enum err err = save_row(desk, made, story);
    if (!err)
        err = save_story(desk, story);
    if (!err)
        err = add_entry(desk, made, "opened", made->title_en, made->title_vi);
    if (!err)
        err = add_comment(desk, made);
    return err ? err : tell(desk, made);
}

enum err desk_create(struct desk *desk, struct incident *made, bool given_severity,
                     const struct desk_parts *parts)
{
    struct story *story = NULL;

    if (!may_take(made, parts) || (!*made->title_en && parts->n_sources + parts->n_groups == 0))
        return ERR_INPUT;
    enum err err = put_empty(desk, made, site_of(desk, parts), &story);
    jsonw_str(desk->undo, "edit", "create");
    jsonw_i64(desk->undo, "into", made->id);
    if (!err)
        err = take_parts(desk, made, story, parts);
    if (!err)
        err = finish(desk, made, story, given_severity);
    story_free(&story);
    return err;
}

/* ---- splitting ------------------------------------------------------------------------------ */

static enum err hand_over(struct desk *desk, int64_t from_id, int64_t to_id, const int64_t *groups,
                          uint32_t n)
{
    enum err err = ERR_OK;

    jsonw_arr_open(desk->undo, "marks");
    for (uint32_t i = 0; i < n && !err; i++) {
        jsonw_i64(desk->undo, NULL, groups[i]);
        err = db_evidence_hand_over(desk->store, from_id, to_id, groups[i]);
        if (!err)
            err = db_groups_set_incident(desk->store, groups[i], to_id);
    }
    jsonw_arr_close(desk->undo);
    return err;
}

enum err desk_split(struct desk *desk, struct incident *from, struct incident *made,
                    bool given_severity, const int64_t *groups, uint32_t n)
{
    struct story *story = NULL, *part = NULL;
    enum err err = from->state == INCIDENT_MERGED ? ERR_INPUT : load_story(desk, from, &story);

    for (uint32_t i = 0; i < n && !err; i++)
        err = story_edit_has(story, groups[i]) ? ERR_OK : ERR_INPUT;
    if (!err)
        err = put_empty(desk, made, from->site, &part);
    if (err)
        goto out;
    jsonw_str(desk->undo, "edit", "split");
    jsonw_i64(desk->undo, "into", from->id);
    jsonw_i64(desk->undo, "made", made->id);
    undo_row(desk, from, story);
    story_edit_part(story, part, groups, n);
    story_edit_set_apart(story, part);
    err = hand_over(desk, from->id, made->id, groups, n);
    if (!err)
        err = save_row(desk, from, story);
    if (!err)
        err = save_story(desk, story);
    if (!err)
        err = add_about(desk, from, "split", "Part split off as", "Đã tách một phần thành", made);
    if (!err)
        err = finish(desk, made, part, given_severity);
    if (!err)
        err = add_about(desk, made, "split", "Split off from", "Đã tách từ", from);
    if (!err)
        err = tell(desk, from);
out:
    story_free(&story);
    story_free(&part);
    return err;
}

/* ---- taking back ---------------------------------------------------------------------------- */

static enum err give_back_source(struct desk *desk, struct incident *into, const struct json *s)
{
    struct incident source;
    enum err err =
        db_incidents_get(desk->store, json_i64(json_get(s, "id"), 0), desk->arena, &source);

    if (!err && (source.state != INCIDENT_MERGED || source.merged_into != into->id))
        return ERR_CONFLICT;
    if (err || !incident_state_parse(json_text(json_get(s, "state")), &source.state))
        return err ? err : ERR_INPUT;
    source.merged_into = 0;
    source.closed_ns = strtoull(json_str(json_get(s, "closed"), "0"), NULL, 10);
    source.updated_ns = desk->now_ns;
    source.revision++;
    err = db_evidence_uncopy(desk->store, source.id, into->id);
    for (const struct json *m = json_first(json_get(s, "marks")); m && !err; m = json_next(m)) {
        err = db_groups_set_incident(desk->store, json_i64(m, 0), source.id);
        err = err == ERR_NOTFOUND ? ERR_OK : err;
    }
    if (!err)
        err = db_incidents_put(desk->store, &source);
    if (!err)
        err = add_about(desk, &source, "undo", "Taken out of", "Đã tách khỏi", into);
    return err ? err : tell(desk, &source);
}

static enum err give_back_group(struct desk *desk, int64_t into_id, const struct json *g)
{
    int64_t id = json_i64(json_get(g, "id"), 0);
    int64_t n = json_i64(json_get(g, "n"), 0);
    enum err err = n ? db_evidence_take(desk->store, into_id, id, n) : ERR_OK;

    if (!err)
        err = db_groups_set_incident(desk->store, id, json_i64(json_get(g, "incident"), 0));
    return err == ERR_NOTFOUND ? ERR_OK : err;
}

/* Of `now` only what neither the incident had before nor its parts brought. */
static enum err keep_news(struct desk *desk, struct story *now, const struct story *before,
                          const struct json *detail)
{
    struct story *parts = story_new("", "", "");
    const struct json *s = json_first(json_get(detail, "sources"));
    const struct json *g = json_first(json_get(detail, "groups"));
    enum err err = ERR_OK;

    for (; s && !err; s = json_next(s)) {
        struct incident source = {
            .id = json_i64(json_get(s, "id"), 0), .key = "", .site = "", .rule = ""};
        struct story *other = NULL;
        err = load_story(desk, &source, &other);
        if (!err)
            story_edit_subtract(now, other);
        story_free(&other);
    }
    for (; g && !err; g = json_next(g)) {
        int64_t id = json_i64(json_get(g, "id"), 0);
        story_edit_part(now, parts, &id, 1);
    }
    story_edit_subtract(now, before);
    story_free(&parts);
    return err;
}

/* The story as it was, and what came to it since. */
static enum err restore_story(struct desk *desk, struct incident *row, const struct json *detail)
{
    struct story *now = NULL, *before = NULL;
    struct strbuf text;
    enum err err = load_story(desk, row, &now);

    strbuf_init(&text, 0);
    json_write(json_get(detail, "story"), &text);
    if (!err)
        err = story_read(strbuf_view(&text), &before);
    strbuf_fini(&text);
    if (!err) {
        const char *told = story_keep(before, now->told_title);
        enum severity told_severity = now->told_severity;
        before->id = row->id;
        err = keep_news(desk, now, before, detail);
        if (now->n_facts)
            story_join(before, now);
        if (strcmp(row->title_en, told) == 0) {
            row->title_en = json_str(json_get(detail, "title_en"), "");
            row->title_vi = json_str(json_get(detail, "title_vi"), "");
        }
        if (row->severity == told_severity)
            record_severity_parse(json_text(json_get(detail, "severity")), &row->severity);
    }
    if (!err)
        err = save_row(desk, row, before);
    if (!err)
        err = save_story(desk, before);
    story_free(&now);
    story_free(&before);
    return err;
}

/* What was made by hand cannot be unmade: its number is known. It ends without a conclusion. */
static enum err end_made(struct desk *desk, int64_t id)
{
    struct incident made;
    enum err err = db_incidents_get(desk->store, id, desk->arena, &made);

    if (err)
        return err;
    if (made.state == INCIDENT_MERGED)
        return ERR_CONFLICT;
    made.state = INCIDENT_CLOSED;
    made.disposition = DISPOSITION_NOT_APPLICABLE;
    made.closed_ns = desk->now_ns;
    made.updated_ns = desk->now_ns;
    made.revision++;
    err = db_incidents_put(desk->store, &made);
    if (!err)
        err = add_entry(desk, &made, "undo", "Undone by whoever made it", "Người tạo đã hoàn tác");
    return err ? err : tell(desk, &made);
}

static enum err undo_parts(struct desk *desk, struct incident *into, const struct json *detail)
{
    enum err err = ERR_OK;
    const struct json *s = json_first(json_get(detail, "sources"));
    const struct json *g = json_first(json_get(detail, "groups"));

    for (; s && !err; s = json_next(s))
        err = give_back_source(desk, into, s);
    for (; g && !err; g = json_next(g))
        err = give_back_group(desk, into->id, g);
    return err;
}

static enum err undo_split(struct desk *desk, struct incident *from, const struct json *detail)
{
    int64_t made = json_i64(json_get(detail, "made"), 0);
    enum err err = ERR_OK;

    for (const struct json *m = json_first(json_get(detail, "marks")); m && !err;
         m = json_next(m)) {
        int64_t id = json_i64(m, 0);
        err = db_evidence_hand_over(desk->store, made, from->id, id);
        if (!err)
            err = db_groups_set_incident(desk->store, id, from->id);
        err = err == ERR_NOTFOUND ? ERR_OK : err;
    }
    return err ? err : end_made(desk, made);
}

enum err desk_undo(struct desk *desk, const struct json *detail)
{
    const char *edit = json_str(json_get(detail, "edit"), "");
    struct incident into;
    enum err err =
        db_incidents_get(desk->store, json_i64(json_get(detail, "into"), 0), desk->arena, &into);

    if (err)
        return err;
    if (into.state == INCIDENT_MERGED)
        return ERR_CONFLICT;
    err = strcmp(edit, "split") == 0 ? undo_split(desk, &into, detail)
                                     : undo_parts(desk, &into, detail);
    if (err)
        return err;
    if (strcmp(edit, "create") == 0) {
        err = end_made(desk, into.id);
        return err ? err : db_desk_stories_edited(desk->store);
    }
    err = restore_story(desk, &into, detail);
    if (!err)
        err =
            add_entry(desk, &into, "undo", strcmp(edit, "split") ? "Merge undone" : "Split undone",
                      strcmp(edit, "split") ? "Đã hoàn tác gộp" : "Đã hoàn tác tách");
    return err ? err : tell(desk, &into);
}
