/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One table for all prefixes: an address is asked once for each prefix length that occurs, longest
 * first.
 */
#include "sensor/detect/reputation.h"

#include "common/json.h"
#include "common/strbuf.h"
#include "sensor/detect/intern.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { CATEGORIES_MAX = 60, SCORE_MAX = 127, PATH_ROOM = 4096, KEY = 20, HOST_KNOWN = 255 };

struct reputation {
    struct arena arena;
    struct intern names;     /* of categories; value: number + 1 */
    struct intern scores;    /* of networks, by key_of; value: score + 1 */
    struct intern hosts;     /* of single addresses, by key_of; category HOST_KNOWN: it has some */
    uint8_t lengths[2][130]; /* prefix lengths that occur, longest first, ended by 255; [1]: IPv6 */
    bool occurs[2][129];
};

/* family, length, category, and the bits of the prefix */
static struct slice key_of(uint8_t room[KEY], const struct addr *addr, uint8_t bits, int category)
{
    memset(room, 0, KEY);
    room[0] = addr->family;
    room[1] = bits;
    room[2] = (uint8_t)category;
    memcpy(room + 3, addr->b, bits / 8);
    if (bits % 8)
        room[3 + bits / 8] = addr->b[bits / 8] & (uint8_t)(0xff << (8 - bits % 8));
    return (struct slice){room, KEY};
}

static bool next_part(struct slice *rest, struct slice *part)
{
    int64_t comma = slice_find_byte(*rest, ',');

    *part = slice_trim(slice_head(*rest, comma < 0 ? rest->len : (uint32_t)comma));
    *rest = comma < 0 ? SLICE_NONE : slice_from(*rest, (uint32_t)comma + 1);
    return part->len > 0;
}

static bool category_line(struct reputation *r, struct slice line)
{
    struct slice id, name;
    uint64_t number;

    if (!next_part(&line, &id) || !next_part(&line, &name) || !slice_to_u64(id, &number) ||
        number >= CATEGORIES_MAX)
        return false;
    intern_get(&r->names, name)->value = (const void *)((uintptr_t)number + 1);
    return true;
}

static bool address_line(struct reputation *r, struct slice line)
{
    struct slice text, id, value;
    struct prefix prefix;
    uint64_t category, score;
    uint8_t room[KEY];

    if (!next_part(&line, &text) || !next_part(&line, &id) || !next_part(&line, &value) ||
        !prefix_parse(text, &prefix) || !slice_to_u64(id, &category) ||
        !slice_to_u64(value, &score) || category >= CATEGORIES_MAX || score > SCORE_MAX)
        return false;
    const void *kept = (const void *)((uintptr_t)score + 1);
    if (slice_find_byte(text, '/') < 0) {
        intern_get(&r->hosts, key_of(room, &prefix.addr, prefix.bits, (int)category))->value = kept;
        intern_get(&r->hosts, key_of(room, &prefix.addr, prefix.bits, HOST_KNOWN))->value = kept;
        return true;
    }
    r->occurs[prefix.addr.family == 6][prefix.bits] = true;
    intern_get(&r->scores, key_of(room, &prefix.addr, prefix.bits, (int)category))->value = kept;
    return true;
}

static void read_lines(struct reputation *r, const char *path,
                       bool (*take)(struct reputation *, struct slice), struct strbuf *report)
{
    char line[1024];
    uint32_t number = 0;
    FILE *f = fopen(path, "re");

    if (!f)
        strbuf_fmt(report, "%s: %s\n", path, strerror(errno));
    while (f && fgets(line, sizeof(line), f)) {
        struct slice text = slice_trim(slice_of_str(line));
        number++;
        if (text.len && text.at[0] != '#' && !take(r, text))
            strbuf_fmt(report, "%s:%u: no reputation can be read\n", path, number);
    }
    if (f)
        fclose(f);
}

static void list_lengths(struct reputation *r)
{
    for (int v6 = 0; v6 < 2; v6++) {
        uint32_t n = 0;
        for (int bits = 128; bits >= 0; bits--) {
            if (r->occurs[v6][bits])
                r->lengths[v6][n++] = (uint8_t)bits;
        }
        r->lengths[v6][n] = 255;
    }
}

struct reputation *reputation_new(const struct conf *conf, struct strbuf *report)
{
    const char *categories = conf ? conf_text(conf, "reputation-categories-file") : "";
    struct reputation *r = *categories ? calloc(1, sizeof(*r)) : NULL;
    const char *file;

    if (!r)
        return NULL;
    arena_init(&r->arena, 64 * 1024, 0);
    intern_init(&r->names, &r->arena);
    intern_init(&r->scores, &r->arena);
    intern_init(&r->hosts, &r->arena);
    read_lines(r, categories, category_line, report);
    for (uint32_t i = 0; (file = conf_item(conf, "reputation-files", i)); i++) {
        const char *base = conf_text(conf, "default-reputation-path");
        char path[PATH_ROOM];
        bool whole = *file == '/' || !*base;
        snprintf(path, sizeof(path), "%s%s%s", whole ? "" : base, whole ? "" : "/", file);
        read_lines(r, path, address_line, report);
    }
    list_lengths(r);
    return r;
}

void reputation_free(struct reputation **reputation)
{
    struct reputation *r = *reputation;

    if (!r)
        return;
    intern_fini(&r->names);
    intern_fini(&r->scores);
    intern_fini(&r->hosts);
    arena_fini(&r->arena);
    free(r);
    *reputation = NULL;
}

int reputation_category(const struct reputation *r, struct slice name)
{
    const struct intern_entry *entry = r ? intern_find(&r->names, name) : NULL;

    return entry ? (int)((uintptr_t)entry->value - 1) : -1;
}

static int score_of(const struct intern_entry *entry)
{
    return entry ? (int)((uintptr_t)entry->value - 1) : REPUTATION_NONE;
}

int reputation_of(const struct reputation *r, int category, const struct addr *addr)
{
    uint8_t room[KEY], all = addr->family == 6 ? 128 : 32;

    if (intern_find(&r->hosts, key_of(room, addr, all, HOST_KNOWN))) {
        int score = score_of(intern_find(&r->hosts, key_of(room, addr, all, category)));
        return score == REPUTATION_NONE ? 0 : score;
    }
    for (const uint8_t *bits = r->lengths[addr->family == 6]; *bits != 255; bits++) {
        int score = score_of(intern_find(&r->scores, key_of(room, addr, *bits, category)));
        if (score != REPUTATION_NONE)
            return score;
    }
    return REPUTATION_NONE;
}
