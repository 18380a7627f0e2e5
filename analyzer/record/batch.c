/* SPDX-License-Identifier: Apache-2.0 */
/* The records of one transaction of the store; declared with the record in record.h. */
#include "analyzer/record/record.h"
#include "analyzer/record/utf8.h"
#include "common/check.h"

#include <stdlib.h>

enum { BATCH_ARENA_BLOCK = 1 << 20, RECORD_ARENA_USUAL = 4096 };

void batch_init_for(struct batch *batch, uint32_t room)
{
    size_t usual = (size_t)room * RECORD_ARENA_USUAL;

    memset(batch, 0, sizeof(*batch));
    batch->room = room < BATCH_RECORDS_MAX ? room : BATCH_RECORDS_MAX;
    arena_init(&batch->arena, usual < BATCH_ARENA_BLOCK ? usual + 4096 : BATCH_ARENA_BLOCK, 0);
}

void batch_init(struct batch *batch)
{
    batch_init_for(batch, BATCH_RECORDS_MAX);
}

void batch_clear(struct batch *batch)
{
    batch->n = 0;
    arena_reset(&batch->arena);
}

void batch_fini(struct batch *batch)
{
    batch_clear(batch);
    free(batch->records);
    batch->records = NULL;
    batch->room = 0;
    arena_fini(&batch->arena);
}

static void end_init(struct record_end *end)
{
    end->mac = end->device = end->name = end->owner_en = end->owner_vi = end->zone = "";
    end->zone_kind = end->role = end->profile = end->as_name = "";
}

static struct record *next_place(struct batch *batch)
{
    if (batch->n == batch->room)
        return NULL;
    if (!batch->records) { /* all at once: records must not move while others point to them */
        batch->records = calloc(batch->room, sizeof(*batch->records));
        CHECK(batch->records);
    }
    return &batch->records[batch->n++];
}

struct record *batch_add_like(struct batch *batch, const struct record *like)
{
    struct record *r = next_place(batch);

    if (r)
        *r = *like;
    return r;
}

struct record *batch_add(struct batch *batch)
{
    struct record *r = next_place(batch);

    if (!r)
        return NULL;
    memset(r, 0, sizeof(*r));
    end_init(&r->src);
    end_init(&r->dst);
    r->id.sensor = r->id.site = r->event_type = r->sensor = r->site = "";
    r->proto = r->app_proto = r->community_id = r->technique_words = r->tactic_words = "";
    r->alert.signature = r->alert.signature_vi = r->alert.category = r->alert.source =
        r->alert.action = "";
    r->alert.reason_en = r->alert.reason_vi = "";
    return r;
}

void batch_drop_last(struct batch *batch)
{
    CHECK(batch->n);
    batch->n--;
}

static const char *join(struct batch *batch, const char *const *ids, uint32_t n)
{
    char text[(RECORD_TECHNIQUES_MAX + RECORD_TACTICS_MAX) * 12];
    size_t len = 0;

    for (uint32_t i = 0; i < n; i++) {
        size_t more = strlen(ids[i]);
        if (len + more + 1 > sizeof(text))
            break;
        if (len)
            text[len++] = ' ';
        memcpy(text + len, ids[i], more);
        len += more;
    }
    return batch_text(batch, (struct slice){(const uint8_t *)text, (uint32_t)len});
}

void batch_words(struct batch *batch, struct record *r)
{
    r->technique_words = join(batch, r->techniques, r->n_techniques);
    r->tactic_words = join(batch, r->tactics, r->n_tactics);
}

const char *batch_text(struct batch *batch, struct slice text)
{
    if (text.len == 0)
        return "";
    text.len = utf8_cut(text, RECORD_TEXT_MAX);
    const char *copy = arena_str(&batch->arena, text);
    return copy ? copy : "";
}

const char *batch_value(struct batch *batch, const struct json *value)
{
    struct slice text = json_text(value);
    return text.len <= RECORD_TEXT_MAX ? json_str(value, "") : batch_text(batch, text);
}
