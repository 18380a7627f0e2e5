/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rules were loaded again while the sensor runs, or could not be.
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
    .doc = "Rules were loaded again: what has changed, or why the old ones stay",
    .ends = EVENT_ENDS_NONE,
    .schema =
        "rules.state|text|in_force, or refused: the rules before stay\n"
        "rules.generation|integer|Number of the set in force; alerts carry theirs\n"
        "rules.rules|integer|Rules in force\n"
        "rules.why|text|refused: the reason\n"
        "rules.added|integer|Rules that were not there before; added_sids: the first hundred\n"
        "rules.removed|integer|Rules that are gone; removed_sids\n"
        "rules.modified|integer|Rules whose text is another; modified_sids\n"
        "rules.quarantined|integer|Lines put aside now and not before; quarantined_sids\n"
        "rules.mended|integer|Lines put aside before and not now; mended_sids\n"
        "rules.first_fault|object|file, line and reason of the first line put aside\n",
    .write = rules_write,
};
