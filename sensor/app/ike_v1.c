/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Payloads of IKE version 1. Spec: RFC 2408 section 3; RFC 2409 appendix A (attributes).
 * What the two sides sent stays in the flow's state: later events tell it, too.
 */
#include "sensor/app/ike_tx.h"

enum {
    PAYLOAD_SA = 1,
    PAYLOAD_PROPOSAL = 2,
    PAYLOAD_TRANSFORM = 3,
    PAYLOAD_KEY = 4,
    PAYLOAD_NONCE = 10,
    PAYLOAD_VENDOR = 13,
    HEADER = 4,
    DOI_IPSEC = 1,
    SHORT_ATTRIBUTE = 0x8000,
    DEPTH_MAX = 3, /* association, proposal, transform */
};

struct slice ike_v1_hex(struct app *app, struct tx *tx, struct slice bytes)
{
    static const char digits[] = "0123456789abcdef";
    uint8_t *text = app_alloc(app, tx, bytes.len * 2 + 1);

    for (uint32_t i = 0; text && i < bytes.len; i++) {
        text[2 * i] = (uint8_t)digits[bytes.at[i] >> 4];
        text[2 * i + 1] = (uint8_t)digits[bytes.at[i] & 15];
    }
    return text ? (struct slice){text, bytes.len * 2} : SLICE_NONE;
}

void ike_v1_payload(struct app *app, struct tx *tx, uint8_t type, bool once)
{
    struct ike_tx *ike = tx_data(tx);
    const uint8_t *types = ike->payloads.at;

    if ((once && ike->payloads.n && memchr(types, type, ike->payloads.n)) ||
        ike->payloads.n >= IKE_PAYLOADS_MAX)
        return;
    uint8_t *item = app_append(app, tx, &ike->payloads, sizeof *item);
    if (item)
        *item = type;
}

/* One payload of a chain; false behind the last whole one. A length below the header's is taken
 * for an empty payload. */
static bool take_payload(struct cursor *c, uint8_t *next, struct slice *body)
{
    uint8_t following = cursor_u8(c);

    cursor_skip(c, 1);
    uint16_t length = cursor_be16(c);
    *body = cursor_take(c, length > HEADER ? length - HEADER : 0);
    *next = following;
    return cursor_ok(c);
}

static void read_attributes(struct app *app, struct tx *tx, struct ike_transform *transform,
                            struct cursor *c)
{
    while (cursor_left(c) && transform->attributes.n < IKE_ATTRIBUTES_MAX) {
        struct ike_attribute read = {.type = cursor_be16(c)};
        uint16_t value = cursor_be16(c);
        read.number = value;
        read.has_number = true;
        if (!(read.type & SHORT_ATTRIBUTE)) {
            struct slice bytes = cursor_take(c, value);
            struct cursor number = cursor_of(bytes);
            read.number = cursor_be32(&number);
            read.has_number = bytes.len == 4;
            read.bytes = app_keep(app, tx, bytes);
        }
        read.type &= SHORT_ATTRIBUTE - 1;
        struct ike_attribute *attribute =
            cursor_ok(c) ? app_append(app, tx, &transform->attributes, sizeof *attribute) : NULL;
        if (!attribute)
            return;
        *attribute = read;
    }
}

static void read_transform(struct app *app, struct tx *tx, struct slice body)
{
    struct ike_tx *ike = tx_data(tx);
    struct cursor c = cursor_of(body);

    cursor_skip(&c, 4); /* number, identifier, reserved */
    if (!cursor_ok(&c) || ike->transforms.n >= IKE_TRANSFORMS_MAX)
        return;
    struct ike_transform *transform = app_append(app, tx, &ike->transforms, sizeof *transform);
    if (transform)
        read_attributes(app, tx, transform, &c);
}

static void read_vendor(struct app *app, struct tx *tx, struct slice body)
{
    struct ike_tx *ike = tx_data(tx);
    struct ike_text *vendor = ike->vendors.n < IKE_PAYLOADS_MAX
                                  ? app_append(app, tx, &ike->vendors, sizeof *vendor)
                                  : NULL;
    if (vendor)
        vendor->text = ike_v1_hex(app, tx, body);
}

/* Where the payloads inside of one begin and of what type they are; 0 = none. False: too short. */
static bool inner(struct app *app, struct tx *tx, uint8_t type, struct cursor *c, uint8_t *inside)
{
    struct ike_state *state = app_state(app);
    struct ike_tx *ike = tx_data(tx);

    *inside = 0;
    if (type == PAYLOAD_SA) {
        uint32_t doi = cursor_be32(c);
        if (!cursor_ok(c))
            return false;
        state->has_doi = ike->has_doi = true;
        state->doi = ike->doi = doi;
        if (doi == DOI_IPSEC) {
            cursor_skip(c, 4); /* situation */
            *inside = PAYLOAD_PROPOSAL;
        }
    } else if (type == PAYLOAD_PROPOSAL) {
        cursor_skip(c, 2);
        uint8_t spi = cursor_u8(c);
        cursor_skip(c, 1);
        cursor_skip(c, spi);
        *inside = PAYLOAD_TRANSFORM;
    }
    return cursor_ok(c);
}

static void read_plain(struct app *app, struct tx *tx, uint8_t type, struct slice body)
{
    struct ike_tx *ike = tx_data(tx);

    if (type == PAYLOAD_TRANSFORM)
        read_transform(app, tx, body);
    else if (type == PAYLOAD_VENDOR)
        read_vendor(app, tx, body);
    else if (type == PAYLOAD_KEY)
        ike->key = app_keep(app, tx, body);
    else if (type == PAYLOAD_NONCE)
        ike->nonce = app_keep(app, tx, body);
}

/* Chains of payloads, one inside the other; each level is a cursor. */
static bool read_chain(struct app *app, struct tx *tx, uint8_t next, struct slice in)
{
    struct cursor level[DEPTH_MAX] = {cursor_of(in)};
    uint8_t type[DEPTH_MAX] = {next};
    uint32_t depth = 0;

    for (;;) {
        uint8_t of = type[depth], inside;
        struct slice body;
        if (!take_payload(&level[depth], &type[depth], &body)) {
            if (!depth--)
                return true;
            continue;
        }
        if (ike_names_payload(1, of))
            ike_v1_payload(app, tx, of, true);
        struct cursor c = cursor_of(body);
        if (!inner(app, tx, of, &c, &inside))
            return false;
        if (inside && depth + 1 < DEPTH_MAX) {
            level[++depth] = c;
            type[depth] = inside;
        } else {
            read_plain(app, tx, of, body);
        }
    }
}

/* ---- what the flow remembers -------------------------------------------------------------- */

static void remember(struct app *app, struct ike_kept **kept, struct slice bytes)
{
    if (!*kept && bytes.len)
        *kept = app_state_alloc(app, sizeof **kept);
    if (!*kept)
        return;
    (*kept)->len = 0;
    if (!bytes.len || bytes.len > IKE_KEPT_MAX)
        return;
    memcpy((*kept)->at, bytes.at, bytes.len);
    (*kept)->len = (uint16_t)bytes.len;
}

static void remember_chosen(struct ike_state *state, const struct ike_tx *ike)
{
    const struct ike_transform *first = ike->transforms.at;

    if (state->offers || !first)
        return;
    state->offers = ike->transforms.n;
    const struct ike_attribute *attributes = first->attributes.at;
    for (uint32_t i = 0; i < first->attributes.n; i++) {
        if (!attributes[i].has_number)
            continue;
        state->chosen[state->n_chosen] = attributes[i];
        state->chosen[state->n_chosen++].bytes = SLICE_NONE;
    }
}

static struct slice recall(struct app *app, struct tx *tx, const struct ike_kept *kept)
{
    return kept && kept->len ? app_keep(app, tx, (struct slice){kept->at, kept->len}) : SLICE_NONE;
}

static void tell(struct app *app, struct tx *tx, const struct ike_state *state)
{
    struct ike_tx *ike = tx_data(tx);

    ike->has_doi = state->has_doi;
    ike->doi = state->doi;
    ike->has_chosen = state->offers > 0;
    for (uint32_t i = 0; i < state->n_chosen; i++) {
        struct ike_attribute *a = app_append(app, tx, &ike->chosen.attributes, sizeof *a);
        if (a)
            *a = state->chosen[i];
    }
    for (uint32_t d = 0; d < 2 && !ike->encrypted; d++) {
        ike->offer[d].key = recall(app, tx, state->key[d]);
        ike->offer[d].nonce = recall(app, tx, state->nonce[d]);
    }
}

bool ike_v1_read(struct app *app, struct tx *tx, enum dir dir, uint8_t next, struct slice body)
{
    struct ike_state *state = app_state(app);
    struct ike_tx *ike = tx_data(tx);

    if (ike->encrypted) {
        ike_v1_payload(app, tx, next, true);
        tell(app, tx, state);
        return true;
    }
    if (!read_chain(app, tx, next, body))
        return false;
    ike->key_length = ike->key.len;
    ike->nonce_length = ike->nonce.len;
    remember(app, &state->key[dir], ike->key);
    remember(app, &state->nonce[dir], ike->nonce);
    if (dir == TO_CLIENT) {
        if (state->offers <= 1 && ike->transforms.n > 1)
            app_note(app, tx, IKE_MULTIPLE);
        remember_chosen(state, ike);
    }
    tell(app, tx, state);
    return true;
}
