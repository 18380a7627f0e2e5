/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fields become facts by their declared uses (IN_BASELINE, IN_IDENTITY); names come from DNS
 * answers, server names and DHCP, looked up by field name so that no protocol is known here.
 */
#include "sensor/run/facts.h"
#include "common/hash.h"

#include <stdlib.h>

enum { FIELDS_MAX = 512, PROTOS_MAX = 64, PROTO_SLOTS = 4 * PROTOS_MAX };

struct facts_plan {
    struct field_ref learned[FIELDS_MAX]; /* those of a protocol side by side */
    uint64_t name[FIELDS_MAX];            /* hashes of their names */
    uint32_t n;
    struct learned {
        const struct proto_def *proto;
        uint32_t from, to;
    } of_proto[PROTOS_MAX];
    uint32_t protos;
    uint8_t by_proto[PROTO_SLOTS]; /* by a hash of the row: 1 + index of its of_proto, or behind */
    struct field_ref dns_query, dns_addr, sni;
    struct field_ref dhcp_name, dhcp_vendor, dhcp_params;
    struct field_ref dhcp_type, dhcp_mac, dhcp_addr, dhcp_wanted;
};

static void add_learned(struct facts_plan *plan, const struct proto_def *proto,
                        const struct field *list, const struct field *fields)
{
    for (const struct field *f = fields; f && f->name; f++) {
        if (!list && f->type == FIELD_LIST)
            add_learned(plan, proto, f, f->items);
        else if (f->uses & (IN_BASELINE | IN_IDENTITY) && plan->n < FIELDS_MAX)
            plan->learned[plan->n++] = (struct field_ref){proto, list, f};
    }
}

static void find(const char *name, struct field_ref *ref)
{
    field_find(slice_of_str(name), 0, ref);
}

static uint32_t slot_of(const struct proto_def *proto)
{
    return (uint32_t)((uintptr_t)proto / sizeof(*proto)) % PROTO_SLOTS;
}

static void index_all(struct facts_plan *plan)
{
    for (uint32_t i = 0; i < plan->n; i++)
        plan->name[i] = hash_bytes(slice_of_str(plan->learned[i].field->name), 0);
    for (uint32_t i = 0; i < plan->protos; i++) {
        uint32_t slot = slot_of(plan->of_proto[i].proto);
        while (plan->by_proto[slot])
            slot = (slot + 1) % PROTO_SLOTS;
        plan->by_proto[slot] = (uint8_t)(i + 1);
    }
}

/* NULL: nothing is learned of it. */
static const struct learned *learned_of(const struct facts_plan *plan,
                                        const struct proto_def *proto)
{
    uint32_t slot = slot_of(proto);

    for (; plan->by_proto[slot]; slot = (slot + 1) % PROTO_SLOTS) {
        const struct learned *l = &plan->of_proto[plan->by_proto[slot] - 1];
        if (l->proto == proto)
            return l;
    }
    return NULL;
}

struct facts_plan *facts_plan_new(void)
{
    struct facts_plan *plan = calloc(1, sizeof(*plan));

    if (!plan)
        return NULL;
    for (uint32_t i = 0; proto_rows[i]; i++) {
        uint32_t from = plan->n;
        add_learned(plan, proto_rows[i], NULL, proto_rows[i]->fields);
        if (plan->n > from && plan->protos < PROTOS_MAX)
            plan->of_proto[plan->protos++] = (struct learned){proto_rows[i], from, plan->n};
    }
    index_all(plan);
    find("dns.query", &plan->dns_query);
    find("dns.answer.addr", &plan->dns_addr);
    find("tls.sni", &plan->sni);
    find("dhcp.hostname", &plan->dhcp_name);
    find("dhcp.vendor_class", &plan->dhcp_vendor);
    find("dhcp.type", &plan->dhcp_type);
    find("dhcp.client_mac", &plan->dhcp_mac);
    find("dhcp.assigned_ip", &plan->dhcp_addr);
    find("dhcp.requested_ip", &plan->dhcp_wanted);
    find("dhcp.params", &plan->dhcp_params);
    return plan;
}

void facts_plan_free(struct facts_plan **plan)
{
    free(*plan);
    *plan = NULL;
}

/* ---- pieces ------------------------------------------------------------------------------- */

/* As much of it as fits; says how much. */
static uint32_t put_bytes(char out[FACT_TEXT_MAX], struct slice text)
{
    uint32_t len = text.len < FACT_TEXT_MAX - 1 ? text.len : FACT_TEXT_MAX - 1;

    if (len)
        memcpy(out, text.at, len);
    out[len] = '\0';
    return len;
}

static void put_text(char out[FACT_TEXT_MAX], struct slice text)
{
    uint32_t len = put_bytes(out, text);

    for (char *zero = out; (zero = memchr(zero, '\0', (size_t)(out + len - zero)));)
        *zero = ' ';
}

static void stamp(const struct facts_sink *sink, struct item *item)
{
    item->number = sink->number;
    item->order = sink->order;
    item->of_packet = sink->of_packet;
    item->ts_ns = sink->now_ns;
}

/* NULL without memory. */
static struct fact *add(const struct facts_sink *sink)
{
    struct item *item;
    struct fact *fact = round_fact(sink->part, &item);

    if (fact)
        stamp(sink, item);
    return fact;
}

static struct fact *of_flow(const struct facts_sink *sink, enum fact_kind kind,
                            const struct flow *f)
{
    struct fact *fact = add(sink);

    if (!fact)
        return NULL;
    fact->kind = kind;
    fact->flow_id = f->id;
    fact->client = f->client;
    fact->server = f->server;
    fact->server_port = f->server_port;
    fact->proto = f->proto;
    fact->has_mac = f->has_mac;
    fact->client_mac = f->client_mac;
    fact->server_mac = f->server_mac;
    fact->vlan = f->vlans ? f->vlan[0] : 0;
    fact->midstream = f->midstream;
    for (uint32_t i = 0; i < 2; i++) {
        fact->bytes[i] = f->bytes[i];
        fact->pkts[i] = f->pkts[i];
    }
    return fact;
}

/* ---- packets ------------------------------------------------------------------------------ */

void facts_arp(const struct facts_sink *sink, const struct packet *p)
{
    struct cursor c = cursor_of(p->l3);
    uint64_t kind = cursor_be64(&c); /* Ethernet, IPv4, 6, 4, operation */
    struct slice mac = cursor_take(&c, 6);
    struct slice addr = cursor_take(&c, 4);
    cursor_skip(&c, 6);
    struct slice target = cursor_take(&c, 4);

    if (!cursor_ok(&c) || kind >> 16 != UINT64_C(0x000108000604))
        return;
    struct fact *fact = add(sink);
    if (!fact)
        return;
    fact->kind = FACT_ARP;
    fact->client = addr_from_bytes(addr);
    if ((kind & 0xffff) == 1 && memcmp(addr.at, target.at, 4) != 0)
        fact->server = addr_from_bytes(target); /* asked for */
    memcpy(fact->client_mac.b, mac.at, 6);
    fact->has_mac = true;
    fact->vlan = p->vlans ? p->vlan[0] : 0;
}

static void say(struct flow *f, uintptr_t what)
{
    f->ext[FLOW_EXT_FACTS] = (void *)(facts_said(f) | what);
}

static void open_fact(const struct facts_sink *sink, struct flow *f)
{
    struct fact *fact = of_flow(sink, FACT_OPEN, f);

    say(f, FACTS_SAID_OPEN);
    if (fact)
        put_text(fact->text, slice_of_str(f->app_name));
}

/* The first packet of each side: only what a host sends carries its own MAC. */
static void sender_fact(const struct facts_sink *sink, struct flow *f, const struct packet *p)
{
    if (!facts_sender_due(f, p))
        return;
    say(f, facts_side(f));
    struct fact *fact = of_flow(sink, FACT_PACKET, f);
    if (!fact)
        return;
    fact->client = p->src;
    fact->client_mac = p->src_mac;
    fact->server = p->dst;
    fact->server_mac = p->dst_mac;
    fact->has_mac = true;
}

static bool refused(const struct flow *f)
{
    if (f->proto != IPPROTO_TCP4 || !(f->tcp_flags[TO_SERVER] & TCP_SYN))
        return false;
    if (f->tcp_flags[TO_CLIENT] & TCP_SYN)
        return false;
    return f->pkts[TO_CLIENT] == 0 || f->tcp_flags[TO_CLIENT] & TCP_RST;
}

void facts_packet(const struct facts_sink *sink, struct flow *f, const struct packet *p)
{
    sender_fact(sink, f, p);
    if (facts_said(f) & (FACTS_SAID_OPEN | FACTS_SAID_REFUSED))
        return;
    if (f->state == FLOW_ESTABLISHED) {
        open_fact(sink, f);
    } else if (f->pkts[TO_CLIENT] && refused(f)) {
        say(f, FACTS_SAID_REFUSED);
        of_flow(sink, FACT_REFUSED, f);
    }
}

/* ---- transactions ------------------------------------------------------------------------- */

static struct slice decimal(uint64_t value, char out[24])
{
    uint32_t at = 24;

    do {
        out[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value);
    return (struct slice){(const uint8_t *)out + at, 24 - at};
}

static struct slice number_text(const struct field *field, uint64_t number, char out[24])
{
    const char *label = field_label(field, number);

    return label ? slice_of_str(label) : decimal(number, out);
}

/* What a fact says of its flow, but for what only its end tells. */
static bool is_of(const struct fact *fact, const struct flow *f)
{
    return fact->flow_id == f->id && fact->server_port == f->server_port &&
           fact->proto == f->proto && fact->has_mac == f->has_mac &&
           fact->midstream == f->midstream && fact->vlan == (f->vlans ? f->vlan[0] : 0) &&
           addr_eq(&fact->client, &f->client) && addr_eq(&fact->server, &f->server) &&
           mac_eq(&fact->client_mac, &f->client_mac) && mac_eq(&fact->server_mac, &f->server_mac);
}

/* The flow said the same of the field in this round: that fact is told once more. */
static bool told_again(const struct facts_sink *sink, uint32_t recent, const struct flow *f,
                       const struct field *field, uint64_t number, struct slice value)
{
    const struct fact *fact = recent ? &sink->part->facts[recent - 1] : NULL;

    if (!fact || fact->field != field || fact->number_value != number || !is_of(fact, f) ||
        !slice_eq(slice_of_str(fact->text2), value))
        return false;
    struct item *item = round_item(sink->part);
    if (!item)
        return false;
    stamp(sink, item);
    item->kind = ITEM_FACT;
    item->fact = recent - 1;
    return true;
}

static void field_fact(const struct facts_sink *sink, const struct facts_plan *plan,
                       const struct flow *f, const struct field_ref *ref, struct tx *tx, uint32_t i)
{
    bool is_text = ref->field->type == FIELD_BYTES;
    uint32_t *recent = &sink->part->recent[(f->id + (uintptr_t)ref / sizeof(*ref)) % ROUND_RECENT];
    struct slice bytes;
    uint64_t number = 0;
    char text[24];

    if (is_text ? !field_bytes(ref, tx, i, &bytes) || !bytes.len
                : !field_number(ref, tx, i, &number))
        return;
    if (!is_text)
        bytes = number_text(ref->field, number, text);
    if (told_again(sink, *recent, f, ref->field, number, bytes))
        return;
    struct fact *fact = of_flow(sink, FACT_FIELD, f);
    if (!fact)
        return;
    *recent = (uint32_t)(fact - sink->part->facts) + 1;
    fact->field = ref->field;
    fact->number_value = number;
    fact->from_client = ref->field->side != SIDE_SERVER;
    (void)put_bytes(fact->text, slice_of_str(ref->field->name)); /* no zeros in it */
    put_text(fact->text2, bytes);
    struct slice kept = {(const uint8_t *)fact->text2, bytes.len};
    fact->said = hash_bytes(slice_head(kept, FACT_TEXT_MAX - 1), plan->name[ref - plan->learned]);
}

static bool ref_addr(const struct field_ref *ref, const struct tx *tx, uint32_t i,
                     struct addr *addr)
{
    const char *base = tx_data_const(tx);

    if (!ref->field || ref->field->type != FIELD_ADDR)
        return false;
    if (ref->list) {
        const struct list *list = (const void *)(base + ref->list->offset);
        if (i >= list->n)
            return false;
        base = (const char *)list->at + (size_t)i * ref->list->item_size;
    }
    if (ref->field->has && !ref->field->has(tx, base))
        return false;
    memcpy(addr, base + ref->field->offset, sizeof(*addr));
    return addr->family != 0;
}

static void name_fact(const struct facts_sink *sink, const struct flow *f, const struct addr *addr,
                      struct slice name)
{
    struct fact *fact = of_flow(sink, FACT_NAME, f);

    if (!fact)
        return;
    fact->addr = *addr;
    put_text(fact->text, name);
}

static void dns_names(const struct facts_sink *sink, const struct facts_plan *plan,
                      const struct flow *f, struct tx *tx)
{
    struct slice query;
    struct addr addr;

    if (!plan->dns_addr.field || !field_bytes(&plan->dns_query, tx, 0, &query) || !query.len)
        return;
    uint32_t n = field_instances(&plan->dns_addr, tx);
    for (uint32_t i = 0; i < n; i++) {
        if (ref_addr(&plan->dns_addr, tx, i, &addr))
            name_fact(sink, f, &addr, query);
    }
}

static bool is_any(const struct addr *addr)
{
    static const uint8_t zero[sizeof(addr->b)];

    return !addr->family || memcmp(addr->b, zero, sizeof(zero)) == 0;
}

/* Whom a message is about: the client it names, not who sent the frame (a server or relay answers),
 * and the address given; a request names the one it was offered. */
static void dhcp_client(const struct facts_plan *plan, struct tx *tx, struct fact *fact)
{
    enum { DHCP_REQUEST = 3 };
    struct slice mac = SLICE_NONE;
    uint64_t type = 0;

    if (plan->dhcp_mac.field && field_bytes(&plan->dhcp_mac, tx, 0, &mac) &&
        mac.len == sizeof(fact->client_mac.b)) {
        memcpy(fact->client_mac.b, mac.at, mac.len);
        fact->has_mac = true;
    }
    ref_addr(&plan->dhcp_addr, tx, 0, &fact->addr);
    if (is_any(&fact->addr) && plan->dhcp_type.field &&
        field_number(&plan->dhcp_type, tx, 0, &type) && type == DHCP_REQUEST)
        ref_addr(&plan->dhcp_wanted, tx, 0, &fact->addr);
    if (is_any(&fact->addr))
        fact->addr = (struct addr){0};
}

static void dhcp_fact(const struct facts_sink *sink, const struct facts_plan *plan,
                      const struct flow *f, struct tx *tx)
{
    struct slice name = SLICE_NONE;
    struct slice vendor = SLICE_NONE;
    struct slice params = SLICE_NONE;
    struct fact *fact = of_flow(sink, FACT_DHCP, f);

    if (!fact)
        return;
    if (plan->dhcp_name.field && field_bytes(&plan->dhcp_name, tx, 0, &name))
        put_text(fact->text, name);
    if (plan->dhcp_vendor.field && field_bytes(&plan->dhcp_vendor, tx, 0, &vendor))
        put_text(fact->text2, vendor);
    if (plan->dhcp_params.field && field_bytes(&plan->dhcp_params, tx, 0, &params))
        fact->number_value = hash_bytes(params, 0);
    dhcp_client(plan, tx, fact);
}

/* As most fields are; a list or a text that is put together is asked. */
static inline bool is_absent(const struct field_ref *ref, const void *data)
{
    const struct field *field = ref->field;

    return field->type == FIELD_BYTES && !ref->list && !field->get &&
           !((const struct slice *)(const void *)((const char *)data + field->offset))->len;
}

static void learned_facts(const struct facts_sink *sink, const struct facts_plan *plan,
                          const struct flow *f, struct tx *tx)
{
    const struct learned *l = learned_of(plan, tx->proto);

    for (uint32_t i = l ? l->from : 0; l && i < l->to; i++) {
        const struct field_ref *ref = &plan->learned[i];
        if (is_absent(ref, tx_data_const(tx)))
            continue;
        uint32_t n = field_instances(ref, tx);
        for (uint32_t k = 0; k < n; k++)
            field_fact(sink, plan, f, ref, tx, k);
    }
}

void facts_tx(const struct facts_sink *sink, const struct facts_plan *plan, const struct flow *f,
              struct tx *tx)
{
    struct slice sni;

    learned_facts(sink, plan, f, tx);
    if (tx->proto == plan->dns_query.proto && plan->dns_query.proto)
        dns_names(sink, plan, f, tx);
    if (tx->proto == plan->sni.proto && plan->sni.proto && field_bytes(&plan->sni, tx, 0, &sni) &&
        sni.len)
        name_fact(sink, f, &f->server, sni);
    if (tx->proto == plan->dhcp_name.proto && plan->dhcp_name.proto)
        dhcp_fact(sink, plan, f, tx);
}

/* ---- the end ------------------------------------------------------------------------------ */

void facts_flow_end(const struct facts_sink *sink, struct flow *f)
{
    bool unsaid = !(facts_said(f) & (FACTS_SAID_OPEN | FACTS_SAID_REFUSED));

    if (unsaid && refused(f))
        of_flow(sink, FACT_REFUSED, f);
    else if (unsaid && f->pkts[TO_SERVER] && f->pkts[TO_CLIENT])
        open_fact(sink, f);
    struct fact *fact = of_flow(sink, FACT_CLOSE, f);
    if (fact)
        put_text(fact->text, slice_of_str(f->app_name));
}
