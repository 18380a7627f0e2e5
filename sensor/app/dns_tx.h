/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the DNS parser share: a message.
 */
#ifndef TRAMGAC_SENSOR_APP_DNS_TX_H
#define TRAMGAC_SENSOR_APP_DNS_TX_H

#include "sensor/app/proto.h"

enum {
    DNS_A = 1,
    DNS_NS = 2,
    DNS_CNAME = 5,
    DNS_SOA = 6,
    DNS_NULL = 10,
    DNS_PTR = 12,
    DNS_MX = 15,
    DNS_TXT = 16,
    DNS_AAAA = 28,
    DNS_SRV = 33,
    DNS_DNAME = 39,
    DNS_OPT = 41,
    DNS_SSHFP = 44,
};

enum dns_section { DNS_ANSWER, DNS_AUTHORITY, DNS_ADDITIONAL, DNS_SECTIONS };

struct dns_question {
    struct slice name;
    uint16_t type;
    uint16_t class_;
};

struct dns_soa {
    struct slice mname, rname;
    uint32_t serial, refresh, retry, expire, minimum;
};

struct dns_srv {
    struct slice name;
    uint16_t priority, weight, port;
};

struct dns_sshfp {
    struct slice fingerprint;
    uint8_t algorithm, type;
};

struct dns_record {
    struct slice name;
    uint16_t type;
    uint16_t class_;
    uint32_t ttl;
    uint8_t section; /* enum dns_section */
    bool has_addr, has_text;
    struct slice text; /* a name, or the strings of TXT */
    union {
        struct addr addr;
        struct dns_soa *soa;
        struct dns_srv *srv;
        struct dns_sshfp *sshfp;
    };
};

struct dns_tx {
    uint16_t id;
    uint16_t flags;
    bool response;
    bool without_answers, without_grouped; /* in its event (dns.formats) */
    uint8_t opcode;
    uint16_t rcode;
    uint16_t rrtype; /* of the first question */
    struct list questions;
    struct list records;
};

/* ---- dns_fields.c ------------------------------------------------------------------------- */

extern const struct field dns_fields[];
extern const struct label dns_fields_rrtypes[];
extern const struct label dns_fields_rcodes[];

/* ---- dns_event.c -------------------------------------------------------------------------- */

/** Events in the form of Suricata 7: one a question of a request, one a response. */
uint32_t dns_event_count(const struct tx *tx);
void dns_event_write(struct tx *tx, uint32_t i, struct jsonw *w);

#endif
