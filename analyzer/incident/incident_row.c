/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/incident/incident_row.h"
#include "analyzer/incident/why.h"

#include <string.h>

enum { WHY_MAX = 4 << 20 };

static const char *in_arena(struct arena *arena, const struct strbuf *text)
{
    const char *copy = text->len ? arena_str(arena, strbuf_view(text)) : "";
    return copy ? copy : "";
}

static const char *ids_text(struct arena *arena, const struct story *story, enum fact_text which)
{
    struct strbuf text;

    strbuf_init(&text, 1024);
    story_ids(story, which, &text);
    const char *ids = in_arena(arena, &text);
    strbuf_fini(&text);
    return ids;
}

static const char *tactics_text(struct arena *arena, const struct attack *attack,
                                const struct story *story)
{
    struct strbuf text;
    char room[16];

    strbuf_init(&text, 1024);
    for (uint32_t i = 0; i < story->n_facts; i++) {
        const char *id = score_tactic(&story->facts[i], attack, room);
        if (!*id || (text.len && strstr(text.at, id)))
            continue;
        strbuf_fmt(&text, "%s%s", text.len ? " " : "", id);
    }
    const char *ids = in_arena(arena, &text);
    strbuf_fini(&text);
    return ids;
}

static const char *sensors_text(struct arena *arena, const struct story *story)
{
    struct strbuf text;

    strbuf_init(&text, 4096);
    for (uint32_t i = 0; i < story->n_sensors; i++)
        strbuf_fmt(&text, "%s%s", i ? " " : "", story->sensors[i]);
    const char *names = in_arena(arena, &text);
    strbuf_fini(&text);
    return names;
}

static const char *entity_text(struct arena *arena, const struct story_entity *e)
{
    struct strbuf text;

    strbuf_init(&text, RECORD_TEXT_MAX);
    strbuf_fmt(&text, "%.200s%s%.200s", e->name, *e->name && *e->ip ? " " : "",
               *e->ip ? e->ip : e->device);
    const char *label = in_arena(arena, &text);
    strbuf_fini(&text);
    return label;
}

static void count_facts(const struct story *story, struct incident *row)
{
    row->n_events = 0;
    row->n_groups = 0;
    for (uint32_t i = 0; i < story->n_facts; i++) {
        const struct fact *f = &story->facts[i];
        bool alert = f->kind == FACT_ALERT;
        row->n_groups += alert;
        if (alert || (f->kind == FACT_STAGE && !f->group_id))
            row->n_events += f->n;
    }
}

/* What the analyzer says; severity and title stay a person's when a person changed them. */
void incident_row_fill(struct incident *row, struct story *story, const struct score *score,
                       const struct attack *attack, uint64_t now_ns, struct arena *arena)
{
    const struct fact *head = story_title(story);
    struct strbuf why;

    if (head && (!row->id || strcmp(row->title_en, story->told_title) == 0)) {
        story->material = story->material || strcmp(story->told_title, head->text[FACT_TITLE_EN]);
        row->title_en = head->text[FACT_TITLE_EN];
        row->title_vi = head->text[FACT_TITLE_VI];
        story->told_title = head->text[FACT_TITLE_EN];
    }
    if (!row->id || row->severity == story->told_severity) {
        story->material = story->material || row->severity != score->severity;
        row->severity = score->severity;
        story->told_severity = score->severity;
    }
    row->score = score->points;
    row->first_ns = story->first_ns;
    row->last_ns = story->last_ns;
    row->updated_ns = now_ns;
    const struct story_entity *main = story_main_entity(story);
    row->entity = main ? entity_text(arena, main) : "";
    row->entity_ip = main ? main->ip : "";
    row->techniques = ids_text(arena, story, FACT_TECHNIQUES);
    row->tactics = tactics_text(arena, attack, story);
    row->sensors = sensors_text(arena, story);
    count_facts(story, row);
    strbuf_init(&why, WHY_MAX);
    why_write(story, score, attack, &why);
    row->why_json = why.full ? "{}" : in_arena(arena, &why);
    strbuf_fini(&why);
}
