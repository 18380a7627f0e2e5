/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/detect/dataset.h"
#include "sensor/detect/overlay.h"

#include "common/addr.h"
#include "common/digest.h"

#include <stdio.h>
#include <stdlib.h>

enum { LINE_MAX_BYTES = 8192, ENTRY_COST = 64, SETS_MAX = 1024, HEAD = 5 };

enum dataset_type dataset_type_of(struct slice text)
{
    static const char *const names[] = {"-", "string", "md5", "sha256", "ipv4", "ip"};

    for (uint8_t i = DATASET_STRING; i <= DATASET_IP; i++) {
        if (slice_eq(text, slice_of_str(names[i])))
            return (enum dataset_type)i;
    }
    return DATASET_NONE;
}

/* ---- values ------------------------------------------------------------------------------- */

static bool mapped4(struct slice bytes)
{
    static const uint8_t head[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

    return bytes.len == 16 && memcmp(bytes.at, head, sizeof(head)) == 0;
}

bool dataset_value(const struct dataset *set, struct slice bytes, struct slice *value)
{
    *value = bytes;
    switch ((enum dataset_type)set->type) {
    case DATASET_STRING:
        return bytes.len > 0 && bytes.len <= DATASET_VALUE_MAX;
    case DATASET_MD5:
        return bytes.len == 16;
    case DATASET_SHA256:
        return bytes.len == 32;
    case DATASET_IP4:
        if (mapped4(bytes))
            *value = slice_from(bytes, 12);
        return value->len == 4;
    case DATASET_IP:
        if (mapped4(bytes))
            *value = slice_from(bytes, 12);
        return value->len == 4 || value->len == 16;
    case DATASET_NONE:
        break;
    }
    return false;
}

static int digit64(uint8_t c)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c ? strchr(digits, c) : NULL;

    return at ? (int)(at - digits) : -1;
}

static bool from_base64(struct slice text, uint8_t *out, uint32_t room, uint32_t *n)
{
    uint32_t bits = 0, held = 0;

    *n = 0;
    while (text.len && text.at[text.len - 1] == '=')
        text.len--;
    for (uint32_t i = 0; i < text.len; i++) {
        int digit = digit64(text.at[i]);
        if (digit < 0)
            return false;
        held = held << 6 | (uint32_t)digit;
        bits += 6;
        if (bits < 8)
            continue;
        bits -= 8;
        if (*n == room)
            return false;
        out[(*n)++] = (uint8_t)(held >> bits);
    }
    return *n > 0;
}

bool dataset_read(const struct dataset *set, struct slice text, uint8_t *room, struct slice *value)
{
    struct addr addr;

    *value = (struct slice){room, 0};
    switch ((enum dataset_type)set->type) {
    case DATASET_STRING:
        return from_base64(text, room, DATASET_VALUE_MAX, &value->len);
    case DATASET_MD5:
        value->len = 16;
        return digest_parse(text, room, 16);
    case DATASET_SHA256:
        value->len = 32;
        return digest_parse(text, room, 32);
    case DATASET_IP4:
    case DATASET_IP:
        if (!addr_parse(text, &addr) || (set->type == DATASET_IP4 && addr.family != 4))
            return false;
        value->len = addr.family == 4 ? 4 : 16;
        memcpy(room, addr.b, value->len);
        return dataset_value(set, *value, value);
    case DATASET_NONE:
        break;
    }
    return false;
}

static uint64_t used_bytes(const struct dataset *set)
{
    return set->values.room * (uint64_t)ENTRY_COST;
}

bool dataset_add(struct dataset *set, struct slice value, uint16_t reputation)
{
    struct intern_entry *known = intern_find(&set->values, value);

    if (!known && used_bytes(set) > set->memcap && set->values.n * UINT64_C(2) > set->values.room)
        return false;
    struct intern_entry *entry = known ? known : intern_get(&set->values, value);
    entry->value = (const void *)((uintptr_t)reputation + 1);
    return true;
}

bool dataset_has(const struct dataset *set, struct slice value, uint16_t *reputation)
{
    enum overlay_says says = set->overlay ? overlay_find(set->overlay, value) : OVERLAY_NOTHING;
    const struct intern_entry *entry =
        says == OVERLAY_NOTHING ? intern_find(&set->values, value) : NULL;

    if (reputation)
        *reputation = 0;
    if (says != OVERLAY_NOTHING)
        return says == OVERLAY_THERE;
    if (!entry || !entry->value)
        return false;
    if (reputation)
        *reputation = (uint16_t)((uintptr_t)entry->value - 1);
    return true;
}

void dataset_remove(struct dataset *set, struct slice value)
{
    struct intern_entry *entry = intern_find(&set->values, value);

    if (entry)
        entry->value = NULL;
}

void dataset_clear(struct dataset *set)
{
    for (uint32_t i = 0; i < set->values.room; i++)
        set->values.slots[i].value = NULL;
}

/* "value" or "value,number"; false when the line cannot be read. */
static bool read_line(struct dataset *set, struct slice line, bool reputation, bool *full)
{
    uint8_t room[DATASET_VALUE_MAX];
    struct slice value;
    uint64_t number = 0;

    if (reputation) {
        int64_t comma = slice_find_byte(line, ',');
        if (comma < 0 ||
            !slice_to_u64(slice_trim(slice_from(line, (uint32_t)comma + 1)), &number) ||
            number > UINT16_MAX)
            return false;
        line = slice_trim(slice_head(line, (uint32_t)comma));
    }
    if (!dataset_read(set, line, room, &value))
        return false;
    *full = !dataset_add(set, value, (uint16_t)number);
    return true;
}

enum err dataset_load(struct dataset *set, const char *path, bool reputation, uint32_t *bad)
{
    char line[LINE_MAX_BYTES];
    bool full = false;
    FILE *f = fopen(path, "re");

    if (!f)
        return ERR_IO;
    while (!full && fgets(line, sizeof(line), f)) {
        struct slice text = slice_trim(slice_of_str(line));
        if (text.len && text.at[0] != '#' && !read_line(set, text, reputation, &full))
            ++*bad;
    }
    fclose(f);
    set->loaded = true;
    set->reputed = reputation;
    return full ? ERR_FULL : ERR_OK;
}

/* ---- conditions --------------------------------------------------------------------------- */

void dataset_condition(struct strbuf *out, const struct dataset *set, enum dataset_what what,
                       struct slice value)
{
    uint8_t head[HEAD] = {(uint8_t)what, (uint8_t)(set->id >> 8), (uint8_t)set->id,
                          (uint8_t)(value.len >> 8), (uint8_t)value.len};

    strbuf_bytes(out, head, sizeof(head));
    strbuf_slice(out, value);
}

struct dataset_live {
    struct arena arena;
    struct dataset *sets;
    struct dataset *by_id[SETS_MAX];
};

static void add_to(void *set, struct slice value)
{
    dataset_add(set, value, 0);
}

/* Values as they are in force: loaded, and changed by commands. */
static void copy_values(struct dataset *own, const struct dataset *s)
{
    for (uint32_t i = 0; i < s->values.room; i++) {
        const struct intern_entry *entry = &s->values.slots[i];
        if (entry->value && (!s->overlay || overlay_find(s->overlay, entry->text) != OVERLAY_GONE))
            dataset_add(own, entry->text, 0);
    }
    if (s->overlay)
        overlay_each(s->overlay, add_to, own);
}

struct dataset_live *dataset_live_new(const struct dataset *sets)
{
    struct dataset_live *live = calloc(1, sizeof(*live));

    if (!live)
        return NULL;
    arena_init(&live->arena, 64 * 1024, 0);
    for (const struct dataset *s = sets; s; s = s->next) {
        struct dataset *own = s->changes ? arena_alloc(&live->arena, sizeof(*own)) : NULL;
        if (!own || s->id >= SETS_MAX)
            continue;
        *own = *s;
        own->overlay = NULL;
        own->next = live->sets;
        live->sets = live->by_id[s->id] = own;
        intern_init(&own->values, &live->arena);
        copy_values(own, s);
    }
    return live;
}

struct dataset *dataset_live_of(const struct dataset_live *live, const struct dataset *set)
{
    struct dataset *own = live->sets;

    while (own && (own->type != set->type || strcmp(own->name, set->name) != 0))
        own = own->next;
    return own;
}

/* ---- as text ------------------------------------------------------------------------------ */

static int by_age(const void *a, const void *b)
{
    const struct intern_entry *x = *(const struct intern_entry *const *)a;
    const struct intern_entry *y = *(const struct intern_entry *const *)b;

    return x->id < y->id ? -1 : x->id > y->id;
}

static void write_base64(struct strbuf *out, struct slice s)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    for (uint32_t i = 0; i < s.len; i += 3) {
        uint32_t left = s.len - i;
        uint32_t v = (uint32_t)s.at[i] << 16 | (left > 1 ? (uint32_t)s.at[i + 1] << 8 : 0) |
                     (left > 2 ? s.at[i + 2] : 0u);
        char four[4] = {digits[v >> 18], digits[v >> 12 & 63], left > 1 ? digits[v >> 6 & 63] : '=',
                        left > 2 ? digits[v & 63] : '='};
        strbuf_bytes(out, four, sizeof(four));
    }
}

static void write_value(struct strbuf *out, const struct dataset *set, struct slice value,
                        uint16_t reputation)
{
    char text[DIGEST_TEXT_MAX], place[ADDR_TEXT_MAX];
    struct addr addr = {.family = value.len == 4 ? 4 : 6};

    if (set->type == DATASET_STRING) {
        write_base64(out, value);
    } else if (set->type == DATASET_MD5 || set->type == DATASET_SHA256) {
        digest_text(value.at, value.len, text);
        strbuf_str(out, text);
    } else {
        memcpy(addr.b, value.at, value.len <= 16 ? value.len : 16);
        addr_text(&addr, place);
        strbuf_str(out, place);
    }
    if (set->reputed)
        strbuf_fmt(out, ",%u", reputation);
    strbuf_char(out, '\n');
}

struct writing {
    const struct dataset *set;
    struct strbuf *out;
};

static void write_added(void *context, struct slice value)
{
    const struct writing *w = context;

    write_value(w->out, w->set, value, 0);
}

void dataset_text(const struct dataset *set, struct strbuf *text)
{
    const struct intern_entry **list = calloc(set->values.n + 1, sizeof(*list));
    struct writing writing = {set, text};
    uint32_t n = 0;

    for (uint32_t i = 0; list && i < set->values.room; i++) {
        const struct intern_entry *e = &set->values.slots[i];
        if (e->value && (!set->overlay || overlay_find(set->overlay, e->text) == OVERLAY_NOTHING))
            list[n++] = e;
    }
    if (n)
        qsort(list, n, sizeof(const struct intern_entry *), by_age);
    for (uint32_t i = 0; i < n; i++)
        write_value(text, set, list[i]->text, (uint16_t)((uintptr_t)list[i]->value - 1));
    free(list);
    if (set->overlay)
        overlay_each(set->overlay, write_added, &writing);
}

bool dataset_write(const char *path, const struct strbuf *text)
{
    FILE *f = fopen(path, "we");

    if (!f)
        return false;
    bool ok = fwrite(text->len ? text->at : "", 1, text->len, f) == text->len;
    return fclose(f) == 0 && ok;
}

void dataset_save(const struct dataset *set)
{
    struct strbuf text;

    strbuf_init(&text, 0);
    dataset_text(set, &text);
    (void)dataset_write(set->save, &text);
    strbuf_fini(&text);
}

void dataset_live_free(struct dataset_live **live)
{
    struct dataset_live *l = *live;

    if (!l)
        return;
    for (struct dataset *s = l->sets; s; s = s->next) {
        if (s->save)
            dataset_save(s);
        intern_fini(&s->values);
    }
    arena_fini(&l->arena);
    free(l);
    *live = NULL;
}

void dataset_live_take(struct dataset_live *live, struct dataset_live *from)
{
    for (struct dataset *s = live->sets; s; s = s->next) {
        struct dataset *old = dataset_live_of(from, s);
        if (!old)
            continue;
        intern_fini(&s->values);
        intern_init(&s->values, &live->arena);
        for (uint32_t i = 0; i < old->values.room; i++) {
            if (old->values.slots[i].value)
                dataset_add(s, old->values.slots[i].text, 0);
        }
        if (s->save)
            old->save = NULL;
    }
}

/* A change matches when it changes something. */
static bool apply(struct dataset *set, enum dataset_what what, struct slice value)
{
    bool has = dataset_has(set, value, NULL);

    switch (what) {
    case DATASET_ISSET:
        return has;
    case DATASET_ISNOTSET:
        return !has;
    case DATASET_SET:
        return !has && dataset_add(set, value, 0);
    case DATASET_UNSET:
        break;
    }
    dataset_remove(set, value);
    return has;
}

bool dataset_live_admit(struct dataset_live *live, struct slice c)
{
    while (c.len >= HEAD) {
        uint16_t id = (uint16_t)(c.at[1] << 8 | c.at[2]);
        uint32_t len = (uint32_t)(c.at[3] << 8 | c.at[4]);
        struct slice value = slice_head(slice_from(c, HEAD), len);
        struct dataset *set = id < SETS_MAX ? live->by_id[id] : NULL;
        if (!set || !apply(set, (enum dataset_what)c.at[0], value))
            return false;
        c = slice_from(c, HEAD + len);
    }
    return true;
}
