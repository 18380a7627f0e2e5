/* SPDX-License-Identifier: Apache-2.0 */
/*
 * modbus: function, access and unit of a Modbus request, as one keyword.
 * Written as in Suricata: "function 8, subfunction 4", "function !reserved",
 * "access write coils, address 0<>10, value >0", "unit 3, function 5".
 * Looks at requests only, once, when they are complete. Addresses of rules count from 1, as in the
 * data model of the specification; on the wire they count from 0.
 */
#include "sensor/app/modbus_tx.h"
#include "sensor/detect/buffer.h"
#include "sensor/detect/draft.h"

#include <string.h>

enum category { ASSIGNED = 1, UNASSIGNED = 2, USER = 4, RESERVED = 8 };

struct modbus_args {
    bool has_unit, has_function, has_sub, has_category, negated, has_access, has_table;
    bool has_address, has_value;
    uint8_t function, access, table, category;
    uint16_t sub;
    struct num unit, address, value;
};

/* ---- matching ----------------------------------------------------------------------------- */

/* MODBUS Application Protocol V1.1b3, section 5. */
static uint8_t category_of(uint8_t function)
{
    static const uint8_t assigned[] = {1,  2,  3,  4,  5,  6,  7,  8,  11, 12,
                                       15, 16, 17, 20, 21, 22, 23, 24, 43};
    static const uint8_t reserved[] = {9, 10, 13, 14, 41, 42, 90, 91, 125, 126, 127};

    if (memchr(assigned, function, sizeof(assigned)))
        return ASSIGNED;
    if (memchr(reserved, function, sizeof(reserved)))
        return RESERVED;
    return (function >= 65 && function <= 72) || (function >= 100 && function <= 110) ? USER
                                                                                      : UNASSIGNED;
}

static bool any_address(const struct modbus_message *m, const struct modbus_args *a)
{
    bool of_write = (a->access & MODBUS_WRITE) && m->has_write_range;
    uint32_t first = of_write ? m->write_address : m->address;
    uint32_t n = of_write ? m->write_quantity : m->quantity;

    if (!of_write && !m->has_range)
        return false;
    for (uint32_t i = 0; i < (n ? n : 1); i++) {
        if (rule_num_ok(&a->address, first + i + 1))
            return true;
    }
    return false;
}

/* A value written, at an address that fits when one is asked for; coils have 0 or 1. Suricata 7
 * does the same but for several coils in one request, where it sees no value. */
static bool any_value(const struct modbus_tx *tx, const struct modbus_args *a)
{
    const struct modbus_write *w = tx->writes.at;

    for (uint32_t i = 0; i < tx->writes.n; i++) {
        if (rule_num_ok(&a->value, w[i].value) &&
            (!a->has_address || rule_num_ok(&a->address, w[i].address + 1U)))
            return true;
    }
    return false;
}

static bool access_ok(const struct modbus_tx *tx, const struct modbus_args *a)
{
    const struct modbus_message *m = &tx->request;

    if (!(m->access & a->access) || (a->has_table && m->table != a->table))
        return false;
    if (a->has_value)
        return any_value(tx, a);
    return !a->has_address || any_address(m, a);
}

static bool modbus_match(const struct inspection *in, const void *args)
{
    const struct modbus_args *a = args;

    if (!in->tx || strcmp(in->tx->proto->name, "modbus") != 0 || in->dir != TO_SERVER)
        return false;
    const struct modbus_tx *tx = tx_data_const(in->tx);
    const struct modbus_message *m = &tx->request;
    if (!m->seen || (a->has_unit && !rule_num_ok(&a->unit, m->unit)))
        return false;
    if (a->has_function && m->function != a->function)
        return false;
    if (a->has_sub && (!m->has_sub || m->sub != a->sub))
        return false;
    if (a->has_category && ((category_of(m->function) & a->category) != 0) == a->negated)
        return false;
    return !a->has_access || access_ok(tx, a);
}

/* ---- reading ------------------------------------------------------------------------------ */

static struct slice next_word(struct slice *rest)
{
    int64_t end = slice_find_byte(*rest, ' ');
    struct slice word = end < 0 ? *rest : slice_head(*rest, (uint32_t)end);

    *rest = end < 0 ? SLICE_NONE : slice_trim(slice_from(*rest, (uint32_t)end));
    return word;
}

static bool read_function(struct draft *d, struct modbus_args *a, struct slice text)
{
    static const struct label names[] = {
        {ASSIGNED, "assigned"},
        {UNASSIGNED, "unassigned"},
        {USER, "user"},
        {RESERVED, "reserved"},
        {ASSIGNED | UNASSIGNED, "public"},
        {ASSIGNED | UNASSIGNED | USER | RESERVED, "all"},
        {0, NULL},
    };
    uint64_t code;

    if (draft_u64(text, &code) && code <= UINT8_MAX) {
        a->has_function = true;
        a->function = (uint8_t)code;
        return true;
    }
    a->negated = text.len && text.at[0] == '!';
    text = slice_trim(slice_from(text, a->negated ? 1 : 0));
    for (const struct label *l = names; l->name; l++) {
        if (!slice_eq(text, slice_of_str(l->name)))
            continue;
        a->has_category = true;
        a->category = (uint8_t)l->value;
        return true;
    }
    return draft_fail(d, "function wants a code up to 255 or a category");
}

static bool read_access(struct draft *d, struct modbus_args *a, struct slice text)
{
    static const struct label tables[] = {
        {MODBUS_DISCRETES, "discretes"},
        {MODBUS_COILS, "coils"},
        {MODBUS_INPUT, "input"},
        {MODBUS_HOLDING, "holding"},
        {0, NULL},
    };
    struct slice word = next_word(&text);
    bool read = slice_eq(word, SLICE_LIT("read"));

    if (!read && !slice_eq(word, SLICE_LIT("write")))
        return draft_fail(d, "access is read or write");
    a->has_access = true;
    a->access = read ? MODBUS_READ : MODBUS_WRITE;
    if (!text.len)
        return true;
    for (const struct label *l = tables; l->name; l++) {
        if (slice_eq(text, slice_of_str(l->name))) {
            a->has_table = true;
            a->table = (uint8_t)l->value;
            return read || a->table == MODBUS_COILS || a->table == MODBUS_HOLDING ||
                   draft_fail(d, "only coils and holding registers can be written");
        }
    }
    return draft_fail(d, "discretes, coils, input or holding is wanted");
}

static bool read_subfunction(struct draft *d, struct modbus_args *a, struct slice text)
{
    uint64_t sub = 0;

    a->has_sub = a->has_function && draft_u64(text, &sub) && sub <= UINT16_MAX;
    a->sub = (uint16_t)sub;
    return a->has_sub || draft_fail(d, "subfunction wants a number and a function before it");
}

static bool read_part(struct draft *d, struct modbus_args *a, struct slice part)
{
    struct slice word = next_word(&part);

    if (slice_eq(word, SLICE_LIT("unit")))
        return (a->has_unit = draft_num(part, NULL, &a->unit)) ||
               draft_fail(d, "unit wants a number");
    if (slice_eq(word, SLICE_LIT("function")))
        return read_function(d, a, part);
    if (slice_eq(word, SLICE_LIT("subfunction")))
        return read_subfunction(d, a, part);
    if (slice_eq(word, SLICE_LIT("access")))
        return read_access(d, a, part);
    if (slice_eq(word, SLICE_LIT("address")))
        return (a->has_address = a->has_access && draft_num(part, NULL, &a->address)) ||
               draft_fail(d, "address wants a number and access before it");
    if (slice_eq(word, SLICE_LIT("value")))
        return (a->has_value = a->has_access && draft_num(part, NULL, &a->value)) ||
               draft_fail(d, "value wants a number and access before it");
    return draft_fail(d, "unit, function, subfunction, access, address or value is wanted");
}

static bool modbus_parse(struct draft *d, const struct keyword *kw, struct slice value)
{
    struct modbus_args *a = draft_alloc(d, sizeof(*a));
    struct slice part;

    if (!a)
        return false;
    while (draft_part(&value, ',', &part)) {
        if (!read_part(d, a, part))
            return false;
    }
    if (!a->has_unit && !a->has_function && !a->has_category && !a->has_access)
        return draft_fail(d, "modbus wants unit, function or access");
    struct op *op =
        draft_op(d, buffer_special(d->loader, "modbus", BUFFER_TX, SIDE_CLIENT), OP_CALL);
    if (!op)
        return false;
    d->last_group = -1;
    op->call.match = kw->match;
    op->call.args = a;
    return true;
}

static const struct keyword rows[] = {
    {.name = "modbus",
     .stage = AT_TX,
     .value = VALUE_WANTED,
     .parse = modbus_parse,
     .match = modbus_match,
     .example = "modbus:access write coils, address 0<>10, value >0",
     .doc = "Unit, function (with subfunction or category), access of a request"},
    KEYWORD_END,
};

const struct kw_family kw_modbus = {.doc = "Modbus", .rows = rows};
