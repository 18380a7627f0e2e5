/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What analyzers of a cluster rely on: leases with tokens, and envelopes that are taken once. Two
 * connections stand for two analyzers; time is given, nobody sleeps.
 */
#include "analyzer/run/carry.h"
#include "analyzer/run/leases.h"
#include "analyzer/store/db_envelopes.h"
#include "analyzer/store/db_leases.h"
#include "analyzer/store/db_sensors.h"
#include "common/clock.h"
#include "tests/contract/analyzer/fixture.h"

static struct lease_row only_lease(struct fixture *f, struct store *store)
{
    struct lease_row *rows;
    uint32_t n;
    OK(db_leases_list(store, &f->arena, &rows, &n));
    assert_int_equal(n, 1);
    return rows[0];
}

static void a_lease_is_taken_by_one_of_two(void **state)
{
    struct fixture *f = *state;
    struct store *other;
    OK(store_again(f->store, &other));
    OK(db_leases_make(f->store, "keeper"));
    OK(db_leases_make(other, "keeper"));
    struct lease_row free_one = only_lease(f, f->store);
    assert_string_equal(free_one.holder, "");
    OK(db_leases_take(f->store, &free_one, "a", 5));
    assert_int_equal(db_leases_take(other, &free_one, "b", 6), ERR_CONFLICT);
    struct lease_row taken = only_lease(f, other);
    assert_string_equal(taken.holder, "a");
    assert_int_equal(taken.token, free_one.token + 1);
    assert_int_equal(taken.since_ns, 5);
    store_close(&other);
}

static void who_was_fenced_out_writes_nothing(void **state)
{
    struct fixture *f = *state;
    struct store *other;
    struct event_row row;
    OK(store_again(f->store, &other));
    OK(db_leases_make(f->store, "keeper"));
    struct lease_row free_one = only_lease(f, f->store);
    OK(db_leases_take(f->store, &free_one, "a", 1));
    struct lease_row mine = only_lease(f, f->store);
    OK(store_begin(f->store));
    OK(db_leases_fence(f->store, "keeper", "a", mine.token));
    OK(db_events_put(f->store, alert(f, 1, 5, 100), 1));
    OK(store_commit(f->store));
    /* It stalls; the other one takes over; it wakes up and goes on. */
    OK(db_leases_take(other, &mine, "b", 2));
    OK(store_begin(f->store));
    assert_int_equal(db_leases_fence(f->store, "keeper", "a", mine.token), ERR_DENIED);
    store_rollback(f->store);
    OK(store_begin(other));
    OK(db_leases_fence(other, "keeper", "b", mine.token + 1));
    OK(store_commit(other));
    OK(db_events_get(other, 1, &f->arena, &row));
    assert_int_equal(db_leases_release(f->store, "keeper", "a", mine.token), ERR_NOTFOUND);
    OK(db_leases_release(other, "keeper", "b", mine.token + 1));
    store_close(&other);
}

static void nobody_takes_a_lease_whose_holder_is_writing(void **state)
{
    struct fixture *f = *state;
    struct store *other;
    if (strcmp(f->engine, "sqlite") == 0)
        return; /* there the whole store is locked meanwhile */
    OK(store_again(f->store, &other));
    OK(db_leases_make(f->store, "keeper"));
    struct lease_row free_one = only_lease(f, f->store);
    OK(db_leases_take(f->store, &free_one, "a", 1));
    struct lease_row mine = only_lease(f, f->store);
    OK(store_begin(f->store));
    OK(db_leases_fence(f->store, "keeper", "a", mine.token));
    assert_int_equal(db_leases_take(other, &mine, "b", 2), ERR_CONFLICT);
    OK(store_commit(f->store));
    OK(db_leases_take(other, &mine, "b", 3));
    store_close(&other);
}

/* ---- the same with members that watch each other */

static const char *const wanted[] = {"keeper", NULL};
enum { TIME_S = 10 };
#define AT(s) ((uint64_t)(s)*CLOCK_S)

static void the_lease_of_a_dead_member_is_taken_over_and_not_that_of_a_living_one(void **state)
{
    struct fixture *f = *state;
    struct store *stores[2];
    int64_t token = 0, later = 0;
    OK(store_again(f->store, &stores[0]));
    OK(store_again(f->store, &stores[1]));
    struct leases *a = leases_new(stores[0], "a", "1", wanted, AT(TIME_S));
    struct leases *b = leases_new(stores[1], "b", "2", wanted, AT(TIME_S));
    OK(leases_tick(a, AT(1000), AT(100)));
    assert_true(leases_held(a, "keeper", AT(100), &token));
    for (uint64_t s = 100; s < 140; s += 4) { /* b's clock is far away; it does not matter */
        OK(leases_tick(a, AT(1000), AT(s)));
        OK(leases_tick(b, AT(5), AT(s + 77777)));
        assert_false(leases_held(b, "keeper", AT(s + 77777), &later));
    }
    /* a hangs: it stops believing in its lease before b may take it. */
    assert_false(leases_held(a, "keeper", AT(136 + 8), &token));
    OK(leases_tick(b, AT(5), AT(136 + 77777 + 9)));
    assert_false(leases_held(b, "keeper", AT(136 + 77777 + 9), &later));
    OK(leases_tick(b, AT(5), AT(136 + 77777 + 10)));
    assert_true(leases_held(b, "keeper", AT(136 + 77777 + 10), &later));
    assert_int_equal(later, token + 1);
    /* a wakes up: it beats again, and hears that it is not the one. */
    OK(leases_tick(a, AT(1001), AT(150)));
    assert_false(leases_held(a, "keeper", AT(150), &token));
    /* In good order nobody waits. */
    leases_release(b);
    assert_false(leases_held(b, "keeper", AT(136 + 77777 + 10), &later));
    OK(leases_tick(a, AT(1001), AT(151)));
    assert_true(leases_held(a, "keeper", AT(151), &token));
    leases_free(&a);
    leases_free(&b);
    store_close(&stores[0]);
    store_close(&stores[1]);
}

static void a_restarted_member_has_its_lease_at_once_and_its_older_self_stands_aside(void **state)
{
    struct fixture *f = *state;
    struct store *again;
    int64_t token = 0, later = 0;
    OK(store_again(f->store, &again));
    struct leases *old = leases_new(f->store, "a", "1", wanted, AT(TIME_S));
    OK(leases_tick(old, AT(1), AT(100)));
    assert_true(leases_held(old, "keeper", AT(100), &token));
    struct leases *now = leases_new(again, "a", "2", wanted, AT(TIME_S));
    OK(leases_tick(now, AT(1), AT(5)));
    assert_true(leases_held(now, "keeper", AT(5), &later));
    assert_int_equal(later, token + 1);
    assert_int_equal(leases_tick(old, AT(1), AT(101)), ERR_CONFLICT);
    assert_false(leases_held(old, "keeper", AT(101), &token));
    assert_int_equal(leases_tick(old, AT(1), AT(102)), ERR_DENIED);
    leases_free(&old);
    leases_free(&now);
    store_close(&again);
}

/* ---- envelopes */

static void put(struct fixture *f, const char *sensor, uint64_t seq, uint64_t received_ns)
{
    struct envelope_row row = {.sensor = sensor,
                               .site = "ct",
                               .epoch = 1,
                               .seq = seq,
                               .received_ns = received_ns,
                               .n = 3,
                               .message = SLICE_LIT("m\0m"),
                               .decided = SLICE_LIT("d")};
    OK(db_envelopes_put(f->store, &row));
}

static void an_envelope_is_stored_once_and_comes_in_the_order_of_its_sensor(void **state)
{
    struct fixture *f = *state;
    struct envelope_row *rows;
    struct envelope_span *spans;
    uint64_t *seqs;
    uint32_t n;
    int64_t count;
    struct ledger_row ledger = {.sensor = "s1", .site = "ct", .epoch = 1, .upto = 4, .beyond = ""};
    OK(store_begin(f->store));
    OK(db_sensors_ledger_put(f->store, &ledger));
    put(f, "s1", 8, 100);
    put(f, "s1", 6, 100);
    put(f, "s1", 5, 100);
    put(f, "s2", 1, 100);
    put(f, "s3", 2, 100); /* 1 is missing */
    OK(store_commit(f->store));
    OK(db_envelopes_next(f->store, 100, 10, &f->arena, &rows, &n));
    assert_int_equal(n, 3);
    assert_int_equal(rows[0].seq, 5);
    assert_string_equal(rows[1].sensor, "s2"); /* sensors take turns */
    assert_int_equal(rows[2].seq, 6);          /* 8 waits for 7 */
    OK(db_envelopes_get(f->store, &f->arena, &rows[0]));
    assert_true(slice_eq(rows[0].message, SLICE_LIT("m\0m")));
    OK(db_envelopes_next(f->store, 101, 10, &f->arena, &rows, &n)); /* patience is over */
    assert_int_equal(n, 5);
    OK(db_envelopes_here(f->store, "s1", 1, 5, 7, &f->arena, &seqs, &n));
    assert_int_equal(n, 2);
    assert_int_equal(seqs[1], 6);
    OK(db_envelopes_spans(f->store, &f->arena, &spans, &n));
    assert_int_equal(n, 3);
    assert_int_equal(spans[0].upto, 4);
    assert_int_equal(spans[0].last, 8);
    assert_int_equal(spans[2].upto, 0);
    assert_int_equal(spans[2].first, 2);
    OK(store_begin(f->store));
    enum err err = db_envelopes_put(
        f->store, &(struct envelope_row){.sensor = "s2", .site = "ct", .epoch = 1, .seq = 1});
    assert_int_equal(err ? err : store_commit(f->store), ERR_CONFLICT);
    store_rollback(f->store);
    OK(db_envelopes_drop(f->store, "s2", 1, 1));
    OK(db_envelopes_count(f->store, &count));
    assert_int_equal(count, 4);
}

/* ---- two carriers with the same envelope */

struct carrier {
    struct store *store;
    struct carry *carry;
    struct message *m;
    struct batch batch;
};

static void carrier_open(struct fixture *f, struct carrier *c)
{
    OK(store_again(f->store, &c->store));
    c->carry = carry_new();
    c->m = ingest_message(MESSAGE_ENVELOPE);
    strcpy(c->m->envelope.sensor, "s1");
    strcpy(c->m->envelope.site, "ct");
    c->m->envelope.epoch = 1;
    c->m->envelope.seq = 1;
    c->m->envelope.n = 1;
    c->m->envelope.lines = SLICE_LIT("{}\n");
    batch_init(&c->batch);
    struct record *r = batch_add(&c->batch);
    r->event_id = 7;
    r->group_id = -8;
    r->exception_id = 9;
    r->said_before = true;
}

static void carrier_close(struct carrier *c)
{
    batch_fini(&c->batch);
    ingest_free(&c->m);
    carry_free(&c->carry);
    store_close(&c->store);
}

static bool offered(struct carrier *c)
{
    bool is_new = false;
    carry_begin(c->carry);
    OK(store_begin(c->store));
    OK(carry_offer(c->carry, c->store, c->m, &is_new));
    if (is_new)
        carry_took(c->carry, c->m, 0, 1);
    return is_new;
}

static void of_two_carriers_of_an_envelope_the_second_is_refused_and_then_knows_it(void **state)
{
    struct fixture *f = *state;
    struct carrier a, b;
    struct envelope_row *rows;
    struct record r = {0};
    uint32_t n;
    if (strcmp(f->engine, "sqlite") == 0)
        return; /* one writes at a time there */
    carrier_open(f, &a);
    carrier_open(f, &b);
    assert_true(offered(&a));
    assert_true(offered(&b));
    OK(carry_save(a.carry, a.store, &a.batch));
    OK(store_commit(a.store));
    assert_int_equal(carry_save(b.carry, b.store, &b.batch), ERR_CONFLICT);
    store_rollback(b.store);
    assert_false(offered(&b));
    store_rollback(b.store);
    OK(db_envelopes_next(f->store, 0, 10, &f->arena, &rows, &n));
    assert_int_equal(n, 1);
    OK(db_envelopes_get(f->store, &f->arena, &rows[0]));
    assert_true(carry_recall(rows[0].decided, 0, 1, &r));
    assert_int_equal(r.event_id, 7);
    assert_int_equal(r.group_id, -8);
    assert_int_equal(r.exception_id, 9);
    assert_true(r.said_before && !r.sampled_out && !r.group_is_new);
    assert_false(carry_recall(rows[0].decided, 0, 2, &r));
    carrier_close(&a);
    carrier_close(&b);
}

static void an_envelope_that_the_keeper_took_meanwhile_is_refused(void **state)
{
    struct fixture *f = *state;
    struct carrier late;
    struct ledger_row ledger = {.sensor = "s1", .site = "ct", .epoch = 1, .upto = 1, .beyond = ""};
    if (strcmp(f->engine, "sqlite") == 0)
        return;
    carrier_open(f, &late);
    assert_true(offered(&late));
    /* Another one carried it, and the keeper is through with it: the key is free again. */
    OK(db_sensors_ledger_put(f->store, &ledger));
    assert_int_equal(carry_save(late.carry, late.store, &late.batch), ERR_CONFLICT);
    store_rollback(late.store);
    assert_false(offered(&late));
    store_rollback(late.store);
    carrier_close(&late);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_lease_is_taken_by_one_of_two),
        T(who_was_fenced_out_writes_nothing),
        T(nobody_takes_a_lease_whose_holder_is_writing),
        T(the_lease_of_a_dead_member_is_taken_over_and_not_that_of_a_living_one),
        T(a_restarted_member_has_its_lease_at_once_and_its_older_self_stands_aside),
        T(an_envelope_is_stored_once_and_comes_in_the_order_of_its_sensor),
        T(of_two_carriers_of_an_envelope_the_second_is_refused_and_then_knows_it),
        T(an_envelope_that_the_keeper_took_meanwhile_is_refused),
    };
    return EACH_ENGINE(tests);
}
