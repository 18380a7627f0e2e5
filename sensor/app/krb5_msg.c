/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/app/krb5_msg.h"

#include "sensor/app/der.h"

enum { APPLICATION = 0x60, CONTEXT = 0xa0, GENERAL_STRING = 0x1b, TICKET = 1 };

static bool integer(struct slice field, int32_t *out)
{
    struct cursor c = cursor_of(field);
    struct slice body;
    uint32_t value;

    if (!der_expect(&c, DER_INTEGER, &body) || !body.len || body.len > 5)
        return false;
    value = body.at[0] & 0x80 ? UINT32_MAX : 0;
    for (uint32_t i = 0; i < body.len; i++)
        value = value << 8 | body.at[i];
    *out = (int32_t)value;
    return true;
}

static bool text(struct slice field, struct slice *out)
{
    struct cursor c = cursor_of(field);
    struct der element;

    if (!der_next(&c, &element) || (element.tag != GENERAL_STRING && element.tag != DER_UTF8 &&
                                    element.tag != DER_IA5 && element.tag != DER_OCTETS))
        return false;
    *out = element.body;
    return true;
}

/* PrincipalName: a kind and a sequence of strings. */
static bool name(struct slice field, struct krb5_name *out)
{
    struct cursor c = cursor_of(field);
    struct slice sequence, parts;
    struct der element;

    *out = (struct krb5_name){.present = false};
    if (!der_expect(&c, DER_SEQUENCE, &sequence))
        return false;
    c = cursor_of(sequence);
    while (der_next(&c, &element)) {
        struct cursor inner = cursor_of(element.body);
        if (element.tag != (CONTEXT | 1) || !der_expect(&inner, DER_SEQUENCE, &parts))
            continue;
        out->present = true;
        struct cursor list = cursor_of(parts);
        while (out->n < KRB5_PARTS_MAX && der_next(&list, &element))
            out->part[out->n++] = element.body;
        return true;
    }
    return false;
}

/* EncryptedData: its kind comes first. */
static bool encrypted(struct slice field, int32_t *etype)
{
    struct cursor c = cursor_of(field);
    struct slice sequence;
    struct der element;

    if (!der_expect(&c, DER_SEQUENCE, &sequence))
        return false;
    c = cursor_of(sequence);
    return der_next(&c, &element) && element.tag == CONTEXT && integer(element.body, etype);
}

static bool ticket(struct slice field, struct krb5_ticket *out)
{
    struct cursor c = cursor_of(field);
    struct slice body, sequence;
    struct der element;

    *out = (struct krb5_ticket){.present = false};
    if (!der_next(&c, &element) || element.tag != (APPLICATION | TICKET))
        return false;
    body = element.body;
    c = cursor_of(body);
    if (!der_expect(&c, DER_SEQUENCE, &sequence))
        return false;
    c = cursor_of(sequence);
    while (der_next(&c, &element)) {
        if (element.tag == (CONTEXT | 1))
            (void)text(element.body, &out->realm);
        else if (element.tag == (CONTEXT | 2))
            (void)name(element.body, &out->sname);
        else if (element.tag == (CONTEXT | 3))
            out->present = encrypted(element.body, &out->etype);
    }
    return out->present;
}

bool krb5_msg_ap_request(struct slice message, struct krb5_ticket *out)
{
    struct cursor c = cursor_of(message);
    struct slice sequence;
    struct der element;

    if (!der_next(&c, &element) || element.tag != (APPLICATION | KRB5_AP_REQ))
        return false;
    c = cursor_of(element.body);
    if (!der_expect(&c, DER_SEQUENCE, &sequence))
        return false;
    c = cursor_of(sequence);
    while (der_next(&c, &element)) {
        if (element.tag == (CONTEXT | 3))
            return ticket(element.body, out);
    }
    return false;
}

static void etypes(struct slice field, struct krb5_message *out)
{
    struct cursor c = cursor_of(field);
    struct slice sequence;
    struct der element;

    if (!der_expect(&c, DER_SEQUENCE, &sequence))
        return;
    c = cursor_of(sequence);
    while (out->n_etypes < KRB5_ETYPES_MAX && cursor_left(&c)) {
        struct cursor one = c;
        if (!der_next(&c, &element))
            return;
        struct slice whole = {one.at, (uint32_t)(c.at - one.at)};
        if (integer(whole, &out->etypes[out->n_etypes]))
            out->n_etypes++;
    }
}

/* KDC-REQ-BODY. */
static void request_body(struct slice field, struct krb5_message *out)
{
    struct cursor c = cursor_of(field);
    struct slice sequence;
    struct der element;

    if (!der_expect(&c, DER_SEQUENCE, &sequence))
        return;
    c = cursor_of(sequence);
    while (der_next(&c, &element)) {
        if (element.tag == (CONTEXT | 1))
            (void)name(element.body, &out->cname);
        else if (element.tag == (CONTEXT | 2))
            out->has_realm = text(element.body, &out->realm);
        else if (element.tag == (CONTEXT | 3))
            (void)name(element.body, &out->sname);
        else if (element.tag == (CONTEXT | 8))
            etypes(element.body, out);
    }
}

static void reply_part(const struct der *element, struct krb5_message *out)
{
    switch (element->tag & 0x1f) {
    case 3:
        out->has_realm = text(element->body, &out->realm);
        break;
    case 4:
        (void)name(element->body, &out->cname);
        break;
    case 5:
        (void)ticket(element->body, &out->ticket);
        out->sname = out->ticket.sname;
        break;
    case 6:
        out->has_etype = encrypted(element->body, &out->etype);
        break;
    default:
        break;
    }
}

static void error_part(const struct der *element, struct krb5_message *out)
{
    switch (element->tag & 0x1f) {
    case 6:
        out->has_error = integer(element->body, &out->error);
        break;
    case 7:
        out->has_realm = text(element->body, &out->realm);
        break;
    case 8:
        (void)name(element->body, &out->cname);
        break;
    case 10:
        (void)name(element->body, &out->sname);
        break;
    default:
        break;
    }
}

enum shape { REQUEST, REPLY, ERROR, OTHER, UNKNOWN };

static enum shape shape_of(uint8_t type)
{
    switch (type) {
    case KRB5_AS_REQ:
    case KRB5_TGS_REQ:
        return REQUEST;
    case KRB5_AS_REP:
    case KRB5_TGS_REP:
        return REPLY;
    case KRB5_ERROR:
        return ERROR;
    case KRB5_AP_REQ:
    case KRB5_AP_REP:
        return OTHER;
    default:
        return UNKNOWN;
    }
}

bool krb5_msg_read(struct slice message, struct krb5_message *out)
{
    struct cursor c = cursor_of(message);
    struct slice sequence;
    struct der element;
    int32_t type = -1;

    *out = (struct krb5_message){.type = 0};
    if (!der_next(&c, &element) || (element.tag & 0xe0) != APPLICATION)
        return false;
    out->type = element.tag & 0x1f;
    enum shape shape = shape_of(out->type);
    c = cursor_of(element.body);
    if (shape == UNKNOWN || !der_expect(&c, DER_SEQUENCE, &sequence))
        return false;
    uint8_t type_tag = CONTEXT | (shape == REQUEST ? 2 : 1);
    c = cursor_of(sequence);
    while (der_next(&c, &element)) {
        if (element.tag == type_tag)
            (void)integer(element.body, &type);
        else if (shape == REQUEST && element.tag == (CONTEXT | 4))
            request_body(element.body, out);
        else if (shape == REPLY)
            reply_part(&element, out);
        else if (shape == ERROR)
            error_part(&element, out);
    }
    return type == out->type;
}
