/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every protocol row promises, on every recorded conversation.
 */
#include "proto_feed.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

enum { RECORDING_MAX = 128 << 10, PATH_LEN = 512, FLIPS_MAX = 600, CUTS = 6, PREFIXES_MAX = 400 };

struct recordings {
    struct dirent **names;
    int n, at;
    uint8_t bytes[RECORDING_MAX];
    char name[PATH_LEN];
};

static int only_seeds(const struct dirent *entry)
{
    const char *dot = strrchr(entry->d_name, '.');
    return dot && strcmp(dot, ".bin") == 0;
}

static void recordings_open(struct recordings *r)
{
    r->n = scandir(TRAMGAC_SOURCE_DIR "/tests/fuzz/corpus/proto", &r->names, only_seeds, alphasort);
    r->at = 0;
    assert_true(r->n > 20);
}

static bool recordings_next(struct recordings *r, struct slice *bytes)
{
    if (r->at == r->n) {
        for (int i = 0; i < r->n; i++)
            free(r->names[i]);
        free(r->names);
        return false;
    }
    snprintf(r->name, sizeof r->name, "%s/tests/fuzz/corpus/proto/%s", TRAMGAC_SOURCE_DIR,
             r->names[r->at++]->d_name);
    FILE *file = fopen(r->name, "rb");
    assert_non_null(file);
    *bytes = (struct slice){r->bytes, (uint32_t)fread(r->bytes, 1, RECORDING_MAX, file)};
    fclose(file);
    return true;
}

static struct recordings all;

static void play(struct slice recording, enum feed_cut cut, uint32_t random, const char *setting,
                 struct strbuf *out)
{
    struct feed feed;
    feed_init(&feed, setting);
    feed.random = random;
    feed_play(&feed, recording, cut, out);
    feed_fini(&feed);
}

static void the_same_transactions_come_out_however_the_bytes_are_cut(void **state)
{
    struct slice recording;
    struct strbuf whole, cut;

    (void)state;
    strbuf_init(&whole, 0);
    strbuf_init(&cut, 0);
    recordings_open(&all);
    while (recordings_next(&all, &recording)) {
        if (strstr(all.name, "midstream")) /* each chunk is taken for a possible start */
            continue;
        strbuf_clear(&whole);
        play(recording, FEED_WHOLE, 1, NULL, &whole);
        for (uint32_t i = 0; i <= CUTS; i++) {
            strbuf_clear(&cut);
            play(recording, i == 0 ? FEED_BYTES : FEED_RANDOM, i, NULL, &cut);
            if (strcmp(whole.at, cut.at) != 0)
                fail_msg("%s, cut %u:\n%s\n--- whole:\n%s", all.name, i, cut.at, whole.at);
        }
    }
    strbuf_fini(&whole);
    strbuf_fini(&cut);
}

static void each_seed_is_recognised_as_what_its_name_says(void **state)
{
    struct slice recording;
    struct strbuf out;

    (void)state;
    strbuf_init(&out, 0);
    recordings_open(&all);
    while (recordings_next(&all, &recording)) {
        const char *base = strrchr(all.name, '/') + 1;
        strbuf_clear(&out);
        play(recording, FEED_WHOLE, 1, NULL, &out);
        if (strncmp(base, "unknown", 7) == 0)
            continue;
        if (strstr(base, "connect") ||
            strstr(base, "starttls")) /* what is in the tunnel has the last word */
            continue;
        size_t len = strcspn(out.at, "\n");
        if (strncmp(out.at, base, len) != 0 || !strchr("-.", base[len]))
            fail_msg("%s is seen as %s", base, out.at);
    }
    strbuf_fini(&out);
}

static void every_row_has_a_seed(void **state)
{
    struct slice recording;
    bool seen[64] = {false};

    (void)state;
    recordings_open(&all);
    while (recordings_next(&all, &recording)) {
        const char *base = strrchr(all.name, '/') + 1;
        for (uint32_t i = 0; proto_rows[i]; i++) {
            size_t len = strlen(proto_rows[i]->name);
            seen[i] |= strncmp(base, proto_rows[i]->name, len) == 0 && strchr("-.", base[len]);
        }
    }
    for (uint32_t i = 0; proto_rows[i]; i++)
        if (!seen[i])
            fail_msg("no seed for %s in tests/fuzz/corpus/proto", proto_rows[i]->name);
}

static void each_truncation_is_survived(void **state)
{
    struct slice recording;
    struct strbuf out;

    (void)state;
    strbuf_init(&out, 0);
    recordings_open(&all);
    while (recordings_next(&all, &recording)) {
        uint32_t step = recording.len / PREFIXES_MAX + 1;
        for (uint32_t len = 0; len < recording.len; len += step) {
            strbuf_clear(&out);
            play(slice_head(recording, len), FEED_WHOLE, 1, NULL, &out);
        }
    }
    strbuf_fini(&out);
}

/* True when the byte belongs to a piece, false when it frames one. */
static bool is_payload(struct slice recording, uint32_t offset)
{
    struct cursor c = cursor_of(slice_from(recording, 4));
    while (cursor_left(&c) >= 3) {
        cursor_skip(&c, 1);
        uint32_t len = cursor_be16(&c);
        uint32_t from = recording.len - cursor_left(&c);
        if (offset < from)
            return false;
        if (offset < from + len)
            return true;
        cursor_skip(&c, len);
    }
    return false;
}

static void each_bit_flip_is_survived_and_cut_independent(void **state)
{
    static uint8_t flipped[RECORDING_MAX];
    struct slice recording;
    struct strbuf whole, cut;
    uint32_t random = 7;

    (void)state;
    strbuf_init(&whole, 0);
    strbuf_init(&cut, 0);
    recordings_open(&all);
    while (recordings_next(&all, &recording)) {
        if (strstr(all.name, "lost-bytes") ||
            strstr(all.name, "midstream")) /* units are found again at the start of a chunk */
            continue;
        uint32_t flips = recording.len > 8192 ? 20 : FLIPS_MAX;
        for (uint32_t i = 0; i < flips; i++) {
            random = random * 1664525U + 1013904223U;
            uint32_t bit = (random >> 4) % (recording.len * 8);
            if (!is_payload(recording, bit / 8))
                continue;
            memcpy(flipped, recording.at, recording.len);
            flipped[bit / 8] ^= (uint8_t)(1U << (bit % 8));
            struct slice bad = {flipped, recording.len};
            strbuf_clear(&whole);
            strbuf_clear(&cut);
            play(bad, FEED_WHOLE, 1, NULL, &whole);
            play(bad, FEED_RANDOM, i, NULL, &cut);
            if (strcmp(whole.at, cut.at) != 0)
                fail_msg("%s, flip of bit %u:\n%s\n--- whole:\n%s", all.name, bit, cut.at,
                         whole.at);
        }
    }
    strbuf_fini(&whole);
    strbuf_fini(&cut);
}

static void caps_of_memory_are_kept_without_a_fault(void **state)
{
    static const char *const caps[] = {"app.memory=0",    "app.memory=300", "app.memory=1500",
                                       "app.memory=4k",   "app.memory=10k", "files.memory=0",
                                       "files.memory=1k", "files.inspect=0"};
    struct slice recording;
    struct strbuf out;

    (void)state;
    strbuf_init(&out, 0);
    recordings_open(&all);
    while (recordings_next(&all, &recording)) {
        for (uint32_t i = 0; i < sizeof caps / sizeof *caps; i++) {
            strbuf_clear(&out);
            play(recording, FEED_RANDOM, i, caps[i], &out);
            if (i == 0) /* a data channel stands behind the first flow */
                assert_true(strcmp(out.at, "?") == 0 || strcmp(out.at, "?\n-- ?") == 0);
        }
    }
    strbuf_fini(&out);
}

/* ---- rows --------------------------------------------------------------------------------- */

static void check_field(const struct proto_def *row, const struct field *f, size_t struct_size)
{
    if (!f->doc || !f->doc[0])
        fail_msg("%s: %s has no documentation", row->name, f->name);
    if (strchr(f->name, '.') == NULL)
        fail_msg("%s: the name of %s has no dot", row->name, f->name);
    if (f->offset >= struct_size && !f->get)
        fail_msg("%s: %s lies outside its struct", row->name, f->name);
    if ((f->uses & IN_EVE) && !f->eve)
        fail_msg("%s: %s is in EVE without a key", row->name, f->name);
    if (f->get && f->type != FIELD_BYTES)
        fail_msg("%s: %s has a getter but is not bytes", row->name, f->name);
}

static void every_field_is_documented_and_lies_in_its_struct(void **state)
{
    (void)state;
    for (uint32_t i = 0; proto_rows[i]; i++) {
        const struct proto_def *row = proto_rows[i];
        for (const struct field *f = row->fields; f && f->name; f++) {
            check_field(row, f, row->tx_size);
            for (const struct field *g = f->type == FIELD_LIST ? f->items : NULL; g && g->name; g++)
                check_field(row, g, f->item_size);
        }
    }
}

static void every_row_is_complete(void **state)
{
    (void)state;
    for (uint32_t i = 0; proto_rows[i]; i++) {
        const struct proto_def *row = proto_rows[i];
        if (!row->name || !row->spec || !row->doc || !row->l4 || !row->probe || !row->parse ||
            !row->tx_size || !row->fields || !row->ports[0])
            fail_msg("row %u (%s) lacks something", i, row->name ? row->name : "?");
    }
}

/* Names of rule buffers, one a side: "http.header/1". */
static uint32_t collect_names(char names[][64], uint32_t max)
{
    uint32_t n = 0;
    for (uint32_t i = 0; proto_rows[i]; i++) {
        for (const struct field *f = proto_rows[i]->fields; f && f->name; f++) {
            bool list = f->type == FIELD_LIST;
            for (const struct field *g = list ? f->items : f; g->name; g++) {
                assert_true(n < max);
                if (g->uses & IN_RULES)
                    snprintf(names[n++], 64, "%s %s/%d", proto_rows[i]->name, g->name,
                             (int)g->side);
                if (!list)
                    break;
            }
        }
    }
    return n;
}

/* Another protocol may give the same: HTTP/2 what HTTP/1 does. */
static void a_rule_name_stands_for_one_field_a_side(void **state)
{
    static char names[2048][64];
    uint32_t n = collect_names(names, 2048);

    (void)state;
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t j = 0; j < i; j++)
            if (strcmp(names[i], names[j]) == 0)
                fail_msg("two fields are called %s", names[i]);
}

static void fields_are_found_by_name_and_by_alias(void **state)
{
    struct field_ref ref;

    (void)state;
    assert_true(field_find(SLICE_LIT("http.uri"), 0, &ref));
    assert_string_equal(ref.proto->name, "http");
    assert_true(field_find(SLICE_LIT("http_uri"), 0, &ref));
    assert_string_equal(ref.field->name, "http.uri");
    assert_true(field_find(SLICE_LIT("dns_query"), 0, &ref));
    assert_non_null(ref.list);
    assert_true(field_find(SLICE_LIT("http.header"), 1, &ref));
    assert_int_equal(ref.field->side, SIDE_SERVER);
    assert_true(field_find(SLICE_LIT("http.header"), 2, &ref));
    assert_string_equal(ref.proto->name, "http2");
    assert_false(field_find(SLICE_LIT("http.header"), 4, &ref));
    assert_false(field_find(SLICE_LIT("http"), 0, &ref));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_is_complete),
        cmocka_unit_test(every_field_is_documented_and_lies_in_its_struct),
        cmocka_unit_test(a_rule_name_stands_for_one_field_a_side),
        cmocka_unit_test(fields_are_found_by_name_and_by_alias),
        cmocka_unit_test(every_row_has_a_seed),
        cmocka_unit_test(each_seed_is_recognised_as_what_its_name_says),
        cmocka_unit_test(the_same_transactions_come_out_however_the_bytes_are_cut),
        cmocka_unit_test(each_truncation_is_survived),
        cmocka_unit_test(each_bit_flip_is_survived_and_cut_independent),
        cmocka_unit_test(caps_of_memory_are_kept_without_a_fault),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
