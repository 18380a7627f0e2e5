/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/device/site.h"

#include "common/addrset.h"
#include "common/json.h"
#include "common/strbuf.h"

#include <stdlib.h>

enum { SITE_ROLES_MAX = 64, SITE_ASSETS_MAX = 20000, SITE_FILE_MAX = 16 << 20 };

struct role {
    char name[SITE_WORD_MAX];
    struct addrset set;
};

struct site {
    const char *path;
    struct strbuf *report; /* while loading */
    char name[SITE_WORD_MAX];
    struct addrset zones;
    struct role roles[SITE_ROLES_MAX];
    uint32_t n_roles;
    struct site_asset *assets;
    uint32_t n_assets;
};

static void fault(struct site *site, const struct json *at, const char *what, const char *text)
{
    strbuf_fmt(site->report, "%s:%u: %s %s\n", site->path, json_line(at), what, text);
}

static void copy_word(char out[SITE_WORD_MAX], struct slice text)
{
    text = slice_head(text, SITE_WORD_MAX - 1);
    if (text.len)
        memcpy(out, text.at, text.len);
    out[text.len] = '\0';
}

static void add_prefix(struct site *site, struct addrset *set, const struct json *v)
{
    struct prefix prefix;

    if (json_kind(v) == JSON_STR && prefix_parse(json_text(v), &prefix))
        addrset_add(set, &prefix, false, 1);
    else
        fault(site, v, "not an address or CIDR:", json_str(v, "(no text)"));
}

/* One CIDR or a list of them. */
static void add_prefixes(struct site *site, struct addrset *set, const struct json *v)
{
    if (json_kind(v) != JSON_ARR) {
        add_prefix(site, set, v);
        return;
    }
    for (const struct json *c = json_first(v); c; c = json_next(c))
        add_prefix(site, set, c);
}

static void read_zones(struct site *site, const struct json *list)
{
    for (const struct json *z = json_first(list); z; z = json_next(z)) {
        if (json_get(z, "cidr"))
            add_prefixes(site, &site->zones, json_get(z, "cidr"));
        else
            fault(site, z, "zone without", "cidr");
    }
}

static void read_roles(struct site *site, const struct json *map)
{
    for (const struct json *r = json_first(map); r; r = json_next(r)) {
        if (!json_key(r) || site->n_roles == SITE_ROLES_MAX) {
            fault(site, r, "role not taken:", json_key(r) ? json_key(r) : "(list)");
            continue;
        }
        struct role *role = &site->roles[site->n_roles++];
        copy_word(role->name, slice_of_str(json_key(r)));
        addrset_init(&role->set);
        add_prefixes(site, &role->set, r);
        addrset_freeze(&role->set);
    }
}

static void read_asset(struct site *site, const struct json *a, struct site_asset *asset)
{
    const struct json *ip = json_get(a, "ip");
    const struct json *mac = json_get(a, "mac");

    *asset = (struct site_asset){0};
    if (ip && !addr_parse(json_text(ip), &asset->ip))
        fault(site, ip, "not an address:", json_str(ip, "(no text)"));
    asset->has_mac = mac && mac_parse(json_text(mac), &asset->mac);
    if (mac && !asset->has_mac)
        fault(site, mac, "not a MAC address:", json_str(mac, "(no text)"));
    copy_word(asset->name, json_text(json_get(a, "name")));
    copy_word(asset->profile, json_text(json_get(a, "profile")));
    asset->criticality = (uint8_t)json_i64(json_get(a, "criticality"), 0);
    asset->level = (uint8_t)json_i64(json_get(a, "level"), 0);
}

static enum err read_assets(struct site *site, const struct json *list)
{
    uint32_t n = json_count(list);

    if (json_kind(list) != JSON_ARR || n == 0)
        return ERR_OK;
    if (n > SITE_ASSETS_MAX) {
        fault(site, list, "more assets than can be kept:", "the rest is left out");
        n = SITE_ASSETS_MAX;
    }
    site->assets = calloc(n, sizeof(*site->assets));
    if (!site->assets)
        return ERR_NOMEM;
    for (const struct json *a = json_first(list); a && site->n_assets < n; a = json_next(a))
        read_asset(site, a, &site->assets[site->n_assets++]);
    return ERR_OK;
}

static void name_unknown_keys(struct site *site, const struct json *tree)
{
    static const char *const known[] = {"site", "title", "zones", "roles", "assets"};

    for (const struct json *c = json_first(tree); c; c = json_next(c)) {
        bool found = false;
        for (uint32_t i = 0; i < 5; i++)
            found = found || (json_key(c) && strcmp(json_key(c), known[i]) == 0);
        if (!found)
            fault(site, c, "unknown key", json_key(c) ? json_key(c) : "(list)");
    }
}

static enum err read_file(struct site *site)
{
    struct json *tree = NULL;
    struct json_fault why = {0};
    enum err err = json_load(site->path, SITE_FILE_MAX, &tree, &why);

    if (err) {
        strbuf_fmt(site->report, "%s:%u: %s\n", site->path, why.line, why.text);
        return err;
    }
    name_unknown_keys(site, tree);
    copy_word(site->name, json_text(json_get(tree, "site")));
    read_zones(site, json_get(tree, "zones"));
    read_roles(site, json_get(tree, "roles"));
    err = read_assets(site, json_get(tree, "assets"));
    json_free(&tree);
    return err;
}

enum err site_new(const char *path, struct site **result, struct strbuf *report)
{
    struct site *site = calloc(1, sizeof(*site));
    enum err err = ERR_OK;

    *result = site;
    if (!site)
        return ERR_NOMEM;
    site->path = path;
    site->report = report;
    addrset_init(&site->zones);
    if (path && *path)
        err = read_file(site);
    addrset_freeze(&site->zones);
    site->path = NULL;
    site->report = NULL;
    return err;
}

void site_free(struct site **site)
{
    if (*site) {
        addrset_fini(&(*site)->zones);
        for (uint32_t i = 0; i < (*site)->n_roles; i++)
            addrset_fini(&(*site)->roles[i].set);
        free((*site)->assets);
        free(*site);
    }
    *site = NULL;
}

const char *site_name(const struct site *site)
{
    return site->name;
}

bool site_zone(const struct site *site, const struct addr *addr)
{
    return addrset_find(&site->zones, addr, NULL);
}

static const struct role *find_role(const struct site *site, const char *name)
{
    for (uint32_t i = 0; i < site->n_roles; i++) {
        if (strcmp(site->roles[i].name, name) == 0)
            return &site->roles[i];
    }
    return NULL;
}

bool site_role_bound(const struct site *site, const char *role)
{
    return find_role(site, role) != NULL;
}

bool site_role_has(const struct site *site, const char *role, const struct addr *addr)
{
    const struct role *r = find_role(site, role);

    return r && addrset_find(&r->set, addr, NULL);
}

const struct site_asset *site_find_asset(const struct site *site, const struct addr *addr,
                                         const struct mac *mac)
{
    const struct site_asset *by_addr = NULL;

    for (uint32_t i = 0; i < site->n_assets; i++) {
        const struct site_asset *a = &site->assets[i];
        if (mac && a->has_mac && mac_eq(&a->mac, mac))
            return a;
        if (addr && a->ip.family && addr_eq(&a->ip, addr) && !by_addr)
            by_addr = a;
    }
    return by_addr;
}
