/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/device/told.h"

#include "common/jsonw.h"

#include <stdlib.h>

enum { ENTRIES = 512, FULL_MAX = 448, BRIEF_MAX = 192 };

/* All of a device that its text is made of and that may change. */
struct seen {
    uint64_t number;
    const struct profile *profile;
    const struct site_asset *asset;
    const char *vendor;
    enum device_state state;
    bool gateway;
    uint8_t n_addrs; /* at most 1 */
    struct addr addr;
    char name[DEVICE_NAME_MAX];
};

struct entry {
    struct seen seen;
    bool used;
    uint16_t full, brief; /* lengths; 0: not kept */
    char full_text[FULL_MAX], brief_text[BRIEF_MAX];
};

struct told {
    struct entry entry[ENTRIES];
    struct strbuf text;
};

struct told *told_new(void)
{
    return calloc(1, sizeof(struct told));
}

void told_free(struct told **told)
{
    if (*told)
        strbuf_fini(&(*told)->text);
    free(*told);
    *told = NULL;
}

static bool same(const struct seen *s, const struct device *d)
{
    return s->number == d->number && s->profile == d->profile && s->asset == d->asset &&
           s->vendor == d->vendor && s->state == d->state && s->gateway == d->gateway &&
           s->n_addrs == (d->n_addrs > 0) && addr_eq(&s->addr, &d->addrs[0].addr) &&
           strcmp(s->name, d->name) == 0;
}

static void look(struct seen *s, const struct device *d)
{
    *s = (struct seen){
        .number = d->number,
        .profile = d->profile,
        .asset = d->asset,
        .vendor = d->vendor,
        .state = d->state,
        .gateway = d->gateway,
        .n_addrs = d->n_addrs > 0,
        .addr = d->addrs[0].addr,
    };
    memcpy(s->name, d->name, sizeof(s->name));
}

static uint16_t keep(struct told *told, const struct device *d, bool brief, char *out,
                     uint32_t room)
{
    struct jsonw w;

    strbuf_clear(&told->text);
    jsonw_init(&w, &told->text);
    devices_write(d, brief, &w);
    if (told->text.full || told->text.len > room)
        return 0;
    memcpy(out, told->text.at, told->text.len);
    return (uint16_t)told->text.len;
}

struct slice told_text(struct told *told, const struct device *d, bool brief)
{
    struct entry *e = &told->entry[d->number % ENTRIES];

    if (!e->used || !same(&e->seen, d)) {
        e->used = true;
        look(&e->seen, d);
        e->full = keep(told, d, false, e->full_text, FULL_MAX);
        e->brief = keep(told, d, true, e->brief_text, BRIEF_MAX);
    }
    return brief ? (struct slice){(const uint8_t *)e->brief_text, e->brief}
                 : (struct slice){(const uint8_t *)e->full_text, e->full};
}
