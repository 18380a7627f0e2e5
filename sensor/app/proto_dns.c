/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DNS over UDP and TCP, port 53.
 * Spec: RFC 1035 (messages), RFC 3596 (AAAA), RFC 2782 (SRV), RFC 4255 (SSHFP), RFC 6895 (numbers).
 * One transaction = one message. Events have the form of Suricata 7: one for each question of a
 * request, one for a response with all its answers.
 * Limits: names of 1024 bytes, 32 pointers a name, 64 questions, 1024 records a message.
 */
#include "sensor/app/proto.h"

#include "common/jsonw.h"
#include "sensor/app/app.h"

#include <stdio.h>

enum {
    HEADER_BYTES = 12,
    NAME_BYTES_MAX = 1024,
    POINTERS_MAX = 32,
    QUESTIONS_MAX = 64,
    RECORDS_MAX = 1024,
    QUESTION_BYTES_MIN = 5, /* root name, type, class */
    RECORD_BYTES_MIN = 11,
    OPCODE_LAST = 6,
};

enum {
    TYPE_A = 1,
    TYPE_NS = 2,
    TYPE_CNAME = 5,
    TYPE_SOA = 6,
    TYPE_NULL = 10,
    TYPE_PTR = 12,
    TYPE_MX = 15,
    TYPE_TXT = 16,
    TYPE_AAAA = 28,
    TYPE_SRV = 33,
    TYPE_DNAME = 39,
    TYPE_OPT = 41,
    TYPE_SSHFP = 44,
};

enum section { SECTION_ANSWER, SECTION_AUTHORITY, SECTION_ADDITIONAL, SECTIONS };

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
    uint8_t section; /* enum section */
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
    uint8_t opcode;
    uint16_t rcode;
    uint16_t rrtype; /* of the first question */
    struct list questions;
    struct list records;
};

static const struct label rrtypes[] = {
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

static const struct label rcodes[] = {
    {0, "NOERROR"},  {1, "FORMERR"},  {2, "SERVFAIL"},  {3, "NXDOMAIN"}, {4, "NOTIMP"},
    {5, "REFUSED"},  {6, "YXDOMAIN"}, {7, "YXRRSET"},   {8, "NXRRSET"},  {9, "NOTAUTH"},
    {10, "NOTZONE"}, {16, "BADVERS"}, {17, "BADKEY"},   {18, "BADTIME"}, {19, "BADMODE"},
    {20, "BADNAME"}, {21, "BADALG"},  {22, "BADTRUNC"}, {0, NULL},
};

static bool is_answer(const struct tx *tx, const void *item)
{
    (void)tx;
    return ((const struct dns_record *)item)->section == SECTION_ANSWER;
}

static bool is_authority(const struct tx *tx, const void *item)
{
    (void)tx;
    return ((const struct dns_record *)item)->section == SECTION_AUTHORITY;
}

static bool is_additional(const struct tx *tx, const void *item)
{
    (void)tx;
    return ((const struct dns_record *)item)->section == SECTION_ADDITIONAL;
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
     .labels = rrtypes,
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
     .labels = rrtypes,
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

static const struct field dns_fields[] = {
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
     .labels = rcodes,
     .has = is_response,
     .doc = "Result of the request"},
    {.name = "dns.rrtype",
     .uses = IN_RULES | IN_BASELINE,
     .type = FIELD_U16,
     .offset = offsetof(struct dns_tx, rrtype),
     .progress = TX_DONE,
     .labels = rrtypes,
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

enum { NOTE_MALFORMED, NOTE_Z_FLAG, NOTE_OPCODE, NOTE_NOT_REQUEST, NOTE_NOT_RESPONSE };
static const char *const dns_notes[] = {
    "malformed_data", "z_flag_set", "invalid_opcode", "not_a_request", "not_a_response", NULL,
};

/* ---- reading ------------------------------------------------------------------------------ */

struct name {
    uint32_t len;
    uint8_t text[NAME_BYTES_MAX];
};

static void name_add(struct name *name, struct slice label)
{
    uint32_t dot = name->len ? 1 : 0;
    if (name->len + dot + label.len > NAME_BYTES_MAX)
        label = slice_head(label, NAME_BYTES_MAX - name->len - dot);
    if (dot)
        name->text[name->len++] = '.';
    memcpy(&name->text[name->len], label.at, label.len);
    name->len += label.len;
}

/* A name at the cursor; pointers (RFC 1035, 4.1.4) lead elsewhere in `message`, a bounded number of
 * times. */
static bool read_name(struct slice message, struct cursor *c, struct name *name)
{
    struct cursor away;
    struct cursor *at = c;

    name->len = 0;
    for (uint32_t pointers = 0; cursor_ok(at);) {
        uint8_t len = cursor_u8(at);
        if (len == 0)
            break;
        if ((len & 0xc0) == 0xc0) {
            uint32_t target = (uint32_t)(len & 0x3f) << 8 | cursor_u8(at);
            if (!cursor_ok(at) || ++pointers > POINTERS_MAX || target >= message.len)
                return false;
            away = cursor_of(slice_from(message, target));
            at = &away;
            continue;
        }
        if ((len & 0xc0) || name->len + 1 >= NAME_BYTES_MAX)
            return false;
        struct slice label = cursor_take(at, len);
        if (cursor_ok(at))
            name_add(name, label);
    }
    return cursor_ok(at) && cursor_ok(c);
}

static struct slice name_keep(struct app *app, struct tx *tx, const struct name *name)
{
    static const uint8_t root[1];
    struct slice kept = app_keep(app, tx, (struct slice){name->text, name->len});
    return kept.at ? kept : (struct slice){root, 0}; /* the root is a name too, an empty one */
}

static bool read_question(struct app *app, struct tx *tx, struct slice message, struct cursor *c)
{
    struct dns_tx *dns = tx_data(tx);
    struct name name;

    if (!read_name(message, c, &name))
        return false;
    uint16_t type = cursor_be16(c), class_ = cursor_be16(c);
    if (!cursor_ok(c))
        return false;
    struct dns_question *q = app_append(app, tx, &dns->questions, sizeof *q);
    if (!q)
        return false;
    *q = (struct dns_question){name_keep(app, tx, &name), type, class_};
    if (dns->questions.n == 1)
        dns->rrtype = type;
    return true;
}

static bool read_soa(struct app *app, struct tx *tx, struct slice message, struct cursor *c,
                     struct dns_record *r)
{
    struct name mname, rname;
    if (!read_name(message, c, &mname) || !read_name(message, c, &rname))
        return false;
    struct dns_soa soa = {.serial = cursor_be32(c)};
    soa.refresh = cursor_be32(c);
    soa.retry = cursor_be32(c);
    soa.expire = cursor_be32(c);
    soa.minimum = cursor_be32(c);
    r->soa = cursor_ok(c) ? app_alloc(app, tx, sizeof *r->soa) : NULL;
    if (!r->soa)
        return false;
    *r->soa = soa;
    r->soa->mname = name_keep(app, tx, &mname);
    r->soa->rname = name_keep(app, tx, &rname);
    return true;
}

static bool read_srv(struct app *app, struct tx *tx, struct slice message, struct cursor *c,
                     struct dns_record *r)
{
    struct name name;
    struct dns_srv srv = {.priority = cursor_be16(c)};
    srv.weight = cursor_be16(c);
    srv.port = cursor_be16(c);
    if (!read_name(message, c, &name) || !(r->srv = app_alloc(app, tx, sizeof *r->srv)))
        return false;
    srv.name = name_keep(app, tx, &name);
    *r->srv = srv;
    return true;
}

static bool read_sshfp(struct app *app, struct tx *tx, struct cursor *c, struct dns_record *r)
{
    struct dns_sshfp sshfp = {.algorithm = cursor_u8(c)};
    sshfp.type = cursor_u8(c);
    struct slice fingerprint = cursor_rest(c);
    if (!cursor_ok(c) || !(r->sshfp = app_alloc(app, tx, sizeof *r->sshfp)))
        return false;
    sshfp.fingerprint = app_keep(app, tx, fingerprint);
    *r->sshfp = sshfp;
    return true;
}

/* All character strings of a TXT record, joined. */
static bool read_txt(struct app *app, struct tx *tx, struct cursor *c, struct dns_record *r)
{
    struct name text = {.len = 0};
    while (cursor_left(c) && cursor_ok(c)) {
        struct slice part = cursor_take(c, cursor_u8(c));
        part = slice_head(part, NAME_BYTES_MAX - text.len);
        if (part.len)
            memcpy(&text.text[text.len], part.at, part.len);
        text.len += part.len;
    }
    r->text = name_keep(app, tx, &text);
    r->has_text = true;
    return cursor_ok(c);
}

static bool read_name_data(struct app *app, struct tx *tx, struct slice message, struct cursor *c,
                           struct dns_record *r)
{
    struct name name;
    if (!read_name(message, c, &name))
        return false;
    r->text = name_keep(app, tx, &name);
    r->has_text = true;
    return true;
}

/* What of the record's data is shown; other types keep none. */
static bool read_data(struct app *app, struct tx *tx, struct slice message, struct slice data,
                      struct dns_record *r)
{
    struct cursor c = cursor_of(data);

    switch (r->type) {
    case TYPE_A:
    case TYPE_AAAA:
        r->addr = addr_from_bytes(data);
        r->has_addr = r->addr.family == (r->type == TYPE_A ? 4 : 6);
        return r->has_addr;
    case TYPE_MX:
        cursor_skip(&c, 2); /* preference */
        return read_name_data(app, tx, message, &c, r);
    case TYPE_NS:
    case TYPE_CNAME:
    case TYPE_PTR:
    case TYPE_DNAME:
        return read_name_data(app, tx, message, &c, r);
    case TYPE_TXT:
        return read_txt(app, tx, &c, r);
    case TYPE_NULL:
        r->text = app_keep(app, tx, slice_head(data, NAME_BYTES_MAX));
        r->has_text = true;
        return true;
    case TYPE_SOA:
        return read_soa(app, tx, message, &c, r);
    case TYPE_SRV:
        return read_srv(app, tx, message, &c, r);
    case TYPE_SSHFP:
        return read_sshfp(app, tx, &c, r);
    default:
        return true;
    }
}

static bool read_record(struct app *app, struct tx *tx, struct slice message, struct cursor *c,
                        enum section section)
{
    struct dns_tx *dns = tx_data(tx);
    struct name name;

    if (!read_name(message, c, &name))
        return false;
    struct dns_record r = {.type = cursor_be16(c), .section = (uint8_t)section};
    r.class_ = cursor_be16(c);
    r.ttl = cursor_be32(c);
    struct slice data = cursor_take(c, cursor_be16(c));
    if (!cursor_ok(c))
        return false;
    if (r.type == TYPE_OPT) { /* RFC 6891: upper bits of the result code */
        dns->rcode = (uint16_t)(dns->rcode | (r.ttl >> 24) << 4);
        return true;
    }
    if (dns->records.n >= RECORDS_MAX) {
        tx->truncated = true;
        return true;
    }
    bool good = !data.len || read_data(app, tx, message, data, &r);
    struct dns_record *kept = app_append(app, tx, &dns->records, sizeof *kept);
    if (!kept)
        return false;
    *kept = r;
    kept->name = name_keep(app, tx, &name);
    return good;
}

struct header {
    uint16_t id, flags;
    uint16_t counts[SECTIONS + 1]; /* questions, then by enum section */
};

static bool read_header(struct cursor *c, struct header *h)
{
    h->id = cursor_be16(c);
    h->flags = cursor_be16(c);
    for (uint32_t i = 0; i <= SECTIONS; i++)
        h->counts[i] = cursor_be16(c);
    return cursor_ok(c);
}

static uint8_t opcode_of(uint16_t flags)
{
    return flags >> 11 & 0xf;
}

static bool read_sections(struct app *app, struct tx *tx, struct slice message, struct cursor *c,
                          const struct header *h)
{
    for (uint32_t i = 0; i < h->counts[0]; i++)
        if (i >= QUESTIONS_MAX || !read_question(app, tx, message, c))
            return false;
    for (uint32_t section = 0; section < SECTIONS; section++)
        for (uint32_t i = 0; i < h->counts[section + 1]; i++)
            if (!read_record(app, tx, message, c, (enum section)section))
                return false;
    return true;
}

static enum parsed_kind read_message(struct app *app, enum dir dir, struct slice message)
{
    struct cursor c = cursor_of(message);
    struct header h;

    if (!read_header(&c, &h))
        return PARSED_BAD;
    struct tx *tx = app_tx_new(app, h.id);
    if (!tx)
        return PARSED_FULL;
    struct dns_tx *dns = tx_data(tx);
    dns->id = h.id;
    dns->flags = h.flags;
    dns->response = h.flags >> 15;
    dns->opcode = opcode_of(h.flags);
    dns->rcode = h.flags & 0xf;
    if (!read_sections(app, tx, message, &c, &h))
        app_note(app, tx, NOTE_MALFORMED);
    if (h.flags & 0x40)
        app_note(app, tx, NOTE_Z_FLAG);
    if (dns->opcode > OPCODE_LAST)
        app_note(app, tx, NOTE_OPCODE);
    if (dns->response != (dir == TO_CLIENT))
        app_note(app, tx, dir == TO_SERVER ? NOTE_NOT_REQUEST : NOTE_NOT_RESPONSE);
    app_progress(app, tx, dir, TX_DONE);
    return PARSED_DONE;
}

static struct parsed dns_parse(struct app *app, enum dir dir, struct slice in)
{
    if (app_is_datagram(app)) {
        enum parsed_kind kind = in.len ? read_message(app, dir, in) : PARSED_MORE;
        return (struct parsed){kind, kind == PARSED_DONE ? in.len : HEADER_BYTES};
    }
    struct cursor c = cursor_of(in);
    uint32_t length = cursor_be16(&c);
    struct slice message = cursor_take(&c, length);
    if (!cursor_ok(&c))
        return parse_more(2 + length);
    return (struct parsed){read_message(app, dir, message), 2 + length};
}

/* ---- recognising -------------------------------------------------------------------------- */

static bool usual_name(const struct name *name)
{
    for (uint32_t i = 0; i < name->len; i++) {
        uint8_t b = name->text[i];
        if (!(b == '-' || b == '.' || b == '_' || b == '*' || b == '/' || (b >= '0' && b <= '9') ||
              (b >= 'A' && b <= 'Z') || (b >= 'a' && b <= 'z')))
            return false;
    }
    return true;
}

static bool usual_question(struct slice message, struct cursor *c)
{
    struct name name;
    if (!read_name(message, c, &name) || !usual_name(&name))
        return false;
    uint16_t type = cursor_be16(c), class_ = cursor_be16(c);
    if (!cursor_ok(c) || !(class_ == 1 || class_ == 3 || class_ == 255))
        return false;
    for (const struct label *l = rrtypes; l->name; l++)
        if (l->value == type)
            return true;
    return false;
}

/* `length`: of the whole message; `message` may lack its end. */
static enum probe probe_message(struct slice message, uint32_t length)
{
    struct cursor c = cursor_of(message);
    struct header h;

    if (length < HEADER_BYTES)
        return PROBE_NO;
    if (!read_header(&c, &h))
        return PROBE_MORE;
    uint32_t records = (uint32_t)h.counts[1] + h.counts[2] + h.counts[3];
    uint32_t least =
        HEADER_BYTES + (uint32_t)h.counts[0] * QUESTION_BYTES_MIN + records * RECORD_BYTES_MIN;
    if (opcode_of(h.flags) > OPCODE_LAST || h.counts[0] > QUESTIONS_MAX ||
        (h.counts[0] == 0 && !(h.flags >> 15)))
        return PROBE_NO;
    bool strict = h.counts[0] == 1 && least <= length && !(h.flags & 0x40);
    return strict && usual_question(message, &c) ? PROBE_YES : PROBE_LIKELY;
}

static enum probe dns_probe_udp(struct slice head, enum dir dir)
{
    (void)dir;
    enum probe probe = probe_message(head, head.len);
    return probe == PROBE_MORE ? PROBE_NO : probe;
}

static enum probe dns_probe(struct slice head, enum dir dir)
{
    struct cursor c = cursor_of(head);
    uint32_t length = cursor_be16(&c);

    (void)dir;
    if (!cursor_ok(&c))
        return PROBE_MORE;
    if (length < HEADER_BYTES + QUESTION_BYTES_MIN)
        return PROBE_NO;
    struct slice message = slice_head(cursor_rest(&c), length);
    if (message.len < length && message.len < HEADER_BYTES + NAME_BYTES_MAX)
        return message.len >= HEADER_BYTES && probe_message(message, length) == PROBE_NO
                   ? PROBE_NO
                   : PROBE_MORE;
    return probe_message(message, length);
}

/* ---- events in the form of Suricata 7 ----------------------------------------------------- */

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
    snprintf(number, sizeof number, "%u", value);
    jsonw_str(w, key, number);
}

static void write_query(const struct tx *tx, uint32_t i, struct jsonw *w)
{
    const struct dns_tx *dns = tx_data_const(tx);
    const struct dns_question *q = question(dns, i);

    jsonw_str(w, "type", "query");
    jsonw_u64(w, "id", dns->id);
    jsonw_text(w, "rrname", q->name);
    write_label(w, "rrtype", rrtypes, q->type);
    jsonw_u64(w, "tx_id", tx->id);
    jsonw_u64(w, "opcode", dns->opcode);
}

/* The structured data of a record; false when it has none. */
static bool write_structured(const struct dns_record *r, struct jsonw *w, bool keyed)
{
    if (r->type == TYPE_SOA && r->soa) {
        jsonw_obj_open(w, keyed ? "soa" : NULL);
        jsonw_text(w, "mname", r->soa->mname);
        jsonw_text(w, "rname", r->soa->rname);
        jsonw_u64(w, "serial", r->soa->serial);
        jsonw_u64(w, "refresh", r->soa->refresh);
        jsonw_u64(w, "retry", r->soa->retry);
        jsonw_u64(w, "expire", r->soa->expire);
        jsonw_u64(w, "minimum", r->soa->minimum);
    } else if (r->type == TYPE_SRV && r->srv) {
        jsonw_obj_open(w, keyed ? "srv" : NULL);
        jsonw_u64(w, "priority", r->srv->priority);
        jsonw_u64(w, "weight", r->srv->weight);
        jsonw_u64(w, "port", r->srv->port);
        jsonw_text(w, "name", r->srv->name);
    } else if (r->type == TYPE_SSHFP && r->sshfp) {
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

static void write_section(const struct dns_tx *dns, enum section section, const char *key,
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
        write_label(w, "rrtype", rrtypes, r->type);
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
        {TYPE_A, "A"},     {TYPE_AAAA, "AAAA"}, {TYPE_CNAME, "CNAME"}, {TYPE_MX, "MX"},
        {TYPE_NS, "NS"},   {TYPE_PTR, "PTR"},   {TYPE_TXT, "TXT"},     {TYPE_NULL, "NULL"},
        {TYPE_SOA, "SOA"}, {TYPE_SRV, "SRV"},   {TYPE_SSHFP, "SSHFP"}, {TYPE_DNAME, "DNAME"},
        {0, NULL},
    };
    jsonw_obj_open(w, "grouped");
    for (const struct label *l = shown; l->name; l++) {
        bool open = false;
        for (uint32_t i = 0; i < dns->records.n; i++) {
            const struct dns_record *r = record(dns, i);
            if (r->section != SECTION_ANSWER || r->type != l->value)
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
        if (record(dns, i)->section == SECTION_ANSWER)
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
    snprintf(text, sizeof text, "%x", dns->flags);
    jsonw_str(w, "flags", text);
    for (uint32_t i = 0; i < sizeof flags / sizeof *flags; i++)
        if (dns->flags & flags[i].bit)
            jsonw_bool(w, flags[i].key, true);
    jsonw_u64(w, "opcode", dns->opcode);
    if (dns->questions.n) {
        jsonw_text(w, "rrname", question(dns, 0)->name);
        write_label(w, "rrtype", rrtypes, question(dns, 0)->type);
    }
    write_label(w, "rcode", rcodes, dns->rcode);
    write_section(dns, SECTION_ANSWER, "answers", w);
    if (any_answer(dns))
        write_grouped(dns, w);
    write_section(dns, SECTION_AUTHORITY, "authorities", w);
}

static uint32_t dns_events(const struct tx *tx)
{
    const struct dns_tx *dns = tx_data_const(tx);
    return dns->response ? 1 : dns->questions.n;
}

static void dns_write_event(struct tx *tx, uint32_t i, struct jsonw *w)
{
    const struct dns_tx *dns = tx_data_const(tx);

    jsonw_u64(w, "version", 2);
    if (dns->response)
        write_response(tx, w);
    else
        write_query(tx, i, w);
}

/* mDNS, LLMNR and NetBIOS names have its shape but not its meaning. */
static const uint16_t lookalikes[] = {5353, 5355, 137, 0};

const struct proto_def proto_dns = {
    .name = "dns",
    .spec = "RFC 1035",
    .doc = "Names of hosts and services",
    .l4 = L4_TCP | L4_UDP,
    .ports = {53},
    .foreign_ports = lookalikes,
    .tx_size = sizeof(struct dns_tx),
    .buffer_max = 65537,
    .one_sided = true,
    .resyncs = true,
    .probe = dns_probe,
    .probe_udp = dns_probe_udp,
    .parse = dns_parse,
    .events = dns_events,
    .write_event = dns_write_event,
    .fields = dns_fields,
    .notes = dns_notes,
};
