/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/push/mail.h"
#include "analyzer/push/told.h"
#include "analyzer/record/words.h"
#include "common/clock.h"
#include "common/jsonw.h"

#include <stdio.h>
#include <time.h>

enum { WORD_BYTES = 42, LINE_BYTES = 57, STAGES_MAX = 20 }; /* base64: 56 and 76 characters */

struct language {
    const char *id, *severity, *state, *score, *entity, *site, *first, *last, *events, *stages;
    bool vi;
};
static const struct language vietnamese = {"Sự cố",      "Mức độ",    "Trạng thái", "Điểm rủi ro",
                                           "Đối tượng",  "Địa điểm",  "Bắt đầu",    "Gần nhất",
                                           "Số sự kiện", "Diễn biến", true};
static const struct language english = {"Incident", "Severity",      "State",      "Risk score",
                                        "Entity",   "Site",          "First seen", "Last seen",
                                        "Events",   "What happened", false};

/* ---- body ---- */

static void put_line(struct strbuf *out, const char *name, const char *value)
{
    if (*value)
        strbuf_fmt(out, "%s: %s\r\n", name, value);
}

static void put_time(struct strbuf *out, const char *name, uint64_t ts_ns)
{
    char text[CLOCK_TEXT_MAX];

    if (!ts_ns)
        return;
    clock_text_rfc3339(ts_ns, text);
    put_line(out, name, text);
}

static void put_stage(struct strbuf *out, const struct told *told, const struct json *s, bool vi)
{
    char when[CLOCK_TEXT_MAX];
    char text[TOLD_TEXT_MAX];

    clock_text_rfc3339((uint64_t)json_num(json_get(s, "time"), 0), when);
    told_member(told, s, vi ? "text.vi" : "text.en", text);
    strbuf_fmt(out, "- %s %s %s\r\n", when, json_str(json_get(s, "technique"), ""), text);
}

static void put_part(struct strbuf *out, const struct told *told, const struct language *l)
{
    const struct incident *i = told->incident;
    uint32_t n = 0;

    strbuf_fmt(out, "%s\r\n\r\n", l->vi ? told->title_vi : told->title_en);
    put_line(out, l->id, told->name);
    put_line(out, l->severity, words_severity(i->severity, l->vi));
    put_line(out, l->state, words_state(i->state, l->vi));
    strbuf_fmt(out, "%s: %lld\r\n", l->score, (long long)i->score);
    put_line(out, l->entity, told->entity);
    put_line(out, l->site, i->site);
    put_time(out, l->first, i->first_ns);
    put_time(out, l->last, i->last_ns);
    strbuf_fmt(out, "%s: %lld\r\n", l->events, (long long)i->n_events);
    put_line(out, "MITRE ATT&CK", i->techniques);
    if (told->c->details && told->worst)
        strbuf_fmt(out, "\r\n%s:\r\n", l->stages);
    for (const struct json *s = json_first(json_get(told->why, "stages"));
         told->c->details && s && n < STAGES_MAX; s = json_next(s), n++)
        put_stage(out, told, s, l->vi);
}

/* ---- coding ---- */

static void put_base64(struct strbuf *out, struct slice bytes)
{
    struct strbuf quoted;
    struct jsonw w;

    strbuf_init(&quoted, 0);
    jsonw_init(&w, &quoted);
    jsonw_base64(&w, NULL, bytes);
    if (quoted.len > 2)
        strbuf_bytes(out, quoted.at + 1, quoted.len - 2);
    strbuf_fini(&quoted);
}

/* At most `most` bytes that do not end within a character of UTF-8. */
static uint32_t whole(struct slice text, uint32_t most)
{
    uint32_t n = text.len < most ? text.len : most;

    while (n && n < text.len && (text.at[n] & 0xc0) == 0x80)
        n--;
    return n ? n : most;
}

static void put_encoded(struct strbuf *out, const char *text)
{
    struct slice left = slice_of_str(text);

    for (bool first = true; left.len; first = false) {
        uint32_t n = whole(left, WORD_BYTES);
        strbuf_fmt(out, "%s=?UTF-8?B?", first ? "" : "\r\n ");
        put_base64(out, slice_head(left, n));
        strbuf_str(out, "?=");
        left = slice_from(left, n);
    }
}

static void put_body(struct strbuf *out, struct slice text)
{
    for (uint32_t at = 0; at < text.len; at += LINE_BYTES) {
        put_base64(out, slice_head(slice_from(text, at), LINE_BYTES));
        strbuf_str(out, "\r\n");
    }
}

/* ---- head ---- */

/* One address of the configuration: no line of it may begin another header. */
static void put_address(struct strbuf *out, const char *address)
{
    for (; *address; address++) {
        if ((unsigned char)*address > 0x20)
            strbuf_char(out, *address);
    }
}

static void put_date(struct strbuf *out, uint64_t ts_ns)
{
    static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    time_t seconds = (time_t)(ts_ns / CLOCK_S);
    struct tm tm;

    gmtime_r(&seconds, &tm);
    strbuf_fmt(out, "Date: %s, %02d %s %04d %02d:%02d:%02d +0000\r\n", days[tm.tm_wday], tm.tm_mday,
               months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

static void put_head(struct strbuf *out, const struct told *told)
{
    const struct connector *c = told->c;
    const struct incident *i = told->incident;
    const char *at = strchr(c->from, '@');
    char subject[TOLD_TEXT_MAX + 100];

    put_date(out, i->updated_ns);
    strbuf_str(out, "From: ");
    put_address(out, c->from);
    strbuf_str(out, "\r\nTo: ");
    for (uint32_t n = 0; n < COURIER_TO_MAX && c->to[n]; n++) {
        strbuf_str(out, n ? ",\r\n " : "");
        put_address(out, c->to[n]);
    }
    snprintf(subject, sizeof(subject), "[%s] %s: %s", told->name, words_severity(i->severity, true),
             told->title_vi);
    strbuf_str(out, "\r\nSubject: ");
    put_encoded(out, subject);
    strbuf_fmt(out, "\r\nMessage-ID: <%s.%lld.%s", told->name, (long long)i->revision, c->name);
    put_address(out, at ? at : "@tramgac.invalid");
    strbuf_fmt(out, ">\r\nReferences: <%s.%s", told->name, c->name);
    put_address(out, at ? at : "@tramgac.invalid");
    strbuf_str(out, ">\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
                    "Content-Type: text/plain; charset=utf-8\r\n"
                    "Content-Transfer-Encoding: base64\r\n\r\n");
}

void mail_incident(const struct telling *telling, struct strbuf *out)
{
    struct told told;
    struct strbuf body;

    told_open(&told, telling);
    strbuf_init(&body, 0);
    put_part(&body, &told, &vietnamese);
    strbuf_str(&body, "\r\n----\r\n\r\n");
    put_part(&body, &told, &english);
    put_head(out, &told);
    put_body(out, strbuf_view(&body));
    strbuf_fini(&body);
    told_close(&told);
}
