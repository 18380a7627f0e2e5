/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rules were loaded again while the sensor runs, or could not be; or one of them takes too much
 * and rests.
 */
#include "common/jsonw.h"
#include "sensor/event/event.h"

static void rules_write(struct jsonw *w, const struct event_ctx *ctx)
{
    jsonw_obj_open(w, "rules");
    jsonw_members(w, ctx->detail_json);
    jsonw_obj_close(w);
}

const struct event_def ev_rules = {
    .name = "rules",
    .doc = "Rules were loaded again, or not, and why; a rule that takes too much rests",
    .ends = EVENT_ENDS_NONE,
    .schema =
        "rules.state|text|in_force, refused: the rules before stay, or suspended: a rule rests\n"
        "rules.generation|integer|Number of the set in force; alerts carry theirs\n"
        "rules.rules|integer|Rules in force\n"
        "rules.why|text|refused, suspended: the reason\n"
        "rules.gid|integer|suspended: generator of the rule\n"
        "rules.signature_id|integer|suspended: the rule; it is over detect.rule-budget\n"
        "rules.signature|text|suspended: message of the rule\n"
        "rules.until|text|suspended: when it is tried again\n"
        "rules.added|integer|Rules that were not there before; added_sids: the first hundred\n"
        "rules.removed|integer|Rules that are gone; removed_sids\n"
        "rules.modified|integer|Rules whose text is another; modified_sids\n"
        "rules.quarantined|integer|Lines put aside now and not before; quarantined_sids\n"
        "rules.mended|integer|Lines put aside before and not now; mended_sids\n"
        "rules.first_fault|object|file, line and reason of the first line put aside\n",
    .write = rules_write,
};
