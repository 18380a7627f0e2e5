/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Evidence: one block of memory with all its texts behind the struct.
 */
#include "analyzer/correlate/evidence.h"
#include "common/jsonw.h"

#include <stdio.h>
#include <stdlib.h>

/* Cut at a character; a proof that is too long for its JSON to stay whole is dropped. */
static struct slice bounded(struct slice text, uint32_t which)
{
    if (which == EVIDENCE_PROOF)
        return text.len <= EVIDENCE_PROOF_MAX ? text : SLICE_NONE;
    if (text.len <= EVIDENCE_TEXT_MAX)
        return text;
    uint32_t n = EVIDENCE_TEXT_MAX;
    while (n && (text.at[n] & 0xc0) == 0x80)
        n--;
    return slice_head(text, n);
}

static const char *put(char **at, struct slice text)
{
    char *start = *at;
    if (text.len)
        memcpy(start, text.at, text.len);
    start[text.len] = '\0';
    *at += text.len + 1;
    return start;
}

/* `numbers` without its texts, and the texts. */
static struct evidence *assemble(const struct evidence *numbers, struct slice texts[EVIDENCE_TEXTS],
                                 const struct slice *fields, uint32_t n)
{
    size_t bytes = sizeof(struct evidence);

    n = n > EVIDENCE_FIELDS_MAX ? EVIDENCE_FIELDS_MAX : n;
    for (uint32_t i = 0; i < EVIDENCE_TEXTS; i++) {
        texts[i] = bounded(texts[i], i);
        bytes += texts[i].len + 1;
    }
    for (uint32_t i = 0; i < n; i++)
        bytes += bounded(fields[i], EVIDENCE_TEXTS).len + 1 + sizeof(char *);
    struct evidence *e = malloc(bytes);
    if (!e)
        return NULL;
    *e = *numbers;
    e->refs = 1;
    e->n_fields = n;
    e->fields = (const char **)(e + 1);
    char *at = (char *)(e->fields + n);
    for (uint32_t i = 0; i < EVIDENCE_TEXTS; i++)
        e->text[i] = put(&at, texts[i]);
    for (uint32_t i = 0; i < n; i++)
        e->fields[i] = put(&at, bounded(fields[i], EVIDENCE_TEXTS));
    return e;
}

/* Ids with blanks between, in `room`. */
static struct slice joined(const char *const *ids, uint32_t n, char *room, size_t size)
{
    size_t used = 0;

    for (uint32_t i = 0; i < n; i++) {
        size_t len = strlen(ids[i]);
        if (used + len + 2 > size)
            break;
        if (used)
            room[used++] = ' ';
        memcpy(room + used, ids[i], len);
        used += len;
    }
    return (struct slice){(const uint8_t *)room, (uint32_t)used};
}

enum { MATCHES_MAX = 8, MATCH_ROOM = 360 };

/* With alert.matches also the rule's option, and what the bytes are. */
static void write_met(struct jsonw *w, const struct json *m)
{
    const struct json *value = json_get(m, "value");

    if (json_kind(json_get(m, "option")) != JSON_STR)
        return;
    jsonw_text(w, "option", slice_head(json_text(json_get(m, "option")), 60));
    jsonw_text(w, "text", slice_head(json_text(json_get(m, "text")), 24));
    jsonw_text(w, "hex", slice_head(json_text(json_get(m, "hex")), 48));
    if (value)
        jsonw_i64(w, "value", json_i64(value, 0));
}

/* "matches": which bytes of which buffer made a rule fire. */
static void write_matches(struct jsonw *w, struct strbuf *out, const struct json *reason)
{
    uint32_t n = 0;

    jsonw_arr_open(w, "matches");
    for (const struct json *m = json_first(reason);
         m && n < MATCHES_MAX && out->len + MATCH_ROOM < EVIDENCE_PROOF_MAX; m = json_next(m)) {
        if (!json_get(m, "length") && !json_get(m, "value"))
            continue; /* nothing that can be shown */
        n++;
        jsonw_obj_open(w, NULL);
        jsonw_text(w, "buffer", slice_head(json_text(json_get(m, "buffer")), 40));
        jsonw_i64(w, "offset", json_i64(json_get(m, "offset"), 0));
        jsonw_i64(w, "length", json_i64(json_get(m, "length"), 0));
        write_met(w, m);
        jsonw_obj_close(w);
    }
    jsonw_arr_close(w);
}

static void write_number(struct jsonw *w, const char *en, const char *vi, const struct json *seen,
                         const struct json *known)
{
    struct strbuf text;

    if (!seen && !known)
        return;
    strbuf_init(&text, 400);
    jsonw_obj_open(w, NULL);
    jsonw_obj_open(w, "name");
    jsonw_str(w, "en", en);
    jsonw_str(w, "vi", vi);
    jsonw_obj_close(w);
    if (json_kind(seen) == JSON_STR)
        strbuf_slice(&text, slice_head(json_text(seen), 120));
    else if (seen)
        json_write(seen, &text);
    jsonw_text(w, "observed", strbuf_view(&text));
    strbuf_clear(&text);
    if (json_kind(known) == JSON_STR)
        strbuf_slice(&text, slice_head(json_text(known), 120));
    else if (known)
        json_write(known, &text);
    jsonw_text(w, "expected", strbuf_view(&text));
    jsonw_obj_close(w);
    strbuf_fini(&text);
}

/* What an analyst can check: bytes of a rule's hit, or the numbers of a deviation. */
static void write_proof(const struct record *r, struct strbuf *out)
{
    const struct json *matches = json_path(r->eve, "alert.matches");
    const struct json *reason =
        json_kind(matches) == JSON_ARR ? matches : json_path(r->eve, "alert.reason");
    const struct json *d = json_get(r->eve, "deviation");
    struct jsonw w;

    jsonw_init(&w, out);
    jsonw_obj_open(&w, NULL);
    if (json_kind(reason) == JSON_ARR)
        write_matches(&w, out, reason);
    if (json_kind(d) == JSON_OBJ) {
        jsonw_arr_open(&w, "numbers");
        write_number(&w, "Seen", "Quan sát được", json_get(d, "observed"), json_get(d, "expected"));
        write_number(&w, "Surprise (bits)", "Độ bất ngờ (bit)", json_get(d, "bits"),
                     json_get(d, "threshold"));
        jsonw_arr_close(&w);
    }
    jsonw_obj_close(&w);
}

static bool is_ot(const struct record_end *end)
{
    return strcmp(end->zone_kind, "ot") == 0;
}

struct evidence *evidence_new(const struct record *r, const struct slice *fields, uint32_t n)
{
    char techniques[EVIDENCE_TEXT_MAX];
    char tactics[EVIDENCE_TEXT_MAX];
    struct strbuf proof;
    struct evidence e = {
        .ts_ns = r->ts_ns,
        .event_id = r->event_id,
        .group_id = r->group_id,
        .gid = r->alert.gid,
        .sid = r->alert.sid,
        .src_port = r->src.port,
        .dst_port = r->dst.port,
        .severity = (uint8_t)r->severity,
        .src_criticality = r->src.criticality,
        .dst_criticality = r->dst.criticality,
        .is_alert = r->is_alert,
        .src_internal = r->src.internal,
        .dst_internal = r->dst.internal,
        .src_ot = is_ot(&r->src),
        .dst_ot = is_ot(&r->dst),
    };
    strbuf_init(&proof, EVIDENCE_PROOF_MAX * 4);
    write_proof(r, &proof);
    struct slice texts[EVIDENCE_TEXTS] = {
        [EVIDENCE_PROOF] = strbuf_view(&proof),
        [EVIDENCE_TYPE] = slice_of_str(r->event_type),
        [EVIDENCE_SENSOR] = slice_of_str(r->sensor),
        [EVIDENCE_SITE] = slice_of_str(r->site),
        [EVIDENCE_SIGNATURE] = slice_of_str(r->alert.signature),
        [EVIDENCE_SIGNATURE_VI] = slice_of_str(r->alert.signature_vi),
        [EVIDENCE_SOURCE] = slice_of_str(r->alert.source),
        [EVIDENCE_REASON_EN] = slice_of_str(r->alert.reason_en),
        [EVIDENCE_REASON_VI] = slice_of_str(r->alert.reason_vi),
        [EVIDENCE_PROTO] = slice_of_str(r->proto),
        [EVIDENCE_APP] = slice_of_str(r->app_proto),
        [EVIDENCE_TECHNIQUES] =
            joined(r->techniques, r->n_techniques, techniques, sizeof(techniques)),
        [EVIDENCE_TACTICS] = joined(r->tactics, r->n_tactics, tactics, sizeof(tactics)),
        [EVIDENCE_SRC_IP] = slice_of_str(r->src.addr_text),
        [EVIDENCE_SRC_NAME] = slice_of_str(r->src.name),
        [EVIDENCE_SRC_DEVICE] = slice_of_str(r->src.device),
        [EVIDENCE_SRC_ZONE] = slice_of_str(r->src.zone),
        [EVIDENCE_DST_IP] = slice_of_str(r->dst.addr_text),
        [EVIDENCE_DST_NAME] = slice_of_str(r->dst.name),
        [EVIDENCE_DST_DEVICE] = slice_of_str(r->dst.device),
        [EVIDENCE_DST_ZONE] = slice_of_str(r->dst.zone),
    };
    struct evidence *made = assemble(&e, texts, fields, n);
    strbuf_fini(&proof);
    return made;
}

struct evidence *evidence_keep(struct evidence *e)
{
    e->refs++;
    return e;
}

void evidence_drop(struct evidence **e)
{
    if (*e && --(*e)->refs == 0)
        free(*e);
    *e = NULL;
}

static unsigned flags_of(const struct evidence *e)
{
    return (unsigned)e->is_alert | (unsigned)e->src_internal << 1 | (unsigned)e->dst_internal << 2 |
           (unsigned)e->src_ot << 3 | (unsigned)e->dst_ot << 4;
}

void evidence_write(const struct evidence *e, struct strbuf *out)
{
    struct jsonw w;

    jsonw_init(&w, out);
    jsonw_obj_open(&w, NULL);
    jsonw_arr_open(&w, "n"); /* times as text: doubles cannot hold nanoseconds */
    jsonw_i64(&w, NULL, e->event_id);
    jsonw_i64(&w, NULL, e->gid);
    jsonw_i64(&w, NULL, e->sid);
    jsonw_u64(&w, NULL, e->src_port);
    jsonw_u64(&w, NULL, e->dst_port);
    jsonw_u64(&w, NULL, e->severity);
    jsonw_u64(&w, NULL, e->src_criticality);
    jsonw_u64(&w, NULL, e->dst_criticality);
    jsonw_u64(&w, NULL, flags_of(e));
    jsonw_arr_close(&w);
    char text[24];
    snprintf(text, sizeof(text), "%llu", (unsigned long long)e->ts_ns);
    jsonw_str(&w, "ts", text);
    snprintf(text, sizeof(text), "%lld", (long long)e->group_id);
    jsonw_str(&w, "group", text);
    jsonw_arr_open(&w, "t");
    for (uint32_t i = 0; i < EVIDENCE_TEXTS; i++)
        jsonw_str(&w, NULL, e->text[i]);
    jsonw_arr_close(&w);
    jsonw_arr_open(&w, "f");
    for (uint32_t i = 0; i < e->n_fields; i++)
        jsonw_str(&w, NULL, e->fields[i]);
    jsonw_arr_close(&w);
    jsonw_obj_close(&w);
}

static void numbers_read(const struct json *v, struct evidence *e)
{
    int64_t n[9] = {0};
    uint32_t i = 0;

    for (const struct json *c = json_first(json_get(v, "n")); c && i < 9; c = json_next(c))
        n[i++] = json_i64(c, 0);
    e->event_id = n[0];
    e->gid = n[1];
    e->sid = n[2];
    e->src_port = (uint16_t)n[3];
    e->dst_port = (uint16_t)n[4];
    e->severity = (uint8_t)(n[5] < SEVERITY_LEVELS && n[5] >= 0 ? n[5] : 0);
    e->src_criticality = (uint8_t)n[6];
    e->dst_criticality = (uint8_t)n[7];
    e->is_alert = n[8] & 1;
    e->src_internal = n[8] & 2;
    e->dst_internal = n[8] & 4;
    e->src_ot = n[8] & 8;
    e->dst_ot = n[8] & 16;
    e->ts_ns = strtoull(json_str(json_get(v, "ts"), "0"), NULL, 10);
    e->group_id = strtoll(json_str(json_get(v, "group"), "0"), NULL, 10);
}

enum err evidence_read(const struct json *v, struct evidence **out)
{
    struct evidence e = {0};
    struct slice texts[EVIDENCE_TEXTS] = {0};
    struct slice fields[EVIDENCE_FIELDS_MAX];
    uint32_t i = 0;
    uint32_t n = 0;

    *out = NULL;
    if (json_kind(json_get(v, "t")) != JSON_ARR)
        return ERR_INPUT;
    numbers_read(v, &e);
    for (const struct json *c = json_first(json_get(v, "t")); c && i < EVIDENCE_TEXTS;
         c = json_next(c))
        texts[i++] = json_text(c);
    for (const struct json *c = json_first(json_get(v, "f")); c && n < EVIDENCE_FIELDS_MAX;
         c = json_next(c))
        fields[n++] = json_text(c);
    *out = assemble(&e, texts, fields, n);
    return *out ? ERR_OK : ERR_NOMEM;
}
