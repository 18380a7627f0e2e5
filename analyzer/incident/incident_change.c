/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/incident/incident_change.h"

#include "analyzer/record/words.h"

#include <stdarg.h>
#include <stdio.h>

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

/* What is known while a change is applied. */
struct work {
    struct incident *incident;
    const struct incident_change *change;
    struct arena *arena;
    struct incident_entry *entries;
    uint32_t n;
    bool told; /* something operations centres hear of */
};

__attribute__((format(printf, 2, 3))) static const char *text(struct arena *arena, const char *form,
                                                              ...)
{
    char line[2400];
    va_list args;

    va_start(args, form);
    vsnprintf(line, sizeof(line), form, args);
    va_end(args);
    const char *kept = arena_str(arena, slice_of_str(line));
    return kept ? kept : "";
}

static void entry(struct work *w, const char *kind, const char *en, const char *vi)
{
    w->entries[w->n++] = (struct incident_entry){.incident_id = w->incident->id,
                                                 .ts_ns = w->change->now_ns,
                                                 .kind = kind,
                                                 .actor = w->change->actor,
                                                 .text_en = en,
                                                 .text_vi = vi,
                                                 .technique = "",
                                                 .tactic = "",
                                                 .severity = w->incident->severity,
                                                 .detail_json = "{}"};
}

static const char *arrow(struct arena *arena, const char *from, const char *to)
{
    return text(arena, "%s → %s", from, to);
}

static void change_state(struct work *w)
{
    struct incident *i = w->incident;
    const struct incident_change *c = w->change;
    enum incident_state from = i->state, to = c->state;

    if (!c->has_state || from == to)
        return;
    entry(w, "state", arrow(w->arena, words_state(from, false), words_state(to, false)),
          arrow(w->arena, words_state(from, true), words_state(to, true)));
    i->state = to;
    i->closed_ns = to == INCIDENT_CLOSED ? c->now_ns : 0;
    if (to != INCIDENT_CLOSED && !c->has_disposition)
        i->disposition = DISPOSITION_NONE;
    if (to != INCIDENT_NEW && !i->acked_ns)
        i->acked_ns = c->now_ns;
    w->told = true;
}

static void change_disposition(struct work *w)
{
    enum disposition to = w->change->disposition;

    if (!w->change->has_disposition || to == w->incident->disposition)
        return;
    entry(w, "disposition", words_disposition(to, false), words_disposition(to, true));
    w->incident->disposition = to;
    w->told = true;
}

static void change_severity(struct work *w)
{
    enum severity from = w->incident->severity, to = w->change->severity;

    if (!w->change->has_severity || to == from)
        return;
    entry(w, "severity", arrow(w->arena, words_severity(from, false), words_severity(to, false)),
          arrow(w->arena, words_severity(from, true), words_severity(to, true)));
    w->incident->severity = to;
    w->told = true;
}

static void change_assignee(struct work *w)
{
    struct incident *i = w->incident;
    const char *to = w->change->assignee;

    if (!to || strcmp(to, i->assignee) == 0)
        return;
    to = text(w->arena, "%s", to);
    entry(w, "assign", *to ? to : "Nobody", *to ? to : "Không ai");
    i->assignee = to;
    if (*to && !i->acked_ns)
        i->acked_ns = w->change->now_ns;
}

static void change_flags(struct work *w)
{
    struct incident *i = w->incident;
    const struct incident_change *c = w->change;
    const char *reason = c->reason ? text(w->arena, "%s", c->reason) : "";

    if (c->has_personal && c->personal != i->personal_data) {
        entry(w, "personal",
              text(w->arena, "Personal data %sinvolved: %s", c->personal ? "" : "not ", reason),
              text(w->arena, "%s dữ liệu cá nhân: %s",
                   c->personal ? "Có liên quan" : "Không liên quan", reason));
        i->personal_data = c->personal;
        i->personal_reason = reason;
        i->personal_ns = c->personal ? c->now_ns : 0;
        w->told = true;
    }
    if (c->has_serious && c->serious != i->serious) {
        entry(w, "serious",
              text(w->arena, "%s: %s", c->serious ? "Serious incident" : "Not a serious incident",
                   reason),
              text(w->arena, "%s: %s",
                   c->serious ? "Sự cố nghiêm trọng" : "Không phải sự cố nghiêm trọng", reason));
        i->serious = c->serious;
        i->serious_reason = reason;
        i->serious_ns = c->serious ? c->now_ns : 0;
        w->told = true;
    }
}

static void change_marks(struct work *w)
{
    struct incident *i = w->incident;
    const struct incident_change *c = w->change;

    if (c->has_contained && c->contained != (i->contained_ns != 0)) {
        entry(w, "contained", c->contained ? "Contained" : "Not contained",
              c->contained ? "Đã khống chế" : "Chưa khống chế");
        i->contained_ns = c->contained ? c->now_ns : 0;
    }
    if (c->has_reported && c->reported != (i->reported_ns != 0)) {
        entry(w, "reported", c->reported ? "Report sent" : "Report not sent",
              c->reported ? "Đã gửi báo cáo" : "Chưa gửi báo cáo");
        i->reported_ns = c->reported ? c->now_ns : 0;
    }
}

static bool state_fits(const struct incident *incident, const struct incident_change *change)
{
    bool concluded = change->has_disposition || incident->disposition;

    return incident_change_allowed(incident->state, change->state) &&
           (change->state != INCIDENT_CLOSED || concluded);
}

static bool flags_fit(const struct incident *incident, const struct incident_change *change)
{
    bool flips = (change->has_personal && change->personal != incident->personal_data) ||
                 (change->has_serious && change->serious != incident->serious);

    return !flips || (change->reason && *change->reason);
}

enum err incident_change_apply(struct incident *incident, const struct incident_change *change,
                               struct arena *arena,
                               struct incident_entry entries[INCIDENT_CHANGE_ENTRIES_MAX],
                               uint32_t *n)
{
    struct work w = {incident, change, arena, entries, 0, false};

    *n = 0;
    if ((change->has_state && !state_fits(incident, change)) || !flags_fit(incident, change))
        return ERR_INPUT;
    change_state(&w);
    change_disposition(&w);
    change_severity(&w);
    change_assignee(&w);
    change_flags(&w);
    change_marks(&w);
    if (change->comment && *change->comment)
        entry(&w, "comment", change->comment, change->comment);
    incident->updated_ns = change->now_ns;
    incident->revision += w.told;
    *n = w.n;
    return ERR_OK;
}
