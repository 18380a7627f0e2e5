/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keywords of all families by name.
 */
#include "sensor/detect/keyword.h"

static bool named(const struct keyword *kw, struct slice name)
{
    if (slice_eq(slice_of_str(kw->name), name))
        return true;
    for (const char *at = kw->aliases; at && *at;) {
        size_t len = strcspn(at, " ");
        if (len == name.len && memcmp(at, name.at, len) == 0)
            return true;
        at += len + (at[len] == ' ');
    }
    return false;
}

const struct keyword *keyword_find(struct slice name)
{
    for (uint32_t f = 0; kw_rows[f]; f++) {
        for (const struct keyword *kw = kw_rows[f]->rows; kw->name; kw++) {
            if (named(kw, name))
                return kw;
        }
    }
    return NULL;
}

const struct keyword *keyword_at(uint32_t i)
{
    for (uint32_t f = 0; kw_rows[f]; f++) {
        for (const struct keyword *kw = kw_rows[f]->rows; kw->name; kw++) {
            if (i-- == 0)
                return kw;
        }
    }
    return NULL;
}

const char *keyword_stage_name(enum kw_stage stage)
{
    static const char *const names[] = {
        [AT_META] = "rule",      [AT_PACKET] = "packet", [AT_FLOW] = "flow", [AT_BUFFER] = "buffer",
        [AT_TX] = "transaction", [AT_HIT] = "hit",       [AT_HOST] = "host",
    };
    return names[stage];
}
