/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/decode/os_policy.h"
#include "common/json.h"

#include <stdlib.h>

enum { NETWORKS_MAX = 4096 };

static const char *const names[OS_COUNT] = {
    [OS_FIRST] = "first",
    [OS_LAST] = "last",
    [OS_BSD] = "bsd",
    [OS_BSD_RIGHT] = "bsd-right",
    [OS_OLD_LINUX] = "old-linux",
    [OS_LINUX] = "linux",
    [OS_OLD_SOLARIS] = "old-solaris",
    [OS_SOLARIS] = "solaris",
    [OS_HPUX10] = "hpux10",
    [OS_HPUX11] = "hpux11",
    [OS_IRIX] = "irix",
    [OS_MACOS] = "macos",
    [OS_WINDOWS] = "windows",
    [OS_WINDOWS2K3] = "windows2k3",
    [OS_VISTA] = "vista",
};

struct network {
    struct prefix prefix;
    enum os_policy policy;
};

struct os_policies {
    struct network *network;
    uint32_t n;
};

enum os_policy os_policy_find(const char *name)
{
    for (uint32_t i = OS_FIRST; name && i < OS_COUNT; i++) {
        if (strcmp(names[i], name) == 0)
            return (enum os_policy)i;
    }
    return OS_NONE;
}

static void add(struct os_policies *all, const char *text, enum os_policy policy)
{
    struct prefix prefix;

    if (!text || all->n == NETWORKS_MAX || !prefix_parse(slice_of_str(text), &prefix))
        return;
    struct network *larger = realloc(all->network, (all->n + 1) * sizeof(*larger));
    if (!larger)
        return;
    all->network = larger;
    all->network[all->n++] = (struct network){prefix, policy};
}

struct os_policies *os_policies_new(const struct conf *conf)
{
    struct os_policies *all = calloc(1, sizeof(*all));

    if (!all)
        return NULL;
    const struct json *tree = conf_tree(conf, "host-os-policy");
    for (const struct json *v = json_first(tree); v; v = json_next(v)) {
        enum os_policy policy = os_policy_find(json_key(v));
        if (policy == OS_NONE)
            continue;
        add(all, json_str(v, NULL), policy);
        for (const struct json *net = json_first(v); net; net = json_next(net))
            add(all, json_str(net, NULL), policy);
    }
    return all;
}

void os_policies_free(struct os_policies **policies)
{
    if (*policies)
        free((*policies)->network);
    free(*policies);
    *policies = NULL;
}

enum os_policy os_policy_of(const struct os_policies *all, const struct addr *addr)
{
    const struct network *best = NULL;

    for (uint32_t i = 0; i < all->n; i++) {
        const struct network *n = &all->network[i];
        if ((!best || n->prefix.bits > best->prefix.bits) && prefix_has(&n->prefix, addr))
            best = n;
    }
    return best ? best->policy : OS_NONE;
}

/* Hop limits start at 64 (Linux, BSD, macOS), 128 (Windows) or 255 (Solaris, network gear). The BSD
 * family opens with a full window of 65535; Linux with a multiple of its segments. */
enum os_policy os_policy_guess(uint8_t ttl, uint16_t window, uint16_t mss, bool has_ts,
                               bool has_wscale)
{
    if (ttl > 128)
        return has_ts && has_wscale ? OS_SOLARIS : OS_NONE;
    if (ttl > 64)
        return has_wscale ? OS_VISTA : OS_WINDOWS;
    if (window == 65535)
        return has_ts && has_wscale ? OS_MACOS : OS_BSD;
    return mss ? OS_LINUX : OS_NONE;
}

static int32_t after(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b);
}

bool os_policy_tcp_newer(enum os_policy policy, struct os_span newer, struct os_span waiting)
{
    int32_t begins = after(newer.from, waiting.from);
    int32_t ends = after(newer.to, waiting.to);

    switch (policy) {
    case OS_FIRST:
    case OS_VISTA:
        return false;
    case OS_LAST:
        return true;
    case OS_LINUX:
        return begins < 0 || (begins == 0 && ends > 0);
    case OS_OLD_LINUX:
        return begins < 0 || (begins == 0 && ends >= 0);
    case OS_SOLARIS:
    case OS_HPUX11:
        return ends > 0 || (begins < 0 && ends == 0);
    case OS_BSD_RIGHT:
        return begins > 0 ? false : begins < 0 || ends >= 0;
    default: /* the BSD family, Windows before Vista, and who is not known */
        return begins < 0;
    }
}

bool os_policy_ip_newer(enum os_policy policy, struct os_span newer, struct os_span waiting)
{
    int32_t begins = after(newer.from, waiting.from);
    int32_t ends = after(newer.to, waiting.to);

    switch (policy) {
    case OS_FIRST:
    case OS_MACOS:
    case OS_OLD_SOLARIS:
    case OS_WINDOWS2K3:
        return false;
    case OS_LAST:
        return true;
    case OS_LINUX:
    case OS_OLD_LINUX:
        return begins <= 0;
    case OS_BSD_RIGHT:
    case OS_HPUX10:
        return begins >= 0;
    case OS_SOLARIS:
        return begins < 0 || (begins == 0 && ends > 0);
    case OS_WINDOWS:
    case OS_VISTA:
        return begins < 0 && ends > 0; /* only what it covers whole */
    default:
        return begins < 0;
    }
}
