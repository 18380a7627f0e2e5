/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Times are nanoseconds as decimal text, because JSON numbers are exact only to 2^53; hashes are
 * hexadecimal text.
 */
#include "sensor/device/state.h"

#include "common/json.h"
#include "common/jsonw.h"
#include "sensor/device/baseline.h"
#include "sensor/device/inventory.h"
#include "sensor/device/parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { STATE_VERSION = 1, STATE_FILE_MAX = 1 << 30, NUMBER_TEXT_MAX = 24 };

static const char *const evidence_keys[EVIDENCE_COUNT] = {"dhcp_host", "dhcp_vendor", "mqtt_client",
                                                          "http_ua"};

/* ---- writing ------------------------------------------------------------------------------ */

static void write_ns(struct jsonw *w, const char *key, uint64_t ns)
{
    char text[NUMBER_TEXT_MAX];

    core_fmt(text, sizeof(text), "%llu", (unsigned long long)ns);
    jsonw_str(w, key, text);
}

static void write_hash(struct jsonw *w, const char *key, uint64_t hash)
{
    char text[NUMBER_TEXT_MAX];

    core_fmt(text, sizeof(text), "%llx", (unsigned long long)hash);
    jsonw_str(w, key, text);
}

static void write_ports(struct jsonw *w, const char *key, const struct device_port *ports,
                        uint8_t n)
{
    if (n == 0)
        return;
    jsonw_arr_open(w, key);
    for (uint8_t i = 0; i < n; i++)
        jsonw_u64(w, NULL, (uint64_t)ports[i].proto << 16 | ports[i].port);
    jsonw_arr_close(w);
}

static void write_addrs(struct jsonw *w, const struct device *d)
{
    jsonw_arr_open(w, "addrs");
    for (uint8_t i = 0; i < d->n_addrs; i++) {
        jsonw_obj_open(w, NULL);
        jsonw_addr(w, "ip", &d->addrs[i].addr);
        jsonw_bool(w, "confirmed", d->addrs[i].confirmed);
        write_ns(w, "last", d->addrs[i].last_ns);
        jsonw_obj_close(w);
    }
    jsonw_arr_close(w);
}

static void write_roles(struct jsonw *w, const struct device *d)
{
    if (!d->profile || d->n_roles == 0)
        return;
    jsonw_obj_open(w, "roles");
    for (uint8_t i = 0; i < d->n_roles; i++) {
        jsonw_arr_open(w, d->profile->roles[d->roles[i].role].name);
        for (uint8_t k = 0; k < d->roles[i].n; k++)
            jsonw_addr(w, NULL, &d->roles[i].holders[k]);
        jsonw_arr_close(w);
    }
    jsonw_obj_close(w);
}

static void write_baseline(struct jsonw *w, const struct device *d)
{
    jsonw_obj_open(w, "novelty");
    for (uint8_t row = 0; d->novelty && feat_rows[row] && row < DEVICE_CLASSES; row++) {
        const struct device_novelty *n = &d->novelty[row];
        if (n->last_new_step == 0 && n->recent_ns == 0)
            continue;
        jsonw_obj_open(w, feat_rows[row]->name);
        jsonw_u64(w, "steps", n->steps_with_new);
        jsonw_u64(w, "last_step", n->last_new_step);
        write_ns(w, "recent", n->recent_ns);
        jsonw_u64(w, "bits_m", n->recent_bits_m);
        write_ns(w, "reported", n->reported_ns);
        jsonw_u64(w, "folded", n->folded);
        jsonw_obj_close(w);
    }
    jsonw_obj_close(w);
    jsonw_arr_open(w, "atoms");
    for (uint16_t i = 0; i < d->atoms.n; i++) {
        const struct atom *a = &d->atoms.all[i];
        jsonw_arr_open(w, NULL);
        jsonw_str(w, NULL, feat_rows[a->class_]->name);
        jsonw_text(w, NULL, atoms_text(&d->atoms, a));
        jsonw_u64(w, NULL, a->last_s);
        jsonw_arr_close(w);
    }
    jsonw_arr_close(w);
}

static void write_numbers(struct jsonw *w, const char *key, const uint32_t *all, uint32_t n)
{
    jsonw_arr_open(w, key);
    for (uint32_t i = 0; i < n; i++)
        jsonw_u64(w, NULL, all[i]);
    jsonw_arr_close(w);
}

static void write_scan(struct jsonw *w, const struct scan *s)
{
    jsonw_obj_open(w, "scan");
    jsonw_i64(w, "score_m", s->score_m);
    jsonw_u64(w, "failed", s->failed);
    jsonw_u64(w, "answered", s->answered);
    jsonw_u64(w, "next", s->next_contact);
    write_numbers(w, "contacts", s->contacts, s->n_contacts);
    write_ns(w, "sweep", s->sweep_ns);
    write_numbers(w, "targets", s->targets, s->n_targets);
    jsonw_obj_close(w);
}

static void write_volume(struct jsonw *w, const struct volume *v)
{
    jsonw_obj_open(w, "volume");
    write_ns(w, "window", v->window_ns);
    jsonw_u64(w, "windows", v->windows);
    jsonw_arr_open(w, "counts");
    for (uint32_t k = 0; v->count && k < VOLUME_KINDS; k++) {
        uint32_t bins[VOLUME_BINS];
        for (uint32_t i = 0; i < VOLUME_BINS; i++)
            bins[i] = v->count[k].bins[i];
        jsonw_obj_open(w, NULL);
        jsonw_u64(w, "now", v->count[k].now);
        jsonw_u64(w, "most", v->count[k].most);
        jsonw_bool(w, "reported", v->count[k].reported);
        write_numbers(w, "bins", bins, VOLUME_BINS);
        jsonw_obj_close(w);
    }
    jsonw_arr_close(w);
    jsonw_obj_close(w);
}

static void write_quiet(struct jsonw *w, const struct device *d)
{
    jsonw_arr_open(w, "quiet");
    for (uint32_t i = 0; i < QUIET_SLOTS; i++) {
        const struct quiet_fact *fact = quiet_at(&d->quiet, i);
        if (!fact)
            continue;
        jsonw_arr_open(w, NULL);
        jsonw_u64(w, NULL, i);
        write_hash(w, NULL, fact->key);
        write_ns(w, NULL, fact->ns);
        jsonw_arr_close(w);
    }
    jsonw_arr_close(w);
}

static void write_memo(struct jsonw *w, const struct device *d)
{
    write_ns(w, "hour", d->hour_ns);
    jsonw_u64(w, "hour_alerts", d->hour_alerts[0]);
    jsonw_u64(w, "hour_hard", d->hour_alerts[1]);
    jsonw_arr_open(w, "reported");
    for (uint32_t i = 0; d->memo && i < DEVICE_MEMOS && d->memo[i].key; i++) {
        jsonw_obj_open(w, NULL);
        write_hash(w, "key", d->memo[i].key);
        write_ns(w, "last", d->memo[i].last_ns);
        jsonw_u64(w, "kept_back", d->memo[i].kept_back);
        jsonw_obj_close(w);
    }
    jsonw_arr_close(w);
}

static void write_device(struct jsonw *w, const struct device *d)
{
    jsonw_obj_open(w, NULL);
    jsonw_str(w, "id", d->id);
    jsonw_u64(w, "number", d->number);
    jsonw_bool(w, "gateway", d->gateway);
    jsonw_bool(w, "announced", d->announced);
    jsonw_bool(w, "proven", d->proven);
    jsonw_u64(w, "vlan", d->vlan);
    jsonw_str(w, "name", d->name);
    if (d->vendor)
        jsonw_str(w, "vendor", d->vendor);
    if (d->profile)
        jsonw_str(w, "profile", d->profile->id);
    jsonw_str(w, "state", baseline_state_name(d->state));
    write_ns(w, "state_since", d->state_ns);
    write_ns(w, "first", d->first_ns);
    write_ns(w, "last", d->last_ns);
    write_ns(w, "linked", d->linked_ns);
    write_ns(w, "new", d->new_ns);
    write_addrs(w, d);
    for (uint32_t i = 0; i < EVIDENCE_COUNT; i++) {
        if (*parts_evidence(d, (enum evidence)i))
            jsonw_str(w, evidence_keys[i], parts_evidence(d, (enum evidence)i));
    }
    write_ports(w, "serves", d->serves, d->n_serves);
    write_ports(w, "uses", d->uses, d->n_uses);
    write_roles(w, d);
    write_baseline(w, d);
    write_scan(w, &d->scan);
    write_volume(w, &d->volume);
    write_quiet(w, d);
    write_memo(w, d);
    jsonw_obj_close(w);
    strbuf_char(w->out, '\n'); /* a device a line: baselines can be compared by diff */
}

static void write_fleet(struct jsonw *w, const struct fleet *fleet)
{
    jsonw_arr_open(w, "fleet");
    for (uint32_t i = 0; i < FLEET_ENTRIES; i++) {
        const struct fleet_entry *e = &fleet->all[i];
        jsonw_obj_open(w, NULL);
        write_hash(w, "key", e->key);
        write_ns(w, "first", e->first_ns);
        jsonw_u64(w, "n", e->n);
        jsonw_arr_open(w, "devices");
        for (uint32_t k = 0; k < e->n && k < FLEET_DEVICES; k++)
            jsonw_u64(w, NULL, e->devices[k]);
        jsonw_arr_close(w);
        jsonw_obj_close(w);
    }
    jsonw_arr_close(w);
}

static void write_names(struct jsonw *w, const struct devices *devices)
{
    struct addr addr;
    const char *name;
    uint64_t ns;
    uint32_t at = 0;

    jsonw_arr_open(w, "names");
    while (names_next(devices->names, &at, &addr, &name, &ns)) {
        jsonw_arr_open(w, NULL);
        jsonw_addr(w, NULL, &addr);
        jsonw_str(w, NULL, name);
        write_ns(w, NULL, ns);
        jsonw_arr_close(w);
    }
    jsonw_arr_close(w);
}

void state_write(const struct devices *devices, struct strbuf *out)
{
    struct jsonw w;

    jsonw_init(&w, out);
    jsonw_obj_open(&w, NULL);
    jsonw_u64(&w, "v", STATE_VERSION);
    write_ns(&w, "first", devices->first_ns);
    write_ns(&w, "now", devices->now_ns);
    write_ns(&w, "new_hour", devices->new_hour_ns);
    jsonw_u64(&w, "new_in_hour", devices->new_in_hour);
    jsonw_u64(&w, "next_number", devices->next_number);
    jsonw_arr_open(&w, "devices");
    for (uint32_t i = 0; i < 2; i++) {
        for (const struct device *d = devices->lists[i].oldest; d; d = d->newer)
            write_device(&w, d);
    }
    jsonw_arr_close(&w);
    write_fleet(&w, &devices->fleet);
    write_names(&w, devices);
    jsonw_obj_close(&w);
    strbuf_char(out, '\n');
}

/* ---- reading ------------------------------------------------------------------------------ */

static uint64_t read_ns(const struct json *v)
{
    uint64_t n = 0;

    return slice_to_u64(json_text(v), &n) ? n : 0;
}

static uint64_t read_hash(const struct json *v)
{
    return strtoull(json_str(v, "0"), NULL, 16);
}

static uint32_t read_u32(const struct json *v)
{
    int64_t n = json_i64(v, 0);

    return n >= 0 && n <= UINT32_MAX ? (uint32_t)n : 0;
}

static uint8_t read_ports(const struct json *list, struct device_port *ports)
{
    uint8_t n = 0;

    for (const struct json *c = json_first(list); c && n < DEVICE_PORTS; c = json_next(c)) {
        uint32_t both = read_u32(c);
        ports[n++] = (struct device_port){(uint8_t)(both >> 16), (uint16_t)both};
    }
    return n;
}

static void read_addrs(struct devices *devices, struct device *d, const struct json *list)
{
    struct addr addr;

    for (const struct json *c = json_first(list); c; c = json_next(c)) {
        if (addr_parse(json_text(json_get(c, "ip")), &addr))
            inventory_bind(devices, d, &addr, json_bool(json_get(c, "confirmed"), false),
                           read_ns(json_get(c, "last")));
    }
}

static int32_t role_index(const struct profile *profile, const char *name)
{
    for (uint32_t i = 0; profile && name && i < profile->n_roles; i++) {
        if (strcmp(profile->roles[i].name, name) == 0)
            return (int32_t)i;
    }
    return -1;
}

static void read_roles(struct device *d, const struct json *map)
{
    for (const struct json *c = json_first(map); c && d->n_roles < DEVICE_ROLES; c = json_next(c)) {
        int32_t role = role_index(d->profile, json_key(c));
        if (role < 0 || !parts_roles(d))
            continue;
        struct device_role *r = &d->roles[d->n_roles++];
        *r = (struct device_role){.role = (uint8_t)role};
        for (const struct json *a = json_first(c); a && r->n < DEVICE_ROLE_HOLDERS;
             a = json_next(a)) {
            if (addr_parse(json_text(a), &r->holders[r->n]))
                r->n++;
        }
    }
}

static int32_t class_row(const char *name)
{
    for (int32_t i = 0; name && feat_rows[i] && i < DEVICE_CLASSES; i++) {
        if (strcmp(feat_rows[i]->name, name) == 0)
            return i;
    }
    return -1;
}

static void read_baseline(struct device *d, const struct json *v)
{
    const struct json *novelty = json_get(v, "novelty");

    for (const struct json *c = json_first(novelty); c; c = json_next(c)) {
        int32_t row = class_row(json_key(c));
        if (row < 0 || !parts_novelty(d))
            continue;
        d->novelty[row] = (struct device_novelty){
            .steps_with_new = read_u32(json_get(c, "steps")),
            .last_new_step = read_u32(json_get(c, "last_step")),
            .recent_ns = read_ns(json_get(c, "recent")),
            .recent_bits_m = read_u32(json_get(c, "bits_m")),
            .reported_ns = read_ns(json_get(c, "reported")),
            .folded = read_u32(json_get(c, "folded")),
        };
    }
    for (const struct json *c = json_first(json_get(v, "atoms")); c; c = json_next(c)) {
        const struct json *text = json_next(json_first(c));
        int32_t row = class_row(json_str(json_first(c), NULL));
        if (row >= 0 && text)
            atoms_add(&d->atoms, (uint8_t)row, json_text(text), read_u32(json_next(text)));
    }
}

static uint8_t read_numbers(const struct json *list, uint32_t *all, uint8_t most)
{
    uint8_t n = 0;

    for (const struct json *c = json_first(list); c && n < most; c = json_next(c))
        all[n++] = read_u32(c);
    return n;
}

static void read_scan(struct scan *s, const struct json *v)
{
    s->score_m = (int32_t)json_i64(json_get(v, "score_m"), 0);
    s->failed = read_u32(json_get(v, "failed"));
    s->answered = read_u32(json_get(v, "answered"));
    s->sweep_ns = read_ns(json_get(v, "sweep"));
    uint32_t contacts[SCAN_CONTACTS], targets[SCAN_TARGETS];
    uint8_t n = read_numbers(json_get(v, "contacts"), contacts, SCAN_CONTACTS);
    uint8_t m = read_numbers(json_get(v, "targets"), targets, SCAN_TARGETS);
    uint8_t next = (uint8_t)(read_u32(json_get(v, "next")) % SCAN_CONTACTS);
    scan_restore(s, contacts, n, next, targets, m);
}

static void read_volume(struct volume *v, const struct json *tree)
{
    uint32_t k = 0;

    v->window_ns = read_ns(json_get(tree, "window"));
    v->windows = read_u32(json_get(tree, "windows"));
    for (const struct json *c = json_first(json_get(tree, "counts"));
         c && k < VOLUME_KINDS && volume_make(v); c = json_next(c), k++) {
        uint32_t bins[VOLUME_BINS] = {0};
        v->count[k].now = read_u32(json_get(c, "now"));
        v->count[k].most = read_u32(json_get(c, "most"));
        v->count[k].reported = json_bool(json_get(c, "reported"), false);
        read_numbers(json_get(c, "bins"), bins, VOLUME_BINS);
        for (uint32_t i = 0; i < VOLUME_BINS; i++)
            v->count[k].bins[i] = (uint16_t)bins[i];
    }
}

static void read_quiet(struct device *d, const struct json *list)
{
    for (const struct json *c = json_first(list); c; c = json_next(c)) {
        const struct json *key = json_next(json_first(c));
        uint32_t i = read_u32(json_first(c));
        if (key && i < QUIET_SLOTS)
            quiet_put(&d->quiet, i, (struct quiet_fact){read_hash(key), read_ns(json_next(key))});
    }
}

static void read_memo(struct device *d, const struct json *v)
{
    uint32_t n = 0;

    d->hour_ns = read_ns(json_get(v, "hour"));
    d->hour_alerts[0] = read_u32(json_get(v, "hour_alerts"));
    d->hour_alerts[1] = read_u32(json_get(v, "hour_hard"));
    for (const struct json *c = json_first(json_get(v, "reported"));
         c && n < DEVICE_MEMOS && parts_memo(d); c = json_next(c))
        d->memo[n++] = (struct device_memo){
            .key = read_hash(json_get(c, "key")),
            .last_ns = read_ns(json_get(c, "last")),
            .kept_back = read_u32(json_get(c, "kept_back")),
        };
}

static enum device_state read_state(const char *name)
{
    for (int i = DEVICE_LEARN; i <= DEVICE_ENFORCE; i++) {
        if (strcmp(baseline_state_name((enum device_state)i), name) == 0)
            return (enum device_state)i;
    }
    return DEVICE_LEARN;
}

static void read_evidence(struct device *d, const struct json *v)
{
    for (uint32_t i = 0; i < EVIDENCE_COUNT; i++) {
        const char *text = json_str(json_get(v, evidence_keys[i]), "");
        char *slot = *text ? parts_evidence_slot(d, (enum evidence)i) : NULL;
        if (slot)
            core_fmt(slot, DEVICE_EVIDENCE_MAX, "%s", text);
    }
}

static void read_device(struct devices *devices, const struct json *v)
{
    struct device *d = inventory_restore(devices, json_str(json_get(v, "id"), ""),
                                         json_bool(json_get(v, "proven"), true));

    if (!d)
        return;
    d->number = (uint64_t)json_i64(json_get(v, "number"), 0);
    d->gateway = json_bool(json_get(v, "gateway"), false);
    d->announced = json_bool(json_get(v, "announced"), true);
    d->vlan = (uint16_t)read_u32(json_get(v, "vlan"));
    core_fmt(d->name, sizeof(d->name), "%s", json_str(json_get(v, "name"), ""));
    d->profile = profiles_find(devices->profiles, json_str(json_get(v, "profile"), ""));
    d->state = read_state(json_str(json_get(v, "state"), ""));
    d->state_ns = read_ns(json_get(v, "state_since"));
    d->first_ns = read_ns(json_get(v, "first"));
    d->last_ns = read_ns(json_get(v, "last"));
    d->linked_ns = read_ns(json_get(v, "linked"));
    d->new_ns = read_ns(json_get(v, "new"));
    read_addrs(devices, d, json_get(v, "addrs"));
    read_evidence(d, v);
    d->n_serves = read_ports(json_get(v, "serves"), d->serves);
    d->n_uses = read_ports(json_get(v, "uses"), d->uses);
    read_roles(d, json_get(v, "roles"));
    read_baseline(d, v);
    read_scan(&d->scan, json_get(v, "scan"));
    read_volume(&d->volume, json_get(v, "volume"));
    read_quiet(d, json_get(v, "quiet"));
    read_memo(d, v);
}

static void read_fleet(struct fleet *fleet, const struct json *list)
{
    uint32_t i = 0;

    for (const struct json *c = json_first(list); c && i < FLEET_ENTRIES; c = json_next(c), i++) {
        struct fleet_entry *e = &fleet->all[i];
        uint32_t k = 0;
        e->key = read_hash(json_get(c, "key"));
        e->first_ns = read_ns(json_get(c, "first"));
        e->n = read_u32(json_get(c, "n"));
        for (const struct json *d = json_first(json_get(c, "devices")); d && k < FLEET_DEVICES;
             d = json_next(d))
            e->devices[k++] = (uint64_t)json_i64(d, 0);
    }
}

static void read_names(struct devices *devices, const struct json *list)
{
    struct addr addr;

    for (const struct json *c = json_first(list); c; c = json_next(c)) {
        const struct json *ip = json_first(c);
        const struct json *name = json_next(ip);
        if (name && addr_parse(json_text(ip), &addr))
            (void)names_put(devices->names, &addr, json_text(name), read_ns(json_next(name)));
    }
}

enum err state_load(struct devices *devices, const char *path, struct strbuf *report)
{
    struct json *tree = NULL;
    struct json_fault why = {0};
    enum err err = json_load(path, STATE_FILE_MAX, &tree, &why);

    if (err == ERR_NOTFOUND)
        return ERR_OK;
    if (!err && json_i64(json_get(tree, "v"), 0) != STATE_VERSION) {
        core_fmt(why.text, sizeof(why.text), "is not a state file of version %d", STATE_VERSION);
        err = ERR_INPUT;
    }
    if (err) {
        char aside[1024];
        core_fmt(aside, sizeof(aside), "%s.damaged", path);
        bool kept = rename(path, aside) == 0;
        strbuf_fmt(report, "%s:%u: %s; learning begins anew%s%s\n", path, why.line, why.text,
                   kept ? ", the file is kept as " : "", kept ? aside : "");
        json_free(&tree);
        return err;
    }
    devices->first_ns = read_ns(json_get(tree, "first"));
    devices->now_ns = read_ns(json_get(tree, "now"));
    devices->new_hour_ns = read_ns(json_get(tree, "new_hour"));
    devices->new_in_hour = read_u32(json_get(tree, "new_in_hour"));
    for (const struct json *c = json_first(json_get(tree, "devices")); c; c = json_next(c))
        read_device(devices, c);
    devices->next_number = (uint64_t)json_i64(json_get(tree, "next_number"), 0);
    read_fleet(&devices->fleet, json_get(tree, "fleet"));
    read_names(devices, json_get(tree, "names"));
    json_free(&tree);
    return ERR_OK;
}

static bool write_all(FILE *file, const struct strbuf *text)
{
    return fwrite(text->at, 1, text->len, file) == text->len && fflush(file) == 0 &&
           fsync(fileno(file)) == 0;
}

enum err state_save(const struct devices *devices, const char *path)
{
    char temporary[1024];
    struct strbuf text;

    core_fmt(temporary, sizeof(temporary), "%s.new", path);
    FILE *file = fopen(temporary, "w");
    if (!file)
        return ERR_IO;
    strbuf_init(&text, 0);
    state_write(devices, &text);
    bool good = !text.full && write_all(file, &text);
    strbuf_fini(&text);
    if (fclose(file) != 0 || !good || rename(temporary, path) != 0) {
        unlink(temporary);
        return ERR_IO;
    }
    return ERR_OK;
}
