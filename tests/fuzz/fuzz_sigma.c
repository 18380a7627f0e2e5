/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a file of Sigma rules: read, frozen, and held against one event.
 */
#include "analyzer/correlate/correlate.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void ignore(void *ctx, const struct corr_hit *hit)
{
    (void)ctx;
    (void)hit;
}

static void add_event(struct batch *batch, uint64_t ts_ns)
{
    static const char eve[] =
        "{\"event_type\":\"alert\",\"src_ip\":\"10.0.0.1\",\"dest_ip\":\"10.0.0.2\",\"alert\":"
        "{\"signature_id\":1,\"signature\":\"x\"},\"dns\":{\"answers\":[{\"rdata\":\"a\"},{}]}}";
    struct record *r = batch_add(batch);

    if (!r || json_parse_in(SLICE_LIT(eve), &batch->arena, &r->eve, NULL) != ERR_OK)
        abort();
    r->event_type = "alert";
    r->ts_ns = ts_ns;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct sigma_set set;
    struct batch batch;
    uint64_t counters[CORRELATE_COUNTERS] = {0};
    struct correlate_limits limits = {16, 16, 0, 0};

    if (len > SIGMA_FILE_MAX)
        return 0;
    sigma_init(&set);
    sigma_parse_text(&set, "fuzz.yml", (struct slice){bytes, (uint32_t)len});
    sigma_freeze(&set);
    struct correlator *c = correlate_new(&set, limits, counters);
    batch_init(&batch);
    add_event(&batch, 1000);
    add_event(&batch, 2000);
    correlate_batch(c, &batch, ignore, NULL);
    batch_fini(&batch);
    correlate_free(&c);
    sigma_fini(&set);
    return 0;
}
