/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A device does what its profile forbids or what it never did before. The `alert` object has a gid
 * of its own, so that readers of alerts need to know nothing more.
 */
#include "common/jsonw.h"
#include "sensor/event/event.h"

/* A member of the metadata is a list of words, as of rules. */
static void write_word(struct jsonw *w, const char *key, const char *word)
{
    if (!word)
        return;
    jsonw_arr_open(w, key);
    jsonw_str(w, NULL, word);
    jsonw_arr_close(w);
}

static void write_alert(struct jsonw *w, const struct finding *f)
{
    jsonw_obj_open(w, "alert");
    jsonw_str(w, "action", "allowed");
    jsonw_u64(w, "gid", DEVICE_GID);
    jsonw_u64(w, "signature_id", f->sid);
    jsonw_u64(w, "rev", 1);
    jsonw_str(w, "signature", f->title ? f->title : f->class_);
    jsonw_str(w, "category", "Device deviation");
    jsonw_u64(w, "severity", f->severity);
    jsonw_obj_open(w, "metadata");
    write_word(w, "title_vi", f->title_vi);
    write_word(w, "mitre_technique_id", f->attack_technique);
    jsonw_obj_close(w);
    jsonw_obj_close(w);
}

static void write_attack(struct jsonw *w, const struct finding *f)
{
    if (!f->attack_tactic && !f->attack_technique)
        return;
    jsonw_obj_open(w, "attack");
    if (f->attack_tactic)
        jsonw_str(w, "tactic", f->attack_tactic);
    if (f->attack_technique)
        jsonw_str(w, "technique", f->attack_technique);
    jsonw_obj_close(w);
}

static void deviation_write(struct jsonw *w, const struct event_ctx *ctx)
{
    const struct finding *f = ctx->finding;

    write_alert(w, f);
    jsonw_obj_open(w, "deviation");
    jsonw_str(w, "class", f->class_);
    jsonw_obj_open(w, "device");
    devices_write(f->device, false, w);
    jsonw_obj_close(w);
    jsonw_members(w, f->detail_json);
    jsonw_text(w, "reason_en", f->reason_en);
    jsonw_text(w, "reason_vi", f->reason_vi);
    write_attack(w, f);
    jsonw_obj_close(w);
}

const struct event_def ev_deviation = {
    .name = "deviation",
    .doc = "A device deviates from its profile or baseline",
    .ends = EVENT_ENDS_FACT,
    .schema = "alert.gid|integer|9101\n"
              "alert.signature_id|integer|The detector (see docs/PROFILES.md)\n"
              "alert.signature|text|Title of the detector, in English\n"
              "alert.severity|integer|1 high to 4 information\n"
              "deviation.class|text|service, peer, name, command, resolver, fingerprint, policy, "
              "rule, scan, sweep, identity, arp\n"
              "deviation.device|object|id, mac, ip, name, profile, state of the device\n"
              "deviation.observed|text|What was seen\n"
              "deviation.expected|text|What was known or allowed\n"
              "deviation.bits|number|Surprise in bits (novelty)\n"
              "deviation.threshold|number|Bits from which it is reported\n"
              "deviation.rule|text|Hard rule or policy entry\n"
              "deviation.reason_en|text|One sentence in English\n"
              "deviation.reason_vi|text|One sentence in Vietnamese\n"
              "deviation.attack|object|tactic and technique of MITRE ATT&CK\n",
    .write = deviation_write,
};
