/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/push/ngsi.h"
#include "analyzer/push/told.h"
#include "common/clock.h"
#include "common/jsonw.h"

#include <ctype.h>
#include <stdio.h>

enum { URN_MAX = 200 };

static void open_property(struct jsonw *w, const char *key, const char *type)
{
    jsonw_obj_open(w, key);
    jsonw_str(w, "type", type);
}

static void write_property(struct jsonw *w, const char *key, const char *value)
{
    open_property(w, key, "Property");
    jsonw_str(w, "value", value);
    jsonw_obj_close(w);
}

static void write_date(struct jsonw *w, const char *key, uint64_t ts_ns)
{
    char text[CLOCK_TEXT_MAX];

    if (!ts_ns)
        return;
    clock_text_rfc3339(ts_ns, text);
    open_property(w, key, "Property");
    jsonw_obj_open(w, "value");
    jsonw_str(w, "@type", "DateTime");
    jsonw_str(w, "@value", text);
    jsonw_obj_close(w);
    jsonw_obj_close(w);
}

static const char *severity_word(enum severity severity)
{
    static const char *const words[] = {"informational", "low", "medium", "high", "critical"};

    return words[severity];
}

/* Only what a URN may hold (RFC 8141): the rest becomes '-'. */
static void urn(char out[URN_MAX], const char *type, const char *scope, const char *name)
{
    int n = snprintf(out, URN_MAX, "urn:ngsi-ld:%s:%s%s%s", type, scope, *scope ? ":" : "", name);

    for (int i = 0; i < n && i < URN_MAX - 1; i++) {
        if (!isalnum((unsigned char)out[i]) && !strchr(":._-", out[i]))
            out[i] = '-';
    }
}

static void write_data(struct jsonw *w, const struct told *told)
{
    const struct incident *i = told->incident;

    open_property(w, "data", "Property");
    jsonw_obj_open(w, "value");
    jsonw_str(w, "incidentId", told->name);
    jsonw_i64(w, "revision", i->revision);
    jsonw_str(w, "status", incident_state_name(i->state));
    jsonw_str(w, "change", told->kind);
    if (told->exercise)
        jsonw_bool(w, "exercise", true);
    jsonw_i64(w, "riskScore", i->score);
    jsonw_str(w, "site", i->site);
    jsonw_str(w, "tlp", i->tlp);
    jsonw_str(w, "titleVi", told->title_vi);
    if (*told->src)
        jsonw_str(w, "source", told->src);
    if (*told->dst)
        jsonw_str(w, "target", told->dst);
    jsonw_words(w, "techniques", i->techniques);
    jsonw_obj_close(w);
    jsonw_obj_close(w);
}

static void write_severity(struct jsonw *w, const struct incident *i)
{
    char when[CLOCK_TEXT_MAX];

    clock_text_rfc3339(i->updated_ns, when);
    open_property(w, "severity", "Property");
    jsonw_str(w, "value", severity_word(i->severity));
    jsonw_str(w, "observedAt", when);
    jsonw_obj_close(w);
}

void ngsi_alert(const struct telling *telling, struct strbuf *out)
{
    struct told told;
    struct jsonw w;
    char id[URN_MAX];
    char device[URN_MAX];

    told_open(&told, telling);
    const struct incident *i = told.incident;
    urn(id, "Alert", i->site, told.name);
    urn(device, "Device", "", *told.entity ? told.entity : "unknown");
    jsonw_init(&w, out);
    jsonw_obj_open(&w, NULL);
    jsonw_str(&w, "id", id);
    jsonw_str(&w, "type", "Alert");
    open_property(&w, "alertSource", "Relationship");
    jsonw_str(&w, "object", device);
    jsonw_obj_close(&w);
    write_property(&w, "category", "security");
    write_property(&w, "subCategory", told.exercise ? "exercise" : "cyberSecurityIncident");
    write_date(&w, "dateIssued", i->opened_ns ? i->opened_ns : i->updated_ns);
    write_date(&w, "validFrom", i->first_ns);
    write_date(&w, "validTo", i->closed_ns);
    write_severity(&w, i);
    write_property(&w, "description", told.title_en);
    write_data(&w, &told);
    jsonw_arr_open(&w, "@context");
    jsonw_str(&w, NULL, *telling->c->context ? telling->c->context : NGSI_CONTEXT);
    jsonw_str(&w, NULL, NGSI_CORE);
    jsonw_arr_close(&w);
    jsonw_obj_close(&w);
    told_close(&told);
}
