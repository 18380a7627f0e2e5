/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/device/judge.h"

#include "sensor/device/baseline.h"
#include "sensor/device/command.h"
#include "sensor/device/detector.h"
#include "sensor/device/findings.h"
#include "sensor/device/inventory.h"
#include "sensor/device/policy.h"
#include "sensor/device/role.h"

enum { TEXT_MAX = 160 };

/** What happened, for the conditions of hard rules. */
struct cause {
    const struct devices *devices;
    const struct view *view;
    bool contact, scan;
    bool modbus;
    struct command_modbus command;
};

/* ---- conditions --------------------------------------------------------------------------- */

static bool new_resolver(const struct cause *c)
{
    const struct view *v = c->view;
    char text[ADDR_TEXT_MAX];

    if (!c->contact || !v->as_client || v->fact->midstream || v->fact->server_port != 53)
        return false;
    if (site_role_bound(c->devices->site, "dns"))
        return !site_role_has(c->devices->site, "dns", v->peer);
    addr_text(v->peer, text);
    return v->device->state != DEVICE_LEARN &&
           !baseline_knows(v->device, "resolver", slice_of_str(text));
}

static bool has_code(const struct profile_condition *w, uint8_t fc)
{
    for (uint8_t i = 0; i < w->n_codes; i++) {
        if (w->codes[i] == fc)
            return true;
    }
    return false;
}

static bool same_port(const struct cause *c, const struct profile_condition *w)
{
    /* without a handshake the ends' roles are guesses */
    return c->contact && !c->view->fact->midstream && c->view->fact->proto == w->proto &&
           c->view->fact->server_port == w->port;
}

static bool internet_peer(const struct cause *c)
{
    return c->contact && c->view->endpoint == ENDPOINT_INTERNET;
}

static bool wildcard(const struct cause *c)
{
    return c->view->as_client && command_mqtt_of(c->view->fact) == COMMAND_MQTT_SUBSCRIBE &&
           command_topic_wildcard(c->view->fact->text2);
}

static bool word_holds(const struct cause *c, const struct profile_condition *w)
{
    switch (w->word) {
    case WORD_MODBUS_WRITE:
        return c->modbus && command_modbus_writes(c->command.fc);
    case WORD_MODBUS_FC:
        return c->modbus && has_code(w, c->command.fc);
    case WORD_PEER_ROLE:
        return role_ask(c->devices, c->view->device, w->role, c->view->peer) != ROLE_NO;
    case WORD_INTERNET_PEER:
        return internet_peer(c);
    case WORD_SERVICE:
        return !c->view->as_client && c->view->fact->kind == FACT_OPEN && same_port(c, w);
    case WORD_CLIENT:
        return c->view->as_client && same_port(c, w);
    case WORD_MQTT_WILDCARD:
        return wildcard(c);
    case WORD_NEW_RESOLVER:
        return new_resolver(c);
    case WORD_SCAN:
        return c->scan;
    }
    return false;
}

static bool rule_holds(const struct cause *c, const struct profile_hard *hard)
{
    for (uint8_t i = 0; i < hard->n; i++) {
        if (word_holds(c, &hard->all[i]) == hard->all[i].negated)
            return false;
    }
    return hard->n > 0;
}

/* ---- sentences ---------------------------------------------------------------------------- */

/** What the fact shows, as parts of a sentence. */
static void describe(const struct view *v, char *en, char *vi, size_t room)
{
    const struct fact *f = v->fact;
    const char *proto = findings_proto(f->proto);
    char peer[TEXT_MAX];

    findings_peer(v, peer, sizeof(peer));
    if (f->kind == FACT_FIELD) {
        core_fmt(en, room, "%s %s \"%s\" with %s", v->as_client ? "sent" : "received", f->text,
                 f->text2, peer);
        core_fmt(vi, room, "%s %s \"%s\" với %s", v->as_client ? "đã gửi" : "đã nhận", f->text,
                 f->text2, peer);
    } else if (v->as_client) {
        bool tried = f->kind == FACT_REFUSED;
        core_fmt(en, room, "%s %s/%u to %s", tried ? "tried" : "used", proto, f->server_port, peer);
        core_fmt(vi, room, "%s %s/%u tới %s", tried ? "đã thử" : "đã dùng", proto, f->server_port,
                 peer);
    } else {
        core_fmt(en, room, "answered %s on %s/%u", peer, proto, f->server_port);
        core_fmt(vi, room, "đã trả lời %s trên %s/%u", peer, proto, f->server_port);
    }
}

static void say_kept_back(struct devices_found *f, uint32_t kept_back)
{
    if (kept_back == 0)
        return;
    findings_num(f, "repeated", kept_back);
    strbuf_fmt(&f->en, " It happened %u more times since the last report.", kept_back);
    strbuf_fmt(&f->vi, " Đã lặp lại thêm %u lần kể từ lần báo trước.", kept_back);
}

static void say_observed(struct devices_found *f, const struct view *v)
{
    char text[FACT_TEXT_MAX * 2 + 8];
    char peer[ADDR_TEXT_MAX];
    const struct fact *fact = v->fact;

    addr_text(v->peer, peer);
    if (fact->kind == FACT_FIELD)
        core_fmt(text, sizeof(text), "%s=%s", fact->text, fact->text2);
    else
        core_fmt(text, sizeof(text), "%s/%u %s %s", findings_proto(fact->proto), fact->server_port,
                 v->as_client ? "to" : "from", peer);
    findings_text(f, "observed", text);
}

/* ---- hard rules --------------------------------------------------------------------------- */

/* Repetition counts per rule and port; per stranger where a host of the network comes to the
 * device: a new one is news, the many targets of one device are not. */
static void rule_value(const struct profile_hard *hard, const struct view *v, bool scan, char *out,
                       size_t room)
{
    char peer[ADDR_TEXT_MAX];

    addr_text(v->peer, peer);
    if (scan)
        core_fmt(out, room, "%s", hard->id);
    else if (v->as_client || v->endpoint != ENDPOINT_LOCAL)
        core_fmt(out, room, "%s %u/%u", hard->id, v->fact->proto, v->fact->server_port);
    else
        core_fmt(out, room, "%s %s", hard->id, peer);
}

static void report_rule(struct devices *devices, const struct view *v,
                        const struct profile_hard *hard, const uint32_t *scan)
{
    char value[TEXT_MAX];
    char who[TEXT_MAX];
    char en[TEXT_MAX * 2 + FACT_TEXT_MAX * 2];
    char vi[TEXT_MAX * 2 + FACT_TEXT_MAX * 2];
    uint32_t kept_back = 0;

    rule_value(hard, v, scan != NULL, value, sizeof(value));
    if (!findings_admit(devices, v->device, "rule", slice_of_str(value), &kept_back))
        return;
    struct devices_found *f = findings_new(devices, v->device, v->fact, "rule", DETECTOR_RULE);
    if (!f)
        return;
    devices->count[COUNT_DEVIATIONS]++;
    f->finding.severity = hard->severity;
    f->finding.attack_technique = *hard->attack ? hard->attack : NULL;
    findings_who(v->device, v->own, who, sizeof(who));
    describe(v, en, vi, sizeof(en));
    if (scan) {
        core_fmt(en, sizeof(en), "scans: %u first contacts failed and %u were answered", scan[0],
                 scan[1]);
        core_fmt(vi, sizeof(vi), "đang quét mạng: %u lần liên hệ đầu thất bại, %u lần được trả lời",
                 scan[0], scan[1]);
    }
    strbuf_fmt(&f->en, "%s %s, which rule %s of profile %s forbids (%s).", who, en, hard->id,
               v->device->profile->id, hard->when);
    strbuf_fmt(&f->vi, "%s %s; quy tắc %s của hồ sơ %s cấm điều này (%s).", who, vi, hard->id,
               v->device->profile->id, hard->when);
    findings_text(f, "rule", hard->id);
    findings_text(f, "expected", hard->when);
    say_observed(f, v);
    say_kept_back(f, kept_back);
}

static bool judge_hard(struct devices *devices, const struct view *v, const uint32_t *scan)
{
    const struct profile *p = v->device->profile;
    struct cause c = {.devices = devices,
                      .view = v,
                      .contact = !scan && core_is_contact(v),
                      .scan = scan != NULL};
    bool any = false;

    c.modbus = !scan && command_modbus_of(v->fact, &c.command);
    for (uint32_t i = 0; p && i < p->n_hard; i++) {
        if (!rule_holds(&c, &p->hard[i]))
            continue;
        report_rule(devices, v, &p->hard[i], scan);
        any = true;
    }
    return any;
}

/* ---- policy ------------------------------------------------------------------------------- */

static void report_policy(struct devices *devices, const struct view *v, const char *entry)
{
    const struct profile *p = v->device->profile;
    char value[TEXT_MAX];
    char who[TEXT_MAX];
    char en[TEXT_MAX * 2 + FACT_TEXT_MAX * 2];
    char vi[TEXT_MAX * 2 + FACT_TEXT_MAX * 2];
    uint32_t kept_back = 0;

    core_fmt(value, sizeof(value), "%d %u/%u %d", v->as_client, v->fact->proto,
             v->fact->server_port, (int)v->endpoint);
    if (!findings_admit(devices, v->device, "policy", slice_of_str(value), &kept_back))
        return;
    struct devices_found *f = findings_new(devices, v->device, v->fact, "policy", DETECTOR_POLICY);
    if (!f)
        return;
    devices->count[COUNT_DEVIATIONS]++;
    f->finding.severity = v->endpoint == ENDPOINT_INTERNET ? 2 : 3;
    findings_who(v->device, v->own, who, sizeof(who));
    describe(v, en, vi, sizeof(en));
    strbuf_fmt(&f->en, "%s %s, but none of the %u entries of its policy %s allows it.", who, en,
               mud_entries(p->mud), p->id);
    strbuf_fmt(&f->vi, "%s %s, nhưng không mục nào trong %u mục của chính sách %s cho phép.", who,
               vi, mud_entries(p->mud), p->id);
    findings_text(f, "rule", entry ? entry : "default-deny");
    findings_text(f, "expected", mud_url(p->mud));
    say_observed(f, v);
    say_kept_back(f, kept_back);
}

static bool judge_policy(struct devices *devices, struct view *v)
{
    const char *entry = NULL;

    if (!core_is_contact(v) || v->fact->midstream || policy_allows(devices, v, &entry))
        return false;
    report_policy(devices, v, entry);
    return true;
}

/* ---- commands ----------------------------------------------------------------------------- */

static void report_command(struct devices *devices, const struct view *v, uint32_t sid,
                           uint8_t severity, const char *technique)
{
    char value[FACT_TEXT_MAX + ADDR_TEXT_MAX + 2];
    char peer[ADDR_TEXT_MAX];
    char who[TEXT_MAX];
    char en[TEXT_MAX * 2 + FACT_TEXT_MAX * 2];
    char vi[TEXT_MAX * 2 + FACT_TEXT_MAX * 2];
    uint32_t kept_back = 0;

    addr_text(v->peer, peer);
    core_fmt(value, sizeof(value), "%s %s", v->fact->text2, peer);
    if (!findings_admit(devices, v->device, "command", slice_of_str(value), &kept_back))
        return;
    struct devices_found *f = findings_new(devices, v->device, v->fact, "command", sid);
    if (!f)
        return;
    devices->count[COUNT_DEVIATIONS]++;
    f->finding.severity = severity;
    f->finding.attack_technique = technique;
    findings_who(v->device, v->own, who, sizeof(who));
    describe(v, en, vi, sizeof(en));
    strbuf_fmt(&f->en, "%s %s, which profile %s does not declare.", who, en,
               v->device->profile->id);
    strbuf_fmt(&f->vi, "%s %s; hồ sơ %s không khai báo lệnh này.", who, vi, v->device->profile->id);
    findings_text(f, "rule", "commands");
    say_observed(f, v);
    say_kept_back(f, kept_back);
}

static bool judge_modbus(struct devices *devices, const struct view *v)
{
    struct command_modbus cmd;

    if (v->as_client || !v->device->profile->has_modbus || !command_modbus_of(v->fact, &cmd) ||
        command_modbus_declared(v->device->profile, &cmd))
        return false;
    if (command_modbus_writes(cmd.fc))
        report_command(devices, v, DETECTOR_WRITE, 1, "T0855");
    else
        report_command(devices, v, DETECTOR_COMMAND, 3, "T0855");
    return true;
}

static bool judge_mqtt(struct devices *devices, const struct view *v)
{
    enum command_mqtt kind = command_mqtt_of(v->fact);

    if (!v->as_client || !v->fact->from_client || kind == COMMAND_MQTT_NONE ||
        !v->device->profile->has_mqtt ||
        command_mqtt_declared(v->device->profile, kind, v->fact->text2))
        return false;
    report_command(devices, v, DETECTOR_TOPIC, 3, NULL);
    return true;
}

bool judge_fact(struct devices *devices, struct view *v)
{
    if (!v->device->profile || v->device->gateway)
        return false;
    if (judge_hard(devices, v, NULL))
        return true;
    if (v->fact->kind == FACT_FIELD)
        return judge_modbus(devices, v) || judge_mqtt(devices, v);
    return judge_policy(devices, v);
}

/* ---- scans -------------------------------------------------------------------------------- */

static void report_scan(struct devices *devices, const struct view *v, bool sweep,
                        const uint32_t figures[2])
{
    char who[TEXT_MAX];
    uint32_t kept_back = 0;
    const char *class_ = sweep ? "sweep" : "scan";

    if (!findings_admit(devices, v->device, class_, SLICE_NONE, &kept_back))
        return;
    struct devices_found *f =
        findings_new(devices, v->device, v->fact, class_, sweep ? DETECTOR_SWEEP : DETECTOR_SCAN);
    if (!f)
        return;
    devices->count[COUNT_DEVIATIONS]++;
    f->finding.severity = 2;
    f->finding.attack_technique = "T1046";
    findings_who(v->device, v->own, who, sizeof(who));
    if (sweep) {
        strbuf_fmt(&f->en, "%s asked for %u different addresses within 60 s; the limit is %u.", who,
                   figures[0], figures[1]);
        strbuf_fmt(&f->vi, "%s đã hỏi %u địa chỉ khác nhau trong 60 giây; giới hạn là %u.", who,
                   figures[0], figures[1]);
    } else {
        strbuf_fmt(&f->en, "%s scans: %u first contacts failed and %u were answered.", who,
                   figures[0], figures[1]);
        strbuf_fmt(&f->vi, "%s đang quét mạng: %u lần liên hệ đầu thất bại, %u lần được trả lời.",
                   who, figures[0], figures[1]);
    }
    findings_num(f, "observed", figures[0]);
    findings_num(f, sweep ? "threshold" : "answered", figures[1]);
    say_kept_back(f, kept_back);
}

void judge_scan(struct devices *devices, const struct view *v, bool sweep,
                const uint32_t figures[2])
{
    if (v->device->gateway)
        return;
    if (!sweep && judge_hard(devices, v, figures))
        return;
    report_scan(devices, v, sweep, figures);
}
