/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/event/heads.h"

#include "common/clock.h"
#include "common/fmt.h"

#include <stdlib.h>

enum { ENTRIES = 512, TEXT_MAX = 384, TIME_LEN = 31, DIGITS_AT = 20, SECONDS = 4 };

struct heads_entry {
    uint64_t flow_id; /* 0: free */
    const char *iface, *app;
    uint16_t src_port, dst_port;
    uint8_t proto, icmp_type, icmp_code, vlans;
    struct addr src, dst;
    uint16_t vlan[PACKET_VLANS_MAX];
    uint16_t len[HEADS_PARTS];
    uint8_t kept; /* bits of parts */
    uint16_t end;
    char text[TEXT_MAX]; /* the parts in the order they were kept */
    uint16_t from[HEADS_PARTS];
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

static bool same(const struct heads_entry *e, const struct heads_key *k)
{
    return e->flow_id == k->flow_id && e->iface == k->iface && e->app == k->app &&
           e->src_port == k->src_port && e->dst_port == k->dst_port && e->proto == k->proto &&
           e->icmp_type == k->icmp_type && e->icmp_code == k->icmp_code && e->vlans == k->vlans &&
           addr_eq(&e->src, k->src) && addr_eq(&e->dst, k->dst) &&
           memcmp(e->vlan, k->vlan, sizeof(e->vlan)) == 0;
}

static void begin(struct heads_entry *e, const struct heads_key *k)
{
    e->flow_id = k->flow_id;
    e->iface = k->iface;
    e->app = k->app;
    e->src_port = k->src_port;
    e->dst_port = k->dst_port;
    e->proto = k->proto;
    e->icmp_type = k->icmp_type;
    e->icmp_code = k->icmp_code;
    e->vlans = k->vlans;
    e->src = *k->src;
    e->dst = *k->dst;
    memcpy(e->vlan, k->vlan, sizeof(e->vlan));
    e->kept = 0;
    e->end = 0;
}

struct heads_entry *heads_of(struct heads *heads, const struct heads_key *key)
{
    struct heads_entry *e = &heads->entry[(key->flow_id ^ key->src_port) % ENTRIES];

    if (!same(e, key))
        begin(e, key);
    return e;
}

bool heads_get(const struct heads_entry *e, enum heads_part part, struct slice *members)
{
    *members = (struct slice){(const uint8_t *)e->text + e->from[part], e->len[part]};
    return e->kept >> part & 1;
}

void heads_keep(struct heads_entry *e, enum heads_part part, struct slice members)
{
    if (e->kept >> part & 1 || members.len + e->end > TEXT_MAX)
        return;
    if (members.len)
        memcpy(e->text + e->end, members.at, members.len);
    e->from[part] = e->end;
    e->len[part] = (uint16_t)members.len;
    e->end = (uint16_t)(e->end + members.len);
    e->kept = (uint8_t)(e->kept | 1u << part);
}

bool heads_all(const struct heads_entry *e, struct slice members[HEADS_PARTS])
{
    for (uint32_t i = 0; i < HEADS_PARTS; i++)
        members[i] = (struct slice){(const uint8_t *)e->text + e->from[i], e->len[i]};
    return e->kept == (1u << HEADS_PARTS) - 1;
}

char *heads_time(struct heads *heads, uint64_t ts_ns, char *at)
{
    uint64_t second = ts_ns / CLOCK_S;
    uint32_t us = (uint32_t)(ts_ns % CLOCK_S / CLOCK_US);

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
