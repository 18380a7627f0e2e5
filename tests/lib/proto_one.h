/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One conversation for unit tests of protocols: say what each side sends, then look at fields of
 * the transactions by the names rules use.
 */
#ifndef TRAMGAC_TESTS_PROTO_ONE_H
#define TRAMGAC_TESTS_PROTO_ONE_H

#include "proto_feed.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct one {
    struct feed feed;
    struct flow flow;
    struct strbuf text; /* of the last one_event */
};

static inline void one_open(struct one *one, uint8_t proto, uint16_t port)
{
    feed_init(&one->feed, NULL);
    one->flow = (struct flow){.proto = proto, .client_port = 40000, .server_port = port};
    strbuf_init(&one->text, 0);
}

static inline void one_says(struct one *one, enum dir dir, struct slice bytes)
{
    feed_chunk(
        &one->feed, &one->flow,
        (struct chunk){.data = bytes, .dir = dir, .datagram = one->flow.proto != IPPROTO_TCP4});
}

static inline void one_ends(struct one *one)
{
    app_end(one->feed.engine, &one->flow);
}

static inline void one_close(struct one *one)
{
    files_drop(one->feed.files, &one->flow);
    app_drop(one->feed.engine, &one->flow);
    strbuf_fini(&one->text);
    feed_fini(&one->feed);
}

static inline struct tx *one_tx(struct one *one, uint32_t i)
{
    struct tx *tx = app_first_tx(&one->flow);
    for (; tx && i; i--)
        tx = tx->next;
    return tx;
}

/* The n-th field of that name of transaction 0, its i-th instance. */
static inline bool one_bytes(struct one *one, const char *name, uint32_t n, uint32_t i,
                             struct slice *out)
{
    struct field_ref ref;
    struct tx *tx = one_tx(one, 0);
    assert_non_null(tx);
    assert_true(field_find(slice_of_str(name), n, &ref));
    return field_bytes(&ref, tx, i, out);
}

static inline void one_is_nth(struct one *one, const char *name, uint32_t n, struct slice expected)
{
    struct slice got;
    if (!one_bytes(one, name, n, 0, &got))
        fail_msg("%s is absent", name);
    if (!slice_eq(got, expected))
        fail_msg("%s is \"%.*s\", not \"%.*s\"", name, (int)got.len, (const char *)got.at,
                 (int)expected.len, (const char *)expected.at);
}

#define one_is(one, name, text) one_is_nth(one, name, 0, SLICE_LIT(text))

static inline void one_is_number(struct one *one, const char *name, uint64_t expected)
{
    struct field_ref ref;
    uint64_t got = 0;
    assert_true(field_find(slice_of_str(name), 0, &ref));
    assert_true(field_number(&ref, one_tx(one, 0), 0, &got));
    assert_int_equal(got, expected);
}

/* True when the n-th transaction has the note of this name. */
static inline bool one_noted(struct one *one, uint32_t n, const char *name)
{
    const struct tx *tx = one_tx(one, n);

    for (uint32_t i = 0; tx && i < tx->notes; i++) {
        if (strcmp(tx->proto->notes[tx->note[i]], name) == 0)
            return true;
    }
    return false;
}

/* The i-th event of the transaction as JSON. */
static inline const char *one_event(struct one *one, uint32_t tx, uint32_t i)
{
    struct jsonw w;
    strbuf_clear(&one->text);
    jsonw_init(&w, &one->text);
    jsonw_obj_open(&w, NULL);
    app_write_event(one_tx(one, tx), i, &w);
    jsonw_obj_close(&w);
    return one->text.at;
}

#endif
