/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/device/findings.h"

enum { HABITS_MAX = 80 }; /* told of one device at once */

#include "common/clock.h"
#include "common/hash.h"
#include "common/jsonw.h"
#include "sensor/device/detector.h"
#include "sensor/device/parts.h"

enum { FINDING_TEXT_MAX = 16384, HABIT_ROOM = 1024 }; /* bytes of one text; most one habit takes */

static const uint64_t HOUR_NS = 3600 * CLOCK_S;

void findings_set(struct devices_found *found, uint32_t sid)
{
    found->finding.sid = sid;
    found->finding.title = detector_of(sid).title;
    found->finding.title_vi = detector_of(sid).title_vi;
    found->finding.is_change = sid == DETECTOR_NONE;
}

struct devices_found *findings_new(struct devices *devices, struct device *device,
                                   const struct fact *fact, const char *class_, uint32_t sid)
{
    if (devices->n_found == FINDINGS_MAX) {
        devices->count[COUNT_FINDINGS_FULL]++;
        return NULL;
    }
    struct devices_found *f = &devices->found[devices->n_found++];
    f->finding = (struct finding){.device = device, .class_ = class_, .severity = 3, .fact = fact};
    findings_set(f, sid);
    f->en.cap = f->vi.cap = f->detail.cap = FINDING_TEXT_MAX;
    strbuf_clear(&f->en);
    strbuf_clear(&f->vi);
    strbuf_clear(&f->detail);
    return f;
}

void findings_clear(struct devices *devices)
{
    devices->n_found = 0;
    devices->next_found = 0;
}

void findings_free(struct devices *devices)
{
    for (uint32_t i = 0; i < FINDINGS_MAX; i++) {
        strbuf_fini(&devices->found[i].en);
        strbuf_fini(&devices->found[i].vi);
        strbuf_fini(&devices->found[i].detail);
    }
}

/* ---- repetition and rate ------------------------------------------------------------------ */

static uint64_t key_of(const char *class_, struct slice value)
{
    return hash_bytes(value, hash_bytes(slice_of_str(class_), 0)) | 1; /* 0 = free */
}

static struct device_memo *memo_find(const struct device *device, uint64_t key)
{
    for (uint32_t i = 0; device->memo && i < DEVICE_MEMOS; i++) {
        if (device->memo[i].key == key)
            return &device->memo[i];
    }
    return NULL;
}

static struct device_memo *memo_new(struct device *device, uint64_t key)
{
    struct device_memo *oldest = parts_memo(device);

    if (!oldest)
        return NULL;
    for (uint32_t i = 1; i < DEVICE_MEMOS; i++) {
        if (device->memo[i].last_ns < oldest->last_ns)
            oldest = &device->memo[i];
    }
    *oldest = (struct device_memo){.key = key};
    return oldest;
}

bool findings_known(const struct devices *devices, const struct device *device, const char *class_,
                    struct slice value)
{
    const struct device_memo *memo = device->memo ? memo_find(device, key_of(class_, value)) : NULL;

    return memo && devices->now_ns - memo->last_ns < HOUR_NS;
}

/* Hard rules and scans have a budget of their own: a burst of small things must not hide them. */
static uint32_t budget_of(const char *class_)
{
    static const char *const hard[] = {"rule", "scan", "sweep", "arp"};

    for (uint32_t i = 0; i < sizeof(hard) / sizeof(hard[0]); i++) {
        if (strcmp(class_, hard[i]) == 0)
            return 1;
    }
    return 0;
}

static bool over_rate(struct devices *devices, struct device *device, uint32_t budget)
{
    if (devices->now_ns - device->hour_ns >= HOUR_NS) {
        device->hour_ns = devices->now_ns;
        device->hour_alerts[0] = device->hour_alerts[1] = 0;
    }
    if (device->hour_alerts[budget] >= devices->alerts_per_hour)
        return true;
    device->hour_alerts[budget]++;
    return false;
}

bool findings_admit(struct devices *devices, struct device *device, const char *class_,
                    struct slice value, uint32_t *kept_back)
{
    uint64_t key = key_of(class_, value);
    struct device_memo *memo = memo_find(device, key);

    *kept_back = 0;
    if (memo && devices->now_ns - memo->last_ns < HOUR_NS) {
        memo->kept_back++;
        devices->count[COUNT_REPEATED]++;
        return false;
    }
    if (over_rate(devices, device, budget_of(class_))) {
        devices->count[COUNT_OVER_RATE]++;
        return false;
    }
    if (!memo)
        memo = memo_new(device, key);
    if (!memo)
        return true;
    *kept_back = memo->kept_back;
    memo->kept_back = 0;
    memo->last_ns = devices->now_ns;
    return true;
}

void findings_remember(struct devices *devices, struct device *device, const char *class_,
                       struct slice value)
{
    uint64_t key = key_of(class_, value);
    struct device_memo *memo = memo_find(device, key);

    if (!memo)
        memo = memo_new(device, key);
    if (memo)
        memo->last_ns = devices->now_ns;
}

/* ---- texts -------------------------------------------------------------------------------- */

static struct jsonw detail_writer(struct devices_found *found)
{
    struct jsonw w;

    jsonw_init(&w, &found->detail);
    w.comma = found->detail.len > 0;
    return w;
}

void findings_text(struct devices_found *found, const char *key, const char *text)
{
    struct jsonw w = detail_writer(found);

    jsonw_str(&w, key, text);
}

void findings_num(struct devices_found *found, const char *key, double value)
{
    struct jsonw w = detail_writer(found);

    jsonw_num(&w, key, value);
}

void findings_habits(struct devices_found *found, const struct device *device)
{
    struct jsonw w = detail_writer(found);

    if (device->profile) {
        jsonw_obj_open(&w, "profile_title");
        jsonw_str(&w, "en", device->profile->title_en);
        jsonw_str(&w, "vi", device->profile->title_vi);
        jsonw_obj_close(&w);
        jsonw_num(&w, "confidence", device->profile_score < 1 ? device->profile_score : 1);
    }
    jsonw_arr_open(&w, "habits");
    for (uint32_t i = 0; i < device->atoms.n && i < HABITS_MAX; i++) {
        if (found->detail.len + HABIT_ROOM > FINDING_TEXT_MAX)
            break; /* half an object would spoil the whole event */
        const struct atom *atom = &device->atoms.all[i];
        jsonw_obj_open(&w, NULL);
        jsonw_str(&w, "class", feat_rows[atom->class_]->name);
        jsonw_text(&w, "text", atoms_text(&device->atoms, atom));
        jsonw_obj_close(&w);
    }
    jsonw_arr_close(&w);
}

void findings_who(const struct device *device, const struct addr *addr, char *out, size_t room)
{
    char text[ADDR_TEXT_MAX] = "";

    if (addr && addr->family)
        addr_text(addr, text);
    else if (device->n_addrs)
        addr_text(&device->addrs[0].addr, text);
    if (*device->name && *text)
        core_fmt(out, room, "%s (%s)", device->name, text);
    else
        core_fmt(out, room, "%s", *text ? text : device->id);
}

void findings_peer(const struct view *view, char *out, size_t room)
{
    char text[ADDR_TEXT_MAX];

    addr_text(view->peer, text);
    if (view->peer_device && *view->peer_device->name)
        core_fmt(out, room, "%s (%s)", view->peer_device->name, text);
    else if (view->peer_name)
        core_fmt(out, room, "%s (%s)", view->peer_name, text);
    else
        core_fmt(out, room, "%s", text);
}

const char *findings_proto(uint8_t proto)
{
    switch (proto) {
    case 1:
        return "icmp";
    case 6:
        return "tcp";
    case 17:
        return "udp";
    case 58:
        return "icmpv6";
    case 132:
        return "sctp";
    default:
        return "ip";
    }
}
