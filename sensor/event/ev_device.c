/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A change in the inventory of devices: seen first, identified, renamed, moved.
 */
#include "common/jsonw.h"
#include "sensor/event/event.h"

static void device_write(struct jsonw *w, const struct event_ctx *ctx)
{
    const struct finding *f = ctx->finding;

    jsonw_obj_open(w, "inventory");
    jsonw_str(w, "change", f->class_);
    jsonw_obj_open(w, "device");
    devices_write(f->device, false, w);
    jsonw_obj_close(w);
    if (f->detail_json.len) {
        jsonw_obj_open(w, "detail");
        jsonw_members(w, f->detail_json);
        jsonw_obj_close(w);
    }
    jsonw_text(w, "reason_en", f->reason_en);
    jsonw_text(w, "reason_vi", f->reason_vi);
    jsonw_obj_close(w);
}

const struct event_def ev_device = {
    .name = "device",
    .doc = "The inventory of devices changed",
    .ends = EVENT_ENDS_FACT,
    .schema = "inventory.change|text|new-device, profile, name, address, state\n"
              "inventory.device|object|The device after the change\n"
              "inventory.detail|object|Values before and after\n"
              "inventory.reason_en|text|One sentence in English\n"
              "inventory.reason_vi|text|One sentence in Vietnamese\n",
    .write = device_write,
};
