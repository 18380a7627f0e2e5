/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/incident/sla.h"

#include <stdio.h>

const struct option sla_options[] = {
    {"incident.sla.ack.critical", CONF_SPAN, "15m",
     "Time until somebody has taken a critical incident; 0 = no such deadline."},
    {"incident.sla.ack.high", CONF_SPAN, "1h", "The same, of high ones."},
    {"incident.sla.ack.medium", CONF_SPAN, "8h", "The same, of medium ones."},
    {"incident.sla.ack.low", CONF_SPAN, "72h", "The same, of low ones."},
    {"incident.sla.contain.critical", CONF_SPAN, "4h",
     "Time until a critical incident is contained or closed; 0 = no such deadline."},
    {"incident.sla.contain.high", CONF_SPAN, "24h", "The same, of high ones."},
    {"incident.sla.contain.medium", CONF_SPAN, "72h", "The same, of medium ones."},
    {"incident.sla.contain.low", CONF_SPAN, "168h", "The same, of low ones."},
    {"incident.sla.report.critical", CONF_SPAN, "120h",
     "Time until the report of a critical or serious incident is sent; 0 = no such deadline."},
    {"incident.sla.report.high", CONF_SPAN, "120h", "The same, of high ones."},
    {"incident.sla.report.medium", CONF_SPAN, "0s", "The same, of medium ones."},
    {"incident.sla.report.low", CONF_SPAN, "0s", "The same, of low ones."},
    {"incident.sla.personal_data", CONF_SPAN, "72h",
     "Time until a breach of personal data is reported, from when it was found; 0 = no deadline."},
    OPTION_END,
};

static uint32_t add(struct sla_timer *out, uint32_t n, const char *name, uint64_t from_ns,
                    uint64_t span_ns, uint64_t met_ns, uint64_t now_ns)
{
    if (span_ns == 0 || from_ns == 0)
        return n;
    uint64_t due_ns = from_ns + span_ns;
    out[n] = (struct sla_timer){name, due_ns, met_ns, (met_ns ? met_ns : now_ns) > due_ns};
    return n + 1;
}

static uint64_t span(const struct conf *conf, const char *what, enum severity severity)
{
    char key[64];

    if (severity < SEVERITY_LOW)
        return 0;
    snprintf(key, sizeof(key), "incident.sla.%s.%s", what, record_severity_name(severity));
    return conf_span_ns(conf, key);
}

uint32_t sla_timers(const struct conf *conf, const struct incident *i, uint64_t now_ns,
                    struct sla_timer out[SLA_TIMERS_MAX])
{
    enum severity reported = i->serious ? SEVERITY_CRITICAL : i->severity;
    uint64_t contained_ns = i->contained_ns ? i->contained_ns : i->closed_ns;
    uint32_t n = 0;

    if (i->state == INCIDENT_MERGED)
        return 0;
    n = add(out, n, "ack", i->opened_ns, span(conf, "ack", i->severity), i->acked_ns, now_ns);
    n = add(out, n, "contain", i->opened_ns, span(conf, "contain", i->severity), contained_ns,
            now_ns);
    n = add(out, n, "report", i->opened_ns, span(conf, "report", reported), i->reported_ns, now_ns);
    if (i->personal_data)
        n = add(out, n, "personal_data", i->personal_ns ? i->personal_ns : i->opened_ns,
                conf_span_ns(conf, "incident.sla.personal_data"), i->reported_ns, now_ns);
    return n;
}
