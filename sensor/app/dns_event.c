/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DNS events in the form of Suricata 7: one for each question of a request, one for a response with
 * its answers, grouped by type.
 */
#include "sensor/app/dns_tx.h"

#include "common/fmt.h"
#include "common/jsonw.h"

static const struct dns_question *question(const struct dns_tx *dns, uint32_t i)
{
    const struct dns_question *all = dns->questions.at;
    return &all[i];
}

static const struct dns_record *record(const struct dns_tx *dns, uint32_t i)
{
    const struct dns_record *all = dns->records.at;
    return &all[i];
}

static void write_label(struct jsonw *w, const char *key, const struct label *labels,
                        uint32_t value)
{
    char number[16];
    for (const struct label *l = labels; l->name; l++) {
        if (l->value == value) {
            jsonw_str(w, key, l->name);
            return;
        }
    }
    fmt_text(number, sizeof number, "%u", value);
    jsonw_str(w, key, number);
}

static void write_query(const struct tx *tx, uint32_t i, struct jsonw *w)
{
    const struct dns_tx *dns = tx_data_const(tx);
    const struct dns_question *q = question(dns, i);

    jsonw_str(w, "type", "query");
    jsonw_u64(w, "id", dns->id);
    jsonw_text(w, "rrname", q->name);
    write_label(w, "rrtype", dns_fields_rrtypes, q->type);
    jsonw_u64(w, "tx_id", tx->id);
    jsonw_u64(w, "opcode", dns->opcode);
}

/* The structured data of a record; false when it has none. */
static bool write_structured(const struct dns_record *r, struct jsonw *w, bool keyed)
{
    if (r->type == DNS_SOA && r->soa) {
        jsonw_obj_open(w, keyed ? "soa" : NULL);
        jsonw_text(w, "mname", r->soa->mname);
        jsonw_text(w, "rname", r->soa->rname);
        jsonw_u64(w, "serial", r->soa->serial);
        jsonw_u64(w, "refresh", r->soa->refresh);
        jsonw_u64(w, "retry", r->soa->retry);
        jsonw_u64(w, "expire", r->soa->expire);
        jsonw_u64(w, "minimum", r->soa->minimum);
    } else if (r->type == DNS_SRV && r->srv) {
        jsonw_obj_open(w, keyed ? "srv" : NULL);
        jsonw_u64(w, "priority", r->srv->priority);
        jsonw_u64(w, "weight", r->srv->weight);
        jsonw_u64(w, "port", r->srv->port);
        jsonw_text(w, "name", r->srv->name);
    } else if (r->type == DNS_SSHFP && r->sshfp) {
        jsonw_obj_open(w, keyed ? "sshfp" : NULL);
        jsonw_hex(w, "fingerprint", r->sshfp->fingerprint, ':');
        jsonw_u64(w, "algo", r->sshfp->algorithm);
        jsonw_u64(w, "type", r->sshfp->type);
    } else {
        return false;
    }
    jsonw_obj_close(w);
    return true;
}

static bool write_plain(const struct dns_record *r, struct jsonw *w, const char *key)
{
    if (r->has_addr)
        jsonw_addr(w, key, &r->addr);
    else if (r->has_text)
        jsonw_text(w, key, r->text);
    return r->has_addr || r->has_text;
}

static void write_section(const struct dns_tx *dns, enum dns_section section, const char *key,
                          struct jsonw *w)
{
    bool open = false;
    for (uint32_t i = 0; i < dns->records.n; i++) {
        const struct dns_record *r = record(dns, i);
        if (r->section != section)
            continue;
        if (!open)
            jsonw_arr_open(w, key);
        open = true;
        jsonw_obj_open(w, NULL);
        jsonw_text(w, "rrname", r->name);
        write_label(w, "rrtype", dns_fields_rrtypes, r->type);
        jsonw_u64(w, "ttl", r->ttl);
        if (!write_plain(r, w, "rdata"))
            write_structured(r, w, true);
        jsonw_obj_close(w);
    }
    if (open)
        jsonw_arr_close(w);
}

/* {"A":["192.0.2.1",…],…}: the answers' data by type. */
static void write_grouped(const struct dns_tx *dns, struct jsonw *w)
{
    static const struct label shown[] = {
        {DNS_A, "A"},     {DNS_AAAA, "AAAA"}, {DNS_CNAME, "CNAME"}, {DNS_MX, "MX"},
        {DNS_NS, "NS"},   {DNS_PTR, "PTR"},   {DNS_TXT, "TXT"},     {DNS_NULL, "NULL"},
        {DNS_SOA, "SOA"}, {DNS_SRV, "SRV"},   {DNS_SSHFP, "SSHFP"}, {DNS_DNAME, "DNAME"},
        {0, NULL},
    };
    jsonw_obj_open(w, "grouped");
    for (const struct label *l = shown; l->name; l++) {
        bool open = false;
        for (uint32_t i = 0; i < dns->records.n; i++) {
            const struct dns_record *r = record(dns, i);
            if (r->section != DNS_ANSWER || r->type != l->value)
                continue;
            if (!open)
                jsonw_arr_open(w, l->name);
            open = true;
            if (!write_plain(r, w, NULL))
                write_structured(r, w, false);
        }
        if (open)
            jsonw_arr_close(w);
    }
    jsonw_obj_close(w);
}

static bool any_answer(const struct dns_tx *dns)
{
    for (uint32_t i = 0; i < dns->records.n; i++)
        if (record(dns, i)->section == DNS_ANSWER)
            return true;
    return false;
}

static void write_response(const struct tx *tx, struct jsonw *w)
{
    static const struct {
        uint16_t bit;
        const char *key;
    } flags[] = {{0x8000, "qr"}, {0x0400, "aa"}, {0x0200, "tc"},
                 {0x0100, "rd"}, {0x0080, "ra"}, {0x0040, "z"}};
    const struct dns_tx *dns = tx_data_const(tx);
    char text[8];

    jsonw_str(w, "type", "answer");
    jsonw_u64(w, "id", dns->id);
    fmt_text(text, sizeof text, "%x", dns->flags);
    jsonw_str(w, "flags", text);
    for (uint32_t i = 0; i < sizeof flags / sizeof *flags; i++)
        if (dns->flags & flags[i].bit)
            jsonw_bool(w, flags[i].key, true);
    jsonw_u64(w, "opcode", dns->opcode);
    if (dns->questions.n) {
        jsonw_text(w, "rrname", question(dns, 0)->name);
        write_label(w, "rrtype", dns_fields_rrtypes, question(dns, 0)->type);
    }
    write_label(w, "rcode", dns_fields_rcodes, dns->rcode);
    if (!dns->without_answers)
        write_section(dns, DNS_ANSWER, "answers", w);
    if (!dns->without_grouped && any_answer(dns))
        write_grouped(dns, w);
    write_section(dns, DNS_AUTHORITY, "authorities", w);
}

uint32_t dns_event_count(const struct tx *tx)
{
    const struct dns_tx *dns = tx_data_const(tx);
    return dns->response ? 1 : dns->questions.n;
}

void dns_event_write(struct tx *tx, uint32_t i, struct jsonw *w)
{
    const struct dns_tx *dns = tx_data_const(tx);

    jsonw_u64(w, "version", 2);
    if (dns->response)
        write_response(tx, w);
    else
        write_query(tx, i, w);
}
