/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Places, roles and assets of site.yaml (iot-profiles/schema.md, section 6): who owns an address,
 * how much it matters, in which zone it lies. An asset is known by its MAC first, then by address.
 */
#include "analyzer/enrich/enrich.h"
#include "common/addrset.h"
#include "common/check.h"
#include "common/map.h"

#include <stdlib.h>

enum { SITE_FILE_MAX = 64 << 20, ASSETS_MAX = 1 << 20, NAMES_MAX = 4096 };

static const struct option options[] = {
    {"enrich.site", CONF_TEXT, "iot-profiles/site.yaml",
     "Zones, roles and assets of this site; see iot-profiles/schema.md. Empty: none."},
    OPTION_END};

struct zone {
    const char *name, *kind;
};

struct asset {
    const char *name, *owner_en, *owner_vi, *profile;
    uint8_t criticality, level;
};

struct site {
    struct arena arena; /* texts live as long as the site */
    const char *name;
    struct addrset zone_set, role_set;
    struct zone zones[NAMES_MAX];
    const char *roles[NAMES_MAX];
    uint32_t n_zones, n_roles, n_assets;
    struct asset *assets;
    struct map *by_addr, *by_mac;
};

struct reader {
    struct site *site;
    const char *path;
    struct strbuf *report;
    bool bad;
};

static void fault(struct reader *rd, const struct json *at, const char *what)
{
    strbuf_fmt(rd->report, "%s:%u: %s\n", rd->path, json_line(at), what);
    rd->bad = true;
}

static const char *keep(struct site *site, const struct json *v)
{
    const char *text = arena_str(&site->arena, slice_head(json_text(v), RECORD_TEXT_MAX));
    return text ? text : "";
}

/* One prefix or a list of them. */
static void add_prefixes(struct reader *rd, struct addrset *set, const struct json *v, uint32_t i)
{
    const struct json *one = json_kind(v) == JSON_ARR ? json_first(v) : v;

    for (; one; one = json_kind(v) == JSON_ARR ? json_next(one) : NULL)
        if (!addrset_add_text(set, json_text(one), i))
            fault(rd, one, "not an address or prefix");
}

static void read_zones(struct reader *rd, const struct json *list)
{
    struct site *site = rd->site;

    for (const struct json *v = json_first(list); v; v = json_next(v)) {
        if (site->n_zones == NAMES_MAX) {
            fault(rd, v, "too many zones");
            return;
        }
        site->zones[site->n_zones] =
            (struct zone){keep(site, json_get(v, "name")), keep(site, json_get(v, "kind"))};
        add_prefixes(rd, &site->zone_set, json_get(v, "cidr"), site->n_zones++);
    }
}

static void read_roles(struct reader *rd, const struct json *map)
{
    struct site *site = rd->site;

    for (const struct json *v = json_first(map); v; v = json_next(v)) {
        if (site->n_roles == NAMES_MAX || !json_key(v)) {
            fault(rd, v, "roles: a map of at most 4096 names was expected");
            return;
        }
        const char *name = arena_str(&site->arena, slice_of_str(json_key(v)));
        site->roles[site->n_roles] = name ? name : "";
        add_prefixes(rd, &site->role_set, v, site->n_roles++);
    }
}

static uint8_t grade(struct reader *rd, const struct json *v, const char *key)
{
    const struct json *n = json_get(v, key);
    int64_t value = json_i64(n, 0);

    if (n && (value < 1 || value > 5)) {
        fault(rd, n, "criticality and level are 1 to 5");
        return 0;
    }
    return (uint8_t)value;
}

static void name_asset(struct reader *rd, struct map *map, const struct json *v, struct slice key,
                       bool ok, uint32_t i)
{
    if (json_text(v).len == 0)
        return;
    union map_value *value = ok ? map_add(map, key, NULL) : NULL;
    if (value)
        value->u = i;
    else
        fault(rd, v, "not an address, or too many assets");
}

static void read_asset(struct reader *rd, const struct json *v, uint32_t i)
{
    struct site *site = rd->site;
    const struct json *owner = json_get(v, "owner");
    const struct json *ip = json_get(v, "ip");
    const struct json *mac = json_get(v, "mac");
    bool both = json_kind(owner) == JSON_OBJ;
    struct addr addr = {0};
    struct mac m = {0};

    site->assets[i] = (struct asset){.name = keep(site, json_get(v, "name")),
                                     .owner_en = keep(site, both ? json_get(owner, "en") : owner),
                                     .owner_vi = keep(site, both ? json_get(owner, "vi") : owner),
                                     .profile = keep(site, json_get(v, "profile")),
                                     .criticality = grade(rd, v, "criticality"),
                                     .level = grade(rd, v, "level")};
    bool addr_ok = addr_parse(json_text(ip), &addr);
    bool mac_ok = mac_parse(json_text(mac), &m);
    name_asset(rd, site->by_addr, ip, (struct slice){(uint8_t *)&addr, sizeof(addr)}, addr_ok, i);
    name_asset(rd, site->by_mac, mac, (struct slice){m.b, sizeof(m.b)}, mac_ok, i);
    if (!addr_ok && !mac_ok)
        fault(rd, v, "an asset needs ip or mac");
}

static void read_assets(struct reader *rd, const struct json *list)
{
    struct site *site = rd->site;
    uint32_t n = json_count(list);

    if (n > ASSETS_MAX) {
        fault(rd, list, "too many assets");
        return;
    }
    site->assets = calloc(n + 1, sizeof(*site->assets));
    site->by_addr = map_new(n + 1, sizeof(struct addr));
    site->by_mac = map_new(n + 1, sizeof(struct mac));
    CHECK(site->assets && site->by_addr && site->by_mac);
    for (const struct json *v = json_first(list); v; v = json_next(v))
        read_asset(rd, v, site->n_assets++);
}

static void asset_close(void *self)
{
    struct site *site = self;
    addrset_fini(&site->zone_set);
    addrset_fini(&site->role_set);
    map_free(&site->by_addr);
    map_free(&site->by_mac);
    free(site->assets);
    arena_fini(&site->arena);
    free(site);
}

static enum err asset_open(const struct conf *conf, void **self, struct strbuf *report)
{
    const char *path = conf_text(conf, "enrich.site");
    struct json *tree = NULL;
    struct json_fault why = {0};

    if (!*path)
        return ERR_OK;
    enum err err = json_load(path, SITE_FILE_MAX, &tree, &why);
    if (err) {
        strbuf_fmt(report, "enrich.site: %s:%u: %s\n", path, why.line, why.text);
        return err;
    }
    struct site *site = calloc(1, sizeof(*site));
    CHECK(site);
    struct reader rd = {site, path, report, false};
    arena_init(&site->arena, 65536, 0);
    addrset_init(&site->zone_set);
    addrset_init(&site->role_set);
    site->name = keep(site, json_get(tree, "site"));
    read_zones(&rd, json_get(tree, "zones"));
    read_roles(&rd, json_get(tree, "roles"));
    read_assets(&rd, json_get(tree, "assets"));
    addrset_freeze(&site->zone_set);
    addrset_freeze(&site->role_set);
    json_free(&tree);
    *self = site;
    return rd.bad ? ERR_INPUT : ERR_OK;
}

static union map_value *by_mac(const struct site *site, const struct record_end *end)
{
    struct mac mac;
    if (!*end->mac || !mac_parse(slice_of_str(end->mac), &mac))
        return NULL;
    return map_find(site->by_mac, (struct slice){mac.b, sizeof(mac.b)});
}

/* The MAC counts only when the sensor's inventory named it: in a routed packet it is the router's.
 */
static const struct asset *find_asset(const struct site *site, const struct record_end *end)
{
    union map_value *v = NULL;

    if (!site->assets)
        return NULL;
    if (*end->device)
        v = by_mac(site, end);
    if (!v && end->addr.family)
        v = map_find(site->by_addr, (struct slice){(const uint8_t *)&end->addr, sizeof(end->addr)});
    return v ? &site->assets[v->u] : NULL;
}

static void apply_asset(const struct asset *asset, struct record_end *end)
{
    if (!asset)
        return;
    if (*asset->name)
        end->name = asset->name; /* what the operators call it */
    end->owner_en = asset->owner_en;
    end->owner_vi = asset->owner_vi;
    if (!*end->profile)
        end->profile = asset->profile;
    end->criticality = asset->criticality;
    end->level = asset->level;
}

static void apply_end(const struct site *site, struct record_end *end)
{
    uint32_t i;

    apply_asset(find_asset(site, end), end);
    if (!end->addr.family)
        return;
    end->internal = addr_is_private(&end->addr);
    if (addrset_find(&site->zone_set, &end->addr, &i)) {
        end->zone = site->zones[i].name;
        end->zone_kind = site->zones[i].kind;
        end->internal = true;
    }
    if (!*end->role && addrset_find(&site->role_set, &end->addr, &i))
        end->role = site->roles[i];
}

static void asset_apply(void *self, struct batch *batch, struct record *r)
{
    const struct site *site = self;
    (void)batch;
    apply_end(site, &r->src);
    apply_end(site, &r->dst);
    if (!*r->site)
        r->site = site->name;
}

const struct enricher_def enr_asset = {
    .name = "asset",
    .doc = "Zones, roles and assets of the site",
    .options = options,
    .open = asset_open,
    .apply = asset_apply,
    .close = asset_close,
};
