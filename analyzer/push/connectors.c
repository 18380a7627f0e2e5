/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/push/connectors.h"
#include "common/arena.h"
#include "common/check.h"
#include "common/clock.h"
#include "common/json.h"
#include "common/wire.h"

#include <stdlib.h>

enum { PAYLOAD_MAX = 1 << 20, TOLD_MAX = 200 };

const struct option connectors_options[] = {
    {"push", CONF_TREE, NULL,
     "Operations centres: list of {name, type, min_severity, sites, mask_internal, details, ...}"},
    OPTION_END,
};

struct connectors {
    struct arena arena;
    struct connector at[CONNECTORS_MAX];
    uint32_t n;
};

struct reader {
    struct connectors *to;
    const struct json *v; /* one entry of the list */
    struct strbuf *report;
    const char *name;
    bool failed;
};

static void fault(struct reader *r, const char *key, const char *text)
{
    r->failed = true;
    strbuf_fmt(r->report, "push, line %u: connector \"%.60s\": %s%s%s\n", json_line(r->v), r->name,
               key, *key ? ": " : "", text);
}

static const char *text_of(struct reader *r, const char *key, const char *or_else)
{
    const struct json *v = json_get(r->v, key);

    if (!v)
        return or_else;
    if (json_kind(v) != JSON_STR) {
        fault(r, key, "a text was expected");
        return or_else;
    }
    const char *copy = arena_str(&r->to->arena, json_text(v));
    CHECK(copy);
    return copy;
}

static uint64_t span_of(struct reader *r, const char *key, uint64_t or_else)
{
    const struct json *v = json_get(r->v, key);
    uint64_t span_ns = or_else;

    if (json_kind(v) == JSON_NUM)
        return (uint64_t)(json_num(v, 0) * (double)CLOCK_S);
    if (v && !clock_parse_span(json_text(v), &span_ns))
        fault(r, key, "a time like 30s was expected");
    return span_ns;
}

static const struct push_def *def_of(struct reader *r)
{
    const char *type = text_of(r, "type", "");

    for (const struct push_def *const *row = push_rows; *row; row++) {
        if (strcmp((*row)->name, type) == 0)
            return *row;
    }
    fault(r, "type", "there is no such type of connector; see --list-connectors");
    return NULL;
}

static void check_needs(struct reader *r, const struct push_def *def)
{
    struct slice left = slice_of_str(def->needs);

    for (struct slice one = slice_word(&left); one.len; one = slice_word(&left)) {
        char key[32] = "";
        memcpy(key, one.at, one.len < sizeof(key) - 1 ? one.len : sizeof(key) - 1);
        if (!json_get(r->v, key))
            fault(r, key, "is missing");
    }
}

static bool is_known(const char *key)
{
    static const char *const keys[] = {
        "name",    "type",       "url",     "secret",       "token",         "host",
        "port",    "topic",      "user",    "password",     "tls",           "ca_file",
        "cert",    "key",        "timeout", "heartbeat",    "mask_internal", "details",
        "sites",   "retain",     "source",  "min_severity", "type_prefix",   "max_tries",
        "headers", "to",         "from",    "transport",    "template",      "content_type",
        "context", "enterprise", NULL};
    uint32_t i = 0;

    while (keys[i] && strcmp(keys[i], key) != 0)
        i++;
    return keys[i];
}

/* A text, or a list of texts; into at most `most` - 1 places and a NULL. */
static void texts_of(struct reader *r, const char *key, const char **to, uint32_t most)
{
    const struct json *v = json_get(r->v, key);
    uint32_t n = 0;

    if (json_kind(v) == JSON_STR) {
        to[n++] = text_of(r, key, "");
    } else {
        for (const struct json *one = json_first(v); one && n + 1 < most; one = json_next(one))
            to[n++] = arena_str(&r->to->arena, json_text(one));
        if (v && (json_kind(v) != JSON_ARR || json_count(v) >= most))
            fault(r, key, "a text or a short list of texts was expected");
    }
    for (uint32_t i = 0; i < n; i++) {
        if (strpbrk(to[i], "\r\n"))
            fault(r, key, "a text of one line was expected");
    }
    to[n] = NULL;
}

static void read_form(struct reader *r, struct connector *c)
{
    texts_of(r, "headers", c->headers, PUSH_HEADERS_MAX);
    texts_of(r, "to", c->to, COURIER_TO_MAX);
    c->from = text_of(r, "from", "");
    c->transport = text_of(r, "transport", "tcp");
    c->template = text_of(r, "template", "");
    c->content_type = text_of(r, "content_type", "application/json");
    c->context = text_of(r, "context", "");
    c->enterprise = json_i64(json_get(r->v, "enterprise"), 32473); /* RFC 5612: for examples */
    if (strpbrk(c->content_type, "\r\n"))
        fault(r, "content_type", "a text of one line was expected");
}

static void read_scope(struct reader *r, struct connector *c)
{
    struct slice least = json_text(json_get(r->v, "min_severity"));

    c->min_severity = SEVERITY_LOW;
    if (least.len && !record_severity_parse(least, &c->min_severity))
        fault(r, "min_severity", "info, low, medium, high or critical was expected");
    for (const struct json *s = json_first(json_get(r->v, "sites")); s; s = json_next(s)) {
        const char *site = arena_str(&r->to->arena, json_text(s));
        if (site && c->n_sites < PUSH_SITES_MAX)
            c->sites[c->n_sites++] = site;
        else
            fault(r, "sites", "too many sites");
    }
    c->mask_internal = json_bool(json_get(r->v, "mask_internal"), false);
    c->details = json_bool(json_get(r->v, "details"), true);
}

static void read_place(struct reader *r, struct connector *c)
{
    int64_t port = json_i64(json_get(r->v, "port"), 0);

    c->source = text_of(r, "source", "urn:soc:cantho:analyzer-1");
    c->type_prefix = text_of(r, "type_prefix", "vn.cantho.soc");
    c->url = text_of(r, "url", "");
    c->secret = text_of(r, "secret", "");
    c->token = text_of(r, "token", "");
    c->trust.ca_file = text_of(r, "ca_file", "");
    c->trust.cert_file = text_of(r, "cert", "");
    c->trust.key_file = text_of(r, "key", "");
    c->host = text_of(r, "host", "");
    c->topic = text_of(r, "topic", "");
    c->user = text_of(r, "user", "");
    c->password = text_of(r, "password", "");
    c->tls = json_bool(json_get(r->v, "tls"), false);
    c->retain = json_bool(json_get(r->v, "retain"), false);
    c->timeout_ns = span_of(r, "timeout", 10 * CLOCK_S);
    c->heartbeat_ns = span_of(r, "heartbeat", 0);
    c->max_tries = json_i64(json_get(r->v, "max_tries"), 0);
    if (port < 0 || port > 65535)
        fault(r, "port", "0 to 65535 was expected");
    c->port = (uint16_t)port;
}

static void read_one(struct connectors *to, const struct json *v, struct strbuf *report, bool *bad)
{
    struct reader r = {.to = to, .v = v, .report = report, .name = ""};
    struct connector c = {0};

    c.name = text_of(&r, "name", "");
    r.name = c.name;
    if (!wire_name_ok(c.name))
        fault(&r, "name", "1 to 64 letters, digits, dots, dashes were expected");
    for (uint32_t i = 0; i < to->n; i++) {
        if (strcmp(to->at[i].name, c.name) == 0)
            fault(&r, "name", "is used twice");
    }
    for (const struct json *k = json_first(v); k && json_key(k); k = json_next(k)) {
        if (!is_known(json_key(k)))
            fault(&r, json_key(k), "is not known");
    }
    c.def = def_of(&r);
    if (c.def)
        check_needs(&r, c.def);
    read_scope(&r, &c);
    read_place(&r, &c);
    read_form(&r, &c);
    if (to->n == CONNECTORS_MAX)
        fault(&r, "", "too many connectors");
    if (!r.failed)
        to->at[to->n++] = c;
    *bad = *bad || r.failed;
}

enum err connectors_new(const struct conf *conf, struct connectors **connectors,
                        struct strbuf *report)
{
    const struct json *list = conf_tree(conf, "push");
    struct connectors *new = calloc(1, sizeof(*new));
    bool bad = false;

    CHECK(new);
    arena_init(&new->arena, 4096, 0);
    if (list && json_kind(list) != JSON_ARR && json_kind(list) != JSON_NULL) {
        strbuf_fmt(report, "push, line %u: a list of connectors was expected\n", json_line(list));
        bad = true;
    }
    for (const struct json *v = json_kind(list) == JSON_ARR ? json_first(list) : NULL; v;
         v = json_next(v))
        read_one(new, v, report, &bad);
    *connectors = new;
    return bad ? ERR_INPUT : ERR_OK;
}

void connectors_free(struct connectors **connectors)
{
    if (*connectors) {
        arena_fini(&(*connectors)->arena);
        free(*connectors);
    }
    *connectors = NULL;
}

uint32_t connectors_count(const struct connectors *connectors)
{
    return connectors->n;
}

const struct connector *connectors_at(const struct connectors *connectors, uint32_t i)
{
    return i < connectors->n ? &connectors->at[i] : NULL;
}

static bool is_in_scope(const struct connector *c, const struct incident *incident)
{
    bool site = c->n_sites == 0;

    for (uint32_t i = 0; i < c->n_sites; i++)
        site = site || strcmp(c->sites[i], incident->site) == 0;
    return site && incident->severity >= c->min_severity;
}

/* What a connector was told last of an incident; NULL = nothing. Rows are newest first. */
static const char *last_told(const struct connector *c, const struct outbox_row *rows, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        if (strcmp(rows[i].connector, c->name) == 0)
            return rows[i].payload;
    }
    return NULL;
}

static enum err queue_one(const struct telling *telling, struct store *store, uint64_t now_ns)
{
    struct strbuf payload;
    enum err err = ERR_OK;

    strbuf_init(&payload, PAYLOAD_MAX);
    telling->c->def->render(telling, &payload);
    struct outbox_row row = {
        .connector = telling->c->name,
        .incident_id = telling->incident->id,
        .revision = telling->incident->revision,
        .kind = telling->kind,
        .payload = payload.at,
        .created_ns = now_ns,
    };
    err = payload.full || !payload.at ? ERR_FULL : db_outbox_add(store, &row);
    strbuf_fini(&payload);
    return err;
}

enum err connectors_queue(const struct connectors *connectors, struct store *store,
                          const struct incident *incident, const char *kind, uint64_t now_ns)
{
    struct arena arena;
    struct outbox_row *rows = NULL;
    uint32_t n = 0;
    enum err err = ERR_OK;

    if (connectors->n == 0)
        return ERR_OK;
    arena_init(&arena, 65536, 0);
    err = db_outbox_list(store, incident->id, TOLD_MAX, &arena, &rows, &n);
    for (uint32_t i = 0; i < connectors->n && !err; i++) {
        const struct connector *c = &connectors->at[i];
        const char *told = last_told(c, rows, n);
        bool first = !told && is_in_scope(c, incident) && incident_is_open(incident->state);
        struct telling telling = {c, incident, first ? "opened" : kind, told ? told : ""};
        if (told || first)
            err = queue_one(&telling, store, now_ns);
    }
    arena_fini(&arena);
    return err;
}

enum err connectors_queue_change(const struct connectors *connectors, struct store *store,
                                 const struct incident *incident, uint64_t now_ns)
{
    const char *kind = incident_is_open(incident->state) ? "updated" : "closed";
    return connectors_queue(connectors, store, incident, kind, now_ns);
}
