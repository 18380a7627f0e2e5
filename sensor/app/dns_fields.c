/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fields of DNS, and the names of its numbers (RFC 6895 and IANA's tables).
 */
#include "sensor/app/dns_tx.h"

const struct label dns_fields_rrtypes[] = {
    {1, "A"},       {2, "NS"},        {3, "MD"},          {4, "MF"},     {5, "CNAME"},
    {6, "SOA"},     {7, "MB"},        {8, "MG"},          {9, "MR"},     {10, "NULL"},
    {11, "WKS"},    {12, "PTR"},      {13, "HINFO"},      {14, "MINFO"}, {15, "MX"},
    {16, "TXT"},    {17, "RP"},       {18, "AFSDB"},      {19, "X25"},   {20, "ISDN"},
    {21, "RT"},     {22, "NSAP"},     {23, "NSAPPTR"},    {24, "SIG"},   {25, "KEY"},
    {26, "PX"},     {27, "GPOS"},     {28, "AAAA"},       {29, "LOC"},   {30, "NXT"},
    {33, "SRV"},    {34, "ATMA"},     {35, "NAPTR"},      {36, "KX"},    {37, "CERT"},
    {38, "A6"},     {39, "DNAME"},    {41, "OPT"},        {42, "APL"},   {43, "DS"},
    {44, "SSHFP"},  {45, "IPSECKEY"}, {46, "RRSIG"},      {47, "NSEC"},  {48, "DNSKEY"},
    {49, "DHCID"},  {50, "NSEC3"},    {51, "NSEC3PARAM"}, {52, "TLSA"},  {55, "HIP"},
    {59, "CDS"},    {60, "CDNSKEY"},  {61, "OPENPGPKEY"}, {64, "SVCB"},  {65, "HTTPS"},
    {99, "SPF"},    {249, "TKEY"},    {250, "TSIG"},      {251, "IXFR"}, {252, "AXFR"},
    {253, "MAILB"}, {254, "MAILA"},   {255, "ANY"},       {256, "URI"},  {257, "CAA"},
    {0, NULL},
};

const struct label dns_fields_rcodes[] = {
    {0, "NOERROR"},  {1, "FORMERR"},  {2, "SERVFAIL"},  {3, "NXDOMAIN"}, {4, "NOTIMP"},
    {5, "REFUSED"},  {6, "YXDOMAIN"}, {7, "YXRRSET"},   {8, "NXRRSET"},  {9, "NOTAUTH"},
    {10, "NOTZONE"}, {16, "BADVERS"}, {17, "BADKEY"},   {18, "BADTIME"}, {19, "BADMODE"},
    {20, "BADNAME"}, {21, "BADALG"},  {22, "BADTRUNC"}, {0, NULL},
};

static bool is_answer(const struct tx *tx, const void *item)
{
    (void)tx;
    return ((const struct dns_record *)item)->section == DNS_ANSWER;
}

static bool is_authority(const struct tx *tx, const void *item)
{
    (void)tx;
    return ((const struct dns_record *)item)->section == DNS_AUTHORITY;
}

static bool is_additional(const struct tx *tx, const void *item)
{
    (void)tx;
    return ((const struct dns_record *)item)->section == DNS_ADDITIONAL;
}

static bool is_response(const struct tx *tx, const void *data)
{
    (void)tx;
    return ((const struct dns_tx *)data)->response;
}

static bool has_question(const struct tx *tx, const void *data)
{
    (void)tx;
    return ((const struct dns_tx *)data)->questions.n != 0;
}

static bool has_addr(const struct tx *tx, const void *item)
{
    (void)tx;
    return ((const struct dns_record *)item)->has_addr;
}

static const struct field question_fields[] = {
    {.name = "dns.query",
     .eve = "rrname",
     .uses = IN_RULES | IN_EVE | IN_BASELINE,
     .type = FIELD_BYTES,
     .offset = offsetof(struct dns_question, name),
     .side = SIDE_CLIENT,
     .progress = TX_DONE,
     .zero = true,
     .alias = "dns_query",
     .doc = "Name of a question in a request"},
    {.name = "dns.queries.rrname",
     .uses = IN_RULES,
     .type = FIELD_BYTES,
     .offset = offsetof(struct dns_question, name),
     .progress = TX_DONE,
     .doc = "Name of a question in a request or response"},
    {.name = "dns.question.rrtype",
     .eve = "rrtype",
     .uses = IN_EVE,
     .type = FIELD_U16,
     .offset = offsetof(struct dns_question, type),
     .progress = TX_DONE,
     .zero = true,
     .labels = dns_fields_rrtypes,
     .doc = "Type of a question"},
    FIELD_END,
};

static const struct field record_fields[] = {
    {.name = "dns.response.rrname",
     .eve = "rrname",
     .uses = IN_RULES | IN_EVE,
     .type = FIELD_BYTES,
     .offset = offsetof(struct dns_record, name),
     .side = SIDE_SERVER,
     .progress = TX_DONE,
     .zero = true,
     .doc = "Name of a record in any section"},
    {.name = "dns.answers.rrname",
     .uses = IN_RULES,
     .type = FIELD_BYTES,
     .offset = offsetof(struct dns_record, name),
     .side = SIDE_SERVER,
     .progress = TX_DONE,
     .has = is_answer,
     .doc = "Name of an answer"},
    {.name = "dns.authorities.rrname",
     .uses = IN_RULES,
     .type = FIELD_BYTES,
     .offset = offsetof(struct dns_record, name),
     .side = SIDE_SERVER,
     .progress = TX_DONE,
     .has = is_authority,
     .doc = "Name of an authority record"},
    {.name = "dns.additionals.rrname",
     .uses = IN_RULES,
     .type = FIELD_BYTES,
     .offset = offsetof(struct dns_record, name),
     .side = SIDE_SERVER,
     .progress = TX_DONE,
     .has = is_additional,
     .doc = "Name of an additional record"},
    {.name = "dns.answer.rrtype",
     .eve = "rrtype",
     .uses = IN_EVE,
     .type = FIELD_U16,
     .offset = offsetof(struct dns_record, type),
     .side = SIDE_SERVER,
     .progress = TX_DONE,
     .zero = true,
     .labels = dns_fields_rrtypes,
     .doc = "Type of a record"},
    {.name = "dns.answer.ttl",
     .eve = "ttl",
     .uses = IN_EVE,
     .type = FIELD_U32,
     .offset = offsetof(struct dns_record, ttl),
     .side = SIDE_SERVER,
     .progress = TX_DONE,
     .zero = true,
     .doc = "Seconds a record may be cached"},
    {.name = "dns.answer.addr",
     .eve = "rdata",
     .uses = IN_EVE,
     .type = FIELD_ADDR,
     .offset = offsetof(struct dns_record, addr),
     .side = SIDE_SERVER,
     .progress = TX_DONE,
     .has = has_addr,
     .doc = "Address in an A or AAAA record"},
    {.name = "dns.answer.text",
     .eve = "rdata",
     .uses = IN_EVE,
     .type = FIELD_BYTES,
     .offset = offsetof(struct dns_record, text),
     .side = SIDE_SERVER,
     .progress = TX_DONE,
     .doc = "Name in a CNAME, NS, PTR or MX record; strings of a TXT record"},
    FIELD_END,
};

const struct field dns_fields[] = {
    {.name = "dns.id",
     .eve = "id",
     .uses = IN_EVE,
     .type = FIELD_U16,
     .offset = offsetof(struct dns_tx, id),
     .progress = TX_DONE,
     .zero = true,
     .doc = "Identifier that ties a response to its request"},
    {.name = "dns.opcode",
     .eve = "opcode",
     .uses = IN_RULES | IN_EVE,
     .type = FIELD_U8,
     .offset = offsetof(struct dns_tx, opcode),
     .progress = TX_DONE,
     .zero = true,
     .doc = "Kind of request: 0 query, 4 notify, 5 update"},
    {.name = "dns.rcode",
     .eve = "rcode",
     .uses = IN_RULES | IN_EVE,
     .type = FIELD_U16,
     .offset = offsetof(struct dns_tx, rcode),
     .side = SIDE_SERVER,
     .progress = TX_DONE,
     .zero = true,
     .labels = dns_fields_rcodes,
     .has = is_response,
     .doc = "Result of the request"},
    {.name = "dns.rrtype",
     .uses = IN_RULES | IN_BASELINE,
     .type = FIELD_U16,
     .offset = offsetof(struct dns_tx, rrtype),
     .progress = TX_DONE,
     .labels = dns_fields_rrtypes,
     .has = has_question,
     .doc = "Type of the first question"},
    {.name = "dns.queries",
     .eve = "queries",
     .uses = IN_EVE,
     .type = FIELD_LIST,
     .offset = offsetof(struct dns_tx, questions),
     .progress = TX_DONE,
     .items = question_fields,
     .item_size = sizeof(struct dns_question),
     .doc = "Questions"},
    {.name = "dns.answers",
     .eve = "answers",
     .uses = IN_EVE,
     .type = FIELD_LIST,
     .offset = offsetof(struct dns_tx, records),
     .side = SIDE_SERVER,
     .progress = TX_DONE,
     .items = record_fields,
     .item_size = sizeof(struct dns_record),
     .doc = "Records of the answer, authority and additional sections"},
    FIELD_END,
};
