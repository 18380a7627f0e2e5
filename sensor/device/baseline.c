/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/device/baseline.h"

#include "common/clock.h"
#include "common/hash.h"
#include "sensor/device/detector.h"
#include "sensor/device/findings.h"
#include "sensor/device/parts.h"

#include <math.h>

enum { WARM_UP_STEPS = 6, QUIET_STEPS = 24, LEARN_MOST_STEPS = 336, EXPIRE_STEPS = 720 };
enum { TEXT_MAX = 160, KNOWN_TEXT_MAX = 400, TRIED_MAX = 64 };
static const uint64_t WINDOW_NS = 600 * CLOCK_S;

/** The new values of one fact. */
struct news {
    uint8_t n;
    uint8_t row[DEVICE_CLASSES];
    char text[DEVICE_CLASSES][ATOM_TEXT_MAX];
    double bits[DEVICE_CLASSES];
    double total;
    uint8_t main; /* of the n: the most surprising */
};

const char *baseline_state_name(enum device_state state)
{
    static const char *const names[] = {"learn", "observe", "enforce"};

    return names[state];
}

const char *baseline_state_vi(enum device_state state)
{
    static const char *const names[] = {"học", "quan sát", "giám sát"};

    return names[state];
}

double baseline_bits(double steps_observed, double steps_with_new)
{
    return -log2((steps_with_new + 0.5) / (steps_observed + 1));
}

static int32_t row_of(const char *class_)
{
    for (int32_t i = 0; feat_rows[i] && i < DEVICE_CLASSES; i++) {
        if (strcmp(feat_rows[i]->name, class_) == 0)
            return i;
    }
    return -1;
}

bool baseline_knows(struct device *device, const char *class_, struct slice value)
{
    int32_t row = row_of(class_);

    return row >= 0 && atoms_find(&device->atoms, (uint8_t)row, value) != NULL;
}

uint32_t baseline_known(const struct device *device, const char *class_)
{
    int32_t row = row_of(class_);

    return row >= 0 ? atoms_count(&device->atoms, (uint8_t)row) : 0;
}

/* ---- states ------------------------------------------------------------------------------- */

static uint64_t steps_since(const struct devices *devices, const struct device *device,
                            uint64_t since)
{
    return devices->now_ns > since ? (devices->now_ns - since) / core_step_ns(devices, device) : 0;
}

static bool learnt_enough(const struct devices *devices, const struct device *d)
{
    uint64_t learn = core_learn_ns(devices, d);

    if (devices->now_ns - d->first_ns < learn)
        return false;
    return steps_since(devices, d, d->new_ns) >= QUIET_STEPS ||
           steps_since(devices, d, d->first_ns) >= LEARN_MOST_STEPS;
}

bool baseline_state(const struct devices *devices, struct device *d)
{
    enum device_state before = d->state;

    if (d->state == DEVICE_LEARN && learnt_enough(devices, d)) {
        d->state = DEVICE_OBSERVE;
        d->state_ns = devices->now_ns;
    }
    if (d->state == DEVICE_OBSERVE && devices->now_ns - d->state_ns >= devices->observe_ns) {
        d->state = DEVICE_ENFORCE;
        d->state_ns = devices->now_ns;
    }
    return d->state != before;
}

/* ---- novelty ------------------------------------------------------------------------------ */

static double steps_observed(const struct devices *devices, const struct device *d)
{
    uint64_t steps = steps_since(devices, d, d->first_ns);

    return steps > WARM_UP_STEPS ? (double)(steps - WARM_UP_STEPS) : 0;
}

static uint32_t now_s(const struct devices *devices)
{
    return (uint32_t)(devices->now_ns / CLOCK_S);
}

static void teach_one(struct devices *devices, struct device *d, uint8_t row, struct slice text)
{
    struct device_novelty *n = parts_novelty(d);
    uint32_t step = (uint32_t)steps_since(devices, d, d->first_ns) + 1;

    struct atom *expired = atoms_find(&d->atoms, row, text);
    if (expired)
        expired->last_s = now_s(devices);
    else if (!atoms_add(&d->atoms, row, text, now_s(devices)))
        devices->count[COUNT_ATOMS_FULL]++;
    d->new_ns = devices->now_ns;
    if (!n)
        return;
    n += row;
    if (step > WARM_UP_STEPS && n->last_new_step != step)
        n->steps_with_new++;
    n->last_new_step = step;
}

/* Known and fresh enough; refreshes it. */
static bool is_known(struct devices *devices, struct device *d, uint8_t row, struct slice text)
{
    struct atom *a = atoms_find(&d->atoms, row, text);
    uint64_t expire_s = EXPIRE_STEPS * core_step_ns(devices, d) / CLOCK_S;

    if (!a)
        return false;
    bool fresh = now_s(devices) - a->last_s <= expire_s || d->state == DEVICE_LEARN;
    if (fresh)
        a->last_s = now_s(devices);
    return fresh;
}

static void collect(struct devices *devices, const struct view *view, struct news *news)
{
    struct device *d = view->device;

    news->n = 0;
    for (uint8_t row = 0; feat_rows[row] && row < DEVICE_CLASSES; row++) {
        char *text = news->text[news->n];
        if (!feat_rows[row]->value(devices, view, text) ||
            is_known(devices, d, row, slice_of_str(text)))
            continue;
        news->row[news->n++] = row;
    }
}

/* Classes that were new shortly before count too: scattered small surprises add up. */
static void weigh(struct devices *devices, struct device *d, struct news *news)
{
    double hours = steps_observed(devices, d);
    struct device_novelty *all = parts_novelty(d);

    news->total = 0;
    news->main = 0;
    if (!all)
        return;
    for (uint8_t i = 0; i < news->n; i++) {
        struct device_novelty *n = &all[news->row[i]];
        const struct feat_def *feat = feat_rows[news->row[i]];
        news->bits[i] = baseline_bits(hours, n->steps_with_new) *
                        (feat->weight ? feat->weight(d, news->text[i]) : 1);
        n->recent_ns = devices->now_ns;
        n->recent_bits_m = news->bits[i] > 0 ? (uint32_t)(news->bits[i] * 1000) : 0;
        if (news->bits[i] > news->bits[news->main])
            news->main = i;
    }
    for (uint8_t row = 0; row < DEVICE_CLASSES; row++) {
        const struct device_novelty *n = &all[row];
        if (n->recent_ns && devices->now_ns - n->recent_ns <= WINDOW_NS)
            news->total += n->recent_bits_m / 1000.0;
    }
}

/* "a; b; c and 4 more" of what is known in a class. */
static uint32_t known_values(const struct device *d, uint8_t row, char *out, size_t room)
{
    uint32_t n = 0;
    size_t used = 0;

    out[0] = '\0';
    for (uint16_t i = 0; i < d->atoms.n; i++) {
        const struct atom *a = &d->atoms.all[i];
        if (a->class_ != row)
            continue;
        if (n++ < 5 && used + a->len + 3 < room) {
            core_fmt(out + used, room - used, "%s%.*s", n > 1 ? "; " : "", a->len,
                     (const char *)atoms_text(&d->atoms, a).at);
            used += strlen(out + used);
        }
    }
    return n;
}

static void say(struct devices *devices, const struct view *v, const struct news *news,
                struct devices_found *f, double tau)
{
    const struct feat_def *feat = feat_rows[news->row[news->main]];
    const char *value = news->text[news->main];
    const struct device *d = v->device;
    char known[KNOWN_TEXT_MAX];
    char who[TEXT_MAX];
    uint32_t n = known_values(d, news->row[news->main], known, sizeof(known));
    double hours = (double)(devices->now_ns - d->first_ns) / (3600.0 * (double)CLOCK_S);

    findings_who(d, v->own, who, sizeof(who));
    strbuf_fmt(&f->en,
               "%s %s for the first time in %.1f hours: %s (%u known before; %.1f bits, reported "
               "from %.1f).",
               who, feat->what_en, hours, value, n, news->total, tau);
    strbuf_fmt(&f->vi,
               "%s %s lần đầu tiên sau %.1f giờ theo dõi: %s (đã biết %u giá trị; %.1f bit, "
               "ngưỡng %.1f).",
               who, feat->what_vi, hours, value, n, news->total, tau);
    findings_text(f, "observed", value);
    findings_text(f, "expected", known);
    findings_num(f, "known", n);
    findings_num(f, "bits", news->total);
    findings_num(f, "threshold", tau);
    findings_num(f, "hours", hours);
    for (uint8_t i = 0; i < news->n; i++) {
        if (i != news->main)
            findings_text(f, feat_rows[news->row[i]]->name, news->text[i]);
    }
}

/* All values of the fact count as reported, so that the next fact with one of them is no news. */
static bool admit(struct devices *devices, struct device *d, const struct news *news,
                  uint32_t *kept_back)
{
    const char *main_class = feat_rows[news->row[news->main]]->name;

    if (!findings_admit(devices, d, main_class, slice_of_str(news->text[news->main]), kept_back))
        return false;
    for (uint8_t i = 0; i < news->n; i++) {
        if (i != news->main)
            findings_remember(devices, d, feat_rows[news->row[i]]->name,
                              slice_of_str(news->text[i]));
    }
    return true;
}

/* "10.20.4.0/24", or the first half of an IPv6 address. */
static void segment_text(const struct addr *a, char *out, size_t room)
{
    if (a->family == 4)
        core_fmt(out, room, "%u.%u.%u.0/24", a->b[0], a->b[1], a->b[2]);
    else
        core_fmt(out, room, "%02x%02x:%02x%02x:%02x%02x:%02x%02x::/64", a->b[0], a->b[1], a->b[2],
                 a->b[3], a->b[4], a->b[5], a->b[6], a->b[7]);
}

/* True when the segment was or is now reported instead of the device. */
static bool folded(struct devices *devices, const struct view *v, const char *class_,
                   const char *value)
{
    char segment[48], who[TEXT_MAX];
    uint32_t n = 0;

    segment_text(v->own, segment, sizeof(segment));
    uint64_t key = hash_bytes(slice_of_str(segment), hash_bytes(slice_of_str(class_), 0)) | 1;
    enum fleet_answer answer =
        fleet_note(&devices->fleet, key, v->device->number, devices->now_ns, &n);
    if (answer == FLEET_SINGLE)
        return false;
    devices->count[COUNT_FOLDED]++;
    struct devices_found *f = NULL;
    if (answer == FLEET_NOW)
        f = findings_new(devices, v->device, v->fact, "fleet", DETECTOR_FLEET);
    if (!f)
        return true;
    devices->count[COUNT_DEVIATIONS]++;
    f->finding.severity = 2;
    findings_who(v->device, v->own, who, sizeof(who));
    strbuf_fmt(&f->en,
               "%u devices of %s deviate alike (%s) within 10 minutes, the last %s: %s; more of it "
               "is folded into this report.",
               n, segment, class_, who, value);
    strbuf_fmt(
        &f->vi,
        "%u thiết bị của %s cùng có sai lệch (%s) trong 10 phút, gần nhất là %s: %s; các sai "
        "lệch tiếp theo được gộp vào báo cáo này.",
        n, segment, class_, who, value);
    findings_text(f, "segment", segment);
    findings_text(f, "of", class_);
    findings_text(f, "observed", value);
    findings_num(f, "devices", n);
    return true;
}

static void report(struct devices *devices, const struct view *v, const struct news *news,
                   double tau)
{
    const struct feat_def *feat = feat_rows[news->row[news->main]];
    uint32_t kept_back = 0;

    if (v->device->state != DEVICE_ENFORCE) {
        devices->count[COUNT_WOULD_ALERT]++;
        return;
    }
    struct device_novelty *n = parts_novelty(v->device);
    if (!n)
        return;
    n += news->row[news->main];
    if (n->reported_ns && devices->now_ns - n->reported_ns < WINDOW_NS) {
        n->folded++;
        devices->count[COUNT_REPEATED]++;
        return;
    }
    if (!admit(devices, v->device, news, &kept_back))
        return;
    kept_back += n->folded;
    n->reported_ns = devices->now_ns;
    n->folded = 0;
    if (folded(devices, v, feat->name, news->text[news->main]))
        return;
    struct devices_found *f = findings_new(devices, v->device, v->fact, feat->name, feat->sid);
    if (!f)
        return;
    devices->count[COUNT_DEVIATIONS]++;
    f->finding.severity = feat->severity;
    f->finding.attack_tactic = feat->tactic;
    f->finding.attack_technique = feat->technique;
    say(devices, v, news, f, tau);
    if (kept_back)
        findings_num(f, "repeated", kept_back);
}

bool baseline_fact(struct devices *devices, const struct view *view, bool teach)
{
    struct device *d = view->device;
    double tau = d->profile ? d->profile->tau_n : 6;
    struct news news;

    if (view->fact->kind == FACT_CLOSE && !core_is_contact(view))
        return false;
    collect(devices, view, &news);
    if (news.n == 0 || !teach)
        return news.n > 0;
    if (d->state != DEVICE_LEARN) {
        weigh(devices, d, &news);
        if (news.total >= tau) {
            report(devices, view, &news, tau);
            return true;
        }
    }
    /* a scan must not fill the memory of a device that still learns */
    if (view->fact->kind == FACT_REFUSED && baseline_known(d, "peer") >= TRIED_MAX)
        return true;
    for (uint8_t i = 0; i < news.n; i++) {
        if (!findings_known(devices, d, feat_rows[news.row[i]]->name, slice_of_str(news.text[i])))
            teach_one(devices, d, news.row[i], slice_of_str(news.text[i]));
    }
    return true;
}

/* ---- volume ------------------------------------------------------------------------------- */

static const struct {
    const char *key, *en, *vi;
} volumes[VOLUME_KINDS] = {
    [VOLUME_OPENED] = {"opened", "contacts opened", "kết nối đã mở"},
    [VOLUME_FAILED] = {"failed", "failed contacts", "lần liên hệ thất bại"},
    [VOLUME_QUERIES] = {"queries", "DNS queries", "truy vấn DNS"},
    [VOLUME_INBOUND] = {"inbound", "contacts from others", "lần được máy khác liên hệ"},
};

static enum volume_kind volume_of(const struct view *v)
{
    const struct fact *f = v->fact;

    if (f->kind == FACT_REFUSED && v->as_client)
        return VOLUME_FAILED;
    if (f->kind == FACT_OPEN && f->server_port != 53)
        return v->as_client ? VOLUME_OPENED : VOLUME_INBOUND;
    if (v->as_client && baseline_is_query(f))
        return VOLUME_QUERIES;
    return VOLUME_KINDS;
}

static void report_volume(struct devices *devices, const struct view *v, enum volume_kind kind,
                          double bits)
{
    const struct volume_count *c = &v->device->volume.count[kind];
    uint32_t windows = v->device->volume.windows;
    uint32_t kept_back = 0;
    char who[TEXT_MAX];

    if (!findings_admit(devices, v->device, "volume", slice_of_str(volumes[kind].key),
                        &kept_back) ||
        folded(devices, v, volumes[kind].key, volumes[kind].en))
        return;
    struct devices_found *f = findings_new(devices, v->device, v->fact, "volume", DETECTOR_VOLUME);
    if (!f)
        return;
    devices->count[COUNT_DEVIATIONS]++;
    findings_who(v->device, v->own, who, sizeof(who));
    strbuf_fmt(&f->en,
               "%s had %u %s within 5 minutes; the most before was %u in %u windows (%.1f bits, "
               "reported from %.1f).",
               who, c->now, volumes[kind].en, c->most, windows, bits, volume_threshold());
    strbuf_fmt(&f->vi,
               "%s có %u %s trong 5 phút; nhiều nhất trước đó là %u trong %u khoảng đo (%.1f bit, "
               "ngưỡng %.1f).",
               who, c->now, volumes[kind].vi, c->most, windows, bits, volume_threshold());
    findings_text(f, "what", volumes[kind].key);
    findings_num(f, "observed", c->now);
    findings_num(f, "expected", c->most);
    findings_num(f, "bits", bits);
    findings_num(f, "threshold", volume_threshold());
    if (kept_back)
        findings_num(f, "repeated", kept_back);
}

void baseline_volume(struct devices *devices, const struct view *view)
{
    enum volume_kind kind = volume_of(view);
    struct device *d = view->device;
    double bits = 0;

    volume_tick(&d->volume, devices->now_ns);
    if (kind == VOLUME_KINDS || !volume_add(&d->volume, kind, &bits))
        return;
    if (d->state == DEVICE_ENFORCE)
        report_volume(devices, view, kind, bits);
    else if (d->state == DEVICE_OBSERVE)
        devices->count[COUNT_WOULD_ALERT]++;
    else
        d->volume.count[kind].reported = false; /* it still learns */
}
