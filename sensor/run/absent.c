/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stand-ins for floors that are not there yet: no rules, no devices.
 */
#include "sensor/detect/detect.h"
#include "sensor/device/device.h"
#include <stdlib.h>
#define WEAK __attribute__((weak))
WEAK const struct option device_options[] = {OPTION_END};
WEAK const struct counter device_counters[] = {COUNTER_END};
WEAK const struct option detect_options[] = {OPTION_END};
WEAK const struct counter detect_counters[] = {COUNTER_END};
WEAK enum err devices_new(const struct conf *c, struct stats *s, struct devices **d,
                          struct strbuf *r)
{
    (void)c;
    (void)s;
    (void)r;
    *d = NULL;
    return ERR_OK;
}
WEAK void devices_free(struct devices **d)
{
    *d = NULL;
}
WEAK void devices_fact(struct devices *d, const struct fact *f)
{
    (void)d;
    (void)f;
}
WEAK bool devices_next(struct devices *d, struct finding *f)
{
    (void)d;
    (void)f;
    return false;
}
WEAK void devices_tick(struct devices *d, uint64_t n)
{
    (void)d;
    (void)n;
}
WEAK const struct device *devices_find(const struct devices *d, const struct addr *a)
{
    (void)d;
    (void)a;
    return NULL;
}
WEAK void devices_write(const struct device *d, struct jsonw *w)
{
    (void)d;
    (void)w;
}
WEAK enum err ruleset_load(const struct conf *c, const char *const *p, struct ruleset **r,
                           struct strbuf *s)
{
    (void)c;
    (void)p;
    (void)s;
    *r = NULL;
    return ERR_OK;
}
WEAK void ruleset_free(struct ruleset **r)
{
    *r = NULL;
}
WEAK uint32_t ruleset_rules(const struct ruleset *r)
{
    (void)r;
    return 0;
}
WEAK const struct rule_info *ruleset_rule(const struct ruleset *r, uint32_t i)
{
    (void)r;
    (void)i;
    return NULL;
}
WEAK const struct quarantined *ruleset_quarantined(const struct ruleset *r, uint32_t *n)
{
    (void)r;
    *n = 0;
    return NULL;
}
WEAK bool ruleset_wants(const struct ruleset *r, const char *w)
{
    (void)r;
    (void)w;
    return false;
}
WEAK struct detect *detect_new(const struct ruleset *r, const struct conf *c, struct stats *s)
{
    (void)r;
    (void)c;
    (void)s;
    return NULL;
}
WEAK void detect_free(struct detect **d)
{
    *d = NULL;
}
WEAK void detect_run(struct detect *d, const struct detect_input *in)
{
    (void)d;
    (void)in;
}
WEAK const struct hit *detect_hits(const struct detect *d, uint32_t *n)
{
    (void)d;
    *n = 0;
    return NULL;
}
WEAK void detect_drop_tx(struct detect *d, struct tx *tx)
{
    (void)d;
    (void)tx;
}
WEAK void detect_drop_flow(struct detect *d, struct flow *f)
{
    (void)d;
    (void)f;
}
WEAK struct thresholds *thresholds_new(const struct ruleset *r, const struct conf *c)
{
    (void)r;
    (void)c;
    return NULL;
}
WEAK void thresholds_free(struct thresholds **t)
{
    *t = NULL;
}
WEAK bool thresholds_admit(struct thresholds *t, const struct rule_info *r, uint64_t ts,
                           const struct addr *a, const struct addr *b, uint64_t f)
{
    (void)t;
    (void)r;
    (void)ts;
    (void)a;
    (void)b;
    (void)f;
    return true;
}
