/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Payloads of IKE version 2 and the weaknesses of what is proposed. Spec: RFC 7296 section 3,
 * RFC 8247 (which algorithms are to be avoided).
 * A message with a payload that cannot be read shows none of them.
 */
#include "sensor/app/ike_tx.h"

enum {
    PAYLOAD_SA = 33,
    PAYLOAD_NOTIFY = 41,
    PAYLOAD_SELECTOR_I = 44,
    PAYLOAD_SELECTOR_R = 45,
    HEADER = 4,
    PROTOCOL_AH = 2,
    ERRORS_BELOW = 16384,
};

/* A pass over a message; the first is `dry`: it only looks whether all can be read. */
struct pass {
    struct app *app;
    struct tx *tx;
    enum dir dir;
    bool dry;
};

/* What a proposal holds, for judging it. */
struct proposal {
    bool has_dh, has_auth, has_aead;
};

/* ---- weaknesses --------------------------------------------------------------------------- */

static void judge(struct app *app, struct tx *tx, uint8_t kind, uint16_t id)
{
    /* by kind: the highest bit that counts is 31 */
    static const uint32_t weak[IKE_KINDS] = {
        [IKE_ENC] = 0xbfe,                                 /* DES and its kin, NULL */
        [IKE_PRF] = 1u << 1 | 1u << 2,                     /* MD5, SHA-1 */
        [IKE_AUTH] = 0xfe,                                 /* MD5, SHA-1, DES, XCBC */
        [IKE_DH] = 1u << 1 | 1u << 2 | 1u << 5 | 1u << 22, /* 1536 bits and less */
    };
    static const uint8_t note[IKE_KINDS] = {
        0, IKE_WEAK_ENC, IKE_WEAK_PRF, IKE_WEAK_AUTH, IKE_WEAK_DH, 0};

    if (kind < IKE_ENC || kind >= IKE_KINDS)
        app_note(app, tx, IKE_UNKNOWN);
    else if ((kind == IKE_PRF || kind == IKE_DH) && !id)
        app_note(app, tx, IKE_INVALID);
    else if (id < 32 && (weak[kind] >> id & 1))
        app_note(app, tx, note[kind]);
}

static bool is_aead(uint16_t id)
{
    return (id >= 14 && id <= 16) || (id >= 18 && id <= 20) || (id >= 25 && id <= 28);
}

static void look_at(struct proposal *p, uint8_t kind, uint16_t id)
{
    p->has_dh = p->has_dh || kind == IKE_DH;
    p->has_auth = p->has_auth || (kind == IKE_AUTH && id);
    p->has_aead = p->has_aead || (kind == IKE_ENC && is_aead(id));
}

/* ---- associations ------------------------------------------------------------------------- */

static void take_transform(const struct pass *pass, uint8_t kind, uint16_t id)
{
    struct ike_state *state = app_state(pass->app);
    struct ike_tx *ike = tx_data(pass->tx);

    judge(pass->app, pass->tx, kind, id);
    if (pass->dir == TO_SERVER || kind < IKE_ENC || kind >= IKE_KINDS)
        return;
    state->alg[kind] = id;
    ike->chose |= (uint8_t)(1u << kind);
}

static bool read_transforms(const struct pass *pass, struct cursor *c, uint8_t n)
{
    struct proposal p = {.has_dh = false};

    for (uint8_t i = 0; i < n && cursor_ok(c); i++) {
        cursor_skip(c, 2);
        uint16_t length = cursor_be16(c);
        uint8_t kind = cursor_u8(c);
        cursor_skip(c, 1);
        uint16_t id = cursor_be16(c);
        if (length < 8)
            return false;
        cursor_skip(c, length - 8);
        if (!cursor_ok(c))
            return false;
        look_at(&p, kind, id);
        if (!pass->dry)
            take_transform(pass, kind, id);
    }
    if (!p.has_dh && !pass->dry)
        app_note(pass->app, pass->tx, IKE_NO_DH);
    if (!p.has_auth && !p.has_aead && !pass->dry)
        app_note(pass->app, pass->tx, IKE_NO_AUTH);
    return cursor_ok(c);
}

/* Proposals of an association; bytes behind the last are passed over. */
static bool read_association(const struct pass *pass, struct slice body)
{
    struct cursor c = cursor_of(body);
    uint32_t n = 0;

    while (cursor_left(&c) >= 8 && n < IKE_PAYLOADS_MAX) {
        cursor_skip(&c, 2);
        uint16_t length = cursor_be16(&c);
        struct cursor one = cursor_of(cursor_take(&c, length > HEADER ? length - HEADER : 0));
        cursor_skip(&one, 1);
        uint8_t protocol = cursor_u8(&one), spi = cursor_u8(&one), transforms = cursor_u8(&one);
        cursor_skip(&one, spi);
        if (!cursor_ok(&c) || !cursor_ok(&one))
            return n > 0;
        if (!read_transforms(pass, &one, transforms))
            return n > 0;
        if (protocol == PROTOCOL_AH && !pass->dry)
            app_note(pass->app, pass->tx, IKE_NO_ENCRYPTION);
        n++;
    }
    if (pass->dir == TO_CLIENT && n > 1 && !pass->dry)
        app_note(pass->app, pass->tx, IKE_MULTIPLE);
    return n > 0;
}

/* ---- payloads ----------------------------------------------------------------------------- */

static bool read_notify(const struct pass *pass, struct slice body)
{
    struct ike_tx *ike = tx_data(pass->tx);
    struct cursor c = cursor_of(body);

    cursor_skip(&c, 1);
    uint8_t spi = cursor_u8(&c);
    uint16_t type = cursor_be16(&c);
    cursor_skip(&c, spi);
    if (!cursor_ok(&c) || pass->dry)
        return cursor_ok(&c);
    ike->errors += type < ERRORS_BELOW;
    uint16_t *notify = app_append(pass->app, pass->tx, &ike->notifies, sizeof *notify);
    if (notify)
        *notify = type;
    return true;
}

/* Fewest bytes that the body of a payload has, by type from 33 on. */
static bool long_enough(uint8_t type, uint32_t len)
{
    static const uint8_t least[] = {8, 4, 4, 4, 1, 1, 4, 0, 4, 5, 8, 12, 12};

    return type < PAYLOAD_SA || type >= PAYLOAD_SA + sizeof least ||
           len >= least[type - PAYLOAD_SA];
}

/* IPv4 or IPv6 range (RFC 7296, 3.13.1). */
static bool is_selector(struct slice body)
{
    struct cursor c = cursor_of(body);

    cursor_skip(&c, 4);
    uint8_t type = cursor_u8(&c);
    return type == 7 || type == 8;
}

static bool read_payload(const struct pass *pass, uint8_t type, struct slice body)
{
    if (!long_enough(type, body.len))
        return false;
    if (type == PAYLOAD_SA)
        return read_association(pass, body);
    if (type == PAYLOAD_NOTIFY)
        return read_notify(pass, body);
    return (type != PAYLOAD_SELECTOR_I && type != PAYLOAD_SELECTOR_R) || is_selector(body);
}

static void list_type(const struct pass *pass, uint8_t type)
{
    if (!pass->dry)
        ike_v1_payload(pass->app, pass->tx, type, false);
}

static bool read_chain(const struct pass *pass, uint8_t next, struct slice in)
{
    struct cursor c = cursor_of(in);
    uint32_t n = 0;

    list_type(pass, next);
    while (cursor_left(&c) && n < IKE_PAYLOADS_MAX) {
        uint8_t of = next;
        next = cursor_u8(&c);
        cursor_skip(&c, 1);
        uint16_t length = cursor_be16(&c);
        struct slice body = cursor_take(&c, length > HEADER ? length - HEADER : 0);
        if (!cursor_ok(&c) || length < HEADER || !read_payload(pass, of, body))
            return false;
        list_type(pass, next);
        n++;
    }
    return n > 0;
}

void ike_v2_read(struct app *app, struct tx *tx, enum dir dir, uint8_t next, struct slice body)
{
    const struct ike_state *state = app_state(app);
    struct ike_tx *ike = tx_data(tx);
    struct pass pass = {.app = app, .tx = tx, .dir = dir, .dry = true};

    if (read_chain(&pass, next, body)) {
        pass.dry = false;
        (void)read_chain(&pass, next, body);
    }
    memcpy(ike->alg, state->alg, sizeof ike->alg);
}
