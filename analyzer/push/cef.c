/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/push/cef.h"
#include "analyzer/push/told.h"
#include "common/clock.h"

#include <stdio.h>

enum { FACILITY_AUDIT = 13, NOTICE = 5 };

/* Severity of syslog (RFC 5424, table 2) and of CEF (0 to 10) for ours. */
static const struct {
    uint8_t syslog, cef;
} levels[] = {{6, 1}, {5, 3}, {4, 5}, {4, 8}, {2, 10}};

/* Copies with a backslash before each of `special`; line ends become blanks or \n. */
static void put(struct strbuf *out, const char *text, const char *special, const char *newline)
{
    for (; *text; text++) {
        if (*text == '\n' || *text == '\r') {
            strbuf_str(out, newline);
        } else if ((unsigned char)*text >= 0x20) {
            if (strchr(special, *text))
                strbuf_char(out, '\\');
            strbuf_char(out, *text);
        }
    }
}

static void put_head(struct strbuf *out, const char *text)
{
    put(out, text, "\\|", " ");
}

static void put_ext(struct strbuf *out, const char *key, const char *text)
{
    if (!*text)
        return;
    strbuf_fmt(out, " %s=", key);
    put(out, text, "\\=", "\\n");
}

/* The last part of the source ("urn:soc:cantho:analyzer-1"), as host name. */
static const char *host_of(const struct connector *c)
{
    const char *colon = strrchr(c->source, ':');
    const char *host = colon ? colon + 1 : c->source;

    return *host && !strpbrk(host, " \t\"") ? host : "-";
}

static void put_syslog(struct strbuf *out, const struct connector *c, uint8_t severity,
                       uint64_t ts_ns, const char *id)
{
    char when[CLOCK_TEXT_MAX];

    clock_text_rfc3339(ts_ns, when);
    strbuf_fmt(out, "<%u>1 %s %.200s tramgac - %s ", FACILITY_AUDIT * 8u + severity, when,
               host_of(c), id);
}

static void put_structured(struct strbuf *out, const struct told *told)
{
    const struct incident *i = told->incident;

    strbuf_fmt(out,
               "[tramgac@%lld incident=\"%s\" rev=\"%lld\" severity=\"%s\" status=\"%s\" site=\"",
               (long long)told->c->enterprise, told->name, (long long)i->revision,
               record_severity_name(i->severity), incident_state_name(i->state));
    put(out, i->site, "\"\\]", " ");
    strbuf_str(out, "\"] ");
}

static void put_class(struct strbuf *out, const char *id, const char *name, unsigned severity)
{
    strbuf_str(out, "CEF:0|Tramgac|analyzer|" TRAMGAC_VERSION "|");
    put_head(out, id);
    strbuf_char(out, '|');
    put_head(out, name);
    strbuf_fmt(out, "|%u|", severity);
}

static const char *class_of(const char *kind)
{
    if (strcmp(kind, "opened") == 0)
        return "INC-NEW";
    if (strcmp(kind, "exercise") == 0)
        return "EXERCISE";
    return strcmp(kind, "closed") == 0 ? "INC-CLOSED" : "INC-UPDATE";
}

static void put_address(struct strbuf *out, const char *key, const char *host, const char *own_key)
{
    put_ext(out, strncmp(host, "host-", 5) == 0 ? own_key : key, host);
}

void cef_incident(const struct telling *telling, struct strbuf *out)
{
    struct told told;

    told_open(&told, telling);
    const struct incident *i = told.incident;
    put_syslog(out, told.c, levels[i->severity].syslog, i->updated_ns,
               told.exercise ? "EXERCISE" : "INCIDENT");
    put_structured(out, &told);
    put_class(out, class_of(told.kind), told.title_en, levels[i->severity].cef);
    strbuf_fmt(out, "rt=%llu", (unsigned long long)(i->updated_ns / CLOCK_MS));
    strbuf_fmt(out, " start=%llu", (unsigned long long)(i->first_ns / CLOCK_MS));
    strbuf_fmt(out, " end=%llu", (unsigned long long)(i->last_ns / CLOCK_MS));
    put_ext(out, "externalId", told.name);
    put_address(out, "src", told.src, "shost");
    put_address(out, "dst", told.dst, "dhost");
    int64_t port = json_i64(json_get(told.worst, "dst_port"), 0);
    if (port > 0)
        strbuf_fmt(out, " dpt=%lld", (long long)port);
    strbuf_fmt(out, " cnt=%lld", (long long)i->n_events);
    put_ext(out, "cat", i->tactics);
    put_ext(out, "outcome", incident_disposition_name(i->disposition));
    if (*i->techniques) {
        put_ext(out, "cs1Label", "attack.technique");
        put_ext(out, "cs1", i->techniques);
    }
    strbuf_fmt(out, " cn1Label=riskScore cn1=%lld", (long long)i->score);
    put_ext(out, "msg", told.title_vi);
    told_close(&told);
}

void cef_heartbeat(const struct connector *c, uint64_t now_ns, struct strbuf *out)
{
    put_syslog(out, c, NOTICE, now_ns, "HEARTBEAT");
    strbuf_fmt(out, "[tramgac@%lld every=\"%llu\"] ", (long long)c->enterprise,
               (unsigned long long)(c->heartbeat_ns / CLOCK_S));
    put_class(out, "HEARTBEAT", "The analyzer is alive", 0);
    strbuf_fmt(out, "rt=%llu", (unsigned long long)(now_ns / CLOCK_MS));
}
