/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DNS over UDP and TCP, port 53.
 * Spec: RFC 1035 (messages), RFC 3596 (AAAA), RFC 2782 (SRV), RFC 4255 (SSHFP), RFC 6895 (numbers).
 * One transaction = one message. Events have the form of Suricata 7: one for each question of a
 * request, one for a response with all its answers.
 * Limits: names of 1024 bytes, 32 pointers a name, 64 questions, 1024 records a message.
 */
#include "sensor/app/dns_tx.h"

enum {
    HEADER_BYTES = 12,
    NAME_BYTES_MAX = 1024,
    POINTERS_MAX = 32,
    LABELS_MAX = 255,
    FAULT_NAMES_MAX = 64,
    QUESTIONS_MAX = 64,
    RECORDS_MAX = 1024,
    QUESTION_BYTES_MIN = 5, /* root name, type, class */
    RECORD_BYTES_MIN = 11,
    OPCODE_LAST = 6,
};

enum {
    NOTE_MALFORMED,
    NOTE_Z_FLAG,
    NOTE_OPCODE,
    NOTE_NOT_REQUEST,
    NOTE_NOT_RESPONSE,
    NOTE_NAME_LONG,
    NOTE_LOOP,
    NOTE_LABELS
};
static const char *const dns_notes[] = {
    "malformed_data", "z_flag_set",    "invalid_opcode",  "not_request", "not_response",
    "name_too_long",  "infinite_loop", "too_many_labels", NULL,
};

/* What events say of answers. */
struct dns_config {
    bool without_answers, without_grouped;
};

static const struct option dns_options[] = {
    {"dns.formats", CONF_LIST, "detailed,grouped",
     "How events tell answers: detailed (each record), grouped (their data by type)"},
    OPTION_END,
};

static void dns_configure(const struct conf *conf, void *config)
{
    struct dns_config *c = config;
    const char *item;

    *c = (struct dns_config){true, true};
    for (uint32_t i = 0; (item = conf_item(conf, "dns.formats", i)); i++) {
        if (strcmp(item, "detailed") == 0)
            c->without_answers = false;
        else if (strcmp(item, "grouped") == 0)
            c->without_grouped = false;
    }
}

/* ---- reading ------------------------------------------------------------------------------ */

struct name {
    uint32_t len;
    uint32_t faults; /* bit i: note i says why it cannot be read; 0: it is malformed otherwise */
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

/* Before one more label: a name that is too long is read on for the count of its labels. */
static bool name_goes_on(struct name *name, uint32_t labels)
{
    if (labels >= LABELS_MAX)
        name->faults |= 1u << NOTE_LABELS;
    if (name->len + 1 >= NAME_BYTES_MAX)
        name->faults |= 1u << NOTE_NAME_LONG;
    return labels < LABELS_MAX;
}

/* A name at the cursor; pointers (RFC 1035, 4.1.4) lead elsewhere in `message`, a bounded number of
 * times. */
static bool read_name(struct slice message, struct cursor *c, struct name *name)
{
    struct cursor away;
    struct cursor *at = c;
    uint32_t labels = 0;

    name->len = 0;
    name->faults = 0;
    for (uint32_t pointers = 0; cursor_ok(at);) {
        uint8_t len = cursor_u8(at);
        if (len == 0)
            break;
        if ((len & 0xc0) == 0xc0) {
            uint32_t target = (uint32_t)(len & 0x3f) << 8 | cursor_u8(at);
            if (++pointers > POINTERS_MAX)
                name->faults |= 1u << NOTE_LOOP;
            if (!cursor_ok(at) || pointers > POINTERS_MAX || target >= message.len)
                return false;
            away = cursor_of(slice_from(message, target));
            at = &away;
            continue;
        }
        if ((len & 0xc0) || !name_goes_on(name, labels++))
            return false;
        struct slice label = cursor_take(at, len);
        if (cursor_ok(at) && !name->faults)
            name_add(name, label);
    }
    return cursor_ok(at) && cursor_ok(c) && !name->faults;
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
    case DNS_A:
    case DNS_AAAA:
        r->addr = addr_from_bytes(data);
        r->has_addr = r->addr.family == (r->type == DNS_A ? 4 : 6);
        return r->has_addr;
    case DNS_MX:
        cursor_skip(&c, 2); /* preference */
        return read_name_data(app, tx, message, &c, r);
    case DNS_NS:
    case DNS_CNAME:
    case DNS_PTR:
    case DNS_DNAME:
        return read_name_data(app, tx, message, &c, r);
    case DNS_NULL:
        r->text = app_keep(app, tx, slice_head(data, NAME_BYTES_MAX));
        r->has_text = true;
        return true;
    case DNS_SOA:
        return read_soa(app, tx, message, &c, r);
    case DNS_SRV:
        return read_srv(app, tx, message, &c, r);
    case DNS_SSHFP:
        return read_sshfp(app, tx, &c, r);
    default:
        return true;
    }
}

static bool add_record(struct app *app, struct tx *tx, const struct dns_record *r)
{
    struct dns_tx *dns = tx_data(tx);

    if (dns->records.n >= RECORDS_MAX) {
        tx->truncated = true;
        return true;
    }
    struct dns_record *kept = app_append(app, tx, &dns->records, sizeof *kept);
    if (kept)
        *kept = *r;
    return kept != NULL;
}

/* A TXT record holds several strings: each is shown as a record of its own. */
static bool add_texts(struct app *app, struct tx *tx, struct slice data, struct dns_record *r)
{
    struct cursor c = cursor_of(data);

    do {
        struct slice text = cursor_take(&c, cursor_u8(&c));
        if (!cursor_ok(&c))
            return false;
        r->text = app_keep(app, tx, text);
        r->has_text = true;
        if (!add_record(app, tx, r))
            return false;
    } while (cursor_left(&c));
    return true;
}

static bool read_record(struct app *app, struct tx *tx, struct slice message, struct cursor *c,
                        enum dns_section section)
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
    if (r.type == DNS_OPT) { /* RFC 6891: upper bits of the result code */
        dns->rcode = (uint16_t)(dns->rcode | (r.ttl >> 24) << 4);
        return true;
    }
    if (dns->records.n < RECORDS_MAX)
        r.name = name_keep(app, tx, &name);
    if (r.type == DNS_TXT && data.len)
        return add_texts(app, tx, data, &r);
    bool good = !data.len || read_data(app, tx, message, data, &r);
    return add_record(app, tx, &r) && good;
}

struct header {
    uint16_t id, flags;
    uint16_t counts[DNS_SECTIONS + 1]; /* questions, then by enum dns_section */
};

static bool read_header(struct cursor *c, struct header *h)
{
    h->id = cursor_be16(c);
    h->flags = cursor_be16(c);
    for (uint32_t i = 0; i <= DNS_SECTIONS; i++)
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
    for (uint32_t section = 0; section < DNS_SECTIONS; section++)
        for (uint32_t i = 0; i < h->counts[section + 1]; i++)
            if (!read_record(app, tx, message, c, (enum dns_section)section))
                return false;
    return true;
}

/* Why the names of a message that cannot be read cannot: read once more, for the notes. */
static void note_faults(struct app *app, struct tx *tx, struct slice message,
                        const struct header *h)
{
    struct cursor c = cursor_of(slice_from(message, HEADER_BYTES));
    struct name name = {.faults = 0};
    uint32_t names = 0;

    for (uint32_t i = 0; i <= DNS_SECTIONS; i++)
        names += h->counts[i];
    for (uint32_t i = 0; i < names && i < FAULT_NAMES_MAX; i++) {
        if (!read_name(message, &c, &name))
            break;
        cursor_skip(&c, 4); /* type, class */
        if (i < h->counts[0])
            continue;
        cursor_skip(&c, 4);
        cursor_skip(&c, cursor_be16(&c));
    }
    if (!name.faults)
        app_note(app, tx, NOTE_MALFORMED);
    for (uint32_t note = 0; note <= NOTE_LABELS; note++)
        if (name.faults >> note & 1)
            app_note(app, tx, note);
}

static enum parsed_kind read_message(struct app *app, enum dir dir, struct slice message)
{
    struct cursor c = cursor_of(message);
    struct header h;

    if (!read_header(&c, &h))
        return PARSED_BAD;
    const struct dns_config *config = app_config(app);
    struct tx *tx = app_tx_new(app, h.id);
    if (!tx)
        return PARSED_FULL;
    struct dns_tx *dns = tx_data(tx);
    dns->id = h.id;
    dns->flags = h.flags;
    dns->response = h.flags >> 15;
    dns->without_answers = config && config->without_answers;
    dns->without_grouped = config && config->without_grouped;
    dns->opcode = opcode_of(h.flags);
    dns->rcode = h.flags & 0xf;
    if (!read_sections(app, tx, message, &c, &h))
        note_faults(app, tx, message, &h);
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
    app_raw_look(app, dir);
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
    for (const struct label *l = dns_fields_rrtypes; l->name; l++)
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

/* From port 53 to port 53 an answer may be what comes first. */
static bool dns_turned_udp(struct slice head, enum dir dir)
{
    return head.len > 2 && (head.at[2] >> 7) != (dir == TO_CLIENT);
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
    .turned_udp = dns_turned_udp,
    .parse = dns_parse,
    .events = dns_event_count,
    .write_event = dns_event_write,
    .options = dns_options,
    .config_size = sizeof(struct dns_config),
    .configure = dns_configure,
    .fields = dns_fields,
    .notes = dns_notes,
};
