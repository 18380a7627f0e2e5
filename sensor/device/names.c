/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/device/names.h"

#include "common/hash.h"

#include <stdlib.h>

enum { WAYS = 8 };

struct entry {
    struct addr addr; /* family 0 = free */
    uint64_t ts_ns;
    char name[NAMES_TEXT_MAX];
};

struct names {
    uint32_t sets; /* a power of two */
    struct entry *entries;
};

struct names *names_new(uint32_t max)
{
    struct names *names = calloc(1, sizeof(*names));

    if (!names)
        return NULL;
    names->sets = 1;
    while (names->sets * WAYS < max && names->sets < (1U << 24))
        names->sets *= 2;
    names->entries = calloc((size_t)names->sets * WAYS, sizeof(*names->entries));
    if (!names->entries)
        names_free(&names);
    return names;
}

void names_free(struct names **names)
{
    if (*names) {
        free((*names)->entries);
        free(*names);
    }
    *names = NULL;
}

/* The seed is fixed: which entry is pushed out must not differ between runs. */
static struct entry *set_of(const struct names *names, const struct addr *addr)
{
    uint64_t h = hash_bytes((struct slice){addr->b, 16}, addr->family);

    return names->entries + (size_t)(h & (names->sets - 1)) * WAYS;
}

static struct entry *find(const struct names *names, const struct addr *addr)
{
    struct entry *set = set_of(names, addr);

    for (uint32_t i = 0; i < WAYS; i++) {
        if (addr_eq(&set[i].addr, addr))
            return &set[i];
    }
    return NULL;
}

static struct entry *victim(const struct names *names, const struct addr *addr)
{
    struct entry *set = set_of(names, addr);
    struct entry *oldest = set;

    for (uint32_t i = 0; i < WAYS; i++) {
        if (set[i].addr.family == 0)
            return &set[i];
        if (set[i].ts_ns < oldest->ts_ns)
            oldest = &set[i];
    }
    return oldest;
}

static char lower(uint8_t c)
{
    if (c >= 'A' && c <= 'Z')
        return (char)(c + 32);
    return c > 0x20 && c < 0x7f ? (char)c : '?';
}

struct addr names_put(struct names *names, const struct addr *addr, struct slice name,
                      uint64_t ts_ns)
{
    struct addr gone = {0};

    if (addr->family == 0 || name.len == 0 || name.len >= NAMES_TEXT_MAX)
        return gone;
    if (name.at[name.len - 1] == '.')
        name.len--;
    struct entry *e = find(names, addr);
    if (!e) {
        e = victim(names, addr);
        gone = e->addr;
    }
    e->addr = *addr;
    e->ts_ns = ts_ns;
    for (uint32_t i = 0; i < name.len; i++)
        e->name[i] = lower(name.at[i]);
    e->name[name.len] = '\0';
    return gone;
}

const char *names_find(const struct names *names, const struct addr *addr)
{
    const struct entry *e = addr->family ? find(names, addr) : NULL;

    return e && *e->name ? e->name : NULL;
}

bool names_next(const struct names *names, uint32_t *at, struct addr *addr, const char **name,
                uint64_t *ts_ns)
{
    for (; *at < names->sets * WAYS; (*at)++) {
        const struct entry *e = &names->entries[*at];
        if (e->addr.family == 0)
            continue;
        *addr = e->addr;
        *name = e->name;
        *ts_ns = e->ts_ns;
        (*at)++;
        return true;
    }
    return false;
}

/* "com.vn", "gov.uk": a second level that registries keep for themselves. */
static bool second_level(const char *label, size_t len, size_t last_len)
{
    static const char *const kept[] = {"com", "net",  "org",  "gov", "edu", "ac",  "co", "or",
                                       "go",  "info", "name", "biz", "int", "pro", "ne"};

    for (uint32_t i = 0; last_len == 2 && i < sizeof(kept) / sizeof(kept[0]); i++) {
        if (strlen(kept[i]) == len && strncmp(kept[i], label, len) == 0)
            return true;
    }
    return false;
}

const char *names_registrable(const char *name)
{
    const char *dots[3] = {NULL, NULL, NULL}; /* of the last three dots, the last first */

    for (const char *c = name; *c; c++) {
        if (*c == '.') {
            dots[2] = dots[1];
            dots[1] = dots[0];
            dots[0] = c;
        }
    }
    if (!dots[0] || !dots[1])
        return name;
    size_t last = strlen(dots[0] + 1);
    if (second_level(dots[1] + 1, (size_t)(dots[0] - dots[1] - 1), last))
        return dots[2] ? dots[2] + 1 : name;
    return dots[1] + 1;
}

void names_squash(const char *name, char *out, size_t room)
{
    size_t n = 0;

    for (; *name && n + 1 < room; name++) {
        bool digit = *name >= '0' && *name <= '9';
        if (digit && n && out[n - 1] == '0')
            continue;
        out[n++] = digit ? '0' : *name;
    }
    out[n] = '\0';
}
