/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One map: a letter for the kind, then the folded value. Networks are looked up once for each
 * length of prefix that occurs.
 */
#include "analyzer/enrich/intel.h"
#include "common/check.h"
#include "common/hash.h"
#include "common/map.h"

#include <ctype.h>
#include <stdlib.h>

enum { HASH_BYTES = 16 };

struct intel {
    struct arena arena;
    struct map *map;      /* key → struct indicator */
    bool lengths[2][129]; /* prefixes that occur: IPv4, IPv6 */
    uint32_t skipped;
};

struct intel_key {
    uint8_t at[INTEL_VALUE_MAX + 2];
    uint32_t len;
};

const char *intel_kind_name(enum intel_kind kind, bool vietnamese)
{
    static const char *const names[INTEL_KINDS][2] = {
        {"address", "địa chỉ"}, {"domain", "tên miền"}, {"url", "URL"}, {"digest", "mã băm tệp"}};
    return names[kind][vietnamese];
}

struct intel *intel_new(void)
{
    struct intel *intel = calloc(1, sizeof(*intel));

    CHECK(intel);
    arena_init(&intel->arena, 1 << 20, 0);
    intel->map = map_new(INTEL_MAX, HASH_BYTES);
    CHECK(intel->map);
    return intel;
}

void intel_free(struct intel **intel)
{
    if (*intel) {
        map_free(&(*intel)->map);
        arena_fini(&(*intel)->arena);
        free(*intel);
    }
    *intel = NULL;
}

/* 128 bits of hash stand for the key: long URLs cost no more than addresses. */
static struct slice key_view(const struct intel_key *key, uint8_t room[HASH_BYTES])
{
    uint64_t h[2];

    h[0] = hash_bytes((struct slice){key->at, key->len}, 1);
    h[1] = hash_bytes((struct slice){key->at, key->len}, 2);
    memcpy(room, h, sizeof(h));
    return (struct slice){room, HASH_BYTES};
}

/* Lower case; a dot at the end of a name means nothing. */
static bool key_text(struct intel_key *key, char letter, struct slice text, bool fold)
{
    if (text.len == 0 || text.len > INTEL_VALUE_MAX)
        return false;
    key->at[0] = (uint8_t)letter;
    for (uint32_t i = 0; i < text.len; i++)
        key->at[i + 1] = fold ? (uint8_t)tolower(text.at[i]) : text.at[i];
    key->len = text.len + 1;
    return true;
}

static void key_prefix(struct intel_key *key, const struct addr *addr, uint32_t bits)
{
    uint32_t bytes = addr->family == 4 ? 4 : 16;

    key->at[0] = addr->family == 4 ? '4' : '6';
    key->at[1] = (uint8_t)bits;
    for (uint32_t i = 0; i < bytes; i++) {
        uint32_t left = bits > i * 8 ? bits - i * 8 : 0;
        uint8_t mask = left >= 8 ? 0xff : (uint8_t)(0xff00u >> left);
        key->at[i + 2] = addr->b[i] & mask;
    }
    key->len = bytes + 2;
}

static bool is_hex(struct slice text)
{
    for (uint32_t i = 0; i < text.len; i++) {
        if (!isxdigit(text.at[i]))
            return false;
    }
    return text.len == 32 || text.len == 40 || text.len == 64;
}

static bool is_domain(struct slice text)
{
    bool dot = false;

    for (uint32_t i = 0; i < text.len; i++) {
        if (!isalnum(text.at[i]) && !strchr(".-_", text.at[i]) && text.at[i] < 0x80)
            return false;
        dot = dot || (text.at[i] == '.' && i > 0 && i + 1 < text.len);
    }
    return dot && text.len < 254;
}

bool intel_guess(struct slice value, enum intel_kind *kind)
{
    struct prefix prefix;
    bool known = true;

    if (prefix_parse(value, &prefix))
        *kind = INTEL_ADDR;
    else if (is_hex(value))
        *kind = INTEL_HASH;
    else if (slice_find_byte(value, '/') >= 0)
        *kind = INTEL_URL;
    else if (is_domain(value))
        *kind = INTEL_DOMAIN;
    else
        known = false;
    return known;
}

/* "http://Host:80/path" → "host/path": the port a scheme implies anyway is left out. */
static struct slice url_bare(struct slice url, char room[INTEL_VALUE_MAX])
{
    for (uint32_t i = 0; i + 2 < url.len && i < 12; i++) {
        if (memcmp(url.at + i, "://", 3) == 0) {
            url = slice_from(url, i + 3);
            break;
        }
    }
    int64_t slash = slice_find_byte(url, '/');
    struct slice host = slash < 0 ? url : slice_head(url, (uint32_t)slash);
    struct slice path = slash < 0 ? SLICE_LIT("/") : slice_from(url, (uint32_t)slash);
    if (host.len + path.len > INTEL_VALUE_MAX)
        return SLICE_NONE;
    for (uint32_t i = 0; i < host.len; i++)
        room[i] = (char)tolower(host.at[i]);
    memcpy(room + host.len, path.at, path.len);
    return (struct slice){(uint8_t *)room, host.len + path.len};
}

static bool key_of(struct intel *intel, const struct indicator *in, struct intel_key *key)
{
    struct slice value = slice_of_str(in->value);
    struct prefix prefix;
    char room[INTEL_VALUE_MAX];

    switch (in->kind) {
    case INTEL_ADDR:
        if (!prefix_parse(value, &prefix) || prefix.bits == 0)
            return false;
        key_prefix(key, &prefix.addr, prefix.bits);
        intel->lengths[prefix.addr.family != 4][prefix.bits] = true;
        return true;
    case INTEL_DOMAIN:
        if (value.len && value.at[value.len - 1] == '.')
            value.len--;
        return is_domain(value) && key_text(key, 'd', value, true);
    case INTEL_URL:
        return key_text(key, 'u', url_bare(value, room), false);
    case INTEL_HASH:
        return is_hex(value) && key_text(key, 'h', value, true);
    }
    return false;
}

bool intel_add(struct intel *intel, const struct indicator *in)
{
    struct intel_key key;
    uint8_t room[HASH_BYTES];
    bool added = false;

    union map_value *v =
        key_of(intel, in, &key) ? map_add(intel->map, key_view(&key, room), &added) : NULL;
    if (!v)
        return false;
    struct indicator *old = v->p;
    if (!added && old->confidence >= in->confidence)
        return true;
    struct indicator *copy = added ? arena_alloc(&intel->arena, sizeof(*copy)) : old;
    CHECK(copy);
    *copy = *in;
    copy->value = arena_str(&intel->arena, slice_of_str(in->value));
    copy->source = arena_str(&intel->arena, slice_head(slice_of_str(in->source), 120));
    copy->about = arena_str(&intel->arena, slice_head(slice_of_str(in->about), 300));
    CHECK(copy->value && copy->source && copy->about);
    v->p = copy;
    return true;
}

uint32_t intel_count(const struct intel *intel)
{
    return map_count(intel->map);
}

uint32_t intel_skipped(const struct intel *intel)
{
    return intel->skipped;
}

void intel_skip(struct intel *intel)
{
    intel->skipped++;
}

/* ---- looking up ---- */

static const struct indicator *find(const struct intel *intel, const struct intel_key *key,
                                    uint64_t now_ns)
{
    uint8_t room[HASH_BYTES];
    const union map_value *v = map_find(intel->map, key_view(key, room));
    const struct indicator *in = v ? v->p : NULL;

    return in && (in->expires_ns == 0 || in->expires_ns > now_ns) ? in : NULL;
}

const struct indicator *intel_addr(const struct intel *intel, const struct addr *addr,
                                   uint64_t now_ns)
{
    const bool *lengths = intel->lengths[addr->family != 4];
    uint32_t most = addr->family == 4 ? 32 : addr->family == 6 ? 128 : 0;
    struct intel_key key;

    for (uint32_t bits = most; bits > 0; bits--) {
        if (!lengths[bits])
            continue;
        key_prefix(&key, addr, bits);
        const struct indicator *in = find(intel, &key, now_ns);
        if (in)
            return in;
    }
    return NULL;
}

const struct indicator *intel_domain(const struct intel *intel, struct slice name, uint64_t now_ns)
{
    struct intel_key key;

    if (name.len && name.at[name.len - 1] == '.')
        name.len--;
    while (slice_find_byte(name, '.') > 0) {
        const struct indicator *in =
            key_text(&key, 'd', name, true) ? find(intel, &key, now_ns) : NULL;
        if (in)
            return in;
        name = slice_from(name, (uint32_t)slice_find_byte(name, '.') + 1);
    }
    return NULL;
}

const struct indicator *intel_url(const struct intel *intel, struct slice host, struct slice path,
                                  uint64_t now_ns)
{
    char whole[INTEL_VALUE_MAX], room[INTEL_VALUE_MAX];
    struct intel_key key;

    if (host.len == 0 || host.len + path.len > INTEL_VALUE_MAX)
        return NULL;
    memcpy(whole, host.at, host.len);
    memcpy(whole + host.len, path.at, path.len);
    struct slice url = url_bare((struct slice){(uint8_t *)whole, host.len + path.len}, room);
    const struct indicator *in = key_text(&key, 'u', url, false) ? find(intel, &key, now_ns) : NULL;
    int64_t query = slice_find_byte(url, '?');
    if (!in && query > 0 && key_text(&key, 'u', slice_head(url, (uint32_t)query), false))
        in = find(intel, &key, now_ns);
    return in;
}

const struct indicator *intel_hash(const struct intel *intel, struct slice hex, uint64_t now_ns)
{
    struct intel_key key;

    return is_hex(hex) && key_text(&key, 'h', hex, true) ? find(intel, &key, now_ns) : NULL;
}

static struct intel_source *source_of(const char *name, struct intel_source *sources, uint32_t *n,
                                      uint32_t room)
{
    uint32_t i = 0;

    while (i < *n && strcmp(sources[i].name, name) != 0)
        i++;
    if (i == room)
        return NULL;
    if (i == *n)
        sources[(*n)++] = (struct intel_source){.name = name, .least = 100};
    return &sources[i];
}

uint32_t intel_sources(const struct intel *intel, uint64_t now_ns, struct intel_source *sources,
                       uint32_t room)
{
    union map_value *value;
    struct slice key;
    uint32_t at = 0, n = 0;

    while (map_next(intel->map, &at, &key, &value)) {
        const struct indicator *in = value->p;
        struct intel_source *s = source_of(in->source, sources, &n, room);
        if (!s)
            continue;
        bool over = in->expires_ns && in->expires_ns <= now_ns;
        s->n++;
        s->expired += over;
        if (in->expires_ns && !over && (!s->next_ns || in->expires_ns < s->next_ns))
            s->next_ns = in->expires_ns;
        s->least = in->confidence < s->least ? in->confidence : s->least;
        s->most = in->confidence > s->most ? in->confidence : s->most;
    }
    return n;
}
