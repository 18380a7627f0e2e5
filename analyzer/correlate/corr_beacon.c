/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Correlation `beacon` (ours): how regularly the group's events come, 0 to 1, and how alike their
 * sizes (condition.field) are. The parts are those of RITA's beacon score: a quarter each for
 * times, sizes, duration and histogram. At least BEACON_LEAST different moments are needed; long
 * groups are looked at again with every BEACON_STEP-th event only.
 *
 *   skew(x) = 1 - |Bowley's skewness|    mad(x) = max(0, (median - MAD) / median)
 *   histogram: 24 bins over the window; 1 - coefficient of variation, or two heights only
 *   duration:  share of the window that is covered, or the longest run of bins (12 = whole)
 */
#include "analyzer/correlate/correlate.h"
#include "common/check.h"

#include <math.h>
#include <stdlib.h>

enum { BEACON_LEAST = 8, BEACON_STEP = 16, BEACON_OFTEN = 64, BINS = 24, RUN_WHOLE = 12 };
enum { BINS_DURATION = 6, BINS_BIMODAL = 11 };

static int by_number(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static double median(const double *sorted, uint32_t n)
{
    return n == 0 ? 0 : n % 2 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
}

static double skew_score(const double *sorted, uint32_t n)
{
    double q1 = median(sorted, n / 2);
    double q2 = median(sorted, n);
    double q3 = median(sorted + (n + 1) / 2, n / 2);

    if (q3 - q1 < 10 || q2 == q1 || q2 == q3)
        return 1;
    return 1 - fabs((q1 + q3 - 2 * q2) / (q3 - q1));
}

/* Sorts `room` anew. */
static double mad_score(const double *sorted, uint32_t n, double *room, double or_else)
{
    double middle = median(sorted, n);

    if (middle < 1)
        return or_else;
    for (uint32_t i = 0; i < n; i++)
        room[i] = fabs(sorted[i] - middle);
    qsort(room, n, sizeof(*room), by_number);
    double score = (middle - median(room, n)) / middle;
    return score > 0 ? score : 0;
}

static double spread_score(double *values, uint32_t n, double *room, double or_else)
{
    qsort(values, n, sizeof(*values), by_number);
    return (skew_score(values, n) + mad_score(values, n, room, or_else)) / 2;
}

static void fill_bins(const struct corr_window *w, uint64_t from_ns, uint64_t span_ns,
                      uint32_t bins[BINS])
{
    memset(bins, 0, BINS * sizeof(bins[0]));
    for (uint32_t i = 0; i < w->n; i++) {
        double at = (double)(w->at[i].ts_ns - from_ns) / (double)span_ns * BINS;
        bins[at >= BINS ? BINS - 1 : (uint32_t)at]++;
    }
}

static double histogram_score(const uint32_t bins[BINS], uint32_t n)
{
    double mean = (double)n / BINS, variance = 0, most = 0;
    uint32_t used = 0, heights[BINS + 1] = {0}, first = 0, second = 0;

    for (uint32_t i = 0; i < BINS; i++) {
        variance += (bins[i] - mean) * (bins[i] - mean) / BINS;
        most = bins[i] > most ? bins[i] : most;
        used += bins[i] > 0;
    }
    double cv = mean > 0 ? 1 - sqrt(variance) / mean : 0;
    cv = cv > 0 ? cv : 0;
    if (used < BINS_BIMODAL)
        return cv;
    double step = ceil(most * 0.05);
    for (uint32_t i = 0; i < BINS; i++) {
        if (bins[i])
            heights[(uint32_t)(bins[i] / step) < BINS ? (uint32_t)(bins[i] / step) : BINS]++;
    }
    for (uint32_t i = 0; i <= BINS; i++) {
        if (heights[i] > first) {
            second = first;
            first = heights[i];
        } else if (heights[i] > second) {
            second = heights[i];
        }
    }
    double two = (double)(first + second) / (used > 1 ? used - 1 : 1);
    two = two > 1 ? 1 : two;
    return cv > two ? cv : two;
}

static double duration_score(const uint32_t bins[BINS], double covered)
{
    uint32_t used = 0, run = 0, longest = 0;

    for (uint32_t i = 0; i < 2 * BINS; i++) { /* the day goes round */
        used += i < BINS && bins[i] > 0;
        run = bins[i % BINS] ? run + 1 : 0;
        longest = run > longest ? run : longest;
    }
    if (used < BINS_DURATION)
        return 0;
    double even = (double)(longest > BINS ? BINS : longest) / RUN_WHOLE;
    even = even > 1 ? 1 : even;
    return covered > even ? covered : even;
}

static bool beacon_met(const struct sigma_correlation *c, const struct corr_window *w,
                       struct corr_result *result)
{
    uint32_t n = 0;
    uint32_t bins[BINS];

    if (w->n < BEACON_LEAST || (w->n > BEACON_OFTEN && w->n % BEACON_STEP))
        return false;
    double *values = malloc(3 * w->n * sizeof(*values));
    CHECK(values);
    double *sizes = values + w->n, *room = sizes + w->n;
    for (uint32_t i = 0; i < w->n; i++) {
        sizes[i] = w->at[i].number;
        uint64_t gap_ns = i ? w->at[i].ts_ns - w->at[i - 1].ts_ns : 0;
        if (gap_ns)
            values[n++] = (double)gap_ns / 1e9;
    }
    uint64_t last_ns = w->at[w->n - 1].ts_ns;
    uint64_t from_ns = last_ns > c->span_ns ? last_ns - c->span_ns : 0;
    bool enough = n + 1 >= BEACON_LEAST;
    if (enough) {
        fill_bins(w, from_ns, c->span_ns, bins);
        double covered = (double)(last_ns - w->at[0].ts_ns) / (double)c->span_ns;
        double score = spread_score(values, n, room, 1) + spread_score(sizes, w->n, room, 0) +
                       duration_score(bins, covered) + histogram_score(bins, w->n);
        result->value = round(score / 4 * 1000) / 1000;
    }
    free(values);
    return enough && correlate_within(c, result->value);
}

const struct correlation_def corr_beacon = {
    .name = "beacon",
    .doc = "Regularity of times and sizes, 0 to 1: calls to a control server",
    .doc_vi =
        "Độ đều đặn của thời điểm và kích thước, từ 0 đến 1: liên lạc định kỳ với máy chủ điều "
        "khiển",
    .needs_field = true,
    .needs_condition = true,
    .numeric = true,
    .ours = true,
    .met = beacon_met,
};
