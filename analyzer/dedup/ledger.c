/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs of envelope numbers. See ledger.h.
 */
#include "analyzer/dedup/ledger.h"
#include "common/check.h"
#include "common/strbuf.h"

void ledger_init(struct ledger *ledger)
{
    ledger->upto = 0;
    ledger->highest = 0;
    ledger->n = 0;
}

/* First run that ends at `seq` or later. */
static uint32_t run_at(const struct ledger *l, uint64_t seq)
{
    uint32_t low = 0;
    uint32_t high = l->n;

    while (low < high) {
        uint32_t mid = low + (high - low) / 2;
        if (l->beyond[mid].to < seq)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

enum ledger_verdict ledger_offer(const struct ledger *ledger, uint64_t seq)
{
    if (seq <= ledger->upto)
        return LEDGER_DUPLICATE;
    if (seq == ledger->upto + 1)
        return LEDGER_NEW;
    uint32_t i = run_at(ledger, seq);
    if (i < ledger->n && ledger->beyond[i].from <= seq)
        return LEDGER_DUPLICATE;
    bool grows = (i < ledger->n && ledger->beyond[i].from == seq + 1) ||
                 (i > 0 && ledger->beyond[i - 1].to + 1 == seq);
    return grows || ledger->n < LEDGER_RANGES ? LEDGER_NEW : LEDGER_TOO_FAR;
}

static void drop_run(struct ledger *l, uint32_t i)
{
    memmove(&l->beyond[i], &l->beyond[i + 1], (l->n - i - 1) * sizeof(l->beyond[0]));
    l->n--;
}

/* The run that now begins right behind upto is no longer beyond. */
static void absorb(struct ledger *l)
{
    while (l->n && l->beyond[0].from <= l->upto + 1) {
        if (l->beyond[0].to > l->upto)
            l->upto = l->beyond[0].to;
        drop_run(l, 0);
    }
}

static void insert(struct ledger *l, uint64_t seq)
{
    uint32_t i = run_at(l, seq);
    bool above = i < l->n && l->beyond[i].from == seq + 1;
    bool below = i > 0 && l->beyond[i - 1].to + 1 == seq;

    if (above && below) {
        l->beyond[i - 1].to = l->beyond[i].to;
        drop_run(l, i);
    } else if (above) {
        l->beyond[i].from = seq;
    } else if (below) {
        l->beyond[i - 1].to = seq;
    } else {
        memmove(&l->beyond[i + 1], &l->beyond[i], (l->n - i) * sizeof(l->beyond[0]));
        l->beyond[i] = (struct ledger_range){seq, seq};
        l->n++;
    }
}

void ledger_take(struct ledger *ledger, uint64_t seq)
{
    CHECK(ledger_offer(ledger, seq) == LEDGER_NEW);
    if (seq > ledger->highest)
        ledger->highest = seq;
    if (seq == ledger->upto + 1)
        ledger->upto = seq;
    else
        insert(ledger, seq);
    absorb(ledger);
}

uint64_t ledger_give_up_below(struct ledger *ledger, uint64_t from)
{
    uint64_t lost = 0;

    while (ledger->upto + 1 < from) {
        uint64_t end = from - 1; /* of the hole at upto + 1 */
        if (ledger->n && ledger->beyond[0].from <= end)
            end = ledger->beyond[0].from - 1;
        lost += end - ledger->upto;
        ledger->upto = end;
        absorb(ledger);
    }
    if (ledger->upto > ledger->highest)
        ledger->highest = ledger->upto;
    return lost;
}

bool ledger_hole(const struct ledger *ledger, uint64_t *from, uint64_t *to)
{
    uint64_t end = ledger->n ? ledger->beyond[0].from - 1 : ledger->highest;

    if (end <= ledger->upto)
        return false;
    *from = ledger->upto + 1;
    *to = end;
    return true;
}

uint64_t ledger_missing(const struct ledger *ledger)
{
    uint64_t have = 0;
    for (uint32_t i = 0; i < ledger->n; i++)
        have += ledger->beyond[i].to - ledger->beyond[i].from + 1;
    return ledger->highest - ledger->upto - have;
}

void ledger_beyond_text(const struct ledger *ledger, struct strbuf *out)
{
    for (uint32_t i = 0; i < ledger->n; i++)
        strbuf_fmt(out, "%s%llu-%llu", i ? "," : "", (unsigned long long)ledger->beyond[i].from,
                   (unsigned long long)ledger->beyond[i].to);
}

static bool parse_run(struct slice text, struct ledger_range *run)
{
    int64_t dash = slice_find_byte(text, '-');
    return dash > 0 && slice_to_u64(slice_head(text, (uint32_t)dash), &run->from) &&
           slice_to_u64(slice_from(text, (uint32_t)dash + 1), &run->to);
}

enum err ledger_beyond_parse(struct ledger *ledger, struct slice text)
{
    uint64_t behind = ledger->upto + 1; /* a run must leave a hole in front of it */

    ledger->n = 0;
    while (text.len) {
        int64_t comma = slice_find_byte(text, ',');
        struct slice part = comma < 0 ? text : slice_head(text, (uint32_t)comma);
        struct ledger_range run;
        if (ledger->n == LEDGER_RANGES || !parse_run(part, &run) || run.from <= behind ||
            run.to < run.from)
            return ERR_INPUT;
        ledger->beyond[ledger->n++] = run;
        behind = run.to + 1;
        text = comma < 0 ? SLICE_NONE : slice_from(text, (uint32_t)comma + 1);
    }
    if (ledger->n && ledger->beyond[ledger->n - 1].to > ledger->highest)
        ledger->highest = ledger->beyond[ledger->n - 1].to;
    return ERR_OK;
}
