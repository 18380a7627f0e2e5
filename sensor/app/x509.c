/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/app/x509.h"

#include "sensor/app/der.h"

enum { TEXT_MAX = 2048, OID_MAX = 64, SERIAL_MAX = 32 };
enum { UNIQUE_1 = 0x81, UNIQUE_2 = 0x82, EXTENSIONS = 0xa3 };

struct text {
    uint32_t len;
    uint8_t at[TEXT_MAX];
};

static void add_byte(struct text *text, uint8_t b)
{
    if (text->len < TEXT_MAX)
        text->at[text->len++] = b;
}

static void add(struct text *text, struct slice s)
{
    s = slice_head(s, TEXT_MAX - text->len);
    if (s.len)
        memcpy(&text->at[text->len], s.at, s.len);
    text->len += s.len;
}

/* RFC 4514 and the names in common use. */
static const struct {
    struct slice oid, name;
} attributes[] = {
    {SLICE_LIT("\x55\x04\x03"), SLICE_LIT("CN")},
    {SLICE_LIT("\x55\x04\x04"), SLICE_LIT("SN")},
    {SLICE_LIT("\x55\x04\x05"), SLICE_LIT("serialNumber")},
    {SLICE_LIT("\x55\x04\x06"), SLICE_LIT("C")},
    {SLICE_LIT("\x55\x04\x07"), SLICE_LIT("L")},
    {SLICE_LIT("\x55\x04\x08"), SLICE_LIT("ST")},
    {SLICE_LIT("\x55\x04\x09"), SLICE_LIT("street")},
    {SLICE_LIT("\x55\x04\x0a"), SLICE_LIT("O")},
    {SLICE_LIT("\x55\x04\x0b"), SLICE_LIT("OU")},
    {SLICE_LIT("\x55\x04\x0c"), SLICE_LIT("title")},
    {SLICE_LIT("\x55\x04\x0d"), SLICE_LIT("description")},
    {SLICE_LIT("\x55\x04\x0f"), SLICE_LIT("businessCategory")},
    {SLICE_LIT("\x55\x04\x11"), SLICE_LIT("postalCode")},
    {SLICE_LIT("\x55\x04\x2a"), SLICE_LIT("GN")},
    {SLICE_LIT("\x55\x04\x2e"), SLICE_LIT("dnQualifier")},
    {SLICE_LIT("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01"), SLICE_LIT("Email")},
    {SLICE_LIT("\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x01"), SLICE_LIT("UID")},
    {SLICE_LIT("\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x19"), SLICE_LIT("DC")},
    {SLICE_LIT("\x2b\x06\x01\x04\x01\x82\x37\x3c\x02\x01\x01"),
     SLICE_LIT("msJurisdictionLocality")},
    {SLICE_LIT("\x2b\x06\x01\x04\x01\x82\x37\x3c\x02\x01\x02"),
     SLICE_LIT("msJurisdictionStateOrProvince")},
    {SLICE_LIT("\x2b\x06\x01\x04\x01\x82\x37\x3c\x02\x01\x03"), SLICE_LIT("msJurisdictionCountry")},
};

static void add_type(struct text *text, struct slice oid)
{
    char dotted[OID_MAX];
    for (uint32_t i = 0; i < sizeof attributes / sizeof *attributes; i++) {
        if (slice_eq(attributes[i].oid, oid)) {
            add(text, attributes[i].name);
            return;
        }
    }
    uint32_t len = der_oid_text(oid, dotted, OID_MAX);
    add(text, (struct slice){(const uint8_t *)dotted, len});
}

static void add_utf16(struct text *text, struct slice units)
{
    struct cursor c = cursor_of(units);
    while (cursor_left(&c) >= 2) {
        uint16_t unit = cursor_be16(&c);
        if (unit < 0x80) {
            add_byte(text, (uint8_t)unit);
        } else if (unit < 0x800) {
            add_byte(text, (uint8_t)(0xc0 | unit >> 6));
            add_byte(text, (uint8_t)(0x80 | (unit & 0x3f)));
        } else {
            add_byte(text, (uint8_t)(0xe0 | unit >> 12));
            add_byte(text, (uint8_t)(0x80 | (unit >> 6 & 0x3f)));
            add_byte(text, (uint8_t)(0x80 | (unit & 0x3f)));
        }
    }
}

static void add_hex(struct text *text, struct slice bytes, uint8_t separator)
{
    static const uint8_t digits[] = "0123456789ABCDEF";
    for (uint32_t i = 0; i < bytes.len; i++) {
        if (i && separator)
            add_byte(text, separator);
        add_byte(text, digits[bytes.at[i] >> 4]);
        add_byte(text, digits[bytes.at[i] & 15]);
    }
}

static void add_value(struct text *text, const struct der *value)
{
    switch (value->tag) {
    case DER_UTF8:
    case DER_PRINTABLE:
    case DER_IA5:
    case DER_NUMERIC:
    case DER_VISIBLE:
    case DER_T61:
        add(text, value->body);
        return;
    case DER_BMP:
        add_utf16(text, value->body);
        return;
    default:
        add_hex(text, value->body, 0);
    }
}

/* Name ::= SEQUENCE OF SET OF SEQUENCE { type, value } */
static bool read_name(struct tx *tx, struct slice name, struct slice *out)
{
    struct text text = {.len = 0};
    struct cursor sets = cursor_of(name);
    struct slice set, pair, oid;
    bool good = true;

    while (good && cursor_left(&sets)) {
        if (!(good = der_expect(&sets, DER_SET, &set)))
            break;
        struct cursor pairs = cursor_of(set);
        for (bool first = true; good && cursor_left(&pairs); first = false) {
            struct der value;
            good = der_expect(&pairs, DER_SEQUENCE, &pair);
            struct cursor c = cursor_of(good ? pair : SLICE_NONE);
            good = good && der_expect(&c, DER_OID, &oid) && der_next(&c, &value);
            if (!good)
                break;
            if (text.len)
                add(&text, first ? SLICE_LIT(", ") : SLICE_LIT(" + "));
            add_type(&text, oid);
            add_byte(&text, '=');
            add_value(&text, &value);
        }
    }
    *out = app_tx_keep(tx, (struct slice){text.at, text.len});
    return good;
}

static bool read_validity(struct slice validity, struct x509 *x509)
{
    struct cursor c = cursor_of(validity);
    struct der from, until;
    return der_next(&c, &from) && der_next(&c, &until) && der_time(&from, &x509->not_before) &&
           der_time(&until, &x509->not_after);
}

/* True when the bytes end before the length of an element is complete. */
static bool cut_in_header(struct cursor c)
{
    cursor_skip(&c, 1);
    uint8_t len = cursor_u8(&c);
    if (len & 0x80)
        cursor_skip(&c, len & 0x7f);
    return !cursor_ok(&c);
}

/* The next SEQUENCE; `part` is what is wrong when there is none. */
static bool sequence(struct cursor *c, struct slice *body, struct x509 *x509, enum x509_part part)
{
    x509->fault = cut_in_header(*c) ? X509_LENGTH : (uint8_t)part;
    return der_expect(c, DER_SEQUENCE, body);
}

static bool read_serial(struct tx *tx, struct cursor *c, struct x509 *x509)
{
    struct text serial = {.len = 0};
    struct der element;

    x509->fault = X509_VERSION;
    if (!der_next(c, &element))
        return false;
    if (element.tag == DER_CONTEXT_0 && !der_next(c, &element)) /* version, then the serial */
        return false;
    x509->fault = X509_SERIAL;
    if (element.tag != DER_INTEGER)
        return false;
    add_hex(&serial, slice_head(element.body, SERIAL_MAX), ':');
    x509->serial = app_tx_keep(tx, (struct slice){serial.at, serial.len});
    return true;
}

static bool read_dates(struct cursor *c, struct x509 *x509)
{
    struct slice part;

    if (!sequence(c, &part, x509, X509_VALIDITY))
        return false;
    x509->fault = X509_DATE;
    return read_validity(part, x509);
}

static bool read_party(struct tx *tx, struct cursor *c, struct x509 *x509, enum x509_part who,
                       struct slice *name)
{
    struct slice part;

    if (!sequence(c, &part, x509, who))
        return false;
    x509->fault = X509_NAME;
    return read_name(tx, part, name);
}

/* What follows the names: the key, two identifiers that nobody uses, extensions as a list. Only
 * whether they are laid out as they must be is asked; X509_DER: they are. */
static enum x509_part end_fault(struct cursor *c)
{
    struct slice key, list, extension;
    struct der next = {.tag = 0};

    if (!der_expect(c, DER_SEQUENCE, &key))
        return X509_CERTIFICATE;
    if (!cursor_left(c))
        return X509_DER;
    do {
        if (!der_next(c, &next))
            return X509_CERTIFICATE;
    } while ((next.tag == UNIQUE_1 || next.tag == UNIQUE_2) && cursor_left(c));
    if (next.tag != EXTENSIONS)
        return next.tag == UNIQUE_1 || next.tag == UNIQUE_2 ? X509_DER : X509_EXTENSIONS;
    struct cursor body = cursor_of(next.body);
    if (!der_expect(&body, DER_SEQUENCE, &list))
        return X509_EXTENSIONS;
    for (struct cursor one = cursor_of(list); cursor_left(&one);) {
        if (!der_expect(&one, DER_SEQUENCE, &extension))
            return X509_CERTIFICATE;
    }
    return X509_DER;
}

bool x509_read(struct tx *tx, struct slice der, struct x509 *x509)
{
    struct cursor c = cursor_of(der);
    struct slice certificate, tbs, algorithm;

    if (!sequence(&c, &certificate, x509, X509_DER))
        return false;
    c = cursor_of(certificate);
    if (!sequence(&c, &tbs, x509, X509_CERTIFICATE))
        return false;
    c = cursor_of(tbs);
    bool good = read_serial(tx, &c, x509) && sequence(&c, &algorithm, x509, X509_ALGORITHM) &&
                read_party(tx, &c, x509, X509_ISSUER, &x509->issuer) && read_dates(&c, x509) &&
                read_party(tx, &c, x509, X509_SUBJECT, &x509->subject);
    if (good)
        x509->extensions_fault = (uint8_t)end_fault(&c);
    return good;
}
