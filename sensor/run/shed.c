/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/run/shed.h"
#include "common/jsonw.h"

#include <stdio.h>

enum { LEAVE_BELOW = 5 };

static const struct {
    uint8_t percent; /* of its room that a shard uses when the step is taken */
    const char *what, *affects, *en, *vi;
} steps[SHED_STEPS] = {
    [SHED_NOTHING] = {0, "memory pressure ended", "nothing",
                      "Sessions fit into their room again; everything is inspected.",
                      "Các phiên đã đủ chỗ; mọi thứ được kiểm tra trở lại."},
    [SHED_FILES] = {SHED_FIRST_PERCENT, "memory pressure: files", "files of flows",
                    "Files are no longer carved. Raise --memory.",
                    "Không tách tệp nữa. Hãy tăng --memory."},
    [SHED_EVIDENCE] = {80, "memory pressure: evidence", "payload in alerts",
                       "Alerts come without payload and packet. Raise --memory.",
                       "Cảnh báo không kèm dữ liệu gói. Hãy tăng --memory."},
    [SHED_SHUNT] = {86, "memory pressure: large flows", "encrypted and large flows",
                    "Encrypted and large flows are only counted. Raise --memory.",
                    "Luồng mã hóa và luồng lớn chỉ được đếm. Hãy tăng --memory."},
    [SHED_TRUSTED] = {92, "memory pressure: trusted hosts", "new flows of flow.trusted",
                      "New flows of trusted hosts are only counted. Raise --memory.",
                      "Luồng mới của máy tin cậy chỉ được đếm. Hãy tăng --memory."},
    [SHED_ALL] = {97, "memory pressure: flows only", "all new flows",
                  "New flows are only counted. Raise --memory.",
                  "Luồng mới chỉ được đếm. Hãy tăng --memory."},
};

bool shed_judge(struct shed *shed, uint32_t shard, uint32_t percent)
{
    uint8_t step = shed->step[shard];

    while (step + 1 < SHED_STEPS && percent >= steps[step + 1].percent)
        step++;
    while (step > SHED_NOTHING && percent + LEAVE_BELOW < steps[step].percent)
        step--;
    bool changed = step != shed->step[shard];
    shed->step[shard] = step;
    return changed;
}

bool shed_take(struct shed_sum *sum, const struct item *item, struct notice *notice)
{
    struct strbuf detail;
    struct jsonw w;
    uint8_t highest = SHED_NOTHING;

    sum->step[item->shard] = item->step;
    for (uint32_t i = 0; i < FLOW_SHARDS; i++)
        highest = sum->step[i] > highest ? sum->step[i] : highest;
    if (highest == sum->told)
        return false;
    sum->told = highest;
    memset(notice, 0, sizeof(*notice));
    notice->what = steps[highest].what;
    notice->ts_ns = item->ts_ns;
    notice->number = item->number;
    snprintf(notice->affects, sizeof(notice->affects), "%s", steps[highest].affects);
    strbuf_init(&detail, ROUND_DETAIL_MAX);
    jsonw_init(&w, &detail);
    jsonw_u64(&w, "step", highest);
    jsonw_u64(&w, "of", SHED_STEPS - 1);
    jsonw_obj_open(&w, "text");
    jsonw_str(&w, "en", steps[highest].en);
    jsonw_str(&w, "vi", steps[highest].vi);
    jsonw_obj_close(&w);
    if (!detail.full && detail.len < sizeof(notice->detail)) {
        memcpy(notice->detail, detail.at, detail.len);
        notice->detail_len = (uint32_t)detail.len;
    }
    strbuf_fini(&detail);
    return true;
}
