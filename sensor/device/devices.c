/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The way of a fact: who it is about (inventory), what that says about their kind (identity), what
 * is forbidden (judge), what is new (baseline). What was a deviation teaches nothing.
 */
#include "common/clock.h"
#include "common/hash.h"
#include "common/jsonw.h"
#include "common/map.h"
#include "sensor/device/baseline.h"
#include "sensor/device/core.h"
#include "sensor/device/detector.h"
#include "sensor/device/findings.h"
#include "sensor/device/identity.h"
#include "sensor/device/inventory.h"
#include "sensor/device/judge.h"
#include "sensor/device/parts.h"
#include "sensor/device/state.h"
#include "sensor/device/told.h"

#include <stdlib.h>

enum { NETWORKS_MAX = 256, TEXT_MAX = 160 };
#define PROFILES_FOLDER "/usr/share/tramgac/iot-profiles"

static const uint64_t SAVE_EVERY_NS = 300 * CLOCK_S;
static const uint64_t HOUR_NS = 3600 * CLOCK_S;
static const uint64_t CONFLICT_NS = 60 * CLOCK_S;
static const uint64_t QUIET_NS = 60 * CLOCK_S;

const struct option device_options[] = {
    {"device.profiles", CONF_TEXT, PROFILES_FOLDER, "Folder of device profiles (MUD and overlay)"},
    {"device.site", CONF_TEXT, "", "Site file: zones, roles, assets; empty = none"},
    {"device.oui", CONF_TEXT, "/usr/share/ieee-data/oui.csv", "Makers of network cards (IEEE CSV)"},
    {"device.networks", CONF_LIST,
     "10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,100.64.0.0/10,169.254.0.0/16,fc00::/7,fe80::/10",
     "Internal networks: hosts in them are devices (zones of the site file count too)"},
    {"device.max", CONF_INT, "10000",
     "Devices kept, 1 to 16 kB each; then the one seen longest ago is forgotten"},
    {"device.names", CONF_INT, "16384", "Addresses whose names are kept (passive DNS)"},
    {"device.learn", CONF_SPAN, "72h", "Time a device learns before novelty is judged"},
    {"device.observe", CONF_SPAN, "7d", "Time after learning in which novelty is only counted"},
    {"device.sweep", CONF_INT, "24", "Different addresses asked for within 60 s that are a sweep"},
    {"device.alerts_per_hour", CONF_INT, "20", "Most deviations of one device in an hour"},
    {"device.state", CONF_TEXT, "", "File that keeps inventory and baselines; empty = none"},
    OPTION_END,
};

/* in the order of enum device_counter */
const struct counter device_counters[] = {
    {"device.facts", "Facts about hosts taken."},
    {"device.devices", "Devices seen first."},
    {"device.evicted", "Devices forgotten because of device.max; raise it."},
    {"device.gateways", "MAC addresses recognised as routers."},
    {"device.reported", "Deviations reported."},
    {"device.repeated", "Deviations not reported again within an hour."},
    {"device.over_rate", "Deviations not reported because of device.alerts_per_hour."},
    {"device.would_alert", "Deviations of devices that still learn or are observed; not reported."},
    {"device.folded", "Deviations folded into one of their segment."},
    {"device.unresolved", "Contacts allowed because the name of the other end is unknown."},
    {"device.atoms_full", "Known values forgotten because a device has too many."},
    {"device.findings_full", "Findings lost because one fact brought too many."},
    {"device.state_saved", "Times the state was saved."},
    {"device.state_failed", "Times saving the state failed; look at device.state and the disk."},
    COUNTER_END,
};

/* ---- start and end ------------------------------------------------------------------------ */

static enum err read_networks(struct devices *devices, const struct conf *conf,
                              struct strbuf *report)
{
    const char *item;
    enum err err = ERR_OK;

    devices->networks = calloc(NETWORKS_MAX, sizeof(*devices->networks));
    if (!devices->networks)
        return ERR_NOMEM;
    for (uint32_t i = 0; (item = conf_item(conf, "device.networks", i)); i++) {
        struct prefix prefix;
        if (devices->n_networks < NETWORKS_MAX && prefix_parse(slice_of_str(item), &prefix)) {
            devices->networks[devices->n_networks++] = prefix;
        } else {
            strbuf_fmt(report, "device.networks: %s is not a network, or there are more than %d\n",
                       item, NETWORKS_MAX);
            err = ERR_INPUT;
        }
    }
    return err;
}

static uint32_t bounded(int64_t value, uint32_t low, uint32_t high)
{
    return value < low ? low : value > high ? high : (uint32_t)value;
}

static void read_numbers(struct devices *devices, const struct conf *conf)
{
    devices->learn_ns = conf_span_ns(conf, "device.learn");
    devices->observe_ns = conf_span_ns(conf, "device.observe");
    devices->max = bounded(conf_int(conf, "device.max"), 16, 1000000);
    devices->sweep_targets = bounded(conf_int(conf, "device.sweep"), 4, SCAN_TARGETS);
    devices->alerts_per_hour = bounded(conf_int(conf, "device.alerts_per_hour"), 1, 100000);
}

static enum err worse(enum err a, enum err b)
{
    return a ? a : b;
}

static enum err load(struct devices *devices, const struct conf *conf, struct strbuf *report)
{
    const char *folder = conf_text(conf, "device.profiles");
    const char *oui = conf_text(conf, "device.oui");
    const char *state = conf_text(conf, "device.state");
    enum err err = read_networks(devices, conf, report);

    if (*oui && oui_new(oui, &devices->oui))
        strbuf_fmt(report, "device.oui: %s cannot be read: makers stay unknown\n", oui);
    err = worse(err, site_new(conf_text(conf, "device.site"), &devices->site, report));
    err = worse(err, profiles_new(folder, strcmp(folder, PROFILES_FOLDER) != 0, &devices->profiles,
                                  report));
    devices->names = names_new(bounded(conf_int(conf, "device.names"), 64, 1 << 22));
    devices->told = told_new();
    devices->known = calloc(KNOWN + 1, sizeof(*devices->known));
    devices->by_mac = map_new(devices->max + 1, 6);
    devices->by_addr = map_new((devices->max + 1) * DEVICE_ADDRS, sizeof(struct addr));
    if (!devices->told || !devices->known || !devices->site || !devices->profiles ||
        !devices->names || !devices->by_mac || !devices->by_addr)
        return ERR_NOMEM;
    if (*state) {
        devices->state_path = strdup(state);
        /* what was learnt is lost with a damaged file, but the sensor must watch again at once */
        state_load(devices, state, report);
        memset(devices->known, 0, (KNOWN + 1) * sizeof(*devices->known));
    }
    return err;
}

enum err devices_new(const struct conf *conf, struct stats *stats, struct devices **result,
                     struct strbuf *report)
{
    struct devices *devices = calloc(1, sizeof(*devices));

    *result = NULL;
    if (!devices)
        return ERR_NOMEM;
    devices->count = stats_add(stats, device_counters);
    read_numbers(devices, conf);
    enum err err = load(devices, conf, report);
    if (err == ERR_NOMEM)
        devices_free(&devices);
    *result = devices;
    return err;
}

static void save(struct devices *devices)
{
    bool good = devices->now_ns && state_save(devices, devices->state_path) == ERR_OK;

    devices->count[good ? COUNT_STATE_SAVED : COUNT_STATE_FAILED]++;
    devices->saved_ns = devices->now_ns;
}

void devices_free(struct devices **result)
{
    struct devices *devices = *result;

    if (!devices)
        return;
    if (devices->state_path && devices->now_ns)
        save(devices);
    if (devices->by_mac && devices->by_addr)
        inventory_free(devices);
    map_free(&devices->by_mac);
    map_free(&devices->by_addr);
    names_free(&devices->names);
    profiles_free(&devices->profiles);
    site_free(&devices->site);
    oui_free(&devices->oui);
    findings_free(devices);
    told_free(&devices->told);
    free(devices->known);
    free(devices->networks);
    free(devices->state_path);
    free(devices);
    *result = NULL;
}

/* ---- changes of the inventory ------------------------------------------------------------- */

static struct devices_found *change(struct devices *devices, struct device *d,
                                    const struct fact *fact, const char *class_)
{
    struct devices_found *f = findings_new(devices, d, fact, class_, DETECTOR_NONE);

    if (f) {
        f->finding.is_change = true;
        f->finding.severity = 4;
    }
    return f;
}

/* A storm of new devices (an attack on switches) is said in part and counted in full. */
static bool may_say_new(struct devices *devices)
{
    if (devices->now_ns - devices->new_hour_ns >= HOUR_NS) {
        devices->new_hour_ns = devices->now_ns;
        devices->new_in_hour = 0;
    }
    return devices->new_in_hour++ < devices->alerts_per_hour * 5;
}

/* A device that appears after the sensor has watched for the whole learning time is news. */
static void say_new(struct devices *devices, struct device *d, const struct addr *addr,
                    const struct fact *fact)
{
    char who[TEXT_MAX];
    double hours = (double)(devices->now_ns - devices->first_ns) / (3600.0 * (double)CLOCK_S);
    struct devices_found *f = change(devices, d, fact, "new-device");

    d->announced = true;
    if (!f)
        return;
    if (!d->asset && !d->gateway && devices->now_ns - devices->first_ns >= devices->learn_ns &&
        may_say_new(devices)) {
        findings_set(f, DETECTOR_NEW_DEVICE);
        f->finding.severity = 3;
        f->finding.attack_technique = "T1200";
        devices->count[COUNT_DEVIATIONS]++;
    }
    findings_who(d, addr, who, sizeof(who));
    strbuf_fmt(&f->en, "Device %s (%s) was seen for the first time, %.1f hours after the start.",
               who, d->vendor ? d->vendor : "maker unknown", hours);
    strbuf_fmt(&f->vi, "Thiết bị %s (%s) xuất hiện lần đầu, %.1f giờ sau khi bắt đầu theo dõi.",
               who, d->vendor ? d->vendor : "không rõ hãng", hours);
    findings_text(f, "observed", d->id);
}

/* ARP says that the address belongs to another MAC than a moment ago. */
static void say_taken_over(struct devices *devices, const struct sighting *s,
                           const struct addr *addr, const struct fact *fact)
{
    char text[ADDR_TEXT_MAX];
    bool was_mac = strncmp(s->before_id, "mac:", 4) == 0;
    bool conflict = fact->kind == FACT_ARP && was_mac && !s->device->gateway &&
                    devices->now_ns - s->before_ns < CONFLICT_NS;
    uint32_t kept_back = 0;

    addr_text(addr, text);
    if (!was_mac ||
        (conflict && !findings_admit(devices, s->device, "arp", slice_of_str(text), &kept_back)))
        return;
    struct devices_found *f = change(devices, s->device, fact, conflict ? "arp" : "address");
    if (!f)
        return;
    if (conflict) {
        findings_set(f, DETECTOR_ARP);
        f->finding.severity = 2;
        f->finding.attack_technique = "T1557.002";
        devices->count[COUNT_DEVIATIONS]++;
    }
    double seconds = (double)(devices->now_ns - s->before_ns) / (double)CLOCK_S;
    strbuf_fmt(&f->en, "%s now belongs to %s; %s used it %.0f seconds before.", text, s->device->id,
               s->before_id, seconds);
    strbuf_fmt(&f->vi, "%s nay thuộc về %s; %s đã dùng địa chỉ này %.0f giây trước đó.", text,
               s->device->id, s->before_id, seconds);
    findings_text(f, "observed", s->device->id);
    findings_text(f, "expected", s->before_id);
}

static void decide(struct devices *devices, struct device *d, const struct fact *fact)
{
    const char *before = d->profile ? d->profile->id : "";
    char who[TEXT_MAX];

    if (!identity_decide(devices, d))
        return;
    inventory_changed(devices, d);
    quiet_clear(&d->quiet);
    struct devices_found *f = change(devices, d, fact, "profile");
    if (!f)
        return;
    findings_who(d, NULL, who, sizeof(who));
    strbuf_fmt(&f->en, "%s is recognised as %s (profile %s, evidence %.2f).", who,
               d->profile->title_en, d->profile->id, d->profile_score);
    strbuf_fmt(&f->vi, "%s được nhận dạng là %s (hồ sơ %s, mức bằng chứng %.2f).", who,
               d->profile->title_vi, d->profile->id, d->profile_score);
    findings_text(f, "observed", d->profile->id);
    findings_text(f, "expected", before);
    findings_num(f, "score", d->profile_score);
}

/* Once it is sure to exist. */
static void announce(struct devices *devices, struct device *d, const struct addr *addr,
                     const struct fact *fact)
{
    if (!d->proven || d->announced)
        return;
    say_new(devices, d, addr, fact);
    decide(devices, d, fact);
}

static struct device *see(struct devices *devices, const struct addr *addr, const struct mac *mac,
                          bool confirmed, const struct fact *fact)
{
    struct sighting s = inventory_see(devices, addr, mac, fact->vlan, confirmed, devices->now_ns);

    if (!s.device)
        return NULL;
    announce(devices, s.device, addr, fact);
    if (s.taken_over && confirmed)
        say_taken_over(devices, &s, addr, fact);
    return s.device;
}

/* ---- facts -------------------------------------------------------------------------------- */

static void rename_device(struct devices *devices, struct device *d, const struct fact *fact)
{
    char before[DEVICE_NAME_MAX];

    if ((d->asset && *d->asset->name) ||
        strcmp(d->name, parts_evidence(d, EVIDENCE_DHCP_HOST)) == 0)
        return;
    memcpy(before, d->name, sizeof(before));
    core_fmt(d->name, sizeof(d->name), "%s", parts_evidence(d, EVIDENCE_DHCP_HOST));
    inventory_changed(devices, d);
    struct devices_found *f = change(devices, d, fact, "name");
    if (!f)
        return;
    strbuf_fmt(&f->en, "Device %s calls itself %s now, before: %s.", d->id, d->name,
               *before ? before : "nothing");
    strbuf_fmt(&f->vi, "Thiết bị %s nay tự xưng là %s, trước đó: %s.", d->id, d->name,
               *before ? before : "không có tên");
    findings_text(f, "observed", d->name);
    findings_text(f, "expected", before);
}

/* True when the fact brought anything: a deviation or a new value. */
static bool judge_and_learn(struct devices *devices, struct view *v)
{
    bool deviates = judge_fact(devices, v);

    if (v->device->gateway)
        return deviates;
    bool news = baseline_fact(devices, v, !deviates);
    baseline_volume(devices, v);
    return deviates || news;
}

/* Still within the usual time of learning: its state does not change. */
static bool is_early(const struct devices *devices, const struct device *d)
{
    return d->state == DEVICE_LEARN && !d->profile &&
           devices->now_ns - d->first_ns < devices->learn_ns;
}

static void take_state(struct devices *devices, struct device *d, const struct fact *fact)
{
    char who[TEXT_MAX];

    if (is_early(devices, d) || !baseline_state(devices, d))
        return;
    inventory_changed(devices, d);
    quiet_clear(&d->quiet);
    struct devices_found *f = change(devices, d, fact, "state");
    if (!f)
        return;
    double hours = (double)(devices->now_ns - d->first_ns) / (3600.0 * (double)CLOCK_S);
    findings_who(d, NULL, who, sizeof(who));
    strbuf_fmt(&f->en, "%s is in state %s after %.1f hours; %u values are known.", who,
               baseline_state_name(d->state), hours, d->atoms.n);
    strbuf_fmt(&f->vi, "%s chuyển sang trạng thái %s sau %.1f giờ; đã biết %u giá trị.", who,
               baseline_state_vi(d->state), hours, d->atoms.n);
    findings_text(f, "observed", baseline_state_name(d->state));
    findings_num(f, "known", d->atoms.n);
    findings_habits(f, d);
}

static void take_dhcp(struct devices *devices, const struct fact *fact)
{
    const struct mac *mac = fact->has_mac ? &fact->client_mac : NULL;
    const struct addr *addr = fact->addr.family ? &fact->addr : &fact->client;
    struct device *d = NULL;

    if (inventory_internal(devices, addr))
        d = see(devices, addr, mac, true, fact);
    else if (mac)
        d = inventory_by_mac(devices, mac);
    if (!d)
        return;
    bool host = identity_text(d, EVIDENCE_DHCP_HOST, slice_of_str(fact->text));
    bool vendor = identity_text(d, EVIDENCE_DHCP_VENDOR, slice_of_str(fact->text2));
    if (host)
        rename_device(devices, d, fact);
    if (host || vendor)
        decide(devices, d, fact);
    take_state(devices, d, fact);
    struct view v = {.fact = fact,
                     .device = d,
                     .as_client = true,
                     .own = addr,
                     .peer = &fact->server,
                     .endpoint = ENDPOINT_LOCAL};
    if (*fact->text2 || fact->number_value)
        judge_and_learn(devices, &v);
}

static void take_arp(struct devices *devices, const struct fact *fact)
{
    struct device *d =
        see(devices, &fact->client, fact->has_mac ? &fact->client_mac : NULL, true, fact);

    if (!d || !fact->server.family || inventory_find(devices, &fact->server))
        return;
    if (!scan_target(&d->scan, &fact->server, devices->now_ns, devices->sweep_targets))
        return;
    struct view v = {
        .fact = fact, .device = d, .as_client = true, .own = &fact->client, .peer = &fact->server};
    uint32_t figures[2] = {d->scan.n_targets, devices->sweep_targets};
    judge_scan(devices, &v, true, figures);
}

/* Evidence in what the fact shows of this end; true when the profile should be weighed anew. */
static bool take_evidence(const struct view *v)
{
    const struct fact *f = v->fact;

    if (f->kind == FACT_FIELD && f->from_client == v->as_client) {
        if (strcmp(f->text, "mqtt.connect.clientid") == 0)
            return identity_text(v->device, EVIDENCE_MQTT_CLIENT, slice_of_str(f->text2));
        if (strcmp(f->text, "http.user_agent") == 0)
            return identity_text(v->device, EVIDENCE_HTTP_UA, slice_of_str(f->text2));
    }
    if (!core_is_contact(v) || f->kind == FACT_REFUSED || f->midstream ||
        (f->proto != 6 && f->proto != 17))
        return false;
    return identity_port(v->device, !v->as_client, f->proto, f->server_port);
}

static void take_contact(struct devices *devices, const struct view *v)
{
    const struct fact *f = v->fact;
    uint32_t figures[2];

    if (!v->as_client || f->midstream || v->endpoint == ENDPOINT_GROUP ||
        (f->kind != FACT_OPEN && f->kind != FACT_REFUSED))
        return;
    if (f->proto != 6 && f->proto != 17) {
        bool many = scan_target(&v->device->scan, v->peer, devices->now_ns, devices->sweep_targets);
        figures[0] = v->device->scan.n_targets;
        figures[1] = devices->sweep_targets;
        if (many && f->kind == FACT_REFUSED)
            judge_scan(devices, v, true, figures);
        return;
    }
    if (scan_contact(&v->device->scan, v->peer, f->proto, f->server_port, f->kind == FACT_OPEN,
                     figures))
        judge_scan(devices, v, false, figures);
}

/* Every bit of x changes each bit of the result with half a chance. */
static uint64_t mixed(uint64_t x)
{
    x = (x ^ x >> 33) * UINT64_C(0xff51afd7ed558ccd);
    x = (x ^ x >> 33) * UINT64_C(0xc4ceb9fe1a85ec53);
    return x ^ x >> 33;
}

/* All that judging looks at; what changes about the device itself empties the memory. */
static uint64_t quiet_key(uint64_t said, const struct fact *f, bool as_client, uint64_t peer_hash)
{
    uint64_t bits = (uint64_t)f->kind << 48 | (uint64_t)f->proto << 40 |
                    (uint64_t)f->server_port << 16 | (uint64_t)as_client << 2 |
                    (uint64_t)f->midstream << 1 | f->from_client;

    return mixed(mixed(said ^ bits) ^ peer_hash) | 1;
}

/* It was judged within a minute and brought nothing. */
static inline bool is_quiet(const struct devices *devices, const struct device *d, uint64_t key)
{
    const struct quiet_fact *quiet = quiet_at(&d->quiet, quiet_slot(key));

    return quiet && quiet->key == key && devices->now_ns - quiet->ns < QUIET_NS;
}

/* The same fact within a minute that brought nothing only counts. */
static void take_view(struct devices *devices, struct view *v)
{
    struct device *d = v->device;
    bool may_be_quiet = v->fact->kind == FACT_OPEN || v->fact->kind == FACT_FIELD;
    uint64_t key =
        may_be_quiet ? quiet_key(devices->fact_hash, v->fact, v->as_client, v->peer_hash) : 1;

    if (may_be_quiet && is_quiet(devices, d, key)) {
        if (!d->gateway)
            baseline_volume(devices, v);
        return;
    }
    bool news = take_evidence(v);
    if (news)
        decide(devices, d, v->fact);
    take_contact(devices, v);
    if (!judge_and_learn(devices, v) && may_be_quiet && !news)
        quiet_put(&d->quiet, quiet_slot(key), (struct quiet_fact){key, devices->now_ns});
}

/* The device at this end. A host that did not answer may not exist; of a server's MAC only its own
 * packets are sure. */
static struct device *device_at(struct devices *devices, const struct fact *fact, bool as_client)
{
    const struct addr *own = as_client ? &fact->client : &fact->server;
    struct device *d = inventory_find(devices, own);

    if (d || (!as_client && fact->kind != FACT_OPEN))
        return d;
    return see(devices, own, fact->has_mac && as_client ? &fact->client_mac : NULL, false, fact);
}

static void take_end(struct devices *devices, const struct fact *fact, bool as_client)
{
    const struct addr *own = as_client ? &fact->client : &fact->server;
    const struct addr *peer = as_client ? &fact->server : &fact->client;
    struct device *d = device_at(devices, fact, as_client);

    if (!d)
        return;
    inventory_touch(devices, d, fact->kind == FACT_OPEN);
    announce(devices, d, own, fact);
    take_state(devices, d, fact);
    const struct known *known = inventory_known(devices, peer);
    struct view v = {
        .fact = fact,
        .device = d,
        .as_client = as_client,
        .own = own,
        .peer = peer,
        .peer_device = known->device,
        .peer_name = known->name,
        .peer_hash = known->hash,
        .endpoint = known->endpoint,
    };
    take_view(devices, &v);
}

/* take_end() of a field that is quiet there, when nothing else is due; false: it is not. */
static bool take_quiet_end(struct devices *devices, const struct fact *fact, bool as_client,
                           const struct known *own, const struct known *peer)
{
    struct device *d = own->device;

    if (!d)
        return true;
    uint64_t key = quiet_key(devices->fact_hash, fact, as_client, peer->hash);
    if (!d->announced || !is_quiet(devices, d, key) || !is_early(devices, d))
        return false;
    inventory_touch(devices, d, false);
    if (!d->gateway)
        volume_tick(&d->volume, devices->now_ns);
    return true;
}

/* What both ends are known as is asked once; it stays valid while nothing changes. */
static void take_field(struct devices *devices, const struct fact *fact)
{
    const struct known *client = inventory_known(devices, &fact->client);
    const struct known *server = inventory_known(devices, &fact->server);

    devices->fact_hash =
        fact->said ? fact->said
                   : hash_bytes(slice_of_str(fact->text2), hash_bytes(slice_of_str(fact->text), 0));
    if (client == server || baseline_is_query(fact) || !client->device ||
        !take_quiet_end(devices, fact, true, client, server)) {
        take_end(devices, fact, true);
        take_end(devices, fact, false);
    } else if (!take_quiet_end(devices, fact, false, server, client)) {
        take_end(devices, fact, false);
    }
}

static void take_flow(struct devices *devices, const struct fact *fact)
{
    devices->fact_hash = fact->said;
    take_end(devices, fact, true);
    if (fact->kind == FACT_OPEN)
        take_end(devices, fact, false);
}

static void take_name(struct devices *devices, const struct fact *fact)
{
    struct addr gone =
        names_put(devices->names, &fact->addr, slice_of_str(fact->text), devices->now_ns);

    inventory_forget(devices, &fact->addr);
    inventory_forget(devices, &gone);
}

bool devices_fact(struct devices *devices, const struct fact *fact)
{
    findings_clear(devices);
    devices->count[COUNT_FACTS]++;
    if (fact->ts_ns > devices->now_ns)
        devices->now_ns = fact->ts_ns;
    if (devices->first_ns == 0)
        devices->first_ns = devices->now_ns;
    switch (fact->kind) {
    case FACT_PACKET:
        see(devices, &fact->client, fact->has_mac ? &fact->client_mac : NULL, false, fact);
        if (fact->has_mac)
            inventory_next_hop(devices, &fact->server, &fact->server_mac, devices->now_ns);
        break;
    case FACT_ARP:
        take_arp(devices, fact);
        break;
    case FACT_DHCP:
        take_dhcp(devices, fact);
        break;
    case FACT_NAME:
        take_name(devices, fact);
        break;
    case FACT_OPEN:
    case FACT_REFUSED:
    case FACT_CLOSE:
        take_flow(devices, fact);
        break;
    case FACT_FIELD:
        take_field(devices, fact);
        break;
    }
    return devices->n_found > 0;
}

bool devices_next(struct devices *devices, struct finding *finding)
{
    if (devices->next_found == devices->n_found)
        return false;
    struct devices_found *f = &devices->found[devices->next_found++];
    f->finding.reason_en = strbuf_view(&f->en);
    f->finding.reason_vi = strbuf_view(&f->vi);
    f->finding.detail_json = f->detail.full ? SLICE_NONE : strbuf_view(&f->detail);
    *finding = f->finding;
    return true;
}

void devices_tick(struct devices *devices, uint64_t now_ns)
{
    if (now_ns > devices->now_ns)
        devices->now_ns = now_ns;
    if (!devices->state_path)
        return;
    if (devices->saved_ns == 0)
        devices->saved_ns = devices->now_ns;
    if (devices->now_ns - devices->saved_ns >= SAVE_EVERY_NS)
        save(devices);
}

/* ---- tables ------------------------------------------------------------------------------- */

bool devices_detector(uint32_t i, const char **class_, char sid[16], const char **title,
                      const char **doc)
{
    struct detector d = detector_at(i);

    *class_ = d.class_;
    *title = d.title;
    *doc = d.doc;
    core_fmt(sid, 16, "%u", d.sid);
    return d.class_ != NULL;
}

bool devices_evidence(uint32_t i, const char **kind, const char **doc)
{
    for (uint32_t k = 0; k <= i; k++) {
        if (!ident_rows[k])
            return false;
    }
    *kind = ident_rows[i]->kind;
    *doc = ident_rows[i]->doc;
    return true;
}

/* ---- questions ---------------------------------------------------------------------------- */

const struct device *devices_find(const struct devices *devices, const struct addr *addr,
                                  const char **name)
{
    const struct known *known = inventory_known(devices, addr);

    if (name)
        *name = known->name;
    return known->device;
}

uint64_t devices_version(const struct device *d)
{
    return d ? d->version : 0;
}

void devices_write(const struct device *d, bool brief, struct jsonw *w)
{
    jsonw_str(w, "id", d->id);
    if (d->has_mac && !brief)
        jsonw_mac(w, "mac", &d->mac);
    if (d->n_addrs && !brief)
        jsonw_addr(w, "ip", &d->addrs[0].addr);
    if (*d->name)
        jsonw_str(w, "name", d->name);
    if (d->vendor && !brief)
        jsonw_str(w, "vendor", d->vendor);
    if (d->profile)
        jsonw_str(w, "profile", d->profile->id);
    if (brief)
        return;
    if (d->profile)
        jsonw_str(w, "otclass", d->profile->otclass);
    if (d->asset && d->asset->criticality)
        jsonw_u64(w, "criticality", d->asset->criticality);
    if (d->gateway)
        jsonw_bool(w, "gateway", true);
    jsonw_str(w, "state", baseline_state_name(d->state));
}

struct slice devices_text(const struct devices *devices, const struct device *device, bool brief)
{
    return told_text(devices->told, device, brief);
}

void devices_export(const struct devices *devices, struct strbuf *out)
{
    state_write(devices, out);
}
