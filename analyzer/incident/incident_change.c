/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/incident/incident_change.h"

#include "common/strbuf.h"

/* Rows: from; bits: to. Merging is done by its own path; a closed incident may be opened again. */
static const uint32_t allowed[INCIDENT_STATES] = {
    [INCIDENT_NEW] = 1u << INCIDENT_ASSIGNED | 1u << INCIDENT_IN_PROGRESS | 1u << INCIDENT_PENDING |
                     1u << INCIDENT_CLOSED | 1u << INCIDENT_ESCALATED,
    [INCIDENT_ASSIGNED] = 1u << INCIDENT_IN_PROGRESS | 1u << INCIDENT_PENDING |
                          1u << INCIDENT_CLOSED | 1u << INCIDENT_ESCALATED | 1u << INCIDENT_NEW,
    [INCIDENT_IN_PROGRESS] = 1u << INCIDENT_PENDING | 1u << INCIDENT_CLOSED |
                             1u << INCIDENT_ESCALATED | 1u << INCIDENT_ASSIGNED,
    [INCIDENT_PENDING] =
        1u << INCIDENT_IN_PROGRESS | 1u << INCIDENT_CLOSED | 1u << INCIDENT_ESCALATED,
    [INCIDENT_CLOSED] = 1u << INCIDENT_IN_PROGRESS,
    [INCIDENT_MERGED] = 0,
    [INCIDENT_ESCALATED] =
        1u << INCIDENT_IN_PROGRESS | 1u << INCIDENT_PENDING | 1u << INCIDENT_CLOSED,
};

bool incident_change_allowed(enum incident_state from, enum incident_state to)
{
    return from == to || (allowed[from] >> to & 1);
}

static const char *joined(struct arena *arena, const char *a, const char *b, const char *c,
                          const char *d)
{
    struct strbuf text;

    strbuf_init(&text, 8192);
    strbuf_str(&text, a);
    strbuf_str(&text, b);
    strbuf_str(&text, c);
    strbuf_str(&text, d);
    const char *kept = text.len ? arena_str(arena, strbuf_view(&text)) : "";
    strbuf_fini(&text);
    return kept ? kept : "";
}

static struct incident_entry *entry(struct incident_entry *entries, uint32_t *n,
                                    const struct incident *incident,
                                    const struct incident_change *change, const char *kind,
                                    const char *en, const char *vi)
{
    struct incident_entry *e = &entries[(*n)++];

    *e = (struct incident_entry){.incident_id = incident->id,
                                 .ts_ns = change->now_ns,
                                 .kind = kind,
                                 .actor = change->actor,
                                 .text_en = en,
                                 .text_vi = vi,
                                 .technique = "",
                                 .tactic = "",
                                 .severity = incident->severity,
                                 .detail_json = "{}"};
    return e;
}

static void change_state(struct incident *incident, const struct incident_change *change)
{
    incident->state = change->state;
    incident->closed_ns = change->state == INCIDENT_CLOSED ? change->now_ns : 0;
    if (change->state != INCIDENT_CLOSED && !change->has_disposition)
        incident->disposition = DISPOSITION_NONE;
}

static bool state_fits(const struct incident *incident, const struct incident_change *change)
{
    bool concluded = change->has_disposition || incident->disposition;

    return incident_change_allowed(incident->state, change->state) &&
           (change->state != INCIDENT_CLOSED || concluded);
}

enum err incident_change_apply(struct incident *incident, const struct incident_change *change,
                               struct arena *arena,
                               struct incident_entry entries[INCIDENT_CHANGE_ENTRIES_MAX],
                               uint32_t *n)
{
    bool told = false;

    *n = 0;
    if (change->has_state && !state_fits(incident, change))
        return ERR_INPUT;
    if (change->has_state && change->state != incident->state) {
        const char *from = incident_state_name(incident->state),
                   *to = incident_state_name(change->state);
        const char *text = joined(arena, from, " → ", to, "");
        entry(entries, n, incident, change, "state", text, text);
        change_state(incident, change);
        told = true;
    }
    if (change->has_disposition && change->disposition != incident->disposition) {
        const char *text = incident_disposition_name(change->disposition);
        entry(entries, n, incident, change, "disposition", text, text);
        incident->disposition = change->disposition;
        told = true;
    }
    if (change->has_severity && change->severity != incident->severity) {
        const char *text = joined(arena, record_severity_name(incident->severity), " → ",
                                  record_severity_name(change->severity), "");
        entry(entries, n, incident, change, "severity", text, text);
        incident->severity = change->severity;
        told = true;
    }
    if (change->assignee && strcmp(change->assignee, incident->assignee) != 0) {
        const char *to = joined(arena, change->assignee, "", "", "");
        entry(entries, n, incident, change, "assign", to, to);
        incident->assignee = to;
    }
    if (change->comment && *change->comment)
        entry(entries, n, incident, change, "comment", change->comment, change->comment);
    incident->updated_ns = change->now_ns;
    incident->revision += told;
    return ERR_OK;
}
