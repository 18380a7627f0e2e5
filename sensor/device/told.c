/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/device/told.h"

#include "common/jsonw.h"

#include <stdlib.h>

enum { ENTRIES = 512, BRIEF_MAX = 192 };

struct entry {
    uint64_t version;     /* of the device, no other has it; 0: free */
    uint16_t full, brief; /* lengths; 0: not kept */
    char full_text[DEVICES_TEXT_MAX], brief_text[BRIEF_MAX];
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

static uint16_t keep(struct told *told, const struct device *d, bool brief, char *out,
                     uint32_t room)
{
    struct jsonw w;

    strbuf_clear(&told->text);
    jsonw_init(&w, &told->text);
    jsonw_obj_open(&w, NULL);
    devices_write(d, brief, &w);
    jsonw_obj_close(&w);
    if (told->text.full || told->text.len > room)
        return 0;
    memcpy(out, told->text.at, told->text.len);
    return (uint16_t)told->text.len;
}

struct slice told_text(struct told *told, const struct device *d, bool brief)
{
    struct entry *e = &told->entry[d->number % ENTRIES];

    if (e->version != d->version) {
        e->version = d->version;
        e->full = keep(told, d, false, e->full_text, DEVICES_TEXT_MAX);
        e->brief = keep(told, d, true, e->brief_text, BRIEF_MAX);
    }
    return brief ? (struct slice){(const uint8_t *)e->brief_text, e->brief}
                 : (struct slice){(const uint8_t *)e->full_text, e->full};
}
