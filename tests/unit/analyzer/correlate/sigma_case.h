/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Helpers of the correlation tests: records from EVE lines.
 */
#ifndef TRAMGAC_TESTS_SIGMA_CASE_H
#define TRAMGAC_TESTS_SIGMA_CASE_H

#include "analyzer/correlate/sigma_match.h"
#include "common/check.h"
#include "common/clock.h"
#include "common/strbuf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka needs the three above */
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

static inline struct record *case_record(struct batch *batch, const char *eve)
{
    struct record *r = batch_add(batch);
    const struct json *tree = NULL;

    CHECK(r && json_parse_in(slice_of_str(eve), &batch->arena, &tree, NULL) == ERR_OK);
    r->eve = tree;
    r->event_type = batch_text(batch, json_text(json_get(tree, "event_type")));
    r->sensor = batch_text(batch, json_text(json_get(tree, "sensor")));
    r->event_id = (int64_t)batch->n;
    snprintf(r->src.addr_text, ADDR_TEXT_MAX, "%s", json_str(json_get(tree, "src_ip"), ""));
    snprintf(r->dst.addr_text, ADDR_TEXT_MAX, "%s", json_str(json_get(tree, "dest_ip"), ""));
    addr_parse(slice_of_str(r->src.addr_text), &r->src.addr);
    addr_parse(slice_of_str(r->dst.addr_text), &r->dst.addr);
    return r;
}

#endif
