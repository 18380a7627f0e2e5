/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/run/suspended.h"
#include "common/jsonw.h"

void suspended_write(const struct rule_info *rule, uint64_t until_ns, struct strbuf *out)
{
    struct jsonw json;

    jsonw_init(&json, out);
    jsonw_str(&json, "state", "suspended");
    jsonw_u64(&json, "gid", rule->gid);
    jsonw_u64(&json, "signature_id", rule->sid);
    jsonw_text(&json, "signature", slice_head(slice_of_str(rule->msg), 200));
    jsonw_time(&json, "until", until_ns);
    jsonw_str(&json, "why", "it took more than detect.rule-budget of one shard of the flows");
}
