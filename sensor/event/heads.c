/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/event/heads.h"

#include "common/clock.h"
#include "common/fmt.h"

#include <stdlib.h>

enum { ENTRIES = 512, TIME_LEN = 31, DIGITS_AT = 20, SECONDS = 4 };

/* A flow is the same one while its place, its first frame and its id are. All that the text says of
 * it stays the same, but for what is compared here. */
struct heads_entry {
    const struct flow *flow; /* NULL: free */
    uint64_t flow_id, first_number, first_ns;
    const char *iface, *app, *orig;
    uint16_t vlan[PACKET_VLANS_MAX];
    uint8_t vlans, dir;
    uint8_t marks; /* of the flow: marks_of() */
    struct heads_text text;
    uint8_t bytes[HEADS_TEXT_MAX];
};

struct heads {
    struct {
        uint64_t second; /* of `text`; 0: none */
        char text[CLOCK_TEXT_MAX];
    } time[SECONDS]; /* by the second */
    struct heads_entry entry[ENTRIES];
};

struct heads *heads_new(void)
{
    return calloc(1, sizeof(struct heads));
}

void heads_free(struct heads **heads)
{
    free(*heads);
    *heads = NULL;
}

/* What a head says of its flow besides names and numbers. */
static uint8_t marks_of(const struct flow *f)
{
    return (uint8_t)(f->app_failed | flow_failed(f, true) << 1 | f->app_mute << 2 |
                     f->swapped << 4);
}

static uint32_t slot(const struct heads_key *key)
{
    return (uint32_t)((key->flow->id ^ key->dir) % ENTRIES);
}

const struct heads_text *heads_find(const struct heads *heads, const struct heads_key *key)
{
    const struct heads_entry *e = &heads->entry[slot(key)];
    const struct flow *f = key->flow;
    bool same = e->flow == f && e->flow_id == f->id && e->first_number == f->first_number &&
                e->first_ns == f->first_ns && e->iface == key->iface && e->app == f->app_name &&
                e->orig == f->app_orig && e->marks == marks_of(f) && e->dir == key->dir &&
                e->vlans == f->vlans &&
                (!e->vlans || memcmp(e->vlan, f->vlan, sizeof(e->vlan)) == 0);

    return same ? &e->text : NULL;
}

void heads_keep(struct heads *heads, const struct heads_key *key, const struct heads_text *text)
{
    struct heads_entry *e = &heads->entry[slot(key)];
    const struct flow *f = key->flow;
    size_t front = text->front.len, back = text->back.len;

    if (front + back > sizeof(e->bytes))
        return;
    e->flow = f;
    e->flow_id = f->id;
    e->first_number = f->first_number;
    e->first_ns = f->first_ns;
    e->iface = key->iface;
    e->app = f->app_name;
    e->orig = f->app_orig;
    e->marks = marks_of(f);
    e->dir = (uint8_t)key->dir;
    e->vlans = f->vlans;
    memcpy(e->vlan, f->vlan, sizeof(e->vlan));
    memcpy(e->bytes, text->front.at, front);
    memcpy(e->bytes + front, text->back.at, back);
    e->text = *text;
    e->text.front.at = e->bytes;
    e->text.back.at = e->bytes + front;
}

char *heads_time(struct heads *heads, uint64_t ts_ns, char *at)
{
    uint64_t second = ts_ns / CLOCK_S;
    uint32_t us = (uint32_t)(ts_ns - second * CLOCK_S) / (uint32_t)CLOCK_US;

    char *text = heads->time[second % SECONDS].text;

    if (second != heads->time[second % SECONDS].second || !second) {
        clock_text(ts_ns, text);
        heads->time[second % SECONDS].second = second;
    }
    memcpy(at, text, TIME_LEN);
    char *digits = fmt_two(at + DIGITS_AT, us / 10000);
    digits = fmt_two(digits, us / 100 % 100);
    (void)fmt_two(digits, us % 100);
    return at + TIME_LEN;
}
