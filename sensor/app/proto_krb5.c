/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kerberos 5 over UDP and TCP: tickets that are asked for, given and refused.
 * Spec: RFC 4120 section 5 (messages), 7.2.2 (TCP: a length of four bytes first).
 * One transaction = a message; an error says which kind of request it belongs to.
 */
#include "sensor/app/krb5_tx.h"

enum { RECORD = 4, RECORD_MAX = 65000, LEAST = 16 };

enum { NOTE_MALFORMED, NOTE_WEAK };
static const char *const krb5_notes[] = {"malformed_data", "weak_encryption", NULL};

struct krb5_state {
    uint8_t asked; /* kind of the last request; 0 = none */
};

/* RFC 4120 8.3, RFC 8429: single DES, triple DES, RC4 and what was never standard. */
static bool weak(int32_t etype)
{
    return (etype >= 1 && etype <= 7) || etype == 15 || etype == 16 || etype == 23 || etype == 24 ||
           (etype < 0 && etype >= -141);
}

static struct krb5_name keep_name(struct app *app, struct tx *tx, const struct krb5_name *name)
{
    struct krb5_name kept = *name;
    for (uint32_t i = 0; i < name->n; i++)
        kept.part[i] = app_keep(app, tx, name->part[i]);
    return kept;
}

static void list_names(struct app *app, struct tx *tx, struct list *list,
                       const struct krb5_name *name)
{
    for (uint32_t i = 0; i < name->n; i++) {
        struct krb5_text *item = app_append(app, tx, list, sizeof *item);
        if (item)
            item->text = name->part[i];
    }
}

static bool message(struct app *app, enum dir dir, struct slice in)
{
    struct krb5_state *state = app_state(app);
    struct krb5_message m;

    if (!krb5_msg_read(in, &m)) {
        app_note(app, app_tx_last(app), NOTE_MALFORMED);
        return true;
    }
    bool request = m.type == KRB5_AS_REQ || m.type == KRB5_TGS_REQ;
    struct tx *tx = app_tx_new(app, m.type);
    if (!tx)
        return false;
    struct krb5_tx *krb = tx_data(tx);
    krb->type = m.type;
    krb->has_error = m.has_error;
    krb->error = m.error;
    krb->failed = m.type == KRB5_ERROR ? state->asked : 0;
    krb->has_etype = m.has_etype;
    krb->etype = m.etype;
    krb->has_ticket = m.ticket.present;
    krb->ticket_etype = m.ticket.etype;
    krb->has_realm = m.has_realm;
    krb->realm = app_keep(app, tx, m.realm);
    krb->cname = keep_name(app, tx, &m.cname);
    krb->sname = keep_name(app, tx, &m.sname);
    list_names(app, tx, &krb->cnames, &krb->cname);
    list_names(app, tx, &krb->snames, &krb->sname);
    krb->weak = m.has_etype && weak(m.etype);
    krb->weak_ticket = m.ticket.present && weak(m.ticket.etype);
    if (krb->weak)
        app_note(app, tx, NOTE_WEAK);
    state->asked = request ? m.type : 0;
    app_progress(app, tx, dir, TX_DONE);
    return true;
}

static struct parsed krb5_parse(struct app *app, enum dir dir, struct slice in)
{
    struct cursor c = cursor_of(in);

    if (!in.len)
        return parse_done(0);
    if (app_is_datagram(app))
        return message(app, dir, in) ? parse_done(in.len) : parse_full();
    uint32_t length = cursor_be32(&c);
    if (!cursor_ok(&c))
        return parse_more(RECORD);
    if (length == 0 || length > RECORD_MAX)
        return parse_bad();
    struct slice record = cursor_take(&c, length);
    if (!cursor_ok(&c))
        return parse_more(RECORD + length);
    return message(app, dir, record) ? parse_done(RECORD + length) : parse_full();
}

/* An application tag of a known kind, a sequence, the version 5. */
static enum probe probe_message(struct slice head)
{
    static const uint8_t kinds[] = {KRB5_AS_REQ, KRB5_AS_REP, KRB5_TGS_REQ, KRB5_TGS_REP,
                                    KRB5_ERROR};
    static const uint8_t version[] = {0x02, 0x01, 0x05};

    if (!head.len)
        return PROBE_MORE;
    if ((head.at[0] & 0xe0) != 0x60 || !memchr(kinds, head.at[0] & 0x1f, sizeof kinds))
        return PROBE_NO;
    if (head.len < LEAST)
        return PROBE_MORE;
    struct slice start = slice_head(head, LEAST);
    return slice_find(start, (struct slice){version, sizeof version}) >= 0 ? PROBE_YES : PROBE_NO;
}

static enum probe krb5_probe_udp(struct slice head, enum dir dir)
{
    (void)dir;
    return head.len < LEAST ? PROBE_NO : probe_message(head);
}

static enum probe krb5_probe(struct slice head, enum dir dir)
{
    struct cursor c = cursor_of(head);
    uint32_t length = cursor_be32(&c);

    (void)dir;
    if ((head.len && head.at[0]) || (cursor_ok(&c) && (length < LEAST || length > RECORD_MAX)))
        return PROBE_NO;
    return cursor_ok(&c) ? probe_message(slice_from(head, RECORD)) : PROBE_MORE;
}

static bool answered(const struct tx *tx, const void *item)
{
    (void)item;
    return ((const struct krb5_tx *)tx_data_const(tx))->has_error;
}

static const struct field krb5_texts[] = {
    {.name = "krb5.cname",
     .alias = "krb5_cname",
     .uses = IN_RULES | IN_BASELINE,
     .type = FIELD_BYTES,
     .offset = offsetof(struct krb5_text, text),
     .side = SIDE_SERVER,
     .progress = TX_DONE,
     .doc = "Each part of the client's name in an answer"},
    FIELD_END,
};

static const struct field krb5_servers[] = {
    {.name = "krb5.sname",
     .alias = "krb5_sname",
     .uses = IN_RULES | IN_BASELINE,
     .type = FIELD_BYTES,
     .offset = offsetof(struct krb5_text, text),
     .side = SIDE_SERVER,
     .progress = TX_DONE,
     .doc = "Each part of the server's name in an answer"},
    FIELD_END,
};

static const struct field krb5_fields[] = {
    {.name = "krb5.msg_type",
     .alias = "krb5_msg_type",
     .uses = IN_RULES,
     .type = FIELD_U8,
     .offset = offsetof(struct krb5_tx, type),
     .side = SIDE_BOTH,
     .progress = TX_DONE,
     .zero = true,
     .doc = "Kind of the message: 10 AS-REQ, 11 AS-REP, 12 TGS-REQ, 13 TGS-REP, 30 error"},
    {.name = "krb5.err_code",
     .alias = "krb5_err_code",
     .uses = IN_RULES,
     .type = FIELD_U32,
     .offset = offsetof(struct krb5_tx, error),
     .side = SIDE_BOTH,
     .progress = TX_DONE,
     .has = answered,
     .zero = true,
     .doc = "Code of an error"},
    {.name = "krb5.cnames",
     .type = FIELD_LIST,
     .offset = offsetof(struct krb5_tx, cnames),
     .items = krb5_texts,
     .item_size = sizeof(struct krb5_text),
     .doc = "Name of the client"},
    {.name = "krb5.snames",
     .type = FIELD_LIST,
     .offset = offsetof(struct krb5_tx, snames),
     .items = krb5_servers,
     .item_size = sizeof(struct krb5_text),
     .doc = "Name of the server"},
    FIELD_END,
};

const struct proto_def proto_krb5 = {
    .name = "krb5",
    .spec = "RFC 4120",
    .doc = "Kerberos: tickets asked for, given and refused",
    .l4 = L4_TCP | L4_UDP,
    .ports = {88},
    .breadth = "Kerberos",
    .tx_size = sizeof(struct krb5_tx),
    .state_size = sizeof(struct krb5_state),
    .buffer_max = RECORD_MAX + RECORD,
    .one_sided = true,
    .ends = TX_ENDS_PACKET,
    .resyncs = true,
    .probe = krb5_probe,
    .probe_udp = krb5_probe_udp,
    .parse = krb5_parse,
    .write_event = krb5_event_write,
    .fields = krb5_fields,
    .notes = krb5_notes,
};
