/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SNMP: reading and setting of network devices, UPSes and printers, ports 161 and 162.
 * Spec: RFC 1157 (v1), RFC 3416 (v2c), RFC 3412, RFC 3414 (v3, user-based security).
 * One transaction = one message.
 * Limits: VARS_MAX variables, names of OID_TEXT characters.
 */
#include "sensor/app/proto.h"

#include "common/jsonw.h"
#include "sensor/app/app.h"
#include "sensor/app/der.h"

enum {
    VARS_MAX = 256,
    OID_TEXT = 512,
    TAG_INTEGER = 0x02,
    TAG_STRING = 0x04,
    TAG_OID = 0x06,
    TAG_SEQUENCE = 0x30,
    TAG_PDU = 0xa0,
    TRAP_V1 = 4,
    PDU_LAST = 8,
    USER_SECURITY = 3,
    FLAG_ENCRYPTED = 2,
};

enum { NOTE_MALFORMED, NOTE_SECURITY, NOTE_VERSION };
static const char *const snmp_notes[] = {"malformed_data", "unknown_security_model",
                                         "version_mismatch", NULL};

struct snmp_var {
    struct slice oid; /* as text */
};

struct snmp_tx {
    uint32_t version; /* 1, 2, 3 */
    bool has_pdu, encrypted;
    uint32_t pdu;
    struct slice community, user;
    struct list vars; /* struct snmp_var */
    struct slice trap_oid, trap_address;
    uint32_t trap, error;
};

struct snmp_state {
    uint32_t version; /* of the first message */
};

/* ---- BER ---------------------------------------------------------------------------------- */

/* The next value; sets short_read when there is none. */
static struct slice take(struct cursor *c, uint8_t *tag)
{
    struct der element = {.tag = 0};

    if (!der_next(c, &element))
        c->short_read = true;
    *tag = element.tag;
    return element.body;
}

static struct slice take_tag(struct cursor *c, uint8_t wanted)
{
    uint8_t tag;
    struct slice value = take(c, &tag);
    if (tag != wanted)
        c->short_read = true;
    return value;
}

static uint32_t take_number(struct cursor *c)
{
    struct slice s = take_tag(c, TAG_INTEGER);
    uint32_t value = 0;
    for (uint32_t i = 0; i < s.len; i++)
        value = value << 8 | s.at[i];
    return value;
}

static struct slice oid_text(struct app *app, struct tx *tx, struct slice oid)
{
    char text[OID_TEXT];
    uint32_t len = der_oid_text(oid, text, sizeof text);
    return app_keep(app, tx, (struct slice){(const uint8_t *)text, len});
}

/* ---- messages ----------------------------------------------------------------------------- */

static void read_vars(struct app *app, struct tx *tx, struct cursor *pdu)
{
    struct snmp_tx *snmp = tx_data(tx);
    struct cursor list = cursor_of(take_tag(pdu, TAG_SEQUENCE));

    while (cursor_left(&list) && cursor_ok(&list) && snmp->vars.n < VARS_MAX) {
        struct cursor pair = cursor_of(take_tag(&list, TAG_SEQUENCE));
        struct slice oid = take_tag(&pair, TAG_OID);
        struct snmp_var *var =
            cursor_ok(&pair) ? app_append(app, tx, &snmp->vars, sizeof *var) : NULL;
        if (!var)
            return;
        var->oid = oid_text(app, tx, oid);
    }
    if (!cursor_ok(&list))
        pdu->short_read = true;
}

static void read_trap(struct app *app, struct tx *tx, struct cursor *pdu)
{
    struct snmp_tx *snmp = tx_data(tx);
    uint8_t tag;

    snmp->trap_oid = oid_text(app, tx, take_tag(pdu, TAG_OID));
    snmp->trap_address = app_keep(app, tx, take(pdu, &tag));
    snmp->trap = take_number(pdu);
    (void)take_number(pdu); /* specific trap */
    (void)take(pdu, &tag);  /* time */
}

static void read_pdu(struct app *app, struct tx *tx, struct cursor *c)
{
    struct snmp_tx *snmp = tx_data(tx);
    uint8_t tag;
    struct cursor pdu = cursor_of(take(c, &tag));

    if (tag < TAG_PDU || tag > TAG_PDU + PDU_LAST) {
        c->short_read = true;
        return;
    }
    snmp->pdu = tag & 15;
    snmp->has_pdu = cursor_ok(c);
    if (snmp->pdu == TRAP_V1) {
        read_trap(app, tx, &pdu);
    } else {
        (void)take_number(&pdu); /* request */
        snmp->error = take_number(&pdu);
        (void)take_number(&pdu); /* index of the fault */
    }
    read_vars(app, tx, &pdu);
    if (!cursor_ok(&pdu))
        c->short_read = true;
}

/* RFC 3412, section 6; RFC 3414, section 2.4. */
static void read_v3(struct app *app, struct tx *tx, struct cursor *c)
{
    struct snmp_tx *snmp = tx_data(tx);
    struct cursor global = cursor_of(take_tag(c, TAG_SEQUENCE));
    struct slice parameters = take_tag(c, TAG_STRING);

    (void)take_number(&global);
    (void)take_number(&global);
    struct slice flags = take_tag(&global, TAG_STRING);
    if (take_number(&global) != USER_SECURITY) {
        app_note(app, tx, NOTE_SECURITY);
        return;
    }
    struct cursor outer = cursor_of(parameters);
    struct cursor usm = cursor_of(take_tag(&outer, TAG_SEQUENCE));
    (void)take_tag(&usm, TAG_STRING); /* engine */
    (void)take_number(&usm);
    (void)take_number(&usm);
    snmp->user = app_keep(app, tx, take_tag(&usm, TAG_STRING));
    if (!cursor_ok(&usm) || !cursor_ok(&global))
        c->short_read = true;
    snmp->encrypted = flags.len && (flags.at[0] & FLAG_ENCRYPTED);
    if (snmp->encrypted)
        return;
    struct cursor scoped = cursor_of(take_tag(c, TAG_SEQUENCE));
    (void)take_tag(&scoped, TAG_STRING); /* engine */
    (void)take_tag(&scoped, TAG_STRING); /* context */
    read_pdu(app, tx, &scoped);
    if (!cursor_ok(&scoped))
        c->short_read = true;
}

static void read_message(struct app *app, struct tx *tx, struct cursor *c)
{
    struct snmp_tx *snmp = tx_data(tx);
    struct snmp_state *state = app_state(app);

    if (state->version && state->version != snmp->version)
        app_note(app, tx, NOTE_VERSION);
    else
        state->version = snmp->version;
    if (snmp->version == 3) {
        read_v3(app, tx, c);
        return;
    }
    struct slice community = app_keep(app, tx, take_tag(c, TAG_STRING));
    snmp->community = community.at ? community : SLICE_LIT("");
    read_pdu(app, tx, c);
}

static struct parsed snmp_parse(struct app *app, enum dir dir, struct slice in)
{
    struct cursor outer = cursor_of(in);
    struct cursor c = cursor_of(take_tag(&outer, TAG_SEQUENCE));
    uint32_t version = take_number(&c);

    if (!in.len)
        return parse_more(1);
    if (!cursor_ok(&outer) || !cursor_ok(&c) || (version > 1 && version != 3))
        return parse_bad();
    struct tx *tx = app_tx_new(app, 0);
    if (!tx)
        return parse_full();
    struct snmp_tx *snmp = tx_data(tx);
    snmp->version = version == 3 ? 3 : version + 1;
    read_message(app, tx, &c);
    if (!cursor_ok(&c))
        app_note(app, tx, NOTE_MALFORMED);
    app_progress(app, tx, dir, TX_DONE);
    return parse_done(in.len);
}

static enum probe snmp_probe(struct slice head, enum dir dir)
{
    struct cursor outer = cursor_of(head);
    uint8_t tag;

    (void)dir;
    if (!head.len || head.at[0] != TAG_SEQUENCE)
        return PROBE_NO;
    struct cursor c = cursor_of(take_tag(&outer, TAG_SEQUENCE));
    uint32_t version = take_number(&c);
    (void)take(&c, &tag);
    if (!cursor_ok(&outer) || !cursor_ok(&c) || (version > 1 && version != 3))
        return PROBE_NO;
    if (version == 3)
        return tag == TAG_SEQUENCE ? PROBE_YES : PROBE_NO;
    uint8_t pdu = cursor_u8(&c);
    return tag == TAG_STRING && pdu >= TAG_PDU && pdu <= TAG_PDU + PDU_LAST ? PROBE_YES : PROBE_NO;
}

/* ---- fields ------------------------------------------------------------------------------- */

static const struct label pdus[] = {
    {0, "get_request"},    {1, "get_next_request"},
    {2, "response"},       {3, "set_request"},
    {4, "trap_v1"},        {5, "get_bulk_request"},
    {6, "inform_request"}, {7, "trap_v2"},
    {8, "report"},         {0, NULL},
};

static const struct label traps[] = {
    {0, "coldStart"},
    {1, "warmStart"},
    {2, "linkDown"},
    {3, "linkUp"},
    {4, "authenticationFailure"},
    {5, "egpNeighborLoss"},
    {6, "enterpriseSpecific"},
    {0, NULL},
};

static bool has_pdu(const struct tx *tx, const void *data)
{
    (void)tx;
    return ((const struct snmp_tx *)data)->has_pdu;
}

static const struct field var_fields[] = {
    {.name = "snmp.var",
     .eve = "",
     .uses = IN_RULES | IN_EVE,
     .type = FIELD_BYTES,
     .offset = offsetof(struct snmp_var, oid),
     .progress = TX_DONE,
     .doc = "Name of a variable, as numbers with dots"},
    FIELD_END,
};

static const struct field snmp_fields[] = {
    {.name = "snmp.version",
     .eve = "version",
     .uses = IN_RULES | IN_EVE,
     .type = FIELD_U32,
     .offset = offsetof(struct snmp_tx, version),
     .progress = TX_DONE,
     .doc = "Version: 1, 2, 3"},
    {.name = "snmp.pdu_type",
     .eve = "pdu_type",
     .uses = IN_RULES | IN_EVE | IN_BASELINE,
     .type = FIELD_U32,
     .offset = offsetof(struct snmp_tx, pdu),
     .progress = TX_DONE,
     .zero = true,
     .labels = pdus,
     .has = has_pdu,
     .doc = "What the message does, number or name"},
    {.name = "snmp.error",
     .eve = "error",
     .uses = IN_EVE,
     .type = FIELD_U32,
     .offset = offsetof(struct snmp_tx, error),
     .progress = TX_DONE,
     .doc = "Error status of a response (non-repeaters of a bulk request)"},
    {.name = "snmp.vars",
     .eve = "vars",
     .uses = IN_EVE,
     .type = FIELD_LIST,
     .offset = offsetof(struct snmp_tx, vars),
     .progress = TX_DONE,
     .items = var_fields,
     .item_size = sizeof(struct snmp_var),
     .doc = "Names of the variables"},
    {.name = "snmp.community",
     .eve = "community",
     .uses = IN_RULES | IN_EVE,
     .type = FIELD_BYTES,
     .offset = offsetof(struct snmp_tx, community),
     .progress = TX_DONE,
     .zero = true,
     .filled = true,
     .doc = "Community of versions 1 and 2"},
    {.name = "snmp.usm",
     .eve = "usm",
     .uses = IN_RULES | IN_EVE,
     .type = FIELD_BYTES,
     .offset = offsetof(struct snmp_tx, user),
     .progress = TX_DONE,
     .doc = "User of version 3"},
    FIELD_END,
};

static void snmp_write(struct tx *tx, uint32_t i, struct jsonw *w)
{
    const struct snmp_tx *snmp = tx_data_const(tx);

    (void)i;
    field_write_eve(tx, w);
    if (snmp->encrypted)
        jsonw_str(w, "pdu_type", "encrypted");
    if (!snmp->has_pdu || snmp->pdu != TRAP_V1)
        return;
    for (const struct label *l = traps; l->name; l++)
        if (l->value == snmp->trap)
            jsonw_str(w, "trap_type", l->name);
    jsonw_text(w, "trap_oid", snmp->trap_oid);
    if (snmp->trap_address.len == 4) {
        struct addr addr = addr_from_bytes(snmp->trap_address);
        jsonw_addr(w, "trap_address", &addr);
    }
}

const struct proto_def proto_snmp = {
    .name = "snmp",
    .spec = "RFC 1157, RFC 3416, RFC 3414",
    .doc = "Reading and setting of network devices",
    .l4 = L4_UDP,
    .ports = {161, 162},
    .breadth = "SNMP",
    .tx_size = sizeof(struct snmp_tx),
    .state_size = sizeof(struct snmp_state),
    .one_sided = true,
    .ends = TX_ENDS_PACKET,
    .probe = snmp_probe,
    .parse = snmp_parse,
    .write_event = snmp_write,
    .fields = snmp_fields,
    .notes = snmp_notes,
};
