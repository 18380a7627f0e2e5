/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reports by forms: of one incident, or of a time; as PDF, HTML or the facts alone. Who made which
 * report stands in the audit.
 */
#include "analyzer/api/act.h"
#include "analyzer/api/shape.h"
#include "analyzer/record/incident_name.h"
#include "analyzer/report/facts.h"
#include "analyzer/report/forms.h"
#include "analyzer/report/html.h"
#include "analyzer/report/pdf.h"
#include "analyzer/store/db_audit.h"
#include "analyzer/store/db_incidents.h"
#include "common/clock.h"

#include <stdio.h>

enum { FAULT_MAX = 1000, FILE_MAX = 160 };

static const char *folder(const struct call *call)
{
    return conf_text(call->services->conf, "report.forms");
}

static void write_form(void *ctx, const char *name, const struct json *form)
{
    struct call *call = ctx;

    jsonw_obj_open(&call->out, NULL);
    jsonw_str(&call->out, "id", name);
    jsonw_str(&call->out, "scope", forms_scope(form));
    shape_text2(&call->out, "title", doc_word(json_get(form, "title"), "en"),
                doc_word(json_get(form, "title"), "vi"));
    shape_text2(&call->out, "due", doc_word(json_get(form, "due"), "en"),
                doc_word(json_get(form, "due"), "vi"));
    jsonw_obj_close(&call->out);
}

static void list(struct call *call)
{
    jsonw_obj_open(&call->out, NULL);
    jsonw_arr_open(&call->out, "items");
    forms_each(folder(call), write_form, call);
    jsonw_arr_close(&call->out);
    jsonw_obj_close(&call->out);
}

static enum err facts_of_incident(struct call *call, const struct facts_query *query,
                                  struct json **facts)
{
    struct incident incident;
    int64_t id = 0;

    if (!incident_name_parse(slice_of_str(call->query(call, "incident")), &id))
        return ERR_NOTFOUND;
    enum err err = db_incidents_get(call->store, id, call->arena, &incident);
    if (!err && !act_in_scope(call, incident.site))
        err = ERR_NOTFOUND;
    return err ? err : facts_incident(query, &incident, facts);
}

/* The last day when no time is given. */
static enum err facts_of_period(struct call *call, const struct facts_query *query,
                                struct json **facts)
{
    uint64_t to_ns = call->now_ns;
    uint64_t from_ns = to_ns - 24 * 3600 * CLOCK_S;
    const char *from = call->query(call, "from");
    const char *to = call->query(call, "to");

    if ((*to && !clock_parse(slice_of_str(to), &to_ns)) ||
        (*from && !clock_parse(slice_of_str(from), &from_ns)) || from_ns > to_ns)
        return ERR_INPUT;
    if (!act_in_scope(call, call->query(call, "site")))
        return ERR_NOTFOUND; /* an account of some sites names one of them */
    return facts_period(query, from_ns, to_ns, call->query(call, "site"), facts);
}

static void note(struct call *call, const char *form, const char *what)
{
    struct audit_row audit = {.ts_ns = call->now_ns,
                              .user = call->user->name,
                              .address = call->address,
                              .action = "report.make",
                              .object = form,
                              .detail_json = "{}"};
    struct strbuf detail;
    struct jsonw w;

    strbuf_init(&detail, 4096);
    jsonw_init(&w, &detail);
    jsonw_obj_open(&w, NULL);
    jsonw_str(&w, "of", what);
    jsonw_obj_close(&w);
    audit.detail_json = detail.at ? detail.at : "{}";
    db_audit_add(call->store, &audit);
    strbuf_fini(&detail);
}

static void write_report(struct call *call, const struct json *form, const struct json *facts)
{
    const char *of = json_str(json_path(facts, "incident.id"), "");
    const char *format = call->query(call, "format");
    const char *language = strcmp(call->query(call, "lang"), "en") == 0 ? "en" : "vi";
    struct doc *doc = arena_alloc(call->arena, sizeof(*doc));
    char *file = arena_alloc(call->arena, FILE_MAX);
    bool pdf = strcmp(format, "html") != 0;

    if (!doc || !file) {
        api_fail(call, 503, "The report is too large.", "Báo cáo quá lớn.");
        return;
    }
    doc_build(form, facts, language, call->arena, doc);
    if (strcmp(format, "json") == 0) {
        json_write(facts, call->out.out);
        return;
    }
    if (pdf && pdf_write(doc, call->out.out) != ERR_OK) {
        strbuf_clear(call->out.out);
        api_fail(call, 503, "The report is too large.", "Báo cáo quá lớn.");
        return;
    }
    if (!pdf)
        html_write(doc, call->out.out);
    snprintf(file, FILE_MAX, "%.60s%s%.40s-%s.%s", call->arg[0], *of ? "-" : "", of, language,
             pdf ? "pdf" : "html");
    call->type = pdf ? "application/pdf" : "text/html; charset=utf-8";
    call->file = file;
}

static void make(struct call *call)
{
    struct facts_query query = {.store = call->store,
                                .conf = call->services->conf,
                                .attack = call->services->attack,
                                .user = call->user->name,
                                .now_ns = call->now_ns};
    char en[FAULT_MAX], vi[FAULT_MAX];
    struct strbuf fault;
    struct json *form = NULL;
    struct json *facts = NULL;

    strbuf_init(&fault, FAULT_MAX);
    enum err err = forms_read(folder(call), call->arg[0], &form, &fault);
    if (err == ERR_INPUT) {
        snprintf(en, sizeof(en), "The form cannot be used: %.900s", fault.at);
        snprintf(vi, sizeof(vi), "Không dùng được biểu mẫu: %.900s", fault.at);
        api_fail(call, 500, en, vi);
    }
    if (!err) {
        err = strcmp(forms_scope(form), "incident") == 0 ? facts_of_incident(call, &query, &facts)
                                                         : facts_of_period(call, &query, &facts);
        if (err == ERR_INPUT)
            api_fail(call, 400, "from and to must be times, from before to.",
                     "from và to phải là thời điểm, from trước to.");
    }
    if (!err) {
        note(call, call->arg[0], json_str(json_get(facts, "number"), ""));
        write_report(call, form, facts);
    } else if (call->status == 200) {
        api_fail_store(call, err);
    }
    json_free(&form);
    json_free(&facts);
    strbuf_fini(&fault);
}

static const struct api_route routes[] = {
    {"GET", "/api/reports", PERM_READ, list, "Forms of reports.", ""},
    {"GET", "/api/reports/{form}", PERM_REPORT, make,
     "A report, as a file: of an incident, or of a time (the last day unless given).",
     "incident, from, to, site, lang (vi, en), format (pdf, html, json)"},
    {.method = NULL},
};

const struct api_group api_reports = {.name = "reports", .doc = "Reports", .routes = routes};
