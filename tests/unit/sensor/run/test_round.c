/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/run/round.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

enum { ROUNDS = 2000, THREADS_MAX = 5 };

/* Who did what, without a lock: the rounds must see to it that no two threads meet here. */
struct run {
    struct rounds rounds;
    uint32_t workers;
    uint64_t read, told;
    uint64_t worked[THREADS_MAX];
    bool out_of_order;
};

/* Full rounds, light ones, ones for one worker only, and ones that only a tick makes heavy. */
static void read_round(struct run *r, struct round_job *job)
{
    uint64_t n = r->read++;
    uint32_t packets = n % 7 < 4 ? ROUND_PACKETS : (uint32_t)(n * 13 % 40);

    job->round->first_number = n;
    job->round->tick_ns = n % 11 == 0;
    for (uint32_t i = 0; i < packets; i++)
        job->round->part[n % 5 == 0 ? 0 : i % r->workers].n++;
    job->round->n = packets;
    job->round->last = n + 1 == ROUNDS;
    job->more = !job->round->last;
}

static void do_job(struct run *r, struct round_job *job)
{
    switch (job->task) {
    case ROUND_START:
        r->out_of_order = true;
        break;
    case ROUND_READ:
        read_round(r, job);
        break;
    case ROUND_WORK:
        if (job->round->first_number != r->worked[job->worker]++)
            r->out_of_order = true;
        job->round->part[job->worker].n_facts++;
        break;
    case ROUND_TELL:
        if (job->round->first_number != r->told++)
            r->out_of_order = true;
        for (uint32_t w = 0; w < r->workers; w++)
            r->out_of_order = r->out_of_order || job->round->part[w].n_facts != 1;
        break;
    }
}

struct thread {
    struct run *run;
    uint32_t me;
};

static void *run_thread(void *context)
{
    const struct thread *t = context;
    struct round_job job = {0};

    while (rounds_next(&t->run->rounds, t->me, &job))
        do_job(t->run, &job);
    return NULL;
}

static void every_round_is_read_worked_off_and_told_in_order(void **state)
{
    (void)state;
    for (uint32_t workers = 1; workers <= THREADS_MAX; workers++) {
        struct run *run = calloc(1, sizeof(*run));
        struct thread context[THREADS_MAX];
        pthread_t thread[THREADS_MAX];
        run->workers = workers;
        assert_int_equal(rounds_init(&run->rounds, workers), ERR_OK);
        for (uint32_t i = 0; i < workers; i++) {
            context[i] = (struct thread){run, i};
            assert_int_equal(pthread_create(&thread[i], NULL, run_thread, &context[i]), 0);
        }
        for (uint32_t i = 0; i < workers; i++)
            assert_int_equal(pthread_join(thread[i], NULL), 0);
        assert_false(run->out_of_order);
        assert_int_equal(run->read, ROUNDS);
        assert_int_equal(run->told, ROUNDS);
        for (uint32_t w = 0; w < workers; w++)
            assert_int_equal(run->worked[w], ROUNDS);
        rounds_fini(&run->rounds);
        free(run);
    }
}

static void one_thread_does_all_by_itself(void **state)
{
    (void)state;
    struct rounds *rounds = calloc(1, sizeof(*rounds));
    struct round_job job = {0};

    assert_int_equal(rounds_init(rounds, 1), ERR_OK);
    for (uint32_t i = 0; i < 3; i++) {
        assert_true(rounds_next(rounds, 0, &job));
        assert_int_equal(job.task, ROUND_READ);
        job.more = i < 2;
        assert_true(rounds_next(rounds, 0, &job));
        assert_int_equal(job.task, ROUND_WORK);
        assert_true(rounds_next(rounds, 0, &job));
        assert_int_equal(job.task, ROUND_TELL);
    }
    assert_false(rounds_next(rounds, 0, &job));
    rounds_fini(rounds);
    free(rounds);
}

/* Who reads a few packets of the other one sees to them: that one sleeps on. */
static void what_is_little_is_done_by_who_read_it(void **state)
{
    (void)state;
    struct rounds *rounds = calloc(1, sizeof(*rounds));
    struct round_job job = {0};

    assert_int_equal(rounds_init(rounds, 2), ERR_OK);
    assert_true(rounds_next(rounds, 0, &job));
    assert_int_equal(job.task, ROUND_READ);
    job.round->part[1].n = 3;
    job.more = true;
    bool worked[2] = {false, false};
    for (uint32_t i = 0; i < 2; i++) {
        assert_true(rounds_next(rounds, 0, &job));
        assert_int_equal(job.task, ROUND_WORK);
        worked[job.worker] = true;
    }
    assert_true(worked[0] && worked[1]);
    assert_true(rounds_next(rounds, 0, &job));
    assert_int_equal(job.task, ROUND_TELL);
    rounds_fini(rounds);
    free(rounds);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_round_is_read_worked_off_and_told_in_order),
        cmocka_unit_test(one_thread_does_all_by_itself),
        cmocka_unit_test(what_is_little_is_done_by_who_read_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
