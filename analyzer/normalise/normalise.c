/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines to records: what is common to all dialects. See normalise.h.
 */
#include "analyzer/normalise/normalise.h"
#include "analyzer/record/utf8.h"
#include "common/hash.h"
#include "common/wire.h"

const struct counter normalise_counters[] = {
    [NORMALISE_LINES] = {"normalise.lines", "Lines read."},
    [NORMALISE_RECORDS] = {"normalise.records", "Lines that became records."},
    [NORMALISE_BAD_JSON] = {"normalise.bad_json",
                            "Lines that are no JSON object, nested too deep, or too long."},
    [NORMALISE_BAD_EVENT] = {"normalise.bad_event", "Objects without event_type."},
    [NORMALISE_BAD_TIME] = {"normalise.bad_time",
                            "Events without a usable timestamp; the time of arrival was taken."},
    [NORMALISE_REPAIRED] = {"normalise.repaired",
                            "Lines with bytes that are no UTF-8, replaced by U+FFFD."},
    [NORMALISE_TWINS] = {"normalise.twins",
                         "Lines that differ from an earlier one of their message only in what "
                         "passes (time, ports, counters): read as copies of it."},
    [NORMALISE_COUNTERS] = COUNTER_END};

/* "\u0000" would end a text for readers in C and hide what follows; an even number of backslashes
 * before it means that it is no escape. Writes \ufffd over it. */
static bool hide_zero_escapes(struct slice line, uint8_t *copy)
{
    bool found = false;

    for (uint32_t i = 0; i + 6 <= line.len; i++) {
        if (copy[i] != '\\')
            continue;
        if (memcmp(copy + i, "\\u0000", 6) == 0) {
            memcpy(copy + i, "\\ufffd", 6);
            found = true;
        }
        i++; /* the escaped byte */
    }
    return found;
}

static bool has_zero_escape(struct slice line)
{
    return slice_find_byte(line, '\\') >= 0 && slice_find(line, SLICE_LIT("\\u0000")) >= 0;
}

/* The line as it may be kept: valid UTF-8, in the arena. Empty at the cap. */
static struct slice keep_clean(struct batch *batch, struct slice line, uint64_t *counters)
{
    struct slice kept;

    if (utf8_ok(line)) {
        kept = arena_keep(&batch->arena, line);
    } else {
        struct strbuf out;
        strbuf_init(&out, 3 * (size_t)WIRE_LINE_MAX + 1);
        utf8_repair(line, &out);
        kept = arena_keep(&batch->arena, strbuf_view(&out));
        strbuf_fini(&out);
        counters[NORMALISE_REPAIRED]++;
    }
    if (has_zero_escape(kept))
        hide_zero_escapes(kept, (uint8_t *)(uintptr_t)kept.at);
    return kept;
}

static const struct normaliser_def *dialect_of(const struct json *eve)
{
    for (uint32_t i = 0; norm_rows[i]; i++)
        if (norm_rows[i]->mine(eve))
            return norm_rows[i];
    return NULL;
}

static bool read_record(struct batch *batch, struct record *r, struct slice line,
                        uint64_t *counters)
{
    r->raw = keep_clean(batch, line, counters);
    if (json_parse_in(r->raw, &batch->arena, &r->eve, NULL) || json_kind(r->eve) != JSON_OBJ) {
        counters[NORMALISE_BAD_JSON]++;
        return false;
    }
    const struct normaliser_def *def = dialect_of(r->eve);
    if (!def || !def->read(batch, r)) {
        counters[NORMALISE_BAD_EVENT]++;
        return false;
    }
    return true;
}

static uint64_t hash_value(const struct json *v, uint64_t h)
{
    double number = json_num(v, json_bool(v, false));
    struct slice text = json_text(v);

    h = text.len ? hash_bytes(text, h) : h * 31 + json_kind(v);
    if (number != 0) {
        uint64_t bits;
        memcpy(&bits, &number, sizeof(bits));
        h = hash_mix(h ^ bits);
    }
    for (const struct json *c = json_first(v); c; c = json_next(c))
        h = hash_value(c, h);
    return h;
}

/* The same alert once more differs in its time, in its packet and in the flow's counters. */
static bool is_said(const char *key, size_t len)
{
    static const char *const unsaid[] = {"timestamp", "flow", "pcap_cnt", "packet", "stream"};

    for (uint32_t i = 0; i < sizeof(unsaid) / sizeof(unsaid[0]); i++)
        if (*unsaid[i] == *key && strncmp(unsaid[i], key, len) == 0 && unsaid[i][len] == '\0')
            return false;
    return true;
}

bool normalise_says(const char *path)
{
    return is_said(path, strcspn(path, "."));
}

static uint64_t hash_content(const struct json *eve)
{
    uint64_t h = 0;

    for (const struct json *c = json_first(eve); c; c = json_next(c))
        if (is_said(json_key(c), strlen(json_key(c))))
            h = hash_value(c, h);
    return h;
}

/* What the line itself may not say. */
static struct record *dated(struct record *r, const struct record_id *id, uint64_t received_ns,
                            uint64_t *counters)
{
    r->id = *id;
    r->received_ns = received_ns;
    if (r->ts_ns == 0) {
        r->ts_ns = received_ns;
        counters[NORMALISE_BAD_TIME]++;
    }
    counters[NORMALISE_RECORDS]++;
    return r;
}

struct record *normalise_line(struct batch *batch, const struct record_id *id, uint64_t received_ns,
                              struct slice line, uint64_t *counters)
{
    line = slice_trim(line);
    counters[NORMALISE_LINES]++;
    if (line.len == 0 || line.len > WIRE_LINE_MAX) {
        counters[NORMALISE_BAD_JSON]++;
        return NULL;
    }
    struct record *r = batch_add(batch);
    if (!r)
        return NULL;
    r->id = *id;
    r->received_ns = received_ns;
    if (!read_record(batch, r, line, counters)) {
        batch_drop_last(batch);
        return NULL;
    }
    if (r->is_alert)
        r->content = hash_content(r->eve);
    return dated(r, id, received_ns, counters);
}

static struct record *twin_of(struct twins *twins, struct batch *batch, uint64_t key,
                              struct slice line)
{
    bool says;
    struct record *r = twins_cast(twins, batch, key, line, &says);

    if (!r)
        return NULL;
    dialect_of(r->eve)->again(batch, r);
    if (says && r->is_alert)
        r->content = hash_content(r->eve);
    return r;
}

struct record *normalise_next(struct twins *twins, struct batch *batch, const struct record_id *id,
                              uint64_t received_ns, struct slice line, uint64_t *counters)
{
    uint64_t key;

    line = slice_trim(line);
    if (line.len > WIRE_LINE_MAX || !twins_key(line, &key))
        return normalise_line(batch, id, received_ns, line, counters);
    struct record *r = twin_of(twins, batch, key, line);
    if (r) {
        counters[NORMALISE_LINES]++;
        counters[NORMALISE_TWINS]++;
        return dated(r, id, received_ns, counters);
    }
    r = normalise_line(batch, id, received_ns, line, counters);
    if (r && dialect_of(r->eve)->again)
        twins_learn(twins, batch, key, line, r);
    return r;
}

static struct slice metadata_text(const struct json *alert, const char *key)
{
    const struct json *v = json_get(json_get(alert, "metadata"), key);
    return json_text(json_kind(v) == JSON_ARR ? json_first(v) : v);
}

static bool named_severity(struct slice text, enum severity *severity)
{
    static const struct {
        const char *name;
        enum severity severity;
    } names[] = {{"Critical", SEVERITY_CRITICAL}, {"Major", SEVERITY_HIGH}, {"High", SEVERITY_HIGH},
                 {"Medium", SEVERITY_MEDIUM},     {"Minor", SEVERITY_LOW},  {"Low", SEVERITY_LOW},
                 {"Informational", SEVERITY_INFO}};

    for (uint32_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        *severity = names[i].severity;
        if (slice_ieq(text, slice_of_str(names[i].name)))
            return true;
    }
    return false;
}

static enum severity priority_severity(const struct json *alert)
{
    static const enum severity of[] = {SEVERITY_CRITICAL, SEVERITY_HIGH, SEVERITY_MEDIUM,
                                       SEVERITY_LOW, SEVERITY_INFO};
    int64_t priority = json_i64(json_get(alert, "severity"), 255);

    if (priority < 0 || priority == 255) /* the rule gave none */
        return SEVERITY_LOW;
    return of[priority > 4 ? 4 : priority];
}

enum severity normalise_severity(const struct json *alert, uint8_t *confidence)
{
    struct slice said = metadata_text(alert, "confidence");
    enum severity severity;

    bool low = slice_ieq(said, SLICE_LIT("Low"));
    *confidence = slice_ieq(said, SLICE_LIT("High")) ? 90 : low ? 20 : 50;
    if (!named_severity(metadata_text(alert, "signature_severity"), &severity))
        severity = priority_severity(alert);
    /* A rule whose author doubts it must not shout. */
    return low && severity > SEVERITY_INFO ? severity - 1 : severity;
}
