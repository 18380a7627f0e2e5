/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TLS beyond its buffers: the older keywords for names in the certificate, its validity, and the
 * version agreed on. Dates are UTC.
 */
#include "sensor/app/tls_tx.h"
#include "sensor/detect/buffer.h"
#include "sensor/detect/draft.h"

#include "common/clock.h"

/* ---- names: tls.subject:"CN=x", with ! in front when it must not be there ----------------- */

enum { FINGERPRINT_LEN = 59 };

static bool name_parse(struct draft *d, const struct keyword *kw, struct slice value)
{
    uint8_t bytes[512];
    const struct buffer *b = buffer_field(d->loader, slice_of_str(kw->extra));

    value = slice_trim(value);
    bool negated = value.len && value.at[0] == '!';
    if (negated)
        value = slice_from(value, 1);
    value = draft_unquote(value);
    if (!b || !value.len || value.len > sizeof(bytes))
        return draft_fail(d, "%s wants a text in quotes", kw->name);
    int32_t len = draft_bytes(d, value, bytes, sizeof(bytes), false);
    if (len >= 0 && len != FINGERPRINT_LEN && strcmp(kw->name, "tls.fingerprint") == 0)
        return draft_fail(d, "a fingerprint is %d letters long: 20 pairs with colons between them",
                          FINGERPRINT_LEN);
    struct op *op = len < 0 ? NULL : draft_op(d, b, OP_CONTENT);
    if (!op)
        return false;
    op->content.text = arena_keep(d->loader->arena, (struct slice){bytes, (uint32_t)len});
    op->flags = OP_NOT_FAST | (negated ? OP_NEGATED : 0u);
    d->last_group = -1;
    return true;
}

/* ---- tests on the whole handshake --------------------------------------------------------- */

static const struct tls_tx *handshake_of(const struct inspection *in)
{
    return in->tx && strcmp(in->tx->proto->name, "tls") == 0 ? tx_data(in->tx) : NULL;
}

static bool call(struct draft *d, const struct buffer *buffer,
                 bool (*match)(const struct inspection *, const void *), const void *args)
{
    struct op *op = draft_op(d, buffer, OP_CALL);

    if (!op)
        return false;
    d->last_group = -1;
    op->call.match = match;
    op->call.args = args;
    return true;
}

/* What the server has said. */
static const struct buffer *of_server(struct draft *d)
{
    return buffer_special(d->loader, "tls", BUFFER_TX, SIDE_SERVER);
}

/* What each side has said, in its own direction. */
static const struct buffer *of_side(struct draft *d)
{
    return buffer_special(d->loader, "tls.state", BUFFER_TX, SIDE_BOTH);
}

struct versions {
    uint16_t version[8];
    uint32_t n;
    bool negated;
};

static bool version_match(const struct inspection *in, const void *args)
{
    const struct versions *v = args;
    const struct tls_tx *tls = handshake_of(in);

    if (!tls || !tls->version || in->tx->progress[in->dir] < TX_LINE)
        return false;
    for (uint32_t i = 0; i < v->n; i++)
        if (v->version[i] == tls->version)
            return !v->negated;
    return v->negated;
}

static bool version_parse(struct draft *d, const struct keyword *kw, struct slice value)
{
    static const struct {
        const char *name;
        uint16_t version;
    } names[] = {{"sslv2", 0x0002},  {"sslv3", 0x0300},  {"tls1.0", 0x0301},
                 {"tls1.1", 0x0302}, {"tls1.2", 0x0303}, {"tls1.3", 0x0304}};
    struct versions *v = draft_alloc(d, sizeof(*v));
    struct slice part;

    (void)kw;
    while (v && draft_part(&value, ',', &part)) {
        part = draft_unquote(part);
        bool negated = part.len && part.at[0] == '!';
        part = slice_trim(slice_from(part, negated ? 1 : 0));
        uint32_t i = 0;
        while (i < 6 && !slice_ieq(part, slice_of_str(names[i].name)))
            i++;
        if (i == 6 || v->n == 8)
            return draft_fail(d, "ssl_version wants sslv2, sslv3, tls1.0 … tls1.3");
        v->negated |= negated;
        v->version[v->n++] = names[i].version;
    }
    if (!v || !v->n)
        return draft_fail(d, "ssl_version wants a version");
    return call(d, of_side(d), version_match, v);
}

/* ---- validity ----------------------------------------------------------------------------- */

static uint64_t now_s(const struct inspection *in)
{
    return in->packet ? in->packet->ts_ns / CLOCK_S : in->flow ? in->flow->last_ns / CLOCK_S : 0;
}

/* What lies before 1970 counts as its first second. */
static uint64_t seconds(int64_t since)
{
    return since > 0 ? (uint64_t)since : 0;
}

static bool expired_match(const struct inspection *in, const void *args)
{
    const struct tls_tx *tls = handshake_of(in);

    (void)args;
    return tls && tls->server.x509.not_after && seconds(tls->server.x509.not_after) < now_s(in);
}

static bool valid_match(const struct inspection *in, const void *args)
{
    const struct tls_tx *tls = handshake_of(in);

    (void)args;
    return tls && tls->server.x509.not_after && seconds(tls->server.x509.not_after) >= now_s(in) &&
           seconds(tls->server.x509.not_before) <= now_s(in);
}

static bool plain_parse(struct draft *d, const struct keyword *kw, struct slice value)
{
    if (value.len)
        return draft_fail(d, "\"%s\" takes no value", kw->name);
    return call(d, of_server(d), kw->extra ? valid_match : expired_match, NULL);
}

static bool before_match(const struct inspection *in, const void *args)
{
    const struct tls_tx *tls = handshake_of(in);

    return tls && tls->server.x509.not_after &&
           rule_num_ok(args, seconds(tls->server.x509.not_before));
}

static bool after_match(const struct inspection *in, const void *args)
{
    const struct tls_tx *tls = handshake_of(in);

    return tls && tls->server.x509.not_after &&
           rule_num_ok(args, seconds(tls->server.x509.not_after));
}

static uint64_t days_before(uint64_t year, uint64_t month, uint64_t day)
{
    static const uint16_t sums[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    uint64_t past = year - 1;
    uint64_t days = past * 365 + past / 4 - past / 100 + past / 400 - 719162;

    return days + sums[month - 1] + (leap && month > 2) + day - 1;
}

/* "2015", "2015-10", "2015-10-22", "2015-10-22T23:59:59" in seconds since 1970. */
static bool date_read(struct slice text, uint64_t *seconds)
{
    static const struct {
        char end;
        uint64_t min, max;
    } parts[] = {{'-', 1970, 9999}, {'-', 1, 12}, {'T', 1, 31},
                 {':', 0, 23},      {':', 0, 59}, {0, 0, 60}};
    uint64_t v[6] = {0, 1, 1, 0, 0, 0};

    text = slice_trim(text);
    for (uint32_t i = 0; i < 6 && text.len; i++) {
        int64_t end = slice_find_byte(text, (uint8_t)parts[i].end);
        if (end < 0 && parts[i].end == 'T')
            end = slice_find_byte(text, ' ');
        struct slice digits = end < 0 ? text : slice_head(text, (uint32_t)end);
        if (!slice_to_u64(digits, &v[i]) || v[i] < parts[i].min || v[i] > parts[i].max)
            return false;
        text = end < 0 ? SLICE_NONE : slice_from(text, (uint32_t)end + 1);
    }
    *seconds = ((days_before(v[0], v[1], v[2]) * 24 + v[3]) * 60 + v[4]) * 60 + v[5];
    return text.len == 0;
}

static bool date_parse(struct draft *d, const struct keyword *kw, struct slice value)
{
    struct num *num = draft_alloc(d, sizeof(*num));
    bool good = num != NULL;

    value = draft_unquote(slice_trim(value));
    int64_t range = slice_find(value, SLICE_LIT("<>"));
    if (good && range > 0) {
        num->mode = NUM_RANGE;
        good = date_read(slice_head(value, (uint32_t)range), &num->a) &&
               date_read(slice_from(value, (uint32_t)range + 2), &num->b);
    } else if (good && value.len) {
        uint8_t mark = value.at[0];
        num->mode = mark == '<' ? NUM_LT : mark == '>' ? NUM_GT : NUM_EQ;
        good = date_read(slice_from(value, mark == '<' || mark == '>' ? 1 : 0), &num->a);
    } else {
        good = false;
    }
    if (!good)
        return draft_fail(d, "%s wants a date like 2015-10-22, <, > or a<>b", kw->name);
    return call(d, of_server(d), kw->extra ? after_match : before_match, num);
}

/* ---- ssl_state ----------------------------------------------------------------------------- */

struct states {
    uint8_t any, none;
};

static bool state_match(const struct inspection *in, const void *args)
{
    const struct states *s = args;
    const struct tls_tx *tls = handshake_of(in);

    return tls && (!s->any || (tls->state & s->any)) && !(tls->state & s->none);
}

static bool state_parse(struct draft *d, const struct keyword *kw, struct slice value)
{
    static const struct label names[] = {
        {TLS_CLIENT_HELLO, "client_hello"}, {TLS_SERVER_HELLO, "server_hello"},
        {TLS_CLIENT_KEYX, "client_keyx"},   {TLS_SERVER_KEYX, "server_keyx"},
        {TLS_STATE_OTHER, "unknown"},       {0, NULL}};
    struct states *s = draft_alloc(d, sizeof(*s));
    struct slice part;

    while (s &&
           draft_part(&value, value.at && slice_find_byte(value, '|') >= 0 ? '|' : ',', &part)) {
        bool negated = part.at[0] == '!';
        struct slice name = slice_trim(slice_from(part, negated ? 1 : 0));
        uint32_t i = 0;
        while (names[i].name && !slice_eq(name, slice_of_str(names[i].name)))
            i++;
        if (!names[i].name)
            return draft_fail(d, "%s does not know \"%.*s\"", kw->name, (int)(name.len & 63),
                              (const char *)name.at);
        *(negated ? &s->none : &s->any) |= (uint8_t)names[i].value;
    }
    if (!s || (!s->any && !s->none))
        return draft_fail(d, "%s wants a state", kw->name);
    return call(d, of_side(d), state_match, s);
}

static bool store_parse(struct draft *d, const struct keyword *kw, struct slice value)
{
    (void)kw;
    (void)value;
    d->tx_tests = true; /* the certificates stand in the alert's tls object already */
    return true;
}

static const struct keyword rows[] = {
    {.name = "ssl_state",
     .stage = AT_TX,
     .value = VALUE_WANTED | VALUE_PLAIN,
     .parse = state_parse,
     .example = "ssl_state:client_hello",
     .doc = "The last message of the handshake that came with the last bytes of either side: "
            "client_hello, server_hello, client_keyx, server_keyx; unknown (none is); ! another"},
    {.name = "tls_store",
     .aliases = "tls.store",
     .stage = AT_HIT,
     .value = VALUE_NONE,
     .parse = store_parse,
     .example = "tls.cert_subject; content:\"CN=\"; tls_store",
     .doc = "The certificate chain is kept: it stands in the alert's tls object"},
    {.name = "tls.subject",
     .stage = AT_BUFFER,
     .value = VALUE_WANTED | VALUE_QUOTED,
     .parse = name_parse,
     .extra = "tls.cert_subject",
     .example = "tls.subject:\"CN=a.vn\"",
     .doc = "Part of the subject of the certificate (older form of tls.cert_subject)"},
    {.name = "tls.issuerdn",
     .stage = AT_BUFFER,
     .value = VALUE_WANTED | VALUE_QUOTED,
     .parse = name_parse,
     .extra = "tls.cert_issuer",
     .example = "tls.issuerdn:\"C=VN\"",
     .doc = "Part of the issuer of the certificate (older form of tls.cert_issuer)"},
    {.name = "tls.fingerprint",
     .stage = AT_BUFFER,
     .value = VALUE_WANTED | VALUE_QUOTED,
     .parse = name_parse,
     .extra = "tls.cert_fingerprint",
     .example = "tls.fingerprint:!\"4a:a3:66:76:82:cb:6b:23:bb:c3:58:47:23:a4:63:a7:78:a4:a1:18\"",
     .doc = "SHA-1 of the certificate (older form of tls.cert_fingerprint)"},
    {.name = "ssl_version",
     .stage = AT_TX,
     .value = VALUE_WANTED | VALUE_PLAIN,
     .parse = version_parse,
     .example = "ssl_version:tls1.0,tls1.1",
     .doc = "Version agreed on is in the list, asked in both directions: sslv2 sslv3 tls1.0 tls1.1 "
            "tls1.2 tls1.3; ! none of"},
    {.name = "tls_cert_expired",
     .stage = AT_TX,
     .value = VALUE_NONE,
     .parse = plain_parse,
     .example = "tls_cert_expired",
     .doc = "The certificate's time is over"},
    {.name = "tls_cert_valid",
     .stage = AT_TX,
     .value = VALUE_NONE,
     .parse = plain_parse,
     .extra = "valid",
     .example = "tls_cert_valid",
     .doc = "The certificate's time has begun and is not over"},
    {.name = "tls_cert_notbefore",
     .stage = AT_TX,
     .value = VALUE_WANTED | VALUE_PLAIN,
     .parse = date_parse,
     .example = "tls_cert_notbefore:>2015-10-22",
     .doc = "Date the certificate begins at: date, <, > or a<>b"},
    {.name = "tls_cert_notafter",
     .stage = AT_TX,
     .value = VALUE_WANTED | VALUE_PLAIN,
     .parse = date_parse,
     .extra = "after",
     .example = "tls_cert_notafter:<2025-10-22T23:59:59",
     .doc = "Date the certificate ends at: date, <, > or a<>b"},
    KEYWORD_END,
};

const struct kw_family kw_tls = {.doc = "TLS certificates and versions", .rows = rows};
