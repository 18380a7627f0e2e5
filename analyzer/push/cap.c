/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/push/cap.h"
#include "analyzer/push/told.h"
#include "common/clock.h"

#include <stdio.h>

enum { PART_MAX = 300 };

static void element(struct strbuf *out, const char *name, const char *text)
{
    strbuf_fmt(out, "<%s>", name);
    for (; *text; text++) {
        if (strchr("<>&", *text))
            strbuf_fmt(out, "&#%d;", *text);
        else if ((unsigned char)*text >= 0x20 || *text == '\n')
            strbuf_char(out, *text);
    }
    strbuf_fmt(out, "</%s>", name);
}

/* Neither blanks nor commas nor markup may stand in a sender or identifier (3.2.1 there). */
static void plain_of(const char *text, char out[PART_MAX])
{
    uint32_t n = 0;

    for (; *text && n + 1 < PART_MAX; text++)
        out[n++] = strchr(" ,<&", *text) ? '-' : *text;
    out[n] = '\0';
}

/* "…-00:00" and never "Z" (3.3.2 there). */
static void time_of(uint64_t ts_ns, char out[CLOCK_TEXT_MAX])
{
    char text[CLOCK_TEXT_MAX];

    clock_text_rfc3339(ts_ns, text);
    snprintf(out, CLOCK_TEXT_MAX, "%.19s-00:00", text);
}

static const char *severity_word(enum severity severity)
{
    static const char *const words[] = {"Minor", "Minor", "Moderate", "Severe", "Extreme"};

    return words[severity];
}

/* What stands between the tags of the message before; "" when there was none. */
static void part_of(const char *message, const char *name, char out[PART_MAX])
{
    char tag[40];

    out[0] = '\0';
    int n = snprintf(tag, sizeof(tag), "<%s>", name);
    const char *at = strstr(message, tag);
    const char *end = at ? strchr(at + n, '<') : NULL;
    if (end && end - at - n < PART_MAX)
        snprintf(out, PART_MAX, "%.*s", (int)(end - at - n), at + n);
}

static void put_references(struct strbuf *out, const char *before)
{
    char sender[PART_MAX];
    char identifier[PART_MAX];
    char sent[PART_MAX];
    char text[3 * PART_MAX + 4];

    part_of(before, "sender", sender);
    part_of(before, "identifier", identifier);
    part_of(before, "sent", sent);
    snprintf(text, sizeof(text), "%s,%s,%s", sender, identifier, sent);
    element(out, "references", text);
}

static void put_info(struct strbuf *out, const struct told *told, const char *language,
                     const char *event, const char *title, const char *text)
{
    const struct incident *i = told->incident;
    char onset[CLOCK_TEXT_MAX];

    time_of(i->first_ns ? i->first_ns : i->updated_ns, onset);
    strbuf_str(out, "<info>");
    element(out, "language", language);
    element(out, "category", "Security");
    element(out, "category", "Infra");
    element(out, "event", event);
    element(out, "urgency",
            told->exercise               ? "Unknown"
            : incident_is_open(i->state) ? "Immediate"
                                         : "Past");
    element(out, "severity", severity_word(i->severity));
    element(out, "certainty", "Observed");
    element(out, "onset", onset);
    element(out, "senderName", told->c->source);
    element(out, "headline", title);
    element(out, "description", text);
    strbuf_str(out, "<area>");
    element(out, "areaDesc", *i->site ? i->site : "-");
    strbuf_str(out, "</area></info>");
}

static void put_head(struct strbuf *out, const struct told *told, const char *before)
{
    const struct incident *i = told->incident;
    char sender[PART_MAX];
    char identifier[PART_MAX];
    char sent[CLOCK_TEXT_MAX];
    bool first = !*before;

    plain_of(told->c->source, sender);
    snprintf(identifier, sizeof(identifier), "%s.%lld", told->name, (long long)i->revision);
    time_of(i->updated_ns, sent);
    element(out, "identifier", identifier);
    element(out, "sender", sender);
    element(out, "sent", sent);
    element(out, "status", told->exercise ? "Test" : "Actual");
    element(out, "msgType",
            first                               ? "Alert"
            : strcmp(told->kind, "closed") == 0 ? "Cancel"
                                                : "Update");
    element(out, "scope", "Restricted");
    element(out, "restriction", "TLP");
    if (told->exercise)
        element(out, "note", told->title_en);
    if (!first)
        put_references(out, before);
}

void cap_incident(const struct telling *telling, struct strbuf *out)
{
    struct told told;
    char worst[TOLD_TEXT_MAX];

    told_open(&told, telling);
    strbuf_str(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                    "<alert xmlns=\"urn:oasis:names:tc:emergency:cap:1.2\">");
    put_head(out, &told, telling->before);
    told_member(&told, told.worst, "text.vi", worst);
    put_info(out, &told, "vi-VN", "Sự cố an ninh mạng", told.title_vi, worst);
    told_member(&told, told.worst, "text.en", worst);
    put_info(out, &told, "en-US", "Cyber-security incident", told.title_en, worst);
    strbuf_str(out, "</alert>");
    told_close(&told);
}
