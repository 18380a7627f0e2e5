/* SPDX-License-Identifier: Apache-2.0 */
/*
 * krb5.ticket_encryption: how the ticket in an answer is encrypted: "weak", "!weak", or kinds by
 * name or number, "!" before one that must not be it.
 */
#include "sensor/app/krb5_tx.h"
#include "sensor/detect/buffer.h"
#include "sensor/detect/draft.h"

#include <string.h>

enum { KINDS_MAX = 32 };

struct ticket_args {
    bool weak, strong;
    uint32_t n;
    struct {
        int32_t etype;
        bool negated;
    } kind[KINDS_MAX];
};

/* Kinds with "!" must all differ; of the others one must be it. */
static bool kinds_ok(const struct ticket_args *a, int32_t etype)
{
    bool wanted = false, found = false;

    for (uint32_t i = 0; i < a->n; i++) {
        bool is = a->kind[i].etype == etype;
        if (a->kind[i].negated && is)
            return false;
        wanted |= !a->kind[i].negated;
        found |= !a->kind[i].negated && is;
    }
    return found || !wanted;
}

static bool ticket_match(const struct inspection *in, const void *args)
{
    const struct ticket_args *a = args;

    if (!in->tx || strcmp(in->tx->proto->name, "krb5") != 0)
        return false;
    const struct krb5_tx *krb = tx_data_const(in->tx);
    return krb->has_ticket && (a->weak     ? krb->weak_ticket
                               : a->strong ? !krb->weak_ticket
                                           : kinds_ok(a, krb->ticket_etype));
}

static bool ticket_parse(struct draft *d, const struct keyword *kw, struct slice value)
{
    struct ticket_args *a = draft_alloc(d, sizeof(*a));
    struct slice part;

    if (!a || !draft_app(d, "krb5"))
        return false;
    while (draft_part(&value, ',', &part)) {
        bool negated = part.len && part.at[0] == '!';
        part = slice_trim(slice_from(part, negated));
        if (slice_ieq(part, SLICE_LIT("weak"))) {
            a->weak = !negated;
            a->strong = negated;
            continue;
        }
        if (a->n == KINDS_MAX || !krb5_event_etype_of(part, &a->kind[a->n].etype))
            return draft_fail(d, "unknown kind of encryption \"%.*s\"", (int)(part.len & 63),
                              (const char *)part.at);
        a->kind[a->n++].negated = negated;
    }
    if (!a->weak && !a->strong && !a->n)
        return draft_fail(d, "%s wants weak or kinds of encryption", kw->name);
    struct op *op = draft_op(d, buffer_special(d->loader, "krb5", BUFFER_TX, SIDE_BOTH), OP_CALL);
    if (!op)
        return false;
    d->last_group = -1;
    op->call.match = kw->match;
    op->call.args = a;
    return true;
}

static const struct keyword rows[] = {
    {.name = "krb5.ticket_encryption",
     .aliases = "krb5_ticket_encryption",
     .stage = AT_TX,
     .value = VALUE_WANTED,
     .parse = ticket_parse,
     .match = ticket_match,
     .example = "krb5.ticket_encryption:rc4-hmac",
     .doc = "Encryption of the ticket in an answer: weak, !weak, or names and numbers"},
    KEYWORD_END,
};

const struct kw_family kw_krb5 = {.doc = "Kerberos", .rows = rows};
