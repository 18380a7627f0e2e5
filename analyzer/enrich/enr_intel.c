/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Threat intelligence: an event that holds an indicator carries it (fields intel.*), and one that
 * is no alert yet becomes one: generator 9103, severity by confidence. Outside addresses, names
 * asked for, TLS server names, URLs and digests of files are looked at. Files that change are read
 * anew, aside, and swapped whole; a file that cannot be read leaves the set as it was.
 */
#include "analyzer/enrich/enrich.h"
#include "analyzer/enrich/intel.h"
#include "common/check.h"
#include "common/clock.h"
#include "common/jsonw.h"
#include "common/log.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { FILES_MAX = 64, INTEL_GID = 9103, SURE = 80, LIKELY = 50, SOURCES_MAX = 200 };
#define LOOK_NS (5 * CLOCK_S)

static const struct option options[] = {
    {"intel.files", CONF_LIST, "",
     "Threat intelligence: plain lists, Zeek intel files, MISP JSON, STIX 2.1 bundles."},
    {"intel.confidence", CONF_INT, "60", "Confidence in percent where a file names none."},
    {"intel.alert", CONF_BOOL, "yes", "Events with an indicator become alerts."},
    OPTION_END};

struct seen_file {
    const char *path;
    struct timespec changed;
    off_t size;
};

struct enr_intel {
    struct intel *intel;
    struct seen_file files[FILES_MAX];
    uint32_t n_files;
    uint8_t confidence;
    bool alert;
    uint64_t look_ns; /* monotonic: when the files are looked at again */
    pthread_mutex_t lock;
    struct strbuf about; /* JSON, under the lock: what was read when */
};

static void write_time(struct jsonw *w, const char *key, uint64_t ns)
{
    char text[CLOCK_TEXT_MAX];

    clock_text_rfc3339(ns, text);
    if (ns)
        jsonw_str(w, key, text);
}

static void write_sources(struct jsonw *w, const struct intel *intel, uint64_t now_ns)
{
    struct intel_source *sources = calloc(SOURCES_MAX, sizeof(*sources));

    CHECK(sources);
    uint32_t n = intel ? intel_sources(intel, now_ns, sources, SOURCES_MAX) : 0;
    jsonw_arr_open(w, "sources");
    for (uint32_t i = 0; i < n; i++) {
        jsonw_obj_open(w, NULL);
        jsonw_str(w, "name", sources[i].name);
        jsonw_u64(w, "indicators", sources[i].n);
        jsonw_u64(w, "expired", sources[i].expired);
        jsonw_u64(w, "confidence_least", sources[i].least);
        jsonw_u64(w, "confidence_most", sources[i].most);
        write_time(w, "next_expiry", sources[i].next_ns);
        jsonw_obj_close(w);
    }
    jsonw_arr_close(w);
    free(sources);
}

/* After each reading; `fault`: the newest one failed, and the set is the one before. */
static void tell_about(struct enr_intel *e, const char *fault)
{
    uint64_t now_ns = clock_now_ns();
    struct jsonw w;

    pthread_mutex_lock(&e->lock);
    strbuf_clear(&e->about);
    jsonw_init(&w, &e->about);
    jsonw_obj_open(&w, "intel");
    write_time(&w, "read", now_ns);
    jsonw_u64(&w, "indicators", e->intel ? intel_count(e->intel) : 0);
    jsonw_u64(&w, "not_understood", e->intel ? intel_skipped(e->intel) : 0);
    jsonw_str(&w, "fault", fault);
    jsonw_arr_open(&w, "files");
    for (uint32_t i = 0; i < e->n_files; i++) {
        const struct seen_file *f = &e->files[i];
        jsonw_obj_open(&w, NULL);
        jsonw_str(&w, "path", f->path);
        jsonw_i64(&w, "bytes", f->size);
        write_time(&w, "changed", (uint64_t)f->changed.tv_sec * CLOCK_S);
        jsonw_obj_close(&w);
    }
    jsonw_arr_close(&w);
    write_sources(&w, e->intel, now_ns);
    jsonw_obj_close(&w);
    pthread_mutex_unlock(&e->lock);
}

static void intel_enr_about(void *self, struct strbuf *json)
{
    struct enr_intel *e = self;

    pthread_mutex_lock(&e->lock);
    strbuf_slice(json, strbuf_view(&e->about));
    pthread_mutex_unlock(&e->lock);
}

static bool changed(struct enr_intel *e)
{
    bool any = false;

    for (uint32_t i = 0; i < e->n_files; i++) {
        struct seen_file *f = &e->files[i];
        struct stat st = {0};
        if (stat(f->path, &st) != 0)
            continue;
        any = any || st.st_size != f->size || st.st_mtim.tv_sec != f->changed.tv_sec ||
              st.st_mtim.tv_nsec != f->changed.tv_nsec;
        f->size = st.st_size;
        f->changed = st.st_mtim;
    }
    return any;
}

/* All files, or NULL when one cannot be read. */
static struct intel *read_files(const struct enr_intel *e, bool partly, struct strbuf *report)
{
    struct intel *intel = intel_new();
    enum err err = ERR_OK;

    for (uint32_t i = 0; i < e->n_files; i++) {
        enum err one = intel_read(intel, e->files[i].path, e->confidence, report);
        err = err ? err : one;
    }
    if (err && !partly)
        intel_free(&intel);
    return intel;
}

static void look_again(struct enr_intel *e)
{
    uint64_t now_ns = clock_mono_ns();
    struct strbuf report;

    if (now_ns < e->look_ns)
        return;
    e->look_ns = now_ns + LOOK_NS;
    if (!changed(e))
        return;
    strbuf_init(&report, 4096);
    struct intel *fresh = read_files(e, false, &report);
    if (fresh) {
        intel_free(&e->intel);
        e->intel = fresh;
        log_say(LOG_NOTE, "threat intelligence read anew: %u indicators, %u not understood",
                intel_count(fresh), intel_skipped(fresh));
    } else {
        log_say(LOG_WARN, "threat intelligence stays as it was: %.300s", report.at);
    }
    tell_about(e, fresh ? "" : report.at);
    strbuf_fini(&report);
}

static enum err intel_enr_open(const struct conf *conf, void **self, struct strbuf *report)
{
    struct enr_intel *e = calloc(1, sizeof(*e));
    int64_t confidence = conf_int(conf, "intel.confidence");
    size_t said = report->len;
    const char *path;

    CHECK(e);
    e->confidence = (uint8_t)(confidence < 0 ? 0 : confidence > 100 ? 100 : confidence);
    e->alert = conf_bool(conf, "intel.alert");
    while (e->n_files < FILES_MAX && (path = conf_item(conf, "intel.files", e->n_files)) && *path)
        e->files[e->n_files++].path = path;
    if (e->n_files == 0) {
        free(e);
        return ERR_OK;
    }
    (void)changed(e);
    e->look_ns = clock_mono_ns() + LOOK_NS;
    e->intel = read_files(e, true, report);
    pthread_mutex_init(&e->lock, NULL);
    strbuf_init(&e->about, 1 << 20);
    tell_about(e, report->len > said ? report->at + said : "");
    *self = e;
    return report->len > said ? ERR_INPUT : ERR_OK;
}

/* ---- one event ---- */

struct hit {
    const struct indicator *in;
    const char *where; /* field that held it */
};

static void offer(struct hit *best, const struct indicator *in, const char *where)
{
    if (in && (!best->in || in->confidence > best->in->confidence))
        *best = (struct hit){in, where};
}

static void look_addr(const struct enr_intel *e, const struct record *r,
                      const struct record_end *end, const char *where, struct hit *best)
{
    if (end->addr.family && !end->internal)
        offer(best, intel_addr(e->intel, &end->addr, r->ts_ns), where);
}

static void look_names(const struct enr_intel *e, const struct record *r, struct hit *best)
{
    static const char *const fields[] = {"dns.rrname", "tls.sni", "http.hostname", "quic.sni",
                                         "dns.queries.0.rrname"};

    for (uint32_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        struct record_value v = record_field(r, fields[i]);
        if (v.kind == VALUE_TEXT)
            offer(best, intel_domain(e->intel, v.text, r->ts_ns), fields[i]);
    }
}

static void look_url(const struct enr_intel *e, const struct record *r, struct hit *best)
{
    struct record_value host = record_field(r, "http.hostname");
    struct record_value path = record_field(r, "http.url");

    if (host.kind == VALUE_TEXT && path.kind == VALUE_TEXT)
        offer(best, intel_url(e->intel, host.text, path.text, r->ts_ns), "http.url");
}

static void look_files(const struct enr_intel *e, const struct record *r, struct hit *best)
{
    static const char *const fields[] = {"fileinfo.sha256", "fileinfo.sha1", "fileinfo.md5",
                                         "files.0.sha256",  "files.0.sha1",  "files.0.md5"};

    for (uint32_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        struct record_value v = record_field(r, fields[i]);
        if (v.kind == VALUE_TEXT)
            offer(best, intel_hash(e->intel, v.text, r->ts_ns), fields[i]);
    }
}

static const char *text(struct batch *batch, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static const char *text(struct batch *batch, const char *format, ...)
{
    char room[RECORD_TEXT_MAX + 1];
    va_list args;

    va_start(args, format);
    vsnprintf(room, sizeof(room), format, args);
    va_end(args);
    return batch_text(batch, slice_of_str(room));
}

/* The event itself becomes the alert: nothing is doubled. */
static void raise_alert(struct batch *batch, struct record *r, const struct hit *hit)
{
    const struct indicator *in = hit->in;
    struct record_alert *a = &r->alert;

    r->is_alert = true;
    r->kind = RECORD_ALERT;
    r->severity = in->confidence >= SURE     ? SEVERITY_HIGH
                  : in->confidence >= LIKELY ? SEVERITY_MEDIUM
                                             : SEVERITY_LOW;
    a->gid = INTEL_GID;
    a->source = "intel";
    a->category = "Threat intelligence";
    a->action = "allowed";
    a->confidence = in->confidence;
    a->signature = text(batch, "Known bad %s: %.200s", intel_kind_name(in->kind, false), in->value);
    a->signature_vi =
        text(batch, "%s độc hại đã biết: %.200s", intel_kind_name(in->kind, true), in->value);
    a->reason_en =
        text(batch, "%.200s (%s) is in the list %s, with confidence %u %%%s%.200s", in->value,
             hit->where, in->source, in->confidence, *in->about ? ": " : "", in->about);
    a->reason_vi =
        text(batch, "%.200s (%s) có trong danh sách %s, độ tin cậy %u %%%s%.200s", in->value,
             hit->where, in->source, in->confidence, *in->about ? ": " : "", in->about);
}

static void intel_enr_apply(void *self, struct batch *batch, struct record *r)
{
    struct enr_intel *e = self;
    struct hit best = {0};

    look_again(e);
    if (intel_count(e->intel) == 0)
        return;
    look_addr(e, r, &r->src, "src_ip", &best);
    look_addr(e, r, &r->dst, "dest_ip", &best);
    look_names(e, r, &best);
    look_url(e, r, &best);
    look_files(e, r, &best);
    if (!best.in)
        return;
    r->intel = (struct record_intel){.value = batch_text(batch, slice_of_str(best.in->value)),
                                     .source = batch_text(batch, slice_of_str(best.in->source)),
                                     .kind = intel_kind_name(best.in->kind, false),
                                     .where = best.where,
                                     .confidence = best.in->confidence};
    if (e->alert && !r->is_alert && (r->kind == RECORD_TX || r->kind == RECORD_FLOW))
        raise_alert(batch, r, &best);
}

static void intel_enr_close(void *self)
{
    struct enr_intel *e = self;

    intel_free(&e->intel);
    strbuf_fini(&e->about);
    pthread_mutex_destroy(&e->lock);
    free(e);
}

const struct enricher_def enr_intel = {
    .name = "intel",
    .doc = "Threat intelligence: indicators in events, with source and confidence",
    .options = options,
    .open = intel_enr_open,
    .apply = intel_enr_apply,
    .close = intel_enr_close,
    .about = intel_enr_about,
};
